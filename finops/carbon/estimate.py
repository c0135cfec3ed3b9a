"""Energy and emissions of an instance, a volume and network traffic.

CPU      Wh = threads x h x (idle + u x (full - idle))     threads = vCPU x hardware threads per vCPU
memory   Wh = GB above what the CPU watts include x h x 0.392
GPU      Wh = cards x h x (idle + u x (full - idle))
storage  Wh = TB x h x (0.65 HDD | 1.2 SSD) x copies
network  Wh = GB between regions x 1.0
operational g = sum of Wh x PUE / 1000 x grid g/kWh
embodied    g = host kg x 1000 x h / lifetime x share of the host
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from finops.carbon import hardware, places
from finops.carbon.hardware import Machine, Spec
from finops.carbon.model import (
    METHOD_VERSION,
    ZERO,
    Emissions,
    Interval,
    Quality,
    Unknown,
    UtilisationSource,
    worst,
)
from finops.carbon.places import Site
from finops.carbon.tables import coefficient, copies, server_life_h, uncertainty

# A terabyte is 1000 of the clouds' gigabytes (which are GiB), as in Cloud Carbon Footprint, where the
# coefficient comes from; the 7 % between the two is far inside the interval. Memory likewise: GB = GiB.
_GB_PER_TB = 1000.0


@dataclass(frozen=True, slots=True)
class Load:
    """Mean utilisation as a ratio 0-1; without a metric a range around the default."""

    ratio: Interval
    source: UtilisationSource


def load_of(part: Literal["cpu", "gpu"], utilisation: float | None) -> Load | Unknown:
    if utilisation is None:
        return Load(coefficient(f"default_{part}_utilisation"), "default")
    if not 0 <= utilisation <= 1:
        return Unknown(f"The {part.upper()} utilisation {utilisation} is not a ratio between 0 and 1.")
    return Load(Interval.exactly(utilisation), "metric")


def instance(
    cloud: str,
    region: str,
    instance_type: str,
    *,
    vcpu: float | None,
    memory_gib: float | None,
    hours: float,
    cpu_utilization: float | None,
    gpu_model: str | None = None,
    gpu_count: int = 0,
    gpu_utilization: float | None = None,
    architecture: str | None = None,
) -> Emissions | Unknown:
    """Emissions of an instance that ran for some hours, its disks and traffic not included.

    Utilisations are means over those hours as ratios 0-1, None where there is no metric. The GPU model
    may be left out where the instance family tells it; the number of cards may not.
    """
    spec = Spec(instance_type, vcpu, memory_gib, gpu_model, gpu_count, architecture)
    cpu, gpu = load_of("cpu", cpu_utilization), load_of("gpu", gpu_utilization)
    if isinstance(cpu, Unknown):
        return cpu
    return gpu if isinstance(gpu, Unknown) else run(cloud, region, spec, hours=hours, cpu=cpu, gpu=gpu)


def run(cloud: str, region: str, spec: Spec, *, hours: float, cpu: Load, gpu: Load) -> Emissions | Unknown:
    """Emissions of an instance under a load that need not be a metric."""
    site = places.site(cloud, region)
    if isinstance(site, Unknown):
        return site
    machine = hardware.machine(cloud, spec)
    if isinstance(machine, Unknown):
        return machine
    if not hours >= 0:
        return Unknown(f"The duration {hours} h is not usable.")
    parts = {"compute": _cpu_wh(machine, hours, cpu), "memory": _memory_wh(machine, hours)}
    loads = [cpu]
    if machine.gpu:
        parts["gpu"] = _gpu_wh(machine, hours, gpu)
        loads.append(gpu)
    source: UtilisationSource = "default" if any(x.source == "default" for x in loads) else "metric"
    return _emissions(site, parts, _embodied_g(machine, hours), machine.quality, source)


def volume(
    cloud: str,
    region: str,
    *,
    medium: Literal["ssd", "hdd"],
    size_gib: float | None,
    hours: float,
    replication: int | None = None,
) -> Emissions | Unknown:
    """Emissions of provisioned storage; without a replication that of the cloud's block volumes is used.

    For object storage give the used size and the replication of ``copies``. Embodied is not part of the
    method for storage: it is 0 here and inside the host for local disks.
    """
    site = places.site(cloud, region)
    if isinstance(site, Unknown):
        return site
    if medium not in ("ssd", "hdd"):
        return Unknown(f"The storage medium {medium!r} is neither ssd nor hdd.")
    if size_gib is None or not size_gib >= 0 or not hours >= 0:
        return Unknown(f"The volume's size {size_gib} GiB or duration {hours} h is not usable.")
    factor = replication if replication is not None else copies(cloud)
    if factor is None or factor < 1:
        return Unknown(f"The number of copies of the volume, {factor}, is not usable.")
    wh = size_gib / _GB_PER_TB * hours * coefficient(f"storage_{medium}").central * factor
    return _emissions(site, {"storage": _uncertain("storage", "any", wh)}, ZERO, "proxy", "metric")


def network(cloud: str, region: str, *, gigabytes: float | None, inter_region: bool) -> Emissions | Unknown:
    """Emissions of traffic sent from a region; inside a region they are 0 by the method.

    Network power hardly follows volume, so read this as a share of what exists, not as what less traffic
    would avoid.
    """
    site = places.site(cloud, region)
    if isinstance(site, Unknown):
        return site
    if gigabytes is None or not gigabytes >= 0:
        return Unknown(f"The traffic of {gigabytes} GB is not usable.")
    kind = "network_inter_region" if inter_region else "network_intra_region"
    wh = _uncertain("network", "any", gigabytes * coefficient(kind).central)
    return _emissions(site, {"network": wh}, ZERO, "proxy", "metric")


def _uncertain(term: str, condition: str, wh: float) -> Interval:
    return uncertainty(term, condition).around(Interval.exactly(wh))


def _power(idle_w: float, full_w: float, utilisation: Interval) -> Interval:
    """Watts by linear interpolation, so that the mean utilisation gives the mean power exactly."""
    return utilisation.scaled(full_w - idle_w) + Interval.exactly(idle_w)


def _cpu_wh(machine: Machine, hours: float, load: Load) -> Interval:
    watts = _power(machine.watts.idle_w, machine.watts.full_w, load.ratio)
    return uncertainty("cpu", machine.cpu_quality).around(watts.scaled(machine.threads * hours))


def _memory_wh(machine: Machine, hours: float) -> Interval:
    above = max(0.0, machine.memory_gb - machine.threads * machine.watts.baseline_gb)
    return _uncertain("memory", "any", above * hours * coefficient("memory").central)


def _gpu_wh(machine: Machine, hours: float, load: Load) -> Interval:
    if machine.gpu is None:
        return ZERO
    watts = _power(machine.gpu.idle_w, machine.gpu.full_w, load.ratio)
    return uncertainty("gpu", load.source).around(watts.scaled(machine.gpu_count * hours))


def _embodied_g(machine: Machine, hours: float) -> Interval:
    grams = machine.host.embodied_kg * 1000 * hours / server_life_h() * machine.host_share
    return _uncertain("embodied", "any", grams)


def _emissions(
    site: Site,
    parts: dict[str, Interval],
    embodied_g: Interval,
    quality: Quality,
    source: UtilisationSource,
) -> Emissions:
    energy = sum(parts.values(), ZERO) * site.pue.ratio
    place: dict[str, Quality] = {"zone": "measured", "area": "proxy", "fallback": "unknown"}
    return Emissions(
        energy_wh=energy,
        operational_g=(energy * site.grid.g_per_kwh).scaled(1 / 1000),
        embodied_g=embodied_g,
        quality=worst([quality, place[site.grid.match]]),
        utilisation_source=source,
        method_version=METHOD_VERSION,
        grid_source=site.grid.source,
        grid_year=site.grid.year,
        grid_basis=site.grid.basis,
        pue_source=site.pue.source,
        pue_year=site.pue.year,
        parts_wh={part: wh.central * site.pue.ratio.central for part, wh in parts.items()},
    )
