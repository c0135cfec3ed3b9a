"""Hours become days and hours of ours, as an independent reckoning has them to the last digit."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.calls import CallError
from collectors.gcp.measures import _ALWAYS as MEASURES
from collectors.gcp.measures import BALLOON, CPU, GPU, MEMORY, Assets, Batch, Measure
from collectors.gcp.metrics import measured
from collectors.hours import DAY, HOUR, Window
from tests.collectors.gcp.canned import AT, NO_SERIES, PROJECT, Canned, denied, metric_in, series

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
YESTERDAY = AT - _DAY
NETWORK_IN, DISK_READS = MEASURES[2], MEASURES[4]
NOT_KNOWN = CallError("failed", "NOT_FOUND", "Cannot find metric.")
Row = tuple[Any, ...]


def machine(identity: str = "1", region: str = "us-central1", kind: str = "n2-standard-4") -> dict[str, Any]:
    return {"instance_id": identity, "region": region, "instance_type": kind}


def volume(
    identity: str = "v1", region: str = "us-central1", created: datetime | None = None
) -> dict[str, Any]:
    return {"volume_id": identity, "region": region, "created_at": created}


def rows_of(
    measure: Measure, answer: Any, assets: Assets | None = None, window: Window | None = None
) -> list[Row]:
    """Region, resource, metric, start, seconds, mean, p95, highest and samples of what is stored, in order."""
    window = window or Window(YESTERDAY, AT)
    batch = Batch(measure, window, window.end - timedelta(days=14))
    client = Canned(timeSeries=answer)
    tables = measured(client, batch, assets or Assets([machine()]), PROJECT)
    names = ("resource_id", "metric", "bucket_start", "bucket_seconds", "avg", "p95", "max", "samples")
    return sorted(
        (region, *(one[name] for name in names))
        for region, table in tables.items()
        for one in table.to_pylist()
    )


def days_of(found: list[Row], seconds: int = DAY) -> list[Row]:
    """Resource, mean, p95, highest and samples of the buckets of a length."""
    return [(row[1], *row[5:]) for row in found if row[4] == seconds]


def by_aligner(mean: Any, top: Any) -> Any:
    """An answer that depends on what is drawn together."""
    return lambda asked: mean if asked["aggregation.perSeriesAligner"] == "ALIGN_MEAN" else top


def page(*some: dict[str, Any]) -> dict[str, Any]:
    return {"timeSeries": list(some)}


def hours(*values: float, start: datetime = YESTERDAY) -> dict[datetime, float]:
    return {start + n * _HOUR: value for n, value in enumerate(values)}


# --- processors -------------------------------------------------------------------------------------------


def reckoned(mean: Mapping[datetime, float], top: Mapping[datetime, float]) -> list[Row]:
    """Days by other means: plain Python, and the percentile by its definition."""
    days: dict[datetime, list[datetime]] = {}
    for at in sorted(mean):
        days.setdefault(at.replace(hour=0), []).append(at)
    found = []
    for day in sorted(days):
        means = sorted(mean[at] for at in days[day])
        tops = [top[at] for at in (day + n * _HOUR for n in range(24)) if at in top]
        place = 0.95 * (len(means) - 1)
        low, high = means[math.floor(place)], means[math.ceil(place)]
        p95 = low + (high - low) * (place - math.floor(place))
        found.append((day, math.fsum(means) / len(means), p95, max(tops, default=None), len(means)))
    return found


@given(
    st.dictionaries(st.integers(0, 71), st.floats(0, 1.2, allow_nan=False), min_size=1, max_size=72),
    st.integers(0, 71), st.integers(0, 23), st.booleans(),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_days_are_their_hours_whatever_gaps_there_are_and_wherever_pages_are_cut(
    told: dict[int, float], cut: int, end: int, without_top: bool
) -> None:
    window = Window(AT - 3 * _DAY, AT - 3 * _DAY + timedelta(hours=48 + end))
    mean = {window.start + n * _HOUR: value for n, value in told.items()}
    top = {at: value + 0.1 for at, value in mean.items() if not (without_top and at.hour % 2)}

    def pages(values: Mapping[datetime, float]) -> list[dict[str, Any]]:
        edge = window.start + cut * _HOUR
        newer, older = (
            {at: value for at, value in values.items() if (at >= edge) is new} for new in (True, False)
        )
        return [{**page(series("1", newer)), "nextPageToken": "two"}, page(series("1", older))]

    answers = {"ALIGN_MEAN": iter(pages(mean)), "ALIGN_MAX": iter(pages(top))}
    found = rows_of(CPU, lambda asked: next(answers[asked["aggregation.perSeriesAligner"]]), window=window)
    inside = {at: value for at, value in mean.items() if at < window.end}
    expected = reckoned(inside, {at: value for at, value in top.items() if at in inside})
    days = [(row[3], *row[5:]) for row in found if row[4] == DAY]
    assert [(one[0], one[2:]) for one in days] == [(one[0], one[2:]) for one in expected]
    assert [one[1] for one in days] == pytest.approx([one[1] for one in expected], rel=1e-14)
    by_hour = {row[3]: (row[5], row[7]) for row in found if row[4] == HOUR}
    assert by_hour == {at: (value, top.get(at)) for at, value in inside.items()}


def test_hours_are_kept_of_processors_only() -> None:
    told = page(series("1", hours(0.5)))
    assert len(days_of(rows_of(CPU, told), HOUR)) == 1
    for measure in (MEMORY, NETWORK_IN, GPU):
        assert days_of(rows_of(measure, told), HOUR) == []


def test_a_highest_moment_that_is_not_told_is_unknown_and_not_the_mean() -> None:
    answer = by_aligner(page(series("1", hours(0.5, 0.7))), NO_SERIES)
    assert days_of(rows_of(CPU, answer)) == [("1", 0.6, pytest.approx(0.69), None, 2)]


def test_machines_that_are_gone_and_what_is_no_machine_are_left_out() -> None:
    other = series("9", hours(1.0))
    nobody = {"metric": {}, "resource": {"labels": {}}, "points": other["points"]}
    assert rows_of(CPU, page(other, nobody)) == []


def test_each_region_has_a_table_of_its_own() -> None:
    assets = Assets([machine("1"), machine("2", "europe-west1")])
    found = rows_of(NETWORK_IN, page(series("1", hours(1.0)), series("2", hours(2.0))), assets)
    assert [(row[0], row[1], row[5]) for row in found] == [
        ("europe-west1", "2", 2.0),
        ("us-central1", "1", 1.0),
    ]


# --- network ----------------------------------------------------------------------------------------------


def test_traffic_through_balancers_and_beside_them_adds_up_and_a_hole_in_one_is_none_in_the_sum() -> None:
    through = series("1", hours(10.0, 20.0), loadbalanced="true")
    beside = series("1", hours(1.0), loadbalanced="false")
    assert days_of(rows_of(NETWORK_IN, page(through, beside))) == [("1", 15.5, None, 20.0, 2)]


def test_a_rate_has_no_percentile_and_no_highest_moment_but_its_highest_hour() -> None:
    assert days_of(rows_of(NETWORK_IN, page(series("1", hours(1.0, 9.0, 2.0))))) == [("1", 4.0, None, 9.0, 3)]


def test_a_question_of_a_rate_is_asked_once() -> None:
    client = Canned(timeSeries=NO_SERIES)
    batch = Batch(NETWORK_IN, Window(YESTERDAY, AT), AT)
    assert measured(client, batch, Assets([machine()]), PROJECT) == {}
    assert [one["aggregation.perSeriesAligner"] for one in client.questions("timeSeries")] == ["ALIGN_RATE"]


# --- disks ------------------------------------------------------------------------------------------------

ATTACHED = Assets([machine()], [volume(), volume("v2")], {}, {("1", "boot"): "v1", ("1", "data"): "v2"})


def test_disks_are_told_by_their_machine_and_device_and_machines_by_the_sum_of_theirs() -> None:
    told = page(
        series("1", hours(1.0, 3.0), device_name="boot", storage_type="pd-ssd"),
        series("1", hours(10.0), device_name="data"),
        series("1", hours(100.0), device_name="local-ssd-0"),
        series("9", hours(5.0), device_name="boot"),
    )
    assert days_of(rows_of(DISK_READS, told, ATTACHED)) == [
        ("1", 57.0, None, 111.0, 2), ("v1", 2.0, None, 3.0, 2), ("v2", 10.0, None, 10.0, 1),
    ]  # fmt: skip


def test_the_same_device_name_on_two_machines_is_two_disks() -> None:
    assets = Assets(
        [machine("1"), machine("2")], [volume(), volume("v2")], {}, {("1", "data"): "v1", ("2", "data"): "v2"}
    )
    told = page(series("1", hours(1.0), device_name="data"), series("2", hours(2.0), device_name="data"))
    assert [row for row in days_of(rows_of(DISK_READS, told, assets)) if row[0].startswith("v")] == [
        ("v1", 1.0, None, 1.0, 1), ("v2", 2.0, None, 2.0, 1),
    ]  # fmt: skip


def test_what_another_disk_did_under_the_same_name_before_is_not_this_one_s() -> None:
    made = YESTERDAY + 2.5 * _HOUR
    assets = Assets([machine()], [volume(created=made)], {}, {("1", "data"): "v1"})
    found = days_of(
        rows_of(DISK_READS, page(series("1", hours(9.0, 9.0, 2.0, 4.0), device_name="data")), assets)
    )
    assert found == [("1", 6.0, None, 9.0, 4), ("v1", 3.0, None, 4.0, 2)]


def test_a_disk_that_was_made_after_the_window_has_nothing_in_it() -> None:
    assets = Assets([machine()], [volume(created=AT + _DAY)], {}, {("1", "data"): "v1"})
    found = days_of(rows_of(DISK_READS, page(series("1", hours(9.0), device_name="data")), assets))
    assert [row[0] for row in found] == ["1"]


def test_a_disk_that_is_not_known_counts_for_its_machine_only() -> None:
    assets = Assets([machine()], [], {}, {("1", "data"): "gone"})
    told = page(series("1", hours(9.0), device_name="data"))
    assert [row[0] for row in days_of(rows_of(DISK_READS, told, assets))] == ["1"]


# --- memory and graphics ----------------------------------------------------------------------------------

E2 = {"e2-standard-4": {"memory_gib": 16.0}}
GIB = 1024**3


def agent(asked: Mapping[str, Any], *used: dict[str, Any], balloon: Any = NO_SERIES) -> Any:
    return page(*used) if metric_in(asked) == "memory/percent_used" else balloon


def test_memory_is_a_ratio_of_what_is_used() -> None:
    used, free = series("1", hours(50.0), state="used"), series("1", hours(90.0), state="free")
    assert days_of(rows_of(MEMORY, page(used, free))) == [("1", 0.5, 0.5, 0.5, 1)]


def test_machines_of_e2_report_their_memory_where_nobody_has_an_agent() -> None:
    assets = Assets(
        [machine("1", kind="e2-standard-4"), machine("2", kind="e2-standard-4"), machine("3")], (), E2
    )
    balloon = page(*(series(each, hours(4.0 * GIB), "int64Value") for each in "123"))
    found = rows_of(
        MEMORY, lambda asked: agent(asked, series("2", hours(75.0), state="used"), balloon=balloon), assets
    )
    assert days_of(found) == [("1", 0.25, 0.25, 0.25, 1), ("2", 0.75, 0.75, 0.75, 1)]


@pytest.mark.parametrize("kinds", [E2, {}])
def test_memory_of_a_type_that_is_not_known_is_unknown(kinds: Mapping[str, Any]) -> None:
    assets = Assets([machine("1", kind="e2-standard-4")], (), kinds)
    told = page(series("1", hours(4.0 * GIB), "int64Value"))
    assert len(rows_of(MEMORY, lambda asked: agent(asked, balloon=told), assets)) == len(kinds)


def test_balloons_are_asked_about_only_where_a_machine_may_have_one() -> None:
    for kind, asked in (("n2-standard-4", 1), ("e2-standard-4", 2)):
        client = Canned(timeSeries=NO_SERIES)
        measured(
            client, Batch(MEMORY, Window(YESTERDAY, AT), AT), Assets([machine(kind=kind)], (), E2), PROJECT
        )
        assert len(client.questions("timeSeries")) == asked


@pytest.mark.parametrize("measure", [MEMORY, GPU, BALLOON])
def test_a_metric_that_no_agent_ever_reported_is_none(measure: Measure) -> None:
    assert rows_of(measure, NOT_KNOWN) == []


@pytest.mark.parametrize("error", [denied("monitoring.timeSeries.list"), CallError("throttled", "429", "x")])
def test_a_metric_that_is_refused_is_told_even_an_agent_s(error: CallError) -> None:
    for measure in (MEMORY, CPU):
        with pytest.raises(CallError) as raised:
            rows_of(measure, error)
        assert raised.value is error


def test_of_several_graphics_cards_the_busiest_counts() -> None:
    told = page(
        series("1", hours(10.0, 90.0), gpu_number="0"), series("1", hours(60.0, 30.0), gpu_number="1")
    )
    (found,) = days_of(rows_of(GPU, told))
    assert found[1] == pytest.approx(0.75)
    assert found[3:] == (0.9, 2)
