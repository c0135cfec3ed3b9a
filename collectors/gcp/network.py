"""Static addresses, NAT gateways, subnets of one project, and whose each address is, by the same verbs as inventory."""

from collections.abc import Iterator, Sequence
from typing import Any

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.balancers import is_balancer
from collectors.gcp.client import Client
from collectors.gcp.inventory import Names
from collectors.gcp.listing import (
    Listed,
    columns,
    labels,
    listed,
    name_of,
    path_of,
    place_of,
    region_of,
    utc,
    zone_of,
)
from collectors.rows import Raw, once

_ONE = {"maxResults": 1}
_PROJECT = "compute/v1/projects/{project}/"
LIST_ADDRESSES = Api(
    "compute", f"{_PROJECT}aggregated/addresses", "compute.addresses.list", "compute.globalAddresses.list",
    items="addresses", aggregated=True, probe=_ONE,
)  # fmt: skip
LIST_SUBNETS = Api(
    "compute", f"{_PROJECT}aggregated/subnetworks", "compute.subnetworks.list",
    items="subnetworks", aggregated=True, probe=_ONE, optional=True,
)  # fmt: skip
LIST_ROUTERS = Api(
    "compute", f"{_PROJECT}aggregated/routers", "compute.routers.list",
    items="routers", aggregated=True, probe=_ONE, optional=True,
)  # fmt: skip

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
        kind = _kind_of_user(users)
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


def _kind_of_user(users: Sequence[str]) -> str | None:
    return _USERS.get(users[0].rstrip("/").rsplit("/", 2)[-2], "other") if users else None


def _user(url: str, kind: str | None, names: Names) -> str:
    """The id of a machine; of everything else, which no rule joins by, its name."""
    return names.instances.get(place_of(url), name_of(url)) if kind == "instance" else name_of(url)


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
                "vpc_id": path_of(router.get("network")),
                # Of addresses that Google gives out as they are needed no list tells how many there are.
                "public_ips": len(one.get("natIps") or ())
                if one.get("natIpAllocateOption") == "MANUAL_ONLY"
                else None,
                "purchase_model": "on_demand",
            }
            for router in once(raw.items, "id")
            for one in router.get("nats") or ()
        ]
    }


# --- subnets ----------------------------------------------------------------------------------------------


def get_subnets(client: Client) -> Listed:
    """Subnets of the project's own networks."""
    return listed(client, LIST_SUBNETS)


def transform_subnets(raw: Listed, project: str) -> Rows:
    """Rows of subnets. Private Google Access leads to every service of Google at once."""
    rows: Rows = {"subnets": []}
    for one in once(raw.items, "id"):
        private = one.get("privateIpGoogleAccess")
        rows["subnets"].append(
            {
                **columns(project, region_of(one)),
                "subnet_id": path_of(one["selfLink"]),
                "vpc_id": path_of(one.get("network")),
                "cidr": one.get("ipCidrRange"),
                "private_access": bool(private),
                "services": "all" if private else None,
            }
        )
    return rows


# --- whose each address is --------------------------------------------------------------------------------


def transform_addresses(machines: Raw, rules: Raw, reserved: Raw, project: str, names: Names) -> Rows:
    """Rows of network_addresses, of raw machines, forwarding rules and static addresses; each address of a network
    once, the first that tells of it."""
    found: dict[tuple[str, str | None, str], dict[str, Any]] = {}
    for row in (
        *_of_machines(machines, project),
        *_of_rules(rules, project),
        *_of_reserved(reserved, project, names),
    ):
        found.setdefault((row["region"], row["vpc_id"], row["address"]), row)
    return {"network_addresses": list(found.values())}


def _of_machines(machines: Raw, project: str) -> Iterator[dict[str, Any]]:
    for one in once(machines, "id"):
        mine = {"resource_id": str(one["id"]), "resource_type": "instance", "zone": zone_of(one)}
        for card in one.get("networkInterfaces") or ():
            told = {**columns(project, region_of(one)), **mine, "interface_id": card.get("name")}
            if card.get("networkIP"):
                vpc = path_of(card.get("network"))
                yield {**told, "vpc_id": vpc, "address": card["networkIP"], "is_public": False}
            for outside in card.get("accessConfigs") or ():
                if outside.get("natIP"):
                    yield {**told, "vpc_id": None, "address": outside["natIP"], "is_public": True}


def _of_rules(rules: Raw, project: str) -> Iterator[dict[str, Any]]:
    for one in once(rules, "id"):
        if not one.get("IPAddress") or "/" in str(one["IPAddress"]):
            continue
        inside = str(one.get("loadBalancingScheme") or "").startswith("INTERNAL")
        yield {
            **columns(project, region_of(one)),
            "vpc_id": path_of(one.get("network")) if inside else None,
            "address": one["IPAddress"],
            "interface_id": None,
            "resource_id": str(one["id"]),
            "resource_type": "load_balancer" if is_balancer(one) else "other",
            "zone": None,
            "is_public": not inside and is_balancer(one),
        }


def _of_reserved(reserved: Raw, project: str, names: Names) -> Iterator[dict[str, Any]]:
    """Static addresses that are those of nothing else: of NAT gateways, or of nothing yet."""
    for one in once(reserved, "id"):
        if not one.get("address") or one.get("prefixLength"):
            continue
        users = [str(url) for url in one.get("users") or ()]
        kind = _kind_of_user(users)
        inside = one.get("addressType") == "INTERNAL"
        yield {
            **columns(project, region_of(one)),
            "vpc_id": path_of(one.get("network")) if inside else None,
            "address": one["address"],
            "interface_id": None,
            "resource_id": _user(users[0], kind, names) if users else None,
            "resource_type": kind,
            "zone": None,
            "is_public": not inside,
        }
