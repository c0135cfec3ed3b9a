-- Version 9: what an unattended night records: its steps, what bills said by day, its own figures, alarms, deliveries.
ALTER TABLE runs ADD COLUMN parent VARCHAR;
ALTER TABLE data_tests ADD COLUMN stage VARCHAR;
ALTER TABLE data_tests ADD COLUMN since TIMESTAMP;
CREATE TABLE run_steps (
  run_id VARCHAR NOT NULL,
  position INTEGER NOT NULL,
  step VARCHAR NOT NULL,
  part VARCHAR,
  status VARCHAR NOT NULL,
  started_at TIMESTAMP NOT NULL,
  finished_at TIMESTAMP,
  rows BIGINT,
  calls BIGINT,
  message VARCHAR
);
CREATE TABLE bill_days (
  source VARCHAR NOT NULL,
  provider VARCHAR,
  cloud VARCHAR NOT NULL,
  billing_account_id VARCHAR NOT NULL,
  account_id VARCHAR NOT NULL,
  billing_period_start TIMESTAMP NOT NULL,
  day TIMESTAMP NOT NULL,
  currency VARCHAR NOT NULL,
  rows BIGINT NOT NULL,
  billed_cost DECIMAL(38, 18) NOT NULL,
  effective_cost DECIMAL(38, 18) NOT NULL,
  metered BIGINT NOT NULL,
  invoiced BIGINT NOT NULL,
  told_at TIMESTAMP NOT NULL,
  run_id VARCHAR NOT NULL
);
-- What bills say is known from the beginning, or the first night would take all of it for new.
INSERT INTO bill_days
SELECT
  c.x_Source, c.ProviderName, c.x_Cloud, coalesce(c.BillingAccountId, c.x_AccountId), c.x_AccountId,
  coalesce(c.BillingPeriodStart, date_trunc('month', c.ChargePeriodStart)), date_trunc('day', c.ChargePeriodStart),
  coalesce(c.BillingCurrency, ''), count(*), coalesce(sum(c.BilledCost), 0), coalesce(sum(c.EffectiveCost), 0),
  count(*) FILTER (WHERE c.ChargeCategory = 'Usage' AND c.ChargePeriodEnd - c.ChargePeriodStart <= INTERVAL 25 HOUR),
  count(nullif(c.InvoiceId, '')), coalesce(p.loaded_at, TIMESTAMP '1970-01-01'), coalesce(p.run_id, '')
FROM charges AS c
LEFT JOIN (
  SELECT source, billing_account_id, billing_period_start, max(loaded_at) AS loaded_at, arg_max(run_id, loaded_at) AS run_id
  FROM bill_partitions GROUP BY ALL
) AS p ON p.source = c.x_Source AND p.billing_account_id = c.BillingAccountId AND p.billing_period_start = c.BillingPeriodStart
WHERE c.ChargePeriodStart IS NOT NULL
GROUP BY ALL;
CREATE TABLE figures (
  run_id VARCHAR NOT NULL,
  measured_at TIMESTAMP NOT NULL,
  figure VARCHAR NOT NULL,
  subject VARCHAR NOT NULL,
  value DOUBLE NOT NULL
);
CREATE TABLE anomalies (
  anomaly_id VARCHAR NOT NULL,
  run_id VARCHAR NOT NULL,
  found_at TIMESTAMP NOT NULL,
  level VARCHAR NOT NULL,
  cloud VARCHAR,
  account_id VARCHAR,
  service VARCHAR,
  team VARCHAR,
  figure VARCHAR,
  currency VARCHAR,
  kind VARCHAR NOT NULL,
  first_day TIMESTAMP NOT NULL,
  last_day TIMESTAMP NOT NULL,
  expected DOUBLE NOT NULL,
  actual DOUBLE NOT NULL,
  low DOUBLE NOT NULL,
  high DOUBLE NOT NULL,
  score DOUBLE NOT NULL,
  state VARCHAR NOT NULL,
  message VARCHAR NOT NULL
);
CREATE TABLE anomaly_decisions (
  decision VARCHAR NOT NULL,
  anomaly_id VARCHAR,
  cloud VARCHAR,
  account_id VARCHAR,
  service VARCHAR,
  team VARCHAR,
  valid_from TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  owner VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  decided_at TIMESTAMP NOT NULL
);
CREATE TABLE deliveries (
  run_id VARCHAR NOT NULL,
  target VARCHAR NOT NULL,
  content VARCHAR NOT NULL,
  status VARCHAR NOT NULL,
  attempts INTEGER NOT NULL,
  delivered_at TIMESTAMP NOT NULL,
  message VARCHAR NOT NULL,
  as_of TIMESTAMP,
  told JSON NOT NULL
);
