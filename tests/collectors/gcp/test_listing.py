"""What lists of Compute Engine have in common: pages, what could not be reached, URLs, instants, numbers, labels."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.calls import CallError
from collectors.gcp.inventory import LIST_DISKS
from collectors.gcp.listing import (
    SOMEWHERE,
    key_of,
    labels,
    listed,
    listed_if_there,
    name_of,
    place_of,
    region_in,
    region_of,
    utc,
)
from collectors.gcp.snapshots import LIST_SNAPSHOTS
from collectors.gcp.storage import LIST_BUCKETS
from collectors.rows import number, once
from tests.collectors.gcp.canned import PROJECT, URL, Canned, aggregated, denied, disk

UNREACHABLE = {"code": "UNREACHABLE", "message": "could not be reached"}


def test_an_aggregated_list_is_the_union_of_its_scopes_and_pages() -> None:
    pages = [
        aggregated("disks", disk(1), disk(2, "us-central1-b"), nextPageToken="two"),
        aggregated("disks", disk(3, zone=None, region=f"{URL}/regions/us-east1")),
    ]
    client = Canned(disks=pages)
    found = listed(client, LIST_DISKS)
    assert [one["name"] for one in found.items] == ["disk-1", "disk-2", "disk-3"]
    assert found.unreachable == set()
    assert client.questions("disks")[0] == {"returnPartialSuccess": True, "maxResults": 500}


@pytest.mark.parametrize(
    "page", [{}, {"items": {}}, {"items": {"zones/a": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}}}]
)
def test_a_scope_without_results_is_empty_and_nothing_is_missing(page: dict[str, Any]) -> None:
    found = listed(Canned(disks=page), LIST_DISKS)
    assert (found.items, found.unreachable, bool(found)) == ([], set(), False)


@pytest.mark.parametrize(
    ("more", "places"),
    [
        ({"unreachables": ["zones/us-central1-b"]}, {"us-central1-b"}),
        ({"unreachables": [f"{URL}/zones/us-central1-b", "regions/us-east1"]}, {"us-central1-b", "us-east1"}),
        ({"unreachable": ["zones/us-central1-b/"]}, {"us-central1-b"}),
        ({"unreachables": "zones/us-central1-b"}, {"us-central1-b"}),
        ({"items": {"zones/us-central1-b": {"warning": UNREACHABLE}}}, {"us-central1-b"}),
        ({"warning": UNREACHABLE}, {SOMEWHERE}),
        ({"warning": {**UNREACHABLE, "data": [{"key": "troubleshoot", "value": "x"}]}}, {SOMEWHERE}),
        ({"warning": {**UNREACHABLE, "data": [{"key": "scope", "value": "zones/a-a1-a"}, {"key": "scope", "value": "zones/a-a1-b"}]}},
         {"a-a1-a", "a-a1-b"}),
        ({"warning": {"code": "NO_RESULTS_ON_PAGE"}}, set()),
        ({"warning": {}}, set()),
    ],
)  # fmt: skip
def test_a_place_that_could_not_be_reached_is_known_in_each_form_that_it_is_told_in(
    more: dict[str, Any], places: set[str]
) -> None:
    assert listed(Canned(disks={"items": {}, **more}), LIST_DISKS).unreachable == places
    if "items" not in more:
        assert listed(Canned(snapshots=more), LIST_SNAPSHOTS).unreachable == places


def test_a_place_that_only_the_first_page_misses_is_not_forgotten() -> None:
    pages = [{"items": {}, "unreachables": ["zones/a-a1-a"], "nextPageToken": "two"}, {"items": {}}]
    assert listed(Canned(disks=pages), LIST_DISKS).unreachable == {"a-a1-a"}


def test_buckets_are_listed_whole_or_not_at_all() -> None:
    client = Canned(b={"items": []})
    listed(client, LIST_BUCKETS, project=PROJECT)
    assert client.questions("b") == [{"project": PROJECT, "maxResults": 1000}]


@pytest.mark.parametrize(
    "items", [{"zones/a": {"disks": ["text"]}}, {"zones/a": ["text"]}, ["text"], {"zones/a": {"disks": 7}}]
)
def test_a_list_of_another_shape_is_no_empty_list(items: Any) -> None:
    with pytest.raises((TypeError, AttributeError)):
        listed(Canned(disks={"items": items}), LIST_DISKS)


def test_a_kind_of_thing_that_a_project_cannot_have_is_none_and_one_that_is_denied_is_told() -> None:
    for error in (CallError("skipped", "accessNotConfigured", ""), CallError("failed", "notFound", "")):
        assert not listed_if_there(Canned(disks=error), LIST_DISKS)
    with pytest.raises(CallError):
        listed_if_there(Canned(disks=denied()), LIST_DISKS)


# --- names and places -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "name", "place"),
    [
        (f"{URL}/zones/us-central1-a/instances/web", "web", ("us-central1-a", "web")),
        (f"{URL}/zones/us-central1-a/instances/web/", "web", ("us-central1-a", "web")),
        ("projects/123/regions/us-east1/instanceGroupManagers/web", "web", ("us-east1", "web")),
        (f"{URL}/global/addresses/ip", "ip", ("global", "ip")),
        ("web", "web", ("global", "web")),
    ],
)
def test_a_url_is_a_place_and_a_name(url: str, name: str, place: tuple[str, str]) -> None:
    assert (name_of(url), place_of(url)) == (name, place)


@pytest.mark.parametrize(
    ("more", "region", "key"),
    [
        (
            {"zone": f"{URL}/zones/northamerica-northeast1-c"},
            "northamerica-northeast1",
            "northamerica-northeast1-c",
        ),
        ({"zone": "us-central1-a"}, "us-central1", "us-central1-a"),
        ({"region": f"{URL}/regions/us-central1"}, "us-central1", "us-central1"),
        ({}, "global", "global"),
    ],
)
def test_a_resource_is_in_a_zone_a_region_or_nowhere(more: dict[str, Any], region: str, key: str) -> None:
    assert region_of(more) == region
    assert key_of({**more, "name": "x"}) == (key, "x")


def test_a_region_is_no_zone() -> None:
    assert region_in("us-central1") == "us-central1"


# --- values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "instant"),
    [
        ("2026-07-31T17:00:00.000-07:00", datetime(2026, 8, 1)),
        ("2026-12-31T16:30:00.5-08:00", datetime(2027, 1, 1, 0, 30, 0, 500_000)),
        ("2026-08-01T00:00:00Z", datetime(2026, 8, 1)),
        (None, None),
        ("", None),
    ],
)
def test_instants_are_told_as_in_california_and_kept_in_utc(told: Any, instant: datetime | None) -> None:
    assert utc(told) == instant


@pytest.mark.parametrize(
    ("told", "value"), [("100", 100.0), (7, 7.0), ("0", 0.0), (0, 0.0), (None, None), ("", None)]
)
def test_numbers_may_be_text_and_missing_is_not_zero(told: Any, value: float | None) -> None:
    assert number(told) == value


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=20)
def test_ids_are_text_to_the_last_digit(identity: int) -> None:
    (one,) = once([{"id": str(identity)}, {"id": str(identity)}], "id")
    assert int(one["id"]) == identity


def test_hostile_labels_are_kept_letter_by_letter() -> None:
    hostile = {"=cmd()": "<script>", "bidi\u202e": "'; DROP TABLE tags; --", "": ""}
    found = labels(PROJECT, "us-central1", "instance", "1", {"labels": hostile})
    assert {one["key"]: one["value"] for one in found} == hostile
    assert labels(PROJECT, "us-central1", "instance", "1", {"labels": None}) == []
