"""Hours become days and hours of ours, as an independent reckoning has them; and what two collections leave behind."""

import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.alibaba.measures import (
    CPU,
    GPU,
    OF_MACHINES,
    Batch,
    DiskBatch,
    Measure,
    windows,
)
from collectors.alibaba.metrics import Refusals, get_hours, get_off_since, measured
from collectors.alibaba.monitoring import points
from collectors.calls import CallError
from collectors.hours import DAY, HOUR, Window, first_hour
from finops.warehouse import Scope
from tests.collectors.alibaba.canned import ACCOUNT, Canned
from tests.collectors.alibaba.live import AT, collect, coverage, rows
from tests.servers.alibaba.cloud import AS_OF, Cloud

REGION = "cn-hangzhou"
SCOPE = Scope("alibaba", ACCOUNT, REGION, "metrics")
MEMORY, NETWORK_IN, DISK_READS = OF_MACHINES[1], OF_MACHINES[2], OF_MACHINES[4]
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1)

Row = tuple[str, str, datetime, int, float | None, float | None, float | None, int | None]


# --- answers made by hand ---------------------------------------------------------------------------------


def point(
    at: datetime, mean: float | None, top: float | None = None, machine: str = "i-1", **more: Any
) -> dict[str, Any]:
    """A point as CloudMonitor tells it."""
    stamp = int(at.replace(tzinfo=UTC).timestamp() * 1000)
    told = {"timestamp": stamp, "userId": ACCOUNT, "instanceId": machine, **more}
    values = {"Average": mean, "Maximum": top, "Minimum": 0.0}
    return told | {name: value for name, value in values.items() if value is not None}


def page(found: list[dict[str, Any]], token: str = "") -> dict[str, Any]:
    return {
        "Code": "200",
        "Success": True,
        "Period": "3600",
        "Datapoints": json.dumps(found),
        "NextToken": token,
    }


def paged(found: list[dict[str, Any]], size: int = 1440) -> list[dict[str, Any]]:
    """The same in pages of at most this size."""
    cuts = range(0, max(1, len(found)), size)
    return [page(found[cut : cut + size], f"t{cut}" if cut + size < len(found) else "") for cut in cuts]


def batch(
    measure: Measure = CPU,
    *missing: Window,
    machines: tuple[str, ...] = ("i-1",),
    public: tuple[str, ...] = (),
) -> Batch:
    found = missing or (Window(AT - _DAY, AT),)
    return Batch(measure, machines, frozenset(public), found, found[-1].end - timedelta(days=14))


def table_of(client: Canned, asked: Batch | DiskBatch) -> list[Row]:
    """What is stored of a batch, in order."""
    table = measured(client, asked, SCOPE, Refusals())
    names = ("resource_id", "metric", "bucket_start", "bucket_seconds", "avg", "p95", "max", "samples")
    return (
        sorted(tuple(one[name] for name in names) for one in table.to_pylist()) if table is not None else []
    )


def of(found: list[Row], seconds: int = DAY) -> list[tuple[Any, ...]]:
    """Start, mean, p95, highest and samples of the buckets of a length."""
    return [row[2:3] + row[4:] for row in found if row[3] == seconds]


# --- a day is made of its hours ---------------------------------------------------------------------------


def told_once_more(
    hours: Mapping[datetime, tuple[float, float | None]], *, ratio: bool
) -> list[tuple[Any, ...]]:
    """Buckets of days, by other means: plain Python, and the percentile by its definition."""
    days: dict[datetime, list[tuple[float, float | None]]] = {}
    for hour, values in sorted(hours.items()):
        days.setdefault(hour.replace(hour=0), []).append(values)
    result = []
    for day, values in days.items():
        means = sorted(mean for mean, _ in values)
        tops = [top for _, top in values if top is not None]
        place = 0.95 * (len(means) - 1)
        low, high = means[math.floor(place)], means[math.ceil(place)]
        p95 = low + (high - low) * (place - math.floor(place)) if ratio else None
        result.append((day, fmean(means), p95, max(tops, default=None), len(means)))
    return result


def same(found: list[tuple[Any, ...]], expected: list[tuple[Any, ...]]) -> bool:
    return len(found) == len(expected) and all(
        one == other or (isinstance(one, float) and other is not None and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12))
        for mine, theirs in zip(found, expected, strict=True)
        for one, other in zip(mine, theirs, strict=True)
    )  # fmt: skip


@st.composite
def series(draw: st.DrawFn) -> tuple[datetime, datetime, dict[datetime, tuple[float, float | None]], int]:
    """An instant, where a question begins, hours around both with gaps, and the size of a page."""
    at = AT + timedelta(minutes=draw(st.integers(0, 1439)))
    days = draw(st.integers(1, 40))
    start = draw(
        st.sampled_from([first_hour(at, days), (at - timedelta(days=days)).replace(hour=0, minute=0)])
    )
    first = start - 3 * _HOUR
    count = int((at - first) / _HOUR) + 4
    there = draw(st.lists(st.integers(0, count), max_size=60, unique=True))
    if draw(st.booleans()):
        there = [hour for hour in range(count) if hour % 7 or hour in there]
    noise = draw(st.randoms(use_true_random=False))
    hours: dict[datetime, tuple[float, float | None]] = {}
    for hour in there:
        mean = round(noise.uniform(0, 100), 4)
        hours[first + hour * _HOUR] = (
            mean,
            round(noise.uniform(mean, 100), 4) if noise.random() < 0.9 else None,
        )
    return at, start, hours, draw(st.sampled_from([1, 7, 100, 1440])) if len(there) < 100 else 1440


@given(series(), st.sampled_from([CPU, DISK_READS]))
@settings(max_examples=80, deadline=None)
def test_days_are_their_hours_whatever_gaps_there_are_and_however_pages_cut_them(
    drawn: tuple[datetime, datetime, dict[datetime, tuple[float, float | None]], int], measure: Measure
) -> None:
    at, start, hours, size = drawn
    missing = windows(start, at)
    scale = measure.series[0].scale

    def answers() -> Iterator[dict[str, Any]]:
        """Each window's own hours and, as a service might, one more before and after it."""
        for window in missing:
            near = {
                hour: values
                for hour, values in sorted(hours.items())
                if window.start - _HOUR <= hour <= window.end
            }
            within = {
                hour: values
                for hour, values in near.items()
                if window.start <= hour < window.end or hour >= at
            }
            yield from paged([point(hour, *values) for hour, values in within.items()], size)

    stored = table_of(Canned(cms_DescribeMetricList=list(answers())), batch(measure, *missing))
    counted = {
        hour: (mean * scale, None if top is None else top * scale)
        for hour, (mean, top) in hours.items()
        if start <= hour < at
    }
    assert same(of(stored), told_once_more(counted, ratio=measure.ratio))
    hourly = [
        (hour, mean, None, top, None)
        for hour, (mean, top) in sorted(counted.items())
        if hour >= at - timedelta(days=14)
    ]
    assert same(of(stored, HOUR), hourly if measure is CPU else [])


def test_the_95th_percentile_is_that_of_hourly_means_and_the_highest_moment_that_of_hourly_maxima() -> None:
    """23 quiet hours with a spike within one of them; then one busy hour."""
    quiet = [point(AT - _DAY + hour * _HOUR, 4.0, 97.0 if hour == 5 else 6.0) for hour in range(23)]
    client = Canned(cms_DescribeMetricList=page([*quiet, point(AT - _HOUR, 50.0, 60.0)]))
    ((day, mean, p95, top, samples),) = of(table_of(client, batch()))
    assert (day, samples) == (AT - _DAY, 24)
    assert mean == pytest.approx((23 * 4.0 + 50.0) / 24 / 100)
    assert p95 == pytest.approx(0.04)
    assert top == pytest.approx(0.97)


def test_hours_at_and_after_the_instant_are_left_out() -> None:
    noon = AT + 12.5 * _HOUR
    found = [point(AT + hour * _HOUR, 10.0, 10.0) for hour in range(20)]
    rows_ = table_of(Canned(cms_DescribeMetricList=page(found)), batch(CPU, Window(AT, noon)))
    assert [row[4] for row in of(rows_)] == [13], "the hour that has begun is one"
    assert [row[0] for row in of(rows_, HOUR)][-1] == AT + 12 * _HOUR


def test_a_day_without_hours_is_no_row_and_a_point_without_a_mean_is_none() -> None:
    found = [point(AT - 3 * _DAY, 10.0, 20.0), point(AT - _DAY, None, 99.0), point(AT - 2 * _DAY, 0.0, 0.0)]
    stored = table_of(Canned(cms_DescribeMetricList=page(found)), batch(CPU, Window(AT - 3 * _DAY, AT)))
    assert of(stored) == [(AT - 3 * _DAY, 0.1, 0.1, 0.2, 1), (AT - 2 * _DAY, 0.0, 0.0, 0.0, 1)]


@pytest.mark.parametrize("answer", [page([]), {"Code": "200", "Datapoints": ""}, page([point(AT, None)])])
def test_nothing_measured_is_no_table(answer: dict[str, Any]) -> None:
    assert table_of(Canned(cms_DescribeMetricList=answer), batch()) == []


def test_a_point_that_two_pages_tell_is_one() -> None:
    twice = point(AT - _DAY, 800.0, 1600.0)
    client = Canned(
        cms_DescribeMetricList=[page([twice], "a"), page([twice, point(AT - _HOUR, 800.0, 800.0)])]
    )
    assert of(table_of(client, batch(NETWORK_IN))) == [(AT - _DAY, 100.0, None, 200.0, 2)]


@pytest.mark.parametrize(
    "answer",
    [
        {"Code": "200"},
        {"Datapoints": "{"},
        {"Datapoints": "7"},
        page([{"timestamp": 1}]),
        page([point(AT, 1.0) | {"Average": "busy"}]),
        page([point(AT, 1.0) | {"timestamp": "noon"}]),
    ],
)
def test_a_shape_nobody_knows_is_no_measurement(answer: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        table_of(Canned(cms_DescribeMetricList=answer), batch())


def test_numbers_may_be_text() -> None:
    one = point(AT - _HOUR, 1.0) | {
        "Average": "12.5",
        "Maximum": "50",
        "timestamp": str(point(AT - _HOUR, 1.0)["timestamp"]),
    }
    assert of(table_of(Canned(cms_DescribeMetricList=page([one])), batch())) == [
        (AT - _DAY, 0.125, 0.125, 0.5, 1)
    ]
    assert points({"Datapoints": None}) == []


# --- machines with several of something -------------------------------------------------------------------


def by_metric(answers: Mapping[str, list[dict[str, Any]]]) -> Canned:
    """A client that answers by the metric's name."""
    return Canned(cms_DescribeMetricList=lambda asked: page(answers.get(asked["MetricName"], [])))


def test_network_is_the_sum_of_what_goes_inside_and_through_every_public_address() -> None:
    hour = AT - _HOUR
    client = by_metric(
        {
            "IntranetInRate": [point(hour, 8000.0, 16000.0), point(hour, 80.0, 80.0, machine="i-2")],
            "VPC_PublicIP_InternetInRate": [
                point(hour, 800.0, 1600.0, ip="47.0.0.1"), point(hour, 80.0, 160.0, ip="47.0.0.2"),
            ],
        }
    )  # fmt: skip
    stored = table_of(client, batch(NETWORK_IN, machines=("i-1", "i-2"), public=("i-1",)))
    assert [row[:1] + row[4:7] for row in stored] == [
        ("i-1", 1110.0, None, 2220.0),
        ("i-2", 10.0, None, 10.0),
    ]
    assert [json.loads(asked["Dimensions"]) for _, asked in client.asked] == [
        [{"instanceId": "i-1"}, {"instanceId": "i-2"}], [{"instanceId": "i-1"}],
    ]  # fmt: skip


def test_machines_without_public_addresses_are_not_asked_for_public_traffic() -> None:
    client = by_metric({"IntranetInRate": [point(AT - _HOUR, 8.0, 8.0)]})
    assert len(table_of(client, batch(NETWORK_IN))) == 1
    assert [asked["MetricName"] for _, asked in client.asked] == ["IntranetInRate"]


def test_an_hour_that_only_the_public_address_has_is_not_half_a_sum() -> None:
    """What went inside is not known then: missing is never zero."""
    client = by_metric(
        {
            "IntranetInRate": [point(AT - _HOUR, 8.0, 8.0)],
            "VPC_PublicIP_InternetInRate": [point(AT - 2 * _HOUR, 8.0, 8.0, ip="1")],
        }
    )
    assert of(table_of(client, batch(NETWORK_IN, public=("i-1",)))) == [(AT - _DAY, 1.0, None, 1.0, 1)]


def test_of_several_gpus_the_busiest_counts_hour_by_hour() -> None:
    found = [
        point(AT - 2 * _HOUR, 10.0, 20.0, gpuId="0"), point(AT - 2 * _HOUR, 70.0, 75.0, gpuId="1"),
        point(AT - _HOUR, 50.0, 90.0, gpuId="0"), point(AT - _HOUR, 30.0, None, gpuId="1"),
    ]  # fmt: skip
    ((_, mean, _, top, samples),) = of(table_of(Canned(cms_DescribeMetricList=page(found)), batch(GPU)))
    assert (mean, top, samples) == (pytest.approx(0.6), 0.9, 2)


# --- what cannot be had -----------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", [MEMORY, GPU])
@pytest.mark.parametrize("code", ["ResourceNotFound", "404"])
def test_a_metric_that_no_agent_ever_reported_is_nothing_and_no_problem(measure: Measure, code: str) -> None:
    assert table_of(Canned(cms_DescribeMetricList=CallError("failed", code, "none")), batch(measure)) == []


def test_a_metric_that_every_machine_has_must_be_there() -> None:
    with pytest.raises(CallError, match="none"):
        table_of(Canned(cms_DescribeMetricList=CallError("failed", "ResourceNotFound", "none")), batch())


@pytest.mark.parametrize(
    ("status", "code", "calls"),
    [("denied", "AccessForbidden", 1), ("failed", "LimitExceeded", 1), ("failed", "InternalError", 2)],
)
def test_what_is_final_for_the_region_is_asked_once(status: str, code: str, calls: int) -> None:
    client, refusals = Canned(cms_DescribeMetricList=CallError(status, code, "no")), Refusals()
    for _ in range(2):
        with pytest.raises(CallError, match="no"):
            measured(client, batch(), SCOPE, refusals)
    assert len(client.asked) == calls


def test_hours_that_are_forgotten_by_now_are_asked_again_later() -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    start = (now - timedelta(days=94)).replace(hour=0, minute=0, second=0, microsecond=0)
    kept = (start + 20 * _DAY).replace(tzinfo=UTC)
    late = CallError("failed", "ParameterInvalid", "early")
    told = [{"timestamp": int(kept.timestamp() * 1000), "instanceId": "i-1", "Average": 5.0, "Maximum": 9.0}]
    client = Canned(cms_DescribeMetricList=[late, page(told)])
    (found,) = get_hours(client, batch(CPU), Window(start, start + 30 * _DAY), Refusals()).values()
    assert list(found.values()) == [(0.05, 0.09)]
    again = EPOCH + timedelta(milliseconds=int(client.asked[1][1]["StartTime"]))
    assert timedelta(0) < again - (now - timedelta(days=91)) < 2 * _HOUR
    assert client.asked[1][1]["EndTime"] == client.asked[0][1]["EndTime"]


def test_a_question_that_is_refused_although_its_hours_are_kept_is_a_failure() -> None:
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    client = Canned(cms_DescribeMetricList=CallError("failed", "ParameterInvalid", "no such period"))
    with pytest.raises(CallError, match="no such period"):
        get_hours(client, batch(CPU), Window(now - 2 * _DAY, now), Refusals())
    assert len(client.asked) == 1


def test_a_window_that_fails_leaves_nothing_of_the_others() -> None:
    """What is newest tells where the next collection begins: there must be no hole behind it."""
    missing = windows(AT - timedelta(days=80), AT)
    assert len(missing) == 3
    client = Canned(
        cms_DescribeMetricList=[
            page([point(AT - 75 * _DAY, 1.0)]),
            CallError("throttled", "Throttling", "slow"),
            page([point(AT - _DAY, 1.0)]),
        ]
    )
    with pytest.raises(CallError, match="slow"):
        measured(client, batch(CPU, *missing), SCOPE, Refusals())


# --- disks ------------------------------------------------------------------------------------------------


def told_of_disk(at: datetime, **more: Any) -> dict[str, Any]:
    usual = {
        "IOPSRead": 3,
        "IOPSWrite": 5,
        "BPSRead": 4096,
        "BPSWrite": 8192,
        "IOPSTotal": 8,
        "LatencyRead": 300,
    }
    return {"DiskId": "d-1", "TimeStamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", **usual, **more}


def monitored(*found: dict[str, Any]) -> dict[str, Any]:
    return {"MonitorData": {"DiskMonitorData": list(found)}, "TotalCount": len(found)}


def disk_batch(*missing: Window) -> DiskBatch:
    return DiskBatch("d-1", missing or (Window(AT - _DAY, AT),))


def test_a_disk_s_days_are_the_means_and_the_highest_of_its_hours() -> None:
    found = monitored(told_of_disk(AT - 2 * _HOUR), told_of_disk(AT - _HOUR, IOPSRead=9, BPSWrite=None))
    client = Canned(ecs_DescribeDiskMonitorData=found)
    stored = {row[1]: row[4:] for row in table_of(client, disk_batch())}
    assert stored == {
        "disk_read_ops_per_second": (6.0, None, 9.0, 2),
        "disk_write_ops_per_second": (5.0, None, 5.0, 2),
        "disk_read_bytes_per_second": (4096.0, None, 4096.0, 2),
        "disk_write_bytes_per_second": (8192.0, None, 8192.0, 1),
    }
    ((_, asked),) = client.asked
    assert asked == {
        "DiskId": "d-1",
        "Period": 3600,
        "StartTime": "2026-11-19T00:00:00Z",
        "EndTime": "2026-11-20T00:00:00Z",
    }


def test_hours_that_two_answers_tell_count_once_and_those_after_the_instant_not() -> None:
    middle = AT - _DAY
    answers = [
        monitored(told_of_disk(middle - _HOUR), told_of_disk(middle)),
        monitored(told_of_disk(middle), told_of_disk(AT)),
    ]
    asked = disk_batch(Window(AT - 2 * _DAY, middle), Window(middle, AT))
    stored = [
        row
        for row in table_of(Canned(ecs_DescribeDiskMonitorData=answers), asked)
        if row[1] == "disk_read_ops_per_second"
    ]
    assert of(stored) == [(AT - 2 * _DAY, 3.0, None, 3.0, 1), (middle, 3.0, None, 3.0, 1)]


def test_days_that_are_forgotten_by_now_are_asked_again_later() -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    start = (now - timedelta(days=33)).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = disk_batch(Window(start, start + 16 * _DAY))
    late = CallError("failed", "InvalidStartTime.TooEarly", "early")
    client = Canned(ecs_DescribeDiskMonitorData=[late, monitored(told_of_disk(start + 15 * _DAY))])
    assert table_of(client, asked)
    again = datetime.fromisoformat(client.asked[1][1]["StartTime"]).replace(tzinfo=None)
    assert timedelta(0) < again - (now - timedelta(days=30)) < 2 * _HOUR
    assert client.asked[1][1]["EndTime"] == client.asked[0][1]["EndTime"]


def test_a_window_that_is_forgotten_whole_is_nothing() -> None:
    client = Canned(ecs_DescribeDiskMonitorData=CallError("failed", "InvalidStartTime.TooEarly", "early"))
    assert table_of(client, disk_batch(Window(datetime(2020, 1, 1), datetime(2020, 1, 15)))) == []
    assert len(client.asked) == 1


def test_days_that_should_be_kept_and_are_refused_are_a_failure() -> None:
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    client = Canned(ecs_DescribeDiskMonitorData=CallError("failed", "InvalidStartTime.TooEarly", "early"))
    with pytest.raises(CallError, match="early"):
        table_of(client, disk_batch(Window(now - 2 * _DAY, now)))
    assert len(client.asked) == 1


@pytest.mark.parametrize(
    ("status", "code"), [("failed", "InvalidDiskId.NotFound"), ("denied", "IncorrectDiskStatus")]
)
def test_a_disk_that_was_deleted_or_detached_meanwhile_is_no_problem_and_says_nothing_of_others(
    status: str, code: str
) -> None:
    refusals = Refusals()
    gone = Canned(ecs_DescribeDiskMonitorData=CallError(status, code, "gone"))
    assert measured(gone, disk_batch(), SCOPE, refusals) is None
    there = Canned(ecs_DescribeDiskMonitorData=monitored(told_of_disk(AT - _HOUR)))
    assert measured(there, disk_batch(), SCOPE, refusals) is not None


def test_a_call_that_is_denied_is_asked_for_one_disk() -> None:
    client, refusals = (
        Canned(ecs_DescribeDiskMonitorData=CallError("denied", "Forbidden.RAM", "no")),
        Refusals(),
    )
    for _ in range(3):
        with pytest.raises(CallError, match="no"):
            measured(client, disk_batch(), SCOPE, refusals)
    assert len(client.asked) == 1


# --- since when machines are off --------------------------------------------------------------------------


def test_a_machine_is_off_since_the_end_of_its_last_hour() -> None:
    found = {
        "CPUUtilization": [
            point(AT - 50 * _HOUR, 1.0),
            point(AT - 49 * _HOUR, 1.0),
            point(AT - _HOUR, 1.0, machine="i-2"),
        ]
    }
    off = get_off_since(by_metric(found), ["i-1", "i-2"], {}, AT - timedelta(minutes=30))
    assert off == {"i-1": AT - 48 * _HOUR, "i-2": AT - timedelta(minutes=30)}


def test_one_without_any_hour_is_off_for_as_long_as_hours_are_kept_or_since_its_start() -> None:
    started = {"i-1": None, "i-2": AT - 5 * _DAY, "i-3": AT - 500 * _DAY}
    off = get_off_since(by_metric({}), ["i-1", "i-2", "i-3"], started, AT)
    assert off == {"i-1": first_hour(AT, 91), "i-2": AT - 5 * _DAY, "i-3": first_hour(AT, 91)}


def test_the_newest_window_is_asked_first_and_the_older_ones_for_those_that_are_missing() -> None:
    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        first = EPOCH + timedelta(milliseconds=int(asked["StartTime"]) + 1)
        ids = [one["instanceId"] for one in json.loads(asked["Dimensions"])]
        return page([point(first, 1.0, machine=one) for one in ids if one.endswith(str(first.month % 2))])

    client = Canned(cms_DescribeMetricList=answer)
    ids = [f"i-{number}" for number in range(120)]
    off = get_off_since(client, ids, {}, AT)
    asked = [len(json.loads(one["Dimensions"])) for _, one in client.asked]
    assert max(asked) <= 50
    assert asked[:3] == [50, 50, 20]
    assert sum(asked[3:]) < 2 * 120
    assert set(off) == set(ids)


# --- the local cloud --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


ESSD = {"Status": "In_use", "InstanceId": "i-1", "Category": "cloud_essd", "PerformanceLevel": "PL1"}
BEGIN = AT - 100 * _DAY
# Hours of 103 days from BEGIN on; a gap of two days, some of single hours.
SHAPE = [
    None if number // 24 in (40, 41) or number % 97 == 5 else number % 90 + number / 5000
    for number in range(103 * 24)
]


@pytest.fixture
def cloud(process: Cloud) -> Cloud:
    """Three machines, of which one has an agent and two public addresses, and a disk; 100 days until AT and a few more."""
    process.fresh()
    process.clock(AS_OF)
    start = f"{BEGIN:%Y-%m-%dT%H:%M:%SZ}"
    for number in (1, 2, 3):
        ips = ["47.0.0.1", "47.0.0.2"] if number == 1 else []
        process.put("instance", REGION, {"InstanceId": f"i-{number}", "PublicIpAddress": {"IpAddress": ips}})
        names = [
            "CPUUtilization",
            "IntranetInRate",
            "IntranetOutRate",
            "DiskReadIOPS",
            "DiskWriteIOPS",
            *(["memory_usedutilization"] if number == 1 else []),
        ]
        for name in names:
            maxima = [None if value is None else value + number for value in SHAPE]
            process.series(REGION, "acs_ecs_dashboard", name, f"i-{number}", start, HOUR, SHAPE, maxima)
        for ip in ips:
            dimensions = {"instanceId": "i-1", "ip": ip}
            process.series(
                REGION, "acs_ecs_dashboard", "VPC_PublicIP_InternetInRate", dimensions, start, HOUR, SHAPE
            )
    process.put("disk", REGION, {"DiskId": "d-1", **ESSD})
    process.disk_series(REGION, "d-1", start, HOUR, SHAPE, SHAPE)
    process.reset_calls()
    return process


ONLY = ("instances", "volumes", "public_ips", "metrics")
STORED = "SELECT * FROM metrics WHERE bucket_start >= ? ORDER BY ALL"


def test_days_and_hours_of_an_estate_are_what_its_series_say(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    done = collect(db, cloud.env, REGION, only=ONLY)
    assert set(done.statuses.values()) == {"complete"}, done.errors
    hours = {
        BEGIN + number * _HOUR: (value / 100, (value + 2) / 100)
        for number, value in enumerate(SHAPE)
        if value is not None and first_hour(AT, 91) <= BEGIN + number * _HOUR < AT
    }
    query = """SELECT bucket_start, avg, p95, max, samples FROM metrics
        WHERE (resource_id, metric, bucket_seconds) = ('i-2', 'cpu_utilization', ?) ORDER BY 1"""
    told = [
        (day, round(mean, 6), round(p95, 6), round(top, 6), samples)
        for day, mean, p95, top, samples in rows(db, query, DAY)
    ]
    assert same(
        told,
        [
            (day, *(round(value, 6) for value in more[:3]), more[3])
            for day, *more in told_once_more(hours, ratio=True)
        ],
    )
    assert len(told) == 91 - 2
    newest = [(hour, mean) for hour, mean, *_ in rows(db, query, HOUR)]
    assert [hour for hour, _ in newest] == sorted(hour for hour in hours if hour >= AT - 14 * _DAY)
    held = dict(rows(db, "SELECT resource_id, list_sort(list(DISTINCT metric)) FROM metrics GROUP BY 1"))
    machine = [
        "cpu_utilization",
        "disk_read_ops_per_second",
        "disk_write_ops_per_second",
        "network_in_bytes_per_second",
        "network_out_bytes_per_second",
    ]
    assert held["i-2"] == held["i-3"] == machine
    assert held["i-1"] == sorted([*machine, "memory_utilization"]), (
        "an agent's metric where there is an agent"
    )
    assert held["d-1"] == [
        "disk_read_bytes_per_second",
        "disk_read_ops_per_second",
        "disk_write_bytes_per_second",
        "disk_write_ops_per_second",
    ]
    ways = "SELECT max(avg) FILTER (resource_id = 'i-1') / max(avg) FILTER (resource_id = 'i-2') FROM metrics WHERE metric = ? AND bucket_seconds = 86400"
    assert rows(db, ways, "network_in_bytes_per_second") == [(pytest.approx(3.0, rel=1e-4),)]
    assert rows(db, ways, "network_out_bytes_per_second") == [(pytest.approx(1.0),)]


@pytest.mark.parametrize(
    "instants",
    [
        (AT + 12.5 * _HOUR, AT + 27 * _HOUR),
        (AT, AT + 0.25 * _HOUR, AT + 23.9 * _HOUR, AT + 2 * _DAY),
    ],
)
def test_what_is_collected_bit_by_bit_is_what_one_collection_has(
    instants: tuple[datetime, ...], cloud: Cloud, tmp_path: Path
) -> None:
    parts, whole = tmp_path / "parts.duckdb", tmp_path / "whole.duckdb"
    asked: list[set[datetime]] = []
    for at in instants:
        cloud.clock(f"{at:%Y-%m-%dT%H:%M:%SZ}")
        cloud.reset_calls()
        done = collect(parts, cloud.env, REGION, only=ONLY, at=at)
        assert set(done.statuses.values()) == {"complete"}, done.errors
        calls = cloud.calls("DescribeMetricList")
        asked.append({EPOCH + timedelta(milliseconds=int(call["params"]["StartTime"]) + 1) for call in calls})
    for before, starts in zip(instants, asked[1:], strict=False):
        assert starts == {
            (before - timedelta(microseconds=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        }
    collect(whole, cloud.env, REGION, only=ONLY, at=instants[-1])
    for_disks = first_hour(instants[-1], 30)
    query = """SELECT * FROM metrics WHERE bucket_start > CASE WHEN resource_id = 'd-1' THEN ?
        WHEN bucket_seconds = 3600 THEN ? ELSE ? END ORDER BY ALL"""
    since = (for_disks, instants[-1] - 14 * _DAY, first_hour(instants[-1], 91))
    kept, told = rows(parts, query, *since), rows(whole, query, *since)
    assert kept == told
    assert {row[3] for row in told} == {"i-1", "i-2", "i-3", "d-1"}
    assert {row[6] for row in told} == {DAY, HOUR}


def test_a_collection_that_broke_off_leaves_no_hole_behind_it(cloud: Cloud, tmp_path: Path) -> None:
    """One answer of each kind fails; the next collection has all of it, the agent's metrics too."""
    broken, whole = tmp_path / "broken.duckdb", tmp_path / "whole.duckdb"
    collect(whole, cloud.env, REGION, only=ONLY)
    cloud.faults([{"kind": "error", "code": "InvalidMetricName", "action": "DescribeMetricList", "every": 5}])
    done = collect(broken, cloud.env, REGION, only=ONLY)
    status, error, _ = coverage(broken)[REGION, "metrics"]
    assert (status, done.problem is None) == ("partial", False)
    assert error is not None
    assert "batches of metrics came to nothing" in error
    cloud.faults([])
    done = collect(broken, cloud.env, REGION, only=ONLY)
    assert coverage(broken)[REGION, "metrics"][0] == "complete", done.errors
    assert rows(broken, STORED, EPOCH) == rows(whole, STORED, EPOCH)


def test_metrics_that_are_denied_keep_what_is_stored_and_are_hardly_asked_for(
    cloud: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, REGION, only=ONLY)
    before = rows(db, STORED, EPOCH)
    cloud.deny("cms:DescribeMetricList", "ecs:DescribeDiskMonitorData")
    cloud.reset_calls()
    later = AT + _DAY
    cloud.clock(f"{later:%Y-%m-%dT%H:%M:%SZ}")
    collect(db, cloud.env, REGION, only=ONLY, at=later)
    status, error, _ = coverage(db)[REGION, "metrics"]
    assert status == "denied"
    assert error is not None
    assert "cms:DescribeMetricList" in error
    assert rows(db, STORED, EPOCH) == before
    assert cloud.count("DescribeMetricList") <= 8


def test_machines_and_disks_are_asked_in_batches_and_pages_of_the_largest_size(
    process: Cloud, tmp_path: Path
) -> None:
    process.fresh()
    process.clock(AS_OF)
    start = f"{AT - 2 * _DAY:%Y-%m-%dT%H:%M:%SZ}"
    for number in range(60):
        process.put("instance", REGION, {"InstanceId": f"i-{number}"})
        process.series(REGION, "acs_ecs_dashboard", "CPUUtilization", f"i-{number}", start, HOUR, [5.0] * 48)
    process.reset_calls()
    db = tmp_path / "w.duckdb"
    collect(db, process.env, REGION, only=("instances", "metrics"), days=2)
    calls = [
        call
        for call in process.calls("DescribeMetricList")
        if call["params"]["MetricName"] == "CPUUtilization"
    ]
    assert {int(call["params"]["Length"]) for call in calls} == {1440}
    assert sum(call["items"] for call in calls) == 60 * 47
    assert max(len(json.loads(call["params"]["Dimensions"])) for call in calls) <= 50
    assert len(calls) <= math.ceil(60 * 47 / 1440) + 1
    assert rows(db, "SELECT count(*), sum(samples) FROM metrics WHERE bucket_seconds = 86400") == [
        (120, 60 * 47)
    ]
