-- What bills said at any instant, and how far they go: of the days after settled_until they may still tell more.
-- Put into each warehouse (warehouse/reference.py). Only the view is meant for rules and people; the macros are the same
-- as of an earlier instant, for restatements.

-- How many days at the end of a bill are provisional, the newest one included.
--   aws      a Data Export is delivered up to three times a day and services report for 24 to 48 hours
--            (docs.aws.amazon.com/cur/latest/userguide/what-is-cur.html)
--   alibaba  items and their attributes come until three days after the day (collectors/alibaba/billing.py)
--            (DescribeInstanceBill, www.alibabacloud.com/help/en/user-center/developer-reference)
--   gcp      usage that services report late comes up to five days after it
--            (docs.cloud.google.com/billing/docs/how-to/export-data-bigquery)
CREATE OR REPLACE MACRO provisional_days(cloud) AS CASE WHEN cloud = 'gcp' THEN 5 WHEN cloud = 'alibaba' THEN 4 ELSE 3 END;

CREATE OR REPLACE MACRO bill_days_at(instant) AS TABLE
SELECT * FROM bill_days WHERE told_at <= instant
QUALIFY row_number() OVER (
    PARTITION BY source, provider, cloud, billing_account_id, account_id, billing_period_start, day, currency
    ORDER BY told_at DESC) = 1;

CREATE OR REPLACE MACRO bill_ends_at(instant) AS TABLE
WITH days AS (
    SELECT * FROM bill_days_at(instant) WHERE rows > 0
),
-- How far a bill goes, by what is metered: fees and credits may be dated ahead.
bills AS (
    SELECT cloud, billing_account_id, coalesce(max(day) FILTER (WHERE metered > 0), max(day)) AS newest_day
    FROM days GROUP BY ALL
),
-- AWS names the invoice in every charge when it closes a month, and only then.
closed AS (
    SELECT cloud, billing_account_id, max(ends) AS closed_until
    FROM (
        SELECT cloud, billing_account_id, billing_period_start + INTERVAL 1 MONTH AS ends
        FROM days WHERE cloud = 'aws'
        GROUP BY cloud, billing_account_id, billing_period_start HAVING sum(invoiced) = sum(rows)
    )
    GROUP BY ALL
)
SELECT DISTINCT
    d.cloud, d.billing_account_id, d.account_id, b.newest_day,
    least(b.newest_day + INTERVAL 1 DAY,
        greatest(b.newest_day + to_days(1 - provisional_days(d.cloud)), c.closed_until)) AS settled_until
FROM days AS d
JOIN bills AS b USING (cloud, billing_account_id)
LEFT JOIN closed AS c USING (cloud, billing_account_id);

CREATE OR REPLACE VIEW bill_ends AS
SELECT
    cloud AS cloud, -- charges.x_Cloud
    billing_account_id AS billing_account_id, -- BillingAccountId
    account_id AS account_id, -- charges.x_AccountId; an account of several billing accounts has several rows
    newest_day AS newest_day, -- newest day of which the billing account's bill has usage, UTC
    settled_until AS settled_until -- first day that is provisional, UTC: the days from it on may still change
FROM bill_ends_at(TIMESTAMP '9999-12-31');
