"""The bill as Google's own library brings it from a BigQuery that answers: equal to the ledger, resumable, told plainly."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from collectors.calls import CallError
from collectors.gcp import billing, queries
from collectors.gcp import client as clients
from collectors.gcp.billing import Bill, BillResult, Fetched
from collectors.gcp.billing_table import Table
from collectors.gcp.client import Session
from collectors.gcp.credentials import Credentials
from finops.errors import InputError
from finops.schema_comments import schema_sql
from finops.warehouse import Writer
from tests.servers.gcp.cloud import Cloud
from tests.servers.gcp.export import FOCUS, STANDARD, TABLE

AS_OF = "2026-11-03T00:00:00Z"
AT, SINCE = datetime(2026, 11, 3), datetime(2026, 10, 20)
WEB = "acme-web-prod"
QUERIES = ("jobs.query", "jobs.insert")
CENT = Decimal("0.005")
STEADY, GONE = "7000000000000000001", "7000000000000000006"
MACHINES: dict[str, tuple[str, str, dict[str, Any]]] = {
    STEADY: (WEB, "n1-standard-4", {"_class": "steady", "labels": {"team": "=1+1"}}),
    "7000000000000000002": (WEB, "t2d-standard-2", {"_class": "steady"}),
    "7000000000000000003": (WEB, "e2-standard-2", {"_class": "steady"}),
    "7000000000000000004": (WEB, "n2-standard-4", {"_class": "steady"}),
    "7000000000000000005": ("acme-dev-1f2a", "n2-custom-4-65536-ext", {}),
    GONE: (WEB, "n2-standard-2", {}),
}
# Of the four vCPUs of an N2 three are committed to, of its 16 GiB eight.
COMMITMENT = {
    "id": "7000000000000000008", "name": "n2", "type": "GENERAL_PURPOSE_N2", "plan": "TWELVE_MONTH", "status": "ACTIVE",
    "endTimestamp": "2027-01-01T00:00:00Z", "resources": [{"type": "VCPU", "amount": "3"}, {"type": "MEMORY", "amount": "8192"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def google(served: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Machines and disks with all discounts and a bill of four days, in which a month ends and another begins; no long waits."""
    monkeypatch.setattr(clients, "_LONGEST_WAIT", 0.01)
    served.fresh()
    served.clock(AS_OF)
    for number, (project, machine, more) in MACHINES.items():
        item = {"id": number, "name": f"web-{number[-1]}", "_type": machine, **more}
        served.put("instances", "zones/us-central1-a", item, project)
    served.put("commitments", "regions/us-central1", COMMITMENT)
    served.put("disks", "regions/europe-west1", {"name": "web-1", "_type": "pd-ssd"})
    served.put("disks", "zones/us-central1-a", {"name": "web-1", "_type": "pd-standard"})
    served.change("instances", "zones/us-central1-a", f"web-{GONE[-1]}", None)
    served.bill_days(4)
    served.reset_calls()
    return served


@dataclass
class Desk:
    """A warehouse, the folder beside it, and the cloud that is asked."""

    folder: Path
    con: duckdb.DuckDBPyConnection
    cloud: Cloud
    said: list[str] = field(default_factory=list)

    def fetch(self, table: str = TABLE, since: datetime = SINCE) -> Fetched:
        self.cloud.reset_calls()
        session = Session(Credentials(anonymous=True), WEB, endpoint=self.cloud.endpoint)
        return billing.fetch_bill(session, Bill(f"{WEB}.billing.{table}", since, self.folder), AT)

    def collect(self, table: str = TABLE, since: datetime = SINCE) -> BillResult:
        found = self.fetch(table, since)
        return billing.load_bill(Writer(self.con, "run", AT), found, at=AT, say=self.said.append)

    def charged(self, *columns: str) -> dict[tuple[Any, ...], Decimal]:
        """What is charged, by some columns of the warehouse."""
        named = ", ".join(columns)
        rows = self.con.execute(f"SELECT {named}, sum(BilledCost) FROM charges GROUP BY ALL").fetchall()
        return {row[:-1]: row[-1] for row in rows}

    def queries(self) -> int:
        return sum(self.cloud.count(name) for name in QUERIES)


MONTH = "strftime(BillingPeriodStart, '%Y%m')"
KEYS = {"currency": "BillingCurrency", "month": MONTH, "project": "SubAccountId", "resource": "x_ResourceKey"}


@pytest.fixture
def desk(tmp_path: Path, google: Cloud) -> Iterator[Desk]:
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(schema_sql())
        yield Desk(tmp_path / "bills", con, google)


def differing(desk: Desk, *names: str) -> list[Any]:
    """What the warehouse and the ledger do not have the same of, to the cent."""
    told, known = desk.charged(*(KEYS[name] for name in names)), desk.cloud.totals().by(*names)
    return [
        (key, told.get(key), known.get(key))
        for key in {*told, *known}
        if abs(told.get(key, Decimal(0)) - known.get(key, Decimal(0))) > CENT
    ]


@pytest.mark.parametrize("table", [TABLE, STANDARD, FOCUS])
def test_charges_are_the_ledgers_to_the_cent_by_month_project_and_resource(
    desk: Desk, google: Cloud, table: str
) -> None:
    totals = google.bill_like(second_account=True)
    result = desk.collect(table)
    assert (result.loaded, result.failed, result.rows) == (("2026-10", "2026-11"), (), totals.count)
    names = ("currency", "month", "project") + (() if table == STANDARD else ("resource",))
    assert not differing(desk, *names)
    assert {name for (name,) in desk.charged("BillingCurrency")} == {"USD", "EUR"}
    assert [row for row in desk.charged("x_ResourceKey") if row == (GONE,)] == (
        [] if table == STANDARD else [(GONE,)]
    )
    checks = "SELECT DISTINCT status FROM data_tests WHERE test = 'charges-equal-billing-export'"
    assert desk.con.execute(checks).fetchall() == [("passed",)]


def test_the_detailed_export_and_its_view_in_focus_are_the_same_charges(desk: Desk, tmp_path: Path) -> None:
    desk.collect(TABLE)
    same = (
        f"SELECT BillingPeriodStart, {MONTH}, SubAccountId, x_ResourceKey, ResourceType, ChargePeriodStart, ChargePeriodEnd, SkuId, BilledCost, EffectiveCost, "
        "ChargeCategory, BillingPeriodEnd, ServiceName, CASE ChargeCategory WHEN 'Usage' THEN ConsumedQuantity END FROM charges ORDER BY ALL"
    )
    detailed = desk.con.execute(same).fetchall()
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(schema_sql())
        other = Desk(tmp_path / "focus", con, desk.cloud)
        other.collect(FOCUS)
        assert con.execute(same).fetchall() == detailed


def test_another_export_of_the_same_bill_is_refused_and_counts_nothing_twice(desk: Desk) -> None:
    desk.collect(TABLE)
    with pytest.raises(
        InputError, match="both hold the same account and billing period in different formats"
    ):
        desk.collect(FOCUS)
    assert not differing(desk, "currency", "month", "project", "resource")


def test_what_a_discount_is_by_is_told_and_its_credits_are_kept(desk: Desk) -> None:
    desk.collect()
    told = desk.con.execute(
        "SELECT x_ResourceKey, CommitmentDiscountCategory, PricingCategory, len(json_extract_string(x_Other::JSON ->> 'credits', '$[*].type')) "
        "FROM charges WHERE ChargeDescription LIKE '% Core %' AND SubAccountId = ? GROUP BY ALL ORDER BY ALL", [WEB],
    ).fetchall()  # fmt: skip
    assert told == [
        (STEADY, None, "Standard", 2), ("7000000000000000002", "Spend", "Committed", 0),
        ("7000000000000000003", "Spend", "Committed", 1), ("7000000000000000004", "Usage", "Committed", 2),
        (GONE, None, "Standard", 1),
    ]  # fmt: skip
    fees = "SELECT PricingCategory, x_ResourceKey, sum(BilledCost) > 0 FROM charges WHERE ChargeDescription LIKE 'Commitment v1%' GROUP BY ALL"
    assert desk.con.execute(fees).fetchall() == [("Committed", None, True)]


def test_a_second_run_asks_one_query_and_loads_nothing(desk: Desk, google: Cloud) -> None:
    desk.collect()
    assert desk.collect().unchanged == ("2026-10", "2026-11")
    assert [each["action"] for each in google.calls()] == ["tables.get", "jobs.query"]


@pytest.mark.parametrize("partition", ["_PARTITIONTIME", "usage_start_time", None])
def test_of_a_row_that_comes_late_one_day_is_fetched_and_its_month_replaced(
    desk: Desk, google: Cloud, partition: str | None
) -> None:
    google.bill_like(partition=partition)
    desk.collect()
    before = google.totals()
    after = google.late_row("2026-11-02T10:00:00Z", "1.25", WEB, STEADY, [("PROMOTION", "-0.25")])
    assert after.net() - before.net() == 1
    result = desk.collect()
    assert (result.loaded, result.unchanged) == (("2026-11",), ("2026-10",))
    assert desk.queries() == 2
    [brought] = [each["items"] for each in google.calls("jobs.query")][1:]
    assert 0 < brought < after.count / 3
    assert not differing(desk, "month", "project", "resource")


def test_a_correction_of_a_closed_month_is_in_it(desk: Desk, google: Cloud) -> None:
    desk.collect()
    google.correction("2026-10-30T11:00:00Z", "-0.5", WEB, STEADY)
    assert desk.collect().loaded == ("2026-10",)
    assert not differing(desk, "month", "project", "resource")
    corrected = "SELECT ChargeCategory, ChargeClass FROM charges WHERE BilledCost = -0.5"
    assert desk.con.execute(corrected).fetchall() == [("Adjustment", "Correction")]


def test_a_day_of_which_nothing_changed_but_the_time_of_its_rows_is_seen(desk: Desk, google: Cloud) -> None:
    desk.collect()
    google.late_row("2026-11-02T10:00:00Z", "0", exported="2026-11-02T23:30:00Z")
    assert desk.collect().loaded == ("2026-11",)
    assert not differing(desk, "month", "project", "resource")


@pytest.mark.parametrize(
    ("permission", "words"),
    [("bigquery.tables.get", "bigquery.tables.get"), ("bigquery.jobs.create", "bigquery.jobs.create"), ("bigquery.tables.getData", "bigquery.tables.getData")],
)  # fmt: skip
def test_what_is_not_permitted_is_denied_and_named(
    desk: Desk, google: Cloud, permission: str, words: str
) -> None:
    google.deny(permission)
    with pytest.raises(CallError, match=words) as told:
        desk.fetch()
    assert told.value.status == "denied"
    assert google.count() <= 2


@pytest.mark.parametrize("kind", ["http503", "truncate", "ratelimit"])
def test_an_answer_that_breaks_off_between_pages_is_asked_for_again(
    desk: Desk, google: Cloud, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(queries, "_PAGE", 200)
    google.faults([{"kind": kind, "action": "jobs.getQueryResults", "first": 1}])
    result = desk.collect()
    assert (result.failed, result.rows) == ((), google.totals().count)
    assert not differing(desk, "month", "project", "resource")


@pytest.mark.parametrize("kind", ["ratelimit", "http502html"])
def test_a_service_that_fails_and_recovers_costs_nothing_but_time(
    desk: Desk, google: Cloud, kind: str
) -> None:
    google.faults([{"kind": kind, "service": "bigquery", "first": 2}])
    assert desk.collect().rows == google.totals().count
    assert not differing(desk, "month")


class Killed(BaseException):
    """The end of the process."""


def test_a_run_that_was_killed_between_days_goes_on_with_the_days_that_are_left(
    desk: Desk, google: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    google.bill_like(partition="usage_start_time")
    days: list[Any] = []

    def fetch(table: Table, month: Any, wanted: Any, *more: Any) -> None:
        days.extend(wanted)
        if len(days) == 3:
            raise Killed
        real(table, month, wanted, *more)

    real = Table.fetch
    with monkeypatch.context() as patched:
        patched.setattr(Table, "fetch", fetch)
        with pytest.raises(Killed):
            desk.fetch()
    assert len(days) == 3
    result = desk.collect()
    assert desk.queries() - 1 == 3  # of five days (one is in two months): all but the two that were there
    assert result.rows == google.totals().count
    assert not differing(desk, "month", "project", "resource")


def test_where_there_are_only_jobs_the_bill_comes_by_jobs(desk: Desk, google: Cloud) -> None:
    google.bill_like(only_jobs=True)
    assert desk.collect().rows == google.totals().count
    assert not differing(desk, "month", "project")


def test_an_estimate_is_of_the_partitions_and_runs_nothing(desk: Desk, google: Cloud) -> None:
    totals = google.bill_like(partition="usage_start_time")
    session = Session(Credentials(anonymous=True), WEB, endpoint=google.endpoint)
    whole = billing.estimate(session, Bill(f"{WEB}.billing.{TABLE}", SINCE, desk.folder), AT)
    assert whole == 2 * 900 * totals.count
    assert {each["action"] for each in google.calls()} == {"tables.get", "jobs.insert"}


def test_only_the_months_that_are_asked_for_are_there(desk: Desk, google: Cloud) -> None:
    assert desk.collect(since=datetime(2026, 11, 2)).loaded == ("2026-11",)
    assert desk.charged(MONTH).keys() == {("202611",)}
    [(first,)] = desk.con.execute("SELECT min(ChargePeriodStart) FROM charges").fetchall()
    assert first == datetime(2026, 11, 1, 7, tzinfo=UTC).replace(tzinfo=None)
