/*---
id: scaling-group-floor
title: A group never leaves its minimum, and the minimum is idle
class: oversized
action: resize
resource: scaling_group
parameters:
  headroom: {default: 0.2, unit: ratio, doc: "share of the machines left that stays free in the busiest moment"}
  min_days: {default: 30, unit: days, doc: "days of history of its size and of its machines before a verdict"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
  zone_members: {default: 2, unit: machines, doc: "a group that spans zones keeps at least so many"}
needs: [scaling_groups, instances, instance_types, "metrics:group_size", "metrics:cpu_utilization"]
effort: low
risk: medium
sources:
  - {title: "Flexera: groups that never left their floor in 30 days, with idle machines", url: "https://github.com/flexera-public/policy_templates/tree/master/cost/aws"}
  - {title: "AWS: scaling limits of an Auto Scaling group", url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-capacity-limits.html"}
  - {title: "AWS Compute Optimizer: 20 % head-room", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/rightsizing-preferences.html"}
  - {title: "Alibaba Cloud: the size of a scaling group", url: "https://www.alibabacloud.com/help/en/auto-scaling/user-guide/scaling-groups"}
  - {title: "Google Cloud: autoscaling a managed instance group", url: "https://cloud.google.com/compute/docs/autoscaler"}
traps:
  moves: "A group that was larger than its minimum once needs the policy, not a lower floor."
  raised-lately: "A floor that was raised lately was raised for a reason that the history does not hold."
  month-end: "One busy moment of one machine in the last quarter counts for the whole group."
  two-zones: "A group over several zones keeps enough machines to lose a zone."
  unknown-policy: "Whether something scales it back up must be known before its floor is lowered."
  credits: "Fewer burstable machines must carry the work of a day without credits."
  memory: "Fewer machines carry the memory of all, too."
  mixed-types: "Machines of several types do not stand for each other."
  subscription: "Machines that are paid ahead cost as much when they are fewer."
  one: "A group of one machine has no floor to lower."
  node-pool: "How many nodes a cluster needs follows from what its pods ask for."
remediation:
  aws:
    resize:
      - aws autoscaling update-auto-scaling-group --region {region} --auto-scaling-group-name {resource_id} --min-size {proposed_min_size}
      - "# undo: aws autoscaling update-auto-scaling-group --region {region} --auto-scaling-group-name {resource_id} --min-size {current_min_size}"
    fixed:
      - aws autoscaling update-auto-scaling-group --region {region} --auto-scaling-group-name {resource_id} --min-size {proposed_min_size} --desired-capacity {proposed_members}
      - "# undo: aws autoscaling update-auto-scaling-group --region {region} --auto-scaling-group-name {resource_id} --min-size {current_min_size} --desired-capacity {current_members}"
  alibaba:
    resize:
      - aliyun ess ModifyScalingGroup --region {region} --ScalingGroupId {resource_id} --MinSize {proposed_min_size}
      - "# undo: aliyun ess ModifyScalingGroup --region {region} --ScalingGroupId {resource_id} --MinSize {current_min_size}"
    fixed:
      - aliyun ess ModifyScalingGroup --region {region} --ScalingGroupId {resource_id} --MinSize {proposed_min_size} --DesiredCapacity {proposed_members}
      - "# undo: aliyun ess ModifyScalingGroup --region {region} --ScalingGroupId {resource_id} --MinSize {current_min_size} --DesiredCapacity {current_members}"
  gcp:
    resize:
      - gcloud compute instance-groups managed update-autoscaling {resource_name} --project {account_id} --region {region} --min-num-replicas {proposed_min_size}
      - "# undo: gcloud compute instance-groups managed update-autoscaling {resource_name} --project {account_id} --region {region} --min-num-replicas {current_min_size}"
    fixed:
      - gcloud compute instance-groups managed resize {resource_name} --project {account_id} --region {region} --size {proposed_members}
      - "# undo: gcloud compute instance-groups managed resize {resource_name} --project {account_id} --region {region} --size {current_members}"
doc: |
  Finds scaling groups that in a month or more, up to 95 days, never had more machines than their minimum, and whose
  minimum is idle: even if all machines had been as busy as the busiest was in its busiest moment, fewer of them would have
  carried it with head-room (processor; memory, network and the credits of burstable types where they are known). The
  proposed minimum is what that takes, at least one, and at least two where the group spans zones. A group without any
  scaling policy has one size: then the size itself is proposed, with lower confidence, for nothing brings it back up.
  It is wrong for a group that waits for something which the last quarter did not see (a sale, a failover of another
  region), and where a quorum needs its number. Groups whose policies are not known, and floors that were raised lately,
  are not judged. Lower the floor by one step a day and watch; undo by the same command with the old number. Take care
  that machines are drained before they go (deregistration delay, life-cycle hooks). On Google a group of one zone takes
  --zone instead of --region.
---*/
WITH members AS (
    -- The busiest member speaks for all, and so does the one with the least data.
    SELECT
        i.cloud, i.account_id, i.region, i.scaling_group, count(*) AS members, count(DISTINCT i.zone) AS zones, min(i.instance_type) AS instance_type,
        max(i.instance_type) AS other_type, max(CASE WHEN i.purchase_model IN ('subscription', 'reserved') THEN 1 ELSE 0 END) AS paid_ahead,
        max(greatest(coalesce(i.gpu_count, 0), coalesce(t.gpu_count, 0))) AS gpus, min(t.vcpu) AS vcpu, min(t.baseline_vcpu) AS baseline_vcpu,
        max(CASE WHEN t.burstable THEN 1 ELSE 0 END) AS burstable, min(t.network_gbps) AS network_gbps,
        min(coalesce(z.cpu_days, 0)) AS days, min(z.cpu_coverage) AS coverage, greatest(max(z.cpu_load), max(z.replay_load)) AS load,
        greatest(max(z.cpu_peak), max(z.replay_peak)) AS peak, max(z.cpu_day) AS cpu_day,
        CASE WHEN min(coalesce(z.memory_days, 0)) >= $min_days THEN max(z.memory_peak) END AS memory_peak, max(z.network_peak) * 8 / 1000000000 AS network_peak
    FROM instances AS i
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    LEFT JOIN sizing AS z ON z.cloud = i.cloud AND z.account_id = i.account_id AND z.region = i.region AND z.resource_id = i.instance_id
    WHERE i.state = 'running' AND i.scaling_group IS NOT NULL
    GROUP BY i.cloud, i.account_id, i.region, i.scaling_group
),
needed AS (
    SELECT
        cloud, account_id, region, scaling_group, members, zones, instance_type, other_type, paid_ahead, gpus, vcpu, burstable, baseline_vcpu,
        days, coverage, load, peak, memory_peak,
        -- How many of them carry what all would have done, had they been as busy as the busiest; of what is not known, nothing.
        greatest(
            1,
            CASE WHEN zones > 1 THEN least(members, $zone_members) ELSE 1 END,
            ceil(members * load / (1 - $headroom)),
            ceil(members * peak),
            coalesce(ceil(members * memory_peak / (1 - $headroom)), 1),
            coalesce(ceil(members * network_peak / nullif(network_gbps, 0)), 1),
            CASE WHEN burstable = 1 THEN coalesce(ceil(members * cpu_day * vcpu / nullif(baseline_vcpu, 0)), 1) ELSE 1 END
        ) AS enough
    FROM members
),
judged AS (
    SELECT
        g.cloud, g.account_id, g.region, g.scaling_group_id, g.min_size, g.max_size, g.autoscaled, u.days AS history_days, u.coverage AS history_coverage,
        u.peak AS largest, u.avg AS usual, n.members, n.zones, n.instance_type, n.days, n.coverage, n.load, n.peak, n.memory_peak, n.enough,
        CASE
            WHEN g.min_size IS NULL THEN 'no floor'
            WHEN g.min_size <= 1 THEN 'one'
            WHEN u.peak > g.min_size THEN 'moves'
            WHEN g.autoscaled IS NULL THEN 'unknown policy'
            WHEN g.created_at > $min_days_cutoff THEN 'new'
            WHEN u.days IS NULL THEN 'no history'
            WHEN u.days < $min_days THEN 'short history'
            WHEN u.coverage < $min_coverage THEN 'gaps in history'
            WHEN u.avg <= g.min_size - 0.5 THEN 'raised lately'
            WHEN n.members IS NULL OR n.members <> g.min_size THEN 'other members'
            WHEN n.paid_ahead = 1 THEN 'paid ahead'
            WHEN n.instance_type IS NULL OR n.instance_type <> n.other_type THEN 'mixed types'
            WHEN n.vcpu IS NULL THEN 'unknown type'
            WHEN n.gpus > 0 THEN 'GPU'
            WHEN n.burstable = 1 AND n.baseline_vcpu IS NULL THEN 'unknown credits'
            WHEN n.load IS NULL OR n.peak IS NULL OR n.days < $min_days THEN 'no data'
            WHEN n.coverage < $min_coverage THEN 'gaps'
            WHEN n.enough >= n.members THEN 'needed'
            ELSE 'idle floor'
        END AS state
    FROM scaling_groups AS g
    LEFT JOIN usage AS u ON u.cloud = g.cloud AND u.account_id = g.account_id AND u.region = g.region
        AND u.resource_id = g.scaling_group_id AND u.metric = 'group_size'
    LEFT JOIN needed AS n ON n.cloud = g.cloud AND n.account_id = g.account_id AND n.region = g.region AND n.scaling_group = g.scaling_group_id
    WHERE coalesce(g.kind, 'group') <> 'node_pool' AND g.cluster IS NULL
)
SELECT
    cloud,
    account_id,
    region,
    scaling_group_id AS resource_id,
    CASE WHEN state = 'idle floor' THEN 'finding' WHEN state IN ('one', 'moves', 'paid ahead', 'needed') THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'idle floor' THEN 'In ' || counted(history_days, 'day', 'days') || ' it never had more than its minimum of ' || amount(min_size)
            || ' machines, the busiest of which used ' || in_percent(load) || ' of its processors; ' || counted(enough, 'machine', 'machines')
            || ' would be at most ' || in_percent(members * load / enough) || ' busy (limit ' || in_percent(1 - $headroom) || ').'
        WHEN 'no floor' THEN 'Its minimum is not known.'
        WHEN 'one' THEN 'Its minimum is ' || amount(min_size) || ', which cannot be lowered.'
        WHEN 'moves' THEN 'It had ' || amount(largest) || ' machines at most, more than its minimum of ' || amount(min_size) || '.'
        WHEN 'unknown policy' THEN 'Whether anything changes its size is not known.'
        WHEN 'new' THEN 'It was made less than ' || counted($min_days, 'day', 'days') || ' ago.'
        WHEN 'no history' THEN 'There is no history of its size.'
        WHEN 'short history' THEN 'There is a history of its size for ' || counted(history_days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'gaps in history' THEN 'The history of its size covers ' || in_percent(history_coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
        WHEN 'raised lately' THEN 'It had ' || amount(usual) || ' machines on average and its minimum is ' || amount(min_size) || ': that was raised lately, for a reason that is not known.'
        WHEN 'other members' THEN 'Its minimum is ' || amount(min_size) || ', and the inventory has ' || amount(coalesce(members, 0)) || ' running machines of it.'
        WHEN 'paid ahead' THEN 'Its machines are paid for ahead: fewer of them save nothing before that ends.'
        WHEN 'mixed types' THEN 'Its machines are of several types, which do not stand for each other.'
        WHEN 'unknown type' THEN 'What its type ' || instance_type || ' holds is not known.'
        WHEN 'GPU' THEN 'Its machines have GPUs, and processor data says nothing about these.'
        WHEN 'unknown credits' THEN 'What its burstable type ' || instance_type || ' may use all the time is not known.'
        WHEN 'no data' THEN 'There is processor data for ' || counted(coalesce(days, 0), 'day', 'days') || ' of its newest machine (needed: ' || amount($min_days) || ').'
        WHEN 'gaps' THEN 'Processor data of its machines covers ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
        ELSE 'Its ' || amount(members) || ' machines are needed: the busiest used ' || in_percent(load) || ' of its processors and ' || in_percent(peak) || ' at its highest.'
    END AS reason,
    'members' AS components,
    CASE WHEN NOT autoscaled OR memory_peak IS NULL THEN 'low' WHEN history_days < 90 THEN 'medium' ELSE 'high' END AS confidence,
    CASE
        WHEN NOT autoscaled THEN 'nothing scales it back up'
        WHEN memory_peak IS NULL THEN 'the memory of its machines is not measured enough'
        WHEN history_days < 90 THEN 'the data of ' || history_days || ' days may hold no quarter end'
    END AS confidence_reason,
    CASE WHEN NOT autoscaled THEN 'fixed' END AS remediation_case,
    members AS current_members,
    min_size AS current_min_size,
    instance_type AS current_instance_type,
    CAST(enough AS BIGINT) AS proposed_members,
    CAST(enough AS BIGINT) AS proposed_min_size,
    max_size AS maximum_size,
    zones AS zones,
    history_days AS days_of_history,
    load AS cpu_highest_load_of_a_member,
    peak AS cpu_peak_of_a_member,
    memory_peak AS memory_peak_of_a_member
FROM judged
