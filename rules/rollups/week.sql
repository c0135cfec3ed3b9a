-- Grain: one row per machine and hour of the day (UTC, 0 to 23) that has hourly processor data: how high it went in that
-- hour on working days, on Mondays, Fridays, Saturdays and Sundays, and how often that hour was seen. `weekday_seen` is the
-- number of the working day seen least.
-- Hours are kept for two weeks only, so what days tell of the whole window is beside them, the same in each row of a
-- machine: the highest moment and the busiest network of a Saturday and of a Sunday (the busiest in and the busiest out
-- together), and how busy the busiest day was of all and of the last fifteen, which have hours.
WITH hours AS (
    SELECT cloud, account_id, region, resource_id, bucket_start, isodow(bucket_start) AS weekday, hour(bucket_start) AS hour, coalesce(max, avg) AS peak
    FROM metrics
    WHERE bucket_seconds = 3600 AND metric = 'cpu_utilization'
      AND bucket_start >= CAST($window_start AS TIMESTAMP) AND bucket_start < CAST($as_of AS TIMESTAMP)
      AND (avg IS NOT NULL OR max IS NOT NULL)
),
profile AS (
    SELECT
        cloud, account_id, region, resource_id, hour, min(bucket_start) AS first_hour,
        least(
            count(CASE WHEN weekday = 1 THEN 1 END), count(CASE WHEN weekday = 2 THEN 1 END), count(CASE WHEN weekday = 3 THEN 1 END),
            count(CASE WHEN weekday = 4 THEN 1 END), count(CASE WHEN weekday = 5 THEN 1 END)
        ) AS weekday_seen,
        count(CASE WHEN weekday = 6 THEN 1 END) AS saturday_seen,
        count(CASE WHEN weekday = 7 THEN 1 END) AS sunday_seen,
        max(CASE WHEN weekday <= 5 THEN peak END) AS weekday_peak,
        max(CASE WHEN weekday = 1 THEN peak END) AS monday_peak,
        max(CASE WHEN weekday = 5 THEN peak END) AS friday_peak,
        max(CASE WHEN weekday = 6 THEN peak END) AS saturday_peak,
        max(CASE WHEN weekday = 7 THEN peak END) AS sunday_peak
    FROM hours
    GROUP BY cloud, account_id, region, resource_id, hour
),
measured AS (
    SELECT cloud, account_id, region, resource_id, min(first_hour) AS first_hour
    FROM profile
    GROUP BY cloud, account_id, region, resource_id
),
daily AS (
    SELECT cloud, account_id, region, resource_id, metric, isodow(bucket_start) AS weekday, coalesce(max, avg) AS peak, coalesce(avg, max) AS level,
        days_between(bucket_start, CAST($as_of AS TIMESTAMP)) <= 15 AS recent
    FROM metrics
    WHERE bucket_seconds = 86400
      AND metric IN ('cpu_utilization', 'network_in_bytes_per_second', 'network_out_bytes_per_second')
      AND bucket_start >= CAST($window_start AS TIMESTAMP) AND bucket_start < CAST($as_of AS TIMESTAMP)
),
by_metric AS (
    SELECT
        cloud, account_id, region, resource_id, metric,
        max(CASE WHEN weekday = 6 THEN peak END) AS saturday_peak,
        max(CASE WHEN weekday = 7 THEN peak END) AS sunday_peak,
        max(CASE WHEN weekday = 6 THEN level END) AS saturday_level,
        max(CASE WHEN weekday = 7 THEN level END) AS sunday_level,
        max(level) AS busiest,
        max(CASE WHEN recent THEN level END) AS busiest_recent
    FROM daily
    GROUP BY cloud, account_id, region, resource_id, metric
),
days AS (
    SELECT
        cloud, account_id, region, resource_id,
        max(CASE WHEN metric = 'cpu_utilization' THEN saturday_peak END) AS saturday_day_peak,
        max(CASE WHEN metric = 'cpu_utilization' THEN sunday_peak END) AS sunday_day_peak,
        sum(CASE WHEN metric <> 'cpu_utilization' THEN saturday_level END) AS saturday_day_network,
        sum(CASE WHEN metric <> 'cpu_utilization' THEN sunday_level END) AS sunday_day_network,
        max(CASE WHEN metric = 'cpu_utilization' THEN busiest END) AS busiest_day,
        max(CASE WHEN metric = 'cpu_utilization' THEN busiest_recent END) AS busiest_day_with_hours
    FROM by_metric
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
JOIN measured AS m ON m.resource_id = p.resource_id AND m.cloud = p.cloud AND m.account_id = p.account_id AND m.region = p.region
LEFT JOIN days AS d ON d.resource_id = p.resource_id AND d.cloud = p.cloud AND d.account_id = p.account_id AND d.region = p.region
