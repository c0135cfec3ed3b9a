"""The sheet Inputs: what formulas assume, as named cells that a reader may change."""

import re
from datetime import date
from decimal import Decimal

from finops.model import AuditReport
from finops.money import HOURS_PER_MONTH
from reports import amounts
from reports.language import mark, t
from reports.xlsx.book import INPUT, Book

SHEET = mark("Inputs")
HOURS, DISCOUNT = "Month_hours", "Discount"  # names of cells, the same in every language
_CODE = re.compile(r"[A-Z]{3}")


def rate_name(currency: str) -> str:
    """The name of the cell with what one unit of a currency is worth."""
    return f"Rate_{currency}"


def foreign(report: AuditReport) -> list[str]:
    """The currencies beside that of the report; none where it has none to add them up in."""
    codes = report.totals_by_currency if report.currency else ()
    return [one for one in codes if one != report.currency and _CODE.fullmatch(one)]


def rates(report: AuditReport) -> dict[str, tuple[Decimal, date, str]]:
    """What one unit of a currency is in that of the report, from which day and whom: the newest, either way round."""
    found: dict[str, tuple[Decimal, date, str]] = {}
    for one in report.finance.provenance.rates if report.finance and report.finance.provenance else []:
        rate = Decimal(str(one.rate))
        for base, quote, factor in ((one.currency, one.to, rate), (one.to, one.currency, 1 / rate)):
            if quote == report.currency and (base not in found or one.on > found[base][1]):
                found[base] = (factor, one.on, one.source)
    return found


def inputs(book: Book, report: AuditReport) -> None:
    """The sheet: hours of a month, a discount, a rate for each currency that is not the report's."""
    sheet = book.sheet(
        SHEET,
        t(
            "Change a yellow cell, and what the sheet {summary} says under “Your view” follows.",
            summary=t("Summary"),
        ),
    )
    for place, width in enumerate((16, 16, 100)):
        sheet.worksheet.set_column(place, place, width)
    lines: list[tuple[str, Decimal | None, str, str]] = [
        (HOURS, HOURS_PER_MONTH, "#,##0", t("Hours of the month that savings are told for: {hours} / 12. One of 31 days has 744.", hours=amounts.number(8760))),
        (DISCOUNT, Decimal(0), "0.0%", t("A discount that the prices here do not know, such as one that is paid back at the end of "
         "a year. Savings from a bill have yours in them: leave 0.")),
    ]  # fmt: skip
    known = rates(report)
    for code in foreign(report):
        rate, on, source = known.get(code, (None, None, ""))
        told = (
            t(
                "{currency} for one {foreign}. As of {day}, {source}.",
                currency=report.currency,
                foreign=code,
                day=amounts.day(on),
                source=source,
            )
            if on
            else t(
                "{currency} for one {foreign}. No rate was given: write one, and the currencies add up.",
                currency=report.currency,
                foreign=code,
            )
        )
        lines.append((rate_name(code), rate, "0.000000", told))
    for row, (name, value, number, told) in enumerate(lines, 2):
        sheet.write(row, 0, name, book.format(bold=True))
        sheet.write(row, 1, value, book.format(bg_color=INPUT, num_format=number, border=1))
        sheet.write(row, 2, told, book.format(text_wrap=True))
        book.name(name, SHEET, f"B{row + 1}")
