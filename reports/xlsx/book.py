"""A workbook under construction: tables with notes, formulas with their values, and no text that could run.

Everything is written by kind: texts as texts, money as numbers in the format of its currency. The same calls make the
same bytes: the only instant in the file is the one that it is given.

Sheets and columns are called by their English in the code and in the language of the rendering in the file; tables and
named cells, which only formulas go by, are called the same in every language.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

from xlsxwriter import Workbook
from xlsxwriter.chart import Chart
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from reports.amounts import around
from reports.language import markc, t
from reports.xlsx.names import shown

Row = TypeVar("Row")
Kind = Literal["text", "money", "unit", "share", "number", "count", "date", "instant"]
LOW, HIGH = markc("end of an interval", "Low"), markc("end of an interval", "High")  # columns
INK, BLUE, PAPER, INPUT = "#1F2933", "#0072B2", "#E8F1F8", "#FFF9DB"
GRID = {"visible": True, "line": {"color": "#E1E4E8"}}  # of charts
_CODE = re.compile(r"[A-Z]{3}")
_NUMBERS = {
    "share": "0.0%",
    "number": "#,##0.0##",
    "unit": "#,##0.0000########",
    "count": "#,##0",
    "date": "yyyy-mm-dd",
    "instant": "yyyy-mm-dd hh:mm",
}


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula without its equals sign, and its value when the file is written.

    {row} in it is the number of the row it stands in. A value of None is an empty text, as of a formula that says "".
    """

    text: str
    value: Decimal | float | str | None


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column of a table: what its header says, what a note on the header explains, and what stands in a row.

    `name` is the header's English, which code and formulas go by; `note` is told already. `edited` columns are for people to write in; `bar` draws the size of numbers into their cells.
    """

    name: str
    width: float
    note: str
    value: Callable[[Row], object]
    kind: Kind = "text"
    edited: bool = False
    bar: bool = False
    wrap: bool = False


class Book:
    """The file; `close` returns its bytes."""

    def __init__(self, title: str, at: datetime) -> None:
        self._file = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self.workbook = Workbook(self._file, options)
        self.workbook.set_properties({"title": title, "subject": t("Cloud costs and savings"), "created": at})
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def format(self, **properties: Any) -> Format:
        """A cell format; the same one for the same properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format({"valign": "top", **properties})
        return self._formats[key]

    def style(self, kind: Kind, currency: str | None = None, **more: Any) -> Format:
        """The format of a cell of that kind; money in its currency."""
        number = money_format(currency) if kind == "money" else _NUMBERS.get(kind)
        if kind in ("date", "instant"):
            more["align"] = "left"
        return self.format(**({"num_format": number} if number else {}), **more)

    def sheet(self, name: str, about: str, *, colour: str | None = None) -> "Sheet":
        """A new sheet of that English name; its first row says what it is about."""
        return Sheet(self, self.workbook.add_worksheet(t(name)), t(name), about, colour)

    def name(self, name: str, sheet: str, cell: str) -> None:
        """A name for a cell ('B4') of the sheet of that English name, by which formulas use it."""
        fixed = re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", cell)
        self.workbook.define_name(name, f"={quoted(t(sheet))}!{fixed}")

    def close(self) -> bytes:
        self.workbook.close()
        return self._file.getvalue()


class Sheet:
    """One sheet, filled from above: its sentence, then tables and lines."""

    def __init__(
        self, book: Book, worksheet: Worksheet, name: str, about: str, colour: str | None = None
    ) -> None:
        self.book, self.worksheet, self.name = book, worksheet, name
        self.next_row = 1
        worksheet.hide_gridlines(2)
        worksheet.set_landscape()
        worksheet.set_paper(9)
        worksheet.fit_to_pages(1, 0)
        worksheet.set_footer("&L&A&R" + t("Page {page} of {pages}", page="&P", pages="&N"))
        if colour:
            worksheet.set_tab_color(colour)
        self.write(0, 0, about, book.format(bold=True, font_color=INK))

    def write(self, row: int, column: int, value: object, style: Format | None = None) -> None:
        """One cell, by what it is: nothing, a formula, a number, a day, a text. Rows and columns from 0."""
        sheet = self.worksheet
        if type(value) is str and value:
            sheet.write_string(row, column, shown(value), style)
        elif value is None or value == "":
            if style is not None:
                sheet.write_blank(row, column, None, style)
        elif isinstance(value, Formula):
            cached = "" if value.value is None else value.value
            told = float(cached) if isinstance(cached, Decimal) else cached
            sheet.write_formula(row, column, "=" + value.text.replace("{row}", str(row + 1)), style, told)
        elif isinstance(value, datetime | date):
            sheet.write_datetime(row, column, value, style)
        elif isinstance(value, Decimal | float | int) and not isinstance(value, bool):
            sheet.write_number(row, column, float(value), style)
        else:
            sheet.write_string(row, column, shown(str(value)), style)

    def line(self, label: str, value: object = None, style: Format | None = None) -> None:
        """A label, and what it says beside it."""
        self.write(self.next_row, 0, label, self.book.format(bold=True))
        self.write(self.next_row, 1, value, style)
        self.next_row += 1

    def heading(self, text: str) -> None:
        """A line over what follows, with a free row before it."""
        self.next_row += 1
        self.write(self.next_row, 0, text, self.book.format(bold=True, font_size=12, font_color=BLUE))
        self.next_row += 1

    def table(
        self,
        name: str,
        columns: Sequence[Column[Row]],
        rows: Sequence[Row],
        currency: Callable[[Row], str | None] = lambda _: None,
        *,
        filtered: bool = True,
        bars: bool = True,
    ) -> "Placed":
        """A real table named `name`, for formulas to go by. Without rows it has one that is empty.

        `filtered` gives it the buttons to filter with; `bars` allows its bars, which mean nothing across currencies.
        """
        top = self.next_row
        headers = [{"header": t(column.name), "header_format": self._header(column)} for column in columns]
        options = {"name": name, "columns": headers, "autofilter": filtered, "style": "Table Style Light 9"}
        for place, column in enumerate(columns):
            self.worksheet.write_comment(top, place, column.note, {"x_scale": 2.2, "y_scale": 1.3})
            self._column(top + 1, place, column, rows, currency)
        last = top + max(len(rows), 1)
        self.worksheet.add_table(top, 0, last, len(columns) - 1, options)
        placed = Placed(self.name, top, last, [column.name for column in columns])
        for place, column in enumerate(columns):
            if column.bar and bars and rows:
                self.worksheet.conditional_format(
                    top + 1,
                    place,
                    last,
                    place,
                    {"type": "data_bar", "bar_color": "#BFDDF0", "bar_solid": True},
                )
        self.next_row = last + 1
        return placed

    def widths(self, columns: Sequence[Column[Any]]) -> None:
        """Columns as wide as these say, and as the words of their headers are in another language."""
        for place, column in enumerate(columns):
            self.worksheet.set_column(place, place, wide_enough(column.name, column.width))

    def frozen(self, placed: "Placed", columns: int = 1) -> None:
        """The header of a table, and what is left of it, stay in sight; printed pages repeat the header."""
        self.worksheet.freeze_panes(placed.top + 1, columns)
        self.worksheet.repeat_rows(placed.top)

    def printed(self, placed: "Placed", columns: int) -> None:
        """Only so many columns of a wide table go onto paper."""
        self.worksheet.print_area(0, 0, placed.last, columns - 1)

    def chart(self, chart: Chart, cell: str, told: str, *, wide: int = 640, high: int = 320) -> None:
        """A chart at a cell; `told` says in words what it shows, for whoever does not see it."""
        chart.set_size({"width": wide, "height": high})
        self.worksheet.insert_chart(cell, chart, {"description": told, "object_position": 3})

    def _header(self, column: Column[Any]) -> Format:
        """Drawn into the cells as well: not every program shows the style of a table."""
        align = "left" if column.kind in ("text", "date", "instant") else "right"
        return self.book.format(bold=True, font_color="#FFFFFF", bg_color=BLUE, align=align, text_wrap=True)

    def _column(
        self,
        top: int,
        place: int,
        column: Column[Row],
        rows: Sequence[Row],
        currency: Callable[[Row], str | None],
    ) -> None:
        extra: dict[str, Any] = {"bg_color": INPUT} if column.edited else {}
        if column.wrap:
            extra["text_wrap"] = True
        if not rows and column.edited:
            self.write(top, place, None, self.book.style(column.kind, **extra))
        plain = None if column.kind == "money" else self.book.style(column.kind, **extra)
        for number, row in enumerate(rows, top):
            style = plain or self.book.style("money", currency(row), **extra)
            self.write(number, place, column.value(row), style)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a table stands: its sheet as the file calls it, rows of its header and its last line from 0, the English
    names of its columns."""

    sheet: str
    top: int
    last: int
    columns: Sequence[str]

    def letter(self, column: str) -> str:
        """The letter of a column, for formulas."""
        return letter(self.columns.index(column))

    def cells(self, column: str, most: int | None = None) -> list[Any]:
        """The cells of a column as a chart takes them, at most so many from the first."""
        place = self.columns.index(column)
        last = self.last if most is None else min(self.last, self.top + most)
        return [self.sheet, self.top + 1, place, last, place]


def wide_enough(name: str, width: float) -> float:
    """The width of a column of that English name: where it is told in longer words, no word of it is parted."""
    told = t(name)
    if told == name:
        return width
    return max(width, max(map(len, told.split())) * 1.15 + 2)


def quoted(sheet: str) -> str:
    """The name of a sheet as formulas write it."""
    return "'" + sheet.replace("'", "''") + "'"


def letter(place: int) -> str:
    """A column by its place from 0: A, B, …, Z, AA."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def money_format(currency: str | None) -> str:
    """The number format of a currency: its symbol or code where the language puts it, thousands, cents.

    A code that is none is left out. Commas and dots stand for what the spreadsheet writes in its own language.
    """
    if currency is None or not _CODE.fullmatch(currency):
        return "#,##0.00"
    before, after = (f'"{sign}"' if sign else "" for sign in around(currency))
    return f"{before}#,##0.00{after};-{before}#,##0.00{after}"
