"""What instances and disks cost: DescribePrice and the history of spot prices."""

import zlib
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from tests.servers.alibaba import catalogue
from tests.servers.alibaba.regions import zones
from tests.servers.alibaba.state import WORLD, epoch, parse, seconds
from tests.servers.alibaba.wire import Call, RefusalError, invalid

DISCOUNT = 0.1  # of this account on instances: the trade price is lower than the list price
UNITS = {"Hour": 1.0, "Day": 24.0, "Week": 168.0, "Month": 720 * 0.65, "Year": 8760 * 0.55}
SPOT_SHARE = 0.22  # of the pay-as-you-go price, about
SPOT_PAGE = 1000


def describe_price(call: Call) -> dict[str, Any]:
    """The price of one instance with its disks, or of one disk, for an hour or a longer unit."""
    kind = call.choice("ResourceType", ("instance", "disk", "bandwidth", "ddh"), "instance")
    unit = call.choice("PriceUnit", tuple(UNITS), "Hour")
    times = UNITS[unit] * call.number("Period", 1, 1, 60) * call.number("Amount", 1, 1, 1000)
    parts = instance_parts(call) if kind == "instance" else disk_parts(call)
    details = [
        detail(name, price * times, DISCOUNT if name == "instanceType" else 0.0) for name, price in parts
    ]
    total = {
        name: round(sum(each[name] for each in details), 6)
        for name in ("OriginalPrice", "DiscountPrice", "TradePrice")
    }
    price = {
        **total,
        "Currency": call.owner.currency,
        "DetailInfos": {"DetailInfo": details},
        "ReservedInstanceHourPrice": 0.0,
    }
    return {"PriceInfo": {"Price": price, "Rules": {"Rule": []}, "RelatedPrice": {}}}


def detail(name: str, price: float, discount: float) -> dict[str, Any]:
    off = round(price * discount, 6)
    return {
        "Resource": name, "OriginalPrice": round(price, 6), "DiscountPrice": off, "TradePrice": round(price - off, 6),
        "SubRules": {"Rule": []},
    }  # fmt: skip


def instance_parts(call: Call) -> list[tuple[str, float]]:
    """Instance type, system disk (40 GiB of ultra disk unless asked otherwise), data disks, image, bandwidth; by the hour."""
    name, currency = call.required("InstanceType"), call.owner.currency
    if not catalogue.offered(name, call.region):
        sentence = "The specified InstanceType does not exist or beyond the permitted range."
        raise RefusalError(400, "InvalidInstanceType.ValueNotSupported", sentence)
    strategy = call.choice("SpotStrategy", ("NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"), "NoSpot")
    price = catalogue.hourly(name, call.region, currency)
    if strategy != "NoSpot":
        zone = call.params.get("ZoneId") or zones(call.region)[0]
        price = spot_series(name, zone, price, WORLD.now() - timedelta(days=1), WORLD.now())[-1][1]
    parts = [
        ("instanceType", price),
        ("systemDisk", disk_price(call, "SystemDisk", ("cloud_efficiency", 40))),
    ]
    for number in range(1, 17):
        if f"DataDisk.{number}.Category" in call.params or f"DataDisk.{number}.Size" in call.params:
            parts.append(("dataDisk", disk_price(call, f"DataDisk.{number}")))
    return [*parts, ("image", 0.0), ("bandwidth", 0.0)]


def disk_parts(call: Call) -> list[tuple[str, float]]:
    prefix = "DataDisk.1" if "DataDisk.1.Category" in call.params else "SystemDisk"
    call.required(f"{prefix}.Category")
    return [("dataDisk" if prefix.startswith("Data") else "systemDisk", disk_price(call, prefix))]


def disk_price(call: Call, prefix: str, default: tuple[str, int] = ("", 0)) -> float:
    """By the hour, for a category, performance level and size."""
    category = call.params.get(f"{prefix}.Category") or default[0]
    size = call.number(f"{prefix}.Size", default[1], 1, 65536)
    level = call.choice(f"{prefix}.PerformanceLevel", ("PL0", "PL1", "PL2", "PL3"))
    price = catalogue.disk_hourly(category, level, size, call.region, call.owner.currency)
    if price is None:
        raise RefusalError(
            400,
            f"Invalid{prefix.split('.')[0]}Category.ValueNotSupported",
            f"The specified {prefix}.Category is invalid.",
        )
    if not size:
        raise RefusalError(
            400, "MissingParameter", f"The input parameter {prefix}.Size is mandatory for this request."
        )
    least = {"PL1": 20, "PL2": 461, "PL3": 1261}.get(level or "PL1", 1) if category == "cloud_essd" else 1
    if size < least:
        raise invalid(f"{prefix}.Size", f"this performance level begins at {least} GiB")
    return price


def describe_spot_price_history(call: Call) -> dict[str, Any]:
    """Prices as they changed, newest last; NextOffset is always told, an empty page is the end."""
    name = call.required("InstanceType")
    network = call.required("NetworkType")
    if network not in ("vpc", "classic"):
        raise RefusalError(
            404, "InvalidNetworkType.NotFound", "The specified parameter NetworkType is invalid."
        )
    if not catalogue.offered(name, call.region):
        raise RefusalError(404, "InvalidInstanceType.NotFound", "The specified InstanceType does not exist.")
    end = moment(call, "EndTime") or WORLD.now()
    start = moment(call, "StartTime") or end - timedelta(hours=3)
    if start >= end or end - start > timedelta(days=30):
        raise RefusalError(400, "InvalidStartTime.ValueNotSupported", "The time span may be at most 30 days.")
    start = max(start, WORLD.now() - timedelta(days=30))
    price = catalogue.hourly(name, call.region, call.owner.currency)
    wanted = [zone for zone in zones(call.region) if call.params.get("ZoneId") in (None, "", zone)]
    every = sorted(
        (when, zone, spot)
        for zone in wanted
        for when, spot in spot_series(name, zone, price, start, min(end, WORLD.now()))
    )
    offset = call.number("Offset", 0, 0, 10**9)
    page = every[offset : offset + SPOT_PAGE]
    call.items = len(page)
    listed = [
        {
            "InstanceType": name, "ZoneId": zone, "NetworkType": network, "IoOptimized": "optimized", "Timestamp": seconds(when),
            "SpotPrice": spot, "OriginPrice": price,
        }
        for when, zone, spot in page
    ]  # fmt: skip
    return {
        "Currency": call.owner.currency,
        "NextOffset": offset + len(page),
        "SpotPrices": {"SpotPriceType": listed},
    }


def moment(call: Call, name: str) -> datetime | None:
    text = call.params.get(name, "")
    try:
        return parse(text) if text else None
    except ValueError:
        raise RefusalError(
            400, f"Invalid{name}.Malformed", f"The specified parameter {name} is not valid."
        ) from None


def spot_series(
    name: str, zone: str, price: float, start: datetime, end: datetime
) -> list[tuple[datetime, float]]:
    """Irregular changes over 31 days, the same whoever asks; every zone has its own."""
    origin = WORLD.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=31)
    random = np.random.Generator(np.random.SFC64(zlib.crc32(f"{name}|{zone}|{epoch(origin)}".encode())))
    hours = np.cumsum(random.integers(5, 30, 150))
    level = np.clip(SPOT_SHARE + np.cumsum(random.normal(0, 0.006, 150)), 0.1, 0.6)
    changes = [
        (origin + timedelta(hours=int(hour)), round(float(share) * price, 4))
        for hour, share in zip(hours, level, strict=True)
    ]
    within = [each for each in changes if start < each[0] <= end]
    return within or [
        max((each for each in changes if each[0] <= end), default=(start, round(SPOT_SHARE * price, 4)))
    ]


OPERATIONS = {"DescribePrice": describe_price, "DescribeSpotPriceHistory": describe_spot_price_history}
