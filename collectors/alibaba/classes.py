"""Classes of RDS: what each holds and costs an hour, told for a whole engine by one call.

Prices are those of the class alone, without storage, in cents of the account's currency.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from collectors.alibaba.api import Api
from collectors.alibaba.client import Session
from collectors.alibaba.products import CHINA, INTERNATIONAL
from collectors.calls import CallError
from collectors.regions import Problems
from collectors.rows import Raw, number
from finops.warehouse import Scope

LIST_CLASSES = Api(
    "rds", "ListClasses", "rds:ListClasses", items="Items", optional=True,
    probe={"CommodityCode": "bards", "OrderType": "BUY", "Engine": "MySQL"},
)  # fmt: skip

# Engines as they are asked for, by how they are stored.
_ENGINES = {"mysql": "MySQL", "postgresql": "PostgreSQL", "sqlserver": "SQLServer", "mariadb": "MariaDB"}
# What pay-as-you-go is called at each site, and what it is paid in.
_SITES = {CHINA: ("bards", "CNY"), INTERNATIONAL: ("bards_intl", "USD")}
_CENTS = 100
_SOURCE = "RDS ListClasses"


@dataclass(frozen=True, slots=True)
class Offered:
    """Classes that were told, why there are no more, and the calls that it took."""

    classes: Raw = field(default_factory=list)
    problems: Problems = field(default_factory=list)
    calls: int = 0


def engines_of(databases: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Classes in use by engine, of those that have classes to be told."""
    found: dict[str, set[str]] = {}
    for one in databases:
        if one["engine"] in _ENGINES and one["instance_type"] and not one["serverless"]:
            found.setdefault(str(one["engine"]), set()).add(str(one["instance_type"]))
    return found


def get_classes(session: Session, region: str, used: Mapping[str, set[str]], problems: Problems) -> Raw:
    """Classes of the families in use as {engine, class, family, vcpu, memory_gib, price, currency}."""
    found: Raw = []
    for engine, names in sorted(used.items()):
        try:
            listed, currency = _listed(session, region, engine)
        except CallError as error:
            problems += [] if error.status == "skipped" else [str(error)]
            return found
        families = {_family(one) for one in listed if one.get("ClassCode") in names}
        found += [_class(one, engine, currency) for one in listed if _family(one) in families]
    return found


def _listed(session: Session, region: str, engine: str) -> tuple[Raw, str]:
    """All classes of an engine. Where it is not certain yet at which site the account is, the other is tried too."""
    sites = [session.site.name, *(name for name in _SITES if name != session.site.name)]
    for place, site in enumerate(sites):
        code, currency = _SITES[site]
        try:
            answer = session.client(region).get(
                LIST_CLASSES, RegionId=region, CommodityCode=code, OrderType="BUY", Engine=_ENGINES[engine]
            )
        except CallError as error:
            if error.status != "failed" or session.site.certain or place:
                raise
            continue
        return list(answer["Items"]), currency
    raise AssertionError("the last site is not tried in vain")


def _family(one: Mapping[str, Any]) -> str:
    """What classes of one kind have in common: mysql.n2.1 of mysql.n2.medium.1; the older names begin with rds."""
    parts = str(one.get("ClassCode")).split(".")
    base = parts[:2] if parts[0] == "rds" else [*parts[:2], *parts[3:]]
    return " ".join(filter(None, (".".join(base), str(one.get("ClassGroup") or ""))))


def _class(one: Mapping[str, Any], engine: str, currency: str) -> dict[str, Any]:
    memory = re.match(r"\s*(\d+(?:\.\d+)?)", str(one.get("MemoryClass") or ""))
    cents = one.get("ReferencePrice")
    return {
        "engine": engine,
        "class": str(one["ClassCode"]),
        "family": _family(one),
        "vcpu": number(one.get("Cpu")),
        "memory_gib": float(memory[1]) if memory else None,
        "price": Decimal(str(cents)) / _CENTS if cents not in (None, "") else None,
        "currency": currency,
    }


def type_rows(classes: Sequence[Mapping[str, Any]]) -> Raw:
    """Rows of instance_types."""
    return [
        {
            "cloud": "alibaba",
            "instance_type": f"db:{name}",
            "vcpu": one["vcpu"],
            "memory_gib": one["memory_gib"],
            "architecture": None,
            "family": one["family"],
            "generation": None,
            "burstable": False,
            "gpu_count": 0,
            "line": None,
        }
        for name, one in {one["class"]: one for one in classes}.items()
    ]


def price_rows(classes: Sequence[Mapping[str, Any]], scope: Scope, at: datetime) -> Raw:
    """Rows of prices. The class says whether a second node stands by, so that either name has the same price."""
    priced = {(one["engine"], one["class"]): one for one in classes if one["price"]}
    return [
        {
            "cloud": scope.cloud,
            "region": scope.region,
            "zone": None,
            "sku": f"db:{engine}:{name}{standby}",
            "purchase_model": "on_demand",
            "unit": "hour",
            "price": one["price"],
            "currency": one["currency"],
            "platform": None,
            "source": _SOURCE,
            "as_of": at,
        }
        for (engine, name), one in priced.items()
        for standby in ("", ":multi")
    ]
