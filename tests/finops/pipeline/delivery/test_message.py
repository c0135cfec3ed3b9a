"""What a night tells: the subject says it all, what went wrong comes first, and nothing is told twice."""

import ast
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from finops.model import Coverage
from finops.pipeline.delivery.facts import Before, Facts, fingerprint
from finops.pipeline.delivery.items import fresh, items_of, new_findings, recovered
from finops.pipeline.delivery.message import message_of
from finops.pipeline.editions import Edition
from reports.redaction import RedactionLevel
from tests.finops.pipeline.delivery.nights import (
    AT,
    anomaly,
    budget,
    data_test,
    facts,
    failed,
    mute,
    report,
    restatement,
)
from tests.reports.build import AS_OF, finding
from tests.reports.untranslated import bracketed, of_text

YESTERDAY = AS_OF - timedelta(days=1)
PLAIN = Edition()
KNOWN = Before(YESTERDAY, frozenset())
NEW = {"status": "new", "first_seen": AS_OF}


@pytest.mark.parametrize(
    ("night", "subject"),
    [
        (facts(report(), before=KNOWN), "finops: nothing new"),
        (facts(report(finding(1, "250.00")), before=KNOWN), "finops: nothing new; $250 a month can be saved"),
        (
            facts(report(finding(1, "250.00", **NEW), finding(2, "162.40", **NEW), finding(3, None, **NEW)), before=KNOWN),
            "finops: 3 new findings, $412 a month",
        ),
        (
            facts(report(anomalies=[anomaly()], restatements=[restatement()]), before=KNOWN),
            "finops: 1 anomaly; October restated +$412",
        ),
        (facts(report(restatements=[restatement("588.00")])), "finops: October restated −$412"),
        (facts(report(budgets=[budget("over")])), "finops: Budget shop is over."),
        (facts(report(budgets=[budget("within")])), "finops: nothing new"),
        (facts(report(anomalies=[anomaly(state="accepted")])), "finops: nothing new"),
        (facts(None, failed("audit")), "finops: night failed: audit failed"),
        (
            facts(report(), failed("collect", "aws"), failed("collect", "gcp", status="incomplete")),
            "finops: night incomplete: collect aws failed and 1 more",
        ),
        (
            facts(report(data_tests=[data_test()]), failed("test")),
            "finops: night incomplete: data test bill-fresh of aws",
        ),
        (facts(report(data_tests=[data_test("warn")])), "finops: 1 warning of a data test"),
        (facts(report(), failed("deliver", "ops"), failed("tidy")), "finops: nothing new"),
        (
            facts(report(), before=Before(YESTERDAY, frozenset({"trouble:collect:aws:failed"}))),
            "finops: the night is whole again; nothing new",
        ),
    ],
)  # fmt: skip
def test_the_subject_says_what_a_reader_must_know(night: Facts, subject: str) -> None:
    assert message_of(night).subject == subject


def test_what_went_wrong_stands_first_and_findings_after_bills_and_budgets() -> None:
    found = report(
        finding(1, "10.00", **NEW), anomalies=[anomaly()], restatements=[restatement()], budgets=[budget("at_risk")]
    )  # fmt: skip
    text = message_of(facts(found, failed("collect", "aws", "AWS said no."), before=KNOWN)).text
    titles = [line for line in text.splitlines() if line.endswith(":")]
    assert titles == [
        "What went wrong:",
        "Costs and figures out of their limits:",
        "Bills that were changed afterwards:",
        "Budgets:",
        "New findings since 19 Nov 2026:",
        "In all:",
    ]
    assert "- collect aws failed: AWS said no." in text


def test_findings_that_were_told_or_do_not_count_are_not_new() -> None:
    seen = finding(1, "10.00", status="new", first_seen=YESTERDAY)
    exempt, other = (
        finding(2, "10.00", **(NEW | {"status": "exempt"})),
        finding(3, "9.00", superseded_by="f", **NEW),
    )
    back = finding(4, "8.00", status="reopened", first_seen=YESTERDAY)
    found = report(seen, exempt, other, back)
    assert [one.id for one in new_findings(facts(found, before=KNOWN))] == [back.id]
    assert new_findings(facts(found, before=Before(AS_OF, frozenset()))) == []
    assert len(new_findings(facts(found))) == 2  # to whom nothing was ever told everything that counts is new


def test_what_was_told_is_told_again_only_when_it_is_something_else() -> None:
    told = facts(report(anomalies=[anomaly()], restatements=[restatement()], budgets=[budget("at_risk")]))
    keys = frozenset(item.key for item in items_of(told))
    again = replace(told, before=Before(AS_OF, keys))
    assert fresh(items_of(again), again) == []
    worse = report(
        anomalies=[anomaly(), anomaly(2)], restatements=[restatement("1500.00")], budgets=[budget("over")]
    )
    later = replace(again, report=worse)
    assert [item.key.partition(":")[0] for item in fresh(items_of(later), later)] == [
        "anomaly",
        "restated",
        "budget",
    ]


@pytest.mark.parametrize(("days", "told"), [(13, True), (15, False)])
def test_an_exemption_is_told_in_the_two_weeks_before_it_ends(days: int, told: bool) -> None:
    found = report().model_copy(update={"exemptions": [mute(days)]})
    assert bool(items_of(facts(found))) is told


def test_the_night_after_a_failed_one_says_that_it_is_whole_again() -> None:
    bad = facts(None, failed("audit"))
    told = Before(None, frozenset(item.key for item in items_of(bad)))
    good, still = facts(report(), before=told), facts(None, failed("audit"), before=told)
    assert recovered(items_of(good), good)
    assert not recovered(items_of(still), still)


def test_what_cannot_be_read_for_weeks_is_news_once() -> None:
    denied = Coverage(
        cloud="aws", account="123456789012", region="eu-west-1", dataset="volumes", status="denied", error="no ec2:X",
        rows=0, calls=1, collected_at=None,
    )  # fmt: skip
    night = facts(
        report().model_copy(update={"coverage": [denied]}), failed("collect", "aws", status="incomplete")
    )
    assert message_of(night).subject == "finops: night incomplete: collect aws incomplete and 1 more"
    assert "- volumes of aws 123456789012 denied: no ec2:X" in message_of(night).text
    assert {item.kind for item in items_of(night)} == {"partial"}
    told = Before(None, frozenset(item.key for item in items_of(night)))
    assert fresh(items_of(night), replace(night, before=told)) == []
    whole = facts(report(), before=told)
    assert recovered(items_of(whole), whole)


def test_a_long_list_is_cut_with_its_rest_counted() -> None:
    found = report(*(finding(number, "10.00", **NEW) for number in range(25)))
    text = message_of(facts(found, before=KNOWN)).text
    assert text.count("$10.00 a month") == 10
    assert "and 15 more, in the report" in text
    assert len(text) < 6000


def test_names_from_a_cloud_do_nothing_in_a_mail_a_chat_or_a_header() -> None:
    evil = "</li><script>x</script> @channel [a](http://b)\r\nBcc: all@example.com\u202e"
    message = message_of(
        facts(report(finding(1, "1.00", resource_name=evil, **NEW), anomalies=[anomaly(message=evil)]))
    )
    assert "<script>" not in message.html
    assert "@channel" not in message.markdown
    assert "(http://b" not in message.markdown
    assert "@channel" not in message.text
    for text in (message.subject, message.text, message.markdown, message.html):
        assert "\r" not in text
        assert "\u202e" not in text
        assert not any(line.startswith("Bcc") for line in text.splitlines())


def test_the_same_night_twice_has_one_fingerprint_and_another_day_or_form_another() -> None:
    def of(
        night: Facts,
        *,
        formats: tuple[str, ...] = ("html",),
        edition: Edition = PLAIN,
        daily: bool = False,
    ) -> str:
        keys = [item.key for item in items_of(night)]
        return fingerprint(night, keys, formats=formats, edition=edition, daily=daily)

    first = facts(report(finding(1, "10.00", **NEW)))
    second = facts(report(finding(1, "10.00", status="open", first_seen=AS_OF)).model_copy(
        update={"run_id": "other", "as_of": AS_OF + timedelta(hours=1)}
    ))  # fmt: skip
    tomorrow = replace(second, as_of=AT + timedelta(days=1))
    assert of(first) == of(second) == of(tomorrow)
    assert of(first, daily=True) != of(tomorrow, daily=True)
    assert of(first) != of(first, formats=())
    assert of(first) != of(facts(report(finding(1, "10.01", **NEW))))
    levels = [Edition(redact=level) for level in get_args(RedactionLevel)]
    others = [Edition(audience="executive"), Edition(locale="de"), Edition("all", "engineering", "zh")]
    assert len({of(first, edition=one) for one in (*levels, *others)}) == len(levels) + len(others)


@pytest.mark.parametrize("shelf", ["/srv/reports", ""])
@pytest.mark.parametrize("with_report", [True, False])
def test_nothing_but_what_others_said_is_in_english_in_another_language(
    with_report: bool, shelf: str
) -> None:
    told = report(
        finding(1, "250.00", **NEW), anomalies=[anomaly()], restatements=[restatement()],
        budgets=[budget("over")], data_tests=[data_test(), data_test("warn")],
    ).model_copy(update={"exemptions": [mute(3)]})  # fmt: skip
    night = replace(
        facts(told if with_report else None, failed("collect", "aws"), failed("collect", "gcp", status="incomplete")),
        unmade={"finops-report.pdf": "No browser."}, files=["a.html"], shelf=shelf,
    )  # fmt: skip
    with bracketed():
        message = message_of(night)
    said = {"denied", "No browser."}
    if night.report and night.report.night:
        lists = (
            getattr(night.report.night, name)
            for name in ("anomalies", "restatements", "budgets", "data_tests")
        )
        said |= {one.message for some in lists for one in some} | {
            one.reason for one in night.report.findings
        }
    assert {line.lstrip("-: ") for line in of_text(message.text)} <= said
    assert {line.lstrip("- ").lstrip("*: ") for line in of_text(message.markdown)} <= said
    assert of_text(message.subject.partition("⟦")[0]) == ["finops:"]


def test_words_that_are_translated_are_where_they_are_gathered() -> None:
    """A message outside of reports/ would be in no catalogue, and so in English for everybody."""
    for path in (Path(__file__).parents[4] / "finops").rglob("*.py"):
        calls = (
            one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.Call) and one.args
        )
        told = [
            one.args[0].value
            for one in calls
            if getattr(one.func, "id", "") in ("t", "tn", "mark") and isinstance(one.args[0], ast.Constant)
        ]
        assert told == [], path


def test_a_file_that_could_not_be_made_is_told_like_what_went_wrong_and_once() -> None:
    night = replace(
        facts(report(), failed("report", message="2 files.", status="incomplete"), before=KNOWN),
        unmade={"finops-report.pdf": "No browser: install one."},
    )
    (item,) = items_of(night)  # not the step too, which says the same
    assert (item.key, item.is_bad) == ("unmade:finops-report.pdf", True)
    message = message_of(night)
    assert message.subject == "finops: night incomplete: finops-report.pdf was not made"
    assert message.text.startswith(
        "Files that could not be made:\n- finops-report.pdf was not made: No browser: install one."
    )
    told = replace(night, before=Before(YESTERDAY, frozenset({item.key})))
    assert fresh(items_of(told), told) == []
    assert recovered([], told)
