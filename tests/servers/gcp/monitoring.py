"""Cloud Monitoring v3: time series, aligned and reduced as asked, in pages of points."""

import json
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.servers.gcp import pages
from tests.servers.gcp.alignment import METRICS, Aligned, Metric, align, check_aligner, reduce
from tests.servers.gcp.filters import FilterError, Parser
from tests.servers.gcp.front import Route
from tests.servers.gcp.state import WORLD, Item, Told, epoch, parse, zulu
from tests.servers.gcp.wire import Call, RefusalError

MOST = 100_000
_LOCK = threading.Lock()
_KEPT: OrderedDict[str, list[Aligned]] = (
    OrderedDict()
)  # the last few questions, so that a page costs no second reckoning


@dataclass(frozen=True)
class Question:
    """What is asked for, understood."""

    metric: Metric
    test: Callable[[Callable[[str], Any]], bool]
    start: int
    end: int
    aligner: str
    period: int
    reducer: str
    groups: tuple[str, ...]


def listed(call: Call) -> bytes:
    """GET timeSeries."""
    asked = understood(call)
    headers_only = call.params.get("view") == "HEADERS"
    size = call.number("pageSize", MOST, MOST) or MOST
    found = reckoned(call, asked)
    if headers_only:
        page, token = pages.cut(call, found, size)
        return answer([told(each, b"") for each in page], token, asked)
    start = pages.place(call)
    parts, left, before = [], size, 0
    for each in found:
        count = len(each.ends)
        if before + count > start and left > 0:
            first = max(0, start - before)
            last = min(count, first + left)
            parts.append(told(each, points(each, first, last)))
            left -= last - first
        before += count
    call.items = size - left
    token = pages.token(call, start + size) if start + size < before else ""
    return answer(parts, token, asked)


def answer(parts: list[bytes], token: str, asked: Question) -> bytes:
    rest: Item = {"unit": asked.metric.unit}
    if token:
        rest["nextPageToken"] = token
    tail = json.dumps(rest)[1:].encode()
    return b'{"timeSeries":[' + b",".join(parts) + b"]," + tail if parts else b"{" + tail


def understood(call: Call) -> Question:
    """The question; 400 for one that makes no sense."""
    expression = call.params.get("filter", "")
    try:
        parser = Parser(expression)
        test = parser.parsed()
    except FilterError:
        raise invalid("filter", expression, "The query could not be parsed.") from None
    types = {value for name, value in parser.equalities if name == "metric.type"}
    if not types:
        raise invalid("filter", expression, 'must specify a restriction on "metric.type" in the filter; see '
                      '"https://cloud.google.com/monitoring/api/resources" for a list of available metric types.')  # fmt: skip
    if len(types) > 1:
        raise RefusalError(
            400,
            "The provided filter matches more than one metric. TimeSeries data are limited to a single metric per request.",
        )
    name = types.pop()
    if name not in METRICS:
        raise RefusalError(
            404,
            f'Cannot find metric(s) that match type = "{name}". If a metric was created recently, it could take up to 10 minutes to become available. Please try again soon.',
        )
    start, end = interval(call, METRICS[name])
    aligner = call.params.get("aggregation.perSeriesAligner", "ALIGN_NONE")
    reducer = call.params.get("aggregation.crossSeriesReducer", "REDUCE_NONE")
    period = seconds(call)
    check(aligner, reducer, period, METRICS[name])
    groups = (
        tuple(call.params.get("aggregation.groupByFields", "").split(","))
        if call.params.get("aggregation.groupByFields")
        else ()
    )
    return Question(METRICS[name], test, start, end, aligner, period, reducer, groups)


def interval(call: Call, metric: Metric) -> tuple[int, int]:
    text = call.params.get("interval.endTime", "")
    try:
        end = parse(text)
        start = parse(call.params["interval.startTime"]) if call.params.get("interval.startTime") else end
    except ValueError:
        raise RefusalError(
            400,
            f"Invalid value at 'interval.end_time' (type.googleapis.com/google.protobuf.Timestamp), \"{text}\"",
        ) from None
    if start > end:
        raise invalid("interval", text, "The start time must be before the end time.")
    return epoch(start), min(epoch(end), epoch(WORLD.now()) + 86400)


def seconds(call: Call) -> int:
    text = call.params.get("aggregation.alignmentPeriod", "")
    if not text:
        return 0
    try:
        return int(float(text.removesuffix("s"))) if text.endswith("s") else int("no")
    except ValueError:
        sentence = f"Invalid value at 'aggregation.alignment_period' (type.googleapis.com/google.protobuf.Duration), \"{text}\""
        raise RefusalError(400, sentence) from None


def check(aligner: str, reducer: str, period: int, metric: Metric) -> None:
    if aligner != "ALIGN_NONE":
        problem = check_aligner(aligner, metric)
        if problem:
            raise invalid("aggregation.perSeriesAligner", aligner, problem)
        if period < 60:
            raise invalid(
                "aggregation.alignmentPeriod",
                str(period),
                "The alignment period must be at least 60 seconds.",
            )
    elif reducer != "REDUCE_NONE":
        raise invalid(
            "aggregation.crossSeriesReducer",
            reducer,
            "A per-series aligner must be specified if a cross-series reducer is.",
        )


def invalid(name: str, value: str, why: str) -> RefusalError:
    return RefusalError(400, f'Field {name} had an invalid value of "{value}": {why}')


def reckoned(call: Call, asked: Question) -> list[Aligned]:
    """All series of the question with their points, newest first; those without a point are not there."""
    key = json.dumps(
        [
            call.project,
            sorted((n, v) for n, v in call.params.items() if n not in ("pageToken", "pageSize", "fields")),
            WORLD.metrics.generation,
        ]
    )
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
            return _KEPT[key]
    found = []
    for series in list(WORLD.told.get((call.project, asked.metric.type), {}).values()):
        if asked.test(looked_up(asked.metric, series)):
            held = WORLD.metrics.points((call.project, ""), series.key)
            if held is not None:
                ends, values = align(asked, *held)
                if len(ends):
                    found.append(
                        Aligned(series, asked.metric.aligned(asked.aligner), ends, values, asked.period)
                    )
    if asked.reducer != "REDUCE_NONE":
        found = reduce(asked.reducer, asked.groups, found)
    with _LOCK:
        _KEPT[key] = found
        while len(_KEPT) > 4:
            _KEPT.popitem(last=False)
    return found


def looked_up(metric: Metric, series: Told) -> Callable[[str], Any]:
    def get(name: str) -> Any:
        parts = name.split(".", 2)
        if parts[0] in ("resource", "metric") and parts[1:2] in (["labels"], ["label"]) and len(parts) == 3:
            return (series.resource if parts[0] == "resource" else series.labels).get(parts[2])
        return {
            "metric.type": metric.type,
            "resource.type": series.resource_type,
            "project": series.resource["project_id"],
        }.get(name)

    return get


def told(series: Aligned, content: bytes) -> bytes:
    """One message: a series, or what is left of it on this page."""
    about = json.dumps({
        "metric": {"type": series.metric.type, **({"labels": series.series.labels} if series.series.labels else {})},
        "resource": {"type": series.series.resource_type, "labels": series.series.resource},
        **({"metadata": {"systemLabels": series.series.system}} if series.metadata else {}),
        "metricKind": series.metric.kind, "valueType": series.metric.value,
    }, ensure_ascii=False).encode()  # fmt: skip
    return about[:-1] + b',"points":[' + content + b"]}" if content else about


def points(series: Aligned, first: int, last: int) -> bytes:
    """The points of a part of a series, as JSON text: there can be a hundred thousand in an answer."""
    delta = series.metric.kind == "DELTA"
    whole = series.metric.value == "INT64"
    parts = []
    for end, value in zip(series.ends[first:last].tolist(), series.values[first:last].tolist(), strict=True):
        start = instant(end - series.period) if delta else instant(end)
        text = f'"int64Value":"{round(value)}"' if whole else f'"doubleValue":{number(value)}'
        parts.append(
            f'{{"interval":{{"startTime":"{start}","endTime":"{instant(end)}"}},"value":{{{text}}}}}'
        )
    return ",".join(parts).encode()


_TEXTS: dict[int, str] = {}


def instant(when: int) -> str:
    found = _TEXTS.get(when)
    if found is None:
        if len(_TEXTS) > 200_000:
            _TEXTS.clear()
        from datetime import UTC, datetime

        found = _TEXTS[when] = zulu(datetime.fromtimestamp(when, UTC))
    return found


def number(value: float) -> str:
    """As JSON has it: whole numbers without a fraction, and no NaN."""
    if math.isnan(value):
        return '"NaN"'
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def descriptors(call: Call) -> Item:
    """GET metricDescriptors: what there is to measure."""
    found = [each.descriptor(call.project) for each in METRICS.values()]
    page, token = pages.cut(call, found, call.number("pageSize", 10_000, 10_000) or 10_000)
    return {"metricDescriptors": page, **({"nextPageToken": token} if token else {})}


ROUTES = [
    Route("GET", "/v3/projects/{project}/timeSeries", "monitoring", "projects.timeSeries.list", "monitoring.timeSeries.list", listed),
    Route("GET", "/v3/projects/{project}/metricDescriptors", "monitoring", "projects.metricDescriptors.list", "monitoring.metricDescriptors.list", descriptors),
]  # fmt: skip
__all__ = ["ROUTES", "Question", "np"]
