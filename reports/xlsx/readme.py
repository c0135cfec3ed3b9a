"""The sheet Read me: what the workbook is, how it is edited and brought back, and where its numbers come from."""

from finops.finance_model import ExchangeRate, Provenance, Source
from finops.model import AuditReport
from reports import amounts, summary, trust, words
from reports.language import flowing, joint, mark, t, tn
from reports.plain import one_line
from reports.xlsx import asking, coverage, findings, inputs, names, spending, trend
from reports.xlsx import summary as summing
from reports.xlsx.book import Book, Sheet
from reports.xlsx.names import is_pseudonym

SHEET = mark("Read me")
_SHEETS = (
    ([summing.SHEET], mark("The totals. They follow the filters of {findings}.")),
    ([asking.SHEET], mark("What to decide, the largest saving first.")),
    ([names.SHEET], mark("Everything that can be done, one line each; the yellow columns are for you.")),
    ([findings.ACCEPTED], mark("What somebody accepted as it is.")),
    ([split.sheet for split in spending.SPLITS], mark("Who spends, and what can be saved there.")),
    ([spending.COSTS], mark("What each account costs in 730 hours.")),
    (
        [trend.MONTHS, trend.DAYS],
        mark("Cost over time, what led from one month to the next, forecasts and budgets."),
    ),
    ([coverage.SHEET, coverage.UNJUDGED], mark("What was read, and what could not be judged.")),
    ([inputs.SHEET], mark("What the formulas assume; change it there.")),
)


def readme(book: Book, report: AuditReport) -> None:
    """The sheet."""
    sheet = book.sheet(SHEET, t("Cloud costs and savings, {day}", day=amounts.day(report.as_of)))
    sheet.worksheet.set_column(0, 0, 34)
    sheet.worksheet.set_column(1, 1, 120)
    _lines(sheet, [("", words.headline(report).text)])
    redacted = any(is_pseudonym(one.id) for one in report.findings)
    _section(sheet, t("How to edit it"), [("", _redacted() if redacted else _edit())])
    _section(sheet, t("The sheets"), _sheets())
    _section(sheet, t("What the numbers are"), _basis(report))
    told = trust.trust(report)
    if told:
        doubts = [(one.test, one.subject + joint(": ") + one.message) for one in told.doubts]
        bills = [(t("Bills"), one) for one in told.bills]
        _section(sheet, t(trust.TITLE), [("", told.answer), *doubts, ("", told.unjudged), *bills])
    _section(sheet, t("Where they come from"), _origin(report))


def _edit() -> str:
    return t(
        "On the sheet {findings} write {agreed}, {done} or {rejected} into {status}, a date into {due}, and what you like into "
        "{owner} and {comment}. Sort and filter as you like; leave {id} and {decided} as they are. Save the file as .xlsx or as CSV, and "
        "bring it back: finops findings import FILE (with --dry-run it only tells what would change). An empty cell changes "
        "nothing. Other cells are not read.",
        findings=t(names.SHEET),
        id=t(names.ID),
        status=t(names.STATUS),
        owner=t(names.OWNER),
        due=t(names.DUE),
        comment=t(names.COMMENT),
        decided=t(names.DECIDED),
        **names.STATUS_WORDS,
    )


def _redacted() -> str:
    return t(
        "This workbook is redacted: ids and names are replaced, so it cannot be brought back. Edit one that was written without "
        "--redact."
    )


def _sheets() -> list[tuple[str, str]]:
    return [(joint(", ").join(map(t, sheets)), t(told, findings=t(names.SHEET))) for sheets, told in _SHEETS]


def _section(sheet: Sheet, title: str, lines: list[tuple[str, str]]) -> None:
    sheet.heading(title)
    _lines(sheet, lines)


def _lines(sheet: Sheet, lines: list[tuple[str, str]]) -> None:
    wrapped = sheet.book.format(text_wrap=True)
    for label, text in lines:
        if text:
            sheet.line(label, text, wrapped)


def _basis(report: AuditReport) -> list[tuple[str, str]]:
    emissions = [
        t("An estimate, location-based; not for statutory reporting."),
        joint("; ").join(summary.carbon_sources(report)),
    ]
    return [
        (t("Month"), t("730 hours for every provider: {hours} / 12.", hours=amounts.number(8760))),
        (t("Cost"), t("Effective cost of usage, before tax, credits, purchases and adjustments; at list prices where no bill is loaded.")),
        (t("Net saving"), t("Of several steps on one thing only the best counts, and what another step removes is not counted again.")),
        (t("Low and high"), t("Four of five times the saving of the next month ends between the two.")),
        (t("Currencies"), t("Each amount is in the currency of its bill; different ones are added with a rate that was given, else not.")),
        (t("CO₂e"), flowing(emissions)),
        (t("Empty cells"), t("An empty cell is not known, and a word beside it says why where there is one to say; 0 is nothing.")),
        (t("Texts"), t("A text that begins like a formula has an apostrophe before it, so that no spreadsheet runs it.")),
        *((t("What to know"), one_line(note)) for note in (report.finance.notes if report.finance else [])),
    ]  # fmt: skip


def _origin(report: AuditReport) -> list[tuple[str, str]]:
    lines = [
        (t("As of"), amounts.clock(report.as_of)),
        (t("Run"), report.run_id),
        (t("Written by"), f"finops {report.tool_version}"),
    ]
    told = report.finance.provenance if report.finance else None
    return lines + (_provenance(told) if told else [])


def _provenance(told: Provenance) -> list[tuple[str, str]]:
    return [
        (t("Command"), told.command),
        (t("Settings"), t("fingerprint {fingerprint}", fingerprint=told.settings)),
        (
            t("Rules"),
            t("{number}, fingerprint {fingerprint}", number=told.rule_count, fingerprint=told.rules),
        ),
        (t("Thresholds changed"), joint("; ").join(told.thresholds) or t("none")),
        (t("Limited to"), joint("; ").join(told.limits) or t("nothing: everything was looked at")),
        *((t("Rate"), _rate(one)) for one in told.rates),
        *((t("Bill"), _bill(one)) for one in told.sources),
    ]


def _rate(one: ExchangeRate) -> str:
    rate = amounts.digits(one.rate, 10)
    return joint(", ").join([f"1 {one.currency} = {rate} {one.to}", amounts.day(one.on), one.source])


def _bill(one: Source) -> str:
    """A bill in words: through when it is, from when on it may change, what of it could not be read."""
    parts = [
        t("through {instant}", instant=amounts.clock(one.through)) if one.through else t("through not known")
    ]
    if one.provisional_from:
        parts.append(t("provisional from {day}", day=amounts.day(one.provisional_from)))
    if one.rejected_rows:
        parts.append(tn("{n} row could not be read", "{n} rows could not be read", one.rejected_rows))
    return t("{bill}: {what}", bill=f"{one.cloud} {one.billing_account}", what=joint(", ").join(parts))
