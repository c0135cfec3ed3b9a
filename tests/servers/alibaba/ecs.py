"""Elastic Compute Service, 2014-05-26: regions, zones, instances, disks, snapshots, groups of types."""

from collections.abc import Callable, Sequence
from typing import Any

from tests.servers.alibaba import catalogue, ecs_monitor, ecs_prices
from tests.servers.alibaba.pages import by_token, clamped, numbered
from tests.servers.alibaba.regions import REGIONS, zones
from tests.servers.alibaba.state import Item
from tests.servers.alibaba.wire import Call, invalid

VERSION = "2014-05-26"
LANGUAGES = ("zh-CN", "zh-TW", "en-US", "ja", "fr", "de", "ko")


def describe_regions(call: Call) -> dict[str, Any]:
    """All regions, closed ones too; in Chinese unless asked otherwise. Needs no permission."""
    english = not call.choice("AcceptLanguage", LANGUAGES, "zh-CN").startswith("zh")
    listed = [
        {
            "RegionId": name,
            "RegionEndpoint": f"ecs.{name}.aliyuncs.com",
            "LocalName": about.english if english else about.chinese,
            "Status": about.status,
        }
        for name, about in REGIONS.items()
    ]
    call.items = len(listed)
    return {"Regions": {"Region": listed}}


def describe_zones(call: Call) -> dict[str, Any]:
    english = not call.choice("AcceptLanguage", LANGUAGES, "zh-CN").startswith("zh")
    names = zones(call.region)
    letter = {name: name[-1].upper() for name in names}
    about = REGIONS[call.region]
    kinds = [name for name in catalogue.types() if catalogue.offered(name, call.region)]
    listed = [
        {
            "ZoneId": name,
            "LocalName": f"{about.english} Zone {letter[name]}"
            if english
            else f"{about.chinese}可用区{letter[name]}",
            "ZoneType": "AvailabilityZone",
            "AvailableResourceCreation": {
                "ResourceTypes": ["VSwitch", "IoOptimized", "Instance", "DedicatedHost", "Disk"]
            },
            "AvailableDiskCategories": {
                "DiskCategories": ["cloud_ssd", "cloud_efficiency", "cloud_essd", "cloud_auto"]
            },
            "AvailableVolumeCategories": {"VolumeCategories": []},
            "AvailableInstanceTypes": {"InstanceTypes": kinds},
            "AvailableDedicatedHostTypes": {"DedicatedHostType": []},
            "DedicatedHostGenerations": {"DedicatedHostGeneration": []},
        }
        for name in names
    ]
    call.items = len(listed)
    return {"Zones": {"Zone": listed}}


def paged(call: Call, items: Sequence[Item], low: int, high: int) -> tuple[list[Item], dict[str, Any]]:
    """By token, or by the older page numbers where these are given. With tokens TotalCount means nothing."""
    if call.params.get("PageNumber") or call.params.get("PageSize"):
        return numbered(call, items, most=100)
    size = clamped(call, 10, low, high)
    page, token = by_token(call, items, size)
    return page, {
        "PageNumber": 1,
        "PageSize": size,
        "TotalCount": 0 if token.get("NextToken") else len(page),
        **token,
    }


def chosen(call: Call, kind: str, ids: str, id_field: str, fields: dict[str, str]) -> list[Item]:
    """The region's items that every filter of the request lets through."""
    wanted = call.listed(ids)
    found = []
    for item in call.owner.of(kind, call.region).values():
        if wanted is not None and item[id_field] not in wanted:
            continue
        asked = ((call.params.get(name, ""), item.get(field)) for name, field in fields.items())
        if any(value and value not in (str(real), str(real).lower(), "all") for value, real in asked):
            continue
        if tagged(call, item):
            found.append(item)
    return found


def tagged(call: Call, item: Item) -> bool:
    """Whether an item has all the tags that were asked for."""
    listed = (
        (item.get("Tags") or {}).get("Tag", [])
        if any(name.startswith("Tag.") for name in call.params)
        else []
    )
    held = {tag.get("TagKey"): tag.get("TagValue") for tag in listed}
    for number in range(1, 21):
        key, value = call.params.get(f"Tag.{number}.Key"), call.params.get(f"Tag.{number}.Value")
        if key and (key not in held or (value and held[key] != value)):
            return False
    return True


def describe_instances(call: Call) -> dict[str, Any]:
    filters = (
        "Status",
        "InstanceType",
        "InstanceTypeFamily",
        "ZoneId",
        "InstanceChargeType",
        "VpcId",
        "InstanceName",
        "ImageId",
    )
    found = chosen(call, "instance", "InstanceIds", "InstanceId", {name: name for name in filters})
    page, more = paged(call, found, 10, 100)
    return {"Instances": {"Instance": page}, **more}


def describe_disks(call: Call) -> dict[str, Any]:
    filters = {"Status": "Status", "DiskType": "Type", "Category": "Category", "InstanceId": "InstanceId", "ZoneId": "ZoneId",
               "DiskChargeType": "DiskChargeType", "Portable": "Portable", "DiskName": "DiskName"}  # fmt: skip
    found = chosen(call, "disk", "DiskIds", "DiskId", filters)
    page, more = paged(call, found, 10, 500)
    return {"Disks": {"Disk": page}, **more}


def describe_snapshots(call: Call) -> dict[str, Any]:
    call.number("MaxResults", 10, 1, 100)
    filters = {"DiskId": "SourceDiskId", "SnapshotType": "SnapshotType", "Status": "Status", "Usage": "Usage"}
    found = chosen(call, "snapshot", "SnapshotIds", "SnapshotId", filters)
    page, more = paged(call, found, 1, 100)
    return {"Snapshots": {"Snapshot": page}, **more}


def describe_snapshot_links(call: Call) -> dict[str, Any]:
    """Chains: what one really pays for. One per disk, its size the newest full one and the changes before."""
    chains: dict[str, list[Item]] = {}
    for item in call.owner.of("snapshot", call.region).values():
        chains.setdefault(str(item["SourceDiskId"]), []).append(item)
    listed = [
        {
            "SnapshotLinkId": f"sl-{disk[2:]}", "SourceDiskId": disk, "RegionId": call.region, "Category": "Standard",
            "SourceDiskSize": int(items[0]["SourceDiskSize"]), "SourceDiskType": items[0]["SourceDiskType"],
            "TotalSize": int(items[0]["SourceDiskSize"]) * 2**29, "TotalCount": len(items), "InstantAccess": False,
            "InstanceId": "", "InstanceName": "", "SourceDiskName": "",
        }
        for disk, items in chains.items()
    ]  # fmt: skip
    page, more = paged(call, listed, 1, 100)
    return {"SnapshotLinks": {"SnapshotLink": page}, **more}


def describe_instance_types(call: Call) -> dict[str, Any]:
    """What the account can have anywhere; up to ten names or families narrow it down."""
    names, families = call.repeated("InstanceTypes", 10), call.repeated("InstanceTypeFamilies", 10)
    family = call.params.get("InstanceTypeFamily")
    size = call.number("MaxResults", 1600, 1, 1600)
    found = [
        type_item(kind)
        for kind in catalogue.types().values()
        if (not names or kind.name in names)
        and (not families or kind.told_family in families)
        and family in (None, "", kind.told_family)
    ]
    page, token = by_token(call, found, size)
    return {"InstanceTypes": {"InstanceType": page}, **token}


def type_item(kind: catalogue.Type) -> Item:
    """A type as ECS tells it. Memory is GiB here and MiB in DescribeInstances."""
    about = kind.about
    item: Item = {
        "InstanceTypeId": kind.name, "InstanceTypeFamily": kind.told_family, "InstanceFamilyLevel": about.level,
        "InstanceCategory": about.category, "CpuArchitecture": "ARM" if about.arm else "X86", "CpuCoreCount": kind.vcpus,
        "MemorySize": float(kind.memory), "GPUAmount": kind.gpus, "GPUSpec": kind.gpu, "LocalStorageCategory": about.local,
        "PhysicalProcessorModel": about.processor, "CpuSpeedFrequency": 2.5, "CpuTurboFrequency": 3.2, "EniQuantity": 3,
        "EniTotalQuantity": 3, "EniPrivateIpAddressQuantity": 6, "EniIpv6AddressQuantity": 6, "DiskQuantity": 17,
        "InstanceBandwidthRx": 1024000 * kind.vcpus, "InstanceBandwidthTx": 1024000 * kind.vcpus, "InstancePpsRx": 300000,
        "InstancePpsTx": 300000, "NvmeSupport": "unsupported", "JumboFrameSupport": False, "EriQuantity": 0,
        "CpuOptions": {"Core": max(1, kind.vcpus // 2), "CoreFactor": 1, "ThreadsPerCore": 1 if about.arm else 2},
        "SupportedBootModes": {"SupportedBootMode": ["BIOS", "UEFI"]}, "NetworkCardQuantity": 1,
    }  # fmt: skip
    if kind.gpus:
        item["GPUMemorySize"] = 16.0 * kind.gpus
    if about.baseline:
        item |= {"BaselineCredit": about.baseline * kind.vcpus, "InitialCredit": 30 * kind.vcpus}
    if about.local:
        item |= {"LocalStorageAmount": max(1, kind.vcpus // 4), "LocalStorageCapacity": 1788}
    return item


def describe_reserved_instances(call: Call) -> dict[str, Any]:
    wanted = call.params.get("Status.1")
    found = [
        item
        for item in call.owner.of("reserved_instance", call.region).values()
        if wanted in (None, "", item["Status"])
    ]
    page, more = numbered(call, found, most=100)
    return {"ReservedInstances": {"ReservedInstance": page}, **more}


def describe_instance_auto_renew_attribute(call: Call) -> dict[str, Any]:
    """Whether subscriptions renew themselves; asked for by id, at most 100 at once, separated by commas."""
    names = call.params.get("InstanceId", "")
    wanted = names.split(",") if names else None
    if wanted is not None and len(wanted) > 100:
        raise invalid("InstanceId", "there may be at most 100 of them")
    status = call.choice("RenewalStatus", ("AutoRenewal", "Normal", "NotRenewal"))
    found = []
    for item in call.owner.of("instance", call.region).values():
        renews = item.get("_renewal", "Normal")
        if item["InstanceChargeType"] != "PrePaid" or (
            wanted is not None and item["InstanceId"] not in wanted
        ):
            continue
        if status in ("", renews):
            auto = renews == "AutoRenewal"
            found.append({
                "InstanceId": item["InstanceId"], "AutoRenewEnabled": auto, "RenewalStatus": renews, "PeriodUnit": "Month",
                "Duration": 1 if auto else 0,
            })  # fmt: skip
    page, more = numbered(call, found, most=100)
    return {"InstanceRenewAttributes": {"InstanceRenewAttribute": page}, **more}


def describe_images(call: Call) -> dict[str, Any]:
    """Those of the account only: there are no others here."""
    call.choice("ImageOwnerAlias", ("self", "system", "others", "marketplace"))
    found = list(call.owner.of("image", call.region).values())
    page, more = numbered(call, found if call.params.get("ImageOwnerAlias") == "self" else [], most=100)
    return {"RegionId": call.region, "Images": {"Image": page}, **more}


def describe_network_interfaces(call: Call) -> dict[str, Any]:
    """One of each instance, as it tells it, and those of NAT gateways."""
    sets = [
        {
            "NetworkInterfaceId": one["NetworkInterfaceId"], "InstanceId": item["InstanceId"], "Status": "InUse", "Type": one["Type"],
            "VpcId": item["VpcAttributes"].get("VpcId", ""), "VSwitchId": item["VpcAttributes"].get("VSwitchId", ""), "ZoneId": item.get("ZoneId"),
            "PrivateIpAddress": address, "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": address, "Primary": True}]},
            "ServiceManaged": False, "Tags": {"Tag": []},
        }
        for item in call.owner.of("instance", call.region).values()
        for one in (item.get("NetworkInterfaces") or {}).get("NetworkInterface", ())
        for address in item["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][:1]
    ]  # fmt: skip
    sets += [
        {
            "NetworkInterfaceId": info["EniInstanceId"], "InstanceId": "", "Status": "InUse", "Type": "Secondary", "VpcId": item["VpcId"],
            "VSwitchId": info["VswitchId"], "ZoneId": info["IzNo"], "PrivateIpAddress": info["PrivateIpAddress"],
            "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": info["PrivateIpAddress"], "Primary": True}]}, "ServiceManaged": True,
        }
        for item in call.owner.of("nat", call.region).values()
        if (info := item.get("NatGatewayPrivateInfo") or {}).get("EniInstanceId")
    ]  # fmt: skip
    page, more = paged(call, sets, 10, 500)
    return {"NetworkInterfaceSets": {"NetworkInterfaceSet": page}, **more}


def describe_available_resource(call: Call) -> dict[str, Any]:
    """Every type that is sold in the region, in each of its zones."""
    if call.required("DestinationResource") != "InstanceType":
        raise invalid("DestinationResource", "the local cloud tells types only")
    wanted = call.params.get("InstanceType")
    sold = [
        {"Value": name, "Status": "Available", "StatusCategory": "WithStock"}
        for name in catalogue.types()
        if catalogue.offered(name, call.region) and wanted in (None, "", name)
    ]
    zone = {"RegionId": call.region, "Status": "Available", "StatusCategory": "WithStock"}
    resources = {
        "AvailableResource": [{"Type": "InstanceType", "SupportedResources": {"SupportedResource": sold}}]
    }
    call.items = len(sold)
    return {
        "AvailableZones": {
            "AvailableZone": [
                {**zone, "ZoneId": each, "AvailableResources": resources} for each in zones(call.region)
            ]
        }
    }


_OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "DescribeRegions": describe_regions,
    "DescribeZones": describe_zones,
    "DescribeInstances": describe_instances,
    "DescribeInstanceTypes": describe_instance_types,
    "DescribeInstanceAutoRenewAttribute": describe_instance_auto_renew_attribute,
    "DescribeDisks": describe_disks,
    "DescribeSnapshots": describe_snapshots,
    "DescribeSnapshotLinks": describe_snapshot_links,
    "DescribeReservedInstances": describe_reserved_instances,
    "DescribeImages": describe_images,
    "DescribeNetworkInterfaces": describe_network_interfaces,
    "DescribeAvailableResource": describe_available_resource,
    **ecs_prices.OPERATIONS,
    **ecs_monitor.OPERATIONS,
}
ANSWERS = {(VERSION, name): answer for name, answer in _OPERATIONS.items()}
