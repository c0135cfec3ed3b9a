"""The local AWS keeps the real one's limits and shapes, seen through real boto3 clients."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from tests.servers.aws.cloud import ACCOUNT, REGIONS, Cloud, Truth

AS_OF = datetime(2026, 11, 20)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def cloud(process: Cloud) -> Cloud:
    """The estate of 100 instances, calm, with an empty call log."""
    process.estate()
    return process


@pytest.fixture
def truth(cloud: Cloud) -> Truth:
    return cloud.estate()


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, int]:
    """Code and status with which a call is refused."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    answer: Any = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def query(
    name: str,
    metric: str,
    dimensions: dict[str, str],
    stat: str = "Average",
    period: int = 300,
    space: str = "AWS/EC2",
) -> dict[str, Any]:
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {"Namespace": space, "MetricName": metric, "Dimensions": named},
            "Period": period,
            "Stat": stat,
        },
    }


def ask(
    cloud: Cloud,
    queries: list[dict[str, Any]],
    days: float = 1,
    end: datetime = AS_OF,
    region: str = "us-east-1",
    **more: Any,
) -> dict[str, Any]:
    answer: dict[str, Any] = cloud.client("cloudwatch", region).get_metric_data(
        MetricDataQueries=queries, StartTime=end - timedelta(days=days), EndTime=end, **more
    )
    return answer


def put(
    cloud: Cloud, values: list[float | None], start: datetime = AS_OF - DAY, step: int = 300, name: str = "m"
) -> None:
    cloud.series("Test", name, {"a": "1", "b": "2"}, start.isoformat(), values, step)


def one(cloud: Cloud, stat: str, period: int, days: float = 1, **more: Any) -> dict[str, Any]:
    result: dict[str, Any] = ask(
        cloud, [query("q", "m", {"a": "1", "b": "2"}, stat, period, "Test")], days, **more
    )["MetricDataResults"][0]
    return result


# CloudWatch


def test_501_queries_are_refused_and_500_are_not(cloud: Cloud) -> None:
    queries = [query(f"q{number}", "CPUUtilization", {"InstanceId": "i-0"}) for number in range(501)]
    assert len(ask(cloud, queries[:500])["MetricDataResults"]) == 500
    with pytest.raises(ClientError) as error:
        ask(cloud, queries)
    assert error.value.response["Error"]["Code"] == "ValidationError"


def test_pages_of_100800_datapoints_hold_every_value_once(cloud: Cloud, truth: Truth) -> None:
    """30 series of 14 days are 120,960 datapoints: two pages, one series in two pieces."""
    old = truth.ids("idle", "oversized", "steady", "memory_bound", "daily_spike")
    ids = [
        each["id"]
        for each in truth.classes["root"]
        if each["region"] == "us-east-1" and each["instance"] in old
    ][:15]
    names = [(name, each) for name in ("VolumeReadOps", "VolumeWriteOps") for each in ids]
    queries = [
        query(f"q{n}", name, {"VolumeId": each}, "Sum", space="AWS/EBS")
        for n, (name, each) in enumerate(names)
    ]
    pages = [ask(cloud, queries, 14)]
    while "NextToken" in pages[-1]:
        pages.append(ask(cloud, queries, 14, NextToken=pages[-1]["NextToken"]))
    sizes = [sum(len(result["Values"]) for result in page["MetricDataResults"]) for page in pages]
    assert sizes[0] == 100_800
    assert len(sizes) == 2
    every = [AS_OF - timedelta(minutes=5 * number) for number in range(1, 14 * 288 + 1)]
    cut = next(
        result["Id"] for result in pages[0]["MetricDataResults"] if result["StatusCode"] == "PartialData"
    )
    alone = ask(cloud, [each for each in queries if each["Id"] == cut], 14)["MetricDataResults"][0]
    for number in range(len(queries)):
        pieces = [
            result for page in pages for result in page["MetricDataResults"] if result["Id"] == f"q{number}"
        ]
        assert [time.replace(tzinfo=None) for piece in pieces for time in piece["Timestamps"]] == every
        if f"q{number}" == cut:
            assert [value for piece in pieces for value in piece["Values"]] == alone["Values"]
        assert pieces[-1]["StatusCode"] == "Complete"
        assert all(piece["StatusCode"] == "PartialData" for piece in pieces[:-1])


def test_max_datapoints_makes_smaller_pages(cloud: Cloud) -> None:
    put(cloud, [float(value) for value in range(10)])
    first = ask(cloud, [query("q", "m", {"a": "1", "b": "2"}, space="Test")], MaxDatapoints=7)
    assert first["MetricDataResults"][0]["Values"] == [9, 8, 7, 6, 5, 4, 3]
    assert first["NextToken"]


@pytest.mark.parametrize("token", ["made-up", "MS4yLjM="])
def test_an_unknown_token_is_an_error(cloud: Cloud, token: str) -> None:
    with pytest.raises(ClientError) as error:
        ask(cloud, [query("q", "m", {})], NextToken=token)
    assert error.value.response["Error"]["Code"] == "InvalidNextToken"


@pytest.mark.parametrize(
    "stat", ["p95", "p99.9", "p50", "p0", "p100", "Average", "Maximum", "Minimum", "Sum", "SampleCount"]
)
def test_statistics_are_numpys(cloud: Cloud, stat: str) -> None:
    """Hours with gaps and hours without: each as numpy has it."""
    values: list[float | None] = [float(value) for value in np.random.default_rng(1).exponential(10, 288)]
    values[5] = values[40] = values[41] = None
    put(cloud, values)
    result = one(cloud, stat, 3600, ScanBy="TimestampAscending")
    hours = [
        [value for value in values[hour * 12 : hour * 12 + 12] if value is not None] for hour in range(24)
    ]
    plain: dict[str, Any] = {
        "Average": np.mean,
        "Maximum": np.max,
        "Minimum": np.min,
        "Sum": np.sum,
        "SampleCount": len,
    }
    expected = [
        plain[stat](hour) if stat in plain else np.percentile(hour, float(stat[1:])) for hour in hours
    ]
    assert result["Values"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("space", "name", "dimensions"),
    [
        ("AWS/EC3", "m", {"a": "1", "b": "2"}),
        ("Test", "n", {"a": "1", "b": "2"}),
        ("Test", "m", {"a": "1"}),
        ("Test", "m", {"a": "1", "b": "2", "c": "3"}),
    ],
)
def test_another_namespace_name_or_set_of_dimensions_finds_nothing(
    cloud: Cloud, space: str, name: str, dimensions: dict[str, str]
) -> None:
    put(cloud, [1.0] * 10)
    result = ask(cloud, [query("q", name, dimensions, space=space)])["MetricDataResults"][0]
    assert (result["Values"], result["StatusCode"]) == ([], "Complete")


@pytest.mark.parametrize(
    ("period", "age", "there"),
    [
        (60, 14, True),
        (60, 16, False),
        (300, 62, True),
        (300, 64, False),
        (3600, 90, True),
        (3600, 460, False),
    ],
)
def test_old_data_exist_only_for_coarse_periods(cloud: Cloud, period: int, age: int, there: bool) -> None:
    put(cloud, [1.0] * 24, AS_OF - timedelta(days=age))
    assert bool(one(cloud, "Average", period, 1, end=AS_OF - timedelta(days=age - 1))["Values"]) is there


def test_newest_first_unless_asked_otherwise_and_the_end_is_exclusive(cloud: Cloud) -> None:
    put(cloud, [1.0, 2.0, 3.0], AS_OF - timedelta(minutes=10))
    assert one(cloud, "Sum", 300)["Values"] == [2.0, 1.0]


@pytest.mark.parametrize(
    "wrong",
    [{"stat": "Median"}, {"stat": "p101"}, {"period": 61}, {"name": "Q"}, {"name": "1q"}],
    ids=["statistic", "percentile", "period", "upper-case id", "id with a digit first"],
)
def test_a_query_that_breaks_a_rule_is_refused(cloud: Cloud, wrong: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        ask(cloud, [query(**{"name": "q", "metric": "m", "dimensions": {}, **wrong})])


def test_ids_are_unique_and_a_start_is_before_its_end(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        ask(cloud, [query("q", "m", {}), query("q", "n", {})])
    with pytest.raises(ClientError, match="ValidationError"):
        ask(cloud, [query("q", "m", {})], days=0)


def test_metric_statistics_give_at_most_1440_datapoints(cloud: Cloud, truth: Truth) -> None:
    each = truth.classes["steady"][0]
    client = cloud.client("cloudwatch", each["region"])
    asked: dict[str, Any] = {
        "Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "InstanceId", "Value": each["id"]}],
        "StartTime": AS_OF - 6 * DAY,
        "EndTime": AS_OF,
    }
    assert refused(client.get_metric_statistics, **asked, Period=300, Statistics=["Average"]) == (
        "InvalidParameterCombination",
        400,
    )
    points = client.get_metric_statistics(**asked, Period=3600, ExtendedStatistics=["p95"])["Datapoints"]
    assert len(points) == 6 * 24
    assert all(set(point["ExtendedStatistics"]) == {"p95"} for point in points)


def test_list_metrics_pages_by_500_and_forgets_after_two_weeks(cloud: Cloud) -> None:
    for number in range(3):
        put(cloud, [1.0], AS_OF - timedelta(days=13 + number), name=f"m{number}")
    client = cloud.client("cloudwatch")
    assert {each["MetricName"] for each in client.list_metrics(Namespace="Test")["Metrics"]} == {"m0", "m1"}
    for number in range(501):
        cloud.series("Many", "m", {"n": str(number)}, "2026-11-19T23:00:00Z", [1.0])
    page = client.list_metrics(Namespace="Many")
    assert len(page["Metrics"]) == 500
    assert len(client.list_metrics(Namespace="Many", NextToken=page["NextToken"])["Metrics"]) == 1


def test_put_data_are_found_and_the_namespaces_of_aws_are_reserved(cloud: Cloud) -> None:
    client = cloud.client("cloudwatch")
    datum = {
        "MetricName": "m",
        "Timestamp": AS_OF - DAY / 2,
        "Value": 7.0,
        "Dimensions": [{"Name": "a", "Value": "1"}],
    }
    client.put_metric_data(Namespace="Mine", MetricData=[datum] * 1000)
    assert ask(cloud, [query("q", "m", {"a": "1"}, "SampleCount", space="Mine")])["MetricDataResults"][0][
        "Values"
    ] == [1000]
    assert (
        refused(client.put_metric_data, Namespace="AWS/EC2", MetricData=[datum])[0] == "InvalidParameterValue"
    )
    assert (
        refused(client.put_metric_data, Namespace="Mine", MetricData=[datum] * 1001)[0] == "ValidationError"
    )


# EC2's paging, types, spot prices


@pytest.mark.parametrize("what", ["volumes", "instances", "snapshots", "images", "network_interfaces"])
def test_pages_add_up_to_everything(cloud: Cloud, truth: Truth, what: str) -> None:
    pager = cloud.client("ec2").get_paginator(f"describe_{what}")
    owners = {"snapshots": {"OwnerIds": ["self"]}, "images": {"Owners": ["self"]}}.get(what, {})
    key = {"instances": "Reservations"}.get(what, "".join(part.title() for part in what.split("_")))
    pages = [page[key] for page in pager.paginate(PaginationConfig={"PageSize": 5}, **owners)]
    assert all(len(page) <= 5 for page in pages)
    known = truth.inventory["us-east-1"].get(what)
    # One terminated instance is shown beside those that the truth counts.
    assert known is None or sum(map(len, pages)) == known + (what == "instances")


@pytest.mark.parametrize("size", [4, 1001])
def test_a_page_size_out_of_bounds_is_refused(cloud: Cloud, size: int) -> None:
    assert refused(cloud.client("ec2").describe_volumes, MaxResults=size) == ("InvalidParameterValue", 400)


def test_a_token_of_another_call_and_ids_with_a_page_size_are_refused(cloud: Cloud, truth: Truth) -> None:
    client = cloud.client("ec2")
    token = client.describe_volumes(MaxResults=5)["NextToken"]
    assert refused(client.describe_snapshots, NextToken=token, MaxResults=5)[0] == "InvalidNextToken"
    assert (
        refused(client.describe_instances, InstanceIds=["i-1"], MaxResults=5)[0]
        == "InvalidParameterCombination"
    )


def test_instance_types_come_by_100_with_wildcards_whose_case_counts(cloud: Cloud) -> None:
    client = cloud.client("ec2")

    def found(pattern: str) -> set[str]:
        types = client.describe_instance_types(Filters=[{"Name": "instance-type", "Values": [pattern]}])[
            "InstanceTypes"
        ]
        return {each["InstanceType"] for each in types}

    assert {"m5.large", "m5.metal"} <= found("m5.*")
    assert all(name.startswith("m5.") for name in found("m5.*"))
    assert found("M5.*") == set()
    page = client.describe_instance_types()
    assert len(page["InstanceTypes"]) == 100
    assert page["NextToken"]
    assert refused(client.describe_instance_types, MaxResults=101)[0] == "InvalidParameterValue"
    assert refused(client.describe_instance_types, InstanceTypes=["m5.huge"])[0] == "InvalidInstanceType"


def spot(cloud: Cloud, **more: Any) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {
        "InstanceTypes": ["m5.large"],
        "ProductDescriptions": ["Linux/UNIX"],
        "AvailabilityZone": "us-east-1a",
    }
    pages = cloud.client("ec2").get_paginator("describe_spot_price_history").paginate(**asked, **more)
    return [
        each | {"Timestamp": each["Timestamp"].replace(tzinfo=None)}
        for page in pages
        for each in page["SpotPriceHistory"]
    ]


def test_spot_history_is_newest_first_and_begins_with_the_price_in_force(cloud: Cloud) -> None:
    week = spot(cloud, StartTime=AS_OF - 7 * DAY, EndTime=AS_OF - DAY)
    times = [each["Timestamp"] for each in week]
    assert times == sorted(times, reverse=True)
    assert times[0] <= AS_OF - DAY
    assert times[-1] <= AS_OF - 7 * DAY < times[-2]
    assert spot(cloud, StartTime=AS_OF, EndTime=AS_OF)[0] == spot(cloud)[0]
    assert len(spot(cloud, StartTime=AS_OF, EndTime=AS_OF)) == 1
    assert {each["AvailabilityZone"] for each in week} == {"us-east-1a"}
    assert all(0 < float(each["SpotPrice"]) < 0.096 for each in week)


def test_spot_history_reaches_back_90_days_in_pages_of_1000(cloud: Cloud) -> None:
    assert spot(cloud, StartTime=AS_OF - 365 * DAY)[-1]["Timestamp"] > AS_OF - 93 * DAY
    page = cloud.client("ec2").describe_spot_price_history(InstanceTypes=["m5.large", "c5.large"])
    assert len(page["SpotPriceHistory"]) == 1000
    assert page["NextToken"]


# Prices


def priced(cloud: Cloud, service: str = "AmazonEC2", **fields: str) -> list[dict[str, Any]]:
    filters = [{"Type": "TERM_MATCH", "Field": key, "Value": value} for key, value in fields.items()]
    pages = (
        cloud.client("pricing").get_paginator("get_products").paginate(ServiceCode=service, Filters=filters)
    )
    return [json.loads(text) for page in pages for text in page["PriceList"]]


USUAL = {"tenancy": "Shared", "capacitystatus": "Used", "preInstalledSw": "NA"}


def test_all_usual_filters_find_one_linux_price_and_fewer_find_what_one_does_not_want(cloud: Cloud) -> None:
    kind = {"instanceType": "m5.large", "regionCode": "us-east-1"}
    linux = priced(cloud, operatingSystem="Linux", **kind, **USUAL)
    assert len(linux) == 1
    dimension = next(iter(next(iter(linux[0]["terms"]["OnDemand"].values()))["priceDimensions"].values()))
    assert (dimension["pricePerUnit"], dimension["unit"]) == ({"USD": "0.0960000000"}, "Hrs")
    assert len(priced(cloud, operatingSystem="Linux", **kind)) > 3
    licences = {
        each["product"]["attributes"]["licenseModel"]
        for each in priced(cloud, operatingSystem="Windows", **kind, **USUAL)
    }
    assert licences == {"No License required", "Bring your own license"}
    assert priced(cloud, operatingSystem="linux", **kind) == []


def test_a_whole_region_pages_by_100(cloud: Cloud) -> None:
    found = priced(cloud, operatingSystem="Linux", regionCode="eu-west-1", **USUAL)
    assert len(found) > 100
    assert len({each["product"]["sku"] for each in found}) == len(found)
    assert cloud.count("GetProducts") == -(-len(found) // 100)


def test_disks_and_addresses_have_prices(cloud: Cloud) -> None:
    throughput = priced(cloud, usagetype="EU-EBS:VolumeP-Throughput.gp3")
    assert throughput[0]["product"]["productFamily"] == "Provisioned Throughput"
    assert "GiBps-mo" in str(throughput[0]["terms"])
    address = priced(cloud, "AmazonVPC", usagetype="USE1-PublicIPv4:IdleAddress")
    assert "productFamily" not in address[0]["product"]


def test_the_price_list_has_no_endpoint_in_most_regions(cloud: Cloud) -> None:
    with pytest.raises((EndpointConnectionError, BotoCoreError)):
        cloud.client("pricing", "eu-west-1").get_products(ServiceCode="AmazonEC2")


# Faults


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("ec2", "describe_volumes", "RequestLimitExceeded", 503),
        ("cloudwatch", "list_metrics", "Throttling", 400),
        ("pricing", "describe_services", "ThrottlingException", 400),
        ("elbv2", "describe_load_balancers", "Throttling", 400),
        ("organizations", "list_accounts", "TooManyRequestsException", 400),
        ("s3", "list_buckets", "SlowDown", 503),
    ],
)
def test_each_service_throttles_in_its_own_words(
    cloud: Cloud, service: str, operation: str, code: str, status: int
) -> None:
    cloud.faults([{"kind": "throttle"}])
    assert refused(getattr(cloud.client(service), operation)) == (code, status)


@pytest.mark.parametrize("kind", ["throttle", "http500", "http502html", "http503empty", "reset"])
def test_what_passes_is_retried_with_success(cloud: Cloud, kind: str) -> None:
    cloud.faults([{"kind": kind, "service": "ec2", "first": 1}])
    client = cloud.client("ec2", retries={"mode": "standard", "total_max_attempts": 3})
    assert client.describe_volumes()["Volumes"]
    assert [call["outcome"] == "ok" for call in cloud.calls()] == [False, True]


@pytest.mark.parametrize("kind", ["reset", "truncate", "short"])
def test_what_is_cut_is_no_client_error(cloud: Cloud, kind: str) -> None:
    cloud.faults([{"kind": kind, "operation": "DescribeVolumes"}])
    client = cloud.client("ec2")
    with pytest.raises(Exception, match=r".") as error:
        client.describe_volumes()
    assert not isinstance(error.value, ClientError)
    assert client.describe_snapshots(OwnerIds=["self"])["Snapshots"]


def test_a_hanging_call_ends_with_the_clients_patience(cloud: Cloud) -> None:
    cloud.faults([{"kind": "hang", "seconds": 1, "first": 1}])
    client = cloud.client("ec2", read_timeout=0.3)
    with pytest.raises(BotoCoreError, match="Read timeout"):
        client.describe_volumes()
    assert cloud.client("ec2").describe_volumes()["Volumes"]


def test_faults_strike_by_region_and_count(cloud: Cloud) -> None:
    cloud.faults([{"kind": "throttle", "region": "eu-west-1", "every": 2}])
    here, there = cloud.client("ec2"), cloud.client("ec2", "eu-west-1")
    for _ in range(2):
        here.describe_volumes()
    there.describe_volumes()
    assert refused(there.describe_volumes)[0] == "RequestLimitExceeded"
    with pytest.raises(RuntimeError, match="no such kind"):
        cloud.faults([{"kind": "flood"}])


def test_token_buckets_throttle_and_latency_delays(cloud: Cloud) -> None:
    cloud.buckets([{"service": "ec2", "tokens": 2, "per_second": 0.01}])
    client = cloud.client("ec2")
    client.describe_volumes()
    client.describe_volumes()
    assert refused(client.describe_volumes)[0] == "RequestLimitExceeded"
    cloud.buckets([])
    cloud.latency({"*": 0.0, "DescribeVolumes": 0.2})
    cloud.reset_calls()
    client.describe_volumes()
    assert cloud.calls()[0]["seconds"] >= 0.2


# IAM


def allow(*actions: str, **more: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}],
    }


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code", "status"),
    [
        ("ec2", "describe_volumes", {}, "UnauthorizedOperation", 403),
        ("ec2", "describe_spot_price_history", {}, "UnauthorizedOperation", 403),
        ("cloudwatch", "list_metrics", {}, "AccessDenied", 403),
        ("pricing", "get_products", {"ServiceCode": "AmazonEC2"}, "AccessDeniedException", 400),
        ("organizations", "list_accounts", {}, "AccessDeniedException", 400),
        ("account", "list_regions", {}, "AccessDeniedException", 403),
        ("savingsplans", "describe_savings_plans", {}, "AccessDeniedException", 403),
        ("autoscaling", "describe_auto_scaling_groups", {}, "AccessDenied", 403),
        ("s3", "list_buckets", {}, "AccessDenied", 403),
    ],
)
def test_a_user_without_rights_is_denied_as_each_service_denies(
    cloud: Cloud, service: str, operation: str, arguments: dict[str, Any], code: str, status: int
) -> None:
    nobody = cloud.enforce_iam(allow("iam:GetUser"))
    assert refused(getattr(cloud.client(service, env=nobody), operation), **arguments) == (code, status)
    assert cloud.client("sts", env=nobody).get_caller_identity()["Account"] == ACCOUNT


def test_a_policy_allows_what_it_names_by_the_names_of_iam(cloud: Cloud) -> None:
    user = cloud.enforce_iam(
        allow(
            "cloudwatch:ListMetrics",
            "ec2:Describe*",
            "pricing:GetProducts",
            "elasticloadbalancing:DescribeLoadBalancers",
        )
    )
    assert cloud.client("cloudwatch", env=user).list_metrics()["Metrics"]
    assert cloud.client("ec2", env=user).describe_volumes()["Volumes"]
    assert cloud.client("elbv2", env=user).describe_load_balancers()["LoadBalancers"]
    assert cloud.client("pricing", env=user).get_products(ServiceCode="AmazonVPC")["PriceList"]
    assert (
        refused(cloud.client("ec2", env=user).delete_volume, VolumeId="vol-1")[0] == "UnauthorizedOperation"
    )


def test_a_condition_on_the_region_holds(cloud: Cloud) -> None:
    user = cloud.enforce_iam(allow("ec2:*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}))
    assert cloud.client("ec2", "eu-west-1", env=user).describe_volumes()["Volumes"]
    assert refused(cloud.client("ec2", env=user).describe_volumes)[0] == "UnauthorizedOperation"


def test_a_bucket_is_read_by_its_own_name_only(cloud: Cloud) -> None:
    admin = cloud.client("s3")
    for bucket in ("billing", "other"):
        admin.create_bucket(Bucket=bucket)
        admin.put_object(Bucket=bucket, Key="2026/11.csv.gz", Body=b"x" * 100_000)
    user = cloud.enforce_iam(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:ListBucket"],
                    "Resource": ["arn:aws:s3:::billing", "arn:aws:s3:::billing/*"],
                }
            ],
        }
    )
    reader = cloud.client("s3", env=user)
    assert reader.list_objects_v2(Bucket="billing")["KeyCount"] == 1
    assert len(reader.get_object(Bucket="billing", Key="2026/11.csv.gz")["Body"].read()) == 100_000
    assert refused(reader.get_object, Bucket="other", Key="2026/11.csv.gz") == ("AccessDenied", 403)
    assert refused(reader.put_object, Bucket="billing", Key="new", Body=b"x" * 100_000) == (
        "AccessDenied",
        403,
    )


def test_wrong_keys_and_secrets_are_found_out(cloud: Cloud) -> None:
    user = cloud.enforce_iam(allow("*"))
    assert cloud.client("cloudwatch", env=user).list_metrics()["Metrics"]
    assert cloud.client("ec2", env=user).describe_volumes()["Volumes"]
    wrong = user | {"AWS_SECRET_ACCESS_KEY": "wrong"}
    assert refused(cloud.client("ec2", env=wrong).describe_volumes) == ("AuthFailure", 401)
    assert refused(cloud.client("pricing", env=wrong).describe_services) == ("InvalidSignatureException", 400)
    unknown = user | {"AWS_ACCESS_KEY_ID": "AKIA2222222222222222"}
    assert refused(cloud.client("sts", env=unknown).get_caller_identity) == ("InvalidClientTokenId", 403)


def test_a_region_that_is_not_enabled_refuses_every_key(cloud: Cloud) -> None:
    assert refused(cloud.client("ec2", "af-south-1").describe_volumes) == ("AuthFailure", 401)
    names = {each["RegionName"] for each in cloud.client("ec2").describe_regions()["Regions"]}
    assert "af-south-1" not in names
    assert set(REGIONS) < names


def test_members_of_the_organization_let_their_role_be_assumed_or_not(process: Cloud) -> None:
    process.estate(n=17)
    members = process.organization()["members"]
    sts = process.client("sts")
    keys = sts.assume_role(RoleArn=members["222222222222"]["role"], RoleSessionName="finops")["Credentials"]
    there = process.env_of(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    shown = process.client("ec2", env=there).describe_volumes()["Volumes"]
    assert len(shown) == members["222222222222"]["truth"]["inventory"]["us-east-1"]["volumes"]
    assert process.calls("DescribeVolumes")[-1]["account"] == "222222222222"
    assert members["333333333333"]["role"] is None
    denied = "arn:aws:iam::333333333333:role/finops-reader"
    assert refused(sts.assume_role, RoleArn=denied, RoleSessionName="finops") == ("AccessDenied", 403)
    accounts = [
        each
        for page in process.client("organizations").get_paginator("list_accounts").paginate()
        for each in page["Accounts"]
    ]
    assert {each["Id"] for each in accounts if each["Status"] == "ACTIVE"} == {ACCOUNT, *members}


# The estate, and what was asked


def test_the_truth_agrees_with_the_inventory(cloud: Cloud, truth: Truth) -> None:
    shown: dict[str, Any] = {}
    for region in truth.regions:
        for reservation in cloud.client("ec2", region).describe_instances()["Reservations"]:
            shown |= {
                each["InstanceId"]: each
                for each in reservation["Instances"]
                if each["State"]["Name"] != "terminated"
            }
    kinds = [
        "idle",
        "oversized",
        "spot_eligible",
        "stopped",
        "stopped_recently",
        "daily_spike",
        "month_end",
        "quarter_end",
        "memory_bound",
    ]
    kinds += [
        "gpu_busy",
        "missing_data",
        "no_data",
        "new",
        "stateful",
        "spot_already",
        "memory_unknown",
        "steady",
    ]
    assert all(truth.classes[kind] for kind in kinds)
    assert truth.ids(*kinds) == set(shown)
    assert sum(len(truth.classes[kind]) for kind in kinds) == truth.n == len(shown)
    assert {shown[each]["State"]["Name"] for each in truth.ids("stopped", "stopped_recently")} == {"stopped"}
    assert {shown[each].get("InstanceLifecycle") for each in truth.ids("spot_already")} == {"spot"}
    assert max(each["LaunchTime"].replace(tzinfo=None) for each in shown.values()) < AS_OF


def test_the_same_seed_gives_the_same_estate(cloud: Cloud, truth: Truth) -> None:
    assert cloud.estate(keep=False) == truth
    assert cloud.estate(seed=1) != truth


def peaks(cloud: Cloud, truth: Truth, kind: str, days: int) -> list[float]:
    """The highest CPU of each instance of a class."""
    result = []
    for each in truth.classes[kind]:
        asked = [query("q", "CPUUtilization", {"InstanceId": each["id"]}, "Maximum", 86400)]
        result.append(
            max(ask(cloud, asked, days, region=each["region"])["MetricDataResults"][0]["Values"], default=-1)
        )
    return result


def test_loads_are_what_their_class_says(cloud: Cloud, truth: Truth) -> None:
    assert max(peaks(cloud, truth, "idle", 95)) < 4
    assert max(peaks(cloud, truth, "oversized", 95)) < 25
    assert min(peaks(cloud, truth, "daily_spike", 2)) > 85
    assert max(peaks(cloud, truth, "quarter_end", 35)) < 4 < 80 < min(peaks(cloud, truth, "quarter_end", 95))
    assert max(peaks(cloud, truth, "month_end", 15)) < 4 < 80 < min(peaks(cloud, truth, "month_end", 35))
    assert peaks(cloud, truth, "no_data", 95) == [-1] * len(truth.classes["no_data"])


def test_a_spike_of_15_minutes_escapes_the_95th_percentile(cloud: Cloud, truth: Truth) -> None:
    each = truth.classes["daily_spike"][0]
    asked = [query("q", "CPUUtilization", {"InstanceId": each["id"]}, "p95", 86400)]
    assert max(ask(cloud, asked, 30, region=each["region"])["MetricDataResults"][0]["Values"]) < 4


def test_the_log_tells_who_asked_what(cloud: Cloud, truth: Truth) -> None:
    ask(
        cloud, [query("q", "CPUUtilization", {"InstanceId": each}) for each in ["i-1"]], 1, region="eu-west-1"
    )
    call = cloud.calls()[0]
    assert {key: call[key] for key in ("service", "operation", "region", "account", "status", "outcome", "queries", "datapoints")} == {
        "service": "cloudwatch", "operation": "GetMetricData", "region": "eu-west-1", "account": ACCOUNT,
        "status": 200, "outcome": "ok", "queries": 1, "datapoints": 0,
    }  # fmt: skip
    assert call["asked"]["Queries"] == [
        ["AWS/EC2", "CPUUtilization", [["InstanceId", "i-1"]], 300, "Average"]
    ]
    assert call["asked"]["EndTime"] - call["asked"]["StartTime"] == DAY.total_seconds()


def test_a_changed_estate_is_built_anew(process: Cloud) -> None:
    truth = process.estate(n=17)
    gone = truth.classes["unattached"][0]
    process.move("delete-volume", gone["id"], gone["region"])
    ec2 = process.client("ec2", gone["region"])
    assert refused(ec2.describe_volumes, VolumeIds=[gone["id"]])[0] == "InvalidVolume.NotFound"
    assert process.estate(n=17) == truth
    assert ec2.describe_volumes(VolumeIds=[gone["id"]])["Volumes"]


def test_fresh_is_empty(process: Cloud) -> None:
    process.estate(n=17)
    process.fresh()
    assert process.client("ec2").describe_volumes()["Volumes"] == []
    assert process.count() == 1
