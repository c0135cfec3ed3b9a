"""FOCUS as each provider exports it, with its documented gaps and columns of its own: loaded whole, nothing dropped."""

import csv
import io
import json
from decimal import Decimal

import duckdb
import pytest

COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
# The 43 columns of FOCUS 1.0, of a usage charge.
FOCUS_1_0 = {
    "AvailabilityZone": "z-1", "BilledCost": "1.10", "BillingAccountId": "000042", "BillingAccountName": "Payer",
    "BillingCurrency": "USD", "BillingPeriodEnd": "2026-11-01T00:00:00Z", "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "ChargeCategory": "Usage", "ChargeClass": "", "ChargeDescription": "A machine", "ChargeFrequency": "Usage-Based",
    "ChargePeriodEnd": "2026-10-05T01:00:00Z", "ChargePeriodStart": "2026-10-05T00:00:00Z",
    "CommitmentDiscountCategory": "", "CommitmentDiscountId": "", "CommitmentDiscountName": "",
    "CommitmentDiscountStatus": "", "CommitmentDiscountType": "", "ConsumedQuantity": "1", "ConsumedUnit": "Hours",
    "ContractedCost": "1.20", "ContractedUnitPrice": "1.20", "EffectiveCost": "1.05", "InvoiceIssuerName": "Issuer",
    "ListCost": "1.30", "ListUnitPrice": "1.30", "PricingCategory": "Standard", "PricingQuantity": "1", "PricingUnit":
    "Hours", "ProviderName": "Provider", "PublisherName": "Publisher", "RegionId": "r-1", "RegionName": "Region",
    "ResourceId": "i-1", "ResourceName": "web", "ResourceType": "Machine", "ServiceCategory": "Compute", "ServiceName":
    "Machines", "SkuId": "sku", "SkuPriceId": "price", "SubAccountId": "000007", "SubAccountName": "Shop", "Tags":
    '{"team": "a"}',
}  # fmt: skip


def export(desk, *rows, name="export.csv", lacking=()):
    full = [{key: value for key, value in {**FOCUS_1_0, **row}.items() if key not in lacking} for row in rows]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(key for row in full for key in row)))
    writer.writeheader()
    writer.writerows(full)
    return desk.file(name, out.getvalue()), full


def load(desk, *rows, **options):
    """Loads the rows, and proves that their sums and all that was written in them is there."""
    path, full = export(desk, *rows, **options)
    result = desk.ingest(path).files[0]
    assert (result.rows, result.rejected) == (len(full), 0)
    sums = desk.one(f"SELECT {', '.join(f'coalesce(sum({name}), 0)' for name in COSTS)} FROM charges")
    assert list(sums) == [sum((Decimal(row.get(name) or 0) for row in full), Decimal(0)) for name in COSTS]
    foreign = {
        key for row in full for key in row if key.startswith(("x_", "X_", "oci_")) or key not in columns(desk)
    }
    kept = [json.loads(other) if other else {} for (other,) in desk.ask("SELECT x_Other FROM charges")]
    written = [{key: value for key, value in row.items() if key in foreign and value} for row in full]
    assert sorted(map(str, kept)) == sorted(map(str, written))
    return result


def columns(desk):
    return {name for (name,) in desk.ask("SELECT column_name FROM (DESCRIBE charges)")} - {"x_Other"}


ALIBABA = {
    "ProviderName": "Alibaba Cloud", "InvoiceIssuerName": "Alibaba Cloud", "BillingCurrency": "CNY", "ChargeDescription": "",
    "ConsumedQuantity": "", "ConsumedUnit": "", "ContractedCost": "", "ContractedUnitPrice": "", "ListUnitPrice": "",
    "PricingUnit": "", "x_CommodityCode": "ecs", "x_CommodityName": "云服务器ECS", "x_BillingItemCode": "instance_type",
    "x_BillingItemName": "云服务器配置", "x_InstanceID": "i-bp1",
}  # fmt: skip


def test_alibabas_preview_without_quantities_and_contracted_costs_is_read(desk):
    result = load(
        desk,
        ALIBABA,
        {**ALIBABA, "BilledCost": "-0.3", "EffectiveCost": "-0.3", "ChargeCategory": "Adjustment"},
    )
    assert result.format == "focus-1.0"
    assert desk.ask(
        "SELECT DISTINCT x_Cloud, ContractedCost, ConsumedQuantity, ChargeDescription FROM charges"
    ) == [("alibaba", None, None, None)]


AZURE = {
    "ProviderName": "Microsoft", "PublisherName": "Microsoft", "SkuPriceId": "-2", "InvoiceId": "",
    "BillingAccountType": "Billing Profile", "x_InvoiceSectionId": "-2", "x_InvoiceSectionName": "Unassigned",
    "x_SkuMeterId": "m-1", "x_SkuMeterCategory": "Virtual Machines", "x_ResourceGroupName": "rg",
    "x_EffectiveCostInUsd": "1.05", "x_BillingExchangeRate": "1", "x_ServicePeriodStart": "2026-10-01T00:00:00Z",
}  # fmt: skip


def test_azures_placeholders_are_kept_and_zero_on_the_marketplace_stays_zero(desk):
    market = {
        **AZURE,
        "ListCost": "0",
        "ContractedCost": "0",
        "PublisherName": "Somebody",
        "ChargeCategory": "Purchase",
    }
    result = load(desk, AZURE, market, lacking=["AvailabilityZone"])
    assert result.format == "focus-1.2"
    assert desk.ask(
        "SELECT PublisherName, SkuPriceId, ListCost, ContractedCost, AvailabilityZone, CommitmentDiscountId, x_Cloud FROM charges "
        "ORDER BY 1"
    ) == [
        ("Microsoft", "-2", Decimal("1.30"), Decimal("1.20"), None, None, "azure"),
        ("Somebody", "-2", 0, 0, None, None, "azure"),
    ]  # fmt: skip


ORACLE = {
    "ProviderName": "Oracle", "ChargePeriodStart": "2023-11-13T05:00Z", "ChargePeriodEnd": "2023-11-13T06:00Z",
    "BillingPeriodStart": "2023-11-01T00:00Z", "BillingPeriodEnd": "2023-12-01T00:00Z", "oci_ReferenceNumber": "r-1",
    "oci_CompartmentId": "ocid1.compartment.1", "oci_CostOverage": "0", "oci_AttributedCost": "0.4",
}  # fmt: skip


def test_oracles_instants_without_seconds_and_its_corrections_in_rows_of_their_own_are_read(desk):
    correction = {
        **ORACLE, "BilledCost": "0.40", "EffectiveCost": "0", "ChargeCategory": "Adjustment", "ChargeClass": "Correction",
        "oci_BackReferenceNumber": "r-1", "oci_ReferenceNumber": "r-2",
    }  # fmt: skip
    load(desk, ORACLE, correction)
    assert desk.ask(
        "SELECT ChargeClass, BilledCost, EffectiveCost, ChargePeriodStart::VARCHAR, x_Cloud FROM charges ORDER BY 2"
    ) == [
        ("Correction", Decimal("0.40"), 0, "2023-11-13 05:00:00", "oracle"),
        (None, Decimal("1.10"), Decimal("1.05"), "2023-11-13 05:00:00", "oracle"),
    ]  # fmt: skip


def test_tencents_files_are_read(desk):
    result = load(
        desk,
        {"ProviderName": "Tencent Cloud", "RegionId": "ap-singapore", "BillingAccountId": "0100012345"},
        {"ProviderName": "Tencent Cloud", "RegionId": "ap-singapore", "BilledCost": "0.00000001"},
        name="FOCUS-bill_details-100012345-20261005.CSV",
    )
    assert result.format == "focus-1.0"
    assert desk.ask("SELECT DISTINCT x_Cloud FROM charges") == [("tencent",)]


def test_googles_table_dumped_to_parquet_keeps_its_records(desk):
    plain = ", ".join(
        f"'{value}' AS {name}" for name, value in FOCUS_1_0.items()
        if value and name not in ("Tags", "BillingPeriodEnd", "ProviderName", "ChargePeriodStart", *COSTS)
    )  # fmt: skip
    path = desk.parquet(
        "focus.parquet",
        f"SELECT {plain}, 'Google Cloud' AS ProviderName, DATE '2026-10-31' AS BillingPeriodEnd, "
        "TIMESTAMPTZ '2026-10-05 00:00:00+00' AS ChargePeriodStart, 1.1::DECIMAL(38, 9) AS BilledCost, "
        "0.9::DOUBLE AS EffectiveCost, 1.3::DECIMAL(38, 9) AS ListCost, 1.2::DECIMAL(38, 9) AS ContractedCost, "
        "[{'key': 'team', 'value': 'a\"b'}, {'key': 'env', 'value': 'x'}] AS Tags, "
        "[{'name': 'SUD', 'amount': -0.2::DOUBLE, 'type': 'SUSTAINED_USAGE_DISCOUNT'}] AS x_Credits, "
        "{'id': 'p-1', 'number': '007'} AS x_Project",
    )
    result = desk.ingest(path).files[0]
    assert (result.rows, result.rejected) == (1, 0)
    *costs, ends, tags, other, cloud = desk.one(
        "SELECT BilledCost, EffectiveCost, ListCost, ContractedCost, BillingPeriodEnd::VARCHAR, Tags, x_Other, x_Cloud FROM charges"
    )
    assert costs == [Decimal("1.1"), Decimal("0.9"), Decimal("1.3"), Decimal("1.2")]
    assert (ends, cloud) == ("2026-11-01 00:00:00", "gcp")
    assert json.loads(tags) == {"team": 'a"b', "env": "x"}
    other = json.loads(other)
    assert other["x_Credits"] == [{"name": "SUD", "amount": -0.2, "type": "SUSTAINED_USAGE_DISCOUNT"}]
    assert other["x_Project"] == {"id": "p-1", "number": "007"}


def test_googles_view_gives_a_charges_own_label_before_one_that_it_inherits(desk):
    plain = ", ".join(f"'{value}' AS {name}" for name, value in FOCUS_1_0.items() if value and name != "Tags")
    pairs = (("team", "own", "label"), ("team", "theirs", "project_label"), ("unit", "1", "tag"))
    tags = ", ".join(
        f"{{'key': '{key}', 'value': '{value}', 'x_type': '{kind}', 'x_inherited': false, 'x_namespace': 'n/a'}}"
        for key, value, kind in pairs
    )
    assert desk.ingest(desk.parquet("view.parquet", f"SELECT {plain}, [{tags}] AS Tags")).files[0].rows == 1
    assert json.loads(desk.one("SELECT Tags FROM charges")) == {"team": "own", "unit": "1"}


@pytest.mark.parametrize("names", [("key", "value"), ("Key", "Value")])
def test_tags_that_are_a_list_of_pairs_in_json_are_tags(desk, names):
    row = {name: value for name, value in FOCUS_1_0.items() if value}
    row["Tags"] = [dict(zip(names, pair, strict=True)) for pair in (("team", "a"), ("env", "x"))]
    desk.ingest(desk.file("focus.json", json.dumps(row) + "\n"))
    assert json.loads(desk.one("SELECT Tags FROM charges")) == {"team": "a", "env": "x"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-10-31", "2026-11-01 00:00:00"), ("2026-10-31T23:59:59Z", "2026-11-01 00:00:00"),
        ("2026-11-01", "2026-11-01 00:00:00"), ("2026-10-30", "2026-10-30 00:00:00"), ("2026-11-30", "2026-11-30 00:00:00"),
        ("", None),
    ],
)  # fmt: skip
def test_a_billing_period_that_ends_on_the_last_day_of_its_month_ends_with_it(desk, written, meant):
    load(desk, {"BillingPeriodEnd": written})
    assert desk.one("SELECT BillingPeriodEnd::VARCHAR FROM charges") == meant


def test_a_billing_period_whose_end_is_no_instant_is_still_a_reason(desk):
    path, _ = export(desk, {}, {"BillingPeriodEnd": "soon", "ResourceId": "i-2"})
    assert desk.ingest(path, max_rejected=0.5).files[0].reasons == {"BillingPeriodEnd is not an instant": 1}


NEWER = {
    "ServiceProviderName": "Amazon Web Services", "HostProviderName": "Amazon Web Services", "ServiceSubcategory":
    "Virtual Machines", "ContractApplied": '{"Contracts": [{"ContractId": "c-1", "ContractCommitmentAppliedCost": 1.05}]}',
    "AllocatedTags": '{"team": "b"}',
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "format"),
    [
        ({}, "focus-1.3"),
        ({"InvoiceDetailId": "000123", "CommitmentProgramEligibilityDetails": '{"a": 1}'}, "focus-1.4"),
    ],
)
def test_versions_without_a_provider_name_are_told_by_the_service_provider(desk, more, format):
    result = load(desk, {**NEWER, **more}, lacking=["ProviderName", "PublisherName"])
    assert result.format == format
    provider, host, cloud, other = desk.one(
        "SELECT ProviderName, HostProviderName, x_Cloud, x_Other FROM charges WHERE ServiceSubcategory = 'Virtual Machines'"
    )
    assert (provider, host, cloud) == ("Amazon Web Services", "Amazon Web Services", "aws")
    assert json.loads(json.loads(other)["ContractApplied"])["Contracts"][0]["ContractId"] == "c-1"


def test_aws_1_2_in_parquet_with_maps_keeps_every_tag_and_property(desk):
    plain = ", ".join(
        f"'{value}' AS {name}"
        for name, value in FOCUS_1_0.items()
        if value and name not in ("Tags", "ProviderName", *COSTS)
    )
    path = desk.parquet(
        "data.parquet",
        f"SELECT {plain}, 'AWS' AS ProviderName, 1.1::DOUBLE AS BilledCost, 1.05::DOUBLE AS EffectiveCost, 1.3::DOUBLE AS ListCost, "
        "1.2::DOUBLE AS ContractedCost, 'EU-BoxUsage:m5.large' AS SkuMeter, 'inv-1' AS InvoiceId, 'RunInstances' AS x_Operation, "
        "'AmazonEC2' AS x_ServiceCode, MAP {'team': 'a', 'aws:createdBy': NULL} AS Tags, MAP {'vcpu': '2'} AS SkuPriceDetails, "
        "MAP {'EDP': -0.05::DOUBLE} AS x_Discounts",
    )
    result = desk.ingest(path).files[0]
    assert (result.format, result.rows, result.rejected) == ("focus-1.2", 1, 0)
    *costs, tags, details, usage, operation, other = desk.one(
        "SELECT BilledCost, EffectiveCost, ListCost, ContractedCost, Tags, SkuPriceDetails, x_UsageType, x_Operation, x_Other "
        "FROM charges"
    )
    assert costs == [Decimal("1.1"), Decimal("1.05"), Decimal("1.3"), Decimal("1.2")]
    assert json.loads(tags) == {"team": "a", "aws:createdBy": None}
    assert (json.loads(details), usage, operation) == ({"vcpu": "2"}, "EU-BoxUsage:m5.large", "RunInstances")
    assert json.loads(other)["x_Discounts"] == {"EDP": -0.05}


def test_the_same_charges_as_csv_and_as_parquet_are_the_same(desk):
    path, _ = export(desk, AZURE, ORACLE, ALIBABA)
    desk.ingest(path)
    text = "SELECT * EXCLUDE (x_Source) FROM charges ORDER BY ALL"
    before = desk.ask(text)
    with duckdb.connect() as con:
        target = desk.folder / "export.parquet"
        con.execute(f"COPY (FROM read_csv('{path}', all_varchar = true)) TO '{target}' (FORMAT parquet)")
    desk.ingest(target, replace=True)
    assert desk.ask(text) == before
