"""Backups: every table as a Parquet file, with a manifest by which they are verified.

A backup is a folder `finops-YYYYMMDDTHHMMSSZ`. It is written under another name, verified, and only then renamed, so
that a folder of that name is always whole. The manifest has of each table its columns, rows, the SHA-256 of its file, a
sum of its rows' hashes (whatever their order) and the sums of its amounts. Nothing in it depends on how a version of
finops or DuckDB lays out its file.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from finops import __version__
from finops.errors import BusyError, UnwritableError, WarehouseError
from finops.instants import in_utc, iso
from finops.schema_comments import tables
from finops.warehouse.backup_files import (
    FORMAT,
    MANIFEST,
    ColumnKept,
    Manifest,
    Measured,
    TableKept,
    file_of,
    literal,
    measure,
    quoted,
    read_manifest,
    verify,
)
from finops.warehouse.connections import Limits, reading
from finops.warehouse.migrations import CURRENT

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"^finops-(?P<at>\d{8}T\d{6}Z)$")
UNDER_WAY = ".finops-partial-"
# Of the file itself, not of what it holds: a file that is made from a backup gets its own.
NOT_KEPT = frozenset({"publication", "warehouse_version"})


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup: its folder, its instant (UTC), its manifest."""

    folder: Path
    at: datetime
    manifest: Manifest

    @property
    def bytes(self) -> int:
        return sum(table.bytes for table in self.manifest.tables.values())


def back_up(
    db: Path,
    folder: Path,
    *,
    at: datetime,
    limits: Limits,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Backup, bool]:
    """A verified backup of the published state of the warehouse at `db`, below `folder`; `at` is the wall clock.

    Returns it and whether it was written: where the newest backup of this warehouse holds the same and is whole, it is
    that one. Raises WarehouseError for the warehouse, UnwritableError for the folder, BusyError while another backup is
    written there.
    """
    db, folder = db.resolve(), folder.expanduser().resolve()
    with alone(folder), told_of(folder):
        _sweep(folder)
        partial = folder / f"{UNDER_WAY}{secrets.token_hex(4)}"
        partial.mkdir(mode=0o700)
        try:
            with reading(db, limits, writes_to=partial) as con:
                measured = {
                    name: measure(con, quoted(name), columns) for name, columns in _shape(con).items()
                }
                same = _same(db, folder, measured, _shape(con), limits)
                if same:
                    return same, False
                say(f"Writing a backup of {sum(one.rows for one in measured.values()):,} rows.")
                with told_of(folder):  # before it is taken for an error of the warehouse
                    manifest = _write(con, db, partial, measured, at)
            verify(partial, limits)
            whole = _free(folder, at)
            os.replace(partial, whole)
            sync(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Backup(whole, _instant(whole), manifest), True


def backups_in(folder: Path, db: Path | None = None) -> list[Backup]:
    """The backups below a folder, oldest first; of one warehouse where it is named. Other things are passed over."""
    found = []
    for path in folder.expanduser().iterdir() if folder.expanduser().is_dir() else ():
        if _NAME.match(path.name) and (path / MANIFEST).is_file():
            try:
                one = Backup(path.resolve(), _instant(path), read_manifest(path))
            except (WarehouseError, ValueError):
                continue  # of a newer version, or damaged: not ours to judge or to remove
            if db is None or one.manifest.warehouse == str(db.resolve()):
                found.append(one)
    return sorted(found, key=lambda one: one.at)


def _shape(con: duckdb.DuckDBPyConnection) -> dict[str, list[ColumnKept]]:
    """The tables of the schema with their columns, as they are in this file."""
    rows = con.execute(
        "SELECT table_name, column_name, data_type, NOT is_nullable FROM duckdb_columns() "
        "WHERE schema_name = 'main' AND database_name = current_database() ORDER BY table_name, column_index"
    ).fetchall()
    shape: dict[str, list[ColumnKept]] = {}
    for table, name, kind, required in rows:
        shape.setdefault(table, []).append(ColumnKept(name=name, type=kind, required=required))
    return {
        table.name: shape[table.name]
        for table in tables()
        if table.name in shape and table.name not in NOT_KEPT
    }


def _content(measured: dict[str, Measured], shape: dict[str, list[ColumnKept]]) -> str:
    """What tells the content of all tables, in one word."""
    told = {
        name: [one.rows, one.content, one.sums, sorted((column.name, column.type) for column in shape[name])]
        for name, one in sorted(measured.items())
    }
    return hashlib.sha256(json.dumps([FORMAT, duckdb.__version__, told]).encode()).hexdigest()


# --- writing ----------------------------------------------------------------------------------------------


def _same(
    db: Path,
    folder: Path,
    measured: dict[str, Measured],
    shape: dict[str, list[ColumnKept]],
    limits: Limits,
) -> Backup | None:
    """The newest backup, where it holds the same and is whole."""
    newest = next(iter(reversed(backups_in(folder, db))), None)
    if newest is None or newest.manifest.content != _content(measured, shape):
        return None
    try:
        verify(newest.folder, limits)
    except WarehouseError:
        return None
    return newest


def _write(
    con: duckdb.DuckDBPyConnection, db: Path, partial: Path, measured: dict[str, Measured], at: datetime
) -> Manifest:
    shape = _shape(con)
    kept = {name: _write_table(con, partial, name, shape[name], one) for name, one in measured.items()}
    manifest = Manifest(
        format=FORMAT,
        schema_version=CURRENT,
        tool=__version__,
        duckdb=duckdb.__version__,
        warehouse=str(db),
        written_at=iso(at),
        content=_content(measured, shape),
        tables=kept,
    )
    (partial / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    for path in partial.iterdir():
        path.chmod(0o600)
        sync(path)
    sync(partial)
    return manifest


def _write_table(
    con: duckdb.DuckDBPyConnection, partial: Path, name: str, columns: list[ColumnKept], one: Measured
) -> TableKept:
    if not one.rows:  # most tables of most warehouses: no file, as there is nothing in it
        return TableKept(columns=columns, rows=0, content=one.content, sums=one.sums, bytes=0, sha256="")
    path = file_of(partial, name)
    names = ", ".join(quoted(column.name) for column in columns)
    con.execute(
        f"COPY (SELECT {names} FROM {quoted(name)}) "  # noqa: S608 - names of the schema
        f"TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    )
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return TableKept(
        columns=columns,
        rows=one.rows,
        content=one.content,
        sums=one.sums,
        bytes=path.stat().st_size,
        sha256=digest,
    )


def _free(folder: Path, at: datetime) -> Path:
    """The folder of a new backup: of two within a second the later one gets the next second."""
    while (path := folder / f"finops-{at.strftime(_STAMP)}").exists():
        at += timedelta(seconds=1)
    return path


def _instant(path: Path) -> datetime:
    return in_utc(datetime.fromisoformat(path.name.removeprefix("finops-")))


def _sweep(folder: Path) -> None:
    """Removes what backups and removals that were killed have left."""
    for path in folder.glob(f"{UNDER_WAY}*"):
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(folder / ".finops-backup.lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(
            f"Another run is writing a backup to {folder}: try again when it has finished."
        ) from None
    except OSError as error:
        raise UnwritableError(
            f"The folder {folder} cannot be written to ({error.strerror}): name another with -o or backup.folder."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def told_of(folder: Path) -> Iterator[None]:
    """Has a full disk and the like told of the folder that is written to."""
    try:
        yield
    except OSError as error:
        raise UnwritableError(f"The backup in {folder} could not be written: {error.strerror}.") from error
    except duckdb.IOException as error:
        why = str(error).splitlines()[0][:200]
        raise UnwritableError(
            f"The disk that holds {folder} is full: free some room, then try again."
            if "No space" in str(error)
            else f"The backup in {folder} could not be written: {why}."
        ) from error


def sync(path: Path) -> None:
    """Has the disk keep a file, or the names in a folder, before anything else happens."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
