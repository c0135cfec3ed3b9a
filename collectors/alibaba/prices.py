"""What machines and disks cost in a region before discounts, and the history of its spot prices.

List prices of machines are asked of billing, fifty at a time. Where billing may not be asked, ECS tells them one by
one; it also tells those of disks, and of a month's subscription. All are the prices of the account's own site, in its
currency.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from collectors.alibaba.answers import unwrapped, utc, within
from collectors.alibaba.api import Api
from collectors.alibaba.client import Client, Session
from collectors.calls import CallError
from collectors.conduct import Rows
from collectors.regions import Problems
from collectors.rows import Raw
from finops.warehouse import Scope

GET_PRICES = Api(
    "bss", "GetPayAsYouGoPrice", "bssapi:GetPayAsYouGoPrice", items="Data.ModuleDetails.ModuleDetail", page=50,
    probe={
        "ProductCode": "ecs", "SubscriptionType": "PayAsYouGo", "Region": "cn-hangzhou",
        "ModuleList.1.ModuleCode": "InstanceType", "ModuleList.1.PriceType": "Hour",
        "ModuleList.1.Config": "InstanceType:ecs.g7.large,IoOptimized:optimized,ImageOs:linux",
    },
)  # fmt: skip
DESCRIBE_PRICE = Api(
    "ecs", "DescribePrice", "ecs:DescribePrice",
    probe={"ResourceType": "disk", "DataDisk.1.Category": "cloud_essd", "DataDisk.1.Size": 40, "PriceUnit": "Hour"},
)  # fmt: skip
SPOT_HISTORY = Api(
    "ecs", "DescribeSpotPriceHistory", "ecs:DescribeSpotPriceHistory", items="SpotPrices.SpotPriceType",
    probe={"InstanceType": "ecs.g7.large", "NetworkType": "vpc"},
)  # fmt: skip

SPOT_DAYS = 30
_HOURS = Decimal(730)  # in a month
_NOT_FOUND = "PRICE.PRICING_PLAN_RESULT_NOT_FOUND"
_LIST, _ECS, _HISTORY = "BSS GetPayAsYouGoPrice", "ECS DescribePrice", "ECS DescribeSpotPriceHistory"
_PER_DISK_GIB = 2000  # a size that every kind of disk may have, of which its price per GiB is told
_SYSTEM_DISKS = ("cloud_essd", "cloud_efficiency")  # one of which any type can boot from
# What a disk may be changed into has to be priced as well. Source: the ladders of the rules about volumes.
_CHEAPER: Mapping[tuple[str, str | None], tuple[tuple[str, str | None], ...]] = {
    ("cloud_essd", "PL3"): (("cloud_essd", "PL2"), ("cloud_essd", "PL0")),
    ("cloud_essd", "PL2"): (("cloud_essd", "PL1"), ("cloud_essd", "PL0")),
    ("cloud_essd", "PL1"): (("cloud_essd", "PL0"),),
    ("cloud_ssd", None): (("cloud_essd", "PL0"),),
    ("cloud_auto", None): (("cloud_essd", "PL0"),),
}
# CNY an hour for an address that is kept and bound to nothing, in the mainland. Source: EIP billing, retention fee.
_RETENTION = Decimal("0.02")

Kind = tuple[str, str | None]
_IOPS: Kind = ("cloud_auto", "iops")  # what such a disk may have provisioned beside its size
_PROVISIONED_IOPS = 10_000  # for which a price is asked, of which that of one is told


def kinds_of(volumes: Sequence[Mapping[str, Any]]) -> list[Kind]:
    """Kinds of disks to be priced: those there are, and what they could be changed into."""
    there: set[Kind] = {
        (one["volume_type"], one["performance_level"]) for one in volumes if one["volume_type"]
    }
    beside = {_IOPS for one in volumes if one["volume_type"] == _IOPS[0] and one.get("iops")}
    return sorted(
        there.union(beside, *(_CHEAPER.get(kind, ()) for kind in there)),
        key=lambda kind: (kind[0], kind[1] or ""),
    )


# --- list prices ------------------------------------------------------------------------------------------


def get_list(
    session: Session,
    client: Client,
    types: Mapping[str, Iterable[str]],
    kinds: Sequence[Kind],
    subscribed: Iterable[str],
    problems: Problems,
) -> Raw:
    """Prices as {sku, model, unit, price, currency, platform, source}: machines of each platform, disks, and types
    that are subscribed to, by the month."""
    found: Raw = []
    refused: Problems = []  # by ECS, which is then asked no more
    for platform, names in sorted(types.items()):
        found += _machines(session, client, platform, sorted(set(names)), refused, problems)
    found += _disks(client, kinds, refused)
    for name in sorted(set(subscribed)):
        if not refused and (price := _machine_of_ecs(client, name, "linux", "Month", refused)):
            found.append(_price(name, "subscription", "month", *price, None, _ECS))
    problems += refused
    return found


def _disks(client: Client, kinds: Sequence[Kind], refused: Problems) -> Raw:
    """A month of a GiB of each kind of disk, and of an operation per second where these are provisioned."""
    months: dict[Kind, tuple[Decimal, str]] = {}
    for kind in kinds:
        if not refused and (price := _asked_of_ecs(client, _disk(*kind), refused, "dataDisk")):
            months[kind] = price[0] * _HOURS, price[1]
    found = [
        _price(
            ".".join(filter(None, kind)),
            "on_demand",
            "GiB-month",
            month / _PER_DISK_GIB,
            currency,
            None,
            _ECS,
        )
        for kind, (month, currency) in months.items()
        if kind != _IOPS
    ]
    with_iops, without = months.get(_IOPS), months.get((_IOPS[0], None))
    if with_iops and without and with_iops[0] > without[0]:
        each = (with_iops[0] - without[0]) / _PROVISIONED_IOPS
        found.append(
            _price(":".join(filter(None, _IOPS)), "on_demand", "IOPS-month", each, with_iops[1], None, _ECS)
        )
    return found


def _machines(
    session: Session,
    client: Client,
    platform: str,
    names: Sequence[str],
    refused: Problems,
    problems: Problems,
) -> Raw:
    """Machines by fifty; one by one from ECS where billing does not tell, which is told all the same."""
    try:
        return listed_by_billing(session, client.region, platform, names)
    except CallError as error:
        found = [
            _price(name, "on_demand", "hour", *price, platform, _ECS)
            for name in names
            if not refused and (price := _machine_of_ecs(client, name, platform, "Hour", refused))
        ]
        if not found:
            raise
        problems.append(str(error))
        return found


def listed_by_billing(session: Session, region: str, platform: str, names: Sequence[str]) -> Raw:
    """Prices of types in a region, by fifty; of a type that is not sold there none."""
    return [
        _price(name, "on_demand", "hour", *price, platform, _LIST)
        for place in range(0, len(names), GET_PRICES.page)
        for name, price in _batch(session, region, platform, names[place : place + GET_PRICES.page])
    ]


def _batch(
    session: Session, region: str, platform: str, names: Sequence[str]
) -> Iterator[tuple[str, tuple[Decimal, str]]]:
    """Prices of some types. One that is not sold in the region spoils the whole answer: then each half is asked."""
    parameters: dict[str, Any] = {"ProductCode": "ecs", "SubscriptionType": "PayAsYouGo", "Region": region}
    for place, name in enumerate(names, 1):
        parameters[f"ModuleList.{place}.ModuleCode"] = "InstanceType"
        parameters[f"ModuleList.{place}.PriceType"] = "Hour"
        config = f"InstanceType:{name},IoOptimized:optimized,ImageOs:{platform}"
        parameters[f"ModuleList.{place}.Config"] = config
    try:
        answer = session.billing(lambda billing: billing.get(GET_PRICES, **parameters))
    except CallError as error:
        if _NOT_FOUND not in f"{error.code} {error}":
            raise
        if len(names) > 1:
            half = len(names) // 2
            yield from _batch(session, region, platform, names[:half])
            yield from _batch(session, region, platform, names[half:])
        return
    details = unwrapped(answer["Data"], GET_PRICES.items[1:])
    if len(details) != len(names):
        raise ValueError(f"{len(details)} prices for {len(names)} types")
    for name, detail in zip(names, details, strict=True):
        price = _exact(detail.get("OriginalCost"))
        if price:
            yield name, (price, str(answer["Data"]["Currency"]))


def _machine_of_ecs(
    client: Client, name: str, platform: str, unit: str, problems: Problems
) -> tuple[Decimal, str] | None:
    """What a machine alone costs; a kind of system disk that its type knows has to be named."""
    for disk in _SYSTEM_DISKS:
        parameters = {
            "ResourceType": "instance", "InstanceType": name, "PriceUnit": unit, "Platform": platform.capitalize(),
            "SystemDisk.Category": disk, "SystemDisk.Size": 40,
        }  # fmt: skip
        if unit != "Hour":
            parameters["Period"] = 1
        found = _asked_of_ecs(client, parameters, problems, "instanceType")
        if found or problems:
            return found
    return None


def _disk(kind: str, level: str | None) -> dict[str, Any]:
    asked = {
        "ResourceType": "disk", "PriceUnit": "Hour", "DataDisk.1.Category": kind, "DataDisk.1.Size": _PER_DISK_GIB,
        "DataDisk.1.PerformanceLevel": level,
    }  # fmt: skip
    if (kind, level) == _IOPS:
        return {**asked, "DataDisk.1.PerformanceLevel": None, "DataDisk.1.ProvisionedIops": _PROVISIONED_IOPS}
    return asked


def _asked_of_ecs(
    client: Client, parameters: Mapping[str, Any], problems: Problems, part: str
) -> tuple[Decimal, str] | None:
    """The price of one part of what is asked about; None where it is not sold, or nobody may ask."""
    try:
        answer = client.get(DESCRIBE_PRICE, RegionId=client.region, **parameters)
    except CallError as error:
        if not _not_sold(error):
            problems.append(str(error))
        return None
    price = answer["PriceInfo"]["Price"]
    details = within(price, "DetailInfos.DetailInfo") or []
    mine = details if len(details) == 1 else [one for one in details if one.get("Resource") == part]
    amount = _exact((mine[0] if mine else price).get("OriginalPrice"))
    return (amount, str(price["Currency"])) if amount and (mine or not details) else None


def _not_sold(error: CallError) -> bool:
    """Whether a question is refused because of what it is about."""
    about = error.code.startswith(("Invalid", "OperationDenied")) and not error.code.startswith(
        "InvalidAction"
    )
    return error.status == "failed" and about


def transform_list(raw: Raw, scope: Scope, at: datetime) -> Rows:
    """Rows of prices; where they are in CNY, with what keeping an address costs, which no call tells."""
    rows = [_row(scope, one, at) for one in raw]
    if (
        scope.region.startswith("cn-")
        and scope.region != "cn-hongkong"
        and any(one["currency"] == "CNY" for one in raw)
    ):
        kept = _price("public_ip:unused", "on_demand", "hour", _RETENTION, "CNY", None, "EIP billing")
        rows.append(_row(scope, kept, at))
    return {"prices": rows}


# --- spot -------------------------------------------------------------------------------------------------


def get_spot(client: Client, types: Mapping[str, Iterable[str]], at: datetime) -> Raw:
    """Changes of the spot price in every zone of the region, of the types in use of each platform."""
    found: Raw = []
    for platform, names in sorted(types.items()):
        for name in sorted(set(names)):
            try:
                found += _changes(client, name, platform, at)
            except CallError as error:
                if not _not_sold(error):  # some types are never sold as spot, or no longer
                    raise
    return found


def _changes(client: Client, name: str, platform: str, at: datetime) -> Raw:
    return [
        {**one, "Currency": str(page["Currency"]), "platform": platform}
        for page in _history(client, name, platform, at)
        for one in unwrapped(page, SPOT_HISTORY.items)
    ]


def _history(client: Client, name: str, platform: str, at: datetime) -> Iterator[dict[str, Any]]:
    """Pages until an empty one: the next offset is told after the last page too."""
    offset = 0
    while True:
        page = client.get(
            SPOT_HISTORY,
            RegionId=client.region,
            NetworkType="vpc",
            InstanceType=name,
            OSType=platform,
            StartTime=f"{at - timedelta(days=SPOT_DAYS):%Y-%m-%dT%H:%M:%SZ}",
            EndTime=f"{at:%Y-%m-%dT%H:%M:%SZ}",
            Offset=offset,
        )
        count = len(unwrapped(page, SPOT_HISTORY.items))
        if not count:
            return
        yield page
        following = int(page.get("NextOffset") or 0)
        if following <= offset:
            return
        offset = following


def transform_spot(raw: Raw, scope: Scope) -> Rows:
    """Rows of prices as spot, each from the instant it began to hold."""
    rows, seen = [], set()
    for one in raw:
        key = (one["InstanceType"], one["ZoneId"], one["platform"], one["Timestamp"])
        price = _exact(one.get("SpotPrice"))
        if key in seen or not price:
            continue
        seen.add(key)
        spot = _price(one["InstanceType"], "spot", "hour", price, one["Currency"], one["platform"], _HISTORY)
        rows.append({**_row(scope, spot, utc(one["Timestamp"])), "zone": one["ZoneId"]})
    return {"prices": rows}


def _price(
    sku: str, model: str, unit: str, price: Decimal, currency: str, platform: str | None, source: str
) -> dict[str, Any]:
    return {
        "sku": sku,
        "purchase_model": model,
        "unit": unit,
        "price": price.quantize(Decimal("1e-12")),
        "currency": currency,
        "platform": platform if platform != "linux" else None,
        "source": source,
    }


def _row(scope: Scope, price: Mapping[str, Any], at: datetime | None) -> dict[str, Any]:
    return {"cloud": scope.cloud, "region": scope.region, "zone": None, **price, "as_of": at}


def _exact(value: Any) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))
