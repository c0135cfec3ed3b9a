/*---
id: low-io-volume
title: An attached data volume that practically nothing reads or writes
class: unused
action: delete
resource: volume
parameters:
  idle_ops_max: {default: 0.01, unit: operations per second, doc: "reads and writes together, as the mean of the busiest day: below this practically nothing happens"}
  idle_peak_max: {default: 5, unit: operations per second, doc: "and no single measured moment is above this"}
  low_ops_max: {default: 1, unit: operations per second, doc: "in use, but below this on average a cheaper type is enough"}
  low_day_ops_max: {default: 20, unit: operations per second, doc: "mean of the busiest day up to which a cheaper type is proposed; a weekly backup is above it"}
  min_days: {default: 7, unit: days, doc: "days of data and of life before a verdict"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
needs: [volumes, instances, instance_types, "metrics:disk_read_ops_per_second", "metrics:disk_write_ops_per_second"]
excludes: [volume-type-upgrade]
effort: low
risk: medium
sources:
  - {title: "AWS Trusted Advisor: under one operation a day for 7 days, boot volumes excluded", url: "https://docs.aws.amazon.com/awssupport/latest/user/cost-optimization-checks.html"}
  - {title: "AWS Compute Optimizer: idle EBS volumes over 14 days", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/view-idle-recommendations.html"}
  - {title: "Alibaba Cloud: what the performance levels of an ESSD carry", url: "https://www.alibabacloud.com/help/en/ecs/user-guide/essds"}
  - {title: "Google Cloud: what a standard persistent disk carries", url: "https://cloud.google.com/compute/docs/disks/performance"}
traps:
  weekly-backup: "A backup on one day of the week is use, though the other six are silent."
  daily-peak: "A daily peak is use, though its mean over the day is below every limit."
  boot-volume: "A boot volume is quiet and needed."
  half-measured: "Silent reads say nothing of the writes."
  means-only: "Means without maxima may hide a moment of work."
  pod-claim: "A volume of a Kubernetes claim is the cluster's to give up."
  stopped-machine: "A volume of a machine that is off is quiet because the machine is off."
remediation:
  aws:
    delete:
      - aws ec2 create-snapshot --region {region} --volume-id {resource_id} --description before-delete
      - aws ec2 wait snapshot-completed --region {region} --filters Name=volume-id,Values={resource_id}
      - aws ec2 detach-volume --region {region} --volume-id {resource_id}
      - aws ec2 wait volume-available --region {region} --volume-ids {resource_id}
      - aws ec2 delete-volume --region {region} --volume-id {resource_id}
      - "# undo: aws ec2 create-volume --region {region} --availability-zone {zone} --snapshot-id SNAPSHOT --volume-type {current_volume_type}"
    change-type:
      - aws ec2 modify-volume --region {region} --volume-id {resource_id} --volume-type {proposed_volume_type} --iops {proposed_iops} --throughput {proposed_throughput_mib}
      - "# undo: aws ec2 modify-volume --region {region} --volume-id {resource_id} --volume-type {current_volume_type}"
  alibaba:
    delete:
      - aliyun ecs CreateSnapshot --region {region} --DiskId {resource_id} --SnapshotName before-delete-{resource_id}
      - aliyun ecs DescribeSnapshots --region {region} --DiskId {resource_id} --SnapshotName before-delete-{resource_id} --waiter expr='Snapshots.Snapshot[0].Status' to=accomplished timeout=600
      - aliyun ecs DetachDisk --region {region} --InstanceId {current_instance_id} --DiskId {resource_id}
      - aliyun ecs DescribeDisks --region {region} --DiskIds '["'{resource_id}'"]' --waiter expr='Disks.Disk[0].Status' to=Available
      - aliyun ecs DeleteDisk --region {region} --DiskId {resource_id}
      - "# undo: aliyun ecs CreateDisk --region {region} --ZoneId {zone} --DiskCategory {current_volume_type} --SnapshotId SNAPSHOT"
    change-type:
      - aliyun ecs CreateSnapshot --region {region} --DiskId {resource_id} --SnapshotName before-change-{resource_id}
      - aliyun ecs DescribeSnapshots --region {region} --DiskId {resource_id} --SnapshotName before-change-{resource_id} --waiter expr='Snapshots.Snapshot[0].Status' to=accomplished timeout=600
      - aliyun ecs CreateDisk --region {region} --ZoneId {zone} --DiskCategory {proposed_volume_type} --PerformanceLevel {proposed_performance_level} --SnapshotId SNAPSHOT
      - aliyun ecs DetachDisk --region {region} --InstanceId {current_instance_id} --DiskId {resource_id}
      - aliyun ecs AttachDisk --region {region} --InstanceId {current_instance_id} --DiskId NEW_DISK
      - "# undo, the new one detached: aliyun ecs AttachDisk --region {region} --InstanceId {current_instance_id} --DiskId {resource_id}"
    subscription:
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode yundisk --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode yundisk --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit M"
  gcp:
    delete:
      - gcloud compute snapshots create before-delete-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-zone {zone}
      - gcloud compute instances detach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}
      - gcloud compute disks delete {resource_name} --project {account_id} --zone {zone}
      - "# undo: gcloud compute disks create {resource_name} --project {account_id} --zone {zone} --type {current_volume_type} --source-snapshot before-delete-{resource_id}"
    change-type:
      - gcloud compute snapshots create before-change-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-zone {zone}
      - gcloud compute disks create {resource_name}-new --project {account_id} --zone {zone} --type {proposed_volume_type} --source-snapshot before-change-{resource_id}
      - gcloud compute instances detach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}
      - gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}-new
      - "# undo, the new one detached: gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}"
    regional_delete:
      - gcloud compute snapshots create before-delete-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-region {region}
      - gcloud compute instances detach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name} --disk-scope regional
      - gcloud compute disks delete {resource_name} --project {account_id} --region {region}
      - "# undo: gcloud compute disks create {resource_name} --project {account_id} --region {region} --replica-zones ZONE,ZONE --type {current_volume_type} --source-snapshot before-delete-{resource_id}"
    regional_change:
      - gcloud compute snapshots create before-change-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-region {region}
      - gcloud compute disks create {resource_name}-new --project {account_id} --region {region} --replica-zones ZONE,ZONE --type {proposed_volume_type} --source-snapshot before-change-{resource_id}
      - gcloud compute instances detach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name} --disk-scope regional
      - gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}-new --disk-scope regional
      - "# undo, the new one detached: gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name} --disk-scope regional"
doc: |
  Finds data volumes of running machines on which practically no operation happens, over at least a week and
  over all data there is: take a snapshot, detach, delete after two quiet weeks. A volume that is in use, but
  below one operation per second on average and without a busy day, is proposed a cheaper type only, one that
  carries its highest moment, with lower confidence. A boot volume is never judged, a weekly backup or a daily peak is use, a volume of a Kubernetes
  claim belongs to the cluster, and one of a stopped machine to the rule stopped-instance. It is wrong for a
  standby copy or an archive that must be at hand: ask the owner before you delete.
  On Alibaba Cloud the cheaper type is an ESSD of level PL0, which every machine that takes an ESSD takes; an ultra disk
  would be cheaper still, but newer machines refuse it. There a disk is measured as the mean of an hour, so confidence
  is medium at most, and a disk by subscription is paid until its term ends: the command stops its renewal.
  Google measures a disk as the mean of an hour, too. Its standard disks are for older series: a machine of another one
  keeps its type.
---*/
WITH ladder (cloud, volume_type, level, cheaper, new_level, iops_base, iops_gib, iops_cap, medium) AS (
    -- What the cheaper type carries: iops_base + iops_gib for each GiB, at most iops_cap.
    VALUES ('aws', 'io1', '', 'gp3', '', 3000, 0, 3000, 'ssd'), ('aws', 'io2', '', 'gp3', '', 3000, 0, 3000, 'ssd'),
        ('aws', 'gp2', '', 'gp3', '', 3000, 0, 3000, 'ssd'),
        ('alibaba', 'cloud_essd', 'PL3', 'cloud_essd', 'PL0', 1800, 12, 10000, 'ssd'),
        ('alibaba', 'cloud_essd', 'PL2', 'cloud_essd', 'PL0', 1800, 12, 10000, 'ssd'),
        ('alibaba', 'cloud_essd', 'PL1', 'cloud_essd', 'PL0', 1800, 12, 10000, 'ssd'),
        ('alibaba', 'cloud_ssd', '', 'cloud_essd', 'PL0', 1800, 12, 10000, 'ssd'),
        ('alibaba', 'cloud_auto', '', 'cloud_essd', 'PL0', 1800, 12, 10000, 'ssd'),
        ('gcp', 'pd-ssd', '', 'pd-standard', '', 0, 0.75, 7500, 'hdd'), ('gcp', 'pd-balanced', '', 'pd-standard', '', 0, 0.75, 7500, 'hdd')
),
hourly (cloud) AS (
    -- Clouds that measure a disk as the mean of an hour only.
    VALUES ('alibaba'), ('gcp')
),
refused (cloud, family, volume_type) AS (
    -- Machines that take no such volume. https://cloud.google.com/compute/docs/disks#disk-types
    VALUES ('gcp', 'a3', 'pd-standard'), ('gcp', 'c3', 'pd-standard'), ('gcp', 'c3d', 'pd-standard'), ('gcp', 'g2', 'pd-standard'),
        ('gcp', 'h3', 'pd-standard'), ('gcp', 'm3', 'pd-standard'), ('gcp', 'z3', 'pd-standard')
),
judged AS (
    SELECT
        v.cloud, v.account_id, v.region, v.volume_id, v.volume_type, v.size_gib, v.iops, v.throughput_mib, v.performance_level,
        v.instance_id, v.zone, i.name AS instance_name, i.zone AS instance_zone, v.kubernetes_claim, v.purchase_model, v.expires_at, v.auto_renew, h.cloud IS NOT NULL AS hourly,
        l.cheaper, l.new_level, l.medium, a.ops_days AS days, a.ops_coverage AS coverage,
        a.ops_avg, a.ops_day, a.ops_peak,
        CASE
            WHEN v.is_boot THEN 'boot'
            WHEN a.ops_day > $low_day_ops_max OR a.ops_avg > $low_ops_max THEN 'in use'
            WHEN v.is_boot IS NULL THEN 'boot unknown'
            WHEN i.state = 'stopped' THEN 'machine off'
            WHEN v.created_at > $min_days_cutoff THEN 'new'
            WHEN a.ops_days IS NULL OR a.ops_peak IS NULL THEN 'no data'
            WHEN a.ops_days < $min_days THEN 'too few days'
            WHEN a.ops_coverage < $min_coverage THEN 'gaps'
            WHEN v.kubernetes_claim IS NOT NULL THEN 'claimed'
            WHEN a.ops_day <= $idle_ops_max AND a.ops_peak <= $idle_peak_max THEN 'idle'
            WHEN r.cloud IS NOT NULL THEN 'refused'
            WHEN a.ops_peak <= least(l.iops_cap, l.iops_base + l.iops_gib * v.size_gib) THEN 'low'
            ELSE 'in use'
        END AS state
    FROM volumes AS v
    LEFT JOIN instances AS i ON i.cloud = v.cloud AND i.account_id = v.account_id AND i.region = v.region
        AND i.instance_id = v.instance_id
    LEFT JOIN activity AS a ON a.cloud = v.cloud AND a.account_id = v.account_id AND a.region = v.region
        AND a.resource_id = v.volume_id
    LEFT JOIN hourly AS h ON h.cloud = v.cloud
    LEFT JOIN ladder AS l ON l.cloud = v.cloud AND l.volume_type = v.volume_type AND l.level = coalesce(v.performance_level, '')
    LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
    LEFT JOIN refused AS r ON r.cloud = t.cloud AND r.family = t.family AND r.volume_type = l.cheaper
    WHERE v.state = 'attached'
)
SELECT
    cloud,
    account_id,
    region,
    volume_id AS resource_id,
    CASE WHEN state IN ('idle', 'low') THEN 'finding' WHEN state IN ('boot', 'in use', 'refused') THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE WHEN state = 'low' THEN 'change-type' ELSE 'delete' END AS action,
    CASE state
        WHEN 'idle' THEN 'It did ' || amount(ops_day) || ' operations per second on the busiest of ' || counted(days, 'day', 'days')
            || ' (limit ' || amount($idle_ops_max) || ') and never more than ' || amount(ops_peak) || ' (limit ' || amount($idle_peak_max) || ')'
            || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'low' THEN 'It did ' || amount(ops_avg) || ' operations per second on average and ' || amount(ops_day)
            || ' on the busiest of ' || counted(days, 'day', 'days') || ' (limits ' || amount($low_ops_max) || ' and '
            || amount($low_day_ops_max) || '): ' || concat(cheaper, ' ' || nullif(new_level, '')) || ' is enough'
            || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'boot' THEN 'A machine boots from it.'
        WHEN 'in use' THEN 'It did ' || amount(ops_avg) || ' operations per second on average, ' || amount(ops_day) || ' on its busiest day and ' || amount(ops_peak) || ' at its peak.'
        WHEN 'refused' THEN 'It does little, but its machine takes no ' || cheaper || '.'
        WHEN 'boot unknown' THEN 'Whether a machine boots from it is not known.'
        WHEN 'machine off' THEN 'Its machine is off; the rule stopped-instance judges both together.'
        WHEN 'new' THEN 'It is younger than ' || counted($min_days, 'day', 'days') || '.'
        WHEN 'no data' THEN 'Its operations are not measured in both directions.'
        WHEN 'too few days' THEN 'There is data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'gaps' THEN 'Data covers ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
        ELSE 'It does little, but belongs to the Kubernetes claim ' || kubernetes_claim || ', which only the cluster may give up.'
    END AS reason,
    CASE WHEN state = 'low' THEN 'storage,iops,throughput' ELSE 'all' END AS components,
    CASE
        WHEN state = 'low' OR purchase_model = 'subscription' THEN 'low'
        WHEN days < 35 OR hourly THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN state = 'low' THEN 'it is in use, and a cheaper type is slower'
        WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
        WHEN hourly THEN 'its highest moment is known only as the mean of an hour'
    END AS confidence_reason,
    CASE
        WHEN purchase_model = 'subscription' THEN 'subscription'
        WHEN cloud = 'gcp' AND zone IS NULL THEN CASE WHEN state = 'low' THEN 'regional_change' ELSE 'regional_delete' END
    END AS remediation_case,
    instance_name AS current_instance_name,
    instance_zone AS current_zone,
    instance_id AS current_instance_id,
    volume_type AS current_volume_type,
    performance_level AS current_performance_level,
    size_gib AS current_size_gib,
    iops AS current_iops,
    throughput_mib AS current_throughput_mib,
    CASE WHEN state = 'low' THEN cheaper END AS proposed_volume_type,
    CASE WHEN state = 'low' THEN nullif(new_level, '') END AS proposed_performance_level,
    CASE WHEN state = 'low' THEN size_gib END AS proposed_size_gib,
    CASE WHEN state = 'low' AND cheaper = 'gp3' THEN 3000 END AS proposed_iops,
    CASE WHEN state = 'low' AND cheaper = 'gp3' THEN 125 END AS proposed_throughput_mib,
    CASE WHEN state = 'low' THEN medium END AS proposed_medium,
    CASE WHEN state = 'idle' THEN 'deleted' END AS proposed_state,
    days,
    coverage,
    ops_avg AS ops_per_second_average,
    ops_day AS ops_per_second_busiest_day,
    ops_peak AS ops_per_second_peak
FROM judged
