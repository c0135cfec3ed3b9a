"""The sample's metrics: rows of the table `metrics`, daily buckets over 95 days."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from collectors.sample import shapes
from collectors.sample.estate import Disk, Machine

_SECONDS = 86_400
_SAMPLES = 288  # five-minute points


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
    of: Machine | Disk,
    metric: str,
    shape: shapes.Shape,
    as_of: datetime,
    since: datetime,
    factor: float = 1.0,
) -> list[dict[str, Any]]:
    return [
        {
            "cloud": of.cloud,
            "account_id": of.account,
            "region": of.region,
            "resource_id": of.id,
            "metric": metric,
            "bucket_start": day,
            "bucket_seconds": _SECONDS,
            "avg": value.avg * factor,
            "p95": value.p95 * factor,
            "max": value.max * factor,
            "samples": _SAMPLES,
        }
        for day, value in shapes.series(shape, of.id + metric, as_of)
        if day >= since - timedelta(days=1)
    ]
