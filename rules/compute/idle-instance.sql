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
needs: [instances, instance_types, "metrics:cpu_utilization", "metrics:network_in_bytes_per_second"]
excludes: [oversized-instance, spot-eligible-instance]
effort: low
risk: medium
sources:
  - {title: "AWS Compute Optimizer: idle is peak CPU under 5 % and under 5 MB of network a day, 14 days", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/view-idle-recommendations.html"}
  - {title: "Google Cloud idle VM recommender: received under 2,000 and sent under 1,000 bytes per second", url: "https://cloud.google.com/compute/docs/instances/idle-vm-recommendations-overview"}
remediation:
  aws:
    - aws ec2 create-image --region {region} --instance-id {resource_id} --name backup-{resource_id}
    - aws ec2 stop-instances --region {region} --instance-ids {resource_id}
    - aws ec2 terminate-instances --region {region} --instance-ids {resource_id}
  alibaba:
    - aliyun ecs CreateImage --RegionId {region} --InstanceId {resource_id}
    - aliyun ecs StopInstance --InstanceId {resource_id} --StoppedMode StopCharging
    - aliyun ecs DeleteInstance --InstanceId {resource_id}
  gcp:
    - gcloud compute machine-images create backup-{resource_id} --source-instance {resource_id} --source-instance-zone {zone} --project {account_id}
    - gcloud compute instances stop {resource_id} --zone {zone} --project {account_id}
    - gcloud compute instances delete {resource_id} --zone {zone} --project {account_id}
doc: |
  Finds running machines whose processor, network and, where they are measured, disks, memory and GPUs show no
  work over all the data there is, up to 95 days, so that a month-end or quarter-end job counts as work.
  Maxima decide, not averages: a job of fifteen minutes a day is one per cent of the time and work all the same.
  It is wrong for a machine that only waits: a licence server, a cold standby, a bastion. Ask its owner, make an
  image, stop it for two weeks, then terminate it. A machine with too little data, with unknown network use or
  with GPUs nobody measures is not judged. Members of a scaling group or a cluster are judged as a group.
---*/
WITH members AS (
    SELECT i.cloud, i.account_id, i.region, coalesce(i.scaling_group, i.cluster) AS grp, max(u.peak) AS peak
    FROM instances AS i
    JOIN usage AS u ON u.cloud = i.cloud AND u.account_id = i.account_id AND u.region = i.region
        AND u.resource_id = i.instance_id AND u.metric = 'cpu_utilization'
    WHERE coalesce(i.scaling_group, i.cluster) IS NOT NULL
    GROUP BY i.cloud, i.account_id, i.region, coalesce(i.scaling_group, i.cluster)
),
work AS (
    SELECT
        cloud, account_id, region, resource_id,
        max(CASE WHEN metric = 'cpu_utilization' THEN days END) AS days,
        max(CASE WHEN metric = 'cpu_utilization' THEN coverage END) AS coverage,
        max(CASE WHEN metric = 'cpu_utilization' THEN peak END) AS cpu_peak,
        max(CASE WHEN metric = 'cpu_utilization' THEN avg END) AS cpu_avg,
        max(CASE WHEN metric = 'memory_utilization' THEN peak END) AS memory_peak,
        max(CASE WHEN metric = 'gpu_utilization' THEN peak END) AS gpu_peak,
        max(CASE WHEN metric = 'network_in_bytes_per_second' THEN peak_day_avg END)
            + max(CASE WHEN metric = 'network_out_bytes_per_second' THEN peak_day_avg END) AS network,
        max(CASE WHEN metric = 'disk_read_ops_per_second' THEN peak_day_avg END)
            + max(CASE WHEN metric = 'disk_write_ops_per_second' THEN peak_day_avg END) AS disk_ops
    FROM usage
    GROUP BY cloud, account_id, region, resource_id
),
facts AS (
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, i.instance_type, i.launched_at,
        coalesce(i.scaling_group, i.cluster) AS grp, m.peak AS grp_peak, t.gpu_count,
        coalesce(w.days, 0) AS days, w.coverage, w.cpu_peak, w.cpu_avg, w.memory_peak, w.gpu_peak, w.network, w.disk_ops
    FROM instances AS i
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    LEFT JOIN work AS w ON w.cloud = i.cloud AND w.account_id = i.account_id AND w.region = i.region
        AND w.resource_id = i.instance_id
    LEFT JOIN members AS m ON m.cloud = i.cloud AND m.account_id = i.account_id AND m.region = i.region
        AND m.grp = coalesce(i.scaling_group, i.cluster)
    WHERE i.state = 'running'
),
judged AS (
    SELECT
        f.cloud, f.account_id, f.region, f.instance_id, f.instance_type, f.grp, f.grp_peak, f.days, f.coverage,
        f.cpu_peak, f.cpu_avg, f.memory_peak, f.gpu_peak, f.network, f.disk_ops, f.launched_at,
        CASE
            WHEN f.cpu_peak > $cpu_peak_max THEN 'busy processor'
            WHEN f.network > $network_day_max THEN 'busy network'
            WHEN f.disk_ops > $disk_ops_day_max THEN 'busy disks'
            WHEN f.memory_peak > $memory_peak_max THEN 'memory in use'
            WHEN f.gpu_peak > $gpu_peak_max THEN 'busy GPU'
            WHEN f.grp_peak > $cpu_peak_max THEN 'busy group'
            WHEN f.launched_at > $min_days_cutoff THEN 'new'
            WHEN f.cpu_peak IS NULL THEN 'no processor data'
            WHEN f.days < $min_days THEN 'too few days'
            WHEN f.coverage < $min_coverage THEN 'gaps'
            WHEN f.network IS NULL THEN 'no network data'
            WHEN f.gpu_count IS NULL THEN 'unknown type'
            WHEN f.gpu_count > 0 AND f.gpu_peak IS NULL THEN 'no GPU data'
            WHEN f.grp IS NOT NULL THEN 'quiet group'
            ELSE 'idle'
        END AS state
    FROM facts AS f
)
SELECT
    cloud,
    account_id,
    region,
    instance_id AS resource_id,
    CASE
        WHEN state = 'idle' THEN 'finding'
        WHEN state IN ('busy processor', 'busy network', 'busy disks', 'memory in use', 'busy GPU', 'busy group') THEN 'ok'
        ELSE 'not_evaluated'
    END AS verdict,
    CASE
        WHEN state = 'idle' THEN 'Its processor never went above ' || in_percent(cpu_peak) || ' in ' || days
            || ' days (limit ' || in_percent($cpu_peak_max) || ') and its network moved ' || amount(network)
            || ' bytes per second on the busiest day (limit ' || amount($network_day_max) || ').'
        WHEN state = 'busy processor' THEN 'Its processor reached ' || in_percent(cpu_peak) || ' (limit ' || in_percent($cpu_peak_max) || ').'
        WHEN state = 'busy network' THEN 'Its network moved ' || amount(network) || ' bytes per second on the busiest day (limit ' || amount($network_day_max) || ').'
        WHEN state = 'busy disks' THEN 'Its disks did ' || amount(disk_ops) || ' operations per second on the busiest day (limit ' || amount($disk_ops_day_max) || ').'
        WHEN state = 'memory in use' THEN 'Its memory was ' || in_percent(memory_peak) || ' full (limit ' || in_percent($memory_peak_max) || ').'
        WHEN state = 'busy GPU' THEN 'Its GPUs reached ' || in_percent(gpu_peak) || ' (limit ' || in_percent($gpu_peak_max) || ').'
        WHEN state = 'busy group' THEN 'The busiest member of its group ' || grp || ' reached ' || in_percent(grp_peak) || ' (limit ' || in_percent($cpu_peak_max) || ').'
        WHEN state = 'new' THEN 'It was launched less than ' || $min_days || ' days ago.'
        WHEN state = 'no processor data' THEN 'There is no processor data for it.'
        WHEN state = 'too few days' THEN 'There is processor data for ' || days || ' days, ' || $min_days || ' are needed.'
        WHEN state = 'gaps' THEN 'Processor data covers ' || in_percent(coverage) || ' of the days, ' || in_percent($min_coverage) || ' is needed.'
        WHEN state = 'no network data' THEN 'Its processor is quiet, but there is no network data for it.'
        WHEN state = 'unknown type' THEN 'Its processor is quiet, but what its type ' || coalesce(instance_type, '') || ' holds is not known (it may have GPUs).'
        WHEN state = 'no GPU data' THEN 'Its processor is quiet, but it has GPUs that nobody measures.'
        ELSE 'Its whole group ' || grp || ' is quiet; how many members a group needs is judged for the group, not here.'
    END AS reason,
    'all,dependents' AS components,
    CASE WHEN days < 35 THEN 'low' WHEN days < $sure_days OR memory_peak IS NULL THEN 'medium' ELSE 'high' END AS confidence,
    CASE
        WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
        WHEN days < $sure_days THEN 'the data of ' || days || ' days may hold no quarter end'
        WHEN memory_peak IS NULL THEN 'its memory use is not measured'
    END AS confidence_reason,
    instance_type AS current_instance_type,
    'running' AS current_state,
    'terminated' AS proposed_state,
    days,
    coverage,
    cpu_peak,
    cpu_avg,
    memory_peak,
    gpu_peak,
    network AS network_busiest_day_bytes_per_second,
    disk_ops AS disk_busiest_day_ops_per_second
FROM judged
