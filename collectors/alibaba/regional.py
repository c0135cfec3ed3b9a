"""What is collected of one account in one region, and in which order.

Inventory first, all of it at once; what follows from it next: who renews itself, which group has whom, since when
machines are off; then their types, what they did and what they cost. What could not be had is told in its scope and
does not stop the rest.
"""

from collections.abc import Callable, Mapping
from typing import Any

from collectors.alibaba import (
    balancers,
    classes,
    clusters,
    commitments,
    databases,
    functions,
    groups,
    instance_types,
    inventory,
    learning,
    logs,
    metrics,
    network,
    registries,
    services,
    storage,
)
from collectors.alibaba.client import Client
from collectors.alibaba.elsewhere import collect_region_prices
from collectors.alibaba.oss import Oss
from collectors.alibaba.pricing import ask_prices
from collectors.alibaba.related import CLOUD, Place, Related
from collectors.conduct import Crew, Rows
from collectors.hours import keep_from
from collectors.regions import (
    Asked,
    Estate,
    Problems,
    Tables,
    ask,
    ask_telling,
    bring,
    measure,
    tables_of,
    without_machines,
)
from collectors.scopes import GLOBAL

# In the order they are shown in.
REGIONAL = (
    "instances", "instance_types", "scaling_groups", "volumes", "snapshots", "public_ips", "load_balancers",
    "nat_gateways", "subnets", "network_addresses", "databases", "clusters", "repositories",
    "ml_endpoints", "functions", "log_groups", "buckets", "commitments", "metrics",
    "prices", "spot_prices", "region_prices",
)  # fmt: skip
# What is asked for the machines there are: as old as they are known.
OF_MACHINES = ("instance_types", "metrics", "prices", "spot_prices", "region_prices")


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
    more.gateways = asked["nat_gateways"].future.result().value if "nat_gateways" in rows else None
    for name in raw:
        _bring(place, crew, asked, name, rows, more)
        more.public_ips = rows.get("public_ips", {}).get("public_ips")
        if name == "instances" and name not in rows:
            more.instances = None  # what is not read as machines says nothing of groups and addresses either
    estate = Estate(crew, (CLOUD, place.session.account, place.region), rows, asked, _INVENTORY)
    offered = _ask_classes(place, crew, estate)
    known = _collect_types(place, crew, estate, offered)
    priced = ask_prices(place, crew, estate, known, offered)
    # Whichever region comes here first lists them for all.
    buckets = place.scope("buckets")
    if crew.wants(buckets):
        found = storage.collect_buckets(buckets, crew, Oss(place.session, place.region))
        rows |= {"buckets": found} if found else {}
    _collect_metrics(place, crew, estate, asked, known)
    for one, transform in priced:
        bring(crew, one, transform)
    collect_region_prices(place, crew, estate)


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
    "snapshots": lambda p, c: _ask_telling(p, c, "snapshots", inventory.get_snapshots),
    "public_ips": lambda p, c: _ask(p, c, "public_ips", network.get_public_ips),
    "load_balancers": lambda p, c: _ask_telling(p, c, "load_balancers", balancers.get_load_balancers),
    "nat_gateways": lambda p, c: _ask_telling(p, c, "nat_gateways", network.get_nat_gateways),
    "databases": lambda p, c: _ask_telling(p, c, "databases", databases.get_databases),
    "subnets": lambda p, c: _ask(p, c, "subnets", network.get_subnets),
    "network_addresses": lambda p, c: _ask(p, c, "network_addresses", network.get_interfaces),
    "clusters": lambda p, c: _ask_telling(p, c, "clusters", clusters.get_clusters),
    "repositories": lambda p, c: _ask_telling(p, c, "repositories", registries.get_repositories),
    "ml_endpoints": lambda p, c: _ask_telling(p, c, "ml_endpoints", learning.get_endpoints),
    "functions": lambda p, c: _ask_telling(p, c, "functions", functions.get_functions),
    "log_groups": lambda p, c: ask_telling(
        p.scope("log_groups"), c, logs.get_logstores, logs.Sls(p.session, p.region)
    ),
    "commitments": lambda p, c: _ask(p, c, "commitments", commitments.get_reserved),
}
# What is measured beside machines and disks, or tells which addresses machines have.
_MEASURED_TOO = ("public_ips", "databases", "load_balancers", "nat_gateways", "scaling_groups", "clusters")
# Needs the machines, or what is asked because of them.
_RELATED = ("instances", "clusters", "scaling_groups", "public_ips", "network_addresses")
_TRANSFORM: Mapping[str, Callable[[Any, Place, Any], Rows]] = {
    "instances": lambda raw, p, more: inventory.transform_instances(
        raw, p.scope("instances"), more.members, more.renewals, more.off_since
    ),
    "volumes": lambda raw, p, _: inventory.transform_volumes(raw, p.scope("volumes")),
    "scaling_groups": lambda raw, p, more: groups.transform_groups(
        raw, p.scope("scaling_groups"), more.instances, more.members, more.pools
    ),
    "repositories": lambda raw, p, _: registries.transform_repositories(raw, p.scope("repositories")),
    "ml_endpoints": lambda raw, p, _: learning.transform_endpoints(raw, p.scope("ml_endpoints")),
    "functions": lambda raw, p, _: functions.transform_functions(raw, p.scope("functions")),
    "log_groups": lambda raw, p, _: logs.transform_logstores(raw, p.scope("log_groups")),
    "subnets": lambda raw, p, _: network.transform_subnets(raw, p.scope("subnets")),
    "network_addresses": lambda raw, p, more: network.transform_addresses(
        raw, p.scope("network_addresses"), more.public_ips, more.gateways
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


def _ask_classes(place: Place, crew: Crew, estate: Estate) -> classes.Offered:
    """Classes of the families of databases that are there, with what they hold and cost."""
    used = classes.engines_of(estate.of("databases"))
    wanted = any(crew.wants(place.scope(name)) for name in ("instance_types", "prices"))
    if not used or not wanted:
        return classes.Offered()
    problems: Problems = []
    what = f"classes of databases of region {place.region}"
    got = crew.get(what, classes.get_classes, place.session, place.region, used, problems).result()
    problems += [str(got.error)] if got.error else []
    return classes.Offered(got.value or [], problems, got.calls)


def _collect_types(
    place: Place, crew: Crew, estate: Estate, offered: classes.Offered
) -> list[Mapping[str, Any]]:
    """Sizes of the families in use; returns those that are known. All types are one list, asked for once."""
    scope = place.scope("instance_types")
    if not crew.wants(scope):
        return list(crew.stored("SELECT * FROM instance_types WHERE cloud = ?", [CLOUD]))
    used = {str(one["instance_type"]) for one in estate.of("instances")}
    of_databases = classes.type_rows(offered.classes)
    if not used and of_databases and not estate.why("instances"):
        crew.whole(scope, {"instance_types": of_databases}, calls=offered.calls, problems=offered.problems)
        return []
    if not used:
        without_machines(crew, scope, estate)
        return []
    with crew.sharing("types") as listed:
        first = not listed
        if first:
            listed.append(crew.get("instance types", instance_types.get_types, place.client))
    told = [*estate.why("instances"), *offered.problems]
    asked, every = Asked(scope, listed[0], told), listed[0].result()
    if every.error is not None and not first:  # what another place could not have, this one may
        asked = ask(scope, crew, instance_types.get_types, place.client)
    counted = first or every.error is not None
    rows = bring(
        crew,
        asked,
        lambda raw: {
            "instance_types": [
                *instance_types.transform_types(raw, used)["instance_types"],
                *of_databases,
            ]
        },
        more_calls=offered.calls - (0 if counted else every.calls),
    )
    return list(rows["instance_types"]) if rows else []


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
            services.measured(
                estate.of("databases"),
                estate.of("load_balancers"),
                estate.of("nat_gateways"),
                estate.of("buckets"),
            )
        ),
        estate.of("scaling_groups"),
        estate.of("clusters"),
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
