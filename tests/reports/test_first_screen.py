"""The first screen: the sentence, the five numbers, what was not seen, the decisions."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from finops.finance_model import Finance
from finops.model import AuditReport
from finops.night_model import BudgetLine, Forecast, Night, Provisional
from reports import html
from reports.html.asked import asked
from reports.html.headline import headline
from reports.html.method import method
from reports.html.seen import caveat
from reports.html.tiles import tiles
from tests.reports import finance_sample, sample
from tests.reports.build import AS_OF, cost, finding, report, scope, unjudged

HOSTILE = "</script><img src=x onerror=alert(1)>\u202e"


def month(forecast: str | None = "17820.25", currency: str = "USD", **over: Any) -> Forecast:
    low, high = (None, None) if forecast is None else (Decimal(forecast) - 600, Decimal(forecast) + 700)
    fields = {
        "level": "total", "cloud": None, "account": None, "service": None, "team": None, "currency": currency,
        "month": date(2026, 11, 1), "spent": Decimal("11000.00"), "settled_until": date(2026, 11, 17),
        "forecast": forecast, "low": low, "high": high, "reason": None if forecast else "Only 9 days are settled.",
    }  # fmt: skip
    return Forecast.model_validate(fields | over)


def budget(amount: str, forecast: str | None = "17820.25", **over: Any) -> BudgetLine:
    limit = Decimal(amount)
    variance = None if forecast is None else Decimal(forecast) - limit
    fields = {
        "name": "All", "currency": "USD", "month": date(2026, 11, 1), "budget": limit, "spent": Decimal("11000.00"),
        "forecast": forecast, "low": None, "high": None, "variance": variance,
        "state": "over" if variance and variance > 0 else "within", "message": "",
    }  # fmt: skip
    return BudgetLine.model_validate(fields | over)


def given(forecasts: Sequence[Forecast] = (), budgets: Sequence[BudgetLine] = (), **over: Any) -> AuditReport:
    """Savings of $1,500 in two steps, and what a night and the bill tell."""
    night = Night(
        run_id="n1", command="nightly", started_at=AS_OF, forecasts=list(forecasts), budgets=list(budgets)
    )
    made = report(
        [finding(1, "1000.00"), finding(2, "500.00", rule="idle-instance", action="stop")],
        [cost("1", "16000.00")],
    )
    return made.model_copy(update={"night": night, "finance": finance_sample.finance(), **over})


def sentence(one: AuditReport) -> str:
    return "".join(piece.text for piece in headline(one))


def shown(one: AuditReport) -> dict[str, list[str]]:
    """Tiles as label, then values and notes."""
    return {
        tile.label: [value.text for value in tile.values] + [note.text for note in tile.notes]
        for tile in tiles(one)
    }


def test_a_month_over_its_budget_tells_by_how_much_why_what_is_asked_and_what_that_brings() -> None:
    assert sentence(given([month()], [budget("16500")])) == (
        "November is heading for $17,820, ▲ $1,320 (8%) over budget. It is $1,000 more than the same days of October, "
        "mostly because of what is new, and most of it in Amazon EC2. The 2 decisions below save $1,500 a month, "
        "enough for a month like this to stay within budget."
    )


def test_savings_smaller_than_what_is_over_say_how_much_of_it_they_are() -> None:
    told = sentence(given([month()], [budget("11820.25")]))
    assert "▲ $6,000 (50.8%) over budget" in told
    assert told.endswith("save $1,500 a month, 25% of what is over.")


def test_a_month_under_or_on_its_budget_says_so() -> None:
    assert "November is heading for $17,820, ▼ $2,180 (10.9%) under budget." in sentence(
        given([month()], [budget("20000")])
    )
    assert "November is heading for $17,820, on budget." in sentence(given([month()], [budget("17800")]))


def test_without_a_budget_of_everything_nothing_is_compared_but_kept_and_broken_ones_are_counted() -> None:
    assert "November is heading for $17,820. It is" in sentence(given([month()]))
    part = budget("100", "200.00", spent=Decimal("90.00"), name="Team")
    assert "heading for $17,820; ▲ 1 of 1 budget is over or at risk." in sentence(given([month()], [part]))


def test_without_a_forecast_the_cost_so_far_is_told_and_why_no_more_is_known() -> None:
    told = sentence(given([month(None)], [budget("10000", None, state="over")]))
    assert told.startswith("November has cost $11,000 so far, already ▲ $1,000 (10%) over budget. ")
    assert "What it will come to is not known: only 9 days are settled. The 2 decisions" in told
    assert told.endswith("below save $1,500 a month.")  # whether that is enough, nobody knows yet


def test_a_month_that_cost_less_names_what_made_it_cheaper() -> None:
    cheaper = finance_sample.bridge().model_copy(
        update={"savings": Decimal("-3000.00"), "cost": Decimal("8300.00")}
    )
    told = sentence(
        given(
            [month()], finance=finance_sample.finance().model_copy(update={"bridges": [cheaper], "spend": []})
        )
    )
    assert (
        "It is $1,700 less than the same days of October, mostly because of savings that were carried out."
        in told
    )


def test_what_cannot_be_compared_is_in_no_change_and_is_said_apart() -> None:
    odd = finance_sample.bridge().model_copy(
        update={"not_compared": Decimal("5000.00"), "cost": Decimal("16000.00")}
    )
    made = given(
        [month()], finance=finance_sample.finance().model_copy(update={"bridges": [odd], "spend": []})
    )
    assert (
        "It is $1,000 more than the same days of October, mostly because of what is new; $5,000 cannot be compared. "
        "The 2"
    ) in sentence(made)
    assert shown(made)["Against same days of October"][:3] == [
        "+$1,000",
        "▲ 10% on $10,000",
        "$5,000 cannot be compared",
    ]


def test_nothing_to_save_and_nothing_known_are_said_apart() -> None:
    nothing = {"findings": [], "totals_by_currency": {}}
    assert sentence(given([month()], **nothing)).endswith(
        "most of it in Amazon EC2. Nothing to save was found."
    )
    unjudged_only = given([month()], **nothing, not_evaluated=[unjudged("no data")])
    assert sentence(unjudged_only).endswith("Nothing to save was found, but nothing could be judged either.")
    unpriced = given([month()], findings=[finding(1, None)])
    assert sentence(unpriced).endswith(
        "1 thing to do came up, but what can be saved is not known, because no price or bill is loaded."
    )
    assert sentence(sample.empty()) == "Nothing has been looked at yet: no bill and no inventory is loaded."


def test_amounts_in_two_currencies_stand_side_by_side() -> None:
    made = given([month(), month("88000.50", "CNY")])
    assert sentence(made).startswith("The month is heading for $17,820 and CN¥88,000. The 2 decisions")


def test_a_currency_that_cannot_be_foreseen_is_not_left_out_of_the_sentence() -> None:
    made = given([month(), month(None, "CNY", spent=Decimal("70000.00"))])
    assert sentence(made).startswith(
        "The month is heading for $17,820, and has cost CN¥70,000 so far. The 2 decisions"
    )
    assert shown(made)["November forecast"] == [
        "$17,820",
        "$17,220–$18,520 in four of five such months",
        "November so far: CN¥70,000",
    ]


def test_savings_that_were_converted_have_the_range_of_their_sum_only() -> None:
    parts = sample.two_currencies()
    sums = {
        "net_monthly_savings": "490.96",
        "gross_monthly_savings": "490.96",
        "net_low": "440.00",
        "net_high": "491.00",
    }
    whole = parts.totals.model_copy(update={name: Decimal(amount) for name, amount in sums.items()})
    made = parts.model_copy(update={"currency": "USD", "totals": whole})
    assert shown(made)["Saving available"] == ["$491", "$440–$491 a month"]


def test_what_a_unit_costs_is_written_without_powers_of_ten() -> None:
    unit = finance_sample.finance().unit_costs[0].model_copy(update={"per_unit": 12345.678})
    one = Finance(month="2026-11", previous_month=None, unit_costs=[unit])
    assert shown(report().model_copy(update={"finance": one}))["Cost per order"][0] == "12,345.68 USD"


def test_the_five_numbers_carry_range_and_comparison() -> None:
    assert shown(given([month()], [budget("16500")])) == {
        "November forecast": ["$17,820", "$17,220–$18,520 in four of five such months", "▲ $1,320 (8%) over the $16,500 budget"],
        "Against same days of October": ["+$1,000", "▲ 10% on $10,000", "per order ▼ 4.8%"],
        "Saving available": ["$1,500", "$1,350–$1,500 a month", "9.3% of what is spent"],
        "Saving seen on the bill": ["$1,010", "a month", "of $1,200 done and $1,900 agreed"],
        "Emissions": ["412.0 kg", "CO₂e a month, location-based estimate", "▼ 3.4 kg can be saved"],
    }  # fmt: skip


def test_a_number_that_is_not_known_is_replaced_and_never_zero() -> None:
    plain = given(finance=None, night=None)
    assert [*shown(plain)] == ["What we spend a month", "Findings", "Saving available", "Emissions"]
    assert next(iter(shown(given([month(None)])))) == "November so far"
    assert shown(given([month(None)]))["November so far"] == [
        "$11,000",
        "no forecast: Only 9 days are settled.",
    ]
    assert shown(sample.empty()) == {}
    unpriced = shown(report([finding(1, None)]))
    assert [*unpriced] == ["Findings", "Emissions"]
    assert "Emissions" not in shown(report(costs=[cost("1", "5.00")]))


def test_savings_that_nobody_has_seen_on_a_bill_have_no_tile() -> None:
    funnel = finance_sample.funnel()
    unseen = funnel.model_copy(update={"on_the_bill": funnel.unknown})
    saved = [finance_sample.finance().saved[0].model_copy(update={"funnel": unseen})]
    made = given([month()], finance=finance_sample.finance().model_copy(update={"saved": saved}))
    assert "Saving seen on the bill" not in shown(made)
    assert len(shown(made)) == 5


def test_large_amounts_are_short_in_tiles_and_whole_in_their_titles() -> None:
    page = html.render(given([month("452318.77", spent=Decimal("300000"))]))
    assert '<p class="value" title="$452,318.77">$452.3k</p>' in page


def test_what_is_missing_and_what_may_change_stands_before_the_first_table() -> None:
    page = html.render(given([month()], coverage=[scope("metrics", "denied", error="no"), scope()]))
    before = page[: page.index("<table")]
    assert "access refused" in before
    assert "Provisional, may still grow: <" not in before
    assert "aws 123456789012 from 17 Nov 2026 on" in before


def test_days_that_may_change_are_a_remark_and_no_warning() -> None:
    told = caveat(given(coverage=[scope()]))
    assert told
    assert not told.grave
    night = Night(
        run_id="n", command="nightly", started_at=AS_OF,
        provisional=[Provisional(provider="aws", billing_account="1", since=date(2026, 11, 18), until=AS_OF.date())],
    )  # fmt: skip
    told = caveat(given(finance=None, night=night))
    assert told
    assert told.lines == [("Provisional, may still grow: aws 1 from 18 Nov 2026 on", "")]
    assert caveat(given(finance=None, night=None)) is None


def test_the_spend_of_accounts_that_were_not_read_whole_is_at_stake() -> None:
    told = caveat(sample.partial())
    assert told
    assert ("Accounts that were not read whole cost $45,338 a month", "") in told.lines
    assert ("Cost not known: gcp shop-dev-4711", "") in told.lines


@pytest.mark.parametrize("apart", ["500.00", "10.00"])
def test_a_month_more_than_one_per_cent_off_its_invoices_is_a_warning(apart: str) -> None:
    finance = finance_sample.finance()
    tied = finance.tie_out[0].model_copy(update={"difference": Decimal(apart)})
    told = caveat(given(finance=finance.model_copy(update={"tie_out": [tied]})))
    assert told
    line = ("The bill of October 2026 is $500.00 (3%) off its invoices", "")
    assert (line in told.lines) is (apart == "500.00")


@pytest.mark.parametrize("name", ["partial", "hostile", "large", "two_currencies", "clean"])
def test_decisions_and_the_rest_add_up_to_the_net_saving(name: str) -> None:
    made = sample.large(40) if name == "large" else getattr(sample, name)()
    decisions, totals = asked(made)
    for currency, whole in made.totals_by_currency.items():
        nets = [t.saving for t in totals if t.last and _currency(t.saving) == currency]
        parts = [t.saving for t in totals if not t.last and _currency(t.saving) == currency]
        rows = [one.saving for one in decisions if _currency(one.saving) == currency]
        if rows:
            assert [_amount(net) for net in nets] == [whole.net_monthly_savings]
            assert sum(map(_amount, parts or rows)) == whole.net_monthly_savings
            assert not parts or sum(map(_amount, rows)) == _amount(parts[0])
    assert name != "partial" or len(decisions) == 7


def _currency(shown: str) -> str:
    return "CNY" if "CN¥" in shown else "USD"


def _amount(shown: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.]", "", shown))


def test_a_decision_of_one_finding_leads_to_it_and_one_of_many_to_the_filtered_table() -> None:
    decisions, _ = asked(
        report([finding(1, "9.00"), finding(2, "3.00"), finding(3, "1.00", rule="a b&c", action="stop")])
    )
    assert [one.link for one in decisions] == ["#f?rule=unattached-volume&action=delete", "#f-f00000000003"]
    assert [one.findings for one in decisions] == ["2", "1"]


def test_names_of_owners_services_and_units_do_nothing_on_the_first_screen() -> None:
    finance = finance_sample.finance()
    spend = finance.spend[0]
    lines = [spend.lines[0].model_copy(update={"key": HOSTILE}), *spend.lines[1:]]
    unit = finance.unit_costs[0].model_copy(update={"unit": HOSTILE, "name": HOSTILE})
    finance = finance.model_copy(
        update={"spend": [spend.model_copy(update={"lines": lines})], "unit_costs": [unit]}
    )
    made = given([month()], [budget("1", name=HOSTILE)], finance=finance)
    made = made.model_copy(update={"findings": [finding(1, "5.00", tags={"owner": HOSTILE})]})
    page = html.render(made)
    assert "<img" not in page
    assert "\u202e" not in page
    assert "&lt;img src=x" in page


def test_a_report_with_an_empty_section_of_finance_is_as_one_without() -> None:
    bare = given(night=None, finance=Finance(month=None, previous_month=None))
    assert sentence(bare) == sentence(given(night=None, finance=None))


def test_without_a_night_forecasts_and_budgets_come_from_the_bills() -> None:
    finance = finance_sample.finance().model_copy(
        update={"forecasts": [month()], "budgets": [budget("16500")]}
    )
    made = given(night=None, finance=finance)
    assert sentence(made).startswith(
        "November is heading for $17,820, ▲ $1,320 (8%) over budget. It is $1,000 more"
    )
    page = html.render(made)
    assert "What this month will cost" in page
    assert "out of control" not in page


def test_a_month_that_has_just_begun_is_foreseen_and_the_one_before_is_compared() -> None:
    newer = month(month=date(2026, 12, 1), spent=Decimal("0.00"), settled_until=None)
    made = given([newer], as_of=datetime(2026, 12, 1))
    assert sentence(made).startswith(
        "December is heading for $17,820. November was $1,000 more than the same days of October, mostly because of "
        "what is new, and most of it in Amazon EC2."
    )
    assert [*shown(made)][:2] == ["December forecast", "November against same days of October"]
    unknown = newer.model_copy(update={"forecast": None, "reason": "Too few days."})
    assert sentence(given([unknown], as_of=datetime(2026, 12, 1))).startswith(
        "November cost $11,000. That is $1,000"
    )


def test_the_savings_rate_is_of_all_clouds_together() -> None:
    use = finance_sample.finance().commitments[0]
    other = use.model_copy(
        update={"cloud": "gcp", "effective": Decimal("3000.00"), "list": Decimal("3000.00")}
    )
    old = use.model_copy(update={"month": "2026-09", "effective": Decimal("1.00")})
    finance = finance_sample.finance().model_copy(update={"commitments": [old, use, other], "saved": []})
    assert shown(given([month()], finance=finance))["Effective savings rate"] == [
        "20%", "less than on demand, November 2026",
    ]  # fmt: skip
    yuan = other.model_copy(update={"currency": "CNY"})
    several = finance.model_copy(update={"commitments": [use, yuan]})
    assert "Effective savings rate" not in shown(given([month()], finance=several))


def test_the_method_of_a_forecast_and_the_source_of_budgets_are_named_where_there_are_any() -> None:
    told = dict(method(given([month()], [budget("16500")])))
    assert "four of five months end in it" in told["Forecast"]
    assert told["Budgets"] == "They are those of the configuration (finops.toml)."
    assert not {"Forecast", "Budgets"} & {*dict(method(given([month(None)])))}
