-- Grain: one row per measured resource: `usage` side by side, so that a rule compares columns.
-- Where two metrics make one figure (network in and out, reads and writes) the figure is the sum of what was
-- measured, while its days and coverage are those of the lesser side, and NULL when a side is missing: work that
-- was seen counts, and silence counts only where both sides were listened to.
WITH kinds (metric, kind, sides) AS (
    VALUES
        ('cpu_utilization', 'cpu', 1),
        ('memory_utilization', 'memory', 1),
        ('gpu_utilization', 'gpu', 1),
        ('network_in_bytes_per_second', 'network', 2),
        ('network_out_bytes_per_second', 'network', 2),
        ('disk_read_ops_per_second', 'ops', 2),
        ('disk_write_ops_per_second', 'ops', 2),
        ('disk_read_bytes_per_second', 'bytes', 2),
        ('disk_write_bytes_per_second', 'bytes', 2)
),
summed AS (
    SELECT
        u.cloud, u.account_id, u.region, u.resource_id, k.kind,
        CASE WHEN count(*) = max(k.sides) THEN min(u.days) END AS days,
        CASE WHEN count(*) = max(k.sides) THEN min(u.coverage) END AS coverage,
        sum(u.avg) AS avg,
        sum(u.p95_peak) AS p95_peak,
        sum(u.peak) AS peak,
        sum(u.peak_day_avg) AS peak_day_avg,
        max(u.last_day) AS last_day
    FROM usage AS u
    JOIN kinds AS k ON k.metric = u.metric
    GROUP BY u.cloud, u.account_id, u.region, u.resource_id, k.kind
)
SELECT
    cloud,
    account_id,
    region,
    resource_id,
    max(days) FILTER (WHERE kind = 'cpu') AS cpu_days,
    max(coverage) FILTER (WHERE kind = 'cpu') AS cpu_coverage,
    max(avg) FILTER (WHERE kind = 'cpu') AS cpu_avg,
    max(p95_peak) FILTER (WHERE kind = 'cpu') AS cpu_p95,
    max(peak) FILTER (WHERE kind = 'cpu') AS cpu_peak,
    max(days) FILTER (WHERE kind = 'memory') AS memory_days,
    max(coverage) FILTER (WHERE kind = 'memory') AS memory_coverage,
    max(peak) FILTER (WHERE kind = 'memory') AS memory_peak,
    max(days) FILTER (WHERE kind = 'gpu') AS gpu_days,
    max(coverage) FILTER (WHERE kind = 'gpu') AS gpu_coverage,
    max(peak) FILTER (WHERE kind = 'gpu') AS gpu_peak,
    max(days) FILTER (WHERE kind = 'network') AS network_days,
    max(coverage) FILTER (WHERE kind = 'network') AS network_coverage,
    max(peak_day_avg) FILTER (WHERE kind = 'network') AS network_day,
    max(days) FILTER (WHERE kind = 'ops') AS ops_days,
    max(coverage) FILTER (WHERE kind = 'ops') AS ops_coverage,
    max(avg) FILTER (WHERE kind = 'ops') AS ops_avg,
    max(peak_day_avg) FILTER (WHERE kind = 'ops') AS ops_day,
    max(peak) FILTER (WHERE kind = 'ops') AS ops_peak,
    max(last_day) FILTER (WHERE kind = 'ops') AS ops_last_day,
    max(days) FILTER (WHERE kind = 'bytes') AS bytes_days,
    max(coverage) FILTER (WHERE kind = 'bytes') AS bytes_coverage,
    max(peak) FILTER (WHERE kind = 'bytes') AS bytes_peak
FROM summed
GROUP BY cloud, account_id, region, resource_id
