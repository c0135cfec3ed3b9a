"""Addresses, load balancers, NAT gateways, databases: raw answers in, rows out, and what a region of them then holds."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba.network import (
    get_databases,
    get_load_balancers,
    get_nat_gateways,
    get_public_ips,
    transform_databases,
    transform_load_balancers,
    transform_nat_gateways,
    transform_public_ips,
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


# --- load balancers ---------------------------------------------------------------------------------------


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
    usual = {**HERE, "name": NAME, "created_at": MADE}
    assert problems == []
    assert found == [
        {
            **usual,
            "load_balancer_id": "lb-1",
            "kind": "classic",
            "state": "active",
            "listeners": 2,
            "targets": 3,
        },
        {
            **usual,
            "load_balancer_id": "alb-1",
            "kind": "application",
            "state": "active",
            "listeners": None,
            "targets": None,
        },
        {
            **usual,
            "load_balancer_id": "nlb-1",
            "kind": "network",
            "state": "inactive",
            "listeners": None,
            "targets": None,
        },
    ]


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
        # Listeners may forward to groups of servers, which the balancer does not tell.
        (detail(ports=1, servers=0), 1, None),
        (
            {
                "LoadBalancerId": "lb-1",
                "ListenerPorts": {"ListenerPort": [80, 443]},
                "BackendServers": {"BackendServer": []},
            },
            2,
            None,
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
    assert {row["listeners"] for row in found} == {None}
    assert len(client.questions("slb_DescribeLoadBalancerAttribute")) == 1


def test_a_kind_that_the_region_does_not_have_is_no_problem_and_one_that_is_denied_is() -> None:
    absent = CallError("skipped", "NoSuchHost", "not offered")
    found, problems = balancers(all_kinds(alb_ListLoadBalancers=absent, nlb_ListLoadBalancers=DENIED))
    assert [row["load_balancer_id"] for row in found] == ["lb-1"]
    assert problems == ["denied"]


# --- NAT gateways -----------------------------------------------------------------------------------------


def gateway(identity: str = "ngw-1", **more: Any) -> dict[str, Any]:
    return {
        "NatGatewayId": identity, "Name": NAME, "Status": "Available", "NetworkType": "internet", "CreationTime": "2026-01-02T03:04:05Z",
        "SnatTableIds": {"SnatTableId": ["stb-1"]}, "ForwardTableIds": {"ForwardTableId": ["ftb-1"]},
        "NatGatewayPrivateInfo": {"IzNo": "cn-hangzhou-k"}, **more,
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
            "snat_entries": 70, "dnat_entries": 0, "created_at": MADE,
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


# --- databases --------------------------------------------------------------------------------------------


def database(**more: Any) -> dict[str, Any]:
    usual = {
        "DBInstanceId": "rm-1", "DBInstanceDescription": NAME, "Engine": "MySQL", "EngineVersion": "8.0", "DBInstanceStatus": "Running",
        "DBInstanceClass": "mysql.n2.medium.1", "Category": "HighAvailability", "DBInstanceStorageType": "cloud_essd",
        "DBInstanceStorage": "100", "PayType": "Postpaid", "CreateTime": "2026-01-02T03:04:05Z", "MasterInstanceId": "",
    }  # fmt: skip
    (row,) = transform_databases([usual | more], scope("databases"))["databases"]
    return row


def test_a_database_has_all_its_columns() -> None:
    assert database() == {
        **HERE, "database_id": "rm-1", "name": NAME, "engine": "mysql", "engine_version": "8.0",
        "instance_type": "mysql.n2.medium.1", "state": "running", "multi_zone": True, "storage_type": "cloud_essd",
        "storage_gib": 100.0, "replica_of": None, "purchase_model": "on_demand", "created_at": MADE,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"DBInstanceStatus": "Stopped"}, "state", "stopped"),
        ({"DBInstanceStatus": "Rebooting"}, "state", "other"),
        ({"Category": "Basic"}, "multi_zone", False),
        ({"Category": "serverless_basic"}, "multi_zone", False),
        ({"Category": "cluster"}, "multi_zone", True),
        ({"Category": "of tomorrow"}, "multi_zone", None),
        ({"PayType": "Prepaid"}, "purchase_model", "subscription"),
        ({"MasterInstanceId": "rm-0"}, "replica_of", "rm-0"),
        ({"DBInstanceStorage": None}, "storage_gib", None),
        ({"Engine": None}, "engine", None),
        ({"DBInstanceDescription": ""}, "name", None),
    ],
)
def test_what_a_database_tells(more: dict[str, Any], column: str, value: Any) -> None:
    assert database(**more)[column] == value


def test_databases_are_counted_in_a_field_of_their_own() -> None:
    def page(asked: dict[str, Any]) -> dict[str, Any]:
        found = [
            {"DBInstanceId": f"rm-{number}"}
            for number in range((asked["PageNumber"] - 1) * 100, min(asked["PageNumber"] * 100, 150))
        ]
        return {"Items": {"DBInstance": found}, "TotalRecordCount": 150, "PageRecordCount": len(found)}

    client = Canned(rds_DescribeDBInstances=page)
    assert len(get_databases(client)) == 150
    assert len(client.asked) == 2


# --- a region of the local cloud --------------------------------------------------------------------------

ONLY = ("instances", "public_ips", "load_balancers", "nat_gateways", "databases")


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
        one: more
        for one, *more in rows(db, "SELECT load_balancer_id, kind, listeners, targets FROM load_balancers")
    }
    assert {tuple(found[one]) for one in truth.ids("slb_without_listeners")} == {("classic", 0, 2)}
    assert {tuple(found[one]) for one in truth.ids("slb_without_servers")} == {("classic", 1, None)}
    assert {found[one][0] for one in truth.ids("alb_used", "alb_idle")} == {"application"}
    assert {found[one][0] for one in truth.ids("nlb_used", "nlb_idle")} == {"network"}
    databases = {one for (one,) in rows(db, "SELECT database_id FROM databases")}
    assert databases == truth.ids("rds_used", "rds_idle")


@pytest.mark.parametrize(
    ("action", "dataset", "becomes"),
    [
        ("vpc:DescribeEipAddresses", "public_ips", "denied"),
        ("slb:DescribeLoadBalancers", "load_balancers", "denied"),
        ("slb:DescribeLoadBalancerAttribute", "load_balancers", "partial"),
        ("alb:ListLoadBalancers", "load_balancers", "partial"),
        ("vpc:DescribeNatGateways", "nat_gateways", "denied"),
        ("vpc:DescribeForwardTableEntries", "nat_gateways", "partial"),
        ("rds:DescribeDBInstances", "databases", "denied"),
    ],
)
def test_what_is_denied_is_named_and_the_rest_goes_on(
    action: str, dataset: str, becomes: str, process: Cloud, tmp_path: Path
) -> None:
    process.fresh()
    process.clock(AS_OF)
    for kind in ("nat", "slb", "alb"):
        process.put(kind, REGION, {})
    process.deny(action)
    collect(tmp_path / "w.duckdb", process.env, REGION, only=ONLY)
    told = coverage(tmp_path / "w.duckdb")
    status, error, _ = told.pop((REGION, dataset))
    assert status == becomes
    assert error is not None
    assert f"{action} is denied" in error
    assert {one[0] for one in told.values()} == {"complete"}
