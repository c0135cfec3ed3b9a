"""What the sample estate's clouds sell: types, prices, spot prices. Sample values near the public list prices of
2024 to 2026, all in US dollars; they are data of an example, not a price list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

SOURCE = "sample estate"


@dataclass(frozen=True, slots=True)
class Type:
    """A machine type and its hourly list price in the first region of its cloud.

    `network` is in Gbit per second; `disks` are MiB and operations per second.
    """

    cloud: str
    name: str
    vcpu: float
    memory_gib: float
    family: str
    hourly: str
    architecture: str = "x86_64"
    gpu: str | None = None
    burstable: bool = False
    network: float | None = None
    disks: tuple[float | None, float | None] = (None, None)

    @property
    def line(self) -> str:
        """What its family is a generation of."""
        return self.family.rstrip("0123456789aygdn") if self.cloud != "gcp" else "n-standard"

    @property
    def generation(self) -> int:
        return int("".join(letter for letter in self.family if letter.isdigit())[:1] or 0)


TYPES = {
    one.name: one
    for one in (
        Type("aws", "m5.large", 2, 8, "m5", "0.096", network=0.75, disks=(77.5, 3600.0)),
        Type("aws", "m5.xlarge", 4, 16, "m5", "0.192", network=1.25, disks=(137.1, 6000.0)),
        Type("aws", "m5.2xlarge", 8, 32, "m5", "0.384", network=2.5, disks=(274.2, 12_000.0)),
        Type("aws", "m5.4xlarge", 16, 64, "m5", "0.768", network=5.0, disks=(566.2, 18_750.0)),
        Type("aws", "c5.xlarge", 4, 8, "c5", "0.170", network=1.25, disks=(137.1, 6000.0)),
        Type("aws", "c5.2xlarge", 8, 16, "c5", "0.340", network=2.5, disks=(274.2, 10_000.0)),
        Type("aws", "r5.xlarge", 4, 32, "r5", "0.252", network=1.25, disks=(137.1, 6000.0)),
        Type("aws", "r5.2xlarge", 8, 64, "r5", "0.504", network=2.5, disks=(274.2, 12_000.0)),
        Type(
            "aws", "g4dn.xlarge", 4, 16, "g4dn", "0.526", gpu="NVIDIA T4", network=5.0, disks=(113.2, 3000.0)
        ),
        Type("aws", "m6a.large", 2, 8, "m6a", "0.0864", network=0.78, disks=(81.25, 3600.0)),
        Type("aws", "m6a.xlarge", 4, 16, "m6a", "0.1728", network=1.56, disks=(156.25, 6000.0)),
        Type("aws", "m6a.2xlarge", 8, 32, "m6a", "0.3456", network=3.12, disks=(312.5, 12_000.0)),
        Type("aws", "m6a.4xlarge", 16, 64, "m6a", "0.6912", network=6.25, disks=(625.0, 20_000.0)),
        Type("aws", "m7g.large", 2, 8, "m7g", "0.0816", "arm64", network=0.94, disks=(78.75, 3600.0)),
        Type("aws", "m7g.xlarge", 4, 16, "m7g", "0.1632", "arm64", network=1.88, disks=(156.25, 6000.0)),
        Type("alibaba", "ecs.g8y.xlarge", 4, 16, "g8y", "0.1509", "arm64", network=3.0),
        Type("alibaba", "ecs.g7.large", 2, 8, "g7", "0.0943", network=2.0),
        Type("alibaba", "ecs.g7.xlarge", 4, 16, "g7", "0.1886", network=3.0),
        Type("alibaba", "ecs.g7.2xlarge", 8, 32, "g7", "0.3772", network=5.0),
        Type("alibaba", "ecs.g7.4xlarge", 16, 64, "g7", "0.7544", network=10.0),
        Type("alibaba", "ecs.c7.xlarge", 4, 8, "c7", "0.1540", network=3.0),
        Type("gcp", "n2-standard-2", 2, 8, "n2", "0.097118"),
        Type("gcp", "n2-standard-4", 4, 16, "n2", "0.194236"),
        Type("gcp", "n2-standard-8", 8, 32, "n2", "0.388472"),
        Type("gcp", "n2-standard-16", 16, 64, "n2", "0.776944"),
        Type("gcp", "e2-standard-4", 4, 16, "e2", "0.134023"),
    )
}
# Per GiB and month, operations and MiB per second beyond what is included, hours of an address.
_EXTRAS = {
    "aws": {
        "gp2": ("GiB-month", "0.10"),
        "gp3": ("GiB-month", "0.08"),
        "gp3:iops": ("IOPS-month", "0.005"),
        "gp3:throughput": ("MiBps-month", "0.04"),
        "st1": ("GiB-month", "0.045"),
        "public_ip:unused": ("hour", "0.005"),
        "public_ip:in_use": ("hour", "0.005"),
        "snapshot": ("GiB-month", "0.05"),
        "snapshot:archive": ("GiB-month", "0.0125"),
        "bucket:standard": ("GiB-month", "0.023"),
        "bucket:infrequent": ("GiB-month", "0.0125"),
        "db:mysql:db.m5.large": ("hour", "0.178"),
        "db:mysql:db.m5.xlarge": ("hour", "0.356"),
        "db:mysql:db.m5.2xlarge": ("hour", "0.712"),
        "db:mysql:db.m5.4xlarge": ("hour", "1.424"),
        "db:mysql:db.r5.xlarge": ("hour", "0.50"),
    },
    "alibaba": {
        "cloud_essd.PL1": ("GiB-month", "0.14"),
        "cloud_essd.PL0": ("GiB-month", "0.07"),
        "cloud_efficiency": ("GiB-month", "0.05"),
        "public_ip:unused": ("hour", "0.003"),
        "public_ip:in_use": ("hour", "0.000"),
        "bucket:standard": ("GiB-month", "0.023"),
        "bucket:infrequent": ("GiB-month", "0.0125"),
    },
    "gcp": {
        "pd-ssd": ("GiB-month", "0.17"),
        "pd-balanced": ("GiB-month", "0.10"),
        "pd-standard": ("GiB-month", "0.04"),
        "snapshot": ("GiB-month", "0.05"),
        "snapshot:archive": ("GiB-month", "0.019"),
        "bucket:standard": ("GiB-month", "0.023"),
        "bucket:infrequent": ("GiB-month", "0.010"),
        "db:mysql:db-custom-2-8192": ("hour", "0.1386"),
        "db:mysql:db-custom-4-16384": ("hour", "0.277"),
        "public_ip:unused": ("hour", "0.010"),
        "public_ip:in_use": ("hour", "0.005"),
    },
}
# Regions of the sample and what they cost beside the first one.
REGION_FACTOR = {
    "us-east-1": "1", "eu-west-1": "1.11", "ap-southeast-1": "1", "eu-central-1": "0.96", "us-central1": "1",
    "europe-west1": "1.10",
}  # fmt: skip
CLOUD_REGIONS = {
    "aws": ("us-east-1", "eu-west-1"),
    "alibaba": ("ap-southeast-1", "eu-central-1"),
    "gcp": ("us-central1", "europe-west1"),
}
_SPOT_SHARE = {"aws": "0.36", "alibaba": "0.25", "gcp": "0.30"}


def hourly(type_name: str, region: str) -> Decimal:
    """List price of an hour of this type."""
    return Decimal(TYPES[type_name].hourly) * Decimal(REGION_FACTOR[region])


def extra(cloud: str, region: str, sku: str) -> Decimal:
    """List price of a unit of anything that is not a machine."""
    return Decimal(_EXTRAS[cloud][sku][1]) * Decimal(REGION_FACTOR[region])


def spot_hourly(type_name: str, region: str) -> Decimal:
    """What the sample's spot machines paid for an hour on average."""
    return hourly(type_name, region) * Decimal(_SPOT_SHARE[TYPES[type_name].cloud])


def type_rows(cloud: str) -> list[dict[str, Any]]:
    """Rows of instance_types."""
    return [
        {
            "cloud": cloud,
            "instance_type": one.name,
            "vcpu": float(one.vcpu),
            "memory_gib": float(one.memory_gib),
            "architecture": one.architecture,
            "family": one.family,
            "burstable": one.burstable,
            "generation": one.generation,
            "line": one.line,
            "gpu_count": 1 if one.gpu else 0,
            "gpu_model": one.gpu,
            "local_disk_gib": 125.0 if one.gpu else 0.0,
            "network_gbps": one.network,
            "disk_throughput_mib": one.disks[0],
            "disk_iops": one.disks[1],
        }
        for one in TYPES.values()
        if one.cloud == cloud
    ]


def list_rows(cloud: str, region: str, as_of: datetime) -> list[dict[str, Any]]:
    """Rows of prices: the list."""
    listed = [
        _price(cloud, region, None, one.name, "on_demand", "hour", hourly(one.name, region), as_of)
        for one in TYPES.values()
        if one.cloud == cloud
    ]
    listed += [
        _price(cloud, region, None, sku, "on_demand", unit, extra(cloud, region, sku), as_of)
        for sku, (unit, _) in _EXTRAS[cloud].items()
    ]
    return listed


def spot_rows(cloud: str, region: str, as_of: datetime) -> list[dict[str, Any]]:
    """Rows of prices: a spot history that changes every five days in each zone."""
    return list(_spot_rows(cloud, region, as_of))


def zones(cloud: str, region: str) -> tuple[str, str]:
    """Two zones of a region, named as the cloud names them."""
    return (f"{region}-a", f"{region}-b") if cloud == "gcp" else (f"{region}a", f"{region}b")


def _spot_rows(cloud: str, region: str, as_of: datetime) -> Iterator[dict[str, Any]]:
    for one in TYPES.values():
        if one.cloud != cloud:
            continue
        for place, zone in enumerate(zones(cloud, region)):
            for step in range(18):
                # The share swings by a few per cent around its mean, differently in each zone.
                swing = Decimal((step * 7 + place * 3) % 5 - 2) / Decimal(100)
                price = spot_hourly(one.name, region) * (1 + swing)
                at = as_of - timedelta(days=90 - 5 * step)
                yield _price(cloud, region, zone, one.name, "spot", "hour", price, at)


def _price(
    cloud: str, region: str, zone: str | None, sku: str, model: str, unit: str, price: Decimal, at: datetime
) -> dict[str, Any]:
    return {
        "cloud": cloud,
        "region": region,
        "zone": zone,
        "sku": sku,
        "purchase_model": model,
        "unit": unit,
        "price": price.quantize(Decimal("0.000000000001")),
        "currency": "USD",
        "as_of": at,
        "source": SOURCE,
    }
