"""The cases of all rules as one set of tables, so that another engine runs each rollup once and not once per case.

A case is told from the others by its number: before the cloud of each row, or before its accounts where the case has
charges, for rollups of charges look at the name of the cloud.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from rules.engine import cases, rollups
from rules.engine.catalogue import Rule, built_in_folder, load, rule_files
from rules.engine.checking import ROLLUP_COLUMNS

_ACCOUNTS = ("account_id", "payer", "x_AccountId", "BillingAccountId", "SubAccountId")
_NOT_TABLES = {"name", "trap", "parameters", "expect", "as_of"}
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its rule, its number among all, the tables it gives, and which of them are kept apart by account."""

    rule: Rule
    path: Path
    number: int
    name: str
    as_of: datetime
    tables: Mapping[str, Rows] = field(repr=False)
    book: Mapping[str, Any] = field(repr=False)
    told: Mapping[str, Any] = field(repr=False)

    @property
    def by_account(self) -> bool:
        return "charges" in self.tables

    @property
    def alone(self) -> bool:
        """Whether it has both charges and tables without accounts: nothing keeps these apart then."""
        return self.by_account and any(
            not set(row) & set(_ACCOUNTS) for rows in self.tables.values() for row in rows
        )

    def marked(self, row: Mapping[str, Any]) -> dict[str, Any]:
        names = _ACCOUNTS if self.by_account else ("cloud",)
        return {
            name: f"{self.number}|{value}" if name in names and value is not None else value
            for name, value in row.items()
        }

    def own(self, columns: list[str]) -> tuple[str, str]:
        """What selects its rows of a table of all, and the columns as they were before."""
        names = [name for name in (_ACCOUNTS if self.by_account else ("cloud",)) if name in columns]
        mark = f"{self.number}|"
        where = f"starts_with({names[0]}, '{mark}')" if names else str(self.alone).lower()
        shown = [
            f'{name}[{len(mark) + 1}:] AS "{name}"' if name in names else f'"{name}"' for name in columns
        ]
        return where, ", ".join(shown)


def all_cases() -> list[Case]:
    """Every case of every built-in rule, as the engine of the cases reads it."""
    found: list[Case] = []
    for path in rule_files(built_in_folder()):
        rule = load(path)
        book = cases.case_file(rule)
        if book:
            found += _of(rule, book, len(found))
    return found


def _of(rule: Rule, path: Path, first: int) -> Iterator[Case]:
    book = cases.read_book(path)
    for number, case in enumerate(book["cases"], first):
        as_of = cases._instant(case.get("as_of", book.get("as_of", datetime(2026, 11, 1))))
        tables = {
            name: cases._rows(rows, book.get("defaults", {}).get(name, {}), as_of)
            for name, rows in case.items()
            if name not in _NOT_TABLES
        }
        yield Case(rule, path, number, case["name"], as_of, tables, book, case)


def batches(found: list[Case]) -> list[list[Case]]:
    """Cases that can be rolled up together: of one instant, and told apart."""
    together: dict[Any, list[Case]] = {}
    for case in found:
        key = (case.as_of, case.number if case.alone else None)
        together.setdefault(key, []).append(case)
    return list(together.values())


def fill(con: duckdb.DuckDBPyConnection, batch: list[Case]) -> None:
    """Puts what the cases give into the tables of a warehouse."""
    for case in batch:
        for name in case.tables.keys() - ROLLUP_COLUMNS.keys():
            cases._insert(con, f"main.{name}", [case.marked(row) for row in case.tables[name]], case.path)


def roll_up(con: duckdb.DuckDBPyConnection, batch: list[Case], by: str) -> dict[str, Rows]:
    """Builds every rollup over the cases, what they give of it added; returns what was built, which stays as BY_…."""
    made: dict[str, Rows] = {}
    rollups.prepare(con)
    for name in rollups.ROLLUPS:
        rollups.build_one(con, name, batch[0].as_of)
        cursor = con.execute(f"FROM temp.{name}")
        names = [column[0] for column in cursor.description or []]
        made[name] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        con.execute(f"CREATE TABLE {by}_{name} AS FROM temp.{name}")
        for case in batch:
            if name in case.tables:
                cases._insert(con, f"temp.{name}", [case.marked(row) for row in case.tables[name]], case.path)
    return made


def concerned(con: duckdb.DuckDBPyConnection, batch: list[Case]) -> list[Case]:
    """The cases that give charges or metrics, and those whose rollups differ in any bit.

    A rule is a function of its tables: where these are the same it says the same.
    """
    different: set[str] = set()
    for name in rollups.ROLLUPS:
        one, two = (f"SELECT * FROM {by}_{name}" for by in ("duckdb", "spark"))
        columns = [column for column in ("cloud", "account_id", "payer") if column in ROLLUP_COLUMNS[name]]
        marks = ", ".join(f"regexp_extract({column}, '^[0-9]+')" for column in columns)
        rows = con.execute(f"SELECT DISTINCT {marks} FROM (({one} EXCEPT {two}) UNION ({two} EXCEPT {one}))")
        different |= {mark for row in rows.fetchall() for mark in row}
    return [
        case for case in batch if str(case.number) in different or {"charges", "metrics"} & set(case.tables)
    ]


def said(con: duckdb.DuckDBPyConnection, case: Case) -> list[dict[str, Any]]:
    """What the rule says of one case, in an empty warehouse that is empty again afterwards."""
    con.begin()
    rows = cases._said(con, case.rule, case.book, case.told, case.path)
    con.rollback()
    return rows


class Handed:
    """Hands a case its part of the rollups that were built over all, in place of building them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, case: Case) -> None:
        self._con = con
        self._case = case

    def make(self, con: duckdb.DuckDBPyConnection, name: str, sql: str, values: Mapping[str, Any]) -> bool:
        con.execute(f"CREATE TEMP TABLE {name} AS {sql} WITH NO DATA", dict(values))
        columns = [row[0] for row in con.execute(f"DESCRIBE temp.{name}").fetchall()]
        where, shown = self._case.own(columns)
        rows = self._con.execute(f"SELECT {shown} FROM spark_{name} WHERE {where}").fetchall()
        if rows:
            con.executemany(f"INSERT INTO temp.{name} VALUES ({', '.join('?' * len(columns))})", rows)
        return True
