"""List prices of a region from the Price List API, and the history of its spot prices."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from collectors.aws.client import Api, Client
from collectors.aws.commitments import PAYMENT
from collectors.aws.inventory import all_of, utc
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.rows import Raw
from finops.warehouse import Scope

GET_PRODUCTS = Api(
    "pricing", "get_products", "pricing:GetProducts", probe={"ServiceCode": "AmazonVPC", "MaxResults": 1}
)
SPOT_HISTORY = Api(
    "ec2", "describe_spot_price_history", "ec2:DescribeSpotPriceHistory", probe={"DryRun": True}
)
# The Price List API answers in few places, for all regions of its partition.
PLACES = {"aws": "us-east-1", "aws-cn": "cn-northwest-1"}
SPOT_DAYS = 30
_FILTER_LENGTH = 1024  # characters; source: Filter in the API's model

_LIST, _HISTORY = "AWS Price List API", "EC2 DescribeSpotPriceHistory"
# Our platform → the price list's operating system, and the words of the spot price history.
_SYSTEMS = {"linux": "Linux", "windows": "Windows", "rhel": "RHEL", "suse": "SUSE"}
_SPOT_SYSTEMS = {
    "linux": "Linux/UNIX",
    "windows": "Windows",
    "rhel": "Red Hat Enterprise Linux",
    "suse": "SUSE Linux",
}
_PLATFORMS = {
    **{words: platform for platform, words in _SPOT_SYSTEMS.items()},
    **{f"{words} (Amazon VPC)": platform for platform, words in _SPOT_SYSTEMS.items()},
}
# Attributes of the product that an instance on demand is charged as.
_ON_DEMAND = {"tenancy": "Shared", "capacitystatus": "Used", "preInstalledSw": "NA"}
_VOLUME_FAMILIES = {"Storage": "", "System Operation": ":iops", "Provisioned Throughput": ":throughput"}
_IN_USAGE_TYPES = {"piops": "io1"}  # volume types that usage types call otherwise
_TERMS = {"1yr": 12, "3yr": 36}  # months of a reservation
_HOURS_A_MONTH = 730  # a year is 8,760 hours
# What the price list counts in → our unit, and how many of ours one of theirs is.
_UNITS = {
    "hrs": ("hour", 1), "gb-mo": ("GiB-month", 1), "gb-month": ("GiB-month", 1), "iops-mo": ("IOPS-month", 1),
    "mibps-mo": ("MiBps-month", 1), "gibps-mo": ("MiBps-month", 1024),
}  # fmt: skip


# --- list prices ------------------------------------------------------------------------------------------


def get_list(
    client: Client, region: str, types: Mapping[str, Iterable[str]], *, others: bool = True
) -> dict[str, list[str]]:
    """Products as JSON text: the machine types wanted of each platform, and with `others` volumes and addresses."""
    found = {
        platform: _machines(client, region, platform, sorted(set(names)))
        for platform, names in sorted(types.items())
        if platform in _SYSTEMS
    }
    if not others:
        return found
    found["volumes"] = _volumes(client, region)
    found["addresses"] = _products(client, "AmazonVPC", {"regionCode": region})
    return found


def _volumes(client: Client, region: str) -> list[str]:
    """What volumes cost: in one question where several values are understood, else family by family."""
    families = {"productFamily": ",".join(_VOLUME_FAMILIES)}
    found = _understood(lambda: _products(client, "AmazonEC2", {"regionCode": region}, **families))
    return found or [
        product
        for family in _VOLUME_FAMILIES
        for product in _products(client, "AmazonEC2", {"regionCode": region, "productFamily": family})
    ]


def _understood(ask: Callable[[], list[str]]) -> list[str]:
    """What a question with several values brings; nothing where such questions are refused."""
    try:
        return ask()
    except CallError as error:
        if error.code not in ("InvalidParameterException", "ValidationException"):
            raise
        return []


def _machines(client: Client, region: str, platform: str, names: Sequence[str]) -> list[str]:
    """The wanted types only: a region offers a thousand. Where several values are not understood, all of them."""
    exact = {"regionCode": region, "operatingSystem": _SYSTEMS[platform], **_ON_DEMAND}
    found = [
        product
        for some in _joined(names)
        for product in _understood(partial(_products, client, "AmazonEC2", exact, instanceType=some))
    ]
    return found or _products(client, "AmazonEC2", exact)


def _joined(names: Iterable[str]) -> Iterator[str]:
    """Names with commas between them, in texts as long as a filter may be."""
    text = ""
    for name in names:
        if text and len(text) + 1 + len(name) > _FILTER_LENGTH:
            yield text
            text = ""
        text = f"{text},{name}" if text else name
    if text:
        yield text


def _products(client: Client, service: str, exact: Mapping[str, str], **any_of: str) -> list[str]:
    filters = [{"Type": "TERM_MATCH", "Field": key, "Value": value} for key, value in exact.items()]
    filters += [{"Type": "ANY_OF", "Field": key, "Value": value} for key, value in any_of.items()]
    return all_of(client, GET_PRODUCTS, "PriceList", ServiceCode=service, Filters=filters)  # type: ignore[return-value]


def transform_list(raw: Mapping[str, Iterable[str]], scope: Scope, at: datetime) -> Rows:
    """Rows of prices on demand."""
    rows = []
    for kind, texts in raw.items():
        for product in map(json.loads, texts):
            what = product["product"]
            sku = _sku(what.get("productFamily") if kind == "volumes" else kind, what, scope.region)
            priced = _on_demand(product) if sku else None
            platform = kind if kind in _SYSTEMS and kind != "linux" else None
            if sku and priced:
                unit, price, currency = priced
                rows.append(
                    _row(scope, sku, "on_demand", unit, price, currency, at, _LIST, platform=platform)
                )
            if sku and kind in _SYSTEMS:
                rows += [
                    {**_row(scope, sku, "reserved", "hour", *terms, at, _LIST, platform=platform), **about}
                    for terms, about in _reserved(product)
                ]
    return {"prices": rows}


def _sku(kind: str | None, product: Mapping[str, Any], region: str) -> str | None:
    """Our name for a product; None for one that is not what was meant, whatever the filters let through."""
    attributes = product.get("attributes") or {}
    if attributes.get("regionCode", region) != region:
        return None
    if kind in _SYSTEMS:
        wanted = {
            **_ON_DEMAND, "operatingSystem": _SYSTEMS[kind], "marketoption": "OnDemand",
            "licenseModel": "No License required",
        }  # fmt: skip
        plain = all(attributes.get(key, value) == value for key, value in wanted.items())
        return attributes.get("instanceType") if plain else None
    usage = str(attributes.get("usagetype") or "")
    if kind == "addresses":
        states = {"PublicIPv4:IdleAddress": "unused", "PublicIPv4:InUseAddress": "in_use"}
        return next((f"public_ip:{state}" for end, state in states.items() if usage.endswith(end)), None)
    if kind not in _VOLUME_FAMILIES:
        return None
    last = usage.rpartition(".")[2]
    called = _IN_USAGE_TYPES.get(last, last)
    volume = attributes.get("volumeApiName") or called
    marks = {"": "EBS:VolumeUsage", ":iops": "EBS:VolumeP-IOPS", ":throughput": "EBS:VolumeP-Throughput"}
    end = _VOLUME_FAMILIES[kind]
    # io2 costs less beyond 32,000 operations: those tiers have products of their own, with a longer usage type.
    usual = usage.endswith(marks[end]) or (called == volume and usage.endswith(f"{marks[end]}.{last}"))
    return f"{volume}{end}" if volume and usual else None


def _on_demand(product: Mapping[str, Any]) -> tuple[str, Decimal, str] | None:
    """Unit, price and currency of the on-demand term; None where there is none, or one that depends on the amount."""
    dimensions = [
        dimension
        for term in ((product.get("terms") or {}).get("OnDemand") or {}).values()
        for dimension in (term.get("priceDimensions") or {}).values()
    ]
    found: dict[str, set[tuple[str, Decimal]]] = {}
    for dimension in dimensions:
        unit = _UNITS.get(str(dimension.get("unit")).lower())
        for currency, text in (dimension.get("pricePerUnit") or {}).items():
            price = Decimal(str(text))
            if unit and price > 0:
                found.setdefault(currency, set()).add((unit[0], price / unit[1]))
    for currency, prices in found.items():
        if len(prices) == 1:  # more: tiers
            return (*prices.pop(), currency)
    return None


def _reserved(product: Mapping[str, Any]) -> Iterator[tuple[tuple[Decimal, str], dict[str, Any]]]:
    """What an hour of a standard reservation costs, upfront payments spread over its term, with its currency; and term,
    payment and what is paid at the start. In the same answer as the price on demand, so no call is made for it."""
    for term in ((product.get("terms") or {}).get("Reserved") or {}).values():
        about = term.get("termAttributes") or {}
        months = _TERMS.get(str(about.get("LeaseContractLength")))
        payment = PAYMENT.get(str(about.get("PurchaseOption")))
        if about.get("OfferingClass") != "standard" or months is None or payment is None:
            continue
        hourly, upfront = _amounts(term, "hrs"), _amounts(term, "quantity")
        for currency in sorted(hourly.keys() | upfront.keys()):
            paid = upfront.get(currency, Decimal(0))
            price = hourly.get(currency, Decimal(0)) + paid / (months * _HOURS_A_MONTH)
            if price > 0:
                yield (price, currency), {"term_months": months, "payment": payment, "upfront": paid}


def _amounts(term: Mapping[str, Any], unit: str) -> dict[str, Decimal]:
    """The price of a term's dimension in that unit, by currency."""
    return {
        currency: Decimal(str(text))
        for dimension in (term.get("priceDimensions") or {}).values()
        if str(dimension.get("unit")).lower() == unit
        for currency, text in (dimension.get("pricePerUnit") or {}).items()
    }


# --- spot -------------------------------------------------------------------------------------------------


def get_spot(client: Client, types: Mapping[str, Iterable[str]], at: datetime) -> Raw:
    """Changes of the spot price in every zone of the region, and the price in force when they begin.

    `types` are those in use of each platform.
    """
    return [
        one
        for platform, names in sorted(types.items())
        if platform in _SPOT_SYSTEMS
        for one in all_of(
            client,
            SPOT_HISTORY,
            "SpotPriceHistory",
            InstanceTypes=sorted(set(names)),
            ProductDescriptions=[_SPOT_SYSTEMS[platform]],
            StartTime=(at - timedelta(days=SPOT_DAYS)).replace(tzinfo=UTC),
            EndTime=at.replace(tzinfo=UTC),
        )
    ]


def transform_spot(raw: Raw, scope: Scope) -> Rows:
    """Rows of prices as spot, each from the instant it began to hold."""
    return {"prices": list(_spot_rows(raw, scope))}


def _spot_rows(raw: Raw, scope: Scope) -> Iterator[dict[str, Any]]:
    seen = set()
    for one in raw:
        platform = _PLATFORMS.get(str(one.get("ProductDescription")))
        key = (one["InstanceType"], one["AvailabilityZone"], platform, one["Timestamp"])
        if platform is None or key in seen:
            continue
        seen.add(key)
        at = utc(one["Timestamp"])
        yield _row(
            scope, one["InstanceType"], "spot", "hour", Decimal(str(one["SpotPrice"])), "USD", at, _HISTORY,
            zone=one["AvailabilityZone"], platform=platform if platform != "linux" else None,
        )  # fmt: skip


def _row(
    scope: Scope, sku: str, model: str, unit: str, price: Decimal, currency: str, at: datetime | None, source: str,
    *, zone: str | None = None, platform: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "cloud": scope.cloud,
        "region": scope.region,
        "zone": zone,
        "sku": sku,
        "purchase_model": model,
        "unit": unit,
        "price": price.quantize(Decimal("1e-12")),
        "currency": currency,
        "platform": platform,
        "as_of": at,
        "source": source,
    }
