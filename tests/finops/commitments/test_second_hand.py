"""Second-hand reservations: options of the pool that a new one would cover, so that only one of the two counts."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb
import pytest

from finops.commitments import fill
from finops.savings.buying import purchased
from finops.savings.priced import Priced
from rules.engine import running
from rules.engine.catalogue import built_in_folder, load
from tests.finops.commitments.estate import AS_OF, PAYER, charge, options, price, roll_up, warehouse

EVERY = range(24 * 40)
RULES = [
    load(built_in_folder() / "commitments" / f"{name}.sql")
    for name in ("commitment-coverage", "commitment-marketplace")
]
SECOND = "instrument = 'second-hand Reserved Instances'"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Four machines of 0.1 an hour that run all the time."""
    con = warehouse()
    for name in ("i-1", "i-2", "i-3", "i-4"):
        charge(con, EVERY, x_ResourceKey=name)
    yield con
    con.close()


def offer(con: duckdb.DuckDBPyConnection, offer_id: str = "o-1", **columns: Any) -> None:
    """An offer of 0.05 an hour for the 10 months that are left, all of it asked at once."""
    row: dict[str, Any] = {
        "cloud": "aws", "account_id": PAYER, "region": "eu-west-1", "offer_id": offer_id, "sku": "m5.large",
        "platform": "linux", "payment": "all_upfront", "months": 10.0, "upfront": 365, "hourly": 0, "quantity": 3,
        "currency": "USD", "as_of": AS_OF, **columns,
    }  # fmt: skip
    con.execute(
        f"INSERT INTO commitment_offers ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
        list(row.values()),
    )


def bought(con: duckdb.DuckDBPyConnection) -> list[Priced]:
    fill(roll_up(con), AS_OF)
    return list(purchased(con, running.run(con, RULES, AS_OF).findings))


def test_an_offer_is_sized_on_the_hours_and_on_what_is_there(con: duckdb.DuckDBPyConnection) -> None:
    offer(con)
    fill(roll_up(con), AS_OF)
    (option,) = options(con, SECOND)
    assert (option["quantity"], option["term_months"], option["option_id"]) == (3, 10, "offer o-1")
    assert option["commitment_month"] == pytest.approx(3 * 0.05 * 730)
    assert option["saving"] == pytest.approx(3 * 0.05 * 730)
    assert option["upfront"] == pytest.approx(3 * 365)
    assert option["covers"] == "m5.large machines (linux) in eu-west-1"


@pytest.mark.parametrize(
    "columns",
    [
        {"zone": "eu-west-1a"},
        {"platform": "windows"},
        {"sku": "m5.xlarge"},
        {"region": "us-east-1"},
        {"currency": "EUR"},
        {"months": 0.5},
        {"upfront": 800},
        {"as_of": datetime(2026, 10, 1)},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_an_offer_that_does_not_fit_is_no_option(
    con: duckdb.DuckDBPyConnection, columns: dict[str, Any]
) -> None:
    offer(con, **columns)
    fill(roll_up(con), AS_OF)
    assert options(con, SECOND) == []


def test_of_many_offers_the_cheapest_hours_are_told(con: duckdb.DuckDBPyConnection) -> None:
    for upfront in (300, 310, 320, 330, 340):
        offer(con, f"o-{upfront}", upfront=upfront)
    fill(roll_up(con), AS_OF)
    assert [one["option_id"] for one in options(con, SECOND)] == ["offer o-300", "offer o-310", "offer o-320"]


def test_of_a_new_one_and_a_second_hand_one_that_which_saves_more_counts(
    con: duckdb.DuckDBPyConnection,
) -> None:
    price(con, price=0.08)
    offer(con)
    new, second = sorted(bought(con), key=lambda one: one.verdict.rule.id)
    assert (new.verdict.rule.id, second.verdict.rule.id) == ("commitment-coverage", "commitment-marketplace")
    assert new.verdict.key == second.verdict.key
    assert second.choice.counted
    assert not new.choice.counted
    assert new.choice.superseded_by == second.id
    assert new.choice.group == second.choice.group == second.id


def test_a_new_one_that_saves_more_is_the_only_finding(con: duckdb.DuckDBPyConnection) -> None:
    price(con, price=0.04)
    offer(con)
    (one,) = bought(con)
    assert one.verdict.rule.id == "commitment-coverage"
    assert one.choice.counted
