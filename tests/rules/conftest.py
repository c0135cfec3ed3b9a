"""What the rule tests share: the catalogue, an empty warehouse in memory, and a way to fill it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from finops.schema_comments import schema_sql
from rules.engine import rollups
from rules.engine.catalogue import Rule, catalogue, load
from tests.shelf import rollups_of_nothing


@pytest.fixture(scope="session")
def rules() -> dict[str, Rule]:
    return {rule.id: rule for rule in catalogue()}


@pytest.fixture(scope="session")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(config={"threads": 1})
    con.execute("PRAGMA disable_optimizer")  # over a handful of rows it takes longer than it saves
    con.execute(schema_sql())
    rollups.prepare(con)
    yield con
    con.close()


@pytest.fixture
def con(empty: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse in memory; whatever a test puts in is taken out again."""
    empty.begin()
    with rollups_of_nothing():
        yield empty
    empty.rollback()


@pytest.fixture
def insert(con: duckdb.DuckDBPyConnection) -> Callable[..., None]:
    """Puts rows into a table: insert("charges", {...}, {...})."""

    def insert(table: str, *rows: dict[str, Any]) -> None:
        for row in rows:
            names = ", ".join(row)
            con.execute(
                f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
            )

    return insert


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str], Rule]:
    """Writes a rule file and loads it."""

    def written(name: str, text: str) -> Rule:
        path = tmp_path / f"{name}.sql"
        path.write_text(text, encoding="utf-8")
        return load(path)

    return written
