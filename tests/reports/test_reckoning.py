from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from finops.model import Co2e, Decided
from reports import reckoning
from reports.html import rows
from tests.reports import sample
from tests.reports.build import AS_OF, at, finding

PIECES = [
    {"resource_id": "i-1", "component": "compute", "monthly_cost": 283.58456, "monthly_cost_after": 70.9},
    {"resource_id": "vol-1", "component": "storage", "monthly_cost": 3.0, "monthly_cost_after": 0.0},
    {"resource_id": "eip-1", "component": "public_ip", "monthly_cost": 0.0, "monthly_cost_after": 0.0},
]


def priced(**over: Any) -> list[str]:
    return reckoning.money(finding(1, "215.68", **over), {})


def test_the_money_goes_from_the_bill_over_the_pieces_to_the_total() -> None:
    evidence = {
        "cost_pieces": PIECES,
        "billed_cost": 282.66,
        "billed_hours": 720.0,
        "bill_window": "October",
        "interval_basis": "days of the bill",
    }
    assert priced(resource_id="i-1", evidence=evidence, monthly_cost=Decimal("286.58")) == [
        "Billed: $282.66 in 720 hours (October).",
        "It costs $286.58 in a month of 730 hours, by what was billed for it (effective cost, before tax and "
        "credits).",
        "For compute: $283.58 now, $70.90 after.",
        "For storage of vol-1: $3.00 now, $0.00 after.",
        "The step saves $215.68 a month.",
        "All of it is in the total.",
        "In four months of five, $194.11 to $215.68 of it will be saved (days of the bill).",
    ]


def test_evidence_that_is_no_arithmetic_breaks_nothing() -> None:
    odd: list[Any] = [None, 7, "x", [None], [{"monthly_cost": "x", "monthly_cost_after": {}}], [{}]]
    for value in odd:
        assert priced(evidence={"cost_pieces": value, "billed_cost": value, "billed_hours": value})


def test_the_arithmetic_is_told_once_and_not_listed_as_evidence() -> None:
    found = finding(
        1, "1.00", evidence={"cost_pieces": PIECES, "days": 3, "peers": [{"id": "a"}, {"id": "b"}]}
    )
    assert rows.row(found, {}, "team", AS_OF)["evidence"] == [
        ["days", "3"],
        ["peers 1 › id", "a"],
        ["peers 2 › id", "b"],
    ]


def test_what_another_finding_counts_is_taken_off() -> None:
    given = sample.three_clouds()
    told = reckoning.money(given.findings[0], reckoning.winners(given))
    assert told[-2] == "$100.00 of it is already counted in another finding, so $1,104.33 is in the total."


def test_a_step_after_another_is_counted_on_what_that_leaves() -> None:
    given = sample.three_clouds()
    first = given.findings[0]
    pieces = [
        {"resource_id": "i-2", "component": "compute", "monthly_cost": 50.0, "monthly_cost_after": 15.0}
    ]
    then = finding(
        2, "35.00", evidence={"counted_after": [first.id, "gone", 7], "net_pieces": pieces}, resource_id="i-2"
    )
    told = reckoning.money(then, reckoning.winners(given))
    at = next(i for i, line in enumerate(told) if line.startswith("It comes after"))
    assert (
        told[at]
        == "It comes after “resize m5.8xlarge → m5.2xlarge: web-prod-1”, and is counted on what that leaves:"
    )
    assert told[at + 1] == "For compute: $50.00 now, $15.00 after."
    assert told[at - 1].startswith("The step alone saves")


def test_an_alternative_names_what_it_is_counted_in() -> None:
    given = sample.three_clouds()
    alternative = next(found for found in given.findings if found.superseded_by)
    told = reckoning.money(alternative, reckoning.winners(given))
    assert "".join(told).count("it is counted in “resize m5.8xlarge → m5.2xlarge: web-prod-1”.") == 1


def test_without_a_price_the_money_is_said_to_be_unknown() -> None:
    assert reckoning.money(finding(1, None), {}) == [
        "What this saves is not known, because no price is known for it; it is in no total."
    ]


def test_a_step_that_only_changes_the_price_saves_no_emissions_and_says_why() -> None:
    told = reckoning.emissions(finding(1, "1.00", co2e=Co2e(saved_kg=0.0, reason="price_only")))
    assert told == [
        "No emissions are saved: only the price changes, the same work runs on the same hardware."
    ]


def test_emissions_are_given_with_their_interval_and_quality() -> None:
    co2e = Co2e(
        operational_kg=4.0,
        embodied_kg=1.6,
        saved_kg=5.6,
        saved_low_kg=3.0,
        saved_high_kg=12.0,
        quality="proxy",
    )
    assert reckoning.emissions(finding(1, "1.00", co2e=co2e)) == [
        "In 730 hours it emits 4.0 kg CO₂e by its electricity and 1.6 kg as its share of making the "
        "hardware.",
        "The step saves 5.6 kg CO₂e a month, between 3.0 kg and 12.0 kg.",
        "Its own hardware is not published; the figures are those of similar hardware.",
    ]


def test_a_hostile_reason_is_neutralised() -> None:
    told = reckoning.emissions(finding(1, "1.00", co2e=Co2e(reason="x\u202ey")))
    assert told == ["The emissions are not known: x⟨U+202E⟩y."]


def test_what_a_purchase_is_for_is_on_the_bill_though_its_own_price_is_listed() -> None:
    told = priced(
        action="buy", resource_type="commitment", price_basis="list", monthly_cost=Decimal("286.58")
    )
    assert (
        told[0]
        == "What it is for costs $286.58 in a month of 730 hours on demand, by what was billed for it."
    )


def entrusted(as_of: datetime = AS_OF, **over: Any) -> list[str]:
    fields = {"decision": "agreed", "owner": "Ann", "due": date(2026, 11, 19), "comment": None, **over}
    said = Decided(decided_at=at(2026, 11, 2), **fields)
    return reckoning.entrusted(finding(1, "1.00", decision=said), as_of)


def test_who_takes_care_of_a_finding_and_until_when_is_told() -> None:
    assert entrusted(due=date(2026, 12, 1), comment="after\nthe release") == [
        "Decided: agreed, on 2 Nov 2026", "Owner: Ann", "Due: 1 Dec 2026", "Comment: after the release",
    ]  # fmt: skip
    assert entrusted(decision="noted", owner=None, due=date(2026, 12, 1)) == ["Due: 1 Dec 2026"]
    assert reckoning.entrusted(finding(1, "1.00"), AS_OF) == []


@pytest.mark.parametrize(
    ("decision", "late"), [("agreed", True), ("noted", True), ("done", False), ("rejected", False)]
)
def test_what_is_open_past_its_due_date_is_overdue_and_what_is_settled_is_not(
    decision: str, late: bool
) -> None:
    assert ("Due: 19 Nov 2026, overdue" in entrusted(decision=decision)) is late
    assert ("Due: 19 Nov 2026" in entrusted(decision=decision)) is not late


def test_a_finding_is_not_overdue_on_its_day_but_on_the_next_of_the_report_whenever_it_is_rendered() -> None:
    assert "Due: 20 Nov 2026" in entrusted(AS_OF + timedelta(hours=23), due=AS_OF.date())
    assert "Due: 20 Nov 2026, overdue" in entrusted(AS_OF + timedelta(days=1), due=AS_OF.date())
