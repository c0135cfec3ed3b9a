"""Loads exported bills into a warehouse and says what happened."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from finops.config import Settings
from finops.warehouse import writing

if TYPE_CHECKING:
    from collectors.bills import FileResult


MOST_FLOW_LOGS = 20  # files of flow logs that are told one by one


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
    from collectors.bills import How, bring_in, taking_in
    from finops.pipeline.restating import restated_since

    how = How(at, replace, settings.max_rejected if max_rejected is None else max_rejected)
    with taking_in(paths, progress) as intake:
        intake.look_into()
        progress(f"Reading {_count(intake.files, 'file')} into {db}.")
        with writing(db, "ingest", at=at, wait_seconds=wait_seconds, limits=settings.limits()) as writer:
            result = bring_in(writer, intake, how)
            restated = restated_since(writer.con, writer.started_at)
            writer.status = "incomplete" if result.rejected else "done"
    lines = [*(line for group in _grouped(result.files) for line in group), *restated]
    return Loaded("\n".join(lines), result.rejected)


def _grouped(files: "Sequence[FileResult]") -> "Iterator[Iterator[str]]":
    """What became of each file; of flow logs, of which a day has hundreds, all together."""
    flows = [file for file in files if file.format.endswith("-flow-log")]
    together = flows if len(flows) > MOST_FLOW_LOGS else []
    yield from (_told(file) for file in files if file not in together)
    if together:
        yield _told_of_flows(together)


def _told_of_flows(files: "Sequence[FileResult]") -> Iterator[str]:
    new = [file for file in files if file.status != "unchanged"]
    rows = sum(file.rows for file in new)
    same = len(files) - len(new)
    yield f"{_count(len(files), 'flow log file')}: loaded {rows:,} records of {len(new):,}, {same:,} unchanged"
    reasons: Counter[str] = Counter()
    for file in new:
        reasons.update(file.reasons)
        yield from (f"  {_name(file)}: {message}" for message in file.warnings)
    yield from (f"  rejected {_count(count, 'record')}: {reason}" for reason, count in reasons.most_common())


def _told(file: "FileResult") -> Iterator[str]:
    """What became of one file, for a person: status, rows, exact sums per currency, what to know."""
    name = _name(file)
    if file.status == "unchanged":
        yield f"{name}: unchanged{'' if file.notes else ', this content is in the warehouse already'}"
        yield from (f"  {note}" for note in file.notes)
        return
    # A period that begins at midnight in China or California is named by the month that it is there.
    periods = sorted({f"{period + timedelta(hours=12):%Y-%m}" for period in file.periods})
    span = f"{periods[0]} to {periods[-1]}" if len(periods) > 1 else "".join(periods)
    accounts = _count(len(file.accounts), "account")
    told = "; ".join(part for part in (file.format, span, accounts) if part)
    yield f"{name}: {file.status} {file.rows:,} rows ({told})"
    for currency, sums in file.sums.items():
        figures = (("billed", sums.billed), ("effective", sums.effective), ("list", sums.list))
        told = ", ".join(
            f"{name} {_exact(amount) if amount is not None else 'not told'}" for name, amount in figures
        )
        yield f"  {currency}: {told}; equal to the file"
    for reason, count in file.reasons.items():
        yield f"  rejected {_count(count, 'row')}: {reason}"
    for message in (*file.warnings, *file.notes):
        yield f"  {message}"


def _name(file: "FileResult") -> str:
    """What a file is called: the path as it was given, unless it was unpacked or downloaded."""
    name = str(file.path) if file.source == str(file.path.resolve()) else file.source
    return "".join(character if character.isprintable() else "?" for character in name)


def _exact(amount: Decimal) -> str:
    """Every digit that is there, at least two after the point."""
    digits = f"{amount:,f}".rstrip("0") if amount else "0."
    whole, _, rest = digits.partition(".")
    return f"{whole}.{rest.ljust(2, '0')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
