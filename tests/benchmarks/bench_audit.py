"""Rollups and rules on a generated estate, beside a bare aggregation of the same rows in the same run.

    python tests/benchmarks/bench_audit.py [--resources 20000] [--days 95]

Half of the resources are machines with a volume each; every machine has four metrics. Times are wall and CPU
seconds of this process on this machine; the ratio to the bare aggregation is what may be compared between machines.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from finops.config import Settings
from finops.pipeline.audit import Timings, audit
from finops.warehouse import reading, writing

AS_OF = datetime(2026, 11, 1)
BARE = (
    "SELECT cloud, account_id, region, resource_id, metric, count(*), avg(avg), max(max), quantile_cont(p95, 0.95) "
    "FROM metrics GROUP BY ALL"
)


def generate(con: duckdb.DuckDBPyConnection, resources: int, days: int) -> None:
    """Machines, volumes, types, prices, metrics, and a bill row per resource and day of the last 30."""
    half = resources // 2
    con.execute(
        f"""
        INSERT INTO instance_types BY NAME SELECT 'aws' AS cloud, 'm5.' || s AS instance_type, v AS vcpu, 4.0 * v AS memory_gib,
            'x86_64' AS architecture, 'm5' AS family, 0 AS gpu_count, FALSE AS burstable
        FROM (VALUES ('large', 2.0), ('xlarge', 4.0), ('2xlarge', 8.0), ('4xlarge', 16.0)) AS t (s, v);
        INSERT INTO prices BY NAME SELECT 'aws' AS cloud, 'us-east-1' AS region, 'm5.' || s AS sku, 'on_demand' AS purchase_model,
            'hour' AS unit, p::DECIMAL(38, 18) AS price, 'USD' AS currency, TIMESTAMP '2026-01-01' AS as_of, 'bench' AS source
        FROM (VALUES ('large', 0.096), ('xlarge', 0.192), ('2xlarge', 0.384), ('4xlarge', 0.768)) AS t (s, p);
        INSERT INTO instances BY NAME SELECT 'aws' AS cloud, lpad((i % 20)::VARCHAR, 12, '0') AS account_id, 'us-east-1' AS region,
            'i-' || i AS instance_id, 'us-east-1a' AS zone, 'm' || i AS name, 'running' AS state,
            'm5.' || (['large', 'xlarge', '2xlarge', '4xlarge'])[1 + i % 4] AS instance_type, 'linux' AS platform,
            'on_demand' AS purchase_model, TIMESTAMP '2025-01-01' AS launched_at
        FROM range({half}) AS r (i);
        INSERT INTO volumes BY NAME SELECT 'aws' AS cloud, lpad((i % 20)::VARCHAR, 12, '0') AS account_id, 'us-east-1' AS region,
            'vol-' || i AS volume_id, 'us-east-1a' AS zone, 'attached' AS state, 'gp2' AS volume_type, 'ssd' AS medium,
            100.0 + i % 900 AS size_gib, 'i-' || i AS instance_id, i % 2 = 0 AS is_boot, i % 2 = 0 AS delete_with_instance,
            TIMESTAMP '2025-01-01' AS created_at
        FROM range({half}) AS r (i);
        INSERT INTO metrics
        SELECT 'aws', lpad((i % 20)::VARCHAR, 12, '0'), 'us-east-1', CASE WHEN m[2] = 'v' THEN 'vol-' ELSE 'i-' END || i, m[1],
            TIMESTAMP '2026-11-01' - to_days(d::INTEGER), 86400, v, v * 1.5, v * 2, 288
        FROM range({half}) AS r (i), range(1, {days + 1}) AS s (d),
            (VALUES (['cpu_utilization', 'i']), (['memory_utilization', 'i']), (['network_in_bytes_per_second', 'i']),
                (['network_out_bytes_per_second', 'i']), (['disk_read_ops_per_second', 'v']), (['disk_write_ops_per_second', 'v']),
                (['disk_read_bytes_per_second', 'v']), (['disk_write_bytes_per_second', 'v'])) AS k (m),
            LATERAL (SELECT ((hash(i, d, m[1]) % 1000) / 1000.0 * 0.3 * (i % 7)) AS v);
        INSERT INTO charges BY NAME SELECT 'aws' AS x_Cloud, lpad((i % 20)::VARCHAR, 12, '0') AS x_AccountId, '0' AS BillingAccountId, 'USD' AS BillingCurrency,
            'us-east-1' AS RegionId, 'i-' || i AS x_ResourceKey, 'Usage' AS ChargeCategory, 'Compute' AS ServiceCategory,
            'BoxUsage:m5.large' AS SkuMeter, TIMESTAMP '2026-11-01' - to_days(d::INTEGER) AS ChargePeriodStart,
            TIMESTAMP '2026-11-01' - to_days(d::INTEGER - 1) AS ChargePeriodEnd, 2.5 AS x_Cost, 'effective' AS x_CostBasis,
            'bench' AS x_Source
        FROM range({half}) AS r (i), range(1, 31) AS s (d);
        INSERT INTO coverage VALUES ('aws', '000000000000', 'us-east-1', 'instances', 'complete', NULL, 1, 0, TIMESTAMP '2026-11-01',
            TIMESTAMP '2026-11-01', 'bench')
        """
    )


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resources", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=95)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.duckdb"
        with writing(path, "bench", at=AS_OF + timedelta(hours=1)) as writer:
            generate(writer.con, options.resources, options.days)
        measure(path)


def measure(path: Path) -> None:
    """Prints the table."""
    timings = Timings()
    with reading(path) as con:
        rows = con.execute("SELECT count(*) FROM metrics").fetchone()
        base = min(timed(lambda: con.execute(BARE).to_arrow_table())[0] for _ in range(2))
    with reading(path) as con:
        wall, cpu = timed(lambda: audit(con, Settings(), run_id="bench", as_of=AS_OF, timings=timings))
    print(f"Audit of {rows[0] if rows else 0:,} metric rows; bare GROUP BY of the same rows: {base:.2f} s")
    print(f"{'step':32}{'seconds':>9}{'ratio':>8}")
    for kind, steps in (("rollup", timings.rollups), ("rule", timings.rules)):
        for name, seconds in steps.items():
            print(f"{kind + ' ' + name:32}{seconds:9.2f}{seconds / base:8.2f}")
        print(f"{'all ' + kind + 's':32}{sum(steps.values()):9.2f}{sum(steps.values()) / base:8.2f}")
    print(f"{'whole audit':32}{wall:9.2f}{wall / base:8.2f}   ({cpu:.1f} s of CPU)")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 if sys.platform != "darwin" else 1024**2
    )
    print(f"peak memory {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
