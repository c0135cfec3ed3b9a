"""The legacy Cost and Usage Report: CUR 2.0 under other names, with columns for maps, and some that are missing."""

import csv
import json
from collections import defaultdict
from decimal import Decimal

import pytest

from finops.errors import InputError

ROW = {
    "identity/LineItemId": "x",
    "bill/PayerAccountId": "000000000042",
    "bill/BillingPeriodStartDate": "2026-10-01T00:00:00Z",
    "bill/BillingPeriodEndDate": "2026-11-01T00:00:00Z",
    "lineItem/UsageAccountId": "000000000007",
    "lineItem/LineItemType": "Usage",
    "lineItem/ProductCode": "AmazonEC2",
    "lineItem/UsageType": "EU-BoxUsage:m5.large",
    "lineItem/Operation": "RunInstances",
    "lineItem/CurrencyCode": "USD",
    "lineItem/UsageStartDate": "2026-10-05T00:00:00Z",
    "lineItem/UsageEndDate": "2026-10-05T01:00:00Z",
    "lineItem/UsageAmount": "1.0000000000",
    "lineItem/UnblendedCost": "0.0960000000",
    "lineItem/ResourceId": "i-1",
    "lineItem/LineItemDescription": "$0.096 per hour",
    "pricing/publicOnDemandCost": "0.1070000000",
    "pricing/unit": "Hrs",
    "product/ProductName": "Amazon Elastic Compute Cloud",
    "product/regionCode": "eu-west-1",
    "product/instanceType": "m5.large",
    "resourceTags/aws:createdBy": "",
    "resourceTags/user:team": 'a "team", b',
    "resourceTags/user:Cost Center": "0042",
    "costCategory/Unit": "Shop",
}


def report(desk, *rows, name="cur.csv", lacking=()):
    full = [{key: value for key, value in {**ROW, **row}.items() if key not in lacking} for row in rows]
    path = desk.folder / name
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(full[0]))
        writer.writeheader()
        writer.writerows(full)
    return path


def test_a_row_says_who_where_and_what(desk):
    file = desk.ingest(report(desk, {})).files[0]
    assert (file.format, file.rows, file.rejected) == ("cur-1.0", 1, 0)
    row = desk.one(
        "SELECT BillingAccountId, SubAccountId, ServiceName, ServiceCategory, RegionId, ResourceId, x_UsageType, "
        "x_Operation, PricingUnit, BilledCost, ListCost, ChargeCategory FROM charges"
    )
    assert row == (
        "000000000042", "000000000007", "Amazon Elastic Compute Cloud", "Compute", "eu-west-1", "i-1",
        "EU-BoxUsage:m5.large", "RunInstances", "Hours", Decimal("0.096"), Decimal("0.107"), "Usage",
    )  # fmt: skip


def test_columns_of_tags_and_of_the_product_become_maps(desk):
    desk.ingest(report(desk, {}))
    tags, details, other = desk.one("SELECT Tags, SkuPriceDetails, x_Other FROM charges")
    assert json.loads(tags) == {"team": 'a "team", b', "Cost Center": "0042"}
    assert json.loads(details) == {
        "product_name": "Amazon Elastic Compute Cloud", "region_code": "eu-west-1", "instance_type": "m5.large",
    }  # fmt: skip
    assert json.loads(other)["cost_category"] == {"unit": "Shop"}


def test_commitments_are_spread_as_in_cur_2(desk):
    plan = {"savingsPlan/SavingsPlanARN": "arn:sp", "savingsPlan/SavingsPlanEffectiveCost": "0.06"}
    empty = dict.fromkeys((*plan, "savingsPlan/TotalCommitmentToDate", "savingsPlan/UsedCommitment"), "")
    desk.ingest(
        report(
            desk,
            empty | plan | {"lineItem/LineItemType": "SavingsPlanCoveredUsage"},
            empty
            | plan
            | {"lineItem/LineItemType": "SavingsPlanNegation", "lineItem/UnblendedCost": "-0.096"},
            empty
            | {
                "lineItem/LineItemType": "SavingsPlanRecurringFee",
                "savingsPlan/SavingsPlanARN": "arn:sp",
                "lineItem/UnblendedCost": "0.1",
                "savingsPlan/TotalCommitmentToDate": "0.1",
                "savingsPlan/UsedCommitment": "0.06",
            },
        )
    )
    billed, effective = desk.one("SELECT sum(BilledCost), sum(EffectiveCost) FROM charges")
    assert (billed, effective) == (Decimal("0.1"), Decimal("0.1"))
    assert desk.one("SELECT EffectiveCost FROM charges WHERE CommitmentDiscountStatus = 'Unused'") == Decimal(
        "0.04"
    )


def test_usage_under_a_plan_without_the_column_of_its_cost_is_rejected_not_free(desk):
    with pytest.raises(InputError, match="EffectiveCost is empty"):
        desk.ingest(report(desk, {"lineItem/LineItemType": "SavingsPlanCoveredUsage"}))


def test_an_amount_none_is_an_amount_that_is_not_there(desk):
    file = desk.ingest(report(desk, {"savingsPlan/SavingsPlanEffectiveCost": "None"})).files[0]
    assert (file.rows, file.rejected) == (1, 0)


def test_the_generated_report_adds_up_per_account_and_service(desk, samples):
    path = samples / "focus/generated/nise_aws_cur.csv"
    sums = defaultdict(Decimal)
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            key = (row["lineItem/UsageAccountId"], row["product/ProductName"])
            sums[key] += Decimal(row["lineItem/UnblendedCost"])
    desk.ingest(path)
    rows = desk.ask("SELECT SubAccountId, ServiceName, sum(BilledCost) FROM charges GROUP BY ALL")
    assert {(account, service): round(total, 12) for account, service, total in rows} == {
        key: round(total, 12) for key, total in sums.items()
    }


def test_a_flat_rate_subscription_is_a_recurring_purchase(desk):
    desk.ingest(
        report(desk, {"lineItem/LineItemType": "FlatRateSubscription", "lineItem/UnblendedCost": "20"})
    )
    told = desk.one(
        "SELECT ChargeCategory, ChargeFrequency, BilledCost, EffectiveCost, PricingQuantity FROM charges"
    )
    assert told == ("Purchase", "Recurring", 20, 20, 1)
