"""Compute Engine v1: aggregated lists, lists of a zone, a region or the whole project, single machine types."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.servers.gcp import pages
from tests.servers.gcp.filters import FilterError, Parser, field_of
from tests.servers.gcp.front import Route
from tests.servers.gcp.machine_types import custom_type, types_of
from tests.servers.gcp.places import REGIONS, ZONES, region_of, zones
from tests.servers.gcp.state import COMPUTE, WORLD, Item, Project, pacific, public
from tests.servers.gcp.wire import Call, RefusalError

ZONAL, REGIONAL, GLOBAL = "zones", "regions", "global"
# Collection: kind of its items, the scopes in which it is.
COLLECTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "instances": ("instance", (ZONAL,)), "disks": ("disk", (ZONAL, REGIONAL)), "machineTypes": ("machineType", (ZONAL,)),
    "addresses": ("address", (REGIONAL, GLOBAL)), "commitments": ("commitment", (REGIONAL,)),
    "instanceGroupManagers": ("instanceGroupManager", (ZONAL, REGIONAL)), "instanceGroups": ("instanceGroup", (ZONAL, REGIONAL)),
    "autoscalers": ("autoscaler", (ZONAL, REGIONAL)), "forwardingRules": ("forwardingRule", (REGIONAL, GLOBAL)),
    "backendServices": ("backendService", (REGIONAL, GLOBAL)), "targetPools": ("targetPool", (REGIONAL,)),
    "urlMaps": ("urlMap", (REGIONAL, GLOBAL)), "targetHttpProxies": ("targetHttpProxy", (REGIONAL, GLOBAL)),
    "targetHttpsProxies": ("targetHttpsProxy", (REGIONAL, GLOBAL)), "routers": ("router", (REGIONAL,)), "subnetworks": ("subnetwork", (REGIONAL,)),
    "resourcePolicies": ("resourcePolicy", (REGIONAL,)), "snapshots": ("snapshot", (GLOBAL,)), "images": ("image", (GLOBAL,)),
    "targetTcpProxies": ("targetTcpProxy", (GLOBAL,)), "targetSslProxies": ("targetSslProxy", (GLOBAL,)),
    "networkEndpointGroups": ("networkEndpointGroup", (ZONAL, REGIONAL, GLOBAL)), "reservations": ("reservation", (ZONAL,)),
    "targetInstances": ("targetInstance", (ZONAL,)), "vpnTunnels": ("vpnTunnel", (REGIONAL,)), "acceleratorTypes": ("acceleratorType", (ZONAL,)),
}  # fmt: skip
# Listed plainly only, not in one answer for all scopes.
NOT_AGGREGATED = ("snapshots", "images", "targetTcpProxies", "targetSslProxies")
GLOBAL_NAMES = {"addresses": "globalAddresses", "forwardingRules": "globalForwardingRules"}


def permission_of(kind: str, scope: str, verb: str = "list") -> str:
    """What IAM wants: an aggregated list wants the same as the plain one."""
    name = GLOBAL_NAMES.get(kind, kind) if scope == GLOBAL else kind
    if scope == REGIONAL and kind in (
        "backendServices",
        "urlMaps",
        "targetHttpProxies",
        "targetHttpsProxies",
    ):
        name = "region" + kind[0].upper() + kind[1:]
    return f"compute.{name}.{verb}"


def scopes(kind: str) -> Iterator[str]:
    """Every scope of a collection, in the order of an aggregated answer."""
    wanted = COLLECTIONS[kind][1]
    if GLOBAL in wanted:
        yield GLOBAL
    if REGIONAL in wanted:
        yield from (f"regions/{region}" for region in sorted(REGIONS))
    if ZONAL in wanted:
        yield from (f"zones/{zone}" for zone in sorted(ZONES))


def held(project: Project, kind: str, scope: str) -> list[Item]:
    """The items of a scope as the API tells them, by name."""
    if kind == "machineTypes":
        return [
            machine_type(project, scope.removeprefix("zones/"), name, about)
            for name, about in types_of(scope.removeprefix("zones/"))
        ]
    return [public(item) for _, item in sorted(project.of(kind, scope).items())]


def machine_type(project: Project, zone: str, name: str, about: Item) -> Item:
    made = {
        "kind": "compute#machineType",
        "id": str(abs(hash_of(name))),
        "creationTimestamp": "1969-12-31T16:00:00.000-08:00",
        "name": name,
    }
    return {**made, **about, "zone": zone, "selfLink": project.link("machineTypes", f"zones/{zone}", name)}


def hash_of(text: str) -> int:
    import zlib

    return 3000 + zlib.crc32(text.encode()) % 900_000


def wanted(call: Call, items: list[Item]) -> list[Item]:
    """What the filter leaves."""
    expression = call.params.get("filter", "")
    if not expression.strip():
        return items
    try:
        test = Parser(expression).parsed()
    except (FilterError, re.error):
        raise RefusalError(
            400,
            f"Invalid value for field 'filter': '{expression}'. Invalid list filter expression.",
            "invalid",
        ) from None
    return [item for item in items if test(field_of(item))]


def down(call: Call, scope: str) -> bool:
    region = f"regions/{region_of(scope)}"
    return scope in WORLD.unreachable or region in WORLD.unreachable


def unreachable(scope: str) -> RefusalError:
    name = scope.partition("/")[2]
    return RefusalError(
        503, f"The zone or region '{name}' is currently unreachable. Please try again later.", "backendError"
    )


def aggregated(call: Call, kind: str) -> Item:
    """All scopes at once: pages count resources; a scope with none on this page has a warning instead."""
    project, size = call.home(), call.number("maxResults", 500, 500)
    partly = call.params.get("returnPartialSuccess", "").lower() == "true"
    found: list[tuple[str, Item]] = []
    missed = [scope for scope in scopes(kind) if down(call, scope)]
    if missed and not partly:
        raise unreachable(missed[0])
    for scope in scopes(kind):
        if scope not in missed:
            found += [(scope, item) for item in wanted(call, held(project, kind, scope))]
    page, token = pages.cut(call, found, size or 500)
    answer = envelope(call, project, kind, f"{COLLECTIONS[kind][0]}AggregatedList", f"aggregated/{kind}")
    answer["items"] = {scope: {"warning": warning(scope, scope in missed)} for scope in scopes(kind)}
    told = answer["items"]
    for scope, item in page:
        if "warning" in told[scope]:
            told[scope] = {kind: []}
        told[scope][kind].append(item)
    if token:
        answer["nextPageToken"] = token
    if missed:
        answer["unreachables"] = [f"projects/{project.id}/{scope}" for scope in missed]
    return answer


def warning(scope: str, missed: bool) -> Item:
    if missed:
        return {
            "code": "UNREACHABLE",
            "message": f"The scope '{scope}' is currently unreachable.",
            "data": [{"key": "scope", "value": scope}],
        }
    sentence = f"There are no results for scope '{scope}' on this page."
    return {"code": "NO_RESULTS_ON_PAGE", "message": sentence, "data": [{"key": "scope", "value": scope}]}


def envelope(call: Call, project: Project, kind: str, name: str, path: str) -> Item:
    return {"kind": f"compute#{name}", "id": f"projects/{project.id}/{path}", "items": {},
            "selfLink": f"{COMPUTE}/projects/{project.id}/{path}"}  # fmt: skip


def scope_of(call: Call) -> str:
    """The scope that the path names; 404 or 400 for one that is none."""
    zone, region = call.names.get("zone"), call.names.get("region")
    for name, known, word in ((zone, ZONES, "zones"), (region, REGIONS, "regions")):
        if name is not None:
            if name not in known:
                sentence = f"Invalid value for field '{word[:-1]}': '{name}'. Unknown {word[:-1]}."
                raise RefusalError(400, sentence, "invalid")
            return f"{word}/{name}"
    return GLOBAL


def plain(call: Call, kind: str) -> Item:
    """One scope."""
    project, scope = call.home(), scope_of(call)
    if down(call, scope):
        raise unreachable(scope)
    return paged(call, project, kind, scope, wanted(call, held(project, kind, scope)))


def paged(call: Call, project: Project, kind: str, scope: str, found: list[Item]) -> Item:
    """A plain list: no `items` where there are none."""
    page, token = pages.cut(call, found, call.number("maxResults", 500, 500) or 500)
    path = kind if not scope else f"{scope}/{kind}"
    name = COLLECTIONS[kind][0] if kind in COLLECTIONS else kind[:-1]
    answer = envelope(call, project, kind, f"{name}List", path)
    del answer["items"]
    return {**answer, **({"items": page} if page else {}), **({"nextPageToken": token} if token else {})}


def single(call: Call, kind: str) -> Item:
    """One item by name (or number); custom machine types exist though no list tells them."""
    project, scope, name = call.home(), scope_of(call), call.names["name"]
    if down(call, scope):
        raise unreachable(scope)
    if kind == "machineTypes":
        about = dict(types_of(scope.removeprefix("zones/"))).get(name) or custom_type(name)
        if about is not None:
            return machine_type(project, scope.removeprefix("zones/"), name, about)
    for item in project.of(kind, scope).values():
        if name in (item["name"], item.get("id")):
            return public(item)
    raise RefusalError(404, f"The resource 'projects/{project.id}/{scope}/{kind}/{name}' was not found")


def project_itself(call: Call) -> Item:
    project = call.home()
    return {"kind": "compute#project", "id": project.number, "creationTimestamp": pacific(project.made), "name": project.id,
            "selfLink": f"{COMPUTE}/projects/{project.id}", "defaultNetworkTier": "PREMIUM", "xpnProjectStatus": "UNSPECIFIED_XPN_PROJECT_STATUS",
            "quotas": [{"metric": "SNAPSHOTS", "limit": 10000, "usage": len(project.of("snapshots", GLOBAL))}]}  # fmt: skip


def region_item(project: Project, region: str) -> Item:
    link = f"{COMPUTE}/projects/{project.id}/regions/{region}"
    return {
        "kind": "compute#region", "id": str(1000 + list(REGIONS).index(region)), "creationTimestamp": "1969-12-31T16:00:00.000-08:00",
        "name": region, "description": region, "status": "UP", "selfLink": link, "supportsPzs": False,
        "zones": [f"{COMPUTE}/projects/{project.id}/zones/{zone}" for zone in zones(region)],
        "quotas": [{"metric": "CPUS", "limit": 2400.0, "usage": 12.0}, {"metric": "IN_USE_ADDRESSES", "limit": 575.0, "usage": 1.0}],
    }  # fmt: skip


def zone_item(project: Project, zone: str) -> Item:
    return {
        "kind": "compute#zone", "id": str(2000 + sorted(ZONES).index(zone)), "creationTimestamp": "1969-12-31T16:00:00.000-08:00",
        "name": zone, "description": zone, "status": "DOWN" if f"zones/{zone}" in WORLD.unreachable else "UP",
        "region": f"{COMPUTE}/projects/{project.id}/regions/{ZONES[zone]}", "selfLink": f"{COMPUTE}/projects/{project.id}/zones/{zone}",
        "availableCpuPlatforms": ["Intel Skylake", "Intel Ice Lake", "AMD Milan"], "supportsPzs": False,
    }  # fmt: skip


def regions(call: Call) -> Item:
    project = call.home()
    return paged(
        call, project, "regions", "", wanted(call, [region_item(project, each) for each in sorted(REGIONS)])
    )


def all_zones(call: Call) -> Item:
    project = call.home()
    return paged(
        call, project, "zones", "", wanted(call, [zone_item(project, each) for each in sorted(ZONES)])
    )


def managed(call: Call) -> Item:
    """Which machines a group manages; the owner of each is a URL, its project a number or an id."""
    project, scope, name = call.home(), scope_of(call), call.names["name"]
    group = project.of("instanceGroupManagers", scope).get(name)
    if group is None:
        raise RefusalError(
            404, f"The resource 'projects/{project.id}/{scope}/instanceGroupManagers/{name}' was not found"
        )
    members = [{
        "instance": each["selfLink"], "id": each["id"], "instanceStatus": each["status"], "currentAction": "NONE",
        "version": {"instanceTemplate": group["instanceTemplate"]},
    } for _, each in project.every("instances") if each.get("_group") == group["id"]]  # fmt: skip
    page, token = pages.cut(call, members, call.number("maxResults", 500, 500) or 500)
    return ({"managedInstances": page} if page else {}) | ({"nextPageToken": token} if token else {})


def routes() -> list[Route]:
    """Every method."""
    base = "/compute/v1/projects/{project}"
    made = [
        Route("GET", base, "compute", "projects.get", "compute.projects.get", project_itself),
        Route("GET", f"{base}/regions", "compute", "regions.list", "compute.regions.list", regions),
        Route("GET", f"{base}/zones", "compute", "zones.list", "compute.zones.list", all_zones),
    ]
    places = {ZONAL: "zones/{zone}", REGIONAL: "regions/{region}", GLOBAL: "global"}
    for kind, (_, where) in COLLECTIONS.items():
        if kind not in NOT_AGGREGATED:
            wants = permission_of(kind, "")
            made.append(
                Route(
                    "GET",
                    f"{base}/aggregated/{kind}",
                    "compute",
                    f"{kind}.aggregatedList",
                    wants,
                    partial(aggregated, kind=kind),
                )
            )
        for scope in where:
            name = method_name(kind, scope, where)
            one, path = permission_of(kind, scope, "get"), f"{base}/{places[scope]}/{kind}"
            made.append(
                Route(
                    "GET",
                    path,
                    "compute",
                    f"{name}.list",
                    permission_of(kind, scope),
                    partial(plain, kind=kind),
                )
            )
            made.append(
                Route("GET", f"{path}/{{name}}", "compute", f"{name}.get", one, partial(single, kind=kind))
            )
            if kind == "instanceGroupManagers":
                listed = f"{path}/{{name}}/listManagedInstances"
                made.append(
                    Route(
                        "POST",
                        listed,
                        "compute",
                        f"{name}.listManagedInstances",
                        "compute.instanceGroupManagers.get",
                        managed,
                    )
                )
    return made


def method_name(kind: str, scope: str, where: tuple[str, ...]) -> str:
    """regionDisks, globalAddresses, instances: as the discovery document names the resource."""
    if scope == GLOBAL and len(where) > 1:
        return GLOBAL_NAMES.get(kind, kind)
    if scope == REGIONAL and len(where) > 1 and kind not in GLOBAL_NAMES:
        return "region" + kind[0].upper() + kind[1:]
    return kind


ROUTES: list[Any] = routes()
