"""Checks of a bill against itself: the sums of the source, whether its effective costs can be used, equality.

The temporary table `control` holds what a pass over the source found per provider, account, currency, billing
period and service. It reads the columns it needs and no others, so it costs a fraction of the load.
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from collectors.bills.results import Sums
from finops.errors import InvariantError
from finops.warehouse import Writer

_MEASURES = """
    ProviderName, BillingAccountId, BillingCurrency, BillingPeriodStart, ServiceName, count(*) AS rows,
    sum(BilledCost) AS billed, sum(EffectiveCost) AS effective, sum(ListCost) AS list,
    sum(ContractedCost) AS contracted
"""
# A row tells something about effective costs when its billed cost is not whole; about its provider for sure
# when nothing but discounts could set the two apart, which is usage without a commitment. What a row tells is a
# number to group by, because counting each thing with a filter of its own takes longer than all the sums.
_TELLS = """
    CASE WHEN BilledCost IS NULL OR whole_BilledCost THEN 0 ELSE 1 END
    * (1 + CASE WHEN whole_EffectiveCost THEN 2 ELSE 0 END
         + CASE WHEN ChargeCategory = 'Usage' AND CommitmentDiscountId IS NULL THEN 4 ELSE 0 END)
"""
_GROUPS = "ProviderName, BillingAccountId, BillingCurrency, BillingPeriodStart, ServiceName"
_SUMMED = """
    sum(rows)::BIGINT AS rows, sum(billed) AS billed, sum(effective) AS effective, sum(list) AS list,
    sum(contracted) AS contracted, coalesce(sum(rows) FILTER (tells > 0), 0) AS fractional,
    coalesce(sum(rows) FILTER (tells IN (3, 7)), 0) AS rounded,
    coalesce(sum(rows) FILTER (tells IN (5, 7)), 0) AS judged,
    coalesce(sum(rows) FILTER (tells = 7), 0) AS symptoms
"""
ROWS_TO_JUDGE = 20  # below, chance alone may make most effective costs whole
SHARE_TO_FAIL = 0.5


@dataclass(frozen=True, slots=True)
class Provider:
    """What the file shows of one provider's effective costs."""

    name: str
    fractional: int
    rounded: int
    judged: int
    symptoms: int

    @property
    def fails(self) -> bool:
        """Enough rows, and most of them with a whole effective cost beside a billed cost that is not whole."""
        return self.judged >= ROWS_TO_JUDGE and self.symptoms > self.judged * SHARE_TO_FAIL

    @property
    def goes_along(self) -> bool:
        """Too few rows to tell, but every one that could show the symptom does."""
        return self.judged < ROWS_TO_JUDGE and 0 < self.fractional == self.rounded


def measure(con: duckdb.DuckDBPyConnection, *, good_only: bool = False) -> int:
    """Fills `control` from the view `charge` and returns how many rows there are."""
    where = "WHERE fault IS NULL" if good_only else ""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE control AS SELECT {_GROUPS}, {_SUMMED} "  # noqa: S608
        f"FROM (SELECT {_MEASURES}, {_TELLS} AS tells FROM charge {where} GROUP BY ALL) GROUP BY ALL"
    )
    # The totals are asked for too: whether they can be had at all is to be known while the file is to blame.
    row = con.execute(
        "SELECT sum(rows), sum(billed), sum(effective), sum(list), sum(contracted) FROM control"
    ).fetchone()
    return int(row[0] or 0) if row else 0


def verify(con: duckdb.DuckDBPyConnection, source: str) -> str:
    """Compares `control` with what `charges` now holds of this source, and says so in a sentence.

    Raises InvariantError unless every group has the same rows and the same four sums, to the last decimal.
    """
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE held AS SELECT {_MEASURES} FROM charges "  # noqa: S608
        "WHERE x_Source = ? AND BillingPeriodStart IN (SELECT BillingPeriodStart FROM control) GROUP BY ALL",
        [source],
    )
    control = "SELECT * EXCLUDE (fractional, rounded, judged, symptoms) FROM control"
    row = con.execute(
        f"SELECT count(*) FROM ((({control}) EXCEPT ALL FROM held) UNION ALL (FROM held EXCEPT ALL ({control})))"  # noqa: S608
    ).fetchone()
    if row is None or row[0]:
        raise InvariantError(
            f"The charges loaded from {source} do not add up to the file; nothing of it was kept. "
            "Please report this as a bug."
        )
    total = con.execute("SELECT sum(rows), count(*) FROM control").fetchone() or (0, 0)
    return (
        f"{total[0]:,} rows in {total[1]:,} groups of provider, account, currency, period and service: "
        "rows, billed, effective, list and contracted cost are those of the file."
    )


def unusable(con: duckdb.DuckDBPyConnection) -> list[Provider]:
    """The providers whose effective costs in this file cannot be used.

    Whoever fails by its own rows; and, only where one does, those with too few rows to tell that show the
    symptom in every row that could: the rounding happened to the file, so a handful of rows that carry its
    mark are no reason to trust them. Without a failing provider few rows are no evidence and are trusted.
    """
    rows = con.execute(
        "SELECT ProviderName, sum(fractional), sum(rounded), sum(judged), sum(symptoms) FROM control "
        "WHERE ProviderName IS NOT NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    providers = [Provider(name, *(int(count) for count in counts)) for name, *counts in rows]
    failing = [provider for provider in providers if provider.fails]
    return failing + [provider for provider in providers if failing and provider.goes_along]


def told(providers: list[Provider]) -> str:
    """The verdict on effective costs in one sentence with the figures."""
    if not providers:
        return "No provider in the file has effective costs that look rounded."
    parts = [
        f"{provider.name} ({provider.rounded:,} of {provider.fractional:,} rows whose billed cost is not whole)"
        for provider in providers
    ]
    return (
        f"The effective costs of {', '.join(parts)} are rounded to whole numbers in the file, "
        "so billed costs are reckoned with instead."
    )


def sums(con: duckdb.DuckDBPyConnection) -> dict[str, Sums]:
    """The four sums by currency."""
    rows = con.execute(
        "SELECT BillingCurrency, sum(billed), sum(effective), sum(list), sum(contracted) "
        "FROM control GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return {currency: Sums(*costs) for currency, *costs in rows}


def periods(con: duckdb.DuckDBPyConnection) -> tuple[datetime, ...]:
    """The starts of the billing periods."""
    rows = con.execute("SELECT DISTINCT BillingPeriodStart FROM control ORDER BY ALL").fetchall()
    return tuple(period for (period,) in rows)


def record(
    writer: Writer, test: str, subject: str, *, severity: str, status: str, message: str, at: datetime
) -> None:
    """The result of a check of a source, for whoever asks what was tested; it replaces the one before it."""
    since = writer.con.execute(
        "DELETE FROM data_tests WHERE test = ? AND subject = ? RETURNING since", [test, subject]
    ).fetchone()
    failing = (since and since[0]) or at if status == "failed" else None
    writer.con.execute(
        "INSERT INTO data_tests VALUES (?, ?, ?, ?, ?, ?, ?, 'bill', ?)",
        [test, subject, severity, status, message, writer.run_id, at, failing],
    )
