-- Grain: one row per wanted resource, charge component and day: what usage charges cost on that day, within the window
-- that the rollup `cost` counts for the account. A charge over several days counts for each of them alike; what has
-- such charges only is left out, for nobody knows its days. Days of the window without a row cost nothing.
WITH windows AS (
    SELECT DISTINCT cloud, account_id, currency, window_start, window_end, basis = 'total' AS total FROM cost
),
mine AS (
    SELECT
        c.x_Cloud AS cloud, c.x_AccountId AS account_id, c.x_ResourceKey AS resource_id,
        coalesce(c.x_ServiceCode, c.ServiceName, '') AS service,
        coalesce(c.x_UsageType, c.SkuMeter, '') AS meter,
        coalesce(c.x_Operation, '') AS operation,
        CASE WHEN c.x_Cloud = 'aws' AND coalesce(c.x_UsageType, c.SkuMeter) IS NOT NULL THEN ''
            ELSE coalesce(c.ChargeDescription, '') END AS description,
        coalesce(c.ServiceCategory, '') AS category,
        coalesce(c.ServiceSubcategory, '') AS subcategory,
        w.window_start, w.window_end,
        greatest(c.ChargePeriodStart, w.window_start) AS from_time,
        least(c.ChargePeriodEnd, w.window_end) AS to_time,
        days_between(c.ChargePeriodStart, c.ChargePeriodEnd) <= 1.05 AS of_a_day,
        CAST(c.x_Cost AS DOUBLE) / greatest(days_between(c.ChargePeriodStart, c.ChargePeriodEnd), 1e-9) AS a_day
    FROM charges AS c
    SEMI JOIN wanted AS k ON k.cloud = c.x_Cloud AND k.account_id = c.x_AccountId AND k.resource_id = c.x_ResourceKey
    JOIN windows AS w ON w.cloud = c.x_Cloud AND w.account_id = c.x_AccountId AND w.currency = c.BillingCurrency
    WHERE c.ChargeCategory = 'Usage' AND c.x_Cost IS NOT NULL AND c.x_CostBasis <> 'total' AND NOT w.total
      AND c.ChargePeriodStart < w.window_end AND c.ChargePeriodEnd > w.window_start
      AND c.CommitmentDiscountStatus IS DISTINCT FROM 'Unused'
),
spread AS (
    -- The days of the window are counted from its end, so that each is a whole one.
    SELECT
        * EXCLUDE (from_time, to_time),
        unnest(generate_series(
            CAST(floor(days_between(to_time, window_end) + 1e-9) AS BIGINT),
            greatest(CAST(ceil(days_between(from_time, window_end) - 1e-9) AS BIGINT) - 1,
                CAST(floor(days_between(to_time, window_end) + 1e-9) AS BIGINT))
        )) AS days_ago, from_time, to_time
    FROM mine
),
told AS (
    SELECT
        cloud, account_id, resource_id, service, meter, operation, description, category, subcategory, days_ago,
        bool_or(of_a_day) AS of_a_day,
        sum(a_day * greatest(0, least(days_between(from_time, window_end), days_ago + 1)
            - greatest(days_between(to_time, window_end), days_ago))) AS cost
    FROM spread
    GROUP BY ALL
),
meters AS (
    SELECT service, meter, operation, description, category, subcategory, cloud,
        charge_component(cloud, service, meter, operation, description, category, subcategory) AS component
    FROM (SELECT DISTINCT cloud, service, meter, operation, description, category, subcategory FROM told)
),
costs AS (
    SELECT t.cloud, t.account_id, t.resource_id, m.component, t.days_ago, sum(t.cost) AS cost, bool_or(t.of_a_day) AS of_a_day
    FROM told AS t
    JOIN meters AS m USING (cloud, service, meter, operation, description, category, subcategory)
    GROUP BY t.cloud, t.account_id, t.resource_id, m.component, t.days_ago
)
SELECT c.cloud, c.account_id, c.resource_id, c.component, c.days_ago, c.cost
FROM costs AS c
SEMI JOIN (SELECT * FROM costs WHERE of_a_day) AS d ON d.cloud = c.cloud AND d.account_id = c.account_id
    AND d.resource_id = c.resource_id AND d.component = c.component
ORDER BY ALL
