"""The metrics of the estate: what the hypervisor measures, what the agent adds, what each disk does."""

from datetime import datetime
from typing import Any

import numpy as np

from tests.servers import shapes as s
from tests.servers.alibaba import plan
from tests.servers.alibaba.estate import Estate
from tests.servers.alibaba.state import MONITORED_DISKS, WORLD, Item
from tests.servers.series import Floats, Grid, Shape, key

ECS = "acs_ecs_dashboard"
BYTES_PER_OPERATION = 16384


def instance_metrics(
    estate: Estate, name: str, kind: plan.Kind, turn: int, region: str, item: Item, start: datetime, end: datetime | None
) -> None:  # fmt: skip
    """CPU and traffic of everything that runs; of some a few samples never arrived."""
    if kind.cpu is None:
        return
    own = {"instanceId": item["InstanceId"]}
    cpu = s.gappy(kind.cpu, 0.01) if turn % 4 == 2 else kind.cpu
    estate.series(region, ECS, "CPUUtilization", own, cpu, start, end)
    estate.series(region, ECS, "IntranetInRate", own, kind.network, start, end)
    estate.series(region, ECS, "IntranetOutRate", own, s.scaled(kind.network, 0.6), start, end)
    for metric in ("InternetInRate", "InternetOutRate"):  # of the classic network only
        estate.series(region, ECS, metric, own, s.zero(), start, end)
    for address in item["PublicIpAddress"]["IpAddress"]:
        public_traffic(estate, region, item, address, start, end)
    if item["GPUAmount"]:
        gpus(estate, name, region, item, start, end)
    if kind.memory is not None and not (name == "idle" and turn % 3 == 1 and not item["GPUAmount"]):
        agent(estate, kind.memory, cpu, region, own, start, end)


def public_traffic(
    estate: Estate, region: str, item: Item, address: str, start: datetime | None, end: datetime | None = None, level: float = 400_000
) -> None:  # fmt: skip
    """A series per public address."""
    own = {"instanceId": item["InstanceId"], "ip": address}
    shape = plan.per_second(level) if level else s.zero()
    estate.series(region, ECS, "VPC_PublicIP_InternetInRate", own, shape, start, end)
    estate.series(region, ECS, "VPC_PublicIP_InternetOutRate", own, s.scaled(shape, 0.8), start, end)


def agent(
    estate: Estate, memory: tuple[float, float], cpu: Shape, region: str, own: dict[str, str], start: datetime, end: datetime | None
) -> None:  # fmt: skip
    """What only the agent in the machine can see."""
    low, high = memory
    estate.series(region, ECS, "memory_usedutilization", own, s.daily(low, high, 0.4, high), start, end)
    estate.series(region, ECS, "cpu_total", own, s.scaled(cpu, 1.02), start, end)
    estate.series(
        region, ECS, "diskusage_utilization", {**own, "device": "/dev/vda1"}, s.flat(40, 0.5), start, end
    )


def gpus(estate: Estate, name: str, region: str, item: Item, start: datetime, end: datetime | None) -> None:
    """A series per card; on machines with several only one of them works."""
    for index in range(item["GPUAmount"]):
        works = name == "gpu_busy" and index == min(1, item["GPUAmount"] - 1)
        own = {"instanceId": item["InstanceId"], "gpuId": str(index)}
        estate.series(
            region, ECS, "gpu_gpu_usedutilization", own, s.daily(20, 92, 4) if works else s.zero(), start, end
        )


def disk_metrics(
    estate: Estate, region: str, disk: Item, reads: Shape, writes: Shape, start: datetime | None = None, end: datetime | None = None
) -> None:  # fmt: skip
    """Operations and bytes of one disk, per second."""
    own = {"DiskId": disk["DiskId"]}
    for name, shape in (
        ("IOPSRead", reads), ("IOPSWrite", writes), ("BPSRead", s.scaled(reads, BYTES_PER_OPERATION)),
        ("BPSWrite", s.scaled(writes, BYTES_PER_OPERATION)),
    ):  # fmt: skip
        estate.series(region, MONITORED_DISKS, name, own, shape, start, end)


def instance_disks(estate: Estate) -> None:
    """CloudMonitor knows the disks of an instance only together: the sum of what each does."""
    for name, region, item in estate.instances:
        if plan.KINDS[name].cpu is None:
            continue
        disks = [disk["DiskId"] for disk in estate.disks[item["InstanceId"]]]
        start = item["_measured_from"]
        for theirs, ours in (
            ("DiskReadIOPS", "IOPSRead"), ("DiskWriteIOPS", "IOPSWrite"), ("DiskReadBPS", "BPSRead"), ("DiskWriteBPS", "BPSWrite"),
        ):  # fmt: skip
            shape = together((estate.account.id, region), disks, ours)
            estate.series(
                region, ECS, theirs, {"instanceId": item["InstanceId"]}, shape, start, item.get("_stopped_at")
            )


def together(where: tuple[str, str], disks: list[str], metric: str) -> Shape:
    """The sum of the series of these disks, each where it has points."""

    def draw(rng: Any, grid: Grid) -> Floats:
        total: Floats = np.zeros(len(grid.times))
        for disk in disks:
            points = WORLD.metrics.points(where, key(MONITORED_DISKS, metric, {"DiskId": disk}))
            if points is not None and len(points[0]):
                places = (points[0] - grid.times[0]) // grid.step
                total[places[places < len(total)]] += points[1][places < len(total)]
        return total

    return draw
