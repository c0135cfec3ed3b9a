"""What an action does to money: the share that it leaves of each piece of cost, and with what it goes together.

Actions come in stages. What is removed needs nothing else. What stays can run fewer hours, then on a smaller size,
then at a lower rate: one action of each of these stages may follow another, and each acts on what the ones before it
left, so that shares multiply and are never added.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from finops.model import Action as Verb
from finops.verdicts import Key, Verdict


class Cell(NamedTuple):
    """One charge component of one resource: the smallest piece of cost that an action changes."""

    key: Key
    component: str


class Stage(IntEnum):
    """The order in which actions on one piece of cost take effect; a removal excludes all others."""

    REMOVE = 0
    SCHEDULE = 1
    SIZE = 2
    RATE = 3


_STAGES: Mapping[Verb, Stage] = {
    "terminate": Stage.REMOVE,
    "stop": Stage.REMOVE,
    "delete": Stage.REMOVE,
    "release": Stage.REMOVE,
    "move": Stage.REMOVE,
    "schedule": Stage.SCHEDULE,
    "resize": Stage.SIZE,
    "change-type": Stage.SIZE,
    "spot": Stage.RATE,
    "buy": Stage.RATE,
}
GROUP = "scaling_group"


def stage_of(verdict: Verdict) -> Stage:
    """The stage of what a verdict proposes.

    A smaller group runs fewer machine hours; a move to another region is another rate for the same machine, while
    other moves do away with the traffic they are about.
    """
    if verdict.action == "resize" and verdict.resource_type == GROUP:
        return Stage.SCHEDULE
    if verdict.action == "move" and verdict.proposed.get("region"):
        return Stage.RATE
    return _STAGES[verdict.action]


@dataclass(frozen=True, slots=True)
class Effect:
    """What one finding would do to the cells of cost it changes.

    `before` is what each cell costs, `left` the share of it that remains (0 removes it, above 1 it grows). `after`
    has other shares for when the action of that id comes first; `never_with` are ids that exclude it.
    """

    id: str
    stage: Stage
    before: Mapping[Cell, Decimal]
    left: Mapping[Cell, Decimal]
    after: Mapping[str, Mapping[Cell, Decimal]] = field(default_factory=dict)
    never_with: frozenset[str] = frozenset()

    @property
    def saving(self) -> Decimal:
        """What it saves alone."""
        return sum((cost * (1 - self.left[cell]) for cell, cost in self.before.items()), Decimal(0))


def go_together(one: Effect, other: Effect) -> bool:
    """Whether both can be done: they touch different cells, or follow each other on the same ones."""
    if other.id in one.never_with or one.id in other.never_with:
        return False
    if one.before.keys().isdisjoint(other.before.keys()):
        return True
    return one.stage != other.stage and Stage.REMOVE not in (one.stage, other.stage)
