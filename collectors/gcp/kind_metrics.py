"""Hours of everything but machines and disks from Cloud Monitoring become rows of metrics, region by region."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from collectors.gcp.client import Client
from collectors.gcp.kind_plan import KindBatch
from collectors.gcp.kinds import Key, Kind, Row, Source
from collectors.gcp.listing import CLOUD, region_in
from collectors.gcp.measures import MEAN
from collectors.gcp.monitoring import Part, Question, ask, grid_of
from collectors.hours import DAY, HOUR, Grid, MetricRows, Window
from finops.warehouse import Scope

Arrays = dict[Key, np.ndarray]
_PLACES = ("resource.labels.location",)  # which may be a zone of the region that we tell


def measured(client: Client, batch: KindBatch, project: str) -> dict[str, pa.Table]:
    """Rows of metrics of a batch as Arrow, by region; of resources that the inventory has."""
    find = _Finder(batch.kind, batch.rows, project)
    rates, sources = _asked(client, batch, find, batch.measure.aligners[0], batch.told.sources)
    tops = rates
    if sources and len(batch.measure.aligners) > 1:  # what has no mean has no maximum either
        tops, _ = _asked(client, batch, find, batch.measure.aligners[1], sources)
    shares = _shares(client, batch, find) if batch.told.per and rates else None
    rows = _Rows(batch, project)
    _add_silent(rates, batch)
    for place, values in rates.items():
        row = batch.rows[place]
        share = _share(batch, row, shares, place)
        if share is None:
            continue
        mean = _filled(batch, row, values)
        top = _filled(batch, row, tops[place]) if place in tops else np.full_like(mean, np.nan)
        rows.add(row, _whole(batch, mean / share), _whole(batch, top / share))
    return rows.tables()


def _asked(
    client: Client, batch: KindBatch, find: "_Finder", aligner: str, sources: Iterable[Source]
) -> tuple[dict[int, np.ndarray], list[Source]]:
    """Hours by the place of their row, and the sources that told any."""
    found: dict[int, np.ndarray] = {}
    told: list[Source] = []
    for source in sources:
        waiting = any(
            place not in found and source.of(row) and row.get("state") != "stopped"
            for place, row in enumerate(batch.rows)
        )
        arrays = _arrays(client, batch, source, aligner) if waiting else {}
        if arrays:
            told.append(source)
        _add(found, arrays, find)
    return found, told


def _arrays(client: Client, batch: KindBatch, source: Source, aligner: str) -> Arrays:
    """Hours by the values of the labels: of several series of one their sum, or of ratios the highest."""
    question = Question(source.google, aligner, batch.window, source.where, groups=source.groups)
    parts: dict[tuple[Any, ...], list[Part]] = {}
    for part in ask(client, question):
        key = tuple(_label(part, name) for name in source.labels)
        if any(key):
            parts.setdefault((key, part.metric, part.resource), []).append(part)
    found: Arrays = {}
    for (key, _, _), values in grid_of(parts, question.window).items():
        found[key] = _together(batch, found[key], values) if key in found else values
    return found


def _label(part: Part, name: str) -> str:
    holder = part.resource if name.startswith("resource.") else part.metric
    holder = part.system if name.startswith("metadata.") else holder
    value = dict(holder).get(name.rpartition(".")[2], "")
    return region_in(value) if name in _PLACES else value


def _together(batch: KindBatch, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    if batch.measure.ratio:
        highest: np.ndarray = np.fmax(one, other)
        return highest
    total: np.ndarray = np.where(np.isnan(one), other, np.where(np.isnan(other), one, one + other))
    return total


class _Finder:
    """Which row a key is of; none where several could be meant."""

    def __init__(self, kind: Kind, rows: tuple[Row, ...], project: str) -> None:
        self._known: dict[Key, int | None] = {}
        for place, row in enumerate(rows):
            key = kind.key(row, project)
            if key is None:
                continue
            # Where a label is not told, the last one is what tells a resource from another; one may be a whole path.
            short = (*key[:-1], key[-1].rpartition("/")[2])
            for each in dict.fromkeys((key, short, ("",) * (len(key) - 1) + key[-1:])):
                self._known[each] = None if each in self._known else place

    def __call__(self, key: Key) -> int | None:
        """The place of the row, or None."""
        return self._known.get(key)


def _add(found: dict[int, np.ndarray], arrays: Arrays, find: _Finder) -> None:
    """Adds what one source tells: of a resource that two of them tell the higher counts."""
    for key, values in arrays.items():
        place = find(key)
        if place is not None:
            found[place] = np.fmax(found[place], values) if place in found else values


def _shares(client: Client, batch: KindBatch, find: _Finder) -> dict[int, np.ndarray]:
    """What a resource has of what a metric is a share of."""
    found: dict[int, np.ndarray] = {}
    if batch.told.per is not None:
        _add(found, _arrays(client, batch, batch.told.per, MEAN), find)
    return found


def _share(
    batch: KindBatch, row: Row, shares: Mapping[int, np.ndarray] | None, place: int
) -> np.ndarray | float | None:
    """What a value is divided by; None where that is not known."""
    if batch.told.per_column:
        return float(row[batch.told.per_column])
    if shares is None:
        return 1.0
    values = shares.get(place)
    return None if values is None else np.where(values > 0, values, np.nan)


def _whole(batch: KindBatch, values: np.ndarray) -> np.ndarray:
    """A share of what is kept is no more than all of it: what is beyond was started besides."""
    return np.minimum(values, 1.0) if batch.told.per_column else values


def _filled(batch: KindBatch, row: Row, values: np.ndarray) -> np.ndarray:
    """Hours without a point are hours in which nothing happened, of what is written only when something does: since
    the resource was made, if it was ever counted. One that never was may not be counted at all."""
    if not batch.told.counted:
        return values
    begin = _hours_since(batch.window, row[batch.kind.created])
    since = np.arange(len(values)) >= begin
    if np.isnan(values).all() and str(row[batch.kind.identity]) not in batch.stored:
        return values
    filled: np.ndarray = np.where(since & np.isnan(values), 0.0, values)
    return filled


def _add_silent(rates: dict[int, np.ndarray], batch: KindBatch) -> None:
    """Adds resources that were counted before and of which nothing is told now."""
    for place, row in enumerate(batch.rows if batch.told.counted else ()):
        if place not in rates and str(row[batch.kind.identity]) in batch.stored:
            rates[place] = np.full(batch.window.hours, np.nan)


def _hours_since(window: Window, created: Any) -> int:
    """Hours of a window that had begun before a resource was made."""
    if created is None:
        return 0
    return max(0, -(-int((created - window.start).total_seconds()) // HOUR))


class _Rows:
    """Rows of a batch on their way into a table for each region."""

    def __init__(self, batch: KindBatch, project: str) -> None:
        self._batch, self._project = batch, project
        self._regions: dict[str, MetricRows] = {}

    def add(self, row: Row, mean: np.ndarray, top: np.ndarray) -> None:
        region, measure = str(row["region"]), self._batch.measure
        if region not in self._regions:
            self._regions[region] = MetricRows(Scope(CLOUD, self._project, region, "metrics"))
        days = Grid.of(self._batch.window, mean, top).days(percentiles=measure.ratio or measure.gauge)
        self._regions[region].add(str(row[self._batch.kind.identity]), measure.metric, DAY, *days)

    def tables(self) -> dict[str, pa.Table]:
        """By region."""
        return {
            region: table for region, rows in self._regions.items() if (table := rows.table()) is not None
        }
