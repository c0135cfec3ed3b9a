"""Hours of machines and disks become rows of metrics: buckets of a day, of the processor buckets of an hour as well.

Of a day the mean of its hours, the highest moment of any of them, and for ratios the 95th percentile of its hourly
means, since CloudMonitor has no percentiles. Of a disk even the highest moment is the mean of an hour.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from collectors.alibaba.inventory import utc
from collectors.alibaba.measures import DAY, HOUR, Batch, DiskBatch, Window, midnight
from finops.warehouse import Scope

_DISK_COLUMNS = {
    "disk_read_ops_per_second": "IOPSRead", "disk_write_ops_per_second": "IOPSWrite",
    "disk_read_bytes_per_second": "BPSRead", "disk_write_bytes_per_second": "BPSWrite",
}  # fmt: skip
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC throughout
# Per resource: hour since 1970 → (mean, highest); the highest is NaN where none is told.
Hours = dict[str, dict[int, tuple[float, float]]]


def transform_hours(found: Hours, batch: Batch, window: Window, scope: Scope) -> pa.Table | None:
    """Rows of metrics as Arrow; None when nothing was measured."""
    rows = _Rows(scope)
    for identity, hours in found.items():
        grid = _Grid(window, hours)
        rows.add(identity, batch.measure.metric, DAY, *grid.days(percentiles=batch.measure.ratio))
        if batch.measure.hourly:
            rows.add(identity, batch.measure.metric, HOUR, *grid.hours(batch.hourly_from))
    return rows.table()


def transform_disk(found: Sequence[Mapping[str, Any]], batch: DiskBatch, scope: Scope) -> pa.Table | None:
    """Rows of metrics of one disk as Arrow; None when nothing was measured."""
    if not found:
        return None
    rows = _Rows(scope)
    window = Window(batch.windows[0].start, batch.windows[-1].end)
    hours = [_hour(utc(one["TimeStamp"])) for one in found]
    for metric, column in _DISK_COLUMNS.items():
        told = {
            hour: (float(one[column]), float(one[column]))
            for hour, one in zip(hours, found, strict=True)
            if one.get(column) is not None
        }
        rows.add(batch.disk, metric, DAY, *_Grid(window, told).days(percentiles=False))
    return rows.table()


def _hour(at: datetime | None) -> int:
    if at is None:
        raise TypeError("a point without TimeStamp")
    return int((at - _EPOCH).total_seconds()) // HOUR


class _Grid:
    """Hours of one series in whole days, NaN where there is none."""

    def __init__(self, window: Window, hours: Mapping[int, tuple[float, float]]) -> None:
        self.first = midnight(window.start)
        begin = _hour(self.first)
        days = -(-int((window.end - self.first).total_seconds()) // DAY)
        self.mean = np.full(days * 24, np.nan)
        self.top = np.full(days * 24, np.nan)
        if not hours:
            return
        places = np.fromiter(hours, dtype=np.int64, count=len(hours)) - begin
        values = np.array(list(hours.values()), dtype=float)
        end = min(days * 24, -(-_seconds(window.end) // HOUR) - begin)
        inside = (places >= 0) & (places < end)
        self.mean[places[inside]], self.top[places[inside]] = values[inside, 0], values[inside, 1]

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


def _seconds(at: datetime) -> int:
    return int((at - _EPOCH).total_seconds())


class _Rows:
    """Rows of metrics on their way into one Arrow table."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._names: list[tuple[str, str, int, int]] = []
        self._parts: list[tuple[np.ndarray, ...]] = []

    def add(self, identity: str, metric: str, seconds: int, *columns: np.ndarray) -> None:
        if len(columns[0]):
            self._names.append((identity, metric, seconds, len(columns[0])))
            self._parts.append(columns)

    def table(self) -> pa.Table | None:
        if not self._parts:
            return None
        starts, avg, p95, top, samples = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        rows, scope = len(starts), self._scope
        return pa.table(
            {
                **{
                    name: pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), [value])
                    for name, value in (
                        ("cloud", scope.cloud), ("account_id", scope.account_id), ("region", scope.region),
                    )
                },
                "resource_id": pa.array(list(self._repeated(0))).dictionary_encode(),
                "metric": pa.array(list(self._repeated(1))).dictionary_encode(),
                "bucket_start": pa.array(starts),
                "bucket_seconds": pa.array(list(self._repeated(2)), type=pa.int32()),
                "avg": pa.array(avg, from_pandas=True),
                "p95": pa.array(p95, from_pandas=True),
                "max": pa.array(top, from_pandas=True),
                "samples": pa.array(samples, from_pandas=True).cast(pa.int64(), safe=False),
            }
        )  # fmt: skip

    def _repeated(self, column: int) -> Iterator[Any]:
        for names in self._names:
            yield from [names[column]] * names[3]
