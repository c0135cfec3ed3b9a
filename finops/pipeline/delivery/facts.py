"""What there is to tell of a night, and what a target was told before."""

import hashlib
import json
from collections.abc import Sequence
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
    "night": {"run_id", "command", "started_at", "steps", "restatements"},
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


def fingerprint(facts: Facts, *, formats: Sequence[str], redact: bool, daily: bool) -> str:
    """SHA-256 of what a target gets, the same for two nights that find the same.

    `daily`: the same on another day is something else.
    """
    told = facts.report.model_dump(mode="json", by_alias=True, exclude=_PASSING) if facts.report else None
    day = facts.as_of.date().isoformat() if daily else ""
    bad = sorted(f"{one.step}/{one.part}/{one.status}" for one in facts.steps if one.status != "done")
    content = json.dumps([told, day, bad, sorted(formats), redact], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
