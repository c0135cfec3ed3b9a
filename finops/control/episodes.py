"""Days outside their limits, put together to what a person would call one event."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from finops.control.arrays import Ints
from finops.control.limits import FREEZE, Watched

Kind = Literal["spike", "drift", "drop"]
_LASTING = 4  # days outside that make a spike a drift: the level has changed


@dataclass(frozen=True, slots=True)
class Episode:
    """An event of one series: indices of its first and last day outside, and sums over its days outside."""

    series: int
    first: int
    last: int
    days: tuple[int, ...]
    kind: Kind
    expected: float
    actual: float
    low: float
    high: float
    score: float

    @property
    def excess(self) -> float:
        """What it cost beyond what was expected; negative for a drop."""
        return self.actual - self.expected


def episodes(watched: Watched, *, since: int = 0, cuts: Ints | None = None) -> list[Episode]:
    """The events with a day outside at or after the index `since`, by series and first day.

    A drift told by a further alarm while it goes on is one event, unless it was accepted meanwhile: `cuts` holds the
    index of each series through which it was, or -1.
    """
    found: list[Episode] = []
    recent = np.flatnonzero((watched.alarm[:, max(since - 10 * FREEZE, 0) :] != 0).any(axis=1))
    for series in recent:
        latest = 0
        groups: list[tuple[int, int, list[int]]] = []  # sign, first day, days outside
        for alarm in np.flatnonzero(watched.alarm[series]):
            sign = int(np.sign(watched.alarm[series, alarm]))
            outside = [int(day) for day in np.flatnonzero(watched.outside[series] == alarm + 1)]
            begun = int(watched.since[series, alarm])
            cut = -1 if cuts is None else int(cuts[series])
            goes_on = bool(groups) and groups[-1][0] == sign and begun - groups[-1][2][-1] <= FREEZE // 2
            if (
                abs(int(watched.alarm[series, alarm])) == 1
            ):  # a sudden one is a matter of its own, but soon after
                goes_on = goes_on and int(alarm) - latest <= 2 * FREEZE
            latest = int(alarm)
            if goes_on and not groups[-1][1] <= cut < alarm:
                groups[-1][2].extend(day for day in outside if day > groups[-1][2][-1])
            else:
                groups.append((sign, begun, outside))
        found += [_episode(watched, int(series), *group) for group in groups if group[2][-1] >= since]
    return found


def _episode(watched: Watched, series: int, sign: int, first: int, outside: list[int]) -> Episode:
    # A drift began before the day that told it: its days in between belong to it.
    early = [day for day in range(first, outside[0]) if not np.isnan(watched.expected[series, day])]
    days = [*early, *outside]
    kind: Kind = "drop" if sign < 0 else "spike"
    if sign > 0 and (len(days) >= _LASTING or abs(int(watched.alarm[series, outside[0]])) == 2):
        kind = "drift"
    scores = watched.score[series, days]
    strongest = scores[np.nanargmax(np.abs(scores))] if not np.isnan(scores).all() else 0.0
    return Episode(
        series,
        days[0],
        days[-1],
        tuple(days),
        kind,
        float(watched.expected[series, days].sum()),
        float(watched.cost[series, days].sum()),
        float(np.nansum(watched.low[series, days])),
        float(np.nansum(watched.high[series, days])),
        float(strongest),
    )
