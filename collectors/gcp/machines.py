"""What a machine type is charged as: quantities of things that the catalogue has prices of."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from collectors.gcp.families import (
    ACCELERATED,
    FAMILIES,
    GPU_SHARES,
    LOCAL_SSD,
    LOCAL_SSD_OWN,
    OTHER_LOCAL_DISKS,
    SHARED,
    WHOLE,
    Custom,
    custom_of,
    family_of,
)

_MOST = 10**7  # of anything in one machine
Parts = list[tuple[str, Decimal]]  # our names in the catalogue, and how many units of each


def parts_of(row: Mapping[str, Any]) -> Parts | None:
    """What a machine type is made of; None where any of it is not known.

    `row` is one of instance_types: instance_type, vcpu, memory_gib, and, where they apply, gpu_count, gpu_model,
    local_disk_gib. Of custom types the name tells everything.
    """
    name = str(row["instance_type"])
    if name in WHOLE:
        return [(name, Decimal(1))]
    family, custom = family_of(name), custom_of(name)
    if family is None:
        return None
    if custom:
        return _custom_parts(family, custom)
    vcpu, memory = SHARED.get(name) or _number(row.get("vcpu")), _number(row.get("memory_gib"))
    gpus, disks = _gpus(name, family, row), _local_disks(name, family, row)
    if not vcpu or not memory or gpus is None or disks is None:
        return None
    return [*rated(family, "core", vcpu), *rated(family, "memory", memory), *gpus, *disks]


def rated(family: str, component: str, quantity: Decimal) -> Parts:
    """Cores or memory of a series, with those of the series that it is charged on top of."""
    base = FAMILIES[family].base
    if base is None:
        return [(f"{family}:{component}", quantity)]
    return [(f"{base}:{component}", quantity), (f"{family}:{component}:premium", quantity)]


def _custom_parts(family: str, custom: Custom) -> Parts | None:
    limit = FAMILIES[family].extended_above
    usual = custom.memory_gib if limit is None else min(custom.memory_gib, limit * custom.vcpu)
    beyond = custom.memory_gib - usual
    if (beyond and not custom.extended) or (custom.extended and limit is None):
        return None
    if not custom.vcpu or not custom.memory_gib:
        return None
    parts = [(f"{family}:core:custom", custom.vcpu), (f"{family}:memory:custom", usual)]
    return [*parts, (f"{family}:memory:extended", beyond)] if beyond else parts


def _gpus(name: str, family: str, row: Mapping[str, Any]) -> Parts | None:
    """Accelerators that belong to the type."""
    count = _number(row.get("gpu_count")) or Decimal(0)
    model = accelerator(row.get("gpu_model"))
    if name in GPU_SHARES:
        count = GPU_SHARES[name]
    if not count:
        return None if family in ACCELERATED else []
    return [(f"gpu:{model}", count)] if model else None


def _local_disks(name: str, family: str, row: Mapping[str, Any]) -> Parts | None:
    """Local disks that belong to the type, by the hour: they are priced by the month of 730 hours."""
    size = Decimal(LOCAL_SSD[name]) if name in LOCAL_SSD else _number(row.get("local_disk_gib"))
    if "nolssd" in name:
        return []
    if name not in LOCAL_SSD and family in OTHER_LOCAL_DISKS:
        return None
    if not size:
        return None if "lssd" in name else []
    own = family in LOCAL_SSD_OWN.values()
    return [(f"{family}:local-ssd" if own else "local-ssd", size)]


def licence_parts(row: Mapping[str, Any]) -> Parts | None:
    """What Windows adds to a machine type: a licence for every vCPU it shows; None where that is not certain."""
    name = str(row["instance_type"])
    if name in WHOLE:
        return [(f"windows:{name}", Decimal(1))]
    custom = custom_of(name)
    if name in SHARED or (custom and custom.shared):
        return None  # Google counts vCPUs that such a machine shows, not those it is charged for
    vcpu = custom.vcpu if custom else _number(row.get("vcpu"))
    return [("windows:core", vcpu)] if vcpu else None


def accelerator(model: Any) -> str | None:
    """An accelerator type as the catalogue's names are turned into: the last part of a path, in lower case."""
    text = str(model or "").rpartition("/")[2].strip().lower().replace(" ", "-")
    return text or None


def _number(value: Any) -> Decimal | None:
    """An exact number; None for none, for what is not above zero, and for more than any machine has."""
    if value is None:
        return None
    number = Decimal(repr(float(value)))
    return number if number.is_finite() and 0 < number <= _MOST else None
