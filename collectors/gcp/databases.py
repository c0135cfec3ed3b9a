"""Managed databases and caches of one project: instances of Cloud SQL, and of Memorystore for Redis.

Cloud SQL has no list of what its tiers offer that says it by the project; their names do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.listing import (
    Listed,
    columns,
    labels,
    listed,
    location_of,
    own_name,
    region_in,
    several,
    utc,
)
from collectors.regions import Problems
from collectors.rows import number, once

_ONE = {"maxResults": 1}
LIST_DATABASES = Api(
    "sqladmin", "v1/projects/{project}/instances", "cloudsql.instances.list", probe=_ONE, optional=True
)
LIST_DATABASES_BEFORE = Api(
    "sqladmin", "sql/v1beta4/projects/{project}/instances", "cloudsql.instances.list", optional=True
)
LIST_CACHES = Api(
    "redis", "v1/projects/{project}/locations/-/instances", "redis.instances.list",
    items="instances", size="pageSize", page=1000, probe={"pageSize": 1}, optional=True,
)  # fmt: skip

SQL_ENGINES = ("mysql", "postgres", "sqlserver")
REDIS = "redis"
_STATES = {"RUNNABLE": "running", "STOPPED": "stopped"}
_CACHE_STATES = {"READY": "running", "UPDATING": "running", "MAINTENANCE": "running"}
_AVAILABILITY = {"REGIONAL": True, "ZONAL": False}
_MIB_PER_GIB = 1024.0


@dataclass(slots=True)
class Raw:
    """What Cloud SQL and Memorystore told."""

    sql: Listed = field(default_factory=Listed)
    caches: Listed = field(default_factory=Listed)


def get_databases(client: Client, problems: Problems) -> Raw:
    """Instances of Cloud SQL and of Memorystore for Redis. A service that is not enabled has none."""
    return Raw(*several(problems, lambda: _sql(client), lambda: listed(client, LIST_CACHES)))


def _sql(client: Client) -> Listed:
    found = Listed()
    for page in client.pages_of_first(LIST_DATABASES, LIST_DATABASES_BEFORE):
        found.items += page.get(LIST_DATABASES.items) or ()
        for warning in page.get("warnings") or ():
            found.unreachable.add(str(warning.get("region") or "global"))
    return found


def transform_databases(raw: Raw, project: str) -> Rows:
    """Rows of databases and their tags."""
    rows: Rows = {"databases": [], "tags": []}
    for one in once(raw.sql.items, "name"):
        region, identity = str(one["region"]), str(one["name"])
        rows["databases"].append({**columns(project, region), **_instance(one)})
        mine = (one.get("settings") or {}).get("userLabels")
        rows["tags"] += labels(project, region, "database", identity, {"labels": mine})
    for one in once(raw.caches.items, "name"):
        region, identity = location_of(one["name"]), own_name(one["name"])
        rows["databases"].append({**columns(project, region), **_cache(one)})
        rows["tags"] += labels(project, region, "database", identity, one)
    return rows


def _instance(one: Mapping[str, Any]) -> dict[str, Any]:
    """An instance of Cloud SQL. It has no id but its name, which is its own in the project."""
    settings, primary = one.get("settings") or {}, one.get("masterInstanceName")
    engine, _, version = str(one.get("databaseVersion") or "").partition("_")
    off = settings.get("activationPolicy") == "NEVER"
    size = size_of(str(settings.get("tier") or ""))
    return {
        "database_id": str(one["name"]),
        "name": str(one["name"]),
        "kind": "relational",
        "engine": engine.lower() or None,
        "engine_version": version.replace("_", ".") or None,
        "instance_type": settings.get("tier"),
        "state": "stopped" if off else _STATES.get(str(one.get("state")), "other"),
        "zone": one.get("gceZone"),
        "vcpu": None if size is None else size.vcpu,
        "memory_gib": None if size is None else size.memory_gib,
        "multi_zone": _AVAILABILITY.get(str(settings.get("availabilityType"))),
        "storage_type": settings.get("dataDiskType"),
        "storage_gib": number(settings.get("dataDiskSizeGb")),
        "replica_of": str(primary).rpartition(":")[2] if primary else None,
        "purchase_model": "on_demand",
        "serverless": False,
        "created_at": utc(one.get("createTime")),
    }


def _cache(one: Mapping[str, Any]) -> dict[str, Any]:
    """An instance of Memorystore, which is sold by its memory; its processor is nobody's choice."""
    memory, tier = number(one.get("memorySizeGb")), str(one.get("tier") or "")
    place = one.get("currentLocationId") or one.get("locationId")
    return {
        "database_id": own_name(one["name"]),
        "name": str(one["name"]).rpartition("/")[2],
        "kind": "cache",
        "engine": REDIS,
        "engine_version": str(one.get("redisVersion") or "").partition("_")[2].replace("_", ".") or None,
        "instance_type": cache_type(tier, memory),
        "state": _CACHE_STATES.get(str(one.get("state")), "other"),
        "zone": place if place and region_in(str(place)) != place else None,
        "vcpu": None,
        "memory_gib": memory,
        "multi_zone": {"STANDARD_HA": True, "BASIC": False}.get(tier),
        "storage_type": None,
        "storage_gib": None,
        "replica_of": None,
        "purchase_model": "on_demand",
        "serverless": False,
        "created_at": utc(one.get("createTime")),
    }


def cache_type(tier: str, memory: float | None) -> str | None:
    """Our name for a size of Memorystore: basic-5 of 5 GiB in the tier BASIC, standard-5 of STANDARD_HA."""
    name = {"BASIC": "basic", "STANDARD_HA": "standard"}.get(tier)
    return None if name is None or memory is None else f"{name}-{memory:g}"


# --- sizes of Cloud SQL -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Size:
    """What a tier offers; `shared` says that it is sold whole, with a share of a processor."""

    vcpu: float | None
    memory_gib: float
    shared: bool = False


# Memory of a vCPU by series, GiB. Source: Cloud SQL documentation, "Machine series" and "Create instances".
_PER_VCPU = {
    "n1-standard": 3.75, "n1-highmem": 6.5, "perf-optimized-N": 8.0, "c4a-highmem": 8.0,
}  # fmt: skip
_SHARED = {"db-f1-micro": Size(None, 0.6, shared=True), "db-g1-small": Size(None, 1.7, shared=True)}
_CUSTOM = re.compile(r"db-custom-(?P<vcpu>\d{1,3})-(?P<mib>\d{3,7})")
_SERIES = re.compile(r"db-(?P<series>[a-zA-Z0-9]+-[a-zA-Z]+(?:-[A-Z])?)-(?P<vcpu>\d{1,3})")


def size_of(tier: str) -> Size | None:
    """What the name of a tier tells; None for one that is not known."""
    if tier in _SHARED:
        return _SHARED[tier]
    if found := _CUSTOM.fullmatch(tier):
        return Size(float(found["vcpu"]), float(found["mib"]) / _MIB_PER_GIB)
    found = _SERIES.fullmatch(tier)
    if not found or found["series"] not in _PER_VCPU:
        return None
    return Size(float(found["vcpu"]), float(found["vcpu"]) * _PER_VCPU[found["series"]])
