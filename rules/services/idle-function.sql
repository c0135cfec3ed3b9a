/*---
id: idle-function
title: Instances of a function that are kept warm for nobody
class: unused
action: release
resource: function
parameters:
  requests_day_max: {default: 1, unit: calls per day, doc: "calls on the busiest day: up to this nobody waits for it"}
  headroom: {default: 0.2, unit: ratio, doc: "share of the instances that stays free at the highest moment, where fewer are proposed"}
  min_days: {default: 14, unit: days, doc: "days of data and of life before a verdict"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
needs: [functions, "metrics:requests_per_second", "metrics:kept_warm_utilization"]
effort: low
risk: low
sources:
  - {title: "AWS Lambda: provisioned concurrency is paid whether it is used or not", url: "https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html"}
  - {title: "Google Cloud Run: minimum instances are paid while idle", url: "https://cloud.google.com/run/docs/configuring/min-instances"}
  - {title: "Alibaba Cloud Function Compute: provisioned instances", url: "https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/product-overview/billing-overview"}
  - {title: "nable: provisioned concurrency used below half, over 14 days", url: "https://github.com/getnable/finopsmcp"}
traps:
  missing-metrics: "Calls that nobody counted are not zero."
  nothing-warm: "A function of which nothing is kept warm costs nothing while nobody calls it."
  month-end: "A batch that calls it once a month is use."
  peak: "The highest moment decides how many stay, not the mean."
  last-instance: "One instance kept warm for few calls is what it is for: the first caller does not wait."
  new: "A function of yesterday waits for its callers."
remediation:
  aws:
    release:
      - "# kept: the function itself, which starts when somebody calls it"
      - aws lambda delete-provisioned-concurrency-config --region {region} --function-name {resource_name} --qualifier QUALIFIER
      - "# undo: aws lambda put-provisioned-concurrency-config --region {region} --function-name {resource_name} --qualifier QUALIFIER --provisioned-concurrent-executions {current_kept_warm}"
    resize:
      - aws lambda put-provisioned-concurrency-config --region {region} --function-name {resource_name} --qualifier QUALIFIER --provisioned-concurrent-executions {proposed_kept_warm}
      - "# undo: aws lambda put-provisioned-concurrency-config --region {region} --function-name {resource_name} --qualifier QUALIFIER --provisioned-concurrent-executions {current_kept_warm}"
  alibaba:
    release:
      - 'aliyun fc PutProvisionConfig --region {region} --functionName {resource_name} --qualifier LATEST --body ''{{"defaultTarget":0}}'''
      - '# undo: aliyun fc PutProvisionConfig --region {region} --functionName {resource_name} --qualifier LATEST --body ''{{"defaultTarget":''{current_kept_warm}''}}'''
    resize:
      - 'aliyun fc PutProvisionConfig --region {region} --functionName {resource_name} --qualifier LATEST --body ''{{"defaultTarget":''{proposed_kept_warm}''}}'''
      - '# undo: aliyun fc PutProvisionConfig --region {region} --functionName {resource_name} --qualifier LATEST --body ''{{"defaultTarget":''{current_kept_warm}''}}'''
  gcp:
    - gcloud run services update {resource_name} --project {account_id} --region {region} --min-instances {proposed_kept_warm}
    - "# undo: gcloud run services update {resource_name} --project {account_id} --region {region} --min-instances {current_kept_warm}"
doc: |
  Finds functions and services that are paid for to be kept warm (provisioned concurrency, minimum instances) although in
  at least two weeks practically nobody called them, and those that keep more instances than their highest moment needed, with 20 % head-room. Only what is
  paid for being warm is saved: the function stays, and its first caller waits for a start. Calls that nobody counted are not
  evaluated, unless how much of what is kept warm was in use is told. One instance of a function that is called now and then is left alone. It is wrong before
  a launch or a sale for which it was warmed.
---*/
WITH heard AS (
    SELECT
        cloud, account_id, region, resource_id,
        max(days) FILTER (WHERE metric = 'requests_per_second') AS request_days,
        max(coverage) FILTER (WHERE metric = 'requests_per_second') AS request_coverage,
        max(peak_day_avg) FILTER (WHERE metric = 'requests_per_second') * 86400 AS requests,
        max(days) FILTER (WHERE metric = 'kept_warm_utilization') AS warm_days,
        max(coverage) FILTER (WHERE metric = 'kept_warm_utilization') AS warm_coverage,
        max(peak) FILTER (WHERE metric = 'kept_warm_utilization') AS warm
    FROM usage
    WHERE metric IN ('requests_per_second', 'kept_warm_utilization')
    GROUP BY cloud, account_id, region, resource_id
),
facts AS (
    SELECT
        f.cloud, f.account_id, f.region, f.function_id, f.kind, f.kept_warm, f.memory_mib, f.created_at, h.requests, h.warm,
        coalesce(h.request_days, h.warm_days) AS days, coalesce(h.request_coverage, h.warm_coverage) AS coverage,
        coalesce(h.request_days >= $min_days AND h.request_coverage >= $min_coverage, FALSE) AS calls_known,
        coalesce(h.warm_days >= $min_days AND h.warm_coverage >= $min_coverage, FALSE) AS warm_known,
        -- At least one stays: whoever keeps it warm wants nobody to wait.
        greatest(1, ceil(round(f.kept_warm * h.warm / (1 - $headroom), 6))) AS needed
    FROM functions AS f
    LEFT JOIN heard AS h ON h.cloud = f.cloud AND h.account_id = f.account_id AND h.region = f.region AND h.resource_id = f.function_id
),
judged AS (
    SELECT
        cloud, account_id, region, function_id, kind, kept_warm, memory_mib, created_at, requests, warm, days, coverage, needed,
        CASE
            WHEN kept_warm = 0 THEN 'nothing warm'
            WHEN kept_warm IS NULL THEN 'unknown'
            WHEN created_at > $min_days_cutoff THEN 'new'
            WHEN calls_known AND requests <= $requests_day_max AND coalesce(warm, 0) = 0 THEN 'idle'
            WHEN warm_known AND needed < kept_warm THEN 'too many'
            WHEN warm_known OR (calls_known AND requests > $requests_day_max) THEN 'in use'
            WHEN days IS NULL THEN 'no data'
            WHEN days < $min_days THEN 'too few days'
            WHEN coverage < $min_coverage THEN 'gaps'
            ELSE 'in use'
        END AS state
    FROM facts
)
SELECT
    cloud,
    account_id,
    region,
    function_id AS resource_id,
    CASE WHEN state IN ('idle', 'too many') THEN 'finding' WHEN state IN ('nothing warm', 'new', 'in use') THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE WHEN state = 'too many' THEN 'resize' ELSE 'release' END AS action,
    CASE state
        WHEN 'idle' THEN 'It keeps ' || counted(kept_warm, 'instance', 'instances') || ' warm, and on the busiest of ' || counted(days, 'day', 'days') || ' it had '
            || counted(round(requests), 'call', 'calls') || ' (limit ' || amount($requests_day_max) || ').'
        WHEN 'too many' THEN 'At its highest moment in ' || counted(days, 'day', 'days') || ' it used ' || in_percent(warm) || ' of the ' || counted(kept_warm, 'instance', 'instances')
            || ' it keeps warm; ' || amount(needed) || ' would do (limit ' || in_percent(1 - $headroom) || ').'
        WHEN 'nothing warm' THEN 'Nothing of it is kept warm.'
        WHEN 'new' THEN 'It was made ' || counted(floor(days_between(created_at, $as_of)), 'day', 'days') || ' ago (limit ' || amount($min_days) || ').'
        WHEN 'in use' THEN 'It keeps ' || counted(kept_warm, 'instance', 'instances') || ' warm, of which up to '
            || CASE WHEN warm IS NULL THEN 'an unknown share was in use' ELSE in_percent(warm) || ' were in use' END
            || coalesce(', and on its busiest day it had ' || counted(round(requests), 'call', 'calls'), '') || '.'
        WHEN 'too few days' THEN 'There is data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'gaps' THEN 'Data covers ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
        WHEN 'unknown' THEN 'How much of it is kept warm is not known.'
        ELSE 'Nobody counts its calls.'
    END AS reason,
    'function_warm' AS components,
    CASE WHEN state = 'too many' OR days < 35 THEN 'medium' ELSE 'high' END AS confidence,
    CASE
        WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
        WHEN state = 'too many' THEN 'calls beyond what is kept warm wait for a start'
    END AS confidence_reason,
    kind AS current_kind,
    CAST(kept_warm AS BIGINT) AS current_kept_warm,
    memory_mib AS current_memory_mib,
    CAST(CASE WHEN state = 'too many' THEN needed ELSE 0 END AS BIGINT) AS proposed_kept_warm,
    CASE WHEN state = 'too many' THEN needed / kept_warm ELSE 0 END AS proposed_share,
    days,
    coverage,
    requests AS calls_busiest_day,
    warm AS kept_warm_utilization_peak
FROM judged
