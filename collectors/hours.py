"""Hours of what is measured become rows of metrics: buckets of a day, and of an hour where they are wanted.

Of a day the mean of its hours, the highest moment of any of them, and for ratios the 95th percentile of its hourly
means, for clouds that have no percentiles of their own. Windows begin and end at midnight, so that no day is made of
half its hours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from finops.warehouse import Scope

DAY, HOUR = 86_400, 3_600
HOURLY_DAYS = 14  # for which buckets of an hour are wanted
_KEPT_DAYS = 96  # longer than any cloud is asked for
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC throughout
_ONE_HOUR = timedelta(hours=1)
# Per resource: hour since 1970 → (mean, highest); the highest is NaN where none is told.
Hours = dict[str, dict[int, tuple[float, float]]]
# (resource, metric, bucket_seconds) → the newest bucket that is stored
Newest = Mapping[tuple[str, str, int], datetime]


@dataclass(frozen=True, slots=True)
class Window:
    """From an instant on, up to and without another."""

    start: datetime
    end: datetime

    @property
    def hours(self) -> int:
        return max(1, -(-int((self.end - self.start).total_seconds()) // HOUR))


def midnight(at: datetime) -> datetime:
    """The beginning of a day."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def first_hour(at: datetime, days: int) -> datetime:
    """The first hour that is asked for: not quite `days` ago, because what is that old is refused."""
    begin = at - timedelta(days=days) + _ONE_HOUR * 1.5
    return begin.replace(minute=0, second=0, microsecond=0)


def windows(start: datetime, at: datetime, length: timedelta, longest: timedelta) -> list[Window]:
    """Windows of whole days of a length, the oldest first; all but the oldest begin at midnight.

    The oldest and the newest may be longer than that, up to what one question may span.
    """
    found: list[Window] = []
    end = at
    while end - start > longest:
        begin = midnight(end) - length
        found.append(Window(begin, end))
        end = begin
    return [Window(start, end), *reversed(found)]


def keep_from(at: datetime) -> dict[int, datetime]:
    """From when on stored buckets are kept, by their length."""
    return {DAY: at - timedelta(days=_KEPT_DAYS), HOUR: at - timedelta(days=HOURLY_DAYS + 1)}


def hour_of(at: datetime) -> int:
    """The hour since 1970 that an instant is in."""
    return int((at - EPOCH).total_seconds()) // HOUR


class Grid:
    """Hours of one series in whole days, NaN where there is none."""

    def __init__(self, window: Window, hours: Mapping[int, tuple[float, float]]) -> None:
        self.first = midnight(window.start)
        begin = hour_of(self.first)
        days = -(-int((window.end - self.first).total_seconds()) // DAY)
        self.mean = np.full(days * 24, np.nan)
        self.top = np.full(days * 24, np.nan)
        if not hours:
            return
        places = np.fromiter(hours, dtype=np.int64, count=len(hours)) - begin
        values = np.array(list(hours.values()), dtype=float)
        end = min(days * 24, -(-int((window.end - EPOCH).total_seconds()) // HOUR) - begin)
        inside = (places >= 0) & (places < end)
        self.mean[places[inside]], self.top[places[inside]] = values[inside, 0], values[inside, 1]

    @classmethod
    def of(cls, window: Window, mean: np.ndarray, top: np.ndarray) -> "Grid":
        """From arrays of the hours of a window that begins on the hour, NaN where there is none."""
        grid = cls(window, {})
        begin = hour_of(window.start) - hour_of(grid.first)
        grid.mean[begin : begin + len(mean)] = mean
        grid.top[begin : begin + len(top)] = top
        return grid

    def days(self, *, percentiles: bool) -> tuple[np.ndarray, ...]:
        """Starts, mean, p95, highest and hours of each day that has any."""
        mean, top = self.mean.reshape(-1, 24), self.top.reshape(-1, 24)
        counted = (~np.isnan(mean)).sum(axis=1)
        has, topped = counted > 0, ~np.isnan(top).all(axis=1)
        highest = np.full(len(mean), np.nan)
        if topped.any():
            highest[topped] = np.nanmax(top[topped], axis=1)
        average = np.nansum(mean[has], axis=1) / counted[has]
        p95 = _p95(mean[has], counted[has]) if percentiles else np.full(len(average), np.nan)
        return self._starts(DAY)[has], average, p95, highest[has], counted[has].astype(float)

    def hours(self, since: datetime) -> tuple[np.ndarray, ...]:
        """Starts, mean, no p95, highest and no samples of each hour from an instant on."""
        starts = self._starts(HOUR)
        has = ~np.isnan(self.mean) & (starts >= np.datetime64(since, "us"))
        none = np.full(int(has.sum()), np.nan)
        return starts[has], self.mean[has], none, self.top[has], none

    def _starts(self, seconds: int) -> np.ndarray:
        count = len(self.mean) * HOUR // seconds
        return np.datetime64(self.first, "us") + np.arange(count) * np.timedelta64(seconds, "s")


def _p95(hours: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """The 95th percentile of each row, between its two nearest values, of the hours that are there.

    As numpy.nanpercentile, which takes a row at a time and a hundred times as long.
    """
    ordered, rows = np.sort(hours, axis=1), np.arange(len(hours))  # NaN comes last
    place = 0.95 * (counted - 1)
    below = np.floor(place).astype(int)
    above = np.ceil(place).astype(int)
    low, high = ordered[rows, below], ordered[rows, above]
    result: np.ndarray = low + (high - low) * (place - below)
    return result


class MetricRows:
    """Rows of metrics on their way into one Arrow table."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._names: list[tuple[str, str, int, int]] = []
        self._parts: list[tuple[np.ndarray, ...]] = []

    def add(self, identity: str, metric: str, seconds: int, *columns: np.ndarray) -> None:
        """Buckets of one length of a resource: starts, mean, p95, highest and samples, as a Grid tells them."""
        if len(columns[0]):
            self._names.append((identity, metric, seconds, len(columns[0])))
            self._parts.append(columns)

    def table(self) -> pa.Table | None:
        """All of them as Arrow; None when there is none."""
        if not self._parts:
            return None
        starts, *stats = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        return metric_table(
            self._scope,
            pa.array(list(self._repeated(0))).dictionary_encode(),
            pa.array(list(self._repeated(1))).dictionary_encode(),
            starts,
            pa.array(list(self._repeated(2)), type=pa.int32()),
            stats,
        )

    def _repeated(self, column: int) -> Iterator[Any]:
        for names in self._names:
            yield from [names[column]] * names[3]


def metric_table(
    scope: Scope,
    resources: pa.Array,
    metrics: pa.Array,
    starts: np.ndarray,
    seconds: pa.Array,
    stats: Sequence[np.ndarray],
) -> pa.Table:
    """Rows of `metrics` as Arrow; `stats` are avg, p95, max and samples, NaN where there is none."""
    avg, p95, top, samples = stats
    place = (("cloud", scope.cloud), ("account_id", scope.account_id), ("region", scope.region))
    return pa.table(
        {
            **{
                name: pa.DictionaryArray.from_arrays(np.zeros(len(starts), dtype=np.int32), [value])
                for name, value in place
            },
            "resource_id": resources,
            "metric": metrics,
            "bucket_start": pa.array(starts),
            "bucket_seconds": seconds,
            "avg": pa.array(avg, from_pandas=True),
            "p95": pa.array(p95, from_pandas=True),
            "max": pa.array(top, from_pandas=True),
            "samples": pa.array(samples, from_pandas=True).cast(pa.int64(), safe=False),
        }
    )
