"""Load balancers of the three kinds: raw answers in, rows out."""

from datetime import datetime
from typing import Any

import pytest

from collectors.alibaba.balancers import get_load_balancers, transform_load_balancers
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.alibaba.canned import ACCOUNT, Canned

REGION = "cn-hangzhou"
HERE = {"cloud": "alibaba", "account_id": ACCOUNT, "region": REGION}
MADE = datetime(2026, 1, 2, 3, 4, 5)
NAME = "<script>alert('x')</script>\r\n=1+1"
DENIED = CallError("denied", "Forbidden.RAM", "denied")
ABSENT = CallError("skipped", "NoSuchHost", "not offered")


def scope(dataset: str) -> Scope:
    return Scope("alibaba", ACCOUNT, REGION, dataset)


def balancer(identity: str = "lb-1", **more: Any) -> dict[str, Any]:
    return {
        "LoadBalancerId": identity,
        "LoadBalancerName": NAME,
        "LoadBalancerStatus": "active",
        "CreateTime": "2026-01-02T03:04:05Z",
        **more,
    }


def detail(identity: str = "lb-1", ports: int = 1, servers: int = 1) -> dict[str, Any]:
    return {
        "LoadBalancerId": identity,
        "ListenerPortsAndProtocol": {
            "ListenerPortAndProtocol": [{"ListenerPort": 80 + number} for number in range(ports)]
        },
        "BackendServers": {"BackendServer": [{"ServerId": f"i-{number}"} for number in range(servers)]},
    }


def all_kinds(**answers: Any) -> Canned:
    return Canned(
        **{
            "slb_DescribeLoadBalancers": {"LoadBalancers": {"LoadBalancer": [balancer()]}, "TotalCount": 1},
            "slb_DescribeLoadBalancerAttribute": lambda asked: detail(asked["LoadBalancerId"], 2, 3),
            "alb_ListLoadBalancers": {"LoadBalancers": [balancer("alb-1", LoadBalancerStatus="Active", Tags=[{"Key": "a", "Value": "b"}])], "NextToken": ""},
            "nlb_ListLoadBalancers": {"LoadBalancers": [balancer("nlb-1", LoadBalancerStatus="Inactive")]},
            "slb_DescribeVServerGroups": {"VServerGroups": {"VServerGroup": []}},
            "alb_ListListeners": {"Listeners": [{"LoadBalancerId": "alb-1"}]},
            "alb_ListServerGroups": {"ServerGroups": [{"RelatedLoadBalancerIds": ["alb-1"], "ServerCount": 4}]},
            "alb_ListRules": {"Rules": []},
            "nlb_ListListeners": {"Listeners": []},
            "nlb_ListServerGroups": {"ServerGroups": [{"RelatedLoadBalancerIds": [], "ServerCount": 4}, {"ServerCount": None}]},
        }
        | answers
    )  # fmt: skip


def balancers(client: Canned) -> tuple[list[dict[str, Any]], list[str]]:
    problems: list[str] = []
    return transform_load_balancers(get_load_balancers(client, problems), scope("load_balancers"))[
        "load_balancers"
    ], problems


def test_balancers_of_the_three_kinds_have_all_their_columns() -> None:
    found, problems = balancers(all_kinds())
    usual = {
        **HERE, "name": NAME, "created_at": MADE, "purchase_model": "on_demand", "expires_at": None, "auto_renew": None,
    }  # fmt: skip
    assert problems == []
    assert found == [
        {
            **usual, "load_balancer_id": "lb-1", "kind": "classic", "state": "active", "listeners": 2, "targets": 3,
            "backends_known": False,
        },
        {
            **usual, "load_balancer_id": "alb-1", "kind": "application", "state": "active", "listeners": 1, "targets": 4,
            "backends_known": True,
        },
        {
            **usual, "load_balancer_id": "nlb-1", "kind": "network", "state": "inactive", "listeners": 0, "targets": 0,
            "backends_known": True,
        },
    ]  # fmt: skip


@pytest.mark.parametrize("told", ["locked", "Provisioning", "CreateFailed", "", None])
def test_a_balancer_in_any_other_state_is_in_another(told: str | None) -> None:
    client = all_kinds(
        slb_DescribeLoadBalancers={
            "LoadBalancers": {"LoadBalancer": [balancer(LoadBalancerStatus=told)]},
            "TotalCount": 1,
        }
    )
    assert balancers(client)[0][0]["state"] == "other"


@pytest.mark.parametrize(
    ("told", "listeners", "targets"),
    [
        (detail(ports=0, servers=0), 0, 0),
        (detail(ports=0, servers=2), 0, 2),
        (detail(ports=1, servers=0), 1, 0),
        (
            {
                "LoadBalancerId": "lb-1",
                "ListenerPorts": {"ListenerPort": [80, 443]},
                "BackendServers": {"BackendServer": []},
            },
            2,
            0,
        ),
        ({"LoadBalancerId": "lb-1"}, None, None),
    ],
)
def test_what_is_before_and_behind_a_classic_balancer(
    told: dict[str, Any], listeners: int | None, targets: int | None
) -> None:
    found, _ = balancers(all_kinds(slb_DescribeLoadBalancerAttribute=told))
    assert (found[0]["listeners"], found[0]["targets"]) == (listeners, targets)


def test_a_balancer_that_was_deleted_meanwhile_takes_no_other_s_details_with_it() -> None:
    def attribute(asked: dict[str, Any]) -> Any:
        gone = CallError("failed", "InvalidLoadBalancerId.NotFound", "gone")
        return gone if asked["LoadBalancerId"] == "lb-1" else detail(asked["LoadBalancerId"])

    listed = {"LoadBalancers": {"LoadBalancer": [balancer("lb-1"), balancer("lb-2")]}, "TotalCount": 2}
    found, problems = balancers(
        all_kinds(slb_DescribeLoadBalancers=listed, slb_DescribeLoadBalancerAttribute=attribute)
    )
    assert problems == []
    assert [(row["load_balancer_id"], row["listeners"]) for row in found[:2]] == [("lb-1", None), ("lb-2", 1)]


def test_details_that_may_not_be_read_are_asked_once_and_told() -> None:
    listed = {"LoadBalancers": {"LoadBalancer": [balancer("lb-1"), balancer("lb-2")]}, "TotalCount": 2}
    client = all_kinds(slb_DescribeLoadBalancers=listed, slb_DescribeLoadBalancerAttribute=DENIED)
    found, problems = balancers(client)
    assert problems == ["denied"]
    assert {row["listeners"] for row in found[:2]} == {None}
    assert len(client.questions("slb_DescribeLoadBalancerAttribute")) == 1


def test_a_kind_that_the_region_does_not_have_is_no_problem_and_one_that_is_denied_is() -> None:
    absent = CallError("skipped", "NoSuchHost", "not offered")
    found, problems = balancers(all_kinds(alb_ListLoadBalancers=absent, nlb_ListLoadBalancers=DENIED))
    assert [row["load_balancer_id"] for row in found] == ["lb-1"]
    assert problems == ["denied"]


@pytest.mark.parametrize(
    ("groups", "targets", "known"),
    [
        (
            [{"VServerGroupId": "rsp-1", "ServerCount": 2}, {"VServerGroupId": "rsp-2", "ServerCount": "1"}],
            3,
            True,
        ),
        ([{"VServerGroupId": "rsp-1", "ServerCount": 0}], 0, True),
        ([{"VServerGroupId": "rsp-1"}], None, False),
        (ABSENT, None, False),
    ],
)
def test_servers_in_groups_are_counted_where_the_default_group_is_empty(
    groups: Any, targets: int | None, known: bool
) -> None:
    answer = groups if groups is ABSENT else {"VServerGroups": {"VServerGroup": groups}}
    client = all_kinds(
        slb_DescribeLoadBalancerAttribute=detail(ports=1, servers=0), slb_DescribeVServerGroups=answer
    )
    found, problems = balancers(client)
    assert problems == []
    assert (found[0]["targets"], found[0]["backends_known"]) == (targets, known)


@pytest.mark.parametrize(
    ("rules", "known"),
    [
        ({"Rules": [{"LoadBalancerId": "alb-1", "RuleActions": [{"Type": "Redirect"}]}]}, False),
        ({"Rules": [{"LoadBalancerId": "alb-1", "RuleActions": [{"Type": "ForwardGroup"}]}]}, True),
        ({"Rules": [{"LoadBalancerId": "alb-2", "RuleActions": [{"Type": "FixedResponse"}]}]}, True),
        (ABSENT, False),
    ],
)
def test_a_balancer_that_answers_by_itself_needs_nothing_behind_it(rules: Any, known: bool) -> None:
    found, _ = balancers(all_kinds(alb_ListServerGroups={"ServerGroups": []}, alb_ListRules=rules))
    assert (found[1]["targets"], found[1]["backends_known"]) == (0, known)


def test_lists_that_an_endpoint_does_not_know_leave_unknown_what_they_would_tell() -> None:
    found, problems = balancers(all_kinds(alb_ListListeners=ABSENT, nlb_ListServerGroups=ABSENT))
    assert problems == []
    assert [(row["listeners"], row["targets"], row["backends_known"]) for row in found[1:]] == [
        (None, 4, True),
        (0, None, None),
    ]


def test_a_subscribed_balancer_ends_and_renews_itself() -> None:
    listed = {"LoadBalancers": {"LoadBalancer": [balancer(PayType="PrePay")]}, "TotalCount": 1}
    told = {**detail(), "EndTimeStamp": 1801324800000, "RenewalStatus": "AutoRenewal"}
    found, _ = balancers(all_kinds(slb_DescribeLoadBalancers=listed, slb_DescribeLoadBalancerAttribute=told))
    row = found[0]
    assert (row["purchase_model"], row["expires_at"], row["auto_renew"]) == (
        "subscription",
        datetime(2027, 1, 30, 16),
        True,
    )
