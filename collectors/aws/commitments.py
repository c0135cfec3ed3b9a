"""What was bought ahead: reserved instances of a region, savings plans of an account."""

from collections.abc import Mapping
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
            }
            for one in once(raw, "ReservedInstancesId")
        ]
    }


def _hourly(one: Mapping[str, Any]) -> Decimal | None:
    """Money per hour of all instances of one reservation. Durations are in seconds."""
    hours = Decimal(one.get("Duration") or 0) / 3600
    if not hours:
        return None
    recurring = sum(
        (
            _exact(each.get("Amount"))
            for each in one.get("RecurringCharges") or ()
            if each.get("Frequency") == "Hourly"
        ),
        Decimal(0),
    )
    each_hour = _exact(one.get("FixedPrice")) / hours + _exact(one.get("UsagePrice")) + recurring
    return (each_hour * int(one.get("InstanceCount") or 0)).quantize(Decimal("1e-12"))


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
            }
            for one in once(raw, "savingsPlanId")
        ]
    }


def _exact(number: Any) -> Decimal:
    return Decimal(str(number or 0))
