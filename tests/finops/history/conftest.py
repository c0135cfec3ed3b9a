"""What the tests of the history share: an empty world, made once and cleared after each test."""

from collections.abc import Iterator

import duckdb
import pytest

from finops.schema_comments import tables
from tests.finops.history.world import World, fresh


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    con = fresh()
    yield con
    con.close()


@pytest.fixture
def world(empty: duckdb.DuckDBPyConnection) -> Iterator[World]:
    yield World(empty)
    for table in tables():
        empty.execute(f"TRUNCATE {table.name}")
