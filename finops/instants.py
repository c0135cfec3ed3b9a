"""Instants: naive datetimes that are UTC, parsed and printed in one place."""

import re
from datetime import UTC, date, datetime, timedelta

from finops.errors import UsageError

_DURATION = re.compile(r"^(\d+)\s*([smhdw])$")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_DAY = date(1900, 1, 1)  # that a spreadsheet knows
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def now() -> datetime:
    """The wall clock, UTC without zone. Only the command line calls this; everything else is told `as_of`."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant; without a zone it is UTC.

    Raises UsageError when it is not one.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"'{text}' is not an instant; write it like 2026-11-20 or 2026-11-20T08:00:00Z."
        ) from None
    return in_utc(at)


def as_day(text: str) -> date | None:
    """The calendar day that is written like 2026-12-01; None where none is, or one before 1900."""
    if not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day >= _FIRST_DAY else None


def in_utc(at: datetime) -> datetime:
    """The instant in UTC without a zone; one that has no zone is UTC already."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def parse_duration(text: str) -> timedelta:
    """A duration such as 30s, 10m, 24h, 30d or 2w.

    Raises UsageError when it is not one.
    """
    match = _DURATION.match(text.strip())
    if not match:
        raise UsageError(f"'{text}' is not a duration; write it like 30s, 10m, 24h, 30d or 2w.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def iso(at: datetime) -> str:
    """The instant as 2026-11-20T08:00:00Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
