"""Addresses, load balancers, NAT gateways and databases of one project, by the same verbs as inventory."""

from collections.abc import Iterator, Mapping
from typing import Any

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.inventory import Names
from collectors.gcp.listing import (
    Listed,
    columns,
    labels,
    listed,
    listed_if_there,
    name_of,
    place_of,
    region_of,
    utc,
)
from collectors.regions import Problems, beside
from collectors.rows import Raw, number, once

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


LIST_ADDRESSES = Api(
    "compute", f"{_PROJECT}aggregated/addresses", "compute.addresses.list", "compute.globalAddresses.list",
    items="addresses", aggregated=True, probe=_ONE,
)  # fmt: skip
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
LIST_ROUTERS = _aggregated("routers")
LIST_DATABASES = Api(
    "sqladmin", "v1/projects/{project}/instances", "cloudsql.instances.list", probe=_ONE, optional=True
)
LIST_DATABASES_BEFORE = Api(
    "sqladmin", "sql/v1beta4/projects/{project}/instances", "cloudsql.instances.list", optional=True
)


# --- public addresses -------------------------------------------------------------------------------------

_USERS = {
    "instances": "instance", "forwardingRules": "load_balancer", "routers": "nat_gateway",
    "globalForwardingRules": "load_balancer",
}  # fmt: skip


def get_public_ips(client: Client) -> Listed:
    """Static addresses of the project, global ones too."""
    return listed(client, LIST_ADDRESSES)


def transform_public_ips(raw: Listed, project: str, names: Names) -> Rows:
    """Rows of public_ips and their tags. Internal addresses and those of IPv6 cost nothing, ephemeral ones go with
    their machine."""
    rows: Rows = {"public_ips": [], "tags": []}
    for one in once(raw.items, "id"):
        if one.get("addressType", "EXTERNAL") != "EXTERNAL" or one.get("ipVersion") == "IPV6":
            continue
        region, identity = region_of(one), str(one["id"])
        users = [str(url) for url in one.get("users") or ()]
        kind = _USERS.get(users[0].rstrip("/").rsplit("/", 2)[-2], "other") if users else None
        rows["public_ips"].append(
            {
                **columns(project, region),
                "ip_id": identity,
                "address": one.get("address"),
                "name": one["name"],
                "state": "unused" if one["status"] == "RESERVED" and not users else "in_use",
                "resource_id": _user(users[0], kind, names) if users else None,
                "resource_type": kind,
                "created_at": utc(one.get("creationTimestamp")),
                "charge_type": "flat",
                "purchase_model": "on_demand",
            }
        )
        rows["tags"] += labels(project, region, "public_ip", identity, one)
    return rows


def _user(url: str, kind: str | None, names: Names) -> str:
    """The id of a machine; of everything else, which no rule joins by, its name."""
    return names.instances.get(place_of(url), name_of(url)) if kind == "instance" else name_of(url)


# --- load balancers ---------------------------------------------------------------------------------------

_PROXIES = {
    "targetHttpProxies": LIST_HTTP, "targetHttpsProxies": LIST_HTTPS, "targetTcpProxies": LIST_TCP,
    "targetSslProxies": LIST_SSL,
}  # fmt: skip
# What else is reached by a forwarding rule: VPN gateways, services of others and of Google itself.
_NO_BALANCERS = ("targetVpnGateways", "serviceAttachments", "all-apis", "vpc-sc")
_MAPPED = ("targetHttpProxies", "targetHttpsProxies")


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


def transform_load_balancers(raw: Mapping[str, Any], project: str) -> Rows:
    """Rows of load_balancers, one for each forwarding rule, and their tags."""
    way = _Way(raw)
    rows: Rows = {"load_balancers": [], "tags": []}
    for one in once(raw["rules"].items, "id"):
        if _kind_of(one.get("target")) in _NO_BALANCERS or one.get("target") in _NO_BALANCERS:
            continue
        region, identity = region_of(one), str(one["id"])
        rows["load_balancers"].append(
            {
                **columns(project, region),
                "load_balancer_id": identity,
                "name": one["name"],
                "kind": "application" if _kind_of(one.get("target")) in _MAPPED else "network",
                "state": "active",
                "listeners": 1,
                "targets": way.targets(one),
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


# --- NAT gateways -----------------------------------------------------------------------------------------


def get_nat_gateways(client: Client) -> Listed:
    """Routers of the project: a NAT gateway is a part of one."""
    return listed(client, LIST_ROUTERS)


def transform_nat_gateways(raw: Listed, project: str) -> Rows:
    """Rows of nat_gateways."""
    return {
        "nat_gateways": [
            {
                **columns(project, region_of(router)),
                "nat_gateway_id": f"{router['id']}/{one['name']}",
                "name": one["name"],
                "kind": "private" if one.get("type") == "PRIVATE" else "public",
                "state": "active",
                "created_at": utc(router.get("creationTimestamp")),
            }
            for router in once(raw.items, "id")
            for one in router.get("nats") or ()
        ]
    }


# --- databases --------------------------------------------------------------------------------------------

_STATES = {"RUNNABLE": "running", "STOPPED": "stopped"}


def get_databases(client: Client) -> Listed:
    """Instances of Cloud SQL."""
    found = Listed()
    api = LIST_DATABASES
    for page in client.pages_of_first(LIST_DATABASES, LIST_DATABASES_BEFORE):
        found.items += page.get(api.items) or ()
        for warning in page.get("warnings") or ():
            found.unreachable.add(str(warning.get("region") or "global"))
    return found


def transform_databases(raw: Listed, project: str) -> Rows:
    """Rows of databases and their tags. An instance has no id but its name, which is its own in the project."""
    rows: Rows = {"databases": [], "tags": []}
    for one in once(raw.items, "name"):
        settings = one.get("settings") or {}
        region, identity = str(one["region"]), str(one["name"])
        off = settings.get("activationPolicy") == "NEVER"
        engine, _, version = str(one.get("databaseVersion") or "").partition("_")
        rows["databases"].append(
            {
                **columns(project, region),
                "database_id": identity,
                "name": identity,
                "engine": engine.lower() or None,
                "engine_version": version.replace("_", ".") or None,
                "instance_type": settings.get("tier"),
                "state": "stopped" if off else _STATES.get(str(one.get("state")), "other"),
                "multi_zone": _AVAILABILITY.get(str(settings.get("availabilityType"))),
                "storage_type": settings.get("dataDiskType"),
                "storage_gib": number(settings.get("dataDiskSizeGb")),
                "replica_of": str(one["masterInstanceName"]).rpartition(":")[2]
                if one.get("masterInstanceName")
                else None,
                "purchase_model": "on_demand",
                "created_at": utc(one.get("createTime")),
            }
        )
        rows["tags"] += labels(project, region, "database", identity, {"labels": settings.get("userLabels")})
    return rows


_AVAILABILITY = {"REGIONAL": True, "ZONAL": False}
