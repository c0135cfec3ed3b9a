"""What commitments did, and when they end."""

from finops.finance_model import CommitmentUse
from finops.model import AuditReport
from reports import amounts, words
from reports.html.sections.table import MOST, Table, beyond
from reports.plain import one_line

COLUMNS = (
    "Cloud and month", "Covered, at list prices", "On demand", "Coverage", "Used", "Unused", "Utilisation",
    "Paid in all", "The same on demand", "Effective savings rate",
)  # fmt: skip
_RENEWS = {True: "Renews by itself", False: "Ends: decide before", None: amounts.UNKNOWN}


def use_table(report: AuditReport) -> Table | None:
    """What commitments did by cloud, month and currency, for where nothing of it can be drawn."""
    uses = report.finance.commitments if report.finance else []
    numeric = frozenset(range(1, len(COLUMNS)))
    return (
        Table("What was paid, and what commitments did", COLUMNS, [*map(row, uses)], [], numeric)
        if uses
        else None
    )


def row(one: CommitmentUse) -> tuple[str, ...]:
    """A line of that table; what is not known is a dash."""
    covered, demand, used, unused, effective, listed = (
        amounts.money(value, one.currency)
        for value in (one.covered, one.on_demand, one.used, one.unused, one.effective, one.list)
    )
    return (
        one_line(f"{one.cloud} {amounts.month(one.month)}"),
        covered, demand, amounts.share(one.coverage), used, unused, amounts.share(one.utilisation),
        effective, listed, amounts.share(one.effective_savings_rate),
    )  # fmt: skip


def expiry_table(report: AuditReport) -> Table | None:
    """The calendar of what ends within the next 120 days, the next one first."""
    expiries = report.finance.expiries if report.finance else []
    rows = [
        (
            amounts.day(one.ends_on),
            f"{(one.ends_on - report.as_of.date()).days:,}",
            one_line(one.kind).replace("_", " "),
            one_line(one.commitment_id),
            words.account(one.cloud, one.account),
            _RENEWS[one.renews],
            amounts.money(one.monthly_cost, one.currency),
        )
        for one in sorted(expiries, key=lambda one: (one.ends_on, one.cloud, one.commitment_id))
    ]
    if not rows:
        return None
    header = ("Ends on", "Days left", "Kind", "Commitment", "Account", "Then", "Costs a month")
    caption = "Commitments that end within 120 days"
    return Table(caption, header, rows[:MOST], beyond(rows, "the JSON"), frozenset({1, 6}))
