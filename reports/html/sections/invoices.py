"""The month's lines against its invoices."""

from finops.finance_model import TiedOut
from finops.model import AuditReport
from reports import amounts, words
from reports.html.sections.table import MOST, Table, beyond
from reports.language import in_brackets, t
from reports.plain import one_line


def tied_tables(report: AuditReport) -> list[Table]:
    """How the lines of a month tie out to its invoices, and the invoices themselves."""
    tied = report.finance.tie_out if report.finance else []
    return [table for one in tied for table in (_steps(one), _invoices(one)) if table]


def _steps(one: TiedOut) -> Table:
    rows = [
        (t("On invoices"), amounts.money(one.invoiced, one.currency)),
        (t("On no invoice (yet)"), amounts.money(one.not_invoiced, one.currency)),
        (t("Lost to rounding of the invoices"), amounts.money(one.residual, one.currency)),
    ]
    foot = [(t("The lines of the bill"), amounts.money(one.billed, one.currency))]
    if one.difference is not None:
        share = (
            in_brackets(amounts.change_share(abs(one.billed) + abs(one.difference), abs(one.billed)))
            if one.difference
            else ""
        )
        foot.append(
            (
                t("Difference from the total that came with the bill"),
                amounts.money(one.difference, one.currency) + share,
            )
        )
    else:
        foot.append((t("The bill came without a total to compare with"), amounts.UNKNOWN))
    title = t(
        "{month} in {currency}: the bill against its invoices",
        month=amounts.month(one.month),
        currency=one.currency,
    )
    return Table(title, (t("Part of the bill"), t("Amount")), rows, foot, frozenset({1}))


def _invoices(one: TiedOut) -> Table | None:
    rows = [
        (
            one_line(invoice.invoice_id),
            words.account(invoice.cloud, invoice.billing_account),
            one_line(invoice.issuer or amounts.UNKNOWN),
            amounts.number(invoice.charges),
            amounts.money(invoice.total, one.currency),
        )
        for invoice in one.invoices
    ]
    if not rows:
        return None
    header = (t("Invoice"), t("Billing account"), t("Issued by"), t("Lines"), t("Total"))
    foot = [
        *beyond(rows, "json"),
        (t("Total"), "", "", "", amounts.money(one.invoiced, one.currency)),
    ]
    title = t("Invoices of {month}", month=amounts.month(one.month))
    return Table(title, header, rows[:MOST], foot, frozenset({3, 4}))
