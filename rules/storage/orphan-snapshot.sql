/*---
id: orphan-snapshot
title: A snapshot whose volume is gone and that no image needs
class: unused
action: delete
resource: snapshot
parameters:
  min_days: {default: 30, unit: days, doc: "age from which a verdict is made; when the volume went the clouds do not tell"}
needs: [snapshots, volumes, tags]
excludes: [snapshot-archive-tier, old-snapshot]
effort: low
risk: medium
sources:
  - {title: "OptScale: obsolete snapshots, not used by an image or a volume", url: "https://github.com/hystax/optscale"}
  - {title: "Flexera: snapshots older than 30 days", url: "https://github.com/flexera-public/policy_templates/tree/master/cost/aws/old_snapshots"}
  - {title: "Amazon EBS: the volume id of a copied snapshot must not be used", url: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Snapshot.html"}
traps:
  image: "A snapshot that an image needs is not alone."
  copy: "A copy from another region or account names a volume that never was here."
  unread-volumes: "Where no volume of the region is known, nobody knows what is gone."
  locked: "A locked snapshot cannot be deleted before its day."
  scheduled: "What a schedule or vault made, it deletes by its own rule."
  kept-by-tag: "A tag asks to keep it."
  before-delete: "The snapshot taken before a volume was deleted is its undo for a month."
remediation:
  aws:
    - aws ec2 describe-snapshots --region {region} --snapshot-ids {resource_id}
    - "# kept: only its description, as the line above prints it; what is in it goes"
    - aws ec2 delete-snapshot --region {region} --snapshot-id {resource_id}
    - "# cannot be undone: a deleted snapshot is gone unless a rule of the Recycle Bin keeps it (aws ec2 restore-snapshot-from-recycle-bin --snapshot-id {resource_id})."
  alibaba:
    delete:
      - aliyun ecs DescribeSnapshots --region {region} --SnapshotIds '["'{resource_id}'"]'
      - "# kept: only its description, as the line above prints it; what is in it goes"
      - aliyun ecs DeleteSnapshot --region {region} --SnapshotId {resource_id}
      - "# cannot be undone: a deleted snapshot is gone."
  gcp:
    - gcloud compute snapshots describe {resource_name} --project {account_id}
    - "# kept: only its description, as the line above prints it; what is in it goes"
    - gcloud compute snapshots delete {resource_name} --project {account_id}
    - "# cannot be undone: a deleted snapshot is gone."
doc: |
  Finds snapshots of volumes that are no more, after 30 days, that no image needs, no lock or schedule holds, and no tag asks
  to keep. It may be the last copy of what was on the volume, which is why somebody took it: confidence is medium at
  most, and low where other snapshots of the same volume stay, which share its blocks. The snapshots that the commands of other
  rules take before they delete a volume end here a month later. A copy from another region names no
  volume of its own (AWS writes vol-ffffffff), and where no volume of a region could be read nothing is called gone. It is
  wrong for what a law asks to keep: tag it, or archive it (snapshot-archive-tier).
---*/
WITH sources AS (
    -- Ids of volumes of an account; a region without any volume says nothing of what is gone there.
    SELECT DISTINCT cloud, account_id, volume_id
    FROM volumes
),
seen_regions AS (
    SELECT DISTINCT cloud, account_id, CASE WHEN cloud = 'gcp' THEN '' ELSE region END AS region
    FROM volumes
),
judged AS (
    SELECT
        s.cloud, s.account_id, s.region, s.snapshot_id, s.volume_id, s.size_gib, s.stored_bytes, s.created_at, s.tier, s.image_id,
        s.locked_until, k.asked, floor(days_between(s.created_at, $as_of)) AS days,
        CASE
            WHEN v.volume_id IS NOT NULL THEN 'there'
            WHEN s.image_id IS NOT NULL THEN 'image'
            WHEN s.kind = 'image' THEN 'stands alone'
            WHEN s.locked_until > $as_of THEN 'locked'
            WHEN s.kind = 'automatic' OR k.scheduled THEN 'scheduled'
            WHEN k.asked IS NOT NULL THEN 'asked'
            WHEN s.tier = 'archive' THEN 'archived'
            WHEN s.volume_id IS NULL OR s.volume_id = 'vol-ffffffff' THEN 'source unknown'
            WHEN r.cloud IS NULL THEN 'volumes unknown'
            WHEN s.created_at IS NULL THEN 'age unknown'
            WHEN s.created_at > $min_days_cutoff THEN 'young'
            ELSE 'orphan'
        END AS state
    FROM snapshots AS s
    LEFT JOIN keepers AS k ON k.cloud = s.cloud AND k.account_id = s.account_id AND k.region = s.region AND k.resource_type = 'snapshot'
        AND k.resource_id = s.snapshot_id
    LEFT JOIN sources AS v ON v.cloud = s.cloud AND v.account_id = s.account_id AND v.volume_id = s.volume_id
    LEFT JOIN seen_regions AS r ON r.cloud = s.cloud AND r.account_id = s.account_id AND r.region = CASE WHEN s.cloud = 'gcp' THEN '' ELSE s.region END
),
chains AS (
    SELECT cloud, account_id, region, volume_id, count(*) FILTER (WHERE state <> 'orphan' AND coalesce(tier, '') <> 'archive') AS staying
    FROM judged
    GROUP BY cloud, account_id, region, volume_id
)
SELECT
    j.cloud,
    j.account_id,
    j.region,
    j.snapshot_id AS resource_id,
    CASE
        WHEN j.state = 'orphan' THEN 'finding'
        WHEN j.state IN ('source unknown', 'volumes unknown', 'age unknown') THEN 'not_evaluated'
        ELSE 'ok'
    END AS verdict,
    CASE j.state
        WHEN 'orphan' THEN 'Its volume ' || j.volume_id || ' is gone and no image needs it; it is ' || counted(j.days, 'day', 'days') || ' old (limit ' || amount($min_days) || ').'
        WHEN 'young' THEN 'Its volume is gone; it is ' || counted(j.days, 'day', 'days') || ' old (limit ' || amount($min_days) || ').'
        WHEN 'there' THEN 'Its volume is there.'
        WHEN 'image' THEN 'The image ' || j.image_id || ' needs it.'
        WHEN 'stands alone' THEN 'It is an image, from which machines may be started.'
        WHEN 'locked' THEN 'It is locked until ' || CAST(CAST(j.locked_until AS DATE) AS VARCHAR) || '.'
        WHEN 'scheduled' THEN 'A schedule made it, and deletes it by its own rule.'
        WHEN 'asked' THEN 'Its tag ' || j.asked || ' asks to keep it.'
        WHEN 'archived' THEN 'It is in the archive already, where what must be kept long belongs.'
        WHEN 'source unknown' THEN 'Of which volume it was taken is not known, as of a copy.'
        WHEN 'volumes unknown' THEN 'No volume of its region is known, so whether its own is gone is not known either.'
        ELSE 'When it was taken is not known.'
    END AS reason,
    'all' AS components,
    CASE WHEN c.staying > 0 THEN 'low' ELSE 'medium' END AS confidence,
    CASE WHEN c.staying > 0 THEN 'its blocks may be shared by ' || counted(c.staying, 'other snapshot', 'other snapshots') || ' of the same volume: only its own are freed'
        ELSE 'it may be the last copy of what was on its volume' END AS confidence_reason,
    j.volume_id AS current_volume_id,
    j.size_gib AS current_size_gib,
    j.stored_bytes / 1073741824.0 AS current_stored_gib,
    j.tier AS current_tier,
    'deleted' AS proposed_state,
    j.days AS age_days,
    c.staying AS other_snapshots_of_volume
FROM judged AS j
LEFT JOIN chains AS c ON c.cloud = j.cloud AND c.account_id = j.account_id AND c.region = j.region AND c.volume_id = j.volume_id
