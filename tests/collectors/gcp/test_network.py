"""Addresses, load balancers with what is behind them, NAT gateways and databases: rows of what is told."""

from datetime import datetime
from typing import Any

import pytest

from collectors.gcp.inventory import Names
from collectors.gcp.listing import Listed
from collectors.gcp.network import (
    get_databases,
    get_load_balancers,
    transform_databases,
    transform_load_balancers,
    transform_nat_gateways,
    transform_public_ips,
)
from tests.collectors.gcp.canned import (
    PROJECT,
    URL,
    Canned,
    aggregated,
    denied,
    machine,
    zone,
)

HERE = {"cloud": "gcp", "account_id": PROJECT, "region": "us-central1"}
REGION = f"{URL}/regions/us-central1"
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


# --- load balancers ---------------------------------------------------------------------------------------


def url(kind: str, name: str, place: str = "global") -> str:
    return f"{URL}/{place}/{kind}/{name}"


def thing(kind: str, name: str, place: str = "global", **more: Any) -> dict[str, Any]:
    return {"id": f"{kind}-{name}", "name": name, "selfLink": url(kind, name, place), **more}


def rule(**more: Any) -> dict[str, Any]:
    return {"id": "450", "name": "front", "creationTimestamp": CREATED, **more}


def lists(**found: Any) -> Canned:
    """A project with a rule and these lists."""
    plain = ("targetTcpProxies", "targetSslProxies")
    return Canned(**{
        kind: {"items": items} if kind in plain else items if isinstance(items, Exception) else aggregated(kind, *items)
        for kind, items in found.items()
    })  # fmt: skip


def balancers(**found: Any) -> tuple[list[dict[str, Any]], Canned, list[str]]:
    client, problems = lists(**found), list[str]()
    rows = transform_load_balancers(get_load_balancers(client, problems), PROJECT)["load_balancers"]
    return rows, client, problems


HTTPS = {
    "forwardingRules": [rule(target=url("targetHttpsProxies", "p"))],
    "targetHttpsProxies": [thing("targetHttpsProxies", "p", urlMap=url("urlMaps", "m"))],
    "urlMaps": [thing("urlMaps", "m", defaultService=url("backendServices", "s"))],
    "backendServices": [thing("backendServices", "s", backends=[{"group": f"{zone('us-central1-a')}/instanceGroups/g"}])],
    "instanceGroups": [thing("instanceGroups", "g", "zones/us-central1-a", size=3)],
}  # fmt: skip


def test_a_balancer_has_all_its_columns_and_the_machines_behind_it() -> None:
    rows, client, problems = balancers(**HTTPS)
    assert rows == [
        {**HERE, "region": "global", "load_balancer_id": "450", "name": "front", "kind": "application", "state": "active",
         "listeners": 1, "targets": 3, "created_at": datetime(2026, 8, 1)},
    ]  # fmt: skip
    assert [name for name, _ in client.asked] == list(HTTPS)
    assert problems == []


@pytest.mark.parametrize(
    ("more", "targets"),
    [
        ({"instanceGroups": [thing("instanceGroups", "g", "zones/us-central1-a", size=0)]}, 0),
        ({"instanceGroups": [thing("instanceGroups", "g", "zones/us-central1-b", size=9)]}, None),
        ({"backendServices": [thing("backendServices", "s")]}, 0),
        ({"backendServices": [thing("backendServices", "other")]}, None),
        ({"backendServices": [thing("backendServices", "s", backends=[{"group": f"{zone('us-central1-a')}/networkEndpointGroups/n"}])]}, None),
        ({"backendServices": denied("backendServices")}, None),
        ({"instanceGroups": denied("instanceGroups")}, None),
        ({"targetHttpsProxies": denied("targetHttpsProxies")}, None),
        ({"urlMaps": [thing("urlMaps", "m", defaultUrlRedirect={"httpsRedirect": True})]}, None),
        ({"urlMaps": [thing("urlMaps", "m", defaultService=url("backendBuckets", "b"))]}, None),
        ({"urlMaps": [thing("urlMaps", "m", defaultService=url("backendServices", "s"), pathMatchers=[
            {"defaultUrlRedirect": {"hostRedirect": "x"}}])]}, None),
        ({"urlMaps": [thing("urlMaps", "m", defaultRouteAction={"weightedBackendServices": [
            {"backendService": url("backendServices", "s"), "weight": 100}]})]}, 3),
        ({"urlMaps": [thing("urlMaps", "m", pathMatchers=[
            {"pathRules": [{"service": url("backendServices", "s")}], "routeRules": [{"service": url("backendServices", "s")}]}])]}, 3),
    ],
)  # fmt: skip
def test_nothing_behind_a_balancer_is_told_only_where_it_is_known(
    more: dict[str, Any], targets: int | None
) -> None:
    rows, _, problems = balancers(**{**HTTPS, **more})
    assert [one["targets"] for one in rows] == [targets]
    assert len(problems) == sum(isinstance(one, Exception) for one in more.values())


@pytest.mark.parametrize(
    ("found", "kind", "targets"),
    [
        ({"forwardingRules": [rule(region=REGION, target=url("targetPools", "p", "regions/us-central1"))],
          "targetPools": [thing("targetPools", "p", "regions/us-central1", instances=["a", "b"])]}, "network", 2),
        ({"forwardingRules": [rule(region=REGION, target=url("targetPools", "p", "regions/us-central1"))],
          "targetPools": [thing("targetPools", "p", "regions/us-central1")]}, "network", 0),
        ({"forwardingRules": [rule(region=REGION, backendService=url("backendServices", "s", "regions/us-central1"))],
          "backendServices": [thing("backendServices", "s", "regions/us-central1")]}, "network", 0),
        ({"forwardingRules": [rule(target=url("targetTcpProxies", "p"))],
          "targetTcpProxies": [thing("targetTcpProxies", "p", service=url("backendServices", "s"))],
          "backendServices": [thing("backendServices", "s")]}, "network", 0),
        ({"forwardingRules": [rule(target=url("targetInstances", "i", "zones/us-central1-a"))]}, "network", None),
        ({"forwardingRules": [rule(target=url("targetGrpcProxies", "g"))]}, "network", None),
    ],
)  # fmt: skip
def test_each_way_from_a_rule_to_machines(found: dict[str, Any], kind: str, targets: int | None) -> None:
    (row,), client, _ = balancers(**found)
    assert (row["kind"], row["targets"]) == (kind, targets)
    assert [name for name, _ in client.asked] == list(found)


@pytest.mark.parametrize(
    "target",
    [url("targetVpnGateways", "v", "regions/us-central1"), url("serviceAttachments", "a", "regions/us-central1"), "all-apis"],
)  # fmt: skip
def test_what_only_shares_the_name_of_a_rule_is_no_balancer(target: str) -> None:
    rows, client, _ = balancers(forwardingRules=[rule(target=target)])
    assert rows == []
    assert len(client.asked) == 1


# --- NAT gateways and databases ---------------------------------------------------------------------------


def test_a_nat_gateway_is_a_part_of_its_router() -> None:
    routers = [
        {"id": "460", "name": "r", "region": REGION, "creationTimestamp": CREATED, "nats": [{"name": "a"}, {"name": "b", "type": "PRIVATE"}]},
        {"id": "461", "name": "none", "region": REGION},
    ]  # fmt: skip
    found = transform_nat_gateways(Listed(routers), PROJECT)["nat_gateways"]
    one = {**HERE, "state": "active", "created_at": datetime(2026, 8, 1)}
    assert found == [
        {**one, "nat_gateway_id": "460/a", "name": "a", "kind": "public"},
        {**one, "nat_gateway_id": "460/b", "name": "b", "kind": "private"},
    ]


def database(**more: Any) -> dict[str, Any]:
    settings = {
        "tier": "db-custom-2-7680", "dataDiskSizeGb": "100", "dataDiskType": "PD_SSD", "availabilityType": "REGIONAL",
        "activationPolicy": "ALWAYS", "userLabels": {"team": "a"}, **more.pop("settings", {}),
    }  # fmt: skip
    return {
        "name": "main", "region": "us-central1", "state": "RUNNABLE", "databaseVersion": "POSTGRES_15",
        "createTime": "2026-08-01T00:00:00.123Z", "settings": settings, **more,
    }  # fmt: skip


def databases_of(*told: dict[str, Any]) -> list[dict[str, Any]]:
    return transform_databases(Listed(list(told)), PROJECT)["databases"]


def test_a_database_has_all_its_columns() -> None:
    assert databases_of(database()) == [
        {**HERE, "database_id": "main", "name": "main", "engine": "postgres", "engine_version": "15",
         "instance_type": "db-custom-2-7680", "state": "running", "multi_zone": True, "storage_type": "PD_SSD",
         "storage_gib": 100.0, "replica_of": None, "purchase_model": "on_demand",
         "created_at": datetime(2026, 8, 1, 0, 0, 0, 123_000)},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"settings": {"activationPolicy": "NEVER"}}, "state", "stopped"),
        ({"state": "SUSPENDED"}, "state", "other"),
        ({"databaseVersion": "MYSQL_8_0"}, "engine_version", "8.0"),
        ({"databaseVersion": None}, "engine", None),
        ({"settings": {"availabilityType": "ZONAL"}}, "multi_zone", False),
        ({"settings": {"availabilityType": None}}, "multi_zone", None),
        ({"masterInstanceName": "example.com:shop-prod:main"}, "replica_of", "main"),
        ({"settings": {"dataDiskSizeGb": None}}, "storage_gib", None),
    ],
)
def test_what_a_database_tells(more: dict[str, Any], column: str, value: Any) -> None:
    assert databases_of(database(**more))[0][column] == value


def test_a_region_whose_databases_could_not_be_reached_is_known() -> None:
    told = {
        "items": [database()],
        "warnings": [{"code": "REGION_UNREACHABLE", "region": "us-east1"}, {"code": "X"}],
    }
    found = get_databases(Canned(databases=told))
    assert (len(found.items), found.unreachable) == (1, {"us-east1", "global"})
