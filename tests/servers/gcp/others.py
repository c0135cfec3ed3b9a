"""Cloud SQL Admin and Cloud Storage: what a project has of them."""

from tests.servers.gcp import pages
from tests.servers.gcp.filters import FilterError, Parser, field_of
from tests.servers.gcp.front import Route, authorize
from tests.servers.gcp.state import WORLD, Item, public
from tests.servers.gcp.wire import Call, RefusalError, missing


def databases(call: Call) -> Item:
    """GET instances of Cloud SQL; of regions out of reach a warning instead."""
    found = [(scope, public(item)) for scope, item in call.home().every("sql")]
    missed = sorted({scope.partition("/")[2] for scope, _ in found if scope in WORLD.unreachable})
    items = [item for scope, item in found if scope not in WORLD.unreachable]
    if call.params.get("filter"):
        try:
            test = Parser(call.params["filter"]).parsed()
        except FilterError:
            raise RefusalError(400, "Invalid request: Invalid filter.", "invalid") from None
        items = [item for item in items if test(field_of(item))]
    page, token = pages.cut(call, items, call.number("maxResults", 500, 1000) or 500)
    answer: Item = ({"items": page} if page else {}) | ({"nextPageToken": token} if token else {})
    if missed:
        answer["warnings"] = [
            {"code": "REGION_UNREACHABLE", "message": f"The region {each} is unreachable.", "region": each}
            for each in missed
        ]
    return answer


def buckets(call: Call) -> Item:
    """GET b?project=: lifecycle and IAM configuration are there always, owners and ACLs with projection=full only."""
    if not call.params.get("project"):
        raise RefusalError(400, "Required parameter: project", "required")
    if WORLD.project(call.params["project"]) is None:
        raise missing(call, f"projects/{call.params['project']}")
    authorize(call, "storage.buckets.list")
    items = [public(item) for _, item in call.home().every("buckets")]
    prefix = call.params.get("prefix", "")
    page, token = pages.cut(
        call,
        [each for each in items if each["name"].startswith(prefix)],
        call.number("maxResults", 1000, 1000) or 1000,
    )
    return {
        "kind": "storage#buckets",
        **({"items": page} if page else {}),
        **({"nextPageToken": token} if token else {}),
    }


ROUTES = [
    Route(
        "GET",
        "/v1/projects/{project}/instances",
        "sqladmin",
        "instances.list",
        "cloudsql.instances.list",
        databases,
    ),
    Route(
        "GET",
        "/sql/v1beta4/projects/{project}/instances",
        "sqladmin",
        "instances.list",
        "cloudsql.instances.list",
        databases,
    ),
    Route("GET", "/storage/v1/b", "storage", "buckets.list", "", buckets),
]
