"""The estate's volumes, addresses and snapshots beyond boot volumes."""

from datetime import timedelta
from typing import Any

from tests.servers import shapes as s
from tests.servers.aws import plan
from tests.servers.aws.estate import Estate
from tests.servers.aws.loads import volume_metrics
from tests.servers.aws.machines import finish_volume
from tests.servers.series import Shape

# Data volumes by class: share of 100 instances, volume types in turn, reads and writes.
ATTACHED: dict[str, tuple[float, tuple[str, ...], Shape, Shape]] = {
    "low_io": (8, ("gp3", "gp2", "io1"), s.rare(0.02), s.rare(0.2)),
    "busy_data": (10, ("gp3", "gp2", "io2", "gp3"), s.rate(80), s.rate(60)),
    "weekly_backup": (3, ("st1", "gp3", "gp2"), s.weekly(120), s.weekly(450)),
    "daily_peak": (3, ("gp3", "gp2"), s.spike(s.zero(), 400 * 300, 30), s.spike(s.zero(), 1500 * 300, 30)),
}
HOSTS = ("steady", "daily_spike", "memory_bound", "oversized")  # what attached data volumes hang on


def build_storage(estate: Estate) -> None:
    """Everything that stores."""
    hosts = [(region, instance) for name, region, instance in estate.instances if name in HOSTS]
    number = 0
    for name, (share, types, reads, writes) in ATTACHED.items():
        for turn in range(plan.per_hundred(estate.n, share) if hosts else 0):
            region, instance = hosts[number % len(hosts)]
            volume = attached(
                estate, name, region, instance, types[turn % len(types)], device=number // len(hosts)
            )
            volume_metrics(estate, region, volume.id, reads, writes, instance.launch_time)
            number += 1
    for name, region, instance in estate.instances:
        if name == "stateful":
            volume = attached(estate, "busy_data", region, instance, "gp3")
            volume_metrics(estate, region, volume.id, s.rate(90), s.rate(70), instance.launch_time)
        elif name == "stopped":
            attached(estate, "stopped_data", region, instance, "gp3")
    unattached(estate)
    addresses(estate)
    snapshots(estate)


def attached(estate: Estate, name: str, region: str, instance: Any, volume_type: str, device: int = 0) -> Any:
    """A data volume that outlives its instance."""
    backend = estate.backend(region)
    volume = create(estate, name, region, instance.availability_zone, volume_type)
    letters = "fghijklmnop"
    backend.attach_volume(volume.id, instance.id, f"/dev/sd{letters[device % len(letters)]}", False)
    created = max(instance.launch_time, estate.as_of - timedelta(days=300))
    finish_volume(volume, created, created)
    return volume


def create(estate: Estate, name: str, region: str, zone: str, volume_type: str) -> Any:
    """A volume of a class, with a tag or two."""
    size = 500 if volume_type in ("st1", "sc1") else estate.rng.choice((20, 100, 250, 1000))
    iops = 4000 if volume_type in ("io1", "io2") else None
    volume = estate.backend(region).create_volume(size, zone, volume_type=volume_type, iops=iops)
    number = len(estate.backend(region).volumes)
    volume.add_tags({"Name": plan.name_of(number)} if number % 3 else {})
    estate.note(name, volume.id, region, type=volume_type, size=size)
    if volume_type == "gp2":
        estate.note("gp2", volume.id, region)
    return volume


def unattached(estate: Estate) -> None:
    """Detached long ago, detached the day before yesterday, never attached, and one that a pod claims."""
    for name, share in (("unattached", 6), ("unattached_recently", 2), ("claimed", 1)):
        for turn in range(plan.per_hundred(estate.n, share)):
            region = estate.regions[turn % len(estate.regions)]
            zone = sorted(estate.backend(region).get_default_subnets())[turn % 3]
            volume = create(estate, name, region, zone, ("gp3", "gp2", "st1")[turn % 3])
            created = estate.ago(estate.rng.randint(150, 400))
            finish_volume(volume, created)
            if name == "claimed":
                volume.add_tags({
                    "kubernetes.io/created-for/pvc/name": f"data-db-{turn}", "kubernetes.io/created-for/pvc/namespace": "prod",
                    "kubernetes.io/created-for/pv/name": f"pvc-{turn}", "ebs.csi.aws.com/cluster": "true",
                })  # fmt: skip
            last = {"unattached": 40 + turn % 30, "unattached_recently": 2, "claimed": 40}[name]
            if name != "unattached" or turn % 2:  # every other one was never attached: no data at all
                end = estate.as_of - timedelta(days=last)
                volume_metrics(estate, region, volume.id, s.rate(20), s.rate(30), created, end)


def addresses(estate: Estate) -> None:
    """Elastic addresses that nothing uses, that a machine uses, that a stopped machine holds."""
    for turn in range(plan.per_hundred(estate.n, 5)):
        region = estate.regions[turn % len(estate.regions)]
        estate.address(region, "unused_ip", {"Name": plan.name_of(turn)})
    for name, of, every in (("used_ip", "steady", 3), ("stopped_ip", "stopped", 2)):
        held = [(region, instance) for kind, region, instance in estate.instances if kind == of]
        for region, instance in held[::every]:
            address = estate.address(region, name, instance=instance.id)
            estate.backend(region).associate_address(instance=instance, allocation_id=address.allocation_id)


def snapshots(estate: Estate) -> None:
    """Old and recent ones, of volumes that exist, of volumes that are gone, and of images."""
    held = estate.classes.get("busy_data", []) + estate.classes.get("root", [])
    for turn in range(plan.per_hundred(estate.n, 8)):
        each = held[turn % len(held)]
        days, name = ((400 + turn % 200, "old_snapshot"), (5, "recent_snapshot"))[turn % 2]
        snapshot = estate.backend(each["region"]).create_snapshot(each["id"], f"backup {turn}")
        snapshot.start_time = estate.ago(days)
        estate.note(name, snapshot.id, each["region"], volume=each["id"])
    for turn in range(plan.per_hundred(estate.n, 3)):
        region = estate.regions[turn % len(estate.regions)]
        zone = min(estate.backend(region).get_default_subnets())
        volume = estate.backend(region).create_volume(50, zone, volume_type="gp3")
        snapshot = estate.backend(region).create_snapshot(volume.id, "before delete")
        snapshot.start_time = estate.ago(200)
        del estate.backend(region).volumes[volume.id]
        estate.note("orphan_snapshot", snapshot.id, region, volume=volume.id)
    images_of_instances(estate)


def images_of_instances(estate: Estate) -> None:
    """Images that were made of machines; their snapshots cannot be deleted while they exist."""
    for name, region, instance in estate.instances:
        if name == "stopped":
            backend = estate.backend(region)
            image = backend.create_image(
                instance.id, f"before-stop-{instance.id}", "made before the stop", []
            )
            image.creation_date = estate.ago(160)
            image.root_device_name, image.root_device_type = "/dev/xvda", "ebs"
            image.ebs_snapshot.start_time = image.creation_date
            image.ebs_snapshot.volume = backend.volumes[instance.block_device_mapping["/dev/xvda"].volume_id]
            estate.note("ami_snapshot", image.ebs_snapshot.id, region, image=image.id)
