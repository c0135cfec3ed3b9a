"""Netting: of all findings the consistent set that saves the most together, and what each of them adds to it.

Findings that share a cell of cost either exclude each other or follow one another, each acting on what the ones
before it left. The search is exact: a finding is taken or left out, what it excludes falls away, and what is no longer
linked is solved apart, so that a parent with hundreds of children takes no longer than they do. Branches that cannot
beat the best known set are not entered.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from finops.savings.actions import Cell, Effect, Stage, go_together

_ZERO = Decimal(0)
_ONE = Decimal(1)
# Far beyond what groups of real findings need; a group that needs more is told to be unproven.
_MOST_STEPS = 50_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of one finding.

    `taken` is what it takes from each cell when it is counted, exact, after the findings of `follows` have acted.
    One that is not counted is `superseded_by` another, where another stands in its way. Findings that touch the same
    cost are of one `group`; `proven` unless the group was too entangled to be searched whole.
    """

    counted: bool
    superseded_by: str | None = None
    group: str | None = None
    proven: bool = True
    follows: tuple[str, ...] = ()
    taken: Mapping[Cell, Decimal] = field(default_factory=dict, compare=False)

    @property
    def saved(self) -> Decimal:
        """What it adds to the total, exact."""
        return sum(self.taken.values(), _ZERO)


Shares = dict[Cell, Decimal]
_Found = tuple[Decimal, list[Effect]]


def choose(effects: Iterable[Effect], left: Mapping[Cell, Decimal] | None = None) -> dict[str, Choice]:
    """The choice for every effect, by id; independent of their order, ties go to the smaller id.

    `left` are the shares of cells that something else has left over already.
    """
    ordered = sorted(effects, key=lambda one: one.id)
    shares: Shares = dict(left or {})
    choices: dict[str, Choice] = {}
    for group in linked(ordered):
        search = _Search(shares)
        choices |= _told(group, search.best(group), shares, proven=search.proven)
    return choices


def among(effects: Iterable[Effect], ids: Collection[str]) -> list[Effect]:
    """Those of these ids, as if there were no others."""
    return [
        replace(
            one,
            after={name: shares for name, shares in one.after.items() if name in ids},
            never_with=frozenset(name for name in one.never_with if name in ids),
        )
        for one in effects
        if one.id in ids
    ]


def shares_left(effects: Iterable[Effect], choices: Mapping[str, Choice]) -> Shares:
    """The share of each touched cell that is left when every counted finding has been acted upon."""
    counted = [one for one in effects if choices[one.id].counted]
    shares: Shares = {}
    for one in sorted(counted, key=_turn):
        shares = _after(one, shares, {other.id for other in counted})
    return shares


def _turn(one: Effect) -> tuple[Stage, str]:
    return (one.stage, one.id)


# --- what one finding does to what is left ----------------------------------------------------------------


def _left(one: Effect, cell: Cell, done: Iterable[str]) -> Decimal:
    """The share of a cell that it leaves after what has been done."""
    for earlier in sorted(one.after.keys() & set(done)):
        return one.after[earlier].get(cell, one.left[cell])
    return one.left[cell]


def _taken(one: Effect, shares: Mapping[Cell, Decimal], done: Iterable[str]) -> dict[Cell, Decimal]:
    return {
        cell: cost * shares.get(cell, _ONE) * (_ONE - _left(one, cell, done))
        for cell, cost in one.before.items()
    }


def _after(one: Effect, shares: Mapping[Cell, Decimal], done: Iterable[str]) -> Shares:
    new = dict(shares)
    for cell in one.before:
        new[cell] = new.get(cell, _ONE) * _left(one, cell, done)
    return new


# --- links ------------------------------------------------------------------------------------------------


def linked(effects: Sequence[Effect]) -> list[list[Effect]]:
    """Groups of effects that share cells, exclude or follow each other, directly or over others."""
    by_id = {one.id: one for one in effects}
    owners: dict[Cell, list[Effect]] = defaultdict(list)
    tied: dict[str, set[str]] = defaultdict(set)
    for one in effects:
        for cell in one.before:
            owners[cell].append(one)
        for other in (one.never_with | one.after.keys()) & by_id.keys():
            tied[one.id].add(other)
            tied[other].add(one.id)
    seen: set[str] = set()
    groups = []
    for start in effects:
        if start.id in seen:
            continue
        seen.add(start.id)
        group, queue = [], [start]
        while queue:
            one = queue.pop()
            group.append(one)
            near = {other.id: other for cell in one.before for other in owners[cell]}
            for name in sorted((near.keys() | tied[one.id]) - seen):
                seen.add(name)
                queue.append(by_id[name])
        groups.append(sorted(group, key=lambda one: one.id))
    return groups


# --- the search -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Search:
    """Branch and bound over one group; `proven` tells whether the set found is known to be the best."""

    shares: Shares
    steps: int = 0

    @property
    def proven(self) -> bool:
        return self.steps <= _MOST_STEPS

    def best(self, effects: Sequence[Effect]) -> list[Effect]:
        """The effects of the best set."""
        return self._parts(_undominated(effects, self.shares), self.shares, ())[1]

    def _parts(self, effects: Sequence[Effect], shares: Shares, done: tuple[str, ...]) -> _Found:
        """The best of each part that is linked by itself, together."""
        value, chosen = _ZERO, []
        for part in linked(effects):
            more, some = self._part(part, shares, done)
            value += more
            chosen += some
        return value, chosen

    def _part(self, effects: Sequence[Effect], shares: Shares, done: tuple[str, ...]) -> _Found:
        self.steps += 1
        first = min(effects, key=_Order(effects, shares))
        rest = [one for one in effects if one is not first]
        gain = sum(_taken(first, shares, done).values(), _ZERO)
        friends = [one for one in rest if go_together(first, one)]
        more, chosen = self._parts(friends, _after(first, shares, done), (*done, first.id))
        taken = (gain + more, [first, *chosen])
        if taken[0] >= _at_most(rest, shares) or not self.proven:
            return taken
        without = self._parts(rest, shares, done)
        return without if without[0] > taken[0] else taken


class _Order:
    """What is decided next: what touches the most others, then the larger saving, then the smaller id.

    What acts differently after something else waits until that is decided.
    """

    def __init__(self, effects: Sequence[Effect], shares: Shares) -> None:
        self._shares = shares
        self._ids = {one.id for one in effects}
        self._owners: dict[Cell, int] = defaultdict(int)
        for one in effects:
            for cell in one.before:
                self._owners[cell] += 1

    def __call__(self, one: Effect) -> tuple[bool, int, Decimal, str]:
        meets = sum(self._owners.get(cell, 1) - 1 for cell in one.before)
        waits = not self._ids.isdisjoint(one.after)
        return (waits, -meets, -sum(_taken(one, self._shares, ()).values(), _ZERO), one.id)


def _at_most(effects: Sequence[Effect], shares: Shares) -> Decimal:
    """More than no set of these can save: of every cell the best of each stage, one after the other."""
    lowest: dict[Cell, dict[Stage, Decimal]] = defaultdict(dict)
    costs: dict[Cell, Decimal] = defaultdict(Decimal)
    refunds = _ZERO
    for one in effects:
        for cell, cost in one.before.items():
            lefts = [one.left[cell], *(other[cell] for other in one.after.values() if cell in other)]
            stages = lowest[cell]
            stages[one.stage] = min(_ONE, stages.get(one.stage, _ONE), *lefts)
            costs[cell] = max(costs[cell], cost)
            if cost < 0:  # a refund: what makes it smaller saves
                refunds += max(_ZERO, *(cost * shares.get(cell, _ONE) * (_ONE - left) for left in lefts))
    total = refunds
    for cell, stages in lowest.items():
        left = _ONE
        for stage, share in stages.items():
            left = left * share if stage != Stage.REMOVE else left
        total += costs[cell] * shares.get(cell, _ONE) * (_ONE - min(left, stages.get(Stage.REMOVE, _ONE)))
    return total


def _undominated(effects: Sequence[Effect], shares: Shares) -> list[Effect]:
    """Without removals of the same cells of which another one saves as much or more."""
    barred = {name for one in effects for name in one.never_with} | {
        one.id for one in effects if one.never_with
    }
    best: set[frozenset[Cell]] = set()
    kept = []
    for one in sorted(effects, key=_Order((), shares)):
        cells = frozenset(one.before)
        if one.stage == Stage.REMOVE and one.id not in barred:
            if cells in best:
                continue
            best.add(cells)
        kept.append(one)
    return kept


# --- what is told -----------------------------------------------------------------------------------------


def _told(
    group: Sequence[Effect], chosen: Sequence[Effect], shares: Shares, *, proven: bool
) -> dict[str, Choice]:
    name = hashlib.sha256("|".join(one.id for one in group).encode()).hexdigest()[:12]
    label = name if len(group) > 1 else None
    choices: dict[str, Choice] = {}
    done: list[Effect] = []
    for one in sorted(chosen, key=_turn):
        ids = [other.id for other in done]
        earlier = tuple(other.id for other in done if not other.before.keys().isdisjoint(one.before.keys()))
        choices[one.id] = Choice(True, None, label, proven, earlier, _taken(one, shares, ids))
        shares = _after(one, shares, ids)
        done.append(one)
    for one in group:
        if one.id not in choices:
            choices[one.id] = Choice(False, _beaten_by(one, done, choices), label, proven)
    return choices


def _beaten_by(one: Effect, winners: Sequence[Effect], choices: Mapping[str, Choice]) -> str | None:
    near = [other for other in winners if not go_together(one, other)]
    near = near or [other for other in winners if not other.before.keys().isdisjoint(one.before.keys())]
    return min(near, key=lambda other: (-choices[other.id].saved, other.id)).id if near else None
