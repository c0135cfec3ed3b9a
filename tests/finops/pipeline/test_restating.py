"""What providers changed in bills that a report had told of: settled days only, to the cent, against the right night."""

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from finops.config import Settings
from finops.pipeline.collecting import _with_restated
from finops.pipeline.loading import ingest_files
from finops.pipeline.restating import last_restatements, provisional, restated_since, restatements
from finops.pipeline.status import status
from finops.pipeline.tables import as_json
from finops.warehouse import Writer
from tests.collectors.bills.conftest import ROW
from tests.shelf import empty_warehouse

OCTOBER, NOVEMBER = datetime(2026, 10, 1), datetime(2026, 11, 1)
FIRST_NIGHT = datetime(2026, 11, 19, 5)
DAY = timedelta(days=1)


class World:
    """Bills as they were told, and nights that reported them."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def told(self, at: datetime, day: datetime, cost: str, **more: Any) -> None:
        """A day of the bill as it was read at an instant."""
        rows = 0 if cost == "gone" else 1
        amount = Decimal(0) if cost == "gone" else Decimal(cost)
        row = {
            "source": "a", "provider": "AWS", "cloud": "aws", "billing_account_id": "012345678901", "account_id": "7",
            "billing_period_start": day.replace(day=1), "day": day, "currency": "USD", "rows": rows,
            "billed_cost": amount, "effective_cost": amount, "metered": rows, "invoiced": 0, "told_at": at, "run_id": "r",
        }  # fmt: skip
        row |= more
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        self.con.execute(f"INSERT INTO bill_days ({names}) VALUES ({marks})", list(row.values()))

    def months(self, at: datetime, until: datetime, **more: Any) -> None:
        """October and November until a day, 100 a day."""
        day = OCTOBER
        while day <= until:
            self.told(at, day, "100", **more)
            day += DAY

    def night(
        self, at: datetime, run: str, command: str = "nightly", status: str = "done", **more: Any
    ) -> None:
        self.con.execute(
            "INSERT INTO runs (run_id, command, started_at, finished_at, as_of, status, tool) "
            "VALUES (?, ?, ?, ?, ?, ?, 't')",
            [run, command, at, None if status == "running" else at + timedelta(minutes=20), more.get("as_of", at), status],
        )  # fmt: skip


@pytest.fixture
def world() -> Iterator[World]:
    with empty_warehouse() as con:
        made = World(con)
        made.months(FIRST_NIGHT, datetime(2026, 11, 18))
        made.night(FIRST_NIGHT, "n1")
        yield made


def messages(world: World, at: datetime = FIRST_NIGHT + DAY) -> list[str]:
    return [one.message for one in restatements(world.con, at)]


TONIGHT = FIRST_NIGHT + DAY


def test_a_settled_month_that_is_another_amount_is_told_with_its_days_and_share(world: World) -> None:
    world.told(TONIGHT, datetime(2026, 10, 3), "500.004")
    world.told(TONIGHT, datetime(2026, 10, 4), "112")
    (one,) = restatements(world.con, TONIGHT)
    assert (one.provider, one.billing_account, one.month, one.currency) == (
        "AWS", "012345678901", date(2026, 10, 1), "USD",
    )  # fmt: skip
    assert (one.before, one.after, one.days) == (Decimal("3100.00"), Decimal("3512.00"), 2)
    assert one.message == (
        "October 2026 of AWS 012345678901 changed by +412.00 USD (2 days, 13.3 %) since the report of 2026-11-19."
    )


def test_days_that_were_provisional_may_grow_and_new_days_come_without_a_word(world: World) -> None:
    for day in (16, 17, 18):
        world.told(TONIGHT, datetime(2026, 11, day), "150")
    world.told(TONIGHT, datetime(2026, 11, 19), "20")
    assert messages(world) == []
    world.told(TONIGHT + timedelta(seconds=1), datetime(2026, 11, 15), "101")
    assert messages(world) == [
        "November 2026 of AWS 012345678901 changed by +1.00 USD (1 day, 0.1 %) since the report of 2026-11-19."
    ]


def test_the_same_bill_from_another_file_is_no_restatement(world: World) -> None:
    day = OCTOBER
    while day < NOVEMBER:
        world.told(TONIGHT, day, "gone")
        world.told(TONIGHT, day, "100", source="b")
        day += DAY
    assert messages(world) == []


def test_a_month_or_a_bill_that_was_not_there_before_is_none(world: World) -> None:
    world.told(TONIGHT, datetime(2026, 9, 3), "100")
    world.told(TONIGHT, datetime(2026, 10, 3), "100", billing_account_id="other")
    assert messages(world) == []


def test_a_day_that_is_gone_and_one_that_came_late_are_both_told(world: World) -> None:
    world.told(TONIGHT, datetime(2026, 10, 3), "gone")
    world.told(TONIGHT, datetime(2026, 10, 4), "25", account_id="8")
    assert messages(world) == [
        "October 2026 of AWS 012345678901 changed by -75.00 USD (2 days, 2.4 %) since the report of 2026-11-19."
    ]


def test_costs_that_move_between_days_leave_a_total_that_stayed(world: World) -> None:
    world.told(TONIGHT, datetime(2026, 10, 3), "90")
    world.told(TONIGHT, datetime(2026, 10, 4), "110")
    assert messages(world) == [
        "October 2026 of AWS 012345678901 was restated on 2 days since the report of 2026-11-19; its total stayed 3,100.00 USD."
    ]


def test_less_than_half_a_cent_is_nothing(world: World) -> None:
    world.told(TONIGHT, datetime(2026, 10, 3), "100.0049")
    assert messages(world) == []


def test_currencies_are_told_apart(world: World) -> None:
    world.told(TONIGHT, datetime(2026, 10, 3), "7", currency="EUR")
    assert [one.currency for one in restatements(world.con, TONIGHT)] == ["EUR"]


def test_a_month_of_china_begins_on_the_evening_before_and_is_that_month(world: World) -> None:
    more = {"billing_period_start": datetime(2026, 9, 30, 16), "cloud": "alibaba", "billing_account_id": "1"}
    for day in range(1, 31):
        world.told(FIRST_NIGHT, datetime(2026, 10, day), "1", **more)
    world.told(TONIGHT, datetime(2026, 10, 3), "2", **more)
    assert [one.message[:30] for one in restatements(world.con, TONIGHT)] == [
        "October 2026 of Alibaba Cloud "
    ]


def test_without_a_night_before_nothing_is_restated(world: World) -> None:
    world.con.execute("DELETE FROM runs")
    world.told(TONIGHT, datetime(2026, 10, 3), "500")
    assert messages(world) == []


def test_a_night_that_was_killed_or_made_no_report_told_nobody(world: World) -> None:
    world.told(TONIGHT, datetime(2026, 10, 3), "500")
    world.night(TONIGHT, "n2", status="aborted")
    world.night(TONIGHT + timedelta(hours=1), "n3", status="failed")
    world.con.execute(
        "INSERT INTO run_steps (run_id, position, step, status, started_at) VALUES ('n3', 1, 'report', 'skipped', ?)",
        [TONIGHT],
    )
    assert len(messages(world, TONIGHT + DAY)) == 1


def test_a_second_night_of_the_day_and_a_retry_tell_the_same_and_the_next_day_no_more(world: World) -> None:
    world.told(TONIGHT, datetime(2026, 10, 3), "500")
    first = messages(world)
    world.night(TONIGHT, "n2")
    again = TONIGHT + timedelta(hours=2)
    world.night(again, "n3", "retry", "running", as_of=TONIGHT)
    assert messages(world, TONIGHT) == messages(world, again) == first
    assert messages(world, TONIGHT + DAY) == []


def test_a_bill_that_is_loaded_while_a_night_delivers_is_told_by_the_next_one(world: World) -> None:
    world.con.execute(
        "INSERT INTO run_steps (run_id, position, step, status, started_at) VALUES ('n1', 9, 'report', 'done', ?)",
        [FIRST_NIGHT + timedelta(minutes=10)],
    )
    world.told(
        FIRST_NIGHT + timedelta(minutes=15), datetime(2026, 10, 3), "500"
    )  # it ends five minutes later
    assert len(messages(world)) == 1


def test_status_tells_what_the_last_night_told(world: World) -> None:
    assert last_restatements(world.con) == []
    world.told(TONIGHT, datetime(2026, 10, 3), "500")
    told = restatements(world.con, TONIGHT)
    world.night(TONIGHT, "n2")
    world.told(TONIGHT + timedelta(hours=5), datetime(2026, 10, 4), "500")
    assert last_restatements(world.con) == told


def test_a_run_tells_what_it_found_and_of_many_months_the_first(world: World) -> None:
    for number in range(5):
        world.months(FIRST_NIGHT, datetime(2026, 10, 31), billing_account_id=f"{number}")
        world.told(FIRST_NIGHT, datetime(2026, 11, 18), "1", billing_account_id=f"{number}")
        world.told(TONIGHT, datetime(2026, 10, 3), "110", billing_account_id=f"{number}")
    told = restated_since(world.con, TONIGHT)
    assert told[0] == "October 2026 of AWS 0 changed by +10.00 USD (1 day, 0.3 %)."
    assert told[3:] == ["2 more months changed."]
    assert restated_since(world.con, TONIGHT + DAY) == []


@pytest.mark.parametrize(
    ("cloud", "since"),
    [("aws", date(2026, 11, 16)), ("alibaba", date(2026, 11, 15)), ("gcp", date(2026, 11, 14))],
)
def test_the_last_days_of_a_bill_are_provisional_cloud_by_cloud(
    world: World, cloud: str, since: date
) -> None:
    world.con.execute("UPDATE bill_days SET cloud = ?", [cloud])
    (one,) = provisional(world.con, TONIGHT)
    assert (one.since, one.until) == (since, date(2026, 11, 18))
    assert provisional(world.con, TONIGHT + 60 * DAY) == [], "a bill that nobody looks at any more"


def test_fees_that_are_dated_ahead_do_not_settle_the_days_before_them(world: World) -> None:
    world.told(TONIGHT, datetime(2026, 11, 30), "9", metered=0)
    assert [one.until for one in provisional(world.con, TONIGHT)] == [date(2026, 11, 18)]


def test_a_month_of_aws_is_settled_to_its_end_when_every_charge_names_its_invoice(world: World) -> None:
    world.con.execute("DELETE FROM bill_days WHERE day >= '2026-11-01'")
    ends = "SELECT newest_day, settled_until FROM bill_ends"
    assert world.con.execute(ends).fetchall() == [(datetime(2026, 10, 31), datetime(2026, 10, 29))]
    world.con.execute("UPDATE bill_days SET invoiced = 1 WHERE day < '2026-10-31'")
    assert world.con.execute(ends).fetchall() == [(datetime(2026, 10, 31), datetime(2026, 10, 29))]
    world.con.execute("UPDATE bill_days SET invoiced = 1")
    assert world.con.execute(ends).fetchall() == [(datetime(2026, 10, 31), NOVEMBER)]


def test_an_account_that_stopped_is_settled_as_far_as_its_bill_goes(world: World) -> None:
    world.told(TONIGHT, datetime(2026, 10, 3), "5", account_id="8")
    rows = world.con.execute("SELECT account_id, settled_until FROM bill_ends ORDER BY ALL").fetchall()
    assert rows == [("7", datetime(2026, 11, 16)), ("8", datetime(2026, 11, 16))]


def test_a_bill_that_grows_for_days_and_is_restated_later_is_told_once(world: World) -> None:
    """Days arrive in parts over three nights; on the 35th night the first one is restated."""
    world.con.execute("DELETE FROM bill_days; DELETE FROM runs")
    told: dict[int, list[str]] = {}
    for number in range(40):
        at = datetime(2026, 10, 2, 5) + number * DAY
        newest = datetime(2026, 10, 1) + number * DAY
        for age, share in enumerate(("45", "90", "100")):
            if newest - age * DAY >= OCTOBER:
                world.told(at, newest - age * DAY, share)
        if number == 35:
            world.told(at, OCTOBER, "97.2")
        told[number] = messages(world, at)
        world.night(at, f"n{number}")
    assert {number: some for number, some in told.items() if some} == {
        35: [
            "October 2026 of AWS 012345678901 changed by -2.80 USD (1 day, 0.1 %) since the report of 2026-11-05."
        ]
    }


def test_an_ingest_tells_what_a_bill_restates(tmp_path: Path) -> None:
    def deliver(third: str) -> Path:
        bill = tmp_path / "bill.csv"
        rows = [{**ROW, "ChargePeriodStart": f"2026-10-{day:02}T00:00:00Z", "ChargePeriodEnd": f"2026-10-{day:02}T01:00:00Z",
                 "BilledCost": third if day == 3 else "1.5"} for day in range(1, 25)]  # fmt: skip
        with bill.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(ROW))
            writer.writeheader()
            writer.writerows(rows)
        return bill

    db = tmp_path / "w.duckdb"
    texts = [
        ingest_files(db, [str(deliver(third))], Settings(), at=FIRST_NIGHT + number * DAY).text
        for number, third in enumerate(("1.5", "2.75", "2.75"))
    ]
    told = "October 2026 of AWS 000000000042 changed by +1.25 USD (1 day, 4.0 %)."
    assert [told in text for text in texts] == [False, True, False]


@pytest.mark.parametrize("bill", [None, "2 months were loaded."])
def test_a_collection_that_read_a_bill_tells_what_it_restates(world: World, bill: str | None) -> None:
    world.told(TONIGHT, datetime(2026, 10, 3), "500")
    told = _with_restated(Writer(world.con, "r", TONIGHT), bill)
    changed = "October 2026 of AWS 012345678901 changed by +400.00 USD (1 day, 12.9 %)."
    assert told == (f"{bill} {changed}" if bill else None)


def test_status_has_them_as_json(world: World) -> None:
    world.told(TONIGHT, datetime(2026, 10, 3), "500")
    world.night(TONIGHT, "n2")
    (one,) = json.loads(as_json(status(world.con)))["restatements"]
    assert (one["month"], one["before"], one["after"], one["days"]) == ("2026-10-01", 3100.0, 3500.0, 1)
