"""What the estate costs, day by day: the lines of the bill, consistent with the resources that there are.

Days are Beijing's. A day's lines come about a day late; what an instance is like comes another day later.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from tests.servers.alibaba import catalogue
from tests.servers.alibaba.bill_lines import finished, line
from tests.servers.alibaba.ecs_prices import DISCOUNT, SPOT_SHARE, UNITS
from tests.servers.alibaba.state import BEIJING, WORLD, Account, Item

BIN = 1024**3


@dataclass(frozen=True)
class Day:
    """A day of the bill."""

    date: date
    account: Account

    @property
    def start(self) -> datetime:
        return datetime(self.date.year, self.date.month, self.date.day) - BEIJING

    def hours(self, begin: datetime | None, end: datetime | None) -> float:
        """Hours of the day between two instants (None: since ever, for ever)."""
        first = max(self.start, begin) if begin else self.start
        last = min(self.start + timedelta(days=1), end) if end else self.start + timedelta(days=1)
        return max(0.0, (last - first).total_seconds() / 3600)

    def price(self, cny: float) -> float:
        return catalogue.in_currency(cny, self.account.currency)


def newest_day() -> date:
    """The last day of which there are lines."""
    return (WORLD.now() + BEIJING).date() - timedelta(days=1)


def lines(account: Account, day: date) -> list[Item]:
    """All lines of a day, as DescribeInstanceBill tells them by billing item; the hand-made ones at the end."""
    return list(_lines(account.id, day, WORLD.revision))


@lru_cache(maxsize=512)
def _lines(account_id: str, day: date, revision: int) -> tuple[Item, ...]:
    """Kept until a test changes something; nobody may change what is in here."""
    account = WORLD.account(account_id)
    if day > newest_day():
        return tuple(by_hand(account, day))
    on = Day(day, account)
    attributes = day <= newest_day() - timedelta(days=2)
    return tuple([finished(raw, on.date, account, attributes) for raw in charged(on)] + by_hand(account, day))


def by_hand(account: Account, day: date) -> list[Item]:
    held = WORLD.billed_by_hand.get(account.id, {}).get(day.isoformat(), [])
    made = []
    for item in held:
        told = finished({**line("ecs", "", ""), **item}, day, account, attributes=True)
        made.append({name: value for name, value in told.items() if item.get(name, "") is not None})
    return made


def paid_for(account: Account, day: date) -> list[Item]:
    """The lines of the accounts that this one pays for, each with its owner."""
    found = []
    for member in account.pays_for:
        for row in lines(WORLD.account(member), day):
            found.append(
                {**row, "OwnerID": member, "BillAccountID": account.id, "BillAccountName": account.name}
            )
    return found


def charged(on: Day) -> Iterator[Item]:
    """The raw lines of everything that cost something; what a test calls `_free` does not."""
    for region, item in on.account.every("instance"):
        yield from instance(on, region, item)
    for region, item in on.account.every("released"):
        yield from instance(on, region, item)
    for region, item in on.account.every("disk"):
        if not item.get("_free"):
            yield from disk(on, region, item)
    for region, item in on.account.every("eip"):
        yield from address(on, region, item)
    for kind, product, hourly in (("nat", "nat_gw", catalogue.NAT_HOUR), ("slb", "slb", catalogue.SLB_HOUR),
                                  ("alb", "alb", catalogue.LCU_HOUR), ("nlb", "nlb", catalogue.LCU_HOUR)):  # fmt: skip
        for region, item in on.account.every(kind):
            hours = on.hours(item["_from"], None)
            price = on.price(hourly * catalogue.factor(region))
            if hours:
                coupon = 0.1 if product == "slb" else 0.0
                yield charge(product, item["_id"], region, "instance", hours, price, item, coupon=coupon)
    for region, item in on.account.every("db"):
        yield from database(on, region, item)
    yield from snapshots_and_buckets(on)
    yield from refund(on)


def charge(
    product: str, resource: str, region: str, code: str, hours: float, price: float, item: Item,
    discount: float = 0.0, coupon: float = 0.0, **more: Any,
) -> Item:  # fmt: skip
    """A pay-as-you-go line of so many hours at a price per hour."""
    gross = hours * price
    return {
        **line(product, resource, code), "_region": region, "_item": item, "ListPrice": f"{price:.6f}", "Usage": f"{hours:g}",
        "ServicePeriod": str(int(hours * 3600)), "PretaxGrossAmount": gross, "InvoiceDiscount": gross * discount,
        "DeductedByCoupons": gross * coupon, **more,
    }  # fmt: skip


def instance(on: Day, region: str, item: Item) -> Iterator[Item]:
    """Pay-as-you-go by the hour, or one order on the day of the month on which the subscription began."""
    kind, begin = item["InstanceType"], item["_from"]
    price = catalogue.hourly(kind, region, on.account.currency)
    if item["InstanceChargeType"] == "PrePaid":
        if (begin + BEIJING).day == on.date.day and begin < on.start + timedelta(days=1):
            yield order("ecs", item["InstanceId"], region, price * UNITS["Month"], item)
        return
    end = item.get("_stopped_at") if item["StoppedMode"] == "StopCharging" else item.get("_released_at")
    hours = on.hours(begin, end)
    if not hours:
        return
    spot = item["SpotStrategy"] != "NoSpot"
    yield charge(
        "ecs", item["InstanceId"], region, "instance_type", hours, price * (SPOT_SHARE if spot else 1), item,
        discount=0.0 if spot else DISCOUNT, BillingType="抢占式实例" if spot else "按量付费",
    )  # fmt: skip


def disk(on: Day, region: str, item: Item) -> Iterator[Item]:
    """A system disk stands under its instance's id, a data disk under its own."""
    hours = on.hours(item["_from"], None)
    price = catalogue.disk_hourly(
        item["Category"], item.get("PerformanceLevel") or None, item["Size"], region, on.account.currency
    )
    if not hours or price is None:
        return
    if item["DiskChargeType"] == "PrePaid":
        if item["Type"] == "data" and (item["_from"] + BEIJING).day == on.date.day:
            yield order("yundisk", item["DiskId"], region, price * UNITS["Month"], item)
        return
    if item["Type"] == "system":
        owner = on.account.of("instance", region).get(item["InstanceId"], {})
        yield charge("ecs", item["InstanceId"], region, "systemdisk", hours, price, owner)
    else:
        yield charge("yundisk", item["DiskId"], region, "datadisk", hours, price, item)


def address(on: Day, region: str, item: Item) -> Iterator[Item]:
    """Free while an instance of ECS holds it; then there is a line of nothing."""
    if item["ChargeType"] == "PrePaid":
        if (item["_from"] + BEIJING).day == on.date.day:
            yield order("eip", item["AllocationId"], region, on.price(23.0 * int(item["Bandwidth"])), item)
        return
    hours = on.hours(item["_from"], None)
    if hours:
        price = 0.0 if item["InstanceType"] == "EcsInstance" else on.price(catalogue.EIP_HOUR)
        yield charge("eip", item["AllocationId"], region, "Hold", hours, price, item)


def database(on: Day, region: str, item: Item) -> Iterator[Item]:
    """Class and storage; the charge for the class comes in two rows of the same item."""
    hours = on.hours(item["_from"], None)
    if not hours:
        return
    price = on.price(catalogue.RDS_VCPU_HOUR * int(item["DBInstanceCPU"]) * catalogue.factor(region))
    for part in (hours / 3, hours * 2 / 3):
        yield charge("rds", item["DBInstanceId"], region, "DBInstanceClass", part, price, item)
    storage = on.price(catalogue.RDS_GIB_MONTH * item["DBInstanceStorage"] / catalogue.HOURS_PER_MONTH)
    yield charge("rds", item["DBInstanceId"], region, "DBInstanceStorage", hours, storage, item)


def snapshots_and_buckets(on: Day) -> Iterator[Item]:
    """Billed by region: the instance's id is the region's."""
    for region in sorted({region for kind, region in on.account.resources if kind == "snapshot"}):
        held = [
            each
            for where, each in on.account.every("snapshot")
            if where == region and each["_from"] < on.start
        ]
        size = sum(int(each["SourceDiskSize"]) * 0.4 for each in held)
        if size:
            price = on.price(catalogue.SNAPSHOT_GIB_MONTH * size / catalogue.HOURS_PER_MONTH)
            yield charge("snapshot", region, region, "SnapshotSize", 24, price, {})
    sizes: dict[str, float] = {}
    for bucket in on.account.of("bucket", "").values():
        sizes[bucket["_region"]] = sizes.get(bucket["_region"], 0) + bucket["_stat"]["Storage"] / BIN
    for region, gib in sizes.items():
        price = on.price(catalogue.OSS_GIB_MONTH * gib / catalogue.HOURS_PER_MONTH)
        yield charge("oss", region, region, "Storage", 24, price, {})
    for region in sorted({region for kind, region in on.account.resources if kind == "instance" and region}):
        yield charge(
            "cdt", f"cdt-{region}", region, "InternetOut", 24, on.price(0.8 * 1.5 / 24), {}, UsageUnit="GB"
        )


def refund(on: Day) -> Iterator[Item]:
    """Money comes back once in a while, as a row of its own."""
    renewed = [each for each in on.account.every("instance") if each[1]["InstanceChargeType"] == "PrePaid"]
    if renewed and on.date.day == 11:
        region, item = renewed[0]
        yield order("ecs", item["InstanceId"], region, -on.price(12.34), item, Item="Refund")


def order(product: str, resource: str, region: str, price: float, item: Item, **more: Any) -> Item:
    """One row on the day of purchase for the whole month."""
    return {
        **line(product, resource, "" if product == "ecs" else "order"), "_region": region, "_item": item, "SubscriptionType": "Subscription",
        "Item": "SubscriptionOrder", "BillingType": "其它", "PretaxGrossAmount": price, "ListPrice": f"{price:.6f}", "Usage": "1",
        "ServicePeriod": "1", "ServicePeriodUnit": "月", **more,
    }  # fmt: skip
