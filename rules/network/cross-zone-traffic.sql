/*---
id: cross-zone-traffic
title: Traffic between zones that is paid per GiB
class: placement
action: move
resource: network
parameters:
  min_gib: {default: 0, unit: GiB per month, doc: "less traffic on the bill than this is not worth a word; raise it to hide small amounts"}
  min_flow_gib: {default: 10, unit: GiB per month, doc: "less traffic than this is not worth a word where flow logs alone tell of it"}
  min_flow_days: {default: 7, unit: days, doc: "days of flow logs before they alone are a month"}
  busiest_day_max: {default: 0.5, unit: ratio, doc: "share of one day above which the confidence is low: it may not come again"}
needs: [charges]
not_on: {alibaba: Traffic between the zones of a region costs nothing on Alibaba Cloud and is on no bill.}
effort: medium
risk: medium
sources:
  - {title: "AWS: data between zones costs 0.01 USD per GB in each direction", url: "https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer_within_the_same_AWS_Region"}
  - {title: "AWS: which usage types data transfer has", url: "https://docs.aws.amazon.com/cur/latest/userguide/cur-data-transfers-charges.html"}
  - {title: "Kubernetes: topology-aware routing keeps traffic in its zone", url: "https://kubernetes.io/docs/concepts/services-networking/topology-aware-routing/"}
  - {title: "Google Cloud: inter-zone data transfer", url: "https://cloud.google.com/vpc/network-pricing"}
traps:
  public-address: "Some bills do not tell traffic to another zone from traffic over a public address inside the region."
  free-between-zones: "On Alibaba Cloud traffic between zones costs nothing."
  other-region: "Traffic to another region or to the internet is something else."
  free-meter: "A meter that costs nothing counts the same bytes again."
  no-amount: "A charge that does not tell how much is not nothing."
  wanted-replica: "A database that is kept in two zones sends between them on purpose."
  busy-day: "One busy day, such as a copy of everything, does not come every month."
  few-days: "Flow logs of a few days are no month."
  not-charged: "What flow logs count and the bill does not charge saves nothing."
  no-bill: "Where no bill is loaded, flow logs alone tell of the traffic, without its price."
remediation:
  aws:
    move:
      - aws ec2 describe-instances --region {region} --instance-ids {resource_id} --query Reservations[].Instances[].Placement
      - "# cannot be undone: nothing is changed, the command only looks; of a Kubernetes service, topology-aware routing keeps callers in their zone."
    balancer:
      - aws elbv2 modify-load-balancer-attributes --region {region} --load-balancer-arn {resource_id} --attributes Key=load_balancing.cross_zone.enabled,Value=false
      - "# undo: aws elbv2 modify-load-balancer-attributes --region {region} --load-balancer-arn {resource_id} --attributes Key=load_balancing.cross_zone.enabled,Value=true"
    other:
      - aws ec2 describe-network-interfaces --region {region} --query 'NetworkInterfaces[].[NetworkInterfaceId,AvailabilityZone,Description,Attachment.InstanceId]'
      - "# cannot be undone: nothing is changed, the command only looks in which zones the two ends are."
    gateway:
      - "# kept: the gateway there is, for the machines of its own zone"
      - aws ec2 create-nat-gateway --region {region} --subnet-id PUBLIC_SUBNET_OF_ITS_ZONE --allocation-id NEW_ADDRESS
      - aws ec2 replace-route --region {region} --route-table-id ROUTE_TABLE_OF_ITS_SUBNET --destination-cidr-block 0.0.0.0/0 --nat-gateway-id NEW_GATEWAY
      - "# undo: aws ec2 replace-route --region {region} --route-table-id ROUTE_TABLE_OF_ITS_SUBNET --destination-cidr-block 0.0.0.0/0 --nat-gateway-id {current_gateway}"
  gcp:
    - gcloud compute instances describe {resource_name} --project {account_id} --zone {zone} --format 'value(zone,networkInterfaces)'
    - "# cannot be undone: nothing is changed, the command only looks; of a Kubernetes service, topology-aware routing keeps callers in their zone."
doc: |
  Finds resources whose bill holds traffic to another zone of the same region, with the GiB and the money per
  resource; where flow logs are loaded, the pairs with the most bytes are named with their zones, never more than the bill has. The cheap fixes, in this order:
  callers to the replica of their own zone (topology-aware routing, zone-local endpoints), a NAT gateway per zone, load balancing across zones switched
  off where each zone has enough targets, and talkative pairs in one zone. It is wrong
  for a replica that stands in another zone on purpose: that is bought safety, so the amount is the most that can be saved. What flow logs say is
  with a database kept in two zones is left out of it. Where no bill is loaded, flow logs alone tell of the traffic. Google's bill
  and some of AWS's do not tell traffic between zones from traffic over a public address inside the region; the
  finding says so then.
  On Alibaba Cloud traffic between zones of a region is not a bill item, so nothing is found there, whatever flow logs
  say; traffic between regions (CDT) is paid for, and is not what this rule is about.
---*/
WITH judged AS (
    SELECT
        cloud, account_id, coalesce(region, 'global') AS region, resource_id, kind, gib_month, peer_resource, peer_zone, zone, source,
        busiest_day, flow_days, flow_gib_month, pairs, coalesce(wanted_gib_month, 0) AS wanted_gib,
        CASE WHEN kind = 'cross_zone' THEN ' between zones' ELSE ' between zones or over public addresses inside the region' END AS way,
        CASE
            WHEN source <> 'flow log' AND gib_month IS NULL THEN 'no amount'
            WHEN source <> 'flow log' AND gib_month <= $min_gib THEN 'little'
            WHEN source = 'flow log' AND gib_month <= $min_flow_gib THEN 'little flow'
            WHEN source = 'flow log' AND flow_days < $min_flow_days THEN 'few days'
            WHEN source = 'flow log' AND account_billed THEN 'not charged'
            WHEN coalesce(wanted_gib_month, 0) >= 0.99 * gib_month THEN 'wanted'
            WHEN source = 'flow log' THEN 'no bill'
            ELSE 'billed'
        END AS state
    FROM traffic
    WHERE kind IN ('cross_zone', 'cross_zone_or_public_ip')
)
SELECT
    cloud,
    account_id,
    region,
    resource_id,
    CASE WHEN state IN ('billed', 'no bill') THEN 'finding' WHEN state IN ('no amount', 'few days', 'not charged') THEN 'not_evaluated' ELSE 'ok' END AS verdict,
    CASE state
        WHEN 'no amount' THEN 'The bill holds an unknown amount of traffic' || way
        WHEN 'wanted' THEN 'It sends ' || amount(gib_month) || ' GiB a month between zones (limit ' || amount($min_gib) || '), all of it with a database that is kept in two zones'
        WHEN 'few days' THEN 'Flow logs count ' || amount(gib_month) || ' GiB a month' || way || ', of ' || counted(flow_days, 'day', 'days') || ' only (needed: ' || amount($min_flow_days) || ')'
        WHEN 'not charged' THEN 'Flow logs count ' || amount(gib_month) || ' GiB a month' || way || ' (limit ' || amount($min_flow_gib) || '), and the bill names no such traffic of it'
        WHEN 'no bill' THEN 'Flow logs count ' || amount(gib_month) || ' GiB a month' || way || ' (limit ' || amount($min_flow_gib) || ')'
        WHEN 'little flow' THEN 'Flow logs count ' || amount(gib_month) || ' GiB a month' || way || ' (limit ' || amount($min_flow_gib) || ')'
        ELSE 'The bill holds ' || amount(gib_month) || ' GiB a month' || way || ' (limit ' || amount($min_gib) || ')'
    END || CASE WHEN state IN ('billed', 'no bill') THEN coalesce(', the largest part with ' || peer_resource || coalesce(' in ' || peer_zone, ''), '') ELSE '' END
        || CASE WHEN state IN ('billed', 'no bill') AND wanted_gib > 0 THEN '; ' || amount(wanted_gib) || ' GiB of it with a database that is kept in two zones' ELSE '' END
        || '.' AS reason,
    'cross_zone' AS components,
    CASE
        WHEN resource_id LIKE 'i-%' THEN 'instance'
        WHEN resource_id LIKE 'nat-%' OR resource_id LIKE '%natgate%' THEN 'nat_gateway'
        WHEN resource_id LIKE '%loadbalancer%' THEN 'load_balancer'
        WHEN resource_id LIKE 'vol-%' THEN 'volume'
        WHEN cloud = 'gcp' THEN 'instance'
        ELSE 'network'
    END AS resource_type,
    CASE
        WHEN resource_id LIKE 'arn:%:loadbalancer/net/%' THEN 'balancer'
        WHEN peer_resource LIKE 'nat-%' THEN 'gateway'
        WHEN cloud = 'aws' AND resource_id NOT LIKE 'i-%' THEN 'other'
    END AS remediation_case,
    CASE WHEN busiest_day > $busiest_day_max OR peer_resource IS NULL THEN 'low' ELSE 'medium' END AS confidence,
    CASE
        WHEN busiest_day > $busiest_day_max AND flow_days > 1 THEN 'of it ' || in_percent(busiest_day) || ' went on one day, which may not come again'
        WHEN kind = 'cross_zone_or_public_ip' THEN 'the bill does not tell traffic between zones from traffic over public addresses'
        WHEN peer_resource IS NULL THEN 'no flow log names the other end, and some of this traffic may be wanted'
        ELSE 'some of this traffic may be wanted'
    END AS confidence_reason,
    gib_month AS current_gib_month,
    zone AS current_zone,
    CASE WHEN peer_resource LIKE 'nat-%' THEN peer_resource END AS current_gateway,
    CASE WHEN kind = 'cross_zone' THEN 'between zones' ELSE 'between zones or over public addresses' END AS current_path,
    'inside one zone' AS proposed_path,
    CASE WHEN wanted_gib > 0 THEN least(1.0, wanted_gib / gib_month) END AS proposed_share,
    peer_resource,
    peer_zone,
    pairs AS largest_pairs,
    flow_gib_month,
    flow_days,
    source AS traffic_source
FROM judged
