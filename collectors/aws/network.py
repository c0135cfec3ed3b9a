"""Addresses, load balancers and NAT gateways of one region, by the same verbs as inventory."""

from collections.abc import Iterable, Mapping
from typing import Any

from collectors.aws.client import Api, Client
from collectors.aws.inventory import all_of, tag, tags_of, utc
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, once, place, tag_rows
from finops.warehouse import Scope

_DRY = {"DryRun": True}
DESCRIBE_ADDRESSES = Api("ec2", "describe_addresses", "ec2:DescribeAddresses", probe=_DRY)
DESCRIBE_INTERFACES = Api("ec2", "describe_network_interfaces", "ec2:DescribeNetworkInterfaces", probe=_DRY)
DESCRIBE_NAT_GATEWAYS = Api("ec2", "describe_nat_gateways", "ec2:DescribeNatGateways", probe=_DRY)
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


# --- public addresses -------------------------------------------------------------------------------------


def get_public_ips(client: Client, problems: Problems) -> tuple[Raw, Raw | None]:
    """Elastic addresses, and interfaces, which know the addresses that AWS lends."""
    addresses = client.get(DESCRIBE_ADDRESSES).get("Addresses") or []
    return addresses, beside(problems, lambda: all_of(client, DESCRIBE_INTERFACES, "NetworkInterfaces"))


def transform_public_ips(raw: tuple[Raw, Raw | None], scope: Scope, partition: str = "aws") -> Rows:
    """Rows of public_ips and their tags: reserved addresses by allocation id, lent ones by the address itself."""
    addresses, interfaces = raw
    balancers = _balancers(scope, partition)
    users = {one["NetworkInterfaceId"]: _user(one, balancers) for one in interfaces or ()}
    rows: Rows = {"public_ips": [], "tags": []}
    for one in addresses:
        identity = one.get("AllocationId") or one["PublicIp"]
        rows["public_ips"].append({**place(scope), "ip_id": identity, **_reserved(one, users)})
        rows["tags"] += tag_rows(scope, "public_ip", identity, tags_of(one))
    known = {row["address"] for row in rows["public_ips"]}
    rows["public_ips"] += [
        {**place(scope), **lent}
        for lent in _lent(interfaces or (), balancers)
        if lent["address"] not in known
    ]
    return rows


def _reserved(one: Mapping[str, Any], users: Mapping[str, tuple[str | None, str]]) -> dict[str, Any]:
    used = bool(one.get("AssociationId") or one.get("InstanceId") or one.get("NetworkInterfaceId"))
    user, kind = users.get(str(one.get("NetworkInterfaceId")), (None, "other"))
    if one.get("InstanceId"):
        user, kind = one["InstanceId"], "instance"
    return {
        "address": one.get("PublicIp") or one.get("CarrierIp"),
        "name": tag(one, "Name"),
        "state": "in_use" if used else "unused",
        "resource_id": user if used else None,
        "resource_type": kind if used else None,
    }


def _lent(interfaces: Iterable[Mapping[str, Any]], balancers: str) -> list[dict[str, Any]]:
    """Addresses that come and go with the interface that has them."""
    found: dict[str, dict[str, Any]] = {}
    for one in interfaces:
        user, kind = _user(one, balancers)
        for private in one.get("PrivateIpAddresses") or ():
            association = private.get("Association") or {}
            address = association.get("PublicIp")
            if address and not association.get("AllocationId"):
                found[address] = {
                    "ip_id": address,
                    "address": address,
                    "name": None,
                    "state": "in_use",
                    "resource_id": user,
                    "resource_type": kind,
                }
    return list(found.values())


def _user(interface: Mapping[str, Any], balancers: str) -> tuple[str | None, str]:
    """What an interface belongs to. AWS tells it by the attachment, the type, or only in the description."""
    instance = (interface.get("Attachment") or {}).get("InstanceId")
    if instance:
        return instance, "instance"
    text = interface.get("Description") or ""
    if interface.get("InterfaceType") == "nat_gateway" or text.startswith("Interface for NAT Gateway "):
        return text.removeprefix("Interface for NAT Gateway ") or None, "nat_gateway"
    if text.startswith("ELB "):
        return balancers + text.removeprefix("ELB "), "load_balancer"
    return interface.get("NetworkInterfaceId"), "other"


# --- load balancers ---------------------------------------------------------------------------------------


def get_load_balancers(client: Client, problems: Problems) -> dict[str, Any]:
    """Balancers of both generations with the health of what is behind them, by ARN or name."""
    modern = all_of(client, DESCRIBE_BALANCERS, "LoadBalancers")
    classic = all_of(client, DESCRIBE_CLASSIC, "LoadBalancerDescriptions")
    return {
        "modern": modern,
        "classic": classic,
        "targets": beside(problems, lambda: _targets(client)) if modern else [],
        "members": beside(problems, lambda: _members(client, classic)),
    }


def transform_load_balancers(raw: Mapping[str, Any], scope: Scope, partition: str) -> Rows:
    """Rows of load_balancers. The id is the ARN, as bills write it."""
    counted = _count_targets(raw["targets"])
    rows: Rows = {"load_balancers": []}
    for one in once(raw["modern"], "LoadBalancerArn"):
        arn = one["LoadBalancerArn"]
        targets, healthy = counted.get(arn, (0, 0)) if counted is not None else (None, None)
        rows["load_balancers"].append(
            {
                **place(scope),
                "load_balancer_id": arn,
                "name": one.get("LoadBalancerName"),
                "kind": one.get("Type"),
                "state": "active" if (one.get("State") or {}).get("Code") == "active" else "other",
                "targets": targets,
                "healthy_targets": healthy,
                "created_at": utc(one.get("CreatedTime")),
            }
        )
    in_service = None if raw["members"] is None else {one["name"]: one["healthy"] for one in raw["members"]}
    prefix = _balancers(scope, partition)
    for one in once(raw["classic"], "LoadBalancerName"):
        name = one["LoadBalancerName"]
        rows["load_balancers"].append(
            {
                **place(scope),
                "load_balancer_id": prefix + name,
                "name": name,
                "kind": "classic",
                "state": "active",
                "listeners": len(one.get("ListenerDescriptions") or ()),
                "targets": len(one.get("Instances") or ()),
                "healthy_targets": None if in_service is None else in_service.get(name, 0),
                "created_at": utc(one.get("CreatedTime")),
            }
        )
    return rows


def _balancers(scope: Scope, partition: str) -> str:
    """What the ARNs of the scope's balancers begin with."""
    return f"arn:{partition}:elasticloadbalancing:{scope.region}:{scope.account_id}:loadbalancer/"


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


# --- NAT gateways -----------------------------------------------------------------------------------------


def get_nat_gateways(client: Client) -> Raw:
    """NAT gateways, those that are gone left out."""
    found = all_of(client, DESCRIBE_NAT_GATEWAYS, "NatGateways")
    return [one for one in found if one.get("State") not in ("deleted", "deleting")]


def transform_nat_gateways(raw: Raw, scope: Scope) -> Rows:
    """Rows of nat_gateways and their tags."""
    rows: Rows = {"nat_gateways": [], "tags": []}
    for one in once(raw, "NatGatewayId"):
        identity = one["NatGatewayId"]
        rows["nat_gateways"].append(
            {
                **place(scope),
                "nat_gateway_id": identity,
                "name": tag(one, "Name"),
                "kind": one.get("ConnectivityType") or "public",
                "state": "active" if one.get("State") == "available" else "other",
                "created_at": utc(one.get("CreateTime")),
            }
        )
        rows["tags"] += tag_rows(scope, "nat_gateway", identity, tags_of(one))
    return rows
