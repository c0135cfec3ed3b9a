"""Prices findings and nets them. Exact until the last step, where cents are settled so that parts sum up."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import duckdb

from finops.model import Level, PriceBasis
from finops.money import CENT, cents
from finops.savings import invariants
from finops.savings.costs import AccountCost, Cost, CostBook, load_costs
from finops.savings.estate import Estate, load_estate
from finops.savings.netting import Choice, choose
from finops.savings.prices import Amount, PriceBook, load_prices
from finops.verdicts import Key, Verdict

_REMOVES = ("terminate", "stop", "delete", "release", "move")


class Cell(NamedTuple):
    """One charge component of one resource: the smallest piece of cost that an action changes."""

    key: Key
    component: str


@dataclass(slots=True)
class Priced:
    """A finding with its money. Amounts are exact in `before`/`after`, to the cent in the rest."""

    id: str
    verdict: Verdict
    before: dict[Cell, Decimal]
    after: dict[Cell, Decimal] | None
    cost: Cost | None
    basis: PriceBasis
    currency: str | None
    monthly_cost: Decimal | None = None
    monthly_savings: Decimal | None = None
    net_savings: Decimal | None = None
    choice: Choice = field(default_factory=lambda: Choice(counted=False))
    confidence: Level = "high"
    reasons: list[str] = field(default_factory=list)

    @property
    def saving(self) -> Decimal | None:
        """What the action alone saves in 730 hours, exact."""
        if self.after is None:
            return None
        return sum((self.before[cell] - self.after[cell] for cell in self.before), Decimal(0))


@dataclass(frozen=True, slots=True)
class Assessment:
    """All findings with their money, and what every account costs."""

    priced: list[Priced]
    accounts: list[AccountCost]
    estate: Estate
    prices: PriceBook


def finding_id(rule: str, key: Key) -> str:
    """The same for the same rule and resource in every run and on every machine."""
    return hashlib.sha256("|".join((rule, *key)).encode()).hexdigest()[:16]


def assess(
    con: duckdb.DuckDBPyConnection, verdicts: Sequence[Verdict], min_savings: Decimal | None = None
) -> Assessment:
    """Prices `verdicts` on a connection that holds the rollups and the table `judged`, then nets them.

    Findings that save nothing at known prices are left out, and so are those below `min_savings`, before
    netting, so that every filter is netted anew. Raises InvariantError when a promise of the arithmetic is
    broken, which would be a bug.
    """
    estate, prices = load_estate(con), load_prices(con)
    reach = [_reach(verdict, estate) for verdict in verdicts]
    keys = {key for keys in reach for key in keys} | {verdict.key for verdict in verdicts}
    book = load_costs(con, estate, prices, keys)
    priced = [_price(verdict, keys, book) for verdict, keys in zip(verdicts, reach, strict=True)]
    kept = [one for one in priced if _worth_saying(one, min_savings)]
    _net(kept)
    _settle_cents(kept, book.accounts)
    invariants.check(kept, book.accounts)
    return Assessment(kept, book.accounts, estate, prices)


def _worth_saying(one: Priced, min_savings: Decimal | None) -> bool:
    saving = one.saving
    if saving is None:
        return min_savings is None
    if min_savings is not None and saving < min_savings:
        return False
    return saving > 0 or one.verdict.action in _REMOVES


# --- price ------------------------------------------------------------------------------------------------


def _reach(verdict: Verdict, estate: Estate) -> list[Key]:
    """The children whose cost an action changes too."""
    children: list[Key] = []
    if "attached" in verdict.components:
        children += estate.attached.get(verdict.key, [])
    elif "dependents" in verdict.components:
        children += estate.dependents.get(verdict.key, [])
    return children


def _price(verdict: Verdict, children: Iterable[Key], book: CostBook) -> Priced:
    cost = book.of(verdict.key)
    one = Priced(
        id=finding_id(verdict.rule.id, verdict.key),
        verdict=verdict,
        before=_own_cells(verdict, cost),
        after=None,
        cost=cost,
        basis=cost.basis if cost else "none",
        currency=cost.currency if cost else None,
        confidence=verdict.confidence,
        reasons=list(verdict.confidence_reasons),
    )
    _add_children(one, children, book)
    if cost is None and not one.before:
        return _unpriced(one, "neither the bill nor a list price tells what it costs")
    one.monthly_cost = cents((cost.total if cost else Decimal(0)) + _child_total(one))
    ratio, why_not = _remaining_ratio(verdict, book.prices, one.currency)
    if ratio is None:
        return _unpriced(one, why_not)
    one.after = {cell: amount * ratio for cell, amount in one.before.items()}
    _judge_price(one, cost)
    return one


def _own_cells(verdict: Verdict, cost: Cost | None) -> dict[Cell, Decimal]:
    if cost is None:
        return {}
    named = cost.components if "all" in verdict.components else set(verdict.components) & set(cost.components)
    return {Cell(verdict.key, component): cost.components[component] for component in named}


def _add_children(one: Priced, children: Iterable[Key], book: CostBook) -> None:
    for child in children:
        cost = book.of(child)
        if cost is None:
            one.reasons.append(f"the cost of {child.resource_id}, which goes with it, is not known")
            one.confidence = _at_most(one.confidence, "medium")
            continue
        if cost.basis == "list" and one.basis == "billed":
            continue  # the bill charges some children under their parent's id: never count them twice
        if one.currency is None:
            one.currency, one.basis = cost.currency, cost.basis
        if cost.currency == one.currency:
            one.before.update({Cell(child, name): amount for name, amount in cost.components.items()})


def _child_total(one: Priced) -> Decimal:
    mine = one.verdict.key
    return sum((amount for cell, amount in one.before.items() if cell.key != mine), Decimal(0))


def _remaining_ratio(verdict: Verdict, prices: PriceBook, currency: str | None) -> tuple[Decimal | None, str]:
    """The share of the cost that is left after the action, or why it is not known."""
    if verdict.action in _REMOVES:
        return Decimal(0), ""
    cloud, region = verdict.key.cloud, verdict.region
    if verdict.action == "spot":
        kind = str(verdict.proposed.get("instance_type"))
        ratio = prices.spot_ratio(cloud, region, verdict.proposed.get("zone"), kind)
        return ratio, f"there is no spot price for {kind} in {verdict.proposed.get('zone')}"
    now = _list_price(verdict, verdict.current, prices)
    then = _list_price(verdict, verdict.proposed, prices)
    if now is None or then is None or now.value <= 0:
        missing = verdict.current if now is None else verdict.proposed
        kind = missing.get("instance_type") or missing.get("volume_type")
        return None, f"there is no list price for {kind} in {region}"
    if now.currency != then.currency:
        return None, f"the list prices are in {now.currency} and {then.currency}"
    verdict.evidence["list_price_now"] = float(cents(now.value))
    verdict.evidence["list_price_then"] = float(cents(then.value))
    return then.value / now.value, ""


def _list_price(verdict: Verdict, spec: dict[str, object], prices: PriceBook) -> Amount | None:
    """One month of what `spec` describes at list prices: all components of a volume, one machine."""
    cloud, region = verdict.key.cloud, verdict.region
    if verdict.resource_type == "volume":
        parts = prices.volume_month(cloud, region, spec)
        if parts is None:
            return None
        return Amount(sum((part.value for part in parts.values()), Decimal(0)), parts["storage"].currency)
    hour = prices.machine_hour(cloud, region, str(spec.get("instance_type")), None)
    return None if hour is None else Amount(hour.value * 730, hour.currency)


def _unpriced(one: Priced, reason: str) -> Priced:
    one.after, one.basis = None, "none"
    one.confidence = "low"
    one.reasons.append(reason)
    return one


def _judge_price(one: Priced, cost: Cost | None) -> None:
    if cost is None:
        return
    if one.basis == "list":
        one.confidence = _at_most(one.confidence, "medium")
        one.reasons.append("at list prices" + (f": {cost.note}" if cost.note else ""))
    elif cost.note:
        one.confidence = _at_most(one.confidence, "medium")
        one.reasons.append(cost.note)
    if cost.total > 0 and cost.committed / cost.total > Decimal("0.1"):
        share = cost.committed / cost.total
        one.confidence = "low"
        one.reasons.append(
            f"{share:.0%} of its cost is covered by a commitment that is paid whether it is used or not"
        )


def _at_most(level: Level, limit: Level) -> Level:
    order: list[Level] = ["low", "medium", "high"]
    return min(level, limit, key=order.index)


# --- net --------------------------------------------------------------------------------------------------


def _net(priced: Sequence[Priced]) -> None:
    known = {one.id: one.saving or Decimal(0) for one in priced if one.after is not None}
    cells = {one.id: frozenset(one.before) or frozenset({one.id}) for one in priced if one.after is not None}
    choices = choose(known, cells)
    for one in priced:
        one.choice = choices.get(one.id, Choice(counted=False))


def _settle_cents(priced: Sequence[Priced], accounts: Iterable[AccountCost]) -> None:
    """Rounds to the cent, then takes cents back where rounding up would promise more than something costs."""
    for one in priced:
        saving = one.saving
        if saving is None:
            continue
        one.monthly_savings = min(cents(saving), one.monthly_cost or Decimal(0))
        one.net_savings = one.monthly_savings if one.choice.counted else Decimal("0.00")
    limits = account_limits(accounts, priced)
    for place, group in by_account(priced).items():
        _take_back(
            group,
            sum((one.net_savings or Decimal(0) for one in group), Decimal(0)) - limits.get(place, Decimal(0)),
        )
    for group in by_resource(priced).values():
        most = max((one.monthly_cost or Decimal(0) for one in group), default=Decimal(0))
        _take_back(group, sum((one.net_savings or Decimal(0) for one in group), Decimal(0)) - most)


def _take_back(group: Sequence[Priced], excess: Decimal) -> None:
    """Takes `excess` (a few cents of rounding) from the findings that were rounded up the most."""
    if excess <= 0:
        return
    rounded_up = sorted(
        (one for one in group if one.net_savings and one.saving is not None and one.net_savings > one.saving),
        key=lambda one: ((one.saving or Decimal(0)) - (one.net_savings or Decimal(0)), one.id),
    )
    for one in rounded_up:
        if excess <= 0:
            return
        one.net_savings = (one.net_savings or Decimal(0)) - CENT
        one.monthly_savings = min(one.monthly_savings or Decimal(0), one.net_savings)
        excess -= CENT


def by_account(priced: Iterable[Priced]) -> dict[tuple[str, str, str], list[Priced]]:
    """Findings with money, by (cloud, account, currency)."""
    groups: dict[tuple[str, str, str], list[Priced]] = defaultdict(list)
    for one in priced:
        if one.net_savings is not None and one.currency:
            groups[(one.verdict.key.cloud, one.verdict.key.account_id, one.currency)].append(one)
    return groups


def by_resource(priced: Iterable[Priced]) -> dict[tuple[Key, str], list[Priced]]:
    """Findings with money, by resource and currency."""
    groups: dict[tuple[Key, str], list[Priced]] = defaultdict(list)
    for one in priced:
        if one.net_savings is not None and one.currency:
            groups[(one.verdict.key, one.currency)].append(one)
    return groups


def account_limits(
    accounts: Iterable[AccountCost], priced: Iterable[Priced]
) -> dict[tuple[str, str, str], Decimal]:
    """What each account costs to the cent: its bill, and what is priced from the list because no bill has it."""
    limits: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    billed = set()
    for account in accounts:
        place = (account.cloud, account.account_id, account.currency)
        limits[place] += cents(account.total)
        if account.basis == "billed":
            billed.add(place[:2])
    unbilled: dict[tuple[str, str, str], dict[Cell, Decimal]] = defaultdict(dict)
    for one in priced:
        place = (one.verdict.key.cloud, one.verdict.key.account_id, one.currency or "")
        if one.basis == "list" and place[:2] in billed:
            unbilled[place].update(one.before)
    for place, cells in unbilled.items():
        limits[place] += cents(sum(cells.values(), Decimal(0)))
    return dict(limits)


__all__ = [
    "Assessment",
    "Cell",
    "Priced",
    "account_limits",
    "assess",
    "by_account",
    "by_resource",
    "finding_id",
]
