from decimal import Decimal

import pytest

from finops.model import CarbonMethod, CarbonSource, Co2e
from reports import html, markdown, summary, terminal
from tests.reports import sample
from tests.reports.build import finding, report, unjudged


def test_reasons_that_differ_in_numbers_only_are_one_line_with_a_range() -> None:
    gap = summary.gaps(sample.three_clouds())[0]
    assert (gap.count, gap.rule, gap.reason) == (4, "oversized-instance", "no CPU data for 20–29 of 30 days")


def test_numbers_inside_names_keep_reasons_apart() -> None:
    lines = [unjudged("m5.4xlarge has no price"), unjudged("m5.8xlarge has no price")]
    assert len(summary.gaps(report(not_evaluated=lines))) == 2


def test_unread_scopes_are_grouped_by_account_status_and_error_the_worst_first() -> None:
    groups = summary.unread_groups(sample.partial())
    assert [(g.status, g.scopes) for g in groups] == [
        ("denied", 2), ("failed", 1), ("throttled", 1), ("partial", 1)
    ]  # fmt: skip
    assert groups[0].regions == ("eu-west-1", "us-east-1")


def test_a_skipped_scope_is_not_unread() -> None:
    assert summary.unread_scopes(sample.three_clouds()) == []


def test_accepted_findings_and_alternatives_are_not_counted() -> None:
    given = sample.three_clouds()
    assert len(given.findings) == 15
    assert len(summary.pending(given)) == given.totals.findings == 14
    assert len(summary.counted(given)) == 13


def test_the_interval_of_emissions_is_that_of_the_total() -> None:
    assert summary.carbon_interval(sample.three_clouds()) == pytest.approx((165.2, 372.9))
    assert summary.carbon_interval(sample.empty()) == (None, None)


def test_what_a_finding_adds_to_the_emissions_saved_is_its_net_where_an_audit_has_one() -> None:
    chain = Co2e(saved_kg=4.0, net_saved_kg=1.5, method_version="1")
    unknown = Co2e(saved_kg=4.0, method_version="1")
    old = Co2e(saved_kg=4.0)
    counted = [summary.carbon_counted(finding(1, "1.00", co2e=co2e)) for co2e in (chain, unknown, old)]
    assert counted == [1.5, None, 4.0]


def test_sources_of_carbon_are_short_named_once_and_in_every_rendering() -> None:
    def source(text: str, year: int) -> CarbonSource:
        return CarbonSource(source=text, year=year, basis=None, regions=["aws r"])

    method = CarbonMethod(
        version="7",
        grid=[source("Registry 9 (operational), same as x", 2024), source("Registry 9; for y", 2024)],
        pue=[source("average of the cloud, no figure for r", 2023)],
    )
    given = sample.clean().model_copy(update={"carbon_method": method})
    short = ["method 7", "grid: Registry 9 (2024)", "PUE: average of the cloud (2023)"]
    assert summary.carbon_sources(given) == short
    assert summary.carbon_sources(sample.clean()) == []
    for text in (terminal.render(given, width=200), markdown.render(given), html.render(given)):
        assert ", ".join(short) in text


def test_sums_keep_currencies_apart_and_leave_out_the_unknown() -> None:
    findings = [finding(1, "1.00"), finding(2, "2.00", currency="CNY"), finding(3, None)]
    assert summary.together(findings) == [(Decimal("1.00"), "USD"), (Decimal("2.00"), "CNY")]


def test_a_converted_total_comes_before_the_currencies_it_is_made_of() -> None:
    given = sample.two_currencies()
    totals = given.totals.model_copy(update={"net_monthly_savings": Decimal("490.00")})
    converted = given.model_copy(update={"totals": totals, "currency": "EUR"})
    assert [currency for currency, _ in summary.per_currency(converted)] == ["EUR", "CNY", "USD"]
    assert [currency for currency, _ in summary.per_currency(given)] == ["CNY", "USD"]
