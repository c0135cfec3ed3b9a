/*---
id: freshness
title: Inventory, metrics and bills are not too old
stage: collect
severity: error
parameters:
  warn_after: {default: 36, unit: hours, doc: "From this age on it is a warning."}
  error_after: {default: 60, unit: hours, doc: "From this age on it is an error."}
  aws_delay: {default: 24, unit: hours, doc: "How late the usage of a day is on the bill of AWS; bills may be older by that."}
  alibaba_delay: {default: 24, unit: hours, doc: "The same for Alibaba Cloud, which bills a day during the next one."}
  gcp_delay: {default: 24, unit: hours, doc: "The same for Google Cloud, whose usage mostly arrives within a day."}
  other_delay: {default: 48, unit: hours, doc: "The same for every other provider."}
  remembered: {default: 14, unit: days, doc: "A place that no collection came to for so long, while others of its cloud were collected, is no more looked at."}
  forgotten: {default: 45, unit: days, doc: "A bill that ended longer ago was loaded to be kept, and is not judged."}
doc: |
  Looks at the oldest inventory and the oldest metrics of each account, and at the newest metered usage of each billing
  account. What is old is not wrong, but it is not the truth of today: what was deleted since still costs, what was
  started since is missing. Look at finops status for the scope that failed, or at the delivery of the bill. It is wrong
  for an account that was closed on purpose: it is told until it has not been collected for `remembered` days.
---*/
WITH scopes AS (
    SELECT cloud, account_id, region, dataset, collected_at, attempted_at,
        CASE WHEN dataset = 'metrics' THEN 'metrics' ELSE 'inventory' END AS kind,
        max(attempted_at) OVER (PARTITION BY cloud) AS newest_attempt
    FROM coverage
    WHERE status <> 'skipped'
      AND dataset NOT IN ('charges', 'traffic', 'prices', 'spot_prices', 'region_prices', 'instance_types', 'commitment_offers')
),
collected AS (
    SELECT cloud || '/' || account_id || ' ' || kind AS subject, min(collected_at) AS newest, CAST(0 AS DOUBLE) AS delay,
        'The ' || kind || ' of ' || cloud || ' account ' || account_id AS what,
        arg_min(region || ' ' || dataset, collected_at) AS place
    FROM scopes
    WHERE days_between(attempted_at, newest_attempt) <= $remembered
    GROUP BY cloud, account_id, kind
),
metered AS (
    SELECT x_Cloud AS cloud, coalesce(BillingAccountId, x_AccountId) AS payer,
        max(CASE WHEN ChargeCategory = 'Usage' AND days_between(ChargePeriodStart, ChargePeriodEnd) < 1.05
            AND ChargePeriodStart < $as_of THEN ChargePeriodEnd END) AS newest
    FROM charges
    WHERE x_CostBasis <> 'total'
    GROUP BY x_Cloud, coalesce(BillingAccountId, x_AccountId)
),
sources AS (
    SELECT subject, newest, delay, what, place FROM collected
    UNION ALL
    SELECT cloud || '/' || payer || ' bill', newest,
        CASE cloud WHEN 'aws' THEN $aws_delay WHEN 'alibaba' THEN $alibaba_delay WHEN 'gcp' THEN $gcp_delay ELSE $other_delay END,
        'The bill of ' || cloud || ' account ' || payer, CAST(NULL AS VARCHAR)
    FROM metered
),
aged AS (
    SELECT subject, newest, delay, what, place, 24 * days_between(newest, $as_of) AS hours FROM sources
)
SELECT subject,
    CASE WHEN newest IS NULL THEN 'not_evaluated'
        WHEN place IS NULL AND newest < $forgotten_cutoff THEN 'not_evaluated'
        WHEN hours > $warn_after + delay THEN 'failed' ELSE 'passed' END AS verdict,
    CASE WHEN newest IS NULL AND place IS NULL AND delay > 0 THEN what || ' has no usage by the hour or day to tell its age by.'
        WHEN newest IS NULL THEN what || ' was never collected.'
        WHEN place IS NULL AND newest < $forgotten_cutoff THEN what || ' ends on ' || CAST(CAST(newest AS DATE) AS VARCHAR)
            || ', ' || amount(round(hours / 24)) || ' days ago: older than ' || amount($forgotten) || ' days is not judged.'
        ELSE what || ': ' || counted(round(greatest(hours, 0)), 'hour', 'hours') || ' old'
            || coalesce(' (' || place || ')', '') || ', where ' || amount($warn_after + delay) || ' are a warning and '
            || amount($error_after + delay) || ' an error.' END AS message,
    CASE WHEN hours > $error_after + delay THEN 'error' ELSE 'warn' END AS severity
FROM aged
