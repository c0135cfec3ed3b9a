"""Reads the comments of schema.sql, so that the database can carry them and the docs can be generated."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_TABLE = re.compile(r"^CREATE TABLE (\w+) \(\s*-- (.+)$")
_COLUMN = re.compile(r"^  (\w+)\s+([A-Z]+(?:\([\d, ]+\))?)( NOT NULL)?,?\s*-- (.+)$")


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    required: bool
    comment: str


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    comment: str
    columns: tuple[Column, ...]


def schema_sql() -> str:
    """The text of schema.sql."""
    return files("finops").joinpath("schema.sql").read_text(encoding="utf-8")


@cache
def tables() -> tuple[Table, ...]:
    """Every table of schema.sql with its columns and their comments, in file order."""
    return tuple(_read(schema_sql()))


def _read(sql: str) -> Iterator[Table]:
    name = comment = ""
    columns: list[Column] = []
    for line in sql.splitlines():
        if table := _TABLE.match(line):
            name, comment, columns = table[1], table[2], []
        elif column := _COLUMN.match(line):
            columns.append(Column(column[1], column[2], bool(column[3]), column[4]))
        elif line == ");":
            yield Table(name, comment, tuple(columns))


def comment_statements() -> Iterator[str]:
    """COMMENT ON statements for every table and column."""
    for table in tables():
        yield f"COMMENT ON TABLE {table.name} IS {_quoted(table.comment)}"
        for column in table.columns:
            yield f"COMMENT ON COLUMN {table.name}.{column.name} IS {_quoted(column.comment)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
