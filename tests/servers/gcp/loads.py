"""The metrics of the estate: what the hypervisor measures, what the agent adds, what each disk does."""

from datetime import datetime

from tests.servers import shapes as s
from tests.servers.gcp import plan
from tests.servers.gcp.estate import Estate
from tests.servers.gcp.state import Item, Project
from tests.servers.series import Shape

CPU = "compute.googleapis.com/instance/cpu/utilization"
BYTES_PER_OPERATION = 16384


def who(item: Item) -> dict[str, str]:
    """The labels of the resource gce_instance besides the project."""
    return {"instance_id": item["id"], "zone": item["zone"].rpartition("/")[2]}


def instance_metrics(
    estate: Estate, name: str, kind: plan.Kind, turn: int, project: Project, item: Item
) -> None:
    """CPU and traffic while the machine runs; of some a few samples never arrived."""
    if kind.cpu is None:
        return
    own, labels = who(item), {"instance_name": item["name"]}
    start, end = item["_measured_from"], item.get("_stopped_at")

    def told(metric: str, shape: Shape, **more: str) -> None:
        estate.series(project, metric, "gce_instance", own, {**labels, **more}, shape, start, end)

    cpu = s.scaled(s.gappy(kind.cpu, 0.01) if turn % 4 == 2 else kind.cpu, 0.01)
    told(CPU, cpu)
    told("compute.googleapis.com/instance/uptime", s.flat(estate_step(), 0, 0, estate_step()))
    # What comes through a load balancer is counted apart.
    shares = (("false", 0.7), ("true", 0.3)) if turn % 3 == 0 else (("false", 1.0),)
    for through, share in shares:
        told(
            "compute.googleapis.com/instance/network/received_bytes_count",
            s.scaled(kind.network, share),
            loadbalanced=through,
        )
        told(
            "compute.googleapis.com/instance/network/sent_bytes_count",
            s.scaled(kind.network, 0.6 * share),
            loadbalanced=through,
        )
    if kind.memory is not None and not (name == "idle" and turn % 3 == 1):
        agent(estate, kind.memory, project, item, start, end)
    if item["_type"].startswith("e2-"):  # what the balloon leaves, as the hypervisor of E2 sees it
        told("compute.googleapis.com/instance/memory/balloon/ram_used", s.flat(2.0**31, 2.0**24, 0, 2.0**33))
    operations = kind.boot_ops
    boot = item["disks"][0] if item["disks"] else None
    if boot:
        disk_metrics(estate, project, item, boot, s.rate(operations * 0.4), s.rate(operations * 0.6))
    for local in (each for each in item["disks"] if each["type"] == "SCRATCH"):
        disk_metrics(estate, project, item, local, s.rate(20), s.rate(30))
    if name == "gpu_busy":
        gpus(estate, project, item)


def estate_step() -> float:
    return 300.0


def agent(
    estate: Estate,
    memory: tuple[float, float],
    project: Project,
    item: Item,
    start: datetime,
    end: datetime | None,
) -> None:
    """What only the agent in the machine can see: a series per state, all of which make a hundred."""
    low, high = memory
    used = s.daily(low, high, 0.4, high)
    states = (
        ("used", used),
        ("cached", s.flat(8, 0.2)),
        ("buffered", s.flat(1, 0.05)),
        ("slab", s.flat(1, 0.05)),
        ("free", s.flat(90 - high, 0.2)),
    )
    for state, shape in states:
        estate.series(
            project,
            "agent.googleapis.com/memory/percent_used",
            "gce_instance",
            who(item),
            {"state": state},
            shape,
            start,
            end,
        )


def gpus(estate: Estate, project: Project, item: Item) -> None:
    """A series per card; on machines with several only one of them works."""
    for index in range(item["guestAccelerators"][0]["acceleratorCount"]):
        labels = {"gpu_number": str(index), "uuid": f"GPU-{item['id'][:8]}-{index}", "model": "Tesla"}
        shape = s.daily(20, 92, 4) if index == 0 else s.zero()
        estate.series(
            project,
            "agent.googleapis.com/gpu/utilization",
            "gce_instance",
            who(item),
            labels,
            shape,
            item["_measured_from"],
        )


def disk_metrics(
    estate: Estate, project: Project, item: Item, link: Item, reads: Shape, writes: Shape
) -> None:
    """Operations and bytes of one disk of one machine, under the name by which the machine sees it."""
    labels = {
        "instance_name": item["name"], "device_name": link["deviceName"], "storage_type": "PD" if link["type"] == "PERSISTENT" else "local-ssd",
        "device_type": "permanent" if link["type"] == "PERSISTENT" else "ephemeral",
    }  # fmt: skip
    for name, shape in (
        ("read_ops_count", reads), ("write_ops_count", writes), ("read_bytes_count", s.scaled(reads, BYTES_PER_OPERATION)),
        ("write_bytes_count", s.scaled(writes, BYTES_PER_OPERATION)),
    ):  # fmt: skip
        metric = f"compute.googleapis.com/instance/disk/{name}"
        estate.series(
            project,
            metric,
            "gce_instance",
            who(item),
            labels,
            shape,
            item["_measured_from"],
            item.get("_stopped_at"),
        )
