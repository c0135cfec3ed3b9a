/*---
id: new-service
title: What is new on the bill is small, or known
stage: bill
severity: warn
parameters:
  days: {default: 7, unit: days, doc: "What was first billed within the newest days of a bill is new."}
  history: {default: 28, unit: days, doc: "Days before these that a bill must have."}
  share: {default: 0.01, unit: ratio, doc: "New services, regions and accounts that cost less than this share of the newest days pass with a note."}
doc: |
  Names services, regions and accounts that a bill has in its newest days and did not have before. Somebody may have begun
  to use something, somebody may have taken over an account, and a mapping may have given an old thing a new name:
  then the old one ends at the same time. Ask who began it. It is wrong after a reorganisation of accounts.
---*/
WITH usages AS (
    SELECT x_Cloud AS cloud, coalesce(BillingAccountId, x_AccountId) AS payer, ServiceName AS service, RegionId AS region,
        x_AccountId AS account, CAST(ChargePeriodStart AS DATE) AS day, CAST(sum(x_Cost) AS DOUBLE) AS cost
    FROM charges
    WHERE ChargeCategory = 'Usage' AND x_CostBasis <> 'total' AND ChargePeriodStart <= $as_of
    GROUP BY ALL
),
spans AS (
    SELECT cloud, payer, min(day) AS first_day, max(day) AS newest FROM usages GROUP BY cloud, payer
),
things AS (
    SELECT cloud, payer, 'service ' || service AS thing, day, cost FROM usages WHERE service IS NOT NULL
    UNION ALL
    SELECT cloud, payer, 'region ' || region, day, cost FROM usages WHERE region IS NOT NULL
    UNION ALL
    SELECT cloud, payer, 'account ' || account, day, cost FROM usages
),
arrivals AS (
    SELECT t.cloud, t.payer, t.thing, sum(t.cost) AS cost
    FROM things AS t
    JOIN spans AS s ON s.cloud = t.cloud AND s.payer = t.payer
    GROUP BY t.cloud, t.payer, t.thing, s.newest
    HAVING date_diff('day', min(t.day), s.newest) < $days
),
recent AS (
    SELECT u.cloud, u.payer, sum(u.cost) AS cost
    FROM usages AS u
    JOIN spans AS s ON s.cloud = u.cloud AND s.payer = u.payer
    WHERE date_diff('day', u.day, s.newest) < $days
    GROUP BY u.cloud, u.payer
),
told AS (
    SELECT cloud, payer, count(*) AS things, max(cost) AS cost, arg_max(thing, cost) AS largest FROM arrivals GROUP BY cloud, payer
)
SELECT s.cloud || '/' || s.payer AS subject,
    CASE WHEN date_diff('day', s.first_day, s.newest) + 1 < $history + $days THEN 'not_evaluated'
        WHEN t.cost >= $share * r.cost AND t.cost > 0 THEN 'failed' ELSE 'passed' END AS verdict,
    CASE WHEN date_diff('day', s.first_day, s.newest) + 1 < $history + $days THEN 'The bill is of ' || counted(date_diff('day', s.first_day, s.newest) + 1, 'day', 'days')
            || '; ' || amount($history + $days) || ' are needed to tell what is new.'
        WHEN t.things IS NULL THEN 'Nothing on the bill is new in its newest ' || amount($days) || ' days.'
        ELSE counted(t.things, 'thing is', 'things are') || ' new in the newest ' || amount($days) || ' days of the bill; the largest is the ' || t.largest
            || ' with ' || in_percent(t.cost / nullif(r.cost, 0)) || ' of the cost, from ' || in_percent($share) || ' on it is told.' END AS message
FROM spans AS s
JOIN recent AS r ON r.cloud = s.cloud AND r.payer = s.payer
LEFT JOIN told AS t ON t.cloud = s.cloud AND t.payer = s.payer
