"""The local Alibaba Cloud verifies what the real one does: signatures, rights, roles."""

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from tests.servers.alibaba.asking import VERSIONS, ask, assumed, code_of, plain, refused, signed
from tests.servers.alibaba.cloud import ACCOUNT, Cloud

ECS = "acs_ecs_dashboard"


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
