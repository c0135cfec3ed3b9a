"""CloudWatch through GetMetricData: full batches, daily buckets over 95 days, hourly ones of the processor over 14.

What is asked (source: CloudWatch metrics of EC2, EBS, NAT gateways, load balancers, and of the CloudWatch agent):
ratios (processor, memory, GPU) as mean, 95th percentile and maximum; rates (network, disk) as a sum, divided by the
seconds that were measured, and as the maximum of one sample, divided by its length. How long a sample is follows
from how many there are in a day: 1,440 of a minute or 288 of five. Only what is newer than what is stored is asked.
"""

import calendar
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from collectors.aws.client import Api, Client
from collectors.aws.inventory import Problems, utc
from finops.warehouse import Scope

GET_METRIC_DATA = Api(
    "cloudwatch",
    "get_metric_data",
    "cloudwatch:GetMetricData",
    probe={
        "MetricDataQueries": [{
            "Id": "q0",
            "MetricStat": {
                "Metric": {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization"}, "Period": 86400, "Stat": "Average",
            },
        }],
        "StartTime": 0,
        "EndTime": 86400,
    },
)  # fmt: skip
LIST_METRICS = Api("cloudwatch", "list_metrics", "cloudwatch:ListMetrics", probe={"Namespace": "CWAgent"})

# Limits of GetMetricData. Source: its API reference.
QUERIES = 500
POINTS = 100_800
PRICE_PER_QUERY = 0.01 / 1000  # USD; source: CloudWatch pricing, metrics requested by GetMetricData

DAY, HOUR = 86_400, 3_600
DAYS, HOURLY_DAYS = 95, 14
_RECENT_DAYS = 3
# A boot volume up to this size at its type's base speed: what it does changes no decision about it.
_PLAIN_BOOT_GIB = 170
_AGENT = "CWAgent"
_MEMORY = ("mem_used_percent", "Memory % Committed Bytes In Use")  # Linux, Windows
_GPU = "nvidia_smi_utilization_gpu"


@dataclass(frozen=True, slots=True)
class Measure:
    """One of our metrics of a resource and where CloudWatch has it.

    `kind` is percent, sum (with the highest sample), total (what is counted one by one, such as requests, so that
    a sample says nothing about time), or samples.
    """

    metric: str
    kind: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


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


@dataclass(frozen=True, slots=True)
class Assets:
    """What can be measured in a region: rows of the inventory."""

    instances: Sequence[Mapping[str, Any]] = ()
    volumes: Sequence[Mapping[str, Any]] = ()
    nat_gateways: Sequence[Mapping[str, Any]] = ()
    load_balancers: Sequence[Mapping[str, Any]] = ()


# (resource, metric, bucket_seconds) → the newest bucket that is stored
Newest = Mapping[tuple[str, str, int], datetime]


_STATS = {"sum": ("Sum", "Maximum"), "total": ("Sum",), "samples": ("SampleCount",)}


def _stats(kind: str, seconds: int) -> tuple[str, ...]:
    if kind == "percent":
        return ("Average", "p95", "Maximum") if seconds == DAY else ("Average", "Maximum")
    return _STATS[kind]


# --- what to ask ------------------------------------------------------------------------------------------


def get_agent_series(client: Client, *, windows: bool, gpus: bool) -> list[dict[str, Any]]:
    """Series that CloudWatch agents report: memory, and GPUs where there are any."""
    names = [_MEMORY[0], *([_MEMORY[1]] if windows else []), *([_GPU] if gpus else [])]
    return [
        series
        for name in names
        for page in client.pages(LIST_METRICS, Namespace=_AGENT, MetricName=name)
        for series in page.get("Metrics") or ()
    ]


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
    daily = [*_machines(assets, agents), *_volumes(assets), *_gateways(assets), *_balancers(assets)]
    hourly = [
        (one["instance_id"], (_ec2(one["instance_id"], "cpu_utilization", "percent", "CPUUtilization"),))
        for one in assets.instances
        if one["state"] == "running"
    ]
    first_day = _midnight(at - timedelta(days=days)) if at != _midnight(at) else at - timedelta(days=days)
    if at != _midnight(at):
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
                Measure("requests_per_second", "total", namespace, asked, dimensions),
                Measure("network_in_bytes_per_second", "total", namespace, handled, dimensions),
            ),
        )


def _ec2(identity: str, metric: str, kind: str, name: str) -> Measure:
    return Measure(metric, kind, "AWS/EC2", name, (("InstanceId", identity),))


def _agent_measure(series: Mapping[str, Any]) -> tuple[Measure, str | None]:
    dimensions = tuple((str(one["Name"]), str(one["Value"])) for one in series.get("Dimensions") or ())
    name = str(series["MetricName"])
    metric = "gpu_utilization" if name == _GPU else "memory_utilization"
    return Measure(metric, "percent", _AGENT, name, dimensions), dict(dimensions).get("InstanceId")


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
        if not taken:  # one resource with more series than a call holds: GPUs by the hundred
            one = waiting[0]
            keep, cut = one.measures[: len(one.measures) // 2], one.measures[len(one.measures) // 2 :]
            waiting[:1] = [
                Wanted(one.resource_id, keep, one.start, seconds),
                Wanted(one.resource_id, cut, one.start, seconds),
            ]
            continue
        waiting = rest
        yield Batch(tuple(taken), start, end, seconds)


# --- ask --------------------------------------------------------------------------------------------------

Answers = dict[str, tuple[list[Any], list[float]]]


def get_metrics(client: Client, batch: Batch, problems: Problems) -> Answers:
    """Times and values of every query of a batch, by query id, of all pages."""
    answers: Answers = {}
    odd: dict[str, str] = {}
    pages = client.pages(
        GET_METRIC_DATA,
        MetricDataQueries=_queries(batch),
        StartTime=batch.start.replace(tzinfo=UTC),  # the SDK takes a time without a zone for local
        EndTime=batch.end.replace(tzinfo=UTC),
        ScanBy="TimestampAscending",
        MaxDatapoints=POINTS,
    )
    for page in pages:
        for result in page.get("MetricDataResults") or ():
            times, values = answers.setdefault(result["Id"], ([], []))
            times.extend(result.get("Timestamps") or ())
            values.extend(result.get("Values") or ())
            odd[result["Id"]] = result.get("StatusCode") or "Complete"
    failed = [status for status in odd.values() if status in ("InternalError", "Forbidden")]
    if failed:
        where = f"in account {client.session.account}, region {client.region}"
        problems.append(f"{GET_METRIC_DATA.action} answered {failed[0]} for {len(failed)} series {where}.")
    return answers


def _queries(batch: Batch) -> list[dict[str, Any]]:
    flat = (query for one in batch.wanted for query in one.queries())
    return [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": measure.namespace,
                    "MetricName": measure.name,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in measure.dimensions],
                },
                "Period": batch.seconds,
                "Stat": stat,
            },
        }
        for number, (measure, stat) in enumerate(flat)
    ]


# --- rows -------------------------------------------------------------------------------------------------


def transform_metrics(answers: Answers, batch: Batch, scope: Scope) -> pa.Table | None:
    """Rows of metrics as Arrow; None when nothing was measured."""
    buckets = _Buckets(batch)
    parts: list[tuple[Any, ...]] = []
    number = 0
    for one in batch.wanted:
        grids: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
        for measure, stat in one.queries():
            grids[measure.metric][stat].append(buckets.grid(answers.get(f"q{number}")))
            number += 1
        samples = grids.pop("samples", {}).get("SampleCount")
        counts = samples[0] if samples else None
        for metric, stats in grids.items():
            parts.append((one.resource_id, metric, *buckets.columns(stats, counts)))
    return _table(parts, buckets, scope)


class _Buckets:
    """The buckets of a batch: its answers as arrays with one value per bucket, NaN where there is none."""

    def __init__(self, batch: Batch) -> None:
        self.seconds = batch.seconds
        self.first = int((batch.start - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001 - naive UTC throughout
        self.count = max(1, -(-int((batch.end - batch.start).total_seconds()) // batch.seconds))
        self.starts = np.datetime64(batch.start, "us") + np.arange(self.count) * np.timedelta64(
            batch.seconds, "s"
        )
        # The last bucket may not be over yet.
        self.lengths = np.full(self.count, float(batch.seconds))
        last = batch.start + timedelta(seconds=batch.seconds * (self.count - 1))
        self.lengths[-1] = max(1.0, (batch.end - last).total_seconds())
        self._known: dict[Any, int] = {}

    def grid(self, answer: tuple[list[Any], list[float]] | None) -> np.ndarray:
        """The values of one query in their buckets."""
        values = np.full(self.count, np.nan)
        if answer and answer[0]:
            places = np.fromiter((self._place(at) for at in answer[0]), dtype=np.int64, count=len(answer[0]))
            inside = (places >= 0) & (places < self.count)
            values[places[inside]] = np.asarray(answer[1], dtype=float)[inside]
        return values

    def columns(
        self, stats: Mapping[str, list[np.ndarray]], counts: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """avg, p95, max and samples of one metric; of several series (GPUs) the busiest at each moment."""
        if "Sum" in stats:
            return self._rates(stats["Sum"][0], stats["Maximum"][0] if "Maximum" in stats else None, counts)
        none = np.full(self.count, np.nan)
        avg = _highest(stats["Average"]) / 100
        top = _highest(stats["Maximum"]) / 100
        p95 = _highest(stats["p95"]) / 100 if "p95" in stats else none
        return avg, p95, top, counts if counts is not None else none

    def _rates(
        self, total: np.ndarray, top: np.ndarray | None, counts: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Per second: the sum over the time that was measured, and the highest sample over its length."""
        none = np.full(self.count, np.nan)
        if counts is None or top is None:
            return total / self.lengths, none, none, none
        sample = _sample_seconds(counts, self.lengths)
        measured = np.minimum(counts * sample, self.lengths)
        measured = np.where(np.isnan(measured) | (measured <= 0), self.lengths, measured)
        return total / measured, none, top / sample, counts

    def _place(self, at: Any) -> int:
        place = self._known.get(at)
        if place is None:
            place = self._known[at] = (_epoch(at) - self.first) // self.seconds
        return place


def _sample_seconds(counts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """How long one sample is: a minute where a day has more samples than there are five minutes in it.

    A day that was measured for a part of it only follows the others.
    """
    fives = lengths / 300
    known = ~np.isnan(counts)
    by_minute = known & (counts > fives * 1.02 + 1)  # one more: the last sample may only have begun
    whole_of_fives = known & ~by_minute & (counts > fives * 0.9)
    usual = 60.0 if by_minute.any() and not whole_of_fives.any() else 300.0
    return np.where(by_minute, 60.0, np.where(whole_of_fives, 300.0, usual))


def _highest(grids: list[np.ndarray]) -> np.ndarray:
    return grids[0] if len(grids) == 1 else np.fmax.reduce(grids)


def _table(parts: Sequence[tuple[Any, ...]], buckets: _Buckets, scope: Scope) -> pa.Table | None:
    if not parts:
        return None
    avg, p95, top, samples = (np.concatenate([part[column] for part in parts]) for column in (2, 3, 4, 5))
    seen = ~(np.isnan(avg) & np.isnan(top))
    rows = int(seen.sum())
    if not rows:
        return None
    resources, metrics = (_dictionary([part[column] for part in parts], buckets.count) for column in (0, 1))
    mask = pa.array(seen)
    return pa.table(
        {
            **{
                name: pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), [value])
                for name, value in (
                    ("cloud", scope.cloud),
                    ("account_id", scope.account_id),
                    ("region", scope.region),
                )
            },
            "resource_id": resources.filter(mask),
            "metric": metrics.filter(mask),
            "bucket_start": pa.array(np.tile(buckets.starts, len(parts))[seen]),
            "bucket_seconds": pa.array(np.full(rows, buckets.seconds, dtype=np.int32)),
            "avg": pa.array(avg[seen], from_pandas=True),
            "p95": pa.array(p95[seen], from_pandas=True),
            "max": pa.array(top[seen], from_pandas=True),
            "samples": pa.array(samples[seen], from_pandas=True).cast(pa.int64(), safe=False),
        }
    )


def _dictionary(names: Sequence[str], times: int) -> pa.DictionaryArray:
    words = list(dict.fromkeys(names))
    place = {word: number for number, word in enumerate(words)}
    codes = np.repeat(np.fromiter((place[name] for name in names), dtype=np.int32, count=len(names)), times)
    return pa.DictionaryArray.from_arrays(codes, words)


def _epoch(at: Any) -> int:
    """Seconds since 1970 of a time as it arrives."""
    instant = at if isinstance(at, (int, float)) else calendar.timegm(utc(at).timetuple())  # type: ignore[union-attr]
    return int(instant)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def keep_from(at: datetime) -> dict[int, datetime]:
    """From when on stored buckets are kept, by their length."""
    return {DAY: at - timedelta(days=DAYS + 1), HOUR: at - timedelta(days=HOURLY_DAYS + 1)}
