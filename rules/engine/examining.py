"""Whether the SQL of a rule is what it may be: one SELECT over declared tables and parameters, in a portable subset.

The rule is parsed, every part of it compared with what is allowed, every column resolved, and refused with one
sentence before it ever reaches the database; the database then runs it on a connection that cannot leave the
warehouse.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import get_args

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from finops.errors import RuleError
from finops.model import Action
from finops.schema_comments import tables
from rules.engine.checking import (
    DIMENSIONS,
    METRICS,
    NEED_TABLES,
    REQUIRED_COLUMNS,
    RESERVED_PARAMETERS,
    ROLLUP_COLUMNS,
)
from rules.engine.columns import unresolved
from rules.engine.header import Header, placeholders
from rules.engine.mistakes import Mistake, did_you_mean
from rules.engine.subset import outside

Tables = Mapping[str, Mapping[str, str]]


def check(header: Header, sql: str, name: str) -> exp.Expr:
    """The parsed query of a rule.

    Raises RuleError naming the file and the first thing that is not allowed.
    """
    query = parse(sql)
    first = query if isinstance(query, Mistake) else next(examine(header, query), None)
    if first:
        raise RuleError(f"{name}: {first.said}{f' ({first.hint})' if first.hint else ''}.")
    assert not isinstance(query, Mistake)  # noqa: S101 - told above
    return query


def examine(header: Header, query: exp.Query) -> Iterator[Mistake]:
    """Everything in a query and its header that is not allowed."""
    yield from outside(query)
    yield from _needs(header)
    allowed = _allowed(header)
    yield from _tables(query, allowed)
    yield from _parameters(header, query)
    # A table that is only not declared has its columns all the same, so that one slip is told once.
    yield from unresolved(query, {**_table_columns(), **ROLLUP_COLUMNS, **allowed})
    yield from _outputs(header, query)


def bound_names(header: Header) -> set[str]:
    """Every name a rule may write after $: its parameters, their cutoffs, and the instant."""
    cutoffs = {f"{name}_cutoff" for name, parameter in header.parameters.items() if parameter.unit == "days"}
    return set(header.parameters) | cutoffs | {"as_of", "window_start"}


def used_names(query: exp.Expr) -> set[str]:
    """The names a query really writes after $."""
    found = query.find_all(exp.Parameter, exp.Placeholder)
    return {one.this.name if isinstance(one.this, exp.Expr) else str(one.this or "?") for one in found}


def parse(sql: str) -> exp.Query | Mistake:
    """The one SELECT of a rule, or why there is none."""
    try:
        statements = [parsed for parsed in sqlglot.parse(sql, read="duckdb") if parsed is not None]
    except SqlglotError as error:
        return _unparsed(error, sql)
    if len(statements) != 1:
        return Mistake(f"a rule is one SELECT, this file holds {len(statements)} statements")
    if not isinstance(statements[0], (exp.Select, exp.SetOperation)):
        return Mistake(f"a rule is one SELECT that reads, not {statements[0].key.upper()}")
    return statements[0]


def _unparsed(error: SqlglotError, sql: str) -> Mistake:
    """What the parser stumbled over, and where as far as it tells."""
    told = (getattr(error, "errors", None) or [{}])[0]
    first = told.get("description") or (str(error).splitlines() or ["unreadable"])[0]
    word, before = told.get("highlight") or "", told.get("start_context") or ""
    said = re.sub(r"<Token .*?>(?=$|\. )", word, first, flags=re.DOTALL).rstrip(".")
    hit = sql.find(before + word) if before + word else -1
    return Mistake(f"the SQL does not parse: {said}", offset=hit + len(before) if hit >= 0 else None)


def _needs(header: Header) -> Iterator[Mistake]:
    for place, need in enumerate(header.needs):
        dataset, _, metric = need.partition(":")
        key = ("needs", place)
        if bool(metric) != (dataset == "metrics"):
            yield Mistake(
                f"needs: write a metric as metrics:NAME and a table as its name, not {need}", key=key
            )
        elif metric and metric not in METRICS:
            yield Mistake(
                f"needs: there is no metric {metric}",
                key=key,
                hint=did_you_mean(metric, METRICS) or f"there are {', '.join(METRICS)}",
            )
        elif not all(_readable(table) for table in NEED_TABLES.get(dataset, (dataset,))):
            known = {*DIMENSIONS, *NEED_TABLES}
            yield Mistake(f"needs: there is no dataset {dataset}", key=key, hint=did_you_mean(dataset, known))


def _readable(table: str) -> bool:
    return table in ROLLUP_COLUMNS or table in DIMENSIONS or table == "prices"


def _allowed(header: Header) -> Tables:
    """The tables that the header declares, with their columns."""
    datasets = {need.partition(":")[0] for need in header.needs}
    opened = {table for dataset in datasets for table in NEED_TABLES.get(dataset, (dataset,))}
    return {
        table: ROLLUP_COLUMNS.get(table) or _table_columns()[table] for table in opened if _readable(table)
    }


@cache
def _table_columns() -> Tables:
    return {table.name: {column.name: column.type for column in table.columns} for table in tables()}


def _tables(query: exp.Expr, allowed: Iterable[str]) -> Iterator[Mistake]:
    ctes = {cte.alias_or_name: cte for cte in query.find_all(exp.CTE)}
    # A query named like a table would hide which of the two is read.
    for hidden in sorted(ctes.keys() & {*_table_columns(), *ROLLUP_COLUMNS}):
        yield Mistake(f"{hidden} is a table; give the query in WITH another name", ctes[hidden].args["alias"])
    for table in query.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or table.db or table.catalog:
            yield Mistake(f"{table.sql(dialect='duckdb')} is not a table that rules may read", table)
        elif table.name not in ctes and table.name not in allowed:
            said = f"the table {table.name} is read but not declared under needs"
            yield Mistake(said, table, hint=_declare(table.name, {*ctes, *allowed}))


def _declare(table: str, beside: Iterable[str]) -> str | None:
    """How to come by a table that is not declared."""
    needs = [need for need, opened in NEED_TABLES.items() if table in opened]
    if table in DIMENSIONS:
        return f"add {table} to needs"
    if needs:
        return f"add {' or '.join('metrics:NAME' if need == 'metrics' else need for need in needs)} to needs"
    if table in ("metrics", "charges", "spot_prices"):
        return f"read what is made of it: {', '.join(NEED_TABLES[table])}"
    return did_you_mean(table, {*DIMENSIONS, *ROLLUP_COLUMNS, *beside})


def _parameters(header: Header, query: exp.Expr) -> Iterator[Mistake]:
    for parameter, spec in header.parameters.items():
        key = ("parameters", parameter)
        if parameter in RESERVED_PARAMETERS:
            yield Mistake(f"a parameter may not be called {parameter}", key=key)
        if spec.unit == "days" and not isinstance(spec.default, (int, float)):
            yield Mistake(f"the parameter {parameter} is in days, so its default must be a number", key=key)
    used, known = used_names(query), bound_names(header)
    for unknown in sorted(used - known):
        hint = did_you_mean(unknown, known) or f"declare {unknown} under parameters"
        yield Mistake(f"${unknown} is not a declared parameter", text=f"${unknown}", hint=hint)
    for parameter in header.parameters:
        if parameter not in used and f"{parameter}_cutoff" not in used:
            yield Mistake(
                f"the parameter {parameter} is declared but never used",
                key=("parameters", parameter),
                hint=f"write it as ${parameter} in the SQL, or take it out",
            )


def _outputs(header: Header, query: exp.Query) -> Iterator[Mistake]:
    columns = [column.lower() for column in query.named_selects]
    for required in REQUIRED_COLUMNS:
        if required not in columns:
            hint = did_you_mean(required, columns)
            yield Mistake(
                f"the query must return the column {required}",
                query.selects[-1] if query.selects else query,
                hint=hint or f"end the last SELECT with … AS {required}",
            )
    for repeated in sorted({column for column in columns if columns.count(column) > 1}):
        last = [one for one in query.selects if one.alias_or_name.lower() == repeated][-1]
        yield Mistake(f"the column {repeated} is returned twice", last)
    cases = sorted(case for case in header.cases() if case not in get_args(Action))
    if cases and "remediation_case" not in columns:
        yield Mistake(
            f"remediation: {cases[0]} is neither an action nor a case: the query returns no remediation_case",
            key=("remediation",),
            text=f"{cases[0]}:",
            hint=did_you_mean(cases[0], get_args(Action)),
        )
    for field in sorted(set(placeholders(header))):
        if field.startswith(("current_", "proposed_")) and field not in columns:
            yield Mistake(
                f"remediation: {{{field}}} is not a column that the query returns",
                key=("remediation",),
                text=f"{{{field}}}",
                hint=did_you_mean(
                    field, [one for one in columns if one.startswith(("current_", "proposed_"))]
                ),
            )
