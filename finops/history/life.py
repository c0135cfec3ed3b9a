"""The states of a finding over audits, told from what happened to it before an instant.

What an audit at an instant says depends on the events before that instant only, so the same audit says the same again,
whatever came after it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

import duckdb

Status = Literal["new", "open", "reopened"]


class Past(NamedTuple):
    """Since when a finding is known, and what happened to it last."""

    first_seen: datetime
    event: str


def past(con: duckdb.DuckDBPyConnection, at: datetime) -> dict[str, Past]:
    """What happened to each finding before `at`."""
    rows = con.execute(
        "SELECT finding_id, min(as_of), arg_max(event, as_of) FROM finding_events WHERE as_of < ? GROUP BY finding_id",
        [at],
    ).fetchall()
    return {finding: Past(first, event) for finding, first, event in rows}


def life(finding_id: str, known: Mapping[str, Past], at: datetime) -> tuple[datetime, Status]:
    """Since when a finding that an audit at `at` has is known, and its status. What was resolved or exempt and is
    found (without an exemption) comes back."""
    before = known.get(finding_id)
    if before is None:
        return at, "new"
    return before.first_seen, "reopened" if before.event in ("resolved", "exempt") else "open"
