"""CloudWatch with its real limits, in place of moto's, which knows none and takes minutes."""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from tests.servers.aws import state
from tests.servers.aws.wire import Call, RefusalError
from tests.servers.series import (
    DAY,
    METRICS,
    Floats,
    Key,
    Whole,
    aggregate,
    key,
    known_statistic,
    percentile,
)

MAX_QUERIES = 500
MAX_DATAPOINTS = 100_800
MAX_STATISTICS = 1440
LIST_PAGE = 500
MAX_PUT = 1000
ID = re.compile(r"[a-z][a-zA-Z0-9_]*\Z")
# Data older than so many seconds exist only for periods that are multiples of the other number.
RETENTION = ((15 * DAY, 300), (63 * DAY, 3600))
KEPT = 455 * DAY


class Query:
    """One MetricDataQuery, checked."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.id = content.get("Id", "")
        if not ID.match(self.id):
            raise invalid(
                f"The value {self.id} for parameter MetricDataQueries.member.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
            )
        if ("MetricStat" in content) == ("Expression" in content):
            raise invalid(
                "Exactly one of the parameters MetricStat and Expression is required for each query."
            )
        if "Expression" in content:
            raise invalid("Metric math is not modelled by the local AWS.")
        stat = content["MetricStat"]
        metric = stat.get("Metric", {})
        self.key = key(
            metric.get("Namespace", ""), metric.get("MetricName", ""), named(metric.get("Dimensions"))
        )
        self.period = checked_period(stat.get("Period"))
        self.statistic = stat.get("Stat", "")
        if not known_statistic(self.statistic):
            raise invalid(
                f"The value {self.statistic} for parameter MetricDataQueries.member.MetricStat.Stat is not supported."
            )
        self.unit = stat.get("Unit")
        self.label = content.get("Label") or self.key.name
        self.returned = content.get("ReturnData", True) is not False

    def datapoints(self, where: tuple[str, str], start: int, end: int) -> tuple[Whole, Floats]:
        return statistics(where, self.key, start, end, self.period, self.statistic, self.unit)


def get_metric_data(call: Call) -> bytes:
    """GetMetricData: JSON by hand, because 100,800 datapoints pass through here."""
    asked = call.fields
    contents = asked.get("MetricDataQueries", [])
    if not contents:
        raise invalid("The parameter MetricDataQueries is required.")
    if len(contents) > MAX_QUERIES:
        raise invalid(f"The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}.")
    queries = [Query(content) for content in contents]
    if len({query.id for query in queries}) < len(queries):
        raise invalid("The values for parameter id in MetricDataQueries are not unique.")
    start, end = window(asked)
    scan = asked.get("ScanBy") or "TimestampDescending"
    if scan not in ("TimestampDescending", "TimestampAscending"):
        raise invalid(f"The value {scan} for parameter ScanBy is not supported.")
    room = min(int(asked.get("MaxDatapoints") or MAX_DATAPOINTS), MAX_DATAPOINTS)
    if room < 1:
        raise invalid("The parameter MaxDatapoints must be greater than 0.")
    digest = zlib.crc32(json.dumps([contents, start, end, scan, room], sort_keys=True).encode())
    place, offset = opened_token(asked["NextToken"], digest) if asked.get("NextToken") else (0, 0)
    results, token, count = page(
        [q for q in queries if q.returned], call.where, start, end, scan, room, place, offset
    )
    state.note(queries=len(queries), datapoints=count)
    tail = f', "NextToken": "{closed_token(*token, digest)}"' if token else ""
    return f'{{"MetricDataResults": [{", ".join(results)}], "Messages": []{tail}}}'.encode()


def page(
    queries: list[Query],
    where: tuple[str, str],
    start: int,
    end: int,
    scan: str,
    room: int,
    place: int,
    offset: int,
) -> tuple[list[str], tuple[int, int] | None, int]:
    """Results from a query and an offset in it on, while there is room; where to go on; how many datapoints."""
    results: list[str] = []
    left = room
    for number in range(place, len(queries)):
        query = queries[number]
        if left == 0:  # queries that nobody looked at yet are named all the same
            results += [result(each, [], [], "PartialData") for each in queries[number:]]
            return results, (number, 0), room
        times, values = query.datapoints(where, start, end)
        if scan == "TimestampDescending":
            times, values = times[::-1], values[::-1]
        skipped = offset if number == place else 0
        times, values = times[skipped:], values[skipped:]
        whole = len(times) <= left
        results.append(
            result(
                query, times[:left].tolist(), values[:left].tolist(), "Complete" if whole else "PartialData"
            )
        )
        if not whole:
            results += [result(each, [], [], "PartialData") for each in queries[number + 1 :]]
            return results, (number, skipped + left), room
        left -= len(times)
    return results, None, room - left


def result(query: Query, times: list[int], values: list[float], status: str) -> str:
    head = f'"Id": "{query.id}", "Label": {json.dumps(query.label)}, "StatusCode": "{status}"'
    return f'{{{head}, "Timestamps": {times}, "Values": {values}}}'


def statistics(
    where: tuple[str, str],
    metric: Key,
    start: int,
    end: int,
    period: int,
    statistic: str,
    unit: str | None = None,
) -> tuple[Whole, Floats]:
    """What is still kept of a metric between start and end; empty when there is no such metric."""
    found = METRICS.points(where, metric)
    if found is None or (unit and unit != METRICS.of(where)[metric].unit):
        return np.empty(0, np.int64), np.empty(0)
    now = int(state.CLOCK.epoch())
    start = rounded(start, now)
    oldest = now - KEPT
    for age, multiple in RETENTION:
        if period % multiple:
            oldest = max(oldest, now - age)
    times, values = found
    first = int(np.searchsorted(times, oldest))
    return aggregate(times[first:], values[first:], start, end, period, statistic)


def rounded(start: int, now: int) -> int:
    """A start is rounded down, the more the older it is."""
    age = now - start
    unit = 60 if age < RETENTION[0][0] else 300 if age < RETENTION[1][0] else 3600
    return start - start % unit


def get_metric_statistics(call: Call) -> dict[str, Any]:
    """GetMetricStatistics: one metric, at most 1,440 datapoints, all at once and in no order."""
    asked = call.fields
    wanted = [*asked.get("Statistics", []), *asked.get("ExtendedStatistics", [])]
    if bool(asked.get("Statistics")) == bool(asked.get("ExtendedStatistics")):
        raise RefusalError(
            "InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics"
        )
    simple = bool(asked.get("Statistics"))
    if any(not known_statistic(name) or (percentile(name) is None) != simple for name in wanted):
        raise invalid(f"The values {wanted} are not supported.")
    start, end = window(asked)
    period = checked_period(asked.get("Period"))
    number = -(-(end - start) // period)
    if number > MAX_STATISTICS:
        message = (
            f"You have requested up to {number} datapoints, which exceeds the limit of {MAX_STATISTICS}."
        )
        raise RefusalError("InvalidParameterCombination", message)
    metric = key(asked.get("Namespace", ""), asked.get("MetricName", ""), named(asked.get("Dimensions")))
    points: dict[int, dict[str, Any]] = {}
    for statistic in wanted:
        times, values = statistics(call.where, metric, start, end, period, statistic, asked.get("Unit"))
        for time, value in zip(times.tolist(), values.tolist(), strict=True):
            point = points.setdefault(time, {"Timestamp": time, "Unit": METRICS.of(call.where)[metric].unit})
            target = point if simple else point.setdefault("ExtendedStatistics", {})
            target[statistic] = value
    state.note(queries=1, datapoints=len(points))
    shuffled = sorted(points.values(), key=lambda point: zlib.crc32(str(point["Timestamp"]).encode()))
    return {"Label": metric.name, "Datapoints": shuffled}


def list_metrics(call: Call) -> dict[str, Any]:
    """ListMetrics: by exact namespace and name, dimensions as a subset; only what had data in two weeks."""
    asked = call.fields
    active = asked.get("RecentlyActive")
    if active not in (None, "PT3H"):
        raise invalid(f"The value {active} for parameter RecentlyActive is not supported.")
    since = state.CLOCK.epoch() - (3 * 3600 if active else 14 * DAY)
    filters = [(each.get("Name"), each.get("Value")) for each in asked.get("Dimensions", [])]
    held = METRICS.of(call.where)
    found = [
        metric
        for metric, series in list(held.items())
        if asked.get("Namespace") in (None, metric.namespace)
        and asked.get("MetricName") in (None, metric.name)
        and series.last is not None
        and series.last >= since
        and all(has(metric, name, value) for name, value in filters)
    ]
    digest = zlib.crc32(
        json.dumps(
            {name: value for name, value in asked.items() if name != "NextToken"}, sort_keys=True
        ).encode()
    )
    start = opened_token(asked["NextToken"], digest)[0] if asked.get("NextToken") else 0
    shown = found[start : start + LIST_PAGE]
    state.note(items=len(shown))
    answer: dict[str, Any] = {
        "Metrics": [
            {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(metric.dimensions)],
            }
            for metric in shown
        ]
    }
    if start + LIST_PAGE < len(found):
        answer["NextToken"] = closed_token(start + LIST_PAGE, 0, digest)
    return answer


def has(metric: Key, name: str, value: str | None) -> bool:
    return any(held == name and value in (None, known) for held, known in metric.dimensions)


def put_metric_data(call: Call) -> dict[str, Any]:
    """PutMetricData: at most 1,000 data; namespaces of AWS itself are reserved."""
    namespace = call.fields.get("Namespace", "")
    data = call.fields.get("MetricData", [])
    if namespace.startswith("AWS/"):
        raise RefusalError("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
    if len(data) > MAX_PUT:
        raise invalid(f"The collection MetricData must not have a size greater than {MAX_PUT}.")
    for datum in data:
        time = float(datum.get("Timestamp") or state.CLOCK.epoch())
        values = datum.get("Values") or [datum["Value"]]
        counts = datum.get("Counts") or [1] * len(values)
        repeated = [
            float(value) for value, count in zip(values, counts, strict=True) for _ in range(int(count))
        ]
        metric = key(namespace, datum["MetricName"], named(datum.get("Dimensions")))
        METRICS.put(call.where, metric, [time] * len(repeated), repeated, datum.get("Unit", "None"))
    return {}


def window(asked: dict[str, Any]) -> tuple[int, int]:
    if asked.get("StartTime") is None or asked.get("EndTime") is None:
        raise invalid("The parameters StartTime and EndTime are required.")
    start, end = int(asked["StartTime"]), int(asked["EndTime"])
    if start >= end:
        raise invalid("The parameter StartTime must be less than the parameter EndTime.")
    return start, end


def checked_period(value: Any) -> int:
    period = int(value or 0)
    if period not in (1, 5, 10, 20, 30) and (period <= 0 or period % 60):
        raise invalid(
            f"The value {value} for parameter Period is invalid: it must be 1, 5, 10, 20, 30 or a multiple of 60."
        )
    return period


def named(dimensions: list[dict[str, str]] | None) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in dimensions or []}


def invalid(message: str) -> RefusalError:
    return RefusalError("ValidationError", message)


def closed_token(place: int, offset: int, digest: int) -> str:
    return base64.urlsafe_b64encode(f"{place}.{offset}.{digest}".encode()).decode()


def opened_token(token: str, digest: int) -> tuple[int, int]:
    """Where to go on; a token of another request is as unknown as a made-up one."""
    try:
        place, offset, of = base64.urlsafe_b64decode(token.encode()).decode().split(".")
        if int(of) == digest:
            return int(place), int(offset)
    except (ValueError, binascii.Error):
        pass
    raise RefusalError("InvalidNextToken", "The next token is invalid.")


_OPERATIONS: dict[str, Callable[[Call], dict[str, Any] | bytes]] = {
    "get_metric_data": get_metric_data,
    "get_metric_statistics": get_metric_statistics,
    "list_metrics": list_metrics,
    "put_metric_data": put_metric_data,
}
# Answered in front of moto when JSON is spoken, as boto3 does.
ANSWERS = {
    ("cloudwatch", "".join(map(str.title, name.split("_")))): answer for name, answer in _OPERATIONS.items()
}


def install() -> None:
    """For clients that speak the older query protocol: moto parses and writes it, we answer."""

    def bound(answer: Any) -> Any:
        def method(self: CloudWatchResponse) -> ActionResult:
            fields = {name: timestamped(value) for name, value in self._get_params().items()}
            call = Call(
                "cloudwatch", "", self.region, self.access_key, self.current_account, "query", b"", fields
            )
            content = answer(call)  # a refusal passes through moto, to be written in front of it
            content = json.loads(content) if isinstance(content, bytes) else content
            return ActionResult(content) if content else EmptyResult()

        return method

    for name, answer in _OPERATIONS.items():
        setattr(CloudWatchResponse, name, bound(answer))


def timestamped(value: Any) -> Any:
    return state.epoch(value.replace(tzinfo=None)) if hasattr(value, "tzinfo") else value
