"""Load balancers of every generation: raw answers in, rows out."""

from datetime import datetime
from typing import Any

import pytest

from collectors.aws.balancers import get_load_balancers, transform_load_balancers
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.aws.answers import Canned, needs_recorded, recorded

PREFIX = "arn:aws:elasticloadbalancing:eu-west-1:012345678901:loadbalancer/"
DENIED = CallError("denied", "AccessDenied", "It is denied.")


def scope(dataset: str) -> Scope:
    return Scope("aws", "012345678901", "eu-west-1", dataset)


def modern(arn: str = "app/shop/1", **more: Any) -> dict[str, Any]:
    return {
        "LoadBalancerArn": PREFIX + arn,
        "LoadBalancerName": "shop",
        "Type": "application",
        "State": {"Code": "active"},
        "CreatedTime": "2026-01-02T03:04:05.678Z",
        **more,
    }


def classic(name: str = "old", **more: Any) -> dict[str, Any]:
    return {"LoadBalancerName": name, "CreatedTime": "2020-01-01T00:00:00Z", **more}


def health(*states: str | None) -> dict[str, Any]:
    return {
        "TargetHealthDescriptions": [{"TargetHealth": {"State": each} if each else {}} for each in states]
    }


def balancers(problems: list[str] | None = None, **answers: Any) -> list[dict[str, Any]]:
    """The rows of a region whose services answer so; what is left out is empty."""
    empty = {
        "elbv2_describe_load_balancers": {},
        "elb_describe_load_balancers": {},
        "elbv2_describe_target_groups": {},
        "elbv2_describe_target_health": health(),
        "elbv2_describe_listeners": {},
        "resourcegroupstaggingapi_get_resources": {},
        "elb_describe_instance_health": {"InstanceStates": []},
    }
    raw = get_load_balancers(Canned(**{**empty, **answers}), [] if problems is None else problems)
    rows: list[dict[str, Any]] = transform_load_balancers(raw, scope("load_balancers"), "aws")[
        "load_balancers"
    ]
    return rows


def test_a_balancer_has_all_its_columns() -> None:
    (row,) = balancers(elbv2_describe_load_balancers={"LoadBalancers": [modern()]})
    assert row == {
        "cloud": "aws",
        "account_id": "012345678901",
        "region": "eu-west-1",
        "load_balancer_id": f"{PREFIX}app/shop/1",
        "name": "shop",
        "kind": "application",
        "state": "active",
        "listeners": 0,
        "targets": 0,
        "healthy_targets": 0,
        "created_at": datetime(2026, 1, 2, 3, 4, 5, 678000),
        "backends_known": True,
    }


@pytest.mark.parametrize(
    ("listeners", "count", "known"),
    [
        ([], 0, True),
        ([["forward"]], 1, True),
        # It answers by itself: that nothing is behind it does not say that it is idle.
        ([["forward"], ["redirect"]], 2, False),
        ([["authenticate-oidc", "fixed-response"]], 1, False),
    ],
)
def test_what_a_balancer_does_by_itself_is_not_all_behind_it(
    listeners: list[list[str]], count: int, known: bool
) -> None:
    told = [{"DefaultActions": [{"Type": kind} for kind in each]} for each in listeners]
    (row,) = balancers(
        elbv2_describe_load_balancers={"LoadBalancers": [modern()]},
        elbv2_describe_listeners={"Listeners": told},
    )
    assert (row["listeners"], row["backends_known"]) == (count, known)


def test_tags_of_balancers_of_both_generations_are_rows() -> None:
    tags = [{"Key": "team", "Value": "core"}]
    mapping = [{"ResourceARN": PREFIX + name, "Tags": tags} for name in ("app/shop/1", "old", "app/gone/2")]
    client = Canned(
        elbv2_describe_load_balancers={"LoadBalancers": [modern()]}, elbv2_describe_target_groups={},
        elb_describe_load_balancers={"LoadBalancerDescriptions": [classic()]}, elbv2_describe_listeners={},
        resourcegroupstaggingapi_get_resources={"ResourceTagMappingList": mapping},
    )  # fmt: skip
    rows = transform_load_balancers(get_load_balancers(client, []), scope("load_balancers"), "aws")["tags"]
    assert [(row["resource_type"], row["resource_id"], row["key"], row["value"]) for row in rows] == [
        ("load_balancer", f"{PREFIX}app/shop/1", "team", "core"),
        ("load_balancer", f"{PREFIX}old", "team", "core"),
    ]


def test_listeners_that_nobody_may_list_are_unknown() -> None:
    problems: list[str] = []
    (row,) = balancers(
        problems,
        elbv2_describe_load_balancers={"LoadBalancers": [modern()]},
        elbv2_describe_listeners=DENIED,
    )
    assert (row["listeners"], row["backends_known"], problems) == (None, None, ["It is denied."])


def test_targets_of_all_groups_of_a_balancer_are_counted_and_of_a_shared_group_for_each() -> None:
    groups = [
        {"TargetGroupArn": "g1", "LoadBalancerArns": [f"{PREFIX}app/a/1", f"{PREFIX}app/b/1"]},
        {"TargetGroupArn": "g2", "LoadBalancerArns": [f"{PREFIX}app/a/1"]},
        {"TargetGroupArn": "unused", "LoadBalancerArns": []},
    ]
    of = {
        "g1": health("healthy", "unhealthy", "unavailable"),
        "g2": health("healthy", "draining", "unused", None),
    }
    rows = balancers(
        elbv2_describe_load_balancers=[
            {"LoadBalancers": [modern("app/a/1"), modern("app/b/1")]},
            {"LoadBalancers": [modern("app/a/1"), modern("net/c/1", Type="network")]},
        ],
        elbv2_describe_target_groups=[{"TargetGroups": groups[:1]}, {"TargetGroups": groups[1:]}],
        elbv2_describe_target_health=lambda asked: of[asked["TargetGroupArn"]],
    )
    assert [
        (row["load_balancer_id"].removeprefix(PREFIX), row["targets"], row["healthy_targets"]) for row in rows
    ] == [("app/a/1", 7, 3), ("app/b/1", 3, 2), ("net/c/1", 0, 0)]


def test_what_is_behind_a_balancer_is_unknown_when_nobody_may_ask() -> None:
    for name in ("elbv2_describe_target_groups", "elbv2_describe_target_health"):
        problems: list[str] = []
        groups = {"TargetGroups": [{"TargetGroupArn": "g1", "LoadBalancerArns": [f"{PREFIX}app/shop/1"]}]}
        answers = {"elbv2_describe_target_groups": groups, name: DENIED}
        (row,) = balancers(problems, elbv2_describe_load_balancers={"LoadBalancers": [modern()]}, **answers)
        assert (row["targets"], row["healthy_targets"]) == (None, None)
        assert problems == ["It is denied."]


def test_a_balancer_that_is_not_ready_is_other() -> None:
    answer = {"LoadBalancers": [modern(State={"Code": "provisioning"}), modern("app/b/1", State=None)]}
    rows = balancers(elbv2_describe_load_balancers=answer)
    assert [row["state"] for row in rows] == ["other", "other"]


def test_a_classic_balancer_s_id_is_the_arn_that_bills_write() -> None:
    (row,) = balancers(
        elb_describe_load_balancers={
            "LoadBalancerDescriptions": [
                classic(Instances=[{"InstanceId": "i-1"}, {"InstanceId": "i-2"}], ListenerDescriptions=[{}])
            ]
        },
        elb_describe_instance_health={
            "InstanceStates": [{"State": "InService"}, {"State": "OutOfService"}, {"State": "Unknown"}]
        },
    )
    assert row["load_balancer_id"] == f"{PREFIX}old"
    assert (row["kind"], row["state"], row["listeners"]) == ("classic", "active", 1)
    assert (row["targets"], row["healthy_targets"]) == (2, 1)
    assert row["created_at"] == datetime(2020, 1, 1)


def test_a_classic_balancer_without_machines_is_not_asked_for_their_health() -> None:
    (row,) = balancers(
        elb_describe_load_balancers={"LoadBalancerDescriptions": [classic(Instances=[])]},
        elb_describe_instance_health=AssertionError("nobody is there to be asked about"),
    )
    assert (row["targets"], row["healthy_targets"], row["listeners"]) == (0, 0, 0)


def test_health_behind_a_classic_balancer_is_unknown_when_denied_and_the_number_is_not() -> None:
    problems: list[str] = []
    (row,) = balancers(
        problems,
        elb_describe_load_balancers={
            "LoadBalancerDescriptions": [classic(Instances=[{"InstanceId": "i-1"}])]
        },
        elb_describe_instance_health=DENIED,
    )
    assert (row["targets"], row["healthy_targets"]) == (1, None)
    assert problems == ["It is denied."]


def test_a_balancer_of_another_partition_has_its_arn() -> None:
    raw = {"modern": [], "classic": [classic()], "targets": [], "listeners": [], "members": [], "tags": {}}
    place = Scope("aws", "012345678901", "cn-north-1", "load_balancers")
    (row,) = transform_load_balancers(raw, place, "aws-cn")["load_balancers"]
    assert row["load_balancer_id"] == (
        "arn:aws-cn:elasticloadbalancing:cn-north-1:012345678901:loadbalancer/old"
    )


@needs_recorded
def test_recorded_classic_balancers_become_rows() -> None:
    pages = [
        recorded(f"elasticloadbalancing.DescribeLoadBalancers/{name}")
        for name in ("test_elb_tags", "test_healthcheck_protocol_mismatch")
    ]
    rows = balancers(
        elb_describe_load_balancers=pages,
        elb_describe_instance_health={"InstanceStates": [{"State": "InService"}]},
    )
    assert (rows[0]["name"], rows[0]["targets"], rows[0]["healthy_targets"]) == ("CloudCustodian", 1, 1)
    assert rows[0]["created_at"] == datetime(2016, 5, 22, 12, 20, 17, 610000)
    assert {(row["targets"], row["healthy_targets"]) for row in rows[1:]} == {(0, 0)}


@needs_recorded
def test_recorded_targets_of_unknown_health_are_not_healthy() -> None:
    answer = recorded("elasticloadbalancing.DescribeTargetHealth/test_appelb_instance_count_non_zero")
    groups = {"TargetGroups": [{"TargetGroupArn": "g1", "LoadBalancerArns": [f"{PREFIX}app/shop/1"]}]}
    (row,) = balancers(
        elbv2_describe_load_balancers={"LoadBalancers": [modern()]},
        elbv2_describe_target_groups=groups,
        elbv2_describe_target_health=answer,
    )
    assert (row["targets"], row["healthy_targets"]) == (2, 0)
