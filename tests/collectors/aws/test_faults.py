"""A cloud that throttles, breaks and hangs: a collection is complete, or says exactly what is missing."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from collectors.aws import client
from tests.collectors.aws.live import collect, coverage, rows
from tests.servers.aws.cloud import Cloud

HERE, THERE = "us-east-1", "eu-west-1"
TABLES = ("instances", "volumes", "snapshots", "public_ips", "load_balancers", "nat_gateways", "commitments",
          "scaling_groups", "metrics", "tags")  # fmt: skip
TAGGED = ("snapshots", "public_ips", "load_balancers", "nat_gateways")
# What others are asked or told because of: where one of these could not be had, they are whole without it.
LEADING = ("instances", "instance_types", "volumes", "scaling_groups")


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def cloud(process: Cloud) -> Iterator[Cloud]:
    process.estate(n=24, regions=(HERE, THERE))
    yield process
    process.faults([])


@pytest.fixture(scope="module")
def calm(process: Cloud, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What a collection holds when nothing goes wrong."""
    process.estate(n=24, regions=(HERE, THERE))
    db = tmp_path_factory.mktemp("calm") / "w.duckdb"
    assert collect(db, process.env, HERE, THERE).errors == {}
    return held(db)


def held(db: Path) -> dict[tuple[str, str], tuple[Any, ...]]:
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
    "bodies cut short on the way": [{"kind": "truncate", "rate": 0.15, "seed": 6}],
    "bodies that end in the middle": [{"kind": "short", "rate": 0.15, "seed": 7}],
    "all of it": [
        {"kind": "throttle", "rate": 0.15, "seed": 8},
        {"kind": "http500", "rate": 0.05, "seed": 9},
        {"kind": "reset", "rate": 0.05, "seed": 10},
        {"kind": "truncate", "rate": 0.05, "seed": 11},
        {"kind": "short", "rate": 0.05, "seed": 12},
    ],
}


@pytest.mark.parametrize("storm", STORMS)
def test_in_a_storm_every_scope_is_whole_or_told(
    storm: str, cloud: Cloud, calm: dict[tuple[str, str], tuple[Any, ...]], tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    cloud.faults(STORMS[storm])
    done = collect(db, cloud.env, HERE, THERE)
    assert any(call["outcome"] != "ok" for call in cloud.calls())
    told = coverage(db)
    missing = {key for key, (status, _, _) in told.items() if status != "complete"}
    assert missing == {(scope.region, scope.dataset) for scope in done.errors}
    # Which calls a storm hits depends on their order, so now and then all attempts of one fail.
    assert len(missing) < len(told) / 2
    now = held(db)
    for (table, region), content in calm.items():
        names = TAGGED if table == "tags" else (table,)
        if not missing & {(region, name) for name in (*names, *LEADING)}:
            assert now[table, region] == content, (table, region)


def test_a_region_that_hangs_ends_in_bounded_time_and_the_others_are_whole(
    cloud: Cloud,
    calm: dict[tuple[str, str], tuple[Any, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "READ_TIMEOUT", 1)
    monkeypatch.setattr(client, "LOST_SECONDS", 4.0)
    cloud.faults([{"kind": "hang", "region": THERE, "seconds": 120}])
    begun = monotonic()
    db = tmp_path / "w.duckdb"
    done = collect(db, cloud.env, HERE, THERE)
    assert monotonic() - begun < 45
    assert {scope.region for scope in done.errors} == {THERE}
    assert {status for scope, status in done.statuses.items() if scope.region != THERE} == {"complete"}
    assert "region eu-west-1" in done.errors[next(iter(done.errors))]
    now = held(db)
    assert all(now[key] == content for key, content in calm.items() if key[1] == HERE)


def test_what_failed_keeps_its_last_good_rows_with_their_date(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, HERE)
    before = rows(db, "SELECT * FROM volumes ORDER BY ALL")
    cloud.faults([{"kind": "denied", "operation": "DescribeVolumes"}])
    collect(db, cloud.env, HERE)
    assert rows(db, "SELECT * FROM volumes ORDER BY ALL") == before
    status, error, count = coverage(db)[HERE, "volumes"]
    assert (status, count) == ("denied", len(before))
    assert "ec2:DescribeVolumes" in str(error)


def test_a_throttled_scope_is_called_throttled(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 3)
    cloud.faults([{"kind": "throttle", "operation": "DescribeSnapshots"}])
    collect(tmp_path / "w.duckdb", cloud.env, HERE, only=("snapshots",))
    assert coverage(tmp_path / "w.duckdb")[HERE, "snapshots"][0] == "throttled"


def test_the_next_collection_completes_what_was_missing(
    cloud: Cloud, calm: dict[tuple[str, str], tuple[Any, ...]], tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    cloud.faults(
        [{"kind": "denied", "operation": "GetMetricData"}, {"kind": "denied", "service": "autoscaling"}]
    )
    assert collect(db, cloud.env, HERE, THERE).errors
    cloud.faults([])
    assert collect(db, cloud.env, HERE, THERE).errors == {}
    assert held(db) == calm
