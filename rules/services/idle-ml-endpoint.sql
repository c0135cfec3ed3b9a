/*---
id: idle-ml-endpoint
title: A machine-learning notebook or endpoint that runs for nobody
class: unused
action: delete
resource: ml_endpoint
parameters:
  requests_day_max: {default: 0, unit: requests per day, doc: "invocations of an endpoint on the busiest day"}
  cpu_peak_max: {default: 0.05, unit: ratio, doc: "highest CPU use of a notebook, where its last use is not told"}
  gpu_peak_max: {default: 0.01, unit: ratio, doc: "highest GPU use, where it is measured"}
  min_days: {default: 14, unit: days, doc: "days of data, of life, and since the last use, before a verdict"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
needs: [ml_endpoints, instance_types, "metrics:requests_per_second", "metrics:cpu_utilization", "metrics:gpu_utilization"]
effort: low
risk: medium
sources:
  - {title: "AWS Compute Optimizer: idle SageMaker endpoints", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/view-idle-recommendations.html"}
  - {title: "CloudBurn: SageMaker endpoints without an invocation for 14 days", url: "https://github.com/towardsthecloud/cloudburn"}
  - {title: "Google Cloud Workbench: idle shutdown", url: "https://cloud.google.com/vertex-ai/docs/workbench/instances/idle-shutdown"}
traps:
  missing-metrics: "Invocations that nobody counted are not zero."
  scales-to-zero: "An endpoint that has no machine while nobody asks costs nothing then."
  long-training: "A notebook without a user may train: its CPU or GPU says so."
  silent-gpu: "A notebook with GPUs that nobody measures may train on them."
  monthly-batch: "A batch that asks once a month is use."
  new: "One of yesterday waits for its first use."
remediation:
  aws:
    stop:
      - aws sagemaker stop-notebook-instance --region {region} --notebook-instance-name {resource_name}
      - "# undo: aws sagemaker start-notebook-instance --region {region} --notebook-instance-name {resource_name}"
    delete:
      - aws sagemaker describe-endpoint --region {region} --endpoint-name {resource_name}
      - "# kept: its configuration and its model, from which the endpoint is made again"
      - aws sagemaker delete-endpoint --region {region} --endpoint-name {resource_name}
      - "# undo, with the name of the configuration that was printed: aws sagemaker create-endpoint --region {region} --endpoint-name {resource_name} --endpoint-config-name CONFIGURATION"
  alibaba:
    stop:
      - aliyun pai-dsw StopInstance --region {region} --InstanceId {resource_id}
      - "# undo: aliyun pai-dsw StartInstance --region {region} --InstanceId {resource_id}"
    delete:
      - aliyun eas StopService --region {region} --ClusterId {region} --ServiceName {resource_name}
      - "# undo: aliyun eas StartService --region {region} --ClusterId {region} --ServiceName {resource_name}"
  gcp:
    stop:
      - gcloud workbench instances stop {resource_name} --project {account_id} --location LOCATION
      - "# undo: gcloud workbench instances start {resource_name} --project {account_id} --location LOCATION"
    delete:
      - gcloud ai endpoints describe {current_endpoint} --project {account_id} --region {region}
      - "# kept: its models, which are deployed again with what the line above prints"
      - gcloud ai endpoints undeploy-model {current_endpoint} --project {account_id} --region {region} --deployed-model-id DEPLOYED_MODEL
      - "# undo: gcloud ai endpoints deploy-model {current_endpoint} --project {account_id} --region {region} --model MODEL --display-name {resource_name} --machine-type {current_instance_type}"
doc: |
  Finds endpoints that nobody asked in at least two weeks and that keep machines all the same, and notebooks that run although nobody has
  used them for two weeks. A notebook is judged by its last use where the cloud tells it, else by its CPU; work on
  its CPU or GPU without a user, such as training, is use. Invocations that nobody counted are not evaluated. Notebooks are stopped (their disks
  stay and cost a little), endpoints deleted, and made again from their configuration. It is wrong for an endpoint
  that stands by for another region or waits for a launch. Idle shutdown, or scaling to no machine, ends this for good.
---*/
WITH heard AS (
    SELECT
        cloud, account_id, region, resource_id,
        max(days) FILTER (WHERE metric = 'requests_per_second') AS request_days,
        max(coverage) FILTER (WHERE metric = 'requests_per_second') AS request_coverage,
        max(peak_day_avg) FILTER (WHERE metric = 'requests_per_second') * 86400 AS requests,
        max(days) FILTER (WHERE metric = 'cpu_utilization') AS cpu_days,
        max(coverage) FILTER (WHERE metric = 'cpu_utilization') AS cpu_coverage,
        max(peak) FILTER (WHERE metric = 'cpu_utilization') AS cpu,
        max(peak) FILTER (WHERE metric = 'gpu_utilization') AS gpu
    FROM usage
    WHERE metric IN ('requests_per_second', 'cpu_utilization', 'gpu_utilization')
    GROUP BY cloud, account_id, region, resource_id
),
facts AS (
    SELECT
        e.cloud, e.account_id, e.region, e.endpoint_id, e.kind, e.state AS runs, e.instance_type, e.instances, e.created_at, e.last_used_at,
        h.requests, h.cpu, h.gpu, t.gpu_count, floor(days_between(e.last_used_at, $as_of)) AS unused_days,
        CASE WHEN e.kind = 'endpoint' THEN h.request_days ELSE h.cpu_days END AS days,
        CASE WHEN e.kind = 'endpoint' THEN h.request_coverage ELSE h.cpu_coverage END AS coverage
    FROM ml_endpoints AS e
    LEFT JOIN instance_types AS t ON t.cloud = e.cloud AND t.instance_type = replace(e.instance_type, 'ml.', '')
    LEFT JOIN heard AS h ON h.cloud = e.cloud AND h.account_id = e.account_id AND h.region = e.region AND h.resource_id = e.endpoint_id
),
judged AS (
    SELECT
        cloud, account_id, region, endpoint_id, kind, instance_type, instances, created_at, last_used_at, requests, cpu, gpu, gpu_count, unused_days, days, coverage,
        CASE
            WHEN runs = 'stopped' THEN 'stopped'
            WHEN runs <> 'running' THEN 'in between'
            WHEN instances = 0 THEN 'no machine'
            WHEN requests > $requests_day_max OR last_used_at > $min_days_cutoff THEN 'in use'
            WHEN gpu > $gpu_peak_max OR (kind = 'notebook' AND cpu > $cpu_peak_max) THEN 'works'
            WHEN created_at > $min_days_cutoff THEN 'new'
            WHEN last_used_at IS NOT NULL THEN 'unused since'
            WHEN kind = 'notebook' AND gpu_count > 0 AND gpu IS NULL THEN 'silent GPU'
            WHEN days IS NULL THEN 'no data'
            WHEN days < $min_days THEN 'too few days'
            WHEN coverage < $min_coverage THEN 'gaps'
            ELSE 'idle'
        END AS state
    FROM facts
)
SELECT
    cloud,
    account_id,
    region,
    endpoint_id AS resource_id,
    CASE
        WHEN state IN ('idle', 'unused since') THEN 'finding'
        WHEN state IN ('stopped', 'no machine', 'in use', 'works', 'new') THEN 'ok'
        ELSE 'not_evaluated'
    END AS verdict,
    CASE WHEN kind = 'notebook' THEN 'stop' ELSE 'delete' END AS action,
    CASE state
        WHEN 'unused since' THEN 'It runs, and was last used ' || counted(unused_days, 'day', 'days') || ' ago (limit ' || amount($min_days) || ').'
        WHEN 'idle' THEN CASE WHEN kind = 'notebook'
            THEN 'It runs, and its CPU reached ' || in_percent(cpu) || ' in ' || counted(days, 'day', 'days') || ' (limit ' || in_percent($cpu_peak_max) || ').'
            ELSE 'On the busiest of ' || counted(days, 'day', 'days') || ' it had ' || counted(round(requests), 'request', 'requests') || ' (limit ' || amount($requests_day_max)
                || '), and keeps ' || coalesce(counted(instances, 'machine', 'machines'), 'machines whose number is not told') || '.' END
        WHEN 'stopped' THEN 'It is stopped.'
        WHEN 'in between' THEN 'It neither runs nor is stopped.'
        WHEN 'no machine' THEN 'It keeps no machine while nobody asks.'
        WHEN 'in use' THEN CASE WHEN requests > $requests_day_max THEN 'On its busiest day it had ' || counted(ceil(requests), 'request', 'requests') || '.'
            ELSE 'It was last used ' || counted(unused_days, 'day', 'days') || ' ago (limit ' || amount($min_days) || ').' END
        WHEN 'works' THEN 'It works: ' || CASE WHEN gpu > $gpu_peak_max THEN 'its GPU reached ' || in_percent(gpu) ELSE 'its CPU reached ' || in_percent(cpu) END || '.'
        WHEN 'new' THEN 'It was made ' || counted(floor(days_between(created_at, $as_of)), 'day', 'days') || ' ago (limit ' || amount($min_days) || ').'
        WHEN 'silent GPU' THEN 'Its CPU is quiet, but it has GPUs that nobody measures.'
        WHEN 'too few days' THEN 'There is data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'gaps' THEN 'Data covers ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
        ELSE CASE WHEN kind = 'notebook' THEN 'Neither its last use nor its CPU is told.' ELSE 'Its invocations are not counted.' END
    END AS reason,
    CASE WHEN kind = 'notebook' THEN 'ml' ELSE 'all' END AS components,
    CASE
        WHEN kind = 'notebook' AND gpu IS NULL AND (cpu IS NULL OR coalesce(gpu_count, 1) > 0) THEN CASE WHEN state = 'idle' THEN 'low' ELSE 'medium' END
        WHEN state = 'idle' AND (kind = 'notebook' OR days < 35) THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN kind = 'notebook' AND gpu IS NULL AND (cpu IS NULL OR coalesce(gpu_count, 1) > 0) THEN 'it may work without a user on what nobody measures: its CPU, or GPUs that it may have'
        WHEN state = 'idle' AND kind = 'notebook' THEN 'when somebody last used it is not told; its CPU stands in'
        WHEN state = 'idle' AND days < 35 THEN 'the data of ' || days || ' days may hold no month end'
    END AS confidence_reason,
    kind AS current_kind,
    CASE WHEN cloud = 'gcp' AND endpoint_id LIKE 'locations/%' THEN 'projects/' || account_id || '/' || endpoint_id ELSE endpoint_id END AS current_endpoint,
    instance_type AS current_instance_type,
    instances AS current_instances,
    CASE WHEN kind = 'notebook' THEN 'stopped' ELSE 'deleted' END AS proposed_state,
    days,
    coverage,
    requests AS requests_busiest_day,
    cpu AS cpu_peak,
    gpu AS gpu_peak,
    unused_days
FROM judged
