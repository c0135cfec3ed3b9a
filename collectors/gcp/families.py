"""What machine types are made of, and under which names the catalogue sells it. Tables only.

A machine is charged as its cores, its memory, its accelerators and its local disks, each by a price of the series it
belongs to; the catalogue names the series in words. Sources: the descriptions in Google's catalogue of Compute Engine
as public projects match them: Cyclenerd/google-cloud-pricing-cost-calculator, build/mapping.csv and build/gcp.yml
(dac31281, 2026-08-20); CloudPilot, grafana/cloudcost-exporter, infracost and sixsq for what these leave out. A name
that is not here has no price, whatever it looks like.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Family:
    """A series: the catalogue's words before "Core" and "Ram", of custom machines, of memory beyond the limit, and in
    commitments. Several words are several spellings of one thing. `base` is the series whose prices it pays as well.
    """

    stems: tuple[str, ...]
    commitment: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    extended: tuple[str, ...] = ()
    extended_above: Decimal | None = None  # GiB per vCPU that a custom machine has without paying more
    base: str | None = None


def _usual(words: str, above: str | None = None) -> Family:
    """A series that is called the same everywhere, but that commitments may leave out who made its processors; with
    `above` it has custom machines with extended memory."""
    commitments = tuple(dict.fromkeys((words, words.partition(" ")[0])))
    custom = (f"{words} Custom Instance",) if above else ()
    extended = (f"{words} Custom Extended Instance", f"{words} Custom Extended") if above else ()
    limit = Decimal(above) if above else None
    return Family((f"{words} Instance",), commitments, custom, extended, limit)


# Limits of custom memory, GiB per vCPU: N1 6.5, N2, N2D, N4, N4A, N4D 8; E2 has 8 and nothing beyond. Source: Compute
# Engine documentation, "Create a VM with a custom machine type" and "Extended memory".
FAMILIES: Mapping[str, Family] = {
    "n1": Family(
        ("N1 Predefined Instance",), ("",),
        ("Custom Instance",), ("Custom Extended Instance",), Decimal("6.5"),
    ),
    "n2": _usual("N2", above="8"),
    "n2d": _usual("N2D AMD", above="8"),
    "n4": _usual("N4", above="8"),
    "n4a": _usual("N4A", above="8"),
    "n4d": _usual("N4D", above="8"),
    # Custom E2 machines cost what predefined ones do, under either name.
    "e2": Family(("E2 Instance",), ("E2",), ("E2 Instance", "E2 Custom Instance")),
    "t2d": _usual("T2D AMD"),
    "t2a": _usual("T2A Arm"),
    "c2": Family(("Compute optimized", "Compute optimized Instance"), ("Compute optimized",)),
    "c2d": _usual("C2D AMD"),
    "c3": _usual("C3"),
    "c3d": _usual("C3D"),
    "c4": _usual("C4"),
    "c4a": _usual("C4A Arm"),
    "c4d": _usual("C4D"),
    "c4n": _usual("C4N"),
    "h3": _usual("H3"),
    "h4d": _usual("H4D"),
    "m1": Family(("Memory-optimized Instance",), ("Memory-optimized",)),
    # On demand only: the catalogue has no such premium for spot machines.
    "m2": Family(("Memory Optimized Upgrade Premium for Memory-optimized Instance",), base="m1"),
    "m3": _usual("M3 Memory-optimized"),
    "m4": _usual("M4"),
    "m4n": _usual("M4N"),
    "m4-ultramem-224": _usual("M4Ultramem224"),
    "x4": _usual("X4"),
    "z3": _usual("Z3"),
    "a2": _usual("A2"),
    "a3": _usual("A3"),
    "a3-megagpu": Family(("A3 Instance", "A3Plus Instance"), ("A3", "A3Plus")),
    "a3-ultragpu": _usual("A3Ultra"),
    "g2": _usual("G2"),
    "g4": _usual("G4"),
}  # fmt: skip

# Types that are sold whole, by a price of their own.
WHOLE: Mapping[str, str] = {
    "f1-micro": "Micro Instance with burstable CPU",
    "g1-small": "Small Instance with 1 VCPU",
}
# vCPUs that types with shared cores are charged for, whatever they show. Source: "Shared-core machine types" on
# Google's page of VM prices; cpu in build/gcp.yml.
SHARED: Mapping[str, Decimal] = {
    "e2-micro": Decimal("0.25"),
    "e2-small": Decimal("0.5"),
    "e2-medium": Decimal(1),
}
# Types that pay by another series than the one they are named after, by the longest beginning; None: their prices are
# not known. n1-megamem and n1-ultramem are former names of M1; edge GPUs, and M2 types that no page lists.
_OTHERS: Mapping[str, str | None] = {
    "n1-megamem-": "m1",
    "n1-ultramem-": "m1",
    "m4-ultramem-224": "m4-ultramem-224",
    "m2-ultramemx-": None,
    "m2-ultramem2x-": None,
    "a3-": None,
    "a3-highgpu-": "a3",
    "a3-megagpu-": "a3-megagpu",
    "a3-ultragpu-": "a3-ultragpu",
}
# Series whose machines always have accelerators, and those whose local disks are not as many as the API counts, or not
# of 375 GiB: only the table below knows them.
ACCELERATED = frozenset({"a2", "a3", "a3-megagpu", "a3-ultragpu", "g2", "g4"})
OTHER_LOCAL_DISKS = frozenset({"a3-ultragpu", "z3"})
# Parts of a GPU that small G4 types have. Source: rtx6000 in build/gcp.yml.
GPU_SHARES: Mapping[str, Decimal] = {
    "g4-standard-6": Decimal("0.125"),
    "g4-standard-12": Decimal("0.25"),
    "g4-standard-24": Decimal("0.5"),
}
# Accelerators that the catalogue does not name after their type. All others: "Nvidia Tesla T4" is nvidia-tesla-t4.
GPU_NAMES: Mapping[str, str] = {
    "nvidia tesla a100 80gb": "nvidia-a100-80gb",
    "nvidia h100 80gb mega": "nvidia-h100-mega-80gb",
    "nvidia h100 80gb plus": "nvidia-h100-mega-80gb",
    "h200 141gb": "nvidia-h200-141gb",
    "rtx 6000 96gb": "nvidia-rtx-pro-6000",
}
# Series with a price of their own for local disks, by the catalogue's word for them. All others pay the general one.
LOCAL_SSD_OWN: Mapping[str, str] = {"C4": "c4", "C4A": "c4a", "C4D": "c4d", "H4D": "h4d"}
# Local disks that belong to a type, GiB. Source: local-ssd in build/gcp.yml.
_LOCAL_SSD = """
375 c3-standard-4-lssd c3d-standard-8-lssd c3d-standard-16-lssd c3d-highmem-8-lssd c3d-highmem-16-lssd
375 c4-standard-4-lssd c4-standard-8-lssd c4-highmem-4-lssd c4-highmem-8-lssd c4a-standard-4-lssd c4a-highmem-4-lssd
375 c4d-standard-8-lssd c4d-standard-16-lssd c4d-highmem-8-lssd c4d-highmem-16-lssd a2-ultragpu-1g
750 c3-standard-8-lssd c3d-standard-30-lssd c3d-highmem-30-lssd c4-standard-16-lssd c4-highmem-16-lssd
750 c4a-standard-8-lssd c4a-highmem-8-lssd c4d-standard-32-lssd c4d-highmem-32-lssd a2-ultragpu-2g a3-highgpu-1g
1500 c3-standard-22-lssd c3d-standard-60-lssd c3d-highmem-60-lssd c4-standard-24-lssd c4-highmem-24-lssd
1500 c4a-standard-16-lssd c4a-highmem-16-lssd c4d-standard-48-lssd c4d-highmem-48-lssd a2-ultragpu-4g a3-highgpu-2g
1875 c4-standard-32-lssd c4-highmem-32-lssd
2250 c4a-standard-32-lssd c4a-highmem-32-lssd c4d-standard-64-lssd c4d-highmem-64-lssd
3000 c3-standard-44-lssd c3d-standard-90-lssd c3d-highmem-90-lssd c4-standard-48-lssd c4-highmem-48-lssd
3000 c4d-standard-96-lssd c4d-highmem-96-lssd a2-ultragpu-8g a3-highgpu-4g
3000 z3-highmem-14-standardlssd z3-highmem-8-highlssd
3750 c4a-standard-48-lssd c4a-highmem-48-lssd
5250 c4a-standard-64-lssd c4a-highmem-64-lssd
6000 c3-standard-88-lssd c3d-standard-180-lssd c3d-highmem-180-lssd c4-standard-96-lssd c4-highmem-96-lssd
6000 c4a-standard-72-lssd c4a-highmem-72-lssd c4d-standard-192-lssd c4d-highmem-192-lssd a3-highgpu-8g a3-megagpu-8g
6000 z3-highmem-16-highlssd z3-highmem-22-standardlssd
9000 c4-standard-144-lssd c4-highmem-144-lssd z3-highmem-22-highlssd z3-highmem-44-standardlssd
12000 c3-standard-176-lssd c3d-standard-360-lssd c3d-highmem-360-lssd c4-standard-192-lssd c4-highmem-192-lssd
12000 c4d-standard-384-lssd c4d-highmem-384-lssd z3-highmem-32-highlssd
18000 c4-standard-288-lssd c4-highmem-288-lssd c4-standard-288-lssd-metal c4-highmem-288-lssd-metal
18000 z3-highmem-44-highlssd z3-highmem-88-standardlssd
36000 z3-highmem-88-highlssd z3-highmem-176-standardlssd
72000 z3-highmem-192-highlssd-metal
"""
LOCAL_SSD: Mapping[str, int] = {
    name: int(size) for size, *names in map(str.split, _LOCAL_SSD.strip().splitlines()) for name in names
}

# What is not a machine: our name and unit, by the catalogue's words, a place after them or none.
STORAGE: Mapping[str, tuple[str, str]] = {
    "Storage PD Capacity": ("pd-standard", "GiB-month"),
    "Balanced PD Capacity": ("pd-balanced", "GiB-month"),
    "SSD backed PD Capacity": ("pd-ssd", "GiB-month"),
    "Extreme PD Capacity": ("pd-extreme", "GiB-month"),
    "Extreme PD IOPS": ("pd-extreme:iops", "IOPS-month"),
    "Regional Storage PD Capacity": ("pd-standard:regional", "GiB-month"),
    "Regional Balanced PD Capacity": ("pd-balanced:regional", "GiB-month"),
    "Regional SSD backed PD Capacity": ("pd-ssd:regional", "GiB-month"),
    "Hyperdisk Balanced Capacity": ("hyperdisk-balanced", "GiB-month"),
    "Hyperdisk Balanced IOPS": ("hyperdisk-balanced:iops", "IOPS-month"),
    "Hyperdisk Balanced Throughput": ("hyperdisk-balanced:throughput", "MiBps-month"),
    "Hyperdisk Balanced High Availability Capacity": ("hyperdisk-balanced-high-availability", "GiB-month"),
    "Hyperdisk Balanced High Availability IOPS": ("hyperdisk-balanced-high-availability:iops", "IOPS-month"),
    "Hyperdisk Balanced High Availability Throughput": (
        "hyperdisk-balanced-high-availability:throughput", "MiBps-month",
    ),
    "Hyperdisk Extreme Capacity": ("hyperdisk-extreme", "GiB-month"),
    "Hyperdisk Extreme IOPS": ("hyperdisk-extreme:iops", "IOPS-month"),
    "Hyperdisk Throughput Capacity": ("hyperdisk-throughput", "GiB-month"),
    "Hyperdisk Throughput Throughput Capacity": ("hyperdisk-throughput:throughput", "MiBps-month"),
    "Hyperdisk ML Capacity": ("hyperdisk-ml", "GiB-month"),
    "Hyperdisk ML Throughput": ("hyperdisk-ml:throughput", "MiBps-month"),
    "Storage PD Snapshot": ("snapshot", "GiB-month"),
    "Regional Archive Snapshot Data Storage": ("snapshot:archive", "GiB-month"),
    "Archive Snapshot Storage": ("snapshot:archive", "GiB-month"),
    "SSD backed Local Storage": ("local-ssd", "GiB-month"),
}  # fmt: skip
NETWORK: Mapping[str, tuple[str, str]] = {
    "Static Ip Charge": ("public_ip:unused", "hour"),
    "External IP Charge on a Standard VM": ("public_ip:in_use", "hour"),
    "External IP Charge on a Spot Preemptible VM": ("public_ip:in_use:spot", "hour"),
    "Network Inter Zone Data Transfer Out": ("network:cross_zone", "GiB"),
    "Network Inter Zone Egress": ("network:cross_zone", "GiB"),
}
# Several regions that a snapshot can be kept in at once, at another price: what is sold, not where.
MULTI_REGIONS = frozenset({"us", "eu", "europe", "asia"})
# What may cost nothing at all. A zero price of anything else is no price: nobody gives machines or disks away.
FREE = frozenset({"network:cross_zone"})

_CUSTOM = re.compile(
    r"(?:(?P<family>[a-z0-9]+)-)?custom-(?P<size>micro|small|medium|\d{1,4})-(?P<mb>\d{1,8})(?P<ext>-ext)?"
)


@dataclass(frozen=True, slots=True)
class Custom:
    """A custom machine type, as its name tells."""

    family: str
    vcpu: Decimal  # that are charged
    memory_gib: Decimal
    extended: bool  # whether it may have more memory than the limit per vCPU
    shared: bool  # whether its cores are shared


def custom_of(machine_type: str) -> Custom | None:
    """What the name of a custom machine type tells; None for a predefined one."""
    found = _CUSTOM.fullmatch(machine_type)
    if not found:
        return None
    family, size = found["family"] or "n1", found["size"]
    shared = not size.isdecimal()
    if shared and family != "e2":
        return None
    vcpu = SHARED[f"e2-{size}"] if shared else Decimal(size)
    return Custom(family, vcpu, Decimal(found["mb"]) / 1024, bool(found["ext"]), shared)


def family_of(machine_type: str) -> str | None:
    """The series by whose prices a machine type is charged; None where that is not known."""
    custom = custom_of(machine_type)
    if custom:
        return custom.family if FAMILIES.get(custom.family, _NONE).custom else None
    beginnings = [beginning for beginning in _OTHERS if machine_type.startswith(beginning)]
    if beginnings:
        return _OTHERS[max(beginnings, key=len)]
    family = machine_type.partition("-")[0]
    return family if family in FAMILIES and "-custom-" not in machine_type else None


_NONE = Family(())
