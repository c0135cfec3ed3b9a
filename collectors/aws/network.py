"""Addresses, subnets and NAT gateways of one region, by the same verbs as inventory."""

from collections.abc import Iterable, Iterator, Mapping
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
DESCRIBE_SUBNETS = Api("ec2", "describe_subnets", "ec2:DescribeSubnets", probe=_DRY)
DESCRIBE_ENDPOINTS = Api("ec2", "describe_vpc_endpoints", "ec2:DescribeVpcEndpoints", probe=_DRY)
DESCRIBE_ROUTES = Api("ec2", "describe_route_tables", "ec2:DescribeRouteTables", page=100, probe=_DRY)
DESCRIBE_NAT_GATEWAYS = Api("ec2", "describe_nat_gateways", "ec2:DescribeNatGateways", probe=_DRY)


# --- public addresses -------------------------------------------------------------------------------------


def get_addresses(client: Client) -> Raw:
    """Elastic addresses."""
    return client.get(DESCRIBE_ADDRESSES).get("Addresses") or []


def get_interfaces(client: Client) -> Raw:
    """Network interfaces, which know the addresses that AWS lends, and whose every address is."""
    return all_of(client, DESCRIBE_INTERFACES, "NetworkInterfaces")


def transform_public_ips(
    addresses: Raw, interfaces: Raw | None, scope: Scope, partition: str = "aws"
) -> Rows:
    """Rows of public_ips and their tags: reserved addresses by allocation id, lent ones by the address itself."""
    balancers = balancers_of(scope, partition)
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


def transform_network_addresses(raw: Raw, scope: Scope, partition: str = "aws") -> Rows:
    """Rows of network_addresses: each address of each interface, and the public ones that lead to it."""
    balancers = balancers_of(scope, partition)
    found: dict[tuple[str | None, str], dict[str, Any]] = {}
    for one in raw:
        for vpc, address, public in _addresses(one):
            user, kind = _owner(one, scope, balancers, partition)
            found[vpc, address] = {
                **place(scope),
                "vpc_id": vpc,
                "address": address,
                "interface_id": one["NetworkInterfaceId"],
                "resource_id": user,
                "resource_type": kind,
                "zone": one.get("AvailabilityZone"),
                "is_public": public,
            }
    return {"network_addresses": list(found.values())}


def _addresses(interface: Mapping[str, Any]) -> Iterator[tuple[str | None, str, bool]]:
    """The network (none of a public one), text, and whether it is public, of each address of an interface."""
    vpc = interface.get("VpcId")
    for one in interface.get("PrivateIpAddresses") or ():
        if one.get("PrivateIpAddress"):
            yield vpc, one["PrivateIpAddress"], False
        if (one.get("Association") or {}).get("PublicIp"):
            yield None, one["Association"]["PublicIp"], True
    for one in interface.get("Ipv6Addresses") or ():
        if one.get("Ipv6Address"):
            yield vpc, one["Ipv6Address"], False


def _owner(
    interface: Mapping[str, Any], scope: Scope, balancers: str, partition: str
) -> tuple[str | None, str]:
    """As `_user`, and databases: RDS does not say which one it is, ElastiCache does in the description."""
    text = interface.get("Description") or ""
    if text == "RDSNetworkInterface":
        return None, "database"
    if text.startswith("ElastiCache "):
        name = text.removeprefix("ElastiCache ").strip("+ ")
        return f"arn:{partition}:elasticache:{scope.region}:{scope.account_id}:cluster:{name}", "database"
    return _user(interface, balancers)


def balancers_of(scope: Scope, partition: str) -> str:
    """What the ARNs of the scope's balancers begin with."""
    return f"arn:{partition}:elasticloadbalancing:{scope.region}:{scope.account_id}:loadbalancer/"


# --- NAT gateways -----------------------------------------------------------------------------------------


def get_nat_gateways(client: Client) -> Raw:
    """NAT gateways, those that are gone left out."""
    found = all_of(client, DESCRIBE_NAT_GATEWAYS, "NatGateways")
    return [one for one in found if one.get("State") not in ("deleted", "deleting")]


def transform_nat_gateways(raw: Raw, scope: Scope, zones: Mapping[str, str | None] | None = None) -> Rows:
    """Rows of nat_gateways and their tags; `zones` are those of subnets, which gateways do not tell."""
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
                "zone": (zones or {}).get(str(one.get("SubnetId"))),
                "vpc_id": one.get("VpcId"),
                "subnet_id": one.get("SubnetId"),
                "public_ips": sum(
                    bool(each.get("PublicIp")) for each in one.get("NatGatewayAddresses") or ()
                ),
            }
        )
        rows["tags"] += tag_rows(scope, "nat_gateway", identity, tags_of(one))
    return rows


# --- subnets ----------------------------------------------------------------------------------------------


def get_subnets(client: Client, problems: Problems) -> dict[str, Raw | None]:
    """Subnets, the gateway endpoints of their networks, and where these have any the tables that lead to them."""
    subnets = all_of(client, DESCRIBE_SUBNETS, "Subnets")
    gateways = [{"Name": "vpc-endpoint-type", "Values": ["Gateway"]}]
    endpoints = beside(problems, lambda: all_of(client, DESCRIBE_ENDPOINTS, "VpcEndpoints", Filters=gateways))
    tables: Raw | None = []
    if endpoints:
        tables = beside(problems, lambda: all_of(client, DESCRIBE_ROUTES, "RouteTables"))
    return {"subnets": subnets, "endpoints": endpoints, "tables": tables}


def transform_subnets(raw: Mapping[str, Raw | None], scope: Scope) -> Rows:
    """Rows of subnets; which services they reach by a gateway endpoint is not known where a list could not be had."""
    tables = None if raw["endpoints"] is None else raw["tables"]
    services = _services(raw["endpoints"] or ())
    explicit, main = _tables(tables or ())
    rows = []
    for one in once(raw["subnets"] or (), "SubnetId"):
        table = explicit.get(one["SubnetId"]) or main.get(str(one.get("VpcId")))
        reached = sorted(services.get(str(table), ()))
        rows.append(
            {
                **place(scope),
                "subnet_id": one["SubnetId"],
                "vpc_id": one.get("VpcId"),
                "zone": one.get("AvailabilityZone"),
                "cidr": one.get("CidrBlock"),
                "private_access": None if tables is None else "s3" in reached,
                "services": None if tables is None else ",".join(reached),
            }
        )
    return {"subnets": rows}


def _services(endpoints: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Names of services (s3, dynamodb) by the route table that leads to their gateway endpoint."""
    found: dict[str, set[str]] = {}
    for one in endpoints:
        if str(one.get("State")).lower() == "available":
            for table in one.get("RouteTableIds") or ():
                found.setdefault(table, set()).add(str(one["ServiceName"]).rpartition(".")[2])
    return found


def _tables(tables: Iterable[Mapping[str, Any]]) -> tuple[dict[str, str], dict[str, str]]:
    """Route tables by the subnet that names them, and those of every other subnet by its network."""
    explicit, main = {}, {}
    for one in tables:
        for each in one.get("Associations") or ():
            if each.get("Main"):
                main[str(one.get("VpcId"))] = str(one["RouteTableId"])
            elif each.get("SubnetId"):
                explicit[str(each["SubnetId"])] = str(one["RouteTableId"])
    return explicit, main
