"""The sample's bills: FOCUS 1.2, one row per resource, meter and day of three months, at prices after discount.

They reconcile with the inventory: a machine that ran all month costs its list price times 730/744 of the month's
hours, less the cloud's discount, and so on for everything else. See tests/collectors/sample.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from collectors.sample.catalogue import extra, hourly, spot_hourly
from collectors.sample.estate import ALIBABA, AWS_DEV, AWS_PROD, GCP_DEV, GCP_PROD, Disk, Ip, Machine, Sample
from collectors.sample.past import MONTHS, as_it_was, only_then
from collectors.sample.service import Service

_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_LIKE = "reporting-01"  # the machine after which those are made that only ran earlier
DISCOUNT = {"aws": Decimal("0.08"), "alibaba": Decimal("0.05"), "gcp": Decimal("0.00")}
_HOURS = Decimal(730)
_PROVIDER = {
    "aws": ("AWS", "Amazon Web Services, Inc."),
    "alibaba": ("Alibaba Cloud", "Alibaba Cloud"),
    "gcp": ("Google Cloud", "Google Cloud"),
}
_PAYER = {"aws": AWS_PROD, "alibaba": ALIBABA, "gcp": "01A2B3-C4D5E6-F7A8B9"}
_SERVICE = {
    ("aws", "compute"): "Amazon Elastic Compute Cloud",
    ("aws", "storage"): "Amazon Elastic Block Store",
    ("aws", "network"): "Amazon Virtual Private Cloud",
    ("alibaba", "compute"): "Elastic Compute Service",
    ("alibaba", "storage"): "Elastic Block Storage",
    ("alibaba", "network"): "Elastic IP Address",
    ("gcp", "compute"): "Compute Engine",
    ("gcp", "storage"): "Compute Engine",
    ("gcp", "network"): "Compute Engine",
}
_CATEGORY = {
    "compute": ("Compute", "Virtual Machines"),
    "storage": ("Storage", "Block Storage"),
    "network": ("Networking", "Other (Networking)"),
}
# Groups whose members talk to another zone all day: GiB a day for each.
TALKERS = {
    "shop-api": Decimal(95),
    "orders-db": Decimal(210),
    "store-db": Decimal(160),
    "shop-web": Decimal(12),
}
COLUMNS = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType",
    "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass",
    "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountCategory",
    "CommitmentDiscountId", "CommitmentDiscountStatus", "CommitmentDiscountType", "ConsumedQuantity",
    "ConsumedUnit", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceIssuerName", "ListCost",
    "ListUnitPrice", "PricingCategory", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName",
    "RegionId", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName",
    "ServiceSubcategory", "SkuId", "SkuMeter", "SubAccountId", "Tags", "x_Operation",
)  # fmt: skip


def write(folder: Path, sample: Sample, services: list[Service], as_of: datetime) -> list[Path]:
    """Writes focus-CLOUD.csv.gz for each cloud; the same bytes every time."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for cloud in _PROVIDER:
        path = folder / f"focus-{cloud}.csv.gz"
        with (
            open(path, "wb") as raw,
            gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed,
            io.TextIOWrapper(packed, "utf-8", newline="") as text,
        ):
            writer = csv.writer(text)
            writer.writerow(COLUMNS)
            for row in rows(cloud, sample, services, as_of):
                writer.writerow([row.get(column, "") for column in COLUMNS])
        paths.append(path)
    return paths


def rows(cloud: str, sample: Sample, services: list[Service], as_of: datetime) -> Iterator[dict[str, Any]]:
    """The charges of one cloud for the months that end at `as_of`, the oldest first."""
    *before, last = _month_ends(as_of)
    for end in before:
        for row in _month_rows(cloud, sample, services, end):
            yield as_it_was(row)
            if row.get("ResourceName") == _LIKE and row["ResourceType"] == "Instance":
                day = datetime.strptime(row["ChargePeriodStart"], _INSTANT)  # noqa: DTZ007 - naive UTC throughout
                yield from only_then(as_it_was(row), day)
    yield from _month_rows(cloud, sample, services, last)


def _month_ends(as_of: datetime) -> list[datetime]:
    ends = [as_of]
    while len(ends) < MONTHS:
        ends.append((ends[-1] - timedelta(days=1)).replace(day=1))
    return ends[::-1]


def _month_rows(
    cloud: str, sample: Sample, services: list[Service], end: datetime
) -> Iterator[dict[str, Any]]:
    """The charges of the month that ends at `end`: of what was there on each of its days."""
    start = (end - timedelta(days=1)).replace(day=1)
    days = [start + timedelta(days=i) for i in range((end - start).days)]
    for day in days:
        for machine in sample.machines:
            if machine.cloud == cloud:
                yield from _machine_rows(machine, day)
        for disk in sample.disks:
            if disk.cloud == cloud:
                yield _disk_row(disk, day)
        for ip in sample.ips:
            if ip.cloud == cloud:
                yield from _ip_rows(ip, day)
        for service in services:
            if service.cloud == cloud:
                yield from _service_rows(service, day)
    yield from _account_rows(cloud, days)


def _machine_rows(machine: Machine, day: datetime) -> Iterator[dict[str, Any]]:
    if machine.launched_at > day or (machine.stopped_at and machine.stopped_at <= day):
        return
    spot = machine.model == "spot"
    price = hourly(machine.type, machine.region)
    paid = spot_hourly(machine.type, machine.region) if spot else price * (1 - DISCOUNT[machine.cloud])
    row = _row(machine, "compute", day, Decimal(24), "Hours", price, paid)
    row |= {
        "ResourceId": _resource_id(machine, "instances"),
        "ResourceName": machine.name,
        "ResourceType": "Instance",
        "ChargeDescription": f"{machine.type} {'spot ' if spot else ''}instance hour",
        "PricingCategory": "Dynamic" if spot else "Standard",
        "SkuId": machine.type,
        "SkuMeter": ("SpotUsage:" if spot else "BoxUsage:") + machine.type if machine.cloud == "aws" else "",
        "x_Operation": "RunInstances" if machine.cloud == "aws" else "",
        "Tags": json.dumps(machine.tags, ensure_ascii=False),
    }
    yield row
    gib = TALKERS.get(machine.name.rsplit("-", 1)[0])
    if gib and machine.cloud != "alibaba":  # there traffic between zones is not a bill item
        yield _talk_row(machine, day, gib)


def _talk_row(machine: Machine, day: datetime, gib: Decimal) -> dict[str, Any]:
    price = Decimal("0.01")
    row = _row(machine, "network", day, gib, "GB", price, price * (1 - DISCOUNT[machine.cloud]))
    aws = machine.cloud == "aws"
    row |= {
        "ResourceId": _resource_id(machine, "instances"),
        "ResourceName": machine.name,
        "ResourceType": "Instance",
        "ChargeDescription": "regional data transfer" if aws else "Network Inter Zone Data Transfer Out",
        "SkuMeter": "DataTransfer-Regional-Bytes" if aws else "",
        "x_Operation": "InterZone-Out" if aws else "",
    }
    return row


def _disk_row(disk: Disk, day: datetime) -> dict[str, Any]:
    sku = f"{disk.type}.{disk.level}" if disk.level else disk.type
    price = extra(disk.cloud, disk.region, sku)
    amount = Decimal(disk.size_gib) * 24 / _HOURS
    row = _row(disk, "storage", day, amount, "GB-Months", price, price * (1 - DISCOUNT[disk.cloud]))
    row |= {
        "ResourceId": _resource_id(disk, "disks"),
        "ResourceName": disk.name,
        "ResourceType": "Volume",
        "ChargeDescription": f"{sku} storage",
        "SkuId": sku,
        "SkuMeter": f"EBS:VolumeUsage.{disk.type}" if disk.cloud == "aws" else "",
    }
    return row


def _ip_rows(ip: Ip, day: datetime) -> Iterator[dict[str, Any]]:
    used = ip.machine is not None
    price = extra(ip.cloud, ip.region, "public_ip:in_use" if used else "public_ip:unused")
    if (ip.unused_since and ip.unused_since > day) or not price:
        return
    row = _row(ip, "network", day, Decimal(24), "Hours", price, price * (1 - DISCOUNT[ip.cloud]))
    idle = "In-use public IPv4 address" if used else "Idle public IPv4 address"
    row |= {
        "ResourceId": ip.id,
        "ResourceType": "Public IP",
        "ChargeDescription": idle,
        "SkuMeter": ("PublicIPv4:InUseAddress" if used else "PublicIPv4:IdleAddress")
        if ip.cloud == "aws"
        else "",
    }
    yield row


def _service_rows(service: Service, day: datetime) -> Iterator[dict[str, Any]]:
    for one in service.charges:
        paid = one.price * (1 - DISCOUNT[service.cloud])
        row = _base(
            service.cloud, service.account, service.region, day, one.meter or one.words, one.units, one.unit,
            one.price, paid,
        )  # fmt: skip
        yield row | {
            "ServiceName": one.service,
            "ServiceCategory": one.category,
            "ServiceSubcategory": one.subcategory,
            "ChargeDescription": one.words,
            "SkuMeter": one.meter,
            "ResourceId": service.id,
            "ResourceName": service.row.get("name") or service.id,
            "ResourceType": service.table.removesuffix("s").replace("_", " ").capitalize(),
        }


def _account_rows(cloud: str, days: list[datetime]) -> Iterator[dict[str, Any]]:
    """What no resource of the inventory stands for: object storage, tax, and a credit."""
    owner = {"aws": AWS_DEV, "alibaba": ALIBABA, "gcp": GCP_DEV}[cloud]
    first = {"aws": AWS_PROD, "alibaba": ALIBABA, "gcp": GCP_PROD}[cloud]
    region = {"aws": "us-east-1", "alibaba": "ap-southeast-1", "gcp": "us-central1"}[cloud]
    for day in days:
        row = _base(
            cloud, first, region, day, "object", Decimal(1600), "GB", Decimal("0.00076"), Decimal("0.0007")
        )
        yield row | {
            "ServiceName": {
                "aws": "Amazon Simple Storage Service",
                "alibaba": "Object Storage Service",
                "gcp": "Cloud Storage",
            }[cloud],
            "ServiceCategory": "Storage",
            "ServiceSubcategory": "Object Storage",
            "ChargeDescription": "object storage",
            "ResourceId": f"{cloud}-shop-assets",
            "ResourceType": "Bucket",
        }
    for category, amount in (("Tax", Decimal("312.40")), ("Credit", Decimal("-150.00"))):
        row = _base(cloud, owner, region, days[0], "other", Decimal(1), "", amount, amount)
        yield row | {
            "ChargeCategory": category,
            "ChargeFrequency": "One-Time",
            "ServiceName": category,
            "ServiceCategory": "Other",
            "ServiceSubcategory": "Other (Other)",
            "ChargeDescription": category.lower(),
            "ConsumedQuantity": "",
            "PricingQuantity": "",
        }


def _row(
    of: Machine | Disk | Ip,
    kind: str,
    day: datetime,
    amount: Decimal,
    unit: str,
    price: Decimal,
    paid: Decimal,
) -> dict[str, Any]:
    row = _base(of.cloud, of.account, of.region, day, kind, amount, unit, price, paid)
    category, subcategory = _CATEGORY[kind]
    return row | {
        "AvailabilityZone": getattr(of, "zone", ""),
        "ServiceName": _SERVICE[(of.cloud, kind)],
        "ServiceCategory": category,
        "ServiceSubcategory": subcategory,
    }


def _base(
    cloud: str,
    account: str,
    region: str,
    day: datetime,
    sku: str,
    amount: Decimal,
    unit: str,
    price: Decimal,
    paid: Decimal,
) -> dict[str, Any]:
    provider, issuer = _PROVIDER[cloud]
    listed, cost = _money(amount * price), _money(amount * paid)
    month = day.replace(day=1)
    return {
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ContractedCost": cost,
        "ListCost": listed,
        "ListUnitPrice": _money(price),
        "ContractedUnitPrice": _money(paid),
        "BillingAccountId": _PAYER[cloud],
        "BillingAccountName": "Acme Shop",
        "BillingAccountType": "Account",
        "BillingCurrency": "USD",
        "BillingPeriodStart": _instant(month),
        "BillingPeriodEnd": _instant((month + timedelta(days=32)).replace(day=1)),
        "ChargePeriodStart": _instant(day),
        "ChargePeriodEnd": _instant(day + timedelta(days=1)),
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
        "ConsumedQuantity": _money(amount),
        "ConsumedUnit": unit,
        "PricingQuantity": _money(amount),
        "PricingUnit": unit,
        "PricingCategory": "Standard",
        "ProviderName": provider,
        "PublisherName": provider,
        "InvoiceIssuerName": issuer,
        "RegionId": region,
        "SkuId": sku,
        "SubAccountId": account,
    }


def _resource_id(of: Machine | Disk, kind: str) -> str:
    """The id as the cloud's own bill writes it."""
    if of.cloud == "gcp":
        return f"//compute.googleapis.com/projects/{of.account}/zones/{of.zone}/{kind}/{of.id}"
    if of.cloud == "aws" and kind == "disks":
        return f"arn:aws:ec2:{of.region}:{of.account}:volume/{of.id}"
    return of.id


@lru_cache(maxsize=4096)
def _money(amount: Decimal) -> str:
    return f"{amount:.12f}".rstrip("0").rstrip(".") or "0"


@lru_cache(maxsize=4096)
def _instant(at: datetime) -> str:
    return at.strftime(_INSTANT)
