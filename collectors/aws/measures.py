"""Which of our metrics CloudWatch has under which name, and the fewest calls that ask for what is missing.

Ratios (processor, memory, GPU) are asked as mean, 95th percentile and maximum; rates (network, disk) as a sum and
the highest sample. Sources: the CloudWatch metrics of EC2, EBS, NAT gateways and load balancers, and of the
CloudWatch agent. What there is beyond machines and networks is in services.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from collectors.hours import DAY, HOUR, HOURLY_DAYS, Newest, midnight

# Limits of GetMetricData. Source: its API reference.
QUERIES = 500
POINTS = 100_800
PRICE_PER_QUERY = 0.01 / 1000  # USD; source: CloudWatch pricing, metrics requested by GetMetricData

DAYS = 95
_RECENT_DAYS = 3
# A boot volume up to this size at its type's base speed: what it does changes no decision about it.
_PLAIN_BOOT_GIB = 170
AGENT = "CWAgent"
MEMORY = ("mem_used_percent", "Memory % Committed Bytes In Use")  # Linux, Windows
GPU = "nvidia_smi_utilization_gpu"
# Of Container Insights: what the pods of a node ask for.
NODES = "ContainerInsights"
REQUESTS = ("node_cpu_reserved_capacity", "node_memory_reserved_capacity")
_OURS = {
    GPU: "gpu_utilization",
    REQUESTS[0]: "cpu_request_utilization",
    REQUESTS[1]: "memory_request_utilization",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One of our metrics of a resource and where CloudWatch has it.

    `kind` is percent, sum (with the highest sample), total (what is counted one by one, such as requests, so that
    a sample says nothing about time), level (a number as it is), mean (the same without its percentile), free (of
    which the rest is ours), or samples. `scale` is what a value is multiplied by. Where nothing was counted from
    `since` on, there was nothing: the service tells of what it does, and of nothing else.
    """

    metric: str
    kind: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    scale: float = 1.0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked about one resource, in one batch, from an instant on."""

    resource_id: str
    measures: tuple[Measure, ...]
    start: datetime
    seconds: int = DAY

    def queries(self) -> list[tuple[Measure, str]]:
        """Each series with the statistic that is asked of it."""
        return [(measure, stat) for measure in self.measures for stat in _stats(measure.kind, self.seconds)]


@dataclass(frozen=True, slots=True)
class Batch:
    """Resources whose queries fill one call."""

    wanted: tuple[Wanted, ...]
    start: datetime
    end: datetime
    seconds: int

    @property
    def queries(self) -> int:
        return sum(len(one.queries()) for one in self.wanted)

    @property
    def room(self) -> int:
        """How many queries a call may hold that asks for this window."""
        points = max(1, -(-int((self.end - self.start).total_seconds()) // self.seconds))
        return max(1, min(QUERIES, POINTS // points))


@dataclass(frozen=True, slots=True)
class Assets:
    """What can be measured in a region: rows of the inventory."""

    instances: Sequence[Mapping[str, Any]] = ()
    volumes: Sequence[Mapping[str, Any]] = ()
    nat_gateways: Sequence[Mapping[str, Any]] = ()
    load_balancers: Sequence[Mapping[str, Any]] = ()
    further: Sequence[tuple[str, tuple[Measure, ...]]] = ()  # what services.py asks of databases and the like


_STATS = {
    "percent": ("Average", "p95", "Maximum"), "level": ("Average", "p95", "Maximum"), "mean": ("Average", "Maximum"),
    "free": ("Average", "p5", "Minimum"), "sum": ("Sum", "Maximum"), "total": ("Sum",), "samples": ("SampleCount",),
}  # fmt: skip


def _stats(kind: str, seconds: int) -> tuple[str, ...]:
    return _STATS["mean"] if kind == "percent" and seconds != DAY else _STATS[kind]


# --- what to ask ------------------------------------------------------------------------------------------


def plan(
    assets: Assets,
    agent: Iterable[Mapping[str, Any]],
    newest: Newest,
    at: datetime,
    days: int = DAYS,
) -> list[Batch]:
    """The calls to make: as few as the API's limits allow, the oldest windows together."""
    agents: dict[str, list[Measure]] = defaultdict(list)
    for series in agent:
        measure, resource = _agent_measure(series)
        if resource:
            agents[resource].append(measure)
    daily = [
        *_machines(assets, agents), *_volumes(assets), *_gateways(assets), *_balancers(assets), *assets.further,
    ]  # fmt: skip
    hourly = [
        (one["instance_id"], (_ec2(one["instance_id"], "cpu_utilization", "percent", "CPUUtilization"),))
        for one in assets.instances
        if one["state"] == "running"
    ]
    first_day = midnight(at - timedelta(days=days)) if at != midnight(at) else at - timedelta(days=days)
    if at != midnight(at):
        first_day += timedelta(days=1)  # today's bucket is one of the days
    first_hour = (at - timedelta(days=min(HOURLY_DAYS, days))).replace(minute=0, second=0, microsecond=0)
    return [
        *_batches(_from(daily, newest, first_day, DAY), at, DAY),
        *_batches(_from(hourly, newest, first_hour, HOUR), at, HOUR),
    ]


def _machines(
    assets: Assets, agents: Mapping[str, list[Measure]]
) -> Iterator[tuple[str, tuple[Measure, ...]]]:
    for one in assets.instances:
        identity = one["instance_id"]
        if one["state"] == "running":
            yield (
                identity,
                (
                    _ec2(identity, "cpu_utilization", "percent", "CPUUtilization"),
                    _ec2(identity, "samples", "samples", "CPUUtilization"),
                    _ec2(identity, "network_in_bytes_per_second", "sum", "NetworkIn"),
                    _ec2(identity, "network_out_bytes_per_second", "sum", "NetworkOut"),
                    *agents.get(identity, ()),
                ),
            )


def _volumes(assets: Assets) -> Iterator[tuple[str, tuple[Measure, ...]]]:
    running = {one["instance_id"]: one["state"] for one in assets.instances}
    for one in assets.volumes:
        identity = one["volume_id"]
        if _plain_boot(one) or running.get(one["instance_id"]) == "stopped":
            continue
        dimensions = (("VolumeId", identity),)
        yield (
            identity,
            (
                Measure("samples", "samples", "AWS/EBS", "VolumeReadOps", dimensions),
                Measure("disk_read_ops_per_second", "sum", "AWS/EBS", "VolumeReadOps", dimensions),
                Measure("disk_write_ops_per_second", "sum", "AWS/EBS", "VolumeWriteOps", dimensions),
                Measure("disk_read_bytes_per_second", "sum", "AWS/EBS", "VolumeReadBytes", dimensions),
                Measure("disk_write_bytes_per_second", "sum", "AWS/EBS", "VolumeWriteBytes", dimensions),
            ),
        )


def _plain_boot(volume: Mapping[str, Any]) -> bool:
    """A boot volume that no rule could judge by what it does: small, and with nothing provisioned to give up."""
    return (
        bool(volume["is_boot"])
        and (volume["size_gib"] or 0) <= _PLAIN_BOOT_GIB
        and (volume["volume_type"] == "gp2" or (volume["iops"] or 0) <= 3000)
        and volume["volume_type"] not in ("io1", "io2")
    )


def _gateways(assets: Assets) -> Iterator[tuple[str, tuple[Measure, ...]]]:
    for one in assets.nat_gateways:
        dimensions = (("NatGatewayId", one["nat_gateway_id"]),)
        yield (
            one["nat_gateway_id"],
            (
                Measure("samples", "samples", "AWS/NATGateway", "BytesOutToDestination", dimensions),
                Measure("network_out_bytes_per_second", "sum", "AWS/NATGateway", "BytesOutToDestination", dimensions),
                Measure("network_in_bytes_per_second", "sum", "AWS/NATGateway", "BytesInFromDestination", dimensions),
            ),
        )  # fmt: skip


_BALANCERS = {
    "application": ("AWS/ApplicationELB", "LoadBalancer", "ProcessedBytes", "RequestCount"),
    "network": ("AWS/NetworkELB", "LoadBalancer", "ProcessedBytes", "NewFlowCount"),
    "gateway": ("AWS/GatewayELB", "LoadBalancer", "ProcessedBytes", "NewFlowCount"),
    "classic": ("AWS/ELB", "LoadBalancerName", "EstimatedProcessedBytes", "RequestCount"),
}


def _balancers(assets: Assets) -> Iterator[tuple[str, tuple[Measure, ...]]]:
    for one in assets.load_balancers:
        if one["kind"] not in _BALANCERS:
            continue
        namespace, dimension, handled, asked = _BALANCERS[one["kind"]]
        identity = str(one["load_balancer_id"])
        dimensions = ((dimension, identity.partition(":loadbalancer/")[2]),)
        yield (
            identity,
            (
                # Told only while something goes through it, so what is not told is nothing.
                Measure(
                    "requests_per_second", "total", namespace, asked, dimensions, since=one.get("created_at")
                ),
                Measure(
                    "network_in_bytes_per_second",
                    "total",
                    namespace,
                    handled,
                    dimensions,
                    since=one.get("created_at"),
                ),
            ),
        )


def _ec2(identity: str, metric: str, kind: str, name: str) -> Measure:
    return Measure(metric, kind, "AWS/EC2", name, (("InstanceId", identity),))


def _agent_measure(series: Mapping[str, Any]) -> tuple[Measure, str | None]:
    dimensions = tuple((str(one["Name"]), str(one["Value"])) for one in series.get("Dimensions") or ())
    name = str(series["MetricName"])
    metric = _OURS.get(name, "memory_utilization")
    namespace = NODES if name in REQUESTS else AGENT
    return Measure(metric, "percent", namespace, name, dimensions), dict(dimensions).get("InstanceId")


def _from(
    asked: Iterable[tuple[str, tuple[Measure, ...]]], newest: Newest, first: datetime, seconds: int
) -> Iterator[Wanted]:
    """Each resource from where its metrics end in the warehouse, that bucket included: it may have been half full."""
    for resource, measures in asked:
        metrics = {one.metric for one in measures if one.kind != "samples"}
        ends = [newest.get((resource, metric, seconds), first) for metric in metrics]
        yield Wanted(resource, measures, max(first, min(ends)), seconds)


def _batches(wanted: Iterable[Wanted], end: datetime, seconds: int) -> Iterator[Batch]:
    """Calls for what has a history to catch up with, then for what is nearly up to date: one short window must not
    be asked as long as another's."""
    waiting = sorted(wanted, key=lambda one: one.start)
    recent = end - timedelta(days=_RECENT_DAYS)
    for some in (
        [one for one in waiting if one.start < recent],
        [one for one in waiting if one.start >= recent],
    ):
        yield from _packed(some, end, seconds)


def _packed(waiting: list[Wanted], end: datetime, seconds: int) -> Iterator[Batch]:
    """Resources whole, as many as fit a call, the longest windows together."""
    while waiting:
        start = waiting[0].start
        points = max(1, -(-int((end - start).total_seconds()) // seconds))
        room = min(QUERIES, POINTS // points)
        taken: list[Wanted] = []
        rest: list[Wanted] = []
        for one in waiting:
            size = len(one.queries())
            if size <= room:
                room -= size
                taken.append(one)
            else:
                rest.append(one)
        if not taken:  # one resource with more series than a call holds: asked in several, answered as one
            taken, rest = [waiting[0]], waiting[1:]
        waiting = rest
        yield Batch(tuple(taken), start, end, seconds)
