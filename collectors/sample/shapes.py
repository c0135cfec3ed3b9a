"""How the sample's machines and volumes behave: a day number in, the day's mean, 95th percentile and maximum out.

Each shape is a trap that a naive rule falls into, or the plain case it must find.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple
from zlib import crc32

DAYS = 95


class Day(NamedTuple):
    """One daily bucket."""

    avg: float
    p95: float
    max: float


Shape = Callable[[datetime, Random], Day | None]


def level(avg: float, peak: float, p95: float | None = None) -> Shape:
    def shape(_: datetime, noise: Random) -> Day:
        swing = 0.9 + 0.2 * noise.random()
        high = min(1.0, peak * swing) if peak <= 1 else peak * swing
        middle = (p95 if p95 is not None else (avg + peak) / 2) * swing
        return Day(avg * swing, min(middle, high), high)

    return shape


def steady(value: float) -> Shape:
    """The same every day, to the last digit."""
    return lambda _day, _noise: Day(value, value, value)


def _office(avg: float, peak: float) -> Shape:
    busy, quiet = level(avg, peak), level(avg / 3, peak / 3)

    def shape(day: datetime, noise: Random) -> Day | None:
        return busy(day, noise) if day.weekday() < 5 else quiet(day, noise)

    return shape


def _on_days(usual: Shape, special: Shape, when: Callable[[datetime], bool]) -> Shape:
    def shape(day: datetime, noise: Random) -> Day | None:
        return special(day, noise) if when(day) else usual(day, noise)

    return shape


def _gappy(usual: Shape) -> Shape:
    def shape(day: datetime, noise: Random) -> Day | None:
        return usual(day, noise) if day.toordinal() % 10 == 0 else None

    return shape


def _month_end(day: datetime) -> bool:
    return (day + timedelta(days=1)).day == 1


def _quarter_end(day: datetime) -> bool:
    return _month_end(day) and day.month % 3 == 0


def _weekend(day: datetime) -> bool:
    return day.weekday() >= 5


_QUIET = level(0.006, 0.03)
CPU: dict[str, Shape] = {
    "busy": _office(0.45, 0.92),
    "steady": level(0.55, 0.85),
    "idle": _QUIET,
    "oversized": _office(0.10, 0.17),
    "daily_spike": level(0.014, 0.95, p95=0.02),  # fifteen minutes a day: invisible to every percentile
    "month_end": _on_days(_QUIET, level(0.6, 0.97), _month_end),
    "quarter_end": _on_days(_QUIET, level(0.7, 0.98), _quarter_end),
    "memory_bound": level(0.03, 0.12),
    "memory_unknown": level(0.05, 0.14),
    "gpu": level(0.02, 0.04),
    "light": level(0.04, 0.11),
    "desk": _on_days(level(0.30, 0.80), _QUIET, _weekend),
    "gaps": _gappy(_QUIET),
}
MEMORY: dict[str, Shape] = {
    "busy": level(0.6, 0.75),
    "steady": level(0.6, 0.72),
    "idle": level(0.11, 0.14),
    "oversized": level(0.15, 0.19),
    "daily_spike": level(0.2, 0.3),
    "month_end": level(0.2, 0.3),
    "quarter_end": level(0.2, 0.3),
    "memory_bound": level(0.80, 0.87),
    "gpu": level(0.3, 0.4),
    "light": level(0.35, 0.4),
    "desk": level(0.6, 0.75),
}
GPU: dict[str, Shape] = {"gpu": level(0.7, 0.98)}
# Bytes per second, each way.
NETWORK: dict[str, Shape] = {
    "idle": level(180.0, 900.0),
    "gaps": level(180.0, 900.0),
    "month_end": _on_days(level(300.0, 1500.0), level(4e6, 2e7), _month_end),
    "quarter_end": _on_days(level(300.0, 1500.0), level(4e6, 2e7), _quarter_end),
}
NETWORK["desk"] = _on_days(level(3e5, 4e6), level(180.0, 900.0), _weekend)
NETWORK_OTHERWISE = _office(3e5, 4e6)
# Operations per second, each way.
OPS: dict[str, Shape] = {
    "busy": _office(40.0, 420.0),
    "idle": level(0.0004, 0.05),
    "low": level(0.12, 4.0),
    "weekly_backup": _on_days(level(0.0005, 0.05), level(160.0, 900.0), lambda day: day.weekday() == 6),
    "daily_peak": level(2.2, 350.0),
    "modest": level(20.0, 180.0),
}


def working_hours(day: datetime, noise: Random) -> list[Day]:
    """The hours of one day of a machine that people use from eight to six, UTC, from Monday to Friday."""
    return [
        Day(swing * 0.6, swing * 0.75, swing * 0.8)
        if day.weekday() < 5 and 8 <= hour < 18
        else Day(swing * 0.008, swing * 0.015, swing * 0.02)
        for hour in range(24)
        for swing in (0.9 + 0.2 * noise.random(),)
    ]


def series(shape: Shape, key: str, end: datetime, days: int = DAYS) -> list[tuple[datetime, Day]]:
    """The daily buckets of the last `days` days before `end`; the same for the same key."""
    noise = Random(crc32(key.encode()))  # noqa: S311 - an example, not a secret
    first = end - timedelta(days=days)
    found = ((first + timedelta(days=i), shape(first + timedelta(days=i), noise)) for i in range(days))
    return [(day, value) for day, value in found if value is not None]
