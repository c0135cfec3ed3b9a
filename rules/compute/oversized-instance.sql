/*---
id: oversized-instance
title: A smaller size carries the load
class: oversized
action: resize
resource: instance
parameters:
  headroom: {default: 0.2, unit: ratio, doc: "share of the smaller machine that stays free on the busiest day"}
  horizon: {default: 30, unit: days, doc: "days that a growing load must still fit, growing on as it did"}
  family_factor: {default: 1.5, unit: ratio, doc: "times the load that a type of another family must carry, for its processors may be slower"}
  min_days: {default: 30, unit: days, doc: "days of processor data before a verdict"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
  sure_days: {default: 90, unit: days, doc: "data over so many days has seen a quarter end"}
  same_memory: {default: false, unit: yes or no, doc: "propose a type with at least as much memory where memory is not measured; its processors are fewer all the same, so look at the machine first"}
needs: [instances, instance_types, volumes, prices, "metrics:cpu_utilization", "metrics:memory_utilization"]
excludes: [idle-instance]
effort: medium
risk: medium
sources:
  - {title: "AWS Compute Optimizer: 20 % head-room, up to 93 days, memory only where it is measured", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/rightsizing-preferences.html"}
  - {title: "AWS Compute Optimizer: the 99.5th percentile of the processor, with head-room", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/rightsizing-preferences.html#cpu-threshold"}
  - {title: "A load may be carried worse by another family: Flexera asks for 1.5 times as much", url: "https://github.com/flexera-public/policy_templates/tree/master/cost/aws/rightsize_ec2_instances"}
  - {title: "What a burstable type may use all the time", url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html"}
  - {title: "Google Cloud: changing the machine type; not with local SSDs", url: "https://cloud.google.com/compute/docs/instances/changing-machine-type-of-stopped-instance"}
  - {title: "What happens when memory is ignored: rightsized workloads killed for lack of it", url: "https://github.com/robusta-dev/krr/issues/110"}
traps:
  daily-spike: "Fifteen minutes a day at 95 % need the processors, though the 95th percentile is 2 %."
  quarter-end: "The quarter end, weeks ago, needs the processors."
  nightly-hour: "One hour every night that no percentile of a day sees needs its head-room."
  unknown-memory: "Memory that nobody measures may be full: it is never shrunk."
  growth: "What grows must still fit in a month."
  last-week: "The last days carry more than the weeks that it was fitted on."
  other-architecture: "A smaller type of another family or architecture is another machine."
  burst-credits: "A burstable machine that works all day does not fit the baseline of a smaller one."
  local-disks: "A type without the local disks of the current one would lose what they hold."
  network-cap: "A smaller size may carry the processor's load and not the network's."
  cluster-node: "The size of a node follows from what its pods reserve, not from what they use."
  same-price: "A smaller size that costs as much saves nothing."
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
  Finds running machines for which a cheaper, smaller type carries what was measured. It is fitted on all days up to 95
  but the last seven, and then replayed on these: a type that would have been above its capacity in one hour of them is
  not proposed, and the next is tried. The load (the highest daily 95th percentile of the processor, and where hours are
  kept the 99.5th percentile of their highest moments) keeps the head-room free, the highest moment ever seen still fits,
  and a month more of the same growth leaves half of the head-room. Memory is never shrunk without memory data, and
  without it nothing is proposed, unless same_memory is set: then types with at least as much, with low confidence. Peaks of network and disks must fit what the type always
  carries, where that is known. Of several the cheapest at list prices is proposed, the same family first; where prices are
  not known, the smallest of the same family. Another family of the same architecture, no older, is proposed only with fewer
  processors, never to a burstable machine, whose credits hide what it would use, and on Google only among those that take the same disks; whether
  Alibaba Cloud lets a machine become that type, aliyun ecs DescribeResourcesModification tells. No GPU and no local disk is lost.
  Members of a scaling group are judged by the busiest of them, and resized through
  its template; a machine with local disks keeps its type on Alibaba Cloud and Google Cloud, and is not judged; a node of a Kubernetes cluster is not judged, because there the reservations of its pods decide.
  It is wrong where load is about to grow in steps, where a licence hangs on the size, or
  where the processor waits for a disk. Resize in a quiet hour and watch a week; undo by the same command with
  the old type.
  Sizes of a Google series differ in memory per processor as well. Only predefined types are proposed, and a type whose processor is shared or runs on credits only to a
  machine of that kind; its mean load must stay below what the type may use all the time, where that is known. A machine with a shared processor is not judged on Google, where what its utilisation is a
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
exchangeable (family) AS (
    -- Series of Google that take the three usual kinds of Persistent Disk; others would need other disks.
    VALUES ('n1'), ('n2'), ('n2d'), ('e2')
),
persistent AS (
    -- Machines all of whose disks are such.
    SELECT cloud, account_id, region, instance_id
    FROM volumes
    WHERE instance_id IS NOT NULL
    GROUP BY cloud, account_id, region, instance_id
    HAVING count(*) = count(*) FILTER (WHERE volume_type IN ('pd-standard', 'pd-balanced', 'pd-ssd'))
),
units AS (
    -- What is resized: a machine, or the scaling group it belongs to. Its busiest member decides, and so does the
    -- one with the least data.
    SELECT
        i.cloud, i.account_id, i.region, coalesce(i.scaling_group, i.instance_id) AS unit,
        min(coalesce(z.cpu_days, 0)) AS days, min(z.cpu_coverage) AS coverage, max(z.cpu_day) AS cpu_day,
        max(z.cpu_load) AS cpu_load, max(z.cpu_peak) AS cpu_peak, greatest(max(z.cpu_load), max(z.replay_load)) AS load,
        greatest(max(z.cpu_peak), max(z.replay_peak)) AS peak, 1 + coalesce(max(z.cpu_growth), 0) * $horizon AS growth,
        min(coalesce(z.replay_days, 0)) AS replay_days, min(z.replay_hours) AS replay_hours, min(z.replay_grain) AS replay_grain,
        max(z.replay_load) AS replay_load, max(z.replay_peak) AS replay_peak,
        max(z.network_peak) * 8 / 1000000000 AS network_gbps, max(z.ops_peak) AS disk_iops, max(z.bytes_peak) / 1048576 AS disk_mib,
        CASE WHEN min(coalesce(z.memory_days, 0)) >= $min_days AND min(z.memory_coverage) >= $min_coverage
            THEN max(z.memory_peak) END AS memory_peak,
        1 + coalesce(max(z.memory_growth), 0) * $horizon AS memory_growth
    FROM instances AS i
    LEFT JOIN sizing AS z ON z.cloud = i.cloud AND z.account_id = i.account_id AND z.region = i.region
        AND z.resource_id = i.instance_id
    WHERE i.state = 'running'
    GROUP BY i.cloud, i.account_id, i.region, coalesce(i.scaling_group, i.instance_id)
),
machines AS (
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, i.instance_type, i.scaling_group, i.cluster, i.purchase_model,
        i.expires_at, i.auto_renew, greatest(coalesce(i.gpu_count, 0), coalesce(t.gpu_count, 0)) AS gpus,
        greatest(coalesce(i.local_disk_gib, 0), coalesce(t.local_disk_gib, 0)) AS local_gib, d.instance_id IS NOT NULL AS persistent,
        coalesce(i.scaling_group, i.instance_id) AS unit, t.vcpu, t.memory_gib, t.family, t.architecture, t.generation,
        coalesce(t.burstable, FALSE) AS burstable, t.gpu_count, t.local_disk_gib, t.network_gbps, t.disk_throughput_mib, t.disk_iops,
        l.price, l.currency
    FROM instances AS i
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    LEFT JOIN listed AS l ON l.cloud = i.cloud AND l.region = i.region AND l.sku = i.instance_type AND l.platform = 'linux'
    LEFT JOIN persistent AS d ON d.cloud = i.cloud AND d.account_id = i.account_id AND d.region = i.region
        AND d.instance_id = i.instance_id
    WHERE i.state = 'running'
),
smaller AS (
    -- Types that are cheaper, or where prices are not known smaller in all, and whose processors carry the days that
    -- are fitted on. `factor` is how many times the load they must carry.
    SELECT
        m.cloud, m.account_id, m.region, m.instance_id, m.unit, m.vcpu, m.memory_gib, m.network_gbps, m.disk_throughput_mib,
        m.disk_iops, s.instance_type AS new_type, s.vcpu AS new_vcpu, s.memory_gib AS new_memory, s.family = m.family AS kin,
        s.network_gbps AS new_network, s.disk_throughput_mib AS new_mib, s.disk_iops AS new_iops, s.baseline_vcpu AS new_baseline,
        coalesce(s.burstable, FALSE) AS new_burstable, CASE WHEN l.currency = m.currency THEN l.price END AS new_price,
        CASE WHEN s.family = m.family THEN 1 ELSE $family_factor END AS factor
    FROM machines AS m
    JOIN units AS u ON u.cloud = m.cloud AND u.account_id = m.account_id AND u.region = m.region AND u.unit = m.unit
    JOIN instance_types AS s ON s.cloud = m.cloud AND s.architecture = m.architecture
        AND coalesce(s.gpu_count, 0) = coalesce(m.gpu_count, 0) AND s.instance_type NOT LIKE '%custom-%'
        AND (s.family = m.family OR NOT coalesce(s.burstable, FALSE)) AND (m.burstable OR NOT coalesce(s.burstable, FALSE))
        AND (coalesce(m.local_disk_gib, 0) = 0 OR s.local_disk_gib > 0)
    LEFT JOIN listed AS l ON l.cloud = m.cloud AND l.region = m.region AND l.sku = s.instance_type AND l.platform = 'linux'
    WHERE s.vcpu <= m.vcpu AND (s.vcpu < m.vcpu OR s.memory_gib < m.memory_gib)
        AND (s.family = m.family OR (
            s.vcpu < m.vcpu AND NOT m.burstable AND l.price IS NOT NULL AND s.instance_type NOT LIKE '%metal%'
            AND coalesce(s.generation >= m.generation, s.generation IS NULL AND m.generation IS NULL)
            AND (m.cloud <> 'gcp' OR (m.persistent AND m.family IN (SELECT family FROM exchangeable)
                AND s.family IN (SELECT family FROM exchangeable)))))
        AND CASE WHEN l.currency = m.currency THEN l.price < m.price ELSE s.family = m.family AND s.memory_gib <= m.memory_gib END
        AND u.cpu_load * m.vcpu * CASE WHEN s.family = m.family THEN 1 ELSE $family_factor END <= s.vcpu * (1 - $headroom)
        AND u.cpu_peak * m.vcpu * CASE WHEN s.family = m.family THEN 1 ELSE $family_factor END <= s.vcpu
),
tried AS (
    -- The first thing that speaks against each. Growth may use up half of the head-room. A capacity that nobody knows never counts as enough for more than half
    -- of a known one.
    SELECT
        s.cloud, s.account_id, s.region, s.instance_id, s.new_type, s.new_vcpu, s.new_memory, s.new_price, s.kin, s.new_burstable,
        s.new_baseline, s.factor,
        (u.network_gbps > 0 AND s.new_network IS NULL) OR (u.disk_iops > 0 AND s.new_iops IS NULL)
            OR (u.disk_mib > 0 AND s.new_mib IS NULL) AS unsure,
        CASE
            WHEN u.memory_peak * s.memory_gib > s.new_memory * (1 - $headroom)
                OR u.memory_peak * u.memory_growth * s.memory_gib > s.new_memory * (1 - $headroom / 2) THEN 'memory'
            WHEN u.network_gbps > s.new_network OR (s.new_network IS NULL AND u.network_gbps > s.network_gbps / 2) THEN 'network'
            WHEN u.disk_iops > s.new_iops OR (s.new_iops IS NULL AND u.disk_iops > s.disk_iops / 2)
                OR u.disk_mib > s.new_mib OR (s.new_mib IS NULL AND u.disk_mib > s.disk_throughput_mib / 2) THEN 'disks'
            WHEN s.new_burstable AND u.cpu_day * s.vcpu > s.new_baseline THEN 'credits'
            WHEN u.replay_load * s.vcpu * s.factor > s.new_vcpu * (1 - $headroom) OR u.replay_peak * s.vcpu * s.factor > s.new_vcpu THEN 'replay'
            WHEN u.load * u.growth * s.vcpu * s.factor > s.new_vcpu * (1 - $headroom / 2) OR u.peak * u.growth * s.vcpu * s.factor > s.new_vcpu THEN 'growth'
            WHEN u.memory_peak IS NULL AND (s.new_memory < s.memory_gib OR NOT $same_memory) THEN 'memory unknown'
            ELSE 'none'
        END AS hurdle
    FROM smaller AS s
    JOIN units AS u ON u.cloud = s.cloud AND u.account_id = s.account_id AND u.region = s.region AND u.unit = s.unit
),
best AS (
    -- The cheapest that nothing speaks against; where there is none, that which came furthest.
    SELECT
        cloud, account_id, region, instance_id, new_type, new_vcpu, new_memory, new_price, kin, new_burstable, new_baseline, unsure, hurdle,
        row_number() OVER (
            PARTITION BY cloud, account_id, region, instance_id
            ORDER BY CASE hurdle WHEN 'none' THEN 0 WHEN 'memory unknown' THEN 1 WHEN 'growth' THEN 2 WHEN 'replay' THEN 3
                WHEN 'credits' THEN 4 WHEN 'disks' THEN 5 WHEN 'network' THEN 6 ELSE 7 END, coalesce(new_price, 1000000000),
                CASE WHEN kin THEN 0 ELSE 1 END, new_vcpu, new_memory, new_type
        ) AS place
    FROM tried
),
above AS (
    -- Of a scaling group those of the member with the most.
    SELECT i.cloud, i.account_id, i.region, coalesce(i.scaling_group, i.instance_id) AS unit, r.vcpu, max(r.hours_above) AS hours_above
    FROM instances AS i
    JOIN replay AS r ON r.cloud = i.cloud AND r.account_id = i.account_id AND r.region = i.region AND r.resource_id = i.instance_id
    WHERE i.state = 'running'
    GROUP BY i.cloud, i.account_id, i.region, coalesce(i.scaling_group, i.instance_id), r.vcpu
),
judged AS (
    SELECT
        m.cloud, m.account_id, m.region, m.instance_id, m.instance_type, m.scaling_group, m.cluster, m.purchase_model,
        m.expires_at, m.auto_renew, m.vcpu, m.memory_gib, m.burstable, u.days, u.coverage, u.load, u.peak, u.growth, u.memory_peak, u.memory_growth,
        u.replay_days, u.replay_hours, u.replay_grain, u.replay_peak, coalesce(o.hours_above, 0) AS hours_above,
        u.network_gbps, u.disk_iops, u.disk_mib, u.cpu_day, s.kin, s.unsure, s.new_burstable, s.new_baseline,
        s.new_type, s.new_vcpu, s.new_memory, m.price, s.new_price,
        CASE
            WHEN m.vcpu IS NULL OR m.memory_gib IS NULL OR m.family IS NULL OR m.architecture IS NULL THEN 'unknown type'
            WHEN m.gpus > 0 THEN 'GPU'
            WHEN u.load IS NULL OR u.peak IS NULL THEN 'no data'
            WHEN u.days < $min_days THEN 'too few days'
            WHEN u.coverage < $min_coverage THEN 'gaps'
            WHEN u.replay_days < 7 * $min_coverage OR u.cpu_load IS NULL THEN 'no replay'
            WHEN s.new_type IS NULL THEN 'right size'
            WHEN m.cluster IS NOT NULL THEN 'cluster node'
            WHEN n.cloud IS NOT NULL AND m.local_gib > 0 THEN 'local disks'
            WHEN b.cloud IS NOT NULL AND m.burstable THEN 'shared processor'
            WHEN s.hurdle = 'none' THEN 'oversized'
            WHEN s.hurdle = 'memory unknown' THEN s.hurdle
            ELSE 'right size: ' || s.hurdle
        END AS state
    FROM machines AS m
    LEFT JOIN unchangeable AS n ON n.cloud = m.cloud
    LEFT JOIN shared AS b ON b.cloud = m.cloud
    LEFT JOIN units AS u ON u.cloud = m.cloud AND u.account_id = m.account_id AND u.region = m.region AND u.unit = m.unit
    LEFT JOIN best AS s ON s.cloud = m.cloud AND s.account_id = m.account_id AND s.region = m.region
        AND s.instance_id = m.instance_id AND s.place = 1
    LEFT JOIN above AS o ON o.cloud = m.cloud AND o.account_id = m.account_id AND o.region = m.region AND o.unit = m.unit
        AND o.vcpu = s.new_vcpu
)
SELECT
    cloud,
    account_id,
    region,
    instance_id AS resource_id,
    CASE WHEN state = 'oversized' THEN 'finding' WHEN state LIKE 'right size%' THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'oversized' THEN 'On the busiest of ' || counted(days, 'day', 'days') || ' it used ' || in_percent(load) || ' of '
            || amount(vcpu) || ' vCPU' || coalesce(' and ' || in_percent(memory_peak) || ' of ' || amount(memory_gib) || ' GiB', '')
            || '; ' || new_type || ' (' || amount(new_vcpu) || ' vCPU, ' || amount(new_memory) || ' GiB) would be ' || in_percent(load * vcpu / new_vcpu)
            || coalesce(' and ' || in_percent(memory_peak * memory_gib / new_memory), '') || ' full (limit ' || in_percent(1 - $headroom)
            || '), and above its capacity in ' || amount(hours_above) || ' of the last ' || counted(replay_hours, 'hour', 'hours')
            || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'right size' THEN 'No smaller size carries its load of ' || in_percent(load) || ' on the busiest day and its peak of '
            || in_percent(peak) || ' (limit ' || in_percent(1 - $headroom) || ' of the smaller one).'
        WHEN 'right size: memory' THEN 'Its processor would fit ' || new_type || ', but its memory was ' || in_percent(memory_peak) || ' full'
            || CASE WHEN memory_growth > 1 THEN ' and grows by ' || in_percent(memory_growth - 1) || ' in ' || counted($horizon, 'day', 'days') ELSE '' END || '.'
        WHEN 'right size: network' THEN 'Its processor would fit ' || new_type || ', but its network carried ' || amount(network_gbps)
            || ' Gbit per second, and that this type always carries as much is not known.'
        WHEN 'right size: disks' THEN 'Its processor would fit ' || new_type || ', but its disks did ' || amount(coalesce(disk_iops, 0))
            || ' operations and ' || amount(coalesce(disk_mib, 0)) || ' MiB per second, and that this type always carries as much is not known.'
        WHEN 'right size: credits' THEN 'Its peaks would fit ' || new_type || ', but on its busiest day it used ' || in_percent(cpu_day)
            || ' of ' || amount(vcpu) || ' vCPU on average, and that type may use ' || amount(new_baseline) || ' vCPU all the time.'
        WHEN 'right size: replay' THEN 'Up to a week ago it would have fitted ' || new_type || ', but with the last 7 days replayed that type is above its capacity in '
            || amount(hours_above) || ' of ' || counted(replay_hours, 'hour', 'hours') || ' and up to ' || in_percent(replay_peak * vcpu / new_vcpu) || ' full (limit '
            || in_percent(1 - $headroom) || ').'
        WHEN 'right size: growth' THEN 'Today it would fit ' || new_type || ', but its load grows by ' || in_percent(growth - 1) || ' in '
            || counted($horizon, 'day', 'days') || ', and then it would not.'
        WHEN 'memory unknown' THEN 'Its processor would fit ' || new_type || ', but its memory is not measured enough, and memory is never shrunk blind.'
        WHEN 'cluster node' THEN 'Its processor would fit ' || new_type || ', but it is a node of the cluster ' || cluster || ', where what pods reserve decides.'
        WHEN 'local disks' THEN 'Its processor would fit ' || new_type || ', but the type of a machine with local disks cannot be changed.'
        WHEN 'shared processor' THEN 'Its processor would fit ' || new_type || ', but it is shared, and what its utilisation is a share of is not told.'
        WHEN 'unknown type' THEN 'What its type ' || coalesce(instance_type, '') || ' holds is not known.'
        WHEN 'GPU' THEN 'It has GPUs, and processor data says nothing about their size.'
        WHEN 'no data' THEN 'There is no processor data for it.'
        WHEN 'too few days' THEN 'There is processor data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'no replay' THEN 'There is processor data for ' || counted(replay_days, 'day', 'days') || ' of the last 7, too few to try a size on (needed: '
            || in_percent($min_coverage) || ' of them).'
        ELSE 'Processor data covers ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
    END AS reason,
    'compute' AS components,
    CASE
        WHEN purchase_model = 'subscription' OR scaling_group IS NOT NULL OR memory_peak IS NULL OR (burstable AND new_burstable) OR days < 35 THEN 'low'
        WHEN days < $sure_days OR NOT kin OR unsure THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN scaling_group IS NOT NULL THEN 'it is a member of the scaling group ' || scaling_group || ', judged by the busiest member and resized through its template'
        WHEN memory_peak IS NULL THEN 'its memory is not measured enough, so a type with at least as much is proposed'
        WHEN burstable AND new_burstable THEN 'its processor runs on credits, which a smaller size has fewer of'
        WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
        WHEN days < $sure_days THEN 'the data of ' || days || ' days may hold no quarter end'
        WHEN NOT kin THEN new_type || ' is of another family, whose processors and drivers may differ'
        WHEN unsure THEN 'what ' || new_type || ' always carries of the network and disk traffic that was measured is not known'
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
    load AS cpu_highest_load,
    peak AS cpu_peak,
    growth - 1 AS cpu_growth_expected,
    memory_peak,
    network_gbps AS network_peak_gbps,
    disk_iops AS disk_peak_iops,
    disk_mib AS disk_peak_mib,
    replay_grain,
    replay_hours,
    hours_above AS replay_hours_above,
    replay_peak * vcpu / new_vcpu AS replay_highest
FROM judged
