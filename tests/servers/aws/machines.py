"""The estate's instances, in moto's backends, with the dates and the words of the real ones."""

import zlib
from datetime import datetime
from typing import Any

from moto.moto_api._internal import mock_random

from tests.servers.aws import catalogue, plan
from tests.servers.aws.estate import Estate
from tests.servers.aws.loads import metrics

SYSTEMS = {
    "linux": (None, "Linux/UNIX", "RunInstances"),
    "windows": ("windows", "Windows", "RunInstances:0002"),
    "rhel": (None, "Red Hat Enterprise Linux", "RunInstances:0010"),
    "suse": (None, "SUSE Linux", "RunInstances:000g"),
}


def build_instances(estate: Estate) -> None:
    """All classes, spread over the regions in turn."""
    for region in estate.regions:
        assert estate.backend(region)  # moto makes its networks now, before the dice are set
    mock_random.seed(zlib.crc32(f"{estate.account}|{estate.seed}".encode()))
    for region in estate.regions:
        register_images(estate, region)
    number = 0
    for name, count in plan.counts(estate.n).items():
        for turn in range(count):
            region = estate.regions[number % len(estate.regions)]
            build_instance(estate, name, number, turn, region)
            number += 1


def register_images(estate: Estate, region: str) -> None:
    """An image of our own per system; launched from nothing, so without snapshots of interest."""
    for system, (platform, _, _) in SYSTEMS.items():
        image = estate.backend(region).register_image(
            name=f"golden-{system}", description=f"golden image, {system}"
        )
        image.platform, image.architecture, image.virtualization_type = platform, "x86_64", "hvm"
        image.root_device_name, image.root_device_type = "/dev/xvda", "ebs"
        image.creation_date = estate.ago(400)
        image.ebs_snapshot.start_time = image.creation_date
        estate.note("ami_snapshot", image.ebs_snapshot.id, region, image=image.id)
        estate.images[region, system] = image.id


def build_instance(estate: Estate, name: str, number: int, turn: int, region: str) -> None:
    """One instance with its boot volume, dates, tags and metrics."""
    kind = plan.KINDS[name]
    system = system_of(name, turn)
    backend = estate.backend(region)
    zones = sorted(backend.get_default_subnets())
    zone = zones[turn % len(zones)]
    group = plan.GROUPS.get(name, "") if turn % 2 == 0 else ""
    instance_type = kind.types[0 if group else turn % len(kind.types)]
    label = plan.name_of(number)
    tags = plan.tags(number, kind, label, f"{group}-{region}" if group else "")
    launched = estate.ago(estate.rng.randint(*kind.age))
    gp2 = number % 3 == 0
    instance = backend.run_instances(
        estate.images[region, system], 1, None, [], instance_type=instance_type, is_instance_type_default=True, region_name=region,
        subnet_id=backend.get_default_subnets()[zone].id, nics=[], tags={"instance": tags},
        monitoring_state="enabled" if name == "steady" and turn == 0 else "disabled",
        associate_public_ip=name == "steady" and turn % 5 == 1,
        block_device_mappings=[{
            "DeviceName": "/dev/xvda",
            "Ebs": {"VolumeSize": 8 + 8 * (number % 5), "VolumeType": "gp2" if gp2 else "gp3", "DeleteOnTermination": True},
        }],
    ).instances[0]  # fmt: skip
    describe(instance, system, launched)
    if name == "spot_already":
        instance.lifecycle, instance.spot_instance_request_id = "spot", f"sir-{instance.id[2:10]}"
    estate.instances.append((name, region, instance))
    volume = root_volume(instance, launched)
    estate.note("root", volume.id, region, instance=instance.id)
    if gp2:
        estate.note("gp2", volume.id, region)
    stopped = stop(estate, name, instance) if name.startswith("stopped") else None
    estate.note(
        name,
        instance.id,
        region,
        type=instance_type,
        name=tags.get("Name"),
        zone=zone,
        system=system,
        group=tags.get(plan.GROUP_TAG),
    )
    metrics(estate, name, kind, turn, region, instance, launched, stopped)


def system_of(name: str, turn: int) -> str:
    """Mostly Linux. Windows only where no verdict hangs on the memory that Linux's agent reports."""
    if name in ("steady", "idle", "spot_eligible", "stopped"):
        return {3: "windows", 5: "rhel", 7: "suse"}.get(turn % 9, "linux")
    return "linux"


def describe(instance: Any, system: str, launched: datetime) -> None:
    """What AWS says about an instance and moto does not, and the dates."""
    platform, details, operation = SYSTEMS[system]
    instance.platform, instance.platform_details, instance.usage_operation = platform, details, operation
    instance.architecture, instance.root_device_name, instance.virtualization_type = (
        "x86_64",
        "/dev/xvda",
        "hvm",
    )
    cores = catalogue.vcpus(instance.instance_type)
    instance.cpu_options = {"CoreCount": max(1, cores // 2), "ThreadsPerCore": 2 if cores > 1 else 1}
    instance.launch_time = launched
    for nic in instance.nics.values():
        nic.attach_time, nic.delete_on_termination = launched, True


def root_volume(instance: Any, launched: datetime) -> Any:
    """The boot volume, dated and described."""
    volume = instance.ec2_backend.volumes[instance.block_device_mapping["/dev/xvda"].volume_id]
    finish_volume(volume, launched, launched)
    return volume


def finish_volume(volume: Any, created: datetime, attached: datetime | None = None) -> None:
    """The dates, what gp2 and gp3 say about their performance, and whether it goes with its instance."""
    volume.create_time = created
    if volume.volume_type == "gp2":
        volume.iops = min(16000, max(100, 3 * volume.size))
    elif volume.volume_type == "gp3":
        volume.iops, volume.throughput = volume.iops or 3000, volume.throughput or 125
    if volume.attachment and attached:
        block = volume.attachment.instance.block_device_mapping[volume.attachment.device]
        volume.attachment.attach_time = block.attach_time = attached
        volume.attachment.delete_on_termination = block.delete_on_termination


def stop(estate: Estate, name: str, instance: Any) -> datetime:
    """Stopped on a day that the transition reason tells, in AWS's own words."""
    days = estate.rng.randint(5, 12) if name == "stopped_recently" else estate.rng.randint(45, 150)
    when = estate.ago(days)
    instance.stop()
    instance._reason = f"User initiated ({when:%Y-%m-%d %H:%M:%S} GMT)"
    return when
