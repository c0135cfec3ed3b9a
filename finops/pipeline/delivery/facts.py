"""What there is to tell of a night, and what a target was told before."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from finops.model import AuditReport
from finops.pipeline.nightly.journal import Entry

# Of the report, what differs between two audits of the same data or tells when it was made.
_PASSING: Any = {
    "run_id": True,
    "as_of": True,
    "tool_version": True,
    "coverage": {"__all__": {"collected_at", "calls"}},
    "findings": {"__all__": {"status"}},
    "night": True,  # its items have keys
}


@dataclass(frozen=True, slots=True)
class Before:
    """What a target was told last: the instant of that report, and the keys of what was in it."""

    as_of: datetime | None
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """A night as one target may see it. `report` is None where the audit failed, `before` where nothing was told yet.

    `steps` are those up to the delivery, `shelf` is where the report files are.
    """

    as_of: datetime
    report: AuditReport | None
    steps: Sequence[Entry] = ()
    before: Before | None = None
    shelf: str = ""
    files: Sequence[str] = field(default=())


def fingerprint(
    facts: Facts, keys: Iterable[str], *, formats: Sequence[str], redact: bool, daily: bool
) -> str:
    """SHA-256 of what a target gets, the same for two nights that find the same.

    `keys` are those of the night's items; what a bill was before it was changed passes with the night. `daily`: the
    same on another day is something else.
    """
    told = facts.report.model_dump(mode="json", by_alias=True, exclude=_PASSING) if facts.report else None
    day = facts.as_of.date().isoformat() if daily else ""
    lasting = sorted(key for key in keys if not key.startswith("restated:"))
    content = json.dumps([told, day, lasting, sorted(formats), redact], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
