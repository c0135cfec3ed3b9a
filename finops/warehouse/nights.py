"""Which nightly run is under way: a lock that it holds from its first step to its last, beside that of the writers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from finops.warehouse.locks import Lock

_here: dict[Path, str] = {}  # the nights of this process, by warehouse


@contextmanager
def night(path: Path, run_id: str, command: str, at: datetime, wait_seconds: float) -> Iterator[None]:
    """Makes this process the only one that has a nightly run on the warehouse at `path`; its writers are parts of it.

    Raises BusyError when another has for longer than `wait_seconds`.
    """
    path = path.resolve()
    with _lock(path).held(run_id, command, at, wait_seconds):
        _here[path] = run_id
        try:
            yield
        finally:
            del _here[path]


def of_this_process(path: Path) -> str | None:
    """The nightly run that a writer of this process is a part of."""
    return _here.get(path.resolve())


def under_way(path: Path) -> str | None:
    """The id of the nightly run that is under way on this warehouse, here or in another process."""
    path = path.resolve()
    if path in _here:
        return _here[path]
    told = _lock(path).holder()
    return str(told["run"]) if told and "run" in told else None


def _lock(path: Path) -> Lock:
    return Lock(path.with_name(path.name + ".nightly.lock"), path, "a night's work on")
