"""Looking inside a file: what it is, which columns it has, and why it is hopeless when it is."""

import codecs
import csv
import dataclasses
import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import IO, Literal, cast

import duckdb

from collectors.bills.layout import Columns, Field, fields_of, literal, names_of
from collectors.bills.mapping import Mapping, mappings
from finops.errors import InputError

_HEAD_BYTES = 1 << 18  # a FOCUS header has about 1,200 characters, Azure's with its x_ columns 2,500
_DELIMITERS = ",;\t|"
_GZIP, _PARQUET, _ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"
# In the type of a JSON value whatever is neither a record nor a list nor a name of a record's field.
_LEAF = re.compile(
    r'\b(?:VARCHAR|BIGINT|UBIGINT|HUGEINT|DOUBLE|BOOLEAN|DATE|TIMESTAMP|TIME|UUID|"NULL"|JSON)(?=[,)\[]|$)'
)
_BOM = "\ufeff"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class EmptyBillError(InputError):
    """The file has the columns of a bill and no rows."""


@dataclass(frozen=True)
class Bill:
    """A file that looks like a bill. `columns` are names and DuckDB types, in the file's order.

    `format` is the version guessed from the columns, such as focus-1.2. Only CSV has a `delimiter`, only JSON a
    `json` shape: how its records follow each other. `written` has the names of columns that go by another one here.
    """

    path: Path
    format: str
    mapping: Mapping
    columns: tuple[tuple[str, str], ...]
    delimiter: str | None = None
    gzipped: bool = False
    json: Literal["newline_delimited", "array", "unstructured"] | None = None
    written: dict[str, str] = dataclasses.field(default_factory=dict)

    @cached_property
    def omitted(self) -> tuple[str, ...]:
        """What no record of a JSON file has, although every bill of this format could."""
        return tuple(sorted(self.mapping.omitted - {field.name for field in self.fields}))

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The values of a row under the mapping's names."""
        return fields_of(self.columns, self.mapping, self.written)


def inspect(path: str | Path) -> Bill:
    """Reads the beginning of a file, at most 256 KB or the footer of a Parquet file.

    Raises InputError when it cannot be read, is empty, is no text, has no rows or lacks columns.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            begin = file.read(4)
        if begin == _PARQUET:
            return _parquet(path)
        return _text(path, gzipped=begin[:2] == _GZIP, begin=begin)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path} is cut short or damaged (gzip): download it again.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}.") from error


def opened(path: Path, *, gzipped: bool) -> IO[bytes]:
    """The file's bytes, unpacked."""
    if gzipped:
        return cast("IO[bytes]", gzip.open(path))
    return open(path, "rb")


def shown(text: str, limit: int = 40) -> str:
    """Text of a file as a message may have it: short, on one line, without control characters."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[: limit + 1])
    return plain if len(plain) <= limit else f"{plain[: limit - 1]}…"


def path_literal(path: Path) -> str:
    """The path as an SQL literal that DuckDB does not take for a glob."""
    return literal("".join(f"[{character}]" if character in "*?[" else character for character in str(path)))


# --- csv --------------------------------------------------------------------------------------------------


def _text(path: Path, *, gzipped: bool, begin: bytes) -> Bill:
    _refuse_other_kinds(path, begin)
    with opened(path, gzipped=gzipped) as file:
        head = file.read(_HEAD_BYTES)
    text = _decoded(path, head)
    if text.lstrip()[:1] in ("{", "["):
        return _json(path, head.decode(errors="replace"), gzipped=gzipped)
    return _csv(path, head, text, gzipped=gzipped)


def _csv(path: Path, head: bytes, text: str, *, gzipped: bool) -> Bill:
    try:
        delimiter = _delimiter(text)
        names, rest = _header(text, delimiter)
    except csv.Error as error:
        raise _no_header(path, str(error)) from error
    columns, written = _unique(names)
    mapping = _mapping(path, [(name, "VARCHAR") for name in names])
    _refuse_repeated(path, names, mapping)
    if len(head) < _HEAD_BYTES and not rest.strip():
        raise EmptyBillError(f"{path} has a header and no rows: there is nothing to load.")
    return Bill(path, mapping.version(names), mapping, columns, delimiter, gzipped, written=written)


def _refuse_other_kinds(path: Path, begin: bytes) -> None:
    if not begin:
        raise InputError(f"{path} is empty: export or download it again.")
    if begin == _ZIP:
        raise InputError(f"{path} is a zip archive or a spreadsheet: unpack it or save it as CSV (UTF-8).")
    if path.name.lower().endswith(".parquet"):
        raise InputError(f"{path} is not a Parquet file, whatever its name says: download it again.")


def _decoded(path: Path, head: bytes) -> str:
    if not head:
        raise InputError(f"{path} is empty: export or download it again.")
    if head.startswith(_UTF16):
        raise InputError(f"{path} is written in UTF-16: save it as CSV in UTF-8.")
    if b"\0" in head:
        raise InputError(f"{path} is neither text nor Parquet: name an exported bill.")
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head, final=len(head) < _HEAD_BYTES)
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    if text.startswith(("\n", "\r")):
        raise InputError(
            f"{path} begins with an empty line: remove it, the first line must name the columns."
        )
    if "\n" not in text and "\r" in text:
        raise InputError(f"{path} ends its lines with carriage returns only: save it with line feeds.")
    return text


def not_utf8(path: Path, line: int | str | None = None) -> InputError:
    """The error for text in another encoding."""
    where = f" (line {line})" if line else ""
    return InputError(
        f"{path} is not written in UTF-8{where}, perhaps in Windows-1252 or GB18030: save it as CSV in UTF-8."
    )


def _delimiter(text: str) -> str:
    """The one that splits the first line into the most fields; in a tie the comma."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    return max(_DELIMITERS, key=lambda delimiter: len(next(csv.reader([first], delimiter=delimiter), [])))


def _header(text: str, delimiter: str) -> tuple[list[str], str]:
    """The names of the columns, and the text behind them."""
    lines = io.StringIO(text, newline="")
    row = next((row for row in csv.reader(lines, delimiter=delimiter) if row), [])
    # Tools that put a byte order mark before a file that has one make it a part of the first name.
    names = [name.replace(_BOM, "").strip() for name in row]
    return [name or f"column {number}" for number, name in enumerate(names, 1)], lines.read()


def _no_header(path: Path, said: str) -> InputError:
    if "new-line" in said:
        return InputError(f"{path} ends its lines in different ways: save it with line feeds only.")
    return InputError(f"{path} has no header that can be read ({said}): name an exported bill.")


def _unique(names: Sequence[str]) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
    """The columns under names that SQL, which minds no case, can tell apart; and those that had to be changed."""
    taken = {name.lower() for name in names}
    columns: list[tuple[str, str]] = []
    written: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        ours = name
        if name.lower() in {each.lower() for each, _ in columns}:
            ours = next(new for i in count(number) if (new := f"{name} {i}").lower() not in taken)
            written[ours] = name
        taken.add(ours.lower())
        columns.append((ours, "VARCHAR"))
    return tuple(columns), written


def _refuse_repeated(path: Path, names: Sequence[str], mapping: Mapping) -> None:
    """Of two columns with one name nobody knows which counts.

    A tag may differ from another by case only, but not a column that the format reads.
    """
    read = mapping.known(names)
    for name in (name.lower() for name, times in Counter(n.lower() for n in names).items() if times > 1):
        same = [each for each in names if each.lower() == name]
        if len(set(same)) < len(same) or mapping.known([name]).keys() & read.keys():
            raise InputError(f"{path} has the column {shown(name)} more than once: remove one of them.")


# --- parquet ----------------------------------------------------------------------------------------------


def _parquet(path: Path) -> Bill:
    file = f"read_parquet({path_literal(path)}, hive_partitioning = false)"
    with duckdb.connect() as con:
        try:
            columns = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM {file})").fetchall()  # noqa: S608
            rows = con.execute(f"SELECT count(*) FROM {file}").fetchone()  # noqa: S608
            known = con.execute(f"SELECT name FROM parquet_schema({path_literal(path)})").fetchall()  # noqa: S608
        except duckdb.Error as error:
            raise InputError(f"{path} is cut short or damaged (Parquet): download it again.") from error
    for name in (
        name for name, _ in columns if (name,) not in known
    ):  # DuckDB puts a number behind the second
        again = shown(name.rpartition("_")[0])
        raise InputError(f"{path} has the column {again} more than once: remove one of them.")
    mapping = _mapping(path, columns)
    if not rows or not rows[0]:
        raise EmptyBillError(f"{path} has columns and no rows: there is nothing to load.")
    return Bill(path, mapping.version(names_of(columns, mapping)), mapping, tuple(columns))


# --- json -------------------------------------------------------------------------------------------------


def _json(path: Path, text: str, *, gzipped: bool) -> Bill:
    """JSON with a record per line (as BigQuery exports), records one after another, or an array of them.

    Every record is looked at for its names, because one that comes late would be left out without a word.
    """
    if text.startswith(_BOM):
        raise InputError(f"{path} begins with a byte order mark, which JSON may not have: save it without.")
    text = text.lstrip()
    shape = _shape(text)
    detected = f"read_json_auto({_json_options(path, shape, gzipped=gzipped)}, sample_size = -1, maximum_depth = -1, "
    detected += "map_inference_threshold = -1, field_appearance_threshold = 0)"
    with duckdb.connect() as con:
        try:
            found = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM {detected})").fetchall()  # noqa: S608
        except duckdb.Error as error:
            raise _no_json(path, shape, gzipped=gzipped) from error
    columns = [(name, _LEAF.sub("VARCHAR", kind)) for name, kind in found]
    if [kind for _, kind in found] == ["JSON"]:  # what DuckDB makes of records and other things in one file
        raise InputError(f"{path} has JSON in it that is no record: export it again.")
    mapping = _mapping(path, columns, json=True)
    names = names_of(columns, mapping)
    _refuse_cases(path, names, gzipped=gzipped)
    return Bill(path, mapping.version(names), mapping, tuple(columns), None, gzipped, shape)


def _no_json(path: Path, shape: str, *, gzipped: bool) -> InputError:
    line = _broken_line(path, gzipped=gzipped) if shape == "newline_delimited" else None
    where = f" (line {line})" if line else ""
    return InputError(f"{path} is no JSON that can be read{where}: export it again.")


def _broken_line(path: Path, *, gzipped: bool) -> int | None:
    """The first line that is no JSON. DuckDB's own count is off by one for some errors and not for others."""
    with opened(path, gzipped=gzipped) as file:
        for number, line in enumerate(file, 1):
            try:
                record = json.loads(line if line.strip() else b"{}")
                json.dumps(record, ensure_ascii=False).encode()  # half of a surrogate pair is no text either
            except (ValueError, RecursionError):
                return number
    return None


def _refuse_cases(path: Path, names: Sequence[str], *, gzipped: bool) -> None:
    """DuckDB names a key that differs from another by case only with a number behind it, and loses its values."""
    paths = {".".join(name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 2)}
    have = {path.lower() for path in paths}
    for name in sorted(paths):
        key, _, number = name.rpartition("_")
        numbered = number.isdigit() and key.lower() in have
        if numbered and not _has_key(path, name.rpartition(".")[2], gzipped=gzipped):
            raise InputError(
                f"{path} has the field {shown(key)} in upper and in lower case: export it again."
            )


def _has_key(path: Path, name: str, *, gzipped: bool) -> bool:
    """Whether a record has a key of this name; a late one may be the first."""
    with opened(path, gzipped=gzipped) as file:
        return any(f'"{name}"'.encode() in line for line in file)


def _shape(text: str) -> Literal["newline_delimited", "array", "unstructured"]:
    if text.startswith("["):
        return "array"
    try:
        json.loads(text.split("\n", 1)[0])
    except (ValueError, RecursionError):
        return "unstructured"
    return "newline_delimited"


def json_file(bill: Bill) -> str:
    """The file as SQL reads it: text in every place, so that an amount is what is written and an id stays whole."""
    columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in bill.columns)
    return f"read_json({_json_options(bill.path, bill.json, gzipped=bill.gzipped)}, columns = {{{columns}}})"


def _json_options(path: Path, shape: str | None, *, gzipped: bool) -> str:
    packed = "gzip" if gzipped else "uncompressed"
    return f"{path_literal(path)}, format = '{shape}', compression = '{packed}', hive_partitioning = false"


# --- what it is -------------------------------------------------------------------------------------------


def _mapping(path: Path, columns: Columns, *, json: bool = False) -> Mapping:
    """The format the columns belong to: the one that lacks the least, of several the one that needs the most."""
    lacks = {
        id(each): each.lacking([*names_of(columns, each), *(each.omitted if json else ())])
        for each in mappings()
    }
    best = min(mappings(), key=lambda each: (len(lacks[id(each)]) / len(each.needs), -len(each.needs)))
    lacking = lacks[id(best)]
    if not lacking:
        return best
    if len(lacking) > len(best.needs) / 2:
        *most, last = (mapping.name for mapping in mappings())
        formats = f"{', '.join(most)} or {last}"
        some = ", ".join(shown(name) for name, _ in columns[:4])
        raise InputError(
            f"{path} is no bill in a format this version reads ({formats}): it begins with {some}."
        )
    raise InputError(
        f"{path} lacks {'columns' if len(lacking) > 1 else 'the column'} that {best.name} needs "
        f"({', '.join(lacking)}): export it again with every column."
    )
