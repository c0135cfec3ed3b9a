"""Addresses and NAT gateways: raw answers in, rows out, and what a region of them then holds."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba.network import (
    get_nat_gateways,
    get_public_ips,
    transform_addresses,
    transform_nat_gateways,
    transform_public_ips,
    transform_subnets,
)
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.alibaba.canned import ACCOUNT, Canned
from tests.collectors.alibaba.live import collect, coverage, rows
from tests.servers.alibaba.cloud import AS_OF, Cloud

REGION = "cn-hangzhou"
HERE = {"cloud": "alibaba", "account_id": ACCOUNT, "region": REGION}
MADE = datetime(2026, 1, 2, 3, 4, 5)
NAME = "<script>alert('x')</script>\r\n=1+1"
DENIED = CallError("denied", "Forbidden.RAM", "denied")


def scope(dataset: str) -> Scope:
    return Scope("alibaba", ACCOUNT, REGION, dataset)


# --- public addresses -------------------------------------------------------------------------------------


def eip(**more: Any) -> dict[str, Any]:
    return {
        "AllocationId": "eip-1", "IpAddress": "39.100.0.1", "Name": NAME, "Status": "InUse", "InstanceId": "i-1",
        "InstanceType": "EcsInstance", "ChargeType": "PostPaid", "InternetChargeType": "PayByTraffic", "ExpiredTime": "",
        "AllocationTime": "2026-01-02T03:04:05Z", "Tags": {"Tag": [{"Key": "team", "Value": "a|b"}]}, **more,
    }  # fmt: skip


def address(**more: Any) -> dict[str, Any]:
    (row,) = transform_public_ips([eip(**more)], scope("public_ips"), None)["public_ips"]
    return row


def test_an_elastic_address_has_all_its_columns() -> None:
    found = transform_public_ips([eip()], scope("public_ips"), None)
    assert found["public_ips"] == [
        {
            **HERE, "ip_id": "eip-1", "address": "39.100.0.1", "name": NAME, "state": "in_use", "resource_id": "i-1",
            "resource_type": "instance", "created_at": MADE, "charge_type": "traffic", "purchase_model": "on_demand",
            "expires_at": None,
        }
    ]  # fmt: skip
    assert found["tags"] == [
        {**HERE, "resource_type": "public_ip", "resource_id": "eip-1", "key": "team", "value": "a|b"}
    ]


@pytest.mark.parametrize(
    ("more", "state", "user"),
    [
        ({"Status": "Available", "InstanceId": "", "InstanceType": ""}, "unused", (None, None)),
        ({"Status": "Available", "InstanceId": None, "InstanceType": None}, "unused", (None, None)),
        ({"Status": "InUse", "InstanceId": "", "InstanceType": ""}, "in_use", (None, None)),
        ({"Status": "Associating", "InstanceId": ""}, "in_use", (None, None)),
        ({"InstanceId": "ngw-1", "InstanceType": "Nat"}, "in_use", ("ngw-1", "nat_gateway")),
        ({"InstanceId": "ngw-1", "InstanceType": "NatGateway"}, "in_use", ("ngw-1", "nat_gateway")),
        ({"InstanceId": "lb-1", "InstanceType": "SlbInstance"}, "in_use", ("lb-1", "load_balancer")),
        ({"InstanceId": "havip-1", "InstanceType": "HaVip"}, "in_use", ("havip-1", "other")),
        ({"InstanceId": "eni-1", "InstanceType": "NetworkInterface"}, "in_use", ("eni-1", "other")),
        ({"InstanceId": "x-1", "InstanceType": None}, "in_use", ("x-1", "other")),
    ],
)
def test_who_uses_an_address(more: dict[str, Any], state: str, user: tuple[str | None, str | None]) -> None:
    row = address(**more)
    assert (row["state"], (row["resource_id"], row["resource_type"])) == (state, user)


@pytest.mark.parametrize(
    ("told", "charge"),
    [
        ("PayByTraffic", "traffic"),
        ("paybybandwidth", "bandwidth"),
        ("PayByBandwidth", "bandwidth"),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_charged_by_traffic_or_by_bandwidth(told: str | None, charge: str | None) -> None:
    assert address(InternetChargeType=told)["charge_type"] == charge


def test_a_subscribed_address_ends() -> None:
    row = address(ChargeType="PrePaid", ExpiredTime="2027-01-31T16:00:00Z")
    assert (row["purchase_model"], row["expires_at"]) == ("subscription", datetime(2027, 1, 31, 16))
    assert address(ChargeType="PrePaid", ExpiredTime="2099-12-31T15:59Z")["expires_at"] is None
    assert address(ExpiredTime="2027-01-31T16:00:00Z")["expires_at"] is None


def test_addresses_that_machines_were_created_with_are_told_by_themselves() -> None:
    machines = [
        {"InstanceId": "i-1", "PublicIpAddress": {"IpAddress": ["47.1.1.1", "47.1.1.2"]}, "InternetChargeType": "PayByBandwidth"},
        {"InstanceId": "i-2", "PublicIpAddress": {"IpAddress": []}, "EipAddress": {"IpAddress": "39.100.0.1", "AllocationId": "eip-1"}},
        {"InstanceId": "i-3", "PublicIpAddress": None},
        {"InstanceId": "i-4", "EipAddress": {"IpAddress": "", "AllocationId": ""}},
    ]  # fmt: skip
    found = transform_public_ips([], scope("public_ips"), machines)["public_ips"]
    assert found == [
        {
            **HERE, "ip_id": each, "address": each, "state": "in_use", "resource_id": "i-1", "resource_type": "instance",
            "charge_type": "bandwidth",
        }
        for each in ("47.1.1.1", "47.1.1.2")
    ]  # fmt: skip


def test_addresses_are_asked_by_hundreds_until_as_many_as_are_counted() -> None:
    def page(asked: dict[str, Any]) -> dict[str, Any]:
        first = (asked["PageNumber"] - 1) * asked["PageSize"]
        found = [
            eip(AllocationId=f"eip-{number}") for number in range(first, min(first + asked["PageSize"], 230))
        ]
        return {"EipAddresses": {"EipAddress": found}, "TotalCount": 230, "PageNumber": asked["PageNumber"]}

    client = Canned(vpc_DescribeEipAddresses=page)
    assert len(get_public_ips(client)) == 230
    assert [(asked["PageNumber"], asked["PageSize"]) for _, asked in client.asked] == [
        (1, 100),
        (2, 100),
        (3, 100),
    ]


def test_an_address_that_two_pages_show_is_one() -> None:
    found = transform_public_ips([eip(), eip(Status="Available", InstanceId="")], scope("public_ips"), None)[
        "public_ips"
    ]
    assert [(row["ip_id"], row["state"]) for row in found] == [("eip-1", "unused")]


# --- NAT gateways -----------------------------------------------------------------------------------------


def gateway(identity: str = "ngw-1", **more: Any) -> dict[str, Any]:
    return {
        "NatGatewayId": identity, "Name": NAME, "Status": "Available", "NetworkType": "internet", "CreationTime": "2026-01-02T03:04:05Z",
        "SnatTableIds": {"SnatTableId": ["stb-1"]}, "ForwardTableIds": {"ForwardTableId": ["ftb-1"]},
        "NatGatewayPrivateInfo": {"IzNo": "cn-hangzhou-k", "VswitchId": "vsw-1"}, "VpcId": "vpc-1",
        "IpLists": {"IpList": [{"AllocationId": "eip-1"}]}, "InstanceChargeType": "PostPaid", **more,
    }  # fmt: skip


def gateways(*found: dict[str, Any], **answers: Any) -> tuple[list[dict[str, Any]], list[str], Canned]:
    client = Canned(
        **{
            "vpc_DescribeNatGateways": {"NatGateways": {"NatGateway": list(found)}, "TotalCount": len(found)},
            "vpc_DescribeSnatTableEntries": {"SnatTableEntries": {"SnatTableEntry": []}, "TotalCount": 70},
            "vpc_DescribeForwardTableEntries": {
                "ForwardTableEntries": {"ForwardTableEntry": []},
                "TotalCount": "0",
            },
        }
        | answers
    )
    problems: list[str] = []
    return (
        transform_nat_gateways(get_nat_gateways(client, problems), scope("nat_gateways"))["nat_gateways"],
        problems,
        client,
    )


def test_a_gateway_has_all_its_columns() -> None:
    found, problems, client = gateways(gateway())
    assert problems == []
    assert found == [
        {
            **HERE, "nat_gateway_id": "ngw-1", "name": NAME, "zone": "cn-hangzhou-k", "kind": "public", "state": "active",
            "snat_entries": 70, "dnat_entries": 0, "created_at": MADE, "vpc_id": "vpc-1", "subnet_id": "vsw-1",
            "public_ips": 1, "purchase_model": "on_demand", "expires_at": None,
        }
    ]  # fmt: skip
    assert len(client.asked) == 3, "the first page counts them all"


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"NetworkType": "intranet"}, "kind", "private"),
        ({"NetworkType": None}, "kind", "public"),
        ({"Status": "Initiating"}, "state", "other"),
        ({"NatGatewayPrivateInfo": None}, "zone", None),
        ({"NatGatewayPrivateInfo": {"IzNo": ""}}, "zone", None),
        ({"Name": ""}, "name", None),
        ({"SnatTableIds": {"SnatTableId": []}}, "snat_entries", 0),
        ({"IpLists": {"IpList": []}}, "public_ips", 0),
        ({"IpLists": None}, "public_ips", None),
        ({"NatGatewayPrivateInfo": None}, "subnet_id", None),
        ({"InstanceChargeType": "PrePaid"}, "purchase_model", "subscription"),
        (
            {"InstanceChargeType": "PrePaid", "ExpiredTime": "2027-01-31T16:00Z"},
            "expires_at",
            datetime(2027, 1, 31, 16),
        ),
    ],
)
def test_what_a_gateway_tells(more: dict[str, Any], column: str, value: Any) -> None:
    found, _, _ = gateways(gateway(**more))
    assert found[0][column] == value


def test_a_gateway_without_a_table_is_not_asked_for_its_entries() -> None:
    _, _, client = gateways(gateway(SnatTableIds={"SnatTableId": []}))
    assert client.questions("vpc_DescribeSnatTableEntries") == []


def test_entries_that_may_not_be_read_are_unknown_asked_once_and_told() -> None:
    found, problems, client = gateways(
        gateway("ngw-1"), gateway("ngw-2"), vpc_DescribeSnatTableEntries=DENIED
    )
    assert [(row["snat_entries"], row["dnat_entries"]) for row in found] == [(None, 0), (None, 0)]
    assert problems == ["denied"]
    assert len(client.questions("vpc_DescribeSnatTableEntries")) == 1


# --- subnets and addresses --------------------------------------------------------------------------------


def test_a_vswitch_has_all_its_columns() -> None:
    told = {"VSwitchId": "vsw-1", "VpcId": "vpc-1", "ZoneId": "cn-hangzhou-k", "CidrBlock": "172.16.0.0/24"}
    assert transform_subnets([told], scope("subnets"))["subnets"] == [
        {
            **HERE, "subnet_id": "vsw-1", "vpc_id": "vpc-1", "zone": "cn-hangzhou-k", "cidr": "172.16.0.0/24",
            "private_access": True, "services": "oss",
        }
    ]  # fmt: skip


def test_an_address_belongs_to_a_machine_a_gateway_or_something_else() -> None:
    def interface(name: str, machine: str, *addresses: str) -> dict[str, Any]:
        sets = [{"PrivateIpAddress": one} for one in addresses]
        return {
            "NetworkInterfaceId": name,
            "InstanceId": machine,
            "VpcId": "vpc-1",
            "ZoneId": "z",
            "PrivateIpSets": {"PrivateIpSet": sets},
        }

    raw = [
        interface("eni-1", "i-1", "10.0.0.1", "10.0.0.2"),
        interface("eni-2", "", "10.0.0.3"),
        interface("eni-3", "r-1", "10.0.0.4"),
    ]
    public = [{"address": "39.1.1.1", "resource_id": "i-1", "resource_type": "instance"}, {"address": None}]
    gateways = [
        {"NatGatewayId": "ngw-1", "NatGatewayPrivateInfo": {"EniInstanceId": "eni-2"}},
        {"NatGatewayId": "ngw-2"},
    ]
    found = transform_addresses(raw, scope("network_addresses"), public, gateways)["network_addresses"]
    assert [
        (row["address"], row["resource_id"], row["resource_type"], row["is_public"]) for row in found
    ] == [
        ("10.0.0.1", "i-1", "instance", False),
        ("10.0.0.2", "i-1", "instance", False),
        ("10.0.0.3", "ngw-1", "nat_gateway", False),
        ("10.0.0.4", "r-1", "other", False),
        ("39.1.1.1", "i-1", "instance", True),
    ]
    assert transform_addresses([], scope("network_addresses"), None, None) == {"network_addresses": []}


# --- a region of the local cloud --------------------------------------------------------------------------

ONLY = (
    "instances",
    "public_ips",
    "load_balancers",
    "nat_gateways",
    "databases",
    "subnets",
    "network_addresses",
)


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


def test_an_estate_s_network_is_in_the_warehouse_as_it_is(process: Cloud, tmp_path: Path) -> None:
    truth = process.estate(100, regions=(REGION,))
    db = tmp_path / "w.duckdb"
    done = collect(db, process.env, REGION, only=ONLY)
    assert set(done.statuses.values()) == {"complete"}, done.errors
    stored = {
        identity: more
        for identity, *more in rows(db, "SELECT ip_id, state, resource_type, purchase_model FROM public_ips")
    }
    assert {one for one, (state, *_) in stored.items() if state == "unused"} == truth.ids(
        "eip_unused", "eip_prepaid_unused"
    )
    assert {one for one, (*_, model) in stored.items() if model == "subscription"} == truth.ids(
        "eip_prepaid_unused"
    )
    assert {stored[one][1] for one in truth.ids("eip_on_nat")} == {"nat_gateway"}
    assert {stored[one][1] for one in truth.ids("eip_used", "eip_stopped")} == {"instance"}
    assert len(rows(db, "SELECT 1 FROM public_ips WHERE ip_id = address AND resource_type = 'instance'")) > 0
    gateways = {
        one: more
        for one, *more in rows(
            db, "SELECT nat_gateway_id, snat_entries, dnat_entries, kind FROM nat_gateways"
        )
    }
    assert {tuple(gateways[one]) for one in truth.ids("nat_used")} == {(1, 1, "public")}
    assert {tuple(gateways[one]) for one in truth.ids("nat_without_entries", "nat_without_address")} == {
        (0, 0, "public")
    }
    assert {tuple(gateways[one]) for one in truth.ids("nat_forward_only")} == {(0, 1, "public")}
    assert {tuple(gateways[one]) for one in truth.ids("nat_private")} == {(1, 0, "private")}
    found = {
        one: tuple(more)
        for one, *more in rows(
            db, "SELECT load_balancer_id, kind, listeners, targets, backends_known FROM load_balancers"
        )
    }
    for name, told in {
        "slb_used": ("classic", 1, 2, False),
        "slb_without_listeners": ("classic", 0, 2, True),
        "slb_without_servers": ("classic", 1, 0, True),
        "alb_used": ("application", 1, 2, True),
        "alb_without_listeners": ("application", 0, 0, True),
        "alb_without_servers": ("application", 1, 0, True),
        "alb_redirecting": ("application", 1, 0, False),
        "nlb_idle": ("network", 1, 2, True),
        "nlb_without_listeners": ("network", 0, 0, True),
    }.items():
        assert {found[one] for one in truth.ids(name)} == {told}, name
    databases = {
        one: tuple(more)
        for one, *more in rows(
            db, "SELECT database_id, kind, engine, vcpu, memory_gib, storage_gib FROM databases"
        )
    }
    assert {databases.pop(one) for one in truth.ids("rds_used", "rds_idle")} == {
        ("relational", "mysql", 2, 4, 100)
    }
    assert {databases.pop(one) for one in truth.ids("redis_used", "redis_idle")} == {
        ("cache", "redis", None, 1, None)
    }
    assert {databases.pop(one) for one in truth.ids("polardb_used", "polardb_idle")} == {
        ("relational", "polardb-mysql", 2, 8, 20)
    }
    assert databases == {}
    assert len(rows(db, "SELECT 1 FROM subnets WHERE zone IS NOT NULL")) > 1
    kinds = dict(
        rows(db, "SELECT resource_type, count(*) FROM network_addresses WHERE NOT is_public GROUP BY 1")
    )
    assert kinds["instance"] > 90
    assert rows(
        db, "SELECT count(*) > 0 FROM network_addresses WHERE is_public AND resource_type = 'instance'"
    ) == [(True,)]


@pytest.mark.parametrize(
    ("action", "dataset", "becomes"),
    [
        ("vpc:DescribeEipAddresses", "public_ips", "denied"),
        ("slb:DescribeLoadBalancers", "load_balancers", "denied"),
        ("slb:DescribeLoadBalancerAttribute", "load_balancers", "partial"),
        ("slb:DescribeVServerGroups", "load_balancers", "partial"),
        ("alb:ListLoadBalancers", "load_balancers", "partial"),
        ("alb:ListListeners", "load_balancers", "partial"),
        ("alb:ListServerGroups", "load_balancers", "partial"),
        ("vpc:DescribeNatGateways", "nat_gateways", "denied"),
        ("vpc:DescribeForwardTableEntries", "nat_gateways", "partial"),
        ("rds:DescribeDBInstances", "databases", "denied"),
        ("rds:DescribeDBInstanceAttribute", "databases", "partial"),
        ("kvstore:DescribeInstances", "databases", "partial"),
        ("polardb:DescribeDBClusters", "databases", "partial"),
    ],
)
def test_what_is_denied_is_named_and_the_rest_goes_on(
    action: str, dataset: str, becomes: str, process: Cloud, tmp_path: Path
) -> None:
    process.fresh()
    process.clock(AS_OF)
    for kind in ("nat", "slb", "alb", "db"):
        process.put(kind, REGION, {})
    process.put(
        "slb_listener",
        REGION,
        {"LoadBalancerId": "lb-byhand00000000", "ListenerPort": 80, "ListenerProtocol": "http"},
    )
    process.deny(action)
    collect(tmp_path / "w.duckdb", process.env, REGION, only=ONLY)
    told = coverage(tmp_path / "w.duckdb")
    status, error, _ = told.pop((REGION, dataset))
    assert status == becomes
    assert error is not None
    assert f"{action} is denied" in error
    assert {one[0] for one in told.values()} == {"complete"}
