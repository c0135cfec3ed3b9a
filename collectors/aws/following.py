"""What follows from a region's inventory: types, prices, offers and metrics of what was found."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from collectors.aws import commitments, databases, groups, inventory, metrics, prices, products, services
from collectors.aws.lines import follows
from collectors.aws.place import CLOUD, Place
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
from finops.errors import FinopsError

Row = Mapping[str, Any]


# --- types ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Types:
    """The types that were asked for now, and all that are known, by name."""

    here: Sequence[Row]
    known: Mapping[str, Row]


def collect_types(place: Place, crew: Crew, estate: Estate, raw: Mapping[str, Any]) -> Types:
    """Types of the families in use and of what could follow them, and those that databases and endpoints are named
    after."""
    scope = place.scope("instance_types")
    used = {str(one["instance_type"]) for one in estate.of("instances") if one["instance_type"]}
    families = {inventory.family_of(name) for name in used} | databases.families_of(_classes(estate, raw))
    if not crew.wants(scope):
        return _stored(crew)
    if not families:
        without_machines(crew, scope, estate)
        return Types([], {})
    asked = ask(scope, crew, inventory.get_instance_types, place.client(), sorted(families), sorted(used))
    asked.problems.extend(estate.why("instances"))
    rows = bring(crew, asked, inventory.transform_instance_types)
    if not rows:
        return Types([], _stored(crew).known)
    return Types(list(rows["instance_types"]), _by_name(rows["instance_types"]))


def _classes(estate: Estate, raw: Mapping[str, Any]) -> set[str]:
    """Classes of databases and machines of endpoints; databases become rows only when the types are known."""
    answer = raw.get("databases")
    found = (
        databases.classes_of(answer) if answer else {one["instance_type"] for one in estate.of("databases")}
    )
    found |= {one["instance_type"] for one in estate.of("ml_endpoints")}
    return {str(name) for name in found if name}


def _stored(crew: Crew) -> Types:
    rows = list(crew.stored("SELECT * FROM instance_types WHERE cloud = ?", [CLOUD]))
    return Types(rows, _by_name(rows))


def _by_name(rows: Iterable[Row]) -> dict[str, Row]:
    return {str(one["instance_type"]): one for one in rows}


# --- prices -----------------------------------------------------------------------------------------------


def collect_prices(place: Place, crew: Crew, estate: Estate, types: Types) -> None:
    """List prices of all that could be chosen here, spot prices of the types in use."""
    spot, used = place.scope("spot_prices"), _by_platform(estate.running, [])
    asked: list[tuple[Asked, Callable[[Any], Rows]]] = []
    if crew.wants(place.scope("prices")):
        asked += _ask_list(place, crew, estate, types.here)
    if crew.wants(spot) and used:
        one = ask(spot, crew, prices.get_spot, place.client(), used, place.at)
        one.problems.extend(estate.why("instances"))
        asked.append((one, lambda raw: prices.transform_spot(raw, spot)))
    elif crew.wants(spot):
        without_machines(crew, spot, estate)
    for one, transform in asked:
        bring(crew, one, transform)


def _ask_list(
    place: Place, crew: Crew, estate: Estate, types: Sequence[Row]
) -> list[tuple[Asked, Callable[[Any], Rows]]]:
    """The list prices of a region that no account of this run has asked for before: all accounts share them."""
    listed, key = place.scope("prices"), ("prices", place.region)
    wanted = _by_platform(estate.of("instances"), types)
    if wanted:  # what a size costs beside another is reckoned without licences
        wanted["linux"] = set().union(*wanted.values())
    wanted |= _kinds(estate, types)
    one = ask_shared(
        crew,
        key,
        wanted,
        lambda every: firsts(crew, key, every),
        lambda some: ask_telling(listed, crew, prices.get_list, _list_of(place), place.region, some),
    )
    if one is None:
        crew.whole(listed, {}, calls=0, problems=estate.why("instances"))
        return []
    one.problems.extend(estate.why("instances"))
    return [(one, lambda raw: prices.transform_list(raw, listed, place.at))]


# Kinds of products.py that are wanted where one of these tables has a row.
_BECAUSE_OF = {
    "volumes": ("instances", "volumes", "snapshots", "nat_gateways", "public_ips"),
    "addresses": ("instances", "volumes", "public_ips"),
    "traffic": ("instances",),
    "load_balancers": ("load_balancers",),
    "buckets": ("buckets",),
    "registry": ("repositories",),
    "logs": ("log_groups",),
}


def _kinds(estate: Estate, types: Sequence[Row]) -> dict[str, set[str]]:
    """What is wanted beside machines; where a list could not be had, what most regions have."""
    found = {
        kind: {"all"}
        for kind, tables in _BECAUSE_OF.items()
        if any(estate.of(table) for table in tables)
        or (kind in ("volumes", "addresses") and {"instances", "volumes", "public_ips"} & set(estate.missing))
    }
    if any(one["kept_warm"] for one in estate.of("functions")):
        found["functions"] = {"all"}
    machines = {
        products.learning(one["kind"], one["instance_type"])
        for one in estate.of("ml_endpoints")
        if one["instance_type"]
    }
    if machines:
        found["ml"] = machines
    sizes: dict[str, set[str]] = {}
    for one in types:
        sizes.setdefault(str(one["family"]), set()).add(str(one["instance_type"]))
    for one in estate.of("databases"):
        head, name = str(one["instance_type"]).partition(".")[0], databases.type_of(one["instance_type"])
        kind = "caches" if one["kind"] == "cache" else f"databases:{one['engine']}"
        if head in ("db", "cache") and (kind == "caches" or products.priced(one["engine"])):
            family = {f"{head}.{size}" for size in sizes.get(inventory.family_of(name), ())}
            found.setdefault(kind, set()).update({str(one["instance_type"])} | family)
            if kind != "caches":
                found["database_storage"] = {"all"}
    return found


def _list_of(place: Place) -> Any:
    return place.client(prices.PLACES.get(place.session.partition, "us-east-1"))


def _by_platform(machines: list[Row], types: Sequence[Row]) -> dict[str, set[str]]:
    """Types of the machines by operating system; with `types`, all sizes of their families and what could follow."""
    families: dict[str, set[str]] = {}
    for one in types:
        families.setdefault(str(one["family"]), set()).add(str(one["instance_type"]))
    names = [str(one["instance_type"]) for one in types]

    def others(name: str) -> set[str]:
        return families.get(inventory.family_of(name), set()) | {
            each for each in names if follows(each, name)
        }

    return types_by_platform(machines, lambda platform: "linux" if platform == "other" else platform, others)


# --- other regions, second hand ---------------------------------------------------------------------------


def collect_region_prices(place: Place, crew: Crew, estate: Estate) -> None:
    """What the types in use cost in every region, each in the scope of its region; types are asked for once a run."""
    scope, key = place.scope("region_prices"), ("region_prices",)
    if not crew.wants(scope):
        return
    used = _by_platform(estate.running, [])
    if not used:
        without_machines(crew, scope, estate)
        return
    one = ask_shared(
        crew,
        key,
        used,
        lambda every: firsts(crew, key, every),
        lambda some: ask(scope, crew, prices.get_everywhere, _list_of(place), some, scope, place.at),
    )
    got = one.future.result() if one else None
    if got is not None and got.error is not None:
        crew.missed(scope, got.error, got.calls)
        return
    found = (got.value if got else None) or {}
    for each, rows in found.items():
        if each != scope:
            crew.whole(each, rows, calls=0)
    crew.whole(scope, found.get(scope, {}), calls=got.calls if got else 0, problems=estate.why("instances"))


def collect_offers(place: Place, crew: Crew, estate: Estate) -> None:
    """What others sell of their reservations of the types in use."""
    scope = place.scope("commitment_offers")
    if not crew.wants(scope):
        return
    used = {str(one["instance_type"]) for one in estate.running if one["instance_type"]}
    if not used:
        without_machines(crew, scope, estate)
        return
    asked = ask(scope, crew, commitments.get_offers, place.client(), sorted(used))
    asked.problems.extend(estate.why("instances"))
    bring(crew, asked, lambda raw: commitments.transform_offers(raw, scope, place.at))


# --- metrics ----------------------------------------------------------------------------------------------

_MEASURED = ("instances", "volumes", "nat_gateways", "load_balancers")
# Of these metrics are wanted where they are collected at all.
_MEASURED_TOO = ("databases", "ml_endpoints", "functions", "scaling_groups")


def collect_metrics(place: Place, crew: Crew, estate: Estate, types: Types, raw: Mapping[str, Any]) -> None:
    """Metrics of everything that runs, batch by batch, so that a large region needs no more memory than a small one."""
    scope = place.scope("metrics")
    if not crew.wants(scope):
        return
    client = place.client()
    problems = estate.why(*_MEASURED, *(name for name in _MEASURED_TOO if name in estate.missing))
    listed = _series(crew, place, estate, types, problems)
    grouped = _groups(crew, place, estate, raw, problems)
    further = services.further(
        listed.series,
        databases=estate.of("databases"),
        endpoints=estate.of("ml_endpoints"),
        functions=estate.of("functions"),
        groups=[str(one["AutoScalingGroupName"]) for one in grouped.found if groups.measured(one)],
        types=types.known.values(),
    )
    assets = metrics.Assets(
        estate.of("instances"), estate.of("volumes"), estate.of("nat_gateways"), estate.of("load_balancers"), further
    )  # fmt: skip
    plan = metrics.plan(assets, listed.series, place.newest, place.at, place.days)
    if grouped.table is not None:
        crew.add(scope, "metrics", grouped.table)

    def get(batch: metrics.Batch) -> Tables:
        return tables_of(
            scope, metrics.transform_metrics(metrics.get_metrics(client, batch, problems), batch, scope)
        )

    calls = listed.calls + grouped.calls
    measure(crew, [scope], get, plan, problems, calls=calls, keep_from=keep_from(place.at))


@dataclass(frozen=True, slots=True)
class _Listed:
    series: list[dict[str, Any]]
    calls: int


def _series(crew: Crew, place: Place, estate: Estate, types: Types, problems: Problems) -> _Listed:
    """The series that only CloudWatch knows of: what agents, insights, endpoints and functions report."""
    running = estate.running
    counts = {name: one["gpu_count"] for name, one in types.known.items()}
    gpus = any(counts.get(one["instance_type"], 1) for one in running)  # of unknown types: perhaps
    names = services.names(
        running, gpus=gpus, endpoints=estate.of("ml_endpoints"), functions=estate.of("functions")
    )
    if not names:
        return _Listed([], 0)
    got = crew.get("agent metrics", partial(metrics.get_series, names=names), place.client()).result()
    problems += [str(got.error)] if got.error else []
    return _Listed(got.value or [], got.calls)


@dataclass(frozen=True, slots=True)
class _Grouped:
    """Scaling groups as they came, and how large those have been that CloudWatch does not measure."""

    found: list[dict[str, Any]]
    table: Any
    calls: int


def _groups(crew: Crew, place: Place, estate: Estate, raw: Mapping[str, Any], problems: Problems) -> _Grouped:
    """The history of scaling groups; they are read again where the rows of an earlier run are still fresh."""
    if not estate.of("scaling_groups"):
        return _Grouped([], None, 0)
    calls, answer = 0, raw.get("scaling_groups")
    if answer is None:
        got = crew.get("scaling groups", groups.get_groups, place.client()).result()
        calls, answer = got.calls, {"groups": got.value or []}
        problems += [str(got.error)] if got.error else []
    silent = [one for one in answer["groups"] if not groups.measured(one)]
    if not silent:
        return _Grouped(answer["groups"], None, calls)
    told = crew.get("scaling activities", groups.get_activities, place.client()).result()
    calls += told.calls
    if told.value is None:
        problems.append(str(told.error))
        return _Grouped(answer["groups"], None, calls)
    try:
        table = groups.sizes(silent, told.value, place.at, place.scope("metrics"), place.days)
    except (KeyError, TypeError, ValueError) as error:
        problems.append(
            str(FinopsError(f"The scaling activities have a shape this version does not know ({error})."))
        )
        table = None
    return _Grouped(answer["groups"], table, calls)
