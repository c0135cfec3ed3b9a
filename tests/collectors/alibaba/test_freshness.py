"""What a repeated collection leaves alone: only what the same caller asked for, whole, and as far back."""

import json
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from collectors.alibaba import DATASETS, regional
from tests.collectors.alibaba.calling import hurry
from tests.collectors.alibaba.live import AT, collect, coverage, rows
from tests.servers.alibaba.cloud import Cloud

REGION, OTHER = "cn-hangzhou", "cn-beijing"
DAY = timedelta(days=1)
# All but the bill, which takes the longest.
USUAL = ("instances", "instance_types", "volumes", "snapshots", "scaling_groups", "buckets", "commitments", "metrics",
         "prices", "spot_prices")  # fmt: skip


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def cloud(process: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    hurry(monkeypatch)
    process.estate(n=10, regions=(REGION,))
    yield process
    process.faults([])
    process.deny()


def test_a_second_collection_within_its_age_calls_nothing(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    assert collect(db, cloud.env, REGION, days=10, bill_days=10).errors == {}
    cloud.reset_calls()
    assert collect(db, cloud.env, REGION, days=10, bill_days=10, max_age=DAY).statuses == {}
    assert cloud.count() == 0


def test_a_day_later_metrics_are_read_from_where_they_end_and_the_bill_where_it_may_have_changed(
    cloud: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, REGION, days=10, bill_days=10)
    first = {name: cloud.count(name) for name in ("DescribeMetricList", "DescribeInstanceBill")}
    cloud.clock("2026-11-21T00:00:00Z")
    cloud.reset_calls()
    assert collect(db, cloud.env, REGION, at=AT + DAY, max_age=DAY / 2, days=10, bill_days=10).errors == {}
    assert cloud.count("DescribeMetricList") < first["DescribeMetricList"]
    assert cloud.count("DescribeInstanceBill") <= 6 < first["DescribeInstanceBill"]
    started = [int(call["params"]["StartTime"]) / 1000 for call in cloud.calls("DescribeMetricList")]
    lately = [time for time in started if time >= (AT - 3 * DAY).replace(tzinfo=UTC).timestamp()]
    assert len(lately) > len(started) / 2  # but for machines whose data ended long ago
    cloud.clock("2026-11-20T00:00:00Z")


@pytest.mark.parametrize(
    "other",
    [
        {"ALIBABA_CLOUD_ACCESS_KEY_ID": "somebody else's"},
        {"ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/other"},
        {"ALIBABA_CLOUD_ENDPOINT_ECS": "http://127.0.0.1:1"},
    ],
    ids=["another key", "a role", "another endpoint"],
)
def test_other_credentials_or_endpoints_are_not_given_what_these_collected(
    other: dict[str, str], cloud: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, REGION, only=("snapshots",))
    cloud.faults([{"kind": "denied", "product": "sts"}])
    with pytest.raises(Exception, match=r"credentials|assumed"):
        collect(db, {**cloud.env, **other}, REGION, only=("snapshots",), max_age=DAY)


def test_another_profile_of_the_same_file_is_another_caller(cloud: Cloud, tmp_path: Path) -> None:
    db, config = tmp_path / "w.duckdb", tmp_path / "config.json"
    key, secret = (cloud.env[f"ALIBABA_CLOUD_ACCESS_KEY_{name}"] for name in ("ID", "SECRET"))
    profiles = [
        {"name": "one", "mode": "AK", "access_key_id": key, "access_key_secret": secret},
        {"name": "two", "mode": "AK", "access_key_id": "LTAIother", "access_key_secret": "x"},
    ]
    env = {"FINOPS_ALIBABA_ENDPOINT": cloud.endpoint, "ALIBABA_CLOUD_CONFIG_FILE": str(config)}
    config.write_text(json.dumps({"current": "one", "profiles": profiles}))
    collect(db, env, REGION, only=("snapshots",))
    cloud.reset_calls()
    assert collect(db, env, REGION, only=("snapshots",), max_age=DAY).statuses == {}
    assert cloud.count() == 0
    config.write_text(json.dumps({"current": "two", "profiles": profiles}))  # aliyun configure switch
    with pytest.raises(Exception, match="refused the credentials"):
        collect(db, env, REGION, only=("snapshots",), max_age=DAY)


def test_metrics_of_ten_days_are_asked_for_again_when_a_quarter_is_wanted(
    cloud: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    reach = "SELECT date_diff('day', min(bucket_start), max(bucket_start)) FROM metrics WHERE bucket_seconds = 86400"
    only = ("instances", "volumes", "metrics")
    collect(db, cloud.env, REGION, days=10, only=only)
    ((short,),) = rows(db, reach)
    assert short <= 10
    collect(db, cloud.env, REGION, max_age=DAY, only=only)
    ((long,),) = rows(db, reach)
    assert long >= 89


def test_what_was_refused_is_asked_for_again_and_the_rest_is_not(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    cloud.deny("ecs:DescribeSnapshots")
    assert collect(db, cloud.env, REGION, only=USUAL, days=5).errors
    cloud.deny()
    cloud.reset_calls()
    assert collect(db, cloud.env, REGION, only=USUAL, days=5, max_age=DAY).errors == {}
    assert {call["action"] for call in cloud.calls()} == {
        "GetCallerIdentity",
        "DescribeRegions",
        "DescribeSnapshots",
        "DescribeImages",
    }


def test_regions_that_could_not_be_listed_are_listed_again(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    cloud.faults([{"kind": "denied", "action": "DescribeRegions"}])
    assert collect(db, cloud.env, REGION, only=("volumes",)).errors
    cloud.faults([])
    cloud.reset_calls()
    assert collect(db, cloud.env, REGION, only=("volumes",), max_age=DAY).errors == {}
    assert cloud.count("DescribeRegions") == 1
    assert cloud.count("DescribeDisks") == 0
    assert ("global", "regions") not in coverage(db)


def test_a_bill_that_was_not_whole_is_asked_for_again_within_its_age(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    cloud.deny("bss:DescribeBillList")
    assert collect(db, cloud.env, REGION, only=("snapshots", "charges")).errors
    cloud.deny()
    cloud.reset_calls()
    assert collect(db, cloud.env, REGION, only=("snapshots", "charges"), max_age=DAY).errors == {}
    assert cloud.count("QueryAccountBill") == 1
    assert cloud.count("DescribeSnapshots") == 0
    assert coverage(db)["global", "charges"][0] == "complete"


def test_machines_that_are_read_again_are_asked_about_again(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    cloud.deny("ecs:DescribeInstances")
    collect(db, cloud.env, REGION, only=USUAL, days=5)
    cloud.deny()
    cloud.reset_calls()
    assert collect(db, cloud.env, REGION, only=USUAL, days=5, max_age=DAY).errors == {}
    for action in (
        "DescribeInstances",
        "DescribeInstanceTypes",
        "DescribeMetricList",
        "DescribeSpotPriceHistory",
    ):
        assert cloud.count(action) > 0, action
    assert cloud.count("DescribeSnapshots") == cloud.count("ListBuckets") == 0


def test_another_region_is_asked_and_the_first_left_alone(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, REGION, only=("volumes", "snapshots"))
    cloud.reset_calls()
    done = collect(db, cloud.env, REGION, OTHER, only=("volumes", "snapshots"), max_age=DAY)
    assert {scope.region for scope in done.statuses} == {OTHER}
    assert {call["region"] for call in cloud.calls("DescribeDisks")} == {OTHER}


def test_an_external_id_is_part_of_the_request_and_not_in_the_warehouse(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, REGION, only=("volumes",), external_id="not-for-everybody")
    assert b"not-for-everybody" not in db.read_bytes()
    cloud.reset_calls()
    collect(db, cloud.env, REGION, only=("volumes",), external_id="another", max_age=DAY)
    assert cloud.count("GetCallerIdentity") == 1


def test_a_run_that_was_stopped_goes_on_from_what_it_had(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = tmp_path / "w.duckdb"

    def bug(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(regional, "_collect_metrics", bug)
        with pytest.raises(ZeroDivisionError):
            collect(db, cloud.env, REGION, only=DATASETS, days=5)
    whole = {dataset for (_, dataset), (status, _, _) in coverage(db).items() if status == "complete"}
    assert {"instances", "volumes", "snapshots"} <= whole
    cloud.reset_calls()
    done = collect(db, cloud.env, REGION, only=DATASETS, days=5)
    assert done.errors == {}
    assert "metrics" in {scope.dataset for scope in done.statuses}
    assert not whole & {scope.dataset for scope in done.statuses if scope.region == REGION}
    assert cloud.count("DescribeDisks") == cloud.count("DescribeSnapshots") == 0
