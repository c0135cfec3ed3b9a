"""What runs by subscription costs in a month: the orders on the bill, spread over the time they pay for."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

import duckdb

from finops.meters import METER
from finops.money import HOURS_PER_MONTH
from finops.verdicts import Key
from finops.warehouse.derived import derive

# Hours of a unit of time as bills write it; a year is twelve months of 730 hours.
_HOURS: Mapping[str, Decimal] = {
    word: hours
    for words, hours in (
        ("second seconds s 秒", Decimal(1) / 3600),
        ("minute minutes 分钟", Decimal(1) / 60),
        ("hour hours h 小时", Decimal(1)),
        ("day days d 天 日", Decimal(24)),
        ("week weeks w 周", Decimal(168)),
        ("month months m 月 个月", HOURS_PER_MONTH),
        ("year years y 年", 12 * HOURS_PER_MONTH),
    )
    for word in words.split()
}
# Hours: what is paid for less, or for more, is no subscription.
_SHORTEST, _LONGEST = 24, 10 * 8760
_SLACK = timedelta(days=2)  # months are not all 730 hours, and bills know the day only
_LATE = timedelta(days=3)  # after which a renewal is on the bill


class Order(NamedTuple):
    """A row of the bill that pays for a term from `start` on."""

    component: str
    currency: str
    amount: Decimal
    start: datetime
    hours: Decimal

    @property
    def monthly(self) -> Decimal:
        """What it costs in 730 hours."""
        return self.amount * HOURS_PER_MONTH / self.hours


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the orders of one resource that pay for the present cost in 730 hours, by component, in one currency."""

    components: dict[str, Decimal]
    currency: str
    told: str

    @property
    def total(self) -> Decimal:
        return sum(self.components.values(), Decimal(0))


def load_subscriptions(con: duckdb.DuckDBPyConnection, as_of: datetime) -> dict[Key, Subscription]:
    """The subscriptions of the bills that pay for the instant `as_of`.

    A resource with a refund after its order is left out: what it costs for the rest of its term is not known.
    """
    orders: dict[Key, list[Order]] = defaultdict(list)
    refunds: dict[Key, datetime] = {}
    derive(con, "subscription_orders", _ORDERS, {"as_of": as_of})
    for cloud, account, resource, start, amount, *about in con.execute(
        "FROM subscription_orders ORDER BY ALL"
    ).fetchall():
        key = Key(cloud, account, resource)
        component, currency, category, period, unit, term_hours = about
        hours = _term(period, unit, term_hours)
        if category != "Purchase":
            refunds[key] = max(start, refunds.get(key, start))
        elif hours is not None and _SHORTEST <= hours <= _LONGEST:
            orders[key].append(Order(component, currency, amount, start, hours))
    found = {}
    for key, mine in orders.items():
        running = _running(mine, as_of)
        refunded = key in refunds and refunds[key] >= min((order.start for order in running), default=as_of)
        if running and not refunded:
            found[key] = _subscription(running)
    return found


def _term(period: float | None, unit: str | None, term_hours: float | None) -> Decimal | None:
    """The hours that an order pays for: as the bill counts them, else the length of the charge."""
    hour = _HOURS.get((unit or "").strip().lower())
    if period is not None and math.isfinite(period) and hour is not None:
        return Decimal(repr(period)) * hour
    return None if term_hours is None else Decimal(repr(term_hours))


def _running(orders: Iterable[Order], at: datetime) -> list[Order]:
    """The orders that pay for the instant `at`, over all components.

    A renewal is paid for ahead and begins where the order before it ends; what was added later (an upgrade) runs
    beside it, and ends with it. Bills are late: what ended a moment ago stands in for its renewal.
    """
    found: list[Order] = []
    by_component = sorted(orders, key=lambda order: (order.component, order.start, order.hours))
    for _, chain in groupby(by_component, key=lambda order: order.component):
        end: datetime | None = None
        spans: list[tuple[datetime, datetime, Order]] = []
        for order in chain:
            length = timedelta(hours=float(order.hours))
            begins = order.start
            if end is not None and begins < end and begins + length > end + _SLACK:
                begins = end
            end = min(max(end or begins, begins + length), at + timedelta(hours=_LONGEST))
            spans.append((begins, begins + length, order))
        running = [order for begins, ends, order in spans if begins <= at < ends]
        found += running or [order for _, ends, order in spans if ends <= at < ends + _LATE]
    return found


def _subscription(orders: Sequence[Order]) -> Subscription:
    """Orders of one resource, of several currencies those that cost most."""
    by_currency: dict[str, Decimal] = defaultdict(Decimal)
    for order in orders:
        by_currency[order.currency] += order.monthly
    currency = max(by_currency, key=lambda code: (by_currency[code], code))
    components: dict[str, Decimal] = defaultdict(Decimal)
    paid: dict[tuple[datetime, Decimal], Decimal] = defaultdict(Decimal)
    for order in orders:
        if order.currency == currency:
            components[order.component] += order.monthly
            paid[(order.start, order.hours)] += order.amount
    told = "; ".join(
        f"{amount.normalize():f} {currency} on {start:%Y-%m-%d} for {float(round(hours / HOURS_PER_MONTH, 2)):g} months"
        for (start, hours), amount in sorted(paid.items())
    )
    return Subscription(dict(components), currency, told)


# Orders of resources, and refunds of such. Alibaba's bill alone has the whole cost of a term in the row of its order;
# other bills spread it over usage. A term that the bill does not count is the length of the charge, where it reaches
# beyond its billing period: within it, it is the day or month of the payment. x_Other has the file's own names.
_ORDERS = f"""
SELECT x_Cloud, x_AccountId, x_ResourceKey, ChargePeriodStart, x_Cost,
    charge_component({", ".join(METER.values())}) AS component, BillingCurrency, ChargeCategory,
    TRY_CAST(coalesce(x_Other ->> 'ServicePeriod', x_Other ->> '服务时长') AS DOUBLE) AS period,
    coalesce(x_Other ->> 'ServicePeriodUnit', x_Other ->> '时长单位') AS unit,
    CASE WHEN ChargePeriodEnd > BillingPeriodEnd
        THEN days_between(ChargePeriodStart, ChargePeriodEnd) * 24 END AS term_hours
FROM charges
WHERE x_Cloud = 'alibaba' AND x_ResourceKey IS NOT NULL AND BillingCurrency IS NOT NULL AND ChargePeriodStart <= $as_of
    AND (ChargeCategory = 'Purchase' AND x_Cost > 0 OR ChargeCategory = 'Adjustment' AND x_Cost < 0)
    AND coalesce(regexp_matches(coalesce(x_Other ->> 'SubscriptionType', x_Other ->> '消费类型'),
        '(?i)^subscription|预付|包年包月|订阅'), TRUE)
ORDER BY ALL
"""  # noqa: S608 - put together from constants
