"""The official validator over exports. Needs its own environment: make conformance."""

from pathlib import Path

import duckdb
import pytest

from finops.pipeline import focus_columns
from tests.conformance.data_sets import DATA_SETS, DataSet, export, one_file
from tests.conformance.validator import categories, failures, installed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not installed(), reason="focus-validator is not here; make conformance installs it"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.mark.parametrize("one", DATA_SETS, ids=lambda one: one.name)
def test_an_export_breaks_no_rule_that_an_honest_file_can_keep(one: DataSet, folder: Path) -> None:
    if reason := one.absent():
        pytest.skip(reason)
    _, done = export(one, folder)
    assert failures(one_file(done.folder, folder / f"{one.name}.parquet")) == set()


def test_the_gate_sees_a_file_that_breaks_rules(folder: Path) -> None:
    _, done = export(DATA_SETS[0], folder)
    good, bad = one_file(done.folder, folder / "good.parquet"), folder / "bad.parquet"
    duckdb.sql(
        f"COPY (SELECT * REPLACE ('Someone else' AS InvoiceIssuerName, NULL AS ListCost) FROM '{good}') TO '{bad}'"
    )
    assert {"BilledCost-C-005-C", "ListCost-C-003-M"} <= failures(bad)


def test_the_categories_are_those_of_the_validator() -> None:
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE charges (ServiceName VARCHAR, ServiceCategory VARCHAR, ServiceSubcategory VARCHAR)"
        )
        con.execute(focus_columns.preparation())
        assert set(con.execute("FROM focus_categories").fetchall()) == categories()
