"""Why costs changed: price, quantity, new, gone, other."""

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops.pipeline.costing import Question, parse
from finops.pipeline.costing import bills as bills_module
from finops.pipeline.costing.queries import lines as exact_lines
from finops.schema_comments import schema_sql
from finops.warehouse.reference import bill_ends_sql
from tests.finops.pipeline.costing.conftest import Bill, at


def test_the_same_usage_at_another_price_is_a_price_effect(bill):
    bill.charge("2026-09", "10", PricingQuantity=100)
    bill.charge("2026-10", "12", PricingQuantity=100)
    assert bill.effects() == {"price": "2.00"}


def test_more_usage_at_the_same_price_is_a_quantity_effect(bill):
    bill.charge("2026-09", "10", PricingQuantity=100)
    bill.charge("2026-10", "15", PricingQuantity=150)
    assert bill.effects() == {"quantity": "5.00"}


def test_both_are_split_at_the_old_price(bill):
    bill.charge("2026-09", "10", PricingQuantity=100)
    bill.charge("2026-10", "18", PricingQuantity=150)
    assert bill.effects() == {"quantity": "5.00", "price": "3.00"}


def test_a_sku_of_one_month_is_new_or_gone(bill):
    bill.charge("2026-09", "10")
    bill.charge("2026-10", "4", SkuId="m5.xlarge")
    assert bill.effects() == {"new": "4.00", "gone": "-10.00"}


def test_another_machine_of_the_same_sku_is_quantity_and_its_line_is_new(bill):
    bill.charge("2026-09", "10", x_ResourceKey="i-1")
    bill.charge("2026-10", "10", x_ResourceKey="i-1")
    bill.charge("2026-10", "10", x_ResourceKey="i-2")
    assert bill.effects("resource") == bill.effects() == {"quantity": "10.00"}
    line = bill.lines("resource")["i-2"]
    assert (line.status, line.change, line.change_percent, line.effects.quantity) == ("new", 10, None, 10)


def test_a_machine_that_takes_the_place_of_another_costs_nothing_more(bill):
    bill.charge("2026-09", "10", x_ResourceKey="i-1")
    bill.charge("2026-10", "10", x_ResourceKey="i-2")
    assert bill.effects("resource") == {}
    assert {key: (line.status, line.change) for key, line in bill.lines("resource").items()} == {
        "i-1": ("gone", -10),
        "i-2": ("new", 10),
    }


@pytest.mark.parametrize(
    "over",
    [
        {"ChargeCategory": "Tax"},
        {"ChargeCategory": "Credit"},
        {"ChargeCategory": "Purchase"},
        {"PricingQuantity": None},
        {"PricingUnit": None},
        {"CommitmentDiscountStatus": "Unused"},
    ],
)
def test_what_has_no_quantity_to_go_by_is_other(bill, over):
    bill.charge("2026-09", "10", **over)
    bill.charge("2026-10", "13", **over)
    assert bill.effects() == {"other": "3.00"}


def test_a_sku_that_is_sold_by_another_unit_is_other(bill):
    bill.charge("2026-09", "10", PricingUnit="Hours")
    bill.charge("2026-10", "13", PricingUnit="Seconds", PricingQuantity=3600)
    assert bill.effects() == {"other": "3.00"}


@pytest.mark.parametrize("over", [{"PricingQuantity": -1}, {"PricingQuantity": 0}])
def test_a_correction_has_no_price(bill, over):
    bill.charge("2026-09", "-10", **over)
    bill.charge("2026-10", "3")
    assert bill.effects() == {"other": "13.00"}


def test_usage_that_was_free_became_dearer(bill):
    bill.charge("2026-09", "0", PricingQuantity=100)
    bill.charge("2026-10", "5", PricingQuantity=150)
    assert bill.effects() == {"price": "5.00"}
    assert bill.usd().totals.change_percent is None


def test_usage_under_a_commitment_is_another_price_than_on_demand(bill):
    bill.charge("2026-09", "10", PricingCategory="Standard")
    bill.charge("2026-10", "6", PricingCategory="Committed", CommitmentDiscountStatus="Used")
    assert bill.effects() == {"new": "6.00", "gone": "-10.00"}


def test_quantities_of_absurd_size_do_not_break_the_answer(bill):
    bill.charge("2026-09", "1", PricingQuantity=Decimal("0.000000000000000001"))
    bill.charge("2026-10", "2", PricingQuantity=Decimal("99999999999999999999"))
    assert bill.effects() == {"other": "1.00"}


def test_a_line_that_did_not_change_does_not_change_by_a_rounded_cent(bill):
    for place in range(3):
        for month in ("2026-09", "2026-10"):
            bill.charge(month, "10.004", ServiceName=f"same {place}")
    bill.charge("2026-10", "1.001", ServiceName="more")
    lines = bill.lines()
    assert [lines[f"same {place}"].change for place in range(3)] == [0, 0, 0]
    assert lines["more"].change == sum(line.change for line in lines.values())


def test_the_change_in_per_cent_is_of_what_was_paid_before(bill):
    bill.charge("2026-09", "80")
    bill.charge("2026-10", "100")
    assert bill.usd().totals.change_percent == 25.0
    assert bill.usd().cost_per_day == Decimal("3.23")
    assert bill.usd().previous_per_day == Decimal("2.67")


AMOUNTS = st.decimals(min_value=-1000, max_value=1000, places=12)
CHARGES = st.lists(
    st.tuples(
        st.sampled_from(["2026-09", "2026-10"]),
        AMOUNTS,
        st.fixed_dictionaries(
            {
                "ServiceName": st.sampled_from(["a", "b", None]),
                "SkuId": st.sampled_from(["x", "y", None]),
                "PricingUnit": st.sampled_from(["Hours", "GB", None]),
                "PricingQuantity": st.none() | st.decimals(min_value=-2, max_value=50, places=6),
                "ChargeCategory": st.sampled_from(["Usage", "Usage", "Usage", "Tax", "Credit"]),
                "BillingCurrency": st.sampled_from(["USD", "CNY"]),
                "x_Cloud": st.sampled_from(["aws", "gcp"]),
                "Tags": st.sampled_from([None, '{"team": "t1"}', '{"team": "t2"}']),
                "InvoiceId": st.sampled_from([None, "1", "2"]),
                "ChargePeriodStart": st.just(at("2026-09-05")),
            }
        ),
    ),
    min_size=1,
    max_size=30,
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Bill]:
    """One warehouse for all examples; each takes back what it charged."""
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute(schema_sql())
        con.execute(bill_ends_sql())
        yield Bill(con)


@settings(max_examples=60, deadline=None)
@given(
    charges=CHARGES,
    by=st.sampled_from(["service", "tag:team", "sku,tag:team", "cloud"]),
    top=st.sampled_from([None, 1, 2]),
)
def test_effects_add_up_to_the_change_and_lines_to_the_total_whatever_is_charged(shared, charges, by, top):
    bill = shared
    bill.con.execute("BEGIN")
    try:
        for month, cost, over in charges:
            bill.charge(month, str(cost), **over)
        found = bill.ask(by, top=top)
        _exact(bill, by, charges, found.month, found.previous_month)
        for currency, costs in found.currencies.items():
            _adds_up([*costs.lines, costs.totals])
            for name in ("charges", "billed", "effective", "cost", "previous", "change", "not_compared"):
                column = [getattr(line, name) for line in costs.lines if getattr(line, name) is not None]
                assert sum(column) == (getattr(costs.totals, name) or 0), (currency, name)
            assert costs.tie_out.billed == costs.totals.billed
            tie = costs.tie_out
            assert tie.billed == tie.invoiced + tie.not_invoiced + tie.residual
    finally:
        bill.con.execute("ROLLBACK")


def _adds_up(lines):
    for line in lines:
        if line.change is None:
            continue
        assert (line.previous + line.change + line.not_compared) == (line.cost or 0)
        assert sum(line.effects.model_dump().values()) == line.change


def _exact(bill, by, charges, month, previous):
    """The rows before any rounding: to the last digit what was charged."""
    question = Question(by=parse(by))
    against = at(f"{previous}-01") if previous else None
    statement = bills_module.statement(bill.con, question, at(f"{month}-01"), against)
    rows = exact_lines(bill.con, question, statement)
    assert sum(row.cost for row in rows if row.cost is not None) == sum(
        c for m, c, _ in charges if m == month
    )
    for row in rows:
        if against:
            assert (row.previous or 0) + (row.apart or 0) + sum(row.effects.values()) == (row.cost or 0)
