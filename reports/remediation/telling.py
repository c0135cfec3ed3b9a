"""What every language says of a finding in its comments: one line each, whatever is in a name."""

from collections.abc import Iterator

from finops import __version__
from finops.instants import iso
from finops.model import AuditReport, Finding
from reports import amounts
from reports.language import tn
from reports.plain import one_line


def head(report: AuditReport, findings: list[Finding]) -> Iterator[str]:
    """What the file is, for its first lines."""
    yield (
        f"Remediation of {tn('{n} finding', '{n} findings', len(findings))} of the audit of {iso(report.as_of)}, "
        f"written by finops {__version__} for review. finops has run none of it."
    )


def about(finding: Finding) -> Iterator[str]:
    """What is found, why, what it is worth, how sure, how hard and how dangerous; every line is one line."""
    name = f" ({one_line(finding.resource_name)})" if finding.resource_name else ""
    where = " ".join(filter(None, [finding.cloud, finding.account, finding.zone or finding.region]))
    yield (
        one_line(
            f"{finding.id} {finding.rule}: {finding.action} {finding.resource_type} {finding.resource_id}"
        )
        + name
    )
    yield one_line(f"In {where}. {finding.reason}")
    yield one_line(
        f"{_money(finding)}; effort {finding.effort}, risk {finding.risk}, confidence {finding.confidence}."
    )
    for doubt in finding.confidence_reasons:
        yield one_line(f"Not sure because {doubt}.")


def _money(finding: Finding) -> str:
    if finding.net_monthly_savings is None:
        return "What it saves is not known"
    saved = amounts.money(finding.net_monthly_savings, finding.currency)
    if finding.savings_low is None or finding.savings_low == finding.savings_high:
        return f"Saves {saved} a month"
    between = amounts.money_range(finding.savings_low, finding.savings_high, finding.currency)
    return f"Saves {saved} a month (in four months of five {between})"
