"""What held commitments keep costing when what they cover is removed, made smaller or bought as spot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from finops.money import shown
from finops.savings.actions import Cell
from finops.savings.priced import Priced
from finops.verdicts import Key

if TYPE_CHECKING:
    from finops.commitments import PoolKey, Stay

_ZERO, _ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True, slots=True)
class Paid:
    """Of one cell: the share of its use that goes, and what stays paid of its commitments if it goes alone."""

    gone: Decimal
    stay: "Stay"


class HeldPools(Protocol):
    """What tells of held commitments: Pools of a bill, or what a report keeps of them."""

    def stays_paid(self, key: Key, component: str, share: Decimal = ...) -> "Stay | None": ...

    def together(self, gone: Mapping[tuple[Key, str], Decimal]) -> dict[tuple[Key, str], Decimal]: ...

    def caps(self) -> "dict[PoolKey, Decimal]": ...


class Covered:
    """The held commitments of the bill, asked before and after netting."""

    def __init__(self, pools: HeldPools) -> None:
        self._pools = pools

    def keep_paid(self, one: Priced) -> None:
        """Adds to what a finding leaves what commitments keep costing, and says so with the numbers."""
        for cell in sorted(one.left or {}):
            paid = self._paid(one, cell)
            if paid is None or one.left is None:
                continue
            one.paid[cell] = paid
            cost = one.before[cell]
            stays = min(paid.stay.stays, cost * (_ONE - one.left[cell]))
            if stays > 0:
                one.left[cell] += stays / cost
                one.confidence = "low"
                one.reasons.append(paid.stay.sentence(cost))

    def share_out(self, priced: Sequence[Priced]) -> None:
        """Takes back what counted findings together claim of other usage that commitments could cover only once."""
        last: dict[tuple[Key, str], Priced] = {}
        gone: dict[tuple[Key, str], Decimal] = {}
        for one in sorted(priced, key=lambda one: (len(one.choice.follows), one.id)):
            for cell, paid in one.paid.items() if one.choice.counted else ():
                last[cell] = one
                gone[cell] = max(paid.gone, gone.get(cell, _ZERO))
        if len(gone) < 2:
            return
        for place, absorbed in self._pools.together(gone).items():
            cell, one = Cell(*place), last[place]
            alone = self._pools.stays_paid(*place, gone[place])
            short = min((alone.absorbed if alone else _ZERO) - absorbed, one.choice.taken.get(cell, _ZERO))
            if short > 0:
                taken = {**one.choice.taken, cell: one.choice.taken[cell] - short}
                one.choice = replace(one.choice, taken=taken)
                one.reasons.append(
                    f"{shown(short, one.currency)} less: together with the other actions more of the commitment "
                    "would be free than other usage can take"
                )

    def caps(self, priced: Sequence[Priced]) -> "dict[PoolKey, Decimal]":
        """What other usage could absorb of each commitment; empty where none covers anything of these findings."""
        return self._pools.caps() if any(one.paid for one in priced) else {}

    def _paid(self, one: Priced, cell: Cell) -> Paid | None:
        left = (one.left or {})[cell]
        gone = _ONE if one.verdict.action == "spot" else max(_ZERO, _ONE - left)
        if cell in one.listed or one.before[cell] <= 0 or gone <= 0:
            return None
        stay = self._pools.stays_paid(cell.key, cell.component, gone)
        return Paid(gone, stay) if stay and stay.currency == one.currency else None
