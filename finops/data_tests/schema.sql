/*---
id: schema
title: Every table and column is there, with its type
stage: collect
severity: error
doc: |
  Compares the file with the schema that this version of finops works on. A table or column that is not there, or has
  another type, means that somebody changed the file by hand, or that a migration did not end; what reads it fails or,
  worse, reads something else. Restore the newest backup. Tables and columns of your own beside ours do no harm and are
  not told.
---*/
WITH wrong AS (
    SELECT table_name, count(*) AS columns,
        min(column_name || CASE WHEN found IS NULL THEN ' is not there' ELSE ' is ' || found || ' instead of ' || wanted END) AS told
    FROM columns_here
    WHERE wanted IS NOT NULL AND (found IS NULL OR found <> wanted)
    GROUP BY table_name
)
SELECT table_name AS subject, 'failed' AS verdict,
    'Of ' || table_name || ' ' || counted(columns, 'column is', 'columns are') || ' not as this version of finops needs it: '
    || told || '.' AS message
FROM wrong
UNION ALL
SELECT 'all tables', 'passed',
    'All ' || amount(count(wanted)) || ' columns of ' || amount(count(DISTINCT table_name)) || ' tables are there, with their types.'
FROM columns_here
WHERE wanted IS NOT NULL AND NOT EXISTS (SELECT 1 FROM wrong)
HAVING count(*) > 0
