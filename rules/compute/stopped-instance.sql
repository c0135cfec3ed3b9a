/*---
id: stopped-instance
title: A machine that is off still costs money
class: unused
action: terminate
resource: instance
parameters:
  min_days: {default: 30, unit: days, doc: "stopped for at least so long"}
needs: [instances, instance_types, volumes, public_ips]
excludes: [low-io-volume, volume-type-upgrade]
effort: low
risk: medium
sources:
  - {title: "AWS Trusted Advisor: instances stopped for more than 30 days", url: "https://docs.aws.amazon.com/awssupport/latest/user/cost-optimization-checks.html"}
  - {title: "Google Cloud: what a stopped VM goes on paying", url: "https://cloud.google.com/compute/docs/instances/stop-start-instance#billing"}
  - {title: "Alibaba Cloud: economical mode, and what a stopped instance goes on paying", url: "https://www.alibabacloud.com/help/en/ecs/user-guide/economical-mode"}
traps:
  keep-charging: "On Alibaba Cloud a machine stopped in standard mode pays as if it ran."
  paid-ahead: "A subscription is paid while it is off, and until it ends."
  warm-spare: "A stopped member of a scaling group or a cluster may be a warm spare."
  unknown-since: "Off since nobody knows when is not off for long."
  switched-off-yesterday: "What was switched off yesterday may be on again tomorrow."
  unlisted-volumes: "Where not even the boot volume is known, nobody looked what hangs on it."
  free-address: "An address by traffic costs nothing while a machine has it, on Alibaba Cloud."
remediation:
  aws:
    - aws ec2 create-image --region {region} --instance-id {resource_id} --name backup-{resource_id} --no-reboot
    - aws ec2 wait image-available --region {region} --owners self --filters Name=name,Values=backup-{resource_id}
    - aws ec2 describe-volumes --region {region} --filters Name=attachment.instance-id,Values={resource_id} --query Volumes[].VolumeId
    - aws ec2 terminate-instances --region {region} --instance-ids {resource_id}
    - "# kept: volumes and addresses, which the saving counts and which cost on: aws ec2 delete-volume of each that the line before it printed, aws ec2 release-address"
    - "# undo: aws ec2 run-instances --region {region} --image-id IMAGE --instance-type {current_instance_type}"
  alibaba:
    terminate:
      - aliyun ecs CreateImage --region {region} --InstanceId {resource_id} --ImageName backup-{resource_id}
      - aliyun ecs DescribeImages --region {region} --ImageName backup-{resource_id} --Status Creating,Available --waiter expr='Images.Image[0].Status' to=Available timeout=600
      - aliyun ecs DescribeDisks --region {region} --InstanceId {resource_id}
      - aliyun ecs DeleteInstance --region {region} --InstanceId {resource_id}
      - "# kept: disks and addresses, which the saving counts and which cost on: aliyun ecs DeleteDisk of each that the line before it printed, aliyun vpc ReleaseEipAddress"
      - "# undo: aliyun ecs RunInstances --region {region} --ImageId IMAGE --InstanceType {current_instance_type} --VSwitchId SWITCH --SecurityGroupId GROUP"
    keep_charging:
      - aliyun ecs StartInstance --region {region} --InstanceId {resource_id}
      - aliyun ecs DescribeInstanceStatus --region {region} --InstanceId.1 {resource_id} --waiter expr='InstanceStatuses.InstanceStatus[0].Status' to=Running timeout=600
      - aliyun ecs StopInstance --region {region} --InstanceId {resource_id} --StoppedMode StopCharging
      - aliyun ecs DescribeInstanceStatus --region {region} --InstanceId.1 {resource_id} --waiter expr='InstanceStatuses.InstanceStatus[0].Status' to=Stopped timeout=600
      - aliyun ecs CreateImage --region {region} --InstanceId {resource_id} --ImageName backup-{resource_id}
      - aliyun ecs DescribeImages --region {region} --ImageName backup-{resource_id} --Status Creating,Available --waiter expr='Images.Image[0].Status' to=Available timeout=600
      - aliyun ecs DescribeDisks --region {region} --InstanceId {resource_id}
      - aliyun ecs DeleteInstance --region {region} --InstanceId {resource_id}
      - "# kept: disks and addresses, which the saving counts and which cost on: aliyun ecs DeleteDisk of each that the line before it printed, aliyun vpc ReleaseEipAddress"
      - "# undo: aliyun ecs RunInstances --region {region} --ImageId IMAGE --InstanceType {current_instance_type} --VSwitchId SWITCH --SecurityGroupId GROUP"
    subscription:
      - aliyun ecs ModifyInstanceAutoRenewAttribute --region {region} --InstanceId {resource_id} --RenewalStatus NotRenewal
      - "# undo: aliyun ecs ModifyInstanceAutoRenewAttribute --region {region} --InstanceId {resource_id} --RenewalStatus AutoRenewal --Duration 1 --PeriodUnit Month"
  gcp:
    - gcloud compute machine-images create backup-{resource_id} --project {account_id} --source-instance {resource_name} --source-instance-zone {zone}
    - gcloud compute instances delete {resource_name} --project {account_id} --zone {zone} --delete-disks all
    - "# kept: reserved addresses, which the saving counts and which cost on: gcloud compute addresses delete of each that it had"
    - "# undo: gcloud compute instances create {resource_name} --project {account_id} --zone {zone} --source-machine-image backup-{resource_id}"
doc: |
  Finds machines that have been off for a month or more. The machine itself costs nothing then, except on
  Alibaba Cloud without economical mode or by subscription, but its volumes and reserved addresses do: the
  saving is what they cost. It is wrong for a machine that is switched on once a quarter or kept as evidence.
  An address that a stopped machine has costs as much as an unused one on Google.
  Make an image, check that it starts, then terminate the machine with its volumes and release its addresses.
  On Alibaba Cloud a machine that was stopped in standard mode (KeepCharging) pays for itself as if it ran: until it
  is terminated, started and stopped again in economical mode (StopCharging) it pays for its disks only. That mode is
  not there for machines with local disks and for subscriptions; what local disks hold is in no image. A
  subscription is paid already and cannot be terminated before it ends: the command stops its renewal. Alibaba does
  not tell since when a machine is off, so its last measured hour stands in, with lower confidence.
---*/
WITH unpaid (cloud, charge_type) AS (
    -- Addresses that cost nothing as long as a machine has them.
    VALUES ('alibaba', 'traffic')
),
untold (cloud) AS (
    -- Clouds that do not tell since when a machine is off: its last measured hour stands in.
    VALUES ('alibaba')
),
attached AS (
    SELECT cloud, account_id, region, instance_id, count(*) AS volumes, sum(size_gib) AS size_gib
    FROM volumes
    WHERE instance_id IS NOT NULL
    GROUP BY cloud, account_id, region, instance_id
),
reserved AS (
    SELECT p.cloud, p.account_id, p.region, p.resource_id, count(*) AS addresses
    FROM public_ips AS p
    LEFT JOIN unpaid AS n ON n.cloud = p.cloud AND n.charge_type = p.charge_type
        AND coalesce(p.purchase_model, '') <> 'subscription'
    WHERE p.resource_id IS NOT NULL AND n.cloud IS NULL
    GROUP BY p.cloud, p.account_id, p.region, p.resource_id
),
judged AS (
    SELECT
        i.cloud, i.account_id, i.region, i.instance_id, i.instance_type, coalesce(i.scaling_group, i.cluster) AS member_of,
        i.purchase_model, i.expires_at, i.auto_renew, i.stopped_mode, t.local_disk_gib, u.cloud AS untold, v.volumes, v.size_gib, r.addresses, floor(days_between(i.state_since, $as_of)) AS days,
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
    LEFT JOIN untold AS u ON u.cloud = i.cloud
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
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
        WHEN 'paying' THEN 'It has been off for ' || counted(days, 'day', 'days') || ' (limit ' || amount($min_days) || ') and is still paid for' || replace(':' || pays_for, ':,', ':')
            || CASE WHEN local_disk_gib > 0 AND stopped_mode = 'keep_charging' THEN '; with local disks it has no economical mode' ELSE '' END
            || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'since unknown' THEN 'It is off, but since when is not known.'
        WHEN 'recent' THEN 'It has been off for ' || counted(days, 'day', 'days') || ' (limit ' || amount($min_days) || ').'
        ELSE 'It is off, but what hangs on it is not known: not even the volume it boots from is in the inventory.'
    END AS reason,
    'all,attached' AS components,
    CASE
        WHEN purchase_model = 'subscription' THEN 'low'
        WHEN member_of IS NOT NULL OR untold IS NOT NULL THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN member_of IS NOT NULL THEN 'it belongs to the group ' || member_of
        WHEN untold IS NOT NULL THEN 'the cloud does not tell since when it is off; its last measured hour stands in'
    END AS confidence_reason,
    CASE
        WHEN purchase_model = 'subscription' THEN 'subscription'
        WHEN stopped_mode = 'keep_charging' AND coalesce(local_disk_gib, 0) = 0 THEN 'keep_charging'
    END AS remediation_case,
    instance_type AS current_instance_type,
    'stopped' AS current_state,
    stopped_mode AS current_stopped_mode,
    purchase_model AS current_purchase_model,
    expires_at AS current_subscription_end,
    'terminated' AS proposed_state,
    days AS days_stopped,
    volumes AS volumes_attached,
    size_gib AS attached_gib,
    addresses AS public_addresses
FROM judged
