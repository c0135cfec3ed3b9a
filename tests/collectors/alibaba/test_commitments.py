"""What was bought ahead: reserved instances, savings plans, resource packages, and when they end in UTC."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.alibaba.commitments import get_bought, get_reserved, transform_bought, transform_reserved
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.alibaba.canned import ACCOUNT, Canned
from tests.collectors.alibaba.live import collect, coverage, rows
from tests.servers.alibaba.cloud import AS_OF, Cloud

REGION = "cn-hangzhou"
SCOPE = Scope("alibaba", ACCOUNT, REGION, "commitments")
GLOBAL = Scope("alibaba", ACCOUNT, "global", "commitments")


# --- reserved instances -----------------------------------------------------------------------------------


def reserved(**more: Any) -> dict[str, Any]:
    usual = {
        "ReservedInstanceId": "ecsri-1", "InstanceType": "ecs.g7.large", "InstanceAmount": 3, "Scope": "Region", "Status": "Active",
        "OfferingType": "Partial Upfront", "StartTime": "2026-01-02T03:04Z", "ExpiredTime": "2027-01-02T03:04Z", "Tags": {"Tag": []},
    }  # fmt: skip
    (row,) = transform_reserved([usual | more], SCOPE)["commitments"]
    return row


def test_a_reservation_has_all_its_columns() -> None:
    assert reserved() == {
        "cloud": "alibaba", "account_id": ACCOUNT, "region": REGION, "commitment_id": "ecsri-1", "kind": "reserved",
        "scope": "ecs.g7.large", "quantity": 3.0, "unit": "instances", "started_at": datetime(2026, 1, 2, 3, 4),
        "ends_at": datetime(2027, 1, 2, 3, 4), "payment": "partial_upfront", "state": "active",
        "name": None, "platform": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"Status": "Expired"}, "state", "expired"),
        ({"Status": "Creating"}, "state", "other"),
        ({"Status": None}, "state", "other"),
        ({"OfferingType": "All Upfront"}, "payment", "all_upfront"),
        ({"OfferingType": "No Upfront"}, "payment", "no_upfront"),
        ({"OfferingType": "Later"}, "payment", None),
        ({"InstanceAmount": "3"}, "quantity", 3.0),
        ({"InstanceAmount": None}, "quantity", None),
        ({"StartTime": "2026-01-02T03:04:05Z"}, "started_at", datetime(2026, 1, 2, 3, 4, 5)),
        ({"StartTime": ""}, "started_at", None),
    ],
)
def test_what_a_reservation_tells(more: dict[str, Any], column: str, value: Any) -> None:
    assert reserved(**more)[column] == value


def test_reservations_are_read_page_by_page_and_each_is_one() -> None:
    def page(asked: dict[str, Any]) -> dict[str, Any]:
        first = (asked["PageNumber"] - 1) * 100
        found = [
            {"ReservedInstanceId": f"ecsri-{min(number, 148)}"}
            for number in range(first, min(first + 100, 150))
        ]
        return {"ReservedInstances": {"ReservedInstance": found}, "TotalCount": 150}

    client = Canned(ecs_DescribeReservedInstances=page)
    assert len(transform_reserved(get_reserved(client), SCOPE)["commitments"]) == 149
    assert len(client.asked) == 2


# --- savings plans ----------------------------------------------------------------------------------------


def plan(**more: Any) -> dict[str, Any]:
    usual = {
        "InstanceId": "spn-1", "SavingsType": "universal", "PoolValue": "1.20", "DeductCycleType": "HOUR", "Currency": "CNY",
        "PayMode": "zero", "Status": "NORMAL", "StartTime": "2026-01-02 11:04:05", "EndTime": "2027-01-02 11:04:05",
        "StartTimestamp": 1767323045000, "EndTimestamp": 1798859045000, "Region": "", "InstanceFamily": "", "Utilization": "80%",
    }  # fmt: skip
    (row,) = transform_bought(([usual | more], []), GLOBAL)["commitments"]
    return row


def test_a_plan_has_all_its_columns() -> None:
    assert plan() == {
        "cloud": "alibaba", "account_id": ACCOUNT, "region": "global", "commitment_id": "spn-1", "kind": "savings_plan",
        "scope": "universal", "quantity": 1.2, "unit": "CNY per hour", "hourly_cost": Decimal("1.2"), "currency": "CNY",
        "started_at": datetime(2026, 1, 2, 3, 4, 5), "ends_at": datetime(2027, 1, 2, 3, 4, 5), "payment": "no_upfront",
        "state": "active",
    }  # fmt: skip


@pytest.mark.parametrize("stamp", [1767323045000, "1767323045000", None, "", 0])
def test_times_without_a_zone_are_beijing_s(stamp: Any) -> None:
    assert plan(StartTimestamp=stamp)["started_at"] == datetime(2026, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"DeductCycleType": "DAY", "PoolValue": "24.00"}, "hourly_cost", Decimal(1)),
        ({"DeductCycleType": "DAY"}, "unit", "CNY per day"),
        ({"DeductCycleType": "ONCE"}, "hourly_cost", None),
        ({"DeductCycleType": "ONCE"}, "unit", "CNY per once"),
        ({"DeductCycleType": None}, "hourly_cost", None),
        ({"PoolValue": None}, "quantity", None),
        ({"PoolValue": ""}, "hourly_cost", None),
        ({"PoolValue": "0.100000000001"}, "hourly_cost", Decimal("0.100000000001")),
        ({"Currency": "USD"}, "currency", "USD"),
        ({"Currency": ""}, "currency", None),
        (
            {"SavingsType": "ecs", "InstanceFamily": "ecs.g6", "Region": "cn-hangzhou"},
            "scope",
            "ecs ecs.g6 cn-hangzhou",
        ),
        ({"PayMode": "total"}, "payment", "all_upfront"),
        ({"PayMode": "half"}, "payment", "partial_upfront"),
        ({"Status": "RELEASE"}, "state", "expired"),
        ({"Status": "LIMIT"}, "state", "other"),
        ({"EndTime": "", "EndTimestamp": None}, "ends_at", None),
    ],
)
def test_what_a_plan_tells(more: dict[str, Any], column: str, value: Any) -> None:
    assert plan(**more)[column] == value


# --- resource packages ------------------------------------------------------------------------------------


def package(**more: Any) -> dict[str, Any]:
    usual = {
        "InstanceId": "OSSBAG-1", "CommodityCode": "ossbag", "PackageType": "FPT_ossbag", "Remark": "500GB", "Status": "Available",
        "EffectiveTime": "2026-01-02T03:04:05Z", "ExpiryTime": "2027-01-02T03:04:05Z", "TotalAmount": "500", "TotalAmountUnit": "GB",
    }  # fmt: skip
    (row,) = transform_bought(([], [usual | more]), GLOBAL)["commitments"]
    return row


def test_a_package_has_all_its_columns() -> None:
    assert package() == {
        "cloud": "alibaba", "account_id": ACCOUNT, "region": "global", "commitment_id": "OSSBAG-1", "kind": "resource_package",
        "scope": "500GB", "quantity": 500.0, "unit": "GB", "started_at": datetime(2026, 1, 2, 3, 4, 5),
        "ends_at": datetime(2027, 1, 2, 3, 4, 5), "state": "active", "remaining": None, "name": "500GB",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("left", "unit", "remaining"),
    [
        ("420.5", "GB", 420.5),
        ("0", "GB", 0.0),
        ("1024", "MB", 1.0),
        ("2", "TB", 2048.0),
        ("3", "times", None),
        ("", "GB", None),
    ],
)
def test_what_is_left_of_a_package_is_told_in_the_unit_of_all_of_it(
    left: str, unit: str, remaining: float | None
) -> None:
    assert package(RemainingAmount=left, RemainingAmountUnit=unit)["remaining"] == remaining


def test_a_reservation_has_a_name_and_a_platform() -> None:
    row = reserved(ReservedInstanceName="ri", Platform="Windows")
    assert (row["name"], row["platform"]) == ("ri", "windows")


@pytest.mark.parametrize(
    ("more", "column", "value"),
    [
        ({"Remark": ""}, "scope", "FPT_ossbag"),
        ({"Remark": "", "PackageType": ""}, "scope", "ossbag"),
        ({"Status": "Unavailable"}, "state", "expired"),
        ({"TotalAmount": ""}, "quantity", None),
        ({"TotalAmountUnit": ""}, "unit", None),
    ],
)
def test_what_a_package_tells(more: dict[str, Any], column: str, value: Any) -> None:
    assert package(**more)[column] == value


def test_counts_that_are_texts_lead_through_all_pages() -> None:
    def page(asked: dict[str, Any]) -> dict[str, Any]:
        first = (asked["PageNum"] - 1) * 300
        found = [{"InstanceId": f"BAG-{number}"} for number in range(first, min(first + 300, 301))]
        return {
            "Data": {"Instances": {"Instance": found}, "TotalCount": "301", "PageNum": str(asked["PageNum"])}
        }

    client = Canned(
        bss_QuerySavingsPlansInstance={"Data": {"Items": [], "TotalCount": 0}},
        bss_QueryResourcePackageInstances=page,
    )
    problems: list[str] = []
    plans, packages = get_bought(client.session, problems)
    assert (plans, len(packages), problems) == ([], 301, [])


def test_packages_that_may_not_be_read_are_told_beside_the_plans() -> None:
    client = Canned(
        bss_QuerySavingsPlansInstance={"Data": {"Items": [{"InstanceId": "spn-1"}], "TotalCount": 1}},
        bss_QueryResourcePackageInstances=CallError("denied", "NotAuthorized", "denied"),
    )
    problems: list[str] = []
    plans, packages = get_bought(client.session, problems)
    assert (len(plans), packages, problems) == (1, [], ["denied"])


# --- the local cloud --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def process() -> Iterator[Cloud]:
    with Cloud.shared() as cloud:
        yield cloud


@pytest.mark.parametrize("site", ["china", "international"])
def test_an_estate_s_commitments_are_in_the_warehouse_as_they_are(
    site: str, process: Cloud, tmp_path: Path
) -> None:
    truth = process.estate(40, regions=(REGION, "cn-beijing"), site=site)
    process.reset_calls()
    db = tmp_path / "w.duckdb"
    done = collect(db, process.env, *truth.regions, only=("commitments",))
    assert set(done.statuses.values()) == {"complete"}, done.errors
    told = {
        identity: more
        for identity, *more in rows(db, "SELECT commitment_id, region, kind, state FROM commitments")
    }
    expected = {
        each["id"]: [region(each) if kind == "reserved_instance" else "global", name, state(each["status"])]
        for kind, name in (
            ("reserved_instance", "reserved"),
            ("savings_plan", "savings_plan"),
            ("resource_package", "resource_package"),
        )
        for each in truth.classes[kind]
    }
    assert told == expected
    plans = rows(db, "SELECT DISTINCT currency, unit FROM commitments WHERE kind = 'savings_plan'")
    assert plans == [(truth.currency, f"{truth.currency} per hour")]
    asked = [call for call in process.calls() if call["product"] == "bss" and call["outcome"] == "ok"]
    assert sorted(call["action"] for call in asked) == [
        "QueryResourcePackageInstances",
        "QuerySavingsPlansInstance",
    ]


def region(each: dict[str, Any]) -> str:
    return str(each["region"])


def state(status: str) -> str:
    return {"Active": "active", "NORMAL": "active", "Available": "active"}.get(status, "expired")


def test_what_is_denied_is_named_and_what_is_stored_stays(process: Cloud, tmp_path: Path) -> None:
    process.fresh()
    process.clock(AS_OF)
    for kind, item in (
        ("savings_plan", {"InstanceId": "spn-1", "Status": "NORMAL"}),
        ("resource_package", {"InstanceId": "BAG-1", "Status": "Available", "_product": "oss"}),
        ("reserved_instance", {"ReservedInstanceId": "ecsri-1", "Status": "Active"}),
    ):
        process.put(kind, REGION, item)
    db = tmp_path / "w.duckdb"
    collect(db, process.env, REGION, only=("commitments",))
    process.deny("bssapi:QuerySavingsPlansInstance", "bssapi:QueryResourcePackageInstances")
    collect(db, process.env, REGION, only=("commitments",))
    told = coverage(db)
    status, error, _ = told["global", "commitments"]
    assert status == "denied"
    assert error is not None
    assert "bssapi:QuerySavingsPlansInstance is denied" in error
    assert told[REGION, "commitments"][0] == "complete"
    assert rows(db, "SELECT commitment_id FROM commitments ORDER BY 1") == [
        ("BAG-1",),
        ("ecsri-1",),
        ("spn-1",),
    ]


def test_a_time_nobody_can_read_is_one_sentence_and_the_rest_goes_on(process: Cloud, tmp_path: Path) -> None:
    process.fresh()
    process.clock(AS_OF)
    process.put("savings_plan", REGION, {"InstanceId": "spn-1", "Status": "NORMAL", "EndTimestamp": "soon"})
    db = tmp_path / "w.duckdb"
    collect(db, process.env, REGION, only=("commitments",))
    told = coverage(db)
    assert told["global", "commitments"][0] == "failed"
    assert "shape" in str(told["global", "commitments"][1])
    assert told[REGION, "commitments"][0] == "complete"
