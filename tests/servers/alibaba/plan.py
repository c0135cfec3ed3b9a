"""What an estate consists of: the classes of instances and how each is told apart only by what it does and is."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.servers import population
from tests.servers import shapes as s
from tests.servers.population import HOSTILE
from tests.servers.series import Shape

OLD = (130, 900)  # days since launch
# The tag of a member of a scaling group, and that of a node of a Kubernetes cluster.
GROUP_TAG, CLUSTER_TAG = "acs:autoscaling:scalingGroupId", "ack.aliyun.com"


def per_second(value: float, spread: float = 0.2) -> Shape:
    """Something that goes on at this rate, as CloudMonitor tells it: per second, not per sample."""
    return s.scaled(s.rate(value, spread), 1 / 300)


@dataclass(frozen=True)
class Kind:
    """A class of instances."""

    share: int  # of 100
    types: Sequence[str]
    cpu: Shape | None  # per cent
    network: Shape  # bit/s, in; out is three fifths of it
    system_ops: float  # operations per second of the system disk
    memory: tuple[float, float] | None  # lowest and highest per cent, by the agent; None: no agent
    age: tuple[int, int] = OLD  # days since launch
    stage: str = "prod"
    prepaid: bool = False
    renewal: str = "Normal"  # of a subscription
    stopped: tuple[int, int] | None = None  # days since the stop
    mode: str = "Not-applicable"  # how it is stopped


QUIET, BUSY = s.quiet(3600.0), per_second(1_600_000)
MIXED = (
    "ecs.g6.xlarge",
    "ecs.c6.2xlarge",
    "ecs.r6.xlarge",
    "ecs.g7.2xlarge",
    "ecs.g6.4xlarge",
    "ecs.c7.xlarge",
    "ecs.r7.2xlarge",
    "ecs.g7.xlarge",
)
ANY = (*MIXED, "ecs.g6.large", "ecs.c6.large", "ecs.g7.large", "ecs.u1-c1m2.large", "ecs.r6.large")
WORK, ROOMY = s.daily(30, 60, 5, 90), s.daily(6, 15, 1.2, 23)
GROUPED = ("ecs.g6.large", "ecs.c6.large", "ecs.g7.large")

# Every instance is of exactly one class; `share` of 100. The first of each come first in small estates.
KINDS: dict[str, Kind] = {
    "idle": Kind(8, (*ANY, "ecs.gn6i-c4g1.xlarge"), s.quiet(3.5), QUIET, 0.05, (12, 22)),
    "oversized": Kind(10, MIXED, ROOMY, BUSY, 2, (18, 27)),
    "spot_eligible": Kind(7, GROUPED, s.daily(48, 60, 4, 85), BUSY, 2, (52, 61)),
    "stopped_charging": Kind(4, MIXED, WORK, BUSY, 2, None, (200, 900), stopped=(45, 80), mode="KeepCharging"),
    "stopped_economical": Kind(3, MIXED, WORK, BUSY, 2, None, (200, 900), stopped=(45, 80), mode="StopCharging"),
    "stopped_recently": Kind(2, MIXED, WORK, BUSY, 2, None, (200, 900), stopped=(5, 12), mode="KeepCharging"),
    "daily_spike": Kind(4, MIXED, s.spike(s.quiet(2.5), 95, 15), QUIET, 0.05, (20, 30)),
    "month_end": Kind(3, MIXED, s.month_end(s.quiet(2.5), 88), QUIET, 0.05, (20, 30)),
    "quarter_end": Kind(3, MIXED, s.quarter_end(s.quiet(2.5), 88), QUIET, 0.05, (20, 30)),
    "memory_bound": Kind(5, ("ecs.r6.2xlarge", "ecs.r7.xlarge", "ecs.g6.2xlarge"), s.quiet(3.8), QUIET, 0.2, (82, 88)),
    "gpu_busy": Kind(2, ("ecs.gn6i-c4g1.xlarge", "ecs.gn6i-c24g1.12xlarge", "ecs.gn6i-c8g1.2xlarge"), s.quiet(3.8), QUIET, 0.2, (20, 30)),
    "disk_busy": Kind(3, MIXED, s.quiet(3.5), QUIET, 90, (12, 22)),
    "missing_data": Kind(3, MIXED, s.quiet(2.5), QUIET, 0.05, None),
    "no_data": Kind(2, MIXED, None, QUIET, 0.05, None),
    "new": Kind(3, ANY, s.quiet(2.5), QUIET, 0.05, (15, 20), age=(3, 3)),
    "stateful": Kind(4, ("ecs.r6.xlarge", "ecs.g6.xlarge", "ecs.g7.xlarge"), s.daily(52, 65, 4, 90), BUSY, 4, (60, 68)),
    "spot_already": Kind(4, ("ecs.g6.xlarge", "ecs.c6.xlarge"), s.daily(48, 60, 4, 85), BUSY, 2, (52, 61), stage="dev"),
    "memory_unknown": Kind(4, MIXED, s.daily(9, 18, 1.2, 25), BUSY, 2, None),
    "subscription_idle_renewing": Kind(3, ANY, s.quiet(3.0), QUIET, 0.05, (12, 22), prepaid=True, renewal="AutoRenewal"),
    "subscription_idle_ending": Kind(2, ANY, s.quiet(3.0), QUIET, 0.05, (12, 22), prepaid=True, renewal="NotRenewal"),
    "subscription_stopped": Kind(2, MIXED, WORK, BUSY, 2, None, (200, 900), prepaid=True, stopped=(45, 80)),
    "ack_node": Kind(3, MIXED, s.quiet(4.0), QUIET, 0.2, (20, 30)),
    "burstable": Kind(3, ("ecs.t6-c1m2.large", "ecs.t6-c1m4.xlarge", "ecs.t6-c1m1.large"), s.daily(8, 18, 1.2, 26), BUSY, 1, (40, 55)),
    "local_disk": Kind(2, ("ecs.i3.xlarge", "ecs.d2s.5xlarge"), ROOMY, BUSY, 2, (18, 27)),
    "steady": Kind(16, ANY, s.daily(50, 68, 4, 92), BUSY, 3, (58, 70)),
}  # fmt: skip
GROUPS = {"spot_eligible": "workers", "stateful": "databases", "spot_already": "spots"}
LONG = "长" * 800 + "n" * 1600  # 4 KB; tags of ours may be as long as hostile ones


def counts(n: int) -> dict[str, int]:
    return population.counts(n, {name: kind.share for name, kind in KINDS.items()})


def tags(number: int, kind: Kind, name: str) -> dict[str, str]:
    """Stage, team and, now and then, what breaks reports. Every tenth has no tag at all."""
    if number % 10 == 7:
        return {}
    result = {"env": kind.stage, "team": ("payments", "search", "core")[number % 3]}
    if number % 7 == 3:
        result["owner"] = HOSTILE[number % len(HOSTILE)]
    if number % 13 == 6:
        result["=1+1|<b>key</b>"] = "value"
        result["empty"] = ""
    if number % 17 == 8:
        result["essay"] = LONG
    if number % 19 == 4:
        result["说明"] = "a; key:env value:fake"
    return result
