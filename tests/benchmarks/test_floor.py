"""The floor that `make bench` holds the collector against, on made-up logs."""

from typing import Any

from tests.benchmarks.floor import least_calls

METRICS = ("cloudwatch", "GetMetricData")


def call(
    operation: str, items: int = 0, *, region: str = "r", service: str = "ec2", **asked: Any
) -> dict[str, Any]:
    return {
        "service": service, "operation": operation, "account": "a", "region": region, "items": items,
        "datapoints": 0, "asked": asked,
    }  # fmt: skip


def metrics(first: int, count: int, period: int, datapoints: int, region: str = "r") -> dict[str, Any]:
    queries = [
        ["AWS/EC2", "CPU", [["InstanceId", f"i-{first + n}"]], period, "Average"] for n in range(count)
    ]
    asked = call("GetMetricData", region=region, service="cloudwatch", Queries=queries)
    return {**asked, "datapoints": datapoints}


def test_half_empty_pages_are_surplus() -> None:
    log = [call("DescribeVolumes", 500, MaxResults="500", NextToken=str(page)) for page in range(3)]
    assert least_calls(log) == {("ec2", "DescribeVolumes"): 2}


def test_regions_are_asked_each_for_itself() -> None:
    log = [call("DescribeVolumes", 1, region=region) for region in ("r", "s")]
    assert least_calls(log) == {("ec2", "DescribeVolumes"): 2}


def test_an_empty_answer_took_a_call() -> None:
    assert least_calls([call("DescribeAddresses")]) == {("ec2", "DescribeAddresses"): 1}


def test_lists_of_values_could_have_been_one_request() -> None:
    log = [
        call("GetProducts", 40, service="pricing", ServiceCode="AmazonEC2", Filters=[{"Field": "os", "Value": system}])
        for system in ("Linux", "Windows")
    ]  # fmt: skip
    other = call(
        "GetProducts", 2, service="pricing", ServiceCode="AmazonVPC", Filters=[{"Field": "os", "Value": "x"}]
    )
    assert least_calls([*log, other]) == {("pricing", "GetProducts"): 2}


def test_single_values_are_requests_of_their_own() -> None:
    log = [call("DescribeTargetHealth", TargetGroupArn=arn) for arn in ("a", "b", "b")]
    assert least_calls(log) == {("ec2", "DescribeTargetHealth"): 2}


def test_one_thing_at_a_time_is_told_by_its_path_where_there_is_no_parameter() -> None:
    log = [call("GetBucketVersioning", service="s3", Path=f"/{name}") for name in ("a", "b", "b")]
    assert least_calls(log) == {("s3", "GetBucketVersioning"): 2}


def test_metrics_are_bounded_by_queries_and_by_datapoints() -> None:
    daily = [metrics(0, 300, 86_400, 28_500), metrics(300, 300, 86_400, 28_500)]
    hourly = [metrics(0, 300, 3_600, 100_800), metrics(300, 300, 3_600, 100_000), metrics(600, 1, 3_600, 336)]
    assert least_calls(daily) == {METRICS: 2}
    assert least_calls([metrics(0, 250, 86_400, 1), metrics(250, 250, 86_400, 1)]) == {METRICS: 1}
    assert least_calls(hourly) == {METRICS: 2}
    assert least_calls([*daily, *hourly]) == {METRICS: 4}


def test_a_series_that_is_asked_twice_counts_once() -> None:
    assert least_calls([metrics(0, 500, 86_400, 1), metrics(0, 500, 86_400, 1)]) == {METRICS: 1}


def test_listing_a_whole_namespace_may_take_fewer_pages_than_each_name() -> None:
    log = [
        call("ListMetrics", 10, service="cloudwatch", Namespace="CWAgent", MetricName=name) for name in "abc"
    ]
    assert least_calls(log) == {("cloudwatch", "ListMetrics"): 3}
    assert least_calls(log, {"r": 600}) == {("cloudwatch", "ListMetrics"): 2}
