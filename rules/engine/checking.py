"""What the SQL of a rule may be: one SELECT over declared tables and parameters, in a portable subset.

The rule is parsed, every part of it compared with what is allowed, every column resolved, and refused with one
sentence before it ever reaches the database; the database then runs it on a connection that cannot leave the
warehouse.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import get_args

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from finops.errors import RuleError
from finops.model import Action
from finops.schema_comments import tables
from rules.engine.columns import resolve
from rules.engine.header import Header, placeholders
from rules.engine.subset import refuse_the_rest

KEY_COLUMNS = ("cloud", "account_id", "region", "resource_id")
REQUIRED_COLUMNS = (*KEY_COLUMNS, "verdict", "reason", "components")
# Columns a rule may add with a meaning of their own; everything else it returns is evidence.
OPTIONAL_COLUMNS = ("action", "remediation_case", "resource_type", "confidence", "confidence_reason")
# What `components` may name: the pieces that a price is taken apart into, and four groups of them: all of the resource,
# dependents (what goes when it goes), attached (what stays), members (the machines of a scaling group).
COMPONENTS = (
    "all", "dependents", "attached", "compute", "gpu", "local_disk", "storage", "iops", "throughput", "snapshot",
    "public_ip", "public_ip_idle", "public_ip_traffic", "cross_zone", "region_traffic", "internet_traffic",
    "nat_gateway", "load_balancer", "database", "database_storage", "database_backup", "bucket_storage", "registry",
    "log_storage", "log_ingestion", "ml", "function", "function_warm", "members", "commitment", "other",
)  # fmt: skip
# What metrics.metric may be; the meaning of each is in schema.sql.
METRICS = (
    "cpu_utilization", "memory_utilization", "gpu_utilization", "network_in_bytes_per_second",
    "network_out_bytes_per_second", "disk_read_ops_per_second", "disk_write_ops_per_second",
    "disk_read_bytes_per_second", "disk_write_bytes_per_second",
    "requests_per_second", "connections", "connection_utilization", "storage_utilization", "cpu_request_utilization",
    "memory_request_utilization", "kept_warm_utilization", "group_size",
)  # fmt: skip

# Which tables a need opens. Metrics, charges and prices are read through their rollups only.
NEED_TABLES: Mapping[str, tuple[str, ...]] = {
    "metrics": ("usage", "activity", "sizing", "replay"),
    "charges": ("cost", "traffic"),
    "commitment_usage": ("commitment_usage", "commitment_options"),
    "prices": ("prices", "spot", "listed"),
    "spot_prices": ("spot",),
}
_KEY = {"cloud": "VARCHAR", "account_id": "VARCHAR", "region": "VARCHAR", "resource_id": "VARCHAR"}
ROLLUP_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "usage": {
        **_KEY,
        "metric": "VARCHAR",
        "days": "BIGINT",
        "first_day": "TIMESTAMP",
        "last_day": "TIMESTAMP",
        "coverage": "DOUBLE",
        "avg": "DOUBLE",
        "p95": "DOUBLE",
        "p95_peak": "DOUBLE",
        "peak": "DOUBLE",
        "peak_day_avg": "DOUBLE",
        "recent_peak": "DOUBLE",
    },
    "activity": {
        **_KEY,
        "cpu_days": "BIGINT",
        "cpu_coverage": "DOUBLE",
        "cpu_avg": "DOUBLE",
        "cpu_p95": "DOUBLE",
        "cpu_peak": "DOUBLE",
        "memory_days": "BIGINT",
        "memory_coverage": "DOUBLE",
        "memory_peak": "DOUBLE",
        "gpu_days": "BIGINT",
        "gpu_coverage": "DOUBLE",
        "gpu_peak": "DOUBLE",
        "network_days": "BIGINT",
        "network_coverage": "DOUBLE",
        "network_day": "DOUBLE",
        "ops_days": "BIGINT",
        "ops_coverage": "DOUBLE",
        "ops_avg": "DOUBLE",
        "ops_day": "DOUBLE",
        "ops_peak": "DOUBLE",
        "ops_last_day": "TIMESTAMP",
        "bytes_days": "BIGINT",
        "bytes_coverage": "DOUBLE",
        "bytes_peak": "DOUBLE",
    },
    "sizing": {
        **_KEY,
        "cpu_days": "BIGINT",
        "cpu_coverage": "DOUBLE",
        "cpu_avg": "DOUBLE",
        "cpu_day": "DOUBLE",
        "cpu_load": "DOUBLE",
        "cpu_peak": "DOUBLE",
        "cpu_growth": "DOUBLE",
        "replay_days": "BIGINT",
        "replay_load": "DOUBLE",
        "replay_peak": "DOUBLE",
        "replay_grain": "VARCHAR",
        "replay_hours": "BIGINT",
        "memory_days": "BIGINT",
        "memory_coverage": "DOUBLE",
        "memory_peak": "DOUBLE",
        "memory_growth": "DOUBLE",
        "network_peak": "DOUBLE",
        "ops_peak": "DOUBLE",
        "bytes_peak": "DOUBLE",
    },
    "replay": {**_KEY, "vcpu": "DOUBLE", "hours_above": "BIGINT"},
    "cost": {
        **_KEY,
        "component": "VARCHAR",
        "currency": "VARCHAR",
        "cost": "DECIMAL(38, 18)",
        "committed_cost": "DECIMAL(38, 18)",
        "list_cost": "DECIMAL(38, 18)",
        "discounted_cost": "DECIMAL(38, 18)",
        "covered_list_cost": "DECIMAL(38, 18)",
        "quantity": "DOUBLE",
        "hours": "DOUBLE",
        "window_start": "TIMESTAMP",
        "window_end": "TIMESTAMP",
        "basis": "VARCHAR",
    },
    "traffic": {
        **_KEY,
        "kind": "VARCHAR",
        "gib_month": "DOUBLE",
        "peer_resource": "VARCHAR",
        "peer_zone": "VARCHAR",
        "source": "VARCHAR",
    },
    "spot": {
        "cloud": "VARCHAR",
        "region": "VARCHAR",
        "zone": "VARCHAR",
        "sku": "VARCHAR",
        "platform": "VARCHAR",
        "currency": "VARCHAR",
        "avg_price": "DOUBLE",
        "max_price": "DOUBLE",
        "on_demand_price": "DOUBLE",
        "prices": "BIGINT",
        "days": "DOUBLE",
    },
    "listed": {
        "cloud": "VARCHAR",
        "region": "VARCHAR",
        "sku": "VARCHAR",
        "platform": "VARCHAR",
        "currency": "VARCHAR",
        "price": "DOUBLE",
    },
    "commitment_usage": {
        "cloud": "VARCHAR",
        "payer": "VARCHAR",
        "account_id": "VARCHAR",
        "region": "VARCHAR",
        "resource_id": "VARCHAR",
        "service": "VARCHAR",
        "sku": "VARCHAR",
        "platform": "VARCHAR",
        "currency": "VARCHAR",
        "commitment_id": "VARCHAR",
        "commitment_type": "VARCHAR",
        "grain": "INTEGER",
        "hour_from": "TIMESTAMP",
        "hours": "BIGINT",
        "quantity": "DOUBLE",
        "cost": "DECIMAL(38, 9)",
        "list_cost": "DECIMAL(38, 9)",
    },
    "commitment_options": {
        "cloud": "VARCHAR",
        "account_id": "VARCHAR",
        "region": "VARCHAR",
        "resource_id": "VARCHAR",
        "option_id": "VARCHAR",
        "instrument": "VARCHAR",
        "level": "BIGINT",
        "family_group": "VARCHAR",
        "payer_group": "VARCHAR",
        "covers": "VARCHAR",
        "currency": "VARCHAR",
        "problem": "VARCHAR",
        "days": "DOUBLE",
        "term_months": "BIGINT",
        "payment": "VARCHAR",
        "commitment": "VARCHAR",
        "quantity": "DOUBLE",
        "unit": "VARCHAR",
        "hourly_commitment": "DOUBLE",
        "usage_month": "DOUBLE",
        "covered_month": "DOUBLE",
        "commitment_month": "DOUBLE",
        "saving": "DOUBLE",
        "saving_low": "DOUBLE",
        "saving_high": "DOUBLE",
        "saving_if_10_less": "DOUBLE",
        "saving_if_20_less": "DOUBLE",
        "saving_if_30_less": "DOUBLE",
        "coverage": "DOUBLE",
        "utilisation": "DOUBLE",
        "upfront": "DOUBLE",
        "break_even_month": "DOUBLE",
        "payback_month": "DOUBLE",
        "price_basis": "VARCHAR",
        "accounts": "VARCHAR",
    },
}
_DIMENSIONS = (
    "instances", "instance_types", "volumes", "snapshots", "public_ips", "load_balancers", "nat_gateways",
    "databases", "buckets", "scaling_groups", "commitments", "commitment_offers", "clusters", "repositories",
    "registry_images", "ml_endpoints", "log_groups", "functions", "subnets", "network_addresses", "tags",
)  # fmt: skip
# Names that finops.toml or the engine give a meaning of their own.
_RESERVED_PARAMETERS = ("enabled", "cloud", "account", "tag", "as_of", "window_start")


def check(header: Header, sql: str, name: str) -> exp.Expr:
    """The parsed query of a rule.

    Raises RuleError naming the file and the first thing that is not allowed.
    """
    query = _one_select(sql, name)
    refuse_the_rest(query, name)
    allowed = _allowed_tables(header, name)
    _check_tables(query, allowed, name)
    _check_parameters(header, query, name)
    resolve(query, allowed, name)
    _check_outputs(header, query, name)
    return query


def bound_names(header: Header) -> set[str]:
    """Every name a rule may write after $: its parameters, their cutoffs, and the instant."""
    cutoffs = {f"{name}_cutoff" for name, parameter in header.parameters.items() if parameter.unit == "days"}
    return set(header.parameters) | cutoffs | {"as_of", "window_start"}


def used_names(query: exp.Expr) -> set[str]:
    """The names a query really writes after $."""
    found = query.find_all(exp.Parameter, exp.Placeholder)
    return {one.this.name if isinstance(one.this, exp.Expr) else str(one.this or "?") for one in found}


def _one_select(sql: str, name: str) -> exp.Query:
    try:
        statements = [parsed for parsed in sqlglot.parse(sql, read="duckdb") if parsed is not None]
    except SqlglotError as error:
        first = str(error).splitlines()[0] if str(error) else "unreadable"
        raise RuleError(f"{name}: the SQL does not parse: {first.rstrip('.')}.") from error
    if len(statements) != 1:
        raise RuleError(f"{name}: a rule is one SELECT, this file holds {len(statements)} statements.")
    if not isinstance(statements[0], (exp.Select, exp.SetOperation)):
        kind = statements[0].key.upper()
        raise RuleError(f"{name}: a rule is one SELECT that reads, not {kind}.")
    return statements[0]


def _allowed_tables(header: Header, name: str) -> dict[str, Mapping[str, str]]:
    allowed: dict[str, Mapping[str, str]] = {}
    for need in header.needs:
        dataset, _, metric = need.partition(":")
        if bool(metric) != (dataset == "metrics"):
            raise RuleError(
                f"{name}: needs: write a metric as metrics:NAME and a table as its name, not {need}."
            )
        if metric and metric not in METRICS:
            raise RuleError(f"{name}: needs: there is no metric {metric}; there are {', '.join(METRICS)}.")
        for table in NEED_TABLES.get(dataset, (dataset,)):
            if table in ROLLUP_COLUMNS:
                allowed[table] = ROLLUP_COLUMNS[table]
            elif table in _DIMENSIONS or table == "prices":
                allowed[table] = _table_columns()[table]
            else:
                raise RuleError(f"{name}: needs: there is no dataset {dataset}.")
    return allowed


@cache
def _table_columns() -> Mapping[str, Mapping[str, str]]:
    return {table.name: {column.name: column.type for column in table.columns} for table in tables()}


def _check_tables(query: exp.Expr, allowed: Iterable[str], name: str) -> None:
    ctes = {cte.alias_or_name for cte in query.find_all(exp.CTE)}
    # A query named like a table would hide which of the two is read.
    hidden = sorted(ctes & {*_table_columns(), *ROLLUP_COLUMNS})
    if hidden:
        raise RuleError(f"{name}: {hidden[0]} is a table; give the query in WITH another name.")
    for table in query.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or table.db or table.catalog:
            raise RuleError(f"{name}: {table.sql(dialect='duckdb')} is not a table that rules may read.")
        if table.name not in ctes and table.name not in allowed:
            raise RuleError(f"{name}: the table {table.name} is read but not declared under needs.")


def _check_parameters(header: Header, query: exp.Expr, name: str) -> None:
    for parameter, spec in header.parameters.items():
        if parameter in _RESERVED_PARAMETERS:
            raise RuleError(f"{name}: a parameter may not be called {parameter}.")
        if spec.unit == "days" and not isinstance(spec.default, (int, float)):
            raise RuleError(f"{name}: the parameter {parameter} is in days, so its default must be a number.")
    used, known = used_names(query), bound_names(header)
    for unknown in sorted(used - known):
        raise RuleError(f"{name}: ${unknown} is not a declared parameter.")
    for parameter in header.parameters:
        if parameter not in used and f"{parameter}_cutoff" not in used:
            raise RuleError(f"{name}: the parameter {parameter} is declared but never used.")


def _check_outputs(header: Header, query: exp.Query, name: str) -> None:
    columns = [column.lower() for column in query.named_selects]
    for required in REQUIRED_COLUMNS:
        if required not in columns:
            raise RuleError(f"{name}: the query must return the column {required}.")
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise RuleError(f"{name}: the column {repeated[0]} is returned twice.")
    cases = [case for case in header.cases() if case not in get_args(Action)]
    if cases and "remediation_case" not in columns:
        raise RuleError(
            f"{name}: remediation: {cases[0]} is neither an action nor a case: the query returns no remediation_case."
        )
    for field in placeholders(header):
        if field.startswith(("current_", "proposed_")) and field not in columns:
            raise RuleError(f"{name}: remediation: {{{field}}} is not a column that the query returns.")
