"""Addresses, load balancers, NAT gateways and databases of one region, by the same verbs as inventory."""

from collections.abc import Mapping
from typing import Any

from collectors.alibaba.answers import ends, utc, within
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client
from collectors.alibaba.inventory import tags_of
from collectors.alibaba.products import NUMBERS, Paging
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, number, once, place, tag_rows
from finops.warehouse import Scope

_ONE = {"PageNumber": 1, "PageSize": 1}
DESCRIBE_EIPS = Api(
    "vpc", "DescribeEipAddresses", "vpc:DescribeEipAddresses", items="EipAddresses.EipAddress", paging=NUMBERS,
    probe=_ONE,
)  # fmt: skip
DESCRIBE_NATS = Api(
    "vpc", "DescribeNatGateways", "vpc:DescribeNatGateways", items="NatGateways.NatGateway", paging=NUMBERS, page=50,
    probe=_ONE,
)  # fmt: skip
DESCRIBE_SNATS = Api(
    "vpc", "DescribeSnatTableEntries", "vpc:DescribeSnatTableEntries", items="SnatTableEntries.SnatTableEntry",
    paging=NUMBERS, page=50, probe={**_ONE, "NatGatewayId": "ngw-finops-doctor"},
)  # fmt: skip
DESCRIBE_DNATS = Api(
    "vpc", "DescribeForwardTableEntries", "vpc:DescribeForwardTableEntries",
    items="ForwardTableEntries.ForwardTableEntry", paging=NUMBERS, page=50,
    probe={**_ONE, "NatGatewayId": "ngw-finops-doctor"},
)  # fmt: skip
DESCRIBE_CLBS = Api(
    "slb", "DescribeLoadBalancers", "slb:DescribeLoadBalancers", items="LoadBalancers.LoadBalancer", paging=NUMBERS,
    probe=_ONE,
)  # fmt: skip
DESCRIBE_CLB = Api(
    "slb", "DescribeLoadBalancerAttribute", "slb:DescribeLoadBalancerAttribute",
    probe={"LoadBalancerId": "lb-finops-doctor"},
)  # fmt: skip
LIST_ALBS = Api(
    "alb", "ListLoadBalancers", "alb:ListLoadBalancers", items="LoadBalancers", probe={"MaxResults": 1}
)
LIST_NLBS = Api(
    "nlb", "ListLoadBalancers", "nlb:ListLoadBalancers", items="LoadBalancers", probe={"MaxResults": 1}
)
DESCRIBE_DATABASES = Api(
    "rds", "DescribeDBInstances", "rds:DescribeDBInstances", items="Items.DBInstance",
    paging=Paging("PageSize", "PageNumber", total="TotalRecordCount"), probe={"PageNumber": 1, "PageSize": 30},
)  # fmt: skip


# --- public addresses -------------------------------------------------------------------------------------

_USERS = {
    "EcsInstance": "instance", "SlbInstance": "load_balancer", "Nat": "nat_gateway", "NatGateway": "nat_gateway",
}  # fmt: skip


def get_public_ips(client: Client) -> Raw:
    """Elastic addresses of the region."""
    return client.all(DESCRIBE_EIPS, RegionId=client.region)


def transform_public_ips(raw: Raw, scope: Scope, instances: Raw | None) -> Rows:
    """Rows of public_ips and their tags: elastic addresses by allocation id, those that machines were created with,
    which cost nothing by themselves, by the address itself."""
    rows: Rows = {"public_ips": [], "tags": []}
    for one in once(raw, "AllocationId"):
        identity = str(one["AllocationId"])
        user = one.get("InstanceId") or None
        subscribed = one.get("ChargeType") == "PrePaid"
        rows["public_ips"].append(
            {
                **place(scope),
                "ip_id": identity,
                "address": one.get("IpAddress"),
                "name": one.get("Name") or None,
                "state": "unused" if one["Status"] == "Available" and not user else "in_use",
                "resource_id": user,
                "resource_type": _USERS.get(str(one.get("InstanceType")), "other") if user else None,
                "created_at": utc(one.get("AllocationTime")),
                "charge_type": _CHARGES.get(str(one.get("InternetChargeType")).lower()),
                "purchase_model": "subscription" if subscribed else "on_demand",
                "expires_at": ends(one.get("ExpiredTime")) if subscribed else None,
            }
        )
        rows["tags"] += tag_rows(scope, "public_ip", identity, tags_of(one))
    for machine in instances or ():
        rows["public_ips"] += [{**place(scope), **own} for own in _created_with(machine)]
    return rows


def _created_with(machine: Mapping[str, Any]) -> Raw:
    return [
        {
            "ip_id": address,
            "address": address,
            "state": "in_use",
            "resource_id": str(machine["InstanceId"]),
            "resource_type": "instance",
            "charge_type": _CHARGES.get(str(machine.get("InternetChargeType")).lower()),
        }
        for address in (machine.get("PublicIpAddress") or {}).get("IpAddress") or ()
    ]


_CHARGES = {"paybytraffic": "traffic", "paybybandwidth": "bandwidth"}


# --- load balancers ---------------------------------------------------------------------------------------


def get_load_balancers(client: Client, problems: Problems) -> dict[str, Raw]:
    """Balancers of the three products; of classic ones what is before and behind them too."""
    found = {"classic": client.all(DESCRIBE_CLBS, RegionId=client.region)}
    found["details"] = _details(client, found["classic"], problems)
    for kind, api in (("application", LIST_ALBS), ("network", LIST_NLBS)):
        found[kind] = beside(problems, lambda api=api: _where_offered(client, api)) or []  # type: ignore[misc]
    return found


def _details(client: Client, balancers: Raw, problems: Problems) -> Raw:
    """What each balancer says of itself; none of one that was deleted since, nor after the first that is refused."""
    found: Raw = []
    for one in balancers:
        try:
            found.append(
                client.get(DESCRIBE_CLB, RegionId=client.region, LoadBalancerId=one["LoadBalancerId"])
            )
        except CallError as error:
            if "LoadBalancerId.NotFound" not in error.code:
                problems.append(str(error))
                break
    return found


def _where_offered(client: Client, api: Api) -> Raw:
    try:
        return client.all(api)
    except CallError as error:
        if error.status == "skipped":
            return []
        raise


def transform_load_balancers(raw: Mapping[str, Raw], scope: Scope) -> Rows:
    """Rows of load_balancers and their tags."""
    details = {str(one.get("LoadBalancerId")): one for one in raw["details"]}
    rows: Rows = {"load_balancers": [], "tags": []}
    for kind in ("classic", "application", "network"):
        for one in once(raw[kind], "LoadBalancerId"):
            identity = str(one["LoadBalancerId"])
            state = str(one.get("LoadBalancerStatus") or "").lower()
            row = {
                **place(scope),
                "load_balancer_id": identity,
                "name": one.get("LoadBalancerName"),
                "kind": kind,
                "state": state if state in ("active", "inactive") else "other",
                "created_at": utc(one.get("CreateTime")),
                **_served(details.get(identity)),
            }
            rows["load_balancers"].append(row)
            rows["tags"] += tag_rows(scope, "load_balancer", identity, tags_of(one))
    return rows


def _served(detail: Mapping[str, Any] | None) -> dict[str, int | None]:
    """Listeners and servers of a classic balancer. Listeners may forward to groups of servers, which are not told."""
    if detail is None:
        return {"listeners": None, "targets": None}
    listed = within(detail, "ListenerPortsAndProtocol.ListenerPortAndProtocol")
    if listed is None:
        listed = within(detail, "ListenerPorts.ListenerPort")
    servers = within(detail, "BackendServers.BackendServer")
    listeners = None if listed is None else len(listed)
    targets = None if servers is None else len(servers)
    return {"listeners": listeners, "targets": None if targets == 0 and listeners else targets}


# --- NAT gateways -----------------------------------------------------------------------------------------


def get_nat_gateways(client: Client, problems: Problems) -> list[dict[str, Any]]:
    """NAT gateways, each with how many entries for outgoing and incoming traffic it has."""
    found = client.all(DESCRIBE_NATS, RegionId=client.region)
    refused: set[str] = set()
    for one in found:
        for name, api, tables in (
            ("snat", DESCRIBE_SNATS, "SnatTableIds.SnatTableId"),
            ("dnat", DESCRIBE_DNATS, "ForwardTableIds.ForwardTableId"),
        ):
            one[name] = 0 if within(one, tables) == [] else None
            if one[name] is None and name not in refused:
                identity, before = one["NatGatewayId"], len(problems)
                one[name] = beside(problems, lambda a=api, i=identity: _entries(client, a, i))  # type: ignore[misc]
                if len(problems) > before:
                    refused.add(name)  # for one gateway, so for the others
    return found


def _entries(client: Client, api: Api, gateway: str) -> int:
    """How many there are. The first page counts them all."""
    page = client.get(api, RegionId=client.region, NatGatewayId=gateway, PageNumber=1, PageSize=api.page)
    return int(page["TotalCount"])


def transform_nat_gateways(raw: Raw, scope: Scope) -> Rows:
    """Rows of nat_gateways and their tags."""
    rows: Rows = {"nat_gateways": [], "tags": []}
    for one in once(raw, "NatGatewayId"):
        identity = str(one["NatGatewayId"])
        rows["nat_gateways"].append(
            {
                **place(scope),
                "nat_gateway_id": identity,
                "name": one.get("Name") or None,
                "zone": (one.get("NatGatewayPrivateInfo") or {}).get("IzNo") or None,
                "kind": "private" if one.get("NetworkType") == "intranet" else "public",
                "state": "active" if one.get("Status") == "Available" else "other",
                "snat_entries": one["snat"],
                "dnat_entries": one["dnat"],
                "created_at": utc(one.get("CreationTime")),
            }
        )
        rows["tags"] += tag_rows(scope, "nat_gateway", identity, tags_of(one))
    return rows


# --- databases --------------------------------------------------------------------------------------------


def get_databases(client: Client) -> Raw:
    """RDS instances of the region."""
    return client.all(DESCRIBE_DATABASES, RegionId=client.region)


def transform_databases(raw: Raw, scope: Scope) -> Rows:
    """Rows of databases and their tags."""
    rows: Rows = {"databases": [], "tags": []}
    for one in once(raw, "DBInstanceId"):
        identity = str(one["DBInstanceId"])
        state = str(one.get("DBInstanceStatus"))
        rows["databases"].append(
            {
                **place(scope),
                "database_id": identity,
                "name": one.get("DBInstanceDescription") or None,
                "engine": str(one["Engine"]).lower() if one.get("Engine") else None,
                "engine_version": one.get("EngineVersion"),
                "instance_type": one.get("DBInstanceClass"),
                "state": {"Running": "running", "Stopped": "stopped"}.get(state, "other"),
                "multi_zone": _CATEGORIES.get(str(one.get("Category"))),
                "storage_type": one.get("DBInstanceStorageType"),
                "storage_gib": number(one.get("DBInstanceStorage")),
                "replica_of": one.get("MasterInstanceId") or None,
                "purchase_model": "subscription" if one.get("PayType") == "Prepaid" else "on_demand",
                "created_at": utc(one.get("CreateTime")),
            }
        )
        rows["tags"] += tag_rows(scope, "database", identity, tags_of(one))
    return rows


# A basic instance is a single node; the others have one that stands by.
_CATEGORIES = {
    "Basic": False, "HighAvailability": True, "AlwaysOn": True, "Finance": True, "cluster": True,
    "serverless_basic": False, "serverless_standard": True, "serverless_ha": True,
}  # fmt: skip
