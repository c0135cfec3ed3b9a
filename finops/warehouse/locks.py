"""Locks beside a warehouse: one process at a time, and words for the others about who it is.

The system releases a lock when the process that holds it dies, so there are no stale ones on one host.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from finops.errors import BusyError, UnwritableError, WarehouseError
from finops.instants import iso


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file and what its holder is doing, such as "writing to"."""

    path: Path
    warehouse: Path
    doing: str

    @contextmanager
    def held(self, run_id: str, command: str, at: datetime, wait_seconds: float) -> Iterator[None]:
        """Holds it. Raises BusyError when another does for longer than `wait_seconds`, or for the folder."""
        folder = self.path.parent
        if not folder.is_dir():
            raise WarehouseError(
                f"There is no folder {folder}: make it, or name a warehouse elsewhere with --db."
            )
        lock = FileLock(self.path)
        try:  # from the first moment on: a signal may come between any two steps
            self._acquire(lock, wait_seconds)
            told = {
                "run": run_id,
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "command": command,
                "started": iso(at),
            }
            self.path.write_text(json.dumps(told))
            yield
        finally:
            lock.release()

    def _acquire(self, lock: FileLock, wait_seconds: float) -> None:
        try:
            lock.acquire(timeout=wait_seconds, poll_interval=0.1)
        except Timeout:
            raise BusyError(
                f"{self.holder_in_words()} is {self.doing} {self.warehouse}; reading works meanwhile. Try again later, "
                "or wait for it with --wait 10m."
            ) from None
        except OSError as error:
            raise UnwritableError(
                f"The folder {self.path.parent} cannot be written to ({error.strerror}): "
                "name a warehouse elsewhere with --db."
            ) from error

    def holder(self) -> dict[str, Any] | None:
        """What the process that holds it now told of itself; None when nobody does."""
        lock = FileLock(self.path)
        if not self.path.exists():
            return None
        try:
            with lock.acquire(timeout=0):
                return None
        except Timeout:
            return self._told()
        except OSError:
            return None

    def holder_in_words(self) -> str:
        """Whoever told last that it holds it."""
        told = self._told()
        try:
            where = f"process {told['pid']} on {told['host']}, since {told['started']}"
            return f"Run {told['run']} (finops {told['command']}, {where})"
        except KeyError:
            return "Another run"

    def _told(self) -> dict[str, Any]:
        try:
            told = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}
