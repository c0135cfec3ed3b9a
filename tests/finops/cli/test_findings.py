"""finops findings: what is recorded with a decision, what the list tells, and what a slip changes."""

import importlib
import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from finops.warehouse import writing
from tests.finops.history.world import START, World, idle

Command = Callable[..., tuple[int, str, str]]
ONE, TWO = idle("i-1"), idle("i-2")
LATE = datetime(2027, 6, 1)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse whose history knows two findings."""
    path = tmp_path_factory.mktemp("audited") / "finops.duckdb"
    with writing(path, "audit", at=START) as writer:
        world = World(writer.con)
        world.collect(0)
        world.audit(0, ONE, TWO)
    return path


@pytest.fixture
def finops(
    audited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs a command on a copy of it, in this process, half a year later."""
    main = importlib.import_module("finops.cli.main")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("finops.instants.now", lambda: LATE)
    shutil.copyfile(audited, "finops.duckdb")

    def finops(*arguments: str) -> tuple[int, str, str]:
        code = main._guarded(["findings", *arguments], False)
        said = capsys.readouterr()
        return code, said.out, said.err

    return finops


def listed(finops: Command) -> dict[str, tuple[str | None, str | None, str | None]]:
    told = json.loads(finops("list", "--format", "json")[1])
    return {one["id"]: (one["decision"], one["owner"], one["due"]) for one in told}


def test_a_due_date_is_recorded_with_each_verb_listed_beside_the_owner_and_stays(finops: Command) -> None:
    assert finops("agree", ONE.id, "--owner", "Ann", "--due", "2027-07-01")[0] == 0
    assert finops("reject", TWO.id, "--due", "2027-08-01")[0] == 0
    assert listed(finops) == {
        ONE.id: ("agreed", "Ann", "2027-07-01"),
        TWO.id: ("rejected", None, "2027-08-01"),
    }
    header, *lines = finops("list")[1].splitlines()
    columns = header.split("\t")
    assert columns[columns.index("owner") + 1] == "due"
    assert {line.split("\t")[columns.index("due")] for line in lines} == {"2027-07-01", "2027-08-01"}
    assert finops("done", ONE.id)[0] == 0
    assert listed(finops)[ONE.id] == ("done", "Ann", "2027-07-01")
    told = finops("list", "--format", "markdown")[1]
    assert "| done (Ann, due 2027-07-01) |" in told
    assert "| rejected (due 2027-08-01) |" in told


def test_a_due_date_that_has_passed_is_taken_because_people_record_late(finops: Command) -> None:
    assert finops("agree", ONE.id, "--due", "2026-12-01")[0] == 0
    assert listed(finops)[ONE.id] == ("agreed", None, "2026-12-01")


@pytest.mark.parametrize(
    "due", ["tomorrow", "2027-02-30", "2027-7-1", "20270701", "2027-07-01T08:00", "0027-07-01", ""]
)
def test_a_due_date_that_is_none_is_told_in_a_sentence_and_nothing_is_recorded(
    finops: Command, due: str
) -> None:
    before = Path("finops.duckdb").read_bytes()
    for verb in ("agree", "reject", "done"):
        code, said, err = finops(verb, ONE.id, "--due", due)
        assert (code, said, err.count("\n")) == (2, "", 1)
        assert f"--due {due!r} is no day: write one like 2026-12-01." in err
    assert Path("finops.duckdb").read_bytes() == before
