"""The price list service: GetProducts with filters that filter, and the products one does not want."""

import base64
import binascii
import json
import zlib
from functools import cache
from typing import Any

from tests.servers.aws import state
from tests.servers.aws.products import SERVICES, Product, listed, products
from tests.servers.aws.wire import Call, NoEndpointError, RefusalError

ENDPOINT_REGIONS = ("us-east-1", "eu-central-1", "ap-south-1")
MAX_RESULTS = 100


def get_products(call: Call) -> dict[str, Any]:
    """One page of the products that pass all filters."""
    if call.region not in ENDPOINT_REGIONS:
        raise NoEndpointError(f"there is no price list endpoint in {call.region}")
    asked = call.fields
    service = asked.get("ServiceCode")
    if service not in SERVICES:
        raise (
            RefusalError("NotFoundException", f"ServiceCode {service} not found")
            if service
            else invalid("ServiceCode is required")
        )
    size = asked.get("MaxResults", MAX_RESULTS)
    if not 1 <= int(size) <= MAX_RESULTS:
        raise invalid(f"Invalid value {size} for MaxResults: it must be between 1 and {MAX_RESULTS}")
    if asked.get("FormatVersion", "aws_v1") != "aws_v1":
        raise invalid("FormatVersion must be aws_v1")
    digest = zlib.crc32(json.dumps([service, asked.get("Filters", [])], sort_keys=True).encode())
    start = opened(asked["NextToken"], digest) if asked.get("NextToken") else 0
    found = matching(service, json.dumps(asked.get("Filters", []), sort_keys=True))
    stop = min(start + int(size), len(found))
    state.note(items=stop - start)
    answer: dict[str, Any] = {
        "FormatVersion": "aws_v1",
        "PriceList": [listed(service, product) for product in found[start:stop]],
    }
    if stop < len(found):
        answer["NextToken"] = base64.b64encode(f"{stop}.{digest}".encode()).decode()
    return answer


@cache
def matching(service: str, filters: str) -> list[Product]:
    tests = json.loads(filters)
    for test in tests:
        if test.get("Type") not in ("TERM_MATCH", "EQUALS", "CONTAINS", "ANY_OF", "NONE_OF"):
            raise invalid(f"Unknown filter type {test.get('Type')}")
    return [product for product in products(service) if all(passes(product, test) for test in tests)]


def passes(product: Product, test: dict[str, str]) -> bool:
    """Whether one filter lets a product through; an attribute that it does not have never matches."""
    field, wanted = test["Field"], test["Value"]
    value = product["productFamily"] if field == "productFamily" else product["attributes"].get(field)
    if field == "ServiceCode":
        value = product["attributes"]["servicecode"]
    values = [each.strip() for each in wanted.split(",")]
    if test["Type"] == "NONE_OF":
        return value not in values
    if value is None:
        return False
    if test["Type"] == "ANY_OF":
        return value in values
    return wanted in value if test["Type"] == "CONTAINS" else value == wanted


def invalid(message: str) -> RefusalError:
    return RefusalError("InvalidParameterException", message)


def opened(token: str, digest: int) -> int:
    try:
        place, of = base64.b64decode(token.encode()).decode().split(".")
        if int(of) == digest:
            return int(place)
    except (ValueError, binascii.Error):
        pass
    raise RefusalError(
        "InvalidNextTokenException", "The pagination token is invalid. Try again without a pagination token."
    )


ANSWERS = {("pricing", "GetProducts"): get_products}
