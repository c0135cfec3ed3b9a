"""What the local ECS tells about single disks and instances: whole numbers, one resource a call."""

from datetime import datetime, timedelta
from typing import Any

from tests.servers.alibaba.asking import ask, refused
from tests.servers.alibaba.cloud import Cloud, Truth

NOW = datetime(2026, 11, 20)
HOUR = 3600
Point = dict[str, Any]


def first_of(truth: Truth, name: str) -> dict[str, Any]:
    return truth.classes[name][0]


def disk_data(cloud: Cloud, disk: dict[str, Any], days: float = 16, period: int = HOUR) -> list[Point]:
    answer = ask(
        cloud, "ecs", "DescribeDiskMonitorData", region=disk["region"], DiskId=disk["id"], Period=period,
        StartTime=f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}", EndTime=f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
    )  # fmt: skip
    points: list[Point] = answer["MonitorData"]["DiskMonitorData"]
    return points


def test_disks_are_told_apart_by_what_they_do(cloud: Cloud, truth: Truth) -> None:
    totals = {
        name: [point["IOPSTotal"] for point in disk_data(cloud, first_of(truth, name))]
        for name in ("low_io", "busy_data", "essd_pl_too_high", "essd_needed", "weekly_backup", "daily_peak")
    }
    assert set(map(len, totals.values())) == {384}
    assert max(totals["low_io"]) == 0
    assert min(totals["busy_data"]) > 20
    assert max(totals["essd_pl_too_high"]) <= 780 < 7800 < max(totals["essd_needed"])
    assert sum(each > 100 for each in totals["weekly_backup"]) in (4, 6)
    assert sum(each > 100 for each in totals["daily_peak"]) >= 16


def test_at_most_400_points_of_the_last_30_days_are_told(cloud: Cloud, truth: Truth) -> None:
    times = {"EndTime": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}
    disk = first_of(truth, "busy_data")
    for days, code in ((17, "InvalidParameter.TooManyDataQueried"), (31, "InvalidStartTime.TooEarly")):
        start = f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
        more = {"region": disk["region"], "DiskId": disk["id"], "Period": HOUR, "StartTime": start}
        assert refused(cloud, "ecs", "DescribeDiskMonitorData", **more, **times) == (code, 400)
    assert (
        refused(
            cloud, "ecs", "DescribeDiskMonitorData", DiskId=disk["id"], Period=300, StartTime=start, **times
        )[1]
        == 400
    )


def test_a_disk_that_nothing_holds_has_no_monitor_data(cloud: Cloud, truth: Truth) -> None:
    disk = first_of(truth, "unattached")
    times = {"StartTime": "2026-11-19T00:00:00Z", "EndTime": "2026-11-20T00:00:00Z"}
    more = {"region": disk["region"], "DiskId": disk["id"], "Period": HOUR}
    assert refused(cloud, "ecs", "DescribeDiskMonitorData", **more, **times)[1] == 403
    assert refused(cloud, "ecs", "DescribeDiskMonitorData", **{**more, "DiskId": "d-0"}, **times) == (
        "InvalidDiskId.NotFound",
        404,
    )


def test_processors_are_told_in_whole_per_cent(cloud: Cloud, truth: Truth) -> None:
    each = first_of(truth, "steady")
    answer = ask(
        cloud, "ecs", "DescribeInstanceMonitorData", region=each["region"], InstanceId=each["id"], Period=600,
        StartTime="2026-11-19T00:00:00Z", EndTime="2026-11-20T00:00:00Z",
    )  # fmt: skip
    points = answer["MonitorData"]["InstanceMonitorData"]
    assert len(points) == 144
    assert all(isinstance(point["CPU"], int) and point["CPU"] > 30 for point in points)


def test_a_hand_made_disk_is_told_as_made(empty: Cloud) -> None:
    name = empty.put("disk", "cn-beijing", {"Status": "In_use", "InstanceId": "i-1"})
    empty.disk_series("cn-beijing", name, "2026-11-19T00:00:00Z", HOUR, [10.0] * 24, [0.4] * 24)
    points = disk_data(empty, {"id": name, "region": "cn-beijing"}, days=1)
    assert {(point["IOPSRead"], point["IOPSWrite"], point["BPSRead"]) for point in points} == {
        (10, 0, 163840)
    }
