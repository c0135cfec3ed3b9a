"""Resource Manager v3: organisations, folders, projects."""

from typing import Any

from tests.servers.gcp import pages
from tests.servers.gcp.filters import FilterError, Parser
from tests.servers.gcp.front import Route, authorize, permitted
from tests.servers.gcp.state import CUSTOMER, DOMAIN, ORGANIZATION, WORLD, Folder, Item, Project, millis
from tests.servers.gcp.wire import Call, RefusalError, forbidden


def told_project(project: Project) -> Item:
    made: Item = {
        "name": f"projects/{project.number}", "parent": project.parent, "projectId": project.id, "state": project.state, "displayName": project.name,
        "createTime": millis(project.made), "updateTime": millis(project.made), "etag": "W/\"8a6f7c\"",
    }  # fmt: skip
    if project.labels:
        made["labels"] = project.labels
    if project.state == "DELETE_REQUESTED":
        made["deleteTime"] = millis(WORLD.now())
    return made


def told_folder(folder: Folder) -> Item:
    return {"name": f"folders/{folder.number}", "parent": folder.parent, "displayName": folder.name, "state": folder.state,
            "createTime": millis(folder.made), "updateTime": millis(folder.made), "etag": "W/\"77ab\""}  # fmt: skip


def told_organization() -> Item:
    made = millis(Folder("0", "", "").made)
    return {"name": f"organizations/{ORGANIZATION}", "displayName": DOMAIN, "directoryCustomerId": CUSTOMER, "state": "ACTIVE", "createTime": made,
            "updateTime": made, "etag": "W/\"01\""}  # fmt: skip


def parent_of(call: Call) -> str:
    parent = call.params.get("parent", "")
    kind, _, number = parent.partition("/")
    if kind not in ("folders", "organizations") or not number.isdigit():
        raise RefusalError(400, "Request contains an invalid argument.")
    if parent != f"organizations/{ORGANIZATION}" and number not in WORLD.folders:
        raise forbidden(call)
    return parent


def with_deleted(call: Call) -> bool:
    return call.params.get("showDeleted", "").lower() == "true"


def paged(call: Call, kind: str, found: list[Item], most: int = 300) -> Item:
    page, token = pages.cut(call, found, call.number("pageSize", most, most) or most)
    return ({kind: page} if page else {}) | ({"nextPageToken": token} if token else {})


def projects_list(call: Call) -> Item:
    """Direct children only, active ones unless asked otherwise."""
    parent = parent_of(call)
    authorize(call, "resourcemanager.projects.list", parent)
    found = [
        told_project(each)
        for each in WORLD.projects.values()
        if each.parent == parent and (with_deleted(call) or each.state == "ACTIVE")
    ]
    return paged(call, "projects", found)


def folders_list(call: Call) -> Item:
    parent = parent_of(call)
    authorize(call, "resourcemanager.folders.list", parent)
    found = [
        told_folder(each)
        for each in WORLD.folders.values()
        if each.parent == parent and (with_deleted(call) or each.state == "ACTIVE")
    ]
    return paged(call, "folders", found)


def searched(call: Call, items: list[tuple[Item, str]], permission: str) -> list[Item]:
    """What the query leaves of what this caller may see; whatever is not said to be otherwise matches in any state."""
    query = call.params.get("query", "").strip()
    try:
        test = Parser(query).parsed() if query else lambda get: True
    except FilterError:
        raise RefusalError(400, "Request contains an invalid argument.") from None
    call.permission = permission
    return [item for item, place in items if permitted(call, permission, place) and test(getter(item))]


def getter(item: Item) -> Any:
    """id, parent, state, name or displayName with * at the ends, labels.x."""

    def get(name: str) -> Any:
        if name.startswith("labels."):
            return item.get("labels", {}).get(name.removeprefix("labels."))
        return item.get(
            {"id": "projectId", "name": "displayName", "lifecycleState": "state", "parentId": "parent"}.get(
                name, name
            )
        )

    return get


def projects_search(call: Call) -> Item:
    held = [(told_project(each), each.id) for each in WORLD.projects.values()]
    return paged(call, "projects", searched(call, held, "resourcemanager.projects.get"))


def folders_search(call: Call) -> Item:
    held = [(told_folder(each), f"folders/{each.number}") for each in WORLD.folders.values()]
    return paged(call, "folders", searched(call, held, "resourcemanager.folders.get"))


def organizations_search(call: Call) -> Item:
    held = [(told_organization(), f"organizations/{ORGANIZATION}")] if WORLD.projects else []
    return paged(call, "organizations", searched(call, held, "resourcemanager.organizations.get"))


def project_get(call: Call) -> Item:
    """403 for what is not there, as for what one may not see."""
    call.permission = "resourcemanager.projects.get"
    found = WORLD.project(call.names["project"])
    if found is None or not permitted(call, call.permission, found.id):
        raise forbidden(call)
    return told_project(found)


def folder_get(call: Call) -> Item:
    authorize(call, "resourcemanager.folders.get", f"folders/{call.names['folder']}")
    found = WORLD.folders.get(call.names["folder"])
    if found is None:
        raise forbidden(call)
    return told_folder(found)


def organization_get(call: Call) -> Item:
    authorize(call, "resourcemanager.organizations.get", f"organizations/{call.names['organization']}")
    if call.names["organization"] != ORGANIZATION:
        raise forbidden(call)
    return told_organization()


def permissions_tested(call: Call) -> Item:
    """Which of these permissions the caller has on the project."""
    found = [each for each in call.body.get("permissions", []) if permitted(call, each, call.project)]
    return {"permissions": found} if found else {}


_NAME = "cloudresourcemanager"
ROUTES = [
    Route("GET", "/v3/projects", _NAME, "projects.list", "", projects_list),
    Route("GET", "/v3/projects:search", _NAME, "projects.search", "", projects_search),
    Route("GET", "/v3/projects/{project}", _NAME, "projects.get", "", project_get),
    Route(
        "POST",
        "/v3/projects/{project}:testIamPermissions",
        _NAME,
        "projects.testIamPermissions",
        "",
        permissions_tested,
    ),
    Route("GET", "/v3/folders", _NAME, "folders.list", "", folders_list),
    Route("GET", "/v3/folders:search", _NAME, "folders.search", "", folders_search),
    Route("GET", "/v3/folders/{folder}", _NAME, "folders.get", "", folder_get),
    Route("GET", "/v3/organizations:search", _NAME, "organizations.search", "", organizations_search),
    Route("GET", "/v3/organizations/{organization}", _NAME, "organizations.get", "", organization_get),
]
