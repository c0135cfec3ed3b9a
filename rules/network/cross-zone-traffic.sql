/*---
id: cross-zone-traffic
title: Traffic between zones that is paid per GiB
class: placement
action: move
resource: network
parameters:
  min_gib: {default: 0, unit: GiB per month, doc: "less traffic than this is not worth a word; raise it to hide small amounts"}
needs: [charges]
not_on: {alibaba: Traffic between the zones of a region costs nothing on Alibaba Cloud and is on no bill.}
effort: medium
risk: medium
sources:
  - {title: "AWS: data between zones costs 0.01 USD per GB in each direction", url: "https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer_within_the_same_AWS_Region"}
  - {title: "AWS: which usage types data transfer has", url: "https://docs.aws.amazon.com/cur/latest/userguide/cur-data-transfers-charges.html"}
  - {title: "Google Cloud: inter-zone data transfer", url: "https://cloud.google.com/vpc/network-pricing"}
traps:
  public-address: "Some bills do not tell traffic to another zone from traffic over a public address inside the region."
  free-between-zones: "On Alibaba Cloud traffic between zones costs nothing."
  other-region: "Traffic to another region or to the internet is something else."
  free-meter: "A meter that costs nothing counts the same bytes again."
  no-amount: "A charge that does not tell how much is not nothing."
remediation:
  aws:
    - aws ec2 describe-instances --region {region} --instance-ids {resource_id} --query Reservations[].Instances[].Placement
    - "# cannot be undone: nothing is changed, the command only looks."
  gcp:
    - gcloud compute instances describe {resource_name} --project {account_id} --zone {zone} --format 'value(zone,networkInterfaces)'
    - "# cannot be undone: nothing is changed, the command only looks."
doc: |
  Finds resources whose bill holds traffic to another zone of the same region, with the GiB and the money per
  resource; where flow logs are loaded, the peer with the most bytes is named. Talkative pairs belong in one zone,
  callers belong to the replica beside them, and large reads belong behind an endpoint or a cache. It is wrong
  for a replica that stands in another zone on purpose: that is bought safety, so the amount is the most that can be saved. Google's bill
  and some of AWS's do not tell traffic between zones from traffic over a public address inside the region; the
  finding says so then.
  On Alibaba Cloud traffic between zones of a region is not a bill item, so nothing is found there, whatever flow logs
  say; traffic between regions (CDT) is paid for, and is not what this rule is about.
---*/
SELECT
    cloud,
    account_id,
    coalesce(region, 'global') AS region,
    resource_id,
    CASE WHEN gib_month > $min_gib THEN 'finding' WHEN gib_month IS NULL THEN 'not_evaluated' ELSE 'ok' END AS verdict,
    'The bill holds ' || coalesce(amount(gib_month) || ' GiB a month', 'an unknown amount of traffic')
        || CASE WHEN kind = 'cross_zone' THEN ' between zones' ELSE ' between zones or over public addresses inside the region' END
        || CASE WHEN gib_month IS NULL THEN '' ELSE ' (limit ' || amount($min_gib) || ')' END
        || coalesce(', the largest part with ' || peer_resource || coalesce(' in ' || peer_zone, ''), '') || '.' AS reason,
    'cross_zone' AS components,
    CASE
        WHEN resource_id LIKE 'i-%' THEN 'instance'
        WHEN resource_id LIKE 'nat-%' OR resource_id LIKE '%natgate%' THEN 'nat_gateway'
        WHEN resource_id LIKE '%loadbalancer%' THEN 'load_balancer'
        WHEN resource_id LIKE 'vol-%' THEN 'volume'
        WHEN cloud = 'gcp' THEN 'instance'
        ELSE 'network'
    END AS resource_type,
    CASE WHEN peer_resource IS NOT NULL THEN 'medium' ELSE 'low' END AS confidence,
    CASE
        WHEN kind = 'cross_zone_or_public_ip' THEN 'the bill does not tell traffic between zones from traffic over public addresses'
        WHEN peer_resource IS NULL THEN 'no flow log names the other end, and some of this traffic may be wanted'
        ELSE 'some of this traffic may be wanted'
    END AS confidence_reason,
    gib_month AS current_gib_month,
    CASE WHEN kind = 'cross_zone' THEN 'between zones' ELSE 'between zones or over public addresses' END AS current_path,
    'inside one zone' AS proposed_path,
    peer_resource,
    peer_zone,
    source AS traffic_source
FROM traffic
WHERE kind IN ('cross_zone', 'cross_zone_or_public_ip')
