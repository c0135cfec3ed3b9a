"""Small tables that the engine makes for data tests, of what SQL cannot ask by itself: the file's shape, its keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb

from finops.schema_comments import tables
from finops.warehouse.loading import KEYS


@dataclass(frozen=True, slots=True)
class Derived:
    """A table: its columns, what it is, and how it is filled."""

    columns: Mapping[str, str]
    comment: str
    rows: Callable[[duckdb.DuckDBPyConnection], list[tuple[object, ...]]]


def make(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Creates the temporary table `name`, which is one of DERIVED."""
    one = DERIVED[name]
    columns = ", ".join(f"{column} {kind}" for column, kind in one.columns.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    rows = one.rows(con)
    if rows:
        marks = ", ".join("?" * len(one.columns))
        con.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608


def _columns(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Every column that schema.sql or the file has, with its type in each."""
    here = {
        (table, column): kind
        for table, column, kind in con.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE NOT internal AND database_name = current_database() AND schema_name = 'main'"
        ).fetchall()
    }
    views = {name for (name,) in con.execute("SELECT view_name FROM duckdb_views()").fetchall()}
    wanted = {(table.name, one.name): one.type for table in tables() for one in table.columns}
    return [
        (*key, _plain(wanted.get(key)), _plain(here.get(key)))
        for key in sorted({*wanted, *here})
        if key[0] not in views
    ]


def _plain(kind: str | None) -> str | None:
    """A type as the database writes it."""
    return kind and kind.replace(", ", ",")


def _keys(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Every table of resources: its rows, those whose key another row has too, and one such key."""
    found: list[tuple[object, ...]] = []
    for table, key in sorted(KEYS.items()):
        if table == "metrics":  # millions of rows, replaced by scope: too dear for a test of every night
            continue
        named = ", ".join(key)
        row = con.execute(
            f"SELECT coalesce(sum(n), 0), coalesce(sum(n - 1), 0), max(told) FILTER (n > 1) FROM "  # noqa: S608
            f"(SELECT count(*) AS n, concat_ws(' ', {named}) AS told FROM {table} GROUP BY {named})"
        ).fetchone()
        found.append((table, named, *(row or (0, 0, None))))
    return found


DERIVED: Mapping[str, Derived] = {
    "columns_here": Derived(
        {"table_name": "VARCHAR", "column_name": "VARCHAR", "wanted": "VARCHAR", "found": "VARCHAR"},
        "every column of the warehouse: its type by this version of finops and in the file, NULL where there is none",
        _columns,
    ),
    "key_counts": Derived(
        {
            "table_name": "VARCHAR",
            "key": "VARCHAR",
            "rows": "BIGINT",
            "surplus": "BIGINT",
            "example": "VARCHAR",
        },
        "every table of resources: its key, its rows, how many have a key that another row has, and one such key",
        _keys,
    ),
}
