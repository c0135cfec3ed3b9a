/*---
id: idle-cluster-node
title: A node pool has more nodes than its pods ask for
class: unused
action: resize
resource: scaling_group
parameters:
  headroom: {default: 0.2, unit: ratio, doc: "share of each node left that stays free of requests and of use"}
  min_days: {default: 7, unit: days, doc: "days of data of each node before a verdict"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
  nodes_per_zone: {default: 1, unit: nodes, doc: "how many nodes stay in each zone the pool is in, where volumes are bound to zones"}
needs: [scaling_groups, instances, instance_types, "metrics:cpu_request_utilization", "metrics:memory_request_utilization", "metrics:cpu_utilization", "metrics:memory_utilization"]
effort: medium
risk: medium
sources:
  - {title: "Kubecost: cluster sizes for 65 % to 80 % of what pods ask for, with drain checks", url: "https://www.ibm.com/docs/en/kubecost/self-hosted/2.x?topic=apis-cluster-right-sizing-recommendation-api"}
  - {title: "Kubernetes: the scheduler places pods by what they request", url: "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"}
  - {title: "Kubernetes: draining a node respects disruption budgets", url: "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"}
  - {title: "EKS: managed node groups drain nodes before they go", url: "https://docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html"}
  - {title: "GKE: resizing a node pool", url: "https://cloud.google.com/kubernetes-engine/docs/how-to/resizing-a-cluster"}
  - {title: "ACK: node pools and their sizes", url: "https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/node-pool-overview"}
traps:
  requests-unknown: "Little use does not tell that little is asked for: without requests nothing is said."
  no-requests: "Pods that request nothing may use much: use counts beside requests."
  full-memory: "Little is asked of the processors, and all of the memory."
  daemons: "What runs on every node is asked for on every node; a pool of nothing else is idle."
  autoscaler-minimum: "At the minimum of its autoscaler it is the minimum that keeps idle nodes."
  autoscaled: "Above its minimum the autoscaler removes what can go, and what stays cannot."
  gpu: "What pods ask of GPUs nobody measures."
  zone-volumes: "Volumes are bound to zones: one node stays in each."
  young-node: "A node that is three days old may not have seen the weekly job."
  mixed-types: "Nodes of several sizes do not stand for each other."
remediation:
  aws:
    resize:
      - aws eks update-nodegroup-config --region {region} --cluster-name {current_cluster} --nodegroup-name NODEGROUP --scaling-config minSize={proposed_members},desiredSize={proposed_members}
      - "# undo: aws eks update-nodegroup-config --region {region} --cluster-name {current_cluster} --nodegroup-name NODEGROUP --scaling-config minSize={current_members},desiredSize={current_members}"
    minimum:
      - aws eks update-nodegroup-config --region {region} --cluster-name {current_cluster} --nodegroup-name NODEGROUP --scaling-config minSize={proposed_members}
      - "# undo: aws eks update-nodegroup-config --region {region} --cluster-name {current_cluster} --nodegroup-name NODEGROUP --scaling-config minSize={current_members}"
  alibaba:
    resize:
      - 'aliyun cs ModifyClusterNodePool --region {region} --ClusterId {current_cluster} --NodepoolId POOL --body \{{\"scaling_group\":\{{\"desired_size\":{proposed_members}\}}\}}'
      - '# undo: aliyun cs ModifyClusterNodePool --region {region} --ClusterId {current_cluster} --NodepoolId POOL --body \{{\"scaling_group\":\{{\"desired_size\":{current_members}\}}\}}'
    minimum:
      - 'aliyun cs ModifyClusterNodePool --region {region} --ClusterId {current_cluster} --NodepoolId POOL --body \{{\"auto_scaling\":\{{\"enable\":true,\"min_instances\":{proposed_members}\}}\}}'
      - '# undo: aliyun cs ModifyClusterNodePool --region {region} --ClusterId {current_cluster} --NodepoolId POOL --body \{{\"auto_scaling\":\{{\"enable\":true,\"min_instances\":{current_members}\}}\}}'
  gcp:
    resize:
      - gcloud container clusters resize {current_cluster} --project {account_id} --location LOCATION --node-pool POOL --num-nodes {proposed_nodes_per_zone}
      - "# undo: gcloud container clusters resize {current_cluster} --project {account_id} --location LOCATION --node-pool POOL --num-nodes {current_nodes_per_zone}"
    minimum:
      - gcloud container node-pools update POOL --project {account_id} --location LOCATION --cluster {current_cluster} --enable-autoscaling --min-nodes {proposed_nodes_per_zone}
      - "# undo: gcloud container node-pools update POOL --project {account_id} --location LOCATION --cluster {current_cluster} --enable-autoscaling --min-nodes {current_nodes_per_zone}"
doc: |
  Finds node pools of EKS, ACK and GKE with more nodes than needed for what their pods ask for (the highest share of
  processors and of memory that was requested on each node, added up) and for what is used (the processors' highest daily
  95th percentile, the memory's highest moment): so many nodes as carry the largest of these with head-room, at least one in
  each zone the pool is in. Requests decide because the scheduler places pods by them, and use counts beside them because
  pods may request nothing. What daemons ask for on every node counts as if it had to move, so that the number is rather
  too high than too low. A pool that an autoscaler keeps at its minimum gets a lower minimum; above its minimum the
  autoscaler removes what can go, and is left alone.
  It is wrong where a pool waits for something: a spare node for a failover, a nightly batch of other pods, many small
  pods that fill the number of addresses of a node. Cordon and drain the nodes that go (the three clouds do so
  themselves when a pool is made smaller), watch for pods that stay pending; undo by the same command with the old
  number. On GKE a pool has a group of nodes in each of its zones, and its command sets one number for all: take the largest
  that is proposed. A pool without request metrics, with nodes of several types or with GPUs is not judged.
---*/
WITH requests AS (
    SELECT cloud, account_id, region, resource_id,
        max(CASE WHEN metric = 'cpu_request_utilization' THEN peak END) AS cpu_requested, max(CASE WHEN metric = 'memory_request_utilization' THEN peak END) AS memory_requested,
        min(days) AS days, min(coverage) AS coverage, count(*) AS metrics
    FROM usage
    WHERE metric IN ('cpu_request_utilization', 'memory_request_utilization')
    GROUP BY cloud, account_id, region, resource_id
),
pools AS (
    SELECT
        i.cloud, i.account_id, i.region, i.scaling_group, count(*) AS nodes, count(DISTINCT i.zone) AS zones, min(i.instance_type) AS instance_type,
        max(i.instance_type) AS other_type, max(greatest(coalesce(i.gpu_count, 0), coalesce(t.gpu_count, 0))) AS gpus, max(i.cluster) AS cluster,
        count(CASE WHEN r.metrics = 2 THEN 1 END) AS asked, count(a.cpu_p95) AS used, count(a.memory_peak) AS filled,
        min(least(r.days, a.cpu_days)) AS days, min(least(r.coverage, a.cpu_coverage)) AS coverage,
        sum(r.cpu_requested) AS cpu_requested, sum(r.memory_requested) AS memory_requested, sum(a.cpu_p95) AS cpu_used, sum(a.memory_peak) AS memory_used,
        max(CASE WHEN i.purchase_model IN ('subscription', 'reserved') THEN 1 ELSE 0 END) AS paid_ahead
    FROM instances AS i
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    LEFT JOIN requests AS r ON r.cloud = i.cloud AND r.account_id = i.account_id AND r.region = i.region AND r.resource_id = i.instance_id
    LEFT JOIN activity AS a ON a.cloud = i.cloud AND a.account_id = i.account_id AND a.region = i.region AND a.resource_id = i.instance_id
    WHERE i.state = 'running' AND i.scaling_group IS NOT NULL
    GROUP BY i.cloud, i.account_id, i.region, i.scaling_group
),
needed AS (
    SELECT
        cloud, account_id, region, scaling_group, nodes, zones, instance_type, other_type, gpus, cluster, asked, used, filled, days, coverage, paid_ahead,
        cpu_requested, memory_requested, cpu_used, memory_used,
        greatest(1, zones * $nodes_per_zone, ceil(greatest(cpu_requested, memory_requested, cpu_used, coalesce(memory_used, 0)) / (1 - $headroom))) AS enough
    FROM pools
),
rounded AS (
    -- Google counts the nodes of a pool by zone.
    SELECT
        cloud, account_id, region, scaling_group, nodes, zones, instance_type, other_type, gpus, cluster, asked, used, filled, days, coverage, paid_ahead,
        cpu_requested, memory_requested, cpu_used, memory_used,
        CASE WHEN cloud = 'gcp' AND zones > 0 THEN zones * ceil(enough / zones) ELSE enough END AS enough
    FROM needed
),
judged AS (
    SELECT
        g.cloud, g.account_id, g.region, g.scaling_group_id, coalesce(g.cluster, n.cluster) AS cluster, g.min_size, g.autoscaled, n.nodes, n.zones, n.instance_type, n.asked, n.used, n.filled,
        n.days, n.coverage, n.cpu_requested, n.memory_requested, n.cpu_used, n.memory_used, n.enough,
        CASE
            WHEN n.nodes IS NULL THEN 'empty'
            WHEN n.paid_ahead = 1 THEN 'paid ahead'
            WHEN n.gpus > 0 THEN 'GPU'
            WHEN n.instance_type IS NULL OR n.instance_type <> n.other_type THEN 'mixed types'
            WHEN n.asked < n.nodes THEN 'requests unknown'
            WHEN n.used < n.nodes THEN 'use unknown'
            WHEN n.days < $min_days THEN 'young'
            WHEN n.coverage < $min_coverage THEN 'gaps'
            WHEN n.enough >= n.nodes THEN 'needed'
            WHEN g.autoscaled AND n.nodes > g.min_size THEN 'autoscaled'
            ELSE 'idle nodes'
        END AS state
    FROM scaling_groups AS g
    LEFT JOIN rounded AS n ON n.cloud = g.cloud AND n.account_id = g.account_id AND n.region = g.region AND n.scaling_group = g.scaling_group_id
    WHERE g.kind = 'node_pool' OR g.cluster IS NOT NULL
)
SELECT
    cloud,
    account_id,
    region,
    scaling_group_id AS resource_id,
    CASE WHEN state = 'idle nodes' THEN 'finding' WHEN state IN ('empty', 'paid ahead', 'needed', 'autoscaled') THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'idle nodes' THEN 'Over ' || counted(days, 'day', 'days') || ' the pods on its ' || counted(nodes, 'node', 'nodes') || ' asked for at most '
            || in_percent(cpu_requested / nodes) || ' of their processors and ' || in_percent(memory_requested / nodes) || ' of their memory, and used '
            || in_percent(cpu_used / nodes) || coalesce(' and ' || in_percent(memory_used / nodes), '') || '; on ' || counted(enough, 'node', 'nodes')
            || ' that would be at most ' || in_percent(greatest(cpu_requested, memory_requested, cpu_used, coalesce(memory_used, 0)) / enough)
            || ' (limit ' || in_percent(1 - $headroom) || ').'
        WHEN 'empty' THEN 'It has no running node.'
        WHEN 'paid ahead' THEN 'Its nodes are paid for ahead: fewer of them save nothing before that ends.'
        WHEN 'GPU' THEN 'Its nodes have GPUs, and what pods ask of them is not measured.'
        WHEN 'mixed types' THEN 'Its nodes are of several types, which do not stand for each other.'
        WHEN 'requests unknown' THEN 'What pods ask for is measured on ' || amount(asked) || ' of its ' || counted(nodes, 'node', 'nodes') || ', and use alone does not tell it.'
        WHEN 'use unknown' THEN 'What is used is measured on ' || amount(used) || ' of its ' || counted(nodes, 'node', 'nodes') || ', and pods may ask for less than they use.'
        WHEN 'young' THEN 'Of its newest node there is data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'gaps' THEN 'The data of its nodes covers ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
        WHEN 'needed' THEN 'Its ' || counted(nodes, 'node', 'nodes') || ' are needed: ' || in_percent(greatest(cpu_requested, memory_requested, cpu_used, coalesce(memory_used, 0)) / nodes)
            || ' of them is asked for or used (limit ' || in_percent(1 - $headroom) || ') in ' || counted(zones, 'zone', 'zones') || '.'
        ELSE 'Its autoscaler keeps ' || counted(nodes, 'node', 'nodes') || ' above its minimum of ' || amount(min_size) || ': it removes what can go.'
    END AS reason,
    'members' AS components,
    CASE WHEN filled < nodes OR autoscaled IS NULL THEN 'low' WHEN days < 35 THEN 'medium' ELSE 'high' END AS confidence,
    CASE
        WHEN filled < nodes THEN 'how full the memory of its nodes is is not measured'
        WHEN autoscaled IS NULL THEN 'whether an autoscaler sets its size is not known'
        WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
    END AS confidence_reason,
    CASE WHEN autoscaled THEN 'minimum' END AS remediation_case,
    cluster AS current_cluster,
    nodes AS current_members,
    instance_type AS current_instance_type,
    CASE WHEN cloud = 'gcp' THEN CAST(ceil(nodes / nullif(zones, 0)) AS BIGINT) END AS current_nodes_per_zone,
    CAST(enough AS BIGINT) AS proposed_members,
    CASE WHEN cloud = 'gcp' THEN CAST(ceil(enough / nullif(zones, 0)) AS BIGINT) END AS proposed_nodes_per_zone,
    zones AS zones,
    days AS days,
    cpu_requested / nodes AS cpu_requested_at_most,
    memory_requested / nodes AS memory_requested_at_most,
    cpu_used / nodes AS cpu_used,
    memory_used / nodes AS memory_used
FROM judged
