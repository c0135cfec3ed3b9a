"""The bill from a table: only days that have changed are fetched, every credit counts once, months replace themselves.

The table is one in memory here, so that what becomes of its answers can be told apart from how they arrive.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from collectors.bills import ingest
from collectors.calls import CallError
from collectors.gcp import billing
from collectors.gcp.billing import Bill, BillResult, Fetched
from collectors.gcp.billing_query import ROLES, TableName
from collectors.gcp.billing_table import Marks, marks_of
from collectors.gcp.client import Session
from collectors.gcp.credentials import Credentials
from finops.errors import FinopsError, IncompleteError, InputError
from finops.schema_comments import schema_sql
from finops.warehouse import Writer

AT = datetime(2026, 11, 20)
NAME = "shop-prod.billing.gcp_billing_export_resource_v1_01AA"
FIFTH, SIXTH = date(2026, 10, 5), date(2026, 10, 6)
_INSTANT = pa.timestamp("us", tz="UTC")
_CREDIT = pa.struct(
    [(name, pa.string()) for name in ("id", "full_name", "type", "name")] + [("amount", pa.float64())]
)
_PAIRS = pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())]))
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in (
            "billing_account_id", "service_id", "service_description", "sku_id", "sku_description", "project_id",
            "currency", "invoice_month", "cost_type", "resource_name", "resource_global_name",
        )),
        ("usage_start_time", _INSTANT), ("usage_end_time", _INSTANT), ("cost", pa.float64()), ("labels", _PAIRS),
        ("credits", pa.list_(_CREDIT)), ("price_effective_price", pa.decimal128(38, 9)),
    ]
)  # fmt: skip


def charge(day: date, cost: float, *credits: float, **more: Any) -> dict[str, Any]:
    """A row that costs this, before its credits."""
    start = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    row = {
        "billing_account_id": "01AA", "service_id": "6F81-5844-456A", "service_description": "Compute Engine",
        "sku_id": "S-1", "sku_description": "N2 Instance Core running in Americas", "project_id": "shop-prod",
        "currency": "USD", "invoice_month": f"{day:%Y%m}", "cost_type": "regular",
        "resource_global_name": "//compute.googleapis.com/projects/1/zones/us-central1-a/instances/77",
        "usage_start_time": start, "usage_end_time": start + timedelta(hours=1), "cost": cost, "labels": [],
        "credits": [
            {"id": "", "full_name": "", "type": "SUSTAINED_USAGE_DISCOUNT", "name": "SUD", "amount": each}
            for each in credits
        ],
        "exported": start + timedelta(hours=5), "price_effective_price": Decimal("0.031611"),
    }  # fmt: skip
    return {**row, **more}


@dataclass
class Asked:
    """What google-cloud-bigquery would know of the table's columns."""

    name: TableName
    roles: Any = ROLES["gcp"]
    cut_by_usage: bool = True
    columns: list[str] = field(default_factory=lambda: list(SCHEMA.names))


class Table:
    """A table in memory; `fetched` are the days it was asked for, `lies` is added to what it tells of a day."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.fetched: list[tuple[str, str]] = []
        self.asked = 0
        self.errors: dict[date, FinopsError] = {}
        self.lies: dict[date, float] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        self.expires_after: float | None = None
        self.export = Asked(TableName.of(NAME))

    def marks(self, since: date) -> Marks:
        told = []
        for row in self.rows:
            if row["invoice_month"] is None or row["invoice_month"] >= f"{since:%Y%m}":
                start = row["usage_start_time"]
                told.append(
                    {
                        "period": row["invoice_month"], "day": start.date(), "currency": row["currency"], "items": 1,
                        "amount": row["cost"] + self.lies.get(start.date(), 0), "latest": row["exported"],
                        "second": sum(each["amount"] for each in row["credits"]),
                    }
                )  # fmt: skip
        return marks_of(told)

    def fetch(
        self, month: date, days: list[date], parts: Any, keep: Callable[[Iterator[pa.RecordBatch]], None]
    ) -> None:
        self.asked += 1
        self.fetched += [(f"{month:%Y-%m}", f"{day}") for day in days]
        for day in days:
            if day in self.errors:
                raise self.errors[day]
        self.meanwhile()
        found = [
            row for row in self.rows
            if row["usage_start_time"].date() in days and row["invoice_month"] == f"{month:%Y%m}"
        ]  # fmt: skip
        keep(iter([pa.RecordBatch.from_pylist(part, schema=SCHEMA) for part in (found[:2], found[2:])]))


class Desk:
    """A warehouse, the folder of the bill beside it, and a table."""

    def __init__(self, folder: Path, con: duckdb.DuckDBPyConnection, table: Table) -> None:
        self.folder, self.con, self.table = folder, con, table
        self.said: list[str] = []

    def fetch(self, since: datetime = datetime(2026, 10, 12)) -> Fetched:
        """What has changed, beside the warehouse."""
        self.table.fetched.clear()
        self.table.asked = 0
        self.said.clear()
        session = Session(Credentials(anonymous=True), "shop-prod")
        return billing.fetch_bill(session, Bill(NAME, since, self.folder), AT)

    def collect(self, since: datetime = datetime(2026, 10, 12)) -> BillResult:
        """The same, and into the warehouse."""
        return billing.load_bill(Writer(self.con, "run", AT), self.fetch(since), at=AT, say=self.said.append)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.con.execute(sql, list(values)).fetchall()

    def sums(self) -> dict[str, Decimal]:
        """What the charges cost, by billing period and currency."""
        found = self.rows(
            "SELECT strftime(BillingPeriodStart, '%Y-%m ') || BillingCurrency, sum(BilledCost) FROM charges GROUP BY ALL"
        )
        return {name: amount.normalize() for name, amount in found}

    def check(self) -> dict[str, str]:
        """The results of the check against the table, by period."""
        return dict(
            self.rows(
                "SELECT regexp_extract(subject, '[0-9]{4}-[0-9]{2}'), status FROM data_tests "
                "WHERE test = 'charges-equal-billing-export'"
            )
        )


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    made = Table()
    monkeypatch.setattr(billing, "Table", lambda session, name, run_in: made)
    return made


@pytest.fixture
def desk(tmp_path: Path, table: Table) -> Iterator[Desk]:
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(schema_sql())
        yield Desk(tmp_path / "bills", con, table)


def test_a_bill_is_its_costs_and_every_credit_once(desk: Desk, table: Table) -> None:
    table.rows = [
        charge(FIFTH, 0.1), charge(FIFTH, 0.2, -0.05, -0.1), charge(FIFTH, 5.0, -5.0), charge(SIXTH, 1e-7),
    ]  # fmt: skip
    result = desk.collect()
    assert (result.loaded, result.failed, result.rows) == (("2026-10",), (), 4)
    assert desk.sums() == {"2026-10 USD": Decimal("0.1500001")}
    assert desk.check() == {"2026-10": "passed"}
    ((key, account, other),) = desk.rows(
        "SELECT DISTINCT x_ResourceKey, x_AccountId, x_Other FROM charges WHERE BilledCost = 0.05"
    )
    assert (key, account) == ("77", "shop-prod")
    assert [each["amount"] for each in json.loads(json.loads(other)["credits"])] == [-0.05, -0.1]


def test_a_second_run_fetches_nothing_and_a_new_row_only_its_day(desk: Desk, table: Table) -> None:
    table.rows = [charge(date(2026, 10, day), float(day)) for day in range(3, 7)]
    desk.fetch()
    assert len(table.fetched) == 4
    desk.fetch()
    assert table.fetched == []
    table.rows.append(
        charge(FIFTH, -0.5, cost_type="adjustment", exported=datetime(2026, 11, 19, tzinfo=UTC))
    )
    assert desk.collect().loaded == ("2026-10",)
    assert table.fetched == [("2026-10", "2026-10-05")]
    assert desk.sums() == {"2026-10 USD": Decimal("17.5")}


def test_a_bill_that_grows_for_nights_and_is_restated_later_ends_exact_and_only_days_that_changed_are_fetched(
    desk: Desk, table: Table
) -> None:
    """A day's rows come over three nights; on the last but one the first day is corrected, on the last nothing comes."""
    parts = (45.0, 45.0, 10.0)
    for night in range(1, 7):
        exported = datetime(2026, 10, 2 + night, tzinfo=UTC)
        days = [(date(2026, 10, night - age), parts[age]) for age in range(3) if 0 < night - age < 4]
        table.rows += [charge(day, part, exported=exported) for day, part in days]
        desk.collect()
        assert table.fetched == [("2026-10", f"{day}") for day, _ in sorted(days)]
    table.rows.append(
        charge(date(2026, 10, 1), -2.8, cost_type="adjustment", exported=datetime(2026, 11, 5, tzinfo=UTC))
    )
    desk.collect()
    assert table.fetched == [("2026-10", "2026-10-01")]
    assert desk.collect().unchanged == ("2026-10",)
    assert (table.fetched, desk.sums()) == ([], {"2026-10 USD": Decimal("297.2")})


@pytest.mark.parametrize(("by_usage", "most", "queries"), [(True, 100, 4), (False, 100, 1), (False, 2, 2)])
def test_days_are_asked_for_together_where_each_query_would_read_the_same_partitions(
    desk: Desk, table: Table, monkeypatch: pytest.MonkeyPatch, by_usage: bool, most: int, queries: int
) -> None:
    monkeypatch.setattr(billing, "_AT_ONCE", most)
    table.export.cut_by_usage = by_usage
    table.rows = [charge(date(2026, 10, day), float(day)) for day in range(3, 7)]
    (october,) = desk.fetch().cycles
    assert (table.asked, len(table.fetched)) == (queries, 4)
    assert october.totals == {"USD": Decimal(18)}


def test_a_correction_that_cancels_out_is_seen_all_the_same(desk: Desk, table: Table) -> None:
    table.rows = [charge(FIFTH, 1.0), charge(FIFTH, 2.0, -1.0)]
    desk.fetch()
    table.rows[1] = charge(FIFTH, 1.0, exported=datetime(2026, 11, 19, tzinfo=UTC))
    desk.fetch()
    assert table.fetched == [("2026-10", "2026-10-05")]


def test_a_day_that_vanished_goes_and_the_others_stay(desk: Desk, table: Table) -> None:
    table.rows = [charge(FIFTH, 1.0), charge(SIXTH, 2.0)]
    desk.fetch()
    table.rows.pop()
    assert desk.collect().loaded == ("2026-10",)
    assert desk.sums() == {"2026-10 USD": Decimal(1)}


def test_a_day_whose_partition_expired_stays(desk: Desk, table: Table) -> None:
    table.rows, table.expires_after = [charge(FIFTH, 1.0), charge(SIXTH, 2.0)], 45 * 86400.0
    desk.fetch()
    del table.rows[0]
    assert desk.collect().loaded == ("2026-10",)
    assert desk.sums() == {"2026-10 USD": Decimal(3)}
    assert desk.check() == {"2026-10": "passed"}


def test_months_before_the_window_stay_as_they_are(desk: Desk, table: Table) -> None:
    table.rows = [charge(FIFTH, 1.0), charge(date(2026, 11, 5), 2.0)]
    desk.collect()
    table.rows = [charge(date(2026, 11, 5), 3.0)]
    assert desk.collect(since=datetime(2026, 11, 10)).loaded == ("2026-11",)
    assert desk.sums() == {"2026-10 USD": Decimal(1), "2026-11 USD": Decimal(3)}


def test_a_day_that_two_invoices_share_is_in_both(desk: Desk, table: Table) -> None:
    last = date(2026, 10, 31)
    table.rows = [charge(last, 1.0), charge(last, 2.0, invoice_month="202611")]
    assert desk.collect().loaded == ("2026-10", "2026-11")
    assert table.fetched == [("2026-10", "2026-10-31"), ("2026-11", "2026-10-31")]
    assert desk.sums() == {"2026-10 USD": Decimal(1), "2026-11 USD": Decimal(2)}


def test_several_billing_accounts_and_currencies_are_not_added_up(desk: Desk, table: Table) -> None:
    table.rows = [
        charge(FIFTH, 1.0), charge(FIFTH, 150.0, -50.0, currency="JPY", billing_account_id="02BB", project_id="tokyo"),
        charge(FIFTH, 9.0, currency="JPY", billing_account_id="02BB", project_id=None, cost_type="tax"),
    ]  # fmt: skip
    result = desk.collect()
    assert desk.sums() == {"2026-10 USD": Decimal(1), "2026-10 JPY": Decimal("1.09E+2")}
    assert result.accounts == {"shop-prod", "tokyo", "02BB"}
    assert desk.check() == {"2026-10": "passed"}


def test_a_month_that_cannot_be_had_whole_keeps_what_it_was(desk: Desk, table: Table) -> None:
    table.rows = [charge(FIFTH, 1.0), charge(date(2026, 11, 5), 2.0)]
    desk.collect()
    late = datetime(2026, 11, 19, tzinfo=UTC)
    table.rows = [charge(FIFTH, 7.0, exported=late), charge(date(2026, 11, 5), 8.0, exported=late)]
    table.errors[FIFTH] = CallError("failed", "NoAnswer", "It got no answer.")
    result = desk.collect()
    assert (result.loaded, result.failed) == (("2026-11",), (("2026-10", "It got no answer."),))
    assert desk.sums() == {"2026-10 USD": Decimal(1), "2026-11 USD": Decimal(8)}


def test_a_bill_of_which_nothing_can_be_had_raises_its_error(desk: Desk, table: Table) -> None:
    table.rows, table.errors[FIFTH] = (
        [charge(FIFTH, 1.0)],
        CallError("denied", "accessDenied", "It is denied."),
    )
    with pytest.raises(CallError, match=r"It is denied\."):
        desk.collect()


def test_days_that_were_fetched_before_it_broke_off_are_not_fetched_again(desk: Desk, table: Table) -> None:
    table.rows = [charge(FIFTH, 1.0), charge(SIXTH, 2.0)]
    table.errors[SIXTH] = CallError("failed", "NoAnswer", "It got no answer.")
    with pytest.raises(CallError):
        desk.collect()
    table.errors.clear()
    (october,) = desk.fetch().cycles
    assert table.fetched == [("2026-10", "2026-10-06")]
    assert october.totals == {"USD": Decimal(3)}


def test_rows_that_arrive_while_a_day_is_read_are_in_it(desk: Desk, table: Table) -> None:
    table.rows = [charge(FIFTH, 1.0)]

    def arrive() -> None:
        table.meanwhile = lambda: None
        table.rows.append(charge(FIFTH, 2.0))

    table.meanwhile = arrive
    (october,) = desk.fetch().cycles
    assert (october.error, october.totals) == (None, {"USD": Decimal(3)})
    desk.fetch()
    assert table.fetched == []


def test_a_day_that_is_never_what_the_table_tells_is_not_trusted(desk: Desk, table: Table) -> None:
    table.rows, table.lies[FIFTH] = [charge(FIFTH, 1.0)], 0.02
    with pytest.raises(IncompleteError, match=r"The rows of 2026-10-05 in .* are others"):
        desk.collect()
    assert desk.sums() == {}


def test_rows_that_are_rejected_show_in_the_check(desk: Desk, table: Table) -> None:
    table.rows = [charge(FIFTH, 1.0) for _ in range(200)] + [charge(FIFTH, 3.0, cost_type="of_next_year")]
    result = desk.collect()
    assert desk.check() == {"2026-10": "failed"}
    assert result.failed == (
        ("2026-10", "The charges of 2026-10 sum up to 200.00 USD, where the table tells 203.00."),
    )


def test_rows_without_a_period_are_told(desk: Desk, table: Table) -> None:
    table.rows = [charge(FIFTH, 1.0), charge(FIFTH, 2.0, invoice_month=None)]
    assert list(desk.fetch().words) == [
        f"1 rows of {NAME} have no billing period or no start of usage, and are left out."
    ]


def test_a_table_without_anything_since_then_is_told(desk: Desk, table: Table) -> None:
    result = desk.collect()
    assert (result.loaded, result.failed) == ((), ())
    assert desk.said == [f"{NAME} has no billing period since 2026-10."]


def test_a_shelf_that_is_gone_is_filled_again_and_the_warehouse_stays(desk: Desk, table: Table) -> None:
    table.rows = [charge(FIFTH, 1.0, -0.5)]
    desk.collect()
    for path in sorted(desk.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert desk.collect().unchanged == ("2026-10",)
    assert table.fetched == [("2026-10", "2026-10-05")]


def test_a_warehouse_that_is_new_is_filled_from_the_shelf(desk: Desk, table: Table) -> None:
    table.rows = [charge(FIFTH, 1.0, -0.5)]
    desk.fetch()
    assert desk.collect().loaded == ("2026-10",)
    assert (table.fetched, desk.sums()) == ([], {"2026-10 USD": Decimal("0.5")})


def test_a_folder_that_cannot_be_written_is_named(desk: Desk, table: Table) -> None:
    table.rows = [charge(FIFTH, 1.0)]
    desk.folder.write_text("a file")
    with pytest.raises(InputError, match="remove that folder"):
        desk.collect()


def test_a_name_that_is_no_table_is_refused_before_anything_is_asked(desk: Desk) -> None:
    session = Session(Credentials(anonymous=True), "shop-prod")
    with pytest.raises(InputError, match=r"PROJECT\.DATASET\.TABLE"):
        billing.fetch_bill(session, Bill("not a table", AT, desk.folder), AT)


def nested(row: dict[str, Any]) -> str:
    """The row as BigQuery exports it to a file of JSON lines."""
    records: dict[str, Any] = {}
    for name, value in row.items():
        record, _, leaf = name.partition("_")
        if record in ("service", "sku", "project", "invoice", "resource", "price"):
            records.setdefault(record, {})[leaf] = value
        elif name != "exported":
            records[name] = value
    return json.dumps(records, default=str)


def test_what_comes_from_the_table_is_what_comes_from_a_file_of_it(desk: Desk, table: Table) -> None:
    more = {"labels": [{"key": "team", "value": 'a"b'}], "resource_name": "projects/1/instances/web"}
    table.rows = [
        charge(FIFTH, 0.1, **more), charge(FIFTH, 0.2, -0.05, -0.1), charge(SIXTH, 1e-7, project_id=None),
        charge(SIXTH, -3.0, cost_type="adjustment"), charge(SIXTH, 9.0, currency="JPY", cost_type="tax"),
    ]  # fmt: skip
    desk.collect()
    file = desk.folder / "export.json"
    file.write_text("".join(f"{nested(row)}\n" for row in table.rows))
    charges = "SELECT * EXCLUDE (x_Source, x_Other) FROM charges ORDER BY ALL"  # in JSON amounts are text
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute(schema_sql())
        assert ingest(Writer(con, "run", AT), [file], at=AT).files[0].format == "gcp-detailed"
        assert con.execute(charges).fetchall() == desk.rows(charges)
