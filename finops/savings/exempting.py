"""What accepted findings waste: on the cost that counted findings leave over, each piece of it once.

An exempt finding counts in no saving and takes no other finding's place. It is priced all the same: its gross
saving as if it stood alone, its waste on what is left after all counted actions.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from finops.errors import InvariantError
from finops.money import cents
from finops.savings.actions import Cell, Effect, go_together
from finops.savings.chains import effects
from finops.savings.costs import AccountCost, CostBook, Place
from finops.savings.netting import Choice, choose, shares_left
from finops.savings.priced import Priced, account_limits, by_resource, net_of, portions
from finops.savings.settling import settle
from finops.verdicts import Key

_ZERO = Decimal("0.00")
_ONE = Decimal(1)


def pending(priced: Sequence[Priced]) -> list[Priced]:
    """The findings that nobody has accepted: those that are netted."""
    return [one for one in priced if one.verdict.exemption is None]


def price_waste(priced: Sequence[Priced], book: CostBook) -> None:
    """Sets `waste` of the exempt findings; the others are netted and settled already, and stay as they are.

    Raises InvariantError when savings and waste of an account together are more than it costs.
    """
    exempt = [one for one in priced if one.verdict.exemption is not None]
    if not exempt:
        return
    counted = pending(priced)
    spent = _by_place((one, one.net_savings) for one in counted)
    saved = {key: net_of(group) for key, group in by_resource(counted).items()}
    choices = _choices(priced, book)
    shadows = [_on_the_rest(one, choices, saved) for one in exempt]
    settle(shadows, [_less(account, spent) for account in book.accounts])
    for one, shadow in zip(exempt, shadows, strict=True):
        one.waste = shadow.net_savings
        one.confidence, one.reasons = shadow.confidence, shadow.reasons
    _check(exempt, book.accounts, spent)


def _by_place(amounts: Iterable[tuple[Priced, Decimal | None]]) -> dict[Place, Decimal]:
    """Amounts of findings by account, those of purchases split over the accounts that they cover."""
    sums: dict[Place, Decimal] = defaultdict(Decimal)
    for one, amount in amounts:
        if amount is not None:
            parts = {one.place: amount} if one.accounts is None else portions(one, amount)
            for place, part in parts.items():
                sums[place] += part
    return sums


def _choices(priced: Sequence[Priced], book: CostBook) -> dict[str, Choice]:
    """Which exempt findings count as waste, on the shares of cost that counted ones leave."""
    known = {one.id: one for one in priced}
    all_of_them = effects(priced, book)
    counted = [one for one in all_of_them if known[one.id].choice.counted]
    exempt = [one for one in all_of_them if known[one.id].verdict.exemption is not None]
    left = shares_left(counted, {one.id: known[one.id].choice for one in counted})
    bought = _after_purchases(priced, book.accounts)
    for one in exempt:
        for cell in one.before if known[one.id].accounts is None else ():
            place = (cell.key.cloud, cell.key.account_id, known[one.id].currency or "")
            left[cell] = left.get(cell, _ONE) * bought.get(place, _ONE)
    return choose(_beyond(exempt, counted), left)


def _after_purchases(priced: Sequence[Priced], accounts: Sequence[AccountCost]) -> dict[Place, Decimal]:
    """The share of an account's cost that counted purchases leave: which of its machines they cover changes by the
    hour, so what they save is taken from all that the account still costs alike."""
    counted = pending(priced)
    bought = _by_place((one, one.net_savings) for one in counted if one.accounts is not None)
    saved = _by_place((one, one.net_savings) for one in counted if one.accounts is None)
    limits = account_limits(accounts)
    rest = {place: limits.get(place, _ZERO) - saved.get(place, _ZERO) for place in bought}
    return {
        place: 1 - min(_ONE, part / rest[place]) if rest[place] > 0 else _ZERO
        for place, part in bought.items()
    }


def _beyond(exempt: Sequence[Effect], counted: Sequence[Effect]) -> list[Effect]:
    """The effects after the counted ones: beside an alternative that counts, what one takes beyond it."""
    by_id = {one.id: one for one in counted}
    owners: dict[Cell, list[str]] = defaultdict(list)
    for one in counted:
        for cell in one.before:
            owners[cell].append(one.id)
    beyond = []
    for one in exempt:
        near = {name for cell in one.before for name in owners.get(cell, ())} | (
            one.after.keys() & by_id.keys()
        )
        beyond.append(_after(one, [by_id[name] for name in sorted(near)]))
    return beyond


def _after(one: Effect, counted: Sequence[Effect]) -> Effect:
    left: dict[Cell, Decimal] = dict(one.left)
    for other in counted:
        left.update(one.after.get(other.id, {}))
        if not go_together(one, other):
            shared = one.before.keys() & other.before.keys()
            left.update({cell: _share(one.left[cell], other.left[cell]) for cell in shared})
    return replace(one, left=left)


def _share(mine: Decimal, theirs: Decimal) -> Decimal:
    """What an action leaves of what an alternative to it has left."""
    return min(_ONE, mine / theirs) if theirs > 0 else _ONE


def _on_the_rest(
    one: Priced, choices: Mapping[str, Choice], saved: Mapping[tuple[Key, str], Decimal]
) -> Priced:
    """A copy as if counted actions were done: it costs what they leave, and counts as the choice says."""
    cost = one.monthly_cost
    if cost is not None:
        cost = max(_ZERO, cost - saved.get((one.verdict.key, one.currency or ""), _ZERO))
    choice = choices.get(one.id, Choice(counted=False))
    return replace(one, choice=choice, monthly_cost=cost, reasons=list(one.reasons))


def _less(account: AccountCost, spent: Mapping[Place, Decimal]) -> AccountCost:
    """The account without what counted findings save of it, so that waste fits into the rest."""
    net = spent.get((account.cloud, account.account_id, account.currency), _ZERO)
    return replace(account, total=cents(account.total) - net, unnamed=max(_ZERO, account.unnamed - net))


def _check(exempt: Sequence[Priced], accounts: Sequence[AccountCost], spent: Mapping[Place, Decimal]) -> None:
    limits = account_limits(accounts)
    for place, amount in _by_place((one, one.waste) for one in exempt).items():
        if amount + spent.get(place, _ZERO) > limits.get(place, _ZERO):
            raise InvariantError(
                f"Savings and accepted waste of account {place[1]} are more than it costs, in {place[2]}."
            )
