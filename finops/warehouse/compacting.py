"""A smaller file with the same rows: what was deleted leaves room inside a DuckDB file that is never given back."""

import os
from datetime import datetime
from pathlib import Path

import duckdb

from finops.errors import UnwritableError, WarehouseError
from finops.warehouse.backup_files import literal, quoted
from finops.warehouse.backups import sync
from finops.warehouse.connections import Limits, connect, reading, told_plainly
from finops.warehouse.locks import Lock


def compact(db: Path, *, at: datetime, limits: Limits, wait_seconds: float = 0) -> tuple[int, int]:
    """Copies the warehouse into a new file and publishes that; returns the bytes before and after.

    Its state stays the same one, so that what a killed run left is still gone on from. `at` is the wall clock. Raises
    WarehouseError, BusyError, UnwritableError.
    """
    db = db.resolve()
    lock, made = (
        Lock(db.with_name(db.name + ".lock"), db, "writing to"),
        db.with_name(db.name + ".compacting"),
    )
    with lock.held("vacuum", "db vacuum", at, wait_seconds), told_plainly(db):
        if db.with_name(db.name + ".wal").exists():  # another program wrote to it: fold its changes in
            connect(db, limits.settings(db), read_only=False).close()
        with reading(db, limits):  # of this version, and whole
            before = db.stat().st_size
        _discard(made)
        try:
            _copy(db, made, limits)
            made.chmod(db.stat().st_mode & 0o777)
            sync(made)
            after = made.stat().st_size
            os.replace(made, db)
            sync(db.parent)
        except OSError as error:
            raise UnwritableError(f"{db} could not be compacted: {error.strerror}.") from error
        finally:
            _discard(made)
    return before, after


def _copy(db: Path, made: Path, limits: Limits) -> None:
    with duckdb.connect(config=limits.settings(db)) as con:
        con.execute(f"ATTACH {literal(str(db))} AS old (READ_ONLY)")
        con.execute(f"ATTACH {literal(str(made))} AS new")
        con.execute("COPY FROM DATABASE old TO new")
        old, new = (_counts(con, name) for name in ("old", "new"))
        if old != new:
            raise WarehouseError(
                f"{db} could not be compacted: the copy has other rows. Check it with finops db check."
            )
        con.execute("DETACH new")


def _counts(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, int]:
    names = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY ALL", [name]
    ).fetchall()
    return {table: _count(con, f"{name}.main.{quoted(table)}") for (table,) in names}


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - quoted names
    return int(row[0]) if row else 0


def _discard(made: Path) -> None:
    for path in (made, made.with_name(made.name + ".wal")):
        path.unlink(missing_ok=True)
