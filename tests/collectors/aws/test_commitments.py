"""Reserved instances and savings plans: what each costs per hour, worked out by hand."""

import re
from concurrent.futures import Future
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from collectors.aws.commitments import (
    get_offers,
    get_plans,
    get_reserved,
    transform_offers,
    transform_plans,
    transform_reserved,
)
from collectors.aws.place import Place
from collectors.aws.regional import GLOBAL, collect_global
from collectors.conduct import Got
from finops.errors import FinopsError
from finops.warehouse import Scope
from tests.collectors.aws.answers import Canned, needs_recorded, recorded, shaped

SCOPE = Scope("aws", "012345678901", "eu-west-1", "commitments")
YEAR = 31_536_000  # seconds: 8,760 hours


def reservation(**more: Any) -> dict[str, Any]:
    return {
        "ReservedInstancesId": "r-1",
        "InstanceType": "m5.large",
        "InstanceCount": 1,
        "Duration": YEAR,
        "FixedPrice": 0.0,
        "UsagePrice": 0.0,
        "RecurringCharges": [{"Amount": 0.06, "Frequency": "Hourly"}],
        "CurrencyCode": "USD",
        "OfferingType": "No Upfront",
        "State": "active",
        "Start": "2026-01-02T03:04:05.000Z",
        "End": "2027-01-02T03:04:04.000Z",
        **more,
    }


def reserved(**more: Any) -> dict[str, Any]:
    """The row of one reservation."""
    (row,) = transform_reserved([reservation(**more)], SCOPE)["commitments"]
    return row


def test_a_reservation_has_all_its_columns() -> None:
    told = {"OfferingClass": "convertible", "ProductDescription": "Windows (Amazon VPC)"}
    assert reserved(InstanceCount=3, **told) == {
        "cloud": "aws",
        "account_id": "012345678901",
        "region": "eu-west-1",
        "commitment_id": "r-1",
        "kind": "reserved",
        "scope": "m5.large",
        "quantity": 3.0,
        "unit": "instances",
        "hourly_cost": Decimal("0.18"),
        "currency": "USD",
        "started_at": datetime(2026, 1, 2, 3, 4, 5),
        "ends_at": datetime(2027, 1, 2, 3, 4, 4),
        "payment": "no_upfront",
        "state": "active",
        "offering": "convertible",
        "platform": "windows",
        "auto_renew": False,
    }


@pytest.mark.parametrize(
    ("told", "hourly"),
    [
        # 876 / 8,760 hours
        ({"FixedPrice": 876.0, "RecurringCharges": []}, "0.1"),
        # 438 / 8,760 + 0.031
        ({"FixedPrice": 438.0, "RecurringCharges": [{"Amount": 0.031, "Frequency": "Hourly"}]}, "0.081"),
        # three years: 2,628 / 26,280
        ({"FixedPrice": 2628.0, "Duration": 3 * YEAR, "RecurringCharges": []}, "0.1"),
        # (876 / 8,760 + 0.02) × 4
        ({"FixedPrice": 876.0, "RecurringCharges": [{"Amount": 0.02, "Frequency": "Hourly"}], "InstanceCount": 4}, "0.48"),
        # 100 / 8,760 = 0.011415525114155…
        ({"FixedPrice": 100.0, "RecurringCharges": []}, "0.011415525114"),
        # of the oldest kind: a price per hour of use
        ({"UsagePrice": 0.05, "RecurringCharges": None}, "0.05"),
        ({"RecurringCharges": [{"Amount": 0.01, "Frequency": "Hourly"}, {"Amount": 0.02, "Frequency": "Hourly"}]}, "0.03"),
        ({"RecurringCharges": [{"Amount": 9.0, "Frequency": "Monthly"}]}, "0"),
        # 0.1 and 0.2 are no binary fractions
        ({"RecurringCharges": [{"Amount": 0.1, "Frequency": "Hourly"}, {"Amount": 0.2, "Frequency": "Hourly"}]}, "0.3"),
        ({"InstanceCount": 0}, "0"),
    ],
)  # fmt: skip
def test_the_hourly_cost_is_the_recurring_price_and_the_upfront_one_over_the_term(
    told: dict[str, Any], hourly: str
) -> None:
    assert reserved(**told)["hourly_cost"] == Decimal(hourly)


@pytest.mark.parametrize("duration", [0, None])
def test_the_cost_of_a_reservation_without_a_term_is_unknown(duration: int | None) -> None:
    assert reserved(Duration=duration)["hourly_cost"] is None


@pytest.mark.parametrize(
    ("offering", "payment"),
    [
        ("All Upfront", "all_upfront"),
        ("Partial Upfront", "partial_upfront"),
        ("No Upfront", "no_upfront"),
        ("Heavy Utilization", None),
    ],
)
def test_how_it_is_paid_is_in_our_words(offering: str, payment: str | None) -> None:
    assert reserved(OfferingType=offering)["payment"] == payment
    assert plan(paymentOption=offering)["payment"] == payment


@pytest.mark.parametrize(
    ("state", "told"),
    [("active", "active"), ("retired", "expired"), ("payment-pending", "other"), ("queued", "other")],
)
def test_the_state_of_a_commitment_is_in_our_words(state: str, told: str) -> None:
    assert reserved(State=state)["state"] == told
    assert plan(state=state)["state"] == told


def test_another_currency_stays_the_one_it_is() -> None:
    assert reserved(CurrencyCode="CNY")["currency"] == "CNY"
    row = plan(currency="CNY")
    assert (row["currency"], row["unit"]) == ("CNY", "CNY per hour")


@needs_recorded
def test_a_recorded_reservation_becomes_a_row() -> None:
    answer = recorded("ec2.DescribeReservedInstances/test_ec2_reserved_instance_query")
    raw = get_reserved(Canned(ec2_describe_reserved_instances=answer))
    (row,) = transform_reserved(raw, SCOPE)["commitments"]
    # 30 / 8,760 + 0.0034
    assert row["hourly_cost"] == Decimal("0.006824657534")
    assert (row["scope"], row["quantity"], row["payment"], row["state"]) == (
        "t2.micro",
        1.0,
        "partial_upfront",
        "active",
    )
    assert row["ends_at"] == datetime(2020, 2, 23, 11, 25, 2)


# --- savings plans ----------------------------------------------------------------------------------------


def told(**more: Any) -> dict[str, Any]:
    return {
        "savingsPlanId": "sp-1",
        "savingsPlanType": "Compute",
        "commitment": "1.20000000",
        "currency": "USD",
        "start": "2026-01-02T03:04:05.000Z",
        "end": "2027-01-02T03:04:04.000Z",
        "state": "active",
        "paymentOption": "No Upfront",
        **more,
    }


def plan(**more: Any) -> dict[str, Any]:
    """The row of one savings plan."""
    (row,) = transform_plans([told(**more)], SCOPE)["commitments"]
    return row


def test_a_plan_has_all_its_columns() -> None:
    assert plan() == {
        "cloud": "aws",
        "account_id": "012345678901",
        "region": "eu-west-1",
        "commitment_id": "sp-1",
        "kind": "savings_plan",
        "scope": "Compute",
        "quantity": 1.2,
        "unit": "USD per hour",
        "hourly_cost": Decimal("1.2"),
        "currency": "USD",
        "started_at": datetime(2026, 1, 2, 3, 4, 5),
        "ends_at": datetime(2027, 1, 2, 3, 4, 4),
        "payment": "no_upfront",
        "state": "active",
        "auto_renew": False,
    }


def test_a_plan_of_machines_names_family_and_region() -> None:
    row = plan(savingsPlanType="EC2Instance", ec2InstanceFamily="m5", region="us-east-1")
    assert row["scope"] == "EC2Instance m5 us-east-1"


def test_a_plan_that_has_not_begun_has_no_dates_and_no_amount() -> None:
    row = plan(start=None, end="", commitment=None, state="queued")
    assert (row["started_at"], row["ends_at"], row["hourly_cost"], row["quantity"]) == (
        None,
        None,
        None,
        None,
    )


def test_a_plan_that_two_pages_show_is_one_row_as_it_was_seen_last() -> None:
    pages = [
        {"savingsPlans": [told()]},
        {"savingsPlans": [told(state="retired"), told(savingsPlanId="sp-2")]},
    ]
    rows = transform_plans(get_plans(Canned(savingsplans_describe_savings_plans=pages)), SCOPE)["commitments"]
    assert [(row["commitment_id"], row["state"]) for row in rows] == [("sp-1", "expired"), ("sp-2", "active")]


def test_a_date_that_is_none_is_an_answer_of_a_shape_nobody_knows() -> None:
    with pytest.raises(ValueError, match="soon"):
        plan(start="soon")


class Alone:
    """A crew of one, who does everything at once and remembers what was missed."""

    def __init__(self) -> None:
        self.missing: list[tuple[Scope, str]] = []

    def wants(self, scope: Scope) -> bool:
        return True

    def get(self, what: str, function: Any, *arguments: Any) -> "Future[Got[Any]]":
        future: Future[Got[Any]] = Future()
        future.set_result(Got(function(*arguments), None, 1))
        return future

    def missed(self, scope: Scope, error: FinopsError, calls: int) -> None:
        self.missing.append((scope, str(error)))


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"commitment": "much"}, "InvalidOperation|ValueError"),
        ({"start": "soon"}, "ValueError: .*soon"),
        ({"savingsPlanId": None, "commitment": ["1"]}, "TypeError"),
    ],
)
def test_a_plan_of_a_shape_nobody_knows_is_a_missed_scope_and_no_crash(
    odd: dict[str, Any], said: str
) -> None:
    client = Canned(savingsplans_describe_savings_plans=[{"savingsPlans": [told(**odd)]}])
    session: Any = SimpleNamespace(account="012345678901", client=lambda region: client)
    crew: Any = Alone()
    collect_global(Place(session, GLOBAL, datetime(2026, 11, 20), 95), crew)
    ((scope, sentence),) = crew.missing
    assert scope == Scope("aws", "012345678901", GLOBAL, "commitments")
    assert re.search(f"commitments of account 012345678901, region global have a shape .*({said})", sentence)


# --- second hand ------------------------------------------------------------------------------------------


def offer(**more: Any) -> dict[str, Any]:
    return {
        "ReservedInstancesOfferingId": "o-1", "InstanceType": "m5.large", "Marketplace": True, "Scope": "Region",
        "ProductDescription": "Linux/UNIX (Amazon VPC)", "OfferingClass": "standard", "OfferingType": "All Upfront",
        "Duration": 7 * 730 * 3600, "UsagePrice": 0.0, "CurrencyCode": "USD",
        "RecurringCharges": [{"Amount": 0.01, "Frequency": "Hourly"}],
        "PricingDetails": [{"Count": 3, "Price": 120.0}, {"Count": 1, "Price": 99.5}], **more,
    }  # fmt: skip


def offers(*told: dict[str, Any]) -> list[dict[str, Any]]:
    answer = shaped("ec2", "DescribeReservedInstancesOfferings", {"ReservedInstancesOfferings": list(told)})
    client = Canned(ec2_describe_reserved_instances_offerings=[answer, answer])
    at = datetime(2026, 11, 20)
    rows: list[dict[str, Any]] = transform_offers(get_offers(client, {"m5.large"}), offers_scope(), at)[
        "commitment_offers"
    ]
    ((_, asked),) = client.asked
    assert asked["IncludeMarketplace"] is True
    assert {one["Name"]: one["Values"] for one in asked["Filters"]} == {
        "marketplace": ["true"], "instance-type": ["m5.large"],
    }  # fmt: skip
    return rows


def offers_scope() -> Scope:
    return Scope("aws", "012345678901", "eu-west-1", "commitment_offers")


def test_an_offer_has_its_lowest_price_and_how_many_there_are_at_it() -> None:
    (row,) = offers(offer())
    assert (row["offer_id"], row["sku"], row["platform"], row["offering"]) == (
        "o-1",
        "m5.large",
        "linux",
        "standard",
    )
    assert (row["upfront"], row["quantity"], row["hourly"]) == (Decimal("99.5"), 1, Decimal("0.01"))
    assert (row["months"], row["payment"], row["zone"]) == (7.0, "all_upfront", None)


def test_an_offer_of_aws_itself_or_without_a_price_is_none() -> None:
    assert offers(offer(Marketplace=False), offer(PricingDetails=[])) == []


def test_an_offer_that_is_bound_to_a_zone_names_it() -> None:
    (row,) = offers(offer(Scope="Availability Zone", AvailabilityZone="eu-west-1b"))
    assert row["zone"] == "eu-west-1b"
