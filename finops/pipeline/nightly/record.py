"""The journal of a night in the warehouse, and the night in the report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from finops.model import AuditReport
from finops.night_model import Night, NightStep
from finops.pipeline.nightly.journal import Entry, Kept
from finops.pipeline.nightly.steps import PATIENCE, Context
from finops.warehouse import writing


@dataclass(frozen=True, slots=True)
class Leftover:
    """A night that was killed before it could close itself."""

    journal: Kept

    @property
    def told(self) -> str:
        return f"Night {self.journal.run_id} was closed as aborted: its process ended before it did."

    def into(self, con: duckdb.DuckDBPyConnection) -> None:
        """Brings its steps into the warehouse and closes it."""
        keep(con, self.journal.run_id, self.journal.entries)
        con.execute(
            "UPDATE runs SET status = 'aborted', finished_at = coalesce(finished_at, $2), "
            "error = 'the process ended before the run did' WHERE run_id = $1",
            [self.journal.run_id, max((one.started_at for one in self.journal.entries), default=None)],
        )


def bring_in(context: Context) -> Leftover | None:
    """The last night, where it was killed."""
    left = context.left
    if left is None or not any(one.status == "aborted" for one in left.entries):
        return None
    return Leftover(left)


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


def close(context: Context, entries: Sequence[Entry], status: str) -> None:
    """Brings the night into the warehouse, its errors in one sentence."""
    from finops.pipeline.nightly.journal import kept

    told = [one.message for one in entries if one.status in ("failed", "incomplete") and one.message]
    journal = kept(context.db)
    limits = context.settings.limits()
    with writing(
        context.db, "nightly close", at=context.clock(), wait_seconds=PATIENCE, limits=limits
    ) as writer:
        keep(writer.con, context.run_id, journal.aborted().entries if journal else entries)
        writer.con.execute(
            "UPDATE runs SET status = ?, finished_at = ?, error = ? WHERE run_id = ?",
            [status, context.clock(), " ".join(told) or None, context.run_id],
        )


def with_night(con: duckdb.DuckDBPyConnection, context: Context) -> AuditReport:
    """The report of the night's audit, with what the night itself has to say."""
    from finops.pipeline.nightly.journal import kept
    from finops.pipeline.record import last_audit

    found, journal = last_audit(con), kept(context.db)
    steps = [
        NightStep(
            step=one.step,
            part=one.part,
            status=one.status,  # type: ignore[arg-type]
            started_at=one.started_at,
            finished_at=one.finished_at,
            rows=one.rows,
            calls=one.calls,
            message=one.message,
        )
        for one in (journal.entries if journal else ())
    ]
    night = Night(
        run_id=context.run_id,
        command=context.command,
        started_at=context.started_at,
        steps=steps,
        **_told(con, context),
    )
    return found.model_copy(update={"night": night})


def _told(con: duckdb.DuckDBPyConnection, context: Context) -> dict[str, list[object]]:
    """What each part of the night has for the report, by the name it has there."""
    from finops.pipeline.restating import provisional, restatements
    from finops.pipeline.testing import tests_told
    from finops.pipeline.watching import anomalies_told, budgets_told, forecasts_told

    at, settings = context.as_of, context.settings
    return {
        "data_tests": list(tests_told(con)),
        "restatements": list(restatements(con, at)),
        "provisional": list(provisional(con, at)),
        "anomalies": list(anomalies_told(con, at)),
        "forecasts": list(forecasts_told(con, settings, at)),
        "budgets": list(budgets_told(con, settings, at)),
    }
