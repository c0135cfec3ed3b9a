"""Opening DuckDB files: bounded memory, no access outside, and errors said in one sentence."""

import contextlib
import re
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from finops.errors import BusyError, WarehouseError
from finops.warehouse import migrations

_BROKEN = (duckdb.SerializationException, duckdb.FatalException, duckdb.InternalException)
_LOCKED_BY = re.compile(r"held in (?P<program>\S+) \(PID (?P<pid>\d+)\)")

# DuckDB makes a join of every list of five constants or more. Statements with dozens of lists, as the mappings of bills
# are, take longer to plan that way than to run without.
LISTS_STAY_LISTS = "SET disabled_optimizers = 'in_clause'"

# Connections of this process, so that a signal can end the query that one of them is busy with.
_open: "list[weakref.ref[duckdb.DuckDBPyConnection]]" = []


def interrupt_all() -> None:
    """Ends what the connections of this process are doing; for a thread that watches for signals."""
    for known in list(_open):
        con = known()
        if con is not None:
            with contextlib.suppress(duckdb.Error):  # closed meanwhile
                con.interrupt()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one command may take: memory as DuckDB writes it, spill to disk beyond it, processor threads."""

    memory: str = "2GB"
    spill: str = "50GB"
    threads: int | None = None

    def settings(self, path: Path) -> dict[str, Any]:
        """DuckDB's settings for the warehouse at `path`."""
        settings: dict[str, Any] = {
            "memory_limit": self.memory,
            "max_temp_directory_size": self.spill,
            "temp_directory": str(path.with_name(path.name + ".tmp")),
        }
        if self.threads:
            settings["threads"] = self.threads
        return settings


@contextmanager
def reading(
    path: Path, limits: Limits | None = None, *, writes_to: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that can only read this warehouse: no files, no network, no change of settings.

    Temporary tables work; COPY reaches the folder `writes_to`, where one is given. Raises WarehouseError
    (missing, corrupt, newer, not ours) or BusyError (another program has the file open for writing).
    """
    path = path.resolve()
    if not _exists(path):
        raise WarehouseError(
            f"There is no warehouse at {path}: make one with finops ingest FILE or finops demo, "
            "or name another with --db."
        )
    with told_plainly(path):
        con = connect(path, (limits or Limits()).settings(path), read_only=True)
        try:
            if writes_to:
                con.execute("SET allowed_directories = [?]", [f"{writes_to.resolve()}/"])
                con.execute(LISTS_STAY_LISTS)
            con.execute("SET enable_external_access = false")
            con.execute("SET lock_configuration = true")
            migrations.check_version(con, path)
            yield con
        finally:
            con.close()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError as error:
        raise WarehouseError(f"{path} may not be opened by this user: check its permissions.") from error


def connect(path: Path, settings: dict[str, Any], *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Opens the file; duckdb's own errors pass through. A writer reads times that carry a zone as UTC."""
    con = duckdb.connect(str(path), read_only=read_only, config=settings)
    try:
        _open.append(weakref.ref(con, _open.remove))
        _refuse_cut_short(con, path)
        if not read_only:
            con.execute("SET TimeZone = 'UTC'")
    except BaseException:  # a signal, too: who opens the file next must not meet this one
        con.close()
        raise
    return con


def _refuse_cut_short(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """DuckDB reads blocks when it needs them, so a file that lost its end would fail only later, or never.

    Free blocks at the end of a file are cut off by DuckDB itself, so only those in use are asked for.
    """
    row = con.execute("SELECT used_blocks, block_size FROM pragma_database_size()").fetchone()
    if row and path.stat().st_size < row[0] * row[1]:
        raise duckdb.IOException(f"the file ends after {path.stat().st_size} bytes, before its last block")


@contextmanager
def told_plainly(path: Path) -> Iterator[None]:
    """Turns DuckDB's errors about the file into ours; errors about SQL pass."""
    try:
        yield
    except duckdb.IOException as error:
        raise _file_error(path, str(error)) from error
    except duckdb.OutOfMemoryException as error:
        raise WarehouseError(
            f"The work on {path} does not fit the memory and disk it was given: raise memory_limit or "
            f"spill_limit in finops.toml. ({_first_line(str(error))})"
        ) from error
    except duckdb.Error as error:
        if "No space left" in str(
            error
        ):  # met when a checkpoint is written, as an error that ends the connection
            raise _file_error(path, str(error)) from error
        if isinstance(error, _BROKEN) or "orrupt" in str(error) or "checksum" in str(error):
            raise _damaged(path, str(error)) from error
        raise


def _file_error(path: Path, text: str) -> WarehouseError | BusyError:
    if "Could not set lock" in text or "Conflicting lock" in text:
        holder = _LOCKED_BY.search(text)
        by = f"{holder['program']} (process {holder['pid']})" if holder else "another program"
        return BusyError(f"{path} is open for writing in {by}: close it there, then try again.")
    if "Permission denied" in text:
        return WarehouseError(f"{path} may not be opened by this user: check its permissions.")
    if "No space left" in text:
        return WarehouseError(f"The disk that holds {path} is full: free some room, then try again.")
    return _damaged(path, text)


def _damaged(path: Path, text: str) -> WarehouseError:
    return WarehouseError(
        f"{path} is not a readable DuckDB warehouse (damaged, cut short, or of a newer DuckDB): restore it "
        f"from a backup or move it away and load again. ({_first_line(text)})"
    )


def _first_line(text: str) -> str:
    return text.splitlines()[0][:200] if text else ""
