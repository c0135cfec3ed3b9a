"""What is wrong with a rule, and what to write instead: found by the checks, placed in the file by `linting`."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, as a sentence without its full stop, and where it is.

    `node` is a part of the query, `key` the way to a field of the header, `text` what to look for there when neither
    tells the place by itself, `offset` a place in the SQL. `hint` says what to write instead, without its full stop.
    """

    said: str
    node: exp.Expr | None = None
    key: tuple[str | int, ...] = ()
    text: str = ""
    offset: int | None = None
    hint: str | None = None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint that names what is spelt most like `name`, if anything is."""
    lower = {one.lower(): one for one in sorted(known, reverse=True)}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return f"did you mean {lower[close[0]]}?" if close else None
