"""What runs models and notebooks on machines of its own: endpoints of Vertex AI, instances of Vertex AI Workbench.

Endpoints are listed region by region, each at an address of its own. Which regions have any that is deployed its
replicas tell, which Cloud Monitoring counts; besides, the regions in which the project has anything are asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import NOT_THERE, Client
from collectors.gcp.listing import (
    Listed,
    columns,
    labels,
    listed,
    location_of,
    name_of,
    own_name,
    several,
    utc,
)
from collectors.gcp.measures import MEAN
from collectors.gcp.monitoring import Question, latest
from collectors.hours import DAY, Window, midnight
from collectors.regions import Problems, beside
from collectors.rows import once

LIST_ENDPOINTS = Api(
    "aiplatform", "v1/projects/{project}/locations/{location}/endpoints", "aiplatform.endpoints.list",
    items="endpoints", size="pageSize", page=1000, probe={"location": "us-central1", "pageSize": 1}, optional=True,
)  # fmt: skip
LIST_NOTEBOOKS = Api(
    "notebooks", "v2/projects/{project}/locations/-/instances", "notebooks.instances.list", items="instances",
    size="pageSize", page=1000, probe={"pageSize": 1}, optional=True,
)  # fmt: skip
_REPLICAS = "aiplatform.googleapis.com/prediction/online/replicas"
_LATEST = timedelta(days=3)
_NOTEBOOK_STATES = {"ACTIVE": "running", "STOPPED": "stopped", "SUSPENDED": "stopped"}


@dataclass(slots=True)
class Learning:
    """What Vertex AI and Workbench told."""

    endpoints: Listed = field(default_factory=Listed)
    notebooks: Listed = field(default_factory=Listed)


def get_endpoints(client: Client, at: datetime, regions: Iterable[str], problems: Problems) -> Learning:
    """Endpoints and notebooks. `regions` are those in which the project has anything."""
    return Learning(
        *several(
            problems,
            lambda: _endpoints(client, at, regions, problems),
            lambda: listed(client, LIST_NOTEBOOKS),
        )
    )


def _endpoints(client: Client, at: datetime, regions: Iterable[str], problems: Problems) -> Listed:
    """Endpoints of these regions, and of others in which models are deployed."""
    found, absent, offered = Listed(), list[CallError](), False
    known = sorted(regions)
    for place in known:
        offered |= _add_region(client, place, found, absent)
    if offered or not known:
        for place in sorted((beside(problems, lambda: _places(client, at)) or set()) - set(known)):
            _add_region(client, place, found, absent)
    elif absent:
        raise absent[0]
    return found


def _add_region(client: Client, place: str, found: Listed, absent: list[CallError]) -> bool:
    """Adds the endpoints of a region; whether the service is there. One without it has none of them."""
    try:
        found.items += listed(client, LIST_ENDPOINTS, location=place).items
    except CallError as error:
        if error.status != "skipped" or error.code not in NOT_THERE:
            raise
        absent.append(error)
        return False
    return True


def _places(client: Client, at: datetime) -> set[str]:
    """Where models are deployed."""
    end = midnight(at)
    question = Question(
        _REPLICAS, MEAN, Window(end - _LATEST, end), seconds=DAY, groups=("resource.labels.location",)
    )
    return {place for told, _ in latest(client, question) if (place := told.get("location"))}


def transform_endpoints(raw: Learning, project: str) -> Rows:
    """Rows of ml_endpoints and their tags."""
    rows: Rows = {"ml_endpoints": [], "tags": []}
    for one in once(raw.endpoints.items, "name"):
        _add(rows, project, one, _endpoint(one))
    for one in once(raw.notebooks.items, "name"):
        _add(rows, project, one, _notebook(one))
    return rows


def _add(rows: Rows, project: str, one: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    region, identity = location_of(one["name"]), own_name(one["name"])
    rows["ml_endpoints"].append({**columns(project, region), "endpoint_id": identity, **row})
    rows["tags"] += labels(project, region, "ml_endpoint", identity, one)


def _endpoint(one: Mapping[str, Any]) -> dict[str, Any]:
    """An endpoint, which costs what its deployed models always have; without any it costs nothing."""
    models = one.get("deployedModels") or ()
    owned = [each.get("dedicatedResources") or each.get("automaticResources") for each in models]
    types = {(each or {}).get("machineSpec", {}).get("machineType") for each in owned} - {None}
    return {
        "name": one.get("displayName"),
        "kind": "endpoint",
        "state": "running" if models else "stopped",
        "state_since": max(
            (since for each in models if (since := utc(each.get("createTime")))), default=None
        ),
        "instance_type": types.pop() if len(types) == 1 else None,
        # Of models that share machines with those of other endpoints none has any of its own.
        "instances": None
        if None in owned
        else sum(int((each or {}).get("minReplicaCount") or 0) for each in owned),
        "created_at": utc(one.get("createTime")),
        "last_used_at": None,
    }


def _notebook(one: Mapping[str, Any]) -> dict[str, Any]:
    state = _NOTEBOOK_STATES.get(str(one.get("state")), "other")
    return {
        "name": str(one["name"]).rpartition("/")[2],
        "kind": "notebook",
        "state": state,
        "state_since": None,
        "instance_type": name_of((one.get("gceSetup") or {}).get("machineType")) or None,
        "instances": 1,
        "created_at": utc(one.get("createTime")),
        "last_used_at": None,
    }
