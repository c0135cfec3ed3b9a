"""What each account costs in 730 hours, and on what basis."""

from finops.model import AuditReport
from reports import amounts, words
from reports.html.sections.table import Table
from reports.plain import one_line

_BASES = {"billed": "billed", "list": "list prices", "none": "not known"}


def cost_table(report: AuditReport) -> Table | None:
    """What each account costs and on what basis, with a total per currency to tie out to the bill."""
    if not report.costs:
        return None
    rows = [
        (
            words.account(cost.cloud, cost.account),
            amounts.money(cost.monthly_cost, cost.currency),
            _BASES[cost.basis],
            amounts.period(cost.window_start, cost.window_end),
            one_line(cost.note or ""),
        )
        for cost in report.costs
    ]
    totals = [
        (f"Total in {currency}", amounts.money(total.monthly_cost, currency), "", "", "")
        for currency, total in report.totals_by_currency.items()
    ]
    header = ("Account", "Cost a month", "Basis", "Window", "Note")
    return Table("What each account costs in 730 hours", header, rows, totals, frozenset({1}))
