"""What the inventory holds of single resources, and how whole and how old that is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb

from finops.instants import iso


class Named(NamedTuple):
    """A resource as a finding names it."""

    resource_type: str
    cloud: str
    account: str
    region: str
    resource_id: str


class Scope(NamedTuple):
    """How far the inventory of a place goes: its status, and the instant of its rows."""

    status: str
    collected_at: datetime | None


@dataclass(frozen=True, slots=True)
class Thing:
    """A resource in the inventory: what an action could change of it, and the family of its type."""

    attributes: Mapping[str, Any]
    family: str | None = None


@dataclass(frozen=True, slots=True)
class _Kind:
    table: str
    id: str
    attributes: tuple[str, ...]


# Kinds of resources that an inventory lists whole, by their name in findings; the table is the dataset, too.
_KINDS: Mapping[str, _Kind] = {
    "instance": _Kind(
        "instances",
        "instance_id",
        (
            "state",
            "stopped_mode",
            "instance_type",
            "purchase_model",
            "zone",
            "scaling_group",
            "cluster",
        ),
    ),
    "volume": _Kind(
        "volumes",
        "volume_id",
        ("state", "volume_type", "performance_level", "size_gib", "iops", "throughput_mib", "zone"),
    ),
    "snapshot": _Kind("snapshots", "snapshot_id", ("tier",)),
    "public_ip": _Kind("public_ips", "ip_id", ("state", "charge_type")),
    "load_balancer": _Kind("load_balancers", "load_balancer_id", ("state",)),
    "nat_gateway": _Kind("nat_gateways", "nat_gateway_id", ("state",)),
    "database": _Kind("databases", "database_id", ("state", "instance_type", "storage_type", "storage_gib")),
    "bucket": _Kind("buckets", "bucket_id", ("has_lifecycle",)),
    "scaling_group": _Kind(
        "scaling_groups", "scaling_group_id", ("min_size", "desired_size", "instance_type")
    ),
    "repository": _Kind("repositories", "repository_id", ("has_cleanup",)),
    "ml_endpoint": _Kind("ml_endpoints", "endpoint_id", ("state", "instance_type", "instances")),
    "log_group": _Kind("log_groups", "log_group_id", ("retention_days", "unlimited")),
    "function": _Kind("functions", "function_id", ("memory_mib", "kept_warm", "architecture")),
}


@dataclass(frozen=True, slots=True)
class Inventory:
    """The resources that were asked for, and every scope there is."""

    things: dict[Named, Thing] = field(default_factory=dict)
    scopes: dict[tuple[str, str, str, str], Scope] = field(default_factory=dict)

    def scope(self, one: Named) -> Scope | None:
        """The scope that lists the resource; None where its kind is in no inventory or was never collected."""
        kind = _KINDS.get(one.resource_type)
        return self.scopes.get((one.cloud, one.account, one.region, kind.table)) if kind else None


def load(con: duckdb.DuckDBPyConnection, wanted: Iterable[Named]) -> Inventory:
    """Looks these resources up, each kind in its own table."""
    found = Inventory()
    for cloud, account, region, dataset, status, at in con.execute(
        "SELECT cloud, account_id, region, dataset, status, collected_at FROM coverage"
    ).fetchall():
        found.scopes[(cloud, account, region, dataset)] = Scope(status, at)
    groups: dict[str, set[Named]] = defaultdict(set)
    for one in wanted:
        if one.resource_type in _KINDS:
            groups[one.resource_type].add(one)
    for name in sorted(groups):
        _look_up(con, name, sorted(groups[name]), found)
    return found


def _look_up(con: duckdb.DuckDBPyConnection, name: str, wanted: list[Named], found: Inventory) -> None:
    kind = _KINDS[name]
    _, clouds, accounts, regions, ids = (list(column) for column in zip(*wanted, strict=True))
    family = "y.family" if name == "instance" else "NULL"
    types = (
        "LEFT JOIN instance_types AS y ON y.cloud = t.cloud AND y.instance_type = t.instance_type"
        if name == "instance"
        else ""
    )
    rows = con.execute(
        f"SELECT t.cloud, t.account_id, t.region, t.{kind.id}, {family}, "  # noqa: S608 - from constants
        f"{', '.join(f't.{column}' for column in kind.attributes)} FROM {kind.table} AS t {types} "
        "SEMI JOIN (SELECT unnest(?) AS cloud, unnest(?) AS account, unnest(?) AS region, unnest(?) AS id) AS w "
        f"ON w.cloud = t.cloud AND w.account = t.account_id AND w.region = t.region AND w.id = t.{kind.id}",
        [clouds, accounts, regions, ids],
    ).fetchall()
    for cloud, account, region, resource, of, *values in rows:
        attributes = {
            key: _plain(value)
            for key, value in zip(kind.attributes, values, strict=True)
            if value is not None
        }
        found.things[Named(name, cloud, account, region, resource)] = Thing(attributes, of)


def _plain(value: Any) -> Any:
    """A value as JSON knows it."""
    if isinstance(value, datetime):
        return iso(value)
    return float(value) if isinstance(value, Decimal) else value
