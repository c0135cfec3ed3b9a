"""The journal of a night in the warehouse, and the night in the report."""

from collections.abc import Iterable

import duckdb

from finops import __version__
from finops.pipeline.nightly.context import PATIENCE, Context
from finops.pipeline.nightly.journal import ENDED, Entry, Kept, kept
from finops.warehouse import writing

_WHEN_STOPPED = 3  # seconds: a signal is to end a night within twenty


def bring_in(con: duckdb.DuckDBPyConnection, left: Kept) -> None:
    """Closes a night that was killed before it could close itself, with the steps it came to."""
    last = max((one.started_at for one in left.entries), default=left.started_at)
    con.execute(
        "INSERT INTO runs (run_id, command, started_at, as_of, status, tool) SELECT $1, $2, $3, $4, 'aborted', $5 "
        "WHERE $1 NOT IN (SELECT run_id FROM runs)",
        [left.run_id, left.command, left.started_at, left.as_of, __version__],
    )
    con.execute(
        "UPDATE runs SET status = 'aborted', finished_at = $2, error = $3 "
        "WHERE run_id = $1 AND status IN ('running', 'aborted')",  # it may have been killed with all of it recorded
        [left.run_id, last, ENDED],
    )
    keep(con, left.run_id, left.entries)


def add_run(con: duckdb.DuckDBPyConnection, context: Context) -> None:
    """The night among the runs, where it is not there yet."""
    con.execute(
        "INSERT INTO runs (run_id, command, started_at, as_of, status, tool, parent) "
        "SELECT $1, $2, $3, $4, 'running', $5, $6 WHERE $1 NOT IN (SELECT run_id FROM runs)",
        [
            context.run_id,
            context.command,
            context.started_at,
            context.as_of,
            __version__,
            context.continues,
        ],
    )


def keep(con: duckdb.DuckDBPyConnection, run_id: str, entries: Iterable[Entry]) -> None:
    """Writes the steps of a night in place of those that are there of it."""
    con.execute("DELETE FROM run_steps WHERE run_id = ?", [run_id])
    rows = [
        [
            run_id,
            number,
            one.step,
            one.part,
            one.status,
            one.started_at,
            one.finished_at,
            one.rows,
            one.calls,
            one.message,
        ]
        for number, one in enumerate(entries, 1)
    ]
    if rows:
        con.executemany("INSERT INTO run_steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def close(context: Context, status: str) -> None:
    """Brings the night into the warehouse, its errors in one sentence.

    Raises BusyError where somebody else writes for long; one that was stopped does not wait for that.
    """
    journal = kept(context.db)
    entries = journal.aborted().entries if journal else ()
    told = [one.message for one in entries if one.status in ("failed", "incomplete") and one.message]
    limits, patience = context.settings.limits(), _WHEN_STOPPED if status == "aborted" else PATIENCE
    with writing(
        context.db, "nightly close", at=context.clock(), wait_seconds=patience, limits=limits
    ) as writer:
        keep(writer.con, context.run_id, entries)
        add_run(writer.con, context)  # one that was stopped before it was there
        writer.con.execute(
            "UPDATE runs SET status = ?, finished_at = ?, error = ? WHERE run_id = ?",
            [status, context.clock(), " ".join(told) or None, context.run_id],
        )


def resume(context: Context) -> None:
    """Takes the report of the night that is continued, where only what comes after it is done again."""
    from finops.pipeline.nightly.telling import with_its_night
    from finops.pipeline.record import audit_of
    from finops.warehouse import reading

    if not context.staged.is_dir() or not context.db.exists():
        return
    context.files = sorted(path for path in context.staged.iterdir() if path.is_file())
    with reading(context.db, context.settings.limits()) as con:
        context.report = with_its_night(con, audit_of(con, context.continues), context.settings)
