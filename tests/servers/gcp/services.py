"""APIs that list by location: Memorystore, GKE, Artifact Registry, Logging, Vertex AI, Workbench, Cloud Run, Functions."""

from functools import partial

from tests.servers.gcp import pages
from tests.servers.gcp.front import Route
from tests.servers.gcp.places import REGIONS, ZONES
from tests.servers.gcp.state import WORLD, Item, public
from tests.servers.gcp.wire import Call, RefusalError, info

PLACES = {*REGIONS, *ZONES, "us", "europe", "asia", "global"}
# Service: the kind in our world, its name in paths and answers, most on a page, whether "-" stands for every location.
LISTS = {
    "redis": ("v1", "caches", "instances", 1000, True, "redis.instances.list"),
    "artifactregistry": (
        "v1",
        "repositories",
        "repositories",
        1000,
        False,
        "artifactregistry.repositories.list",
    ),
    "logging": ("v2", "log_buckets", "buckets", 1000, True, "logging.buckets.list"),
    "aiplatform": ("v1", "endpoints", "endpoints", 1000, False, "aiplatform.endpoints.list"),
    "notebooks": ("v2", "notebooks", "instances", 1000, True, "notebooks.instances.list"),
    "cloudfunctions": ("v2", "functions", "functions", 1000, True, "cloudfunctions.functions.list"),
}


def here(call: Call, kind: str, anywhere: bool) -> list[tuple[str, Item]]:
    """Resources of the location that the path names, with where they are."""
    location = call.names["location"]
    if (location == "-" and not anywhere) or location not in PLACES | {"-"}:
        raise RefusalError(400, f"Request contains an invalid argument: location {location}.", details=[
            info("INVALID_ARGUMENT", f"{call.service}.googleapis.com", location=location)])  # fmt: skip
    found = [(scope.rpartition("/")[2], item) for scope, item in call.home().every(kind)]
    return [(place, item) for place, item in found if location in ("-", place)]


def lost(place: str) -> bool:
    return bool({f"zones/{place}", f"regions/{place}", f"regions/{ZONES.get(place, '')}"} & WORLD.unreachable)


def listed(call: Call, kind: str, name: str, most: int, anywhere: bool) -> Item:
    """A list with the usual pages; places that are out of reach are told beside it, empty lists are left out."""
    found = here(call, kind, anywhere)
    items = [public(item) for place, item in found if not lost(place)]
    missed = sorted({place for place, _ in found if lost(place)})
    page, token = pages.cut(call, items, call.number("pageSize", 100, most) or 100)
    told: Item = {name: page} if page else {}
    told |= {"nextPageToken": token} if token else {}
    return told | ({"unreachable": missed} if missed else {})


def clusters(call: Call) -> Item:
    """Every cluster at once: the list has no pages."""
    found = here(call, "clusters", True)
    missed = sorted({place for place, _ in found if lost(place)})
    items = [public(item) for place, item in found if not lost(place)]
    call.items = len(items)
    return ({"clusters": items} if items else {}) | ({"missingZones": missed} if missed else {})


def images(call: Call) -> Item:
    """The images of a repository."""
    names, project = call.names, call.home()
    full = f"projects/{project.id}/locations/{names['location']}/repositories/{names['repository']}"
    if full not in [item["name"] for _, item in project.every("repositories")]:
        raise RefusalError(404, f"Repository {full} not found.")
    items = [public(item) for item in project.of("dockerImages", full).values()]
    page, token = pages.cut(call, items, call.number("pageSize", 100, 1000) or 100)
    return ({"dockerImages": page} if page else {}) | ({"nextPageToken": token} if token else {})


def services(call: Call) -> Item:
    """Services in the words of Knative, which has pages of its own kind."""
    found = [
        {key: value for key, value in public(item).items() if key != "name"}
        for _, item in here(call, "services", True)
    ]
    size = call.number("limit", 100, 1000) or 100
    start = pages.place(call, "continue")
    page = found[start : start + size]
    call.items = len(page)
    more = {"continue": pages.token(call, start + size, "continue")} if start + size < len(found) else {}
    return {"apiVersion": "serving.knative.dev/v1", "kind": "ServiceList", "metadata": more, "items": page}


ROUTES = [
    *(
        Route(
            "GET", f"/{version}/projects/{{project}}/locations/{{location}}/{name}", service,
            f"projects.locations.{name}.list", permission,
            partial(listed, kind=kind, name=name, most=most, anywhere=anywhere),
        )
        for service, (version, kind, name, most, anywhere, permission) in LISTS.items()
    ),
    Route(
        "GET", "/v1/projects/{project}/locations/{location}/clusters", "container", "projects.locations.clusters.list",
        "container.clusters.list", clusters,
    ),
    Route(
        "GET", "/v1/projects/{project}/locations/{location}/repositories/{repository}/dockerImages", "artifactregistry",
        "projects.locations.repositories.dockerImages.list", "artifactregistry.dockerimages.list", images,
    ),
    Route(
        "GET", "/v1/projects/{project}/locations/{location}/services", "run", "projects.locations.services.list",
        "run.services.list", services,
    ),
]  # fmt: skip
