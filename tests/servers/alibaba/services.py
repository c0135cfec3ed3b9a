"""Databases (RDS 2014-08-15, Tair and Redis 2015-01-01, PolarDB 2017-08-01) and scaling groups (ESS 2014-08-28 and 2022-02-22)."""

from typing import Any

from tests.servers.alibaba.pages import numbered, shown
from tests.servers.alibaba.vpc import held
from tests.servers.alibaba.wire import Call, RefusalError

RDS, ESS_OLD, ESS_NEW = "2014-08-15", "2014-08-28", "2022-02-22"
REDIS, POLAR = "2015-01-01", "2017-08-01"


def describe_db_instances(call: Call) -> dict[str, Any]:
    """Items.DBInstance, with counts of its own names. Storage is told by the attribute call only."""
    found = held(
        call,
        "db",
        {"DBInstanceId": "DBInstanceId", "Engine": "Engine", "DBInstanceStatus": "DBInstanceStatus"},
    )
    page, counts = numbered(call, found, most=100, default=30)
    told = {
        "PageNumber": counts["PageNumber"],
        "PageRecordCount": len(page),
        "TotalRecordCount": counts["TotalCount"],
    }
    hidden = ONLY_ATTRIBUTES if call.flag("QueryAutoRenewal") else (*ONLY_ATTRIBUTES, "AutoRenewal")
    brief = [{name: value for name, value in item.items() if name not in hidden} for item in page]
    return {"Items": {"DBInstance": brief}, **told}


ONLY_ATTRIBUTES = ("DBInstanceStorage", "DBInstanceCPU", "DBInstanceMemory", "MaxIOPS", "MaxConnections")


def describe_db_instance_attribute(call: Call) -> dict[str, Any]:
    """Up to 30 names, separated by commas."""
    wanted = call.required("DBInstanceId").split(",")
    held_here = call.owner.of("db", call.region)
    missing = [name for name in wanted if name not in held_here]
    if missing:
        raise RefusalError(
            404, "InvalidDBInstanceId.NotFound", "The specified instance does not exist or is not supported."
        )
    page = [shown(held_here[name]) for name in wanted[:30]]
    call.items = len(page)
    return {"Items": {"DBInstanceAttribute": page}}


# Cores, GiB and cents (CNY) an hour of each class of a kind.
CLASSES = (("small", 1, 2, 30), ("medium", 2, 4, 60), ("large", 4, 8, 120), ("xlarge", 8, 16, 240))


def list_classes(call: Call) -> dict[str, Any]:
    """All classes of an engine; the commodity has to be of the account's site."""
    call.required("OrderType")
    china = call.owner.site == "china"
    if call.required("CommodityCode") != ("bards" if china else "bards_intl"):
        raise RefusalError(
            400, "InvalidCommodityCode.Malformed", "The specified parameter CommodityCode is not valid."
        )
    engine = {"MySQL": "mysql", "PostgreSQL": "pg", "SQLServer": "mssql", "MariaDB": "mariadb"}[
        call.params.get("Engine", "MySQL")
    ]
    listed = [
        {
            "ClassCode": f"{engine}.{kind}.{size}.{edition}", "ClassGroup": group, "Cpu": str(cores), "MemoryClass": f"{memory}GB",
            "MaxConnections": str(1000 * cores), "MaxIOPS": "2800", "MaxIOMBPS": "1024Mbps", "InstructionSetArch": "",
            "ReferencePrice": str(cents if china else cents // 7),
        }
        for kind, group in (("n2", "通用型"), ("x4", "独享型"))
        for edition in ("1", "2c")
        for size, cores, memory, cents in CLASSES
    ]  # fmt: skip
    call.items = len(listed)
    return {"RegionId": call.region, "Items": listed}


def describe_caches(call: Call) -> dict[str, Any]:
    filters = {"InstanceStatus": "InstanceStatus", "ChargeType": "ChargeType", "InstanceType": "InstanceType"}
    page, counts = numbered(call, held(call, "cache", filters), most=50)
    return {"Instances": {"KVStoreInstance": page}, **counts}


def describe_db_clusters(call: Call) -> dict[str, Any]:
    """Pages of 30, 50 or 100 only."""
    if call.params.get("PageSize", "30") not in ("30", "50", "100"):
        raise RefusalError(400, "InvalidPageSize", "Specified parameter PageSize is not valid.")
    page, counts = numbered(call, held(call, "polardb", {"DBType": "DBType"}), most=100, default=30)
    return {
        "Items": {"DBCluster": page},
        "PageNumber": counts["PageNumber"],
        "PageRecordCount": len(page),
        "TotalRecordCount": counts["TotalCount"],
    }


def describe_scaling_groups(call: Call) -> dict[str, Any]:
    page, counts = numbered(
        call, held(call, "scaling_group", {"ScalingGroupName": "ScalingGroupName"}), most=50
    )
    if call.version == ESS_NEW:
        return {"ScalingGroups": page, **counts}
    for item in page:  # the older version wraps every list
        for name, inner in (
            ("VSwitchIds", "VSwitchId"),
            ("RemovalPolicies", "RemovalPolicy"),
            ("DBInstanceIds", "DBInstanceId"),
        ):
            item[name] = {inner: item[name]}
    return {"ScalingGroups": {"ScalingGroup": page}, **counts}


def describe_scaling_instances(call: Call) -> dict[str, Any]:
    filters = {
        "ScalingGroupId": "ScalingGroupId",
        "LifecycleState": "LifecycleState",
        "HealthStatus": "HealthStatus",
    }
    page, counts = numbered(call, held(call, "scaling_instance", filters), most=50)
    listed: Any = page if call.version == ESS_NEW else {"ScalingInstance": page}
    return {"ScalingInstances": listed, "TotalSpotCount": 0, **counts}


ANSWERS = {
    (RDS, "DescribeDBInstances"): describe_db_instances,
    (RDS, "DescribeDBInstanceAttribute"): describe_db_instance_attribute,
    (RDS, "ListClasses"): list_classes,
    (REDIS, "DescribeInstances"): describe_caches,
    (POLAR, "DescribeDBClusters"): describe_db_clusters,
    (ESS_OLD, "DescribeScalingGroups"): describe_scaling_groups,
    (ESS_NEW, "DescribeScalingGroups"): describe_scaling_groups,
    (ESS_OLD, "DescribeScalingInstances"): describe_scaling_instances,
    (ESS_NEW, "DescribeScalingInstances"): describe_scaling_instances,
}
