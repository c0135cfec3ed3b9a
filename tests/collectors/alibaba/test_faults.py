"""A cloud that throttles, breaks and hangs: a collection is complete, or says exactly what is missing."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from collectors.alibaba import DATASETS, client
from tests.collectors.alibaba.calling import hurry
from tests.collectors.alibaba.live import collect, coverage, rows
from tests.servers.alibaba.cloud import Cloud

HERE, THERE = "cn-hangzhou", "ap-southeast-1"
TABLES = ("instances", "volumes", "snapshots", "public_ips", "load_balancers", "nat_gateways", "databases", "buckets",
          "commitments", "scaling_groups", "metrics", "prices", "tags")  # fmt: skip
# Datasets that a table is told by, where it is not called like its own.
TOLD_BY = {
    "prices": ("prices", "spot_prices"),
    "tags": (
        "instances",
        "volumes",
        "snapshots",
        "public_ips",
        "scaling_groups",
        "nat_gateways",
        "load_balancers",
        "databases",
    ),
}
# What others are asked or told because of: where one of these could not be had, they are whole without it.
LEADING = ("instances", "instance_types", "volumes", "scaling_groups", "public_ips")
Held = dict[tuple[str, str], tuple[Any, ...]]


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def cloud(process: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    hurry(monkeypatch)
    process.estate(n=16, regions=(HERE, THERE))
    yield process
    process.faults([])
    process.deny()


@pytest.fixture(scope="module")
def calm(process: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """What a collection holds when nothing goes wrong."""
    process.estate(n=16, regions=(HERE, THERE))
    db = tmp_path_factory.mktemp("calm") / "w.duckdb"
    with pytest.MonkeyPatch.context() as patch:
        hurry(patch)
        assert collect(db, process.env, HERE, THERE, only=DATASETS, days=10).errors == {}
    return held(db)


def held(db: Path) -> Held:
    """(table, region) → rows and a hash of them all."""
    return {
        (table, region): tuple(found)
        for table in TABLES
        for region, *found in rows(
            db, f"SELECT region, count(*), bit_xor(hash(COLUMNS(* EXCLUDE (region))::VARCHAR)) FROM {table} GROUP BY region"
        )
    }  # fmt: skip


STORMS = {
    "a third of the calls throttled": [{"kind": "throttle", "rate": 0.3, "seed": 1}],
    "server errors at random": [
        {"kind": "http500", "rate": 0.15, "seed": 2},
        {"kind": "http502html", "rate": 0.1, "seed": 3},
        {"kind": "http503empty", "rate": 0.05, "seed": 4},
    ],
    "connections reset": [{"kind": "reset", "rate": 0.2, "seed": 5}],
    "bodies cut short": [
        {"kind": "truncate", "rate": 0.1, "seed": 6},
        {"kind": "short", "rate": 0.1, "seed": 7},
    ],
    "errors inside of answers": [
        {"kind": "inner", "rate": 0.3, "seed": 8, "product": "cms"},
        {"kind": "inner", "rate": 0.2, "seed": 9, "product": "bss"},
        {"kind": "inner", "rate": 0.2, "seed": 10, "product": "ecs", "code": "ServiceUnavailable"},
    ],
    "all of it": [
        {"kind": "throttle", "rate": 0.15, "seed": 11},
        {"kind": "http500", "rate": 0.05, "seed": 12},
        {"kind": "reset", "rate": 0.05, "seed": 13},
        {"kind": "truncate", "rate": 0.05, "seed": 14},
        {"kind": "short", "rate": 0.05, "seed": 15},
        {"kind": "denied", "rate": 0.02, "seed": 16, "product": "vpc"},
    ],
}


@pytest.mark.parametrize("storm", STORMS)
def test_in_a_storm_every_scope_is_whole_or_told(
    storm: str, cloud: Cloud, calm: Held, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    # Who somebody is and which regions there are is asked once; that has its own tests.
    cloud.faults([{**fault, "region": region} for fault in STORMS[storm] for region in (HERE, THERE)])
    done = collect(db, cloud.env, HERE, THERE, only=DATASETS, days=10)
    assert sum(call["outcome"] != "ok" for call in cloud.calls()) >= 10
    told = coverage(db)
    missing = {key for key, (status, _, _) in told.items() if status != "complete"}
    assert missing == {(scope.region, scope.dataset) for scope in done.errors}
    # Which calls a storm hits depends on their order, so now and then all attempts of one fail.
    assert len(missing) < len(told) / 2
    now = held(db)
    for (table, region), content in calm.items():
        if not missing & {(region, name) for name in (*TOLD_BY.get(table, (table,)), *LEADING)}:
            assert now[table, region] == content, (table, region)


def test_a_storm_over_the_bill_loads_it_whole_and_once(cloud: Cloud, tmp_path: Path) -> None:
    sums = "SELECT count(*), sum(BilledCost) FROM charges"
    collect(tmp_path / "calm.duckdb", cloud.env, HERE, only=("charges",), bill_days=10)
    often = {"throttle": 6, "truncate": 9, "http500": 10, "short": 13, "inner": 16, "reset": 21}
    cloud.faults([{"kind": kind, "product": "bss", "every": every} for kind, every in often.items()])
    done = collect(tmp_path / "w.duckdb", cloud.env, HERE, only=("charges",), bill_days=10)
    assert {call["outcome"] for call in cloud.calls()} >= set(often)
    assert done.errors == {}
    assert rows(tmp_path / "w.duckdb", sums) == rows(tmp_path / "calm.duckdb", sums)


def test_a_region_that_hangs_ends_in_bounded_time_and_the_others_are_whole(
    cloud: Cloud, calm: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "READ_TIMEOUT", 0.5)
    monkeypatch.setattr(client, "LOST_SECONDS", 3.0)
    cloud.faults([{"kind": "hang", "region": THERE, "seconds": 120, "product": name}
                  for name in ("ecs", "vpc", "slb", "alb", "nlb", "rds", "ess", "cms")])  # fmt: skip
    begun = monotonic()
    db = tmp_path / "w.duckdb"
    done = collect(db, cloud.env, HERE, THERE, only=DATASETS, days=10)
    assert monotonic() - begun < 30
    assert {scope.region for scope in done.errors} == {THERE}
    assert {status for scope, status in done.statuses.items() if scope.region != THERE} == {"complete"}
    assert f"region {THERE}" in done.errors[next(iter(done.errors))]
    assert "was given up" in " ".join(done.errors.values())
    now = held(db)
    assert all(now[key] == content for key, content in calm.items() if key[1] == HERE)


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"kind": "denied"}, "denied"), ({"kind": "throttle"}, "throttled"), ({"kind": "http500"}, "failed"),
     ({"kind": "body", "body": {"Disks": "many"}}, "failed")],
    ids=["denied", "throttled out", "failed", "odd"],
)  # fmt: skip
def test_what_could_not_be_had_keeps_its_last_good_rows_with_their_date(
    fault: dict[str, Any], status: str, cloud: Cloud, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, HERE, only=("volumes", "snapshots"))
    before = rows(db, "SELECT * FROM volumes ORDER BY ALL")
    dated = "SELECT collected_at FROM coverage WHERE dataset = 'volumes'"
    (at,) = rows(db, dated)
    cloud.faults([{**fault, "action": "DescribeDisks"}])
    done = collect(db, cloud.env, HERE, only=("volumes", "snapshots"))
    assert rows(db, "SELECT * FROM volumes ORDER BY ALL") == before != []
    assert rows(db, dated) == [at]
    told, error, count = coverage(db)[HERE, "volumes"]
    assert (told, count) == (status, len(before))
    assert HERE in str(error)
    assert coverage(db)[HERE, "snapshots"][0] == "complete"
    assert done.problem is not None
    assert done.problem.exit_code == 3


def test_a_bill_that_cannot_be_had_keeps_its_rows_and_is_asked_for_again(
    cloud: Cloud, tmp_path: Path
) -> None:
    db, key = tmp_path / "w.duckdb", ("global", "charges")
    sums = "SELECT count(*), sum(BilledCost) FROM charges"
    collect(db, cloud.env, HERE, only=("charges",), bill_days=10)
    before = rows(db, sums)
    cloud.deny("bss*")
    done = collect(db, cloud.env, HERE, only=("charges",), bill_days=10)
    assert rows(db, sums) == before
    assert coverage(db)[key][0] == "denied"
    assert "bssapi:DescribeInstanceBill" in str(coverage(db)[key][1])
    assert done.problem is not None
    cloud.deny()
    assert collect(db, cloud.env, HERE, only=("charges",), bill_days=10).errors == {}
    assert coverage(db)[key][:2] == ("complete", None)
    assert rows(db, sums) == before


def test_when_the_quota_of_metric_calls_is_used_up_the_rest_is_stored(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    cloud.metric_quota(3)
    done = collect(db, cloud.env, HERE, only=("instances", "volumes", "metrics"), days=10)
    cloud.metric_quota(None)
    told = coverage(db)
    assert told[HERE, "volumes"][0] == "complete"
    assert told[HERE, "metrics"][0] == "partial"
    assert "quota of calls is used up" in " ".join(done.errors.values())
    assert cloud.count("DescribeMetricList") < 25  # those that were under way, and no more


def test_buckets_that_are_throttled_out_are_told(cloud: Cloud, tmp_path: Path) -> None:
    cloud.faults([{"kind": "throttle", "product": "oss"}])
    done = collect(tmp_path / "w.duckdb", cloud.env, HERE, only=("buckets",))
    assert coverage(tmp_path / "w.duckdb")[HERE, "buckets"][0] == "failed"
    assert "oss:ListBuckets" in str(done.problem)


def test_the_next_collection_completes_what_was_missing(cloud: Cloud, calm: Held, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    cloud.deny("cms:*", "ess:*", "vpc:DescribeNatGateways", "oss:GetBucketStat")
    assert collect(db, cloud.env, HERE, THERE, only=DATASETS, days=10).errors
    cloud.deny()
    assert collect(db, cloud.env, HERE, THERE, only=DATASETS, days=10).errors == {}
    assert held(db) == calm
