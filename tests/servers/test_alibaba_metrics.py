"""What the local CloudMonitor tells, within the limits of the real one."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.servers.alibaba.asking import ask, refused
from tests.servers.alibaba.cloud import REGIONS, Cloud, Truth

NOW = datetime(2026, 11, 20)
ECS = "acs_ecs_dashboard"
HOUR = 3600
Point = dict[str, Any]


def milliseconds(moment: datetime) -> str:
    return str(int((moment - datetime(1970, 1, 1)).total_seconds()) * 1000)


def metric(
    cloud: Cloud, name: str, ids: list[str] | None = None, days: float = 30, period: int = HOUR, space: str = ECS, **more: Any
) -> list[Point]:  # fmt: skip
    """All pages of DescribeMetricList."""
    params = {
        "Namespace": space, "MetricName": name, "Period": period, "StartTime": milliseconds(NOW - timedelta(days=days)),
        "EndTime": milliseconds(NOW), "Length": 1440,
    }  # fmt: skip
    params |= {"Dimensions": json.dumps([{"instanceId": each} for each in ids])} if ids is not None else {}
    params |= more
    answers = [ask(cloud, "cms", "DescribeMetricList", **params)]
    while answers[-1].get("NextToken"):
        answers.append(ask(cloud, "cms", "DescribeMetricList", NextToken=answers[-1]["NextToken"], **params))
    return [point for answer in answers for point in json.loads(answer["Datapoints"])]


def ids_in(truth: Truth, name: str, region: str = "cn-hangzhou") -> list[str]:
    return [each["id"] for each in truth.classes[name] if each["region"] == region]


def first_of(truth: Truth, name: str) -> dict[str, Any]:
    return truth.classes[name][0]


def test_datapoints_are_json_in_a_text_with_milliseconds(cloud: Cloud, truth: Truth) -> None:
    [one, *_] = ids_in(truth, "steady")
    params = {
        "Namespace": ECS,
        "MetricName": "CPUUtilization",
        "Dimensions": json.dumps([{"instanceId": one}]),
    }
    answer = ask(
        cloud,
        "cms",
        "DescribeMetricList",
        Period=HOUR,
        StartTime=milliseconds(NOW - timedelta(days=1)),
        EndTime=milliseconds(NOW),
        **params,
    )
    assert (answer["Code"], answer["Success"], answer["Period"]) == ("200", True, "3600")
    assert isinstance(answer["Datapoints"], str)
    points = json.loads(answer["Datapoints"])
    assert set(points[0]) == {"timestamp", "userId", "instanceId", "Minimum", "Average", "Maximum"}
    assert points[0]["timestamp"] == int(milliseconds(NOW - timedelta(hours=23)))


def test_pages_of_1440_hold_every_point_once_in_order_of_time(cloud: Cloud, truth: Truth) -> None:
    ids = [each for name in ("steady", "oversized", "memory_bound") for each in ids_in(truth, name)][:5]
    points = metric(cloud, "CPUUtilization", ids)
    marks = [(point["timestamp"], point["instanceId"]) for point in points]
    assert len(marks) == len(set(marks)) == 5 * 719  # the first hour lies on the open end of the window
    assert cloud.count("DescribeMetricList") == 3
    assert [stamp for stamp, _ in marks] == sorted(stamp for stamp, _ in marks)


def test_a_page_holds_a_thousand_points_unless_asked_otherwise(cloud: Cloud, truth: Truth) -> None:
    ids = ids_in(truth, "steady")[:2]
    metric(cloud, "CPUUtilization", ids, Length="")
    assert [call["items"] for call in cloud.calls("DescribeMetricList")] == [1000, 438]
    assert (
        refused(cloud, "cms", "DescribeMetricList", Namespace=ECS, MetricName="CPUUtilization", Length=1441)[
            1
        ]
        == 400
    )


def test_the_window_is_open_at_its_start_and_closed_at_its_end(empty: Cloud) -> None:
    start = NOW - timedelta(hours=2)
    empty.series("cn-hangzhou", ECS, "CPUUtilization", "i-1", start.isoformat(), 60, list(range(121)))
    points = metric(empty, "CPUUtilization", ["i-1"], days=2 / 24, period=60)
    assert [point["Average"] for point in points] == list(range(1, 121))


def test_a_time_without_zone_is_beijings(empty: Cloud) -> None:
    start = NOW - timedelta(hours=1)
    empty.series("cn-hangzhou", ECS, "CPUUtilization", "i-1", start.isoformat(), 60, [1.0] * 60)
    beijing = {"StartTime": "2026-11-20 07:00:00", "EndTime": "2026-11-20 08:00:00"}
    utc = {"StartTime": "2026-11-19T23:00:00Z", "EndTime": "2026-11-20T00:00:00Z"}
    told = [metric(empty, "CPUUtilization", ["i-1"], period=60, **times) for times in (beijing, utc)]
    assert told[0] == told[1]
    assert len(told[0]) == 59


def test_averages_and_maxima_of_a_period_are_of_its_samples(empty: Cloud) -> None:
    start = NOW - timedelta(hours=3)
    values = [0.0] * 45 + [90.0] * 15 + [10.0] * 60
    empty.series(
        "cn-hangzhou", ECS, "CPUUtilization", "i-1", (start + timedelta(hours=1)).isoformat(), 60, values
    )
    points = metric(empty, "CPUUtilization", ["i-1"], days=1)
    assert [(point["Minimum"], point["Average"], point["Maximum"]) for point in points] == [
        (0, 22.5, 90),
        (10, 10, 10),
    ]


def test_hand_made_maxima_are_told_beside_averages(empty: Cloud) -> None:
    start = NOW - timedelta(hours=2)
    empty.series(
        "cn-hangzhou", ECS, "CPUUtilization", "i-1", start.isoformat(), HOUR, [1.0, 2.0], [50.0, 60.0]
    )
    points = metric(empty, "CPUUtilization", ["i-1"], days=1)
    assert [(point["Average"], point["Maximum"]) for point in points] == [(1, 50), (2, 60)]


def test_history_is_kept_for_a_week_a_month_or_a_quarter(cloud: Cloud, truth: Truth) -> None:
    [one, *_] = ids_in(truth, "steady")
    long_ago = {
        "StartTime": milliseconds(NOW - timedelta(days=95)),
        "EndTime": milliseconds(NOW - timedelta(days=70)),
    }
    oldest = metric(cloud, "CPUUtilization", [one], **long_ago)[0]["timestamp"]
    assert oldest == int(milliseconds(NOW - timedelta(days=91)))
    before = {
        "StartTime": milliseconds(NOW - timedelta(days=40)),
        "EndTime": milliseconds(NOW - timedelta(days=32)),
    }
    assert not metric(cloud, "CPUUtilization", [one], period=60, **before)
    assert metric(cloud, "CPUUtilization", [one], period=300, **before)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"MetricName": "NoSuchMetric"}, ("ResourceNotFound", 404)),
        ({"Namespace": "acs_nothing"}, ("ResourceNotFound", 404)),
        ({"Period": "86400"}, ("ParameterInvalid", 400)),
        ({"Period": "120"}, ("ParameterInvalid", 400)),
        ({"StartTime": milliseconds(NOW - timedelta(days=31, seconds=1))}, ("ParameterInvalid", 400)),
        ({"StartTime": milliseconds(NOW)}, ("ParameterInvalid", 400)),
        ({"StartTime": "yesterday"}, ("ParameterInvalid", 400)),
        ({"Dimensions": json.dumps([{"instanceId": f"i-{n}"} for n in range(51)])}, ("ParameterInvalid", 400)),
        ({"Dimensions": "instanceId=i-1"}, ("ParameterInvalid", 400)),
        ({"MetricName": ""}, ("MissingParameter", 400)),
    ],
)  # fmt: skip
def test_what_is_out_of_range_is_refused(
    cloud: Cloud, changes: dict[str, str], expected: tuple[str, int]
) -> None:
    params = {
        "Namespace": ECS, "MetricName": "CPUUtilization", "Period": "3600", "StartTime": milliseconds(NOW - timedelta(days=31)),
        "EndTime": milliseconds(NOW),
    }  # fmt: skip
    assert ask(cloud, "cms", "DescribeMetricList", **params)["Success"]
    assert refused(cloud, "cms", "DescribeMetricList", **{**params, **changes}) == expected


def test_without_dimensions_the_whole_region_answers(cloud: Cloud, truth: Truth) -> None:
    points = metric(cloud, "CPUUtilization", days=1, region="cn-beijing")
    told = {point["instanceId"] for point in points}
    assert {
        point["instanceId"] for point in metric(cloud, "CPUUtilization", days=20, region="cn-beijing")
    } & truth.ids("released")
    running = {
        each["id"]
        for name in ("steady", "idle", "new")
        for each in truth.classes[name]
        if each["region"] == "cn-beijing"
    }
    assert running <= told
    assert not told & truth.ids("no_data", "stopped_charging", "stopped_economical", "subscription_stopped")


def test_single_quotes_are_tolerated(cloud: Cloud, truth: Truth) -> None:
    [one, *_] = ids_in(truth, "steady")
    assert len(metric(cloud, "CPUUtilization", days=1, Dimensions=str([{"instanceId": one}]))) == 23


def test_a_stopped_instance_has_no_points_after_its_stop(cloud: Cloud, truth: Truth) -> None:
    for name in ("stopped_charging", "stopped_economical", "stopped_recently"):
        each = first_of(truth, name)
        points = metric(
            cloud,
            "CPUUtilization",
            [each["id"]],
            days=91,
            region=each["region"],
            StartTime=milliseconds(NOW - timedelta(days=91)),
            EndTime=milliseconds(NOW - timedelta(days=60)),
        )
        points += metric(cloud, "CPUUtilization", [each["id"]], days=31, region=each["region"])
        points += metric(
            cloud,
            "CPUUtilization",
            [each["id"]],
            region=each["region"],
            StartTime=milliseconds(NOW - timedelta(days=60)),
            EndTime=milliseconds(NOW - timedelta(days=31)),
        )
        last = max(point["timestamp"] for point in points)
        stopped = datetime.fromisoformat(each["stopped_at"]).replace(tzinfo=None)
        assert int(milliseconds(stopped - timedelta(hours=1))) <= last < int(milliseconds(stopped))


def test_memory_is_known_only_where_there_is_an_agent(cloud: Cloud, truth: Truth) -> None:
    known = {
        point["instanceId"]
        for region in REGIONS
        for point in metric(cloud, "memory_usedutilization", days=1, region=region)
    }
    assert truth.ids("oversized", "memory_bound", "steady") <= known
    assert not known & truth.ids("memory_unknown", "missing_data", "no_data")


def test_public_traffic_has_a_series_per_address(cloud: Cloud, truth: Truth) -> None:
    used = {
        each["instance"]: each["address"]
        for each in truth.classes["eip_used"]
        if each["region"] == "cn-hangzhou"
    }
    points = metric(cloud, "VPC_PublicIP_InternetOutRate", list(used), days=1)
    assert {(point["instanceId"], point["ip"]) for point in points} >= set(used.items())
    classic = metric(cloud, "InternetOutRate", list(used), days=1)
    assert {point["Maximum"] for point in classic} == {0}


def test_quiet_classes_are_quiet_and_busy_ones_are_not(cloud: Cloud, truth: Truth) -> None:
    def peak(name: str, metric_name: str = "CPUUtilization", days: float = 31) -> float:
        each = first_of(truth, name)
        return max(
            point["Maximum"]
            for point in metric(cloud, metric_name, [each["id"]], days, region=each["region"])
        )

    assert peak("idle") < 5
    assert peak("disk_busy") < 5
    assert peak("memory_bound") < 5
    assert peak("daily_spike", days=1) > 85
    assert peak("month_end") > 80
    assert peak("quarter_end") < 5  # the last one was in September
    assert 10 < peak("oversized") < 25
    assert peak("steady") > 60
    assert peak("memory_bound", "memory_usedutilization") > 80
    assert peak("gpu_busy", "gpu_gpu_usedutilization") > 80
    assert peak("disk_busy", "DiskReadIOPS") + peak("disk_busy", "DiskWriteIOPS") > 50
    assert peak("idle", "DiskReadIOPS") < 1


def test_the_end_of_a_quarter_is_still_to_be_seen(cloud: Cloud, truth: Truth) -> None:
    each = first_of(truth, "quarter_end")
    window = {
        "StartTime": milliseconds(datetime(2026, 9, 20)),
        "EndTime": milliseconds(datetime(2026, 10, 20)),
    }
    points = metric(cloud, "CPUUtilization", [each["id"]], region=each["region"], **window)
    assert max(point["Maximum"] for point in points) > 80


def test_the_newest_point_of_each_is_cheap_to_have(cloud: Cloud, truth: Truth) -> None:
    answer = ask(cloud, "cms", "DescribeMetricLast", Namespace=ECS, MetricName="CPUUtilization")
    points = json.loads(answer["Datapoints"])
    assert len(points) == len({point["instanceId"] for point in points})
    assert {point["instanceId"] for point in points} >= set(ids_in(truth, "steady"))


def test_free_calls_end_for_the_month(cloud: Cloud) -> None:
    cloud.metric_quota(1)
    params = {"Namespace": ECS, "MetricName": "CPUUtilization"}
    assert ask(cloud, "cms", "DescribeMetricLast", **params)["Success"]
    assert refused(cloud, "cms", "DescribeMetricList", **params) == ("LimitExceeded", 402)
