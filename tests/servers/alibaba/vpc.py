"""Virtual private cloud, 2016-04-28: elastic addresses, NAT gateways and their entries."""

from typing import Any

from tests.servers.alibaba.pages import numbered
from tests.servers.alibaba.state import Item
from tests.servers.alibaba.wire import Call, RefusalError

VERSION = "2016-04-28"


def held(call: Call, kind: str, filters: dict[str, str]) -> list[Item]:
    """The region's items that every filter lets through."""
    wanted = {field: call.params[name] for name, field in filters.items() if call.params.get(name)}
    return [
        item
        for item in call.owner.of(kind, call.region).values()
        if all(str(item.get(field, "")) == value for field, value in wanted.items())
    ]


def describe_eip_addresses(call: Call) -> dict[str, Any]:
    filters = {"AllocationId": "AllocationId", "Status": "Status", "EipAddress": "IpAddress", "ChargeType": "ChargeType",
               "AssociatedInstanceId": "InstanceId", "AssociatedInstanceType": "InstanceType"}  # fmt: skip
    page, counts = numbered(call, held(call, "eip", filters), most=100)
    return {"EipAddresses": {"EipAddress": page}, **counts}


def describe_nat_gateways(call: Call) -> dict[str, Any]:
    found = held(call, "nat", {"NatGatewayId": "NatGatewayId", "VpcId": "VpcId", "Status": "Status"})
    page, counts = numbered(call, found, most=50)
    return {"NatGateways": {"NatGateway": page}, **counts}


def entries(call: Call, kind: str, table: str) -> tuple[list[Item], dict[str, Any]]:
    """Of one table, or of one gateway."""
    if not call.params.get(table) and not call.params.get("NatGatewayId"):
        raise RefusalError(400, "MissingParameter", f"Either {table} or NatGatewayId must be specified.")
    return numbered(call, held(call, kind, {table: table, "NatGatewayId": "NatGatewayId"}), most=50)


def describe_snat_table_entries(call: Call) -> dict[str, Any]:
    page, counts = entries(call, "snat", "SnatTableId")
    return {"SnatTableEntries": {"SnatTableEntry": page}, **counts}


def describe_forward_table_entries(call: Call) -> dict[str, Any]:
    page, counts = entries(call, "forward", "ForwardTableId")
    return {"ForwardTableEntries": {"ForwardTableEntry": page}, **counts}


def describe_vswitches(call: Call) -> dict[str, Any]:
    page, counts = numbered(call, held(call, "vswitch", {"VpcId": "VpcId", "ZoneId": "ZoneId"}), most=50)
    return {"VSwitches": {"VSwitch": page}, **counts}


ANSWERS = {
    (VERSION, "DescribeVSwitches"): describe_vswitches,
    (VERSION, "DescribeEipAddresses"): describe_eip_addresses,
    (VERSION, "DescribeNatGateways"): describe_nat_gateways,
    (VERSION, "DescribeSnatTableEntries"): describe_snat_table_entries,
    (VERSION, "DescribeForwardTableEntries"): describe_forward_table_entries,
}
