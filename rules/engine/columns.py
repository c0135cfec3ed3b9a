"""Resolves every column of a query against the tables it reads: what a rule misspells is found before it runs."""

from collections.abc import Collection, Mapping

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from finops.errors import RuleError

Tables = Mapping[str, Mapping[str, str]]


def resolve(query: exp.Expression, tables: Tables, name: str) -> None:
    """Raises RuleError, naming the file and the column, unless each column is in exactly one source."""
    for scope in traverse_scope(query):
        known = {alias: _columns(source, tables) for alias, source in scope.sources.items()}
        for column in scope.columns:
            trouble = _trouble(column, scope, known, tables)
            if trouble:
                raise RuleError(f"{name}: {trouble}.")


def _trouble(
    column: exp.Column, scope: Scope, known: Mapping[str, Collection[str]], tables: Tables
) -> str | None:
    if column.args.get("db"):
        return f"{column.sql()} reaches into a value, which the portable subset of SQL cannot"
    homes = [alias for alias in known if column.table in ("", alias) and _has(known[alias], column.name)]
    if len(homes) == 1 or (homes and _joined_by_name(column, scope)) or _is_output(column, scope):
        return None
    if homes:
        return f"the column {column.name} is in {' and in '.join(sorted(homes))}: write which is meant"
    if scope.parent is not None and scope.is_subquery:
        outer = {alias: _columns(source, tables) for alias, source in scope.parent.sources.items()}
        return _trouble(column, scope.parent, outer, tables)
    return f"there is no column {column.sql(dialect='duckdb')} in what the query reads"


def _columns(source: object, tables: Tables) -> Collection[str]:
    """The columns of a table, of a WITH query, of a subquery, under the names they have outside."""
    if isinstance(source, exp.Table):
        return source.alias_column_names or tables.get(source.name, ())
    if isinstance(source, Scope):
        renamed = getattr(source.expression.parent, "alias_column_names", None)
        return renamed or source.expression.alias_column_names or source.expression.named_selects
    return ()


def _has(columns: Collection[str], name: str) -> bool:
    return name.lower() in {column.lower() for column in columns}


def _joined_by_name(column: exp.Column, scope: Scope) -> bool:
    """Whether JOIN … USING makes one column of several."""
    using = [name for join in scope.find_all(exp.Join) for name in join.args.get("using") or ()]
    return not column.table and any(name.name.lower() == column.name.lower() for name in using)


def _is_output(column: exp.Column, scope: Scope) -> bool:
    """Whether it is an output of the same SELECT, which GROUP BY and ORDER BY may name."""
    place = column.find_ancestor(exp.Group, exp.Order, exp.Having, exp.Select)
    return (
        not column.table
        and not isinstance(place, exp.Select)
        and isinstance(scope.expression, exp.Query)
        and _has(scope.expression.named_selects, column.name)
    )
