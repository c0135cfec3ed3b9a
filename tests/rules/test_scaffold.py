"""A rule that was begun with `finops rules new` works as it is, and nothing that is there is overwritten."""

from pathlib import Path

import pytest

from finops.errors import UsageError
from rules.engine.cases import run_cases
from rules.engine.catalogue import load
from rules.engine.checking import DIMENSIONS
from rules.engine.linting import Linter
from rules.engine.scaffold import RESOURCES, scaffold


@pytest.fixture(scope="module")
def linter() -> Linter:
    return Linter()


def written(folder: Path, rule_id: str, resource: str = "volume", *clouds: str) -> Path:
    for path, text in scaffold(rule_id, folder, resource, clouds).items():
        path.write_text(text, encoding="utf-8")
    return folder / f"{rule_id}.sql"


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_new_rule_about_anything_passes_its_checks_and_its_cases(
    resource: str, tmp_path: Path, linter: Linter
) -> None:
    path = written(tmp_path, "my-rule", resource)
    assert [str(one) for one in linter.look(path)] == []
    outcomes = list(run_cases(load(path), path.with_suffix(".yaml")))
    assert [one.difference for one in outcomes] == [None] * len(outcomes)
    assert {row["verdict"] for one in outcomes for row in one.said} == {"finding", "ok", "not_evaluated"}


def test_a_new_rule_for_one_cloud_says_so_of_the_others(tmp_path: Path, linter: Linter) -> None:
    path = written(tmp_path, "my-rule", "bucket", "gcp")
    assert [str(one) for one in linter.look(path)] == []
    assert set(load(path).header.not_on) == {"aws", "alibaba"}
    assert all(one.difference is None for one in run_cases(load(path), path.with_suffix(".yaml")))


def test_every_resource_is_a_table_that_rules_may_read() -> None:
    assert {one.table for one in RESOURCES.values()} <= set(DIMENSIONS)


@pytest.mark.parametrize(
    ("rule_id", "resource", "clouds", "words"),
    [
        ("Idle Queue", "volume", (), "'Idle Queue' is no id of a rule: write idle-queue."),
        ("../../etc", "volume", (), "'../../etc' is no id of a rule: write etc."),
        ("idle-instance", "volume", (), "exists already, among ours"),
        ("my-rule", "disk", (), "There is no resource 'disk'; there are instance, volume"),
        ("my-rule", "volume", ("azure",), "There is no cloud 'azure'; there are aws, alibaba, gcp."),
    ],
)
def test_what_cannot_be_a_rule_is_refused_with_what_can(
    rule_id: str, resource: str, clouds: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        scaffold(rule_id, tmp_path, resource, clouds)
    assert words in str(caught.value)


@pytest.mark.parametrize("ending", ["sql", "yaml"])
def test_a_file_that_is_there_is_not_overwritten(ending: str, tmp_path: Path) -> None:
    (tmp_path / f"my-rule.{ending}").write_text("mine")
    with pytest.raises(UsageError, match=rf"my-rule\.{ending} is there already, and is not overwritten"):
        scaffold("my-rule", tmp_path, "volume", ())
