"""The table `deliveries`: what was sent to whom, and what they know since."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb

from finops.pipeline.delivery.facts import Before


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery, or one that failed. `told` are the keys of what was in it."""

    run_id: str
    target: str
    content: str
    status: str
    attempts: int
    delivered_at: datetime
    message: str
    as_of: datetime | None
    told: Iterable[str]


def before(con: duckdb.DuckDBPyConnection, target: str, night: str) -> Before | None:
    """What the target was told last, before this night; None where it was never told anything."""
    row = con.execute(
        "SELECT as_of, told FROM deliveries WHERE target = ? AND status = 'done' AND run_id <> ? "
        "ORDER BY delivered_at DESC, rowid DESC LIMIT 1",
        [target, night],
    ).fetchone()
    return Before(row[0], frozenset(json.loads(row[1]))) if row else None


def was_sent(con: duckdb.DuckDBPyConnection, target: str, content: str) -> bool:
    """Whether the target has this already."""
    row = con.execute(
        "SELECT count(*) FROM deliveries WHERE target = ? AND content = ? AND status = 'done'",
        [target, content],
    ).fetchone()
    return bool(row and row[0])


def keep(con: duckdb.DuckDBPyConnection, sent: Sent) -> None:
    """Adds a delivery to the table."""
    con.execute(
        "INSERT INTO deliveries (run_id, target, content, status, attempts, delivered_at, message, as_of, told) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            sent.run_id,
            sent.target,
            sent.content,
            sent.status,
            sent.attempts,
            sent.delivered_at,
            sent.message,
            sent.as_of,
            json.dumps(sorted(sent.told)),
        ],
    )
