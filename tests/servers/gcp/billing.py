"""Cloud Billing v1: services, their SKUs, billing accounts and what is charged to them."""

from decimal import Decimal

from tests.servers.gcp import more_catalogues, pages
from tests.servers.gcp.catalogue import SERVICE, money, skus
from tests.servers.gcp.front import Route, authorize
from tests.servers.gcp.state import BILLING_ACCOUNT, ORGANIZATION, WORLD, Item, Project
from tests.servers.gcp.wire import Call, RefusalError

SERVICES = {
    SERVICE: "Compute Engine",
    "24E6-581D-38E5": "BigQuery",
    "E505-1604-58F8": "Networking",
} | more_catalogues.SERVICES
CURRENCIES = {"USD": "1", "EUR": "0.92", "IDR": "14999.999925", "JPY": "150.25"}


def services(call: Call) -> Item:
    found = [
        {
            "name": f"services/{number}",
            "serviceId": number,
            "displayName": name,
            "businessEntityName": "businessEntities/GCP",
        }
        for number, name in SERVICES.items()
    ]
    page, token = pages.cut(call, found, call.number("pageSize", 5000, 5000) or 5000)
    return {"services": page, "nextPageToken": token}


def listed(call: Call) -> Item:
    """The SKUs of a service, in the currency asked for."""
    if call.names["service_id"] not in SERVICES:
        raise RefusalError(404, f"Service services/{call.names['service_id']} not found.")
    currency = call.params.get("currencyCode", "USD")
    if currency not in CURRENCIES:
        raise RefusalError(400, f"Invalid currency code: {currency}.")
    number = call.names["service_id"]
    found = (
        [*skus(WORLD.big_catalogue), *WORLD.skus_by_hand]
        if number == SERVICE
        else [*more_catalogues.skus(number)]
    )
    page, token = pages.cut(call, found, call.number("pageSize", 5000, 5000) or 5000)
    return {
        "skus": page if currency == "USD" else [converted(each, currency) for each in page],
        "nextPageToken": token,
    }


def converted(sku: Item, currency: str) -> Item:
    """The same prices times the rate, which is told beside them."""
    rate = Decimal(CURRENCIES[currency])
    told = []
    for each in sku["pricingInfo"]:
        rates = []
        for tier in each["pricingExpression"]["tieredRates"]:
            price = tier["unitPrice"]
            value = (Decimal(price["units"]) + Decimal(price["nanos"]) / 10**9) * rate
            rates.append({**tier, "unitPrice": {**money(value), "currencyCode": currency}})
        told.append(
            {
                **each,
                "currencyConversionRate": float(rate),
                "pricingExpression": {**each["pricingExpression"], "tieredRates": rates},
            }
        )
    return {**sku, "pricingInfo": told}


def account() -> Item:
    return {"name": f"billingAccounts/{BILLING_ACCOUNT}", "open": True, "displayName": "Acme <b>main</b>", "masterBillingAccount": "", "currencyCode": "USD",
            "parent": f"organizations/{ORGANIZATION}"}  # fmt: skip


def accounts(call: Call) -> Item:
    page, token = pages.cut(call, [account()], call.number("pageSize", 100, 100) or 100)
    return {"billingAccounts": page, "nextPageToken": token}


def charged(project: Project) -> Item:
    made = {"name": f"projects/{project.id}/billingInfo", "projectId": project.id}
    return made | (
        {"billingAccountName": f"billingAccounts/{BILLING_ACCOUNT}", "billingEnabled": True}
        if project.billed
        else {}
    )


def projects(call: Call) -> Item:
    authorize(call, "billing.resourceAssociations.list", f"billingAccounts/{call.names['account']}")
    if call.names["account"] != BILLING_ACCOUNT:
        raise RefusalError(404, "Requested entity was not found.")
    found = [charged(each) for each in WORLD.projects.values() if each.billed]
    page, token = pages.cut(call, found, call.number("pageSize", 100, 100) or 100)
    return {"projectBillingInfo": page, "nextPageToken": token}


def info(call: Call) -> Item:
    return charged(call.home())


_NAME = "cloudbilling"
ROUTES = [
    Route("GET", "/v1/services", _NAME, "services.list", "", services),
    Route("GET", "/v1/services/{service_id}/skus", _NAME, "services.skus.list", "", listed),
    Route("GET", "/v1/billingAccounts", _NAME, "billingAccounts.list", "", accounts),
    Route(
        "GET", "/v1/billingAccounts/{account}/projects", _NAME, "billingAccounts.projects.list", "", projects
    ),
    Route(
        "GET",
        "/v1/projects/{project}/billingInfo",
        _NAME,
        "projects.getBillingInfo",
        "resourcemanager.projects.get",
        info,
    ),
]
