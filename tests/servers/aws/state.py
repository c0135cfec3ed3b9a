"""What the whole process shares: its clock, the call that is being answered, and who is an administrator."""

import threading
from datetime import UTC, datetime
from typing import Any

ACCOUNT = "123456789012"
ADMIN_KEY = "AKIAADMINADMINADMIN0"
BUILDER_KEY = (
    "AKIABUILDERBUILDERBU"  # of the estate while it builds itself: neither logged, nor refused, nor disturbed
)

# Regions that exist but that the account has not opted in to: their endpoints refuse every key.
DISABLED_REGIONS = ("af-south-1", "ap-east-1", "eu-south-1", "me-central-1")
OPTED_IN_REGIONS = ("me-south-1",)
DEFAULT_REGIONS = (
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
    "us-east-1", "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip

_local = threading.local()


class Clock:
    """Stands still at an instant, or is the real one."""

    def __init__(self) -> None:
        self._fixed: datetime | None = None

    def set(self, instant: str | None) -> None:
        self._fixed = parse(instant) if instant else None

    def now(self) -> datetime:
        """The instant, naive UTC (moto's own dates are naive too)."""
        return self._fixed or datetime.now(UTC).replace(tzinfo=None)

    def epoch(self) -> float:
        return epoch(self.now())


def parse(instant: str) -> datetime:
    """ISO 8601 with Z, an offset or nothing, as naive UTC."""
    moment = datetime.fromisoformat(instant)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def epoch(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()


def note(**facts: Any) -> None:
    """Add to the log entry of the call that this thread answers."""
    entry = getattr(_local, "entry", None)
    if entry is not None:
        entry.update(facts)


def answering(entry: dict[str, Any] | None) -> None:
    """Say which log entry this thread's notes belong to."""
    _local.entry = entry


CLOCK = Clock()
