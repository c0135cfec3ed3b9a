"""Prices of the types in use in a few other regions, each told in the scope of its region."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba.elsewhere import get_elsewhere, regions_for
from collectors.calls import CallError
from tests.collectors.alibaba.canned import Canned
from tests.collectors.alibaba.live import collect, coverage, rows
from tests.servers.alibaba.cloud import AS_OF, Cloud

REGION = "cn-hangzhou"


@pytest.mark.parametrize(
    ("region", "others"),
    [
        ("cn-hangzhou", ("cn-wulanchabu", "cn-heyuan", "cn-zhangjiakou")),
        ("cn-heyuan", ("cn-wulanchabu", "cn-zhangjiakou")),
        ("cn-hongkong", ("ap-southeast-5", "ap-southeast-3", "ap-southeast-1")),
        ("us-east-1", ("us-west-1",)),
        ("of-tomorrow-1", ()),
    ],
)
def test_only_other_regions_of_the_same_part_of_the_world_are_asked(
    region: str, others: tuple[str, ...]
) -> None:
    assert regions_for(region) == others


def test_a_region_that_the_account_cannot_use_is_left_out_and_one_refusal_is_enough() -> None:
    problems: list[str] = []
    client = Canned("cn-heyuan", ecs_DescribeAvailableResource=CallError("skipped", "InvalidRegionId", "x"))
    assert get_elsewhere(client.session, {"cn-heyuan": ["ecs.g7.large"]}, problems) == {}
    assert problems == []
    denied = Canned("cn-heyuan", ecs_DescribeAvailableResource=CallError("denied", "Forbidden.RAM", "denied"))
    wanted: dict[str, Any] = {"cn-heyuan": ["ecs.g7.large"], "cn-wulanchabu": ["ecs.g7.large"]}
    assert get_elsewhere(denied.session, wanted, problems) == {}
    assert problems == ["denied"]
    assert len(denied.asked) == 1


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


def test_types_in_use_are_priced_where_they_are_sold_by_two_calls_a_region(
    process: Cloud, tmp_path: Path
) -> None:
    process.fresh()
    process.clock(AS_OF)
    for kind in ("ecs.g7.large", "ecs.c7.large", "ecs.g8y.large"):
        process.put("instance", REGION, {"InstanceType": kind})
    process.put("instance", REGION, {"InstanceType": "ecs.r7.large", "Status": "Stopped"})
    process.reset_calls()
    db = tmp_path / "w.duckdb"
    assert collect(db, process.env, REGION, only=("instances", "volumes", "region_prices")).errors == {}
    regions = [region for (region,) in rows(db, "SELECT DISTINCT region FROM prices")]
    assert set(regions) <= set(regions_for(REGION))
    assert regions
    sold = set(rows(db, "SELECT sku FROM prices WHERE sku LIKE 'ecs.%'"))
    assert sold >= {("ecs.g7.large",), ("ecs.c7.large",)}
    assert ("ecs.r7.large",) not in sold
    assert process.count("GetPayAsYouGoPrice") == len(regions)
    told = coverage(db)
    assert told[REGION, "region_prices"][0] == "complete"
    assert {region for region, dataset in told if dataset == "region_prices"} == {REGION, *regions}
