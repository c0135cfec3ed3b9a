"""Products of services beside EC2 and VPC, as far as anybody wants them, among what looks like them.

Attributes as public price lists have them; prices of us-east-1, times the factor of the region.
"""

from collections.abc import Iterator
from typing import Any

from tests.servers.aws import catalogue as c

# Family, attributes, price, unit.
Line = tuple[str, dict[str, str], float, str]
_CLASSES = ("t3.micro", "t3.medium", "m5.large", "m5.xlarge", "m6g.large", "r5.large")


def _rds(prefix: str) -> Iterator[Line]:
    for name in _CLASSES:
        for engine, factor in (("PostgreSQL", 1.0), ("MySQL", 0.96), ("Oracle", 2.0)):
            told = {
                "instanceType": f"db.{name}",
                "databaseEngine": engine,
                "licenseModel": "No license required",
            }
            hour = c.on_demand(name, "us-east-1") * 1.85 * factor
            for option, usage, times in (("Single-AZ", "InstanceUsage", 1), ("Multi-AZ", "Multi-AZUsage", 2)):
                attributes = {**told, "deploymentOption": option, "usagetype": f"{prefix}{usage}:db.{name}"}
                yield "Database Instance", attributes, hour * times, "Hrs"
            readable = {
                "deploymentOption": "Multi-AZ (readable standbys)",
                "usagetype": f"{prefix}Multi-AZClusterUsage:db.{name}",
            }
            yield "Database Instance", {**told, **readable}, hour * 3, "Hrs"
    for option, usage, times in (
        ("Single-AZ", "RDS:GP3-Storage", 1),
        ("Multi-AZ", "RDS:Multi-AZ-GP3-Storage", 2),
    ):
        attributes = {
            "databaseEngine": "Any",
            "volumeType": "General Purpose-GP3",
            "deploymentOption": option,
        }
        yield "Database Storage", {**attributes, "usagetype": prefix + usage}, 0.115 * times, "GB-Mo"


def _caches(prefix: str) -> Iterator[Line]:
    for name in _CLASSES:
        for engine in ("Redis", "Memcached"):
            attributes = {
                "instanceType": f"cache.{name}", "cacheEngine": engine, "usagetype": f"{prefix}NodeUsage:cache.{name}",
            }  # fmt: skip
            yield "Cache Instance", attributes, c.on_demand(name, "us-east-1") * 1.6, "Hrs"


def _balancers(prefix: str) -> Iterator[Line]:
    for kind, price in (("-Application", 0.0225), ("-Network", 0.0225), ("-Gateway", 0.0125), ("", 0.025)):
        yield f"Load Balancer{kind}", {"usagetype": f"{prefix}LoadBalancerUsage"}, price, "Hrs"
        yield f"Load Balancer{kind}", {"usagetype": f"{prefix}LCUUsage"}, 0.008, "LCU-Hrs"
        yield f"Load Balancer{kind}", {"usagetype": f"{prefix}Outposts-LoadBalancerUsage"}, 0.01, "Hrs"


def _learning(prefix: str) -> Iterator[Line]:
    for name in _CLASSES:
        for usage in ("Notebk", "Host", "Train"):
            attributes = {"instanceName": f"ml.{name}", "usagetype": f"{prefix}{usage}:ml.{name}"}
            yield "ML Instance", attributes, c.on_demand(name, "us-east-1") * 1.2, "Hrs"


def _simple(*lines: tuple[str, str, float, str]) -> Any:
    def made(prefix: str) -> Iterator[Line]:
        for family, usage, price, unit in lines:
            yield family, {"usagetype": prefix + usage}, price, unit

    return made


FURTHER = {
    "AmazonRDS": _rds, "AmazonElastiCache": _caches, "AWSELB": _balancers, "AmazonSageMaker": _learning,
    "AmazonS3": _simple(
        ("Storage", "TimedStorage-ByteHrs", 0.023, "GB-Mo"), ("Storage", "TimedStorage-SIA-ByteHrs", 0.0125, "GB-Mo"),
        ("Storage", "TimedStorage-GlacierByteHrs", 0.0036, "GB-Mo"), ("Storage", "TimedStorage-GDA-ByteHrs", 0.001, "GB-Mo"),
    ),
    "AmazonECR": _simple(("EC2 Container Registry", "TimedStorage-ByteHrs", 0.1, "GB-Mo")),
    "AmazonCloudWatch": _simple(("Storage Snapshot", "TimedStorage-ByteHrs", 0.03, "GB-Mo")),
    "AWSLambda": _simple(
        ("Serverless", "Lambda-Provisioned-Concurrency", 0.0000041667, "Lambda-GB-Second"),
        ("Serverless", "Lambda-Provisioned-Concurrency-ARM", 0.0000033334, "Lambda-GB-Second"),
        ("Serverless", "Lambda-GB-Second", 0.0000166667, "Lambda-GB-Second"),
    ),
    "AWSDataTransfer": _simple(
        ("Data Transfer", "DataTransfer-Regional-Bytes", 0.01, "GB"), ("Data Transfer", "DataTransfer-xAZ-In-Bytes", 0.01, "GB"),
    ),
}  # fmt: skip


def products_of(service: str, region: str) -> Iterator[Line]:
    """What a service has in a region."""
    place = {"location": c.LOCATIONS[region], "locationType": "AWS Region", "regionCode": region}
    if service == "AWSDataTransfer":  # which names two ends instead
        place = {"fromRegionCode": region, "toRegionCode": region, "transferType": "IntraRegion"}
    for family, attributes, price, unit in FURTHER[service](c.PREFIXES[region]):
        yield family, {**place, **attributes}, price * c.REGION_FACTORS[region], unit
