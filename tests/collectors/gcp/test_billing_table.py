"""The table as BigQuery is asked for it: through Google's library, with answers that were written down."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pytest
import requests
from requests.adapters import BaseAdapter

from collectors.calls import METER, CallError
from collectors.gcp import client as clients
from collectors.gcp.billing import Bill, estimate
from collectors.gcp.billing_query import TableName
from collectors.gcp.billing_table import Table
from collectors.gcp.client import Session
from collectors.gcp.credentials import Counting, Credentials
from finops.errors import InputError

NAME = TableName.of("shop-prod.billing.bill")
OCTOBER, FIFTH = date(2026, 10, 1), date(2026, 10, 5)
ADDRESS = "http://127.0.0.1:9"
MICROS = 1_000_000


def record(name: str, *names: str, mode: str = "NULLABLE") -> dict[str, Any]:
    return {"name": name, "type": "RECORD", "mode": mode, "fields": [column(each) for each in names]}


def column(name: str, kind: str = "STRING") -> dict[str, Any]:
    return {"name": name, "type": "FLOAT" if name == "amount" else kind}


COLUMNS = [
    column("billing_account_id"), record("service", "id"), record("sku", "id"), column("usage_start_time", "TIMESTAMP"),
    column("usage_end_time", "TIMESTAMP"), record("project", "id"), column("export_time", "TIMESTAMP"),
    column("cost", "FLOAT"), column("currency"), record("credits", "name", "amount", mode="REPEATED"),
    record("invoice", "month"), column("cost_type"),
]  # fmt: skip
TABLE = {
    "tableReference": {"projectId": "shop-prod", "datasetId": "billing", "tableId": "bill"},
    "schema": {"fields": COLUMNS}, "location": "EU", "timePartitioning": {"type": "DAY", "expirationMs": "86400000"},
}  # fmt: skip
MARKS = [
    column("period"), column("day", "DATE"), column("currency"), column("items", "INTEGER"), column("amount"),
    column("second", "FLOAT"), column("latest", "TIMESTAMP"), column("first_part", "TIMESTAMP"),
    column("last_part", "TIMESTAMP"),
]  # fmt: skip


def micros(moment: datetime) -> str:
    return str(int(moment.replace(tzinfo=UTC).timestamp()) * MICROS)


def answer(columns: list[dict[str, Any]], rows: list[list[Any]], token: str | None = None) -> dict[str, Any]:
    """What jobs.query and jobs.getQueryResults answer."""
    body: dict[str, Any] = {
        "jobComplete": True, "jobReference": {"projectId": "shop-prod", "jobId": "job-1", "location": "EU"},
        "schema": {"fields": columns}, "totalRows": str(len(rows)),
        "rows": [{"f": [{"v": value} for value in row]} for row in rows],
    }  # fmt: skip
    return {**body, "pageToken": token} if token else body


def refusal(status: int, reason: str, message: str = "No.") -> tuple[int, dict[str, Any]]:
    return status, {
        "error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    }


@dataclass
class Wire(BaseAdapter):
    """Answers in the order in which they are written down; keeps what was asked."""

    answers: list[Any]
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        url = urlsplit(str(request.url))
        body = json.loads(request.body) if request.body else {k: v[0] for k, v in parse_qs(url.query).items()}
        self.asked.append((str(request.method), url.path, body))
        given = self.answers.pop(0)
        if isinstance(given, Exception):
            raise given
        status, content = given if isinstance(given, tuple) else (200, given)
        response = requests.Response()
        response.status_code, response.request, response.url = status, request, str(request.url)
        response.headers["Content-Type"] = "application/json"
        response._content = content if isinstance(content, bytes) else json.dumps(content).encode()
        return response

    def close(self) -> None:
        pass


class Wired(Credentials):
    """Credentials whose connections lead to what is written down."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(anonymous=True)
        self.wire = wire

    def http(self, scope: str, *, local: bool, counted: bool = False) -> requests.Session:
        session: requests.Session = Counting(self.of(scope))
        session.mount("http://", self.wire)
        return session


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "wait_random_exponential", lambda **_: lambda state: 0)
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def session_of(*answers: Any) -> tuple[Session, Wire]:
    wire = Wire(list(answers))
    return Session(Wired(wire), "shop-prod", endpoint=ADDRESS), wire


def opened(*answers: Any, run_in: str | None = None) -> tuple[Table, Wire]:
    session, wire = session_of(TABLE, *answers)
    return Table(session, NAME, run_in), wire


def fetched(table: Table) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []

    def keep(batches: Iterator[pa.RecordBatch]) -> None:
        kept.clear()
        for batch in batches:
            kept.extend(batch.to_pylist())

    table.fetch(OCTOBER, [FIFTH], None, keep)
    return kept


def test_the_marks_of_a_table_take_two_calls() -> None:
    sent = METER.sent
    at, part = micros(datetime(2026, 10, 6)), micros(datetime(2026, 10, 5))
    table, wire = opened(
        answer(
            MARKS,
            [
                ["202610", "2026-10-05", "USD", "3", "0.3", "-0.15", at, part, part],
                ["202610", "2026-10-05", "JPY", "1", "5", "0", at, part, at],
                ["202611", "2026-10-31", "USD", "1", "1e-7", None, at, at, at],
                [None, "2026-10-31", "USD", "2", "1", "0", at, at, at],
            ],
        )
    )
    marks = table.marks(OCTOBER)
    fifth = marks.days[OCTOBER][FIFTH]
    assert (fifth.rows, fifth.latest) == (4, "2026-10-06 00:00:00+00:00")
    assert fifth.sums == {
        "USD": (Decimal("0.3"), Decimal("-0.15")), "JPY": (Decimal(5), Decimal(0)),
    }  # fmt: skip
    assert marks.parts[OCTOBER, FIFTH] == (
        datetime(2026, 10, 5, tzinfo=UTC),
        datetime(2026, 10, 6, tzinfo=UTC),
    )
    assert marks.days[date(2026, 11, 1)][date(2026, 10, 31)].sums["USD"] == (Decimal("1E-7"), Decimal(0))
    assert (marks.nowhere, METER.sent - sent) == (2, 2)
    assert [path for _, path, _ in wire.asked] == [
        "/bigquery/v2/projects/shop-prod/datasets/billing/tables/bill", "/bigquery/v2/projects/shop-prod/queries",
    ]  # fmt: skip
    assert (wire.asked[1][2]["location"], wire.asked[1][2]["useLegacySql"]) == ("EU", False)


def test_jobs_run_in_the_project_that_is_said() -> None:
    table, wire = opened(answer(MARKS, []), run_in="jobs-prod")
    table.marks(OCTOBER)
    assert wire.asked[1][1] == "/bigquery/v2/projects/jobs-prod/queries"


def test_a_partition_that_cannot_be_asked_for_is_done_without() -> None:
    unknown = refusal(400, "invalidQuery", "Unrecognized name: _PARTITIONTIME")
    table, wire = opened(unknown, answer(MARKS, []))
    assert table.marks(OCTOBER).days == {}
    assert ["_PARTITIONTIME" in body["query"] for _, _, body in wire.asked[1:]] == [True, False]


def test_a_query_that_is_refused_without_partitions_is_told() -> None:
    table, _ = opened(*[refusal(400, "invalidQuery", "Unrecognized name: cost")] * 2)
    with pytest.raises(CallError, match="Unrecognized name: cost"):
        table.marks(OCTOBER)


def test_a_day_of_many_pages_comes_whole() -> None:
    columns = [column("amount"), column("currency")]
    job = {
        "jobReference": {"projectId": "shop-prod", "jobId": "job-1", "location": "EU"},
        "status": {"state": "DONE"}, "configuration": {"query": {"query": "", "destinationTable": {
            "projectId": "p", "datasetId": "d", "tableId": "t"}}}, "statistics": {"query": {}},
    }  # fmt: skip
    table, wire = opened(
        answer(columns, [["1", "USD"]], "2"), job, answer(columns, [["2", "USD"]], "3"),
        refusal(503, "backendError"), answer(columns, [["3.5", None]]),
    )  # fmt: skip
    assert [row["amount"] for row in fetched(table)] == [1.0, 2.0, 3.5]
    assert [body.get("pageToken") for method, _, body in wire.asked if method == "GET"][-3:] == [
        "2",
        "3",
        "3",
    ]


@pytest.mark.parametrize(
    "broken",
    [refusal(503, "backendError"), requests.ConnectionError("reset"), (200, b'{"jobComplete": tr'),
     refusal(403, "rateLimitExceeded"), (502, b"<html>")],
)  # fmt: skip
def test_an_answer_that_breaks_off_is_asked_for_again(broken: Any) -> None:
    columns = [column("amount")]
    table, _ = opened(broken, answer(columns, [["1"], ["2"]]))
    assert [row["amount"] for row in fetched(table)] == [1.0, 2.0]


def test_a_table_that_may_not_be_queried_names_what_it_takes() -> None:
    table, _ = opened(refusal(403, "accessDenied"))
    with pytest.raises(
        CallError, match=r"it takes bigquery\.jobs\.create in project shop-prod and bigquery\.tables"
    ) as told:
        table.marks(OCTOBER)
    assert told.value.status == "denied"


def test_a_table_that_is_not_there_is_named() -> None:
    session, _ = session_of(refusal(404, "notFound", "Not found: Table"))
    with pytest.raises(InputError, match=r"There is no table shop-prod\.billing\.bill in BigQuery"):
        Table(session, NAME, None)


def test_a_table_that_may_not_be_seen_is_denied() -> None:
    session, _ = session_of(refusal(403, "accessDenied"))
    with pytest.raises(CallError, match=r"bigquery\.tables\.get is denied") as told:
        Table(session, NAME, None)
    assert told.value.status == "denied"


def test_an_api_that_nobody_enabled_is_told_with_what_enables_it() -> None:
    session, _ = session_of(refusal(403, "accessNotConfigured"))
    with pytest.raises(CallError, match=r"gcloud services enable bigquery\.googleapis\.com"):
        Table(session, NAME, None)


def test_rows_that_have_not_settled_belong_to_no_partition_yet() -> None:
    session, _ = session_of({**TABLE, "streamingBuffer": {"estimatedRows": "1"}})
    assert Table(session, NAME, None).export.partition is None


def test_how_long_partitions_are_kept_is_known() -> None:
    table, _ = opened()
    assert table.expires_after == 86400


def test_an_estimate_runs_nothing() -> None:
    dry = {
        "jobReference": {"projectId": "shop-prod", "jobId": "job-1", "location": "EU"}, "status": {"state": "DONE"},
        "configuration": {"dryRun": True, "query": {"query": ""}},
        "statistics": {"totalBytesProcessed": "1000", "query": {"totalBytesProcessed": "1000"}},
    }  # fmt: skip
    session, wire = session_of(TABLE, dry, dry)
    bill = Bill(str(NAME), datetime(2026, 10, 12), folder=None)  # type: ignore[arg-type]
    assert estimate(session, bill, datetime(2026, 11, 20)) == 2000
    assert all(body["configuration"]["dryRun"] is True for _, _, body in wire.asked[1:])
    assert all("_PARTITIONTIME" in body["configuration"]["query"]["query"] for _, _, body in wire.asked[1:])


def test_an_estimate_of_what_is_not_built_as_a_table_is_a_sentence() -> None:
    session, _ = session_of({"kind": "bigquery#table"})
    bill = Bill(str(NAME), datetime(2026, 10, 12), folder=None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="has a shape that this version does not know"):
        estimate(session, bill, datetime(2026, 11, 20))
