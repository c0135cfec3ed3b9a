"""What runs on demand: services of Cloud Run, and functions of the first generation; those of the second are services.

The first version of Cloud Run's API lists every region at once, the second only one at a time.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.listing import Listed, columns, labels, listed, location_of, own_name, several, utc
from collectors.regions import Problems
from collectors.rows import once

LIST_SERVICES = Api(
    "run", "v1/projects/{project}/locations/-/services", "run.services.list", size="limit", page=500,
    probe={"limit": 1}, optional=True,
)  # fmt: skip
LIST_FUNCTIONS = Api(
    "cloudfunctions", "v2/projects/{project}/locations/-/functions", "cloudfunctions.functions.list",
    items="functions", size="pageSize", page=1000, probe={"pageSize": 1}, optional=True,
)  # fmt: skip
_PLACE = "cloud.googleapis.com/location"
_LEAST = ("run.googleapis.com/minScale", "autoscaling.knative.dev/minScale")
_MANAGED = ("goog-managed-by", "cloudfunctions")
_AMOUNT = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[KMGT]i?|k|m|)B?")
_BYTES = {
    "": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip
_MIB = 2.0**20


@dataclass(slots=True)
class Runs:
    """What Cloud Run and Cloud Functions told."""

    services: Listed = field(default_factory=Listed)
    functions: Listed = field(default_factory=Listed)


def get_functions(client: Client, problems: Problems) -> Runs:
    """Services and functions of every region."""
    return Runs(*several(problems, lambda: _services(client), lambda: listed(client, LIST_FUNCTIONS)))


def _services(client: Client) -> Listed:
    """Services; the list tells where it goes on in words of its own."""
    found = Listed()
    more: str | None = None
    seen: set[str] = set()
    while True:
        page = client.get(LIST_SERVICES, None, limit=LIST_SERVICES.page, **{"continue": more})
        found.items += page.get("items") or ()
        found.unreachable |= {str(place) for place in page.get("unreachable") or ()}
        more = (page.get("metadata") or {}).get("continue")
        if not more:
            return found
        if more in seen:
            raise CallError(
                "failed",
                "Paging",
                f"{LIST_SERVICES.action} got the same page again and again {client.where}.",
            )
        seen.add(more)


def transform_functions(raw: Runs, project: str) -> Rows:
    """Rows of functions and their tags."""
    rows: Rows = {"functions": [], "tags": []}
    runtimes = {own_name((one.get("serviceConfig") or {}).get("service")): one for one in raw.functions.items}
    for identity, one in {_identity(each): each for each in raw.services.items}.items():
        mine = one["metadata"].get("labels") or {}
        row = {**_service(one), **_built(runtimes.get(identity))}
        kept = {"labels": {key: value for key, value in mine.items() if key != _PLACE}}
        _add(rows, project, location_of(f"projects/-/{identity}"), identity, row, kept)
    for one in once(raw.functions.items, "name"):
        if one.get("environment") == "GEN_1":
            _add(rows, project, location_of(one["name"]), own_name(one["name"]), _function(one), one)
    return rows


def _add(
    rows: Rows, project: str, region: str, identity: str, row: Mapping[str, Any], one: Mapping[str, Any]
) -> None:
    rows["functions"].append({**columns(project, region), "function_id": identity, **row})
    rows["tags"] += labels(project, region, "function", identity, one)


def _identity(service: Mapping[str, Any]) -> str:
    about = service["metadata"]
    return f"locations/{(about.get('labels') or {})[_PLACE]}/services/{about['name']}"


def _service(one: Mapping[str, Any]) -> dict[str, Any]:
    about, template = one["metadata"], (one.get("spec") or {}).get("template") or {}
    limits = list(_limits(template))
    return {
        "name": about["name"],
        "kind": "function" if (about.get("labels") or {}).get(_MANAGED[0]) == _MANAGED[1] else "service",
        "runtime": None,
        "architecture": "x86_64",
        "memory_mib": _total(limits, "memory", _MIB),
        "vcpu": _total(limits, "cpu", 1.0),
        "kept_warm": _least(about, template.get("metadata") or {}),
        "created_at": utc(about.get("creationTimestamp")),
        "modified_at": max(_changes(one), default=None),
    }


def _limits(template: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for container in (template.get("spec") or {}).get("containers") or ():
        yield (container.get("resources") or {}).get("limits") or {}


def _total(limits: list[Mapping[str, Any]], name: str, unit: float) -> float | None:
    """What all containers have together; None where one does not say it."""
    amounts = [amount_of(one.get(name)) for one in limits]
    known = [one for one in amounts if one is not None]
    return sum(known) / unit if known and len(known) == len(amounts) else None


def amount_of(text: Any) -> float | None:
    """A quantity as Kubernetes writes it: 0.5 of 500m, 536870912 of 512Mi; 268435456 of 256Mi."""
    found = _AMOUNT.fullmatch(str(text or ""))
    if not found:
        return None
    if found["unit"] == "m":
        return float(found["number"]) / 1000
    return float(found["number"]) * _BYTES[found["unit"]]


def _least(*holders: Mapping[str, Any]) -> float:
    """Instances that are always there: the most of what the service and its revision say."""
    told = [(holder.get("annotations") or {}).get(key) for holder in holders for key in _LEAST]
    return max((float(one) for one in told if one is not None), default=0.0)


def _changes(one: Mapping[str, Any]) -> Iterator[Any]:
    for condition in (one.get("status") or {}).get("conditions") or ():
        if since := utc(condition.get("lastTransitionTime")):
            yield since


def _built(function: Mapping[str, Any] | None) -> dict[str, Any]:
    """What Cloud Functions tells of a service that it made."""
    if function is None:
        return {}
    return {"kind": "function", "runtime": (function.get("buildConfig") or {}).get("runtime")}


def _function(one: Mapping[str, Any]) -> dict[str, Any]:
    """A function of the first generation."""
    config = one.get("serviceConfig") or {}
    memory = amount_of(config.get("availableMemory"))
    return {
        "name": str(one["name"]).rpartition("/")[2],
        "kind": "function",
        "runtime": (one.get("buildConfig") or {}).get("runtime"),
        "architecture": "x86_64",
        # Cloud Functions means MiB when it says M.
        "memory_mib": None if memory is None else _mib(str(config["availableMemory"]), memory),
        "vcpu": amount_of(config.get("availableCpu")),
        "kept_warm": float(config.get("minInstanceCount") or 0),
        "created_at": utc(one.get("createTime")),
        "modified_at": utc(one.get("updateTime")),
    }


def _mib(text: str, amount: float) -> float:
    return amount / 1e6 if text.rstrip("B").endswith("M") else amount / _MIB
