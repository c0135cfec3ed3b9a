"""The lines of a workbook or a CSV file as texts, whichever program saved it. A file may be anybody's and hostile."""

import csv
import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from finops.errors import UsageError
from reports.xlsx import names

_MOST_BYTES = 100_000_000  # of the file; one of 50,000 findings has 8 MB
_MOST_UNPACKED = 600_000_000  # the same unpacked: 80 MB
_MOST_PARTS = 5_000
_MOST_COLUMNS = 200
_MOST_ROWS = 1_048_576  # that a sheet has
_OLD = b"\xd0\xcf\x11\xe0"  # .xls, and .xlsx with a password
_WRITE = "save it as .xlsx or as CSV UTF-8"
# Whatever a damaged file makes of the reader; SyntaxError is that of its XML.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, SyntaxError, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError,
    OverflowError, NotImplementedError, EOFError,
)  # fmt: skip
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Line:
    """A line and its number as a person counts it."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Source:
    """The lines of a file, and how to speak of it: 'book.xlsx, sheet Findings'. `unit` is what a line is called.

    A CSV file has one reading for each way its cells may be divided.
    """

    name: str
    unit: str
    readings: list[list[Line]]


def read(path: Path) -> Source:
    """The lines of a file. Raises UsageError in a sentence that names the file and says what to do."""
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise UsageError(
                f"{path} has {size:,} bytes, more than a report ever has: import the workbook or its CSV."
            )
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    if content.startswith(_OLD):
        raise UsageError(f"{path} is an old .xls file or has a password: {_WRITE}, without a password.")
    if content.startswith(b"PK"):
        sheet, lines = _sheet(path, content)
        return Source(f"{path}, sheet {sheet}", "row", [lines])
    return Source(str(path), "line", _readings(path, content))


# --- a workbook -------------------------------------------------------------------------------------------


def _sheet(path: Path, content: bytes) -> tuple[str, list[Line]]:
    """The name of the sheet of findings, and its lines."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException
    from openpyxl.xml import DEFUSEDXML

    if not DEFUSEDXML:  # OPENPYXL_DEFUSEDXML=False in the environment would switch it off
        raise UsageError(f"{path} is not read: OPENPYXL_DEFUSEDXML is switched off; unset it.")
    _refuse_bombs(path, content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl would not write back; nothing is
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            sheet = _called(path, book.sheetnames)
            return sheet, list(_rows(book[sheet]))
    except UsageError:
        raise
    except (InvalidFileException, *_DAMAGED) as error:
        if _is_attack(error):
            raise UsageError(
                f"{path} is not read: it defines entities of its own, as no report does."
            ) from error
        raise UsageError(
            f"{path} is no workbook that can be read: open it in a spreadsheet and {_WRITE}."
        ) from error


def _is_attack(error: BaseException | None) -> bool:
    """Whether XML was refused for what it defines; openpyxl may have made another error of that."""
    from defusedxml.common import DefusedXmlException

    while error is not None and not isinstance(error, DefusedXmlException):
        error = error.__cause__ or error.__context__
    return error is not None


def _refuse_bombs(path: Path, content: bytes) -> None:
    """Raises UsageError where the file would unpack to more than a report ever is. Reading keeps to the sizes here."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            files = {one.filename for one in parts}
            if "content.xml" in files and "mimetype" in files:
                raise UsageError(f"{path} is an OpenDocument file: {_WRITE}.")
            unpacked = sum(one.file_size for one in parts)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UsageError(f"{path} is damaged: it is no whole zip file.") from error
    if unpacked > _MOST_UNPACKED or len(parts) > _MOST_PARTS:
        raise UsageError(
            f"{path} is not read: it unpacks to {unpacked:,} bytes in {len(parts):,} parts, more than a report "
            "ever has."
        )


def _called(path: Path, sheets: Sequence[str]) -> str:
    """Which sheet has the findings, in whatever language it is called."""
    known = names.sheets()
    found = [one for one in sheets if one in known]
    if len(found) > 1:
        raise UsageError(f"{path} has several sheets of findings ({', '.join(found)}): leave one of them.")
    if not found:
        told = ", ".join(sheets[:10]) or "none"
        raise UsageError(
            f"{path} has no sheet {names.SHEET} (it has: {told}): import a workbook of finops report --format xlsx, "
            "its sheets called as they were."
        )
    return found[0]


def _rows(sheet: Any) -> Iterator[Line]:
    sheet.reset_dimensions()  # what the file says of its own size may be anything
    for number, row in enumerate(sheet.iter_rows(max_col=_MOST_COLUMNS, values_only=True), 1):
        if number > _MOST_ROWS:  # the reader makes up every row before one that says its number is huge
            raise ValueError("a row lies below the last one that a sheet has")
        if any(value is not None for value in row):
            yield Line(number, [_text(value) for value in row])


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


# --- a CSV file -------------------------------------------------------------------------------------------


def _readings(path: Path, content: bytes) -> list[list[Line]]:
    utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is neither a workbook nor UTF-8 text: {_WRITE}.") from None
    if "\0" in text:
        raise UsageError(f"{path} is neither a workbook nor text: {_WRITE}.")
    return [reading for one in _DELIMITERS if one in text and (reading := _divided(path, text, one))]


def _divided(path: Path, text: str, delimiter: str) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    lines, first = [], 1
    try:
        for cells in reader:
            lines.append(Line(first, cells))
            first = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(
            f"{path}, line {reader.line_num}: no CSV that can be read ({error}): {_WRITE}."
        ) from None
    return lines
