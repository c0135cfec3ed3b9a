"""What an estate consists of: the classes of instances and how each is told apart only by what it does and is."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.servers import population
from tests.servers import shapes as s
from tests.servers.series import Shape

OLD = (130, 900)  # days since creation
# A label's value has small letters of any script, digits, - and _ only; descriptions may be anything.
ODD_VALUES = ("", "名前", "ünïcödé", "007", "null", "true", "__", "-2", "a" * 63, "select_1")


@dataclass(frozen=True)
class Kind:
    """A class of instances."""

    share: int  # of 100
    types: Sequence[str]
    cpu: Shape | None  # per cent
    network: Shape  # bytes received in 5 minutes; three fifths of it are sent
    boot_ops: float  # operations per second of the boot disk
    memory: tuple[float, float] | None  # lowest and highest per cent, by the agent; None: no agent
    age: tuple[int, int] = OLD  # days since creation
    stage: str = "prod"
    stopped: tuple[int, int] | None = None  # days since the stop
    status: str = "RUNNING"


QUIET, BUSY = s.quiet(60_000.0), s.rate(200_000)
MIXED = (
    "n2-standard-4", "e2-standard-8", "n1-standard-8", "n2-custom-8-32768", "n2d-standard-16", "c2-standard-8", "custom-8-30720",
    "n2-highmem-4",
)  # fmt: skip
ANY = (*MIXED, "e2-standard-2", "n1-standard-2", "t2d-standard-2", "c3-standard-4", "n4-standard-4")
SILENT = tuple(each for each in MIXED if not each.startswith("e2-"))  # E2 tells its memory without an agent
WORK, ROOMY = s.daily(30, 60, 5, 90), s.daily(6, 15, 1.2, 23)
GROUPED = ("e2-standard-2", "n2-standard-2", "n2d-standard-2")

# Every instance is of exactly one class; `share` of 100. The first of each come first in small estates.
KINDS: dict[str, Kind] = {
    "idle": Kind(8, (*ANY, "n1-standard-4"), s.quiet(3.5), QUIET, 0.05, (12, 22)),
    "oversized": Kind(10, MIXED, ROOMY, BUSY, 2, (18, 27)),
    "spot_eligible": Kind(7, GROUPED, s.daily(48, 60, 4, 85), BUSY, 2, (52, 61)),
    "stopped": Kind(5, MIXED, WORK, BUSY, 2, None, (200, 900), stopped=(45, 80), status="TERMINATED"),
    "stopped_recently": Kind(2, MIXED, WORK, BUSY, 2, None, (200, 900), stopped=(5, 12), status="TERMINATED"),
    "suspended": Kind(2, ("e2-standard-4", "n2-standard-4"), WORK, BUSY, 2, None, (200, 900), stopped=(45, 55), status="SUSPENDED"),
    "daily_spike": Kind(4, MIXED, s.spike(s.quiet(2.5), 95, 15), QUIET, 0.05, (20, 30)),
    "month_end": Kind(3, MIXED, s.month_end(s.quiet(2.5), 88), QUIET, 0.05, (20, 30)),
    "quarter_end": Kind(3, MIXED, s.quarter_end(s.quiet(2.5), 88), QUIET, 0.05, (20, 30)),
    "memory_bound": Kind(5, ("n2-highmem-8", "e2-highmem-4", "n2-custom-4-65536-ext"), s.quiet(3.8), QUIET, 0.2, (82, 88)),
    "gpu_busy": Kind(2, ("n1-standard-8", "a2-highgpu-1g", "g2-standard-8"), s.quiet(3.8), QUIET, 0.2, (20, 30)),
    "disk_busy": Kind(3, MIXED, s.quiet(3.5), QUIET, 90, (12, 22)),
    "missing_data": Kind(3, MIXED, s.quiet(2.5), QUIET, 0.05, None),
    "no_data": Kind(2, MIXED, None, QUIET, 0.05, None),
    "new": Kind(3, ANY, s.quiet(2.5), QUIET, 0.05, (15, 20), age=(3, 3)),
    "stateful": Kind(4, ("n2-highmem-4", "n2-standard-4", "e2-standard-4"), s.daily(52, 65, 4, 90), BUSY, 4, (60, 68)),
    "spot_already": Kind(5, ("n2-standard-4", "e2-standard-4", "n2d-standard-4"), s.daily(48, 60, 4, 85), BUSY, 2, (52, 61), stage="dev"),
    "memory_unknown": Kind(4, SILENT, s.daily(9, 18, 1.2, 25), BUSY, 2, None),
    "gke_node": Kind(4, ("e2-standard-4", "n2d-standard-4"), s.quiet(4.0), QUIET, 0.2, (20, 30)),
    "burstable": Kind(4, ("e2-medium", "e2-small", "e2-micro", "g1-small", "f1-micro"), s.daily(8, 18, 1.2, 26), BUSY, 1, (40, 55)),
    "local_disk": Kind(2, ("n2-standard-8", "c3-standard-8-lssd", "n1-standard-8"), ROOMY, BUSY, 2, (18, 27)),
    "windows": Kind(3, ("n2-standard-4", "e2-standard-4"), s.daily(50, 68, 4, 92), BUSY, 3, (58, 70)),
    "steady": Kind(14, ANY, s.daily(50, 68, 4, 92), BUSY, 3, (58, 70)),
}  # fmt: skip
GROUPS = {
    "spot_eligible": "workers",
    "stateful": "databases",
    "spot_already": "spots",
    "gke_node": "gke-prod-pool-1-5f3c9d21-grp",
}


def counts(n: int) -> dict[str, int]:
    return population.counts(n, {name: kind.share for name, kind in KINDS.items()})


def labels(number: int, kind: Kind) -> dict[str, str]:
    """Stage, team and, now and then, what breaks reports. Every tenth has no label at all."""
    if number % 10 == 7:
        return {}
    result = {"env": kind.stage, "team": ("payments", "search", "core")[number % 3]}
    if number % 7 == 3:
        result["owner"] = ODD_VALUES[number // 7 % len(ODD_VALUES)]
    if number % 13 == 6:
        result["empty"] = ""
    if number % 19 == 4:
        result["説明"] = "ключ"
    return result


def description(number: int) -> str:
    """What people, and whoever means harm, write into free text."""
    if number % 6 == 4:
        return population.HOSTILE[number // 6 % len(population.HOSTILE)]
    return ""
