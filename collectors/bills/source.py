"""A file as SQL sees it: a view over it, its bytes checked, and DuckDB's complaints about it in our words.

The view `charge` has the mapping's columns of `charges`, x_Other, `raw_X` for each column X of the file that is
a number or an instant, `fault`: why a row cannot be loaded, NULL when it can, and `whole_X` for billed and effective
cost: whether it has no decimals. A view, so that nothing is
staged: DuckDB reads of the file only what a query asks for. `numbered` is the same with the row's `number`.
"""

import hashlib
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from collectors.bills.inspection import Bill, json_file, path_literal, shown
from collectors.bills.layout import Field, literal, quoted
from collectors.bills.mapping import macros
from finops import meters
from finops.errors import InputError
from finops.warehouse.connections import LISTS_STAY_LISTS

FAULT = "\x1f"  # between field, reason and value of a fault; no bill has a unit separator in a column's name
_CHUNK = 1 << 20
_STRIDE = 1 << 13
_TOO_MUCH_TO_NOTE = 1 << 28  # bytes that DuckDB would keep of one broken line
_KEY_TWICE = re.compile(r"in (?:line|record/value) (\d+): .* has duplicate key", re.DOTALL)
_NONE = "'None'"
_CATEGORIES = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")
# The widest span a bill may speak of: catches 'epoch', 'infinity' and years gone wrong.
_EARLIEST, _LATEST = "TIMESTAMP '1990-01-01'", "TIMESTAMP '2200-01-01'"


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file: SHA-256 as stored, and of the text its length and whether the last line ends."""

    fingerprint: str
    size: int
    ends_with_newline: bool


def read_through(bill: Bill) -> Content:
    """Reads every byte once. DuckDB does not check the sum at the end of a gzip file, so it is done here.

    Raises InputError when the file cannot be read, or is cut short or damaged.
    """
    digest = hashlib.sha256()
    text = _Unpacked(bill) if bill.gzipped else _Plain(bill)
    try:
        with open(bill.path, "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                text.add(chunk)
    except OSError as error:
        raise InputError(f"{bill.path} cannot be read: {error.strerror}.") from error
    text.finish()
    return Content(digest.hexdigest(), text.size, text.last == b"\n")


class _Plain:
    """Follows text as it comes: its length, its last byte, and lines that have far too many values.

    DuckDB notes every value too many of a line with the whole line beside it: a broken line of a million values would
    take all memory there is before anybody could say what is wrong.
    """

    def __init__(self, bill: Bill) -> None:
        self.size = 0
        self.last = b""
        self._bill = bill
        self._delimiter = (bill.delimiter or "").encode()
        self._values = self._bytes = 0  # of the line that is going on

    def add(self, chunk: bytes) -> None:
        if not chunk:
            return
        self.size += len(chunk)
        self.last = chunk[-1:]
        if self._delimiter:
            for begin in range(0, len(chunk), _STRIDE):
                self._follow(chunk, begin, begin + _STRIDE)

    def _follow(self, chunk: bytes, begin: int, end: int) -> None:
        """Only what follows the last line end is counted: a line that ends within a stride is a short one."""
        newline = chunk.rfind(b"\n", begin, end)
        if newline >= 0:
            self._values = self._bytes = 0
            begin = newline + 1
        self._values += chunk.count(self._delimiter, begin, end)
        self._bytes += min(end, len(chunk)) - begin
        if (self._values - len(self._bill.columns)) * self._bytes > _TOO_MUCH_TO_NOTE:
            raise InputError(
                f"{self._bill.path} has a line with far more values than its header has columns "
                f"({len(self._bill.columns):,}): export it again."
            )

    def finish(self) -> None:
        pass


class _Unpacked(_Plain):
    """The same for gzip, of which there may be several in a row; zlib checks each one's CRC-32 and length."""

    def __init__(self, bill: Bill) -> None:
        super().__init__(bill)
        self._path = bill.path
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def add(self, chunk: bytes) -> None:
        try:
            while chunk:
                if self._member.eof:
                    self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                super().add(self._member.decompress(chunk, _CHUNK))
                chunk = self._member.unused_data or self._member.unconsumed_tail
        except zlib.error as error:
            raise InputError(f"{self._path} is damaged (gzip): download it again.") from error

    def finish(self) -> None:
        if not self._member.eof:
            raise InputError(f"{self._path} is cut short (gzip): download it again.")


# --- the view ---------------------------------------------------------------------------------------------


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the macros on this connection unless it has them, and times without a zone UTC."""
    con.execute("SET TimeZone = 'UTC'")
    con.execute(LISTS_STAY_LISTS)
    try:
        con.execute("SELECT bills_prepared()")
    except duckdb.CatalogException:  # making them takes as long as loading a small bill
        con.execute(macros() + meters.macros() + "CREATE TEMP MACRO bills_prepared() AS true;")


def open_view(con: duckdb.DuckDBPyConnection, bill: Bill) -> None:
    """Makes the view `charge` for this file, in place of that for the last one."""
    for name in ("bill_rejects", "bill_scans"):
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")
    _view(con, bill, "charge", "")


def open_numbered(con: duckdb.DuckDBPyConnection, bill: Bill) -> None:
    """Makes the view `numbered` for this file; few files need it, and making it takes as long as a small load."""
    _view(con, bill, "numbered", ", bill.row_of_file AS number")


def _view(con: duckdb.DuckDBPyConnection, bill: Bill, name: str, number: str) -> None:
    extra = f"{_fault(bill)} AS fault, {_whole(bill, 'BilledCost')}, {_whole(bill, 'EffectiveCost')}"
    select = f"SELECT *, {extra} FROM ({_mapped(bill, number, _perhaps_blank(con, bill))})"  # noqa: S608
    con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {select}")


def _whole(bill: Bill, target: str) -> str:
    """Whether an amount has no decimals, as a column; a DOUBLE of the file tells it much faster than a DECIMAL."""
    raw = next((column.raw for column in bill.mapping.columns if column.target == target), None)
    double = any(field.kind == "DOUBLE" for field in bill.fields if field.name == raw)
    return f"{f'raw_{raw} = floor(raw_{raw})' if double else f'{target} % 1 = 0'} AS whole_{target}"


def _perhaps_blank(con: duckdb.DuckDBPyConnection, bill: Bill) -> frozenset[str]:
    """The texts (SQL of their fields) that may be empty or the word NULL: those whose range in the file has either.

    A Parquet file tells for each of its parts the least and the greatest value, and looking at every value of fifty
    columns takes longer than reading them. Without a range, or with one that is not plain text, anything may be.
    """
    texts = {field.path: field.sql for field in bill.fields if field.kind == "VARCHAR"}
    if bill.json or bill.delimiter is not None:
        return frozenset(texts.values())
    never = con.execute(
        f"""
        SELECT path_in_schema FROM parquet_metadata({path_literal(bill.path)}) GROUP BY ALL
        HAVING bool_and(coalesce(stats_null_count = num_values OR (NOT contains(stats_min_value, '\\')
            AND (stats_min_value > 'NULL' OR (stats_min_value > '' AND stats_max_value < 'NULL'))), false))
        """  # noqa: S608
    ).fetchall()
    return frozenset(texts.values()) - {texts[path] for (path,) in never if path in texts}


def _bill(bill: Bill, blanks: frozenset[str], *, numbered: bool) -> str:
    have = {field.name for field in bill.fields}
    select = ["row_number() OVER () AS row_of_file"] if numbered else []
    select += [f"{_value(bill, field, blanks)} AS {quoted(field.name)}" for field in bill.fields]
    select += [f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in sorted(bill.mapping.reads - have)]
    return f"SELECT {', '.join(select)} FROM {_file(bill)}"  # noqa: S608


def _value(bill: Bill, field: Field, blanks: frozenset[str]) -> str:
    """A value as the mapping gets it: text, except numbers and instants that a Parquet file has as such."""
    read = bill.mapping.reads
    as_text = field.kind == "VARCHAR" or (field.name in read and field.name not in bill.mapping.typed)
    if field.kind == "VARCHAR" and field.sql not in blanks:
        return field.sql
    return _text(bill, field) if as_text and bill.delimiter is None else field.sql


def _text(bill: Bill, field: Field) -> str:
    """A value of a Parquet or JSON file as text, or as JSON text; empty text and NULL in words are NULL."""
    value, kind = field.sql, field.kind
    pairs = None if bill.mapping.snake else _pairs(kind)
    if pairs:
        value = _map_of(value, *pairs)
    elif kind.endswith("]") or kind.startswith("MAP"):
        value = f"to_json({value})"
    elif kind.startswith("STRUCT"):
        value = f"json_merge_patch('{{}}', to_json({value}))"  # a struct has every key in every row
    text = value if kind == "VARCHAR" else f"CAST({value} AS VARCHAR)"
    return f"CASE WHEN {text} <> '' AND {text} <> 'NULL' THEN {text} END"


def _pairs(kind: str) -> tuple[str, str, bool] | None:
    """How a list of pairs names keys and values, and whether its records tell more, as those of Google's FOCUS view."""
    if not (kind.startswith("STRUCT") and kind.endswith("[]")):
        return None
    record: Any = dict(duckdb.sqltype(kind).children)["child"]
    names = [name for name, _ in record.children]
    key, value = (next((each for each in names if each.lower() == word), None) for word in ("key", "value"))
    return (key, value, len(names) > 2) if key and value else None


def _map_of(pairs: str, key: str, value: str, more: bool) -> str:
    """A list of pairs as a JSON object; how Arrow writes a map that is not marked as one, and Google its tags.

    Google's view puts a charge's labels before those that it inherits, so the first of a key counts. Elsewhere a key
    that comes twice leaves it a list.
    """
    key, value = quoted(key), quoted(value)
    entries = f"list_transform({pairs}, lambda p : {{'k': p.{key}, 'v': p.{value}}})"
    if more:
        keys = f"list_transform({pairs}, lambda p : p.{key})"
        entries = f"list_filter({entries}, lambda p, i : list_position({keys}, p.k) = i)"
    return f"coalesce(TRY(to_json(map_from_entries({entries}))), to_json({pairs}))"


def _file(bill: Bill) -> str:
    path = path_literal(bill.path)
    if bill.json:
        return json_file(bill)
    if bill.delimiter is None:
        return f"read_parquet({path}, hive_partitioning = false)"
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name, _ in bill.columns)
    return (
        f"read_csv({path}, auto_detect = false, header = true, columns = {{{columns}}}, "
        f"delim = {literal(bill.delimiter)}, quote = '\"', escape = '\"', nullstr = ['', 'NULL'], "
        f"compression = '{'gzip' if bill.gzipped else 'none'}', hive_partitioning = false, "
        "store_rejects = true, rejects_table = 'bill_rejects', rejects_scan = 'bill_scans', rejects_limit = 0, "
        "rejects_line_size_limit = 4000000)"
    )


def _mapped(bill: Bill, number: str, blanks: frozenset[str]) -> str:
    raw = "".join(f", bill.{name} AS raw_{name}" for name in bill.mapping.typed)
    select, source = bill.mapping.sql.rsplit("\nFROM bill", 1)
    rows = _bill(bill, blanks, numbered=bool(number))
    return f"{select}\n    , {_other(bill)} AS x_Other{raw}{number}\nFROM ({rows}) AS bill{source}"


def _other(bill: Bill) -> str:
    """The columns no line of the mapping reads or leaves out, as JSON text without those that are NULL."""
    kept_out = {bill.mapping.plain(name) for name in bill.mapping.left_out}
    unknown = [
        field
        for field in bill.fields
        if field.name not in bill.mapping.reads - bill.mapping.kept
        and not field.copied
        and bill.mapping.plain(field.path) not in kept_out
    ]
    if not unknown:
        return "CAST(NULL AS VARCHAR)"
    pairs = (
        f"to_json({literal(field.path)}) || ':' || to_json(bill.{quoted(field.name)})" for field in unknown
    )
    return f"nullif('{{' || concat_ws(',', {', '.join(pairs)}) || '}}', '{{}}')"


def _fault(bill: Bill) -> str:
    """What is wrong with a row, the first thing only: field, reason and value."""
    simple = {column.target: f"raw_{column.raw}" for column in bill.mapping.columns if column.raw}
    computed = {column.target for column in bill.mapping.columns if column.kind == "computed"}
    values = {column.raw: column.target for column in bill.mapping.columns if column.raw}
    never_empty = bill.mapping.never_empty
    cases = [_empty(name, simple.get(name, name)) for name in never_empty if name not in computed]
    written = {field.name for field in bill.fields if field.kind == "VARCHAR"}
    cases += [
        _unreadable(name, kind, values.get(name, f"{kind}(raw_{name})"), as_text=name in written)
        for name, kind in bill.mapping.typed.items()
    ]
    # What is computed is empty also where a number behind it cannot be read, and that is the better reason.
    cases += [_empty(name, name) for name in never_empty if name in computed]
    cases.append(
        _when("ChargePeriodEnd < ChargePeriodStart", "ChargePeriodEnd", "is before ChargePeriodStart")
    )
    cases.append(
        _when(
            # Not as one NOT IN: DuckDB makes a join of a long list, in every query of the view.
            " AND ".join(f"ChargeCategory <> {literal(name)}" for name in _CATEGORIES),
            "ChargeCategory",
            "is not Usage, Purchase, Tax, Credit or Adjustment",
            "ChargeCategory",
        )
    )
    return f"CASE {' '.join(cases)} END"


def _empty(name: str, value: str) -> str:
    return _when(f"{value} IS NULL", name, "is empty")


def _unreadable(name: str, kind: str, value: str, *, as_text: bool) -> str:
    """The case of a column of the file whose text is no number or instant; `value` is what becomes of it.

    An amount None is none: how tools in Python write one that is not there.
    """
    written = f"raw_{name}"
    if kind == "money":
        wrong = f"{written} IS NOT NULL AND {value} IS NULL{f' AND {written} <> {_NONE}' if as_text else ''}"
        return _when(wrong, name, "is not a number that fits", written)
    wrong = f"({value} BETWEEN {_EARLIEST} AND {_LATEST}) IS NOT TRUE"
    reason = "is not a month" if kind == "bill_month" else "is not an instant"
    return _when(f"{written} IS NOT NULL AND {wrong}", name, reason, written)


def _when(condition: str, field: str, reason: str, value: str = "''") -> str:
    text = literal(f"{field}{FAULT}{reason}{FAULT}")
    shown = f"regexp_replace(left(CAST({value} AS VARCHAR), 60), '[[:cntrl:]]+', ' ', 'g')"
    return f"WHEN {condition} THEN {text} || {shown}"


# --- errors -----------------------------------------------------------------------------------------------


@contextmanager
def told_of_file(path: Path) -> Iterator[None]:
    """Turns DuckDB's errors about the file being read into ours; those about the warehouse or memory pass."""
    try:
        yield
    except duckdb.OutOfRangeException as error:
        raise InputError(f"{path} has amounts too large to add up: check its cost columns.") from error
    except duckdb.Error as error:
        said = str(error)
        if not _is_about_a_file(error, said):
            raise
        if twice := _KEY_TWICE.search(said):
            raise InputError(
                f"{path} has a record with the same key twice (line {twice[1]}), so nobody knows which value counts: "
                "export it again."
            ) from error
        if "state machine" in said:
            raise InputError(
                f"{path} ends its lines in different ways: save it with line feeds only."
            ) from error
        raise InputError(f"{path} is cut short or damaged: download it again. ({_gist(said)})") from error


def _is_about_a_file(error: duckdb.Error, said: str) -> bool:
    if "No space left" in said:
        return False
    about = (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException)
    bare = type(error) is duckdb.Error  # what Parquet's own encoding raises
    return bare or isinstance(error, about)


def _gist(said: str) -> str:
    words = re.sub(r"^\w+(?: \w+)* Error: ", "", said.splitlines()[0])
    return shown(words, 120)
