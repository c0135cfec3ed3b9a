"""Pages of Cloud Monitoring: series that go on, values in each form, holes that stay holes, and what was left out."""

import json
import threading
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from collectors.calls import CallError
from collectors.gcp.measures import CPU
from collectors.gcp.monitoring import Part, Question, ask, grid_of
from collectors.hours import DAY, Window
from tests.collectors.gcp.calling import told, wired
from tests.collectors.gcp.canned import AT, Canned, series

_HOUR = timedelta(hours=1)
WINDOW = Window(AT - 4 * _HOUR, AT)
ASKED = Question(CPU.google, "ALIGN_MEAN", WINDOW)
FIRST = WINDOW.start


def asked(*pages: Any, question: Question = ASKED) -> list[Part]:
    return list(ask(Canned(timeSeries=list(pages)), question))


def values(*pages: Any, question: Question = ASKED) -> list[float | None]:
    """The grid of all that one machine has."""
    parts = asked(*pages, question=question)
    (found,) = grid_of({"it": parts}, question.window, question.seconds).values()
    return [None if np.isnan(one) else float(one) for one in found]


def page(*some: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"timeSeries": list(some), **more}


def test_points_are_told_newest_first_by_the_end_of_their_hour_and_a_hole_stays_one() -> None:
    hours = {FIRST: 0.25, FIRST + _HOUR: 0.0, FIRST + 3 * _HOUR: 1.5}
    assert values(page(series("1", hours))) == [0.25, 0.0, None, 1.5]


def test_a_series_that_goes_on_on_the_next_page_is_one() -> None:
    pages = (
        page(series("1", {FIRST + 3 * _HOUR: 4.0, FIRST + 2 * _HOUR: 3.0}), nextPageToken="two"),
        page(series("1", {FIRST + _HOUR: 2.0, FIRST: 1.0})),
    )
    assert values(*pages) == [1.0, 2.0, 3.0, 4.0]


def test_a_point_that_two_pages_tell_counts_once() -> None:
    pages = (
        page(series("1", {FIRST: 1.0, FIRST + _HOUR: 2.0}), nextPageToken="two"),
        page(series("1", {FIRST: 1.0})),
    )
    assert values(*pages) == [1.0, 2.0, None, None]


def test_points_outside_the_window_are_left_out() -> None:
    assert values(page(series("1", {FIRST - _HOUR: 9.0, FIRST: 1.0, AT: 9.0}))) == [1.0, None, None, None]


def test_whole_numbers_are_text_and_numbers_all_the_same() -> None:
    assert values(page(series("1", {FIRST: 2**53}, "int64Value"))) == [float(2**53), None, None, None]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_a_hole(value: str) -> None:
    told = series("1", {FIRST: 1.0})
    told["points"][0]["value"] = {"doubleValue": value}
    assert values(page(told)) == [None] * 4


def test_days_are_told_by_the_end_of_the_day() -> None:
    window = Window(AT - timedelta(days=3), AT)
    point = {"interval": {"endTime": "2026-11-19T00:00:00Z"}, "value": {"doubleValue": 7}}
    one = {"metric": {}, "resource": {"labels": {"bucket_name": "b"}}, "points": [point]}
    asked = Question("x", "ALIGN_MEAN", window, seconds=DAY)
    assert values(page(one), question=asked) == [None, 7.0, None]


@pytest.mark.parametrize(
    "end", ["2026-11-19T21:00:00Z", "2026-11-19T21:00:00.000000Z", "2026-11-19T21:00:00.123456789Z", "2026-11-19T13:00:00-08:00"]
)  # fmt: skip
def test_instants_in_each_form_are_the_same_hour(end: str) -> None:
    one = series("1", {FIRST: 1.0})
    one["points"][0]["interval"]["endTime"] = end
    assert values(page(one)) == [1.0, None, None, None]


@pytest.mark.parametrize(
    "body", [{}, {"timeSeries": None}, {"timeSeries": []}, {"timeSeries": [], "unit": "1"}]
)
def test_a_page_without_series_has_none(body: dict[str, Any]) -> None:
    assert asked(body) == []


def test_an_empty_series_has_no_points() -> None:
    one = series("1", {})
    del one["points"]
    assert values(page(one)) == [None] * 4


# --- what is no answer ------------------------------------------------------------------------------------


def test_what_the_service_left_out_is_told() -> None:
    errors = [{"code": 14, "message": "us-east1 did not answer"}]
    with pytest.raises(
        CallError, match="cpu/utilization left some out in project shop-prod: us-east1 did not answer"
    ):
        asked(page(series("1", {FIRST: 1.0}), executionErrors=errors))


def odd(**more: Any) -> dict[str, Any]:
    one = series("1", {FIRST: 1.0})
    one["points"][0].update(more)
    return one


@pytest.mark.parametrize(
    "one",
    [
        odd(value={"distributionValue": {"count": "1"}}), odd(value={"boolValue": True}), odd(value={}),
        odd(value={"doubleValue": "many"}), odd(value={"doubleValue": None}), odd(interval={}),
        odd(interval={"endTime": "yesterday"}), odd(interval={"endTime": "2026-11-19T21:00:00"}), {"points": []}, "text",
    ],
)  # fmt: skip
def test_a_point_of_another_shape_is_told_at_once_and_never_taken_for_a_page_that_broke_off(
    one: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, wire = wired(monkeypatch, told(200, page(one)))
    with pytest.raises((KeyError, TypeError, AttributeError)):
        list(ask(client, ASKED))
    assert len(wire.sent) == 1


@pytest.mark.parametrize("body", [b'{"timeSeries": [{"points"', b"[]", b"<html>", b""])
def test_a_page_that_broke_off_is_asked_for_again(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    client, wire = wired(monkeypatch, told(200, body), told(200, page(series("1", {FIRST: 1.0}))))
    assert len(list(ask(client, ASKED))) == 1
    assert len(wire.sent) == 2


def test_pages_are_asked_at_their_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    client, wire = wired(monkeypatch, told(200, page(nextPageToken="two")), told(200, page()))
    assert list(ask(client, ASKED)) == []
    assert [sent.get("pageToken") for _, sent in wire.sent] == [None, "two"]
    assert {sent["pageSize"] for _, sent in wire.sent} == {"100000"}


def test_one_page_is_parsed_at_a_time_whatever_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps(page(*(series(str(n), {FIRST: 1.0}) for n in range(50)))).encode()
    client, _ = wired(monkeypatch, told(200, body))
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(len(list(ask(client, ASKED))))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert found == [50] * 4


def test_hours_of_a_window_that_is_not_whole_days_fit() -> None:
    window = Window(AT, AT + 5 * _HOUR)
    told = page(series("1", {AT + 4 * _HOUR: 1.0, AT + datetime.resolution * 0: 2.0}))
    assert values(told, question=Question("x", "ALIGN_MEAN", window)) == [2.0, None, None, None, 1.0]
