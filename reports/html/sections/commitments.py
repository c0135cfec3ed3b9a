"""When commitments end."""

from finops.model import AuditReport
from reports import amounts, words
from reports.html.sections.table import MOST, Table, beyond
from reports.plain import one_line

_RENEWS = {True: "Renews by itself", False: "Ends: decide before", None: amounts.UNKNOWN}


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
    return Table(caption, header, rows[:MOST], beyond(rows, "finops commitments"), frozenset({1, 6}))
