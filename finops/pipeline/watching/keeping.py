"""Anomalies as rows: what is new gets one, what goes on keeps its own, and what people decided is heeded."""

import hashlib
from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np

from finops.control import Limits
from finops.control.limits import FOLLOWED
from finops.money import shown
from finops.night_model import Anomaly
from finops.pipeline.watching import words
from finops.pipeline.watching.cells import PROVISIONAL, Subject
from finops.pipeline.watching.finding import Cut, Event, Quiet, Seen

_OVER = 3  # days inside its limits after which an event is over
_APART = 7  # days that an event and what is kept of it may lie apart: bills are restated
_LOOK_BACK = 7  # days that tell where a cost is now


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table `anomalies`."""

    anomaly_id: str
    run_id: str
    found_at: datetime
    level: str
    cloud: str | None
    account_id: str | None
    service: str | None
    team: str | None
    figure: str | None
    currency: str | None
    kind: str
    first_day: datetime
    last_day: datetime
    expected: float
    actual: float
    low: float
    high: float
    score: float
    state: str
    message: str

    @property
    def subject(self) -> Subject:
        return Subject(
            self.level, self.currency, self.cloud, self.account_id, self.service, self.team, self.figure
        )

    def told(self) -> Anomaly:
        """As a report has it."""
        fields = asdict(self)
        for name in ("run_id", "found_at", "score"):
            fields.pop(name)
        fields["id"], fields["account"] = fields.pop("anomaly_id"), fields.pop("account_id")
        return Anomaly(**fields | {"first_day": self.first_day.date(), "last_day": self.last_day.date()})


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What somebody accepted as the new normal."""

    anomaly_id: str
    expires_at: datetime
    owner: str
    reason: str
    decided_at: datetime

    @property
    def seen_until(self) -> date:
        """The last day that could be known when it was decided."""
        return (self.decided_at - timedelta(days=PROVISIONAL)).date()


def rows(con: duckdb.DuckDBPyConnection, where: str = "true", *values: object) -> list[Row]:
    """What is kept, the newest first."""
    names = ", ".join(Row.__dataclass_fields__)
    found = con.execute(
        f"SELECT {names} FROM anomalies WHERE {where} ORDER BY last_day DESC, anomaly_id",  # noqa: S608 - our own names
        list(values),
    ).fetchall()
    return [Row(*row) for row in found]


def announced(con: duckdb.DuckDBPyConnection) -> list[Quiet]:
    """The events that were announced."""
    found = con.execute(
        "SELECT cloud, account_id, service, team, valid_from, expires_at FROM anomaly_decisions "
        "WHERE decision = 'expect'"
    ).fetchall()
    return [
        Quiet(
            Subject("any", None, cloud, account, service, team),
            begin.date(),
            (end - timedelta(days=1)).date(),
        )
        for cloud, account, service, team, begin, end in found
    ]


def acceptances(con: duckdb.DuckDBPyConnection) -> dict[str, Acceptance]:
    """The latest acceptance of each anomaly."""
    found = con.execute(
        "SELECT anomaly_id, expires_at, owner, reason, decided_at FROM anomaly_decisions "
        "WHERE decision = 'accept' QUALIFY row_number() OVER (PARTITION BY anomaly_id ORDER BY decided_at DESC) = 1"
    ).fetchall()
    return {row[0]: Acceptance(*row) for row in found}


def cuts(kept: Sequence[Row], accepted: dict[str, Acceptance], at: datetime) -> list[Cut]:
    """Until when what is accepted is, by subject: what comes after that day is told anew."""
    return [
        Cut(row.subject, accepted[row.anomaly_id].seen_until)
        for row in kept
        if row.anomaly_id in accepted and accepted[row.anomaly_id].expires_at > at
    ]


def keep(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    at: datetime,
    events: Sequence[Event],
    *,
    judged: Container[Subject],
    quiet: Sequence[Quiet] = (),
    figures: bool = False,
) -> list[Anomaly]:
    """Writes these events of costs (or of figures), and returns those that are new or came back.

    What is kept of a subject that was not `judged`, since its bill broke off or it was not measured, stays as it was
    for eight weeks: nobody knows whether it came back into its limits.
    """
    accepted = acceptances(con)
    kept = [row for row in rows(con) if (row.level == "figure") == figures]
    touched: set[str] = set()
    fresh: list[Row] = []
    for event in events:
        known = next(
            (row for row in kept if row.anomaly_id not in touched and _is(row, event, accepted)), None
        )
        row = _row(event, run_id, at, known)
        row = replace(row, state=_state(row, event, accepted, quiet, at))
        touched.add(row.anomaly_id)
        _write(con, row)
        if known is None and row.state in ("open", "over"):
            fresh.append(row)
    for row in kept:
        lapsed = row.anomaly_id in accepted and accepted[row.anomaly_id].expires_at <= at
        unknown = _unknown(row, row.last_day, judged, at)
        if row.anomaly_id not in touched and row.state == "open" and not lapsed and not unknown:
            _write(con, replace(row, state="over"))
    return [row.told() for row in fresh]


def _unknown(row: Row, since: datetime, judged: Container[Subject], at: datetime) -> bool:
    """Whether nothing is known of a cost (or a figure) just now, and has not been for too long."""
    return row.subject not in judged and at - since <= timedelta(days=FOLLOWED)


def returned(con: duckdb.DuckDBPyConnection, at: datetime, seen: Seen, limits: Limits) -> list[Anomaly]:
    """What was accepted until a day that has passed, and still lies where it was not before: it is open again."""
    found, accepted = [], acceptances(con)
    for row in rows(con, "state IN ('accepted', 'open') AND level <> 'figure'"):
        acceptance = accepted.get(row.anomaly_id)
        if acceptance is None or acceptance.expires_at > at:
            continue
        if _unknown(row, acceptance.expires_at, seen.table.subjects, at):
            continue
        again = _still_outside(row, acceptance, seen, limits)
        _write(con, again or replace(row, state="over"))
        if again and row.state == "accepted":
            found.append(again.told())
    return found


def _still_outside(row: Row, acceptance: Acceptance, seen: Seen, limits: Limits) -> Row | None:
    table = seen.table
    if row.subject not in table.subjects:
        return None
    place = table.subjects.index(row.subject)
    first = int((np.datetime64(row.first_day, "D") - table.days[0]).astype(int))
    if first < 0:
        return None
    before = float(np.nanmean(np.append(seen.watched.expected[place, first : first + _LOOK_BACK], np.nan)))
    known = np.flatnonzero(~np.isnan(table.cost[place]))[-_LOOK_BACK:]
    now = float(table.cost[place, known].mean())
    sign = -1 if row.kind == "drop" else 1
    if np.isnan(before) or (now - before) * sign <= max(limits.money_floor, limits.share_floor * before):
        return None
    ended = (acceptance.expires_at - timedelta(days=1)).date()
    amounts = [shown(_decimal(one), row.currency) for one in (now, before)]
    message = (
        f"{words.name_of(row.subject)[:1].upper()}{words.name_of(row.subject)[1:]} still costs {amounts[0]} a day "
        f"where {amounts[1]} was expected before {row.first_day.date()}. It was accepted until {ended}: "
        "accept it again or bring it down."
    )
    count = len(known)
    last = table.days[known[-1]].astype(object)
    return replace(
        row,
        state="open",
        message=message,
        last_day=datetime.combine(last, datetime.min.time()),
        actual=now * count,
        expected=before * count,
        low=before * count * (1 - limits.share_floor),
        high=before * count * (1 + limits.share_floor),
    )


def _decimal(amount: float) -> Decimal:
    return Decimal(str(round(amount, 2)))


def _is(row: Row, event: Event, accepted: dict[str, Acceptance]) -> bool:
    """Whether an event is the one that is kept in a row."""
    if row.subject != event.subject or (row.kind == "drop") != (event.episode.kind == "drop"):
        return False
    if row.anomaly_id in accepted and event.first > accepted[row.anomaly_id].seen_until:
        return False
    apart = timedelta(days=_APART)
    return event.first <= row.last_day.date() + apart and row.first_day.date() <= event.last + apart


def _row(event: Event, run_id: str, at: datetime, known: Row | None) -> Row:
    one, subject = event.episode, event.subject
    midnight = datetime.min.time()
    values: dict[str, Any] = {
        "kind": one.kind,
        "first_day": datetime.combine(event.first, midnight),
        "last_day": datetime.combine(event.last, midnight),
        "expected": one.expected,
        "actual": one.actual,
        "low": one.low,
        "high": one.high,
        "score": one.score,
        "message": event.message,
    }
    if known:
        return replace(known, **values)
    named: dict[str, Any] = {
        "level": subject.level,
        "cloud": subject.cloud,
        "account_id": subject.account,
        "service": subject.service,
        "team": subject.team,
        "figure": subject.figure,
        "currency": subject.currency,
    }
    return Row(anomaly_id=_id(event), run_id=run_id, found_at=at, state="open", **named, **values)


def _id(event: Event) -> str:
    """Stable: of whom, on which side, since when."""
    one = event.subject
    parts = [one.level, one.currency, one.cloud, one.account, one.service, one.team, one.figure]
    text = "\0".join([*(part or "" for part in parts), str(event.episode.kind == "drop"), str(event.first)])
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _state(
    row: Row, event: Event, accepted: dict[str, Acceptance], quiet: Sequence[Quiet], at: datetime
) -> str:
    if row.anomaly_id in accepted:  # what lapsed is judged by returned()
        return "accepted" if accepted[row.anomaly_id].expires_at > at else row.state
    for one in quiet:
        if event.subject.within(replace(one.subject, currency=event.subject.currency)) and (
            one.first <= event.first and event.last <= one.last
        ):
            return "expected"
    return "open" if (event.newest - event.last).days < _OVER else "over"


def _write(con: duckdb.DuckDBPyConnection, row: Row) -> None:
    values = asdict(row)
    con.execute("DELETE FROM anomalies WHERE anomaly_id = ?", [row.anomaly_id])
    con.execute(
        f"INSERT INTO anomalies ({', '.join(values)}) VALUES ({', '.join('?' for _ in values)})",  # noqa: S608 - our own names
        list(values.values()),
    )
