"""Which savings of carbon count: those of the findings that the money counts, each gram of a resource once.

Steps of a chain follow each other as they do for money: what runs fewer hours and then on a smaller size saves the
difference between before and after, not the sum of two differences. Of findings without a price, which money cannot
choose among, the one that saves the most carbon counts where nothing else touches the resource.
"""

from collections.abc import Mapping, Sequence

from finops.carbon import Running
from finops.emissions.footprints import Effect, Footprints
from finops.emissions.grams import Parts
from finops.errors import InvariantError
from finops.savings.actions import stage_of
from finops.savings.priced import Priced
from finops.verdicts import Key


def net_savings(priced: Sequence[Priced], footprints: Footprints) -> dict[str, Parts | None]:
    """What each finding adds to the total, by id; nothing for one that does not count, None where it is not known.

    Raises InvariantError when more of a resource would be saved than it emits, which would be a bug.
    """
    book = _Book(footprints)
    pending = [one for one in priced if one.verdict.exemption is None]
    for one in sorted(pending, key=lambda one: (stage_of(one.verdict), one.id)):
        if one.choice.counted:
            book.count(one)
    unpriced = [one for one in pending if one.left is None]
    for one in sorted(unpriced, key=lambda one: _best_first(one, footprints.effect(one))):
        book.count_alternative(one)
    book.check()
    return {one.id: book.net.get(one.id, Parts()) for one in priced}


def _best_first(one: Priced, alone: Effect) -> tuple[int, str]:
    whole = alone.whole
    return (0 if whole is None else -whole.total.central, one.id)


class _Book:
    """What has been counted so far, resource by resource."""

    def __init__(self, footprints: Footprints) -> None:
        self._footprints = footprints
        self._taken: dict[Key, Parts] = {}
        self._running: dict[Key, Running] = {}
        self._seen: set[Key] = set()
        self.net: dict[str, Parts | None] = {}

    def count(self, one: Priced) -> None:
        """Counts a finding on what those before it have left."""
        key = one.verdict.key
        effect = self._footprints.effect(one, self._running.get(key))
        self._seen.add(key)
        if effect.parts is None:
            self.net[one.id] = None
            return
        if effect.then is not None:
            self._running[key] = effect.then
        self.net[one.id] = sum((self._take(*part) for part in effect.parts.items()), Parts())

    def count_alternative(self, one: Priced) -> None:
        """Counts a finding without a price, unless something else was counted on its resource."""
        if one.verdict.key in self._seen:
            self.net.setdefault(one.id, Parts())
        else:
            self.count(one)

    def _take(self, key: Key, parts: Parts) -> Parts:
        before = self._taken.get(key)
        emitted = self._footprints.parts(key)
        if before is not None and emitted is not None:
            parts = parts.beside(before, emitted)
        self._taken[key] = parts if before is None else before + parts
        return parts

    def check(self) -> None:
        """Of no resource is more saved than it emits, low, central and high, operational and embodied."""
        check_saved(self._taken, {key: self._footprints.parts(key) for key in self._taken})


def check_saved(saved: Mapping[Key, Parts], emitted: Mapping[Key, Parts | None]) -> None:
    """Raises InvariantError, naming the resource, when one saves more than it emits."""
    for key, parts in saved.items():
        most = emitted[key] or Parts()
        if parts.exceeds(most):
            raise InvariantError(
                f"More carbon of {key.resource_id} would be saved ({parts}) than it emits ({most})."
            )


def check_total(saved: Parts | None, emitted: Parts | None) -> None:
    """Raises InvariantError when more is saved in all than the estate emits."""
    if saved is not None and saved.exceeds(emitted or Parts()):
        raise InvariantError(f"More carbon would be saved ({saved}) than the estate emits ({emitted}).")
