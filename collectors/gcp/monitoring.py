"""Cloud Monitoring as it is asked: one kind of metric of all resources of a project, hour by hour, on full pages.

A page holds 100,000 points, newest first, and a series may go on on the next page. Pages are parsed one at a time,
whatever the number of threads, into arrays: as Python objects a page is ten times its size.
Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list
"""

import json
import math
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np

from collectors.calls import CallError
from collectors.gcp.api import Api
from collectors.gcp.client import NOT_THERE, Client
from collectors.gcp.measures import POINTS
from collectors.hours import HOUR, Window

LIST_SERIES = Api(
    "monitoring", "v3/projects/{project}/timeSeries", "monitoring.timeSeries.list", items="timeSeries",
    size="pageSize", page=POINTS, heavy=True,
    probe={
        "pageSize": 1, "filter": 'metric.type="compute.googleapis.com/instance/cpu/utilization"',
        "aggregation.alignmentPeriod": "3600s", "aggregation.perSeriesAligner": "ALIGN_MEAN",
        "interval.startTime": "{yesterday}T00:00:00Z", "interval.endTime": "{yesterday}T01:00:00Z",
    },
)  # fmt: skip
# Labels of what was measured and of the metric, as text that can be a key.
Labels = tuple[tuple[str, str], ...]
_PARSING = threading.Lock()
# The first words of the objects that points are made of.
_OF_INTERVALS, _OF_VALUES, _OF_POINTS = (
    ("startTime", "endTime"),
    ("doubleValue", "int64Value"),
    ("interval", "value"),
)


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of metric, how its points are drawn together, over which window; `where` is a further condition. With
    `groups` series of the same labels become one, by `reducer`."""

    metric: str
    aligner: str
    window: Window
    where: str = ""
    seconds: int = HOUR
    groups: tuple[str, ...] = ()
    reducer: str = "REDUCE_SUM"

    @property
    def parameters(self) -> dict[str, Any]:
        """As they are sent."""
        return {
            "filter": f'metric.type="{self.metric}"{" AND " + self.where if self.where else ""}',
            "interval.startTime": _instant(self.window.start),
            "interval.endTime": _instant(self.window.end),
            "aggregation.alignmentPeriod": f"{self.seconds}s",
            "aggregation.perSeriesAligner": self.aligner,
            **(
                {
                    "aggregation.crossSeriesReducer": self.reducer,
                    "aggregation.groupByFields": list(self.groups),
                }
                if self.groups
                else {}
            ),
            "view": "FULL",
        }


@dataclass(frozen=True, slots=True)
class Part:
    """Some points of one series: labels of the resource, of the metric and of the system, periods since the window
    began, values."""

    resource: Labels
    metric: Labels
    places: np.ndarray
    values: np.ndarray
    system: Labels = ()


def ask(client: Client, question: Question) -> Iterator[Part]:
    """The series of a question, page by page; none of a metric that nothing here has ever had.

    Raises CallError, also where the service says that it left some out.
    """
    try:
        yield from _asked(client, question)
    except CallError as error:
        if error.code not in NOT_THERE:
            raise


def _asked(client: Client, question: Question) -> Iterator[Part]:
    read = partial(_page, question=question)
    for page in client.pages(LIST_SERIES, understand=read, **question.parameters):
        if page["errors"]:
            told = "; ".join(str(one.get("message")) for one in page["errors"] if isinstance(one, Mapping))
            raise CallError(
                "failed",
                "Execution",
                f"{LIST_SERIES.action} of {question.metric} left some out {client.where}: {told}.",
            )
        yield from page["parts"]


def latest(client: Client, question: Question) -> list[tuple[dict[str, str], float]]:
    """The labels of each series and its value in the last period in which it has one."""
    found: dict[tuple[Labels, Labels], tuple[int, float]] = {}
    for part in ask(client, question):
        for place, value in zip(part.places.tolist(), part.values.tolist(), strict=True):
            known = found.get((part.resource, part.metric))
            if place >= 0 and not math.isnan(value) and (known is None or place >= known[0]):
                found[part.resource, part.metric] = (place, value)
    return [(dict(resource) | dict(metric), value) for (resource, metric), (_, value) in found.items()]


def grid_of(parts: Mapping[Any, list[Part]], window: Window, seconds: int = HOUR) -> dict[Any, np.ndarray]:
    """Values of each key by period, NaN where there is none; the later of two that tell the same period counts."""
    length = -(-int((window.end - window.start).total_seconds()) // seconds)
    found: dict[Any, np.ndarray] = {}
    for key, some in parts.items():
        found[key] = values = np.full(length, np.nan)
        for part in some:
            inside = (part.places >= 0) & (part.places < length)
            values[part.places[inside]] = part.values[inside]
    return found


def _page(body: bytes, question: Question) -> dict[str, Any]:
    reader = _Reader(question)
    with _PARSING:
        page = json.loads(body, object_pairs_hook=reader.understood)
        if not isinstance(page, dict):
            raise ValueError("a page that is no object")
        if reader.odd:  # which would be taken for a page that broke off, and asked for again
            raise TypeError(f"{question.metric}: {reader.odd}")
        return {
            "nextPageToken": page.get("nextPageToken"),
            "errors": page.get("executionErrors") or (),
            "parts": [_part(one) for one in page.get("timeSeries") or ()],
        }


def _part(one: Mapping[str, Any]) -> Part:
    points = one.get("points") or ()
    return Part(
        _labels(one["resource"]),
        _labels(one["metric"]),
        np.fromiter((place for place, _ in points), dtype=np.int64, count=len(points)),
        np.fromiter((value for _, value in points), dtype=float, count=len(points)),
        _system(one.get("metadata") or {}),
    )


def _system(metadata: Mapping[str, Any]) -> Labels:
    found = metadata.get("systemLabels") or {}
    return tuple(sorted((str(name), str(value)) for name, value in found.items()))


class _Reader:
    """Makes (period, value) of each point as a page is parsed: as objects in objects a page is ten times its size."""

    def __init__(self, question: Question) -> None:
        self._places = _Places(question)
        self.odd = ""

    def understood(self, pairs: list[tuple[str, Any]]) -> Any:
        """What an object of the page is kept as."""
        first = pairs[0][0] if pairs else ""
        if first in _OF_INTERVALS:
            return self._place(dict(pairs))
        if first in _OF_VALUES:
            return self._value(pairs[0][1])
        if first in _OF_POINTS and len(pairs) == len(_OF_POINTS):
            (_, one), (_, other) = pairs
            return (one, other) if first == "interval" else (other, one)
        return dict(pairs)

    def _place(self, interval: Mapping[str, Any]) -> int:
        try:
            return self._places[interval["endTime"]]
        except (KeyError, ValueError, TypeError) as error:
            self.odd = self.odd or f"{type(error).__name__}: {error}"
            return -1

    def _value(self, text: Any) -> float:
        try:
            found = float(text)
        except (ValueError, TypeError) as error:
            self.odd = self.odd or f"{type(error).__name__}: {error}"
            return math.nan
        return found if math.isfinite(found) else math.nan


class _Places(dict[str, int]):
    """The period that ends at an instant; a page repeats the same instants for every series."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._start = question.window.start.replace(tzinfo=UTC)
        self._seconds = question.seconds

    def __missing__(self, end: str) -> int:
        passed = (datetime.fromisoformat(end) - self._start).total_seconds()
        self[end] = place = -(-int(passed) // self._seconds) - 1
        return place


def _labels(holder: Mapping[str, Any]) -> Labels:
    return tuple(sorted((str(name), str(value)) for name, value in (holder.get("labels") or {}).items()))


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
