"""List prices and spot prices: products and changes in, rows out, and what is asked for them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from collectors.aws.prices import (
    SPOT_DAYS,
    get_everywhere,
    get_list,
    get_spot,
    transform_list,
    transform_spot,
)
from collectors.calls import CallError
from finops.warehouse import Scope
from tests.collectors.aws.answers import Canned

AT = datetime(2026, 11, 20)
SCOPE = Scope("aws", "012345678901", "eu-west-1", "prices")
INVALID = CallError("failed", "InvalidParameterException", "Unknown filter type ANY_OF.")


def priced(unit: str, *amounts: str | Mapping[str, str], term: str = "OnDemand") -> dict[str, Any]:
    """The terms of a product: a price per unit for each tier."""
    dimensions = {
        f"rate-{number}": {
            "unit": unit,
            "pricePerUnit": {"USD": amount} if isinstance(amount, str) else amount,
            "beginRange": str(number * 100),
        }
        for number, amount in enumerate(amounts)
    }
    return {term: {"offer": {"priceDimensions": dimensions}}}


def product(terms: Mapping[str, Any], **attributes: str) -> str:
    return json.dumps(
        {"product": {"attributes": {"regionCode": "eu-west-1", **attributes}}, "terms": {**terms}}
    )


def machine(price: str = "0.096", system: str = "Linux", **attributes: str) -> str:
    """A machine as one that is on demand is charged, but for what is changed."""
    usual = {
        "instanceType": "m5.large",
        "operatingSystem": system,
        "tenancy": "Shared",
        "capacitystatus": "Used",
        "preInstalledSw": "NA",
        "licenseModel": "No License required",
        "marketoption": "OnDemand",
    }
    return product(priced("Hrs", price), **{**usual, **attributes})


FAMILIES = ("Storage", "System Operation", "Provisioned Throughput")
NO_MORE = {"tier_start": None, "term_months": None, "payment": None, "upfront": None}


def listed(kind: str, *products: str) -> list[tuple[Any, ...]]:
    """(sku, platform, unit, price, currency) of the rows of these products."""
    if kind in FAMILIES:
        told = [json.loads(text) for text in products]
        products = tuple(
            json.dumps({**one, "product": {**one["product"], "productFamily": kind}}) for one in told
        )
        kind = "volumes"
    rows = transform_list({kind: products}, SCOPE, AT)["prices"]
    return [tuple(row[name] for name in ("sku", "platform", "unit", "price", "currency")) for row in rows]


# --- list prices ------------------------------------------------------------------------------------------


def test_a_price_has_all_its_columns() -> None:
    assert transform_list({"windows": [machine("0.188", "Windows")]}, SCOPE, AT)["prices"] == [
        {
            "cloud": "aws",
            "region": "eu-west-1",
            "zone": None,
            "sku": "m5.large",
            "purchase_model": "on_demand",
            "unit": "hour",
            "price": Decimal("0.188"),
            "currency": "USD",
            "platform": "windows",
            "as_of": AT,
            "source": "AWS Price List API",
            **NO_MORE,
        }
    ]


@pytest.mark.parametrize(
    ("kind", "system", "platform"),
    [("linux", "Linux", None), ("windows", "Windows", "windows"), ("rhel", "RHEL", "rhel"), ("suse", "SUSE", "suse")],
)  # fmt: skip
def test_each_platform_has_the_price_of_its_system(kind: str, system: str, platform: str | None) -> None:
    others = [machine("9", other) for other in ("Linux", "Windows", "RHEL", "SUSE") if other != system]
    assert listed(kind, *others, machine("0.5", system)) == [
        ("m5.large", platform, "hour", Decimal("0.5"), "USD")
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("licenseModel", "Bring your own license"),
        ("capacitystatus", "AllocatedCapacityReservation"),
        ("capacitystatus", "UnusedCapacityReservation"),
        ("tenancy", "Dedicated"),
        ("tenancy", "Host"),
        ("preInstalledSw", "SQL Std"),
        ("marketoption", "CapacityBlock"),
        ("regionCode", "us-east-1"),
        ("operatingSystem", "Windows"),
    ],
)
def test_what_only_looks_like_a_machine_on_demand_is_left_out(name: str, value: str) -> None:
    assert listed("linux", machine(**{name: value})) == []


@pytest.mark.parametrize(
    ("family", "usage", "volume", "unit", "price", "told"),
    [
        ("Storage", "EU-EBS:VolumeUsage.gp3", "gp3", "GB-Mo", "0.088", ("gp3", "GiB-month", "0.088")),
        ("Storage", "EU-EBS:VolumeUsage.io2", "io2", "GB-month", "0.138", ("io2", "GiB-month", "0.138")),
        ("Storage", "EU-EBS:VolumeUsage.piops", "io1", "GB-Mo", "0.138", ("io1", "GiB-month", "0.138")),
        ("Storage", "EU-EBS:VolumeUsage.piops", None, "GB-Mo", "0.138", ("io1", "GiB-month", "0.138")),
        ("Storage", "EU-EBS:VolumeUsage", "standard", "GB-Mo", "0.055", ("standard", "GiB-month", "0.055")),
        ("System Operation", "EU-EBS:VolumeP-IOPS.gp3", "gp3", "IOPS-Mo", "0.0055", ("gp3:iops", "IOPS-month", "0.0055")),
        ("System Operation", "EU-EBS:VolumeP-IOPS.piops", "io1", "IOPS-Mo", "0.072", ("io1:iops", "IOPS-month", "0.072")),
        ("System Operation", "EU-EBS:VolumeP-IOPS.io2", "io2", "IOPS-Mo", "0.072", ("io2:iops", "IOPS-month", "0.072")),
        # 45.056 per GiBps are 0.044 per MiBps
        ("Provisioned Throughput", "EU-EBS:VolumeP-Throughput.gp3", "gp3", "GiBps-mo", "45.0560000000", ("gp3:throughput", "MiBps-month", "0.044")),
        ("Provisioned Throughput", "EU-EBS:VolumeP-Throughput.gp3", "gp3", "MiBps-Mo", "0.044", ("gp3:throughput", "MiBps-month", "0.044")),
        ("addresses", "EU-PublicIPv4:IdleAddress", None, "Hrs", "0.005", ("public_ip:unused", "hour", "0.005")),
        ("addresses", "EU-PublicIPv4:InUseAddress", None, "Hrs", "0.005", ("public_ip:in_use", "hour", "0.005")),
    ],
)  # fmt: skip
def test_each_kind_of_product_has_our_name_and_unit(
    family: str, usage: str, volume: str | None, unit: str, price: str, told: tuple[str, str, str]
) -> None:
    attributes = {"usagetype": usage} | ({"volumeApiName": volume} if volume else {})
    sku, ours, amount = told
    assert listed(family, product(priced(unit, price), **attributes)) == [
        (sku, None, ours, Decimal(amount), "USD")
    ]


@pytest.mark.parametrize(
    ("family", "usage", "volume"),
    [
        ("System Operation", "EU-EBS:VolumeP-IOPS.io2.tier2", "io2"),
        ("System Operation", "EU-EBS:VolumeP-IOPS.io2.tier3", "io2"),
        ("System Operation", "EU-EBS:VolumeIOUsage", "standard"),
        ("Storage", "EU-EBS:SnapshotArchiveRetrieval", ""),
        ("Storage", "EU-EBS:SnapshotUsageUnderBilling", ""),
        ("addresses", "EU-PublicIPv4:ContiguousBlock", ""),
        ("addresses", "EU-NatGateway-Hours", ""),
    ],
)
def test_products_of_other_things_are_left_out(family: str, usage: str, volume: str) -> None:
    unit = "Hrs" if family == "addresses" else "GB-Mo"
    assert listed(family, product(priced(unit, "0.1"), usagetype=usage, volumeApiName=volume)) == []


@pytest.mark.parametrize(
    "terms",
    [
        {},
        priced("Hrs", "0.06", term="Reserved"),
        priced("Hrs", "0.0000000000"),
        priced("Quantity", "0.1"),
        priced("Hrs", "0.2", "0.1"),
    ],
    ids=["no term", "reserved only", "free", "another unit", "tiers"],
)
def test_a_machine_without_one_price_per_hour_has_none(terms: dict[str, Any]) -> None:
    (attributes,) = [json.loads(machine())["product"]["attributes"]]
    assert listed("linux", product(terms, **attributes)) == []


def test_what_is_free_to_begin_with_has_the_price_that_follows() -> None:
    free = product(priced("Hrs", "0", "0.005"), usagetype="EU-PublicIPv4:InUseAddress")
    assert listed("addresses", free) == [("public_ip:in_use", None, "hour", Decimal("0.005"), "USD")]


def test_another_currency_stays_the_one_it_is() -> None:
    terms = priced("Hrs", {"CNY": "0.7000000000"})
    attributes = json.loads(machine())["product"]["attributes"]
    assert listed("linux", product(terms, **attributes)) == [
        ("m5.large", None, "hour", Decimal("0.7"), "CNY")
    ]


def test_a_price_keeps_all_its_digits() -> None:
    (row,) = listed("linux", machine("0.0000001234"))
    assert row[3] == Decimal("0.0000001234")


# --- what is asked for ------------------------------------------------------------------------------------


def asked(client: Canned) -> list[dict[str, str]]:
    """The filters of each request."""
    return [{one["Field"]: one["Value"] for one in parameters["Filters"]} for _, parameters in client.asked]


def test_only_the_wanted_types_of_each_platform_are_asked_for() -> None:
    client = Canned("us-east-1", pricing_get_products={"PriceList": ["{}"]})
    found = get_list(client, "eu-west-1", {"windows": ["m5.large"], "linux": {"m5.xlarge", "m5.large"}}, [])
    machines = [one for one in asked(client) if "operatingSystem" in one]
    assert [(one["operatingSystem"], one["instanceType"]) for one in machines] == [
        ("Linux", "m5.large,m5.xlarge"),
        ("Windows", "m5.large"),
    ]
    assert {one["regionCode"] for one in asked(client)} == {"eu-west-1"}
    assert set(found) == {"linux", "windows"}
    kinds = {one["Field"]: one["Type"] for one in client.asked[0][1]["Filters"]}
    assert (kinds.pop("instanceType"), set(kinds.values())) == ("ANY_OF", {"TERM_MATCH"})


def test_a_region_without_machines_is_asked_for_volumes_and_addresses() -> None:
    client = Canned("us-east-1", pricing_get_products={"PriceList": []})
    get_list(client, "eu-west-1", {"volumes": {"all"}, "addresses": {"all"}}, [])
    # All families at once; nothing came, so one by one in case that several values are not understood.
    assert [parameters["ServiceCode"] for _, parameters in client.asked] == ["AmazonVPC", *["AmazonEC2"] * 6]


def test_many_types_are_asked_for_in_texts_of_1024_characters_at_most() -> None:
    client = Canned("us-east-1", pricing_get_products={"PriceList": ["{}"]})
    names = [f"m{number}x.{size}" for number in range(100) for size in ("large", "metal-48xlarge")]
    get_list(client, "eu-west-1", {"linux": names}, [])
    texts = [one["instanceType"] for one in asked(client) if "instanceType" in one]
    assert sorted(",".join(texts).split(",")) == sorted(names)
    assert all(len(text) <= 1024 for text in texts)
    assert len(texts) == -(-len(",".join(names)) // 1024)


def test_a_text_may_be_exactly_1024_characters_long() -> None:
    client = Canned("us-east-1", pricing_get_products={"PriceList": ["{}"]})
    names = ["a" * 511, "b" * 512, "c"]
    get_list(client, "eu-west-1", {"linux": names}, [])
    assert [len(one["instanceType"]) for one in asked(client) if "instanceType" in one] == [1024, 1]


@pytest.mark.parametrize(
    "refusal",
    [INVALID, CallError("failed", "ValidationException", "It is not valid."), {"PriceList": []}],
    ids=["invalid parameter", "validation", "nothing"],
)
def test_where_several_values_bring_nothing_all_types_are_listed(refusal: Any) -> None:
    def answer(parameters: dict[str, Any]) -> Any:
        fields = {one["Field"] for one in parameters["Filters"]}
        return refusal if "instanceType" in fields else {"PriceList": [machine()]}

    client = Canned("us-east-1", pricing_get_products=answer)
    found = get_list(client, "eu-west-1", {"linux": ["m5.large"]}, [])
    assert found["linux"] == [machine()]
    assert ["instanceType" in one for one in asked(client)[:2]] == [True, False]


def test_a_price_list_that_is_denied_is_an_error() -> None:
    client = Canned("us-east-1", pricing_get_products=CallError("denied", "AccessDenied", "It is denied."))
    with pytest.raises(CallError, match="denied"):
        get_list(client, "eu-west-1", {"linux": ["m5.large"]}, [])


# --- spot -------------------------------------------------------------------------------------------------


def change(**more: Any) -> dict[str, Any]:
    return {
        "InstanceType": "m5.large",
        "AvailabilityZone": "eu-west-1a",
        "ProductDescription": "Linux/UNIX",
        "SpotPrice": "0.041300",
        "Timestamp": "2026-11-01T08:30:00.000Z",
        **more,
    }


def spot(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = transform_spot(list(changes), Scope("aws", "1", "eu-west-1", "spot_prices"))[
        "prices"
    ]
    return rows


def test_a_spot_price_has_all_its_columns() -> None:
    assert spot(change()) == [
        {
            "cloud": "aws",
            "region": "eu-west-1",
            "zone": "eu-west-1a",
            "sku": "m5.large",
            "purchase_model": "spot",
            "unit": "hour",
            "price": Decimal("0.0413"),
            "currency": "USD",
            "platform": None,
            "as_of": datetime(2026, 11, 1, 8, 30),
            "source": "EC2 DescribeSpotPriceHistory",
            **NO_MORE,
        }
    ]


@pytest.mark.parametrize(
    ("words", "platform"),
    [
        ("Linux/UNIX", None),
        ("Linux/UNIX (Amazon VPC)", None),
        ("Windows", "windows"),
        ("Windows (Amazon VPC)", "windows"),
        ("Red Hat Enterprise Linux", "rhel"),
        ("Red Hat Enterprise Linux (Amazon VPC)", "rhel"),
        ("SUSE Linux", "suse"),
        ("SUSE Linux (Amazon VPC)", "suse"),
    ],
)
def test_the_words_of_the_history_are_our_platforms(words: str, platform: str | None) -> None:
    assert [row["platform"] for row in spot(change(ProductDescription=words))] == [platform]


def test_a_platform_nobody_knows_is_left_out() -> None:
    assert spot(change(ProductDescription="Solaris"), change(ProductDescription=None)) == []


def test_a_change_that_is_told_twice_is_one_row_and_each_zone_and_instant_has_its_own() -> None:
    rows = spot(
        change(),
        change(),
        change(ProductDescription="Linux/UNIX (Amazon VPC)"),
        change(AvailabilityZone="eu-west-1b"),
        change(Timestamp="2026-11-02T08:30:00.000Z"),
        change(InstanceType="m5.xlarge"),
        change(ProductDescription="Windows"),
    )
    assert len(rows) == 5


def test_the_history_is_asked_for_30_days_and_per_platform() -> None:
    client = Canned(ec2_describe_spot_price_history=[{"SpotPriceHistory": [change()]}, {}])
    found = get_spot(client, {"windows": ["m5.large"], "linux": {"c5.large", "m5.large"}, "other": ["x"]}, AT)
    assert len(found) == 2
    told = [
        (parameters["ProductDescriptions"], parameters["InstanceTypes"]) for _, parameters in client.asked
    ]
    assert told == [(["Linux/UNIX"], ["c5.large", "m5.large"]), (["Windows"], ["m5.large"])]
    start, end = client.asked[0][1]["StartTime"], client.asked[0][1]["EndTime"]
    assert end == AT.replace(tzinfo=UTC)
    assert end - start == timedelta(days=SPOT_DAYS)


def test_the_price_in_force_at_the_start_is_kept_with_the_instant_it_began() -> None:
    before = change(Timestamp="2026-10-01T00:00:00.000Z")
    assert spot(before)[0]["as_of"] == datetime(2026, 10, 1)
    assert before["Timestamp"] < f"{AT - timedelta(days=SPOT_DAYS):%Y-%m-%d}"


# --- reservations -----------------------------------------------------------------------------------------


def reservation(years: str, option: str, *, offering: str = "standard", **amounts: str) -> dict[str, Any]:
    """A term of a reservation as the price list has it: an hourly price and one at the start."""
    return {
        "termAttributes": {"LeaseContractLength": years, "OfferingClass": offering, "PurchaseOption": option},
        "priceDimensions": {unit: {"unit": unit, "pricePerUnit": {"USD": amount}} for unit, amount in amounts.items()},
    }  # fmt: skip


def reserved(system: str, *terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of reservations of a machine with these terms."""
    one = json.loads(machine(system=system))
    one["terms"]["Reserved"] = {f"offer-{number}": term for number, term in enumerate(terms)}
    platform = {"Linux": "linux", "Windows": "windows"}[system]
    rows = transform_list({platform: [json.dumps(one)]}, SCOPE, AT)["prices"]
    return [row for row in rows if row["purchase_model"] == "reserved"]


def test_a_reservation_costs_its_hours_and_its_upfront_payment_spread_over_the_term() -> None:
    rows = reserved(
        "Windows",
        reservation("1yr", "No Upfront", Hrs="0.06"),
        reservation("1yr", "Partial Upfront", Hrs="0.03", Quantity="262.8"),
        reservation("3yr", "All Upfront", Hrs="0", Quantity="1051.2"),
    )
    assert [
        (row["sku"], row["platform"], row["term_months"], row["payment"], row["price"], row["upfront"]) for row in rows
    ] == [
        ("m5.large", "windows", 12, "no_upfront", Decimal("0.06"), 0),
        ("m5.large", "windows", 12, "partial_upfront", Decimal("0.06"), Decimal("262.8")),
        ("m5.large", "windows", 36, "all_upfront", Decimal("0.04"), Decimal("1051.2")),
    ]  # fmt: skip
    assert {row["unit"] for row in rows} == {"hour"}


def test_a_convertible_reservation_and_unknown_terms_are_left_out() -> None:
    assert not reserved(
        "Linux",
        reservation("1yr", "No Upfront", offering="convertible", Hrs="0.06"),
        reservation("5yr", "No Upfront", Hrs="0.06"),
        reservation("1yr", "Heavy Utilization", Hrs="0.06"),
        reservation("1yr", "No Upfront", Hrs="0"),
    )


def test_a_machine_that_is_not_what_was_meant_has_no_reservation() -> None:
    one = json.loads(machine(tenancy="Dedicated"))
    one["terms"]["Reserved"] = {"offer": reservation("1yr", "No Upfront", Hrs="0.06")}
    assert transform_list({"linux": [json.dumps(one)]}, SCOPE, AT)["prices"] == []


# --- what is told where not all of it can be had ----------------------------------------------------------


def test_a_kind_that_the_list_does_not_understand_leaves_the_others() -> None:
    def answer(parameters: dict[str, Any]) -> Any:
        return INVALID if parameters["ServiceCode"] == "AmazonS3" else {"PriceList": [machine()]}

    problems: list[str] = []
    client = Canned("us-east-1", pricing_get_products=answer)
    found = get_list(client, "eu-west-1", {"linux": ["m5.large"], "buckets": {"all"}}, problems)
    assert found == {"linux": [machine()]}
    assert problems == [f"There are no list prices of buckets: {INVALID}"]


def test_prices_of_every_region_are_rows_of_its_own_scope() -> None:
    there = machine("0.1", regionCode="us-east-1")
    client = Canned(
        "us-east-1", pricing_get_products={"PriceList": [machine(), there, machine("9", regionCode="")]}
    )
    scope = Scope("aws", "012345678901", "eu-west-1", "region_prices")
    found = get_everywhere(client, {"linux": {"m5.large"}}, scope, AT)
    assert {each.region: [row["price"] for row in rows["prices"]] for each, rows in found.items()} == {
        "eu-west-1": [Decimal("0.096")], "us-east-1": [Decimal("0.1")],
    }  # fmt: skip
    assert {(each.account_id, each.dataset) for each in found} == {("012345678901", "region_prices")}
    ((_, parameters),) = client.asked
    filters = {one["Field"]: one["Value"] for one in parameters["Filters"]}
    assert (filters["locationType"], filters["instanceType"]) == ("AWS Region", "m5.large")
    assert "regionCode" not in filters
