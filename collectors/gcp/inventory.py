"""Machines and disks of one project: get_… asks, transform_… makes rows of the warehouse of the answers.

One aggregated call tells of every zone. Resources are known by their numeric ids; names repeat from zone to zone, so
what names another resource is resolved by place and name.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.families import LOCAL_SSD
from collectors.gcp.listing import (
    Listed,
    columns,
    key_of,
    labels,
    listed,
    name_of,
    path_of,
    place_of,
    region_in,
    region_of,
    utc,
    zone_of,
)
from collectors.gcp.types import LOCAL_SSD_GIB, series_of
from collectors.rows import Raw, number, once

_ONE = {"maxResults": 1}
_AGGREGATED = "compute/v1/projects/{project}/aggregated/"
LIST_INSTANCES = Api(
    "compute",
    f"{_AGGREGATED}instances",
    "compute.instances.list",
    items="instances",
    aggregated=True,
    probe=_ONE,
)
LIST_DISKS = Api(
    "compute", f"{_AGGREGATED}disks", "compute.disks.list", items="disks", aggregated=True, probe=_ONE
)
CREATED_BY = "created-by"
_CLUSTER = ("goog-k8s-cluster-name", "cluster-name")
_NODE = "goog-gke-node"
_OFF = ("TERMINATED", "STOPPED", "SUSPENDED")
# Series that accelerators are attached to beside their type. Others have them built in, and tell them here again.
_ATTACHED_GPUS = ("n1",)
# Licences that are in the price, by the project that publishes their images.
_LICENSORS = {
    "windows-cloud": "windows", "rhel-cloud": "rhel", "suse-cloud": "suse", "windows-sql-cloud": "special",
    "rhel-sap-cloud": "special", "suse-sap-cloud": "special", "ubuntu-os-pro-cloud": "special",
}  # fmt: skip
_CLAIM = "kubernetes.io/created-for/pvc/"
_HDD = ("pd-standard",)


@dataclass(frozen=True, slots=True)
class Names:
    """What place and name of resources stand for: ids of instances, ids of the groups that manage them."""

    instances: dict[tuple[str, str], str] = field(default_factory=dict)
    groups: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, instances: Raw, groups: Raw) -> "Names":
        """From raw resources."""
        return cls(
            *({key_of(one): str(one["id"]) for one in some if _named(one)} for some in (instances, groups))
        )


def _named(one: Mapping[str, Any]) -> bool:
    """What has neither id nor name is told when it becomes a row."""
    return "id" in one and "name" in one


# --- instances --------------------------------------------------------------------------------------------


def get_instances(client: Client) -> Listed:
    """Instances of the project."""
    return listed(client, LIST_INSTANCES)


def transform_instances(raw: Listed, project: str, names: Names) -> Rows:
    """Rows of instances and their tags."""
    rows: Rows = {"instances": [], "tags": []}
    for one in once(raw.items, "id"):
        region, identity = region_of(one), str(one["id"])
        rows["instances"].append({**columns(project, region), **_instance(one, names)})
        rows["tags"] += labels(project, region, "instance", identity, one)
    return rows


def _instance(one: Mapping[str, Any], names: Names) -> dict[str, Any]:
    status, machine_type = str(one["status"]), name_of(one["machineType"])
    state = "running" if status == "RUNNING" else "stopped" if status in _OFF else "other"
    created = utc(one.get("creationTimestamp"))
    first: Mapping[str, Any] = next(iter(one.get("networkInterfaces") or ()), {})
    gpus = _accelerators(one) if series_of(machine_type) in _ATTACHED_GPUS else []
    return {
        "instance_id": str(one["id"]),
        "zone": zone_of(one),
        "name": one["name"],
        "state": state,
        "state_since": _since(one, state) or (created if state == "running" else None),
        "instance_type": machine_type,
        "platform": _platform(one),
        "purchase_model": purchase_model(one),
        "scaling_group": group_of(one, names),
        "launched_at": created,
        "cluster": cluster_of(one),
        "private_ip": first.get("networkIP"),
        "vpc_id": path_of(first.get("network")),
        "subnet_id": path_of(first.get("subnetwork")),
        "gpu_count": sum(int(each.get("acceleratorCount") or 0) for each in gpus),
        "gpu_model": next((name_of(each.get("acceleratorType")) for each in gpus), None),
        "local_disk_gib": _local_disks(one, machine_type),
    }


def _local_disks(one: Mapping[str, Any], machine_type: str) -> float:
    """GiB of local disks beside those that belong to the type, which a machine shows as well."""
    shown = [each for each in one.get("disks") or () if each.get("type") == "SCRATCH"]
    if "lssd" in machine_type:
        return 0.0
    total = sum(number(each.get("diskSizeGb")) or LOCAL_SSD_GIB for each in shown)
    return max(0.0, total - LOCAL_SSD.get(machine_type, 0))


def _since(one: Mapping[str, Any], state: str) -> Any:
    if state == "running":
        return utc(one.get("lastStartTimestamp"))
    if state == "stopped":
        suspended = one["status"] == "SUSPENDED" and one.get("lastSuspendedTimestamp")
        return utc(suspended or one.get("lastStopTimestamp"))
    return None


def purchase_model(one: Mapping[str, Any]) -> str:
    """How an instance is paid for. A preemptible one of before Spot may call its model STANDARD."""
    scheduling = one.get("scheduling") or {}
    spot = scheduling.get("preemptible") or scheduling.get("provisioningModel") == "SPOT"
    return "spot" if spot else "on_demand"


def _platform(one: Mapping[str, Any]) -> str:
    """The operating system whose licence is in the price; 'special' where no list has the price."""
    if (one.get("scheduling") or {}).get("nodeAffinities"):
        return "special"  # on a node of its own it is the node that is paid for
    found = {_licensed(str(url)) for disk in one.get("disks") or () for url in disk.get("licenses") or ()}
    return next((name for name in ("special", "windows", "rhel", "suse") if name in found), "linux")


def _licensed(url: str) -> str | None:
    parts = url.split("/")
    publisher = parts[parts.index("projects") + 1] if "projects" in parts[:-1] else ""
    return _LICENSORS.get(publisher)


def _accelerators(one: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return one.get("guestAccelerators") or []


def group_of(one: Mapping[str, Any], names: Names) -> str | None:
    """The group that made a machine; its path where the group itself is not known."""
    creator = _metadata(one, CREATED_BY) or ""
    if "/instanceGroupManagers/" not in creator:
        return None
    place, name = place_of(creator)
    known = names.groups.get((place, name)) or names.groups.get((region_in(place), name))
    return known or creator


def cluster_of(one: Mapping[str, Any]) -> str | None:
    """The Kubernetes cluster whose node a machine is."""
    mine = one.get("labels") or {}
    named = mine.get(_CLUSTER[0])
    if named is None and _NODE in mine:
        return _metadata(one, _CLUSTER[1]) or "?"
    return str(named) if named is not None else None


def _metadata(one: Mapping[str, Any], key: str) -> str | None:
    items = (one.get("metadata") or {}).get("items") or ()
    return next((str(each.get("value") or "") for each in items if each.get("key") == key), None)


# --- disks ----------------------------------------------------------------------------------


def get_volumes(client: Client) -> Listed:
    """Disks of the project, regional ones too."""
    return listed(client, LIST_DISKS)


@dataclass(frozen=True, slots=True)
class Attached:
    """How a disk is attached to a machine."""

    instance_id: str
    device: str | None
    boot: bool
    goes_with_it: bool


def attachments(instances: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Attached]]:
    """Disks by place and name, with every machine that has them."""
    found: dict[tuple[str, str], list[Attached]] = {}
    for machine in instances:
        for disk in machine.get("disks") or ():
            if disk.get("source"):
                found.setdefault(place_of(disk["source"]), []).append(
                    Attached(
                        str(machine["id"]),
                        disk.get("deviceName"),
                        bool(disk.get("boot")),
                        bool(disk.get("autoDelete")),
                    )
                )
    return found


def transform_volumes(raw: Listed, project: str, instances: Raw | None, names: Names) -> Rows:
    """Rows of volumes and their tags. `instances` are raw machines, which know what they boot from; None where they
    could not be read."""
    attached = attachments(instances or ())
    rows: Rows = {"volumes": [], "tags": []}
    for one in once(raw.items, "id"):
        region, identity = region_of(one), str(one["id"])
        mine = attached.get(key_of(one), [])
        rows["volumes"].append({**columns(project, region), **_volume(one, mine, names)})
        rows["tags"] += labels(project, region, "volume", identity, one)
    return rows


def _volume(one: Mapping[str, Any], mine: list[Attached], names: Names) -> dict[str, Any]:
    users, kind = one.get("users") or [], name_of(one.get("type")) or None
    first = mine[0] if mine else None
    return {
        "volume_id": str(one["id"]),
        "zone": zone_of(one),
        "name": one["name"],
        "state": "attached" if users else "unattached" if one.get("status") in (None, "READY") else "other",
        "volume_type": kind,
        "medium": None if kind is None else "hdd" if kind in _HDD else "ssd",
        "size_gib": number(one.get("sizeGb")),
        "iops": number(one.get("provisionedIops")),
        "throughput_mib": number(one.get("provisionedThroughput")),
        "instance_id": _user(users, first, names),
        "is_boot": any(each.boot for each in mine) if users and mine else None,
        "delete_with_instance": all(each.goes_with_it for each in mine) if mine else None,
        "created_at": utc(one.get("creationTimestamp")),
        "detached_at": utc(one.get("lastDetachTimestamp")) if not users else None,
        "kubernetes_claim": _claim(one),
        # Of a disk that several machines read, each tells its own share under a name of its own.
        "device_name": first.device if first and len(mine) == 1 else None,
    }


def _user(users: Sequence[str], first: Attached | None, names: Names) -> str | None:
    if not users:
        return None
    return first.instance_id if first else names.instances.get(place_of(users[0]))


def _claim(one: Mapping[str, Any]) -> str | None:
    """The claim of a pod's storage, which the driver that makes such disks writes into their description."""
    try:
        told = json.loads(one.get("description") or "{}")
    except (ValueError, RecursionError):
        told = {}
    if not isinstance(told, dict):
        told = {}
    name, namespace = told.get(f"{_CLAIM}name"), told.get(f"{_CLAIM}namespace")
    if name or namespace:
        return f"{namespace or '?'}/{name or '?'}"
    return f"?/{one['name']}" if "goog-gke-volume" in (one.get("labels") or {}) else None
