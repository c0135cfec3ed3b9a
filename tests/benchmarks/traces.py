"""Made-up machines whose future is known: five minutes by five minutes over 95 days, and 30 days on.

A trace is a share of what the machine has now. Whatever happens on a day or at a month's end goes on happening in the
30 days that nobody has seen yet, with other heights and other noise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

DAYS, FUTURE, POINTS = 95, 30, 288  # of history, of what comes, five-minute points of a day
Floats = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Trace:
    """What one machine needs, as shares of its present size: the past first, then the 30 days to come."""

    kind: str
    cpu: Floats
    memory: Floats

    def past(self, days: int = DAYS) -> Floats:
        """The processor over the last days that were measured."""
        return self.cpu[(DAYS - days) * POINTS : DAYS * POINTS]

    def future(self) -> Floats:
        return self.cpu[DAYS * POINTS :]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Of every point: its hour, its weekday (0 is Monday), the days to the month's last day, the day's number."""

    hour: Floats
    weekday: NDArray[np.int64]
    to_month_end: NDArray[np.int64]
    day: NDArray[np.int64]


def calendar(as_of: datetime) -> Calendar:
    """Of the 95 days before an instant and the 30 after it."""
    days = [as_of + timedelta(days=number - DAYS) for number in range(DAYS + FUTURE)]
    ends = [((day.replace(day=1) + timedelta(days=32)).replace(day=1) - day).days - 1 for day in days]

    def spread(values: list[int]) -> NDArray[np.int64]:
        return np.repeat(np.array(values, dtype=np.int64), POINTS)

    hours = np.tile(np.arange(POINTS) / POINTS * 24, len(days))
    weekdays = spread([day.weekday() for day in days])
    return Calendar(hours, weekdays, spread(ends), spread(list(range(len(days)))))


def make(kind: str, rng: Rng, when: Calendar) -> Trace:
    """A machine of a kind."""
    cpu = np.clip(KINDS[kind](rng, when), 0.001, None)
    low, high = (0.25, 0.95) if kind == "memory-bound" else (0.08, 0.5)
    level = rng.uniform(low, high)
    drift = rng.uniform(0, 0.004) if kind == "memory-bound" and rng.random() < 0.3 else 0.0
    memory = level * (1 + 0.04 * _waves(rng, when) + drift * (when.day - DAYS)) + rng.normal(
        0, 0.004, len(cpu)
    )
    return Trace(kind, cpu, np.clip(memory, 0.01, 1.0))


def _waves(rng: Rng, when: Calendar) -> Floats:
    """-1 to 1 over each day, the top at some hour of its own."""
    wave: Floats = np.sin((when.hour - rng.uniform(0, 24)) / 24 * 2 * np.pi)
    return wave


def _noise(rng: Rng, count: int, strength: float) -> Floats:
    """Around 1, and a point like the one before it."""
    steps = rng.normal(0, strength, count)
    kernel = np.exp(-np.arange(24) / 6)
    smooth: Floats = 1 + np.convolve(steps, kernel / np.sqrt((kernel**2).sum()), mode="same")
    return smooth


def _steady(rng: Rng, when: Calendar) -> Floats:
    level, swing = rng.uniform(0.03, 0.7), rng.uniform(0.05, 0.3)
    return level * (1 + swing * _waves(rng, when)) * _noise(rng, len(when.hour), rng.uniform(0.02, 0.08))


def _base(rng: Rng, when: Calendar) -> Floats:
    """What a machine does that mostly waits."""
    return rng.uniform(0.01, 0.08) * (1 + 0.2 * _waves(rng, when)) * _noise(rng, len(when.hour), 0.1)


def _events(rng: Rng, when: Calendar, on: NDArray[np.bool_], height: float) -> Floats:
    """A height on some points, different by a tenth from day to day."""
    heights = height * np.clip(rng.normal(1, 0.05, DAYS + FUTURE), 0.8, 1.15)
    top: Floats = np.where(on, heights[when.day] * _noise(rng, len(on), 0.03), 0.0)
    return top


def _daily_spike(rng: Rng, when: Calendar) -> Floats:
    begin, length = rng.uniform(0, 23), rng.choice([0.25, 0.5, 0.75, 1.0])
    on = (when.hour >= begin) & (when.hour < begin + length)
    return np.maximum(_base(rng, when), _events(rng, when, on, rng.uniform(0.08, 0.9)))


def _weekly(rng: Rng, when: Calendar) -> Floats:
    begin, length = rng.uniform(0, 20), rng.uniform(0.5, 4)
    on = (when.weekday == rng.integers(7)) & (when.hour >= begin) & (when.hour < begin + length)
    return np.maximum(_base(rng, when), _events(rng, when, on, rng.uniform(0.08, 0.9)))


def _month_end(rng: Rng, when: Calendar) -> Floats:
    begin, length = rng.uniform(0, 14), rng.uniform(2, 10)
    on = (when.to_month_end < rng.integers(1, 3)) & (when.hour >= begin) & (when.hour < begin + length)
    return np.maximum(_base(rng, when), _events(rng, when, on, rng.uniform(0.08, 0.9)))


def _growth(rng: Rng, when: Calendar) -> Floats:
    """From its present level on it grows by a tenth to a half in a month, in equal steps or ever faster."""
    level, monthly, swing = rng.uniform(0.05, 0.6), rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.4)
    months = (when.day - DAYS) / 30
    rise = (1 + monthly) ** months if rng.random() < 0.5 else np.clip(1 + monthly * months, 0.1, None)
    office = np.where(when.weekday < 5, 1.0, rng.uniform(0.4, 1.0))
    return level * rise * office * (1 + swing * _waves(rng, when)) * _noise(rng, len(when.hour), 0.05)


def _memory_bound(rng: Rng, when: Calendar) -> Floats:
    return _base(rng, when)


def _bursty(rng: Rng, when: Calendar) -> Floats:
    """Bursts of 5 to 60 minutes at any time, a few of them much higher than most."""
    cpu = _base(rng, when)
    rate, usual = rng.uniform(0.3, 6), rng.uniform(0.05, 0.45)
    for begin in np.flatnonzero(rng.random(len(cpu)) < rate / POINTS):
        end = begin + int(rng.integers(1, 13))
        cpu[begin:end] = np.maximum(cpu[begin:end], min(0.97, usual * (0.6 + rng.gamma(2.0, 0.2))))
    return cpu


KINDS: dict[str, Callable[[Rng, Calendar], Floats]] = {
    "steady": _steady,
    "daily spike": _daily_spike,
    "weekly": _weekly,
    "month-end": _month_end,
    "growth": _growth,
    "memory-bound": _memory_bound,
    "bursty": _bursty,
}
