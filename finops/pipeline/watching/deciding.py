"""What people say about anomalies: this is the new normal, or this was announced. Both end on a day."""

import difflib
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


def accept(
    con: duckdb.DuckDBPyConnection, start: str, *, by: str, reason: str, at: datetime, until: datetime | None
) -> tuple[Row, datetime]:
    """Accepts an anomaly as the new normal, `until` included (180 days when not told).

    Returns it and the first day on which it is not accepted any more. Raises UsageError for an unknown id, an empty
    owner or reason, a day that has passed or is over a year away.
    """
    row = find(con, start)
    by, reason = _said("--by", by), _said("--reason", reason)
    ends = until + timedelta(days=1) if until else _midnight(at) + timedelta(days=DEFAULT_DAYS)
    if ends <= at:
        raise UsageError(f"--until {ends - timedelta(days=1):%Y-%m-%d} has passed: write a day to come.")
    if ends > at + timedelta(days=_LONGEST):
        raise UsageError(
            f"--until {ends - timedelta(days=1):%Y-%m-%d} is over a year away: accept it for a year at most."
        )
    con.execute(
        "INSERT INTO anomaly_decisions (decision, anomaly_id, valid_from, expires_at, owner, reason, decided_at) "
        "VALUES ('accept', ?, ?, ?, ?, ?, ?)",
        [row.anomaly_id, row.first_day, ends, by, reason, at],
    )
    con.execute("UPDATE anomalies SET state = 'accepted' WHERE anomaly_id = ?", [row.anomaly_id])
    return row, ends


def expect(
    con: duckdb.DuckDBPyConnection,
    *,
    cloud: str | None,
    account: str | None,
    service: str | None,
    team: str | None,
    first: datetime,
    last: datetime,
    by: str,
    reason: str,
    at: datetime,
) -> None:
    """Announces an event: from `first` to `last`, both included, what is selected raises no alarm.

    Raises UsageError when nothing is selected, a day is before the other, or no charge has what is selected.
    """
    chosen = {"cloud": cloud, "account": account, "service": service}
    if not any([*chosen.values(), team]):
        raise UsageError("Say whose costs: --cloud, --account, --service or --team.")
    if last < first:
        raise UsageError(f"--to {last:%Y-%m-%d} is before --from {first:%Y-%m-%d}.")
    if last - first > timedelta(days=_LONGEST):
        raise UsageError(f"--from {first:%Y-%m-%d} --to {last:%Y-%m-%d} is longer than a year.")
    by, reason = _said("--by", by), _said("--reason", reason)
    for name, value in chosen.items():
        if value is not None:
            _known(con, name, value)
    con.execute(
        "INSERT INTO anomaly_decisions (decision, cloud, account_id, service, team, valid_from, expires_at, owner, "
        "reason, decided_at) VALUES ('expect', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [cloud, account, service, team, first, last + timedelta(days=1), by, reason, at],
    )


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


def _said(option: str, text: str) -> str:
    if not text.strip():
        raise UsageError(f"{option} is empty: say who decided and why.")
    return text.strip()


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
