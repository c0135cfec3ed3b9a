"""Snapshots of one project, and the images that need them."""

from collections.abc import Mapping
from typing import Any

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.listing import (
    Listed,
    Raw,
    columns,
    labels,
    listed,
    listed_if_there,
    name_of,
    number,
    once,
    utc,
)
from collectors.regions import Problems, beside
from collectors.scopes import GLOBAL

_ONE = {"maxResults": 1}
LIST_SNAPSHOTS = Api(
    "compute", "compute/v1/projects/{project}/global/snapshots", "compute.snapshots.list", probe=_ONE
)
LIST_IMAGES = Api(
    "compute", "compute/v1/projects/{project}/global/images", "compute.images.list", probe=_ONE, optional=True
)


def get_snapshots(client: Client, problems: Problems) -> tuple[Listed, Raw | None]:
    """Snapshots of the project, and the images that may need them."""
    snapshots = listed(client, LIST_SNAPSHOTS)
    images = beside(problems, lambda: listed_if_there(client, LIST_IMAGES).items) if snapshots else []
    return snapshots, images


def transform_snapshots(raw: tuple[Listed, Raw | None], project: str) -> Rows:
    """Rows of snapshots and their tags, in the region that keeps them; 'global' where several do."""
    snapshots, images = raw
    needed = {key: str(one["id"]) for one in images or () if (key := _source(one, project))}
    rows: Rows = {"snapshots": [], "tags": []}
    for one in once(snapshots.items):
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
                "image_id": needed.get(("id", identity)) or needed.get(("name", str(one["name"]))),
                "tier": "archive" if one.get("snapshotType") == "ARCHIVE" else "standard",
            }
        )
        rows["tags"] += labels(project, region, "snapshot", identity, one)
    return rows


def _source(image: Mapping[str, Any], project: str) -> tuple[str, str] | None:
    """The snapshot an image was made of: by its id, else by its name if it is one of this project."""
    if image.get("sourceSnapshotId"):
        return "id", str(image["sourceSnapshotId"])
    url = str(image.get("sourceSnapshot") or "")
    elsewhere = "/projects/" in f"/{url}" and f"/projects/{project}/" not in f"/{url}"
    return ("name", name_of(url)) if url and not elsewhere else None
