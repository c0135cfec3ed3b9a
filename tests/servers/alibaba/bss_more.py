"""Billing beyond bills: savings plans, resource packages, subscriptions and their renewal, prices."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.servers.alibaba import catalogue
from tests.servers.alibaba.ecs_prices import DISCOUNT
from tests.servers.alibaba.pages import numbered
from tests.servers.alibaba.state import Item, seconds
from tests.servers.alibaba.wire import Call, RefusalError, invalid

NOT_FOUND = "PRICE.PRICING_PLAN_RESULT_NOT_FOUND"


def query_savings_plans_instance(call: Call) -> dict[str, Any]:
    """Data.Items is a plain list; amounts are texts, times Beijing's."""
    status = call.params.get("Status", "")
    found = [each for each in call.owner.of("savings_plan", "").values() if status in ("", each["Status"])]
    page, counts = numbered(call, found, most=300, default=20, number="PageNum")
    return {"Data": {**counts, "Items": page}}


def query_resource_package_instances(call: Call) -> dict[str, Any]:
    """Data.Instances.Instance, with counts as texts."""
    product = call.params.get("ProductCode", "")
    found = [
        each for each in call.owner.of("resource_package", "").values() if product in ("", each["_product"])
    ]
    page, counts = numbered(call, found, most=300, default=20, number="PageNum")
    texts = {name: str(value) for name, value in counts.items()}
    return {
        "Page": counts["PageNum"], "PageSize": counts["PageSize"], "Total": counts["TotalCount"],
        "Data": {"HostId": "business.aliyuncs.com", **texts, "Instances": {"Instance": page}},
    }  # fmt: skip


def query_available_instances(call: Call) -> dict[str, Any]:
    """What runs, with when it ends and whether it renews itself."""
    if call.params.get("Region") and not call.params.get("ProductCode"):
        raise RefusalError(400, "MissingParameter", "ProductCode is mandatory when Region is given.")
    ids = [each for each in call.params.get("InstanceIDs", "").split(",") if each]
    if len(ids) > 100:
        raise invalid("InstanceIDs", "there may be at most 100 of them")
    filters = [
        (name, call.params[name])
        for name in ("Region", "ProductCode", "SubscriptionType", "RenewStatus")
        if call.params.get(name)
    ]
    found = [
        row
        for row in (
            *held(call, "instance", "ecs", "InstanceId"),
            *held(call, "eip", "eip", "AllocationId"),
            *held(call, "disk", "yundisk", "DiskId"),
        )
        if all(row[name] == value for name, value in filters) and (not ids or row["InstanceID"] in ids)
    ]
    page, counts = numbered(call, found, most=300, default=20, number="PageNum")
    return {"Data": {**counts, "InstanceList": page}}


def held(call: Call, kind: str, product: str, name: str) -> list[Item]:
    """A row per resource; of disks only subscriptions are known here."""
    result = []
    for region, item in call.owner.every(kind):
        prepaid = "PrePaid" in (
            item.get("InstanceChargeType"),
            item.get("ChargeType"),
            item.get("DiskChargeType"),
        )
        if kind == "disk" and (not prepaid or item["Type"] == "system"):
            continue
        renewal = {"AutoRenewal": "AutoRenewal", "NotRenewal": "NotRenewal"}.get(
            item.get("_renewal", ""), "ManualRenewal"
        )
        ends = item.get("_ends")
        result.append({
            "InstanceID": item[name], "ProductCode": product, "ProductType": "", "Region": region, "OwnerId": int(call.account),
            "Seller": "2684201000001" if call.owner.site == "china" else "26842", "SellerId": 26842, "Status": "Normal", "SubStatus": "Normal",
            "SubscriptionType": "Subscription" if prepaid else "PayAsYouGo", "CreateTime": seconds(item["_from"]),
            "EndTime": seconds(ends) if isinstance(ends, datetime) else "2099-12-31T15:59:59Z", "StopTime": "", "ReleaseTime": "",
            "ExpectedReleaseTime": "", "RenewStatus": renewal if prepaid else "", "RenewalDuration": 1 if renewal == "AutoRenewal" else None,
            "RenewalDurationUnit": "M" if renewal == "AutoRenewal" else None,
        })  # fmt: skip
    return result


def get_pay_as_you_go_price(call: Call) -> dict[str, Any]:
    """Prices of up to 50 modules; one that is unknown fails them all."""
    call.required("ProductCode"), call.required("SubscriptionType")
    region = call.params.get("Region") or call.region
    names = {key.split(".")[1] for key in call.params if key.startswith("ModuleList.")}
    if not names:
        call.required("ModuleList")
    if len(names) > 50:
        raise invalid("ModuleList", "there may be at most 50 of them")
    details = []
    for number in sorted(names, key=int):
        code, kind = (
            call.required(f"ModuleList.{number}.ModuleCode"),
            call.required(f"ModuleList.{number}.PriceType"),
        )
        price = module_price(code, call.required(f"ModuleList.{number}.Config"), region, call.owner.currency)
        if price is None or kind not in ("Hour", "Usage"):
            call.notes["outcome"] = NOT_FOUND
            return {"Code": NOT_FOUND, "Success": False, "Message": NOT_FOUND}
        off = round(price * (DISCOUNT if code == "InstanceType" else 0), 6)
        details.append({
            "ModuleCode": code, "OriginalCost": price, "InvoiceDiscount": off, "CostAfterDiscount": round(price - off, 6), "UnitPrice": price,
        })  # fmt: skip
    call.items = len(details)
    return {
        "Data": {
            "Currency": call.owner.currency,
            "ModuleDetails": {"ModuleDetail": details},
            "PromotionDetails": {"PromotionDetail": []},
        }
    }


def module_price(code: str, config: str, region: str, currency: str) -> float | None:
    """By the hour; None: there is no such price."""
    about = dict(pair.split(":", 1) for pair in config.split(",") if ":" in pair)
    if code == "InstanceType":
        name = about.get("InstanceType", "")
        return catalogue.hourly(name, region, currency) if catalogue.offered(name, region) else None
    if code in ("SystemDisk", "DataDisk"):
        size = about.get(f"{code}.Size", "0")
        return catalogue.disk_hourly(
            about.get(f"{code}.Category", ""),
            about.get(f"{code}.PerformanceLevel"),
            int(size) if size.isdigit() else 0,
            region,
            currency,
        )
    return None


OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "QuerySavingsPlansInstance": query_savings_plans_instance,
    "QueryResourcePackageInstances": query_resource_package_instances,
    "QueryAvailableInstances": query_available_instances,
    "GetPayAsYouGoPrice": get_pay_as_you_go_price,
}
