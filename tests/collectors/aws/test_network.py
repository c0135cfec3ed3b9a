"""Addresses, balancers and gateways: raw answers in, rows out."""

from datetime import datetime
from typing import Any

import pytest

from collectors.aws.network import (
    get_addresses,
    get_interfaces,
    get_nat_gateways,
    get_subnets,
    transform_nat_gateways,
    transform_network_addresses,
    transform_public_ips,
    transform_subnets,
)
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.aws.answers import Canned, needs_recorded, recorded

PREFIX = "arn:aws:elasticloadbalancing:eu-west-1:012345678901:loadbalancer/"


def scope(dataset: str) -> Scope:
    return Scope("aws", "012345678901", "eu-west-1", dataset)


# --- public addresses -------------------------------------------------------------------------------------


def interface(identity: str = "eni-1", **more: Any) -> dict[str, Any]:
    return {"NetworkInterfaceId": identity, **more}


def lent(*addresses: str, allocation: str | None = None, **more: Any) -> dict[str, Any]:
    """An interface with public addresses: AWS's own, or elastic ones."""
    told = {"AllocationId": allocation} if allocation else {"IpOwnerId": "amazon"}
    return interface(
        PrivateIpAddresses=[{"Association": {"PublicIp": each, **told}} for each in addresses], **more
    )


def address(**more: Any) -> dict[str, Any]:
    return {"AllocationId": "eipalloc-1", "PublicIp": "52.0.0.1", **more}


def public_ips(*addresses: dict[str, Any], interfaces: list[dict[str, Any]] | None = None) -> list[Any]:
    """(id, address, state, what uses it, and of which kind) of each row."""
    rows = transform_public_ips(list(addresses), interfaces or [], scope("public_ips"))["public_ips"]
    return [
        (row["ip_id"], row["address"], row["state"], row["resource_id"], row["resource_type"]) for row in rows
    ]


def test_an_address_that_nothing_uses_is_unused() -> None:
    assert public_ips(address()) == [("eipalloc-1", "52.0.0.1", "unused", None, None)]


@pytest.mark.parametrize(
    ("user", "told"),
    [
        ({"Attachment": {"InstanceId": "i-1"}}, ("i-1", "instance")),
        (
            {"InterfaceType": "nat_gateway", "Description": "Interface for NAT Gateway nat-1"},
            ("nat-1", "nat_gateway"),
        ),
        ({"Description": "Interface for NAT Gateway nat-1"}, ("nat-1", "nat_gateway")),
        ({"InterfaceType": "nat_gateway", "Description": ""}, (None, "nat_gateway")),
        ({"Description": "ELB app/shop/50dc6c495c0c9188"}, (f"{PREFIX}app/shop/50dc6c495c0c9188", "load_balancer")),
        ({"Description": "ELB old"}, (f"{PREFIX}old", "load_balancer")),
        ({"Description": "VPC Endpoint Interface vpce-1"}, ("eni-1", "other")),
        ({"Description": None}, ("eni-1", "other")),
        # AWS attaches the interfaces of balancers itself, to no machine of the account.
        ({"Attachment": {"InstanceOwnerId": "amazon-elb"}, "Description": "ELB net/n/1"},
         (f"{PREFIX}net/n/1", "load_balancer")),
    ],
)  # fmt: skip
def test_an_address_belongs_to_whatever_its_interface_belongs_to(
    user: dict[str, Any], told: tuple[str | None, str]
) -> None:
    used = address(AssociationId="eipassoc-1", NetworkInterfaceId="eni-1")
    assert public_ips(used, interfaces=[interface(**user)]) == [("eipalloc-1", "52.0.0.1", "in_use", *told)]


def test_an_address_of_a_machine_names_it_without_any_interface() -> None:
    used = address(AssociationId="eipassoc-1", InstanceId="i-1", NetworkInterfaceId="eni-9")
    assert public_ips(used) == [("eipalloc-1", "52.0.0.1", "in_use", "i-1", "instance")]


def test_an_address_of_an_interface_nobody_knows_is_in_use_all_the_same() -> None:
    used = address(AssociationId="eipassoc-1", NetworkInterfaceId="eni-9")
    assert public_ips(used) == [("eipalloc-1", "52.0.0.1", "in_use", None, "other")]


def test_an_address_of_the_time_before_vpc_is_known_by_itself() -> None:
    assert public_ips({"PublicIp": "52.0.0.9", "InstanceId": ""}) == [
        ("52.0.0.9", "52.0.0.9", "unused", None, None)
    ]


def test_an_elastic_address_is_not_told_again_as_a_lent_one() -> None:
    used = address(AssociationId="eipassoc-1", InstanceId="i-1", NetworkInterfaceId="eni-1")
    for allocation in ("eipalloc-1", None):  # some answers leave the allocation out
        shown = lent("52.0.0.1", allocation=allocation, Attachment={"InstanceId": "i-1"})
        assert [row[0] for row in public_ips(used, interfaces=[shown])] == ["eipalloc-1"]


def test_a_lent_address_is_known_by_itself_and_belongs_to_its_machine() -> None:
    shown = lent("3.0.0.1", "3.0.0.2", Attachment={"InstanceId": "i-1"})
    assert public_ips(interfaces=[shown, interface("eni-2", PrivateIpAddresses=[{"Association": {}}, {}])]) == [
        ("3.0.0.1", "3.0.0.1", "in_use", "i-1", "instance"),
        ("3.0.0.2", "3.0.0.2", "in_use", "i-1", "instance"),
    ]  # fmt: skip


def test_an_interface_that_two_pages_show_lends_its_address_once() -> None:
    page = {"NetworkInterfaces": [lent("3.0.0.1")]}
    client = Canned(ec2_describe_addresses={}, ec2_describe_network_interfaces=[page, page])
    rows = transform_public_ips(get_addresses(client), get_interfaces(client), scope("public_ips"))[
        "public_ips"
    ]
    assert [row["ip_id"] for row in rows] == ["3.0.0.1"]


def test_without_the_interfaces_elastic_addresses_are_told() -> None:
    named = address(Tags=[{"Key": "Name", "Value": "<b>&\n"}])
    rows = transform_public_ips([named], None, scope("public_ips"))
    assert [row["name"] for row in rows["public_ips"]] == ["<b>&\n"]
    assert [(row["resource_id"], row["value"]) for row in rows["tags"]] == [("eipalloc-1", "<b>&\n")]


@needs_recorded
def test_recorded_addresses_become_rows() -> None:
    raw = recorded("ec2.DescribeAddresses/test_release_attached_ec2")["Addresses"]
    assert public_ips(*raw) == [
        ("eipalloc-2da7a824", "34.237.108.203", "in_use", "i-0efa0d85bb0deee24", "instance")
    ]
    raw = recorded("ec2.DescribeAddresses/test_address_disassociate")["Addresses"]
    assert len({row[0] for row in public_ips(*raw)}) == len(raw) > 2
    assert {row[2:] for row in public_ips(*raw)} == {
        ("in_use", None, "other"),
        ("in_use", "i-05fccf7da99ad47f7", "instance"),
    }


@needs_recorded
def test_a_recorded_machine_s_interface_lends_its_address() -> None:
    answer = recorded("ec2.DescribeInstances/test_interface_detach_primary_nic_1")
    (machine,) = answer["Reservations"][0]["Instances"]
    interfaces = [
        {**each, "Attachment": {**each["Attachment"], "InstanceId": machine["InstanceId"]}}
        for each in machine["NetworkInterfaces"]
    ]
    assert public_ips(interfaces=interfaces) == [
        ("34.207.89.111", "34.207.89.111", "in_use", "i-042c20d5454745bbe", "instance")
    ]


# --- NAT gateways -----------------------------------------------------------------------------------------


def gateway(identity: str, state: str, **more: Any) -> dict[str, Any]:
    return {"NatGatewayId": identity, "State": state, "CreateTime": "2026-01-02T03:04:05Z", **more}


def test_gateways_that_are_gone_are_left_out() -> None:
    page = {"NatGateways": [gateway(f"nat-{state}", state) for state in ("available", "deleted", "deleting")]}
    again = {"NatGateways": [gateway("nat-available", "available"), gateway("nat-failed", "failed")]}
    raw = get_nat_gateways(Canned(ec2_describe_nat_gateways=[page, again]))
    rows = transform_nat_gateways(raw, scope("nat_gateways"))["nat_gateways"]
    assert [(row["nat_gateway_id"], row["state"], row["kind"]) for row in rows] == [
        ("nat-available", "active", "public"),
        ("nat-failed", "other", "public"),
    ]


def test_a_private_gateway_is_told_from_a_public_one() -> None:
    (row,) = transform_nat_gateways(
        [gateway("nat-1", "available", ConnectivityType="private")], scope("nat_gateways")
    )["nat_gateways"]
    assert row["kind"] == "private"


@needs_recorded
def test_recorded_gateways_become_rows_with_their_tags() -> None:
    pages = [
        recorded(f"ec2.DescribeNatGateways/{name}")
        for name in ("test_cross_az_nat_gateway_route_filter", "test_nat_gateways_delete")
    ]
    raw = get_nat_gateways(Canned(ec2_describe_nat_gateways=pages))
    rows = transform_nat_gateways(raw, scope("nat_gateways"))
    assert [(row["nat_gateway_id"], row["name"], row["created_at"]) for row in rows["nat_gateways"]] == [
        ("nat-0df07e596f7513ead", "us-west-2b", datetime(2022, 5, 30, 7, 6, 33)),
        ("nat-06e9acaa9c0ab8799", "us-west-2a", datetime(2022, 5, 30, 5, 13, 26)),
        ("nat-0000000000000000", "c7n_test", datetime(2017, 9, 8, 19, 21, 16)),
    ]
    assert len(rows["tags"]) == 7


def test_a_gateway_knows_its_place_and_its_addresses() -> None:
    told = gateway(
        "nat-1", "available", VpcId="vpc-1", SubnetId="subnet-1",
        NatGatewayAddresses=[{"PublicIp": "52.0.0.1"}, {"PublicIp": "52.0.0.2"}, {"PrivateIp": "10.0.0.1"}],
    )  # fmt: skip
    (row,) = transform_nat_gateways([told], scope("nat_gateways"), {"subnet-1": "eu-west-1b"})["nat_gateways"]
    assert (row["vpc_id"], row["subnet_id"], row["zone"], row["public_ips"]) == (
        "vpc-1",
        "subnet-1",
        "eu-west-1b",
        2,
    )


# --- addresses of everything ------------------------------------------------------------------------------


def test_each_address_names_its_network_and_a_public_one_has_none() -> None:
    private = [
        {"PrivateIpAddress": "10.0.0.1", "Association": {"PublicIp": "52.0.0.1"}},
        {"PrivateIpAddress": "10.0.0.2"},
        {},
    ]
    one = interface(
        VpcId="vpc-1", AvailabilityZone="eu-west-1a", PrivateIpAddresses=private,
        Ipv6Addresses=[{"Ipv6Address": "2a05::1"}], Attachment={"InstanceId": "i-1"},
    )  # fmt: skip
    rows = transform_network_addresses([one, one], scope("network_addresses"))["network_addresses"]
    assert [(row["vpc_id"], row["address"], row["is_public"]) for row in rows] == [
        ("vpc-1", "10.0.0.1", False),
        (None, "52.0.0.1", True),
        ("vpc-1", "10.0.0.2", False),
        ("vpc-1", "2a05::1", False),
    ]
    assert {(row["interface_id"], row["resource_id"], row["resource_type"], row["zone"]) for row in rows} == {
        ("eni-1", "i-1", "instance", "eu-west-1a")
    }


@pytest.mark.parametrize(
    ("description", "told"),
    [
        ("RDSNetworkInterface", (None, "database")),
        (
            "ElastiCache sessions-001",
            ("arn:aws:elasticache:eu-west-1:012345678901:cluster:sessions-001", "database"),
        ),
        ("ELB app/shop/1", (f"{PREFIX}app/shop/1", "load_balancer")),
        ("VPC Endpoint Interface vpce-1", ("eni-1", "other")),
    ],
)
def test_an_address_of_a_service_names_it_where_the_interface_does(
    description: str, told: tuple[str | None, str]
) -> None:
    one = interface(PrivateIpAddresses=[{"PrivateIpAddress": "10.0.0.1"}], Description=description)
    (row,) = transform_network_addresses([one], scope("network_addresses"))["network_addresses"]
    assert (row["resource_id"], row["resource_type"]) == told


# --- subnets ----------------------------------------------------------------------------------------------


def subnets(problems: list[str] | None = None, **answers: Any) -> dict[str, tuple[Any, Any]]:
    """Whether each subnet reaches S3, and what it reaches."""
    told = [{"SubnetId": f"subnet-{number}", "VpcId": "vpc-1"} for number in (1, 2)]
    client = Canned(ec2_describe_subnets={"Subnets": told}, **answers)
    raw = get_subnets(client, [] if problems is None else problems)
    rows = transform_subnets(raw, scope("subnets"))["subnets"]
    return {row["subnet_id"]: (row["private_access"], row["services"]) for row in rows}


def endpoint(service: str, *tables: str, state: str = "available") -> dict[str, Any]:
    return {
        "ServiceName": f"com.amazonaws.eu-west-1.{service}",
        "RouteTableIds": list(tables),
        "State": state,
    }


TABLES = {
    "RouteTables": [
        {"RouteTableId": "rtb-main", "VpcId": "vpc-1", "Associations": [{"Main": True}]},
        {"RouteTableId": "rtb-own", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-2"}]},
    ]
}


def test_a_subnet_reaches_what_its_own_route_table_leads_to_else_the_main_one() -> None:
    ends = {"VpcEndpoints": [endpoint("s3", "rtb-main"), endpoint("dynamodb", "rtb-main", "rtb-own")]}
    assert subnets(ec2_describe_vpc_endpoints=ends, ec2_describe_route_tables=TABLES) == {
        "subnet-1": (True, "dynamodb,s3"),
        "subnet-2": (False, "dynamodb"),
    }


def test_an_endpoint_that_is_not_there_yet_leads_nowhere() -> None:
    ends = {"VpcEndpoints": [endpoint("s3", "rtb-main", state="pending")]}
    assert set(subnets(ec2_describe_vpc_endpoints=ends, ec2_describe_route_tables=TABLES).values()) == {
        (False, "")
    }


def test_without_endpoints_nobody_asks_for_routes() -> None:
    assert set(subnets(ec2_describe_vpc_endpoints={"VpcEndpoints": []}).values()) == {(False, "")}


def test_what_a_subnet_reaches_is_unknown_where_nobody_may_ask() -> None:
    problems: list[str] = []
    denied = CallError("denied", "UnauthorizedOperation", "It is denied.")
    assert set(subnets(problems, ec2_describe_vpc_endpoints=denied).values()) == {(None, None)}
    ends = {"VpcEndpoints": [endpoint("s3", "rtb-main")]}
    found = subnets(problems, ec2_describe_vpc_endpoints=ends, ec2_describe_route_tables=denied)
    assert set(found.values()) == {(None, None)}
    assert problems == ["It is denied."] * 2
