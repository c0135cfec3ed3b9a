"""What the estate emits by account, region and kind of resource, and by which method and factors."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from finops.carbon import METHOD_VERSION, Emissions, Unknown
from finops.emissions.footprints import Footprints
from finops.emissions.grams import Parts, spread
from finops.model import CarbonMethod, CarbonSource, FootprintLine
from finops.savings.estate import Asset, Instance, Resource, Volume
from finops.verdicts import Key


def footprint_lines(
    footprints: Footprints, wanted: Callable[[Key], bool] = lambda _: True
) -> list[FootprintLine]:
    """One line per cloud, account, region and kind of resource, in that order; what cannot be estimated by reason."""
    groups: defaultdict[tuple[str, str, str, str], list[Key]] = defaultdict(list)
    for key, resource in footprints.estate.resources.items():
        if wanted(key):
            groups[key.cloud, key.account_id, resource.region, _kind(resource)].append(key)
    return [_line(place, groups[place], footprints) for place in sorted(groups)]


def _kind(resource: Resource) -> str:
    if isinstance(resource, Instance):
        return "instance"
    if isinstance(resource, Asset):
        return resource.kind
    return "volume" if isinstance(resource, Volume) else "public_ip"


def _line(place: tuple[str, str, str, str], keys: Sequence[Key], footprints: Footprints) -> FootprintLine:
    reasons = Counter(one.reason for one in map(footprints.of, keys) if isinstance(one, Unknown))
    cloud, account, region, service = place
    return FootprintLine(
        cloud=cloud,
        account=account,
        region=region,
        service=service,
        resources=len(keys),
        estimated=len(keys) - reasons.total(),
        not_estimated=dict(sorted(reasons.items())),
        **spread("emitted", _sum(map(footprints.parts, keys))),
    )


def total_of(footprints: Footprints, wanted: Callable[[Key], bool] = lambda _: True) -> Parts | None:
    """All that is wanted and can be estimated; None when nothing can."""
    return _sum(footprints.parts(key) for key in footprints.estate.resources if wanted(key))


def _sum(parts: Iterable[Parts | None]) -> Parts | None:
    known = [one for one in parts if one is not None]
    return sum(known, Parts()) if known else None


def carbon_method(footprints: Footprints, wanted: Callable[[Key], bool] = lambda _: True) -> CarbonMethod:
    """The version of method and tables, and the grid and PUE factors that these estimates rest on."""
    grids: defaultdict[tuple[str, int, str | None], set[str]] = defaultdict(set)
    pues: defaultdict[tuple[str, int, str | None], set[str]] = defaultdict(set)
    for key, resource in footprints.estate.resources.items():
        estimate = footprints.of(key) if wanted(key) else None
        if isinstance(estimate, Emissions):
            where = f"{key.cloud} {resource.region}"
            grids[estimate.grid_source, estimate.grid_year, estimate.grid_basis].add(where)
            pues[estimate.pue_source, estimate.pue_year, None].add(where)
    return CarbonMethod(version=METHOD_VERSION, grid=_sources(grids), pue=_sources(pues))


def _sources(used: dict[tuple[str, int, str | None], set[str]]) -> list[CarbonSource]:
    ordered = sorted(used.items(), key=lambda item: (item[0][0], item[0][1], item[0][2] or ""))
    return [
        CarbonSource(source=source, year=year, basis=basis, regions=sorted(regions))
        for (source, year, basis), regions in ordered
    ]
