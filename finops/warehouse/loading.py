"""Loading scopes: collected whole first, then replaced in one transaction, with a coverage row that says so."""

import contextlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb

from finops.errors import WarehouseError
from finops.schema_comments import tables

if TYPE_CHECKING:  # it takes longer to import than most commands that only read take to run
    import pyarrow as pa

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
    "commitment_offers": ("commitment_offers",),
    "clusters": ("clusters", "tags"),
    "repositories": ("repositories", "registry_images", "tags"),
    "ml_endpoints": ("ml_endpoints", "tags"),
    "log_groups": ("log_groups", "tags"),
    "functions": ("functions", "tags"),
    "subnets": ("subnets",),
    "network_addresses": ("network_addresses",),
    "metrics": ("metrics",),
    "prices": ("prices",),
    "spot_prices": ("prices",),
    "region_prices": ("prices",),
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
    "clusters": "cluster",
    "repositories": "repository",
    "ml_endpoints": "ml_endpoint",
    "log_groups": "log_group",
    "functions": "function",
}
KEYS = {
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
    "commitment_offers": ("cloud", "account_id", "region", "offer_id"),
    "clusters": ("cloud", "account_id", "region", "cluster_id"),
    "repositories": ("cloud", "account_id", "region", "repository_id"),
    "registry_images": ("cloud", "account_id", "region", "repository_id", "image_id"),
    "ml_endpoints": ("cloud", "account_id", "region", "endpoint_id"),
    "log_groups": ("cloud", "account_id", "region", "log_group_id"),
    "functions": ("cloud", "account_id", "region", "function_id"),
    "subnets": ("cloud", "account_id", "region", "subnet_id"),
    "network_addresses": ("cloud", "account_id", "region", "vpc_id", "address"),
    "metrics": ("cloud", "account_id", "region", "resource_id", "metric", "bucket_start", "bucket_seconds"),
    "tags": ("cloud", "account_id", "region", "resource_type", "resource_id", "key"),
}

Batches = Iterable["pa.RecordBatch | pa.Table"]


@dataclass(frozen=True, slots=True)
class Scope:
    """The unit that is collected and replaced whole."""

    cloud: str
    account_id: str
    region: str
    dataset: str


class Staged:
    """The rows of one scope on their way in: added as they come, swapped in by one transaction at the end.

    Several scopes may be staged at a time. Nothing that is stored changes before `commit`.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, scope: Scope) -> None:
        self._con, self._scope, self._tables = con, scope, list[str]()
        self._prefix = "stage_" + secrets.token_hex(4)

    def add(self, table: str, batch: "pa.RecordBatch | pa.Table | None" = None) -> None:
        """Adds rows; columns that a batch lacks become NULL. Without a batch the table is known to be empty.

        Raises WarehouseError when the table does not belong to the dataset, or has no such column.
        """
        if table not in DATASETS[self._scope.dataset]:
            raise WarehouseError(f"The dataset {self._scope.dataset} does not fill the table {table}.")
        if table not in self._tables:
            self._con.execute(f"CREATE OR REPLACE TEMP TABLE {self._name(table)} AS FROM {table} LIMIT 0")
            self._tables.append(table)
        if batch is None:
            return
        unknown = set(batch.schema.names) - {column.name for column in _columns(table)}
        if unknown:
            raise WarehouseError(f"The table {table} has no column {', '.join(sorted(unknown))}.")
        import pyarrow as pa

        arrow = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        self._con.register("arriving", arrow)
        self._con.execute(f"INSERT INTO temp.{self._name(table)} BY NAME SELECT * FROM arriving")  # noqa: S608
        self._con.unregister("arriving")

    def commit(
        self,
        run_id: str,
        *,
        at: datetime,
        calls: int = 0,
        error: str | None = None,
        since: datetime | None = None,
        keep_from: Mapping[int, datetime] | None = None,
    ) -> int:
        """Replaces the rows of the scope and returns how many it has now.

        With `since` (metrics, traffic) only rows from that instant on are replaced. With `keep_from` (metrics)
        only rows with the key of a staged one are, and those before the instant given for their bucket_seconds
        are forgotten. `error` marks the scope as partial and says what is missing. Raises WarehouseError when
        keys repeat; nothing is changed then.
        """
        con, scope = self._con, self._scope
        for table in self._tables:
            _refuse_repeated_keys(con, table, self._name(table))
        con.begin()
        try:
            for table in DATASETS[scope.dataset]:
                if keep_from is not None:
                    _forget(con, scope, table, self._name(table), keep_from)
                else:
                    _delete(con, scope, table, self._name(table) if table in self._tables else None, since)
            for table in self._tables:
                con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM temp.{self._name(table)}")  # noqa: S608
            total = _count(con, scope, DATASETS[scope.dataset][0])
            _cover(con, run_id, scope, "partial" if error else "complete", error, total, calls, at, at)
            con.commit()
        except duckdb.Error:
            with contextlib.suppress(duckdb.TransactionException):  # a full disk has taken it back already
                con.rollback()
            raise
        finally:
            self.discard()
        return total

    def discard(self) -> None:
        """Forgets what was staged."""
        for table in self._tables:
            self._con.execute(f"DROP TABLE IF EXISTS temp.{self._name(table)}")
        self._tables.clear()

    def _name(self, table: str) -> str:
        return f"{self._prefix}_{table}"


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

    An exception while the batches are produced changes nothing. See `Staged`.
    """
    staged = Staged(con, scope)
    try:
        for table, batches in rows.items():
            staged.add(table)
            for batch in batches:
                staged.add(table, batch)
        return staged.commit(run_id, at=at, calls=calls, error=error, since=since)
    finally:
        staged.discard()


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


def _refuse_repeated_keys(con: duckdb.DuckDBPyConnection, table: str, staged: str) -> None:
    if table not in KEYS:
        return
    key = ", ".join(KEYS[table])
    row = con.execute(
        f"SELECT {key} FROM temp.{staged} GROUP BY {key} HAVING count(*) > 1 LIMIT 1"  # noqa: S608
    ).fetchone()
    if row:
        raise WarehouseError(f"The table {table} was given the key {row} more than once.")


def _delete(
    con: duckdb.DuckDBPyConnection, scope: Scope, table: str, staged: str | None, since: datetime | None
) -> None:
    where, values = _rows_of(scope, table)
    if table in ("instance_types", "prices") and staged is None:
        return  # accounts share them: one that needs none leaves those of the others
    if table in ("instance_types", "prices"):
        # What nobody asked for this time, another account may have asked for: only what came is replaced.
        key = "instance_type" if table == "instance_types" else "(sku, coalesce(platform, 'linux'))"
        where += f" AND {key} IN (SELECT {key} FROM temp.{staged})"  # noqa: S608
    if since is not None and table in ("metrics", "traffic"):
        where += f" AND {'bucket_start' if table == 'metrics' else 'day'} >= ?"
        values.append(since)
    if table == "traffic":
        where += " AND source <> 'bill'"  # which comes and goes with its charges
    con.execute(f"DELETE FROM {table} WHERE {where}", values)  # noqa: S608


def _forget(
    con: duckdb.DuckDBPyConnection,
    scope: Scope,
    table: str,
    staged: str,
    keep_from: Mapping[int, datetime],
) -> None:
    """Removes what a staged row replaces, and what is older than anybody asks for."""
    where, values = _rows_of(scope, table)
    for seconds, oldest in keep_from.items():
        con.execute(
            f"DELETE FROM {table} WHERE {where} AND bucket_seconds = ? AND bucket_start < ?",  # noqa: S608
            [*values, seconds, oldest],
        )
    key = "(resource_id, metric, bucket_start, bucket_seconds)"
    con.execute(
        f"DELETE FROM {table} WHERE {where} AND {key} IN (SELECT {key} FROM temp.{staged})",  # noqa: S608
        values,
    )


def _count(con: duckdb.DuckDBPyConnection, scope: Scope, table: str) -> int:
    where, values = _rows_of(scope, table)
    row = con.execute(f"SELECT count(*) FROM {table} WHERE {where}", values).fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def _rows_of(scope: Scope, table: str) -> tuple[str, list[Any]]:
    """Which rows of a table belong to a scope, as a condition with its values."""
    if table == "instance_types":
        return "cloud = ?", [scope.cloud]
    where, values = "cloud = ? AND region = ?", [scope.cloud, scope.region]
    if table == "prices":
        spot = "=" if scope.dataset == "spot_prices" else "<>"
        return f"{where} AND purchase_model {spot} 'spot'", values
    where, values = where + " AND account_id = ?", [*values, scope.account_id]
    if table == "tags":
        where, values = where + " AND resource_type = ?", [*values, _RESOURCE_TYPES[scope.dataset]]
    return where, values


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
