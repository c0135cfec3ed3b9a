"""finops deliver and what a night says of itself: to whom, what and when, as text and as lines of JSON."""

import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from finops import logs
from finops.pipeline.nightly.journal import Journal
from finops.pipeline.nightly.plan import planned
from finops.pipeline.nightly.steps import STEPS
from finops.pipeline.record import record
from finops.warehouse import reading, writing
from tests.finops.pipeline.delivery.nights import AT, DONE
from tests.reports import build
from tests.servers.listeners import Ear, listener

FILE = """\
db = "w.duckdb"
[nightly]
clouds = ["aws", "gcp"]
bills = ["s3://bills/exports"]
formats = ["json", "csv"]
[backup]
folder = "backups"
[heartbeat]
url = "env:BEAT"
[[deliver]]
name = "hook"
to = "env:HOOK"
retries = 0
[[deliver]]
name = "shelf"
to = "out/{date}"
when = "trouble"
redact = true
[[deliver]]
name = "lost"
to = "env:NOT_SET"
retries = 0
"""
Finops = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    with listener() as open_:
        yield open_


@pytest.fixture
def finops(
    tmp_path: Path, ear: Ear, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Finops:
    """Runs a command beside a warehouse with one audit of one night; the exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOK", f"json://127.0.0.1:{ear.port}/hooks/t0ken")
    monkeypatch.setattr(logs, "_form", "text")
    ear.heard.clear()
    ear.status = 200
    (tmp_path / "finops.toml").write_text(FILE)
    with writing(tmp_path / "w.duckdb", "audit", at=AT, run_id="8f3c21d0") as writer:
        record(writer, build.report([build.finding(1, "250.00", status="new", first_seen=build.AS_OF)]))
    journal = Journal(tmp_path / "w.duckdb", "0a1b2c3d", "nightly", AT, AT)
    for entry in DONE:
        journal.end(entry)
    main = importlib.import_module("finops.cli.main")

    def finops(*arguments: str) -> tuple[int, str, str]:
        return main._guarded(list(arguments), False), *capsys.readouterr()

    return finops


def deliveries() -> list[tuple[Any, ...]]:
    with reading(Path("w.duckdb")) as con:
        return con.execute("SELECT target, status, run_id FROM deliveries ORDER BY rowid").fetchall()


def test_a_dry_run_shows_what_each_target_would_get_and_sends_nothing(finops: Finops, ear: Ear) -> None:
    code, text, _ = finops("deliver", "--dry-run", "--format", "json")
    hook, shelf, lost = json.loads(text)
    assert code == 0
    assert (hook["to"], hook["at_night"]) == ("the address of env:HOOK", "sent: there is news")
    assert (hook["subject"], hook["files"]) == ("finops: 1 new finding, $250 a month", "")
    assert (shelf["to"], shelf["at_night"]) == ("out/{date}", "not sent: nothing went wrong")
    assert "finops-report.json (" in shelf["files"]
    assert "bytes)" in shelf["files"]
    assert "123456789012" not in shelf["text"]
    assert lost["to"] == "the address of env:NOT_SET"
    assert "t0ken" not in text
    assert not ear.heard
    assert not Path("out").exists()
    assert deliveries() == []


def test_the_last_night_is_told_again_to_whom_it_is_asked_for(finops: Finops, ear: Ear) -> None:
    for _ in range(2):
        code, text, _ = finops("deliver", "--to", "hook", "--to", "shelf")
        assert code == 0
        assert "JSON: finops: 1 new finding, $250 a month." in text
    assert len(ear.heard) == 2
    assert Path("out/2026-11-20/finops-report.json").is_file()
    assert deliveries() == [("hook", "done", "0a1b2c3d"), ("shelf", "done", "0a1b2c3d")] * 2


def test_targets_that_cannot_be_told_end_with_3_and_the_others_are_told(finops: Finops, ear: Ear) -> None:
    code, text, error = finops("deliver")
    assert code == 3
    assert "The target lost could not be told: deliver.lost.to: the variable NOT_SET is not set" in text
    assert error == "finops: 1 of 3 targets could not be told: lost.\n"
    assert len(ear.heard) == 1
    assert [status for _, status, _ in deliveries()] == ["done", "done", "failed"]


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (200, 0, "JSON: finops: a test."),
        (500, 3, "finops: The target hook could not be told: JSON did not take it"),
    ],
)
def test_a_target_is_tested_with_a_few_words(
    finops: Finops, ear: Ear, status: int, code: int, words: str
) -> None:
    ear.status = status
    done, text, error = finops("deliver", "--test", "hook")
    assert done == code
    assert words in text + error
    assert "t0ken" not in text + error
    assert "A test of the target hook" in ear.heard[0][2]
    assert deliveries() == []


def test_a_target_that_there_is_not_is_named_with_those_there_are(finops: Finops) -> None:
    code, _, error = finops("deliver", "--to", "hoook")
    assert (code, error) == (2, "finops: finops.toml has no target hoook; there are hook, shelf, lost.\n")
    Path("finops.toml").write_text("")
    assert finops("deliver")[2].startswith("finops: finops.toml names nobody to tell")


def test_the_dry_run_of_a_night_names_every_step_and_part_and_does_nothing(finops: Finops) -> None:
    Path("w.duckdb").unlink()
    code, text, _ = finops("nightly", "--dry-run", "--format", "json")
    rows = {(row["step"], row["part"]): row["what"] for row in json.loads(text)}
    assert code == 0
    assert {step.name for step in STEPS} - {"copy"} == {step for step, _ in rows} - {"heartbeat"}
    assert rows["open", ""] == "make w.duckdb"
    assert rows["collect", "gcp"] == "collect what is older than 20h"
    assert rows["ingest", "s3://bills/exports"] == "load what has changed"
    assert (
        rows["deliver", "hook"]
        == "when there is news to the address of env:HOOK, with the HTML report where it is mail"
    )
    assert rows["deliver", "shelf"] == "when something went wrong to out/{date}, with json, csv, redacted"
    assert rows["tidy", ""] == "back up to backups and remove what is too old"
    assert rows["heartbeat", ""] == "tell the URL of env:BEAT"
    assert not Path("w.duckdb").exists()


def test_every_step_there_is_can_be_planned() -> None:
    from finops.config import Settings

    settings = Settings.model_validate({"nightly": {"copy_of": "other.duckdb"}})
    assert {row["step"] for row in planned(Path("w.duckdb"), settings)} >= {
        step.name for step in STEPS if step.parts(settings)
    }


def test_words_of_a_run_are_lines_of_json_for_a_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logs, "_form", "json")
    with logs.about(run_id="0a1b2c3d"), logs.about(step="collect", part="aws", event="begin"):
        logs.write("collect aws …")
    logs.write("It\nfailed.", level="error", before="finops: ")
    begin, end = map(json.loads, capsys.readouterr().err.splitlines())
    assert begin["time"].endswith("Z")
    assert {name: begin[name] for name in ("level", "event", "run_id", "step", "part", "message")} == {
        "level": "info", "event": "begin", "run_id": "0a1b2c3d", "step": "collect", "part": "aws",
        "message": "collect aws …",
    }  # fmt: skip
    assert (end["level"], end["event"], end["message"]) == ("error", "note", "It\nfailed.")


def test_a_retry_without_a_night_says_so_in_the_form_that_was_asked_for(finops: Finops) -> None:
    Path("w.duckdb.nightly.jsonl").unlink()
    told = "There is no night to continue on w.duckdb: run finops nightly first."
    assert finops("retry", "--log-format", "text")[2] == f"finops: {told}\n"
    line = json.loads(finops("retry")[2])  # stderr is no terminal here
    assert (line["level"], line["message"]) == ("error", told)
