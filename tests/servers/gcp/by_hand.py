"""Resources that a test makes itself: what it does not say is as in a plain one."""

from datetime import timedelta

from tests.servers.gcp import items
from tests.servers.gcp.state import WORLD, Item, Project, parse


def put(project: Project, kind: str, scope: str, item: Item) -> str:
    """Add an item to a collection and scope; a field of None is absent, `_from` says since when it is there. Returns the id."""
    number = len(project.of(kind, scope))
    name = str(item.get("name") or f"by-hand-{number + 1}")
    since = parse(item["_from"]) if "_from" in item else WORLD.now() - timedelta(days=200)
    identity = str(
        item.get("id") or 7_000_000_000_000_000_000 + sum(len(held) for held in project.resources.values())
    )
    place = scope.partition("/")[2]
    if kind == "instances":
        made = items.instance(project, place, name, identity, str(item.get("_type", "e2-standard-2")), since)
    elif kind == "disks":
        made = items.disk(project, scope, name, identity, 100, str(item.get("_type", "pd-balanced")), since)
    elif kind == "addresses":
        made = items.address(project, scope, name, identity, "35.199.0.1", since)
    else:
        made = items.base(project, kind, scope, name, identity, since)
    project.add(kind, scope, {**made, **item, "name": name, "id": identity, "_from": since})
    return identity
