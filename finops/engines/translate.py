"""Writes a query of ours for another engine.

What DuckDB and the others call alike and mean differently is either said in other words by the dialect of the engine
(see spark.py) or refused here, so that no engine answers another question in silence.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from finops.errors import EngineError

# Functions of which engines have the name and another meaning. A dialect of ours that has the words for one says so.
_DIFFERENT: tuple[type[exp.Expr], ...] = (
    exp.ApproxQuantile, exp.CurrentDate, exp.CurrentTimestamp, exp.DateDiff, exp.DayOfWeek, exp.DayOfWeekIso,
    exp.Format, exp.PercentileDisc, exp.Rand, exp.Substring,
)  # fmt: skip
_WHOLE = (exp.Case, exp.Ceil, exp.Count, exp.Floor, exp.Literal, exp.Null, exp.Round, exp.Sum)


@dataclass(frozen=True, slots=True)
class Step:
    """A query of a WITH: its name, the columns where it names them, and how often what follows reads it."""

    name: str
    columns: tuple[str, ...]
    sql: str
    reads: int


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT in an engine's words, in the steps of its WITH for engines that plan them better apart."""

    steps: tuple[Step, ...]
    last: str

    @property
    def sql(self) -> str:
        """The whole of it."""
        told = [f"{step.name}{_listed(step.columns)} AS ({step.sql})" for step in self.steps]
        return f"WITH {', '.join(told)} {self.last}" if told else self.last


def _listed(columns: tuple[str, ...]) -> str:
    return f" ({', '.join(columns)})" if columns else ""


class Macros:
    """The macros of a DuckDB connection: what a call of each stands for."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        rows = con.execute(
            "SELECT function_name, parameters, macro_definition FROM duckdb_functions() "
            "WHERE function_type = 'macro' AND NOT internal"
        ).fetchall()
        self._texts: dict[str, tuple[list[str], str]] = {name: (names, text) for name, names, text in rows}
        self._trees: dict[str, exp.Expr] = {}

    def expand(self, tree: exp.Expr) -> exp.Expr:
        """The tree without calls of macros."""
        while calls := [one for one in tree.find_all(exp.Anonymous) if one.name.lower() in self._texts]:
            for call in calls:
                # The innermost first: an outer call takes its arguments as they are by then.
                if not any(
                    other is not call and other.find_ancestor(exp.Anonymous) is call for other in calls
                ):
                    call.replace(self._meant(call))
        return tree

    def _meant(self, call: exp.Anonymous) -> exp.Expr:
        name = call.name.lower()
        names, text = self._texts[name]
        if name not in self._trees:
            self._trees[name] = sqlglot.parse_one(text, dialect="duckdb")
        given = dict(zip(names, call.expressions, strict=True))
        meant = exp.paren(self._trees[name].copy())
        for column in list(meant.find_all(exp.Column)):
            if not column.table and column.name in given:
                column.replace(_held_together(given[column.name].copy()))
        return meant


def translate(
    sql: str,
    dialect: type[Dialect],
    *,
    macros: Macros,
    values: Mapping[str, Any],
    name_of: Callable[[str], str],
) -> Query:
    """A SELECT for an engine.

    `name_of` gives the engine's name of a table. Raises EngineError for what would mean something else there.
    """
    tree = _bound(macros.expand(sqlglot.parse_one(sql, dialect="duckdb")), values)
    _refuse_what_differs(tree, dialect)
    if not getattr(dialect, "GROUPS_BY_ALL", True):
        _name_groups(tree)
    for table in tables_in(tree):
        there = exp.to_table(name_of(table.name), dialect=dialect)
        there.set("alias", table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name)))
        there.set("joins", table.args.get("joins"))
        table.replace(there)
    return _in_steps(tree, dialect)


def tables_in(tree: exp.Expr) -> list[exp.Table]:
    """The tables that a query reads, those of its WITH left out."""
    named = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    return [table for table in tree.find_all(exp.Table) if table.name and table.name not in named]


def _name_groups(tree: exp.Expr) -> None:
    """GROUP BY ALL by what it means: everything that is selected and no aggregate."""
    for select in tree.find_all(exp.Select):
        group = select.args.get("group")
        if group is not None and group.args.get("all"):
            plain = [one.unalias() for one in select.expressions if not one.find(exp.AggFunc)]
            select.set("group", exp.Group(expressions=[one.copy() for one in plain]))


def _in_steps(tree: exp.Expr, dialect: type[Dialect]) -> Query:
    def text(part: exp.Expr) -> str:
        return part.sql(dialect=dialect, comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)

    reads = Counter(table.name for table in tree.find_all(exp.Table))
    steps = tuple(
        Step(cte.alias, tuple(cte.alias_column_names), text(cte.this), reads[cte.alias])
        for cte in (tree.ctes if isinstance(tree, exp.Query) else ())
    )
    tree.set("with_", None)
    return Query(steps, text(tree))


def _held_together(argument: exp.Expr) -> exp.Expr:
    return argument if isinstance(argument, exp.Column | exp.Literal | exp.Func) else exp.paren(argument)


def _bound(tree: exp.Expr, values: Mapping[str, Any]) -> exp.Expr:
    for mark in list(tree.find_all(exp.Placeholder)):
        value = values[mark.name]
        if not isinstance(value, datetime):
            raise EngineError(
                f"${mark.name} is bound to {value!r}: queries for another engine are bound to times."
            )
        text = exp.Literal.string(value.isoformat(sep=" "))
        mark.replace(exp.Cast(this=text, to=exp.DataType.build("TIMESTAMP", dialect="duckdb")))
    return tree


def _refuse_what_differs(tree: exp.Expr, dialect: type[Dialect]) -> None:
    known: frozenset[type[exp.Expr]] = getattr(dialect, "KNOWN", frozenset())
    for node in tree.find_all(*(kind for kind in _DIFFERENT if kind not in known)):
        raise EngineError(f"{node.sql(dialect='duckdb')} does not mean the same in other engines.")
    for cast in tree.find_all(exp.Cast):
        # DuckDB rounds, others cut off.
        if cast.to.this in exp.DataType.INTEGER_TYPES and not isinstance(cast.this.unnest(), _WHOLE):
            raise EngineError(
                f"{cast.sql(dialect='duckdb')} rounds here and cuts off elsewhere: use floor() or round()."
            )
