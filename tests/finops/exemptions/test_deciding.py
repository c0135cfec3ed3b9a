"""Which finding is exempt at an instant: entries and tags in, exemptions and what does not hold out."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from finops.exemptions import LONGEST, Exemptions, Mute
from finops.verdicts import Key, RuleFacts, Verdict

AS_OF = datetime(2026, 11, 1)
KNOWN = {"idle-instance", "low-io-volume"}
KEY = Key("aws", "1", "i-1")


def verdict(rule: str = "idle-instance", key: Key = KEY, region: str = "r") -> Verdict:
    facts = RuleFacts(rule, rule, "unused", "low", "low", (), {})
    return Verdict(facts, key, region, "instance", "terminate", "It is.", ("all",), {}, {}, {})


def mute(**over: Any) -> Mute:
    fields = {"rule": "idle-instance", "owner": "Ann", "reason": "she said so", "expires": date(2026, 12, 31)}
    return Mute.model_validate({**fields, **(over or {"resource": "i-1"})})


def decide(
    one: Verdict, *mutes: Mute, tags: dict[str, str] | None = None, at: datetime = AS_OF
) -> tuple[Verdict, Exemptions]:
    exemptions = Exemptions(mutes, KNOWN, at)
    (decided,) = exemptions.apply([one], {one.key: tags or {}})
    return decided, exemptions


@pytest.mark.parametrize(
    ("selector", "exempt"),
    [
        ({"resource": "i-1"}, True),
        ({"resource": "i-2"}, False),
        ({"resource": "I-1"}, False),
        ({"account": "1"}, True),
        ({"account": 1}, True),
        ({"account": "11"}, False),
        ({"cloud": "aws"}, True),
        ({"cloud": "gcp"}, False),
        ({"region": "r"}, True),
        ({"region": "s"}, False),
        ({"tag": "env=lab"}, True),
        ({"tag": "env=lab=2"}, False),
        ({"tag": "team="}, True),
        ({"tag": "no="}, False),
        ({"resource": "i-1", "account": "1", "cloud": "aws", "region": "r", "tag": "env=lab"}, True),
        ({"resource": "i-1", "account": "2"}, False),
        ({"everything": True}, True),
        ({"rule": "all", "account": "1"}, True),
        ({"rule": "low-io-volume", "account": "1"}, False),
    ],
)
def test_an_entry_is_about_what_all_its_selectors_fit(selector: dict[str, Any], exempt: bool) -> None:
    decided, _ = decide(verdict(), mute(**selector), tags={"env": "lab", "team": ""})
    assert (decided.exemption is not None) is exempt


def test_an_exemption_holds_through_its_last_day_and_then_the_finding_returns_with_the_reason() -> None:
    last = datetime(2026, 12, 31, 23, 59, 59)
    holds, _ = decide(verdict(), mute(), at=last)
    assert holds.exemption is not None
    assert holds.exemption.expires_at == datetime(2027, 1, 1)
    assert (holds.exemption.owner, holds.exemption.reason) == ("Ann", "she said so")
    ended, exemptions = decide(verdict(), mute(), at=last + timedelta(seconds=1))
    assert ended.exemption is None
    assert ended.confidence_reasons == (
        "its exemption (finops.mutes.toml) does not hold: it ended on 2026-12-31",
    )
    assert [(line.state, line.findings) for line in exemptions.lines()] == [("expired", 0)]


def test_an_exemption_for_longer_than_two_years_holds_and_is_told() -> None:
    longest = (AS_OF + LONGEST).date()
    assert decide(verdict(), mute(resource="i-1", expires=longest))[0].exemption
    decided, exemptions = decide(verdict(), mute(resource="i-1", expires=longest + timedelta(days=1)))
    assert decided.exemption is not None
    assert (
        exemptions.lines()[0].note
        == "it ends more than 731 days after the audit: is the rule right for this?"
    )
    assert decide(verdict(), mute(resource="i-1", expires=date.max))[0].exemption is not None


def test_an_exempt_finding_that_the_report_leaves_out_is_not_counted_for_its_entry() -> None:
    decided, exemptions = decide(verdict(), mute())
    found = (decided.rule.id, decided.region, decided.key)
    assert [line.findings for told in ([], [found], None) for line in exemptions.lines(told)] == [0, 1, 1]


@pytest.mark.parametrize("value", ["idle-instance", "all"])
def test_a_tag_without_an_end_holds_and_says_that_it_has_none(value: str) -> None:
    decided, exemptions = decide(verdict(), tags={"finops:ignore": value})
    assert decided.exemption is not None
    assert decided.exemption.expires_at is None
    (line,) = exemptions.lines()
    assert (line.state, line.expires_at) == ("in_force", None)
    assert line.note == "it names no day on which it ends, and holds until somebody takes it away"
    dated, _ = decide(verdict(), mute(resource="i-1"), tags={"finops:ignore": value})
    assert dated.exemption is not None
    assert dated.exemption.expires_at is not None


@pytest.mark.parametrize("key", ["finops:ignore", "finops-ignore", "finops_ignore"])
def test_a_tag_with_an_end_exempts_the_rules_it_names(key: str) -> None:
    tags = {key: "idle-instance;until=2026-12-31"}
    decided, exemptions = decide(verdict(), tags=tags)
    assert decided.exemption is not None
    assert (decided.exemption.owner, decided.exemption.source) == ("tag on the resource", f"tag {key}")
    assert [(line.rule, line.state, line.findings) for line in exemptions.lines()] == [
        ("idle-instance", "in_force", 1)
    ]
    assert decide(verdict("low-io-volume"), tags=tags)[0] == verdict("low-io-volume")


@pytest.mark.parametrize(
    ("value", "state", "note"),
    [
        ("all;until=2026-10-31", "expired", "it ended on 2026-10-31"),
        ("idle;until=2026-12-31", "refused", "it names no rule that exists"),
        ("';DROP TABLE tags;--", "refused", "its value cannot be read"),
        ("", "refused", "its value names no rule"),
    ],
)
def test_a_tag_that_does_not_hold_is_told_on_the_finding_and_in_the_list(
    value: str, state: str, note: str
) -> None:
    decided, exemptions = decide(verdict(), tags={"finops:ignore": value})
    (line,) = exemptions.lines()
    assert (decided.exemption, line.state, line.note) == (None, state, note)
    told = (f"its exemption (tag finops:ignore) does not hold: {note}",)
    assert decided.confidence_reasons == (() if value == "idle;until=2026-12-31" else told)


def test_a_tag_that_also_names_an_unknown_rule_holds_for_the_known_one_and_says_so() -> None:
    decided, exemptions = decide(verdict(), tags={"finops-ignore": "idle-instance_idle__until-2026-12-31"})
    assert decided.exemption is not None
    (line,) = exemptions.lines()
    assert (line.rule, line.note) == ("idle-instance", "it also names a rule that does not exist")


def test_of_several_the_one_that_holds_longest_is_named_the_file_before_a_tag() -> None:
    short, long = mute(resource="i-1"), mute(account="1", owner="Bob", expires=date(2027, 3, 1))
    for order in ((short, long), (long, short)):
        decided, _ = decide(verdict(), *order, tags={"finops:ignore": "all;until=2027-03-01"})
        assert decided.exemption is not None
        assert decided.exemption.owner == "Bob"


def test_a_tag_is_about_its_own_resource_only() -> None:
    exemptions = Exemptions([], KNOWN, AS_OF)
    other = verdict(key=KEY._replace(account_id="2"))
    first, second = exemptions.apply([verdict(), other], {KEY: {"finops:ignore": "all;until=2026-12-31"}})
    assert first.exemption
    assert second.exemption is None
