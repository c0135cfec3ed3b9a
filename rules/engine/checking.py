"""What the SQL of a rule may be: one SELECT over declared tables and parameters, in a portable subset.

The rule is parsed, resolved column by column against the schema, and refused with one sentence before it
ever reaches the database; the database then runs it on a connection that cannot leave the warehouse.
"""

from collections.abc import Iterable, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.qualify import qualify

from finops.errors import RuleError
from finops.schema_comments import tables
from rules.engine.header import Header

KEY_COLUMNS = ("cloud", "account_id", "region", "resource_id")
REQUIRED_COLUMNS = (*KEY_COLUMNS, "verdict", "reason", "components")
# Columns a rule may add with a meaning of their own; everything else it returns is evidence.
OPTIONAL_COLUMNS = ("action", "resource_type", "confidence", "confidence_reason")

# Which tables a need opens. Metrics, charges and prices are read through their rollups only.
NEED_TABLES: Mapping[str, tuple[str, ...]] = {
    "metrics": ("usage",),
    "charges": ("cost", "traffic"),
    "prices": ("prices", "spot"),
}
ROLLUP_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "usage": {
        "cloud": "VARCHAR",
        "account_id": "VARCHAR",
        "region": "VARCHAR",
        "resource_id": "VARCHAR",
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
    "cost": {
        "cloud": "VARCHAR",
        "account_id": "VARCHAR",
        "region": "VARCHAR",
        "resource_id": "VARCHAR",
        "component": "VARCHAR",
        "currency": "VARCHAR",
        "cost": "DECIMAL(38, 18)",
        "committed_cost": "DECIMAL(38, 18)",
        "quantity": "DOUBLE",
        "hours": "DOUBLE",
        "window_start": "TIMESTAMP",
        "window_end": "TIMESTAMP",
        "basis": "VARCHAR",
    },
    "traffic": {
        "cloud": "VARCHAR",
        "account_id": "VARCHAR",
        "region": "VARCHAR",
        "resource_id": "VARCHAR",
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
        "currency": "VARCHAR",
        "avg_price": "DOUBLE",
        "max_price": "DOUBLE",
        "on_demand_price": "DOUBLE",
        "prices": "BIGINT",
        "days": "DOUBLE",
    },
}
_DIMENSIONS = (
    "instances", "instance_types", "volumes", "snapshots", "public_ips", "load_balancers", "nat_gateways",
    "databases", "buckets", "scaling_groups", "commitments", "tags",
)  # fmt: skip
_FUNCTIONS = (
    exp.Coalesce, exp.Case, exp.If, exp.Cast, exp.Nullif, exp.Abs, exp.Round, exp.Floor, exp.Ceil,
    exp.Greatest, exp.Least, exp.Concat, exp.Lower, exp.Upper, exp.Length, exp.Trim, exp.Count, exp.Sum,
    exp.Min, exp.Max, exp.Avg, exp.RowNumber, exp.And, exp.Or, exp.Exists, exp.Replace,
)  # fmt: skip
# Macros the engine defines, so that a rule needs neither interval arithmetic nor formatting.
MACROS = ("days_between", "in_percent", "amount")
_REFUSED: Mapping[type[exp.Expression], str] = {
    exp.Interval: "interval arithmetic (use days_between or a parameter in days)",
    exp.Qualify: "QUALIFY (put row_number() into a subquery)",
    exp.Array: "lists",
    exp.Struct: "structs",
    exp.Map: "maps",
    exp.Lambda: "lambdas",
    exp.JSONExtract: "JSON access",
    exp.Lateral: "LATERAL",
    exp.Unnest: "UNNEST",
    exp.Into: "SELECT INTO",
    exp.Command: "commands",
}


def check(header: Header, sql: str, name: str) -> exp.Expression:
    """The parsed query of a rule.

    Raises RuleError naming the file and the first thing that is not allowed.
    """
    query = _one_select(sql, name)
    _refuse_constructs(query, name)
    allowed = _allowed_tables(header, name)
    _check_tables(query, allowed, name)
    _check_parameters(header, query, name)
    _check_columns(query, allowed, name)
    return query


def bound_names(header: Header) -> set[str]:
    """Every name a rule may write after $: its parameters, their cutoffs, and the instant."""
    cutoffs = {f"{name}_cutoff" for name, parameter in header.parameters.items() if parameter.unit == "days"}
    return set(header.parameters) | cutoffs | {"as_of", "window_start"}


def used_names(query: exp.Expression) -> set[str]:
    """The names a query really writes after $."""
    return {str(found.this.this) if isinstance(found.this, exp.Expression) else str(found.this)
            for found in query.find_all(exp.Parameter, exp.Placeholder)}  # fmt: skip


def _one_select(sql: str, name: str) -> exp.Expression:
    try:
        statements = [parsed for parsed in sqlglot.parse(sql, read="duckdb") if parsed is not None]
    except SqlglotError as error:
        first = str(error).splitlines()[0] if str(error) else "unreadable"
        raise RuleError(f"{name}: the SQL does not parse: {first}") from error
    if len(statements) != 1:
        raise RuleError(f"{name}: a rule is one SELECT, this file holds {len(statements)} statements.")
    if not isinstance(statements[0], exp.Query):
        kind = statements[0].key.upper()
        raise RuleError(f"{name}: a rule is one SELECT that reads, not {kind}.")
    return statements[0]


def _refuse_constructs(query: exp.Expression, name: str) -> None:
    for node in query.walk():
        for kind, words in _REFUSED.items():
            if isinstance(node, kind):
                raise RuleError(f"{name}: {words} is outside the portable subset of SQL that rules may use.")
        if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count) and not _over_values(node):
            raise RuleError(f"{name}: * is not allowed, name the columns.")
        if isinstance(node, exp.Func) and not isinstance(node, _FUNCTIONS):
            function = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
            if function.lower() not in MACROS:
                raise RuleError(
                    f"{name}: the function {function.lower()} is not in the subset of SQL that rules may use."
                )


def _over_values(star: exp.Expression) -> bool:
    """Whether the star is the one that the parser itself puts over a VALUES list."""
    select = star.parent
    source = select.args.get("from_") or select.args.get("from") if isinstance(select, exp.Select) else None
    return source is not None and isinstance(source.this, exp.Values)


def _allowed_tables(header: Header, name: str) -> dict[str, Mapping[str, str]]:
    allowed: dict[str, Mapping[str, str]] = {}
    for need in header.needs:
        dataset, _, metric = need.partition(":")
        if bool(metric) != (dataset == "metrics"):
            raise RuleError(f"{name}: needs: write a metric as metrics:NAME and a table as its name ({need}).")
        for table in NEED_TABLES.get(dataset, (dataset,)):
            if table in ROLLUP_COLUMNS:
                allowed[table] = ROLLUP_COLUMNS[table]
            elif table in _DIMENSIONS or table == "prices":
                allowed[table] = _table_columns(table)
            else:
                raise RuleError(f"{name}: needs: there is no dataset {dataset}.")
    return allowed


def _table_columns(table: str) -> Mapping[str, str]:
    found = next(known for known in tables() if known.name == table)
    return {column.name: column.type for column in found.columns}


def _check_tables(query: exp.Expression, allowed: Iterable[str], name: str) -> None:
    ctes = {cte.alias_or_name for cte in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or table.db or table.catalog:
            raise RuleError(f"{name}: {table.sql(dialect='duckdb')} is not a table that rules may read.")
        if table.name not in ctes and table.name not in allowed:
            raise RuleError(f"{name}: the table {table.name} is read but not declared under needs.")


def _check_parameters(header: Header, query: exp.Expression, name: str) -> None:
    used, known = used_names(query), bound_names(header)
    for unknown in sorted(used - known):
        raise RuleError(f"{name}: ${unknown} is not a declared parameter.")
    for parameter in header.parameters:
        if parameter not in used and f"{parameter}_cutoff" not in used:
            raise RuleError(f"{name}: the parameter {parameter} is declared but never used.")


def _check_columns(query: exp.Expression, allowed: Mapping[str, Mapping[str, str]], name: str) -> None:
    schema = {table: dict(columns) for table, columns in allowed.items()}
    try:
        qualify(query.copy(), schema=schema, dialect="duckdb", validate_qualify_columns=True)
    except OptimizeError as error:
        raise RuleError(f"{name}: {str(error).splitlines()[0].rstrip('.')}.") from error
    columns = [column.lower() for column in query.named_selects]
    for required in REQUIRED_COLUMNS:
        if required not in columns:
            raise RuleError(f"{name}: the query must return the column {required}.")
    repeated = {column for column in columns if columns.count(column) > 1}
    if repeated:
        raise RuleError(f"{name}: the column {sorted(repeated)[0]} is returned twice.")
