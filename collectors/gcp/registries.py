"""Repositories of Artifact Registry that hold container images, and the images in them.

The service lists a place at a time and takes no place for all of them. Those are asked that the size of a repository
is measured in, those in which the project has anything, and the places of several regions.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import Client
from collectors.gcp.listing import Listed, columns, labels, listed, location_of, own_name, utc
from collectors.gcp.measures import MEAN
from collectors.gcp.monitoring import Question, latest
from collectors.hours import DAY, Window, midnight
from collectors.regions import Problems, beside
from collectors.rows import Raw, number, once

LIST_REPOSITORIES = Api(
    "artifactregistry", "v1/projects/{project}/locations/{location}/repositories",
    "artifactregistry.repositories.list", items="repositories", size="pageSize", page=1000,
    probe={"location": "us", "pageSize": 1}, optional=True,
)  # fmt: skip
LIST_IMAGES = Api(
    "artifactregistry", "v1/projects/{project}/locations/{location}/repositories/{repository}/dockerImages",
    "artifactregistry.dockerimages.list", items="dockerImages", size="pageSize", page=1000, optional=True,
)  # fmt: skip
_SIZE = "artifactregistry.googleapis.com/repository/size"
_SEVERAL = frozenset({"us", "europe", "asia"})
_PLACE = re.compile(r"[a-z]+-[a-z]+\d+\Z")  # a region
_LATEST = timedelta(days=3)
_INDEX = ("index", "manifest.list")  # in the media type of an image that consists of others


@dataclass(slots=True)
class Stock:
    """Repositories, and by their names the images in them; None where they could not be read."""

    repositories: Listed
    images: dict[str, Raw | None] = field(default_factory=dict)


def get_repositories(client: Client, at: datetime, regions: Iterable[str], problems: Problems) -> Stock:
    """Repositories for containers, and their images. `regions` are those in which the project has anything."""
    found = Stock(_repositories(client, at, regions, problems))
    for one in once(found.repositories.items, "name"):
        if _holds_images(one):
            name = str(one["name"])
            found.images[name] = beside(problems, partial(_images, client, name))
    return found


def _holds_images(repository: Mapping[str, Any]) -> bool:
    """Whether a repository has images of its own: one that is remote or virtual shows those of others."""
    return repository.get("format") == "DOCKER" and repository.get("mode") != "VIRTUAL_REPOSITORY"


def _repositories(client: Client, at: datetime, regions: Iterable[str], problems: Problems) -> Listed:
    known = {region for region in regions if _PLACE.match(region)} | _SEVERAL
    found = _listed(client, known)  # first, for where the service is not enabled that is all there is to ask
    places = beside(problems, lambda: _places(client, at)) or set()
    found.items += _listed(client, places - known).items
    return found


def _listed(client: Client, places: Iterable[str]) -> Listed:
    found = Listed()
    for place in sorted(places):
        some = listed(client, LIST_REPOSITORIES, location=place)
        found.items += some.items
        found.unreachable |= some.unreachable
    return found


def _places(client: Client, at: datetime) -> set[str]:
    """Where repositories are that hold anything."""
    end = midnight(at)
    question = Question(
        _SIZE, MEAN, Window(end - _LATEST, end), seconds=DAY, groups=("resource.labels.location",)
    )
    return {place for told, _ in latest(client, question) if (place := told.get("location"))}


def _images(client: Client, name: str) -> Raw:
    _, _, _, location, _, repository = name.split("/")
    return listed(client, LIST_IMAGES, location=location, repository=repository).items


def transform_repositories(raw: Stock, project: str) -> Rows:
    """Rows of repositories, registry_images and tags. The API tells no pulls."""
    rows: Rows = {"repositories": [], "registry_images": [], "tags": []}
    for one in once(raw.repositories.items, "name"):
        if not _holds_images(one):
            continue
        region, identity = location_of(one["name"]), own_name(one["name"])
        rows["repositories"].append(
            {
                **columns(project, region),
                "repository_id": identity,
                "name": identity.rpartition("/")[2],
                "registry": None,
                "has_cleanup": _cleans_up(one),
                "stored_bytes": number(one.get("sizeBytes")),
                "pulls_known": False,
                "created_at": utc(one.get("createTime")),
            }
        )
        rows["tags"] += labels(project, region, "repository", identity, one)
        images = raw.images.get(str(one["name"])) or []
        place = {**columns(project, region), "repository_id": identity}
        rows["registry_images"] += [{**place, **row} for row in _rows(images)]
    return rows


def _cleans_up(repository: Mapping[str, Any]) -> bool:
    """Whether a policy deletes images, and does not only say what it would delete."""
    policies = (repository.get("cleanupPolicies") or {}).values()
    deletes = any(isinstance(one, Mapping) and one.get("action") == "DELETE" for one in policies)
    return deletes and not repository.get("cleanupPolicyDryRun")


def _rows(images: Raw) -> list[dict[str, Any]]:
    """Images of a repository. What belongs to a tagged image of several platforms is tagged with it; where such an
    image does not tell its parts, of the others of its name that is not known."""
    held: set[str] = set()
    unknown: set[str] = set()
    for one in images:
        if not any(word in str(one.get("mediaType") or "") for word in _INDEX):
            continue
        package, _, _ = _named(one).partition("@")
        parts = one.get("imageManifests")
        if parts is None:
            unknown.add(package)
        elif one.get("tags"):
            held |= {f"{package}@{part.get('digest')}" for part in parts}
    return [_image(one, held, unknown) for one in once(images, "name")]


def _image(one: Mapping[str, Any], held: set[str], unknown: set[str]) -> dict[str, Any]:
    name = _named(one)
    tagged: bool | None = bool(one.get("tags")) or name in held
    return {
        "image_id": name,
        "tagged": None if not tagged and name.partition("@")[0] in unknown else tagged,
        "stored_bytes": number(one.get("imageSizeBytes")),
        "pushed_at": utc(one.get("uploadTime")),
        "last_pulled_at": None,
    }


def _named(image: Mapping[str, Any]) -> str:
    """The name and digest of an image in its repository: app@sha256:…"""
    return str(image["name"]).rpartition("/dockerImages/")[2]
