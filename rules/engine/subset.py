"""The portable subset of SQL that rules are written in: what is not listed here is refused, by name.

A list of what is allowed, not of what is forbidden, so that nothing slips in with a new version of the parser.
Everything here means the same on DuckDB and on Spark, where it was run side by side.
"""

from collections.abc import Collection, Iterator, Mapping

from sqlglot import exp

from rules.engine.mistakes import Mistake, did_you_mean

# Macros the engine defines, so that a rule needs neither interval arithmetic nor formatting.
MACROS = ("days_between", "in_percent", "amount", "counted", "renewal", "paid_ahead")

_STRUCTURE = (
    exp.Select, exp.From, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Join, exp.With, exp.CTE,
    exp.Subquery, exp.Union, exp.Except, exp.Intersect, exp.Values, exp.Tuple, exp.Table, exp.TableAlias, exp.Alias,
    exp.Column, exp.Identifier, exp.Distinct, exp.Filter, exp.Window, exp.WindowSpec,
)  # fmt: skip
_VALUES = (
    exp.Literal, exp.Null, exp.Boolean, exp.Placeholder, exp.Parameter, exp.Paren, exp.Cast, exp.TryCast, exp.DataType,
    exp.DataTypeParam, exp.Case, exp.If, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.DPipe,
)  # fmt: skip
_CONDITIONS = (
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.NullSafeEQ,
    exp.NullSafeNEQ, exp.In, exp.Between, exp.Like, exp.Escape, exp.Exists,
)  # fmt: skip
FUNCTIONS = (
    exp.Coalesce, exp.Nullif, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Greatest, exp.Least, exp.Concat, exp.Lower,
    exp.Upper, exp.Length, exp.Trim, exp.Replace, exp.Count, exp.Sum, exp.Min, exp.Max, exp.Avg, exp.RowNumber,
)  # fmt: skip
_CALLED = (*MACROS, *(kind.sql_name().lower() for kind in FUNCTIONS))
_ALLOWED = frozenset({*_STRUCTURE, *_VALUES, *_CONDITIONS, *FUNCTIONS, exp.Star, exp.Anonymous})
_TYPES = {
    exp.DataType.Type[name]
    for name in (
        "VARCHAR",
        "TEXT",
        "DOUBLE",
        "FLOAT",
        "INT",
        "BIGINT",
        "DECIMAL",
        "BOOLEAN",
        "DATE",
        "TIMESTAMP",
    )
}
_WORDS: Mapping[type[exp.Expr], str] = {
    exp.Interval: "interval arithmetic (use days_between, or the cutoff of a parameter in days)",
    exp.Qualify: "QUALIFY (put row_number() into a subquery)",
    exp.Limit: "LIMIT (a rule tells of every resource)",
    exp.Offset: "OFFSET (a rule tells of every resource)",
    exp.TableSample: "a sample of rows",
    exp.Array: "a list",
    exp.Struct: "a struct",
    exp.Bracket: "a list or a slice",
    exp.Lateral: "LATERAL",
    exp.Unnest: "UNNEST",
    exp.Into: "SELECT INTO",
    exp.AtTimeZone: "a time zone (every time is UTC)",
    exp.PositionalColumn: "a column by its number",
}


# What to write instead of functions that mean something else elsewhere, by the names the parser has for them.
_INSTEAD: Mapping[str, tuple[str, ...]] = {
    "write $as_of, the instant of the audit": (
        "now", "today", "current_date", "current_timestamp", "current_time", "localtimestamp", "get_current_timestamp",
        "current_datetime", "localtime",
    ),
    "write days_between(earlier, later), or compare with the $…_cutoff of a parameter in days": (
        "date_diff", "datediff", "date_sub", "date_add", "timestamp_diff", "timestamp_add", "age", "epoch",
        "date_part", "extract", "timestamp_trunc", "date_trunc", "to_days", "year", "month", "day", "dayofweek",
    ),
    "read avg, p95 or peak of the rollup usage: quantiles are made once, there": (
        "percentile_cont", "percentile_disc", "approx_quantile", "quantile", "median", "mode", "stddev", "variance",
    ),
    "number the rows with row_number() in a subquery, and keep the first": (
        "arg_max", "arg_min", "first", "last", "first_value", "last_value", "any_value", "rank", "dense_rank", "ntile",
    ),
    "write max(…), and how many there are with counted(count(*), 'one', 'many')": (
        "group_concat", "array_agg", "list", "string_agg", "histogram",
    ),
    "write in_percent(x), amount(x) or counted(n, 'day', 'days')": ("printf", "format", "to_char", "time_to_str"),
    "write it with LIKE": (
        "regexp_like", "regexp_i_like", "regexp_matches", "regexp_full_match", "contains", "starts_with", "ends_with",
        "str_position", "substring", "left", "right", "split_part", "split",
    ),
    "write sum(CASE WHEN … THEN 1 ELSE 0 END)": ("count_if", "sum_if", "logical_or", "logical_and", "bool_or"),
    "write ||": ("concat_ws",),
    "a rule says the same of the same data, so there is nothing by chance": ("rand", "random", "uuid", "setseed"),
}  # fmt: skip
_HINTS = {name: hint for hint, names in _INSTEAD.items() for name in names}
_KIND_HINTS: Mapping[type[exp.Expr], str] = {
    exp.ILike: "write lower(…) LIKE '…'",
    exp.SimilarTo: "write it with LIKE",
    exp.Glob: "write it with LIKE",
    exp.IntDiv: "write floor(a / b)",
    exp.Pow: "multiply",
    exp.Pivot: "write sum(CASE WHEN … THEN … END)",
}


def outside(
    query: exp.Expr, more: Collection[type[exp.Expr]] = (), calls: Collection[str] = ()
) -> Iterator[Mistake]:
    """Everything in `query` that rules may not use.

    `more` and `calls` are what else is allowed to a query that runs on DuckDB only: nodes, functions by name.
    """
    for node in query.walk():
        kind = type(node)
        if kind in more or (isinstance(node, exp.Anonymous) and node.name.lower() in calls):
            continue
        if kind not in _ALLOWED:
            yield Mistake(_named(node), node, hint=_instead(node))
        elif kind in _TROUBLES and (trouble := _TROUBLES[kind](node)):
            yield Mistake(trouble, node, hint=_instead(node))


def _instead(node: exp.Expr) -> str | None:
    """What to write in place of something that is not allowed."""
    if isinstance(node, exp.Anonymous):
        return _HINTS.get(node.name.lower()) or did_you_mean(node.name, _CALLED)
    if isinstance(node, exp.Func) and node.sql_name().lower() in _HINTS:
        return _HINTS[node.sql_name().lower()]
    return next((hint for kind, hint in _KIND_HINTS.items() if isinstance(node, kind)), None)


def _named(node: exp.Expr) -> str:
    words = next((words for kind, words in _WORDS.items() if isinstance(node, kind)), None)
    if words is None and isinstance(node, exp.Func):
        return f"the function {node.sql_name().lower()} is not in the subset of SQL that rules may use"
    return _outside(words or " ".join(node.sql(dialect="duckdb")[:60].split()))


def _outside(words: str) -> str:
    return f"{words} is outside the portable subset of SQL that rules may use"


def _function(node: exp.Expr) -> str | None:
    if node.name.lower() in MACROS:
        return None
    return f"the function {node.name.lower()} is not in the subset of SQL that rules may use"


def _star(node: exp.Expr) -> str | None:
    over_values = isinstance(node.parent, exp.Select) and isinstance(_source(node.parent), exp.Values)
    # The parser itself puts SELECT * over a list of VALUES.
    return None if over_values or isinstance(node.parent, exp.Count) else "* is not allowed, name the columns"


def _source(select: exp.Select) -> exp.Expr | None:
    source = select.args.get("from_") or select.args.get("from")
    return source.this if isinstance(source, exp.From) else None


def _type(node: exp.Expr) -> str | None:
    return None if node.this in _TYPES else _outside(f"the type {node.sql(dialect='duckdb')}")


def _join(node: exp.Expr) -> str | None:
    method = node.args.get("method")
    return _outside(f"a {method} join") if method else None


def _with(node: exp.Expr) -> str | None:
    return _outside("WITH RECURSIVE") if node.args.get("recursive") else None


def _distinct(node: exp.Expr) -> str | None:
    return _outside("DISTINCT ON") if node.args.get("on") else None


_TROUBLES = {
    exp.Anonymous: _function,
    exp.Star: _star,
    exp.DataType: _type,
    exp.Join: _join,
    exp.With: _with,
    exp.Distinct: _distinct,
}
