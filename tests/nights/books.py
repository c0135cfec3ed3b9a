"""What the providers will have charged in the end, and what of it each night can see: bills grow, are late, are restated.

A posting is an amount that arrives at an instant; a day of an account costs what its postings sum up to. Amounts are
whole cents, so that nothing is lost to floats on the way.
"""

import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

HISTORY = 40  # days of bill before the first night, at least: what the first night may still ask for
MIDNIGHT = timedelta(hours=24)
# Shares of a day's cost that have arrived so many days after it: AWS over five days, Google's late rows, Alibaba's two.
ARRIVAL: Mapping[str, Sequence[tuple[int, float]]] = {
    "aws": ((1, 0.55), (2, 0.8), (3, 0.93), (4, 0.985), (5, 1.0)),
    "gcp": ((1, 0.85), (4, 1.0)),
    "alibaba": ((1, 0.7), (2, 1.0)),
}
CURRENCY = {"aws": "USD", "gcp": "USD", "alibaba": "CNY"}
RESTATED_AFTER = 35  # days after a month began
CENT = Decimal("0.01")
Cell = tuple[str, date]  # account, day


@dataclass(frozen=True)
class Posting:
    """An amount of a service on a day, and when the bill tells it."""

    cloud: str
    account: str
    service: str
    day: date
    amount: Decimal
    arrives: datetime


@dataclass(frozen=True)
class Change:
    """What happens to a cost: from a day on (or on it alone) so many times what it was."""

    cloud: str
    account: str
    service: str
    first: date
    last: date
    factor: float
    kind: str  # as an anomaly is called: spike, drift or drop


@dataclass(frozen=True)
class Restated:
    """A month that was another amount at an instant than before."""

    cloud: str
    account: str
    month: date
    amount: Decimal
    at: datetime


@dataclass
class Books:
    """All postings of all clouds, in order of arrival."""

    postings: list[Posting]
    restated: list[Restated] = field(default_factory=list)

    def between(self, cloud: str, after: datetime | None, until: datetime) -> list[Posting]:
        """What arrived at a cloud's bill in between."""
        return [
            one
            for one in self.postings
            if one.cloud == cloud and one.arrives <= until and (after is None or one.arrives > after)
        ]

    def held(self, cloud: str, until: datetime) -> dict[Cell, Decimal]:
        """What the bill says at an instant by account and day."""
        found: dict[Cell, Decimal] = {}
        for one in self.between(cloud, None, until):
            key = (one.account, one.day)
            found[key] = found.get(key, Decimal(0)) + one.amount
        return found


def write(
    accounts: Mapping[str, Sequence[str]],
    services: Mapping[str, Sequence[tuple[str, float]]],
    first: date,
    nights: Sequence[datetime],
    changes: Iterable[Change],
    dice: random.Random,
) -> Books:
    """The books of these clouds from `first` on, for nights at these instants.

    `services` are names and money a day, by cloud.
    """
    last = nights[-1].date()
    made = Books([])
    for cloud, held in accounts.items():
        # The first hours of a month are of the month before in California, which no night asks for.
        begin = first + timedelta(days=1) if cloud == "gcp" else first
        for account in held:
            for service, base in services[cloud]:
                for day, cost in _days(cloud, account, service, base, begin, last, changes, dice):
                    made.postings += _arriving(cloud, account, service, day, cost)
        made.restated += _restate(cloud, held, services[cloud], begin, last, made, dice)
    made.postings.sort(key=lambda one: one.arrives)
    return made


def _days(
    cloud: str,
    account: str,
    service: str,
    base: float,
    first: date,
    last: date,
    changes: Iterable[Change],
    dice: random.Random,
) -> Iterator[tuple[date, Decimal]]:
    """Each day's final cost: weekends are quieter, nothing is quite the same twice."""
    level = base * dice.uniform(0.8, 1.3)
    for number in range((last - first).days):
        day = first + timedelta(days=number)
        cost = level * (0.75 if day.weekday() >= 5 else 1.0) * math.exp(dice.gauss(0, 0.03))
        for one in changes:
            if (one.cloud, one.account, one.service) == (
                cloud,
                account,
                service,
            ) and one.first <= day <= one.last:
                cost *= one.factor
        yield day, Decimal(cost).quantize(CENT)


def _arriving(cloud: str, account: str, service: str, day: date, cost: Decimal) -> Iterator[Posting]:
    told = Decimal(0)
    for days, share in ARRIVAL[cloud]:
        by_then = cost if share == 1 else (cost * Decimal(str(share))).quantize(CENT)
        at = datetime(day.year, day.month, day.day) + timedelta(days=days, minutes=30)
        yield Posting(cloud, account, service, day, by_then - told, at)
        told = by_then


def _restate(
    cloud: str,
    accounts: Sequence[str],
    services: Sequence[tuple[str, float]],
    first: date,
    last: date,
    books: Books,
    dice: random.Random,
) -> list[Restated]:
    """On its 35th day some days of a month become cheaper for one of the accounts."""
    found = []
    month = first.replace(day=1)
    while (day := month + timedelta(days=RESTATED_AFTER)) <= last:
        account, service = dice.choice(accounts), services[0][0]
        at = datetime(day.year, day.month, day.day, 1)
        days = [one for one in range(27) if month + timedelta(days=one) >= first]
        total = Decimal(0)
        for number in dice.sample(days, min(3, len(days))):
            off = -Decimal(dice.uniform(20, 60)).quantize(CENT)
            books.postings.append(Posting(cloud, account, service, month + timedelta(days=number), off, at))
            total += off
        found.append(Restated(cloud, account, month, total, at))
        month = (month + timedelta(days=32)).replace(day=1)
    return found
