"""How loads look over months: each function returns a shape, which draws one series on a grid of instants."""

from datetime import UTC, datetime

import numpy as np

from tests.servers.series import DAY, Floats, Grid, Shape

Random = np.random.Generator


# Normal numbers, drawn once: a series takes its noise from a place of its own in here, which is many times faster.
POOL = np.random.Generator(np.random.SFC64(0)).standard_normal(1_500_000)


def noise(rng: Random, grid: Grid, spread: float) -> Floats:
    begin = int(rng.integers(0, len(POOL) - len(grid.times)))
    return np.asarray(POOL[begin : begin + len(grid.times)] * spread, dtype=np.float64)


def flat(level: float, spread: float, low: float = 0.0, high: float = 100.0) -> Shape:
    """Always about the same."""
    return lambda rng, grid: np.clip(level + noise(rng, grid, spread), low, high)


def daily(low: float, high: float, spread: float, most: float = 100.0) -> Shape:
    """Low at night, high in office hours."""
    return lambda rng, grid: np.clip(low + (high - low) * grid.office + noise(rng, grid, spread), 0.05, most)


def quiet(most: float) -> Shape:
    """Practically nothing: a little more than nothing with small bumps, never above `most`."""

    def draw(rng: Random, grid: Grid) -> Floats:
        return np.clip(most * (0.25 + np.abs(noise(rng, grid, 0.12))), most * 0.05, most)

    return draw


def spike(base: Shape, level: float, minutes: int) -> Shape:
    """Some minutes of work each day, at an hour that the series chooses for itself."""

    def draw(rng: Random, grid: Grid) -> Floats:
        begin = int(rng.integers(0, (DAY - minutes * 60) // 300)) * 300
        values = base(rng, grid)
        second = grid.times % DAY
        working = (second >= begin) & (second < begin + minutes * 60)
        values[working] = level + noise(rng, grid, 1.5)[working]
        return np.minimum(values, 100.0) if level <= 100 else values

    return draw


def month_end(base: Shape, level: float) -> Shape:
    """20 hours of work on the last day of each month."""
    return lambda rng, grid: worked(
        rng, grid, base(rng, grid), month_ends(grid, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)), level
    )


def quarter_end(base: Shape, level: float) -> Shape:
    """20 hours of work on the last day of each quarter."""
    return lambda rng, grid: worked(rng, grid, base(rng, grid), month_ends(grid, (3, 6, 9, 12)), level)


def month_ends(grid: Grid, months: tuple[int, ...]) -> list[int]:
    """The last days of these months on the grid, as days since 1970."""
    days = range(int(grid.times[0]) // DAY, int(grid.times[-1]) // DAY + 1)
    dates = {day: datetime.fromtimestamp(day * DAY, UTC) for day in (*days, days[-1] + 1)}
    return [day for day in days if dates[day + 1].day == 1 and dates[day].month in months]


def worked(rng: Random, grid: Grid, values: Floats, days: list[int], level: float) -> Floats:
    working = np.isin(grid.day, days) & (grid.hour >= 2) & (grid.hour < 22)
    values[working] = np.minimum(level + noise(rng, grid, 3)[working], 100.0)
    return values


def weekly(per_second: float, weekday: int = 6, hour: int = 2, hours: int = 2) -> Shape:
    """Operations of a backup once a week, per 5-minute sample; nothing in between."""

    def draw(rng: Random, grid: Grid) -> Floats:
        working = (grid.weekday == weekday) & (grid.hour >= hour) & (grid.hour < hour + hours)
        return np.where(working, per_second * grid.step * (1 + noise(rng, grid, 0.05)), 0.0)

    return draw


def rate(per_second: float, spread: float = 0.2) -> Shape:
    """A sum per sample of something that goes on at this rate, more in office hours."""

    def draw(rng: Random, grid: Grid) -> Floats:
        return np.maximum(
            per_second * grid.step * (0.6 + 0.8 * grid.office) * (1 + noise(rng, grid, spread)), 0.0
        ).round()

    return draw


def rare(per_sample: float) -> Shape:
    """A few single events."""
    return lambda rng, grid: rng.poisson(per_sample, len(grid.times)).astype(np.float64)


def zero() -> Shape:
    return lambda rng, grid: np.zeros(len(grid.times))


def scaled(shape: Shape, factor: float) -> Shape:
    return lambda rng, grid: shape(rng, grid) * factor


def gappy(shape: Shape, missing: float) -> Shape:
    """Some samples never arrived."""

    def draw(rng: Random, grid: Grid) -> Floats:
        values = shape(rng, grid)
        values[rng.random(len(values)) < missing] = np.nan
        return values

    return draw
