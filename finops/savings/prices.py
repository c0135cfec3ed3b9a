"""List prices: what an hour of a machine or a month of a volume costs before any discount."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb

from finops.money import HOURS_PER_MONTH
from finops.savings.estate import Address, Instance, Resource, Volume

# Operations and MiB per second that a volume type includes in its price per GiB. Types that are not here
# charge for everything provisioned. Source: Amazon EBS pricing (gp3: 3,000 IOPS and 125 MiB/s).
_INCLUDED: Mapping[str, tuple[float, float]] = {"gp3": (3000.0, 125.0)}
_PROVISIONED = ("gp3", "io1", "io2", "cloud_auto")
# Types that may have nothing provisioned beside their size.
_OPTIONAL = ("cloud_auto",)
SUBSCRIPTION = "subscription"
# Clouds and ways to charge where an address costs nothing while a machine has it. Source: Alibaba Cloud, billing of
# elastic addresses (https://www.alibabacloud.com/help/en/eip/billing-faq).
_FREE_WITH_A_MACHINE = (("alibaba", "traffic"),)


class Amount(NamedTuple):
    """Money with its currency."""

    value: Decimal
    currency: str


class _Sku(NamedTuple):
    cloud: str
    region: str
    sku: str
    unit: str
    platform: str
    model: str


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Latest list prices, on demand and by subscription, and spot averages by zone. Unknown is None, never zero."""

    list_prices: Mapping[_Sku, Amount]
    spot_prices: Mapping[tuple[str, str, str | None, str, str], Amount]

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
        self, cloud: str, region: str, spec: Mapping[str, Any], model: str = "on_demand"
    ) -> dict[str, Amount] | None:
        """One month of a volume by component: storage, and iops and throughput where they are charged.

        `spec` has volume_type, size_gib and, where they apply, performance_level, iops, throughput_mib.
        """
        kind, size = spec.get("volume_type"), spec.get("size_gib")
        if not kind or size is None:
            return None
        level = spec.get("performance_level")
        per_gib = self._price(cloud, region, f"{kind}.{level}" if level else kind, "GiB-month", model=model)
        if per_gib is None:
            return None
        parts = {"storage": Amount(per_gib.value * _exact(size), per_gib.currency)}
        return self._with_provisioned(parts, cloud, region, kind, spec, model)

    def address_hour(self, cloud: str, region: str, state: str) -> Amount | None:
        """One hour of a public address, in_use or unused."""
        return self._price(cloud, region, f"public_ip:{state}", "hour")

    def spot_hour(
        self, cloud: str, region: str, zone: str | None, instance_type: str, platform: str | None = None
    ) -> Amount | None:
        """One hour of this type as spot, on average over the window, in its zone or where zones share a price."""
        kind = (instance_type, _system(platform))
        return self.spot_prices.get((cloud, region, zone, *kind)) or self.spot_prices.get(
            (cloud, region, None, *kind)
        )

    def _with_provisioned(
        self,
        parts: dict[str, Amount],
        cloud: str,
        region: str,
        kind: str,
        spec: Mapping[str, Any],
        model: str,
    ) -> dict[str, Amount] | None:
        if kind not in _PROVISIONED:
            return parts
        included = _INCLUDED.get(kind, (0.0, 0.0))
        wanted = (("iops", "IOPS-month", included[0]), ("throughput_mib", "MiBps-month", included[1]))
        for field, unit, free in wanted:
            component = field.removesuffix("_mib")
            if component == "throughput" and kind != "gp3":
                continue
            if spec.get(field) is None and not free and kind not in _OPTIONAL:
                return None  # what is provisioned is charged, and how much that is is not known
            extra = (spec.get(field) or 0) - free
            if extra <= 0:
                continue
            price = self._price(cloud, region, f"{kind}:{component}", unit, model=model)
            if price is None:
                return None
            parts[component] = Amount(price.value * _exact(extra), price.currency)
        return parts

    def _price(
        self,
        cloud: str,
        region: str,
        sku: str,
        unit: str,
        platform: str = "linux",
        model: str = "on_demand",
    ) -> Amount | None:
        return self.list_prices.get(_Sku(cloud, region, sku, unit, platform, model))


def load_prices(con: duckdb.DuckDBPyConnection, as_of: datetime) -> PriceBook:
    """Reads the price table and the spot rollup of an open warehouse; list prices are those of `as_of`."""
    listed = {
        _Sku(*sku): Amount(price, currency)
        for *sku, price, currency in con.execute(_LISTED, [as_of]).fetchall()
    }
    spot = {
        (cloud, region, zone, sku, platform): Amount(_exact(average), currency)
        for cloud, region, zone, sku, platform, average, currency in con.execute(_SPOT).fetchall()
    }
    return PriceBook(listed, spot)


def list_cost(resource: Resource, prices: PriceBook) -> dict[str, Amount] | None:
    """What a resource costs in 730 hours at list prices, by component; None when a price is unknown."""
    if isinstance(resource, Volume):
        model = SUBSCRIPTION if resource.purchase_model == SUBSCRIPTION else "on_demand"
        return prices.volume_month(resource.key.cloud, resource.region, volume_spec(resource), model)
    if isinstance(resource, Address):
        return _address_cost(resource, prices)
    return _machine_cost(resource, prices)


def costs_nothing(resource: Resource | None) -> bool:
    """Whether it is an address that is free as long as a machine has it."""
    return (
        isinstance(resource, Address)
        and (resource.key.cloud, resource.charge_type) in _FREE_WITH_A_MACHINE
        and resource.resource_type == "instance"
        and resource.purchase_model != SUBSCRIPTION
    )


def only_in_part(resource: Resource) -> str | None:
    """What the list price of a resource leaves out."""
    by_bandwidth = isinstance(resource, Address) and resource.charge_type == "bandwidth"
    return "its bandwidth is paid for as well, at a price that is not known" if by_bandwidth else None


def _address_cost(address: Address, prices: PriceBook) -> dict[str, Amount] | None:
    place = (address.key.cloud, address.region)
    if address.purchase_model == SUBSCRIPTION:
        month = prices.subscription_month(*place, f"public_ip:{address.state}")
        return None if month is None else {"public_ip": month}
    hour = prices.address_hour(*place, address.state)
    if hour is None:
        return None
    return {"public_ip": Amount(Decimal(0), hour.currency) if costs_nothing(address) else _monthly(hour)}


def volume_spec(volume: Volume) -> dict[str, Any]:
    """The properties of a volume that its price depends on."""
    return {
        "volume_type": volume.volume_type,
        "performance_level": volume.performance_level,
        "size_gib": volume.size_gib,
        "iops": volume.iops,
        "throughput_mib": volume.throughput_mib,
    }


def costs_while_off(machine: Instance) -> bool:
    """Whether a machine that is off goes on paying for itself."""
    return machine.stopped_mode == "keep_charging" or machine.purchase_model == SUBSCRIPTION


def _machine_cost(machine: Instance, prices: PriceBook) -> dict[str, Amount] | None:
    place = (machine.key.cloud, machine.region)
    hour = prices.machine_hour(*place, machine.instance_type, machine.platform)
    if machine.state != "running" and not costs_while_off(machine):
        return None if hour is None else {"compute": Amount(Decimal(0), hour.currency)}
    if machine.purchase_model == "spot":
        hour = prices.spot_hour(*place, machine.zone, machine.instance_type or "", machine.platform)
    elif machine.purchase_model == SUBSCRIPTION:
        month = prices.subscription_month(*place, machine.instance_type, machine.platform)
        return None if month is None else {"compute": month}
    elif machine.purchase_model == "reserved":
        return None  # what was agreed for the term is not the price on demand
    return None if hour is None else {"compute": _monthly(hour)}


def _system(platform: str | None) -> str:
    """The operating system whose licence is in the price; everything else costs what Linux costs."""
    return platform if platform in ("windows", "rhel", "suse", "special") else "linux"


def _monthly(hour: Amount) -> Amount:
    return Amount(hour.value * HOURS_PER_MONTH, hour.currency)


def _exact(number: float) -> Decimal:
    return Decimal(repr(float(number)))


# The latest price of each SKU up to now; among several at one instant the lowest, so that no saving is inflated.
_LISTED = """
SELECT cloud, region, sku, unit, coalesce(platform, 'linux') AS system, purchase_model,
    arg_max(price, as_of ORDER BY price) AS price, arg_max(currency, as_of ORDER BY price) AS currency
FROM prices
WHERE purchase_model IN ('on_demand', 'subscription') AND prices.as_of <= ?
GROUP BY cloud, region, sku, unit, system, purchase_model
"""
_SPOT = """
SELECT cloud, region, zone, sku, platform, avg_price, currency
FROM spot
WHERE avg_price > 0
"""
