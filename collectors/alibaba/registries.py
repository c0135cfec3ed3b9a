"""Container registries of one region (ACR Enterprise Edition): repositories and their images.

The registry tells images by their tags, so that what no tag points to is not seen, and not when an image was pulled.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from collectors.alibaba.api import Api
from collectors.alibaba.client import Client
from collectors.alibaba.products import Paging
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.hours import EPOCH
from collectors.regions import Problems
from collectors.rows import Raw, number, once, place
from finops.warehouse import Scope

_NUMBERS = Paging("PageSize", "PageNo", total="TotalCount")
_FIRST = {"PageNo": 1, "PageSize": 1}
_NOBODY = {**_FIRST, "InstanceId": "cri-finops-doctor"}
LIST_REGISTRIES = Api(
    "cr", "ListInstance", "cr:ListInstance", items="Instances", paging=_NUMBERS, probe=_FIRST
)
LIST_REPOSITORIES = Api(
    "cr", "ListRepository", "cr:ListRepository", items="Repositories", paging=_NUMBERS, probe=_NOBODY
)
LIST_TAGS = Api(
    "cr", "ListRepoTag", "cr:ListRepositoryTag", items="Images", paging=_NUMBERS,
    probe={**_NOBODY, "RepoId": "crr-finops-doctor"},
)  # fmt: skip
LIST_RULES = Api(
    "cr", "ListArtifactLifecycleRule", "cr:ListArtifactLifecycleRule", items="Rules", paging=_NUMBERS, page=30,
    probe=_NOBODY, optional=True,
)  # fmt: skip


class _Asking:
    """Questions of one kind that are refused once are refused for every registry: they are asked no more."""

    def __init__(self, problems: Problems) -> None:
        self._problems, self._refused = problems, set[str]()

    def get(self, api: Api, ask: Callable[[], Raw]) -> Raw | None:
        if api.operation in self._refused:
            return None
        try:
            return ask()
        except CallError as error:
            if (
                error.status != "skipped" and "NOT_EXIST" not in error.code.upper()
            ):  # deleted since it was listed
                self._problems.append(str(error))
            if error.status in ("skipped", "denied"):
                self._refused.add(api.operation)
            return None


def get_repositories(client: Client, problems: Problems) -> Raw:
    """Repositories of all registries, each with its `images` and with the cleanup `rules` of its registry; None for
    what could not be had."""
    asking = _Asking(problems)
    found: Raw = []
    for registry in client.all(LIST_REGISTRIES):
        of = {"InstanceId": registry["InstanceId"]}
        repositories = asking.get(LIST_REPOSITORIES, lambda of=of: client.all(LIST_REPOSITORIES, **of)) or []  # type: ignore[misc]
        rules = asking.get(LIST_RULES, lambda of=of: client.all(LIST_RULES, **of)) if repositories else None  # type: ignore[misc]
        for one in repositories:
            of_one = {**of, "RepoId": one["RepoId"]}
            images = asking.get(LIST_TAGS, lambda of=of_one: client.all(LIST_TAGS, **of))  # type: ignore[misc]
            found.append({**one, "images": images, "rules": rules})
    return found


def transform_repositories(raw: Raw, scope: Scope) -> Rows:
    """Rows of repositories and of their images, by digest."""
    rows: Rows = {"repositories": [], "registry_images": []}
    for one in once(raw, "RepoId"):
        identity, rules = str(one["RepoId"]), one["rules"]
        rows["repositories"].append(
            {
                **place(scope),
                "repository_id": identity,
                "name": "/".join(str(one[key]) for key in ("RepoNamespaceName", "RepoName") if one.get(key))
                or None,
                "registry": one.get("InstanceId") or None,
                "has_cleanup": None if rules is None else any(_cleans(rule, one) for rule in rules),
                "pulls_known": False,
                "created_at": _instant(one.get("CreateTime")),
            }
        )
        for image in once(one["images"] or (), "Digest"):
            rows["registry_images"].append(
                {
                    **place(scope),
                    "repository_id": identity,
                    "image_id": str(image["Digest"]),
                    "tagged": True,
                    "stored_bytes": number(image.get("ImageSize")),
                    "pushed_at": _instant(image.get("ImageUpdate") or image.get("ImageCreate")),
                }
            )
    return rows


def _cleans(rule: Mapping[str, Any], repository: Mapping[str, Any]) -> bool:
    """Whether a rule that runs by itself deletes images of a repository."""
    if not rule.get("Auto") or rule.get("DryRun") or rule.get("EnableDeleteTag") is False:
        return False
    return all(
        rule.get(theirs) in (None, "", repository.get(ours))
        for theirs, ours in (("NamespaceName", "RepoNamespaceName"), ("RepoName", "RepoName"))
    )


def _instant(milliseconds: Any) -> datetime | None:
    return EPOCH + timedelta(milliseconds=int(milliseconds)) if milliseconds else None
