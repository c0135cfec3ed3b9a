-- Grain: one row per resource and kind of avoidable traffic. Money and GiB come from the bill; where flow logs
-- are loaded, the peer with the most bytes in both directions is named. Some bills do not tell traffic between
-- zones from traffic over a public address inside the region; their kind says so.
WITH billed AS (
    SELECT
        cloud,
        account_id,
        max(region) AS region,
        resource_id,
        component,
        sum(quantity) * 730.0 / max(hours) AS gib_month
    FROM cost
    WHERE component IN ('cross_zone', 'public_ip_traffic') AND resource_id IS NOT NULL
    GROUP BY cloud, account_id, resource_id, component
    HAVING sum(cost) > 0
),
vague AS (
    -- AWS where only the text is left of the usage type; Google cannot tell the zone of an external address.
    SELECT DISTINCT x_Cloud AS cloud, x_AccountId AS account_id, x_ResourceKey AS resource_id
    FROM charges
    WHERE (coalesce(x_UsageType, SkuMeter) IS NULL AND contains(ChargeDescription, 'or using elastic IPs'))
       OR (x_Cloud = 'gcp' AND contains(ChargeDescription, 'Inter Zone'))
),
flows AS (
    SELECT cloud, account_id, source_resource, source_zone, destination_resource, destination_zone, bytes
    FROM traffic
    WHERE path = 'private' AND source_zone <> destination_zone AND coalesce(destination_region, region) = region
      AND day >= CAST($window_start AS TIMESTAMP) AND day < CAST($as_of AS TIMESTAMP)
),
ends AS (
    SELECT cloud, account_id, source_resource AS resource_id, destination_resource AS peer, destination_zone AS peer_zone,
        bytes
    FROM flows
    UNION ALL
    SELECT cloud, account_id, destination_resource, source_resource, source_zone, bytes
    FROM flows
),
pairs AS (
    SELECT cloud, account_id, resource_id, peer, max(peer_zone) AS peer_zone,
        row_number() OVER (PARTITION BY cloud, account_id, resource_id ORDER BY sum(bytes) DESC, peer) AS place
    FROM ends
    WHERE resource_id IS NOT NULL
    GROUP BY cloud, account_id, resource_id, peer
)
SELECT
    b.cloud,
    b.account_id,
    b.region,
    b.resource_id,
    CASE
        WHEN b.component = 'public_ip_traffic' THEN 'public_ip'
        WHEN v.resource_id IS NOT NULL THEN 'cross_zone_or_public_ip'
        ELSE 'cross_zone'
    END AS kind,
    b.gib_month,
    p.peer AS peer_resource,
    p.peer_zone,
    CASE WHEN p.peer IS NULL THEN 'bill' ELSE 'bill and flow log' END AS source
FROM billed AS b
LEFT JOIN vague AS v
    ON v.cloud = b.cloud AND v.account_id = b.account_id AND v.resource_id = b.resource_id
LEFT JOIN pairs AS p
    ON p.cloud = b.cloud AND p.account_id = b.account_id AND p.resource_id = b.resource_id AND p.place = 1
    AND p.peer IS NOT NULL AND b.component = 'cross_zone'
