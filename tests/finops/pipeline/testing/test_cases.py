"""Every case of every data test: tables in, verdicts out."""

from collections.abc import Iterator

import duckdb
import pytest

from finops.pipeline.testing.catalogue import built_in_folder, load
from finops.schema_comments import schema_sql
from rules.engine.catalogue import rule_files
from tests.finops.pipeline.testing.cases import FOLDER, Case, cases_of, differences, run

TESTS = {path.stem: load(path, checked=False) for path in rule_files(built_in_folder())}
CASES = [(name, case) for name in sorted(TESTS) for case in cases_of(name)]


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("PRAGMA disable_optimizer")  # over a handful of rows it takes longer than it saves
        con.execute(schema_sql())
        yield con


def test_every_case_file_is_of_a_data_test() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} <= TESTS.keys()


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case.name}" for name, case in CASES])
def test_a_case_comes_out_as_expected(name: str, case: Case, empty: duckdb.DuckDBPyConnection) -> None:
    wrong = differences(case, run(empty, TESTS[name], case))
    assert not wrong, "\n".join(wrong)
