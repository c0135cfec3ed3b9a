"""finops tests: what is printed where, and which exit code comes with it."""

import importlib
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from finops.warehouse import reading, writing

Command = Callable[..., tuple[int, str, str]]
AT = datetime(2026, 11, 1)


@pytest.fixture
def finops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in an empty folder, in this process; the exit code, stdout and stderr."""
    main = importlib.import_module("finops.cli.main")
    monkeypatch.chdir(tmp_path)

    def finops(*arguments: str) -> tuple[int, str, str]:
        code = main._guarded(list(arguments), False)
        said = capsys.readouterr()
        return code, said.out, said.err

    return finops


def two_of(machine: str) -> None:
    with writing(Path("finops.duckdb"), "load", at=AT) as writer:
        for _ in range(2):
            writer.con.execute(
                "INSERT INTO instances (cloud, account_id, region, instance_id, state) "
                "VALUES ('aws', '1', 'r', ?, 'running')",
                [machine],
            )


def test_a_failed_error_is_exit_code_5_and_is_kept(finops: Command) -> None:
    two_of("i-1")
    code, said, err = finops("tests", "run", "--test", "keys", "--as-of", "2026-11-01")
    assert code == 5
    assert said.splitlines()[0] == "verdict\tseverity\ttest\tsubject\tmessage"
    assert said.splitlines()[1].startswith("failed\terror\tkeys\tinstances\t1 of 2 rows")
    assert "0 passed, 1 failed" in err
    with reading(Path("finops.duckdb")) as con:
        assert con.execute("SELECT test, status FROM data_tests").fetchall() == [("keys", "failed")]


def test_json_is_whole_and_a_busy_warehouse_is_only_read(finops: Command) -> None:
    two_of("i-1")
    with writing(Path("finops.duckdb"), "somebody else", at=AT):
        code, said, err = finops("tests", "run", "--test", "keys", "-f", "json")
    assert code == 5
    assert [one["status"] for one in json.loads(said)] == ["failed"]
    assert "The results are not kept" in err
    with reading(Path("finops.duckdb")) as con:
        assert con.execute("SELECT count(*) FROM data_tests").fetchone() == (0,)


def test_the_list_shows_the_limits_of_the_configuration(finops: Command) -> None:
    Path("finops.toml").write_text(
        "[tests.freshness.parameters]\nwarn_after = 48\n[tests.keys]\nenabled = false\n"
    )
    code, said, _ = finops("tests", "list")
    assert code == 0
    lines = {line.split("\t")[0]: line for line in said.splitlines()}
    assert "warn_after 48" in lines["freshness"]
    assert "\toff\t" in lines["keys"]
    assert len(lines) == 18


def test_a_broken_file_is_told_at_its_line(finops: Command) -> None:
    code, text, _ = finops("tests", "show", "keys")
    assert code == 0
    Path("mine").mkdir()
    Path("mine/my-keys.sql").write_text(
        text.replace("id: keys", "id: my-keys").replace("FROM key_counts", "FROM key_count")
    )
    code, _, err = finops("tests", "check", "mine")
    assert code == 2
    line = text.splitlines().index("FROM key_counts") + 1
    assert f"mine/my-keys.sql:{line}:6: error: there is no table key_count (did you mean key_counts?)" in err
    assert finops("tests", "check", "keys") == (0, "ok      keys\n", "")


@pytest.mark.parametrize(
    "arguments", [("show", "nothing"), ("run", "--test", "nothing"), ("check", "nothing")]
)
def test_a_test_that_there_is_none_of(arguments: tuple[str, ...], finops: Command) -> None:
    two_of("i-1")
    code, _, err = finops("tests", *arguments)
    assert code == 2
    assert "nothing" in err
