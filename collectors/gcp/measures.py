"""Which of our metrics Cloud Monitoring has under which name, and the fewest questions that ask for what is missing.

Everything is asked by the hour, for all machines of a project at once: what an hour did on average and, of ratios, at
most. Buckets of a day are made of these hours, so windows begin at midnight. Rates have no highest moment but the mean
of their hours. Source: https://cloud.google.com/monitoring/api/metrics_gcp, …/metrics_opsagent
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from collectors.hours import DAY, HOURLY_DAYS, Newest, Window, midnight

DAYS = 95
POINTS = 100_000  # on a page
MOST_POINTS = 2_000_000  # in one batch, which is what a thread holds in memory
_ONE_DAY = timedelta(days=1)
_COMPUTE, _AGENT = "compute.googleapis.com/instance/", "agent.googleapis.com/"
MEAN, MAX, RATE = "ALIGN_MEAN", "ALIGN_MAX", "ALIGN_RATE"


@dataclass(frozen=True, slots=True)
class Measure:
    """One of our metrics and the one of Google's it is made of, whose unit times `scale` is ours.

    `by_device` is told disk by disk; of an `agent` there is none where nobody has installed it; of several series of a
    machine the sum counts, or of ratios the highest. A `gauge` is a number that is there, such as of connections.
    """

    metric: str
    google: str
    scale: float = 1.0
    where: str = ""
    ratio: bool = False
    hourly: bool = False
    agent: bool = False
    by_device: bool = False
    gauge: bool = False

    @property
    def aligners(self) -> tuple[str, ...]:
        return (MEAN, MAX) if self.ratio or self.gauge else (RATE,)


CPU = Measure("cpu_utilization", f"{_COMPUTE}cpu/utilization", ratio=True, hourly=True)
MEMORY = Measure(
    "memory_utilization",
    f"{_AGENT}memory/percent_used",
    0.01,
    'metric.labels.state="used"',
    ratio=True,
    agent=True,
)
# In bytes; machines of E2 report it without an agent, so it stands in where there is none.
BALLOON = Measure("memory_utilization", f"{_COMPUTE}memory/balloon/ram_used", ratio=True, agent=True)
GPU = Measure("gpu_utilization", f"{_AGENT}gpu/utilization", 0.01, ratio=True, agent=True)
_ALWAYS = (
    CPU,
    MEMORY,
    Measure("network_in_bytes_per_second", f"{_COMPUTE}network/received_bytes_count"),
    Measure("network_out_bytes_per_second", f"{_COMPUTE}network/sent_bytes_count"),
    Measure("disk_read_ops_per_second", f"{_COMPUTE}disk/read_ops_count", by_device=True),
    Measure("disk_write_ops_per_second", f"{_COMPUTE}disk/write_ops_count", by_device=True),
    Measure("disk_read_bytes_per_second", f"{_COMPUTE}disk/read_bytes_count", by_device=True),
    Measure("disk_write_bytes_per_second", f"{_COMPUTE}disk/write_bytes_count", by_device=True),
)
BALLOON_SERIES = "e2-"


@dataclass(frozen=True, slots=True)
class Batch:
    """One of our metrics of all machines of a project, in one window: so many series, as far as is known. Buckets of
    an hour are wanted from `hourly_from` on."""

    measure: Measure
    window: Window
    hourly_from: datetime
    series: int = 1

    @property
    def points(self) -> int:
        return self.series * self.window.hours * len(self.measure.aligners)

    @property
    def calls(self) -> int:
        """Pages that hold them all."""
        return len(self.measure.aligners) * -(-self.series * self.window.hours // POINTS)


@dataclass(frozen=True, slots=True)
class Assets:
    """What can be measured in a project: rows of machines and volumes, types by name, disks by machine and device."""

    instances: Sequence[Mapping[str, Any]] = ()
    volumes: Sequence[Mapping[str, Any]] = ()
    types: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    devices: Mapping[tuple[str, str], str] = field(default_factory=dict)
    twins: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # region, id of a machine's notebook


def plan(assets: Assets, newest: Mapping[str, Newest], at: datetime, days: int) -> list[Batch]:
    """The questions to ask, the oldest windows first. `newest` is what is stored, by region."""
    first = midnight(at - timedelta(days=min(days, DAYS)))
    alive = [one for one in assets.instances if _measured(one, first)]
    if not alive:
        return []
    end = at.replace(minute=0, second=0, microsecond=0)
    devices = Counter(machine for machine, _ in assets.devices)
    disks = sum(max(1, devices[str(one["instance_id"])]) for one in alive)
    found: list[Batch] = []
    for measure in _measures(alive, assets.types):
        start = max(first, _begun(measure, alive, newest, first))
        series = disks if measure.by_device else len(alive)
        found += [
            Batch(measure, window, at - timedelta(days=HOURLY_DAYS), series)
            for window in windows_of(start, end, series)
        ]
    return found


def _measured(machine: Mapping[str, Any], first: datetime) -> bool:
    """Whether a machine ran at any time since then, as far as is known."""
    since = machine["state_since"]
    return machine["state"] != "stopped" or since is None or since > first


def _measures(alive: Sequence[Mapping[str, Any]], types: Mapping[str, Mapping[str, Any]]) -> list[Measure]:
    found = list(_ALWAYS)
    if any(one["gpu_count"] or types.get(one["instance_type"], {}).get("gpu_count", 1) for one in alive):
        found.append(GPU)  # of types that are not known: perhaps
    return found


def _begun(
    measure: Measure, alive: Sequence[Mapping[str, Any]], newest: Mapping[str, Newest], first: datetime
) -> datetime:
    """From when on a metric is asked: in each region from a day before the newest that is stored, which may not have
    been told to its end; where nothing is stored, from the creation of the oldest machine on."""
    starts = []
    for region in {str(one["region"]) for one in alive}:
        known = _newest(newest.get(region, {}), measure.metric)
        if known is None and measure.agent:
            known = _newest(newest.get(region, {}), CPU.metric)
        if known is not None:
            starts.append(known - _ONE_DAY)
            continue
        created = [one["launched_at"] for one in alive if one["region"] == region]
        starts.append(first if None in created else midnight(min(created)))
    return min(starts)


def _newest(stored: Newest, metric: str) -> datetime | None:
    return max(
        (at for (_, name, seconds), at in stored.items() if name == metric and seconds == DAY), default=None
    )


def windows_of(start: datetime, end: datetime, series: int) -> list[Window]:
    """Windows of whole days, so many that no batch is too large."""
    if end <= start:
        return []
    length = timedelta(days=max(1, MOST_POINTS // (24 * max(1, series))))
    found = []
    while start < end:
        found.append(Window(start, min(start + length, end)))
        start += length
    return found
