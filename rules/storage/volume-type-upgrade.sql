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
  head-room. On AWS and Alibaba the change is made in place; on Google it is a new disk from a snapshot. It
  changes the rate, not the machine: emissions stay the same.
---*/
WITH work AS (
    SELECT
        cloud, account_id, region, resource_id,
        min(days) AS days, min(coverage) AS coverage,
        sum(CASE WHEN metric IN ('disk_read_ops_per_second', 'disk_write_ops_per_second') THEN peak END) AS ops,
        sum(CASE WHEN metric IN ('disk_read_bytes_per_second', 'disk_write_bytes_per_second') THEN peak END) / 1048576.0 AS mib,
        count(*) AS sides
    FROM usage
    WHERE metric IN ('disk_read_ops_per_second', 'disk_write_ops_per_second', 'disk_read_bytes_per_second', 'disk_write_bytes_per_second')
    GROUP BY cloud, account_id, region, resource_id
),
-- Limits of what is proposed: base + per_gib * size, capped; MiB/s alike. `blind` needs no data: nothing is lost.
ladder (cloud, volume_type, level, new_type, new_level, iops_base, iops_gib, iops_cap, mib_base, mib_gib, mib_cap, blind) AS (
    VALUES
        ('aws', 'gp2', '', 'gp3', '', 3000, 0, 3000, 125, 0, 125, TRUE),
        ('alibaba', 'cloud_essd', 'PL3', 'cloud_essd', 'PL2', 4000, 50, 100000, 120, 0.5, 750, FALSE),
        ('alibaba', 'cloud_essd', 'PL2', 'cloud_essd', 'PL1', 1800, 50, 50000, 120, 0.5, 350, FALSE),
        ('alibaba', 'cloud_essd', 'PL1', 'cloud_essd', 'PL0', 1800, 12, 10000, 100, 0.25, 180, FALSE),
        ('gcp', 'pd-ssd', '', 'pd-balanced', '', 3000, 6, 80000, 140, 0.28, 1200, FALSE)
),
facts AS (
    SELECT
        v.cloud, v.account_id, v.region, v.volume_id, v.volume_type, v.performance_level, v.size_gib, v.medium,
        l.new_type, l.new_level, l.blind, w.days, w.coverage, w.ops, w.mib,
        least(l.iops_cap, l.iops_base + l.iops_gib * v.size_gib) AS iops_limit,
        least(l.mib_cap, l.mib_base + l.mib_gib * v.size_gib) AS mib_limit,
        CASE WHEN v.volume_type = 'gp2' THEN least(16000, greatest(100, 3 * v.size_gib)) ELSE v.iops END AS iops_now,
        CASE WHEN v.volume_type = 'gp2' THEN CASE WHEN v.size_gib <= 170 THEN 128 ELSE 250 END ELSE v.throughput_mib END AS mib_now,
        w.sides = 4 AND w.days >= $min_days AND w.coverage >= $min_coverage AS observed
    FROM volumes AS v
    JOIN ladder AS l ON l.cloud = v.cloud AND l.volume_type = v.volume_type AND l.level = coalesce(v.performance_level, '')
    LEFT JOIN work AS w ON w.cloud = v.cloud AND w.account_id = v.account_id AND w.region = v.region
        AND w.resource_id = v.volume_id
    WHERE v.size_gib IS NOT NULL
),
sized AS (
    SELECT
        cloud, account_id, region, volume_id, volume_type, performance_level, size_gib, medium, new_type, new_level,
        blind, days, coverage, ops, mib, iops_limit, mib_limit, iops_now, mib_now, coalesce(observed, FALSE) AS observed,
        -- What to provision on gp3: what gp2 gave, or less where a month of data shows less is used.
        CASE WHEN blind THEN ceil(greatest(iops_limit, least(iops_now, CASE WHEN observed THEN ops / (1 - $headroom) ELSE iops_now END))) END AS iops_new,
        CASE WHEN blind THEN ceil(greatest(mib_limit, least(mib_now, CASE WHEN observed THEN mib / (1 - $headroom) ELSE mib_now END))) END AS mib_new
    FROM facts
)
SELECT
    cloud,
    account_id,
    region,
    volume_id AS resource_id,
    CASE
        WHEN blind THEN 'finding'
        WHEN NOT observed THEN 'not_evaluated'
        WHEN ops <= iops_limit * (1 - $headroom) AND mib <= mib_limit * (1 - $headroom) THEN 'finding'
        ELSE 'ok'
    END AS verdict,
    CASE
        WHEN blind THEN 'It is ' || volume_type || ' with ' || amount(iops_now) || ' operations per second by its size; ' || new_type
            || ' with ' || amount(iops_new) || ' operations and ' || amount(mib_new) || ' MiB per second gives the same (included: ' || amount(iops_limit) || ' and ' || amount(mib_limit) || ').'
        WHEN NOT observed THEN 'Its operations are not measured over ' || $min_days || ' days, so it is not known whether a lower level would carry them.'
        WHEN ops <= iops_limit * (1 - $headroom) AND mib <= mib_limit * (1 - $headroom)
            THEN 'At its highest moment in ' || days || ' days it did ' || amount(ops) || ' operations and ' || amount(mib)
                || ' MiB per second; ' || new_type || ' ' || new_level || ' carries ' || amount(iops_limit) || ' and ' || amount(mib_limit) || ' (head-room ' || in_percent($headroom) || ').'
        ELSE 'Its highest moment of ' || amount(ops) || ' operations and ' || amount(mib) || ' MiB per second does not fit ' || new_type || ' ' || new_level || '.'
    END AS reason,
    'storage,iops,throughput' AS components,
    'high' AS confidence,
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
