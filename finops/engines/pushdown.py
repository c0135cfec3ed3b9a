"""Runs what reads the large tables on another engine, and brings the rows back as the tables an audit works on.

A query that reads none of them runs here, on what has come back. What a query reads beside the engine's own tables
(an earlier rollup, the resources that have findings) is of the size of the inventory, and is sent there.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb
import sqlglot

from finops.engines import Engine
from finops.engines.translate import Macros, tables_in, translate
from finops.schema_comments import tables
from finops.warehouse.derived import making_with

# Of these there is more than one machine may hold; everything else is of the size of the inventory.
LARGE = frozenset({"charges", "metrics", "prices", "traffic"})
# Whole tables of these are never brought here: an audit reads them only through what is derived from them.
_STAYS = frozenset({"charges", "metrics", "traffic"})


class PushDown:
    """Makes the tables of one audit on one connection, on an engine where they read a large table."""

    def __init__(self, engine: Engine, con: duckdb.DuckDBPyConnection) -> None:
        self._engine = engine
        self._con = con
        self._there: dict[str, str] = {}  # what was sent, by its name here
        self._brought: set[str] = set()

    def bring(self) -> None:
        """Brings the tables of the engine that are not large, in front of those of the warehouse."""
        for table in tables():
            if table.name in self._engine.rows and table.name not in _STAYS:
                names = ", ".join(f'"{column.name}"' for column in table.columns)
                sql = f"SELECT {names} FROM {table.name}"  # noqa: S608 - names of our own schema
                self._fill(table.name, sql, {}, self.rows(sql, {}) if self._engine.rows[table.name] else None)
                self._brought.add(table.name)

    def forget(self) -> None:
        """Removes what was brought."""
        for name in self._brought:
            self._con.execute(f"DROP TABLE IF EXISTS temp.{name}")

    def make(self, con: duckdb.DuckDBPyConnection, name: str, sql: str, values: Mapping[str, Any]) -> bool:
        """Creates the temporary table `name`; False where the query can run here, or is of another connection."""
        if con is not self._con:
            return False
        if not self._reads_large(sql):
            self._there.pop(name, None)
            return False
        self._fill(name, sql, values, self.rows(sql, values))
        self._there.pop(name, None)
        return True

    def rows(self, sql: str, values: Mapping[str, Any]) -> Any:
        """The rows of a SELECT, as an Arrow table."""
        macros = Macros(self._con)
        text = translate(sql, self._engine.dialect, macros=macros, values=values, name_of=self._name_of)
        return self._engine.run(text)

    def _fill(self, name: str, sql: str, values: Mapping[str, Any], rows: Any) -> None:
        """The rows as the table that DuckDB would have made, in an order that does not depend on the engine."""
        # Under another name at first: the query may read a table of the same.
        self._con.execute(f"CREATE OR REPLACE TEMP TABLE making_{name} AS {sql} WITH NO DATA", dict(values))
        self._con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM making_{name}")
        self._con.execute(f"DROP TABLE making_{name}")
        if rows is None:
            return
        self._con.register("brought_rows", rows)
        try:
            self._con.execute(f"INSERT INTO temp.{name} SELECT * FROM brought_rows ORDER BY ALL")  # noqa: S608
        finally:
            self._con.unregister("brought_rows")

    def _reads_large(self, sql: str) -> bool:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        return any(table.name in LARGE and not self._is_made(table.name) for table in tables_in(tree))

    def _is_made(self, name: str) -> bool:
        """Whether a temporary table of this audit hides that of the warehouse."""
        if name in self._brought:
            return False
        found = self._con.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE temporary AND table_name = ?", [name]
        ).fetchone()
        return bool(found and found[0])

    def _name_of(self, name: str) -> str:
        if name in self._engine.rows and not self._is_made(name):
            return self._engine.name_of(name)
        if name not in self._there:
            self._there[name] = self._engine.put(name, self._small(name))
        return self._there[name]

    def _small(self, name: str) -> Any:
        """A table that is here, in types that every engine has."""
        columns = self._con.execute(f"DESCRIBE {name}").fetchall()
        told = ", ".join(f'{_plain(column, kind)} AS "{column}"' for column, kind, *_ in columns)
        return self._con.sql(f"SELECT {told} FROM {name}").to_arrow_table()  # noqa: S608


def _plain(column: str, kind: str) -> str:
    if kind in ("HUGEINT", "UHUGEINT", "UBIGINT"):
        return f'CAST("{column}" AS DECIMAL(38, 0))'
    return f'CAST("{column}" AS VARCHAR)' if kind == "JSON" else f'"{column}"'


@contextmanager
def pushing(engine: Engine, con: duckdb.DuckDBPyConnection) -> Iterator[PushDown]:
    """While this lasts, audits on the connection derive what they need of the large tables on the engine."""
    push = PushDown(engine, con)
    with making_with(push):
        push.bring()
        try:
            yield push
        finally:
            push.forget()
