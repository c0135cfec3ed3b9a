"""The workbook: its sheets in the order in which they are read."""

from finops.model import AuditReport
from reports import amounts
from reports.language import t
from reports.xlsx.asking import decisions
from reports.xlsx.book import Book
from reports.xlsx.coverage import coverage, not_evaluated
from reports.xlsx.findings import accepted, findings
from reports.xlsx.inputs import inputs
from reports.xlsx.readme import readme
from reports.xlsx.spending import costs, splits
from reports.xlsx.summary import SHEET, summary_sheet
from reports.xlsx.trend import days, months

_SHEETS = (
    readme, summary_sheet, decisions, findings, accepted, splits, costs, months, days, coverage, not_evaluated, inputs,
)  # fmt: skip


def render(report: AuditReport) -> bytes:
    """The bytes of an .xlsx file; the same report gives the same bytes."""
    book = Book(t("Cloud costs and savings, {day}", day=amounts.day(report.as_of)), report.as_of)
    for sheet in _SHEETS:
        sheet(book, report)
    summary = book.workbook.get_worksheet_by_name(t(SHEET))
    if summary is not None:
        summary.activate()
    return book.close()
