"""What people decide about findings: agreed, rejected, done. Kept beside the history, and never undone by it.

An owner, a due date or a comment may come before any of these: that is noted, and decides nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

import duckdb

from finops.errors import UsageError
from finops.model import Decided

Verb = Literal["agreed", "rejected", "done", "noted"]
NOTED: Verb = "noted"
# The decision that counts of each finding: the last, with the owner and the due date that were named last.
_LATEST = """
SELECT finding_id, last(decision ORDER BY decided_at, rowid) AS decision,
    last(owner ORDER BY decided_at, rowid) FILTER (owner IS NOT NULL) AS owner,
    last(due ORDER BY decided_at, rowid) FILTER (due IS NOT NULL) AS due,
    last(comment ORDER BY decided_at, rowid) AS comment,
    max(decided_at) AS decided_at, last(source ORDER BY decided_at, rowid) AS source
FROM decisions
GROUP BY finding_id
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision, by whomever and wherever it was made; `source` is the command line or a file.

    `due` is the day by which it is to be done, None where none is named.
    """

    finding_id: str
    decision: Verb
    owner: str | None
    comment: str | None
    source: str
    due: date | None = None


def find(con: duckdb.DuckDBPyConnection, starts: Iterable[str]) -> list[str]:
    """The ids of the findings that these are, or are unique starts of, each once and in their order.

    Raises UsageError for one that is unknown or stands for several.
    """
    found: dict[str, None] = {}
    for start in starts:
        rows = con.execute(
            "SELECT id, rule, resource_id FROM finding_history WHERE starts_with(id, ?) ORDER BY id LIMIT 6",
            [start],
        ).fetchall()
        rows = [row for row in rows if row[0] == start] or rows
        if not rows or not start:
            raise UsageError(f"There is no finding {start}; finops findings list names those there are.")
        if len(rows) > 1:
            told = ", ".join(f"{name} ({rule} on {resource})" for name, rule, resource in rows[:3])
            raise UsageError(f"Several findings begin with {start}: {told}; write more of the id.")
        found[rows[0][0]] = None
    return list(found)


def decide(con: duckdb.DuckDBPyConnection, decisions: Sequence[Decision], at: datetime) -> int:
    """Records decisions about findings of the history, all or none; what says nothing new is not recorded again.

    Returns how many were recorded. Raises UsageError for an unknown finding or decision.
    """
    for one in decisions:
        if one.decision not in get_args(Verb):
            raise UsageError(
                f"{one.source}: a decision is agreed, rejected or done, and not {one.decision!r} ({one.finding_id})."
            )
    known = {row[0] for row in con.execute("SELECT id FROM finding_history").fetchall()}
    for one in decisions:
        if one.finding_id not in known:
            raise UsageError(f"{one.source}: there is no finding {one.finding_id}.")
    latest = latest_decisions(con)
    fresh = [one for one in decisions if _differs(one, latest.get(one.finding_id))]
    con.begin()
    for one in fresh:
        con.execute(
            "INSERT INTO decisions (finding_id, decision, owner, comment, decided_at, source, due) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [one.finding_id, one.decision, one.owner, one.comment, at, one.source, one.due],
        )
    con.commit()
    return len(fresh)


def latest_decisions(con: duckdb.DuckDBPyConnection) -> dict[str, Decision]:
    """The decision that counts of each finding: the last that was recorded, with whoever and whichever day was named
    last."""
    rows = con.execute(_LATEST).fetchall()
    return {
        name: Decision(name, decision, owner, comment, source, due)
        for name, decision, owner, due, comment, _, source in rows
    }


def decided(con: duckdb.DuckDBPyConnection) -> dict[str, Decided]:
    """What is decided about each finding, for reports: the latest decision, its comment, and whoever and whichever due
    date was named last."""
    rows = con.execute(_LATEST).fetchall()
    return {
        name: Decided(decision=decision, owner=owner, due=due, comment=comment, decided_at=at)
        for name, decision, owner, due, comment, at, _ in rows
    }


def _differs(one: Decision, before: Decision | None) -> bool:
    if before is None:
        return True
    said = (one.decision, one.owner or before.owner, one.due or before.due, one.comment or before.comment)
    return said != (before.decision, before.owner, before.due, before.comment)


def listing(con: duckdb.DuckDBPyConnection, statuses: Sequence[str]) -> list[dict[str, Any]]:
    """The findings of the history that are in one of these states, by net saving, with what was decided about them."""
    cursor = con.execute(
        f"""
        SELECT h.id, h.status, h.resolution, d.decision, d.owner, d.due, h.rule, h.cloud, h.account, h.region,
            h.resource_id, h.resource_name, h.action, h.net_monthly_savings, h.currency, h.first_seen, h.last_seen,
            h.resolved_at, d.comment
        FROM finding_history AS h
        LEFT JOIN ({_LATEST}) AS d ON d.finding_id = h.id
        WHERE list_contains(?, h.status)
        ORDER BY h.status = 'resolved', h.net_monthly_savings DESC NULLS LAST, h.id
        """,  # noqa: S608 - a query of ours
        [list(statuses)],
    )
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
