"""Hours of machines and disks from Cloud Monitoring, only what is newer than what is stored.

measures.py says what to ask, monitoring.py asks it, and here the hours become rows of metrics, region by region: a
question is about all regions of a project. Disks are told by machine and device name, never by their own name.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from collectors.gcp.client import Client
from collectors.gcp.listing import CLOUD
from collectors.gcp.measures import BALLOON, BALLOON_SERIES, CPU, MEMORY, RATE, Assets, Batch, Measure
from collectors.gcp.monitoring import Part, Question, ask, grid_of
from collectors.hours import DAY, HOUR, Grid, MetricRows
from finops.warehouse import Scope

_GIB = 1024.0**3
# A machine and, of disks, the device.
Key = tuple[str, str]
Arrays = dict[Key, np.ndarray]
Machines = Mapping[str, Mapping[str, Any]]


def get_hours(client: Client, batch: Batch) -> dict[str, Arrays]:
    """Values of each hour by aligner, machine and device; nothing where nobody has the agent that reports it."""
    measure, found = batch.measure, dict[str, Arrays]()
    for aligner in measure.aligners:
        question = Question(measure.google, aligner, batch.window, measure.where)
        found[aligner] = _arrays(client, question, measure)
        if not found[aligner]:
            break  # what has no mean has no maximum either
    return found


def _arrays(client: Client, question: Question, measure: Measure) -> Arrays:
    """Hours by machine and device: of several series of one their sum, or of ratios the highest."""
    parts: dict[tuple[Any, ...], list[Part]] = {}
    for part in ask(client, question):
        resource, metric = dict(part.resource), dict(part.metric)
        if "instance_id" in resource and _wanted(measure, metric):
            device = metric.get("device_name", "") if measure.by_device else ""
            parts.setdefault((resource["instance_id"], device, part.metric), []).append(part)
    together = np.fmax if measure.ratio else _sum
    found: Arrays = {}
    for (machine, device, _), values in grid_of(parts, question.window).items():
        key = machine, device
        found[key] = together(found[key], values) if key in found else values
    return found


def _wanted(measure: Measure, labels: Mapping[str, str]) -> bool:
    """Memory is told by state, and only what is used is."""
    return measure is not MEMORY or labels.get("state", "used") == "used"


def _sum(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of both where there are both, else of the one that there is."""
    total: np.ndarray = np.where(np.isnan(one), other, np.where(np.isnan(other), one, one + other))
    return total


def measured(client: Client, batch: Batch, assets: Assets, project: str) -> dict[str, pa.Table]:
    """Rows of metrics of a batch as Arrow, by region; of machines and disks that the inventory has."""
    rows = _Rows(batch, project)
    machines = {str(one["instance_id"]): one for one in assets.instances}
    hours = get_hours(client, batch)
    if batch.measure.by_device:
        _add_disks(rows, hours, machines, assets)
        return rows.tables()
    told = _add_machines(rows, batch.measure, hours, machines, assets)
    if batch.measure is MEMORY:
        others = {
            identity: one
            for identity, one in machines.items()
            if identity not in told and str(one["instance_type"]).startswith(BALLOON_SERIES)
        }
        if others:
            _add_machines(rows, BALLOON, get_hours(client, replace(batch, measure=BALLOON)), others, assets)
    return rows.tables()


def _add_machines(
    rows: "_Rows", measure: Measure, hours: dict[str, Arrays], machines: Machines, assets: Assets
) -> set[str]:
    """Machines; returns those that there is something of."""
    told: set[str] = set()
    top = hours.get(measure.aligners[-1], {})
    for key, values in hours.get(measure.aligners[0], {}).items():
        machine = machines.get(key[0])
        scale = _scale(measure, machine, assets) if machine else None
        if machine and scale is not None:
            highest = top.get(key, np.full_like(values, np.nan))
            rows.add(machine["region"], key[0], values * scale, highest * scale)
            told.add(key[0])
            if measure is CPU and key[0] in assets.twins:
                region, notebook = assets.twins[key[0]]
                rows.add(region, notebook, values * scale, highest * scale)
    return told


def _add_disks(rows: "_Rows", hours: dict[str, Arrays], machines: Machines, assets: Assets) -> None:
    """Disks, and for each machine the sum of its own."""
    volumes = {str(one["volume_id"]): one for one in assets.volumes}
    totals: dict[str, np.ndarray] = {}
    for key, values in hours.get(RATE, {}).items():
        if key[0] in machines:  # which may be gone by now
            totals[key[0]] = _sum(totals[key[0]], values) if key[0] in totals else values
            volume = volumes.get(assets.devices.get(key, ""))
            if volume is not None:
                own = rows.since(volume["created_at"], values)
                rows.add(volume["region"], str(volume["volume_id"]), own, own)
    for identity, values in totals.items():
        rows.add(machines[identity]["region"], identity, values, values)


def _scale(measure: Measure, machine: Mapping[str, Any], assets: Assets) -> float | None:
    """What one of Google's units is in ours; None where that is not known."""
    if measure is not BALLOON:
        return measure.scale
    memory = assets.types.get(machine["instance_type"], {}).get("memory_gib")
    return 1 / (memory * _GIB) if memory else None


class _Rows:
    """Rows of a batch on their way into a table for each region."""

    def __init__(self, batch: Batch, project: str) -> None:
        self._batch, self._project = batch, project
        self._regions: dict[str, MetricRows] = {}

    def add(self, region: str, identity: str, mean: np.ndarray, top: np.ndarray) -> None:
        measure = self._batch.measure
        if region not in self._regions:
            self._regions[region] = MetricRows(Scope(CLOUD, self._project, region, "metrics"))
        grid, rows = Grid.of(self._batch.window, mean, top), self._regions[region]
        rows.add(identity, measure.metric, DAY, *grid.days(percentiles=measure.ratio))
        if measure.hourly:
            rows.add(identity, measure.metric, HOUR, *grid.hours(self._batch.hourly_from))

    def since(self, created: datetime | None, values: np.ndarray) -> np.ndarray:
        """Hours since a disk was made: before, another one had the name that its machine knows it under."""
        if created is None:
            return values
        begin = int((created - self._batch.window.start).total_seconds()) // HOUR
        return np.where(np.arange(len(values)) >= begin, values, np.nan)

    def tables(self) -> dict[str, pa.Table]:
        return {
            region: table for region, rows in self._regions.items() if (table := rows.table()) is not None
        }
