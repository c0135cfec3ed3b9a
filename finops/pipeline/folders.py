"""Output folders that appear whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from finops.errors import BusyError, UsageError
from finops.pipeline.files import make_folder

_LOCK = ".lock"


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """An empty folder beside `target` to write to; it takes the place of `target` when the body ends well.

    Readers see the old folder or the new one, never half. A process that is killed leaves `.NAME.partial`, and in the
    moment between two renames `.NAME.previous`; the next run clears or restores them. Raises UsageError where nothing
    can be written, BusyError while another run writes to the same target.
    """
    make_folder(target.parent)
    partial, previous = _beside(target, "partial"), _beside(target, "previous")
    make_folder(partial)
    lock = FileLock(partial / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(f"Another run is writing to {target}: try again when it is done.") from None
    try:
        if previous.exists() and not target.exists():
            os.rename(previous, target)
        _clear(partial)
        yield partial
        _sync(partial)
        lock.release()
        (partial / _LOCK).unlink(missing_ok=True)
        _swap(partial, target, previous)
    except BaseException as error:
        lock.release()
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError):
            raise UsageError(
                f"{target} cannot be written ({error.strerror}): name another with -o."
            ) from error
        raise


def _beside(target: Path, suffix: str) -> Path:
    return target.with_name(f".{target.name}.{suffix}")


def _clear(folder: Path) -> None:
    """Empties the folder of what a killed run left."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != _LOCK:
            entry.unlink()


def _sync(folder: Path) -> None:
    """What is renamed must be on the disk first, or a power cut leaves empty files under the right names."""
    if os.name != "posix":
        return
    for path in [folder, *folder.rglob("*")]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _swap(partial: Path, target: Path, previous: Path) -> None:
    shutil.rmtree(previous, ignore_errors=True)
    if target.exists():
        shutil.copymode(target, partial)
        os.rename(target, previous)
    try:
        os.rename(partial, target)
    except OSError:
        if previous.exists():
            os.rename(previous, target)
        raise
    shutil.rmtree(previous, ignore_errors=True)
