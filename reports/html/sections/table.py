"""The tables that stand around the findings: texts ready to be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reports.language import tn

MOST = 200  # lines of one table


@dataclass(frozen=True, slots=True)
class Table:
    """A small table: `numeric` are the columns set to the right, `foot` its totals."""

    caption: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    foot: Sequence[tuple[str, ...]]
    numeric: frozenset[int]


def beyond(
    rows: Sequence[tuple[str, ...]], where: Literal["json", "status"], most: int = MOST
) -> list[tuple[str, ...]]:
    """The line that says how many more there are than a table shows, and where; none where it shows all."""
    more = len(rows) - most
    return [(more_lines(more, where), *[""] * (len(rows[0]) - 1))] if more > 0 else []


def more_lines(n: int, where: Literal["json", "status"]) -> str:
    """What stands for so many lines that a table does not show."""
    if where == "json":
        return tn("{n} more line; see the JSON", "{n} more lines; see the JSON", n)
    return tn("{n} more line; see finops status", "{n} more lines; see finops status", n)
