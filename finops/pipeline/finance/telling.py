"""Puts together what a report says of spending; what the warehouse cannot tell is left out."""

from contextlib import suppress
from datetime import datetime

import duckdb

from finops.config import Settings
from finops.errors import UsageError
from finops.finance_model import Change, Changes, Finance, Saved
from finops.model import AuditReport
from finops.pipeline.costing import Question, answer
from finops.pipeline.costing.bills import months, period
from finops.pipeline.costing.question import begun_before
from finops.pipeline.finance.months import bridges, spending
from finops.pipeline.finance.provenance import provenance
from finops.pipeline.finance.rates import commitments, expiries
from finops.pipeline.finance.trend import trends
from finops.pipeline.finance.tying import tied_out, unit_costs


def with_finance(con: duckdb.DuckDBPyConnection, report: AuditReport, settings: Settings) -> AuditReport:
    """The report of a stored audit with what bills and history say beside it, on an open warehouse.

    It is of the audit's instant: of a month in which bills go further only what began before it is told.
    Forecasts and budgets are those of its night, where it has one.
    """
    from finops.pipeline.watching import budgets_told, forecasts_told

    at, night = report.as_of, report.night
    forecasts = night.forecasts if night else forecasts_told(con, settings, at)
    budgets = night.budgets if night else budgets_told(con, settings, at)
    month, until = newest_month(con, at)
    told = Finance(
        month=f"{month:%Y-%m}" if month else None,
        previous_month=None,
        forecasts=forecasts,
        budgets=budgets,
        saved=_saved(con),
        changes=_changes(con, report.run_id),
        expiries=expiries(con, at),
    )
    question = Question(month=month, until=until)
    by_service = answer(con, question) if month else None
    told = told.model_copy(
        update={"provenance": provenance(con, report, settings, by_service.bills if by_service else [])}
    )
    if by_service and month:
        told = told.model_copy(
            update={
                "previous_month": by_service.previous_month,
                "trends": trends(con, settings, at),
                "bridges": bridges(con, month, until, at),
                "spend": spending(con, report, question, by_service, settings.anomalies.team_tag),
                "commitments": commitments(con, month, until),
                "unit_costs": unit_costs(con, settings, month, until),
                "tie_out": tied_out(con, month, by_service, until),
                "notes": by_service.notes,
            }
        )
    return report.model_copy(update={"finance": told})


def newest_month(con: duckdb.DuckDBPyConnection, at: datetime) -> tuple[datetime | None, datetime | None]:
    """The newest month in which something began before `at`, and `at` where its bills go further; None where no bill
    is loaded."""
    for month in reversed([month for month in months(con, Question()) if month <= at]):
        during, begun = period(month), begun_before(at)
        row = con.execute(
            f"SELECT count(*) FILTER ({begun.sql}), count(*) FROM charges WHERE {during.sql}",  # noqa: S608
            begun.values,
        ).fetchone()
        if row and row[0]:
            return month, at if row[0] < row[1] else None
    return None, None


def _saved(con: duckdb.DuckDBPyConnection) -> list[Saved]:
    from finops.history.funnel import savings

    with suppress(UsageError):  # no audit was stored that wrote history
        found = savings(con)
        return [Saved(currency=code, funnel=one) for code, one in found.currencies.items() if code]
    return []


def _changes(con: duckdb.DuckDBPyConnection, run_id: str) -> Changes | None:
    """What differs from the audit before; None where this one is not the newest whole audit, or there is
    none of an earlier instant."""
    from finops.pipeline.comparing import compare

    with suppress(UsageError):
        found = compare(con, [])
        if found.after.run_id != run_id or found.before.as_of >= found.after.as_of:
            return None
        ids = {
            kind: [one.id for one in found.lines if one.kind == kind]
            for kind in ("new", "reopened", "changed")
        }
        return Changes(
            before_as_of=found.before.as_of,
            **ids,
            gone=sum(one.kind == "gone" for one in found.lines),
            not_compared=found.not_compared,
            totals=[
                Change(currency=code, net_before=one.net_before, net_after=one.net_after)
                for code, one in found.totals.items()
                if code
            ],
        )
    return None
