"""For whom a report is: the order of its sections and how deep it goes. Numbers are the same for everybody.

Finance reads why it changed and who spends before what to do. Engineering begins with what to do and where the saving
is. Executives read the first screen, where it is heading and what became of savings; the rest is there, folded away.
"""

from typing import get_args

from finops.readership import Audience as Audience

AUDIENCES: tuple[Audience, ...] = get_args(Audience)

ORDER: dict[Audience, tuple[str, ...]] = {
    "finance": (
        "why", "who", "where", "saved", "commitments", "todo",
        "accepted", "costs", "footprint", "trust", "unseen", "method",
    ),
    "engineering": (
        "todo", "where", "accepted", "unseen", "trust", "saved",
        "commitments", "why", "who", "footprint", "costs", "method",
    ),
    "executive": (
        "why", "where", "saved", "footprint", "who", "commitments",
        "trust", "unseen", "todo", "accepted", "costs", "method",
    ),
}  # fmt: skip
FOLDED: dict[Audience, frozenset[str]] = {
    "finance": frozenset(),
    "engineering": frozenset({"who", "costs"}),
    "executive": frozenset({"who", "commitments", "trust", "unseen", "todo", "accepted", "costs", "method"}),
}
