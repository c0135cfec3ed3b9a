"""Amounts to the cent that still add up, by largest remainder: nobody is more than a cent or two from exact."""

from collections.abc import Sequence
from decimal import Context, Decimal
from itertools import permutations

from finops.money import CENT, cents

EXACT = Context(prec=100)  # Python's default of 28 digits would round sums of DECIMAL(38, 18)
_ZERO = Decimal("0.00")


def exact_sum(amounts: Sequence[Decimal]) -> Decimal:
    """The sum with all its digits."""
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def apportion(amounts: Sequence[Decimal], total: Decimal) -> list[Decimal]:
    """Each amount in whole cents, together `total` (whole cents).

    Cents that are over or missing go to the amounts that rounding moved the furthest the other way; an amount of
    exactly zero stays zero unless all are.
    """
    rounded = [cents(amount) for amount in amounts]
    missing = int((total - sum(rounded, _ZERO)) / CENT)
    if not missing:
        return rounded
    step = CENT if missing > 0 else -CENT
    places = [place for place, amount in enumerate(amounts) if amount] or list(range(len(amounts)))
    places.sort(key=lambda place: ((rounded[place] - amounts[place]) * (1 if missing > 0 else -1), place))
    for turn in range(abs(missing)):
        rounded[places[turn % len(places)]] += step
    return rounded


def apportion_table(rows: Sequence[Sequence[Decimal]], sums: Sequence[Decimal]) -> list[list[Decimal]]:
    """Rows of amounts in whole cents: row i together `sums[i]`, and each column the rounded sum of its amounts.

    A cent moves within a row from a column that has one too many to one that lacks it, where that is nearest to exact
    and neither amount is zero. In the rare case that no row can give, a column stays a cent off.
    """
    table = [apportion(row, total) for row, total in zip(rows, sums, strict=True)]
    if not table:
        return table
    exact = [exact_sum(column) for column in zip(*rows, strict=True)]
    wanted = apportion(exact, sum(sums, _ZERO))
    lacking = [
        int((want - sum(column, _ZERO)) / CENT)
        for want, column in zip(wanted, zip(*table, strict=True), strict=True)
    ]
    for to, source in permutations(range(len(lacking)), 2):
        cents_to_move = min(lacking[to], -lacking[source])
        if cents_to_move <= 0:
            continue
        gain = [
            ((row[to] - now[to]) - (row[source] - now[source]), -place)
            for place, (row, now) in enumerate(zip(rows, table, strict=True))
            if row[to] and row[source]
        ]
        for _, place in sorted(gain, reverse=True)[:cents_to_move]:
            table[-place][to] += CENT
            table[-place][source] -= CENT
            lacking[to] -= 1
            lacking[source] += 1
    return table
