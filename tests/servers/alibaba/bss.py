"""Billing, 2017-12-14: who may ask where, bills by instance, totals by account and product."""

import itertools
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.servers.alibaba import bss_more
from tests.servers.alibaba.bill_lines import MONEY, money
from tests.servers.alibaba.ledger import lines, newest_day, paid_for
from tests.servers.alibaba.pages import by_token, numbered
from tests.servers.alibaba.state import BEIJING, WORLD, Item
from tests.servers.alibaba.wire import Call, RefusalError, invalid

VERSION = "2017-12-14"
INTERNATIONAL = "ap-southeast-1"
CYCLES = 18
FILTERS = ("ProductCode", "SubscriptionType", "InstanceID", "ProductType", "PipCode")
RELEVANT = {
    *FILTERS, "BillingCycle", "BillingDate", "Granularity", "IsBillingItem", "IsHideZeroCharge", "BillOwnerId",
}  # fmt: skip
MOST_KEPT = 64
_kept: dict[tuple[Any, ...], list[Item]] = {}


def at_home(operation: Callable[[Call], dict[str, Any]]) -> Callable[[Call], dict[str, Any]]:
    """Refuses a call on the other site's endpoint; wraps the answer as this product does."""

    def answer(call: Call) -> dict[str, Any]:
        if (call.params.get("RegionId") == INTERNATIONAL) != (call.owner.site == "international"):
            sentence = "You are not authorized to call the API operation. Please check whether the caller site matches the API domain regionId."
            raise RefusalError(400, "NotApplicable", sentence)
        return {"Code": "Success", "Message": "Successful!", "Success": True, **operation(call)}

    return answer


def cycle(call: Call) -> list[date]:
    """The days of the billing cycle so far."""
    text = call.required("BillingCycle")
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise invalid("BillingCycle", "its format is YYYY-MM") from None
    today = (WORLD.now() + BEIJING).date()
    age = (today.year - first.year) * 12 + today.month - first.month
    if age >= CYCLES:
        raise invalid("BillingCycle", f"only the last {CYCLES} billing cycles are kept")
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    by_hand = [date.fromisoformat(day) for day in WORLD.billed_by_hand.get(call.account, {})]
    last = max([newest_day(), *by_hand])
    return [
        day
        for day in (first + timedelta(days=number) for number in range((following - first).days))
        if day <= last
    ]


def days_asked(call: Call) -> tuple[list[date], bool]:
    """The days, and whether rows are by day. A date outside the cycle is silently ignored."""
    days = cycle(call)
    if call.choice("Granularity", ("MONTHLY", "DAILY"), "MONTHLY") == "MONTHLY":
        return days, False
    text = call.required("BillingDate")
    try:
        wanted = date.fromisoformat(text)
    except ValueError:
        raise invalid("BillingDate", "its format is YYYY-MM-DD") from None
    if f"{wanted:%Y-%m}" != call.params["BillingCycle"]:
        return days, True
    return [wanted], True


def rows(call: Call) -> tuple[list[Item], bool]:
    """The lines of the days asked for that the filters let through, and whether by day."""
    days, daily = days_asked(call)
    owner = call.params.get("BillOwnerId", "")
    filters = [(name, call.params[name]) for name in FILTERS if call.params.get(name)]
    hide = call.flag("IsHideZeroCharge")
    found = [
        row
        for day in days
        for row in (*lines(call.owner, day), *paid_for(call.owner, day))
        if owner in ("", row["OwnerID"])
        and all(row[name] == value for name, value in filters)
        and not (hide and not row["PretaxGrossAmount"] and not row["PretaxAmount"])
    ]
    return found, daily


def grouped(found: Iterable[Item], keys: tuple[str, ...]) -> list[Item]:
    """Rows of the same keys as one, their money and usage summed."""
    groups: dict[tuple[Any, ...], Item] = {}
    for row in found:
        mark = tuple(row[name] for name in keys)
        if mark not in groups:
            groups[mark] = dict(row)
            continue
        held = groups[mark]
        for name in MONEY:
            held[name] = float(money(held[name]) + money(row[name]))
        held["Usage"] = f"{Decimal(held['Usage']) + Decimal(row['Usage']):f}"
        held |= {
            name: row[name]
            for name in ("NickName", "InstanceSpec", "InstanceConfig", "Zone", "Tag")
            if row[name]
        }
    return list(groups.values())


BY_RESOURCE = (
    "InstanceID",
    "ProductCode",
    "CommodityCode",
    "SubscriptionType",
    "Item",
    "Currency",
    "Region",
    "OwnerID",
)
ITEM_ONLY = (
    "BillingItem",
    "BillingItemCode",
    "ListPrice",
    "ListPriceUnit",
    "Usage",
    "UsageUnit",
    "DeductedByResourcePackage",
)


def describe_instance_bill(call: Call) -> dict[str, Any]:
    return paged(call, kept(call, by_instance))


def kept(call: Call, build: Callable[[Call], list[Item]]) -> list[Item]:
    """The whole list, made once for all of its pages."""
    cycle(call)  # what is missing or wrong is refused, whatever was asked before
    asked = {name: value for name, value in call.params.items() if name in RELEVANT}
    mark = (call.account, call.action, WORLD.revision, tuple(sorted(asked.items())))
    with WORLD.lock:
        if mark in _kept:
            return _kept[mark]
    found = build(call)
    with WORLD.lock:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[mark] = found
    return found


def by_instance(call: Call) -> list[Item]:
    """By resource, or by resource and billing item."""
    found, daily = rows(call)
    if not daily:
        found = [row | {"BillingDate": ""} for row in grouped(found, (*BY_RESOURCE, "BillingItemCode"))]
    if not call.flag("IsBillingItem"):
        found = [row | dict.fromkeys(ITEM_ONLY, "") for row in grouped(found, (*BY_RESOURCE, "BillingDate"))]
    return found


def describe_split_item_bill(call: Call) -> dict[str, Any]:
    return paged(call, kept(call, by_part))


def by_part(call: Call) -> list[Item]:
    """By what shares a resource: here each bucket of a region's OSS line, everything else once."""
    found, daily = rows(call)
    if not daily:
        found = [row | {"BillingDate": ""} for row in grouped(found, (*BY_RESOURCE, "BillingItemCode"))]
    return [part for row in found for part in split(call, row)]


def split(call: Call, row: Item) -> list[Item]:
    own = {
        "SplitItemID": row["InstanceID"], "SplitItemName": row["NickName"], "SplitAccountID": row["OwnerID"], "SplitAccountName": row["BillAccountName"],
        "SplitCommodityCode": row["CommodityCode"], "SplitProductDetail": row["ProductDetail"], "SplitBillingDate": row["BillingDate"],
        "SplitBillingCycle": call.params["BillingCycle"],
    }  # fmt: skip
    buckets = [each for each in call.owner.of("bucket", "").values() if each["_region"] == row["InstanceID"]]
    whole = sum(each["_stat"]["Storage"] for each in buckets)
    if row["ProductCode"] != "oss" or not whole:
        return [row | own]
    shares = [(each["Name"], each["_stat"]["Storage"] / whole) for each in buckets]
    return [
        row
        | own
        | {"SplitItemID": name, "SplitItemName": name}
        | {field: float(money(row[field] * share)) for field in MONEY}
        for name, share in shares
    ]


def paged(call: Call, found: list[Item]) -> dict[str, Any]:
    """Data.Items is a plain list here; sums of money are numbers, prices and usage texts."""
    size = call.number("MaxResults", 20, 1, 300)
    page, token = by_token(call, found, size)
    about = {
        "AccountID": call.account,
        "AccountName": call.owner.name,
        "BillingCycle": call.params["BillingCycle"],
    }
    return {"Data": {**about, "MaxResults": size, "TotalCount": len(found), "Items": page, **token}}


SUMMED = tuple(name for name in MONEY if name != "AfterDiscountAmount")


def summed(found: list[Item]) -> Item:
    return {name: float(sum((money(row[name]) for row in found), Decimal(0))) for name in SUMMED}


def query_account_bill(call: Call) -> dict[str, Any]:
    """Totals of the account by day or month, by product if so wished."""
    found, daily = rows(call)
    by_product = call.flag("IsGroupByProduct")

    def mark(row: Item) -> tuple[str, ...]:
        product = (row["ProductCode"], row["SubscriptionType"]) if by_product else ("", "")
        return (row["BillingDate"] if daily else "", *product, row["Currency"])

    totals = []
    for (day, product, subscription, currency), group in itertools.groupby(sorted(found, key=mark), key=mark):
        held = list(group)
        totals.append({
            "BillingDate": day, "ProductCode": product, "ProductName": held[0]["ProductName"] if product else "", "PipCode": product,
            "SubscriptionType": subscription, "Currency": currency, "BillAccountID": call.account, "BillAccountName": call.owner.name,
            "OwnerID": call.account, "OwnerName": call.owner.name, "CostUnit": "", "BizType": "", **summed(held),
        })  # fmt: skip
    page, counts = numbered(call, totals, most=300, default=20, number="PageNum")
    about = {
        "AccountID": call.account,
        "AccountName": call.owner.name,
        "BillingCycle": call.params["BillingCycle"],
    }
    return {"Data": {**about, **counts, "Items": {"Item": page}}}


def query_bill_overview(call: Call) -> dict[str, Any]:
    """The month by product; each sum is rounded down to the cent, and says how much that took off."""
    days = cycle(call)
    found = [row for day in days for row in (*lines(call.owner, day), *paid_for(call.owner, day))]
    keys = ("ProductCode", "CommodityCode", "SubscriptionType", "Item", "Currency")

    def mark(row: Item) -> tuple[str, ...]:
        return tuple(row[name] for name in keys)

    totals = []
    for _, group in itertools.groupby(sorted(found, key=mark), key=mark):
        held = list(group)
        total = summed(held)
        exact = money(total["PretaxAmount"])
        cents = exact.quantize(Decimal("0.01"), ROUND_DOWN)
        names = (
            "ProductName",
            "ProductDetail",
            "ProductType",
            "PipCode",
            "BillAccountID",
            "BillAccountName",
            "OwnerID",
            "BizType",
            *keys,
        )
        totals.append({
            **{name: held[0][name] for name in names}, **total, "PretaxAmount": float(cents), "RoundDownDiscount": f"{exact - cents:f}",
            "Tax": 0.0, "AfterTaxAmount": float(cents), "PaymentCurrency": held[0]["Currency"], "PretaxAmountLocal": float(cents),
        })  # fmt: skip
    call.items = len(totals)
    about = {
        "AccountID": call.account,
        "AccountName": call.owner.name,
        "BillingCycle": call.params["BillingCycle"],
    }
    return {"Data": {**about, "Items": {"Item": totals}}}


_OPERATIONS = {
    "DescribeInstanceBill": describe_instance_bill,
    "DescribeSplitItemBill": describe_split_item_bill,
    "QueryAccountBill": query_account_bill,
    "QueryBillOverview": query_bill_overview,
    **bss_more.OPERATIONS,
}
ANSWERS = {(VERSION, name): at_home(answer) for name, answer in _OPERATIONS.items()}
