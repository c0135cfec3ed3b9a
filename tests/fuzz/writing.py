"""Writes a table as a file: CSV of any kind, Parquet, JSON."""

import csv
import gzip
import io
import json
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.bills import Table


@dataclass
class Draft:
    """A bill on its way to a file. Mutators change the table and the way of writing, then the bytes.

    `kind` is csv, parquet or json; `types` are Arrow types of columns where they are not text.
    """

    table: Table
    kind: str
    gzipped: bool = False
    delimiter: str = ","
    end: str = "\n"
    quoting: Any = csv.QUOTE_MINIMAL
    types: dict[str, pa.DataType] = field(default_factory=dict)
    data: bytes = b""

    @property
    def name(self) -> str:
        ending = {"csv": ".csv", "json": ".json", "parquet": ".parquet"}[self.kind]
        return f"bill{ending}{'.gz' if self.gzipped else ''}"


def write(draft: Draft) -> bytes:
    """The draft's table as bytes, not yet compressed."""
    if draft.kind == "parquet":
        return parquet(draft)
    if draft.kind == "json":
        return json_lines(draft.table)
    return text(draft)


def packed(draft: Draft, data: bytes) -> bytes:
    return gzip.compress(data, mtime=0) if draft.gzipped else data


def text(draft: Draft) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=draft.delimiter, lineterminator=draft.end, quoting=draft.quoting)
    writer.writerow(draft.table.header)
    writer.writerows(draft.table.rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


def json_lines(table: Table) -> bytes:
    records = (dict(zip(table.header, row, strict=False)) for row in table.rows)
    return "".join(f"{json.dumps(each)}\n" for each in records).encode()


def parquet(draft: Draft) -> bytes:
    """Columns as text unless `types` says otherwise; a value that does not fit its type is NULL."""
    table = draft.table
    arrays = []
    for number, name in enumerate(table.header):
        values = [row[number] if number < len(row) else None for row in table.rows]
        arrays.append(_array(values, draft.types.get(name)))
    out = io.BytesIO()
    made = pa.Table.from_arrays(arrays, names=[_encodable(name) for name in table.header])
    int96 = any(str(kind) == "timestamp[ns, tz=INT96]" for kind in draft.types.values())
    pq.write_table(made, out, use_deprecated_int96_timestamps=int96)
    return out.getvalue()


def _array(values: list[Any], kind: pa.DataType | None) -> pa.Array:
    if kind is None and any(isinstance(value, (dict, list)) for value in values):
        try:
            return pa.array(values)
        except (
            pa.ArrowInvalid,
            pa.ArrowTypeError,
            UnicodeEncodeError,
        ):  # kinds that no column holds together
            values = [json.dumps(value) for value in values]
    if kind is None:
        return pa.array([None if value is None else _encodable(str(value)) for value in values], pa.string())
    return pa.array([_fitting(value, kind) for value in values], kind)


def _encodable(text: str) -> str:
    """Parquet has no lone surrogates; Python's text may."""
    return text.encode(errors="replace").decode()


def _fitting(value: Any, kind: pa.DataType) -> Any:
    """The value as Python has it for this type, None where there is no such value."""
    try:
        if pa.types.is_nested(kind) or value is None:
            return value if pa.array([value], kind) is not None else None
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
            return str(value).encode()
        return pa.scalar(str(value)).cast(kind).as_py() if not pa.types.is_float16(kind) else float(value)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, ValueError, OverflowError):
        return None
