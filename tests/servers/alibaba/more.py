"""What the estate has beside machines and their network: caches, clusters, what is behind balancers, what moves groups.

It is made last, so that everything else is the same with it and without.
"""

from datetime import timedelta

from tests.servers import shapes as s
from tests.servers.alibaba import items
from tests.servers.alibaba.estate import Estate
from tests.servers.alibaba.network import measured
from tests.servers.alibaba.plan import per_second
from tests.servers.alibaba.regions import zones
from tests.servers.alibaba.state import Item, epoch, minutes, seconds


def build_more(estate: Estate) -> None:
    for turn, region in enumerate(estate.regions):
        servers(estate, region)
        answering(estate, region)
        caches(estate, region, turn)
        gateways(estate, region)
        kubernetes(estate, region)
        scaled(estate, region)
        images(estate, region)
        platform(estate, region)
        for zone in zones(region):
            estate.add(
                "vswitch", region, "VSwitchId", items.vswitch(region, f"vsw-{zone}", zone, estate.ago(900))
            )


def servers(estate: Estate, region: str) -> None:
    """Two behind each application and network balancer that has a listener."""
    for product in ("alb", "nlb"):
        for name in (f"{product}_used", f"{product}_idle"):
            for one in estate.classes[name]:
                if one["region"] == region:
                    group = estate.id("sgp", region)
                    estate.add(
                        f"{product}_group",
                        region,
                        "ServerGroupId",
                        items.server_group(group, one["id"], 2, estate.ago(250)),
                    )


def answering(estate: Estate, region: str) -> None:
    """Application balancers with nothing behind them: one that redirects, one that forwards to nowhere."""
    for name, action in (("alb_redirecting", "Redirect"), ("alb_without_servers", "ForwardGroup")):
        made = items.modern_balancer(
            region, estate.id("alb", region), estate.ago(250), True, LoadBalancerName=name
        )
        number, listener = made["LoadBalancerId"], estate.id("lsn", region)
        estate.add("alb", region, "LoadBalancerId", made)
        estate.note(name, number, region, name=name)
        estate.account.add("alb_listener", region, f"{number}:80", {
            "ListenerId": listener, "LoadBalancerId": number, "ListenerPort": 80, "ListenerStatus": "Running", "ListenerProtocol": "HTTP",
            "ListenerDescription": "", "Tags": [],
        })  # fmt: skip
        estate.add(
            "alb_group",
            region,
            "ServerGroupId",
            items.server_group(estate.id("sgp", region), number, 0, estate.ago(250)),
        )
        estate.add("alb_rule", region, "RuleId", {
            "RuleId": estate.id("rule", region), "RuleName": name, "RuleStatus": "Available", "ListenerId": listener, "LoadBalancerId": number,
            "Priority": 1, "Direction": "Request", "RuleConditions": [], "RuleActions": [{"Type": action, "Order": 1}],
        })  # fmt: skip
        measured(
            estate,
            region,
            "acs_alb",
            {"loadBalancerId": number},
            s.zero(),
            ("LoadBalancerQPS", "LoadBalancerActiveConnection"),
        )


def caches(estate: Estate, region: str, turn: int) -> None:
    """A cache and a cluster that work, and of each one that nobody asks anything."""
    for suffix, busy in (("used", True), ("idle", False)):
        cpu, connections = (s.daily(20, 55, 4, 70), s.flat(20, 2)) if busy else (s.quiet(1.0), s.zero())
        made = items.cache(
            region,
            estate.id("r", region),
            estate.zone(region, turn),
            estate.ago(300),
            InstanceName=f"redis_{suffix}",
        )
        estate.add("cache", region, "InstanceId", made)
        estate.note(f"redis_{suffix}", made["InstanceId"], region, type=made["InstanceClass"])
        own = {"instanceId": made["InstanceId"]}
        for metric, shape in (
            ("CpuUsage", cpu),
            ("MemoryUsage", s.flat(35, 1)),
            ("ConnectionUsage", connections),
            ("UsedConnection", connections),
        ):
            estate.series(region, "acs_kvstore", f"Standard{metric}", own, shape)
        cluster = items.polardb(
            region,
            estate.id("pc", region),
            estate.zone(region, turn),
            estate.ago(300),
            DBClusterDescription=f"polardb_{suffix}",
        )
        estate.add("polardb", region, "DBClusterId", cluster)
        estate.note(f"polardb_{suffix}", cluster["DBClusterId"], region, type=cluster["DBNodeClass"])
        for number, node in enumerate(cluster["DBNodes"]["DBNode"]):
            own = {"clusterId": cluster["DBClusterId"], "nodeId": node["DBNodeId"]}
            for metric, shape in (
                ("cpu", cpu if number == 0 else s.quiet(1.0)),
                ("memory", s.flat(40, 1)),
                ("connection", connections),
            ):
                estate.series(region, "acs_polardb", f"cluster_{metric}_utilization", own, shape)


def gateways(estate: Estate, region: str) -> None:
    """Bits per second through NAT gateways."""
    for name in ("nat_used", "nat_without_entries", "nat_forward_only", "nat_without_address", "nat_private"):
        for one in estate.classes[name]:
            if one["region"] == region:
                shape = per_second(2_000_000) if name in ("nat_used", "nat_private") else s.zero()
                measured(
                    estate,
                    region,
                    "acs_nat_gateway",
                    {"instanceId": one["id"]},
                    shape,
                    ("BWRateOutToOutside", "BWRateInFromOutside"),
                )


def kubernetes(estate: Estate, region: str) -> None:
    """The cluster that nodes are marked with, and the group of its pool."""
    cluster, pool = "c8f2b0a9d4e3", "np1234"
    nodes = [item for name, where, item in estate.instances if name == "ack_node" and where == region]
    made = estate.ago(400)
    group = estate.add(
        "scaling_group",
        region,
        "ScalingGroupId",
        pool_group(estate.id("asg", region), region, len(nodes), minutes(made)),
    )
    if not any(
        one["cluster_id"] == cluster for _, one in estate.account.every("cluster")
    ):  # it is in one region
        estate.account.add("cluster", region, cluster, items.cluster(region, cluster, made))
        estate.note("ack_cluster", cluster, region)
        group_id = group["ScalingGroupId"]
        estate.account.add("node_pool", region, pool, items.node_pool(region, pool, cluster, group_id, made))
        estate.note("node_pool", pool, region, group=group_id)
        for node in nodes:
            asked_for(estate, region, cluster, node["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0])


def asked_for(estate: Estate, region: str, cluster: str, address: str) -> None:
    """Of 3.8 processors and 14 GiB that a node can give pods, these ask for half a processor and 2 GiB."""
    own = {"cluster": cluster, "node": f"{region}.{address}"}
    for metric, level in (
        ("cpu.request", 0.5), ("cpu.allocatable", 3.8), ("memory.request", 2.0 * 2**30), ("memory.allocatable", 14.0 * 2**30),
    ):  # fmt: skip
        estate.series(region, "acs_k8s", f"node.{metric}", own, s.flat(level, 0, 0, 1e18))


def pool_group(name: str, region: str, size: int, made: str) -> Item:
    """The scaling group behind a node pool; nodes carry no mark of it."""
    return {
        "ScalingGroupId": name, "ScalingGroupName": f"ack-{name}", "RegionId": region, "LifecycleState": "Active", "MinSize": 0, "MaxSize": 10,
        "DesiredCapacity": size, "TotalCapacity": size, "TotalInstanceCount": 0, "ActiveCapacity": size, "CreationTime": made,
        "VSwitchIds": [], "RemovalPolicies": [], "DBInstanceIds": [], "SystemSuspended": False,
    }  # fmt: skip


def scaled(estate: Estate, region: str) -> None:
    """A rule that follows a target, a nightly task, an alarm; and a group that was larger for a day."""
    noted = [one for one in estate.classes.get("scaling_group", ()) if one["region"] == region]
    for turn, one in enumerate(noted[:3]):
        rule = estate.id("asr", region)
        kind = ("TargetTrackingScalingRule", "SimpleScalingRule", "SimpleScalingRule")[turn]
        ari = f"ari:acs:ess:{region}:{estate.account.id}:scalingrule/{rule}"
        estate.add("scaling_rule", region, "ScalingRuleId", {
            "ScalingRuleId": rule, "ScalingRuleName": rule, "ScalingRuleAri": ari, "ScalingRuleType": kind, "ScalingGroupId": one["id"],
            "AdjustmentType": "QuantityChangeInCapacity", "AdjustmentValue": 1, "Cooldown": 60,
        })  # fmt: skip
        if turn == 1:
            estate.add("scheduled_task", region, "ScheduledTaskId", {
                "ScheduledTaskId": estate.id("edRt", region), "ScheduledTaskName": "nightly", "ScheduledAction": ari, "TaskEnabled": True,
                "RecurrenceType": "Daily", "RecurrenceValue": "1", "LaunchTime": minutes(estate.as_of),
            })  # fmt: skip
        activities(estate, region, one["id"])


def activities(estate: Estate, region: str, group: str) -> None:
    size = int(estate.account.of("scaling_group", region)[group]["TotalCapacity"])
    for days, after in ((11, size + 2), (10, size)):
        at = minutes(estate.as_of - timedelta(days=days))
        estate.add("scaling_activity", region, "ScalingActivityId", {
            "ScalingActivityId": estate.id("asa", region), "ScalingGroupId": group, "StatusCode": "Successful", "StatusMessage": "",
            "StartTime": at, "EndTime": at, "TotalCapacity": str(after), "AutoCreatedCapacity": str(after), "AttachedCapacity": "0",
            "Progress": 100, "Description": "", "Cause": "", "ScalingInstanceNumber": 2,
        })  # fmt: skip


def images(estate: Estate, region: str) -> None:
    """What the snapshots are for that an image is made of."""
    for one in estate.classes.get("image_snapshot", ()):
        if one["region"] == region:
            name = estate.id("m", region)
            estate.add("image", region, "ImageId", {
                "ImageId": name, "ImageName": name, "ImageOwnerAlias": "self", "Status": "Available", "Size": one["size"],
                "DiskDeviceMappings": {"DiskDeviceMapping": [{"SnapshotId": one["id"], "Size": str(one["size"]), "Device": "/dev/xvda"}]},
            })  # fmt: skip
            one["image"] = name


def platform(estate: Estate, region: str) -> None:
    """A registry with an image under two tags, a function that is kept warm, a service, a notebook, logs."""
    made = estate.ago(300)
    registry, repository, name = estate.id("cri", region), estate.id("crr", region), f"warm-{region}"
    stamp, project = epoch(made) * 1000, f"project-{region}-{estate.account.id[-4:]}"
    pictures = [
        {
            "Tag": tag,
            "Digest": digest,
            "ImageId": digest,
            "ImageSize": "104857600",
            "ImageCreate": str(stamp),
            "ImageUpdate": str(stamp),
        }
        for tag, digest in (("v1", "a1"), ("latest", "a1"), ("v0", "a0"))
    ]
    stores = [
        {
            "logstoreName": label,
            "ttl": ttl,
            "shardCount": 2,
            "mode": "standard",
            "createTime": epoch(made),
            "lastModifyTime": epoch(made),
        }
        for label, ttl in (("for-ever", 3650), ("a-month", 30))
    ]
    arn = f"acs:fc:{region}:{estate.account.id}:functions/{name}/LATEST"
    config = '{"cloud":{"computing":{"instance_type":"ecs.gn6i-c4g1.xlarge"}}}'
    for kind, key, item in (
        ("registry", "InstanceId", {"InstanceId": registry, "InstanceName": "prod", "InstanceStatus": "RUNNING", "_rules": []}),
        ("repository", "RepoId", {
            "RepoId": repository, "InstanceId": registry, "RepoName": "web", "RepoNamespaceName": "team", "RepoStatus": "NORMAL",
            "CreateTime": stamp, "_images": pictures,
        }),
        ("function", "functionName", {
            "functionName": name, "functionId": name, "runtime": "python3.12", "memorySize": 512, "cpu": 0.35,
            "createdTime": seconds(made), "lastModifiedTime": seconds(made),
        }),
        ("provision_config", "functionArn", {"functionArn": arn, "target": 2, "current": 2}),
        ("eas_service", "ServiceId", {
            "ServiceId": estate.id("eas-m", region), "ServiceName": "scoring", "Status": "Running", "TotalInstance": 2, "RunningInstance": 2,
            "CreateTime": seconds(made), "ServiceConfig": config, "Labels": [],
        }),
        ("dsw_instance", "InstanceId", {
            "InstanceId": estate.id("dsw", region), "InstanceName": "lab", "Status": "Stopped", "EcsSpec": "ecs.g6.large",
            "GmtCreateTime": seconds(made), "Tags": [],
        }),
        ("log_project", "projectName", {"projectName": project, "region": region, "createTime": str(epoch(made)), "_stores": stores}),
    ):  # fmt: skip
        estate.add(kind, region, key, item)
        estate.note(kind, item[key], region)
