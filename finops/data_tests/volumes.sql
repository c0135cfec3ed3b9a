/*---
id: volumes
title: Each scope has as many rows as it usually has
stage: collect
severity: warn
parameters:
  runs: {default: 8, unit: runs, doc: "Earlier nights that must have collected a scope before it is judged."}
  nights: {default: 28, unit: nights, doc: "So many of the newest earlier nights tell what is usual."}
  sigmas: {default: 5, unit: standard deviations, doc: "How far from the median, by the spread of the earlier nights, is out of control."}
  least: {default: 5, unit: rows, doc: "A difference of fewer rows than this is never told."}
  share: {default: 0.2, unit: ratio, doc: "Nor is one below this share of the median."}
doc: |
  Compares the rows that a scope (cloud, account, region, data set) has tonight with those of earlier nights: the median,
  and 1.4826 times the median distance from it as the spread. A collection that ends without an error and brings half of
  what is there is the worst kind: nothing else tells. Look at the resources that are gone, in the console of the cloud.
  A scope that had rows and now has none is an error. It is wrong after a migration, a clean-up or a launch: after
  half of `nights` the new number is the usual one.
---*/
WITH tonight AS (
    SELECT cloud, account_id, cloud || '/' || account_id || '/' || region || '/' || dataset AS scope, rows, run_id
    FROM coverage
    WHERE dataset <> 'charges' AND status = 'complete' AND attempted_at >= collected_at
      AND days_between(attempted_at, $as_of) <= 2
),
earlier AS (
    SELECT f.subject AS scope, f.value
    FROM figures AS f
    JOIN tonight AS t ON t.scope = f.subject
    LEFT JOIN runs AS r ON r.run_id = t.run_id
    WHERE f.figure = 'rows' AND f.run_id <> coalesce(r.parent, '') AND f.measured_at <= $as_of
    QUALIFY row_number() OVER (PARTITION BY f.subject ORDER BY f.measured_at DESC) <= $nights
),
centre AS (
    SELECT scope, count(*) AS runs, median(value) AS middle FROM earlier GROUP BY scope
),
spread AS (
    SELECT e.scope, 1.4826 * median(abs(e.value - c.middle)) AS sigma
    FROM earlier AS e
    JOIN centre AS c ON c.scope = e.scope
    GROUP BY e.scope
),
judged AS (
    SELECT t.cloud, t.account_id, t.scope, t.rows, c.runs, c.middle,
        greatest($sigmas * s.sigma, $least, $share * c.middle, sqrt(c.middle)) AS allowed
    FROM tonight AS t
    LEFT JOIN centre AS c ON c.scope = t.scope
    LEFT JOIN spread AS s ON s.scope = t.scope
),
outside AS (
    SELECT cloud, account_id, scope, rows, middle, allowed
    FROM judged
    WHERE runs >= $runs AND (abs(rows - middle) > allowed OR (rows = 0 AND middle >= $least))
)
SELECT scope AS subject, 'failed' AS verdict,
    scope || ' has ' || counted(rows, 'row', 'rows') || ' tonight; by its earlier nights it has ' || amount(round(middle))
        || ', give or take ' || amount(round(allowed)) || '.' AS message,
    CASE WHEN rows = 0 THEN 'error' ELSE 'warn' END AS severity
FROM outside
UNION ALL
SELECT j.cloud || '/' || j.account_id,
    CASE WHEN sum(CASE WHEN j.runs >= $runs THEN 1 ELSE 0 END) = 0 THEN 'not_evaluated' ELSE 'passed' END,
    CASE WHEN sum(CASE WHEN j.runs >= $runs THEN 1 ELSE 0 END) = 0
        THEN 'The longest history of a scope of account ' || j.account_id || ' is of ' || counted(coalesce(max(j.runs), 0), 'night', 'nights')
            || '; ' || amount($runs) || ' are needed.'
        ELSE amount(sum(CASE WHEN j.runs >= $runs THEN 1 ELSE 0 END)) || ' of ' || counted(count(*), 'scope', 'scopes') || ' of account '
            || j.account_id || ' have a history of ' || amount($runs) || ' nights, and all of these'
            || CASE WHEN count(o.scope) > 0 THEN ' but ' || amount(count(o.scope)) ELSE '' END || ' are within their limits.' END,
    'warn'
FROM judged AS j
LEFT JOIN outside AS o ON o.scope = j.scope
GROUP BY j.cloud, j.account_id
