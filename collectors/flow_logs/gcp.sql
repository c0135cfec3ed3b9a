-- format: gcp
-- name: VPC flow logs of Google Cloud
-- One record is what one machine saw of one flow within one interval; `reporter` says at which end. Bytes of packets
-- that were not looked at are made up for by Google; entries that the sampling rate of the subnet leaves out are not.
-- The fields are those of the entry that Logging exports, and of the columns of its table in BigQuery.
-- https://cloud.google.com/vpc/docs/about-flow-logs-records
SELECT
    coalesce(
        CASE WHEN starts_with(field(raw.j, '$.reporter'), 'DEST') THEN field(raw.j, '$.dest_instance.project_id') END,
        field(raw.j, '$.src_instance.project_id'),
        raw.j ->> '$.resource.labels.project_id',
        nullif(regexp_extract(raw.j ->> '$.logName', '^projects/([^/]+)/', 1), ''),
        $account
    ) AS account_id,
    coalesce(
        CASE WHEN starts_with(field(raw.j, '$.reporter'), 'DEST') THEN field(raw.j, '$.dest_instance.region') END,
        field(raw.j, '$.src_instance.region'),
        regexp_replace(raw.j ->> '$.resource.labels.location', '-[a-z]$', ''),
        $region
    ) AS region,
    CAST(NULL AS VARCHAR) AS vpc_id,
    concat_ws('/', field(raw.j, '$.reporter'), CASE
        WHEN starts_with(field(raw.j, '$.reporter'), 'DEST') THEN
            concat_ws('/', field(raw.j, '$.dest_instance.project_id'), field(raw.j, '$.dest_instance.zone'),
                field(raw.j, '$.dest_instance.vm_name'))
        ELSE concat_ws('/', field(raw.j, '$.src_instance.project_id'), field(raw.j, '$.src_instance.zone'),
            field(raw.j, '$.src_instance.vm_name'))
    END) AS reporter,
    CAST(NULL AS VARCHAR) AS reporter_resource,
    CAST(NULL AS VARCHAR) AS reporter_zone,
    CASE field(raw.j, '$.reporter') WHEN 'SRC' THEN 'src' WHEN 'DEST' THEN 'dst' END AS side,
    field(raw.j, '$.connection.src_ip') AS source_address,
    field(raw.j, '$.connection.dest_ip') AS destination_address,
    CAST(NULL AS VARCHAR) AS source_hop,
    CAST(NULL AS VARCHAR) AS destination_hop,
    field(raw.j, '$.src_instance.project_id') || '/' || field(raw.j, '$.src_instance.vm_name') AS source_resource,
    field(raw.j, '$.src_instance.zone') AS source_zone,
    field(raw.j, '$.dest_instance.project_id') || '/' || field(raw.j, '$.dest_instance.vm_name')
        AS destination_resource,
    field(raw.j, '$.dest_instance.zone') AS destination_zone,
    CASE WHEN coalesce(field(raw.j, '$.dest_google_service.type'), field(raw.j, '$.src_google_service.type'))
        IN ('GOOGLE_API', 'GOOGLE_API_PSC') THEN 'google' END AS service,
    wall(field(raw.j, '$.start_time'), raw.j ->> '$.timestamp') AS started,
    TRY_CAST(field(raw.j, '$.bytes_sent') AS DOUBLE) AS bytes,
    'counted' AS state,
    concat_ws('|', raw.j ->> '$.insertId', field(raw.j, '$.connection.src_port'),
        field(raw.j, '$.connection.dest_port'), field(raw.j, '$.connection.protocol'), field(raw.j, '$.end_time'),
        field(raw.j, '$.packets_sent')) AS identity
FROM raw
