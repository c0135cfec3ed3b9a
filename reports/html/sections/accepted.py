"""What somebody has decided to live with, and exemptions that do not hold."""

from finops.model import AuditReport, Finding
from reports import amounts, summary, words
from reports.html.sections.table import Table, beyond
from reports.language import t
from reports.plain import in_english, one_line

_MOST_LAPSED = 100


def accepted_table(report: AuditReport) -> Table | None:
    """Findings somebody has decided to live with: priced, but in no total."""
    accepted = summary.accepted(report)
    if not accepted:
        return None
    foot = [
        (t("Total in {currency}", currency=currency), "", "", "", "", "", "", amounts.money(amount, currency))
        for amount, currency in summary.waste(accepted)
    ]
    header = (
        t("Kind of finding"), t("Resource"), t("Account"), t("Why it was found"), t("Accepted by"), t("Because"),
        t("Until"), t("Cost of it a month"),
    )  # fmt: skip
    caption = t("Accepted as it is, in no total")
    return Table(caption, header, [_accepted_row(one) for one in accepted], foot, frozenset({7}))


def _accepted_row(finding: Finding) -> tuple[str, ...]:
    exemption = finding.exemption
    who = (
        (exemption.owner, exemption.reason, amounts.last_day(exemption.expires_at))
        if exemption
        else ("",) * 3
    )
    return (
        words.kind(finding.rule),
        words.name(finding),
        words.account(finding.cloud, finding.account),
        in_english(finding.reason),
        *map(one_line, who),
        amounts.money(exemption.monthly_waste if exemption else None, finding.currency),
    )


def lapsed_table(report: AuditReport) -> Table | None:
    """Exemptions that do not hold, so that their findings count again, or are odd."""
    rows = [
        (
            one_line(line.rule),
            one_line(line.selector),
            one_line(line.owner),
            words.EXEMPTIONS[line.state],
            in_english(line.note),
            in_english(line.source),
        )
        for line in summary.lapsed(report)
    ]
    if not rows:
        return None
    header = (t("Rule"), t("What it is about"), t("By"), t("State"), t("Why"), t("Where it stands"))
    more = beyond(rows, "status", _MOST_LAPSED)
    return Table(t("Exemptions to look at"), header, rows[:_MOST_LAPSED], more, frozenset())
