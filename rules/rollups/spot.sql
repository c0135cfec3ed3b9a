-- Grain: one row per zone, type and platform: the spot price over the window, each price weighted by how long it
-- held (entries appear only when the price changes), beside the list price of the same. A price without a zone
-- holds in the whole region, where no zone has one of its own; of several currencies the longest history counts.
-- A price of this very instant counts where there is no other: a list that was just read. Machines have no tiers.
WITH quoted AS (
    SELECT
        cloud, region, zone, sku, currency, price, as_of, purchase_model, coalesce(platform, 'linux') AS platform,
        max(zone) OVER (PARTITION BY cloud, region, sku, purchase_model, coalesce(platform, 'linux')) AS any_zone
    FROM prices
    WHERE purchase_model IN ('spot', 'on_demand') AND unit = 'hour' AND coalesce(tier_start, 0) = 0
),
held AS (
    SELECT
        cloud, region, zone, sku, platform, currency, price,
        greatest(as_of, CAST($window_start AS TIMESTAMP)) AS held_from,
        coalesce(lead(as_of) OVER (PARTITION BY cloud, region, zone, sku, platform, currency ORDER BY as_of),
                 CAST($as_of AS TIMESTAMP)) AS held_to,
        count(*) OVER (PARTITION BY cloud, region, zone, sku, platform, currency) AS quotes
    FROM quoted
    WHERE purchase_model = 'spot' AND as_of <= CAST($as_of AS TIMESTAMP) AND (zone IS NOT NULL OR any_zone IS NULL)
),
listed AS (
    -- The latest list price; among several at one instant the lowest, so that no discount is inflated.
    SELECT cloud, region, sku, platform, currency, price,
        row_number() OVER (
            PARTITION BY cloud, region, sku, platform, currency ORDER BY as_of DESC, price) AS place
    FROM quoted
    WHERE purchase_model = 'on_demand' AND as_of <= CAST($as_of AS TIMESTAMP)
),
weighted AS (
    SELECT
        h.cloud,
        h.region,
        h.zone,
        h.sku,
        h.platform,
        h.currency,
        coalesce(sum(CAST(h.price AS DOUBLE) * days_between(h.held_from, h.held_to))
            / nullif(sum(days_between(h.held_from, h.held_to)), 0), avg(CAST(h.price AS DOUBLE))) AS avg_price,
        CAST(max(h.price) AS DOUBLE) AS max_price,
        CAST(max(l.price) AS DOUBLE) AS on_demand_price,
        count(*) AS prices,
        days_between(min(h.held_from), CAST($as_of AS TIMESTAMP)) AS days
    FROM held AS h
    LEFT JOIN listed AS l ON l.cloud = h.cloud AND l.region = h.region AND l.sku = h.sku
        AND l.platform = h.platform AND l.currency = h.currency AND l.place = 1
    WHERE h.held_to > h.held_from OR h.quotes = 1
    GROUP BY h.cloud, h.region, h.zone, h.sku, h.platform, h.currency
),
ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY cloud, region, zone, sku, platform ORDER BY on_demand_price IS NULL, days DESC, currency) AS place
    FROM weighted
)
SELECT cloud, region, zone, sku, platform, currency, avg_price, max_price, on_demand_price, prices, days
FROM ranked
WHERE place = 1
