"""What a repeated collection leaves alone: only what the same caller asked for, whole, and as far back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.collectors.aws.live import collect, rows
from tests.servers.aws.cloud import REGIONS, Cloud

REGION = "us-east-1"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def cloud(process: Cloud) -> Iterator[Cloud]:
    process.estate(n=20, regions=(REGION,))
    yield process
    process.faults([])


def test_what_is_fresh_is_not_asked_for_again(cloud: Cloud, tmp_path: Path) -> None:
    collect(tmp_path / "w.duckdb", cloud.env, REGION)
    cloud.reset_calls()
    assert collect(tmp_path / "w.duckdb", cloud.env, REGION, max_age=DAY).statuses == {}
    assert cloud.count() == 0


def test_other_credentials_are_not_given_what_these_collected(cloud: Cloud, tmp_path: Path) -> None:
    collect(tmp_path / "w.duckdb", cloud.env, REGION)
    cloud.reset_calls()
    collect(
        tmp_path / "w.duckdb", {**cloud.env, "AWS_ACCESS_KEY_ID": "AKIASOMEBODYELSE0000"}, REGION, max_age=DAY
    )
    assert cloud.count("GetCallerIdentity") == 1


def test_metrics_of_a_month_are_asked_for_again_when_a_quarter_is_wanted(
    cloud: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    reach = "SELECT date_diff('day', min(bucket_start), max(bucket_start)) FROM metrics WHERE bucket_seconds = 86400"
    collect(db, cloud.env, REGION, days=30)
    assert rows(db, reach) == [(29,)]
    collect(db, cloud.env, REGION, max_age=DAY)
    assert rows(db, reach) == [(94,)]


def test_what_was_refused_is_asked_for_again(cloud: Cloud, tmp_path: Path) -> None:
    cloud.faults([{"kind": "denied", "operation": "DescribeRegions"}])
    assert collect(tmp_path / "w.duckdb", cloud.env, REGION).errors
    cloud.faults([])
    cloud.reset_calls()
    assert collect(tmp_path / "w.duckdb", cloud.env, REGION, max_age=DAY).errors == {}
    assert cloud.count("DescribeRegions") == 1
    assert cloud.count("DescribeVolumes") == 0


def test_machines_that_are_read_again_are_asked_about_again(cloud: Cloud, tmp_path: Path) -> None:
    cloud.faults([{"kind": "denied", "operation": "DescribeInstances"}])
    collect(tmp_path / "w.duckdb", cloud.env, REGION)
    cloud.faults([])
    cloud.reset_calls()
    assert collect(tmp_path / "w.duckdb", cloud.env, REGION, max_age=DAY).errors == {}
    assert cloud.count("DescribeInstanceTypes") > 0
    assert cloud.count("GetMetricData") > 0
    assert cloud.count("DescribeSnapshots") == 0


def test_an_external_id_is_part_of_the_request_and_not_in_the_warehouse(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, REGION, only=("volumes",), external_id="not-for-everybody")
    assert b"not-for-everybody" not in db.read_bytes()
    cloud.reset_calls()
    collect(db, cloud.env, REGION, only=("volumes",), external_id="another", max_age=DAY)
    assert cloud.count("GetCallerIdentity") == 1


def test_a_size_of_a_windows_machine_has_a_price_without_its_licence_too(
    cloud: Cloud, tmp_path: Path
) -> None:
    cloud.estate(n=90)
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, *REGIONS, only=("instances", "instance_types", "prices"))
    unpriced = """
        SELECT DISTINCT i.platform, i.instance_type FROM instances AS i
        WHERE NOT EXISTS (FROM prices AS p WHERE p.sku = i.instance_type AND p.region = i.region AND p.platform IS NULL)
    """
    assert rows(db, "SELECT count(*) > 0 FROM instances WHERE platform = 'windows'") == [(True,)]
    assert rows(db, unpriced) == []
