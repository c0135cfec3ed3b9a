"""An empty warehouse in memory for each test, the same one in all tests of a process: making it takes longer than most."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import duckdb

from collectors.bills.source import prepare
from finops.schema_comments import schema_sql, tables

_THERE = """
SELECT 'TABLE', database_name, table_name FROM duckdb_tables()
UNION ALL SELECT 'VIEW', database_name, view_name FROM duckdb_views() WHERE NOT internal
"""
Things = frozenset[tuple[str, str, str]]


@contextmanager
def empty_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables without rows, and the macros of bills, in UTC. What a test puts in or makes is gone when it ends."""
    con, own = _warehouse()
    con.execute("SET TimeZone = 'UTC'")
    try:
        yield con
    finally:
        with contextlib.suppress(duckdb.TransactionException):  # a test may leave one open
            con.rollback()
        now = _there(con)
        if own <= now:
            con.execute(";".join(f'DROP {kind} {database}."{name}"' for kind, database, name in now - own))
            con.execute(";".join(f"DELETE FROM {table.name}" for table in tables()))
        else:  # a test has dropped what others need
            con.close()
            _warehouse.cache_clear()


@cache
def _warehouse() -> tuple[duckdb.DuckDBPyConnection, Things]:
    con = duckdb.connect(config={"threads": 2})
    con.execute(schema_sql())
    prepare(con)
    return con, _there(con)


def _there(con: duckdb.DuckDBPyConnection) -> Things:
    """Kind, database and name of every table and view, the temporary ones too."""
    return frozenset(con.execute(_THERE).fetchall())
