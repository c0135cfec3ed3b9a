"""How often alarms are wrong, what they miss, and how often forecasts hold, on made-up daily costs.

Ours beside the run rules of Western Electric and a fixed threshold of 50 % over the same weekday's median, on the same
series. Run it with `python -m tests.benchmarks.bench_control`, or with several seeds behind it. It ends with 1 unless
there is at most one false alarm per series and year, at least 90 % of the steps and creeping drifts of 30 % and more
are told, and 75 to 88 % of the months end within their band. The limits were chosen on other seeds (101 to 103).
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import numpy as np

from finops.control import Limits, observe
from finops.control.arrays import Bools, Floats, firsts, median, spread
from finops.control.forecast import ahead
from finops.control.limits import WARM_UP
from tests.benchmarks.daily_costs import KINDS, Population, population

SEEDS = (1, 2, 3, 4, 5)
MONTHS = ("2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09")
SETTLED = (3, 10, 17, 24)  # days of a month that are known when it is forecast
FALSE_A_YEAR, RECALL, COVERAGE = 1.0, 0.90, (0.75, 0.88)
_SUDDEN = ("spike", "lost")
_SMALL = 0.5
_IN_TIME = 45  # days in which a step or a creep must be told
_FROM = WARM_UP + 7  # first day that all detectors judge


@dataclass(frozen=True, slots=True)
class Score:
    """Of one detector: share told and median days until then by kind, and false alarms per series and year."""

    recall: dict[str, float]
    delay: dict[str, float]
    false_a_year: float
    small: float = np.nan  # share told of steps and creeps of 30 to 50 %

    def lasting(self) -> float:
        """The share of steps and creeps that was told: as many of both are made."""
        return (self.recall["step"] + self.recall["creep"]) / 2


@dataclass(frozen=True, slots=True)
class Alarms:
    """Of each series and day: whether something is told, and whether the day is outside, told before or not."""

    told: Bools
    outside: Bools


def ours(told: Population) -> Alarms:
    """What finops tells."""
    alarm = observe(told.days, told.cost, Limits()).alarm != 0
    return Alarms(alarm, alarm)


def western_electric(told: Population) -> Alarms:
    """Rules 1 to 4 on the same residuals."""
    z = _residuals(told)
    found = np.zeros(z.shape, dtype=bool)
    for t in range(_FROM, z.shape[1]):
        for many, of, limit in ((1, 1, 3.0), (2, 3, 2.0), (4, 5, 1.0), (8, 8, 0.0)):
            window = z[:, t - of + 1 : t + 1]
            for sign in (1, -1):
                found[(window * sign > limit).sum(axis=1) >= many, t] = True
    return _first_of_runs(found)


def fixed_threshold(told: Population, *, firsts_too: bool = True) -> Alarms:
    """A day that is half as dear again as the median of its weekday, or half of it."""
    residual = _logs(told, firsts_too=firsts_too)
    found = (residual > np.log(1.5)) | (residual < np.log(0.5))
    found[:, :_FROM] = False
    return _first_of_runs(found)


def _logs(told: Population, *, firsts_too: bool = False) -> Floats:
    """Residuals of the logarithm; 0 on firsts of a month, which the other methods know nothing of."""
    y = np.log(np.maximum(told.cost, 0.01))
    residual = np.zeros_like(y)
    for t in range(_FROM - 7, y.shape[1]):
        residual[:, t] = y[:, t] - median(y[:, max(t - 56, t % 7) : t : 7])
    if not firsts_too:
        residual[:, firsts(told.days)] = 0.0
    return residual


def _residuals(told: Population) -> Floats:
    residual = _logs(told)
    z = np.zeros_like(residual)
    for t in range(_FROM, residual.shape[1]):
        _, sigma = spread(residual[:, max(t - 42, 0) : t])
        z[:, t] = residual[:, t] / np.maximum(sigma, 0.01)
    return z


def _first_of_runs(found: Bools) -> Alarms:
    """An alarm is told once until three days are quiet."""
    quiet = np.full(len(found), 3)
    first = np.zeros_like(found)
    for t in range(found.shape[1]):
        here = found[:, t]
        first[:, t] = here & (quiet >= 3)
        quiet = np.where(here, 0, quiet + 1)
    return Alarms(first, found)


def score(told: Population, alarms: Alarms) -> Score:
    """What of the made-up trouble was told, and what was told without any."""
    length, false, years = len(told.days), 0, 0.0
    hits: dict[str, list[int]] = {kind: [] for kind in KINDS}
    made, small = dict.fromkeys(KINDS, 0), [0, 0]
    for one in range(len(told.cost)):
        kind, start = KINDS[told.kind[one]], int(told.start[one])
        days = np.flatnonzero(alarms.told[one])
        days = days[days >= _FROM]
        calm_until = start if start >= 0 else length
        false += int((days < calm_until).sum())
        years += (calm_until - _FROM) / 365
        if start < 0:
            continue
        if kind in _SUDDEN:  # afterwards all is as before
            false += int((days > start + 1).sum())
            years += (length - start - 1) / 365
        made[kind] += 1
        here = np.flatnonzero(alarms.outside[one, start : start + (1 if kind in _SUDDEN else _IN_TIME + 1)])
        hits[kind] += [int(here[0])] if len(here) else []
        if kind not in _SUDDEN and told.height[one] < _SMALL:
            small[0], small[1] = small[0] + bool(len(here)), small[1] + 1
    recall = {kind: len(hits[kind]) / made[kind] for kind in KINDS if made[kind]}
    delay = {kind: float(np.median(hits[kind])) if hits[kind] else np.nan for kind in recall}
    return Score(recall, delay, false / years, small[0] / max(small[1], 1))


def coverage(
    told: Population, months: Sequence[str] = MONTHS, settled: Sequence[int] = SETTLED
) -> dict[int, tuple[float, float]]:
    """By days settled: the share of months that ended within their band, and the median error in the month's total."""
    within: dict[int, list[float]] = {days: [] for days in settled}
    errors: dict[int, list[float]] = {days: [] for days in settled}
    for name in months:
        begin = np.datetime64(name, "D")
        end = (np.datetime64(name, "M") + 1).astype("datetime64[D]") - 1
        first, last = (int((day - told.days[0]).astype(int)) for day in (begin, end))
        for days in settled:
            known = first + days
            rest = ahead(told.days[:known], told.cost[:, :known], end)
            actual = told.cost[:, known : last + 1].sum(axis=1)
            within[days] += list((actual >= rest.low) & (actual <= rest.high))
            errors[days] += list(np.abs(actual - rest.expected) / told.cost[:, first : last + 1].sum(axis=1))
    return {days: (float(np.mean(within[days])), float(np.median(errors[days]))) for days in settled}


def mean_of(scores: Sequence[Score]) -> Score:
    """The mean over seeds."""
    kinds = list(scores[0].recall)
    return Score(
        {kind: float(np.mean([one.recall[kind] for one in scores])) for kind in kinds},
        {kind: float(np.nanmedian([one.delay[kind] for one in scores])) for kind in kinds},
        float(np.mean([one.false_a_year for one in scores])),
        float(np.mean([one.small for one in scores])),
    )


_OTHERS: dict[str, Callable[[Population], Alarms]] = {
    "Western Electric": western_electric,
    "fixed 50 %": fixed_threshold,
    "  but on firsts": partial(fixed_threshold, firsts_too=False),
}


def main(seeds: Sequence[int]) -> int:
    """Prints the tables; 0 when everything holds."""
    worlds = [population(seed) for seed in seeds]
    began = perf_counter()
    observed = [ours(world) for world in worlds]
    seconds = (perf_counter() - began) / len(worlds)
    scores = {"ours": mean_of([score(world, alarms) for world, alarms in zip(worlds, observed, strict=True)])}
    scores |= {
        name: mean_of([score(world, method(world)) for world in worlds]) for name, method in _OTHERS.items()
    }
    tails = [population(seed, heavy_tails=True) for seed in seeds[:2]]
    rough = {
        name: mean_of([score(world, method(world)) for world in tails]).false_a_year
        for name, method in {"ours": ours, **_OTHERS}.items()
    }
    count, length = worlds[0].cost.shape
    months = int(firsts(worlds[0].days).sum())
    print(
        f"control: {len(seeds)} populations of {count} series x {length} days ({months} firsts), {seconds:.2f} s each"
    )
    print(
        f"{'':18}"
        + "".join(f"{kind:>12}" for kind in scores["ours"].recall)
        + f"{'small ones':>12}{'false/year':>12}{'heavy tails':>12}"
    )
    for name, one in scores.items():
        cells = [f"{one.recall[kind]:.0%} d{one.delay[kind]:.0f}" for kind in one.recall]
        print(
            f"{name:18}" + "".join(f"{cell:>12}" for cell in cells)
            + f"{one.small:>12.0%}{one.false_a_year:>12.2f}{rough[name]:>12.2f}"
        )  # fmt: skip
    covered = [coverage(world) for world in worlds]
    by_days = {days: float(np.mean([one[days][0] for one in covered])) for days in SETTLED}
    error = {days: float(np.mean([one[days][1] for one in covered])) for days in SETTLED}
    told = ", ".join(
        f"{share:.0%} (error {error[days]:.1%}) after {days} days" for days, share in by_days.items()
    )
    whole = float(np.mean(list(by_days.values())))
    print(f"forecast: {whole:.1%} of months end within the 80 % band: {told}")
    return _verdict(scores["ours"], whole)


def _verdict(one: Score, covered: float) -> int:
    failed = [
        told
        for told, bad in (
            (f"{one.false_a_year:.2f} false alarms a series and year, over {FALSE_A_YEAR}", one.false_a_year > FALSE_A_YEAR),
            (f"{one.lasting():.0%} of steps and creeps told, under {RECALL:.0%}", one.lasting() < RECALL),
            (f"{covered:.1%} of months in the band, not {COVERAGE[0]:.0%} to {COVERAGE[1]:.0%}",
             not COVERAGE[0] <= covered <= COVERAGE[1]),
        )
        if bad
    ]  # fmt: skip
    for told in failed:
        print(f"FAILED: {told}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main([int(one) for one in sys.argv[1:]] or SEEDS))
