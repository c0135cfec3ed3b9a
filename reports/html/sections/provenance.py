"""Where the numbers come from: how to make them again, settings, rules and rates, and how far the bills go."""

from finops.finance_model import Provenance
from finops.model import AuditReport
from reports import amounts, words
from reports.html.sections.table import Table
from reports.language import t, tc, tn
from reports.plain import in_english, one_line


def provenance(report: AuditReport) -> list[tuple[str, str]]:
    """Terms and what they are here, in the order somebody asks who wants to make the report again."""
    told = report.finance.provenance if report.finance else None
    if not told:
        return []
    return [
        (t("Made by"), _made_by(report)),
        (t("Settings"), t("fingerprint {fingerprint}", fingerprint=one_line(told.settings))),
        (
            t("Rules"),
            tn(
                "{n} rule, fingerprint {fingerprint}",
                "{n} rules, fingerprint {fingerprint}",
                told.rule_count,
                fingerprint=one_line(told.rules),
            ),
        ),
        (t("Changed limits"), _listed(told.thresholds) or t("none: every rule runs with its own")),
        (t("Limited to"), _listed(told.limits) or t("nothing: everything was looked at")),
    ]


def _made_by(report: AuditReport) -> str:
    version, run = one_line(report.tool_version), one_line(report.run_id)
    if not run:
        return t("finops {version}, run without a name", version=version)
    return t("finops {version}, run {run}", version=version, run=run)


def command(report: AuditReport) -> str:
    """What makes this audit again; empty where that is not known."""
    told = report.finance.provenance if report.finance else None
    return one_line(told.command) if told else ""


def _listed(texts: list[str]) -> str:
    return in_english("; ".join(map(one_line, texts)))


def provenance_tables(report: AuditReport) -> list[Table]:
    """Exchange rates, and how far each bill goes."""
    told = report.finance.provenance if report.finance else None
    return [one for one in (_sources(told), _rates(told)) if one] if told else []


def _sources(told: Provenance) -> Table | None:
    rows = [
        (
            words.account(one.cloud, one.billing_account),
            amounts.clock(one.through) if one.through else amounts.UNKNOWN,
            amounts.day(one.provisional_from) if one.provisional_from else tc("day", "none"),
            amounts.number(one.rejected_rows),
        )
        for one in told.sources
    ]
    header = (t("Bill"), t("Goes to"), t("Provisional from"), t("Rejected lines"))
    return Table(t("How far the bills go"), header, rows, [], frozenset({3})) if rows else None


def _rates(told: Provenance) -> Table | None:
    rows = [
        (
            f"1 {one_line(one.currency)}",
            f"{amounts.digits(one.rate, 10)} {one_line(one.to)}",
            amounts.day(one.on),
            one_line(one.source),
        )
        for one in told.rates
    ]
    header = (t("Of"), t("Is"), t("On"), t("Source"))
    return Table(t("Exchange rates"), header, rows, [], frozenset()) if rows else None
