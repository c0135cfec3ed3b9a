-- What actions cost before and after, day by day, and what untouched resources of the same kind cost meanwhile.
--
-- Reads: charges, instances, instance_types, the macros of meters.py, provisional_days() of finops/bill_ends.sql, and four
-- temporary tables:
--   episodes (episode, cloud, account_id, before_from, before_end, after_start, after_until, as_of)
--   episode_cells (episode, resource_id, component): the cost that the action changes; component 'all' is every one
--   episode_more (episode, resource_id): what took its place
--   acted (cloud, account_id, resource_id): everything that somebody acted upon, which is no control
-- Makes:
--   realised_bounds  one row per episode: the windows that can be compared, and their days that the bill covers
--   realised_cells   one row per episode, resource, component and currency: mean cost of a covered day before and after
--   realised_controls  one row per comparison and control
-- A day is of UTC; a charge over several days (or another clock's day) is spread over them. Only usage counts, as in
-- finops/costs.sql.

CREATE OR REPLACE TEMP TABLE realised_span AS
SELECT min(before_from) - INTERVAL 7 DAY AS span_from, max(after_until) AS span_until FROM episodes;

CREATE OR REPLACE TEMP TABLE realised_meters AS
SELECT
    cloud, service, meter, operation, description, category, subcategory,
    charge_component(cloud, service, meter, operation, description, category, subcategory) AS component
FROM (
    SELECT DISTINCT
        x_Cloud AS cloud,
        coalesce(x_ServiceCode, ServiceName, '') AS service,
        coalesce(x_UsageType, SkuMeter, '') AS meter,
        coalesce(x_Operation, '') AS operation,
        CASE WHEN x_Cloud = 'aws' AND coalesce(x_UsageType, SkuMeter) IS NOT NULL THEN ''
            ELSE coalesce(ChargeDescription, '') END AS description,
        coalesce(ServiceCategory, '') AS category,
        coalesce(ServiceSubcategory, '') AS subcategory
    FROM charges, realised_span
    WHERE ChargeCategory = 'Usage' AND ChargePeriodStart < span_until AND ChargePeriodEnd > span_from
      AND x_Cloud IN (SELECT cloud FROM episodes)
);

-- Usage on the bill in the span, with its component; a view, read for the resources and kinds that are wanted.
CREATE OR REPLACE TEMP VIEW realised_usage AS
SELECT
    c.x_Cloud AS cloud, c.x_AccountId AS account_id, coalesce(c.RegionId, '') AS region,
    c.x_ResourceKey AS resource_id, m.component, c.BillingCurrency AS currency,
    c.ChargePeriodStart AS starts, greatest(c.ChargePeriodEnd, c.ChargePeriodStart) AS ends, c.x_Cost AS cost,
    CASE WHEN c.CommitmentDiscountId IS NOT NULL THEN c.x_Cost ELSE 0 END AS committed
FROM charges AS c
CROSS JOIN realised_span AS s
JOIN realised_meters AS m
    ON m.cloud = c.x_Cloud
    AND m.service = coalesce(c.x_ServiceCode, c.ServiceName, '')
    AND m.meter = coalesce(c.x_UsageType, c.SkuMeter, '')
    AND m.operation = coalesce(c.x_Operation, '')
    AND m.description = CASE WHEN c.x_Cloud = 'aws' AND coalesce(c.x_UsageType, c.SkuMeter) IS NOT NULL THEN ''
        ELSE coalesce(c.ChargeDescription, '') END
    AND m.category = coalesce(c.ServiceCategory, '')
    AND m.subcategory = coalesce(c.ServiceSubcategory, '')
WHERE c.ChargeCategory = 'Usage'
  AND c.x_ResourceKey IS NOT NULL
  AND c.x_Cost IS NOT NULL
  AND c.x_CostBasis <> 'total'
  AND coalesce(c.CommitmentDiscountStatus, '') <> 'Unused'
  AND c.ChargePeriodStart < s.span_until
  AND c.ChargePeriodEnd > s.span_from;

-- --- days that the bills cover -----------------------------------------------------------------------------

CREATE OR REPLACE TEMP TABLE realised_payers AS
SELECT DISTINCT x_Cloud AS cloud, x_AccountId AS account_id, coalesce(BillingAccountId, x_AccountId) AS payer
FROM charges
CROSS JOIN realised_span AS s
SEMI JOIN episodes AS e ON e.cloud = x_Cloud AND e.account_id = x_AccountId
WHERE ChargeCategory = 'Usage' AND x_CostBasis <> 'total'
  AND ChargePeriodStart < s.span_until AND ChargePeriodEnd > s.span_from;

-- How far each payer's bill goes: by its metered usage, and where nothing is metered by the day by periods that ended.
CREATE OR REPLACE TEMP TABLE realised_bills AS
SELECT
    x_Cloud AS cloud, coalesce(BillingAccountId, x_AccountId) AS payer,
    bool_or(days_between(ChargePeriodStart, ChargePeriodEnd) <= 1.05) AS metered,
    date_trunc('day', min(ChargePeriodStart) + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND) AS begins,
    date_trunc('day', least(e.as_of, coalesce(
        max(ChargePeriodEnd) FILTER (WHERE days_between(ChargePeriodStart, ChargePeriodEnd) <= 1.05),
        max(ChargePeriodEnd) FILTER (WHERE ChargePeriodEnd <= e.as_of)))) - to_days(provisional_days(x_Cloud)) AS settled
FROM charges
CROSS JOIN (SELECT max(as_of) AS as_of FROM episodes) AS e
SEMI JOIN realised_payers AS p ON p.cloud = x_Cloud AND p.payer = coalesce(BillingAccountId, x_AccountId)
WHERE ChargeCategory = 'Usage' AND x_CostBasis <> 'total' AND ChargePeriodStart < e.as_of
  AND ChargePeriodEnd > (SELECT span_from FROM realised_span)
GROUP BY x_Cloud, coalesce(BillingAccountId, x_AccountId), e.as_of;

CREATE OR REPLACE TEMP TABLE realised_days AS
WITH seen AS (
    SELECT DISTINCT c.x_Cloud AS cloud, coalesce(c.BillingAccountId, c.x_AccountId) AS payer,
        unnest(generate_series(
            date_trunc('day', greatest(c.ChargePeriodStart, s.span_from)),
            date_trunc('day', CASE WHEN b.metered THEN greatest(c.ChargePeriodStart, s.span_from)
                ELSE least(c.ChargePeriodEnd, s.span_until) - INTERVAL 1 MICROSECOND END),
            INTERVAL 1 DAY)) AS day
    FROM charges AS c
    CROSS JOIN realised_span AS s
    JOIN realised_bills AS b ON b.cloud = c.x_Cloud AND b.payer = coalesce(c.BillingAccountId, c.x_AccountId)
    WHERE c.ChargeCategory = 'Usage' AND c.x_CostBasis <> 'total'
      AND c.ChargePeriodStart < s.span_until AND c.ChargePeriodEnd > s.span_from
      AND (NOT b.metered OR days_between(c.ChargePeriodStart, c.ChargePeriodEnd) <= 1.05)
)
SELECT DISTINCT p.cloud, p.account_id, d.day
FROM seen AS d
JOIN realised_bills AS b ON b.cloud = d.cloud AND b.payer = d.payer AND d.day >= b.begins AND d.day < b.settled
JOIN realised_payers AS p ON p.cloud = d.cloud AND p.payer = d.payer;

-- --- what was acted upon -----------------------------------------------------------------------------------

CREATE OR REPLACE TEMP TABLE realised_lines AS
SELECT e.episode, u.*, days_between(u.starts, u.ends) > 1.05 AS long
FROM realised_usage AS u
JOIN (
    SELECT DISTINCT e.*, r.resource_id
    FROM episodes AS e
    JOIN (SELECT episode, resource_id FROM episode_cells UNION SELECT episode, resource_id FROM episode_more) AS r
        USING (episode)
) AS e ON e.cloud = u.cloud AND e.account_id = u.account_id AND e.resource_id = u.resource_id
WHERE u.starts < e.after_until AND u.ends > e.before_from - INTERVAL 7 DAY;

-- A charge over several days that reaches over the action tells no day apart, nor does one that has not ended: the
-- windows give way to it.
CREATE OR REPLACE TEMP TABLE realised_windows AS
SELECT
    e.episode, e.cloud, e.account_id, e.before_from,
    least(e.before_end, coalesce(
        min(l.starts) FILTER (WHERE l.long AND l.starts < e.before_end AND l.ends > e.before_end), e.before_end)) AS before_end,
    greatest(e.after_start, coalesce(
        max(l.ends) FILTER (WHERE l.long AND l.starts < e.after_start AND l.ends > e.after_start), e.after_start)) AS after_start,
    least(e.after_until, coalesce(
        min(l.starts) FILTER (WHERE l.long AND l.ends > e.as_of), e.after_until)) AS after_until
FROM episodes AS e
LEFT JOIN realised_lines AS l USING (episode)
GROUP BY e.episode, e.cloud, e.account_id, e.before_from, e.before_end, e.after_start, e.after_until;

CREATE OR REPLACE TEMP TABLE realised_bounds AS
SELECT
    w.episode, w.cloud, w.account_id, w.before_from, w.before_end, w.after_start, w.after_until,
    count(DISTINCT d.day) FILTER (WHERE d.day >= w.before_from AND d.day < w.before_end) AS before_days,
    count(DISTINCT d.day) FILTER (WHERE d.day >= w.after_start AND d.day < w.after_until) AS after_days,
    max(d.day) FILTER (WHERE d.day >= w.after_start AND d.day < w.after_until) + INTERVAL 1 DAY AS after_end
FROM realised_windows AS w
LEFT JOIN realised_days AS d ON d.cloud = w.cloud AND d.account_id = w.account_id
GROUP BY w.episode, w.cloud, w.account_id, w.before_from, w.before_end, w.after_start, w.after_until;

CREATE OR REPLACE TEMP TABLE realised_cells AS
WITH spread AS (
    SELECT episode, resource_id, component, currency, region, starts, ends, cost, committed,
        unnest(generate_series(date_trunc('day', starts),
            greatest(date_trunc('day', starts), date_trunc('day', ends - INTERVAL 1 MICROSECOND)), INTERVAL 1 DAY)) AS day
    FROM realised_lines
),
daily AS (
    SELECT episode, resource_id, component, currency, max(region) AS region, day,
        sum(cost * part) AS cost, sum(committed * part) AS committed
    FROM (
        SELECT *, CASE WHEN starts >= day AND ends <= day + INTERVAL 1 DAY THEN 1.0
            ELSE days_between(greatest(starts, day), least(ends, day + INTERVAL 1 DAY)) / days_between(starts, ends) END AS part
        FROM spread
    )
    GROUP BY ALL
),
-- A resource that is younger than the window is compared with the days since it has been there.
since AS (
    SELECT x.episode, x.resource_id, x.component, x.currency, max(x.region) AS region,
        greatest(min(x.day), b.before_from) AS first_day
    FROM daily AS x
    JOIN realised_bounds AS b USING (episode)
    GROUP BY x.episode, x.resource_id, x.component, x.currency, b.before_from
),
days AS (
    SELECT s.episode, s.resource_id, s.component, s.currency, s.region, s.first_day, d.day,
        d.day >= s.first_day AND d.day >= b.before_from AND d.day < b.before_end AS is_before,
        d.day >= b.after_start AND d.day < b.after_until AS is_after
    FROM since AS s
    JOIN realised_bounds AS b USING (episode)
    JOIN realised_days AS d ON d.cloud = b.cloud AND d.account_id = b.account_id
)
SELECT
    n.episode, n.resource_id, n.component, n.currency, n.region,
    coalesce(sum(x.cost) FILTER (WHERE n.is_before), 0) / nullif(count(*) FILTER (WHERE n.is_before), 0) AS before,
    coalesce(sum(x.cost) FILTER (WHERE n.is_after), 0) / nullif(count(*) FILTER (WHERE n.is_after), 0) AS after,
    coalesce(sum(x.committed) FILTER (WHERE n.is_before), 0) / nullif(count(*) FILTER (WHERE n.is_before), 0) AS committed,
    count(*) FILTER (WHERE n.is_before) AS before_days,
    EXISTS (
        SELECT 1 FROM episode_cells AS c
        WHERE c.episode = n.episode AND c.resource_id = n.resource_id AND c.component IN ('all', n.component)) AS listed,
    EXISTS (SELECT 1 FROM episode_more AS m WHERE m.episode = n.episode AND m.resource_id = n.resource_id) AS instead
FROM days AS n
LEFT JOIN daily AS x
    ON x.episode = n.episode AND x.resource_id = n.resource_id AND x.component = n.component
    AND x.currency = n.currency AND x.day = n.day
WHERE n.is_before OR n.is_after
GROUP BY n.episode, n.resource_id, n.component, n.currency, n.region;

-- --- controls ----------------------------------------------------------------------------------------------

-- What is compared with what: findings of one kind that were resolved together share their controls.
CREATE OR REPLACE TEMP TABLE realised_comparisons AS
SELECT row_number() OVER (
    ORDER BY cloud, account_id, region, component, currency, before_from, before_end, after_start, after_until) AS comparison, *
FROM (
    SELECT DISTINCT b.cloud, b.account_id, c.region, c.component, c.currency, b.before_from, b.before_end,
        b.after_start, b.after_until, b.before_days, b.after_days
    FROM realised_cells AS c
    JOIN realised_bounds AS b USING (episode)
    WHERE c.listed AND c.before <> 0 AND b.before_days > 0 AND b.after_days > 0
);

-- Candidates, of many a fixed hundred of each account and family, and a hundred of each family over all accounts.
CREATE OR REPLACE TEMP TABLE realised_candidates AS
WITH kinds AS (SELECT DISTINCT cloud, region, component, currency FROM realised_comparisons),
there AS (
    SELECT DISTINCT u.cloud, u.account_id, u.region, u.component, u.currency, u.resource_id
    FROM realised_usage AS u
    SEMI JOIN kinds AS k
        ON k.cloud = u.cloud AND k.region = u.region AND k.component = u.component AND k.currency = u.currency
),
known AS (
    SELECT t.*, y.family
    FROM there AS t
    LEFT JOIN instances AS i
        ON i.cloud = t.cloud AND i.account_id = t.account_id AND i.region = t.region AND i.instance_id = t.resource_id
    LEFT JOIN instance_types AS y ON y.cloud = i.cloud AND y.instance_type = i.instance_type
    ANTI JOIN acted AS a ON a.cloud = t.cloud AND a.account_id = t.account_id AND a.resource_id = t.resource_id
)
SELECT *
FROM known
QUALIFY row_number() OVER (
        PARTITION BY cloud, account_id, region, component, currency, family ORDER BY md5(resource_id), resource_id) <= 100
    AND (
        (cloud, account_id) IN (SELECT (cloud, account_id) FROM episodes)
        OR row_number() OVER (
            PARTITION BY cloud, region, component, currency, family ORDER BY md5(resource_id), account_id, resource_id) <= 100);

CREATE OR REPLACE TEMP TABLE realised_controls AS
WITH spread AS (
    SELECT u.cloud, u.account_id, u.region, u.component, u.currency, u.resource_id, k.family, u.starts, u.ends, u.cost,
        unnest(generate_series(date_trunc('day', u.starts),
            greatest(date_trunc('day', u.starts), date_trunc('day', u.ends - INTERVAL 1 MICROSECOND)), INTERVAL 1 DAY)) AS day
    FROM realised_usage AS u
    JOIN realised_candidates AS k
        ON k.cloud = u.cloud AND k.account_id = u.account_id AND k.region = u.region AND k.component = u.component
        AND k.currency = u.currency AND k.resource_id = u.resource_id
),
daily AS (
    SELECT cloud, account_id, region, component, currency, resource_id, family, day,
        sum(cost * CASE WHEN starts >= day AND ends <= day + INTERVAL 1 DAY THEN 1.0
            ELSE days_between(greatest(starts, day), least(ends, day + INTERVAL 1 DAY)) / days_between(starts, ends) END) AS cost
    FROM spread
    GROUP BY ALL
)
SELECT
    k.comparison, x.account_id = k.account_id AS same_account, x.family, x.account_id, x.resource_id,
    coalesce(sum(x.cost) FILTER (WHERE d.day < k.before_end), 0) / k.before_days AS before,
    coalesce(sum(x.cost) FILTER (WHERE d.day >= k.after_start), 0) / k.after_days AS after
FROM realised_comparisons AS k
JOIN realised_days AS d
    ON d.cloud = k.cloud AND d.account_id = k.account_id
    AND ((d.day >= k.before_from AND d.day < k.before_end) OR (d.day >= k.after_start AND d.day < k.after_until))
JOIN daily AS x
    ON x.cloud = k.cloud AND x.region = k.region AND x.component = k.component AND x.currency = k.currency AND x.day = d.day
GROUP BY k.comparison, k.account_id, k.before_days, k.after_days, x.family, x.account_id, x.resource_id
-- There in both windows: what came or went meanwhile says nothing about what this one would have cost.
HAVING count(*) FILTER (WHERE d.day < k.before_end) * 2 >= k.before_days
   AND count(*) FILTER (WHERE d.day >= k.after_start) * 2 >= k.after_days
   AND sum(x.cost) FILTER (WHERE d.day < k.before_end) > 0;
