"""Flow logs where a sink of Logging writes them to BigQuery: added up there, each day once, by the rules of files."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from collectors.flow_logs import ingest_file, tell_traffic
from collectors.gcp import flows
from collectors.gcp.accounts import Request
from collectors.gcp.client import Session
from collectors.gcp.collecting import Wanted, collect
from collectors.gcp.credentials import Credentials
from collectors.gcp.flow_tables import flow_table, flow_table_of
from collectors.gcp.permissions import role
from collectors.scopes import Billed
from finops.errors import InputError
from finops.warehouse import Writer
from tests.collectors.live import Quiet
from tests.servers.gcp.cloud import Cloud
from tests.servers.gcp.flow_tables import NAME
from tests.shelf import empty_warehouse

AT, NEXT = datetime(2026, 11, 3), datetime(2026, 11, 4)
WEB = "acme-web-prod"
TABLE = f"{WEB}.billing.{NAME}"
SHOP, DATA = ("shop-1", "10.0.0.5", "us-central1-a"), ("data-1", "10.0.1.9", "us-central1-b")


def entry(moment: str, sender: Any = SHOP, receiver: Any = DATA, size: object = "1000", reporter: str = "SRC", **more: Any) -> dict[str, Any]:  # fmt: skip
    def end(one: Any) -> dict[str, str]:
        return {"project_id": WEB, "region": one[2][:-2], "zone": one[2], "vm_name": one[0]}

    payload = {
        "reporter": reporter, "start_time": f"{moment}.5Z", "end_time": f"{moment}.9Z", "bytes_sent": size,
        "connection": {"src_ip": sender[1], "dest_ip": receiver[1], "src_port": 40000.0, "dest_port": 5432.0},
        "src_instance": end(sender), "dest_instance": end(receiver), **more,
    }  # fmt: skip
    return {
        "timestamp": f"{moment}Z", "insertId": f"{moment}|{reporter}|{size}", "jsonPayload": payload,
        "logName": f"projects/{WEB}/logs/compute.googleapis.com%2Fvpc_flows",
        "resource": {"labels": {"project_id": WEB, "location": sender[2]}},
    }  # fmt: skip


OCTOBER = [
    entry("2026-10-30T08:00:00"),
    entry("2026-10-30T09:00:00", size="500"),
    entry("2026-10-30T08:00:00", reporter="DEST"),  # the same bytes, as the receiver saw them
    entry("2026-10-30T10:00:00", DATA, SHOP, "70", reporter="DEST"),  # of which the sender has no record
    entry("2026-10-30T11:00:00", SHOP, ("", "8.8.8.8", "x"), "40"),
    entry("2026-10-31T00:00:01", size="900") | {"timestamp": "2026-11-01T00:00:02Z"},  # told on the next day
]


@pytest.fixture(scope="module")
def served() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


class Desk:
    """A warehouse and the cloud that is asked."""

    def __init__(self, con: duckdb.DuckDBPyConnection, cloud: Cloud) -> None:
        self.con, self.cloud, self.said = con, cloud, list[str]()

    @property
    def session(self) -> Session:
        return Session(Credentials(anonymous=True), WEB, endpoint=self.cloud.endpoint)

    def collect(self, at: datetime = AT, table: str = TABLE) -> Billed:
        self.said.clear()
        self.cloud.reset_calls()
        writer = Writer(self.con, "run", at)
        done = flows.collect_flows(writer, self.session, table, at=at, say=self.said.append)
        done.record(writer, at)
        tell_traffic(self.con, at=at, run_id="run")
        return done

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()

    def traffic(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "SELECT CAST(day AS DATE) :: VARCHAR, source_address, destination_address, source_zone, destination_zone, bytes "
            "FROM traffic ORDER BY ALL"
        )

    def coverage(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT account_id, region, status, error FROM coverage WHERE dataset = 'traffic' ORDER BY ALL")  # fmt: skip


@pytest.fixture
def desk(served: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(flows, "DAYS", 4)  # a query each
    served.fresh()
    served.clock("2026-11-03T00:00:00Z")
    with empty_warehouse() as con:
        yield Desk(con, served)


@pytest.mark.parametrize("by_day", [False, True])
def test_each_day_is_added_up_where_it_is_and_counted_once(desk: Desk, by_day: bool) -> None:
    desk.cloud.flows(OCTOBER, by_day)
    done = desk.collect()
    assert (done.failed, done.sentence) == (None, f"flow logs of {TABLE}: 6 records of 2 days")
    counted = desk.traffic()
    assert counted == [
        ("2026-10-30", "10.0.0.5", "10.0.1.9", "us-central1-a", "us-central1-b", 1500),
        ("2026-10-30", "10.0.0.5", "8.8.8.8", "us-central1-a", "x", 40),
        ("2026-10-30", "10.0.1.9", "10.0.0.5", "us-central1-b", "us-central1-a", 70),
        ("2026-10-31", "10.0.0.5", "10.0.1.9", "us-central1-a", "us-central1-b", 900),
    ]
    assert desk.coverage()[0][1:] == ("us-central1", "complete", None)
    desk.cloud.flows([*OCTOBER, entry("2026-11-02T08:00:00", size="7"), entry("2026-11-03T00:30:00")], by_day)
    assert desk.collect(AT.replace(hour=1)).sentence.endswith(": 0 records of 0 days")  # too soon
    assert desk.collect(AT.replace(hour=4)).sentence.endswith(": 1 records of 1 days")
    assert [row for row in desk.traffic() if row not in counted] == [
        ("2026-11-02", "10.0.0.5", "10.0.1.9", "us-central1-a", "us-central1-b", 7)
    ]


def test_the_ends_are_named_by_the_inventory(desk: Desk) -> None:
    for number, (name, address, zone) in enumerate((SHOP, DATA)):
        desk.con.execute(
            "INSERT INTO instances BY NAME SELECT 'gcp' AS cloud, ? AS account_id, 'us-central1' AS region, "
            "? AS instance_id, 'running' AS state, ? AS name, ? AS private_ip, ? AS zone",
            [WEB, f"70{number}", name, address, zone],
        )
    desk.cloud.flows(OCTOBER[:1])
    desk.collect()
    ends = desk.rows("SELECT source_resource, destination_resource, path, bytes FROM traffic")
    assert ends == [("700", "701", "private", 1000)]


def test_what_bigquery_adds_up_is_what_a_file_of_the_same_entries_gives(desk: Desk, tmp_path: Path) -> None:
    services = {"dest_google_service": {"type": "GOOGLE_API"}}
    odd = [
        entry("2026-10-30T12:00:00", size="a lot"),
        entry("2026-10-30T12:01:00", SHOP, ("", "142.250.1.1", "x"), "33", **services),
    ]
    desk.cloud.flows([*OCTOBER, *odd])
    desk.collect()
    path = tmp_path / "flows.json"
    path.write_text("".join(json.dumps(one) + "\n" for one in [*OCTOBER, *odd]))
    pairs = "SELECT * EXCLUDE (flow_source) FROM flow_pairs ORDER BY ALL"
    files = "SELECT records, bytes, rejected, account_id, first_at, last_at FROM flow_files WHERE records > 0"
    mine, summed = desk.rows(files), desk.rows(pairs)
    desk.con.execute("DELETE FROM flow_pairs; DELETE FROM flow_files")
    ingest_file(Writer(desk.con, "run", AT), path, at=AT, max_rejected=1)
    assert summed == desk.rows(pairs)
    [told] = desk.rows(files)
    assert (sum(row[0] for row in mine), sum(row[1] for row in mine), sum(row[2] for row in mine)) == told[:3]
    assert (mine[0][4], mine[-1][5]) == told[4:]


def test_a_table_that_may_not_be_read_is_told_and_what_was_read_stays(desk: Desk) -> None:
    desk.cloud.flows(OCTOBER)
    desk.collect()
    known = desk.traffic()
    desk.cloud.deny("bigquery.tables.getData")
    done = desk.collect(NEXT)
    assert done.status == "denied"
    assert "bigquery.tables.getData on the table" in str(done.failed)
    assert (WEB, "global", "denied", done.failed) in desk.coverage()
    assert desk.traffic() == known
    desk.cloud.deny()
    assert desk.collect(NEXT).failed is None
    assert all(row[2] == "complete" for row in desk.coverage())


def test_a_day_that_would_cost_too_much_is_told_and_the_others_are_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "MOST_BYTES", 1000)  # more than one entry
    desk.cloud.flows(OCTOBER)
    done = desk.collect()
    assert (done.sentence.partition(": ")[2], done.status) == ("1 records of 1 days", "failed")
    assert str(done.failed).startswith(f"2026-10-30: A query of the table of flow logs {TABLE} was not run")
    assert [row[0] for row in desk.traffic()] == ["2026-10-31"]


def test_without_a_table_each_project_is_told_how_to_give_one(desk: Desk) -> None:
    request = Request(projects=(WEB,), endpoint=desk.cloud.endpoint)
    wanted = Wanted(only=("traffic",), traffic=True)
    writer = Writer(desk.con, "run", AT)
    watched = Quiet()
    collect(writer, request, wanted, at=AT, fresh=lambda scope: False, progress=watched)
    [(account, region, status, error)] = desk.coverage()
    assert (account, region, status) == (WEB, "global", "skipped")
    assert "give its table with --flow-logs PROJECT.DATASET.TABLE" in error
    assert error in watched.said
    desk.cloud.flows(OCTOBER)
    desk.collect()
    assert [row[2] for row in desk.coverage()] == ["complete"]


def test_a_table_that_is_not_there_or_has_something_else_is_told(desk: Desk) -> None:
    assert "There is no table" in str(desk.collect().failed)
    with pytest.raises(InputError, match="lacks timestamp, jsonPayload"):
        flow_table_of(flow_table(TABLE), [], None, daily=False)


def test_the_estimate_is_of_the_partitions_of_the_window(desk: Desk) -> None:
    desk.cloud.flows([*OCTOBER, entry("2026-08-01T08:00:00")])
    assert flows.estimate(desk.session, TABLE, AT) == len(OCTOBER) * 900


@pytest.mark.parametrize("named", [TABLE, f"{TABLE}_20261030"])
def test_a_table_of_a_day_stands_for_those_of_all_days(named: str) -> None:
    assert str(flow_table(named)) == TABLE


def test_the_role_has_what_the_table_takes_only_when_it_is_given() -> None:
    def actions(**options: str) -> set[str]:
        return set(role(Request(), **options)["includedPermissions"])

    wanted = {"bigquery.jobs.create", "bigquery.tables.get", "bigquery.tables.getData"}
    assert actions(flow_logs=TABLE) - actions() == wanted
