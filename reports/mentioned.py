"""What a report names beside the fields made for it: in what rules tell of a finding, in their sentences, in settings.

The redaction asks for it: a machine that a finding is not about is a machine all the same.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from finops.model import AuditReport

# Columns of rules (without current_ and proposed_) that hold an id or a name of something in the cloud.
_IDS = frozenset(
    {
        "address", "bucket", "cluster", "endpoint", "gateway", "instance", "member_of", "peer", "peer_resource",
        "scaling_group", "subnet",
    }
)  # fmt: skip
_CLAIM = "kubernetes_claim"
# Where sentences of our rules name such a thing; a claim is called by namespace and name, an id and a name in one.
_CLAIMS = re.compile(r"\bKubernetes claim (.+?)(?=, which only the cluster|: change it through|$)")
_SENTENCES = re.compile(
    r"\bscaling group (.+?)(?= and keeps|, judged|$)"
    r"|\bis a member of (?!the scaling group )(.+?)(?=, which has|, and moves|, whose template|$)"
    r"|\bbelongs to the group (.+?)(?=[,.;]|$)"
    r"|\bgroup (.+?) (?:reached|is quiet)\b"
    r"|\bnode of the cluster (.+?), where"
    r"|\bmembers of its cluster (.+?) may be"
    r"|\b[Vv]olume (\S+) is gone"
    r"|\bThe image (\S+) needs it"
    r"|\bmachine (\S+?)(?:, so| on(?: \d|$)| does not| exchange)"
    r"|\blargest part with (.+?)(?= in \S+\.?$|\.?$)"
    r"|\bown machines, such as (.+?)(?=\.?$)"
)
_PAIR = re.compile(r"(?:^|; )(.+?)(?: in \S+)? [\d.,]+ GiB")  # of cross-zone traffic, the largest of it
_OVERRIDE = re.compile(r"\.(account|tag)\.(.+)\.\w+ = ")  # rule.account.ID.parameter = value
_LIMIT = re.compile(r"--(account|project|tag) (.+)")


def ids_beside(report: AuditReport) -> Iterator[tuple[str, str]]:
    """Each id that no field of its own has, and what it is: account or resource."""
    for key, value in _told(report):
        if key in _IDS or (key.endswith("_id") and key != "account_id"):
            yield value, "resource"
        elif key == "account_id":
            yield value, "account"
        elif key == "largest_pairs":
            yield from ((one, "resource") for one in _PAIR.findall(value))
    for sentence in _sentences(report):
        for groups in _SENTENCES.findall(sentence):
            yield from ((one.rstrip("."), "resource") for one in groups if one)
    yield from ((one, "resource") for one in _claims(report))
    yield from ((value, "account") for kind, value in _settings(report) if kind != "tag")


def names_beside(report: AuditReport) -> Iterator[tuple[str, str]]:
    """Each name that no field of its own has, and what it is: name or tag."""
    for key, value in _told(report):
        if key == "name" or key.endswith("_name"):
            yield value, "name"
    yield from ((one, "name") for one in _claims(report))
    selected = (value for kind, value in _settings(report) if kind == "tag")
    yield from ((one.partition("=")[2], "tag") for one in selected)


def _told(report: AuditReport) -> Iterator[tuple[str, str]]:
    """Every text of what rules tell of findings, by the name it stands under. What is proposed is not there yet."""
    for finding in report.findings:
        for part in (finding.current, finding.evidence):
            yield from _leaves(part)


def _leaves(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in told.items():
        for one in value if isinstance(value, list | tuple | set) else [value]:
            if isinstance(one, dict):
                yield from _leaves(one)
            elif isinstance(one, str):
                yield key, one


def _sentences(report: AuditReport) -> Iterator[str]:
    for finding in report.findings:
        yield from (finding.reason, *finding.confidence_reasons)
    yield from (gap.reason for gap in report.not_evaluated)


def _claims(report: AuditReport) -> Iterator[str]:
    yield from (value for key, value in _told(report) if key == _CLAIM)
    for sentence in _sentences(report):
        yield from (one.rstrip(".") for one in _CLAIMS.findall(sentence))


def _settings(report: AuditReport) -> Iterator[tuple[str, str]]:
    """What thresholds are overridden for and what the audit was limited to: account, project or tag, and which."""
    provenance = report.finance.provenance if report.finance else None
    if provenance is None:
        return
    yield from _found(_OVERRIDE, provenance.thresholds)
    yield from _found(_LIMIT, provenance.limits)


def _found(pattern: re.Pattern[str], texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        if match := pattern.search(text):
            yield match[1], match[2]
