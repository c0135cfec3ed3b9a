"""A generated estate of one cloud for the benchmark of audits: every kind of resource, metrics by day and hour, a bill
by the hour. Made by SQL alone, the same every time."""

from collections.abc import Iterator

import duckdb

_WHERE = "'aws' AS cloud, lpad((i % 20)::VARCHAR, 12, '0') AS account_id, 'us-east-1' AS region"
_SIZES = "('large', 2.0, 0.096), ('xlarge', 4.0, 0.192), ('2xlarge', 8.0, 0.384), ('4xlarge', 16.0, 0.768)"
_MACHINE, _VOLUME, _SERVICE = 0.4, 0.4, 0.2  # of all resources
_DAY = "TIMESTAMP '2026-11-01' - to_days(d::INTEGER)"
# Kinds of services by turns: table, id column, what its rows hold beside, metrics, and the words of its charge.
_SERVICES = (
    ("databases", "database_id", "'mysql' AS engine, 'db.m5.large' AS instance_type, 'running' AS state, 'relational' AS kind, "
        "2.0 AS vcpu, 8.0 AS memory_gib, FALSE AS multi_zone, FALSE AS serverless, 'gp3' AS storage_type, 100.0 AS storage_gib",
        ("cpu_utilization", "memory_utilization", "connections"), "AmazonRDS", "InstanceUsage:db.m5.large"),
    ("load_balancers", "load_balancer_id", "'application' AS kind, 'active' AS state, 1 AS listeners, i % 3 AS targets, "
        "i % 3 AS healthy_targets, TRUE AS backends_known",
        ("requests_per_second", "network_in_bytes_per_second"), "AWSELB", "LoadBalancerUsage"),
    ("buckets", "bucket_id", "1e12 AS stored_bytes, 1e12 AS standard_bytes, 1000000 AS objects, i % 2 = 0 AS has_lifecycle, "
        "FALSE AS moves_class, FALSE AS aborts_uploads, FALSE AS adapts_class, 3 AS unfinished_uploads",
        ("requests_per_second",), "AmazonS3", "TimedStorage-ByteHrs"),
    ("log_groups", "log_group_id", "1e12 AS stored_bytes, TRUE AS unlimited", (), "AmazonCloudWatch", "TimedStorage-ByteHrs"),
    ("snapshots", "snapshot_id", "'vol-gone' AS volume_id, 100.0 AS size_gib, 'standard' AS tier, 'snapshot' AS kind",
        (), "AmazonEC2", "EBS:SnapshotUsage"),
)  # fmt: skip


def generate(con: duckdb.DuckDBPyConnection, resources: int, days: int, hours: int, lines: int) -> None:
    """Fills an empty warehouse: `resources` in all, metrics over `days` and `hours`, about `lines` of a bill."""
    counts = {name: int(resources * share) for name, share in (("i", _MACHINE), ("vol", _VOLUME))}
    for statement in _statements(resources, counts, days, hours, lines):
        con.execute(statement)


def _statements(resources: int, counts: dict[str, int], days: int, hours: int, lines: int) -> Iterator[str]:
    yield f"""INSERT INTO instance_types BY NAME SELECT 'aws' AS cloud, 'm5.' || s AS instance_type, v AS vcpu,
        4.0 * v AS memory_gib, 'x86_64' AS architecture, 'm5' AS family, 'm' AS line, 5 AS generation, 0 AS gpu_count,
        FALSE AS burstable, 0 AS local_disk_gib FROM (VALUES {_SIZES}) AS t (s, v, p)"""
    yield f"""INSERT INTO prices BY NAME SELECT 'aws' AS cloud, 'us-east-1' AS region, 'm5.' || s AS sku,
        'on_demand' AS purchase_model, 'hour' AS unit, p::DECIMAL(38, 18) AS price, 'USD' AS currency,
        TIMESTAMP '2026-01-01' AS as_of, 'bench' AS source FROM (VALUES {_SIZES}) AS t (s, v, p)"""
    yield f"""INSERT INTO instances BY NAME SELECT {_WHERE}, 'i-' || i AS instance_id, 'us-east-1a' AS zone, 'm' || i AS name,
        'running' AS state, 'm5.' || (['large', 'xlarge', '2xlarge', '4xlarge'])[1 + i % 4] AS instance_type,
        'linux' AS platform, 'on_demand' AS purchase_model, TIMESTAMP '2025-01-01' AS launched_at
        FROM range({counts["i"]}) AS r (i)"""
    yield f"""INSERT INTO volumes BY NAME SELECT {_WHERE}, 'vol-' || i AS volume_id, 'us-east-1a' AS zone, 'attached' AS state,
        'gp2' AS volume_type, 'ssd' AS medium, 100.0 + i % 900 AS size_gib, 'i-' || i AS instance_id, i % 2 = 0 AS is_boot,
        i % 2 = 0 AS delete_with_instance, TIMESTAMP '2025-01-01' AS created_at FROM range({counts["vol"]}) AS r (i)"""
    machine = (
        "cpu_utilization",
        "memory_utilization",
        "network_in_bytes_per_second",
        "network_out_bytes_per_second",
    )
    disk = (
        "disk_read_ops_per_second",
        "disk_write_ops_per_second",
        "disk_read_bytes_per_second",
        "disk_write_bytes_per_second",
    )
    yield _metrics("i", counts["i"], machine, days)
    yield _metrics("i", counts["i"], ("cpu_utilization",), hours, hourly=True)
    yield _metrics("vol", counts["vol"], disk, days)
    each = max(1, int(resources * _SERVICE) // len(_SERVICES))
    for table, key, columns, metrics, service, meter in _SERVICES:
        yield f"""INSERT INTO {table} BY NAME SELECT {_WHERE}, '{table}-' || i AS {key}, {columns},
            TIMESTAMP '2025-01-01' AS created_at FROM range({each}) AS r (i)"""
        if metrics:
            yield _metrics(table, each, metrics, days)
        yield _charges(table, each, 30, service, meter, hourly=False)
    hourly = max(1, lines // sum(counts.values()))
    yield _charges("i", counts["i"], hourly, "AmazonEC2", "BoxUsage:m5.large")
    yield _charges("vol", counts["vol"], hourly, "AmazonEC2", "EBS:VolumeUsage.gp2")
    yield """INSERT INTO coverage SELECT 'aws', lpad((a)::VARCHAR, 12, '0'), 'us-east-1', t, 'complete', NULL, 1, 0,
        TIMESTAMP '2026-11-01', TIMESTAMP '2026-11-01', 'bench' FROM range(20) AS r (a), (SELECT unnest(['instances',
        'volumes', 'databases', 'load_balancers', 'buckets', 'log_groups', 'snapshots', 'metrics', 'prices']) AS t)"""


def _metrics(prefix: str, count: int, names: tuple[str, ...], steps: int, *, hourly: bool = False) -> str:
    """Steps are days, or hours of the last days."""
    start = "TIMESTAMP '2026-11-01' - to_hours(d::INTEGER)" if hourly else _DAY
    listed = ", ".join(f"'{name}'" for name in names)
    return f"""INSERT INTO metrics SELECT 'aws', lpad((i % 20)::VARCHAR, 12, '0'), 'us-east-1', '{prefix}-' || i, m,
        {start}, {3600 if hourly else 86400}, v, v * 1.5, v * 2, {12 if hourly else 288}
        FROM range({count}) AS r (i), range(1, {steps + 1}) AS s (d), (SELECT unnest([{listed}]) AS m),
            LATERAL (SELECT ((hash(i, d, m) % 1000) / 1000.0 * 0.07 * (i % 7)) AS v)"""


def _charges(prefix: str, count: int, steps: int, service: str, meter: str, *, hourly: bool = True) -> str:
    """A charge of every resource for each of the last hours, or days."""
    back, unit, cost = ("to_hours", 1, "0.1") if hourly else ("to_days", 24, "2.4")
    return f"""INSERT INTO charges BY NAME SELECT 'aws' AS x_Cloud, lpad((i % 20)::VARCHAR, 12, '0') AS x_AccountId,
        '0' AS BillingAccountId, 'USD' AS BillingCurrency, 'us-east-1' AS RegionId, '{prefix}-' || i AS x_ResourceKey,
        'Usage' AS ChargeCategory, 'Compute' AS ServiceCategory, '{service}' AS x_ServiceCode, '{meter}' AS x_UsageType,
        '{meter}' AS SkuMeter, TIMESTAMP '2026-11-01' - {back}(d::INTEGER) AS ChargePeriodStart,
        TIMESTAMP '2026-11-01' - {back}(d::INTEGER - 1) AS ChargePeriodEnd, TIMESTAMP '2026-10-01' AS BillingPeriodStart,
        TIMESTAMP '2026-11-01' AS BillingPeriodEnd, {cost}::DECIMAL(38, 18) AS x_Cost, {cost}::DECIMAL(38, 18) AS ListCost,
        {unit}::DECIMAL(38, 18) AS ConsumedQuantity, 'Hours' AS ConsumedUnit, 'effective' AS x_CostBasis, 'bench' AS x_Source
        FROM range({count}) AS r (i), range(1, {steps + 1}) AS s (d)"""
