"""Load balancers of every generation, by the verbs of inventory."""

from collections.abc import Mapping
from typing import Any

from collectors.aws.client import Api, Client
from collectors.aws.inventory import all_of, utc
from collectors.aws.network import balancers_of
from collectors.aws.tagging import tagged
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, once, place, tag_rows
from finops.warehouse import Scope

DESCRIBE_BALANCERS = Api(
    "elbv2",
    "describe_load_balancers",
    "elasticloadbalancing:DescribeLoadBalancers",
    probe={"PageSize": 1},
)
DESCRIBE_CLASSIC = Api(
    "elb", "describe_load_balancers", "elasticloadbalancing:DescribeLoadBalancers", probe={"PageSize": 1}
)
DESCRIBE_TARGET_GROUPS = Api(
    "elbv2", "describe_target_groups", "elasticloadbalancing:DescribeTargetGroups", probe={"PageSize": 1}
)
DESCRIBE_TARGET_HEALTH = Api(
    "elbv2",
    "describe_target_health",
    "elasticloadbalancing:DescribeTargetHealth",
    probe={
        "TargetGroupArn": "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/finops-doctor/0123456789abcdef"
    },
)
DESCRIBE_INSTANCE_HEALTH = Api(
    "elb",
    "describe_instance_health",
    "elasticloadbalancing:DescribeInstanceHealth",
    probe={"LoadBalancerName": "finops-doctor"},
)
DESCRIBE_LISTENERS = Api(
    "elbv2",
    "describe_listeners",
    "elasticloadbalancing:DescribeListeners",
    probe={
        "LoadBalancerArn": "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/finops-doctor/0123456789ab"
    },
)

# What a listener does by itself, with nothing behind it.
_BY_ITSELF = ("redirect", "fixed-response")


def get_load_balancers(client: Client, problems: Problems) -> dict[str, Any]:
    """Balancers of both generations with their listeners and the health of what is behind them, by ARN or name."""
    modern = all_of(client, DESCRIBE_BALANCERS, "LoadBalancers")
    classic = all_of(client, DESCRIBE_CLASSIC, "LoadBalancerDescriptions")
    return {
        "modern": modern,
        "classic": classic,
        "targets": beside(problems, lambda: _targets(client)) if modern else [],
        "listeners": beside(problems, lambda: _listeners(client, modern)),
        "members": beside(problems, lambda: _members(client, classic)),
        "tags": tagged(client, "elasticloadbalancing:loadbalancer", problems) if modern or classic else {},
    }


def transform_load_balancers(raw: Mapping[str, Any], scope: Scope, partition: str) -> Rows:
    """Rows of load_balancers and their tags. The id is the ARN, as bills write it."""
    counted = _count_targets(raw["targets"])
    listeners = None if raw["listeners"] is None else {one["arn"]: one["actions"] for one in raw["listeners"]}
    in_service = None if raw["members"] is None else {one["name"]: one["healthy"] for one in raw["members"]}
    prefix = balancers_of(scope, partition)
    found = [_modern(one, counted, listeners) for one in once(raw["modern"], "LoadBalancerArn")]
    found += [_classic(one, in_service, prefix) for one in once(raw["classic"], "LoadBalancerName")]
    rows: Rows = {"load_balancers": [{**place(scope), **one} for one in found], "tags": []}
    for one in found:
        identity = str(one["load_balancer_id"])
        rows["tags"] += tag_rows(scope, "load_balancer", identity, raw["tags"].get(identity, {}))
    return rows


def _modern(
    one: Mapping[str, Any],
    counted: Mapping[str, tuple[int, int]] | None,
    listeners: Mapping[str, list[list[str]]] | None,
) -> dict[str, Any]:
    arn = one["LoadBalancerArn"]
    targets, healthy = counted.get(arn, (0, 0)) if counted is not None else (None, None)
    actions = listeners.get(arn, []) if listeners is not None else None
    return {
        "load_balancer_id": arn,
        "name": one.get("LoadBalancerName"),
        "kind": one.get("Type"),
        "state": "active" if (one.get("State") or {}).get("Code") == "active" else "other",
        "listeners": None if actions is None else len(actions),
        "targets": targets,
        "healthy_targets": healthy,
        "created_at": utc(one.get("CreatedTime")),
        "backends_known": None
        if targets is None or actions is None
        else not any(kind in _BY_ITSELF for each in actions for kind in each),
    }


def _classic(one: Mapping[str, Any], in_service: Mapping[str, int] | None, prefix: str) -> dict[str, Any]:
    name = one["LoadBalancerName"]
    return {
        "load_balancer_id": prefix + name,
        "name": name,
        "kind": "classic",
        "state": "active",
        "listeners": len(one.get("ListenerDescriptions") or ()),
        "targets": len(one.get("Instances") or ()),
        "healthy_targets": None if in_service is None else in_service.get(name, 0),
        "created_at": utc(one.get("CreatedTime")),
        "backends_known": True,
    }


def _listeners(client: Client, balancers: Raw) -> Raw:
    """The kinds of what each listener of each balancer does."""
    return [
        {
            "arn": one["LoadBalancerArn"],
            "actions": [
                [str(action.get("Type")) for action in each.get("DefaultActions") or ()]
                for each in all_of(
                    client, DESCRIBE_LISTENERS, "Listeners", LoadBalancerArn=one["LoadBalancerArn"]
                )
            ],
        }
        for one in balancers
    ]


def _targets(client: Client) -> Raw:
    """Target groups that some balancer uses, with the health of their targets."""
    return [
        {
            "balancers": group.get("LoadBalancerArns") or [],
            "health": [
                (each.get("TargetHealth") or {}).get("State")
                for each in client.get(DESCRIBE_TARGET_HEALTH, TargetGroupArn=group["TargetGroupArn"])[
                    "TargetHealthDescriptions"
                ]
            ],
        }
        for group in all_of(client, DESCRIBE_TARGET_GROUPS, "TargetGroups")
        if group.get("LoadBalancerArns")
    ]


def _members(client: Client, classic: Raw) -> Raw:
    return [
        {
            "name": one["LoadBalancerName"],
            "healthy": sum(
                state.get("State") == "InService"
                for state in client.get(DESCRIBE_INSTANCE_HEALTH, LoadBalancerName=one["LoadBalancerName"])[
                    "InstanceStates"
                ]
            ),
        }
        for one in classic
        if one.get("Instances")
    ]


def _count_targets(groups: Raw | None) -> dict[str, tuple[int, int]] | None:
    """Targets and healthy ones of each balancer; None when nobody could ask.

    "unavailable" is what a target says whose health nobody checks.
    """
    if groups is None:
        return None
    counted: dict[str, tuple[int, int]] = {}
    for group in groups:
        for arn in group["balancers"]:
            targets, healthy = counted.get(arn, (0, 0))
            well = sum(state in ("healthy", "unavailable") for state in group["health"])
            counted[arn] = (targets + len(group["health"]), healthy + well)
    return counted
