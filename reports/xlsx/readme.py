"""The sheet Read me: what the workbook is, how it is edited and brought back, and where its numbers come from."""

from finops.finance_model import Provenance
from finops.model import AuditReport
from reports import amounts, summary, trust, words
from reports.plain import one_line
from reports.xlsx.book import Book, Sheet
from reports.xlsx.names import is_pseudonym

SHEET = "Read me"
_SHEETS = (
    ("Summary", "The totals. They follow the filters of Findings."),
    ("Decisions", "What to decide, the largest saving first."),
    ("Findings", "Everything that can be done, one line each; the yellow columns are for you."),
    ("Accepted", "What somebody accepted as it is."),
    ("Teams, Accounts, Services, Regions", "Who spends, and what can be saved there."),
    ("Costs", "What each account costs in 730 hours."),
    ("Months, Days", "Cost over time, what led from one month to the next, forecasts and budgets."),
    ("Coverage, Not evaluated", "What was read, and what could not be judged."),
    ("Inputs", "What the formulas assume; change it there."),
)
_EDIT = (
    "On the sheet Findings write agreed, done or rejected into Status, and what you like into Owner and Comment. Sort and filter "
    "as you like; leave Id and Decided as they are. Save the file as .xlsx or as CSV, and bring it back: finops findings import "
    "FILE (with --dry-run it only tells what would change). An empty cell changes nothing. Other cells are not read."
)
_REDACTED = (
    "This workbook is redacted: ids and names are replaced, so it cannot be brought back. Edit one that was written without "
    "--redact."
)


def readme(book: Book, report: AuditReport) -> None:
    """The sheet."""
    sheet = book.sheet(SHEET, f"Cloud costs and savings, {amounts.day(report.as_of)}")
    sheet.worksheet.set_column(0, 0, 34)
    sheet.worksheet.set_column(1, 1, 120)
    _lines(sheet, [("", words.headline(report).text)])
    redacted = any(is_pseudonym(one.id) for one in report.findings)
    _section(sheet, "How to edit it", [("", _REDACTED if redacted else _EDIT)])
    _section(sheet, "The sheets", list(_SHEETS))
    _section(sheet, "What the numbers are", _basis(report))
    told = trust.trust(report)
    if told:
        doubts = [(one.test, f"{one.subject}: {one.message}") for one in told.doubts]
        bills = [("Bills", one) for one in told.bills]
        _section(sheet, trust.TITLE, [("", told.answer), *doubts, ("", told.unjudged), *bills])
    _section(sheet, "Where they come from", _origin(report))


def _section(sheet: Sheet, title: str, lines: list[tuple[str, str]]) -> None:
    sheet.heading(title)
    _lines(sheet, lines)


def _lines(sheet: Sheet, lines: list[tuple[str, str]]) -> None:
    wrapped = sheet.book.format(text_wrap=True)
    for label, text in lines:
        if text:
            sheet.line(label, text, wrapped)


def _basis(report: AuditReport) -> list[tuple[str, str]]:
    cells = (
        "An empty cell is not known, and a word beside it says why where there is one to say; 0 is nothing."
    )
    texts = "A text that begins like a formula has an apostrophe before it, so that no spreadsheet runs it."
    return [
        ("Month", "730 hours for every provider: 8,760 / 12."),
        ("Cost", "Effective cost of usage, before tax, credits, purchases and adjustments; at list prices where no bill is loaded."),
        ("Net saving", "Of several steps on one thing only the best counts, and what another step removes is not counted again."),
        ("Low and high", "Four of five times the saving of the next month ends between the two."),
        ("Currencies", "Each amount is in the currency of its bill; different ones are added with a rate that was given, else not."),
        ("CO₂e", "An estimate, location-based; not for statutory reporting. " + "; ".join(summary.carbon_sources(report))),
        ("Empty cells", cells),
        ("Texts", texts),
        *(("What to know", one_line(note)) for note in (report.finance.notes if report.finance else [])),
    ]  # fmt: skip


def _origin(report: AuditReport) -> list[tuple[str, str]]:
    lines = [
        ("As of", amounts.clock(report.as_of)),
        ("Run", report.run_id),
        ("Written by", f"finops {report.tool_version}"),
    ]
    told = report.finance.provenance if report.finance else None
    return lines + (_provenance(told) if told else [])


def _provenance(told: Provenance) -> list[tuple[str, str]]:
    return [
        ("Command", told.command),
        ("Settings", f"fingerprint {told.settings}"),
        ("Rules", f"{told.rule_count}, fingerprint {told.rules}"),
        ("Thresholds changed", "; ".join(told.thresholds) or "none"),
        ("Limited to", "; ".join(told.limits) or "nothing: everything was looked at"),
        *(
            ("Rate", f"1 {one.currency} = {one.rate} {one.to}, {amounts.day(one.on)}, {one.source}")
            for one in told.rates
        ),
        *(
            (
                "Bill",
                f"{one.cloud} {one.billing_account}: through {amounts.clock(one.through) if one.through else 'not known'}"
                + (f", provisional from {amounts.day(one.provisional_from)}" if one.provisional_from else "")
                + (f", {one.rejected_rows:,} rows could not be read" if one.rejected_rows else ""),
            )
            for one in told.sources
        ),
    ]
