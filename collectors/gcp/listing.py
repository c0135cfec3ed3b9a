"""What lists of Compute Engine have in common: scopes, places that could not be reached, URLs that name resources.

An aggregated list tells of every zone and region of a project at once. A zone that could not be reached is named in
`unreachables`, or in a warning of its scope; what it holds is not in the answer.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collectors.calls import CallError
from collectors.gcp.api import Api
from collectors.gcp.client import NOT_THERE, Client
from collectors.regions import Problems
from collectors.rows import Raw
from collectors.scopes import GLOBAL
from finops.instants import in_utc

_ZONE = re.compile(r"-[a-z]$")
_NOTHING = "NO_RESULTS_ON_PAGE"
_PLACES = ("scope", "resource", "zone", "region", "location")  # keys of a warning's data
CLOUD = "gcp"
SOMEWHERE = "some place"  # that could not be reached and is not named


@dataclass(slots=True)
class Listed:
    """Resources of a project, and the zones and regions that could not be reached."""

    items: Raw = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.items)


def listed(client: Client, api: Api, **parameters: Any) -> Listed:
    """All pages of a list, aggregated or not, of what can be reached."""
    found = Listed()
    # Buckets that could not be reached would be told by name: of what is in no known place nothing could be kept.
    partly = {"returnPartialSuccess": True} if api.service == "compute" else {}
    for page in client.pages(api, **partly, **parameters):
        if api.aggregated:
            for scope, inside in (page.get("items") or {}).items():
                found.items += _objects(inside.get(api.items))
                if _lost(inside.get("warning")):
                    found.unreachable.add(name_of(scope))
        else:
            found.items += _objects(page.get(api.items))
        found.unreachable |= {name_of(one) for one in _unreachable(page)}
    return found


def listed_if_there(client: Client, api: Api) -> Listed:
    """As `listed`; nothing where the project has no such kind of thing."""
    try:
        return listed(client, api)
    except CallError as error:
        if error.status == "skipped" or error.code in NOT_THERE:
            return Listed()
        raise


def several(problems: Problems, *gets: Callable[[], Listed]) -> list[Listed]:
    """Lists of several services that are one dataset. One that is not enabled has nothing; where that is the first and
    the others have nothing, that is raised. What the first cannot tell is raised as well, of the others it is a word in
    `problems`."""
    found: list[Listed] = []
    skipped: CallError | None = None
    for get in gets:
        try:
            found.append(get())
        except CallError as error:
            if not found and error.status == "skipped":
                skipped = error
            elif not found:
                raise
            elif error.status != "skipped":
                problems.append(str(error))
            found.append(Listed())
    if skipped is not None and not problems and not any(found):
        raise skipped
    return found


def _objects(items: Any) -> Raw:
    """A list of resources, which an empty one leaves out."""
    found = list(items or ())
    if not all(isinstance(one, dict) for one in found):
        raise TypeError("what is listed are no objects")
    return found


def _unreachable(page: Mapping[str, Any]) -> Iterator[str]:
    for name in ("unreachables", "unreachable"):
        told = page.get(name) or ()
        yield from ([told] if isinstance(told, str) else map(str, told))
    warning = page.get("warning")
    if _lost(warning):
        data = [one for one in (warning or {}).get("data") or () if one.get("key") in _PLACES]
        yield from [str(one.get("value")) for one in data] or [SOMEWHERE]


def _lost(warning: Any) -> bool:
    return isinstance(warning, Mapping) and warning.get("code") not in (None, _NOTHING)


# --- names and places -------------------------------------------------------------------------------------


def name_of(url: Any) -> str:
    """The last part of a URL or a path."""
    return str(url or "").rstrip("/").rsplit("/", 1)[-1]


def path_of(url: Any) -> str | None:
    """The full name of a resource that a URL names, as every project writes it: projects/P/global/networks/N."""
    text = str(url or "").rstrip("/")
    return text[text.index("projects/") :] if "projects/" in text else text or None


def own_name(name: Any) -> str:
    """The name of a resource within its project, as bills are joined by: locations/L/instances/I of
    projects/P/locations/L/instances/I."""
    parts = str(name).split("/", 2)
    return parts[2] if len(parts) == 3 and parts[0] == "projects" else str(name)


def location_of(name: Any) -> str:
    """The region or place of several that a full name tells: projects/P/locations/us-central1-a/… is in
    us-central1; 'global' where it tells none."""
    parts = str(name).split("/")
    place = parts[parts.index("locations") + 1] if "locations" in parts[:-1] else GLOBAL
    return region_in(place)


def place_of(url: Any) -> tuple[str, str]:
    """The place and the name of a resource that a URL names: a name alone is that of many."""
    parts = str(url).rstrip("/").split("/")
    return (parts[-3] if len(parts) > 2 else GLOBAL), parts[-1]


def zone_of(one: Mapping[str, Any]) -> str | None:
    """The zone of a resource; None for one of a region or of none."""
    return name_of(one["zone"]) if one.get("zone") else None


def region_in(place: str) -> str:
    """The region of a zone, or the region itself."""
    return _ZONE.sub("", place)


def region_of(one: Mapping[str, Any]) -> str:
    """The region of a resource, or 'global'."""
    if one.get("zone"):
        return region_in(name_of(one["zone"]))
    return name_of(one["region"]) if one.get("region") else GLOBAL


def key_of(one: Mapping[str, Any]) -> tuple[str, str]:
    """The place and the name of a resource itself, as `place_of` has them of a URL."""
    return zone_of(one) or region_of(one), str(one["name"])


# --- values -----------------------------------------------------------------------------------------------


def columns(project: str, region: str) -> dict[str, Any]:
    """The columns that say where a row belongs."""
    return {"cloud": CLOUD, "account_id": project, "region": region}


def labels(project: str, region: str, kind: str, identity: str, one: Mapping[str, Any]) -> Raw:
    """Rows of the table tags."""
    return [
        {
            **columns(project, region),
            "resource_type": kind,
            "resource_id": identity,
            "key": key,
            "value": value,
        }
        for key, value in (one.get("labels") or {}).items()
    ]


def utc(at: Any) -> datetime | None:
    """An instant with its offset, which Google writes as in California; None for none."""
    return in_utc(datetime.fromisoformat(str(at))) if at else None
