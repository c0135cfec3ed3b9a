"""What to ship with each finding so that a reader's choice of findings can be netted anew, exactly.

A finding that is alone on its cost, and that no limit could bring down, needs nothing: it saves the same among any.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from finops.money import cents
from finops.overlap_model import Absorbed, Buyer, Overlap, Piece
from finops.savings.actions import Cell, Effect, Stage
from finops.savings.costs import AccountCost, Place
from finops.savings.netting import linked
from finops.savings.priced import Priced, account_limits, by_account, by_resource
from finops.savings.settling import unnamed_costs
from finops.verdicts import Key

if TYPE_CHECKING:
    from finops.commitments import PoolKey

_ZERO = Decimal("0.00")
_STAGES: Mapping[Stage, Any] = {
    Stage.REMOVE: "remove",
    Stage.SCHEDULE: "schedule",
    Stage.SIZE: "size",
    Stage.RATE: "rate",
}

Caps = Mapping["PoolKey", Decimal]
_Name = TypeVar("_Name", bound=tuple[Any, ...])


def overlaps(
    priced: Sequence[Priced], effects: Iterable[Effect], accounts: Sequence[AccountCost], caps: Caps
) -> dict[str, Overlap]:
    """By finding id, of settled findings. `effects` are those on usage, `caps` what other usage could absorb of each
    held commitment."""
    known = {one.id: one for one in effects}
    for one in priced:
        if one.accounts is not None and one.left is not None:
            known[one.id] = Effect(one.id, Stage.RATE, one.before, one.left)
    names = _meeting(priced, known, accounts)
    told = [one for one in priced if one.id in names and one.id in known]
    shipping = _Shipping(told, known, account_limits(accounts), caps)
    return {one.id: shipping.overlap(one) for one in told}


# --- who meets whom ---------------------------------------------------------------------------------------


def _meeting(
    priced: Sequence[Priced], effects: Mapping[str, Effect], accounts: Sequence[AccountCost]
) -> set[str]:
    """The findings whose net saving depends on which others there are."""
    pending = [one for one in priced if one.verdict.exemption is None]
    groups = linked([effects[one.id] for one in pending if one.id in effects])
    names = {one.id for group in groups if len(group) > 1 for one in group}
    names |= {one.id for one in pending if one.paid or one.accounts is not None}
    waiting = {one.id for one in pending}
    for some in by_resource(priced).values():
        ids = {one.id for one in some}
        names |= ids if len(ids) > 1 and ids & waiting else set()
    return names | _limited(pending, accounts)


def _limited(pending: Sequence[Priced], accounts: Sequence[AccountCost]) -> set[str]:
    """Those of accounts whose cost, or its part without names, is less than all their savings alone."""
    limits, unnamed = account_limits(accounts), unnamed_costs(accounts)
    names: set[str] = set()
    for place, group in by_account(pending).items():
        alone = {one.id: _alone(one) for one in group}
        listed = sum((alone[one.id] for one in group if one.listed), _ZERO)
        if sum(alone.values(), _ZERO) > limits.get(place, _ZERO) or listed > unnamed.get(place, listed):
            names |= alone.keys()
    return names


def _alone(one: Priced) -> Decimal:
    return max(_ZERO, cents(one.saving or _ZERO))


# --- what is shipped --------------------------------------------------------------------------------------


class _Shipping:
    """Numbers for what has a name, in the order of the names, so that the order of sums is the same at both ends."""

    def __init__(
        self,
        told: Sequence[Priced],
        effects: Mapping[str, Effect],
        limits: Mapping[Place, Decimal],
        caps: Caps,
    ) -> None:
        self._effects, self._limits, self._caps = effects, limits, caps
        self._pieces = _numbered(cell for one in told for cell in one.before)
        self._resources = _numbered(_resource(one) for one in told)
        self._commitments = _numbered(
            pool for one in told for paid in one.paid.values() for pool in paid.stay.pools
        )

    def overlap(self, one: Priced) -> Overlap:
        effect = self._effects[one.id]
        return Overlap(
            resource=self._resources[_resource(one)],
            stage=_STAGES[effect.stage],
            pieces=[self._piece(one, cell) for cell in effect.before],
            after={name: self._shares(effect.after[name]) for name in sorted(effect.after)},
            never_with=sorted(effect.never_with),
            confidence=one.sure,
            accounts=self._buyers(one),
        )

    def _shares(self, shares: Mapping[Cell, Decimal]) -> dict[int, Decimal]:
        return {self._pieces[cell]: share for cell, share in sorted(shares.items())}

    def _piece(self, one: Priced, cell: Cell) -> Piece:
        paid = one.paid.get(cell)
        pools = paid.stay.pools if paid else {}
        return Piece(
            piece=self._pieces[cell],
            cost=one.before[cell],
            left=(one.left or {})[cell],
            listed=cell in one.listed,
            gone=paid.gone if paid else None,
            absorbed=[
                Absorbed(commitment=self._commitments[pool], cost=cost, most=self._caps.get(pool, _ZERO))
                for pool, cost in pools.items()
            ],
        )

    def _buyers(self, one: Priced) -> dict[str, Buyer] | None:
        if one.accounts is None:
            return None
        cloud, _, currency = one.place
        return {
            name: Buyer(share=share, monthly_cost=self._limits.get((cloud, name, currency)))
            for name, share in sorted(one.accounts.items())
        }


def _resource(one: Priced) -> tuple[Key, str]:
    return (one.verdict.key, one.currency or "")


def _numbered(names: Iterable[_Name]) -> dict[_Name, int]:
    return {name: number for number, name in enumerate(sorted(set(names)), start=1)}
