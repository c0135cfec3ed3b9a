"""Buckets and repositories from answers that the local AWS does not give."""

from datetime import datetime
from typing import Any

import pytest

from collectors.aws.buckets import get_buckets, get_settings, transform_buckets
from collectors.aws.registries import get_contents, get_repositories, transform_repositories
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.aws.answers import Canned, needs_recorded, recorded

AT = datetime(2026, 11, 20)
DENIED = CallError("denied", "AccessDenied", "It is denied.")
NONE = CallError("failed", "NoSuchLifecycleConfiguration", "There is none.")
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"


def scope(dataset: str) -> Scope:
    return Scope("aws", "012345678901", "eu-west-1", dataset)


def bucket(problems: list[str] | None = None, **answers: Any) -> dict[str, Any]:
    """The row of one bucket whose settings are answered so."""
    usual = {
        "s3_get_bucket_lifecycle_configuration": NONE,
        "s3_get_bucket_versioning": {},
        "s3_list_multipart_uploads": {},
    }
    told = [] if problems is None else problems
    found = get_settings(Canned(**{**usual, **answers}), [{"Name": "b"}], told)
    (row,) = transform_buckets({"each": found, "tags": {}, "sizes": {}}, scope("buckets"), "aws")["buckets"]
    return row


def rule(**more: Any) -> dict[str, Any]:
    return {"ID": "r", "Status": "Enabled", "Filter": {}, **more}


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        # has_lifecycle, moves_class, expires_versions, aborts_uploads, adapts_class
        ([], (False, False, False, False, False)),
        ([rule(Expiration={"Days": 30})], (True, False, False, False, False)),
        ([rule(Expiration={"ExpiredObjectDeleteMarker": True})], (False, False, False, False, False)),
        ([rule(Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}])], (True, True, False, False, False)),
        ([rule(Transitions=[{"Days": 0, "StorageClass": "INTELLIGENT_TIERING"}])], (True, True, False, False, True)),
        ([rule(Filter={"Prefix": "logs/"}, Transitions=[{"Days": 0, "StorageClass": "INTELLIGENT_TIERING"}])],
         (True, True, False, False, False)),
        ([rule(NoncurrentVersionExpiration={"NoncurrentDays": 7})], (True, False, True, False, False)),
        ([rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7})], (False, False, False, True, False)),
        ([rule(Status="Disabled", Expiration={"Days": 30})], (False, False, False, False, False)),
    ],
)  # fmt: skip
def test_what_the_rules_of_a_bucket_do(rules: list[dict[str, Any]], told: tuple[bool, ...]) -> None:
    row = bucket(s3_get_bucket_lifecycle_configuration={"Rules": rules} if rules else NONE)
    names = ("has_lifecycle", "moves_class", "expires_versions", "aborts_uploads", "adapts_class")
    assert tuple(row[name] for name in names) == told


def test_rules_that_may_not_be_read_are_unknown_and_their_bucket_is_named() -> None:
    problems: list[str] = []
    row = bucket(problems, s3_get_bucket_lifecycle_configuration=DENIED)
    assert {row[name] for name in ("has_lifecycle", "moves_class", "expires_versions", "adapts_class")} == {
        None
    }
    assert problems == ["It is denied. That is about the bucket b."]


def test_many_denied_buckets_are_one_sentence() -> None:
    problems: list[str] = []
    client = Canned(**dict.fromkeys(
        ("s3_get_bucket_lifecycle_configuration", "s3_get_bucket_versioning", "s3_list_multipart_uploads"), DENIED
    ))  # fmt: skip
    get_settings(client, [{"Name": f"b{number}"} for number in range(8)], problems)
    assert problems == ["It is denied. That is about the buckets b0, b1, b2, b3, b4 and 3 more."]


def test_unfinished_uploads_are_counted_over_pages_up_to_a_limit() -> None:
    page = {"IsTruncated": True, "NextKeyMarker": "k", "NextUploadIdMarker": "u",
            "Uploads": [{"Initiated": "2026-01-02T00:00:00Z"}, {"Initiated": "2025-01-02T00:00:00Z"}]}  # fmt: skip
    last = {"IsTruncated": False, "Uploads": [{"Initiated": "2024-05-06T00:00:00Z"}]}
    row = bucket(s3_list_multipart_uploads=lambda asked: last if "KeyMarker" in asked else page)
    assert (row["unfinished_uploads"], row["unfinished_since"]) == (3, datetime(2024, 5, 6))
    assert bucket(s3_list_multipart_uploads=page)["unfinished_uploads"] == 20


def test_old_versions_of_a_bucket_whose_versioning_was_suspended_are_kept() -> None:
    assert bucket(s3_get_bucket_versioning={"Status": "Suspended"})["versioned"] is True
    assert bucket()["versioned"] is False


def test_a_bucket_of_another_region_is_left_to_it() -> None:
    listed = [
        {"Name": "here", "BucketRegion": "eu-west-1"},
        {"Name": "there", "BucketRegion": "us-east-1"},
        {"Name": "old"},
    ]
    client = Canned(
        s3_list_buckets={"Buckets": listed}, s3_get_bucket_location={"LocationConstraint": "EU"},
        resourcegroupstaggingapi_get_resources={}, cloudwatch_list_metrics={"Metrics": []},
    )  # fmt: skip
    assert [one["Name"] for one in get_buckets(client, AT, [])["each"]] == ["here", "old"]
    assert [name for name, _ in client.asked].count("s3_get_bucket_location") == 1


def test_without_buckets_one_call_is_all() -> None:
    client = Canned(s3_list_buckets={"Buckets": []})
    assert get_buckets(client, AT, []) == {"each": [], "tags": {}, "sizes": {}}
    assert len(client.asked) == 1


def test_a_bucket_that_keeps_everything_in_intelligent_tiering_adapts() -> None:
    sizes = {
        "b": {"IntelligentTieringFAStorage": 9e9, "IntelligentTieringIAStorage": 1e9, "NumberOfObjects": 3.0}
    }
    raw = {"each": [{"Name": "b", "lifecycle": []}], "tags": {}, "sizes": sizes}
    (row,) = transform_buckets(raw, scope("buckets"), "aws")["buckets"]
    assert (row["stored_bytes"], row["standard_bytes"], row["objects"], row["adapts_class"]) == (
        1e10,
        0.0,
        3,
        True,
    )


@needs_recorded
def test_recorded_rules_are_understood() -> None:
    answer = recorded("s3.GetBucketLifecycleConfiguration/test_s3_lifecycle")
    row = bucket(s3_get_bucket_lifecycle_configuration=answer)
    assert (row["has_lifecycle"], row["moves_class"], row["adapts_class"]) == (True, True, False)


# --- repositories -----------------------------------------------------------------------------------------


def images(
    *told: dict[str, Any], problems: list[str] | None = None, **answers: Any
) -> dict[str, bool | None]:
    """Whether each image of a repository counts as tagged."""
    repository = {"repositoryArn": "arn:r", "repositoryName": "r"}
    client = Canned(**{
        "ecr_describe_repositories": {"repositories": [repository]}, "ecr_describe_images": {"imageDetails": list(told)},
        "ecr_get_lifecycle_policy": CallError("failed", "LifecyclePolicyNotFoundException", "There is none."),
        "resourcegroupstaggingapi_get_resources": {}, **answers,
    })  # fmt: skip
    heard = [] if problems is None else problems
    raw = get_repositories(client, heard)
    rows = transform_repositories(
        {**raw, "each": get_contents(client, raw["each"], heard)}, scope("repositories")
    )
    return {row["image_id"]: row["tagged"] for row in rows["registry_images"]}


LISTED = {"imageDigest": "list", "imageTags": ["v1"], "imageManifestMediaType": INDEX}


def test_where_the_lists_may_not_be_read_what_has_no_tag_is_unknown() -> None:
    problems: list[str] = []
    found = images(LISTED, {"imageDigest": "a"}, problems=problems, ecr_batch_get_image=DENIED)
    assert (found, problems) == ({"list": True, "a": None}, ["It is denied."])


def test_without_lists_no_manifest_is_read() -> None:
    assert images({"imageDigest": "a"}, {"imageDigest": "b", "imageTags": ["x"]}) == {"a": False, "b": True}
    assert images(LISTED) == {"list": True}


def test_a_signature_of_a_tagged_image_is_kept_with_it() -> None:
    signed = [{"imageDigest": "b", "imageTags": ["x"]}, {"imageDigest": "s", "subjectManifestDigest": "b"},
              {"imageDigest": "t", "subjectManifestDigest": "gone"}]  # fmt: skip
    assert images(*signed) == {"b": True, "s": True, "t": False}


def test_a_repository_whose_images_may_not_be_listed_has_none_and_says_so() -> None:
    problems: list[str] = []
    assert images(problems=problems, ecr_describe_images=DENIED) == {}
    assert problems == ["It is denied."]
