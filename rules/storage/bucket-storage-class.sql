/*---
id: bucket-storage-class
title: Objects that nobody reads, in the class for those that everybody does
class: rate
action: change-type
resource: bucket
parameters:
  reads_max: {default: 0.1, unit: requests per object and month, doc: "requests for each object in a month, on the mean of all days: at one the fees for reading eat the saving"}
  min_object_kib: {default: 512, unit: KiB, doc: "mean size of an object: below it the fee for moving each takes months to come back, and below 128 KiB the colder class charges 128"}
  min_gib: {default: 100, unit: GiB, doc: "bytes in the standard class from which it pays"}
  min_days: {default: 30, unit: days, doc: "days of requests and of life before a verdict"}
  min_coverage: {default: 0.8, unit: ratio, doc: "share of days since the first one that have data"}
needs: [buckets, prices, "metrics:requests_per_second"]
effort: low
risk: low
sources:
  - {title: "Amazon S3 Standard-IA: at least 30 days and 128 KiB, a fee for each GiB that is read", url: "https://aws.amazon.com/s3/pricing/"}
  - {title: "Alibaba Cloud OSS Infrequent Access: at least 30 days and 64 KiB", url: "https://www.alibabacloud.com/help/en/oss/user-guide/overview-53"}
  - {title: "Google Cloud Storage Nearline: at least 30 days", url: "https://cloud.google.com/storage/docs/storage-classes"}
  - {title: "AWS: when objects move between classes, and what each costs", url: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"}
traps:
  requests-unknown: "Requests that nobody counted are not zero."
  small-objects: "Small objects are charged as larger ones, and moving each costs a fee."
  read: "Reading from the colder class costs a fee for each GiB."
  moved-already: "A lifecycle rule moves them already."
  unread-rules: "Rules that nobody could read may move them already, and a command must not write over them."
  adapts: "The cloud adapts the class by itself."
  other-classes: "Bytes that are in a colder class already save nothing more."
remediation:
  aws:
    change-type:
      - 'aws s3api put-bucket-lifecycle-configuration --region {region} --bucket {resource_id} --lifecycle-configuration ''{{"Rules":[{{"ID":"colder","Status":"Enabled","Filter":{{}},"Transitions":[{{"Days":30,"StorageClass":"STANDARD_IA"}}]}}]}}'''
      - "# undo, and copy objects back for a fee: aws s3api delete-bucket-lifecycle --region {region} --bucket {resource_id}"
    merge:
      - aws s3api get-bucket-lifecycle-configuration --region {region} --bucket {resource_id}
      - "# kept: the rules it has, as the line above prints them; add a transition to STANDARD_IA after 30 days and store all as lifecycle.json"
      - aws s3api put-bucket-lifecycle-configuration --region {region} --bucket {resource_id} --lifecycle-configuration file://lifecycle.json
      - "# undo, and copy objects back for a fee: aws s3api put-bucket-lifecycle-configuration --region {region} --bucket {resource_id} --lifecycle-configuration file://lifecycle-before.json"
  alibaba:
    - aliyun oss lifecycle --region {region} --method get oss://{resource_id}
    - "# kept: the rules it has, as the line above prints them; add a transition to IA after 30 days and store all as lifecycle.xml"
    - aliyun oss lifecycle --region {region} --method put oss://{resource_id} lifecycle.xml
    - "# undo, and copy objects back for a fee: aliyun oss lifecycle --region {region} --method put oss://{resource_id} lifecycle-before.xml"
  gcp:
    - gcloud storage buckets describe gs://{current_bucket} --project {account_id} --format json
    - "# kept: the rules it has, as the line above prints them; add SetStorageClass NEARLINE at an age of 30 days and store all as lifecycle.json"
    - gcloud storage buckets update gs://{current_bucket} --project {account_id} --lifecycle-file lifecycle.json
    - "# undo, and rewrite objects for a fee: gcloud storage buckets update gs://{current_bucket} --project {account_id} --lifecycle-file lifecycle-before.json"
doc: |
  Finds buckets whose objects in the standard class are practically never asked for: at most one request for ten objects in a month, over at least
  30 days. The class for infrequent access costs about half per GiB, charges a fee for each GiB that is read, and
  for moving each object, and counts at least 30 days and (AWS) 128 KiB for each: so small objects, and buckets that are read, stay where they are. The
  saving is told by list prices, over all bytes of the bucket, those in colder classes at the colder price. Fees for
  reading and moving are not in it, and objects that are deleted within 30 days save nothing: confidence is medium at
  most. Buckets whose requests nobody counts (request metrics of S3 are off until somebody switches them on) are not
  evaluated. It is wrong for objects that are read all at once some day, as when a backup is restored: the fee for all of it is then about
  the saving of a month.
---*/
WITH latest AS (
    -- The price of the first GiB of either class: among several of one instant the lowest, so that no saving is inflated.
    SELECT cloud, region, sku, currency, CAST(price AS DOUBLE) AS price,
        row_number() OVER (PARTITION BY cloud, region, sku ORDER BY as_of DESC, coalesce(tier_start, 0), price, currency) AS place
    FROM prices
    WHERE sku IN ('bucket:standard', 'bucket:infrequent') AND purchase_model = 'on_demand' AND price > 0 AND prices.as_of <= $as_of
),
facts AS (
    SELECT
        b.cloud, b.account_id, b.region, b.bucket_id, b.storage_class, b.objects, coalesce(b.has_lifecycle, TRUE) OR coalesce(b.aborts_uploads, FALSE) AS has_rules, b.moves_class, b.adapts_class, b.created_at,
        b.stored_bytes, b.standard_bytes, b.standard_bytes / 1073741824.0 AS gib, greatest(b.stored_bytes - b.standard_bytes, 0) / 1073741824.0 AS other_gib,
        b.stored_bytes / 1024.0 / nullif(b.objects, 0) AS object_kib, u.days, u.coverage, u.avg * 86400 * 30 AS requests,
        u.avg * 86400 * 30 / nullif(b.objects, 0) AS reads,
        s.price AS standard_price, CASE WHEN i.currency = s.currency THEN i.price END AS infrequent_price
    FROM buckets AS b
    LEFT JOIN usage AS u ON u.cloud = b.cloud AND u.account_id = b.account_id AND u.region = b.region AND u.resource_id = b.bucket_id
        AND u.metric = 'requests_per_second'
    LEFT JOIN latest AS s ON s.cloud = b.cloud AND s.region = b.region AND s.sku = 'bucket:standard' AND s.place = 1
    LEFT JOIN latest AS i ON i.cloud = b.cloud AND i.region = b.region AND i.sku = 'bucket:infrequent' AND i.place = 1
),
judged AS (
    SELECT
        cloud, account_id, region, bucket_id, storage_class, objects, has_rules, created_at, gib, other_gib, object_kib, days, coverage, requests,
        reads, standard_price, infrequent_price,
        CASE
            WHEN standard_bytes IS NULL OR stored_bytes IS NULL OR objects IS NULL THEN 'size unknown'
            WHEN gib < $min_gib THEN 'small'
            WHEN adapts_class THEN 'adapts'
            WHEN moves_class THEN 'moved'
            WHEN created_at > $min_days_cutoff THEN 'new'
            WHEN object_kib < $min_object_kib THEN 'small objects'
            WHEN reads > $reads_max THEN 'read'
            WHEN days IS NULL OR reads IS NULL THEN 'no data'
            WHEN days < $min_days THEN 'too few days'
            WHEN coverage < $min_coverage THEN 'gaps'
            WHEN moves_class IS NULL THEN 'rules unknown'
            WHEN standard_price IS NULL OR infrequent_price IS NULL THEN 'no price'
            WHEN infrequent_price >= standard_price THEN 'dearer'
            ELSE 'cold'
        END AS state
    FROM facts
)
SELECT
    cloud,
    account_id,
    region,
    bucket_id AS resource_id,
    CASE
        WHEN state = 'cold' THEN 'finding'
        WHEN state IN ('size unknown', 'rules unknown', 'no data', 'too few days', 'gaps', 'no price') THEN 'not_evaluated'
        ELSE 'ok'
    END AS verdict,
    CASE state
        WHEN 'cold' THEN 'In ' || counted(days, 'day', 'days') || ' its ' || counted(objects, 'object', 'objects') || ' (' || amount(gib) || ' GiB in the standard class) were asked for '
            || amount(reads) || ' times each in a month (limit ' || amount($reads_max) || '), and are ' || amount(object_kib) || ' KiB in the mean (limit ' || amount($min_object_kib) || ').'
        WHEN 'read' THEN 'Its objects are asked for ' || amount(reads) || ' times each in a month (limit ' || amount($reads_max) || ').'
        WHEN 'small objects' THEN 'Its objects are ' || amount(object_kib) || ' KiB in the mean (limit ' || amount($min_object_kib) || ').'
        WHEN 'small' THEN 'It holds ' || amount(gib) || ' GiB in the standard class (limit ' || amount($min_gib) || ').'
        WHEN 'adapts' THEN 'The cloud moves its objects between classes by itself.'
        WHEN 'rules unknown' THEN 'Whether a lifecycle rule moves its objects already is not known.'
        WHEN 'moved' THEN 'A lifecycle rule moves its objects to a colder class.'
        WHEN 'new' THEN 'It was made ' || counted(floor(days_between(created_at, $as_of)), 'day', 'days') || ' ago (limit ' || amount($min_days) || ').'
        WHEN 'dearer' THEN 'The colder class costs no less in its region.'
        WHEN 'too few days' THEN 'There is data for ' || counted(days, 'day', 'days') || ' (needed: ' || amount($min_days) || ').'
        WHEN 'gaps' THEN 'Data covers ' || in_percent(coverage) || ' of the days (needed: ' || in_percent($min_coverage) || ').'
        WHEN 'no price' THEN 'The prices of both classes in its region are not known.'
        WHEN 'size unknown' THEN 'How many objects and bytes it holds in which class is not known.'
        ELSE 'Nobody counts its requests.'
    END AS reason,
    'bucket_storage' AS components,
    CASE WHEN days < 35 THEN 'low' ELSE 'medium' END AS confidence,
    CASE WHEN days < 35 THEN 'the data of ' || days || ' days may hold no month end'
        ELSE 'fees for moving and reading objects are not in the saving, nor is how soon they are deleted' END AS confidence_reason,
    CASE WHEN cloud = 'aws' AND has_rules THEN 'merge' END AS remediation_case,
    bucket_id AS current_bucket,
    storage_class AS current_storage_class,
    gib AS current_standard_gib,
    'infrequent' AS proposed_storage_class,
    CASE WHEN state = 'cold' THEN (gib + other_gib) * infrequent_price / (gib * standard_price + other_gib * infrequent_price) ELSE 1 END AS proposed_share,
    objects,
    object_kib AS object_kib_mean,
    requests AS requests_a_month,
    reads AS requests_per_object_and_month,
    standard_price,
    infrequent_price,
    days,
    coverage
FROM judged
