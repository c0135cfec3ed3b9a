"""Anomalies, the forecast of the month, budgets, and what the tests of the data say."""

from finops.model import AuditReport
from reports import control as controlling
from reports import trust as trusting
from reports.html.sections.table import Table
from reports.language import t, tn

_MOST = 100


def alarm_table(report: AuditReport) -> Table | None:
    """Costs and figures that left their limits."""
    told = controlling.control(report)
    if not told or not told.alarms:
        return None
    alarms = [(one.what, one.days, one.message, one.id) for one in told.alarms[:_MOST]]
    header = (t("What"), t("When"), t("What happened"), t("Id"))
    return Table(t("Costs and figures out of control"), header, alarms, [], frozenset())


def outlook_tables(report: AuditReport) -> list[Table]:
    """The forecast of the month and budgets, each where there is something to tell."""
    months = [
        (one.who, one.spent, one.through, one.forecast, one.band)
        for one in controlling.months_told(controlling.forecasts(report))
    ]
    budgets = [controlling.budget_told(one) for one in controlling.budgets(report)]
    header = (
        t("Of whom"), t("Spent"), t("Settled through"), t("Forecast"), t("Four of five months end between"),
    )  # fmt: skip
    tables = [
        Table(t(controlling.FORECAST), header, months, [], frozenset({1, 3, 4})),
        Table(t(controlling.BUDGETS), (t("Budget"), t("State"), t("Why")), budgets, [], frozenset()),
    ]
    return [one for one in tables if one.rows]


def doubt_table(report: AuditReport) -> Table | None:
    """The tests of the data that failed, errors first."""
    told = trusting.trust(report)
    if not told or not told.doubts:
        return None
    rows: list[tuple[str, ...]] = [
        (
            t("error") if one.grave else t("warning"),
            one.test,
            one.subject,
            one.message,
            one.since,
        )
        for one in told.doubts[:_MOST]
    ]
    rest = len(told.doubts) - _MOST
    if rest > 0:
        rows.append(("", tn("{n} more", "{n} more", rest), "", t("see finops status"), ""))
    header = (t("How grave"), t("Test"), t("Of what"), t("What it found"), t("Failing"))
    return Table(t("Tests of the data that failed"), header, rows, [], frozenset())
