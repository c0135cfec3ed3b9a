"""The steps that bring data in."""

from collections.abc import Callable

from finops.errors import IncompleteError
from finops.instants import parse_duration
from finops.pipeline.nightly.context import PATIENCE, Context, Done

_LINES = 20  # of what an ingest says; a folder may hold hundreds of files


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
    from finops.pipeline.nightly.journal import forget_killed, killed
    from finops.pipeline.nightly.record import add_run, bring_in
    from finops.warehouse import writing

    left, limits = killed(context.db), context.settings.limits()
    with writing(
        context.db, "nightly open", at=context.clock(), wait_seconds=PATIENCE, limits=limits
    ) as writer:
        add_run(writer.con, context)
        for one in left:
            bring_in(writer.con, one)
    forget_killed(context.db, left)
    told = (f"Night {one.run_id} was closed as aborted: its process ended before it did." for one in left)
    return Done(" ".join(told) or "Nothing was left open.")


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
    return Done(sentences(done.text))


def sentences(text: str) -> str:
    """Lines, as a person reads them one below the other, in one line."""
    lines = [" ".join(line.split()).rstrip(".") for line in text.splitlines() if line.strip()]
    more = f" And {len(lines) - _LINES:,} more." if len(lines) > _LINES else ""
    return " ".join(f"{line}." for line in lines[:_LINES]) + more
