/*---
id: public-ip-traffic
title: Traffic between own machines over public addresses
class: placement
action: move
resource: network
parameters:
  min_gib: {default: 0, unit: GiB per month, doc: "less traffic on the bill than this is not worth a word; raise it to hide small amounts"}
  min_flow_gib: {default: 10, unit: GiB per month, doc: "less traffic than this is not worth a word where flow logs alone tell of it"}
  min_flow_days: {default: 7, unit: days, doc: "days of flow logs before they alone are a month"}
needs: [charges, public_ips]
effort: medium
risk: low
sources:
  - {title: "AWS: data over public addresses inside a region costs 0.01 USD per GB in each direction", url: "https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer_within_the_same_AWS_Region"}
  - {title: "Google Cloud: traffic to an external address in the same region is billed as between zones", url: "https://cloud.google.com/vpc/network-pricing"}
  - {title: "Alibaba Cloud: what leaves by a public address is internet traffic", url: "https://www.alibabacloud.com/help/en/eip/billing-faq"}
traps:
  not-told-apart: "Some bills hold this traffic together with that between zones: only the part that flow logs count is this."
  by-bandwidth: "Bytes of an address that is paid by its bandwidth cost nothing."
  not-charged: "What flow logs count and the bill does not charge saves nothing."
  few-days: "Flow logs of a few days are no month."
  no-bill: "Where no bill is loaded, flow logs alone tell of the traffic, without its price."
  no-amount: "A charge that does not tell how much is not nothing."
remediation:
  aws:
    - aws ec2 describe-instances --region {region} --instance-ids {resource_id} --query Reservations[].Instances[].[PrivateIpAddress,PublicIpAddress,PrivateDnsName,VpcId]
    - "# cannot be undone: nothing is changed, the command only looks; give callers the private address or name, and peering between networks."
  alibaba:
    - aliyun vpc DescribeEipAddresses --region {region} --AllocationId {resource_id}
    - "# cannot be undone: nothing is changed, the command only looks; give callers the private address, and a peering connection between networks."
  gcp:
    - gcloud compute instances describe {resource_name} --project {account_id} --zone {zone} --format 'value(networkInterfaces)'
    - "# cannot be undone: nothing is changed, the command only looks; give callers the internal address or the internal DNS name."
doc: |
  Finds machines that talk to another machine of the same inventory and region over its public address, though a private
  way costs nothing or less. AWS's bill names the traffic (0.01 USD per GB in each direction), so that no flow log is needed; with flow logs the pairs are named. Google bills it as
  traffic between zones, whatever zone the machines are in, and Alibaba Cloud as traffic to the internet: there flow
  logs tell how much of the charge it is. The fix is an address in a configuration or a private name; between networks, peering. It is
  wrong where the other machine may only be reached from outside by intention, such as a test of the public endpoint.
---*/
WITH by_internet (cloud) AS (
    -- Clouds that charge what leaves by a public address as traffic to the internet, whoever has the other address.
    VALUES ('alibaba')
),
internet AS (
    SELECT c.cloud, c.account_id, c.resource_id, sum(c.quantity) * 730.0 / max(c.hours) AS gib
    FROM cost AS c
    JOIN by_internet AS b ON b.cloud = c.cloud
    WHERE c.component = 'internet_traffic' AND c.resource_id IS NOT NULL
    GROUP BY c.cloud, c.account_id, c.resource_id
    HAVING sum(c.cost) > 0
),
addresses AS (
    SELECT cloud, account_id, resource_id, min(ip_id) AS ip_id, min(charge_type) AS charge_type
    FROM public_ips
    WHERE resource_id IS NOT NULL
    GROUP BY cloud, account_id, resource_id
    HAVING count(*) = 1
),
mixed AS (
    SELECT cloud, account_id, resource_id, gib_month AS gib
    FROM traffic
    WHERE kind = 'cross_zone_or_public_ip'
),
seen AS (
    SELECT
        t.cloud, t.account_id, coalesce(t.region, 'global') AS region, t.gib_month, t.peer_resource, t.peer_zone, t.zone, t.source,
        t.flow_days, t.pairs, t.account_billed, b.cloud IS NOT NULL AS as_internet, a.charge_type,
        CASE WHEN i.gib IS NOT NULL AND a.ip_id IS NOT NULL AND e.gib IS NULL THEN a.ip_id ELSE t.resource_id END AS resource_id,
        coalesce(e.gib, i.gib) AS internet_gib, m.gib AS mixed_gib
    FROM traffic AS t
    LEFT JOIN by_internet AS b ON b.cloud = t.cloud
    LEFT JOIN addresses AS a ON a.cloud = t.cloud AND a.account_id = t.account_id AND a.resource_id = t.resource_id
    LEFT JOIN internet AS e ON e.cloud = t.cloud AND e.account_id = t.account_id AND e.resource_id = t.resource_id
    LEFT JOIN internet AS i ON i.cloud = t.cloud AND i.account_id = t.account_id AND i.resource_id = a.ip_id
    LEFT JOIN mixed AS m ON m.cloud = t.cloud AND m.account_id = t.account_id AND m.resource_id = t.resource_id
    WHERE t.kind = 'public_ip'
),
judged AS (
    SELECT
        cloud, account_id, region, resource_id, gib_month, peer_resource, peer_zone, zone, source, flow_days, pairs, internet_gib,
        mixed_gib, as_internet,
        CASE
            WHEN source <> 'flow log' AND gib_month IS NULL THEN 'no amount'
            WHEN source <> 'flow log' AND gib_month <= $min_gib THEN 'little'
            WHEN source <> 'flow log' THEN 'billed'
            WHEN gib_month <= $min_flow_gib THEN 'little flow'
            WHEN flow_days < $min_flow_days THEN 'few days'
            WHEN as_internet AND charge_type = 'bandwidth' THEN 'by bandwidth'
            WHEN as_internet AND internet_gib > 0 THEN 'internet'
            WHEN mixed_gib > 0 THEN 'mixed'
            WHEN account_billed THEN 'not charged'
            ELSE 'no bill'
        END AS state
    FROM seen
)
SELECT
    cloud,
    account_id,
    region,
    resource_id,
    CASE WHEN state IN ('billed', 'internet', 'mixed', 'no bill') THEN 'finding' WHEN state IN ('no amount', 'few days', 'not charged') THEN 'not_evaluated' ELSE 'ok' END AS verdict,
    CASE state
        WHEN 'no amount' THEN 'The bill holds an unknown amount of traffic over public addresses inside the region'
        WHEN 'few days' THEN 'Flow logs count ' || amount(gib_month) || ' GiB a month with own machines over public addresses, of ' || counted(flow_days, 'day', 'days') || ' only (needed: ' || amount($min_flow_days) || ')'
        WHEN 'by bandwidth' THEN 'Flow logs count ' || amount(gib_month) || ' GiB a month with own machines over public addresses (limit ' || amount($min_flow_gib) || '), which cost nothing: its address is paid by bandwidth'
        WHEN 'not charged' THEN 'Flow logs count ' || amount(gib_month) || ' GiB a month with own machines over public addresses (limit ' || amount($min_flow_gib) || '), and the bill names no such traffic of it'
        WHEN 'little flow' THEN 'Flow logs count ' || amount(gib_month) || ' GiB a month with own machines over public addresses (limit ' || amount($min_flow_gib) || ')'
        WHEN 'internet' THEN 'Flow logs count ' || amount(least(gib_month, internet_gib)) || ' GiB a month with own machines over public addresses (limit ' || amount($min_flow_gib) || '), of ' || amount(internet_gib) || ' GiB that the bill charges as traffic to the internet'
        WHEN 'mixed' THEN 'Flow logs count ' || amount(least(gib_month, mixed_gib)) || ' GiB a month with own machines over public addresses (limit ' || amount($min_flow_gib) || '), of ' || amount(mixed_gib) || ' GiB that the bill charges as between zones or over public addresses'
        WHEN 'no bill' THEN 'Flow logs count ' || amount(gib_month) || ' GiB a month with own machines over public addresses (limit ' || amount($min_flow_gib) || ')'
        ELSE 'The bill holds ' || amount(gib_month) || ' GiB a month over public addresses inside the region (limit ' || amount($min_gib) || ')'
    END || CASE WHEN state IN ('billed', 'internet', 'mixed', 'no bill') THEN coalesce(', the largest part with ' || peer_resource, '') ELSE '' END || '.' AS reason,
    CASE state WHEN 'internet' THEN 'internet_traffic' WHEN 'mixed' THEN 'cross_zone' ELSE 'public_ip_traffic' END AS components,
    CASE WHEN resource_id LIKE 'i-%' OR cloud = 'gcp' THEN 'instance' WHEN resource_id LIKE 'eip%' THEN 'public_ip' ELSE 'network' END AS resource_type,
    CASE WHEN peer_resource IS NULL OR state = 'no bill' THEN 'low' WHEN state = 'billed' THEN 'high' ELSE 'medium' END AS confidence,
    CASE
        WHEN peer_resource IS NULL THEN 'no flow log names the other end, which may be a service of the cloud or an account beside'
        WHEN state = 'no bill' THEN 'no bill tells what it costs'
        WHEN state IN ('internet', 'mixed') THEN 'the bill does not tell this traffic from other traffic, so flow logs say how much of it this is'
    END AS confidence_reason,
    CASE state WHEN 'internet' THEN internet_gib WHEN 'mixed' THEN mixed_gib ELSE gib_month END AS current_gib_month,
    'public addresses' AS current_path,
    'private addresses' AS proposed_path,
    CASE state
        WHEN 'internet' THEN 1.0 - least(1.0, gib_month / internet_gib)
        WHEN 'mixed' THEN 1.0 - least(1.0, gib_month / mixed_gib)
    END AS proposed_share,
    peer_resource,
    pairs AS largest_pairs,
    flow_days,
    source AS traffic_source
FROM judged
