-- Stretches of commitment_usage as accepted actions leave them, in three roles: what is paid on demand (open), what
-- held commitments cover (covered), and what of that the actions free (freed). The words in braces are columns of the
-- table of accepted actions, or NULL. Amounts are DECIMAL of twelve digits, so that sums do not depend on any order.
SELECT
    role, commitment_id, commitment_type, cloud, payer, account_id, user_account, region, service,
    CASE WHEN role = 'open' AND becomes IS NOT NULL THEN becomes ELSE sku END AS sku,
    platform, currency, hour_from, hours,
    -- A machine of another type is still one machine; cores and memory shrink with their cost.
    CAST(quantity * CASE WHEN role = 'open' AND becomes IS NOT NULL AND service = 'machine' AND share > 0 THEN 1 ELSE share END
        AS DECIMAL(38, 12)) AS quantity,
    CAST(cost * share AS DECIMAL(38, 12)) AS cost,
    CAST(list_cost * share AS DECIMAL(38, 12)) AS list_cost
FROM (
    SELECT *, CASE
        WHEN role = 'covered' THEN 1
        WHEN role = 'freed' THEN 1 - CASE WHEN spot THEN 0 ELSE remaining END
        WHEN spot OR scheduled THEN 0
        ELSE remaining END AS share
    FROM (
        SELECT
            roles.role, coalesce(u.commitment_id, '') AS commitment_id, coalesce(u.commitment_type, '') AS commitment_type,
            u.cloud, u.payer, CASE WHEN u.cloud = 'gcp' THEN u.account_id ELSE '' END AS account_id,
            u.account_id AS user_account, coalesce(u.region, 'global') AS region, u.service, u.sku, u.platform, u.currency,
            u.hour_from, u.hours, CAST(u.quantity AS DOUBLE) AS quantity, CAST(u.cost AS DOUBLE) AS cost,
            CAST(u.list_cost AS DOUBLE) AS list_cost,
            least(1, greatest(0, coalesce({remaining}, 1))) AS remaining,
            coalesce(contains({action}, 'spot'), false) AS spot,
            coalesce(contains({action}, 'schedule'), false) AS scheduled,
            CASE u.cloud WHEN 'gcp' THEN split_part({instance_type}, '-', 1) || ':' || u.service ELSE {instance_type} END AS becomes
        FROM commitment_usage AS u
        JOIN (VALUES ('open'), ('covered'), ('freed')) AS roles (role)
            ON (roles.role = 'open') = (u.commitment_id IS NULL)
        {join}
        WHERE u.service NOT IN ('bill', 'coarse') AND u.grain = 1
    )
)
WHERE share > 0
