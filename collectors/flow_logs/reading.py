"""A flow log as SQL sees it: a view over its file, so that DuckDB reads it in streams, and what is wrong with a record.

The view `flow_record` has the columns of the mapping and `fault`: why a record cannot be counted, NULL when it can.
`flow_numbered` is the same with the number of the record, from 1.
"""

import re
from functools import cache
from importlib.resources import files

import duckdb

from collectors.bills.inspection import path_literal
from collectors.bills.layout import literal, quoted
from collectors.flow_logs.recognising import Cloud, FlowFile, quoted_json, told_by_name

_READS = re.compile(r'\braw\.(?:"(\w+)"|(\w+))')
_NOTHING = "'', '-', 'null', 'None'"  # how records write a field that has no value
_UNPRINTED, _NEVER = "\x01", "\x02"  # no record has them, so that a line stays whole and is none


@cache
def macros() -> str:
    """What the mappings call, as statements to run once per connection."""
    return files(__package__).joinpath("macros.sql").read_text(encoding="utf-8")


@cache
def mapping(cloud: Cloud) -> str:
    """The SELECT from `raw` of one cloud."""
    return files(__package__).joinpath(f"{cloud}.sql").read_text(encoding="utf-8")


def open_view(con: duckdb.DuckDBPyConnection, flow: FlowFile, source: str) -> None:
    """Makes the view `flow_record` for this file, in place of that for the last one."""
    con.execute(macros())
    _view(con, flow, source, "flow_record", "")


def open_numbered(con: duckdb.DuckDBPyConnection, flow: FlowFile, source: str) -> None:
    """Makes the view `flow_numbered`: the same with the number of the record; few files need it."""
    _view(con, flow, source, "flow_numbered", ", raw.line_number")


def open_sums(con: duckdb.DuckDBPyConnection, entries: str) -> None:
    """Makes the view `flow_record` of entries of Google's that were added up before: `entries` is a relation with `j`,
    an entry with the sum of bytes, and `records`, of how many it is."""
    con.execute(macros())
    nowhere = _or_null(None)
    select = mapping("gcp").replace("$account", nowhere).replace("$region", nowhere)
    raw = f", CAST(NULL AS VARCHAR) AS broken, raw.records AS records\nFROM ({entries}) AS raw"
    select = select.replace("\nFROM raw", raw)
    con.execute(f"CREATE OR REPLACE TEMP VIEW flow_record AS SELECT *, {_FAULT} AS fault FROM ({select})")  # noqa: S608


def _view(con: duckdb.DuckDBPyConnection, flow: FlowFile, source: str, name: str, number: str) -> None:
    account, region = told_by_name(source)
    select = mapping(flow.cloud).replace("$account", _or_null(account)).replace("$region", _or_null(region))
    raw = f"\nFROM ({_raw(flow)}) AS raw"
    select = select.replace("\nFROM raw", f", raw.broken AS broken{number}{raw}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT *, {_FAULT} AS fault FROM ({select})")  # noqa: S608


def _or_null(text: str | None) -> str:
    return "CAST(NULL AS VARCHAR)" if text is None else literal(text)


_FAULT = r"""CASE
    WHEN broken IS NOT NULL THEN broken
    WHEN state IN ('no data', 'skipped') AND started IS NOT NULL THEN NULL
    WHEN account_id IS NULL OR NOT regexp_full_match(account_id, '[A-Za-z0-9._:-]{1,64}') THEN 'names no account'
    WHEN started IS NULL THEN 'has no instant at which it begins'
    WHEN source_address IS NULL OR NOT regexp_full_match(source_address, '[0-9a-fA-F.:]{2,45}')
        THEN 'has no source address'
    WHEN destination_address IS NULL OR NOT regexp_full_match(destination_address, '[0-9a-fA-F.:]{2,45}')
        THEN 'has no destination address'
    WHEN bytes IS NULL OR bytes < 0 OR NOT isfinite(bytes) THEN 'has no number of bytes'
END"""


def _raw(flow: FlowFile) -> str:
    """The fields that the mapping reads, by its names, as text; `broken` says why a line has none."""
    reads = {one or other for one, other in _READS.findall(mapping(flow.cloud))} - {"j"}
    if flow.shape in ("lines", "events"):
        return _of_lines(flow, reads)
    if flow.cloud == "gcp":
        return _of_entries(flow)
    if flow.shape in ("records", "array"):
        return _of_json(flow, reads)
    return _of_columns(flow, reads)


def _select(found: dict[str, str], reads: set[str], broken: str, rows: str) -> str:
    """A value for each field that is read, NULL where the file has none."""
    values = [
        f"{_value(found[name])} AS {quoted(name)}"
        if name in found
        else f"CAST(NULL AS VARCHAR) AS {quoted(name)}"
        for name in sorted(reads)
    ]
    return f"SELECT {', '.join(values)}, {broken} AS broken, row_number() OVER () AS line_number FROM {rows}"  # noqa: S608


def _value(text: str) -> str:
    return f"CASE WHEN {text} NOT IN ({_NOTHING}) THEN {text} END"


def _of_lines(flow: FlowFile, reads: set[str]) -> str:
    shift = 2 if flow.stamped else 1
    found = {name: f"f[{place}]" for place, name in enumerate(flow.columns, shift)}
    fields = len(flow.columns) + shift - 1
    broken = f"CASE WHEN len(f) <> {fields} THEN 'has ' || len(f) || ' fields instead of {fields}' END"
    header = (
        f" AND line <> {literal(' '.join(flow.written))}" if flow.written and flow.shape == "lines" else ""
    )
    lines = f"(SELECT string_split(line, ' ') AS f FROM {_lines(flow)} WHERE line <> ''{header})"  # noqa: S608
    return _select(found, reads, broken, lines)


def _lines(flow: FlowFile) -> str:
    if flow.shape == "events":
        events = "unnest(from_json(j -> '$.events', '[\"JSON\"]'))"
        return f"(SELECT trim(event ->> '$.message') AS line FROM (SELECT {events} AS event FROM {_objects(flow)}))"  # noqa: S608
    packed = "gzip" if flow.gzipped else "none"
    # Each byte a letter: what is not UTF-8 is then a record that cannot be read, and not the end of the file.
    return (
        f"(SELECT rtrim(line, ' ' || chr(13)) AS line FROM read_csv({path_literal(flow.path)}, "  # noqa: S608
        f"columns = {{'line': 'VARCHAR'}}, delim = '{_UNPRINTED}', quote = '', escape = '', header = false, "
        f"auto_detect = false, encoding = 'latin-1', compression = '{packed}', nullstr = '{_NEVER}', "
        "strict_mode = false, hive_partitioning = false))"
    )


def _objects(flow: FlowFile) -> str:
    form = {"array": "array", "events": "unstructured"}.get(flow.shape, "newline_delimited")
    packed = "gzip" if flow.gzipped else "uncompressed"
    skip = ", ignore_errors = true" if form == "newline_delimited" else ""
    return (
        f"(SELECT json AS j FROM read_json_objects({path_literal(flow.path)}, format = '{form}', "  # noqa: S608
        f"compression = '{packed}', hive_partitioning = false{skip}))"
    )


def _of_entries(flow: FlowFile) -> str:
    broken = "CASE WHEN (j -> '$.jsonPayload') IS NULL THEN 'is no entry of a flow log' END"
    rows = _objects(flow)
    if flow.shape == "parquet":
        rows = f"(SELECT to_json(t) AS j FROM read_parquet({path_literal(flow.path)}) AS t)"  # noqa: S608
    return f"SELECT j, {broken} AS broken, row_number() OVER () AS line_number FROM {rows}"  # noqa: S608


def _of_json(flow: FlowFile, reads: set[str]) -> str:
    found = {
        name: f"(j ->> {literal(quoted_json(written))})"
        for name, written in zip(flow.columns, flow.written, strict=True)
    }
    return _select(found, reads, "CASE WHEN j IS NULL THEN 'is no JSON that can be read' END", _objects(flow))


def _of_columns(flow: FlowFile, reads: set[str]) -> str:
    found = {
        name: f"CAST({quoted(written)} AS VARCHAR)"
        for name, written in reversed(list(zip(flow.columns, flow.written, strict=True)))
    }
    if flow.shape == "parquet":
        return _select(found, reads, "CAST(NULL AS VARCHAR)", f"read_parquet({path_literal(flow.path)})")
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in flow.written)
    packed = "gzip" if flow.gzipped else "none"
    rows = (
        f"read_csv({path_literal(flow.path)}, auto_detect = false, header = true, columns = {{{columns}}}, "
        f"delim = {literal(flow.delimiter)}, quote = '\"', escape = '\"', compression = '{packed}', "
        "null_padding = true, strict_mode = false, ignore_errors = true, hive_partitioning = false)"
    )
    return _select(found, reads, "CAST(NULL AS VARCHAR)", rows)
