"""Actions that were done, as they are measured: findings that changed the same cost at the same time count once.

An episode is a group of such findings with the days before and after the action. Between the last audit that found it
and the first that saw it done nobody knows the day, so these days are in neither.
"""

import json
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb

from finops.history.observing import Observed

DAYS = timedelta(days=28)  # four weeks before and after: every weekday as often
FINAL = timedelta(days=120)  # after which bills are not restated any more, and amounts stay as they are
# Members of a group, and spot machines, come and go without anybody acting: one that is gone was not done, unless
# somebody says so.
CAME_AND_WENT = (
    "((coalesce(h.was ->> 'scaling_group', h.was ->> 'cluster') IS NOT NULL "
    "OR coalesce(h.was ->> 'purchase_model', '') = 'spot') "
    "AND h.id NOT IN (SELECT finding_id FROM decisions WHERE decision = 'done'))"
)
_REMOVES = ("terminate", "stop", "delete", "release")


class CellName(NamedTuple):
    """A charge component of a resource; `all` is every component."""

    resource_id: str
    component: str


@dataclass(frozen=True, slots=True)
class Done:
    """A finding whose action was done, with its estimate and the days around it."""

    id: str
    cloud: str
    account: str
    resource_id: str
    action: str
    resolution: str
    resolved_at: datetime
    last_open: datetime
    family: str | None
    cells: frozenset[CellName]
    gross: Decimal | None
    net: Decimal | None
    low: Decimal | None
    high: Decimal | None
    currency: str | None
    instead: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Episode:
    """Findings that are measured together: the first of `members` carries the amounts."""

    members: tuple[Done, ...]
    before_from: datetime
    before_end: datetime
    after_start: datetime
    after_until: datetime
    cells: frozenset[CellName] = field(default_factory=frozenset)
    cut_short: bool = False

    @property
    def name(self) -> str:
        return self.members[0].id

    @property
    def estimate(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        """Estimate, low and high: what counted of all members; of one that only lost to another its own."""
        counted = [one for one in self.members if one.net]
        if not counted:
            return self.members[0].gross, None, None
        total = sum((one.net or Decimal(0) for one in counted), Decimal(0))
        lows, highs = [one.low for one in counted], [one.high for one in counted]
        return total, _sum(lows), _sum(highs)

    @property
    def instead(self) -> dict[str, str]:
        """What took the place of what was removed, with the reason."""
        return dict(pair for one in self.members for pair in one.instead)


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def load_done(con: duckdb.DuckDBPyConnection, at: datetime, observed: Observed) -> list[Done]:
    """What was done until `at`, what this audit saw done included; amounts older than FINAL stay as they are."""
    rows = con.execute(
        "SELECT id, cloud, account, resource_id, action, resolution, resolved_at, last_seen, observed_at, family, "  # noqa: S608
        "cells, monthly_savings, net_monthly_savings, savings_low, savings_high, currency, replaced_by, status, "
        f"{CAME_AND_WENT} FROM finding_history AS h WHERE rule IS NOT NULL AND cells IS NOT NULL ORDER BY id"
    ).fetchall()
    seen = {one.id: one for one in observed.resolved}
    done = []
    for name, cloud, account, resource, action, resolution, resolved_at, *rest in rows:
        last_seen, observed_at, family, cells, gross, net, low, high, currency, replaced, status, member = (
            rest
        )
        now = seen.get(name) if status != "resolved" else None
        how, when = (now.resolution, at) if now else (resolution, resolved_at)
        if (status != "resolved" and now is None) or name in observed.sightings:
            continue
        if how not in ("changed", "gone") or (how == "gone" and member):
            continue
        if when is None or when < at - FINAL or when > at:
            continue
        instead = now.replaced_by if now else tuple((one, why) for one, why in json.loads(replaced or "[]"))
        done.append(
            Done(
                name,
                cloud,
                account,
                resource,
                action,
                how,
                when,
                min(last_seen, observed_at or last_seen),
                family,
                frozenset(CellName(*cell) for cell in json.loads(cells)),
                gross,
                net,
                low,
                high,
                currency,
                instead,
            )
        )
    return done


def acted_upon(con: duckdb.DuckDBPyConnection, done: Iterable[Done]) -> set[tuple[str, str, str]]:
    """Every resource that somebody ever acted upon, or said so: (cloud, account, id). None of them is a control."""
    rows = con.execute(
        "SELECT cloud, account, resource_id, cells FROM finding_history WHERE cells IS NOT NULL AND ("
        "(status = 'resolved' AND resolution IN ('changed', 'gone')) "
        "OR id IN (SELECT finding_id FROM decisions WHERE decision = 'done'))"
    ).fetchall()
    acted = {(cloud, account, resource) for cloud, account, resource, _ in rows}
    acted |= {(cloud, account, cell[0]) for cloud, account, _, cells in rows for cell in json.loads(cells)}
    acted |= {(one.cloud, one.account, cell.resource_id) for one in done for cell in one.cells}
    return acted | {(one.cloud, one.account, name) for one in done for name, _ in one.instead}


def group(done: Sequence[Done]) -> list[Episode]:
    """Findings of one account that changed the same cost between the same two audits, and their windows.

    What was done to the same cost at another time takes the days it needs away from the others.
    """
    episodes = [_episode(members) for members in _linked(done)]
    by_resource: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(episodes):
        first = one.members[0]
        for resource in {cell.resource_id for cell in one.cells}:
            by_resource[(first.cloud, first.account, resource)].append(place)
    for places in by_resource.values():
        for place in places:
            for other in places:
                if _touch(episodes[place], episodes[other]):
                    episodes[place] = _give_way(episodes[place], episodes[other])
    return episodes


def _linked(done: Sequence[Done]) -> list[list[Done]]:
    """Groups of findings that share a cell and were seen done by the same audit."""
    wide = {(*_at(one), cell.resource_id) for one in done for cell in one.cells if cell.component == "all"}
    groups: list[list[Done]] = []
    owner: dict[tuple[Any, ...], int] = {}
    for one in sorted(done, key=lambda one: one.id):
        keys = [_key(one, cell, wide) for cell in sorted(one.cells)]
        met = sorted({owner[key] for key in keys if key in owner})
        place = met[0] if met else len(groups)
        if not met:
            groups.append([])
        for other in met[1:]:
            groups[place] += groups[other]
            groups[other] = []
            owner.update({key: place for key, at in owner.items() if at == other})
        groups[place].append(one)
        owner.update(dict.fromkeys(keys, place))
    return [members for members in groups if members]


def _at(one: Done) -> tuple[Any, ...]:
    return (one.cloud, one.account, one.resolved_at)


def _key(one: Done, cell: CellName, wide: Container[tuple[Any, ...]]) -> tuple[Any, ...]:
    """What a cell is shared by: its component, or its resource where some finding is about all of that."""
    resource = (*_at(one), cell.resource_id)
    return resource if resource in wide else (*resource, cell.component)


def _episode(members: Iterable[Done]) -> Episode:
    ordered = sorted(members, key=_first)
    end = _floor(min(one.last_open for one in ordered))
    start = _ceil(max(one.resolved_at for one in ordered))
    cells = frozenset(cell for one in ordered for cell in one.cells)
    return Episode(tuple(ordered), end - DAYS, end, start, start + DAYS, cells)


def _first(one: Done) -> tuple[Any, ...]:
    """What was removed counts as the removal that was proposed; else what counted, the largest first."""
    removal = one.resolution == "gone" and one.action in _REMOVES
    return (not removal, -(one.net or 0), -(one.gross or 0), one.id)


def _touch(one: Episode, other: Episode) -> bool:
    """Whether two episodes of different times changed the same cost."""
    if one.after_start == other.after_start:
        return False
    return any(
        mine.resource_id == yours.resource_id
        and (mine.component == yours.component or "all" in (mine.component, yours.component))
        for mine in one.cells
        for yours in other.cells
    )


def _give_way(one: Episode, other: Episode) -> Episode:
    if other.after_start > one.after_start:
        until = max(one.after_start, min(one.after_until, other.before_end))
        return replace(one, after_until=until, cut_short=one.cut_short or until < one.after_until)
    begin = min(one.before_end, max(one.before_from, other.after_start))
    return replace(one, before_from=begin)


def _floor(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _ceil(at: datetime) -> datetime:
    floor = _floor(at)
    return floor if floor == at else floor + timedelta(days=1)


def by_name(episodes: Iterable[Episode]) -> Mapping[str, Episode]:
    return {one.name: one for one in episodes}
