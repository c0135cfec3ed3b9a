"""Rollups and rules on a generated estate, beside a bare scan of the rows they read, in the same run.

    python -m tests.benchmarks.bench_audit [--resources 20000] [--days 95] [--hours 336] [--lines 10000000] [--memory 4GB]

Two fifths of the resources are machines, as many their disks, the rest services. The bare scan reads every value of the
columns that rollups read of `metrics` and `charges`, once, and does nothing else. Times are wall and CPU seconds of this
process; only the ratios may be compared between machines.
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
from finops.warehouse import Limits, reading, writing
from tests.benchmarks.estate import generate

AS_OF = datetime(2026, 11, 1)
# What rollups read of the two large tables.
READ = {
    "metrics": (
        "cloud", "account_id", "region", "resource_id", "metric", "bucket_start", "bucket_seconds", "avg", "p95", "max",
    ),
    "charges": (
        "x_Cloud", "x_AccountId", "x_ResourceKey", "RegionId", "BillingAccountId", "BillingCurrency", "ChargeCategory",
        "ChargePeriodStart", "ChargePeriodEnd", "BillingPeriodStart", "x_Cost", "x_CostBasis", "ListCost", "ConsumedQuantity",
        "ConsumedUnit", "x_ServiceCode", "x_UsageType", "SkuMeter", "ServiceCategory", "CommitmentDiscountId",
    ),
}  # fmt: skip


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resources", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=95)
    parser.add_argument("--hours", type=int, default=14 * 24)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--memory", default="4GB")
    options = parser.parse_args()
    limits = Limits(memory=options.memory)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.duckdb"
        with writing(path, "bench", at=AS_OF + timedelta(hours=1), limits=limits) as writer:
            generate(writer.con, options.resources, options.days, options.hours, options.lines)
        measure(path, limits)


def scan(con: duckdb.DuckDBPyConnection) -> None:
    """Reads every value of the columns, and keeps one number of each."""
    for table, columns in READ.items():
        folded = ", ".join(f'bit_xor(hash("{column}"))' for column in columns)
        con.execute(f"SELECT {folded} FROM {table}").fetchall()


def measure(path: Path, limits: Limits) -> None:
    """Prints the table."""
    timings = Timings()
    with reading(path, limits) as con:
        counts = {table: con.execute(f"SELECT count(*) FROM {table}").fetchone() for table in READ}
        base = min(timed(lambda: scan(con))[0] for _ in range(2))
    with reading(path, limits) as con:
        wall, cpu = timed(lambda: audit(con, Settings(), run_id="bench", as_of=AS_OF, timings=timings))
    told = ", ".join(f"{rows[0] if rows else 0:,} rows of {table}" for table, rows in counts.items())
    print(f"Audit of {told}; bare scan of the columns it reads: {base:.2f} s")
    print(f"{'step':40}{'seconds':>9}{'ratio':>8}")
    for kind, steps in (("rollup", timings.rollups), ("rule", timings.rules)):
        for name, seconds in steps.items():
            print(f"{kind + ' ' + name:40}{seconds:9.2f}{seconds / base:8.2f}")
        print(f"{'all ' + kind + 's':40}{sum(steps.values()):9.2f}{sum(steps.values()) / base:8.2f}")
    print(f"{'whole audit':40}{wall:9.2f}{wall / base:8.2f}   ({cpu:.1f} s of CPU)")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 if sys.platform != "darwin" else 1024**2
    )
    print(f"peak memory of the process {peak:,.0f} MiB, memory_limit {limits.memory}")


if __name__ == "__main__":
    main()
