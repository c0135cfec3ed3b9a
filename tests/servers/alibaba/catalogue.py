"""Instance types and list prices of the local Alibaba Cloud: plausible, fixed, the same for prices and bills.

The figures are of the order of the public list prices of October 2024 that the open source project
cloudpilot-ai/priceserver (Apache-2.0) publishes: CNY per vCPU and hour, pay-as-you-go, Linux, cn-hangzhou.
Prices of disks, addresses, gateways and databases are of the right order and otherwise made up.
"""

from dataclasses import dataclass
from functools import cache

CNY_PER_USD = 7.1
HOURS_PER_MONTH = 720


@dataclass(frozen=True)
class Family:
    """What the sizes of a family have in common."""

    price: float  # CNY per vCPU and hour in cn-hangzhou
    memory: float  # GiB per vCPU
    processor: str
    category: str
    arm: bool = False
    level: str = "EnterpriseLevel"
    local: str = ""
    baseline: int = 0  # per cent per vCPU, of burstable ones
    sizes: tuple[str, ...] = (
        "large",
        "xlarge",
        "2xlarge",
        "3xlarge",
        "4xlarge",
        "6xlarge",
        "8xlarge",
        "16xlarge",
    )


CASCADE, ICE, SAPPHIRE = (
    "Intel(R) Xeon(R) Platinum 8269CY",
    "Intel(R) Xeon(R) Platinum 8369B",
    "Intel Xeon(Sapphire Rapids) Platinum 8475B",
)
GENOA, YITIAN = "AMD EPYC(TM) Genoa 9T24", "Yitian 710"
GENERAL, COMPUTE, MEMORY = "General-purpose", "Compute-optimized", "Memory-optimized"
SMALL = ("large", "xlarge", "2xlarge", "4xlarge")

FAMILIES: dict[str, Family] = {
    "ecs.g5": Family(0.26, 4, "Intel Xeon(Skylake) Platinum 8163", GENERAL),
    "ecs.g6": Family(0.25, 4, CASCADE, GENERAL),
    "ecs.c6": Family(0.195, 2, CASCADE, COMPUTE),
    "ecs.r6": Family(0.33, 8, CASCADE, MEMORY),
    "ecs.g7": Family(0.261625, 4, ICE, GENERAL),
    "ecs.c7": Family(0.203849, 2, ICE, COMPUTE),
    "ecs.r7": Family(0.34811, 8, ICE, MEMORY),
    "ecs.g8i": Family(0.261625, 4, SAPPHIRE, GENERAL),
    "ecs.c8i": Family(0.203849, 2, SAPPHIRE, COMPUTE),
    "ecs.r8i": Family(0.34811, 8, SAPPHIRE, MEMORY),
    "ecs.g8a": Family(0.2552, 4, GENOA, GENERAL),
    "ecs.c8a": Family(0.1936, 2, GENOA, COMPUTE),
    "ecs.r8a": Family(0.33985, 8, GENOA, MEMORY),
    "ecs.g8y": Family(0.2, 4, YITIAN, GENERAL, arm=True),
    "ecs.c8y": Family(0.133466, 2, YITIAN, COMPUTE, arm=True),
    "ecs.r8y": Family(0.27129, 8, YITIAN, MEMORY, arm=True),
    "ecs.u1-c1m2": Family(0.1755, 2, CASCADE, "Shared", sizes=SMALL),
    "ecs.e-c1m2": Family(0.1125, 2, CASCADE, "Shared", level="EntryLevel", sizes=SMALL),
    "ecs.t6-c1m1": Family(0.059, 1, CASCADE, "Burstable", level="CreditEntryLevel", baseline=20, sizes=("large",)),
    "ecs.t6-c1m2": Family(0.118, 2, CASCADE, "Burstable", level="CreditEntryLevel", baseline=20, sizes=("large",)),
    "ecs.t6-c1m4": Family(0.236, 4, CASCADE, "Burstable", level="CreditEntryLevel", baseline=30, sizes=SMALL[:3]),
    "ecs.i3": Family(0.4516, 8, CASCADE, "Local SSDs", local="local_ssd_pro", sizes=("xlarge", "2xlarge", "4xlarge")),
    "ecs.d2s": Family(0.31, 4, CASCADE, "Big data", local="local_hdd_pro", sizes=("5xlarge", "10xlarge")),
}  # fmt: skip
VCPUS = {
    "large": 2, "xlarge": 4, "2xlarge": 8, "3xlarge": 12, "4xlarge": 16, "5xlarge": 20, "6xlarge": 24, "8xlarge": 32,
    "10xlarge": 40, "16xlarge": 64,
}  # fmt: skip
# With graphics cards: vCPUs, GiB, cards, card, CNY per hour.
GPUS: dict[str, tuple[int, float, int, str, float]] = {
    "ecs.gn6i-c4g1.xlarge": (4, 15, 1, "NVIDIA T4", 7.4),
    "ecs.gn6i-c8g1.2xlarge": (8, 31, 1, "NVIDIA T4", 8.7),
    "ecs.gn6i-c24g1.12xlarge": (48, 186, 2, "NVIDIA T4", 21.0),
    "ecs.gn7i-c8g1.2xlarge": (8, 30, 1, "NVIDIA A10", 9.53),
    "ecs.gn7i-c16g1.4xlarge": (16, 60, 1, "NVIDIA A10", 10.09),
}
REGION_FACTORS = {
    "cn-hongkong": 1.4076, "ap-southeast-1": 1.2796, "ap-northeast-1": 1.3229, "eu-central-1": 1.2264, "us-east-1": 1.024,
}  # fmt: skip
ARM_REGIONS = ("cn-hangzhou", "cn-beijing", "cn-shenzhen", "cn-shanghai", "cn-hongkong")

# CNY per GiB and month in cn-hangzhou.
DISKS = {
    "cloud": 0.3, "cloud_efficiency": 0.35, "cloud_ssd": 1.0, "cloud_essd/PL0": 0.5, "cloud_essd/PL1": 1.0,
    "cloud_essd/PL2": 2.0, "cloud_essd/PL3": 4.0, "cloud_auto": 0.9, "cloud_essd_entry": 0.45,
}  # fmt: skip
SNAPSHOT_GIB_MONTH = 0.12
EIP_HOUR, NAT_HOUR, SLB_HOUR, LCU_HOUR = 0.02, 0.195, 0.1, 0.049
RDS_VCPU_HOUR, RDS_GIB_MONTH, OSS_GIB_MONTH = 0.55, 1.0, 0.12


@dataclass(frozen=True)
class Type:
    """One instance type."""

    name: str
    family: str
    vcpus: int
    memory: float  # GiB
    gpus: int = 0
    gpu: str = ""

    @property
    def told_family(self) -> str:
        """The family that ECS names: ecs.t6 of ecs.t6-c1m2, whose ratios of memory differ."""
        return self.family.split("-")[0]

    @property
    def about(self) -> Family:
        return FAMILIES.get(self.family) or Family(0, 0, ICE, "GPU-based")


@cache
def types() -> dict[str, Type]:
    """All types by name."""
    found = {}
    for family, about in FAMILIES.items():
        for size in about.sizes:
            name, vcpus = f"{family}.{size}", VCPUS[size]
            found[name] = Type(name, family, vcpus, vcpus * about.memory)
    for name, (vcpus, memory, gpus, card, _) in GPUS.items():
        found[name] = Type(name, name.rpartition(".")[0], vcpus, memory, gpus, card)
    return found


def offered(name: str, region: str) -> bool:
    """Whether a type exists and is sold in a region."""
    kind = types().get(name)
    return kind is not None and (not kind.about.arm or region in ARM_REGIONS)


def factor(region: str) -> float:
    return REGION_FACTORS.get(region, 1.0)


def in_currency(cny: float, currency: str) -> float:
    return round(cny if currency == "CNY" else cny / CNY_PER_USD, 6)


def hourly(name: str, region: str, currency: str = "CNY") -> float:
    """Pay-as-you-go list price of an instance without disks."""
    base = GPUS[name][4] if name in GPUS else FAMILIES[types()[name].family].price * types()[name].vcpus
    return in_currency(base * factor(region), currency)


def disk_hourly(
    category: str, level: str | None, gib: int, region: str, currency: str = "CNY"
) -> float | None:
    """Pay-as-you-go list price of a disk; None: there is no such category."""
    name = f"{category}/{level or 'PL1'}" if category == "cloud_essd" else category
    if name not in DISKS:
        return None
    return in_currency(DISKS[name] * gib * factor(region) / HOURS_PER_MONTH, currency)
