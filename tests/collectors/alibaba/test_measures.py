"""What CloudMonitor and ECS are asked for: every series of everything that runs, no hole, as few questions as there can be."""

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.alibaba.measures import (
    CPU,
    GPU,
    MACHINES,
    OF_MACHINES,
    POINTS,
    Assets,
    Batch,
    DiskBatch,
    plan,
    windows,
)
from collectors.alibaba.metrics import question
from collectors.hours import DAY, HOUR, Window, first_hour, keep_from

AT = datetime(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
METRICS = tuple(measure.metric for measure in OF_MACHINES)
instants = st.integers(0, 1439).map(lambda minute: AT + timedelta(minutes=minute))


def machine(identity: str = "i-1", state: str = "running", kind: str = "ecs.g7.large") -> dict[str, Any]:
    return {"instance_id": identity, "state": state, "instance_type": kind}


def machines(count: int) -> list[dict[str, Any]]:
    return [machine(f"i-{number}") for number in range(count)]


def disk(identity: str = "d-1", **more: Any) -> dict[str, Any]:
    usual = {"state": "attached", "instance_id": "i-1", "is_boot": False, "performance_level": "PL1"}
    return {"volume_id": identity, **usual, **more}


def batches(plan: Iterable[Batch | DiskBatch], metric: str | None = None) -> list[Batch]:
    return [one for one in plan if isinstance(one, Batch) and metric in (None, one.measure.metric)]


def disks(plan: Iterable[Batch | DiskBatch]) -> list[DiskBatch]:
    return [one for one in plan if isinstance(one, DiskBatch)]


def pages(plan: Iterable[Batch]) -> int:
    """Pages of answers where every machine has every hour."""
    return sum(math.ceil(len(one.machines) * window.hours / POINTS) for one in plan for window in one.windows)


# --- what is asked of whom --------------------------------------------------------------------------------


def test_a_running_machine_is_asked_for_all_that_machines_have() -> None:
    asked = batches(plan(Assets([machine()]), {}, AT))
    assert sorted(one.measure.metric for one in asked) == sorted(METRICS)
    assert {one.machines for one in asked} == {("i-1",)}
    assert {one.hourly_from for one in asked} == {AT - timedelta(days=14)}


@pytest.mark.parametrize("state", ["stopped", "other"])
def test_a_machine_that_does_not_run_is_not_asked(state: str) -> None:
    assert plan(Assets([machine(state=state)]), {}, AT) == []


def test_nothing_to_measure_is_no_question() -> None:
    assert plan(Assets(), {}, AT) == []


def test_only_machines_with_gpus_are_asked_for_them() -> None:
    there = [
        machine("i-1"),
        machine("i-2", kind="ecs.gn6i-c4g1.xlarge"),
        machine("i-3", "stopped", "ecs.gn6i-c4g1.xlarge"),
    ]
    asked = batches(plan(Assets(there, gpu_types=frozenset({"ecs.gn6i-c4g1.xlarge"})), {}, AT), GPU.metric)
    assert [one.machines for one in asked] == [("i-2",)]


def test_only_machines_with_a_public_address_have_public_traffic() -> None:
    addresses = [
        {"resource_id": "i-1", "resource_type": "instance"},
        {"resource_id": "ngw-1", "resource_type": "nat_gateway"},
        {"resource_id": None, "resource_type": None},
    ]
    asked = batches(plan(Assets(machines(3), public_ips=addresses), {}, AT))
    assert {one.public for one in asked} == {frozenset({"i-1"})}


def test_network_is_what_goes_inside_and_through_public_addresses_in_bytes() -> None:
    for measure, way in ((OF_MACHINES[2], "In"), (OF_MACHINES[3], "Out")):
        assert [(one.name, one.public, one.scale) for one in measure.series] == [
            (f"Intranet{way}Rate", False, 1 / 8), (f"VPC_PublicIP_Internet{way}Rate", True, 1 / 8),
        ]  # fmt: skip


def test_ratios_are_told_in_per_cent_and_are_the_ones_with_percentiles() -> None:
    assert {one.metric for one in (*OF_MACHINES, GPU) if one.ratio} == {
        "cpu_utilization", "memory_utilization", "gpu_utilization",
    }  # fmt: skip
    assert all((one.series[0].scale == 1 / 100) is one.ratio for one in (*OF_MACHINES, GPU))


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({}, True),
        ({"is_boot": None}, True),
        ({"is_boot": True}, False),
        ({"is_boot": True, "performance_level": None}, False),
        ({"is_boot": True, "performance_level": "PL2"}, True),
        ({"is_boot": True, "performance_level": "PL3"}, True),
        ({"state": "unattached", "instance_id": None}, False),
        ({"state": "other"}, False),
        ({"instance_id": "i-stopped"}, False),
        ({"instance_id": "i-of-another-account"}, True),
        ({"instance_id": None}, True),
    ],
)
def test_disks_that_no_rule_could_judge_are_left_out(more: dict[str, Any], asked: bool) -> None:
    there = Assets([machine("i-1"), machine("i-stopped", "stopped")], [disk(**more)])
    assert bool(disks(plan(there, {}, AT))) is asked


# --- windows ----------------------------------------------------------------------------------------------


@given(instants, st.integers(1, 91))
def test_windows_have_no_hole_and_no_overlap_and_are_as_long_as_a_question_may_be(
    at: datetime, days: int
) -> None:
    start = first_hour(at, days)
    found = windows(start, at)
    assert found[0].start == start
    assert found[-1].end == at
    assert all(one.end == other.start for one, other in itertools.pairwise(found))
    assert all(timedelta(0) < one.end - one.start <= timedelta(days=31) for one in found)
    assert all(one.start == one.start.replace(hour=0, minute=0) for one in found[1:]), "days stay whole"
    assert len(found) == max(1, math.ceil((at - start - timedelta(days=31)) / timedelta(days=30)) + 1)


@given(instants, st.integers(1, 91))
def test_the_first_hour_is_whole_and_never_before_what_is_kept(at: datetime, days: int) -> None:
    start = first_hour(at, days)
    assert start == start.replace(minute=0, second=0)
    assert timedelta(minutes=30) <= start - (at - timedelta(days=days)) <= timedelta(minutes=90)


@given(instants, st.integers(0, 91 * 24 - 2))
@settings(max_examples=50)
def test_every_hour_is_in_the_answer_to_exactly_one_question(at: datetime, back: int) -> None:
    """CloudMonitor answers what is within (StartTime, EndTime]."""
    start = first_hour(at, 91) + back * _HOUR
    asked = (
        [question(CPU, "CPUUtilization", ["i-1"], window) for window in windows(start, at)]
        if start < at
        else []
    )
    hour = start - 2 * _HOUR
    while hour <= at + 2 * _HOUR:
        stamp = int(hour.replace(tzinfo=UTC).timestamp() * 1000)
        times = sum(int(one["StartTime"]) < stamp <= int(one["EndTime"]) for one in asked)
        assert times == (start <= hour < at), hour
        hour += 7 * _HOUR if _HOUR * 3 < hour - start < at - start - _DAY else _HOUR


def test_a_question_is_in_the_words_of_cloudmonitor() -> None:
    asked = question(CPU, "CPUUtilization", ["i-1", 'i-"2"'], Window(AT - _DAY, AT))
    assert asked == {
        "Namespace": "acs_ecs_dashboard", "MetricName": "CPUUtilization", "Period": "3600",
        "StartTime": "1795046399999", "EndTime": "1795132799999",
        "Dimensions": '[{"instanceId":"i-1"},{"instanceId":"i-\\"2\\""}]',
    }  # fmt: skip


@given(instants)
def test_a_disk_s_30_days_are_two_questions_of_400_hours_at_most(at: datetime) -> None:
    (one,) = disks(plan(Assets([machine()], [disk()]), {}, at))
    first, second = one.windows
    assert first.start == first_hour(at, 30)
    assert first.end == second.start
    assert second.end == at
    assert max(first.hours, second.hours) <= 400
    assert one.points == first.hours + second.hours


def test_fewer_days_are_fewer_windows() -> None:
    there = Assets([machine()], [disk()])
    assert [len(one.windows) for one in batches(plan(there, {}, AT, 31), CPU.metric)] == [1]
    assert [len(one.windows) for one in batches(plan(there, {}, AT, 60), CPU.metric)] == [2]
    assert [len(one.windows) for one in batches(plan(there, {}, AT, 400), CPU.metric)] == [3], "91 are kept"
    assert [len(one.windows) for one in disks(plan(there, {}, AT, 10))] == [1]


def test_kept_is_what_the_longest_window_asks_for() -> None:
    kept = keep_from(NOON)
    assert kept[DAY] <= first_hour(NOON, 91) - _DAY
    assert kept[HOUR] <= NOON - timedelta(days=14)
    assert kept[DAY] >= NOON - timedelta(days=97)


# --- only what is new -------------------------------------------------------------------------------------


def stored(day: datetime, *identities: str, but: Iterable[str] = ()) -> dict[Any, datetime]:
    """The newest stored days of machines."""
    return {(one, metric, DAY): day for one in identities for metric in METRICS if metric not in but}


def starts(found: Iterable[Batch]) -> dict[datetime, set[str]]:
    result: dict[datetime, set[str]] = {}
    for one in found:
        result.setdefault(one.windows[0].start, set()).update(one.machines)
    return result


def test_the_newest_day_is_asked_again_and_nothing_before_it() -> None:
    newest = stored(datetime(2026, 11, 19), "i-0", "i-1")
    for one in batches(plan(Assets(machines(2)), newest, NOON)):
        assert one.windows == (Window(datetime(2026, 11, 19), NOON),)
        assert one.machines == ("i-0", "i-1")


def test_what_was_stored_long_ago_does_not_make_the_window_longer() -> None:
    asked = batches(plan(Assets(machines(1)), stored(datetime(2026, 1, 1), "i-0"), AT))
    assert set(starts(asked)) == {first_hour(AT, 91)}


def test_what_is_nearly_up_to_date_is_not_asked_as_far_back_as_what_is_new() -> None:
    newest = stored(datetime(2026, 11, 18), *(f"i-{number}" for number in range(9)))
    assert starts(batches(plan(Assets(machines(10)), newest, AT), CPU.metric)) == {
        first_hour(AT, 91): {"i-9"},
        datetime(2026, 11, 18): {f"i-{number}" for number in range(9)},
    }


def test_a_metric_that_is_missing_is_asked_for_from_the_beginning() -> None:
    newest = stored(datetime(2026, 11, 18), "i-0", but=["disk_read_ops_per_second"])
    asked = plan(Assets(machines(1)), newest, AT)
    assert set(starts(batches(asked, "disk_read_ops_per_second"))) == {first_hour(AT, 91)}
    assert set(starts(batches(asked, "disk_write_ops_per_second"))) == {datetime(2026, 11, 18)}


def test_a_machine_without_an_agent_is_asked_for_one_since_the_processor_is_known() -> None:
    newest = stored(datetime(2026, 11, 18), "i-0", but=["memory_utilization"])
    asked = batches(plan(Assets(machines(1)), newest, AT, whole=AT - _DAY), "memory_utilization")
    assert set(starts(asked)) == {datetime(2026, 11, 18)}


def test_after_a_collection_that_lacked_something_an_agent_may_only_have_been_missed() -> None:
    newest = stored(datetime(2026, 11, 18), "i-0", but=["memory_utilization"])
    asked = plan(Assets(machines(1)), newest, AT, whole=None)
    assert set(starts(batches(asked, "memory_utilization"))) == {first_hour(AT, 91)}
    assert set(starts(batches(asked, "cpu_utilization"))) == {datetime(2026, 11, 18)}


@pytest.mark.parametrize(
    ("launched", "started", "before", "start"),
    [
        # It ran at the collection before this one, which had everything: there was nothing.
        (AT - 9 * _DAY, AT - 9 * _DAY, AT - _DAY, AT - 2 * _DAY),
        (AT - 9 * _DAY, AT - 9 * _DAY, AT - 0.5 * _DAY, AT - _DAY),
        # It was not there, or not on, or nobody knows.
        (AT - 0.5 * _DAY, AT - 0.5 * _DAY, AT - _DAY, None),
        (AT - 9 * _DAY, AT - 0.5 * _DAY, AT - _DAY, None),
        (AT - 9 * _DAY, None, AT - _DAY, None),
        (AT - 9 * _DAY, AT - 9 * _DAY, None, None),
    ],
)
def test_a_machine_of_which_nothing_is_stored_is_not_asked_for_all_of_it_every_day(
    launched: datetime, started: datetime | None, before: datetime | None, start: datetime | None
) -> None:
    silent = machine("i-0") | {"launched_at": launched, "state_since": started}
    asked = batches(plan(Assets([silent]), {}, AT, whole=before))
    assert set(starts(asked)) == {start or first_hour(AT, 91)}


def test_a_disk_is_asked_again_for_its_newest_day() -> None:
    there, day = Assets([machine()], [disk()]), datetime(2026, 11, 18)
    (one,) = disks(plan(there, {("d-1", "disk_read_ops_per_second", DAY): day}, NOON))
    assert one.windows == (Window(day, NOON),)


# --- batches ----------------------------------------------------------------------------------------------


@st.composite
def estates(draw: st.DrawFn) -> tuple[Assets, Mapping[Any, datetime], datetime, int]:
    """Regions of all sizes, partly stored, at any time of a day."""
    states = draw(st.lists(st.sampled_from(["running", "running", "stopped"]), max_size=20)) * draw(
        st.sampled_from([1, 1, 7, 30])
    )
    kinds = ("ecs.g7.large", "ecs.g7.large", "ecs.gn6i-c4g1.xlarge")
    there = [machine(f"i-{number}", state, kinds[number % 3]) for number, state in enumerate(states)]
    volumes = [
        disk(f"d-{number}", is_boot=boot, instance_id=f"i-{number}")
        for number, boot in enumerate(draw(st.lists(st.booleans(), max_size=15)))
    ]
    at = draw(instants)
    newest = {
        (identity, metric, DAY): (at - timedelta(days=draw(st.integers(1, 100)))).replace(hour=0, minute=0)
        for identity in (f"i-{number}" for number in draw(st.sets(st.integers(0, 60), max_size=4)))
        for metric in METRICS
    }
    public = [{"resource_id": f"i-{number}", "resource_type": "instance"} for number in range(0, 40, 3)]
    assets = Assets(there, volumes, public, frozenset({"ecs.gn6i-c4g1.xlarge"}))
    return assets, newest, at, draw(st.sampled_from([1, 14, 35, 91]))


@given(estates())
@settings(max_examples=60, deadline=None)
def test_every_series_is_asked_exactly_once_within_the_limits(
    estate: tuple[Assets, Mapping[Any, datetime], datetime, int],
) -> None:
    assets, newest, at, days = estate
    found = plan(assets, newest, at, days)
    running = [one["instance_id"] for one in assets.instances if one["state"] == "running"]
    wanted = Counter((metric, identity) for metric in METRICS for identity in running)
    gpus = [one["instance_id"] for one in assets.instances if one["instance_type"] in assets.gpu_types]
    wanted.update((GPU.metric, identity) for identity in gpus if identity in running)
    assert Counter((one.measure.metric, each) for one in batches(found) for each in one.machines) == wanted
    for one in batches(found):
        assert 0 < len(one.machines) <= MACHINES
        assert one.public == {f"i-{number}" for number in range(0, 40, 3)} & set(one.machines)
        assert one.windows == tuple(windows(one.windows[0].start, at))
        assert one.windows[0].start >= first_hour(at, days)
    stopped = {one["instance_id"] for one in assets.instances if one["state"] == "stopped"}
    assert [one.disk for one in disks(found)] == [
        one["volume_id"] for one in assets.volumes if not one["is_boot"] and one["instance_id"] not in stopped
    ]


@given(st.integers(10, 400), instants, st.sampled_from([14, 30, 60, 91]))
@settings(max_examples=60, deadline=None)
def test_pages_are_hardly_more_than_what_all_points_fill(count: int, at: datetime, days: int) -> None:
    """One answer that is not full for each window and batch at most: below a tenth more than the floor."""
    asked = batches(plan(Assets(machines(count)), {}, at, days), CPU.metric)
    floor = sum(
        max(math.ceil(count * window.hours / POINTS), math.ceil(count / MACHINES))
        for window in windows(first_hour(at, days), at)
    )
    assert pages(asked) <= 1.1 * floor + len(asked[0].windows)


@pytest.mark.parametrize(
    ("count", "days", "calls"),
    [(1, 91, 3), (50, 91, 76), (100, 30, 50), (500, 30, 250), (50, 1, 1), (1000, 1, 20)],
)
def test_calls_grow_with_the_estate_only(count: int, days: int, calls: int) -> None:
    assert pages(batches(plan(Assets(machines(count)), {}, AT, days), CPU.metric)) == calls
