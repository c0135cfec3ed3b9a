"""Databases and caches: rows of what Cloud SQL and Memorystore tell, sizes by the names of tiers."""

from datetime import datetime
from typing import Any

import pytest

from collectors.calls import CallError
from collectors.gcp.databases import Raw, get_databases, transform_databases
from collectors.gcp.listing import Listed
from tests.collectors.gcp.canned import PROJECT, Canned, denied

HERE = {"cloud": "gcp", "account_id": PROJECT, "region": "us-central1"}


def database(**more: Any) -> dict[str, Any]:
    settings = {
        "tier": "db-custom-2-7680", "dataDiskSizeGb": "100", "dataDiskType": "PD_SSD", "availabilityType": "REGIONAL",
        "activationPolicy": "ALWAYS", "userLabels": {"team": "a"}, **more.pop("settings", {}),
    }  # fmt: skip
    return {
        "name": "main", "region": "us-central1", "gceZone": "us-central1-b", "state": "RUNNABLE", "databaseVersion": "POSTGRES_15",
        "createTime": "2026-08-01T00:00:00.123Z", "settings": settings, **more,
    }  # fmt: skip


def databases_of(*told: dict[str, Any]) -> list[dict[str, Any]]:
    return transform_databases(Raw(Listed(list(told))), PROJECT)["databases"]


def test_a_database_has_all_its_columns() -> None:
    assert databases_of(database()) == [
        {**HERE, "database_id": "main", "name": "main", "kind": "relational", "engine": "postgres", "engine_version": "15",
         "instance_type": "db-custom-2-7680", "state": "running", "zone": "us-central1-b", "vcpu": 2.0, "memory_gib": 7.5,
         "multi_zone": True, "storage_type": "PD_SSD", "storage_gib": 100.0, "replica_of": None,
         "purchase_model": "on_demand", "serverless": False,
         "created_at": datetime(2026, 8, 1, 0, 0, 0, 123_000)},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"settings": {"activationPolicy": "NEVER"}}, "state", "stopped"),
        ({"state": "SUSPENDED"}, "state", "other"),
        ({"databaseVersion": "MYSQL_8_0"}, "engine_version", "8.0"),
        ({"databaseVersion": None}, "engine", None),
        ({"settings": {"availabilityType": "ZONAL"}}, "multi_zone", False),
        ({"settings": {"availabilityType": None}}, "multi_zone", None),
        ({"masterInstanceName": "example.com:shop-prod:main"}, "replica_of", "main"),
        ({"settings": {"dataDiskSizeGb": None}}, "storage_gib", None),
    ],
)
def test_what_a_database_tells(more: dict[str, Any], column: str, value: Any) -> None:
    assert databases_of(database(**more))[0][column] == value


def test_a_region_whose_databases_could_not_be_reached_is_known() -> None:
    told = {
        "items": [database()],
        "warnings": [{"code": "REGION_UNREACHABLE", "region": "us-east1"}, {"code": "X"}],
    }
    found = get_databases(Canned(databases=told), []).sql
    assert (len(found.items), found.unreachable) == (1, {"us-east1", "global"})


@pytest.mark.parametrize(
    ("tier", "vcpu", "memory"),
    [
        ("db-custom-8-53248", 8.0, 52.0),
        ("db-n1-standard-4", 4.0, 15.0),
        ("db-n1-highmem-2", 2.0, 13.0),
        ("db-perf-optimized-N-8", 8.0, 64.0),
        ("db-c4a-highmem-4", 4.0, 32.0),
        ("db-f1-micro", None, 0.6),
        ("db-memory-optimized-N-4", None, None),
        ("D1", None, None),
    ],
)
def test_the_name_of_a_tier_tells_its_size_or_nothing_does(
    tier: str, vcpu: float | None, memory: float | None
) -> None:
    (row,) = databases_of(database(settings={"tier": tier}))
    assert (row["vcpu"], row["memory_gib"]) == (vcpu, memory)


# --- caches -----------------------------------------------------------------------------------------------


def cache(**more: Any) -> dict[str, Any]:
    return {
        "name": f"projects/{PROJECT}/locations/us-central1/instances/sessions", "displayName": "Sessions",
        "labels": {"team": "a"}, "locationId": "us-central1-a", "currentLocationId": "us-central1-f",
        "redisVersion": "REDIS_7_2", "createTime": "2026-08-01T00:00:00.5Z", "state": "READY",
        "tier": "STANDARD_HA", "memorySizeGb": 5, **more,
    }  # fmt: skip


def test_a_cache_has_all_its_columns() -> None:
    rows = transform_databases(Raw(caches=Listed([cache()])), PROJECT)
    assert rows["databases"] == [
        {**HERE, "database_id": "locations/us-central1/instances/sessions", "name": "sessions", "kind": "cache",
         "engine": "redis", "engine_version": "7.2", "instance_type": "standard-5", "state": "running",
         "zone": "us-central1-f", "vcpu": None, "memory_gib": 5.0, "multi_zone": True, "storage_type": None,
         "storage_gib": None, "replica_of": None, "purchase_model": "on_demand", "serverless": False,
         "created_at": datetime(2026, 8, 1, 0, 0, 0, 500_000)},
    ]  # fmt: skip
    assert [(one["resource_id"], one["value"]) for one in rows["tags"]] == [
        ("locations/us-central1/instances/sessions", "a")
    ]


SKIPPED = CallError("skipped", "SERVICE_DISABLED", "The API is not enabled.")


@pytest.mark.parametrize(
    ("sql", "redis", "count", "told"),
    [
        (SKIPPED, {"instances": [cache()]}, (0, 1), []),
        ({"items": [database()]}, SKIPPED, (1, 0), []),
        ({"items": [database()]}, denied("redis.instances.list"), (1, 0), ["redis.instances.list"]),
    ],
)
def test_a_service_that_is_not_enabled_has_nothing_and_one_that_is_denied_is_told(
    sql: Any, redis: Any, count: tuple[int, int], told: list[str]
) -> None:
    problems: list[str] = []
    found = get_databases(Canned(**{"databases": sql, "redis/instances": redis}), problems)
    assert (len(found.sql.items), len(found.caches.items)) == count
    assert [word for word in told if word in " ".join(problems)] == told
    assert bool(problems) is bool(told)


def test_databases_are_skipped_only_where_no_service_is_enabled_and_denied_where_the_first_is() -> None:
    for first, status in ((SKIPPED, "skipped"), (denied(), "denied")):
        with pytest.raises(CallError) as error:
            get_databases(Canned(**{"databases": first, "redis/instances": SKIPPED}), [])
        assert error.value.status == status
