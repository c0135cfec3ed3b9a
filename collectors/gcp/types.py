"""Machine types by their names: series, custom sizes, the share of a processor that a shared core is billed as.

Sources: https://cloud.google.com/compute/docs/machine-resource, creating custom machine types, shared-core types.
"""

import re
from typing import Any

from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.gcp.api import Api
from collectors.gcp.client import NOT_THERE, Client
from collectors.gcp.families import LOCAL_SSD, SHARED, custom_of
from collectors.gcp.listing import listed, name_of
from collectors.rows import Raw, once

MACHINE_TYPES = Api(
    "compute", "compute/v1/projects/{project}/zones/{zone}/machineTypes", "compute.machineTypes.list"
)

ALL_MACHINE_TYPES = Api(
    "compute", "compute/v1/projects/{project}/aggregated/machineTypes", "compute.machineTypes.list",
    items="machineTypes", aggregated=True,
)  # fmt: skip
_ARM = ("t2a", "c4a", "n4a", "a4x")
_ORDINARY = "nect"  # letters of series that an ARM one can stand in for
LOCAL_SSD_GIB = 375.0  # of one local disk
_GONE = ("OBSOLETE", "DELETED")


def series_of(machine_type: str) -> str:
    """n2 of n2-standard-8; n1 of custom-4-8192."""
    first = machine_type.split("-", 1)[0]
    return "n1" if first == "custom" else first


def is_custom(machine_type: str) -> bool:
    """Whether somebody chose its size, so that no list has it."""
    return custom_of(machine_type) is not None


def get_types(client: Client, zone: str) -> Raw:
    """Every type that a zone offers; where zones have no list of their own, those of all zones."""
    try:
        return client.all(MACHINE_TYPES, zone=zone)
    except CallError as error:
        if error.code not in NOT_THERE:
            raise
    return listed(client, ALL_MACHINE_TYPES).items


def zones_for(used: dict[str, set[str]]) -> list[str]:
    """The fewest zones that have all series in use; `used` are the series by zone, where they certainly are."""
    missing = {series for names in used.values() for series in names}
    chosen: list[str] = []
    while missing:
        best = max(sorted(used), key=lambda zone: len(used[zone] & missing))
        chosen.append(best)
        missing -= used[best]
    return chosen


def line_of(name: str) -> str:
    """What series succeed each other in: the letter of the series and the shape, n-standard of n2-standard-8."""
    parts = name.split("-")
    shape = "custom" if is_custom(name) else parts[1] if len(parts) > 1 else parts[0]
    return f"{series_of(name)[0]}-{shape}"


def may_succeed(name: str, used: set[str]) -> bool:
    """Whether a type is of a newer series of a line in use, or of an ARM series in a shape in use."""
    series, line = _named(name), line_of(name)
    shapes = {line_of(one).partition("-")[2] for one in used if line_of(one)[0] in _ORDINARY}
    if series["architecture"] == "arm64":
        return line.partition("-")[2] in shapes
    return any(
        line_of(one) == line and (_named(one)["generation"] or 0) < (series["generation"] or 0)
        for one in used
    )


def transform_types(raw: Raw, used: set[str]) -> Rows:
    """Rows of instance_types: every size of the series that the used types belong to, custom types in use, and what
    could take their place in newer series of their lines, up to twice the largest in use."""
    series = {series_of(name) for name in used}
    rows, others = [], []
    for one in once(raw, "name"):
        name = str(one["name"])
        if name not in used and (one.get("deprecated") or {}).get("state") in _GONE:
            continue
        if series_of(name) in series:
            rows.append(_type(one))
        elif may_succeed(name, used):
            others.append(_type(one))
    rows += [_custom(name) for name in sorted(used) if is_custom(name)]
    most = 2 * max((float(one["vcpu"]) for one in rows if one["instance_type"] in used), default=0.0)
    return {"instance_types": rows + [one for one in others if one["vcpu"] <= most]}


def _type(one: dict[str, Any]) -> dict[str, Any]:
    name = str(one["name"])
    chips = one.get("accelerators") or []
    ssds = int((one.get("bundledLocalSsds") or {}).get("partitionCount") or 0)
    return {
        **_named(name),
        "vcpu": _share_of(name) or float(one["guestCpus"]),
        "memory_gib": float(one["memoryMb"]) / 1024,
        "architecture": {"X86_64": "x86_64", "ARM64": "arm64"}.get(
            str(one.get("architecture")), _named(name)["architecture"]
        ),
        "burstable": bool(one.get("isSharedCpu")),
        "gpu_count": sum(int(chip.get("guestAcceleratorCount") or 0) for chip in chips),
        "gpu_model": next((name_of(chip.get("guestAcceleratorType")) for chip in chips), None),
        "local_disk_gib": float(LOCAL_SSD.get(name, ssds * LOCAL_SSD_GIB)),
    }


def _custom(name: str) -> dict[str, Any]:
    """A type whose name tells its size; no list has it."""
    found = custom_of(name)
    if found is None:
        raise ValueError(f"{name} is no custom machine type")
    return {
        **_named(name),
        "vcpu": float(found.vcpu),
        "memory_gib": float(found.memory_gib),
        "burstable": found.shared,
        "gpu_count": 0,
        "gpu_model": None,
        "local_disk_gib": 0.0,
    }


def _named(name: str) -> dict[str, Any]:
    """What the name of a type tells."""
    series = series_of(name)
    generation = re.search(r"\d+", series)
    return {
        "cloud": "gcp",
        "instance_type": name,
        "family": series,
        "generation": int(generation[0]) if generation else None,
        "architecture": "arm64" if series in _ARM else "x86_64",
        "line": line_of(name),
    }


def _share_of(name: str) -> float | None:
    """The vCPUs that a shared core is billed as, where machineTypes tells those that it shows; of types with a price of
    their own, the share of a core that they may use all the time."""
    if name in SHARED:
        return float(SHARED[name])
    return {"f1-micro": 0.2, "g1-small": 0.5}.get(name)
