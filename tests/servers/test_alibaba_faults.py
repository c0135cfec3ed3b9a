"""What goes wrong in the local Alibaba Cloud on purpose, its object store, and what tests make by hand."""

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree import ElementTree

import pytest
from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException

from tests.servers.alibaba.asking import ask, assumed, raw, refused
from tests.servers.alibaba.cloud import ACCOUNT, Cloud, Truth

ECS = "acs_ecs_dashboard"
CPU = {"Namespace": ECS, "MetricName": "CPUUtilization"}


# Faults


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"kind": "throttle"}, ("Throttling.User", 400)),
        ({"kind": "throttle", "code": "Throttling"}, ("Throttling", 400)),
        ({"kind": "error", "code": "ServiceUnavailable", "status": 503}, ("ServiceUnavailable", 503)),
        ({"kind": "http500"}, ("InternalError", 500)),
        ({"kind": "http502html"}, ("SDK.UnknownServerError", 502)),
        ({"kind": "http503empty"}, ("SDK.UnknownServerError", 503)),
        ({"kind": "denied"}, ("Forbidden.RAM", 403)),
        ({"kind": "expired"}, ("InvalidSecurityToken.Expired", 403)),
    ],
)
def test_an_answer_is_spoilt_as_arranged(
    cloud: Cloud, rule: dict[str, object], expected: tuple[str, int]
) -> None:
    cloud.faults([{**rule, "product": "ecs"}])
    assert refused(cloud, "ecs", "DescribeDisks") == expected
    assert cloud.calls("DescribeDisks")[0]["outcome"] == rule["kind"]
    assert ask(cloud, "vpc", "DescribeNatGateways")
    cloud.faults([])
    assert ask(cloud, "ecs", "DescribeDisks")


def test_success_may_be_a_failure_inside(cloud: Cloud) -> None:
    cloud.faults([{"kind": "inner", "action": "DescribeMetricLast", "first": 1}])
    answer = ask(cloud, "cms", "DescribeMetricLast", **CPU)
    assert (answer["Code"], answer["Success"], "Datapoints" in answer) == ("500", False, False)
    assert ask(cloud, "cms", "DescribeMetricLast", **CPU)["Success"]


def test_an_answer_may_be_anything(cloud: Cloud) -> None:
    cloud.faults([{"kind": "body", "body": {"Disks": {"Disk": "none"}}, "action": "DescribeDisks"}])
    assert ask(cloud, "ecs", "DescribeDisks") == {"Disks": {"Disk": "none"}}
    cloud.faults([{"kind": "body", "body": "<html>", "first": 1}])
    assert raw(cloud, "vpc", "DescribeNatGateways") == b"<html>"


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_connections_break(cloud: Cloud, kind: str) -> None:
    cloud.faults([{"kind": kind, "first": 1}])
    with pytest.raises((ClientException, ServerException, ValueError)):
        ask(cloud, "ecs", "DescribeDisks")
    assert ask(cloud, "ecs", "DescribeDisks")


def test_half_an_answer_looks_whole(cloud: Cloud) -> None:
    cloud.faults([{"kind": "short"}])
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw(cloud, "ecs", "DescribeDisks"))


def test_faults_strike_first_calls_every_nth_or_some(cloud: Cloud) -> None:
    def outcomes(number: int) -> list[str]:
        cloud.reset_calls()
        for _ in range(number):
            try:
                ask(cloud, "sts", "GetCallerIdentity")
            except ServerException:
                continue
        return [call["outcome"] for call in cloud.calls()]

    cloud.faults([{"kind": "throttle", "first": 2}])
    assert outcomes(4) == ["throttle", "throttle", "ok", "ok"]
    cloud.faults([{"kind": "throttle", "every": 3}])
    assert outcomes(6) == ["ok", "ok", "throttle"] * 2
    cloud.faults([{"kind": "throttle", "rate": 0.5, "seed": 7}])
    assert 4 <= outcomes(20).count("throttle") <= 16


def test_faults_go_by_region_and_account(cloud: Cloud) -> None:
    cloud.faults([{"kind": "denied", "region": "cn-beijing", "account": ACCOUNT}])
    assert refused(cloud, "ecs", "DescribeDisks", region="cn-beijing")[1] == 403
    assert ask(cloud, "ecs", "DescribeDisks", region="cn-hangzhou")
    cloud.faults([{"kind": "denied", "account": "9999999999999999"}])
    assert ask(cloud, "ecs", "DescribeDisks", region="cn-beijing")


def test_rules_with_unknown_words_are_refused(cloud: Cloud) -> None:
    for rule in ({"kind": "earthquake"}, {"kind": "throttle", "service": "ecs"}):
        with pytest.raises(RuntimeError, match="no such"):
            cloud.faults([rule])


def test_an_empty_token_bucket_throttles_until_it_fills(cloud: Cloud) -> None:
    cloud.buckets([{"product": "ecs", "action": "DescribeDisks", "tokens": 2, "per_second": 10}])
    for _ in range(2):
        assert ask(cloud, "ecs", "DescribeDisks")
    assert refused(cloud, "ecs", "DescribeDisks") == ("Throttling.User", 400)
    assert ask(cloud, "ecs", "DescribeDisks", region="cn-beijing")
    time.sleep(0.3)
    assert ask(cloud, "ecs", "DescribeDisks")


def test_calls_take_as_long_as_arranged(cloud: Cloud) -> None:
    cloud.latency({"ecs": 0.01, "DescribeDisks": 0.15})
    started = time.monotonic()
    ask(cloud, "ecs", "DescribeDisks")
    assert time.monotonic() - started >= 0.15


def test_every_call_is_in_the_log_with_what_was_asked(cloud: Cloud) -> None:
    ask(cloud, "ecs", "DescribeDisks", region="cn-beijing", MaxResults=20)
    [call] = cloud.calls()
    assert (call["product"], call["action"], call["region"], call["account"]) == (
        "ecs",
        "DescribeDisks",
        "cn-beijing",
        ACCOUNT,
    )
    assert (call["status"], call["outcome"], call["items"]) == (200, "ok", 20)
    assert call["params"] == {"MaxResults": "20", "RegionId": "cn-beijing"}


# OSS


def fetch(cloud: Cloud, path: str, version: int = 1, env: dict[str, str] | None = None, region: str = "cn-hangzhou", secret: str = "") -> tuple[int, ElementTree.Element]:  # fmt: skip
    """Status and document of a signed GET."""
    who = env or cloud.env
    key, secret = who["ALIBABA_CLOUD_ACCESS_KEY_ID"], secret or who["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    bucket, _, sub = path.lstrip("/").partition("?")
    token = who.get("ALIBABA_CLOUD_SECURITY_TOKEN")
    headers = {"x-oss-security-token": token} if token else {}
    now = datetime.now(UTC)
    resource = f"/{bucket}" if bucket else "/"
    if version == 1:
        headers["Date"] = format_datetime(now, usegmt=True)
        oss = "".join(
            f"{name}:{value}\n" for name, value in sorted(headers.items()) if name.startswith("x-oss")
        )
        signed = sub if sub in ("bucketInfo", "stat", "lifecycle") else ""
        text = f"GET\n\n\n{headers['Date']}\n{oss}{resource}{f'?{signed}' if signed else ''}"
        signature = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
        headers["Authorization"] = f"OSS {key}:{signature}"
    else:
        headers |= {"x-oss-date": f"{now:%Y%m%dT%H%M%SZ}", "x-oss-content-sha256": "UNSIGNED-PAYLOAD"}
        oss = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
        canonical = f"GET\n{resource}\n{sub}\n{oss}\n\nUNSIGNED-PAYLOAD"
        scope = f"{now:%Y%m%d}/{region}/oss/aliyun_v4_request"
        text = f"OSS4-HMAC-SHA256\n{headers['x-oss-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        derived = f"aliyun_v4{secret}".encode()
        for part in scope.split("/"):
            derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()
        headers["Authorization"] = f"OSS4-HMAC-SHA256 Credential={key}/{scope},Signature={signature}"
    url = f"{cloud.endpoint}{resource}" + (f"?{sub}" if sub else "")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, ElementTree.fromstring(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ElementTree.fromstring(error.read())


@pytest.mark.parametrize("version", [1, 4])
def test_buckets_are_listed_for_either_signature(cloud: Cloud, truth: Truth, version: int) -> None:
    status, told = fetch(cloud, "/", version)
    assert status == 200
    names = {each.text for each in told.iterfind("Buckets/Bucket/Name")}
    assert names == truth.ids(
        "bucket_with_lifecycle", "bucket_without_lifecycle", "bucket_lifecycle_disabled"
    )
    assert {each.text for each in told.iterfind("Buckets/Bucket/Location")} == {
        f"oss-{region}" for region in truth.regions
    }


@pytest.mark.parametrize("version", [1, 4])
def test_a_bucket_tells_its_class_its_size_and_its_rules(cloud: Cloud, truth: Truth, version: int) -> None:
    for each in truth.classes["bucket_with_lifecycle"]:
        region = each["region"]
        info = fetch(cloud, f"/{each['id']}/?bucketInfo", version, region=region)[1]
        assert (info.findtext("Bucket/StorageClass"), info.findtext("Bucket/Location")) == (
            "Standard",
            f"oss-{region}",
        )
        stat = fetch(cloud, f"/{each['id']}/?stat", version, region=region)[1]
        assert int(stat.findtext("Storage") or 0) == each["bytes"]
        rules = fetch(cloud, f"/{each['id']}/?lifecycle", version, region=region)[1]
        assert rules.findtext("Rule/Status") == "Enabled"
    bare = truth.classes["bucket_without_lifecycle"][0]["id"]
    status, error = fetch(cloud, f"/{bare}/?lifecycle", version)
    assert (status, error.findtext("Code")) == (404, "NoSuchLifecycle")


def test_wrong_signatures_regions_names_and_rights_are_refused(cloud: Cloud, truth: Truth) -> None:
    def code(*arguments: object, **more: object) -> tuple[int, str | None]:
        status, error = fetch(cloud, *arguments, **more)  # type: ignore[arg-type]
        return status, error.findtext("Code")

    own = truth.classes["bucket_with_lifecycle"][0]["id"]
    for version in (1, 4):
        assert code("/", version, secret="wrong") == (403, "SignatureDoesNotMatch")
        assert code("/no-such-bucket/?stat", version) == (404, "NoSuchBucket")
        assert code("/", version, env=cloud.user()) == (403, "AccessDenied")
    assert code(f"/{own}/?stat", 4, region="cn-beijing") == (400, "InvalidArgument")
    cloud.deny("oss:GetBucketStat")
    assert code(f"/{own}/?stat") == (403, "AccessDenied")
    cloud.deny()
    cloud.organize(small=5)
    member = assumed(cloud, "acs:ram::2222222222222222:role/finops-reader")
    assert code(f"/{own}/?stat", env=member) == (403, "AccessDenied")
    assert fetch(cloud, "/", 4, env=member)[0] == 200
    cloud.expire_tokens()
    assert code("/", env=member) == (403, "SecurityTokenExpired")


def test_faults_strike_the_object_store_too(cloud: Cloud) -> None:
    cloud.faults([{"kind": "throttle", "product": "oss", "action": "ListBuckets"}])
    status, error = fetch(cloud, "/")
    assert (status, error.findtext("Code")) == (503, "QpsLimitExceeded")


# By hand


def test_hand_made_resources_are_plain_but_for_what_is_said(empty: Cloud) -> None:
    name = empty.put(
        "instance",
        "cn-shanghai",
        {"InstanceName": "odd", "Status": None, "InstanceType": "ecs.t6-c1m2.large"},
    )
    [item] = ask(empty, "ecs", "DescribeInstances", region="cn-shanghai")["Instances"]["Instance"]
    assert (item["InstanceId"], item["InstanceName"], item["Cpu"], item["Memory"]) == (name, "odd", 2, 4096)
    assert "Status" not in item
    empty.change("instance", "cn-shanghai", name, {"Status": "Running"})
    assert (
        ask(empty, "ecs", "DescribeInstances", region="cn-shanghai")["Instances"]["Instance"][0]["Status"]
        == "Running"
    )
    empty.change("instance", "cn-shanghai", name, None)
    assert not ask(empty, "ecs", "DescribeInstances", region="cn-shanghai")["Instances"]["Instance"]


def test_odd_resources_are_told_as_they_are_and_billed_as_plain_ones(empty: Cloud) -> None:
    odd = {
        "Memory": "8192",
        "Tags": [],
        "VpcAttributes": None,
        "PublicIpAddress": {"IpAddress": None},
        "InstanceName": "\ud83d",
    }
    name = empty.put("instance", "cn-hangzhou", odd)
    [item] = ask(empty, "ecs", "DescribeInstances")["Instances"]["Instance"]
    assert {field: item.get(field) for field in odd} == odd
    params = {"BillingCycle": "2026-11", "Granularity": "DAILY", "BillingDate": "2026-11-12"}
    rows = ask(empty, "bss", "DescribeInstanceBill", **params)["Data"]["Items"]
    assert {row["InstanceID"] for row in rows} >= {name}


def test_every_kind_can_be_made_by_hand(empty: Cloud) -> None:
    for kind in (
        "disk",
        "snapshot",
        "eip",
        "nat",
        "slb",
        "alb",
        "nlb",
        "db",
        "bucket",
        "reserved_instance",
        "savings_plan",
    ):
        assert empty.put(kind, "cn-hangzhou")
    listener = {"LoadBalancerId": "lb-byhand00000000", "ListenerPort": 80, "ListenerProtocol": "tcp"}
    empty.put("slb_listener", "cn-hangzhou", listener)
    assert ask(empty, "slb", "DescribeLoadBalancerListeners")["Listeners"] == [listener]
    assert ask(empty, "vpc", "DescribeEipAddresses")["TotalCount"] == 1
    assert fetch(empty, "/")[1].findtext("Buckets/Bucket/Name") == "bucket-byhand00000000"


def test_an_unchanged_estate_is_not_built_again_and_a_changed_one_is(process: Cloud) -> None:
    first = process.estate(n=12)
    assert process.estate(n=12) == first
    name = next(iter(first.ids("system")))
    region = first.regions_of("system")[name]
    process.change("disk", region, name, {"Size": 1})
    process.estate(n=12)
    [disk] = ask(process, "ecs", "DescribeDisks", region=region, DiskIds=json.dumps([name]))["Disks"]["Disk"]
    assert disk["Size"] > 1


@pytest.mark.parametrize("n", [1, 5, 30])
def test_small_estates_are_whole(process: Cloud, n: int) -> None:
    truth = process.estate(n=n)
    assert sum(held["instance"] for held in truth.inventory.values()) == n
    assert len(truth.ids("system")) == n
