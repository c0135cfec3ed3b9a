"""What follows from the inventory of a project: types of its machines, prices, what everything did."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from collectors.calls import CallError
from collectors.conduct import ODD_SHAPES, Crew, Got, Rows
from collectors.gcp import kind_metrics, metrics, prices, types
from collectors.gcp.catalogue import Catalogue, get_catalogue
from collectors.gcp.handing import Handing, datasets_of
from collectors.gcp.kinds import KindBatch, plan_kinds
from collectors.gcp.listing import CLOUD
from collectors.gcp.measures import Assets, Batch, plan
from collectors.gcp.place import Place
from collectors.hours import keep_from
from collectors.regions import Estate, Problems, Tables, measure
from finops.errors import FinopsError
from finops.warehouse import Scope


@dataclass(slots=True)
class Known:
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


def collect_types(place: Place, crew: Crew, known: Known) -> list[Mapping[str, Any]]:
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


def collect_prices(place: Place, crew: Crew, handing: Handing, known: Known) -> None:
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


def _priced(known: Known, region: str) -> prices.Wanted:
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


def collect_metrics(place: Place, crew: Crew, handing: Handing, known: Known) -> None:
    """Metrics of all machines and disks, then of everything else, batch by batch, so that a large project needs no more
    memory than a small one."""
    if not crew.wants(place.scope("metrics")):
        return
    problems = known.estate.why("instances", "volumes")
    volumes = known.of("volumes")
    assets = Assets(
        known.of("instances"),
        volumes,
        {str(one["instance_type"]): one for one in known.types},
        _devices(volumes),
        _twins(known),
    )
    newest = (
        place.newest
        if problems
        else {region: stored for region, stored in place.newest.items() if handing.was_whole(region)}
    )
    batches: list[Batch | KindBatch] = [
        *plan(assets, newest, place.at, place.days),
        *plan_kinds(known.of, place.newest, place.at, place.days, handing.was_known),
    ]
    client, project = place.client, place.project

    denied: list[CallError] = []  # one refusal answers for all metrics

    def get(batch: Batch | KindBatch) -> Tables:
        if denied:
            raise denied[0]
        try:
            if isinstance(batch, KindBatch):
                found = kind_metrics.measured(client, batch, project)
            else:
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


def _twins(known: Known) -> dict[str, tuple[str, str]]:
    """Notebooks by the machine of the same name in their zone, which is what they run on."""
    notebooks = {
        (str(one["endpoint_id"]).split("/")[1], str(one["name"])): (
            str(one["region"]),
            str(one["endpoint_id"]),
        )
        for one in known.of("ml_endpoints")
        if one["kind"] == "notebook"
    }
    return {
        str(one["instance_id"]): notebooks[one["zone"], one["name"]]
        for one in known.of("instances")
        if (one["zone"], one["name"]) in notebooks
    }
