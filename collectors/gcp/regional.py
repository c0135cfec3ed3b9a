"""What is collected of one project in all its regions, and in which order.

Inventory first, all of it at once: one question tells of every region. What follows from it next: types, prices, what
machines and disks did. What could not be had is told in its scope and does not stop the rest.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from collectors.calls import CallError
from collectors.conduct import ODD_SHAPES, Crew, Got, Rows
from collectors.gcp import commitments, inventory, metrics, network, prices, snapshots, storage, types
from collectors.gcp.catalogue import Catalogue, get_catalogue
from collectors.gcp.client import Client, Session
from collectors.gcp.handing import Handing, datasets_of
from collectors.gcp.inventory import Names
from collectors.gcp.listing import CLOUD, Listed
from collectors.gcp.measures import Assets, Batch, plan
from collectors.hours import Newest, keep_from
from collectors.regions import Asked, Estate, Problems, Tables, ask, ask_telling, measure
from collectors.scopes import GLOBAL
from finops.errors import FinopsError
from finops.warehouse import Scope

# What is asked for the machines there are: as old as they are known.
OF_MACHINES = ("instance_types", "metrics", "prices", "spot_prices")


@dataclass(slots=True)
class Place:
    """One project; `regions` are those that were asked for (empty: all), `filled` those that it turned out to have."""

    session: Session
    at: datetime
    days: int
    regions: frozenset[str] = frozenset()
    newest: Mapping[str, Newest] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)

    @property
    def project(self) -> str:
        return self.session.account

    @property
    def client(self) -> Client:
        return self.session.client()

    def scope(self, dataset: str) -> Scope:
        return Scope(CLOUD, self.project, GLOBAL, dataset)

    def wants(self, region: str) -> bool:
        """Whether a region was asked for; what has none always is."""
        return not self.regions or region in self.regions or region == GLOBAL


def collect_project(place: Place, crew: Crew) -> None:
    """Everything of one project, in order."""
    handing = Handing(crew, place.project, place.wants)
    asked = {name: get(place, crew) for name, get in _INVENTORY.items() if crew.wants(place.scope(name))}
    raw = _Raw(place, crew, asked)
    rows: dict[str, Rows] = {}
    for name, one in asked.items():
        calls = raw.calls if name == raw.counted_by else 0
        found = handing.bring(one, partial(_rows, name, place, raw), _LISTS.get(name), more_calls=calls)
        if found is not None:
            rows[name] = found
        elif _none_can_be(one):
            rows[name] = {name: []}
    estate = Estate(crew, (CLOUD, place.project, GLOBAL), rows, asked, _INVENTORY, everywhere=True)
    known = _Known(place, estate)
    known.types = _collect_types(place, crew, known)
    _collect_prices(place, crew, handing, known)
    handing.finish()
    _collect_metrics(place, crew, handing, known)
    place.filled = handing.regions


def _none_can_be(asked: Asked) -> bool:
    """Whether a project has nothing of a kind because the API for it is not enabled."""
    return getattr(asked.future.result().error, "status", None) == "skipped"


def _rows(name: str, place: Place, raw: "_Raw", answer: Any) -> Rows:
    return _TRANSFORM[name](answer, place, raw)


# --- inventory --------------------------------------------------------------------------------------------


def _ask(place: Place, crew: Crew, dataset: str, get: Callable[[Client], Any]) -> Asked:
    return ask(place.scope(dataset), crew, get, place.client)


def _ask_telling(place: Place, crew: Crew, dataset: str, get: Callable[..., Any], *more: Any) -> Asked:
    return ask_telling(place.scope(dataset), crew, get, place.client, *more)


_INVENTORY: Mapping[str, Callable[[Place, Crew], Asked]] = {
    "instances": lambda p, c: _ask(p, c, "instances", inventory.get_instances),
    "volumes": lambda p, c: _ask(p, c, "volumes", inventory.get_volumes),
    "scaling_groups": lambda p, c: _ask_telling(p, c, "scaling_groups", inventory.get_groups),
    "snapshots": lambda p, c: _ask(p, c, "snapshots", snapshots.get_snapshots),
    "public_ips": lambda p, c: _ask(p, c, "public_ips", network.get_public_ips),
    "load_balancers": lambda p, c: _ask_telling(p, c, "load_balancers", network.get_load_balancers),
    "nat_gateways": lambda p, c: _ask(p, c, "nat_gateways", network.get_nat_gateways),
    "databases": lambda p, c: _ask(p, c, "databases", network.get_databases),
    "buckets": lambda p, c: _ask_telling(p, c, "buckets", storage.get_buckets, p.at),
    "commitments": lambda p, c: _ask(p, c, "commitments", commitments.get_commitments),
}
_TRANSFORM: Mapping[str, Callable[[Any, Place, "_Raw"], Rows]] = {
    "instances": lambda raw, p, more: inventory.transform_instances(raw, p.project, more.names),
    "volumes": lambda raw, p, more: inventory.transform_volumes(raw, p.project, more.machines, more.names),
    "scaling_groups": lambda raw, p, more: inventory.transform_groups(
        raw, p.project, more.machines or [], more.names
    ),
    "snapshots": lambda raw, p, _: snapshots.transform_snapshots(raw, p.project),
    "public_ips": lambda raw, p, more: network.transform_public_ips(raw, p.project, more.names),
    "load_balancers": lambda raw, p, _: network.transform_load_balancers(raw, p.project),
    "nat_gateways": lambda raw, p, _: network.transform_nat_gateways(raw, p.project),
    "databases": lambda raw, p, _: network.transform_databases(raw, p.project),
    "buckets": lambda raw, p, _: storage.transform_buckets(raw, p.project),
    "commitments": lambda raw, p, _: commitments.transform_commitments(raw, p.project),
}


def _itself(raw: Listed) -> Iterable[Listed]:
    return (raw,)


def _first(raw: tuple[Listed, Any]) -> Iterable[Listed]:
    return (raw[0],)


# The lists in each answer that know what could not be reached.
_LISTS: Mapping[str, Callable[[Any], Iterable[Listed]]] = {
    **dict.fromkeys(
        ("instances", "volumes", "snapshots", "public_ips", "nat_gateways", "databases", "commitments"),
        _itself,
    ),
    **dict.fromkeys(("scaling_groups", "buckets"), _first),
    "load_balancers": lambda raw: (raw["rules"],),
}


_TOLD_BY_MACHINES = ("volumes", "scaling_groups")


class _Raw:
    """Raw machines and groups, which others are told by; where they were not asked for, names from what is stored."""

    def __init__(self, place: Place, crew: Crew, asked: Mapping[str, Asked]) -> None:
        machines, groups = _answer(asked, "instances"), _answer(asked, "scaling_groups")
        self.calls, self.counted_by = 0, ""
        told = [name for name in _TOLD_BY_MACHINES if name in asked]
        if told and "instances" not in asked:
            # Which disk boots a machine, and under which name, only the machine tells: also where its rows are fresh.
            got = crew.get(
                f"machines of project {place.project}", inventory.get_instances, place.client
            ).result()
            machines, self.calls, self.counted_by = got.value, got.calls, told[0]
            for name in told if got.error is not None else ():
                asked[name].problems.append(str(got.error))
        self.machines: list[dict[str, Any]] | None = None if machines is None else machines.items
        managers = None if groups is None else groups[0].items
        here = (CLOUD, place.project)
        stored = "SELECT {} AS place, name, {} AS id FROM {} WHERE (cloud, account_id) = (?, ?)"
        self.names: Names = Names.of(self.machines or [], managers or [])
        if machines is None or machines.unreachable:
            known = crew.stored(stored.format("zone", "instance_id", "instances"), here)
            self.names.instances.update({**_named(known), **self.names.instances})
        if managers is None:  # which are stored without their zone
            known = crew.stored(stored.format("region", "scaling_group_id", "scaling_groups"), here)
            self.names.groups.update(_named(known))


def _answer(asked: Mapping[str, Asked], name: str) -> Any:
    return asked[name].future.result().value if name in asked else None


def _named(known: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Ids by place and name, where there is no other of that name in the place."""
    found: dict[tuple[str, str], set[str]] = {}
    for one in known:
        found.setdefault((str(one["place"]), str(one["name"])), set()).add(str(one["id"]))
    return {key: ids.pop() for key, ids in found.items() if len(ids) == 1}


@dataclass(slots=True)
class _Known:
    """What the inventory holds of the regions that were asked for, and the types of its machines."""

    place: Place
    estate: Estate
    types: list[Mapping[str, Any]] = field(default_factory=list)
    _read: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    def of(self, table: str) -> list[Mapping[str, Any]]:
        if table not in self._read:
            rows = self.estate.of(table)
            self._read[table] = [one for one in rows if self.place.wants(str(one["region"]))]
        return self._read[table]

    @property
    def regions(self) -> set[str]:
        """Where there is something that has a price."""
        return {
            str(one["region"])
            for table in ("instances", "volumes", "snapshots", "public_ips")
            for one in self.of(table)
        }


# --- what follows from it ---------------------------------------------------------------------------------


def _collect_types(place: Place, crew: Crew, known: _Known) -> list[Mapping[str, Any]]:
    """Types of the series in use; returns those that are known. All projects share the lists of zones."""
    scope = place.scope("instance_types")
    if not crew.wants(scope):
        return list(crew.stored("SELECT * FROM instance_types WHERE cloud = ?", [CLOUD]))
    machines = known.of("instances")
    used = {str(one["instance_type"]) for one in machines}
    problems = known.estate.why("instances")
    if not used:
        _empty(crew, scope, problems)
        return []
    with crew.sharing("types") as shared:
        new = {name for name in map(types.series_of, used) if crew.first(("series", name))}
        zones: dict[str, set[str]] = {}
        for one in machines:
            zones.setdefault(str(one["zone"]), set()).add(types.series_of(str(one["instance_type"])))
        mine: list[Future[Got[Any]]] = [
            crew.get(f"machine types of {zone}", types.get_types, place.client, zone)
            for zone in types.zones_for({zone: names & new for zone, names in zones.items()})
        ]
        shared += mine
        every = list(shared)
    listed = [one.result() for one in every]
    problems += [str(one.error) for one in listed if one.error is not None]
    raw = [each for one in listed for each in one.value or ()]
    try:
        rows = types.transform_types(raw, used)
    except ODD_SHAPES as error:
        told = f"{type(error).__name__}: {error}"
        sentence = f"The machine types of {place.project} have a shape this version does not know ({told})."
        crew.missed(scope, FinopsError(sentence), sum(one.result().calls for one in mine))
        return []
    crew.whole(scope, rows, calls=sum(one.result().calls for one in mine), problems=problems)
    return list(rows["instance_types"])


def _empty(crew: Crew, scope: Scope, problems: Problems) -> None:
    """A scope that follows from others, where there is nothing, or nothing is known."""
    if problems:
        crew.missed(scope, FinopsError(problems[0]), 0)
    else:
        crew.whole(scope, {}, calls=0)


def _collect_prices(place: Place, crew: Crew, handing: Handing, known: _Known) -> None:
    """List and spot prices, region by region, from the one catalogue that the whole run shares."""
    transforms = {"prices": prices.transform_list, "spot_prices": prices.transform_spot}
    wanted = [name for name in transforms if crew.wants(place.scope(name))]
    if not wanted:
        return
    problems = known.estate.why("instances", "volumes")
    if not known.regions:
        for name in wanted:
            _empty(crew, place.scope(name), problems)
        return
    with crew.sharing("catalogue") as shared:
        first = not shared
        if first:
            shared.append(crew.get("prices", lambda: get_catalogue(place.client, at=place.at)))
    got: Got[Catalogue] = shared[0].result()
    priced = {region: _priced(known, region) for region in sorted(known.regions)}
    for name in wanted:
        counted = got.calls if first and name == wanted[0] else 0
        if got.error is not None or got.value is None:
            handing.missed(name, got.error or FinopsError("There is no catalogue."), counted)
            continue
        rows: Rows = {"prices": []}
        for region, asked in priced.items():
            scope = handing.scope(name, region)
            rows["prices"] += transforms[name](got.value, asked, scope, place.at)["prices"]
        handing.whole(name, rows, calls=counted, problems=problems)


def _priced(known: _Known, region: str) -> prices.Wanted:
    """What prices are wanted of a region: every size of the series in use there, custom types in use."""
    machines = [one for one in known.of("instances") if one["region"] == region]
    used = {str(one["instance_type"]) for one in machines}
    series = {types.series_of(name) for name in used}
    return prices.Wanted(
        [
            one
            for one in known.types
            if one["family"] in series
            and (one["instance_type"] in used or not types.is_custom(str(one["instance_type"])))
        ],
        frozenset(str(one["platform"]) for one in machines),
        frozenset(str(one["gpu_model"]) for one in machines if one["gpu_model"]),
    )


def _collect_metrics(place: Place, crew: Crew, handing: Handing, known: _Known) -> None:
    """Metrics of all machines and disks, batch by batch, so that a large project needs no more memory than a small
    one."""
    if not crew.wants(place.scope("metrics")):
        return
    problems = known.estate.why("instances", "volumes")
    volumes = known.of("volumes")
    assets = Assets(
        known.of("instances"),
        volumes,
        {str(one["instance_type"]): one for one in known.types},
        _devices(volumes),
    )
    newest = (
        place.newest
        if problems
        else {region: stored for region, stored in place.newest.items() if handing.was_whole(region)}
    )
    batches = plan(assets, newest, place.at, place.days)
    client, project = place.client, place.project

    denied: list[CallError] = []  # one refusal answers for all metrics

    def get(batch: Batch) -> Tables:
        if denied:
            raise denied[0]
        try:
            found = metrics.measured(client, batch, assets, project)
        except CallError as error:
            if error.status == "denied":
                denied.append(error)
            raise
        return {handing.scope("metrics", region): table for region, table in found.items()}

    regions = [one for one in sorted(handing.regions) if "metrics" in datasets_of(one)]
    scopes = [place.scope("metrics"), *(handing.scope("metrics", region) for region in regions)]
    measure(crew, scopes, get, batches, problems, calls=0, keep_from=keep_from(place.at))


def _devices(volumes: list[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Disks by their machine and the name that it knows them under."""
    return {
        (str(one["instance_id"]), str(one["device_name"])): str(one["volume_id"])
        for one in volumes
        if one["instance_id"] and one["device_name"]
    }
