"""The products of the price list: what one wants, among what looks like it."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES

from tests.servers.aws import catalogue as c
from tests.servers.aws.further_products import FURTHER, products_of

ON_DEMAND, RESERVED = "JRTCKXETXF", "4NA7Y494T4"
OPERATIONS = {
    "Linux": "RunInstances",
    "Windows": "RunInstances:0002",
    "RHEL": "RunInstances:0010",
    "SUSE": "RunInstances:000g",
}
FAMILY_NAMES = {
    "m": "General purpose",
    "c": "Compute optimized",
    "r": "Memory optimized",
    "t": "General purpose",
    "i": "Storage optimized",
    "g": "GPU instance",
}
VOLUMES = {  # API name: usage type's end, volume type, medium, unit
    "gp2": ("VolumeUsage.gp2", "General Purpose", "SSD-backed", "GB-Mo"),
    "gp3": ("VolumeUsage.gp3", "General Purpose", "SSD-backed", "GB-Mo"),
    "io1": ("VolumeUsage.piops", "Provisioned IOPS", "SSD-backed", "GB-Mo"),
    "io2": ("VolumeUsage.io2", "Provisioned IOPS", "SSD-backed", "GB-month"),
    "st1": ("VolumeUsage.st1", "Throughput Optimized HDD", "HDD-backed", "GB-Mo"),
    "sc1": ("VolumeUsage.sc1", "Cold HDD", "HDD-backed", "GB-Mo"),
    "standard": ("VolumeUsage", "Magnetic", "HDD-backed", "GB-Mo"),
}
Product = dict[str, Any]


# Services of the price list.
SERVICES = ("AmazonEC2", "AmazonVPC", *FURTHER)


@cache
def products(service: str) -> list[Product]:
    regions = c.PRICED_REGIONS
    if service == "AmazonVPC":
        return [product for region in regions for product in addresses(region)]
    if service == "AmazonEC2":
        return [
            product for region in regions for part in (instances, volumes, others) for product in part(region)
        ]
    return [product for region in regions for product in further(service, region)]


def instances(region: str) -> Iterator[Product]:
    """Each type and system as one wants it, among what looks like it."""
    for name in c.priced_types():
        if name not in c.offered(region):
            continue
        for system in c.SYSTEMS:
            if (
                system != "Linux"
                and INSTANCE_TYPES[name]["ProcessorInfo"]["SupportedArchitectures"] == ["arm64"]
                and system == "Windows"
            ):
                continue
            price = c.on_demand(name, region, system)
            yield instance(region, name, system, price)
            yield instance(
                region, name, system, price, capacitystatus="UnusedCapacityReservation", usage="UnusedBox"
            )
            yield instance(
                region, name, system, 0.0, capacitystatus="AllocatedCapacityReservation", usage="Reservation"
            )
            yield instance(
                region, name, system, round(price * 1.06, 4), tenancy="Dedicated", usage="DedicatedUsage"
            )
            if system in ("Linux", "Windows"):
                yield instance(
                    region,
                    name,
                    system,
                    round(price + 0.12 * c.vcpus(name), 4),
                    preInstalledSw="SQL Std",
                    suffix="0004",
                )
        if "arm64" not in INSTANCE_TYPES[name]["ProcessorInfo"]["SupportedArchitectures"]:
            # Windows with one's own licence costs as Linux, under the same four usual filters.
            yield instance(
                region,
                name,
                "Windows",
                c.on_demand(name, region),
                licenseModel="Bring your own license",
                suffix="0800",
            )


def instance(
    region: str,
    name: str,
    system: str,
    price: float,
    usage: str = "BoxUsage",
    suffix: str = "",
    **changed: str,
) -> Product:
    """A product as the price list describes it."""
    known = INSTANCE_TYPES[name]
    operation = OPERATIONS[system] if not suffix else f"RunInstances:{suffix}"
    attributes = {
        "servicecode": "AmazonEC2", "location": c.LOCATIONS[region], "locationType": "AWS Region", "instanceType": name,
        "currentGeneration": "Yes" if known.get("CurrentGeneration", True) else "No",
        "instanceFamily": FAMILY_NAMES[name[0]], "vcpu": str(c.vcpus(name)), "physicalProcessor": "Intel Xeon Platinum 8175",
        "memory": f"{c.memory_gib(name):g} GiB", "storage": "EBS only", "networkPerformance": known["NetworkInfo"]["NetworkPerformance"],
        "processorArchitecture": "64-bit", "tenancy": "Shared", "operatingSystem": system, "licenseModel": "No License required",
        "usagetype": f"{c.PREFIXES[region]}{usage}:{name}", "operation": operation, "availabilityzone": "NA",
        "capacitystatus": "Used", "marketoption": "OnDemand", "preInstalledSw": "NA", "regionCode": region,
        "servicename": "Amazon Elastic Compute Cloud", "vpcnetworkingsupport": "true", "normalizationSizeFactor": "NA",
    }  # fmt: skip
    attributes |= changed
    kind = "Compute Instance (bare metal)" if name.endswith(".metal") else "Compute Instance"
    text = f"${price:g} per On Demand {system} {name} Instance Hour"
    return product(
        kind, attributes, price, "Hrs", text, reserved=attributes["capacitystatus"] == "Used" and not suffix
    )


def volumes(region: str) -> Iterator[Product]:
    """Storage, provisioned operations and throughput of EBS."""
    for name, (usage, kind, medium, unit) in VOLUMES.items():
        attributes = ebs(region, usage, volumeType=kind, storageMedia=medium, volumeApiName=name)
        yield product(
            "Storage",
            attributes,
            c.unit_price(c.STORAGE[name], region),
            unit,
            f"per {unit} of {kind} ({name}) provisioned storage",
        )
    for name, price in c.IOPS.items():
        usage = {"io1": "VolumeP-IOPS.piops"}.get(name, f"VolumeP-IOPS.{name}")
        attributes = ebs(
            region,
            usage,
            volumeType=VOLUMES[name][1],
            volumeApiName=name,
            group="EBS IOPS",
            provisioned="Yes",
        )
        yield product(
            "System Operation",
            attributes,
            c.unit_price(price, region),
            "IOPS-Mo",
            f"per IOPS-month provisioned ({name})",
        )
    for tier, share in (("tier2", 0.7), ("tier3", 0.49)):
        attributes = ebs(
            region,
            f"VolumeP-IOPS.io2.{tier}",
            volumeType="Provisioned IOPS",
            volumeApiName="io2",
            group="EBS IOPS Tier",
            provisioned="Yes",
        )
        yield product(
            "System Operation",
            attributes,
            c.unit_price(c.IOPS["io2"] * share, region),
            "IOPS-Mo",
            f"per IOPS-month provisioned (io2 {tier})",
        )
    attributes = ebs(
        region,
        "VolumeP-Throughput.gp3",
        volumeApiName="gp3",
        volumeType="General Purpose",
        group="EBS Throughput",
        provisioned="Yes",
    )
    yield product(
        "Provisioned Throughput",
        attributes,
        c.unit_price(c.THROUGHPUT_GIBPS, region),
        "GiBps-mo",
        "per provisioned MiBps-month of gp3",
    )


def others(region: str) -> Iterator[Product]:
    attributes = ebs(region, "SnapshotUsage", storageMedia="Amazon S3")
    yield product(
        "Storage Snapshot",
        attributes,
        c.unit_price(c.SNAPSHOT, region),
        "GB-Mo",
        "per GB-Month of snapshot data stored",
    )
    base = {
        "servicecode": "AmazonEC2",
        "location": c.LOCATIONS[region],
        "locationType": "AWS Region",
        "regionCode": region,
        "group": "NGW:NatGateway",
    }
    for usage, unit in (("NatGateway-Hours", "Hrs"), ("NatGateway-Bytes", "GB")):
        attributes = base | {"usagetype": f"{c.PREFIXES[region]}{usage}", "operation": "NatGateway"}
        yield product(
            "NAT Gateway", attributes, c.unit_price(c.NAT_HOUR, region), unit, f"per NAT Gateway {unit}"
        )


def ebs(region: str, usage: str, **more: str) -> dict[str, str]:
    return {
        "servicecode": "AmazonEC2", "location": c.LOCATIONS[region], "locationType": "AWS Region", "regionCode": region,
        "servicename": "Amazon Elastic Compute Cloud", "usagetype": f"{c.PREFIXES[region]}EBS:{usage}", "operation": "", **more,
    }  # fmt: skip


def addresses(region: str) -> Iterator[Product]:
    """Public IPv4 addresses; these products have no family."""
    for usage, text in (("InUseAddress", "In-use"), ("IdleAddress", "Idle")):
        attributes = {
            "servicecode": "AmazonVPC", "location": c.LOCATIONS[region], "locationType": "AWS Region", "regionCode": region,
            "group": "VPCPublicIPv4Address", "groupDescription": f"Hourly charge for {text} Public IPv4 Addresses",
            "usagetype": f"{c.PREFIXES[region] or 'USE1-'}PublicIPv4:{usage}", "operation": "", "servicename": "Amazon Virtual Private Cloud",
        }  # fmt: skip
        yield product(None, attributes, c.ADDRESS, "Hrs", f"$0.005 per {text} public IPv4 address per hour")


def further(service: str, region: str) -> Iterator[Product]:
    """Products of the services beside EC2 and VPC."""
    for family, attributes, price, unit in products_of(service, region):
        yield product(family, {"servicecode": service, **attributes}, price, unit, f"per {unit}")


def product(
    family: str | None, attributes: dict[str, str], price: float, unit: str, text: str, reserved: bool = False
) -> Product:
    return {
        "productFamily": family,
        "attributes": attributes,
        "price": price,
        "unit": unit,
        "text": text,
        "reserved": reserved,
    }


def listed(service: str, product: Product) -> str:
    """A product as the JSON text that the service sends."""
    attributes = product["attributes"]
    sku = c.sku(service, *attributes.values())
    described = {"attributes": attributes, "sku": sku} | (
        {"productFamily": product["productFamily"]} if product["productFamily"] else {}
    )
    terms = {
        "OnDemand": {
            f"{sku}.{ON_DEMAND}": term(sku, ON_DEMAND, product["price"], product["unit"], product["text"], {})
        }
    }
    if product["reserved"]:
        attributes_of_term = {
            "LeaseContractLength": "1yr",
            "OfferingClass": "standard",
            "PurchaseOption": "No Upfront",
        }
        price = round(product["price"] * 0.63, 4)
        terms["Reserved"] = {
            f"{sku}.{RESERVED}": term(sku, RESERVED, price, product["unit"], "Reserved", attributes_of_term)
        }
    return json.dumps({
        "product": described, "serviceCode": service, "terms": terms,
        "version": "20261118012345", "publicationDate": "2026-11-18T01:23:45Z",
    })  # fmt: skip


def term(
    sku: str, code: str, price: float, unit: str, text: str, attributes: dict[str, str]
) -> dict[str, Any]:
    rate = f"{sku}.{code}.6YS6EN2CT7"
    dimension = {
        "unit": unit, "endRange": "Inf", "description": text, "appliesTo": [], "rateCode": rate, "beginRange": "0",
        "pricePerUnit": {"USD": f"{price:.10f}"},
    }  # fmt: skip
    return {
        "priceDimensions": {rate: dimension}, "sku": sku, "effectiveDate": "2026-11-01T00:00:00Z",
        "offerTermCode": code, "termAttributes": attributes,
    }  # fmt: skip
