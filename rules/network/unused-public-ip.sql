/*---
id: unused-public-ip
title: A public address that is reserved and not used
class: unused
action: release
resource: public_ip
parameters:
  min_days: {default: 7, unit: days, doc: "unused for at least so long, where the cloud tells since when"}
  min_hours: {default: 24, unit: hours, doc: "idle hours on the bill before a verdict, where only the bill is known"}
needs: [public_ips, charges]
excludes: [stopped-instance]
effort: low
risk: low
sources:
  - {title: "AWS: every public IPv4 address costs 0.005 USD an hour, idle ones too", url: "https://aws.amazon.com/vpc/pricing/"}
  - {title: "Google Cloud: reserved static addresses that are not in use", url: "https://cloud.google.com/vpc/network-pricing#ipaddress"}
  - {title: "Alibaba Cloud: the retention fee of an elastic address", url: "https://www.alibabacloud.com/help/en/eip/billing-faq"}
traps:
  shared-fee: "On Alibaba Cloud addresses of NAT gateways and load balancers pay the same fee as unused ones."
  between-two-uses: "An idle hour between two uses is not waste."
  in-use-again: "The bill tells of last week, the inventory of today."
  reserved-for-years: "An address reserved for years may be unused since yesterday only."
  two-currencies: "An address billed in two currencies is one address."
remediation:
  aws:
    - "# kept: nothing but the right to ask for the same address again, while nobody else has it"
    - aws ec2 release-address --region {region} --allocation-id {resource_id}
    - "# undo, while nobody else has it: aws ec2 allocate-address --region {region} --domain vpc --address {current_address}"
  alibaba:
    release:
      - "# kept: nothing but the right to ask for the same address again, while nobody else has it"
      - aliyun vpc ReleaseEipAddress --region {region} --AllocationId {resource_id}
      - "# undo, while nobody else has it: aliyun vpc AllocateEipAddress --region {region} --IpAddress {current_address}"
    subscription:
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode eip --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode eip --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit M"
  gcp:
    release:
      - "# kept: nothing, an address that was released is for anybody who asks"
      - gcloud compute addresses delete {resource_name} --project {account_id} --region {region}
      - "# cannot be undone: Google gives back no address of your choice."
    global:
      - "# kept: nothing, an address that was released is for anybody who asks"
      - gcloud compute addresses delete {resource_name} --project {account_id} --global
      - "# cannot be undone: Google gives back no address of your choice."
doc: |
  Finds public addresses that are kept and used by nothing, from the inventory, and from the bill where there is
  no inventory (the bill itself calls the hours idle). Where the cloud does not tell since when an address is
  unused, the idle hours on the bill stand in, and without a bill its presence alone. It is wrong for an address that partners have on an allow
  list or that a fail-over needs. A released address is gone for good (Google gives back no address of one's choice): check the allow lists first.
  On Alibaba Cloud the configuration fee is charged for an address that is bound to nothing, and for one that a NAT
  gateway or a load balancer has, too: the bill alone is no proof there. An address by bandwidth pays for that as well,
  and one by subscription is paid until its term ends: the command stops its renewal.
---*/
WITH vague (cloud) AS (
    -- Clouds whose fee for an unused address is that of some used ones, too.
    VALUES ('alibaba')
),
billed AS (
    SELECT cloud, account_id, max(region) AS region, resource_id, sum(quantity) AS hours
    FROM cost
    WHERE component = 'public_ip_idle' AND resource_id IS NOT NULL
    GROUP BY cloud, account_id, resource_id
),
addresses AS (
    SELECT
        p.cloud, p.account_id, p.region, p.ip_id, p.address, p.state, 'inventory' AS known_from, b.hours, p.created_at,
        p.charge_type, p.purchase_model, p.expires_at, p.auto_renew,
        floor(days_between(p.unused_since, $as_of)) AS days_unused,
        CASE
            WHEN p.state = 'in_use' THEN 'in use'
            WHEN p.unused_since IS NOT NULL THEN CASE WHEN p.unused_since > $min_days_cutoff THEN 'recent' ELSE 'unused' END
            WHEN p.created_at > $min_days_cutoff THEN 'new'
            WHEN b.hours IS NOT NULL THEN CASE WHEN b.hours < $min_hours THEN 'few hours' ELSE 'billed idle' END
            ELSE 'unknown since'
        END AS case_of
    FROM public_ips AS p
    LEFT JOIN billed AS b ON b.cloud = p.cloud AND b.account_id = p.account_id AND b.resource_id = p.ip_id
    UNION ALL
    SELECT
        b.cloud, b.account_id, coalesce(b.region, 'global'), b.resource_id, NULL, 'unused', 'bill', b.hours, NULL,
        NULL, NULL, NULL, NULL, NULL,
        CASE WHEN g.cloud IS NOT NULL THEN 'vague fee' WHEN b.hours IS NULL THEN 'no hours' WHEN b.hours < $min_hours THEN 'few hours' ELSE 'billed idle' END
    FROM billed AS b
    LEFT JOIN vague AS g ON g.cloud = b.cloud
    LEFT JOIN public_ips AS p ON p.cloud = b.cloud AND p.account_id = b.account_id AND p.ip_id = b.resource_id
    WHERE p.ip_id IS NULL
),
told AS (
    SELECT cloud, account_id, region, ip_id, address, state, known_from, hours, created_at, charge_type, purchase_model,
        expires_at, days_unused, case_of,
        CASE WHEN charge_type = 'bandwidth' THEN '; its bandwidth is paid for whether anything uses it or not' ELSE '' END
            || renewal(purchase_model, expires_at, auto_renew) AS more
    FROM addresses
)
SELECT
    cloud,
    account_id,
    region,
    ip_id AS resource_id,
    CASE
        WHEN case_of IN ('unused', 'billed idle', 'unknown since') THEN 'finding'
        WHEN case_of IN ('no hours', 'vague fee') THEN 'not_evaluated'
        ELSE 'ok'
    END AS verdict,
    CASE case_of
        WHEN 'in use' THEN 'It is in use.'
        WHEN 'unused' THEN 'Nothing has used it for ' || counted(days_unused, 'day', 'days') || ' (limit ' || amount($min_days) || ')' || more || '.'
        WHEN 'recent' THEN 'Nothing has used it for ' || counted(days_unused, 'day', 'days') || ' (limit ' || amount($min_days) || ').'
        WHEN 'new' THEN 'Nothing uses it, and it was reserved ' || counted(floor(days_between(created_at, $as_of)), 'day', 'days') || ' ago (limit ' || amount($min_days) || ').'
        WHEN 'no hours' THEN 'The bill charges it as idle, but does not tell for how many hours.'
        WHEN 'vague fee' THEN 'The bill charges a fee for it that an address of a gateway or balancer pays as well, and nobody looked which it is.'
        WHEN 'unknown since' THEN 'Nothing uses it; since when is not known (limit where it is: ' || counted($min_days, 'day', 'days') || ')' || more || '.'
        ELSE 'The bill charges it as idle for ' || counted(hours, 'hour', 'hours') || ' (limit ' || amount($min_hours) || ')' || more || '.'
    END AS reason,
    'all' AS components,
    CASE WHEN purchase_model = 'subscription' THEN 'low' WHEN case_of = 'unused' THEN 'high' ELSE 'medium' END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN known_from = 'bill' THEN 'known from the bill only: nobody looked whether it is in use by now'
        WHEN case_of IN ('billed idle', 'unknown since') THEN 'the cloud does not tell since when it is unused'
    END AS confidence_reason,
    CASE
        WHEN purchase_model = 'subscription' THEN 'subscription'
        WHEN cloud = 'gcp' AND region = 'global' THEN 'global'
    END AS remediation_case,
    address AS current_address,
    state AS current_state,
    charge_type AS current_charge_type,
    purchase_model AS current_purchase_model,
    expires_at AS current_subscription_end,
    'released' AS proposed_state,
    days_unused,
    hours AS idle_hours_on_bill
FROM told
