-- Grain: one row per wanted zone and type, platform and day before $as_of: the spot price of that day, each price
-- weighted by how long it held. Only where the price changed within the window: one that never moved has no days to
-- tell of.
WITH quoted AS (
    SELECT
        cloud, region, zone, sku, coalesce(platform, 'linux') AS platform, currency, CAST(price AS DOUBLE) AS price,
        greatest(as_of, CAST($window_start AS TIMESTAMP)) AS held_from,
        coalesce(lead(as_of) OVER (
            PARTITION BY cloud, region, zone, sku, coalesce(platform, 'linux'), currency ORDER BY as_of),
            CAST($as_of AS TIMESTAMP)) AS held_to
    FROM prices
    SEMI JOIN wanted_spot AS k ON k.cloud = prices.cloud AND k.region = prices.region AND k.sku = prices.sku
    WHERE purchase_model = 'spot' AND unit = 'hour' AND coalesce(tier_start, 0) = 0 AND as_of < CAST($as_of AS TIMESTAMP)
),
moving AS (
    SELECT cloud, region, zone, sku, platform, currency
    FROM quoted
    WHERE held_to > held_from
    GROUP BY ALL
    HAVING count(DISTINCT price) > 1
),
spread AS (
    SELECT q.*, unnest(generate_series(
        CAST(floor(days_between(q.held_to, CAST($as_of AS TIMESTAMP))) AS BIGINT),
        CAST(ceil(days_between(q.held_from, CAST($as_of AS TIMESTAMP))) AS BIGINT) - 1)) AS days_ago
    FROM quoted AS q
    JOIN moving AS m ON m.cloud = q.cloud AND m.region = q.region AND m.zone IS NOT DISTINCT FROM q.zone
        AND m.sku = q.sku AND m.platform = q.platform AND m.currency = q.currency
    WHERE q.held_to > q.held_from
),
weighed AS (
    SELECT cloud, region, zone, sku, platform, currency, days_ago, price,
        least(days_between(held_from, CAST($as_of AS TIMESTAMP)), days_ago + 1)
            - greatest(days_between(held_to, CAST($as_of AS TIMESTAMP)), days_ago) AS part
    FROM spread
)
SELECT cloud, region, zone, sku, platform, currency, days_ago, sum(price * part) / sum(part) AS price
FROM weighed
WHERE part > 0
GROUP BY cloud, region, zone, sku, platform, currency, days_ago
