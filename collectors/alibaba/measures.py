"""Which of our metrics CloudMonitor has under which name, and the fewest calls that ask for what is missing.

Everything is asked by the hour: what an hour did on average and at most, over the 91 days that CloudMonitor keeps.
Buckets of a day are made of these hours; so windows begin and end at midnight. Of single disks only ECS itself tells,
for 30 days, disk by disk. Sources: the metric lists of CloudMonitor for ECS; DescribeDiskMonitorData.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from collectors.hours import DAY, HOURLY_DAYS, Newest, Window, first_hour, midnight
from collectors.hours import windows as windows_of

DAYS = 91
DISK_DAYS = 30
_WINDOW = timedelta(days=30)  # 720 points a machine, half a page
_LONGEST = timedelta(days=31)  # that one question may span
# 384 of the 400 points that one answer may hold: two for all days at any hour
_DISK_WINDOW = timedelta(days=16)
MACHINES = 50  # that one question may name
POINTS = 1440  # on a page
_LEVELS = ("PL2", "PL3")  # below which there is one that a boot disk can be changed to in place


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of CloudMonitor: its name, whether only machines with a public address have it, what one of its
    units is in ours."""

    name: str
    scale: float
    public: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """One of our metrics and the series it is made of: their sum, or of GPUs the busiest.

    Ratios have percentiles. An agent's metric does not exist where nobody has installed one. `dimension` is what
    CloudMonitor calls the resource.
    """

    metric: str
    series: tuple[Series, ...]
    ratio: bool = False
    agent: bool = False
    hourly: bool = False
    namespace: str = "acs_ecs_dashboard"
    dimension: str = "instanceId"


BITS, PERCENT = 1 / 8, 1 / 100
CPU = Measure("cpu_utilization", (Series("CPUUtilization", PERCENT),), ratio=True, hourly=True)
OF_MACHINES = (
    CPU,
    Measure("memory_utilization", (Series("memory_usedutilization", PERCENT),), ratio=True, agent=True),
    Measure(
        "network_in_bytes_per_second",
        (Series("IntranetInRate", BITS), Series("VPC_PublicIP_InternetInRate", BITS, public=True)),
    ),
    Measure(
        "network_out_bytes_per_second",
        (Series("IntranetOutRate", BITS), Series("VPC_PublicIP_InternetOutRate", BITS, public=True)),
    ),
    Measure("disk_read_ops_per_second", (Series("DiskReadIOPS", 1.0),)),
    Measure("disk_write_ops_per_second", (Series("DiskWriteIOPS", 1.0),)),
)
GPU = Measure("gpu_utilization", (Series("gpu_gpu_usedutilization", PERCENT),), ratio=True, agent=True)


@dataclass(frozen=True, slots=True)
class Batch:
    """One of our metrics of some machines in all windows that are missing, which are stored together or not at all:
    what is newest tells where the next collection begins, and behind it there must be no hole.

    `public` are the machines with a public address. Buckets of an hour are wanted from `hourly_from` on.
    """

    measure: Measure
    machines: tuple[str, ...]
    public: frozenset[str]
    windows: tuple[Window, ...]
    hourly_from: datetime

    @property
    def points(self) -> int:
        return len(self.machines) * sum(window.hours for window in self.windows)


@dataclass(frozen=True, slots=True)
class DiskBatch:
    """One disk, in the windows that are missing."""

    disk: str
    windows: tuple[Window, ...]

    @property
    def points(self) -> int:
        return sum(window.hours for window in self.windows)


@dataclass(frozen=True, slots=True)
class Assets:
    """What can be measured in a region: rows of the inventory, types with GPUs, and measures of what is no machine
    with the column of its id."""

    instances: Sequence[Mapping[str, Any]] = ()
    volumes: Sequence[Mapping[str, Any]] = ()
    public_ips: Sequence[Mapping[str, Any]] = ()
    gpu_types: frozenset[str] = frozenset()
    services: Sequence[tuple[tuple[Measure, ...], str, Sequence[Mapping[str, Any]]]] = ()
    groups: Sequence[Mapping[str, Any]] = ()
    clusters: Sequence[Mapping[str, Any]] = ()


def plan(
    assets: Assets, newest: Newest, at: datetime, days: int = DAYS, *, whole: datetime | None = None
) -> list["Batch | DiskBatch"]:
    """The questions to ask: whole pages of as many machines as one may name, the oldest windows first.

    `whole` is the instant of the collection before this one if that had everything: what is missing of a machine that
    ran then was not there to be had.
    """
    public = frozenset(
        str(one["resource_id"]) for one in assets.public_ips if one["resource_type"] == "instance"
    )
    running = [one for one in assets.instances if one["state"] == "running"]
    gpus = [one for one in running if one["instance_type"] in assets.gpu_types]
    asked: list[Batch | DiskBatch] = []
    for measure, machines in (*((each, running) for each in OF_MACHINES), (GPU, gpus)):
        begun = {str(one["instance_id"]): _begun(measure, one, newest, whole) for one in machines}
        asked += _batches(measure, begun, public, at, min(days, DAYS))
    for measures, key, rows in assets.services:
        for measure in measures:
            known = {str(one[key]): _known(measure, str(one[key]), one, newest, whole) for one in rows}
            asked += _batches(measure, known, frozenset(), at, min(days, DAYS))
    return asked + list(_disks(assets, newest, at, days))


def _known(
    measure: Measure, identity: str, row: Mapping[str, Any], newest: Newest, whole: datetime | None
) -> datetime | None:
    """From when on a service is asked: the newest day that is stored; where nothing is, though it was asked about
    before, the day of that collection."""
    found = newest.get((identity, measure.metric, DAY))
    made = row.get("created_at")
    if found or whole is None or made is None or made >= whole:
        return found
    return midnight(whole - timedelta(microseconds=1))


def windows(start: datetime, at: datetime) -> list[Window]:
    """Windows as long as one question may be, the oldest first; all but the oldest begin at midnight."""
    return windows_of(start, at, _WINDOW, _LONGEST)


def _begun(
    measure: Measure, machine: Mapping[str, Any], newest: Newest, whole: datetime | None
) -> datetime | None:
    """From when on a machine is asked: the newest day that is stored.

    Where nothing is, though it was asked about before: the day of that collection, or the newest of its processor.
    """
    identity = str(machine["instance_id"])
    if (known := newest.get((identity, measure.metric, DAY))) or whole is None:
        return known
    if measure.agent and (known := newest.get((identity, CPU.metric, DAY))):
        return known
    since = (machine.get("launched_at"), machine.get("state_since"))
    ran = all(one is not None and one < whole for one in since)
    return midnight(whole - timedelta(microseconds=1)) if ran else None


def _batches(
    measure: Measure, begun: Mapping[str, datetime | None], public: frozenset[str], at: datetime, days: int
) -> Iterator[Batch]:
    first = first_hour(at, days)
    by_start: dict[datetime, list[str]] = defaultdict(list)
    for identity, known in begun.items():
        by_start[max(first, known or first)].append(identity)
    for start in sorted(by_start):
        missing = tuple(windows(start, at))
        for some in _some(by_start[start], missing):
            yield Batch(measure, some, public.intersection(some), missing, at - timedelta(days=HOURLY_DAYS))


def _some(ids: Sequence[str], missing: Sequence[Window]) -> Iterator[tuple[str, ...]]:
    """As many at a time as fill their pages best."""

    def pages_each(count: int) -> float:
        return sum(-(-count * window.hours // POINTS) for window in missing) / count

    size = min(range(1, MACHINES + 1), key=lambda count: (pages_each(count), -count))
    if len(ids) <= MACHINES:
        size = MACHINES
    for place in range(0, len(ids), size):
        yield tuple(ids[place : place + size])


def _disks(assets: Assets, newest: Newest, at: datetime, days: int) -> Iterator[DiskBatch]:
    states = {one["instance_id"]: one["state"] for one in assets.instances}
    first = first_hour(at, min(days, DISK_DAYS))
    for one in assets.volumes:
        identity = str(one["volume_id"])
        if one["state"] != "attached" or states.get(one["instance_id"]) == "stopped" or _plain_boot(one):
            continue
        known = newest.get((identity, "disk_read_ops_per_second", DAY))
        start = max(first, known) if known else first
        yield DiskBatch(identity, tuple(_disk_windows(start, at)))


def _disk_windows(start: datetime, at: datetime) -> Iterator[Window]:
    while start < at:
        end = min(midnight(start) + _DISK_WINDOW, at)
        yield Window(start, end)
        start = end


def _plain_boot(volume: Mapping[str, Any]) -> bool:
    """A boot disk that no rule could judge by what it does: there is no cheaper level for it."""
    return bool(volume["is_boot"]) and volume["performance_level"] not in _LEVELS
