"""The sample's metrics: rows of the table `metrics`, daily buckets over 95 days."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zlib import crc32

from collectors.sample import shapes
from collectors.sample.estate import Disk, Machine
from collectors.sample.service import Service

_SECONDS = 86_400
_SAMPLES = 288  # five-minute points
_HOURLY_DAYS = 14


def machine_metrics(machines: Iterable[Machine], as_of: datetime) -> list[dict[str, Any]]:
    """Processor, network, and where an agent runs memory and GPU. A machine that is off has no points."""
    rows: list[dict[str, Any]] = []
    for machine in machines:
        if machine.state == "running":
            for metric, shape in _machine_shapes(machine):
                rows += _rows(machine, metric, shape, as_of, machine.launched_at)
    return rows


def disk_metrics(disks: Iterable[Disk], as_of: datetime) -> list[dict[str, Any]]:
    """Operations and bytes of attached volumes; an unattached one has points up to its detachment."""
    rows: list[dict[str, Any]] = []
    for disk in disks:
        if disk.machine is None or disk.shape is None:
            continue
        shape = shapes.OPS[disk.shape]
        for metric, factor in (
            ("disk_read_ops_per_second", 1.0),
            ("disk_write_ops_per_second", 0.6),
            ("disk_read_bytes_per_second", 16_384.0),
            ("disk_write_bytes_per_second", 8_192.0),
        ):
            rows += _rows(disk, metric, shape, as_of, disk.created_at, factor)
    return rows


def service_metrics(services: Iterable[Service], as_of: datetime) -> list[dict[str, Any]]:
    """What services do."""
    return [
        row
        for one in services
        for metric, shape in one.metrics.items()
        for row in _rows(one, metric, shape, as_of, as_of - timedelta(days=shapes.DAYS))
    ]


def hourly_metrics(machines: Iterable[Machine], as_of: datetime) -> list[dict[str, Any]]:
    """The processor by the hour, over two weeks, of machines that people use by day."""
    rows: list[dict[str, Any]] = []
    for machine in machines:
        if machine.shape != "desk":
            continue
        noise = Random(crc32(machine.id.encode()))  # noqa: S311 - an example, not a secret
        for back in range(_HOURLY_DAYS, 0, -1):
            day = as_of - timedelta(days=back)
            for hour, value in enumerate(shapes.working_hours(day, noise)):
                at = day + timedelta(hours=hour)
                rows.append(_row(machine, "cpu_utilization", at, value, seconds=3600, samples=12))
    return rows


def _machine_shapes(machine: Machine) -> Iterator[tuple[str, shapes.Shape]]:
    yield "cpu_utilization", shapes.CPU[machine.shape]
    if machine.shape in shapes.MEMORY:
        yield "memory_utilization", shapes.MEMORY[machine.shape]
    if machine.shape in shapes.GPU:
        yield "gpu_utilization", shapes.GPU[machine.shape]
    network = shapes.NETWORK.get(machine.shape, shapes.NETWORK_OTHERWISE)
    yield "network_in_bytes_per_second", network
    yield "network_out_bytes_per_second", network


def _rows(
    of: Machine | Disk | Service,
    metric: str,
    shape: shapes.Shape,
    as_of: datetime,
    since: datetime,
    factor: float = 1.0,
) -> list[dict[str, Any]]:
    return [
        _row(of, metric, day, value, factor)
        for day, value in shapes.series(shape, of.id + metric, as_of)
        if day >= since - timedelta(days=1)
    ]


def _row(
    of: Machine | Disk | Service,
    metric: str,
    start: datetime,
    value: shapes.Day,
    factor: float = 1.0,
    *,
    seconds: int = _SECONDS,
    samples: int = _SAMPLES,
) -> dict[str, Any]:
    return {
        "cloud": of.cloud,
        "account_id": of.account,
        "region": of.region,
        "resource_id": of.id,
        "metric": metric,
        "bucket_start": start,
        "bucket_seconds": seconds,
        "avg": value.avg * factor,
        "p95": value.p95 * factor,
        "max": value.max * factor,
        "samples": samples,
    }
