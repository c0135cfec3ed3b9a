"""Kubernetes clusters of EKS, by the verbs of inventory. Their node groups are Auto Scaling groups: see groups.py."""

from typing import Any

from collectors.aws.client import Api, Client
from collectors.aws.inventory import all_of, utc
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, once, place, tag_rows
from finops.warehouse import Scope

LIST_CLUSTERS = Api("eks", "list_clusters", "eks:ListClusters", probe={"maxResults": 1})
DESCRIBE_CLUSTER = Api("eks", "describe_cluster", "eks:DescribeCluster", probe={"name": "finops-doctor"})


def get_clusters(client: Client, problems: Problems) -> Raw:
    """Clusters; of one that may not be described, its name."""
    return [
        beside(problems, lambda name=name: _described(client, name)) or {"name": name}  # type: ignore[misc]
        for name in all_of(client, LIST_CLUSTERS, "clusters")
    ]


def _described(client: Client, name: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get(DESCRIBE_CLUSTER, name=name)["cluster"]
    return found


def transform_clusters(raw: Raw, scope: Scope) -> Rows:
    """Rows of clusters and their tags. The id is the name, which nodes are tagged with."""
    rows: Rows = {"clusters": [], "tags": []}
    for one in once(raw, "name"):
        rows["clusters"].append(
            {
                **place(scope),
                "cluster_id": one["name"],
                "name": one["name"],
                "kind": "eks",
                "version": one.get("version"),
                "state": ("active" if one["status"] == "ACTIVE" else "other") if one.get("status") else None,
                "created_at": utc(one.get("createdAt")),
            }
        )
        rows["tags"] += tag_rows(scope, "cluster", one["name"], one.get("tags") or {})
    return rows
