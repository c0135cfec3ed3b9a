"""The floor that `make bench` and the tests hold the collector of Alibaba Cloud against, on made-up logs."""

import json
from typing import Any

from tests.benchmarks.floor_alibaba import least_calls

METRICS, HOUR = ("cms", "DescribeMetricList"), 3_600_000


def call(
    action: str, items: int = 0, *, region: str = "r", product: str = "ecs", **params: Any
) -> dict[str, Any]:
    return {
        "product": product,
        "action": action,
        "account": "a",
        "region": region,
        "items": items,
        "params": params,
    }


def metric(
    machines: range, hours: int, items: int, *, name: str = "CPU", start: int = 0, token: str = ""
) -> dict[str, Any]:
    dimensions = json.dumps([{"instanceId": f"i-{number}"} for number in machines])
    return call(
        "DescribeMetricList", items, product="cms", Namespace="ecs", MetricName=name, Dimensions=dimensions,
        StartTime=str(start), EndTime=str(start + hours * HOUR), **({"NextToken": token} if token else {}),
    )  # fmt: skip


def test_half_empty_pages_are_surplus() -> None:
    log = [call("DescribeInstances", 50, MaxResults="50", NextToken=str(page)) for page in range(3)]
    assert least_calls(log) == {("ecs", "DescribeInstances"): 2}


def test_a_page_that_was_asked_for_twice_counts_once() -> None:
    assert least_calls([call("DescribeInstances", 100, NextToken="1")] * 3) == {
        ("ecs", "DescribeInstances"): 1
    }


def test_regions_and_what_takes_one_value_at_a_time_are_asked_each_for_itself() -> None:
    log = [call("DescribeDisks", 1, region=region) for region in ("r", "s")]
    log += [call("DescribeLoadBalancerAttribute", LoadBalancerId=one) for one in ("a", "b", "b")]
    assert least_calls(log) == {("ecs", "DescribeDisks"): 2, ("ecs", "DescribeLoadBalancerAttribute"): 2}


def test_an_empty_answer_took_a_call_and_a_spot_history_ends_with_one() -> None:
    log = [call("DescribeSnapshots")] + [
        call("DescribeSpotPriceHistory", count, Offset=str(count)) for count in (1000, 400, 0)
    ]
    assert least_calls(log) == {("ecs", "DescribeSnapshots"): 1, ("ecs", "DescribeSpotPriceHistory"): 3}


def test_metrics_are_bounded_by_points_by_machines_and_by_time() -> None:
    assert least_calls([metric(range(50), 720, 1440, token=str(page)) for page in range(25)]) == {METRICS: 25}
    assert least_calls([metric(range(50), 744, 0), metric(range(50, 100), 744, 0)]) == {METRICS: 2}
    assert least_calls([metric(range(1), 744, 700), metric(range(1), 744, 700, start=744 * HOUR)]) == {
        METRICS: 2
    }


def test_machines_that_could_have_been_one_question_are_surplus() -> None:
    log = [metric(range(number, number + 1), 24, 24) for number in range(40)]
    assert least_calls(log) == {METRICS: 1}
    assert least_calls([*log, metric(range(1), 24, 24, name="memory")]) == {METRICS: 2}


def test_a_disk_has_as_many_as_its_hours_need() -> None:
    log = [call("DescribeDiskMonitorData", 360, DiskId="d-1", StartTime=str(start)) for start in (1, 2)]
    assert least_calls([*log, call("DescribeDiskMonitorData", 0, DiskId="d-2", StartTime="1")]) == {
        ("ecs", "DescribeDiskMonitorData"): 3
    }


def test_types_are_fifty_to_a_question_and_each_is_asked_once() -> None:
    def prices(*numbers: int) -> dict[str, Any]:
        named = {
            f"ModuleList.{place}.Config": f"InstanceType:t-{number}" for place, number in enumerate(numbers)
        }
        return call("GetPayAsYouGoPrice", product="bss", Region="r", **named)

    assert least_calls([prices(*range(50)), prices(*range(25)), prices(*range(25, 50))]) == {
        ("bss", "GetPayAsYouGoPrice"): 1
    }
