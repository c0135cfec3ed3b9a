"""Resources that a test makes itself: what it does not say is as in a plain one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.servers.alibaba import items
from tests.servers.alibaba.regions import zones
from tests.servers.alibaba.state import WORLD, Account, Item, epoch, minutes, parse

ACCOUNT_WIDE = ("bucket", "savings_plan", "resource_package")
# The field that holds the id, and what its values begin with.
IDS = {
    "instance": ("InstanceId", "i"), "disk": ("DiskId", "d"), "snapshot": ("SnapshotId", "s"), "eip": ("AllocationId", "eip"),
    "nat": ("NatGatewayId", "ngw"), "snat": ("SnatEntryId", "snat"), "forward": ("ForwardEntryId", "fwd"), "slb": ("LoadBalancerId", "lb"),
    "slb_listener": ("LoadBalancerId", "lb"), "alb": ("LoadBalancerId", "alb"), "nlb": ("LoadBalancerId", "nlb"),
    "alb_listener": ("ListenerId", "lsn"), "nlb_listener": ("ListenerId", "lsn"), "db": ("DBInstanceId", "rm"),
    "registry": ("InstanceId", "cri"), "repository": ("RepoId", "crr"), "function": ("functionName", "fn"),
    "provision_config": ("functionArn", "acs:fc"), "eas_service": ("ServiceId", "eas-m"), "dsw_instance": ("InstanceId", "dsw"),
    "log_project": ("projectName", "project"),
    "image": ("ImageId", "m"), "vswitch": ("VSwitchId", "vsw"), "cluster": ("cluster_id", "c"), "node_pool": ("nodepool_id", "np"), "scaling_rule": ("ScalingRuleId", "asr"),
    "scheduled_task": ("ScheduledTaskId", "edRt"), "scaling_alarm": ("AlarmTaskId", "asg"), "scaling_activity": ("ScalingActivityId", "asa"),
    "cache": ("InstanceId", "r"), "polardb": ("DBClusterId", "pc"), "slb_group": ("VServerGroupId", "rsp"),
    "alb_group": ("ServerGroupId", "sgp"), "nlb_group": ("ServerGroupId", "sgp"), "alb_rule": ("RuleId", "rule"),
    "scaling_group": ("ScalingGroupId", "asg"), "scaling_instance": ("InstanceId", "i"), "reserved_instance": ("ReservedInstanceId", "ecsri"),
    "savings_plan": ("InstanceId", "spn"), "resource_package": ("InstanceId", "OSSBAG"), "bucket": ("Name", "bucket"),
}  # fmt: skip
_TEMPLATES: dict[str, Callable[[str, str, str, datetime, Item], Item]] = {
    "instance": lambda region, zone, name, when, item: items.instance(region, zone, name, item.get("InstanceType", "ecs.g6.large"), when),
    "disk": lambda region, zone, name, when, item: items.disk(
        region, zone, name, when, **{field: item[field] for field in ("Size", "Category", "PerformanceLevel") if field in item}
    ),
    "snapshot": lambda region, zone, name, when, item: items.snapshot(region, name, item.get("SourceDiskId", "d-gone"), 40, when),
    "eip": lambda region, zone, name, when, item: items.eip(region, name, "39.100.0.1", when),
    "nat": lambda region, zone, name, when, item: items.nat(region, name, zone, when),
    "slb": lambda region, zone, name, when, item: items.slb(region, name, zone, when),
    "alb": lambda region, zone, name, when, item: items.modern_balancer(region, name, when, application=True),
    "nlb": lambda region, zone, name, when, item: items.modern_balancer(region, name, when, application=False),
    "db": lambda region, zone, name, when, item: items.db(region, name, zone, when),
    "registry": lambda region, zone, name, when, item: {"InstanceName": name, "InstanceStatus": "RUNNING", "RegionId": region, "_rules": []},
    "repository": lambda region, zone, name, when, item: {
        "InstanceId": "", "RepoName": name, "RepoNamespaceName": "team", "RepoStatus": "NORMAL", "CreateTime": epoch(when) * 1000, "_images": [],
    },
    "log_project": lambda region, zone, name, when, item: {"region": region, "description": "", "createTime": str(epoch(when)), "_stores": []},
    "vswitch": lambda region, zone, name, when, item: items.vswitch(region, name, zone, when),
    "cluster": lambda region, zone, name, when, item: items.cluster(region, name, when),
    "node_pool": lambda region, zone, name, when, item: items.node_pool(region, name, item.get("_cluster", ""), item.get("_group", ""), when),
    "scaling_group": lambda region, zone, name, when, item: {
        "ScalingGroupName": name, "MinSize": 0, "MaxSize": 5, "DesiredCapacity": 1, "TotalCapacity": 1, "TotalInstanceCount": 0,
        "CreationTime": minutes(when), "VSwitchIds": [], "RemovalPolicies": [], "DBInstanceIds": [], "RegionId": region,
    },
    "cache": lambda region, zone, name, when, item: items.cache(region, name, zone, when),
    "polardb": lambda region, zone, name, when, item: items.polardb(region, name, zone, when),
    "bucket": lambda region, zone, name, when, item: {
        "CreationDate": when, "StorageClass": "Standard", "_region": region, "_lifecycle": "", "_stat": {"Storage": 0, "ObjectCount": 0},
    },
}  # fmt: skip


def put(account: Account, kind: str, region: str, item: Item) -> str:
    """Adds an item; a field of None is absent, `_from` says since when it is there. Returns the id."""
    field, prefix = IDS[kind]
    place = "" if kind in ACCOUNT_WIDE else region
    held = account.of(kind, place)
    name = item.get(field) or f"{prefix}-byhand{len(held):08d}"
    since = parse(item["_from"]) if "_from" in item else WORLD.now() - timedelta(days=200)
    template = _TEMPLATES[kind](region, zones(region)[0], name, since, item) if kind in _TEMPLATES else {}
    made: dict[str, Any] = {**template, field: name, **item, "_from": since, "_id": name}
    for private in ("_stopped_at", "_ends"):
        if isinstance(made.get(private), str):
            made[private] = parse(made[private])
    if kind == "bucket":
        made["_owner"] = account.id
    sane = {key: value for key, value in item.items() if type(value) is type(template.get(key))}
    made["_plain"] = {**made, **template, **sane, "_from": since, "_id": name, field: name}
    account.add(
        kind, place, f"{name}:{item.get('ListenerPort', 80)}" if kind == "slb_listener" else name, made
    )
    return name
