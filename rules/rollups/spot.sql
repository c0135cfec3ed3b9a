-- Grain: one row per zone and type: the spot price over the window, each price weighted by how long it held
-- (entries appear only when the price changes), beside the list price for the same hour.
WITH held AS (
    SELECT
        cloud, region, zone, sku, currency, price,
        greatest(as_of, CAST($window_start AS TIMESTAMP)) AS held_from,
        coalesce(lead(as_of) OVER (PARTITION BY cloud, region, zone, sku, currency ORDER BY as_of),
                 CAST($as_of AS TIMESTAMP)) AS held_to
    FROM prices
    WHERE purchase_model = 'spot' AND unit = 'hour' AND as_of < CAST($as_of AS TIMESTAMP)
),
listed AS (
    SELECT cloud, region, sku, currency, CAST(min(price) AS DOUBLE) AS price
    FROM prices
    WHERE purchase_model = 'on_demand' AND unit = 'hour' AND coalesce(platform, 'linux') = 'linux'
    GROUP BY cloud, region, sku, currency
)
SELECT
    h.cloud,
    h.region,
    h.zone,
    h.sku,
    h.currency,
    sum(CAST(h.price AS DOUBLE) * days_between(h.held_from, h.held_to))
        / sum(days_between(h.held_from, h.held_to)) AS avg_price,
    CAST(max(h.price) AS DOUBLE) AS max_price,
    max(l.price) AS on_demand_price,
    count(*) AS prices,
    days_between(min(h.held_from), CAST($as_of AS TIMESTAMP)) AS days
FROM held AS h
LEFT JOIN listed AS l USING (cloud, region, sku, currency)
WHERE h.held_to > h.held_from
GROUP BY h.cloud, h.region, h.zone, h.sku, h.currency
