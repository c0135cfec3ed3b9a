"""The report of the last night, told again or to somebody new, and what telling would send."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from finops.config import Settings
from finops.errors import FinopsError, IncompleteError, UsageError
from finops.nightly_settings import Target
from finops.pipeline.delivering import Parcel, files_of, last_night, parcel_for, send_parcel
from finops.pipeline.delivery.message import Message
from finops.pipeline.delivery.sending import GivenUpError, send
from finops.pipeline.nightly.context import Context
from finops.pipeline.nightly.plan import where
from finops.pipeline.reporting import FILES
from finops.warehouse.writing import new_run_id

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Redelivered:
    """What became of each target, and the error to end with."""

    rows: list[Row]
    problem: FinopsError | None


def redeliver(
    db: Path,
    settings: Settings,
    names: Sequence[str],
    *,
    clock: Callable[[], datetime],
    say: Callable[[str], None],
) -> Redelivered:
    """Sends the report of the last night to these targets (all, where none is named), whatever they had before.

    Raises UsageError where there is no such target or no report.
    """
    targets, context = _targets(settings, names), _context(db, settings, clock, say)
    rows: list[Row] = []
    failed: list[str] = []
    missing: list[FinopsError] = []
    for target in targets:
        try:
            done = send_parcel(context, parcel_for(context, target))
            rows.append({"target": target.name, "status": done.status, "message": done.message})
            missing += [done.error] if done.error else []
        except FinopsError as error:  # one that cannot be told keeps none of the others from it
            rows.append({"target": target.name, "status": "failed", "message": str(error)})
            failed.append(target.name)
    told = (
        [f"{len(failed)} of {len(targets)} targets could not be told: {', '.join(failed)}."] if failed else []
    )
    told += [str(error) for error in missing]
    return Redelivered(rows, IncompleteError(" ".join(told)) if told else None)


def contents(
    db: Path,
    settings: Settings,
    names: Sequence[str],
    *,
    clock: Callable[[], datetime],
    say: Callable[[str], None],
) -> list[Row]:
    """What each target would get: where, whether a night would send it and why, subject, files with their sizes.

    Asks nobody and writes nothing but the files that are to be sent, beside the warehouse. Raises as redeliver() does.
    """
    context = _context(db, settings, clock, say)
    return [_content(context, parcel_for(context, target)) for target in _targets(settings, names)]


def _content(context: Context, parcel: Parcel) -> Row:
    made = files_of(context, parcel)
    files = [f"{path.name} ({path.stat().st_size:,} bytes)" for path in made.paths]
    return {
        "target": parcel.target.name,
        "to": where(parcel.target),
        "at_night": f"{'sent' if parcel.wanted else 'not sent'}: {parcel.reason}",
        "subject": parcel.message.subject,
        "files": ", ".join([*files, *(f"not {FILES[name]}" for name in made.unmade)]),
        "text": parcel.message.text,
    }


def send_test(settings: Settings, name: str, *, at: datetime) -> str:
    """Sends a target a few words and returns what went there. Raises IncompleteError where it did not arrive."""
    (target,) = _targets(settings, [name])
    words = f"A test of the target {name}, sent at {at:%Y-%m-%d %H:%M} UTC. Nights are told here."
    message = Message("finops: a test", words, words, f"<p>{words}</p>")
    try:
        told, _ = send(target.model_copy(update={"retries": 0}), message, [], f"{at:%Y-%m-%d}")
    except GivenUpError as error:
        raise IncompleteError(f"The target {name} could not be told: {str(error).rstrip('.')}.") from None
    return f"{told}."


def _targets(settings: Settings, names: Sequence[str]) -> list[Target]:
    known = {one.name: one for one in settings.deliver}
    for name in names:
        if name not in known:
            there = f"there are {', '.join(known)}" if known else "there is none: write [[deliver]]"
            raise UsageError(f"finops.toml has no target {name}; {there}.")
    if not known:
        raise UsageError("finops.toml names nobody to tell: write [[deliver]] with name and to.")
    return [known[name] for name in names] if names else list(known.values())


def _context(
    db: Path, settings: Settings, clock: Callable[[], datetime], say: Callable[[str], None]
) -> Context:
    at = clock()
    return last_night(Context(new_run_id(), "deliver", db, settings, at, at, clock, say))
