"""Netting: of findings that change the same money the best consistent set counts, each for what it adds to the rest."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops.savings.actions import Cell, Effect, Stage, go_together
from finops.savings.netting import Choice, choose, shares_left
from finops.verdicts import Key

CELLS = [Cell(Key("aws", "1", resource), part) for resource in "abcd" for part in ("compute", "storage")]
ZERO = Decimal(0)


@st.composite
def estates(draw: st.DrawFn, most: int) -> list[Effect]:
    """Findings on few cells of known cost, so that they meet: removals, schedules, sizes and rates."""
    costs = {cell: Decimal(draw(st.integers(-2, 12))) / 4 for cell in CELLS}
    ids = [f"f{i:02d}" for i in range(draw(st.integers(0, most)))]
    effects: list[Effect] = []
    for name in ids:
        stage = draw(st.sampled_from(Stage))
        touched = draw(st.lists(st.sampled_from(CELLS), min_size=1, max_size=4, unique=True))
        share = st.integers(0, 0 if stage is Stage.REMOVE else 5).map(lambda n: Decimal(n) / 4)
        left = {cell: draw(share) for cell in touched}
        earlier = [one.id for one in effects if one.stage < stage and one.stage != Stage.REMOVE]
        after = draw(st.sampled_from(earlier)) if earlier and draw(st.integers(0, 3)) == 0 else None
        never = draw(st.sampled_from(effects)).id if effects and draw(st.integers(0, 5)) == 0 else None
        effects.append(
            Effect(
                name,
                stage,
                {cell: costs[cell] for cell in touched},
                left,
                {after: {cell: draw(share) for cell in touched}} if after else {},
                frozenset({never} if never else ()),
            )
        )
    return effects


def counted(choices: Mapping[str, Choice]) -> set[str]:
    return {name for name, choice in choices.items() if choice.counted}


def compatible(effects: Sequence[Effect]) -> bool:
    return all(go_together(one, other) for one, other in combinations(effects, 2))


def saved(effects: Sequence[Effect]) -> Decimal:
    """What a set saves together, by the definition: cell after cell, stage after stage."""
    total = ZERO
    names = {one.id for one in effects}
    for cell in CELLS:
        mine = sorted((one for one in effects if cell in one.before), key=lambda one: one.stage)
        if not mine:
            continue
        left = Decimal(1)
        for one in mine:
            earlier = sorted(names & one.after.keys())
            left *= one.after[earlier[0]][cell] if earlier else one.left[cell]
        total += mine[0].before[cell] * (1 - left)
    return total


def best(effects: Sequence[Effect]) -> Decimal:
    """The most that any consistent set saves, found by trying them all."""
    sets = (some for n in range(len(effects) + 1) for some in combinations(effects, n))
    return max(saved(some) for some in sets if compatible(some))


def removal(name: str, cost: str | int, *cells: Cell) -> Effect:
    """A removal that saves `cost`, all of it from its first cell."""
    before = dict.fromkeys(cells, ZERO) | {cells[0]: Decimal(cost)}
    return Effect(name, Stage.REMOVE, before, dict.fromkeys(cells, ZERO))


def cell(name: str) -> Cell:
    return Cell(Key("aws", "1", name), "compute")


@settings(max_examples=150, deadline=None)
@given(estates(9))
def test_no_other_consistent_set_saves_more(effects: list[Effect]) -> None:
    choices = choose(effects)
    winners = [one for one in effects if choices[one.id].counted]
    assert compatible(winners)
    assert saved(winners) == best(effects)
    assert sum((choices[one.id].saved for one in winners), ZERO) == saved(winners), "the parts are the whole"
    assert all(choice.proven for choice in choices.values())


@settings(max_examples=60, deadline=None)
@given(estates(16), st.randoms())
def test_no_order_matters(effects: list[Effect], random: object) -> None:
    shuffled = list(effects)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    forward, backward = choose(effects), choose(shuffled)
    assert forward == backward
    assert all(forward[name].taken == backward[name].taken for name in forward)


@settings(max_examples=60, deadline=None)
@given(estates(16))
def test_no_more_is_taken_of_a_cell_than_it_costs(effects: list[Effect]) -> None:
    choices = choose(effects)
    for cell in CELLS:
        cost = next((one.before[cell] for one in effects if cell in one.before), ZERO)
        taken = sum((choice.taken.get(cell, ZERO) for choice in choices.values()), ZERO)
        assert taken <= cost or cost < 0  # what grows a refund is a gain, and not of the cost


@settings(max_examples=60, deadline=None)
@given(estates(12))
def test_what_is_left_is_what_was_not_taken(effects: list[Effect]) -> None:
    choices = choose(effects)
    left = shares_left(effects, choices)
    for cell, share in left.items():
        cost = next(one.before[cell] for one in effects if cell in one.before)
        assert cost * share == cost - sum((one.taken.get(cell, ZERO) for one in choices.values()), ZERO)


@settings(max_examples=60, deadline=None)
@given(estates(6), estates(5))
def test_a_second_choice_works_on_what_the_first_left(first: list[Effect], second: list[Effect]) -> None:
    left = shares_left(first, choose(first))
    again = choose(second, left)
    scaled = [
        Effect(
            one.id, one.stage, {cell: cost * left.get(cell, Decimal(1)) for cell, cost in one.before.items()},
            one.left, one.after, one.never_with,
        )
        for one in second
    ]  # fmt: skip
    assert sum((choice.saved for choice in again.values()), ZERO) == best(scaled)


@settings(max_examples=60, deadline=None)
@given(estates(14))
def test_what_does_not_count_says_what_counts_instead(effects: list[Effect]) -> None:
    choices = choose(effects)
    by_id = {one.id: one for one in effects}
    for name, choice in choices.items():
        if choice.counted or choice.superseded_by is None:
            continue
        assert choices[choice.superseded_by].counted
        assert choices[choice.superseded_by].group == choice.group
        meets = not by_id[name].before.keys().isdisjoint(by_id[choice.superseded_by].before.keys())
        assert meets or not go_together(by_id[name], by_id[choice.superseded_by])


def test_nothing_is_chosen_from_nothing() -> None:
    assert choose([]) == {}


def test_two_parts_beat_the_whole_that_saves_less() -> None:
    a, b = cell("a"), cell("b")
    choices = choose([removal("whole", 10, a, b), removal("left", 6, a), removal("right", 5, b)])
    assert counted(choices) == {"left", "right"}
    assert choices["whole"].superseded_by == "left"


def test_a_smaller_size_and_then_spot_multiply() -> None:
    """100 at half the size and then a third of the price: 50 and 33.33…, not 50 and 66.67 beside each other."""
    a = cell("a")
    smaller = Effect("z-size", Stage.SIZE, {a: Decimal(100)}, {a: Decimal("0.5")})
    spot = Effect("a-spot", Stage.RATE, {a: Decimal(100)}, {a: Decimal("0.3")})
    choices = choose([smaller, spot])
    assert counted(choices) == {"z-size", "a-spot"}
    assert choices["z-size"].saved == 50
    assert choices["a-spot"].saved == 35
    assert choices["a-spot"].follows == ("z-size",)


def test_the_spot_price_of_the_smaller_size_decides_where_it_is_known() -> None:
    a = cell("a")
    smaller = Effect("size", Stage.SIZE, {a: Decimal(100)}, {a: Decimal("0.5")})
    spot = Effect("spot", Stage.RATE, {a: Decimal(100)}, {a: Decimal("0.3")}, {"size": {a: Decimal("0.9")}})
    choices = choose([smaller, spot])
    # Together 100 → 50 → 45; spot alone 100 → 30.
    assert counted(choices) == {"spot"}
    assert choices["size"].superseded_by == "spot"


def test_of_two_sizes_one_counts_and_of_equals_the_smaller_id() -> None:
    a = cell("a")
    sizes = [Effect(name, Stage.SIZE, {a: Decimal(8)}, {a: Decimal("0.5")}) for name in "ba"]
    choices = choose(sizes)
    assert counted(choices) == {"a"}
    assert choices["b"].superseded_by == "a"


def test_a_saving_of_nothing_counts_where_nothing_stands_against_it() -> None:
    assert counted(choose([removal("free", 0, cell("x")), removal("paid", 1, cell("y"))])) == {"free", "paid"}


def test_findings_that_share_nothing_are_in_no_group() -> None:
    choices = choose([removal("a", 1, cell("x")), removal("b", 2, cell("y"))])
    assert [choices[name].group for name in "ab"] == [None, None]
    assert counted(choices) == {"a", "b"}


@pytest.mark.parametrize("children", [3, 40, 400])
def test_a_parent_and_its_children_however_many(children: int) -> None:
    cells = [cell(f"child{i:03d}") for i in range(children)]
    mine = [removal(f"c{i:03d}", "0.5", one) for i, one in enumerate(cells)]
    assert counted(choose([removal("parent", children, *cells), *mine])) == {"parent"}
    assert counted(choose([removal("parent", "0.25", *cells), *mine])) == {one.id for one in mine}


def test_a_group_and_each_of_its_members() -> None:
    """A third of a group's machines goes; each of those that stay has sizes, prices and a removal of its own."""
    cells = [cell(f"m{i:02d}") for i in range(60)]
    costs = {one: Decimal(90 + i) for i, one in enumerate(cells)}
    group = Effect("group", Stage.SCHEDULE, costs, dict.fromkeys(cells, Decimal(2) / 3))
    members = [
        Effect(f"{kind}{i:02d}", stage, {one: costs[one]}, {one: Decimal(share)})
        for i, one in enumerate(cells)
        for kind, stage, share in (("size", Stage.SIZE, "0.5"), ("spot", Stage.RATE, "0.4"), ("gone", Stage.REMOVE, 0))
    ]  # fmt: skip
    started = process_time()
    choices = choose([group, *members])
    assert process_time() - started < 20
    assert counted(choices) == {one.id for one in members if one.stage == Stage.REMOVE}
    without = choose([group, *(one for one in members if one.stage != Stage.REMOVE)])
    assert all(choice.counted for choice in without.values())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_hundreds_that_nearly_all_exclude_each_other_are_netted_consistently(seed: int) -> None:
    rows, columns = [cell(f"c{i}") for i in range(7)], [cell(f"d{i}") for i in range(5)]
    effects = [
        removal(f"f{i:03d}", (seed >> (i % 29)) % 97, rows[i % 7], columns[(i + seed) % 5])
        for i in range(300)
    ]
    choices = choose(effects)
    assert compatible([one for one in effects if choices[one.id].counted])
