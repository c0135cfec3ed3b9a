"""What people say about anomalies: this is the new normal, or this was announced. Both end on a day."""

import difflib
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from finops.errors import UsageError
from finops.pipeline.watching.keeping import Row, rows

DEFAULT_DAYS = 180
_LONGEST = 366  # days: what was before must still be known when an acceptance ends


def find(con: duckdb.DuckDBPyConnection, start: str) -> Row:
    """The anomaly with this id, or a unique start of one.

    Raises UsageError when there is none or there are several.
    """
    known = rows(con)
    found = [one for one in known if start and one.anomaly_id.startswith(start)]
    if len(found) == 1:
        return found[0]
    if found:
        told = ", ".join(one.anomaly_id for one in found[:3])
        raise UsageError(f"Several anomalies begin with {start}: {told}; write more of the id.")
    close = difflib.get_close_matches(start, [one.anomaly_id for one in known], n=1)
    hint = f" Did you mean {close[0]}?" if close else " finops anomalies list --all names those there are."
    raise UsageError(f"There is no anomaly {start}.{hint}")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An anomaly that is the new normal through the day `until` (180 days when not told)."""

    start: str  # its id, or a unique start of it
    by: str
    reason: str
    until: datetime | None = None

    def ends(self, at: datetime) -> datetime:
        """The first day on which it is not accepted any more."""
        return self.until + timedelta(days=1) if self.until else _midnight(at) + timedelta(days=DEFAULT_DAYS)

    def checked(self, con: duckdb.DuckDBPyConnection, at: datetime) -> Row:
        """The anomaly.

        Raises UsageError for an unknown id, an empty owner or reason, a day that has passed or is over a year away.
        """
        row, ends = find(con, self.start), self.ends(at)
        _said(self.by, self.reason)
        if ends <= at:
            raise UsageError(f"--until {self.until:%Y-%m-%d} has passed: write a day to come.")
        if ends > at + timedelta(days=_LONGEST):
            raise UsageError(
                f"--until {self.until:%Y-%m-%d} is over a year away: accept it for a year at most."
            )
        return row


@dataclass(frozen=True, slots=True)
class Announcement:
    """An event of what is selected (all that is named), from its first day through its last."""

    first: datetime
    last: datetime
    by: str
    reason: str
    cloud: str | None = None
    account: str | None = None
    service: str | None = None
    team: str | None = None

    def checked(self, con: duckdb.DuckDBPyConnection) -> None:
        """Raises UsageError when nothing is selected, a day is before the other, or no charge has what is selected."""
        if not any([self.cloud, self.account, self.service, self.team]):
            raise UsageError("Say whose costs: --cloud, --account, --service or --team.")
        span = f"--from {self.first:%Y-%m-%d} --to {self.last:%Y-%m-%d}"
        if self.last < self.first:
            raise UsageError(f"{span}: the last day is before the first.")
        if self.last - self.first > timedelta(days=_LONGEST):
            raise UsageError(f"{span} is longer than a year.")
        _said(self.by, self.reason)
        for name in _COLUMNS:
            value = getattr(self, name)
            if value is not None:
                _known(con, name, value)


def accept(con: duckdb.DuckDBPyConnection, asked: Acceptance, at: datetime) -> Row:
    """Accepts an anomaly as the new normal; raises what Acceptance.checked() does."""
    row = asked.checked(con, at)
    con.execute(
        "INSERT INTO anomaly_decisions (decision, anomaly_id, valid_from, expires_at, owner, reason, decided_at) "
        "VALUES ('accept', ?, ?, ?, ?, ?, ?)",
        [row.anomaly_id, row.first_day, asked.ends(at), asked.by.strip(), asked.reason.strip(), at],
    )
    con.execute("UPDATE anomalies SET state = 'accepted' WHERE anomaly_id = ?", [row.anomaly_id])
    return row


def expect(con: duckdb.DuckDBPyConnection, asked: Announcement, at: datetime) -> None:
    """Announces an event; raises what Announcement.checked() does."""
    asked.checked(con)
    con.execute(
        "INSERT INTO anomaly_decisions (decision, cloud, account_id, service, team, valid_from, expires_at, owner, "
        "reason, decided_at) VALUES ('expect', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            asked.cloud, asked.account, asked.service, asked.team, asked.first, asked.last + timedelta(days=1),
            asked.by.strip(), asked.reason.strip(), at,
        ],
    )  # fmt: skip


_COLUMNS = {"cloud": "x_Cloud", "account": "x_AccountId", "service": "ServiceName"}


def _known(con: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
    """An announcement for something that no bill knows is a slip of the pen."""
    column = _COLUMNS[name]
    found = [
        str(row[0])
        for row in con.execute(
            f"SELECT DISTINCT {column} FROM charges WHERE {column} IS NOT NULL ORDER BY 1"  # noqa: S608 - our own names
        ).fetchall()
    ]
    if value in found or not found:
        return
    close = difflib.get_close_matches(value, found, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]}?" if close else f" There are {', '.join(found[:5])}."
    raise UsageError(f"No charge has the {name} {value}.{hint}")


def _said(by: str, reason: str) -> None:
    for option, text in (("--by", by), ("--reason", reason)):
        if not text.strip():
            raise UsageError(f"{option} is empty: say who decided and why.")


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
