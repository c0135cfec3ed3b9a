/*---
id: old-snapshot
title: A snapshot that is older than anybody needs
class: unused
action: delete
resource: snapshot
parameters:
  min_days: {default: 90, unit: days, doc: "age from which nobody goes back to it"}
needs: [snapshots, volumes, tags]
excludes: [snapshot-archive-tier, orphan-snapshot]
effort: low
risk: medium
sources:
  - {title: "Thrifty mods of AWS, Google and Alibaba Cloud: snapshots older than 90 days", url: "https://hub.powerpipe.io/mods/turbot/steampipe-mod-aws-thrifty/controls/control.ebs_snapshot_max_age"}
  - {title: "Amazon EBS: deleting a snapshot frees only what no other one needs", url: "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-deleting-snapshot.html"}
  - {title: "Flexera: the saving holds only if all snapshots of a chain are deleted", url: "https://github.com/flexera-public/policy_templates/tree/master/cost/aws/old_snapshots"}
traps:
  image: "A snapshot that an image needs cannot go before the image."
  locked: "A locked snapshot cannot be deleted before its day."
  scheduled: "What a live schedule or vault made, it deletes by its own rule."
  kept-by-tag: "A tag asks to keep it."
  chain: "Snapshots share blocks: deleting one of several frees only its own."
  orphan: "One whose volume is gone is judged by its own rule."
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
  Finds snapshots that are older than 90 days, needed by no image, not locked, not made by a schedule or a backup vault
  (which delete what they made by their own rule), and that no tag asks to keep (keep, retain, legal-hold, compliance
  and the like). Age is all that speaks against them, so confidence is medium at most, and low where other snapshots of the same
  volume stay: snapshots are incremental, and deleting one frees only the blocks that no later one needs. The money is what the
  bill charges for this snapshot. One whose volume is gone is judged by the rule orphan-snapshot after 30 days already. It is wrong
  for what a law asks to keep: archive it instead (snapshot-archive-tier).
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
        s.cloud, s.account_id, s.region, s.snapshot_id, s.volume_id, s.size_gib, s.stored_bytes, s.created_at, s.tier, s.kind, s.image_id,
        s.locked_until, k.asked, floor(days_between(s.created_at, $as_of)) AS days,
        CASE
            WHEN s.image_id IS NOT NULL THEN 'image'
            WHEN s.kind = 'image' THEN 'stands alone'
            WHEN s.locked_until > $as_of THEN 'locked'
            WHEN s.kind = 'automatic' OR k.scheduled THEN 'scheduled'
            WHEN k.asked IS NOT NULL THEN 'asked'
            WHEN s.tier = 'archive' THEN 'archived'
            WHEN s.created_at IS NULL THEN 'age unknown'
            WHEN v.volume_id IS NULL AND r.cloud IS NOT NULL AND s.volume_id IS NOT NULL AND s.volume_id <> 'vol-ffffffff' THEN 'orphan'
            WHEN s.created_at > $min_days_cutoff THEN 'young'
            ELSE 'old'
        END AS state
    FROM snapshots AS s
    LEFT JOIN keepers AS k ON k.cloud = s.cloud AND k.account_id = s.account_id AND k.region = s.region AND k.resource_type = 'snapshot'
        AND k.resource_id = s.snapshot_id
    LEFT JOIN sources AS v ON v.cloud = s.cloud AND v.account_id = s.account_id AND v.volume_id = s.volume_id
    LEFT JOIN seen_regions AS r ON r.cloud = s.cloud AND r.account_id = s.account_id AND r.region = CASE WHEN s.cloud = 'gcp' THEN '' ELSE s.region END
),
chains AS (
    SELECT cloud, account_id, region, volume_id, count(*) FILTER (WHERE state <> 'old' AND coalesce(tier, '') <> 'archive') AS staying
    FROM judged
    WHERE volume_id <> 'vol-ffffffff'
    GROUP BY cloud, account_id, region, volume_id
)
SELECT
    j.cloud,
    j.account_id,
    j.region,
    j.snapshot_id AS resource_id,
    CASE WHEN j.state = 'old' THEN 'finding' WHEN j.state = 'age unknown' THEN 'not_evaluated' ELSE 'ok' END AS verdict,
    CASE j.state
        WHEN 'old' THEN 'It is ' || counted(j.days, 'day', 'days') || ' old (limit ' || amount($min_days) || '), and no image needs it.'
        WHEN 'young' THEN 'It is ' || counted(j.days, 'day', 'days') || ' old (limit ' || amount($min_days) || ').'
        WHEN 'image' THEN 'The image ' || j.image_id || ' needs it.'
        WHEN 'stands alone' THEN 'It is an image, from which machines may be started.'
        WHEN 'locked' THEN 'It is locked until ' || CAST(CAST(j.locked_until AS DATE) AS VARCHAR) || '.'
        WHEN 'scheduled' THEN 'A schedule made it, and deletes it by its own rule.'
        WHEN 'asked' THEN 'Its tag ' || j.asked || ' asks to keep it.'
        WHEN 'archived' THEN 'It is in the archive already, where what must be kept long belongs.'
        WHEN 'orphan' THEN 'Its volume is gone; the rule orphan-snapshot judges it.'
        ELSE 'When it was taken is not known.'
    END AS reason,
    'all' AS components,
    CASE WHEN c.staying > 0 THEN 'low' ELSE 'medium' END AS confidence,
    CASE WHEN c.staying > 0 THEN 'its blocks may be shared by ' || counted(c.staying, 'other snapshot', 'other snapshots') || ' of the same volume: only its own are freed'
        ELSE 'its age is all that speaks against it' END AS confidence_reason,
    j.volume_id AS current_volume_id,
    j.size_gib AS current_size_gib,
    j.stored_bytes / 1073741824.0 AS current_stored_gib,
    j.tier AS current_tier,
    'deleted' AS proposed_state,
    j.days AS age_days,
    c.staying AS other_snapshots_of_volume
FROM judged AS j
LEFT JOIN chains AS c ON c.cloud = j.cloud AND c.account_id = j.account_id AND c.region = j.region AND c.volume_id = j.volume_id
