"""BigQuery v2 over DuckDB: the tables with the bill, query jobs, their results and whole tables in pages."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from tests.servers.gcp.export import DATASET, FOCUS, TABLES, table
from tests.servers.gcp.flow_tables import cut_of, flow_tables
from tests.servers.gcp.front import Route, authorize
from tests.servers.gcp.state import WORLD, Item
from tests.servers.gcp.wire import Call, RefusalError

TYPES = {"varchar": "STRING", "double": "FLOAT", "bigint": "INTEGER", "integer": "INTEGER", "hugeint": "INTEGER", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN",
         "date": "DATE", "decimal": "NUMERIC", "timestamp with time zone": "TIMESTAMP", "ubigint": "INTEGER"}  # fmt: skip
ROW = 900  # bytes that are billed of a row, whatever is asked of it
PSEUDO = "_PARTITIONTIME"
NUMBERS = {"INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC"}
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
    if isinstance(value, Decimal):  # without the zeros at the end, as Google writes them
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def partition(name: str = "export") -> str:
    """The column that a table is cut by; nothing: it is not."""
    return str(WORLD.partition_by) if name in TABLES.values() else cut_of(name)


def table_get(call: Call) -> Item:
    name = call.names["table"]
    check_table(call.project, call.names["dataset"], name)
    cursor = table()
    found = TABLES.get(name, name)
    fields = columns(cursor, found)
    [(rows,)] = cursor.execute(f"SELECT count(*) FROM {found}").fetchall()
    reference = {"projectId": call.project, "datasetId": DATASET, "tableId": name}
    answer = {"kind": "bigquery#table", "id": f"{call.project}:{DATASET}.{name}", "tableReference": reference, "schema": {"fields": fields}, "location": "US"}  # fmt: skip
    if name == FOCUS:
        return answer | {
            "type": "VIEW",
            "numRows": "0",
            "numBytes": "0",
            "view": {"query": "SELECT …", "useLegacySql": False},
        }
    by = partition(found)
    cut = {"type": "DAY"} if by == PSEUDO else {"type": "DAY", "field": by}
    return answer | {"type": "TABLE", "numRows": str(rows), "numBytes": str(rows * ROW)} | ({"timePartitioning": cut} if by else {})  # fmt: skip


def columns(cursor: duckdb.DuckDBPyConnection, name: str) -> list[Item]:
    """The schema of a table, which its pseudo column is no part of."""
    described = cursor.execute(f"SELECT * FROM {name} LIMIT 0").description or []
    return [schema_of(each[0], each[1]) for each in described if each[0] != PSEUDO]


def check_table(project: str, dataset: str, name: str) -> str:
    """What DuckDB calls a table; 404 for one that there is not."""
    first = next(iter(WORLD.projects), "")
    known = TABLES | {each: each for each in flow_tables()}
    if (project, dataset) != (first, DATASET) or name not in known:
        raise RefusalError(404, f"Not found: Table {project}:{dataset}.{name}", "notFound")
    return known[name]


def readable(call: Call, project: str, dataset: str, name: str) -> str:
    """The same of a table whose rows this caller may have."""
    found = check_table(project, dataset, name)
    call.names.update(dataset=dataset, table=name)
    authorize(call, "bigquery.tables.getData", project)
    return found


def parsed(call: Call, text: str) -> tuple[exp.Expression, str]:
    """The query with our names of tables, and which one it asks."""
    try:
        tree = sqlglot.parse_one(text, read="bigquery")
    except sqlglot.errors.ParseError as error:
        raise RefusalError(400, f"Syntax error: {error}", "invalidQuery") from None
    asked = ""
    for found in list(tree.find_all(exp.Table)):
        if found.catalog or found.db:
            asked = readable(call, found.catalog, found.db, found.name)
            found.replace(exp.Table(this=exp.to_identifier(asked), alias=found.args.get("alias")))
    for star in tree.find_all(exp.Star):
        if isinstance(star.parent, exp.Select) and asked in ("export", "standard"):
            star.set("except_", [*(star.args.get("except_") or []), exp.to_identifier(PSEUDO)])
    if (asked == "focus" or partition(asked) != PSEUDO) and any(
        each.name == PSEUDO for each in tree.find_all(exp.Column)
    ):
        raise RefusalError(400, f"Unrecognized name: {PSEUDO} at [1:8]", "invalidQuery")
    return tree, asked


def check_types(tree: exp.Expression, fields: list[Item], asked: Item) -> None:
    """A column is compared with a parameter of its own type only: BigQuery turns no date into a timestamp by itself."""
    types = {name: kind for field in fields for name, kind in leaves(field)} | {PSEUDO: "TIMESTAMP"}
    given = {each["name"]: each["parameterType"]["type"] for each in asked.get("queryParameters", [])}
    for each in tree.find_all(exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.Between):
        column = each.this
        if not isinstance(column, (exp.Column, exp.Dot)):
            continue
        kind = types.get(column.sql().replace('"', "").replace("`", ""))
        for parameter in each.find_all(exp.Parameter):
            other = given.get(parameter.name, kind)
            if kind and other != kind and not {kind, other} <= NUMBERS:
                sign = each.key.upper()
                raise RefusalError(
                    400,
                    f"No matching signature for operator {sign} for argument types: {kind}, {other}",
                    "invalidQuery",
                )


def leaves(field: Item, above: str = "") -> Iterator[tuple[str, str]]:
    """Every column of a record by its full name, with its type."""
    name = f"{above}{field['name']}"
    if "fields" not in field or field["mode"] == "REPEATED":
        yield name, field["type"]
    else:
        for each in field["fields"]:
            yield from leaves(each, f"{name}.")


def pruned(tree: exp.Expression, asked: str) -> exp.Expression | None:
    """The conditions on the partition alone: what is not in these partitions is not read, and not paid for."""
    where = tree.find(exp.Where)
    if where is None or not partition(asked) or asked == "focus":
        return None
    found = None
    for each in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        names = {column.name for column in each.find_all(exp.Column)}
        if names == {partition(asked)}:
            found = each.copy() if found is None else exp.and_(found, each.copy())
    return found


def duck(tree: exp.Expression) -> str:
    return tree.sql(dialect="duckdb").replace("TIMESTAMPTZ", "TIMESTAMP")


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


def run(
    cursor: duckdb.DuckDBPyConnection, tree: exp.Expression, given: Item, before: str = "", after: str = ""
) -> None:
    """A query with those of its parameters that it names."""
    names = {each.name for each in tree.find_all(exp.Parameter)}
    missing = sorted(names - set(given))
    if missing:
        raise RefusalError(400, f"Query parameter '{missing[0]}' not found at [1:1]", "invalidQuery")
    try:
        cursor.execute(before + duck(tree) + after, {name: given[name] for name in names} or None)
    except duckdb.Error as error:
        raise RefusalError(400, f"{error}", "invalidQuery") from None


def ran(call: Call, asked: Item, dry: bool, job_id: str) -> dict[str, Any]:
    """A finished job."""
    tree, name = parsed(call, asked["query"])
    given, cursor = parameters(asked), table()
    if name:
        check_types(tree, columns(cursor, name), asked)
    job = {
        "id": job_id,
        "bytes": size(cursor, tree, name, given) * ROW,
        "fields": [],
        "rows": [],
        "dry": dry,
        "caller": call.caller,
        "configuration": call.body.get("configuration", {}),
    }
    most = asked.get("maximumBytesBilled")
    if most is not None and not dry and job["bytes"] > int(most):
        said = f"Query exceeded limit for bytes billed: {most}. {job['bytes']} or higher required."
        raise RefusalError(400, said, "bytesBilledLimitExceeded")
    run(cursor, tree, given, *(("SELECT * FROM (", ") LIMIT 0") if dry else ()))
    job["fields"] = [schema_of(each[0], each[1]) for each in cursor.description or []]
    job["rows"] = [] if dry else cursor.fetchall()
    if not dry:
        _JOBS[job_id] = job
    return job


def size(cursor: duckdb.DuckDBPyConnection, tree: exp.Expression, name: str, given: Item) -> int:
    """How many rows are in the partitions that a query asks for."""
    if not name:
        return 0
    counting = exp.select("count(*)").from_(name)
    only = pruned(tree, name)
    run(cursor, counting.where(only) if only is not None else counting, given)
    [(rows,)] = cursor.fetchall()
    return int(rows)


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
    if WORLD.only_jobs:
        raise RefusalError(404, f"Requested entity was not found: {call.method} {call.path}", "notFound")
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
    return results_of(call, job_of(call), in_micros(call))


def in_micros(call: Call) -> bool:
    return call.params.get("formatOptions.useInt64Timestamp", "").lower() == "true"


def results_of(call: Call, job: dict[str, Any], micros: bool) -> Item:
    answer: Item = {
        "kind": "bigquery#getQueryResultsResponse", "jobReference": {"projectId": call.project, "jobId": job["id"], "location": "US"}, "jobComplete": True,
        "schema": {"fields": job["fields"]}, "totalRows": str(len(job["rows"])), "totalBytesProcessed": str(job["bytes"]), "cacheHit": False,
    }  # fmt: skip
    return answer | page_of(call, job["rows"], micros)


def page_of(call: Call, rows: list[tuple[Any, ...]], micros: bool) -> Item:
    """The page that was asked for, and where the next one begins."""
    size = call.number("maxResults", 10_000, 100_000)
    token = call.params.get("pageToken", "")
    start = int(token.removeprefix("B")) if token else int(call.params.get("startIndex") or 0)
    page = rows[start : start + size]
    call.items = len(page)
    found: Item = (
        {"rows": [{"f": [{"v": told(value, micros)} for value in row]} for row in page]} if page else {}
    )
    return found | ({"pageToken": f"B{start + size}"} if size and start + size < len(rows) else {})


def table_data(call: Call) -> Item:
    """A table's rows as they are; a view has none."""
    name = check_table(call.project, call.names["dataset"], call.names["table"])
    if name == "focus":
        raise RefusalError(400, "Cannot list a table of type VIEW.", "invalid")
    cursor = table()
    wanted = ", ".join(f'"{each["name"]}"' for each in columns(cursor, name))
    rows = cursor.execute(f"SELECT {wanted} FROM {name}").fetchall()
    return {"kind": "bigquery#tableDataList", "totalRows": str(len(rows))} | page_of(
        call, rows, in_micros(call)
    )


_BASE = "/bigquery/v2/projects/{project}"
_TABLE = f"{_BASE}/datasets/{{dataset}}/tables/{{table}}"
_NAME = "bigquery"
ROUTES = [
    Route("GET", _TABLE, _NAME, "tables.get", "bigquery.tables.get", table_get),
    Route("GET", f"{_TABLE}/data", _NAME, "tabledata.list", "bigquery.tables.getData", table_data),
    Route("POST", f"{_BASE}/jobs", _NAME, "jobs.insert", "bigquery.jobs.create", inserted),
    Route("GET", f"{_BASE}/jobs/{{job}}", _NAME, "jobs.get", "", job_get),
    Route("POST", f"{_BASE}/queries", _NAME, "jobs.query", "bigquery.jobs.create", asked_at_once),
    Route("GET", f"{_BASE}/queries/{{job}}", _NAME, "jobs.getQueryResults", "bigquery.jobs.create", results),
]
