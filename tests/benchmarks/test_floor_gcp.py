"""The floor that `make bench` and the tests hold the collector of Google Cloud against, on made-up logs."""

from typing import Any

from tests.benchmarks.floor_gcp import least_calls, zones_of

DISKS, TYPES = ("compute", "disks.aggregatedList"), ("compute", "machineTypes.list")
SERIES = ("monitoring", "projects.timeSeries.list")


def call(
    action: str,
    items: int = 0,
    *,
    service: str = "compute",
    project: str = "p",
    zone: str = "",
    **params: Any,
) -> dict[str, Any]:
    names = {"project": project, **({"zone": zone} if zone else {})}
    return {
        "service": service,
        "action": action,
        "project": project,
        "names": names,
        "items": items,
        "params": params,
    }


def points(items: int, *, metric: str = "cpu", start: str = "2026-11-01", token: str = "") -> dict[str, Any]:
    window = {"interval.startTime": start, "interval.endTime": start}
    more = {"pageToken": token} if token else {}
    return call("projects.timeSeries.list", items, service="monitoring", filter=metric, **window, **more)


def test_half_empty_pages_are_surplus() -> None:
    log = [call(DISKS[1], 250, maxResults="250", pageToken=str(page)) for page in range(4)]
    assert least_calls(log) == {DISKS: 2}


def test_a_page_that_was_asked_for_twice_counts_once() -> None:
    assert least_calls([call(DISKS[1], 500, pageToken="1")] * 3) == {DISKS: 1}


def test_each_project_is_asked_and_an_empty_answer_took_a_call() -> None:
    assert least_calls([call(DISKS[1], project=one) for one in ("p", "q")]) == {DISKS: 2}


def test_metrics_are_bounded_by_points_whatever_their_windows() -> None:
    assert least_calls([points(100_000), points(40_000, token="1")]) == {SERIES: 2}
    assert least_calls([points(30_000, start=f"2026-11-{day:02}") for day in range(1, 6)]) == {SERIES: 2}
    assert least_calls([points(1), points(1, metric="memory")]) == {SERIES: 2}


def test_types_are_asked_of_as_few_zones_as_have_every_series() -> None:
    log = [call(TYPES[1], 300, zone=zone, project=f"p-{zone}") for zone in "abc"]
    assert least_calls(log) == {TYPES: 3}
    classes = {"steady": [{"type": "n2-standard-2", "zone": "a"}, {"type": "e2-medium", "zone": "b"}]}
    classes["idle"] = [{"type": "e2-small", "zone": "c"}, {"type": "n2-custom-2-4096", "zone": "c"}]
    zones = zones_of(
        {**classes, "deleted": [{"type": "c2-standard-4", "zone": "a"}], "low_io": [{"id": "1"}]}
    )
    assert least_calls(log, zones) == {TYPES: 1}
    assert least_calls(log, {"a": frozenset({"n2"}), "b": frozenset({"e2"})}) == {TYPES: 2}
    assert least_calls(log[:1], {"a": frozenset({"n2"}), "b": frozenset({"e2"})}) == {TYPES: 1}
