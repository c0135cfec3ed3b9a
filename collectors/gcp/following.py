"""What follows from the inventory of a project: types of its machines, what everything did."""

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from collectors.calls import CallError
from collectors.conduct import ODD_SHAPES, Crew, Got
from collectors.gcp import kind_metrics, metrics, service_prices, types
from collectors.gcp.handing import Handing, datasets_of
from collectors.gcp.kind_plan import KindBatch, plan_kinds
from collectors.gcp.known import Known
from collectors.gcp.listing import CLOUD
from collectors.gcp.measures import Assets, Batch, plan
from collectors.gcp.place import Place
from collectors.gcp.pricing import empty
from collectors.hours import keep_from
from collectors.regions import Tables, measure
from finops.errors import FinopsError


def collect_types(place: Place, crew: Crew, known: Known) -> list[Mapping[str, Any]]:
    """Types of the series in use; returns those that are known. All projects share the lists of zones."""
    scope = place.scope("instance_types")
    if not crew.wants(scope):
        return list(crew.stored("SELECT * FROM instance_types WHERE cloud = ?", [CLOUD]))
    machines = known.of("instances")
    used = {str(one["instance_type"]) for one in machines}
    problems = known.estate.why("instances")
    tiers: list[Mapping[str, Any]] = [*service_prices.types_of(known.of("databases"))]
    if not used:
        empty(crew, scope, problems, {"instance_types": [dict(one) for one in tiers]} if tiers else None)
        return tiers
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
        rows["instance_types"] += [dict(one) for one in tiers]
    except ODD_SHAPES as error:
        told = f"{type(error).__name__}: {error}"
        sentence = f"The machine types of {place.project} have a shape this version does not know ({told})."
        crew.missed(scope, FinopsError(sentence), sum(one.result().calls for one in mine))
        return []
    crew.whole(scope, rows, calls=sum(one.result().calls for one in mine), problems=problems)
    return list(rows["instance_types"])


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
