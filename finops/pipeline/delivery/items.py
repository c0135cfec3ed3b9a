"""The single things a night has to tell. Each has a key: whoever was told it is not told it again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from finops.model import AuditReport, Finding
from finops.night_model import Night
from finops.pipeline.delivery.facts import Facts
from reports import nightly, summary
from reports.language import joint
from reports.pieces import Piece
from reports.plain import English

Kind = Literal["trouble", "partial", "test", "anomaly", "restatement", "budget", "mute", "unmade"]
SOON = timedelta(days=14)  # before an exemption ends it is told
_BAD = ("failed", "incomplete", "aborted", "skipped")
_BAD_KEYS = ("trouble:", "partial:", "unmade:")
# What comes with or after the telling.
_LATER = ("deliver", "tidy")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing: what we say of it, and what a step or a test said. `key` changes when it is something else.

    Who wants news is told of `trouble` every day that it lasts, and once of what is `partial` or `unmade`: an account
    may be denied for weeks.
    """

    kind: Kind
    key: str
    told: str
    said: str | None = None  # in English, as it came

    @property
    def line(self) -> list[Piece]:
        """Both in one line."""
        parts = [Piece(self.told + joint(": ")), Piece(English(self.said))] if self.told and self.said else []
        return parts or [Piece(self.told or English(self.said or ""))]

    @property
    def is_bad(self) -> bool:
        """Whether the night was not whole."""
        return self.kind in ("trouble", "partial", "unmade")


def items_of(facts: Facts) -> list[Item]:
    """Everything but the findings, what went wrong first."""
    night = facts.report.night if facts.report else None
    items = [*_troubles(facts, night), *_unmade(facts)]
    if night:
        items += [*_tests(night), *_anomalies(night), *_restatements(night), *_budgets(night)]
    if facts.report:
        items += [*_unread(facts.report), *_mutes(facts, facts.report)]
    return items


def fresh(items: list[Item], facts: Facts) -> list[Item]:
    """Those that the target was not told yet."""
    known = facts.before.keys if facts.before else frozenset()
    return [item for item in items if item.key not in known]


def recovered(items: list[Item], facts: Facts) -> bool:
    """Whether the target was told of trouble last, and there is none any more."""
    was = facts.before is not None and any(key.startswith(_BAD_KEYS) for key in facts.before.keys)
    return was and not any(item.is_bad for item in items)


def mended(items: list[Item], facts: Facts) -> bool:
    """Whether a file that the target was told to be missing can be made now, whatever else is wrong still."""
    missing = {key for key in (facts.before.keys if facts.before else ()) if key.startswith("unmade:")}
    return bool(missing - {item.key for item in items})


def new_findings(facts: Facts) -> list[Finding]:
    """The findings that count and that the target was not told of, largest saving first."""
    if facts.report is None:
        return []
    counted = summary.counted(facts.report)
    since = facts.before.as_of if facts.before else None
    if since is None:
        return counted
    back = facts.report.as_of > since
    return [one for one in counted if one.first_seen > since or (back and one.status == "reopened")]


def _troubles(facts: Facts, night: Night | None) -> Iterator[Item]:
    told_singly = night is not None and any(one.status == "failed" for one in night.data_tests)
    for step in facts.steps:
        if (
            step.status not in _BAD
            or step.step in _LATER
            or (step.step in ("test", "verify") and told_singly)
            or (step.step == "report" and step.status == "incomplete")  # what it lacks is told singly
        ):
            continue
        kind: Kind = "partial" if step.status == "incomplete" else "trouble"
        key = f"{kind}:{step.step}:{step.part}:{step.status}"
        yield Item(kind, key, nightly.step(step.step, step.part, step.status), step.message)


def _unmade(facts: Facts) -> Iterator[Item]:
    """Files that were wanted and that this machine could not make."""
    for name, why in facts.unmade.items():
        yield Item("unmade", f"unmade:{name}", nightly.not_made(name), why)


def _unread(report: AuditReport) -> Iterator[Item]:
    """Scopes that could not be read whole, those of an account together."""
    for one in summary.unread_groups(report):
        key = f"partial:{one.cloud}:{one.account}:{one.status}:{','.join(one.datasets)}"
        yield Item("partial", key, nightly.unread(one), one.error)


def _tests(night: Night) -> Iterator[Item]:
    for one in night.data_tests:
        if one.status == "failed":
            kind: Kind = "trouble" if one.severity == "error" else "test"
            key = f"{kind}:test:{one.test}:{one.subject}"
            yield Item(kind, key, nightly.failed_test(one.test, one.subject), one.message)


def _anomalies(night: Night) -> Iterator[Item]:
    for one in night.anomalies:
        if one.state == "open":
            yield Item("anomaly", f"anomaly:{one.id}", "", one.message)


def _restatements(night: Night) -> Iterator[Item]:
    for one in night.restatements:
        key = f"restated:{one.provider}:{one.billing_account}:{one.month}:{one.currency}:{one.after}"
        yield Item("restatement", key, "", one.message)


def _budgets(night: Night) -> Iterator[Item]:
    for one in night.budgets:
        if one.state in ("at_risk", "over"):
            yield Item("budget", f"budget:{one.name}:{one.month}:{one.state}", "", one.message)


def _mutes(facts: Facts, report: AuditReport) -> Iterator[Item]:
    for one in report.exemptions:
        if one.state == "in_force" and one.expires_at and one.expires_at - facts.as_of <= SOON:
            key = f"mute:{one.rule}:{one.selector}:{one.expires_at:%Y-%m-%d}"
            yield Item("mute", key, nightly.ending(one.rule, one.selector, one.owner, one.expires_at))
