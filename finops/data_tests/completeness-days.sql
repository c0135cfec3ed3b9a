/*---
id: completeness-days
title: No day is missing from a bill or from the metrics of an account
stage: bill
severity: error
parameters:
  window: {default: 95, unit: days, doc: "How far back from its newest day a bill is looked at."}
  dense: {default: 0.8, unit: ratio, doc: "A bill with usage on fewer of its days than this, in all and in most months, has gaps by nature, and is not judged."}
  metric_days: {default: 14, unit: days, doc: "How far back from their newest day metrics are looked at."}
  metric_share: {default: 0.5, unit: ratio, doc: "A day on which fewer machines were measured than this share of an ordinary day is missing."}
doc: |
  Counts the days between the first and the newest usage of each billing account, inside the months that are loaded,
  and those that have none; and the days on which far fewer machines than usual have CPU metrics. A day that was
  never delivered looks like a day without cost, in every mean, trend and forecast. Load the file of that day again; for
  metrics, collect again while the cloud still has them. It is wrong for a bill with little usage, which `dense` leaves
  out, and for an account whose machines are all off on some days.
---*/
WITH billed AS (
    SELECT x_Cloud AS cloud, coalesce(BillingAccountId, x_AccountId) AS payer, CAST(ChargePeriodStart AS DATE) AS day
    FROM charges
    WHERE x_CostBasis <> 'total' AND ChargeCategory = 'Usage' AND days_between(ChargePeriodStart, ChargePeriodEnd) < 1.05
      AND ChargePeriodStart <= $as_of
    GROUP BY ALL
),
recent AS (
    SELECT cloud, payer, day, date_trunc('month', day) AS month,
        max(day) OVER (PARTITION BY cloud, payer) AS newest
    FROM billed
    QUALIFY date_diff('day', day, max(day) OVER (PARTITION BY cloud, payer)) <= $window
),
months AS (
    SELECT cloud, payer, month, count(*) AS present, newest,
        min(day) AS first_day, max(day) AS last_day, lag(month) OVER (PARTITION BY cloud, payer ORDER BY month) AS before
    FROM recent
    GROUP BY cloud, payer, month, newest
),
expected AS (
    SELECT cloud, payer, month, present, first_day, last_day,
        -- A month after another one that is loaded begins on its first day, one before the newest ends on its last.
        CASE WHEN before IS NOT NULL AND date_diff('month', before, month) = 1 THEN CAST(month AS DATE) ELSE first_day END AS opens,
        CASE WHEN date_trunc('month', newest) > month THEN last_day(month) ELSE newest END AS closes
    FROM months
),
bills AS (
    SELECT cloud, payer, sum(present) AS present, sum(date_diff('day', opens, closes) + 1) AS days,
        sum(date_diff('day', opens, closes) + 1 - present) AS missing,
        -- One long gap makes no bill with gaps by nature: these have them in most months.
        greatest(1.0 * sum(present) / sum(date_diff('day', opens, closes) + 1),
            median(1.0 * present / (date_diff('day', opens, closes) + 1))) AS density,
        min(CASE WHEN date_diff('day', opens, closes) + 1 > present THEN strftime(month, '%Y-%m') END) AS month
    FROM expected
    GROUP BY cloud, payer
),
measured AS (
    SELECT m.cloud, m.account_id, CAST(m.bucket_start AS DATE) AS day, count(DISTINCT m.resource_id) AS machines
    FROM metrics AS m
    WHERE m.metric = 'cpu_utilization' AND m.bucket_seconds = 86400 AND m.bucket_start <= $as_of
      AND date_diff('day', m.bucket_start, $as_of) <= 2 * $metric_days
      AND EXISTS (SELECT 1 FROM instances AS i WHERE i.cloud = m.cloud AND i.account_id = m.account_id AND i.region = m.region
        AND i.instance_id = m.resource_id AND i.state = 'running')
    GROUP BY m.cloud, m.account_id, CAST(m.bucket_start AS DATE)
),
usual AS (
    SELECT cloud, account_id, median(machines) AS machines, min(day) AS first_day, max(day) AS newest
    FROM measured
    GROUP BY cloud, account_id
),
metric_gaps AS (
    SELECT u.cloud, u.account_id, u.machines,
        least(date_diff('day', u.first_day, u.newest) + 1, CAST($metric_days AS BIGINT)) AS days,
        sum(CASE WHEN m.machines >= $metric_share * u.machines AND date_diff('day', m.day, u.newest) < $metric_days THEN 1 ELSE 0 END) AS present
    FROM usual AS u
    JOIN measured AS m ON m.cloud = u.cloud AND m.account_id = u.account_id
    GROUP BY ALL
)
SELECT cloud || '/' || payer || ' bill' AS subject,
    CASE WHEN density < $dense AND days > 3 THEN 'not_evaluated' WHEN missing > 0 THEN 'failed' ELSE 'passed' END AS verdict,
    CASE WHEN density < $dense AND days > 3 THEN 'The bill of ' || payer || ' has usage on ' || in_percent(1.0 * present / days)
            || ' of its days; below ' || in_percent($dense) || ' a gap says nothing.'
        WHEN missing > 0 THEN 'The bill of ' || payer || ' has no usage on ' || amount(missing) || ' of ' || counted(days, 'day', 'days')
            || ', where 0 may be missing; the first such month is ' || month || '.'
        ELSE 'The bill of ' || payer || ' has usage on each of ' || counted(days, 'day', 'days') || '.' END AS message
FROM bills
UNION ALL
SELECT cloud || '/' || account_id || ' metrics',
    CASE WHEN days < 3 THEN 'not_evaluated' WHEN present < days THEN 'failed' ELSE 'passed' END,
    CASE WHEN days < 3 THEN 'Metrics of account ' || account_id || ' are of ' || counted(days, 'day', 'days') || '; 3 are needed.'
        WHEN present < days THEN 'Of account ' || account_id || ' fewer than ' || in_percent($metric_share) || ' of its '
            || amount(machines) || ' running machines have metrics on ' || amount(days - present) || ' of ' || amount(days) || ' days, where 0 may.'
        ELSE 'Running machines of account ' || account_id || ' have metrics on each of ' || amount(days) || ' days.' END
FROM metric_gaps
