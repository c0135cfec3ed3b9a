"""An independent reading of a file, with Python's csv, json and decimal and with pyarrow: which rows it has."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

_NOTHING = ("", "NULL", None)


class UnreadableError(Exception):
    """Python's own readers make nothing of the file either."""


@dataclass(frozen=True)
class Row:
    """A row as it is in the file: the line (or the row, of Parquet and JSON) it begins at and its values by name.

    Names are letters and digits in lower case only, of several the first. `whole` is False where there are more or
    fewer values than columns.
    """

    line: int
    values: dict[str, Any]
    whole: bool = True

    def get(self, *names: str) -> Any:
        """The first of these values that is there."""
        return next((self.values[name] for name in names if self.values.get(name) not in _NOTHING), None)


def read(data: bytes) -> list[Row]:
    """The rows of a file, whatever its format. Raises UnreadableError."""
    if data.startswith(b"PAR1"):
        return _parquet(data)
    if data.startswith(b"\x1f\x8b"):
        data = _unzipped(data)
    elif data.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return read(archive.read(archive.namelist()[0]))
        except Exception as error:
            raise UnreadableError(str(error)) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(str(error)) from error
    return _json(text) if text.lstrip()[:1] in ("{", "[") else _csv(text)


def plain(name: str) -> str:
    """lineItem/UnblendedCost and line_item_unblended_cost are lineitemunblendedcost."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _unzipped(data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, ValueError) as error:
        raise UnreadableError(str(error)) from error
    except Exception as error:  # zlib.error has no base of its own
        raise UnreadableError(str(error)) from error


def _csv(text: str) -> list[Row]:
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    delimiter = max(",;\t|", key=lambda each: len(next(csv.reader(lines[:1], delimiter=each), [])))
    with _fields_of_any_size():
        try:
            return list(_rows(lines, delimiter))
        except csv.Error as error:
            raise UnreadableError(str(error)) from error


def _rows(lines: Sequence[str], delimiter: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter)
    names: list[str] = []
    begins = 1
    for values in reader:
        if values and not names:
            names = [plain(name) for name in values]
        elif values:
            at_end = len(values) == len(names) + 1 and values[-1] == ""
            row = dict(reversed(list(zip(names, values, strict=False))))
            yield Row(begins, row, len(values) == len(names) or at_end)
        begins = reader.line_num + 1


@contextmanager
def _fields_of_any_size() -> Iterator[None]:
    before = csv.field_size_limit(1 << 30)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _json(text: str) -> list[Row]:
    decoder = json.JSONDecoder(parse_float=float, parse_int=_whole, parse_constant=str)
    records: list[Any] = []
    at = len(text) - len(text.lstrip())
    try:
        while at < len(text):
            record, at = decoder.raw_decode(text, at)
            records.append(record)
            at += len(text[at:]) - len(text[at:].lstrip())
    except (ValueError, RecursionError) as error:
        raise UnreadableError(str(error)) from error
    if len(records) == 1 and isinstance(records[0], list):
        records = records[0]
    records = [{} if record is None else record for record in records]
    if not all(isinstance(record, dict) for record in records):
        raise UnreadableError("a record is none")
    return [Row(number, dict(_flat("", record))) for number, record in enumerate(records, 1)]


def _whole(text: str) -> int | float:
    """A JSON number is a double, except whole ones of 64 bits."""
    return int(text) if -(2**63) <= int(text) < 2**64 else float(text)


def _parquet(data: bytes) -> list[Row]:
    try:
        table = pq.ParquetFile(io.BytesIO(data)).read()
        columns = [(name, _values(table.column(i))) for i, name in enumerate(table.column_names)]
    except Exception as error:
        raise UnreadableError(str(error)) from error
    rows = []
    for number in range(table.num_rows):
        values: dict[str, Any] = {}
        for name, column in columns:
            for key, value in _flat(name, column[number]):
                values.setdefault(key, value)
        rows.append(Row(number + 1, values))
    return rows


def _values(column: pa.ChunkedArray) -> list[Any]:
    values = column.to_pylist()
    if pa.types.is_float32(column.type):
        return [value if value is None else np.float32(value) for value in values]
    return list(values)


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A record's fields under the names of a flat file."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _flat(f"{name}.{key}", below)
    else:
        yield plain(name), value


def money(value: Any) -> Decimal | None:
    """The amount, in 18 decimals; None where there is none. Raises UnreadableError for what is no number."""
    if value in _NOTHING or (isinstance(value, str) and value == "None"):
        return None
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | np.floating):
        raise UnreadableError(f"{value!r} is no number")
    text = str(value).strip()
    if "_" in text or not text.isascii():
        raise UnreadableError(f"{value!r} is no number")
    with localcontext() as context:
        context.prec = 500
        try:
            return Decimal(text).quantize(Decimal("1e-18"), rounding=ROUND_HALF_UP)
        except InvalidOperation as error:
            raise UnreadableError(f"{value!r} is no number") from error
