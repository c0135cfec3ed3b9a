"""Snapshots of one project. An image made of one stands on its own, so none is needed by an image."""

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.listing import Listed, columns, labels, listed, utc
from collectors.rows import number, once
from collectors.scopes import GLOBAL

LIST_SNAPSHOTS = Api(
    "compute",
    "compute/v1/projects/{project}/global/snapshots",
    "compute.snapshots.list",
    probe={"maxResults": 1},
)


def get_snapshots(client: Client) -> Listed:
    """Snapshots of the project."""
    return listed(client, LIST_SNAPSHOTS)


def transform_snapshots(raw: Listed, project: str) -> Rows:
    """Rows of snapshots and their tags, in the region that keeps them; 'global' where several do."""
    rows: Rows = {"snapshots": [], "tags": []}
    for one in once(raw.items, "id"):
        identity, kept = str(one["id"]), [str(place) for place in one.get("storageLocations") or ()]
        region = kept[0] if len(kept) == 1 and "-" in kept[0] else GLOBAL
        rows["snapshots"].append(
            {
                **columns(project, region),
                "snapshot_id": identity,
                "name": one["name"],
                "volume_id": str(one["sourceDiskId"]) if one.get("sourceDiskId") else None,
                "size_gib": number(one.get("diskSizeGb")),
                "stored_bytes": number(one.get("storageBytes")),
                "created_at": utc(one.get("creationTimestamp")),
                "tier": "archive" if one.get("snapshotType") == "ARCHIVE" else "standard",
                "kind": "automatic" if one.get("autoCreated") else "snapshot",
            }
        )
        rows["tags"] += labels(project, region, "snapshot", identity, one)
    return rows
