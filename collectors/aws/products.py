"""Products of the Price List API beyond machines: which questions bring them, and what we call them.

A kind is what is wanted: disks, addresses, load balancers, buckets … A product that is not what was meant has no name
of ours, whatever the filters let through. Usage types begin with the region's short name (EUW1-), in us-east-1 some do.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Attributes = Mapping[str, Any]
_REGION = re.compile(r"(?:[A-Z]{2,4}\d{0,2}-)?")  # how the usage types of a region begin

_VOLUME_FAMILIES = {"Storage": "", "System Operation": ":iops", "Provisioned Throughput": ":throughput"}
_IN_USAGE_TYPES = {"piops": "io1"}  # volume types that usage types call otherwise
# What the price list counts in → our unit, and how many of ours one of theirs is. Its GB are GiB.
_UNITS: Mapping[str, tuple[str, int | Decimal]] = {
    "hrs": ("hour", 1), "hours": ("hour", 1), "gb-mo": ("GiB-month", 1), "gb-month": ("GiB-month", 1), "gb": ("GiB", 1),
    "iops-mo": ("IOPS-month", 1), "mibps-mo": ("MiBps-month", 1), "gibps-mo": ("MiBps-month", 1024),
    "lambda-gb-second": ("GiB-hour", Decimal(1) / 3600), "gb-second": ("GiB-hour", Decimal(1) / 3600),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """One question of GetProducts; of `any_of` several values are wanted, `within` are parts of values."""

    service: str
    exact: Mapping[str, str]
    any_of: Mapping[str, Iterable[str]] = field(default_factory=dict)
    within: Mapping[str, str] = field(default_factory=dict)


def questions(kind: str, names: Iterable[str], region: str) -> list[Question]:
    """What to ask for a kind; `names` are classes or types of which it is wanted. Databases are a kind by engine."""
    here = {"regionCode": region}
    if kind == "volumes":
        families = (*_VOLUME_FAMILIES, "Storage Snapshot", "NAT Gateway")
        return [Question("AmazonEC2", here, {"productFamily": families})]
    kind, _, engine = kind.partition(":")
    if kind == "databases":
        family = {"productFamily": "Database Instance", "databaseEngine": _CALLED[engine]}
        return [Question("AmazonRDS", {**here, **family}, {"instanceType": sorted(names)})]
    if kind == "caches":
        return [Question("AmazonElastiCache", here, {"instanceType": sorted(names)})]
    if kind == "ml":
        # Not every product names its machine, but each usage type does.
        return [Question("AmazonSageMaker", here, within={"usagetype": name}) for name in sorted(names)]
    if kind == "traffic":
        return [Question("AWSDataTransfer", {"fromRegionCode": region, "transferType": "IntraRegion"})]
    service, more = _ALONE[kind]
    return [Question(service, {**here, **more})]


# Kinds that one question brings: its service, and the attributes that narrow it down.
_ALONE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "addresses": ("AmazonVPC", {}),
    "load_balancers": ("AWSELB", {}),
    "database_storage": ("AmazonRDS", {"productFamily": "Database Storage"}),
    "buckets": ("AmazonS3", {"productFamily": "Storage"}),
    "registry": ("AmazonECR", {}),
    "logs": ("AmazonCloudWatch", {"productFamily": "Storage Snapshot"}),
    "functions": ("AWSLambda", {"productFamily": "Serverless"}),
}


def priced(engine: str | None) -> bool:
    """Whether the list has prices of databases of an engine, as DescribeDBInstances names it."""
    return engine in _CALLED


def names_of(kind: str, product: Mapping[str, Any], region: str) -> tuple[str, ...]:
    """Our names for a product of a kind; none for one that is not what was meant."""
    attributes = product.get("attributes") or {}
    if attributes.get("regionCode", region) != region:
        return ()
    family, usage = str(product.get("productFamily") or ""), str(attributes.get("usagetype") or "")
    name = _NAMES[kind.partition(":")[0]](attributes, family, usage)
    if name and _ANY in name:  # storage that costs the same whatever the engine
        return tuple(name.replace(_ANY, f":{engine}:") for engine in _OPEN)
    return (name,) if name else ()


def prices_of(product: Mapping[str, Any]) -> Iterator[tuple[str, Decimal, str, Decimal | None]]:
    """Unit, price, currency and the quantity from which it holds (None: from nothing on) of each tier on demand.

    What is free to begin with has the price that follows, from nothing on: what is free is used up by other things.
    """
    tiers: dict[str, list[tuple[Decimal, str, Decimal]]] = {}
    for term in ((product.get("terms") or {}).get("OnDemand") or {}).values():
        for dimension in (term.get("priceDimensions") or {}).values():
            unit = _UNITS.get(str(dimension.get("unit")).lower())
            begin = Decimal(str(dimension.get("beginRange") or 0))
            for currency, text in (dimension.get("pricePerUnit") or {}).items():
                price = Decimal(str(text))
                if unit and price > 0:
                    tiers.setdefault(currency, []).append((begin, unit[0], price / unit[1]))
    for currency, found in tiers.items():
        first = min(begin for begin, _, _ in found)
        for begin, name, price in sorted(found):
            yield name, price, currency, None if begin == first else begin


# --- names ------------------------------------------------------------------------------------------------


def _volume(attributes: Attributes, family: str, usage: str) -> str | None:
    """Disks, their snapshots, and NAT gateways, which are all told of as EC2's."""
    for end, name in (
        ("EBS:SnapshotUsage", "snapshot"), ("EBS:SnapshotArchiveStorage", "snapshot:archive"),
        ("NatGateway-Hours", "nat_gateway"), ("NatGateway-Bytes", "traffic:nat"),
    ):  # fmt: skip
        if _is(usage, end):
            return name
    if family not in _VOLUME_FAMILIES:
        return None
    last = usage.rpartition(".")[2]
    called = _IN_USAGE_TYPES.get(last, last)
    volume = attributes.get("volumeApiName") or called
    marks = {"": "EBS:VolumeUsage", ":iops": "EBS:VolumeP-IOPS", ":throughput": "EBS:VolumeP-Throughput"}
    end = _VOLUME_FAMILIES[family]
    # io2 costs less beyond 32,000 operations: those tiers have products of their own, with a longer usage type.
    usual = usage.endswith(marks[end]) or (called == volume and usage.endswith(f"{marks[end]}.{last}"))
    return f"{volume}{end}" if volume and usual else None


def _address(attributes: Attributes, family: str, usage: str) -> str | None:  # noqa: ARG001
    states = {"PublicIPv4:IdleAddress": "unused", "PublicIPv4:InUseAddress": "in_use"}
    return next((f"public_ip:{state}" for end, state in states.items() if usage.endswith(end)), None)


def _balancer(attributes: Attributes, family: str, usage: str) -> str | None:  # noqa: ARG001
    kinds = {
        "Load Balancer": "classic", "Load Balancer-Application": "application", "Load Balancer-Network": "network",
        "Load Balancer-Gateway": "gateway",
    }  # fmt: skip
    return f"load_balancer:{kinds[family]}" if family in kinds and _is(usage, "LoadBalancerUsage") else None


# The price list's engine → ours, as DescribeDBInstances names it; with an edition, SQL Server's.
_OPEN = ("postgres", "mysql", "mariadb")
_ANY = ":any:"
_ENGINES = {
    "PostgreSQL": "postgres", "MySQL": "mysql", "MariaDB": "mariadb", "Aurora PostgreSQL": "aurora-postgresql",
    "Aurora MySQL": "aurora-mysql",
}  # fmt: skip
_EDITIONS = {"Express": "ex", "Web": "web", "Standard": "se", "Enterprise": "ee"}
_CALLED = {ours: theirs for theirs, ours in _ENGINES.items()} | {
    f"sqlserver-{edition}": "SQL Server" for edition in _EDITIONS.values()
}


def _engine(attributes: Attributes) -> str | None:
    """Of Oracle with a licence of one's own or not nothing tells, so that its databases have no list price."""
    engine, edition = attributes.get("databaseEngine"), attributes.get("databaseEdition")
    if (
        engine == "SQL Server"
        and attributes.get("licenseModel") == "License included"
        and edition in _EDITIONS
    ):
        return f"sqlserver-{_EDITIONS[edition]}"
    return _ENGINES.get(str(engine))


def _multi(attributes: Attributes) -> str | None:
    """What a standby adds to a name; None for deployments that are something else."""
    told = attributes.get("deploymentOption") or "Single-AZ"
    return {"Single-AZ": "", "Multi-AZ": ":multi", "Multi-AZ (SQL Server Mirror)": ":multi"}.get(told)


def _database(attributes: Attributes, family: str, usage: str) -> str | None:
    engine, multi, name = _engine(attributes), _multi(attributes), attributes.get("instanceType")
    # Aurora's I/O-optimised classes have a usage type of their own, and cost more.
    plain = "InstanceUsage:" in usage or "Multi-AZUsage:" in usage
    if family != "Database Instance" or not engine or multi is None or not name or not plain:
        return None
    return f"db:{engine}:{name}{multi}" if "IOOptimized" not in usage else None


_STORAGE_NAMES = {
    "General Purpose": "gp2", "General Purpose (SSD)": "gp2", "General Purpose-GP3": "gp3", "Provisioned IOPS": "io1",
    "Provisioned IOPS (SSD)": "io1", "Provisioned IOPS-IO2": "io2", "Magnetic": "standard",
    "General Purpose-Aurora": "aurora", "IO Optimized-Aurora": "aurora-iopt1",
}  # fmt: skip


def _database_storage(attributes: Attributes, family: str, usage: str) -> str | None:
    """Of engines whose storage is told apart, and of "Any" for the others; a standby has as much again."""
    kind, multi = _STORAGE_NAMES.get(str(attributes.get("volumeType"))), _multi(attributes)
    engine = "any" if attributes.get("databaseEngine") in (None, "Any") else _engine(attributes)
    if family != "Database Storage" or not kind or not engine or multi or "Storage" not in usage:
        return None
    return f"db_storage:{engine}:{kind}" if multi is not None else None


def _cache(attributes: Attributes, family: str, usage: str) -> str | None:
    engine, name = attributes.get("cacheEngine"), attributes.get("instanceType")
    plain = family == "Cache Instance" and "NodeUsage:" in usage
    return f"db:{str(engine).lower()}:{name}" if plain and engine and name else None


def _bucket(attributes: Attributes, family: str, usage: str) -> str | None:  # noqa: ARG001
    names = {
        "TimedStorage-ByteHrs": "standard", "TimedStorage-SIA-ByteHrs": "infrequent",
        "TimedStorage-GlacierByteHrs": "archive",
    }  # fmt: skip
    return next((f"bucket:{name}" for end, name in names.items() if _is(usage, end)), None)


def _registry(attributes: Attributes, family: str, usage: str) -> str | None:  # noqa: ARG001
    return "registry" if _is(usage, "TimedStorage-ByteHrs") else None


def _logs(attributes: Attributes, family: str, usage: str) -> str | None:  # noqa: ARG001
    return "logs:storage" if _is(usage, "TimedStorage-ByteHrs") else None


def _function(attributes: Attributes, family: str, usage: str) -> str | None:  # noqa: ARG001
    """What is kept warm, before anything runs on it."""
    names = {
        "Lambda-Provisioned-Concurrency": "function:warm",
        "Lambda-Provisioned-Concurrency-ARM": "function:warm:arm64",
    }
    return next((name for end, name in names.items() if _is(usage, end)), None)


_LEARNING = {"Notebk": "notebook", "Host": "endpoint"}


def _machine_learning(attributes: Attributes, family: str, usage: str) -> str | None:  # noqa: ARG001
    head, _, machine = usage.partition(":")
    kind = next((kind for end, kind in _LEARNING.items() if _is(head, end)), None)
    return f"ml:{kind}:{machine}" if kind and machine.startswith("ml.") else None


def learning(kind: str, machine: str) -> str:
    """How usage types name a notebook or an endpoint on a machine."""
    return next(f"{end}:{machine}" for end, ours in _LEARNING.items() if ours == kind)


def _traffic(attributes: Attributes, family: str, usage: str) -> str | None:  # noqa: ARG001
    return "traffic:cross_zone" if _is(usage, "DataTransfer-Regional-Bytes") else None


def _is(usage: str, name: str) -> bool:
    """Whether a usage type is this one in some region: nothing before it but the region's short name."""
    return usage.endswith(name) and _REGION.fullmatch(usage.removesuffix(name)) is not None


_NAMES: Mapping[str, Callable[[Attributes, str, str], str | None]] = {
    "volumes": _volume, "addresses": _address, "load_balancers": _balancer, "databases": _database,
    "database_storage": _database_storage, "caches": _cache, "buckets": _bucket, "registry": _registry, "logs": _logs,
    "functions": _function, "ml": _machine_learning, "traffic": _traffic,
}  # fmt: skip
