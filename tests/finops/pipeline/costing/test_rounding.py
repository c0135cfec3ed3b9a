"""Cents that add up."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from finops.money import CENT, cents
from finops.pipeline.costing.rounding import apportion, apportion_table, exact_sum

AMOUNTS = st.lists(st.decimals(min_value=-(10**6), max_value=10**6, places=9), min_size=1, max_size=40)


@given(AMOUNTS)
def test_rounded_amounts_are_the_rounded_total_and_each_is_within_a_cent(amounts):
    total = cents(exact_sum(amounts))
    rounded = apportion(amounts, total)
    assert sum(rounded) == total
    assert all(abs(one - exact) < CENT for one, exact in zip(rounded, amounts, strict=True))


def test_what_is_nothing_stays_nothing():
    assert apportion([Decimal(0), Decimal("0.004"), Decimal("0.004")], Decimal("0.01")) == [
        0,
        Decimal("0.01"),
        0,
    ]


def test_cents_go_to_those_that_rounding_took_most_from():
    assert apportion([Decimal("1.001"), Decimal("1.004"), Decimal("1.000")], Decimal("3.01")) == [
        1,
        Decimal("1.01"),
        1,
    ]


@given(
    st.lists(
        st.lists(st.decimals(min_value=-1000, max_value=1000, places=6), min_size=5, max_size=5),
        min_size=1,
        max_size=30,
    )
)
def test_a_table_of_cents_adds_up_in_its_rows_and_stays_near_in_its_columns(rows):
    sums = [cents(exact_sum(row)) for row in rows]
    table = apportion_table(rows, sums)
    assert [sum(row) for row in table] == sums
    for exact, column in zip(zip(*rows, strict=True), zip(*table, strict=True), strict=True):
        assert abs(sum(column) - exact_sum(exact)) <= Decimal("0.05") * len(rows)


def test_columns_of_a_table_are_their_rounded_sums():
    rows = [[Decimal("0.004"), Decimal("0.996")] for _ in range(50)]
    table = apportion_table(rows, [Decimal(1)] * 50)
    assert [sum(column) for column in zip(*table, strict=True)] == [Decimal("0.20"), Decimal("49.80")]
    assert {row[0] for row in table} == {Decimal("0.00"), Decimal("0.01")}
