-- Grain: one row per region, machine type and platform: the newest list price of an hour on demand. Among several of one
-- instant the lowest counts, so that no saving is inflated.
WITH ranked AS (
    SELECT cloud, region, sku, coalesce(platform, 'linux') AS platform, currency, CAST(price AS DOUBLE) AS price,
        row_number() OVER (
            PARTITION BY cloud, region, sku, coalesce(platform, 'linux') ORDER BY as_of DESC, price, currency) AS place
    FROM prices
    WHERE purchase_model = 'on_demand' AND unit = 'hour' AND zone IS NULL AND coalesce(tier_start, 0) = 0
      AND prices.as_of <= CAST($as_of AS TIMESTAMP)
)
SELECT cloud, region, sku, platform, currency, price
FROM ranked
WHERE place = 1
