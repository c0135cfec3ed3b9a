"""The steps of a night: each calls what a command does and tells in one sentence what came of it."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from finops.config import Settings
from finops.errors import FinopsError, GateError, IncompleteError, StaleError
from finops.instants import parse_duration
from finops.model import AuditReport

if TYPE_CHECKING:
    from finops.pipeline.testing.header import Stage

PATIENCE = 600  # seconds that a step waits for somebody else who writes


@dataclass(slots=True)
class Context:
    """The night so far. `as_of` is the instant the data speak about, `clock` tells the time."""

    run_id: str
    command: str
    db: Path
    settings: Settings
    started_at: datetime
    as_of: datetime
    clock: Callable[[], datetime]
    say: Callable[[str], None]
    dry_run: bool = False
    report: AuditReport | None = None
    continues: str | None = None  # the night that a retry goes on with
    files: list[Path] = field(default_factory=list)

    @property
    def staged(self) -> Path:
        """Where the report is made before it is published."""
        return self.db.with_name(self.db.name + ".nightly") / "report"


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a step. `error` decides the exit code of the night."""

    message: str
    status: str = "done"
    rows: int | None = None
    calls: int | None = None
    error: FinopsError | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its parts (one without a name where it has one), what it does, what must be done before it can."""

    name: str
    run: Callable[[Context, str | None], Done]
    parts: Callable[[Settings], Sequence[str | None]] = lambda _: (None,)
    after: tuple[str, ...] = ()


# --- data in ----------------------------------------------------------------------------------------------


def copy(context: Context, _: str | None) -> Done:
    """Takes the state of another warehouse in place of this one's."""
    from finops.warehouse.copying import copy_published

    source = context.settings.nightly.copy_of
    assert source is not None  # noqa: S101 - the step has a part only then
    size = copy_published(
        source, context.db, at=context.clock(), wait_seconds=PATIENCE, limits=context.settings.limits()
    )
    return Done(f"{source} was copied: {size:,} bytes.")


def open_(context: Context, _: str | None) -> Done:
    """Migrates the warehouse, and closes a night that was killed."""
    from finops import __version__
    from finops.pipeline.nightly.journal import forget_killed, killed
    from finops.pipeline.nightly.record import bring_in
    from finops.warehouse import writing

    left, limits = killed(context.db), context.settings.limits()
    with writing(
        context.db, "nightly open", at=context.clock(), wait_seconds=PATIENCE, limits=limits
    ) as writer:
        writer.con.execute(
            "INSERT INTO runs (run_id, command, started_at, as_of, status, tool, parent) "
            "VALUES (?, ?, ?, ?, 'running', ?, ?)",
            [
                context.run_id,
                context.command,
                context.started_at,
                context.as_of,
                __version__,
                context.continues,
            ],
        )
        if left:
            bring_in(writer.con, left)
    forget_killed(context.db)
    return Done(
        f"Night {left.run_id} was closed as aborted: its process ended before it did."
        if left
        else "Nothing was left open."
    )


def collect(context: Context, cloud: str | None) -> Done:
    """Brings one cloud up to date; what is young enough is left alone."""
    from finops.pipeline.clouds import Asking, asked_of_each
    from finops.pipeline.collecting import collect as bring

    assert cloud is not None  # noqa: S101 - a part of this step is a cloud
    if cloud == "demo":
        return _demo(context)
    asked = asked_of_each([cloud], context.settings, Asking())[cloud]
    done = bring(
        cloud,
        context.db,
        context.settings,
        asked,
        at=context.as_of,
        clock=context.clock(),
        progress=_Words(context.say),
        max_age=parse_duration(context.settings.nightly.max_age),
        wait_seconds=PATIENCE,
    )
    if not done.statuses and not done.bill:
        return Done("Everything is young enough.", rows=0, calls=0)
    told = f"{done.rows:,} rows of {len(done.statuses):,} scopes." + (f" {done.bill}" if done.bill else "")
    if done.problem:
        return Done(str(done.problem), "incomplete", done.rows, done.calls, done.problem)
    return Done(told, rows=done.rows, calls=done.calls)


def _demo(context: Context) -> Done:
    from collectors import sample
    from collectors.bills import ingest
    from finops.warehouse import reading, writing

    limits = context.settings.limits()
    with reading(context.db, limits) as con:
        if con.execute(
            "SELECT 1 FROM runs WHERE command = 'demo' AND status = 'done' AND as_of = ?", [sample.AS_OF]
        ).fetchone():
            return Done("Everything is young enough.", rows=0, calls=0)
    bills = context.staged.parent / "demo-bills"
    bills.mkdir(parents=True, exist_ok=True)
    with writing(context.db, "demo", at=context.clock(), wait_seconds=PATIENCE, limits=limits) as writer:
        sample.load_inventory(writer)
        done = ingest(writer, sample.write_bills(bills), at=sample.AS_OF)
        writer.as_of = sample.AS_OF
    return Done("The sample estate was loaded.", rows=sum(one.rows for one in done.files))


class _Words:
    """Progress of a collection as words."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say

    def begin(self, scopes: int) -> None:
        self.say(f"{scopes} scopes to collect.")

    def scope(self, scope: object, status: str) -> None:
        if status != "complete":
            self.say(f"{scope}: {status}.")


def ingest(context: Context, address: str | None) -> Done:
    """Loads the bills at one address, where they have changed."""
    from finops.pipeline.loading import ingest_files

    assert address is not None  # noqa: S101 - a part of this step is an address
    done = ingest_files(
        context.db,
        [address],
        context.settings,
        at=context.clock(),
        wait_seconds=PATIENCE,
        progress=context.say,
    )
    if done.rejected:
        why = f"{done.rejected:,} rows of {address} could not be read; finops status tells which."
        return Done(why, "incomplete", error=IncompleteError(why))
    return Done(" ".join(done.text.split()))


# --- judging ----------------------------------------------------------------------------------------------


def test(context: Context, _: str | None) -> Done:
    """Tests the data that came in; a failed test of severity error makes the night end with 5."""
    from finops.pipeline.testing import COLLECTED

    return _tested(context, COLLECTED, "test")


def verify(context: Context, _: str | None) -> Done:
    """Tests what was made of the data, and the pipeline itself, in the same way."""
    from finops.pipeline.testing import MADE

    return _tested(context, MADE, "verify")


def _tested(context: Context, stages: "tuple[Stage, ...]", command: str) -> Done:
    from finops.pipeline.testing import run_tests, told_in_short

    results = run_tests(
        context.db,
        context.settings,
        stages,
        as_of=_data_instant(context),
        clock=context.clock(),
        run_started=context.started_at,
        command=command,
        night=context.run_id,
        wait_seconds=PATIENCE,
    )
    told = told_in_short(results)
    if any(one.status == "failed" and one.severity == "error" for one in results):
        return Done(told, "failed", len(results), error=StaleError(told))
    return Done(told, rows=len(results))


def _data_instant(context: Context) -> datetime:
    """What the data are to be as young as: the sample estate is of an instant of its own."""
    if context.settings.nightly.clouds == ["demo"]:
        from collectors import sample

        return sample.AS_OF
    return context.as_of


def audit(context: Context, _: str | None) -> Done:
    """Runs the rules and keeps the audit."""
    from finops.history.observing import Observed
    from finops.pipeline.audit import audit as judge
    from finops.pipeline.audit import incomplete
    from finops.pipeline.filters import Filters
    from finops.pipeline.inputs import folder_of, keep
    from finops.pipeline.record import record
    from finops.pipeline.testing.figures import note_audit
    from finops.warehouse import reading, writing
    from finops.warehouse.writing import new_run_id

    run_id, observed, limits = new_run_id(), Observed(), context.settings.limits()
    with reading(context.db, limits) as con:
        found = judge(con, context.settings, run_id=run_id, observed=observed)
        keep(con, folder_of(context.db), found, context.settings, Filters())
    with writing(
        context.db, "audit", at=context.clock(), wait_seconds=PATIENCE, limits=limits, run_id=run_id
    ) as writer:
        record(writer, found, observed)
        note_audit(writer.con, context.run_id, found, at=_data_instant(context))
    context.report = found
    totals = found.totals
    return Done(
        f"{totals.findings:,} findings; {totals.not_evaluated:,} not evaluated.",
        rows=totals.findings,
        error=incomplete(found) or _gates(context, found),
    )


def _gates(context: Context, found: AuditReport) -> FinopsError | None:
    from finops.pipeline.gates import parse_gates

    met = [gate.text for gate in parse_gates(context.settings.nightly.fail_on) if gate.met(found)]
    return GateError(f"The gate {' and '.join(met)} was met.") if met else None


def detect(context: Context, _: str | None) -> Done:
    """Looks for costs and figures that left their limits."""
    from finops.pipeline.watching import watch
    from finops.warehouse import writing

    limits = context.settings.limits()
    with writing(context.db, "detect", at=context.clock(), wait_seconds=PATIENCE, limits=limits) as writer:
        found = watch(writer, context.settings, at=context.as_of)
    if not found:
        return Done("Every cost and figure is within its limits, or has too short a history.", rows=0)
    return Done(
        found[0].message + (f" And {len(found) - 1:,} more." if len(found) > 1 else ""), rows=len(found)
    )


# --- the result out ---------------------------------------------------------------------------------------


def report(context: Context, _: str | None) -> Done:
    """Makes the report files beside the warehouse."""
    from finops.pipeline.nightly.telling import with_night
    from finops.pipeline.reporting import write_reports
    from finops.warehouse import reading

    nightly = context.settings.nightly
    with reading(context.db, context.settings.limits()) as con:
        found = with_night(con, context)
    context.report = found
    shutil.rmtree(context.staged, ignore_errors=True)
    context.files = write_reports(
        found,
        context.staged,
        list(nightly.formats),
        redact=nightly.redact,
        key=context.settings.redaction(),
    )
    return Done(f"{len(context.files)} files.", rows=len(context.files))


def publish(context: Context, _: str | None) -> Done:
    """Puts the files where readers find them, each whole or not at all, and brings the lake up to date.

    Files that tell the same as those that are there stay as they are.
    """
    from finops.pipeline.files import make_folder, write_whole
    from finops.pipeline.nightly.telling import fingerprint

    folder, told = context.settings.nightly.folder, context.staged.parent / "published"
    make_folder(folder)
    content = f"{fingerprint(context.report)} {folder.resolve()}" if context.report else ""
    names = [folder / path.name for path in context.files]
    if told.exists() and told.read_text() == content and all(path.exists() for path in names):
        said = f"The files in {folder} tell the same already."
    else:
        for path in context.files:
            write_whole(folder / path.name, path.read_bytes())
        told.write_text(content)
        said = f"{len(context.files)} files in {folder}."
    return Done(f"{said}{_update_lake(context)}")


def _update_lake(context: Context) -> str:
    """Brings the lake up to date, whatever the report tells: only what has changed is written."""
    lake, clock = context.settings.lake, context.clock()
    if lake is None:
        return ""
    from finops.lake import export

    done = export(context.db, lake, at=clock, limits=context.settings.limits(), progress=context.say)
    return f" {' '.join(done.told.split())}"


def deliver(context: Context, name: str | None) -> Done:
    """Tells one target, unless it was told the same before."""
    from finops.pipeline.delivering import deliver_to

    target = next(one for one in context.settings.deliver if one.name == name)
    return deliver_to(context, target)


def tidy(context: Context, _: str | None) -> Done:
    """Backs the warehouse up, verifies the backup, and removes what is too old."""
    from finops.pipeline.tidying import tidy as do

    return do(context)


STEPS = (
    Step("copy", copy, lambda settings: (None,) if settings.nightly.copy_of else ()),
    Step("open", open_),
    Step("collect", collect, lambda settings: () if settings.nightly.copy_of else settings.nightly.clouds),
    Step("ingest", ingest, lambda settings: () if settings.nightly.copy_of else settings.nightly.bills),
    Step("test", test),
    Step("audit", audit),
    Step("detect", detect),
    Step("verify", verify, after=("audit",)),
    Step("report", report, after=("audit",)),
    Step("publish", publish, after=("report",)),
    Step("deliver", deliver, lambda settings: tuple(one.name for one in settings.deliver)),
    Step("tidy", tidy),
)
