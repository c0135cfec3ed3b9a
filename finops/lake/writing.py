"""Brings a lake up to the state of a warehouse: writes the partitions that changed, then the manifest."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from filelock import FileLock, Timeout

from finops import __version__
from finops.errors import BusyError, UsageError
from finops.instants import iso
from finops.lake.layout import FORMAT, MANIFEST, Manifest, Part, folder_of, lake_tables, partition_of
from finops.lake.places import Place, opened
from finops.schema_comments import Table
from finops.warehouse import Limits, reading


@dataclass(slots=True)
class Exported:
    """What became of an export: partitions written, left as they were, files removed, rows of the whole lake."""

    address: str
    written: int = 0
    unchanged: int = 0
    removed: int = 0
    rows: int = 0

    @property
    def told(self) -> str:
        return (
            f"lake {self.address}: {self.written:,} partitions written, {self.unchanged:,} unchanged, "
            f"{self.rows:,} rows in all"
        )


@dataclass(frozen=True, slots=True)
class _Partition:
    table: Table
    values: Mapping[str, str | None] = field(hash=False)
    rows: int
    content: str

    @property
    def path(self) -> str:
        return f"{folder_of(self.table.name, self.values)}/{self.content}.parquet"


def export(
    db: Path,
    address: str,
    *,
    at: datetime,
    limits: Limits | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Exported:
    """Writes what the lake at an address lacks of a warehouse; `at` is the wall clock.

    An export that was stopped goes on where it was: the manifest is written last, and files that are there already are
    not written again. Raises UsageError when the lake cannot be written or is another warehouse's, CredentialsError,
    BusyError while another run writes it.
    """
    place, done = opened(address), Exported(address)
    with _alone(db), TemporaryDirectory() as staging:
        with reading(db, limits, writes_to=Path(staging)) as con:
            text = place.read(MANIFEST)
            before = Manifest.read(text, address) if text is not None else None
            accounts = _accounts(con)
            _refuse_another(before, accounts, address)
            parts = _write(con, place, before, Path(staging), done, progress)
        manifest = Manifest(
            format=FORMAT, tool_version=__version__, written_at=iso(at), accounts=accounts, tables=parts
        )
        place.replace(MANIFEST, manifest.model_dump_json(indent=1).encode())
        _sweep(place, [one for one in (before, manifest) if one], done)
    return done


def _write(
    con: duckdb.DuckDBPyConnection,
    place: Place,
    before: Manifest | None,
    staging: Path,
    done: Exported,
    progress: Callable[[str], None],
) -> dict[str, list[Part]]:
    there = {part.path for parts in (before.tables.values() if before else ()) for part in parts}
    there |= set(place.files())
    parts: dict[str, list[Part]] = {}
    for table in lake_tables():
        for one in _partitions(con, table):
            if one.path in there:
                done.unchanged += 1
            else:
                progress(f"Writing {folder_of(table.name, one.values)} ({one.rows:,} rows).")
                _copy(con, one, staging / "partition.parquet")
                place.put(one.path, staging / "partition.parquet")
                done.written += 1
            done.rows += one.rows
            parts.setdefault(table.name, []).append(Part(path=one.path, rows=one.rows, content=one.content))
    return parts


def _partitions(con: duckdb.DuckDBPyConnection, table: Table) -> Iterator[_Partition]:
    """The partitions of a table, each with what tells its content: the rows in any order, and the columns."""
    by = partition_of(table.name)
    columns = ", ".join(f"{expression} AS part_{name}" for name, expression in by.items())
    shape = [(column.name, column.type) for column in table.columns]
    rows = con.execute(
        # As a sum, so that two equal rows do not cancel each other.
        f"SELECT {columns}, count(*) AS n, CAST(sum(CAST(hash(t) AS HUGEINT)) AS VARCHAR) AS content "  # noqa: S608
        f"FROM {table.name} AS t GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for *values, count, content in rows:
        partition = dict(zip(by, values, strict=True))
        told = f"{FORMAT} {table.name} {shape} {partition} {count} {content}"
        yield _Partition(table, partition, count, hashlib.sha256(told.encode()).hexdigest()[:32])


def _copy(con: duckdb.DuckDBPyConnection, one: _Partition, target: Path) -> None:
    by = partition_of(one.table.name)
    where = " AND ".join(
        f"{by[name]} IS NOT DISTINCT FROM {_literal(value)}" for name, value in one.values.items()
    )
    names = ", ".join(f'"{column.name}"' for column in one.table.columns)
    con.execute(
        f"COPY (SELECT {names} FROM {one.table.name} WHERE {where}) "  # noqa: S608 - names of the schema, quoted values
        f"TO {_literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )


def _literal(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def _accounts(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return con.execute("SELECT DISTINCT cloud, account_id FROM coverage ORDER BY ALL").fetchall()


def _refuse_another(before: Manifest | None, accounts: list[tuple[str, str]], address: str) -> None:
    """A lake is that of one warehouse: another one would take the accounts out that it does not have itself."""
    lost = sorted(set(before.accounts) - set(accounts)) if before else []
    if lost:
        cloud, account = lost[0]
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        raise UsageError(
            f"The lake at {address} has {cloud} {account}{more}, which this warehouse does not have: give each "
            "warehouse a lake of its own."
        )


def _sweep(place: Place, manifests: list[Manifest], done: Exported) -> None:
    """Removes what neither this manifest nor the one before names: an audit may still read the latter's files."""
    named = {part.path for one in manifests for parts in one.tables.values() for part in parts}
    for path in list(place.files()):
        if path not in named:
            place.remove(path)
            done.removed += 1


@contextmanager
def _alone(db: Path) -> Iterator[None]:
    lock = FileLock(db.with_name(f"{db.name}.lake.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BusyError(
            f"Another run is writing the lake of {db}: try again when it has finished."
        ) from error
    try:
        yield
    finally:
        lock.release()
