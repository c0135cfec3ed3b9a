/*---
id: idle-database
title: A database that nobody connects to
class: unused
action: delete
resource: database
parameters:
  connections_max: {default: 0, unit: connections, doc: "the most that were open at any measured moment"}
  cache_connections_max: {default: 4, unit: connections, doc: "the same of a cache, which the cloud itself watches through two to four connections"}
  requests_day_max: {default: 0, unit: requests per day, doc: "reads and writes of a cache on the busiest day, where they are counted"}
  cpu_avg_max: {default: 0.05, unit: ratio, doc: "mean CPU use, where it is measured: work without connections is above it"}
  ops_day_max: {default: 20, unit: operations per second, doc: "reads and writes on the busiest day, where they are measured: a database left alone does a few for itself"}
  min_days: {default: 14, unit: days, doc: "days of data and of life before a verdict"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
  stopped_days: {default: 30, unit: days, doc: "stopped for at least so long, where the cloud tells since when"}
needs: [databases, "metrics:connections", "metrics:connection_utilization", "metrics:requests_per_second", "metrics:cpu_utilization", "metrics:disk_read_ops_per_second", "metrics:disk_write_ops_per_second"]
excludes: [oversized-database]
effort: medium
risk: high
sources:
  - {title: "AWS Trusted Advisor: RDS without a connection for 7 days", url: "https://docs.aws.amazon.com/awssupport/latest/user/cost-optimization-checks.html"}
  - {title: "AWS Compute Optimizer: idle RDS, 14 days without connections, low CPU and IO, no read replica", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/view-idle-recommendations.html"}
  - {title: "Google Cloud: idle Cloud SQL instances", url: "https://cloud.google.com/sql/docs/mysql/recommender-sql-idle"}
  - {title: "Amazon RDS: a stopped instance starts itself after seven days", url: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html"}
  - {title: "Amazon ElastiCache: two to four connections are its own", url: "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html"}
traps:
  own-connections: "A cache is watched by its cloud through a few connections: they are nobody's use, and fewer than a client's pool."
  missing-metrics: "Connections that nobody measured are not zero."
  one-connection: "A job that connects once a month is use."
  share-of-connections: "A share of the allowed connections is no count: a rounded zero may hide one, so confidence is medium at most."
  inner-work: "Jobs that run inside the database need no connection."
  replicas-in-use: "Whoever reads from a replica uses its primary."
  standby: "A replica or a member of a cluster without connections may be the one that takes over."
  serverless: "A serverless database is paid by what it does."
  new: "A database of yesterday waits for its application."
remediation:
  aws:
    delete:
      - aws rds create-db-snapshot --region {region} --db-instance-identifier {resource_name} --db-snapshot-identifier before-delete-{resource_name}
      - aws rds wait db-snapshot-completed --region {region} --db-snapshot-identifier before-delete-{resource_name}
      - aws rds delete-db-instance --region {region} --db-instance-identifier {resource_name} --skip-final-snapshot
      - "# undo: aws rds restore-db-instance-from-db-snapshot --region {region} --db-instance-identifier {resource_name} --db-snapshot-identifier before-delete-{resource_name} --db-instance-class {current_instance_type}"
    member:
      - aws rds create-db-cluster-snapshot --region {region} --db-cluster-identifier {current_cluster} --db-cluster-snapshot-identifier before-delete-{resource_name}
      - aws rds wait db-cluster-snapshot-available --region {region} --db-cluster-snapshot-identifier before-delete-{resource_name}
      - aws rds delete-db-instance --region {region} --db-instance-identifier {resource_name}
      - "# undo, as long as its cluster is there: aws rds create-db-instance --region {region} --db-instance-identifier {resource_name} --db-cluster-identifier {current_cluster} --engine {current_engine} --db-instance-class {current_instance_type}"
    group:
      - aws elasticache create-snapshot --region {region} --replication-group-id {current_cluster} --snapshot-name before-delete-{current_cluster}
      - aws elasticache wait replication-group-available --region {region} --replication-group-id {current_cluster}
      - aws elasticache delete-replication-group --region {region} --replication-group-id {current_cluster}
      - "# undo: aws elasticache create-replication-group --region {region} --replication-group-id {current_cluster} --replication-group-description RESTORED --snapshot-name before-delete-{current_cluster} --cache-node-type {current_instance_type}"
    group_replica:
      - aws elasticache decrease-replica-count --region {region} --replication-group-id {current_cluster} --new-replica-count COUNT --apply-immediately
      - "# undo: aws elasticache increase-replica-count --region {region} --replication-group-id {current_cluster} --new-replica-count COUNT --apply-immediately"
    cache:
      - aws elasticache create-snapshot --region {region} --cache-cluster-id {resource_name} --snapshot-name before-delete-{resource_name}
      - aws elasticache wait cache-cluster-available --region {region} --cache-cluster-id {resource_name}
      - aws elasticache delete-cache-cluster --region {region} --cache-cluster-id {resource_name}
      - "# undo, where its engine keeps snapshots: aws elasticache create-cache-cluster --region {region} --cache-cluster-id {resource_name} --snapshot-name before-delete-{resource_name} --cache-node-type {current_instance_type}"
  alibaba:
    delete:
      - aliyun rds CreateBackup --region {region} --DBInstanceId {resource_id}
      - aliyun rds DescribeBackups --region {region} --DBInstanceId {resource_id}
      - "# kept: the backup; go on once the line above tells that it is complete"
      - aliyun rds DeleteDBInstance --region {region} --DBInstanceId {resource_id} --ReleasedKeepPolicy All
      - "# undo, from a backup that is kept: aliyun rds CloneDBInstance --region {region} --DBInstanceId {resource_id} --BackupId BACKUP --PayType Postpaid"
    polardb:
      - aliyun polardb CreateBackup --region {region} --DBClusterId {resource_id}
      - aliyun polardb DescribeBackups --region {region} --DBClusterId {resource_id}
      - "# kept: the backup; go on once the line above tells that it is complete"
      - aliyun polardb DeleteDBCluster --region {region} --DBClusterId {resource_id} --BackupRetentionPolicyOnClusterDeletion ALL
      - "# undo, from a backup that is kept: aliyun polardb CreateDBCluster --region {region} --CreationOption RecoverFromRecyclebin --SourceResourceId {resource_id} --CloneDataPoint BACKUP --DBType ENGINE --DBVersion VERSION --DBNodeClass {current_instance_type} --PayType Postpaid"
    cache:
      - aliyun r-kvstore CreateBackup --region {region} --InstanceId {resource_id}
      - aliyun r-kvstore DescribeBackups --region {region} --InstanceId {resource_id}
      - "# kept: the backup, if you download it; go on once the line above tells that it is complete and you have it"
      - aliyun r-kvstore DeleteInstance --region {region} --InstanceId {resource_id}
      - "# cannot be undone: backups go with the instance, but for what was downloaded before."
    subscription:
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode {current_product} --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode {current_product} --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit M"
  gcp:
    delete:
      - gcloud sql export sql {resource_name} gs://BUCKET/before-delete.sql.gz --project {account_id}
      - gcloud sql instances delete {resource_name} --project {account_id}
      - "# undo, into a new instance: gcloud sql import sql {resource_name} gs://BUCKET/before-delete.sql.gz --project {account_id}"
    cache:
      - gcloud redis instances export gs://BUCKET/before-delete.rdb {resource_name} --project {account_id} --region {region}
      - gcloud redis instances delete {resource_name} --project {account_id} --region {region}
      - "# undo, into a new instance: gcloud redis instances import gs://BUCKET/before-delete.rdb {resource_name} --project {account_id} --region {region}"
doc: |
  Finds relational databases and caches to which nobody was connected at any measured moment of at least two weeks, and
  that did no work by themselves either (CPU and operations, where they are measured), and those that have been
  stopped for a month and pay for their storage. Connections that are not measured are not evaluated. A replica, or a member of a
  cluster, may be the one that takes over, so confidence is low there, and a primary whose replica is read from is in
  use. A cache is watched by its cloud through a few connections, so those, and no request, are nobody's use. Some clouds tell connections as a share of what is allowed only, and rounding may hide one: medium at most.
  It is wrong for a database that a yearly closing needs. Take a snapshot, stop it for two weeks, then delete it; the
  snapshot is paid for. Amazon RDS starts a stopped instance again after seven days, so stopping saves nothing there.
  On Alibaba Cloud one by subscription is paid until its term ends: the command stops its renewal.
---*/
WITH heard AS (
    SELECT
        cloud, account_id, region, resource_id,
        max(days) FILTER (WHERE metric = 'connections') AS count_days,
        max(coverage) FILTER (WHERE metric = 'connections') AS count_coverage,
        max(peak) FILTER (WHERE metric = 'connections') AS connections,
        max(days) FILTER (WHERE metric = 'connection_utilization') AS share_days,
        max(coverage) FILTER (WHERE metric = 'connection_utilization') AS share_coverage,
        max(peak) FILTER (WHERE metric = 'connection_utilization') AS share,
        max(peak_day_avg) FILTER (WHERE metric = 'requests_per_second') * 86400 AS requests,
        max(avg) FILTER (WHERE metric = 'cpu_utilization') AS cpu,
        sum(peak_day_avg) FILTER (WHERE metric IN ('disk_read_ops_per_second', 'disk_write_ops_per_second')) AS ops
    FROM usage
    WHERE metric IN ('connections', 'connection_utilization', 'requests_per_second', 'cpu_utilization', 'disk_read_ops_per_second', 'disk_write_ops_per_second')
    GROUP BY cloud, account_id, region, resource_id
),
connected AS (
    SELECT
        d.cloud, d.account_id, d.region, d.database_id, d.name, d.engine, d.instance_type, d.kind, d.state, d.state_since, d.replica_of, d.cluster_id,
        d.serverless, d.created_at, d.purchase_model, d.expires_at, d.auto_renew, d.storage_gib, h.connections, h.share, h.requests, h.cpu, h.ops,
        CASE WHEN d.kind = 'cache' THEN $cache_connections_max ELSE $connections_max END AS most,
        h.connections IS NULL AND h.share IS NOT NULL AS by_share,
        CASE WHEN h.connections IS NULL THEN h.share_days ELSE h.count_days END AS days,
        CASE WHEN h.connections IS NULL THEN h.share_coverage ELSE h.count_coverage END AS coverage,
        coalesce(h.connections > CASE WHEN d.kind = 'cache' THEN $cache_connections_max ELSE $connections_max END, FALSE) OR coalesce(h.share > 0, FALSE)
            OR coalesce(d.kind = 'cache' AND h.requests > $requests_day_max, FALSE) AS used
    FROM databases AS d
    LEFT JOIN heard AS h ON h.cloud = d.cloud AND h.account_id = d.account_id AND h.region = d.region AND h.resource_id = d.database_id
),
primaries AS (
    -- Databases with replicas of which not everyone is known to be quiet.
    SELECT cloud, account_id, replica_of, count(*) AS replicas
    FROM connected
    WHERE replica_of IS NOT NULL AND (used OR days IS NULL)
    GROUP BY cloud, account_id, replica_of
),
clusters_of AS (
    -- Members of a cluster of which not everyone is known to be quiet.
    SELECT cloud, account_id, region, cluster_id, count(*) AS busy
    FROM connected
    WHERE cluster_id IS NOT NULL AND (used OR days IS NULL)
    GROUP BY cloud, account_id, region, cluster_id
),
judged AS (
    SELECT
        c.cloud, c.account_id, c.region, c.database_id, c.engine, c.instance_type, c.kind, c.state_since, c.replica_of, c.cluster_id, c.created_at,
        c.purchase_model, c.expires_at, c.auto_renew, c.storage_gib, c.connections, c.share, c.requests, c.cpu, c.ops, c.most, c.by_share, c.days, c.coverage, p.replicas,
        CASE
            WHEN coalesce(c.kind, 'relational') NOT IN ('relational', 'cache') THEN 'other kind'
            WHEN c.serverless THEN 'serverless'
            WHEN c.state = 'stopped' THEN CASE WHEN c.state_since IS NULL THEN 'stopped unknown' WHEN c.state_since > $stopped_days_cutoff THEN 'stopped lately' ELSE 'stopped' END
            WHEN c.state <> 'running' THEN 'in between'
            WHEN c.used THEN 'in use'
            WHEN c.cpu > $cpu_avg_max OR c.ops > $ops_day_max THEN 'works'
            WHEN c.created_at > $min_days_cutoff THEN 'new'
            WHEN p.replicas > 0 THEN 'replicas'
            WHEN c.days IS NULL THEN 'no data'
            WHEN c.kind = 'cache' AND c.replica_of IS NULL AND m.busy > 0 THEN 'members'
            WHEN c.days < $min_days THEN 'too few days'
            WHEN c.coverage < $min_coverage THEN 'gaps'
            ELSE 'idle'
        END AS state
    FROM connected AS c
    LEFT JOIN primaries AS p ON p.cloud = c.cloud AND p.account_id = c.account_id AND p.replica_of = c.database_id
    LEFT JOIN clusters_of AS m ON m.cloud = c.cloud AND m.account_id = c.account_id AND m.region = c.region AND m.cluster_id = c.cluster_id
)
SELECT
    cloud,
    account_id,
    region,
    database_id AS resource_id,
    CASE
        WHEN state IN ('idle', 'stopped') THEN 'finding'
        WHEN state IN ('serverless', 'stopped lately', 'in use', 'works', 'new', 'replicas', 'members') THEN 'ok'
        ELSE 'not_evaluated'
    END AS verdict,
    CASE state
        WHEN 'idle' THEN CASE WHEN by_share THEN 'It used 0 % of its connections' ELSE 'It had at most ' || counted(connections, 'connection', 'connections') END
            || ' in ' || counted(days, 'day', 'days') || ' (limit ' || amount(most) || ')' || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'stopped' THEN 'It has been stopped for ' || counted(floor(days_between(state_since, $as_of)), 'day', 'days') || ' (limit ' || amount($stopped_days)
            || ') and pays for its storage' || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'stopped lately' THEN 'It has been stopped for ' || counted(floor(days_between(state_since, $as_of)), 'day', 'days') || ' (limit ' || amount($stopped_days) || ').'
        WHEN 'stopped unknown' THEN 'It is stopped, but since when is not known.'
        WHEN 'in between' THEN 'It neither runs nor is stopped.'
        WHEN 'in use' THEN CASE WHEN connections > most THEN 'It had up to ' || counted(connections, 'connection', 'connections') || '.'
            WHEN share > 0 THEN 'It used up to ' || in_percent(share) || ' of its connections.'
            ELSE 'On its busiest day it had ' || counted(ceil(requests), 'request', 'requests') || '.' END
        WHEN 'works' THEN 'Nobody is seen to connect, but it works: CPU ' || coalesce(in_percent(cpu), 'not measured') || ' on average, '
            || coalesce(counted(round(ops), 'operation', 'operations') || ' per second on its busiest day', 'operations not measured') || '.'
        WHEN 'new' THEN 'It was made ' || counted(floor(days_between(created_at, $as_of)), 'day', 'days') || ' ago (limit ' || amount($min_days) || ').'
        WHEN 'replicas' THEN 'Nobody connects to it, but ' || counted(replicas, 'replica', 'replicas') || ' of it may be in use.'
        WHEN 'members' THEN 'Nobody connects to it, but other members of its cluster ' || cluster_id || ' may be in use.'
        WHEN 'serverless' THEN 'It is serverless, and paid by what it does.'
        WHEN 'too few days' THEN 'There is data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'gaps' THEN 'Data covers ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
        WHEN 'other kind' THEN 'It is a ' || kind || ' database, and only relational ones and caches are judged.'
        ELSE 'Its connections are not measured.'
    END AS reason,
    'all' AS components,
    CASE
        WHEN purchase_model = 'subscription' OR replica_of IS NOT NULL OR cluster_id IS NOT NULL THEN 'low'
        WHEN state = 'stopped' THEN 'high'
        WHEN by_share OR cpu IS NULL OR days < 35 THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN replica_of IS NOT NULL THEN 'it is a replica, and may be the one that takes over'
        WHEN cluster_id IS NOT NULL THEN 'it is a member of a cluster, and may be the one that takes over'
        WHEN state = 'stopped' THEN NULL
        WHEN by_share THEN 'its connections are known only as a share of what is allowed, and a rounded zero may hide one'
        WHEN cpu IS NULL THEN 'its CPU is not measured, so jobs inside it would not be seen'
        WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
    END AS confidence_reason,
    CASE
        WHEN purchase_model = 'subscription' THEN 'subscription'
        WHEN kind = 'cache' AND cloud = 'aws' AND cluster_id IS NOT NULL THEN CASE WHEN replica_of IS NULL THEN 'group' ELSE 'group_replica' END
        WHEN kind = 'cache' THEN 'cache'
        WHEN cloud = 'alibaba' AND engine LIKE 'polardb%' THEN 'polardb'
        WHEN cloud = 'aws' AND cluster_id IS NOT NULL THEN 'member'
    END AS remediation_case,
    engine AS current_engine,
    instance_type AS current_instance_type,
    storage_gib AS current_storage_gib,
    cluster_id AS current_cluster,
    CASE WHEN purchase_model = 'subscription' THEN CASE WHEN kind = 'cache' THEN 'redisa' WHEN engine LIKE 'polardb%' THEN 'polardb' ELSE 'rds' END END AS current_product,
    purchase_model AS current_purchase_model,
    expires_at AS current_subscription_end,
    'deleted' AS proposed_state,
    days,
    coverage,
    connections AS connections_peak,
    share AS connection_utilization_peak,
    requests AS requests_busiest_day,
    cpu AS cpu_average,
    ops AS ops_per_second_busiest_day
FROM judged
