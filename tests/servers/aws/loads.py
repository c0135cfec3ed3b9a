"""The metrics of instances and volumes: what CloudWatch measures by itself, and what the agent adds."""

from datetime import datetime, timedelta
from typing import Any

from tests.servers import shapes as s
from tests.servers.aws import plan
from tests.servers.aws.estate import Estate
from tests.servers.series import Shape


def metrics(
    estate: Estate, name: str, kind: plan.Kind, turn: int, region: str, instance: Any, launched: datetime, stopped: datetime | None
) -> None:  # fmt: skip
    """What CloudWatch measures by itself, and the agent where there is one."""
    own = {"InstanceId": instance.id}
    step = 60 if instance.monitoring_state == "enabled" else 300
    start = estate.as_of - timedelta(days=4) if name == "missing_data" else launched
    if kind.cpu is not None:
        estate.series(
            region,
            "AWS/EC2",
            "CPUUtilization",
            own,
            s.gappy(kind.cpu, 0.01) if turn % 4 == 2 else kind.cpu,
            start,
            stopped,
            step,
            "Percent",
        )
        network = s.scaled(kind.network, step / 300) if kind.network is plan.QUIET_NETWORK else kind.network
        estate.series(region, "AWS/EC2", "NetworkIn", own, network, start, stopped, step, "Bytes")
        estate.series(
            region, "AWS/EC2", "NetworkOut", own, s.scaled(network, 0.6), start, stopped, step, "Bytes"
        )
        estate.series(region, "AWS/EC2", "StatusCheckFailed", own, s.zero(), start, stopped, step, "Count")
    volume = instance.block_device_mapping["/dev/xvda"].volume_id
    volume_metrics(
        estate, region, volume, s.rate(kind.root_ops * 0.4), s.rate(kind.root_ops * 0.6), launched, stopped
    )
    if kind.memory is not None:
        agent(estate, name, kind.memory, turn, region, instance, launched)


def volume_metrics(
    estate: Estate,
    region: str,
    volume_id: str,
    reads: Shape,
    writes: Shape,
    start: datetime | None = None,
    end: datetime | None = None,
) -> None:
    """Operations and bytes of a volume, 16 KiB each on average."""
    for name, shape, unit in (
        ("VolumeReadOps", reads, "Count"),
        ("VolumeWriteOps", writes, "Count"),
        ("VolumeReadBytes", s.scaled(reads, 16384), "Bytes"),
        ("VolumeWriteBytes", s.scaled(writes, 16384), "Bytes"),
    ):
        estate.series(region, "AWS/EBS", name, {"VolumeId": volume_id}, shape, start, end, 300, unit)


def agent(
    estate: Estate,
    name: str,
    memory: tuple[float, float],
    turn: int,
    region: str,
    instance: Any,
    launched: datetime,
) -> None:
    """The CloudWatch agent, configured in the several ways that people do."""
    if name == "idle" and turn % 3 == 1 and not instance.instance_type.startswith("g4dn"):
        return  # an idle machine whose memory nobody measures
    own = {"InstanceId": instance.id}
    full = own | {"ImageId": instance.image_id, "InstanceType": instance.instance_type}
    group = {tag["key"]: tag["value"] for tag in instance.get_tags()}.get(plan.GROUP_TAG)
    dimensions = full | ({"AutoScalingGroupName": group} if group else {})
    if not group and turn % 4 == 3:
        dimensions = own
    low, high = memory
    shape = s.daily(low, high, 0.4, high)
    if instance.platform == "windows":
        estate.series(
            region,
            "CWAgent",
            "Memory % Committed Bytes In Use",
            {**full, "objectname": "Memory"},
            shape,
            launched,
            unit="Percent",
        )
        return
    if name == "steady" and turn == 2:  # resized eight days ago: the older series names the former type
        before = estate.as_of - timedelta(days=8)
        estate.series(
            region,
            "CWAgent",
            "mem_used_percent",
            {**full, "InstanceType": "t3.2xlarge"},
            shape,
            launched,
            before,
            unit="Percent",
        )
        estate.series(region, "CWAgent", "mem_used_percent", full, shape, before, unit="Percent")
    else:
        estate.series(region, "CWAgent", "mem_used_percent", dimensions, shape, launched, unit="Percent")
    disk = {**full, "path": "/", "device": "nvme0n1p1", "fstype": "xfs"}
    estate.series(region, "CWAgent", "disk_used_percent", disk, s.flat(40, 0.5), launched, unit="Percent")
    if instance.instance_type.startswith("g4dn"):
        gpus(estate, name, turn, region, instance, full, launched)


def gpus(
    estate: Estate, name: str, turn: int, region: str, instance: Any, full: dict[str, str], launched: datetime
) -> None:
    """One series per GPU; on machines with several only one of them works."""
    number = {"g4dn.12xlarge": 4, "g4dn.metal": 8}.get(instance.instance_type, 1)
    for index in range(number):
        works = name == "gpu_busy" and index == min(1, number - 1)
        dimensions = {**full, "index": str(index), "name": "Tesla T4", "arch": "Turing"}
        shape = s.daily(20, 92, 4) if works else s.zero()
        estate.series(
            region, "CWAgent", "nvidia_smi_utilization_gpu", dimensions, shape, launched, unit="Percent"
        )
