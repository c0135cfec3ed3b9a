/*---
id: idle-load-balancer
title: A load balancer through which nothing goes
class: unused
action: delete
resource: load_balancer
parameters:
  requests_day_max: {default: 100, unit: requests per day, doc: "requests or new connections on the busiest day: below this nobody works through it"}
  megabytes_day_max: {default: 5, unit: megabytes per day, doc: "and no more bytes than this on the busiest day, where they are measured: connections may last for weeks"}
  min_days: {default: 14, unit: days, doc: "days of data and of life before a verdict"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
needs: [load_balancers, tags, "metrics:requests_per_second", "metrics:network_in_bytes_per_second", "metrics:network_out_bytes_per_second"]
effort: low
risk: medium
sources:
  - {title: "AWS Trusted Advisor: idle balancers have no healthy instance, or under 100 requests a day for 7 days", url: "https://docs.aws.amazon.com/awssupport/latest/user/cost-optimization-checks.html"}
  - {title: "AWS Compute Optimizer: under 5 MB of network a day is idle, over 14 days", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/view-idle-recommendations.html"}
  - {title: "Alibaba Cloud FinOps inspection: balancers without listeners or servers", url: "https://github.com/aliyun/alibabacloud-aiops-skills"}
  - {title: "OptScale takes absent metrics for idle; here they are not evaluated", url: "https://github.com/hystax/optscale"}
traps:
  missing-metrics: "Requests that nobody measured are not zero requests."
  outage: "No healthy target at the moment of collection may be an outage: only silence over days is idle."
  scaled-to-zero: "A group that is scaled to nothing at night leaves no target, but the days show the traffic."
  long-connections: "Connections that last for weeks are few, and carry bytes."
  unseen-backends: "No target was counted, but not everything behind it was looked at."
  kubernetes: "One that a Kubernetes service made is the cluster's to give up."
  new: "One of yesterday had no time to be used."
remediation:
  aws:
    delete:
      - aws elbv2 describe-load-balancers --region {region} --load-balancer-arns {resource_id}
      - aws elbv2 describe-listeners --region {region} --load-balancer-arn {resource_id}
      - "# kept: its settings, as the lines above print them; store them before you go on"
      - aws elbv2 delete-load-balancer --region {region} --load-balancer-arn {resource_id}
      - "# cannot be undone: a new one made from what was printed has another host name: aws elbv2 create-load-balancer, create-listener."
    classic:
      - aws elb describe-load-balancers --region {region} --load-balancer-names {resource_name}
      - "# kept: its settings, as the lines above print them; store them before you go on"
      - aws elb delete-load-balancer --region {region} --load-balancer-name {resource_name}
      - "# cannot be undone: a new one made from what was printed has another host name: aws elb create-load-balancer."
  alibaba:
    delete:
      - aliyun slb DescribeLoadBalancerAttribute --region {region} --LoadBalancerId {resource_id}
      - "# kept: its settings, as the lines above print them; store them before you go on"
      - aliyun slb DeleteLoadBalancer --region {region} --LoadBalancerId {resource_id}
      - "# cannot be undone: a new one made from what was printed has another address: aliyun slb CreateLoadBalancer."
    application:
      - aliyun alb GetLoadBalancerAttribute --region {region} --LoadBalancerId {resource_id}
      - "# kept: its settings, as the lines above print them; store them before you go on"
      - aliyun alb DeleteLoadBalancer --region {region} --LoadBalancerId {resource_id}
      - "# cannot be undone: a new one made from what was printed has another host name: aliyun alb CreateLoadBalancer."
    network:
      - aliyun nlb GetLoadBalancerAttribute --region {region} --LoadBalancerId {resource_id}
      - "# kept: its settings, as the lines above print them; store them before you go on"
      - aliyun nlb DeleteLoadBalancer --region {region} --LoadBalancerId {resource_id}
      - "# cannot be undone: a new one made from what was printed has another host name: aliyun nlb CreateLoadBalancer."
    subscription:
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode slb --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode slb --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit M"
  gcp:
    delete:
      - gcloud compute forwarding-rules export {resource_name} --project {account_id} --region {region} --destination forwarding-rule-backup.yaml
      - gcloud compute forwarding-rules delete {resource_name} --project {account_id} --region {region}
      - "# undo, while nobody else has its address: gcloud compute forwarding-rules import {resource_name} --project {account_id} --region {region} --source forwarding-rule-backup.yaml"
    global:
      - gcloud compute forwarding-rules export {resource_name} --project {account_id} --global --destination forwarding-rule-backup.yaml
      - gcloud compute forwarding-rules delete {resource_name} --project {account_id} --global
      - "# undo, while nobody else has its address: gcloud compute forwarding-rules import {resource_name} --project {account_id} --global --source forwarding-rule-backup.yaml"
doc: |
  Finds load balancers that have no listener, no target, or under 100 requests on the busiest day of at least two weeks.
  Requests and bytes count together where both are measured, as a connection may last for weeks; a network balancer is
  judged by its bytes. Metrics that are missing are not zero: such a balancer is not evaluated unless nothing can come
  through it. That no target is healthy says nothing by itself: it may be an outage. Balancers that Kubernetes made
  (by their tags or names) are the cluster's to give up, with their Service or Ingress.
  It is wrong for the entry of a standby region or of a yearly event: look at where its name points to before you
  delete it. What stands behind it stays and has rules of its own. On Google Cloud a balancer is a forwarding rule, and
  the first five of a region cost one price together, so that the last of them saves less than the bill shows. On Alibaba Cloud one by subscription is
  paid until its term ends: the command stops its renewal.
---*/
WITH clusters_own AS (
    SELECT DISTINCT cloud, account_id, resource_id
    FROM tags
    WHERE resource_type = 'load_balancer'
        AND (key LIKE 'kubernetes.io/%' OR key LIKE '%.k8s.aws/%' OR key LIKE 'kubernetes.do.not.delete%' OR key LIKE 'ack.aliyun.com%')
),
heard AS (
    SELECT
        cloud, account_id, region, resource_id,
        max(days) FILTER (WHERE metric = 'requests_per_second') AS requests_days,
        max(coverage) FILTER (WHERE metric = 'requests_per_second') AS requests_coverage,
        max(peak_day_avg) FILTER (WHERE metric = 'requests_per_second') * 86400 AS requests,
        min(days) FILTER (WHERE metric <> 'requests_per_second') AS bytes_days,
        min(coverage) FILTER (WHERE metric <> 'requests_per_second') AS bytes_coverage,
        sum(peak_day_avg) FILTER (WHERE metric <> 'requests_per_second') * 86400 / 1000000.0 AS megabytes
    FROM usage
    WHERE metric IN ('requests_per_second', 'network_in_bytes_per_second', 'network_out_bytes_per_second')
    GROUP BY cloud, account_id, region, resource_id
),
measured AS (
    SELECT
        b.cloud, b.account_id, b.region, b.load_balancer_id, b.kind, b.listeners, b.targets, b.healthy_targets, b.backends_known,
        b.created_at, b.purchase_model, b.expires_at, b.auto_renew, h.requests, h.megabytes,
        c.resource_id IS NOT NULL OR b.name LIKE 'k8s-%' OR b.name LIKE 'k8s2-%'
            OR (b.name LIKE 'a%' AND b.name NOT LIKE '%-%' AND length(b.name) = 32) AS is_clusters,
        -- What decides: the bytes of a network balancer, the requests of another where they are known. Bytes without a highest
        -- moment are no days of their own: those of the connections, counted beside them, stand in.
        CASE
            WHEN h.requests IS NOT NULL AND coalesce(b.kind, '') NOT IN ('network', 'gateway') THEN h.requests_days
            WHEN h.bytes_days > 0 THEN h.bytes_days
            WHEN h.megabytes IS NOT NULL THEN coalesce(h.requests_days, 0)
        END AS days,
        CASE
            WHEN h.requests IS NOT NULL AND coalesce(b.kind, '') NOT IN ('network', 'gateway') THEN h.requests_coverage
            WHEN h.bytes_days > 0 THEN h.bytes_coverage
            WHEN h.megabytes IS NOT NULL THEN coalesce(h.requests_coverage, 0)
        END AS coverage
    FROM load_balancers AS b
    LEFT JOIN heard AS h ON h.cloud = b.cloud AND h.account_id = b.account_id AND h.region = b.region AND h.resource_id = b.load_balancer_id
    LEFT JOIN clusters_own AS c ON c.cloud = b.cloud AND c.account_id = b.account_id AND c.resource_id = b.load_balancer_id
),
judged AS (
    SELECT
        cloud, account_id, region, load_balancer_id, kind, listeners, targets, healthy_targets, created_at, purchase_model, expires_at,
        auto_renew, requests, megabytes, days, coverage,
        coalesce(days >= $min_days AND coverage >= $min_coverage, FALSE) AS listened,
        CASE
            WHEN requests > $requests_day_max OR megabytes > $megabytes_day_max THEN 'in use'
            WHEN created_at > $min_days_cutoff THEN 'new'
            WHEN is_clusters THEN 'cluster'
            WHEN listeners = 0 THEN 'no listeners'
            WHEN targets = 0 AND backends_known THEN 'no targets'
            WHEN days IS NULL THEN 'no data'
            WHEN days < $min_days THEN 'too few days'
            WHEN coverage < $min_coverage THEN 'gaps'
            ELSE 'quiet'
        END AS state
    FROM measured
)
SELECT
    cloud,
    account_id,
    region,
    load_balancer_id AS resource_id,
    CASE WHEN state IN ('no listeners', 'no targets', 'quiet') THEN 'finding' WHEN state IN ('in use', 'new') THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'in use' THEN 'On its busiest day it had ' || coalesce(counted(round(requests), 'request', 'requests'), '')
            || CASE WHEN requests IS NOT NULL AND megabytes IS NOT NULL THEN ' and ' ELSE '' END
            || coalesce(amount(megabytes) || ' MB', '') || '.'
        WHEN 'new' THEN 'It was made ' || counted(floor(days_between(created_at, $as_of)), 'day', 'days') || ' ago (limit ' || amount($min_days) || ').'
        WHEN 'cluster' THEN 'It belongs to a Kubernetes service, which only the cluster may give up.'
        WHEN 'no listeners' THEN 'It has 0 listeners (limit 1), so nothing can come through it' || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'no targets' THEN 'It has 0 targets (limit 1), so nothing answers behind it' || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'quiet' THEN 'On the busiest of ' || counted(days, 'day', 'days') || ' it had '
            || CASE WHEN requests IS NULL THEN '' ELSE counted(round(requests), 'request', 'requests') || ' (limit ' || amount($requests_day_max) || ')' END
            || CASE WHEN requests IS NOT NULL AND megabytes IS NOT NULL THEN ' and ' ELSE '' END
            || CASE WHEN megabytes IS NULL THEN '' ELSE amount(megabytes) || ' MB (limit ' || amount($megabytes_day_max) || ')' END
            || CASE WHEN healthy_targets = 0 AND targets > 0 THEN ', and none of its ' || counted(targets, 'target', 'targets') || ' is healthy' ELSE '' END
            || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'too few days' THEN 'There is data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'gaps' THEN 'Data covers ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
        ELSE CASE WHEN healthy_targets = 0 AND targets > 0 THEN 'Not one of its targets is healthy, but since when is not known, and what goes through it is not measured.'
            ELSE 'What goes through it is not measured.' END
    END AS reason,
    'all' AS components,
    CASE
        WHEN purchase_model = 'subscription' THEN 'low'
        WHEN state = 'no listeners' THEN 'high'
        WHEN NOT listened OR days < 35 THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN state = 'no listeners' THEN NULL
        WHEN NOT listened THEN 'what went through it before is not measured'
        WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
    END AS confidence_reason,
    CASE
        WHEN purchase_model = 'subscription' THEN 'subscription'
        WHEN cloud = 'aws' AND kind = 'classic' THEN 'classic'
        WHEN cloud = 'alibaba' AND kind = 'application' THEN 'application'
        WHEN cloud = 'alibaba' AND kind = 'network' THEN 'network'
        WHEN cloud = 'gcp' AND region = 'global' THEN 'global'
    END AS remediation_case,
    kind AS current_kind,
    listeners AS current_listeners,
    targets AS current_targets,
    healthy_targets AS current_healthy_targets,
    purchase_model AS current_purchase_model,
    expires_at AS current_subscription_end,
    'deleted' AS proposed_state,
    days,
    coverage,
    requests AS requests_busiest_day,
    megabytes AS megabytes_busiest_day
FROM judged
