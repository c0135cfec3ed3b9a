"""Committed-use discounts of one project by the same verbs as inventory. Those for spend are on the bill only."""

from collections.abc import Mapping
from typing import Any

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.listing import Listed, columns, listed, name_of, region_of, utc
from collectors.rows import once

LIST_COMMITMENTS = Api(
    "compute", "compute/v1/projects/{project}/aggregated/commitments", "compute.commitments.list",
    items="commitments", aggregated=True, probe={"maxResults": 1},
)  # fmt: skip

_STATES = {"ACTIVE": "active", "EXPIRED": "expired", "CANCELLED": "expired"}
_MIB_PER_GIB = 1024.0


def get_commitments(client: Client) -> Listed:
    """Commitments for resources."""
    return listed(client, LIST_COMMITMENTS)


def transform_commitments(raw: Listed, project: str) -> Rows:
    """Rows of commitments, one for each kind of resource that one is for: `<id>/vcpu`, `<id>/memory` …"""
    return {
        "commitments": [
            {
                **columns(project, region_of(one)),
                "commitment_id": f"{one['id']}/{_kind(resource)}",
                "kind": "committed_use",
                "scope": one.get("type"),
                **_quantity(resource),
                "started_at": utc(one.get("startTimestamp")),
                "ends_at": utc(one.get("endTimestamp")),
                "payment": "no_upfront",
                "state": _STATES.get(str(one.get("status")), "other"),
                "auto_renew": one.get("autoRenew"),
                "name": one.get("name"),
            }
            for one in once(raw.items, "id")
            for resource in one.get("resources") or ()
        ]
    }


def _kind(resource: Mapping[str, Any]) -> str:
    model = name_of(resource.get("acceleratorType"))
    return f"{str(resource['type']).lower()}{':' + model if model else ''}"


def _quantity(resource: Mapping[str, Any]) -> dict[str, Any]:
    """How much, and of what. Memory and local SSDs are told in MB and GB, which are MiB and GiB."""
    amount = float(resource["amount"])
    if resource["type"] == "MEMORY":
        return {"quantity": amount / _MIB_PER_GIB, "unit": "GiB"}
    return {
        "quantity": amount,
        "unit": {"VCPU": "vCPU", "LOCAL_SSD": "GiB"}.get(str(resource["type"]), "units"),
    }
