"""What a resource costs in 730 hours: from the bill where it names it, else from list prices."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from finops.model import PriceBasis
from finops.savings.estate import Asset, Estate, Instance, Resource, Volume
from finops.savings.listing import RUNNING, costs_nothing, costs_while_off, list_cost, only_in_part
from finops.savings.prices import SUBSCRIPTION, PriceBook
from finops.savings.subscriptions import Subscription
from finops.verdicts import Key

# Assets of which a part is paid by the hour while they run.
_BY_THE_HOUR = ("database", "ml_endpoint")
_NO_ORDER = "the bill does not hold the order of its subscription"

Place = tuple[str, str, str]  # cloud, account, currency


@dataclass(frozen=True, slots=True)
class Cost:
    """The monthly cost of one resource by component, in one currency, and where it comes from.

    `discount` is effective over public price (0.7 is 30 % off), `covered` the share of what it would cost at public
    prices that commitments cover; None where the bill has no public prices. `listed` are components that the bill does
    not hold and that are priced from the list; `committed_parts` is `committed` by component; `orders` tells of the
    subscription that pays for the rest.
    """

    components: dict[str, Decimal]
    currency: str
    basis: PriceBasis
    committed: Decimal = Decimal(0)
    committed_parts: Mapping[str, Decimal] = field(default_factory=dict)
    discount: float | None = None
    covered: float | None = None
    billed: Decimal | None = None
    hours: Decimal | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    note: str | None = None
    listed: frozenset[str] = frozenset()
    orders: str | None = None

    @property
    def total(self) -> Decimal:
        return sum(self.components.values(), Decimal(0))


@dataclass(frozen=True, slots=True)
class AccountCost:
    """The monthly cost of one account in one currency.

    `judged` of `judgeable` is what some rule judged of what costs anything (refunds left out); `unnamed` is the
    part of the bill that names no resource.
    """

    cloud: str
    account_id: str
    currency: str
    basis: PriceBasis
    total: Decimal
    judged: Decimal
    judgeable: Decimal
    unnamed: Decimal = Decimal(0)
    window_start: datetime | None = None
    window_end: datetime | None = None
    note: str | None = None


@dataclass(slots=True)
class CostBook:
    """Costs of the resources that were asked for, and of every account."""

    estate: Estate
    prices: PriceBook
    billed: dict[Key, Cost] = field(default_factory=dict)
    subscribed: dict[Key, Subscription] = field(default_factory=dict)
    accounts: list[AccountCost] = field(default_factory=list)
    bill_ends: dict[tuple[str, str], datetime] = field(default_factory=dict)
    notes: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def of(self, key: Key) -> Cost | None:
        """The cost of a resource; None when neither the bill nor a list price tells."""
        resource = self.estate.resources.get(key)
        cost = self.billed.get(key)
        if key in self.subscribed:
            cost = _with_orders(cost, self.subscribed[key])
        elif resource and cost and resource.purchase_model == SUBSCRIPTION:
            cost = self._with_list_price(cost, resource)
        if cost and resource and key in self.estate.clusters:
            # Google's bill calls a cluster by its name alone, as it does databases and buckets: its fee is not theirs.
            cost = replace(
                cost, components={name: part for name, part in cost.components.items() if name != "other"}
            )
        if cost:
            return _as_it_is_now(cost, resource)
        return None if resource is None or key in self.estate.ambiguous else self._listed(resource)

    def free(self, key: Key) -> bool:
        """Whether a resource that no bill names costs nothing as things are."""
        return key not in self.billed and costs_nothing(self.estate.resources.get(key))

    def ordered_with(self, machine: Key, child: Key) -> bool:
        """Whether the order of a machine pays for a child as well: for the disk that it boots from."""
        disk = self.estate.resources.get(child)
        has_own = child in self.billed or child in self.subscribed
        return (
            machine in self.subscribed
            and not has_own
            and isinstance(disk, Volume)
            and disk.is_boot is True
            and disk.purchase_model == SUBSCRIPTION
        )

    def _listed(self, resource: Resource) -> Cost | None:
        parts = list_cost(resource, self.prices)
        if parts is None:
            return None
        currency = next(iter(parts.values())).currency
        notes = [only_in_part(resource)]
        if (resource.key.cloud, resource.key.account_id) in self.bill_ends:
            subscribed = resource.purchase_model == SUBSCRIPTION
            notes.append(_NO_ORDER if subscribed else "the bill does not name it")
        note = ", and ".join(told for told in notes if told) or None
        return Cost({name: part.value for name, part in parts.items()}, currency, "list", note=note)

    def _with_list_price(self, cost: Cost, resource: Resource) -> Cost | None:
        """The cost of a subscription of which the bill holds what it uses beside, and not its order.

        None when its price is not known either: a part of a cost is not the cost.
        """
        if any(name in cost.components for name in _paid_ahead(resource)):
            return cost  # the bill spreads the order itself
        parts = list_cost(resource, self.prices)
        if parts is None or any(part.currency != cost.currency for part in parts.values()):
            return None
        components = {**cost.components, **{name: part.value for name, part in parts.items()}}
        return replace(cost, components=components, listed=frozenset(parts), note=_NO_ORDER)


def _paid_ahead(resource: Resource) -> tuple[str, ...]:
    """The components that an order of such a resource pays for."""
    if isinstance(resource, Instance):
        return ("compute",)
    if isinstance(resource, Asset):
        return tuple(part.component for part in resource.parts)
    return (
        ("storage",) if isinstance(resource, Volume) else ("public_ip", "public_ip_idle", "internet_traffic")
    )


def _with_orders(cost: Cost | None, subscription: Subscription) -> Cost:
    """What the orders cost, and what was used beside; a component that was turned into one counts as it is now."""
    if cost is None or cost.currency != subscription.currency:
        return Cost(subscription.components, subscription.currency, "billed", orders=subscription.told)
    components = {**cost.components, **subscription.components}
    return replace(cost, components=components, orders=subscription.told)


def _as_it_is_now(cost: Cost, resource: Resource | None) -> Cost:
    """The cost of a resource as it goes on: what is off pays for itself no more."""
    if (
        isinstance(resource, Asset)
        and resource.kind in _BY_THE_HOUR
        and resource.purchase_model != SUBSCRIPTION
    ):
        off = {part.component for part in resource.parts if part.quantity == 0}
        return replace(
            cost, components={name: money for name, money in cost.components.items() if name not in off}
        )
    if not isinstance(resource, Instance):
        return cost
    if resource.state != "running" and not costs_while_off(resource):
        rest = {name: amount for name, amount in cost.components.items() if name not in RUNNING}
        return replace(cost, components=rest)
    young = resource.launched_at and cost.window_start and resource.launched_at > cost.window_start
    if young and not cost.note:
        return replace(cost, note="it is younger than the window of the bill, so a whole month costs more")
    return cost
