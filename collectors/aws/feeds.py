"""What fills each dataset, and what CloudWatch calls what is measured; docs/catalogue.md is written from it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from collectors.aws import billing, cost_explorer, measures, prices, regional, services
from collectors.aws.client import Api
from collectors.aws.datasets import INVENTORY
from collectors.aws.following import collect_metrics, collect_offers, collect_types
from collectors.feeds import calls_of

FEEDS: Mapping[str, Any] = {
    **INVENTORY,
    "instance_types": collect_types,
    "commitments": (INVENTORY["commitments"], regional.collect_global),
    "commitment_offers": collect_offers,
    "metrics": collect_metrics,
    "prices": prices.get_list,
    "spot_prices": prices.get_spot,
    "region_prices": prices.get_everywhere,
}
_BILL = (billing, cost_explorer)


def calls() -> dict[str, list[Api]]:
    """The calls of each dataset."""
    found = {name: calls_of(Api, "collectors.aws", root) for name, root in FEEDS.items()}
    return {**found, "charges": calls_of(Api, "collectors.aws", *_BILL)}


# One resource of everything that is measured, so that the questions about it can be read off.
_AT = datetime(2026, 1, 1)  # noqa: DTZ001 - any instant
_DATABASE = {
    "state": "running", "kind": "instance", "engine": "mysql", "name": "x", "memory_gib": 8, "storage_gib": 10,
}  # fmt: skip
_INSTANCE = {"instance_id": "instances", "state": "running", "platform": "linux", "cluster": "x"}
_TYPES = [{"instance_type": "x", "vcpu": 1, "gpu_count": 1}]
_ENDPOINT = {
    "endpoint_id": "ml_endpoints", "kind": "endpoint", "state": "running", "name": "x", "instance_type": "x",
    "created_at": _AT,
}  # fmt: skip
_SERIES = [
    {"Namespace": "/aws/sagemaker/Endpoints", "Dimensions": [{"Name": "EndpointName", "Value": "x"}]},
    {
        "Namespace": "AWS/Lambda",
        "Dimensions": [{"Name": "FunctionName", "Value": "x"}, {"Name": "Resource", "Value": "x"}],
    },
]


def metrics() -> dict[tuple[str, str], list[str]]:
    """The names of CloudWatch by table and our metric."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for batch in measures.plan(_assets(), list(_agent()), {}, _AT, 1):
        for wanted in batch.wanted:
            for one in wanted.measures:
                if one.kind != "samples":
                    found[wanted.resource_id, one.metric].add(f"{one.namespace} {one.name}")
    return {key: sorted(names) for key, names in sorted(found.items())}


def _assets() -> measures.Assets:
    further = services.further(
        _SERIES,
        databases=[
            {**_DATABASE, "database_id": "databases"},
            *(
                {**_DATABASE, "database_id": "databases", "kind": "cache", "engine": one}
                for one in ("redis", "memcached")
            ),
        ],
        endpoints=[_ENDPOINT],
        functions=[{"function_id": "functions", "name": "x", "kept_warm": 1, "modified_at": _AT}],
        groups=["scaling_groups"],
        types=_TYPES,
    )
    volume = {
        "volume_id": "volumes", "instance_id": "instances", "is_boot": False, "size_gib": 1, "volume_type": "gp3",
        "iops": 0,
    }  # fmt: skip
    return measures.Assets(
        [_INSTANCE],
        [volume],
        [{"nat_gateway_id": "nat_gateways"}],
        [
            {"load_balancer_id": "load_balancers", "kind": kind}
            for kind in ("application", "network", "gateway", "classic")
        ],
        further,
    )


def _agent() -> Iterator[Mapping[str, Any]]:
    """Series that only an agent in the machine writes."""
    for name in (*measures.MEMORY, measures.GPU, *measures.REQUESTS):
        yield {"MetricName": name, "Dimensions": [{"Name": "InstanceId", "Value": "instances"}]}
