"""Empty warehouses, one for all tests of a process: making one takes longer than most of what is tested with it."""

import atexit
import contextlib
import importlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from unittest import mock

import duckdb

from collectors.bills.source import prepare
from finops.schema_comments import schema_sql, tables
from finops.warehouse import Limits, migrations, reference
from rules.engine import rollups

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
    con.execute(reference.bill_ends_sql())
    prepare(con)
    return con, _there(con)


def _there(con: duckdb.DuckDBPyConnection) -> Things:
    """Kind, database and name of every table and view, the temporary ones too."""
    return frozenset(con.execute(_THERE).fetchall())


@cache
def empty_file() -> Path:
    """A warehouse file as a first run makes it, before anything is in it."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder, "empty.duckdb")
    with duckdb.connect(str(path)) as con:
        migrations.create(con, datetime(2026, 1, 1))
        reference.refresh(con)
    return path


def copies_for_new(empty: Path) -> "mock._patch[object]":
    """What makes each first run begin with a copy of this file, once it is started or entered."""
    writing = importlib.import_module("finops.warehouse.writing")  # the package has a function of this name
    private_copy = writing._private_copy

    def copied(path: Path, limits: Limits) -> Path:
        work: Path = private_copy(path, limits)
        if not work.exists():
            shutil.copyfile(empty, work)
        return work

    return mock.patch.object(writing, "_private_copy", copied)


def rollups_of_nothing() -> "mock._patch[object]":
    """What plans a rollup whose tables have no rows once in a process, and makes an empty table of the same columns then,
    once it is started or entered: planning takes longer than most of what is tested with it."""
    build_one = rollups.build_one

    def built(con: duckdb.DuckDBPyConnection, name: str, as_of: datetime) -> float:
        if _has_rows(con, _tables_of(name)):
            return build_one(con, name, as_of)
        if name not in _columns:
            build_one(con, name, as_of)
            assert con.execute(f"FROM {name}").fetchall() == []
            told = con.execute(f"DESCRIBE {name}").fetchall()
            _columns[name] = ", ".join(f'"{column}" {kind}' for column, kind, *_ in told)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({_columns[name]})")
        return 0.0

    return mock.patch.object(rollups, "build_one", built)


_columns: dict[str, str] = {}  # of each rollup


@cache
def _tables_of(rollup: str) -> tuple[str, ...]:
    return tuple(sorted(rollups.sources(rollup) & {table.name for table in tables()}))


def _has_rows(con: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> bool:
    there = " OR ".join(f"EXISTS (FROM {name})" for name in names)
    return bool(names) and con.execute(f"SELECT {there}").fetchone() != (False,)
