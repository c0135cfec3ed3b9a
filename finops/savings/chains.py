"""From priced findings to what netting chooses among: stages, what each leaves, and what it does after another."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import prod

from finops.savings.actions import GROUP, Cell, Effect, Stage, stage_of
from finops.savings.costs import CostBook
from finops.savings.priced import Priced
from finops.savings.rates import spot_month


def effects(priced: Sequence[Priced], book: CostBook) -> list[Effect]:
    """One effect for each finding whose price is known; findings of one resource know of each other."""
    known = [one for one in priced if one.left is not None]
    by_resource: dict[object, list[Priced]] = defaultdict(list)
    for one in known:
        by_resource[one.verdict.key].append(one)
    sizes = _sizes_by_cell(known)
    return [_effect(one, by_resource[one.verdict.key], sizes, book) for one in known]


def _sizes_by_cell(known: Sequence[Priced]) -> dict[Cell, list[str]]:
    """By piece of cost, the findings that would make its machine smaller."""
    found: dict[Cell, list[str]] = defaultdict(list)
    for one in known:
        if one.verdict.action == "resize" and one.verdict.resource_type != GROUP:
            for cell in one.before:
                found[cell].append(one.id)
    return found


def _same_slack(one: Priced, sizes: Mapping[Cell, list[str]]) -> set[str]:
    """What a smaller group excludes: smaller machines in it, as each alone takes the slack that both have seen."""
    if one.verdict.resource_type != GROUP or one.verdict.action != "resize":
        return set()
    return {name for cell in one.before for name in sizes.get(cell, ())}


def _effect(one: Priced, beside: Sequence[Priced], sizes: Mapping[Cell, list[str]], book: CostBook) -> Effect:
    stage = stage_of(one.verdict)
    after: dict[str, Mapping[Cell, Decimal]] = {}
    never = {other.id for other in beside if _excluded(one, other)}
    never |= _same_slack(one, sizes)
    if one.verdict.action == "spot":
        for other in beside:
            if stage_of(other.verdict) != Stage.SIZE:
                continue
            left = None if one.paid else _spot_of_the_new_size(one, other, book)
            if left is None:
                never.add(other.id)
            else:
                after[other.id] = dict.fromkeys(one.before, left)
    return Effect(one.id, stage, one.before, one.left or {}, after, frozenset(never))


def accepted(priced: Sequence[Priced]) -> Iterator[tuple[str, str, str, str, float, str, str | None]]:
    """Rows of what the counted findings leave: resource, component, share left, actions, and the type it becomes."""
    counted = [one for one in priced if one.choice.counted]
    by_cell: dict[Cell, list[Priced]] = defaultdict(list)
    for one in counted:
        for cell in one.before:
            by_cell[cell].append(one)
    for cell, mine in sorted(by_cell.items()):
        left = prod((_use_left(one, cell) for one in mine), start=Decimal(1))
        types = [
            one.verdict.proposed.get("instance_type")
            for one in mine
            if one.verdict.resource_type == "instance" and stage_of(one.verdict) == Stage.SIZE
        ]
        actions = ",".join(sorted({one.verdict.action for one in mine}))
        yield (*cell.key, cell.component, float(left), actions, next(iter(types), None))


def _use_left(one: Priced, cell: Cell) -> Decimal:
    """The share of its use that is left, whatever held commitments keep costing of the rest."""
    if cell in one.paid:
        return 1 - one.paid[cell].gone
    if one.verdict.action == "move":
        return Decimal(0)  # it goes on elsewhere, where other commitments count
    return min(Decimal(1), (one.left or {}).get(cell, Decimal(1)))


def _excluded(one: Priced, other: Priced) -> bool:
    """Whether a rule says that its findings and the other's exclude each other on one resource."""
    mine, theirs = one.verdict.rule, other.verdict.rule
    return theirs.id in mine.excludes or mine.id in theirs.excludes


def _spot_of_the_new_size(spot: Priced, size: Priced, book: CostBook) -> Decimal | None:
    """The share that the spot price of the new size is of what the new size costs; None when it is not known.

    The spot price of another size is another price: half the size is not half of it. Of a machine that a commitment
    covers the two are alternatives, as that stays paid beside either.
    """
    new_type = size.verdict.proposed.get("instance_type")
    month = spot_month(spot.verdict, str(new_type), book)
    left = size.left or {}
    cost = sum((amount * left.get(cell, Decimal(1)) for cell, amount in spot.before.items()), Decimal(0))
    if isinstance(month, str) or month.currency != spot.currency or cost <= 0:
        return None
    return month.value / cost
