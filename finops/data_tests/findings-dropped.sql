/*---
id: findings-dropped
title: Findings did not disappear all at once
stage: audit
severity: error
parameters:
  share: {default: 0.5, unit: ratio, doc: "A fall by more than this share of the usual number is told."}
  least: {default: 5, unit: findings, doc: "A fall by fewer findings than this is not told."}
  audits: {default: 10, unit: audits, doc: "How many audits before the newest are the usual number: their median."}
  needed: {default: 3, unit: audits, doc: "How many of these there must be."}
doc: |
  Compares the number of findings of the newest audit, in all and for each rule, with the median of the audits before it.
  Findings that fall sharply are a lost permission until proven otherwise: what cannot be read has no waste. Findings
  of which the inventory shows since the last audit with the usual number that their action was taken or that the
  resource is gone count as explained. Look at
  finops status for scopes that were denied. It is wrong when a threshold was changed on purpose: it passes again once half
  of the audits before are of the new threshold. Rules that did not run in the newest audit are not looked at.
---*/
-- Of several audits of one instant the last counts.
WITH latest AS (
    SELECT a.run_id, a.as_of, CAST(a.rules AS VARCHAR) AS rules
    FROM audits AS a
    LEFT JOIN runs AS r ON r.run_id = a.run_id
    WHERE a.whole AND a.forward AND a.as_of <= $as_of
    QUALIFY row_number() OVER (PARTITION BY a.as_of ORDER BY r.started_at DESC, a.run_id) = 1
),
numbered AS (
    SELECT run_id, as_of, rules, row_number() OVER (ORDER BY as_of DESC) AS number FROM latest
),
seen AS (
    SELECT run_id, as_of, rules, number FROM numbered WHERE number <= 1 + $audits
),
ran AS (
    SELECT DISTINCT f.rule
    FROM findings AS f
    JOIN seen AS s ON s.run_id = f.run_id
    JOIN seen AS n ON n.number = 1 AND n.rules LIKE '%"' || f.rule || '"%'
),
counts AS (
    SELECT r.rule, s.number, s.as_of, count(f.id) AS findings
    FROM ran AS r
    JOIN seen AS s ON s.rules LIKE '%"' || r.rule || '"%'
    LEFT JOIN findings AS f ON f.run_id = s.run_id AND f.rule = r.rule
    GROUP BY r.rule, s.number, s.as_of
),
subjects AS (
    SELECT rule AS subject, number, as_of, findings FROM counts
    UNION ALL
    SELECT 'all rules', number, as_of, CAST(sum(findings) AS BIGINT) FROM counts GROUP BY number, as_of
),
usual AS (
    SELECT subject, median(CASE WHEN number > 1 THEN findings END) AS usual, sum(CASE WHEN number > 1 THEN 1 ELSE 0 END) AS audits,
        max(CASE WHEN number = 1 THEN findings END) AS now, max(as_of) AS newest
    FROM subjects
    GROUP BY subject
),
-- The fall is from the last audit that had the usual number. What went before it was made up for by then, and explains
-- nothing: with findings that come and go every night it would explain any fall.
falls AS (
    SELECT u.subject, u.newest, max(s.as_of) AS since
    FROM usual AS u
    JOIN subjects AS s ON s.subject = u.subject AND s.number > 1 AND s.findings >= u.usual
    GROUP BY u.subject, u.newest
),
explained AS (
    SELECT u.subject, count(h.id) AS findings
    FROM usual AS u
    LEFT JOIN falls AS w ON w.subject = u.subject
    LEFT JOIN finding_history AS h ON (h.rule = u.subject OR u.subject = 'all rules') AND h.status = 'resolved'
        AND h.resolution IN ('changed', 'gone', 'exempt') AND h.resolved_at > w.since AND h.resolved_at <= w.newest
    GROUP BY u.subject
),
denied AS (
    SELECT count(*) AS scopes, min(cloud || '/' || account_id || '/' || region || ' ' || dataset) AS one
    FROM coverage
    WHERE status IN ('denied', 'throttled', 'failed')
)
SELECT u.subject,
    CASE WHEN u.audits < $needed THEN 'not_evaluated'
        WHEN u.usual - u.now - e.findings > $share * u.usual AND u.usual - u.now - e.findings >= $least THEN 'failed'
        ELSE 'passed' END AS verdict,
    CASE WHEN u.audits < $needed THEN 'There ' || CASE WHEN u.audits = 1 THEN 'is ' ELSE 'are ' END || counted(u.audits, 'earlier audit', 'earlier audits')
            || ' to compare with; ' || amount($needed) || ' are needed.'
        ELSE CASE WHEN u.subject = 'all rules' THEN 'In all there are ' ELSE u.subject || ' has ' END || counted(u.now, 'finding', 'findings')
            || ', where the median of ' || counted(u.audits, 'earlier audit', 'earlier audits') || ' is ' || amount(u.usual)
            || CASE WHEN e.findings > 0 THEN '; ' || amount(e.findings) || ' went by evidence' ELSE '' END
            || CASE WHEN u.usual - u.now - e.findings > $share * u.usual AND u.usual - u.now - e.findings >= $least
                THEN '. A fall by more than ' || in_percent($share) || ' is a lost permission until proven otherwise'
                    || CASE WHEN d.scopes > 0 THEN '; ' || counted(d.scopes, 'scope', 'scopes') || ' could not be read, ' || d.one || ' among them' ELSE '' END
                ELSE '' END || '.' END AS message
FROM usual AS u
JOIN explained AS e ON e.subject = u.subject
CROSS JOIN denied AS d
WHERE u.now IS NOT NULL AND (u.audits >= $needed OR u.subject = 'all rules')
