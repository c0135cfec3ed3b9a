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
traps:
  detached-yesterday: "A volume detached yesterday may be on its way to another machine."
  pod-claim: "A volume that a Kubernetes claim holds is the cluster's to give up."
  new-volume: "A volume that was never attached may have been made this morning."
  unknown-since: "A volume of which no time at all is known may be of today."
  same-id-elsewhere: "A volume of the same id in another account or region is another volume."
remediation:
  aws:
    - aws ec2 create-snapshot --region {region} --volume-id {resource_id} --description before-delete
    - aws ec2 wait snapshot-completed --region {region} --filters Name=volume-id,Values={resource_id}
    - aws ec2 delete-volume --region {region} --volume-id {resource_id}
    - "# undo: aws ec2 create-volume --region {region} --availability-zone {zone} --snapshot-id SNAPSHOT --volume-type {current_volume_type}"
  alibaba:
    delete:
      - aliyun ecs CreateSnapshot --region {region} --DiskId {resource_id} --SnapshotName before-delete-{resource_id}
      - aliyun ecs DescribeSnapshots --region {region} --DiskId {resource_id} --SnapshotName before-delete-{resource_id} --waiter expr='Snapshots.Snapshot[0].Status' to=accomplished timeout=600
      - aliyun ecs DeleteDisk --region {region} --DiskId {resource_id}
      - "# undo: aliyun ecs CreateDisk --region {region} --ZoneId {zone} --DiskCategory {current_volume_type} --SnapshotId SNAPSHOT"
    subscription:
      - aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode yundisk --SubscriptionType Subscription --RenewalStatus NotRenewal
      - "# undo: aliyun bssopenapi SetRenewal --InstanceIDs {resource_id} --ProductCode yundisk --SubscriptionType Subscription --RenewalStatus AutoRenewal --RenewalPeriod 1 --RenewalPeriodUnit M"
  gcp:
    delete:
      - gcloud compute snapshots create before-delete-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-zone {zone}
      - gcloud compute disks delete {resource_name} --project {account_id} --zone {zone}
      - "# undo: gcloud compute disks create {resource_name} --project {account_id} --zone {zone} --type {current_volume_type} --source-snapshot before-delete-{resource_id}"
    regional:
      - gcloud compute snapshots create before-delete-{resource_id} --project {account_id} --source-disk {resource_name} --source-disk-region {region}
      - gcloud compute disks delete {resource_name} --project {account_id} --region {region}
      - "# undo: gcloud compute disks create {resource_name} --project {account_id} --region {region} --replica-zones ZONE,ZONE --type {current_volume_type} --source-snapshot before-delete-{resource_id}"
doc: |
  Finds volumes that have been attached to nothing for two weeks or more: they cost the same as when they are
  used. Where the cloud does not tell when a volume was detached, the last day on which operations were measured
  counts, and its creation where there never were any, with lower confidence. A volume detached yesterday may
  be on its way to another machine, and one that a Kubernetes claim holds is the cluster's to give up: neither
  is flagged. It is wrong for a disk that a job attaches once a quarter, or that is kept as evidence: ask its owner.
  Take a snapshot, wait for it to complete, delete; the snapshot brings it back. A disk by
  subscription (Alibaba Cloud) is paid until its term ends: the command stops its renewal.
---*/
WITH judged AS (
    SELECT
        v.cloud, v.account_id, v.region, v.zone, v.volume_id, v.volume_type, v.performance_level, v.size_gib, v.iops, v.throughput_mib,
        v.kubernetes_claim, v.purchase_model, v.expires_at, v.auto_renew, coalesce(v.detached_at, a.ops_last_day, v.created_at) AS since,
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
        ELSE CASE told_by
            WHEN 'detached' THEN 'It has been attached to nothing for ' || counted(days, 'day', 'days')
            WHEN 'used' THEN 'It is attached to nothing and was last used ' || counted(days, 'day', 'days') || ' ago'
            ELSE 'It is attached to nothing and was created ' || counted(days, 'day', 'days') || ' ago'
        END || ' (limit ' || amount($min_days) || ')' || renewal(purchase_model, expires_at, auto_renew) || '.'
    END AS reason,
    'all' AS components,
    CASE
        WHEN purchase_model = 'subscription' OR told_by = 'created' THEN 'low'
        WHEN told_by = 'used' THEN 'medium'
        ELSE 'high'
    END AS confidence,
    CASE
        WHEN purchase_model = 'subscription' THEN paid_ahead(purchase_model, expires_at)
        WHEN told_by = 'used' THEN 'the cloud does not tell when it was detached; its last measured use stands in'
        WHEN told_by = 'created' THEN 'the cloud does not tell when it was detached; its creation stands in'
    END AS confidence_reason,
    CASE
        WHEN purchase_model = 'subscription' THEN 'subscription'
        WHEN cloud = 'gcp' AND zone IS NULL THEN 'regional'
    END AS remediation_case,
    'unattached' AS current_state,
    volume_type AS current_volume_type,
    performance_level AS current_performance_level,
    size_gib AS current_size_gib,
    iops AS current_iops,
    throughput_mib AS current_throughput_mib,
    purchase_model AS current_purchase_model,
    expires_at AS current_subscription_end,
    'deleted' AS proposed_state,
    days AS days_unattached
FROM judged
