-- Grain: one row per resource, kind of traffic, the cloud's service it is with (if it is) and other end, of flow logs: the
-- ten largest of each resource and kind, with what all of them come to beside it. GiB are those of a month at the rate of
-- the days that flow logs of the account and region have, at most the last 30 of them.
-- Kinds: `cross_zone` (between zones of a region; the way to a NAT gateway, too), `public_ip` (between resources of the
-- inventory over public addresses inside a region), `internet` (with an address that is none of ours, by a public address
-- of its own), `nat_service` (a gateway's bytes to and from the cloud's own services; the other end is the subnet).
-- `all` (everything that a resource sends or receives; one row, whose `days` are those on which the log has it at all).
-- A resource is there as sender, and as receiver in clouds where both pay. `wanted` is what a database keeps in two zones
-- makes: its machines cannot all be in its zone.
WITH both_pay AS (
    SELECT 'aws' AS cloud
),
logged AS (
    SELECT cloud, account_id, region, source_resource, source_zone, source_address, destination_resource, destination_zone,
        destination_address, coalesce(destination_account, account_id) AS destination_account,
        coalesce(destination_region, region) AS destination_region, day, bytes, path, service, gateway
    FROM traffic
    WHERE source = 'flow log' AND day >= CAST($window_start AS TIMESTAMP) AND day < CAST($as_of AS TIMESTAMP)
),
covered AS (
    SELECT cloud, account_id, region, max(day) AS last_day FROM logged GROUP BY cloud, account_id, region
),
recent AS (
    SELECT l.cloud, l.account_id, l.region, l.source_resource, l.source_zone, l.source_address, l.destination_resource,
        l.destination_zone, l.destination_address, l.destination_account, l.destination_region, l.day, l.bytes, l.path,
        l.service, l.gateway, g.zone AS gateway_zone,
        l.gateway IS NOT NULL AND l.source_resource IS NOT NULL AND l.source_resource <> l.gateway AS to_gateway
    FROM logged AS l
    JOIN covered AS c ON c.cloud = l.cloud AND c.account_id = l.account_id AND c.region = l.region
        AND days_between(l.day, c.last_day) < 30
    LEFT JOIN nat_gateways AS g ON g.cloud = l.cloud AND g.account_id = l.account_id AND g.nat_gateway_id = l.gateway
),
spans AS (
    SELECT cloud, account_id, region, count(DISTINCT day) AS days FROM recent GROUP BY cloud, account_id, region
),
legs AS (
    -- What a NAT gateway passes on crosses zones on the way between machine and gateway.
    SELECT cloud, account_id, region, day, bytes, path, destination_account, destination_region,
        CASE WHEN gateway IS NULL OR to_gateway THEN source_resource ELSE gateway END AS sender,
        CASE WHEN gateway IS NULL OR to_gateway THEN source_address END AS sender_address,
        CASE WHEN gateway IS NULL OR to_gateway THEN source_zone ELSE gateway_zone END AS sender_zone,
        CASE WHEN gateway IS NOT NULL AND to_gateway THEN gateway ELSE destination_resource END AS receiver,
        CASE WHEN gateway IS NULL OR NOT to_gateway THEN destination_address END AS receiver_address,
        CASE WHEN gateway IS NOT NULL AND to_gateway THEN coalesce(gateway_zone, destination_zone) ELSE destination_zone END AS receiver_zone
    FROM recent
    WHERE path = 'private' OR gateway IS NOT NULL
),
crossing AS (
    SELECT cloud, account_id, region, day, bytes, destination_account, sender, sender_address, sender_zone, receiver,
        receiver_address, receiver_zone
    FROM legs
    WHERE sender_zone <> receiver_zone AND (destination_region = region OR path = 'nat')
),
ours AS (
    SELECT cloud, account_id, region, day, bytes, destination_account, source_resource, source_zone, destination_resource, destination_zone
    FROM recent
    WHERE path = 'public' AND source_resource <> destination_resource AND destination_region = region
),
ends AS (
    SELECT cloud, account_id, region, 'cross_zone' AS kind, sender AS resource_id, sender_zone AS zone, NULL AS service,
        receiver AS peer_resource, coalesce(receiver, receiver_address) AS peer, receiver_zone AS peer_zone, day, bytes
    FROM crossing
    UNION ALL
    SELECT c.cloud, c.destination_account, c.region, 'cross_zone', c.receiver, c.receiver_zone, NULL, c.sender,
        coalesce(c.sender, c.sender_address), c.sender_zone, c.day, c.bytes
    FROM crossing AS c
    JOIN both_pay AS p ON p.cloud = c.cloud
    UNION ALL
    SELECT cloud, account_id, region, 'public_ip', source_resource, source_zone, NULL, destination_resource,
        destination_resource, destination_zone, day, bytes
    FROM ours
    UNION ALL
    SELECT o.cloud, o.destination_account, o.region, 'public_ip', o.destination_resource, o.destination_zone, NULL,
        o.source_resource, o.source_resource, o.source_zone, o.day, o.bytes
    FROM ours AS o
    JOIN both_pay AS p ON p.cloud = o.cloud
    UNION ALL
    SELECT cloud, account_id, region, 'internet', coalesce(source_resource, destination_resource),
        coalesce(source_zone, destination_zone), service, NULL,
        CASE WHEN source_resource IS NULL THEN source_address ELSE destination_address END, NULL, day, bytes
    FROM recent
    WHERE path = 'public' AND (source_resource IS NULL OR destination_resource IS NULL)
    UNION ALL
    SELECT r.cloud, r.account_id, r.region, 'nat_service', r.gateway, r.gateway_zone, r.service, i.subnet_id,
        coalesce(i.subnet_id, r.source_resource, r.destination_resource), i.zone, r.day, r.bytes
    FROM recent AS r
    LEFT JOIN instances AS i ON i.cloud = r.cloud AND i.account_id = r.account_id
        AND i.instance_id = coalesce(r.source_resource, r.destination_resource)
    WHERE r.path = 'nat' AND r.gateway IS NOT NULL AND r.service IS NOT NULL
),
daily AS (
    SELECT e.cloud, e.account_id, e.region, e.kind, e.resource_id, e.service, e.peer, e.day, max(e.zone) AS zone,
        max(e.peer_resource) AS peer_resource, max(e.peer_zone) AS peer_zone, sum(e.bytes) AS bytes,
        sum(CASE WHEN d.database_id IS NOT NULL AND e.kind = 'cross_zone' THEN e.bytes ELSE 0 END) AS wanted
    FROM ends AS e
    LEFT JOIN databases AS d ON d.cloud = e.cloud AND d.multi_zone AND d.database_id IN (e.peer_resource, e.resource_id)
    WHERE e.resource_id IS NOT NULL
    GROUP BY e.cloud, e.account_id, e.region, e.kind, e.resource_id, e.service, e.peer, e.day
),
days AS (
    SELECT cloud, account_id, region, kind, resource_id, day, sum(bytes) AS bytes, sum(wanted) AS wanted
    FROM daily GROUP BY cloud, account_id, region, kind, resource_id, day
),
wholes AS (
    SELECT cloud, account_id, region, kind, resource_id, sum(bytes) AS bytes, sum(wanted) AS wanted, max(bytes) AS busiest
    FROM days GROUP BY cloud, account_id, region, kind, resource_id
),
pairs AS (
    SELECT cloud, account_id, region, kind, resource_id, service, peer, max(zone) AS zone, max(peer_resource) AS peer_resource,
        max(peer_zone) AS peer_zone, sum(bytes) AS bytes, sum(wanted) AS wanted,
        row_number() OVER (PARTITION BY cloud, account_id, region, kind, resource_id ORDER BY sum(bytes) DESC, peer, service) AS place
    FROM daily
    GROUP BY cloud, account_id, region, kind, resource_id, service, peer
),
-- Which resources the logs have at all: what is not in them may be without a log.
seen AS (
    SELECT cloud, account_id, region, resource_id, sum(bytes) AS bytes, count(DISTINCT day) AS days
    FROM (
        SELECT cloud, account_id, region, source_resource AS resource_id, day, bytes FROM recent
        UNION ALL
        SELECT cloud, destination_account, destination_region, destination_resource, day, bytes FROM recent
    ) AS both_ends
    WHERE resource_id IS NOT NULL
    GROUP BY cloud, account_id, region, resource_id
)
SELECT
    cloud, account_id, region, resource_id, 'all' AS kind, NULL AS service, NULL AS peer, NULL AS peer_resource, NULL AS zone,
    NULL AS peer_zone, 1 AS place, bytes / 1073741824.0 / days * (730 / 24.0) AS gib_month,
    bytes / 1073741824.0 / days * (730 / 24.0) AS all_gib_month, 0.0 AS wanted_gib_month, NULL AS busiest_day, days
FROM seen
UNION ALL
SELECT
    p.cloud,
    p.account_id,
    p.region,
    p.resource_id,
    p.kind,
    p.service,
    p.peer,
    p.peer_resource,
    p.zone,
    p.peer_zone,
    p.place,
    p.bytes / 1073741824.0 / s.days * (730 / 24.0) AS gib_month,
    w.bytes / 1073741824.0 / s.days * (730 / 24.0) AS all_gib_month,
    w.wanted / 1073741824.0 / s.days * (730 / 24.0) AS wanted_gib_month,
    w.busiest / w.bytes AS busiest_day,
    s.days
FROM pairs AS p
JOIN wholes AS w ON w.cloud = p.cloud AND w.account_id = p.account_id AND w.region = p.region AND w.kind = p.kind
    AND w.resource_id = p.resource_id
JOIN spans AS s ON s.cloud = p.cloud AND s.account_id = p.account_id AND s.region = p.region
WHERE p.place <= 10
