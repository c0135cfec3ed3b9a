"""Resources as the APIs tell them, plain ones; what is asked for besides is put over it."""

from datetime import datetime
from typing import Any

from tests.servers.gcp.state import COMPUTE, Item, Project, pacific

DEBIAN = f"{COMPUTE}/projects/debian-cloud/global/licenses/debian-12-bookworm"
WINDOWS = f"{COMPUTE}/projects/windows-cloud/global/licenses/windows-server-2022-dc"
PLATFORMS = {"n1": "Intel Skylake", "n2": "Intel Ice Lake", "n2d": "AMD Milan", "e2": "Intel Broadwell", "custom": "Intel Skylake",
             "c2": "Intel Cascade Lake", "t2d": "AMD Milan", "c3": "Intel Sapphire Rapids", "n4": "Intel Emerald Rapids"}  # fmt: skip


def base(project: Project, kind: str, scope: str, name: str, number: str, since: datetime) -> Item:
    """What every resource of Compute has; `_from` is for us alone."""
    place = scope.partition("/")[0][:-1]
    where = {place: f"{COMPUTE}/projects/{project.id}/{scope}"} if place in ("zone", "region") else {}
    singular = kind[:-2] if kind.endswith("sses") else kind[:-3] + "y" if kind.endswith("ies") else kind[:-1]
    return {
        "kind": f"compute#{singular}", "id": number, "creationTimestamp": pacific(since), "name": name, "description": "",
        "selfLink": project.link(kind, scope, name), **where, "_from": since,
    }  # fmt: skip


def instance(
    project: Project, zone: str, name: str, number: str, machine_type: str, since: datetime, **more: Any
) -> Item:
    scope = f"zones/{zone}"
    network = f"{COMPUTE}/projects/{project.id}"
    return base(project, "instances", scope, name, number, since) | {
        "tags": {"fingerprint": "42WmSpB8rSM="}, "machineType": f"{network}/{scope}/machineTypes/{machine_type}", "status": "RUNNING",
        "canIpForward": False, "networkInterfaces": [{
            "kind": "compute#networkInterface", "network": f"{network}/global/networks/default", "name": "nic0", "stackType": "IPV4_ONLY",
            "subnetwork": f"{network}/regions/{zone[:-2]}/subnetworks/default", "networkIP": "10.128.0.2", "fingerprint": "AbCdEfGhIjK=",
        }],
        "disks": [], "metadata": {"kind": "compute#metadata", "fingerprint": "Zm9vYmFy", "items": []},
        "serviceAccounts": [{"email": f"{project.number}-compute@developer.gserviceaccount.com", "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}],
        "scheduling": {"onHostMaintenance": "MIGRATE", "automaticRestart": True, "preemptible": False, "provisioningModel": "STANDARD"},
        "cpuPlatform": PLATFORMS.get(machine_type.partition("-")[0], "Unknown CPU Platform"), "labelFingerprint": "42WmSpB8rSM=",
        "startRestricted": False, "deletionProtection": False, "lastStartTimestamp": pacific(since), "fingerprint": "q5k6vAuYd3o=",
        "shieldedInstanceConfig": {"enableSecureBoot": False, "enableVtpm": True, "enableIntegrityMonitoring": True}, **more,
    }  # fmt: skip


def disk(
    project: Project, scope: str, name: str, number: str, size: int, kind: str, since: datetime, **more: Any
) -> Item:
    """A disk of a zone, or of a region with its replicas' zones."""
    made = base(project, "disks", scope, name, number, since) | {
        "sizeGb": str(size), "status": "READY", "type": project.link("diskTypes", scope, kind), "labelFingerprint": "42WmSpB8rSM=",
        "physicalBlockSizeBytes": "4096", "enableConfidentialCompute": False, "interface": "UNSPECIFIED",
    }  # fmt: skip
    return made | more


def attached(
    disk_item: Item, device: str, index: int, boot: bool = False, mode: str = "READ_WRITE", **more: Any
) -> Item:
    """The disk as its machine tells it."""
    return {
        "kind": "compute#attachedDisk", "type": "PERSISTENT", "mode": mode, "source": disk_item["selfLink"], "deviceName": device, "index": index,
        "boot": boot, "autoDelete": boot, "interface": "SCSI", "diskSizeGb": disk_item["sizeGb"], **more,
    }  # fmt: skip


def local_ssd(device: str, index: int) -> Item:
    """Part of its machine: in no list of disks."""
    return {
        "kind": "compute#attachedDisk", "type": "SCRATCH", "mode": "READ_WRITE", "deviceName": device, "index": index, "boot": False,
        "autoDelete": True, "interface": "NVME", "diskSizeGb": "375",
    }  # fmt: skip


def address(
    project: Project, scope: str, name: str, number: str, text: str, since: datetime, **more: Any
) -> Item:
    return base(project, "addresses", scope, name, number, since) | {
        "address": text, "status": "RESERVED", "addressType": "EXTERNAL", "networkTier": "PREMIUM", "labelFingerprint": "42WmSpB8rSM=", **more,
    }  # fmt: skip


def snapshot(project: Project, name: str, number: str, of: Item, since: datetime, **more: Any) -> Item:
    size = int(of["sizeGb"])
    region = of.get("zone", of.get("region", "us-central1-a")).rpartition("/")[2]
    return base(project, "snapshots", "global", name, number, since) | {
        "status": "READY", "diskSizeGb": of["sizeGb"], "sourceDisk": of["selfLink"], "sourceDiskId": of["id"], "storageBytes": str(size * 2**30 // 3),
        "storageBytesStatus": "UP_TO_DATE", "storageLocations": [region[:-2] if "zone" in of else region], "downloadBytes": str(size * 2**30 // 3 + 4096),
        "labelFingerprint": "42WmSpB8rSM=", "snapshotType": "STANDARD", **more,
    }  # fmt: skip
