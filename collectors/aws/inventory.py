"""What there is in one region: get_… asks, transform_… makes rows of the warehouse's tables of the answers.

A get returns raw resources as the API describes them. What a call beside the main one would have added and could
not be had is told in `problems`, and the rest goes on without it.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from collectors.aws.capacities import baseline, carries
from collectors.aws.client import Api, Client
from collectors.aws.lines import generation_of, line_of, successors
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, number, once, place, tag_rows
from finops.instants import in_utc
from finops.warehouse import Scope

_DRY = {"DryRun": True}
DESCRIBE_INSTANCES = Api("ec2", "describe_instances", "ec2:DescribeInstances", probe=_DRY)
DESCRIBE_INSTANCE_TYPES = Api(
    "ec2", "describe_instance_types", "ec2:DescribeInstanceTypes", page=100, probe=_DRY
)
DESCRIBE_VOLUMES = Api("ec2", "describe_volumes", "ec2:DescribeVolumes", probe=_DRY)
DESCRIBE_SNAPSHOTS = Api("ec2", "describe_snapshots", "ec2:DescribeSnapshots", probe=_DRY)
DESCRIBE_LOCKS = Api("ec2", "describe_locked_snapshots", "ec2:DescribeLockedSnapshots", probe=_DRY)
DESCRIBE_IMAGES = Api("ec2", "describe_images", "ec2:DescribeImages", probe=_DRY)

# "User initiated (2026-08-01 10:00:00 GMT)"
_SINCE = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)")
_CLAIM = "kubernetes.io/created-for/pvc/"
_CLUSTER = "kubernetes.io/cluster/"
# Keys that Data Lifecycle Manager and AWS Backup put on the snapshots they take.
_SCHEDULED = ("aws:dlm:", "dlm:managed", "aws:backup:")
# Names that Linux and Windows images give to the disk they boot from, for machines that are not in the inventory.
_ROOT_DEVICES = ("/dev/xvda", "/dev/sda1", "/dev/sda", "/dev/xvda1")
_ACCELERATORS = (
    ("GpuInfo", "Gpus"), ("InferenceAcceleratorInfo", "Accelerators"), ("NeuronInfo", "NeuronDevices"),
)  # fmt: skip
_FLASH, _DISK = ("gp2", "gp3", "io1", "io2"), ("st1", "sc1", "standard")


def all_of(client: Client, api: Api, key: str, **parameters: Any) -> Raw:
    """The resources of all pages."""
    return [one for page in client.pages(api, **parameters) for one in page.get(key) or ()]


def tags_of(resource: Mapping[str, Any]) -> dict[str, str | None]:
    """Tags of a resource; of a repeated key the last value counts."""
    return {str(tag["Key"]): tag.get("Value") for tag in resource.get("Tags") or ()}


def tag(resource: Mapping[str, Any], key: str) -> str | None:
    """The value of one tag of a resource; of a repeated key the last, as in `tags_of`."""
    tags = reversed(resource.get("Tags") or ())
    return next((one.get("Value") for one in tags if one.get("Key") == key), None)


def utc(at: datetime | str | float | None) -> datetime | None:
    """An instant as it arrives (text, seconds since 1970, or parsed already), as the warehouse keeps it."""
    if at is None:
        return None
    if isinstance(at, str):
        return in_utc(datetime.fromisoformat(at))
    return in_utc(at) if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC).replace(tzinfo=None)


# --- instances --------------------------------------------------------------------------------------------


def get_instances(client: Client) -> Raw:
    """Instances of all reservations, terminated ones left out."""
    return [
        instance
        for page in client.pages(DESCRIBE_INSTANCES)
        for reservation in page.get("Reservations") or ()
        for instance in reservation.get("Instances") or ()
        if instance["State"]["Name"] not in ("terminated", "shutting-down")
    ]


def transform_instances(raw: Raw, scope: Scope) -> Rows:
    """Rows of instances and their tags."""
    rows: Rows = {"instances": [], "tags": []}
    for one in once(raw, "InstanceId"):
        rows["instances"].append({**place(scope), **_instance(one)})
        rows["tags"] += tag_rows(scope, "instance", one["InstanceId"], tags_of(one))
    return rows


def _instance(one: Mapping[str, Any]) -> dict[str, Any]:
    state = one["State"]["Name"]
    stopped = _SINCE.search(one.get("StateTransitionReason") or "")
    since = datetime.fromisoformat(stopped[1]) if stopped else None
    launched = utc(one.get("LaunchTime"))
    return {
        "instance_id": one["InstanceId"],
        "zone": (one.get("Placement") or {}).get("AvailabilityZone"),
        "name": tag(one, "Name"),
        "state": state if state in ("running", "stopped") else "other",
        "state_since": since if state == "stopped" else launched if state == "running" else None,
        "instance_type": one.get("InstanceType"),
        "platform": _platform(one),
        "purchase_model": "spot" if one.get("InstanceLifecycle") == "spot" else "on_demand",
        "scaling_group": tag(one, "aws:autoscaling:groupName"),
        "launched_at": launched,
        "cluster": cluster_of(one),
        "private_ip": one.get("PrivateIpAddress"),
        "vpc_id": one.get("VpcId"),
        "subnet_id": one.get("SubnetId"),
        "image_id": one.get("ImageId"),
    }


# PlatformDetails of what is charged by the list, and of licences that the owner brings. Source: EC2 billing
# information of images. Everything else (SQL Server, Ubuntu Pro, high availability) has a price of its own.
_PLATFORMS = {
    "Linux/UNIX": "linux", "Windows": "windows", "Red Hat Enterprise Linux": "rhel", "SUSE Linux": "suse",
    "Windows BYOL": "other", "Red Hat BYOL Linux": "other",
}  # fmt: skip


def _platform(one: Mapping[str, Any]) -> str:
    """The operating system whose licence is in the price; 'special' where no list has the price."""
    details = one.get("PlatformDetails") or ("Windows" if one.get("Platform") else "Linux/UNIX")
    shared = ((one.get("Placement") or {}).get("Tenancy") or "default") == "default"
    return _PLATFORMS.get(details, "special") if shared else "special"


def cluster_of(one: Mapping[str, Any]) -> str | None:
    """The Kubernetes cluster that a machine, or a group of them, is tagged with."""
    named = tag(one, "aws:eks:cluster-name") or tag(one, "eks:cluster-name")
    owned = (str(each["Key"]) for each in one.get("Tags") or () if str(each["Key"]).startswith(_CLUSTER))
    return named or next((key.removeprefix(_CLUSTER) for key in owned), None)


# --- instance types ---------------------------------------------------------------------------------------


def get_instance_types(client: Client, families: Iterable[str], types: Iterable[str] = ()) -> Raw:
    """Every size of the given families that the region offers, and of the given types what could follow them: the same
    size in other families of their line."""
    patterns = [*(f"{family}.*" for family in sorted(set(families))), *successors(types)]
    return [
        one
        for start in range(0, len(patterns), 200)  # values that one filter may have
        for one in all_of(
            client,
            DESCRIBE_INSTANCE_TYPES,
            "InstanceTypes",
            Filters=[{"Name": "instance-type", "Values": patterns[start : start + 200]}],
        )
    ]


def transform_instance_types(raw: Raw) -> Rows:
    """Rows of instance_types."""
    return {"instance_types": [_type(one) for one in once(raw, "InstanceType")]}


def family_of(instance_type: str) -> str:
    """m5 of m5.large."""
    return instance_type.partition(".")[0]


def _type(one: Mapping[str, Any]) -> dict[str, Any]:
    name = str(one["InstanceType"])
    family = family_of(name)
    architectures = (one.get("ProcessorInfo") or {}).get("SupportedArchitectures") or []
    # The first list that there is: inf1 and inf2 describe the same chips in two of them.
    chips: Raw = next(filter(None, ((one.get(info) or {}).get(key) for info, key in _ACCELERATORS)), [])
    memory = (one.get("MemoryInfo") or {}).get("SizeInMiB")
    return {
        "cloud": "aws",
        "instance_type": name,
        "vcpu": (one.get("VCpuInfo") or {}).get("DefaultVCpus"),
        "memory_gib": memory / 1024 if memory is not None else None,
        "architecture": "arm64"
        if any(name.startswith("arm64") for name in architectures)
        else ("x86_64" if architectures else None),
        "family": family,
        "generation": generation_of(family),
        "line": line_of(family),
        "burstable": one.get("BurstablePerformanceSupported"),
        "gpu_count": sum(int(chip.get("Count") or 0) for chip in chips),
        "gpu_model": next(
            (f"{chip.get('Manufacturer', '')} {chip.get('Name', '')}".strip() for chip in chips), None
        ),
        "cpu_model": (one.get("ProcessorInfo") or {}).get("Manufacturer"),
        "local_disk_gib": float((one.get("InstanceStorageInfo") or {}).get("TotalSizeInGB") or 0),
        "baseline_vcpu": baseline(name, (one.get("VCpuInfo") or {}).get("DefaultVCpus")),
        **carries(one),
    }


# --- volumes and snapshots --------------------------------------------------------------------------------


def get_volumes(client: Client) -> Raw:
    """EBS volumes."""
    return all_of(client, DESCRIBE_VOLUMES, "Volumes")


def transform_volumes(raw: Raw, scope: Scope, machines: Raw | None) -> Rows:
    """Rows of volumes and their tags. `machines` are raw instances, which know what they boot from."""
    roots = {one["InstanceId"]: one.get("RootDeviceName") for one in machines or ()}
    rows: Rows = {"volumes": [], "tags": []}
    for one in once(raw, "VolumeId"):
        rows["volumes"].append({**place(scope), **_volume(one, roots)})
        rows["tags"] += tag_rows(scope, "volume", one["VolumeId"], tags_of(one))
    return rows


def _volume(one: Mapping[str, Any], roots: Mapping[str, str | None]) -> dict[str, Any]:
    attached = next((each for each in one.get("Attachments") or () if each.get("InstanceId")), None)
    kind = one.get("VolumeType")
    claim = [tag(one, f"{_CLAIM}{part}") for part in ("namespace", "name")]
    return {
        "volume_id": one["VolumeId"],
        "zone": one.get("AvailabilityZone"),
        "name": tag(one, "Name"),
        "state": {"in-use": "attached", "available": "unattached"}.get(str(one.get("State")), "other"),
        "volume_type": kind,
        "medium": "ssd" if kind in _FLASH else "hdd" if kind in _DISK else None,
        "size_gib": number(one.get("Size")),
        "iops": number(one.get("Iops")),
        "throughput_mib": number(one.get("Throughput")),
        "instance_id": attached["InstanceId"] if attached else None,
        "is_boot": _boots(attached, roots) if attached else None,
        "delete_with_instance": attached.get("DeleteOnTermination") if attached else None,
        "created_at": utc(one.get("CreateTime")),
        "kubernetes_claim": "/".join(part or "?" for part in claim) if any(claim) else None,
    }


def _boots(attached: Mapping[str, Any], roots: Mapping[str, str | None]) -> bool | None:
    device, root = attached.get("Device"), roots.get(attached["InstanceId"])
    if device is None:
        return None
    return device == root if root else device in _ROOT_DEVICES


def get_snapshots(client: Client, problems: Problems) -> dict[str, Raw | None]:
    """The account's own snapshots and images, and which snapshots are locked."""
    snapshots = all_of(client, DESCRIBE_SNAPSHOTS, "Snapshots", OwnerIds=["self"])
    images = beside(problems, lambda: all_of(client, DESCRIBE_IMAGES, "Images", Owners=["self"]))
    locks = beside(problems, lambda: all_of(client, DESCRIBE_LOCKS, "Snapshots")) if snapshots else []
    return {"snapshots": snapshots, "images": images, "locks": locks}


def transform_snapshots(raw: Mapping[str, Raw | None], scope: Scope) -> Rows:
    """Rows of snapshots, each with an image that needs it, and their tags."""
    needed = {
        mapping["Ebs"]["SnapshotId"]: image["ImageId"]
        for image in raw["images"] or ()
        for mapping in image.get("BlockDeviceMappings") or ()
        if (mapping.get("Ebs") or {}).get("SnapshotId")
    }
    locks = {one["SnapshotId"]: one for one in raw["locks"] or () if one.get("LockState") != "expired"}
    rows: Rows = {"snapshots": [], "tags": []}
    for one in once(raw["snapshots"] or (), "SnapshotId"):
        identity = one["SnapshotId"]
        tags = tags_of(one)
        rows["snapshots"].append(
            {
                **place(scope),
                "snapshot_id": identity,
                "name": tag(one, "Name"),
                "volume_id": one.get("VolumeId"),
                "size_gib": number(one.get("VolumeSize")),
                "created_at": utc(one.get("StartTime")),
                "image_id": needed.get(identity),
                "tier": one.get("StorageTier") or "standard",
                "full_bytes": number(one.get("FullSnapshotSizeInBytes")),
                "kind": "automatic" if any(key.startswith(_SCHEDULED) for key in tags) else "snapshot",
                "locked_until": utc(locks.get(identity, {}).get("LockExpiresOn")),
            }
        )
        rows["tags"] += tag_rows(scope, "snapshot", identity, tags)
    return rows
