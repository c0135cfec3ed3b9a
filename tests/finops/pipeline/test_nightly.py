"""A night as a machine: steps in order, what fails, what is skipped, what a retry does, what a kill leaves."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock

from finops import stopping
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
from finops.pipeline.nightly.context import Context, Done, Step
from finops.pipeline.nightly.incoming import open_, sentences
from finops.pipeline.nightly.journal import Journal, journal_of, kept, night_so_far
from finops.pipeline.nightly.outgoing import publish
from finops.pipeline.nightly.plan import planned
from finops.pipeline.nightly.steps import STEPS
from finops.stopping import Stopped
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


# --- signals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("swallowed", [RuntimeError("Query interrupted"), IncompleteError("x"), Done("done")])
def test_a_signal_that_a_step_swallows_ends_the_night_all_the_same(
    db: Path, monkeypatch: pytest.MonkeyPatch, swallowed: Exception | Done
) -> None:
    def told(_: Context, __: str | None) -> Done:
        monkeypatch.setattr(stopping, "_first", signal.SIGTERM)
        if isinstance(swallowed, Exception):
            raise swallowed
        return swallowed

    played = Played(monkeypatch, collect_aws=told)
    with pytest.raises(Stopped):
        go(db)
    assert played.done == ["collect_aws"]
    assert rows(db, "SELECT status FROM runs WHERE command = 'nightly'") == [("aborted",)]


def test_a_night_that_is_stopped_before_it_is_among_the_runs_is_recorded(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(_: Context, __: str | None) -> Done:
        raise Stopped

    Played(monkeypatch)
    monkeypatch.setattr(night, "STEPS", (Step("open", stopped),))
    with pytest.raises(Stopped):
        go(db)
    assert rows(db, "SELECT command, status FROM runs WHERE command = 'nightly'") == [("nightly", "aborted")]
    assert statuses(db) == {"open": "aborted"}


def test_two_nights_that_were_killed_are_both_closed_by_the_third(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = killed_night(db)
    with monkeypatch.context() as patch:  # the second one before it could close the first
        patch.setattr(night, "STEPS", ())
        patch.setattr(night, "close", lambda *_: None)
        patch.setattr(Journal, "close", lambda _: None)
        second = go(db).run_id
    Played(monkeypatch)
    done = go(db)
    assert f"Night {first} was closed" in str(done.entries[0].message)
    assert f"Night {second} was closed" in str(done.entries[0].message)
    found = rows(db, f"SELECT count(*) FROM run_steps WHERE run_id = '{first}'")
    assert found == [(3,)]
    assert not list(db.parent.glob("*.killed.*"))


def test_a_retry_that_waited_for_another_does_not_do_again_what_that_one_did(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_night(db)
    played = Played(monkeypatch)
    alone = night._alone

    @contextmanager
    def after_another(context: Context, wait_seconds: float) -> Iterator[None]:
        monkeypatch.setattr(night, "_alone", alone)
        go(db)  # while this one waits
        with alone(context, wait_seconds):
            yield

    monkeypatch.setattr(night, "_alone", after_another)
    assert again(db) is None
    assert played.done == ALL


def test_a_warehouse_under_another_name_is_the_same_night(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Played(monkeypatch, audit=IncompleteError("x"))
    go(db)
    other = db.parent / "below" / "link.duckdb"
    other.parent.mkdir()
    other.symlink_to(db)
    assert night_so_far(other)
    assert again(other) is not None


# --- what the steps tell ----------------------------------------------------------------------------------


def test_a_gate_that_is_met_in_an_incomplete_night_is_told_too(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Done(
        "1 finding. The gate x was met.", error=IncompleteError("unread"), also=GateError("The gate x.")
    )
    Played(monkeypatch, audit=said)
    done = go(db)
    assert isinstance(done.problem, IncompleteError)
    assert [str(one) for one in done.errors] == ["unread", "The gate x."]


def test_a_message_that_fails_is_among_what_the_run_says_of_itself(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Played(monkeypatch, deliver_mail=IncompleteError("The target mail could not be told."))
    go(db)
    assert rows(db, "SELECT status, error FROM runs WHERE command = 'nightly'") == [
        ("incomplete", "The target mail could not be told.")
    ]


def test_lines_of_an_ingest_are_sentences_and_the_first_of_many() -> None:
    assert sentences("a.csv: loaded 2 rows\n  USD: billed 1\nOctober changed.\n") == (
        "a.csv: loaded 2 rows. USD: billed 1. October changed."
    )
    assert sentences("\n".join(["x"] * 25)).endswith("x. And 5 more.")


def test_the_lake_is_brought_up_to_date_also_where_the_files_tell_the_same(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry after a night whose files were published and whose lake could not be written."""
    mended: list[Path] = []

    def export(_: Path, lake: str, **__: object) -> SimpleNamespace:
        if not mended:
            mended.append(db)
            raise UsageError("The lake cannot be written.")
        return SimpleNamespace(told="1 partition\n2 files")

    monkeypatch.setattr("finops.lake.export", export)
    folder = db.parent / "out"
    settings = Settings(lake=str(db.parent / "lake"), nightly=NightlySettings(folder=folder))
    context = Context("r", "nightly", db, settings, AT, AT, Clock(), lambda _: None)
    context.staged.mkdir(parents=True)
    (context.staged / "finops-report.json").write_text("{}")
    context.files = [context.staged / "finops-report.json"]
    with pytest.raises(UsageError, match="lake"):
        publish(context, None)
    assert (
        publish(context, None).message
        == f"The files in {folder} tell the same already. 1 partition. 2 files."
    )


# --- journals that something happened to ------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{}\n", '{"step": "open"}\n', "[]\n", "no json\n", "\x00\x00"])
def test_a_journal_that_cannot_be_read_is_none_and_the_next_night_goes_on(
    db: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    Played(monkeypatch)
    journal_of(db.resolve()).write_text(text)
    with pytest.raises(UsageError, match="There is no night to continue"):
        again(db)
    assert go(db).problem is None


def test_a_night_that_was_killed_when_all_of_it_was_recorded_stays_as_it_was_recorded(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Played(monkeypatch, collect_aws=IncompleteError("denied"))
    first = go(db).run_id
    path = journal_of(db.resolve())
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "closed" not in line))
    Played(monkeypatch)
    go(db)
    assert rows(db, f"SELECT status, error FROM runs WHERE run_id = '{first}'") == [("incomplete", "denied")]
