"""The night in the report: what its steps came to, and what each of them has for a reader."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

import duckdb

from finops.config import Settings
from finops.model import AuditReport
from finops.night_model import Night, NightStep
from finops.pipeline.nightly.context import Context
from finops.pipeline.nightly.journal import Entry, kept
from finops.pipeline.record import audit_of


def with_night(con: duckdb.DuckDBPyConnection, context: Context) -> AuditReport:
    """The report of the night's audit, with what the night itself has to say so far."""
    journal = kept(context.db)
    entries = journal.entries if journal and journal.run_id == context.run_id else ()
    return _together(
        con,
        audit_of(con, context.run_id, context.continues),
        context.settings,
        context.run_id,
        context.command,
        context.started_at,
        entries,
        context.as_of,
    )


def with_its_night(con: duckdb.DuckDBPyConnection, found: AuditReport, settings: Settings) -> AuditReport:
    """A stored audit whole: with what bills say, and with the night that it was a part of, if there is one."""
    from finops.pipeline.finance import with_finance

    row = con.execute(
        "SELECT n.run_id, n.command, n.started_at, n.as_of FROM runs AS a JOIN runs AS n ON n.run_id = a.parent "
        "WHERE a.run_id = ?",
        [found.run_id],
    ).fetchone()
    if row is None:
        return with_finance(con, found, settings)
    names = ("step", "part", "status", "started_at", "finished_at", "rows", "calls", "message")
    steps = con.execute(
        f"SELECT {', '.join(names)} FROM run_steps WHERE run_id = ? ORDER BY position",  # noqa: S608 - constants
        [row[0]],
    ).fetchall()
    entries = [Entry(**dict(zip(names, one, strict=True))) for one in steps]
    run_id, command, started_at, at = row
    return _together(con, found, settings, run_id, command, started_at, entries, at or found.as_of)


def _together(
    con: duckdb.DuckDBPyConnection,
    found: AuditReport,
    settings: Settings,
    run_id: str,
    command: str,
    started_at: datetime,
    entries: Iterable[Entry],
    at: datetime,
) -> AuditReport:
    from finops.pipeline.finance import with_finance
    from finops.pipeline.restating import provisional, restatements
    from finops.pipeline.testing import tests_told
    from finops.pipeline.watching import anomalies_told, budgets_told, forecasts_told

    night = Night(
        run_id=run_id,
        command=command,
        started_at=started_at,
        steps=[_step(one) for one in entries],
        data_tests=tests_told(con),
        restatements=restatements(con, at),
        provisional=provisional(con, at),
        anomalies=anomalies_told(con, at),
        forecasts=forecasts_told(con, settings, at),
        budgets=budgets_told(con, settings, at),
    )
    return with_finance(con, found.model_copy(update={"night": night}), settings)


def _step(one: Entry) -> NightStep:
    return NightStep.model_validate(
        {
            "step": one.step,
            "part": one.part,
            "status": one.status,
            "started_at": one.started_at,
            "finished_at": one.finished_at,
            "rows": one.rows,
            "calls": one.calls,
            "message": one.message,
        }
    )


def fingerprint(report: AuditReport) -> str:
    """What a report tells, whenever and by whichever run: two nights on the same data have the same one."""
    told = json.loads(report.to_json())
    night = told.get("night")
    if night:
        for name in ("run_id", "command", "started_at"):
            del night[name]
        night["steps"] = [
            [one["step"], one["part"], one["status"], one["message"]]
            for one in night["steps"]
            if one["status"] not in ("done", "running")
        ]
        night["data_tests"] = [
            [one["test"], one["subject"], one["severity"]]
            for one in night["data_tests"]
            if one["status"] == "failed"
        ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
