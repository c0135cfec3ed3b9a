"""Carbon beside the money: what each resource emits in 730 hours and what an action would save of it."""

from collections.abc import Callable, Iterable

import duckdb

from finops import carbon
from finops.carbon import Emissions, Interval, Quality, Saving, Spec, Unknown
from finops.carbon.model import worst
from finops.model import Co2e
from finops.savings.assess import Priced
from finops.savings.estate import Address, Estate, Instance, Volume
from finops.savings.listing import is_regional
from finops.verdicts import Key, Verdict

HOURS = 730.0
INTRA_REGION = "traffic inside a region has no energy of its own in this method"
NO_ENERGY = "an address has no energy of its own in this method"


class Footprints:
    """Estimates for the resources of an estate, each made once."""

    def __init__(self, con: duckdb.DuckDBPyConnection, estate: Estate) -> None:
        self._estate = estate
        self._load = _utilisation(con)
        self._known: dict[Key, Emissions | Unknown] = {}

    def of(self, key: Key) -> Emissions | Unknown:
        """What a resource emits in 730 hours, or why that is not known."""
        if key not in self._known:
            self._known[key] = self._estimate(key)
        return self._known[key]

    def total_kg(self, wanted: Callable[[Key], bool] = lambda _: True) -> float | None:
        """Operational and embodied kg of what is wanted and can be estimated; None when nothing can."""
        estimates = [self.of(key) for key in self._estate.resources if wanted(key)]
        known = [one for one in estimates if isinstance(one, Emissions)]
        return round(sum(_central_g(one) for one in known) / 1000, 3) if known else None

    def co2e(self, one: Priced) -> Co2e:
        """The finding's emissions: of the resource now, and what the action saves, with its interval."""
        verdict = one.verdict
        now = self.of(verdict.key)
        saving = self._saving(one)
        return Co2e(
            operational_kg=_kg(now.operational_g.central) if isinstance(now, Emissions) else None,
            embodied_kg=_kg(now.embodied_g.central) if isinstance(now, Emissions) else None,
            saved_kg=_kg(saving.saved_g.central) if saving.saved_g else None,
            saved_low_kg=_kg(saving.saved_g.low) if saving.saved_g else None,
            saved_high_kg=_kg(saving.saved_g.high) if saving.saved_g else None,
            quality=saving.quality or (now.quality if isinstance(now, Emissions) else "unknown"),
            reason=saving.reason,
        )

    def _saving(self, one: Priced) -> Saving:
        verdict = one.verdict
        if verdict.action in ("spot", "buy"):
            return carbon.price_only()
        if verdict.action == "move":
            return _nothing(INTRA_REGION)
        if verdict.action == "release":
            return _nothing(NO_ENERGY)
        if verdict.action == "resize":
            return self._resized(verdict)
        if verdict.action == "change-type":
            return self._changed(verdict)
        return _together(carbon.saved_by_removing(self.of(key)) for key in self._removed(one))

    def _removed(self, one: Priced) -> list[Key]:
        """What an action takes away: the resource and the children that go with it, whatever they cost."""
        key = one.verdict.key
        children = {*self._estate.reach(key, one.verdict.components), *(cell.key for cell in one.before)} - {
            key
        }
        return [key, *sorted(children)]

    def _resized(self, verdict: Verdict) -> Saving:
        machine = self._estate.resources.get(verdict.key)
        if not isinstance(machine, Instance):
            return Saving(None, reason="the instance is not in the inventory")
        after = Spec(
            str(verdict.proposed.get("instance_type")),
            verdict.proposed.get("vcpu"),
            verdict.proposed.get("memory_gib"),
            architecture=machine.architecture,
        )
        return carbon.saved_by_resize(
            machine.key.cloud,
            machine.region,
            before=_spec(machine),
            after=after,
            hours=HOURS,
            cpu_utilization=self._load.get((*machine.key, "cpu_utilization")),
        )

    def _changed(self, verdict: Verdict) -> Saving:
        volume = self._estate.resources.get(verdict.key)
        medium = verdict.proposed.get("medium")
        if not isinstance(volume, Volume) or medium in (None, volume.medium):
            return carbon.price_only()
        after = carbon.volume(
            volume.key.cloud,
            volume.region,
            medium=medium,
            size_gib=volume.size_gib,
            hours=HOURS,
            replication=_copies(volume),
        )
        return carbon.saved_by_change(self.of(verdict.key), after)

    def _estimate(self, key: Key) -> Emissions | Unknown:
        resource = self._estate.resources.get(key)
        if resource is None:
            return Unknown("it is not in the inventory")
        if isinstance(resource, Address):
            return Unknown(NO_ENERGY)
        if isinstance(resource, Volume):
            return _volume(resource)
        return self._machine(resource)

    def _machine(self, machine: Instance) -> Emissions | Unknown:
        if machine.state != "running":
            return Unknown("it is not running")
        return carbon.instance(
            machine.key.cloud,
            machine.region,
            machine.instance_type or "",
            vcpu=machine.vcpu,
            memory_gib=machine.memory_gib,
            hours=HOURS,
            cpu_utilization=self._load.get((*machine.key, "cpu_utilization")),
            gpu_model=machine.gpu,
            gpu_count=machine.gpus,
            gpu_utilization=self._load.get((*machine.key, "gpu_utilization")),
            architecture=machine.architecture,
        )


def _together(savings: Iterable[Saving]) -> Saving:
    """The sum of what is known; a part without energy (off, an address) adds nothing, an unknown one spoils it."""
    total: Interval | None = None
    quality: Quality | None = None
    spoilt: str | None = None
    for saving in savings:
        if saving.saved_g is not None:
            total = saving.saved_g if total is None else total + saving.saved_g
            quality = worst(known for known in (quality, saving.quality) if known)
        elif saving.reason not in ("it is not running", NO_ENERGY):
            spoilt = saving.reason
    if spoilt or total is None:
        return Saving(None, reason=spoilt) if spoilt else _nothing("nothing of it uses energy now")
    return Saving(total, quality=quality)


def _nothing(reason: str) -> Saving:
    return Saving(Interval.exactly(0.0), reason=reason)


def _volume(volume: Volume) -> Emissions | Unknown:
    if volume.medium not in ("ssd", "hdd"):
        return Unknown("whether it is a disk or flash is not known")
    return carbon.volume(
        volume.key.cloud,
        volume.region,
        medium="hdd" if volume.medium == "hdd" else "ssd",
        size_gib=volume.size_gib,
        hours=HOURS,
        replication=_copies(volume),
    )


def _copies(volume: Volume) -> int | None:
    """Copies of a volume that is kept in two zones; None for what its cloud keeps of every other one."""
    return carbon.copies(volume.key.cloud, "Regional PD") if is_regional(volume) else None


def _spec(machine: Instance) -> Spec:
    return Spec(
        machine.instance_type or "", machine.vcpu, machine.memory_gib, architecture=machine.architecture
    )


def _utilisation(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str, str], float]:
    rows = con.execute(
        "SELECT cloud, account_id, resource_id, metric, avg FROM usage "
        "WHERE metric IN ('cpu_utilization', 'gpu_utilization') AND avg BETWEEN 0 AND 1"
    ).fetchall()
    return {(cloud, account, resource, metric): average for cloud, account, resource, metric, average in rows}


def _central_g(estimate: Emissions) -> float:
    return estimate.operational_g.central + estimate.embodied_g.central


def _kg(grams: float) -> float:
    return round(grams / 1000, 3)
