-- Grain: one row per stretch of hours in which one resource used the same amount of one thing that commitments cover
-- (machines by type, cores and memory by series, Fargate and Lambda), at the same cost and under the same commitment
-- or none. A machine that ran all the time is one row, so there are about as many rows as resources, and the hours of
-- a pool can be put together exactly, whatever becomes of single resources. Of the last 60 days of the payer's bill.
-- `quantity`, `cost` and `list_cost` are those of one hour. Spot, fees and what is left unused of a commitment are not
-- in it. `grain` is the length of the charges in hours: 1, or 24 where a charge by the day is for a machine that ran
-- all of it. Rows of service `bill` tell for which hours the payer's bill has hourly charges; rows without `hours`
-- are usage of which the bill tells the day or month only, so that no hours can be made of it.
WITH charged AS (
    SELECT
        x_Cloud AS cloud, coalesce(BillingAccountId, x_AccountId) AS payer, x_AccountId AS account_id,
        x_ResourceKey AS resource_id, RegionId AS region, BillingCurrency AS currency, x_Cost AS cost,
        -- A list price of 0 beside a cost is one that the bill leaves out.
        CASE WHEN ListCost = 0 AND x_Cost <> 0 THEN NULL ELSE ListCost END AS list_cost,
        coalesce(consumed(ConsumedQuantity, ConsumedUnit), consumed(PricingQuantity, PricingUnit)) AS amount,
        CASE
            WHEN lower(ConsumedUnit) = 'byte-seconds' THEN CAST(ConsumedQuantity AS DOUBLE) / 1073741824.0 / 3600
            WHEN lower(PricingUnit) IN ('gibibyte hour', 'giby.h') THEN CAST(PricingQuantity AS DOUBLE)
        END AS gib_hours,
        CAST(coalesce(ConsumedQuantity, PricingQuantity) AS DOUBLE) AS counted,
        SkuPriceDetails AS details, x_Operation AS operation,
        -- A commitment is called by the last part of its ARN, as the inventory of commitments does.
        regexp_extract(CommitmentDiscountId, '[^/]+$') AS commitment_id, CommitmentDiscountType AS commitment_type,
        ChargePeriodStart AS started, days_between(ChargePeriodStart, ChargePeriodEnd) * 24 AS length,
        coalesce(x_UsageType, SkuMeter, '') AS meter, coalesce(ChargeDescription, '') AS description,
        CASE x_Cloud
            WHEN 'aws' THEN CASE
                WHEN contains(coalesce(x_UsageType, SkuMeter), 'BoxUsage:') THEN 'machine'
                WHEN contains(coalesce(x_UsageType, SkuMeter), 'Fargate-') THEN 'fargate'
                WHEN contains(coalesce(x_UsageType, SkuMeter), 'Lambda-') AND contains(coalesce(x_UsageType, SkuMeter), 'GB-Second')
                    THEN 'lambda' END
            WHEN 'gcp' THEN CASE
                WHEN contains(ChargeDescription, 'Extended') OR contains(ChargeDescription, 'Commitment') THEN NULL
                WHEN regexp_matches(ChargeDescription, '(Instance|optimized) Core running') THEN 'core'
                WHEN regexp_matches(ChargeDescription, '(Instance|optimized) Ram running') THEN 'memory' END
            WHEN 'alibaba' THEN CASE
                WHEN regexp_matches(coalesce(x_ServiceCode, ServiceName, ''), '(?i)^(ecs|Elastic Compute Service|云服务器 ?ECS)')
                    AND regexp_matches(concat_ws(' ', SkuMeter, ChargeDescription), '(?i)instance|云服务器配置|实例规格')
                    AND NOT regexp_matches(coalesce(SkuMeter, ''), '(?i)image|disk|network|traffic|bandwidth|snapshot|镜像|盘|流量|带宽|快照')
                    THEN 'machine' END
        END AS service
    FROM charges
    WHERE ChargeCategory = 'Usage' AND x_CostBasis <> 'total' AND x_Cloud IN ('aws', 'alibaba', 'gcp')
      AND x_Cost IS NOT NULL AND BillingCurrency IS NOT NULL
      AND ChargePeriodStart < CAST($as_of AS TIMESTAMP) AND ChargePeriodStart >= CAST($window_start AS TIMESTAMP)
      AND (PricingCategory IS NULL OR PricingCategory = 'Standard' OR CommitmentDiscountId IS NOT NULL)
      AND coalesce(CommitmentDiscountStatus, 'Used') = 'Used'
),
machines AS (
    SELECT cloud, account_id, instance_id, min(instance_type) AS instance_type, min(platform) AS platform,
        bool_or(purchase_model = 'spot') AS spot
    FROM instances
    GROUP BY cloud, account_id, instance_id
),
used AS (
    SELECT
        m.cloud, m.payer, m.account_id, m.region, m.resource_id, m.service, m.currency, m.commitment_id,
        m.commitment_type, m.cost, m.list_cost, m.length, date_trunc('hour', m.started) AS hour,
        CASE m.cloud
            WHEN 'aws' THEN CASE m.service WHEN 'machine' THEN regexp_extract(m.meter, 'BoxUsage:(.+)$', 1)
                ELSE regexp_extract(m.meter, '(Fargate|Lambda)-.*$') END
            WHEN 'alibaba' THEN coalesce(TRY(m.details ->> 'InstanceSpec'), i.instance_type)
            ELSE coalesce(
                nullif(split_part(coalesce(i.instance_type, ''), '-', 1), ''),
                CASE
                    WHEN starts_with(m.description, 'Custom ') THEN 'n1'
                    WHEN starts_with(m.description, 'Compute optimized') THEN 'c2'
                    ELSE nullif(lower(regexp_extract(m.description, '^([A-Z][0-9]+[A-Z]?) ', 1)), '')
                END) || ':' || m.service
        END AS sku,
        CASE
            WHEN m.service <> 'machine' THEN 'linux'
            WHEN m.cloud = 'aws' AND m.operation <> '' THEN CASE m.operation
                WHEN 'RunInstances' THEN 'linux' WHEN 'RunInstances:0002' THEN 'windows'
                WHEN 'RunInstances:0010' THEN 'rhel' WHEN 'RunInstances:000g' THEN 'suse' ELSE 'special' END
            WHEN i.platform = 'other' THEN 'linux'
            ELSE coalesce(i.platform, 'unknown')
        END AS platform,
        CASE
            WHEN m.service = 'memory' THEN m.gib_hours
            WHEN m.service = 'machine' AND m.cloud = 'alibaba' AND m.length <= 1.001 THEN coalesce(m.amount, m.length)
            WHEN m.service IN ('machine', 'core') THEN m.amount
            ELSE m.counted
        END AS quantity
    FROM charged AS m
    LEFT JOIN machines AS i ON i.cloud = m.cloud AND i.account_id = m.account_id AND i.instance_id = m.resource_id
    WHERE m.service IS NOT NULL AND NOT coalesce(i.spot, false)
),
told AS (
    -- What a stretch has in common is one number beside the resource, so that hours are grouped by little.
    SELECT *, hash(cloud, payer, account_id, region, service, sku, platform, currency, commitment_id, commitment_type, grain) AS series
    FROM (
        SELECT *, CASE
            WHEN length <= 1.001 THEN 1
            WHEN cloud = 'alibaba' AND length BETWEEN 23.9 AND 24.1 AND quantity BETWEEN 23.9 AND 24.1 THEN 24
        END AS grain
        FROM used
        WHERE sku IS NOT NULL AND sku <> '' AND quantity > 0
    )
),
named AS (
    SELECT DISTINCT series, cloud, payer, account_id, region, service, sku, platform, currency, commitment_id,
        commitment_type, grain
    FROM told
    WHERE grain IS NOT NULL
),
hourly AS (
    SELECT resource_id, series, hour, round(sum(quantity / grain), 6) AS quantity,
        CAST(sum(cost / grain) AS DECIMAL(38, 9)) AS cost, CAST(sum(coalesce(list_cost, cost) / grain) AS DECIMAL(38, 9)) AS list_cost
    FROM told
    WHERE grain IS NOT NULL
    GROUP BY resource_id, series, hour
),
billed AS (
    SELECT x_Cloud AS cloud, coalesce(BillingAccountId, x_AccountId) AS payer, date_trunc('hour', ChargePeriodStart) AS hour
    FROM charges
    WHERE ChargeCategory = 'Usage' AND x_Cloud IN ('aws', 'alibaba', 'gcp')
      AND ChargePeriodStart < CAST($as_of AS TIMESTAMP) AND ChargePeriodStart >= CAST($window_start AS TIMESTAMP)
      AND days_between(ChargePeriodStart, ChargePeriodEnd) * 24 <= 1.001
    GROUP BY ALL
),
ends AS (
    SELECT cloud, payer, max(hour) AS last_hour
    FROM (
        SELECT cloud, payer, hour FROM billed
        UNION ALL
        SELECT n.cloud, n.payer, h.hour FROM (SELECT series, max(hour) AS hour FROM hourly GROUP BY series) AS h JOIN named AS n USING (series)
    )
    GROUP BY cloud, payer
),
recent AS (
    SELECT h.resource_id, h.series, h.hour, h.quantity, h.cost, h.list_cost, s.grain
    FROM hourly AS h
    JOIN (
        SELECT n.series, n.grain, e.last_hour FROM named AS n JOIN ends AS e USING (cloud, payer)
    ) AS s ON s.series = h.series AND h.hour > s.last_hour - INTERVAL 60 DAY
),
-- Most machines run on: as many hours as lie between the first and the last.
alike AS (
    SELECT resource_id, series, grain, quantity, cost, list_cost, min(hour) AS hour_from, count(*) * grain AS hours,
        epoch(max(hour)) - epoch(min(hour)) = (count(*) - 1) * grain * 3600 AS whole
    FROM recent
    GROUP BY resource_id, series, grain, quantity, cost, list_cost
),
-- Of the others, hours that follow one another have the same difference between their number and their place.
placed AS (
    SELECT h.*, epoch(h.hour) / 3600 / h.grain - row_number() OVER (
        PARTITION BY h.resource_id, h.series, h.quantity, h.cost, h.list_cost ORDER BY h.hour) AS stretch
    FROM recent AS h
    SEMI JOIN (SELECT DISTINCT resource_id, series FROM alike WHERE NOT whole) AS a
        ON a.series = h.series AND a.resource_id IS NOT DISTINCT FROM h.resource_id
),
stretches AS (
    SELECT resource_id, series, min(hour) AS hour_from, count(*) * grain AS hours, quantity, cost, list_cost
    FROM placed
    GROUP BY resource_id, series, grain, quantity, cost, list_cost, stretch
    UNION ALL
    SELECT w.resource_id, w.series, w.hour_from, w.hours, w.quantity, w.cost, w.list_cost
    FROM alike AS w
    ANTI JOIN (SELECT DISTINCT resource_id, series FROM alike WHERE NOT whole) AS a
        ON a.series = w.series AND a.resource_id IS NOT DISTINCT FROM w.resource_id
)
SELECT n.cloud, n.payer, n.account_id, n.region, s.resource_id, n.service, n.sku, n.platform, n.currency, n.commitment_id,
    n.commitment_type, n.grain, s.hour_from, s.hours, s.quantity, s.cost, s.list_cost
FROM stretches AS s
JOIN named AS n USING (series)
UNION ALL
SELECT cloud, payer, NULL, NULL, NULL, 'bill', NULL, NULL, NULL, NULL, NULL, 1, min(hour), count(*), 1, 0, 0
FROM (
    SELECT b.cloud, b.payer, b.hour, epoch(b.hour) / 3600 - row_number() OVER (PARTITION BY b.cloud, b.payer ORDER BY b.hour) AS stretch
    FROM billed AS b
    JOIN ends AS e ON e.cloud = b.cloud AND e.payer = b.payer AND b.hour > e.last_hour - INTERVAL 60 DAY
)
GROUP BY cloud, payer, stretch
UNION ALL
SELECT cloud, payer, account_id, max(region), NULL, 'coarse', NULL, NULL, currency, NULL, NULL, NULL, min(hour), NULL,
    sum(quantity), CAST(sum(cost) AS DECIMAL(38, 9)), CAST(sum(coalesce(list_cost, cost)) AS DECIMAL(38, 9))
FROM told
WHERE grain IS NULL AND commitment_id IS NULL
GROUP BY cloud, payer, account_id, currency
