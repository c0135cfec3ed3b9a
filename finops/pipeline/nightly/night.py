"""One step after the other, under a lock; what fails does not stop what can do without it."""

import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from finops import logs, stopping
from finops.config import Settings
from finops.errors import BusyError, CredentialsError, FinopsError, IncompleteError, UsageError
from finops.masking import masked
from finops.pipeline.nightly.context import Context, Done, Step
from finops.pipeline.nightly.journal import Entry, Journal, Kept, kept
from finops.pipeline.nightly.made import made_otherwise
from finops.pipeline.nightly.record import close, resume
from finops.pipeline.nightly.steps import STEPS
from finops.warehouse import nights
from finops.warehouse.writing import new_run_id

# If several apply, the first of these is the night's.
_STRONGEST = (70, 4, 3, 5, 1)
_TAKEN_BACK = ("failed", "incomplete", "aborted", "running")


@dataclass(slots=True)
class NightDone:
    """A night at its end: its steps, and the errors that decide its exit code."""

    run_id: str
    entries: list[Entry] = field(default_factory=list)
    errors: list[FinopsError] = field(default_factory=list)

    @property
    def problem(self) -> FinopsError | None:
        """The error the command ends with."""
        ranked = sorted(self._errors(), key=lambda one: _rank(one.exit_code))
        return ranked[0] if ranked else None

    def _errors(self) -> list[FinopsError]:
        """Credentials that are refused are the end of a night only where nothing at all could be had."""
        sources = [one.status for one in self.entries if one.step in ("collect", "ingest")]
        if all(status == "failed" for status in sources):
            return self.errors
        return [
            IncompleteError(str(one)) if isinstance(one, CredentialsError) else one for one in self.errors
        ]

    @property
    def status(self) -> str:
        """How the run is recorded."""
        if any(one.status == "failed" for one in self.entries if one.step in ("open", "audit")):
            return "failed"
        return "incomplete" if any(one.status in _TAKEN_BACK for one in self.entries) else "done"


def _rank(code: int) -> int:
    return _STRONGEST.index(code) if code in _STRONGEST else 2  # bad input is a part that is missing


def run_night(
    db: Path,
    settings: Settings,
    *,
    as_of: datetime,
    clock: Callable[[], datetime],
    say: Callable[[str], None],
    wait_seconds: float = 0,
) -> NightDone:
    """A whole night on the warehouse at `db`.

    `as_of` is the instant the data speak about, `clock` tells the time. Raises BusyError when another night is under
    way for longer than `wait_seconds`, UsageError when there is nothing to do.
    """
    nightly = settings.nightly
    if not (nightly.clouds or nightly.bills or nightly.copy_of or db.exists()):
        raise UsageError(
            'A night has nothing to do: name clouds or bills under [nightly] in finops.toml, as in clouds = ["aws"].'
        )
    every = {(step.name, part) for step in STEPS for part in step.parts(settings)}
    run_id, began = new_run_id(), clock()
    context = Context(run_id, "nightly", db.resolve(), settings, began, as_of, clock, say)
    with _alone(context, wait_seconds):
        return _run(context, every)


def retry(
    db: Path,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    say: Callable[[str], None],
    wait_seconds: float = 0,
) -> NightDone | None:
    """The parts of the last night that were not done, and all that comes after them; None where all were.

    Raises UsageError when there was no night, BusyError as run_night() does.
    """
    named, db, run_id, began = db, db.resolve(), new_run_id(), clock()
    context = Context(run_id, "retry", db, settings, began, began, clock, say)
    if kept(db) is None:
        raise UsageError(f"There is no night to continue on {named}: run finops nightly first.")
    with _alone(context, wait_seconds):
        last = kept(db)  # only now: the one that was waited for may have done it
        again = _not_done(last.aborted(), settings) if last else set()
        if last and again and made_otherwise(context.staged, settings):
            again = _not_done(last.aborted(), settings, anew="report")
        if last is None or not again:
            return None
        fixed = last.as_of != last.started_at  # by --as-of
        context.as_of = last.as_of if fixed else began
        return _run(context, again, last)


def _not_done(last: Kept, settings: Settings, anew: str = "") -> set[tuple[str, str | None]]:
    """Steps and parts to do again. What judges and tells follows whenever something before it is done anew.

    The step `anew` is done again although it was done.
    """
    again: set[tuple[str, str | None]] = set()
    for step in STEPS:
        for part in step.parts(settings):
            source = step.name in ("copy", "collect", "ingest")
            if (step.name, part) not in last.done or step.name == anew or (again and not source):
                again.add((step.name, part))
    return again


@contextmanager
def _alone(context: Context, wait_seconds: float) -> Iterator[None]:
    """No other night is under way on the warehouse, and every line of the log says which one this is."""
    at = context.started_at
    with (
        nights.night(context.db, context.run_id, context.command, at, wait_seconds),
        logs.about(run_id=context.run_id),
    ):
        yield


def _run(context: Context, wanted: set[tuple[str, str | None]], continues: Kept | None = None) -> NightDone:
    from finops.pipeline.delivering import Heart

    context.continues = continues.run_id if continues else None
    night, heart = NightDone(context.run_id), Heart(context.settings, context.say)
    if ("report", None) not in wanted:
        resume(context)
    before = continues.done - wanted if continues else frozenset()
    journal = Journal(context.db, context.run_id, context.command, context.started_at, context.as_of, before)
    try:
        heart.start()
        for step in STEPS:
            for part in step.parts(context.settings):
                if (step.name, part) in wanted or step.name == "open":
                    _do(step, part, context, night, journal)
    except BaseException:
        heart.fail("stopped", night)
        with suppress(BusyError):  # then the next night closes it
            close(context, "aborted")
            journal.close()
        raise
    try:
        close(context, night.status)
        journal.close()
    except FinopsError as error:  # the next night closes it
        night.errors.append(IncompleteError(f"The night is done but not recorded: {error}"))
    heart.end(night)
    return night


def _do(step: Step, part: str | None, context: Context, night: NightDone, journal: Journal) -> None:
    """One step or part: what it raises is its result, but for a signal, which ends the night."""
    stopping.check()  # the step before may have swallowed one
    began = context.clock()
    journal.begin(step.name, part, began)
    with logs.about(step=step.name, part=part):
        with logs.about(event="begin"):
            context.say(f"{step.name}{f' {part}' if part else ''} …")
        missing = _missing(step, night.entries)
        done = Done(f"{missing} was not done.", "skipped") if missing else _guarded(step, part, context)
    done = replace(done, message=masked(done.message))
    night.errors += [error for error in (done.error, done.also) if error]
    entry = Entry(
        step.name, part, done.status, began, context.clock(), done.rows, done.calls, done.message,
        done.error.exit_code if done.error else 0,
    )  # fmt: skip
    journal.end(entry)
    night.entries.append(entry)
    with logs.about(step=step.name, part=part, event="end", status=done.status):
        context.say(f"{step.name}{f' {part}' if part else ''}: {done.status}. {done.message}")


def _missing(step: Step, entries: Iterable[Entry]) -> str | None:
    """What must be done before a step and was not."""
    bad = {one.step for one in entries if one.status in ("failed", "skipped", "aborted")}
    needed = ("open",) if step.name not in ("copy", "open", "deliver") else ()
    return next((name for name in (*needed, *step.after) if name in bad), None)


def _guarded(step: Step, part: str | None, context: Context) -> Done:
    try:
        return step.run(context, part)
    except FinopsError as error:
        stopping.check()
        whole = error.exit_code in _STRONGEST or step.name in (
            "copy",
            "open",
        )  # without which there is no night
        return Done(str(error), "failed", error=error if whole else IncompleteError(str(error)))
    except Exception as error:  # noqa: BLE001 - a bug in one step must not cost the rest of the night
        stopping.check()  # DuckDB makes an error of a signal
        context.say("".join(traceback.format_exception(error)))
        told = f"A bug stopped this step ({type(error).__name__}: {error})."
        return Done(told, "failed", error=FinopsError(told))
