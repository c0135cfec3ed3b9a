/*---
id: log-retention
title: Logs that are kept for ever, or for longer than anybody reads them
class: unused
action: change-type
resource: log_group
parameters:
  max_days: {default: 365, unit: days kept, doc: "entries older than this are proposed to go; a year is what payment-card rules ask of audit logs"}
  min_gib: {default: 10, unit: GiB, doc: "stored bytes from which a log is told"}
needs: [log_groups, tags]
effort: low
risk: medium
sources:
  - {title: "Amazon CloudWatch Logs: entries never expire unless a retention is set", url: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"}
  - {title: "PCI DSS 10.5.1: audit logs for at least twelve months", url: "https://www.pcisecuritystandards.org/document_library/"}
  - {title: "Thrifty for AWS and Google Cloud: log retention", url: "https://hub.powerpipe.io/mods/turbot/steampipe-mod-aws-thrifty/controls/control.cw_log_group_retention"}
  - {title: "Google Cloud Logging: 30 days are free, and _Required is kept for 400 days at no price", url: "https://cloud.google.com/stackdriver/pricing"}
traps:
  audit-log: "A log whose name says that it is an audit trail may have to be kept: low confidence, and a sentence."
  kept-by-tag: "A tag asks to keep it."
  young: "A log that was made this year holds nothing older, whatever its retention."
  free-days: "Days of retention that are free cost nothing, so they save nothing."
  unknown-retention: "A retention that nobody could read is not unlimited."
  required: "The bucket _Required of Google Cloud cannot be changed and costs nothing."
remediation:
  aws:
    - aws logs create-export-task --region {region} --log-group-name {resource_name} --from 0 --to MILLISECONDS --destination BUCKET
    - aws logs put-retention-policy --region {region} --log-group-name {resource_name} --retention-in-days {proposed_retention_days}
    - "# cannot be undone: entries that went stay away; the policy itself goes with aws logs delete-retention-policy."
  alibaba:
    change-type:
      - "# kept: what is younger; PROJECT and LOGSTORE are the two parts of {resource_name}"
      - aliyun sls CreateOSSExport --region {region} --project PROJECT --body file://export.json
      - aliyun sls UpdateLogStore --region {region} --project PROJECT --logstore LOGSTORE --ttl {proposed_retention_days}
      - "# cannot be undone: entries that went stay away; the days are as before once UpdateLogStore sets them again."
  gcp:
    - gcloud logging copy {resource_name} storage.googleapis.com/BUCKET --project {account_id} --location {region}
    - gcloud logging buckets update {resource_name} --project {account_id} --location {region} --retention-days {proposed_retention_days}
    - "# cannot be undone: entries that went stay away; the days are as before once the same command sets them again."
doc: |
  Finds logs that are kept for ever, or for more than a year, and hold older entries. How many bytes are older than a year
  the clouds do not tell: the share is estimated as if the log had grown evenly since it was made (or over its retention), so confidence is
  low. Days that are free (the first 30 on Google Cloud) are left out. What is older can be exported to an object store first, which costs a
  tenth. It is wrong for what a law or a contract asks to keep for longer: a log whose name says audit, trail, compliance or security is told with
  that doubt, and one whose tag asks to keep it is left alone. A log that grew lately saves less than estimated.
---*/
WITH aged AS (
    SELECT
        g.cloud, g.account_id, g.region, g.log_group_id, g.name, g.stored_bytes / 1073741824.0 AS gib, g.retention_days, g.unlimited, coalesce(g.free_days, 0) AS free_days,
        g.storage_class, k.asked, g.created_at,
        -- How old its oldest entries are at most.
        least(coalesce(floor(days_between(g.created_at, $as_of)), g.retention_days), coalesce(g.retention_days, floor(days_between(g.created_at, $as_of)))) AS age,
        lower(g.name) LIKE '%audit%' OR lower(g.name) LIKE '%trail%' OR lower(g.name) LIKE '%compliance%' OR lower(g.name) LIKE '%security%' AS suspect
    FROM log_groups AS g
    LEFT JOIN keepers AS k ON k.cloud = g.cloud AND k.account_id = g.account_id AND k.region = g.region AND k.resource_type = 'log_group'
        AND k.resource_id = g.log_group_id
),
judged AS (
    SELECT
        cloud, account_id, region, log_group_id, name, gib, retention_days, unlimited, free_days, storage_class, asked, age, coalesce(suspect, FALSE) AS suspect,
        CASE
            WHEN cloud = 'gcp' AND name = '_Required' THEN 'required'
            WHEN retention_days <= $max_days THEN 'short'
            WHEN gib < $min_gib THEN 'small'
            WHEN retention_days IS NULL AND NOT coalesce(unlimited, FALSE) THEN 'retention unknown'
            WHEN gib IS NULL THEN 'size unknown'
            WHEN age IS NULL THEN 'age unknown'
            WHEN age <= $max_days THEN 'young'
            WHEN age <= free_days THEN 'free'
            WHEN asked IS NOT NULL THEN 'asked'
            ELSE 'long'
        END AS state
    FROM aged
)
SELECT
    cloud,
    account_id,
    region,
    log_group_id AS resource_id,
    CASE WHEN state = 'long' THEN 'finding' WHEN state IN ('retention unknown', 'size unknown', 'age unknown') THEN 'not_evaluated' ELSE 'ok' END AS verdict,
    CASE state
        WHEN 'long' THEN 'It holds ' || amount(gib) || ' GiB of up to ' || counted(age, 'day', 'days') || ' and keeps them '
            || CASE WHEN retention_days IS NULL THEN 'for ever' ELSE 'for ' || counted(retention_days, 'day', 'days') END || ' (limit ' || counted($max_days, 'day', 'days') || ').'
        WHEN 'required' THEN 'It cannot be changed and costs nothing.'
        WHEN 'short' THEN 'It keeps entries for ' || counted(retention_days, 'day', 'days') || ' (limit ' || amount($max_days) || ').'
        WHEN 'small' THEN 'It holds ' || amount(gib) || ' GiB (limit ' || amount($min_gib) || ').'
        WHEN 'young' THEN 'It was made ' || counted(age, 'day', 'days') || ' ago, so it holds nothing older (limit ' || amount($max_days) || ').'
        WHEN 'free' THEN 'It keeps entries for ' || counted(age, 'day', 'days') || ', and ' || amount(free_days) || ' cost nothing.'
        WHEN 'asked' THEN 'Its tag ' || asked || ' asks to keep it.'
        WHEN 'size unknown' THEN 'How much it holds is not known.'
        WHEN 'age unknown' THEN 'Since when it is written is not known.'
        ELSE 'For how long it keeps entries is not known.'
    END AS reason,
    'log_storage' AS components,
    'low' AS confidence,
    CASE WHEN suspect THEN 'its name says that it may have to be kept, and how much of it is older is estimated'
        ELSE 'how much of it is older is estimated, as if it had grown evenly' END AS confidence_reason,
    gib AS current_size_gib,
    coalesce(CAST(retention_days AS VARCHAR), 'for ever') AS current_retention_days,
    storage_class AS current_storage_class,
    $max_days AS proposed_retention_days,
    -- What is paid for: the days beyond the free ones.
    CASE WHEN state <> 'long' THEN 1 ELSE greatest($max_days - free_days, 0) * 1.0 / (age - free_days) END AS proposed_share,
    age AS oldest_days,
    free_days
FROM judged
