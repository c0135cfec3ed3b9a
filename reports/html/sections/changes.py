"""What differs from the audit before."""

from finops.finance_model import Changes
from finops.model import AuditReport
from reports import amounts, words
from reports.html.sections.table import Table
from reports.language import Worded, mark, t, tn

_MOST = 20  # findings that are named
_STATES = Worded({"changed": mark("changed"), "reopened": mark("found again"), "new": mark("new")})


def changed_tables(report: AuditReport) -> list[Table]:
    """How many findings are new, changed or gone, what that means in money, and the largest of those still there."""
    changes = report.finance.changes if report.finance else None
    if not changes:
        return []
    return [one for one in (_counts(changes), _named(report, changes)) if one]


def _counts(changes: Changes) -> Table:
    rows = [
        (t("New"), amounts.number(len(changes.new))),
        (t("Found again after it was gone"), amounts.number(len(changes.reopened))),
        (t("Changed in amount or proposal"), amounts.number(len(changes.changed))),
        (t("Gone"), amounts.number(changes.gone)),
    ]
    if changes.not_compared:
        rows.append(
            (
                t("Not compared, as one of the two audits did not look for them"),
                amounts.number(changes.not_compared),
            )
        )
    foot = []
    for one in changes.totals:
        apart = None if one.net_before is None or one.net_after is None else one.net_after - one.net_before
        told = t(
            "Net saving a month in {currency}: {before} → {after}",
            currency=one.currency,
            before=amounts.money(one.net_before, one.currency),
            after=amounts.money(one.net_after, one.currency),
        )
        foot.append((told, amounts.signed(apart, one.currency)))
    return Table(
        t("Since the audit of {instant}", instant=amounts.clock(changes.before_as_of)),
        (t("Findings"), t("How many")),
        rows,
        foot,
        frozenset({1}),
    )


def _named(report: AuditReport, changes: Changes) -> Table | None:
    states = {
        **dict.fromkeys(changes.changed, "changed"),
        **dict.fromkeys(changes.reopened, "reopened"),
        **dict.fromkeys(changes.new, "new"),
    }
    found = [one for one in report.findings if one.id in states]
    rows = [
        (
            words.kind(one.rule),
            _STATES[states[one.id]],
            words.name(one),
            words.account(one.cloud, one.account),
            amounts.money(one.net_monthly_savings, one.currency),
        )
        for one in found[:_MOST]
    ]
    if not rows:
        return None
    more = len(found) - _MOST
    rest = tn("{n} more; see finops diff", "{n} more; see finops diff", more)
    foot = [(rest, "", "", "", "")] if more > 0 else []
    header = (t("Kind of finding"), t("State"), t("Resource"), t("Account"), t("Saves a month"))
    return Table(t("What is new or changed, the largest first"), header, rows, foot, frozenset({4}))
