"""Which findings count: alternatives on the same money exclude each other, the best consistent set wins.

Every finding changes cells, a cell being one charge component of one resource; a parent's action reaches its
children's cells. Two findings that share a cell are alternatives, so at most one of them counts. Within each
group of findings linked by shared cells the set with the largest sum is chosen: exactly by search in groups of
up to 16, and greedily by amount above that.
"""

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

_EXACT_UP_TO = 16


@dataclass(frozen=True, slots=True)
class Choice:
    """What became of one finding: counted, or superseded by another; its group when it had rivals."""

    counted: bool
    superseded_by: str | None = None
    group: str | None = None


def choose(savings: Mapping[str, Decimal], cells: Mapping[str, frozenset[Hashable]]) -> dict[str, Choice]:
    """The choice for every finding id of `savings`, given the cells each one changes.

    Independent of the order of the mappings; ties go to the smaller id.
    """
    rivals = _rivals(savings, cells)
    choices: dict[str, Choice] = {}
    for group in _groups(rivals):
        if len(group) == 1:
            choices[group[0]] = Choice(counted=True)
            continue
        name = hashlib.sha256("|".join(group).encode()).hexdigest()[:12]
        winners = _best(group, savings, rivals)
        for finding in group:
            choices[finding] = (
                Choice(counted=True, group=name)
                if finding in winners
                else Choice(False, _beaten_by(finding, winners, savings, rivals), name)
            )
    return choices


def _rivals(savings: Mapping[str, Decimal], cells: Mapping[str, frozenset[Hashable]]) -> dict[str, set[str]]:
    owners: dict[Hashable, list[str]] = defaultdict(list)
    for finding in sorted(savings):
        for cell in cells[finding]:
            owners[cell].append(finding)
    rivals: dict[str, set[str]] = {finding: set() for finding in sorted(savings)}
    for sharing in owners.values():
        for finding in sharing:
            rivals[finding].update(other for other in sharing if other != finding)
    return rivals


def _groups(rivals: Mapping[str, set[str]]) -> list[list[str]]:
    seen: set[str] = set()
    groups = []
    for start in rivals:
        if start in seen:
            continue
        group, queue = [], [start]
        seen.add(start)
        while queue:
            finding = queue.pop()
            group.append(finding)
            for rival in rivals[finding] - seen:
                seen.add(rival)
                queue.append(rival)
        groups.append(sorted(group))
    return groups


def _best(group: Sequence[str], savings: Mapping[str, Decimal], rivals: Mapping[str, set[str]]) -> set[str]:
    ordered = sorted(group, key=lambda finding: (-savings[finding], finding))
    return _greedy(ordered, rivals) if len(group) > _EXACT_UP_TO else _exact(ordered, savings, rivals)


def _greedy(ordered: Sequence[str], rivals: Mapping[str, set[str]]) -> set[str]:
    chosen: set[str] = set()
    for finding in ordered:
        if not rivals[finding] & chosen:
            chosen.add(finding)
    return chosen


def _exact(
    ordered: Sequence[str], savings: Mapping[str, Decimal], rivals: Mapping[str, set[str]]
) -> set[str]:
    """Branch and bound over the findings, largest first; keeps the first of equally good sets."""
    rest = [sum((savings[finding] for finding in ordered[i:]), Decimal(0)) for i in range(len(ordered) + 1)]
    best: tuple[Decimal, int, set[str]] = (Decimal(-1), 0, set())

    def search(i: int, chosen: set[str], value: Decimal) -> None:
        nonlocal best
        if value + rest[i] < best[0]:
            return
        if i == len(ordered):
            if (value, len(chosen)) > best[:2]:
                best = (value, len(chosen), set(chosen))
            return
        finding = ordered[i]
        if not rivals[finding] & chosen:
            search(i + 1, chosen | {finding}, value + savings[finding])
        search(i + 1, chosen, value)

    search(0, set(), Decimal(0))
    return best[2]


def _beaten_by(
    finding: str, winners: set[str], savings: Mapping[str, Decimal], rivals: Mapping[str, set[str]]
) -> str | None:
    mine = rivals[finding] & winners
    return min(mine, key=lambda winner: (-savings[winner], winner)) if mine else None
