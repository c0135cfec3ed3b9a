from decimal import Decimal
from typing import Any

import pytest

from finops.model import AuditReport
from reports import words
from rules.engine.catalogue import catalogue
from tests.reports import sample
from tests.reports.build import cost, finding, report, scope, unjudged


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (sample.empty(), "Nothing has been looked at yet: no bill and no inventory is loaded."),
        (sample.clean(), "Nothing to save was found in the $812 spent a month."),
        (report(coverage=[scope()]), "Nothing to save was found; what is spent is not known."),
        (
            report(not_evaluated=[unjudged("no CPU data")]),
            "Nothing to save was found, but nothing could be judged either.",
        ),
        (
            report([finding(1, "310.00")], [cost("1", "1000.00")]),
            "Of $1,000 spent a month, $310 (31%) can be saved in 1 step.",
        ),
        (
            report([finding(1, "310.00")]),
            "What is spent in all is not known; $310 a month can be saved in 1 step.",
        ),
        (
            report([finding(1, None), finding(2, None)]),
            "2 things to do were found; what can be saved is not known, because no price or bill is loaded.",
        ),
        (
            sample.two_currencies(),
            "CN¥1,293 and $310 a month can be saved (not added up, as no exchange rate was given) "
            "in 3 steps.",
        ),
        (
            sample.three_clouds(),
            "Of $47,539 spent a month, $3,463 (7.2%) can be saved in 13 steps, $1,970 of it with high confidence. "
            "For 1 of them the amount is not known.",
        ),
    ],
)
def test_the_headline_says_what_the_numbers_allow(given: AuditReport, sentence: str) -> None:
    assert words.headline(given).text == sentence


def test_a_currency_with_braces_is_a_currency_and_no_placeholder() -> None:
    hostile = sample.three_clouds().model_copy(update={"currency": "{x.__class__}"})
    assert "{x.__class__}" in words.headline(hostile).text


def test_the_headline_of_a_partial_report_says_that_there_may_be_more() -> None:
    assert words.headline(sample.partial()).text.endswith(
        "Not everything was seen: 5 of 14 sources could not be read whole, so there may be more to find."
    )


@pytest.mark.parametrize(
    ("over", "said"),
    [
        (
            {
                "action": "resize",
                "current": {"vcpu": 16, "instance_type": "m5.4xlarge"},
                "proposed": {"vcpu": 4, "instance_type": "m5.xlarge"},
            },
            "resize m5.4xlarge → m5.xlarge",
        ),
        ({"action": "resize", "proposed": {"size_gib": 100}}, "resize 500 → 100 GiB"),
        ({"action": "resize", "proposed": {}}, "resize disk"),
        ({"action": "change-type", "proposed": {"volume_type": "st1"}}, "change gp3 → st1"),
        ({"action": "change-type", "proposed": {"iops": 100}}, "change 100"),
        ({"action": "terminate", "resource_type": "instance"}, "terminate server"),
        ({"action": "delete", "proposed": {"volume_type": None}}, "delete disk"),
        (
            {"action": "delete", "resource_type": "bucket", "proposed": {"share": 0.9}},
            "delete part of file store",
        ),
        ({"action": "spot", "proposed": {"purchase_model": "spot"}}, "run as spot"),
        (
            {"action": "schedule", "current": {"hours_a_week": 168}, "proposed": {"hours_a_week": 55}},
            "schedule 168 → 55 hours a week",
        ),
        ({"action": "move", "current": {"region": "a"}, "proposed": {"region": "b"}}, "move a → b"),
        ({"action": "buy", "current": {}, "proposed": {"plan": "x", "term": "1 year"}}, "buy x, 1 year"),
    ],
)
def test_an_action_is_said_with_what_changes(over: dict[str, Any], said: str) -> None:
    assert words.action(finding(1, "1.00", **over)) == said


def test_every_kind_fits_above_a_bar() -> None:
    assert max(map(len, words.KINDS.values())) <= 40


def test_every_rule_of_ours_and_what_it_is_about_has_a_name_for_readers_who_know_no_cloud() -> None:
    for rule in catalogue(()):
        assert rule.id in words.KINDS, rule.id
        assert rule.header.resource in words.RESOURCES, rule.header.resource


def test_a_rule_of_the_user_is_called_by_its_id() -> None:
    assert words.kind("our-own-rule") == "Our own rule"


def test_a_value_has_the_unit_of_its_key() -> None:
    assert words.value("memory_gib", 16) == "16 GiB"
    assert words.value("cpu_p95", 0.1125) == "0.1125"
    assert words.value("price", 0.0000004) == "0.0000004"
    assert words.value("price", -0.00002) == "-0.00002"
    assert words.value("bytes", 12345678) == "12,345,678"
    assert words.value("seen", True) == "yes"
    assert words.value("price", Decimal("0.0880")) == "0.0880"
