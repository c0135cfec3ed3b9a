"""Cases of data tests: tables in, verdicts out, in a YAML file of the test's name in tests/cases_data.

    as_of: 2026-11-01
    defaults:
      coverage: {cloud: aws, account_id: "1", region: eu-west-1}
    cases:
      - name: a scope of yesterday is fresh
        coverage: [{dataset: instances, collected_at: 2026-10-31}]
        parameters: {warn_after: 12}            # optional
        expect: [{subject: aws/1 inventory, verdict: passed, message: 24 hours old}]

Tables are those of the warehouse; `before` may hold statements of SQL that change them. A row with `days: 31` stands for one row for each of
the last 31 days before `as_of` (`until` days earlier, where it is given), in the columns of time that it names with `at`.
`findings_by_run: {r1: {idle: 10}}` stands for ten findings of a rule in an audit, `resolved: {idle: 7}` for seven that
went by evidence the day before. An expected row names only the columns that matter; `message` is a part of the sentence. Every row that the test returns must
be expected.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import duckdb

from finops.night_model import DataTest
from finops.pipeline.testing.catalogue import Chosen, DataTestFile
from finops.pipeline.testing.running import judge
from rules.engine.header import read_yaml

FOLDER = Path(__file__).parents[3] / "cases_data"
_NOT_TABLES = {"name", "parameters", "expect", "as_of", "before", "findings_by_run", "resolved"}


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    as_of: datetime
    tables: Mapping[str, list[dict[str, Any]]]
    parameters: Mapping[str, Any]
    before: list[str]  # statements of SQL
    expect: list[dict[str, Any]]


def cases_of(test_id: str) -> list[Case]:
    path = FOLDER / f"{test_id}.yaml"
    if not path.is_file():
        return []
    book = read_yaml(path.read_text(encoding="utf-8"))
    return [_case(one, book) for one in book["cases"]]


def run(con: duckdb.DuckDBPyConnection, test: DataTestFile, case: Case) -> list[DataTest]:
    """What the test says of the tables of a case, on a warehouse that is empty before and after."""
    con.begin()
    for statement in case.before:
        con.execute(statement)
    for name, rows in case.tables.items():
        for columns, alike in groupby(rows, key=tuple):
            values = [row.values() for row in alike]
            marks = ", ".join(["(" + ", ".join("?" * len(columns)) + ")"] * len(values))
            names = ", ".join(f'"{one}"' for one in columns)
            con.execute(f"INSERT INTO {name} ({names}) VALUES {marks}", list(chain.from_iterable(values)))
    values = {name: spec.default for name, spec in test.header.parameters.items()}
    chosen = Chosen(test, True, None, {**values, **case.parameters})
    said = judge(con, [chosen], as_of=case.as_of, run_started=case.as_of)
    con.rollback()
    return said


def differences(case: Case, said: list[DataTest]) -> list[str]:
    """What is not as expected, in words."""
    left, wrong = list(said), []
    for row in case.expect:
        match = next((one for one in left if _matches(row, one)), None)
        if match is None:
            wrong.append(f"nothing said is {row}")
        else:
            left.remove(match)
    return wrong + [f"not expected: {one.subject} {one.status} {one.severity}: {one.message}" for one in left]


def _matches(row: Mapping[str, Any], said: DataTest) -> bool:
    return (
        said.subject == row.get("subject", said.subject)
        and said.status == row.get("verdict", said.status)
        and said.severity == row.get("severity", said.severity)
        and row.get("message", "") in said.message
    )


def _case(told: dict[str, Any], book: dict[str, Any]) -> Case:
    as_of = _instant(told.get("as_of", book.get("as_of", date(2026, 11, 1))))
    defaults = book.get("defaults", {})
    tables = {
        name: [day for row in rows for day in _days({**defaults.get(name, {}), **row}, as_of)]
        for name, rows in told.items()
        if name not in _NOT_TABLES
    }
    if "findings_by_run" in told:
        tables["findings"] = _findings(told["findings_by_run"])
    if "resolved" in told:
        tables["finding_history"] = _resolved(told["resolved"], as_of)
    return Case(
        told["name"], as_of, tables, told.get("parameters", {}), told.get("before", []), told["expect"]
    )


def _days(row: dict[str, Any], as_of: datetime) -> Iterator[dict[str, Any]]:
    """A row for each of its days; a charge or a measurement is of that day, other rows have `at` as their instant."""
    if "days" not in row:
        yield row
        return
    days, until, at = row.pop("days"), row.pop("until", 0), row.pop("at", None)
    missing = {_instant(one) for one in row.pop("without", [])}
    for back in range(days + until, until, -1):
        day = as_of - timedelta(days=back)
        if day in missing:
            continue
        if at:
            yield {**row, **dict.fromkeys([at], day)}
        else:
            yield {**row, "ChargePeriodStart": day, "ChargePeriodEnd": day + timedelta(days=1)} | _month(
                row, day
            )


def _findings(by_run: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    texts = [
        "class", "cloud", "account", "region", "resource_type", "resource_id", "reason", "action", "price_basis",
        "confidence", "effort", "risk", "status",
    ]  # fmt: skip
    objects = [
        "tags", "current", "proposed", "confidence_reasons", "co2e", "evidence", "remediation", "sources",
    ]  # fmt: skip
    rest = {
        **dict.fromkeys(texts, "x"),
        **dict.fromkeys(objects, "{}"),
        "first_seen": datetime(2026, 11, 1),
    }
    return [
        {"run_id": run, "id": f"{rule}-{number}", "rule": rule, **rest}
        for run, rules in by_run.items()
        for rule, count in rules.items()
        for number in range(count)
    ]


def _resolved(rules: Mapping[str, int], as_of: datetime) -> list[dict[str, Any]]:
    at = as_of - timedelta(days=1)
    rest = {"first_seen": at, "last_seen": at, "last_audit": at, "reopened": 0, "resolved_at": at}
    return [
        {"id": f"{rule}-{number}", "rule": rule, "status": "resolved", "resolution": "changed", **rest}
        for rule, count in rules.items()
        for number in range(count)
    ]


def _month(row: dict[str, Any], day: datetime) -> dict[str, Any]:
    return {} if "BillingPeriodStart" in row else {"BillingPeriodStart": day.replace(day=1)}


def _instant(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
