"""Control limits of daily figures, for many series at once, each judged by its own past only.

The logarithm of a day is compared with the median of the same weekday over eight weeks; firsts of a month with earlier
firsts. The noise of a series is the robust spread of its last 42 residuals. A day alarms by itself beyond `sigmas`
standard deviations, a drift by an exponentially weighted mean (EWMA) of clipped residuals beyond its limit; both only
beyond the floors in money and per cent. After an alarm the baseline stands still for 14 days. A level that lasts
becomes the baseline then, so that the next change is seen, and the old one is kept beside it to tell for how long
the cost stays away from it.
"""

from dataclasses import dataclass, field

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

WEEKS = 8  # of the same weekday that a baseline is the median of
WARM_UP = 7 * WEEKS  # days known before the first verdict
RESIDUALS = 42  # days whose residuals tell the noise
FREEZE = 14  # days after an alarm that the baseline stands still
FOLLOWED = 7 * WEEKS  # days that a new level is told against the old one
_LEAST_SIGMA = 0.01  # a noise below 1 % is not believed
_CLIP = 4.0  # standard deviations a day may weigh in the EWMA
_FIRSTS = 6  # earlier firsts of a month
_LEAST_RESIDUALS = 14
_A_LITTLE = 1.0  # and after an alarm of a drift
_STILL_OUT = 3.0  # standard deviations that a day after an alarm counts as outside
_GROWTH = 0.05  # steady growth that the residuals may be centred by
_TAIL, _TAIL_SIGMAS = 0.95, 1.96  # 19 of 20 days of a normal distribution lie within
_JUMPY = 4.0  # times wider than the middle: the series jumps about
_MEDIAN_NOISE = 1.57  # variance of a median of n values is this / n of theirs
_TO_LAST = 3  # of the last five days of the freeze outside: the level has changed


@dataclass(frozen=True, slots=True)
class Limits:
    """When a figure has left its limits. `money_floor` is in the unit of the figures, a day; `share_floor` a ratio."""

    sigmas: float = 5.0
    weight: float = 0.2  # lambda of the EWMA
    drift: float = 5.0  # L of the EWMA
    money_floor: float = 25.0
    share_floor: float = 0.08

    @property
    def offset(self) -> float:
        """What is added before the logarithm, so that nothing and next to nothing have one."""
        return max(self.money_floor / 100, 0.01)


@dataclass(slots=True)
class Watched:
    """What was found of each series and day, as arrays of (series, days); NaN and False where not evaluated."""

    days: Days
    cost: Floats
    expected: Floats  # by the baseline of before an alarm as long as one is followed
    low: Floats
    high: Floats
    score: Floats  # standard deviations
    alarm: Ints  # 0, 1 above by itself, 2 above by drift, -1 and -2 below
    since: Ints  # at an alarm: the index its deviation began
    outside: Ints  # 0, or the index of the alarm that the day belongs to, plus one
    evaluated: Bools


@dataclass(slots=True)
class _State:
    """What is carried from day to day. `entered` says which days baselines may use, `heard` which tell the noise."""

    y: Floats
    entered: Bools
    heard: Bools
    residual: Floats
    fee: Floats  # of firsts: what they cost beyond their weekday
    ewma: Floats
    since: Ints
    alarm: Ints  # index of the alarm followed, -1 for none
    sign: Ints
    shifted: Bools
    before: Floats  # the level before the alarm, by weekday, as logarithm
    sigma_then: Floats
    kept: dict[int, Bools] = field(default_factory=dict)  # `entered` before a level was taken over


def observe(days: Days, cost: Floats, limits: Limits, *, quiet: Bools | None = None) -> Watched:
    """Judges each day of each series by the days before it.

    `days` are consecutive; `cost` is (series, days), NaN where it is not known: before a bill begins, or provisional.
    `quiet` marks days of announced events: no verdict, and in no baseline.
    """
    count, length = cost.shape
    known = ~np.isnan(cost)
    quiet = np.zeros_like(known) if quiet is None else quiet
    first, weekday = firsts(days), weekdays(days)
    with np.errstate(invalid="ignore"):
        y = np.log(np.maximum(cost, 0) + limits.offset)
    state = _State(
        y=y,
        entered=known & ~quiet & ~first[None, :],
        heard=known & ~quiet & ~first[None, :],
        residual=np.full(cost.shape, np.nan),
        fee=np.full(cost.shape, np.nan),
        ewma=np.zeros(count),
        since=np.zeros(count, dtype=np.int64),
        alarm=np.full(count, -1, dtype=np.int64),
        sign=np.zeros(count, dtype=np.int64),
        shifted=np.zeros(count, dtype=bool),
        before=np.full((count, 7), np.nan),
        sigma_then=np.full(count, np.nan),
    )
    found = _empty(days, cost)
    seen = np.cumsum(known, axis=1)
    for t in range(7, length):
        _day(state, found, limits, t, int(weekday[t]), bool(first[t]), seen[:, t - 1] >= WARM_UP, quiet[:, t])
    return found


def _empty(days: Days, cost: Floats) -> Watched:
    def unknown() -> Floats:
        return np.full(cost.shape, np.nan)

    def nothing() -> Ints:
        return np.zeros(cost.shape, dtype=np.int64)

    never = np.zeros(cost.shape, dtype=bool)
    return Watched(
        days, cost, unknown(), unknown(), unknown(), unknown(), nothing(), nothing(), nothing(), never
    )


def _day(
    state: _State,
    found: Watched,
    limits: Limits,
    t: int,
    weekday: int,
    first: bool,
    warm: Bools,
    quiet: Bools,
) -> None:
    cost, offset = found.cost[:, t], limits.offset
    base, values = _baseline(state, t)
    level = np.exp(base) - offset
    centre, sigma, steady = _noise(state, t, values)
    expected = np.maximum(np.exp(base + centre) - offset, 0)
    if first:
        known_fees = state.fee[:, :t][:, np.flatnonzero(firsts(found.days[:t]))[-_FIRSTS:]]
        expected = np.maximum(expected + median(known_fees), 0)
        state.fee[:, t] = np.where(quiet, np.nan, cost - level)
    at = np.log(expected + offset)
    with np.errstate(invalid="ignore"):
        residual = state.y[:, t] - at
        z = residual / sigma
        judged = warm & ~quiet & ~np.isnan(z)
        beyond = _beyond(cost - expected, expected, limits)
    if not first:
        state.residual[:, t] = np.where(quiet, np.nan, state.y[:, t] - base)
    _smooth(state, z * sigma / steady, judged, limits, t)
    _write(found, t, judged, expected, z, np.exp(at - limits.sigmas * sigma) - offset,
           np.exp(at + limits.sigmas * sigma) - offset)  # fmt: skip
    # What leaves its limits on the other side meanwhile is another event: a lost day must not hide a doubled cost.
    with np.errstate(invalid="ignore"):
        free = (state.alarm < 0) | state.shifted | (np.sign(z) == -state.sign)
    _raise(state, found, limits, t, z, judged & beyond & free, sigma)
    _follow(state, found, limits, t, weekday, z, judged & beyond, first)


def _baseline(state: _State, t: int) -> tuple[Floats, Ints]:
    """Median of the same weekday over eight weeks, as logarithm, and of how many days it is; NaN below two."""
    same = np.arange(t - 7, max(t - 7 * WEEKS - 1, -1), -7)
    values = np.where(state.entered[:, same], state.y[:, same], np.nan)
    known = counted(values)
    return np.where(known >= 2, median(values), np.nan), known


def _noise(state: _State, t: int, values: Ints) -> tuple[Floats, Floats, Floats]:
    """Where the residuals lie, and how far they spread for a day and for a drift; NaN where there are too few of them.

    For a day also the tails count: what jumps three times in six weeks does so by habit. A drift weighs days no more
    than the clip allows, so the middle of the residuals tells its noise, unless they hardly have one.
    """
    start = max(t - RESIDUALS, 0)
    past = np.where(state.heard[:, start:t], state.residual[:, start:t], np.nan)
    centre, sigma = spread(past)
    wide = quantile(np.abs(past - centre[:, None]), _TAIL) / _TAIL_SIGMAS  # of what jumps about now and then
    sigma = np.where(counted(past) >= _LEAST_RESIDUALS, sigma, np.nan)
    wide = np.maximum(sigma, wide)
    steady = np.where(wide > _JUMPY * sigma, wide, sigma)
    few = np.sqrt((1 + _MEDIAN_NOISE / np.maximum(values, 1)) / (1 + _MEDIAN_NOISE / WEEKS))
    sigma, steady = (np.maximum(one, _LEAST_SIGMA) * few for one in (wide, steady))
    return np.clip(centre, -_GROWTH, _GROWTH), sigma, steady


def _beyond(excess: Floats, expected: Floats, limits: Limits) -> Bools:
    size = np.abs(excess)
    return np.asarray((size > limits.money_floor) & (size > limits.share_floor * expected))


def _smooth(state: _State, z: Floats, judged: Bools, limits: Limits, t: int) -> None:
    """The EWMA, and since when it leans to one side."""
    weight = limits.weight
    following = (state.alarm >= 0) & ~state.shifted
    moved = (1 - weight) * state.ewma + weight * np.clip(np.nan_to_num(z), -_CLIP, _CLIP)
    state.ewma = np.where(judged & ~following, moved, np.where(following, 0.0, state.ewma))
    leaning = np.abs(state.ewma) > _drift_limit(limits) / 3
    state.since = np.where(leaning, np.minimum(state.since, t), t + 1)


def _drift_limit(limits: Limits) -> float:
    return limits.drift * float(np.sqrt(limits.weight / (2 - limits.weight)))


def _write(
    found: Watched, t: int, judged: Bools, expected: Floats, z: Floats, low: Floats, high: Floats
) -> None:
    found.evaluated[:, t] = judged
    found.expected[:, t] = expected
    found.score[:, t] = np.where(judged, z, np.nan)
    found.low[:, t] = np.maximum(low, 0)
    found.high[:, t] = high


def _raise(
    state: _State, found: Watched, limits: Limits, t: int, z: Floats, beyond: Bools, sigma: Floats
) -> None:
    """New alarms. Of `beyond` are series only that follow none, or on the other side, or whose level has changed."""
    with np.errstate(invalid="ignore"):
        alone = np.abs(z) > limits.sigmas
        drifting = (np.abs(state.ewma) > _drift_limit(limits)) & (np.sign(state.ewma) == np.sign(z))
    for one in np.flatnonzero(beyond & (alone | drifting)):
        sign = int(np.sign(z[one]))
        if state.shifted[one] and _back(state, found, int(one), t):
            continue
        found.alarm[one, t] = sign if alone[one] else 2 * sign
        found.since[one, t] = t if alone[one] else min(int(state.since[one]), t)
        found.outside[one, t] = t + 1
        state.alarm[one], state.sign[one], state.shifted[one] = t, sign, False
        state.sigma_then[one] = sigma[one]
        state.entered[one, t] = state.heard[one, t] = False
        state.kept.pop(int(one), None)


def _back(state: _State, found: Watched, one: int, t: int) -> bool:
    """Whether a series whose level had changed is where it was before: then its old baseline holds again."""
    old = state.before[one, int(weekdays(found.days[t : t + 1])[0])]
    if np.isnan(old) or abs(state.y[one, t] - old) > max(_STILL_OUT * state.sigma_then[one], 0.08):
        return False
    start = int(state.alarm[one])
    entered = state.kept.pop(one)
    state.entered[one, :start] = entered[:start]
    state.entered[one, start:t] = False
    state.entered[one, t] = True
    state.alarm[one], state.shifted[one], state.ewma[one] = -1, False, 0.0
    return True


def _follow(
    state: _State, found: Watched, limits: Limits, t: int, weekday: int, z: Floats, beyond: Bools, first: bool
) -> None:
    """Days after an alarm: outside or not; and what becomes of the baseline when the freeze ends."""
    for one in np.flatnonzero(state.alarm >= 0):
        start, sign = int(state.alarm[one]), int(state.sign[one])
        if state.shifted[one]:
            _against_the_old(state, found, limits, int(one), t, weekday)
            if t - start > FOLLOWED:
                state.alarm[one], state.shifted[one] = -1, False
                state.kept.pop(int(one), None)
            continue
        drifting = abs(int(found.alarm[one, start])) == 2  # each day of a drift is but a little outside
        out = z[one] * sign > (_A_LITTLE if drifting else _STILL_OUT) and (drifting or bool(beyond[one]))
        if out:
            found.outside[one, t] = start + 1
        if not first and not np.isnan(found.expected[one, t]):
            state.before[one, weekday] = np.log(found.expected[one, t] + limits.offset)
        if t - start < FREEZE:
            state.entered[one, t] = state.heard[one, t] = False
        else:
            _thaw(state, found, int(one), t)


def _against_the_old(state: _State, found: Watched, limits: Limits, one: int, t: int, weekday: int) -> None:
    """A day of a changed level, told against the level before."""
    old = float(np.exp(state.before[one, weekday]) - limits.offset)
    excess = float(found.cost[one, t]) - old
    if np.isnan(excess) or excess * state.sign[one] <= max(limits.money_floor, limits.share_floor * old):
        return
    width = limits.sigmas * float(state.sigma_then[one])
    found.expected[one, t] = max(old, 0.0)
    found.low[one, t] = max(old * float(np.exp(-width)), 0.0)
    found.high[one, t] = old * float(np.exp(width))
    found.outside[one, t] = int(state.alarm[one]) + 1


def _thaw(state: _State, found: Watched, one: int, t: int) -> None:
    """The end of the freeze: a level that lasted is the baseline now, else the days inside enter it."""
    start = int(state.alarm[one])
    window = slice(start, t + 1)
    usable = ~np.isnan(state.y[one, window]) & ~firsts(found.days[window])
    inside = found.outside[one, window] == 0
    state.ewma[one] = 0.0
    if int((~inside[-5:]).sum()) >= _TO_LAST:
        state.kept[one] = state.entered[one].copy()
        state.entered[one, :start] = False
        state.entered[one, window] = usable
        state.heard[one, window] = False  # by the old level, and far from it
        state.shifted[one] = True
        return
    state.entered[one, window] = usable & inside
    state.heard[one, window] = usable  # a series that jumps now and then is noisy, and no alarm each time
    state.alarm[one] = -1
