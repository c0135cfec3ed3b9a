"""Loads exported bills into a warehouse and says what happened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from finops.config import Settings
from finops.warehouse import writing


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an ingest did: the text for the user, and how many rows could not be read."""

    text: str
    rejected: int


def ingest_files(
    db: Path,
    paths: Sequence[str],
    settings: Settings,
    *,
    at: datetime,
    replace: bool = False,
    max_rejected: float | None = None,
    wait_seconds: float = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> Loaded:
    """Loads bills; what cannot be a bill is refused before the warehouse is touched.

    Raises InputError, WarehouseError or BusyError in one sentence; nothing stored is lost then.
    """
    from collectors.bills import find_files, ingest, inspect

    files = find_files(paths)
    for file in files:
        inspect(file)
    progress(f"Reading {len(files)} file{'s' if len(files) != 1 else ''} into {db}.")
    limit = settings.max_rejected if max_rejected is None else max_rejected
    with writing(db, "ingest", at=at, wait_seconds=wait_seconds, limits=settings.limits()) as writer:
        result = ingest(writer, files, at=at, replace=replace, max_rejected=limit)
        rejected = sum(file.rejected for file in result.files)
        writer.status = "incomplete" if rejected else "done"
    return Loaded(result.text(), rejected)
