"""Fixture cases of a rule: tables in, verdicts out, in a YAML file of the rule's name that an analyst can read.

    as_of: 2026-11-01
    defaults:                       # columns every row of a table gets
      instances: {cloud: aws, account_id: "1", region: eu-west-1, state: running}
    cases:
      - name: a quarter-end peak inside the window is work
        instances: [{instance_id: i-1}]
        usage: [{resource_id: i-1, metric: cpu_utilization, peak: 0.98}]
        parameters: {cpu_peak_max: 0.05}        # optional
        expect: [{resource_id: i-1, verdict: ok, reason: reached 98.0 %}]

Tables are those a rule reads: dimension tables and rollups; rows of `metrics` or `charges` are rolled up first.
An expected row names only the columns that matter; `reason` is a part of the sentence. Every row the rule
returns must be expected.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from finops.errors import RuleError
from finops.schema_comments import schema_sql, tables
from rules.engine import rollups
from rules.engine.catalogue import Rule
from rules.engine.checking import ROLLUP_COLUMNS
from rules.engine.running import run

_NOT_TABLES = {"name", "parameters", "expect", "as_of"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case; `difference` is None when it passed."""

    rule: str
    name: str
    difference: str | None


def case_file(rule: Rule) -> Path | None:
    """The cases of a rule: beside it, in cases/ beside it, or in tests/cases of the folder it is in."""
    names = [rule.path.with_suffix(".yaml"), rule.path.parent / "cases" / f"{rule.id}.yaml"]
    names += [parent / "tests" / "cases" / f"{rule.id}.yaml" for parent in list(rule.path.parents)[:4]]
    return next((path for path in names if path.is_file()), None)


def run_cases(rule: Rule, path: Path) -> Iterator[Outcome]:
    """Runs every case of a file.

    Raises RuleError when the file is not a list of cases.
    """
    book = _read(path)
    con = duckdb.connect()
    con.execute(schema_sql())
    for case in book["cases"]:
        yield Outcome(rule.id, str(case.get("name", "unnamed")), _difference(con, rule, book, case, path))
    con.close()


def _read(path: Path) -> dict[str, Any]:
    try:
        book = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RuleError(f"{path.name}: the cases are not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(book, dict) or not isinstance(book.get("cases"), list) or not book["cases"]:
        raise RuleError(f"{path.name}: a case file needs a list under cases.")
    return book


def _difference(
    con: duckdb.DuckDBPyConnection, rule: Rule, book: Mapping[str, Any], case: Mapping[str, Any], path: Path
) -> str | None:
    as_of = _instant(case.get("as_of", book.get("as_of", date(2026, 11, 1))))
    _fill(con, rule, book.get("defaults", {}), case, as_of, path)
    settings = {rule.id: case.get("parameters", {})}
    run(con, [rule], as_of, settings)
    got = _got(con)
    expected = case.get("expect", [])
    wrong = [row for row in expected if not any(_matches(row, real) for real in got)]
    if wrong:
        return f"expected {wrong[0]}, got {_near(wrong[0], got)}"
    if len(got) != len(expected):
        surplus = [real for real in got if not any(_matches(row, real) for row in expected)]
        return f"not expected: {_short(surplus[0])}" if surplus else f"{len(got)} rows instead of {len(expected)}"
    return None


def _fill(
    con: duckdb.DuckDBPyConnection,
    rule: Rule,
    defaults: Mapping[str, Mapping[str, Any]],
    case: Mapping[str, Any],
    as_of: datetime,
    path: Path,
) -> None:
    given = {name: rows for name, rows in case.items() if name not in _NOT_TABLES}
    known = {table.name for table in tables()} | set(ROLLUP_COLUMNS)
    for name in given:
        if name not in known:
            raise RuleError(f"{path.name}: there is no table {name}.")
    for table in tables():
        con.execute(f"DELETE FROM main.{table.name}")  # noqa: S608
    for name in ROLLUP_COLUMNS:
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")
    for name, rows in given.items():
        if name not in ROLLUP_COLUMNS:
            _insert(con, f"main.{name}", _with_defaults(rows, defaults.get(name, {})), path)
    rollups.build(con, as_of)
    for name, rows in given.items():
        if name in ROLLUP_COLUMNS:
            _insert(con, f"temp.{name}", _with_defaults(rows, defaults.get(name, {})), path)


def _with_defaults(rows: Any, defaults: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**defaults, **row} for row in rows]


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]], path: Path) -> None:
    for row in rows:
        columns = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        try:
            con.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(row.values()))  # noqa: S608
        except duckdb.Error as error:
            raise RuleError(f"{path.name}: {table}: {str(error).splitlines()[0]}") from error


def _got(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    cursor = con.execute("SELECT * FROM said")
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _matches(expected: Mapping[str, Any], real: Mapping[str, Any]) -> bool:
    return all(_same(name, value, real.get(name)) for name, value in expected.items())


def _same(name: str, expected: Any, real: Any) -> bool:
    if name == "reason":
        return str(expected) in str(real)
    if isinstance(expected, float) or isinstance(real, float):
        return real is not None and expected is not None and abs(float(real) - float(expected)) < 1e-9
    return bool(expected == real)


def _near(expected: Mapping[str, Any], got: list[dict[str, Any]]) -> str:
    same = [row for row in got if row.get("resource_id") == expected.get("resource_id")]
    if not same:
        return "no row for it"
    return str({name: same[0].get(name) for name in {**expected, "reason": None}})


def _short(row: Mapping[str, Any]) -> str:
    return str({name: row[name] for name in ("resource_id", "verdict", "reason")})


def _instant(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
