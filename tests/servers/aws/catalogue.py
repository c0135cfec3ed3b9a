"""List prices of the local AWS: plausible, fixed, and the same for the price list, spot prices and bills."""

import zlib
from functools import cache

from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

from tests.servers.aws.state import DEFAULT_REGIONS

# USD per vCPU and hour in us-east-1 (Linux); of burstable ones per GiB, because their sizes differ in memory.
FAMILIES = {
    "m4": 0.05, "m5": 0.048, "m5a": 0.043, "m6i": 0.048, "m6a": 0.0432, "m6g": 0.0385, "m7i": 0.0504, "m7g": 0.0408,
    "c4": 0.0498, "c5": 0.0425, "c5a": 0.0385, "c6i": 0.0425, "c6g": 0.034, "c7g": 0.03625,
    "r4": 0.0665, "r5": 0.063, "r5a": 0.0565, "r6i": 0.063, "r6g": 0.0504, "i3": 0.078,
    "t2": 0.0116, "t3": 0.0104, "t3a": 0.0094, "t4g": 0.0084,
}  # fmt: skip
BURSTABLE = {"t2", "t3", "t3a", "t4g"}
# Families whose prices follow no rule.
EXACT = {
    "g4dn.xlarge": 0.526, "g4dn.2xlarge": 0.752, "g4dn.4xlarge": 1.204, "g4dn.8xlarge": 2.176,
    "g4dn.12xlarge": 3.912, "g4dn.16xlarge": 4.352, "g4dn.metal": 7.824,
}  # fmt: skip
REGION_FACTORS = {
    "us-east-1": 1.0, "us-east-2": 1.0, "us-west-2": 1.0, "us-west-1": 1.17, "ca-central-1": 1.115, "eu-west-1": 1.115,
    "eu-west-2": 1.16, "eu-west-3": 1.17, "eu-central-1": 1.2, "eu-north-1": 1.06, "ap-southeast-1": 1.25,
    "ap-southeast-2": 1.25, "ap-northeast-1": 1.29, "ap-northeast-2": 1.23, "ap-northeast-3": 1.29, "ap-south-1": 1.05,
    "sa-east-1": 1.59, "me-south-1": 1.22,
}  # fmt: skip
LOCATIONS = {
    "us-east-1": "US East (N. Virginia)", "us-east-2": "US East (Ohio)", "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)", "ca-central-1": "Canada (Central)", "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)", "eu-west-3": "EU (Paris)", "eu-central-1": "EU (Frankfurt)",
    "eu-north-1": "EU (Stockholm)", "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)", "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)", "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-south-1": "Asia Pacific (Mumbai)", "sa-east-1": "South America (Sao Paulo)", "me-south-1": "Middle East (Bahrain)",
}  # fmt: skip
# How usage types begin; of us-east-1 only some services' do ("USE1-").
PREFIXES = {
    "us-east-1": "", "us-east-2": "USE2-", "us-west-1": "USW1-", "us-west-2": "USW2-", "ca-central-1": "CAN1-",
    "eu-west-1": "EU-", "eu-west-2": "EUW2-", "eu-west-3": "EUW3-", "eu-central-1": "EUC1-", "eu-north-1": "EUN1-",
    "ap-southeast-1": "APS1-", "ap-southeast-2": "APS2-", "ap-northeast-1": "APN1-", "ap-northeast-2": "APN2-",
    "ap-northeast-3": "APN3-", "ap-south-1": "APS3-", "sa-east-1": "SAE1-", "me-south-1": "MES1-",
}  # fmt: skip
PRICED_REGIONS = (*DEFAULT_REGIONS, "me-south-1")
# Per vCPU and hour on top of Linux.
SYSTEMS = {"Linux": 0.0, "Windows": 0.046, "RHEL": 0.0144, "SUSE": 0.0125}
# USD per unit in us-east-1.
STORAGE = {"gp2": 0.10, "gp3": 0.08, "io1": 0.125, "io2": 0.125, "st1": 0.045, "sc1": 0.015, "standard": 0.05}
IOPS = {"gp3": 0.005, "io1": 0.065, "io2": 0.065}
THROUGHPUT_GIBPS = 40.96
SNAPSHOT = 0.05
ADDRESS = 0.005
NAT_HOUR = 0.045


def family(instance_type: str) -> str:
    return instance_type.partition(".")[0]


@cache
def priced_types() -> tuple[str, ...]:
    """All sizes of the families that have prices."""
    return tuple(sorted(name for name in INSTANCE_TYPES if family(name) in FAMILIES or name in EXACT))


@cache
def offered(region: str) -> frozenset[str]:
    """The types that exist in a region."""
    return frozenset(each["InstanceType"] for each in INSTANCE_TYPE_OFFERINGS["region"].get(region, []))


def vcpus(instance_type: str) -> int:
    return int(INSTANCE_TYPES[instance_type]["VCpuInfo"]["DefaultVCpus"])


def memory_gib(instance_type: str) -> float:
    return float(INSTANCE_TYPES[instance_type]["MemoryInfo"]["SizeInMiB"]) / 1024


def on_demand(instance_type: str, region: str, system: str = "Linux") -> float:
    """USD per hour."""
    if instance_type in EXACT:
        base = EXACT[instance_type]
    elif family(instance_type) in BURSTABLE:
        base = FAMILIES[family(instance_type)] * memory_gib(instance_type)
    else:
        base = FAMILIES[family(instance_type)] * vcpus(instance_type)
    return round(base * REGION_FACTORS[region] + SYSTEMS[system] * vcpus(instance_type), 4)


def unit_price(price: float, region: str) -> float:
    return round(price * REGION_FACTORS[region], 6)


def sku(*parts: str) -> str:
    """16 letters and digits, the same for the same product."""
    number = zlib.crc32("|".join(parts).encode()) << 32 | zlib.crc32("|".join(reversed(parts)).encode())
    letters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
    text = ""
    for _ in range(16):
        number, rest = divmod(number, len(letters))
        text += letters[rest]
    return text
