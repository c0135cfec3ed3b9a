"""Managed instance groups of one project, by the same verbs as inventory."""

from collections.abc import Mapping
from typing import Any

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.inventory import Names, group_of, purchase_model
from collectors.gcp.listing import (
    Listed,
    columns,
    key_of,
    listed,
    listed_if_there,
    name_of,
    place_of,
    region_of,
    utc,
)
from collectors.regions import Problems, beside
from collectors.rows import Raw, once

_ONE = {"maxResults": 1}
_AGGREGATED = "compute/v1/projects/{project}/aggregated/"
LIST_GROUPS = Api(
    "compute", f"{_AGGREGATED}instanceGroupManagers", "compute.instanceGroupManagers.list",
    items="instanceGroupManagers", aggregated=True, probe=_ONE,
)  # fmt: skip
LIST_AUTOSCALERS = Api(
    "compute",
    f"{_AGGREGATED}autoscalers",
    "compute.autoscalers.list",
    items="autoscalers",
    aggregated=True,
    probe=_ONE,
    optional=True,
)

_NO_POOLS: Mapping[tuple[str, str], Mapping[str, Any]] = {}


def get_groups(client: Client, problems: Problems) -> tuple[Listed, Raw | None]:
    """Managed instance groups, and what scales them where anything does; None where that could not be read."""
    groups = listed(client, LIST_GROUPS)
    scaled = any("status" not in one or _autoscaler(one) for one in groups.items)
    found = beside(problems, lambda: listed_if_there(client, LIST_AUTOSCALERS).items) if scaled else []
    return groups, found


def _autoscaler(group: Mapping[str, Any]) -> Any:
    """What scales a group, as the group itself tells; one that has no status tells nothing."""
    return (group.get("status") or {}).get("autoscaler")


def transform_groups(
    raw: tuple[Listed, Raw | None],
    project: str,
    instances: Raw,
    names: Names,
    pools: Mapping[tuple[str, str], Mapping[str, Any]] = _NO_POOLS,
) -> Rows:
    """Rows of scaling_groups. A group that nothing scales has one size; `pools` are columns of those that are node
    pools, by place and name."""
    groups, autoscalers = raw
    limits = {place_of(one["target"]): one.get("autoscalingPolicy") or {} for one in autoscalers or ()}
    members: dict[str, Raw] = {}
    for machine in instances:
        members.setdefault(str(group_of(machine, names)), []).append(machine)
    rows: Rows = {"scaling_groups": []}
    for one in once(groups.items, "id"):
        mine, limit, key = members.get(str(one["id"]), []), limits.get(key_of(one), {}), key_of(one)
        types = {name_of(each["machineType"]) for each in mine}
        row = {
            **columns(project, region_of(one)),
            "scaling_group_id": str(one["id"]),
            "name": one["name"],
            **_limits(one, limit, autoscalers is None),
            "instance_type": types.pop() if len(types) == 1 else None,
            "is_spot": all(purchase_model(each) == "spot" for each in mine) if mine else None,
            "kind": "node_pool" if key in pools else "group",
            "cluster": None,
            "created_at": utc(one.get("creationTimestamp")),
        }
        rows["scaling_groups"].append({**row, **pools.get(key, {})})
    return rows


def _limits(group: Mapping[str, Any], limit: Mapping[str, Any], unread: bool) -> dict[str, Any]:
    """Sizes of a group, and whether a policy changes them; `unread`: what scales groups could not be read."""
    size = int(group["targetSize"]) if group.get("targetSize") is not None else None
    known = "status" in group or not unread
    scaled = bool(limit or _autoscaler(group)) or not known
    return {
        "min_size": limit.get("minNumReplicas") if scaled else size,
        "max_size": limit.get("maxNumReplicas") if scaled else size,
        "desired_size": size,
        # A policy that is off keeps its limits and changes nothing.
        "autoscaled": (scaled and limit.get("mode", "ON") != "OFF") if known else None,
    }
