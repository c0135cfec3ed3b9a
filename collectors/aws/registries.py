"""Repositories of ECR and the images in them, by the verbs of inventory."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from collectors.aws.client import Api, Client
from collectors.aws.inventory import all_of, utc
from collectors.aws.tagging import tagged
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, number, once, place, tag_rows
from finops.warehouse import Scope

_NOBODY = {"repositoryName": "finops-doctor"}
DESCRIBE_REPOSITORIES = Api(
    "ecr", "describe_repositories", "ecr:DescribeRepositories", probe={"maxResults": 1}
)
DESCRIBE_REGISTRY_IMAGES = Api("ecr", "describe_images", "ecr:DescribeImages", probe=_NOBODY)
GET_CLEANUP = Api("ecr", "get_lifecycle_policy", "ecr:GetLifecyclePolicy", probe=_NOBODY)
# Reads manifests, which name the layers and not what is in them.
GET_MANIFESTS = Api(
    "ecr",
    "batch_get_image",
    "ecr:BatchGetImage",
    probe={**_NOBODY, "imageIds": [{"imageTag": "finops-doctor"}]},
)
_LISTS = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
_MANIFESTS_A_CALL = 100


def get_repositories(client: Client, problems: Problems) -> dict[str, Any]:
    """Repositories, and their tags by ARN."""
    found = all_of(client, DESCRIBE_REPOSITORIES, "repositories")
    return {"each": found, "tags": tagged(client, "ecr:repository", problems) if found else {}}


def get_contents(client: Client, repositories: Sequence[Mapping[str, Any]], problems: Problems) -> Raw:
    """The repositories, each with its images, whether a policy cleans it up, and what its lists of images hold."""
    return [
        {
            **one,
            "cleanup": beside(problems, lambda name=name: _cleans_up(client, name)),  # type: ignore[misc]
            **_contents(client, name, problems),
        }
        for one in repositories
        for name in (str(one["repositoryName"]),)
    ]


def _contents(client: Client, name: str, problems: Problems) -> dict[str, Any]:
    images = beside(
        problems, lambda: all_of(client, DESCRIBE_REGISTRY_IMAGES, "imageDetails", repositoryName=name)
    )
    return {"images": images, "held": _held(client, name, images or [], problems)}


def _cleans_up(client: Client, name: str) -> bool:
    try:
        client.get(GET_CLEANUP, repositoryName=name)
    except CallError as error:
        if error.code == "LifecyclePolicyNotFoundException":
            return False
        raise
    return True


def _held(client: Client, name: str, images: Raw, problems: Problems) -> set[str] | None:
    """Digests that a list with a tag holds: its images for each architecture have no tag of their own.

    None when that could not be read. Asked only where there are such lists and images without a tag.
    """
    lists = [
        one["imageDigest"]
        for one in images
        if one.get("imageTags") and one.get("imageManifestMediaType") in _LISTS
    ]
    if not lists or all(one.get("imageTags") for one in images):
        return set()

    def ask() -> set[str]:
        return {
            str(child["digest"])
            for start in range(0, len(lists), _MANIFESTS_A_CALL)
            for one in client.get(
                GET_MANIFESTS,
                repositoryName=name,
                imageIds=[{"imageDigest": digest} for digest in lists[start : start + _MANIFESTS_A_CALL]],
                acceptedMediaTypes=list(_LISTS),
            ).get("images") or ()
            for child in json.loads(one["imageManifest"]).get("manifests") or ()
        }  # fmt: skip

    return beside(problems, ask)


def transform_repositories(raw: Mapping[str, Any], scope: Scope) -> Rows:
    """Rows of repositories, of their images, and tags; of a repository that may not be listed no images."""
    rows: Rows = {"repositories": [], "registry_images": [], "tags": []}
    for one in once(raw["each"], "repositoryArn"):
        arn = str(one["repositoryArn"])
        rows["repositories"].append(
            {
                **place(scope),
                "repository_id": arn,
                "name": one["repositoryName"],
                "has_cleanup": one.get("cleanup"),
                "stored_bytes": 0.0 if one.get("images") == [] else None,  # of others the images tell
                "pulls_known": True if one.get("images") is not None else None,
                "created_at": utc(one.get("createdAt")),
            }
        )
        images, held = one.get("images") or [], one.get("held")
        kept = _kept(images, held or set())
        for image in once(images, "imageDigest"):
            rows["registry_images"].append(
                {**place(scope), "repository_id": arn, **_image(image, kept, held)}
            )
        rows["tags"] += tag_rows(scope, "repository", arn, raw["tags"].get(arn, {}))
    return rows


def _image(one: Mapping[str, Any], kept: set[str], held: set[str] | None) -> dict[str, Any]:
    digest = str(one["imageDigest"])
    return {
        "image_id": digest,
        # Without a tag, and nobody could read which images the lists hold: not known.
        "tagged": True if digest in kept else None if held is None else False,
        "stored_bytes": number(one.get("imageSizeInBytes")),
        "pushed_at": utc(one.get("imagePushedAt")),
        "last_pulled_at": utc(one.get("lastRecordedPullTime")),
    }


def _kept(images: Iterable[Mapping[str, Any]], held: set[str]) -> set[str]:
    """Digests that have a tag, are held by a list that has, or speak of one of these (signatures, attestations)."""
    images = list(images)
    kept = held | {str(one["imageDigest"]) for one in images if one.get("imageTags")}
    return kept | {str(one["imageDigest"]) for one in images if one.get("subjectManifestDigest") in kept}
