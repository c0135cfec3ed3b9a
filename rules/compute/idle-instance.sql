/*---
id: idle-instance
title: Instance does nothing
class: unused
action: terminate
resource: instance
parameters:
  cpu_peak_max: {default: 0.05, unit: ratio, doc: "the processor never went above this, not even for one measured minute"}
  network_day_max: {default: 2000, unit: bytes per second, doc: "in and out together on its busiest day"}
  disk_ops_day_max: {default: 1, unit: operations per second, doc: "reads and writes together on the busiest day, where measured"}
  memory_peak_max: {default: 0.5, unit: ratio, doc: "above this the machine holds something, whatever its processor does"}
  gpu_peak_max: {default: 0.05, unit: ratio, doc: "as cpu_peak_max, for machines with GPUs"}
  min_days: {default: 14, unit: days, doc: "days of data and of life before a verdict"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
  sure_days: {default: 90, unit: days, doc: "data over so many days has seen a quarter end"}
needs: [instances, instance_types, "metrics:cpu_utilization", "metrics:network_in_bytes_per_second", "metrics:network_out_bytes_per_second"]
excludes: [oversized-instance, spot-eligible-instance]
effort: low
risk: medium
sources:
  - {title: "AWS Compute Optimizer: idle is peak CPU under 5 % and under 5 MB of network a day, 14 days", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/view-idle-recommendations.html"}
  - {title: "Google Cloud idle VM recommender: received under 2,000 and sent under 1,000 bytes per second", url: "https://cloud.google.com/compute/docs/instances/idle-vm-recommendations-overview"}
  - {title: "Alibaba Cloud FinOps inspection: processor under 5 %, memory under 10 %, network under 50 kbit/s, 7 days", url: "https://github.com/aliyun/alibabacloud-aiops-skills"}
traps:
  daily-spike: "Fifteen minutes of work a day average out to one per cent and are work."
  month-end: "A job of the last day of the month is work, however quiet the rest is."
  quarter-end: "A job of the quarter end, weeks ago, is work."
  high-memory: "A full memory at a quiet processor holds something that somebody may ask for."
  gpu-work: "GPUs work while the processor waits for them."
  half-measured: "Silence in one direction of the network says nothing of the other."
  stale-metrics: "Metrics that stopped weeks ago do not say that it is idle now."
  quiet-member: "A quiet member of a group whose others work is there for the group."
  local-disks: "What local disks hold is in no image, so the sentence warns."
  paid-ahead: "A subscription is paid already: terminating it saves nothing before its term ends."
remediation:
  aws:
    - aws ec2 create-image --region {region} --instance-id {resource_id} --name backup-{resource_id}
    - aws ec2 wait image-available --region {region} --owners self --filters Name=name,Values=backup-{resource_id}
    - aws ec2 stop-instances --region {region} --instance-ids {resource_id}
    - aws ec2 terminate-instances --region {region} --instance-ids {resource_id}
    - "# undo: aws ec2 run-instances --region {region} --image-id IMAGE --instance-type {current_instance_type}"
  alibaba:
    terminate:
      - aliyun ecs CreateImage --region {region} --InstanceId {resource_id} --ImageName backup-{resource_id}
      - aliyun ecs DescribeImages --region {region} --ImageName backup-{resource_id} --Status Creating,Available --waiter expr='Images.Image[0].Status' to=Available timeout=600
      - aliyun ecs StopInstance --region {region} --InstanceId {resource_id} --StoppedMode StopCharging
      - aliyun ecs DescribeInstanceStatus --region {region} --InstanceId.1 {resource_id} --waiter expr='InstanceStatuses.InstanceStatus[0].Status' to=Stopped timeout=600
      - aliyun ecs DeleteInstance --region {region} --InstanceId {resource_id}
      - "# undo: aliyun ecs RunInstances --region {region} --ImageId IMAGE --InstanceType {current_instance_type} --VSwitchId SWITCH --SecurityGroupId GROUP"
    subscription:
      - aliyun ecs ModifyInstanceAutoRenewAttribute --region {region} --InstanceId {resource_id} --RenewalStatus NotRenewal
      - "# undo: aliyun ecs ModifyInstanceAutoRenewAttribute --region {region} --InstanceId {resource_id} --RenewalStatus AutoRenewal --Duration 1 --PeriodUnit Month"
  gcp:
    terminate:
      - gcloud compute machine-images create backup-{resource_id} --project {account_id} --source-instance {resource_name} --source-instance-zone {zone}
      - gcloud compute instances stop {resource_name} --project {account_id} --zone {zone}
      - gcloud compute instances delete {resource_name} --project {account_id} --zone {zone}
      - "# undo: gcloud compute instances create {resource_name} --project {account_id} --zone {zone} --source-machine-image backup-{resource_id}"
    local_disks:
      - gcloud compute machine-images create backup-{resource_id} --project {account_id} --source-instance {resource_name} --source-instance-zone {zone}
      - gcloud compute instances stop {resource_name} --project {account_id} --zone {zone} --discard-local-ssd=true
      - gcloud compute instances delete {resource_name} --project {account_id} --zone {zone}
      - "# undo, without what the local disks held: gcloud compute instances create {resource_name} --project {account_id} --zone {zone} --source-machine-image backup-{resource_id}"
doc: |
  Finds running machines whose processor, network and, where they are measured, disks, memory and GPUs show no
  work over all the data there is, up to 95 days, so that a month-end or quarter-end job counts as work.
  Maxima decide, not averages: a job of fifteen minutes a day is one per cent of the time and work all the same.
  It is wrong for a machine that only waits: a licence server, a cold standby, a bastion. Ask its owner, make an
  image, stop it for two weeks, then terminate it. A machine with too little data, with unknown network use or
  with GPUs nobody measures is not judged: what was seen to work is busy even so, but silence counts only where
  somebody listened. Members of a scaling group or a cluster are judged as a group.
  Local disks are in no image: what they hold is lost when the machine stops (on Google the command must say so). A subscription (Alibaba Cloud) is
  paid already and cannot be terminated before it ends: the reason says whether it renews itself, and the command
  stops that.
---*/
WITH members AS (
    -- Members of a scaling group or a cluster share its work: the busiest of them speaks for all.
    SELECT i.cloud, i.account_id, i.region, coalesce(i.scaling_group, i.cluster) AS member_of, max(a.cpu_peak) AS peak
    FROM instances AS i
    JOIN activity AS a ON a.cloud = i.cloud AND a.account_id = i.account_id AND a.region = i.region
        AND a.resource_id = i.instance_id
    WHERE coalesce(i.scaling_group, i.cluster) IS NOT NULL
    GROUP BY i.cloud, i.account_id, i.region, coalesce(i.scaling_group, i.cluster)
),
judged AS (
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, i.instance_type, i.purchase_model,
        i.expires_at, i.auto_renew, coalesce(t.local_disk_gib, 0) + coalesce(i.local_disk_gib, 0) AS local_disk_gib, m.member_of, m.peak AS group_peak,
        a.cpu_days, a.cpu_peak, a.cpu_avg, a.memory_peak, a.gpu_peak, a.network_day, a.ops_day,
        least(a.cpu_days, a.network_days) AS days, least(a.cpu_coverage, a.network_coverage) AS coverage,
        CASE
            WHEN a.cpu_peak > $cpu_peak_max THEN 'busy processor'
            WHEN a.network_day > $network_day_max THEN 'busy network'
            WHEN a.ops_day > $disk_ops_day_max THEN 'busy disks'
            WHEN a.memory_peak > $memory_peak_max THEN 'busy memory'
            WHEN a.gpu_peak > $gpu_peak_max THEN 'busy GPU'
            WHEN m.peak > $cpu_peak_max THEN 'busy group'
            WHEN i.launched_at > $min_days_cutoff THEN 'new'
            WHEN a.cpu_days IS NULL OR a.cpu_peak IS NULL THEN 'no processor data'
            WHEN a.network_days IS NULL THEN 'no network data'
            WHEN least(a.cpu_days, a.network_days) < $min_days THEN 'too few days'
            WHEN least(a.cpu_coverage, a.network_coverage) < $min_coverage THEN 'gaps'
            WHEN t.gpu_count IS NULL THEN 'unknown type'
            -- GPUs of its type, or attached to it.
            WHEN (t.gpu_count > 0 OR i.gpu_count > 0) AND coalesce(a.gpu_days, 0) < $min_days THEN 'no GPU data'
            WHEN (t.gpu_count > 0 OR i.gpu_count > 0) AND a.gpu_coverage < $min_coverage THEN 'no GPU data'
            WHEN coalesce(i.scaling_group, i.cluster) IS NOT NULL THEN 'quiet group'
            ELSE 'idle'
        END AS state
    FROM instances AS i
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    LEFT JOIN activity AS a ON a.cloud = i.cloud AND a.account_id = i.account_id AND a.region = i.region
        AND a.resource_id = i.instance_id
    LEFT JOIN members AS m ON m.cloud = i.cloud AND m.account_id = i.account_id AND m.region = i.region
        AND m.member_of = coalesce(i.scaling_group, i.cluster)
    WHERE i.state = 'running'
)
SELECT
    cloud,
    account_id,
    region,
    instance_id AS resource_id,
    CASE WHEN state = 'idle' THEN 'finding' WHEN state LIKE 'busy %' THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'idle' THEN 'Its processor never went above ' || in_percent(cpu_peak) || ' in ' || counted(days, 'day', 'days')
            || ' (limit ' || in_percent($cpu_peak_max) || ') and its network moved ' || amount(network_day)
            || ' bytes per second on the busiest day (limit ' || amount($network_day_max) || ')'
            || CASE WHEN local_disk_gib > 0 THEN '; what its local disks hold is in no image and lost with it' ELSE '' END
            || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'busy processor' THEN 'Its processor reached ' || in_percent(cpu_peak) || ' (limit ' || in_percent($cpu_peak_max) || ').'
        WHEN 'busy network' THEN 'Its network moved ' || amount(network_day) || ' bytes per second on the busiest day (limit ' || amount($network_day_max) || ').'
        WHEN 'busy disks' THEN 'Its disks did ' || amount(ops_day) || ' operations per second on the busiest day (limit ' || amount($disk_ops_day_max) || ').'
        WHEN 'busy memory' THEN 'Its memory was ' || in_percent(memory_peak) || ' full (limit ' || in_percent($memory_peak_max) || ').'
        WHEN 'busy GPU' THEN 'Its GPUs reached ' || in_percent(gpu_peak) || ' (limit ' || in_percent($gpu_peak_max) || ').'
        WHEN 'busy group' THEN 'The busiest member of its group ' || member_of || ' reached ' || in_percent(group_peak) || ' (limit ' || in_percent($cpu_peak_max) || ').'
        WHEN 'new' THEN 'It was launched less than ' || counted($min_days, 'day', 'days') || ' ago.'
        WHEN 'no processor data' THEN 'There is no processor data for it.'
        WHEN 'no network data' THEN 'Its processor is quiet, but its network is not measured in both directions.'
        WHEN 'too few days' THEN 'There is processor and network data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'gaps' THEN 'Processor and network data cover ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
        WHEN 'unknown type' THEN 'Its processor is quiet, but what its type ' || coalesce(instance_type, '') || ' holds is not known (it may have GPUs).'
        WHEN 'no GPU data' THEN 'Its processor is quiet, but it has GPUs that nobody measures.'
        ELSE 'Its whole group ' || member_of || ' is quiet; how many members a group needs is judged for the group, not here.'
    END AS reason,
    'all,dependents' AS components,
    CASE
        WHEN purchase_model = 'subscription' OR days < 35 THEN 'low'
        WHEN days < $sure_days OR memory_peak IS NULL THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
        WHEN days < $sure_days THEN 'the data of ' || days || ' days may hold no quarter end'
        WHEN memory_peak IS NULL THEN 'its memory use is not measured'
    END AS confidence_reason,
    CASE
        WHEN purchase_model = 'subscription' THEN 'subscription'
        WHEN cloud = 'gcp' AND local_disk_gib > 0 THEN 'local_disks'
    END AS remediation_case,
    instance_type AS current_instance_type,
    'running' AS current_state,
    purchase_model AS current_purchase_model,
    expires_at AS current_subscription_end,
    'terminated' AS proposed_state,
    days,
    coverage,
    cpu_peak,
    cpu_avg,
    memory_peak,
    gpu_peak,
    network_day AS network_busiest_day_bytes_per_second,
    ops_day AS disk_busiest_day_ops_per_second
FROM judged
