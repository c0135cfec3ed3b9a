"""Commitments that are held already: what they cover, and what they could cover once actions free them.

What a commitment covers elsewhere is measured by what the usage would cost on demand at public prices: the same
commitment that covered a machine of 100 USD covers another of 100 USD. A pool is inferred from what a commitment does
cover: reservations reach their family and system, savings plans the family where they cover one family only and
everything of the payer otherwise, so that never too much is taken for absorbed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from finops.commitments.instruments import MEMORY, Series, family
from finops.commitments.sizing import Floats
from finops.commitments.usage import Baseline, Held, Hours


@dataclass(frozen=True, slots=True)
class Reach:
    """Which usage a held commitment can cover: that of these series. The fewer, the sooner it is used up."""

    series: frozenset[Series]


def reaches(baseline: Baseline) -> dict[Held, Reach]:
    """What each held commitment of a payer could cover of the usage that is paid on demand."""
    mine: dict[Held, set[Series]] = defaultdict(set)
    for held, series in baseline.covered:
        mine[held].add(series)
    return {
        held: Reach(frozenset(each for each in baseline.open if _covers(held, covered, each)))
        for held, covered in mine.items()
    }


def _covers(held: Held, covered: Iterable[Series], other: Series) -> bool:
    known = list(covered)
    if not any(
        (each.cloud, each.payer, each.currency) == (other.cloud, other.payer, other.currency)
        for each in known
    ):
        return False
    if other.cloud == "aws" and "Savings Plan" in held.commitment_type:
        places = {(each.region, family(each)) for each in known}
        return len(places) > 1 or (other.region, family(other)) in places
    if other.cloud == "alibaba":
        return True
    if other.cloud == "gcp":
        return any(_place(each) == _place(other) for each in known)
    return any(
        _place(each) == _place(other) and (each.platform == "linux" or each.sku == other.sku)
        for each in known
    )


def _place(series: Series) -> tuple[str, ...]:
    """Within which a reservation is exchangeable; memory never stands for cores."""
    kind = MEMORY if series.service == MEMORY else ""
    return (series.account_id, series.region, family(series), series.platform, kind)


def consume(baseline: Baseline, reach: Mapping[Held, Reach] | None = None) -> dict[Held, Floats]:
    """Lets what actions freed cover other usage before anything is bought: takes it off `baseline.open`.

    Returns what each commitment absorbed hour by hour, at public prices. Narrow commitments go first.
    """
    reach = reaches(baseline) if reach is None else reach
    freed: dict[Held, Floats] = {}
    for (held, _), hours in sorted(baseline.freed.items()):
        freed[held] = freed.get(held, np.zeros(baseline.hours)) + hours.list_cost
    absorbed = {}
    for held in sorted(freed, key=lambda each: (len(reach[each].series), each)):
        absorbed[held] = _absorb(baseline, reach[held].series, freed[held])
    return absorbed


def _absorb(baseline: Baseline, series: Iterable[Series], freed: Floats) -> Floats:
    """Takes up to `freed` of each hour off the usage of these series, of each the same share."""
    names = sorted(series)
    there = sum((baseline.open[name].list_cost for name in names), np.zeros(baseline.hours))
    taken = np.minimum(there, freed)
    left = 1 - np.divide(taken, there, out=np.zeros_like(taken), where=there > 0)
    for name in names:
        one = baseline.open[name]
        baseline.open[name] = Hours(one.quantity * left, one.cost * left, one.list_cost * left)
    return taken
