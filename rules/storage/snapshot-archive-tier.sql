/*---
id: snapshot-archive-tier
title: A snapshot that is kept long and would cost less in the archive
class: rate
action: change-type
resource: snapshot
parameters:
  min_days: {default: 90, unit: days, doc: "age from which it is taken to be kept long: the archive charges at least 90 days (Alibaba Cloud 60)"}
  min_saving: {default: 0.2, unit: ratio, doc: "share of its cost that the archive must save, as bringing a snapshot back costs a fee"}
needs: [snapshots, volumes, tags, charges, prices]
excludes: [old-snapshot, orphan-snapshot]
effort: low
risk: low
sources:
  - {title: "Amazon EBS: archiving snapshots, full size, at least 90 days, up to 72 hours to restore", url: "https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-archive-considerations.html"}
  - {title: "Google Cloud: archive snapshots", url: "https://cloud.google.com/compute/docs/disks/snapshots#snapshot-types"}
  - {title: "Alibaba Cloud: ModifySnapshotCategory, from 14 days on, kept for 60 at least, not back", url: "https://www.alibabacloud.com/help/en/ecs/developer-reference/api-ecs-2014-05-26-modifysnapshotcategory"}
traps:
  incremental: "A small increment of a large volume is dearer in the archive, which stores it in full."
  image: "A snapshot that an image needs must be at hand."
  scheduled: "What a schedule made, it deletes before the archive has paid off."
  full-size-unknown: "Without the full size, that of the volume stands in as the most it can be."
  other-currency: "A bill and a price list in two currencies are not compared."
remediation:
  aws:
    - aws ec2 modify-snapshot-tier --region {region} --snapshot-id {resource_id} --storage-tier archive
    - "# undo, for a fee per GiB and within 72 hours: aws ec2 restore-snapshot-tier --region {region} --snapshot-id {resource_id} --permanent-restore"
  alibaba:
    - aliyun ecs ModifySnapshotCategory --region {region} --SnapshotId {resource_id} --Category Archive
    - "# cannot be undone: an archived snapshot stays one, and a disk made from it can be snapshot anew."
  gcp:
    copy:
      - gcloud compute disks create {resource_name}-for-archive --project {account_id} --zone {proposed_zone} --source-snapshot {resource_name}
      - gcloud compute snapshots create {resource_name}-archive --project {account_id} --source-disk {resource_name}-for-archive --source-disk-zone {proposed_zone} --snapshot-type ARCHIVE
      - gcloud compute disks delete {resource_name}-for-archive --project {account_id} --zone {proposed_zone}
      - gcloud compute snapshots delete {resource_name} --project {account_id}
      - "# undo, for a fee per GiB: gcloud compute disks create DISK --project {account_id} --zone {proposed_zone} --source-snapshot {resource_name}-archive"
doc: |
  Finds snapshots in the standard tier that are older than 90 days and that would cost less in the archive. The archive
  is cheaper per GiB, but stores a snapshot in full, where the standard tier holds only what changed: so its full
  size (or the size of its volume, which is the most it can be) at the archive's price is compared with what it costs
  now, on the bill, or by the bytes it stores. Where a tag asks to keep a snapshot for years this is the way; where nobody does, old-snapshot
  proposes to delete it, and only one of the two counts. It is wrong for what must be restored within hours: AWS takes up to 72 hours and charges for
  it, Alibaba Cloud never brings a snapshot back to the standard tier, and on Google Cloud an archive snapshot is made anew from a disk.
  Blocks that later snapshots of the same volume need stay in the standard tier and go on their bill, so confidence is medium at most.
---*/
WITH latest AS (
    SELECT cloud, region, sku, currency, CAST(price AS DOUBLE) AS price,
        row_number() OVER (PARTITION BY cloud, region, sku ORDER BY as_of DESC, coalesce(tier_start, 0) DESC, price DESC, currency) AS place
    FROM prices
    WHERE sku IN ('snapshot', 'snapshot:archive') AND purchase_model = 'on_demand' AND prices.as_of <= $as_of
),
billed AS (
    SELECT cloud, account_id, resource_id, max(currency) AS currency, sum(CAST(cost AS DOUBLE) * 730 / hours) AS cost
    FROM cost
    WHERE component = 'snapshot' AND resource_id IS NOT NULL
    GROUP BY cloud, account_id, resource_id
    HAVING count(DISTINCT currency) = 1
),
chains AS (
    SELECT cloud, account_id, region, volume_id, count(*) AS snapshots
    FROM snapshots
    WHERE volume_id <> 'vol-ffffffff' AND coalesce(tier, '') <> 'archive'
    GROUP BY cloud, account_id, region, volume_id
),
places AS (
    SELECT cloud, account_id, volume_id, max(zone) AS zone
    FROM volumes
    WHERE cloud = 'gcp'
    GROUP BY cloud, account_id, volume_id
),
facts AS (
    SELECT
        s.cloud, s.account_id, s.region, s.snapshot_id, s.volume_id, s.size_gib, s.created_at, s.tier, s.kind, s.image_id, s.full_bytes, s.stored_bytes,
        coalesce(k.scheduled, FALSE) AS scheduled, a.price AS archive_price, a.currency, c.snapshots - 1 AS others,
        CASE WHEN s.cloud = 'gcp' THEN coalesce(z.zone, 'ZONE') END AS zone,
        floor(days_between(s.created_at, $as_of)) AS days,
        s.stored_bytes / 1073741824.0 AS stored_gib, coalesce(s.full_bytes / 1073741824.0, s.size_gib) AS full_gib,
        CASE WHEN b.cost > 0 THEN b.currency WHEN s.stored_bytes IS NOT NULL THEN p.currency END AS own_currency,
        CASE WHEN b.cost > 0 THEN b.cost ELSE s.stored_bytes / 1073741824.0 * p.price END AS own_cost
    FROM snapshots AS s
    LEFT JOIN keepers AS k ON k.cloud = s.cloud AND k.account_id = s.account_id AND k.region = s.region AND k.resource_type = 'snapshot'
        AND k.resource_id = s.snapshot_id
    LEFT JOIN latest AS p ON p.cloud = s.cloud AND p.region = s.region AND p.sku = 'snapshot' AND p.place = 1
    LEFT JOIN latest AS a ON a.cloud = s.cloud AND a.region = s.region AND a.sku = 'snapshot:archive' AND a.place = 1
    LEFT JOIN billed AS b ON b.cloud = s.cloud AND b.account_id = s.account_id AND b.resource_id = s.snapshot_id
    LEFT JOIN places AS z ON z.cloud = s.cloud AND z.account_id = s.account_id AND z.volume_id = s.volume_id
    LEFT JOIN chains AS c ON c.cloud = s.cloud AND c.account_id = s.account_id AND c.region = s.region AND c.volume_id = s.volume_id
),
judged AS (
    SELECT
        cloud, account_id, region, snapshot_id, volume_id, size_gib, tier, image_id, full_bytes, others, zone, days, stored_gib, full_gib, own_cost,
        own_currency, archive_price, currency, full_gib * archive_price AS archive_cost,
        CASE
            WHEN tier = 'archive' THEN 'archived'
            WHEN image_id IS NOT NULL OR kind = 'image' THEN 'image'
            WHEN kind = 'automatic' OR scheduled THEN 'scheduled'
            WHEN created_at IS NULL THEN 'age unknown'
            WHEN created_at > $min_days_cutoff THEN 'young'
            WHEN full_gib IS NULL THEN 'size unknown'
            WHEN archive_price IS NULL THEN 'no price'
            WHEN own_cost IS NULL THEN 'no cost'
            WHEN own_currency <> currency THEN 'currencies'
            WHEN full_gib * archive_price <= own_cost * (1 - $min_saving) THEN 'cheaper'
            ELSE 'dearer'
        END AS state
    FROM facts
)
SELECT
    cloud,
    account_id,
    region,
    snapshot_id AS resource_id,
    CASE WHEN state = 'cheaper' THEN 'finding' WHEN state IN ('age unknown', 'size unknown', 'no price', 'no cost', 'currencies') THEN 'not_evaluated' ELSE 'ok' END AS verdict,
    CASE state
        WHEN 'cheaper' THEN 'It has been kept for ' || counted(days, 'day', 'days') || ' (limit ' || amount($min_days) || '); in the archive its '
            || amount(full_gib) || ' GiB cost ' || amount(archive_cost) || ' ' || currency || ' a month instead of ' || amount(own_cost) || ' (limit: ' || in_percent($min_saving) || ' less).'
        WHEN 'dearer' THEN 'In the archive its ' || amount(full_gib) || ' GiB would cost ' || amount(archive_cost) || ' ' || currency || ' a month, and it costs ' || amount(own_cost)
            || ' now (limit: ' || in_percent($min_saving) || ' less).'
        WHEN 'archived' THEN 'It is in the archive.'
        WHEN 'image' THEN 'Machines may be started from it, so it must be at hand.'
        WHEN 'scheduled' THEN 'A schedule made it, and deletes it by its own rule.'
        WHEN 'young' THEN 'It is ' || counted(days, 'day', 'days') || ' old (limit ' || amount($min_days) || ').'
        WHEN 'age unknown' THEN 'When it was taken is not known.'
        WHEN 'size unknown' THEN 'Its full size is not known, which is what the archive stores.'
        WHEN 'no price' THEN 'The price of the archive in its region is not known.'
        WHEN 'currencies' THEN 'It is billed in ' || own_currency || ' and the archive is priced in ' || currency || '.'
        ELSE 'Neither the bill nor the bytes it stores tell what it costs now.'
    END AS reason,
    'snapshot' AS components,
    CASE WHEN cloud = 'gcp' THEN 'copy' END AS remediation_case,
    CASE WHEN others > 0 OR cloud = 'alibaba' THEN 'low' ELSE 'medium' END AS confidence,
    CASE
        WHEN others > 0 THEN 'blocks that it shares with ' || counted(others, 'other snapshot', 'other snapshots') || ' of the same volume stay in the standard tier'
        WHEN cloud = 'alibaba' THEN 'it never comes back to the standard tier'
        WHEN full_bytes IS NULL THEN 'its full size is not known: that of its volume stands in'
        ELSE 'bringing it back takes time and a fee per GiB'
    END AS confidence_reason,
    volume_id AS current_volume_id,
    size_gib AS current_size_gib,
    tier AS current_tier,
    'snapshot' AS current_sku,
    stored_gib AS current_quantity,
    'archive' AS proposed_tier,
    zone AS proposed_zone,
    'snapshot:archive' AS proposed_sku,
    full_gib AS proposed_quantity,
    TRUE AS proposed_absolute,
    days AS age_days,
    own_cost AS monthly_cost_now,
    archive_cost AS monthly_cost_in_archive
FROM judged
