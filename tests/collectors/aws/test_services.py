"""Databases, buckets, registries, clusters, endpoints, functions and logs of a local AWS become rows of the warehouse."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from finops.warehouse import reading
from tests.collectors.aws.further import REGION, populate
from tests.collectors.aws.live import EVERYTHING, collect, coverage, rows
from tests.servers.aws.cloud import ACCOUNT, Cloud

ARN = f"arn:aws:{{}}:{REGION}:{ACCOUNT}:"
RDS, ECR, ML = ARN.format("rds") + "db:", ARN.format("ecr") + "repository/", ARN.format("sagemaker")
LAMBDA, LOGS = ARN.format("lambda") + "function:", ARN.format("logs") + "log-group:"
BEGIN = "2026-11-10T00:00:00Z"
DAYS = 9  # with a point every five minutes


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        cloud.estate(n=3, regions=(REGION,))
        populate(cloud)
        yield cloud


@pytest.fixture(scope="module")
def db(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One collection of everything."""
    series(cloud)
    cloud.reset_calls()
    path: Path = tmp_path_factory.mktemp("services") / "w.duckdb"
    done = collect(path, cloud.env, REGION, only=EVERYTHING)
    assert done.errors == {}
    return path


def series(cloud: Cloud) -> None:
    """What CloudWatch has of them: half of everything."""
    day = 288
    database = {"DBInstanceIdentifier": "orders"}
    for name, value in (
        ("CPUUtilization", 50.0), ("DatabaseConnections", 7.0), ("FreeableMemory", 2.0 * 2**30), ("ReadIOPS", 12.0),
        ("WriteIOPS", 3.0), ("FreeStorageSpace", 75.0 * 2**30),
    ):  # fmt: skip
        cloud.series("AWS/RDS", name, database, BEGIN, [value] * (day * DAYS))
    cache = {"CacheClusterId": "sessions"}
    cloud.series("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", cache, BEGIN, [25.0] * (day * DAYS))
    for name in ("CacheHits", "CacheMisses"):
        cloud.series("AWS/ElastiCache", name, cache, BEGIN, [300.0] * (day * DAYS))
    variant = {"EndpointName": "predict", "VariantName": "blue"}
    cloud.series("/aws/sagemaker/Endpoints", "CPUUtilization", variant, BEGIN, [100.0] * (day * DAYS))
    bucket = {"BucketName": "plain", "StorageType": "StandardStorage"}
    cloud.series("AWS/S3", "BucketSizeBytes", bucket, "2026-11-16T00:00:00Z", [1e9, 2e9, 3e9], step=86_400)
    cold = {**bucket, "StorageType": "GlacierStorage"}
    cloud.series("AWS/S3", "BucketSizeBytes", cold, "2026-11-16T00:00:00Z", [4e9, 4e9, 4e9], step=86_400)
    count = {**bucket, "StorageType": "AllStorageTypes"}
    cloud.series("AWS/S3", "NumberOfObjects", count, "2026-11-16T00:00:00Z", [10.0, 11.0, 12.0], step=86_400)


def table(db: Path, name: str, key: str, *columns: str) -> dict[str, tuple[Any, ...]]:
    """Some columns of the rows of a table, by their key."""
    return {row[0]: row[1:] for row in rows(db, f"SELECT {key}, {', '.join(columns)} FROM {name}")}


def test_every_dataset_is_whole(db: Path) -> None:
    here = {dataset: told for (region, dataset), told in coverage(db).items() if region == REGION}
    assert {status for status, _, _ in here.values()} == {"complete"}
    counted = {name: here[name][2] for name in ("databases", "buckets", "repositories", "clusters", "ml_endpoints",
                                                "functions", "log_groups")}  # fmt: skip
    assert counted == {
        "databases": 6, "buckets": 2, "repositories": 2, "clusters": 1, "ml_endpoints": 2, "functions": 2, "log_groups": 2,
    }  # fmt: skip


def test_databases_have_what_their_class_has_and_know_their_primary(db: Path) -> None:
    columns = (
        "engine",
        "instance_type",
        "state",
        "multi_zone",
        "vcpu",
        "memory_gib",
        "serverless",
        "storage_gib",
    )
    assert table(db, "databases", "database_id", *columns) == {
        f"{RDS}orders": ("postgres", "db.m5.large", "running", True, 2.0, 8.0, False, 100.0),
        f"{RDS}orders-copy": ("postgres", "db.m5.large", "running", True, 2.0, 8.0, False, 100.0),
        f"{RDS}asleep": ("postgres", "db.m5.large", "stopped", False, 2.0, 8.0, False, 100.0),
        f"{RDS}shop-1": ("aurora-postgresql", "db.r5.large", "running", False, 2.0, 16.0, False, None),
        f"{RDS}shop-2": ("aurora-postgresql", "db.serverless", "running", False, None, None, True, None),
        ARN.format("elasticache") + "cluster:sessions":
            ("redis", "cache.t3.medium", "running", False, 2.0, 4.0, False, None),
    }  # fmt: skip
    replicas = rows(
        db, "SELECT name, replica_of, cluster_id FROM databases WHERE replica_of IS NOT NULL ORDER BY 1"
    )
    assert replicas == [("orders-copy", f"{RDS}orders", None), ("shop-2", f"{RDS}shop-1", "shop")]


def test_metrics_of_services_are_ratios_numbers_and_rates(db: Path) -> None:
    told = rows(
        db,
        """SELECT split_part(resource_id, ':', -1), metric, round(min(avg), 4), round(max(max), 4), count(*) FROM metrics
        WHERE resource_id LIKE 'arn:aws:rds%' OR resource_id LIKE 'arn:aws:elasticache%' OR resource_id LIKE '%endpoint%'
        GROUP BY ALL ORDER BY ALL""",
    )
    assert told == [
        ("endpoint/predict", "cpu_utilization", 0.5, 0.5, DAYS),  # 100 of the 200 per cent of two processors
        ("orders", "connections", 7.0, 7.0, DAYS),
        ("orders", "cpu_utilization", 0.5, 0.5, DAYS),
        ("orders", "disk_read_ops_per_second", 12.0, 12.0, DAYS),
        ("orders", "disk_write_ops_per_second", 3.0, 3.0, DAYS),
        ("orders", "memory_utilization", 0.75, 0.75, DAYS),
        ("orders", "storage_utilization", 0.25, 0.25, DAYS),
        ("sessions", "memory_utilization", 0.25, 0.25, DAYS),
        ("sessions", "requests_per_second", 2.0, None, DAYS),
    ]


def test_buckets_tell_their_size_by_class_and_what_keeps_them_small(db: Path) -> None:
    columns = ("stored_bytes", "standard_bytes", "objects", "has_lifecycle", "moves_class", "expires_versions",
               "aborts_uploads", "versioned", "unfinished_uploads", "adapts_class")  # fmt: skip
    assert table(db, "buckets", "bucket_id", *columns) == {
        "plain": (7e9, 3e9, 12, False, False, False, False, True, 1, False),
        "kept-small": (None, None, None, True, True, True, True, False, 0, False),
    }  # fmt: skip


def test_an_image_that_a_tagged_list_holds_is_not_untagged(db: Path) -> None:
    assert table(
        db, "repositories", "repository_id", "name", "has_cleanup", "pulls_known", "stored_bytes"
    ) == {
        f"{ECR}team/web": ("team/web", False, True, None),
        f"{ECR}cleaned": ("cleaned", True, True, 0.0),
    }
    images = rows(db, "SELECT repository_id, tagged, stored_bytes FROM registry_images ORDER BY tagged")
    assert images == [(f"{ECR}team/web", tagged, 1000.0) for tagged in (False, True, True)]


def test_clusters_endpoints_functions_and_logs_have_the_ids_that_bills_write(db: Path) -> None:
    assert table(db, "clusters", "cluster_id", "kind", "version", "state") == {
        "prod": ("eks", "1.31", "active")
    }
    assert table(db, "ml_endpoints", "endpoint_id", "kind", "state", "instance_type", "instances") == {
        f"{ML}notebook-instance/scratch": ("notebook", "running", "ml.t3.medium", 1),
        f"{ML}endpoint/predict": ("endpoint", "running", "ml.m5.large", 2),
    }
    assert table(db, "functions", "function_id", "architecture", "memory_mib", "kept_warm") == {
        f"{LAMBDA}warm": ("arm64", 512.0, 0.0),
        f"{LAMBDA}cold": ("arm64", 512.0, 0.0),
    }
    assert table(db, "log_groups", "log_group_id", "name", "retention_days", "unlimited") == {
        f"{LOGS}/for/ever": ("/for/ever", None, True),
        f"{LOGS}/for/a/month": ("/for/a/month", 30, False),
    }


def test_subnets_know_what_they_reach_without_a_gateway(db: Path) -> None:
    assert set(rows(db, "SELECT private_access, services FROM subnets")) == {(True, "s3")}
    assert rows(
        db, "SELECT count(*) > 0, bool_and(subnet_id IN (SELECT subnet_id FROM subnets)) FROM instances"
    ) == [(True, True)]


def test_addresses_name_what_has_them(db: Path) -> None:
    named = rows(
        db,
        """SELECT i.private_ip IS NOT NULL, count(*) = 1 FROM instances AS i JOIN network_addresses AS a
        ON a.address = i.private_ip AND a.vpc_id = i.vpc_id AND a.resource_id = i.instance_id AND NOT a.is_public
        GROUP BY i.instance_id, i.private_ip""",
    )
    assert named == [(True, True)] * 3


def test_everything_that_is_there_has_a_list_price(db: Path) -> None:
    known = {
        row[0]
        for row in rows(
            db, "SELECT sku FROM prices WHERE region = ? AND purchase_model = 'on_demand'", REGION
        )
    }
    assert known >= {
        "db:postgres:db.m5.large", "db:postgres:db.m5.large:multi", "db:postgres:db.m5.xlarge", "db_storage:postgres:gp3",
        "db:redis:cache.t3.medium", "bucket:standard", "bucket:infrequent", "bucket:archive", "registry", "logs:storage",
        "ml:notebook:ml.t3.medium", "ml:endpoint:ml.m5.large", "snapshot", "nat_gateway", "load_balancer:application",
        "load_balancer:classic", "traffic:cross_zone", "traffic:nat",
    }  # fmt: skip


def test_tags_of_services_are_found_without_a_call_for_each(db: Path, cloud: Cloud) -> None:
    tagged = rows(db, "SELECT DISTINCT resource_type FROM tags WHERE key = 'team' AND value = 'core'")
    assert {name for (name,) in tagged} >= {"database", "bucket", "function", "ml_endpoint", "cluster"}
    assert (
        cloud.count("GetResources") == 7
    )  # balancers, caches, buckets, repositories, endpoints, functions, logs


def test_types_in_use_have_prices_in_regions_that_nobody_collected(db: Path) -> None:
    with reading(db) as con:
        used = con.execute(
            "SELECT count(DISTINCT instance_type) FROM instances WHERE state = 'running'"
        ).fetchone()
        priced = con.execute(
            """SELECT min(known), count(*) FROM (SELECT region, count(DISTINCT sku) AS known FROM prices
            WHERE platform IS NULL AND sku IN (SELECT instance_type FROM instances WHERE state = 'running') GROUP BY region)"""
        ).fetchone()
    assert used is not None
    assert priced is not None
    assert priced[0] == used[0]
    assert priced[1] > 10
    assert coverage(db)["eu-north-1", "region_prices"][0] == "complete"


def test_a_second_collection_within_the_age_asks_nothing(db: Path, cloud: Cloud) -> None:
    cloud.reset_calls()
    assert collect(db, cloud.env, REGION, only=EVERYTHING, max_age=timedelta(days=1)).statuses == {}
    assert cloud.count() == 0


def test_a_bucket_that_may_not_be_read_is_named_and_the_others_are_whole(
    cloud: Cloud, tmp_path: Path
) -> None:
    cloud.faults([{"kind": "denied", "operation": "GetBucketVersioning", "first": 1}])
    done = collect(tmp_path / "w.duckdb", cloud.env, REGION, only=("buckets",))
    cloud.faults([])
    ((scope, told),) = done.errors.items()
    assert (scope.dataset, done.statuses[scope]) == ("buckets", "partial")
    assert "s3:GetBucketVersioning is denied" in told
    assert "That is about the bucket " in told
    assert len(rows(tmp_path / "w.duckdb", "SELECT * FROM buckets WHERE versioned IS NULL")) == 1


def test_metrics_alone_are_asked_of_what_is_stored(db: Path, cloud: Cloud) -> None:
    told = "SELECT metric, count(*) FROM metrics WHERE resource_id LIKE 'arn:%' OR metric = 'group_size' GROUP BY ALL"
    before = sorted(rows(db, told))
    cloud.reset_calls()
    assert collect(db, cloud.env, REGION, only=("metrics",)).errors == {}
    assert sorted(rows(db, told)) == before
    asked = {call["operation"] for call in cloud.calls()}
    assert asked <= {
        "GetCallerIdentity", "DescribeRegions", "GetMetricData", "ListMetrics", "DescribeAutoScalingGroups",
        "DescribeScalingActivities",
    }  # fmt: skip


def test_only_what_is_wanted_is_asked(cloud: Cloud, tmp_path: Path) -> None:
    cloud.reset_calls()
    collect(tmp_path / "w.duckdb", cloud.env, REGION, only=("log_groups",))
    asked = {call["operation"] for call in cloud.calls()}
    assert asked == {"GetCallerIdentity", "DescribeRegions", "DescribeLogGroups", "GetResources"}
