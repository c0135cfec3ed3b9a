/*---
id: completeness-accounts
title: Every account and region that is known was collected
stage: collect
severity: error
parameters:
  max_age: {default: 36, unit: hours, doc: "What was collected longer ago was not collected tonight."}
  remembered: {default: 14, unit: days, doc: "A place that no collection came to for so long, while others of its cloud were collected, is no more expected."}
  least_cost: {default: 1, unit: currency of the bill, doc: "An account that costs less than this in the remembered days of a bill may be without a collector."}
doc: |
  Expects every account and region that a collection of the last `remembered` days came to, and every account that a
  bill names. A permission that was lost, an account that a filter now leaves out, or a region that was switched off
  make resources disappear from every figure without any being deleted, which looks like a saving. Data sets that
  were never allowed are not told here (finops status does), only those that were read before and were not this time. An
  account that a bill names and no collector sees is a warning: add it to the collection, or let it be. It is wrong
  where an account was closed: it is told until it has not been collected for `remembered` days.
---*/
WITH scopes AS (
    SELECT cloud, account_id, region, dataset, status, error, collected_at, attempted_at,
        max(attempted_at) OVER (PARTITION BY cloud) AS newest_attempt
    FROM coverage
    WHERE dataset NOT IN ('charges', 'traffic', 'region_prices') -- prices elsewhere: whichever account asks first has them
),
places AS (
    SELECT cloud, account_id, region,
        max(CASE WHEN collected_at >= $max_age_cutoff OR status = 'skipped' THEN 1 ELSE 0 END) AS reached,
        sum(CASE WHEN status IN ('denied', 'throttled', 'failed') AND collected_at IS NOT NULL THEN 1 ELSE 0 END) AS lost,
        min(CASE WHEN status IN ('denied', 'throttled', 'failed') THEN dataset || ' were ' || status || coalesce(' (' || error || ')', '') END) AS why,
        max(collected_at) AS newest
    FROM scopes
    WHERE days_between(attempted_at, newest_attempt) <= $remembered
    GROUP BY cloud, account_id, region
),
accounts AS (
    SELECT cloud, account_id, count(*) AS regions,
        sum(CASE WHEN reached = 0 OR lost > 0 THEN 1 ELSE 0 END) AS missing,
        min(CASE WHEN reached = 0 THEN region || ', ' || coalesce('last collected on ' || CAST(CAST(newest AS DATE) AS VARCHAR), 'which never was')
            || coalesce(', where ' || why, '') WHEN lost > 0 THEN region || ', where ' || why END) AS told
    FROM places
    GROUP BY cloud, account_id
),
billed AS (
    SELECT c.x_Cloud AS cloud, c.x_AccountId AS account_id, max(c.BillingCurrency) AS currency, sum(c.x_Cost) AS cost
    FROM charges AS c
    JOIN (SELECT x_Cloud, BillingAccountId, max(ChargePeriodStart) AS newest FROM charges WHERE ChargeCategory = 'Usage'
        AND ChargePeriodStart <= $as_of GROUP BY x_Cloud, BillingAccountId) AS b
      ON b.x_Cloud = c.x_Cloud AND b.BillingAccountId = c.BillingAccountId
    WHERE c.x_Cloud IN ('aws', 'alibaba', 'gcp') AND c.SubAccountId IS NOT NULL
      AND days_between(c.ChargePeriodStart, b.newest) <= $remembered AND c.ChargePeriodStart <= b.newest
    GROUP BY c.x_Cloud, c.x_AccountId
    HAVING sum(c.x_Cost) >= $least_cost
)
SELECT cloud || '/' || account_id AS subject,
    CASE WHEN missing > 0 THEN 'failed' ELSE 'passed' END AS verdict,
    CASE WHEN missing > 0 THEN 'Of account ' || account_id || ' ' || amount(missing) || ' of ' || counted(regions, 'region', 'regions')
            || ' were not collected whole within ' || amount($max_age) || ' hours, where 0 may: ' || told || '.'
        ELSE counted(regions, 'region', 'regions') || ' of account ' || account_id || ' ' || CASE WHEN regions = 1 THEN 'was' ELSE 'were' END
            || ' collected, which is all that is known of it.' END AS message,
    'error' AS severity
FROM accounts
UNION ALL
SELECT b.cloud || ' accounts of the bill',
    CASE WHEN max(k.cloud) IS NULL THEN 'not_evaluated' WHEN count(a.cloud) < count(*) THEN 'failed' ELSE 'passed' END,
    CASE WHEN max(k.cloud) IS NULL THEN 'The bill names ' || counted(count(*), 'account', 'accounts') || '; nothing was ever collected from ' || b.cloud || '.'
        WHEN count(a.cloud) < count(*) THEN 'To ' || amount(count(*) - count(a.cloud)) || ' of ' || counted(count(*), 'account', 'accounts')
            || ' that the bill names no collection came, where 0 may be without; the dearest is '
            || arg_max(CASE WHEN a.cloud IS NULL THEN b.account_id || ' with ' || printf('%.2f', CAST(b.cost AS DOUBLE)) || ' ' || coalesce(b.currency, '') END,
                CASE WHEN a.cloud IS NULL THEN b.cost END) || ' in the last ' || amount($remembered) || ' days of the bill.'
        ELSE 'Collections come to each of ' || counted(count(*), 'account', 'accounts') || ' that the bill names.' END,
    'warn'
FROM billed AS b
LEFT JOIN (SELECT DISTINCT cloud FROM accounts) AS k ON k.cloud = b.cloud
LEFT JOIN accounts AS a ON a.cloud = b.cloud AND a.account_id = b.account_id
GROUP BY b.cloud
