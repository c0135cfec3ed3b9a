"""What an action leaves of a cost: the share of it that remains, or the reason why that is not known."""

from decimal import Decimal
from typing import Any

from finops.money import HOURS_PER_MONTH, cents
from finops.savings.costs import CostBook
from finops.savings.estate import Instance, Volume
from finops.savings.listing import attached_cost, is_regional
from finops.savings.priced import Priced
from finops.savings.prices import Amount
from finops.verdicts import Verdict

REMOVES = ("terminate", "stop", "delete", "release", "move")


def remaining_ratio(one: Priced, book: CostBook) -> tuple[Decimal | None, str]:
    """The share of the cost that is left after the action, or why it is not known."""
    verdict = one.verdict
    if verdict.action in REMOVES:
        return Decimal(0), ""
    if verdict.action == "spot":
        return _spot_share(one, book)
    if verdict.action == "schedule":
        return _hours_share(verdict)
    region = verdict.region
    now = _list_price(verdict, verdict.current, book)
    then = _list_price(verdict, verdict.proposed, book, added=True)
    if now is None or then is None or now.value <= 0:
        missing = verdict.current if now is None or now.value <= 0 else verdict.proposed
        name = missing.get("instance_type") or missing.get("volume_type")
        return None, f"there is no list price for {name} in {region}"
    if now.currency != then.currency:
        return None, f"the list prices are in {now.currency} and {then.currency}"
    verdict.evidence["list_price_now"] = float(cents(now.value))
    verdict.evidence["list_price_then"] = float(cents(then.value))
    return then.value / now.value, ""


def _hours_share(verdict: Verdict) -> tuple[Decimal | None, str]:
    """The hours of a week that a schedule leaves, over those that it runs now."""
    now = verdict.current.get("hours_a_week", 168)
    then = verdict.proposed.get("hours_a_week")
    if not all(isinstance(hours, int | float) and 0 <= hours <= 168 for hours in (now, then)) or not now:
        return None, "the rule does not say how many hours of a week it would run"
    return Decimal(str(then)) / Decimal(str(now)), ""


def spot_month(verdict: Verdict, instance_type: str, book: CostBook) -> Amount | str:
    """730 hours of that type as spot, in the zone that the verdict proposes, with what is attached to the machine.

    A sentence instead where that is not known.
    """
    zone = verdict.proposed.get("zone")
    hour = book.prices.spot_hour(
        verdict.key.cloud, verdict.region, zone, instance_type, verdict.current.get("platform")
    )
    if hour is None:
        return f"there is no spot price for {instance_type} in {zone or verdict.region}"
    machine = book.estate.resources.get(verdict.key)
    attached = attached_cost(machine, book.prices, spot=True) if isinstance(machine, Instance) else {}
    if attached is None:
        return "there is no spot price for the GPUs or local disks attached to it"
    currencies = sorted({hour.currency, *(part.currency for part in attached.values())})
    if len(currencies) > 1:
        return f"the spot prices are in {' and '.join(currencies)}"
    month = hour.value * HOURS_PER_MONTH + sum((part.value for part in attached.values()), Decimal(0))
    return Amount(month, hour.currency)


def _spot_share(one: Priced, book: CostBook) -> tuple[Decimal | None, str]:
    """What 730 hours cost as spot, over what they cost now: discounts on the list price do not lower a spot price."""
    verdict = one.verdict
    month = spot_month(verdict, str(verdict.proposed.get("instance_type")), book)
    if isinstance(month, str):
        return None, month
    if month.currency != one.currency:
        return None, f"the spot price is in {month.currency} and the cost in {one.currency}"
    now = sum(one.before.values(), Decimal(0))
    if now <= 0:
        return None, "what it was charged in this window is nothing or negative"
    verdict.evidence["spot_month"] = float(cents(month.value))
    verdict.evidence["cost_an_hour_now"] = float(round(now / HOURS_PER_MONTH, 6))
    return month.value / now, ""


def _list_price(
    verdict: Verdict, spec: dict[str, Any], book: CostBook, *, added: bool = False
) -> Amount | None:
    """One month of what `spec` describes at list prices: all components of a volume, one machine.

    `added`: it would come on top of what the estate has.
    """
    cloud, region = verdict.key.cloud, verdict.region
    if verdict.resource_type == "volume":
        volume = book.estate.resources.get(verdict.key)
        regional = isinstance(volume, Volume) and is_regional(volume)
        parts = book.prices.volume_month(cloud, region, {**spec, "regional": regional}, added=added)
        if parts is None:
            return None
        return Amount(sum((part.value for part in parts.values()), Decimal(0)), parts["storage"].currency)
    hour = book.prices.machine_hour(cloud, region, str(spec.get("instance_type")), None)
    return None if hour is None else Amount(hour.value * HOURS_PER_MONTH, hour.currency)
