"""The ledger: what everything that there is costs, line by line, exactly, at the catalogue's prices, with its discounts.

A line holds for every hour (or day) in which its resource is there; export.py makes rows of the hours. Amounts are whole
millionths of the currency, so that sums are exact whatever the export's floats are.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from tests.servers.gcp.catalogue import OLD_FAMILIES, SERVICE, skus
from tests.servers.gcp.places import FURTHER, REGIONS, region_of
from tests.servers.gcp.state import BILLING_ACCOUNT, WORLD, Item, Project

COMPUTE = (SERVICE, "Compute Engine")
SECOND_ACCOUNT, SECOND_CURRENCY, SECOND_RATE = "0A1B2C-3D4E5F-607182", "EUR", Decimal("0.92")
HOURS = 730  # of a month, as price calculators have it
# Unit of a price: its name, the unit in which usage is measured, how many of these it has.
UNITS = {
    "h": ("hour", "seconds", 3600), "GiBy.h": ("gibibyte hour", "byte-seconds", 2**30 * 3600),
    "GiBy.mo": ("gibibyte month", "byte-seconds", 2**30 * 2678400), "GiBy": ("gibibyte", "bytes", 2**30),
    "mo": ("month", "seconds", 2678400), "": ("count", "requests", 1),
}  # fmt: skip
NAMES = {
    "SUSTAINED_USAGE_DISCOUNT": "Sustained Usage Discount", "COMMITTED_USAGE_DISCOUNT": "Committed Usage Discount: CPU",
    "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE": "Committed Usage Discount - Dollar Based: GCE", "FREE_TIER": "Free tier: 30 GiB, 744 hours",
    "PROMOTION": "Acme's <b>welcome</b> credit", "DISCOUNT": "Negotiated discount",
}  # fmt: skip


def micros(amount: Decimal) -> int:
    """Millionths, rounded."""
    return int((amount * 10**6).to_integral_value(ROUND_HALF_UP))


@dataclass(frozen=True)
class Line:
    """What costs the same every hour (`step` 1) or day (24) from `begins` until before `ends`."""

    description: str
    sku: str
    amount: Decimal  # of the price's unit, in a step
    unit: str
    price: Decimal  # list price
    cost: int  # millionths in a step, before credits
    begins: datetime
    ends: datetime | None = None
    project: Project | None = None
    scope: str = ""
    kind: str = ""
    item: Item = field(default_factory=dict)
    credits: tuple[tuple[str, int], ...] = ()  # type, millionths (negative)
    service: tuple[str, str] = COMPUTE
    step: int = 1
    cost_type: str = "regular"
    model: tuple[str, str] = ("", "")  # id and description of the consumption model
    list_cost: int | None = None
    account: str = BILLING_ACCOUNT
    currency: str = "USD"
    rate: Decimal = Decimal(1)
    adjustment: tuple[str, str] = ("", "")
    system: dict[str, str] = field(default_factory=dict)
    exported: datetime | None = None
    region: str = ""  # where it is kept, if its path does not say

    def less(self, *credits: tuple[str, int]) -> "Line":
        """With these credits besides; those of nothing are none."""
        return replace(self, credits=(*self.credits, *(each for each in credits if each[1])))

    def converted(self) -> "Line":
        """As the second billing account has it, in its currency."""

        def told(amount: int) -> int:
            return micros(Decimal(amount) * SECOND_RATE / 10**6)

        return replace(
            self, account=SECOND_ACCOUNT, currency=SECOND_CURRENCY, rate=SECOND_RATE, price=self.price * SECOND_RATE, cost=told(self.cost),
            list_cost=None if self.list_cost is None else told(self.list_cost), credits=tuple((kind, told(each)) for kind, each in self.credits),
        )  # fmt: skip


@lru_cache(maxsize=2)
def index(big: bool) -> dict[tuple[str, str, str], Item]:
    """The catalogue's lines by description, usage type and region."""
    return {
        (each["description"], each["category"]["usageType"], region): each
        for each in skus(big)
        for region in each["serviceRegions"]
    }


def sku_of(description: str, region: str, usage: str = "OnDemand") -> tuple[str, Decimal, str]:
    """Number, price above all tiers that are free, and unit of a line of the catalogue."""
    known = index(WORLD.big_catalogue)
    found = known.get((description, usage, region)) or known.get((description, usage, "global"))
    if found is None:  # sold everywhere, listed for a few regions
        found = next(each for key, each in known.items() if key[:2] == (description, usage))
    expression = found["pricingInfo"][0]["pricingExpression"]
    price = next(
        (Decimal(each["unitPrice"]["units"]) + Decimal(each["unitPrice"]["nanos"]) / 10**9)
        for each in sorted(expression["tieredRates"], key=lambda rate: -free(rate))
    )
    return found["skuId"], price, expression["usageUnit"]


def free(rate: Item) -> float:
    """What a tier is sorted by: one that costs comes first, of several the first."""
    paid = int(rate["unitPrice"]["units"]) or rate["unitPrice"]["nanos"]
    return 1 / (1 + float(rate["startUsageAmount"])) if paid else -1.0


def place_of(family: str, region: str) -> str:
    """Under which name the family is sold in the region."""
    found = REGIONS.get(region) or FURTHER[region]
    return found.continent or found.city if family in OLD_FAMILIES else found.city


def city(region: str) -> str:
    return (REGIONS.get(region) or FURTHER[region]).city


def line(
    project: Project | None, scope: str, kind: str, item: Item, description: str, amount: Decimal, usage: str = "OnDemand", **more: Any
) -> Line:  # fmt: skip
    """A line of Compute Engine at its price in the catalogue; `amount` is for a step, a month's for what goes by the month."""
    region = region_of(scope) if scope else "global"
    number, price, unit = sku_of(description, "us-central1" if region == "global" else region, usage)
    amount *= more.get("step", 1)
    if unit in ("GiBy.mo", "mo"):
        amount /= HOURS
    return Line(
        description, number, amount, unit, price, micros(amount * price), more.pop("begins", item.get("_from")),
        more.pop("ends", item.get("_stopped_at")), project, scope, kind, item, **more,
    )  # fmt: skip


def apart(description: str, cost: str, begins: datetime, ends: datetime, **more: Any) -> Line:
    """A line that is in no price list: tax, support, corrections."""
    number = f"{zlib.crc32(description.encode()):08X}{zlib.adler32(description.encode()):08X}"
    name = f"{number[:4]}-{number[4:8]}-{number[8:12]}"
    amount = Decimal(cost)
    return Line(description, name, Decimal(1), "", amount, micros(amount), begins, ends, **more)


def share(whole: Line, part: Decimal) -> int:
    """A part of a line's cost as a credit."""
    return -micros(Decimal(whole.cost) * part / 10**6)


def settled(lines: Iterator[Line]) -> list[Line]:
    """The lines as their billing accounts have them; the last project is the second account's where there is one."""
    last = [each.id for each in WORLD.projects.values() if each.state == "ACTIVE"][-1:]
    return [
        each.converted()
        if WORLD.second_account and each.project is not None and each.project.id in last
        else each
        for each in lines
    ]


__all__ = [
    "BILLING_ACCOUNT",
    "COMPUTE",
    "HOURS",
    "NAMES",
    "SECOND_ACCOUNT",
    "SECOND_CURRENCY",
    "UNITS",
    "Line",
    "apart",
    "city",
    "line",
    "micros",
    "place_of",
    "settled",
    "share",
]  # fmt: skip
