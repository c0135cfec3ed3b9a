"""What a month will cost, and budgets beside it."""

import json
from datetime import date
from decimal import Decimal

import pytest

from finops.config import Settings
from finops.errors import UsageError
from finops.pipeline.watching import budgets_told, forecasts_told
from finops.pipeline.watching.months import columns_of, forecasts
from tests.finops.pipeline.watching.conftest import World, at

NIGHT = "2026-10-21"  # days through the 17th are settled


def of_level(found, level):
    return [one for one in found if one.level == level]


def budget(world: World, **over):
    asked = {"name": "all", "amount": "16000", "currency": "USD"} | over
    (one,) = budgets_told(world.con, Settings.model_validate({"budgets": [asked]}), at(NIGHT))
    return one


def test_a_level_cost_is_forecast_as_its_days(world: World):
    world.days("2026-10-20", 500.0)
    total, *_ = forecasts_told(world.con, Settings(), at(NIGHT))
    assert (total.level, total.month, total.settled_until) == ("total", date(2026, 10, 1), date(2026, 10, 17))
    assert float(total.spent) == pytest.approx(17 * 500, rel=0.01)
    assert float(total.forecast) == pytest.approx(31 * 500, rel=0.01)
    assert total.low < total.forecast < total.high


def test_quiet_weekends_to_come_are_foreseen(world: World):
    world.days("2026-10-20", lambda day: 0.0 if day.weekday() >= 5 else 500.0)
    total, *_ = forecasts_told(world.con, Settings(), at(NIGHT))
    assert float(total.forecast) == pytest.approx(22 * 500, rel=0.02)  # working days of the month


def test_a_fee_of_the_first_is_foreseen_as_long_as_it_has_not_come(world: World):
    world.days("2026-10-03", lambda day: 5500.0 if day.day == 1 else 500.0)
    total, *_ = forecasts_told(world.con, Settings(), at("2026-10-02"))  # nothing of October is settled
    assert float(total.spent) == 0
    assert float(total.forecast) == pytest.approx(5000 + 31 * 500, rel=0.03)


def test_parts_add_up_to_the_total_to_the_cent(world: World):
    world.days("2026-10-20", lambda day: 100.03 + day.day)
    world.days("2026-10-20", 33.333, account="8", service="Storage", tags=json.dumps({"team": "ml"}))
    world.days("2026-10-22", 57.77, cloud="gcp", account="p", payer="A-1")
    found = forecasts_told(world.con, Settings(), at("2026-10-23"))
    (total,) = of_level(found, "total")
    for level in ("provider", "account", "team"):
        parts = of_level(found, level)
        assert len(parts) > 1
        assert sum(one.spent for one in parts) == total.spent
        assert sum(one.forecast for one in parts) == total.forecast
    by_service = forecasts(
        world.con, Settings(), at("2026-10-23"), date(2026, 10, 1), [("account", "service")]
    )
    assert sum(one.forecast for one in by_service) == total.forecast


def test_clouds_that_are_settled_to_different_days_count_every_day_once(world: World):
    world.days("2026-10-20", 500.0)
    world.days("2026-10-15", 500.0, cloud="gcp", account="p", payer="A-1")
    found = forecasts_told(world.con, Settings(), at(NIGHT))
    (total,) = of_level(found, "total")
    assert float(total.forecast) == pytest.approx(2 * 31 * 500, rel=0.01)
    assert total.settled_until == date(2026, 10, 12)


def test_two_currencies_have_a_total_each(world: World):
    world.days("2026-10-20", 500.0)
    world.days("2026-10-20", 100.0, cloud="alibaba", account="5", payer="5", currency="CNY")
    totals = of_level(forecasts_told(world.con, Settings(), at(NIGHT)), "total")
    assert [(one.currency, round(one.forecast, -2)) for one in totals] == [
        ("CNY", Decimal(3100)),
        ("USD", Decimal(15500)),
    ]


def test_a_short_history_is_not_forecast_and_says_so(world: World):
    world.days("2026-10-20", 500.0, first="2026-10-01")
    total, *_ = forecasts_told(world.con, Settings(), at(NIGHT))
    assert (total.forecast, total.low) == (None, None)
    assert float(total.spent) == pytest.approx(17 * 500, rel=0.02)
    assert total.reason == "Only 17 days of its bill are settled; a forecast needs 60."


def test_a_bill_that_is_long_over_is_not_forecast(world: World):
    world.days("2026-09-10", 500.0)
    total, *_ = forecasts_told(world.con, Settings(), at("2026-11-21"))
    assert total.forecast is None
    assert "settled through 2026-09-07 only" in total.reason


def test_a_month_that_is_over_is_what_it_cost(world: World):
    world.days("2026-10-20", 500.0)
    (total,) = forecasts(world.con, Settings(), at(NIGHT), date(2026, 9, 1), ["total"])
    assert total.spent == total.forecast == total.low == total.high
    assert total.spent > 0


def test_tax_is_spent_and_not_foreseen(world: World):
    world.days("2026-10-20", 500.0)
    world.days("2026-10-05", 1000.0, first="2026-10-05", category="Tax")
    total, *_ = forecasts_told(world.con, Settings(), at(NIGHT))
    assert float(total.spent) == pytest.approx(17 * 500 + 1000, rel=0.01)
    assert float(total.forecast) == pytest.approx(31 * 500 + 1000, rel=0.01)


@pytest.mark.parametrize(
    ("amount", "state"), [("17000", "within"), ("15520", "at_risk"), ("12000", "over"), ("8000", "over")]
)
def test_a_budget_is_judged_by_what_is_spent_and_expected(world: World, amount, state):
    world.days("2026-10-20", 500.0)
    one = budget(world, amount=amount)
    assert one.state == state
    assert one.variance == one.forecast - one.budget
    assert "is spent through 2026-10-17; the month is expected to end at" in one.message


@pytest.mark.parametrize(
    "selector",
    [{"cloud": "aws", "service": "Storage"}, {"account": "8"}, {"service": "Storage"}, {"tag": "env=prod"}],
)
def test_a_budget_counts_what_it_selects_only(world: World, selector):
    world.days("2026-10-20", 500.0)
    world.days("2026-10-20", 100.0, account="8", service="Storage", tags=json.dumps({"env": "prod"}))
    one = budget(world, **selector)
    assert float(one.forecast) == pytest.approx(3100, rel=0.02)


def test_a_budget_that_selects_nothing_is_not_evaluated_and_never_zero(world: World):
    world.days("2026-10-20", 500.0)
    one = budget(world, account="9")
    assert (one.state, one.spent, one.forecast) == ("not_evaluated", None, None)
    assert "No charge in USD matches its account, so" in one.message


def test_a_budget_that_is_spent_is_over_even_without_a_forecast(world: World):
    world.days("2026-10-20", 500.0, first="2026-10-01")
    assert budget(world, amount="5000").state == "over"
    assert budget(world, amount="50000").state == "not_evaluated"


def test_a_column_with_a_slip_is_answered_with_the_one_that_is_meant():
    assert columns_of("account, service") == ("account", "service")
    with pytest.raises(UsageError, match="Did you mean account"):
        columns_of("acount")


def test_nothing_is_loaded_and_nothing_is_told(world: World):
    assert forecasts_told(world.con, Settings(), at(NIGHT)) == []


def test_a_cloud_without_a_forecast_leaves_the_total_without_one(world: World):
    world.days("2026-10-20", 500.0)
    world.days("2026-10-20", 100.0, cloud="gcp", account="p", payer="A-1", first="2026-10-05")
    found = forecasts_told(world.con, Settings(), at(NIGHT))
    (total,) = of_level(found, "total")
    assert total.forecast is None
    assert total.reason.startswith("gcp: Only 13 days of its bill are settled")
    assert [one.forecast is None for one in of_level(found, "provider")] == [False, True]


def test_a_bill_that_ended_within_the_month_is_not_left_out_in_silence(world: World):
    world.days("2026-10-20", 500.0)
    world.days("2026-10-06", 300.0, account="8", payer="8")
    found = forecasts_told(world.con, Settings(), at(NIGHT))
    assert {one.account: one.forecast is None for one in of_level(found, "account")} == {
        "000000000007": False,
        "8": True,
    }
    assert of_level(found, "total")[0].forecast is None


def test_a_service_that_is_only_a_fee_is_forecast_as_what_it_cost(world: World):
    world.days("2026-10-20", 500.0)
    world.days("2026-10-05", 40.0, first="2026-10-05", service="Support", category="Purchase")
    lines = forecasts(world.con, Settings(), at(NIGHT), date(2026, 10, 1), [("service",)])
    (fee,) = [one for one in lines if one.service == "Support"]
    assert fee.spent == fee.forecast > 0


def test_a_level_that_has_changed_is_forecast_to_stay_and_not_to_rise_on(world: World):
    world.days("2026-10-20", lambda day: 900.0 if day >= date(2026, 10, 9) else 500.0)
    total, *_ = forecasts_told(world.con, Settings(), at(NIGHT))
    assert float(total.forecast) == pytest.approx(8 * 500 + 23 * 900, rel=0.01)
    assert total.low < Decimal(8 * 500 + 23 * 900) < total.high


def test_a_month_that_begins_by_the_clock_of_china_is_that_month(world: World):
    world.days("2026-10-20", 500.0)
    world.con.execute("UPDATE charges SET BillingPeriodStart = BillingPeriodStart - INTERVAL 8 HOUR")
    one = budget(world)
    assert float(one.spent) == pytest.approx(17 * 500, rel=0.01)
    assert float(one.forecast) == pytest.approx(31 * 500, rel=0.01)


def test_days_that_were_never_delivered_are_not_days_without_cost(world: World):
    world.days("2026-10-14", 500.0)
    world.days("2026-10-20", 500.0, first="2026-10-18")
    total, *_ = forecasts_told(world.con, Settings(), at(NIGHT))
    assert total.forecast is None
    assert total.reason == (
        "Its bill has no usage at all on 3 days of the month, 2026-10-15 the first: load what is missing."
    )
    assert budget(world, amount="9000").state == "not_evaluated"


def test_days_that_are_missing_of_the_month_before_pull_no_forecast_down(world: World):
    world.days("2026-09-26", 500.0)
    world.days("2026-10-05", 500.0, first="2026-10-01")
    total, *_ = forecasts_told(world.con, Settings(), at("2026-10-06"))
    assert float(total.forecast) == pytest.approx(31 * 500, rel=0.02)


def test_an_account_with_usage_now_and_then_has_a_forecast(world: World):
    for day in ("2026-08-04", "2026-09-03", "2026-10-02", "2026-10-06", "2026-10-20"):
        world.days(day, 500.0, first=day)
    total, *_ = forecasts_told(world.con, Settings(), at(NIGHT))
    assert total.reason is None
