"""Hours of machines and disks become rows of metrics: buckets of a day, of the processor buckets of an hour as well.

CloudMonitor has no percentiles: those of a day are of its hours. Of a disk even the highest moment is the mean of one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from collectors.alibaba.answers import utc
from collectors.alibaba.measures import Batch, DiskBatch
from collectors.hours import DAY, HOUR, Grid, Hours, MetricRows, Window, hour_of
from finops.warehouse import Scope

_DISK_COLUMNS = {
    "disk_read_ops_per_second": "IOPSRead", "disk_write_ops_per_second": "IOPSWrite",
    "disk_read_bytes_per_second": "BPSRead", "disk_write_bytes_per_second": "BPSWrite",
}  # fmt: skip


def transform_hours(found: Hours, batch: Batch, window: Window, scope: Scope) -> pa.Table | None:
    """Rows of metrics as Arrow; None when nothing was measured."""
    rows = MetricRows(scope)
    for identity, hours in found.items():
        grid = Grid(window, hours)
        rows.add(identity, batch.measure.metric, DAY, *grid.days(percentiles=batch.measure.ratio))
        if batch.measure.hourly:
            rows.add(identity, batch.measure.metric, HOUR, *grid.hours(batch.hourly_from))
    return rows.table()


def transform_disk(found: Sequence[Mapping[str, Any]], batch: DiskBatch, scope: Scope) -> pa.Table | None:
    """Rows of metrics of one disk as Arrow; None when nothing was measured."""
    if not found:
        return None
    rows = MetricRows(scope)
    window = Window(batch.windows[0].start, batch.windows[-1].end)
    hours = [_hour(utc(one["TimeStamp"])) for one in found]
    for metric, column in _DISK_COLUMNS.items():
        told = {
            hour: (float(one[column]), float(one[column]))
            for hour, one in zip(hours, found, strict=True)
            if one.get(column) is not None
        }
        rows.add(batch.disk, metric, DAY, *Grid(window, told).days(percentiles=False))
    return rows.table()


def _hour(at: datetime | None) -> int:
    if at is None:
        raise TypeError("a point without TimeStamp")
    return hour_of(at)
