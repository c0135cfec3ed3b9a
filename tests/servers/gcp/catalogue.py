"""The price list of Compute Engine as SKUs, with all that misleads who matches by parts of names."""

import zlib
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from tests.servers.gcp import prices
from tests.servers.gcp.places import FURTHER, REGIONS
from tests.servers.gcp.state import Item

SERVICE = "6F81-5844-456A"
OLD_FAMILIES = ("n1", "n2", "n2d", "e2", "c2", "m1", "a2", "t2d")  # sold by continent where there is one
Tiers = tuple[tuple[float, str], ...]  # from this quantity on, dollars


def sku(
    description: str,
    family: str,
    group: str,
    usage: str,
    regions: list[str],
    unit: str,
    tiers: Tiers,
    taxonomy: str = "",
    service: tuple[str, str] = ("6F81-5844-456A", "Compute Engine"),
) -> Item:
    """One line; the number is always the same for the same description and place."""
    text = f"{description}|{usage}|{regions}".encode()
    digits = f"{zlib.crc32(text):08X}{zlib.adler32(text):08X}"
    number = f"{digits[:4]}-{digits[4:8]}-{digits[8:12]}"
    base, factor, words = {
        "h": ("s", 3600, ("hour", "second")), "GiBy.h": ("By.s", 3865470566400, ("gibibyte hour", "byte second")),
        "GiBy.mo": ("By.s", 2.8759100989440e15, ("gibibyte month", "byte second")), "GiBy": ("By", 1073741824, ("gibibyte", "byte")),
        "mo": ("s", 2678400, ("month", "second")), "count": ("count", 1, ("count", "count")),
    }[unit]  # fmt: skip
    rates = [{"startUsageAmount": start, "unitPrice": money(Decimal(price))} for start, price in tiers]
    pricing: Item = {
        "effectiveTime": "2026-11-19T08:11:42.123456Z", "summary": "", "currencyConversionRate": 1, "pricingExpression": {
            "usageUnit": unit, "displayQuantity": 1, "tieredRates": rates, "usageUnitDescription": words[0], "baseUnit": base,
            "baseUnitDescription": words[1], "baseUnitConversionFactor": factor,
        },
    }  # fmt: skip
    if len(tiers) > 1:
        pricing["aggregationInfo"] = {
            "aggregationLevel": "ACCOUNT",
            "aggregationInterval": "MONTHLY",
            "aggregationCount": 1,
        }
    kind = taxonomy or ("REGIONAL" if len(regions) == 1 else "MULTI_REGIONAL")
    return {
        "name": f"services/{service[0]}/skus/{number}", "skuId": number, "description": description,
        "category": {"serviceDisplayName": service[1], "resourceFamily": family, "resourceGroup": group, "usageType": usage},
        "serviceRegions": regions, "pricingInfo": [pricing], "serviceProviderName": "Google",
        "geoTaxonomy": {"type": kind, **({"regions": regions} if kind != "GLOBAL" else {})},
    }  # fmt: skip


def money(value: Decimal) -> Item:
    units = int(value)
    nanos = int((value - units) * 10**9)
    return {"currencyCode": "USD", "units": str(units), "nanos": nanos}


def places(big: bool) -> dict[str, tuple[list[str], str]]:
    """A name that regions are sold under: the regions, and one of them for its price."""
    found: dict[str, tuple[list[str], str]] = {}
    for name, region in {**REGIONS, **(FURTHER if big else {})}.items():
        label = region.continent or region.city
        found.setdefault(label, ([], name))[0].append(name)
    return found


def cities(big: bool) -> dict[str, tuple[list[str], str]]:
    return {region.city: ([name], name) for name, region in {**REGIONS, **(FURTHER if big else {})}.items()}


@lru_cache(maxsize=2)
def skus(big: bool) -> tuple[Item, ...]:
    made: list[Item] = []
    for family in prices.FAMILIES:
        for place, (regions, one) in (places(big) if family in OLD_FAMILIES else cities(big)).items():
            made += machine(family, place, regions, one)
    for place, (regions, one) in cities(big).items():
        made += cards(place, regions, one)
        made += storage(place, regions, one)
    made += everywhere(big)
    return tuple(sorted(made, key=lambda each: each["skuId"]))


def machine(family: str, place: str, regions: list[str], one: str) -> Iterator[Item]:
    """Cores and memory of a family: plain, custom, on nodes of one's own, premiums, Spot, committed to."""
    for memory, part in ((False, "Core"), (True, "Ram")):
        unit = "GiBy.h" if memory else "h"
        group = "N1Standard" if family == "n1" else "RAM" if memory else "CPU"
        other = "RAM" if memory else "CPU"
        for spot, usage, prefix in ((False, "OnDemand", ""), (True, "Preemptible", "Spot Preemptible ")):
            price = prices.core(family, one, spot, memory=memory)
            stem = prices.FAMILIES[family][0]
            yield sku(
                f"{prefix}{stem} {part} running in {place}",
                "Compute",
                group,
                usage,
                regions,
                unit,
                ((0, str(price)),),
            )
            if family in prices.CUSTOM:
                custom = prices.core(family, one, spot, True, memory)
                yield sku(
                    f"{prefix}{prices.CUSTOM[family]} {part} running in {place}",
                    "Compute",
                    other,
                    usage,
                    regions,
                    unit,
                    ((0, str(custom)),),
                )
            if memory and family in prices.EXTENDED:
                extended = prices.cents(price * Decimal("2.25"))
                yield sku(
                    f"{prefix}{prices.EXTENDED[family]} Ram running in {place}",
                    "Compute",
                    "RAM",
                    usage,
                    regions,
                    unit,
                    ((0, str(extended)),),
                )
        price = prices.core(family, one, memory=memory)
        if family in prices.SOLE:
            name = family.upper()
            yield sku(
                f"{name} Sole Tenancy Instance {part} running in {place}",
                "Compute",
                other,
                "OnDemand",
                regions,
                unit,
                ((0, str(price)),),
            )
            premium = prices.cents(price / 10)
            yield sku(
                f"Sole Tenancy Premium for {name} Sole Tenancy Instance {part} running in {place}",
                "Compute",
                other,
                "OnDemand",
                regions,
                unit,
                ((0, str(premium)),),
            )
        if family == "m1":
            upgrade = prices.cents(price * Decimal("0.28"))
            yield sku(
                f"Memory Optimized Upgrade Premium for Memory-optimized Instance {part} running in {place}",
                "Compute",
                other,
                "OnDemand",
                regions,
                unit,
                ((0, str(upgrade)),),
            )
        if family != "t2a":
            yield from committed(family, place, regions, unit, price, memory)


def committed(
    family: str, place: str, regions: list[str], unit: str, price: Decimal, memory: bool
) -> Iterator[Item]:
    """A year's and three years' prices; those of N1 have no name of a family, those of C2 no version."""
    part, group = ("Ram", "RAM") if memory else ("Cpu", "CPU")
    head = {
        "n1": f"Commitment v1: {part}", "c2": f"Commitment: Compute optimized {part}", "m1": f"Commitment v1: Memory-optimized {part}",
        "m3": f"Commitment v1: M3 Memory-optimized {part}", "n2d": f"Commitment v1: N2D AMD {part}", "c2d": f"Commitment v1: C2D AMD {part}",
        "t2d": f"Commitment v1: T2D AMD {part}", "c4a": f"Commitment v1: C4A Arm {part}",
    }.get(family, f"Commitment v1: {family.upper()} {part}")  # fmt: skip
    for usage, years, share in (
        ("Commit1Yr", "1 Year", "0.63"),
        ("Commit3Yr", "3 Years" if family != "n2" else "3 Year", "0.45"),
    ):
        yield sku(
            f"{head} in {place} for {years}",
            "Compute",
            group,
            usage,
            regions,
            unit,
            ((0, str(prices.cents(price * Decimal(share)))),),
        )


def cards(place: str, regions: list[str], one: str) -> Iterator[Item]:
    for name, dollars in prices.CARDS.items():
        price = prices.cents(Decimal(dollars) * prices.factor(one))
        yield sku(
            f"{name} GPU running in {place}", "Compute", "GPU", "OnDemand", regions, "h", ((0, str(price)),)
        )
        spot = prices.cents(price * Decimal("0.4"))
        yield sku(
            f"{name} GPU attached to Spot Preemptible VMs running in {place}",
            "Compute",
            "GPU",
            "Preemptible",
            regions,
            "h",
            ((0, str(spot)),),
        )
        for usage, years, share in (("Commit1Yr", "1 Year", "0.63"), ("Commit3Yr", "3 Year", "0.45")):
            yield sku(
                f"Commitment v1: {name} GPU running in {place} for {years}",
                "Compute",
                "GPU",
                usage,
                regions,
                "h",
                ((0, str(prices.cents(price * Decimal(share)))),),
            )


STORAGE: tuple[tuple[str, str, str, str, str], ...] = (
    ("Balanced PD Capacity", "SSD", "OnDemand", "GiBy.mo", "0.1"), ("SSD backed PD Capacity", "SSD", "OnDemand", "GiBy.mo", "0.17"),
    ("Extreme PD Capacity", "SSD", "OnDemand", "GiBy.mo", "0.125"), ("Extreme PD IOPS", "SSD", "OnDemand", "mo", "0.065"),
    ("Hyperdisk Balanced Capacity", "SSD", "OnDemand", "GiBy.mo", "0.08"), ("Hyperdisk Balanced IOPS", "SSD", "OnDemand", "mo", "0.005"),
    ("Hyperdisk Balanced Throughput", "SSD", "OnDemand", "mo", "0.04"), ("Regional Balanced PD Capacity", "SSD", "OnDemand", "GiBy.mo", "0.2"),
    ("Regional SSD backed PD Capacity", "SSD", "OnDemand", "GiBy.mo", "0.34"), ("Regional Storage PD Capacity", "PDStandard", "OnDemand", "GiBy.mo", "0.08"),
    ("Storage PD Instant Snapshot", "PDSnapshot", "OnDemand", "GiBy.mo", "0.052"), ("Regional Archive Snapshot Data Storage", "PDSnapshot", "OnDemand", "GiBy.mo", "0.019"),
)  # fmt: skip


def storage(place: str, regions: list[str], one: str) -> Iterator[Item]:
    def priced(dollars: str) -> str:
        return str(prices.cents(Decimal(dollars) * prices.factor(one)))

    for name, group, usage, unit, dollars in STORAGE:
        yield sku(f"{name} in {place}", "Storage", group, usage, regions, unit, ((0, priced(dollars)),))
    free: Tiers = ((0, "0"), (30, priced("0.04"))) if one.startswith("us-") else ((0, priced("0.04")),)
    yield sku(
        f"Storage PD Capacity in {place}", "Storage", "PDStandard", "OnDemand", regions, "GiBy.mo", free
    )
    yield sku(
        f"Storage PD Snapshot in {place}",
        "Storage",
        "PDSnapshot",
        "OnDemand",
        regions,
        "GiBy.mo",
        ((0, "0"), (5, priced("0.05"))),
    )
    for usage, prefix, dollars in (("OnDemand", "", "0.08"), ("Preemptible", "Spot Preemptible ", "0.032")):
        label = f"SSD backed Local Storage{' attached to Spot Preemptible VMs' if prefix else ''} in {place}"
        yield sku(label, "Compute", "LocalSSD", usage, regions, "GiBy.mo", ((0, priced(dollars)),))
    yield sku(
        f"Static Ip Charge in {place}",
        "Network",
        "IpAddress",
        "OnDemand",
        regions,
        "h",
        ((0, "0"), (1, priced("0.01"))),
    )
    for spot, usage in (("", "OnDemand"), ("Spot Preemptible ", "Preemptible")):
        share = "0.4" if spot else "1"
        for name, group, dollars in (
            ("Micro Instance with burstable CPU", "F1Micro", "0.0076"),
            ("Small Instance with 1 VCPU", "G1Small", "0.0257"),
        ):
            price = priced(str(Decimal(dollars) * Decimal(share)))
            yield sku(
                f"{spot}{name} running in {place}", "Compute", group, usage, regions, "h", ((0, price),)
            )


def everywhere(big: bool) -> Iterator[Item]:
    """What is sold under "global", and licences."""
    every = sorted({**REGIONS, **(FURTHER if big else {})})
    five = ["us-central1", "us-east1", "us-west1", "europe-west1", "asia-east1"]
    yield sku(
        "External IP Charge on a Standard VM",
        "Network",
        "IpAddress",
        "OnDemand",
        ["global"],
        "h",
        ((0, "0"), (744, "0.005")),
        "GLOBAL",
    )
    yield sku(
        "External IP Charge on a Spot Preemptible VM",
        "Network",
        "IpAddress",
        "OnDemand",
        ["global"],
        "h",
        ((0, "0"), (744, "0.0025")),
        "GLOBAL",
    )
    yield sku(
        "Network Inter Zone Data Transfer Out",
        "Network",
        "InterzoneEgress",
        "OnDemand",
        five,
        "GiBy",
        ((0, "0.01"),),
        "GLOBAL",
    )
    yield sku("Network Internet Data Transfer Out from Americas to Americas", "Network", "PremiumInternetEgress", "OnDemand",
              [each for each in every if each.startswith("us-")], "GiBy", ((0, "0"), (1, "0.12"), (1024, "0.11"), (10240, "0.08")))  # fmt: skip
    for words, price, unit in (("(CPU cost)", "0.046", "h"), ("(RAM cost)", "0", "GiBy.h")):
        yield sku(
            f"Licensing Fee for Windows Server 2022 Datacenter Edition {words}",
            "License",
            "Google",
            "OnDemand",
            ["global"],
            unit,
            ((0, price),),
            "GLOBAL",
        )
    yield sku(
        "Licensing Fee for Red Hat Enterprise Linux 9 on VM with 1 to 8 VCPU",
        "License",
        "Google",
        "OnDemand",
        ["global"],
        "h",
        ((0, "0.06"),),
        "GLOBAL",
    )
