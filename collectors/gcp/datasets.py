"""The datasets of the inventory of one project: how each is asked, what becomes of the answer."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.conduct import Crew, Rows
from collectors.gcp import (
    balancers,
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
    snapshots,
    storage,
)
from collectors.gcp.listing import Listed
from collectors.gcp.place import Place
from collectors.gcp.told import Told
from collectors.regions import Asked, Problems, ask_telling


def _itself(raw: Listed) -> Iterable[Listed]:
    return (raw,)


def _first(raw: tuple[Listed, Any]) -> Iterable[Listed]:
    return (raw[0],)


def _none(_: Any) -> Iterable[Listed]:
    return ()


Get = Callable[[Place, Collection[str], Problems], Any]


@dataclass(frozen=True, slots=True)
class Dataset:
    """`get` asks, with the regions that the project turned out to have and the problems that it may tell; `transform`
    makes rows; `lists` are those in the answer that know what could not be reached. What is `later` is asked when the
    regions are known."""

    get: Get
    transform: Callable[[Any, Place, Told], Rows]
    lists: Callable[[Any], Iterable[Listed]] = _itself
    later: bool = False


def _of_client(get: Callable[..., Any]) -> Get:
    """A get that tells no problems."""
    return lambda place, _, __: get(place.client)


def _telling(get: Callable[..., Any]) -> Get:
    return lambda place, _, problems: get(place.client, problems)


def _at(get: Callable[..., Any]) -> Get:
    """A get that asks what was measured of late."""
    return lambda place, _, problems: get(place.client, place.at, problems)


def _by_region(get: Callable[..., Any]) -> Get:
    """A get that asks region by region."""
    return lambda place, regions, problems: get(place.client, place.at, regions, problems)


def _nothing(_: Place, __: Collection[str], ___: Problems) -> None:
    """Asks nothing."""


def _own(transform: Callable[[Any, str], Rows]) -> Callable[[Any, Place, Told], Rows]:
    """A transform that needs nothing but the answer."""
    return lambda raw, place, _: transform(raw, place.project)


INVENTORY: Mapping[str, Dataset] = {
    "instances": Dataset(
        _of_client(inventory.get_instances),
        lambda raw, place, told: inventory.transform_instances(raw, place.project, told.names),
    ),
    "volumes": Dataset(
        _of_client(inventory.get_volumes),
        lambda raw, place, told: inventory.transform_volumes(raw, place.project, told.machines, told.names),
    ),
    "scaling_groups": Dataset(
        _telling(groups.get_groups),
        lambda raw, place, told: groups.transform_groups(
            raw, place.project, told.machines or [], told.names, clusters.pools_of(told.clusters)
        ),
        _first,
    ),
    "clusters": Dataset(_of_client(clusters.get_clusters), _own(clusters.transform_clusters)),
    "snapshots": Dataset(_of_client(snapshots.get_snapshots), _own(snapshots.transform_snapshots)),
    "public_ips": Dataset(
        _of_client(network.get_public_ips),
        lambda raw, place, told: network.transform_public_ips(raw, place.project, told.names),
    ),
    "load_balancers": Dataset(
        _telling(balancers.get_load_balancers),
        _own(balancers.transform_load_balancers),
        lambda raw: (raw["rules"],),
    ),
    "nat_gateways": Dataset(_of_client(network.get_nat_gateways), _own(network.transform_nat_gateways)),
    "subnets": Dataset(_of_client(network.get_subnets), _own(network.transform_subnets)),
    "network_addresses": Dataset(
        _nothing,  # but what other lists tell
        lambda _, place, told: network.transform_addresses(
            told.machines or [], told.rules, told.addresses, place.project, told.names
        ),
        _none,
    ),
    "databases": Dataset(
        _telling(databases.get_databases),
        _own(databases.transform_databases),
        lambda raw: (raw.sql, raw.caches),
    ),
    "buckets": Dataset(_at(storage.get_buckets), _own(storage.transform_buckets), _first),
    "repositories": Dataset(
        _by_region(registries.get_repositories),
        _own(registries.transform_repositories),
        lambda raw: (raw.repositories,),
        later=True,
    ),
    "log_groups": Dataset(_at(logs.get_log_buckets), _own(logs.transform_log_buckets), _first),
    "ml_endpoints": Dataset(
        _by_region(learning.get_endpoints),
        _own(learning.transform_endpoints),
        lambda raw: (raw.endpoints, raw.notebooks),
        later=True,
    ),
    "functions": Dataset(
        _telling(functions.get_functions),
        _own(functions.transform_functions),
        lambda raw: (raw.services, raw.functions),
    ),
    "commitments": Dataset(_of_client(commitments.get_commitments), _own(commitments.transform_commitments)),
}


def ask_for(place: Place, crew: Crew, name: str, regions: Collection[str] = ()) -> Asked:
    """Begins to ask for a dataset."""
    return ask_telling(place.scope(name), crew, INVENTORY[name].get, place, regions)
