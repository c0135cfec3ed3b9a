"""List prices: what an hour of a machine or a month of a volume costs before any discount."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

import duckdb

from finops.money import HOURS_PER_MONTH

# Operations and MiB per second that a volume type includes in its price per GiB; None where it has no such meter, so
# that nothing beyond its size is charged. Types that are not here have neither. Sources: Amazon EBS pricing (gp3: 3,000
# IOPS and 125 MiB/s); https://cloud.google.com/compute/docs/disks/hd-types/hyperdisk-balanced ("at no extra charge, up
# to 3,000 IOPS and 140 MiB/s"); https://cloud.google.com/compute/disks-image-pricing for the others of Google.
_INCLUDED: Mapping[str, tuple[float | None, float | None]] = {
    "gp3": (3000.0, 125.0),
    "io1": (0.0, None),
    "io2": (0.0, None),
    "cloud_auto": (0.0, None),
    "pd-extreme": (0.0, None),
    "hyperdisk-balanced": (3000.0, 140.0),
    "hyperdisk-balanced-high-availability": (3000.0, 140.0),
    "hyperdisk-extreme": (0.0, None),
    "hyperdisk-throughput": (None, 0.0),
    "hyperdisk-ml": (None, 0.0),
}
# Types that may have nothing provisioned beside their size.
_OPTIONAL = ("cloud_auto",)
# Types that are always regional, so that their price needs no suffix.
_ONLY_REGIONAL = ("hyperdisk-balanced-high-availability",)
SUBSCRIPTION = "subscription"
# What a unit of a SKU may be, of those that are priced by one number.
_UNITS = ("hour", "GiB-month", "GiB-hour", "GiB", "month")

# Monthly quantity of a SKU over the estate: by cloud, region and SKU.
Quantities = Mapping[tuple[str, str, str], float]


class Amount(NamedTuple):
    """Money with its currency."""

    value: Decimal
    currency: str


class Tier(NamedTuple):
    """A price and the monthly quantity from which it holds."""

    start: Decimal
    price: Amount


class _Sku(NamedTuple):
    cloud: str
    region: str
    sku: str
    unit: str
    platform: str
    model: str


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Latest list prices, on demand and by subscription, and spot averages by zone. Unknown is None, never zero.

    A price in tiers is that of the last unit of what the estate has of it in a month.
    """

    list_prices: Mapping[_Sku, tuple[Tier, ...]]
    spot_prices: Mapping[tuple[str, str, str | None, str, str], Amount]
    quantities: Quantities = field(default_factory=dict)

    def machine_hour(
        self, cloud: str, region: str, instance_type: str | None, platform: str | None = None
    ) -> Amount | None:
        """One hour of a machine on demand, with its operating system."""
        return self._price(cloud, region, instance_type or "", "hour", _system(platform))

    def subscription_month(
        self, cloud: str, region: str, sku: str | None, platform: str | None = None
    ) -> Amount | None:
        """One month of a machine or an address by subscription."""
        return self._price(cloud, region, sku or "", "month", _system(platform), SUBSCRIPTION)

    def volume_month(
        self,
        cloud: str,
        region: str,
        spec: Mapping[str, Any],
        model: str = "on_demand",
        *,
        added: bool = False,
    ) -> dict[str, Amount] | None:
        """One month of a volume by component: storage, and iops and throughput where they are charged.

        `spec` has volume_type, size_gib and, where they apply, performance_level, iops, throughput_mib and regional.
        `added`: it comes on top of what the estate has, which decides between the tiers of a price.
        """
        size, sku = spec.get("size_gib"), volume_sku(spec)
        if sku is None or size is None:
            return None
        per_gib = self._price(
            cloud, region, sku, "GiB-month", model=model, added=exact(size) if added else Decimal(0)
        )
        if per_gib is None:
            return None
        parts = {"storage": Amount(per_gib.value * exact(size), per_gib.currency)}
        return self._with_provisioned(parts, cloud, region, spec, model)

    def local_disk_month(
        self, cloud: str, region: str, gib: float, model: str = "on_demand"
    ) -> Amount | None:
        """One month of local disks that are attached to a machine."""
        per_gib = self._price(cloud, region, "local-ssd", "GiB-month", model=model)
        return None if per_gib is None else Amount(per_gib.value * exact(gib), per_gib.currency)

    def gpu_hour(self, cloud: str, region: str, model: str) -> Amount | None:
        """One hour of an accelerator that is attached to a machine, on demand."""
        return self._price(cloud, region, f"gpu:{model}", "hour")

    def address_hour(self, cloud: str, region: str, state: str) -> Amount | None:
        """One hour of a public address: unused, in_use, or as a cloud tells them apart further."""
        return self._price(cloud, region, f"public_ip:{state}", "hour")

    def sku_month(self, cloud: str, region: str, sku: str, quantity: float | None) -> Amount | None:
        """So many units of any SKU in a month; without a quantity 730 hours of one that is priced by the hour."""
        for unit in _UNITS:
            price = self._price(cloud, region, sku, unit)
            if price is not None and (quantity is not None or unit == "hour"):
                return Amount(
                    price.value * (HOURS_PER_MONTH if quantity is None else exact(quantity)), price.currency
                )
        return None

    def spot_hour(
        self, cloud: str, region: str, zone: str | None, sku: str, platform: str | None = None
    ) -> Amount | None:
        """One hour of this type as spot, on average over the window, in its zone or where zones share a price."""
        kind = (sku, _system(platform))
        return self.spot_prices.get((cloud, region, zone, *kind)) or self.spot_prices.get(
            (cloud, region, None, *kind)
        )

    def _with_provisioned(
        self,
        parts: dict[str, Amount],
        cloud: str,
        region: str,
        spec: Mapping[str, Any],
        model: str,
    ) -> dict[str, Amount] | None:
        kind = str(spec["volume_type"])
        included = _INCLUDED.get(kind, (None, None))
        wanted = (("iops", "IOPS-month", included[0]), ("throughput_mib", "MiBps-month", included[1]))
        for name, unit, free in wanted:
            if free is None:
                continue
            component = name.removesuffix("_mib")
            if spec.get(name) is None and not free and kind not in _OPTIONAL:
                return None  # what is provisioned is charged, and how much that is is not known
            extra = (spec.get(name) or 0) - free
            if extra <= 0:
                continue
            price = self._price(cloud, region, f"{kind}:{component}", unit, model=model)
            if price is None:
                return None
            parts[component] = Amount(price.value * exact(extra), price.currency)
        return parts

    def _price(
        self,
        cloud: str,
        region: str,
        sku: str,
        unit: str,
        platform: str = "linux",
        model: str = "on_demand",
        added: Decimal = Decimal(0),
    ) -> Amount | None:
        tiers = self.list_prices.get(_Sku(cloud, region, sku, unit, platform, model), ())
        if len(tiers) < 2:
            return tiers[0].price if tiers else None
        quantity = exact(self.quantities.get((cloud, region, sku), 0.0)) + added
        if quantity <= 0:  # of a quantity nobody knows the dearest, so that nothing looks free
            return max((tier.price for tier in tiers), key=lambda price: price.value)
        reached = [tier for tier in tiers if tier.start < quantity]
        return (reached or tiers)[-1 if reached else 0].price


def volume_sku(spec: Mapping[str, Any]) -> str | None:
    """The SKU of a GiB of a volume: its type, with its performance level or that it is regional."""
    kind, level = spec.get("volume_type"), spec.get("performance_level")
    if not kind:
        return None
    if spec.get("regional") and kind not in _ONLY_REGIONAL:
        return f"{kind}:regional"
    return f"{kind}.{level}" if level else str(kind)


def load_prices(
    con: duckdb.DuckDBPyConnection, as_of: datetime, quantities: Quantities | None = None
) -> PriceBook:
    """Reads the price table and the spot rollup of an open warehouse; list prices are those of `as_of`.

    `quantities` is what the estate has of each SKU in a month.
    """
    rows = con.execute(_LISTED, [as_of]).fetchall()
    listed = {
        _Sku(*sku): tuple(Tier(start, Amount(price, currency)) for *_, start, price, currency in group)
        for sku, group in groupby(rows, key=lambda row: row[:6])
    }
    spot = {
        (cloud, region, zone, sku, platform): Amount(exact(average), currency)
        for cloud, region, zone, sku, platform, average, currency in con.execute(_SPOT).fetchall()
    }
    return PriceBook(listed, spot, quantities or {})


def exact(number: float) -> Decimal:
    """A number as it is written, without what a float adds to it."""
    return Decimal(repr(float(number)))


def _system(platform: str | None) -> str:
    """The operating system whose licence is in the price; everything else costs what Linux costs."""
    return platform if platform in ("windows", "rhel", "suse", "special") else "linux"


# The latest price of each SKU up to now, tier by tier (those of one instant belong together); among several at one
# instant the lowest, so that no saving is inflated. Spot prices of a zone, and of machines, are in the rollup `spot`.
_LISTED = """
WITH latest AS (
    SELECT cloud, region, sku, unit, coalesce(platform, 'linux') AS system, purchase_model,
        coalesce(tier_start, 0) AS tier, price, currency, as_of,
        max(as_of) OVER (
            PARTITION BY cloud, region, sku, unit, coalesce(platform, 'linux'), purchase_model) AS newest
    FROM prices
    WHERE (purchase_model IN ('on_demand', 'subscription') OR (purchase_model = 'spot' AND zone IS NULL))
      AND prices.as_of <= ?
)
SELECT cloud, region, sku, unit, system, purchase_model, tier, min(price) AS price,
    arg_min(currency, price) AS currency
FROM latest
WHERE as_of = newest
GROUP BY cloud, region, sku, unit, system, purchase_model, tier
ORDER BY cloud, region, sku, unit, system, purchase_model, tier
"""
_SPOT = """
SELECT cloud, region, zone, sku, platform, avg_price, currency
FROM spot
WHERE avg_price > 0
"""
