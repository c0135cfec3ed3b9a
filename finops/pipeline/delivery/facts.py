"""What there is to tell of a night, and what a target was told before."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from finops.model import AuditReport
from finops.pipeline.editions import Edition
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

    `steps` are those up to the delivery, `shelf` is where the report files are, `unmade` names those that were wanted
    and could not be made, and why where the target may know.
    """

    as_of: datetime
    report: AuditReport | None
    steps: Sequence[Entry] = ()
    before: Before | None = None
    shelf: str = ""
    files: Sequence[str] = field(default=())
    unmade: Mapping[str, str] = field(default_factory=dict)


def fingerprint(
    facts: Facts, keys: Iterable[str], *, formats: Sequence[str], edition: Edition, daily: bool
) -> str:
    """SHA-256 of what a target gets, the same for two nights that find the same and tell it in the same way.

    `keys` are those of the night's items; what a bill was before it was changed passes with the night. `daily`: the
    same on another day is something else.
    """
    told = facts.report.model_dump(mode="json", by_alias=True, exclude=_PASSING) if facts.report else None
    day = facts.as_of.date().isoformat() if daily else ""
    lasting = sorted(key for key in keys if not key.startswith("restated:"))
    content = json.dumps([told, day, lasting, sorted(formats), asdict(edition)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
