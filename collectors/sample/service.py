"""What a service of the sample is: its row in the warehouse, what it does, and what a day of it costs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from collectors.sample import shapes
from collectors.sample.estate import CLOUD_OF

GIB = 1024.0**3
_HOURS = Decimal(730)
# An instant so many days before the sample's.
Ago = Callable[[int], datetime]

# The column that holds the id, per table.
IDS = {
    "databases": "database_id",
    "load_balancers": "load_balancer_id",
    "nat_gateways": "nat_gateway_id",
    "buckets": "bucket_id",
    "snapshots": "snapshot_id",
    "scaling_groups": "scaling_group_id",
    "repositories": "repository_id",
    "ml_endpoints": "endpoint_id",
    "log_groups": "log_group_id",
    "functions": "function_id",
    "commitments": "commitment_id",
}


class Charge(NamedTuple):
    """What of a service is charged every day: the bill's words, units a day, and the list price of a unit."""

    service: str
    category: str
    subcategory: str
    meter: str
    words: str
    unit: str
    units: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Service:
    """One resource that is no machine, disk or address. `row` holds the columns of its table beside the place.

    `others` are rows of further tables that come with it.
    """

    account: str
    region: str
    table: str
    id: str
    row: dict[str, Any]
    charges: tuple[Charge, ...] = ()
    metrics: dict[str, shapes.Shape] = field(default_factory=dict)
    others: dict[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)

    @property
    def cloud(self) -> str:
        return CLOUD_OF[self.account]


def arn(service: str, account: str, name: str, region: str = "us-east-1") -> str:
    return f"arn:aws:{service}:{region}:{account}:{name}"


def charge(
    service: str, category: tuple[str, str], meter: str, words: str, unit: str, units: str, price: str
) -> Charge:
    return Charge(service, *category, meter, words, unit, Decimal(units), Decimal(price))


def by_month(units: float) -> str:
    """What a day counts of so many units that are kept for a month of 730 hours."""
    return str(Decimal(str(units)) * 24 / _HOURS)
