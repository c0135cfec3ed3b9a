"""Clusters, registries and log buckets: every column of their rows, each question asked once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from collectors.calls import CallError
from collectors.gcp.clusters import get_clusters, may_be_pool, pools_of, transform_clusters
from collectors.gcp.listing import Listed
from collectors.gcp.logs import get_log_buckets, transform_log_buckets
from collectors.gcp.registries import Stock, get_repositories, transform_repositories
from tests.collectors.gcp.canned import (
    AT,
    PROJECT,
    Canned,
    Desk,
    aggregated,
    denied,
    zone,
)

HERE = {"cloud": "gcp", "account_id": PROJECT, "region": "us-central1"}
MADE, WHEN = "2026-08-01T00:00:00Z", datetime(2026, 8, 1)
OFF = CallError("skipped", "SERVICE_DISABLED", "The API is not enabled.")
ABSENT = CallError("skipped", "NOT_FOUND", "It is not offered.")


def told(values: dict[str, str], value: float, metric: dict[str, str] | None = None) -> dict[str, Any]:
    """A series that was measured yesterday."""
    point = {
        "interval": {"endTime": f"{AT - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"},
        "value": {"doubleValue": value},
    }
    return {"resource": {"labels": values}, "metric": {"labels": metric or {}}, "points": [point]}


# --- clusters ---------------------------------------------------------------------------------------------


def cluster(name: str = "prod", location: str = "us-central1", **more: Any) -> dict[str, Any]:
    return {
        "name": name, "location": location, "status": "RUNNING", "currentMasterVersion": "1.33.4-gke.1", "createTime": MADE,
        "resourceLabels": {"team": "a"}, **more,
    }  # fmt: skip


def clusters_of(*found: dict[str, Any]) -> list[dict[str, Any]]:
    return transform_clusters(Listed(list(found)), PROJECT)["clusters"]


def test_a_cluster_has_all_its_columns() -> None:
    assert clusters_of(cluster()) == [
        {**HERE, "cluster_id": "prod", "name": "prod", "kind": "gke", "version": "1.33.4-gke.1", "state": "active",
         "mode": "standard", "created_at": WHEN},
    ]  # fmt: skip
    assert clusters_of(cluster(autopilot={"enabled": True}, status="ERROR"))[0]["mode"] == "serverless"


def test_clusters_of_one_name_are_told_apart_where_their_region_does_not() -> None:
    found = clusters_of(
        cluster(location="us-central1-a"),
        cluster(location="us-central1-b"),
        cluster(location="us-east1"),
        cluster(location="us-east1"),
    )
    assert [one["cluster_id"] for one in found] == ["us-central1-a/prod", "us-central1-b/prod", "prod"]


def test_zones_without_an_answer_are_known() -> None:
    found = get_clusters(
        Canned(**{"container/clusters": {"clusters": [cluster()], "missingZones": ["us-east1-b"]}})
    )
    assert (len(found.items), found.unreachable) == (1, {"us-east1-b"})


def pool(scaling: dict[str, Any] | None, *zones: str) -> dict[str, Any]:
    urls = [f"{zone(one)}/instanceGroupManagers/gke-prod-1-grp" for one in zones]
    return {
        "name": "p",
        "instanceGroupUrls": urls,
        **({"autoscaling": scaling} if scaling is not None else {}),
    }


@pytest.mark.parametrize(
    ("scaling", "zones", "limits"),
    [
        (None, 1, {"autoscaled": False}),
        ({"enabled": True, "minNodeCount": 1, "maxNodeCount": 5}, 2, {"autoscaled": True, "min_size": 1, "max_size": 5}),
        ({"enabled": True, "maxNodeCount": 5}, 1, {"autoscaled": True, "min_size": 0, "max_size": 5}),
        ({"enabled": True, "totalMinNodeCount": 3, "totalMaxNodeCount": 9}, 1, {"autoscaled": True, "min_size": 3, "max_size": 9}),
        ({"enabled": True, "totalMinNodeCount": 3, "totalMaxNodeCount": 9}, 3, {"autoscaled": True, "min_size": None, "max_size": 9}),
    ],
)  # fmt: skip
def test_a_pool_is_a_group_in_each_of_its_zones_with_the_limits_that_hold_there(
    scaling: dict[str, Any] | None, zones: int, limits: dict[str, Any]
) -> None:
    places = [f"us-central1-{letter}" for letter in "abc"[:zones]]
    found = pools_of([cluster(nodePools=[pool(scaling, *places)])])
    assert found == {(place, "gke-prod-1-grp"): {"cluster": "prod", **limits} for place in places}


def test_groups_of_a_pool_are_told_as_such_also_where_only_groups_are_asked_for(desk: Desk) -> None:
    groups = [
        {"id": str(n), "name": name, "zone": zone("us-central1-a"), "targetSize": 3, "status": {}}
        for n, name in enumerate(("gke-prod-1-grp", "web"))
    ]
    client = Canned(**{
        "instanceGroupManagers": aggregated("instanceGroupManagers", *groups), "instances": aggregated("instances"),
        "container/clusters": {"clusters": [cluster(nodePools=[pool({"enabled": True, "maxNodeCount": 9}, "us-central1-a")])]},
    })  # fmt: skip
    desk.collect(client, only=("scaling_groups",))
    assert desk.rows("SELECT name, kind, cluster, autoscaled, max_size FROM scaling_groups ORDER BY 1") == [
        ("gke-prod-1-grp", "node_pool", "prod", True, 9), ("web", "group", None, False, 3),
    ]  # fmt: skip
    assert may_be_pool(groups[0])
    plain = Canned(instanceGroupManagers=aggregated("instanceGroupManagers", groups[1]))
    desk.collect(plain, only=("scaling_groups",))
    assert "container/clusters" not in {name for name, _ in plain.asked}


def test_pools_whose_clusters_are_denied_are_a_word_with_the_groups(desk: Desk) -> None:
    group = {
        "id": "1",
        "name": "gke-prod-1-grp",
        "zone": zone("us-central1-a"),
        "targetSize": 3,
        "status": {},
    }
    groups = aggregated("instanceGroupManagers", group)
    refused = denied("container.clusters.list")
    desk.collect(
        Canned(**{"instanceGroupManagers": groups, "container/clusters": refused}), only=("scaling_groups",)
    )
    assert desk.coverage()["global", "scaling_groups"][:2] == ("partial", str(refused))


# --- registries -------------------------------------------------------------------------------------------


def repository(name: str = "app", location: str = "us", **more: Any) -> dict[str, Any]:
    return {"name": f"projects/{PROJECT}/locations/{location}/repositories/{name}", "format": "DOCKER", "mode": "STANDARD_REPOSITORY",
            "createTime": MADE, "sizeBytes": "1000", **more}  # fmt: skip


def image(digest: str, *tags: str, **more: Any) -> dict[str, Any]:
    return {"name": f"{repository()['name']}/dockerImages/web@sha256:{digest}", "tags": list(tags), "imageSizeBytes": "500",
            "uploadTime": MADE, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", **more}  # fmt: skip


INDEX = "application/vnd.oci.image.index.v1+json"
DELETES = {"old": {"action": "DELETE"}}


def stock(one: dict[str, Any], *images: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return transform_repositories(Stock(Listed([one]), {one["name"]: list(images)}), PROJECT)


def test_a_repository_and_its_images_have_all_their_columns() -> None:
    rows = stock(repository(labels={"team": "a"}), image("a", "v1"), image("b"))
    place = {**HERE, "region": "us", "repository_id": "locations/us/repositories/app"}
    assert rows["repositories"] == [
        {**place, "name": "app", "registry": None, "has_cleanup": False, "stored_bytes": 1000.0, "pulls_known": False,
         "created_at": WHEN},
    ]  # fmt: skip
    one = {**place, "stored_bytes": 500.0, "pushed_at": WHEN, "last_pulled_at": None}
    assert rows["registry_images"] == [
        {**one, "image_id": "web@sha256:a", "tagged": True}, {**one, "image_id": "web@sha256:b", "tagged": False},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("index", "tagged"),
    [
        (image("i", "v1", mediaType=INDEX, imageManifests=[{"digest": "sha256:b"}]), [True, True, False]),
        (image("i", mediaType=INDEX, imageManifests=[{"digest": "sha256:b"}]), [False, False, False]),
        (image("i", "v1", mediaType=INDEX), [True, None, None]),
    ],
)
def test_parts_of_a_tagged_image_are_tagged_with_it_and_unknown_where_it_does_not_tell_them(
    index: dict[str, Any], tagged: list[bool | None]
) -> None:
    rows = stock(repository(), index, image("b"), image("c"))["registry_images"]
    assert [one["tagged"] for one in rows] == tagged


@pytest.mark.parametrize(
    ("more", "cleanup"),
    [
        ({"cleanupPolicies": DELETES}, True),
        ({"cleanupPolicies": DELETES, "cleanupPolicyDryRun": True}, False),
        ({"cleanupPolicies": {"keep": {"action": "KEEP"}}}, False),
    ],
)
def test_only_policies_that_delete_clean_up(more: dict[str, Any], cleanup: bool) -> None:
    assert stock(repository(**more))["repositories"][0]["has_cleanup"] is cleanup


def test_repositories_are_asked_for_where_the_project_is_and_where_any_has_a_size() -> None:
    sizes = {"timeSeries": [told({"location": "europe-west9"}, 5.0)]}
    client = Canned(
        **{
            "artifactregistry/repositories": {"repositories": [repository(format="MAVEN")]},
            "timeSeries": sizes,
        }
    )
    found = get_repositories(client, AT, ["us-central1", "nam4"], [])
    places = [one["location"] for one in client.questions("artifactregistry/repositories")]
    assert places == ["asia", "europe", "us", "us-central1", "europe-west9"]
    assert found.images == {}


def test_a_registry_that_is_off_takes_one_call_and_images_that_are_denied_are_a_word() -> None:
    off = Canned(**{"artifactregistry/repositories": OFF})
    with pytest.raises(CallError):
        get_repositories(off, AT, ["us-central1"], [])
    assert len(off.asked) == 1
    problems: list[str] = []
    some = Canned(**{"artifactregistry/repositories": {"repositories": [repository()]},
                     "artifactregistry/dockerImages": denied("artifactregistry.dockerimages.list")})  # fmt: skip
    found = get_repositories(some, AT, [], problems)
    assert (found.images, len(problems)) == ({repository()["name"]: None}, 1)


# --- logs -------------------------------------------------------------------------------------------------


def log_bucket(name: str = "audit", place: str = "us-central1", **more: Any) -> dict[str, Any]:
    return {"name": f"projects/{PROJECT}/locations/{place}/buckets/{name}", "retentionDays": 3650, "lifecycleState": "ACTIVE",
            "createTime": MADE, **more}  # fmt: skip


def test_a_log_bucket_holds_what_was_measured_of_every_kind_and_only_its_first_month_is_free() -> None:
    labels = {"log_bucket_location": "us-central1", "log_bucket_id": "audit"}
    held = [told({}, 5.0, {**labels, "data_type": kind}) for kind in ("LOG", "AUDIT_LOG")]
    client = Canned(**{"logging/buckets": {"buckets": [log_bucket()]}, "timeSeries": {"timeSeries": held}})
    rows = transform_log_buckets(get_log_buckets(client, AT, []), PROJECT)["log_groups"]
    assert rows == [
        {**HERE, "log_group_id": "locations/us-central1/buckets/audit", "name": "audit", "stored_bytes": 10.0, "retention_days": 3650,
         "unlimited": False, "free_days": 30, "storage_class": None, "created_at": WHEN},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "days", "free"),
    [
        (log_bucket("_Required", "global", retentionDays=400), 400, 400),
        (log_bucket("_Default", "global", retentionDays=30), 30, 30),
        (log_bucket("_Default", "global", retentionDays=None), 30, 30),
    ],
)
def test_what_google_requires_is_free_for_all_its_days(one: dict[str, Any], days: int, free: int) -> None:
    (row,) = transform_log_buckets((Listed([one]), {}), PROJECT)["log_groups"]
    assert (row["region"], row["retention_days"], row["free_days"]) == ("global", days, free)
    assert row["stored_bytes"] is None


def test_a_log_bucket_that_is_about_to_go_is_gone() -> None:
    gone = log_bucket(lifecycleState="DELETE_REQUESTED")
    assert transform_log_buckets((Listed([gone]), {}), PROJECT)["log_groups"] == []
