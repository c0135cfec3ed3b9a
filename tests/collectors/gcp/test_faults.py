"""A cloud that throttles, breaks and loses zones: a collection is complete, or says exactly what is missing."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from collectors.gcp import client as module
from collectors.gcp.handing import DATASETS
from finops.errors import CredentialsError
from finops.schema_comments import schema_sql
from tests.benchmarks.floor_gcp import SERIES, least_calls
from tests.collectors.gcp.calling import hurry
from tests.collectors.gcp.canned import Desk
from tests.collectors.gcp.live import live
from tests.collectors.live import AT
from tests.servers.gcp.cloud import Cloud

REGIONS, ZONE = ("us-central1", "europe-west1"), "us-central1-a"
MEASURED = (*(name for name in DATASETS if name not in ("prices", "spot_prices")),)
TABLES = ("instances", "instance_types", "volumes", "snapshots", "public_ips", "load_balancers", "nat_gateways", "databases",
          "buckets", "commitments", "scaling_groups", "metrics", "tags")  # fmt: skip
# Datasets that a table is told by, where it is not called like its own.
TOLD_BY = {
    "tags": ("instances", "volumes", "snapshots", "public_ips", "load_balancers", "databases", "buckets")
}
_DAY = timedelta(days=1)
Held = dict[tuple[str, str], tuple[Any, ...]]


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.fixture
def cloud(process: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    hurry(monkeypatch)
    process.faults([])
    process.estate(n=12, regions=REGIONS, projects=1)
    process.reset_calls()
    yield process
    process.faults([])
    process.unreachable()
    process.buckets([])


@pytest.fixture(scope="module")
def calm(process: Cloud) -> Held:
    """What a collection holds when nothing goes wrong."""
    truth = process.estate(n=12, regions=REGIONS, projects=1)
    with duckdb.connect(config={"threads": 1}) as con, pytest.MonkeyPatch.context() as patch:
        hurry(patch)
        con.execute(schema_sql())
        desk = Desk(con)
        assert live(desk, process.env, only=MEASURED, projects=tuple(truth.projects)).outcome.errors == {}
        return held(desk)


def held(desk: Desk) -> Held:
    """(table, region) → rows and a hash of them all."""
    found: Held = {}
    for table in TABLES:
        region = "'global'" if table == "instance_types" else "region"
        sql = f"SELECT {region} AS r, count(*), bit_xor(hash(COLUMNS(t.*)::VARCHAR)) FROM {table} AS t GROUP BY r"
        found |= {(table, place): tuple(rest) for place, *rest in desk.rows(sql)}
    return found


def collect(desk: Desk, cloud: Cloud, at: datetime = AT, **more: Any) -> Any:
    return live(desk, cloud.env, at=at, projects=("acme-web-prod",), **{"only": MEASURED, **more}).outcome


STORMS = {
    "a third of the calls throttled": [{"kind": "ratelimit", "rate": 0.33, "seed": 1}],
    "errors of servers and proxies": [
        {"kind": "http500", "rate": 0.15, "seed": 2}, {"kind": "http502html", "rate": 0.1, "seed": 3},
        {"kind": "http503empty", "rate": 0.05, "seed": 4},
    ],
    "connections reset and bodies cut short": [
        {"kind": "reset", "rate": 0.15, "seed": 5}, {"kind": "truncate", "rate": 0.1, "seed": 6},
        {"kind": "short", "rate": 0.1, "seed": 7},
    ],
    "all of it, and some denied": [
        {"kind": "ratelimit", "rate": 0.15, "seed": 11}, {"kind": "http500", "rate": 0.1, "seed": 12},
        {"kind": "reset", "rate": 0.1, "seed": 13}, {"kind": "short", "rate": 0.1, "seed": 14},
        {"kind": "denied", "action": "snapshots.list"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("storm", STORMS)
def test_in_a_storm_every_scope_is_whole_or_told(storm: str, cloud: Cloud, calm: Held, desk: Desk) -> None:
    cloud.faults(STORMS[storm])
    done = collect(desk, cloud)
    log = cloud.calls()
    assert sum(call["outcome"] != "ok" for call in log) >= 4
    assert done.calls == len(log)
    told = desk.coverage()
    missing = {key for key, (status, _, _) in told.items() if status != "complete"}
    assert missing == {(scope.region, scope.dataset) for scope in done.errors}
    assert len(missing) < len(told) / 2
    # Which calls a storm hits depends on their order, so now and then all attempts of one fail; denied is denied.
    assert ("snapshots" in {dataset for _, dataset in missing}) or "denied" not in storm
    now = held(desk)
    for (table, region), content in calm.items():
        names = TOLD_BY.get(table, (table,))
        if not {dataset for _, dataset in missing} & {*names, "instances", "volumes", "scaling_groups"}:
            assert now[table, region] == content, (table, region)


def test_what_was_missing_is_had_by_the_next_collection(cloud: Cloud, calm: Held, desk: Desk) -> None:
    cloud.faults(
        [{"kind": "denied", "action": "disks.aggregatedList"}, {"kind": "http500", "service": "sqladmin"}]
    )
    assert {scope.dataset for scope in collect(desk, cloud).errors} == {"volumes", "databases", "metrics"}
    cloud.faults([])
    assert collect(desk, cloud).errors == {}
    assert held(desk) == calm


def test_where_every_attempt_is_throttled_it_is_told_as_that_and_the_rest_is_stored(
    cloud: Cloud, desk: Desk
) -> None:
    cloud.faults(
        [{"kind": "ratelimit", "action": "snapshots.list"}, {"kind": "ratelimit", "service": "storage"}]
    )
    done = collect(desk, cloud, only=("instances", "snapshots", "buckets"))
    assert {(scope.dataset, status) for scope, status in done.statuses.items()} == {
        ("instances", "complete"), ("snapshots", "throttled"), ("buckets", "throttled"),
    }  # fmt: skip
    assert Counter(call["action"] for call in cloud.calls())["snapshots.list"] == module.ATTEMPTS


def test_tokens_that_are_refused_end_the_run_at_once_with_its_own_error(cloud: Cloud, desk: Desk) -> None:
    cloud.faults([{"kind": "expired"}])
    with pytest.raises(CredentialsError, match="credentials"):
        collect(desk, cloud, only=("instances", "volumes"))
    assert cloud.count() == 2


def test_a_zone_that_cannot_be_reached_keeps_what_is_stored_and_makes_its_region_partial(
    cloud: Cloud, calm: Held, desk: Desk
) -> None:
    collect(desk, cloud)
    cloud.unreachable(f"zones/{ZONE}")
    done = collect(desk, cloud)
    told = desk.coverage()
    partial = {key for key, (status, _, _) in told.items() if status == "partial"}
    assert {("us-central1", "instances"), ("us-central1", "volumes"), ("global", "instances")} <= partial
    assert not [key for key in partial if key[0] == "europe-west1"]
    assert {scope.dataset for scope in done.errors} >= {"instances", "volumes"}
    assert ZONE in told["us-central1", "instances"][1]
    now = held(desk)
    # A disk of two zones whose machine is not in the list has forgotten how it is attached, and no more.
    assert {key: rows[0] for key, rows in now.items()} == {key: rows[0] for key, rows in calm.items()}
    for table in ("instances", "scaling_groups", "instance_types"):
        assert {key: rows for key, rows in now.items() if key[0] == table} == {
            key: rows for key, rows in calm.items() if key[0] == table
        }


def test_the_day_after_only_what_is_new_is_measured_by_as_few_calls_as_there_are_pages(
    cloud: Cloud, desk: Desk
) -> None:
    first = collect(desk, cloud, days=10)
    assert first.errors == {}
    cloud.reset_calls()
    desk.con.execute(
        "INSERT INTO collections SELECT 'gcp', '{\"days\": 10}', account_id, region, run_id FROM coverage"
    )
    later = collect(desk, cloud, at=AT + _DAY, days=10)
    log = cloud.calls()
    starts = {
        call["params"]["interval.startTime"] for call in log if (call["service"], call["action"]) == SERIES
    }
    assert starts == {"2026-11-18T00:00:00Z"}
    assert later.calls == len(log) <= 1.1 * sum(least_calls(log).values())


def test_within_its_age_nothing_is_asked(cloud: Cloud, desk: Desk) -> None:
    collect(desk, cloud)
    cloud.reset_calls()
    whole = {key for key, (status, _, _) in desk.coverage().items() if status == "complete"}
    collect(desk, cloud, fresh=lambda scope: (scope.region, scope.dataset) in whole)
    assert cloud.count() == 0
