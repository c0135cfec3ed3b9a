"""Events of all levels, told once: at the lowest level that explains most of what is too much or missing."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date

import duckdb
import numpy as np

from finops.control import Episode, Limits, Watched, episodes, observe
from finops.control.arrays import Bools, Floats, Ints
from finops.control.limits import WARM_UP
from finops.nightly_settings import AnomalySettings
from finops.pipeline.watching import words
from finops.pipeline.watching.cells import LEVELS, Subject, Table, series

RECENT = 35  # days back that events are told of
_CHILDREN = {"total": "provider", "provider": "account", "account": "service"}
_NEAR = 3  # days that two tellings of one event may begin apart


@dataclass(frozen=True, slots=True)
class Event:
    """An episode of a subject, with its days as dates and its sentence."""

    subject: Subject
    episode: Episode
    first: date
    last: date
    newest: date  # last settled day of the subject
    message: str


@dataclass(frozen=True, slots=True)
class Seen:
    """All series, what was found of them, and their events by place."""

    table: Table
    watched: Watched
    events: dict[int, list[Episode]]
    children: dict[int, list[int]]


def limits_of(settings: AnomalySettings) -> Limits:
    """The limits that finops.toml asks for."""
    return Limits(
        settings.sigmas,
        settings.ewma_lambda,
        settings.ewma_limit,
        settings.money_floor,
        settings.share_floor,
    )


def see(
    con: duckdb.DuckDBPyConnection, settings: AnomalySettings, quiet: "list[Quiet]", cuts: "list[Cut]"
) -> Seen:
    """Every series of costs, judged. `quiet` are announced events, `cuts` what was accepted."""
    table = series(con, list(LEVELS), least=max(settings.money_floor, 0.01), grown=WARM_UP)
    table = _of_teams_named(table)
    silent = np.zeros(table.cost.shape, dtype=bool)
    for one in quiet:
        _silence(silent, table, one)
    watched = observe(table.days, table.cost, limits_of(settings), quiet=silent)
    found: dict[int, list[Episode]] = defaultdict(list)
    since = max(len(table.days) - RECENT, 0)
    for episode in episodes(watched, since=since, cuts=_cuts(table, cuts)):
        found[episode.series].append(episode)
    return Seen(table, watched, found, _children(table))


@dataclass(frozen=True, slots=True)
class Quiet:
    """An announced event: whose costs, and its days, the last included."""

    subject: Subject
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Cut:
    """Until which day what a subject cost is accepted."""

    subject: Subject
    until: date


def _silence(silent: Bools, table: Table, one: Quiet) -> None:
    first, last = np.datetime64(one.first), np.datetime64(one.last)
    during = (table.days >= first) & (table.days <= last)
    for place, subject in enumerate(table.subjects):
        if subject.within(replace(one.subject, currency=subject.currency)):
            silent[place, during] = True


def _cuts(table: Table, cuts: list[Cut]) -> Ints:
    """The index of each series through which it was accepted; -1 for none."""
    found = np.full(len(table.subjects), -1, dtype=np.int64)
    places = {subject: place for place, subject in enumerate(table.subjects)}
    for one in cuts:
        place = places.get(one.subject)
        if place is not None and len(table.days):
            index = int((np.datetime64(one.until) - table.days[0]).astype(int))
            found[place] = max(found[place], index)
    return found


def _of_teams_named(table: Table) -> Table:
    """Without the charges that have no team: they are seen by account and service."""
    keep = [place for place, one in enumerate(table.subjects) if one.level != "team" or one.team]
    return Table(
        [table.subjects[place] for place in keep],
        table.days,
        table.cost[keep],
        [table.settled[place] for place in keep],
    )


def _children(table: Table) -> dict[int, list[int]]:
    """The parts of each subject, one level down."""
    found: dict[int, list[int]] = defaultdict(list)
    parents: dict[tuple[str, str | None, str | None, str | None], int] = {}
    for place, one in enumerate(table.subjects):
        if one.level in _CHILDREN:
            parents[(one.level, one.currency, one.cloud, one.account)] = place
    for place, one in enumerate(table.subjects):
        parent = parents.get(_above(one))
        if parent is not None:
            found[parent].append(place)
    return found


def _above(one: Subject) -> tuple[str, str | None, str | None, str | None]:
    """What a subject is a part of; nothing for a total and a team."""
    if one.level == "provider":
        return "total", one.currency, None, None
    if one.level == "account":
        return "provider", one.currency, one.cloud, None
    return ("account" if one.level == "service" else ""), one.currency, one.cloud, one.account


def events(con: duckdb.DuckDBPyConnection, seen: Seen, explains: float) -> list[Event]:
    """One event for what happened, by subject in order of levels. Needs the cells."""
    told: dict[int, list[tuple[Episode, str]]] = defaultdict(list)
    for level in _CHILDREN | {"service": ""}:
        for place in seen.table.of(level):
            for episode in seen.events.get(place, ()):
                lowest, own, because = _walk(seen, place, episode, explains, "")
                exact = own in seen.events.get(lowest, ())
                if not any(own == other or (not exact and _same(own, other)) for other, _ in told[lowest]):
                    told[lowest].append((own, because))
    told = {place: [pair for pair in pairs if not _explained(seen, told, place, pair[0], explains)]
            for place, pairs in told.items()}  # fmt: skip
    for place in seen.table.of("team"):
        for episode in seen.events.get(place, ()):
            if not _told_of_services(con, seen, told, place, episode, explains):
                told.setdefault(place, []).append((episode, ""))
    return [
        _event(seen, place, one, because) for place, pairs in sorted(told.items()) for one, because in pairs
    ]


def _walk(
    seen: Seen, place: int, episode: Episode, explains: float, because: str
) -> tuple[int, Episode, str]:
    """Down from a subject as long as one part of it explains enough."""
    best, share = -1, 0.0
    for child in seen.children.get(place, ()):
        part = _excess(seen, child, episode) / episode.excess if episode.excess else 0.0
        if part > share:
            best, share = child, part
    if best < 0 or share < explains:
        return place, episode, because
    near = [one for one in seen.events.get(best, ()) if _same(one, episode)]
    own = min(near, key=lambda one: abs(one.first - episode.first), default=None)
    if not because and place in seen.events:
        change = "fall" if episode.kind == "drop" else "rise"
        because = f"That is {min(share, 1):.0%} of the {change} {words.of_whole(seen.table.subjects[place])}."
    return _walk(seen, best, own or _moved(seen, best, episode), explains, because)


def _excess(seen: Seen, place: int, episode: Episode) -> float:
    days = list(episode.days)
    return float(np.nansum(seen.watched.cost[place, days] - seen.watched.expected[place, days]))


def _moved(seen: Seen, place: int, episode: Episode) -> Episode:
    """The same days of another subject."""
    days = list(episode.days)

    def summed(values: Floats) -> float:
        return float(np.nansum(values[place, days]))

    found = seen.watched
    return replace(
        episode,
        series=place,
        actual=summed(found.cost),
        expected=summed(found.expected),
        low=summed(found.low),
        high=summed(found.high),
    )


def _same(one: Episode, other: Episode) -> bool:
    """Whether two episodes are tellings of one event."""
    sides = (one.kind == "drop") == (other.kind == "drop")
    return sides and one.first <= other.last + _NEAR and other.first <= one.last + _NEAR


def _explained(
    seen: Seen, told: dict[int, list[tuple[Episode, str]]], place: int, episode: Episode, explains: float
) -> bool:
    """Whether what is told of parts of a subject together explains its event."""
    subject = seen.table.subjects[place]
    parts = 0.0
    for other, pairs in told.items():
        inside = other != place and seen.table.subjects[other].within(subject)
        if inside and any(_same(one, episode) for one, _ in pairs):
            parts += _excess(seen, other, episode)
    return bool(episode.excess) and parts / episode.excess >= explains


def _told_of_services(
    con: duckdb.DuckDBPyConnection,
    seen: Seen,
    told: dict[int, list[tuple[Episode, str]]],
    place: int,
    episode: Episode,
    explains: float,
) -> bool:
    """Whether most of a team's event lies in what is told of accounts and services already."""
    team = seen.table.subjects[place]
    parts = [
        seen.table.subjects[other]
        for other, pairs in told.items()
        if seen.table.subjects[other].level != "team"
        and seen.table.subjects[other].currency == team.currency
        and any(_same(one, episode) for one, _ in pairs)
    ]
    if not parts or not episode.excess:
        return False
    excess = sum(_team_excess(con, seen, team, part, episode) for part in _outermost(parts))
    return excess / (episode.excess / len(episode.days)) >= explains


def _outermost(parts: list[Subject]) -> list[Subject]:
    """Those that lie within no other."""
    return [one for one in parts if not any(one is not other and one.within(other) for other in parts)]


def _team_excess(
    con: duckdb.DuckDBPyConnection, seen: Seen, team: Subject, part: Subject, episode: Episode
) -> float:
    """What a team's share of a subject costs a day more than in the four weeks before."""
    first, last = seen.table.days[episode.first], seen.table.days[episode.last]
    begun = first - np.timedelta64(28, "D")
    named = {name: getattr(part, name) for name in ("cloud", "account", "service")}
    where = " AND ".join(f"{name} = ${name}" for name, value in named.items() if value is not None) or "true"
    row = con.execute(
        "SELECT coalesce(sum(cost) FILTER (day >= $first), 0) / $days "  # noqa: S608 - our own names
        "- coalesce(sum(cost) FILTER (day < $first), 0) / 28 "
        f"FROM control_cells WHERE usage AND team = $team AND currency = $currency AND {where} "
        "AND day >= $begun AND day <= $last",
        {
            "first": first.astype(object), "last": last.astype(object), "begun": begun.astype(object),
            "days": int((last - first).astype(int)) + 1, "team": team.team, "currency": team.currency,
            **{name: value for name, value in named.items() if value is not None},
        },
    ).fetchone()  # fmt: skip
    return float(row[0]) if row else 0.0


def _event(seen: Seen, place: int, episode: Episode, because: str) -> Event:
    days, subject = seen.table.days, seen.table.subjects[place]
    first, last = days[episode.first].astype(object), days[episode.last].astype(object)
    said = words.anomaly(subject, episode, first, last, because)
    return Event(subject, episode, first, last, seen.table.settled[place], said)
