"""What an estimate is made of: an interval, the emissions of a resource, a saving, and the unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from finops.errors import InvariantError

METHOD_VERSION = "2026.11-1"

Quality = Literal["measured", "proxy", "unknown"]
UtilisationSource = Literal["metric", "default"]

_BEST_FIRST: tuple[Quality, ...] = ("measured", "proxy", "unknown")


def worst(qualities: Iterable[Quality]) -> Quality:
    """An estimate is as good as its weakest coefficient."""
    return max(qualities, key=_BEST_FIRST.index)


@dataclass(frozen=True, slots=True)
class Interval:
    """A central figure and the ends between which the truth is thought to lie."""

    low: float
    central: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.central <= self.high:  # also refuses NaN
            raise InvariantError(f"Interval {self.low} ≤ {self.central} ≤ {self.high} is out of order.")

    @classmethod
    def exactly(cls, value: float) -> Interval:
        return cls(value, value, value)

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.central + other.central, self.high + other.high)

    def __mul__(self, other: Interval) -> Interval:
        """Product of two intervals that are not negative, low with low and high with high."""
        return Interval(self.low * other.low, self.central * other.central, self.high * other.high)

    def __sub__(self, other: Interval) -> Interval:
        """Difference of two figures with the same causes of error: low with low and high with high.

        The ends are put back in order, because the difference may shrink where both sides grow.
        """
        central = self.central - other.central
        ends = (self.low - other.low, central, self.high - other.high)
        return Interval(min(ends), central, max(ends))

    def scaled(self, factor: float) -> Interval:
        """Every end times a factor that is not negative."""
        return Interval(self.low * factor, self.central * factor, self.high * factor)


ZERO = Interval.exactly(0.0)


@dataclass(frozen=True, slots=True)
class Unknown:
    """No estimate can be given; the reason is one sentence. It is never the same as zero."""

    reason: str


@dataclass(frozen=True, slots=True)
class Emissions:
    """Energy and emissions of one resource over the hours asked for.

    Grams of the two kinds may be added up for display; embodied grams never turn into energy.
    """

    energy_wh: Interval
    operational_g: Interval
    embodied_g: Interval
    quality: Quality
    utilisation_source: UtilisationSource
    method_version: str
    grid_source: str
    grid_year: int
    grid_basis: str
    pue_source: str
    pue_year: int
    parts_wh: dict[str, float]
    """Central energy by part, PUE included: compute, memory, gpu, storage, network."""


@dataclass(frozen=True, slots=True)
class Saving:
    """Attributed, location-based reduction of an action: not an offset, and not a promise about the grid.

    ``saved_g`` is operational plus embodied grams. It is None where it cannot be estimated, and it is
    negative where the action emits more. ``reason`` says why it is None, or that only the price changes.
    """

    saved_g: Interval | None
    reason: str | None = None
    energy_wh: Interval | None = None
    operational_g: Interval | None = None
    embodied_g: Interval | None = None
    quality: Quality | None = None
    before: Emissions | None = None
    after: Emissions | None = None
