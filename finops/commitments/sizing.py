"""How much to commit to: the amount that would have saved most on the hours that were seen, exactly.

Usage that a commitment can cover is a stack of layers, the one with the largest discount at the bottom, because that is
where clouds apply a commitment first. All amounts are money per hour.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

HOURS_A_DAY, HOURS_A_WEEK = 24, 168
_WEEKS = 8  # from so many whole weeks on, weeks are drawn instead of days, so that weekdays stay together
_DRAWS = 1000
_TINY = 1e-9
_SAME = 4  # digits of a discount that tell two layers apart


class Layer(NamedTuple):
    """Usage of one discount: `spend` is what each hour of it costs at the commitment's rate, `ratio` what it costs now
    for each of these."""

    ratio: float
    spend: Floats


@dataclass(frozen=True, slots=True)
class Stack:
    """Layers by falling ratio, each with the hours of the same axis."""

    layers: tuple[Layer, ...]
    hours: int

    @classmethod
    def of(cls, layers: Iterable[Layer]) -> "Stack":
        """Layers in any order; those of one discount become one."""
        merged: dict[float, list[Layer]] = defaultdict(list)
        for layer in layers:
            merged[round(layer.ratio, _SAME)].append(layer)
        ordered = tuple(_as_one(merged[ratio]) for ratio in sorted(merged, reverse=True))
        return cls(ordered, len(ordered[0].spend) if ordered else 0)

    def scaled(self, factor: float) -> "Stack":
        """The same with that share of the usage."""
        return Stack(tuple(Layer(ratio, spend * factor) for ratio, spend in self.layers), self.hours)

    def last(self, hours: int) -> "Stack":
        """The last hours of it."""
        layers = tuple(Layer(ratio, spend[-hours:]) for ratio, spend in self.layers)
        return Stack(layers, min(hours, self.hours))

    def total(self) -> float:
        """What all of it costs now."""
        return float(sum(layer.ratio * layer.spend.sum() for layer in self.layers))

    def displaced(self, amount: float) -> Floats:
        """What a commitment of `amount` an hour takes off the bill, hour by hour."""
        saved, left = np.zeros(self.hours), np.full(self.hours, amount)
        for ratio, spend in self.layers:
            used = np.minimum(spend, left)
            saved += used * ratio
            left -= used
        return saved

    def used(self, amount: float) -> Floats:
        """How much of a commitment of `amount` an hour is used, hour by hour."""
        spend = sum((layer.spend for layer in self.layers), np.zeros(self.hours))
        return np.minimum(spend, amount)

    def saving(self, amount: float) -> float:
        """What a commitment of `amount` an hour saves over all hours; a loss is negative."""
        return float(self.displaced(amount).sum() - amount * self.hours)


def _as_one(layers: Sequence[Layer]) -> Layer:
    """Layers of nearly the same discount as one, of which the whole still costs what they cost."""
    spend = np.sum([layer.spend for layer in layers], axis=0)
    total = float(spend.sum())
    cost = sum(layer.ratio * float(layer.spend.sum()) for layer in layers)
    return Layer(cost / total if total > 0 else layers[0].ratio, spend)


def best_amount(stack: Stack) -> float:
    """The amount per hour that saves most over the hours.

    What is saved is concave in the amount: each further unit is used in fewer hours, at a lower discount. So the best
    is where the saved hours no longer pay for the unit in all hours: with one discount, the quantile of usage at the
    level 1 − commitment rate / on-demand rate.
    """
    points, slopes = [], []
    below = np.zeros(stack.hours)
    for ratio, spend in stack.layers:
        above = below + spend
        points += [below, above]
        slopes += [np.full(stack.hours, ratio), np.full(stack.hours, -ratio)]
        below = above
    if not points:
        return 0.0
    where, change = np.concatenate(points), np.concatenate(slopes)
    order = np.argsort(where, kind="stable")
    where, change = where[order], change[order]
    # The slope to the right of each point: all changes up to it, those of the same point included.
    slope = np.cumsum(change)
    last = np.append(where[1:] > where[:-1] + _TINY, True)
    falling = np.flatnonzero(last & (slope <= stack.hours * (1 + _TINY)))
    return float(where[falling[0]])


def on_grid(stack: Stack, amount: float, step: float) -> float:
    """The best amount among the whole multiples of `step`: one of the two beside the best of all."""
    below = np.floor(amount / step + _TINY) * step
    return float(max((below, below + step), key=lambda each: (round(stack.saving(each), 9), -each)))


def spread(gains: Floats, seed: int) -> tuple[float, float]:
    """The 10th and 90th percentile of the mean of `gains` per hour, whole days or weeks of it drawn again and again.

    The same for the same seed: this generator's numbers are frozen.
    """
    block = HOURS_A_WEEK if len(gains) >= _WEEKS * HOURS_A_WEEK else HOURS_A_DAY
    count = len(gains) // block
    if count < 2:
        mean = float(gains.mean()) if len(gains) else 0.0
        return mean, mean
    means = gains[-count * block :].reshape(count, block).mean(axis=1)
    drawn = np.random.RandomState(seed).randint(0, count, (_DRAWS, count))
    low, high = np.percentile(means[drawn].mean(axis=1), [10, 90])
    return float(low), float(high)


def mean_ratio(now: Sequence[float] | Floats, committed: Sequence[float] | Floats) -> float | None:
    """What usage costs now over what it costs at the commitment's rate; None of no usage."""
    total = float(np.sum(committed))
    return float(np.sum(now)) / total if total > 0 else None
