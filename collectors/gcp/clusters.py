"""Clusters of Google Kubernetes Engine, and which groups of machines are their node pools.

A node pool is one managed instance group in each of its zones, so each of these groups is a row of scaling_groups of
the kind node_pool. A cluster is known by its name, which is what its machines tell.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.listing import Listed, columns, place_of, region_in, utc
from collectors.rows import Raw

LIST_CLUSTERS = Api(
    "container", "v1/projects/{project}/locations/-/clusters", "container.clusters.list", items="clusters",
    size="", probe={}, optional=True,
)  # fmt: skip

_STATES = {"RUNNING": "active", "RECONCILING": "active", "DEGRADED": "active"}
_POOL = "gke-"


def get_clusters(client: Client) -> Listed:
    """Clusters of every place; the list has no pages. Places that could not be reached are told beside it."""
    page = client.get(LIST_CLUSTERS)
    items = page.get(LIST_CLUSTERS.items) or []
    if not all(isinstance(one, dict) for one in items):
        raise TypeError("what is listed are no objects")
    return Listed(list(items), {str(place) for place in page.get("missingZones") or ()})


def transform_clusters(raw: Listed, project: str) -> Rows:
    """Rows of clusters and their tags."""
    rows: Rows = {"clusters": [], "tags": []}
    for identity, one in named(raw.items):
        region = _region(one)
        rows["clusters"].append(
            {
                **columns(project, region),
                "cluster_id": identity,
                "name": one["name"],
                "kind": "gke",
                "version": one.get("currentMasterVersion"),
                "state": _STATES.get(str(one.get("status")), "other"),
                "mode": "serverless" if (one.get("autopilot") or {}).get("enabled") else "standard",
                "created_at": utc(one.get("createTime")),
            }
        )
        rows["tags"] += [
            {
                **columns(project, region), "resource_type": "cluster", "resource_id": identity,
                "key": key, "value": value,
            }
            for key, value in (one.get("resourceLabels") or {}).items()
        ]  # fmt: skip
    return rows


def named(clusters: Iterable[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Clusters, each once, with the name that their machines tell; of several of one name in a region, with the place
    before it."""
    once = {(_place(one), str(one["name"])): one for one in clusters}
    known = Counter((region_in(place), name) for place, name in once)
    return [
        (name if known[region_in(place), name] == 1 else f"{place}/{name}", one)
        for (place, name), one in once.items()
    ]


def _place(cluster: Mapping[str, Any]) -> str:
    return str(cluster.get("location") or cluster.get("zone") or "")


def _region(cluster: Mapping[str, Any]) -> str:
    return region_in(_place(cluster))


# --- node pools -------------------------------------------------------------------------------------------


def may_be_pool(manager: Mapping[str, Any]) -> bool:
    """Whether a managed instance group may be of a node pool, by the name that they all have."""
    return str(manager.get("name") or "").startswith(_POOL)


def pools_of(clusters: Raw | None) -> dict[tuple[str, str], dict[str, Any]]:
    """Columns of scaling_groups by the place and the name of the groups that node pools consist of.

    Limits of a pool are those of each of its zones, unless it has limits for all of them together.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for cluster in clusters or ():
        for pool in cluster.get("nodePools") or ():
            urls = pool.get("instanceGroupUrls") or ()
            scaling = pool.get("autoscaling") or {}
            on = bool(scaling.get("enabled"))
            told: dict[str, Any] = {"cluster": cluster["name"], "autoscaled": on}
            if on:
                together = "totalMaxNodeCount" in scaling
                least, most = scaling.get("minNodeCount", 0), scaling.get("maxNodeCount")
                if together:  # which no zone has for itself
                    least = scaling.get("totalMinNodeCount", 0) if len(urls) == 1 else None
                    most = scaling.get("totalMaxNodeCount")
                told |= {"min_size": least, "max_size": most}
            for url in urls:
                found[place_of(url)] = told
    return found
