-- Grain: one row per resource and kind of avoidable traffic. GiB come from the bill where it meters them; where flow logs
-- are loaded, the peer with the most bytes is named, and the three largest pairs. GiB of pairs are those of the log,
-- cut in proportion where the bill has less. Some bills do not tell traffic between zones from traffic over a public
-- address inside the region; their kind says so. What no bill meters is there from flow logs alone, and `account_billed`
-- tells whether a bill of the account is loaded, which then charges nothing for it.
WITH billed AS (
    SELECT
        cloud,
        account_id,
        max(region) AS region,
        resource_id,
        component,
        sum(quantity) * 730.0 / max(hours) AS gib_month
    FROM cost
    WHERE component IN ('cross_zone', 'public_ip_traffic') AND resource_id IS NOT NULL
    GROUP BY cloud, account_id, resource_id, component
    HAVING sum(cost) > 0
),
accounts AS (
    SELECT DISTINCT cloud, account_id FROM cost
),
told AS (
    SELECT
        cloud, account_id, resource_id, kind, max(region) AS region, max(all_gib_month) AS gib_month, max(wanted_gib_month) AS wanted,
        max(busiest_day) AS busiest_day, max(days) AS days,
        max(CASE WHEN place = 1 THEN zone END) AS zone,
        max(CASE WHEN place = 1 THEN peer_resource END) AS peer_resource,
        max(CASE WHEN place = 1 AND peer_resource IS NOT NULL THEN peer_zone END) AS peer_zone,
        max(CASE WHEN place = 1 THEN coalesce(peer, 'unknown') || coalesce(' in ' || peer_zone, '') END) AS first_pair,
        max(CASE WHEN place = 2 THEN coalesce(peer, 'unknown') || coalesce(' in ' || peer_zone, '') END) AS second_pair,
        max(CASE WHEN place = 3 THEN coalesce(peer, 'unknown') || coalesce(' in ' || peer_zone, '') END) AS third_pair,
        max(CASE WHEN place = 1 THEN gib_month END) AS first_gib,
        max(CASE WHEN place = 2 THEN gib_month END) AS second_gib,
        max(CASE WHEN place = 3 THEN gib_month END) AS third_gib
    FROM traffic_pairs
    WHERE kind IN ('cross_zone', 'public_ip')
    GROUP BY cloud, account_id, resource_id, kind
),
joined AS (
    SELECT
        coalesce(b.cloud, t.cloud) AS cloud, coalesce(b.account_id, t.account_id) AS account_id,
        CASE WHEN b.cloud IS NULL THEN t.region ELSE b.region END AS region,
        coalesce(b.resource_id, t.resource_id) AS resource_id,
        CASE WHEN b.component = 'public_ip_traffic' THEN 'public_ip' WHEN b.component IS NULL THEN t.kind ELSE 'cross_zone' END AS kind,
        CASE WHEN b.cloud IS NULL THEN t.gib_month ELSE b.gib_month END AS gib_month,
        b.cloud IS NOT NULL AS metered, t.gib_month AS flow_gib_month, t.wanted, t.busiest_day, t.days, t.zone, t.peer_resource,
        t.peer_zone, t.first_pair, t.second_pair, t.third_pair, t.first_gib, t.second_gib, t.third_gib,
        -- Never more than the bill: what flow logs count beyond it was not charged.
        least(1.0, coalesce(b.gib_month / nullif(t.gib_month, 0), 1.0)) AS cut
    FROM billed AS b
    FULL JOIN told AS t
        ON t.cloud = b.cloud AND t.account_id = b.account_id AND t.resource_id = b.resource_id
        AND t.kind = CASE WHEN b.component = 'cross_zone' THEN 'cross_zone' ELSE 'public_ip' END
)
SELECT
    j.cloud,
    j.account_id,
    j.region,
    j.resource_id,
    CASE WHEN j.kind = 'cross_zone' AND j.metered AND v.resource_id IS NOT NULL THEN 'cross_zone_or_public_ip' ELSE j.kind END AS kind,
    j.gib_month,
    j.peer_resource,
    j.peer_zone,
    CASE
        WHEN NOT j.metered THEN 'flow log'
        WHEN j.flow_gib_month IS NULL OR j.peer_resource IS NULL THEN 'bill'
        ELSE 'bill and flow log'
    END AS source,
    j.zone,
    j.flow_gib_month,
    j.wanted * j.cut AS wanted_gib_month,
    j.busiest_day,
    j.days AS flow_days,
    j.first_pair || ' ' || amount(j.first_gib * j.cut) || ' GiB'
        || coalesce('; ' || j.second_pair || ' ' || amount(j.second_gib * j.cut) || ' GiB', '')
        || coalesce('; ' || j.third_pair || ' ' || amount(j.third_gib * j.cut) || ' GiB', '') AS pairs,
    a.cloud IS NOT NULL AS account_billed
FROM joined AS j
LEFT JOIN unclear_traffic AS v
    ON v.cloud = j.cloud AND v.account_id = j.account_id AND v.resource_id = j.resource_id
LEFT JOIN accounts AS a ON a.cloud = j.cloud AND a.account_id = j.account_id
