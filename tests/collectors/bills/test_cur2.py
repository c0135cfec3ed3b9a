"""AWS CUR 2.0: FOCUS columns from line items, exact sums, components that the cost rollup understands."""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors.bills.mapping import mappings
from finops.errors import InputError
from finops.schema_comments import tables
from rules.engine import rollups

ROOT = Path(__file__).parents[3]
CUR = next(mapping for mapping in mappings() if mapping.name == "AWS CUR 2.0")
RI = "arn:aws:ec2:us-east-1:000000000042:reserved-instances/0a1b"
SP = "arn:aws:savingsplans::000000000042:savingsplan/9f8e"
MAPS = {"product", "resource_tags", "tags", "cost_category"}
INSTANTS = {
    "bill_billing_period_start_date",
    "bill_billing_period_end_date",
    "line_item_usage_start_date",
    "line_item_usage_end_date",
}
# Every column that CUR 2.0 has of type double, in the subset of its 115 columns that these files have.
AMOUNTS = {
    "line_item_unblended_cost",
    "line_item_net_unblended_cost",
    "line_item_blended_cost",
    "line_item_usage_amount",
    "pricing_public_on_demand_cost",
    "reservation_effective_cost",
    "reservation_net_effective_cost",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee",
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_net_unused_recurring_fee",
    "savings_plan_savings_plan_effective_cost",
    "savings_plan_net_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
    "savings_plan_amortized_upfront_commitment_for_billing_period",
    "savings_plan_recurring_commitment_for_billing_period",
    "savings_plan_net_amortized_upfront_commitment_for_billing_period",
    "savings_plan_net_recurring_commitment_for_billing_period",
    "split_line_item_split_cost",
    "split_line_item_unused_cost",
}
ITEM: dict[str, Any] = {
    "bill_bill_type": "Anniversary",
    "bill_billing_entity": "AWS",
    "bill_billing_period_start_date": datetime(2026, 10, 1),
    "bill_billing_period_end_date": datetime(2026, 11, 1),
    "bill_invoicing_entity": "Amazon Web Services, Inc.",
    "bill_payer_account_id": "000000000042",
    "bill_payer_account_name": "Payer",
    "cost_category": {},
    "discount": {},
    "identity_line_item_id": "abc",
    "line_item_availability_zone": "us-east-1a",
    "line_item_currency_code": "USD",
    "line_item_legal_entity": "Amazon Web Services, Inc.",
    "line_item_line_item_description": "$0.096 per On Demand Linux m5.large Instance Hour",
    "line_item_line_item_type": "Usage",
    "line_item_operation": "RunInstances",
    "line_item_product_code": "AmazonEC2",
    "line_item_resource_id": None,
    "line_item_unblended_rate": "0.096",
    "line_item_usage_account_id": "000000000007",
    "line_item_usage_account_name": "Shop",
    "line_item_usage_start_date": datetime(2026, 10, 5),
    "line_item_usage_end_date": datetime(2026, 10, 5, 1),
    "line_item_usage_type": "BoxUsage:m5.large",
    "pricing_public_on_demand_rate": "0.0960000000",
    "pricing_rate_code": "SKU1.JRTCKXETXF.6YS6EN2CT7",
    "pricing_term": "OnDemand",
    "pricing_unit": "Hrs",
    "product": {"product_name": "Amazon Elastic Compute Cloud", "region": "us-east-1"},
    "product_product_family": "Compute Instance",
    "product_region_code": "us-east-1",
    "product_sku": "SKU1",
    "reservation_reservation_a_r_n": None,
    "resource_tags": {"user_team": "a"},
    "savings_plan_savings_plan_a_r_n": None,
    "split_line_item_parent_resource_id": None,
    **dict.fromkeys(sorted(AMOUNTS)),
    "line_item_usage_amount": 1.0,
}


def item(**differs: Any) -> dict[str, Any]:
    return {**ITEM, **differs}


def usage(resource: str | None, cost: float, **differs: Any) -> dict[str, Any]:
    return item(
        line_item_resource_id=resource,
        line_item_unblended_cost=cost,
        pricing_public_on_demand_cost=cost,
        **differs,
    )


def volume(meter: str, cost: float) -> dict[str, Any]:
    family = {
        "product_product_family": "Storage",
        "line_item_operation": "CreateVolume-Gp3",
        "pricing_unit": "GB-Mo",
    }
    return usage("vol-1", cost, line_item_usage_type=meter, **family)


def traffic(operation: str, meter: str, cost: float) -> dict[str, Any]:
    family = {"product_product_family": "Data Transfer", "pricing_unit": "GB", "product_region_code": None}
    return usage("i-1", cost, line_item_operation=operation, line_item_usage_type=meter, **family)


def planned(kind: str, cost: float, **differs: Any) -> dict[str, Any]:
    return item(
        line_item_line_item_type=kind,
        line_item_unblended_cost=cost,
        savings_plan_savings_plan_a_r_n=SP,
        **differs,
    )


def reserved(kind: str, cost: float, **differs: Any) -> dict[str, Any]:
    return item(
        line_item_line_item_type=kind,
        line_item_unblended_cost=cost,
        reservation_reservation_a_r_n=RI,
        **differs,
    )


def other(kind: str, cost: float, **differs: Any) -> dict[str, Any]:
    return item(
        line_item_line_item_type=kind,
        line_item_unblended_cost=cost,
        line_item_usage_amount=1.0,
        line_item_usage_type="",
        line_item_operation="",
        product_product_family="",
        **differs,
    )


BILL = [
    usage("i-1", 0.096),
    usage("i-spot", 0.0312, line_item_usage_type="USW2-SpotUsage:c5.large", pricing_term=None),
    reserved(
        "DiscountedUsage",
        0.0,
        line_item_resource_id="i-2",
        pricing_public_on_demand_cost=0.096,
        reservation_effective_cost=0.0601,
    ),
    reserved(
        "RIFee",
        43.83,
        line_item_usage_type="HeavyUsage:m5.large",
        line_item_usage_start_date=datetime(2026, 10, 1),
        line_item_usage_end_date=datetime(2026, 11, 1),
        reservation_unused_amortized_upfront_fee_for_billing_period=1.1,
        reservation_unused_recurring_fee=2.22,
    ),
    reserved("Fee", 512.5, bill_bill_type="Purchase"),
    planned(
        "SavingsPlanCoveredUsage",
        0.192,
        line_item_resource_id="arn:aws:ec2:us-east-1:000000000007:instance/i-3",
        pricing_public_on_demand_cost=0.2,
        savings_plan_savings_plan_effective_cost=0.1234567890123,
    ),
    planned("SavingsPlanNegation", -0.192, line_item_usage_type="ComputeSavingsPlan"),
    planned(
        "SavingsPlanRecurringFee",
        0.3,
        line_item_usage_type="ComputeSP:1yrNoUpfront",
        line_item_product_code="ComputeSavingsPlans",
        savings_plan_total_commitment_to_date=0.3,
        savings_plan_used_commitment=0.1234567890123,
    ),
    planned("SavingsPlanUpfrontFee", 100.0, line_item_product_code="ComputeSavingsPlans"),
    volume("EBS:VolumeUsage.gp3", 0.08),
    volume("EBS:VolumeP-IOPS.gp3", 0.005),
    usage(
        "snap-1", 0.02, line_item_usage_type="EBS:SnapshotUsage", product_product_family="Storage Snapshot"
    ),
    traffic("InterZone-In", "DataTransfer-Regional-Bytes", 0.01),
    traffic("PublicIP-Out", "USW2-DataTransfer-Regional-Bytes", 0.03),
    usage(
        "arn:aws:rds:us-east-1:000000000007:db:orders",
        0.34,
        line_item_product_code="AmazonRDS",
        line_item_usage_type="InstanceUsage:db.m5.large",
        product={"product_name": "Amazon Relational Database Service"},
    ),
    usage(
        "arn:aws:ecs:us-east-1:000000000007:task/1",
        0.048,
        line_item_usage_type="ECS-EC2-vCPU-Hours",
        line_item_product_code="AmazonECS",
        split_line_item_parent_resource_id="i-1",
        split_line_item_split_cost=0.048,
    ),
    other("Fee", 29.0, line_item_product_code="AWSDeveloperSupport"),
    other("Tax", 7.77, line_item_line_item_description="VAT"),
    other("Credit", -5.0),
    other("Refund", -1.25, bill_bill_type="Refund"),
    other("EdpDiscount", -0.5),
]


def as_parquet(path: Path, rows: Sequence[Mapping[str, Any]], lacking: Sequence[str] = ()) -> Path:
    fields = [pa.field(name, kind(name)) for name in ITEM if name not in lacking]
    table = pa.Table.from_pylist([arrow(row) for row in rows], schema=pa.schema(fields))
    pq.write_table(table, path)
    return path


def arrow(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value.items()) if isinstance(value, dict) else value for name, value in row.items()}


def kind(name: str) -> pa.DataType:
    if name in MAPS:
        return pa.map_(pa.string(), pa.string())
    if name == "discount":
        return pa.map_(pa.string(), pa.float64())
    if name in INSTANTS:
        return pa.timestamp("ms")
    return pa.float64() if name in AMOUNTS else pa.string()


def as_csv(path: Path, rows: Sequence[Mapping[str, Any]], lacking: Sequence[str] = ()) -> Path:
    with gzip.open(path, "wt", newline="") as file:
        names = [name for name in ITEM if name not in lacking]
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows({name: text(value) for name, value in row.items()} for row in rows)
    return path


def text(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.000Z}"
    return "" if value is None else str(value)


@pytest.fixture(params=["parquet", "csv.gz"])
def written(desk, request):
    """Writes a CUR 2.0 file in each of the two kinds that Data Exports delivers."""
    write = as_parquet if request.param == "parquet" else as_csv

    def bill(*rows: Mapping[str, Any], lacking: Sequence[str] = (), name: str = "cur") -> Path:
        return write(desk.folder / f"{name}-00001.{request.param}", rows or BILL, lacking)

    return bill


def reckoned(path: Path) -> tuple[Decimal, Decimal]:
    """Billed and effective cost of a CSV by AWS's published query for amortized cost, in Python alone."""
    billed = effective = Decimal(0)
    with gzip.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            value = {name: Decimal(row[name] or 0) for name in AMOUNTS}
            cost = value["line_item_unblended_cost"]
            split = bool(row["split_line_item_parent_resource_id"])
            upfront = row["line_item_line_item_type"] == "Fee" and row["reservation_reservation_a_r_n"]
            billed += 0 if split else cost
            effective += 0 if split or upfront else amortized(row["line_item_line_item_type"], value)
    return billed, effective


def amortized(kind: str, value: Mapping[str, Decimal]) -> Decimal:
    return {
        "DiscountedUsage": value["reservation_effective_cost"],
        "RIFee": value["reservation_unused_amortized_upfront_fee_for_billing_period"]
        + value["reservation_unused_recurring_fee"],
        "SavingsPlanCoveredUsage": value["savings_plan_savings_plan_effective_cost"],
        "SavingsPlanRecurringFee": value["savings_plan_total_commitment_to_date"]
        - value["savings_plan_used_commitment"],
        "SavingsPlanNegation": Decimal(0),
        "SavingsPlanUpfrontFee": Decimal(0),
    }.get(kind, value["line_item_unblended_cost"])


def kinds(desk, column: str, where: str = "true") -> set[Any]:
    return {value for (value,) in desk.ask(f"SELECT DISTINCT {column} FROM charges WHERE {where}")}


# --- sums -------------------------------------------------------------------------------------------------


def test_sums_are_what_python_reckons_from_the_files_own_columns(desk, written):
    result = desk.ingest(written()).files[0]
    billed, effective = reckoned(as_csv(desk.folder / "control.csv.gz", BILL))
    assert desk.one("SELECT sum(BilledCost), sum(EffectiveCost), sum(x_Cost) FROM charges") == (
        billed,
        effective,
        effective,
    )
    assert (result.format, result.status, result.rejected, result.warnings) == ("cur-2.0", "loaded", 0, ())
    assert (
        result.rows == len(BILL) + 2
    )  # the fee and the unused part of each commitment are charges of their own
    assert (result.sums["USD"].billed, result.sums["USD"].effective) == (billed, effective)


def test_doubles_keep_their_shortest_text(desk, written):
    desk.ingest(written(usage("i-1", 0.1), usage("i-2", 1e-7), usage("i-3", 123456789.123456)))
    assert desk.ask("SELECT BilledCost FROM charges ORDER BY ResourceId") == [
        (Decimal("0.1"),),
        (Decimal("0.0000001"),),
        (Decimal("123456789.123456"),),
    ]


def test_a_csv_keeps_digits_that_no_double_has(desk):
    path = as_csv(
        desk.folder / "bill.csv.gz",
        [usage("i-1", 0.0) | {"line_item_unblended_cost": "0.123456789012345678"}],
    )
    desk.ingest(path)
    assert desk.one("SELECT BilledCost FROM charges") == Decimal("0.123456789012345678")


def test_both_kinds_of_file_give_the_same_charges(desk):
    desk.ingest(as_parquet(desk.folder / "bill.parquet", BILL))
    columns = "* EXCLUDE (x_Source, x_Other, Tags, SkuPriceDetails)"
    parquet = desk.ask(f"SELECT {columns} FROM charges ORDER BY ALL")
    desk.ingest(as_csv(desk.folder / "bill.csv.gz", BILL), replace=True)
    assert desk.ask(f"SELECT {columns} FROM charges ORDER BY ALL") == parquet


def test_the_same_file_twice_changes_nothing(desk, written):
    path = written()
    desk.ingest(path)
    before = desk.state()
    assert desk.ingest(path).files[0].status == "unchanged"
    assert desk.state() == before


# --- commitments ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "charges"),
    [
        (BILL[0], [("Usage", None, "0.096", "0.096", "0.096", "0.096")]),
        (BILL[2], [("Usage", "Used", "0", "0.0601", "0.096", "0.096")]),
        (BILL[3], [("Purchase", None, "43.83", "0", "43.83", "43.83"), ("Usage", "Unused", "0", "3.32", "0", "0")]),
        (BILL[4], [("Purchase", None, "512.5", "0", "512.5", "512.5")]),
        (BILL[5], [("Usage", "Used", "0.192", "0.1234567890123", "0.2", "0.192")]),
        (BILL[6], [("Usage", "Used", "-0.192", "0", "0", "0")]),
        (BILL[7], [("Purchase", None, "0.3", "0", "0.3", "0.3"), ("Usage", "Unused", "0", "0.1765432109877", "0", "0")]),
        (BILL[8], [("Purchase", None, "100", "0", "100", "100")]),
        (BILL[15], [("Usage", None, "0", "0", "0", "0")]),
        (BILL[16], [("Purchase", None, "29", "29", "29", "29")]),
        (BILL[17], [("Tax", None, "7.77", "7.77", "7.77", "7.77")]),
        (BILL[18], [("Credit", None, "-5", "-5", "-5", "-5")]),
        (BILL[19], [("Adjustment", None, "-1.25", "-1.25", "-1.25", "-1.25")]),
        (BILL[20], [("Adjustment", None, "-0.5", "-0.5", "-0.5", "-0.5")]),
    ],
    ids=[
        "usage", "reserved usage", "reservation fee", "reservation upfront", "planned usage", "negation", "plan fee",
        "plan upfront", "split", "support", "tax", "credit", "refund", "discount",
    ],
)  # fmt: skip
def test_a_line_item_becomes_the_charges_that_focus_asks_for(desk, written, row, charges):
    desk.ingest(written(row))
    found = desk.ask(
        "SELECT ChargeCategory, CommitmentDiscountStatus, BilledCost, EffectiveCost, ListCost, ContractedCost "
        "FROM charges ORDER BY ChargeCategory"
    )
    assert found == [(*texts[:2], *(Decimal(cost) for cost in texts[2:])) for texts in charges]


def test_net_costs_win_where_the_row_has_them(desk, written):
    rows = [
        usage("i-1", 1.0, line_item_net_unblended_cost=0.9),
        usage("i-2", 1.0),
        reserved("DiscountedUsage", 0.0, reservation_effective_cost=0.5, reservation_net_effective_cost=0.45),
        planned(
            "SavingsPlanCoveredUsage",
            1.0,
            line_item_net_unblended_cost=0.9,
            savings_plan_savings_plan_effective_cost=0.6,
            savings_plan_net_savings_plan_effective_cost=0.54,
        ),
        reserved(
            "RIFee",
            10.0,
            line_item_net_unblended_cost=9.0,
            reservation_unused_amortized_upfront_fee_for_billing_period=1.0,
            reservation_unused_recurring_fee=2.0,
            reservation_net_unused_amortized_upfront_fee_for_billing_period=0.9,
            reservation_net_unused_recurring_fee=1.8,
        ),
        planned(
            "SavingsPlanRecurringFee",
            10.0,
            line_item_net_unblended_cost=9.0,
            savings_plan_total_commitment_to_date=10.0,
            savings_plan_used_commitment=6.0,
            savings_plan_amortized_upfront_commitment_for_billing_period=0.0,
            savings_plan_recurring_commitment_for_billing_period=10.0,
            savings_plan_net_amortized_upfront_commitment_for_billing_period=0.0,
            savings_plan_net_recurring_commitment_for_billing_period=9.0,
        ),
        other("EdpDiscount", -0.3, line_item_net_unblended_cost=0.0),
    ]
    desk.ingest(written(*rows))
    assert desk.ask(
        "SELECT CAST(BilledCost AS DOUBLE), CAST(EffectiveCost AS DOUBLE) FROM charges ORDER BY ALL"
    ) == [(0, 0), (0, 0.45), (0, 2.7), (0, 3.6), (0.9, 0.54), (0.9, 0.9), (1, 1), (9, 0), (9, 0)]


def test_commitments_are_named_as_in_focus(desk, written):
    desk.ingest(written())
    assert desk.ask(
        "SELECT DISTINCT CommitmentDiscountId, CommitmentDiscountType, CommitmentDiscountCategory, PricingCategory "
        "FROM charges WHERE CommitmentDiscountId IS NOT NULL ORDER BY ALL"
    ) == [(RI, "Reserved Instance", "Usage", "Committed"), (SP, "Savings Plan", "Spend", "Committed")]
    assert kinds(desk, "PricingCategory", "ResourceId = 'i-spot'") == {"Dynamic"}
    assert kinds(desk, "PricingCategory", "ChargeCategory IN ('Tax', 'Credit', 'Adjustment')") == {None}


def test_only_refunds_are_corrections(desk, written):
    desk.ingest(written())
    assert desk.ask("SELECT BilledCost, ChargeCategory FROM charges WHERE ChargeClass = 'Correction'") == [
        (Decimal("-1.25"), "Adjustment")
    ]


def test_frequencies_follow_the_kind_of_charge(desk, written):
    desk.ingest(written())
    assert kinds(desk, "ChargeFrequency", "ChargeCategory = 'Usage'") == {"Usage-Based"}
    assert kinds(desk, "BilledCost", "ChargeFrequency = 'Recurring'") == {Decimal("43.83"), Decimal("0.3")}


# --- the rest of a row ------------------------------------------------------------------------------------


def test_a_row_says_who_where_and_what(desk, written):
    desk.ingest(written(BILL[5]))
    assert desk.one(
        "SELECT BillingAccountId, SubAccountId, x_AccountId, x_Cloud, ProviderName, ServiceName, ServiceCategory, "
        "ServiceSubcategory, RegionId, AvailabilityZone, x_ResourceKey, x_UsageType, x_Operation, x_ServiceCode, "
        "SkuId, SkuPriceId, ConsumedUnit, ConsumedQuantity, BillingCurrency, Tags, x_CostBasis "
        "FROM charges"
    ) == (
        "000000000042", "000000000007", "000000000007", "aws", "AWS", "Amazon Elastic Compute Cloud", "Compute",
        "Virtual Machines", "us-east-1", "us-east-1a", "i-3", "BoxUsage:m5.large", "RunInstances", "AmazonEC2",
        "SKU1", "SKU1.JRTCKXETXF.6YS6EN2CT7", "Hours", 1, "USD", desk.one("SELECT Tags FROM charges"), "effective",
    )  # fmt: skip
    assert json.loads(desk.one("SELECT Tags FROM charges")) == {"team": "a"}
    assert desk.one("SELECT BillingPeriodStart, BillingPeriodEnd, ChargePeriodStart, ChargePeriodEnd FROM charges") == (
        datetime(2026, 10, 1), datetime(2026, 11, 1), datetime(2026, 10, 5), datetime(2026, 10, 5, 1),
    )  # fmt: skip


def test_a_region_is_found_in_the_product_where_its_column_is_empty(desk, written):
    desk.ingest(written(traffic("InterZone-In", "DataTransfer-Regional-Bytes", 0.01)))
    assert desk.one("SELECT RegionId, ConsumedUnit FROM charges") == ("us-east-1", "GB")


def test_units_are_in_the_words_of_focus(desk, written):
    meters = ["Hrs", "GB-Mo", "IOPS-Mo", "LCU-Hrs", "GB", "Requests"]
    desk.ingest(written(*(usage(f"r{n}", 1.5, pricing_unit=unit) for n, unit in enumerate(meters))))
    assert [unit for (unit,) in desk.ask("SELECT PricingUnit FROM charges ORDER BY ResourceId")] == [
        "Hours", "GB-Months", "IOPS-Months", "LCU-Hours", "GB", "Requests",
    ]  # fmt: skip


def test_what_has_no_column_is_kept_and_what_only_repeats_is_not(desk, written):
    desk.ingest(written(BILL[15]))
    other = json.loads(desk.one("SELECT x_Other FROM charges"))
    assert float(other["split_line_item_split_cost"]) == 0.048
    assert "identity_line_item_id" not in other


def test_the_cost_rollup_sees_every_component(desk, written):
    desk.ingest(written())
    rollups.prepare(desk.con)
    rollups.build_one(desk.con, "cost", datetime(2026, 11, 20))
    found = desk.ask(
        "SELECT resource_id, component, sum(cost) FROM cost WHERE cost <> 0 GROUP BY ALL ORDER BY ALL"
    )
    unused = next(cost for _, component, cost in found if component == "commitment_unused")
    assert [(resource, component) for resource, component, _ in found] == [
        ("arn:aws:rds:us-east-1:000000000007:db:orders", "database"),
        ("i-1", "compute"),
        ("i-1", "cross_zone"),
        ("i-1", "public_ip_traffic"),
        ("i-2", "compute"),
        ("i-3", "compute"),
        ("i-spot", "compute"),
        ("snap-1", "snapshot"),
        ("vol-1", "iops"),
        ("vol-1", "storage"),
        (None, "commitment_unused"),
    ]
    # The reservation's unused month counts for the part of it that the bill has reached.
    assert Decimal("0.17") < unused < Decimal("3.5")
    assert desk.one("SELECT sum(cost) FROM cost WHERE component = 'cross_zone'") == Decimal("0.01")


# --- what is refused --------------------------------------------------------------------------------------


def test_columns_that_decide_about_cost_must_be_there(desk, written):
    with pytest.raises(
        InputError, match=r"lacks the column that AWS CUR 2\.0 needs \(reservation_effective_cost\)"
    ):
        desk.ingest(written(lacking=["reservation_effective_cost"]))


def test_other_columns_may_be_missing(desk, written):
    lacking = ["product_sku", "resource_tags", "line_item_availability_zone", "line_item_net_unblended_cost",
               "split_line_item_parent_resource_id", "reservation_net_effective_cost"]  # fmt: skip
    desk.ingest(
        written(*(row for row in BILL if not row["split_line_item_parent_resource_id"]), lacking=lacking)
    )
    assert desk.one("SELECT sum(BilledCost) FROM charges") == sum(
        Decimal(str(row["line_item_unblended_cost"]))
        for row in BILL
        if not row["split_line_item_parent_resource_id"]
    )


def test_without_its_maps_it_is_the_legacy_report_and_costs_the_same(desk):
    maps = ["product", "resource_tags", "cost_category", "discount", "bill_payer_account_name"]
    whole = desk.ingest(as_parquet(desk.folder / "cur2.parquet", BILL)).files[0]
    legacy = desk.ingest(as_parquet(desk.folder / "legacy.parquet", BILL, maps), replace=True).files[0]
    assert (whole.format, legacy.format) == ("cur-2.0", "cur-1.0")
    assert legacy.sums == whole.sums


def test_usage_whose_commitment_has_no_cost_is_rejected_not_taken_at_its_price(desk, written):
    with pytest.raises(InputError, match="EffectiveCost is empty"):
        desk.ingest(written(planned("SavingsPlanCoveredUsage", 1.0)))


def test_a_kind_of_line_that_nobody_knows_is_rejected_by_name(desk, written):
    with pytest.raises(InputError, match="is not Usage, Purchase, Tax, Credit or Adjustment: 'Tribute'"):
        desk.ingest(written(other("Tribute", 1.0)))


def test_a_number_that_is_none_is_told_with_its_column_and_line(desk):
    bad = usage("i-9", 1.0) | {"reservation_effective_cost": "x"}
    fee = BILL[3]  # becomes two charges, which must not shift the lines behind it
    path = as_csv(desk.folder / "bad.csv.gz", [fee, fee, *[usage(f"i-{n}", 1.0) for n in range(5)], bad])
    desk.ingest(path, max_rejected=0.2)
    assert desk.ask("SELECT line, field, reason FROM rejected_rows") == [
        (9, "reservation_effective_cost", "reservation_effective_cost is not a number that fits: 'x'")
    ]


def test_a_net_cost_that_is_none_is_not_replaced_by_the_gross_one(desk):
    bad = usage("i-9", 1.0) | {"line_item_net_unblended_cost": "x"}
    with pytest.raises(InputError, match="line_item_net_unblended_cost is not a number that fits: 'x'"):
        desk.ingest(as_csv(desk.folder / "bad.csv.gz", [bad]))


# --- the mapping ------------------------------------------------------------------------------------------


def test_every_line_of_the_mapping_fills_a_column_of_charges():
    charges = next(table for table in tables() if table.name == "charges")
    assert {column.target for column in CUR.columns} <= {column.name for column in charges.columns}


def test_the_docs_tell_every_line_and_what_is_needed():
    page = (ROOT / "docs" / "ingest.md").read_text(encoding="utf-8")
    for column in CUR.columns:
        assert f"| `{column.target}` | {column.doc} |" in page
    for choice in CUR.needs:
        assert " or ".join(f"`{name}`" for name in choice) in page


def test_every_column_that_aws_documents_can_be_in_the_file(desk, samples):
    documented = json.loads((samples / "aws/billing/data_exports_columns.json").read_text())
    names = documented["export_query_columns"]["CUR2.SCADIAMQuery"]
    assert {name for choice in CUR.needs for name in choice} <= set(names)
    # The rest came after that list was made, or is what an export may call a key of `product`.
    assert CUR.reads - set(names) <= {"capacity_reservation_capacity_reservation_arn", "product_product_name"}
    row = BILL[5]
    table = pa.table({name: pa.array([cell(row.get(name))], glue(name)) for name in names})
    pq.write_table(table, desk.folder / "all.parquet")
    desk.ingest(desk.folder / "all.parquet")
    assert desk.one("SELECT BilledCost, EffectiveCost, x_AccountId, ServiceName FROM charges") == (
        Decimal("0.192"), Decimal("0.1234567890123"), "000000000007", "Amazon Elastic Compute Cloud",
    )  # fmt: skip


def cell(value: Any) -> Any:
    return list(value.items()) if isinstance(value, dict) else value


def glue(name: str) -> pa.DataType:
    """The column's type as AWS writes it: the amounts not in ITEM are doubles too."""
    amounts = ("_cost", "_fee", "_amount", "_commitment", "_discount", "_value", "_quantity")
    return pa.float64() if name.endswith(amounts) and name not in ITEM else kind(name)
