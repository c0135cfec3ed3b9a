/*---
id: rejected-rows
title: Nearly every row of a bill could be read
stage: bill
severity: error
parameters:
  share: {default: 0.001, unit: ratio, doc: "Share of the rows of a source that may be unreadable."}
doc: |
  Counts the rows of each bill that could not be read beside those that were. What could not be read is cost that is
  missing. finops sql "FROM rejected_rows" tells row, column and reason; a new kind of row in an export shows here
  first. Put the export right, or report the row, and load it again. A bill of which retention has removed months is judged
  only while what is left of it passes.
---*/
WITH loaded AS (
    -- A part of a bill without rows is one that retention removed; how many it had is not known any more.
    SELECT source, sum(rows) AS rows, sum(CASE WHEN rows = 0 THEN 1 ELSE 0 END) AS pruned FROM bill_partitions GROUP BY source
),
rejected AS (
    SELECT source, min(reason) AS reason,
        sum(CASE WHEN line IS NULL AND reason LIKE '% more rows are not listed'
            THEN CAST(replace(split_part(reason, ' ', 1), ',', '') AS BIGINT) ELSE 1 END) AS rows
    FROM rejected_rows
    GROUP BY source
),
sources AS (
    SELECT l.source, l.rows, l.pruned, coalesce(r.rows, 0) AS rejected, r.reason
    FROM loaded AS l
    LEFT JOIN rejected AS r ON r.source = l.source
)
SELECT source AS subject,
    CASE WHEN rejected <= $share * (rows + rejected) THEN 'passed' WHEN pruned > 0 THEN 'not_evaluated' ELSE 'failed' END AS verdict,
    CASE WHEN rejected > $share * (rows + rejected) AND pruned > 0
        THEN counted(rejected, 'row', 'rows') || ' could not be read when the bill was loaded; of its rows only ' || amount(rows)
            || ' are still kept, so the share is not known: ' || reason
        ELSE counted(rejected, 'row', 'rows') || ' of ' || amount(rows + rejected) || ' could not be read, ' || in_percent($share) || ' may be: ' || reason
        END AS message
FROM sources
WHERE rejected > 0
UNION ALL
SELECT 'all other bills', 'passed', 'Every row of ' || counted(count(*), 'source', 'sources') || ' could be read, ' || counted(sum(rows), 'row', 'rows') || ' in all.'
FROM sources
WHERE rejected = 0
HAVING count(*) > 0
