"""What is collected of one account in one region, and in which order.

Inventory first, all of it at once; then the types of the machines that were found; then what they did and what they
cost. What could not be had is told in its scope and does not stop the rest: metrics of volumes come without machines.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from collectors.aws import commitments, inventory, metrics, network, prices
from collectors.aws.client import Client, Session
from collectors.conduct import Crew, Rows
from collectors.hours import Newest, keep_from
from collectors.regions import (
    Asked,
    Estate,
    Tables,
    ask,
    ask_shared,
    ask_telling,
    bring,
    firsts,
    measure,
    tables_of,
    types_by_platform,
    without_machines,
)
from collectors.scopes import GLOBAL
from finops.warehouse import Scope

CLOUD = "aws"
# In the order they are shown in.
REGIONAL = (
    "instances", "instance_types", "scaling_groups", "volumes", "snapshots", "public_ips", "load_balancers",
    "nat_gateways", "commitments", "metrics", "prices", "spot_prices",
)  # fmt: skip
# What is asked for the machines there are: as old as they are known.
OF_MACHINES = ("instance_types", "metrics", "prices", "spot_prices")


@dataclass(frozen=True, slots=True)
class Place:
    """One account in one region, or what an account has once (region 'global')."""

    session: Session
    region: str
    at: datetime
    days: int
    newest: Newest = field(default_factory=dict)

    def scope(self, dataset: str) -> Scope:
        return Scope(CLOUD, self.session.account, self.region, dataset)

    def client(self, region: str | None = None) -> Client:
        return self.session.client(region or self.region)


def collect_place(place: Place, crew: Crew) -> None:
    """Everything of one place."""
    (collect_global if place.region == GLOBAL else collect_region)(place, crew)


def collect_global(place: Place, crew: Crew) -> None:
    """What an account has once: its savings plans."""
    scope = place.scope("commitments")
    if not crew.wants(scope):
        return
    asked = _ask(place, crew, "commitments", commitments.get_plans, place.client("us-east-1"))
    bring(crew, asked, lambda raw: commitments.transform_plans(raw, scope))


def collect_region(place: Place, crew: Crew) -> None:
    """Everything of one region, in order."""
    asked = {name: ask(place, crew) for name, ask in _INVENTORY.items() if crew.wants(place.scope(name))}
    raw = {name: one.future.result().value for name, one in asked.items()}
    rows: dict[str, Rows] = {}
    for name, one in asked.items():
        found = bring(crew, one, lambda answer, name=name: _TRANSFORM[name](answer, place, raw))  # type: ignore[misc]
        if found is not None:
            rows[name] = found
    estate = Estate(crew, (CLOUD, place.session.account, place.region), rows, asked, _INVENTORY)
    types = _collect_types(place, crew, estate)
    _collect_prices(place, crew, estate, types)
    _collect_metrics(place, crew, estate, types)


# --- inventory --------------------------------------------------------------------------------------------


def _ask(place: Place, crew: Crew, dataset: str, get: Callable[..., Any], *arguments: Any) -> Asked:
    return ask(place.scope(dataset), crew, get, *arguments)


def _ask_telling(place: Place, crew: Crew, dataset: str, get: Callable[..., Any]) -> Asked:
    return ask_telling(place.scope(dataset), crew, get, place.client())


_INVENTORY: Mapping[str, Callable[[Place, Crew], Asked]] = {
    "instances": lambda p, c: _ask(p, c, "instances", inventory.get_instances, p.client()),
    "volumes": lambda p, c: _ask(p, c, "volumes", inventory.get_volumes, p.client()),
    "scaling_groups": lambda p, c: _ask(p, c, "scaling_groups", inventory.get_scaling_groups, p.client()),
    "snapshots": lambda p, c: _ask_telling(p, c, "snapshots", inventory.get_snapshots),
    "public_ips": lambda p, c: _ask_telling(p, c, "public_ips", network.get_public_ips),
    "load_balancers": lambda p, c: _ask_telling(p, c, "load_balancers", network.get_load_balancers),
    "nat_gateways": lambda p, c: _ask(p, c, "nat_gateways", network.get_nat_gateways, p.client()),
    "commitments": lambda p, c: _ask(p, c, "commitments", commitments.get_reserved, p.client()),
}
_TRANSFORM: Mapping[str, Callable[[Any, Place, Mapping[str, Any]], Rows]] = {
    "instances": lambda raw, p, _: inventory.transform_instances(raw, p.scope("instances")),
    "volumes": lambda raw, p, all_raw: inventory.transform_volumes(
        raw, p.scope("volumes"), all_raw.get("instances")
    ),
    "scaling_groups": lambda raw, p, _: inventory.transform_scaling_groups(raw, p.scope("scaling_groups")),
    "snapshots": lambda raw, p, _: inventory.transform_snapshots(raw, p.scope("snapshots")),
    "public_ips": lambda raw, p, _: network.transform_public_ips(
        raw, p.scope("public_ips"), p.session.partition
    ),
    "load_balancers": lambda raw, p, _: network.transform_load_balancers(
        raw, p.scope("load_balancers"), p.session.partition
    ),
    "nat_gateways": lambda raw, p, _: network.transform_nat_gateways(raw, p.scope("nat_gateways")),
    "commitments": lambda raw, p, _: commitments.transform_reserved(raw, p.scope("commitments")),
}


# --- what follows from it ---------------------------------------------------------------------------------


def _collect_types(place: Place, crew: Crew, estate: Estate) -> list[Mapping[str, Any]]:
    """Types of the families in use; returns those that are known."""
    scope = place.scope("instance_types")
    families = {inventory.family_of(str(one["instance_type"])) for one in estate.of("instances")}
    if not crew.wants(scope):
        return list(crew.stored("SELECT * FROM instance_types WHERE cloud = ?", [CLOUD]))
    if not families:
        without_machines(crew, scope, estate)
        return []
    asked = _ask(
        place, crew, "instance_types", inventory.get_instance_types, place.client(), sorted(families)
    )
    asked.problems.extend(estate.why("instances"))
    rows = bring(crew, asked, inventory.transform_instance_types)
    return list(rows["instance_types"]) if rows else []


def _collect_prices(place: Place, crew: Crew, estate: Estate, types: list[Mapping[str, Any]]) -> None:
    """List prices of every size that a machine here could have, spot prices of the types in use."""
    spot, used = place.scope("spot_prices"), _by_platform(estate.running, [])
    asked: list[tuple[Asked, Callable[[Any], Rows]]] = []
    if crew.wants(place.scope("prices")):
        asked += _ask_list(place, crew, estate, types)
    if crew.wants(spot) and used:
        one = _ask(place, crew, "spot_prices", prices.get_spot, place.client(), used, place.at)
        one.problems.extend(estate.why("instances"))
        asked.append((one, lambda raw: prices.transform_spot(raw, spot)))
    elif crew.wants(spot):
        without_machines(crew, spot, estate)
    for one, transform in asked:
        bring(crew, one, transform)


@dataclass(frozen=True, slots=True)
class _Priced:
    """What prices are wanted of: sizes by platform, and whether of disks, addresses and the like."""

    sizes: Mapping[str, set[str]]
    others: bool

    def __bool__(self) -> bool:
        return bool(self.sizes) or self.others


def _ask_list(
    place: Place, crew: Crew, estate: Estate, types: list[Mapping[str, Any]]
) -> list[tuple[Asked, Callable[[Any], Rows]]]:
    """The list prices of a region that no account of this run has asked for before: all accounts share them."""
    listed, key = place.scope("prices"), ("prices", place.region)
    sizes = _by_platform(estate.of("instances"), types)
    if sizes:  # what a size costs beside another is reckoned without licences
        sizes["linux"] = set().union(*sizes.values())
    others = estate.missing or any(estate.of(table) for table in ("instances", "volumes", "public_ips"))

    def new_of(every: _Priced) -> _Priced:
        return _Priced(firsts(crew, key, every.sizes), every.others and crew.first(key))

    one = ask_shared(
        crew, key, _Priced(sizes, bool(others)), new_of, lambda priced: _ask_prices(place, crew, priced)
    )
    if one is None:
        crew.whole(listed, {}, calls=0, problems=estate.why("instances"))
        return []
    one.problems.extend(estate.why("instances"))
    return [(one, lambda raw: prices.transform_list(raw, listed, place.at))]


def _ask_prices(place: Place, crew: Crew, of: _Priced) -> Asked:
    where = place.client(prices.PLACES.get(place.session.partition, "us-east-1"))
    return _ask(
        place, crew, "prices", partial(prices.get_list, others=of.others), where, place.region, of.sizes
    )


def _by_platform(machines: list[Mapping[str, Any]], types: list[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Types of the machines by operating system; with `types`, all sizes of their families."""
    families: dict[str, set[str]] = {}
    for one in types:
        families.setdefault(str(one["family"]), set()).add(str(one["instance_type"]))
    return types_by_platform(
        machines,
        lambda platform: "linux" if platform == "other" else platform,
        lambda name: families.get(inventory.family_of(name), ()),
    )


def _collect_metrics(place: Place, crew: Crew, estate: Estate, types: list[Mapping[str, Any]]) -> None:
    """Metrics of everything that runs, batch by batch, so that a large region needs no more memory than a small one."""
    scope = place.scope("metrics")
    if not crew.wants(scope):
        return
    machines = estate.running
    known = {one["instance_type"]: one["gpu_count"] for one in types}
    gpus = any(known.get(one["instance_type"], 1) for one in machines)  # of unknown types: perhaps
    windows = any(one["platform"] == "windows" for one in machines)
    calls, problems = 0, estate.why("instances", "volumes", "nat_gateways", "load_balancers")
    agent: list[dict[str, Any]] = []
    if machines:
        series = crew.get(
            "agent metrics", partial(metrics.get_agent_series, windows=windows, gpus=gpus), place.client()
        ).result()
        calls, agent = series.calls, series.value or []
        problems += [str(series.error)] if series.error else []
    assets = metrics.Assets(
        estate.of("instances"), estate.of("volumes"), estate.of("nat_gateways"), estate.of("load_balancers")
    )
    plan = metrics.plan(assets, agent, place.newest, place.at, place.days)
    client = place.client()

    def get(batch: metrics.Batch) -> Tables:
        return tables_of(
            scope, metrics.transform_metrics(metrics.get_metrics(client, batch, problems), batch, scope)
        )

    measure(crew, [scope], get, plan, problems, calls=calls, keep_from=keep_from(place.at))
