"""The last step: cents, and limits that no promise may pass.

Net savings of a resource stay within what it costs, those of an account within what the account costs. Where
prices come from the list although the account has a bill, they count only as far as the bill has costs that name no
resource. What is cut is said on the finding.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal

from finops.money import CENT, cents
from finops.savings.costs import AccountCost, Place
from finops.savings.priced import (
    Priced,
    account_limits,
    by_account,
    by_resource,
    net_of,
    portions,
    purchases,
)

_ZERO = Decimal("0.00")
_ORDER = {"low": 0, "medium": 1, "high": 2}
_NOT_ON_THE_BILL = "the bill does not hold these costs, so the total counts only what it could hold"
_REFUNDS = (
    "the bill holds refunds or discounts beside these costs, and no more than what remains can be saved"
)


def settle(priced: Sequence[Priced], accounts: Iterable[AccountCost]) -> None:
    """Rounds to the cent and brings the net savings down to the limits."""
    accounts = list(accounts)
    for one in priced:
        _round(one)
    unnamed = unnamed_costs(accounts)
    limits = account_limits(accounts)
    for group in by_resource(priced).values():
        most = max((one.monthly_cost or _ZERO for one in group), default=_ZERO)
        _bring_down(group, max(most, _ZERO), _REFUNDS)
    for place, group in by_account(priced).items():
        if place in unnamed:
            _bring_down(group, unnamed[place], _NOT_ON_THE_BILL, _listed)
        _bring_down(group, limits.get(place, _ZERO), _REFUNDS)
    _fit_purchases(priced, limits)


def _fit_purchases(priced: Sequence[Priced], limits: Mapping[Place, Decimal]) -> None:
    """Brings each purchase down to what the accounts whose usage it covers still cost after everything before it."""
    spent: dict[Place, Decimal] = {place: net_of(group) for place, group in by_account(priced).items()}
    for one in purchases(priced):
        net = _net(one)
        for place, part in portions(one, net).items():
            room = max(_ZERO, limits.get(place, _ZERO) - spent.get(place, _ZERO))
            if part > room:
                net = min(net, (net * room / part).quantize(CENT, rounding=ROUND_DOWN))
        if net < _net(one):
            one.net_savings = net
            one.confidence = "low"
            one.reasons.append(_REFUNDS)
        for place, part in portions(one, net).items():
            spent[place] = spent.get(place, _ZERO) + part


def _round(one: Priced) -> None:
    saving = one.saving
    if saving is None:
        return
    one.monthly_savings = max(_ZERO, min(cents(saving), one.monthly_cost or _ZERO))
    net = one.monthly_savings if one.choice.saved == saving else cents(one.choice.saved)
    one.net_savings = max(_ZERO, min(net, one.monthly_savings)) if one.choice.counted else _ZERO


def _net(one: Priced) -> Decimal:
    return one.net_savings or _ZERO


def _listed(one: Priced) -> Decimal:
    """The part of the net saving that is priced from the list."""
    exact = sum((one.choice.taken.get(cell, _ZERO) for cell in one.before if cell in one.listed), _ZERO)
    return max(_ZERO, min(_net(one), cents(exact)))


def unnamed_costs(accounts: Iterable[AccountCost]) -> dict[Place, Decimal]:
    """What of each account's bill names no resource, to the cent; accounts without a bill are not in it."""
    return {
        (one.cloud, one.account_id, one.currency): cents(one.unnamed)
        for one in accounts
        if one.basis == "billed"
    }


def _bring_down(
    group: Sequence[Priced], limit: Decimal, reason: str, part: Callable[[Priced], Decimal] = _net
) -> None:
    """Takes what is above `limit` from that part of the findings: cents of rounding silently, more with the reason.

    Prices from the list give way first, then what is least sure, then the small.
    """
    excess = sum((part(one) for one in group), _ZERO) - limit
    if excess <= 0:
        return
    excess = _take_back_roundings(group, excess)
    for one in sorted(group, key=_gives_way):
        cut = min(excess, part(one))
        if cut > 0:
            one.net_savings = _net(one) - cut
            one.confidence = "low"
            one.reasons.append(reason)
            excess -= cut


def _gives_way(one: Priced) -> tuple[bool, int, Decimal, str]:
    return (one.basis != "list", _ORDER[one.confidence], _net(one), one.id)


def _take_back_roundings(group: Sequence[Priced], excess: Decimal) -> Decimal:
    """Takes single cents from the findings that were rounded up the most, when that is all there is to take."""
    rounded_up = sorted(
        (one for one in group if one.net_savings and one.net_savings > one.choice.saved),
        key=lambda one: (one.choice.saved - _net(one), one.id),
    )
    if excess > CENT * len(rounded_up):
        return excess
    for one in rounded_up:
        if excess <= 0:
            break
        whole = one.net_savings == one.monthly_savings
        one.net_savings = _net(one) - CENT
        one.monthly_savings = one.net_savings if whole else one.monthly_savings
        excess -= CENT
    return excess
