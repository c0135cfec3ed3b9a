"""The few heavy aggregations, run once per audit into temporary tables that every rule reads."""

import re
from datetime import datetime
from functools import cache
from importlib.resources import files
from time import perf_counter

import duckdb

from finops import meters
from finops.errors import WarehouseError
from finops.warehouse.derived import WINDOW, make, replayed
from finops.warehouse.reference import costs_sql

# In this order: activity reads usage, sizing both, replay sizing, traffic what is before it of cost and traffic. Each
# is one SELECT in rules/rollups/ of the same name; the warehouse's view effective_prices is made from cost too, so that
# one is in finops/costs.sql. commitment_options is made empty, and filled by finops.commitments once the usage actions
# are accepted. What reads charges, metrics, prices or traffic runs on other engines too (docs/spark.md).
ROLLUPS = (
    "usage", "activity", "sizing", "replay", "week", "cost", "traffic_pairs", "unclear_traffic", "traffic",
    "spot", "listed", "keepers", "commitment_usage", "commitment_cost", "commitment_options",
)  # fmt: skip

_MACROS_THERE = "finops_macros_are_defined"


def build(con: duckdb.DuckDBPyConnection, as_of: datetime) -> dict[str, float]:
    """Creates the macros and one temporary table per rollup; returns the seconds each took.

    On the inputs of an earlier audit the tables are there already, but for those that are filled later.
    """
    there = replayed(con)
    if there:
        _define_macros(con)
        return {name: 0.0 if name in there else _build_again(con, name, as_of) for name in ROLLUPS}
    prepare(con)
    return {name: build_one(con, name, as_of) for name in ROLLUPS}


def _build_again(con: duckdb.DuckDBPyConnection, name: str, as_of: datetime) -> float:
    """A rollup that was not kept with an earlier audit, from those that were.

    Raises WarehouseError where these do not hold what it reads, because an earlier version of this tool kept them.
    """
    try:
        return build_one(con, name, as_of)
    except duckdb.Error as error:
        raise WarehouseError(
            f"The inputs of this audit were kept by an earlier version of finops and lack what {name} is made of: "
            "it can be read (finops report, finops diff), not made again."
        ) from error


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Creates the macros, and drops what an earlier build left: a rollup hides the table of its name."""
    for name in ROLLUPS:
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")
    _define_macros(con)


def define_words(con: duckdb.DuckDBPyConnection) -> None:
    """Creates the macros that queries put sentences together with, and no others."""
    con.execute(meters.DAYS_BETWEEN + _text("macros"))


def _define_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Unless this connection has them, which takes as long as a rule. A view tells: a rollback undoes it too."""
    found = con.execute(
        "SELECT count(*) FROM duckdb_views() WHERE view_name = ? AND temporary", [_MACROS_THERE]
    ).fetchone()
    if found != (1,):
        con.execute(meters.DAYS_BETWEEN + meters.macros() + _text("macros"))
        con.execute(f"CREATE TEMP VIEW {_MACROS_THERE} AS SELECT true")


def build_one(con: duckdb.DuckDBPyConnection, name: str, as_of: datetime) -> float:
    """Creates one rollup, those before it being there; returns the seconds it took."""
    started = perf_counter()
    sql = costs_sql() if name == "cost" else _text(name)
    values = {key: value for key, value in bounds(as_of).items() if f"${key}" in sql}
    make(con, name, sql, values)
    return perf_counter() - started


@cache
def sources(name: str) -> frozenset[str]:
    """Every table that a rollup is made of, directly or over other rollups, these included."""
    sql = costs_sql() if name == "cost" else _text(name)
    named = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", re.sub(r"--[^\n]*", "", sql)))
    earlier = ROLLUPS[: ROLLUPS.index(name)]
    return frozenset(named.union(*(sources(one) for one in named & set(earlier))))


def bounds(as_of: datetime) -> dict[str, datetime]:
    """The window that rollups and rules are bound to."""
    return {"as_of": as_of, "window_start": as_of - WINDOW}


def _text(name: str) -> str:
    return files("rules").joinpath("rollups", f"{name}.sql").read_text(encoding="utf-8")
