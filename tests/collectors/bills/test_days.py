"""What bills say of each day: a row whenever it changes, and the newest rows are the charges to the last digit."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.bills.days import _KEY, _TOLD
from finops.errors import InputError
from finops.pipeline.restating import restated_since

AT = datetime(2026, 11, 20)
NIGHT = timedelta(days=1)
_HELD = """
    SELECT x_Source, ProviderName, x_Cloud, BillingAccountId, x_AccountId, BillingPeriodStart,
        date_trunc('day', ChargePeriodStart), BillingCurrency, count(*), sum(BilledCost), sum(EffectiveCost),
        count(*) FILTER (ChargeCategory = 'Usage' AND ChargePeriodEnd - ChargePeriodStart <= INTERVAL 25 HOUR), count(InvoiceId)
    FROM charges GROUP BY ALL ORDER BY ALL
"""
_TOLD_LAST = f"SELECT {', '.join((*_KEY, *_TOLD))} FROM bill_days_at(TIMESTAMP '9999-12-31') WHERE rows > 0 ORDER BY ALL"


def on(day: date, cost: str = "1", **more: str) -> dict[str, str]:
    """A charge of a day, in the period of its month."""
    month = day.replace(day=1)
    following = (month + timedelta(days=32)).replace(day=1)
    return {
        "BillingPeriodStart": f"{month}T00:00:00Z", "BillingPeriodEnd": f"{following}T00:00:00Z",
        "ChargePeriodStart": f"{day}T00:00:00Z", "ChargePeriodEnd": f"{day}T01:00:00Z",
        "BilledCost": cost, "EffectiveCost": cost, **more,
    }  # fmt: skip


def october(day: int, cost: str = "1", **more: str) -> dict[str, str]:
    return on(date(2026, 10, day), cost, **more)


def told(desk: Any, since: datetime) -> list[tuple[Any, ...]]:
    """Day, rows and billed cost of what was told from an instant on."""
    return desk.ask(
        "SELECT day(day), rows, billed_cost::DOUBLE FROM bill_days WHERE told_at >= ? ORDER BY ALL", since
    )


def test_a_first_load_tells_each_day_once_and_the_same_again_nothing(desk):
    path = desk.csv("a.csv", october(5), october(5, "2"), october(6))
    desk.ingest(path)
    desk.ingest(path, at=AT + NIGHT)
    assert told(desk, AT) == [(5, 2, 3.0), (6, 1, 1.0)]


def test_only_days_that_changed_are_told_again_and_a_day_that_is_gone_has_no_rows(desk):
    desk.ingest(desk.csv("a.csv", october(5), october(6), october(7)))
    desk.ingest(desk.csv("a.csv", october(6), october(7, "1.01"), october(8)), at=AT + NIGHT)
    assert told(desk, AT + NIGHT) == [(5, 0, 0.0), (7, 1, 1.01), (8, 1, 1.0)]
    assert desk.ask(_TOLD_LAST) == desk.ask(_HELD)


def test_a_day_that_is_the_same_amount_in_more_rows_is_told(desk):
    desk.ingest(desk.csv("a.csv", october(5, "2")))
    desk.ingest(desk.csv("a.csv", october(5, "1"), october(5, "1")), at=AT + NIGHT)
    assert told(desk, AT + NIGHT) == [(5, 2, 2.0)]


def test_an_invoice_that_is_issued_is_told(desk):
    desk.ingest(desk.csv("a.csv", october(5)))
    desk.ingest(desk.csv("a.csv", october(5, InvoiceId="42")), at=AT + NIGHT)
    assert desk.ask("SELECT invoiced FROM bill_days ORDER BY told_at") == [(0,), (1,)]


def test_other_months_and_other_sources_are_left_alone(desk):
    desk.ingest(desk.csv("a.csv", october(5), on(date(2026, 9, 5))))
    desk.ingest(desk.csv("b.csv", october(5, BillingAccountId="43")))
    desk.ingest(desk.csv("a.csv", october(5, "2")), at=AT + NIGHT)
    assert told(desk, AT + NIGHT) == [(5, 1, 2.0)]
    assert desk.ask(_TOLD_LAST) == desk.ask(_HELD)


def test_a_bill_that_moves_to_another_file_is_gone_there_and_here_and_restates_nothing(desk):
    rows = [october(day, f"{day}.5") for day in range(1, 25)]
    desk.ingest(desk.csv("a.csv", *rows))
    desk.ingest(desk.csv("b.csv", *rows, october(25)), at=AT + NIGHT, replace=True)
    assert [row[1:] for row in told(desk, AT + NIGHT) if row[0] == 3] == [(0, 0.0), (1, 3.5)]
    assert desk.ask(_TOLD_LAST) == desk.ask(_HELD)
    assert restated_since(desk.con, AT + NIGHT) == []


def test_a_restated_bill_is_told_by_the_run_that_read_it(desk):
    desk.ingest(desk.csv("a.csv", *(october(day) for day in range(1, 25))))
    desk.ingest(
        desk.csv("a.csv", *(october(day, "1.5" if day == 3 else "1") for day in range(1, 26))), at=AT + NIGHT
    )
    assert restated_since(desk.con, AT + NIGHT) == [
        "October 2026 of AWS 000000000042 changed by +0.50 USD (1 day, 2.4 %)."
    ]


def test_the_row_that_was_told_last_is_the_newest_even_when_the_clock_went_back(desk):
    for number, cost in enumerate(("1", "2", "3")):
        desk.ingest(desk.csv("a.csv", october(5, cost)), at=AT - number * NIGHT)
    assert desk.ask("SELECT billed_cost::INTEGER FROM bill_days ORDER BY told_at") == [(1,), (2,), (3,)]


def test_a_bill_that_is_refused_tells_nothing(desk):
    rows = [october(day) for day in range(1, 25)]
    desk.ingest(desk.csv("a.csv", *rows))
    before = desk.ask("FROM bill_days ORDER BY ALL")
    with pytest.raises(InputError):
        desk.ingest(desk.csv("b.csv", *rows, october(25)), at=AT + NIGHT)
    assert desk.ask("FROM bill_days ORDER BY ALL") == before


_ROWS = st.lists(
    st.builds(
        on,
        st.dates(date(2026, 9, 28), date(2026, 10, 4)),
        st.integers(-(10**9), 10**12).map(lambda number: str(Decimal(number).scaleb(-9))),
        SubAccountId=st.sampled_from(["7", "8", ""]),
        BillingCurrency=st.sampled_from(["USD", "EUR"]),
        BillingAccountId=st.sampled_from(["42", "43"]),
        InvoiceId=st.sampled_from(["", "42"]),
    ),
    min_size=1,
    max_size=12,
)


@given(st.lists(st.tuples(st.sampled_from("ab"), _ROWS, st.booleans()), min_size=2, max_size=4))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_loaded_the_newest_days_are_the_charges_to_the_last_digit(desk, loads):
    desk.con.execute("DELETE FROM charges; DELETE FROM bill_partitions; DELETE FROM bill_days")
    for name, rows, replace in loads:
        try:
            desk.ingest(desk.csv(f"{name}.csv", *rows), replace=replace)
        except InputError:
            assert not replace, (
                "it may be refused as the bill that the other file holds, and for nothing else"
            )
        assert desk.ask(_TOLD_LAST) == desk.ask(_HELD)
        doubles = f"SELECT count(*) FROM bill_days GROUP BY {', '.join(_KEY)}, told_at HAVING count(*) > 1"
        assert desk.ask(doubles) == []
