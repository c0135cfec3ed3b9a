"""The printed policy is exactly what a collection needs, action by action."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba import DATASETS, Request
from collectors.alibaba.accounts import DESCRIBE_REGIONS, GET_CALLER_IDENTITY
from collectors.alibaba.api import Api
from collectors.alibaba.doctor import _plan, examine
from collectors.alibaba.permissions import base_calls, policy
from collectors.alibaba.products import PRODUCTS
from collectors.calls import CallError, declared
from tests.collectors.alibaba.calling import hurry
from tests.collectors.alibaba.canned import Canned
from tests.collectors.alibaba.live import AT, as_environment, collect, coverage, rows
from tests.servers.alibaba.cloud import ACCOUNT, Cloud

REGION = "cn-hangzhou"
ACTIONS = sorted(action for statement in policy(Request())["Statement"] for action in statement["Action"])
BILL = ("bssapi:DescribeInstanceBill", "bss:DescribeBillList")


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    """An estate with everything that is asked for, a machine that somebody put into a scaling group among it."""
    with Cloud.shared() as cloud:
        truth = cloud.estate(n=24, regions=(REGION,))
        group = truth.classes["scaling_group"][0]
        cloud.change("scaling_group", REGION, group["id"], {"TotalInstanceCount": len(group["members"]) + 1})
        machine = cloud.put("instance", REGION, {"InstanceName": "by hand"})
        cloud.put("scaling_instance", REGION, {"InstanceId": machine, "ScalingGroupId": group["id"]})
        yield cloud


@pytest.fixture
def cloud(process: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    hurry(monkeypatch)
    process.faults([])
    process.reset_calls()
    yield process
    process.deny()


def without(action: str) -> dict[str, Any]:
    """The policy with one action taken out."""
    less = deepcopy(policy(Request()))
    for statement in less["Statement"]:
        statement["Action"] = [one for one in statement["Action"] if one != action]
    less["Statement"] = [statement for statement in less["Statement"] if statement["Action"]]
    return less


def test_exactly_the_printed_policy_collects_everything_and_nothing_else_is_called(
    cloud: Cloud, tmp_path: Path
) -> None:
    done = collect(tmp_path / "w.duckdb", cloud.user(policy(Request())), REGION, days=20)
    assert done.errors == {}
    assert set(done.statuses.values()) == {"complete"}
    assert {scope.dataset for scope in done.statuses} == {*DATASETS, "charges"}
    called = {(call["product"], call["action"]) for call in cloud.calls()}
    free = {(api.product, api.operation) for api in (GET_CALLER_IDENTITY, DESCRIBE_REGIONS)}
    declared = {(api.product, api.operation) for api in base_calls() if "-" not in api.product}
    assert called == declared | free


def test_the_policy_allows_reading_only() -> None:
    verbs = {action.partition(":")[2] for action in ACTIONS}
    assert not [verb for verb in verbs if not verb.startswith(("Describe", "Query", "Get", "List"))]
    assert not [action for action in ACTIONS if "*" in action]
    assert len(ACTIONS) == len(set(ACTIONS))


def test_no_operation_that_is_declared_anywhere_changes_anything() -> None:
    from collectors.alibaba import accounts, renewing

    every = [*base_calls(), *declared(Api, accounts, renewing)]
    assert len(every) > 25
    for api in every:
        assert api.operation.startswith(("Describe", "Query", "Get", "List", "AssumeRole")), api.operation
        assert api.product in PRODUCTS


@pytest.mark.parametrize("action", [one for one in ACTIONS if one not in BILL])
def test_one_missing_action_is_named_and_everything_else_is_stored(
    action: str, cloud: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    affected = {dataset for _, dataset in AFFECTED[action]}
    leading = (
        {"instances", "instance_types", "volumes", "databases", "scaling_groups"}
        if affected & FOLLOWING
        else set()
    )
    asked = tuple(sorted(affected | leading | {"snapshots", "public_ips"}))
    done = collect(db, cloud.user(without(action)), REGION, only=asked, days=3)
    lacking = {key for key, (status, _, _) in coverage(db).items() if status != "complete"}
    assert lacking == AFFECTED[action]
    assert done.problem is not None
    assert done.problem.exit_code == 3
    told = " ".join(done.errors.values())
    assert action in told
    assert ACCOUNT in told
    assert REGION in told
    assert len(coverage(db)) == len(asked) + ("commitments" in asked)  # of the region and of the account


def here(*datasets: str) -> set[tuple[str, str]]:
    return {(REGION, dataset) for dataset in datasets}


# Datasets that are asked because of machines and disks, which are then asked for as well.
FOLLOWING = {
    "region_prices",
    "instances",
    "instance_types",
    "metrics",
    "prices",
    "spot_prices",
    "scaling_groups",
}
# What a missing action takes with it: scopes that cannot be whole without it, and no others.
AFFECTED = {
    "alb:ListListeners": here("load_balancers"),
    "alb:ListLoadBalancers": here("load_balancers"),
    "alb:ListRules": here("load_balancers"),
    "alb:ListServerGroups": here("load_balancers"),
    "bss:QueryAvailableInstances": here("instances"),
    "bssapi:GetPayAsYouGoPrice": here(
        "prices", "region_prices"
    ),  # told, although ECS tells the same, call by call
    "bssapi:QueryResourcePackageInstances": {("global", "commitments")},
    "bssapi:QuerySavingsPlansInstance": {("global", "commitments")},
    "cms:DescribeMetricList": here("instances", "metrics"),
    "eas:ListServices": here("ml_endpoints"),
    "ecs:DescribeAvailableResource": here("prices", "region_prices"),
    "ecs:DescribeDiskMonitorData": here("metrics"),
    "ecs:DescribeDisks": here("volumes", "metrics", "prices"),
    "ecs:DescribeInstanceTypes": here("instance_types"),
    "ecs:DescribeInstances": here(
        "instances", "instance_types", "metrics", "prices", "spot_prices", "region_prices"
    ),
    "ecs:DescribeImages": here("snapshots"),
    "ecs:DescribeNetworkInterfaces": here("network_addresses"),
    "ecs:DescribePrice": here("prices"),
    "ecs:DescribeReservedInstances": here("commitments"),
    "ecs:DescribeSnapshots": here("snapshots"),
    "ecs:DescribeSpotPriceHistory": here("spot_prices"),
    "cr:ListArtifactLifecycleRule": here("repositories"),
    "cr:ListInstance": here("repositories"),
    "cr:ListRepository": here("repositories"),
    "cr:ListRepositoryTag": here("repositories"),
    "cs:DescribeClusterNodePools": here("clusters"),
    "cs:DescribeClustersV1": here("clusters", "metrics"),
    "ess:DescribeAlarms": here("scaling_groups"),
    "ess:DescribeScalingActivities": here("metrics"),
    "ess:DescribeScalingGroups": here("scaling_groups", "metrics"),
    "ess:DescribeScalingRules": here("scaling_groups"),
    "ess:DescribeScheduledTasks": here("scaling_groups"),
    "ess:DescribeScalingInstances": here("instances"),
    "fc:ListFunctions": here("functions"),
    "fc:ListProvisionConfigs": here("functions"),
    "kvstore:DescribeInstances": here("databases"),
    "log:GetLogStore": here("log_groups"),
    "log:ListLogStores": here("log_groups"),
    "log:ListProject": here("log_groups"),
    "nlb:ListListeners": here("load_balancers"),
    "nlb:ListLoadBalancers": here("load_balancers"),
    "nlb:ListServerGroups": here("load_balancers"),
    "oss:GetBucketInfo": here("buckets"),
    "oss:GetBucketLifecycle": here("buckets"),
    "oss:GetBucketStat": here("buckets"),
    "oss:ListBuckets": here("buckets"),
    "oss:ListMultipartUploads": here("buckets"),
    "paidsw:ListInstances": here("ml_endpoints"),
    "polardb:DescribeDBClusters": here("databases"),
    "rds:ListClasses": here("instance_types", "prices"),
    "rds:DescribeDBInstanceAttribute": here("databases"),
    "rds:DescribeDBInstances": here("databases", "metrics"),
    "slb:DescribeLoadBalancerAttribute": here("load_balancers"),
    "slb:DescribeLoadBalancers": here("load_balancers", "metrics"),
    "slb:DescribeVServerGroups": here("load_balancers"),
    "vpc:DescribeEipAddresses": here("public_ips", "metrics"),
    "vpc:DescribeForwardTableEntries": here("nat_gateways"),
    "vpc:DescribeNatGateways": here("nat_gateways", "metrics"),
    "vpc:DescribeSnatTableEntries": here("nat_gateways"),
    "vpc:DescribeVSwitches": here("subnets"),
}


@pytest.mark.parametrize(
    ("action", "status", "rows_"), [(BILL[0], "denied", False), (BILL[1], "partial", True)]
)
def test_a_bill_that_may_not_be_read_or_checked_is_named(
    action: str, status: str, rows_: bool, cloud: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    done = collect(db, cloud.user(without(action)), REGION, only=("snapshots", "charges"))
    assert done.problem is not None
    assert f"{action} is denied in account {ACCOUNT}" in str(done.problem)
    told = coverage(db)
    assert told[REGION, "snapshots"][0] == "complete"
    assert told["global", "charges"][0] == status
    assert action in str(told["global", "charges"][1])
    assert rows(db, "SELECT count(*) > 0 FROM charges") == [(rows_,)]


def test_who_may_read_nothing_gets_every_scope_told_and_the_collection_ends_incomplete(
    cloud: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    done = collect(db, cloud.user(), REGION)
    assert done.problem is not None
    assert done.problem.exit_code == 3
    statuses = {status for status, _, _ in coverage(db).values()}
    assert statuses <= {"denied", "failed"}
    assert len(coverage(db)) == len(DATASETS) + 2


def test_a_role_adds_assuming_it_and_listing_accounts() -> None:
    actions = {
        (action, statement["Resource"])
        for statement in policy(Request(role="finops-reader"))["Statement"]
        for action in statement["Action"]
    }
    assert ("sts:AssumeRole", "acs:ram::*:role/finops-reader") in actions
    assert ("resourcemanager:ListAccounts", "*") in actions
    assert {action for action, _ in actions} - {"sts:AssumeRole", "resourcemanager:ListAccounts"} == set(
        ACTIONS
    )


@pytest.mark.parametrize(
    "request_", [Request(role=f"acs:ram::{ACCOUNT}:role/reader"), Request(role="reader", accounts=(ACCOUNT,))]
)
def test_accounts_that_are_named_need_no_list(request_: Request) -> None:
    actions = {action for statement in policy(request_)["Statement"] for action in statement["Action"]}
    assert "sts:AssumeRole" in actions
    assert "resourcemanager:ListAccounts" not in actions


# --- doctor -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action", ["ecs:DescribeSnapshots", "oss:ListBuckets", *BILL, "cms:DescribeMetricList"]
)
def test_the_doctor_names_what_is_denied_before_a_run(action: str, cloud: Cloud) -> None:
    with as_environment(cloud.user(without(action))):
        found = examine(Request(regions=(REGION,)), AT, 3)
    assert [check.subject for check in found.denied] == [action]
    assert action in found.denied[0].detail
    subjects = {check.subject for check in found.checks}
    assert subjects == {*ACTIONS, "credentials"}


def test_the_doctor_finds_everything_allowed_by_the_printed_policy(cloud: Cloud) -> None:
    with as_environment(cloud.user(policy(Request()))):
        found = examine(Request(regions=(REGION,)), AT, 3)
    assert found.denied == []
    untested = [check.subject for check in found.checks if check.status == "untested"]
    assert set(untested) <= {
        "oss:GetBucketStat",
        "oss:GetBucketLifecycle",
        "oss:GetBucketInfo",
        "oss:ListMultipartUploads",
        "log:GetLogStore",
        "log:ListLogStores",
        "ecs:DescribeDiskMonitorData",
    }
    assert {check.status for check in found.checks} <= {"ok", "untested"}


def test_the_doctor_changes_nothing_and_asks_little(cloud: Cloud) -> None:
    with as_environment(cloud.env):
        examine(Request(regions=(REGION,)), AT, 3)
    assert cloud.count() < len(ACTIONS) + 10


def test_the_doctor_tells_members_of_a_directory_that_cannot_be_entered(cloud: Cloud) -> None:
    with as_environment(cloud.env):
        found = examine(Request(regions=(REGION,), role="finops-reader", accounts=(ACCOUNT, "3" * 16)), AT, 3)
    assert [(check.account, check.subject, check.status) for check in found.denied] == [
        ("3" * 16, "accounts", "denied")
    ]


def test_the_doctor_foretells_the_calls_and_points_of_a_first_run(cloud: Cloud, tmp_path: Path) -> None:
    with as_environment(cloud.env):
        found = examine(Request(regions=(REGION,)), AT, 20)
    cloud.reset_calls()
    collect(tmp_path / "w.duckdb", cloud.env, REGION, only=DATASETS, days=20)
    asked = [call for call in cloud.calls() if call["product"] in ("cms",)]
    assert found.points > 0
    assert found.calls == pytest.approx(cloud.count(), rel=0.5)
    assert sum(call["items"] for call in asked) <= found.points


def test_the_doctor_reckons_with_the_machines_where_disks_are_denied() -> None:
    machine = {"InstanceId": "i-1", "InstanceType": "ecs.g7.large", "Status": "Running"}
    denied = CallError("denied", "Forbidden.RAM", "no")
    told = {"Instances": {"Instance": [machine]}}
    both = Canned(ecs_DescribeInstances=told, ecs_DescribeDisks={"Disks": {"Disk": []}})
    one = Canned(ecs_DescribeInstances=told, ecs_DescribeDisks=denied)
    none = Canned(ecs_DescribeInstances={"Instances": "odd"}, ecs_DescribeDisks=denied)
    assert _plan(one, AT, 30) == _plan(both, AT, 30)
    assert _plan(one, AT, 30)[1] > 30 * 24
    assert _plan(none, AT, 30)[1] == 0
