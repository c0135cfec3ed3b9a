"""What a machine costs in another region: with the disks that go along, and the traffic that the distance adds."""

from decimal import Decimal

from finops.money import HOURS_PER_MONTH, cents
from finops.savings.costs import CostBook
from finops.savings.estate import Instance, Volume
from finops.savings.listing import attached_cost, volume_spec
from finops.savings.priced import Priced
from finops.savings.prices import Amount, exact


def share(one: Priced, book: CostBook) -> tuple[Decimal | None, str]:
    """The share of the cost that is left when a machine runs in the proposed region, or why that is not known.

    List prices there over list prices here, of the machine and of the disks whose cost moves with it, and
    `proposed_added_monthly_cost`, what the distance adds each month, over what it costs now.
    """
    verdict = one.verdict
    region = str(verdict.proposed["region"])
    machine = book.estate.resources.get(verdict.key)
    if not isinstance(machine, Instance):
        return None, "only the price of a machine is known for other regions"
    totals: list[Decimal] = []
    for place in (verdict.region, region):
        parts = _parts(one, machine, place, book)
        if isinstance(parts, str):
            return None, parts
        if any(part.currency != one.currency for part in parts):
            return None, f"the list prices of {place} are not in {one.currency}"
        totals.append(sum((part.value for part in parts), Decimal(0)))
    now, then = totals
    cost = sum(one.before.values(), Decimal(0))
    if now <= 0 or cost <= 0:
        return None, "what it costs now is not known"
    verdict.evidence["list_price_now"], verdict.evidence["list_price_then"] = (
        float(cents(now)),
        float(cents(then)),
    )
    added = exact(float(verdict.proposed.get("added_monthly_cost") or 0))
    return then / now + added / cost, ""


def _parts(one: Priced, machine: Instance, region: str, book: CostBook) -> list[Amount] | str:
    """List prices of a month in a region, or what has none there."""
    cloud, name = machine.key.cloud, machine.instance_type
    hour = book.prices.machine_hour(cloud, region, name, machine.platform)
    if hour is None:
        return f"there is no list price for {name} in {region}"
    parts = [Amount(hour.value * HOURS_PER_MONTH, hour.currency)]
    if machine.attached_gpus or machine.attached_disk_gib:
        attached = attached_cost(machine, book.prices, spot=False) if region == machine.region else None
        if attached is None:
            return f"there is no list price in {region} for the GPUs or local disks attached to it"
        parts += attached.values()
    for key in sorted({cell.key for cell in one.before} - {machine.key}):
        volume = book.estate.resources.get(key)
        if not isinstance(volume, Volume):
            continue  # an address costs the same anywhere
        month = book.prices.volume_month(cloud, region, volume_spec(volume))
        if month is None:
            return f"there is no list price for {volume.volume_type} in {region}"
        parts += month.values()
    return parts
