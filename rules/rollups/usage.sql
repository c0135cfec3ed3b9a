-- Grain: one row per resource and metric, over the daily buckets from $window_start to $as_of.
-- `coverage` is days with data over days from the first of them to $as_of: a gap or a stale end lowers it.
-- `peak` is the largest value ever seen, `p95` the 95th percentile of the daily p95, `p95_peak` the largest
-- daily p95, `peak_day_avg` the mean of the busiest day, `recent_peak` the peak of the last 14 days.
SELECT
    m.cloud,
    m.account_id,
    m.region,
    m.resource_id,
    m.metric,
    count(*) AS days,
    min(m.bucket_start) AS first_day,
    max(m.bucket_start) AS last_day,
    count(*)
        / greatest(1.0, ceil(days_between(min(m.bucket_start), CAST($as_of AS TIMESTAMP)))) AS coverage,
    avg(m.avg) AS avg,
    quantile_cont(m.p95, 0.95) AS p95,
    max(m.p95) AS p95_peak,
    max(m.max) AS peak,
    max(m.avg) AS peak_day_avg,
    max(m.max) FILTER (WHERE days_between(m.bucket_start, CAST($as_of AS TIMESTAMP)) <= 14) AS recent_peak
FROM metrics AS m
WHERE m.bucket_seconds = 86400
  AND m.bucket_start >= CAST($window_start AS TIMESTAMP)
  AND m.bucket_start < CAST($as_of AS TIMESTAMP)
  AND (m.avg IS NOT NULL OR m.max IS NOT NULL)
GROUP BY m.cloud, m.account_id, m.region, m.resource_id, m.metric
