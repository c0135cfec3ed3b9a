"""What was otherwise in the months before the last: so that a month can be compared with the one before.

A cluster of five machines ran until 19 September, AWS gave two per cent less discount, object storage was a fifth less,
and on 3 September somebody paid for a migration.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

MONTHS = 3  # with the last
_UNTIL = datetime(2026, 9, 20)  # noqa: DTZ001 - instants are naive UTC throughout
_PAID = datetime(2026, 9, 3)  # noqa: DTZ001
_MACHINES = tuple(f"legacy-search-{number}" for number in range(1, 6))
_LESS_DISCOUNT = Decimal("0.94") / Decimal("0.92")
_LESS_STORED = Decimal("0.8")
_COSTS = ("BilledCost", "EffectiveCost", "ContractedCost")


def as_it_was(row: dict[str, Any]) -> dict[str, Any]:
    """A charge of an earlier month, made from what it would be in the last one."""
    if row["ServiceName"] in ("Amazon Elastic Compute Cloud", "Amazon Elastic Block Store"):
        return row | {name: _times(row[name], _LESS_DISCOUNT) for name in (*_COSTS, "ContractedUnitPrice")}
    if row["ServiceSubcategory"] == "Object Storage":
        amounts = (*_COSTS, "ListCost", "ConsumedQuantity", "PricingQuantity")
        return row | {name: _times(row[name], _LESS_STORED) for name in amounts}
    return row


def only_then(template: dict[str, Any], day: datetime) -> Iterator[dict[str, Any]]:
    """Charges that the last month has none of; `template` is the row of a machine on that day."""
    if day < _UNTIL:
        for number, name in enumerate(_MACHINES, start=1):
            yield template | {
                "ResourceId": f"i-0{number:016x}",
                "ResourceName": name,
                "SkuId": "r4.4xlarge",
                "SkuMeter": "BoxUsage:r4.4xlarge",
                "ChargeDescription": "r4.4xlarge instance hour",
                "Tags": '{"team": "shop", "env": "prod"}',
            }
    if day == _PAID:
        amount = "640"
        yield (
            template
            | dict.fromkeys((*_COSTS, "ListCost"), amount)
            | {
                "ChargeCategory": "Purchase",
                "ChargeFrequency": "One-Time",
                "ChargeDescription": "migration service, one-off",
                "ServiceName": "AWS Professional Services",
                "ServiceCategory": "Other",
                "ServiceSubcategory": "Other (Other)",
                **dict.fromkeys(
                    ("ResourceId", "ResourceName", "ResourceType", "SkuMeter", "x_Operation", "Tags"), ""
                ),
                **dict.fromkeys(
                    ("ConsumedQuantity", "PricingQuantity", "ListUnitPrice", "ContractedUnitPrice"), ""
                ),
                **dict.fromkeys(("ConsumedUnit", "PricingUnit", "AvailabilityZone"), ""),
                "SkuId": "migration",
            }
        )


def _times(text: str, factor: Decimal) -> str:
    return f"{Decimal(text) * factor:.12f}".rstrip("0").rstrip(".") or "0"
