/*---
id: volume-type-upgrade
title: A cheaper type or performance level carries the same load
class: modernise
action: change-type
resource: volume
parameters:
  headroom: {default: 0.3, unit: ratio, doc: "share of the cheaper type's limits that stays free at the highest moment"}
  min_days: {default: 30, unit: days, doc: "days of data before a level is lowered to what was observed"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
needs: [volumes, "metrics:disk_read_ops_per_second", "metrics:disk_write_ops_per_second", "metrics:disk_read_bytes_per_second", "metrics:disk_write_bytes_per_second"]
excludes: [low-io-volume]
effort: low
risk: low
sources:
  - {title: "Amazon EBS: gp2 has 3 IOPS per GiB, gp3 has 3,000 IOPS and 125 MiB/s included", url: "https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html"}
  - {title: "Alibaba Cloud ESSD performance levels and their limits", url: "https://www.alibabacloud.com/help/en/ecs/user-guide/essds"}
  - {title: "Google Cloud Persistent Disk performance limits per GiB", url: "https://cloud.google.com/compute/docs/disks/performance"}
remediation:
  aws:
    - aws ec2 modify-volume --region {region} --volume-id {resource_id} --volume-type {proposed_volume_type} --iops {proposed_iops} --throughput {proposed_throughput_mib}
    - "# undo: aws ec2 modify-volume --region {region} --volume-id {resource_id} --volume-type {current_volume_type}"
  alibaba:
    - aliyun ecs ModifyDiskSpec --DiskId {resource_id} --DiskCategory {proposed_volume_type} --PerformanceLevel {proposed_performance_level}
  gcp:
    - gcloud compute disks snapshot {resource_id} --zone {zone} --project {account_id} --snapshot-names before-change
    - gcloud compute disks create NEW_DISK --zone {zone} --project {account_id} --type {proposed_volume_type} --source-snapshot before-change
doc: |
  Finds volumes that get the same from a cheaper type. AWS gp2 becomes gp3, which costs less per GiB and includes
  3,000 operations per second; where gp2's size gave more than that, the difference is provisioned and priced,
  unless a month of data shows that it is not used. An Alibaba ESSD goes down one performance level, and a Google
  pd-ssd becomes pd-balanced, only when a month of data shows that the highest moment fits the lower limits with
  head-room. On AWS and Alibaba the change is made in place; on Google it is a new disk from a snapshot, and for
  a boot disk a stop of the machine. It is wrong where load is about to grow. It changes the rate, not the
  machine: emissions stay the same.
---*/
WITH ladder (cloud, volume_type, level, new_type, new_level, iops_base, iops_gib, iops_cap, mib_base, mib_gib, mib_cap) AS (
    -- Limits of what is proposed: base + per GiB * size, at most the cap; MiB per second alike.
    VALUES
        ('aws', 'gp2', '', 'gp3', '', 3000, 0, 3000, 125, 0, 125),
        ('alibaba', 'cloud_essd', 'PL3', 'cloud_essd', 'PL2', 4000, 50, 100000, 120, 0.5, 750),
        ('alibaba', 'cloud_essd', 'PL2', 'cloud_essd', 'PL1', 1800, 50, 50000, 120, 0.5, 350),
        ('alibaba', 'cloud_essd', 'PL1', 'cloud_essd', 'PL0', 1800, 12, 10000, 100, 0.25, 180),
        ('gcp', 'pd-ssd', '', 'pd-balanced', '', 3000, 6, 80000, 140, 0.28, 1200)
),
facts AS (
    SELECT
        v.cloud, v.account_id, v.region, v.volume_id, v.volume_type, v.performance_level, v.size_gib, v.medium,
        v.kubernetes_claim, l.new_type, l.new_level, l.new_type = 'gp3' AS in_reach,
        least(l.iops_cap, l.iops_base + l.iops_gib * v.size_gib) AS iops_limit,
        least(l.mib_cap, l.mib_base + l.mib_gib * v.size_gib) AS mib_limit,
        -- What gp2 gives follows from its size.
        CASE WHEN v.volume_type = 'gp2' THEN least(16000, greatest(100, 3 * v.size_gib)) ELSE v.iops END AS iops_now,
        CASE WHEN v.volume_type = 'gp2' THEN CASE WHEN v.size_gib <= 170 THEN 128 ELSE 250 END ELSE v.throughput_mib END AS mib_now,
        least(a.ops_days, a.bytes_days) AS days, least(a.ops_coverage, a.bytes_coverage) AS coverage,
        a.ops_peak AS ops, a.bytes_peak / 1048576.0 AS mib,
        coalesce(a.ops_days >= $min_days AND a.bytes_days >= $min_days AND a.ops_coverage >= $min_coverage
            AND a.bytes_coverage >= $min_coverage, FALSE) AS observed
    FROM volumes AS v
    JOIN ladder AS l ON l.cloud = v.cloud AND l.volume_type = v.volume_type AND l.level = coalesce(v.performance_level, '')
    LEFT JOIN activity AS a ON a.cloud = v.cloud AND a.account_id = v.account_id AND a.region = v.region
        AND a.resource_id = v.volume_id
    WHERE v.state IN ('attached', 'unattached')
),
sized AS (
    SELECT
        cloud, account_id, region, volume_id, volume_type, performance_level, size_gib, medium, kubernetes_claim, new_type, new_level,
        iops_limit, mib_limit, iops_now, mib_now, days, coverage, ops, mib, observed,
        -- What to provision on gp3: what gp2 gave, or less where a month of data shows that less is used.
        CASE WHEN in_reach THEN ceil(round(greatest(iops_limit, least(iops_now, CASE WHEN observed THEN ops / (1 - $headroom) ELSE iops_now END)), 6)) END AS iops_new,
        CASE WHEN in_reach THEN ceil(round(greatest(mib_limit, least(mib_now, CASE WHEN observed THEN mib / (1 - $headroom) ELSE mib_now END)), 6)) END AS mib_new,
        CASE
            WHEN size_gib IS NULL THEN 'size unknown'
            WHEN in_reach THEN 'gp2'
            WHEN NOT observed THEN 'no data'
            WHEN ops <= iops_limit * (1 - $headroom) AND mib <= mib_limit * (1 - $headroom) THEN 'level'
            ELSE 'needed'
        END AS state
    FROM facts
)
SELECT
    cloud,
    account_id,
    region,
    volume_id AS resource_id,
    CASE WHEN state IN ('gp2', 'level') THEN 'finding' WHEN state = 'needed' THEN 'ok' ELSE 'not_evaluated' END AS verdict,
    CASE state
        WHEN 'gp2' THEN 'As gp2 its size gives it ' || amount(iops_now) || ' operations and ' || amount(mib_now) || ' MiB per second; '
            || CASE WHEN iops_new < iops_now OR mib_new < mib_now
                THEN 'its highest moment was ' || amount(ops) || ' and ' || amount(mib) || ', which gp3 with ' || amount(iops_new) || ' and ' || amount(mib_new) || ' carries (limit: ' || in_percent($headroom) || ' head-room).'
                ELSE 'as gp3 with ' || amount(iops_new) || ' and ' || amount(mib_new) || ' it loses nothing (limit: what it has now).'
            END
        WHEN 'level' THEN 'At its highest moment in ' || counted(days, 'day', 'days') || ' it did ' || amount(ops) || ' operations and ' || amount(mib)
            || ' MiB per second; ' || concat(new_type, ' ' || nullif(new_level, '')) || ' carries ' || amount(iops_limit) || ' and ' || amount(mib_limit) || ' (limit: ' || in_percent($headroom) || ' head-room).'
        WHEN 'needed' THEN 'Its highest moment of ' || amount(ops) || ' operations and ' || amount(mib) || ' MiB per second does not fit ' || concat(new_type, ' ' || nullif(new_level, ''))
            || ', which carries ' || amount(iops_limit) || ' and ' || amount(mib_limit) || ' (limit: ' || in_percent($headroom) || ' head-room).'
        WHEN 'size unknown' THEN 'Its size is not known.'
        ELSE 'Its operations and bytes are not measured over ' || counted($min_days, 'day', 'days') || ', so whether ' || concat(new_type, ' ' || nullif(new_level, '')) || ' would carry them is not known.'
    END AS reason,
    'storage,iops,throughput' AS components,
    CASE WHEN kubernetes_claim IS NOT NULL THEN 'medium' ELSE 'high' END AS confidence,
    CASE WHEN kubernetes_claim IS NOT NULL THEN 'it belongs to the Kubernetes claim ' || kubernetes_claim || ': change it through its storage class' END AS confidence_reason,
    volume_type AS current_volume_type,
    performance_level AS current_performance_level,
    size_gib AS current_size_gib,
    iops_now AS current_iops,
    mib_now AS current_throughput_mib,
    new_type AS proposed_volume_type,
    nullif(new_level, '') AS proposed_performance_level,
    size_gib AS proposed_size_gib,
    iops_new AS proposed_iops,
    mib_new AS proposed_throughput_mib,
    medium AS proposed_medium,
    days,
    coverage,
    ops AS ops_per_second_peak,
    mib AS mib_per_second_peak
FROM sized
