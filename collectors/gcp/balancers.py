"""Load balancers of one project: forwarding rules, and where each of them leads."""

from collections.abc import Iterator, Mapping
from typing import Any

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.listing import (
    Listed,
    columns,
    labels,
    listed,
    listed_if_there,
    place_of,
    region_of,
    utc,
)
from collectors.regions import Problems, beside
from collectors.rows import Raw, once

_ONE = {"maxResults": 1}
_PROJECT = "compute/v1/projects/{project}/"


def _aggregated(plural: str) -> Api:
    return Api(
        "compute",
        f"{_PROJECT}aggregated/{plural}",
        f"compute.{plural}.list",
        items=plural,
        aggregated=True,
        probe=_ONE,
        optional=True,
    )


LIST_RULES = Api(
    "compute", f"{_PROJECT}aggregated/forwardingRules", "compute.forwardingRules.list",
    "compute.globalForwardingRules.list", items="forwardingRules", aggregated=True, probe=_ONE, optional=True,
)  # fmt: skip
LIST_BACKENDS = Api(
    "compute", f"{_PROJECT}aggregated/backendServices", "compute.backendServices.list",
    "compute.regionBackendServices.list", items="backendServices", aggregated=True, probe=_ONE, optional=True,
)  # fmt: skip
LIST_POOLS = _aggregated("targetPools")
LIST_MAPS = Api(
    "compute", f"{_PROJECT}aggregated/urlMaps", "compute.urlMaps.list", "compute.regionUrlMaps.list",
    items="urlMaps", aggregated=True, probe=_ONE, optional=True,
)  # fmt: skip
LIST_HTTP = Api(
    "compute", f"{_PROJECT}aggregated/targetHttpProxies", "compute.targetHttpProxies.list",
    "compute.regionTargetHttpProxies.list", items="targetHttpProxies", aggregated=True, probe=_ONE, optional=True,
)  # fmt: skip
LIST_HTTPS = Api(
    "compute", f"{_PROJECT}aggregated/targetHttpsProxies", "compute.targetHttpsProxies.list",
    "compute.regionTargetHttpsProxies.list", items="targetHttpsProxies", aggregated=True, probe=_ONE, optional=True,
)  # fmt: skip
LIST_TCP = Api(
    "compute",
    f"{_PROJECT}global/targetTcpProxies",
    "compute.targetTcpProxies.list",
    probe=_ONE,
    optional=True,
)
LIST_SSL = Api(
    "compute",
    f"{_PROJECT}global/targetSslProxies",
    "compute.targetSslProxies.list",
    probe=_ONE,
    optional=True,
)
LIST_UNMANAGED = _aggregated("instanceGroups")

_PROXIES = {
    "targetHttpProxies": LIST_HTTP, "targetHttpsProxies": LIST_HTTPS, "targetTcpProxies": LIST_TCP,
    "targetSslProxies": LIST_SSL,
}  # fmt: skip
# What else is reached by a forwarding rule: VPN gateways, services of others and of Google itself.
_NO_BALANCERS = ("targetVpnGateways", "serviceAttachments", "all-apis", "vpc-sc")
_MAPPED = ("targetHttpProxies", "targetHttpsProxies")


def get_rules(client: Client) -> Listed:
    """Forwarding rules alone."""
    return listed(client, LIST_RULES)


def get_load_balancers(client: Client, problems: Problems) -> dict[str, Any]:
    """Forwarding rules, and what they lead to: only lists that some rule leads into are asked for."""
    rules = listed(client, LIST_RULES)
    found: dict[str, Any] = {"rules": rules}
    kinds = {_kind_of(one.get("target")) for one in rules.items}

    def more(name: str, api: Api) -> Raw:
        found[name] = beside(problems, lambda: listed_if_there(client, api).items)
        return found[name] or []

    for kind in sorted(kinds & set(_PROXIES)):
        more(kind, _PROXIES[kind])
    if kinds & set(_MAPPED):
        more("urlMaps", LIST_MAPS)
    if "targetPools" in kinds:
        more("targetPools", LIST_POOLS)
    if kinds & set(_PROXIES) or any(one.get("backendService") for one in rules.items):
        services = more("backendServices", LIST_BACKENDS)
        if any(
            _kind_of(each.get("group")) == "instanceGroups"
            for one in services
            for each in one.get("backends") or ()
        ):
            more("instanceGroups", LIST_UNMANAGED)
    return found


def _kind_of(url: Any) -> str:
    """The collection that a URL leads into: targetPools of …/targetPools/name."""
    parts = str(url or "").rstrip("/").split("/")
    return parts[-2] if len(parts) > 1 else ""


def is_balancer(rule: Mapping[str, Any]) -> bool:
    """Whether a forwarding rule leads to something that is balanced."""
    return _kind_of(rule.get("target")) not in _NO_BALANCERS and rule.get("target") not in _NO_BALANCERS


def transform_load_balancers(raw: Mapping[str, Any], project: str) -> Rows:
    """Rows of load_balancers, one for each forwarding rule, and their tags."""
    way = _Way(raw)
    rows: Rows = {"load_balancers": [], "tags": []}
    for one in once(raw["rules"].items, "id"):
        if not is_balancer(one):
            continue
        region, identity, targets = region_of(one), str(one["id"]), way.targets(one)
        rows["load_balancers"].append(
            {
                **columns(project, region),
                "load_balancer_id": identity,
                "name": one["name"],
                "kind": "application" if _kind_of(one.get("target")) in _MAPPED else "network",
                "state": "active",
                "listeners": 1,
                "targets": targets,
                "backends_known": targets is not None,
                "created_at": utc(one.get("creationTimestamp")),
            }
        )
        rows["tags"] += labels(project, region, "load_balancer", identity, one)
    return rows


class _Way:
    """From a forwarding rule to the machines behind it."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._known = {
            kind: {place_of(one["selfLink"]) if one.get("selfLink") else ("", ""): one for one in items}
            for kind, items in raw.items()
            if kind != "rules" and items is not None
        }

    def targets(self, rule: Mapping[str, Any]) -> int | None:
        """How many machines a rule leads to; None where that is not known, as of groups of end points."""
        target = rule.get("target")
        if rule.get("backendService"):
            return self._behind([rule["backendService"]])
        if _kind_of(target) == "targetPools":
            pool = self._find(target)
            return None if pool is None else len(pool.get("instances") or ())
        proxy = self._find(target)
        if proxy is None:
            return None
        if "service" in proxy:
            return self._behind([proxy["service"]])
        mapped = self._find(proxy.get("urlMap"))
        services = set() if mapped is None else set(_services(mapped))
        # A map without services leads elsewhere, as one that only redirects to https does.
        return self._behind(sorted(services)) if services and not _redirects(mapped) else None

    def _behind(self, services: list[str]) -> int | None:
        total = 0
        for url in services:
            service = self._find(url)
            if service is None:
                return None
            for backend in service.get("backends") or ():
                group = self._find(backend.get("group"))
                if group is None or group.get("size") is None:
                    return None
                total += int(group["size"])
        return total

    def _find(self, url: Any) -> Mapping[str, Any] | None:
        return self._known.get(_kind_of(url), {}).get(place_of(url)) if url else None


def _services(mapped: Mapping[str, Any]) -> Iterator[str]:
    """Every service that a map of URLs leads to."""
    for one in _turns(mapped):
        found = [one.get("defaultService"), one.get("service")]
        for action in (one.get("defaultRouteAction"), one.get("routeAction")):
            found += [
                each.get("backendService") for each in (action or {}).get("weightedBackendServices") or ()
            ]
        yield from (str(service) for service in found if service)


def _redirects(mapped: Mapping[str, Any] | None) -> bool:
    """Whether some requests are answered by sending them elsewhere."""
    return any(one.get("defaultUrlRedirect") or one.get("urlRedirect") for one in _turns(mapped or {}))


def _turns(mapped: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Wherever a map of URLs says where a request goes."""
    for holder in (mapped, *(mapped.get("pathMatchers") or ())):
        yield holder
        yield from holder.get("pathRules") or ()
        yield from holder.get("routeRules") or ()
