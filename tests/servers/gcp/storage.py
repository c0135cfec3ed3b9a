"""The estate's data disks and snapshots."""

from datetime import datetime, timedelta
from typing import Any

from tests.servers import shapes as s
from tests.servers.gcp import items, loads, plan
from tests.servers.gcp.estate import Estate
from tests.servers.gcp.state import COMPUTE, Item, Project, pacific, zulu
from tests.servers.population import per_hundred
from tests.servers.series import Shape

# Attached data disks by class: share of 100 instances, types in turn, GiB, reads and writes per 5 minutes.
ATTACHED: dict[str, tuple[float, tuple[str, ...], int, Shape, Shape]] = {
    "low_io": (8, ("pd-ssd", "pd-standard", "pd-balanced"), 200, s.rare(0.02), s.rare(0.2)),
    "busy_data": (8, ("pd-ssd", "pd-balanced"), 200, s.rate(80), s.rate(60)),
    # An SSD of 500 GiB does 15,000 operations per second, a balanced disk 3,000: a tenth of the latter, or more than it.
    "ssd_too_fast": (4, ("pd-ssd",), 500, s.rate(200, 0.1), s.rate(150, 0.1)),
    "ssd_needed": (3, ("pd-ssd",), 500, s.rate(5000, 0.1), s.rate(4000, 0.1)),
    "hyperdisk_too_fast": (2, ("hyperdisk-balanced",), 500, s.rate(200, 0.1), s.rate(150, 0.1)),
    "weekly_backup": (3, ("pd-standard", "pd-balanced"), 300, s.weekly(120), s.weekly(450)),
    "daily_peak": (3, ("pd-balanced", "pd-ssd"), 300, s.spike(s.zero(), 400 * 300, 30), s.spike(s.zero(), 1500 * 300, 30)),
    "regional_data": (2, ("pd-balanced", "pd-ssd"), 200, s.rate(40), s.rate(60)),
    "shared_readonly": (2, ("pd-ssd",), 100, s.rate(50), s.zero()),
}  # fmt: skip
HOSTS = ("steady", "daily_spike", "memory_bound", "oversized")  # what attached data disks hang on


def hang(
    item: Item, disk: Item, device: str, boot: bool = False, mode: str = "READ_WRITE", **more: Any
) -> Item:
    """Attach the disk to the machine; returns the link."""
    link = items.attached(disk, device, len(item["disks"]), boot, mode, **more)
    item["disks"].append(link)
    if item["selfLink"] not in disk.setdefault("users", []):
        disk["users"].append(item["selfLink"])
    return link


def build_storage(estate: Estate) -> None:
    hosts = [(project, item) for name, project, item in estate.instances if name in HOSTS]
    number = 0
    for name, (share, kinds, size, reads, writes) in ATTACHED.items():
        for turn in range(per_hundred(estate.n, share) if hosts else 0):
            project, item = hosts[number % len(hosts)]
            data_disk(estate, name, project, item, kinds[turn % len(kinds)], size, reads, writes)
            number += 1
    for name, project, item in estate.instances:
        if name == "stateful":
            data_disk(estate, "busy_data", project, item, "pd-ssd", 400, s.rate(90), s.rate(70))
        elif name == "stopped":
            data_disk(estate, "stopped_data", project, item, "pd-standard", 100, None, None)
    loose(estate)
    snapshots(estate)


def data_disk(
    estate: Estate, name: str, project: Project, item: Item, kind: str, size: int, reads: Shape | None, writes: Shape | None
) -> None:  # fmt: skip
    """A data disk that outlives its instance."""
    created = max(item["_from"], estate.as_of - timedelta(days=300))
    zone = item["zone"].rpartition("/")[2]
    scope = f"regions/{zone[:-2]}" if name == "regional_data" else f"zones/{zone}"
    number = len(project.of("disks", scope))
    label = (
        estate.name(project, "disks", scope, number)
        if number % 4 == 3
        else free(project, scope, f"{item['name']}-data")
    )
    disk = project.add("disks", scope, items.disk(
        project, scope, label, estate.id(), size, kind, created, lastAttachTimestamp=pacific(created), description=plan.description(number),
        labels={"env": "prod"} if number % 3 else None,
    ))  # fmt: skip
    if kind.startswith("hyperdisk"):
        disk |= {"provisionedIops": "20000", "provisionedThroughput": "600"}
    if name == "regional_data":
        disk["replicaZones"] = [
            f"{COMPUTE}/projects/{project.id}/zones/{each}" for each in (zone, other(estate, zone))
        ]
    mode = "READ_ONLY" if name == "shared_readonly" else "READ_WRITE"
    taken = {each["deviceName"] for each in item["disks"]}
    device = f"persistent-disk-{len(item['disks'])}" if number % 2 or label in taken else label
    link = hang(item, disk, device, mode=mode)
    estate.note(name, project, scope, disk, instance=item["id"], category=kind, size=size, device=device)
    if reads and writes:
        loads.disk_metrics(estate, project, item, link, reads, writes)
    if name == "shared_readonly":
        share(estate, project, item, disk)


def share(estate: Estate, project: Project, first: Item, disk: Item) -> None:
    """The same disk on a second machine of the zone, which does not read it."""
    for _, owner, item in estate.instances:
        if (
            owner is project
            and item["zone"] == first["zone"]
            and item is not first
            and not item.get("_gone")
            and item["status"] == "RUNNING"
        ):
            link = hang(item, disk, f"shared-{disk['name']}", mode="READ_ONLY")
            if plan.KINDS[estate_class(estate, item)].cpu is not None:
                loads.disk_metrics(estate, project, item, link, s.zero(), s.zero())
            return


def estate_class(estate: Estate, item: Item) -> str:
    return next(name for name, _, each in estate.instances if each is item)


def other(estate: Estate, zone: str) -> str:
    return next(each for each in (estate.zone(zone[:-2], turn) for turn in range(4)) if each != zone)


def free(project: Project, scope: str, wish: str) -> str:
    name, more = wish, 1
    while name in project.of("disks", scope):
        more += 1
        name = f"{wish}-{more}"
    return name


def loose(estate: Estate) -> None:
    """Disks that nothing holds: since long, since lately, since ever, of a region, claimed by a pod."""
    for name, share_of in (
        ("unattached", 6), ("unattached_recently", 2), ("unattached_never", 2), ("unattached_regional", 1), ("csi_claim", 2),
    ):  # fmt: skip
        for turn in range(per_hundred(estate.n, share_of)):
            project, region = estate.place(turn + len(name))
            scope = (
                f"regions/{region}" if name == "unattached_regional" else f"zones/{estate.zone(region, turn)}"
            )
            created = estate.ago(estate.rng.randint(150, 400))
            kind = ("pd-ssd", "pd-standard", "pd-balanced", "pd-extreme")[
                turn % (4 if scope[0] == "z" else 3)
            ]
            label = free(
                project,
                scope,
                claim_name(estate) if name == "csi_claim" else f"{('data', 'old', 'web-1')[turn % 3]}-disk",
            )
            disk = project.add("disks", scope, items.disk(
                project, scope, label, estate.id(), estate.rng.choice((20, 100, 250, 1000)), kind, created,
                **({"labels": {"team": "core"} if turn % 2 else None} | history(estate, name, turn, label)),
            ))  # fmt: skip
            if kind == "pd-extreme":
                disk["provisionedIops"] = "20000"
            if scope[0] == "r":
                disk["replicaZones"] = [
                    f"{COMPUTE}/projects/{project.id}/zones/{estate.zone(region, each)}" for each in (0, 1)
                ]
            estate.note(
                name,
                project,
                scope,
                disk,
                category=kind,
                size=int(disk["sizeGb"]),
                detached_at=disk.get("_detached"),
            )


def claim_name(estate: Estate) -> str:
    return "pvc-" + "-".join(estate.letters(many) for many in (8, 4, 4, 4, 12))


def history(estate: Estate, name: str, turn: int, label: str) -> dict[str, Any]:
    """When it was last held, and whose it is. What was never held has no such time."""
    if name == "unattached_never":
        return {}
    detached: datetime = estate.ago(2 if name == "unattached_recently" else 40 + turn % 30)
    more: dict[str, Any] = {
        "lastAttachTimestamp": pacific(estate.ago(140)), "lastDetachTimestamp": pacific(detached), "_detached": zulu(detached),
    }  # fmt: skip
    if name == "csi_claim":
        claim = (
            f'{{"kubernetes.io/created-for/pv/name":"{label}","kubernetes.io/created-for/pvc/name":"data-db-{turn}",'
            '"kubernetes.io/created-for/pvc/namespace":"prod","storage.gke.io/created-by":"pd.csi.storage.gke.io"}'
        )
        more |= {
            "description": claim,
            "labels": {"goog-gke-volume": "", "goog-gke-cluster-id-base32": "mzxw6"},
        }
    return more


def snapshots(estate: Estate) -> None:
    """Old and recent ones, of disks that exist, of disks that are gone, of images, and automatic ones."""
    held = [
        (project, scope, disk)
        for project in estate.projects
        for scope, disk in project.every("disks")
        if not disk.get("_boot")
    ]
    for turn in range(per_hundred(estate.n, 8)):
        days, name = ((400 + turn % 200, "old_snapshot"), (5, "recent_snapshot"))[turn % 2]
        more: dict[str, Any] = {"autoCreated": True} if turn % 3 == 1 else {}
        if turn % 8 == 6:
            more["snapshotType"] = "ARCHIVE"
        made(estate, name, *held[turn * 7 % len(held)], days, **more)
    for turn in range(per_hundred(estate.n, 3)):
        project, scope, disk = held[turn * 5 % len(held)]
        gone = {**disk, "id": estate.id(), "name": "gone", "selfLink": project.link("disks", scope, "gone")}
        if turn % 2:  # whose name is taken again, by another disk
            gone["selfLink"] = disk["selfLink"]
        made(estate, "orphan_snapshot", project, scope, gone, 200, description="before delete")
    for turn in range(per_hundred(estate.n, 2)):
        project, scope, disk = held[turn * 3 % len(held)]
        snapshot = made(estate, "image_snapshot", project, scope, disk, 300)
        image = items.base(project, "images", "global", f"golden-{turn + 1}", estate.id(), estate.ago(299))
        project.add("images", "global", image | {
            "sourceSnapshot": snapshot["selfLink"], "sourceSnapshotId": snapshot["id"], "status": "READY", "sourceType": "RAW", "family": "golden",
            "diskSizeGb": disk["sizeGb"], "archiveSizeBytes": snapshot["storageBytes"], "storageLocations": ["us"],
        })  # fmt: skip


def made(estate: Estate, name: str, project: Project, scope: str, of: Item, days: int, **more: Any) -> Item:
    label = f"snapshot-{len(project.of('snapshots', 'global')) + 1}"
    snapshot = project.add(
        "snapshots", "global", items.snapshot(project, label, estate.id(), of, estate.ago(days), **more)
    )
    estate.note(name, project, "global", snapshot, disk=of["id"], bytes=int(snapshot["storageBytes"]))
    return snapshot
