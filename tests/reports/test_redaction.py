import base64
import gzip
import re
from datetime import date
from importlib.resources import files
from typing import get_args

import pytest

from finops.model import AuditReport, Decided
from reports import csv, html, json, mail, markdown, terminal
from reports.redaction import RedactionLevel, pseudonym, redact
from tests.reports import finance_sample, sample
from tests.reports.build import at, cost, finding, report, unjudged

KEY = b"a key of the company"
ACCOUNT, RESOURCE, NAME, TEAM, OTHER = sample.SECRETS


def everything(given: AuditReport) -> str:
    """All renderings, packed data blocks unpacked, in one spelling."""
    page = html.render(given)
    blocks = re.findall(r'octet-stream" id="rest">([^<]+)<', page)
    unpacked = [gzip.decompress(base64.b64decode(block)).decode() for block in blocks]
    page = re.sub(r'octet-stream" id="plotly">[^<]+<', "<", page)
    texts = [
        page, *unpacked, json.render(given), csv.render(given), markdown.render(given),
        terminal.render(given, width=400), terminal.render_tsv(given),
        markdown.render_brief(given), mail.subject(given), mail.text(given), mail.body("", given),
    ]  # fmt: skip
    return "\n".join(texts).replace("&#39;", "'").casefold()


@pytest.mark.parametrize(
    ("level", "gone"),
    [
        ("ids", (ACCOUNT, RESOURCE, OTHER)),
        ("names", (NAME, TEAM, "Müller", "M%C3%BCller", *sample.DECIDED)),
        ("all", (*sample.SECRETS, "Müller", "M%C3%BCller", *sample.DECIDED)),
    ],
)
def test_no_rendering_holds_what_was_redacted(level: RedactionLevel, gone: tuple[str, ...]) -> None:
    text = everything(redact(sample.secret(), level, key=KEY))
    assert [secret for secret in gone if secret.casefold() in text] == []


def test_the_fixture_shows_every_secret_when_nothing_is_redacted() -> None:
    text = everything(redact(sample.secret(), "none"))
    assert [secret for secret in (*sample.SECRETS, *sample.DECIDED) if secret.casefold() not in text] == []


@pytest.mark.parametrize("level", get_args(RedactionLevel))
def test_a_due_date_names_nobody_and_stays_at_every_level(level: RedactionLevel) -> None:
    said = Decided(
        decision="agreed", owner="Ann", due=date(2026, 12, 1), comment=None, decided_at=at(2026, 11, 1)
    )
    (one,) = redact(report([finding(1, "1.00", decision=said)]), level, key=KEY).findings
    assert one.decision
    assert one.decision.due == date(2026, 12, 1)
    assert (one.decision.owner == "Ann") is (level in ("none", "ids"))


def test_rows_beyond_the_markup_are_redacted_too() -> None:
    text = everything(redact(sample.large(230), "all", key=KEY))
    assert "service-229-node-229" not in text
    assert "100000000001" not in text


def test_one_thing_has_one_pseudonym_in_every_field_and_text() -> None:
    found = redact(sample.secret(), "ids", key=KEY)
    alias = pseudonym("resource", RESOURCE, KEY)
    assert found.findings[0].resource_id == found.not_evaluated[0].resource_id == alias
    assert alias in found.findings[0].reason
    assert alias in found.findings[0].remediation[0]
    assert found.costs[0].account == found.coverage[0].account == pseudonym("account", ACCOUNT, KEY)


def test_pseudonyms_are_stable_for_a_key_and_differ_between_keys() -> None:
    assert redact(sample.secret(), "all", key=KEY) == redact(sample.secret(), "all", key=KEY)
    assert redact(sample.secret(), "all", key=KEY) != redact(sample.secret(), "all", key=b"another")


def test_an_alternative_still_points_to_what_it_is_counted_in() -> None:
    found = redact(sample.three_clouds(), "all", key=KEY)
    ids = {finding.id for finding in found.findings}
    assert [f.superseded_by in ids for f in found.findings if f.superseded_by] == [True]
    assert "f00000000001" not in found.to_json()


def test_numbers_and_our_own_words_survive() -> None:
    given = report(
        [finding(1, "30.00", tags={"n": "30", "c": "high", "p": "aws"}, reason="27 of 30 days")],
        [cost("123456789012", "100.00")],
    )
    found = redact(given, "all", key=KEY)
    assert found.totals == given.totals
    assert found.findings[0].reason == "27 of 30 days"
    assert (found.findings[0].confidence, found.findings[0].cloud) == ("high", "aws")
    assert set(found.findings[0].tags.values()).isdisjoint({"30", "high", "aws"})


def test_a_short_name_is_replaced_as_a_word_only() -> None:
    given = report([finding(1, "1.00", resource_name="web", reason="web is cobwebbed: web-1")])
    assert redact(given, "names", key=KEY).findings[0].reason.count("name-") == 2
    assert "cobwebbed" in redact(given, "names", key=KEY).findings[0].reason


NEIGHBOUR, GROUP, CLAIM = "web frontend 7", "asg web", "payments/ledger-0"


def test_a_machine_that_a_finding_only_mentions_is_redacted_too() -> None:
    beside = {"instance_name": NEIGHBOUR, "scaling_group": GROUP, "volume_id": "d-gone1"}
    pairs = "nas 4 in us-east-1b 3,302 GiB; nas 5 in us-east-1a 28 GiB"
    reason = f"It sends to {NEIGHBOUR}, it is a member of {GROUP}, which has its own schedule."
    found = finding(1, "1.00", current=beside, evidence={"largest_pairs": pairs}, reason=reason)
    gap = unjudged(f"It belongs to the Kubernetes claim {CLAIM}, which only the cluster may give up.")
    given = report([found], not_evaluated=[gap])
    hidden = {"ids": (GROUP, "d-gone1", "nas 4", "nas 5", CLAIM), "names": (NEIGHBOUR, CLAIM)}
    for level in get_args(RedactionLevel):
        text = everything(redact(given, level, key=KEY))
        gone = {one for of, them in hidden.items() if level in (of, "all") for one in them}
        assert {one for one in gone if one in text} == set()
        assert level != "none" or all(one in text for them in hidden.values() for one in them)


def test_what_settings_select_is_redacted_where_no_finding_has_it() -> None:
    finance = sample.secret().finance
    assert finance
    assert finance.provenance
    told = {
        "thresholds": [
            "idle-instance.account.ads-eu-prod.min_days = 3",
            "idle-instance.tag.team=secret squad.cpu_peak_max = 0.1",
        ],
        "limits": ["--project ml-lab-eu", "--tag team=night shift"],
        "command": "finops audit --project ml-lab-eu --tag 'team=night shift'",
    }
    provenance = finance.provenance.model_copy(update=told)
    given = report().model_copy(update={"finance": finance.model_copy(update={"provenance": provenance})})
    text = everything(redact(given, "all", key=KEY))
    assert [one for one in ("ads-eu-prod", "ml-lab-eu", "secret squad", "night shift") if one in text] == []


def test_every_sentence_of_a_rule_that_names_something_is_known_to_the_redaction() -> None:
    named = r"(?:\w+\.)?(?:member_of|scaling_group|kubernetes_claim|volume_id|image_id|cluster|cluster_id|instance_id|peer_resource|peer)"
    told = re.compile(rf"'([^']*)' \|\| {named}\b(?: \|\| '([^']*)')?")
    found = 0
    for path in sorted(files("rules").glob("*/*.sql")):  # type: ignore[attr-defined]
        for before, after in told.findall(path.read_text()):
            if path.parent.name == "rollups" or not before.endswith(" "):
                continue
            found += 1
            given = report(not_evaluated=[unjudged(f"{before}shop-7{after}".strip())])
            assert "shop-7" not in redact(given, "ids", key=KEY).to_json(), f"{path.name}: {before}"
    assert found > 15


def test_the_name_of_a_budget_that_holds_a_team_is_hidden_whole() -> None:
    line = finance_sample.finance().budgets[0]
    named = line.model_copy(update={"name": "shop Moonbase", "message": "The budget shop Moonbase is over."})
    finance = finance_sample.finance().model_copy(update={"budgets": [named]})
    given = report([finding(1, "1.00", tags={"team": "shop"})]).model_copy(update={"finance": finance})
    assert "Moonbase" not in redact(given, "names", key=KEY).to_json()


@pytest.mark.parametrize("level", get_args(RedactionLevel))
@pytest.mark.parametrize("given", [sample.hostile(), sample.empty(), sample.partial()])
def test_any_report_can_be_redacted(given: AuditReport, level: RedactionLevel) -> None:
    found = redact(given, level, key=KEY)
    assert len(found.findings) == len(given.findings)
    assert html.render(found)
