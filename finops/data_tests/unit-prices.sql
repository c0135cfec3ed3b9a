/*---
id: unit-prices
title: A unit costs about what it cost the month before
stage: bill
severity: warn
parameters:
  factor: {default: 2, unit: times, doc: "A price that is more than so many times that of the month before, or less than its reciprocal, is told."}
  least_cost: {default: 50, unit: currency of the bill, doc: "Only SKUs that cost at least this in both months are looked at."}
doc: |
  Divides the cost of every SKU, region and unit by the quantity that was priced, in the newest month of a bill and in the
  month before, without what commitments or spot prices cover. Prices hardly ever move by half; a quantity in another
  unit, a cost in another currency or a mapping that took the wrong column do. Look at the lines of the SKU in both
  months. It is wrong for prices in tiers, where a month with less usage pays the dear first tier, and for a contract
  that really changed.
---*/
WITH units AS (
    SELECT x_Cloud AS cloud, coalesce(BillingAccountId, x_AccountId) AS payer,
        date_trunc('month', BillingPeriodStart + INTERVAL 12 HOUR) AS month,
        coalesce(SkuPriceId, SkuId) AS sku, coalesce(RegionId, '') AS region, coalesce(PricingUnit, '') AS unit,
        max(BillingCurrency) AS currency, max(coalesce(SkuMeter, x_UsageType, ServiceName)) AS what,
        CAST(sum(x_Cost) AS DOUBLE) AS cost, CAST(sum(PricingQuantity) AS DOUBLE) AS quantity
    FROM charges
    WHERE ChargeCategory = 'Usage' AND coalesce(SkuPriceId, SkuId) IS NOT NULL AND PricingQuantity > 0
      AND CommitmentDiscountId IS NULL AND coalesce(PricingCategory, 'Standard') NOT IN ('Dynamic', 'Committed')
      AND BillingPeriodStart <= $as_of
    GROUP BY ALL
    HAVING sum(x_Cost) >= $least_cost
),
months AS (
    SELECT cloud, payer, max(month) AS newest, count(DISTINCT month) AS months FROM units GROUP BY cloud, payer
),
pairs AS (
    SELECT u.cloud, u.payer, u.sku, u.region, u.what, u.unit, u.currency,
        u.cost / u.quantity AS price, b.cost / b.quantity AS before
    FROM units AS u
    JOIN months AS m ON m.cloud = u.cloud AND m.payer = u.payer AND m.newest = u.month
    JOIN units AS b ON b.cloud = u.cloud AND b.payer = u.payer AND b.sku = u.sku AND b.region = u.region AND b.unit = u.unit
        AND b.currency IS NOT DISTINCT FROM u.currency AND date_diff('month', b.month, u.month) = 1
),
told AS (
    SELECT cloud, payer, count(*) AS skus,
        sum(CASE WHEN price > $factor * before OR before > $factor * price THEN 1 ELSE 0 END) AS jumped,
        arg_max(coalesce(what || ' ', '') || 'in ' || CASE WHEN region = '' THEN 'no region' ELSE region END || ' (' || sku || ') costs '
            || printf('%.4g', price) || ' ' || coalesce(currency, '') || CASE WHEN unit = '' THEN '' ELSE ' per ' || unit END || ', before '
            || printf('%.4g', before), greatest(price / before, before / price)) AS worst
    FROM pairs
    GROUP BY cloud, payer
)
SELECT m.cloud || '/' || m.payer AS subject,
    CASE WHEN t.skus IS NULL THEN 'not_evaluated' WHEN t.jumped > 0 THEN 'failed' ELSE 'passed' END AS verdict,
    CASE WHEN t.skus IS NULL THEN 'No SKU costs ' || amount($least_cost) || ' or more both in ' || strftime(m.newest, '%Y-%m') || ' and in the month before.'
        WHEN t.jumped > 0 THEN 'The price of ' || amount(t.jumped) || ' of ' || counted(t.skus, 'SKU', 'SKUs') || ' is more than '
            || amount($factor) || ' times that of the month before, or less than its reciprocal: ' || t.worst || '.'
        ELSE 'The prices of ' || counted(t.skus, 'SKU', 'SKUs') || ' are within ' || amount($factor) || ' times those of the month before.' END AS message
FROM months AS m
LEFT JOIN told AS t ON t.cloud = m.cloud AND t.payer = m.payer
