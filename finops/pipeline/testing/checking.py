"""Whether the SQL of a data test is what it may be: one SELECT that reads the warehouse and nothing outside it.

A list of what is allowed, as for rules, and wider than that: a data test runs on DuckDB alone, and needs medians,
days and JSON. It runs on a connection that can neither write nor reach files, whatever it says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from sqlglot import exp

from finops.errors import RuleError
from finops.pipeline.testing.derived import DERIVED
from finops.pipeline.testing.header import Header
from finops.schema_comments import tables
from rules.engine.columns import unresolved
from rules.engine.examining import parse, used_names
from rules.engine.mistakes import Mistake, did_you_mean
from rules.engine.subset import outside

REQUIRED = ("subject", "verdict", "message")
OPTIONAL = ("severity",)
VERDICTS = ("passed", "failed", "not_evaluated")
# Beside what rules may write.
_MORE = frozenset(
    {
        exp.Median, exp.PercentileCont, exp.StddevSamp, exp.Sqrt, exp.Pow, exp.Mod, exp.IntDiv, exp.Var, exp.Interval,
        exp.TimestampTrunc, exp.DateDiff, exp.Extract, exp.TimeToStr, exp.LastDay, exp.Lag, exp.Lead, exp.Rank,
        exp.ArgMax, exp.ArgMin, exp.AnyValue, exp.IgnoreNulls, exp.GroupConcat, exp.CountIf, exp.LogicalOr,
        exp.LogicalAnd,
        exp.Qualify, exp.Substring, exp.StartsWith, exp.SplitPart, exp.ILike, exp.Format, exp.StrPosition,
        exp.JSONExtract, exp.JSONExtractScalar, exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey,
    }
)  # fmt: skip
_CALLS = ("printf", "regexp_matches", "json_extract_string", "json_extract")


def check(header: Header, sql: str, name: str) -> exp.Expr:
    """The parsed query of a data test.

    Raises RuleError naming the file and the first thing that is not allowed.
    """
    query = parsed(sql)
    first = query if isinstance(query, Mistake) else next(examine(header, query), None)
    if first:
        raise RuleError(f"{name}: {first.said}{f' ({first.hint})' if first.hint else ''}.")
    assert not isinstance(query, Mistake)  # noqa: S101 - told above
    return query


def parsed(sql: str) -> exp.Query | Mistake:
    """The one SELECT of a data test, or why there is none."""
    query = parse(sql)
    if isinstance(query, Mistake):
        return replace(query, said=query.said.replace("a rule is", "a data test is"))
    return query


def examine(header: Header, query: exp.Query) -> Iterator[Mistake]:
    """Everything in a query and its header that is not allowed."""
    for one in outside(query, _MORE, _CALLS):
        if isinstance(one.node, exp.DataType) and one.node.this == exp.DataType.Type.TIMESTAMPNTZ:
            continue  # what the parser calls DuckDB's TIMESTAMP
        yield replace(one, said=one.said.replace("that rules may use", "that data tests may use"))
    yield from _tables(query)
    yield from unresolved(query, readable())
    yield from _parameters(header, query)
    yield from _outputs(query)


@cache
def readable() -> Mapping[str, Mapping[str, str]]:
    """The tables that a data test may read, with their columns: all of the warehouse, and what is derived for it."""
    ours = {table.name: {column.name: column.type for column in table.columns} for table in tables()}
    return {**ours, **{name: one.columns for name, one in DERIVED.items()}}


def _tables(query: exp.Expr) -> Iterator[Mistake]:
    known = readable()
    ctes = {cte.alias_or_name: cte for cte in query.find_all(exp.CTE)}
    for hidden in sorted(ctes.keys() & known.keys()):
        yield Mistake(f"{hidden} is a table; give the query in WITH another name", ctes[hidden].args["alias"])
    for table in query.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or table.db or table.catalog:
            yield Mistake(f"{table.sql(dialect='duckdb')} is not a table that data tests may read", table)
        elif table.name not in ctes and table.name not in known:
            hint = did_you_mean(table.name, {*ctes, *known})
            yield Mistake(f"there is no table {table.name}", table, hint=hint)


def _parameters(header: Header, query: exp.Expr) -> Iterator[Mistake]:
    used = used_names(query)
    for unknown in sorted(used - header.bound):
        hint = did_you_mean(unknown, header.bound) or f"declare {unknown} under parameters"
        yield Mistake(f"${unknown} is not a declared parameter", text=f"${unknown}", hint=hint)
    for name, spec in header.parameters.items():
        key = ("parameters", name)
        if not {name, f"{name}_cutoff"} & used:
            hint = f"write it as ${name} in the SQL, or take it out"
            yield Mistake(f"the parameter {name} is declared but never used", key=key, hint=hint)
        if name in header.cutoffs and not isinstance(spec.default, (int, float)):
            yield Mistake(f"the parameter {name} is in {spec.unit}, so its default must be a number", key=key)


def _outputs(query: exp.Query) -> Iterator[Mistake]:
    columns = [column.lower() for column in query.named_selects]
    last = query.selects[-1] if query.selects else query
    for required in REQUIRED:
        if required not in columns:
            hint = did_you_mean(required, columns) or f"end the last SELECT with … AS {required}"
            yield Mistake(f"the query must return the column {required}", last, hint=hint)
    for name in columns:
        if name not in (*REQUIRED, *OPTIONAL):
            hint = f"it returns {', '.join(REQUIRED)} and may return {', '.join(OPTIONAL)}"
            yield Mistake(f"the query returns a column {name}, which nobody reads", last, hint=hint)
