"""A night as a machine: steps in order, what fails, what is skipped, what a retry does, what a kill leaves."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from finops.config import Settings
from finops.errors import (
    BusyError,
    CredentialsError,
    FinopsError,
    GateError,
    IncompleteError,
    InputError,
    StaleError,
    UsageError,
    WarehouseError,
)
from finops.nightly_settings import NightlySettings, Target
from finops.pipeline.nightly import night, retry, run_night
from finops.pipeline.nightly.journal import journal_of, kept
from finops.pipeline.nightly.plan import planned
from finops.pipeline.nightly.steps import STEPS, Context, Done, Step, open_
from finops.warehouse import nights, reading, writing

AT = datetime(2026, 11, 1, 5, 10)
SPAWN = multiprocessing.get_context("spawn")
Run = Callable[[Context, str | None], Done]


class Clock:
    """A second later whenever it is looked at."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "w.duckdb"


class Played:
    """Steps that do what a test says, in the places of the real ones, and what was done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **does: Exception | Done | Run) -> None:
        self.does = does
        self.done: list[str] = []
        steps = (
            Step("open", open_),
            Step("collect", self.run("collect"), lambda settings: settings.nightly.clouds),
            Step("test", self.run("test")),
            Step("audit", self.run("audit")),
            Step("report", self.run("report"), after=("audit",)),
            Step("deliver", self.run("deliver"), lambda _: ("mail", "chat")),
        )
        monkeypatch.setattr(night, "STEPS", steps)

    def run(self, name: str) -> Run:
        def step(context: Context, part: str | None) -> Done:
            key = f"{name}_{part}" if part else name
            self.done.append(key)
            said = self.does.get(key, Done(f"{key} is done.", rows=1))
            if isinstance(said, BaseException):
                raise said
            return said(context, part) if callable(said) else said

        return step


SETTINGS = Settings(nightly=NightlySettings(clouds=["aws", "gcp"]))
ALL = ["collect_aws", "collect_gcp", "test", "audit", "report", "deliver_mail", "deliver_chat"]


def go(db: Path, settings: Settings = SETTINGS, **options: Any) -> night.NightDone:
    return run_night(db, settings, as_of=AT, clock=Clock(), say=lambda _: None, **options)


def again(db: Path) -> night.NightDone | None:
    return retry(db, SETTINGS, clock=Clock(), say=lambda _: None)


def rows(db: Path, sql: str) -> list[tuple[Any, ...]]:
    with reading(db) as con:
        return con.execute(sql).fetchall()


def statuses(db: Path) -> dict[str, str]:
    last = "(SELECT run_id FROM runs WHERE command IN ('nightly', 'retry') ORDER BY started_at DESC, rowid DESC LIMIT 1)"
    found = rows(db, f"SELECT step, part, status FROM run_steps WHERE run_id = {last} ORDER BY position")
    return {f"{step}_{part}" if part else step: status for step, part, status in found}


def test_all_steps_are_done_in_order_and_recorded_with_times_rows_and_status(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(monkeypatch)
    done = go(db)
    assert played.done == ALL
    assert done.problem is None
    assert statuses(db) == dict.fromkeys(["open", *ALL], "done")
    assert rows(db, "SELECT count(*), bool_and(finished_at > started_at), sum(rows) FROM run_steps") == [
        (8, True, 7)
    ]
    told = rows(db, "SELECT command, status, parent, as_of FROM runs ORDER BY started_at, rowid")
    assert ("nightly", "done", None, AT) in told
    assert {parent for command, _, parent, _ in told if command != "nightly"} == {done.run_id}


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (IncompleteError("denied"), 3, "failed"),
        (InputError("no bill"), 3, "failed"),
        (BusyError("somebody writes"), 3, "failed"),
        (CredentialsError("expired"), 3, "failed"),  # one cloud of two
        (ZeroDivisionError("a bug"), 70, "failed"),
    ],
)
def test_a_cloud_that_fails_does_not_stop_what_can_do_without_it(
    db: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, status: str
) -> None:
    played = Played(monkeypatch, collect_aws=error)
    done = go(db)
    assert played.done == ALL
    assert done.problem is not None
    assert done.problem.exit_code == code
    assert statuses(db)["collect_aws"] == status
    assert rows(db, "SELECT status, error FROM runs WHERE command = 'nightly'") == [
        ("incomplete", done.entries[1].message)
    ]


def test_credentials_that_the_only_cloud_refuses_are_the_end_of_the_night(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Played(monkeypatch, collect_aws=CredentialsError("expired"))
    done = go(db, Settings(nightly=NightlySettings(clouds=["aws"])))
    assert done.problem is not None
    assert done.problem.exit_code == 4


def test_credentials_that_every_cloud_refuses_are_the_end_of_the_night_too(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Played(monkeypatch, collect_aws=CredentialsError("expired"), collect_gcp=CredentialsError("expired"))
    done = go(db)
    assert done.problem is not None
    assert done.problem.exit_code == 4


def test_without_an_audit_there_is_no_report_but_everybody_is_told(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(monkeypatch, audit=UsageError("no data"))
    done = go(db)
    assert "report" not in played.done
    assert played.done[-2:] == ["deliver_mail", "deliver_chat"]
    assert statuses(db)["report"] == "skipped"
    assert rows(db, "SELECT status FROM runs WHERE command = 'nightly'") == [("failed",)]
    assert done.problem is not None


def test_of_several_things_wrong_the_strongest_is_the_exit_code(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong: dict[str, FinopsError] = {
        "collect_aws": IncompleteError("denied"),
        "test": StaleError("old"),
        "audit": GateError("met"),
    }
    Played(monkeypatch, **{name: Done("wrong", "incomplete", error=error) for name, error in wrong.items()})
    done = go(db)
    assert done.problem is wrong["collect_aws"]
    assert done.errors == list(wrong.values())


def test_a_warehouse_that_cannot_be_opened_ends_the_night_before_anything_is_asked(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.write_bytes(b"no database")
    played = Played(monkeypatch)
    done = go(db)
    assert isinstance(done.problem, WarehouseError)
    assert done.problem.exit_code == 2
    assert [one for one in played.done if not one.startswith("deliver")] == []
    assert db.read_bytes() == b"no database"


def test_a_night_with_nothing_to_do_is_refused(db: Path) -> None:
    with pytest.raises(UsageError, match=r"name clouds or bills under \[nightly\]"):
        go(db, Settings())


def test_a_night_that_cannot_be_recorded_is_done_all_the_same_and_closed_by_the_next(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(monkeypatch)

    def busy(*_: object) -> None:
        raise BusyError("somebody writes")

    with monkeypatch.context() as patch:
        patch.setattr(night, "close", busy)
        first = go(db)
    assert played.done == ALL
    assert str(first.problem) == "The night is done but not recorded: somebody writes"
    go(db)
    found = rows(db, f"SELECT count(*) FROM run_steps WHERE run_id = '{first.run_id}' AND status = 'done'")
    assert found == [(8,)]


# --- again ------------------------------------------------------------------------------------------------


def test_a_retry_does_what_failed_and_all_that_comes_after_it(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(monkeypatch, collect_gcp=IncompleteError("down"))
    first = go(db)
    played.does, played.done = {}, []
    done = again(db)
    assert played.done == [name for name in ALL if name != "collect_aws"]
    assert done is not None
    assert done.problem is None
    assert rows(db, "SELECT parent, status FROM runs WHERE command = 'retry'") == [(first.run_id, "done")]


def test_a_retry_of_one_message_sends_that_one_only(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, deliver_chat=IncompleteError("refused"))
    go(db)
    played.does, played.done = {}, []
    again(db)
    assert played.done == ["deliver_chat"]


def test_after_a_night_that_was_done_there_is_nothing_to_retry(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Played(monkeypatch)
    go(db)
    assert again(db) is None


def test_a_retry_that_fails_can_be_retried(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, collect_gcp=IncompleteError("down"))
    go(db)
    again(db)
    played.does, played.done = {}, []
    done = again(db)
    assert done is not None
    assert played.done[0] == "collect_gcp"
    assert again(db) is None


def test_without_a_night_there_is_nothing_to_continue(db: Path) -> None:
    with pytest.raises(UsageError, match="There is no night to continue"):
        again(db)


# --- two at once ------------------------------------------------------------------------------------------


def test_a_second_night_is_told_whose_the_first_is(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Played(monkeypatch)
    with (
        nights.night(db, "f1a57e11", "nightly", AT, 0),
        pytest.raises(BusyError, match=rf"Run f1a57e11 \(finops nightly, process {os.getpid()} on "),
    ):
        go(db)


def test_a_second_night_may_wait_for_the_first(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Played(monkeypatch)
    ready = SPAWN.Event()
    other = SPAWN.Process(target=hold, args=(db, ready, 1.0))
    other.start()
    assert ready.wait(20)
    assert go(db, wait_seconds=20).problem is None
    other.join()


def hold(db: Path, ready: Event, seconds: float) -> None:
    with nights.night(db, "f1a57e11", "nightly", AT, 0):
        ready.set()
        time.sleep(seconds)


def test_another_command_between_two_steps_leaves_the_night_running(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def between(context: Context, _: str | None) -> Done:
        with writing(db, "ingest", at=AT) as writer:
            seen.extend(
                writer.con.execute("SELECT status FROM runs WHERE run_id = ?", [context.run_id]).fetchall()
            )
        return Done("")

    Played(monkeypatch, audit=between)
    go(db)
    assert seen == [("running",)]


# --- killed -----------------------------------------------------------------------------------------------


def slow_night(db: Path, ready: Event) -> None:
    with pytest.MonkeyPatch.context() as patch:

        def slow(context: Context, part: str | None) -> Done:
            ready.set()
            time.sleep(60)
            return Done("")

        Played(patch, collect_gcp=slow)
        go(db)


def killed_night(db: Path) -> str:
    ready = SPAWN.Event()
    process = SPAWN.Process(target=slow_night, args=(db, ready))
    process.start()
    assert ready.wait(30)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    left = kept(db)
    assert left
    return left.run_id


def test_a_night_that_was_killed_is_closed_by_the_next_with_the_steps_it_came_to(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = killed_night(db)
    Played(monkeypatch)
    done = go(db)
    assert done.entries[0].message == f"Night {run} was closed as aborted: its process ended before it did."
    assert rows(db, f"SELECT status, error FROM runs WHERE run_id = '{run}'") == [
        ("aborted", "the process ended before the step did")
    ]
    found = rows(db, f"SELECT step, part, status FROM run_steps WHERE run_id = '{run}' ORDER BY position")
    assert found == [("open", None, "done"), ("collect", "aws", "done"), ("collect", "gcp", "aborted")]


def test_a_retry_after_a_kill_goes_on_where_it_was_killed(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_night(db)
    played = Played(monkeypatch)
    done = again(db)
    assert done is not None
    assert played.done == [name for name in ALL if name != "collect_aws"]
    assert again(db) is None


def test_a_line_of_the_journal_that_broke_off_costs_only_itself(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Played(monkeypatch)
    go(db)
    path = journal_of(db)
    lines = path.read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines[1:3]] == ["open", "open"]
    path.write_text("\n".join([*lines[:4], lines[4][:20]]))
    found = kept(db)
    assert found
    assert [(one.step, one.part, one.status) for one in found.entries] == [
        ("open", None, "done"),
        ("collect", "aws", "running"),
    ]


def test_the_plan_of_a_night_has_words_for_every_step(db: Path) -> None:
    nightly = NightlySettings(clouds=["demo"], bills=["b"], copy_of=None)
    target = Target(name="chat", to="env:CHAT")
    told = planned(db, Settings(nightly=nightly, deliver=[target]))
    assert {row["step"] for row in told} == {step.name for step in STEPS} - {"copy"}
    told = planned(db, Settings(nightly=NightlySettings(copy_of=Path("other.duckdb"))))
    assert told[0] == {"step": "copy", "part": "", "what": "copy other.duckdb"}


def test_a_night_that_is_stopped_does_not_wait_for_somebody_who_writes(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FileLock(f"{db.resolve()}.lock")

    def stopped(_: Context, __: str | None) -> Done:
        other.acquire()
        raise KeyboardInterrupt

    Played(monkeypatch, audit=stopped)
    monkeypatch.setattr("finops.pipeline.nightly.record._WHEN_STOPPED", 0.2)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        go(db)
    assert time.monotonic() - began < 5
    other.release()
    Played(monkeypatch)
    go(db)
    assert rows(db, "SELECT status FROM runs WHERE command = 'nightly' ORDER BY started_at") == [
        ("aborted",),
        ("done",),
    ]
