"""What an action leaves of a cost: the share of it that remains, or the reason why that is not known."""

from decimal import Decimal
from typing import Any

from finops.money import HOURS_PER_MONTH, cents
from finops.savings import moving
from finops.savings.actions import GROUP, Stage, stage_of
from finops.savings.costs import CostBook
from finops.savings.estate import Instance, Volume
from finops.savings.listing import attached_cost, is_regional
from finops.savings.priced import Priced
from finops.savings.prices import Amount
from finops.verdicts import Verdict

# Systems whose licence is in the price of a machine.
_LICENSED = ("windows", "rhel", "suse", "special")


def removes(verdict: Verdict) -> bool:
    """Whether an action leaves nothing of the cost it is about."""
    return stage_of(verdict) == Stage.REMOVE and "share" not in verdict.proposed


def remaining_ratio(one: Priced, book: CostBook) -> tuple[Decimal | None, str]:
    """The share of the cost that is left after the action, or why it is not known."""
    verdict = one.verdict
    if "share" in verdict.proposed:
        return _told_share(verdict)
    if removes(verdict):
        return Decimal(0), ""
    if verdict.action == "spot":
        return _spot_share(one, book)
    if verdict.action == "schedule":
        return _quotient(verdict, "hours_a_week", 168, "how many hours of a week it would run")
    if verdict.resource_type == GROUP and verdict.action == "resize":
        return _quotient(verdict, "members", None, "how many machines the group would keep")
    if verdict.action == "move":
        return moving.share(one, book)
    if verdict.proposed.get("sku"):
        return _sku_share(one, book)
    region = verdict.region
    now, then = _list_prices(one, book)
    if now is None or then is None or now.value <= 0:
        missing = verdict.current if now is None or now.value <= 0 else verdict.proposed
        name = missing.get("instance_type") or missing.get("volume_type")
        return None, f"there is no list price for {name} in {region}"
    return _quoted(verdict, now, then)


def _quoted(verdict: Verdict, now: Amount, then: Amount) -> tuple[Decimal | None, str]:
    """One list price over another, both written down."""
    if now.currency != then.currency:
        return None, f"the list prices are in {now.currency} and {then.currency}"
    verdict.evidence["list_price_now"] = float(cents(now.value))
    verdict.evidence["list_price_then"] = float(cents(then.value))
    return then.value / now.value, ""


def _told_share(verdict: Verdict) -> tuple[Decimal | None, str]:
    """The share of its bytes or units that a rule says would be left."""
    share = verdict.proposed["share"]
    if not isinstance(share, int | float) or not 0 <= share <= 1:
        return None, "the rule does not say which share of it would be left"
    return Decimal(str(share)), ""


def _quotient(verdict: Verdict, name: str, usual: int | None, what: str) -> tuple[Decimal | None, str]:
    """What would be left of a number that the cost goes along with, over what there is now."""
    now, then = verdict.current.get(name, usual), verdict.proposed.get(name)
    if not isinstance(now, int | float) or not isinstance(then, int | float):
        return None, f"the rule does not say {what}"
    most = now if usual is None else usual
    if not 0 < now <= most or not 0 <= then <= most:
        return None, f"the rule does not say {what}"
    return Decimal(str(then)) / Decimal(str(now)), ""


def _sku_share(one: Priced, book: CostBook) -> tuple[Decimal | None, str]:
    """The list price of what is proposed over that of what there is; over the real cost where it takes its place whole.

    The second is for what is billed by another measure afterwards, such as an archive that keeps whole copies of what
    was billed by its changes.
    """
    verdict = one.verdict
    place = (verdict.key.cloud, verdict.region)
    then = book.prices.sku_month(*place, str(verdict.proposed["sku"]), verdict.proposed.get("quantity"))
    if then is None:
        return None, f"there is no list price for {verdict.proposed['sku']} in {verdict.region}"
    if verdict.proposed.get("absolute"):
        cost = sum(one.before.values(), Decimal(0))
        if cost <= 0 or then.currency != one.currency:
            return None, "what it costs now cannot be compared with the list price of what is proposed"
        verdict.evidence["list_price_then"] = float(cents(then.value))
        return then.value / cost, ""
    now = book.prices.sku_month(*place, str(verdict.current.get("sku")), verdict.current.get("quantity"))
    if now is None or now.value <= 0:
        return None, f"there is no list price for {verdict.current.get('sku')} in {verdict.region}"
    return _quoted(verdict, now, then)


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


def _list_prices(one: Priced, book: CostBook) -> tuple[Amount | None, Amount | None]:
    """One month of what there is and of what is proposed, with the system it runs where both have such a price.

    A licence costs the same on a cheaper processor, so that the prices of Linux alone promise too much.
    """
    verdict = one.verdict
    machine = book.estate.resources.get(verdict.key)
    platform = machine.platform if isinstance(machine, Instance) else None
    now = _list_price(verdict, verdict.current, book, platform)
    then = _list_price(verdict, verdict.proposed, book, platform, added=True)
    if platform not in _LICENSED or (now and then):
        return now, then
    one.confidence = "low"
    one.reasons.append(f"prices of its types with {platform} are not known, so those without stand in")
    return _list_price(verdict, verdict.current, book), _list_price(
        verdict, verdict.proposed, book, added=True
    )


def _list_price(
    verdict: Verdict,
    spec: dict[str, Any],
    book: CostBook,
    platform: str | None = None,
    *,
    added: bool = False,
) -> Amount | None:
    """One month of what `spec` describes at list prices: all components of a volume, one machine with its system.

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
    hour = book.prices.machine_hour(cloud, region, str(spec.get("instance_type")), platform)
    return None if hour is None else Amount(hour.value * HOURS_PER_MONTH, hour.currency)
