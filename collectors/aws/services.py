"""What CloudWatch has of databases, caches, endpoints, functions and groups, under which name.

Sources: the CloudWatch metrics of RDS, ElastiCache, SageMaker, Lambda, EC2 Auto Scaling and Container Insights.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from collectors.aws.databases import type_of
from collectors.aws.measures import AGENT, GPU, MEMORY, NODES, REQUESTS, Measure

Row = Mapping[str, Any]
Series = Sequence[Mapping[str, Any]]
Measured = tuple[str, tuple[Measure, ...]]

_GIB = 2**30
_ENDPOINTS, _CALLS = "/aws/sagemaker/Endpoints", "AWS/SageMaker"
_LAMBDA, _WARM = "AWS/Lambda", "ProvisionedConcurrencyUtilization"


def names(
    machines: Iterable[Row], *, gpus: bool, endpoints: Iterable[Row], functions: Iterable[Row]
) -> list[tuple[str, str]]:
    """Metrics whose series are to be listed, because only CloudWatch knows which there are."""
    machines = list(machines)
    found: list[tuple[str, str]] = []
    if machines:
        found.append((AGENT, MEMORY[0]))
    if any(one["platform"] == "windows" for one in machines):
        found.append((AGENT, MEMORY[1]))
    if gpus:
        found.append((AGENT, GPU))
    if any(one["cluster"] for one in machines):
        found += [(NODES, name) for name in REQUESTS]
    if any(_serves(one) for one in endpoints):
        found.append((_ENDPOINTS, "CPUUtilization"))
    if any(_warm(one) for one in functions):
        found.append((_LAMBDA, _WARM))
    return found


def further(
    series: Series,
    *,
    databases: Iterable[Row],
    endpoints: Iterable[Row],
    functions: Iterable[Row],
    groups: Iterable[str],
    types: Iterable[Row],
) -> list[Measured]:
    """What is asked of each; `groups` are the names of those that CloudWatch measures."""
    known = {str(one["instance_type"]): one for one in types}
    return [
        *_databases(databases),
        *_endpoints(endpoints, series, known),
        *_functions(functions, series),
        *((name, (_size(name),)) for name in groups),
    ]


# --- databases --------------------------------------------------------------------------------------------


def _databases(databases: Iterable[Row]) -> Iterator[Measured]:
    for one in databases:
        if one["state"] == "running":
            measures = _cache(one) if one["kind"] == "cache" else _database(one)
            yield str(one["database_id"]), tuple(measures)


_NAMESPACES = {"docdb": "AWS/DocDB", "neptune": "AWS/Neptune"}


def _database(one: Row) -> Iterator[Measure]:
    namespace = _NAMESPACES.get(str(one["engine"]), "AWS/RDS")
    own = (("DBInstanceIdentifier", str(one["name"])),)
    yield Measure("cpu_utilization", "percent", namespace, "CPUUtilization", own)
    yield Measure("samples", "samples", namespace, "CPUUtilization", own)
    yield Measure("connections", "level", namespace, "DatabaseConnections", own)
    yield Measure("disk_read_ops_per_second", "mean", namespace, "ReadIOPS", own)
    yield Measure("disk_write_ops_per_second", "mean", namespace, "WriteIOPS", own)
    if one["memory_gib"]:
        memory = 1 / (float(one["memory_gib"]) * _GIB)
        yield Measure("memory_utilization", "free", namespace, "FreeableMemory", own, memory)
    if one["storage_gib"]:
        storage = 1 / (float(one["storage_gib"]) * _GIB)
        yield Measure("storage_utilization", "free", namespace, "FreeStorageSpace", own, storage)


def _cache(one: Row) -> Iterator[Measure]:
    own = (("CacheClusterId", str(one["name"])),)
    # Redis and Valkey work on one thread: that one tells how busy they are, unless nobody measures it.
    engine = "CPUUtilization" if one["engine"] == "memcached" else "EngineCPUUtilization"
    yield Measure("cpu_utilization", "percent", "AWS/ElastiCache", engine, own)
    yield Measure("samples", "samples", "AWS/ElastiCache", engine, own)
    yield Measure("connections", "level", "AWS/ElastiCache", "CurrConnections", own)
    if one["engine"] == "memcached":
        answered = ("GetHits", "GetMisses", "CmdSet")
    else:
        answered = ("CacheHits", "CacheMisses", "SetTypeCmds")
        yield Measure(
            "memory_utilization", "percent", "AWS/ElastiCache", "DatabaseMemoryUsagePercentage", own
        )
    for name in answered:
        yield Measure("requests_per_second", "total", "AWS/ElastiCache", name, own)


# --- machine learning -------------------------------------------------------------------------------------


def _serves(one: Row) -> bool:
    return bool(one["kind"] == "endpoint" and one["state"] == "running")


def _endpoints(endpoints: Iterable[Row], series: Series, types: Mapping[str, Row]) -> Iterator[Measured]:
    """By variant, which the series tell; what nobody called is not counted, and is nothing."""
    variants: dict[str, list[tuple[tuple[str, str], ...]]] = {}
    for one in series:
        if one.get("Namespace") == _ENDPOINTS:
            own = _dimensions(one)
            variants.setdefault(dict(own).get("EndpointName", ""), []).append(own)
    for one in endpoints:
        if not _serves(one):
            continue
        known = types.get(type_of(one["instance_type"]), {})
        measures: list[Measure] = []
        for own in variants.get(str(one["name"]), ()):
            measures.append(_counted("Invocations", _CALLS, own, one["created_at"]))
            # Both are sums over the processors or GPUs of a machine.
            for metric, name, column in (
                ("cpu_utilization", "CPUUtilization", "vcpu"),
                ("gpu_utilization", "GPUUtilization", "gpu_count"),
            ):
                if known.get(column):
                    measures.append(
                        Measure(metric, "percent", _ENDPOINTS, name, own, 1 / float(known[column]))
                    )
        if measures:
            yield str(one["endpoint_id"]), tuple(measures)


def _counted(
    name: str, namespace: str, dimensions: tuple[tuple[str, str], ...], since: datetime | None
) -> Measure:
    return Measure("requests_per_second", "total", namespace, name, dimensions, since=since)


# --- functions and groups ---------------------------------------------------------------------------------


def _warm(one: Row) -> bool:
    return bool(one["kept_warm"])


def _functions(functions: Iterable[Row], series: Series) -> Iterator[Measured]:
    """Of those that keep something warm: what the others cost is what they are used."""
    warm: dict[str, list[Measure]] = {}
    for one in series:
        own = _dimensions(one)
        if one.get("Namespace") == _LAMBDA and "Resource" in dict(own):
            measure = Measure("kept_warm_utilization", "level", _LAMBDA, _WARM, own)
            warm.setdefault(dict(own).get("FunctionName", ""), []).append(measure)
    for one in functions:
        if _warm(one):
            name = str(one["name"])
            calls = _counted("Invocations", _LAMBDA, (("FunctionName", name),), one["modified_at"])
            yield str(one["function_id"]), (calls, *warm.get(name, ()))


def _size(name: str) -> Measure:
    return Measure(
        "group_size", "level", "AWS/AutoScaling", "GroupInServiceInstances", (("AutoScalingGroupName", name),)
    )


def _dimensions(series: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(one["Name"]), str(one["Value"])) for one in series.get("Dimensions") or ())
