"""How sure a saving is: the 80 % interval of what the next 730 hours will save.

Days of the bill are drawn again in blocks of a week (a circular block bootstrap; Politis and Romano 1992,
https://doi.org/10.1002/9781118445112.stat07524), once for the month that was measured and once for the month to come,
and the difference of the two is what the saving may differ by. All findings are drawn with the same days, so what
rises and falls together does so in the total, too. Prices of spot machines are drawn the same way from their history.
What has no days of its own gets a span that is written here and named on the finding.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from finops.money import HOURS_PER_MONTH, cents
from finops.savings.actions import Cell
from finops.savings.priced import Priced
from finops.savings.variation import SpotKey, Variation

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Draws = npt.NDArray[np.float64]

LEVEL = 0.8
_DRAWS = 999
_BLOCK = 7  # a week, so that working days and weekends stay together
_MONTH_DAYS = 30
_LEAST_DAYS = 14
_SEED = 20261121
# Without a bill nobody knows the discount; three in ten is what a commitment of a year without upfront payment takes
# off at most clouds (https://aws.amazon.com/savingsplans/compute-pricing/), so the low end lies there.
_LIST_DISCOUNT = 0.30
# A bill that tells no days (by the month, or of less than two weeks): what is usual from one month to the next.
_ASSUMED = 0.20
# A month with one interruption, the most that AWS tells of its pools beside "> 20 %"
# (https://aws.amazon.com/ec2/spot/instance-advisor/): two hours of work done again, a day on demand until there is
# room.
_HOURS_AGAIN, _HOURS_ON_DEMAND = 2.0, 24.0

DAYS, HOURS, LISTED, ASSUMED, FIXED = (
    "days of the bill, drawn again by the week",
    "hours of the bill, drawn again by the day",
    "list prices: a discount of up to 30 % is possible",
    "the bill tells no days: 20 % either way",
    "paid by the term: it does not vary",
)


@dataclass(slots=True)
class Spans:
    """Intervals of net savings to the cent, by finding id, and of their sums, by currency."""

    of: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    totals: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    basis: dict[str, str] = field(default_factory=dict)


def spans(priced: Sequence[Priced], variation: Variation) -> Spans:
    """The interval of every finding with a net saving, and of the totals. Needs the settled net savings."""
    found = Spans()
    sums = _Sums()
    known = {one.id: one for one in priced}
    for one in priced:
        if one.net_savings is None:
            continue
        swing = _swing_of(one, variation, [known[name] for name in one.choice.follows if name in known])
        low, high = swing.ends()
        net = float(one.net_savings)
        found.of[one.id] = _around(one.net_savings, net + low, net + high)
        found.basis[one.id] = "; ".join(dict.fromkeys(swing.basis))
        sums.add(one.currency or "", one.net_savings, swing)
    found.totals = sums.ends()
    return found


@dataclass(slots=True)
class _Swing:
    """By how much a month may differ from the net saving: draws that sum up, and spans that all go one way at once."""

    basis: list[str]
    draws: "Draws | None" = None
    down: float = 0.0
    up: float = 0.0

    def ends(self) -> tuple[float, float]:
        low, high = _quantiles(self.draws)
        return low - self.down, high + self.up


@dataclass(slots=True)
class _Sums:
    """Sums by currency: draws are added draw by draw, spans are added whole, as what causes them is common to all."""

    net: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    draws: "dict[str, Draws]" = field(default_factory=dict)
    down: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    up: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, currency: str, net: Decimal, swing: _Swing) -> None:
        self.net[currency] += net
        self.down[currency] += swing.down
        self.up[currency] += swing.up
        if swing.draws is not None:
            known = self.draws.get(currency)
            self.draws[currency] = swing.draws if known is None else known + swing.draws

    def ends(self) -> dict[str, tuple[Decimal, Decimal]]:
        found = {}
        for currency, net in self.net.items():
            low, high = _quantiles(self.draws.get(currency))
            ends = (float(net) + low - self.down[currency], float(net) + high + self.up[currency])
            found[currency] = _around(net, *ends)
        return found


def _around(net: Decimal, low: float, high: float) -> tuple[Decimal, Decimal]:
    """The interval to the cent, the saving itself always inside."""
    return min(net, cents(Decimal(repr(low)))), max(net, cents(Decimal(repr(high))))


# --- one finding ------------------------------------------------------------------------------------------


def _swing_of(one: Priced, variation: Variation, earlier: Sequence[Priced]) -> "_Swing":
    """By how much it may differ; `earlier` are the findings that act before it."""
    if not one.net_savings:
        return _Swing([])
    if one.own_span is None:
        return _swing(one, variation, earlier)
    # A purchase: its usage was drawn again where it was sized. What ails one purchase ails the others.
    share = float(one.net_savings / one.choice.saved)
    low, high = (float(end - one.choice.saved) * share for end in one.own_span)
    return _Swing([HOURS], None, max(0.0, -low), max(0.0, high))


def _swing(one: Priced, variation: Variation, earlier: Sequence[Priced]) -> _Swing:
    saved = float(one.choice.saved)
    share = float(one.net_savings or 0) / saved if saved else 0.0  # what settling left of it
    swing = _Swing([])
    for kind, cells in _kinds(one, variation).items():
        swing.basis.append(kind)
        money = share * sum(abs(float(one.choice.taken.get(cell, Decimal(0)))) for cell in cells)
        if kind == LISTED:
            swing.down += _LIST_DISCOUNT * money
        elif kind == ASSUMED:
            swing.down += _ASSUMED * money
            swing.up += _ASSUMED * money
        elif kind == DAYS:
            _add(swing, _of_days(one, cells, variation, share))
    if one.verdict.action == "spot":
        _spot(one, variation, swing, share, earlier)
    return swing


def _kinds(one: Priced, variation: Variation) -> dict[str, list[Cell]]:
    """The cells it takes from, by how their variation is known."""
    kinds: dict[str, list[Cell]] = defaultdict(list)
    for cell in sorted(one.choice.taken):
        if not one.choice.taken[cell]:
            continue
        if cell in one.listed:
            kinds[LISTED].append(cell)
        elif one.cost and one.cost.orders and cell.key == one.verdict.key and cell not in variation.days:
            kinds[FIXED].append(cell)
        elif cell in variation.days and len(variation.series(cell)) >= _LEAST_DAYS:
            kinds[DAYS].append(cell)
        else:
            kinds[ASSUMED].append(cell)
    return kinds


def _of_days(one: Priced, cells: Iterable[Cell], variation: Variation, share: float) -> "Draws":
    """Draws of the month's difference: what the days of each cell cost, by the part of it that is saved.

    Of days that cost nothing or more, no month to come takes more than the saving itself away.
    """
    import numpy as np

    by_length: dict[int, Draws] = {}
    for cell in cells:
        days = variation.series(cell)
        mean = float(days.mean())
        if not mean:
            continue
        month = float(one.choice.taken[cell]) * share
        known = by_length.get(len(days))
        moved = days * (month / mean)
        by_length[len(days)] = moved if known is None else known + moved
    total, least = np.zeros(_DRAWS), 0.0
    for length, days in by_length.items():
        total += _weights(length) @ days
        least += float(days.mean()) if (days >= 0).all() else float("inf")
    return np.maximum(total, -least)


def _spot(one: Priced, variation: Variation, swing: _Swing, share: float, earlier: Sequence[Priced]) -> None:
    """What the price of spot adds: its history, and on the low side what an interruption costs.

    After other actions it is the machine that these leave which is bought as spot.
    """
    verdict = one.verdict
    zone = verdict.proposed.get("zone")
    key = SpotKey(
        verdict.key.cloud, verdict.region, zone, str(verdict.proposed.get("instance_type")),
        str(verdict.current.get("platform") or "linux"),
    )  # fmt: skip
    month = float(verdict.evidence.get("spot_month", 0.0)) * share
    now = float(sum(one.before.values(), Decimal(0))) * share
    if earlier:
        taken = (other.choice.taken.get(cell, Decimal(0)) for other in earlier for cell in one.before)
        now -= float(sum(taken, Decimal(0))) * share
        month = now - float(one.choice.saved) * share
    hours = float(HOURS_PER_MONTH)
    swing.down += _HOURS_AGAIN * month / hours + _HOURS_ON_DEMAND * max(0.0, now - month) / hours
    prices = variation.spot.get(key)
    if prices is not None and len(prices) >= _LEAST_DAYS:
        swing.basis.append("the history of the spot price")
        _add(swing, -(_weights(len(prices)) @ prices) * (month / float(prices.mean())))
    swing.basis.append("an interruption in the month")


def _add(swing: _Swing, draws: "Draws") -> None:
    swing.draws = draws if swing.draws is None else swing.draws + draws


# --- draws ------------------------------------------------------------------------------------------------


@cache
def _weights(length: int) -> "Draws":
    """A matrix of draws by days: times a series of days it gives by how much two months of it differ.

    A series of few weeks varies less within itself than beyond; the factor length / (length - block) makes up for it:
    with it 80 of 100 intervals hold the month to come, without it about 70.
    """
    import numpy as np

    random = np.random.default_rng(_SEED)
    ahead, behind = (_resampled(random, length, days) for days in (_MONTH_DAYS, length))
    return (ahead - behind) * (length / (length - _BLOCK))


def _resampled(random: "np.random.Generator", length: int, days: int) -> "Draws":
    """Shares of each day of the series in means of so many days, drawn in blocks that go round."""
    import numpy as np

    blocks = -(-days // _BLOCK)
    starts = random.random((_DRAWS, blocks)) * length
    places = (starts.astype(int)[:, :, None] + np.arange(_BLOCK)).reshape(_DRAWS, -1)[:, :days] % length
    shares = np.zeros((_DRAWS, length))
    np.add.at(shares, (np.arange(_DRAWS)[:, None], places), 1.0 / days)
    return shares


def _quantiles(draws: "Draws | None") -> tuple[float, float]:
    if draws is None:
        return 0.0, 0.0
    import numpy as np

    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
