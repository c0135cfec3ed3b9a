"""What the pipeline measures of itself, night by night, so that a sudden change is noticed.

figure         subject                        value
rows           cloud/account/region/dataset   rows of a scope that was collected
calls          cloud/account                  API calls made for it
seconds        a command of the night         how long it took
charges        cloud/billing account          charge lines of a week that is over by three days
billed_cost    the same and its currency      their BilledCost
findings       all, or a rule                 findings of the audit
not_evaluated  all                            what it could not judge
evaluated      all                            share of the cost that it judged
net_savings    a currency                     what its findings add up to, a month
"""

import json
from collections import Counter
from datetime import datetime, timedelta

import duckdb

from finops.model import AuditReport

# Charges of a week, so that weekdays do not matter, and late by so much that most providers are through with it.
_WEEK, _LATE = timedelta(days=7), timedelta(days=3)

_OF_THIS_NIGHT = "run_id IN (SELECT run_id FROM runs WHERE parent = $night)"
_COLLECTED = f"""
SELECT $night, $at, 'rows', concat_ws('/', cloud, account_id, region, dataset), rows FROM coverage
WHERE {_OF_THIS_NIGHT} AND dataset <> 'charges' AND status = 'complete' AND (rows > 0 OR EXISTS (
    SELECT 1 FROM figures AS earlier WHERE earlier.figure = 'rows' AND earlier.subject =
        concat_ws('/', coverage.cloud, coverage.account_id, coverage.region, coverage.dataset)))
UNION ALL
SELECT $night, $at, 'calls', concat_ws('/', cloud, account_id), sum(calls) FROM coverage
WHERE {_OF_THIS_NIGHT} AND dataset <> 'charges' GROUP BY cloud, account_id
"""  # noqa: S608 - put together from constants
_CHARGED = """
SELECT $night, $at, 'charges', concat_ws('/', x_Cloud, BillingAccountId), count(*) FROM charges
WHERE x_CostBasis <> 'total' AND ChargePeriodStart >= $start AND ChargePeriodStart < $end GROUP BY ALL
UNION ALL
SELECT $night, $at, 'billed_cost', concat_ws('/', x_Cloud, BillingAccountId, BillingCurrency), sum(BilledCost)
FROM charges
WHERE x_CostBasis <> 'total' AND ChargePeriodStart >= $start AND ChargePeriodStart < $end GROUP BY ALL
HAVING sum(BilledCost) IS NOT NULL
"""
_SECONDS = """
SELECT $night, $at, 'seconds', command, sum(date_diff('millisecond', started_at, finished_at)) / 1000.0 FROM runs
WHERE parent = $night AND finished_at IS NOT NULL AND command NOT LIKE 'nightly %' GROUP BY command
"""


def note_collection(con: duckdb.DuckDBPyConnection, night: str, *, at: datetime) -> None:
    """Keeps the figures of what a night collected and loaded."""
    _note(con, night, ("rows", "calls"), _COLLECTED, {"night": night, "at": at})
    end = at.replace(hour=0, minute=0, second=0, microsecond=0) - _LATE
    values = {"night": night, "at": at, "start": end - _WEEK, "end": end}
    _note(con, night, ("charges", "billed_cost"), _CHARGED, values)


def note_seconds(con: duckdb.DuckDBPyConnection, night: str, *, at: datetime) -> None:
    """Keeps how long the commands of a night took that are over."""
    _note(con, night, ("seconds",), _SECONDS, {"night": night, "at": at})


def note_audit(con: duckdb.DuckDBPyConnection, night: str, report: AuditReport, *, at: datetime) -> None:
    """Keeps the figures of a night's audit, which is recorded already. A rule that ran and found nothing found 0."""
    found = Counter(finding.rule for finding in report.findings)
    ran = con.execute("SELECT rules FROM audits WHERE run_id = ?", [report.run_id]).fetchone()
    rules = sorted({*found, *(json.loads(ran[0]) if ran else ())})
    rows: list[tuple[str, str, float]] = [("findings", rule, found[rule]) for rule in rules]
    rows.append(("findings", "all", len(report.findings)))
    rows.append(("not_evaluated", "all", len(report.not_evaluated)))
    if report.totals.evaluated_cost_share is not None:
        rows.append(("evaluated", "all", float(report.totals.evaluated_cost_share)))
    for currency, totals in sorted(report.totals_by_currency.items()):
        if totals.net_monthly_savings is not None:
            rows.append(("net_savings", currency, float(totals.net_monthly_savings)))
    _forget(con, night, ("findings", "not_evaluated", "evaluated", "net_savings"))
    con.executemany("INSERT INTO figures VALUES (?, ?, ?, ?, ?)", [[night, at, *row] for row in rows])


def _note(
    con: duckdb.DuckDBPyConnection, night: str, figures: tuple[str, ...], sql: str, values: dict[str, object]
) -> None:
    _forget(con, night, figures)
    con.execute(f"INSERT INTO figures {sql}", values)


def _forget(con: duckdb.DuckDBPyConnection, night: str, figures: tuple[str, ...]) -> None:
    """A step that is done again measures anew."""
    con.execute("DELETE FROM figures WHERE run_id = ? AND list_contains(?, figure)", [night, list(figures)])
