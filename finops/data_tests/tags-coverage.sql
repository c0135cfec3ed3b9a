/*---
id: tags-coverage
title: The cost that teams are named for did not fall
stage: bill
severity: warn
parameters:
  team_tag: {default: team, unit: tag key, doc: "The tag that names teams; by default the one of [anomalies] in finops.toml."}
  fall: {default: 0.05, unit: ratio, doc: "A fall of the share of cost with that tag by more than this is told: 0.05 are 5 points."}
  days: {default: 7, unit: days, doc: "The newest days that are compared with the four times as many before them."}
  late: {default: 3, unit: days, doc: "Days before the instant of the test that are not counted yet, as they are not billed whole."}
doc: |
  Compares the share of usage cost that has the tag of teams in the newest week with the four weeks before it. A tag that is
  gone from a bill (a cost allocation tag switched off, an export made anew without tags) moves cost to nobody, and
  every cost and budget by team falls. Look at the tags of the largest charges without one. It is wrong when a large
  workload without tags was really launched; then its owner is what is missing.
---*/
WITH days AS (
    SELECT x_Cloud AS cloud, coalesce(BillingAccountId, x_AccountId) AS payer, x_Cost AS cost,
        CASE WHEN date_diff('day', ChargePeriodStart, $late_cutoff) <= $days THEN 1 ELSE 0 END AS recent,
        CASE WHEN (strpos(Tags, '"' || $team_tag || '":') > 0 OR strpos(Tags, ':' || $team_tag || '":') > 0)
              AND strpos(Tags, $team_tag || '":""') = 0 AND strpos(Tags, $team_tag || '": ""') = 0 THEN 1 ELSE 0 END AS tagged
    FROM charges
    WHERE ChargeCategory = 'Usage' AND x_Cost > 0 AND x_CostBasis <> 'total' AND ChargePeriodStart < $late_cutoff
      AND date_diff('day', ChargePeriodStart, $late_cutoff) <= 5 * $days
),
shares AS (
    SELECT cloud, payer, sum(recent * cost) AS now, sum((1 - recent) * cost) AS before,
        CAST(sum(recent * tagged * cost) AS DOUBLE) / nullif(CAST(sum(recent * cost) AS DOUBLE), 0) AS share_now,
        CAST(sum((1 - recent) * tagged * cost) AS DOUBLE) / nullif(CAST(sum((1 - recent) * cost) AS DOUBLE), 0) AS share_before
    FROM days
    GROUP BY cloud, payer
)
SELECT cloud || '/' || payer AS subject,
    CASE WHEN coalesce(share_before, 0) = 0 OR share_now IS NULL THEN 'not_evaluated'
        WHEN share_before - share_now > $fall THEN 'failed' ELSE 'passed' END AS verdict,
    CASE WHEN share_before IS NULL OR share_now IS NULL THEN 'There is no cost of the newest ' || amount($days) || ' days, or none of the four times as many before.'
        WHEN share_before = 0 THEN 'None of the cost has the tag ' || $team_tag || '.'
        ELSE in_percent(share_now) || ' of the cost of the newest ' || amount($days) || ' days has the tag ' || $team_tag || ', where it was '
            || in_percent(share_before) || ' before; it may fall by ' || amount(100 * $fall) || ' points.' END AS message
FROM shares
