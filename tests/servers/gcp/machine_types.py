"""Machine types: which there are in which zone, and what the custom ones are made of."""

import re
from functools import lru_cache

from tests.servers.gcp.state import Item

# Family: vCPUs, GiB per vCPU of standard, highmem and highcpu (0: there is none).
SIZES: dict[str, tuple[tuple[int, ...], float, float, float]] = {
    "n1": ((1, 2, 4, 8, 16, 32, 64, 96), 3.75, 6.5, 0.9), "n2": ((2, 4, 8, 16, 32, 48, 64, 80), 4, 8, 1),
    "n2d": ((2, 4, 8, 16, 32, 48, 64, 80, 96), 4, 8, 1), "e2": ((2, 4, 8, 16, 32), 4, 8, 1), "n4": ((2, 4, 8, 16, 32, 48, 64, 80), 4, 8, 2),
    "n4a": ((1, 2, 4, 8, 16, 32, 48, 64), 4, 8, 2), "n4d": ((2, 4, 8, 16, 32, 48, 64, 80, 96), 4, 8, 2),
    "t2d": ((1, 2, 4, 8, 16, 32, 48, 60), 4, 0, 0), "t2a": ((1, 2, 4, 8, 16, 32, 48), 4, 0, 0), "c2": ((4, 8, 16, 30, 60), 4, 0, 0),
    "c2d": ((2, 4, 8, 16, 32, 56, 112), 4, 8, 2), "c3": ((4, 8, 22, 44, 88, 176), 4, 8, 2), "c3d": ((4, 8, 16, 30, 60, 90, 180), 4, 8, 2),
    "c4": ((2, 4, 8, 16, 24, 32, 48, 96), 3.75, 7.75, 2), "c4a": ((1, 2, 4, 8, 16, 32, 48, 64, 72), 4, 8, 2), "c4d": ((2, 4, 8, 16, 32, 48, 64, 96), 3.875, 7.875, 1.875),
}  # fmt: skip
ARM = ("t2a", "c4a", "n4a")
SHARED = {
    "e2-micro": (2, 1024),
    "e2-small": (2, 2048),
    "e2-medium": (2, 4096),
    "f1-micro": (1, 614),
    "g1-small": (1, 1740),
}
# What is billed of a shared-core type: vCPUs and GiB.
BILLED = {"e2-micro": ("0.25", "1"), "e2-small": ("0.5", "2"), "e2-medium": ("1", "4")}
# Type: vCPUs, MiB, accelerator and how many, local disks.
SPECIAL: dict[str, tuple[int, int, str, int]] = {
    "a2-highgpu-1g": (12, 87040, "nvidia-tesla-a100", 1), "a2-highgpu-2g": (24, 174080, "nvidia-tesla-a100", 2),
    "a2-ultragpu-1g": (12, 174080, "nvidia-a100-80gb", 1), "g2-standard-4": (4, 16384, "nvidia-l4", 1),
    "g2-standard-8": (8, 32768, "nvidia-l4", 1), "g2-standard-24": (24, 98304, "nvidia-l4", 2), "m1-ultramem-40": (40, 984064, "", 0),
    "m1-megamem-96": (96, 1468006, "", 0), "m3-ultramem-32": (32, 999424, "", 0), "m3-megamem-64": (64, 999424, "", 0),
}  # fmt: skip
WITH_DISKS = ("c3", "c3d", "c4", "c4a", "c4d")  # families whose -lssd types bring local disks of 375 GiB
# Custom types: vCPUs that there may be, MiB per vCPU at least and at most without extension.
CUSTOM = {
    "n1": (0.9, 6.5),
    "n2": (0.5, 8.0),
    "n2d": (0.5, 8.0),
    "e2": (0.5, 8.0),
    "n4": (2.0, 8.0),
    "n4a": (2.0, 8.0),
    "n4d": (2.0, 8.0),
    "g2": (4.0, 8.0),
}
NAME = re.compile(
    r"(?:(?P<family>[a-z0-9]+)-)?custom-(?:(?P<small>micro|small|medium)-)?(?P<cpus>\d+)-(?P<memory>\d+)(?P<more>-ext)?\Z"
)


def about(name: str, cpus: int, memory: int, gpu: str = "", cards: int = 0, disks: int = 0) -> Item:
    """A type as the API tells it, without its place."""
    shared = (
        name in SHARED or "-custom-micro-" in name or "-custom-small-" in name or "-custom-medium-" in name
    )
    told: Item = {
        "description": f"{cpus} vCPUs, {memory / 1024:g} GB RAM", "guestCpus": cpus, "memoryMb": memory, "imageSpaceGb": 0,
        "maximumPersistentDisks": 16 if shared else 128, "maximumPersistentDisksSizeGb": "3072" if shared else "263168", "isSharedCpu": shared,
        "architecture": "ARM64" if name.partition("-")[0] in ARM else "X86_64",
    }  # fmt: skip
    if gpu:
        told["accelerators"] = [{"guestAcceleratorType": gpu, "guestAcceleratorCount": cards}]
    if disks:
        told["bundledLocalSsds"] = {"defaultInterface": "NVME", "partitionCount": disks}
    if name.startswith("n1-") and name.endswith("-96"):
        told["deprecated"] = {"state": "DEPRECATED", "replacement": "n2-standard-80"}
    return told


@lru_cache(maxsize=1)
def predefined() -> dict[str, Item]:
    """Every type that lists tell."""
    made = {name: about(name, cpus, memory) for name, (cpus, memory) in SHARED.items()}
    for family, (sizes, standard, highmem, highcpu) in SIZES.items():
        for label, ratio in (("standard", standard), ("highmem", highmem), ("highcpu", highcpu)):
            for cpus in sizes:
                if not ratio or (family == "n1" and cpus == 1 and label != "standard"):
                    continue
                name = f"{family}-{label}-{cpus}"
                made[name] = about(name, cpus, int(cpus * ratio * 1024))
                if family in WITH_DISKS and label == "standard" and cpus >= 4:
                    made[f"{name}-lssd"] = about(
                        f"{name}-lssd", cpus, int(cpus * ratio * 1024), disks=max(1, cpus // 8)
                    )
    made |= {
        name: about(name, cpus, memory, gpu, cards) for name, (cpus, memory, gpu, cards) in SPECIAL.items()
    }
    return dict(sorted(made.items()))


@lru_cache(maxsize=64)
def types_of(zone: str) -> tuple[tuple[str, Item], ...]:
    """The types of a zone: not every zone has every family."""
    lacking: set[str] = set()
    if zone.endswith(("-d", "-f")):
        lacking |= {"a2", "m1", "m3", "n4a", "n4d", "c4d"}
    if not zone.startswith("us-"):
        lacking |= {"n4a", "m3"}
    if zone.startswith("asia-northeast1"):
        lacking |= {"t2a", "c4a"}
    return tuple((name, told) for name, told in predefined().items() if name.partition("-")[0] not in lacking)


def custom_type(name: str) -> Item | None:
    """A custom type by its name; None: there can be no such type."""
    match = NAME.match(name)
    if match is None:
        return None
    family, cpus, memory = match["family"] or "n1", int(match["cpus"]), int(match["memory"])
    least, most = CUSTOM.get(family, (0.0, 0.0))
    if not most or memory % 256 or cpus < 1 or (memory < least * 1024 * cpus and not match["small"]):
        return None
    if memory > most * 1024 * cpus and not match["more"]:
        return None
    return about(name, cpus, memory)


def told(name: str) -> Item:
    """A type that there is."""
    found = predefined().get(name) or custom_type(name)
    if found is None:
        raise KeyError(name)
    return found


def billed(name: str) -> tuple[str, str]:
    """vCPUs and GiB that are paid for, as decimals in text."""
    if name in BILLED:
        return BILLED[name]
    about_it = told(name)
    return str(about_it["guestCpus"]), str(about_it["memoryMb"] / 1024)


def family(name: str) -> str:
    first = name.partition("-")[0]
    return "n1" if first == "custom" else first
