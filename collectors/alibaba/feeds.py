"""What fills each dataset, and what CloudMonitor calls what is measured; docs/catalogue.md is written from it."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from collectors.alibaba import (
    billing,
    elsewhere,
    measures,
    nodes,
    prices,
    pricing,
    regional,
    related,
    services,
    storage,
)
from collectors.alibaba.api import Api
from collectors.alibaba.buckets import _DISK_COLUMNS
from collectors.alibaba.regional import _INVENTORY as INVENTORY
from collectors.feeds import calls_of

FEEDS: Mapping[str, Any] = {
    **INVENTORY,
    # Who renews itself, which group has whom, and since when machines are off.
    "instances": (INVENTORY["instances"], related.Related),
    "instance_types": (regional._collect_types, regional._ask_classes),
    "buckets": storage.collect_buckets,
    "commitments": (INVENTORY["commitments"], regional.collect_global),
    "metrics": regional._collect_metrics,
    "prices": (prices.get_list, pricing.ask_prices, regional._ask_classes),
    "spot_prices": prices.get_spot,
    "region_prices": elsewhere.collect_region_prices,
}
_TABLES = {
    "database_id": "databases",
    "load_balancer_id": "load_balancers",
    "nat_gateway_id": "nat_gateways",
    "bucket_id": "buckets",
}


def calls() -> dict[str, list[Api]]:
    """The calls of each dataset."""
    found = {name: calls_of(Api, "collectors.alibaba", root) for name, root in FEEDS.items()}
    return {**found, "charges": calls_of(Api, "collectors.alibaba", billing)}


def metrics() -> dict[tuple[str, str], list[str]]:
    """The names of CloudMonitor by table and our metric."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for measure in (*measures.OF_MACHINES, measures.GPU):
        found["instances", measure.metric] |= _names(measure)
    for metric, name in _DISK_COLUMNS.items():
        found["volumes", metric].add(f"ecs DescribeDiskMonitorData {name}")
    for metric, parts in nodes._SHARES.items():
        found["instances", metric] |= {f"acs_k8s {part}" for part in parts}
    found["scaling_groups", "group_size"].add("ess DescribeScalingActivities TotalCapacity")
    for asked, key, _ in _services():
        for measure in asked:
            found[_TABLES[key], measure.metric] |= _names(measure)
    return {key: sorted(names) for key, names in sorted(found.items())}


def _services() -> list[services.Measured]:
    """What is asked of one of each service."""
    databases: list[Mapping[str, Any]] = [
        {"state": "running", "kind": "instance", "engine": "mysql", "storage_type": None},
        {"state": "running", "kind": "instance", "engine": "polardb_mysql", "storage_type": None},
        *(
            {"state": "running", "kind": "cache", "engine": "redis", "storage_type": one}
            for one in services._CACHES
        ),
    ]
    return list(services.measured(databases, [{"kind": kind} for kind in services._BALANCERS], [{}], [{}]))


def _names(measure: measures.Measure) -> set[str]:
    return {f"{measure.namespace} {one.name}" for one in measure.series}
