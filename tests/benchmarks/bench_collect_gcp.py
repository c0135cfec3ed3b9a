"""Collection from a local Google Cloud: calls against the fewest its API allows, CPU against bare requests, the day after.

    python -m tests.benchmarks.bench_collect_gcp [--instances 300]

An estate of known truth in three regions and three projects. finops runs three times in processes of its own: on an
empty warehouse, again at once, and one day later. The same data are then fetched by bare requests. Calls are counted by
the server. Wall seconds are mostly the server's, which works on the same machine; calls and CPU seconds are what may be
compared.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.floor_gcp import SERIES, Zones, least_calls, zones_of
from tests.benchmarks.measured import Run, measure
from tests.servers.facade import ROOT
from tests.servers.gcp.cloud import AS_OF, Cloud

CALLS_TARGET = 1.1  # times the floor
CPU_TARGET = 2.0  # times bare requests, per datapoint


@dataclass(frozen=True)
class Measured:
    """One run: what it took here and on the server."""

    name: str
    run: Run
    log: list[dict[str, Any]]
    zones: Zones

    @property
    def floor(self) -> dict[tuple[str, str], int]:
        return least_calls(self.log, self.zones)

    @property
    def datapoints(self) -> int:
        return sum(call["items"] for call in self.log if (call["service"], call["action"]) == SERIES)


def audited(
    cloud: Cloud, folder: Path, zones: Zones, name: str, as_of: str, max_age: str | None = None
) -> Measured:
    """`finops audit gcp` in the folder, whose warehouse it makes or brings up to date."""
    cloud.clock(as_of)
    cloud.reset_calls()
    command = [sys.executable, "-m", "finops", "audit", "gcp", "--as-of", as_of, "--format", "json"]
    run = measure([*command, *(["--max-age", max_age] if max_age else [])], folder, cloud.env)
    if run.code:
        sys.exit(f"finops ended with {run.code}: {(folder / 'err').read_text()[-2000:]}")
    return Measured(name, run, cloud.calls(), zones)


def bare(cloud: Cloud, folder: Path, like: Measured) -> Measured:
    """The same questions by a client that does nothing with the answers."""
    asked = [
        (call["path"], call["params"])
        for call in like.log
        if call["method"] == "GET" and "pageToken" not in call["params"]
    ]
    wanted = folder / "wanted.json"
    wanted.write_text(json.dumps(asked))
    cloud.clock(AS_OF)
    cloud.reset_calls()
    command = [sys.executable, "-m", "tests.benchmarks.bare_client_gcp", cloud.endpoint, wanted]
    run = measure(command, folder, {**cloud.env, "PYTHONPATH": str(ROOT)})
    if run.code:
        sys.exit(f"the bare client ended with {run.code}: {(folder / 'err').read_text()[-2000:]}")
    return Measured("bare requests, kept in memory", run, cloud.calls(), like.zones)


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
    made, floor = Counter((call["service"], call["action"]) for call in run.log), run.floor
    least = sum(floor.values())
    told = "met" if made.total() <= CALLS_TARGET * least else "missed"
    print(
        f"\n{run.name}: {made.total():,} API calls, floor {least:,}, ratio {made.total() / least:.3f} (target {CALLS_TARGET} {told})"
    )
    for service, action in sorted(made, key=lambda each: floor[each] - made[each]):
        if made[service, action] > floor[service, action]:
            print(f"  {service + ':' + action:36}{made[service, action]:7,} for {floor[service, action]:,}")


def show_cpu(first: Measured, cached: Measured, least: Measured) -> None:
    """CPU per datapoint against the bare client; what the audit itself takes is known from the run without a call."""
    whole, collecting = (cpu / first.datapoints for cpu in (first.run.cpu, first.run.cpu - cached.run.cpu))
    unit = least.run.cpu / least.datapoints
    told = f"target {CPU_TARGET} {'met' if whole / unit <= CPU_TARGET else 'missed'}"
    print(
        f"\nClient CPU: {whole * 1e6:.2f} s per million datapoints, {whole / unit:.2f} times bare requests' {unit * 1e6:.2f} "
        f"({told}); {collecting / unit:.2f} times without the audit itself"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--instances", type=int, default=300)
    given = parser.parse_args()
    with Cloud() as cloud, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        truth = cloud.estate(given.instances)
        zones = zones_of(truth.classes)
        day_after = f"{datetime.fromisoformat(AS_OF) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
        first = audited(cloud, folder, zones, "finops, empty warehouse", AS_OF)
        cached = audited(cloud, folder, zones, "finops, again within --max-age", AS_OF)
        later = audited(cloud, folder, zones, "finops, one day later", day_after, "1h")
        least = bare(cloud, folder, first)
    print(
        f"{truth.n:,} instances of Google Cloud in {len(truth.projects)} projects and {len(truth.regions)} regions as of {AS_OF}\n"
    )
    show_runs([first, cached, later, least])
    show_floor(first)
    show_floor(later)
    show_cpu(first, cached, least)
    print(f"One day later: {later.datapoints / first.datapoints:.1%} of the first run's datapoints")


if __name__ == "__main__":
    main()
