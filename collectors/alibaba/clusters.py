"""Kubernetes clusters of one region (ACK) and their node pools, each of which is a scaling group."""

from collections.abc import Iterator, Mapping
from typing import Any

from collectors.alibaba.answers import utc
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client
from collectors.alibaba.products import Paging
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.regions import Problems
from collectors.rows import Raw, once, place, tag_rows
from finops.warehouse import Scope

DESCRIBE_CLUSTERS = Api(
    "cs", "DescribeClustersV1", "cs:DescribeClustersV1", items="clusters", page=50, path="/api/v1/clusters",
    paging=Paging("page_size", "page_number", total="page_info.total_count"), probe={"page_size": 1, "page_number": 1},
)  # fmt: skip
DESCRIBE_POOLS = Api(
    "cs", "DescribeClusterNodePools", "cs:DescribeClusterNodePools", items="nodepools",
    path="/clusters/{cluster}/nodepools", probe={"cluster": "c-finops-doctor"},
)  # fmt: skip

# Clusters whose nodes are Alibaba's own.
_SERVERLESS = ("Ask", "ACS")


def get_clusters(client: Client, problems: Problems) -> Raw:
    """Clusters of the region, each with its node pools; pools are None where they could not be had."""
    found = client.all(DESCRIBE_CLUSTERS, region_id=client.region)
    refused = False
    for one in found:
        one["pools"] = None
        if refused or _serverless(one):
            continue
        try:
            answer = client.get(DESCRIBE_POOLS, cluster=one["cluster_id"])
            one["pools"] = answer.get("nodepools") or []
        except CallError as error:
            if "NotFound" not in error.code:  # deleted since it was listed
                problems.append(str(error))
                refused = True
    return found


def _serverless(one: Mapping[str, Any]) -> bool:
    return one.get("cluster_type") in _SERVERLESS or one.get("profile") in ("Serverless", "Acs")


def transform_clusters(raw: Raw, scope: Scope) -> Rows:
    """Rows of clusters and their tags."""
    rows: Rows = {"clusters": [], "tags": []}
    for one in once(raw, "cluster_id"):
        identity = str(one["cluster_id"])
        rows["clusters"].append(
            {
                **place(scope),
                "cluster_id": identity,
                "name": one.get("name") or None,
                "kind": "ack",
                "version": one.get("current_version") or one.get("init_version") or None,
                "state": "active" if one.get("state") == "running" else "other",
                "mode": "serverless" if _serverless(one) else "standard",
                "created_at": utc(one.get("created")),
            }
        )
        tags = {str(tag.get("key")): str(tag.get("value") or "") for tag in one.get("tags") or ()}
        rows["tags"] += tag_rows(scope, "cluster", identity, tags)
    return rows


def pools_of(raw: Any) -> Iterator[dict[str, Any]]:
    """Columns that node pools tell of their scaling groups."""
    for one in raw or ():
        for pool in one.get("pools") or ():
            group = (pool.get("scaling_group") or {}).get("scaling_group_id")
            if group:
                yield _group(one, pool)


def _group(cluster: Mapping[str, Any], pool: Mapping[str, Any]) -> dict[str, Any]:
    scaling, group = pool.get("auto_scaling") or {}, pool["scaling_group"]
    scales = bool(scaling.get("enable"))
    types = group.get("instance_types") or []
    return {
        "scaling_group_id": str(group["scaling_group_id"]),
        "name": (pool.get("nodepool_info") or {}).get("name") or None,
        "kind": "node_pool",
        "cluster": str(cluster["cluster_id"]),
        "autoscaled": scales,
        "min_size": scaling.get("min_instances") if scales else None,
        "max_size": scaling.get("max_instances") if scales else None,
        "desired_size": (pool.get("status") or {}).get("total_nodes"),
        "instance_type": types[0] if len(types) == 1 else None,
        "is_spot": None
        if group.get("spot_strategy") is None
        else group["spot_strategy"] not in ("", "NoSpot"),
        "created_at": utc((pool.get("nodepool_info") or {}).get("created")),
    }
