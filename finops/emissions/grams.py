"""Emissions as whole grams: each figure is rounded once, so that parts sum up to their totals exactly."""

from __future__ import annotations

from dataclasses import dataclass

from finops.carbon import Emissions, Interval


@dataclass(frozen=True, slots=True)
class Grams:
    """Low, central and high, in whole grams CO2e; negative where an action emits more."""

    low: int = 0
    central: int = 0
    high: int = 0

    @classmethod
    def of(cls, interval: Interval) -> Grams:
        return cls(round(interval.low), round(interval.central), round(interval.high))

    def __add__(self, other: Grams) -> Grams:
        return Grams(self.low + other.low, self.central + other.central, self.high + other.high)

    def __sub__(self, other: Grams) -> Grams:
        """End by end; what is left of the ends is put back in order."""
        central = self.central - other.central
        ends = (self.low - other.low, central, self.high - other.high)
        return Grams(min(ends), central, max(ends))

    def share(self, part: float) -> Grams:
        """A part of it, in whole grams again."""
        return Grams(round(self.low * part), round(self.central * part), round(self.high * part))

    def beside(self, taken: Grams, most: Grams) -> Grams:
        """As much of it as fits beside what is taken: no end of the two together lies above that of `most`."""
        high = min(self.high, most.high - taken.high)
        central = min(self.central, most.central - taken.central, high)
        return Grams(min(self.low, most.low - taken.low, central), central, high)

    def exceeds(self, other: Grams) -> bool:
        """Whether any end lies above."""
        return self.low > other.low or self.central > other.central or self.high > other.high


@dataclass(frozen=True, slots=True)
class Parts:
    """Operational and embodied grams apart."""

    operational: Grams = Grams()
    embodied: Grams = Grams()

    @classmethod
    def of(cls, emissions: Emissions) -> Parts:
        return cls(Grams.of(emissions.operational_g), Grams.of(emissions.embodied_g))

    @property
    def total(self) -> Grams:
        return self.operational + self.embodied

    def __add__(self, other: Parts) -> Parts:
        return Parts(self.operational + other.operational, self.embodied + other.embodied)

    def __sub__(self, other: Parts) -> Parts:
        return Parts(self.operational - other.operational, self.embodied - other.embodied)

    def share(self, part: float) -> Parts:
        return Parts(self.operational.share(part), self.embodied.share(part))

    def beside(self, taken: Parts, most: Parts) -> Parts:
        return Parts(
            self.operational.beside(taken.operational, most.operational),
            self.embodied.beside(taken.embodied, most.embodied),
        )

    def exceeds(self, other: Parts) -> bool:
        return self.operational.exceeds(other.operational) or self.embodied.exceeds(other.embodied)


def spread(name: str, parts: Parts | None) -> dict[str, float | None]:
    """Kilograms under the keys of the model: NAME_low_kg, NAME_kg, NAME_high_kg, and the same of each part."""
    kinds = {"": None, "_operational": None, "_embodied": None}
    spans = (
        kinds
        if parts is None
        else dict(zip(kinds, (parts.total, parts.operational, parts.embodied), strict=True))
    )
    return {
        f"{name}{kind}{end}_kg": None if span is None else getattr(span, which) / 1000
        for kind, span in spans.items()
        for end, which in (("_low", "low"), ("", "central"), ("_high", "high"))
    }
