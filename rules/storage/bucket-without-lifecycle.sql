/*---
id: bucket-without-lifecycle
title: A bucket from which nothing ever goes
class: unused
action: change-type
resource: bucket
parameters:
  min_gib: {default: 100, unit: GiB, doc: "stored bytes from which a rule pays for the work of writing it"}
  min_days: {default: 90, unit: days, doc: "life before a verdict: a younger bucket holds nothing old"}
needs: [buckets]
effort: low
risk: medium
sources:
  - {title: "AWS Trusted Advisor: buckets without a lifecycle, and versions without an end", url: "https://docs.aws.amazon.com/awssupport/latest/user/cost-optimization-checks.html"}
  - {title: "Thrifty mods of AWS, Google and Alibaba Cloud: buckets without a lifecycle policy", url: "https://hub.powerpipe.io/mods/turbot/steampipe-mod-aws-thrifty"}
  - {title: "Google Cloud Storage: object lifecycle management", url: "https://cloud.google.com/storage/docs/lifecycle"}
traps:
  unknown-rules: "Rules that nobody could read are not missing rules."
  versions: "A rule that moves objects does not end old versions, which are kept for ever."
  adapts: "A bucket whose classes the cloud adapts needs no rule to move objects."
  other-rules: "A rule that only aborts unfinished uploads tidies nothing, and must not be written over."
  small: "A small bucket is not worth the rule."
  new: "A young bucket holds nothing old."
remediation:
  aws:
    change-type:
      - 'aws s3api put-bucket-lifecycle-configuration --region {region} --bucket {resource_id} --lifecycle-configuration ''{{"Rules":[{{"ID":"tidy","Status":"Enabled","Filter":{{}},"Transitions":[{{"Days":90,"StorageClass":"INTELLIGENT_TIERING"}}],"NoncurrentVersionExpiration":{{"NoncurrentDays":90}},"AbortIncompleteMultipartUpload":{{"DaysAfterInitiation":7}}}}]}}'''
      - "# undo: aws s3api delete-bucket-lifecycle --region {region} --bucket {resource_id}"
    merge:
      - aws s3api get-bucket-lifecycle-configuration --region {region} --bucket {resource_id}
      - "# kept: the rules it has, as the line above prints them; add one that moves or ends what is old and store all as lifecycle.json"
      - aws s3api put-bucket-lifecycle-configuration --region {region} --bucket {resource_id} --lifecycle-configuration file://lifecycle.json
      - "# undo, with what the first line printed: aws s3api put-bucket-lifecycle-configuration --region {region} --bucket {resource_id} --lifecycle-configuration file://lifecycle-before.json"
    versions:
      - aws s3api get-bucket-lifecycle-configuration --region {region} --bucket {resource_id}
      - "# kept: the rules it has, as the line above prints them; add one for old versions and store all as lifecycle.json"
      - aws s3api put-bucket-lifecycle-configuration --region {region} --bucket {resource_id} --lifecycle-configuration file://lifecycle.json
      - "# cannot be undone: versions that went do not come back, and the rules are as before once they are put again."
  alibaba:
    change-type:
      - aliyun oss lifecycle --region {region} --method put oss://{resource_id} lifecycle.xml
      - "# undo: aliyun oss lifecycle --region {region} --method delete oss://{resource_id}"
    merge:
      - aliyun oss lifecycle --region {region} --method get oss://{resource_id}
      - "# kept: the rules it has, as the line above prints them; add one that moves or ends what is old and store all as lifecycle.xml"
      - aliyun oss lifecycle --region {region} --method put oss://{resource_id} lifecycle.xml
      - "# undo, with what the first line printed: aliyun oss lifecycle --region {region} --method put oss://{resource_id} lifecycle-before.xml"
    versions:
      - aliyun oss lifecycle --region {region} --method get oss://{resource_id}
      - "# kept: the rules it has, as the line above prints them; add one for old versions and store all as lifecycle.xml"
      - aliyun oss lifecycle --region {region} --method put oss://{resource_id} lifecycle.xml
      - "# cannot be undone: versions that went do not come back, and the rules are as before once they are put again."
  gcp:
    change-type:
      - gcloud storage buckets update gs://{current_bucket} --project {account_id} --lifecycle-file lifecycle.json
      - "# undo: gcloud storage buckets update gs://{current_bucket} --project {account_id} --clear-lifecycle"
    merge:
      - gcloud storage buckets describe gs://{current_bucket} --project {account_id} --format json
      - "# kept: the rules it has, as the line above prints them; add one that moves or ends what is old and store all as lifecycle.json"
      - gcloud storage buckets update gs://{current_bucket} --project {account_id} --lifecycle-file lifecycle.json
      - "# undo, with what the first line printed: gcloud storage buckets update gs://{current_bucket} --project {account_id} --lifecycle-file lifecycle-before.json"
    versions:
      - gcloud storage buckets describe gs://{current_bucket} --project {account_id} --format json
      - "# kept: the rules it has, as the line above prints them; add one for old versions and store all as lifecycle.json"
      - gcloud storage buckets update gs://{current_bucket} --project {account_id} --lifecycle-file lifecycle.json
      - "# cannot be undone: versions that went do not come back, and the rules are as before once they are put again."
doc: |
  Finds buckets of 100 GiB and more that no lifecycle rule ever tidies, and versioned buckets whose rules never end an old
  version. How many of the bytes are old the clouds do not tell, so the saving is not promised: the cost of the bucket is shown, the saving is
  unknown, and the rules bucket-storage-class and unfinished-uploads price what can be told. Rules that could not be read
  are not evaluated. A rule should move what is old to a colder class, end old versions and abort unfinished uploads;
  current objects are ended only where their owner says so. It is wrong for a bucket that must be kept whole and at hand, such as one
  that a site is served from: there the rule for versions is enough.
---*/
WITH judged AS (
    SELECT
        cloud, account_id, region, bucket_id, storage_class, stored_bytes / 1073741824.0 AS gib, objects, has_lifecycle, versioned, expires_versions,
        moves_class, adapts_class, aborts_uploads, created_at,
        CASE
            WHEN stored_bytes / 1073741824.0 < $min_gib THEN 'small'
            WHEN created_at > $min_days_cutoff THEN 'new'
            WHEN has_lifecycle IS NULL THEN 'rules unknown'
            WHEN stored_bytes IS NULL THEN 'size unknown'
            WHEN versioned AND expires_versions = FALSE THEN CASE WHEN has_lifecycle THEN 'versions' ELSE 'nothing, versioned' END
            WHEN NOT has_lifecycle AND adapts_class THEN 'adapts'
            WHEN NOT has_lifecycle THEN 'nothing'
            ELSE 'tidy'
        END AS state
    FROM buckets
)
SELECT
    cloud,
    account_id,
    region,
    bucket_id AS resource_id,
    CASE
        WHEN state IN ('nothing', 'nothing, versioned', 'versions') THEN 'finding'
        WHEN state IN ('rules unknown', 'size unknown') THEN 'not_evaluated'
        ELSE 'ok'
    END AS verdict,
    CASE state
        WHEN 'nothing' THEN 'It holds ' || amount(gib) || ' GiB (limit ' || amount($min_gib) || '), and no rule ever moves or deletes anything.'
        WHEN 'nothing, versioned' THEN 'It holds ' || amount(gib) || ' GiB (limit ' || amount($min_gib) || ') and keeps every old version, and no rule ever moves or deletes anything.'
        WHEN 'versions' THEN 'It holds ' || amount(gib) || ' GiB (limit ' || amount($min_gib) || ') and keeps every old version: it has rules, but no one ends them.'
        WHEN 'small' THEN 'It holds ' || amount(gib) || ' GiB (limit ' || amount($min_gib) || ').'
        WHEN 'new' THEN 'It was made ' || counted(floor(days_between(created_at, $as_of)), 'day', 'days') || ' ago (limit ' || amount($min_days) || ').'
        WHEN 'adapts' THEN 'The cloud moves its objects between classes by itself.'
        WHEN 'tidy' THEN 'A rule moves or deletes what is old.'
        WHEN 'size unknown' THEN 'How much it holds is not known.'
        ELSE 'Whether it has lifecycle rules is not known.'
    END AS reason,
    'bucket_storage' AS components,
    'low' AS confidence,
    'how many of its bytes are old is not known' AS confidence_reason,
    CASE WHEN state = 'versions' THEN 'versions' WHEN aborts_uploads THEN 'merge' END AS remediation_case,
    bucket_id AS current_bucket,
    storage_class AS current_storage_class,
    gib AS current_size_gib,
    has_lifecycle AS current_lifecycle,
    versioned AS current_versioned,
    CASE WHEN state = 'versions' THEN 'old versions stay' ELSE 'nothing goes' END AS current_rule,
    CASE WHEN state = 'versions' THEN 'old versions end' ELSE 'what is old moves or ends' END AS proposed_rule,
    -- No number: which share of the bytes would be left nobody tells.
    'unknown' AS proposed_share,
    objects
FROM judged
