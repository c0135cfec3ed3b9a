"""Machine learning in one region (PAI): online services (EAS) and notebooks (DSW) that run on machines of their own."""

import json
from collections.abc import Mapping
from typing import Any

from collectors.alibaba.answers import utc
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client
from collectors.alibaba.products import NUMBERS
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, once, place, tag_rows
from finops.warehouse import Scope

_ONE = {"PageNumber": 1, "PageSize": 1}
LIST_SERVICES = Api(
    "eas",
    "ListServices",
    "eas:ListServices",
    items="Services",
    paging=NUMBERS,
    path="/api/v2/services",
    probe=_ONE,
)
LIST_NOTEBOOKS = Api(
    "dsw", "ListInstances", "paidsw:ListInstances", items="Instances", paging=NUMBERS, path="/api/v2/instances",
    probe=_ONE,
)  # fmt: skip

_STATES = {"Running": "running", "Stopped": "stopped"}


def get_endpoints(client: Client, problems: Problems) -> dict[str, Raw]:
    """Raw services and notebooks; what is not offered is left out, and where neither is, that is raised."""
    absent: list[CallError] = []
    services = _offered(client, LIST_SERVICES, absent)
    notebooks = beside(problems, lambda: _offered(client, LIST_NOTEBOOKS, absent)) or []
    if len(absent) > 1:
        raise absent[0]
    return {"endpoint": services, "notebook": notebooks}


def _offered(client: Client, api: Api, absent: list[CallError]) -> Raw:
    try:
        return client.all(api)
    except CallError as error:
        if error.status != "skipped":
            raise
        absent.append(error)
        return []


def transform_endpoints(raw: Mapping[str, Raw], scope: Scope) -> Rows:
    """Rows of ml_endpoints and their tags."""
    rows: Rows = {"ml_endpoints": [], "tags": []}
    for one in once(raw["endpoint"], "ServiceId"):
        identity = str(one["ServiceId"])
        rows["ml_endpoints"].append({**place(scope), "endpoint_id": identity, **_service(one)})
        labels = {
            str(tag.get("LabelKey")): str(tag.get("LabelValue") or "") for tag in one.get("Labels") or ()
        }
        rows["tags"] += tag_rows(scope, "ml_endpoint", identity, labels)
    for one in once(raw["notebook"], "InstanceId"):
        identity = str(one["InstanceId"])
        rows["ml_endpoints"].append({**place(scope), "endpoint_id": identity, **_notebook(one)})
        tags = {str(tag.get("TagKey")): str(tag.get("TagValue") or "") for tag in one.get("Tags") or ()}
        rows["tags"] += tag_rows(scope, "ml_endpoint", identity, tags)
    return rows


def _service(one: Mapping[str, Any]) -> dict[str, Any]:
    total = one.get("TotalInstance")
    return {
        "name": one.get("ServiceName") or None,
        "kind": "endpoint",
        "state": _STATES.get(str(one.get("Status")), "other"),
        "instance_type": _machine(one.get("ServiceConfig")),
        "instances": None if total is None else int(total),
        "created_at": utc(one.get("CreateTime")),
    }


def _machine(config: Any) -> str | None:
    """The type that a service's configuration names, which is JSON inside the JSON."""
    try:
        told = json.loads(config) if config else {}
    except ValueError:
        return None
    for way in (("cloud", "computing", "instance_type"), ("cloud", "computing", "instanceType")):
        node = told
        for name in way:
            node = node.get(name) if isinstance(node, dict) else None
        if node:
            return str(node)
    return None


def _notebook(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": one.get("InstanceName") or None,
        "kind": "notebook",
        "state": _STATES.get(str(one.get("Status")), "other"),
        "instance_type": one.get("EcsSpec") or None,
        "instances": 1,
        "created_at": utc(one.get("GmtCreateTime")),
    }
