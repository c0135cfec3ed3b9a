"""The one writer: takes the lock, works on a private copy, publishes it in one step.

Files beside the warehouse `W`: `W.lock` (who writes; the system releases it when the process dies), `W.work`
(the private copy; present only during a run, or after one that was killed), `W.ended` (that a run has ended
which is not published yet), `W.tmp/` (spill).
A killed run loses nothing: what it committed is in `W.work`, and the next writer goes on from there as long
as `W` is still the state it began from. Readers only ever see `W`, whole.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic

import duckdb

from finops import __version__, stopping
from finops.errors import FinopsError, InputError, UnwritableError
from finops.warehouse import migrations, nights, reference
from finops.warehouse.connections import Limits, connect, told_plainly
from finops.warehouse.locks import Lock

_HEADERS_BYTES = 3 * 4096  # the main header and the two that take turns, each checkpoint counted


@dataclass(slots=True)
class Writer:
    """One run that may write: its connection, its id, and what to record about it."""

    con: duckdb.DuckDBPyConnection
    run_id: str
    started_at: datetime
    as_of: datetime | None = None
    status: str = "done"
    result: str | None = None
    ticks: float = field(default_factory=monotonic)
    began_from: str = ""  # the published state
    ends_as: str = field(default_factory=lambda: secrets.token_hex(8))  # the state it publishes


@contextmanager
def writing(
    path: Path,
    command: str,
    *,
    at: datetime,
    wait_seconds: float = 0,
    limits: Limits | None = None,
    run_id: str | None = None,
) -> Iterator[Writer]:
    """Runs the body as the only writer of the warehouse at `path` and publishes what it committed.

    An error in the body is recorded in `runs`, what was committed before it is published, and the error
    goes on; bad input before anything was committed leaves the published file as it is, to the byte. `at` is the
    wall clock. Raises BusyError when another run holds the lock for longer than
    `wait_seconds`, WarehouseError when the file cannot be used.
    """
    run_id, path = run_id or new_run_id(), path.resolve()
    with _lock(path).held(run_id, command, at, wait_seconds), told_plainly(path):
        existed, leftover = path.exists(), _beside(path, ".work").exists()
        work = _private_copy(path, limits or Limits())
        con = connect(work, (limits or Limits()).settings(path), read_only=False)
        try:
            writer = Writer(con, run_id, at)
            try:
                _begin(writer, path, command)
            except BaseException:
                con.close()  # nothing was written yet: the copy is the published file, and may go
                if existed and not leftover:
                    _discard(work)
                raise
            begun = _committed(work)
            try:
                with _signal_first():
                    yield writer
                    _end(writer, path, writer.status, None)
            except BaseException as error:
                _uninterrupted(lambda: _roll_back(con))
                if isinstance(error, FinopsError) and not existed and not _holds_data(con):
                    con.close()
                    _discard(work)
                    raise
                if (
                    isinstance(error, InputError)
                    and existed
                    and not leftover
                    and begun == _committed(work) != ""
                ):
                    con.close()
                    _discard(work)
                    shutil.rmtree(_beside(path, ".tmp"), ignore_errors=True)
                    raise
                _uninterrupted(partial(_end_failed, writer, path, error))
                _uninterrupted(con.close)
                _publish(work, path)
                raise
            con.close()
            _publish(work, path)
        finally:
            con.close()  # wherever a signal came: who opens the copy next in this process must find it closed


@contextmanager
def _signal_first() -> Iterator[None]:
    """Errors that a signal brought about become the signal, before anybody cleans up after them."""
    try:
        yield
    except BaseException:
        stopping.settle()
        raise


def new_run_id() -> str:
    """A short random id, unique enough for the life of a warehouse."""
    return secrets.token_hex(4)


def is_written_by(path: Path) -> str | None:
    """Who is writing to this warehouse now, in words; None when nobody is."""
    lock = _lock(path.resolve())
    return lock.holder_in_words() if lock.holder() is not None else None


def _begin(writer: Writer, path: Path, command: str) -> None:
    if migrations.version_of(writer.con) is None and not _has_tables(writer.con):
        migrations.create(writer.con, writer.started_at)
    migrations.migrate(writer.con, path, writer.started_at)
    reference.refresh(writer.con)
    writer.con.execute(
        "UPDATE runs SET status = 'aborted', finished_at = ?, error = 'the process ended before the run did' "
        "WHERE status = 'running' AND run_id IS DISTINCT FROM ?",
        [writer.started_at, nights.under_way(path)],
    )
    writer.con.execute(
        "INSERT INTO runs (run_id, command, started_at, status, tool, parent) VALUES (?, ?, ?, 'running', ?, ?)",
        [writer.run_id, command, writer.started_at, __version__, nights.of_this_process(path)],
    )
    writer.began_from = _read_generation(writer.con)


def _end(writer: Writer, path: Path, status: str, error: str | None) -> None:
    writer.con.execute(
        "UPDATE runs SET status = ?, finished_at = ?, as_of = ?, error = ?, result = ? WHERE run_id = ?",
        [status, writer.started_at + _elapsed(writer), writer.as_of, error, writer.result, writer.run_id],
    )
    _tell_ended(path, f"{writer.began_from} {writer.ends_as}")
    writer.con.execute("UPDATE publication SET generation = ?", [writer.ends_as])


def _tell_ended(path: Path, states: str) -> None:
    """Tells the next writer, on the disk, which state was made of which, should nobody come to publish it."""
    with _beside(path, ".ended").open("w", encoding="utf-8") as file:
        file.write(states)
        file.flush()
        os.fsync(file.fileno())


def _uninterrupted(step: Callable[[], object]) -> None:
    """Runs a step of the ending again that the signal which brought it about has interrupted."""
    for _ in range(5):
        with contextlib.suppress(duckdb.InterruptException):
            step()
            return


def _roll_back(con: duckdb.DuckDBPyConnection) -> None:
    with contextlib.suppress(duckdb.TransactionException):  # there may be no transaction to take back
        con.rollback()


def _committed(work: Path) -> tuple[bytes, int] | str:
    """What every commit changes: DuckDB's file headers, written by a checkpoint, and the length of its log.

    Empty where they cannot be read (Windows may refuse it while the file is open).
    """
    log = work.with_name(work.name + ".wal")
    try:
        with open(work, "rb") as file:
            return file.read(_HEADERS_BYTES), log.stat().st_size if log.exists() else 0
    except OSError:
        return ""


def _holds_data(con: duckdb.DuckDBPyConnection) -> bool:
    row = con.execute("SELECT count(*) FROM coverage").fetchone()
    return bool(row and row[0])


def _end_failed(writer: Writer, path: Path, error: BaseException) -> None:
    said = str(error) if isinstance(error, FinopsError) else type(error).__name__
    # DuckDB tells a signal as an error of its own.
    stopped = not isinstance(error, Exception) or stopping.came() is not None
    _end(writer, path, "aborted" if stopped else "failed", said)


def _elapsed(writer: Writer) -> timedelta:
    return timedelta(seconds=round(monotonic() - writer.ticks))


def _has_tables(con: duckdb.DuckDBPyConnection) -> bool:
    row = con.execute("SELECT count(*) FROM duckdb_tables()").fetchone()
    return bool(row and row[0])


# --- the private copy -------------------------------------------------------------------------------------


def _private_copy(path: Path, limits: Limits) -> Path:
    work = _beside(path, ".work")
    if not path.exists():
        # A first run that was killed left a copy that began from nothing; any other leftover is orphaned.
        if work.exists() and not _continues(work, path, "", limits):
            _discard(work)
        _beside(path, ".ended").unlink(missing_ok=True)
        return work
    published = _published_generation(path, limits)
    if work.exists():
        going_on = _continues(work, path, published, limits)
        _beside(path, ".ended").unlink(missing_ok=True)
        if going_on:
            return work
        _discard(work)
    partial = _beside(path, ".partial")
    try:
        shutil.copyfile(path, partial)
        shutil.copymode(path, partial)
        os.replace(partial, work)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UnwritableError(f"{path} could not be copied for writing: {error.strerror}.") from error
    return work


def _published_generation(path: Path, limits: Limits) -> str:
    if _beside(path, ".wal").exists():
        # Somebody wrote to the published file with another program: fold their changes in.
        connect(path, limits.settings(path), read_only=False).close()
    with reading_any_version(path, limits) as con:
        return _read_generation(con)


@contextmanager
def reading_any_version(path: Path, limits: Limits) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection that does not insist on the current version (a writer migrates)."""
    con = connect(path, limits.settings(path), read_only=True)
    try:
        if migrations.version_of(con) is None:
            migrations.check_version(con, path)
        yield con
    finally:
        con.close()


def _continues(work: Path, path: Path, published: str, limits: Limits) -> bool:
    """Whether a leftover private copy began from the published state, and can be used.

    A run that was killed after it had ended, before it was published, is taken back to where it began from.
    """
    ended = _beside(path, ".ended")
    told = ended.read_text(encoding="utf-8") if ended.exists() else ""
    try:
        con = connect(work, limits.settings(work), read_only=False)
    except duckdb.Error:
        return False
    try:
        found = _read_generation(con)
        if found != published and told == f"{published} {found}":
            con.execute("UPDATE publication SET generation = ?", [published])
            return True
        return found == published
    except duckdb.Error:
        return False
    finally:
        con.close()


def _read_generation(con: duckdb.DuckDBPyConnection) -> str:
    row = con.execute("SELECT generation FROM publication").fetchone()
    return str(row[0]) if row else ""


def _publish(work: Path, path: Path) -> None:
    with open(work, "rb") as file:
        os.fsync(file.fileno())
    os.replace(work, path)
    _sync_folder(path.parent)
    _beside(path, ".ended").unlink(missing_ok=True)
    shutil.rmtree(_beside(path, ".tmp"), ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(work: Path) -> None:
    work.unlink(missing_ok=True)
    work.with_name(work.name + ".wal").unlink(missing_ok=True)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _lock(path: Path) -> Lock:
    return Lock(_beside(path, ".lock"), path, "writing to")
