"""Spark answers what DuckDB answers: each rollup, each verdict of each case, the whole audit of the sample estate."""

import math
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pytest

from finops.config import Settings
from finops.engines.pushdown import pushing
from finops.engines.spark import SparkEngine
from finops.lake import Manifest, Part, export, lake_tables
from finops.model import AuditReport
from finops.pipeline.audit import audit
from finops.pipeline.demo import demo
from finops.pipeline.elsewhere import judging_a_lake
from finops.pipeline.filters import Filters
from finops.pipeline.inputs import folder_of, keep, replaying
from finops.warehouse import reading, writing
from finops.warehouse.derived import making_with
from reports.json import render
from rules.engine import cases, rollups
from tests.end_to_end import together
from tests.end_to_end.anything import AS_OF, anything
from tests.servers.spark import lacking, spark_server

# A server of Java beside everything else: not for every run of `make test`.
pytestmark = [pytest.mark.thorough, pytest.mark.skipif(lacking() is not None, reason=str(lacking()))]
NOW = datetime(2026, 11, 20)


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with spark_server(tmp_path_factory.mktemp("spark")) as address:
        yield address


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lakes")


@pytest.fixture(scope="module")
def rolled_up(
    remote: str, folder: Path
) -> "list[tuple[list[together.Case], dict[str, Any], dict[str, Any], Any]]":
    """The batches of cases, each with what both engines made of it; rows at random are in them as well."""
    made = []
    for number, batch in enumerate(together.batches(together.all_cases())):
        con = cases.empty_warehouse()
        together.fill(con, batch)
        if batch[0].as_of == AS_OF and not batch[0].alone:
            for table, rows in anything(seed=number).items():
                cases._insert(con, f"main.{table}", rows, folder)
        lake = in_one_file_each(con, folder, f"{number}")
        here = together.roll_up(con, batch, "duckdb")
        if not any(here.values()):
            continue  # these cases give what rules read, and nothing that is rolled up
        with closing(SparkEngine.connect(remote)) as engine:
            engine.open(str(folder), lake)
            with pushing(engine, con):
                there = together.roll_up(con, batch, "spark")
        made.append((batch, here, there, con))
    return made


def in_one_file_each(con: duckdb.DuckDBPyConnection, folder: Path, name: str) -> Manifest:
    """The tables of a warehouse as a lake, whatever clouds its rows name."""
    tables = {}
    for table in lake_tables():
        if rows := con.execute(f"SELECT count(*) FROM main.{table.name}").fetchall()[0][0]:
            path = f"{name}-{table.name}.parquet"
            con.execute(f"COPY main.{table.name} TO '{folder / path}' (FORMAT parquet)")
            tables[table.name] = [Part(path=path, rows=rows, content="")]
    return Manifest(tool_version="", written_at="", accounts=[], tables=tables)


def alike(one: Any, two: Any) -> bool:
    """Equal, but for the last digit or two of floating point."""
    if isinstance(one, float) and isinstance(two, float):
        return one == two or (math.isnan(one) and math.isnan(two)) or math.isclose(one, two, rel_tol=1e-12)
    if isinstance(one, Decimal) and isinstance(two, Decimal):
        return math.isclose(one, two, rel_tol=1e-15, abs_tol=1e-17)
    return type(one) is type(two) and bool(one == two)


def ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows in an order that the last digits have no part in."""

    def key(row: dict[str, Any]) -> list[str]:
        return [
            f"{value:.9g}" if isinstance(value, float | Decimal) else str(value) for value in row.values()
        ]

    return sorted(rows, key=key)


@pytest.mark.parametrize("name", rollups.ROLLUPS)
def test_a_rollup_over_all_cases_and_over_rows_at_random_is_the_same(rolled_up: Any, name: str) -> None:
    for _, here, there, _ in rolled_up:
        assert len(here[name]) == len(there[name])
        for one, two in zip(ordered(here[name]), ordered(there[name]), strict=True):
            different = {
                column: (one[column], two[column]) for column in one if not alike(one[column], two[column])
            }
            assert not different, one


def test_rollups_are_not_the_same_because_they_are_empty(rolled_up: Any) -> None:
    for name in set(rollups.ROLLUPS) - {"commitment_options"}:
        assert any(there[name] for _, _, there, _ in rolled_up), name


def test_every_rule_says_of_every_case_what_it_says_of_duckdbs_rollups(rolled_up: Any) -> None:
    judged = 0
    for batch, *_, con in rolled_up:
        concerned = together.concerned(con, batch)
        for _, same_rule in groupby(concerned, key=lambda case: case.rule.id):
            here, there = cases.empty_warehouse(), cases.empty_warehouse()
            for case in same_rule:
                told = together.said(here, case)
                with making_with(together.Handed(con, case)):
                    told_by_spark = together.said(there, case)
                assert said_alike(told, told_by_spark), (case.rule.id, case.name)
                judged += len(told)
    assert judged > 50


def said_alike(one: list[dict[str, Any]], two: list[dict[str, Any]]) -> bool:
    return len(one) == len(two) and all(
        all(alike(a[column], b[column]) for column in a)
        for a, b in zip(ordered(one), ordered(two), strict=True)
    )


# --- the whole audit ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def estate(folder: Path) -> Path:
    """The warehouse of the sample estate, and its lake beside it."""
    made = demo(folder / "demo", Settings(), at=NOW)
    export(made.warehouse, str(folder / "lake"), at=NOW)
    return made.warehouse


@pytest.fixture(scope="module")
def judged(remote: str, estate: Path, folder: Path) -> AuditReport:
    """The audit of the lake, by a warehouse that holds nothing itself; what it was made from is kept beside."""
    db = folder / "empty.duckdb"
    with writing(db, "test", at=NOW):
        pass
    with reading(db) as con, judging_a_lake(con, remote, str(folder / "lake")):
        report = audit(con, Settings(), run_id="there")
        keep(con, folder_of(db), report, Settings(), Filters())
    return report


def test_the_audit_of_the_sample_estate_is_the_same_to_the_byte(judged: AuditReport, estate: Path) -> None:
    with reading(estate) as con:
        assert render(judged) == render(audit(con, Settings(), run_id="here"))


def test_an_audit_of_a_lake_can_be_made_again_without_spark(judged: AuditReport, folder: Path) -> None:
    with replaying(folder_of(folder / "empty.duckdb"), "there") as (con, kept):
        assert render(audit(con, kept.settings, run_id="again", as_of=kept.as_of)) == render(judged)
