"""The price lists of Cloud SQL, Memorystore, Cloud Storage, Artifact Registry and Cloud Logging as SKUs, with what misleads."""

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from tests.servers.gcp import prices
from tests.servers.gcp.catalogue import cities, sku
from tests.servers.gcp.state import Item

SERVICES = {
    "95FF-2EF5-5EA1": "Cloud Storage", "9662-B51E-5089": "Cloud SQL", "5AF5-2C11-D467": "Cloud Memorystore for Redis",
    "149C-F9EC-3994": "Artifact Registry", "5490-F7B7-8DF6": "Cloud Logging",
}  # fmt: skip
# Dollars in Iowa of a core, a GiB of memory, a GiB and month on SSD and on HDD, in one zone; a region costs twice that.
SQL = {"vCPU": ("0.0413", "h"), "RAM": ("0.007", "GiBy.h"), "Standard storage": ("0.17", "GiBy.mo"), "Low cost storage": ("0.09", "GiBy.mo"),
       "Enterprise Plus N vCPU": ("0.0537", "h"), "Enterprise Plus N RAM": ("0.0091", "GiBy.h"), "Micro instance": ("0.0105", "h"),
       "Small instance": ("0.035", "h"), "Extended support vCPU v13": ("0.1", "h")}  # fmt: skip
WHOLE = {"1 vCPU + 3.75GB RAM": "0.0965", "2 vCPU + 7.5GB RAM": "0.193", "4 vCPU + 15GB RAM": "0.386"}
REDIS = {
    "Basic": ("0.049", "0.027", "0.023", "0.019", "0.016"),
    "Standard": ("0.064", "0.054", "0.046", "0.038", "0.032"),
}
BUCKETS = {"Standard": "0.02", "Nearline": "0.01", "Coldline": "0.004", "Archive": "0.0012"}


@lru_cache
def skus(number: str) -> tuple[Item, ...]:
    """Every line of a service."""
    if number not in SERVICES:
        return ()
    lines = {"9662-B51E-5089": sql, "5AF5-2C11-D467": redis, "95FF-2EF5-5EA1": buckets}.get(number, others)
    return tuple(sorted(lines(number), key=lambda each: str(each["skuId"])))


def line(
    number: str,
    text: str,
    price: str | Decimal,
    unit: str,
    regions: list[str],
    family: str = "ApplicationServices",
) -> Item:
    tiers = ((0.0, str(price)),)
    return sku(text, family, "Group", "OnDemand", regions, unit, tiers, service=(number, SERVICES[number]))


def sql(number: str) -> Iterator[Item]:
    for city, (regions, region) in cities(True).items():
        factor = prices.factor(region)
        for engine in ("MySQL", "PostgreSQL", "SQL Server"):
            for place, times in (("Zonal", 1), ("Regional", 2)):
                for part, (price, unit) in SQL.items():
                    amount = prices.cents(Decimal(price) * factor * times)
                    yield line(
                        number, f"Cloud SQL for {engine}: {place} - {part} in {city}", amount, unit, regions
                    )
                for whole, price in WHOLE.items() if engine == "MySQL" else ():
                    amount = prices.cents(Decimal(price) * factor * times)
                    yield line(
                        number, f"Cloud SQL for {engine}: {place} - {whole} in {city}", amount, "h", regions
                    )


def redis(number: str) -> Iterator[Item]:
    for city, (regions, region) in cities(True).items():
        for tier, steps in REDIS.items():
            for step, price in enumerate(steps, 1):
                amount = prices.cents(Decimal(price) * prices.factor(region))
                yield line(number, f"Redis Capacity {tier} M{step} {city}", amount, "GiBy.h", regions)


def buckets(number: str) -> Iterator[Item]:
    for city, (regions, region) in cities(True).items():
        for name, price in BUCKETS.items():
            amount = prices.cents(Decimal(price) * prices.factor(region))
            yield line(number, f"{name} Storage {city}", amount, "GiBy.mo", regions, "Storage")
            yield line(
                number, f"{name} Storage {city} Dual-region", amount * 2, "GiBy.mo", regions, "Storage"
            )
            yield line(number, f"{name} Storage {city} (Early Delete)", amount, "GiBy.mo", regions, "Storage")
    for place, regions in (("US", ["us"]), ("Europe", ["europe"]), ("Asia", ["asia"])):
        for name, price in BUCKETS.items():
            yield line(
                number,
                f"{name} Storage {place} Multi-region",
                Decimal(price) * 13 / 10,
                "GiBy.mo",
                regions,
                "Storage",
            )


def others(number: str) -> Iterator[Item]:
    text, tiers = {
        "149C-F9EC-3994": ("Artifact Registry Storage", ((0.0, "0"), (0.5, "0.1"))),
        "5490-F7B7-8DF6": ("Log Retention cost", ((0.0, "0.01"),)),
    }[number]  # fmt: skip
    yield sku(
        text,
        "ApplicationServices",
        "Group",
        "OnDemand",
        ["global"],
        "GiBy.mo",
        tiers,
        "GLOBAL",
        (number, SERVICES[number]),
    )
    yield line(number, "Log Storage cost", "0.5", "GiBy", ["global"])
