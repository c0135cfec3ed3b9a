"""List and spot prices of a region, from the catalogue: machine types in full, and everything they are made of.

Google sells no machine types but cores, memory, accelerators, disks and licences; a machine whose every part has a
price has one, and no other. The catalogue's prices are those of the list: no discount of an account is in them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from collectors.conduct import Rows
from collectors.gcp.catalogue import Catalogue, Offer
from collectors.gcp.families import FAMILIES, NETWORK, STORAGE, family_of
from collectors.gcp.machines import Parts, accelerator, licence_parts, parts_of, rated
from finops.money import HOURS_PER_MONTH
from finops.warehouse import Scope

WINDOWS = "windows"
ON_DEMAND, SPOT, RESERVED = "on_demand", "spot", "reserved"
_SOURCE = "Cloud Billing Catalogue"
_NAMED = 4  # SKU ids that a source names
_ONE = Decimal(1)
_AN_HOUR = timedelta(hours=1)  # that a spot price held at least, whenever it was set
_TERMS = ("1y", "3y")
_OTHERS = tuple(dict.fromkeys(key for key, _ in (*STORAGE.values(), *NETWORK.values())))
_SMALLEST = Decimal("1e-18")  # that the warehouse holds


@dataclass(frozen=True, slots=True)
class Wanted:
    """What prices are asked for: types as rows of instance_types (custom types by their name alone), operating
    systems, and accelerators attached to machines."""

    machines: Sequence[Mapping[str, Any]] = ()
    platforms: frozenset[str] = frozenset({"linux"})
    gpus: frozenset[str] = field(default_factory=frozenset)

    def families(self) -> list[str]:
        """Series by whose prices the machines are charged."""
        found = {family_of(str(one["instance_type"])) for one in self.machines}
        return sorted(family for family in found if family)


def transform_list(catalogue: Catalogue, wanted: Wanted, scope: Scope, at: datetime) -> Rows:
    """Rows of prices on demand and by commitment of the scope's region: machines, what series and accelerators cost by
    the part, disks, snapshots, addresses, traffic between zones. `at` dates prices whose beginning is not told."""
    region = scope.region
    rows = [*_machines(catalogue, region, wanted, ON_DEMAND), *_parts(catalogue, region, wanted, ON_DEMAND)]
    rows += _commitments(catalogue, region, wanted)
    for key in _OTHERS:
        rows += offered(key, ON_DEMAND, catalogue.offer(key, ON_DEMAND, region))
    return {"prices": [row_of(scope, row, at) for row in rows]}


def transform_spot(catalogue: Catalogue, wanted: Wanted, scope: Scope, at: datetime) -> Rows:
    """Rows of spot prices of the scope's region: the same in all its zones, each since it was set."""
    region = scope.region
    rows = [*_machines(catalogue, region, wanted, SPOT), *_parts(catalogue, region, wanted, SPOT)]
    rows += offered("local-ssd", SPOT, catalogue.offer("local-ssd", SPOT, region))
    return {"prices": [row_of(scope, row, at) for row in rows]}


def transform_machines(catalogue: Catalogue, wanted: Wanted, scope: Scope, at: datetime) -> Rows:
    """Rows of prices on demand of machine types in the scope's region, and of nothing else."""
    rows = _machines(catalogue, scope.region, wanted, ON_DEMAND)
    return {"prices": [row_of(scope, row, at) for row in rows]}


def _machines(catalogue: Catalogue, region: str, wanted: Wanted, model: str) -> Iterator[dict[str, Any]]:
    """An hour of each machine type, without and with the licence of its system."""
    for row in {str(row["instance_type"]): row for row in wanted.machines}.values():
        parts = parts_of(row)
        offers = together(catalogue, region, model, parts)
        if not parts or not offers:
            continue
        name = str(row["instance_type"])
        yield from composed(name, model, None, offers)
        licence = licence_parts(row) if WINDOWS in wanted.platforms else None
        # A licence costs as much on a spot machine as on any other.
        extra = together(catalogue, region, ON_DEMAND, licence)
        if extra:
            yield from composed(name, model, WINDOWS, [*offers, *extra])


def together(
    catalogue: Catalogue, region: str, model: str, parts: Parts | None
) -> list[tuple[Offer, Decimal]] | None:
    """The offers of all parts with their quantities; None where one is missing, or depends on the quantity."""
    found = []
    for key, quantity in parts or ():
        offer = catalogue.offer(key, model, region)
        if offer is None or len(offer.tiers) != 1 or offer.tiers[0][0] is not None:
            return None
        found.append((offer, quantity))
    return found or None


def composed(
    sku: str, model: str, platform: str | None, offers: Sequence[tuple[Offer, Decimal]], unit: str = "hour"
) -> Iterator[dict[str, Any]]:
    """One price made of several, if they are in one currency; it holds since the last of them was set."""
    if len({offer.currency for offer, _ in offers}) != 1:
        return
    with localcontext(prec=60):
        price = sum((_per_hour(offer) * quantity for offer, quantity in offers), Decimal(0))
    ids = [offer.sku_id for offer, _ in offers]
    since = [offer.since for offer, _ in offers if offer.since is not None]
    latest = max(since) if len(since) == len(offers) else None
    yield _price(sku, model, unit, price, offers[0][0].currency, platform, latest, ids)


def _per_hour(offer: Offer) -> Decimal:
    price = offer.tiers[0][1]
    return price / HOURS_PER_MONTH if offer.unit.endswith("-month") else price


def _parts(catalogue: Catalogue, region: str, wanted: Wanted, model: str) -> Iterator[dict[str, Any]]:
    """Cores, memory and local disks of the series in use, and accelerators."""
    for family in wanted.families():
        for component, unit in (("core", "hour"), ("memory", "GiB-hour")):
            offers = together(catalogue, region, model, rated(family, component, _ONE))
            if offers:
                yield from composed(f"{family}:{component}", model, None, offers, unit)
        custom = ("core:custom", "memory:custom", "memory:extended") if FAMILIES[family].custom else ()
        for key in (*(f"{family}:{part}" for part in custom), f"{family}:local-ssd"):
            yield from offered(key, model, catalogue.offer(key, model, region))
    for key in sorted(_accelerators(wanted)):
        yield from offered(key, model, catalogue.offer(key, model, region))


def _accelerators(wanted: Wanted) -> set[str]:
    of_types = (row.get("gpu_model") for row in wanted.machines if row.get("gpu_count"))
    models = {accelerator(model) for model in (*wanted.gpus, *of_types)}
    return {f"gpu:{model}" for model in models if model}


def _commitments(catalogue: Catalogue, region: str, wanted: Wanted) -> Iterator[dict[str, Any]]:
    for family in wanted.families():
        for component in ("core", "memory"):
            for term in _TERMS:
                key = f"{family}:{component}:{term}"
                yield from offered(key, RESERVED, catalogue.offer(key, RESERVED, region))


def offered(key: str, model: str, offer: Offer | None) -> Iterator[dict[str, Any]]:
    """A row for every tier of an offer."""
    if offer is None:
        return
    for start, price in offer.tiers:
        row = _price(key, model, offer.unit, price, offer.currency, None, offer.since, [offer.sku_id])
        yield {**row, "tier_start": start}


def _price(
    sku: str, model: str, unit: str, price: Decimal, currency: str, platform: str | None, since: datetime | None,
    sku_ids: Iterable[str],
) -> dict[str, Any]:  # fmt: skip
    return {
        "sku": sku,
        "purchase_model": model,
        "unit": unit,
        "price": price,
        "currency": currency,
        "platform": platform,
        "as_of": since,
        "source": _source(sku_ids),
        "tier_start": None,
    }


def row_of(scope: Scope, price: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """A row of prices of the scope's region; `at` dates a price whose beginning is not told."""
    with localcontext(prec=60):
        exact = price["price"].quantize(_SMALLEST, rounding=ROUND_HALF_EVEN)
    place = {"cloud": scope.cloud, "region": scope.region, "zone": None}
    # A price that was set later than the instant asked about is the only one there is for it.
    latest = at - _AN_HOUR if price["purchase_model"] == SPOT else at
    return {**place, **price, "price": exact, "as_of": min(price["as_of"] or latest, latest)}


def _source(sku_ids: Iterable[str]) -> str:
    """Where a price comes from, with the SKUs it is made of."""
    ids = list(dict.fromkeys(sku_ids))
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"{_SOURCE}: {', '.join(ids[:_NAMED])}{more}"
