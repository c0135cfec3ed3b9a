"""The shape of a line of the bill: every field that the API tells, in the types it tells them in."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.servers.alibaba.regions import display_name
from tests.servers.alibaba.state import Account, Item

# ProductCode to commodity, name in Chinese and in English.
PRODUCTS = {
    "ecs": ("ecs", "云服务器ECS", "Elastic Compute Service"),
    "yundisk": ("yundisk", "块存储", "Block Storage"),
    "eip": ("eip", "弹性公网IP", "Elastic IP Address"),
    "nat_gw": ("nat_gw", "NAT网关", "NAT Gateway"),
    "slb": ("slb", "传统型负载均衡", "Classic Load Balancer"),
    "alb": ("alb_post", "应用型负载均衡", "Application Load Balancer"),
    "nlb": ("nlb_post", "网络型负载均衡", "Network Load Balancer"),
    "rds": ("rds", "云数据库RDS", "ApsaraDB RDS"),
    "snapshot": ("snapshot", "快照", "Snapshot"),
    "oss": ("oss", "对象存储OSS", "Object Storage Service"),
    "cdt": ("cdt", "云数据传输", "Cloud Data Transfer"),
}
ITEM_NAMES = {
    "instance_type": ("云服务器配置", "Instance Configuration"), "systemdisk": ("系统盘", "System Disk"), "datadisk": ("云盘大小", "Data Disk"),
    "Hold": ("保有费", "Retention Fee"), "instance": ("实例费", "Instance Fee"), "DBInstanceClass": ("实例规格", "Instance Class"),
    "DBInstanceStorage": ("存储空间", "Storage"), "SnapshotSize": ("快照容量", "Snapshot Size"), "Storage": ("标准存储", "Standard Storage"),
    "InternetOut": ("公网流出流量", "Outbound Internet Traffic"),
}  # fmt: skip
UNITS = {
    "秒": "Second",
    "小时": "Hour",
    "月": "Month",
    "元/小时": "CNY/Hour",
    "按量付费": "Pay-As-You-Go",
    "抢占式实例": "Preemptible",
    "其它": "Other",
    "未分配": "Unallocated",
}
MONEY = (
    "PretaxGrossAmount", "InvoiceDiscount", "DeductedByCoupons", "PretaxAmount", "AfterDiscountAmount", "DeductedByCashCoupons",
    "DeductedByPrepaidCard", "PaymentAmount", "OutstandingAmount", "AdjustAmount", "CashAmount",
)  # fmt: skip
# What a hand-made line may say otherwise.
SAID = (
    "OwnerID",
    "BillAccountID",
    "BillAccountName",
    "BillingDate",
    "AfterDiscountAmount",
    "PaymentAmount",
    "CashAmount",
)
SIX = Decimal("0.000001")


def line(product: str, resource: str, code: str) -> Item:
    """A raw line, to be finished."""
    commodity, chinese, english = PRODUCTS[product]
    return {
        "InstanceID": resource, "NickName": "", "InstanceSpec": "", "InstanceConfig": "", "Region": "", "Zone": "", "InternetIP": "",
        "IntranetIP": "", "ProductCode": product, "ProductName": (chinese, english), "ProductType": "", "PipCode": product,
        "CommodityCode": commodity, "ProductDetail": (f"{chinese}-按量付费", f"{english} - Pay-As-You-Go"),
        "SubscriptionType": "PayAsYouGo", "Item": "PayAsYouGoBill", "ItemName": ("云产品使用", "Usage"), "BillingItem": ITEM_NAMES.get(code, ("", "")),
        "BillingItemCode": code, "BillingType": "按量付费", "ListPrice": "0", "ListPriceUnit": "元/小时", "Usage": "0", "UsageUnit": "小时",
        "ServicePeriod": "86400", "ServicePeriodUnit": "秒", "PretaxGrossAmount": 0.0, "InvoiceDiscount": 0.0, "DeductedByCoupons": 0.0,
        "DeductedByCashCoupons": 0.0, "DeductedByPrepaidCard": 0.0, "DeductedByResourcePackage": "0",
        "OutstandingAmount": 0.0, "AdjustAmount": 0.0, "CostUnit": "未分配", "ResourceGroup": "", "Tag": "", "BizType": "",
    }  # fmt: skip


def finished(raw: Item, day: date, account: Account, attributes: bool) -> Item:
    """The line as the API tells it on this site; `attributes` says whether those of the instance have come yet."""
    language = 0 if account.site == "china" else 1
    item, region = raw.pop("_item", {}), raw.pop("_region", "")
    told: Item = {name: spoken(value, language) for name, value in raw.items()}
    told["Region"] = told["Region"] or display_name(region, account.site)
    gross, off, coupons = (
        money(told[name]) for name in ("PretaxGrossAmount", "InvoiceDiscount", "DeductedByCoupons")
    )
    pretax = money(told["PretaxAmount"]) if "PretaxAmount" in raw else gross - off - coupons
    told |= {
        "BillingDate": day.isoformat(), "Currency": told.get("Currency", account.currency), "OwnerID": account.id,
        "BillAccountID": account.id, "BillAccountName": account.name, "PretaxAmount": pretax, "AfterDiscountAmount": gross - off,
        "PaymentAmount": pretax, "CashAmount": pretax,
    }  # fmt: skip
    told |= {name: raw[name] for name in SAID if name in raw}
    for name in MONEY:
        told[name] = float(money(told[name]))
    return told | (attributes_of(item) if attributes and item else {})


def money(amount: Any) -> Decimal:
    return Decimal(str(amount)).quantize(SIX, ROUND_HALF_UP)


def spoken(value: Any, language: int) -> Any:
    """In Chinese (0) or English (1)."""
    if isinstance(value, tuple):
        return value[language]
    return UNITS.get(value, value) if language and isinstance(value, str) else value


def attributes_of(item: Item) -> Item:
    """What comes two days late."""
    addresses = (item.get("VpcAttributes") or {}).get("PrivateIpAddress", {}).get("IpAddress") or []
    public = (item.get("PublicIpAddress") or {}).get("IpAddress") or []
    tags = [
        (tag.get("TagKey", tag.get("Key")), tag.get("TagValue", tag.get("Value")))
        for tag in (item.get("Tags") or {}).get("Tag", [])
    ]
    name = item.get("InstanceName") or item.get("DiskName") or item.get("Name") or ""
    kind = item.get("InstanceType", "") if "Cpu" in item else item.get("DBInstanceClass", "")
    config = f"CPU:{item['Cpu']}核;内存:{item['Memory'] // 1024}GB" if "Cpu" in item else ""
    return {
        "NickName": name, "InstanceSpec": kind, "InstanceConfig": config, "Zone": item.get("ZoneId", ""),
        "IntranetIP": ",".join(addresses), "InternetIP": ",".join(public), "ResourceGroup": "default resource group",
        "Tag": "; ".join(f"key:{key} value:{value}" for key, value in tags),
    }  # fmt: skip
