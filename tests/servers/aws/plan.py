"""What an estate consists of: the classes of instances and how each is told apart only by what it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.servers import population
from tests.servers import shapes as s
from tests.servers.population import HOSTILE
from tests.servers.population import name_of as name_of
from tests.servers.population import per_hundred as per_hundred
from tests.servers.series import Shape

OLD = (130, 900)  # days since launch


@dataclass(frozen=True)
class Kind:
    """A class of instances."""

    share: int  # of 100
    types: Sequence[str]
    cpu: Shape | None
    network: Shape  # bytes per sample, in; out is three fifths of it
    root_ops: float  # operations per second of the boot volume
    memory: tuple[float, float] | None  # lowest and highest per cent, by the agent; None: no agent
    age: tuple[int, int] = OLD  # days since launch
    stage: str = "prod"
    note: str = ""


BUSY_NETWORK = s.rate(200_000)
QUIET_NETWORK = s.scaled(s.quiet(1.0), 300 * 450)  # never above 450 bytes per second
MIXED = (
    "m5.xlarge",
    "c5.2xlarge",
    "r5.xlarge",
    "m6i.2xlarge",
    "m5.4xlarge",
    "c5.xlarge",
    "r5.2xlarge",
    "m6i.xlarge",
)
ANY = (*MIXED, "m5.large", "c5.large", "t3.large", "m6i.large", "r5.large")

# Every instance is of exactly one class; `share` of 100. The first of each come first in small estates.
KINDS: dict[str, Kind] = {
    "idle": Kind(10, (*ANY, "t3.xlarge", "g4dn.xlarge"), s.quiet(3.5), QUIET_NETWORK, 0.05, (12, 22)),
    "oversized": Kind(12, MIXED, s.daily(6, 15, 1.2, 23), BUSY_NETWORK, 2, (18, 27)),
    "spot_eligible": Kind(
        8,
        ("m5.large", "c5.large", "m6i.large"),
        s.daily(48, 60, 4, 85),
        BUSY_NETWORK,
        2,
        (52, 61),
        stage="dev",
    ),
    "stopped": Kind(6, ANY, s.daily(30, 60, 5, 90), BUSY_NETWORK, 2, None, age=(200, 900)),
    "stopped_recently": Kind(2, MIXED, s.daily(30, 60, 5, 90), BUSY_NETWORK, 2, None, age=(200, 900)),
    "daily_spike": Kind(5, MIXED, s.spike(s.quiet(2.5), 95, 15), QUIET_NETWORK, 0.05, (20, 30)),
    "month_end": Kind(3, MIXED, s.month_end(s.quiet(2.5), 88), QUIET_NETWORK, 0.05, (20, 30)),
    "quarter_end": Kind(3, MIXED, s.quarter_end(s.quiet(2.5), 88), QUIET_NETWORK, 0.05, (20, 30)),
    "memory_bound": Kind(
        6, ("r5.2xlarge", "r5.xlarge", "m5.2xlarge"), s.quiet(3.8), QUIET_NETWORK, 0.2, (82, 88)
    ),
    "gpu_busy": Kind(
        3, ("g4dn.xlarge", "g4dn.12xlarge", "g4dn.2xlarge"), s.quiet(3.8), QUIET_NETWORK, 0.2, (20, 30)
    ),
    "missing_data": Kind(3, MIXED, s.quiet(2.5), QUIET_NETWORK, 0.05, None),
    "no_data": Kind(2, MIXED, None, QUIET_NETWORK, 0.05, None),
    "new": Kind(3, ANY, s.quiet(2.5), QUIET_NETWORK, 0.05, (15, 20), age=(3, 3)),
    "stateful": Kind(
        5,
        ("r5.xlarge", "m5.xlarge", "m6i.xlarge"),
        s.daily(52, 65, 4, 90),
        BUSY_NETWORK,
        4,
        (60, 68),
        stage="dev",
    ),
    "spot_already": Kind(
        4, ("m5.xlarge", "c5.xlarge"), s.daily(48, 60, 4, 85), BUSY_NETWORK, 2, (52, 61), stage="dev"
    ),
    "memory_unknown": Kind(5, MIXED, s.daily(9, 18, 1.2, 25), BUSY_NETWORK, 2, None),
    "steady": Kind(20, ANY, s.daily(50, 68, 4, 92), BUSY_NETWORK, 3, (58, 70)),
}

# Every other instance of these classes is a member of a scaling group of this name in its region.
GROUPS = {"spot_eligible": "workers", "stateful": "databases", "spot_already": "spots"}
GROUP_TAG = "aws:autoscaling:groupName"
ENVIRONMENT = {"dev": ("env", "dev"), "prod": ("env", "prod")}


def counts(n: int) -> dict[str, int]:
    return population.counts(n, {name: kind.share for name, kind in KINDS.items()})


def tags(number: int, kind: Kind, name: str, group: str) -> dict[str, str]:
    """Name, stage, team and, now and then, what breaks reports. Members of a group are not marked as development."""
    key, value = ENVIRONMENT["prod" if group else kind.stage]
    result: dict[str, Any] = {"Name": name, key: value, "team": ("payments", "search", "core")[number % 3]}
    if group:
        result[GROUP_TAG] = group
    if number % 7 == 3:
        result["owner"] = HOSTILE[number % len(HOSTILE)]
    if number % 11 == 5:
        result["aws:cloudformation:stack-name"] = f"stack-{number % 4}"
    if number % 13 == 6:
        result["=1+1|<b>key</b>"] = "value"
        result["empty"] = ""
    if number % 17 == 8:
        del result["Name"]
    return result
