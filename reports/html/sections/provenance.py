"""Where the numbers come from: how to make them again, settings, rules and rates, and how far the bills go."""

from finops.finance_model import Provenance
from finops.model import AuditReport
from reports import amounts, words
from reports.html.sections.table import Table
from reports.plain import one_line


def provenance(report: AuditReport) -> list[tuple[str, str]]:
    """Terms and what they are here, in the order somebody asks who wants to make the report again."""
    told = report.finance.provenance if report.finance else None
    if not told:
        return []
    return [
        (
            "Made by",
            f"finops {one_line(report.tool_version)}, run {one_line(report.run_id) or 'without a name'}",
        ),
        ("Settings", f"fingerprint {one_line(told.settings)}"),
        ("Rules", f"{amounts.count(told.rule_count, 'rule')}, fingerprint {one_line(told.rules)}"),
        ("Changed limits", _listed(told.thresholds, "none: every rule runs with its own")),
        ("Limited to", _listed(told.limits, "nothing: everything was looked at")),
    ]


def command(report: AuditReport) -> str:
    """What makes this audit again; empty where that is not known."""
    told = report.finance.provenance if report.finance else None
    return one_line(told.command) if told else ""


def _listed(texts: list[str], nothing: str) -> str:
    return "; ".join(map(one_line, texts)) or nothing


def provenance_tables(report: AuditReport) -> list[Table]:
    """Exchange rates, and how far each bill goes."""
    told = report.finance.provenance if report.finance else None
    return [one for one in (_sources(told), _rates(told)) if one] if told else []


def _sources(told: Provenance) -> Table | None:
    rows = [
        (
            words.account(one.cloud, one.billing_account),
            amounts.clock(one.through) if one.through else amounts.UNKNOWN,
            amounts.day(one.provisional_from) if one.provisional_from else "none",
            f"{one.rejected_rows:,}",
        )
        for one in told.sources
    ]
    header = ("Bill", "Goes to", "Provisional from", "Rejected lines")
    return Table("How far the bills go", header, rows, [], frozenset({3})) if rows else None


def _rates(told: Provenance) -> Table | None:
    rows = [
        (
            f"1 {one_line(one.currency)}",
            f"{one.rate:.10g} {one_line(one.to)}",
            amounts.day(one.on),
            one_line(one.source),
        )
        for one in told.rates
    ]
    header = ("Of", "Is", "On", "Source")
    return Table("Exchange rates", header, rows, [], frozenset()) if rows else None
