/*---
id: unattached-volume
title: A volume that no machine uses
class: unused
action: delete
resource: volume
parameters:
  min_days: {default: 14, unit: days, doc: "detached for at least so long"}
needs: [volumes, "metrics:disk_read_ops_per_second", "metrics:disk_write_ops_per_second"]
effort: low
risk: low
sources:
  - {title: "AWS Compute Optimizer: volumes unattached for 32 days", url: "https://docs.aws.amazon.com/compute-optimizer/latest/ug/view-idle-recommendations.html"}
  - {title: "Alibaba Cloud FinOps inspection: data disks that are not in use", url: "https://github.com/aliyun/alibabacloud-aiops-skills"}
  - {title: "Unattached disks that belonged to pods", url: "https://github.com/microsoft/finops-toolkit/issues/780"}
remediation:
  aws:
    - aws ec2 create-snapshot --region {region} --volume-id {resource_id} --description before-delete
    - aws ec2 wait snapshot-completed --region {region} --filters Name=volume-id,Values={resource_id}
    - aws ec2 delete-volume --region {region} --volume-id {resource_id}
    - "# undo: aws ec2 create-volume --region {region} --availability-zone {zone} --snapshot-id SNAPSHOT --volume-type {current_volume_type}"
  alibaba:
    - aliyun ecs CreateSnapshot --DiskId {resource_id}
    - aliyun ecs DeleteDisk --DiskId {resource_id}
  gcp:
    - gcloud compute disks snapshot {resource_id} --zone {zone} --project {account_id}
    - gcloud compute disks delete {resource_id} --zone {zone} --project {account_id}
doc: |
  Finds volumes that have been attached to nothing for two weeks or more: they cost the same as when they are
  used. Where the cloud does not tell when a volume was detached, the last day on which operations were measured
  counts, and its creation where there never were any, with lower confidence. A volume detached yesterday may
  be on its way to another machine, and one that a Kubernetes claim holds is the cluster's to give up: neither
  is flagged. Take a snapshot, wait for it to complete, delete; the snapshot brings it back.
---*/
WITH judged AS (
    SELECT
        v.cloud, v.account_id, v.region, v.volume_id, v.volume_type, v.performance_level, v.size_gib, v.iops, v.throughput_mib,
        v.kubernetes_claim, coalesce(v.detached_at, a.ops_last_day, v.created_at) AS since,
        floor(days_between(coalesce(v.detached_at, a.ops_last_day, v.created_at), $as_of)) AS days,
        CASE WHEN v.detached_at IS NOT NULL THEN 'detached' WHEN a.ops_last_day IS NOT NULL THEN 'used' ELSE 'created' END AS told_by
    FROM volumes AS v
    LEFT JOIN activity AS a ON a.cloud = v.cloud AND a.account_id = v.account_id AND a.region = v.region
        AND a.resource_id = v.volume_id
    WHERE v.state = 'unattached'
)
SELECT
    cloud,
    account_id,
    region,
    volume_id AS resource_id,
    CASE
        WHEN kubernetes_claim IS NOT NULL OR since IS NULL THEN 'not_evaluated'
        WHEN since <= $min_days_cutoff THEN 'finding'
        ELSE 'ok'
    END AS verdict,
    CASE
        WHEN kubernetes_claim IS NOT NULL THEN 'It is attached to nothing, but belongs to the Kubernetes claim ' || kubernetes_claim || ', which only the cluster may give up.'
        WHEN since IS NULL THEN 'It is attached to nothing, but since when is not known.'
        WHEN told_by = 'detached' THEN 'It has been attached to nothing for ' || counted(days, 'day', 'days') || ' (limit ' || amount($min_days) || ').'
        WHEN told_by = 'used' THEN 'It is attached to nothing and was last used ' || counted(days, 'day', 'days') || ' ago (limit ' || amount($min_days) || ').'
        ELSE 'It is attached to nothing and was created ' || counted(days, 'day', 'days') || ' ago (limit ' || amount($min_days) || ').'
    END AS reason,
    'all' AS components,
    CASE told_by WHEN 'detached' THEN 'high' WHEN 'used' THEN 'medium' ELSE 'low' END AS confidence,
    CASE told_by
        WHEN 'used' THEN 'the cloud does not tell when it was detached; its last measured use stands in'
        WHEN 'created' THEN 'the cloud does not tell when it was detached; its creation stands in'
    END AS confidence_reason,
    'unattached' AS current_state,
    volume_type AS current_volume_type,
    performance_level AS current_performance_level,
    size_gib AS current_size_gib,
    iops AS current_iops,
    throughput_mib AS current_throughput_mib,
    'deleted' AS proposed_state,
    days AS days_unattached
FROM judged
