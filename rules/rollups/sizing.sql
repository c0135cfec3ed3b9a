-- Grain: one row per machine that has processor data: what a size of it must carry, over the days before the last seven
-- (`cpu_load`, `cpu_peak`: what it is fitted on) and over the last seven (`replay_…`: what the fit is tried on).
-- A load is what must leave head-room: the highest daily 95th percentile and, where hours are kept, the 99.5th percentile
-- of their highest moments. A peak is the highest moment of all. `…_growth` is by how much of its present level the daily
-- mean grows each day, 0 unless a line through all days explains at least a quarter of how they differ.
-- Disks of a machine are told by itself or volume by volume: their highest moments are added, as if they were one.
WITH daily AS (
    SELECT cloud, account_id, region, resource_id, metric, coalesce(p95, max) AS load, coalesce(max, avg) AS peak,
        coalesce(avg, max) AS level, days_between(bucket_start, CAST($as_of AS TIMESTAMP)) AS age
    FROM metrics
    WHERE bucket_seconds = 86400 AND metric IN ('cpu_utilization', 'memory_utilization')
      AND bucket_start >= CAST($window_start AS TIMESTAMP) AND bucket_start < CAST($as_of AS TIMESTAMP)
      AND (avg IS NOT NULL OR max IS NOT NULL)
),
days AS (
    SELECT
        cloud, account_id, region, resource_id, metric,
        max(load) FILTER (WHERE age > 7) AS load, max(peak) FILTER (WHERE age > 7) AS peak,
        max(load) FILTER (WHERE age <= 7) AS last_load, max(peak) FILTER (WHERE age <= 7) AS last_peak,
        count(*) FILTER (WHERE age <= 7) AS last_days,
        CASE WHEN regr_r2(level, age) >= 0.25 AND regr_intercept(level, age) > 0
            THEN greatest(0.0, -regr_slope(level, age) / regr_intercept(level, age)) ELSE 0.0 END AS growth
    FROM daily
    GROUP BY cloud, account_id, region, resource_id, metric
),
hourly AS (
    SELECT cloud, account_id, region, resource_id, coalesce(max, avg) AS peak,
        days_between(bucket_start, CAST($as_of AS TIMESTAMP)) AS age
    FROM metrics
    WHERE bucket_seconds = 3600 AND metric = 'cpu_utilization'
      AND bucket_start >= CAST($window_start AS TIMESTAMP) AND bucket_start < CAST($as_of AS TIMESTAMP)
      AND (avg IS NOT NULL OR max IS NOT NULL)
),
hours AS (
    SELECT
        cloud, account_id, region, resource_id,
        quantile_cont(peak, 0.995) FILTER (WHERE age > 7) AS load, max(peak) FILTER (WHERE age > 7) AS peak,
        quantile_cont(peak, 0.995) FILTER (WHERE age <= 7) AS last_load, max(peak) FILTER (WHERE age <= 7) AS last_peak,
        count(*) FILTER (WHERE age <= 7) AS last_hours
    FROM hourly
    GROUP BY cloud, account_id, region, resource_id
),
network AS (
    -- A card carries as much in as out, so the busier direction counts.
    SELECT cloud, account_id, region, resource_id, max(peak) AS peak
    FROM usage
    WHERE metric IN ('network_in_bytes_per_second', 'network_out_bytes_per_second')
    GROUP BY cloud, account_id, region, resource_id
),
disks AS (
    SELECT v.cloud, v.account_id, v.region, v.instance_id AS resource_id, sum(a.ops_peak) AS ops, sum(a.bytes_peak) AS bytes
    FROM volumes AS v
    JOIN activity AS a ON a.cloud = v.cloud AND a.account_id = v.account_id AND a.region = v.region AND a.resource_id = v.volume_id
    WHERE v.instance_id IS NOT NULL
    GROUP BY v.cloud, v.account_id, v.region, v.instance_id
)
SELECT
    a.cloud,
    a.account_id,
    a.region,
    a.resource_id,
    a.cpu_days,
    a.cpu_coverage,
    a.cpu_avg,
    u.peak_day_avg AS cpu_day,
    greatest(c.load, h.load) AS cpu_load,
    greatest(c.peak, h.peak) AS cpu_peak,
    c.growth AS cpu_growth,
    c.last_days AS replay_days,
    greatest(c.last_load, h.last_load) AS replay_load,
    greatest(c.last_peak, h.last_peak) AS replay_peak,
    CASE WHEN h.last_hours >= 5 * 24 THEN 'hour' ELSE 'day' END AS replay_grain,
    CASE WHEN h.last_hours >= 5 * 24 THEN h.last_hours ELSE c.last_days * 24 END AS replay_hours,
    a.memory_days,
    a.memory_coverage,
    a.memory_peak,
    m.growth AS memory_growth,
    n.peak AS network_peak,
    coalesce(a.ops_peak, d.ops) AS ops_peak,
    coalesce(a.bytes_peak, d.bytes) AS bytes_peak
FROM activity AS a
JOIN usage AS u ON u.cloud = a.cloud AND u.account_id = a.account_id AND u.region = a.region
    AND u.resource_id = a.resource_id AND u.metric = 'cpu_utilization'
LEFT JOIN days AS c ON c.cloud = a.cloud AND c.account_id = a.account_id AND c.region = a.region
    AND c.resource_id = a.resource_id AND c.metric = 'cpu_utilization'
LEFT JOIN days AS m ON m.cloud = a.cloud AND m.account_id = a.account_id AND m.region = a.region
    AND m.resource_id = a.resource_id AND m.metric = 'memory_utilization'
LEFT JOIN hours AS h ON h.cloud = a.cloud AND h.account_id = a.account_id AND h.region = a.region
    AND h.resource_id = a.resource_id
LEFT JOIN network AS n ON n.cloud = a.cloud AND n.account_id = a.account_id AND n.region = a.region
    AND n.resource_id = a.resource_id
LEFT JOIN disks AS d ON d.cloud = a.cloud AND d.account_id = a.account_id AND d.region = a.region
    AND d.resource_id = a.resource_id
