"""What a region's inventory is made of: how each dataset is asked for and becomes rows.

A dataset that must be asked about one by one says so with `each`: its list comes first, and then some of its resources
at a time are asked about in the pool. One that is read with others' help (types of machines, zones of subnets) gets all
raw answers of the region.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.aws import (
    balancers,
    buckets,
    clusters,
    commitments,
    databases,
    functions,
    groups,
    inventory,
    learning,
    logs,
    network,
    registries,
)
from collectors.aws.client import Client
from collectors.aws.place import Place
from collectors.conduct import Crew, Rows
from collectors.regions import Asked, Problems, ask, ask_telling
from collectors.rows import Raw

Answers = Mapping[str, Any]
Each = Callable[[Client, Sequence[Mapping[str, Any]], Problems], Raw]


@dataclass(frozen=True, slots=True)
class Dataset:
    """How a dataset is asked for: `get` takes a client, or with `told` a client and the list of problems."""

    get: Callable[..., Any]
    transform: Callable[[Any, Place, Answers], Rows]
    told: bool = False
    dated: bool = False  # whether `get` takes the instant too
    each: Each | None = None


def ask_for(place: Place, crew: Crew, name: str) -> Asked:
    """Asks for a dataset of a region in the pool."""
    dataset, scope = INVENTORY[name], place.scope(name)
    arguments = [place.client(), *([place.at] if dataset.dated else [])]
    return (ask_telling if dataset.told else ask)(scope, crew, dataset.get, *arguments)


def _public_ips(raw: Raw, place: Place, others: Answers) -> Rows:
    return network.transform_public_ips(
        raw, others.get("network_addresses"), place.scope("public_ips"), place.session.partition
    )


def _nat_gateways(raw: Raw, place: Place, others: Answers) -> Rows:
    subnets = (others.get("subnets") or {}).get("subnets") or ()
    zones = {one["SubnetId"]: one.get("AvailabilityZone") for one in subnets}
    return network.transform_nat_gateways(raw, place.scope("nat_gateways"), zones)


INVENTORY: Mapping[str, Dataset] = {
    "instances": Dataset(
        inventory.get_instances, lambda raw, p, _: inventory.transform_instances(raw, p.scope("instances"))
    ),
    "volumes": Dataset(
        inventory.get_volumes,
        lambda raw, p, others: inventory.transform_volumes(raw, p.scope("volumes"), others.get("instances")),
    ),
    "scaling_groups": Dataset(
        groups.get_scaling_groups,
        lambda raw, p, _: groups.transform_scaling_groups(raw, p.scope("scaling_groups")),
        told=True,
    ),
    "snapshots": Dataset(
        inventory.get_snapshots,
        lambda raw, p, _: inventory.transform_snapshots(raw, p.scope("snapshots")),
        told=True,
    ),
    "network_addresses": Dataset(
        network.get_interfaces,
        lambda raw, p, _: network.transform_network_addresses(
            raw, p.scope("network_addresses"), p.session.partition
        ),
    ),
    "public_ips": Dataset(network.get_addresses, _public_ips),
    "load_balancers": Dataset(
        balancers.get_load_balancers,
        lambda raw, p, _: balancers.transform_load_balancers(
            raw, p.scope("load_balancers"), p.session.partition
        ),
        told=True,
    ),
    "nat_gateways": Dataset(network.get_nat_gateways, _nat_gateways),
    "subnets": Dataset(
        network.get_subnets, lambda raw, p, _: network.transform_subnets(raw, p.scope("subnets")), told=True
    ),
    "commitments": Dataset(
        commitments.get_reserved,
        lambda raw, p, _: commitments.transform_reserved(raw, p.scope("commitments")),
    ),
    "databases": Dataset(
        databases.get_databases,
        lambda raw, p, others: databases.transform_databases(
            raw, p.scope("databases"), others["types"], p.session.partition
        ),
        told=True,
    ),
    "buckets": Dataset(
        buckets.get_buckets,
        lambda raw, p, _: buckets.transform_buckets(raw, p.scope("buckets"), p.session.partition),
        told=True,
        dated=True,
        each=buckets.get_settings,
    ),
    "clusters": Dataset(
        clusters.get_clusters,
        lambda raw, p, _: clusters.transform_clusters(raw, p.scope("clusters")),
        told=True,
    ),
    "repositories": Dataset(
        registries.get_repositories,
        lambda raw, p, _: registries.transform_repositories(raw, p.scope("repositories")),
        told=True,
        each=registries.get_contents,
    ),
    "ml_endpoints": Dataset(
        learning.get_endpoints,
        lambda raw, p, _: learning.transform_endpoints(raw, p.scope("ml_endpoints")),
        told=True,
    ),
    "log_groups": Dataset(
        logs.get_log_groups,
        lambda raw, p, _: logs.transform_log_groups(raw, p.scope("log_groups")),
        told=True,
    ),
    "functions": Dataset(
        functions.get_functions,
        lambda raw, p, _: functions.transform_functions(raw, p.scope("functions")),
        told=True,
        each=functions.get_warm,
    ),
}
# What is told with the types of machines known.
WITH_TYPES = ("databases",)
