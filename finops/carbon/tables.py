"""The coefficient tables shipped in finops/data/carbon, read on first use and kept."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import TypeVar

from finops.carbon.model import Interval, Quality

CLOUDS = ("aws", "alibaba", "gcp")
UNDISCLOSED = "undisclosed"
"""The cpu_family of instance families whose processor is mixed or not known."""

T = TypeVar("T")


@cache
def rows(table: str) -> tuple[dict[str, str], ...]:
    """All rows of one table, as text, in file order."""
    text = files("finops").joinpath("data", "carbon", f"{table}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(StringIO(text)))


def most_specific(table: dict[tuple[str, str], T], cloud: str, names: list[str]) -> T | None:
    """The first of the names the table knows in this cloud."""
    return next((table[cloud, name] for name in names if (cloud, name) in table), None)


@dataclass(frozen=True, slots=True)
class CpuWatts:
    """Watts of a whole server per hardware thread, its tested DIMMs, fans and power supply included."""

    idle_w: float
    full_w: float
    baseline_gb: float  # GB of memory per thread already inside the watts
    quality: Quality


@dataclass(frozen=True, slots=True)
class Processor:
    """The processor of an instance family; without SMT a vCPU is a core, that is two hardware threads."""

    cpu_family: str
    threads_per_vcpu: int
    exact: bool  # False: a mixed fleet, or the nearest family that was measured


@dataclass(frozen=True, slots=True)
class Power:
    """Watts of one GPU card at no and at full utilisation."""

    idle_w: float
    full_w: float


@dataclass(frozen=True, slots=True)
class Host:
    """The server an instance family runs on: its size and the kilograms CO2e of making it."""

    vcpu: float
    embodied_kg: float


@dataclass(frozen=True, slots=True)
class Factor:
    """How far the ends of an interval lie from its centre: central / below and central x above."""

    below: float
    above: float

    def around(self, central: Interval) -> Interval:
        return Interval(central.low / self.below, central.central, central.high * self.above)


@cache
def cpu_watts() -> dict[str, CpuWatts]:
    return {
        row["cpu_family"]: CpuWatts(
            float(row["idle_w_per_thread"]),
            float(row["full_w_per_thread"]),
            float(row["baseline_gb_per_thread"]),
            _quality(row["quality"]),
        )
        for row in rows("cpu_watts")
    }


def _quality(text: str) -> Quality:
    known: dict[str, Quality] = {"measured": "measured", "proxy": "proxy", "unknown": "unknown"}
    return known[text]


@cache
def processors() -> dict[tuple[str, str], Processor]:
    """Processor by cloud and instance family."""
    return {
        (row["cloud"], row["instance_family"]): Processor(
            row["cpu_family"], int(row["threads_per_vcpu"]), row["cpu_match"] == "exact"
        )
        for row in rows("instance_family_cpu")
    }


@cache
def _gpus() -> dict[str, Power]:
    table: dict[str, Power] = {}
    for row in rows("gpu_watts"):
        power = Power(float(row["idle_w"]), float(row["full_w"]))
        for name in (row["gpu_model"], *filter(None, row["also_called"].split(";"))):
            table[_plain(name)] = power
    return table


def _plain(gpu_model: str) -> str:
    """One spelling for 'NVIDIA T4', 'Nvidia Tesla T4', 'nvidia-tesla-t4', 'nvidia-tesla-t4-vws' and 'T4'."""
    return re.sub(r"nvidia|tesla|-vws$|[^a-z0-9]", "", gpu_model.lower())


def gpu_watts(gpu_model: str) -> Power | None:
    """Watts of a card by any of the names the clouds give it."""
    return _gpus().get(_plain(gpu_model))


@cache
def gpu_models() -> dict[tuple[str, str], str]:
    """Accelerator by cloud and instance family, also those whose power nobody publishes."""
    return {(row["cloud"], row["instance_family"]): row["gpu_model"] for row in rows("instance_family_gpu")}


@cache
def coefficient(name: str) -> Interval:
    """A coefficient in the unit its row states: Wh per GB hour, Wh per TB hour, Wh per GB, or a ratio."""
    row = next(row for row in rows("coefficients") if row["name"] == name)
    return Interval(float(row["low"]), float(row["value"]), float(row["high"]))


@cache
def uncertainty(term: str, condition: str) -> Factor:
    row = next(r for r in rows("uncertainty") if (r["term"], r["condition"]) == (term, condition))
    return Factor(float(row["divide_for_low"]), float(row["multiply_for_high"]))


@cache
def copies(cloud: str, service: str = "block volume") -> int | None:
    """How many copies of the data a storage service keeps, None for a service not in the table."""
    matches = (r for r in rows("replication") if (r["cloud"], r["service"]) == (cloud, service))
    return next((int(row["copies"]) for row in matches), None)


@cache
def hosts() -> dict[tuple[str, str], Host]:
    """Host by cloud and instance family, its embodied kilograms summed from its components."""
    return {
        (row["cloud"], row["instance_family"]): Host(float(row["platform_vcpu"]), _components_kg(row))
        for row in rows("embodied_platforms")
    }


def _components_kg(host: dict[str, str]) -> float:
    kg = {row["component"]: float(row["value"]) for row in rows("embodied_components")}
    cards = float(host["gpu_cards"])
    return (
        kg["server"]
        + kg["socket"] * (float(host["sockets"]) - 1)
        + kg["dram_gb"] * max(0.0, float(host["memory_gb"]) - 16)  # 16 GB are in the base server
        + kg["ssd_drive"] * float(host["ssd_drives"])
        + kg["hdd_drive"] * float(host["hdd_drives"])
        + (kg[host["gpu_component"]] * cards if cards else 0.0)
    )


@cache
def platform_totals() -> dict[tuple[str, str], float]:
    """Published embodied kilograms of the host, by cloud and exact instance type."""
    return {
        (row["cloud"], row["instance_type"]): float(row["platform_kgco2e"])
        for row in rows("embodied_platform_totals")
        if row["recommended"] == "1"
    }


@cache
def server_life_h() -> float:
    return next(float(row["value"]) for row in rows("lifetimes") if row["recommended"] == "1")
