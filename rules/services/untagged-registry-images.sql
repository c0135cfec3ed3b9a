/*---
id: untagged-registry-images
title: Container images that nobody pulls
class: unused
action: delete
resource: repository
parameters:
  untagged_days: {default: 30, unit: days, doc: "age from which an image without a tag is judged, and time without a pull"}
  stale_days: {default: 90, unit: days, doc: "age from which a tagged image is judged, and time without a pull, where pulls are told"}
  keep_newest: {default: 10, unit: images, doc: "newest tagged images of a repository that are never judged: they may run for months without a pull"}
  min_gib: {default: 1, unit: GiB, doc: "bytes of such images from which a repository is told"}
needs: [repositories, registry_images]
effort: low
risk: medium
sources:
  - {title: "AWS Trusted Advisor: ECR repositories without a lifecycle policy", url: "https://docs.aws.amazon.com/awssupport/latest/user/cost-optimization-checks.html"}
  - {title: "Thrifty for AWS: images that were not pulled for 90 days", url: "https://hub.powerpipe.io/mods/turbot/steampipe-mod-aws-thrifty/controls/control.ecr_repository_unused_images"}
  - {title: "Google Artifact Registry: cleanup policies", url: "https://cloud.google.com/artifact-registry/docs/repositories/cleanup-policy"}
traps:
  manifest-list: "An image without a tag of its own that a tagged list of images holds is in use."
  pulls-unknown: "Where the cloud does not tell of pulls, a tagged image is never judged."
  running: "A container that runs for months pulls its image once: the newest images stay."
  pulled-by-digest: "An image without a tag may be pulled by its digest."
  shared-layers: "Layers are shared, so the bytes of an image are more than its deletion frees: low confidence."
  cleanup-policy: "A policy deletes images by its own rule."
remediation:
  aws:
    delete:
      - 'aws ecr start-lifecycle-policy-preview --region {region} --repository-name {resource_name} --lifecycle-policy-text ''{{"rules":[{{"rulePriority":1,"selection":{{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":30}},"action":{{"type":"expire"}}}}]}}'''
      - "# kept: what the preview does not list (aws ecr get-lifecycle-policy-preview); look at it before you go on"
      - 'aws ecr put-lifecycle-policy --region {region} --repository-name {resource_name} --lifecycle-policy-text ''{{"rules":[{{"rulePriority":1,"selection":{{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":30}},"action":{{"type":"expire"}}}}]}}'''
      - "# cannot be undone: images that went must be built and pushed again; the policy goes with aws ecr delete-lifecycle-policy."
    stale:
      - aws ecr describe-images --region {region} --repository-name {resource_name} --query 'imageDetails[].[imageDigest,imageTags,imagePushedAt,lastRecordedPullTime]'
      - "# kept: the newest, what was pulled lately and what something runs; look at the list before you go on, once for each image that goes"
      - aws ecr batch-delete-image --region {region} --repository-name {resource_name} --image-ids imageDigest=DIGEST
      - "# cannot be undone: images that went must be built and pushed again."
  alibaba:
    delete:
      - aliyun cr ListRepoTag --region {region} --InstanceId {current_registry} --RepoId {resource_id} --PageSize 100
      - "# kept: every image that the line above lists and that something runs; look at it before you go on"
      - aliyun cr DeleteRepoTag --region {region} --InstanceId {current_registry} --RepoId {resource_id} --Tag TAG
      - "# cannot be undone: images that went must be built and pushed again."
  gcp:
    - gcloud artifacts repositories set-cleanup-policies {resource_name} --project {account_id} --location {region} --policy cleanup-policy.json --dry-run
    - "# kept: what the audit log does not say the policy would take; look at it a day later before you go on"
    - gcloud artifacts repositories set-cleanup-policies {resource_name} --project {account_id} --location {region} --policy cleanup-policy.json --no-dry-run
    - "# cannot be undone: images that went must be built and pushed again; the policy goes with gcloud artifacts repositories delete-cleanup-policies."
doc: |
  Finds repositories with images that have had no tag for 30 days and were not pulled, and tagged ones beyond the ten newest
  that nobody pulled for 90 days, where the cloud tells of pulls. A repository is told as a whole: how many images, how many
  GiB, and the saving as their share of all its images. Layers are shared, so an image's bytes are the most that its deletion frees, and confidence is
  low. An image that a tagged list of images holds counts as tagged, and a repository with a cleanup policy is left to it.
  It is wrong for images that are kept to be able to go back, or that something runs by digest: look at what the preview lists. Untagged
  images of which pulls are not told may still be pulled by digest.
---*/
WITH placed AS (
    SELECT
        i.cloud, i.account_id, i.region, i.repository_id, i.tagged, i.stored_bytes, i.pushed_at, i.last_pulled_at, coalesce(r.pulls_known, FALSE) AS pulls_known,
        row_number() OVER (
            PARTITION BY i.cloud, i.account_id, i.region, i.repository_id, i.tagged ORDER BY i.pushed_at DESC NULLS LAST, i.image_id) AS newest
    FROM registry_images AS i
    JOIN repositories AS r ON r.cloud = i.cloud AND r.account_id = i.account_id AND r.region = i.region AND r.repository_id = i.repository_id
),
sorted AS (
    SELECT
        cloud, account_id, region, repository_id, stored_bytes,
        CASE
            WHEN NOT tagged AND pushed_at <= $untagged_days_cutoff AND (last_pulled_at IS NULL OR last_pulled_at <= $untagged_days_cutoff) THEN 'untagged'
            WHEN tagged AND pulls_known AND newest > $keep_newest AND pushed_at <= $stale_days_cutoff
                AND (last_pulled_at IS NULL OR last_pulled_at <= $stale_days_cutoff) THEN 'stale'
            ELSE 'kept'
        END AS kind
    FROM placed
),
counted_up AS (
    SELECT
        cloud, account_id, region, repository_id, count(*) AS images, sum(stored_bytes) / 1073741824.0 AS gib,
        count(*) FILTER (WHERE kind = 'untagged') AS untagged, count(*) FILTER (WHERE kind = 'stale') AS stale,
        coalesce(sum(stored_bytes) FILTER (WHERE kind <> 'kept'), 0) / 1073741824.0 AS waste_gib
    FROM sorted
    GROUP BY cloud, account_id, region, repository_id
),
judged AS (
    SELECT
        r.cloud, r.account_id, r.region, r.repository_id, r.registry, r.has_cleanup, r.pulls_known, c.images, c.gib, c.untagged, c.stale, c.waste_gib,
        CASE
            WHEN c.images IS NULL THEN 'unknown'
            WHEN c.untagged + c.stale = 0 THEN 'none'
            WHEN r.has_cleanup THEN 'policy'
            WHEN c.gib IS NULL OR c.gib <= 0 THEN 'no bytes'
            WHEN c.waste_gib < $min_gib THEN 'little'
            ELSE 'waste'
        END AS state
    FROM repositories AS r
    LEFT JOIN counted_up AS c ON c.cloud = r.cloud AND c.account_id = r.account_id AND c.region = r.region AND c.repository_id = r.repository_id
)
SELECT
    cloud,
    account_id,
    region,
    repository_id AS resource_id,
    CASE WHEN state = 'waste' THEN 'finding' WHEN state IN ('unknown', 'no bytes') THEN 'not_evaluated' ELSE 'ok' END AS verdict,
    CASE state
        WHEN 'waste' THEN 'Of ' || counted(images, 'image', 'images') || ' ' || amount(untagged) || ' have had no tag for long (limit ' || counted($untagged_days, 'day', 'days')
            || ') and ' || amount(stale) || ' beyond the newest were not pulled (limit ' || counted($stale_days, 'day', 'days') || '): ' || amount(waste_gib) || ' of '
            || amount(gib) || ' GiB, shared layers counted each time.'
        WHEN 'none' THEN 'Each of its ' || counted(images, 'image', 'images') || ' has a tag, was pulled or is new.'
        WHEN 'policy' THEN 'It has ' || counted(untagged + stale, 'image', 'images') || ' that nobody pulls, and a policy that deletes by its own rule.'
        WHEN 'little' THEN 'Images that nobody pulls have ' || amount(waste_gib) || ' GiB (limit ' || amount($min_gib) || ').'
        WHEN 'no bytes' THEN 'It has ' || counted(untagged + stale, 'image', 'images') || ' that nobody pulls, of which no bytes are told.'
        ELSE 'Its images are not known.'
    END AS reason,
    'registry' AS components,
    'low' AS confidence,
    CASE
        WHEN NOT coalesce(pulls_known, FALSE) THEN 'when they were last pulled is not told, and they may be pulled by digest'
        ELSE 'layers that they share with images that stay free nothing'
    END AS confidence_reason,
    CASE WHEN cloud = 'aws' AND stale > 0 THEN 'stale' END AS remediation_case,
    registry AS current_registry,
    gib AS current_size_gib,
    images AS current_images,
    images - untagged - stale AS proposed_images,
    CASE WHEN state = 'waste' THEN 1 - waste_gib / gib ELSE 1 END AS proposed_share,
    untagged AS untagged_images,
    stale AS images_not_pulled,
    waste_gib AS gib_at_most
FROM judged
