/*---
id: keys
title: No resource is there twice
stage: collect
severity: error
doc: |
  Counts the rows of every table of resources that have the key of another row. A resource that is there twice is
  counted and priced twice. A scope is replaced whole by each collection, so this is a defect of a collector or the
  work of a hand: collect the account again, and report it when it comes back. Metrics are left out: they are replaced
  in the same way, and counting millions of keys every night costs more than it tells.
---*/
SELECT table_name AS subject,
    CASE WHEN surplus > 0 THEN 'failed' ELSE 'passed' END AS verdict,
    CASE WHEN surplus > 0 THEN amount(surplus) || ' of ' || counted(rows, 'row', 'rows') || ' of ' || table_name
            || ' have a key (' || key || ') that another row has, where 0 may: ' || example || ' is one.'
        ELSE 'Each of ' || counted(rows, 'row', 'rows') || ' of ' || table_name || ' has a key of its own.' END AS message
FROM key_counts
WHERE rows > 0
