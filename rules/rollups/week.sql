-- Grain: one row per machine and hour of the day (UTC, 0 to 23) that has hourly processor data: how high it went in that
-- hour on working days, on Mondays, Fridays, Saturdays and Sundays, and how often that hour was seen. `weekday_seen` is the
-- number of the working day seen least, 0 unless each of the five was seen.
-- Hours are kept for two weeks only, so what days tell of the whole window is beside them, the same in each row of a
-- machine: the highest moment and the busiest network of a Saturday and of a Sunday (in and out together), and how busy
-- the busiest day was of all and of those that have hours.
WITH hours AS (
    SELECT cloud, account_id, region, resource_id, isodow(bucket_start) AS weekday, hour(bucket_start) AS hour,
        count(*) AS seen, max(coalesce(max, avg)) AS peak, min(bucket_start) AS first_hour
    FROM metrics
    WHERE bucket_seconds = 3600 AND metric = 'cpu_utilization'
      AND bucket_start >= CAST($window_start AS TIMESTAMP) AND bucket_start < CAST($as_of AS TIMESTAMP)
      AND (avg IS NOT NULL OR max IS NOT NULL)
    GROUP BY cloud, account_id, region, resource_id, isodow(bucket_start), hour(bucket_start)
),
profile AS (
    SELECT
        cloud, account_id, region, resource_id, hour,
        CASE WHEN count(*) FILTER (WHERE weekday <= 5) = 5 THEN min(seen) FILTER (WHERE weekday <= 5) ELSE 0 END AS weekday_seen,
        coalesce(max(seen) FILTER (WHERE weekday = 6), 0) AS saturday_seen,
        coalesce(max(seen) FILTER (WHERE weekday = 7), 0) AS sunday_seen,
        max(peak) FILTER (WHERE weekday <= 5) AS weekday_peak,
        max(peak) FILTER (WHERE weekday = 1) AS monday_peak,
        max(peak) FILTER (WHERE weekday = 5) AS friday_peak,
        max(peak) FILTER (WHERE weekday = 6) AS saturday_peak,
        max(peak) FILTER (WHERE weekday = 7) AS sunday_peak,
        min(first_hour) AS first_hour
    FROM hours
    GROUP BY cloud, account_id, region, resource_id, hour
),
measured AS (
    SELECT cloud, account_id, region, resource_id, min(first_hour) AS first_hour
    FROM profile
    GROUP BY cloud, account_id, region, resource_id
),
daily AS (
    SELECT d.cloud, d.account_id, d.region, d.resource_id, d.bucket_start, isodow(d.bucket_start) AS weekday, m.first_hour,
        max(coalesce(d.max, d.avg)) FILTER (WHERE d.metric = 'cpu_utilization') AS peak,
        max(coalesce(d.avg, d.max)) FILTER (WHERE d.metric = 'cpu_utilization') AS level,
        sum(coalesce(d.avg, d.max)) FILTER (WHERE d.metric <> 'cpu_utilization') AS network
    FROM metrics AS d
    JOIN measured AS m ON m.cloud = d.cloud AND m.account_id = d.account_id AND m.region = d.region
        AND m.resource_id = d.resource_id
    WHERE d.bucket_seconds = 86400
      AND d.metric IN ('cpu_utilization', 'network_in_bytes_per_second', 'network_out_bytes_per_second')
      AND d.bucket_start >= CAST($window_start AS TIMESTAMP) AND d.bucket_start < CAST($as_of AS TIMESTAMP)
    GROUP BY d.cloud, d.account_id, d.region, d.resource_id, d.bucket_start, m.first_hour
),
days AS (
    SELECT
        cloud, account_id, region, resource_id,
        max(peak) FILTER (WHERE weekday = 6) AS saturday_day_peak,
        max(peak) FILTER (WHERE weekday = 7) AS sunday_day_peak,
        max(network) FILTER (WHERE weekday = 6) AS saturday_day_network,
        max(network) FILTER (WHERE weekday = 7) AS sunday_day_network,
        max(level) AS busiest_day,
        max(level) FILTER (WHERE bucket_start >= date_trunc('day', first_hour)) AS busiest_day_with_hours
    FROM daily
    GROUP BY cloud, account_id, region, resource_id
)
SELECT
    p.cloud,
    p.account_id,
    p.region,
    p.resource_id,
    p.hour,
    p.weekday_seen,
    p.saturday_seen,
    p.sunday_seen,
    p.weekday_peak,
    p.monday_peak,
    p.friday_peak,
    p.saturday_peak,
    p.sunday_peak,
    days_between(m.first_hour, CAST($as_of AS TIMESTAMP)) AS days,
    d.saturday_day_peak,
    d.sunday_day_peak,
    d.saturday_day_network,
    d.sunday_day_network,
    d.busiest_day,
    d.busiest_day_with_hours
FROM profile AS p
JOIN measured AS m ON m.cloud = p.cloud AND m.account_id = p.account_id AND m.region = p.region AND m.resource_id = p.resource_id
LEFT JOIN days AS d ON d.cloud = p.cloud AND d.account_id = p.account_id AND d.region = p.region AND d.resource_id = p.resource_id
