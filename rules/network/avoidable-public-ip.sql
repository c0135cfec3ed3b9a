/*---
id: avoidable-public-ip
title: A public address that nobody on the internet talks to
class: unused
action: release
resource: public_ip
parameters:
  max_mb: {default: 10, unit: megabytes per month, doc: "bytes to and from the internet up to which nobody uses the address: the time, an answer to a scan"}
  min_days: {default: 14, unit: days, doc: "days on which flow logs have the machine before a verdict"}
needs: [public_ips, instances, traffic]
effort: medium
risk: medium
sources:
  - {title: "AWS: every public IPv4 address costs 0.005 USD an hour, used ones too", url: "https://aws.amazon.com/vpc/pricing/"}
  - {title: "AWS: Public IP Insights, addresses in use and who could do without", url: "https://docs.aws.amazon.com/vpc/latest/ipam/view-public-ip-insights.html"}
  - {title: "Google Cloud: external addresses of running machines are charged", url: "https://cloud.google.com/vpc/network-pricing#ipaddress"}
  - {title: "Alibaba Cloud: fees of an elastic address by what it is bound to", url: "https://www.alibabacloud.com/help/en/eip/billing-faq"}
traps:
  no-flow-log: "A machine that no flow log has may talk to anybody."
  few-days: "Two weeks without a visitor are the least: some come once a week."
  own-machines: "Own machines that come by the public address can come by the private one."
  outgoing: "A machine that only fetches from the internet needs its address, or a NAT gateway."
  stopped: "A machine that is off talks to nobody, and stopped-instance judges it."
remediation:
  aws:
    release:
      - aws ec2 describe-addresses --region {region} --allocation-ids {resource_id} --query Addresses[].AssociationId
      - aws ec2 disassociate-address --region {region} --association-id ASSOCIATION
      - "# kept: the reserved address; wait a week for somebody to miss it before you go on"
      - aws ec2 release-address --region {region} --allocation-id {resource_id}
      - "# undo, before the last line: aws ec2 associate-address --region {region} --allocation-id {resource_id} --instance-id {current_instance}"
      - "# undo, while nobody else has it: aws ec2 allocate-address --region {region} --domain vpc --address {current_address}"
    lent:
      - "# kept: nothing, an address that was not reserved goes for good; an elastic one that is associated first keeps a way in"
      - aws ec2 modify-network-interface-attribute --region {region} --network-interface-id INTERFACE_OF_{current_instance} --no-associate-public-ip-address
      - "# undo, with another address: aws ec2 modify-network-interface-attribute --region {region} --network-interface-id INTERFACE_OF_{current_instance} --associate-public-ip-address"
  alibaba:
    release:
      - aliyun vpc UnassociateEipAddress --region {region} --AllocationId {resource_id} --InstanceId {current_instance}
      - "# kept: the reserved address; wait a week for somebody to miss it before you go on"
      - aliyun vpc ReleaseEipAddress --region {region} --AllocationId {resource_id}
      - "# undo, before the last line: aliyun vpc AssociateEipAddress --region {region} --AllocationId {resource_id} --InstanceId {current_instance}"
      - "# undo, while nobody else has it: aliyun vpc AllocateEipAddress --region {region} --IpAddress {current_address}"
    subscription:
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode eip --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode eip --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit M"
  gcp:
    - "# kept: the reserved address until the second line; wait a week between the two for somebody to miss it"
    - gcloud compute instances delete-access-config {current_instance_name} --project {account_id} --zone {current_zone} --access-config-name 'External NAT'
    - gcloud compute addresses delete {resource_name} --project {account_id} --region {region}
    - "# undo, before the second line: gcloud compute instances add-access-config {current_instance_name} --project {account_id} --zone {current_zone} --address {current_address}"
    - "# cannot be undone: after the second line Google gives back no address of your choice."
doc: |
  Private instead of public addresses: finds addresses of running machines that exchange next to nothing with the internet by flow
  logs of at least two weeks, because nobody comes, because only own machines come (by a private address they can as well), or
  because visitors come through a load balancer. An address costs whether it is used or not, and is a door. It is wrong for a door that is kept for emergencies, and
  for a machine whose visitors come once a quarter: look at who is on allow lists. Flow logs say nothing of a machine that they do not
  have: it is not evaluated. What a firewall refused is no visitor. Bytes to object storage and other services of the cloud count as the internet:
  without the address they need an endpoint. On Alibaba Cloud an address by traffic
  costs nothing while a machine has it: there the saving is none and the door remains.
---*/
WITH outside AS (
    SELECT cloud, account_id, resource_id, max(all_gib_month) * 1073.741824 AS mb, max(days) AS days
    FROM traffic_pairs
    WHERE kind = 'internet'
    GROUP BY cloud, account_id, resource_id
),
own AS (
    SELECT cloud, account_id, resource_id, max(all_gib_month) AS gib,
        max(CASE WHEN place = 1 THEN peer END) AS peer
    FROM traffic_pairs
    WHERE kind = 'public_ip'
    GROUP BY cloud, account_id, resource_id
),
logged AS (
    SELECT cloud, account_id, resource_id, max(days) AS days
    FROM traffic_pairs
    WHERE kind = 'all'
    GROUP BY cloud, account_id, resource_id
),
judged AS (
    SELECT
        p.cloud, p.account_id, p.region, p.ip_id, p.address, p.purchase_model, p.expires_at, p.auto_renew, i.instance_id, i.name, i.zone,
        l.days, coalesce(o.mb, 0) AS mb, w.gib AS own_gib, w.peer,
        CASE
            WHEN i.state <> 'running' THEN 'off'
            WHEN l.cloud IS NULL THEN 'no flows'
            WHEN o.mb > $max_mb THEN 'used'
            WHEN l.days < $min_days THEN 'few days'
            ELSE 'finding'
        END AS state
    FROM public_ips AS p
    JOIN instances AS i ON i.cloud = p.cloud AND i.account_id = p.account_id AND i.region = p.region AND i.instance_id = p.resource_id
    LEFT JOIN logged AS l ON l.cloud = p.cloud AND l.account_id = p.account_id AND l.resource_id = i.instance_id
    LEFT JOIN outside AS o ON o.cloud = p.cloud AND o.account_id = p.account_id AND o.resource_id = i.instance_id
    LEFT JOIN own AS w ON w.cloud = p.cloud AND w.account_id = p.account_id AND w.resource_id = i.instance_id
    WHERE p.state = 'in_use'
)
SELECT
    cloud,
    account_id,
    region,
    ip_id AS resource_id,
    CASE WHEN state = 'finding' THEN 'finding' WHEN state IN ('used', 'off') THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'off' THEN 'Its machine ' || instance_id || ' does not run.'
        WHEN 'no flows' THEN 'No flow log has its machine ' || instance_id || ', so who talks to it is not known.'
        WHEN 'used' THEN 'Its machine ' || instance_id || ' exchanges ' || amount(mb) || ' MB a month with the internet (limit ' || amount($max_mb) || ').'
        WHEN 'few days' THEN 'Flow logs have its machine ' || instance_id || ' on ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        ELSE 'Its machine ' || instance_id || ' exchanged ' || amount(mb) || ' MB a month with the internet (limit ' || amount($max_mb) || ') on ' || counted(days, 'day', 'days') || ' of flow logs'
            || coalesce(', and ' || amount(own_gib) || ' GiB a month over it with own machines, such as ' || peer, '')
            || renewal(purchase_model, expires_at, auto_renew) || '.'
    END AS reason,
    'all' AS components,
    CASE WHEN purchase_model = 'subscription' OR days < 30 THEN 'low' ELSE 'medium' END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN days < 30 THEN 'visitors who come once a month were perhaps not seen'
        ELSE 'it may be a door for emergencies'
    END AS confidence_reason,
    CASE WHEN purchase_model = 'subscription' THEN 'subscription' WHEN cloud = 'aws' AND ip_id = address THEN 'lent' END AS remediation_case,
    address AS current_address,
    instance_id AS current_instance,
    name AS current_instance_name,
    zone AS current_zone,
    'private address only' AS proposed_address,
    mb AS internet_mb_month,
    own_gib AS own_gib_month,
    days AS flow_days
FROM judged
