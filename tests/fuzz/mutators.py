"""What happens to bills between a cloud and us: one small function each.

A mutator of the table changes a `Draft` before it is written, one of the bytes what was written (before gzip), one
of the file what is stored. `expects` says what must become of the file when nothing else was done to it: "loads"
(every row, for nothing was lost), "refused", or "any" of both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.fuzz.writing import Draft

Stage = Literal["table", "bytes", "file"]
Expects = Literal["loads", "refused", "any"]
Kind = Literal["csv", "json", "parquet"]


@dataclass(frozen=True)
class Mutator:
    """One way to spoil a bill; bytes and file mutators get and change `draft.data`."""

    name: str
    stage: Stage
    kinds: frozenset[str]
    expects: Expects
    run: Callable[[Draft, Random], None]


MUTATORS: dict[str, Mutator] = {}


def mutator(
    stage: Stage, *kinds: Kind, expects: Expects = "any"
) -> Callable[[Callable[[Draft, Random], None]], Callable[[Draft, Random], None]]:
    """Registers a function for these kinds of file, or for all."""

    def register(run: Callable[[Draft, Random], None]) -> Callable[[Draft, Random], None]:
        of = frozenset(kinds or ("csv", "json", "parquet"))
        MUTATORS[run.__name__] = Mutator(run.__name__, stage, of, expects, run)
        return run

    return register


def applicable(draft: Draft) -> list[Mutator]:
    """The mutators for this kind of file, in a fixed order."""
    return [each for _, each in sorted(MUTATORS.items()) if draft.kind in each.kinds]
