"""Machines, disks and snapshots of one region: get_… asks, transform_… makes rows of the warehouse of the answers.

A get returns raw resources as the API describes them. What follows from them (who renews itself, which group has
whom, since when a machine is off) is asked afterwards, and only where something depends on it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from collectors.alibaba.answers import ends, utc
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client, Session
from collectors.alibaba.products import BILLING_NUMBERS, NUMBERS
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.regions import Problems, beside
from collectors.rows import Raw, number, once, place, tag_rows
from finops.warehouse import Scope

_TEN = {"MaxResults": 10}
DESCRIBE_INSTANCES = Api(
    "ecs", "DescribeInstances", "ecs:DescribeInstances", items="Instances.Instance", probe=_TEN
)
DESCRIBE_DISKS = Api("ecs", "DescribeDisks", "ecs:DescribeDisks", items="Disks.Disk", page=500, probe=_TEN)
DESCRIBE_IMAGES = Api(
    "ecs", "DescribeImages", "ecs:DescribeImages", items="Images.Image", paging=NUMBERS, optional=True,
    probe={"PageNumber": 1, "PageSize": 1, "ImageOwnerAlias": "self"},
)  # fmt: skip
DESCRIBE_SNAPSHOTS = Api(
    "ecs", "DescribeSnapshots", "ecs:DescribeSnapshots", items="Snapshots.Snapshot", probe=_TEN
)
QUERY_AVAILABLE = Api(
    "bss", "QueryAvailableInstances", "bss:QueryAvailableInstances", items="Data.InstanceList", paging=BILLING_NUMBERS,
    page=300, probe={"PageNum": 1, "PageSize": 1, "ProductCode": "ecs"},
)  # fmt: skip

GROUP_TAG = "acs:autoscaling:scalingGroupId"
CLUSTER_TAG = "ack.aliyun.com"
_CLAIM = "kubernetes.io/created-for/pvc/"
_CSI = ("createdby", "alibabacloud-csi-plugin")
# Disks that are a part of the machine: they have no price and no life of their own.
_LOCAL = ("local_", "ephemeral")
_TURNING = ("cloud", "cloud_efficiency")


def tags_of(one: Mapping[str, Any]) -> dict[str, str]:
    """Tags of a resource, in whichever of its shapes; of a repeated key the last value counts."""
    listed = one.get("Tags") or ()
    if isinstance(listed, Mapping):
        listed = listed.get("Tag") or ()
    return {
        str(tag.get("TagKey", tag.get("Key"))): str(tag.get("TagValue", tag.get("Value")) or "")
        for tag in listed
    }


# --- instances --------------------------------------------------------------------------------------------


def get_instances(client: Client) -> Raw:
    """Instances of the region."""
    return client.all(DESCRIBE_INSTANCES, RegionId=client.region)


def get_renewals(session: Session) -> dict[str, bool]:
    """Whether subscribed instances of the account renew themselves, by id."""
    found = session.billing(
        lambda client: client.all(QUERY_AVAILABLE, ProductCode="ecs", SubscriptionType="Subscription")
    )
    return {
        str(one["InstanceID"]): one.get("RenewStatus") == "AutoRenewal"
        for one in found
        if one.get("RenewStatus")
    }


def transform_instances(
    raw: Raw,
    scope: Scope,
    members: Mapping[str, str],
    renewals: Mapping[str, bool],
    off_since: Mapping[str, datetime],
) -> Rows:
    """Rows of instances and their tags, with what was asked about them afterwards."""
    rows: Rows = {"instances": [], "tags": []}
    for one in once(raw, "InstanceId"):
        identity, tags = str(one["InstanceId"]), tags_of(one)
        row = {
            **place(scope),
            **_instance(one, tags),
            "scaling_group": tags.get(GROUP_TAG) or members.get(identity),
            "auto_renew": renewals.get(identity) if one.get("InstanceChargeType") == "PrePaid" else None,
        }
        if row["state"] == "stopped":
            row["state_since"] = off_since.get(identity)
        rows["instances"].append(row)
        rows["tags"] += tag_rows(scope, "instance", identity, tags)
    return rows


def _instance(one: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    state = {"Running": "running", "Stopped": "stopped"}.get(str(one["Status"]), "other")
    return {
        "instance_id": str(one["InstanceId"]),
        "zone": one.get("ZoneId"),
        "name": one.get("InstanceName"),
        "state": state,
        "state_since": utc(one.get("StartTime")) if state == "running" else None,
        "instance_type": one.get("InstanceType"),
        "platform": _platform(one),
        "purchase_model": purchase_model(one),
        "launched_at": utc(one.get("CreationTime") or one.get("StartTime")),
        "stopped_mode": _STOPPED_MODES.get(str(one.get("StoppedMode"))) if state == "stopped" else None,
        "cluster": tags.get(CLUSTER_TAG),
        "private_ip": _private_ip(one),
        "vpc_id": (one.get("VpcAttributes") or {}).get("VpcId") or None,
        "subnet_id": (one.get("VpcAttributes") or {}).get("VSwitchId") or None,
        "image_id": one.get("ImageId") or None,
        "expires_at": ends(one.get("ExpiredTime")) if one.get("InstanceChargeType") == "PrePaid" else None,
    }


_STOPPED_MODES = {"KeepCharging": "keep_charging", "StopCharging": "stop_charging"}


def purchase_model(one: Mapping[str, Any]) -> str:
    """How an instance is paid for."""
    if one.get("InstanceChargeType") == "PrePaid":
        return "subscription"
    return "on_demand" if (one.get("SpotStrategy") or "NoSpot") == "NoSpot" else "spot"


def _platform(one: Mapping[str, Any]) -> str:
    """What the price of the machine includes. On a dedicated host it is the host that is paid for."""
    if (one.get("DedicatedHostAttribute") or {}).get("DedicatedHostId"):
        return "special"
    return "windows" if str(one.get("OSType")).lower() == "windows" else "linux"


def _private_ip(one: Mapping[str, Any]) -> str | None:
    for holder in ((one.get("VpcAttributes") or {}).get("PrivateIpAddress"), one.get("InnerIpAddress")):
        for address in (holder or {}).get("IpAddress") or ():
            return str(address)
    return None


# --- disks and snapshots ----------------------------------------------------------------------------------


def get_volumes(client: Client) -> Raw:
    """Disks of the region."""
    return client.all(DESCRIBE_DISKS, RegionId=client.region)


def transform_volumes(raw: Raw, scope: Scope) -> Rows:
    """Rows of volumes and their tags; disks that are part of a machine are left out."""
    rows: Rows = {"volumes": [], "tags": []}
    for one in once(raw, "DiskId"):
        if str(one.get("Category")).startswith(_LOCAL):
            continue
        identity, tags = str(one["DiskId"]), tags_of(one)
        rows["volumes"].append({**place(scope), **_volume(one, tags)})
        rows["tags"] += tag_rows(scope, "volume", identity, tags)
    return rows


def _volume(one: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    state = {"In_use": "attached", "Available": "unattached"}.get(str(one["Status"]), "other")
    category = one.get("Category")
    attached = one.get("InstanceId") or _attached_to(one)
    subscribed = one.get("DiskChargeType") == "PrePaid"
    return {
        "volume_id": str(one["DiskId"]),
        "zone": one.get("ZoneId") or None,
        "name": one.get("DiskName"),
        "state": state,
        "volume_type": category,
        "performance_level": one.get("PerformanceLevel") or None if category == "cloud_essd" else None,
        "medium": "hdd" if category in _TURNING else "ssd" if category else None,
        "size_gib": number(one.get("Size")),
        "iops": number(one.get("ProvisionedIops")) if category == "cloud_auto" else None,
        "instance_id": attached if state == "attached" else None,
        "is_boot": one["Type"] == "system" if one.get("Type") else None,
        "delete_with_instance": one.get("DeleteWithInstance") if state == "attached" else None,
        "created_at": utc(one.get("CreationTime")),
        "detached_at": utc(one.get("DetachedTime")) if state == "unattached" else None,
        "kubernetes_claim": _claim(one, tags),
        "purchase_model": "subscription" if subscribed else "on_demand",
        "expires_at": ends(one.get("ExpiredTime")) if subscribed else None,
    }


def _attached_to(one: Mapping[str, Any]) -> str | None:
    for attachment in (one.get("Attachments") or {}).get("Attachment") or ():
        return str(attachment["InstanceId"])
    return None


def _claim(one: Mapping[str, Any], tags: Mapping[str, str]) -> str | None:
    """The claim of a pod's storage. The plugin that makes such disks names it only where it was told to."""
    name, namespace = tags.get(f"{_CLAIM}name"), tags.get(f"{_CLAIM}namespace")
    if name or namespace:
        return f"{namespace or '?'}/{name or '?'}"
    return f"?/{one.get('DiskName') or '?'}" if tags.get(_CSI[0]) == _CSI[1] else None


def get_snapshots(client: Client, problems: Problems) -> Raw:
    """Snapshots of the region; those that an image is made of with `image`, its id, or ? where nobody tells which."""
    found = client.all(DESCRIBE_SNAPSHOTS, RegionId=client.region)
    used = [one for one in found if str(one.get("Usage")).startswith("image")]
    images = (beside(problems, lambda: _images(client)) or {}) if used else {}
    for one in used:
        one["image"] = images.get(str(one["SnapshotId"]), "?")
    return found


def _images(client: Client) -> dict[str, str]:
    """The image of the account that is made of a snapshot, by the snapshot."""
    try:
        images = client.all(DESCRIBE_IMAGES, RegionId=client.region, ImageOwnerAlias="self")
    except CallError as error:
        if error.status == "skipped":
            return {}
        raise
    return {
        str(disk["SnapshotId"]): str(image["ImageId"])
        for image in images
        for disk in (image.get("DiskDeviceMappings") or {}).get("DiskDeviceMapping") or ()
        if disk.get("SnapshotId")
    }


def transform_snapshots(raw: Raw, scope: Scope) -> Rows:
    """Rows of snapshots and their tags. Billed is the chain of a disk's snapshots, so no single one has bytes."""
    rows: Rows = {"snapshots": [], "tags": []}
    for one in once(raw, "SnapshotId"):
        identity = str(one["SnapshotId"])
        rows["snapshots"].append(
            {
                **place(scope),
                "snapshot_id": identity,
                "name": one.get("SnapshotName"),
                "volume_id": one.get("SourceDiskId") or None,
                "size_gib": number(one.get("SourceDiskSize")),
                "created_at": utc(one.get("CreationTime")),
                "tier": "archive" if str(one.get("Category")).lower() == "archive" else "standard",
                "image_id": one.get("image"),
                "full_bytes": number(one.get("FullSnapshotSizeInBytes")),
                "kind": "automatic" if one.get("SnapshotType") in ("auto", "timer") else "snapshot",
            }
        )
        rows["tags"] += tag_rows(scope, "snapshot", identity, tags_of(one))
    return rows
