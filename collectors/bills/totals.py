"""Totals of accounts into `charges`, for months of which nobody has the bill itself.

What tells totals is asked anew each time, so they replace what the same source brought for those months. A bill tells
more: an account's month that has one is left out here, and totals that are loaded give way when one comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from collectors.bills import days, partitions
from collectors.bills.loading import transaction
from finops.warehouse import Writer

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class TotalsResult:
    """What became of totals: rows loaded, and the accounts and months that have a bill and were left out."""

    rows: int
    left_out: tuple[tuple[str, datetime], ...] = ()


def load_totals(
    writer: Writer,
    source: str,
    charges: "pa.Table",
    months: Sequence[datetime],
    *,
    fingerprint: str,
    at: datetime,
) -> TotalsResult:
    """Loads rows of `charges` in place of what `source` brought for these months (starts of billing periods)."""
    con = writer.con
    con.execute("CREATE OR REPLACE TEMP TABLE totals AS FROM charges LIMIT 0")
    con.register("arriving", charges)
    con.execute("INSERT INTO totals BY NAME SELECT *, CAST(? AS VARCHAR) AS x_Source FROM arriving", [source])
    con.unregister("arriving")
    with transaction(con):
        partitions.clear_months(con, source, months)
        left_out = partitions.leave_out_billed(con, "totals")
        con.execute("INSERT INTO charges FROM totals")
        partitions.give_way(con, source)
        con.execute(_CONTROL)
        partitions.record(
            con,
            source=source,
            format=partitions.TOTALS,
            fingerprint=fingerprint,
            at=at,
            run_id=writer.run_id,
        )
        partitions.accounts_of(con, source)
        partitions.cover(con, at=at, run_id=writer.run_id)
        days.tell(writer)
    row = con.execute("SELECT count(*) FROM totals").fetchone()
    con.execute("DROP TABLE totals")
    return TotalsResult(int(row[0]) if row else 0, tuple(left_out))


_CONTROL = """
CREATE OR REPLACE TEMP TABLE control AS
SELECT ProviderName, BillingAccountId, BillingCurrency, BillingPeriodStart, count(*) AS rows, sum(BilledCost) AS billed,
    sum(EffectiveCost) AS effective, sum(ListCost) AS list
FROM totals GROUP BY ALL
"""
