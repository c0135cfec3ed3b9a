"""Metrics, their kinds, and how raw points become aligned and reduced ones."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.servers.gcp.state import Item, Told
from tests.servers.series import Floats, Whole, statistics_of

NUMERIC = ("ALIGN_MIN", "ALIGN_MAX", "ALIGN_MEAN", "ALIGN_COUNT", "ALIGN_SUM", "ALIGN_STDDEV")
BY_KIND = {
    "GAUGE": (*NUMERIC, "ALIGN_INTERPOLATE", "ALIGN_NEXT_OLDER", "ALIGN_PERCENT_CHANGE"), "DELTA": (*NUMERIC, "ALIGN_DELTA", "ALIGN_RATE", "ALIGN_PERCENT_CHANGE"),
}  # fmt: skip
KNOWN = {
    *NUMERIC, "ALIGN_DELTA", "ALIGN_RATE", "ALIGN_INTERPOLATE", "ALIGN_NEXT_OLDER", "ALIGN_COUNT_TRUE", "ALIGN_COUNT_FALSE", "ALIGN_FRACTION_TRUE",
    "ALIGN_PERCENTILE_99", "ALIGN_PERCENTILE_95", "ALIGN_PERCENTILE_50", "ALIGN_PERCENTILE_05", "ALIGN_PERCENT_CHANGE",
}  # fmt: skip
SERVED = {"ALIGN_NEXT_OLDER", "ALIGN_INTERPOLATE", "ALIGN_DELTA", "ALIGN_RATE", *NUMERIC} - {"ALIGN_STDDEV"}


@dataclass(frozen=True)
class Metric:
    """A metric's type, kind (GAUGE, DELTA), value (DOUBLE, INT64), unit, and the labels that its series have."""

    type: str
    kind: str
    value: str
    unit: str = "1"
    labels: tuple[str, ...] = ()

    def aligned(self, aligner: str) -> "Metric":
        """What it is after alignment."""
        if aligner == "ALIGN_NONE":
            return self
        value = {"ALIGN_MEAN": "DOUBLE", "ALIGN_RATE": "DOUBLE", "ALIGN_COUNT": "INT64"}.get(
            aligner, self.value
        )
        kind = self.kind if aligner == "ALIGN_DELTA" else "GAUGE"
        return replace(self, kind=kind, value=value)

    def descriptor(self, project: str) -> Item:
        return {
            "name": f"projects/{project}/metricDescriptors/{self.type}", "type": self.type, "metricKind": self.kind, "valueType": self.value, "unit": self.unit,
            "labels": [{"key": name} for name in self.labels], "launchStage": "GA", "metadata": {"samplePeriod": "60s", "ingestDelay": "240s"},
        }  # fmt: skip


_GCE = "compute.googleapis.com/instance"
_DISK = ("instance_name", "device_name", "device_type", "storage_type")
METRICS: dict[str, Metric] = {each.type: each for each in (
    Metric(f"{_GCE}/cpu/utilization", "GAUGE", "DOUBLE", "10^2.%", ("instance_name",)), Metric(f"{_GCE}/uptime", "DELTA", "DOUBLE", "s", ("instance_name",)),
    Metric(f"{_GCE}/network/received_bytes_count", "DELTA", "INT64", "By", ("instance_name", "loadbalanced")),
    Metric(f"{_GCE}/network/sent_bytes_count", "DELTA", "INT64", "By", ("instance_name", "loadbalanced")),
    Metric(f"{_GCE}/disk/read_ops_count", "DELTA", "INT64", "1", _DISK), Metric(f"{_GCE}/disk/write_ops_count", "DELTA", "INT64", "1", _DISK),
    Metric(f"{_GCE}/disk/read_bytes_count", "DELTA", "INT64", "By", _DISK), Metric(f"{_GCE}/disk/write_bytes_count", "DELTA", "INT64", "By", _DISK),
    Metric(f"{_GCE}/memory/balloon/ram_used", "GAUGE", "INT64", "By", ("instance_name",)),
    Metric("agent.googleapis.com/memory/percent_used", "GAUGE", "DOUBLE", "%", ("state",)),
    Metric("agent.googleapis.com/gpu/utilization", "GAUGE", "DOUBLE", "%", ("gpu_number", "uuid", "model")),
    Metric("storage.googleapis.com/storage/total_bytes", "GAUGE", "DOUBLE", "By", ("storage_class",)),
    Metric("storage.googleapis.com/storage/object_count", "GAUGE", "INT64", "1", ("storage_class",)),
    Metric("storage.googleapis.com/api/request_count", "DELTA", "INT64", "1", ("method", "response_code")),
    Metric("cloudsql.googleapis.com/database/cpu/utilization", "GAUGE", "DOUBLE", "10^2.%"),
    Metric("cloudsql.googleapis.com/database/memory/utilization", "GAUGE", "DOUBLE", "10^2.%"),
    Metric("cloudsql.googleapis.com/database/disk/utilization", "GAUGE", "DOUBLE", "10^2.%"),
    Metric("cloudsql.googleapis.com/database/network/connections", "GAUGE", "INT64", "1"),
    Metric("cloudsql.googleapis.com/database/network/received_bytes_count", "DELTA", "INT64", "By"),
    Metric("loadbalancing.googleapis.com/https/request_count", "DELTA", "INT64", "1", ("response_code",)),
    Metric("loadbalancing.googleapis.com/l3/external/ingress_bytes_count", "DELTA", "INT64", "By"),
    Metric("loadbalancing.googleapis.com/l3/internal/ingress_bytes_count", "DELTA", "INT64", "By"),
    Metric("cloudsql.googleapis.com/database/postgresql/num_backends", "GAUGE", "INT64", "1", ("database",)),
    Metric("cloudsql.googleapis.com/database/disk/read_ops_count", "DELTA", "INT64", "1"),
    Metric("cloudsql.googleapis.com/database/disk/write_ops_count", "DELTA", "INT64", "1"),
    Metric("redis.googleapis.com/stats/cpu_utilization_main_thread", "DELTA", "DOUBLE", "s", ("role", "space", "relationship")),
    Metric("redis.googleapis.com/stats/memory/usage_ratio", "GAUGE", "DOUBLE", "1", ("role",)),
    Metric("redis.googleapis.com/clients/connected", "GAUGE", "INT64", "1", ("role",)),
    Metric("compute.googleapis.com/instance_group/size", "GAUGE", "INT64", "1"),
    Metric("kubernetes.io/node/cpu/allocatable_cores", "GAUGE", "DOUBLE", "{cpu}"),
    Metric("kubernetes.io/node/memory/allocatable_bytes", "GAUGE", "INT64", "By"),
    Metric("kubernetes.io/container/cpu/request_cores", "GAUGE", "DOUBLE", "{cpu}"),
    Metric("kubernetes.io/container/memory/request_bytes", "GAUGE", "INT64", "By"),
    Metric("artifactregistry.googleapis.com/repository/size", "GAUGE", "INT64", "By"),
    Metric("logging.googleapis.com/billing/bytes_stored", "GAUGE", "INT64", "By", ("data_type", "log_bucket_location", "log_bucket_id")),
    Metric("aiplatform.googleapis.com/prediction/online/prediction_count", "DELTA", "INT64", "1", ("deployed_model_id",)),
    Metric("aiplatform.googleapis.com/prediction/online/cpu/utilization", "GAUGE", "DOUBLE", "1", ("deployed_model_id", "replica_id")),
    Metric("aiplatform.googleapis.com/prediction/online/replicas", "GAUGE", "INT64", "1", ("deployed_model_id",)),
    Metric("cloudfunctions.googleapis.com/function/execution_count", "DELTA", "INT64", "1", ("status", "memory", "trigger_type")),
    Metric("run.googleapis.com/request_count", "DELTA", "INT64", "1", ("response_code",)),
    Metric("run.googleapis.com/container/instance_count", "GAUGE", "INT64", "1", ("state",)),
    Metric("loadbalancing.googleapis.com/https/external/regional/request_count", "DELTA", "INT64", "1", ("response_code",)),
    Metric("loadbalancing.googleapis.com/https/internal/request_count", "DELTA", "INT64", "1", ("response_code",)),
    Metric("loadbalancing.googleapis.com/tcp_ssl_proxy/ingress_bytes_count", "DELTA", "INT64", "By"),
    Metric("router.googleapis.com/nat/sent_bytes_count", "DELTA", "INT64", "By", ("nat_gateway_name", "ip_protocol")),
    Metric("router.googleapis.com/nat/open_connections", "GAUGE", "INT64", "1", ("nat_gateway_name", "ip_protocol")),
)}  # fmt: skip


@dataclass(frozen=True)
class Aligned:
    """A series of an answer: points newest first, each under the end of its period."""

    series: Told
    metric: Metric
    ends: Whole
    values: Floats
    period: int  # seconds; of unaligned ones the distance of samples, 0 where none is known
    metadata: bool = False  # whether the answer has labels of the system: those that it is grouped by


def check_aligner(aligner: str, metric: Metric) -> str:
    """Why the metric cannot be aligned so; empty: it can."""
    if aligner not in KNOWN:
        return "The aligner is unknown."
    if aligner not in BY_KIND[metric.kind]:
        return (
            f"The aligner cannot be applied to metrics with kind {metric.kind} and value type {metric.value}."
        )
    if aligner not in SERVED:
        return "The aligner is not served by this local cloud."
    return ""


def align(asked: Any, times: Whole, values: Floats) -> tuple[Whole, Floats]:
    """Points of a series between the question's instants (start excluded, end included), newest first."""
    if asked.aligner == "ALIGN_NONE":
        first, last = np.searchsorted(times, [asked.start + (asked.start != asked.end), asked.end + 1])
        return times[first:last][::-1], values[first:last][::-1]
    periods = max(1, -(-(asked.end - asked.start) // asked.period))
    begin = asked.end - periods * asked.period
    first, last = np.searchsorted(times, [begin + 1, asked.end + 1])
    times, values = times[first:last], values[first:last]
    if not len(times):
        return times, values
    places = (times - begin - 1) // asked.period  # which period a point belongs to
    begins = np.flatnonzero(np.concatenate(([True], places[1:] != places[:-1])))
    ends = begin + (places[begins] + 1) * asked.period
    counts = np.diff(np.append(begins, len(times)))
    made = statistic(asked.aligner, values, begins, counts, asked.period)
    return ends[::-1], made[::-1]


def statistic(aligner: str, values: Floats, begins: Whole, counts: Whole, period: int) -> Floats:
    if aligner in ("ALIGN_NEXT_OLDER", "ALIGN_INTERPOLATE"):
        return values[begins + counts - 1]
    if aligner == "ALIGN_RATE":
        return statistics_of(values, begins, counts, "Sum") / period
    name = {
        "ALIGN_MEAN": "Average",
        "ALIGN_MAX": "Maximum",
        "ALIGN_MIN": "Minimum",
        "ALIGN_COUNT": "SampleCount",
    }.get(aligner, "Sum")
    return statistics_of(values, begins, counts, name)


REDUCERS: dict[str, Callable[[Floats], Any]] = {
    "REDUCE_SUM": np.sum, "REDUCE_MEAN": np.mean, "REDUCE_MAX": np.max, "REDUCE_MIN": np.min, "REDUCE_COUNT": len,
    "REDUCE_PERCENTILE_95": lambda values: np.percentile(values, 95), "REDUCE_PERCENTILE_99": lambda values: np.percentile(values, 99),
    "REDUCE_PERCENTILE_50": lambda values: np.percentile(values, 50), "REDUCE_PERCENTILE_05": lambda values: np.percentile(values, 5),
}  # fmt: skip


def reduce(reducer: str, groups: tuple[str, ...], found: list[Aligned]) -> list[Aligned]:
    """Across series, period by period; the labels that are not grouped by are gone."""
    if reducer not in REDUCERS:
        from tests.servers.gcp.wire import RefusalError

        raise RefusalError(
            400,
            f'Field aggregation.crossSeriesReducer had an invalid value of "{reducer}": The reducer is unknown.',
        )
    held: dict[tuple[str, ...], list[Aligned]] = {}
    for each in found:
        held.setdefault(tuple(label(each.series, name) for name in groups), []).append(each)
    return [together(REDUCERS[reducer], reducer, groups, members) for members in held.values()]


def label(series: Told, name: str) -> str:
    where = series.resource if name.startswith("resource.") else series.labels
    where = series.system if name.startswith("metadata.") else where
    return where.get(name.rpartition(".")[2], "")


def together(
    function: Callable[[Floats], Any], reducer: str, groups: tuple[str, ...], members: list[Aligned]
) -> Aligned:
    ends = np.concatenate([each.ends for each in members])
    values = np.concatenate([each.values for each in members])
    order = np.argsort(ends, kind="stable")
    stamps, begins = np.unique(ends[order], return_index=True)
    made = np.array([float(function(part)) for part in np.split(values[order], begins[1:])])
    first = members[0]
    kept = {name.rpartition(".")[2] for name in groups}
    series = replace(
        first.series, labels={name: text for name, text in first.series.labels.items() if name in kept},
        resource={name: text for name, text in first.series.resource.items() if name in kept or name == "project_id"},
        system={name: text for name, text in first.series.system.items() if name in kept},
    )  # fmt: skip
    metric = replace(
        first.metric, value={"REDUCE_COUNT": "INT64", "REDUCE_SUM": first.metric.value}.get(reducer, "DOUBLE")
    )
    named = any(name.startswith("metadata.") for name in groups)
    return Aligned(series, metric, stamps[::-1], made[::-1], first.period, named)
