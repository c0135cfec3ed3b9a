"""Looking inside a file: whether it is a flow log, of which cloud, and how its records are written."""

import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

from finops.errors import InputError

Cloud = Literal["aws", "gcp", "alibaba"]
Shape = Literal["lines", "csv", "records", "array", "events", "parquet"]

_HEAD = 1 << 16
_FOOTER = 1 << 22  # bytes; Parquet files with hundreds of columns have footers of some hundred thousand
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
# The fields of version 2, which is what a flow log has unless somebody chose others; its files need no header then.
DEFAULT = (
    "version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets",
    "bytes", "start", "end", "action", "log_status",
)  # fmt: skip
_DEFAULT_LINE = re.compile(r"^(?P<stamp>\d{4}-\d\d-\d\dT[\d:.]+Z )?\d+ (?:\d{12}|unknown) (?:eni-\w+|-) ")
_NAMES = re.compile(
    r"(?:^|[/_.-])(?:vpcflowlogs|vpc_flows|vpc-?flow-?logs?|flow[_-]?logs?)(?:[/_.=-]|$)", re.IGNORECASE
)
_OF_AWS = re.compile(r"(?:^|[/_])(?P<account>\d{12})_vpcflowlogs_(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)_")


@dataclass(frozen=True, slots=True)
class FlowFile:
    """A file that looks like a flow log. `columns` are its fields in their order, in snake_case.

    `written` are the same as the file writes them. `stamped`: each line begins with an instant, as CloudWatch exports
    it. Account and region are those that the file's name tells.
    """

    path: Path
    cloud: Cloud
    shape: Shape
    columns: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    delimiter: str = " "
    gzipped: bool = False
    stamped: bool = False

    @property
    def format(self) -> str:
        return f"{self.cloud}-flow-log"


def named_like_one(path: str) -> bool:
    """Whether the name of an object says that it is part of a flow log: what is in a store is not looked into first."""
    return bool(_NAMES.search(path))


def told_by_name(name: str) -> tuple[str | None, str | None]:
    """Account and region in the name that AWS gives a file of a flow log."""
    match = _OF_AWS.search(name)
    return (match["account"], match["region"]) if match else (None, None)


def recognise(path: str | Path) -> FlowFile | None:
    """What flow log a file is; None when it is none, or cannot be read at all.

    Raises InputError for a flow log that lacks a field without which nothing can be counted.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            begin = file.read(4)
        if begin == _PARQUET:
            return _parquet(path)
        gzipped = begin[:2] == _GZIP
        with opened(path, gzipped=gzipped) as file:
            head = file.read(_HEAD)
    except (OSError, EOFError, zlib.error):
        return None  # whoever reads it tells what is wrong with it
    if b"\0" in head:
        return None
    text = head.decode("utf-8-sig", errors="replace").lstrip()
    found = _json(path, text) if text[:1] in ("{", "[") else _text(path, text)
    if found is None:
        return None
    return FlowFile(path, *found[:4], delimiter=found[4], gzipped=gzipped, stamped=found[5])


_Found = tuple[Cloud, Shape, tuple[str, ...], tuple[str, ...], str, bool]


def opened(path: Path, *, gzipped: bool) -> IO[bytes]:
    """The file's bytes, unpacked."""
    return cast("IO[bytes]", gzip.open(path)) if gzipped else open(path, "rb")


def _parquet(path: Path) -> FlowFile | None:
    """The names of columns stand in the footer as they are: no reader is needed to see that a file is none."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(max(0, size - 8))
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(0, size - 8 - min(length, _FOOTER)))
        footer = file.read(min(length, _FOOTER))
    if b"src_ip" in footer and b"jsonPayload" in footer:
        return FlowFile(path, "gcp", "parquet")
    if b"srcaddr" not in footer or b"dstaddr" not in footer:
        return None
    import duckdb

    from collectors.bills.inspection import path_literal

    with duckdb.connect() as con:
        try:
            told = con.execute(f"DESCRIBE FROM read_parquet({path_literal(path)})").fetchall()
        except duckdb.Error:
            return None
    written = tuple(str(row[0]) for row in told)
    cloud = _cloud_of(columns := _snake(written))
    _refuse_without(path, columns)
    return FlowFile(path, cloud, "parquet", columns, written)


def _json(path: Path, text: str) -> _Found | None:
    """Google's entries, Alibaba's logs, AWS's records as JSON, or events that CloudWatch gave out."""
    shape: Shape = "array" if text.startswith("[") else "records"
    if '"bytes_sent"' in text and '"src_ip"' in text:
        return "gcp", shape, (), (), "", False
    if '"events"' in text and '"message"' in text and _event_in(text):
        return "aws", "events", DEFAULT, DEFAULT, " ", False
    if '"srcaddr"' not in text or '"dstaddr"' not in text:
        return None
    names = tuple(dict.fromkeys(re.findall(r'"([A-Za-z_][\w-]*)"\s*:', text)))
    columns = _snake(names)
    _refuse_without(path, columns)
    return _cloud_of(columns), shape, columns, names, "", False


def _event_in(text: str) -> bool:
    messages = re.findall(r'"message"\s*:\s*"((?:[^"\\]|\\.)*)"', text)
    return any(_DEFAULT_LINE.match(message) for message in messages[:20])


def _text(path: Path, text: str) -> _Found | None:
    first = text.split("\n", 1)[0].strip("\r")
    words = first.split(" ")
    header = _snake(word.strip("${}") for word in words)
    if _has_ends(header):
        _refuse_without(path, header)
        return "aws", "lines", header, tuple(words), " ", False
    if match := _DEFAULT_LINE.match(first):
        fields = len(words) - bool(match["stamp"])
        if fields != len(DEFAULT):
            raise InputError(
                f"{path} is a flow log with {fields} fields a line and no header that names them (the default has "
                f"{len(DEFAULT)}): write the fields of its format into a first line, separated by spaces."
            )
        return "aws", "lines", DEFAULT, (), " ", bool(match["stamp"])
    return _csv(path, first)


def _csv(path: Path, first: str) -> _Found | None:
    delimiter = max(",;\t|", key=first.count)
    # Only the first line, also where lines end as old Macs end them.
    head = (first.splitlines() or [""])[:1]
    names = tuple(name.strip() for name in next(csv.reader(head, delimiter=delimiter), []))
    columns = _snake(names)
    if not _has_ends(columns):
        return None
    _refuse_without(path, columns)
    return _cloud_of(columns), "csv", columns, names, delimiter, False


def _has_ends(columns: Sequence[str]) -> bool:
    return {"srcaddr", "dstaddr"} <= set(columns) or {"pkt_srcaddr", "pkt_dstaddr"} <= set(columns)


def _cloud_of(columns: Sequence[str]) -> Cloud:
    return "alibaba" if {"eni_id", "vswitch_id", "vm_id"} & set(columns) else "aws"


def _snake(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.strip().lower().replace("-", "_") for name in names)


def _refuse_without(path: Path, columns: Sequence[str]) -> None:
    lacking = [name for name in ("bytes", "start") if name not in columns]
    if lacking:
        raise InputError(
            f"{path} is a flow log without the field {' and '.join(lacking)}, so nothing can be counted: "
            "choose a format that has it."
        )


def quoted_json(name: str) -> str:
    """A key as a JSON path writes it."""
    return f"$.{json.dumps(name)}"
