"""What was bought ahead: reserved instances of a region, savings plans of an account; what others sell."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from collectors.aws.client import Api, Client
from collectors.aws.inventory import all_of, utc
from collectors.conduct import Rows
from collectors.rows import Raw, once, place
from finops.warehouse import Scope

DESCRIBE_RESERVED = Api(
    "ec2", "describe_reserved_instances", "ec2:DescribeReservedInstances", probe={"DryRun": True}
)
DESCRIBE_PLANS = Api(
    "savingsplans", "describe_savings_plans", "savingsplans:DescribeSavingsPlans", probe={"maxResults": 1}
)

DESCRIBE_OFFERS = Api(
    "ec2",
    "describe_reserved_instances_offerings",
    "ec2:DescribeReservedInstancesOfferings",
    page=100,
    probe={"DryRun": True},
)
_TYPES_A_CALL = 200  # values that one filter may have
_HOURS_A_MONTH = 730  # a year is 8,760 hours

# The words for an operating system in reservations, offers and spot prices → our platform.
PLATFORMS = {
    "Linux/UNIX": "linux", "Windows": "windows", "Red Hat Enterprise Linux": "rhel", "SUSE Linux": "suse",
}  # fmt: skip
PAYMENT = {
    "All Upfront": "all_upfront",
    "Partial Upfront": "partial_upfront",
    "No Upfront": "no_upfront",
}


def get_reserved(client: Client) -> Raw:
    """Reserved instances of the region, ended ones too."""
    return client.get(DESCRIBE_RESERVED).get("ReservedInstances") or []


def transform_reserved(raw: Raw, scope: Scope) -> Rows:
    """Rows of commitments; hourly_cost is the recurring price and the upfront one spread over the term."""
    return {
        "commitments": [
            {
                **place(scope),
                "commitment_id": one["ReservedInstancesId"],
                "kind": "reserved",
                "scope": one.get("InstanceType"),
                "quantity": float(one.get("InstanceCount") or 0),
                "unit": "instances",
                "hourly_cost": _hourly(one),
                "currency": one.get("CurrencyCode") or "USD",
                "started_at": utc(one.get("Start")),
                "ends_at": utc(one.get("End")),
                "payment": PAYMENT.get(str(one.get("OfferingType"))),
                "state": {"active": "active", "retired": "expired"}.get(str(one.get("State")), "other"),
                "offering": one.get("OfferingClass") or None,
                "platform": platform_of(one),
                "auto_renew": False,  # nor does a plan: whoever wants another queues a purchase
            }
            for one in once(raw, "ReservedInstancesId")
        ]
    }


def _hourly(one: Mapping[str, Any]) -> Decimal | None:
    """Money per hour of all instances of one reservation. Durations are in seconds."""
    hours = Decimal(one.get("Duration") or 0) / 3600
    if not hours:
        return None
    each_hour = _exact(one.get("FixedPrice")) / hours + _exact(one.get("UsagePrice")) + _recurring(one)
    return (each_hour * int(one.get("InstanceCount") or 0)).quantize(Decimal("1e-12"))


def _recurring(one: Mapping[str, Any]) -> Decimal:
    """What each hour costs besides, whether it is used or not."""
    charges = one.get("RecurringCharges") or ()
    return sum(
        (_exact(each.get("Amount")) for each in charges if each.get("Frequency") == "Hourly"), Decimal(0)
    )


def platform_of(one: Mapping[str, Any]) -> str | None:
    """The operating system of a reservation or an offer of one; as it is written where it is none of ours."""
    words = str(one.get("ProductDescription") or "").removesuffix(" (Amazon VPC)")
    return PLATFORMS.get(words, words or None)


# --- second hand ------------------------------------------------------------------------------------------


def get_offers(client: Client, types: Iterable[str]) -> Raw:
    """What others sell of their reservations of these types on the marketplace."""
    names = sorted(set(types))
    return [
        one
        for start in range(0, len(names), _TYPES_A_CALL)
        for one in all_of(
            client,
            DESCRIBE_OFFERS,
            "ReservedInstancesOfferings",
            IncludeMarketplace=True,
            Filters=[
                {"Name": "marketplace", "Values": ["true"]},
                {"Name": "instance-type", "Values": names[start : start + _TYPES_A_CALL]},
            ],
        )
    ]


def transform_offers(raw: Raw, scope: Scope, at: datetime) -> Rows:
    """Rows of commitment_offers, each at the lowest price that it is sold at, and how many there are at that."""
    rows = [
        {
            **place(scope),
            "offer_id": one["ReservedInstancesOfferingId"],
            "sku": one["InstanceType"],
            "platform": platform_of(one),
            "zone": one.get("AvailabilityZone") if one.get("Scope") != "Region" else None,
            "offering": one.get("OfferingClass") or None,
            "payment": PAYMENT.get(str(one.get("OfferingType"))),
            "months": float(one.get("Duration") or 0) / 3600 / _HOURS_A_MONTH,
            "upfront": price,
            "hourly": _exact(one.get("UsagePrice")) + _recurring(one),
            "quantity": count,
            "currency": one.get("CurrencyCode") or "USD",
            "as_of": at,
        }
        for one in once(raw, "ReservedInstancesOfferingId")
        if one.get("Marketplace")
        for price, count in _cheapest(one)
    ]
    return {"commitment_offers": rows}


def _cheapest(one: Mapping[str, Any]) -> list[tuple[Decimal, int]]:
    """The lowest price and how many are sold at it; nothing of an offer without a price."""
    found = [(_exact(each["Price"]), int(each.get("Count") or 1)) for each in one.get("PricingDetails") or ()]
    if not found:
        return []
    lowest = min(price for price, _ in found)
    return [(lowest, sum(count for price, count in found if price == lowest))]


# --- savings plans ----------------------------------------------------------------------------------------


def get_plans(client: Client) -> Raw:
    """Savings plans of the account, ended ones too."""
    return all_of(client, DESCRIBE_PLANS, "savingsPlans")


def transform_plans(raw: Raw, scope: Scope) -> Rows:
    """Rows of commitments; a plan commits to an amount of money per hour."""
    return {
        "commitments": [
            {
                **place(scope),
                "commitment_id": one["savingsPlanId"],
                "kind": "savings_plan",
                "scope": " ".join(
                    str(one[key])
                    for key in ("savingsPlanType", "ec2InstanceFamily", "region")
                    if one.get(key)
                ),
                "quantity": float(one["commitment"]) if one.get("commitment") else None,
                "unit": f"{one.get('currency') or 'USD'} per hour",
                "hourly_cost": _exact(one["commitment"]) if one.get("commitment") else None,
                "currency": one.get("currency") or "USD",
                "started_at": utc(one.get("start") or None),
                "ends_at": utc(one.get("end") or None),
                "payment": PAYMENT.get(str(one.get("paymentOption"))),
                "state": {"active": "active", "retired": "expired"}.get(str(one.get("state")), "other"),
                "auto_renew": False,
            }
            for one in once(raw, "savingsPlanId")
        ]
    }


def _exact(number: Any) -> Decimal:
    return Decimal(str(number or 0))
