"""Instance types: what they offer, which succeed each other, which can be had in a region."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from collectors.alibaba.answers import within
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.regions import Problems
from collectors.rows import Raw, number, once

DESCRIBE_TYPES = Api(
    "ecs", "DescribeInstanceTypes", "ecs:DescribeInstanceTypes", items="InstanceTypes.InstanceType", page=1600,
    probe={"InstanceTypes.1": "ecs.g7.large"},
)  # fmt: skip
DESCRIBE_AVAILABLE = Api(
    "ecs", "DescribeAvailableResource", "ecs:DescribeAvailableResource", optional=True,
    probe={"DestinationResource": "InstanceType", "InstanceType": "ecs.g7.large"},
)  # fmt: skip


def get_types(client: Client) -> Raw:
    """Every type there is, in any region: a page or two."""
    return client.all(DESCRIBE_TYPES)


def transform_types(raw: Raw, used: Iterable[str]) -> Rows:
    """Rows of instance_types: every size of the families that the used types belong to, and of those that are as new or
    newer in the same lines."""
    types, names = list(once(raw, "InstanceTypeId")), set(used)
    families = {family_of(one) for one in types if one["InstanceTypeId"] in names}
    oldest: dict[str, int] = {}
    for line, generation in map(line_of, families):
        if line and generation is not None:
            oldest[line] = min(oldest.get(line, generation), generation)
    rows = [_type(one) for one in types]
    return {
        "instance_types": [
            row
            for row in rows
            if row["family"] in families
            or (row["line"] in oldest and row["generation"] >= oldest[row["line"]])
        ]
    }


def family_of(one: Mapping[str, Any]) -> str:
    """g7 of ecs.g7."""
    if told := str(one.get("InstanceTypeFamily") or ""):
        return told.removeprefix("ecs.")
    return re.split(r"[.-]", str(one["InstanceTypeId"]).removeprefix("ecs."))[0]


# Families from before lines had numbers.
_FIRST = {"sn2": "g", "sn2ne": "g", "sn1": "c", "sn1ne": "c", "se1": "r", "se1ne": "r"}
_FIRST_GENERATION = 4
# What follows the number of a family and says no more than whose processor it is, or that it is an edition of it.
_EDITIONS = ("", "a", "ae", "e", "i", "ie", "r", "y")


def line_of(family: str) -> tuple[str | None, int | None]:
    """The line that families succeed each other in, with the generation in it: (g, 7) of g7, (g-ne, 7) of g7ne."""
    if family in _FIRST:
        return _FIRST[family], _FIRST_GENERATION
    found = re.fullmatch(r"([a-z]+)(\d+)([a-z]*)", family)
    if not found:
        number_ = re.search(r"\d+", family)
        return None, int(number_[0]) if number_ else None
    letters, generation, edition = found.groups()
    return letters if edition in _EDITIONS else f"{letters}-{edition}", int(generation)


def is_successor(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a type could take the place of another: as large, of the same line, newer or on ARM."""
    return bool(
        one["line"]
        and one["line"] == other["line"]
        and (one["vcpu"], one["memory_gib"]) == (other["vcpu"], other["memory_gib"])
        and one["family"] != other["family"]
        and (
            one["generation"] > other["generation"] or one["architecture"] == "arm64" != other["architecture"]
        )
    )


def _type(one: Mapping[str, Any]) -> dict[str, Any]:
    family = family_of(one)
    line, generation = line_of(family)
    local = (number(one.get("LocalStorageAmount")) or 0) * (number(one.get("LocalStorageCapacity")) or 0)
    return {
        "cloud": "alibaba",
        "instance_type": one["InstanceTypeId"],
        "vcpu": number(one.get("CpuCoreCount")),
        "memory_gib": number(one.get("MemorySize")),
        "architecture": {"X86": "x86_64", "ARM": "arm64"}.get(str(one.get("CpuArchitecture")).upper()),
        "family": family,
        "generation": generation,
        "burstable": one.get("InstanceFamilyLevel") == "CreditEntryLevel" or bool(one.get("BaselineCredit")),
        "gpu_count": int(one.get("GPUAmount") or 0),
        "gpu_model": one.get("GPUSpec") or None,
        "cpu_model": one.get("PhysicalProcessorModel") or None,
        # Some answers name the kind of local disk and not how many there are.
        "local_disk_gib": local or (1.0 if one.get("LocalStorageCategory") else 0.0),
        "network_gbps": _network(one),
        "line": line,
    }


def get_offered(client: Client, problems: Problems) -> set[str] | None:
    """Types that can be had in some zone of the region now; None where nobody tells."""
    try:
        answer = client.get(DESCRIBE_AVAILABLE, RegionId=client.region, DestinationResource="InstanceType")
    except CallError as error:
        problems += [] if error.status == "skipped" else [str(error)]
        return None
    found: set[str] = set()
    for zone in within(answer, "AvailableZones.AvailableZone") or ():
        for resources in within(zone, "AvailableResources.AvailableResource") or ():
            for one in within(resources, "SupportedResources.SupportedResource") or ():
                if one.get("Status") == "Available":
                    found.add(str(one["Value"]))
    return found


def _network(one: Mapping[str, Any]) -> float | None:
    """What it carries in each direction; told in kbit per second. Of disks ECS tells nothing."""
    ways = [number(one.get(name)) for name in ("InstanceBandwidthRx", "InstanceBandwidthTx")]
    known = [way for way in ways if way]
    return min(known) / 1e6 if len(known) == len(ways) else None
