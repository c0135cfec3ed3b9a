"""The arithmetic of realised savings: what holds for every estate, and how often the range holds the truth."""

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops.history.episodes import CellName, Done, Episode, group
from finops.history.measuring import Bounds, Control, Measured, Part, factor_of, measure

AT = datetime(2026, 10, 1)
WINDOW = Bounds(AT - timedelta(28), AT, AT, AT + timedelta(28), 28, 28)
CENT = Decimal("0.01")
costs = st.floats(0.01, 5_000)


def done(name: str = "f1", *cells: tuple[str, str], **over: object) -> Done:
    fields: dict[str, object] = {
        "id": name, "cloud": "aws", "account": "1", "resource_id": "i-1", "action": "terminate", "resolution": "gone",
        "resolved_at": AT, "last_open": AT - timedelta(1), "family": "m5",
        "cells": frozenset(CellName(*cell) for cell in cells or (("i-1", "compute"),)),
        "gross": Decimal(100), "net": Decimal(100), "low": Decimal(90), "high": Decimal(110), "currency": "USD",
    }  # fmt: skip
    return Done(**{**fields, **over})  # type: ignore[arg-type]


def part(
    before: float, after: float, *controls: tuple[float, float], name: str = "i-1", **over: object
) -> Part:
    fields: dict[str, object] = {"committed": 0.0, "listed": True, "instead": False, "component": "compute"}
    told = [Control(True, "m5", *control) for control in controls]
    return Part(name, currency="USD", before=before, after=after, controls=told, **{**fields, **over})  # type: ignore[arg-type]


def measured(*parts: Part) -> Measured:
    return measure(group([done()])[0], WINDOW, parts)


@given(cost=costs, growth=st.floats(0.1, 10), others=st.lists(costs, min_size=5, max_size=40))
def test_where_nothing_changed_and_all_grow_alike_nothing_is_saved(
    cost: float, growth: float, others: list[float]
) -> None:
    found = measured(part(cost, cost * growth, *((one, one * growth) for one in others)))
    assert found.realised is not None
    assert abs(found.realised) <= max(CENT, Decimal(repr(cost * growth)) * Decimal("1e-9"))


@given(
    pieces=st.lists(st.tuples(costs, st.floats(0, 5_000)), min_size=1, max_size=6),
    growth=st.floats(0.2, 5),
)
def test_the_saving_of_the_whole_is_the_sum_of_its_parts(
    pieces: list[tuple[float, float]], growth: float
) -> None:
    controls = [(1.0, growth)] * 5
    whole = measured(
        *(part(before, after, *controls, component=f"c{n}") for n, (before, after) in enumerate(pieces))
    ).realised
    parts = [measured(part(before, after, *controls)).realised or Decimal(0) for before, after in pieces]
    assert whole is not None
    assert abs(whole - sum(parts)) <= CENT * len(pieces)


@given(cost=costs, paid=st.floats(0, 10_000))
def test_what_costs_more_than_expected_is_a_loss_of_exactly_that(cost: float, paid: float) -> None:
    found = measured(part(cost, paid)).realised
    assert found is not None
    exact = (Decimal(repr(cost)) - Decimal(repr(paid))) * 730 / 24
    assert abs(found - exact) <= CENT


@given(order=st.permutations(range(6)))
def test_the_order_of_findings_changes_no_group(order: list[int]) -> None:
    findings = [
        done("a", ("i-1", "compute"), ("v-1", "storage")),
        done("b", ("v-1", "storage"), net=Decimal(0), action="delete"),
        done("c", ("v-1", "iops"), ("v-2", "storage")),
        done("d", ("v-2", "storage"), resolved_at=AT + timedelta(40), last_open=AT + timedelta(30)),
        done("e", ("i-9", "all")),
        done("f", ("i-9", "compute"), action="resize"),
    ]
    groups = {frozenset(one.id for one in episode.members) for episode in group([findings[n] for n in order])}
    assert groups == {frozenset("ab"), frozenset("c"), frozenset("d"), frozenset("ef")}


def test_the_estimate_of_a_group_is_what_counted_or_that_of_the_one_that_was_done() -> None:
    counted = Episode(
        (done("a", net=Decimal(60), low=Decimal(50)), done("b", net=Decimal(5), low=None)), AT, AT, AT, AT
    )
    assert counted.estimate == (Decimal(65), None, Decimal(220))
    lost = Episode((done("a", net=Decimal(0), gross=Decimal(30)),), AT, AT, AT, AT)
    assert lost.estimate == (Decimal(30), None, None)
    unknown = Episode((done("a", net=None, gross=None),), AT, AT, AT, AT)
    assert unknown.estimate == (None, None, None)


def test_five_like_it_in_its_account_are_taken_before_more_that_are_less_like_it() -> None:
    near = [Control(True, "m5", 1, 2)] * 5
    family = [Control(False, "m5", 1, 3)] * 5
    kind = [Control(True, "c5", 1, 4)] * 50
    assert factor_of([*near, *family, *kind], "m5").value == 2
    assert factor_of([*near[1:], *family, *kind], "m5").value == pytest.approx((4 * 2 + 5 * 3) / 9)
    assert factor_of([*near[1:], *kind], "m5").kind == "of its kind in its account"
    assert factor_of([*family, *kind[:4]], None).kind == "of its kind in all accounts"
    assert factor_of([*near[1:], *family[:0]], "m5") == (1.0, None, None, 4, None)


def test_a_control_that_cost_nothing_before_says_nothing() -> None:
    assert factor_of([Control(True, "m5", 0, 9)] * 9, "m5").kind is None


def test_four_of_five_ranges_hold_what_would_have_been_saved() -> None:
    """Resources that go their own ways, as their controls do: the truth is what this one would have cost."""
    random = np.random.default_rng(7)
    hits = 0
    for _ in range(1_000):
        ratios = np.exp(random.normal(0.05, 0.3, 16))
        before = float(random.uniform(1, 100))
        found = measured(part(before, 0.0, *((1.0, float(ratio)) for ratio in ratios[1:])))
        truth = Decimal(repr(before * float(ratios[0]))) * 730 / 24
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= truth <= found.high
    assert 0.75 <= hits / 1_000 <= 0.90, hits
