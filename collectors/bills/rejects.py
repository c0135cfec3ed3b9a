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
from collectors.bills.source import FAULT, Content, open_numbered
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
    """A row that does not have the file's shape: where it begins, what DuckDB calls it, how far it goes."""

    offset: int
    error: str
    size: int
    several_lines: bool


# The position counts from 1, of the row or of line ends that DuckDB still counts to it: hence the trimming. A
# row is there once per pass and per thing that is wrong with it.
_SHAPES_FOUND = """
    SELECT line_byte_position - 1 + length(csv_line) - length(text) AS begins, min(error_type::VARCHAR) AS error,
           max(strlen(text)) AS size, bool_or(contains(rtrim(text, chr(10) || chr(13)), chr(10))) AS several
    FROM (SELECT *, ltrim(csv_line, chr(10) || chr(13)) AS text FROM temp.bill_rejects)
    GROUP BY ALL
"""


def has_misshapen(con: duckdb.DuckDBPyConnection, bill: Bill) -> bool:
    """Whether DuckDB met rows that do not have the file's shape, in any pass so far."""
    return bool(_shapes(con, bill, "LIMIT 1"))


def find_rejects(con: duckdb.DuckDBPyConnection, bill: Bill, content: Content) -> Rejects:
    """Every row of the view `charge` that cannot be loaded, and every row that did not even get there.

    Raises InputError when what DuckDB met means that the file as a whole cannot be trusted: it ends in the
    middle of a row, is not UTF-8, or has a row that took others with it.
    """
    _refuse_broken(con, bill, content)
    open_numbered(con, bill)
    shapes = _shapes(con, bill, f"LIMIT {MAX_LISTED + 1}")
    faults = con.execute(
        "SELECT number, fault FROM numbered WHERE fault IS NOT NULL ORDER BY number LIMIT ?", [MAX_LISTED]
    ).fetchall()
    reasons = _count_faults(con)
    misshapen = _count_shapes(con, bill)
    reasons.update(misshapen)
    listed = _listed(bill, shapes, faults)[:MAX_LISTED]
    return Rejects(reasons.total(), misshapen.total(), tuple(reasons.most_common()), tuple(listed))


def _count_faults(con: duckdb.DuckDBPyConnection) -> Counter[str]:
    rows = con.execute(
        f"SELECT split_part(fault, '{FAULT}', 1) || ' ' || split_part(fault, '{FAULT}', 2), count(*) "  # noqa: S608
        "FROM charge WHERE fault IS NOT NULL GROUP BY ALL"
    ).fetchall()
    return Counter({str(kind): int(count) for kind, count in rows})


def _count_shapes(con: duckdb.DuckDBPyConnection, bill: Bill) -> Counter[str]:
    if bill.delimiter is None:
        return Counter()
    rows = con.execute(f"SELECT error, count(*) FROM ({_SHAPES_FOUND}) GROUP BY ALL").fetchall()  # noqa: S608
    return Counter({_shapeless(str(error)).kind: int(count) for error, count in rows})


def _shapes(con: duckdb.DuckDBPyConnection, bill: Bill, which: str, where: str = "true") -> list[_Shape]:
    if bill.delimiter is None:  # there is no such table then, and asking for it would break the transaction
        return []
    rows = con.execute(
        f"SELECT begins, error, size, several FROM ({_SHAPES_FOUND}) WHERE {where} ORDER BY begins {which}"  # noqa: S608
    ).fetchall()
    return [_Shape(int(at), str(error), int(size or 0), bool(several)) for at, error, size, several in rows]


def _refuse_broken(con: duckdb.DuckDBPyConnection, bill: Bill, content: Content) -> None:
    for last in _shapes(con, bill, "DESC LIMIT 1"):
        torn = last.several_lines or last.error == "UNQUOTED VALUE" or not content.ends_with_newline
        if torn and last.error != "INVALID ENCODING" and last.offset + last.size >= content.size - 2:
            raise InputError(f"{bill.path} ends in the middle of a row, as if cut short: download it again.")
    for shape in _shapes(con, bill, "LIMIT 1", "error = 'INVALID ENCODING' OR several"):
        if shape.error == "INVALID ENCODING":
            raise not_utf8(bill.path, _line_at(bill, shape.offset))
        raise _not_told_apart(bill, f"from line {_line_at(bill, shape.offset)} over several lines")


def _not_told_apart(bill: Bill, where: str) -> InputError:
    return InputError(
        f"{bill.path} has a row of the wrong shape {where}, "
        "perhaps an open quote or line ends of two kinds, so rows cannot be told apart: export it again."
    )


def _line_at(bill: Bill, offset: int) -> int | str:
    return _locate(bill, set(), {offset}).at_offset.get(offset, "?")


def _listed(bill: Bill, shapes: list[_Shape], faults: list[tuple[int, str]]) -> list[Reject]:
    if bill.delimiter is None:
        return [_unloadable(fault, number) for number, fault in faults]
    # Rows are counted between those of the wrong shape: unless all of these are at hand, no number has a line.
    countable = len(shapes) <= MAX_LISTED
    numbers = {number for number, _ in faults} if countable else set()
    lines = _locate(bill, numbers, {shape.offset for shape in shapes})
    if countable and (inside := {shape.offset for shape in shapes} - lines.at_offset.keys()):
        # DuckDB took the middle of a row for the beginning of one; what it took for good rows may be such too.
        raise _not_told_apart(bill, f"around byte {min(inside)}")
    found = [_unloadable(fault, lines.of_row.get(number)) for number, fault in faults]
    found += [_shapeless(shape.error, lines.at_offset.get(shape.offset)) for shape in shapes]
    return sorted(found, key=lambda reject: (reject.line is None, reject.line or 0))


def _unloadable(fault: str, line: int | None) -> Reject:
    field, reason, value = fault.split(FAULT, 2)
    return Reject(line, field, reason, value)


def _shapeless(error: str, line: int | None = None) -> Reject:
    return Reject(line, None, _SHAPES.get(error, "cannot be read"))


# --- lines ------------------------------------------------------------------------------------------------


class _UnclearError(Exception):
    """Python's csv cannot tell the rows apart; the argument is the line."""


class _Lines(NamedTuple):
    """Lines at which rows begin: by number among the rows of the right shape, and by byte."""

    of_row: dict[int, int]
    at_offset: dict[int, int]


def _locate(bill: Bill, numbers: set[int], offsets: set[int]) -> _Lines:
    lines = _Lines({}, {})
    number = 0
    with opened(bill.path, gzipped=bill.gzipped) as file, _fields_of_any_size(), _told_of_ends(bill):
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
    try:
        for row in reader:
            if row:
                yield begin
            begin = (offset, line + 1)
    except csv.Error as error:  # a carriage return that ends a line for one reader and not for the other
        raise _UnclearError(line) from error


@contextmanager
def _told_of_ends(bill: Bill) -> Iterator[None]:
    try:
        yield
    except _UnclearError as error:
        raise InputError(
            f"{bill.path} has a carriage return outside of quotes (line {error}), so rows cannot be told apart: "
            "save it with line feeds only."
        ) from error


@contextmanager
def _fields_of_any_size() -> Iterator[None]:
    before = csv.field_size_limit(1 << 30)
    try:
        yield
    finally:
        csv.field_size_limit(before)
