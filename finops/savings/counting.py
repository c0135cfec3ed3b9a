"""Which of the findings about usage count, and that a choice which could not be searched whole is doubted."""

from collections.abc import Iterable, Sequence

from finops.savings.actions import Effect
from finops.savings.netting import Choice, among, choose
from finops.savings.priced import Priced

_UNPROVEN = "it overlaps with more findings than could be weighed; another choice may save more"


def count(priced: Sequence[Priced], effects: Iterable[Effect]) -> None:
    """Sets the choice of each finding, made among these alone; `effects` may have more of them."""
    choices = choose(among(effects, {one.id for one in priced}))
    for one in priced:
        one.choice = choices.get(one.id, Choice(counted=False))
        if not one.choice.proven:
            one.doubt(_UNPROVEN)
