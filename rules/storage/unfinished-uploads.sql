/*---
id: unfinished-uploads
title: Parts of uploads that nobody finished
class: unused
action: delete
resource: bucket
parameters:
  min_days: {default: 7, unit: days, doc: "age of the oldest unfinished upload: no upload takes longer"}
  min_gib: {default: 1, unit: GiB, doc: "bytes of their parts from which they are told"}
needs: [buckets]
effort: low
risk: low
sources:
  - {title: "AWS Trusted Advisor: incomplete multipart uploads older than 7 days", url: "https://docs.aws.amazon.com/awssupport/latest/user/cost-optimization-checks.html"}
  - {title: "Alibaba Cloud OSS: parts of an unfinished upload are charged", url: "https://www.alibabacloud.com/help/en/oss/user-guide/delete-parts"}
  - {title: "Google Cloud Storage: parts of XML multipart uploads are charged until they are aborted", url: "https://cloud.google.com/storage/docs/multipart-uploads"}
traps:
  under-way: "An upload of this week may still be under way."
  aborted-by-rule: "Where a rule aborts unfinished uploads, they go by themselves."
  unread-rules: "Rules that nobody could read may abort them already, and a command must not write over them."
  uncounted: "Uploads whose bytes nobody counted have no price, and are told without one."
  part-of-the-bucket: "Only the share of the parts is saved, never the bucket."
remediation:
  aws:
    delete:
      - 'aws s3api put-bucket-lifecycle-configuration --region {region} --bucket {resource_id} --lifecycle-configuration ''{{"Rules":[{{"ID":"abort-uploads","Status":"Enabled","Filter":{{}},"AbortIncompleteMultipartUpload":{{"DaysAfterInitiation":7}}}}]}}'''
      - "# cannot be undone: parts that went are uploaded anew; the rule itself goes with aws s3api delete-bucket-lifecycle."
    merge:
      - aws s3api get-bucket-lifecycle-configuration --region {region} --bucket {resource_id}
      - "# kept: the rules it has, as the line above prints them; add AbortIncompleteMultipartUpload after 7 days and store all as lifecycle.json"
      - aws s3api put-bucket-lifecycle-configuration --region {region} --bucket {resource_id} --lifecycle-configuration file://lifecycle.json
      - "# cannot be undone: parts that went are uploaded anew, and the rules are as before once they are put again."
  alibaba:
    delete:
      - aliyun oss lifecycle --region {region} --method get oss://{resource_id}
      - "# kept: the rules it has, as the line above prints them; add AbortMultipartUpload after 7 days and store all as lifecycle.xml"
      - aliyun oss lifecycle --region {region} --method put oss://{resource_id} lifecycle.xml
      - "# cannot be undone: parts that went are uploaded anew, and the rules are as before once they are put again."
  gcp:
    - gcloud storage buckets describe gs://{current_bucket} --project {account_id} --format json
    - "# kept: the rules it has, as the line above prints them; add AbortIncompleteMultipartUpload after 7 days and store all as lifecycle.json"
    - gcloud storage buckets update gs://{current_bucket} --project {account_id} --lifecycle-file lifecycle.json
    - "# cannot be undone: parts that went are uploaded anew, and the rules are as before once they are put again."
doc: |
  Finds buckets with parts of uploads that were begun more than a week ago and never finished: they are no objects, no list
  shows them, and they are charged like objects. The saving is the share of their bytes in all that the bucket
  holds, of what the bucket's storage costs. A lifecycle rule that aborts uploads after seven days ends this for good. It is
  wrong for a tool that resumes an upload after weeks, as some backup tools do: ask whose uploads they are. Where only their
  number is known, it is told without a price.
---*/
WITH judged AS (
    SELECT
        cloud, account_id, region, bucket_id, has_lifecycle, unfinished_uploads AS uploads, unfinished_bytes / 1073741824.0 AS gib,
        coalesce(stored_bytes, 0) / 1073741824.0 AS stored_gib,
        floor(days_between(unfinished_since, $as_of)) AS days,
        CASE
            WHEN unfinished_uploads IS NULL THEN 'unknown'
            WHEN unfinished_uploads = 0 THEN 'none'
            WHEN aborts_uploads THEN 'aborted'
            WHEN unfinished_since > $min_days_cutoff THEN 'under way'
            WHEN unfinished_since IS NULL THEN 'age unknown'
            WHEN aborts_uploads IS NULL THEN 'rules unknown'
            WHEN unfinished_bytes IS NULL OR stored_bytes IS NULL THEN 'uncounted'
            WHEN unfinished_bytes / 1073741824.0 < $min_gib THEN 'little'
            ELSE 'waste'
        END AS state
    FROM buckets
)
SELECT
    cloud,
    account_id,
    region,
    bucket_id AS resource_id,
    CASE
        WHEN state IN ('waste', 'uncounted') THEN 'finding'
        WHEN state IN ('unknown', 'age unknown', 'rules unknown') THEN 'not_evaluated'
        ELSE 'ok'
    END AS verdict,
    CASE state
        WHEN 'waste' THEN 'It keeps ' || amount(gib) || ' GiB of ' || counted(uploads, 'upload', 'uploads') || ' that nobody finished, the oldest begun '
            || counted(days, 'day', 'days') || ' ago (limit ' || amount($min_days) || ').'
        WHEN 'none' THEN 'No upload is unfinished.'
        WHEN 'aborted' THEN 'A rule aborts unfinished uploads.'
        WHEN 'under way' THEN 'Its oldest unfinished upload was begun ' || counted(days, 'day', 'days') || ' ago (limit ' || amount($min_days) || ').'
        WHEN 'little' THEN 'It keeps ' || amount(gib) || ' GiB of unfinished uploads (limit ' || amount($min_gib) || ').'
        WHEN 'age unknown' THEN 'It keeps ' || counted(uploads, 'unfinished upload', 'unfinished uploads') || ', begun nobody knows when.'
        WHEN 'rules unknown' THEN 'It keeps ' || counted(uploads, 'unfinished upload', 'unfinished uploads') || ', and whether a rule aborts them is not known.'
        WHEN 'uncounted' THEN 'It keeps ' || counted(uploads, 'unfinished upload', 'unfinished uploads') || ', the oldest begun ' || counted(days, 'day', 'days')
            || ' ago (limit ' || amount($min_days) || '), whose bytes nobody counted.'
        ELSE 'Whether it keeps unfinished uploads is not known.'
    END AS reason,
    'bucket_storage' AS components,
    CASE WHEN state = 'uncounted' THEN 'low' ELSE 'medium' END AS confidence,
    CASE WHEN state = 'uncounted' THEN 'how many bytes they hold nobody counted' ELSE 'what the bucket costs is shared by bytes, whatever their class' END AS confidence_reason,
    CASE WHEN cloud = 'aws' AND coalesce(has_lifecycle, TRUE) THEN 'merge' END AS remediation_case,
    bucket_id AS current_bucket,
    gib AS current_unfinished_gib,
    stored_gib AS current_size_gib,
    0 AS proposed_unfinished_gib,
    -- No number where the bytes are not counted: such a finding has no price. What the cloud tells as stored may hold the parts already: counted beside it they are never more than they are.
    CASE state WHEN 'waste' THEN stored_gib / (stored_gib + gib) WHEN 'uncounted' THEN CAST('NaN' AS DOUBLE) ELSE 1 END AS proposed_share,
    uploads AS unfinished_uploads,
    days AS oldest_days
FROM judged
