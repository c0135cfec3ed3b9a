"""CloudWatch through GetMetricData: full batches, daily buckets over 95 days, hourly ones of the processor over 14.

measures.py says what to ask. Here it is asked, and the answers become rows: ratios as they are, rates as the sum over
the seconds that were measured and the highest sample over its length. How long a sample is follows from how many
there are in a day: 1,440 of a minute or 288 of five. Only what is newer than what is stored is asked.
"""

import calendar
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from collectors.aws.client import Api, Client
from collectors.aws.inventory import utc
from collectors.aws.measures import (
    DAYS,
    POINTS,
    PRICE_PER_QUERY,
    QUERIES,
    Assets,
    Batch,
    Measure,
    Wanted,
    plan,
)
from collectors.hours import metric_table
from collectors.regions import Problems
from finops.warehouse import Scope

GET_METRIC_DATA = Api(
    "cloudwatch",
    "get_metric_data",
    "cloudwatch:GetMetricData",
    probe={
        "MetricDataQueries": [{
            "Id": "q0",
            "MetricStat": {
                "Metric": {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization"}, "Period": 86400, "Stat": "Average",
            },
        }],
        "StartTime": 0,
        "EndTime": 86400,
    },
)  # fmt: skip
LIST_METRICS = Api("cloudwatch", "list_metrics", "cloudwatch:ListMetrics", probe={"Namespace": "CWAgent"})


# --- ask --------------------------------------------------------------------------------------------------

Answers = dict[str, tuple[list[Any], list[float]]]


def get_metrics(client: Client, batch: Batch, problems: Problems) -> Answers:
    """Times and values of every query of a batch, by query id, of all pages.

    A metric of which some answer is not complete is left out whole, and told in `problems`: half a series must
    neither be judged nor take the place of what is stored, and the next run asks for it again.
    """
    answers: Answers = {}
    last: dict[str, str] = {}
    queries = _queries(batch)
    for start in range(0, len(queries), batch.room):
        for page in _pages(client, batch, queries[start : start + batch.room]):
            problems.extend(
                str(told.get("Value")) for told in page.get("Messages") or () if told.get("Value")
            )
            for result in page.get("MetricDataResults") or ():
                times, values = answers.setdefault(result["Id"], ([], []))
                times.extend(result.get("Timestamps") or ())
                values.extend(result.get("Values") or ())
                last[result["Id"]] = result.get("StatusCode") or "Complete"
    odd = {identity: status for identity, status in last.items() if status != "Complete"}
    where = f"in account {client.session.account}, region {client.region}"
    if odd:
        status = next(iter(odd.values()))
        problems.append(f"{GET_METRIC_DATA.action} answered {status} for {len(odd)} series {where}.")
        _leave_out(answers, batch, odd)
    return answers


def _pages(client: Client, batch: Batch, queries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return client.pages(
        GET_METRIC_DATA,
        MetricDataQueries=queries,
        StartTime=batch.start.replace(tzinfo=UTC),  # the SDK takes a time without a zone for local
        EndTime=batch.end.replace(tzinfo=UTC),
        ScanBy="TimestampAscending",
        MaxDatapoints=POINTS,
    )


def _leave_out(answers: Answers, batch: Batch, odd: Mapping[str, str]) -> None:
    """Forgets every answer for a metric that has an odd one; without its samples no rate can be told."""
    number = 0
    for one in batch.wanted:
        asked = [(f"q{number + place}", measure) for place, (measure, _) in enumerate(one.queries())]
        number += len(asked)
        broken = {measure.metric for identity, measure in asked if identity in odd}
        for identity, measure in asked:
            if measure.metric in broken or ("samples" in broken and measure.kind == "sum"):
                answers.pop(identity, None)


def _queries(batch: Batch) -> list[dict[str, Any]]:
    flat = (query for one in batch.wanted for query in one.queries())
    return [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": measure.namespace,
                    "MetricName": measure.name,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in measure.dimensions],
                },
                "Period": batch.seconds,
                "Stat": stat,
            },
        }
        for number, (measure, stat) in enumerate(flat)
    ]


def get_series(client: Client, names: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The series that there are of metrics, each named by its namespace and itself."""
    return [
        series
        for namespace, name in names
        for page in client.pages(LIST_METRICS, Namespace=namespace, MetricName=name)
        for series in page.get("Metrics") or ()
    ]


# --- rows -------------------------------------------------------------------------------------------------


def transform_metrics(answers: Answers, batch: Batch, scope: Scope) -> pa.Table | None:
    """Rows of metrics as Arrow; None when nothing was measured."""
    buckets = _Buckets(batch)
    parts: list[tuple[Any, ...]] = []
    number = 0
    for one in batch.wanted:
        grids: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
        since: dict[str, datetime | None] = {}
        for measure, stat in one.queries():
            ours, values = _ours(measure, stat, buckets.grid(answers.get(f"q{number}")))
            grids[measure.metric][ours].append(values)
            since[measure.metric] = measure.since
            number += 1
        samples = grids.pop("samples", {}).get("SampleCount")
        counts = samples[0] if samples else None
        for metric, stats in grids.items():
            parts.append((one.resource_id, metric, *buckets.columns(stats, counts, since[metric])))
    return _table(parts, buckets, scope)


# Of what is free, the least is the most that is used.
_TURNED = {"Average": "Average", "p5": "p95", "Minimum": "Maximum"}


def _ours(measure: Measure, stat: str, values: np.ndarray) -> tuple[str, np.ndarray]:
    """A statistic and its values as our metric has them."""
    if measure.kind == "percent":
        return stat, values / 100 * measure.scale
    if measure.kind == "free":
        return _TURNED[stat], np.clip(1 - values * measure.scale, 0, 1)
    return stat, values


class _Buckets:
    """The buckets of a batch: its answers as arrays with one value per bucket, NaN where there is none."""

    def __init__(self, batch: Batch) -> None:
        self.seconds = batch.seconds
        self.first = int((batch.start - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001 - naive UTC throughout
        self.count = max(1, -(-int((batch.end - batch.start).total_seconds()) // batch.seconds))
        self.starts = np.datetime64(batch.start, "us") + np.arange(self.count) * np.timedelta64(
            batch.seconds, "s"
        )
        # The last bucket may not be over yet.
        self.lengths = np.full(self.count, float(batch.seconds))
        last = batch.start + timedelta(seconds=batch.seconds * (self.count - 1))
        self.lengths[-1] = max(1.0, (batch.end - last).total_seconds())
        self._known: dict[Any, int] = {}

    def grid(self, answer: tuple[list[Any], list[float]] | None) -> np.ndarray:
        """The values of one query in their buckets."""
        values = np.full(self.count, np.nan)
        if answer and answer[0]:
            places = np.fromiter((self._place(at) for at in answer[0]), dtype=np.int64, count=len(answer[0]))
            inside = (places >= 0) & (places < self.count)
            values[places[inside]] = np.asarray(answer[1], dtype=float)[inside]
        return values

    def columns(
        self, stats: Mapping[str, list[np.ndarray]], counts: np.ndarray | None, since: datetime | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """avg, p95, max and samples of one metric; of several series (GPUs) the busiest at each moment, of several
        that are counted all together."""
        if "Sum" in stats:
            total = _together(stats["Sum"])
            if since is not None:
                total = np.where(np.isnan(total) & (self.starts >= np.datetime64(since, "us")), 0.0, total)
            return self._rates(total, stats["Maximum"][0] if "Maximum" in stats else None, counts)
        none = np.full(self.count, np.nan)
        avg = _highest(stats["Average"])
        top = _highest(stats["Maximum"])
        p95 = _highest(stats["p95"]) if "p95" in stats else none
        return avg, p95, top, counts if counts is not None else none

    def _rates(
        self, total: np.ndarray, top: np.ndarray | None, counts: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Per second: the sum over the time that was measured, and the highest sample over its length."""
        none = np.full(self.count, np.nan)
        if counts is None or top is None:
            return total / self.lengths, none, none, none
        sample = _sample_seconds(counts, self.lengths)
        measured = np.minimum(counts * sample, self.lengths)
        measured = np.where(np.isnan(measured) | (measured <= 0), self.lengths, measured)
        return total / measured, none, top / sample, counts

    def _place(self, at: Any) -> int:
        place = self._known.get(at)
        if place is None:
            place = self._known[at] = (_epoch(at) - self.first) // self.seconds
        return place


def _sample_seconds(counts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """How long one sample is: a minute where a day has more samples than there are five minutes in it.

    A day that was measured for a part of it only follows the others.
    """
    fives = lengths / 300
    known = ~np.isnan(counts)
    by_minute = known & (counts > fives * 1.02 + 1)  # one more: the last sample may only have begun
    whole_of_fives = known & ~by_minute & (counts > fives * 0.9)
    usual = 60.0 if by_minute.any() and not whole_of_fives.any() else 300.0
    return np.where(by_minute, 60.0, np.where(whole_of_fives, 300.0, usual))


def _highest(grids: list[np.ndarray]) -> np.ndarray:
    return grids[0] if len(grids) == 1 else np.fmax.reduce(grids)


def _together(grids: list[np.ndarray]) -> np.ndarray:
    """The sum of what there is; nothing where there is nothing of any."""
    if len(grids) == 1:
        return grids[0]
    nowhere = np.all(np.isnan(grids), axis=0)
    total: np.ndarray = np.where(nowhere, np.nan, np.nansum(grids, axis=0))
    return total


def _table(parts: Sequence[tuple[Any, ...]], buckets: _Buckets, scope: Scope) -> pa.Table | None:
    if not parts:
        return None
    avg, p95, top, samples = (np.concatenate([part[column] for part in parts]) for column in (2, 3, 4, 5))
    seen = ~(np.isnan(avg) & np.isnan(top))
    rows = int(seen.sum())
    if not rows:
        return None
    resources, metrics = (_dictionary([part[column] for part in parts], buckets.count) for column in (0, 1))
    mask = pa.array(seen)
    return metric_table(
        scope,
        resources.filter(mask),
        metrics.filter(mask),
        np.tile(buckets.starts, len(parts))[seen],
        pa.array(np.full(rows, buckets.seconds, dtype=np.int32)),
        [one[seen] for one in (avg, p95, top, samples)],
    )


def _dictionary(names: Sequence[str], times: int) -> pa.DictionaryArray:
    words = list(dict.fromkeys(names))
    place = {word: number for number, word in enumerate(words)}
    codes = np.repeat(np.fromiter((place[name] for name in names), dtype=np.int32, count=len(names)), times)
    return pa.DictionaryArray.from_arrays(codes, words)


def _epoch(at: Any) -> int:
    """Seconds since 1970 of a time as it arrives."""
    instant = at if isinstance(at, (int, float)) else calendar.timegm(utc(at).timetuple())  # type: ignore[union-attr]
    return int(instant)


__all__ = [
    "DAYS", "GET_METRIC_DATA", "LIST_METRICS", "POINTS", "PRICE_PER_QUERY", "QUERIES",
    "Answers", "Assets", "Batch", "Measure", "Wanted", "get_metrics", "get_series", "plan", "transform_metrics",
]  # fmt: skip
