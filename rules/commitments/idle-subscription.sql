/*---
id: idle-subscription
title: A subscription that nobody uses renews itself
class: unused
action: release
resource: instance
parameters:
  min_days: {default: 14, unit: days, doc: "days of data, or of being off or unused, before a verdict"}
  cpu_peak_max: {default: 0.05, unit: ratio, doc: "of a running machine: its processor never went above this"}
  network_day_max: {default: 2000, unit: bytes per second, doc: "of a running machine: in and out together on its busiest day"}
  disk_ops_day_max: {default: 1, unit: operations per second, doc: "of a running machine: reads and writes together on the busiest day, where measured"}
  memory_peak_max: {default: 0.5, unit: ratio, doc: "of a running machine: above this it holds something, whatever its processor does"}
  gpu_peak_max: {default: 0.05, unit: ratio, doc: "of a running machine with GPUs: they never went above this"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
  cpu_avg_max: {default: 0.05, unit: ratio, doc: "of a database: mean use of its processor, where measured: work without connections is above it"}
  connections_max: {default: 0, unit: connections, doc: "of a database: the most that were open at any measured moment"}
needs: [instances, instance_types, volumes, public_ips, databases, "metrics:cpu_utilization", "metrics:network_in_bytes_per_second", "metrics:network_out_bytes_per_second", "metrics:gpu_utilization", "metrics:memory_utilization", "metrics:disk_read_ops_per_second", "metrics:disk_write_ops_per_second", "metrics:connections", "metrics:connection_utilization"]
excludes: [idle-instance, stopped-instance, unattached-volume, unused-public-ip, idle-database, low-io-volume]
effort: low
risk: low
sources:
  - {title: "Alibaba Cloud: auto-renewal of subscription instances", url: "https://www.alibabacloud.com/help/en/ecs/user-guide/auto-renewal"}
  - {title: "Alibaba Cloud FinOps inspection: stopped and paid ahead is still billed; unbound addresses and disks", url: "https://github.com/aliyun/alibabacloud-aiops-skills"}
  - {title: "AWS Compute Optimizer: idle is peak CPU under 5 % and little network, 14 days", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/view-idle-recommendations.html"}
traps:
  ends-by-itself: "A subscription that does not renew itself ends without anybody's help."
  renewal-unknown: "Whether it renews itself must be known before its renewal is switched off."
  month-end: "A machine that works at the month end works."
  one-connection: "A database to which somebody connects once is used."
  detached-yesterday: "A disk that was detached yesterday may be attached again tomorrow."
  on-demand: "What is paid by use is another rule's matter."
  gpu-work: "A machine whose GPUs, disks or memory work is used, however quiet its processor is; GPUs that nobody measures may work."
  replicas-in-use: "Whoever reads from a replica uses its primary."
  inner-work: "Jobs that run inside a database need no connection."
  gaps: "Days without data may hold the work."
  silent: "Where nobody measures, nobody knows that it is idle."
not_on:
  aws: Machines, disks, addresses and databases of AWS are not paid by subscription; commitments are judged by commitment-expiring.
  gcp: Machines, disks, addresses and databases of Google Cloud are not paid by subscription; commitments are judged by commitment-expiring.
remediation:
  alibaba:
    release:
      - aliyun ecs ModifyInstanceAutoRenewAttribute --region {region} --InstanceId {resource_id} --RenewalStatus NotRenewal
      - "# undo: aliyun ecs ModifyInstanceAutoRenewAttribute --region {region} --InstanceId {resource_id} --RenewalStatus AutoRenewal --Duration 1 --PeriodUnit Month"
    subscription:
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode {current_product} --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode {current_product} --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit M"
doc: |
  Finds what is paid by subscription on Alibaba Cloud, renews itself, and is used by nobody: machines that are off or do
  nothing, disks attached to nothing, addresses that nothing has, databases without a connection. Nothing is deleted: the
  command switches the renewal off, and the resource stays to the end of its term. What is told as a monthly saving begins
  with that day, which the reason names; before it nothing is saved, for it is paid already.
  The rules about idle, stopped and unattached things find the same resources and are alternatives: of one resource only one
  of them counts. It is wrong for a machine that is kept for an emergency. Ask its owner before the day of renewal: after the
  end a machine is stopped, and released some days later with the disks that were ordered with it, so make an image if what
  is on it matters. A subscription that does not renew itself ends by itself and is no finding.
---*/
WITH connections AS (
    SELECT cloud, account_id, region, resource_id, max(peak) AS connections, min(days) AS days, min(coverage) AS coverage, max(CASE WHEN metric = 'connection_utilization' THEN 1 ELSE 0 END) AS by_share
    FROM usage
    WHERE metric IN ('connections', 'connection_utilization')
    GROUP BY cloud, account_id, region, resource_id
),
primaries AS (
    SELECT cloud, account_id, replica_of, count(*) AS replicas
    FROM databases
    WHERE replica_of IS NOT NULL
    GROUP BY cloud, account_id, replica_of
),
ordered AS (
    -- Everything by subscription, whether it is used, and what tells.
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id AS id, 'instance' AS kind, 'ecs' AS product, 'all,dependents' AS components, i.expires_at, i.auto_renew,
        CASE
            WHEN i.state = 'stopped' AND i.state_since IS NULL THEN 'unknown'
            WHEN i.state = 'stopped' AND i.state_since > $min_days_cutoff THEN 'used'
            WHEN i.state = 'stopped' THEN 'idle'
            WHEN i.state <> 'running' THEN 'unknown'
            WHEN a.cpu_peak > $cpu_peak_max OR a.network_day > $network_day_max THEN 'used'
            WHEN a.ops_day > $disk_ops_day_max OR a.memory_peak > $memory_peak_max OR a.gpu_peak > $gpu_peak_max THEN 'used'
            WHEN a.cpu_peak IS NULL OR a.network_days IS NULL OR least(a.cpu_days, a.network_days) < $min_days THEN 'unknown'
            WHEN least(a.cpu_coverage, a.network_coverage) < $min_coverage OR t.gpu_count IS NULL THEN 'unknown'
            WHEN greatest(t.gpu_count, coalesce(i.gpu_count, 0)) > 0 AND (coalesce(a.gpu_days, 0) < $min_days OR a.gpu_coverage < $min_coverage) THEN 'unknown'
            WHEN i.launched_at > $min_days_cutoff OR coalesce(i.scaling_group, i.cluster) IS NOT NULL THEN 'unknown'
            ELSE 'idle'
        END AS use,
        CASE
            WHEN i.state = 'stopped' THEN 'is off' || coalesce(' for ' || counted(floor(days_between(i.state_since, $as_of)), 'day', 'days') || ' (limit ' || amount($min_days) || ')', '')
            WHEN a.cpu_peak IS NULL THEN 'is not measured'
            ELSE 'had its processor at ' || in_percent(a.cpu_peak) || ' at most (limit ' || in_percent($cpu_peak_max) || ')'
                || coalesce(' and moved ' || amount(a.network_day) || ' bytes per second on its busiest day (limit ' || amount($network_day_max) || ')', '')
                || CASE WHEN a.gpu_peak > $gpu_peak_max THEN ', its GPUs reached ' || in_percent(a.gpu_peak) || ' (limit ' || in_percent($gpu_peak_max) || ')' ELSE '' END
                || CASE WHEN a.memory_peak > $memory_peak_max THEN ', its memory was ' || in_percent(a.memory_peak) || ' full (limit ' || in_percent($memory_peak_max) || ')' ELSE '' END
                || CASE WHEN a.ops_day > $disk_ops_day_max THEN ', its disks did ' || amount(a.ops_day) || ' operations per second on the busiest day (limit ' || amount($disk_ops_day_max) || ')' ELSE '' END
        END AS told
    FROM instances AS i
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    LEFT JOIN activity AS a ON a.cloud = i.cloud AND a.account_id = i.account_id AND a.region = i.region AND a.resource_id = i.instance_id
    WHERE i.purchase_model = 'subscription'
    UNION ALL
    SELECT
        cloud, account_id, region, volume_id, 'volume', 'yundisk', 'all', expires_at, auto_renew,
        CASE WHEN state = 'attached' OR kubernetes_claim IS NOT NULL THEN 'used' WHEN state <> 'unattached' OR detached_at IS NULL THEN 'unknown' WHEN detached_at > $min_days_cutoff THEN 'used' ELSE 'idle' END,
        CASE WHEN state = 'attached' THEN 'is attached' WHEN detached_at IS NULL THEN 'is attached to nothing, since when is not known'
            ELSE 'is attached to nothing for ' || counted(floor(days_between(detached_at, $as_of)), 'day', 'days') || ' (limit ' || amount($min_days) || ')' END
    FROM volumes
    WHERE purchase_model = 'subscription'
    UNION ALL
    SELECT
        cloud, account_id, region, ip_id, 'public_ip', 'eip', 'all', expires_at, auto_renew,
        CASE WHEN state = 'in_use' THEN 'used' WHEN coalesce(unused_since, created_at) IS NULL THEN 'unknown' WHEN coalesce(unused_since, created_at) > $min_days_cutoff THEN 'used' ELSE 'idle' END,
        CASE WHEN state = 'in_use' THEN 'is in use' WHEN coalesce(unused_since, created_at) IS NULL THEN 'is used by nothing, since when is not known'
            ELSE 'is used by nothing, for ' || counted(floor(days_between(coalesce(unused_since, created_at), $as_of)), 'day', 'days') || ' at most (limit ' || amount($min_days) || ')' END
    FROM public_ips
    WHERE purchase_model = 'subscription'
    UNION ALL
    SELECT
        d.cloud, d.account_id, d.region, d.database_id, 'database', CASE WHEN d.kind = 'cache' THEN 'redisa' WHEN d.engine LIKE 'polardb%' THEN 'polardb' ELSE 'rds' END, 'all', d.expires_at, d.auto_renew,
        CASE
            WHEN c.connections > $connections_max OR a.cpu_avg > $cpu_avg_max THEN 'used'
            WHEN d.replica_of IS NOT NULL OR d.cluster_id IS NOT NULL OR p.replicas > 0 OR c.connections IS NULL OR c.days < $min_days OR c.coverage < $min_coverage OR d.created_at > $min_days_cutoff THEN 'unknown'
            ELSE 'idle'
        END,
        CASE WHEN c.connections IS NULL THEN 'is not measured'
            WHEN c.by_share = 1 THEN 'used ' || in_percent(c.connections) || ' of its connections at most (limit ' || amount($connections_max) || ') in ' || counted(c.days, 'day', 'days')
            ELSE 'had ' || counted(c.connections, 'connection', 'connections') || ' at most (limit ' || amount($connections_max) || ') in ' || counted(c.days, 'day', 'days') END
            || CASE WHEN a.cpu_avg > $cpu_avg_max THEN ', and used ' || in_percent(a.cpu_avg) || ' of its processor on average (limit ' || in_percent($cpu_avg_max) || ')' ELSE '' END
            || CASE WHEN p.replicas > 0 THEN ', and has ' || counted(p.replicas, 'replica', 'replicas') ELSE '' END
    FROM databases AS d
    LEFT JOIN primaries AS p ON p.cloud = d.cloud AND p.account_id = d.account_id AND p.replica_of = d.database_id
    LEFT JOIN activity AS a ON a.cloud = d.cloud AND a.account_id = d.account_id AND a.region = d.region AND a.resource_id = d.database_id
    LEFT JOIN connections AS c ON c.cloud = d.cloud AND c.account_id = d.account_id AND c.region = d.region AND c.resource_id = d.database_id
    WHERE d.purchase_model = 'subscription'
),
judged AS (
    SELECT
        cloud, account_id, region, id, kind, product, components, expires_at, auto_renew, told,
        CASE
            WHEN expires_at <= $as_of THEN 'ended'
            WHEN use = 'used' THEN 'used'
            WHEN auto_renew IS NOT NULL AND NOT auto_renew THEN 'ends'
            WHEN use = 'unknown' THEN 'unknown'
            WHEN auto_renew IS NULL THEN 'renewal unknown'
            ELSE 'renews'
        END AS state
    FROM ordered
)
SELECT
    cloud,
    account_id,
    region,
    id AS resource_id,
    kind AS resource_type,
    CASE WHEN state = 'renews' THEN 'finding' WHEN state IN ('ended', 'used', 'ends') THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'renews' THEN 'It ' || told || ', and its subscription renews itself' || coalesce(' on ' || CAST(CAST(expires_at AS DATE) AS VARCHAR), '') || '.'
        WHEN 'ended' THEN 'Its subscription has ended.'
        WHEN 'used' THEN 'It ' || told || '.'
        WHEN 'ends' THEN 'Its subscription ends by itself' || coalesce(' on ' || CAST(CAST(expires_at AS DATE) AS VARCHAR), '') || '.'
        WHEN 'unknown' THEN 'It ' || told || ', so that whether anybody uses it is not known.'
        ELSE 'It ' || told || ', and whether its subscription renews itself is not known.'
    END AS reason,
    components,
    'low' AS confidence,
    'its subscription is paid already: the saving starts at renewal' || coalesce(' on ' || CAST(CAST(expires_at AS DATE) AS VARCHAR), '') AS confidence_reason,
    CASE WHEN kind <> 'instance' THEN 'subscription' END AS remediation_case,
    'subscription' AS current_purchase_model,
    expires_at AS current_subscription_end,
    auto_renew AS current_auto_renew,
    product AS current_product,
    FALSE AS proposed_auto_renew,
    expires_at AS saving_starts_on
FROM judged
