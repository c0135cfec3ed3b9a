"""Databases, caches and functions from answers that the local AWS does not give: recorded ones, and by the model."""

from datetime import datetime
from typing import Any

import pytest

from collectors.aws.databases import classes_of, get_databases, transform_databases, type_of
from collectors.aws.functions import get_functions, get_warm, transform_functions
from collectors.calls import CallError
from collectors.rows import Raw
from finops.warehouse import Scope
from tests.collectors.aws.answers import Canned, needs_recorded, recorded, shaped

SCOPE = Scope("aws", "012345678901", "eu-west-1", "databases")
RDS = "arn:aws:rds:eu-west-1:012345678901:db:"
CACHE = "arn:aws:elasticache:eu-west-1:012345678901:cluster:"
TYPES = {"m5.large": {"vcpu": 2, "memory_gib": 8.0}, "t2.medium": {"vcpu": 2, "memory_gib": 4.0}}


def databases(*instances: dict[str, Any], caches: Raw | None = None, groups: Raw | None = None) -> Raw:
    raw = {
        "instances": list(instances),
        "clusters": [],
        "caches": caches or [],
        "groups": groups or [],
        "tags": {},
    }
    rows: Raw = transform_databases(raw, SCOPE, TYPES)["databases"]
    return rows


def database(name: str = "d", **more: Any) -> dict[str, Any]:
    return {"DBInstanceArn": RDS + name, "DBInstanceIdentifier": name, "Engine": "mysql", "DBInstanceStatus": "available",
            "DBInstanceClass": "db.m5.large", **more}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("available", "running"), ("backing-up", "running"), ("configuring-enhanced-monitoring", "running"),
        ("storage-optimization", "running"), ("stopped", "stopped"), ("stopping", "other"), ("failed", "other"),
        ("creating", "other"),
    ],
)  # fmt: skip
def test_a_database_that_serves_runs_whatever_else_it_does(status: str, state: str) -> None:
    (row,) = databases(database(DBInstanceStatus=status))
    assert row["state"] == state


def test_a_stopped_database_is_so_since_a_week_before_it_starts_again() -> None:
    (row,) = databases(database(DBInstanceStatus="stopped", AutomaticRestartTime="2026-11-24T10:00:00Z"))
    assert row["state_since"] == datetime(2026, 11, 17, 10)
    (running,) = databases(database(AutomaticRestartTime="2026-11-24T10:00:00Z"))
    assert running["state_since"] is None


def test_a_class_that_no_machine_is_named_like_has_no_known_size() -> None:
    rows = databases(
        database("a", DBInstanceClass="db.m5.large.tpc1.mem2x"), database("b", DBInstanceClass="db.x9.large")
    )
    assert [(row["vcpu"], row["memory_gib"], row["serverless"]) for row in rows] == [(None, None, False)] * 2
    assert [type_of(name) for name in ("db.m5.large", "cache.t2.medium", "ml.m5.large", None)] == [
        "m5.large", "t2.medium", "m5.large", "",
    ]  # fmt: skip


def test_a_replica_of_another_region_names_its_source_as_it_is_told() -> None:
    there = "arn:aws:rds:us-east-1:012345678901:db:orders"
    (row,) = databases(database(ReadReplicaSourceDBInstanceIdentifier=there))
    assert row["replica_of"] == there


@pytest.mark.parametrize(
    ("engine", "kind"), [("docdb", "document"), ("neptune", None), ("mariadb", "relational")]
)
def test_what_kind_an_engine_is_of(engine: str, kind: str | None) -> None:
    assert [row["kind"] for row in databases(database(Engine=engine))] == [kind]


def test_a_cache_of_a_group_without_cluster_mode_knows_its_primary() -> None:
    members = [
        {"CacheClusterId": "s-001", "CurrentRole": "primary"},
        {"CacheClusterId": "s-002", "CurrentRole": "replica"},
    ]
    group = {"ReplicationGroupId": "s", "NodeGroups": [{"NodeGroupMembers": members}]}
    shaped("elasticache", "DescribeReplicationGroups", {"ReplicationGroups": [group]})
    caches = [{"CacheClusterId": f"s-00{number}", "ReplicationGroupId": "s"} for number in (1, 2)]
    found = {
        row["name"]: (row["replica_of"], row["cluster_id"])
        for row in databases(caches=caches, groups=[group])
    }
    assert found == {"s-001": (None, "s"), "s-002": (f"{CACHE}s-001", "s")}


def test_a_region_without_databases_takes_one_call_for_each_product() -> None:
    client = Canned(
        rds_describe_db_instances={"DBInstances": []},
        elasticache_describe_cache_clusters={"CacheClusters": []},
    )
    assert classes_of(get_databases(client, [])) == set()
    assert len(client.asked) == 2


def test_caches_that_a_region_does_not_offer_are_none() -> None:
    absent = CallError("skipped", "NoEndpoint", "Amazon ElastiCache is not offered in region eu-west-1.")
    client = Canned(
        rds_describe_db_instances={"DBInstances": [database()]}, elasticache_describe_cache_clusters=absent
    )
    assert get_databases(client, [])["caches"] == []


def test_caches_that_may_not_be_listed_leave_what_is_stored() -> None:
    denied = CallError("denied", "AccessDenied", "It is denied.")
    client = Canned(
        rds_describe_db_instances={"DBInstances": [database()]}, elasticache_describe_cache_clusters=denied
    )
    with pytest.raises(CallError, match="denied"):
        get_databases(client, [])


@needs_recorded
def test_recorded_databases_and_caches_become_rows() -> None:
    instances = recorded("rds.DescribeDBInstances/test_rds_retention")["DBInstances"]
    caches = recorded("elasticache.DescribeCacheClusters/test_elasticache_sharded_copy_cluster_tags")[
        "CacheClusters"
    ]
    found = databases(*instances, caches=caches)
    assert {row["state"] for row in found} <= {"running", "stopped", "other"}
    cache = next(row for row in found if row["name"] == "megacache-0001-001")
    assert (cache["database_id"], cache["instance_type"], cache["vcpu"], cache["cluster_id"]) == (
        f"{CACHE}megacache-0001-001", "cache.t2.medium", 2, "megacache",
    )  # fmt: skip
    assert all(str(row["database_id"]).startswith("arn:aws:") for row in found)


# --- functions --------------------------------------------------------------------------------------------


def function(name: str, version: str = "$LATEST", **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:lambda:eu-west-1:012345678901:function:{name}:{version}"
    return {"FunctionName": name, "FunctionArn": arn, "Version": version, "LastModified": "2026-01-02T03:04:05.000+0000",
            "MemorySize": 512, **more}  # fmt: skip


def warm(answer: Any, problems: list[str] | None = None) -> dict[str, float | None]:
    """What is kept warm of a function with versions, to which this is answered, and of one without."""
    versions = [function("a"), function("a", "1"), function("b")]
    client = Canned(
        lambda_list_functions={"Functions": versions},
        resourcegroupstaggingapi_get_resources={"ResourceTagMappingList": []},
        lambda_list_provisioned_concurrency_configs=answer,
    )
    told: list[str] = [] if problems is None else problems
    raw = get_functions(client, told)
    rows = transform_functions({**raw, "each": get_warm(client, raw["each"], told)}, SCOPE)["functions"]
    assert [row["function_id"].rpartition(":function:")[2] for row in rows] == ["a", "b"]
    assert {row["modified_at"] for row in rows} == {datetime(2026, 1, 2, 3, 4, 5)}
    asked = [parameters["FunctionName"] for name, parameters in client.asked if name.endswith("configs")]
    assert asked == ["a"]  # the other has no version of which anything could be kept warm
    return {row["name"]: row["kept_warm"] for row in rows}


def test_what_is_kept_warm_of_all_versions_and_aliases_is_added_up() -> None:
    configs = [{"RequestedProvisionedConcurrentExecutions": number} for number in (5, 2)]
    answer = shaped("lambda", "ListProvisionedConcurrencyConfigs", {"ProvisionedConcurrencyConfigs": configs})
    assert warm(answer) == {"a": 7.0, "b": 0.0}
    assert warm({"ProvisionedConcurrencyConfigs": []}) == {"a": 0.0, "b": 0.0}


def test_what_may_not_be_read_is_unknown_and_told_and_a_function_that_went_is_not() -> None:
    problems: list[str] = []
    assert warm(CallError("denied", "AccessDenied", "It is denied."), problems) == {"a": None, "b": 0.0}
    assert problems == ["It is denied."]
    gone = CallError("failed", "ResourceNotFoundException", "It is gone.")
    assert warm(gone, problems) == {"a": None, "b": 0.0}
    assert problems == ["It is denied."]
