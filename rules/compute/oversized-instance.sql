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
  - {title: "Google Cloud: changing the machine type; not with local SSDs", url: "https://cloud.google.com/compute/docs/instances/changing-machine-type-of-stopped-instance"}
  - {title: "What happens when memory is ignored: rightsized workloads killed for lack of it", url: "https://github.com/robusta-dev/krr/issues/110"}
remediation:
  aws:
    - aws ec2 stop-instances --region {region} --instance-ids {resource_id}
    - aws ec2 modify-instance-attribute --region {region} --instance-id {resource_id} --instance-type Value={proposed_instance_type}
    - aws ec2 start-instances --region {region} --instance-ids {resource_id}
    - "# undo, stopped again: aws ec2 modify-instance-attribute --region {region} --instance-id {resource_id} --instance-type Value={current_instance_type}"
  alibaba:
    resize:
      - aliyun ecs StopInstance --region {region} --InstanceId {resource_id} --StoppedMode KeepCharging
      - aliyun ecs DescribeInstanceStatus --region {region} --InstanceId.1 {resource_id} --waiter expr='InstanceStatuses.InstanceStatus[0].Status' to=Stopped timeout=600
      - aliyun ecs ModifyInstanceSpec --region {region} --InstanceId {resource_id} --InstanceType {proposed_instance_type}
      - aliyun ecs StartInstance --region {region} --InstanceId {resource_id}
      - "# undo, stopped again: aliyun ecs ModifyInstanceSpec --region {region} --InstanceId {resource_id} --InstanceType {current_instance_type}"
    subscription:
      - aliyun ecs StopInstance --region {region} --InstanceId {resource_id}
      - aliyun ecs DescribeInstanceStatus --region {region} --InstanceId.1 {resource_id} --waiter expr='InstanceStatuses.InstanceStatus[0].Status' to=Stopped timeout=600
      - aliyun ecs ModifyPrepayInstanceSpec --region {region} --InstanceId {resource_id} --InstanceType {proposed_instance_type} --OperatorType downgrade
      - aliyun ecs StartInstance --region {region} --InstanceId {resource_id}
      - "# undo, stopped again: aliyun ecs ModifyPrepayInstanceSpec --region {region} --InstanceId {resource_id} --InstanceType {current_instance_type} --OperatorType upgrade"
  gcp:
    resize:
      - gcloud compute instances stop {resource_name} --project {account_id} --zone {zone}
      - gcloud compute instances set-machine-type {resource_name} --project {account_id} --zone {zone} --machine-type {proposed_instance_type}
      - gcloud compute instances start {resource_name} --project {account_id} --zone {zone}
      - "# undo, stopped again: gcloud compute instances set-machine-type {resource_name} --project {account_id} --zone {zone} --machine-type {current_instance_type}"
    group:
      - gcloud compute instances describe {resource_name} --project {account_id} --zone {zone} --format 'yaml(metadata.items)'
      - gcloud compute instance-templates create NEW_TEMPLATE --project {account_id} --machine-type {proposed_instance_type}
      - gcloud compute instance-groups managed rolling-action start-update GROUP --project {account_id} --zone {zone} --version template=NEW_TEMPLATE
      - "# undo: gcloud compute instance-groups managed rolling-action start-update GROUP --project {account_id} --zone {zone} --version template=OLD_TEMPLATE"
doc: |
  Finds running machines for which a smaller size of the same family and architecture carries the load: the
  highest daily 95th percentile of the processor, over all data up to 95 days, keeps the head-room free, and the
  highest moment ever seen still fits. Memory is never shrunk without memory data: the highest memory use must
  keep the same head-room. Members of a scaling group are judged by the busiest of them, and resized through
  its template; a machine with local disks keeps its type on Alibaba Cloud and Google Cloud, and is not judged; a node of a Kubernetes cluster is not judged, because there the reservations of its pods decide.
  It is wrong where load is about to grow, where a licence or network limit hangs on the size, or
  where the processor waits for a disk. Resize in a quiet hour and watch a week; undo by the same command with
  the old type.
  Sizes of a Google series differ in memory per processor as well; which of them a machine needs is not known without
  memory data either. Only predefined types are proposed, and a type whose processor is shared or runs on credits only to a
  machine of that kind; a machine with a shared processor is not judged on Google, where what its utilisation is a
  share of is not what it pays for. The instance group of a machine is told under created-by; its new template is like the
  old one but for the type, and a group of a region takes --region instead of --zone.
---*/
WITH unchangeable (cloud) AS (
    -- Clouds where a machine with local disks keeps its type for life.
    VALUES ('alibaba'), ('gcp')
),
shared (cloud) AS (
    -- Clouds where a burstable type sees more processors than it pays for, so that its utilisation says little.
    VALUES ('gcp')
),
units AS (
    -- What is resized: a machine, or the scaling group it belongs to. Its busiest member decides, and so does the
    -- one with the least data.
    SELECT
        i.cloud, i.account_id, i.region, coalesce(i.scaling_group, i.instance_id) AS unit,
        min(coalesce(a.cpu_days, 0)) AS days, min(a.cpu_coverage) AS coverage,
        max(a.cpu_p95) AS cpu_p95, max(a.cpu_peak) AS cpu_peak,
        CASE WHEN min(coalesce(a.memory_days, 0)) >= $min_days AND min(a.memory_coverage) >= $min_coverage
            THEN max(a.memory_peak) END AS memory_peak
    FROM instances AS i
    LEFT JOIN activity AS a ON a.cloud = i.cloud AND a.account_id = i.account_id AND a.region = i.region
        AND a.resource_id = i.instance_id
    WHERE i.state = 'running'
    GROUP BY i.cloud, i.account_id, i.region, coalesce(i.scaling_group, i.instance_id)
),
smaller AS (
    -- Sizes whose processor carries the load: first those that hold the memory too, and of these the smallest.
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, s.instance_type, s.vcpu, s.memory_gib,
        coalesce(u.memory_peak * t.memory_gib <= s.memory_gib * (1 - $headroom), FALSE) AS holds_memory,
        row_number() OVER (
            PARTITION BY i.cloud, i.account_id, i.region, i.instance_id
            ORDER BY coalesce(u.memory_peak * t.memory_gib <= s.memory_gib * (1 - $headroom), FALSE) DESC,
                s.vcpu, s.memory_gib, s.instance_type
        ) AS place
    FROM instances AS i
    JOIN units AS u ON u.cloud = i.cloud AND u.account_id = i.account_id AND u.region = i.region
        AND u.unit = coalesce(i.scaling_group, i.instance_id)
    JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    JOIN instance_types AS s ON s.cloud = t.cloud AND s.family = t.family AND s.architecture = t.architecture
        AND coalesce(s.gpu_count, 0) = coalesce(t.gpu_count, 0) AND s.instance_type NOT LIKE '%custom-%'
        AND (coalesce(t.burstable, FALSE) OR NOT coalesce(s.burstable, FALSE))
    WHERE s.vcpu <= t.vcpu AND s.memory_gib <= t.memory_gib AND (s.vcpu < t.vcpu OR s.memory_gib < t.memory_gib)
        AND u.cpu_p95 * t.vcpu <= s.vcpu * (1 - $headroom) AND u.cpu_peak * t.vcpu <= s.vcpu
),
judged AS (
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, i.instance_type, i.scaling_group, i.cluster, i.purchase_model,
        i.expires_at, i.auto_renew, t.vcpu, t.memory_gib, t.burstable, u.days, u.coverage, u.cpu_p95, u.cpu_peak, u.memory_peak,
        s.instance_type AS new_type, s.vcpu AS new_vcpu, s.memory_gib AS new_memory,
        CASE
            WHEN t.vcpu IS NULL OR t.memory_gib IS NULL OR t.family IS NULL OR t.architecture IS NULL THEN 'unknown type'
            WHEN t.gpu_count > 0 OR i.gpu_count > 0 THEN 'GPU'
            WHEN u.cpu_p95 IS NULL OR u.cpu_peak IS NULL THEN 'no data'
            WHEN u.days < $min_days THEN 'too few days'
            WHEN u.coverage < $min_coverage THEN 'gaps'
            WHEN s.instance_type IS NULL THEN 'right size'
            WHEN i.cluster IS NOT NULL THEN 'cluster node'
            WHEN n.cloud IS NOT NULL AND (t.local_disk_gib > 0 OR i.local_disk_gib > 0) THEN 'local disks'
            WHEN b.cloud IS NOT NULL AND t.burstable THEN 'shared processor'
            WHEN s.holds_memory THEN 'oversized'
            WHEN u.memory_peak IS NULL THEN 'memory unknown'
            ELSE 'right size: memory'
        END AS state
    FROM instances AS i
    LEFT JOIN unchangeable AS n ON n.cloud = i.cloud
    LEFT JOIN shared AS b ON b.cloud = i.cloud
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    LEFT JOIN units AS u ON u.cloud = i.cloud AND u.account_id = i.account_id AND u.region = i.region
        AND u.unit = coalesce(i.scaling_group, i.instance_id)
    LEFT JOIN smaller AS s ON s.cloud = i.cloud AND s.account_id = i.account_id AND s.region = i.region
        AND s.instance_id = i.instance_id AND s.place = 1
    WHERE i.state = 'running'
)
SELECT
    cloud,
    account_id,
    region,
    instance_id AS resource_id,
    CASE WHEN state = 'oversized' THEN 'finding' WHEN state LIKE 'right size%' THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'oversized' THEN 'On the busiest of ' || counted(days, 'day', 'days') || ' it used ' || in_percent(cpu_p95) || ' of '
            || amount(vcpu) || ' vCPU and ' || in_percent(memory_peak) || ' of ' || amount(memory_gib) || ' GiB; ' || new_type || ' ('
            || amount(new_vcpu) || ' vCPU, ' || amount(new_memory) || ' GiB) would be ' || in_percent(cpu_p95 * vcpu / new_vcpu)
            || ' and ' || in_percent(memory_peak * memory_gib / new_memory) || ' full (limit ' || in_percent(1 - $headroom) || ')'
            || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'right size' THEN 'No smaller size of its family carries its load of ' || in_percent(cpu_p95) || ' on the busiest day and its peak of '
            || in_percent(cpu_peak) || ' (limit ' || in_percent(1 - $headroom) || ' of the smaller one).'
        WHEN 'right size: memory' THEN 'Its processor would fit ' || new_type || ', but its memory was ' || in_percent(memory_peak) || ' full.'
        WHEN 'memory unknown' THEN 'Its processor would fit ' || new_type || ', but its memory is not measured enough, and memory is never shrunk blind.'
        WHEN 'cluster node' THEN 'Its processor would fit ' || new_type || ', but it is a node of the cluster ' || cluster || ', where what pods reserve decides.'
        WHEN 'local disks' THEN 'Its processor would fit ' || new_type || ', but the type of a machine with local disks cannot be changed.'
        WHEN 'shared processor' THEN 'Its processor would fit ' || new_type || ', but it is shared, and what its utilisation is a share of is not told.'
        WHEN 'unknown type' THEN 'What its type ' || coalesce(instance_type, '') || ' holds is not known.'
        WHEN 'GPU' THEN 'It has GPUs, and processor data says nothing about their size.'
        WHEN 'no data' THEN 'There is no processor data for it.'
        WHEN 'too few days' THEN 'There is processor data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        ELSE 'Processor data covers ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
    END AS reason,
    'compute' AS components,
    CASE
        WHEN purchase_model = 'subscription' OR scaling_group IS NOT NULL OR burstable OR days < 35 THEN 'low'
        WHEN days < $sure_days THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN scaling_group IS NOT NULL THEN 'it is a member of the scaling group ' || scaling_group || ', judged by the busiest member and resized through its template'
        WHEN burstable THEN 'its processor runs on credits, which a smaller size has fewer of'
        WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
        WHEN days < $sure_days THEN 'the data of ' || days || ' days may hold no quarter end'
    END AS confidence_reason,
    CASE
        WHEN purchase_model = 'subscription' THEN 'subscription'
        WHEN cloud = 'gcp' AND scaling_group IS NOT NULL THEN 'group'
    END AS remediation_case,
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
