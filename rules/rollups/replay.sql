-- Grain: one row per machine and number of vCPUs that some smaller type has: of the hours of the last seven days, how many
-- had a moment above what so many vCPUs carry. Where fewer than five days of hours are kept, all hours of a day whose highest
-- moment was above.
WITH points AS (
    SELECT m.cloud, m.account_id, m.region, m.resource_id, m.bucket_seconds, coalesce(m.max, m.avg) AS peak
    FROM metrics AS m
    JOIN sizing AS s ON s.cloud = m.cloud AND s.account_id = m.account_id AND s.region = m.region
        AND s.resource_id = m.resource_id
    WHERE m.metric = 'cpu_utilization' AND m.bucket_seconds = CASE s.replay_grain WHEN 'hour' THEN 3600 ELSE 86400 END
      AND m.bucket_start < CAST($as_of AS TIMESTAMP) AND days_between(m.bucket_start, CAST($as_of AS TIMESTAMP)) <= 7
      AND (m.avg IS NOT NULL OR m.max IS NOT NULL)
),
sizes AS (
    SELECT DISTINCT cloud, vcpu
    FROM instance_types
    WHERE vcpu > 0
)
SELECT p.cloud, p.account_id, p.region, p.resource_id, z.vcpu,
    CAST(sum(CASE WHEN p.peak * t.vcpu > z.vcpu THEN p.bucket_seconds // 3600 ELSE 0 END) AS BIGINT) AS hours_above
FROM points AS p
JOIN instances AS i ON i.cloud = p.cloud AND i.account_id = p.account_id AND i.region = p.region
    AND i.instance_id = p.resource_id
JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
JOIN sizes AS z ON z.cloud = t.cloud AND z.vcpu <= t.vcpu
GROUP BY p.cloud, p.account_id, p.region, p.resource_id, z.vcpu
