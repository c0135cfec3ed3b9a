"""Prices of what a project has: of its regions on the list and on the spot market, of its machines elsewhere."""

from collections.abc import Mapping
from typing import Any

from collectors.conduct import Crew, Got, Rows
from collectors.gcp import prices, service_prices, types
from collectors.gcp.catalogue import COMPUTE, Catalogue, get_catalogue
from collectors.gcp.handing import Handing, datasets_of
from collectors.gcp.known import Known
from collectors.gcp.place import Place
from collectors.gcp.service_meanings import Service
from collectors.regions import Problems
from finops.errors import FinopsError
from finops.warehouse import Scope

DATASETS = ("prices", "spot_prices", "region_prices")


def empty(crew: Crew, scope: Scope, problems: Problems, rows: Rows | None = None) -> None:
    """A scope that follows from others, where there is nothing of machines, or nothing is known."""
    if problems and not rows:
        crew.missed(scope, FinopsError(problems[0]), 0)
    else:
        crew.whole(scope, rows or {}, calls=0, problems=problems)


def collect_prices(place: Place, crew: Crew, handing: Handing, known: Known) -> None:
    """List and spot prices, region by region, from the one catalogue that the whole run shares."""
    wanted = [name for name in DATASETS if crew.wants(place.scope(name))]
    if not wanted:
        return
    problems = known.estate.why("instances", "volumes")
    if not known.regions:
        for name in wanted:
            empty(crew, place.scope(name), problems)
        return
    got, calls = _shared(place, crew, COMPUTE)
    for name in wanted:
        counted = calls if name == wanted[0] else 0
        if got.error is not None or got.value is None:
            handing.missed(name, got.error or FinopsError("There is no catalogue."), counted)
        elif name == "region_prices":
            _hand_elsewhere(place, crew, known, got.value, counted)
        elif name == "spot_prices":
            rows = {"prices": _spot(place, known, got.value)}
            handing.whole(name, rows, calls=counted, problems=problems)
        else:
            told = list(problems)
            catalogue, more = _with_services(place, crew, known, got.value, told)
            rows = {"prices": _listed(place, known, catalogue)}
            handing.whole(name, rows, calls=counted + more, problems=told)


def _shared(place: Place, crew: Crew, service: Service) -> tuple[Got[Catalogue], int]:
    """The catalogue of a service, and the calls that this project made for it: the first asks, all others have it."""
    with crew.sharing(("catalogue", service.number)) as shared:
        first = not shared
        if first:
            shared.append(
                crew.get("prices", lambda: get_catalogue(place.client, at=place.at, service=service))
            )
    got: Got[Catalogue] = shared[0].result()
    return got, got.calls if first else 0


def _with_services(
    place: Place, crew: Crew, known: Known, catalogue: Catalogue, problems: Problems
) -> tuple[Catalogue, int]:
    """The catalogue with those of the services that the project has anything of, and the calls for them."""
    found, calls = [], 0
    for service in known.sold.services:
        got, more = _shared(place, crew, service)
        calls += more
        if got.value is not None:
            found.append(got.value)
        elif got.error is not None:
            problems.append(str(got.error))
    return catalogue.with_others(found), calls


def _listed(place: Place, known: Known, catalogue: Catalogue) -> list[dict[str, Any]]:
    """List prices of every region in which there is anything."""
    rows: list[dict[str, Any]] = []
    sold = known.sold
    for region in sorted(known.regions):
        scope, priced = place.scope("prices", region), _priced(known, region)
        others = prices.Wanted(_successors(known, region), priced.platforms)
        if "instances" in datasets_of(
            region
        ):  # in a place of several regions there is nothing of Compute Engine
            rows += prices.transform_list(catalogue, priced, scope, place.at)["prices"]
            rows += prices.transform_machines(catalogue, others, scope, place.at)["prices"]
        more = service_prices.rows_of(catalogue, sold.of(region), region)
        rows += [prices.row_of(scope, row, place.at) for row in more]
    return rows


def _spot(place: Place, known: Known, catalogue: Catalogue) -> list[dict[str, Any]]:
    """Spot prices of every region."""
    rows: list[dict[str, Any]] = []
    for region in sorted(known.regions):
        if "instances" not in datasets_of(region):
            continue
        scope = place.scope("spot_prices", region)
        rows += prices.transform_spot(catalogue, _priced(known, region), scope, place.at)["prices"]
    return rows


def _hand_elsewhere(place: Place, crew: Crew, known: Known, catalogue: Catalogue, calls: int) -> None:
    """What the types in use cost in every region in which the project has nothing, each in the scope of its region. Of
    several projects the first that has a type tells its prices."""
    problems = known.estate.why("instances")
    used = {str(one["instance_type"]) for one in known.of("instances") if one["state"] == "running"}
    with crew.sharing("elsewhere"):
        new = {name for name in used if crew.first(("elsewhere", name))}
    machines = [one for one in known.types if one["instance_type"] in new]
    for region in sorted(catalogue.regions - known.regions) if machines else ():
        scope = place.scope("region_prices", region)
        rows = prices.transform_machines(catalogue, prices.Wanted(machines), scope, place.at)
        if rows["prices"]:
            crew.whole(scope, rows, calls=0, problems=problems)
    crew.whole(place.scope("region_prices"), {}, calls=calls, problems=problems)


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


def _successors(known: Known, region: str) -> list[Mapping[str, Any]]:
    """Types that could take the place of those in use in a region."""
    used = {str(one["instance_type"]) for one in known.of("instances") if one["region"] == region}
    series = {types.series_of(name) for name in used}
    return [
        one
        for one in known.types
        if one["family"] not in series
        and not str(one["instance_type"]).startswith("db:")
        and not types.is_custom(str(one["instance_type"]))
        and types.may_succeed(str(one["instance_type"]), used)
    ]
