"""What a SKU costs, in our units: exact money, tiers, units. Whatever is not understood is no price."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from finops.money import HOURS_PER_MONTH

Tier = tuple[
    Decimal | None, Decimal
]  # the quantity from which a price holds (None: from nothing on), the price

_BYTES = {
    "By": 1, "KiBy": 2**10, "MiBy": 2**20, "GiBy": 2**30, "TiBy": 2**40, "PiBy": 2**50,
    "kBy": 10**3, "MBy": 10**6, "GBy": 10**9, "TBy": 10**12, "PBy": 10**15,
}  # fmt: skip
_HOURS = {
    "s": Fraction(1, 3600), "min": Fraction(1, 60), "h": Fraction(1), "d": Fraction(24),
    "mo": Fraction(HOURS_PER_MONTH),
}  # fmt: skip
# What our units count: bytes (None where none are meant) and hours (likewise).
_OURS: dict[str, tuple[int | None, Fraction | None]] = {
    "hour": (None, _HOURS["h"]),
    "GiB-hour": (2**30, _HOURS["h"]),
    "GiB-month": (2**30, _HOURS["mo"]),
    "IOPS-month": (None, _HOURS["mo"]),
    "MiBps-month": (None, _HOURS["mo"]),
    "GiB": (2**30, None),
}
_UNIT = re.compile(rf"(?:(?P<bytes>{'|'.join(_BYTES)})(?:\.|$))?(?P<time>{'|'.join(_HOURS)})?")
_SMALLEST = Decimal("1e-18")  # what the warehouse holds
_HIGHEST = Decimal("1e9")  # of any unit in any currency; beyond it something is wrong


def in_unit(theirs: str, ours: str) -> Fraction | None:
    """How many of our unit one of theirs is ("GBy.h" in GiB-hour); None where they do not count the same.

    A SKU also tells how many base units one of its units is. That is for usage in base units, of which there is none
    here, and Google's month is 30 days there for some SKUs and 31 for others; ours is 730 hours for all.
    """
    found, (bytes_, hours) = _UNIT.fullmatch(theirs), _OURS[ours]
    if not found or not theirs or theirs.endswith("."):
        return None
    if (found["bytes"] is None) != (bytes_ is None) or (found["time"] is None) != (hours is None):
        return None
    amount = Fraction(1)
    if bytes_ is not None:
        amount *= Fraction(_BYTES[found["bytes"]], bytes_)
    if hours is not None:
        amount *= _HOURS[found["time"]] / hours
    return amount


def exact(units: int, nanos: int) -> Decimal | None:
    """Money as Google writes it; None for what is no price: less than nothing, or more than a unit of nanos."""
    if units < 0 or not 0 <= nanos < 10**9 or units > _HIGHEST:
        return None
    return Decimal(units) + Decimal(nanos).scaleb(-9)


def tiers_of(rates: Iterable[Any], amount: Fraction) -> tuple[tuple[Tier, ...], str] | None:
    """Prices per our unit from each quantity on, and their currency; None where any of them is odd.

    `rates` are messages TierRate, `amount` is how many of our unit one of theirs is.
    """
    tiers: list[Tier] = []
    currencies = set()
    for rate in rates:
        money = rate.unit_price
        price = exact(money.units, money.nanos)
        start = Decimal(repr(float(rate.start_usage_amount)))
        if price is None or not start.is_finite() or start < 0:
            return None
        currencies.add(str(money.currency_code))
        tiers.append((scaled(start, amount) if start else None, scaled(price, 1 / amount)))
    tiers.sort(key=lambda tier: tier[0] or Decimal(0))
    starts = [start for start, _ in tiers]
    if len(set(starts)) != len(starts) or len(currencies) != 1 or not all(map(_is_currency, currencies)):
        return None
    return tuple(tiers), currencies.pop()


def scaled(value: Decimal, factor: Fraction) -> Decimal:
    """A value times a factor: exactly where that is a decimal number, else as finely as the warehouse holds it."""
    if factor == 1:
        return value
    product = value * factor.numerator / factor.denominator
    fine = product.quantize(_SMALLEST, rounding=ROUND_HALF_EVEN)
    return product if product == fine else fine


def _is_currency(code: str) -> bool:
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()
