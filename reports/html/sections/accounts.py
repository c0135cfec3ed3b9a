"""What each account costs in 730 hours, and on what basis."""

from finops.model import AuditReport
from reports import amounts, words
from reports.html.sections.table import Table
from reports.language import Worded, mark, t
from reports.plain import in_english

_BASES = Worded({"billed": mark("billed"), "list": mark("list prices"), "none": mark("not known")})


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
            in_english(cost.note),
        )
        for cost in report.costs
    ]
    totals = [
        (t("Total in {currency}", currency=currency), amounts.money(total.monthly_cost, currency), "", "", "")
        for currency, total in report.totals_by_currency.items()
    ]
    header = (t("Account"), t("Cost a month"), t("Basis"), t("Window"), t("Note"))
    return Table(t("What each account costs in 730 hours"), header, rows, totals, frozenset({1}))
