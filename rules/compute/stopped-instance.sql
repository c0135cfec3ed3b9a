/*---
id: stopped-instance
title: A machine that is off still costs money
class: unused
action: terminate
resource: instance
parameters:
  min_days: {default: 30, unit: days, doc: "stopped for at least so long"}
needs: [instances, volumes, public_ips]
excludes: [low-io-volume, volume-type-upgrade]
effort: low
risk: medium
sources:
  - {title: "AWS Trusted Advisor: instances stopped for more than 30 days", url: "https://docs.aws.amazon.com/awssupport/latest/user/cost-optimization-checks.html"}
  - {title: "Alibaba Cloud: economical mode, and what a stopped instance goes on paying", url: "https://www.alibabacloud.com/help/en/ecs/user-guide/economical-mode"}
remediation:
  aws:
    - aws ec2 create-image --region {region} --instance-id {resource_id} --name backup-{resource_id} --no-reboot
    - aws ec2 wait image-available --region {region} --owners self --filters Name=name,Values=backup-{resource_id}
    - aws ec2 terminate-instances --region {region} --instance-ids {resource_id}
    - "# undo: aws ec2 run-instances --region {region} --image-id IMAGE --instance-type {current_instance_type}"
  alibaba:
    - aliyun ecs CreateImage --RegionId {region} --InstanceId {resource_id}
    - aliyun ecs DeleteInstance --InstanceId {resource_id}
  gcp:
    - gcloud compute machine-images create backup-{resource_id} --source-instance {resource_id} --source-instance-zone {zone} --project {account_id}
    - gcloud compute instances delete {resource_id} --zone {zone} --project {account_id} --delete-disks all
doc: |
  Finds machines that have been off for a month or more. The machine itself costs nothing then, except on
  Alibaba Cloud without economical mode or by subscription, but its volumes and reserved addresses do: the
  saving is what they cost. It is wrong for a machine that is switched on once a quarter or kept as evidence.
  Make an image, check that it starts, then terminate the machine with its volumes and release its addresses.
---*/
WITH attached AS (
    SELECT cloud, account_id, region, instance_id, count(*) AS volumes, sum(size_gib) AS size_gib
    FROM volumes
    WHERE instance_id IS NOT NULL
    GROUP BY cloud, account_id, region, instance_id
),
reserved AS (
    SELECT cloud, account_id, region, resource_id, count(*) AS addresses
    FROM public_ips
    WHERE resource_id IS NOT NULL
    GROUP BY cloud, account_id, region, resource_id
),
judged AS (
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, i.instance_type, coalesce(i.scaling_group, i.cluster) AS member_of,
        i.purchase_model, v.volumes, v.size_gib, r.addresses, floor(days_between(i.state_since, $as_of)) AS days,
        coalesce(CASE
            WHEN i.purchase_model = 'subscription' THEN ', its subscription'
            WHEN i.stopped_mode = 'keep_charging' THEN ', itself as if it ran'
        END, '') || coalesce(', ' || counted(v.volumes, 'volume', 'volumes') || coalesce(' of ' || amount(v.size_gib) || ' GiB', ''), '')
            || coalesce(', ' || counted(r.addresses, 'public address', 'public addresses'), '') AS pays_for,
        CASE
            WHEN i.state_since IS NULL THEN 'since unknown'
            WHEN i.state_since > $min_days_cutoff THEN 'recent'
            WHEN v.volumes IS NULL AND r.addresses IS NULL AND coalesce(i.stopped_mode, '') <> 'keep_charging'
                AND coalesce(i.purchase_model, '') <> 'subscription' THEN 'volumes unknown'
            ELSE 'paying'
        END AS state
    FROM instances AS i
    LEFT JOIN attached AS v ON v.cloud = i.cloud AND v.account_id = i.account_id AND v.region = i.region
        AND v.instance_id = i.instance_id
    LEFT JOIN reserved AS r ON r.cloud = i.cloud AND r.account_id = i.account_id AND r.region = i.region
        AND r.resource_id = i.instance_id
    WHERE i.state = 'stopped'
)
SELECT
    cloud,
    account_id,
    region,
    instance_id AS resource_id,
    CASE state WHEN 'paying' THEN 'finding' WHEN 'recent' THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'paying' THEN 'It has been off for ' || counted(days, 'day', 'days') || ' (limit ' || amount($min_days) || ') and is still paid for' || replace(':' || pays_for, ':,', ':') || '.'
        WHEN 'since unknown' THEN 'It is off, but since when is not known.'
        WHEN 'recent' THEN 'It has been off for ' || counted(days, 'day', 'days') || ' (limit ' || amount($min_days) || ').'
        ELSE 'It is off, but what hangs on it is not known: not even the volume it boots from is in the inventory.'
    END AS reason,
    'all,attached' AS components,
    CASE WHEN purchase_model = 'subscription' THEN 'low' WHEN member_of IS NOT NULL THEN 'medium' ELSE 'high' END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN 'its subscription is paid already: the saving starts at renewal'
        WHEN member_of IS NOT NULL THEN 'it belongs to the group ' || member_of
    END AS confidence_reason,
    instance_type AS current_instance_type,
    'stopped' AS current_state,
    'terminated' AS proposed_state,
    days AS days_stopped,
    volumes AS volumes_attached,
    size_gib AS attached_gib,
    addresses AS public_addresses
FROM judged
