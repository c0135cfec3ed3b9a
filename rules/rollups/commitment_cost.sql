-- Grain: one row per held commitment that the bill names, by the last part of its id, of the last 30 days of the payer's
-- bill: what it cost, and what of that was for hours nothing used. Bills of AWS tell the unused part, and so do those in
-- FOCUS; others charge it without a word, and `told` says whether this one does. `list_month` is what 730 hours of the
-- covered usage would cost at public prices, NULL unless the bill has all of them.
WITH ends AS (
    SELECT x_Cloud AS cloud, coalesce(BillingAccountId, x_AccountId) AS payer, least(max(ChargePeriodEnd), CAST($as_of AS TIMESTAMP)) AS bill_end,
        min(ChargePeriodStart) AS bill_start, count(*) FILTER (WHERE CommitmentDiscountStatus = 'Unused') > 0 AS unused_told
    FROM charges
    WHERE ChargeCategory = 'Usage' AND ChargePeriodStart < CAST($as_of AS TIMESTAMP) AND x_CostBasis <> 'total'
    GROUP BY x_Cloud, coalesce(BillingAccountId, x_AccountId)
),
held AS (
    SELECT c.x_Cloud AS cloud, coalesce(c.BillingAccountId, c.x_AccountId) AS payer, regexp_extract(c.CommitmentDiscountId, '[^/]+$') AS commitment_id,
        c.BillingCurrency AS currency, c.x_Cost AS cost, c.CommitmentDiscountStatus AS status,
        -- A list price of 0 beside a cost is one that the bill leaves out.
        CASE WHEN c.ListCost = 0 AND c.x_Cost <> 0 THEN NULL ELSE c.ListCost END AS list_cost,
        greatest(1.0, least(30.0, days_between(e.bill_start, e.bill_end))) AS days, e.unused_told
    FROM charges AS c
    JOIN ends AS e ON e.cloud = c.x_Cloud AND e.payer = coalesce(c.BillingAccountId, c.x_AccountId)
    WHERE c.ChargeCategory = 'Usage' AND c.CommitmentDiscountId IS NOT NULL AND c.x_Cost IS NOT NULL AND c.x_CostBasis <> 'total'
      AND c.ChargePeriodStart < CAST($as_of AS TIMESTAMP) AND days_between(c.ChargePeriodStart, e.bill_end) <= 30
)
SELECT
    cloud,
    payer,
    commitment_id,
    currency,
    max(days) AS days,
    bool_or(unused_told) OR cloud = 'aws' AS told,
    CAST(sum(cost) AS DOUBLE) / max(days) / 24 * 730 AS cost_month,
    CAST(coalesce(sum(CASE WHEN status = 'Unused' THEN cost END), 0) AS DOUBLE) / max(days) / 24 * 730 AS unused_month,
    CASE WHEN count(CASE WHEN coalesce(status, 'Used') = 'Used' AND list_cost IS NULL THEN 1 END) = 0
        THEN CAST(sum(CASE WHEN coalesce(status, 'Used') = 'Used' THEN list_cost END) AS DOUBLE) / max(days) / 24 * 730 END AS list_month
FROM held
GROUP BY cloud, payer, commitment_id, currency
