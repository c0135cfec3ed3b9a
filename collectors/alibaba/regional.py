"""What is collected of one account in one region, and in which order.

Inventory first, all of it at once; what follows from it next: who renews itself, which group has whom, since when
machines are off; then their types, what they did and what they cost. What could not be had is told in its scope and
does not stop the rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.alibaba import (
    balancers,
    clusters,
    commitments,
    databases,
    groups,
    inventory,
    metrics,
    network,
    prices,
    services,
    storage,
)
from collectors.alibaba.client import Client
from collectors.alibaba.related import CLOUD, Place, Related
from collectors.conduct import Crew, Rows
from collectors.hours import keep_from
from collectors.regions import (
    Asked,
    Estate,
    Problems,
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

# In the order they are shown in.
REGIONAL = (
    "instances", "instance_types", "scaling_groups", "volumes", "snapshots", "public_ips", "load_balancers",
    "nat_gateways", "databases", "clusters", "buckets", "commitments", "metrics", "prices", "spot_prices",
)  # fmt: skip
# What is asked for the machines there are: as old as they are known.
OF_MACHINES = ("instance_types", "metrics", "prices", "spot_prices")


def collect_place(place: Place, crew: Crew) -> None:
    """Everything of one place."""
    (collect_global if place.region == GLOBAL else collect_region)(place, crew)


def collect_global(place: Place, crew: Crew) -> None:
    """What an account has once: savings plans and resource packages."""
    scope = place.scope("commitments")
    if crew.wants(scope):
        asked = ask_telling(scope, crew, commitments.get_bought, place.session)
        bring(crew, asked, lambda raw: commitments.transform_bought(raw, scope))


def collect_region(place: Place, crew: Crew) -> None:
    """Everything of one region, in order."""
    asked = {name: get(place, crew) for name, get in _INVENTORY.items() if crew.wants(place.scope(name))}
    rows: dict[str, Rows] = {}
    # What needs nothing else is stored as soon as it is there, the rest with what is asked because of it.
    for name in [name for name in asked if name not in _RELATED]:
        _bring(place, crew, asked, name, rows)
    raw = {name: asked[name].future.result().value for name in _RELATED if name in asked}
    more = Related(place, crew, raw, asked)
    for name in raw:
        _bring(place, crew, asked, name, rows, more)
        if name == "instances" and name not in rows:
            more.instances = None  # what is not read as machines says nothing of groups and addresses either
    estate = Estate(crew, (CLOUD, place.session.account, place.region), rows, asked, _INVENTORY)
    types = _collect_types(place, crew, estate)
    priced = _ask_prices(place, crew, estate, types)
    _collect_metrics(place, crew, estate, asked, types)
    for one, transform in priced:
        bring(crew, one, transform)
    # Last: whichever region comes here first lists them for all, and one that hangs must not hold up the others.
    buckets = place.scope("buckets")
    if crew.wants(buckets):
        storage.collect_buckets(buckets, crew, storage.Oss(place.session, place.region))


def _bring(
    place: Place,
    crew: Crew,
    asked: Mapping[str, Asked],
    name: str,
    rows: dict[str, Rows],
    more: Related | None = None,
) -> None:
    calls = more.calls_of.get(name, 0) if more else 0
    found = bring(crew, asked[name], lambda raw: _TRANSFORM[name](raw, place, more), more_calls=calls)
    if found is not None:
        rows[name] = found


# --- inventory --------------------------------------------------------------------------------------------


def _ask(place: Place, crew: Crew, dataset: str, get: Callable[[Client], Any]) -> Asked:
    return ask(place.scope(dataset), crew, get, place.client)


def _ask_telling(place: Place, crew: Crew, dataset: str, get: Callable[[Client, Problems], Any]) -> Asked:
    return ask_telling(place.scope(dataset), crew, get, place.client)


_INVENTORY: Mapping[str, Callable[[Place, Crew], Asked]] = {
    "instances": lambda p, c: _ask(p, c, "instances", inventory.get_instances),
    "volumes": lambda p, c: _ask(p, c, "volumes", inventory.get_volumes),
    "scaling_groups": lambda p, c: _ask_telling(p, c, "scaling_groups", groups.get_groups),
    "snapshots": lambda p, c: _ask(p, c, "snapshots", inventory.get_snapshots),
    "public_ips": lambda p, c: _ask(p, c, "public_ips", network.get_public_ips),
    "load_balancers": lambda p, c: _ask_telling(p, c, "load_balancers", balancers.get_load_balancers),
    "nat_gateways": lambda p, c: _ask_telling(p, c, "nat_gateways", network.get_nat_gateways),
    "databases": lambda p, c: _ask_telling(p, c, "databases", databases.get_databases),
    "clusters": lambda p, c: _ask_telling(p, c, "clusters", clusters.get_clusters),
    "commitments": lambda p, c: _ask(p, c, "commitments", commitments.get_reserved),
}
# What is measured beside machines and disks, or tells which addresses machines have.
_MEASURED_TOO = ("public_ips", "databases", "load_balancers", "nat_gateways", "scaling_groups")
# Needs the machines, or what is asked because of them.
_RELATED = ("instances", "clusters", "scaling_groups", "public_ips")
_TRANSFORM: Mapping[str, Callable[[Any, Place, Any], Rows]] = {
    "instances": lambda raw, p, more: inventory.transform_instances(
        raw, p.scope("instances"), more.members, more.renewals, more.off_since
    ),
    "volumes": lambda raw, p, _: inventory.transform_volumes(raw, p.scope("volumes")),
    "scaling_groups": lambda raw, p, more: groups.transform_groups(
        raw, p.scope("scaling_groups"), more.instances, more.members, more.pools
    ),
    "clusters": lambda raw, p, _: clusters.transform_clusters(raw, p.scope("clusters")),
    "snapshots": lambda raw, p, _: inventory.transform_snapshots(raw, p.scope("snapshots")),
    "public_ips": lambda raw, p, more: network.transform_public_ips(
        raw, p.scope("public_ips"), more.instances
    ),
    "load_balancers": lambda raw, p, _: balancers.transform_load_balancers(raw, p.scope("load_balancers")),
    "nat_gateways": lambda raw, p, _: network.transform_nat_gateways(raw, p.scope("nat_gateways")),
    "databases": lambda raw, p, _: databases.transform_databases(raw, p.scope("databases")),
    "commitments": lambda raw, p, _: commitments.transform_reserved(raw, p.scope("commitments")),
}


# --- what follows from it ---------------------------------------------------------------------------------


def _collect_types(place: Place, crew: Crew, estate: Estate) -> list[Mapping[str, Any]]:
    """Sizes of the families in use; returns those that are known. All types are one list, asked for once."""
    scope = place.scope("instance_types")
    if not crew.wants(scope):
        return list(crew.stored("SELECT * FROM instance_types WHERE cloud = ?", [CLOUD]))
    used = {str(one["instance_type"]) for one in estate.of("instances")}
    if not used:
        without_machines(crew, scope, estate)
        return []
    with crew.sharing("types") as listed:
        first = not listed
        if first:
            listed.append(crew.get("instance types", inventory.get_types, place.client))
    asked, every = Asked(scope, listed[0], estate.why("instances")), listed[0].result()
    if every.error is not None and not first:  # what another place could not have, this one may
        asked = ask(scope, crew, inventory.get_types, place.client)
    counted = first or every.error is not None
    rows = bring(
        crew,
        asked,
        lambda raw: inventory.transform_types(raw, used),
        more_calls=0 if counted else -every.calls,
    )
    return list(rows["instance_types"]) if rows else []


def _ask_prices(
    place: Place, crew: Crew, estate: Estate, types: list[Mapping[str, Any]]
) -> list[tuple[Asked, Callable[[Any], Rows]]]:
    """List prices of what is there and of what it could be changed into, spot prices of the types in use."""
    listed, spot = place.scope("prices"), place.scope("spot_prices")
    asked: list[tuple[Asked, Callable[[Any], Rows]]] = []
    if crew.wants(listed):
        one = _ask_list(place, crew, estate, types)
        if one:
            asked.append((one, lambda raw: prices.transform_list(raw, listed, place.at)))
        else:
            without_machines(crew, listed, estate)
    running = [one for one in estate.running if one["purchase_model"] != "subscription"]
    used = _by_platform(running, [])
    if crew.wants(spot) and used:
        one = ask(spot, crew, prices.get_spot, place.client, used, place.at)
        one.problems.extend(estate.why("instances"))
        asked.append((one, lambda raw: prices.transform_spot(raw, spot)))
    elif crew.wants(spot):
        without_machines(crew, spot, estate)
    return asked


@dataclass(frozen=True, slots=True)
class _Priced:
    """What prices are wanted of: types by platform, kinds of disks, types that are or could be subscribed to."""

    types: Mapping[str, set[str]]
    kinds: list[prices.Kind]
    subscribed: set[str]

    def new(self, crew: Crew, key: tuple[str, str]) -> "_Priced":
        """What nobody has asked about before. Call it with `sharing` held."""
        kinds = [kind for kind in self.kinds if crew.first((*key, "disk", kind))]
        months = {name for name in self.subscribed if crew.first((*key, "month", name))}
        return _Priced(firsts(crew, key, self.types), kinds, months)

    def __bool__(self) -> bool:
        return bool(self.types or self.kinds or self.subscribed)


def _ask_list(place: Place, crew: Crew, estate: Estate, types: list[Mapping[str, Any]]) -> Asked | None:
    """What no account of this run has asked about in this region; all accounts share its prices."""
    machines = estate.of("instances")
    subscribed = {str(one["instance_type"]) for one in machines if _by_the_month(one)}
    every = _Priced(_by_platform(machines, types), prices.kinds_of(estate.of("volumes")), subscribed)
    key = ("prices", place.region)
    one = ask_shared(
        crew, key, every, lambda wanted: wanted.new(crew, key), lambda wanted: _ask_for(place, crew, wanted)
    )
    if one:
        one.problems.extend(estate.why("instances", "volumes"))
    return one


def _by_the_month(machine: Mapping[str, Any]) -> bool:
    """Whether its price by the month says what it costs, or what it would: one that runs on pay-as-you-go could be
    subscribed to. Licences are in no price by the month that is asked for."""
    model, runs = machine["purchase_model"], machine["state"] == "running"
    return bool(
        model == "subscription" or (model == "on_demand" and runs and machine["platform"] != "windows")
    )


def _ask_for(place: Place, crew: Crew, of: _Priced) -> Asked:
    return ask_telling(
        place.scope("prices"),
        crew,
        prices.get_list,
        place.session,
        place.client,
        of.types,
        of.kinds,
        of.subscribed,
    )


def _by_platform(machines: list[Mapping[str, Any]], types: list[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Types of the machines by operating system; with `types`, all sizes of their families that are not larger."""
    known = {str(one["instance_type"]): one for one in types}

    def sizes(name: str) -> set[str]:
        mine = known.get(name)
        return {str(one["instance_type"]) for one in types if mine and _fits_in(one, mine)}

    return types_by_platform(machines, lambda name: "windows" if name == "windows" else "linux", sizes)


def _fits_in(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether one type of a family is not larger than another."""
    return one["family"] == other["family"] and all(
        (one[size] or 0) <= (other[size] or 0) for size in ("vcpu", "memory_gib")
    )


def _lacking(estate: Estate, asked: Mapping[str, Asked]) -> list[str]:
    """What was asked for and could not be had, though it is there."""
    return [
        name
        for name in _MEASURED_TOO
        if name in estate.missing and getattr(asked[name].future.result().error, "status", None) != "skipped"
    ]


def _collect_metrics(
    place: Place, crew: Crew, estate: Estate, asked: Mapping[str, Asked], types: list[Mapping[str, Any]]
) -> None:
    """Metrics of everything that runs, batch by batch, so that a large region needs no more memory than a small one."""
    scope = place.scope("metrics")
    if not crew.wants(scope):
        return
    problems = estate.why("instances", "volumes", *_lacking(estate, asked))
    assets = metrics.Assets(
        estate.of("instances"),
        estate.of("volumes"),
        estate.of("public_ips"),
        frozenset(str(one["instance_type"]) for one in types if one["gpu_count"]),
        list(
            services.measured(estate.of("databases"), estate.of("load_balancers"), estate.of("nat_gateways"))
        ),
        estate.of("scaling_groups"),
    )
    before = crew.stored(
        "SELECT collected_at FROM coverage WHERE (cloud, account_id, region, dataset) = (?, ?, ?, ?) "
        "AND status = 'complete'",
        (CLOUD, place.session.account, place.region, "metrics"),
    )
    whole = before[0]["collected_at"] if before and place.newest else None
    plan = metrics.plan(assets, place.newest, place.at, place.days, whole=whole)
    client, refusals = place.client, metrics.Refusals()

    def get(batch: metrics.Question) -> Tables:
        return tables_of(scope, metrics.measured(client, batch, scope, refusals))

    measure(crew, [scope], get, plan, problems, calls=0, keep_from=keep_from(place.at))
