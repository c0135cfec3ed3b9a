"""Which month, how far it goes, and what it may be compared with. Missing is never zero."""

from decimal import Decimal

import pytest

from finops.errors import UsageError
from tests.finops.pipeline.costing.conftest import at


def hours(bill, month, *days, cost="1", **over):
    """An hour of a machine on each of these days."""
    for day in days:
        start = at(f"{month}-{day:02d}T10:00:00")
        bill.charge(month, cost, ChargePeriodStart=start, ChargePeriodEnd=start.replace(hour=11), **over)


def test_the_newest_month_is_the_default_and_the_one_before_is_compared(bill):
    for month in ("2026-08", "2026-09", "2026-10"):
        bill.charge(month, "1")
    found = bill.ask()
    assert (found.month, found.previous_month, found.complete, found.compared) == (
        "2026-10",
        "2026-09",
        True,
        "month",
    )
    assert (found.as_of, found.notes) == (at("2026-11-01"), [])


def test_any_month_can_be_asked_for_and_compared_with_any_other(bill):
    for month, cost in (("2025-10", "1"), ("2026-09", "2"), ("2026-10", "4")):
        bill.charge(month, cost)
    found = bill.ask(month=at("2026-09-01"), against=at("2025-10-01"))
    assert (found.month, found.previous_month) == ("2026-09", "2025-10")
    assert found.currencies["USD"].totals.change == 1


def test_a_month_that_is_not_complete_is_compared_with_the_same_days(bill):
    hours(bill, "2026-10", 1, 5, 19, 25)
    hours(bill, "2026-11", 1, 5, 19)
    found = bill.ask()
    totals = found.currencies["USD"].totals
    assert (totals.cost, totals.previous, totals.change) == (3, 3, 0)
    assert (found.complete, found.compared, found.as_of) == (False, "same days", at("2026-11-19T11:00"))
    assert (
        found.notes
        == [
            "2026-11 is not complete: the bill of aws 000000000042 goes to 2026-11-19 11:00 UTC; compared with the same "
            "days of 2026-10.",
            "The month before is not complete either: the bill of aws 000000000042 goes to 2026-10-25 11:00 UTC; changes "
            "look larger than they are.",
        ][:1]
    )
    (told,) = found.bills
    assert (told.days, told.previous_days, told.compared) == (18.46, 18.46, "same days")


@pytest.mark.parametrize(("month", "notes"), [("2026-11", 1), ("2026-10", 0)])
def test_days_that_may_still_change_are_named_in_the_month_that_has_them(bill, month, notes):
    hours(bill, "2026-10", 1, 31)
    hours(bill, "2026-11", 1, 19)
    days = "FROM (SELECT *, date_trunc('day', ChargePeriodStart) AS day FROM charges)"
    bill.con.execute(
        "INSERT INTO bill_days SELECT x_Source, ProviderName, x_Cloud, BillingAccountId, x_AccountId, BillingPeriodStart, day, "
        f"BillingCurrency, count(*), 1, 1, 1, 0, TIMESTAMP '2026-11-20', 'r' {days} GROUP BY ALL"
    )
    told = [note for note in bill.ask(month=at(f"{month}-01")).notes if "provisional" in note]
    assert (
        told
        == ["The days from 2026-11-17 on of aws 000000000042 are provisional: they may still change."][:notes]
    )


def test_each_bill_is_compared_as_far_as_it_goes_itself(bill):
    hours(bill, "2026-10", 1, 5, 19)
    hours(bill, "2026-11", 1, 5)
    hours(bill, "2026-10", 1, 5, 19, x_Cloud="gcp")
    hours(bill, "2026-11", 1, 5, 18, x_Cloud="gcp")
    lines = bill.lines("cloud")
    assert {cloud: (line.cost, line.previous) for cloud, line in lines.items()} == {
        "aws": (2, 2),
        "gcp": (3, 2),
    }


def test_fees_of_the_whole_month_do_not_make_it_complete(bill):
    hours(bill, "2026-11", 1, 5)
    bill.charge("2026-11", "30", ChargePeriodStart=at("2026-11-01"), ChargeCategory="Purchase")
    bill.charge("2026-11", "30", ChargePeriodStart=at("2026-11-01"))
    hours(bill, "2026-10", 1, 5, 30)
    bill.charge("2026-10", "30", ChargePeriodStart=at("2026-10-01"), ChargeCategory="Purchase")
    found = bill.ask()
    assert found.complete is False
    assert (found.currencies["USD"].totals.cost, found.currencies["USD"].totals.previous) == (62, 32)


def test_a_bill_that_ends_early_is_told_when_it_is_what_is_compared_with(bill):
    hours(bill, "2026-09", 1, 10)
    bill.charge("2026-10", "9")
    (note,) = bill.ask().notes
    assert note == (
        "The month before is not complete either: the bill of aws 000000000042 goes to 2026-09-10 11:00 UTC; changes "
        "look larger than they are."
    )


def test_without_daily_charges_nobody_knows_whether_a_month_is_complete(bill):
    bill.charge("2026-10", "9", ChargePeriodStart=at("2026-10-01"))
    found = bill.ask()
    assert found.complete is None
    assert found.bills[0].through is None
    assert "cannot be told of aws 000000000042" in found.notes[0]


def test_a_month_before_that_is_not_loaded_is_not_nothing(bill):
    bill.charge("2026-08", "5")
    bill.charge("2026-10", "9")
    found = bill.ask()
    totals = found.currencies["USD"].totals
    assert (totals.previous, totals.change, totals.effects, totals.not_compared) == (None, None, None, None)
    assert found.notes == ["Not compared: no bill of 2026-09 is loaded."]


def test_a_bill_that_only_this_month_has_is_not_new(bill):
    bill.charge("2026-09", "5")
    bill.charge("2026-10", "6")
    bill.charge("2026-10", "100", x_Cloud="gcp", BillingAccountId="g")
    found = bill.ask("cloud")
    lines = {line.keys["cloud"]: line for line in found.currencies["USD"].lines}
    gcp = lines["gcp"]
    assert (gcp.cost, gcp.previous, gcp.change, gcp.status, gcp.not_compared) == (100, None, None, None, 100)
    totals = found.currencies["USD"].totals
    assert (totals.cost, totals.previous, totals.change, totals.not_compared) == (106, 5, 1, 100)
    assert found.notes == ["Of gcp g no bill of 2026-09 is loaded: $100.00 are not compared."]


def test_a_bill_that_only_the_month_before_has_is_not_gone(bill):
    bill.charge("2026-09", "5")
    bill.charge("2026-09", "100", x_Cloud="gcp", BillingAccountId="g")
    bill.charge("2026-10", "6")
    found = bill.ask("cloud")
    assert [line.keys["cloud"] for line in found.currencies["USD"].lines] == ["aws"]
    assert found.currencies["USD"].totals.change == 1
    assert found.notes == [
        "Of gcp g no bill of 2026-10 is loaded: what 2026-09 cost there ($100.00) is not compared."
    ]


def test_a_bill_takes_up_where_totals_of_cost_explorer_end(bill):
    bill.charge("2026-09", "5", x_CostBasis="total", PricingQuantity=None, SkuId=None)
    bill.charge("2026-10", "6")
    found = bill.ask()
    assert found.currencies["USD"].totals.change == 1
    assert bill.effects() == {"new": "6.00", "other": "-5.00"}


def test_totals_of_cost_explorer_are_told(bill):
    bill.charge("2026-10", "5", x_CostBasis="total")
    found = bill.ask()
    assert found.bills[0].kind == "cost explorer"
    assert found.currencies["USD"].tie_out.cost_explorer == 5
    assert any("$5.00 are totals from Cost Explorer" in note for note in found.notes)


def test_billed_costs_that_stand_for_unusable_effective_ones_are_told(bill):
    bill.charge("2026-10", "5", x_CostBasis="billed")
    assert any("effective costs in the bills of aws are unusable" in note for note in bill.ask().notes)


def test_the_month_of_a_charge_is_that_of_its_billing_period_in_local_time(bill):
    china = {"BillingPeriodStart": at("2026-09-30T16:00"), "BillingPeriodEnd": at("2026-10-31T16:00")}
    bill.charge(
        "2026-10",
        "5",
        **china,
        ChargePeriodEnd=at("2026-10-31T16:00"),
        ChargePeriodStart=at("2026-10-31T15:00"),
    )
    found = bill.ask()
    assert (found.month, found.complete) == ("2026-10", True)


def test_the_newest_month_is_that_of_the_cloud_that_is_asked_for(bill):
    bill.charge("2026-10", "5")
    bill.charge("2026-09", "5", x_Cloud="gcp")
    assert bill.ask(clouds=("gcp",)).month == "2026-09"


def test_days_are_compared_with_the_same_day(bill):
    hours(bill, "2026-09", 1, 2)
    hours(bill, "2026-10", 2, 3, cost="3")
    lines = bill.usd("day").lines
    assert [(line.keys["day"], line.cost, line.previous) for line in lines] == [
        ("01", 0, 1),
        ("02", 3, 1),
        ("03", 3, 0),
    ]


def test_an_empty_warehouse_is_one_sentence(bill):
    with pytest.raises(UsageError, match="holds no bill yet"):
        bill.ask()


def test_a_month_without_a_bill_is_refused_with_those_there_are(bill):
    for month in ("2026-08", "2026-10"):
        bill.charge(month, "1")
    with pytest.raises(UsageError, match="No bill of 2026-09 is loaded: there are 2026-08 and 2026-10"):
        bill.ask(month=at("2026-09-01"))
    with pytest.raises(UsageError, match="cannot be compared with itself"):
        bill.ask(against=at("2026-10-01"))


def test_many_months_are_not_listed_one_by_one(bill):
    for year in (2024, 2025):
        for month in range(1, 13):
            bill.charge(f"{year}-{month:02d}", "1")
    with pytest.raises(UsageError, match="24 months from 2024-01 to 2025-12, the newest 2025-07, "):
        bill.ask(month=at("2026-01-01"))


def test_a_day_costs_what_its_month_costs_by_the_days_it_has(bill):
    bill.charge("2026-02", "28")
    bill.charge("2026-03", "31")
    usd = bill.usd()
    assert (usd.totals.change, usd.cost_per_day, usd.previous_per_day) == (
        3,
        Decimal("1.00"),
        Decimal("1.00"),
    )
