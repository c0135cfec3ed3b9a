"""Products of the price list beyond machines: our names and units for them, and what is asked."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from collectors.aws.prices import get_list, transform_list
from collectors.aws.products import learning, priced
from finops.warehouse import Scope
from tests.collectors.aws.answers import Canned

SCOPE = Scope("aws", "012345678901", "eu-west-1", "prices")
AT = datetime(2026, 11, 20)


def product(family: str, usage: str, unit: str, *prices: str, **attributes: str) -> str:
    tiers = {
        f"rate-{number}": {"unit": unit, "pricePerUnit": {"USD": price}, "beginRange": str(number * 51_200)}
        for number, price in enumerate(prices)
    }
    told = {"regionCode": "eu-west-1", "usagetype": usage, **attributes}
    terms = {"OnDemand": {"offer": {"priceDimensions": tiers}}}
    return json.dumps({"product": {"productFamily": family, "attributes": told}, "terms": terms})


def named(kind: str, *texts: str) -> list[tuple[str, str, Decimal]]:
    """(sku, unit, price) of the rows of these products."""
    return [
        (row["sku"], row["unit"], row["price"]) for row in transform_list({kind: texts}, SCOPE, AT)["prices"]
    ]


POSTGRES: dict[str, Any] = {
    "instanceType": "db.m5.large",
    "databaseEngine": "PostgreSQL",
    "deploymentOption": "Single-AZ",
}


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("volumes", product("Storage Snapshot", "EU-EBS:SnapshotUsage", "GB-Mo", "0.05"), ("snapshot", "GiB-month", "0.05")),
        ("volumes", product("Storage Snapshot", "EU-EBS:SnapshotArchiveStorage", "GB-Mo", "0.0125"),
         ("snapshot:archive", "GiB-month", "0.0125")),
        ("volumes", product("NAT Gateway", "EU-NatGateway-Hours", "Hrs", "0.048"), ("nat_gateway", "hour", "0.048")),
        ("volumes", product("NAT Gateway", "EU-NatGateway-Bytes", "GB", "0.048"), ("traffic:nat", "GiB", "0.048")),
        ("load_balancers", product("Load Balancer-Network", "EU-LoadBalancerUsage", "Hrs", "0.02"),
         ("load_balancer:network", "hour", "0.02")),
        ("load_balancers", product("Load Balancer", "EU-LoadBalancerUsage", "Hrs", "0.028"),
         ("load_balancer:classic", "hour", "0.028")),
        ("databases:postgres", product("Database Instance", "EU-InstanceUsage:db.m5.large", "Hrs", "0.2", **POSTGRES),
         ("db:postgres:db.m5.large", "hour", "0.2")),
        ("databases:postgres", product("Database Instance", "EU-Multi-AZUsage:db.m5.large", "Hrs", "0.4",
                                       **{**POSTGRES, "deploymentOption": "Multi-AZ"}),
         ("db:postgres:db.m5.large:multi", "hour", "0.4")),
        ("databases:sqlserver-se", product("Database Instance", "EU-InstanceUsage:db.m5.large", "Hrs", "1", databaseEngine=
         "SQL Server", databaseEdition="Standard", licenseModel="License included", instanceType="db.m5.large"),
         ("db:sqlserver-se:db.m5.large", "hour", "1")),
        ("caches", product("Cache Instance", "EU-NodeUsage:cache.t3.micro", "Hrs", "0.02", instanceType="cache.t3.micro",
                           cacheEngine="Valkey"), ("db:valkey:cache.t3.micro", "hour", "0.02")),
        ("registry", product("EC2 Container Registry", "EU-TimedStorage-ByteHrs", "GB-Mo", "0.1"),
         ("registry", "GiB-month", "0.1")),
        ("logs", product("Storage Snapshot", "EU-TimedStorage-ByteHrs", "GB-Mo", "0.03"), ("logs:storage", "GiB-month", "0.03")),
        ("functions", product("Serverless", "EU-Lambda-Provisioned-Concurrency-ARM", "Lambda-GB-Second", "0.00001"),
         ("function:warm:arm64", "GiB-hour", "0.036")),
        ("ml", product("ML Instance", "EU-Notebk:ml.t3.medium", "Hrs", "0.05", instanceName="ml.t3.medium"),
         ("ml:notebook:ml.t3.medium", "hour", "0.05")),
        ("traffic", product("Data Transfer", "EU-DataTransfer-Regional-Bytes", "GB", "0.01"),
         ("traffic:cross_zone", "GiB", "0.01")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_each_product_has_our_name_and_unit(kind: str, text: str, told: tuple[str, str, str]) -> None:
    name, unit, price = told
    assert named(kind, text) == [(name, unit, Decimal(price))]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("load_balancers", product("Load Balancer-Application", "Outposts-LoadBalancerUsage", "Hrs", "0.01")),
        ("load_balancers", product("Load Balancer-Application", "EU-LCUUsage", "LCU-Hrs", "0.01")),
        ("databases:postgres", product("Database Instance", "EU-Multi-AZClusterUsage:db.m5.large", "Hrs", "0.6",
                                       **{**POSTGRES, "deploymentOption": "Multi-AZ (readable standbys)"})),
        ("databases:postgres", product("Database Instance", "EU-InstanceUsageIOOptimized:db.r5.large", "Hrs", "0.6",
                                       **POSTGRES)),
        ("databases:postgres", product("Database Instance", "EU-InstanceUsage:db.m5.large", "Hrs", "0.6",
                                       **{**POSTGRES, "databaseEngine": "Oracle"})),
        ("databases:sqlserver-se", product("Database Instance", "EU-InstanceUsage:db.m5.large", "Hrs", "1", databaseEngine=
         "SQL Server", databaseEdition="Standard", licenseModel="Bring your own license", instanceType="db.m5.large")),
        ("buckets", product("Storage", "EU-TimedStorage-GDA-ByteHrs", "GB-Mo", "0.001")),
        ("functions", product("Serverless", "EU-Lambda-GB-Second", "Lambda-GB-Second", "0.00001")),
        ("ml", product("ML Instance", "EU-Train:ml.m5.large", "Hrs", "0.05", instanceName="ml.m5.large")),
        ("traffic", product("Data Transfer", "EU-DataTransfer-xAZ-In-Bytes", "GB", "0.01")),
        ("registry", product("EC2 Container Registry", "EU-TimedStorage-ByteHrs", "GB-Mo", "0.1", regionCode="us-east-1")),
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_left_out(kind: str, text: str) -> None:
    assert named(kind, text) == []


def test_what_costs_less_the_more_there_is_has_a_row_for_each_tier() -> None:
    text = product("Storage", "EU-TimedStorage-ByteHrs", "GB-Mo", "0.023", "0.022")
    rows = transform_list({"buckets": [text]}, SCOPE, AT)["prices"]
    assert [(row["sku"], row["price"], row["tier_start"]) for row in rows] == [
        ("bucket:standard", Decimal("0.023"), None),
        ("bucket:standard", Decimal("0.022"), Decimal(51_200)),
    ]


def test_storage_that_costs_the_same_for_any_engine_has_a_row_for_each() -> None:
    told = {"volumeType": "General Purpose-GP3", "databaseEngine": "Any", "deploymentOption": "Single-AZ"}
    text = product("Database Storage", "EU-RDS:GP3-Storage", "GB-Mo", "0.127", **told)
    double = product(
        "Database Storage",
        "EU-RDS:Multi-AZ-GP3-Storage",
        "GB-Mo",
        "0.254",
        **{**told, "deploymentOption": "Multi-AZ"},
    )
    assert [name for name, _, _ in named("database_storage", text, double)] == [
        "db_storage:postgres:gp3", "db_storage:mysql:gp3", "db_storage:mariadb:gp3",
    ]  # fmt: skip
    own = product(
        "Database Storage", "EU-RDS:GP3-Storage", "GB-Mo", "0.1", **{**told, "databaseEngine": "MySQL"}
    )
    assert [name for name, _, _ in named("database_storage", own)] == ["db_storage:mysql:gp3"]


def test_classes_are_asked_for_by_engine_and_only_where_the_list_has_them() -> None:
    client = Canned("us-east-1", pricing_get_products={"PriceList": ["{}"]})
    get_list(client, "eu-west-1", {"databases:aurora-mysql": {"db.r5.large", "db.r5.xlarge"}}, [])
    ((_, asked),) = client.asked
    filters = {one["Field"]: one["Value"] for one in asked["Filters"]}
    assert (asked["ServiceCode"], filters) == ("AmazonRDS", {
        "regionCode": "eu-west-1", "productFamily": "Database Instance", "databaseEngine": "Aurora MySQL",
        "instanceType": "db.r5.large,db.r5.xlarge",
    })  # fmt: skip
    assert priced("sqlserver-web")
    assert not priced("oracle-se2")
    assert not priced("docdb")


def test_notebooks_and_endpoints_are_asked_for_by_a_part_of_their_usage_type() -> None:
    client = Canned("us-east-1", pricing_get_products={"PriceList": ["{}"]})
    names = {learning("notebook", "ml.t3.medium"), learning("endpoint", "ml.m5.large")}
    get_list(client, "eu-west-1", {"ml": names}, [])
    asked = [
        {one["Field"]: (one["Type"], one["Value"]) for one in parameters["Filters"]}
        for _, parameters in client.asked
    ]
    assert [each["usagetype"] for each in asked] == [
        ("CONTAINS", "Host:ml.m5.large"), ("CONTAINS", "Notebk:ml.t3.medium"),
    ]  # fmt: skip
