"""Daily costs made up: weekday pattern, growth, charges on the first of a month, noise; and what goes wrong in some.

One in five each has a spike (+60 % on one day), a step (+30 to +100 %), a creep (to +30 to +80 % over 15 to 40 days,
and stays), lost data (a day at a fifth or at nothing), and nothing.
"""

from dataclasses import dataclass

import numpy as np

from finops.control.arrays import Days, Floats, Ints, firsts, weekdays

KINDS = ("spike", "step", "creep", "lost", "none")


@dataclass(frozen=True, slots=True)
class Population:
    """Series as (series, days), which kind each is, and from which day to which something is wrong (-1 for none)."""

    days: Days
    cost: Floats
    kind: Ints
    start: Ints
    end: Ints
    height: Floats  # by how much steps and creeps rise


def population(
    seed: int,
    series: int = 300,
    length: int = 365,
    first_day: str = "2025-10-03",
    *,
    heavy_tails: bool = False,
) -> Population:
    """The same for the same seed. With heavy tails the noise has far days now and then (Student's t, 3 degrees)."""
    random = np.random.default_rng(seed)
    days = np.datetime64(first_day) + np.arange(length)
    cost = _ordinary(random, days, series, heavy_tails)
    kind = np.arange(series, dtype=np.int64) % len(KINDS)
    start = random.integers(120, length - 50, series)
    end = start.copy()
    height = np.zeros(series)
    for one in range(series):
        factor, last = _wrong(random, KINDS[kind[one]], int(start[one]), length)
        cost[one] *= factor
        end[one] = last
        height[one] = factor[-1] - 1
    start[kind == KINDS.index("none")] = -1
    return Population(days, cost, kind, start, end, height)


def _ordinary(random: np.random.Generator, days: Days, series: int, heavy_tails: bool) -> Floats:
    length = len(days)
    size = np.exp(random.normal(np.log(600), 0.8, series)).clip(120)
    weekend = np.where(weekdays(days) >= 5, 1.0, 0.0)
    dip = random.uniform(0, 0.5, series) * (random.random(series) < 0.7)
    pattern = 1 - dip[:, None] * weekend[None, :]
    pattern = pattern * np.exp(random.normal(0, 0.03, (series, 7)))[:, weekdays(days)]
    growth = np.exp(np.outer(random.normal(0.0003, 0.0006, series), np.arange(length)))
    noise = random.uniform(0.02, 0.10, series)
    drawn = random.standard_t(3, (series, length)) if heavy_tails else random.normal(0, 1, (series, length))
    shocks = drawn * noise[:, None]
    for day in range(1, length):  # what happened yesterday is felt today
        shocks[:, day] = 0.3 * shocks[:, day - 1] + np.sqrt(1 - 0.09) * shocks[:, day]
    cost = size[:, None] * pattern * growth * np.exp(shocks)
    charged = random.random(series) < 0.4
    fee = size * random.uniform(0.3, 3.0, series) * charged
    return np.asarray(cost + fee[:, None] * firsts(days)[None, :])


def _wrong(random: np.random.Generator, kind: str, start: int, length: int) -> tuple[Floats, int]:
    """What the costs of each day are multiplied by, and the last day that differs."""
    factor = np.ones(length)
    if kind == "spike":
        factor[start] = 1.6
        return factor, start
    if kind == "lost":
        factor[start] = random.choice([0.0, 0.2])
        return factor, start
    if kind == "step":
        factor[start:] = 1 + random.uniform(0.3, 1.0)
    elif kind == "creep":
        height, days = random.uniform(0.3, 0.8), int(random.integers(15, 41))
        factor[start:] = 1 + height * np.minimum(np.arange(1, length - start + 1) / days, 1)
    return factor, length - 1
