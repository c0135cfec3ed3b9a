"""The contract of our own data tests: one test walks the files and names each with everything it lacks."""

import re
from collections.abc import Iterator
from datetime import datetime

import duckdb
import pytest

from finops.pipeline.testing.catalogue import Chosen, DataTestFile, built_in_folder, load
from finops.pipeline.testing.linting import Linter
from finops.pipeline.testing.running import judge
from finops.schema_comments import schema_sql
from rules.engine.catalogue import rule_files
from tests.finops.pipeline.testing.cases import cases_of

AS_OF = datetime(2026, 11, 1)
FILES = {path.stem: path for path in rule_files(built_in_folder())}
LINTER = Linter()
# What can be judged of an empty warehouse: its shape.
OF_NOTHING = {"schema"}


@pytest.fixture(scope="module")
def nothing() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(schema_sql())
        yield con


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_data_test_keeps_the_contract(name: str, nothing: duckdb.DuckDBPyConnection) -> None:
    mistakes = [str(one) for one in LINTER.look(FILES[name])]
    assert not mistakes
    test = load(FILES[name], checked=False)  # the linter has checked it
    lacks = [*documentation(test), *on_nothing(test, nothing), *fixture(test)]
    assert not lacks, f"{name}: " + "; ".join(lacks)


def documentation(test: DataTestFile) -> Iterator[str]:
    header = test.header
    if not re.match(r"[A-Z]", header.doc) or not header.doc.rstrip().endswith("."):
        yield "doc is not made of sentences"
    for name, parameter in header.parameters.items():
        if not parameter.doc.endswith("."):
            yield f"the doc of {name} is no sentence"
    if header.title.endswith("."):
        yield "the title ends with a full stop"


def on_nothing(test: DataTestFile, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    values = {name: spec.default for name, spec in test.header.parameters.items()}
    for result in judge(con, [Chosen(test, True, None, values)], as_of=AS_OF, run_started=AS_OF):
        if result.status != "not_evaluated" and test.id not in OF_NOTHING:
            yield f"it says {result.status} of an empty warehouse: {result.message}"


def fixture(test: DataTestFile) -> Iterator[str]:
    shown = {row["verdict"] for case in cases_of(test.id) for row in case.expect}
    for verdict in ("passed", "failed"):
        if verdict not in shown:
            yield f"no case expects {verdict}"
    if "'not_evaluated'" in test.sql and "not_evaluated" not in shown:
        yield "no case expects not_evaluated"
