"""Managed databases and caches of one region: RDS, Tair and Redis, PolarDB, by the same verbs as inventory.

What a database is bought with (storage, processors, memory) RDS tells thirty at a time and not in its list.
"""

from collections.abc import Callable, Mapping
from typing import Any

from collectors.alibaba.answers import ends, utc
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client
from collectors.alibaba.inventory import tags_of
from collectors.alibaba.products import NUMBERS, Paging
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, number, once, place, tag_rows
from finops.warehouse import Scope

_COUNTED = Paging("PageSize", "PageNumber", total="TotalRecordCount")
DESCRIBE_DATABASES = Api(
    "rds", "DescribeDBInstances", "rds:DescribeDBInstances", items="Items.DBInstance", paging=_COUNTED,
    probe={"PageNumber": 1, "PageSize": 30},
)  # fmt: skip
DESCRIBE_ATTRIBUTES = Api(
    "rds", "DescribeDBInstanceAttribute", "rds:DescribeDBInstanceAttribute", items="Items.DBInstanceAttribute",
    page=30, probe={"DBInstanceId": "rm-finops-doctor"},
)  # fmt: skip
DESCRIBE_CACHES = Api(
    "kvstore", "DescribeInstances", "kvstore:DescribeInstances", items="Instances.KVStoreInstance", paging=NUMBERS,
    page=50, probe={"PageNumber": 1, "PageSize": 30},
)  # fmt: skip
DESCRIBE_CLUSTERS = Api(
    "polardb", "DescribeDBClusters", "polardb:DescribeDBClusters", items="Items.DBCluster", paging=_COUNTED,
    probe={"PageNumber": 1, "PageSize": 30},
)  # fmt: skip
LISTS = {"rds": DESCRIBE_DATABASES, "kvstore": DESCRIBE_CACHES, "polardb": DESCRIBE_CLUSTERS}

_MIB = 1024
_BYTES = 1 << 30


def get_databases(client: Client, problems: Problems) -> dict[str, Raw]:
    """Raw databases by product. Products that are not offered are left out; where none is, that is raised."""
    absent: list[CallError] = []
    found = {"rds": _offered(lambda: _of_rds(client, problems), absent)}
    for product in ("kvstore", "polardb"):
        found[product] = beside(problems, lambda api=LISTS[product]: _listed(client, api, absent)) or []  # type: ignore[misc]
    if len(absent) == len(found):
        raise absent[0]
    return found


def _offered(get: Callable[[], Raw], absent: list[CallError]) -> Raw:
    """What a product has; nothing, noted in `absent`, where it is not there."""
    try:
        return get()
    except CallError as error:
        if error.status != "skipped":
            raise
        absent.append(error)
        return []


def _listed(client: Client, api: Api, absent: list[CallError]) -> Raw:
    return _offered(lambda: client.all(api, RegionId=client.region), absent)


def _of_rds(client: Client, problems: Problems) -> Raw:
    """RDS instances, each with what only its attributes tell; where these may not be read, without."""
    found = client.all(DESCRIBE_DATABASES, RegionId=client.region, QueryAutoRenewal=True)
    names = [str(one["DBInstanceId"]) for one in found]
    told: dict[str, dict[str, Any]] = {}
    for first in range(0, len(names), DESCRIBE_ATTRIBUTES.page):
        before = len(problems)
        some = beside(problems, lambda first=first: _attributes(client, names[first : first + 30]))  # type: ignore[misc]
        told |= {str(one["DBInstanceId"]): one for one in some or ()}
        if len(problems) > before:
            break  # for some of them, so for the others
    return [{**told.get(str(one["DBInstanceId"]), {}), **one} for one in found]


def _attributes(client: Client, names: list[str]) -> Raw:
    """Attributes of some instances. One that was deleted meanwhile spoils the whole answer: then each half is asked."""
    if not names:
        return []
    try:
        answer = client.get(DESCRIBE_ATTRIBUTES, RegionId=client.region, DBInstanceId=",".join(names))
    except CallError as error:
        if error.status == "skipped":
            return []
        if "NotFound" not in error.code:
            raise
        half = len(names) // 2
        return _attributes(client, names[:half]) + _attributes(client, names[half:]) if half else []
    return list(answer["Items"]["DBInstanceAttribute"])


def transform_databases(raw: Mapping[str, Raw], scope: Scope) -> Rows:
    """Rows of databases and their tags."""
    rows: Rows = {"databases": [], "tags": []}
    for product, key, columns in (
        ("rds", "DBInstanceId", _instance),
        ("kvstore", "InstanceId", _cache),
        ("polardb", "DBClusterId", _cluster),
    ):
        for one in once(raw[product], key):
            rows["databases"].append({**place(scope), "database_id": str(one[key]), **columns(one)})
            rows["tags"] += tag_rows(scope, "database", str(one[key]), tags_of(one))
    return rows


# --- RDS --------------------------------------------------------------------------------------------------


def _instance(one: Mapping[str, Any]) -> dict[str, Any]:
    serverless = "serverless" in f"{one.get('PayType')} {one.get('Category')}".lower()
    memory = number(one.get("DBInstanceMemory"))
    return {
        "name": one.get("DBInstanceDescription") or None,
        "engine": str(one["Engine"]).lower() if one.get("Engine") else None,
        "engine_version": one.get("EngineVersion"),
        "instance_type": one.get("DBInstanceClass"),
        "state": {"Running": "running", "Stopped": "stopped"}.get(str(one.get("DBInstanceStatus")), "other"),
        "multi_zone": _CATEGORIES.get(str(one.get("Category"))),
        "storage_type": one.get("DBInstanceStorageType"),
        "storage_gib": number(one.get("DBInstanceStorage")),
        "replica_of": one.get("MasterInstanceId") or None,
        "kind": "relational",
        "zone": one.get("ZoneId") or None,
        "vcpu": None if serverless else number(one.get("DBInstanceCPU")),
        "memory_gib": None if serverless or memory is None else memory / _MIB,
        "serverless": serverless,
        "created_at": utc(one.get("CreateTime")),
        **_paid(one.get("PayType"), one.get("ExpireTime"), one.get("AutoRenewal")),
    }


# A basic instance is a single node; the others have one that stands by.
_CATEGORIES = {
    "Basic": False, "HighAvailability": True, "AlwaysOn": True, "Finance": True, "cluster": True,
    "serverless_basic": False, "serverless_standard": True, "serverless_ha": True,
}  # fmt: skip


def _paid(how: Any, until: Any, renews: Any = None) -> dict[str, Any]:
    """How something is paid for, with the end of a subscription and whether it renews itself."""
    if str(how).lower() != "prepaid":
        return {"purchase_model": "on_demand", "expires_at": None, "auto_renew": None}
    known = {"true": True, "false": False}.get(str(renews).lower())
    return {"purchase_model": "subscription", "expires_at": ends(until), "auto_renew": known}


# --- Tair and Redis ---------------------------------------------------------------------------------------


def _cache(one: Mapping[str, Any]) -> dict[str, Any]:
    """Processors of a class are not told; memory is its capacity, in MiB. It is kept in memory, not on a disk."""
    capacity = number(one.get("Capacity"))
    return {
        "name": one.get("InstanceName") or None,
        "engine": str(one["InstanceType"]).lower() if one.get("InstanceType") else "redis",
        "engine_version": one.get("EngineVersion") or None,
        "instance_type": one.get("InstanceClass") or None,
        "state": "running" if one.get("InstanceStatus") == "Normal" else "other",
        "multi_zone": bool(one.get("SecondaryZoneId")),
        "storage_type": str(one["ArchitectureType"]).lower() if one.get("ArchitectureType") else None,
        "storage_gib": None,
        "replica_of": None,
        "kind": "cache",
        "zone": one.get("ZoneId") or None,
        "vcpu": None,
        "memory_gib": None if capacity is None else capacity / _MIB,
        "serverless": False,
        "created_at": utc(one.get("CreateTime")),
        **_paid(one.get("ChargeType"), one.get("EndTime")),
    }


# --- PolarDB ----------------------------------------------------------------------------------------------


def _cluster(one: Mapping[str, Any]) -> dict[str, Any]:
    """A cluster: class, processors and memory are those of one of its nodes; storage is what it uses, as it is paid
    for, or what was bought ahead."""
    serverless = bool(one.get("ServerlessType"))
    bought = str(one.get("StoragePayType")).lower() == "prepaid"
    stored = number(one.get("StorageSpace" if bought else "StorageUsed"))
    memory = number(one.get("MemorySize"))
    kind = str(one.get("DBType") or "").lower()
    return {
        "name": one.get("DBClusterDescription") or None,
        "engine": f"polardb-{kind}" if kind else "polardb",
        "engine_version": one.get("DBVersion") or None,
        "instance_type": one.get("DBNodeClass") or None,
        "state": {"Running": "running", "Stopped": "stopped", "STOPPED": "stopped"}.get(
            str(one.get("DBClusterStatus")), "other"
        ),
        "multi_zone": {"ON": True, "OFF": False}.get(str(one.get("HotStandbyCluster")).upper()),
        "storage_type": one.get("StorageType") or None,
        "storage_gib": None if stored is None else stored / _BYTES,
        "replica_of": None,
        "kind": "relational",
        "zone": one.get("ZoneId") or None,
        "vcpu": None if serverless else number(one.get("CpuCores")),
        "memory_gib": None if serverless or memory is None else memory / _MIB,
        "serverless": serverless,
        "created_at": utc(one.get("CreateTime")),
        **_paid(one.get("PayType"), one.get("ExpireTime")),
    }
