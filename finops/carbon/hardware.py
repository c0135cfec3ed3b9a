"""What an instance runs on: from the name of its type to processor, accelerators and host."""

from __future__ import annotations

from dataclasses import dataclass

from finops.carbon import tables
from finops.carbon.model import Quality, Unknown, worst
from finops.carbon.tables import UNDISCLOSED, CpuWatts, Host, Power, Processor, most_specific

# Managed services put their own name before the EC2 type they run on: db.m5.large, kafka.m5.large.
_AWS_SERVICES = frozenset({"cache", "dax", "db", "dms", "kafka", "ml", "mq"})
_ARM = frozenset({"arm", "arm64", "aarch64"})
_ARM_STAND_IN = "Neoverse N1 (Ampere Altra)"


@dataclass(frozen=True, slots=True)
class Spec:
    """An instance as its cloud describes it; None where the cloud did not say.

    ``architecture`` matters only for families whose processor is not disclosed.
    """

    instance_type: str
    vcpu: float | None
    memory_gib: float | None
    gpu_model: str | None = None
    gpu_count: int = 0
    architecture: str | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """An instance with all its coefficients found."""

    vcpu: float
    memory_gb: float
    watts: CpuWatts
    threads_per_vcpu: int
    cpu_quality: Quality
    gpu: Power | None
    gpu_count: int
    host: Host

    @property
    def threads(self) -> float:
        return self.vcpu * self.threads_per_vcpu

    @property
    def quality(self) -> Quality:
        """No GPU was measured: their watts are a ratio of the board power."""
        return worst([self.cpu_quality, "proxy" if self.gpu else "measured"])

    @property
    def host_share(self) -> float:
        """An instance is at most its host; some sizes of a family run on a larger one than the table has."""
        return min(1.0, self.vcpu / self.host.vcpu)


def family_names(cloud: str, instance_type: str) -> list[str]:
    """Names to look a type up by, the most specific first: m7i-flex, m7i or a2-ultragpu, a2."""
    name = instance_type.strip().lower()
    if cloud == "gcp":
        return _gcp_names(name)
    head, _, rest = name.partition(".")
    if cloud == "alibaba" and head != "ecs":
        return []
    if cloud == "alibaba" or head in _AWS_SERVICES:
        head = rest.partition(".")[0]
    return [head, head.partition("-")[0]]


def _gcp_names(name: str) -> list[str]:
    parts = name.rpartition("/")[2].split("-")
    if parts[0] == "custom":  # custom-4-8192: before there were series, all were N1
        return ["n1"]
    return ["-".join(parts[:2]), parts[0]]


def machine(cloud: str, spec: Spec) -> Machine | Unknown:
    """The instance with its coefficients, or the first one of them that is missing."""
    names = family_names(cloud, spec.instance_type)
    processor = most_specific(tables.processors(), cloud, names)
    host = _host(cloud, spec.instance_type, names)
    if processor is None or host is None:
        return Unknown(f"The hardware of instance type {spec.instance_type!r} is not in the carbon tables.")
    if not spec.vcpu or not spec.memory_gib or min(spec.vcpu, spec.memory_gib) <= 0:
        return Unknown(f"The vCPU or memory of {spec.instance_type!r} is not known.")
    gpu = _gpu(spec, most_specific(tables.gpu_models(), cloud, names))
    if isinstance(gpu, Unknown):
        return gpu
    watts, quality = _watts(processor, spec.architecture)
    return Machine(
        spec.vcpu, spec.memory_gib, watts, processor.threads_per_vcpu, quality, gpu, spec.gpu_count, host
    )


def _host(cloud: str, instance_type: str, names: list[str]) -> Host | None:
    """A published total of the exact type goes before the sum of the components of its family."""
    host = most_specific(tables.hosts(), cloud, names)
    total = tables.platform_totals().get((cloud, instance_type.strip().lower()))
    return host if host is None or total is None else Host(host.vcpu, total)


def _gpu(spec: Spec, of_family: str | None) -> Power | Unknown | None:
    """Cards that are there but not counted, or whose power is not published, make the whole unknown."""
    model = spec.gpu_model or of_family
    if spec.gpu_count <= 0:
        if model is None:
            return None
        return Unknown(f"{spec.instance_type!r} has accelerators ({model}) but how many is not known.")
    if model is None:
        return Unknown(f"The model of the GPU of {spec.instance_type!r} is not known.")
    return tables.gpu_watts(model) or Unknown(f"No power figure is known for the accelerator {model!r}.")


def _watts(processor: Processor, architecture: str | None) -> tuple[CpuWatts, Quality]:
    if processor.cpu_family == UNDISCLOSED and (architecture or "").lower() in _ARM:
        return tables.cpu_watts()[_ARM_STAND_IN], "proxy"
    watts = tables.cpu_watts()[processor.cpu_family]
    return watts, worst([watts.quality, "measured" if processor.exact else "proxy"])
