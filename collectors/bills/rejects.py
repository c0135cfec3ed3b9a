"""Rows that cannot be loaded: which, where in the file, and why. Reached only when there are any.

DuckDB tells the byte at which a row with a wrong shape begins (`bill_rejects`), and only the number of a row
whose values are wrong. Both become line numbers here, by reading the file once more with Python's csv, up to
the last such row; only lines are counted, nothing else is kept.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, NamedTuple

import duckdb

from collectors.bills.inspection import Bill, not_utf8, opened
from collectors.bills.source import FAULT, Content
from finops.errors import InputError

MAX_LISTED = 100_000  # rows told one by one; beyond that they are counted only
_SHAPES = {
    "MISSING COLUMNS": "has too few columns",
    "TOO MANY COLUMNS": "has too many columns",
    "UNQUOTED VALUE": "has a quote where none can be",
    "LINE SIZE OVER MAXIMUM": "is longer than 2 MB",
    "INVALID STATE": "cannot be taken apart",
}


class Reject(NamedTuple):
    """One row that cannot be loaded. `line` counts lines of text from 1, or rows of a Parquet file from 1."""

    line: int | None
    field: str | None
    reason: str
    value: str = ""

    @property
    def kind(self) -> str:
        """The reason without the value, for counting."""
        return f"{self.field or 'the row'} {self.reason}"

    @property
    def sentence(self) -> str:
        """The reason with the value."""
        return f"{self.kind}: '{self.value}'" if self.value else self.kind


@dataclass(frozen=True, slots=True)
class Rejects:
    """All rows of a file that cannot be loaded: how many, for which reasons, and the first ones listed.

    `misshapen` of them did not even reach the view `charge`.
    """

    count: int = 0
    misshapen: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    listed: tuple[Reject, ...] = ()


class _Shape(NamedTuple):
    """A row that does not have the file's shape: where it begins, what DuckDB calls it, its text."""

    offset: int
    error: str
    text: str


def has_misshapen(con: duckdb.DuckDBPyConnection, bill: Bill) -> bool:
    """Whether DuckDB met rows that do not have the file's shape, in any pass so far."""
    return bool(_shapes(con, bill, limit=1))


def find_rejects(con: duckdb.DuckDBPyConnection, bill: Bill, content: Content) -> Rejects:
    """Every row of the view `charge` that cannot be loaded, and every row that did not even get there.

    Raises InputError when what DuckDB met means that the file as a whole cannot be trusted: it ends in the
    middle of a row, is not UTF-8, or has a row that took others with it.
    """
    shapes = _shapes(con, bill, limit=None)
    _refuse_broken(bill, shapes, content)
    numbered = con.execute(
        "SELECT number, fault FROM (SELECT row_number() OVER () AS number, fault FROM charge) "
        "WHERE fault IS NOT NULL ORDER BY number LIMIT ?",
        [MAX_LISTED],
    ).fetchall()
    counted = con.execute(
        f"SELECT split_part(fault, '{FAULT}', 1) || ' ' || split_part(fault, '{FAULT}', 2), count(*) "  # noqa: S608
        "FROM charge WHERE fault IS NOT NULL GROUP BY ALL"
    ).fetchall()
    listed = _listed(bill, shapes[:MAX_LISTED], numbered)
    reasons = Counter({str(kind): int(count) for kind, count in counted})
    reasons.update(_misshapen(shape, None).kind for shape in shapes)
    return Rejects(
        sum(reasons.values()), len(shapes), tuple(reasons.most_common()), tuple(listed[:MAX_LISTED])
    )


def _shapes(con: duckdb.DuckDBPyConnection, bill: Bill, limit: int | None) -> list[_Shape]:
    """One per row, whatever number of passes met it and however much is wrong with it."""
    if bill.delimiter is None:  # there is no such table then, and asking for it would break the transaction
        return []
    # The position counts from 1, of the row or of line ends that DuckDB still counts to it: hence the trimming.
    rows = con.execute(
        "SELECT line_byte_position - 1 + length(csv_line) - length(text), min(error_type::VARCHAR), min(text) "  # noqa: S608
        "FROM (SELECT *, ltrim(csv_line, chr(10) || chr(13)) AS text FROM temp.bill_rejects) "
        f"GROUP BY ALL ORDER BY ALL {f'LIMIT {limit}' if limit else ''}"
    ).fetchall()
    return [_Shape(int(offset), str(error), str(text or "")) for offset, error, text in rows]


def _refuse_broken(bill: Bill, shapes: list[_Shape], content: Content) -> None:
    for shape in shapes:
        if shape.error == "INVALID ENCODING":
            raise not_utf8(bill.path, _line_at(bill, shape.offset))
        several_lines = "\n" in shape.text.strip()
        to_the_end = shape.offset + len(shape.text.encode()) >= content.size - 2
        if to_the_end and (several_lines or shape.error == "UNQUOTED VALUE" or not content.ends_with_newline):
            raise InputError(f"{bill.path} ends in the middle of a row, as if cut short: download it again.")
        if several_lines:
            raise InputError(
                f"{bill.path} has a row of the wrong shape from line {_line_at(bill, shape.offset)} over several "
                "lines, perhaps an open quote or line ends of two kinds, so rows cannot be told apart: export it again."
            )


def _line_at(bill: Bill, offset: int) -> int | str:
    return _locate(bill, set(), {offset}).at_offset.get(offset, "?")


def _listed(bill: Bill, shapes: list[_Shape], numbered: list[tuple[int, str]]) -> list[Reject]:
    if bill.delimiter is None:
        return [_unloadable(fault, number) for number, fault in numbered]
    lines = _locate(bill, {number for number, _ in numbered}, {shape.offset for shape in shapes})
    found = [_unloadable(fault, lines.of_row.get(number)) for number, fault in numbered]
    found += [_misshapen(shape, lines.at_offset.get(shape.offset)) for shape in shapes]
    return sorted(found, key=lambda reject: reject.line or 0)


def _unloadable(fault: str, line: int | None) -> Reject:
    field, reason, value = fault.split(FAULT, 2)
    return Reject(line, field, reason, value)


def _misshapen(shape: _Shape, line: int | None) -> Reject:
    return Reject(line, None, _SHAPES.get(shape.error, "cannot be read"))


# --- lines ------------------------------------------------------------------------------------------------


class _Lines(NamedTuple):
    """Lines at which rows begin: by number among the rows of the right shape, and by byte."""

    of_row: dict[int, int]
    at_offset: dict[int, int]


def _locate(bill: Bill, numbers: set[int], offsets: set[int]) -> _Lines:
    lines = _Lines({}, {})
    number = 0
    with opened(bill.path, gzipped=bill.gzipped) as file, _fields_of_any_size():
        rows = _rows(file, bill.delimiter or ",")
        next(rows, None)  # the header
        for offset, line in rows:
            if offset in offsets:
                lines.at_offset[offset] = line
            else:
                number += 1
                if number in numbers:
                    lines.of_row[number] = line
            if len(lines.of_row) == len(numbers) and len(lines.at_offset) == len(offsets):
                break
    return lines


def _rows(file: IO[bytes], delimiter: str) -> Iterator[tuple[int, int]]:
    """Byte and line at which each row begins; empty lines are no rows."""
    offset = line = 0

    def text() -> Iterator[str]:
        nonlocal offset, line
        for raw in file:
            offset += len(raw)
            line += 1
            yield raw.decode("latin-1")  # one character per byte; only the shape matters

    reader = csv.reader(text(), delimiter=delimiter)
    begin = (offset, line + 1)
    for row in reader:
        if row:
            yield begin
        begin = (offset, line + 1)


@contextmanager
def _fields_of_any_size() -> Iterator[None]:
    before = csv.field_size_limit(1 << 30)
    try:
        yield
    finally:
        csv.field_size_limit(before)
