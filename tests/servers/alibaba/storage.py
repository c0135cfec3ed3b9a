"""The estate's data disks, snapshots and buckets."""

from datetime import timedelta
from typing import Any

from tests.servers import shapes as s
from tests.servers.alibaba import items, loads
from tests.servers.alibaba.estate import Estate, tags_of
from tests.servers.alibaba.machines import attached
from tests.servers.alibaba.plan import per_second
from tests.servers.alibaba.state import Item, seconds
from tests.servers.population import name_of, per_hundred
from tests.servers.series import Shape


def rare(per_sample: float) -> Shape:
    """A few single operations now and then: far below one per second."""
    return s.scaled(s.rare(per_sample), 1 / 300)


# Attached data disks by class: share of 100 instances, category and level in turn, GiB, reads and writes per second.
ATTACHED: dict[str, tuple[float, tuple[tuple[str, str], ...], int, Shape, Shape]] = {
    "low_io": (8, (("cloud_essd", "PL1"), ("cloud_efficiency", ""), ("cloud_auto", ""), ("cloud_ssd", "")), 200, rare(0.02), rare(0.2)),
    "busy_data": (8, (("cloud_essd", "PL0"), ("cloud_auto", ""), ("cloud_ssd", "")), 200, per_second(80), per_second(60)),
    # PL0 of 500 GiB does 7,800 operations per second: a tenth of it at most, or twice as many.
    "essd_pl_too_high": (4, (("cloud_essd", "PL1"), ("cloud_essd", "PL2")), 500, per_second(200, 0.1), per_second(150, 0.1)),
    "essd_needed": (3, (("cloud_essd", "PL1"), ("cloud_essd", "PL2")), 500, per_second(7000, 0.1), per_second(5000, 0.1)),
    "weekly_backup": (
        3, (("cloud_efficiency", ""), ("cloud_ssd", ""), ("cloud_essd", "PL0")), 300, s.scaled(s.weekly(120), 1 / 300), s.scaled(s.weekly(450), 1 / 300),
    ),
    "daily_peak": (3, (("cloud_essd", "PL0"), ("cloud_ssd", "")), 300, s.spike(s.zero(), 400, 30), s.spike(s.zero(), 1500, 30)),
}  # fmt: skip
HOSTS = ("steady", "daily_spike", "memory_bound", "oversized")  # what attached data disks hang on
CSI = {
    "createdby": "alibabacloud-csi-plugin", "kubernetes.io/created-for/pvc/namespace": "prod", "ack.aliyun.com": "c8f2b0a9d4e3",
}  # fmt: skip


def build_storage(estate: Estate) -> None:
    """Everything that stores."""
    hosts = [(region, item) for name, region, item in estate.instances if name in HOSTS]
    number = 0
    for name, (share, kinds, size, reads, writes) in ATTACHED.items():
        for turn in range(per_hundred(estate.n, share) if hosts else 0):
            region, item = hosts[number % len(hosts)]
            data_disk(
                estate,
                name,
                region,
                item,
                kinds[turn % len(kinds)],
                size,
                reads,
                writes,
                number // len(hosts),
            )
            number += 1
    for name, region, item in estate.instances:
        if name == "stateful":
            data_disk(
                estate,
                "busy_data",
                region,
                item,
                ("cloud_essd", "PL0"),
                400,
                per_second(90),
                per_second(70),
                0,
            )
        elif name.startswith("stopped_") and name != "stopped_recently":
            data_disk(estate, "stopped_data", region, item, ("cloud_efficiency", ""), 100, None, None, 0)
    loose(estate)
    snapshots(estate)
    buckets(estate)


def data_disk(
    estate: Estate, name: str, region: str, item: Item, kind: tuple[str, str], size: int, reads: Shape | None, writes: Shape | None, device: int
) -> None:  # fmt: skip
    """A data disk that outlives its instance."""
    created = max(item["_from"], estate.as_of - timedelta(days=300))
    number = len(estate.account.of("disk", region))
    disk = attached(
        estate, region, item, f"/dev/xvd{'bcdefghijk'[device % 10]}", created, Category=kind[0], PerformanceLevel=kind[1], Size=size,
        DiskName=name_of(number) if number % 3 else "",
    )  # fmt: skip
    estate.note(
        name, disk["DiskId"], region, instance=item["InstanceId"], category=kind[0], level=kind[1], size=size
    )
    if reads and writes:
        loads.disk_metrics(estate, region, disk, reads, writes, created)


def loose(estate: Estate) -> None:
    """Disks that nothing holds: since long, since yesterday's eve, since ever, paid for in advance, claimed by a pod."""
    for name, share in (
        ("unattached", 6),
        ("unattached_recently", 2),
        ("unattached_never", 2),
        ("prepaid_unattached", 1),
        ("csi_claim", 1),
    ):
        for turn in range(per_hundred(estate.n, share)):
            region = estate.regions[turn % len(estate.regions)]
            created = estate.ago(estate.rng.randint(150, 400))
            category, level = (
                ("cloud_essd", "PL1"),
                ("cloud_efficiency", ""),
                ("cloud_ssd", ""),
                ("cloud_essd", "PL0"),
            )[turn % 4]
            disk = items.disk(
                region, estate.zone(region, turn), estate.id("d", region), created, Category=category, PerformanceLevel=level,
                Size=estate.rng.choice((20, 100, 250, 1000)), DiskName=name_of(turn), **history(estate, name, turn),
            )  # fmt: skip
            estate.add("disk", region, "DiskId", disk)
            estate.note(
                name,
                disk["DiskId"],
                region,
                category=category,
                size=disk["Size"],
                detached_at=disk["DetachedTime"],
            )


def history(estate: Estate, name: str, turn: int) -> dict[str, Any]:
    """When it was last held, and whose it is. What was never held has no such time."""
    if name == "unattached_never":
        return {"DetachedTime": ("", None)[turn % 2], "AttachedTime": ("", None)[turn % 2]}
    days = 2 if name == "unattached_recently" else 40 + turn % 30
    more: dict[str, Any] = {
        "DetachedTime": seconds(estate.ago(days)),
        "AttachedTime": seconds(estate.ago(days + 90)),
    }
    if name == "prepaid_unattached":
        ends = estate.as_of + timedelta(days=20)
        more |= {
            "DiskChargeType": "PrePaid",
            "ExpiredTime": f"{ends:%Y-%m-%dT%H:%MZ}",
            "_ends": ends,
            "_renewal": "Normal",
        }
    if name == "csi_claim":
        tags = {
            **CSI,
            "kubernetes.io/created-for/pvc/name": f"data-db-{turn}",
            "kubernetes.io/created-for/pv/name": f"d-pv-{turn}",
        }
        more["Tags"] = tags_of(tags)
    return more


def snapshots(estate: Estate) -> None:
    """Old and recent ones, of disks that exist, of disks that are gone, of images, and automatic ones."""
    held = estate.classes.get("busy_data", []) + estate.classes.get("system", [])
    for turn in range(per_hundred(estate.n, 8)):
        of = held[turn % len(held)]
        days, name = ((400 + turn % 200, "old_snapshot"), (5, "recent_snapshot"))[turn % 2]
        made(
            estate,
            name,
            of["region"],
            of["id"],
            days,
            SnapshotName=name_of(turn),
            SnapshotType=("user", "auto")[turn % 3 == 1],
        )
    for turn in range(per_hundred(estate.n, 3)):
        region = estate.regions[turn % len(estate.regions)]
        made(estate, "orphan_snapshot", region, estate.id("d", region), 200, Description="before delete")
    for turn in range(per_hundred(estate.n, 3)):
        of = held[-1 - turn % len(held)]
        made(estate, "image_snapshot", of["region"], of["id"], 300, Usage="image", SourceDiskType="system")


def made(estate: Estate, name: str, region: str, of: str, days: int, **more: Any) -> None:
    size = estate.account.of("disk", region).get(of, {}).get("Size", 50)
    snapshot = items.snapshot(region, estate.id("s", region), of, size, estate.ago(days), **more)
    estate.add("snapshot", region, "SnapshotId", snapshot)
    estate.note(name, snapshot["SnapshotId"], region, disk=of, size=size)


RULE = "<Rule><ID>tidy</ID><Prefix></Prefix><Status>{status}</Status><Transition><Days>30</Days><StorageClass>IA</StorageClass></Transition></Rule>"


def buckets(estate: Estate) -> None:
    """With a lifecycle, without, and with one that is switched off."""
    for turn, region in enumerate(estate.regions):
        for name, rules in (
            ("bucket_with_lifecycle", RULE.format(status="Enabled")),
            ("bucket_without_lifecycle", ""),
            ("bucket_lifecycle_disabled", RULE.format(status="Disabled")),
        ):  # fmt: skip
            label = f"{name.replace('_', '-')}-{region}-{estate.account.id[-4:]}"
            size = (turn + 1) * 500 * 1024**3
            estate.account.add("bucket", "", label, bucket(estate, label, region, rules, size))
            estate.note(name, label, region, bytes=size)
            for metric, value in (("MeteringStorageUtilization", float(size)), ("MeteringGetRequest", 120.0)):
                estate.series(
                    region,
                    "acs_oss_dashboard",
                    metric,
                    {"BucketName": label},
                    s.flat(value, 0, 0, 1e18),
                    None,
                )


def bucket(estate: Estate, label: str, region: str, rules: str, size: int) -> Item:
    cold = size // 5
    return {
        "Name": label, "CreationDate": estate.ago(500), "StorageClass": "Standard", "_region": region, "_owner": estate.account.id, "_id": label,
        "_uploads": [(f"part-{number}", seconds(estate.as_of - timedelta(days=40 + number))) for number in range(2)],
        "_lifecycle": rules, "_stat": {
            "Storage": size, "ObjectCount": size // 2**20, "MultipartUploadCount": 2, "LiveChannelCount": 0, "LastModifiedTime": 1763596800,
            "StandardStorage": size - cold, "StandardObjectCount": 1000, "InfrequentAccessStorage": cold, "InfrequentAccessRealStorage": cold,
            "InfrequentAccessObjectCount": 50, "ArchiveStorage": 0, "ArchiveRealStorage": 0, "ArchiveObjectCount": 0, "ColdArchiveStorage": 0,
            "ColdArchiveRealStorage": 0, "ColdArchiveObjectCount": 0, "MultipartPartCount": 4, "DeleteMarkerCount": 0,
        },
    }  # fmt: skip
