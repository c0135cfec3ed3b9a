"""As few calls as Alibaba's API allows: a first collection of everything, and the one of the day after."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.benchmarks.floor_alibaba import least_calls
from tests.collectors.alibaba.calling import hurry
from tests.collectors.alibaba.live import AT, collect
from tests.servers.alibaba.cloud import Cloud

REGIONS = ("cn-hangzhou",)
MOST = 1.1  # times the floor


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        cloud.estate(n=60, regions=REGIONS)
        yield cloud


def collected(
    cloud: Cloud, db: Path, at: datetime
) -> tuple[Counter[tuple[str, str]], dict[tuple[str, str], int]]:
    """Calls by operation, and their floor."""
    cloud.clock(f"{at:%Y-%m-%dT%H:%M:%SZ}")
    cloud.reset_calls()
    done = collect(db, cloud.env, *REGIONS, at=at, days=30)
    assert done.errors == {}
    log = cloud.calls()
    assert {call["outcome"] for call in log} <= {"ok", "NoSuchLifecycle"}
    return Counter((call["product"], call["action"]) for call in log), least_calls(log)


def test_both_collections_take_hardly_more_calls_than_the_floor(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    db = tmp_path / "w.duckdb"
    made, floor = collected(cloud, db, AT)
    assert made.total() <= MOST * sum(floor.values()), made - Counter(floor)
    later, least = collected(cloud, db, AT + timedelta(days=1))
    assert later.total() <= MOST * sum(least.values()), later - Counter(least)
    asked = ("cms", "DescribeMetricList")
    assert later[asked] < made[asked] / 3, "only what is new"
    assert {name for name in made if made[name] > floor[name]} <= {asked}, "everything else is at the floor"
