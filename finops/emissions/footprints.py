"""What each resource emits in 730 hours, and what an action alone would save of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from finops import carbon
from finops.carbon import Emissions, Quality, Running, Saving, Spec, Unknown
from finops.carbon.model import worst
from finops.carbon.savings import PRICE_ONLY
from finops.emissions.grams import Parts
from finops.savings.actions import GROUP, Stage, stage_of
from finops.savings.estate import Address, Asset, Estate, Instance, Volume
from finops.savings.listing import is_regional
from finops.savings.priced import Priced
from finops.verdicts import Key, Verdict

HOURS = 730.0
_WEEK = 168  # hours
TRAFFIC = "network power hardly follows traffic, so nothing is claimed (low confidence)"
NO_ENERGY = "an address has no energy of its own in this method"
NO_METHOD = "this method has no figures for services that the cloud runs on machines of its own"
NOT_RUNNING = "it is not running"
_NOTHING_RUNS = "nothing of it uses energy now"


@dataclass(frozen=True, slots=True)
class Effect:
    """What an action saves, resource by resource; `parts` is None where that is not known.

    `then` is how the machine runs after it, for what follows in a chain.
    """

    parts: Mapping[Key, Parts] | None
    quality: Quality | None = None
    reason: str | None = None
    then: Running | None = None

    @property
    def whole(self) -> Parts | None:
        """All of it."""
        return None if self.parts is None else sum(self.parts.values(), Parts())


@dataclass(slots=True)
class Footprints:
    """Estimates for the resources of an estate, each made once."""

    con: duckdb.DuckDBPyConnection
    estate: Estate
    _load: dict[tuple[str, str, str, str], float] = field(init=False)
    _known: dict[Key, Emissions | Unknown] = field(default_factory=dict, init=False)
    _parts: dict[Key, Parts | None] = field(default_factory=dict, init=False)
    _alone: dict[str, Effect] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._load = _utilisation(self.con)

    def of(self, key: Key) -> Emissions | Unknown:
        """What a resource emits in 730 hours, or why that is not known."""
        if key not in self._known:
            self._known[key] = self._estimate(key)
        return self._known[key]

    def parts(self, key: Key) -> Parts | None:
        """The same in whole grams; None when it is not known."""
        if key not in self._parts:
            estimate = self.of(key)
            self._parts[key] = Parts.of(estimate) if isinstance(estimate, Emissions) else None
        return self._parts[key]

    def effect(self, one: Priced, running: Running | None = None) -> Effect:
        """What the action alone saves; with `running`, how earlier steps let the machine run, what it adds to them."""
        if running is not None:
            return self._effect(one, running)
        if one.id not in self._alone:
            self._alone[one.id] = self._effect(one, None)
        return self._alone[one.id]

    def _effect(self, one: Priced, running: Running | None) -> Effect:
        verdict = one.verdict
        if verdict.action in ("spot", "buy"):
            return _nothing(verdict.key, PRICE_ONLY)
        if verdict.action == "move" and not verdict.proposed.get("region"):
            return _nothing(verdict.key, TRAFFIC, "unknown")
        if verdict.action == "move":
            return self._moved(verdict, str(verdict.proposed["region"]))
        if verdict.action == "release" and verdict.resource_type == "commitment":
            return _nothing(verdict.key, PRICE_ONLY)
        if verdict.action == "release" and verdict.resource_type == "public_ip":
            return _nothing(verdict.key, NO_ENERGY)
        if verdict.resource_type == GROUP and stage_of(verdict) == Stage.SCHEDULE:
            return self._fewer(one)
        if isinstance(self.estate.resources.get(verdict.key), Asset):
            return Effect(None, reason=NO_METHOD)
        if verdict.action in ("resize", "schedule") and verdict.resource_type != "volume":
            return self._run_otherwise(verdict, running)
        if verdict.action == "change-type" and verdict.resource_type == "instance":
            return self._run_otherwise(verdict, running)
        if verdict.action in ("change-type", "resize"):
            return self._changed(verdict)
        return self._removal(self._removed(one))

    def _removal(self, keys: Sequence[Key]) -> Effect:
        """The sum of what is known; a part without energy (off, an address) adds nothing, an unknown one spoils it."""
        known = {key: parts for key in keys if (parts := self.parts(key)) is not None}
        estimates = [self.of(key) for key in keys]
        reasons = [one.reason for one in estimates if isinstance(one, Unknown)]
        spoilt = [reason for reason in reasons if reason not in (NOT_RUNNING, NO_ENERGY)]
        if spoilt:
            return Effect(None, reason=spoilt[-1])
        if not known:
            return _nothing(keys[0], _NOTHING_RUNS)
        return Effect(known, worst(one.quality for one in estimates if isinstance(one, Emissions)))

    def _fewer(self, one: Priced) -> Effect:
        """What a smaller group saves: the share of its machines that go, of what each of them emits."""
        verdict = one.verdict
        now, then = verdict.current.get("members"), verdict.proposed.get("members")
        machines = self.estate.members.get((verdict.key, verdict.region), [])
        if not isinstance(now, int) or not isinstance(then, int) or not 0 <= then <= now or not now:
            return Effect(None, reason="how many machines the group would keep is not known")
        whole = self._removal(sorted(machines) or [verdict.key])
        if whole.parts is None:
            return whole
        gone = 1 - then / now
        return Effect({key: parts.share(gone) for key, parts in whole.parts.items()}, whole.quality)

    def _moved(self, verdict: Verdict, region: str) -> Effect:
        """What the same machine emits less on the grid of another region."""
        machine = self.estate.resources.get(verdict.key)
        if not isinstance(machine, Instance):
            return Effect(None, reason=NO_METHOD)
        there = self._machine(replace(machine, region=region))
        return _of_saving(verdict.key, carbon.saved_by_change(self.of(verdict.key), there))

    def _removed(self, one: Priced) -> list[Key]:
        """What an action takes away: the resource and the children that go with it, whatever they cost."""
        key = one.verdict.key
        children = {*self.estate.reach(key, one.verdict.components), *(cell.key for cell in one.before)} - {
            key
        }
        return [key, *sorted(children)]

    def _run_otherwise(self, verdict: Verdict, running: Running | None) -> Effect:
        machine = self.estate.resources.get(verdict.key)
        if not isinstance(machine, Instance):
            return Effect(None, reason="the instance is not in the inventory")
        emitted = self.of(verdict.key)
        if isinstance(emitted, Unknown):
            return _nothing(verdict.key, _NOTHING_RUNS) if emitted.reason == NOT_RUNNING else _none(emitted)
        measured = _spec(machine)
        before = running or Running(measured)
        after = _after(verdict, machine, before)
        if after is None:
            return Effect(None, reason="how many hours it would run is not known")
        saving = carbon.saved_by_running(
            machine.key.cloud,
            machine.region,
            measured=measured,
            before=before,
            after=after,
            hours=HOURS,
            cpu_utilization=self._load.get((*machine.key, "cpu_utilization")),
        )
        return _of_saving(verdict.key, saving, after)

    def _changed(self, verdict: Verdict) -> Effect:
        volume = self.estate.resources.get(verdict.key)
        if not isinstance(volume, Volume):
            return _nothing(verdict.key, PRICE_ONLY)
        medium = verdict.proposed.get("medium") or volume.medium
        size = verdict.proposed.get("size_gib", volume.size_gib)
        if (medium, size) == (volume.medium, volume.size_gib):
            return _nothing(verdict.key, PRICE_ONLY)
        after = _volume(replace(volume, medium=medium, size_gib=size))
        return _of_saving(verdict.key, carbon.saved_by_change(self.of(verdict.key), after))

    def _estimate(self, key: Key) -> Emissions | Unknown:
        resource = self.estate.resources.get(key)
        if resource is None:
            return Unknown("it is not in the inventory")
        if isinstance(resource, Address):
            return Unknown(NO_ENERGY)
        if isinstance(resource, Asset):
            return Unknown(NO_METHOD)
        if isinstance(resource, Volume):
            return _volume(resource)
        return self._machine(resource)

    def _machine(self, machine: Instance) -> Emissions | Unknown:
        if machine.state != "running":
            return Unknown(NOT_RUNNING)
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


def _after(verdict: Verdict, machine: Instance, before: Running) -> Running | None:
    """How the machine runs after a smaller size or fewer hours; None when the hours are not told."""
    if verdict.action == "schedule":
        now, then = (
            _hours(verdict.current.get("hours_a_week", _WEEK)),
            _hours(verdict.proposed.get("hours_a_week")),
        )
        return None if now is None or then is None else Running(before.spec, before.share * then / now)
    spec = Spec(
        str(verdict.proposed.get("instance_type")),
        verdict.proposed.get("vcpu"),
        verdict.proposed.get("memory_gib"),
        architecture=verdict.proposed.get("architecture") or machine.architecture,
    )
    return Running(spec, before.share)


def _hours(told: object) -> float | None:
    """Hours of a week that can be; what runs at no hour is stopped, which is another action."""
    return float(told) if isinstance(told, int | float) and 0 < told <= _WEEK else None


def _of_saving(key: Key, saving: Saving, then: Running | None = None) -> Effect:
    if saving.operational_g is None or saving.embodied_g is None:
        return Effect(None, reason=saving.reason)
    if saving.before is None or saving.after is None:
        return Effect({key: Parts()}, saving.quality, saving.reason, then)
    parts = Parts.of(saving.before) - Parts.of(saving.after)
    return Effect({key: parts}, saving.quality, saving.reason, then)


def _none(unknown: Unknown) -> Effect:
    return Effect(None, reason=unknown.reason)


def _nothing(key: Key, reason: str, quality: Quality | None = None) -> Effect:
    return Effect({key: Parts()}, quality, reason)


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
