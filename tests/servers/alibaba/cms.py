"""CloudMonitor, 2019-01-01: DescribeMetricList, DescribeMetricLast, DescribeMetricData, DescribeMetricMetaList.

A datapoint's timestamp is the beginning of its period; the window is open at its start and closed at its end.
"""

import ast
import json
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.servers.alibaba.metrics import KNOWN, UNITS, candidates
from tests.servers.alibaba.pages import following, offset_of
from tests.servers.alibaba.state import BEIJING, WORLD, epoch, parse
from tests.servers.alibaba.wire import Call, RefusalError
from tests.servers.series import Key, aggregate

VERSION = "2019-01-01"
PERIODS = (15, 60, 300, 900, 3600)
LONGEST = timedelta(days=31)
MOST_INSTANCES, MOST_POINTS = 50, 1440
STEP = 300  # of the series that we generate: finer periods repeat their points
Table = tuple[list[Key], NDArray[Any]]
_tables: OrderedDict[tuple[Any, ...], Table] = OrderedDict()


def wrong(message: str, code: str = "ParameterInvalid") -> RefusalError:
    return RefusalError(400, code, message)


def metric_list(call: Call) -> dict[str, Any]:
    """Datapoints as JSON inside a string, in pages of at most 1440."""
    use_quota()
    namespace, name, period = named(call)
    start, end = window(call, period)
    size = call.number("Length", 1000, 1, MOST_POINTS)
    offset = offset_of(call)
    keys, rows = table(call, namespace, name, period, start, end)
    page = rows[offset : offset + size]
    call.items = len(page)
    return told(call, page, keys, period) | following(call, offset + size, len(rows))


def metric_data(call: Call) -> dict[str, Any]:
    """The same without pages: the first ones only."""
    use_quota()
    namespace, name, period = named(call)
    start, end = window(call, period)
    keys, rows = table(call, namespace, name, period, start, end)
    page = rows[: call.number("Length", 1000, 1, MOST_POINTS)]
    call.items = len(page)
    return told(call, page, keys, period)


def metric_last(call: Call) -> dict[str, Any]:
    """The newest point of each series; looks back two hours unless asked otherwise."""
    use_quota()
    namespace, name, period = named(call)
    now = epoch(WORLD.now()) * 1000
    start = instant(call, "StartTime", now - 2 * 3600 * 1000)
    keys, rows = table(call, namespace, name, period, start, now)
    newest = {int(row["series"]): number for number, row in enumerate(rows)}
    picked = rows[sorted(newest.values())]
    size, offset = call.number("Length", 1000, 1, MOST_POINTS), offset_of(call)
    page = picked[offset : offset + size]
    call.items = len(page)
    return told(call, page, keys, period) | following(call, offset + size, len(picked))


def metric_meta(call: Call) -> dict[str, Any]:
    """The metrics there are, a page of them; wrapped once more than one would think."""
    size, page = call.number("PageSize", 30, 1, 10000), call.number("PageNumber", 1, 1, 10**6)
    wanted, name = call.params.get("Namespace", ""), call.params.get("MetricName", "")
    every = [
        {
            "Namespace": namespace, "MetricName": metric, "Dimensions": ",".join(("userId", *dimensions)), "Unit": UNITS.get(metric, ""),
            "Periods": "60,300,900,3600", "Statistics": "Average,Minimum,Maximum", "Description": metric, "Labels": "[]",
        }
        for (namespace, metric), dimensions in KNOWN.items()
        if wanted in ("", namespace) and name in ("", metric)
    ]  # fmt: skip
    listed = every[(page - 1) * size : page * size]
    return {"Code": "200", "Success": True, "TotalCount": str(len(every)), "Resources": {"Resource": listed}}


def use_quota() -> None:
    """One of the calls that are free each month."""
    with WORLD.lock:
        if WORLD.monthly_metric_calls is None:
            return
        WORLD.monthly_metric_calls -= 1
        if WORLD.monthly_metric_calls < 0:
            raise RefusalError(402, "LimitExceeded", "The quota for this customer had been reached.")


def named(call: Call) -> tuple[str, str, int]:
    """Namespace, metric and period."""
    namespace, name = call.required("Namespace"), call.required("MetricName")
    if (namespace, name) not in KNOWN:
        raise RefusalError(404, "ResourceNotFound", "The specified resource is not found.")
    text = call.params.get("Period", "") or "60"
    if not text.isdigit() or int(text) not in PERIODS:
        raise wrong(f"The Period must be one of {', '.join(map(str, PERIODS))}.")
    return namespace, name, int(text)


def window(call: Call, period: int) -> tuple[int, int]:
    """Start and end in milliseconds; the last period when neither is given."""
    now = epoch(WORLD.now()) * 1000
    end = instant(call, "EndTime", now)
    start = instant(call, "StartTime", end - period * 1000)
    if start >= end:
        raise wrong("The StartTime must be earlier than the EndTime.")
    if end - start > LONGEST.total_seconds() * 1000:
        raise wrong("The interval between the StartTime and the EndTime must be at most 31 days.")
    return start, end


def instant(call: Call, name: str, default: int) -> int:
    """Milliseconds; a text without zone is Beijing's time, one with Z is UTC."""
    text = call.params.get(name, "")
    if not text:
        return default
    if text.isdigit():
        return int(text)
    try:
        if text.endswith("Z") and "T" in text:
            return epoch(parse(text)) * 1000
        local = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).replace(tzinfo=None)
        return epoch(local - BEIJING) * 1000
    except ValueError:
        raise wrong(f"The {name} is not valid.") from None


def dimensions(call: Call) -> list[dict[str, str]]:
    """What was asked for; nothing given means everything in the region. Single quotes are tolerated."""
    text = call.params.get("Dimensions", "")
    if not text:
        return []
    try:
        found = json.loads(text)
    except ValueError:
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            raise wrong("The Dimensions are not valid JSON.") from None
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise wrong("The Dimensions are not a list of objects.")
    if len(found) > MOST_INSTANCES:
        raise wrong(f"The Dimensions may hold at most {MOST_INSTANCES} instances.")
    return [{str(name): str(value) for name, value in each.items() if name != "userId"} for each in found]


def table(call: Call, namespace: str, name: str, period: int, start: int, end: int) -> Table:
    """Every point within (start, end], by time and then by series; kept for the pages that follow."""
    wanted = dimensions(call)
    version = WORLD.metrics.generation
    mark = (call.where, namespace, name, period, start, end, json.dumps(wanted), version)
    with WORLD.lock:
        if mark in _tables:
            return _tables[mark]
    keys = candidates(call.where, namespace, name, wanted)
    made = (keys, joined(call.where, keys, period, start, end))
    with WORLD.lock:
        _tables[mark] = made
        while len(_tables) > 16:
            _tables.popitem(last=False)
    return made


def joined(where: tuple[str, str], keys: list[Key], period: int, start: int, end: int) -> NDArray[Any]:
    """The points of several series in one table in order of time."""
    kind = np.dtype([("stamp", "i8"), ("series", "i8"), ("low", "f8"), ("mean", "f8"), ("high", "f8")])
    now = epoch(WORLD.now())
    oldest = now - (7 if period < 60 else 31 if period < 300 else 91) * 86400
    begin = max(start // 1000, oldest - 1)
    parts = []
    for number, each in enumerate(keys):
        stamps, columns = statistics(where, each, period, begin, min(end // 1000, now))
        part = np.zeros(len(stamps), kind)
        part["stamp"], part["series"] = stamps, number
        part["low"], part["mean"], part["high"] = (np.round(values, 4) for values in columns)
        parts.append(part)
    whole = np.concatenate(parts) if parts else np.zeros(0, kind)
    return whole[np.lexsort((whole["series"], whole["stamp"]))]


def statistics(
    where: tuple[str, str], name: Key, period: int, begin: int, end: int
) -> tuple[NDArray[Any], list[NDArray[Any]]]:
    """Instants and minimum, average, maximum of the periods that begin within (begin, end]."""
    points = WORLD.metrics.points(where, name)
    if points is None:
        return np.zeros(0, np.int64), [np.zeros(0)] * 3
    highs = WORLD.metrics.points(where, name._replace(name=f"{name.name}#Maximum")) or points
    # What we generate has a point each 300 s; asked for finer ones, each stands for its parts.
    coarse = max(period, STEP) if WORLD.metrics.of(where)[name].shape else period
    first, last = begin // coarse * coarse, end // coarse * coarse + coarse
    found = [
        aggregate(*(highs if statistic == "Maximum" else points), first, last, coarse, statistic)
        for statistic in ("Minimum", "Average", "Maximum")
    ]
    stamps, columns = found[1][0], [values for _, values in found]
    if coarse > period:
        parts = coarse // period
        stamps = (stamps[:, None] + np.arange(parts) * period).ravel()
        columns = [np.repeat(values, parts) for values in columns]
    within = (stamps > begin) & (stamps <= end)
    return stamps[within], [values[within] for values in columns]


def told(call: Call, rows: NDArray[Any], keys: list[Key], period: int) -> dict[str, Any]:
    """The answer with its datapoints as text, written by hand: the largest part of what this process ever does."""
    whose = [{"userId": call.account, **dict(sorted(each.dimensions))} for each in keys]
    names = [json.dumps(each, separators=(",", ":"))[1:-1] for each in whose]
    points = ",".join(
        f'{{"timestamp":{stamp}000,{names[series]},"Minimum":{low!r},"Average":{mean!r},"Maximum":{high!r}}}'
        for stamp, series, low, mean, high in rows.tolist()
    )
    return {"Code": "200", "Success": True, "Period": str(period), "Datapoints": f"[{points}]"}


_OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "DescribeMetricList": metric_list,
    "DescribeMetricData": metric_data,
    "DescribeMetricLast": metric_last,
    "DescribeMetricMetaList": metric_meta,
}
ANSWERS = {(VERSION, name): answer for name, answer in _OPERATIONS.items()}
