"""Sizing: the amount that would have saved most on the hours that were seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops.commitments.sizing import Layer, Stack, best_amount, on_grid, spread

HOURS = 24


@st.composite
def stacks(draw: st.DrawFn, most: int = 3) -> Stack:
    """Up to three layers over a day, of whole amounts so that ties are common."""
    ratios = st.sampled_from([0.8, 1.0, 1.25, 1.5, 2.0])
    amounts = st.lists(st.integers(0, 8), min_size=HOURS, max_size=HOURS)
    layers = draw(st.lists(st.tuples(ratios, amounts), min_size=1, max_size=most))
    return Stack.of(Layer(ratio, np.array(spend, dtype=float)) for ratio, spend in layers)


def grid(stack: Stack, step: float = 0.25) -> list[float]:
    top = sum((layer.spend for layer in stack.layers), np.zeros(stack.hours)).max()
    return [float(each) for each in np.arange(0, top + 2 * step, step)]


@given(stacks())
def test_no_other_amount_would_have_saved_more(stack: Stack) -> None:
    best = stack.saving(best_amount(stack))
    assert all(stack.saving(amount) <= best + 1e-9 for amount in grid(stack))
    assert best >= 0


@given(stacks(), st.sampled_from([0.25, 0.5, 1.0, 3.0]))
def test_no_other_whole_multiple_would_have_saved_more(stack: Stack, step: float) -> None:
    chosen = on_grid(stack, best_amount(stack), step)
    assert chosen / step == pytest.approx(round(chosen / step))
    assert all(stack.saving(amount) <= stack.saving(chosen) + 1e-8 for amount in grid(stack, step))


@given(st.lists(st.integers(0, 20), min_size=2, max_size=60), st.floats(1.01, 5))
def test_of_one_discount_the_best_is_the_break_even_quantile(usage: list[int], ratio: float) -> None:
    """The closed form: the smallest amount that usage exceeds in at most the share 1/ratio of the hours."""
    stack = Stack.of([Layer(ratio, np.array(usage, dtype=float))])
    amount = best_amount(stack)
    exceeded = sum(each > amount for each in usage) / len(usage)
    assert exceeded <= 1 / ratio + 1e-9
    if amount > 0:
        assert sum(each >= amount for each in usage) / len(usage) >= 1 / ratio - 1e-9


@given(stacks(1), st.floats(1.0, 2.0))
def test_a_dearer_commitment_is_bought_less_and_saves_less(stack: Stack, dearer: float) -> None:
    (layer,) = stack.layers
    other = Stack.of([Layer(layer.ratio / dearer, layer.spend * dearer)])
    assert best_amount(other) / dearer <= best_amount(stack) + 1e-9
    assert other.saving(best_amount(other)) <= stack.saving(best_amount(stack)) + 1e-9


@given(stacks(), st.floats(0, 1), st.floats(0, 30))
def test_less_usage_never_saves_more_with_the_same_commitment(
    stack: Stack, factor: float, amount: float
) -> None:
    assert stack.scaled(factor).saving(amount) <= stack.saving(amount) + 1e-9


@given(stacks(), st.floats(0, 30))
def test_what_is_taken_off_the_bill_is_never_more_than_the_bill(stack: Stack, amount: float) -> None:
    assert stack.displaced(amount).sum() <= stack.total() + 1e-9
    assert stack.used(amount).max(initial=0) <= amount + 1e-9


def test_usage_dearer_under_the_commitment_than_on_demand_is_not_committed_to() -> None:
    stack = Stack.of([Layer(0.9, np.ones(HOURS))])
    assert best_amount(stack) == 0


def test_the_largest_discount_is_covered_first() -> None:
    stack = Stack.of([Layer(1.2, np.ones(HOURS)), Layer(2.0, np.ones(HOURS))])
    assert stack.displaced(1.0).sum() == pytest.approx(2.0 * HOURS)


def test_office_hours_are_not_committed_to_at_a_small_discount_and_are_at_a_large_one() -> None:
    office = np.array([1.0 if 8 <= hour < 18 else 0.0 for hour in range(HOURS)] * 30)
    assert best_amount(Stack.of([Layer(1.5, office)])) == 0  # used 10 of 24 hours, paid for all
    assert best_amount(Stack.of([Layer(2.5, office)])) == 1


def test_layers_of_nearly_one_discount_still_cost_what_they_cost() -> None:
    spend = np.ones(HOURS)
    stack = Stack.of([Layer(1.66666, spend), Layer(1.66667, spend * 2)])
    assert len(stack.layers) == 1
    assert stack.total() == pytest.approx(HOURS * (1.66666 + 2 * 1.66667), abs=1e-9)


@settings(max_examples=30)
@given(st.lists(st.floats(-5, 5), min_size=24, max_size=24 * 20), st.integers(0, 2**32 - 1))
def test_the_interval_is_the_same_for_the_same_seed_and_lies_within_the_days(
    gains: list[float], seed: int
) -> None:
    values = np.array(gains)
    low, high = spread(values, seed)
    assert (low, high) == spread(values, seed)
    assert low <= high
    assert values.min() - 1e-9 <= low
    assert high <= values.max() + 1e-9


def test_usage_that_is_the_same_every_day_has_no_spread() -> None:
    assert spread(np.tile(np.arange(24.0), 40), 7) == pytest.approx((11.5, 11.5))


def test_eight_weeks_are_drawn_by_the_week_so_that_weekends_stay_with_their_weekdays() -> None:
    week = np.repeat([1.0, 1, 1, 1, 1, 0, 0], 24)
    assert spread(np.tile(week, 8), 7) == pytest.approx((5 / 7, 5 / 7))
    low, high = spread(np.tile(week, 5), 7)
    assert low < 5 / 7 < high
