-- Grain: one row per resource and metric, over the daily buckets from $window_start to $as_of. A bucket is there
-- once: the loader refuses repeated keys.
-- `days` counts whole measurements (mean and maximum), `coverage` is those days over the days from the first of
-- them to $as_of: a gap or a stale end lowers it. A bucket without one of the two is not a day of data, but what
-- it saw still counts. `peak` is the largest value ever seen, `p95` the 95th percentile of the daily p95,
-- `p95_peak` the largest daily p95 (the maximum stands in where a day has none), `peak_day_avg` the mean of the
-- busiest day, `recent_peak` the peak of the last 14 days.
WITH daily AS (
    SELECT
        cloud, account_id, region, resource_id, metric, bucket_start, avg, p95, max,
        CASE WHEN avg IS NOT NULL AND (max IS NOT NULL OR metric = 'requests_per_second') THEN bucket_start END AS whole_day
    FROM metrics
    WHERE bucket_seconds = 86400
      AND bucket_start >= CAST($window_start AS TIMESTAMP)
      AND bucket_start < CAST($as_of AS TIMESTAMP)
      AND (avg IS NOT NULL OR max IS NOT NULL)
)
SELECT
    cloud,
    account_id,
    region,
    resource_id,
    metric,
    count(whole_day) AS days,
    min(bucket_start) AS first_day,
    max(bucket_start) AS last_day,
    least(1.0, count(whole_day)
        / greatest(1.0, ceil(days_between(min(bucket_start), CAST($as_of AS TIMESTAMP))))) AS coverage,
    avg(avg) AS avg,
    quantile_cont(coalesce(p95, max), 0.95) AS p95,
    max(coalesce(p95, max)) AS p95_peak,
    max(coalesce(max, avg)) AS peak,
    max(coalesce(avg, max)) AS peak_day_avg,
    max(coalesce(max, avg)) FILTER (WHERE days_between(bucket_start, CAST($as_of AS TIMESTAMP)) <= 14) AS recent_peak
FROM daily
GROUP BY cloud, account_id, region, resource_id, metric
