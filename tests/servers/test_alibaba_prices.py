"""What the local Alibaba Cloud charges by the hour: instances, disks, spot instances, and which types there are."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.servers.alibaba.asking import ask, refused
from tests.servers.alibaba.cloud import Cloud

Row = dict[str, Any]


def test_an_instance_has_its_price_and_that_of_its_system_disk(cloud: Cloud) -> None:
    answer = ask(
        cloud, "ecs", "DescribePrice", ResourceType="instance", InstanceType="ecs.g7.large", PriceUnit="Hour"
    )
    price = answer["PriceInfo"]["Price"]
    parts = {each["Resource"]: each for each in price["DetailInfos"]["DetailInfo"]}
    assert price["Currency"] == "CNY"
    assert parts["instanceType"]["OriginalPrice"] == pytest.approx(0.52325)
    assert parts["instanceType"]["TradePrice"] == pytest.approx(0.52325 * 0.9)
    assert parts["systemDisk"]["OriginalPrice"] > 0
    assert price["TradePrice"] == pytest.approx(sum(each["TradePrice"] for each in parts.values()))


def test_a_month_is_cheaper_than_its_hours(cloud: Cloud) -> None:
    prices = {
        unit: ask(cloud, "ecs", "DescribePrice", InstanceType="ecs.g7.large", PriceUnit=unit)["PriceInfo"][
            "Price"
        ]["OriginalPrice"]
        for unit in ("Hour", "Month")
    }
    assert 0.5 < prices["Month"] / (prices["Hour"] * 720) < 0.8


def test_disks_cost_by_category_level_and_size(cloud: Cloud) -> None:
    def price(**disk: Any) -> float:
        asked = {f"DataDisk_1_{name}": value for name, value in disk.items()}
        answer = ask(cloud, "ecs", "DescribePrice", ResourceType="disk", **asked)
        [detail] = answer["PriceInfo"]["Price"]["DetailInfos"]["DetailInfo"]
        assert detail["Resource"] == "dataDisk"
        return float(detail["OriginalPrice"])

    small = price(Category="cloud_essd", PerformanceLevel="PL1", Size=100)
    assert price(Category="cloud_essd", PerformanceLevel="PL1", Size=200) == pytest.approx(
        2 * small, rel=1e-4
    )
    assert price(Category="cloud_essd", PerformanceLevel="PL0", Size=100) < small
    assert price(Category="cloud_essd", Size=100) == small  # PL1 is the default
    wrong = {"ResourceType": "disk", "DataDisk_1_Size": 100}
    assert refused(cloud, "ecs", "DescribePrice", DataDisk_1_Category="cloud_magic", **wrong)[1] == 400
    assert (
        refused(
            cloud,
            "ecs",
            "DescribePrice",
            DataDisk_1_Category="cloud_essd",
            DataDisk_1_PerformanceLevel="PL2",
            **wrong,
        )[1]
        == 400
    )


def test_types_that_a_region_does_not_sell_have_no_price(cloud: Cloud) -> None:
    code = ("InvalidInstanceType.ValueNotSupported", 400)
    assert refused(cloud, "ecs", "DescribePrice", InstanceType="ecs.nothing.large") == code
    assert (
        refused(cloud, "ecs", "DescribePrice", InstanceType="ecs.g8y.large", region="ap-southeast-1") == code
    )
    assert refused(cloud, "ecs", "DescribePrice") == ("MissingParameter", 400)


def test_spot_prices_change_irregularly_and_end_with_an_empty_page(cloud: Cloud) -> None:
    params = {
        "InstanceType": "ecs.g6.xlarge", "NetworkType": "vpc", "StartTime": "2026-10-21T00:00:00Z", "EndTime": "2026-11-20T00:00:00Z",
    }  # fmt: skip
    found: list[Row] = []
    while True:
        page = ask(cloud, "ecs", "DescribeSpotPriceHistory", Offset=len(found), **params)
        found += page["SpotPrices"]["SpotPriceType"]
        assert page["NextOffset"] == len(found)
        if not page["SpotPrices"]["SpotPriceType"]:
            break
    assert len(found) > 100
    assert page["Currency"] == "CNY"
    assert {each["OriginPrice"] for each in found} == {1.0}
    assert 0.1 <= min(each["SpotPrice"] for each in found) <= max(each["SpotPrice"] for each in found) <= 0.6
    zones = {each["ZoneId"] for each in found}
    assert len(zones) == 8
    hours = [each["Timestamp"] for each in found if each["ZoneId"] == min(zones)]
    assert (
        len({(datetime.fromisoformat(b) - datetime.fromisoformat(a)).seconds for a, b in pairwise(hours)}) > 3
    )


def test_spot_prices_are_told_for_30_days_at_once_and_only_with_the_network(cloud: Cloud) -> None:
    params = {
        "InstanceType": "ecs.g6.large",
        "StartTime": "2026-10-20T00:00:00Z",
        "EndTime": "2026-11-20T00:00:00Z",
    }
    assert refused(cloud, "ecs", "DescribeSpotPriceHistory", NetworkType="vpc", **params)[1] == 400
    assert refused(cloud, "ecs", "DescribeSpotPriceHistory", InstanceType="ecs.g6.large") == (
        "MissingParameter",
        400,
    )
    assert (
        refused(cloud, "ecs", "DescribeSpotPriceHistory", InstanceType="ecs.x", NetworkType="vpc")[1] == 404
    )


def modules(*types: str) -> dict[str, str]:
    asked = {}
    for number, name in enumerate(types, 1):
        config = f"InstanceType:{name},IoOptimized:optimized,ImageOs:linux"
        asked |= {
            f"ModuleList_{number}_{key}": value
            for key, value in (("ModuleCode", "InstanceType"), ("PriceType", "Hour"), ("Config", config))
        }
    return asked


def test_one_unknown_module_fails_all_of_them(cloud: Cloud) -> None:
    common = {"ProductCode": "ecs", "SubscriptionType": "PayAsYouGo", "Region": "cn-hangzhou"}
    good = ask(cloud, "bss", "GetPayAsYouGoPrice", **common, **modules("ecs.g7.large", "ecs.c7.large"))
    assert [each["OriginalCost"] for each in good["Data"]["ModuleDetails"]["ModuleDetail"]] == [
        0.52325,
        0.407698,
    ]
    bad = ask(cloud, "bss", "GetPayAsYouGoPrice", **common, **modules("ecs.g7.large", "ecs.none.large"))
    assert (bad["Success"], bad["Message"], bad.get("Data")) == (
        False,
        "PRICE.PRICING_PLAN_RESULT_NOT_FOUND",
        None,
    )
    assert refused(cloud, "bss", "GetPayAsYouGoPrice", **common, **modules(*["ecs.g7.large"] * 51))[1] == 400


def test_types_are_told_by_name_ten_at_a_time_or_all_at_once(cloud: Cloud) -> None:
    every = ask(cloud, "ecs", "DescribeInstanceTypes")["InstanceTypes"]["InstanceType"]
    assert len(every) > 100
    held = {each["InstanceTypeId"]: each for each in every}
    assert (held["ecs.g8y.large"]["CpuArchitecture"], held["ecs.g7.large"]["MemorySize"]) == ("ARM", 8.0)
    assert held["ecs.t6-c1m2.large"]["BaselineCredit"] == 40
    assert "BaselineCredit" not in held["ecs.g7.large"]
    some = ask(
        cloud, "ecs", "DescribeInstanceTypes", InstanceTypes_1="ecs.g7.large", InstanceTypes_2="ecs.i3.xlarge"
    )
    assert len(some["InstanceTypes"]["InstanceType"]) == 2
    eleven = {f"InstanceTypes_{number}": "ecs.g7.large" for number in range(1, 12)}
    assert refused(cloud, "ecs", "DescribeInstanceTypes", **eleven)[1] == 400
