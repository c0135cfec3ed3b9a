"""Which findings of an audit remediation is written for."""

import difflib
from collections.abc import Sequence

from finops.errors import UsageError
from finops.model import AuditReport, Finding
from finops.pipeline.explain import find

_CLOUDS = ("aws", "alibaba", "gcp")


def chosen(
    report: AuditReport, ids: Sequence[str] = (), rules: Sequence[str] = (), clouds: Sequence[str] = ()
) -> list[Finding]:
    """The counted findings of a report: not exempt, not superseded by another; what binds for a term comes last.

    Raises UsageError for a finding, rule or cloud that is none, and for a finding that is not counted.
    """
    from reports.summary import counted

    for cloud in clouds:
        if cloud not in _CLOUDS:
            raise UsageError(f"There is no cloud '{cloud}'; there are {', '.join(_CLOUDS)}.")
    known = sorted({finding.rule for finding in report.findings})
    for rule in rules:
        if rule not in known:
            raise UsageError(f"The last audit has no finding of the rule {rule}{_hint(rule, known)}")
    named = {_counted(find(report, one)).id for one in ids}
    found = [
        finding
        for finding in counted(report)
        if (not named or finding.id in named)
        and (not rules or finding.rule in rules)
        and (not clouds or finding.cloud in clouds)
    ]
    return sorted(found, key=lambda finding: finding.action == "buy")


def _counted(finding: Finding) -> Finding:
    if finding.status == "exempt":
        raise UsageError(
            f"The finding {finding.id} is exempt: it is left as it is, so there is nothing to do."
        )
    if finding.superseded_by:
        raise UsageError(
            f"The finding {finding.id} does not count, as {finding.superseded_by} saves more on the same resource: "
            "name that one."
        )
    return finding


def _hint(rule: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(rule, known, n=1)
    return (
        f"; did you mean {close[0]}?" if close else "; it has those of " + (", ".join(known) or "none") + "."
    )
