-- format: alibaba
-- name: VPC flow logs of Alibaba Cloud
-- One record is what one network interface saw of one flow within one window, with the direction as seen from it; the
-- other end records it, too, where its interface is logged.
-- https://www.alibabacloud.com/help/en/sls/flowlog-field-details
SELECT
    coalesce(raw.account_id, $account) AS account_id,
    coalesce(raw.region, $region) AS region,
    raw.vpc_id AS vpc_id,
    raw.eni_id AS reporter,
    raw.vm_id AS reporter_resource,
    CAST(NULL AS VARCHAR) AS reporter_zone,
    CASE lower(raw.direction) WHEN 'out' THEN 'src' WHEN 'in' THEN 'dst' END AS side,
    raw.srcaddr AS source_address,
    raw.dstaddr AS destination_address,
    CAST(NULL AS VARCHAR) AS source_hop,
    CAST(NULL AS VARCHAR) AS destination_hop,
    CAST(NULL AS VARCHAR) AS source_resource,
    CAST(NULL AS VARCHAR) AS source_zone,
    CAST(NULL AS VARCHAR) AS destination_resource,
    CAST(NULL AS VARCHAR) AS destination_zone,
    CAST(NULL AS VARCHAR) AS service,
    unix(raw.start) AS started,
    TRY_CAST(raw.bytes AS DOUBLE) AS bytes,
    CASE
        WHEN raw.log_status = 'NODATA' THEN 'no data'
        WHEN raw.log_status = 'SKIPDATA' THEN 'skipped'
        WHEN raw.action = 'REJECT' THEN 'refused'
        ELSE 'counted'
    END AS state,
    concat_ws('|', raw.srcport, raw.dstport, raw.protocol, raw."end", raw.packets) AS identity
FROM raw
