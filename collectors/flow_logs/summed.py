"""Flow logs that were added up where they are, by day and pair: into `flow_pairs` by the same mapping as files.

What was read at a time is a part of a log, such as the entries of one day: it is loaded in one transaction and known by
its source, so that it is never counted twice. That a file has the same records is seen by `traffic`, which takes of
several logs the one that tells most.
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from collectors.flow_logs.loading import log_of
from collectors.flow_logs.reading import open_sums
from finops.warehouse import Writer


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one part: records that count, and those that cannot be read."""

    records: int
    rejected: int


def known_parts(con: duckdb.DuckDBPyConnection, sources: list[str]) -> dict[str, int]:
    """Those of these parts that are loaded, each with its records."""
    rows = con.execute(
        "SELECT source, CAST(sum(records) AS BIGINT) FROM flow_files WHERE list_contains(?, source) GROUP BY source",
        [sources],
    ).fetchall()
    return {str(source): int(records) for source, records in rows}


def load_sums(writer: Writer, entries: str, source: str, fingerprint: str, at: datetime) -> Part:
    """Loads one part: `entries` is a relation as open_sums() takes it."""
    con = writer.con
    open_sums(con, entries)
    con.begin()
    try:
        told = con.execute(_COUNTS).fetchall()[0]
        part = Part(int(told[0]), int(told[1]))
        con.execute(_PAIRS, {"log": log_of(source)})
        _remember(writer, source, fingerprint, told, at)
        con.commit()
    except BaseException:
        con.rollback()
        raise
    return part


def _remember(writer: Writer, source: str, fingerprint: str, told: tuple[object, ...], at: datetime) -> None:
    records, rejected, size, first, last, accounts = told
    writer.con.execute(
        "INSERT INTO flow_files VALUES (?, 'gcp-flow-log', ?, ?, 'gcp', ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, ?)",
        [
            source, fingerprint, log_of(source), accounts, first, last, records, size, rejected, at, writer.run_id,
        ],
    )  # fmt: skip


_COUNTS = """
SELECT CAST(coalesce(sum(records) FILTER (fault IS NULL), 0) AS BIGINT),
    CAST(coalesce(sum(records) FILTER (fault IS NOT NULL), 0) AS BIGINT),
    coalesce(sum(bytes) FILTER (fault IS NULL), 0),
    min(date_trunc('minute', started)) FILTER (fault IS NULL),
    max(date_trunc('minute', started)) FILTER (fault IS NULL),
    coalesce(string_agg(DISTINCT account_id, ',' ORDER BY account_id) FILTER (fault IS NULL), '')
FROM flow_record
"""
_PAIRS = """
INSERT INTO flow_pairs BY NAME
SELECT 'gcp' AS cloud, account_id, region, $log AS flow_source, date_trunc('day', started) AS day, vpc_id, reporter,
    reporter_resource, reporter_zone, side, source_address, destination_address, source_hop, destination_hop,
    source_resource, source_zone, destination_resource, destination_zone, service, sum(bytes) AS bytes,
    CAST(sum(records) AS BIGINT) AS records
FROM flow_record
WHERE fault IS NULL AND bytes > 0
GROUP BY ALL
"""
