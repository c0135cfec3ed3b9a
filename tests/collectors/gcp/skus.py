"""A catalogue as Google answers it, and the library's own reading of it."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from google.cloud.billing_v1.types import ListSkusResponse
from google.protobuf import json_format

from collectors.gcp.catalogue import Catalogue, read
from collectors.gcp.prices import Wanted, transform_list, transform_spot
from finops.warehouse import Scope

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "gcp"
AT = datetime(2026, 11, 20)
SINCE = "2026-09-22T07:00:00Z"
IOWA = "us-central1"


def parsed(page: Mapping[str, Any]) -> ListSkusResponse:
    """A page read as the library's REST transport does."""
    response = ListSkusResponse()
    json_format.Parse(json.dumps(page), ListSkusResponse.pb(response), ignore_unknown_fields=True)
    return response


def catalogue(*skus: Mapping[str, Any], at: datetime | None = AT) -> Catalogue:
    """The catalogue that holds these SKUs."""
    return read([ListSkusResponse.pb(parsed({"skus": skus}))], at)


def sku(
    description: str,
    price: str | float | list[tuple[float, str]] = "0.01",
    *,
    unit: str = "h",
    family: str = "Compute",
    usage: str = "OnDemand",
    regions: Iterable[str] = (IOWA,),
    currency: str = "USD",
    since: str | None = SINCE,
    sku_id: str | None = None,
    **expression: Any,
) -> dict[str, Any]:
    """A SKU: one price, or pairs of (from which quantity, price)."""
    tiers = price if isinstance(price, list) else [(0, str(price))]
    info: dict[str, Any] = {
        "pricingExpression": {
            "usageUnit": unit,
            "tieredRates": [
                {"startUsageAmount": start, "unitPrice": money(amount, currency)} for start, amount in tiers
            ],
            **expression,
        },
        "currencyConversionRate": 1,
    }
    if since:
        info["effectiveTime"] = since
    return {
        "skuId": sku_id or f"{abs(hash((description, usage, tuple(regions)))) % 10**8:08d}",
        "description": description,
        "category": {"resourceFamily": family, "usageType": usage},
        "serviceRegions": list(regions),
        "pricingInfo": [info],
    }


def money(amount: str, currency: str = "USD") -> dict[str, Any]:
    """An amount as Google writes it: whole units and nanos."""
    units, _, rest = str(amount).partition(".")
    return {"currencyCode": currency, "units": units, "nanos": int(rest.ljust(9, "0"))}


def series(
    stem: str, core: str, ram: str, spot: tuple[str, str] | None = None, **options: Any
) -> list[dict[str, Any]]:
    """Cores and memory of a series, on demand and spot."""
    found = [
        sku(f"{stem} Core running in Americas", core, **options),
        sku(f"{stem} Ram running in Americas", ram, unit="GiBy.h", **options),
    ]
    for part, price, unit in zip(("Core", "Ram"), spot or (), ("h", "GiBy.h"), strict=False):
        text = f"Spot Preemptible {stem} {part} running in Americas"
        found.append(sku(text, price, unit=unit, usage="Preemptible", **options))
    return found


def scope(region: str = IOWA, dataset: str = "prices") -> Scope:
    return Scope("gcp", "shop-prod", region, dataset)


def machine(name: str, vcpu: float | None = None, memory: float | None = None, **more: Any) -> dict[str, Any]:
    """A row of instance_types."""
    return {"instance_type": name, "vcpu": vcpu, "memory_gib": memory, **more}


def hour(
    found: Catalogue, row: dict[str, Any], model: str = "on_demand", platform: str | None = None
) -> Decimal | None:
    """What an hour of a machine costs, as a row says; None where there is no row."""
    transform = transform_spot if model == "spot" else transform_list
    wanted = Wanted((row,), frozenset({"linux", "windows"}))
    rows = [
        one
        for one in transform(found, wanted, scope(), AT)["prices"]
        if (one["sku"], one["purchase_model"], one["platform"]) == (row["instance_type"], model, platform)
    ]
    assert len(rows) < 2
    assert all(one["unit"] == "hour" and one["tier_start"] is None for one in rows)
    return rows[0]["price"] if rows else None


N2 = [
    *series("N2 Instance", "0.031611", "0.004237", ("0.007653", "0.001026")),
    *series("N2 Custom Instance", "0.033191", "0.004449"),
    sku("N2 Custom Extended Instance Ram running in Americas", "0.009550", unit="GiBy.h"),
]
