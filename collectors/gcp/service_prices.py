"""List prices of what is no machine: databases and caches by their tiers, their storage, buckets, registries, logs.

A tier of Cloud SQL is priced as its cores and its memory, or whole where it is sold whole; a cache by its memory.
Beside the tiers in use the smaller ones of their series are priced, which a database may be changed to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from collectors.gcp.catalogue import Catalogue
from collectors.gcp.databases import REDIS as REDIS_ENGINE
from collectors.gcp.databases import Size, size_of
from collectors.gcp.machines import Parts
from collectors.gcp.prices import ON_DEMAND, composed, offered, together
from collectors.gcp.service_meanings import LOGGING, REDIS, REGISTRY, SQL, STORAGE, Service

Row = Mapping[str, Any]
# Of caches: the most GiB that each size class holds. Source: Memorystore for Redis, "Pricing".
_CAPACITIES = ((4, "m1"), (10, "m2"), (35, "m3"), (100, "m4"), (300, "m5"))
_CACHE_SIZES = (
    1,
    2,
    3,
    4,
    5,
    6,
    8,
    10,
    12,
    16,
    20,
    24,
    32,
    48,
    64,
    96,
    128,
    200,
)  # GiB that are offered as smaller
_STORAGE = {"PD_SSD": "ssd", "PD_HDD": "hdd"}
_SEVERAL = {"us": "us", "eu": "europe", "asia": "asia"}  # places of buckets, as the catalogue names them
_CLASSES = ("bucket:standard", "bucket:infrequent", "bucket:archive")
# Sizes of custom tiers: cores, and MiB of memory, of which each core has 0.9 to 6.5 GiB, and all at least 3.75.
# Source: Cloud SQL documentation, "Machine types".
_CORES = (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96)
_PER_CORE = (3.75, 4.0, 5.0, 6.0, 6.5)  # GiB
_LEAST_MIB, _LEAST, _MOST = 3840, 0.9, 6.5
_SERIES = {
    "db-n1-standard": (1, 2, 4, 8, 16, 32, 64, 96), "db-n1-highmem": (2, 4, 8, 16, 32, 64, 96),
    "db-perf-optimized-N": (2, 4, 8, 16, 32, 48, 64, 80, 96, 128),
}  # fmt: skip
CUSTOM = "db-custom"
_MIB_PER_GIB = 1024


@dataclass(frozen=True, slots=True)
class Sold:
    """Rows of the inventory that have such prices, of a region or of all of a project."""

    databases: Sequence[Row] = ()
    buckets: Sequence[Row] = ()
    repositories: Sequence[Row] = ()
    logs: Sequence[Row] = ()

    @property
    def services(self) -> list[Service]:
        """The services whose catalogues have the prices."""
        caches = [row for row in self.databases if row["engine"] == REDIS_ENGINE]
        needed = (
            (SQL, len(caches) < len(self.databases)), (REDIS, bool(caches)), (STORAGE, bool(self.buckets)),
            (REGISTRY, bool(self.repositories)), (LOGGING, bool(self.logs)),
        )  # fmt: skip
        return [service for service, wanted in needed if wanted]

    def of(self, region: str) -> "Sold":
        """What is in one region."""
        return Sold(
            *(
                [row for row in rows if row["region"] == region]
                for rows in (self.databases, self.buckets, self.repositories, self.logs)
            )
        )


def rows_of(catalogue: Catalogue, sold: Sold, region: str) -> Iterator[dict[str, Any]]:
    """Prices of what is sold in a region."""
    yield from _databases(catalogue, sold.databases, region)
    if sold.buckets:
        several = _SEVERAL.get(region)
        for key in _CLASSES:
            source = f"{key}:multi" if several else key
            yield from offered(key, ON_DEMAND, catalogue.offer(source, ON_DEMAND, several or region))
    for key, rows in (("registry", sold.repositories), ("logs:storage", sold.logs)):
        if rows:
            yield from offered(key, ON_DEMAND, catalogue.offer(key, ON_DEMAND, region))


def _databases(catalogue: Catalogue, databases: Sequence[Row], region: str) -> Iterator[dict[str, Any]]:
    done: set[str] = set()
    for row in databases:
        engine, tier, multi = str(row["engine"]), str(row["instance_type"]), bool(row["multi_zone"])
        names = _caches(tier) if engine == REDIS_ENGINE else smaller_tiers(tier)
        for name in names:
            sku = f"db:{engine}:{name}{':multi' if multi else ''}"
            if sku not in done:
                done.add(sku)
                yield from _tier(catalogue, region, sku, engine, name, multi)
        kind, sku = _STORAGE.get(str(row["storage_type"])), f"db_storage:{engine}:{row['storage_type']}"
        if kind and sku not in done:
            done.add(sku)
            key = f"sql:{engine}:zonal:storage:{kind}"  # a standby has as much again, at the same price
            yield from offered(sku, ON_DEMAND, catalogue.offer(key, ON_DEMAND, region))


def _tier(
    catalogue: Catalogue, region: str, sku: str, engine: str, name: str, multi: bool
) -> Iterator[dict[str, Any]]:
    """An hour of a tier, by the first way of paying for it that has prices."""
    ways = [_cache_parts(name)] if engine == REDIS_ENGINE else _sql_parts(engine, name, multi)
    for parts in ways:
        offers = together(catalogue, region, ON_DEMAND, parts)
        if offers:
            yield from composed(sku, ON_DEMAND, None, offers)
            return


def _sql_parts(engine: str, tier: str, multi: bool) -> list[Parts]:
    """What a tier is charged as: whole, or as its cores and memory. Licences of SQL Server are not known."""
    prefix, size = f"sql:{engine}:{'regional' if multi else 'zonal'}", size_of(tier)
    if size is None:
        return []
    if size.shared or size.vcpu is None:
        return [[(f"{prefix}:{'micro' if tier.endswith('micro') else 'small'}", Decimal(1))]]
    plus = "plus-n:" if tier.startswith("db-perf-optimized-N-") else ""
    if not plus and not tier.startswith((CUSTOM, "db-n1-")):
        return []
    cores, memory = Decimal(repr(size.vcpu)), Decimal(repr(size.memory_gib))
    parts = [(f"{prefix}:{plus}core", cores), (f"{prefix}:{plus}memory", memory)]
    whole: list[Parts] = [[(f"{prefix}:{size.vcpu:g}x{size.memory_gib:g}", Decimal(1))]]
    return [*(whole if tier.startswith("db-n1-") else ()), parts]


def _cache_parts(name: str) -> Parts:
    tier, _, memory = name.partition("-")
    size = next((size for most, size in _CAPACITIES if float(memory) <= most), None)
    return [] if size is None else [(f"redis:{tier}:{size}", Decimal(memory))]


def _caches(name: str) -> list[str]:
    """A size of cache and the smaller ones of its tier."""
    tier, _, memory = name.partition("-")
    if not memory:
        return []
    return [*(f"{tier}-{size}" for size in _CACHE_SIZES if size < float(memory)), name]


def smaller_tiers(tier: str) -> list[str]:
    """A tier of Cloud SQL and the smaller ones of its series, as far as they are known."""
    size, found = size_of(tier), {tier: None}
    if size is None or size.vcpu is None:
        return list(found)
    series = series_of(tier)
    if series == CUSTOM:
        found |= dict.fromkeys(_customs(size))
    for cores in _SERIES.get(series or "", ()):
        if cores <= size.vcpu:
            found[f"{series}-{cores}"] = None
    return list(found)


def series_of(tier: str) -> str | None:
    """The series of a tier, within which tiers differ in size only."""
    if tier.startswith(f"{CUSTOM}-"):
        return CUSTOM
    return tier.rpartition("-")[0] if tier.startswith("db-") and tier.rpartition("-")[2].isdigit() else None


def _customs(most: Size) -> Iterator[str]:
    for cores in _CORES:
        sizes = {round(cores * each * _MIB_PER_GIB) for each in _PER_CORE} | {
            round(most.memory_gib * _MIB_PER_GIB)
        }
        for mib in sorted(sizes):
            fits = _LEAST <= mib / _MIB_PER_GIB / cores <= _MOST and mib >= _LEAST_MIB
            if fits and cores <= (most.vcpu or 0) and mib <= most.memory_gib * _MIB_PER_GIB:
                yield f"{CUSTOM}-{cores}-{mib}"


def types_of(databases: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of instance_types of the tiers in use and the smaller ones: db: before the name of each."""
    names = {
        name
        for row in databases
        if row["kind"] == "relational" and row["instance_type"]
        for name in smaller_tiers(str(row["instance_type"]))
    }
    return [_type(name, size) for name in sorted(names) if (size := size_of(name)) and size.vcpu is not None]


def _type(name: str, size: Size) -> dict[str, Any]:
    return {
        "cloud": "gcp", "instance_type": f"db:{name}", "vcpu": size.vcpu, "memory_gib": size.memory_gib,
        "family": series_of(name), "burstable": False, "gpu_count": 0, "architecture": None,
    }  # fmt: skip
