"""Netting: of findings that change the same money one counts, and together they are the best that can be had."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops.savings.netting import Choice, choose

Savings = Mapping[str, Decimal]
Cells = Mapping[str, frozenset[str]]


@st.composite
def estates(draw: st.DrawFn, most: int) -> tuple[dict[str, Decimal], dict[str, frozenset[str]]]:
    """Findings with a saving each and the cells they change, few enough cells that they meet."""
    names = [f"f{i:02d}" for i in range(draw(st.integers(0, most)))]
    cells = st.frozensets(st.sampled_from("abcdefgh"), min_size=1, max_size=4)
    # Few amounts, so that ties are common, zero among them.
    amounts = st.integers(0, 12).map(lambda cents: Decimal(cents) / 4)
    return {name: draw(amounts) for name in names}, {name: draw(cells) for name in names}


def counted(choices: Mapping[str, Choice]) -> set[str]:
    return {finding for finding, choice in choices.items() if choice.counted}


def compatible(findings: set[str], cells: Cells) -> bool:
    return all(not cells[one] & cells[other] for one, other in combinations(sorted(findings), 2))


def best(savings: Savings, cells: Cells) -> Decimal:
    """The largest sum of any set without a shared cell, found by trying them all."""
    sets = (set(some) for n in range(len(savings) + 1) for some in combinations(sorted(savings), n))
    return max(sum((savings[one] for one in some), Decimal(0)) for some in sets if compatible(some, cells))


@given(estates(10))
def test_the_best_set_is_chosen(estate: tuple[Savings, Cells]) -> None:
    savings, cells = estate
    winners = counted(choose(savings, cells))
    assert compatible(winners, cells)
    assert sum((savings[one] for one in winners), Decimal(0)) == best(savings, cells)


@given(estates(24), st.randoms())
def test_no_order_matters_and_no_cell_counts_twice(estate: tuple[Savings, Cells], random: object) -> None:
    savings, cells = estate
    shuffled = list(savings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    choices = choose(savings, cells)
    assert (
        choose({name: savings[name] for name in shuffled}, {name: cells[name] for name in reversed(shuffled)})
        == choices
    )
    assert set(choices) == set(savings)
    assert compatible(counted(choices), cells)


@given(estates(24))
def test_what_does_not_count_says_what_counts_instead(estate: tuple[Savings, Cells]) -> None:
    savings, cells = estate
    choices = choose(savings, cells)
    for finding, choice in choices.items():
        if choice.counted:
            assert choice.superseded_by is None
            continue
        assert choice.superseded_by in counted(choices), "a set that could still grow is not the best"
        assert cells[finding] & cells[choice.superseded_by or ""]
        assert choices[choice.superseded_by or ""].group == choice.group


@given(estates(12))
def test_a_group_is_of_findings_that_meet_and_has_more_than_one(estate: tuple[Savings, Cells]) -> None:
    savings, cells = estate
    choices = choose(savings, cells)
    for one, other in combinations(sorted(savings), 2):
        if cells[one] & cells[other]:
            assert choices[one].group is not None
            assert choices[one].group == choices[other].group
    for finding, choice in choices.items():
        alone = not any(cells[finding] & cells[other] for other in savings if other != finding)
        assert (choice.group is None) == alone


def test_nothing_is_chosen_from_nothing() -> None:
    assert choose({}, {}) == {}


def test_two_parts_beat_the_whole_that_saves_less() -> None:
    savings = {"whole": Decimal(10), "left": Decimal(6), "right": Decimal(5)}
    cells = {"whole": frozenset("ab"), "left": frozenset("a"), "right": frozenset("b")}
    choices = choose(savings, cells)
    assert counted(choices) == {"left", "right"}
    assert choices["whole"].superseded_by == "left"


def test_of_equals_the_smaller_id_counts() -> None:
    for names in (("a", "b"), ("b", "a")):
        choices = choose(dict.fromkeys(names, Decimal(3)), dict.fromkeys(names, frozenset("x")))
        assert counted(choices) == {"a"}
        assert choices["b"].superseded_by == "a"


def test_a_saving_of_nothing_counts_where_nothing_stands_against_it() -> None:
    choices = choose(
        {"free": Decimal(0), "paid": Decimal(1)}, {"free": frozenset("x"), "paid": frozenset("y")}
    )
    assert counted(choices) == {"free", "paid"}


def test_findings_that_share_nothing_are_in_no_group() -> None:
    choices = choose({"a": Decimal(1), "b": Decimal(2)}, {"a": frozenset("x"), "b": frozenset("y")})
    assert choices == {"a": Choice(counted=True), "b": Choice(counted=True)}


@pytest.mark.parametrize("children", [3, 15, 40])
def test_a_parent_and_its_children_however_many(children: int) -> None:
    """Beyond the size that is searched exactly, the larger one of parent and children still wins."""
    names = [f"child{i:02d}" for i in range(children)]
    cells = {"parent": frozenset(names), **{name: frozenset({name}) for name in names}}
    cheaper = {"parent": Decimal(children), **dict.fromkeys(names, Decimal("0.5"))}
    assert counted(choose(cheaper, cells)) == {"parent"}
    dearer = {"parent": Decimal("0.25"), **dict.fromkeys(names, Decimal("0.5"))}
    assert counted(choose(dearer, cells)) == set(names)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_a_large_group_is_netted_in_no_time(seed: int) -> None:
    """Sixteen findings that nearly all exclude each other are searched exactly; hundreds are not."""
    names = [f"f{i:03d}" for i in range(16 if seed % 2 else 400)]
    savings = {name: Decimal((seed >> (i % 29)) % 97) for i, name in enumerate(names)}
    cells = {name: frozenset({f"c{i % 7}", f"d{(i + seed) % 5}"}) for i, name in enumerate(names)}
    assert compatible(counted(choose(savings, cells)), cells)
