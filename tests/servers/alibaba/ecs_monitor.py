"""DescribeDiskMonitorData and DescribeInstanceMonitorData: one resource a call, whole numbers, the last 30 days."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from tests.servers.alibaba.ecs_prices import moment
from tests.servers.alibaba.state import MONITORED_DISKS, WORLD, Item, epoch, seconds
from tests.servers.alibaba.wire import Call, RefusalError, invalid
from tests.servers.series import aggregate, key

MOST = 400
KEPT = timedelta(days=30)
ECS = "acs_ecs_dashboard"
# Field to series, and what one unit of ours is in theirs.
DISK_FIELDS = {"IOPSRead": 1.0, "IOPSWrite": 1.0, "BPSRead": 1.0, "BPSWrite": 1.0}
INSTANCE_FIELDS = {
    "CPU": ("CPUUtilization", 1.0), "IOPSRead": ("DiskReadIOPS", 1.0), "IOPSWrite": ("DiskWriteIOPS", 1.0),
    "BPSRead": ("DiskReadBPS", 1.0), "BPSWrite": ("DiskWriteBPS", 1.0), "IntranetRX": ("IntranetInRate", 0.001),
    "IntranetTX": ("IntranetOutRate", 0.001),
}  # fmt: skip


def asked(call: Call) -> tuple[datetime, datetime, int]:
    """Start, end and period, all within limits."""
    period = call.number("Period", 60, 1, 86400)
    if period not in (60, 600, 3600):
        raise invalid("Period", "it must be 60, 600 or 3600")
    call.required("StartTime"), call.required("EndTime")
    start, end = moment(call, "StartTime"), moment(call, "EndTime")
    assert start is not None
    assert end is not None
    if start >= end:
        raise RefusalError(400, "InvalidEndTime.ValueNotSupported", "EndTime must be later than StartTime.")
    if start < WORLD.now() - KEPT - timedelta(minutes=1):
        raise RefusalError(
            400, "InvalidStartTime.TooEarly", "The specified parameter StartTime is too early."
        )
    if (end - start).total_seconds() / period > MOST:
        raise RefusalError(400, "InvalidParameter.TooManyDataQueried", "Too many data queried.")
    return start, end, period


def owned(call: Call, kind: str, name: str) -> tuple[str, Item]:
    """Region and item of one of the account's resources, wherever it is."""
    wanted = call.required(name)
    for region, item in call.owner.every(kind):
        if item[name] == wanted:
            return region, item
    raise RefusalError(404, f"Invalid{name}.NotFound", f"The specified {name} does not exist.")


def columns(
    where: tuple[str, str],
    sources: dict[str, tuple[str, str, str, str, float]],
    start: datetime,
    end: datetime,
    period: int,
) -> dict[int, dict[str, int]]:
    """Whole numbers by instant and field; a source is namespace, metric, dimension, id and factor."""
    rows: dict[int, dict[str, int]] = {}
    for name, (namespace, metric, dimension, resource, factor) in sources.items():
        points = WORLD.metrics.points(where, key(namespace, metric, {dimension: resource}))
        if points is None:
            continue
        begin = epoch(start) // period * period
        stamps, values = aggregate(*points, begin, min(epoch(end), epoch(WORLD.now())), period, "Average")
        for stamp, value in zip(stamps.tolist(), np.rint(values * factor).astype(int).tolist(), strict=True):
            rows.setdefault(stamp, {})[name] = value
    return dict(sorted(rows.items()))


def describe_disk_monitor_data(call: Call) -> dict[str, Any]:
    """Of a disk in use; each figure is a rate per second, rounded."""
    region, disk = owned(call, "disk", "DiskId")
    start, end, period = asked(call)
    if disk.get("Status") != "In_use":
        raise RefusalError(
            403, "IncorrectDiskStatus", "The current disk status does not support this operation."
        )
    sources = {
        name: (MONITORED_DISKS, name, "DiskId", disk["DiskId"], factor)
        for name, factor in DISK_FIELDS.items()
    }
    rows = columns((call.account, region), sources, start, end, period)
    listed = []
    for stamp, row in rows.items():
        reads, writes = row.get("IOPSRead", 0), row.get("IOPSWrite", 0)
        listed.append({
            "DiskId": disk["DiskId"], "TimeStamp": stamp_text(stamp), "IOPSRead": reads, "IOPSWrite": writes, "IOPSTotal": reads + writes,
            "BPSRead": row.get("BPSRead", 0), "BPSWrite": row.get("BPSWrite", 0), "BPSTotal": row.get("BPSRead", 0) + row.get("BPSWrite", 0),
            "LatencyRead": 300 if reads else 0, "LatencyWrite": 400 if writes else 0,
        })  # fmt: skip
    call.items = len(listed)
    return {"TotalCount": len(listed), "MonitorData": {"DiskMonitorData": listed}}


def describe_instance_monitor_data(call: Call) -> dict[str, Any]:
    """CPU in whole per cent, traffic in kbit per period."""
    region, instance = owned(call, "instance", "InstanceId")
    start, end, period = asked(call)
    own = instance["InstanceId"]
    sources = {
        name: (ECS, metric, "instanceId", own, factor * (period if name.endswith(("RX", "TX")) else 1))
        for name, (metric, factor) in INSTANCE_FIELDS.items()
    }
    rows = columns((call.account, region), sources, start, end, period)
    listed = [
        {
            "InstanceId": own, "TimeStamp": stamp_text(stamp), "InternetBandwidth": 0, "InternetRX": 0, "InternetTX": 0,
            "IntranetBandwidth": (row.get("IntranetRX", 0) + row.get("IntranetTX", 0)) // period, **row,
        }
        for stamp, row in rows.items()
    ]  # fmt: skip
    call.items = len(listed)
    return {"MonitorData": {"InstanceMonitorData": listed}}


def stamp_text(stamp: int) -> str:
    return seconds(datetime(1970, 1, 1) + timedelta(seconds=stamp))


OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "DescribeDiskMonitorData": describe_disk_monitor_data,
    "DescribeInstanceMonitorData": describe_instance_monitor_data,
}
