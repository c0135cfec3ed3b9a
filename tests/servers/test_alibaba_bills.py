"""The bills of the local Alibaba Cloud and what was committed to, with the traps of the real ones."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.servers.alibaba.asking import ask, refused
from tests.servers.alibaba.cloud import ACCOUNT, Cloud, Truth

Row = dict[str, Any]
NOW = datetime(2026, 11, 20)


def bill(
    cloud: Cloud, day: str = "2026-11-12", action: str = "DescribeInstanceBill", **more: Any
) -> list[Row]:
    """All pages of a day by billing item, or what `more` says."""
    params = {
        "BillingCycle": day[:7],
        "Granularity": "DAILY",
        "BillingDate": day,
        "IsBillingItem": "true",
        "MaxResults": 300,
        **more,
    }
    answers = [ask(cloud, "bss", action, **params)]
    while answers[-1]["Data"].get("NextToken"):
        answers.append(ask(cloud, "bss", action, NextToken=answers[-1]["Data"]["NextToken"], **params))
    rows = [row for answer in answers for row in answer["Data"]["Items"]]
    assert answers[0]["Data"]["TotalCount"] == len(rows)
    return rows


def total(rows: list[Row], name: str = "PretaxAmount") -> Decimal:
    return sum((Decimal(str(row[name])) for row in rows), Decimal(0))


def test_a_day_is_told_in_pages_of_20_to_300(cloud: Cloud) -> None:
    rows = bill(cloud)
    assert len(rows) > 300
    params = {"BillingCycle": "2026-11", "Granularity": "DAILY", "BillingDate": "2026-11-12"}
    assert len(ask(cloud, "bss", "DescribeInstanceBill", **params)["Data"]["Items"]) == 20
    assert refused(cloud, "bss", "DescribeInstanceBill", MaxResults=301, **params)[1] == 400


def test_money_is_numbers_and_prices_and_usage_are_texts(cloud: Cloud) -> None:
    row = next(row for row in bill(cloud) if row["BillingItemCode"] == "instance_type")
    for name in (
        "PretaxGrossAmount",
        "InvoiceDiscount",
        "DeductedByCoupons",
        "PretaxAmount",
        "AdjustAmount",
        "CashAmount",
    ):
        assert isinstance(row[name], float)
    for name in ("ListPrice", "Usage", "ServicePeriod", "DeductedByResourcePackage"):
        assert isinstance(row[name], str)
    assert row["Region"] in ("华东1（杭州）", "华北2（北京）", "新加坡")
    assert (row["Currency"], row["BillingDate"], row["OwnerID"]) == ("CNY", "2026-11-12", ACCOUNT)


def test_what_is_due_is_the_list_price_less_discount_and_coupons(cloud: Cloud) -> None:
    rows = bill(cloud)
    for row in rows:
        gross, off, coupons, due = (
            Decimal(str(row[name]))
            for name in ("PretaxGrossAmount", "InvoiceDiscount", "DeductedByCoupons", "PretaxAmount")
        )
        assert gross - off - coupons == due
    assert total(rows, "InvoiceDiscount") > 0
    assert total(rows, "DeductedByCoupons") > 0


def test_system_disks_are_billed_under_their_instance_and_data_disks_under_their_own_id(
    cloud: Cloud, truth: Truth
) -> None:
    rows = bill(cloud)
    systems = {each["id"]: each["instance"] for each in truth.classes["system"]}
    under = {row["InstanceID"] for row in rows if row["BillingItemCode"] == "systemdisk"}
    assert under <= set(systems.values())
    assert truth.ids("steady", "stopped_economical") <= under
    data = {row["InstanceID"] for row in rows if row["ProductCode"] == "yundisk"}
    assert truth.ids("low_io", "unattached", "unattached_never", "csi_claim") <= data
    assert not data & set(systems)


def test_only_economically_stopped_instances_cost_nothing_themselves(cloud: Cloud, truth: Truth) -> None:
    machines = {row["InstanceID"] for row in bill(cloud) if row["BillingItemCode"] == "instance_type"}
    assert truth.ids("stopped_charging", "steady") <= machines
    assert not machines & truth.ids(
        "stopped_economical", "subscription_stopped", "subscription_idle_renewing"
    )


def test_spot_instances_are_cheap_and_unused_addresses_are_not_free(cloud: Cloud, truth: Truth) -> None:
    rows = bill(cloud)
    spot = [
        row
        for row in rows
        if row["InstanceID"] in truth.ids("spot_already") and row["BillingItemCode"] == "instance_type"
    ]
    assert {row["BillingType"] for row in spot} == {"抢占式实例"}
    fees = {row["InstanceID"]: row["PretaxAmount"] for row in rows if row["ProductCode"] == "eip"}
    assert {fees[each] for each in truth.ids("eip_unused", "eip_on_nat")} == {0.48}
    assert {fees[each] for each in truth.ids("eip_used")} == {0.0}
    hidden = {row["InstanceID"] for row in bill(cloud, IsHideZeroCharge="true")}
    assert not hidden & truth.ids("eip_used")


def test_a_subscription_is_one_row_on_the_day_of_purchase(cloud: Cloud, truth: Truth) -> None:
    renewing = truth.ids("subscription_idle_renewing")
    rows = [
        row
        for day in range(1, 19)
        for row in bill(cloud, f"2026-11-{day:02}", SubscriptionType="Subscription")
        if row["InstanceID"] in renewing
    ]
    assert len([row for row in rows if row["Item"] == "SubscriptionOrder"]) == len(
        {row["InstanceID"] for row in rows}
    )
    refunds = [row for row in bill(cloud, "2026-11-11") if row["Item"] == "Refund"]
    assert [row["PretaxAmount"] for row in refunds] == [-12.34]


def test_the_days_of_a_month_are_the_month(cloud: Cloud) -> None:
    days = [row for day in range(1, 20) for row in bill(cloud, f"2026-11-{day:02}")]
    month = bill(cloud, Granularity="MONTHLY")
    assert {row["BillingDate"] for row in month} == {""}
    assert total(days) == total(month)
    by_instance = bill(cloud, Granularity="MONTHLY", IsBillingItem="false")
    assert total(by_instance) == total(month)
    assert len(by_instance) < len(month)
    account = ask(cloud, "bss", "QueryAccountBill", BillingCycle="2026-11")["Data"]["Items"]["Item"]
    assert [Decimal(str(each["PretaxAmount"])) for each in account] == [total(month)]


def test_the_account_bill_of_a_day_ties_out_by_product(cloud: Cloud) -> None:
    params = {
        "BillingCycle": "2026-11",
        "Granularity": "DAILY",
        "BillingDate": "2026-11-12",
        "IsGroupByProduct": "true",
        "PageSize": 300,
    }
    totals = ask(cloud, "bss", "QueryAccountBill", **params)["Data"]["Items"]["Item"]
    rows = bill(cloud)
    for each in totals:
        own = [
            row
            for row in rows
            if (row["ProductCode"], row["SubscriptionType"])
            == (each["ProductCode"], each["SubscriptionType"])
        ]
        assert Decimal(str(each["PretaxAmount"])) == total(own)
    assert total(totals) == total(rows)


def test_the_overview_rounds_down_and_says_so(cloud: Cloud) -> None:
    overview = ask(cloud, "bss", "QueryBillOverview", BillingCycle="2026-11")["Data"]["Items"]["Item"]
    exact = sum(Decimal(str(each["PretaxAmount"])) + Decimal(each["RoundDownDiscount"]) for each in overview)
    assert exact == total(bill(cloud, Granularity="MONTHLY"))
    assert all(
        Decimal(str(each["PretaxAmount"])) == round(Decimal(str(each["PretaxAmount"])), 2)
        for each in overview
    )


def test_a_date_of_another_month_is_silently_ignored(cloud: Cloud) -> None:
    rows = bill(cloud, "2026-11-03", BillingCycle="2026-10")
    assert {row["BillingDate"][:7] for row in rows} == {"2026-10"}
    assert len({row["BillingDate"] for row in rows}) == 31


def test_lines_come_a_day_late_and_what_an_instance_is_another_two(cloud: Cloud) -> None:
    """It is eight in the morning of the 20th in Beijing."""
    assert not bill(cloud, "2026-11-20")
    assert bill(cloud, "2026-11-19")
    spec = {
        day: {
            row["InstanceSpec"]
            for row in bill(cloud, f"2026-11-{day}")
            if row["BillingItemCode"] == "instance_type"
        }
        for day in (17, 18)
    }
    assert spec[18] == {""}
    assert "" not in spec[17]


def test_eighteen_cycles_are_kept(cloud: Cloud) -> None:
    assert ask(cloud, "bss", "DescribeInstanceBill", BillingCycle="2025-06")["Success"]
    assert refused(cloud, "bss", "DescribeInstanceBill", BillingCycle="2025-05")[1] == 400
    assert refused(cloud, "bss", "DescribeInstanceBill", BillingCycle="November")[1] == 400
    assert refused(cloud, "bss", "DescribeInstanceBill") == ("MissingParameter", 400)


def test_each_site_answers_its_own_accounts_only(process: Cloud) -> None:
    params = {
        "BillingCycle": "2026-11",
        "Granularity": "DAILY",
        "BillingDate": "2026-11-12",
        "IsBillingItem": "true",
        "MaxResults": 300,
    }
    for site, home, abroad, currency, region in (
        ("china", "cn-hangzhou", "ap-southeast-1", "CNY", "华东1（杭州）"),
        ("international", "ap-southeast-1", "cn-hangzhou", "USD", "China (Hangzhou)"),
    ):
        process.estate(n=12, site=site)
        rows = ask(process, "bss", "DescribeInstanceBill", region=home, **params)["Data"]["Items"]
        assert {row["Currency"] for row in rows} == {currency}
        assert region in {row["Region"] for row in rows}
        assert refused(process, "bss", "DescribeInstanceBill", region=abroad, **params) == (
            "NotApplicable",
            400,
        )


def test_buckets_are_told_apart_in_the_split_bill_only(cloud: Cloud, truth: Truth) -> None:
    rows = [row for row in bill(cloud, action="DescribeSplitItemBill") if row["ProductCode"] == "oss"]
    names = truth.ids("bucket_with_lifecycle", "bucket_without_lifecycle", "bucket_lifecycle_disabled")
    assert {row["SplitItemID"] for row in rows} == names
    whole = [row for row in bill(cloud) if row["ProductCode"] == "oss"]
    assert {row["InstanceID"] for row in whole} == set(truth.regions)
    assert total(rows) == pytest.approx(total(whole), abs=Decimal("0.00001"))


def test_who_pays_for_others_sees_their_lines_with_their_owners(process: Cloud) -> None:
    own = process.estate(n=5).account
    made = process.organize(small=5, pays=True)
    rows = bill(process)
    assert {row["OwnerID"] for row in rows} == {own, *made["members"]}
    member = next(iter(made["members"]))
    assert {row["OwnerID"] for row in bill(process, BillOwnerId=member)} == {member}
    params = {"BillingCycle": "2026-11", "Granularity": "DAILY", "BillingDate": "2026-11-12"}
    [account] = ask(process, "bss", "QueryAccountBill", **params)["Data"]["Items"]["Item"]
    assert Decimal(str(account["PretaxAmount"])) == total(rows)


def test_what_was_released_was_billed_until_then(cloud: Cloud, truth: Truth) -> None:
    gone = truth.ids("released")
    assert {row["InstanceID"] for row in bill(cloud, "2026-10-25")} >= gone
    assert not {row["InstanceID"] for row in bill(cloud, "2026-11-12")} & gone
    assert not {row["InstanceID"] for row in bill(cloud)} & truth.ids("local")


def test_looking_somewhere_changes_no_bill(cloud: Cloud) -> None:
    before = len(bill(cloud))
    ask(cloud, "ecs", "DescribeInstances", region="us-west-1")
    ask(cloud, "ecs", "DescribeSnapshots", region="us-west-1")
    cloud.deny()  # after which nothing is remembered
    assert len(bill(cloud)) == before


def test_hand_made_lines_are_told_beside_the_others(empty: Cloud) -> None:
    empty.bill(
        "2026-11-12",
        [{"InstanceID": "i-1", "PretaxGrossAmount": 10, "InvoiceDiscount": 2.5, "Tag": "key:a value:=1+1"}],
    )
    [row] = bill(empty)
    assert (row["InstanceID"], row["PretaxAmount"], row["ProductCode"], row["Tag"]) == (
        "i-1",
        7.5,
        "ecs",
        "key:a value:=1+1",
    )


# Commitments


def test_savings_plans_are_a_plain_list_with_amounts_as_texts(cloud: Cloud, truth: Truth) -> None:
    data = ask(cloud, "bss", "QuerySavingsPlansInstance", PageSize=300)["Data"]
    assert {each["InstanceId"] for each in data["Items"]} == truth.ids("savings_plan")
    first = data["Items"][0]
    assert (first["PoolValue"], first["Currency"], first["EndTime"]) == ("1.20", "CNY", "2027-06-08 08:00:00")
    assert len(ask(cloud, "bss", "QuerySavingsPlansInstance", Status="NORMAL")["Data"]["Items"]) == 2


def test_resource_packages_are_wrapped_with_counts_as_texts(cloud: Cloud) -> None:
    data = ask(cloud, "bss", "QueryResourcePackageInstances")["Data"]
    assert (data["TotalCount"], len(data["Instances"]["Instance"])) == ("2", 2)


def test_renewal_is_told_of_subscriptions(cloud: Cloud, truth: Truth) -> None:
    params = {"ProductCode": "ecs", "SubscriptionType": "Subscription", "PageSize": 300}
    listed = ask(cloud, "bss", "QueryAvailableInstances", **params)["Data"]["InstanceList"]
    status = {each["InstanceID"]: each["RenewStatus"] for each in listed}
    assert {status[each] for each in truth.ids("subscription_idle_renewing")} == {"AutoRenewal"}
    assert {status[each] for each in truth.ids("subscription_idle_ending")} == {"NotRenewal"}
    assert set(status) == truth.ids(
        "subscription_idle_renewing", "subscription_idle_ending", "subscription_stopped"
    )
    assert refused(cloud, "bss", "QueryAvailableInstances", Region="cn-hangzhou") == ("MissingParameter", 400)
