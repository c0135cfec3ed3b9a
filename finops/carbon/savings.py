"""What an action saves: all of a resource, the difference of two, or nothing as only the price changes."""

from __future__ import annotations

from dataclasses import dataclass

from finops.carbon.estimate import Load, load_of, run
from finops.carbon.hardware import Spec
from finops.carbon.model import ZERO, Emissions, Interval, Saving, Unknown, worst

PRICE_ONLY = "price_only"

# Halving 0.3 and doubling it again must not count as more than it was.
_ROUNDING = 1e-9


def price_only() -> Saving:
    """Reservations, savings plans, spot, discounts, licences: the same machines run as before."""
    return Saving(ZERO, reason=PRICE_ONLY, energy_wh=ZERO, operational_g=ZERO, embodied_g=ZERO)


def saved_by_removing(before: Emissions | Unknown) -> Saving:
    """All of a resource that is deleted or stopped; for a stop give the hours it would have run."""
    if isinstance(before, Unknown):
        return _none(before)
    return Saving(
        saved_g=before.operational_g + before.embodied_g,
        energy_wh=before.energy_wh,
        operational_g=before.operational_g,
        embodied_g=before.embodied_g,
        quality=before.quality,
        before=before,
    )


def saved_by_change(before: Emissions | Unknown, after: Emissions | Unknown) -> Saving:
    """The difference of two estimates, whose errors are taken to be the same: low with low, high with high.

    For instances use ``saved_by_resize``, which makes both do the same work.
    """
    if isinstance(before, Unknown):
        return _none(before)
    if isinstance(after, Unknown):
        return _none(after)
    operational = before.operational_g - after.operational_g
    embodied = before.embodied_g - after.embodied_g
    return Saving(
        saved_g=operational + embodied,
        energy_wh=before.energy_wh - after.energy_wh,
        operational_g=operational,
        embodied_g=embodied,
        quality=worst([before.quality, after.quality]),
        before=before,
        after=after,
    )


@dataclass(frozen=True, slots=True)
class Running:
    """An instance type and the share of the hours that it runs."""

    spec: Spec
    share: float = 1.0


def saved_by_resize(
    cloud: str,
    region: str,
    *,
    before: Spec,
    after: Spec,
    hours: float,
    cpu_utilization: float | None,
    gpu_utilization: float | None = None,
) -> Saving:
    """What another instance type saves that does the same work: vCPU x utilisation stays constant.

    Between sizes of one family the dynamic part of CPU energy cancels: what is left is idle power, memory
    above the baseline and the share of the host. Across families each side has its own coefficients.
    Utilisations are those of the instance as it is now.
    """
    return saved_by_running(
        cloud,
        region,
        measured=before,
        before=Running(before),
        after=Running(after),
        hours=hours,
        cpu_utilization=cpu_utilization,
        gpu_utilization=gpu_utilization,
    )


def saved_by_running(
    cloud: str,
    region: str,
    *,
    measured: Spec,
    before: Running,
    after: Running,
    hours: float,
    cpu_utilization: float | None,
    gpu_utilization: float | None = None,
) -> Saving:
    """What a step of a chain saves, `before` and `after` both doing the work that was measured on `measured`.

    A type that runs a share of the hours does the same work at a higher utilisation in them.
    """
    cpu, gpu = load_of("cpu", cpu_utilization), load_of("gpu", gpu_utilization)
    if isinstance(cpu, Unknown):
        return _none(cpu)
    if isinstance(gpu, Unknown):
        return _none(gpu)
    sides = [_at_work(cloud, region, measured, one, hours, cpu, gpu) for one in (before, after)]
    return saved_by_change(*sides)


def _at_work(
    cloud: str, region: str, measured: Spec, one: Running, hours: float, cpu: Load, gpu: Load
) -> Emissions | Unknown:
    """The emissions of a type in its share of the hours, doing the measured work."""
    spec = one.spec
    if not 0 < one.share <= 1:
        return Unknown(f"The share {one.share} of the hours is not usable.")
    if spec != measured or one.share != 1:
        places = (spec.vcpu or 0) * one.share
        moved_cpu = _same_work("CPU", cpu, measured.vcpu, places, spec.instance_type)
        if isinstance(moved_cpu, Unknown):
            return moved_cpu
        moved_gpu = _same_work("GPU", gpu, measured.gpu_count, spec.gpu_count * one.share, spec.instance_type)
        if isinstance(moved_gpu, Unknown):
            return moved_gpu
        cpu, gpu = moved_cpu, moved_gpu
    return run(cloud, region, spec, hours=hours * one.share, cpu=cpu, gpu=gpu)


def _none(unknown: Unknown) -> Saving:
    return Saving(None, reason=unknown.reason)


def _same_work(
    part: str, load: Load, units_before: float | None, units_after: float | None, new_type: str
) -> Load | Unknown:
    """The utilisation at which the new units do the work of the old ones."""
    if not units_before or load.ratio.high == 0:  # no work, as on an idle GPU: it fits anything
        return load
    if not units_after or units_after < 0:
        return Unknown(f"The {part}s of {new_type!r} are none or not known, so the work has no place there.")
    ratio = units_before / units_after
    if load.ratio.central * ratio > 1 + _ROUNDING:
        return Unknown(_does_not_fit(part, load, ratio, new_type))
    low, central, high = (min(1.0, u * ratio) for u in (load.ratio.low, load.ratio.central, load.ratio.high))
    return Load(Interval(low, central, high), load.source)


def _does_not_fit(part: str, load: Load, ratio: float, new_type: str) -> str:
    if load.source == "default":
        return f"{part} utilisation is not measured, so whether the work fits {new_type!r} is not known."
    return (
        f"The resize is not valid: the same work would need {load.ratio.central * ratio:.0%} "
        f"{part} utilisation on {new_type!r}."
    )
