"""Which of our metrics CloudMonitor has of databases, load balancers, gateways and buckets.

Source: the metric lists of CloudMonitor for RDS, Tair, PolarDB, CLB, ALB, NLB and NAT gateways. A metric that a kind of
database does not report is not there, which is no error.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from collectors.alibaba.measures import BITS, PERCENT, Measure, Series

_RDS, _CACHE, _POLAR = "acs_rds_dashboard", "acs_kvstore", "acs_polardb"
_CLB, _ALB, _NLB, _NAT = "acs_slb_dashboard", "acs_alb", "acs_nlb", "acs_nat_gateway"
_IN, _OUT = "network_in_bytes_per_second", "network_out_bytes_per_second"


def _of(
    namespace: str, metric: str, name: str, scale: float = PERCENT, *, dimension: str = "instanceId"
) -> Measure:
    """A metric that may not be there; what is told in percent is a ratio."""
    series = (Series(name, scale),)
    return Measure(
        metric, series, ratio=scale == PERCENT, agent=True, namespace=namespace, dimension=dimension
    )


def _caches(prefix: str) -> tuple[Measure, ...]:
    """Names of metrics of Tair and Redis begin with the architecture."""
    return (
        _of(_CACHE, "cpu_utilization", f"{prefix}CpuUsage"),
        _of(_CACHE, "memory_utilization", f"{prefix}MemoryUsage"),
        _of(_CACHE, "connection_utilization", f"{prefix}ConnectionUsage"),
        _of(_CACHE, "connections", f"{prefix}UsedConnection", 1.0),
    )


_DATABASES = (
    _of(_RDS, "cpu_utilization", "CpuUsage"),
    _of(_RDS, "memory_utilization", "MemoryUsage"),
    _of(_RDS, "connection_utilization", "ConnectionUsage"),
    _of(_RDS, "storage_utilization", "DiskUsage"),
)
_CLUSTERS = tuple(
    _of(_POLAR, metric, name, dimension="clusterId")
    for metric, name in (
        ("cpu_utilization", "cluster_cpu_utilization"),
        ("memory_utilization", "cluster_memory_utilization"),
        ("connection_utilization", "cluster_connection_utilization"),
    )
)
_CACHES = {"standard": "Standard", "cluster": "Sharding", "rwsplit": "Splitrw", "splitrw": "Splitrw"}
_BALANCERS: Mapping[str, tuple[Measure, ...]] = {
    "classic": (
        _of(_CLB, _IN, "InstanceTrafficRX", BITS),
        _of(_CLB, _OUT, "InstanceTrafficTX", BITS),
    ),
    "application": (
        _of(_ALB, "requests_per_second", "LoadBalancerQPS", 1.0, dimension="loadBalancerId"),
        _of(_ALB, _IN, "LoadBalancerInBits", BITS, dimension="loadBalancerId"),
    ),
    "network": (
        _of(_NLB, _IN, "InstanceTrafficRX", BITS),
        _of(_NLB, _OUT, "InstanceTrafficTX", BITS),
    ),
}
_GATEWAYS = (
    _of(_NAT, _OUT, "BWRateOutToOutside", BITS),
    _of(_NAT, _IN, "BWRateInFromOutside", BITS),
)

# Requests of an hour, which are metered by kind.
_HOURLY = 1 / 3600
_BUCKETS = (
    Measure(
        "requests_per_second",
        (Series("MeteringGetRequest", _HOURLY), Series("MeteringPutRequest", _HOURLY)),
        agent=True,
        namespace="acs_oss_dashboard",
        dimension="BucketName",
    ),
)

Row = Mapping[str, Any]
# Measures, the column of the id of what has them, and the rows.
Measured = tuple[tuple[Measure, ...], str, list[Row]]


def measured(
    databases: Sequence[Row], balancers: Sequence[Row], gateways: Sequence[Row], buckets: Sequence[Row] = ()
) -> Iterator[Measured]:
    """What to ask of which rows; of what is stopped nothing is asked."""
    by_measures: dict[tuple[Measure, ...], list[Row]] = {}
    for one in databases:
        if one["state"] != "stopped":
            by_measures.setdefault(_of_database(one), []).append(one)
    yield from ((measures, "database_id", rows) for measures, rows in by_measures.items() if measures)
    for kind, measures in _BALANCERS.items():
        rows = [one for one in balancers if one["kind"] == kind]
        if rows:
            yield measures, "load_balancer_id", rows
    if gateways:
        yield _GATEWAYS, "nat_gateway_id", list(gateways)
    if buckets:
        yield _BUCKETS, "bucket_id", list(buckets)


def _of_database(one: Row) -> tuple[Measure, ...]:
    if one["kind"] == "cache":
        prefix = _CACHES.get(str(one["storage_type"]))
        return _OF_CACHES[prefix] if prefix else ()
    return _CLUSTERS if str(one["engine"]).startswith("polardb") else _DATABASES


_OF_CACHES = {prefix: _caches(prefix) for prefix in set(_CACHES.values())}
