"""List prices of a region from the Price List API, and the history of its spot prices."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from collectors.aws.client import Api, Client
from collectors.aws.commitments import PAYMENT
from collectors.aws.inventory import all_of, utc
from collectors.aws.products import Question, names_of, prices_of, questions
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.regions import Problems
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
_NOT_UNDERSTOOD = ("InvalidParameterException", "ValidationException", "NotFoundException")

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
_TERMS = {"1yr": 12, "3yr": 36}  # months of a reservation
_HOURS_A_MONTH = 730  # a year is 8,760 hours
_SAME_EVERYWHERE = {"locationType": "AWS Region"}  # and not a local zone, which has prices of its own


# --- list prices ------------------------------------------------------------------------------------------


# What is wanted: types of machines by platform, and names by further kinds (see products.py).
Wanted = Mapping[str, Iterable[str]]


def get_list(client: Client, region: str, wanted: Wanted, problems: Problems) -> dict[str, list[str]]:
    """Products as JSON text, by platform or kind. A kind that the list does not understand is told in `problems`."""
    found: dict[str, list[str]] = {}
    for kind, names in sorted(wanted.items()):
        if kind in _SYSTEMS:
            found[kind] = _machines(client, {"regionCode": region}, kind, sorted(set(names)))
            continue
        try:
            found[kind] = [
                product for each in questions(kind, names, region) for product in _asked(client, each)
            ]
        except CallError as error:
            if error.code not in _NOT_UNDERSTOOD:
                raise
            problems.append(
                f"There are no list prices of {kind.partition(':')[0].replace('_', ' ')}: {error}"
            )
    return found


def get_everywhere(client: Client, types: Wanted, scope: Scope, at: datetime) -> Mapping[Scope, Rows]:
    """What machines cost in every region, as rows in the scope of each."""
    raw = {
        platform: _machines(client, _SAME_EVERYWHERE, platform, sorted(set(names)))
        for platform, names in sorted(types.items())
        if platform in _SYSTEMS
    }
    return transform_everywhere(raw, scope, at)


def _asked(client: Client, question: Question) -> list[str]:
    """The products of a question: at once; value by value where that brings nothing, or is refused."""
    if not question.any_of:
        return _products(client, question)
    found = _at_once(client, question)
    if found:
        return found
    ((field, values),) = question.any_of.items()
    alone = ({**question.exact, field: value} for value in values)
    return [product for exact in alone for product in _products(client, Question(question.service, exact))]


def _at_once(client: Client, question: Question) -> list[str]:
    """What a question with several values brings; nothing where such questions are refused."""
    ((field, values),) = question.any_of.items()
    try:
        return [
            product for some in _joined(values) for product in _products(client, question, **{field: some})
        ]
    except CallError as error:
        if error.code not in _NOT_UNDERSTOOD:
            raise
        return []


def _machines(client: Client, where: Mapping[str, str], platform: str, names: Sequence[str]) -> list[str]:
    """The wanted types only: a region offers a thousand. Where several values are not understood, all of them."""
    exact = {**where, "operatingSystem": _SYSTEMS[platform], **_ON_DEMAND}
    found = _at_once(client, Question("AmazonEC2", exact, {"instanceType": names}))
    return found or _products(client, Question("AmazonEC2", exact))


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


def _products(client: Client, question: Question, **any_of: str) -> list[str]:
    wanted = (("TERM_MATCH", question.exact), ("CONTAINS", question.within), ("ANY_OF", any_of))
    filters = [
        {"Type": kind, "Field": key, "Value": value} for kind, each in wanted for key, value in each.items()
    ]
    return all_of(client, GET_PRODUCTS, "PriceList", ServiceCode=question.service, Filters=filters)  # type: ignore[return-value]


def transform_list(raw: Mapping[str, Iterable[str]], scope: Scope, at: datetime) -> Rows:
    """Rows of prices on demand, and of machines as reservations. A product told twice is one row."""
    return _rows(((kind, json.loads(text)) for kind, texts in raw.items() for text in texts), scope, at)


def _rows(products: Iterable[tuple[str, Mapping[str, Any]]], scope: Scope, at: datetime) -> Rows:
    rows = {}
    for kind, product in products:
        found = _machine_rows if kind in _SYSTEMS else _other_rows
        for row in found(kind, product, scope, at):
            key = (row["sku"], row["platform"], row["purchase_model"], row["tier_start"], row["currency"])
            rows[*key, row["term_months"], row["payment"]] = row
    return {"prices": list(rows.values())}


def transform_everywhere(
    raw: Mapping[str, Iterable[str]], scope: Scope, at: datetime
) -> Mapping[Scope, Rows]:
    """The same rows region by region, each in the scope of its region."""
    by_region: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for kind, texts in raw.items():
        for product in map(json.loads, texts):
            region = (product["product"].get("attributes") or {}).get("regionCode")
            if region:
                by_region.setdefault(str(region), []).append((kind, product))
    scopes = {region: replace(scope, region=region) for region in by_region}
    return {scopes[region]: _rows(found, scopes[region], at) for region, found in by_region.items()}


def _machine_rows(
    platform: str, product: Mapping[str, Any], scope: Scope, at: datetime
) -> Iterator[dict[str, Any]]:
    name = _machine(platform, product["product"], scope.region)
    if name is None:
        return
    system = platform if platform != "linux" else None
    told = {(unit, price, currency) for unit, price, currency, _ in prices_of(product)}
    if len(told) == 1:  # more: tiers
        yield _row(scope, name, "on_demand", *told.pop(), at, _LIST, platform=system)
    for terms, about in _reserved(product):
        yield {**_row(scope, name, "reserved", "hour", *terms, at, _LIST, platform=system), **about}


def _other_rows(
    kind: str, product: Mapping[str, Any], scope: Scope, at: datetime
) -> Iterator[dict[str, Any]]:
    for name in names_of(kind, product["product"], scope.region):
        for unit, price, currency, begin in prices_of(product):
            row = _row(scope, name, "on_demand", unit, price, currency, at, _LIST)
            yield {**row, "tier_start": begin}


def _machine(platform: str, product: Mapping[str, Any], region: str) -> str | None:
    """The type that a product is an hour of; None for one that was not meant, whatever the filters let through."""
    attributes = product.get("attributes") or {}
    wanted = {
        **_ON_DEMAND, "regionCode": region, "operatingSystem": _SYSTEMS[platform], "marketoption": "OnDemand",
        "licenseModel": "No License required",
    }  # fmt: skip
    plain = all(attributes.get(key, value) == value for key, value in wanted.items())
    return attributes.get("instanceType") if plain else None


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
        "tier_start": None,
        "term_months": None,
        "payment": None,
        "upfront": None,
    }
