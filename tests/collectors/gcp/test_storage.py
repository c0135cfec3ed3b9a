"""Buckets: what they are by their list, what they hold by measures of a day, unknown where nothing was measured."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from collectors.gcp.storage import get_buckets, transform_buckets
from tests.collectors.gcp.canned import AT, NO_SERIES, PROJECT, Canned, denied

HERE = {"cloud": "gcp", "account_id": PROJECT, "region": "us-central1"}


def bucket(name: str = "logs", **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "location": "US-CENTRAL1", "storageClass": "STANDARD",
            "timeCreated": "2026-08-01T00:00:00Z", **more}  # fmt: skip


def held(name: str, *days: tuple[int, float], kind: str = "STANDARD") -> dict[str, Any]:
    """What a bucket held so many days before now."""
    points = [
        {
            "interval": {"endTime": f"{AT - timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"},
            "value": {"doubleValue": value},
        }
        for day, value in days
    ]
    labels = {"metric": {"labels": {"storage_class": kind}}, "resource": {"labels": {"bucket_name": name}}}
    return {**labels, "points": points}


def buckets_of(*told: dict[str, Any], stored: Any = NO_SERIES) -> tuple[list[dict[str, Any]], list[str]]:
    problems: list[str] = []
    client = Canned(b={"items": list(told)}, timeSeries=stored)
    return transform_buckets(get_buckets(client, AT, problems), PROJECT)["buckets"], problems


def test_a_bucket_has_all_its_columns() -> None:
    stored = {
        "timeSeries": [
            held("logs", (0, 70.0), (1, 1000.0)),
            held("logs", (0, 30.5), kind="ARCHIVE"),
            held("other", (0, 9.0)),
        ]
    }
    rows, problems = buckets_of(bucket(labels={"team": "a"}), stored=stored)
    assert rows == [
        {**HERE, "bucket_id": "logs", "storage_class": "STANDARD", "location_type": None, "stored_bytes": 100.5,
         "standard_bytes": 70.0, "objects": 100, "has_lifecycle": False, "aborts_uploads": False, "moves_class": False,
         "expires_versions": False, "versioned": False, "adapts_class": False, "created_at": datetime(2026, 8, 1)},
    ]  # fmt: skip
    assert problems == []


def test_a_class_that_a_bucket_has_no_more_is_not_added() -> None:
    stored = {"timeSeries": [held("logs", (1, 500.0), (2, 500.0)), held("logs", (0, 500.0), kind="ARCHIVE")]}
    assert buckets_of(bucket(), stored=stored)[0][0]["stored_bytes"] == 500.0


def test_a_bucket_that_was_never_measured_holds_an_unknown_amount() -> None:
    (row,), _ = buckets_of(bucket(), stored={"timeSeries": [held("logs", (0, float("nan")))]})
    assert row["stored_bytes"] is None


def test_an_empty_bucket_that_was_measured_holds_nothing() -> None:
    assert buckets_of(bucket(), stored={"timeSeries": [held("logs", (0, 0.0))]})[0][0]["stored_bytes"] == 0.0


def test_measures_that_may_not_be_read_are_words_and_the_buckets_are_there() -> None:
    rows, problems = buckets_of(bucket(), stored=denied("a"))
    assert [one["stored_bytes"] for one in rows] == [None]
    assert set(problems) == {str(denied("a"))}


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"location": "US"}, "region", "us"),
        ({"location": "NAM4"}, "region", "nam4"),
        ({"lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 30}}]}}, "has_lifecycle", True),
        ({"lifecycle": {"rule": [{"action": {"type": "SetStorageClass", "storageClass": "NEARLINE"}}]}}, "has_lifecycle", True),
        ({"lifecycle": {"rule": [{"action": {"type": "AbortIncompleteMultipartUpload"}}]}}, "has_lifecycle", False),
        ({"lifecycle": {"rule": [{"action": {"type": "AbortIncompleteMultipartUpload"}}]}}, "aborts_uploads", True),
        ({"lifecycle": {}}, "has_lifecycle", False),
        ({"versioning": {"enabled": True}}, "versioned", True),
        ({"autoclass": {"enabled": True}}, "adapts_class", True),
        ({"locationType": "dual-region"}, "location_type", "dual-region"),
        ({"lifecycle": {"rule": [{"action": {"type": "SetStorageClass", "storageClass": "COLDLINE"}}]}}, "moves_class", True),
        ({"lifecycle": {"rule": [{"action": {"type": "SetStorageClass", "storageClass": "STANDARD"}}]}}, "moves_class", False),
        ({"lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"isLive": False}}]}}, "expires_versions", True),
        ({"lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 30}}]}}, "expires_versions", True),
        ({"lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"isLive": True}}]}}, "expires_versions", False),
    ],
)  # fmt: skip
def test_what_a_bucket_tells(more: dict[str, Any], column: str, value: Any) -> None:
    assert buckets_of(bucket(**more))[0][0][column] == value


def test_without_buckets_nothing_is_measured() -> None:
    client = Canned()
    get_buckets(client, AT, [])
    assert [name for name, _ in client.asked] == ["b"]
