-- Grain: one row per resource that is no machine, disk or address, and part of its list price: so many units of a SKU
-- in 730 hours. NULL where a part is not known; a resource without any part has one row without a component.
WITH assets AS (
    SELECT cloud, account_id, snapshot_id AS id, region, 'snapshot' AS kind, CAST(NULL AS VARCHAR) AS zone, name,
        CAST(NULL AS VARCHAR) AS purchase_model, 'snapshot' AS component,
        CASE WHEN tier = 'archive' THEN 'snapshot:archive' ELSE 'snapshot' END AS sku, stored_bytes / 1073741824.0 AS quantity
    FROM snapshots
    UNION ALL
    SELECT cloud, account_id, load_balancer_id, region, 'load_balancer', NULL, name, purchase_model, 'load_balancer',
        'load_balancer:' || kind, 730.0
    FROM load_balancers
    UNION ALL
    SELECT cloud, account_id, nat_gateway_id, region, 'nat_gateway', zone, name, purchase_model, 'nat_gateway', 'nat_gateway', 730.0
    FROM nat_gateways
    UNION ALL
    SELECT cloud, account_id, database_id, region, 'database', zone, name, purchase_model, 'database',
        'db:' || engine || ':' || instance_type || CASE WHEN multi_zone THEN ':multi' ELSE '' END,
        CASE WHEN state = 'running' AND NOT coalesce(serverless, FALSE) THEN 730.0 WHEN state = 'stopped' THEN 0.0 END
    FROM databases
    UNION ALL
    SELECT cloud, account_id, database_id, region, 'database', zone, name, purchase_model, 'database_storage',
        'db_storage:' || engine || ':' || storage_type, CASE WHEN multi_zone THEN 2.0 ELSE 1.0 END * storage_gib
    FROM databases
    WHERE storage_gib > 0 AND NOT coalesce(serverless, FALSE)
    UNION ALL
    SELECT cloud, account_id, bucket_id, region, 'bucket', NULL, NULL, NULL, 'bucket_storage', 'bucket:standard', standard_bytes / 1073741824.0
    FROM buckets
    UNION ALL
    SELECT r.cloud, r.account_id, r.repository_id, r.region, 'repository', NULL, r.name, NULL, 'registry', 'registry',
        coalesce(r.stored_bytes, i.stored_bytes) / 1073741824.0
    FROM repositories AS r
    LEFT JOIN (
        SELECT cloud, account_id, region, repository_id, sum(stored_bytes) AS stored_bytes
        FROM registry_images
        GROUP BY cloud, account_id, region, repository_id
    ) AS i ON i.cloud = r.cloud AND i.account_id = r.account_id AND i.region = r.region AND i.repository_id = r.repository_id
    UNION ALL
    SELECT cloud, account_id, endpoint_id, region, 'ml_endpoint', NULL, name, NULL, 'ml', 'ml:' || kind || ':' || instance_type,
        CASE WHEN state = 'running' THEN 730.0 * coalesce(instances, 1) WHEN state = 'stopped' THEN 0.0 END
    FROM ml_endpoints
    UNION ALL
    SELECT cloud, account_id, log_group_id, region, 'log_group', NULL, name, NULL, 'log_storage', 'logs:storage',
        -- Only what is older than the free days is paid for.
        stored_bytes / 1073741824.0 * CASE WHEN retention_days > 0 AND free_days > 0 THEN greatest(0, 1 - free_days * 1.0 / retention_days) ELSE 1 END
    FROM log_groups
    UNION ALL
    SELECT cloud, account_id, function_id, region, 'function', NULL, name, NULL, 'function_warm', 'function:warm',
        730.0 * kept_warm * memory_mib / 1024.0
    FROM functions
    UNION ALL
    SELECT cloud, account_id, scaling_group_id, region, 'scaling_group', NULL, name, NULL, NULL, NULL, NULL
    FROM scaling_groups
    UNION ALL
    SELECT cloud, account_id, cluster_id, region, 'cluster', NULL, name, NULL, NULL, NULL, NULL
    FROM clusters
)
SELECT cloud, account_id, id, region, kind, zone, name, purchase_model, component, sku, quantity
FROM assets
ORDER BY ALL
