-- Findings keep what is needed to measure what became of them, and their whole past. What an older version called
-- gone was only not found again: its resolution is not known.
CREATE TEMP TABLE history_before AS FROM finding_history;
DROP TABLE finding_history;
CREATE TABLE finding_history (
    id VARCHAR NOT NULL, first_seen TIMESTAMP NOT NULL, last_seen TIMESTAMP NOT NULL, last_audit TIMESTAMP NOT
    NULL, status VARCHAR NOT NULL, resolution VARCHAR, rule VARCHAR, cloud VARCHAR, account VARCHAR, region
    VARCHAR, resource_type VARCHAR, resource_id VARCHAR, resource_name VARCHAR, action VARCHAR, proposed JSON, was
    JSON, family VARCHAR, observed_at TIMESTAMP, cells JSON, monthly_savings DECIMAL(38, 2), net_monthly_savings
    DECIMAL(38, 2), savings_low DECIMAL(38, 2), savings_high DECIMAL(38, 2), currency VARCHAR, reopened INTEGER
    NOT NULL, resolved_at TIMESTAMP, became JSON, replaced_by JSON
);
INSERT INTO finding_history
SELECT h.id, h.first_seen, h.last_seen, h.last_audit, h.status, NULL, f.rule, f.cloud, f.account, f.region,
    f.resource_type, f.resource_id, f.resource_name, f.action, f.proposed, NULL, NULL, NULL, NULL, f.monthly_savings,
    f.net_monthly_savings, f.savings_low, f.savings_high, f.currency, CAST(h.status = 'reopened' AS INTEGER),
    CASE WHEN h.status = 'resolved' THEN h.last_audit END, NULL, NULL
FROM history_before AS h
LEFT JOIN (
    SELECT DISTINCT ON (f.id) f.*
    FROM findings AS f
    LEFT JOIN runs AS r USING (run_id)
    ORDER BY f.id, r.as_of DESC NULLS LAST, f.run_id
) AS f ON f.id = h.id;
DROP TABLE history_before;
CREATE TABLE finding_events (
    finding_id VARCHAR NOT NULL, run_id VARCHAR NOT NULL, as_of TIMESTAMP NOT NULL, event VARCHAR NOT NULL,
    resolution VARCHAR
);
INSERT INTO finding_events
SELECT id, '', first_seen, 'new', NULL FROM finding_history
UNION ALL
SELECT id, '', last_audit, 'resolved', NULL FROM finding_history WHERE status = 'resolved';
CREATE TABLE audits (
    run_id VARCHAR NOT NULL, as_of TIMESTAMP NOT NULL, whole BOOLEAN NOT NULL, forward BOOLEAN NOT NULL, limits JSON NOT NULL, rules JSON
    NOT NULL
);
CREATE TABLE decisions (
    finding_id VARCHAR NOT NULL, decision VARCHAR NOT NULL, owner VARCHAR, comment VARCHAR, decided_at TIMESTAMP
    NOT NULL, source VARCHAR NOT NULL
);
CREATE TABLE realised_savings (
    finding_id VARCHAR NOT NULL, resource_id VARCHAR NOT NULL, action VARCHAR NOT NULL, resolution VARCHAR NOT
    NULL, resolved_at TIMESTAMP NOT NULL, state VARCHAR NOT NULL, counted_with VARCHAR, currency VARCHAR, estimate
    DECIMAL(38, 2), estimate_low DECIMAL(38, 2), estimate_high DECIMAL(38, 2), realised DECIMAL(38, 2),
    realised_low DECIMAL(38, 2), realised_high DECIMAL(38, 2), cost_before DECIMAL(38, 18), cost_expected
    DECIMAL(38, 18), cost_after DECIMAL(38, 18), before_start TIMESTAMP, before_end TIMESTAMP, after_start
    TIMESTAMP, after_end TIMESTAMP, before_days INTEGER NOT NULL, settled_days INTEGER NOT NULL, controls INTEGER
    NOT NULL, control_factor DOUBLE, as_of TIMESTAMP NOT NULL, note VARCHAR NOT NULL
)
