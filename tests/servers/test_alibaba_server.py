"""The local Alibaba Cloud keeps the real one's limits, shapes and oddities, seen through the real SDK."""

import base64
import hashlib
import hmac
import json
import logging
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.http import protocol_type
from aliyunsdkcore.request import CommonRequest

from tests.servers.alibaba.cloud import ACCOUNT, AS_OF, REGIONS, Cloud, Truth

VERSIONS = {
    "ecs": "2014-05-26", "vpc": "2016-04-28", "slb": "2014-05-15", "alb": "2020-06-16", "nlb": "2022-04-30", "rds": "2014-08-15",
    "ess": "2014-08-28", "ess2022": "2022-02-22", "cms": "2019-01-01", "bss": "2017-12-14", "sts": "2015-04-01",
    "directory": "2022-04-19", "manager": "2020-03-31",
}  # fmt: skip
NOW = datetime(2026, 11, 20)
ECS = "acs_ecs_dashboard"


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    logging.getLogger("aliyunsdkcore").setLevel(logging.CRITICAL)
    with Cloud() as cloud:
        yield cloud


@pytest.fixture
def truth(process: Cloud) -> Truth:
    return process.estate()


@pytest.fixture
def cloud(process: Cloud, truth: Truth) -> Cloud:
    """The estate of 100 instances, calm, with an empty call log."""
    return process


@pytest.fixture
def empty(process: Cloud) -> Cloud:
    process.fresh()
    process.clock(AS_OF)
    return process


def raw(
    cloud: Cloud, product: str, action: str, *, env: dict[str, str] | None = None, region: str = "cn-hangzhou", method: str = "POST",
    form: str = "json", **params: Any,
) -> bytes:  # fmt: skip
    """The body of an answer to the real SDK; underscores in names of parameters stand for dots."""
    who = env or cloud.env
    key, secret = who["ALIBABA_CLOUD_ACCESS_KEY_ID"], who["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    token = who.get("ALIBABA_CLOUD_SECURITY_TOKEN")
    no_proxy = {"http": None, "https": None}
    settings = {"auto_retry": False, "proxy": no_proxy, "timeout": 10}
    if token:
        client = AcsClient(region_id=region, credential=StsTokenCredential(key, secret, token), **settings)
    else:
        client = AcsClient(key, secret, region, **settings)
    request = CommonRequest(
        domain=f"127.0.0.1:{cloud.port}", version=VERSIONS.get(product, product), action_name=action
    )
    request.set_method(method)
    request.set_protocol_type(protocol_type.HTTP)
    request.set_accept_format(form)
    for name, value in params.items():
        request.add_query_param(name.replace("_", "."), value)
    body: bytes = client.do_action_with_exception(request)
    return body


def ask(cloud: Cloud, product: str, action: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(raw(cloud, product, action, **more))
    return answer


def refused(cloud: Cloud, product: str, action: str, **more: Any) -> tuple[str, int]:
    """Code and status with which a call is refused."""
    with pytest.raises(ServerException) as error:
        raw(cloud, product, action, **more)
    return error.value.get_error_code(), error.value.get_http_status()


def plain(cloud: Cloud, params: dict[str, str], method: str = "GET") -> tuple[int, bytes]:
    """A request without the SDK."""
    query = urllib.parse.urlencode(params)
    url = f"{cloud.endpoint}/" + (f"?{query}" if method == "GET" else "")
    request = urllib.request.Request(url, query.encode() if method == "POST" else None, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def signed(cloud: Cloud, method: str = "GET", **changes: str | None) -> dict[str, str]:
    """Parameters of GetCallerIdentity signed by hand, after and not with the changes that begin with a small letter."""
    env = cloud.env
    params = {
        "Action": "GetCallerIdentity", "Version": "2015-04-01", "Format": "JSON", "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
        "AccessKeyId": env["ALIBABA_CLOUD_ACCESS_KEY_ID"], "SignatureNonce": str(uuid.uuid4()),
        "Timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "Odd": "a*b c~d/é+'",
    }  # fmt: skip
    params = {name: value for name, value in {**params, **changes}.items() if value is not None}
    pairs = "&".join(
        f"{urllib.parse.quote(name, safe='~')}={urllib.parse.quote(value, safe='~')}"
        for name, value in sorted(params.items())
    )
    text = f"{method}&%2F&{urllib.parse.quote(pairs, safe='~')}"
    digest = hmac.new(f"{env['ALIBABA_CLOUD_ACCESS_KEY_SECRET']}&".encode(), text.encode(), hashlib.sha1)
    return {**params, "Signature": base64.b64encode(digest.digest()).decode()}


def code_of(answer: tuple[int, bytes]) -> tuple[str, int]:
    return json.loads(answer[1])["Code"], answer[0]


# Signatures


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_signed_by_hand_is_accepted_either_way(cloud: Cloud, method: str) -> None:
    status, body = plain(cloud, signed(cloud, method), method)
    assert (status, json.loads(body)["AccountId"]) == (200, ACCOUNT)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_sdk_is_understood_either_way(cloud: Cloud, method: str) -> None:
    assert ask(cloud, "sts", "GetCallerIdentity", method=method)["IdentityType"] == "RAMUser"


def test_one_changed_parameter_spoils_the_signature_and_the_right_text_is_echoed(cloud: Cloud) -> None:
    status, body = plain(cloud, {**signed(cloud), "Odd": "other"})
    error = json.loads(body)
    assert (status, error["Code"]) == (400, "SignatureDoesNotMatch")
    assert "server string to sign is:GET&%2F&AccessKeyId" in error["Message"]
    assert set(error) == {"RequestId", "HostId", "Code", "Message", "Recommend"}


def test_a_signature_for_get_is_none_for_post(cloud: Cloud) -> None:
    assert code_of(plain(cloud, signed(cloud, "GET"), "POST")) == ("SignatureDoesNotMatch", 400)


def test_a_nonce_is_good_for_one_request(cloud: Cloud) -> None:
    params = signed(cloud)
    assert plain(cloud, params)[0] == 200
    assert code_of(plain(cloud, params)) == ("SignatureNonceUsed", 400)


@pytest.mark.parametrize(("minutes", "status"), [(-16, 400), (-14, 200), (14, 200), (16, 400)])
def test_a_clock_may_be_a_quarter_of_an_hour_off(cloud: Cloud, minutes: int, status: int) -> None:
    when = datetime.now(UTC) + timedelta(minutes=minutes)
    answer = plain(cloud, signed(cloud, Timestamp=f"{when:%Y-%m-%dT%H:%M:%SZ}"))
    assert answer[0] == status
    assert status == 200 or code_of(answer) == ("InvalidTimeStamp.Expired", 400)


def test_an_unknown_key_is_not_found(cloud: Cloud) -> None:
    env = cloud.env_of("LTAInobody", "x")
    assert refused(cloud, "sts", "GetCallerIdentity", env=env) == ("InvalidAccessKeyId.NotFound", 404)


def test_a_wrong_secret_does_not_match(cloud: Cloud) -> None:
    env = cloud.env_of(cloud.env["ALIBABA_CLOUD_ACCESS_KEY_ID"], "wrong")
    assert refused(cloud, "sts", "GetCallerIdentity", env=env) == ("SignatureDoesNotMatch", 400)


def test_unsigned_requests_are_refused(cloud: Cloud) -> None:
    answer = plain(cloud, {"Action": "DescribeRegions", "Version": VERSIONS["ecs"], "Format": "JSON"})
    assert code_of(answer) == ("MissingAccessKeyId", 400)


def test_answers_and_errors_are_xml_unless_asked_otherwise(cloud: Cloud) -> None:
    told = ElementTree.fromstring(plain(cloud, signed(cloud, Format=None))[1])
    assert (told.tag, told.findtext("AccountId")) == ("GetCallerIdentityResponse", ACCOUNT)
    error = ElementTree.fromstring(plain(cloud, {**signed(cloud, Format=None), "Odd": ""})[1])
    assert (error.tag, error.findtext("Code")) == ("Error", "SignatureDoesNotMatch")


def test_unknown_operations_versions_and_regions_are_not_found(cloud: Cloud) -> None:
    assert refused(cloud, "ecs", "DescribeNothing") == ("InvalidAction.NotFound", 404)
    assert refused(cloud, "1999-01-01", "DescribeRegions") == ("InvalidVersion", 404)
    assert refused(cloud, "ecs", "DescribeInstances", region="cn-nowhere") == (
        "InvalidRegionId.NotFound",
        404,
    )


def test_closed_regions_are_listed_but_refuse_everything_else(cloud: Cloud) -> None:
    listed = ask(cloud, "ecs", "DescribeRegions", AcceptLanguage="en-US")["Regions"]["Region"]
    names = {each["RegionId"]: each["LocalName"] for each in listed}
    assert len(names) == 30
    assert names["cn-hangzhou"] == "China (Hangzhou)"
    assert "ap-south-1" in names
    assert refused(cloud, "vpc", "DescribeEipAddresses", region="ap-south-1")[1] == 404


def test_regions_are_named_in_chinese_by_default(cloud: Cloud) -> None:
    listed = ask(cloud, "ecs", "DescribeRegions")["Regions"]["Region"]
    assert {each["LocalName"] for each in listed} >= {"华东1（杭州）", "新加坡"}


# Who may do what

DENIALS = [
    ("ecs", "DescribeDisks", {}, "Forbidden.RAM"), ("vpc", "DescribeNatGateways", {}, "Forbidden.RAM"),
    ("slb", "DescribeLoadBalancers", {}, "Forbidden.RAM"), ("rds", "DescribeDBInstances", {}, "Forbidden.RAM"),
    ("ess", "DescribeScalingGroups", {}, "Forbidden.RAM"), ("alb", "ListLoadBalancers", {}, "Forbidden.RAM"),
    ("bss", "DescribeInstanceBill", {"BillingCycle": "2026-11"}, "NotAuthorized"),
    ("cms", "DescribeMetricLast", {"Namespace": ECS, "MetricName": "CPUUtilization"}, "AccessForbidden"),
    ("directory", "ListAccounts", {}, "NoPermission"),
]  # fmt: skip


@pytest.mark.parametrize(("product", "action", "params", "code"), DENIALS)
def test_a_user_without_rights_is_refused_in_the_words_of_each_product(
    cloud: Cloud, product: str, action: str, params: dict[str, str], code: str
) -> None:
    env = cloud.user()
    assert refused(cloud, product, action, env=env, **params) == (code, 403)
    assert ask(cloud, "sts", "GetCallerIdentity", env=env)["AccountId"] == ACCOUNT
    assert ask(cloud, "ecs", "DescribeRegions", env=env)["Regions"]


def test_a_policy_allows_what_it_names_and_no_more(cloud: Cloud) -> None:
    statement = {"Effect": "Allow", "Action": ["ecs:Describe*", "bss:DescribeBillList"], "Resource": "*"}
    env = cloud.user({"Version": "1", "Statement": [statement]})
    assert ask(cloud, "ecs", "DescribeDisks", env=env)
    assert ask(cloud, "bss", "QueryBillOverview", env=env, BillingCycle="2026-11")["Success"]
    assert refused(cloud, "vpc", "DescribeEipAddresses", env=env)[1] == 403
    assert refused(cloud, "bss", "DescribeInstanceBill", env=env, BillingCycle="2026-11")[1] == 403


def test_a_denied_action_is_refused_to_the_administrator_too_until_that_ends(cloud: Cloud) -> None:
    cloud.deny("ecs:DescribeDisks")
    assert refused(cloud, "ecs", "DescribeDisks") == ("Forbidden.RAM", 403)
    assert ask(cloud, "ecs", "DescribeInstances")
    cloud.deny()
    assert ask(cloud, "ecs", "DescribeDisks")


def assumed(cloud: Cloud, arn: str, **more: str) -> dict[str, str]:
    lent = ask(cloud, "sts", "AssumeRole", RoleArn=arn, RoleSessionName="test", **more)["Credentials"]
    return cloud.env_of(lent["AccessKeyId"], lent["AccessKeySecret"], lent["SecurityToken"])


def test_a_role_lends_a_key_that_needs_its_token_and_ends(cloud: Cloud) -> None:
    env = assumed(cloud, cloud.role("reader", external_id="x-1"), ExternalId="x-1")
    assert ask(cloud, "sts", "GetCallerIdentity", env=env)["IdentityType"] == "AssumedRoleUser"
    without = {name: value for name, value in env.items() if name != "ALIBABA_CLOUD_SECURITY_TOKEN"}
    assert refused(cloud, "sts", "GetCallerIdentity", env=without) == ("MissingSecurityToken", 400)
    cloud.expire_tokens()
    assert refused(cloud, "sts", "GetCallerIdentity", env=env) == ("InvalidSecurityToken.Expired", 403)


def test_a_role_refuses_strangers_and_wrong_external_ids(cloud: Cloud) -> None:
    arn = cloud.role("closed", trusts=("9999999999999999",))
    assert refused(cloud, "sts", "AssumeRole", RoleArn=arn, RoleSessionName="t") == ("NoPermission", 403)
    arn = cloud.role("strict", external_id="right")
    assert refused(cloud, "sts", "AssumeRole", RoleArn=arn, RoleSessionName="t", ExternalId="wrong")[1] == 403
    missing = f"acs:ram::{ACCOUNT}:role/nothing"
    assert refused(cloud, "sts", "AssumeRole", RoleArn=missing, RoleSessionName="t")[1] == 404
    assert refused(cloud, "sts", "AssumeRole", RoleArn=arn) == ("MissingParameter", 400)


def test_an_identity_providers_token_is_enough_for_a_role_that_trusts_it(cloud: Cloud) -> None:
    provider = f"acs:ram::{ACCOUNT}:oidc-provider/ack"
    cloud.oidc("a.b.c", provider)
    params = {
        "Action": "AssumeRoleWithOIDC", "Version": VERSIONS["sts"], "Format": "JSON", "OIDCProviderArn": provider, "OIDCToken": "a.b.c",
        "RoleArn": cloud.role("pod", trusts=(provider,)), "RoleSessionName": "pod",
    }  # fmt: skip
    lent = json.loads(plain(cloud, params, "POST")[1])["Credentials"]
    env = cloud.env_of(lent["AccessKeyId"], lent["AccessKeySecret"], lent["SecurityToken"])
    assert ask(cloud, "sts", "GetCallerIdentity", env=env)["AccountId"] == ACCOUNT
    assert plain(cloud, {**params, "OIDCToken": "x.y.z"}, "POST")[0] == 400


def test_a_resource_directory_lists_its_members_and_only_some_can_be_entered(cloud: Cloud) -> None:
    assert refused(cloud, "directory", "ListAccounts") == ("EntityNotExists.ResourceDirectory", 404)
    made = cloud.organize(small=5)
    listed = ask(cloud, "directory", "ListAccounts", PageSize=3)
    assert listed["TotalCount"] == 4
    assert len(listed["Accounts"]["Account"]) == 3
    every = ask(cloud, "manager", "ListAccounts", PageSize=100)["Accounts"]["Account"]
    assert {each["AccountId"]: each["Status"] for each in every}[made["removed"][0]] == "Removed"
    for member, about in made["members"].items():
        if about["role"] is None:
            arn = f"acs:ram::{member}:role/{made['role_name']}"
            assert refused(cloud, "sts", "AssumeRole", RoleArn=arn, RoleSessionName="t")[1] == 404
        else:
            env = assumed(cloud, about["role"])
            assert ask(cloud, "sts", "GetCallerIdentity", env=env)["AccountId"] == member
            assert ask(cloud, "ecs", "DescribeInstances", env=env)["Instances"]["Instance"]
    assert refused(cloud, "directory", "ListAccounts", PageSize=101)[1] == 400


# Lists and their pages


def walked(cloud: Cloud, product: str, action: str, **more: Any) -> tuple[list[dict[str, Any]], list[Any]]:
    """All pages by NextToken, and what the token of the last page was ("absent" if it was)."""
    pages = [ask(cloud, product, action, **more)]
    while pages[-1].get("NextToken"):
        pages.append(ask(cloud, product, action, NextToken=pages[-1]["NextToken"], **more))
    return pages, [page.get("NextToken", "absent") for page in pages]


def test_instances_come_in_pages_of_ten_to_a_hundred(cloud: Cloud, truth: Truth) -> None:
    there = truth.inventory["cn-hangzhou"]["instance"]
    for asked, size in ((None, 10), (1, 10), (15, 15), (500, 100)):
        more = {} if asked is None else {"MaxResults": asked}
        pages, _ = walked(cloud, "ecs", "DescribeInstances", **more)
        assert len(pages[0]["Instances"]["Instance"]) == min(size, there)
        ids = [each["InstanceId"] for page in pages for each in page["Instances"]["Instance"]]
        assert len(ids) == len(set(ids)) == there


def test_the_last_token_is_empty_null_or_absent_in_turn(cloud: Cloud) -> None:
    ends = [walked(cloud, "ecs", "DescribeInstances", MaxResults=100)[1][-1] for _ in range(3)]
    assert {repr(end) for end in ends} == {"''", "None", "'absent'"}


def test_totals_mean_nothing_where_tokens_are_used(cloud: Cloud, truth: Truth) -> None:
    there = truth.inventory["cn-hangzhou"]["instance"]
    assert ask(cloud, "ecs", "DescribeInstances", MaxResults=10)["TotalCount"] != there
    assert ask(cloud, "ecs", "DescribeInstances", PageNumber=1, PageSize=10)["TotalCount"] == there


def test_a_made_up_token_is_refused(cloud: Cloud) -> None:
    assert refused(cloud, "ecs", "DescribeInstances", NextToken="xyz")[1] == 400


def test_up_to_a_hundred_instances_are_found_by_name(cloud: Cloud, truth: Truth) -> None:
    wanted = [each["id"] for each in truth.classes["idle"] if each["region"] == "cn-hangzhou"]
    found = ask(cloud, "ecs", "DescribeInstances", InstanceIds=json.dumps(wanted), MaxResults=100)
    assert {each["InstanceId"] for each in found["Instances"]["Instance"]} == set(wanted)
    assert refused(cloud, "ecs", "DescribeInstances", InstanceIds=json.dumps(["i-0"] * 101))[1] == 400
    assert refused(cloud, "ecs", "DescribeInstances", InstanceIds="i-0,i-1")[1] == 400


def test_disks_come_in_pages_of_up_to_500(cloud: Cloud, truth: Truth) -> None:
    page = ask(cloud, "ecs", "DescribeDisks", MaxResults=500)
    assert len(page["Disks"]["Disk"]) == truth.inventory["cn-hangzhou"]["disk"]


def test_untagged_instances_have_no_key_for_tags(cloud: Cloud) -> None:
    listed = ask(cloud, "ecs", "DescribeInstances", MaxResults=100)["Instances"]["Instance"]
    assert any("Tags" not in each for each in listed)
    assert all(each["Tags"]["Tag"] for each in listed if "Tags" in each)


def test_times_of_instances_have_no_seconds_and_those_of_disks_have(cloud: Cloud) -> None:
    instance = ask(cloud, "ecs", "DescribeInstances")["Instances"]["Instance"][0]
    disk = ask(cloud, "ecs", "DescribeDisks")["Disks"]["Disk"][0]
    assert len(instance["CreationTime"]) == len("2026-01-01T00:00Z")
    assert len(disk["CreationTime"]) == len("2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("product", "action", "most"),
    [("vpc", "DescribeEipAddresses", 100), ("vpc", "DescribeNatGateways", 50), ("ecs", "DescribeReservedInstances", 100),
     ("rds", "DescribeDBInstances", 100), ("ess", "DescribeScalingGroups", 50), ("ess2022", "DescribeScalingInstances", 50)],
)  # fmt: skip
def test_pages_by_number_have_their_limits(cloud: Cloud, product: str, action: str, most: int) -> None:
    assert ask(cloud, product, action, PageSize=most, PageNumber=1)["PageNumber"] == 1
    assert refused(cloud, product, action, PageSize=most + 1, PageNumber=1)[1] == 400


def test_classic_load_balancers_want_size_and_number_or_neither(cloud: Cloud) -> None:
    assert len(ask(cloud, "slb", "DescribeLoadBalancers")["LoadBalancers"]["LoadBalancer"]) == 4
    assert refused(cloud, "slb", "DescribeLoadBalancers", PageSize=50) == ("MissingParameter", 400)
    assert refused(cloud, "slb", "DescribeLoadBalancers", PageNumber=1) == ("MissingParameter", 400)
    page = ask(cloud, "slb", "DescribeLoadBalancers", PageSize=3, PageNumber=2)
    assert (len(page["LoadBalancers"]["LoadBalancer"]), page["TotalCount"]) == (1, 4)


def test_listeners_are_absent_where_there_are_none(cloud: Cloud, truth: Truth) -> None:
    [bare] = [
        each["id"] for each in truth.classes["slb_without_listeners"] if each["region"] == "cn-hangzhou"
    ]
    assert "Listeners" not in ask(cloud, "slb", "DescribeLoadBalancerListeners", LoadBalancerId_1=bare)
    assert len(ask(cloud, "slb", "DescribeLoadBalancerListeners", MaxResults=100)["Listeners"]) == 3
    about = ask(cloud, "slb", "DescribeLoadBalancerAttribute", LoadBalancerId=bare)
    assert about["ListenerPorts"] == {"ListenerPort": []}
    assert about["BackendServers"]["BackendServer"]


def test_modern_load_balancers_are_flat_lists(cloud: Cloud, truth: Truth) -> None:
    for product in ("alb", "nlb"):
        pages, _ = walked(cloud, product, "ListLoadBalancers", MaxResults=2)
        ids = {each["LoadBalancerId"] for page in pages for each in page["LoadBalancers"]}
        assert ids == {
            each["id"]
            for suffix in ("used", "idle", "without_listeners")
            for each in truth.classes[f"{product}_{suffix}"]
            if each["region"] == "cn-hangzhou"
        }
        assert len(ask(cloud, product, "ListListeners")["Listeners"]) == 2
        assert refused(cloud, product, "ListLoadBalancers", MaxResults=101)[1] == 400


def test_gateways_entries_are_told_by_table_or_gateway(cloud: Cloud) -> None:
    gateways = ask(cloud, "vpc", "DescribeNatGateways")["NatGateways"]["NatGateway"]
    told = {}
    for each in gateways:
        number = each["NatGatewayId"]
        snat = ask(
            cloud, "vpc", "DescribeSnatTableEntries", SnatTableId=each["SnatTableIds"]["SnatTableId"][0]
        )
        forward = ask(cloud, "vpc", "DescribeForwardTableEntries", NatGatewayId=number)
        told[each["Name"]] = (snat["TotalCount"], forward["TotalCount"], len(each["IpLists"]["IpList"]))
    assert told == {
        "nat_used": (1, 1, 1),
        "nat_without_entries": (0, 0, 1),
        "nat_forward_only": (0, 1, 1),
        "nat_without_address": (0, 0, 0),
    }
    assert refused(cloud, "vpc", "DescribeSnatTableEntries") == ("MissingParameter", 400)


def test_scaling_groups_are_wrapped_in_the_older_version_only(cloud: Cloud, truth: Truth) -> None:
    old, new = ask(cloud, "ess", "DescribeScalingGroups"), ask(cloud, "ess2022", "DescribeScalingGroups")
    group = old["ScalingGroups"]["ScalingGroup"][0]
    assert group["ScalingGroupId"] == new["ScalingGroups"][0]["ScalingGroupId"]
    assert group["VSwitchIds"]["VSwitchId"] == new["ScalingGroups"][0]["VSwitchIds"]
    members = ask(
        cloud, "ess2022", "DescribeScalingInstances", ScalingGroupId=group["ScalingGroupId"], PageSize=50
    )
    expected = next(
        each["members"] for each in truth.classes["scaling_group"] if each["id"] == group["ScalingGroupId"]
    )
    assert [each["InstanceId"] for each in members["ScalingInstances"]] == expected


def test_databases_have_counts_of_their_own_names(cloud: Cloud) -> None:
    page = ask(cloud, "rds", "DescribeDBInstances")
    assert (page["TotalRecordCount"], page["PageRecordCount"], len(page["Items"]["DBInstance"])) == (2, 2, 2)
    ids = ",".join(each["DBInstanceId"] for each in page["Items"]["DBInstance"])
    about = ask(cloud, "rds", "DescribeDBInstanceAttribute", DBInstanceId=ids)["Items"]["DBInstanceAttribute"]
    assert [each["DBInstanceStorage"] for each in about] == [100, 100]


def test_the_estate_is_what_its_truth_says(cloud: Cloud, truth: Truth) -> None:
    found: dict[str, dict[str, int]] = {}
    for region in REGIONS:
        instances = walked(cloud, "ecs", "DescribeInstances", region=region, MaxResults=100)[0]
        disks = walked(cloud, "ecs", "DescribeDisks", region=region, MaxResults=500)[0]
        snapshots = walked(cloud, "ecs", "DescribeSnapshots", region=region, MaxResults=100)[0]
        found[region] = {
            "instance": sum(len(page["Instances"]["Instance"]) for page in instances),
            "disk": sum(len(page["Disks"]["Disk"]) for page in disks),
            "snapshot": sum(len(page["Snapshots"]["Snapshot"]) for page in snapshots),
            "eip": ask(cloud, "vpc", "DescribeEipAddresses", region=region)["TotalCount"],
        }
    assert found == {
        region: {kind: held[kind] for kind in found[region]} for region, held in truth.inventory.items()
    }
    assert sum(each["instance"] for each in found.values()) == truth.n
