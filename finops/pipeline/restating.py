"""What providers changed in bills they had sent before, and which days they may still change.

A day is settled when its bill goes so far beyond it that nothing more is expected (finops/bill_ends.sql). What a day
that was settled costs more or less than before is a restatement; that a provisional day grows is not, nor is a month
that was not known at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb

from finops.money import cents
from finops.night_model import Provisional, Restatement

# Until when a bill that has come to its end is looked at again: the window of the collectors.
_WATCHED = timedelta(days=40)
_NOW = datetime(9999, 12, 31)  # noqa: DTZ001 - naive UTC, as everywhere in the warehouse
_NAMED = 3  # restatements that a collection tells in full
_TITLES = {"aws": "AWS", "alibaba": "Alibaba Cloud", "gcp": "Google Cloud"}

_TOLD_BETWEEN = "FROM bill_days WHERE told_at > $before AND told_at <= $after"
_DAY = "source, provider, cloud, billing_account_id, account_id, billing_period_start, day, currency"
# Only months that something was told of are compared, day by day, whatever the source.
# Days with a change of less than half a cent did not change: their sums may have been rounded anew.
_CHANGED = f"""
WITH told AS (
    SELECT * FROM bill_days
    SEMI JOIN (SELECT cloud, billing_account_id, billing_period_start {_TOLD_BETWEEN})
        USING (cloud, billing_account_id, billing_period_start)
), newest AS (
    SELECT *, $before AS instant FROM told WHERE told_at <= $before
    QUALIFY row_number() OVER (PARTITION BY {_DAY} ORDER BY told_at DESC) = 1
    UNION ALL
    SELECT *, $after AS instant FROM told WHERE told_at <= $after
    QUALIFY row_number() OVER (PARTITION BY {_DAY} ORDER BY told_at DESC) = 1
), known AS (
    SELECT DISTINCT cloud, billing_account_id, billing_period_start FROM newest WHERE instant = $before AND rows > 0
), ends AS (
    SELECT DISTINCT cloud, billing_account_id, settled_until FROM bill_ends_at($before)
), days AS (
    SELECT cloud, billing_account_id, account_id, day, currency,
        CAST(date_trunc('month', billing_period_start + INTERVAL 12 HOUR) AS DATE) AS month,
        coalesce(sum(billed_cost) FILTER (instant = $before), 0) AS before,
        coalesce(sum(billed_cost) FILTER (instant = $after), 0) AS after
    FROM newest SEMI JOIN known USING (cloud, billing_account_id, billing_period_start)
    GROUP BY cloud, billing_account_id, billing_period_start, account_id, day, currency
)
SELECT cloud, billing_account_id, month, currency, sum(before), sum(after),
    count(DISTINCT day) FILTER (abs(after - before) >= 0.005) AS changed
FROM days JOIN ends USING (cloud, billing_account_id)
WHERE day < settled_until
GROUP BY ALL HAVING changed > 0
ORDER BY ALL
"""  # noqa: S608 - put together from constants
# Nights whose report came out, the newest first. What is loaded while a night delivers is in the next one's.
_REPORTS = """
SELECT
    coalesce((SELECT max(started_at) FROM run_steps AS s WHERE s.run_id = runs.run_id AND s.step = 'report'),
        finished_at),
    coalesce(as_of, started_at) AS spoke_of
FROM runs
WHERE command IN ('nightly', 'retry') AND finished_at IS NOT NULL AND status IN ('done', 'incomplete', 'failed')
  AND NOT EXISTS (FROM run_steps AS s WHERE s.run_id = runs.run_id AND s.step = 'report' AND s.status <> 'done')
ORDER BY started_at DESC, rowid DESC
"""
_PROVISIONAL = """
SELECT DISTINCT cloud, billing_account_id, CAST(settled_until AS DATE), CAST(newest_day AS DATE) FROM bill_ends
WHERE newest_day >= settled_until AND newest_day >= $oldest
ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class _Report:
    """A report that came out: until when bills were read for it, and the instant it speaks about."""

    told_until: datetime
    as_of: datetime


def restatements(con: duckdb.DuckDBPyConnection, at: datetime) -> list[Restatement]:
    """Months that are another amount than at the report before.

    That is the last one of an earlier day than `at`, so that several nights of a day, and a retry, tell the same; on
    the first day the last one there is.
    """
    reports = _reports(con)
    last = next((one for one in reports if one.as_of.date() < at.date()), next(iter(reports), None))
    return list(_between(con, last, _NOW)) if last else []


def last_restatements(con: duckdb.DuckDBPyConnection) -> list[Restatement]:
    """What the last night's report told of them."""
    reports = _reports(con)
    if not reports:
        return []
    last, earlier = reports[0], reports[1:]
    before = next((one for one in earlier if one.as_of.date() < last.as_of.date()), next(iter(earlier), None))
    return list(_between(con, before, last.told_until)) if before else []


def restated_since(con: duckdb.DuckDBPyConnection, start: datetime) -> list[str]:
    """What a run that started then has found to be restated, in sentences."""
    before = start - timedelta(microseconds=1)
    found = [_sentence(*row, since="") for row in _rows(con, before, _NOW)]
    more = len(found) - _NAMED
    return [*found[:_NAMED], f"{more:,} more months changed."] if more > 0 else found


def provisional(con: duckdb.DuckDBPyConnection, at: datetime) -> list[Provisional]:
    """From which day on each bill may still grow, of those that have come near to `at`."""
    rows = con.execute(_PROVISIONAL, {"oldest": at - _WATCHED}).fetchall()
    return [
        Provisional(provider=title(cloud), billing_account=account, since=since, until=until)
        for cloud, account, since, until in rows
    ]


def title(cloud: str) -> str:
    """What people call a provider."""
    return _TITLES.get(cloud, cloud)


def _reports(con: duckdb.DuckDBPyConnection) -> Sequence[_Report]:
    return [_Report(*row) for row in con.execute(_REPORTS).fetchall()]


def _between(con: duckdb.DuckDBPyConnection, before: _Report, until: datetime) -> Iterator[Restatement]:
    since = f" since the report of {before.as_of:%Y-%m-%d}"
    for row in _rows(con, before.told_until, until):
        cloud, account, month, currency, was, is_now, days = row
        yield Restatement(
            provider=title(cloud),
            billing_account=account,
            month=month,
            currency=currency,
            before=cents(was),
            after=cents(is_now),
            days=days,
            message=_sentence(*row, since=since),
        )


_Row = tuple[str, str, date, str, Decimal, Decimal, int]


def _rows(con: duckdb.DuckDBPyConnection, before: datetime, after: datetime) -> list[_Row]:
    span = {"before": before, "after": after}
    if not con.execute(f"{_TOLD_BETWEEN} LIMIT 1", span).fetchone():
        return []
    return con.execute(_CHANGED, span).fetchall()


def _sentence(
    cloud: str,
    account: str,
    month: date,
    currency: str,
    before: Decimal,
    after: Decimal,
    days: int,
    *,
    since: str,
) -> str:
    which = f"{month:%B %Y} of {title(cloud)} {account}"
    count = f"{days} day{'' if days == 1 else 's'}"
    change = cents(after - before)
    if not change:
        return f"{which} was restated on {count}{since}; its total stayed {cents(after):,.2f} {currency}."
    share = f", {abs(after - before) / abs(before) * 100:.1f} %" if before else ""
    return f"{which} changed by {change:+,.2f} {currency} ({count}{share}){since}."
