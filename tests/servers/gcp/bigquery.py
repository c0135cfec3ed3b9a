"""BigQuery v2 over DuckDB: the table with the bill, query jobs, their results in pages."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from tests.servers.gcp.export import DATASET, TABLE, table
from tests.servers.gcp.front import Route, authorize
from tests.servers.gcp.state import WORLD, Item
from tests.servers.gcp.wire import Call, RefusalError

TYPES = {"varchar": "STRING", "double": "FLOAT", "bigint": "INTEGER", "integer": "INTEGER", "hugeint": "INTEGER", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN",
         "date": "DATE", "decimal": "NUMERIC", "timestamp with time zone": "TIMESTAMP", "ubigint": "INTEGER"}  # fmt: skip
_JOBS: dict[str, dict[str, Any]] = {}


def schema_of(name: str, kind: Any) -> Item:
    """A column as BigQuery tells it."""
    if kind.id == "list":
        return {**schema_of(name, kind.children[0][1]), "mode": "REPEATED"}
    if kind.id == "struct":
        return {
            "name": name,
            "type": "RECORD",
            "mode": "NULLABLE",
            "fields": [schema_of(*each) for each in kind.children],
        }
    return {"name": name, "type": TYPES.get(str(kind.id), "STRING"), "mode": "NULLABLE"}


def told(value: Any, micros: bool) -> Any:
    """A value in the API's wrapping: records as f, every cell as v, all scalars as text."""
    if value is None:
        return None
    if isinstance(value, dict):
        return {"f": [{"v": told(each, micros)} for each in value.values()]}
    if isinstance(value, list):
        return [{"v": told(each, micros)} for each in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        whole = round((value.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 10**6)
        return str(whole) if micros else repr(whole / 10**6)
    return value.isoformat() if isinstance(value, date) else str(value)


def table_get(call: Call) -> Item:
    check_table(call.project, call.names["dataset"], call.names["table"])
    cursor = table()
    cursor.execute("SELECT * EXCLUDE (_PARTITIONTIME) FROM export LIMIT 0")
    fields = [schema_of(each[0], each[1]) for each in cursor.description or []]
    [(rows,)] = cursor.execute("SELECT count(*) FROM export").fetchall()
    reference = {"projectId": call.project, "datasetId": DATASET, "tableId": TABLE}
    return {"kind": "bigquery#table", "id": f"{call.project}:{DATASET}.{TABLE}", "tableReference": reference, "schema": {"fields": fields}, "type": "TABLE",
            "numRows": str(rows), "numBytes": str(rows * 900), "location": "US", "timePartitioning": {"type": "DAY"}}  # fmt: skip


def check_table(project: str, dataset: str, name: str) -> None:
    first = next(iter(WORLD.projects), "")
    if (project, dataset, name) != (first, DATASET, TABLE):
        raise RefusalError(404, f"Not found: Table {project}:{dataset}.{name}", "notFound")


def translated(text: str) -> tuple[str, set[str]]:
    """The query for DuckDB, and its parameters."""
    try:
        tree = sqlglot.parse_one(text, read="bigquery")
    except sqlglot.errors.ParseError as error:
        raise RefusalError(400, f"Syntax error: {error}", "invalidQuery") from None
    for found in tree.find_all(exp.Table):
        if found.catalog or found.db:
            check_table(found.catalog, found.db, found.name)
            found.replace(exp.Table(this=exp.to_identifier("export"), alias=found.args.get("alias")))
    for star in tree.find_all(exp.Star):
        if isinstance(star.parent, exp.Select):
            star.set("except_", [*(star.args.get("except_") or []), exp.to_identifier("_PARTITIONTIME")])
    names = {each.name for each in tree.find_all(exp.Parameter)}
    return tree.sql(dialect="duckdb").replace("TIMESTAMPTZ", "TIMESTAMP"), names


def parameters(asked: Item) -> Item:
    found = {}
    for each in asked.get("queryParameters", []):
        kind, value = each["parameterType"]["type"], each["parameterValue"].get("value")
        if kind in ("TIMESTAMP", "DATETIME") and value is not None:
            value = datetime.fromisoformat(value).replace(tzinfo=None)
        elif kind == "DATE" and value is not None:
            value = date.fromisoformat(value)
        elif kind in ("INT64", "INTEGER"):
            value = int(value)
        elif kind in ("NUMERIC", "FLOAT64"):
            value = Decimal(value)
        found[each["name"]] = value
    return found


def ran(call: Call, asked: Item, dry: bool, job_id: str) -> dict[str, Any]:
    """A finished job."""
    text, names = translated(asked["query"])
    given = {name: value for name, value in parameters(asked).items() if name in names}
    cursor = table()
    [(rows,)] = cursor.execute("SELECT count(*) FROM export").fetchall()
    job = {
        "id": job_id,
        "bytes": rows * 900,
        "fields": [],
        "rows": [],
        "dry": dry,
        "caller": call.caller,
        "configuration": call.body.get("configuration", {}),
    }
    try:
        cursor.execute(f"SELECT * FROM ({text}) LIMIT 0" if dry else text, given or None)
    except duckdb.Error as error:
        raise RefusalError(400, f"{error}", "invalidQuery") from None
    job["fields"] = [schema_of(each[0], each[1]) for each in cursor.description or []]
    job["rows"] = [] if dry else cursor.fetchall()
    if not dry:
        _JOBS[job_id] = job
    return job


def inserted(call: Call) -> Item:
    configuration = call.body.get("configuration", {})
    reference = call.body.get("jobReference", {})
    return about(
        call,
        ran(
            call,
            configuration.get("query", {}),
            bool(configuration.get("dryRun")),
            reference.get("jobId") or str(uuid.uuid4()),
        ),
    )


def about(call: Call, job: dict[str, Any]) -> Item:
    size = str(job["bytes"])
    return {
        "kind": "bigquery#job", "id": f"{call.project}:US.{job['id']}", "configuration": job["configuration"] or {"query": {}, "jobType": "QUERY"},
        "jobReference": {"projectId": call.project, "jobId": job["id"], "location": "US"}, "status": {"state": "DONE"},
        "statistics": {"totalBytesProcessed": size, "query": {"totalBytesProcessed": size, "totalBytesBilled": size, "statementType": "SELECT", "schema": {"fields": job["fields"]}}},
    }  # fmt: skip


def asked_at_once(call: Call) -> Item:
    job = ran(call, call.body, bool(call.body.get("dryRun")), str(uuid.uuid4()))
    call.params.update({name: str(call.body[name]) for name in ("maxResults",) if name in call.body})
    options = call.body.get("formatOptions", {})
    return results_of(call, job, bool(options.get("useInt64Timestamp")))


def job_of(call: Call) -> dict[str, Any]:
    job = _JOBS.get(call.names["job"])
    if job is None:
        raise RefusalError(404, f"Not found: Job {call.project}:{call.names['job']}", "notFound")
    return job


def job_get(call: Call) -> Item:
    job = job_of(call)
    if job["caller"] != call.caller:  # whoever made a job may always look at it
        authorize(call, "bigquery.jobs.get")
    return about(call, job)


def results(call: Call) -> Item:
    return results_of(
        call, job_of(call), call.params.get("formatOptions.useInt64Timestamp", "").lower() == "true"
    )


def results_of(call: Call, job: dict[str, Any], micros: bool) -> Item:
    size = call.number("maxResults", 10_000, 100_000)
    token = call.params.get("pageToken", "")
    start = int(token.removeprefix("B")) if token else 0
    page = job["rows"][start : start + size]
    call.items = len(page)
    answer: Item = {
        "kind": "bigquery#getQueryResultsResponse", "jobReference": {"projectId": call.project, "jobId": job["id"], "location": "US"}, "jobComplete": True,
        "schema": {"fields": job["fields"]}, "totalRows": str(len(job["rows"])), "totalBytesProcessed": str(job["bytes"]), "cacheHit": False,
    }  # fmt: skip
    if page:
        answer["rows"] = [{"f": [{"v": told(value, micros)} for value in row]} for row in page]
    if size and start + size < len(job["rows"]):
        answer["pageToken"] = f"B{start + size}"
    return answer


_BASE = "/bigquery/v2/projects/{project}"
ROUTES = [
    Route(
        "GET",
        f"{_BASE}/datasets/{{dataset}}/tables/{{table}}",
        "bigquery",
        "tables.get",
        "bigquery.tables.get",
        table_get,
    ),
    Route("POST", f"{_BASE}/jobs", "bigquery", "jobs.insert", "bigquery.jobs.create", inserted),
    Route("GET", f"{_BASE}/jobs/{{job}}", "bigquery", "jobs.get", "", job_get),
    Route("POST", f"{_BASE}/queries", "bigquery", "jobs.query", "bigquery.jobs.create", asked_at_once),
    Route(
        "GET", f"{_BASE}/queries/{{job}}", "bigquery", "jobs.getQueryResults", "bigquery.jobs.create", results
    ),
]
