"""CloudMonitor and ECS by the hour: full pages, buckets of a day over 91 days, of an hour for the processor over 14.

measures.py says what to ask. Here it is asked, and the hours become rows: of a day the mean of its hours, the highest
moment of any of them, and for ratios the 95th percentile of its hourly means, since CloudMonitor has no percentiles.
Of a disk even the highest moment is the mean of an hour. An hour begins at its time stamp.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from collectors.alibaba.answers import unwrapped
from collectors.alibaba.client import Api, Client
from collectors.alibaba.inventory import utc
from collectors.alibaba.measures import (
    CPU,
    DAY,
    DAYS,
    DISK_DAYS,
    HOUR,
    HOURLY_DAYS,
    MACHINES,
    POINTS,
    Assets,
    Batch,
    DiskBatch,
    Measure,
    Newest,
    Series,
    Window,
    first_hour,
    midnight,
    plan,
    windows,
)  # fmt: skip
from collectors.alibaba.products import Paging
from collectors.calls import CallError
from finops.warehouse import Scope

DESCRIBE_METRIC_LIST = Api(
    "cms", "DescribeMetricList", "cms:DescribeMetricList", paging=Paging("Length", "NextToken", "NextToken"),
    page=POINTS,
    probe={"Namespace": "acs_ecs_dashboard", "MetricName": "CPUUtilization", "Period": "3600", "Length": "1"},
)  # fmt: skip
DISK_DATA = Api(
    "ecs", "DescribeDiskMonitorData", "ecs:DescribeDiskMonitorData", items="MonitorData.DiskMonitorData",
    probe={
        "DiskId": "d-finops-doctor", "Period": HOUR, "StartTime": "{yesterday}T00:00:00Z",
        "EndTime": "{yesterday}T01:00:00Z",
    },
)  # fmt: skip

NAMESPACE = "acs_ecs_dashboard"
_DISK_COLUMNS = {
    "disk_read_ops_per_second": "IOPSRead", "disk_write_ops_per_second": "IOPSWrite",
    "disk_read_bytes_per_second": "BPSRead", "disk_write_bytes_per_second": "BPSWrite",
}  # fmt: skip
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC throughout
_NO_SUCH_METRIC = ("ResourceNotFound", "404")
# Per resource: hour since 1970 → (mean, highest); the highest is NaN where none is told.
Hours = dict[str, dict[int, tuple[float, float]]]


class Refusals:
    """Calls that were denied in a region: asking again for the next machine or disk would be in vain."""

    def __init__(self) -> None:
        self._errors: dict[str, CallError] = {}

    def check(self, api: Api) -> None:
        """Raises what the call was denied with before."""
        if error := self._errors.get(api.action):
            raise error

    def note(self, api: Api, error: CallError) -> None:
        """Remembers an error that is final for the region."""
        if error.status == "denied" or error.code.startswith(("LimitExceeded", "402")):
            self._errors[api.action] = error


# --- ask --------------------------------------------------------------------------------------------------


def get_hours(client: Client, batch: Batch, refusals: Refusals) -> Hours:
    """Hours of one of our metrics, by machine: the sum of its series, or of GPUs the busiest."""
    total: Hours = {}
    for series in batch.measure.series:
        machines = [one for one in batch.machines if not series.public or one in batch.public]
        if machines:
            found = _series(client, batch.measure, series, machines, batch.window, refusals)
            _combine(total, found, primary=not series.public)
    return total


def _combine(total: Hours, found: Hours, *, primary: bool) -> None:
    """Adds what a machine moved through its public address, which it may not have had all the time."""
    for identity, hours in found.items():
        if primary:
            total[identity] = hours
            continue
        mine = total.get(identity, {})
        for hour, (mean, top) in hours.items():
            if hour in mine:
                mine[hour] = (mine[hour][0] + mean, mine[hour][1] + top)


def _series(
    client: Client,
    measure: Measure,
    series: Series,
    machines: Sequence[str],
    window: Window,
    refusals: Refusals,
) -> Hours:
    refusals.check(DESCRIBE_METRIC_LIST)
    found: Hours = {}
    try:
        for page in client.pages(DESCRIBE_METRIC_LIST, **question(series.name, machines, window)):
            for point in points(page):
                _add(found, point, measure, series.scale)
    except CallError as error:
        if measure.agent and error.code.startswith(_NO_SUCH_METRIC):
            return {}  # nobody has an agent that reports it
        refusals.note(DESCRIBE_METRIC_LIST, error)
        raise
    return found


def question(name: str, machines: Sequence[str], window: Window) -> dict[str, Any]:
    """Parameters of one question. CloudMonitor leaves out the first instant and includes the last."""
    return {
        "Namespace": NAMESPACE,
        "MetricName": name,
        "Period": str(HOUR),
        "StartTime": str(_milliseconds(window.start) - 1),
        "EndTime": str(_milliseconds(window.end) - 1),
        "Dimensions": json.dumps([{"instanceId": one} for one in machines], separators=(",", ":")),
    }


def points(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Points of a page, which are JSON text inside the JSON. Raises KeyError or TypeError for what is none."""
    text = page["Datapoints"]
    found = json.loads(text) if text else []
    if not isinstance(found, list):
        raise TypeError("Datapoints is no list")
    return found


def _add(found: Hours, point: Mapping[str, Any], measure: Measure, scale: float) -> None:
    hours = found.setdefault(str(point["instanceId"]), {})
    hour = int(point["timestamp"]) // (HOUR * 1000)
    mean, top = point.get("Average"), point.get("Maximum")
    if mean is None:
        return
    new = (float(mean) * scale, float(top) * scale if top is not None else np.nan)
    old = hours.get(hour)
    if old is None:
        hours[hour] = new
    elif measure.ratio:  # several GPUs
        hours[hour] = (max(old[0], new[0]), np.fmax(old[1], new[1]))
    else:  # several addresses
        hours[hour] = (old[0] + new[0], old[1] + new[1])


def _milliseconds(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp() * 1000)


def get_disk(client: Client, batch: DiskBatch, refusals: Refusals) -> list[dict[str, Any]]:
    """What ECS measured of one disk, by the hour. One that is gone by now has nothing."""
    found: list[dict[str, Any]] = []
    for window in batch.windows:
        refusals.check(DISK_DATA)
        try:
            found += _disk_window(client, batch.disk, window)
        except CallError as error:
            if "DiskId.NotFound" in error.code:
                return []
            refusals.note(DISK_DATA, error)
            raise
    return found


def _disk_window(client: Client, disk: str, window: Window) -> list[dict[str, Any]]:
    start = window.start
    for begin in (start, first_hour(datetime.now(UTC).replace(tzinfo=None), DISK_DAYS)):
        if begin >= window.end:
            return []  # ECS has forgotten all of it
        try:
            page = client.get(
                DISK_DATA,
                DiskId=disk,
                Period=HOUR,
                StartTime=f"{max(begin, start):%Y-%m-%dT%H:%M:%SZ}",
                EndTime=f"{window.end:%Y-%m-%dT%H:%M:%SZ}",
            )
        except CallError as error:
            # Days are counted back from now, which is not the instant that is asked about.
            if "TooEarly" not in error.code or begin > start:
                raise
        else:
            return unwrapped(page, DISK_DATA.items)
    return []


def get_off_since(
    client: Client, machines: Sequence[str], started: Mapping[str, datetime | None], at: datetime
) -> dict[str, datetime]:
    """Since when machines are off, which ECS does not tell: CloudMonitor has no hour of a machine that is off.

    One that has no hour at all has been off for as long as hours are kept, unless it was started in that time.
    """
    oldest = first_hour(at, DAYS)
    last: dict[str, datetime] = {}
    for window in reversed(windows(oldest, at)):
        missing = [one for one in machines if one not in last]
        for place in range(0, len(missing), MACHINES):
            some = missing[place : place + MACHINES]
            for page in client.pages(DESCRIBE_METRIC_LIST, **question(CPU.series[0].name, some, window)):
                for point in points(page):
                    identity = str(point["instanceId"])
                    end = _EPOCH + timedelta(milliseconds=int(point["timestamp"]), hours=1)
                    last[identity] = max(min(end, at), last.get(identity, oldest))
    return {one: last.get(one) or max(oldest, started.get(one) or oldest) for one in machines}


# --- rows -------------------------------------------------------------------------------------------------


def transform_hours(found: Hours, batch: Batch, scope: Scope) -> pa.Table | None:
    """Rows of metrics as Arrow; None when nothing was measured."""
    rows = _Rows(scope)
    for identity, hours in found.items():
        grid = _Grid(batch.window, hours)
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


def keep_from(at: datetime) -> dict[int, datetime]:
    """From when on stored buckets are kept, by their length: longer than CloudMonitor keeps them."""
    return {DAY: at - timedelta(days=96), HOUR: at - timedelta(days=HOURLY_DAYS + 1)}


__all__ = [
    "DAY", "DAYS", "DESCRIBE_METRIC_LIST", "DISK_DATA", "HOUR", "HOURLY_DAYS", "Assets", "Batch", "DiskBatch", "Hours",
    "Newest", "Refusals", "get_disk", "get_hours", "get_off_since", "keep_from", "plan", "transform_disk",
    "transform_hours",
]  # fmt: skip
