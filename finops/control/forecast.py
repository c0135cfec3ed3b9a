"""What a month will cost: what is settled so far, what the rest is expected to be, and a band by past errors.

The rest of a month is a robust level of the last weeks, the pattern of its weekdays, and a damped drift. The same
forecast is made from many days in the past for as many days ahead; how far those were off is the band. No random
numbers: the same days give the same band.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from finops.control.arrays import (
    Bools,
    Days,
    Floats,
    Ints,
    counted,
    firsts,
    median,
    quantile,
    spread,
    weekdays,
)

LEAST_DAYS = 60  # of history before a month is forecast
_TRIED_DAYS = 28  # of history before a forecast is tried again, to see how far off it was
_PATTERN_DAYS = 56  # that the pattern of a week is read off
_LEVEL_DAYS = 14
_NEW_DAYS = 5  # that tell a level that has just changed
_APART = 4.0  # standard deviations of a day by which a level has changed
_TREND_DAYS = 28
_TREND_BELIEVED = 0.5  # of the slope that the last weeks show
_DAMPING = 0.93  # of what a further day adds to the drift
_ORIGINS = 120  # days back from which the forecast is tried again
_STRIDE = 3  # days between two of these
_LEAST_ERRORS = 6
_BAND = (0.1, 0.9)  # four of five months end within
_WIDEN = 1.25  # past errors are of the same few weeks, so they vary less than months do
_NARROWEST = 0.01
_NEXT_TO_NOTHING = 0.02  # of the mean


@dataclass(frozen=True, slots=True)
class Ahead:
    """The expected sum of the days ahead, one per series, with a band; NaN where the history is too short."""

    expected: Floats
    low: Floats
    high: Floats
    history: Ints  # days known


def ahead(days: Days, cost: Floats, until: np.datetime64, *, start: np.datetime64 | None = None) -> Ahead:
    """The sum of the days after the last of `days`, and not before `start`, through `until`, that one included.

    `days` are consecutive and settled; `cost` is (series, days), NaN where it is not known.
    """
    return History(days, cost).ahead(until, start=start)


class History:
    """Days to forecast from, as `ahead` takes them, several times: what one in the past tells is read off once."""

    def __init__(self, days: Days, cost: Floats) -> None:
        self._days, self._cost = days, cost
        self._past: dict[int, tuple[Ints, _Told]] = {}

    def ahead(self, until: np.datetime64, *, start: np.datetime64 | None = None) -> Ahead:
        """The sum of the days after the last one, and not before `start`, through `until`, that one included."""
        history = counted(self._cost)
        begin = self._days[-1] + 1 if len(self._days) else until + 1
        coming = np.arange(max(begin, start) if start is not None else begin, until + 1)
        if not len(coming):
            nothing = np.zeros(len(self._cost))
            return Ahead(nothing, nothing, nothing, history)
        expected = _sum(self._now, coming)
        expected[history < LEAST_DAYS] = np.nan
        low, high = self._band(int((coming[0] - begin).astype(int)), len(coming))
        return Ahead(expected, expected - low * np.abs(expected), expected + high * np.abs(expected), history)

    @cached_property
    def _now(self) -> "_Told":
        return _told_by(self._days, self._cost)

    def _band(self, gap: int, length: int) -> tuple[Floats, Floats]:
        """How far below and above the expected sum of `length` days the band reaches, as shares of it.

        Tried again `gap` days ahead, as far as the coming days are from the last known one.
        """
        newest = len(self._days) - length - gap
        oldest = max(newest - _ORIGINS, _TRIED_DAYS)
        origins = [at for at in range(newest, oldest, -_STRIDE) if at >= _TRIED_DAYS]
        errors = np.full((len(self._cost), max(len(origins), 1)), np.nan)
        for place, origin in enumerate(origins):
            then = slice(origin + gap, origin + gap + length)
            known, tells = self._before(origin)
            told = _sum(tells, self._days[then])
            told[known < _TRIED_DAYS] = np.nan
            with np.errstate(divide="ignore", invalid="ignore"):
                errors[:, place] = (self._cost[:, then].sum(axis=1) - told) / np.abs(told)
        errors[~np.isfinite(errors)] = np.nan
        low, high = (_WIDEN * quantile(errors, share) for share in _BAND)
        few = counted(errors) < _LEAST_ERRORS
        rough = _rough(self._days, self._cost, length)
        low, high = np.where(few, -rough, low), np.where(few, rough, high)
        return np.maximum(-low, _NARROWEST), np.maximum(high, _NARROWEST)

    def _before(self, origin: int) -> tuple[Ints, "_Told"]:
        """How many days before this one are known, and what they tell."""
        if origin not in self._past:
            past = slice(max(origin - 2 * _ORIGINS, 0), origin)
            cost = self._cost[:, past]
            self._past[origin] = counted(cost), _told_by(self._days[past], cost)
        return self._past[origin]


@dataclass(frozen=True, slots=True)
class _Told:
    """What known days tell of those to come, by series: weekdays' shares, level and slope at the end, a first's fee."""

    pattern: Floats
    level: Floats
    slope: Floats
    fees: Floats


def _told_by(days: Days, cost: Floats) -> _Told:
    usual = np.where(firsts(days)[None, :], np.nan, cost)
    pattern = _pattern(days, usual)
    level, slope = _level(_flat(days, usual, pattern))
    return _Told(pattern, level, slope, _fees(days, cost, pattern, level))


def _sum(told: _Told, coming: Days) -> Floats:
    """The expected sum of coming days."""
    steps = np.arange(1, len(coming) + 1)
    drift = np.cumsum(_DAMPING**steps)
    daily = (told.level[:, None] + told.slope[:, None] * drift[None, :]) * told.pattern[:, weekdays(coming)]
    floor = np.minimum(told.level, 0)[:, None]  # a falling cost ends at nothing
    total = np.maximum(daily, floor).sum(axis=1)
    return np.asarray(total + told.fees * firsts(coming).sum())


def _pattern(days: Days, usual: Floats) -> Floats:
    """The share of each weekday (series, 7), 1 on average; 1 for all where the level is nothing or not known yet."""
    recent, weekday = usual[:, -_PATTERN_DAYS:], weekdays(days[-_PATTERN_DAYS:])
    each = np.stack([median(recent[:, weekday == one]) for one in range(7)], axis=1)
    whole = each.mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.maximum(each / whole[:, None], 0)
    return np.asarray(np.where((whole > 0)[:, None], shares, 1.0))


def _flat(days: Days, usual: Floats, pattern: Floats) -> Floats:
    """Costs without the pattern of the week; days that are next to nothing by it tell no level."""
    share = pattern[:, weekdays(days)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(share > _NEXT_TO_NOTHING, usual / share, np.nan))


def _level(flat: Floats) -> tuple[Floats, Floats]:
    """The level at the last day and what is believed of its slope a day, of costs without the pattern of the week."""
    weeks = _weeks(flat)
    late, known = median(flat[:, -_LEVEL_DAYS:]), flat[:, -_TREND_DAYS:]
    # A drift is what goes on from week to week; a step in one of them is none.
    slope = np.nan_to_num(median(np.diff(weeks, axis=1)) / 7) * _TREND_BELIEVED
    limit = 0.01 * np.abs(late)  # one per cent a day
    slope = np.clip(slope, -limit, limit)
    level = late + slope * _LEVEL_DAYS / 2
    changed = _changed(flat)
    level = np.where(changed, median(flat[:, -_NEW_DAYS:]), level)
    # What costs something on a few days only has a median of nothing: its mean tells more.
    mean = np.nansum(known, axis=1) / np.maximum(counted(known), 1)
    seldom = level < _NEXT_TO_NOTHING * mean
    return np.where(seldom, mean, level), np.where(seldom | changed, 0.0, slope)


def _weeks(flat: Floats) -> Floats:
    """The medians of the last four weeks, the oldest first."""
    count = _TREND_DAYS // 7
    padded = np.concatenate([np.full((len(flat), _TREND_DAYS), np.nan), flat], axis=1)[:, -_TREND_DAYS:]
    return np.stack([median(padded[:, 7 * one : 7 * one + 7]) for one in range(count)], axis=1)


def _changed(flat: Floats) -> Bools:
    """Whether the last days lie on another level than the weeks before them."""
    before = median(flat[:, -_TREND_DAYS:-_LEVEL_DAYS])
    _, noise = spread(flat[:, -_TREND_DAYS - _PATTERN_DAYS : -_LEVEL_DAYS])
    apart = np.abs(median(flat[:, -_NEW_DAYS:]) - before)
    return np.asarray(apart > np.maximum(_APART * noise, 0.1 * np.abs(before)))


def _fees(days: Days, cost: Floats, pattern: Floats, level: Floats) -> Floats:
    """What a first of a month costs beyond its weekday; 0 where none is known."""
    first = np.flatnonzero(firsts(days))[-6:]
    if not len(first):
        return np.zeros(len(cost))
    local = np.stack([median(cost[:, max(at - 7, 0) : at + 8]) for at in first], axis=1)
    beyond = cost[:, first] - local * pattern[:, weekdays(days[first])]
    fee = np.nan_to_num(median(beyond))
    return np.where(np.abs(fee) > 0.1 * np.abs(level), fee, 0.0)


def _rough(days: Days, cost: Floats, length: int) -> Floats:
    """A band for a history too short to try forecasts on: by the noise of days, and of the level they tell."""
    usual = np.where(firsts(days)[None, :], np.nan, cost)
    flat = _flat(days, usual, _pattern(days, usual))
    centre = median(flat)
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = 1.4826 * median(np.abs(flat - centre[:, None])) / np.abs(centre)
    noise[~np.isfinite(noise)] = 1.0
    return np.asarray(1.2816 * noise * np.sqrt(1 / length + 0.35))
