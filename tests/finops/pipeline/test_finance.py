"""What a report says of spending, from charges of two months."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops.config import Settings
from finops.finance_model import Bridge, Finance
from finops.model import AuditReport
from finops.nightly_settings import UnitDriver
from finops.pipeline.finance import with_finance
from finops.pipeline.finance.months import bridges
from finops.pipeline.finance.rates import commitments, expiries
from finops.pipeline.finance.trend import trends
from finops.pipeline.finance.tying import unit_costs
from tests.finops.pipeline.costing.conftest import Bill, at
from tests.reports.build import finding, report
from tests.shelf import empty_warehouse

OCTOBER = datetime(2026, 10, 1)
STEPS = ("previous", "price", "volume", "new", "gone", "one_off", "savings", "not_compared")


@pytest.fixture
def bill() -> Iterator[Bill]:
    with empty_warehouse() as con:
        yield Bill(con)


def done(
    bill: Bill, resource: str, *, resolution: str = "changed", on: str = "2026-10-05", was: str = "{}"
) -> None:
    """A finding of the history that was acted upon."""
    bill.con.execute(
        "INSERT INTO finding_history (id, first_seen, last_seen, last_audit, status, resolution, rule, cloud, account, "
        "resource_id, action, was, cells, reopened, resolved_at, replaced_by) VALUES (?, ?, ?, ?, 'resolved', ?, "
        "'idle-instance', 'aws', '000000000007', ?, 'terminate', ?, ?, 0, ?, '[]')",
        [f"f-{resource}", at("2026-09-01"), at(on), at(on), resolution, resource, was, json.dumps([[resource, "compute"]]), at(on)],
    )  # fmt: skip


def the_bridge(bill: Bill) -> Bridge:
    (one,) = bridges(bill.con, OCTOBER)
    assert sum((getattr(one, name) for name in STEPS), Decimal(0)) == one.cost
    return one


def told(bill: Bill, given: AuditReport, config: Settings | None = None) -> Finance:
    found = with_finance(bill.con, given, config or Settings()).finance
    assert found
    return found


def test_what_was_acted_upon_is_its_own_step_and_not_volume(bill: Bill) -> None:
    for resource in ("i-1", "i-2"):
        bill.charge("2026-09", "10", x_ResourceKey=resource)
    bill.charge("2026-10", "10", x_ResourceKey="i-2")
    done(bill, "i-1")
    one = the_bridge(bill)
    assert (one.savings, one.volume, one.gone, one.acted_on) == (Decimal("-10.00"), 0, 0, 1)


def test_what_was_acted_upon_is_counted_by_the_charges_of_each_currency(bill: Bill) -> None:
    for resource, currency in (("i-1", "USD"), ("i-2", "EUR")):
        bill.charge("2026-09", "10", x_ResourceKey=resource, BillingCurrency=currency)
        bill.charge("2026-10", "4", x_ResourceKey=resource, BillingCurrency=currency)
    for resource in ("i-1", "i-2", "without-charges"):
        done(bill, resource)
    assert {one.currency: one.acted_on for one in bridges(bill.con, OCTOBER)} == {"EUR": 1, "USD": 1}


def test_what_went_by_itself_is_no_saving(bill: Bill) -> None:
    bill.charge("2026-09", "10", x_ResourceKey="i-1")
    bill.charge("2026-09", "10", x_ResourceKey="i-2")
    bill.charge("2026-10", "10", x_ResourceKey="i-2")
    done(bill, "i-1", resolution="gone", was='{"scaling_group": "asg-1"}')
    one = the_bridge(bill)
    assert (one.savings, one.volume, one.acted_on) == (0, Decimal("-10.00"), 0)


def test_what_was_done_before_the_month_that_is_compared_with_is_no_step(bill: Bill) -> None:
    bill.charge("2026-09", "10", x_ResourceKey="i-1")
    bill.charge("2026-10", "4", x_ResourceKey="i-1", PricingQuantity=Decimal("0.4"))
    done(bill, "i-1", on="2026-08-31")
    assert (the_bridge(bill).savings, the_bridge(bill).volume) == (0, Decimal("-6.00"))


def test_what_was_done_after_the_instant_of_the_report_is_no_step_yet(bill: Bill) -> None:
    bill.charge("2026-09", "10", x_ResourceKey="i-1")
    bill.charge("2026-10", "4", x_ResourceKey="i-1", PricingQuantity=Decimal("0.4"))
    done(bill, "i-1", on="2026-12-05")
    (one,) = bridges(bill.con, OCTOBER, at=at("2026-11-01"))
    assert (one.savings, one.volume) == (0, Decimal("-6.00"))


def test_what_was_acted_upon_in_a_bill_without_the_month_before_breaks_no_cent(bill: Bill) -> None:
    new = {"BillingAccountId": "000000000043"}
    bill.charge("2026-09", "1")
    bill.charge("2026-10", "1")
    bill.charge("2026-10", "10.004", x_ResourceKey="i-1", **new)
    bill.charge("2026-10", "5", x_ResourceKey="i-2", **new)
    bill.charge("2026-10", "14.003", x_ResourceKey="i-3")
    done(bill, "i-1")
    assert the_bridge(bill).cost == Decimal("30.01")


def test_tax_and_credits_are_one_off(bill: Bill) -> None:
    bill.charge("2026-09", "10")
    bill.charge("2026-10", "10")
    bill.charge("2026-10", "-3", ChargeCategory="Credit", PricingQuantity=None, PricingUnit=None)
    assert the_bridge(bill).one_off == Decimal("-3.00")


def test_without_the_month_before_there_is_no_bridge(bill: Bill) -> None:
    bill.charge("2026-10", "10")
    assert bridges(bill.con, OCTOBER) == []


AMOUNTS = st.decimals(min_value=-50, max_value=5_000, places=6)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from(["a", "b", "c"]), st.integers(0, 3), AMOUNTS),
        min_size=1,
        max_size=14,
    )
)
def test_the_steps_always_add_up_to_the_cost(charges: list[tuple[bool, str, int, Decimal]]) -> None:
    with empty_warehouse() as con:
        bill = Bill(con)
        bill.charge("2026-09", "1")
        bill.charge("2026-10", "1")
        for now, resource, quantity, cost in charges:
            bill.charge(
                "2026-10" if now else "2026-09",
                str(cost),
                x_ResourceKey=resource,
                SkuId=f"sku-{resource}",
                PricingQuantity=quantity,
            )
        done(bill, "b")
        assert the_bridge(bill).cost == the_bridge(bill).cost.quantize(Decimal("0.01"))


def days(bill: Bill, first: str, count: int, cost: str = "24", **over: object) -> None:
    """A charge a day."""
    for number in range(count):
        day = at(first) + timedelta(days=number)
        bill.charge(
            f"{day:%Y-%m}", cost, ChargePeriodStart=day, ChargePeriodEnd=day + timedelta(days=1), **over
        )


def test_the_days_of_the_trend_are_the_bills_and_the_last_are_provisional(bill: Bill) -> None:
    days(bill, "2026-08-10", 70)
    (trend,) = trends(bill.con, Settings(), at("2026-10-19"))
    assert {one.cost for one in trend.days} == {Decimal("24.00")}
    assert (trend.days[0].day, trend.days[-1].day) == (at("2026-08-10").date(), at("2026-10-18").date())
    assert [one.day.day for one in trend.days if one.provisional] == [16, 17, 18]
    assert (trend.ahead[0].day, trend.ahead[-1].day) == (at("2026-10-16").date(), at("2026-10-31").date())
    assert all(one.low <= one.expected <= one.high for one in trend.ahead)
    assert trend.ahead[3].expected == Decimal("24.00")


def test_a_short_history_is_drawn_and_not_continued(bill: Bill) -> None:
    days(bill, "2026-10-01", 12)
    (trend,) = trends(bill.con, Settings(), at("2026-10-13"))
    assert len(trend.days) == 12
    assert trend.ahead == []
    assert trend.reason == "Only 9 days of its bill are settled; a forecast needs 60."


def test_a_bill_by_the_month_has_no_days_to_draw(bill: Bill) -> None:
    for month in ("2026-09", "2026-10"):
        bill.charge(month, "700", ChargePeriodStart=at(f"{month}-01"))
    assert trends(bill.con, Settings(), at("2026-11-01")) == []


def test_the_net_of_every_finding_stands_once_in_each_split(bill: Bill) -> None:
    bill.charge("2026-10", "90", Tags={"team": "shop"})
    bill.charge("2026-10", "10")
    found = [
        finding(1, "30.00", account="000000000007"),
        finding(2, "12.34", account="999999999999", tags={}, region="us-east-1"),
    ]
    spend = told(bill, report(found)).spend
    assert {one.by for one in spend} == {"service", "account", "team", "region"}
    for one in spend:
        assert (
            sum((line.cost for line in one.lines if line.cost), Decimal(0)) == one.cost == Decimal("100.00")
        )
        net = sum((line.net_monthly_savings or Decimal(0) for line in one.lines), Decimal(0))
        assert net == (0 if one.by == "service" else Decimal("42.34"))


def test_the_small_ones_together_have_no_month_before_where_none_is_loaded(bill: Bill) -> None:
    for number in range(25):
        bill.charge("2026-10", str(100 - number), ServiceName=f"service {number:02}")
    others = next(one for one in told(bill, report()).spend if one.by == "service").lines[-1]
    assert (others.others, others.previous, others.change) == (5, None, None)


def test_a_tag_without_a_value_names_nobody_either(bill: Bill) -> None:
    bill.charge("2026-10", "10", Tags={"team": "shop"})
    bill.charge("2026-10", "20", Tags={"team": ""})
    bill.charge("2026-10", "30")
    given = report([finding(1, "5.00", account="000000000007", tags={"team": ""})])
    lines = next(one for one in told(bill, given).spend if one.by == "team").lines
    assert [(one.key, one.cost, one.net_monthly_savings) for one in lines] == [
        (None, Decimal("50.00"), Decimal("5.00")),
        ("shop", Decimal("10.00"), Decimal("0.00")),
    ]


def test_a_cost_without_the_teams_tag_is_a_line_of_nobody(bill: Bill) -> None:
    bill.charge("2026-10", "90", Tags={"team": "shop"})
    bill.charge("2026-10", "10")
    (teams,) = [one for one in told(bill, report()).spend if one.by == "team"]
    assert {line.key: str(line.cost) for line in teams.lines} == {"shop": "90.00", None: "10.00"}


# --- an instant within a month of which bills tell more ---------------------------------------------------


def at_the_twentieth(bill: Bill, config: Settings | None = None) -> Finance:
    return told(bill, report().model_copy(update={"as_of": at("2026-10-20")}), config)


def test_a_report_of_an_instant_within_a_month_tells_of_that_month_only_what_had_begun(bill: Bill) -> None:
    days(bill, "2026-09-01", 61, "10", Tags={"team": "shop"})
    found = at_the_twentieth(bill)
    assert (found.month, found.previous_month) == ("2026-10", "2026-09")
    (bridge,) = found.bridges
    assert (bridge.cost, bridge.previous, bridge.compared, bridge.complete) == (190, 190, "same days", False)
    assert (bridge.days, bridge.previous_days) == (19, 19)
    assert {(one.by, one.cost) for one in found.spend} == {
        (by, Decimal("190.00")) for by in ("service", "account", "team", "region")
    }
    (trend,) = found.trends
    october = [one for one in trend.days if one.day.month == 10]
    assert (len(october), sum(one.cost for one in october)) == (19, 190)
    assert found.notes[0] == (
        "Bills go further: charges from 2026-10-20 00:00 UTC on are left out, as this is of that instant."
    )
    assert found.provenance
    assert [one.through for one in found.provenance.sources] == [at("2026-10-20")]


def test_the_next_month_is_not_told_before_it_begins(bill: Bill) -> None:
    days(bill, "2026-09-01", 70, "10")  # to November 9th
    assert at_the_twentieth(bill).month == "2026-10"
    first = told(bill, report().model_copy(update={"as_of": at("2026-10-01")}))
    assert (first.month, first.spend[0].cost) == ("2026-09", Decimal("300.00"))
    assert not any("Bills go further" in note for note in first.notes)


def test_a_month_that_is_over_only_since_is_not_tied_out_and_has_no_unit_cost(bill: Bill) -> None:
    days(bill, "2026-09-01", 61, "10")
    driver = UnitDriver(name="orders", unit="order", months={"2026-09": 100, "2026-10": 100})
    found = at_the_twentieth(bill, Settings(units=[driver]))
    assert [one.month for one in found.tie_out] == ["2026-09"]
    assert [one.month for one in found.unit_costs] == ["2026-09"]
    later = told(bill, report(), Settings(units=[driver]))
    assert [one.month for one in (*later.tie_out, *later.unit_costs)] == ["2026-10", "2026-10"]


def test_commitments_of_an_instant_within_a_month_are_those_until_then(bill: Bill) -> None:
    days(
        bill, "2026-10-01", 31, "10",
        PricingCategory="Committed", CommitmentDiscountStatus="Used", CommitmentDiscountId="sp-1", ListCost=Decimal(20),
    )  # fmt: skip
    (one,) = at_the_twentieth(bill).commitments
    assert (one.effective, one.list) == (190, 380)


def test_a_fee_for_the_whole_month_has_begun_with_it(bill: Bill) -> None:
    days(bill, "2026-10-01", 31, "10")
    bill.charge("2026-10", "100", ChargePeriodStart=at("2026-10-01"), PricingQuantity=None, PricingUnit=None)
    assert at_the_twentieth(bill).spend[0].cost == Decimal("290.00")


def test_what_was_recorded_of_a_whole_bill_is_not_held_against_a_part_of_it(bill: Bill) -> None:
    days(bill, "2026-10-01", 31, "10")
    bill.con.execute(
        "INSERT INTO bill_partitions VALUES ('bill.csv', 'focus-1.2', 'AWS', '000000000042', '2026-10-01', 'x', 'USD', "
        "31, 310, 310, 310, '2026-11-01', 'r')"
    )
    assert not any("off what was recorded" in note for note in at_the_twentieth(bill).notes)


def test_commitments_are_judged_by_what_they_cover_use_and_waste(bill: Bill) -> None:
    committed = {
        "PricingCategory": "Committed",
        "CommitmentDiscountStatus": "Used",
        "CommitmentDiscountId": "sp-1",
    }
    bill.charge("2026-10", "60", ListCost=Decimal(100), **committed)
    bill.charge("2026-10", "20", ListCost=Decimal(0), **(committed | {"CommitmentDiscountStatus": "Unused"}))
    bill.charge("2026-10", "100", ListCost=Decimal(100), PricingCategory="Standard")
    bill.charge("2026-10", "7", ListCost=Decimal(7), PricingCategory="Standard", PricingUnit="GB")
    (one,) = commitments(bill.con, OCTOBER)
    assert (one.coverage, one.utilisation, one.used, one.unused) == (0.5, 0.75, 60, 20)
    assert one.effective_savings_rate == round(1 - 187 / 207, 4)


def test_without_list_costs_no_savings_rate_is_told(bill: Bill) -> None:
    bill.charge("2026-10", "60", CommitmentDiscountStatus="Used", PricingCategory="Committed", ListCost=None)
    (one,) = commitments(bill.con, OCTOBER)
    assert (one.list, one.effective_savings_rate) == (None, None)


def test_commitments_that_are_not_used_whole_are_never_a_hundred_per_cent(bill: Bill) -> None:
    used = {"CommitmentDiscountStatus": "Used", "PricingCategory": "Committed"}
    bill.charge("2026-10", "99999", ListCost=Decimal(200_000), **used)
    bill.charge("2026-10", "1", ListCost=Decimal(0), **(used | {"CommitmentDiscountStatus": "Unused"}))
    (one,) = commitments(bill.con, OCTOBER)
    assert one.utilisation == 0.9999


def test_without_list_costs_of_what_could_be_covered_no_coverage_is_told(bill: Bill) -> None:
    bill.charge("2026-10", "60", CommitmentDiscountStatus="Used", PricingCategory="Committed", ListCost=None)
    bill.charge("2026-10", "100", ListCost=Decimal(100), PricingCategory="Standard")
    (one,) = commitments(bill.con, OCTOBER)
    assert (one.covered, one.on_demand, one.coverage, one.utilisation) == (None, None, None, 1.0)


def test_a_commitment_that_ends_within_four_months_is_told(bill: Bill) -> None:
    for name, ends in (("soon", "2026-12-01"), ("later", "2027-12-01"), ("over", "2026-10-01")):
        bill.con.execute(
            "INSERT INTO commitments (cloud, account_id, region, commitment_id, kind, hourly_cost, currency, ends_at, state) "
            "VALUES ('aws', '000000000007', 'global', ?, 'savings_plan', 2.5, 'USD', ?, 'active')",
            [name, at(ends)],
        )
    (one,) = expiries(bill.con, at("2026-11-01"))
    assert (one.commitment_id, str(one.ends_on), one.monthly_cost, one.renews) == (
        "soon",
        "2026-12-01",
        Decimal("1825.00"),
        None,
    )


def test_a_unit_cost_is_of_whole_months_that_were_counted(bill: Bill) -> None:
    days(bill, "2026-08-01", 92, "10")
    driver = UnitDriver(name="orders", unit="order", months={"2026-08": 100, "2026-09": 200, "2026-11": 5})
    (one,) = unit_costs(bill.con, Settings(units=[driver]), OCTOBER)
    assert (one.month, one.cost, one.per_unit, one.previous_per_unit) == (
        "2026-09",
        Decimal("300.00"),
        1.5,
        3.1,
    )


def test_a_unit_cost_is_compared_with_the_month_before_it_and_no_older_one(bill: Bill) -> None:
    days(bill, "2026-07-01", 92, "10")
    driver = UnitDriver(name="orders", unit="order", months={"2026-07": 100, "2026-09": 200})
    (one,) = unit_costs(bill.con, Settings(units=[driver]), at("2026-09-01"))
    assert (one.month, one.previous_per_unit) == ("2026-09", None)


def test_a_unit_far_below_a_cent_costs_something(bill: Bill) -> None:
    days(bill, "2026-09-01", 30, "10")
    driver = UnitDriver(name="calls", unit="call", months={"2026-09": 3e9})
    (one,) = unit_costs(bill.con, Settings(units=[driver]), at("2026-09-01"))
    assert one.per_unit == pytest.approx(1e-7)


def test_a_month_that_goes_on_has_no_unit_cost(bill: Bill) -> None:
    days(bill, "2026-10-01", 12, "10")
    driver = UnitDriver(name="orders", unit="order", months={"2026-10": 100})
    assert unit_costs(bill.con, Settings(units=[driver]), OCTOBER) == []


def test_a_month_that_goes_on_is_not_tied_out_but_the_one_before(bill: Bill) -> None:
    days(bill, "2026-09-01", 42, "10")
    (one,) = told(bill, report()).tie_out
    assert (one.month, one.billed, one.invoiced, one.difference) == (
        "2026-09",
        Decimal("300.00"),
        Decimal("300.00"),
        None,
    )


def test_without_a_bill_there_is_still_where_the_numbers_come_from(bill: Bill) -> None:
    found = told(bill, report(), Settings(rules={"idle-instance": {"min_days": 21}}))
    assert (found.month, found.trends, found.bridges, found.spend) == (None, [], [], [])
    assert found.provenance
    assert found.provenance.thresholds == ["idle-instance.min_days = 21"]
    assert found.provenance.command == "finops audit --as-of 2026-11-20T00:00:00Z --format json"


def test_a_threshold_changes_the_fingerprint_of_the_settings_and_a_folder_does_not(bill: Bill) -> None:
    def fingerprint(config: Settings) -> str:
        found = told(bill, report(), config).provenance
        assert found
        return found.settings

    plain = fingerprint(Settings())
    assert fingerprint(Settings(db="elsewhere.duckdb", threads=2)) == plain
    assert fingerprint(Settings(rules={"idle-instance": {"min_days": 21}})) != plain
