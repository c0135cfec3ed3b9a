"""Which questions are asked: the fewest that tell what is missing, in windows without holes, and no more than fits."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.gcp.measures import CPU, DAYS, GPU, MEMORY, MOST_POINTS, POINTS, Assets, Batch, plan
from collectors.gcp.monitoring import Question
from collectors.hours import DAY, HOUR, Window
from tests.collectors.gcp.canned import AT

_DAY = timedelta(days=1)
LONG_AGO = datetime(2026, 1, 15, 12)
TYPES = {"n2": {"gpu_count": 0, "memory_gib": 16.0}, "a2": {"gpu_count": 2, "memory_gib": 85.0}}


def machine(identity: str = "1", region: str = "us-central1", **more: Any) -> dict[str, Any]:
    return {
        "instance_id": identity, "region": region, "state": "running", "state_since": LONG_AGO, "launched_at": LONG_AGO,
        "instance_type": "n2", "gpu_count": 0, **more,
    }  # fmt: skip


def planned(
    *machines: Mapping[str, Any],
    newest: Mapping[str, Any] | None = None,
    at: datetime = AT,
    days: int = DAYS,
    devices: Mapping[tuple[str, str], str] | None = None,
) -> list[Batch]:
    return plan(Assets(machines, (), TYPES, devices or {}), newest or {}, at, days)


def stored(day: datetime, *metrics: str) -> dict[tuple[str, str, int], datetime]:
    """What is stored of machine 1: the newest day of these metrics, all of them without."""
    names = metrics or tuple({one.measure.metric for one in planned(machine())})
    return {("1", name, DAY): day for name in names}


def starts(batches: list[Batch]) -> dict[str, datetime]:
    """From when on each metric is asked."""
    found: dict[str, datetime] = {}
    for one in batches:
        found[one.measure.metric] = min(found.get(one.measure.metric, one.window.start), one.window.start)
    return found


# --- what is asked ----------------------------------------------------------------------------------------


def test_a_project_of_machines_is_asked_for_everything_in_one_question_each() -> None:
    batches = planned(machine(), machine("2", "europe-west1"))
    assert [one.measure.metric for one in batches] == [
        "cpu_utilization", "memory_utilization", "network_in_bytes_per_second", "network_out_bytes_per_second",
        "disk_read_ops_per_second", "disk_write_ops_per_second", "disk_read_bytes_per_second", "disk_write_bytes_per_second",
    ]  # fmt: skip
    assert {one.window for one in batches} == {Window(AT - 95 * _DAY, AT)}
    assert sum(one.calls for one in batches) == 10  # means and highest of two ratios, six rates


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({}, False), ({"gpu_count": 1}, True), ({"instance_type": "a2"}, True), ({"instance_type": "unknown"}, True),
    ],
)  # fmt: skip
def test_graphics_are_asked_about_only_where_there_may_be_some(more: dict[str, Any], asked: bool) -> None:
    assert (GPU in {one.measure for one in planned(machine(**more))}) is asked


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({"state": "stopped", "state_since": AT - 96 * _DAY}, False),
        ({"state": "stopped", "state_since": AT - 94 * _DAY}, True),
        ({"state": "stopped", "state_since": None}, True),
        ({"state": "other", "state_since": None}, True),
    ],
)
def test_machines_that_were_off_all_the_time_are_not_asked_about(more: dict[str, Any], asked: bool) -> None:
    assert bool(planned(machine(**more))) is asked


def test_nothing_to_measure_is_no_question() -> None:
    assert planned() == []


def test_ratios_have_a_mean_and_a_highest_moment_and_rates_only_themselves() -> None:
    for one in planned(machine(gpu_count=1)):
        expected = (
            ("ALIGN_MEAN", "ALIGN_MAX") if one.measure.metric.endswith("utilization") else ("ALIGN_RATE",)
        )
        assert one.measure.aligners == expected
    assert (CPU.hourly, MEMORY.hourly) == (True, False)


def test_a_question_is_in_the_words_of_monitoring() -> None:
    asked = Question(MEMORY.google, "ALIGN_MEAN", Window(AT - _DAY, AT), MEMORY.where)
    assert asked.parameters == {
        "filter": 'metric.type="agent.googleapis.com/memory/percent_used" AND metric.labels.state="used"',
        "interval.startTime": "2026-11-19T00:00:00Z", "interval.endTime": "2026-11-20T00:00:00Z",
        "aggregation.alignmentPeriod": "3600s", "aggregation.perSeriesAligner": "ALIGN_MEAN", "view": "FULL",
    }  # fmt: skip


# --- from when on -----------------------------------------------------------------------------------------


def test_a_machine_is_asked_about_from_the_day_it_was_made() -> None:
    made = datetime(2026, 11, 10, 17, 30)
    assert set(starts(planned(machine(launched_at=made))).values()) == {datetime(2026, 11, 10)}
    assert set(starts(planned(machine(launched_at=None))).values()) == {AT - 95 * _DAY}
    assert set(starts(planned(machine(launched_at=made), days=3)).values()) == {AT - 3 * _DAY}


def test_where_a_day_is_stored_it_and_the_one_before_are_asked_again_and_nothing_older() -> None:
    found = planned(machine(), newest={"us-central1": stored(AT - _DAY)})
    assert set(starts(found).values()) == {AT - 2 * _DAY}


def test_a_region_that_is_new_is_asked_about_from_its_first_machine_on() -> None:
    made = datetime(2026, 11, 5, 8)
    machines = (machine(), machine("2", "europe-west1", launched_at=made))
    assert set(starts(planned(*machines, newest={"us-central1": stored(AT - _DAY)})).values()) == {
        datetime(2026, 11, 5)
    }


def test_a_metric_that_was_never_had_is_asked_for_from_the_beginning_and_an_agent_s_where_processors_end() -> (
    None
):
    known = {"us-central1": stored(AT - _DAY, "cpu_utilization", "network_in_bytes_per_second")}
    found = starts(planned(machine(gpu_count=1), newest=known))
    assert found["disk_read_ops_per_second"] == AT - 95 * _DAY
    assert found["memory_utilization"] == found["gpu_utilization"] == AT - 2 * _DAY


def test_hours_that_are_stored_say_nothing_about_days() -> None:
    known = {"us-central1": {("1", "cpu_utilization", HOUR): AT - _DAY}}
    assert starts(planned(machine(), newest=known))["cpu_utilization"] == AT - 95 * _DAY


def test_an_hour_that_is_not_over_is_not_asked_about() -> None:
    at = AT + timedelta(hours=13, minutes=59)
    assert {one.window.end for one in planned(machine(), at=at)} == {AT + timedelta(hours=13)}


# --- windows ----------------------------------------------------------------------------------------------


@given(
    st.integers(1, 6000), st.integers(1, DAYS), st.integers(0, 24 * 60 - 1), st.integers(0, 3),
    st.one_of(st.none(), st.integers(0, 100)),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_windows_have_no_hole_and_no_overlap_and_hold_whole_days_in_hardly_more_pages_than_needed(
    count: int, days: int, minutes: int, disks: int, back: int | None
) -> None:
    at = AT + timedelta(minutes=minutes)
    devices = {("0", f"d{n}"): f"v{n}" for n in range(disks)}
    machines = [machine(str(n)) for n in range(count)]
    newest = {} if back is None else {"us-central1": stored(AT - back * _DAY)}
    batches = planned(*machines, at=at, days=days, devices=devices, newest=newest)
    end = at.replace(minute=0)
    start = max(
        (at - days * _DAY).replace(hour=0, minute=0),
        datetime(2000, 1, 1) if back is None else AT - (back + 1) * _DAY,
    )
    by_metric: dict[str, list[Batch]] = {}
    for one in batches:
        by_metric.setdefault(one.measure.metric, []).append(one)
        assert one.window.start == one.window.start.replace(hour=0, minute=0)
        assert one.points / len(one.measure.aligners) <= MOST_POINTS
    assert len(by_metric) == 8
    for some in by_metric.values():
        edges = [(one.window.start, one.window.end) for one in some]
        assert edges[0][0] == start
        assert edges[-1][1] == end
        assert all(before[1] == after[0] for before, after in pairwise(edges))
        aligners, hours = len(some[0].measure.aligners), int((end - start).total_seconds()) // HOUR
        floor = aligners * -(-some[0].series * hours // POINTS)
        assert sum(one.calls for one in some) <= max(1.1 * floor, floor + aligners * (len(some) - 1))
        assert sum(one.calls for one in some) <= 1.1 * floor or len(some) < 3


@pytest.mark.parametrize("count", [1, 40, 800, 2000, 20_000])
def test_a_first_collection_makes_at_most_a_tenth_more_calls_than_there_are_pages(count: int) -> None:
    batches = planned(*(machine(str(n)) for n in range(count)))
    floor = 10 * -(-count * 95 * 24 // POINTS)
    assert sum(one.calls for one in batches) <= 1.1 * floor
