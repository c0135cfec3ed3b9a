"""The printed policy is exactly what a collection needs, action by action."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from collectors.aws import Request
from collectors.aws.doctor import examine
from collectors.aws.permissions import policy
from tests.collectors.aws.further import populate
from tests.collectors.aws.live import AT, EVERYTHING, as_environment, collect, coverage
from tests.servers.aws.cloud import ACCOUNT, Cloud

REGION = "us-east-1"
ACTIONS = sorted(action for statement in policy(Request())["Statement"] for action in statement["Action"])


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def populated(process: Cloud) -> Cloud:
    """A few of everything, made once: who may see it changes, and nothing else."""
    process.estate(n=30, regions=(REGION,))
    populate(process)
    return process


@pytest.fixture
def cloud(populated: Cloud) -> Iterator[Cloud]:
    yield populated
    populated.stop_enforcing_iam()


def without(action: str) -> dict[str, Any]:
    """The policy with one action taken out."""
    less = deepcopy(policy(Request()))
    for statement in less["Statement"]:
        statement["Action"] = [one for one in statement["Action"] if one != action]
    less["Statement"] = [statement for statement in less["Statement"] if statement["Action"]]
    return less


def test_exactly_the_printed_policy_collects_everything(cloud: Cloud, tmp_path: Path) -> None:
    done = collect(tmp_path / "w.duckdb", cloud.enforce_iam(policy(Request())), REGION, only=EVERYTHING)
    assert done.errors == {}
    assert set(done.statuses.values()) == {"complete"}
    assert done.statuses


def test_the_policy_allows_reading_only(cloud: Cloud) -> None:
    verbs = {action.partition(":")[2][:3] for action in ACTIONS}
    assert verbs <= {"Des", "Get", "Lis", "Bat"}
    assert [action for action in ACTIONS if ":Bat" in action] == ["ecr:BatchGetImage"]  # which gets, not puts
    assert not [action for action in ACTIONS if "*" in action]


@pytest.mark.parametrize("action", ACTIONS)
def test_one_missing_action_is_named_and_everything_else_is_stored(
    action: str, cloud: Cloud, tmp_path: Path
) -> None:
    env = cloud.enforce_iam(without(action))
    done = collect(tmp_path / "w.duckdb", env, REGION, only=OF_ACTION.get(action, EVERYTHING))
    assert done.problem is not None
    assert done.problem.exit_code == 3
    told = " ".join(done.errors.values())
    assert action in told
    assert ACCOUNT in told
    assert REGION in told
    lacking = {key for key, (status, _, _) in coverage(tmp_path / "w.duckdb").items() if status != "complete"}
    assert lacking == AFFECTED.get(action, lacking)
    assert len(lacking) <= 7
    cloud.stop_enforcing_iam()


# What nothing else is asked for because of is collected alone: that the rest is stored is told by the others.
OF_ACTION = {
    action: (dataset,)
    for dataset, actions in {
        "databases": ("rds:DescribeDBInstances", "rds:DescribeDBClusters", "elasticache:DescribeCacheClusters",
                      "elasticache:DescribeReplicationGroups"),
        "buckets": ("s3:ListAllMyBuckets", "s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:GetLifecycleConfiguration",
                    "s3:ListBucketMultipartUploads"),
        "clusters": ("eks:ListClusters", "eks:DescribeCluster"),
        "repositories": ("ecr:DescribeRepositories", "ecr:DescribeImages", "ecr:GetLifecyclePolicy", "ecr:BatchGetImage"),
        "ml_endpoints": ("sagemaker:ListNotebookInstances", "sagemaker:ListEndpoints", "sagemaker:DescribeEndpoint",
                         "sagemaker:DescribeEndpointConfig"),
        "functions": ("lambda:ListFunctions", "lambda:ListProvisionedConcurrencyConfigs"),
        "subnets": ("ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints", "ec2:DescribeRouteTables"),
        "scaling_groups": ("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribePolicies", "autoscaling:DescribeScheduledActions"),
        "load_balancers": ("elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancers",
                           "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
                           "elasticloadbalancing:DescribeInstanceHealth"),
        "snapshots": ("ec2:DescribeLockedSnapshots", "ec2:DescribeSnapshots", "ec2:DescribeImages"),
        "nat_gateways": ("ec2:DescribeNatGateways",),
        "log_groups": ("logs:DescribeLogGroups", "tag:GetResources", "ec2:DescribeRegions"),
        "public_ips": ("ec2:DescribeAddresses",),
        "commitments": ("savingsplans:DescribeSavingsPlans", "ec2:DescribeReservedInstances"),
    }.items()
    for action in actions
} | {
    "ec2:DescribeSpotPriceHistory": ("instances", "spot_prices"),
    "ec2:DescribeReservedInstancesOfferings": ("instances", "commitment_offers"),
    "ec2:DescribeInstanceTypes": ("instances", "instance_types"),
    "ec2:DescribeNetworkInterfaces": ("public_ips", "network_addresses"),
}  # fmt: skip

# What a missing action takes with it: scopes that cannot be whole without it, and no others.
AFFECTED = {
    "ec2:DescribeRegions": {("global", "regions")},
    "ec2:DescribeVolumes": {(REGION, "volumes"), (REGION, "metrics")},
    "ec2:DescribeInstances": {
        (REGION, name)
        for name in (
            "instances",
            "instance_types",
            "metrics",
            "spot_prices",
            "prices",
            "region_prices",
            "commitment_offers",
        )
    },
    "ec2:DescribeImages": {(REGION, "snapshots")},
    "ec2:DescribeNetworkInterfaces": {(REGION, "public_ips"), (REGION, "network_addresses")},
    "elasticloadbalancing:DescribeTargetHealth": {(REGION, "load_balancers")},
    "cloudwatch:ListMetrics": {(REGION, "metrics"), (REGION, "buckets")},
    "cloudwatch:GetMetricData": {(REGION, "metrics")},
    "pricing:GetProducts": {(REGION, "prices"), (REGION, "region_prices")},
    "savingsplans:DescribeSavingsPlans": {("global", "commitments")},
}


def test_a_role_adds_assuming_it_and_listing_accounts() -> None:
    actions = {
        (action, statement["Resource"])
        for statement in policy(Request(role="finops-reader"))["Statement"]
        for action in statement["Action"]
    }
    assert ("sts:AssumeRole", "arn:aws:iam::*:role/finops-reader") in actions
    assert ("organizations:ListAccounts", "*") in actions


@pytest.mark.parametrize(
    ("url", "bucket", "objects"),
    [
        ("s3://bills", "arn:aws:s3:::bills", "arn:aws:s3:::bills/*"),
        ("s3://bills/exports/focus/", "arn:aws:s3:::bills", "arn:aws:s3:::bills/exports/focus/*"),
    ],
)
def test_a_bill_adds_reading_below_its_prefix_only(url: str, bucket: str, objects: str) -> None:
    statements = {one["Sid"]: one for one in policy(Request(), url)["Statement"]}
    assert statements["FinopsBillList"]["Resource"] == bucket
    assert statements["FinopsBillRead"]["Resource"] == objects


def test_the_doctor_names_what_is_denied_before_a_run(cloud: Cloud) -> None:
    env = cloud.enforce_iam(without("ec2:DescribeSnapshots"))
    with as_environment(env):
        found = examine(Request(regions=(REGION,)), AT)
    assert [check.subject for check in found.denied] == ["ec2:DescribeSnapshots"]
    assert {check.status for check in found.checks} == {"ok", "denied", "untested"}
    untested = {check.subject.partition(":")[0] for check in found.checks if check.status == "untested"}
    assert untested == {"s3"}  # of which only a bucket's own owner may be asked about it


def test_the_doctor_foretells_calls_and_price(cloud: Cloud, tmp_path: Path) -> None:
    with as_environment(cloud.env):
        found = examine(Request(regions=(REGION,)), AT)
    cloud.reset_calls()
    collect(tmp_path / "w.duckdb", cloud.env, REGION, only=EVERYTHING)
    queries = sum(call["queries"] for call in cloud.calls("GetMetricData"))
    assert 0.6 * queries <= found.queries <= queries
    assert found.calls == pytest.approx(cloud.count(), rel=0.5)
    assert found.dollars == pytest.approx(found.queries / 100_000)
