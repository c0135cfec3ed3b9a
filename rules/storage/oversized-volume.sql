/*---
id: oversized-volume
title: A volume with more size, operations or throughput than it uses
class: oversized
action: resize
resource: volume
parameters:
  headroom: {default: 0.3, unit: ratio, doc: "share of the provisioned operations and throughput that stays free at the highest moment"}
  size_headroom: {default: 0.4, unit: ratio, doc: "share of the new size that stays free once the filesystem has grown as much again as it did"}
  min_shrink: {default: 0.3, unit: ratio, doc: "share of the size that must go: a smaller volume is a new one and a copy"}
  min_gib: {default: 100, unit: GiB, doc: "size from which a copy pays"}
  min_days: {default: 30, unit: days, doc: "days of data before a verdict; Alibaba keeps those of a disk for 30 days"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
needs: [volumes, instances, "metrics:storage_utilization", "metrics:disk_read_ops_per_second", "metrics:disk_write_ops_per_second", "metrics:disk_read_bytes_per_second", "metrics:disk_write_bytes_per_second"]
excludes: [volume-type-upgrade, low-io-volume, unattached-volume]
effort: medium
risk: medium
sources:
  - {title: "Amazon EBS: provisioned operations and throughput are lowered in place, a size never is", url: "https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html"}
  - {title: "Amazon EBS: limits of io1, io2 and gp3", url: "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html"}
  - {title: "Google Cloud: the size of a disk can only be raised; a Hyperdisk's operations are changed in place", url: "https://cloud.google.com/compute/docs/disks/modify-hyperdisks"}
  - {title: "Alibaba Cloud: provisioned performance of an ESSD AutoPL disk", url: "https://www.alibabacloud.com/help/en/ecs/user-guide/essd-autopl-disks"}
  - {title: "Flexera: consumed operations below 40 % of what is provisioned", url: "https://github.com/flexera-public/policy_templates"}
  - {title: "Kubecost: volumes used below 20 %, with 25, 50 or 100 % on top", url: "https://github.com/kubecost/docs"}
traps:
  filesystem-unknown: "How full a filesystem is only an agent tells; it is never guessed from what is read and written."
  several-volumes: "An agent that tells of a machine with several volumes does not say of which."
  growing: "A filesystem that grows needs room for as much again."
  peak: "One moment at the limit of what is provisioned is use."
  size-gives-speed: "Where the size gives the operations, a smaller volume is slower."
  claim: "A volume of a Kubernetes claim is the cluster's to change."
  boot: "A machine boots from it, so a smaller one takes more than a copy of files."
  type-upgrade: "What a cheaper type or level gives up by itself is that rule's business."
remediation:
  aws:
    provisioned:
      - aws ec2 modify-volume --region {region} --volume-id {resource_id} --iops {proposed_iops}
      - "# undo: aws ec2 modify-volume --region {region} --volume-id {resource_id} --iops {current_iops}"
    provisioned_throughput:
      - aws ec2 modify-volume --region {region} --volume-id {resource_id} --iops {proposed_iops} --throughput {proposed_throughput_mib}
      - "# undo: aws ec2 modify-volume --region {region} --volume-id {resource_id} --iops {current_iops} --throughput {current_throughput_mib}"
    size:
      - aws ec2 create-snapshot --region {region} --volume-id {resource_id} --description before-resize
      - aws ec2 wait snapshot-completed --region {region} --filters Name=volume-id,Values={resource_id}
      - aws ec2 create-volume --region {region} --availability-zone {zone} --volume-type {current_volume_type} --size {proposed_size_gib}
      - aws ec2 attach-volume --region {region} --instance-id {current_instance_id} --volume-id NEW_VOLUME --device DEVICE
      - "# kept: the old volume, from which the files are copied (rsync -aHAX) with everything stopped that writes to it"
      - aws ec2 detach-volume --region {region} --volume-id {resource_id}
      - "# undo, the new one detached: aws ec2 attach-volume --region {region} --instance-id {current_instance_id} --volume-id {resource_id} --device DEVICE"
    size_iops:
      - aws ec2 create-snapshot --region {region} --volume-id {resource_id} --description before-resize
      - aws ec2 wait snapshot-completed --region {region} --filters Name=volume-id,Values={resource_id}
      - aws ec2 create-volume --region {region} --availability-zone {zone} --volume-type {current_volume_type} --size {proposed_size_gib} --iops {proposed_iops}
      - aws ec2 attach-volume --region {region} --instance-id {current_instance_id} --volume-id NEW_VOLUME --device DEVICE
      - "# kept: the old volume, from which the files are copied (rsync -aHAX) with everything stopped that writes to it"
      - aws ec2 detach-volume --region {region} --volume-id {resource_id}
      - "# undo, the new one detached: aws ec2 attach-volume --region {region} --instance-id {current_instance_id} --volume-id {resource_id} --device DEVICE"
    size_throughput:
      - aws ec2 create-snapshot --region {region} --volume-id {resource_id} --description before-resize
      - aws ec2 wait snapshot-completed --region {region} --filters Name=volume-id,Values={resource_id}
      - aws ec2 create-volume --region {region} --availability-zone {zone} --volume-type {current_volume_type} --size {proposed_size_gib} --iops {proposed_iops} --throughput {proposed_throughput_mib}
      - aws ec2 attach-volume --region {region} --instance-id {current_instance_id} --volume-id NEW_VOLUME --device DEVICE
      - "# kept: the old volume, from which the files are copied (rsync -aHAX) with everything stopped that writes to it"
      - aws ec2 detach-volume --region {region} --volume-id {resource_id}
      - "# undo, the new one detached: aws ec2 attach-volume --region {region} --instance-id {current_instance_id} --volume-id {resource_id} --device DEVICE"
  alibaba:
    provisioned:
      - aliyun ecs ModifyDiskSpec --region {region} --DiskId {resource_id} --DiskCategory {current_volume_type} --ProvisionedIops {proposed_iops}
      - "# undo: aliyun ecs ModifyDiskSpec --region {region} --DiskId {resource_id} --DiskCategory {current_volume_type} --ProvisionedIops {current_iops}"
    size:
      - aliyun ecs CreateSnapshot --region {region} --DiskId {resource_id} --SnapshotName before-resize-{resource_id}
      - aliyun ecs DescribeSnapshots --region {region} --DiskId {resource_id} --SnapshotName before-resize-{resource_id} --waiter expr='Snapshots.Snapshot[0].Status' to=accomplished timeout=600
      - aliyun ecs CreateDisk --region {region} --ZoneId {zone} --DiskCategory {current_volume_type} --Size {proposed_size_gib}
      - aliyun ecs AttachDisk --region {region} --InstanceId {current_instance_id} --DiskId NEW_DISK
      - "# kept: the old disk, from which the files are copied (rsync -aHAX) with everything stopped that writes to it"
      - aliyun ecs DetachDisk --region {region} --InstanceId {current_instance_id} --DiskId {resource_id}
      - "# undo, the new one detached: aliyun ecs AttachDisk --region {region} --InstanceId {current_instance_id} --DiskId {resource_id}"
    size_iops:
      - aliyun ecs CreateSnapshot --region {region} --DiskId {resource_id} --SnapshotName before-resize-{resource_id}
      - aliyun ecs DescribeSnapshots --region {region} --DiskId {resource_id} --SnapshotName before-resize-{resource_id} --waiter expr='Snapshots.Snapshot[0].Status' to=accomplished timeout=600
      - aliyun ecs CreateDisk --region {region} --ZoneId {zone} --DiskCategory {current_volume_type} --Size {proposed_size_gib} --ProvisionedIops {proposed_iops}
      - aliyun ecs AttachDisk --region {region} --InstanceId {current_instance_id} --DiskId NEW_DISK
      - "# kept: the old disk, from which the files are copied (rsync -aHAX) with everything stopped that writes to it"
      - aliyun ecs DetachDisk --region {region} --InstanceId {current_instance_id} --DiskId {resource_id}
      - "# undo, the new one detached: aliyun ecs AttachDisk --region {region} --InstanceId {current_instance_id} --DiskId {resource_id}"
    size_level:
      - aliyun ecs CreateSnapshot --region {region} --DiskId {resource_id} --SnapshotName before-resize-{resource_id}
      - aliyun ecs DescribeSnapshots --region {region} --DiskId {resource_id} --SnapshotName before-resize-{resource_id} --waiter expr='Snapshots.Snapshot[0].Status' to=accomplished timeout=600
      - aliyun ecs CreateDisk --region {region} --ZoneId {zone} --DiskCategory {current_volume_type} --Size {proposed_size_gib} --PerformanceLevel {current_performance_level}
      - aliyun ecs AttachDisk --region {region} --InstanceId {current_instance_id} --DiskId NEW_DISK
      - "# kept: the old disk, from which the files are copied (rsync -aHAX) with everything stopped that writes to it"
      - aliyun ecs DetachDisk --region {region} --InstanceId {current_instance_id} --DiskId {resource_id}
      - "# undo, the new one detached: aliyun ecs AttachDisk --region {region} --InstanceId {current_instance_id} --DiskId {resource_id}"
    subscription:
      - aliyun ecs CreateSnapshot --region {region} --DiskId {resource_id} --SnapshotName before-resize-{resource_id}
      - aliyun ecs CreateDisk --region {region} --ZoneId {zone} --DiskCategory {current_volume_type} --Size {proposed_size_gib}
      - "# kept: the old disk, from which the files are copied (rsync -aHAX) before its term ends"
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode yundisk --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode yundisk --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit M"
    subscription_iops:
      - aliyun ecs CreateSnapshot --region {region} --DiskId {resource_id} --SnapshotName before-resize-{resource_id}
      - aliyun ecs CreateDisk --region {region} --ZoneId {zone} --DiskCategory {current_volume_type} --Size {proposed_size_gib} --ProvisionedIops {proposed_iops}
      - "# kept: the old disk, from which the files are copied (rsync -aHAX) before its term ends"
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode yundisk --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode yundisk --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit M"
    subscription_level:
      - aliyun ecs CreateSnapshot --region {region} --DiskId {resource_id} --SnapshotName before-resize-{resource_id}
      - aliyun ecs CreateDisk --region {region} --ZoneId {zone} --DiskCategory {current_volume_type} --Size {proposed_size_gib} --PerformanceLevel {current_performance_level}
      - "# kept: the old disk, from which the files are copied (rsync -aHAX) before its term ends"
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode yundisk --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode yundisk --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit M"
  gcp:
    provisioned:
      - gcloud compute disks update {resource_name} --project {account_id} --zone {zone} --provisioned-iops {proposed_iops}
      - "# undo: gcloud compute disks update {resource_name} --project {account_id} --zone {zone} --provisioned-iops {current_iops}"
    size:
      - gcloud compute snapshots create before-resize-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-zone {zone}
      - gcloud compute disks create {resource_name}-new --project {account_id} --zone {zone} --type {current_volume_type} --size {proposed_size_gib}
      - gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}-new
      - "# kept: the old disk, from which the files are copied (rsync -aHAX) with everything stopped that writes to it"
      - gcloud compute instances detach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}
      - "# undo, the new one detached: gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}"
    size_iops:
      - gcloud compute snapshots create before-resize-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-zone {zone}
      - gcloud compute disks create {resource_name}-new --project {account_id} --zone {zone} --type {current_volume_type} --size {proposed_size_gib} --provisioned-iops {proposed_iops}
      - gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}-new
      - "# kept: the old disk, from which the files are copied (rsync -aHAX) with everything stopped that writes to it"
      - gcloud compute instances detach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}
      - "# undo, the new one detached: gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}"
    size_throughput:
      - gcloud compute snapshots create before-resize-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-zone {zone}
      - gcloud compute disks create {resource_name}-new --project {account_id} --zone {zone} --type {current_volume_type} --size {proposed_size_gib} --provisioned-iops {proposed_iops} --provisioned-throughput {proposed_throughput_mib}
      - gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}-new
      - "# kept: the old disk, from which the files are copied (rsync -aHAX) with everything stopped that writes to it"
      - gcloud compute instances detach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}
      - "# undo, the new one detached: gcloud compute instances attach-disk {current_instance_name} --project {account_id} --zone {current_zone} --disk {resource_name}"
doc: |
  Finds volumes that have more provisioned than they use. Operations and throughput that are paid for beside the size (AWS
  gp3, io1 and io2, Hyperdisk Extreme, ESSD AutoPL of which a part is used) are lowered in place to what the highest moment of at
  least 30 days needs, with 30 % head-room. A size is judged only where an agent tells how full the filesystem is, of the volume itself or of a
  machine that has only this one; it is never guessed. A volume cannot shrink: the way is a snapshot, a smaller volume, a
  copy of the files, and a swap, so at least 30 % must go, and the new one has room for as much growth again as was seen, with 40 % free. Where
  the size gives the operations, the smaller one must carry the highest moment, too. What volume-type-upgrade gives up by
  itself (gp2 to gp3, levels of an ESSD, all of an AutoPL disk's provisioned performance, Hyperdisk Balanced) is left to it, and volumes that
  do nothing to low-io-volume: of several only one counts. It is wrong before a load or a data set that is known to come.
  AWS and Google allow a volume to be changed again only after hours. On Alibaba Cloud and Google Cloud a disk is
  measured as the mean of an hour, so confidence is medium at most; a disk by subscription is paid until its term ends.
---*/
WITH meters (cloud, volume_type, iops_floor, iops_gib_floor, mib_floor, iops_per_mib, included_base, included_gib, included_cap) AS (
    -- What is paid for beside the size and lowered in place: the least it takes (for each GiB, too), operations that a MiB needs, and, where
    -- provisioned operations come on top of what the size gives, what that is.
    VALUES
        ('aws', 'gp3', 3000, 0, 125, 4, 0, 0, 0), ('aws', 'io1', 100, 0, NULL, 64, 0, 0, 0), ('aws', 'io2', 100, 0, NULL, 4, 0, 0, 0),
        ('gcp', 'hyperdisk-extreme', 2500, 2, NULL, 4, 0, 0, 0), ('alibaba', 'cloud_auto', 1, 0, NULL, 0, 1800, 50, 50000)
),
gives (cloud, volume_type, level, iops_base, iops_gib, mib_base, mib_gib, least_gib, most_iops_gib, ordered_with) AS (
    -- Operations and MiB per second that come with the size; 0 for each GiB where they do not depend on it. Then the operations
    -- that may be provisioned for each GiB (0: none are, or no such limit), and what a new volume is ordered with beside its type and size.
    VALUES
        ('aws', 'gp2', '', 0, 3, 128, 0, 1, 0, ''), ('aws', 'gp3', '', 3000, 0, 125, 0, 1, 500, '_throughput'),
        ('aws', 'io1', '', 0, 0, 0, 0, 4, 50, '_iops'), ('aws', 'io2', '', 0, 0, 0, 0, 4, 500, '_iops'),
        ('aws', 'st1', '', 0, 0, 0, 0.0390625, 125, 0, ''), ('aws', 'sc1', '', 0, 0, 0, 0.01171875, 125, 0, ''),
        ('alibaba', 'cloud_essd', 'PL0', 1800, 12, 100, 0.25, 1, 0, '_level'), ('alibaba', 'cloud_essd', 'PL1', 1800, 50, 120, 0.5, 20, 0, '_level'),
        ('alibaba', 'cloud_essd', 'PL2', 1800, 50, 120, 0.5, 461, 0, '_level'), ('alibaba', 'cloud_essd', 'PL3', 1800, 50, 120, 0.5, 1261, 0, '_level'),
        ('alibaba', 'cloud_auto', '', 1800, 50, 120, 0.5, 1, 950, '_iops'), ('alibaba', 'cloud_efficiency', '', 1800, 8, 100, 0.15, 20, 0, ''),
        ('alibaba', 'cloud_ssd', '', 1800, 30, 120, 0.5, 20, 0, ''),
        ('gcp', 'pd-standard', '', 0, 0.75, 0, 0.12, 10, 0, ''), ('gcp', 'pd-balanced', '', 0, 6, 0, 0.28, 10, 0, ''), ('gcp', 'pd-ssd', '', 0, 30, 0, 0.48, 10, 0, ''),
        ('gcp', 'hyperdisk-balanced', '', 0, 0, 0, 0, 4, 500, '_throughput'), ('gcp', 'hyperdisk-extreme', '', 0, 0, 0, 0, 64, 1000, '_iops')
),
hourly (cloud) AS (
    -- Clouds that measure a disk as the mean of an hour only.
    VALUES ('alibaba'), ('gcp')
),
alone AS (
    -- Machines with one volume: what an agent tells of the machine's disk is told of this one.
    SELECT cloud, account_id, region, instance_id
    FROM volumes
    WHERE instance_id IS NOT NULL
    GROUP BY cloud, account_id, region, instance_id
    HAVING count(*) = 1
),
filled AS (
    SELECT v.cloud, v.account_id, v.region, v.volume_id,
        coalesce(u.days, m.days) AS days, coalesce(u.coverage, m.coverage) AS coverage, coalesce(u.peak, m.peak) AS full_peak,
        -- Of what grows steadily the mean lies in the middle.
        coalesce(u.peak + 2 * greatest(u.peak - u.avg, 0), m.peak + 2 * greatest(m.peak - m.avg, 0)) AS full_then
    FROM volumes AS v
    LEFT JOIN alone AS a ON a.cloud = v.cloud AND a.account_id = v.account_id AND a.region = v.region AND a.instance_id = v.instance_id
    LEFT JOIN usage AS u ON u.cloud = v.cloud AND u.account_id = v.account_id AND u.region = v.region AND u.resource_id = v.volume_id AND u.metric = 'storage_utilization'
    LEFT JOIN usage AS m ON m.cloud = a.cloud AND m.account_id = a.account_id AND m.region = a.region AND m.resource_id = a.instance_id AND m.metric = 'storage_utilization'
),
facts AS (
    SELECT
        v.cloud, v.account_id, v.region, v.zone, v.volume_id, v.volume_type, v.performance_level, v.size_gib, v.iops, v.throughput_mib, v.medium, v.is_boot, v.instance_id,
        v.kubernetes_claim, v.purchase_model, v.expires_at, v.auto_renew, i.name AS instance_name, i.zone AS instance_zone, h.cloud IS NOT NULL AS hourly,
        p.iops_floor, p.mib_floor, g.least_gib, f.days AS full_days, f.full_peak,
        coalesce(p.cloud IS NOT NULL AND (v.iops > greatest(p.iops_floor, p.iops_gib_floor * v.size_gib) OR v.throughput_mib > p.mib_floor), FALSE) AS provisioned,
        coalesce(a.ops_days >= $min_days AND a.bytes_days >= $min_days AND a.ops_coverage >= $min_coverage AND a.bytes_coverage >= $min_coverage, FALSE) AS observed,
        coalesce(f.days >= $min_days AND f.coverage >= $min_coverage, FALSE) AS looked_into,
        least(a.ops_days, a.bytes_days) AS days, a.ops_peak AS ops, a.bytes_peak / 1048576.0 AS mib,
        greatest(p.iops_floor, ceil(p.iops_gib_floor * v.size_gib), ceil(round(a.ops_peak / (1 - $headroom) - least(p.included_cap, p.included_base + p.included_gib * v.size_gib), 6)),
            ceil(round(a.bytes_peak / 1048576.0 / (1 - $headroom) * p.iops_per_mib, 6))) AS iops_needed,
        greatest(p.mib_floor, ceil(round(a.bytes_peak / 1048576.0 / (1 - $headroom), 6))) AS mib_needed,
        -- What the filesystem needs, and where the size gives them the operations and the throughput.
        ceil(round(greatest(g.least_gib, v.size_gib * f.full_then / (1 - $size_headroom),
            -- A gp2 has the second half of its throughput from 334 GiB on.
            CASE WHEN v.volume_type = 'gp2' AND a.bytes_peak / 1048576.0 / (1 - $headroom) > g.mib_base THEN 334 ELSE 0 END,
            CASE WHEN g.iops_gib > 0 THEN (a.ops_peak / (1 - $headroom) - g.iops_base) / g.iops_gib ELSE 0 END,
            CASE WHEN g.mib_gib > 0 THEN (a.bytes_peak / 1048576.0 / (1 - $headroom) - g.mib_base) / g.mib_gib ELSE 0 END), 6)) AS size_carrying,
        g.iops_gib > 0 OR g.mib_gib > 0 AS size_gives_speed, g.most_iops_gib, g.ordered_with,
        CASE WHEN p.included_base > 0 THEN g.iops_base ELSE 0 END AS iops_before,
        -- A partly used AutoPL disk is lowered here; one that needs nothing beside its size is left to volume-type-upgrade.
        p.included_base > 0 AND a.ops_peak / (1 - $headroom) <= least(p.included_cap, p.included_base + p.included_gib * v.size_gib) AS all_to_go
    FROM volumes AS v
    LEFT JOIN meters AS p ON p.cloud = v.cloud AND p.volume_type = v.volume_type
    LEFT JOIN gives AS g ON g.cloud = v.cloud AND g.volume_type = v.volume_type AND g.level = coalesce(v.performance_level, '')
    LEFT JOIN hourly AS h ON h.cloud = v.cloud
    LEFT JOIN instances AS i ON i.cloud = v.cloud AND i.account_id = v.account_id AND i.region = v.region AND i.instance_id = v.instance_id
    LEFT JOIN filled AS f ON f.cloud = v.cloud AND f.account_id = v.account_id AND f.region = v.region AND f.volume_id = v.volume_id
    LEFT JOIN activity AS a ON a.cloud = v.cloud AND a.account_id = v.account_id AND a.region = v.region AND a.resource_id = v.volume_id
    WHERE v.state = 'attached' AND coalesce(i.state, 'running') = 'running'
),
sized AS (
    SELECT
        cloud, account_id, region, zone, volume_id, volume_type, performance_level, size_gib, iops, throughput_mib, medium, is_boot, instance_id, kubernetes_claim, purchase_model,
        expires_at, auto_renew, instance_name, instance_zone, hourly, mib_floor, least_gib, full_days, full_peak, days, ops, mib, iops_needed, mib_needed, size_gives_speed,
        provisioned, observed, looked_into, all_to_go, ordered_with,
        -- A new volume takes only so many operations for each GiB: in all, or on top of what the size gives where that comes first.
        greatest(size_carrying, CASE WHEN most_iops_gib > 0 THEN ceil((CASE WHEN observed AND iops_needed IS NOT NULL THEN least(iops, iops_needed) ELSE iops END
            + iops_before) / most_iops_gib) END) AS size_needed
    FROM facts
),
judged AS (
    SELECT
        cloud, account_id, region, zone, volume_id, volume_type, performance_level, size_gib, iops, throughput_mib, medium, is_boot, instance_id, kubernetes_claim, purchase_model,
        expires_at, auto_renew, instance_name, instance_zone, hourly, mib_floor, full_days, full_peak, days, ops, mib, iops_needed, mib_needed, size_needed, size_gives_speed,
        observed, ordered_with,
        CASE
            WHEN size_gib IS NULL THEN 'size unknown'
            WHEN is_boot IS FALSE AND size_gib >= $min_gib AND looked_into AND least_gib IS NOT NULL AND (observed OR NOT size_gives_speed)
                AND size_needed <= size_gib * (1 - $min_shrink) THEN CASE WHEN kubernetes_claim IS NULL THEN 'size' ELSE 'claim' END
            WHEN provisioned AND observed AND NOT coalesce(all_to_go, FALSE) AND coalesce(purchase_model, '') <> 'subscription'
                AND (iops_needed < iops OR mib_needed < throughput_mib) THEN CASE WHEN kubernetes_claim IS NULL THEN 'provisioned' ELSE 'claim' END
            WHEN provisioned AND NOT observed THEN 'not observed'
            WHEN size_gib < $min_gib THEN 'small'
            WHEN provisioned AND coalesce(all_to_go, FALSE) THEN 'other rule'
            WHEN is_boot THEN 'boot'
            WHEN is_boot IS NULL THEN 'boot unknown'
            WHEN full_peak IS NULL THEN 'not told'
            WHEN NOT looked_into THEN 'too few days'
            WHEN least_gib IS NULL THEN 'type unknown'
            WHEN size_gives_speed AND NOT observed THEN 'speed unknown'
            ELSE 'used'
        END AS state
    FROM sized
)
SELECT
    cloud,
    account_id,
    region,
    volume_id AS resource_id,
    CASE
        WHEN state IN ('size', 'provisioned') THEN 'finding'
        WHEN state IN ('small', 'boot', 'used', 'other rule') THEN 'ok'
        ELSE 'not_evaluated'
    END AS verdict,
    CASE state
        WHEN 'size' THEN 'Its filesystem was ' || in_percent(full_peak) || ' full at most in ' || counted(full_days, 'day', 'days') || ': ' || amount(size_needed) || ' of its ' || amount(size_gib)
            || ' GiB hold it, with as much growth again (limit: ' || in_percent($size_headroom) || ' head-room)' || renewal(purchase_model, expires_at, auto_renew) || '.'
        WHEN 'provisioned' THEN 'At its highest moment in ' || counted(days, 'day', 'days') || ' it did ' || amount(ops) || ' operations and ' || amount(mib) || ' MiB per second; '
            || amount(iops) || coalesce(' and ' || amount(CASE WHEN mib_floor IS NOT NULL THEN throughput_mib END), '') || ' are provisioned, and '
            || amount(least(iops, iops_needed)) || coalesce(' and ' || amount(CASE WHEN mib_floor IS NOT NULL THEN least(throughput_mib, mib_needed) END), '') || ' carry it (limit: '
            || in_percent($headroom) || ' head-room).'
        WHEN 'claim' THEN 'It has more than it uses, but belongs to the Kubernetes claim ' || kubernetes_claim || ', which only the cluster may change.'
        WHEN 'not observed' THEN 'What it has provisioned is paid for, and its operations and bytes are not measured over ' || counted($min_days, 'day', 'days') || '.'
        WHEN 'small' THEN 'With ' || amount(size_gib) || ' GiB a copy does not pay (limit ' || amount($min_gib) || ').'
        WHEN 'other rule' THEN 'It needs nothing of what is provisioned beside its size; the rule volume-type-upgrade gives that up.'
        WHEN 'boot' THEN 'A machine boots from it, and a smaller one takes more than a copy of files.'
        WHEN 'boot unknown' THEN 'Whether a machine boots from it is not known.'
        WHEN 'used' THEN 'Its filesystem was ' || in_percent(full_peak) || ' full, and it needs ' || amount(least(size_needed, size_gib)) || ' of its ' || amount(size_gib)
            || ' GiB (limit: ' || in_percent($min_shrink) || ' less).'
        WHEN 'too few days' THEN 'How full its filesystem is was told for ' || counted(full_days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'type unknown' THEN 'What a smaller volume of its type carries is not known.'
        WHEN 'speed unknown' THEN 'Its size gives it its operations, and these are not measured over ' || counted($min_days, 'day', 'days') || '.'
        WHEN 'size unknown' THEN 'Its size is not known.'
        ELSE 'How full its filesystem is nobody tells.'
    END AS reason,
    'storage,iops,throughput' AS components,
    CASE
        WHEN purchase_model = 'subscription' THEN 'low'
        WHEN state = 'size' OR hourly OR days < 35 THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN state = 'size' THEN 'what its filesystem will grow by is estimated from how it grew'
        WHEN hourly THEN 'its highest moment is known only as the mean of an hour'
        WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
    END AS confidence_reason,
    CASE
        WHEN purchase_model = 'subscription' THEN 'subscription' || ordered_with
        WHEN state = 'size' THEN 'size' || ordered_with
        WHEN mib_floor IS NOT NULL THEN 'provisioned_throughput'
        ELSE 'provisioned'
    END AS remediation_case,
    instance_id AS current_instance_id,
    instance_name AS current_instance_name,
    instance_zone AS current_zone,
    volume_type AS current_volume_type,
    performance_level AS current_performance_level,
    size_gib AS current_size_gib,
    iops AS current_iops,
    throughput_mib AS current_throughput_mib,
    volume_type AS proposed_volume_type,
    performance_level AS proposed_performance_level,
    CASE WHEN state = 'size' THEN size_needed ELSE size_gib END AS proposed_size_gib,
    CASE WHEN observed AND iops_needed IS NOT NULL THEN least(iops, iops_needed) ELSE iops END AS proposed_iops,
    CASE WHEN observed AND mib_floor IS NOT NULL THEN least(throughput_mib, mib_needed) ELSE throughput_mib END AS proposed_throughput_mib,
    medium AS proposed_medium,
    days,
    ops AS ops_per_second_peak,
    mib AS mib_per_second_peak,
    full_peak AS filesystem_full_peak,
    full_days AS filesystem_days
FROM judged
