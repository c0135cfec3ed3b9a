/*---
id: oversized-database
title: A database on a larger class than its load needs
class: oversized
action: resize
resource: database
parameters:
  headroom: {default: 0.2, unit: ratio, doc: "share of the smaller class that stays free under load, of processor, memory and connections"}
  min_days: {default: 30, unit: days, doc: "days of data before a verdict"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
  horizon: {default: 30, unit: days ahead, doc: "for so long a growing load must fit, with half of the head-room"}
needs: [databases, instance_types, prices, "metrics:cpu_utilization", "metrics:memory_utilization", "metrics:connections", "metrics:connection_utilization"]
excludes: [idle-database]
effort: medium
risk: medium
sources:
  - {title: "AWS Compute Optimizer: 20 % head-room by default; RDS classes by CPU, memory and connections", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/view-rds-recommendations.html"}
  - {title: "Google Cloud: overprovisioned Cloud SQL instances, over 30 days", url: "https://cloud.google.com/sql/docs/mysql/recommender-sql-overprovisioned"}
  - {title: "Amazon RDS: how many connections follow from the memory", url: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html"}
  - {title: "Flexera: a saving must leave out storage and operations", url: "https://github.com/flexera-public/policy_templates/issues/3306"}
traps:
  memory-unknown: "Memory that is not measured is never shrunk."
  full-memory: "A quiet processor beside a full cache is a right size."
  connections: "Fewer connections are allowed where there is less memory."
  month-end: "A quarter-end peak is load."
  growth: "What fits today does not fit in a month when the load grows."
  storage: "A smaller class saves nothing of storage, operations and backups."
  multi-zone: "The price is that of the class with its standby."
  burstable: "A smaller burstable class earns fewer credits: its mean load must stay below its baseline."
  serverless: "A serverless database has no class."
remediation:
  aws:
    - aws rds modify-db-instance --region {region} --db-instance-identifier {resource_name} --db-instance-class {proposed_instance_type} --no-apply-immediately
    - "# undo: aws rds modify-db-instance --region {region} --db-instance-identifier {resource_name} --db-instance-class {current_instance_type} --apply-immediately"
  alibaba:
    resize:
      - aliyun rds ModifyDBInstanceSpec --region {region} --DBInstanceId {resource_id} --DBInstanceClass {proposed_instance_type} --PayType Postpaid --EffectiveTime MaintainTime
      - "# undo: aliyun rds ModifyDBInstanceSpec --region {region} --DBInstanceId {resource_id} --DBInstanceClass {current_instance_type} --PayType Postpaid --EffectiveTime MaintainTime"
    polardb:
      - aliyun polardb ModifyDBNodeClass --region {region} --DBClusterId {resource_id} --DBNodeTargetClass {proposed_instance_type} --ModifyType Downgrade
      - "# undo: aliyun polardb ModifyDBNodeClass --region {region} --DBClusterId {resource_id} --DBNodeTargetClass {current_instance_type} --ModifyType Upgrade"
    subscription:
      - aliyun rds ModifyDBInstanceSpec --region {region} --DBInstanceId {resource_id} --DBInstanceClass {proposed_instance_type} --PayType Prepaid --Direction Down --EffectiveTime MaintainTime
      - "# undo: aliyun rds ModifyDBInstanceSpec --region {region} --DBInstanceId {resource_id} --DBInstanceClass {current_instance_type} --PayType Prepaid --Direction Up --EffectiveTime MaintainTime"
  gcp:
    - gcloud sql instances patch {resource_name} --project {account_id} --tier {proposed_instance_type}
    - "# undo: gcloud sql instances patch {resource_name} --project {account_id} --tier {current_instance_type}"
doc: |
  Finds relational databases whose highest load (the greatest daily 95th percentile, and the highest moment of all) would fit
  a smaller class of the same family with 20 % head-room, over at least 30 days, the last seven of them tried apart. Memory is shrunk only where it is
  measured, and a cache that fills it counts as used; connections must fit what the smaller class allows, which follows
  from its memory. Among the classes that fit, the cheapest at list prices is proposed, of classes whose size and price are
  known: what a class holds is read from the catalogue of classes, or on Google Cloud from its name. Only the price of
  the class changes: storage, operations and backups stay as they are. A database with a standby is priced with it. It is wrong where load is about to
  grow in steps, or where a replica must keep up with a larger primary. Changing the class restarts the database: do it in its maintenance window and
  watch a week. On Alibaba Cloud one by subscription is paid until its term ends.
---*/
WITH grid_cpus (vcpu) AS (
    VALUES (1), (2), (4), (6), (8), (10), (12), (16), (20), (24), (32), (40), (48), (64), (80), (96)
),
grid_memory (mib) AS (
    VALUES (3840), (4096), (5120), (6144), (6656), (7680), (8192), (10240), (12288), (13312), (15360), (16384), (20480), (24576), (26624), (30720), (32768),
        (40960), (49152), (53248), (61440), (65536), (81920), (98304), (106496), (122880), (131072), (163840), (196608), (212992), (245760), (262144), (425984)
),
known AS (
    -- What classes hold. Classes of Amazon RDS are those of its machines; those of another catalogue are written db:class.
    SELECT cloud, replace(instance_type, 'db:', '') AS class, vcpu, memory_gib, family, baseline_vcpu, coalesce(burstable, FALSE) AS burstable
    FROM instance_types
    WHERE instance_type LIKE 'db:%'
    UNION ALL
    SELECT cloud, 'db.' || instance_type, vcpu, memory_gib, family, baseline_vcpu, coalesce(burstable, FALSE)
    FROM instance_types
    WHERE cloud = 'aws' AND instance_type NOT LIKE 'db:%'
    UNION ALL
    SELECT 'gcp', 'db-custom-' || CAST(c.vcpu AS VARCHAR) || '-' || CAST(m.mib AS VARCHAR), c.vcpu, m.mib / 1024.0, 'db-custom', NULL, FALSE
    FROM grid_cpus AS c
    CROSS JOIN grid_memory AS m
),
classes AS (
    -- One row per class, the catalogue before anything else.
    SELECT cloud, class, max(vcpu) AS vcpu, max(memory_gib) AS memory_gib, max(family) AS family, max(baseline_vcpu) AS baseline_vcpu,
        max(CASE WHEN burstable THEN 1 ELSE 0 END) = 1 AS burstable
    FROM known
    WHERE vcpu IS NOT NULL AND memory_gib IS NOT NULL AND family IS NOT NULL
    GROUP BY cloud, class
),
shares AS (
    SELECT cloud, account_id, region, resource_id,
        max(peak) FILTER (WHERE metric = 'connections') AS connections,
        max(peak) FILTER (WHERE metric = 'connection_utilization') AS connection_share
    FROM usage
    WHERE metric IN ('connections', 'connection_utilization')
    GROUP BY cloud, account_id, region, resource_id
),
facts AS (
    SELECT
        d.cloud, d.account_id, d.region, d.database_id, d.engine, d.instance_type, d.kind, d.state, d.multi_zone, d.serverless, d.replica_of, d.cluster_id,
        d.purchase_model, d.expires_at, d.auto_renew, coalesce(d.vcpu, c.vcpu) AS vcpu, coalesce(d.memory_gib, c.memory_gib) AS memory_gib,
        c.family, coalesce(c.burstable, FALSE) AS burstable, 'db:' || d.engine || ':' AS before_class, CASE WHEN d.multi_zone THEN ':multi' ELSE '' END AS after_class,
        l.price, l.currency, z.cpu_days AS days, z.cpu_coverage AS coverage, z.cpu_avg, z.cpu_day,
        greatest(z.cpu_load, z.replay_load) AS load, greatest(z.cpu_peak, z.replay_peak) AS peak, 1 + coalesce(z.cpu_growth, 0) * $horizon AS growth,
        CASE WHEN z.memory_days >= $min_days AND z.memory_coverage >= $min_coverage THEN z.memory_peak END AS memory_peak,
        1 + coalesce(z.memory_growth, 0) * $horizon AS memory_growth, s.connections, s.connection_share
    FROM databases AS d
    LEFT JOIN classes AS c ON c.cloud = d.cloud AND c.class = d.instance_type
    LEFT JOIN listed AS l ON l.cloud = d.cloud AND l.region = d.region AND l.platform = 'linux'
        AND l.sku = 'db:' || d.engine || ':' || d.instance_type || CASE WHEN d.multi_zone THEN ':multi' ELSE '' END
    LEFT JOIN sizing AS z ON z.cloud = d.cloud AND z.account_id = d.account_id AND z.region = d.region AND z.resource_id = d.database_id
    LEFT JOIN shares AS s ON s.cloud = d.cloud AND s.account_id = d.account_id AND s.region = d.region AND s.resource_id = d.database_id
),
tried AS (
    -- Cheaper classes of the family whose processors carry the load, and the first thing that speaks against each. A connection takes 12 MiB
    -- of memory where nobody tells the share of connections in use, which is how MySQL on RDS allows them.
    SELECT
        f.cloud, f.account_id, f.region, f.database_id, c.class AS new_class, c.vcpu AS new_vcpu, c.memory_gib AS new_memory, l.price AS new_price,
        f.before_class || c.class || f.after_class AS new_sku,
        CASE
            WHEN c.memory_gib < f.memory_gib AND f.memory_peak IS NULL THEN 'memory unknown'
            WHEN f.memory_peak * f.memory_gib > c.memory_gib * (1 - $headroom)
                OR f.memory_peak * f.memory_growth * f.memory_gib > c.memory_gib * (1 - $headroom / 2) THEN 'memory'
            WHEN f.connection_share * f.memory_gib > c.memory_gib * (1 - $headroom)
                OR (f.connection_share IS NULL AND f.connections * 12 / 1024 > c.memory_gib * (1 - $headroom)) THEN 'connections'
            WHEN c.burstable AND f.cpu_day * f.vcpu > c.baseline_vcpu THEN 'credits'
            WHEN f.load * f.growth * f.vcpu > c.vcpu * (1 - $headroom / 2) OR f.peak * f.growth * f.vcpu > c.vcpu THEN 'growth'
            ELSE 'none'
        END AS hurdle
    FROM facts AS f
    JOIN classes AS c ON c.cloud = f.cloud AND c.family = f.family AND c.vcpu <= f.vcpu AND c.memory_gib <= f.memory_gib AND c.class <> f.instance_type
    JOIN listed AS l ON l.cloud = f.cloud AND l.region = f.region AND l.sku = f.before_class || c.class || f.after_class AND l.platform = 'linux'
        AND l.currency = f.currency AND l.price < f.price
    WHERE f.load * f.vcpu <= c.vcpu * (1 - $headroom) AND f.peak * f.vcpu <= c.vcpu
),
best AS (
    SELECT cloud, account_id, region, database_id, new_class, new_vcpu, new_memory, new_sku, hurdle,
        row_number() OVER (
            PARTITION BY cloud, account_id, region, database_id
            ORDER BY CASE hurdle WHEN 'none' THEN 0 WHEN 'memory unknown' THEN 1 WHEN 'growth' THEN 2 WHEN 'credits' THEN 3 WHEN 'connections' THEN 4 ELSE 5 END, new_price, new_class
        ) AS place
    FROM tried
),
judged AS (
    SELECT
        f.cloud, f.account_id, f.region, f.database_id, f.engine, f.instance_type, f.kind, f.multi_zone, f.replica_of, f.cluster_id, f.purchase_model, f.expires_at,
        f.auto_renew, f.vcpu, f.memory_gib, f.burstable, f.before_class || f.instance_type || f.after_class AS sku, f.days, f.coverage, f.load, f.peak,
        f.growth, f.memory_peak, f.connections, f.connection_share, b.new_class, b.new_vcpu, b.new_memory, b.new_sku,
        CASE
            WHEN coalesce(f.kind, 'relational') <> 'relational' THEN 'other kind'
            WHEN f.serverless THEN 'serverless'
            WHEN f.state <> 'running' THEN 'not running'
            WHEN f.vcpu IS NULL OR f.memory_gib IS NULL OR f.family IS NULL THEN 'unknown class'
            WHEN f.load IS NULL OR f.peak IS NULL THEN 'no data'
            WHEN f.days < $min_days THEN 'too few days'
            WHEN f.coverage < $min_coverage THEN 'gaps'
            WHEN f.price IS NULL THEN 'no price'
            WHEN b.new_class IS NULL THEN 'right size'
            WHEN b.hurdle = 'none' THEN 'oversized'
            ELSE b.hurdle
        END AS state
    FROM facts AS f
    LEFT JOIN best AS b ON b.cloud = f.cloud AND b.account_id = f.account_id AND b.region = f.region AND b.database_id = f.database_id AND b.place = 1
)
SELECT
    cloud,
    account_id,
    region,
    database_id AS resource_id,
    CASE
        WHEN state = 'oversized' THEN 'finding'
        WHEN state IN ('serverless', 'not running', 'right size', 'memory', 'connections', 'credits', 'growth') THEN 'ok'
        ELSE 'not_evaluated'
    END AS verdict,
    CASE state
        WHEN 'oversized' THEN 'On the busiest of ' || counted(days, 'day', 'days') || ' it used ' || in_percent(load) || ' of ' || amount(vcpu) || ' vCPU'
            || coalesce(' and ' || in_percent(memory_peak) || ' of ' || amount(memory_gib) || ' GiB', '') || '; ' || new_class || ' (' || amount(new_vcpu) || ' vCPU, '
            || amount(new_memory) || ' GiB) would be ' || in_percent(load * vcpu / new_vcpu) || coalesce(' and ' || in_percent(memory_peak * memory_gib / new_memory), '')
            || ' full (limit ' || in_percent(1 - $headroom) || ')' || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'right size' THEN 'No cheaper class of its family that is known carries its load of ' || in_percent(load) || ' on the busiest day and its peak of '
            || in_percent(peak) || ' (limit ' || in_percent(1 - $headroom) || ' of the smaller one).'
        WHEN 'memory' THEN 'Its processor would fit ' || new_class || ', but its memory was ' || in_percent(memory_peak) || ' full.'
        WHEN 'connections' THEN 'Its processor would fit ' || new_class || ', but it had up to '
            || coalesce(in_percent(connection_share) || ' of its connections', counted(connections, 'connection', 'connections')) || ', of which a smaller memory allows fewer.'
        WHEN 'credits' THEN 'Its peaks would fit ' || new_class || ', but on its busiest day it used more than that class may use all the time.'
        WHEN 'growth' THEN 'Today it would fit ' || new_class || ', but its load grows by ' || in_percent(growth - 1) || ' in ' || counted($horizon, 'day', 'days') || ', and then it would not.'
        WHEN 'memory unknown' THEN 'Its processor would fit ' || new_class || ', but its memory is not measured enough, and memory is never shrunk blind.'
        WHEN 'serverless' THEN 'It is serverless and has no class.'
        WHEN 'not running' THEN 'It does not run.'
        WHEN 'unknown class' THEN 'What its class ' || coalesce(instance_type, '') || ' holds is not known.'
        WHEN 'too few days' THEN 'There is processor data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'gaps' THEN 'Processor data covers ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
        WHEN 'no price' THEN 'The list price of its class in its region is not known, so which classes are cheaper is not known either.'
        WHEN 'other kind' THEN 'It is a ' || kind || ', whose size its memory decides; only relational databases are judged.'
        ELSE 'There is no processor data for it.'
    END AS reason,
    'database' AS components,
    CASE
        WHEN purchase_model = 'subscription' OR burstable OR days < 35 OR (connections IS NULL AND connection_share IS NULL) THEN 'low'
        WHEN memory_peak IS NULL OR replica_of IS NOT NULL OR cluster_id IS NOT NULL OR days < 90 THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN burstable THEN 'its processor runs on credits, which a smaller class has fewer of'
        WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
        WHEN connections IS NULL AND connection_share IS NULL THEN 'its connections are not measured, and a smaller class may allow fewer'
        WHEN memory_peak IS NULL THEN 'its memory is not measured, so a class with as much is proposed'
        WHEN replica_of IS NOT NULL THEN 'it is a replica, and must keep up with its primary or take over from it'
        WHEN cluster_id IS NOT NULL THEN 'it is a member of a cluster, and must be able to take over from the others'
        WHEN days < 90 THEN 'the data of ' || days || ' days may hold no quarter end'
    END AS confidence_reason,
    CASE WHEN cloud = 'alibaba' AND engine LIKE 'polardb%' THEN 'polardb' WHEN purchase_model = 'subscription' THEN 'subscription' END AS remediation_case,
    engine AS current_engine,
    instance_type AS current_instance_type,
    vcpu AS current_vcpu,
    memory_gib AS current_memory_gib,
    multi_zone AS current_multi_zone,
    sku AS current_sku,
    new_class AS proposed_instance_type,
    new_vcpu AS proposed_vcpu,
    new_memory AS proposed_memory_gib,
    new_sku AS proposed_sku,
    days,
    coverage,
    load AS cpu_load,
    peak AS cpu_peak,
    memory_peak,
    connections AS connections_peak,
    connection_share AS connection_utilization_peak
FROM judged
