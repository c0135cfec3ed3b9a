"""What each day cost, out of `charges` in one pass: small cells in a temporary table, and series of them as arrays.

Watched and forecast is the effective cost of usage (what the invoice asks for where a bill's effective costs are
unusable, as x_CostBasis says). Tax, credits, purchases and adjustments come on days of their own and say nothing about
what runs; commitments are in it all the same, a day's share each. Corrections are of other days.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import duckdb
import numpy as np

from finops.control.arrays import Days, Floats
from finops.pipeline.costing.dimensions import tag_value

HISTORY = 450  # days: an acceptance of a year is still seen beside what was before it
PROVISIONAL = 3  # days at the end of a bill that may still grow, where nothing is known of it
DEAD = 10  # days behind the newest bill: of an account that has none any more, or whose export broke
_GAP_WINDOW = 95  # days at the end of a bill in which gaps are looked for
_DENSE = 0.8  # share of its days with usage from which on a day without any is a gap
USAGE = "ChargeCategory = 'Usage' AND ChargeClass IS DISTINCT FROM 'Correction'"
COLUMNS = ("cloud", "account", "service", "team")
LEVELS: dict[str, tuple[str, ...]] = {
    "total": (),
    "provider": ("cloud",),
    "account": ("cloud", "account"),
    "service": ("cloud", "account", "service"),
    "team": ("team",),
}
_CELLS = """
CREATE OR REPLACE TEMP TABLE control_cells AS
WITH known AS (SELECT DISTINCT Tags FROM charges WHERE Tags IS NOT NULL AND ChargePeriodStart >= $since),
teams AS (SELECT Tags AS text, {team} AS team FROM known)
SELECT
    coalesce(c.BillingCurrency, 'XXX') AS currency,
    c.x_Cloud AS cloud,
    coalesce(c.BillingAccountId, c.x_AccountId) AS payer,
    c.x_CostBasis = 'total' AS totals,
    c.x_AccountId AS account,
    coalesce(c.ServiceName, '') AS service,
    coalesce(t.team, '') AS team,
    CAST(date_trunc('day', c.ChargePeriodStart) AS TIMESTAMP) AS day,
    -- A month may begin at midnight elsewhere: a bill of China's clock on the evening before by UTC.
    CAST(date_trunc('month', coalesce(c.BillingPeriodStart + INTERVAL 12 HOUR, c.ChargePeriodStart)) AS TIMESTAMP)
        AS month,
    {usage} AS usage,
    coalesce(bool_or(date_diff('hour', c.ChargePeriodStart, c.ChargePeriodEnd) <= 25), false) AS metered,
    sum(c.x_Cost) AS cost
FROM charges AS c
LEFT JOIN teams AS t ON t.text = c.Tags
WHERE c.ChargePeriodStart >= $since AND c.ChargePeriodStart < $at AND c.x_Cost IS NOT NULL{where}
GROUP BY ALL
"""
# A bill speaks about its days from its first charge to the day it is settled through, that one included.
_PAYERS = """
CREATE OR REPLACE TEMP TABLE control_payers AS
SELECT cloud, payer, totals, begun, CASE WHEN settled IS NULL THEN newest - to_days({provisional})
    ELSE least(newest, settled - INTERVAL 1 DAY) END AS ended
FROM (
    SELECT cloud, payer, totals, min(day) AS begun, coalesce(max(day) FILTER (WHERE metered), max(day)) AS newest
    FROM control_cells WHERE usage GROUP BY ALL
)
LEFT JOIN ({ends}) USING (cloud, payer)
"""
# Days on which a bill has nothing at all, inside the days it speaks about. Of a bill with usage on nearly every day
# such a day was never delivered and is not known; what seldom has any has gaps by nature.
_GAPS = """
CREATE OR REPLACE TEMP TABLE control_gaps AS
WITH spans AS (
    SELECT cloud, payer, totals, greatest(begun, ended - to_days($window)) AS begun, ended FROM control_payers
), days AS (
    SELECT DISTINCT cloud, payer, totals, day FROM control_cells JOIN spans USING (cloud, payer, totals)
    WHERE usage AND day >= spans.begun AND day <= spans.ended
), dense AS (
    SELECT cloud, payer, totals, spans.begun, spans.ended FROM days JOIN spans USING (cloud, payer, totals)
    GROUP BY ALL HAVING count(*) >= $dense * (date_diff('day', spans.begun, spans.ended) + 1)
)
SELECT cloud, payer, totals, day FROM (
    SELECT cloud, payer, totals, CAST(unnest(generate_series(begun, ended, INTERVAL 1 DAY)) AS TIMESTAMP) AS day
    FROM dense
)
ANTI JOIN days USING (cloud, payer, totals, day)
"""
_ENDS = (
    """SELECT cloud, billing_account_id AS payer, max(settled_until) AS settled FROM bill_ends GROUP BY ALL"""
)
_NO_ENDS = "SELECT '' AS cloud, '' AS payer, CAST(NULL AS TIMESTAMP) AS settled WHERE false"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose costs: all of a currency, or those of what is named."""

    level: str
    currency: str | None
    cloud: str | None = None
    account: str | None = None
    service: str | None = None
    team: str | None = None
    figure: str | None = None

    def within(self, other: "Subject") -> bool:
        """Whether this one is a part of the other, or the same."""
        if self.currency != other.currency:
            return False
        pairs = ((getattr(self, name), getattr(other, name)) for name in COLUMNS)
        return all(wide is None or own == wide for own, wide in pairs)


@dataclass(frozen=True, slots=True)
class Table:
    """Daily costs of subjects as (series, days); NaN before a bill begins and after the day it is settled through."""

    subjects: list[Subject]
    days: Days
    cost: Floats
    settled: list[date]  # of each subject: its last settled day

    def of(self, level: str) -> list[int]:
        """The places of the subjects of a level."""
        return [place for place, one in enumerate(self.subjects) if one.level == level]


def make_cells(con: duckdb.DuckDBPyConnection, at: datetime, team_tag: str) -> None:
    """Makes the cells of the charges before `at`, and how far their bills go."""
    some_cells(con, at, team_tag)
    con.execute(_PAYERS.format(provisional=PROVISIONAL, ends=_ends(con)))
    con.execute(_GAPS, {"window": _GAP_WINDOW, "dense": _DENSE})


def some_cells(
    con: duckdb.DuckDBPyConnection, at: datetime, team_tag: str, where: str = "", **values: object
) -> None:
    """Makes the cells of those charges that a condition takes; how far bills go stays as it is known."""
    con.execute(
        _CELLS.format(
            team=tag_value(team_tag, "Tags"), usage=USAGE, where=f" AND ({where})" if where else ""
        ),
        {"since": at - timedelta(days=HISTORY), "at": at, **values},
    )


def align(con: duckdb.DuckDBPyConnection) -> None:
    """Lets the bills of a cloud end on one day, the earliest, so that what is spent and what is ahead meet."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE control_payers AS "
        "WITH behind AS (SELECT *, max(ended) OVER () - ended AS behind FROM control_payers) "
        "SELECT cloud, payer, totals, begun, CASE WHEN behind > to_days($dead) THEN ended ELSE "
        "min(CASE WHEN behind <= to_days($dead) THEN ended END) OVER (PARTITION BY cloud) END AS ended FROM behind",
        {"dead": DEAD},
    )


def drop_cells(con: duckdb.DuckDBPyConnection) -> None:
    """Forgets them."""
    con.execute("DROP TABLE IF EXISTS control_cells")
    con.execute("DROP TABLE IF EXISTS control_payers")
    con.execute("DROP TABLE IF EXISTS control_gaps")


def _ends(con: duckdb.DuckDBPyConnection) -> str:
    """How far bills are settled, where the warehouse knows."""
    there = con.execute("SELECT count(*) FROM duckdb_views() WHERE view_name = 'bill_ends'").fetchone()
    return _ENDS if there and there[0] else _NO_ENDS


def series(
    con: duckdb.DuckDBPyConnection,
    levels: Sequence[str | tuple[str, ...]],
    *,
    least: float = 0.0,
    grown: int = 0,
) -> Table:
    """The series of these levels (or of other combinations of columns), of each currency by itself.

    Left out are those of accounts whose bill ended, and those whose costs never reach `least` a day. A whole is known
    from the day on that all its bills are, so bills of fewer days than `grown` are in no whole but those of accounts.
    """
    found: list[tuple[str, tuple[str, ...], tuple[object, ...]]] = []
    for one in levels:
        columns, name = (LEVELS[one], one) if isinstance(one, str) else (one, "+".join(one))
        keys = ", ".join(["currency", *columns])
        rows = con.execute(
            "WITH alive AS (SELECT *, max(ended) OVER () - ended AS behind, ended - begun AS age FROM control_payers), "  # noqa: S608
            f"daily AS (SELECT {keys}, day, CAST(sum(cost) AS DOUBLE) AS cost, "
            "max(begun) AS begun, min(ended) AS ended FROM control_cells JOIN alive USING (cloud, payer, totals) "
            f"WHERE usage AND day <= ended AND behind <= to_days({DEAD}) AND age >= to_days($age) "
            f"GROUP BY {keys}, day) "
            f"SELECT max(begun), min(ended), list(day ORDER BY day), list(cost ORDER BY day), {keys} "
            f"FROM daily GROUP BY {keys} HAVING max(abs(cost)) >= $least ORDER BY {keys}",
            {"least": least, "age": 0 if "account" in columns else grown},
        ).fetchall()
        found += [(name, columns, row) for row in rows]
    return _table(found)


def _table(rows: list[tuple[str, tuple[str, ...], tuple[object, ...]]]) -> Table:
    if not rows:
        return Table([], np.array([], dtype="datetime64[D]"), np.zeros((0, 0)), [])
    begins = [np.datetime64(row[0], "D") for _, _, row in rows]  # type: ignore[call-overload]
    ends = [np.datetime64(row[1], "D") for _, _, row in rows]  # type: ignore[call-overload]
    start, end = min(begins), max(ends)
    days = np.arange(start, end + 1)
    cost = np.full((len(rows), len(days)), np.nan)
    subjects = []
    for place, (level, columns, row) in enumerate(rows):
        first, last = int((begins[place] - start).astype(int)), int((ends[place] - start).astype(int))
        cost[place, first : last + 1] = 0.0
        at = (np.array(row[2], dtype="datetime64[D]") - start).astype(np.int64)
        inside = (at >= first) & (at <= last)
        cost[place, at[inside]] = np.array(row[3], dtype=np.float64)[inside]
        named = {name: str(value) for name, value in zip(columns, row[5:], strict=True)}
        subjects.append(replace(Subject(level, str(row[4])), **named))
    return Table(subjects, days, cost, [end.astype(object) for end in ends])


def missing_days(con: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> dict[Subject, list[date]]:
    """The days of which a bill of a subject has nothing at all although it has usage on nearly all others."""
    keys = ", ".join(["currency", *columns])
    whose = ", ".join(dict.fromkeys(["currency", *columns, "cloud", "payer", "totals"]))
    rows = con.execute(
        f"WITH whose AS (SELECT DISTINCT {whose} FROM control_cells WHERE usage) "  # noqa: S608
        f"SELECT list(DISTINCT CAST(day AS DATE) ORDER BY CAST(day AS DATE)), {keys} "
        "FROM whose JOIN control_gaps USING (cloud, payer, totals) "
        f"JOIN control_payers USING (cloud, payer, totals) WHERE day <= ended GROUP BY {keys}"
    ).fetchall()
    name = "+".join(columns)
    return {
        Subject(name, str(row[1]), **dict(zip(columns, map(str, row[2:]), strict=True))): row[0]
        for row in rows
    }
