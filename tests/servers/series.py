"""Metric series: kept as put, or made when somebody asks, and always the same for the same key."""

import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
# A shape draws the values (NaN: no datapoint) of a series on a grid of instants.
Shape = Callable[[np.random.Generator, "Grid"], Floats]
KEPT = 256  # generated arrays kept; 95 days of 5 minutes are 27,360 values, 214 KiB
DAY = 86400


class Key(NamedTuple):
    """What names a metric: an exact match on all three, as in CloudWatch."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @property
    def seed(self) -> int:
        text = "|".join(
            [self.namespace, self.name, *(f"{name}={value}" for name, value in sorted(self.dimensions))]
        )
        return zlib.crc32(text.encode())


def key(namespace: str, name: str, dimensions: dict[str, str]) -> Key:
    return Key(namespace, name, frozenset(dimensions.items()))


@dataclass(frozen=True)
class Grid:
    """Equidistant instants, with the parts of the calendar that shapes need."""

    times: Whole  # epoch seconds
    step: int

    @cached_property
    def hour(self) -> Floats:
        """Hour of the day with its fraction."""
        return (self.times % DAY) / 3600

    @cached_property
    def weekday(self) -> Whole:
        """0 is Monday (1970-01-01 was a Thursday)."""
        return (self.times // DAY + 3) % 7

    @cached_property
    def day(self) -> Whole:
        """Days since 1970."""
        return self.times // DAY

    @cached_property
    def office(self) -> Floats:
        """0 at night, 1 at noon of a working day, 0.3 of it at weekends."""
        wave = np.clip(np.sin((self.hour - 7) / 12 * np.pi), 0, 1)
        return np.asarray(wave * np.where(self.weekday < 5, 1.0, 0.3), dtype=np.float64)


@lru_cache(maxsize=32)
def grid(start: int, end: int, step: int) -> Grid:
    return Grid(np.arange(start, end, step, dtype=np.int64), step)


@dataclass
class Series:
    """One metric. Either `shape` makes its values between start and end, or they were put."""

    start: int = 0
    end: int = 0
    origin: int = 0  # where the grid begins that it shares with others
    step: int = 300
    shape: Shape | None = None
    put_times: list[float] = field(default_factory=list)
    put_values: list[float] = field(default_factory=list)
    unit: str = "None"
    last: float | None = None  # instant of the last datapoint

    def add(self, times: Iterable[float], values: Iterable[float]) -> None:
        self.put_times.extend(times)
        self.put_values.extend(values)
        self.last = max(self.put_times, default=None)


@dataclass
class Store:
    """The metrics of one account and region."""

    series: dict[Key, Series] = field(default_factory=dict)


class Metrics:
    """All stores, and the few generated arrays that are kept."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.generation = 0  # grows whenever a series comes, goes or changes
        self.clear()

    def clear(self) -> None:
        self.generation += 1
        self.stores: dict[tuple[str, str], Store] = {}
        self._by_hand: set[tuple[tuple[str, str], Key]] = set()
        self._made: OrderedDict[tuple[tuple[str, str], Key], tuple[Whole, Floats]] = OrderedDict()

    def of(self, where: tuple[str, str]) -> dict[Key, Series]:
        """The series of an account and region."""
        with self._lock:
            return self.stores.setdefault(where, Store()).series

    def make(
        self,
        where: tuple[str, str],
        name: Key,
        start: int,
        end: int,
        shape: Shape,
        step: int = 300,
        unit: str = "None",
        origin: int | None = None,
    ) -> None:
        """Promise a generated series from start to end; those with one origin share the calendar's arithmetic."""
        if end > start:
            begin = start if origin is None else origin
            self.generation += 1
            self.of(where)[name] = Series(start, end, begin, step, shape, unit=unit, last=end - step)

    def put(
        self,
        where: tuple[str, str],
        name: Key,
        times: Iterable[float],
        values: Iterable[float],
        unit: str = "None",
    ) -> None:
        """Add datapoints; a generated series of the same key is replaced."""
        held = self.of(where)
        with self._lock:
            self.generation += 1
            if name not in held or held[name].shape:
                held[name] = Series(unit=unit)
            held[name].add(times, values)
            self._made.pop((where, name), None)

    def put_by_hand(
        self, where: tuple[str, str], name: Key, times: Iterable[float], values: Iterable[float]
    ) -> bool:
        """Put until `forget_by_hand`; False when the key was there before, and is changed for good."""
        new = name not in self.of(where) or (where, name) in self._by_hand
        self.put(where, name, times, values)
        if new:
            self._by_hand.add((where, name))
        return new

    def forget_by_hand(self) -> None:
        with self._lock:
            self.generation += 1
            for where, name in self._by_hand:
                del self.stores[where].series[name]
                self._made.pop((where, name), None)
            self._by_hand.clear()

    def points(self, where: tuple[str, str], name: Key) -> tuple[Whole, Floats] | None:
        """Instants and values in order of time, without gaps; None: there is no such metric."""
        series = self.of(where).get(name)
        if series is None:
            return None
        with self._lock:
            found = self._made.get((where, name))
            if found is not None:
                self._made.move_to_end((where, name))
                return found
        made = generated(name, series) if series.shape else stored(series)
        with self._lock:
            self._made[(where, name)] = made
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        return made


def generated(name: Key, series: Series) -> tuple[Whole, Floats]:
    assert series.shape is not None
    instants = grid(series.origin, series.end, series.step)
    values = np.round(series.shape(np.random.Generator(np.random.SFC64(name.seed)), instants), 4)
    first = (series.start - series.origin) // series.step
    times, values = instants.times[first:], values[first:]
    there = ~np.isnan(values)
    return (times, values) if there.all() else (times[there], values[there])


def stored(series: Series) -> tuple[Whole, Floats]:
    times = np.array(series.put_times, dtype=np.float64).astype(np.int64)
    order = np.argsort(times, kind="stable")
    return times[order], np.array(series.put_values, dtype=np.float64)[order]


METRICS = Metrics()


# How datapoints become statistics

SIMPLE = {"Average", "Sum", "Minimum", "Maximum", "SampleCount"}


def known_statistic(name: str) -> bool:
    return name in SIMPLE or percentile(name) is not None


def percentile(name: str) -> float | None:
    """pXX or pXX.X, 0 to 100."""
    try:
        value = float(name[1:]) if name[:1] == "p" and name[1:2].isdigit() else -1.0
    except ValueError:
        return None
    return value if 0 <= value <= 100 else None


def aggregate(
    times: Whole, values: Floats, start: int, end: int, period: int, statistic: str
) -> tuple[Whole, Floats]:
    """The statistic of each period that has datapoints; periods are counted from `start`, `end` is exclusive."""
    first, last = np.searchsorted(times, [start, end])
    times, values = times[first:last], values[first:last]
    if not len(times):
        return times, values
    edges = np.arange(int(times[0] - start) // period, int(times[-1] - start) // period + 1) * period + start
    begins = np.searchsorted(times, edges)
    counts = np.diff(np.append(begins, len(times)))
    full = counts > 0
    stamps, begins, counts = edges[full], begins[full], counts[full]
    return stamps, statistics_of(values, begins, counts, statistic)


def statistics_of(values: Floats, begins: Whole, counts: Whole, statistic: str) -> Floats:
    """One statistic over consecutive runs of values."""
    result: Any
    if statistic == "SampleCount":
        result = counts.astype(np.float64)
    elif statistic == "Sum":
        result = np.add.reduceat(values, begins)
    elif statistic == "Average":
        result = np.add.reduceat(values, begins) / counts
    elif statistic == "Maximum":
        result = np.maximum.reduceat(values, begins)
    elif statistic == "Minimum":
        result = np.minimum.reduceat(values, begins)
    else:
        share = percentile(statistic)
        assert share is not None
        result = percentiles(values, begins, counts, share)
    return np.asarray(result, dtype=np.float64)


def percentiles(values: Floats, begins: Whole, counts: Whole, share: float) -> Floats:
    """Percentiles by linear interpolation, as numpy's, over all runs at once."""
    even = bool((counts == counts[0]).all())
    if even:
        matrix = values.reshape(len(begins), -1).copy()
    else:
        matrix = np.full((len(begins), int(counts.max())), np.inf)
        rows = np.repeat(np.arange(len(begins)), counts)
        matrix[rows, np.arange(len(values)) - begins[rows]] = values
    ranks = (counts - 1) * (share / 100)
    low = np.floor(ranks).astype(np.int64)
    high = np.minimum(low + 1, counts - 1)
    if even:  # all runs are full: only two places of each must be in order
        matrix.partition((int(low[0]), int(high[0])), axis=1)
    else:
        matrix.sort(axis=1)
    lines = np.arange(len(begins))
    below, above = matrix[lines, low], matrix[lines, high]
    return np.asarray(below + (above - below) * (ranks - low), dtype=np.float64)
