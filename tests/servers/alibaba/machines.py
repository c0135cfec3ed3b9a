"""The estate's instances with their system disks, tags, groups and metrics."""

from datetime import datetime, timedelta
from typing import Any

from tests.servers import population
from tests.servers.alibaba import catalogue, items, loads, plan
from tests.servers.alibaba.estate import Estate, tags_of
from tests.servers.alibaba.state import Item, minutes, seconds

SYSTEM_DISKS = (
    ("cloud_essd", "PL0"), ("cloud_efficiency", ""), ("cloud_essd", "PL1"), ("cloud_auto", ""), ("cloud_ssd", ""), ("cloud_essd_entry", ""),
)  # fmt: skip


def build_instances(estate: Estate) -> None:
    """All classes, spread over the regions in turn."""
    number = 0
    for name, count in plan.counts(estate.n).items():
        for turn in range(count):
            build_instance(estate, name, number, turn, estate.regions[number % len(estate.regions)])
            number += 1
    released(estate)


def build_instance(estate: Estate, name: str, number: int, turn: int, region: str) -> None:
    """One instance with its system disk, dates, tags and metrics."""
    kind = plan.KINDS[name]
    zone, created = estate.zone(region, turn), estate.ago(estate.rng.randint(*kind.age))
    group = scaling_group(estate, name, region) if name in plan.GROUPS else None
    label = population.name_of(number)
    tags = plan.tags(number, kind, label) | ({plan.GROUP_TAG: group["ScalingGroupId"]} if group else {})
    if name == "ack_node":
        tags |= {plan.CLUSTER_TAG: "c8f2b0a9d4e3", "ack.alibabacloud.com/nodepool-id": "np1234"}
    stopped = estate.ago(estate.rng.randint(*kind.stopped)) if kind.stopped else None
    address = f"172.16.{number // 250}.{number % 250 + 1}"
    item = estate.add("instance", region, "InstanceId", items.instance(
        region, zone, estate.id("i", region), kind.types[turn % len(kind.types)], created, InstanceName=label, Tags=tags_of(tags),
        **paid(estate, kind, name, created, turn), **halted(kind, stopped, estate),
    ))  # fmt: skip
    item["VpcAttributes"]["PrivateIpAddress"]["IpAddress"] = [address]
    system_disk(estate, region, item, kind, number, created)
    if name == "local_disk":
        local_disks(estate, region, item)
    if name == "steady" and turn % 5 == 1:
        public_address(item, number)
    if group:
        join(estate, region, group, item)
    estate.instances.append((name, region, item))
    estate.note(
        name, item["InstanceId"], region, type=item["InstanceType"], name=label, zone=zone, tags=tags,
        stopped_at=seconds(stopped) if stopped else None, group=group["ScalingGroupId"] if group else None,
    )  # fmt: skip
    start = estate.as_of - timedelta(days=4) if name == "missing_data" else created
    item["_measured_from"] = start
    loads.instance_metrics(estate, name, kind, turn, region, item, start, stopped)


def paid(estate: Estate, kind: plan.Kind, name: str, created: datetime, turn: int) -> dict[str, Any]:
    """How the instance is paid for: by the hour, as a spot instance, or by subscription until a date."""
    if kind.prepaid:
        ends = estate.as_of + timedelta(days=4 if kind.renewal == "NotRenewal" else 9 + 7 * turn)
        return {
            "InstanceChargeType": "PrePaid",
            "ExpiredTime": minutes(ends),
            "SaleCycle": "Month",
            "_ends": ends,
            "_renewal": kind.renewal,
        }
    if name == "spot_already":
        return {
            "SpotStrategy": ("SpotAsPriceGo", "SpotWithPriceLimit")[turn % 2],
            "SpotPriceLimit": (0.0, 1.5)[turn % 2],
            "SpotDuration": 1,
            # The last of three is about to be taken back.
            "OperationLocks": {
                "LockReason": [{"LockReason": "Recycling", "LockMsg": ""}] if turn % 3 == 2 else []
            },
        }
    return {}


def halted(kind: plan.Kind, stopped: datetime | None, estate: Estate) -> dict[str, Any]:
    """The API does not tell since when an instance is stopped; the end of its metrics does."""
    if stopped is None:
        return {}
    return {"Status": "Stopped", "StoppedMode": kind.mode, "_stopped_at": stopped}


def system_disk(
    estate: Estate, region: str, item: Item, kind: plan.Kind, number: int, created: datetime
) -> None:
    """Every instance has one; it has the charge type of its instance and goes with it."""
    category, level = SYSTEM_DISKS[number % len(SYSTEM_DISKS)]
    prepaid = item["InstanceChargeType"] == "PrePaid"
    disk = attached(
        estate, region, item, "/dev/xvda", created, Type="system", Category=category, PerformanceLevel=level, Size=40 + 20 * (number % 4),
        DeleteWithInstance=True, Portable=category != "cloud_efficiency", ImageId=item["ImageId"],
        DiskChargeType="PrePaid" if prepaid else "PostPaid", ExpiredTime=item["ExpiredTime"] if prepaid else items.NEVER_DISK,
    )  # fmt: skip
    estate.note("system", disk["DiskId"], region, instance=item["InstanceId"], category=category)
    stopped = item.get("_stopped_at")
    loads.disk_metrics(
        estate,
        region,
        disk,
        plan.per_second(kind.system_ops * 0.4),
        plan.per_second(kind.system_ops * 0.6),
        created,
        stopped,
    )


def attached(estate: Estate, region: str, item: Item, device: str, since: datetime, **more: Any) -> Item:
    """A disk on an instance."""
    link = {"InstanceId": item["InstanceId"], "Device": device, "AttachedTime": seconds(since)}
    disk = items.disk(
        region, item["ZoneId"], estate.id("d", region), since, Status="In_use", InstanceId=item["InstanceId"], Device=device,
        AttachedTime=seconds(since), Attachments={"Attachment": [link]}, **more,
    )  # fmt: skip
    estate.disks.setdefault(item["InstanceId"], []).append(disk)
    return estate.add("disk", region, "DiskId", disk)


def local_disks(estate: Estate, region: str, item: Item) -> None:
    """Part of the machine: they cost nothing of their own, cannot be detached and go with it."""
    category = catalogue.types()[item["InstanceType"]].about.local
    for number in range(item["LocalStorageAmount"]):
        disk = attached(
            estate, region, item, f"/dev/xvd{'mnopqrst'[number % 8]}", item["_from"], Category=category, PerformanceLevel=None, Size=1788,
            Portable=False, DeleteWithInstance=True, IOPS=0, Throughput=0,
        )  # fmt: skip
        estate.note("local", disk["DiskId"], region, instance=item["InstanceId"], category=category)


def released(estate: Estate) -> None:
    """Machines that went during the last weeks: no list tells them any more, the bill and CloudMonitor do."""
    for turn, region in enumerate(estate.regions):
        created, gone = estate.ago(120), estate.ago(12 + turn)
        name, kind = estate.id("i", region), plan.KINDS["steady"]
        item = items.instance(
            region,
            estate.zone(region, turn),
            name,
            "ecs.g6.large",
            created,
            InstanceName="gone",
            _released_at=gone,
        )
        estate.add("released", region, "InstanceId", item)
        loads.instance_metrics(estate, "released", kind, turn, region, item, created, gone)
        estate.note("released", name, region, released_at=seconds(gone))


def public_address(item: Item, number: int) -> None:
    """A static public address, which is no elastic one."""
    item["PublicIpAddress"] = {"IpAddress": [f"47.96.{number // 250}.{number % 250 + 1}"]}
    item["InternetMaxBandwidthOut"] = 5


def scaling_group(estate: Estate, name: str, region: str) -> Item:
    """The group of this class in this region, made when first asked for."""
    label = f"{plan.GROUPS[name]}-{region}"
    for group in estate.account.of("scaling_group", region).values():
        if group["ScalingGroupName"] == label:
            return group
    made = estate.ago(700)
    group = estate.add("scaling_group", region, "ScalingGroupId", {
        "ScalingGroupId": estate.id("asg", region), "ScalingGroupName": label, "RegionId": region, "LifecycleState": "Active", "MinSize": 0,
        "MaxSize": 20, "DesiredCapacity": 0, "TotalCapacity": 0, "TotalInstanceCount": 0, "ActiveCapacity": 0, "PendingCapacity": 0,
        "RemovingCapacity": 0, "StandbyCapacity": 0, "StoppedCapacity": 0, "ProtectedCapacity": 0, "SpotCapacity": 0, "DefaultCooldown": 300,
        "CreationTime": minutes(made), "ModificationTime": seconds(made), "MultiAZPolicy": "BALANCE", "HealthCheckType": "ECS", "GroupType": "ECS",
        "ScalingPolicy": "recycle", "ActiveScalingConfigurationId": f"asc-{label}", "LaunchTemplateId": "", "LaunchTemplateVersion": "",
        "VpcId": f"vpc-{region}", "VSwitchId": f"vsw-{region}", "VSwitchIds": [f"vsw-{region}"], "RemovalPolicies": ["OldestInstance"],
        "DBInstanceIds": [], "GroupDeletionProtection": False, "SystemSuspended": False, "SpotInstanceRemedy": False, "_from": made,
    })  # fmt: skip
    estate.note("scaling_group", group["ScalingGroupId"], region, name=label, members=[])
    return group


def join(estate: Estate, region: str, group: Item, item: Item) -> None:
    """One more member."""
    for name in ("TotalCapacity", "TotalInstanceCount", "ActiveCapacity", "DesiredCapacity"):
        group[name] += 1
    estate.add("scaling_instance", region, "InstanceId", {
        "InstanceId": item["InstanceId"], "ScalingGroupId": group["ScalingGroupId"], "ScalingConfigurationId": group["ActiveScalingConfigurationId"],
        "HealthStatus": "Healthy", "LifecycleState": "InService", "CreationType": "AutoCreated", "CreationTime": item["CreationTime"],
        "CreatedTime": item["CreationTime"].replace("Z", ":00Z"), "WarmupState": "NoNeedWarmup", "ZoneId": item["ZoneId"], "Entrusted": True,
        "SpotStrategy": item["SpotStrategy"], "LoadBalancerWeight": 50, "_from": item["_from"],
    })  # fmt: skip
    noted = next(each for each in estate.classes["scaling_group"] if each["id"] == group["ScalingGroupId"])
    noted["members"].append(item["InstanceId"])
