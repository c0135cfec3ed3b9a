"""A finding with its money, and the groups within which money must not be promised twice."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from finops.model import Level, PriceBasis
from finops.money import cents
from finops.savings.actions import Cell
from finops.savings.costs import AccountCost, Cost, Place
from finops.savings.netting import Choice
from finops.verdicts import Key, Verdict

if TYPE_CHECKING:
    from finops.savings.covered import Paid


def finding_id(rule: str, key: Key, region: str | None = None) -> str:
    """The same for the same rule and resource in every run and on every machine.

    The region belongs to it only where an id repeats within its account.
    """
    parts = (rule, *key, region) if region else (rule, *key)
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


@dataclass(slots=True)
class Priced:
    """A finding with its money. What cells cost (`before`) and the share of them that is left are exact, the rest is
    to the cent.

    `paid` tells what held commitments keep costing of a cell, `accounts` whose usage a purchase covers, by share.
    `span` is the interval of the net saving, `own_span` that of a purchase, which is not drawn from days. `waste` is
    what an exempt finding costs beyond what counts elsewhere. `listed` are the cells of `before` that no bill holds and
    that are priced from the list. `child_committed` is what commitments cover of the children's cost. `sure` is the
    confidence before netting and settling lower it.
    """

    id: str
    verdict: Verdict
    before: dict[Cell, Decimal]
    left: dict[Cell, Decimal] | None
    cost: Cost | None
    basis: PriceBasis
    currency: str | None
    listed: set[Cell] = field(default_factory=set)
    child_committed: Decimal = Decimal(0)
    monthly_cost: Decimal | None = None
    monthly_savings: Decimal | None = None
    net_savings: Decimal | None = None
    waste: Decimal | None = None
    choice: Choice = field(default_factory=lambda: Choice(counted=False))
    paid: dict[Cell, "Paid"] = field(default_factory=dict)
    accounts: dict[str, Decimal] | None = None
    own_span: tuple[Decimal, Decimal] | None = None
    span: tuple[Decimal, Decimal] | None = None
    span_basis: str | None = None
    confidence: Level = "high"
    sure: Level = "high"
    reasons: list[str] = field(default_factory=list)

    @property
    def after(self) -> dict[Cell, Decimal] | None:
        """What each cell costs after this action alone; None when that is not known."""
        if self.left is None:
            return None
        return {cell: cost * self.left[cell] for cell, cost in self.before.items()}

    @property
    def saving(self) -> Decimal | None:
        """What the action alone saves in 730 hours, exact."""
        if self.left is None:
            return None
        return sum((cost * (1 - self.left[cell]) for cell, cost in self.before.items()), Decimal(0))

    def doubt(self, reason: str) -> None:
        """Brings the confidence down to medium, and says why."""
        self.confidence = "low" if self.confidence == "low" else "medium"
        self.reasons.append(reason)

    @property
    def place(self) -> Place:
        """The account and currency it is in."""
        return (self.verdict.key.cloud, self.verdict.key.account_id, self.currency or "")


def by_account(priced: Iterable[Priced]) -> dict[Place, list[Priced]]:
    """Findings with money, by (cloud, account, currency). Purchases are not among them: they cover several accounts."""
    groups: dict[Place, list[Priced]] = defaultdict(list)
    for one in priced:
        if one.net_savings is not None and one.currency and one.accounts is None:
            groups[one.place].append(one)
    return groups


def by_resource(priced: Iterable[Priced]) -> dict[tuple[Key, str], list[Priced]]:
    """Findings with money, by resource and currency."""
    groups: dict[tuple[Key, str], list[Priced]] = defaultdict(list)
    for one in priced:
        if one.net_savings is not None and one.currency:
            groups[(one.verdict.key, one.currency)].append(one)
    return groups


def net_of(group: Iterable[Priced]) -> Decimal:
    """The sum of what counts of these findings."""
    return sum((one.net_savings or Decimal(0) for one in group), Decimal(0))


def account_limits(accounts: Iterable[AccountCost]) -> dict[Place, Decimal]:
    """What each account costs to the cent: the most that can be saved in it. Less than nothing is nothing."""
    limits: dict[Place, Decimal] = defaultdict(Decimal)
    for account in accounts:
        limits[(account.cloud, account.account_id, account.currency)] += cents(account.total)
    return {place: max(limit, Decimal("0.00")) for place, limit in limits.items()}


def purchases(priced: Iterable[Priced]) -> list[Priced]:
    """Purchases with money, by id."""
    return sorted(
        (one for one in priced if one.accounts is not None and one.net_savings is not None),
        key=lambda one: one.id,
    )


def portions(one: Priced, net: Decimal) -> dict[Place, Decimal]:
    """What of a purchase's net saving falls to each account: the parts sum up to it."""
    cloud, _, currency = one.place
    names = sorted(one.accounts or {}, key=lambda name: (-(one.accounts or {})[name], name))
    parts = {(cloud, name, currency): cents(net * (one.accounts or {})[name]) for name in names}
    if names:
        parts[(cloud, names[0], currency)] += net - sum(parts.values(), Decimal(0))
    return parts
