-- Grain: one row per resource, charge component and currency: what usage charges cost in the last 30 days of
-- the account's bill. `cost` is exact; the engine normalises it to 730 hours with `hours`, the length of the
-- window. The window ends where the bill ends, or at $as_of when that is earlier, so that an old bill is
-- judged on its own month. Tax, credits, purchases and adjustments are not usage and stay out.
WITH named AS (
    SELECT coalesce(BillingAccountId, x_AccountId) AS payer, *
    FROM charges
    WHERE ChargeCategory = 'Usage' AND ChargePeriodStart < CAST($as_of AS TIMESTAMP)
),
ends AS (
    -- Monthly fees end in the future; hours and days tell how far the bill really goes. A bill speaks about its
    -- payer from the start of the billing period on, also for an account whose first charge came later.
    SELECT x_Cloud, payer,
        least(
            coalesce(
                max(ChargePeriodEnd) FILTER (WHERE days_between(ChargePeriodStart, ChargePeriodEnd) <= 1.05),
                max(ChargePeriodEnd)),
            CAST($as_of AS TIMESTAMP)) AS window_end,
        least(min(ChargePeriodStart), coalesce(min(BillingPeriodStart), min(ChargePeriodStart))) AS first_start
    FROM named
    GROUP BY x_Cloud, payer
),
windows AS (
    SELECT x_Cloud, payer, window_end, greatest(first_start, window_end - INTERVAL 30 DAY) AS window_start
    FROM ends
),
inside AS (
    SELECT
        c.x_Cloud AS cloud,
        c.x_AccountId AS account_id,
        c.RegionId AS region,
        c.x_ResourceKey AS resource_id,
        charge_component(
            coalesce(c.x_UsageType, c.SkuMeter, ''), coalesce(c.x_Operation, ''), coalesce(c.ChargeDescription, ''),
            coalesce(c.ServiceCategory, ''), coalesce(c.ServiceSubcategory, '')
        ) AS component,
        c.BillingCurrency AS currency,
        w.window_start,
        w.window_end,
        c.x_CostBasis AS basis,
        c.CommitmentDiscountId IS NOT NULL AS committed,
        c.CommitmentDiscountStatus = 'Unused' AS unused,
        c.ConsumedQuantity AS quantity,
        -- A charge that reaches over an end of the window counts for the part of it that lies inside.
        CASE
            WHEN c.ChargePeriodStart >= w.window_start AND c.ChargePeriodEnd <= w.window_end THEN c.x_Cost
            ELSE CAST(
                CAST(c.x_Cost AS DOUBLE)
                * days_between(greatest(c.ChargePeriodStart, w.window_start), least(c.ChargePeriodEnd, w.window_end))
                / days_between(c.ChargePeriodStart, c.ChargePeriodEnd) AS DECIMAL(38, 18))
        END AS cost
    FROM named AS c
    JOIN windows AS w USING (x_Cloud, payer)
    WHERE c.ChargePeriodStart < w.window_end AND c.ChargePeriodEnd > w.window_start
)
SELECT
    cloud,
    account_id,
    max(region) AS region,
    CASE WHEN unused THEN NULL ELSE resource_id END AS resource_id,
    CASE WHEN unused THEN 'commitment_unused' ELSE component END AS component,
    currency,
    sum(cost) AS cost,
    sum(CASE WHEN committed THEN cost ELSE 0 END) AS committed_cost,
    sum(CAST(quantity AS DOUBLE)) AS quantity,
    greatest(1.0, days_between(min(window_start), max(window_end)) * 24) AS hours,
    min(window_start) AS window_start,
    max(window_end) AS window_end,
    max(basis) AS basis
FROM inside
GROUP BY ALL
