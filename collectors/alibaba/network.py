"""Public addresses and NAT gateways of one region, by the same verbs as inventory."""

from collections.abc import Mapping
from typing import Any

from collectors.alibaba.answers import ends, utc, within
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client
from collectors.alibaba.inventory import tags_of
from collectors.alibaba.products import NUMBERS
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, once, place, tag_rows
from finops.warehouse import Scope

_ONE = {"PageNumber": 1, "PageSize": 1}
DESCRIBE_EIPS = Api(
    "vpc", "DescribeEipAddresses", "vpc:DescribeEipAddresses", items="EipAddresses.EipAddress", paging=NUMBERS,
    probe=_ONE,
)  # fmt: skip
DESCRIBE_NATS = Api(
    "vpc", "DescribeNatGateways", "vpc:DescribeNatGateways", items="NatGateways.NatGateway", paging=NUMBERS, page=50,
    probe=_ONE,
)  # fmt: skip
DESCRIBE_SNATS = Api(
    "vpc", "DescribeSnatTableEntries", "vpc:DescribeSnatTableEntries", items="SnatTableEntries.SnatTableEntry",
    paging=NUMBERS, page=50, probe={**_ONE, "NatGatewayId": "ngw-finops-doctor"},
)  # fmt: skip
DESCRIBE_DNATS = Api(
    "vpc", "DescribeForwardTableEntries", "vpc:DescribeForwardTableEntries",
    items="ForwardTableEntries.ForwardTableEntry", paging=NUMBERS, page=50,
    probe={**_ONE, "NatGatewayId": "ngw-finops-doctor"},
)  # fmt: skip
DESCRIBE_VSWITCHES = Api(
    "vpc", "DescribeVSwitches", "vpc:DescribeVSwitches", items="VSwitches.VSwitch", paging=NUMBERS, page=50,
    probe=_ONE, optional=True,
)  # fmt: skip
DESCRIBE_INTERFACES = Api(
    "ecs", "DescribeNetworkInterfaces", "ecs:DescribeNetworkInterfaces",
    items="NetworkInterfaceSets.NetworkInterfaceSet", page=500, probe={"MaxResults": 1}, optional=True,
)  # fmt: skip

# --- public addresses -------------------------------------------------------------------------------------

_USERS = {
    "EcsInstance": "instance", "SlbInstance": "load_balancer", "Nat": "nat_gateway", "NatGateway": "nat_gateway",
}  # fmt: skip


def get_public_ips(client: Client) -> Raw:
    """Elastic addresses of the region."""
    return client.all(DESCRIBE_EIPS, RegionId=client.region)


def transform_public_ips(raw: Raw, scope: Scope, instances: Raw | None) -> Rows:
    """Rows of public_ips and their tags: elastic addresses by allocation id, those that machines were created with,
    which cost nothing by themselves, by the address itself."""
    rows: Rows = {"public_ips": [], "tags": []}
    for one in once(raw, "AllocationId"):
        identity = str(one["AllocationId"])
        user = one.get("InstanceId") or None
        subscribed = one.get("ChargeType") == "PrePaid"
        rows["public_ips"].append(
            {
                **place(scope),
                "ip_id": identity,
                "address": one.get("IpAddress"),
                "name": one.get("Name") or None,
                "state": "unused" if one["Status"] == "Available" and not user else "in_use",
                "resource_id": user,
                "resource_type": _USERS.get(str(one.get("InstanceType")), "other") if user else None,
                "created_at": utc(one.get("AllocationTime")),
                "charge_type": _CHARGES.get(str(one.get("InternetChargeType")).lower()),
                "purchase_model": "subscription" if subscribed else "on_demand",
                "expires_at": ends(one.get("ExpiredTime")) if subscribed else None,
            }
        )
        rows["tags"] += tag_rows(scope, "public_ip", identity, tags_of(one))
    for machine in instances or ():
        rows["public_ips"] += [{**place(scope), **own} for own in _created_with(machine)]
    return rows


def _created_with(machine: Mapping[str, Any]) -> Raw:
    return [
        {
            "ip_id": address,
            "address": address,
            "state": "in_use",
            "resource_id": str(machine["InstanceId"]),
            "resource_type": "instance",
            "charge_type": _CHARGES.get(str(machine.get("InternetChargeType")).lower()),
        }
        for address in (machine.get("PublicIpAddress") or {}).get("IpAddress") or ()
    ]


_CHARGES = {"paybytraffic": "traffic", "paybybandwidth": "bandwidth"}


# --- NAT gateways -----------------------------------------------------------------------------------------


def get_nat_gateways(client: Client, problems: Problems) -> list[dict[str, Any]]:
    """NAT gateways, each with how many entries for outgoing and incoming traffic it has."""
    found = client.all(DESCRIBE_NATS, RegionId=client.region)
    refused: set[str] = set()
    for one in found:
        for name, api, tables in (
            ("snat", DESCRIBE_SNATS, "SnatTableIds.SnatTableId"),
            ("dnat", DESCRIBE_DNATS, "ForwardTableIds.ForwardTableId"),
        ):
            one[name] = 0 if within(one, tables) == [] else None
            if one[name] is None and name not in refused:
                identity, before = one["NatGatewayId"], len(problems)
                one[name] = beside(problems, lambda a=api, i=identity: _entries(client, a, i))  # type: ignore[misc]
                if len(problems) > before:
                    refused.add(name)  # for one gateway, so for the others
    return found


def _entries(client: Client, api: Api, gateway: str) -> int:
    """How many there are. The first page counts them all."""
    page = client.get(api, RegionId=client.region, NatGatewayId=gateway, PageNumber=1, PageSize=api.page)
    return int(page["TotalCount"])


def transform_nat_gateways(raw: Raw, scope: Scope) -> Rows:
    """Rows of nat_gateways and their tags."""
    rows: Rows = {"nat_gateways": [], "tags": []}
    for one in once(raw, "NatGatewayId"):
        identity, subscribed = str(one["NatGatewayId"]), one.get("InstanceChargeType") == "PrePaid"
        addresses = within(one, "IpLists.IpList")
        rows["nat_gateways"].append(
            {
                **place(scope),
                "nat_gateway_id": identity,
                "name": one.get("Name") or None,
                "zone": (one.get("NatGatewayPrivateInfo") or {}).get("IzNo") or None,
                "kind": "private" if one.get("NetworkType") == "intranet" else "public",
                "state": "active" if one.get("Status") == "Available" else "other",
                "snat_entries": one["snat"],
                "dnat_entries": one["dnat"],
                "created_at": utc(one.get("CreationTime")),
                "vpc_id": one.get("VpcId") or None,
                "subnet_id": (one.get("NatGatewayPrivateInfo") or {}).get("VswitchId") or None,
                "public_ips": None if addresses is None else len(addresses),
                "purchase_model": "subscription" if subscribed else "on_demand",
                "expires_at": ends(one.get("ExpiredTime")) if subscribed else None,
            }
        )
        rows["tags"] += tag_rows(scope, "nat_gateway", identity, tags_of(one))
    return rows


# --- subnets and addresses --------------------------------------------------------------------------------


def get_subnets(client: Client) -> Raw:
    """vSwitches of the region."""
    return client.all(DESCRIBE_VSWITCHES, RegionId=client.region)


def transform_subnets(raw: Raw, scope: Scope) -> Rows:
    """Rows of subnets. OSS has an address inside of every network: no machine needs a gateway for it."""
    return {
        "subnets": [
            {
                **place(scope),
                "subnet_id": str(one["VSwitchId"]),
                "vpc_id": one.get("VpcId") or None,
                "zone": one.get("ZoneId") or None,
                "cidr": one.get("CidrBlock") or None,
                "private_access": True,
                "services": "oss",
            }
            for one in once(raw, "VSwitchId")
        ]
    }


def get_interfaces(client: Client) -> Raw:
    """Network interfaces of the region."""
    return client.all(DESCRIBE_INTERFACES, RegionId=client.region)


def transform_addresses(raw: Raw, scope: Scope, public: Raw | None, gateways: Raw | None) -> Rows:
    """Rows of network_addresses: those of interfaces, and the `public` ones, rows of public_ips. `gateways` are raw
    NAT gateways, which tell their interfaces."""
    of_gateways = {
        str(info["EniInstanceId"]): str(one["NatGatewayId"])
        for one in gateways or ()
        if (info := one.get("NatGatewayPrivateInfo") or {}).get("EniInstanceId")
    }
    rows: dict[tuple[Any, str], dict[str, Any]] = {}
    for one in once(raw, "NetworkInterfaceId"):
        interface = str(one["NetworkInterfaceId"])
        gateway, machine = of_gateways.get(interface), one.get("InstanceId") or None
        kind = "nat_gateway" if gateway else "instance" if str(machine).startswith("i-") else "other"
        for private in within(one, "PrivateIpSets.PrivateIpSet") or ():
            address = str(private["PrivateIpAddress"])
            rows[one.get("VpcId"), address] = {
                **place(scope),
                "vpc_id": one.get("VpcId") or None,
                "address": address,
                "interface_id": interface,
                "resource_id": gateway or machine,
                "resource_type": kind,
                "zone": one.get("ZoneId") or None,
                "is_public": False,
            }
    for row in public or ():
        if row.get("address"):
            rows[None, row["address"]] = {
                **place(scope),
                "address": row["address"],
                "resource_id": row.get("resource_id"),
                "resource_type": row.get("resource_type"),
                "is_public": True,
            }
    return {"network_addresses": list(rows.values())}
