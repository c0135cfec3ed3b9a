"""Resolves every column of a query against the tables it reads: what a rule misspells is found before it runs."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, ScopeType, traverse_scope

from rules.engine.mistakes import Mistake, did_you_mean

# Scopes whose columns may be those of the query around them.
_INNER = (ScopeType.SUBQUERY, ScopeType.SET_OPERATION)
Tables = Mapping[str, Mapping[str, str]]
Known = Mapping[str, Collection[str] | None]


def unresolved(query: exp.Expr, tables: Tables) -> Iterator[Mistake]:
    """Every column that is not in exactly one source. What is read from a table that nobody knows is not judged."""
    for scope in traverse_scope(query):
        known = _known(scope, tables)
        for column in scope.columns:
            mine = column.parent_select is scope.expression  # a scope lists those of its subqueries, too
            trouble = _trouble(column, scope, known, tables) if mine else None
            if trouble:
                yield Mistake(trouble, column, hint=_hint(column, scope, known, tables))


def _trouble(column: exp.Column, scope: Scope, known: Known, tables: Tables) -> str | None:
    if column.args.get("db"):
        return f"{column.sql()} reaches into a value, which the portable subset of SQL cannot"
    # Without its table a column is not one of a SEMI or ANTI join, which selected_sources leave out.
    seen = [column.table] if column.table else list(scope.selected_sources)
    homes = [alias for alias in seen if column.name.lower() in (known.get(alias) or ())]
    if len(homes) == 1 or (homes and _joined_by_name(column, scope)) or _is_output(column, scope):
        return None
    if homes:
        return f"the column {column.name} is in {' and in '.join(sorted(homes))}: write which is meant"
    if any(alias in known and known[alias] is None for alias in seen):
        return None
    if scope.parent is not None and scope.scope_type in _INNER:
        return _trouble(column, scope.parent, _known(scope.parent, tables), tables)
    return f"there is no column {column.sql(dialect='duckdb')} in what the query reads"


def _hint(column: exp.Column, scope: Scope | None, known: Known, tables: Tables) -> str | None:
    """What is spelt most like the column, of its table, else of all that can be read here."""
    seen = dict(known)
    while scope is not None and scope.scope_type in _INNER and scope.parent is not None:
        scope = scope.parent
        seen = {**_known(scope, tables), **seen}
    homes = sorted(alias for alias, columns in seen.items() if column.name.lower() in (columns or ()))
    if homes and homes != [column.table]:
        return f"write {' or '.join(f'{alias}.{column.name}' for alias in homes)}"
    if column.table and column.table not in seen:
        return did_you_mean(column.table, seen) or f"read from here are {', '.join(sorted(seen))}"
    return did_you_mean(
        column.name, seen.get(column.table) or {name for all_ in seen.values() for name in all_ or ()}
    )


def _known(scope: Scope, tables: Tables) -> Known:
    """The columns, in lower case, of everything that is read in FROM and JOIN, by alias; None where nobody knows."""
    found = {
        alias: _columns(node, scope.sources[alias], tables)
        for alias, node in scope.references
        if alias in scope.sources
    }
    return {
        alias: None if columns is None else {column.lower() for column in columns}
        for alias, columns in found.items()
    }


def _columns(node: exp.Expr, source: object, tables: Tables) -> Iterable[str] | None:
    """The columns of a table, of a WITH query, of a subquery, under the names they have outside."""
    if node.alias_column_names:
        return node.alias_column_names
    if isinstance(source, exp.Table):
        return tables.get(source.name)
    if isinstance(source, Scope):
        cte = source.expression.parent
        return (isinstance(cte, exp.CTE) and cte.alias_column_names) or _outputs(source)
    return ()


def _outputs(scope: Scope) -> list[str]:
    return scope.expression.named_selects if isinstance(scope.expression, exp.Query) else []


def _joined_by_name(column: exp.Column, scope: Scope) -> bool:
    """Whether JOIN … USING makes one column of several."""
    using = [name for join in scope.find_all(exp.Join) for name in join.args.get("using") or ()]
    return not column.table and any(name.name.lower() == column.name.lower() for name in using)


def _is_output(column: exp.Column, scope: Scope) -> bool:
    """Whether it is an output of the same SELECT, which GROUP BY and ORDER BY may name."""
    place = column.find_ancestor(exp.Group, exp.Order, exp.Having, exp.Select)
    named = not column.table and not isinstance(place, exp.Select)
    return named and column.name.lower() in {output.lower() for output in _outputs(scope)}
