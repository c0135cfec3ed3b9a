"""Loading scopes: collected whole first, then replaced in one transaction, with a coverage row that says so."""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from finops.errors import WarehouseError
from finops.schema_comments import tables

# What a dataset of this name may fill. The tables of one scope are replaced together.
DATASETS: Mapping[str, tuple[str, ...]] = {
    "instances": ("instances", "tags"),
    "instance_types": ("instance_types",),
    "volumes": ("volumes", "tags"),
    "snapshots": ("snapshots", "tags"),
    "public_ips": ("public_ips", "tags"),
    "load_balancers": ("load_balancers", "tags"),
    "nat_gateways": ("nat_gateways", "tags"),
    "databases": ("databases", "tags"),
    "buckets": ("buckets", "tags"),
    "scaling_groups": ("scaling_groups", "tags"),
    "commitments": ("commitments",),
    "metrics": ("metrics",),
    "prices": ("prices",),
    "traffic": ("traffic",),
}
_RESOURCE_TYPES = {
    "instances": "instance",
    "volumes": "volume",
    "snapshots": "snapshot",
    "public_ips": "public_ip",
    "load_balancers": "load_balancer",
    "nat_gateways": "nat_gateway",
    "databases": "database",
    "buckets": "bucket",
    "scaling_groups": "scaling_group",
}
_KEYS = {
    "instances": ("cloud", "account_id", "region", "instance_id"),
    "instance_types": ("cloud", "instance_type"),
    "volumes": ("cloud", "account_id", "region", "volume_id"),
    "snapshots": ("cloud", "account_id", "region", "snapshot_id"),
    "public_ips": ("cloud", "account_id", "region", "ip_id"),
    "load_balancers": ("cloud", "account_id", "region", "load_balancer_id"),
    "nat_gateways": ("cloud", "account_id", "region", "nat_gateway_id"),
    "databases": ("cloud", "account_id", "region", "database_id"),
    "buckets": ("cloud", "account_id", "region", "bucket_id"),
    "scaling_groups": ("cloud", "account_id", "region", "scaling_group_id"),
    "commitments": ("cloud", "account_id", "region", "commitment_id"),
    "metrics": ("cloud", "account_id", "region", "resource_id", "metric", "bucket_start", "bucket_seconds"),
    "tags": ("cloud", "account_id", "region", "resource_type", "resource_id", "key"),
}

Batches = Iterable[pa.RecordBatch | pa.Table]


@dataclass(frozen=True, slots=True)
class Scope:
    """The unit that is collected and replaced whole."""

    cloud: str
    account_id: str
    region: str
    dataset: str


def load_scope(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    scope: Scope,
    rows: Mapping[str, Batches],
    *,
    at: datetime,
    calls: int = 0,
    error: str | None = None,
    since: datetime | None = None,
) -> int:
    """Replaces the rows of `scope` by `rows` (table name → Arrow batches) and returns how many there are.

    Batches are staged as they come and swapped in by one transaction at the end, so an exception while
    they are produced changes nothing. Columns a batch lacks become NULL. With `since` (metrics, traffic)
    only rows from that instant on are replaced. `error` marks the scope as partial and says what is
    missing. Raises WarehouseError when keys repeat or a table does not belong to the dataset.
    """
    allowed = DATASETS[scope.dataset]
    for table in rows:
        if table not in allowed:
            raise WarehouseError(f"The dataset {scope.dataset} does not fill the table {table}.")
    staged = [table for table, batches in rows.items() if _stage(con, table, batches)]
    con.begin()
    try:
        for table in allowed:
            _delete(con, scope, table, since)
        for table in staged:
            con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM temp.stage_{table}")  # noqa: S608
        total = _count(con, scope, allowed[0])
        _cover(con, run_id, scope, "partial" if error else "complete", error, total, calls, at, at)
        con.commit()
    except duckdb.Error:
        with contextlib.suppress(duckdb.TransactionException):  # a full disk has taken it back already
            con.rollback()
        raise
    finally:
        for table in rows:
            con.execute(f"DROP TABLE IF EXISTS temp.stage_{table}")
    return total


def record_failure(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    scope: Scope,
    status: str,
    error: str,
    *,
    at: datetime,
    calls: int = 0,
) -> None:
    """Records that `scope` was denied, throttled, failed or skipped; its last good rows stay, dated."""
    before = con.execute(
        "SELECT rows, collected_at FROM coverage WHERE (cloud, account_id, region, dataset) = (?, ?, ?, ?)",
        _key(scope),
    ).fetchone()
    rows, collected_at = before or (0, None)
    con.begin()
    _cover(con, run_id, scope, status, error, rows, calls, collected_at, at)
    con.commit()


def _stage(con: duckdb.DuckDBPyConnection, table: str, batches: Batches) -> bool:
    con.execute(f"CREATE OR REPLACE TEMP TABLE stage_{table} AS FROM {table} LIMIT 0")
    known = {column.name for column in _columns(table)}
    for batch in batches:
        unknown = set(batch.schema.names) - known
        if unknown:
            raise WarehouseError(f"The table {table} has no column {', '.join(sorted(unknown))}.")
        arrow = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        con.register("arriving", arrow)
        con.execute(f"INSERT INTO temp.stage_{table} BY NAME SELECT * FROM arriving")  # noqa: S608
        con.unregister("arriving")
    _refuse_repeated_keys(con, table)
    return True


def _refuse_repeated_keys(con: duckdb.DuckDBPyConnection, table: str) -> None:
    if table not in _KEYS:
        return
    key = ", ".join(_KEYS[table])
    row = con.execute(
        f"SELECT {key} FROM temp.stage_{table} GROUP BY {key} HAVING count(*) > 1 LIMIT 1"  # noqa: S608
    ).fetchone()
    if row:
        raise WarehouseError(f"The table {table} was given the key {row} more than once.")


def _delete(con: duckdb.DuckDBPyConnection, scope: Scope, table: str, since: datetime | None) -> None:
    if table == "instance_types":
        con.execute(
            "DELETE FROM instance_types WHERE cloud = ? AND instance_type IN "
            "(SELECT instance_type FROM temp.stage_instance_types)",
            [scope.cloud],
        )
        return
    where, values = "cloud = ? AND region = ?", [scope.cloud, scope.region]
    if table != "prices":
        where, values = where + " AND account_id = ?", [*values, scope.account_id]
    if table == "tags":
        where, values = where + " AND resource_type = ?", [*values, _RESOURCE_TYPES[scope.dataset]]
    if since is not None and table in ("metrics", "traffic"):
        where += f" AND {'bucket_start' if table == 'metrics' else 'day'} >= ?"
        values.append(since)  # type: ignore[arg-type]
    con.execute(f"DELETE FROM {table} WHERE {where}", values)  # noqa: S608


def _count(con: duckdb.DuckDBPyConnection, scope: Scope, table: str) -> int:
    if table in ("instance_types", "prices"):
        row = con.execute(f"SELECT count(*) FROM {table} WHERE cloud = ?", [scope.cloud]).fetchone()  # noqa: S608
    else:
        row = con.execute(
            f"SELECT count(*) FROM {table} WHERE (cloud, account_id, region) = (?, ?, ?)",  # noqa: S608
            [scope.cloud, scope.account_id, scope.region],
        ).fetchone()
    return int(row[0]) if row else 0


def _cover(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    scope: Scope,
    status: str,
    error: str | None,
    rows: int,
    calls: int,
    collected_at: datetime | None,
    attempted_at: datetime,
) -> None:
    con.execute("DELETE FROM coverage WHERE (cloud, account_id, region, dataset) = (?, ?, ?, ?)", _key(scope))
    con.execute(
        "INSERT INTO coverage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [*_key(scope), status, error, rows, calls, collected_at, attempted_at, run_id],
    )


def _key(scope: Scope) -> list[Any]:
    return [scope.cloud, scope.account_id, scope.region, scope.dataset]


def _columns(table: str) -> Any:
    return next(found.columns for found in tables() if found.name == table)
