/*---
id: nat-endpoint-traffic
title: Traffic to the cloud's own services that pays a NAT gateway
class: placement
action: move
resource: nat_gateway
parameters:
  min_gib: {default: 10, unit: GiB per month, doc: "less traffic than this is not worth an endpoint"}
  min_days: {default: 7, unit: days, doc: "days of flow logs before they are a month"}
needs: [nat_gateways, charges, traffic, subnets]
effort: low
risk: low
sources:
  - {title: "AWS: a gateway endpoint for S3 or DynamoDB costs nothing", url: "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"}
  - {title: "AWS: each GB that a NAT gateway processes is charged, whatever its destination", url: "https://aws.amazon.com/vpc/pricing/"}
  - {title: "Google Cloud: Private Google Access reaches Google's APIs without Cloud NAT", url: "https://cloud.google.com/vpc/docs/private-google-access"}
traps:
  other-region: "A subnet that has the endpoint and still sends through the gateway sends to a bucket of another region, which no endpoint reaches."
  unknown-subnet: "Of a machine whose subnet nobody looked at it is not known whether an endpoint is missing."
  no-flow-log: "The bill of a gateway does not tell where its bytes go."
  other-service: "Only object storage and DynamoDB (AWS) and Google's APIs have a way that costs nothing; other endpoints cost by the hour and GB."
  more-than-billed: "Flow logs may count more than the bill: no more than the gateway's own bytes are saved."
  few-days: "Flow logs of a few days are no month."
  no-bill: "Where no bill is loaded, flow logs alone tell of the traffic, without its price."
not_on: {alibaba: "Machines on Alibaba Cloud reach its own services by internal addresses that pass no NAT gateway, and its flow logs name no service."}
remediation:
  aws:
    - aws ec2 create-vpc-endpoint --region {region} --vpc-id {current_vpc_id} --service-name com.amazonaws.{region}.{current_service} --route-table-ids ROUTE_TABLES_OF_THE_SUBNETS
    - "# undo: aws ec2 delete-vpc-endpoints --region {region} --vpc-endpoint-ids NEW_ENDPOINT"
  gcp:
    - gcloud compute networks subnets update {current_subnet} --project {account_id} --region {region} --enable-private-ip-google-access
    - "# undo: gcloud compute networks subnets update {current_subnet} --project {account_id} --region {region} --no-enable-private-ip-google-access"
doc: |
  Finds NAT gateways through which machines reach object storage (S3, DynamoDB; Google's APIs), though a gateway endpoint
  or Private Google Access carries the same bytes for nothing. Flow logs must say which service the other end is
  (AWS: the fields pkt-src-aws-service and pkt-dst-aws-service; Google: its metadata), and the subnet of the machines must be known to have no such way. The
  saving is that share of the gateway's own billed data processing, never more than all of it; its hours stay. It is wrong where a
  policy forbids endpoints, and for buckets of another region, which endpoints do not reach: where flow logs say that a
  subnet with an endpoint still sends through the gateway, that is why, and nothing is found. Connections that are open
  while a gateway endpoint is made break and are made anew.
---*/
WITH free_ways (cloud, service) AS (
    VALUES ('aws', 's3'), ('aws', 'dynamodb'), ('gcp', 'google')
),
told AS (
    SELECT p.cloud, p.account_id, p.resource_id, p.service, p.peer_resource, p.gib_month, p.days,
        CASE
            WHEN f.service IS NULL THEN 'no free way'
            WHEN s.subnet_id IS NULL OR s.services IS NULL AND s.private_access IS NULL THEN 'unknown'
            WHEN s.services LIKE '%' || f.service || '%' OR p.cloud = 'gcp' AND s.private_access THEN 'has one'
            ELSE 'lacks one'
        END AS way
    FROM traffic_pairs AS p
    LEFT JOIN free_ways AS f ON f.cloud = p.cloud AND f.service = p.service
    LEFT JOIN subnets AS s ON s.cloud = p.cloud AND s.subnet_id = p.peer_resource
    WHERE p.kind = 'nat_service'
),
flows AS (
    SELECT cloud, account_id, resource_id, max(days) AS days,
        sum(CASE WHEN way = 'lacks one' THEN gib_month ELSE 0 END) AS gib,
        sum(CASE WHEN way = 'unknown' THEN gib_month ELSE 0 END) AS unknown_gib,
        sum(CASE WHEN way = 'has one' THEN gib_month ELSE 0 END) AS kept_gib
    FROM told
    GROUP BY cloud, account_id, resource_id
),
ranked AS (
    SELECT cloud, account_id, resource_id, service, peer_resource,
        row_number() OVER (PARTITION BY cloud, account_id, resource_id ORDER BY gib_month DESC, peer_resource, service) AS place
    FROM told
    WHERE way = 'lacks one'
),
processed AS (
    SELECT cloud, account_id, resource_id, sum(quantity) * 730.0 / max(hours) AS gib
    FROM cost
    WHERE component = 'nat_gateway_data' AND resource_id IS NOT NULL
    GROUP BY cloud, account_id, resource_id
    HAVING sum(cost) > 0
),
accounts AS (
    SELECT DISTINCT cloud, account_id FROM cost
),
judged AS (
    SELECT
        g.cloud, g.account_id, g.region, g.nat_gateway_id, g.vpc_id, f.days, f.gib, f.unknown_gib, f.kept_gib, p.gib AS billed_gib,
        r.service, r.peer_resource,
        CASE
            WHEN f.cloud IS NULL THEN 'no flows'
            WHEN f.days < $min_days THEN 'few days'
            WHEN f.gib > $min_gib AND p.gib IS NULL AND a.cloud IS NOT NULL THEN 'not charged'
            WHEN f.gib > $min_gib THEN 'finding'
            WHEN f.unknown_gib > $min_gib THEN 'unknown subnet'
            WHEN f.kept_gib > $min_gib THEN 'other region'
            ELSE 'little'
        END AS state
    FROM nat_gateways AS g
    LEFT JOIN flows AS f ON f.cloud = g.cloud AND f.account_id = g.account_id AND f.resource_id = g.nat_gateway_id
    LEFT JOIN processed AS p ON p.cloud = g.cloud AND p.account_id = g.account_id AND p.resource_id = g.nat_gateway_id
    LEFT JOIN accounts AS a ON a.cloud = g.cloud AND a.account_id = g.account_id
    LEFT JOIN ranked AS r ON r.cloud = g.cloud AND r.account_id = g.account_id AND r.resource_id = g.nat_gateway_id AND r.place = 1
)
SELECT
    cloud,
    account_id,
    region,
    nat_gateway_id AS resource_id,
    CASE WHEN state = 'finding' THEN 'finding' WHEN state IN ('little', 'other region') THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'no flows' THEN 'No flow log tells which of the cloud''s services its bytes go to.'
        WHEN 'few days' THEN 'Flow logs have it for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'not charged' THEN 'Flow logs count ' || amount(gib) || ' GiB a month to services that have a free way, and the bill names no bytes of this gateway.'
        WHEN 'unknown subnet' THEN 'Flow logs count ' || amount(unknown_gib) || ' GiB a month to the cloud''s services (limit ' || amount($min_gib) || '), and whether the subnets they come from have an endpoint is not known.'
        WHEN 'other region' THEN 'Its ' || amount(kept_gib) || ' GiB a month to the cloud''s services (limit ' || amount($min_gib) || ') come from subnets that have an endpoint: they go to another region.'
        WHEN 'little' THEN 'Flow logs count ' || amount(gib) || ' GiB a month to services that have a free way (limit ' || amount($min_gib) || ').'
        ELSE 'Through it ' || amount(least(gib, coalesce(billed_gib, gib))) || ' GiB a month go to ' || service || ' and others that have a free way (limit ' || amount($min_gib) || ')'
            || coalesce(', of ' || amount(billed_gib) || ' GiB that it is charged for', '') || '.'
    END AS reason,
    'nat_gateway_data' AS components,
    CASE WHEN billed_gib IS NULL THEN 'low' WHEN gib > 1.1 * billed_gib OR cloud = 'aws' THEN 'medium' ELSE 'high' END AS confidence,
    CASE
        WHEN billed_gib IS NULL THEN 'no bill tells what its bytes cost'
        WHEN gib > 1.1 * billed_gib THEN 'flow logs count more than the bill, so its days or its gateways differ'
        WHEN cloud = 'aws' THEN 'some of it may go to another region, which no endpoint reaches and no flow log tells'
    END AS confidence_reason,
    billed_gib AS current_gib_month,
    service AS current_service,
    peer_resource AS current_subnet,
    vpc_id AS current_vpc_id,
    'a gateway endpoint or Private Google Access' AS proposed_path,
    CASE WHEN billed_gib > 0 THEN 1.0 - least(1.0, gib / billed_gib) END AS proposed_share,
    gib AS free_gib_month,
    unknown_gib AS unknown_gib_month,
    days AS flow_days
FROM judged
