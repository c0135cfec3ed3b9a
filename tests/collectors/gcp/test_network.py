"""Static addresses, NAT gateways, subnets, whose each address is: rows of what is told."""

from datetime import datetime
from typing import Any

import pytest

from collectors.gcp.inventory import Names
from collectors.gcp.listing import Listed
from collectors.gcp.network import (
    transform_addresses,
    transform_nat_gateways,
    transform_public_ips,
    transform_subnets,
)
from tests.collectors.gcp.canned import PROJECT, URL, machine, zone

HERE = {"cloud": "gcp", "account_id": PROJECT, "region": "us-central1"}
REGION = f"{URL}/regions/us-central1"
MAIN = f"projects/{PROJECT}/global/networks/main"
CREATED = "2026-07-31T17:00:00.000-07:00"


# --- addresses --------------------------------------------------------------------------------------------


def ip(*users: str, **more: Any) -> dict[str, Any]:
    told = {
        "id": "400", "name": "ip", "address": "34.1.1.1", "addressType": "EXTERNAL", "region": REGION,
        "status": "IN_USE" if users else "RESERVED", "creationTimestamp": CREATED,
    }  # fmt: skip
    return told | ({"users": list(users)} if users else {}) | more


def ips_of(*told: dict[str, Any], names: Names | None = None) -> list[dict[str, Any]]:
    return transform_public_ips(Listed(list(told)), PROJECT, names or Names())["public_ips"]


def test_an_address_that_nobody_uses_has_all_its_columns() -> None:
    assert ips_of(ip()) == [
        {**HERE, "ip_id": "400", "address": "34.1.1.1", "name": "ip", "state": "unused", "resource_id": None,
         "resource_type": None, "created_at": datetime(2026, 8, 1), "charge_type": "flat", "purchase_model": "on_demand"},
    ]  # fmt: skip


def test_an_address_of_a_machine_is_that_of_the_one_in_its_zone() -> None:
    machines = [machine(1, name="web"), machine(2, "us-central1-b", name="web")]
    (found,) = ips_of(ip(f"{zone('us-central1-b')}/instances/web"), names=Names.of(machines, []))
    assert (found["state"], found["resource_type"], found["resource_id"][-1]) == ("in_use", "instance", "2")


@pytest.mark.parametrize(
    ("user", "kind", "identity"),
    [
        (f"{REGION}/forwardingRules/front", "load_balancer", "front"),
        (f"{URL}/global/forwardingRules/front", "load_balancer", "front"),
        (f"{REGION}/routers/nat-router", "nat_gateway", "nat-router"),
        (f"{REGION}/vpnGateways/vpn", "other", "vpn"),
        (f"{zone('us-central1-a')}/instances/gone", "instance", "gone"),
    ],
)
def test_who_uses_an_address(user: str, kind: str, identity: str) -> None:
    (found,) = ips_of(ip(user))
    assert (found["state"], found["resource_type"], found["resource_id"]) == ("in_use", kind, identity)


@pytest.mark.parametrize(
    ("more", "states"),
    [
        ({"addressType": "INTERNAL"}, []),
        ({"addressType": "INTERNAL", "status": "IN_USE"}, []),
        ({"addressType": "EXTERNAL", "status": "RESERVING"}, ["in_use"]),
        ({"region": None}, ["unused"]),
    ],
)
def test_only_external_addresses_are_told(more: dict[str, Any], states: list[str]) -> None:
    assert [one["state"] for one in ips_of(ip(**more))] == states


# --- NAT gateways, subnets --------------------------------------------------------------------------------


def test_a_nat_gateway_is_a_part_of_its_router() -> None:
    routers = [
        {"id": "460", "name": "r", "region": REGION, "creationTimestamp": CREATED, "network": f"{URL}/global/networks/main", "nats": [
            {"name": "a", "natIpAllocateOption": "AUTO_ONLY"},
            {"name": "b", "type": "PRIVATE", "natIpAllocateOption": "MANUAL_ONLY", "natIps": ["x", "y"]}]},
        {"id": "461", "name": "none", "region": REGION},
    ]  # fmt: skip
    found = transform_nat_gateways(Listed(routers), PROJECT)["nat_gateways"]
    one = {
        **HERE,
        "state": "active",
        "created_at": datetime(2026, 8, 1),
        "vpc_id": MAIN,
        "purchase_model": "on_demand",
    }
    assert found == [
        {**one, "nat_gateway_id": "460/a", "name": "a", "kind": "public", "public_ips": None},
        {**one, "nat_gateway_id": "460/b", "name": "b", "kind": "private", "public_ips": 2},
    ]


def test_a_subnet_says_whether_google_is_reached_from_it_without_a_public_address() -> None:
    told = [
        {"id": "470", "name": "a", "region": REGION, "selfLink": f"{REGION}/subnetworks/a", "ipCidrRange": "10.0.0.0/20",
         "network": f"{URL}/global/networks/main", "privateIpGoogleAccess": True},
        {"id": "471", "name": "b", "region": REGION, "selfLink": f"{REGION}/subnetworks/b"},
    ]  # fmt: skip
    assert transform_subnets(Listed(told), PROJECT)["subnets"] == [
        {**HERE, "subnet_id": f"projects/{PROJECT}/regions/us-central1/subnetworks/a", "vpc_id": MAIN,
         "cidr": "10.0.0.0/20", "private_access": True, "services": "all"},
        {**HERE, "subnet_id": f"projects/{PROJECT}/regions/us-central1/subnetworks/b", "vpc_id": None,
         "cidr": None, "private_access": False, "services": None},
    ]  # fmt: skip


# --- whose each address is --------------------------------------------------------------------------------


def test_each_address_is_that_of_its_machine_its_balancer_or_its_gateway_once() -> None:
    card = {"name": "nic0", "network": f"{URL}/global/networks/main", "networkIP": "10.0.0.5",
            "accessConfigs": [{"natIP": "34.1.1.1"}, {"type": "ONE_TO_ONE_NAT"}]}  # fmt: skip
    rules = [
        {"id": "450", "region": REGION, "IPAddress": "34.1.1.2", "loadBalancingScheme": "EXTERNAL", "backendService": "s"},
        {"id": "451", "region": REGION, "IPAddress": "10.0.0.6", "loadBalancingScheme": "INTERNAL",
         "network": f"{URL}/global/networks/main", "backendService": "s"},
    ]  # fmt: skip
    reserved = [
        ip(f"{zone('us-central1-a')}/instances/vm-1"),
        ip(f"{REGION}/routers/r", id="401", address="34.1.1.3"),
        ip(id="402", address="34.1.1.4"),
        ip(id="403", address="10.8.0.0", addressType="INTERNAL", prefixLength=16),
    ]
    rows = transform_addresses([machine(networkInterfaces=[card])], rules, reserved, PROJECT, Names())
    found = [
        (one["address"], one["vpc_id"], one["resource_type"], one["resource_id"], one["is_public"])
        for one in rows["network_addresses"]
    ]
    assert found == [
        ("10.0.0.5", MAIN, "instance", machine()["id"], False),
        ("34.1.1.1", None, "instance", machine()["id"], True),
        ("34.1.1.2", None, "load_balancer", "450", True),
        ("10.0.0.6", MAIN, "load_balancer", "451", False),
        ("34.1.1.3", None, "nat_gateway", "r", True),
        ("34.1.1.4", None, None, None, True),
    ]
    assert {one["zone"] for one in rows["network_addresses"][:2]} == {"us-central1-a"}
