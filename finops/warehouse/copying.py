"""Takes the published state of one warehouse into another, for environments that test on real data."""

import os
import shutil
from datetime import datetime
from pathlib import Path

from finops.errors import UnwritableError, UsageError, WarehouseError
from finops.warehouse.connections import Limits, reading
from finops.warehouse.locks import Lock


def copy_published(source: Path, target: Path, *, at: datetime, wait_seconds: float, limits: Limits) -> int:
    """Replaces `target` by what readers of `source` see now, whole or not at all; returns its bytes.

    Raises WarehouseError when the source is not a warehouse of this version, UsageError when both are the same file,
    BusyError when the target is being written to.
    """
    source, target = source.resolve(), target.resolve()
    if source == target:
        raise UsageError(f"nightly.copy_of is the warehouse itself ({target}): name another.")
    if not source.is_file():
        raise WarehouseError(f"nightly.copy_of: there is no warehouse at {source}.")
    partial = target.with_name(target.name + ".copying")
    lock = Lock(target.with_name(target.name + ".lock"), target, "writing to")
    with lock.held("copy", "nightly copy", at, wait_seconds):
        try:
            shutil.copyfile(source, partial)
            with reading(partial, limits):
                pass
            for suffix in (".work", ".work.wal"):  # what a writer of the old state left behind
                target.with_name(target.name + suffix).unlink(missing_ok=True)
            os.replace(partial, target)
        except OSError as error:
            raise UnwritableError(f"{source} could not be copied to {target}: {error.strerror}.") from error
        finally:
            partial.unlink(missing_ok=True)
    return target.stat().st_size
