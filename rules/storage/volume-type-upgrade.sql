/*---
id: volume-type-upgrade
title: A cheaper type or performance level carries the same load
class: modernise
action: change-type
resource: volume
parameters:
  headroom: {default: 0.3, unit: ratio, doc: "share of the cheaper type's limits that stays free at the highest moment"}
  min_days: {default: 28, unit: days, doc: "days of data before a level is lowered to what was observed; Alibaba keeps those of a disk for 30 days"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
needs: [volumes, instances, "metrics:disk_read_ops_per_second", "metrics:disk_write_ops_per_second", "metrics:disk_read_bytes_per_second", "metrics:disk_write_bytes_per_second"]
excludes: [low-io-volume]
effort: low
risk: low
sources:
  - {title: "Amazon EBS: gp2 has 3 IOPS per GiB, gp3 has 3,000 IOPS and 125 MiB/s included", url: "https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html"}
  - {title: "Alibaba Cloud ESSD performance levels and their limits", url: "https://www.alibabacloud.com/help/en/ecs/user-guide/essds"}
  - {title: "Google Cloud Persistent Disk: limits per GiB, and a base that the disks of a machine share", url: "https://cloud.google.com/compute/docs/disks/performance"}
  - {title: "Google Cloud Hyperdisk Balanced: 3,000 operations and 140 MiB per second included", url: "https://cloud.google.com/compute/docs/disks/hd-types/hyperdisk-balanced"}
traps:
  quarter-end: "A peak at the quarter end is load that the cheaper type must carry."
  bigger-than-included: "A gp2 above 1,000 GiB gives more operations than gp3 includes."
  bytes-not-operations: "The operations may fit while the bytes do not."
  operations-only: "Operations without bytes are not the whole load."
  shared-base: "On Google the disks of a machine share a base: what the others need is not left."
  pod-claim: "A volume of a Kubernetes claim is changed through its storage class."
  paid-ahead: "The level of a subscription can only be raised before it ends."
remediation:
  aws:
    - aws ec2 modify-volume --region {region} --volume-id {resource_id} --volume-type {proposed_volume_type} --iops {proposed_iops} --throughput {proposed_throughput_mib}
    - "# undo: aws ec2 modify-volume --region {region} --volume-id {resource_id} --volume-type {current_volume_type}"
  alibaba:
    change-type:
      - aliyun ecs ModifyDiskSpec --region {region} --DiskId {resource_id} --DiskCategory {proposed_volume_type} --PerformanceLevel {proposed_performance_level}
      - "# undo: aliyun ecs ModifyDiskSpec --region {region} --DiskId {resource_id} --DiskCategory {current_volume_type} --PerformanceLevel {current_performance_level}"
    provisioned:
      - aliyun ecs ModifyDiskSpec --region {region} --DiskId {resource_id} --DiskCategory cloud_auto --ProvisionedIops 0
      - "# undo: aliyun ecs ModifyDiskSpec --region {region} --DiskId {resource_id} --DiskCategory cloud_auto --ProvisionedIops {current_iops}"
    new_disk:
      - aliyun ecs CreateSnapshot --region {region} --DiskId {resource_id} --SnapshotName before-change-{resource_id}
      - aliyun ecs DescribeSnapshots --region {region} --DiskId {resource_id} --SnapshotName before-change-{resource_id} --waiter expr='Snapshots.Snapshot[0].Status' to=accomplished timeout=600
      - aliyun ecs CreateDisk --region {region} --ZoneId {zone} --DiskCategory {proposed_volume_type} --PerformanceLevel {proposed_performance_level} --SnapshotId SNAPSHOT
      - "# undo, the old one is there still: aliyun ecs DeleteDisk --region {region} --DiskId NEW_DISK"
    swap_disk:
      - aliyun ecs CreateSnapshot --region {region} --DiskId {resource_id} --SnapshotName before-change-{resource_id}
      - aliyun ecs DescribeSnapshots --region {region} --DiskId {resource_id} --SnapshotName before-change-{resource_id} --waiter expr='Snapshots.Snapshot[0].Status' to=accomplished timeout=600
      - aliyun ecs CreateDisk --region {region} --ZoneId {zone} --DiskCategory {proposed_volume_type} --PerformanceLevel {proposed_performance_level} --SnapshotId SNAPSHOT
      - aliyun ecs DetachDisk --region {region} --InstanceId {current_instance_id} --DiskId {resource_id}
      - aliyun ecs AttachDisk --region {region} --InstanceId {current_instance_id} --DiskId NEW_DISK
      - "# undo, the new one detached: aliyun ecs AttachDisk --region {region} --InstanceId {current_instance_id} --DiskId {resource_id}"
    subscription:
      - aliyun ecs CreateSnapshot --region {region} --DiskId {resource_id} --SnapshotName before-change-{resource_id}
      - aliyun ecs DescribeSnapshots --region {region} --DiskId {resource_id} --SnapshotName before-change-{resource_id} --waiter expr='Snapshots.Snapshot[0].Status' to=accomplished timeout=600
      - aliyun ecs CreateDisk --region {region} --ZoneId {zone} --DiskCategory {proposed_volume_type} --PerformanceLevel {proposed_performance_level} --SnapshotId SNAPSHOT
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode yundisk --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode yundisk --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit M"
  gcp:
    change-type:
      - gcloud compute snapshots create before-change-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-zone {zone}
      - gcloud compute disks create {resource_name}-new --project {account_id} --zone {zone} --type {proposed_volume_type} --source-snapshot before-change-{resource_id}
      - "# undo, the old one is there still: gcloud compute disks delete {resource_name}-new --project {account_id} --zone {zone}"
    swap_disk:
      - gcloud compute instances stop {current_instance_name} --project {account_id} --zone {current_zone}
      - gcloud compute snapshots create before-change-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-zone {zone}
      - gcloud compute disks create {resource_name}-new --project {account_id} --zone {zone} --type {proposed_volume_type} --source-snapshot before-change-{resource_id}
      - gcloud compute instances detach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}
      - gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}-new
      - gcloud compute instances start {current_instance_name} --project {account_id} --zone {current_zone}
      - "# undo, the new one detached: gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}"
    swap_boot:
      - gcloud compute instances stop {current_instance_name} --project {account_id} --zone {current_zone}
      - gcloud compute snapshots create before-change-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-zone {zone}
      - gcloud compute disks create {resource_name}-new --project {account_id} --zone {zone} --type {proposed_volume_type} --source-snapshot before-change-{resource_id}
      - gcloud compute instances detach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}
      - gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}-new --boot
      - gcloud compute instances start {current_instance_name} --project {account_id} --zone {current_zone}
      - "# undo, the new one detached: gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name} --boot"
    lower:
      - gcloud compute disks update {resource_name} --project {account_id} --zone {zone} --provisioned-iops {proposed_iops} --provisioned-throughput {proposed_throughput_mib}
      - "# undo: gcloud compute disks update {resource_name} --project {account_id} --zone {zone} --provisioned-iops {current_iops} --provisioned-throughput {current_throughput_mib}"
    regional_new:
      - gcloud compute snapshots create before-change-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-region {region}
      - gcloud compute disks create {resource_name}-new --project {account_id} --region {region} --replica-zones ZONE,ZONE --type {proposed_volume_type} --source-snapshot before-change-{resource_id}
      - "# undo, the old one is there still: gcloud compute disks delete {resource_name}-new --project {account_id} --region {region}"
    regional_swap:
      - gcloud compute instances stop {current_instance_name} --project {account_id} --zone {current_zone}
      - gcloud compute snapshots create before-change-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-region {region}
      - gcloud compute disks create {resource_name}-new --project {account_id} --region {region} --replica-zones ZONE,ZONE --type {proposed_volume_type} --source-snapshot before-change-{resource_id}
      - gcloud compute instances detach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name} --disk-scope regional
      - gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}-new --disk-scope regional
      - gcloud compute instances start {current_instance_name} --project {account_id} --zone {current_zone}
      - "# undo, the new one detached: gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name} --disk-scope regional"
    regional_boot:
      - gcloud compute instances stop {current_instance_name} --project {account_id} --zone {current_zone}
      - gcloud compute snapshots create before-change-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-region {region}
      - gcloud compute disks create {resource_name}-new --project {account_id} --region {region} --replica-zones ZONE,ZONE --type {proposed_volume_type} --source-snapshot before-change-{resource_id}
      - gcloud compute instances detach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name} --disk-scope regional
      - gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}-new --disk-scope regional --boot
      - gcloud compute instances start {current_instance_name} --project {account_id} --zone {current_zone}
      - "# undo, the new one detached: gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name} --disk-scope regional --boot"
    regional_lower:
      - gcloud compute disks update {resource_name} --project {account_id} --region {region} --provisioned-iops {proposed_iops} --provisioned-throughput {proposed_throughput_mib}
      - "# undo: gcloud compute disks update {resource_name} --project {account_id} --region {region} --provisioned-iops {current_iops} --provisioned-throughput {current_throughput_mib}"
doc: |
  Finds volumes that get the same from a cheaper type. AWS gp2 becomes gp3, which costs less per GiB and includes
  3,000 operations per second; where gp2's size gave more than that, the difference is provisioned and priced,
  unless a month of data shows that it is not used. An Alibaba ESSD goes down one performance level, and a Google
  pd-ssd becomes pd-balanced, a pd-extreme pd-ssd, only when a month of data shows that the highest moment fits the lower
  limits with head-room. On AWS the change is made in place; on Google it is a new disk from a snapshot, while the machine
  is off. Limits of Google are the least that any machine gives where the two types differ, and the base that all disks
  of a machine share counts only as far as the others leave it. What a Hyperdisk Balanced has provisioned beyond what is
  included, and does not use, is given up in place. It is wrong where load is about to grow. It changes the rate, not the
  machine: emissions stay the same.
  On Alibaba Cloud the levels PL1 to PL3 are changed in place; PL0 cannot be reached like that, so it is a new disk from
  a snapshot, proposed for data disks only. A disk with provisioned performance (cloud_auto) keeps its type and gives
  up what its highest moment does not need. The highest moment is known as the mean of an hour only, so confidence is
  medium at most. The level of a disk by subscription can only be raised: the saving starts with a new disk when its term
  ends.
---*/
WITH ladder (cloud, volume_type, level, new_type, new_level, way, min_gib, iops_base, iops_gib, iops_cap, mib_base, mib_gib, mib_cap) AS (
    -- Limits of what is proposed: base + per GiB * size, at most the cap; MiB per second alike. min_gib is the smallest
    -- size it has. The way there: in place, by a new disk, or by giving up what is provisioned beside the size.
    VALUES
        ('aws', 'gp2', '', 'gp3', '', 'place', 1, 3000, 0, 3000, 125, 0, 125),
        ('alibaba', 'cloud_essd', 'PL3', 'cloud_essd', 'PL2', 'place', 461, 1800, 50, 100000, 120, 0.5, 750),
        ('alibaba', 'cloud_essd', 'PL2', 'cloud_essd', 'PL1', 'place', 20, 1800, 50, 50000, 120, 0.5, 350),
        ('alibaba', 'cloud_essd', 'PL1', 'cloud_essd', 'PL0', 'new', 1, 1800, 12, 10000, 100, 0.25, 180),
        ('alibaba', 'cloud_auto', '', 'cloud_auto', '', 'provisioned', 1, 1800, 50, 50000, 120, 0.5, 350),
        -- pd-balanced is slower than pd-ssd only on machines that give it 20,000 operations or more, and 1,000 MiB.
        ('gcp', 'pd-ssd', '', 'pd-balanced', '', 'swap', 10, 3000, 6, 15000, 140, 0.28, 1000),
        ('gcp', 'pd-extreme', '', 'pd-ssd', '', 'swap', 10, 6000, 30, 25000, 240, 0.48, 1000),
        ('gcp', 'hyperdisk-balanced', '', 'hyperdisk-balanced', '', 'lower', 1, 3000, 0, 3000, 140, 0, 140)
),
neighbours AS (
    -- Google: the other disks of the machine, which may all come to share the base of the new type.
    SELECT v.cloud, v.account_id, v.region, v.volume_id, sum(o.size_gib) AS size_gib, sum(a.ops_peak) AS ops, sum(a.bytes_peak) / 1048576.0 AS mib,
        count(*) > count(a.ops_peak + a.bytes_peak) AS unmeasured
    FROM volumes AS v
    JOIN volumes AS o ON o.cloud = v.cloud AND o.account_id = v.account_id AND o.region = v.region AND o.instance_id = v.instance_id
        AND o.volume_id <> v.volume_id AND o.volume_type IN ('pd-balanced', 'pd-ssd', 'pd-extreme')
    LEFT JOIN activity AS a ON a.cloud = o.cloud AND a.account_id = o.account_id AND a.region = o.region
        AND a.resource_id = o.volume_id
    WHERE v.cloud = 'gcp' AND v.volume_type IN ('pd-ssd', 'pd-extreme')
    GROUP BY v.cloud, v.account_id, v.region, v.volume_id
),
hourly (cloud) AS (
    -- Clouds that measure a disk as the mean of an hour only.
    VALUES ('alibaba'), ('gcp')
),
facts AS (
    SELECT
        v.cloud, v.account_id, v.region, v.volume_id, v.volume_type, v.performance_level, v.size_gib, v.medium,
        v.kubernetes_claim, v.purchase_model, v.expires_at, v.auto_renew, v.instance_id, v.is_boot, v.zone, i.name AS instance_name, i.zone AS instance_zone, h.cloud IS NOT NULL AS hourly,
        l.new_type, l.new_level, l.way, l.min_gib, l.new_type = 'gp3' AS in_reach,
        -- What the others do with their own size and the base is not left for this one.
        least(l.iops_cap, l.iops_gib * v.size_gib + CASE
            WHEN n.volume_id IS NULL THEN l.iops_base
            WHEN n.unmeasured THEN 0
            ELSE greatest(0, l.iops_base - greatest(0, n.ops / (1 - $headroom) - l.iops_gib * n.size_gib))
        END) AS iops_limit,
        least(l.mib_cap, l.mib_gib * v.size_gib + CASE
            WHEN n.volume_id IS NULL THEN l.mib_base
            WHEN n.unmeasured THEN 0
            ELSE greatest(0, l.mib_base - greatest(0, n.mib / (1 - $headroom) - l.mib_gib * n.size_gib))
        END) AS mib_limit,
        -- What gp2 gives follows from its size.
        CASE WHEN v.volume_type = 'gp2' THEN least(16000, greatest(100, 3 * v.size_gib)) ELSE v.iops END AS iops_now,
        CASE WHEN v.volume_type = 'gp2' THEN CASE WHEN v.size_gib <= 170 THEN 128 ELSE 250 END ELSE v.throughput_mib END AS mib_now,
        least(a.ops_days, a.bytes_days) AS days, least(a.ops_coverage, a.bytes_coverage) AS coverage,
        a.ops_peak AS ops, a.bytes_peak / 1048576.0 AS mib,
        coalesce(a.ops_days >= $min_days AND a.bytes_days >= $min_days AND a.ops_coverage >= $min_coverage
            AND a.bytes_coverage >= $min_coverage, FALSE) AS observed
    FROM volumes AS v
    JOIN ladder AS l ON l.cloud = v.cloud AND l.volume_type = v.volume_type AND l.level = coalesce(v.performance_level, '')
    LEFT JOIN hourly AS h ON h.cloud = v.cloud
    LEFT JOIN instances AS i ON i.cloud = v.cloud AND i.account_id = v.account_id AND i.region = v.region AND i.instance_id = v.instance_id
    LEFT JOIN neighbours AS n ON n.cloud = v.cloud AND n.account_id = v.account_id AND n.region = v.region AND n.volume_id = v.volume_id
    LEFT JOIN activity AS a ON a.cloud = v.cloud AND a.account_id = v.account_id AND a.region = v.region
        AND a.resource_id = v.volume_id
    WHERE v.state IN ('attached', 'unattached') AND (l.way <> 'provisioned' OR (v.iops > 0 AND coalesce(v.purchase_model, '') <> 'subscription'))
        AND (l.way <> 'lower' OR v.iops > l.iops_base OR v.throughput_mib > l.mib_base)
),
sized AS (
    SELECT
        cloud, account_id, region, volume_id, volume_type, performance_level, size_gib, medium, kubernetes_claim, purchase_model, expires_at, auto_renew,
        instance_id, is_boot, zone, instance_name, instance_zone, hourly, new_type, new_level, way, iops_limit, mib_limit, iops_now, mib_now, days, coverage, ops, mib, observed,
        -- What to provision on gp3: what gp2 gave, or less where a month of data shows that less is used.
        CASE WHEN way = 'lower' THEN least(greatest(iops_now, iops_limit), ceil(round(greatest(iops_limit, ops / (1 - $headroom)), 6)))
            WHEN in_reach THEN ceil(round(greatest(iops_limit, least(iops_now, CASE WHEN observed THEN ops / (1 - $headroom) ELSE iops_now END)), 6)) END AS iops_new,
        CASE WHEN way = 'lower' THEN least(greatest(mib_now, mib_limit), ceil(round(greatest(mib_limit, mib / (1 - $headroom)), 6)))
            WHEN in_reach THEN ceil(round(greatest(mib_limit, least(mib_now, CASE WHEN observed THEN mib / (1 - $headroom) ELSE mib_now END)), 6)) END AS mib_new,
        CASE WHEN way = 'provisioned' THEN new_type || ' without provisioned operations' ELSE concat(new_type, ' ' || nullif(new_level, '')) END AS target,
        CASE
            WHEN size_gib IS NULL THEN 'size unknown'
            WHEN in_reach THEN 'gp2'
            WHEN way = 'new' AND is_boot THEN 'boot'
            WHEN way = 'new' AND is_boot IS NULL THEN 'boot unknown'
            WHEN size_gib < min_gib THEN 'too small'
            WHEN NOT observed THEN 'no data'
            -- Operations and throughput of a Hyperdisk keep a proportion: 4 to 256 operations for each MiB.
            WHEN way = 'lower' AND ops <= iops_now * (1 - $headroom) AND mib <= mib_now * (1 - $headroom) THEN 'lower'
            WHEN ops <= iops_limit * (1 - $headroom) AND mib <= mib_limit * (1 - $headroom) THEN 'level'
            ELSE 'needed'
        END AS state
    FROM facts
),
whole AS (
    SELECT
        cloud, account_id, region, volume_id, volume_type, performance_level, size_gib, medium, kubernetes_claim, purchase_model, expires_at, auto_renew,
        instance_id, is_boot, zone, instance_name, instance_zone, hourly, new_type, new_level, way, target, state, iops_limit, mib_limit, iops_now, mib_now,
        iops_new, mib_new, days, coverage, ops, mib,
        CASE WHEN way = 'lower' THEN greatest(iops_new, 4 * mib_new) ELSE iops_new END AS iops_proposed,
        CASE WHEN way = 'lower' THEN greatest(mib_new, ceil(iops_new / 256)) ELSE mib_new END AS mib_proposed
    FROM sized
)
SELECT
    cloud,
    account_id,
    region,
    volume_id AS resource_id,
    CASE WHEN state IN ('gp2', 'level', 'lower') THEN 'finding' WHEN state IN ('needed', 'boot', 'too small') THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'gp2' THEN 'As gp2 its size gives it ' || amount(iops_now) || ' operations and ' || amount(mib_now) || ' MiB per second; '
            || CASE WHEN iops_new < iops_now OR mib_new < mib_now
                THEN 'its highest moment was ' || amount(ops) || ' and ' || amount(mib) || ', which gp3 with ' || amount(iops_new) || ' and ' || amount(mib_new) || ' carries (limit: ' || in_percent($headroom) || ' head-room).'
                ELSE 'as gp3 with ' || amount(iops_new) || ' and ' || amount(mib_new) || ' it loses nothing (limit: what it has now).'
            END
        WHEN 'level' THEN 'At its highest moment in ' || counted(days, 'day', 'days') || ' it did ' || amount(ops) || ' operations and ' || amount(mib)
            || ' MiB per second; ' || target || ' carries ' || amount(iops_limit) || ' and ' || amount(mib_limit) || ' (limit: ' || in_percent($headroom) || ' head-room)'
            || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'lower' THEN 'At its highest moment in ' || counted(days, 'day', 'days') || ' it did ' || amount(ops) || ' operations and ' || amount(mib)
            || ' MiB per second; ' || amount(iops_now) || ' and ' || amount(mib_now) || ' are provisioned, and ' || amount(iops_proposed) || ' and ' || amount(mib_proposed)
            || ' carry it (limit: ' || in_percent($headroom) || ' head-room).'
        WHEN 'needed' THEN 'Its highest moment of ' || amount(ops) || ' operations and ' || amount(mib) || ' MiB per second does not fit ' || target
            || ', which carries ' || amount(iops_limit) || ' and ' || amount(mib_limit) || ' (limit: ' || in_percent($headroom) || ' head-room).'
        WHEN 'size unknown' THEN 'Its size is not known.'
        WHEN 'boot' THEN 'A machine boots from it, and ' || target || ' takes a new disk.'
        WHEN 'boot unknown' THEN 'Whether a machine boots from it is not known, and ' || target || ' takes a new disk.'
        WHEN 'too small' THEN 'With ' || amount(size_gib) || ' GiB it is too small for ' || target || '.'
        ELSE 'Its operations and bytes are not measured over ' || counted($min_days, 'day', 'days') || ', so whether ' || target || ' would carry them is not known.'
    END AS reason,
    'storage,iops,throughput' AS components,
    CASE
        WHEN purchase_model = 'subscription' THEN 'low'
        WHEN kubernetes_claim IS NOT NULL OR hourly THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN kubernetes_claim IS NOT NULL THEN 'it belongs to the Kubernetes claim ' || kubernetes_claim || ': change it through its storage class'
        WHEN hourly THEN 'its highest moment is known only as the mean of an hour'
    END AS confidence_reason,
    CASE
        WHEN way = 'provisioned' THEN 'provisioned'
        WHEN purchase_model = 'subscription' THEN 'subscription'
        WHEN way = 'new' THEN CASE WHEN instance_id IS NULL THEN 'new_disk' ELSE 'swap_disk' END
        WHEN way = 'lower' THEN CASE WHEN zone IS NULL THEN 'regional_lower' ELSE 'lower' END
        WHEN way = 'swap' AND zone IS NULL THEN CASE WHEN instance_id IS NULL THEN 'regional_new' WHEN is_boot THEN 'regional_boot' ELSE 'regional_swap' END
        WHEN way = 'swap' AND instance_id IS NOT NULL THEN CASE WHEN is_boot THEN 'swap_boot' ELSE 'swap_disk' END
    END AS remediation_case,
    instance_id AS current_instance_id,
    instance_name AS current_instance_name,
    instance_zone AS current_zone,
    volume_type AS current_volume_type,
    performance_level AS current_performance_level,
    size_gib AS current_size_gib,
    iops_now AS current_iops,
    mib_now AS current_throughput_mib,
    new_type AS proposed_volume_type,
    nullif(new_level, '') AS proposed_performance_level,
    size_gib AS proposed_size_gib,
    CASE WHEN way = 'provisioned' THEN 0 ELSE iops_proposed END AS proposed_iops,
    mib_proposed AS proposed_throughput_mib,
    medium AS proposed_medium,
    days,
    coverage,
    ops AS ops_per_second_peak,
    mib AS mib_per_second_peak
FROM whole
