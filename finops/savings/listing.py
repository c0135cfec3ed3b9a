"""What a resource of the inventory costs at list prices, and what that leaves out."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from finops.money import HOURS_PER_MONTH
from finops.savings.estate import Address, Asset, Estate, Instance, Resource, Volume
from finops.savings.prices import SUBSCRIPTION, Amount, PriceBook, Quantities, volume_sku

# The components of a machine that it pays for by the hour it runs.
RUNNING = frozenset({"compute", "gpu", "local_disk"})
# What an address costs nothing for: while a machine has it (Alibaba Cloud, by traffic:
# https://www.alibabacloud.com/help/en/eip/billing-faq), while a forwarding rule has it (Google Cloud:
# https://cloud.google.com/vpc/network-pricing#ipaddress).
_FREE = (("alibaba", "traffic", "instance"), ("gcp", None, "load_balancer"))
# Clouds where an address costs by the machine that has it: as an unused one while that is off, less while it is spot.
# Source: https://cloud.google.com/vpc/network-pricing#ipaddress
_BY_MACHINE = ("gcp",)
# Clouds whose volumes without a zone are regional, at a price of their own.
_REGIONAL = ("gcp",)
# Per cent that running all month takes off the list price of a machine, by series.
# Source: https://cloud.google.com/compute/docs/sustained-use-discounts
_SUSTAINED_USE = {
    "n1": 30, "f1": 30, "g1": 30, "m1": 30, "m2": 30, "n2": 20, "n2d": 20, "c2": 20,
}  # fmt: skip

# What kinds of assets cost beside the price of their hours.
_ALSO_BY_USE = {
    "load_balancer": "what it handles is paid for as well",
    "nat_gateway": "the bytes it handles are paid for as well",
    "database": "its backups and operations are paid for as well",
    "bucket": "requests, and bytes in other classes, are paid for as well",
    "function": "what it works is paid for as well",
}


def list_cost(resource: Resource, prices: PriceBook) -> dict[str, Amount] | None:
    """What a resource costs in 730 hours at list prices, by component; None when a price is unknown."""
    if isinstance(resource, Volume):
        model = SUBSCRIPTION if resource.purchase_model == SUBSCRIPTION else "on_demand"
        return prices.volume_month(resource.key.cloud, resource.region, volume_spec(resource), model)
    if isinstance(resource, Address):
        return _address_cost(resource, prices)
    if isinstance(resource, Asset):
        return _asset_cost(resource, prices)
    return _machine_cost(resource, prices)


def quantities(estate: Estate) -> Quantities:
    """What the estate has of each SKU in a month, over all accounts: GiB of volumes, hours of addresses."""
    found: dict[tuple[str, str, str], float] = defaultdict(float)
    for resource in estate.resources.values():
        place = (resource.key.cloud, resource.region)
        if isinstance(resource, Volume) and (sku := volume_sku(volume_spec(resource))):
            found[(*place, sku)] += resource.size_gib or 0.0
        elif isinstance(resource, Address) and not costs_nothing(resource):
            found[(*place, f"public_ip:{_address_state(resource)}")] += float(HOURS_PER_MONTH)
    return dict(found)


def costs_nothing(resource: Resource | None) -> bool:
    """Whether it is an address that is free as long as something has it."""
    return (
        isinstance(resource, Address)
        and resource.purchase_model != SUBSCRIPTION
        and any(
            (resource.key.cloud, resource.resource_type) == (cloud, user)
            and charge in (None, resource.charge_type)
            for cloud, charge, user in _FREE
        )
    )


def only_in_part(resource: Resource) -> str | None:
    """What the list price of a resource leaves out."""
    if isinstance(resource, Address) and resource.charge_type == "bandwidth":
        return "its bandwidth is paid for as well, at a price that is not known"
    if isinstance(resource, Instance) and resource.key.cloud == "gcp" and resource.state == "running":
        series = (resource.instance_type or "").partition("-")[0]
        share = _SUSTAINED_USE.get("n1" if series == "custom" else series)
        if share and resource.purchase_model == "on_demand":
            return f"that is before a sustained-use discount of up to {share} %"
    if isinstance(resource, Asset) and resource.kind in _ALSO_BY_USE:
        return _ALSO_BY_USE[resource.kind]
    return None


def volume_spec(volume: Volume) -> dict[str, Any]:
    """The properties of a volume that its price depends on."""
    return {
        "volume_type": volume.volume_type,
        "performance_level": volume.performance_level,
        "size_gib": volume.size_gib,
        "iops": volume.iops,
        "throughput_mib": volume.throughput_mib,
        "regional": is_regional(volume),
    }


def is_regional(volume: Volume) -> bool:
    """Whether a volume is kept in two zones, at a price of its own."""
    return volume.key.cloud in _REGIONAL and volume.zone is None


def costs_while_off(machine: Instance) -> bool:
    """Whether a machine that is off goes on paying for itself."""
    return machine.stopped_mode == "keep_charging" or machine.purchase_model == SUBSCRIPTION


def attached_cost(machine: Instance, prices: PriceBook, *, spot: bool) -> dict[str, Amount] | None:
    """One month of the GPUs and local disks attached to a machine beside those of its type; None when unknown."""
    place = (machine.key.cloud, machine.region)
    parts: dict[str, Amount] = {}
    if machine.attached_gpus:
        model = machine.attached_gpu_model or ""
        hour = (
            prices.spot_hour(*place, machine.zone, f"gpu:{model}") if spot else prices.gpu_hour(*place, model)
        )
        if hour is None:
            return None
        parts["gpu"] = Amount(hour.value * HOURS_PER_MONTH * machine.attached_gpus, hour.currency)
    if machine.attached_disk_gib:
        month = prices.local_disk_month(*place, machine.attached_disk_gib, "spot" if spot else "on_demand")
        if month is None:
            return None
        parts["local_disk"] = month
    return parts


def _address_cost(address: Address, prices: PriceBook) -> dict[str, Amount] | None:
    place = (address.key.cloud, address.region)
    if address.purchase_model == SUBSCRIPTION:
        month = prices.subscription_month(*place, f"public_ip:{address.state}")
        return None if month is None else {"public_ip": month}
    hour = prices.address_hour(*place, _address_state(address))
    if hour is None:
        return None
    return {"public_ip": Amount(Decimal(0), hour.currency) if costs_nothing(address) else _monthly(hour)}


def _asset_cost(asset: Asset, prices: PriceBook) -> dict[str, Amount] | None:
    """Its first part must have a price; of the others, those count that have one."""
    if asset.purchase_model not in (None, "on_demand"):
        return None  # what was agreed for the term is not the price on demand
    parts: dict[str, Amount] = {}
    for part in asset.parts:
        place = (asset.key.cloud, asset.region)
        month = None if part.quantity is None else prices.sku_month(*place, part.sku, part.quantity)
        if month is None and not parts:
            return None
        if month is not None and month.currency == next(iter(parts.values()), month).currency:
            parts[part.component] = month
    return parts or None


def _address_state(address: Address) -> str:
    """The state of an address as its cloud prices it."""
    if address.key.cloud in _BY_MACHINE and address.machine_state is not None:
        if address.machine_state == "stopped":
            return "unused"
        return "in_use:spot" if address.machine_model == "spot" else "in_use"
    return address.state


def _machine_cost(machine: Instance, prices: PriceBook) -> dict[str, Amount] | None:
    place = (machine.key.cloud, machine.region)
    hour = prices.machine_hour(*place, machine.instance_type, machine.platform)
    if machine.state != "running" and not costs_while_off(machine):
        return None if hour is None else {"compute": Amount(Decimal(0), hour.currency)}
    spot = machine.purchase_model == "spot"
    if spot:
        hour = prices.spot_hour(*place, machine.zone, machine.instance_type or "", machine.platform)
    elif machine.purchase_model == SUBSCRIPTION:
        month = prices.subscription_month(*place, machine.instance_type, machine.platform)
        return None if month is None else {"compute": month}
    elif machine.purchase_model == "reserved":
        return None  # what was agreed for the term is not the price on demand
    attached = attached_cost(machine, prices, spot=spot)
    if hour is None or attached is None or any(part.currency != hour.currency for part in attached.values()):
        return None
    return {"compute": _monthly(hour), **attached}


def _monthly(hour: Amount) -> Amount:
    return Amount(hour.value * HOURS_PER_MONTH, hour.currency)
