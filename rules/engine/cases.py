"""Fixture cases of a rule: tables in, verdicts out, in a YAML file of the rule's name that an analyst can read.

    as_of: 2026-11-01
    defaults:                       # columns every row of a table gets
      instances: {cloud: aws, account_id: "1", region: eu-west-1, state: running}
    cases:
      - name: a quarter-end peak inside the window is work
        instances: [{instance_id: i-1}]
        activity: [{resource_id: i-1, cpu_days: 95, cpu_coverage: 1, cpu_peak: 0.98}]
        trap: quarter-end                       # optional: the trap of the rule's header that this is
        parameters: {cpu_peak_max: 0.05}        # optional
        expect: [{resource_id: i-1, verdict: ok, reason: reached 98.0 %}]

Tables are those a rule reads: dimension tables and rollups. Rows of a table that a rollup is made of (metrics,
charges, prices, or usage below activity) are rolled up first. A row of `metrics` with `days: 95` stands for each
of the last 95 days, and `except: {2026-09-30: {max: 0.98}}` says what was different on single days (null: no data).
With `hours: 0-7,18-23` it stands for these hours of each day, with `weekdays: 1-5` for Mondays to Fridays only.
An expected row names only the columns that matter; `reason` is a part of the sentence. Every row the rule
returns must be expected.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import duckdb
import yaml

from finops.errors import RuleError
from finops.schema_comments import schema_sql, tables
from rules.engine import rollups
from rules.engine.catalogue import Rule
from rules.engine.checking import NEED_TABLES, ROLLUP_COLUMNS
from rules.engine.differences import Difference, differences, matches
from rules.engine.header import compose_yaml, read_yaml
from rules.engine.running import run

_NOT_TABLES = {"name", "trap", "parameters", "expect", "as_of"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case; `difference` is None when it passed, else the first thing that is not as expected.

    `said` is every row the rule returned, `rows` each that is not as expected, `line` that of the case in its file.
    """

    rule: str
    name: str
    difference: str | None
    said: tuple[Mapping[str, Any], ...] = ()
    rows: tuple[Difference, ...] = ()
    line: int = 1


def case_file(rule: Rule) -> Path | None:
    """The cases of a rule: beside it, in cases/ beside it, or in tests/cases of the folder it is in."""
    names = [rule.path.with_suffix(".yaml"), rule.path.parent / "cases" / f"{rule.id}.yaml"]
    names += [parent / "tests" / "cases" / f"{rule.id}.yaml" for parent in list(rule.path.parents)[:4]]
    return next((path for path in names if path.is_file()), None)


def run_cases(rule: Rule, path: Path, using: duckdb.DuckDBPyConnection | None = None) -> Iterator[Outcome]:
    """Runs every case of a file, in an empty warehouse of its own or in the one that is given, which stays empty.

    Raises RuleError when the file is not a list of cases.
    """
    book = read_book(path)
    con = using or empty_warehouse()
    for case, line in zip(book["cases"], _lines(path), strict=True):
        con.begin()
        try:
            said = _said(con, rule, book, case, path)
        finally:
            con.rollback()
        wrong = _difference(case, said)
        rows = differences(case.get("expect", []), said) if wrong else []
        yield Outcome(rule.id, str(case.get("name", "unnamed")), wrong, tuple(said), tuple(rows), line)
    if not using:
        con.close()


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """A warehouse in memory that holds nothing, ready for rollups."""
    con = duckdb.connect(config={"threads": 1})
    con.execute("PRAGMA disable_optimizer")  # over a handful of rows it takes longer than it saves
    con.execute(schema_sql())
    rollups.prepare(con)
    return con


def read_book(path: Path) -> dict[str, Any]:
    """The contents of a case file.

    Raises RuleError when it is not a list of cases.
    """
    try:
        book = read_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RuleError(f"{path.name}: the cases are not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(book, dict) or not isinstance(book.get("cases"), list) or not book["cases"]:
        raise RuleError(f"{path.name}: a case file needs a list under cases.")
    return book


def _lines(path: Path) -> list[int]:
    """The line of every case, from 1."""
    root = compose_yaml(path.read_text(encoding="utf-8"))
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    cases = next(value for name, value in pairs if name.value == "cases")
    return [case.start_mark.line + 1 for case in cases.value]


def _said(
    con: duckdb.DuckDBPyConnection, rule: Rule, book: Mapping[str, Any], case: Mapping[str, Any], path: Path
) -> list[dict[str, Any]]:
    as_of = _instant(case.get("as_of", book.get("as_of", date(2026, 11, 1))))
    _fill(con, rule, book.get("defaults", {}), case, as_of, path)
    run(con, [rule], as_of, {rule.id: case.get("parameters", {})})
    return _got(con)


def _difference(case: Mapping[str, Any], got: list[dict[str, Any]]) -> str | None:
    if "expect" not in case:
        return "it expects nothing: list the rows under expect, or write expect: []"
    expected = case["expect"]
    wrong = [row for row in expected if not any(matches(row, real) for real in got)]
    if wrong:
        return f"expected {wrong[0]}, got {_near(wrong[0], got)}"
    if len(got) != len(expected):
        surplus = [real for real in got if not any(matches(row, real) for row in expected)]
        return (
            f"not expected: {_short(surplus[0])}"
            if surplus
            else f"{len(got)} rows instead of {len(expected)}"
        )
    return None


def _fill(
    con: duckdb.DuckDBPyConnection,
    rule: Rule,
    defaults: Mapping[str, Mapping[str, Any]],
    case: Mapping[str, Any],
    as_of: datetime,
    path: Path,
) -> None:
    given = {
        name: _rows(rows, defaults.get(name, {}), as_of)
        for name, rows in case.items()
        if name not in _NOT_TABLES
    }
    known = {table.name for table in tables()} | set(ROLLUP_COLUMNS)
    for name in given:
        if name not in known:
            raise RuleError(f"{path.name}: there is no table {name}.")
    for name in given.keys() - ROLLUP_COLUMNS.keys():
        _insert(con, f"main.{name}", given[name], path)
    opened = {table for need in rule.header.needs for table in NEED_TABLES.get(need.partition(":")[0], ())}
    for name in rollups.ROLLUPS:
        if name in opened:
            if rollups.sources(name) & given.keys():
                rollups.build_one(con, name, as_of)
            else:  # of nothing: planning it takes longer than all the rest of a case
                columns = ", ".join(f"{column} {kind}" for column, kind in ROLLUP_COLUMNS[name].items())
                con.execute(f"CREATE TEMP TABLE {name} ({columns})")
            _insert(con, f"temp.{name}", given.get(name, []), path)
        elif name in given:
            raise RuleError(f"{path.name}: the rule {rule.id} does not read {name}.")


def _rows(rows: Any, defaults: Mapping[str, Any], as_of: datetime) -> list[dict[str, Any]]:
    return [day for row in rows for day in _every_day({**defaults, **row}, as_of)]


def _every_day(row: dict[str, Any], as_of: datetime) -> Iterator[dict[str, Any]]:
    """A row of metrics for each of its `days`; any other row as it is."""
    if "bucket_seconds" not in row or "days" not in row:
        yield row
        return
    days, special = row.pop("days"), row.pop("except", {})
    hours, weekdays = _ranges(row.pop("hours", "0")), _ranges(row.pop("weekdays", "1-7"))
    for back in range(days, 0, -1):
        day = as_of - timedelta(days=back)
        other = special.get(day.date(), {})
        if other is not None and day.isoweekday() in weekdays:
            for hour in hours:
                yield {**row, "bucket_start": day + timedelta(hours=hour), **other}


def _ranges(told: Any) -> list[int]:
    """The numbers of 0-7,18-23."""
    ends = [part.partition("-")[::2] for part in str(told).split(",")]
    return [number for low, high in ends for number in range(int(low), int(high or low) + 1)]


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]], path: Path) -> None:
    for names, alike in groupby(rows, key=tuple):
        values = [row.values() for row in alike]
        columns = ", ".join(f'"{name}"' for name in names)
        marks = ", ".join(["(" + ", ".join("?" * len(names)) + ")"] * len(values))
        try:
            con.execute(f"INSERT INTO {table} ({columns}) VALUES {marks}", list(chain.from_iterable(values)))  # noqa: S608
        except duckdb.Error as error:
            raise RuleError(f"{path.name}: {table}: {str(error).splitlines()[0]}") from error


def _got(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    cursor = con.execute("SELECT * FROM said")
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _near(expected: Mapping[str, Any], got: list[dict[str, Any]]) -> str:
    same = [row for row in got if row.get("resource_id") == expected.get("resource_id")]
    if not same:
        return "no row for it"
    return str({name: same[0].get(name) for name in {**expected, "reason": None}})


def _short(row: Mapping[str, Any]) -> str:
    return str({name: row[name] for name in ("resource_id", "verdict", "reason")})


def _instant(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
