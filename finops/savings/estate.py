"""The inventory as the arithmetic needs it: what a resource is, what hangs on it, what it is called."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import NamedTuple

import duckdb

from finops.verdicts import Key, Verdict


@dataclass(frozen=True, slots=True)
class Instance:
    key: Key
    region: str
    zone: str | None
    name: str | None
    state: str
    instance_type: str | None
    platform: str | None
    purchase_model: str | None
    stopped_mode: str | None
    launched_at: datetime | None
    vcpu: float | None
    memory_gib: float | None
    gpu_count: int | None
    gpu_model: str | None
    architecture: str | None
    attached_gpus: int | None = None
    attached_gpu_model: str | None = None
    attached_disk_gib: float | None = None

    @property
    def gpus(self) -> int:
        """GPUs of its type and those attached beside them."""
        return (self.gpu_count or 0) + (self.attached_gpus or 0)

    @property
    def gpu(self) -> str | None:
        """The model of its GPUs."""
        return self.gpu_model or self.attached_gpu_model


@dataclass(frozen=True, slots=True)
class Volume:
    key: Key
    region: str
    zone: str | None
    name: str | None
    volume_type: str | None
    performance_level: str | None
    medium: str | None
    size_gib: float | None
    iops: float | None
    throughput_mib: float | None
    instance_id: str | None
    delete_with_instance: bool | None
    created_at: datetime | None
    purchase_model: str | None
    is_boot: bool | None


@dataclass(frozen=True, slots=True)
class Address:
    key: Key
    region: str
    name: str | None
    state: str
    resource_id: str | None
    created_at: datetime | None
    resource_type: str | None
    charge_type: str | None
    purchase_model: str | None
    machine_state: str | None = None
    machine_model: str | None = None


class ListedPart(NamedTuple):
    """One part of what a resource costs at list prices: units of a SKU in a month; None where that is unknown."""

    component: str
    sku: str
    quantity: float | None


@dataclass(frozen=True, slots=True)
class Asset:
    """Anything else that costs: snapshots, balancers, databases, buckets, logs …, by the `kind` of findings."""

    key: Key
    region: str
    kind: str
    zone: str | None
    name: str | None
    purchase_model: str | None
    parts: tuple[ListedPart, ...] = ()


Resource = Instance | Volume | Address | Asset


@dataclass(slots=True)
class Estate:
    """Every resource of the inventory by key, and which hang on which.

    `ambiguous` ids stand for more than one resource of the account (in other regions, or of another kind), so
    that no cost can be given to one of them. `groups` are scaling groups and clusters, which cost nothing but their
    machines, `members` those machines: both by region too, as names of groups repeat (`repeated`); `clusters` are
    the ids of clusters alone.
    """

    resources: dict[Key, Resource] = field(default_factory=dict)
    attached: dict[Key, list[Key]] = field(default_factory=lambda: defaultdict(list))
    dependents: dict[Key, list[Key]] = field(default_factory=lambda: defaultdict(list))
    ambiguous: set[Key] = field(default_factory=set)
    groups: dict[tuple[Key, str], Asset] = field(default_factory=dict)
    members: dict[tuple[Key, str], list[Key]] = field(default_factory=lambda: defaultdict(list))
    repeated: set[Key] = field(default_factory=set)
    clusters: set[Key] = field(default_factory=set)

    def repeats(self, key: Key, *, group: bool = False) -> bool:
        """Whether an id is found more than once in its account."""
        return key in (self.repeated if group else self.ambiguous)

    def is_group(self, verdict: Verdict) -> bool:
        """Whether a verdict is about a group, not about something else of its name."""
        place = (verdict.key, verdict.region)
        return place in self.groups and self.groups[place].kind == verdict.resource_type

    def find(self, verdict: Verdict) -> Resource | None:
        """What a finding is about."""
        if self.is_group(verdict):
            return self.groups[(verdict.key, verdict.region)]
        return self.resources.get(verdict.key)

    def instances(self) -> Iterable[Instance]:
        return (resource for resource in self.resources.values() if isinstance(resource, Instance))

    def reach(self, key: Key, components: Iterable[str], region: str | None = None) -> list[Key]:
        """The children that an action on these components of a resource takes with it."""
        if "members" in components:
            machines = self.members.get((key, region or ""), [])
            return [*machines, *(disk for one in machines for disk in self.dependents.get(one, []))]
        if "attached" in components:
            return self.attached.get(key, [])
        return self.dependents.get(key, []) if "dependents" in components else []

    def volumes(self) -> Iterable[Volume]:
        return (resource for resource in self.resources.values() if isinstance(resource, Volume))


def load_estate(con: duckdb.DuckDBPyConnection) -> Estate:
    """Reads the inventory; order is by key, so that results repeat."""
    estate = Estate()
    for row in con.execute(_INSTANCES).fetchall():
        _add(estate, Instance(Key(*row[:3]), *row[3:]))
    for cloud, account, region, group, machine in con.execute(_MEMBERS).fetchall():
        estate.members[(Key(cloud, account, group), region)].append(Key(cloud, account, machine))
    for row in con.execute(_VOLUMES).fetchall():
        volume = Volume(Key(*row[:3]), *row[3:])
        _add(estate, volume)
        if volume.instance_id:
            parent = Key(volume.key.cloud, volume.key.account_id, volume.instance_id)
            estate.attached[parent].append(volume.key)
            if volume.delete_with_instance:
                estate.dependents[parent].append(volume.key)
    for row in con.execute(_ADDRESSES).fetchall():
        address = Address(Key(*row[:3]), *row[3:])
        _add(estate, address)
        if address.resource_id:
            estate.attached[Key(address.key.cloud, address.key.account_id, address.resource_id)].append(
                address.key
            )
    _add_assets(con, estate)
    return estate


def _add_assets(con: duckdb.DuckDBPyConnection, estate: Estate) -> None:
    """Everything that is no machine, disk or address; one row per part of its list price."""
    assets: dict[tuple[Key, str, str], Asset] = {}
    for row in con.execute(_ASSETS).fetchall():
        cloud, account, identity, region, kind, zone, name, model, component, sku, quantity = row
        place = (Key(cloud, account, identity), region, kind)
        known = assets.get(place)
        parts = known.parts if known else ()
        if component is not None:
            parts = (*parts, ListedPart(component, sku or "", quantity))
        assets[place] = Asset(*place, zone, name, model, parts)
    names: set[Key] = set()
    for (key, region, kind), asset in assets.items():
        if kind in _GROUPS:
            estate.repeated |= {key} & names
            names.add(key)
            estate.clusters |= {key} if kind == "cluster" else set()
            estate.groups[(key, region)] = asset
        else:
            _add(estate, asset)


def _add(estate: Estate, resource: Resource) -> None:
    if resource.key in estate.resources:
        estate.ambiguous.add(resource.key)
    estate.resources[resource.key] = resource


# Kinds that no bill names.
_GROUPS = ("scaling_group", "cluster")
_ASSETS = files("finops").joinpath("savings", "assets.sql").read_text(encoding="utf-8")
_MEMBERS = """
SELECT cloud, account_id, region, scaling_group, instance_id
FROM instances
WHERE scaling_group IS NOT NULL AND state = 'running'
ORDER BY ALL
"""
_INSTANCES = """
SELECT i.cloud, i.account_id, i.instance_id, i.region, i.zone, i.name, i.state, i.instance_type, i.platform,
    i.purchase_model, i.stopped_mode, i.launched_at, t.vcpu, t.memory_gib, t.gpu_count, t.gpu_model, t.architecture,
    i.gpu_count AS attached_gpus, i.gpu_model AS attached_gpu_model, i.local_disk_gib AS attached_disk_gib
FROM instances AS i
LEFT JOIN instance_types AS t ON t.cloud = i.cloud AND t.instance_type = i.instance_type
ORDER BY ALL
"""
_VOLUMES = """
SELECT cloud, account_id, volume_id, region, zone, name, volume_type, performance_level, medium, size_gib, iops,
    throughput_mib, instance_id, delete_with_instance, created_at, purchase_model, is_boot
FROM volumes
ORDER BY ALL
"""
_ADDRESSES = """
SELECT p.cloud, p.account_id, p.ip_id, p.region, p.name, p.state, p.resource_id, p.created_at, p.resource_type,
    p.charge_type, p.purchase_model, i.state AS machine_state, i.purchase_model AS machine_model
FROM public_ips AS p
LEFT JOIN instances AS i ON i.cloud = p.cloud AND i.account_id = p.account_id AND i.region = p.region
    AND i.instance_id = p.resource_id
ORDER BY ALL
"""
