/*---
id: oversized-instance
title: A smaller size of the same family carries the load
class: oversized
action: resize
resource: instance
parameters:
  headroom: {default: 0.2, unit: ratio, doc: "share of the smaller machine that stays free on the busiest day"}
  min_days: {default: 30, unit: days, doc: "days of processor data before a verdict"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
  sure_days: {default: 90, unit: days, doc: "data over so many days has seen a quarter end"}
needs: [instances, instance_types, "metrics:cpu_utilization", "metrics:memory_utilization"]
excludes: [idle-instance]
effort: medium
risk: medium
sources:
  - {title: "AWS Compute Optimizer: 20 % head-room, up to 93 days, memory only where it is measured", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/rightsizing-preferences.html"}
  - {title: "What happens when memory is ignored: rightsized workloads killed for lack of it", url: "https://github.com/robusta-dev/krr/issues/110"}
remediation:
  aws:
    - aws ec2 stop-instances --region {region} --instance-ids {resource_id}
    - aws ec2 modify-instance-attribute --region {region} --instance-id {resource_id} --instance-type Value={proposed_instance_type}
    - aws ec2 start-instances --region {region} --instance-ids {resource_id}
  alibaba:
    - aliyun ecs StopInstance --InstanceId {resource_id}
    - aliyun ecs ModifyInstanceSpec --InstanceId {resource_id} --InstanceType {proposed_instance_type}
    - aliyun ecs StartInstance --InstanceId {resource_id}
  gcp:
    - gcloud compute instances stop {resource_id} --zone {zone} --project {account_id}
    - gcloud compute instances set-machine-type {resource_id} --zone {zone} --project {account_id} --machine-type {proposed_instance_type}
    - gcloud compute instances start {resource_id} --zone {zone} --project {account_id}
doc: |
  Finds running machines for which a smaller size of the same family and architecture carries the load: the
  highest daily 95th percentile of the processor, over all data up to 95 days, keeps the head-room free, and the
  highest moment ever seen still fits. Memory is never shrunk without memory data: the highest memory use must
  keep the same head-room. Members of a scaling group are judged by the busiest of them, and resized through
  its template. It is wrong where load is about to grow, where a licence or network limit hangs on the size, or
  where the processor waits for a disk. Resize in a quiet hour and watch a week; undo by the same command with
  the old type.
---*/
WITH work AS (
    SELECT
        i.cloud, i.account_id, i.region, coalesce(i.scaling_group, i.instance_id) AS unit,
        min(CASE WHEN u.metric = 'cpu_utilization' THEN u.days END) AS days,
        min(CASE WHEN u.metric = 'cpu_utilization' THEN u.coverage END) AS coverage,
        max(CASE WHEN u.metric = 'cpu_utilization' THEN u.p95_peak END) AS cpu_p95,
        max(CASE WHEN u.metric = 'cpu_utilization' THEN u.peak END) AS cpu_peak,
        max(CASE WHEN u.metric = 'memory_utilization' THEN u.peak END) AS memory_peak,
        min(CASE WHEN u.metric = 'memory_utilization' THEN u.days END) AS memory_days
    FROM instances AS i
    JOIN usage AS u ON u.cloud = i.cloud AND u.account_id = i.account_id AND u.region = i.region
        AND u.resource_id = i.instance_id
    WHERE i.state = 'running'
    GROUP BY i.cloud, i.account_id, i.region, coalesce(i.scaling_group, i.instance_id)
),
facts AS (
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, i.instance_type, i.scaling_group,
        t.vcpu, t.memory_gib, t.family, t.architecture, t.gpu_count, t.burstable,
        coalesce(w.days, 0) AS days, w.coverage, w.cpu_p95, w.cpu_peak,
        CASE WHEN w.memory_days >= $min_days THEN w.memory_peak END AS memory_peak
    FROM instances AS i
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    LEFT JOIN work AS w ON w.cloud = i.cloud AND w.account_id = i.account_id AND w.region = i.region
        AND w.unit = coalesce(i.scaling_group, i.instance_id)
    WHERE i.state = 'running'
),
smaller AS (
    SELECT
        f.cloud, f.account_id, f.region, f.instance_id, s.instance_type, s.vcpu, s.memory_gib,
        f.memory_peak * f.memory_gib <= s.memory_gib * (1 - $headroom) AS memory_fits,
        row_number() OVER (
            PARTITION BY f.cloud, f.account_id, f.region, f.instance_id,
                f.memory_peak * f.memory_gib <= s.memory_gib * (1 - $headroom)
            ORDER BY s.vcpu, s.memory_gib, s.instance_type
        ) AS place
    FROM facts AS f
    JOIN instance_types AS s ON s.cloud = f.cloud AND s.family = f.family AND s.architecture = f.architecture
    WHERE s.vcpu <= f.vcpu AND s.memory_gib <= f.memory_gib
      AND (s.vcpu < f.vcpu OR s.memory_gib < f.memory_gib)
      AND coalesce(s.gpu_count, 0) = coalesce(f.gpu_count, 0)
      AND f.cpu_p95 * f.vcpu <= s.vcpu * (1 - $headroom)
      AND f.cpu_peak * f.vcpu <= s.vcpu
),
judged AS (
    SELECT
        f.cloud, f.account_id, f.region, f.instance_id, f.instance_type, f.scaling_group, f.vcpu, f.memory_gib,
        f.burstable, f.days, f.coverage, f.cpu_p95, f.cpu_peak, f.memory_peak,
        y.instance_type AS new_type, y.vcpu AS new_vcpu, y.memory_gib AS new_memory, n.instance_type AS blind_type,
        CASE
            WHEN f.vcpu IS NULL OR f.memory_gib IS NULL OR f.family IS NULL THEN 'unknown type'
            WHEN f.gpu_count > 0 THEN 'GPU'
            WHEN f.cpu_p95 IS NULL OR f.cpu_peak IS NULL THEN 'no data'
            WHEN f.days < $min_days THEN 'too few days'
            WHEN f.coverage < $min_coverage THEN 'gaps'
            WHEN y.instance_type IS NOT NULL THEN 'oversized'
            WHEN n.instance_type IS NOT NULL AND f.memory_peak IS NULL THEN 'memory unknown'
            WHEN n.instance_type IS NOT NULL THEN 'memory needed'
            ELSE 'right size'
        END AS state
    FROM facts AS f
    LEFT JOIN smaller AS y ON y.cloud = f.cloud AND y.account_id = f.account_id AND y.region = f.region
        AND y.instance_id = f.instance_id AND y.memory_fits AND y.place = 1
    LEFT JOIN smaller AS n ON n.cloud = f.cloud AND n.account_id = f.account_id AND n.region = f.region
        AND n.instance_id = f.instance_id AND NOT coalesce(n.memory_fits, FALSE) AND n.place = 1
)
SELECT
    cloud,
    account_id,
    region,
    instance_id AS resource_id,
    CASE
        WHEN state = 'oversized' THEN 'finding'
        WHEN state IN ('right size', 'memory needed') THEN 'ok'
        ELSE 'not_evaluated'
    END AS verdict,
    CASE
        WHEN state = 'oversized' THEN 'On its busiest day it used ' || in_percent(cpu_p95) || ' of ' || amount(vcpu)
            || ' vCPU and at most ' || in_percent(memory_peak) || ' of ' || amount(memory_gib) || ' GiB in ' || days
            || ' days; ' || new_type || ' (' || amount(new_vcpu) || ' vCPU, ' || amount(new_memory)
            || ' GiB) carries that with ' || in_percent($headroom) || ' to spare.'
        WHEN state = 'right size' THEN 'No smaller size of its family carries its peak of ' || in_percent(cpu_peak) || ' with ' || in_percent($headroom) || ' to spare.'
        WHEN state = 'memory needed' THEN 'Its processor would fit ' || blind_type || ', but its memory was ' || in_percent(memory_peak) || ' full.'
        WHEN state = 'unknown type' THEN 'What its type ' || coalesce(instance_type, '') || ' holds is not known.'
        WHEN state = 'GPU' THEN 'It has GPUs, and processor data says nothing about their size.'
        WHEN state = 'no data' THEN 'There is no processor data for it.'
        WHEN state = 'too few days' THEN 'There is processor data for ' || days || ' days, ' || $min_days || ' are needed.'
        WHEN state = 'gaps' THEN 'Processor data covers ' || in_percent(coverage) || ' of the days, ' || in_percent($min_coverage) || ' is needed.'
        ELSE 'Its processor would fit ' || blind_type || ', but its memory use is not measured and memory is never shrunk blind.'
    END AS reason,
    'compute' AS components,
    CASE WHEN scaling_group IS NOT NULL OR burstable OR days < 35 THEN 'low' WHEN days < $sure_days THEN 'medium' ELSE 'high' END AS confidence,
    CASE
        WHEN scaling_group IS NOT NULL THEN 'it is a member of the scaling group ' || scaling_group || ', judged by the busiest member and resized through its template'
        WHEN burstable THEN 'its processor runs on credits, which a smaller size has fewer of'
        WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
        WHEN days < $sure_days THEN 'the data of ' || days || ' days may hold no quarter end'
    END AS confidence_reason,
    instance_type AS current_instance_type,
    vcpu AS current_vcpu,
    memory_gib AS current_memory_gib,
    new_type AS proposed_instance_type,
    new_vcpu AS proposed_vcpu,
    new_memory AS proposed_memory_gib,
    days,
    coverage,
    cpu_p95 AS cpu_highest_daily_p95,
    cpu_peak,
    memory_peak
FROM judged
