"""What a type always carries: bandwidth, disk operations, and of burstable types the processors they may always use.

What it may reach for a while by credits is more, and ends. Sources: DescribeInstanceTypes; of the baseline, which no
API tells, https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html
"""

from collections.abc import Mapping
from typing import Any

_SINCE_T3 = {
    "nano": 0.05, "micro": 0.10, "small": 0.20, "medium": 0.20, "large": 0.30, "xlarge": 0.40, "2xlarge": 0.40,
}  # fmt: skip
# Of each of its vCPUs.
_BASELINE_SHARES: Mapping[str, Mapping[str, float]] = {
    "t2": {**_SINCE_T3, "xlarge": 0.225, "2xlarge": 0.17},
    "t3": _SINCE_T3,
    "t3a": _SINCE_T3,
    "t4g": _SINCE_T3,
}
_MB_IN_MIB = 10**6 / 2**20


def baseline(name: str, vcpu: float | None) -> float | None:
    """vCPUs that a burstable type may use all the time; None for others, and where it is not known."""
    family, _, size = name.partition(".")
    share = _BASELINE_SHARES.get(family, {}).get(size)
    return None if share is None or vcpu is None else share * vcpu


def carries(one: Mapping[str, Any]) -> dict[str, float | None]:
    """Columns of instance_types, from a type as EC2 tells it: over all network cards, and to attached volumes."""
    told = (one.get("NetworkInfo") or {}).get("NetworkCards") or ()
    cards = [card.get("BaselineBandwidthInGbps") for card in told]
    known = [float(each) for each in cards if each is not None]
    disks = (one.get("EbsInfo") or {}).get("EbsOptimizedInfo") or {}
    throughput, iops = disks.get("BaselineThroughputInMBps"), disks.get("BaselineIops")
    return {
        "network_gbps": sum(known) if known and len(known) == len(cards) else None,
        "disk_throughput_mib": None if throughput is None else float(throughput) * _MB_IN_MIB,
        "disk_iops": None if iops is None else float(iops),
    }
