"""Collection from a local Alibaba Cloud: calls against the fewest its API allows, CPU per datapoint, the day after.

    python -m tests.benchmarks.bench_collect_alibaba [--instances 500]

An estate of known truth in three regions. finops runs three times in processes of its own: on an empty warehouse,
again at once, and one day later. Calls are counted by the server. Wall seconds are mostly the server's, which works on
the same machine, and the pace that CloudMonitor allows; calls and CPU seconds are what may be compared.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.floor_alibaba import least_calls
from tests.benchmarks.measured import Run, measure
from tests.servers.alibaba.cloud import AS_OF, REGIONS, Cloud

CALLS_TARGET = 1.1  # times the floor


@dataclass(frozen=True)
class Measured:
    """One run: what it took here and on the server."""

    name: str
    run: Run
    log: list[dict[str, Any]]

    @property
    def floor(self) -> dict[tuple[str, str], int]:
        return least_calls(self.log)

    @property
    def datapoints(self) -> int:
        measured = ("DescribeMetricList", "DescribeDiskMonitorData")
        return sum(call["items"] for call in self.log if call["action"] in measured)


def audited(cloud: Cloud, folder: Path, name: str, as_of: str, max_age: str | None = None) -> Measured:
    """`finops audit alibaba` in the folder, whose warehouse it makes or brings up to date."""
    cloud.clock(as_of)
    cloud.reset_calls()
    where = (word for region in REGIONS for word in ("--region", region))
    command = [
        sys.executable,
        "-m",
        "finops",
        "audit",
        "alibaba",
        *where,
        "--as-of",
        as_of,
        "--format",
        "json",
    ]
    run = measure([*command, *(["--max-age", max_age] if max_age else [])], folder, cloud.env)
    if run.code:
        sys.exit(f"finops ended with {run.code}: {(folder / 'err').read_text()[-2000:]}")
    return Measured(name, run, cloud.calls())


def show_runs(runs: Sequence[Measured]) -> None:
    """What each run took, its calls against their floor."""
    print(f"{'':36}{'calls':>7}{'floor':>7}{'ratio':>7}{'CPU s':>8}{'wall s':>8}{'MiB':>6}{'datapoints':>12}")
    for one in runs:
        calls, floor = len(one.log), sum(one.floor.values())
        ratio = f"{calls / floor:.2f}" if floor else "-"
        print(
            f"{one.name:36}{calls:7,}{floor:7,}{ratio:>7}{one.run.cpu:8.1f}{one.run.wall:8.1f}{one.run.rss:6.0f}"
            f"{one.datapoints:12,}"
        )


def show_floor(run: Measured) -> None:
    """Whether the target is met, and the operations that have more than their floor."""
    made, floor = Counter((call["product"], call["action"]) for call in run.log), run.floor
    least = sum(floor.values())
    told = "met" if made.total() <= CALLS_TARGET * least else "missed"
    print(
        f"\n{run.name}: {made.total():,} API calls, floor {least:,}, ratio {made.total() / least:.3f} (target {CALLS_TARGET} {told})"
    )
    for product, action in sorted(made, key=lambda each: floor[each] - made[each]):
        if made[product, action] > floor[product, action]:
            print(f"  {product + ':' + action:36}{made[product, action]:7,} for {floor[product, action]:,}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--instances", type=int, default=500)
    given = parser.parse_args()
    with Cloud() as cloud, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        truth = cloud.estate(given.instances)
        day_after = f"{datetime.fromisoformat(AS_OF) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
        first = audited(cloud, folder, "finops, empty warehouse", AS_OF)
        cached = audited(cloud, folder, "finops, again within --max-age", AS_OF)
        later = audited(cloud, folder, "finops, one day later", day_after, "1h")
    print(f"{truth.n:,} instances of Alibaba Cloud in {len(truth.regions)} regions as of {AS_OF}\n")
    show_runs([first, cached, later])
    show_floor(first)
    show_floor(later)
    collecting = (first.run.cpu - cached.run.cpu) / first.datapoints
    print(f"\nClient CPU: {collecting * 1e6:.2f} s per million datapoints, without the audit itself")
    print(f"One day later: {later.datapoints / first.datapoints:.1%} of the first run's datapoints")


if __name__ == "__main__":
    main()
