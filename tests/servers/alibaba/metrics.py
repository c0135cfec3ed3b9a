"""Which metrics CloudMonitor knows, and which series of them there are."""

from tests.servers.alibaba.state import WORLD
from tests.servers.series import Key

_ECS = "acs_ecs_dashboard"
_INSTANCE = ("instanceId",)
# Dimensions beside userId by namespace and metric.
KNOWN: dict[tuple[str, str], tuple[str, ...]] = {
    **{
        (_ECS, name): _INSTANCE
        for name in (
            "CPUUtilization", "DiskReadIOPS", "DiskWriteIOPS", "DiskReadBPS", "DiskWriteBPS", "IntranetInRate", "IntranetOutRate",
            "InternetInRate", "InternetOutRate", "cpu_total", "cpu_idle", "cpu_user", "cpu_system", "memory_usedutilization",
            "memory_usedspace", "memory_totalspace", "load_1m", "CPUCreditBalance",
        )
    },
    **{(_ECS, name): ("instanceId", "ip") for name in ("VPC_PublicIP_InternetInRate", "VPC_PublicIP_InternetOutRate")},
    **{(_ECS, name): ("instanceId", "device") for name in ("diskusage_utilization", "disk_readiops", "disk_writeiops")},
    **{(_ECS, name): ("instanceId", "gpuId") for name in ("gpu_gpu_usedutilization", "gpu_memory_userdutilization")},
    **{("acs_vpc_eip", name): _INSTANCE for name in ("net_rx.rate", "net_tx.rate", "net_rx.Pkgs", "net_tx.Pkgs")},
    **{("acs_nat_gateway", name): _INSTANCE for name in (
        "SessionActiveConnection", "SessionNewConnection", "SnatConnection", "BWRateInFromInside", "BWRateInFromOutside",
        "BWRateOutToInside", "BWRateOutToOutside",
    )},
    **{
        ("acs_kvstore", f"{architecture}{name}"): _INSTANCE
        for architecture in ("Standard", "Sharding", "Splitrw")
        for name in ("CpuUsage", "MemoryUsage", "ConnectionUsage", "UsedConnection", "UsedQPS")
    },
    **{
        ("acs_k8s", f"node.{part}.{name}"): ("cluster", "node")
        for part in ("cpu", "memory")
        for name in ("request", "allocatable", "limit", "utilization")
    },
    **{
        ("acs_polardb", f"cluster_{name}_utilization"): ("clusterId", "nodeId")
        for name in ("cpu", "memory", "connection")
    },
    **{
        ("acs_slb_dashboard", name): _INSTANCE
        for name in ("InstanceTrafficRX", "InstanceTrafficTX", "InstanceActiveConnection", "InstanceNewConnection", "InstanceQps", "Qps")
    },
    **{
        ("acs_alb", name): ("loadBalancerId",)
        for name in ("LoadBalancerQPS", "LoadBalancerActiveConnection", "LoadBalancerNewConnection", "LoadBalancerInBits", "LoadBalancerOutBits")
    },
    **{("acs_nlb", name): _INSTANCE for name in ("InstanceActiveConnection", "InstanceNewConnection", "InstanceTrafficRX", "InstanceTrafficTX")},
    **{
        ("acs_rds_dashboard", name): _INSTANCE
        for name in ("CpuUsage", "MemoryUsage", "DiskUsage", "IOPSUsage", "ConnectionUsage", "MySQL_NetworkInNew", "MySQL_NetworkOutNew")
    },
    **{
        ("acs_oss_dashboard", name): ("BucketName",)
        for name in ("MeteringStorageUtilization", "MeteringGetRequest", "MeteringPutRequest", "MeteringInternetTX")
    },
}  # fmt: skip
UNITS = {
    "CPUUtilization": "%", "cpu_total": "%", "memory_usedutilization": "%", "DiskReadIOPS": "Count/Second",
    "DiskReadBPS": "Byte/s", "IntranetInRate": "bit/s", "IntranetOutRate": "bit/s",
}  # fmt: skip
_indexes: dict[tuple[str, str], tuple[tuple[int, int], dict[tuple[str, str], list[Key]]]] = {}


def candidates(where: tuple[str, str], namespace: str, name: str, wanted: list[dict[str, str]]) -> list[Key]:
    """The series of a metric that have all dimensions of one of the wanted; all of them when nothing is wanted."""
    held = index(where).get((namespace, name), [])
    if not wanted:
        return held
    pairs = [frozenset(each.items()) for each in wanted]
    return [each for each in held if any(pair <= each.dimensions for pair in pairs)]


def index(where: tuple[str, str]) -> dict[tuple[str, str], list[Key]]:
    """The keys of an account and region by namespace and name, in a fixed order; made anew when there are others."""
    held = WORLD.metrics.of(where)
    mark = (WORLD.metrics.generation, len(held))
    with WORLD.lock:
        if where not in _indexes or _indexes[where][0] != mark:
            found: dict[tuple[str, str], list[Key]] = {}
            for each in sorted(held, key=lambda key: sorted(key.dimensions)):
                found.setdefault((each.namespace, each.name), []).append(each)
            _indexes[where] = mark, found
        return _indexes[where][1]
