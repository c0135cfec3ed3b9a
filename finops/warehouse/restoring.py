"""A warehouse from a backup: made beside its place, compared with the backup, and published in one step."""

import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from finops.errors import UnwritableError, UsageError, WarehouseError
from finops.instants import in_utc
from finops.warehouse import migrations, reference
from finops.warehouse.backup_files import (
    Manifest,
    Measured,
    TableKept,
    file_of,
    measure,
    quoted,
    source_of,
    typed,
    verify,
)
from finops.warehouse.backups import sync
from finops.warehouse.connections import Limits, connect, told_plainly
from finops.warehouse.locks import Lock


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: rows, the schema version the backup had, and where the file before is, if there was one."""

    rows: int
    schema_version: int
    before: Path | None


def restore(
    folder: Path,
    db: Path,
    *,
    at: datetime,
    limits: Limits,
    force: bool = False,
    wait_seconds: float = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Restored:
    """Makes the warehouse at `db` what the backup in `folder` holds, migrated to this version; `at` is the wall clock.

    With `force` a warehouse that is there is kept beside as .before-restore. Raises UsageError when there is one and
    it may not be replaced, WarehouseError for a backup that is none, damaged or newer, BusyError, UnwritableError.
    """
    folder, db = folder.expanduser().resolve(), db.resolve()
    with _lock(db).held("restore", "db restore", at, wait_seconds):
        if db.exists() and not force:
            raise UsageError(
                f"{db} exists: name another file with --db, or pass --force to replace it (it is kept beside, as "
                f"{db.name}.before-restore)."
            )
        say(f"Verifying {folder}.")
        manifest, held = verify(folder, limits)
        made = db.with_name(db.name + ".restoring")
        _discard(made)
        try:
            with told_plainly(db):
                say(f"Restoring {manifest.rows:,} rows.")
                _make(made, folder, manifest, held, at, limits)
            before = _keep(db) if db.exists() else None
            _discard(db.with_name(db.name + ".work"))  # what a killed writer of the old state left
            db.with_name(db.name + ".wal").unlink(missing_ok=True)
            os.replace(made, db)
            sync(db.parent)
        except OSError as error:
            raise UnwritableError(f"{db} could not be restored: {error.strerror}.") from error
        finally:
            _discard(made)
    return Restored(manifest.rows, manifest.schema_version, before)


def _make(
    made: Path, folder: Path, manifest: Manifest, held: Mapping[str, Measured], at: datetime, limits: Limits
) -> None:
    """A warehouse of this version that holds what the backup does."""
    con = connect(made, limits.settings(made), read_only=False)
    try:
        if manifest.schema_version == migrations.CURRENT:
            migrations.create(con, at)
        else:
            _create_older(con, manifest, at)
        _refuse_strange(con, folder, manifest)
        for name, table in manifest.tables.items():
            _fill(con, file_of(folder, name), name, table, held[name])
        migrations.migrate(con, made, at)
        reference.refresh(con)
        con.execute(
            "UPDATE runs SET status = 'aborted', finished_at = ?, error = 'a backup was taken while it ran' "
            "WHERE status = 'running'",
            [in_utc(datetime.fromisoformat(manifest.written_at))],
        )
        con.execute("UPDATE publication SET generation = ?", [secrets.token_hex(8)])
    finally:
        con.close()
    sync(made)


def _create_older(con: duckdb.DuckDBPyConnection, manifest: Manifest, at: datetime) -> None:
    """Empty tables as that version had them, to be migrated once they are filled."""
    con.begin()
    for name, table in manifest.tables.items():
        columns = ", ".join(
            f"{quoted(one.name)} {typed(one)}{' NOT NULL' if one.required else ''}" for one in table.columns
        )
        con.execute(f"CREATE TABLE {quoted(name)} ({columns})")
    con.execute("CREATE TABLE publication (generation VARCHAR NOT NULL)")
    con.execute("INSERT INTO publication VALUES ('')")
    con.execute(
        "CREATE TABLE warehouse_version "
        "(version INTEGER NOT NULL, applied_at TIMESTAMP NOT NULL, tool VARCHAR NOT NULL)"
    )
    con.execute(
        "INSERT INTO warehouse_version VALUES (?, ?, ?)", [manifest.schema_version, at, manifest.tool]
    )
    con.commit()


def _refuse_strange(con: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest) -> None:
    """A manifest may have been written by a version under development, with columns that no version has."""
    there = con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal"
    ).fetchall()
    for name, table in manifest.tables.items():
        strange = {(name, column.name) for column in table.columns} - set(there)
        if strange:
            raise WarehouseError(
                f"{folder} says schema {manifest.schema_version} but has {'.'.join(min(strange))}, which that does "
                "not have: restore it with the finops that wrote it."
            )


def _fill(con: duckdb.DuckDBPyConnection, path: Path, name: str, table: TableKept, held: Measured) -> None:
    """One table, and the proof that what is in it is what the backup holds."""
    if not table.rows:
        return
    try:
        con.execute(f"INSERT INTO {quoted(name)} BY NAME SELECT * FROM {source_of(path, table)}")  # noqa: S608
    except (duckdb.ConstraintException, duckdb.ConversionException) as error:
        raise WarehouseError(
            f"{path} does not fit the table {name}: {str(error).splitlines()[0][:200]}. Restore it with the finops "
            "that wrote it."
        ) from error
    if measure(con, quoted(name), table.columns) != held:
        raise WarehouseError(f"{path} did not arrive as it is: the backup was changed while it was restored.")


def _keep(db: Path) -> Path:
    """Another name for the file that is replaced, one that is not taken; it loses its own only at the end."""
    number = 1
    while (path := db.with_name(f"{db.name}.before-restore{f'-{number}' if number > 1 else ''}")).exists():
        number += 1
    try:
        os.link(db, path)
    except OSError:  # a file system without hard links
        shutil.copyfile(db, path)
        shutil.copymode(db, path)
    log = db.with_name(db.name + ".wal")  # of a program that wrote to the published file
    if log.exists():
        shutil.copyfile(log, path.with_name(path.name + ".wal"))
    return path


def _discard(path: Path) -> None:
    for one in (path, path.with_name(path.name + ".wal")):
        one.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        shutil.rmtree(path.with_name(path.name + ".tmp"))


def _lock(db: Path) -> Lock:
    return Lock(db.with_name(db.name + ".lock"), db, "writing to")
