"""The promises of the arithmetic, checked in every run: what is saved is never more than what is spent."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from finops.errors import InvariantError
from finops.money import CENT
from finops.savings.actions import Cell
from finops.savings.costs import AccountCost
from finops.savings.priced import (
    Priced,
    account_limits,
    by_account,
    by_resource,
    net_of,
    portions,
    purchases,
)

_ZERO = Decimal(0)
_NOISE = Decimal("1e-15")  # what divisions of 28 digits leave


def check(priced: Sequence[Priced], accounts: Iterable[AccountCost]) -> None:
    """Raises InvariantError, naming the resource or account, when a promise is broken:

    net ≤ cost for every resource; the sum of nets ≤ cost for every account; of no cell of cost is more taken than it
    costs; every amount is whole cents.
    """
    _whole_cents(priced)
    _cells_once(priced)
    for (key, currency), group in by_resource(priced).items():
        most = max(Decimal("0.00"), *(one.monthly_cost or Decimal(0) for one in group))
        _at_most(net_of(group), most, f"resource {key.resource_id}", currency)
    limits = account_limits(accounts)
    spent = {place: net_of(group) for place, group in by_account(priced).items()}
    for one in purchases(priced):
        for place, part in portions(one, one.net_savings or _ZERO).items():
            spent[place] = spent.get(place, _ZERO) + part
    for place, net in spent.items():
        _at_most(net, limits.get(place, Decimal("0.00")), f"account {place[1]}", place[2])


def _at_most(net: Decimal, cost: Decimal, what: str, currency: str) -> None:
    if net > cost:
        raise InvariantError(
            f"The net savings of {what} ({net} {currency}) are more than it costs ({cost} {currency})."
        )


def _cells_once(priced: Iterable[Priced]) -> None:
    """Of no cell is more taken than it costs, by however many findings."""
    costs: dict[Cell, Decimal] = {}
    takers: dict[Cell, list[Priced]] = defaultdict(list)
    for one in priced:
        for cell in one.before if one.choice.counted else ():
            costs[cell] = max(costs.get(cell, _ZERO), one.before[cell])
            takers[cell].append(one)
    for cell, counted in takers.items():
        taken = sum((one.choice.taken.get(cell, _ZERO) for one in counted), _ZERO)
        if taken > costs[cell] + _NOISE:
            ids = " and ".join(one.id for one in counted)
            raise InvariantError(f"{cell} is counted by the findings {ids}, which take more than it costs.")


def _whole_cents(priced: Iterable[Priced]) -> None:
    for one in priced:
        for amount in (one.monthly_cost, one.monthly_savings, one.net_savings):
            if amount is not None and amount != amount.quantize(CENT):
                raise InvariantError(f"The amount {amount} of finding {one.id} is not whole cents.")
