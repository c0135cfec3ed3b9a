"""What bills say of each day, into `bill_days`: a row for each day that another amount is told of than before.

Runs inside the transaction of the charges that changed, which `touched` names (partitions.forget_touched).
"""

from finops.warehouse import Writer

_KEY = (
    "source",
    "provider",
    "cloud",
    "billing_account_id",
    "account_id",
    "billing_period_start",
    "day",
    "currency",
)
_TOLD = ("rows", "billed_cost", "effective_cost", "metered", "invoiced")
_TOUCHED = """
CREATE OR REPLACE TEMP TABLE touched_partitions AS
SELECT DISTINCT source, cloud, billing_account_id, billing_period_start FROM touched
"""
_HELD = """
CREATE OR REPLACE TEMP TABLE held_days AS
SELECT x_Source AS source, ProviderName AS provider, x_Cloud AS cloud, BillingAccountId AS billing_account_id,
    x_AccountId AS account_id, BillingPeriodStart AS billing_period_start,
    date_trunc('day', ChargePeriodStart) AS day, BillingCurrency AS currency, count(*) AS rows,
    coalesce(sum(BilledCost), 0) AS billed_cost, coalesce(sum(EffectiveCost), 0) AS effective_cost,
    count(*) FILTER (ChargeCategory = 'Usage' AND ChargePeriodEnd - ChargePeriodStart <= INTERVAL 25 HOUR) AS metered,
    count(nullif(InvoiceId, '')) AS invoiced
FROM charges
SEMI JOIN touched_partitions AS t ON t.source = x_Source AND t.cloud = x_Cloud
    AND t.billing_account_id = BillingAccountId AND t.billing_period_start = BillingPeriodStart
GROUP BY ALL
"""
# A day that is gone is told by a row of nothing. Told later than the row before, whatever the clock says: the newest
# row is the one that counts.
_CHANGED = f"""
INSERT INTO bill_days BY NAME
WITH before AS (
    SELECT bill_days.* FROM bill_days
    SEMI JOIN touched_partitions USING (source, cloud, billing_account_id, billing_period_start)
    QUALIFY row_number() OVER (PARTITION BY {", ".join(_KEY)} ORDER BY told_at DESC) = 1
)
SELECT {", ".join(f"coalesce(h.{name}, b.{name}) AS {name}" for name in _KEY)},
    {", ".join(f"coalesce(h.{name}, 0) AS {name}" for name in _TOLD)},
    greatest($at, b.told_at + INTERVAL 1 MICROSECOND) AS told_at, $run_id AS run_id
FROM held_days AS h
FULL JOIN before AS b ON {" AND ".join(f"h.{name} IS NOT DISTINCT FROM b.{name}" for name in _KEY)}
WHERE {" OR ".join(f"coalesce(h.{name}, 0) IS DISTINCT FROM b.{name}" for name in _TOLD)}
"""  # noqa: S608 - put together from constants


def tell(writer: Writer) -> None:
    """Compares the days of every partition that was touched with what was told of them, and tells what changed."""
    con = writer.con
    con.execute(_TOUCHED)
    con.execute(_HELD)
    con.execute(_CHANGED, {"at": writer.started_at, "run_id": writer.run_id})
    con.execute("DROP TABLE held_days; DROP TABLE touched_partitions")
