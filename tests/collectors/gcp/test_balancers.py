"""Load balancers, with what is behind them: rows of what is told."""

from datetime import datetime
from typing import Any

import pytest

from collectors.gcp.balancers import get_load_balancers, transform_load_balancers
from tests.collectors.gcp.canned import PROJECT, URL, Canned, aggregated, denied, zone

HERE = {"cloud": "gcp", "account_id": PROJECT, "region": "us-central1"}
REGION = f"{URL}/regions/us-central1"
CREATED = "2026-07-31T17:00:00.000-07:00"


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
         "listeners": 1, "targets": 3, "backends_known": True, "created_at": datetime(2026, 8, 1)},
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
    assert [(one["targets"], one["backends_known"]) for one in rows] == [(targets, targets is not None)]
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
