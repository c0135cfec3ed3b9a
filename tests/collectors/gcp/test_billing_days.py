"""Days of a bill beside the warehouse: whole or not at all, told exactly, known again only for the same columns."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors.gcp.billing_days import Day, Shelf
from collectors.gcp.billing_query import ROLES

MONTH, FIFTH, SIXTH = date(2026, 10, 1), date(2026, 10, 5), date(2026, 10, 6)
GCP = ROLES["gcp"]
CREDITS = pa.list_(pa.struct([("name", pa.string()), ("amount", pa.float64())]))
SCHEMA = pa.schema(
    [
        ("project_id", pa.string()), ("billing_account_id", pa.string()), ("currency", pa.string()),
        ("cost", pa.float64()), ("credits", CREDITS), ("usage_start_time", pa.timestamp("us", tz="UTC")),
    ]
)  # fmt: skip


def row(
    cost: float, *credits: float, currency: str = "USD", project: str | None = "shop", day: date = FIFTH
) -> dict[str, Any]:
    return {
        "project_id": project, "billing_account_id": "01AA", "currency": currency, "cost": cost,
        "credits": [{"name": "SUD", "amount": amount} for amount in credits],
        "usage_start_time": datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC),
    }  # fmt: skip


def batches(*pages: list[dict[str, Any]]) -> Iterator[pa.RecordBatch]:
    for page in pages:
        yield pa.RecordBatch.from_pylist(page, schema=SCHEMA)


def keep(shelf: Shelf, day: date, rows: Iterator[pa.RecordBatch]) -> None:
    shelf.keep(MONTH, [day], rows, "usage_start_time")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "bill", ["cost"])


def test_a_day_is_told_with_every_credit_once(shelf: Shelf) -> None:
    keep(shelf, FIFTH, batches([row(0.1), row(0.2, -0.05, -0.1)], [row(7.0, -7.0, currency="EUR")]))
    told = shelf.told(MONTH, FIFTH, GCP)
    assert told.rows == 3
    assert told.sums == {
        "USD": (Decimal("0.3"), Decimal("-0.15")), "EUR": (Decimal(7), Decimal(-7)),
    }  # fmt: skip
    assert told.billed(credited=True) == {"USD": Decimal("0.15"), "EUR": Decimal(0)}


def test_charges_of_no_project_are_the_billing_accounts(shelf: Shelf) -> None:
    keep(shelf, FIFTH, batches([row(1.0), row(2.0, project=None)]))
    assert shelf.told(MONTH, FIFTH, GCP).owners == {"shop", "01AA"}


def test_a_day_that_breaks_off_leaves_the_one_before(shelf: Shelf) -> None:
    keep(shelf, FIFTH, batches([row(1.0)]))

    def broken() -> Iterator[pa.RecordBatch]:
        yield from batches([row(2.0)] * 10)
        raise OSError("cut")

    with pytest.raises(OSError, match="cut"):
        keep(shelf, FIFTH, broken())
    assert shelf.told(MONTH, FIFTH, GCP).sums["USD"][0] == 1


def test_a_day_without_rows_has_no_file(shelf: Shelf) -> None:
    keep(shelf, FIFTH, batches([row(1.0)]))
    keep(shelf, FIFTH, batches([], []))
    assert not shelf.path(MONTH, FIFTH).exists()
    assert shelf.told(MONTH, FIFTH, GCP) == Day()


def test_days_are_known_again_as_they_were(shelf: Shelf) -> None:
    day = Day(2, {"USD": (Decimal("0.30"), Decimal("-0.1"))}, "2026-10-06 01:00:00+00:00", {"shop"})
    keep(shelf, FIFTH, batches([row(0.1), row(0.2, -0.1)]))
    shelf.remember(MONTH, {FIFTH: day, SIXTH: Day(1)})
    assert shelf.known(MONTH) == {FIFTH: day}, "the sixth has no file, so it is asked for"


@pytest.mark.parametrize("spoiled", ["", "{", "[]", '{"columns": ["cost"], "days": {"2026-10-05": {}}}'])
def test_a_list_that_broke_off_is_no_list(shelf: Shelf, spoiled: str) -> None:
    keep(shelf, FIFTH, batches([row(1.0)]))
    shelf.remember(MONTH, {FIFTH: Day(1)})
    (shelf.folder / "2026-10" / "days.json").write_text(spoiled)
    assert shelf.known(MONTH) == {}


def test_days_that_were_asked_for_with_other_columns_are_not_known(shelf: Shelf) -> None:
    keep(shelf, FIFTH, batches([row(1.0)]))
    shelf.remember(MONTH, {FIFTH: Day(1)})
    assert Shelf(shelf.folder, ["cost", "tags"]).known(MONTH) == {}


def test_days_are_put_together_when_one_has_changed_and_only_then(shelf: Shelf) -> None:
    days = {FIFTH: Day(1), SIXTH: Day(2)}
    keep(shelf, FIFTH, batches([row(1.0)]))
    keep(shelf, SIXTH, batches([row(2.0), row(3.0)]))
    (whole,) = shelf.together(MONTH, days).values()
    assert pq.read_table(whole)["cost"].to_pylist() == [1.0, 2.0, 3.0]
    made = whole.stat().st_mtime_ns
    shelf.together(MONTH, days)
    assert whole.stat().st_mtime_ns == made
    keep(shelf, SIXTH, batches([row(4.0)]))
    shelf.together(MONTH, {FIFTH: Day(1), SIXTH: Day(1)})
    assert pq.read_table(whole)["cost"].to_pylist() == [1.0, 4.0]


def test_a_period_without_rows_has_nothing_to_load(shelf: Shelf) -> None:
    assert shelf.together(MONTH, {}) == {}


@pytest.mark.parametrize(("sum_", "same"), [("100.0000000001", True), ("100.01", False), ("99", False)])
def test_sums_are_the_same_but_for_the_order_of_adding(sum_: str, same: bool) -> None:
    mine = Day(1, {"USD": (Decimal(100), Decimal(0))})
    assert mine.same(Day(1, {"USD": (Decimal(sum_), Decimal(0))})) is same
    assert not mine.same(Day(2, mine.sums))
    assert not mine.same(Day(1, {"EUR": mine.sums["USD"]}))


def test_rows_of_several_days_come_in_any_order_and_go_to_the_file_of_their_day(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.gcp.billing_days._GROUP", 3)
    seventh = date(2026, 10, 7)
    keep(shelf, seventh, batches([row(9.0, day=seventh)]))
    pages = [
        [row(float(number), day=day) for number, day in enumerate((FIFTH, SIXTH, FIFTH))] for _ in range(4)
    ]
    shelf.keep(MONTH, [FIFTH, SIXTH, seventh], batches(*pages), "usage_start_time")
    assert pq.read_table(shelf.path(MONTH, FIFTH))["cost"].to_pylist() == [0.0, 2.0] * 4
    assert pq.read_table(shelf.path(MONTH, SIXTH))["cost"].to_pylist() == [1.0] * 4
    assert not shelf.path(MONTH, seventh).exists(), "of which nothing came"


def test_days_that_break_off_together_leave_all_those_before(shelf: Shelf) -> None:
    keep(shelf, FIFTH, batches([row(1.0)]))

    def broken() -> Iterator[pa.RecordBatch]:
        yield from batches([row(2.0), row(3.0, day=SIXTH)])
        raise OSError("cut")

    with pytest.raises(OSError, match="cut"):
        shelf.keep(MONTH, [FIFTH, SIXTH], broken(), "usage_start_time")
    assert shelf.told(MONTH, FIFTH, GCP).sums["USD"][0] == 1
    assert not shelf.path(MONTH, SIXTH).exists()
