/*---
id: idle-nat-gateway
title: A NAT gateway through which nothing goes
class: unused
action: delete
resource: nat_gateway
parameters:
  megabytes_day_max: {default: 1, unit: megabytes per day, doc: "bytes in both directions on the busiest day: up to this nobody reaches the internet through it"}
  min_days: {default: 30, unit: days, doc: "days of data before a verdict about bytes"}
  min_age_days: {default: 7, unit: days, doc: "life before a verdict: a new one waits for its routes"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
needs: [nat_gateways, "metrics:network_out_bytes_per_second", "metrics:network_in_bytes_per_second"]
effort: low
risk: medium
sources:
  - {title: "AWS Trusted Advisor: inactive NAT gateways, no byte in 30 days", url: "https://docs.aws.amazon.com/awssupport/latest/user/cost-optimization-checks.html"}
  - {title: "AWS Compute Optimizer: idle NAT gateways over 32 days", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/view-idle-recommendations.html"}
  - {title: "Alibaba Cloud FinOps inspection: gateways without an elastic address, or without SNAT and DNAT entries", url: "https://github.com/aliyun/alibabacloud-aiops-skills"}
traps:
  missing-metrics: "Bytes that nobody measured are not zero bytes."
  private: "A private gateway has no public address by nature."
  incoming: "A gateway with DNAT entries only lets others in: nothing goes out by itself."
  new: "A gateway of yesterday waits for its routes."
  month-end: "A batch at the end of the month is use."
remediation:
  aws:
    - aws ec2 describe-nat-gateways --region {region} --nat-gateway-ids {resource_id}
    - "aws ec2 describe-route-tables --region {region} --filters Name=route.nat-gateway-id,Values={resource_id}"
    - "# kept: its settings, as the lines above print them; store them before you go on"
    - aws ec2 delete-nat-gateway --region {region} --nat-gateway-id {resource_id}
    - "# undo, with another id that the routes need: aws ec2 create-nat-gateway --region {region} --subnet-id {current_subnet_id} --connectivity-type {current_kind}"
  alibaba:
    delete:
      - aliyun vpc GetNatGatewayAttribute --region {region} --NatGatewayId {resource_id}
      - "# kept: its settings, as the lines above print them; store them before you go on"
      - aliyun vpc DeleteNatGateway --region {region} --NatGatewayId {resource_id}
      - "# undo, with another id that the routes need: aliyun vpc CreateNatGateway --region {region} --VpcId {current_vpc_id} --VSwitchId {current_subnet_id} --NatType Enhanced"
    subscription:
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode nat_gw --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode nat_gw --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit M"
  gcp:
    - gcloud compute routers nats describe {resource_name} --project {account_id} --region {region} --router ROUTER
    - "# kept: its settings, as the lines above print them; store them before you go on"
    - gcloud compute routers nats delete {resource_name} --project {account_id} --region {region} --router ROUTER
    - "# undo, with what was printed: gcloud compute routers nats create {resource_name} --project {account_id} --region {region} --router ROUTER --auto-allocate-nat-external-ips --nat-all-subnet-ip-ranges"
doc: |
  Finds NAT gateways through which at most a megabyte went on the busiest day of at least 30 days, in both directions
  together, and on Alibaba Cloud those that cannot work: a public one without an elastic address, or any without SNAT
  and DNAT entries. They are paid by the hour whether anything goes through them or not. Bytes that are not
  measured are not evaluated. It is wrong for the gateway of a standby zone or of machines that are started once a year:
  look at the routes that lead to it first. Its public address stays reserved and costs on: release it afterwards (the rule unused-public-ip
  finds it). Google Cloud charges a gateway by the machines that may use it, so an idle one costs little.
  On Alibaba Cloud one by subscription is paid until its term ends: the command stops its renewal.
---*/
WITH entered (cloud) AS (
    -- Clouds where a gateway does nothing before it has an address and entries; elsewhere both come by themselves.
    VALUES ('alibaba')
),
heard AS (
    SELECT
        cloud, account_id, region, resource_id, min(days) AS days, min(coverage) AS coverage,
        sum(peak_day_avg) * 86400 / 1000000.0 AS megabytes,
        count(*) FILTER (WHERE metric = 'network_out_bytes_per_second') = 1 AS heard_out
    FROM usage
    WHERE metric IN ('network_out_bytes_per_second', 'network_in_bytes_per_second')
    GROUP BY cloud, account_id, region, resource_id
),
judged AS (
    SELECT
        g.cloud, g.account_id, g.region, g.nat_gateway_id, g.kind, g.snat_entries, g.dnat_entries, g.public_ips, g.created_at, g.vpc_id,
        g.subnet_id, g.purchase_model, g.expires_at, g.auto_renew, h.days, h.coverage, h.megabytes,
        CASE
            WHEN h.megabytes > $megabytes_day_max THEN 'in use'
            WHEN g.created_at > $min_age_days_cutoff THEN 'new'
            WHEN e.cloud IS NOT NULL AND g.kind = 'public' AND g.public_ips = 0 THEN 'no address'
            WHEN e.cloud IS NOT NULL AND g.snat_entries = 0 AND g.dnat_entries = 0 THEN 'no entries'
            WHEN h.days IS NULL OR NOT h.heard_out THEN 'no data'
            WHEN h.days < $min_days THEN 'too few days'
            WHEN h.coverage < $min_coverage THEN 'gaps'
            ELSE 'quiet'
        END AS state
    FROM nat_gateways AS g
    LEFT JOIN entered AS e ON e.cloud = g.cloud
    LEFT JOIN heard AS h ON h.cloud = g.cloud AND h.account_id = g.account_id AND h.region = g.region AND h.resource_id = g.nat_gateway_id
)
SELECT
    cloud,
    account_id,
    region,
    nat_gateway_id AS resource_id,
    CASE WHEN state IN ('quiet', 'no address', 'no entries') THEN 'finding' WHEN state IN ('in use', 'new') THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'in use' THEN 'On its busiest day ' || amount(megabytes) || ' MB went through it.'
        WHEN 'new' THEN 'It was made ' || counted(floor(days_between(created_at, $as_of)), 'day', 'days') || ' ago (limit ' || amount($min_age_days) || ').'
        WHEN 'no address' THEN 'It has 0 public addresses (limit 1), so nothing reaches the internet through it' || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'no entries' THEN 'It has 0 SNAT and 0 DNAT entries (limit 1), so nothing goes through it' || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'quiet' THEN 'On the busiest of ' || counted(days, 'day', 'days') || ' ' || amount(megabytes) || ' MB went through it (limit ' || amount($megabytes_day_max) || ')'
            || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'too few days' THEN 'There is data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'gaps' THEN 'Data covers ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
        ELSE 'The bytes that go through it are not measured.'
    END AS reason,
    'all' AS components,
    CASE
        WHEN purchase_model = 'subscription' THEN 'low'
        WHEN state = 'quiet' AND (days < 35 OR megabytes > 0) THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN state = 'quiet' AND megabytes > 0 THEN 'a little goes through it, as of a machine that asks for the time'
        WHEN state = 'quiet' AND days < 35 THEN 'the data of ' || days || ' days may hold no month end'
    END AS confidence_reason,
    CASE WHEN purchase_model = 'subscription' THEN 'subscription' END AS remediation_case,
    kind AS current_kind,
    vpc_id AS current_vpc_id,
    subnet_id AS current_subnet_id,
    public_ips AS current_public_ips,
    snat_entries AS current_snat_entries,
    dnat_entries AS current_dnat_entries,
    purchase_model AS current_purchase_model,
    expires_at AS current_subscription_end,
    'deleted' AS proposed_state,
    days,
    coverage,
    megabytes AS megabytes_busiest_day
FROM judged
