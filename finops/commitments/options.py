"""Every commitment that could be bought: per pool, term and payment one option, sized and reckoned through.

Options of one pool, and those of pools that lie in each other, are alternatives: the rule takes one, nobody sums them.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from finops.commitments.instruments import (
    CORE,
    MEMORY,
    POOLED,
    RESERVED,
    RESOURCE_CUD,
    Instrument,
    Pool,
    Series,
    is_flexible,
)
from finops.commitments.offers import Offers, Rate, Terms
from finops.commitments.pools import about_pool, month_of, pools_of
from finops.commitments.sizing import Layer, Stack, best_amount, mean_ratio, on_grid, spread
from finops.commitments.unpriced import without_price, without_prices
from finops.commitments.usage import Baseline, Hours
from finops.money import HOURS_PER_MONTH

RECENT_HOURS = 14 * 24  # usage that has fallen is sized on what is left of it
FALLS = (10, 20, 30)  # per cent, for what happens if usage falls
_MONTH = float(HOURS_PER_MONTH)
_MONEY_STEP = 0.001  # an hour: the smallest part of a Savings Plan. Source: Savings Plans API, commitment


@dataclass(frozen=True, slots=True)
class Line:
    """One quantity of a purchase: usage as a stack, and the smallest amount of money an hour that it is sold in."""

    stack: Stack
    step: float
    unit: str
    rate: float | None  # of one unit in an hour; None where the quantity is money itself


@dataclass(frozen=True, slots=True)
class Sized:
    """A purchase: its lines, the amount of each, and the hours they are judged on."""

    lines: tuple[tuple[Line, float], ...]
    judged: tuple[Stack, ...]

    @property
    def amount(self) -> float:
        """Money an hour."""
        return sum(amount for _, amount in self.lines)

    def gains(self, factor: float = 1.0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """What each hour saves, if usage is that share of what it was."""
        each = (
            stack.scaled(factor).displaced(amount) - amount
            for (_, amount), stack in zip(self.lines, self.judged, strict=True)
        )
        return sum(each, np.zeros(self.judged[0].hours))

    def month(self, factor: float = 1.0) -> float:
        """What 730 hours save."""
        return float(self.gains(factor).mean()) * _MONTH


def options(
    baseline: Baseline, offers: Offers, costs: Mapping[Series, Mapping[str, float]]
) -> Iterator[dict[str, object]]:
    """Rows of the table commitment_options for one payer, whose baseline held commitments have consumed from already.

    `costs` is what each account paid of each series, which tells whose the purchase would be.
    """
    used = {series: hours for series, hours in sorted(baseline.open.items()) if hours.cost.sum() > 0}
    if not offers.knows(baseline.payer[0]):
        yield from without_prices(used, baseline)
        return
    priced: set[Series] = set()
    there: set[str] = set()
    for instrument in POOLED:
        for pool, members in pools_of(instrument, used).items():
            found = list(_of_pool(instrument, pool, members, baseline, offers, costs))
            if found:
                priced.update(members)
                there.add(pool.id)
            yield from found
    unknown = {series: hours for series, hours in used.items() if series not in priced}
    for row in without_price(unknown, baseline, costs):
        if row["resource_id"] not in there:
            yield row


def _of_pool(
    instrument: Instrument,
    pool: Pool,
    members: Mapping[Series, Hours],
    baseline: Baseline,
    offers: Offers,
    costs: Mapping[Series, Mapping[str, float]],
) -> Iterator[dict[str, object]]:
    terms = sorted({each for series in members for each in offers.of(instrument, series)})
    about = about_pool(instrument, pool, members, baseline, costs)
    worth = False
    for each in terms:
        rates = {
            series: rates[each] for series in members if each in (rates := offers.of(instrument, series))
        }
        small = _smallest(instrument, rates, offers, each)
        sized = size(lines_of(instrument, {series: members[series] for series in rates}, rates, small))
        if sized is not None:
            worth = True
            yield {**about, **figures(sized, each, rates, str(about["seed"]), month_of(members))}
    if terms and not worth:
        yield about  # looked at, and nothing to buy


def _smallest(
    instrument: Instrument, rates: Mapping[Series, Rate], offers: Offers, terms: Terms
) -> tuple[float, str]:
    """The smallest thing that is sold: what a unit of it costs in an hour, and its name. Reservations that cover
    every size of a family are sold by its smallest type."""
    cheapest, series = min((rate.hourly, series) for series, rate in rates.items())
    if instrument is RESERVED and is_flexible(series):
        return offers.smallest(instrument, series, terms) or (cheapest, series.sku)
    return cheapest, series.sku


def lines_of(
    instrument: Instrument,
    members: Mapping[Series, Hours],
    rates: Mapping[Series, Rate],
    smallest: tuple[float, str],
) -> list[Line]:
    """The quantities that are bought: one, or of Google cores and memory apart."""
    if instrument is RESOURCE_CUD:
        kinds = ((CORE, "vCPU"), (MEMORY, "GiB"))
        by_kind = [(unit, [series for series in members if series.service == kind]) for kind, unit in kinds]
        return [
            Line(_stack(members, rates, group), rates[group[0]].hourly, unit, rates[group[0]].hourly)
            for unit, group in by_kind
            if group
        ]
    stack = _stack(members, rates, members)
    if instrument is RESERVED:
        return [Line(stack, *smallest, smallest[0])]
    return [Line(stack, _MONEY_STEP, "an hour", None)]


def _stack(members: Mapping[Series, Hours], rates: Mapping[Series, Rate], group: Iterable[Series]) -> Stack:
    layers = []
    for series in group:
        spend = members[series].quantity * rates[series].hourly
        ratio = mean_ratio(members[series].cost, spend)
        if ratio is not None:
            layers.append(Layer(ratio, spend))
    return Stack.of(layers)


def size(lines: Iterable[Line]) -> Sized | None:
    """Each quantity at its best; None where nothing is worth committing to.

    Usage that has fallen counts as it is now: of all hours and the last fourteen days the smaller quantity is taken,
    and judged on those of the two where it saves less.
    """
    chosen = []
    for line in lines:
        if not line.stack.hours or not line.stack.layers:
            continue
        amount = min(
            on_grid(stack, best_amount(stack), line.step)
            for stack in (line.stack, line.stack.last(RECENT_HOURS))
        )
        if amount > 0:
            chosen.append((line, amount))
    if not chosen:
        return None
    every = Sized(tuple(chosen), tuple(line.stack for line, _ in chosen))
    recent = Sized(tuple(chosen), tuple(line.stack.last(RECENT_HOURS) for line, _ in chosen))
    sized = min(every, recent, key=Sized.month)
    return sized if sized.month() > 0 else None


def figures(
    sized: Sized, terms: Terms, rates: Mapping[Series, Rate], seed: str, usage_month: float
) -> dict[str, object]:
    """Everything that is told of one option, in 730 hours."""
    after = sized.amount * _MONTH
    saving = sized.month()
    covered = saving + after
    low, high = spread(sized.gains(), _seed(seed, terms))
    hours = sized.judged[0].hours
    used = sum(
        float(stack.used(amount).sum()) for (_, amount), stack in zip(sized.lines, sized.judged, strict=True)
    )
    upfront = after * terms.months * _upfront_share(rates)
    return {
        "option_id": f"{terms.months}m {terms.payment}",
        "term_months": terms.months,
        "payment": terms.payment,
        "commitment": _told(sized),
        "quantity": sized.lines[0][1] / (sized.lines[0][0].rate or 1.0),
        "unit": sized.lines[0][0].unit,
        "hourly_commitment": sized.amount,
        "usage_month": max(usage_month, covered),
        "covered_month": covered,
        "commitment_month": after,
        "saving": saving,
        "saving_low": min(low * _MONTH, saving),
        "saving_high": max(high * _MONTH, saving),
        **{f"saving_if_{fall}_less": sized.month(1 - fall / 100) for fall in FALLS},
        "coverage": min(1.0, covered / usage_month) if usage_month > 0 else None,
        "utilisation": used / (sized.amount * hours),
        "upfront": upfront,
        "break_even_month": break_even(terms.months, covered, after),
        "payback_month": _payback(upfront, covered, after, terms.months),
        "price_basis": "; ".join(sorted({rate.basis for rate in rates.values()})[:3]),
    }


def break_even(months: float, covered: float, after: float) -> float:
    """The month from which on usage could stop altogether and the purchase would still have cost no more than paying
    on demand: what was not paid until then is the price of the whole term. Beyond the term: never."""
    return math.ceil(round(months * after / covered, 6))


def _payback(upfront: float, covered: float, after: float, months: float) -> float | None:
    """The month in which what is saved exceeds what was paid at the start; None where nothing was."""
    if upfront <= 0:
        return None
    return float(math.ceil(round(upfront / (covered - after + upfront / months), 6)))


def _upfront_share(rates: Mapping[Series, Rate]) -> float:
    return sum(rate.upfront_share for rate in rates.values()) / len(rates)


def _told(sized: Sized) -> str:
    """The purchase in words: 12 vCPU and 48 GiB, 3 m5.large, 1.250 an hour."""
    parts = []
    for line, amount in sized.lines:
        quantity = f"{amount:.3f}" if line.rate is None else f"{round(amount / line.rate):d}"
        parts.append(f"{quantity} {line.unit}")
    return " and ".join(parts)


def _seed(name: str, terms: Terms) -> int:
    text = f"{name}|{terms.months}|{terms.payment}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
