"""Tables that an audit derives from the large ones: made once, kept with the audit, and put back to run it again.

Whatever an audit needs of charges and metrics goes through here, so that the tables of resources and these are all
that its result depends on.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Protocol

import duckdb

WINDOW = timedelta(days=95)  # a whole quarter and a few days: the last quarter end is always inside
_MARK = "replayed_tables"


class Maker(Protocol):
    """Another engine that has the large tables (finops.engines)."""

    def make(self, con: duckdb.DuckDBPyConnection, name: str, sql: str, values: Mapping[str, Any]) -> bool:
        """Creates the temporary table `name` from a SELECT; False where the SELECT reads no large table."""
        ...


# Where this is set, the large tables are not in the warehouse.
_maker: ContextVar[Maker | None] = ContextVar("maker", default=None)


@contextmanager
def making_with(maker: Maker) -> Iterator[None]:
    """While this lasts, what reads a large table is made by another engine."""
    token = _maker.set(maker)
    try:
        yield
    finally:
        _maker.reset(token)


def derive(
    con: duckdb.DuckDBPyConnection, name: str, sql: str, values: Mapping[str, Any] | None = None
) -> None:
    """Creates the temporary table `name` from a SELECT; one that was put back with an earlier audit stays as it is."""
    if name not in replayed(con):
        make(con, name, sql, values or {})


def make(con: duckdb.DuckDBPyConnection, name: str, sql: str, values: Mapping[str, Any]) -> None:
    """Creates or replaces the temporary table `name` from a SELECT, wherever the tables that it reads are."""
    maker = _maker.get()
    if maker is None or not maker.make(con, name, sql, values):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}", dict(values))


def replayed(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The derived tables that were put back; none on the connection of a warehouse."""
    there = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = ? AND temporary", [_MARK]
    ).fetchone()
    if not there or not there[0]:
        return set()
    return {name for (name,) in con.execute(f"SELECT name FROM {_MARK}").fetchall()}  # noqa: S608


def mark_replayed(con: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    """Tells that these temporary tables were put back."""
    con.execute(f"CREATE TEMP TABLE {_MARK} AS SELECT unnest(?::VARCHAR[]) AS name", [names])
