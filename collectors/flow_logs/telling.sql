-- `traffic` from all pairs that are loaded, with the resources that the inventory knows now. Statements run in order.
-- Which address belongs to which resource. Where interfaces were not looked at, the first address of each machine and
-- the public ones stand in.
CREATE OR REPLACE TEMP TABLE flow_addresses AS
WITH looked_at AS (
    SELECT DISTINCT cloud, account_id, region, resource_id FROM network_addresses WHERE resource_id IS NOT NULL
),
known AS (
    SELECT cloud, account_id, region, vpc_id, address, interface_id, resource_id, resource_type, zone, is_public
    FROM network_addresses
    UNION ALL
    SELECT i.cloud, i.account_id, i.region, i.vpc_id, i.private_ip, NULL, i.instance_id, 'instance', i.zone, false
    FROM instances AS i
    ANTI JOIN looked_at AS l ON l.cloud = i.cloud AND l.account_id = i.account_id AND l.region = i.region
        AND l.resource_id = i.instance_id
    WHERE i.private_ip IS NOT NULL
    UNION ALL
    SELECT p.cloud, p.account_id, p.region, NULL, p.address, NULL, p.resource_id, p.resource_type, NULL, true
    FROM public_ips AS p
    WHERE p.address IS NOT NULL AND p.resource_id IS NOT NULL
)
SELECT k.cloud, k.account_id, k.region, coalesce(k.vpc_id, i.vpc_id) AS vpc_id, k.address, k.interface_id,
    k.resource_id, k.resource_type, coalesce(i.zone, k.zone, n.zone) AS zone, k.is_public, i.launched_at, i.name
FROM known AS k
LEFT JOIN instances AS i ON i.cloud = k.cloud AND i.account_id = k.account_id AND i.region = k.region
    AND i.instance_id = k.resource_id
LEFT JOIN nat_gateways AS n ON n.cloud = k.cloud AND n.account_id = k.account_id AND n.region = k.region
    AND n.nat_gateway_id = k.resource_id;

-- An address that several resources have, in one network or (of public ones) anywhere, is nobody's. Of some interfaces
-- AWS does not tell the owner (a database), and still the zone.
CREATE OR REPLACE TEMP TABLE flow_in_network AS
SELECT cloud, vpc_id, address, min(resource_id) AS resource_id, min(account_id) AS account_id, min(region) AS region,
    min(zone) AS zone, min(resource_type) AS resource_type, max(launched_at) AS launched_at
FROM flow_addresses
WHERE vpc_id IS NOT NULL AND NOT is_public
GROUP BY cloud, vpc_id, address
HAVING count(DISTINCT coalesce(resource_id, interface_id, address)) = 1;

CREATE OR REPLACE TEMP TABLE flow_anywhere AS
SELECT cloud, address, min(resource_id) AS resource_id, min(account_id) AS account_id, min(region) AS region,
    min(zone) AS zone, min(resource_type) AS resource_type, max(launched_at) AS launched_at
FROM flow_addresses
GROUP BY cloud, address
HAVING count(DISTINCT coalesce(resource_id, interface_id, address)) = 1;

-- What records: by the id of its interface, else by the machine or name that the log tells.
CREATE OR REPLACE TEMP TABLE flow_interfaces AS
SELECT cloud, interface_id, min(resource_id) AS resource_id, min(account_id) AS account_id, min(region) AS region,
    min(zone) AS zone, min(resource_type) AS resource_type
FROM flow_addresses
WHERE interface_id IS NOT NULL AND resource_id IS NOT NULL
GROUP BY cloud, interface_id
HAVING count(DISTINCT resource_id) = 1;

CREATE OR REPLACE TEMP TABLE flow_machines AS
SELECT cloud, told, min(resource_id) AS resource_id, min(account_id) AS account_id, min(region) AS region,
    min(zone) AS zone
FROM (
    SELECT cloud, instance_id AS told, instance_id AS resource_id, account_id, region, zone FROM instances
    UNION ALL
    SELECT cloud, account_id || '/' || name, instance_id, account_id, region, zone FROM instances WHERE cloud = 'gcp'
)
GROUP BY cloud, told
HAVING count(DISTINCT resource_id) = 1;

-- The addresses of an interface: from the inventory; else the one that all of its records have, if it is one only.
CREATE OR REPLACE TEMP TABLE flow_own AS
WITH shown AS (
    SELECT cloud, reporter, coalesce(source_hop, source_address) AS one, coalesce(destination_hop, destination_address) AS other
    FROM flow_pairs WHERE side IS NULL AND reporter IS NOT NULL
),
counted AS (
    SELECT cloud, reporter, address, count(*) AS records
    FROM (SELECT cloud, reporter, one AS address FROM shown UNION ALL SELECT cloud, reporter, other FROM shown WHERE other <> one)
    GROUP BY ALL
),
whole AS (SELECT cloud, reporter, count(*) AS records FROM shown GROUP BY ALL)
SELECT DISTINCT cloud, interface_id AS reporter, address FROM flow_addresses WHERE interface_id IS NOT NULL
UNION
SELECT c.cloud, c.reporter, min(c.address)
FROM counted AS c
JOIN whole AS w ON w.cloud = c.cloud AND w.reporter = c.reporter AND w.records = c.records
GROUP BY c.cloud, c.reporter
HAVING count(*) = 1;

CREATE OR REPLACE TEMP MACRO zone_region(cloud, zone) AS CASE WHEN cloud = 'gcp' THEN regexp_replace(zone, '-[a-z]$', '') END;

CREATE OR REPLACE TEMP TABLE flow_told AS
WITH sided AS (
    SELECT p.*, CASE
            WHEN p.side IS NOT NULL THEN p.side
            WHEN s.address IS NOT NULL AND d.address IS NULL THEN 'src'
            WHEN d.address IS NOT NULL AND s.address IS NULL THEN 'dst'
        END AS known_side
    FROM flow_pairs AS p
    LEFT JOIN flow_own AS s ON s.cloud = p.cloud AND s.reporter = p.reporter
        AND s.address = coalesce(p.source_hop, p.source_address)
    LEFT JOIN flow_own AS d ON d.cloud = p.cloud AND d.reporter = p.reporter
        AND d.address = coalesce(p.destination_hop, p.destination_address)
),
reported AS (
    SELECT s.* EXCLUDE (side), coalesce(f.resource_id, m.resource_id, s.reporter_resource) AS mine,
        coalesce(f.account_id, m.account_id) AS my_account, coalesce(f.region, m.region) AS my_region,
        coalesce(f.zone, m.zone, s.reporter_zone) AS my_zone, f.resource_type AS my_type,
        -- What is sent on by something that is neither end: a NAT gateway, where the inventory or the addresses say so.
        (s.source_hop IS NOT NULL OR s.destination_hop IS NOT NULL) AND (
            f.resource_type = 'nat_gateway'
            OR (s.source_hop IS NOT NULL AND is_internal(s.source_hop) AND NOT is_internal(s.source_address))
            OR (s.destination_hop IS NOT NULL AND is_internal(s.destination_hop) AND NOT is_internal(s.destination_address))
        ) AS passes_on
    FROM sided AS s
    LEFT JOIN flow_interfaces AS f ON f.cloud = s.cloud AND f.interface_id = s.reporter
    LEFT JOIN flow_machines AS m ON m.cloud = s.cloud AND m.told = s.reporter_resource
)
SELECT r.cloud, r.account_id, r.flow_source, r.day, r.reporter, r.source_address, r.destination_address, r.service, r.bytes,
    CASE WHEN passes_on THEN NULL ELSE known_side END AS side,
    CASE WHEN passes_on AND my_type = 'nat_gateway' THEN mine END AS gateway, passes_on,
    NOT coalesce(sn.address = r.source_address, is_internal(r.source_address))
        OR NOT coalesce(dn.address = r.destination_address, is_internal(r.destination_address)) AS outside,
    -- The end that records is known by its interface; any other by its name or address, unless the machine that has the
    -- address now was started after that day.
    CASE WHEN known_side = 'src' AND NOT passes_on AND mine IS NOT NULL THEN mine
        ELSE coalesce(sm.resource_id, CASE WHEN sn.launched_at IS NULL OR sn.launched_at < r.day + INTERVAL 1 DAY THEN sn.resource_id END,
            CASE WHEN sn.address IS NULL AND (sa.launched_at IS NULL OR sa.launched_at < r.day + INTERVAL 1 DAY) THEN sa.resource_id END)
    END AS source_resource,
    CASE WHEN known_side = 'dst' AND NOT passes_on AND mine IS NOT NULL THEN mine
        ELSE coalesce(dm.resource_id, CASE WHEN dn.launched_at IS NULL OR dn.launched_at < r.day + INTERVAL 1 DAY THEN dn.resource_id END,
            CASE WHEN dn.address IS NULL AND (da.launched_at IS NULL OR da.launched_at < r.day + INTERVAL 1 DAY) THEN da.resource_id END)
    END AS destination_resource,
    coalesce(CASE WHEN known_side = 'src' AND NOT passes_on THEN my_zone END, sm.zone, r.source_zone, sn.zone, sa.zone) AS source_zone,
    coalesce(CASE WHEN known_side = 'dst' AND NOT passes_on THEN my_zone END, dm.zone, r.destination_zone, dn.zone, da.zone) AS destination_zone,
    CASE WHEN known_side = 'src' AND NOT passes_on THEN coalesce(my_region, r.region) ELSE coalesce(sm.region, zone_region(r.cloud, r.source_zone), sn.region, sa.region, r.region) END AS region,
    CASE WHEN known_side = 'dst' AND NOT passes_on THEN coalesce(my_region, r.region) ELSE coalesce(dm.region, zone_region(r.cloud, r.destination_zone), dn.region, da.region) END AS destination_region,
    CASE WHEN known_side = 'dst' AND NOT passes_on THEN coalesce(my_account, r.account_id) ELSE coalesce(dm.account_id, dn.account_id, da.account_id) END AS destination_account,
    coalesce(sn.resource_type, sa.resource_type) AS source_type, coalesce(dn.resource_type, da.resource_type) AS destination_type
FROM reported AS r
LEFT JOIN flow_machines AS sm ON sm.cloud = r.cloud AND sm.told = r.source_resource
LEFT JOIN flow_machines AS dm ON dm.cloud = r.cloud AND dm.told = r.destination_resource
LEFT JOIN flow_in_network AS sn ON sn.cloud = r.cloud AND sn.vpc_id = r.vpc_id AND sn.address = r.source_address
LEFT JOIN flow_in_network AS dn ON dn.cloud = r.cloud AND dn.vpc_id = r.vpc_id AND dn.address = r.destination_address
LEFT JOIN flow_anywhere AS sa ON sa.cloud = r.cloud AND sa.address = r.source_address
LEFT JOIN flow_anywhere AS da ON da.cloud = r.cloud AND da.address = r.destination_address;

-- An end that is two machines, as addresses of two networks are, is told by its address only.
-- The same bytes, as each of several logs, each interface and each end recorded them: what the sender's interfaces say
-- counts, where there is no such record what the receiver's say, and else the most that anything on the way says.
CREATE OR REPLACE TEMP TABLE flow_counted AS
WITH keyed AS (
    SELECT *, CASE WHEN outside THEN coalesce(source_resource, source_address) ELSE source_address END AS source_key,
        CASE WHEN outside THEN coalesce(destination_resource, destination_address) ELSE destination_address END AS destination_key,
        CASE side WHEN 'src' THEN 1 WHEN 'dst' THEN 2 ELSE 3 END AS place
    FROM flow_told
),
logged AS (
    SELECT cloud, day, source_key, destination_key, outside, place, reporter, flow_source, sum(bytes) AS bytes
    FROM keyed GROUP BY ALL
),
interfaced AS (
    SELECT cloud, day, source_key, destination_key, outside, place, reporter, max(bytes) AS bytes
    FROM logged GROUP BY ALL
),
placed AS (
    SELECT cloud, day, source_key, destination_key, outside, place,
        CASE WHEN place = 3 THEN max(bytes) ELSE sum(bytes) END AS bytes
    FROM interfaced GROUP BY cloud, day, source_key, destination_key, outside, place
),
best AS (
    SELECT cloud, day, source_key, destination_key, outside, min(place) AS place, arg_min(bytes, place) AS bytes
    FROM placed GROUP BY ALL
)
SELECT b.cloud, b.day, b.bytes,
    min(k.account_id) FILTER (k.place = b.place) AS account_id,
    min(k.flow_source) FILTER (k.place = b.place) AS flow_source,
    coalesce(min(k.region) FILTER (k.place = b.place), min(k.region), 'global') AS region,
    CASE WHEN count(DISTINCT k.source_resource) = 1 THEN min(k.source_resource) END AS source_resource,
    CASE WHEN count(DISTINCT k.destination_resource) = 1 THEN min(k.destination_resource) END AS destination_resource,
    CASE
        WHEN count(DISTINCT k.source_zone) FILTER (NOT contains(k.source_zone, '-az')) = 1
            THEN min(k.source_zone) FILTER (NOT contains(k.source_zone, '-az'))
        WHEN count(DISTINCT k.source_zone) = 1 THEN min(k.source_zone)
    END AS source_zone,
    CASE
        WHEN count(DISTINCT k.destination_zone) FILTER (NOT contains(k.destination_zone, '-az')) = 1
            THEN min(k.destination_zone) FILTER (NOT contains(k.destination_zone, '-az'))
        WHEN count(DISTINCT k.destination_zone) = 1 THEN min(k.destination_zone)
    END AS destination_zone,
    min(k.destination_region) AS destination_region, min(k.destination_account) AS destination_account,
    min(k.source_address) FILTER (k.place = b.place) AS source_address,
    min(k.destination_address) FILTER (k.place = b.place) AS destination_address,
    min(k.service) AS service, min(k.gateway) AS gateway, bool_or(k.passes_on) AS passed_on, b.outside,
    min(k.source_type) AS source_type, min(k.destination_type) AS destination_type
FROM best AS b
JOIN keyed AS k ON k.cloud = b.cloud AND k.day = b.day AND k.source_key = b.source_key
    AND k.destination_key = b.destination_key AND k.outside = b.outside
GROUP BY b.cloud, b.day, b.bytes, b.source_key, b.destination_key, b.outside;

-- Google: a machine without a public address in a subnet without Private Google Access has one way to Google's services,
-- and if the network has one gateway there, it is this one.
CREATE OR REPLACE TEMP TABLE flow_only_way AS
SELECT i.cloud, i.instance_id AS resource_id, min(g.nat_gateway_id) AS gateway
FROM instances AS i
JOIN subnets AS s ON s.cloud = i.cloud AND s.region = i.region AND s.subnet_id = i.subnet_id AND NOT s.private_access
JOIN nat_gateways AS g ON g.cloud = i.cloud AND g.account_id = i.account_id AND g.region = i.region
    AND coalesce(g.vpc_id, i.vpc_id) = i.vpc_id
SEMI JOIN network_addresses AS inside ON inside.cloud = i.cloud AND inside.account_id = i.account_id
    AND inside.resource_id = i.instance_id AND NOT inside.is_public
ANTI JOIN network_addresses AS outside ON outside.cloud = i.cloud AND outside.account_id = i.account_id
    AND outside.resource_id = i.instance_id AND outside.is_public
WHERE i.cloud = 'gcp'
GROUP BY i.cloud, i.instance_id
HAVING count(DISTINCT g.nat_gateway_id) = 1;

DELETE FROM traffic WHERE source = 'flow log';

-- AWS names zones in its logs by ids that its inventory does not have: the two are never held against each other.
-- What a NAT gateway sends to and gets from the internet it was sent by, or sends on to, a machine: counted there.
INSERT INTO traffic BY NAME
SELECT cloud, account_id, region, source_resource,
    CASE WHEN mixed AND contains(source_zone, '-az') THEN NULL ELSE source_zone END AS source_zone,
    destination_resource,
    CASE WHEN mixed AND contains(destination_zone, '-az') THEN NULL ELSE destination_zone END AS destination_zone,
    destination_region, CASE WHEN destination_resource IS NOT NULL THEN destination_account END AS destination_account, day, bytes,
    CASE WHEN passed_on OR through OR only_way IS NOT NULL THEN 'nat' WHEN outside THEN 'public' ELSE 'private' END AS path,
    'flow log' AS source, source_address, destination_address, service,
    coalesce(gateway, only_way, CASE WHEN source_type = 'nat_gateway' THEN source_resource WHEN destination_type = 'nat_gateway' THEN destination_resource END) AS gateway,
    flow_source
FROM (
    SELECT c.*, w.gateway AS only_way, coalesce(contains(source_zone, '-az') <> contains(destination_zone, '-az'), false) AS mixed,
        coalesce(source_type = 'nat_gateway', false) OR coalesce(destination_type = 'nat_gateway', false) AS through
    FROM flow_counted AS c
    LEFT JOIN flow_only_way AS w ON w.cloud = c.cloud AND c.outside AND c.service = 'google'
        AND w.resource_id = coalesce(c.source_resource, c.destination_resource)
)
WHERE NOT (through AND outside);
