"""What each day of the last three months cost, and what the rest of the month is expected to."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb
import numpy as np

from finops.config import Settings
from finops.control.forecast import LEAST_DAYS, History
from finops.finance_model import DayAhead, Trend, TrendDay
from finops.money import cents
from finops.pipeline.watching.cells import DEAD, Table, align, drop_cells, make_cells, series
from finops.pipeline.watching.months import month_end

DAYS = 92
_ANY_DAY = Decimal("0.99")  # of the usage: where less has days, days say nothing


def trends(con: duckdb.DuckDBPyConnection, settings: Settings, at: datetime) -> list[Trend]:
    """Each currency's days before `at`, without those before its bills begin; none where bills tell no days."""
    make_cells(con, at, settings.anomalies.team_tag)
    align(con)
    try:
        days, daily = _days(con, at), _daily(con)
        table = series(con, [()])
    finally:
        drop_cells(con)
    return [_trend(code, days[code], table, at) for code in sorted(days) if daily.get(code, False)]


def _daily(con: duckdb.DuckDBPyConnection) -> dict[str, bool]:
    """Whether the usage of a currency is told by the day."""
    rows = con.execute(
        "SELECT currency, sum(abs(cost)), coalesce(sum(abs(cost)) FILTER (WHERE metered), 0) "
        "FROM control_cells WHERE usage GROUP BY ALL"
    ).fetchall()
    return {code: by_day >= _ANY_DAY * whole for code, whole, by_day in rows}


def _days(con: duckdb.DuckDBPyConnection, at: datetime) -> dict[str, list[TrendDay]]:
    """What every day cost; the days after the first bill of a currency ends are provisional, as others go on."""
    rows = con.execute(
        "WITH alive AS (SELECT *, max(ended) OVER () - ended <= to_days($dead) AS alive FROM control_payers), "
        "ends AS (SELECT currency, min(ended) AS ended FROM (SELECT DISTINCT currency, cloud, payer, totals "
        "FROM control_cells) JOIN alive USING (cloud, payer, totals) WHERE alive GROUP BY currency) "
        "SELECT currency, day, sum(cost), bool_or(day > ended) FROM control_cells JOIN ends USING (currency) "
        "WHERE usage AND day >= $since GROUP BY ALL ORDER BY ALL",
        {"dead": DEAD, "since": at - timedelta(days=DAYS)},
    ).fetchall()
    found: dict[str, list[TrendDay]] = defaultdict(list)
    for code, day, cost, provisional in rows:
        found[code].append(TrendDay(day=day.date(), cost=cents(cost), provisional=provisional))
    return found


def _trend(code: str, days: list[TrendDay], table: Table, at: datetime) -> Trend:
    coming, reason = _ahead(code, table, at)
    return Trend(currency=code, days=days, ahead=coming, reason=reason)


def _ahead(code: str, table: Table, at: datetime) -> tuple[list[DayAhead], str | None]:
    """The days from the last settled one to the end of the month, each with a band of its own."""
    place = next((place for place, one in enumerate(table.subjects) if one.currency == code), None)
    if place is None:
        return [], "No bill of it goes on."
    settled, end = table.settled[place], month_end(at.date().replace(day=1))
    last = int((np.datetime64(settled) - table.days[0]).astype(int)) + 1
    known, cost = table.days[:last], table.cost[[place], :last]
    history = int(np.isfinite(cost).sum())
    if history < LEAST_DAYS:
        return [], f"Only {history} days of its bill are settled; a forecast needs {LEAST_DAYS}."
    coming, past = [], History(known, cost)
    for number in range((end - settled).days):
        day = settled + timedelta(days=number + 1)
        told = past.ahead(np.datetime64(day), start=np.datetime64(day))
        amounts = [float(one[0]) for one in (told.expected, told.low, told.high)]
        if all(np.isfinite(amounts)):
            coming.append(_day(day, *amounts))
    return coming, None


def _day(day: date, expected: float, low: float, high: float) -> DayAhead:
    return DayAhead(
        day=day,
        expected=cents(Decimal(repr(expected))),
        low=cents(Decimal(repr(low))),
        high=cents(Decimal(repr(high))),
    )
