"""Tables that an audit derives from the large ones: made once, kept with the audit, and put back to run it again.

Whatever an audit needs of charges and metrics goes through here, so that the tables of resources and these are all
that its result depends on.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import duckdb

WINDOW = timedelta(days=95)  # a whole quarter and a few days: the last quarter end is always inside
_MARK = "replayed_tables"


def derive(
    con: duckdb.DuckDBPyConnection, name: str, sql: str, values: Mapping[str, Any] | None = None
) -> None:
    """Creates the temporary table `name` from a SELECT; one that was put back with an earlier audit stays as it is."""
    if name not in replayed(con):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}", dict(values or {}))


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
