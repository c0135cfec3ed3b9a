"""Databases and caches: raw answers in, rows out."""

from datetime import datetime
from typing import Any

import pytest

from collectors.alibaba.databases import get_databases, transform_databases
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.alibaba.canned import ACCOUNT, Canned

REGION = "cn-hangzhou"
HERE = {"cloud": "alibaba", "account_id": ACCOUNT, "region": REGION}
MADE = datetime(2026, 1, 2, 3, 4, 5)
NAME = "<script>alert('x')</script>\r\n=1+1"
DENIED = CallError("denied", "Forbidden.RAM", "denied")
ABSENT = CallError("skipped", "NoSuchHost", "not offered")


def scope(dataset: str) -> Scope:
    return Scope("alibaba", ACCOUNT, REGION, dataset)


def raw(**products: Any) -> dict[str, Any]:
    return {"rds": [], "kvstore": [], "polardb": [], **products}


def database(**more: Any) -> dict[str, Any]:
    usual = {
        "DBInstanceId": "rm-1", "DBInstanceDescription": NAME, "Engine": "MySQL", "EngineVersion": "8.0", "DBInstanceStatus": "Running",
        "DBInstanceClass": "mysql.n2.medium.1", "Category": "HighAvailability", "DBInstanceStorageType": "cloud_essd",
        "DBInstanceStorage": "100", "PayType": "Postpaid", "CreateTime": "2026-01-02T03:04:05Z", "MasterInstanceId": "",
        "ZoneId": "cn-hangzhou-k", "DBInstanceCPU": "2", "DBInstanceMemory": 4096, "ExpireTime": "",
    }  # fmt: skip
    (row,) = transform_databases(raw(rds=[usual | more]), scope("databases"))["databases"]
    return row


def test_a_database_has_all_its_columns() -> None:
    assert database() == {
        **HERE, "database_id": "rm-1", "name": NAME, "engine": "mysql", "engine_version": "8.0",
        "instance_type": "mysql.n2.medium.1", "state": "running", "multi_zone": True, "storage_type": "cloud_essd",
        "storage_gib": 100.0, "replica_of": None, "purchase_model": "on_demand", "created_at": MADE, "kind": "relational",
        "zone": "cn-hangzhou-k", "vcpu": 2.0, "memory_gib": 4.0, "serverless": False, "expires_at": None, "auto_renew": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"DBInstanceStatus": "Stopped"}, "state", "stopped"),
        ({"DBInstanceStatus": "Rebooting"}, "state", "other"),
        ({"Category": "Basic"}, "multi_zone", False),
        ({"Category": "serverless_basic"}, "multi_zone", False),
        ({"Category": "cluster"}, "multi_zone", True),
        ({"Category": "of tomorrow"}, "multi_zone", None),
        ({"PayType": "Prepaid"}, "purchase_model", "subscription"),
        ({"MasterInstanceId": "rm-0"}, "replica_of", "rm-0"),
        ({"DBInstanceStorage": None}, "storage_gib", None),
        (
            {"PayType": "Prepaid", "ExpireTime": "2027-01-31T16:00:00Z"},
            "expires_at",
            datetime(2027, 1, 31, 16),
        ),
        ({"ExpireTime": "2027-01-31T16:00:00Z"}, "expires_at", None),
        ({"PayType": "Prepaid", "AutoRenewal": True}, "auto_renew", True),
        ({"PayType": "Prepaid", "AutoRenewal": False}, "auto_renew", False),
        ({"PayType": "Prepaid"}, "auto_renew", None),
        ({"Category": "serverless_basic"}, "serverless", True),
        ({"PayType": "SERVERLESS"}, "vcpu", None),
        ({"PayType": "SERVERLESS"}, "purchase_model", "on_demand"),
        ({"DBInstanceMemory": None}, "memory_gib", None),
        ({"Engine": None}, "engine", None),
        ({"DBInstanceDescription": ""}, "name", None),
    ],
)
def test_what_a_database_tells(more: dict[str, Any], column: str, value: Any) -> None:
    assert database(**more)[column] == value


def test_databases_are_counted_in_a_field_of_their_own() -> None:
    def page(asked: dict[str, Any]) -> dict[str, Any]:
        found = [
            {"DBInstanceId": f"rm-{number}"}
            for number in range((asked["PageNumber"] - 1) * 100, min(asked["PageNumber"] * 100, 150))
        ]
        return {"Items": {"DBInstance": found}, "TotalRecordCount": 150, "PageRecordCount": len(found)}

    client = Canned(
        rds_DescribeDBInstances=page, rds_DescribeDBInstanceAttribute=attributes, kvstore_DescribeInstances=ABSENT,
        polardb_DescribeDBClusters=ABSENT,
    )  # fmt: skip
    problems: list[str] = []
    found = get_databases(client, problems)
    assert (len(found["rds"]), problems) == (150, [])
    assert len(client.questions("rds_DescribeDBInstances")) == 2
    assert len(client.questions("rds_DescribeDBInstanceAttribute")) == 5
    assert {one["DBInstanceStorage"] for one in found["rds"]} == {50}


def attributes(asked: dict[str, Any]) -> Any:
    """Attributes of those that are asked for; one of them was deleted meanwhile."""
    names = asked["DBInstanceId"].split(",")
    if "rm-gone" in names:
        return CallError("failed", "InvalidDBInstanceId.NotFound", "gone")
    return {
        "Items": {"DBInstanceAttribute": [{"DBInstanceId": one, "DBInstanceStorage": 50} for one in names]}
    }


def of_region(**answers: Any) -> Canned:
    listed = {
        "Items": {"DBInstance": [{"DBInstanceId": f"rm-{one}"} for one in ("gone", 1, 2)]},
        "TotalRecordCount": 3,
    }
    return Canned(
        **{
            "rds_DescribeDBInstances": listed,
            "rds_DescribeDBInstanceAttribute": attributes,
            "kvstore_DescribeInstances": {
                "Instances": {"KVStoreInstance": [{"InstanceId": "r-1"}]},
                "TotalCount": 1,
            },
            "polardb_DescribeDBClusters": {
                "Items": {"DBCluster": [{"DBClusterId": "pc-1"}]},
                "TotalRecordCount": 1,
            },
        }
        | answers
    )


def test_a_database_that_was_deleted_meanwhile_takes_no_other_s_attributes_with_it() -> None:
    problems: list[str] = []
    found = get_databases(of_region(), problems)["rds"]
    assert problems == []
    assert {one["DBInstanceId"]: one.get("DBInstanceStorage") for one in found} == {
        "rm-gone": None, "rm-1": 50, "rm-2": 50,
    }  # fmt: skip


def test_attributes_that_may_not_be_read_are_unknown_and_told() -> None:
    problems: list[str] = []
    found = get_databases(of_region(rds_DescribeDBInstanceAttribute=DENIED), problems)
    assert problems == ["denied"]
    assert {row["storage_gib"] for row in transform_databases(found, scope("databases"))["databases"]} == {
        None
    }


def test_a_product_that_is_not_offered_leaves_the_others_and_none_at_all_is_told() -> None:
    problems: list[str] = []
    found = get_databases(
        of_region(rds_DescribeDBInstances=ABSENT, polardb_DescribeDBClusters=ABSENT), problems
    )
    assert ([len(found[one]) for one in ("rds", "kvstore", "polardb")], problems) == ([0, 1, 0], [])
    nowhere = of_region(
        rds_DescribeDBInstances=ABSENT, kvstore_DescribeInstances=ABSENT, polardb_DescribeDBClusters=ABSENT
    )
    with pytest.raises(CallError, match="not offered"):
        get_databases(nowhere, problems)


def test_a_product_that_may_not_be_read_is_told_and_the_others_are_there() -> None:
    problems: list[str] = []
    found = get_databases(of_region(kvstore_DescribeInstances=DENIED), problems)
    assert ([len(found[one]) for one in ("rds", "kvstore", "polardb")], problems) == ([3, 0, 1], ["denied"])


def test_a_cache_has_all_its_columns() -> None:
    told = {
        "InstanceId": "r-1", "InstanceName": NAME, "InstanceType": "Tair", "EngineVersion": "7.0", "InstanceClass": "tair.rdb.2g",
        "InstanceStatus": "Normal", "Capacity": 2048, "ArchitectureType": "cluster", "ChargeType": "PrePaid", "ZoneId": "z-1",
        "SecondaryZoneId": "z-2", "EndTime": "2027-01-31T16:00:00Z", "CreateTime": "2026-01-02T03:04:05Z",
        "Tags": {"Tag": [{"Key": "a", "Value": "b"}]},
    }  # fmt: skip
    found = transform_databases(raw(kvstore=[told]), scope("databases"))
    assert found["databases"] == [
        {
            **HERE, "database_id": "r-1", "name": NAME, "engine": "tair", "engine_version": "7.0", "instance_type": "tair.rdb.2g",
            "state": "running", "multi_zone": True, "storage_type": "cluster", "storage_gib": None, "replica_of": None,
            "kind": "cache", "zone": "z-1", "vcpu": None, "memory_gib": 2.0, "serverless": False, "created_at": MADE,
            "purchase_model": "subscription", "expires_at": datetime(2027, 1, 31, 16), "auto_renew": None,
        }
    ]  # fmt: skip
    assert found["tags"] == [
        {**HERE, "resource_type": "database", "resource_id": "r-1", "key": "a", "value": "b"}
    ]


def test_a_cluster_is_told_by_one_of_its_nodes_and_what_it_stores() -> None:
    told = {
        "DBClusterId": "pc-1", "DBType": "PostgreSQL", "DBClusterStatus": "Running", "DBNodeClass": "polar.pg.x4.large", "CpuCores": "4",
        "MemorySize": "32768", "StorageUsed": 1 << 31, "StoragePayType": "Postpaid", "PayType": "Postpaid", "HotStandbyCluster": "ON",
    }  # fmt: skip
    (row,) = transform_databases(raw(polardb=[told]), scope("databases"))["databases"]
    assert (row["engine"], row["vcpu"], row["memory_gib"], row["storage_gib"], row["multi_zone"]) == (
        "polardb-postgresql", 4, 32, 2, True,
    )  # fmt: skip
    bought = {
        **told,
        "StoragePayType": "Prepaid",
        "StorageSpace": 1 << 33,
        "ServerlessType": "AgileServerless",
    }
    (row,) = transform_databases(raw(polardb=[bought]), scope("databases"))["databases"]
    assert (row["storage_gib"], row["serverless"], row["vcpu"]) == (8, True, None)
