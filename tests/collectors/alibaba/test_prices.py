"""Prices: batches of fifty with one type that is not sold, billing that is closed, disks by GiB, months, spot histories."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.alibaba.prices import get_list, get_spot, kinds_of, transform_list, transform_spot
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.alibaba.canned import ACCOUNT, Canned
from tests.collectors.alibaba.live import AT, collect, coverage, rows
from tests.servers.alibaba.cloud import AS_OF, Cloud

REGION = "cn-hangzhou"
LISTED = Scope("alibaba", ACCOUNT, REGION, "prices")
SPOT = Scope("alibaba", ACCOUNT, REGION, "spot_prices")
NOT_FOUND = "PRICE.PRICING_PLAN_RESULT_NOT_FOUND"
DENIED = CallError("denied", "NotAuthorized", "bssapi:GetPayAsYouGoPrice is denied.")


def ask(
    client: Canned,
    types: Mapping[str, list[str]],
    kinds: list[tuple[str, str | None]] | None = None,
    subscribed: list[str] | None = None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """What is found, and what is told of what is not."""
    problems: list[str] = []
    return get_list(client.session, client, types, kinds or [], subscribed or [], problems), problems


# --- machines, by billing ---------------------------------------------------------------------------------


def modules(asked: Mapping[str, Any]) -> list[str]:
    """The types that a question to billing is about, in its order."""
    count = sum(name.endswith(".ModuleCode") for name in asked)
    return [
        asked[f"ModuleList.{place}.Config"].split(",")[0].removeprefix("InstanceType:")
        for place in range(1, count + 1)
    ]


def sold(*gone: str, told: str = NOT_FOUND, currency: str = "CNY") -> Any:
    """Billing that has every type but these. Each costs the number in its name."""

    def answer(asked: dict[str, Any]) -> Any:
        names = modules(asked)
        if set(names) & set(gone):
            return CallError("failed", told, f"GetPayAsYouGoPrice failed ({NOT_FOUND}).")
        details = [
            {
                "ModuleCode": "InstanceType",
                "OriginalCost": f"{name.split('-')[1]}.50",
                "CostAfterDiscount": "0.01",
            }
            for name in names
        ]
        return {"Data": {"Currency": currency, "ModuleDetails": {"ModuleDetail": details}}}

    return answer


def names(count: int) -> list[str]:
    return [f"t-{number:03}" for number in range(1, count + 1)]


def test_a_question_is_in_the_words_of_billing() -> None:
    client = Canned(bss_GetPayAsYouGoPrice=sold())
    found, problems = ask(client, {"linux": ["t-2"], "windows": ["t-1"]})
    assert problems == []
    assert client.questions("bss_GetPayAsYouGoPrice") == [
        {
            "ProductCode": "ecs", "SubscriptionType": "PayAsYouGo", "Region": REGION,
            "ModuleList.1.ModuleCode": "InstanceType", "ModuleList.1.PriceType": "Hour",
            "ModuleList.1.Config": f"InstanceType:{name},IoOptimized:optimized,ImageOs:{system}",
        }
        for name, system in (("t-2", "linux"), ("t-1", "windows"))
    ]  # fmt: skip
    assert [(one["sku"], one["platform"], one["price"]) for one in found] == [
        ("t-2", None, Decimal("2.5")), ("t-1", "windows", Decimal("1.5")),
    ]  # fmt: skip


def test_prices_are_those_before_discounts_and_exact_to_the_last_digit() -> None:
    details = [{"OriginalCost": "0.523250000001", "CostAfterDiscount": "0.4", "UnitPrice": "0.4"}]
    client = Canned(
        bss_GetPayAsYouGoPrice={"Data": {"Currency": "USD", "ModuleDetails": {"ModuleDetail": details}}}
    )
    found, _ = ask(client, {"linux": ["t-1"]})
    assert transform_list(found, LISTED, AT)["prices"] == [
        {
            "cloud": "alibaba", "region": REGION, "zone": None, "sku": "t-1", "purchase_model": "on_demand", "unit": "hour",
            "price": Decimal("0.523250000001"), "currency": "USD", "platform": None, "source": "BSS GetPayAsYouGoPrice", "as_of": AT,
        }
    ]  # fmt: skip


@pytest.mark.parametrize("cost", ["0", 0, "0.000000", None, ""])
def test_nothing_is_no_price(cost: Any) -> None:
    details = [{"OriginalCost": cost}, {"OriginalCost": 2}]
    client = Canned(
        bss_GetPayAsYouGoPrice={"Data": {"Currency": "CNY", "ModuleDetails": {"ModuleDetail": details}}}
    )
    found, _ = ask(client, {"linux": ["t-1", "t-2"]})
    assert [(one["sku"], one["price"]) for one in found] == [("t-2", Decimal(2))]


def test_types_are_asked_by_fifty_and_each_once() -> None:
    client = Canned(bss_GetPayAsYouGoPrice=sold())
    found, _ = ask(client, {"linux": [*names(120), *names(30)]})
    assert [len(modules(asked)) for _, asked in client.asked] == [50, 50, 20]
    assert {one["sku"]: one["price"] for one in found} == {
        name: Decimal(name.split("-")[1] + ".5") for name in names(120)
    }


@given(
    st.integers(1, 60), st.sets(st.integers(1, 60), max_size=4), st.sampled_from([NOT_FOUND, "Unsuccessful"])
)
@settings(max_examples=60, deadline=None)
def test_types_that_are_not_sold_take_no_other_with_them(count: int, gone: set[int], told: str) -> None:
    client = Canned(bss_GetPayAsYouGoPrice=sold(*(f"t-{number:03}" for number in gone), told=told))
    found, problems = ask(client, {"linux": names(count)})
    assert problems == []
    assert [one["sku"] for one in found] == [
        name for number, name in enumerate(names(count), 1) if number not in gone
    ]
    missing = len([number for number in gone if number <= count])
    assert len(client.asked) <= math.ceil(count / 50) + 2 * missing * (math.ceil(math.log2(50)) + 1)


def test_an_answer_with_more_or_fewer_prices_than_types_is_not_guessed_at() -> None:
    details = [{"OriginalCost": "1"}]
    client = Canned(
        bss_GetPayAsYouGoPrice={"Data": {"Currency": "CNY", "ModuleDetails": {"ModuleDetail": details}}}
    )
    with pytest.raises(ValueError, match="1 prices for 2 types"):
        ask(client, {"linux": ["t-1", "t-2"]})


# --- machines, by ECS -------------------------------------------------------------------------------------


def price(amount: str, *parts: tuple[str, str], currency: str = "CNY") -> dict[str, Any]:
    details = [{"Resource": name, "OriginalPrice": float(each), "TradePrice": 0.01} for name, each in parts]
    told = {
        "OriginalPrice": float(amount),
        "TradePrice": 0.01,
        "Currency": currency,
        "DetailInfos": {"DetailInfo": details},
    }
    return {"PriceInfo": {"Price": told}}


def test_where_billing_is_closed_ecs_is_asked_one_by_one_for_the_machine_alone() -> None:
    client = Canned(
        bss_GetPayAsYouGoPrice=DENIED,
        ecs_DescribePrice=price("0.66", ("instanceType", "0.52325"), ("systemDisk", "0.13675")),
    )
    found, problems = ask(client, {"linux": ["t-1", "t-2"], "windows": ["t-1"]})
    assert set(problems) == {str(DENIED)}
    assert [(one["sku"], one["platform"], one["price"], one["source"]) for one in found] == [
        ("t-1", None, Decimal("0.52325"), "ECS DescribePrice"),
        ("t-2", None, Decimal("0.52325"), "ECS DescribePrice"),
        ("t-1", "windows", Decimal("0.52325"), "ECS DescribePrice"),
    ]
    assert client.questions("ecs_DescribePrice")[0] == {
        "RegionId": REGION, "ResourceType": "instance", "InstanceType": "t-1", "PriceUnit": "Hour", "Platform": "Linux",
        "SystemDisk.Category": "cloud_essd", "SystemDisk.Size": 40,
    }  # fmt: skip


def test_a_type_that_boots_from_an_older_disk_is_asked_with_one() -> None:
    client = Canned(
        bss_GetPayAsYouGoPrice=DENIED,
        ecs_DescribePrice=lambda asked: (
            CallError("failed", "InvalidSystemDiskCategory.ValueNotSupported", "no")
            if asked["SystemDisk.Category"] == "cloud_essd"
            else price("0.3", ("instanceType", "0.2"), ("systemDisk", "0.1"))
        ),
    )
    found, problems = ask(client, {"linux": ["t-1"]})
    assert (problems, [one["price"] for one in found]) == ([str(DENIED)], [Decimal("0.2")])


def test_where_ecs_is_closed_too_it_is_asked_once_and_the_first_refusal_is_told() -> None:
    client = Canned(
        bss_GetPayAsYouGoPrice=DENIED,
        ecs_DescribePrice=CallError("denied", "Forbidden.RAM", "ecs:DescribePrice is denied."),
    )
    with pytest.raises(CallError, match="bssapi:GetPayAsYouGoPrice is denied"):
        ask(client, {"linux": names(40)}, [("cloud_essd", "PL1")])
    assert len(client.questions("ecs_DescribePrice")) == 1


def test_where_ecs_stops_answering_what_it_told_stays_and_the_reason_is_told() -> None:
    answers = [
        price("1", ("instanceType", "1")),
        CallError("throttled", "Throttling", "ecs:DescribePrice was throttled."),
    ]
    client = Canned(bss_GetPayAsYouGoPrice=DENIED, ecs_DescribePrice=answers)
    found, problems = ask(client, {"linux": names(40)}, [("cloud_essd", "PL1")], ["t-001"])
    assert [one["sku"] for one in found] == ["t-001"]
    assert problems == [str(DENIED), "ecs:DescribePrice was throttled."]


# --- disks and months -------------------------------------------------------------------------------------


def test_a_disk_s_price_is_that_of_a_gib_and_a_month() -> None:
    client = Canned(ecs_DescribePrice=price("2.7778", ("dataDisk", "2.7778")))
    found, problems = ask(client, {}, [("cloud_essd", "PL1"), ("cloud_efficiency", None)])
    assert problems == []
    assert [(one["sku"], one["unit"], one["price"]) for one in found] == [
        ("cloud_essd.PL1", "GiB-month", (Decimal("2.7778") / 2000 * 730).quantize(Decimal("1e-12"))),
        ("cloud_efficiency", "GiB-month", (Decimal("2.7778") / 2000 * 730).quantize(Decimal("1e-12"))),
    ]
    first, second = client.questions("ecs_DescribePrice")
    assert first == {
        "RegionId": REGION, "ResourceType": "disk", "PriceUnit": "Hour", "DataDisk.1.Category": "cloud_essd",
        "DataDisk.1.Size": 2000, "DataDisk.1.PerformanceLevel": "PL1",
    }  # fmt: skip
    assert second["DataDisk.1.PerformanceLevel"] is None


def test_an_operation_that_is_provisioned_costs_what_a_disk_with_more_of_them_costs_more() -> None:
    kinds = kinds_of([{"volume_type": "cloud_auto", "performance_level": None, "iops": 500.0}])
    assert ("cloud_auto", "iops") in kinds
    dearer = price("3.5", ("dataDisk", "3.5"))
    client = Canned(
        ecs_DescribePrice=lambda asked: (
            dearer if "DataDisk.1.ProvisionedIops" in asked else price("3", ("dataDisk", "3"))
        )
    )
    found, _ = ask(client, {}, kinds)
    each = {one["sku"]: (one["unit"], one["price"]) for one in found}
    assert each["cloud_auto:iops"] == ("IOPS-month", Decimal("0.5") * 730 / 10_000)
    assert each["cloud_auto"] == ("GiB-month", Decimal(3) / 2000 * 730)


def test_where_more_operations_cost_no_more_their_price_is_not_known() -> None:
    client = Canned(ecs_DescribePrice=price("3", ("dataDisk", "3")))
    found, _ = ask(client, {}, [("cloud_auto", None), ("cloud_auto", "iops")])
    assert [one["sku"] for one in found] == ["cloud_auto"]


def test_a_month_s_subscription_is_asked_for_types_that_are_subscribed_to() -> None:
    client = Canned(ecs_DescribePrice=price("260", ("instanceType", "244.9"), ("systemDisk", "15.1")))
    found, _ = ask(client, {}, [], ["t-1", "t-1"])
    assert [(one["sku"], one["purchase_model"], one["unit"], one["price"]) for one in found] == [
        ("t-1", "subscription", "month", Decimal("244.9"))
    ]
    ((_, asked),) = client.asked
    assert (asked["PriceUnit"], asked["Period"]) == ("Month", 1)


def test_a_price_of_one_part_is_that_part_s_whatever_it_is_called() -> None:
    for answer in (price("2"), price("2", ("disk", "2"))):
        found, _ = ask(Canned(ecs_DescribePrice=answer), {}, [("cloud_essd", "PL1")])
        assert [one["price"] for one in found] == [Decimal("0.73")]
    found, _ = ask(
        Canned(ecs_DescribePrice=price("2", ("image", "1"), ("bandwidth", "1"))), {}, [("cloud_essd", "PL1")]
    )
    assert found == [], "which part is meant is not known"


def test_a_disk_that_is_not_sold_has_no_price_and_one_that_may_not_be_asked_about_is_told() -> None:
    not_sold = CallError("failed", "InvalidDataDiskCategory.NotSupported", "not sold")
    client = Canned(ecs_DescribePrice=[not_sold, price("2", ("dataDisk", "2"))])
    found, problems = ask(client, {}, [("cloud", None), ("cloud_ssd", None)])
    assert ([one["sku"] for one in found], problems) == (["cloud_ssd"], [])
    client = Canned(ecs_DescribePrice=CallError("denied", "Forbidden.RAM", "ecs:DescribePrice is denied."))
    found, problems = ask(client, {}, [("cloud", None), ("cloud_ssd", None)], ["t-1"])
    assert (found, problems, len(client.asked)) == ([], ["ecs:DescribePrice is denied."], 1)


def test_what_a_disk_could_be_changed_into_is_priced_too() -> None:
    def volume(kind: str | None, level: str | None = None) -> dict[str, Any]:
        return {"volume_type": kind, "performance_level": level}

    assert kinds_of([volume("cloud_essd", "PL3"), volume("cloud_essd", "PL3"), volume(None)]) == [
        ("cloud_essd", "PL0"), ("cloud_essd", "PL2"), ("cloud_essd", "PL3"),
    ]  # fmt: skip
    assert kinds_of([volume("cloud_efficiency")]) == [("cloud_efficiency", None)]
    assert kinds_of([volume("cloud_ssd"), volume("cloud_auto")]) == [
        ("cloud_auto", None), ("cloud_essd", "PL0"), ("cloud_ssd", None),
    ]  # fmt: skip
    assert kinds_of([]) == []


@pytest.mark.parametrize(
    ("region", "currency", "told"),
    [
        ("cn-hangzhou", "CNY", True),
        ("cn-hangzhou", "USD", False),
        ("cn-hongkong", "CNY", False),
        ("ap-southeast-1", "CNY", False),
    ],
)
def test_what_keeping_an_address_costs_is_known_in_the_mainland_and_its_currency(
    region: str, currency: str, told: bool
) -> None:
    client = Canned(region, bss_GetPayAsYouGoPrice=sold(currency=currency))
    found, _ = ask(client, {"linux": ["t-1"]})
    listed = transform_list(found, Scope("alibaba", ACCOUNT, region, "prices"), AT)["prices"]
    assert [(one["price"], one["currency"]) for one in listed if one["sku"] == "public_ip:unused"] == (
        [(Decimal("0.02"), "CNY")] if told else []
    )


# --- spot -------------------------------------------------------------------------------------------------


def change(hour: int, amount: Any = 0.1, **more: Any) -> dict[str, Any]:
    at = AT - timedelta(hours=hour)
    usual = {"InstanceType": "t-1", "ZoneId": "cn-hangzhou-k", "NetworkType": "vpc", "OriginPrice": 0.5}
    return {**usual, "Timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "SpotPrice": amount, **more}


def history(*found: dict[str, Any], following: int | None = 0, currency: str = "CNY") -> dict[str, Any]:
    return {"Currency": currency, "NextOffset": following, "SpotPrices": {"SpotPriceType": list(found)}}


def test_the_history_is_read_until_the_empty_page() -> None:
    pages = [
        history(change(9), change(8), following=2),
        history(change(7), following=3),
        history(following=3),
    ]
    client = Canned(ecs_DescribeSpotPriceHistory=pages)
    found = transform_spot(get_spot(client, {"linux": ["t-1"]}, AT), SPOT)["prices"]
    assert [asked["Offset"] for asked in client.questions("ecs_DescribeSpotPriceHistory")] == [0, 2, 3]
    assert [row["as_of"] for row in found] == [AT - timedelta(hours=hour) for hour in (9, 8, 7)]
    assert found[0] == {
        "cloud": "alibaba", "region": REGION, "zone": "cn-hangzhou-k", "sku": "t-1", "purchase_model": "spot", "unit": "hour",
        "price": Decimal("0.1"), "currency": "CNY", "platform": None, "source": "ECS DescribeSpotPriceHistory",
        "as_of": AT - timedelta(hours=9),
    }  # fmt: skip
    first = client.asked[0][1]
    assert (first["NetworkType"], first["OSType"]) == ("vpc", "linux")
    assert (first["StartTime"], first["EndTime"]) == ("2026-10-21T00:00:00Z", "2026-11-20T00:00:00Z")


@pytest.mark.parametrize("following", [0, None])
def test_an_offset_that_does_not_go_on_is_the_end(following: int | None) -> None:
    client = Canned(ecs_DescribeSpotPriceHistory=history(change(9), following=following))
    assert len(get_spot(client, {"linux": ["t-1"]}, AT)) == 1


def test_a_change_that_is_told_twice_is_one_and_zones_platforms_and_instants_are_apart() -> None:
    linux = history(
        change(9), change(9), change(8), change(9, ZoneId="cn-hangzhou-j"), change(7, None), change(6, 0)
    )
    client = Canned(ecs_DescribeSpotPriceHistory=lambda asked: linux if asked["Offset"] == 0 else history())
    found = transform_spot(get_spot(client, {"linux": ["t-1"], "windows": ["t-1"]}, AT), SPOT)["prices"]
    assert [row["platform"] for row in found] == [None] * 3 + ["windows"] * 3


def test_a_type_that_is_never_sold_as_spot_takes_no_other_with_it() -> None:
    def answer(asked: dict[str, Any]) -> Any:
        if asked["InstanceType"] == "t-old":
            return CallError("failed", "InvalidInstanceType.NotFound", "not sold")
        return history(change(9, InstanceType=asked["InstanceType"]))

    client = Canned(ecs_DescribeSpotPriceHistory=answer)
    found = get_spot(client, {"linux": ["t-1", "t-old", "t-2"]}, AT)
    assert [one["InstanceType"] for one in found] == ["t-1", "t-2"]


def test_a_history_that_may_not_be_read_is_told_after_one_call() -> None:
    client = Canned(ecs_DescribeSpotPriceHistory=CallError("denied", "Forbidden.RAM", "denied"))
    with pytest.raises(CallError, match="denied"):
        get_spot(client, {"linux": ["t-1", "t-2"]}, AT)
    assert len(client.asked) == 1


# --- the local cloud --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


ONLY = ("instances", "instance_types", "volumes", "prices", "spot_prices")
UNTIL = {"InstanceChargeType": "PrePaid", "ExpiredTime": "2026-12-31T16:00Z", "_ends": "2026-12-31T16:00:00Z"}


@pytest.fixture(params=["china", "international"])
def cloud(request: pytest.FixtureRequest, process: Cloud) -> Cloud:
    process.fresh()
    process.clock(AS_OF)
    process.site(request.param)
    for region in (REGION, "cn-beijing"):
        process.put("instance", region, {"InstanceId": f"i-{region}", "InstanceType": "ecs.g7.2xlarge"})
        process.put(
            "instance", region, {"InstanceId": f"m-{region}", "InstanceType": "ecs.c7.large", **UNTIL}
        )
    process.put(
        "instance", REGION, {"InstanceId": "w-1", "InstanceType": "ecs.g7.large", "OSType": "windows"}
    )
    process.put(
        "disk", REGION, {"DiskId": "d-1", "Size": 40, "Category": "cloud_essd", "PerformanceLevel": "PL2"}
    )
    process.reset_calls()
    return process


def test_prices_are_in_the_account_s_currency_of_what_is_there_and_what_it_could_be(
    cloud: Cloud, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    db = tmp_path / "w.duckdb"
    done = collect(db, cloud.env, REGION, only=ONLY)
    assert set(done.statuses.values()) == {"complete"}, done.errors
    china = "china" in request.node.name
    assert rows(db, "SELECT DISTINCT currency FROM prices") == [("CNY" if china else "USD",)]
    listed = {
        (sku, model, unit, platform): amount
        for sku, model, unit, platform, amount in rows(
            db, "SELECT sku, purchase_model, unit, platform, price FROM prices WHERE purchase_model <> 'spot'"
        )
    }
    factor = 1 if china else 1 / 7.1
    hour = float(listed["ecs.g7.2xlarge", "on_demand", "hour", None])
    assert hour == pytest.approx(2.093 * factor, rel=1e-4)
    smaller = {
        sku for sku, model, unit, platform in listed if (model, unit, platform) == ("on_demand", "hour", None)
    }
    assert {"ecs.g7.large", "ecs.g7.xlarge", "ecs.g7.2xlarge", "ecs.c7.large"} <= smaller
    assert not {"ecs.g7.4xlarge", "ecs.c7.xlarge"} & smaller, "what is larger is nobody's alternative"
    assert ("ecs.g7.large", "on_demand", "hour", "windows") in listed
    assert ("ecs.c7.large", "subscription", "month", None) in listed
    assert ("ecs.g7.2xlarge", "subscription", "month", None) in listed, "it runs on pay-as-you-go"
    assert {sku for sku, _, unit, _ in listed if unit == "GiB-month"} == {
        "cloud_essd.PL0",
        "cloud_essd.PL1",
        "cloud_essd.PL2",
    }
    assert (("public_ip:unused", "on_demand", "hour", None) in listed) is china
    spot = rows(
        db,
        "SELECT sku, count(*), count(DISTINCT zone), min(as_of), max(as_of), max(price) FROM prices WHERE purchase_model = 'spot' AND platform IS NULL GROUP BY 1",
    )
    assert [sku for sku, *_ in spot] == ["ecs.g7.2xlarge"], "a subscription is no candidate"
    ((_, changes, zones, first, last, highest),) = spot
    assert changes > 100
    assert zones > 1
    assert AT - timedelta(days=31) <= first < last <= AT
    assert float(highest) < hour


def test_all_regions_and_platforms_take_as_few_calls_as_there_can_be(cloud: Cloud, tmp_path: Path) -> None:
    collect(tmp_path / "w.duckdb", cloud.env, REGION, "cn-beijing", only=ONLY)
    asked = [call for call in cloud.calls("GetPayAsYouGoPrice") if call["outcome"] == "ok"]
    assert sorted(call["params"]["Region"] for call in asked) == ["cn-beijing", REGION, REGION]
    months = "a month of a type that is subscribed to and of one that could be, in each region"
    assert cloud.count("DescribePrice") == 3 + 2 * 2, f"kinds of disks, and {months}"
    spot = cloud.calls("DescribeSpotPriceHistory")
    series = [(call["region"], call["params"]["InstanceType"], call["params"]["OSType"]) for call in spot]
    assert len(set(series)) == 3
    pages = [(*one, call["params"]["Offset"]) for one, call in zip(series, spot, strict=True)]
    assert len(pages) == len(set(pages)), "no page twice"
    assert sum(call["items"] == 0 for call in spot) == 3, "one empty page ends each"


def test_with_billing_closed_the_prices_are_the_same_and_the_refusal_is_told(
    cloud: Cloud, tmp_path: Path
) -> None:
    query = "SELECT sku, purchase_model, unit, platform, price, currency FROM prices WHERE source <> ? ORDER BY ALL"
    collect(tmp_path / "open.duckdb", cloud.env, REGION, only=ONLY)
    cloud.deny("bssapi:GetPayAsYouGoPrice")
    done = collect(tmp_path / "closed.duckdb", cloud.env, REGION, only=ONLY)
    assert {scope.dataset: status for scope, status in done.statuses.items()}["prices"] == "partial"
    assert "bssapi:GetPayAsYouGoPrice is denied" in str(done.problem)
    told, before = (rows(tmp_path / f"{name}.duckdb", query, "") for name in ("closed", "open"))
    assert [row[:4] + row[5:] for row in told] == [row[:4] + row[5:] for row in before]
    assert [float(row[4]) for row in told] == pytest.approx([float(row[4]) for row in before], rel=1e-4)
    assert rows(
        tmp_path / "closed.duckdb",
        "SELECT DISTINCT source FROM prices WHERE unit = 'hour' AND purchase_model = 'on_demand' AND sku LIKE 'ecs.%'",
    ) == [("ECS DescribePrice",)]


def test_with_both_closed_the_scope_is_denied_and_what_is_stored_stays(cloud: Cloud, tmp_path: Path) -> None:
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, REGION, only=ONLY)
    before = rows(db, "FROM prices ORDER BY ALL")
    cloud.deny("bssapi:GetPayAsYouGoPrice", "ecs:DescribePrice")
    cloud.reset_calls()
    collect(db, cloud.env, REGION, only=ONLY, at=AT)
    status, error, _ = coverage(db)[REGION, "prices"]
    assert status == "denied"
    assert error is not None
    assert "bssapi:GetPayAsYouGoPrice is denied" in error
    assert rows(db, "FROM prices ORDER BY ALL") == before
    assert cloud.count("DescribePrice") == 1


def test_an_odd_price_is_one_sentence_and_the_rest_goes_on(cloud: Cloud, tmp_path: Path) -> None:
    body = {
        "Code": "Success",
        "Success": True,
        "Data": {"Currency": "CNY", "ModuleDetails": {"ModuleDetail": [{"OriginalCost": "cheap"}]}},
    }
    cloud.faults([{"kind": "body", "action": "GetPayAsYouGoPrice", "body": body}])
    db = tmp_path / "w.duckdb"
    collect(db, cloud.env, "cn-beijing", only=ONLY)
    told = coverage(db)
    status, error, _ = told.pop(("cn-beijing", "prices"))
    assert status == "failed"
    assert error is not None
    assert "shape" in error
    assert {one[0] for one in told.values()} == {"complete"}


def test_the_history_of_spot_prices_is_replaced_and_not_added_to(cloud: Cloud, tmp_path: Path) -> None:
    db, later = tmp_path / "w.duckdb", datetime(2026, 11, 20, 6)
    collect(db, cloud.env, REGION, only=ONLY)
    cloud.clock("2026-11-20T06:00:00Z")
    collect(db, cloud.env, REGION, only=ONLY, at=later)
    keys = "SELECT count(*), count(DISTINCT (zone, sku, platform, as_of)) FROM prices WHERE purchase_model = 'spot'"
    ((count, distinct),) = rows(db, keys)
    assert count == distinct > 100
    assert rows(db, "SELECT DISTINCT as_of FROM prices WHERE purchase_model <> 'spot'") == [(later,)]
