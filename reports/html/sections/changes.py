"""What differs from the audit before."""

from finops.finance_model import Changes
from finops.model import AuditReport
from reports import amounts, words
from reports.html.sections.table import Table

_MOST = 20  # findings that are named


def changed_tables(report: AuditReport) -> list[Table]:
    """How many findings are new, changed or gone, what that means in money, and the largest of those still there."""
    changes = report.finance.changes if report.finance else None
    if not changes:
        return []
    return [one for one in (_counts(changes), _named(report, changes)) if one]


def _counts(changes: Changes) -> Table:
    rows = [
        ("New", f"{len(changes.new):,}"),
        ("Found again after it was gone", f"{len(changes.reopened):,}"),
        ("Changed in amount or proposal", f"{len(changes.changed):,}"),
        ("Gone", f"{changes.gone:,}"),
    ]
    if changes.not_compared:
        rows.append(
            ("Not compared, as one of the two audits did not look for them", f"{changes.not_compared:,}")
        )
    foot = []
    for one in changes.totals:
        apart = None if one.net_before is None or one.net_after is None else one.net_after - one.net_before
        span = f"{amounts.money(one.net_before, one.currency)} → {amounts.money(one.net_after, one.currency)}"
        foot.append((f"Net saving a month in {one.currency}: {span}", amounts.signed(apart, one.currency)))
    return Table(
        f"Since the audit of {amounts.clock(changes.before_as_of)}",
        ("Findings", "How many"),
        rows,
        foot,
        frozenset({1}),
    )


def _named(report: AuditReport, changes: Changes) -> Table | None:
    states = {
        **dict.fromkeys(changes.changed, "changed"),
        **dict.fromkeys(changes.reopened, "found again"),
        **dict.fromkeys(changes.new, "new"),
    }
    found = [one for one in report.findings if one.id in states]
    rows = [
        (
            words.kind(one.rule),
            states[one.id],
            words.name(one),
            words.account(one.cloud, one.account),
            amounts.money(one.net_monthly_savings, one.currency),
        )
        for one in found[:_MOST]
    ]
    if not rows:
        return None
    more = len(found) - _MOST
    foot = [(f"{more:,} more; see finops diff", "", "", "", "")] if more > 0 else []
    header = ("Kind of finding", "State", "Resource", "Account", "Saves a month")
    return Table("What is new or changed, the largest first", header, rows, foot, frozenset({4}))
