/*---
id: evaluated-share
title: As much of the cost was judged as usual
stage: audit
severity: error
parameters:
  fall: {default: 0.2, unit: ratio, doc: "A fall of the share of cost that the rules could judge by more than this is told: 0.2 are 20 points."}
  audits: {default: 10, unit: audits, doc: "How many audits before the newest are the usual share: their median."}
  needed: {default: 3, unit: audits, doc: "How many of these there must be."}
doc: |
  Compares the share of the cost that the newest audit could judge with the median of the audits before it. Cost that
  cannot be judged has no findings, so a fall looks like savings: metrics that are no more readable, resources that are
  on the bill and in no inventory. Look at what was not evaluated and why, in the report or with finops status. It is
  wrong when a large account without a collector joined the bill.
---*/
-- Of several audits of one instant the last counts.
WITH latest AS (
    SELECT a.as_of, CAST(json_extract_string(r.result, '$.totals.evaluated_cost_share') AS DOUBLE) AS share
    FROM audits AS a
    JOIN runs AS r ON r.run_id = a.run_id
    WHERE a.whole AND a.forward AND a.as_of <= $as_of
    QUALIFY row_number() OVER (PARTITION BY a.as_of ORDER BY r.started_at DESC, a.run_id) = 1
),
shares AS (
    SELECT share, row_number() OVER (ORDER BY as_of DESC) AS number FROM latest
),
told AS (
    SELECT max(CASE WHEN number = 1 THEN share END) AS now, median(CASE WHEN number > 1 THEN share END) AS usual,
        count(CASE WHEN number > 1 THEN share END) AS audits, count(*) AS all_audits
    FROM shares
    WHERE number <= 1 + $audits
)
SELECT 'all clouds' AS subject,
    CASE WHEN now IS NULL OR audits < $needed THEN 'not_evaluated' WHEN usual - now > $fall THEN 'failed' ELSE 'passed' END AS verdict,
    CASE WHEN now IS NULL THEN 'The newest audit does not know its share of cost.'
        WHEN audits < $needed THEN 'There ' || CASE WHEN audits = 1 THEN 'is ' ELSE 'are ' END || counted(audits, 'earlier audit', 'earlier audits')
            || ' to compare with; ' || amount($needed) || ' are needed.'
        ELSE in_percent(now) || ' of the cost was judged, where the median of ' || counted(audits, 'earlier audit', 'earlier audits') || ' is '
            || in_percent(usual) || '; it may fall by ' || amount(100 * $fall) || ' points.' END AS message
FROM told
WHERE all_audits > 0
