"""One flow log file into `flow_pairs`: in one transaction, by queries over a stream, never twice.

A file whose bytes were loaded already changes nothing. Of any other file the minutes count that no file has brought
yet with the same records in them, so that two exports may overlap.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from collectors.bills.results import FileResult
from collectors.bills.source import told_of_file
from collectors.flow_logs.reading import open_numbered, open_view
from collectors.flow_logs.recognising import FlowFile, opened, recognise
from finops.errors import InputError
from finops.warehouse import Writer

_CHUNK = 1 << 20
MAX_LISTED = 1_000  # records told one by one; beyond that they are counted only


@dataclass(frozen=True, slots=True)
class _Counts:
    """What a file holds, in records."""

    states: Counter[str]
    repeated: int
    counted: int
    bytes: float
    first: datetime | None
    last: datetime | None

    @property
    def rejected(self) -> int:
        return self.states["rejected"]


def ingest_file(
    writer: Writer, path: str | Path, *, at: datetime, source: str = "", max_rejected: float = 0.01
) -> FileResult:
    """Loads one flow log; `source` is its name in the warehouse where that is not its path.

    Raises InputError when it is none, is cut short, or has more records than `max_rejected` that cannot be read; then
    nothing of it is loaded. `traffic` is told by tell_traffic(), once for all files.
    """
    path = Path(path)
    flow = recognise(path)
    if flow is None:
        raise InputError(f"{path} is no flow log in a format this version reads.")
    source = source or str(path.resolve())
    fingerprint = _fingerprint(flow)
    con = writer.con
    held = _holder_of(con, source, fingerprint)
    if held and held != source:  # so that a collection knows that this one, too, was looked at
        con.execute(_ALSO, [source, at, writer.run_id, fingerprint, held])
    if held:
        notes = () if held == source else (f"The same content was loaded from {held}.",)
        return FileResult(path, flow.format, "unchanged", notes=notes, source=source, fingerprint=fingerprint)
    con.begin()
    try:
        with told_of_file(path):
            result = _load(writer, flow, source, fingerprint, at, max_rejected)
        con.commit()
    except BaseException:
        con.rollback()
        raise
    return result


def _holder_of(con: duckdb.DuckDBPyConnection, source: str, fingerprint: str) -> str | None:
    """The file from which this content was loaded: this one, if it was."""
    row = con.execute(
        "SELECT source FROM flow_files WHERE fingerprint = ? ORDER BY source <> ?, source LIMIT 1",
        [fingerprint, source],
    ).fetchone()
    return str(row[0]) if row else None


def _fingerprint(flow: FlowFile) -> str:
    """SHA-256 of the bytes. DuckDB does not check the sum at the end of a gzip file, so it is done here."""
    digest = hashlib.sha256()
    try:
        with open(flow.path, "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        if flow.gzipped:
            with opened(flow.path, gzipped=True) as text:
                while text.read(_CHUNK):
                    pass
    except EOFError as error:
        raise InputError(f"{flow.path} is cut short (gzip): download it again.") from error
    except OSError as error:
        raise InputError(f"{flow.path} cannot be read: {error.strerror or error}.") from error
    return digest.hexdigest()


def _load(
    writer: Writer, flow: FlowFile, source: str, fingerprint: str, at: datetime, max_rejected: float
) -> FileResult:
    con = writer.con
    open_view(con, flow, source)
    con.execute(_STAGED)
    con.execute(_MINUTES)
    con.execute(_REPEATED, {"cloud": flow.cloud})
    counts = _counts(con)
    reasons = _rejects(writer, flow, source, counts, max_rejected)
    log = log_of(source)
    con.execute(_PAIRS, {"cloud": flow.cloud, "log": log})
    con.execute(_WINDOWS, {"cloud": flow.cloud, "source": source})
    con.execute("DROP TABLE flow_staged")
    con.execute("DELETE FROM flow_files WHERE source = ? AND fingerprint = ?", [source, fingerprint])
    accounts = [str(row[0]) for row in con.execute(_ACCOUNTS).fetchall()]
    con.execute(
        "INSERT INTO flow_files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            source, flow.format, fingerprint, log, flow.cloud, ",".join(accounts), counts.first, counts.last,
            counts.counted, counts.bytes, counts.states["refused"], counts.states["no data"], counts.states["skipped"],
            counts.repeated, counts.rejected, at, writer.run_id,
        ],
    )  # fmt: skip
    return FileResult(
        path=flow.path,
        format=flow.format,
        status="loaded",
        rows=counts.counted,
        rejected=counts.rejected,
        reasons=reasons,
        periods=tuple(
            sorted({day.replace(day=1, hour=0, minute=0) for day in (counts.first, counts.last) if day})
        ),
        accounts=tuple(accounts),
        notes=tuple(_notes(counts)),
        source=source,
        fingerprint=fingerprint,
    )


def log_of(source: str) -> str:
    """The log that a file is a part of: its folder, without those of days and hours."""
    parts = source.replace("\\", "/").split("/")[:-1]
    while parts and (parts[-1].isdigit() or parts[-1].split("=")[0] in ("year", "month", "day", "hour")):
        parts.pop()
    return "/".join(parts) or source


def _counts(con: duckdb.DuckDBPyConnection) -> _Counts:
    states = con.execute(
        "SELECT state, CAST(sum(records) AS BIGINT) FROM flow_minutes GROUP BY state"
    ).fetchall()
    row = con.execute(
        "SELECT coalesce(sum(records) FILTER (repeated), 0), coalesce(sum(records) FILTER (NOT repeated), 0), "
        "coalesce(sum(bytes) FILTER (NOT repeated), 0), min(minute), max(minute) "
        "FROM flow_minutes WHERE state = 'counted'"
    ).fetchone()
    repeated, counted, total, first, last = row or (0, 0, 0.0, None, None)
    return _Counts(
        Counter({str(k): int(n) for k, n in states}), int(repeated), int(counted), float(total), first, last
    )


def _rejects(
    writer: Writer, flow: FlowFile, source: str, counts: _Counts, max_rejected: float
) -> dict[str, int]:
    """Lists what cannot be read, by reason. Raises InputError when it is too much."""
    con = writer.con
    con.execute("DELETE FROM rejected_rows WHERE source = ?", [source])
    if not counts.rejected:
        return {}
    open_numbered(con, flow, source)
    listed = con.execute(
        "SELECT line_number, fault FROM flow_numbered WHERE fault IS NOT NULL ORDER BY line_number LIMIT ?",
        [MAX_LISTED],
    ).fetchall()
    records = sum(counts.states.values())
    if counts.rejected > records * max_rejected:
        line, fault = listed[0]
        raise InputError(
            f"{flow.path} has {counts.rejected:,} of {records:,} records that cannot be read, more than the "
            f"{max_rejected * 100:g}% allowed (record {line:,} {fault}): get it again, or allow more with "
            "--max-rejected."
        )
    con.executemany(
        "INSERT INTO rejected_rows VALUES (?, ?, NULL, ?, ?)",
        [[source, int(line), str(fault), writer.run_id] for line, fault in listed],
    )
    reasons = con.execute(
        "SELECT fault, count(*) FROM flow_staged WHERE fault IS NOT NULL GROUP BY fault ORDER BY 2 DESC, 1"
    ).fetchall()
    return {str(fault): int(count) for fault, count in reasons}


def _notes(counts: _Counts) -> list[str]:
    said = [
        (counts.repeated, "records were in another file, too, and count once"),
        (counts.states["refused"], "records are of traffic that was refused, and are not counted"),
        (
            counts.states["skipped"],
            "windows lack records that the cloud lost: there was more traffic than is counted",
        ),
    ]
    return [f"{number:,} {words}." for number, words in said if number]


# The file is taken apart once, and what does not fit into memory waits on the disk.
_STAGED = """
CREATE OR REPLACE TEMP TABLE flow_staged AS
SELECT * EXCLUDE (identity, state, broken), CASE WHEN fault IS NOT NULL THEN 'rejected' ELSE state END AS state,
    date_trunc('minute', started) AS minute,
    md5_number_lower(concat_ws('|', reporter, source_address, destination_address, source_hop, destination_hop,
        CAST(started AS VARCHAR), CAST(bytes AS VARCHAR), identity)) AS digest
FROM flow_record
"""
# Every record once: how many there are, and of those that count a digest of all of a minute together, in any order.
_MINUTES = """
CREATE OR REPLACE TEMP TABLE flow_minutes AS
SELECT account_id, state, minute, count(*) AS records, sum(bytes) AS bytes, bit_xor(digest) AS digest,
    false AS repeated
FROM flow_staged
GROUP BY ALL
"""
_REPEATED = """
UPDATE flow_minutes AS m SET repeated = true
FROM flow_windows AS w
WHERE m.state = 'counted' AND w.cloud = $cloud AND w.account_id = m.account_id AND w.window_start = m.minute
  AND w.records = m.records AND w.digest = m.digest
"""
_PAIRS = """
INSERT INTO flow_pairs BY NAME
SELECT $cloud AS cloud, r.account_id, region, $log AS flow_source, date_trunc('day', started) AS day, vpc_id, reporter,
    reporter_resource, reporter_zone, side, source_address, destination_address, source_hop, destination_hop,
    source_resource, source_zone, destination_resource, destination_zone, service, sum(r.bytes) AS bytes,
    count(*) AS records
FROM flow_staged AS r
SEMI JOIN (SELECT account_id, minute FROM flow_minutes WHERE state = 'counted' AND NOT repeated) AS fresh
    ON fresh.account_id = r.account_id AND fresh.minute = r.minute
WHERE state = 'counted' AND r.bytes > 0
GROUP BY ALL
"""
_WINDOWS = """
INSERT INTO flow_windows BY NAME
SELECT $source AS source, $cloud AS cloud, account_id, minute AS window_start, records, digest
FROM flow_minutes WHERE state = 'counted' AND NOT repeated
"""
_ALSO = """
INSERT INTO flow_files
SELECT ?, format, fingerprint, flow_source, cloud, account_id, first_at, last_at, 0, 0, 0, 0, 0, records, 0, ?, ?
FROM flow_files WHERE fingerprint = ? AND source = ?
"""
_ACCOUNTS = """
SELECT DISTINCT account_id FROM flow_minutes WHERE account_id IS NOT NULL AND state <> 'rejected' ORDER BY 1
"""
