-- format: aws
-- name: VPC flow logs of AWS
-- One record is what one network interface saw of one flow within one window; the other end records it, too, where its
-- interface is logged. srcaddr and dstaddr always have the interface's own primary address; pkt-srcaddr and pkt-dstaddr
-- are the ends of the packet itself, behind a NAT gateway or a pod's node.
-- https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
SELECT
    coalesce(nullif(raw.account_id, 'unknown'), $account) AS account_id,
    coalesce(raw.region, $region) AS region,
    raw.vpc_id AS vpc_id,
    raw.interface_id AS reporter,
    raw.instance_id AS reporter_resource,
    raw.az_id AS reporter_zone,
    CASE lower(raw.flow_direction) WHEN 'egress' THEN 'src' WHEN 'ingress' THEN 'dst' END AS side,
    coalesce(raw.pkt_srcaddr, raw.srcaddr) AS source_address,
    coalesce(raw.pkt_dstaddr, raw.dstaddr) AS destination_address,
    CASE WHEN raw.pkt_srcaddr <> raw.srcaddr THEN raw.srcaddr END AS source_hop,
    CASE WHEN raw.pkt_dstaddr <> raw.dstaddr THEN raw.dstaddr END AS destination_hop,
    CAST(NULL AS VARCHAR) AS source_resource,
    CAST(NULL AS VARCHAR) AS source_zone,
    CAST(NULL AS VARCHAR) AS destination_resource,
    CAST(NULL AS VARCHAR) AS destination_zone,
    lower(coalesce(raw.pkt_dst_aws_service, raw.pkt_src_aws_service)) AS service,
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
