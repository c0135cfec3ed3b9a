"""CloudMonitor and ECS by the hour: full pages, buckets of a day over 91 days, of an hour for the processor over 14.

measures.py says what to ask, here it is asked, and buckets.py makes rows of the hours. An hour begins at its stamp.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from collectors.alibaba.answers import unwrapped
from collectors.alibaba.api import Api
from collectors.alibaba.buckets import transform_disk, transform_hours
from collectors.alibaba.client import Client
from collectors.alibaba.groups import DESCRIBE_ACTIVITIES, GroupBatch, measured_sizes, sizes_wanted
from collectors.alibaba.measures import (
    CPU,
    DAYS,
    DISK_DAYS,
    MACHINES,
    Assets,
    Batch,
    DiskBatch,
    Measure,
    Series,
    windows,
)
from collectors.alibaba.measures import plan as monitored
from collectors.alibaba.monitoring import DESCRIBE_METRIC_LIST, NO_SUCH_METRIC, Refusals, listed, question
from collectors.alibaba.nodes import NodeBatch, measured_nodes, nodes_wanted
from collectors.calls import CallError
from collectors.hours import EPOCH, HOUR, Hours, Newest, Window, first_hour
from finops.warehouse import Scope

DISK_DATA = Api(
    "ecs", "DescribeDiskMonitorData", "ecs:DescribeDiskMonitorData", items="MonitorData.DiskMonitorData",
    probe={
        "DiskId": "d-finops-doctor", "Period": HOUR, "StartTime": "{yesterday}T00:00:00Z",
        "EndTime": "{yesterday}T01:00:00Z",
    },
)  # fmt: skip

_NO_LONGER_THERE = ("DiskId.NotFound", "IncorrectDiskStatus")  # deleted or detached since it was listed
# A machine, and which of its addresses or GPUs.
_Part = tuple[str, tuple[tuple[str, str], ...]]
_USUAL = {"timestamp", "userId", "instanceId", "Minimum", "Average", "Maximum", "Value", "Sum"}


Question = Batch | DiskBatch | GroupBatch | NodeBatch


def plan(
    assets: Assets, newest: Newest, at: datetime, days: int = DAYS, *, whole: datetime | None = None
) -> list[Question]:
    """The questions to ask: those of CloudMonitor and of single disks, of nodes of clusters, of sizes of groups."""
    return [
        *monitored(assets, newest, at, days, whole=whole),
        *nodes_wanted(assets.clusters, assets.instances, newest, at, days, whole),
        *sizes_wanted(assets.groups, at, days),
    ]


# --- ask --------------------------------------------------------------------------------------------------


def get_hours(client: Client, batch: Batch, window: Window, refusals: Refusals) -> Hours:
    """Hours of one of our metrics in a window, by machine: the sum of its series, or of GPUs the busiest."""
    total: Hours = {}
    for series in batch.measure.series:
        machines = [one for one in batch.machines if not series.public or one in batch.public]
        if machines:
            found = _series(client, batch.measure, series, machines, window, refusals)
            _combine(total, found, series)
    return total


def _combine(total: Hours, found: Hours, series: Series) -> None:
    """Adds one series to those before it. What a machine moved through its public address, which it may not have had
    all the time, counts only where the rest was measured."""
    for identity, hours in found.items():
        mine = total.get(identity)
        if mine is None:
            total[identity] = {} if series.public else hours
            continue
        for hour, (mean, top) in hours.items():
            if hour in mine:
                mine[hour] = (mine[hour][0] + mean, mine[hour][1] + top)
            elif not series.public:
                mine[hour] = (mean, top)


def _series(
    client: Client,
    measure: Measure,
    series: Series,
    machines: Sequence[str],
    window: Window,
    refusals: Refusals,
) -> Hours:
    refusals.check(DESCRIBE_METRIC_LIST)
    parts: dict[_Part, dict[int, tuple[float, float]]] = {}
    try:
        for point in listed(client, measure, series.name, machines, window):
            _add(parts, point, measure.dimension, series.scale)
    except CallError as error:
        if measure.agent and error.code.startswith(NO_SUCH_METRIC):
            return {}  # nobody has an agent that reports it
        refusals.note(DESCRIBE_METRIC_LIST, error)
        raise
    return _joined(parts, ratio=measure.ratio)


def _add(
    parts: "dict[_Part, dict[int, tuple[float, float]]]",
    point: Mapping[str, Any],
    dimension: str,
    scale: float,
) -> None:
    """One point; one that two pages tell is one. Some metrics have a value and nothing else."""
    part = str(point[dimension]), _more_dimensions(point, dimension)
    mean, top = point.get("Average", point.get("Value")), point.get("Maximum")
    if mean is not None:
        highest = float(top) * scale if top is not None else np.nan
        parts.setdefault(part, {})[int(point["timestamp"]) // (HOUR * 1000)] = (float(mean) * scale, highest)


def _more_dimensions(point: Mapping[str, Any], dimension: str) -> tuple[tuple[str, str], ...]:
    """Which address, GPU or node of the resource a point is about."""
    more = point.keys() - _USUAL - {dimension}
    return tuple((name, str(point[name])) for name in sorted(more)) if more else ()


def _joined(parts: "Mapping[_Part, dict[int, tuple[float, float]]]", *, ratio: bool) -> Hours:
    """Machines with several addresses, whose traffic adds up, or several GPUs, of which the busiest counts."""
    found: Hours = {}
    for (identity, _), hours in parts.items():
        mine = found.setdefault(identity, hours)
        if mine is hours:
            continue
        for hour, (mean, top) in hours.items():
            before = mine.get(hour)
            if before is None:
                mine[hour] = (mean, top)
            elif ratio:
                mine[hour] = (max(before[0], mean), float(np.fmax(before[1], top)))
            else:
                mine[hour] = (before[0] + mean, before[1] + top)
    return found


def get_disk(client: Client, batch: DiskBatch, refusals: Refusals) -> list[dict[str, Any]]:
    """What ECS measured of one disk, by the hour. One that is gone by now has nothing."""
    found: list[dict[str, Any]] = []
    for window in batch.windows:
        refusals.check(DISK_DATA)
        try:
            found += _disk_window(client, batch.disk, window)
        except CallError as error:
            if any(code in error.code for code in _NO_LONGER_THERE):
                return []
            refusals.note(DISK_DATA, error)
            raise
    return found


def _disk_window(client: Client, disk: str, window: Window) -> list[dict[str, Any]]:
    try:
        return _disk_points(client, disk, window)
    except CallError as error:
        # Days are counted back from now, which is not the instant that is asked about.
        later = first_hour(datetime.now(UTC).replace(tzinfo=None), DISK_DAYS)
        if "TooEarly" not in error.code or later <= window.start:
            raise
    return _disk_points(client, disk, Window(later, window.end)) if later < window.end else []


def _disk_points(client: Client, disk: str, window: Window) -> list[dict[str, Any]]:
    page = client.get(
        DISK_DATA,
        DiskId=disk,
        Period=HOUR,
        StartTime=f"{window.start:%Y-%m-%dT%H:%M:%SZ}",
        EndTime=f"{window.end:%Y-%m-%dT%H:%M:%SZ}",
    )
    return unwrapped(page, DISK_DATA.items)


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
            for point in listed(client, CPU, CPU.series[0].name, some, window):
                identity = str(point["instanceId"])
                end = EPOCH + timedelta(milliseconds=int(point["timestamp"]), hours=1)
                last[identity] = max(min(end, at), last.get(identity, oldest))
    return {one: last.get(one) or max(oldest, started.get(one) or oldest) for one in machines}


# --- rows -------------------------------------------------------------------------------------------------


def measured(client: Client, batch: Question, scope: Scope, refusals: Refusals) -> pa.Table | None:
    """Rows of metrics of a batch in all its windows, window by window: what is raised in one leaves none of them."""
    if isinstance(batch, GroupBatch):
        return _sizes(client, batch, scope, refusals)
    if isinstance(batch, NodeBatch):
        return measured_nodes(client, batch, scope, refusals)
    if isinstance(batch, DiskBatch):
        return transform_disk(get_disk(client, batch, refusals), batch, scope)
    tables = [
        table
        for window in batch.windows
        if (table := transform_hours(get_hours(client, batch, window, refusals), batch, window, scope))
        is not None
    ]
    return pa.concat_tables(tables) if tables else None


def _sizes(client: Client, batch: GroupBatch, scope: Scope, refusals: Refusals) -> pa.Table | None:
    refusals.check(DESCRIBE_ACTIVITIES)
    try:
        return measured_sizes(client, batch, scope)
    except CallError as error:
        refusals.note(DESCRIBE_ACTIVITIES, error)
        raise


__all__ = [
    "DAYS", "DESCRIBE_METRIC_LIST", "DISK_DATA", "Assets", "Batch", "DiskBatch", "Question",
    "Refusals", "get_disk", "get_hours", "get_off_since", "measured", "plan", "question",
]  # fmt: skip
