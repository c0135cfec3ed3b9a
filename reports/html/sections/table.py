"""The tables that stand around the findings: texts ready to be shown."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST = 200  # lines of one table


@dataclass(frozen=True, slots=True)
class Table:
    """A small table: `numeric` are the columns set to the right, `foot` its totals."""

    caption: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    foot: Sequence[tuple[str, ...]]
    numeric: frozenset[int]


def beyond(rows: Sequence[tuple[str, ...]], where: str, most: int = MOST) -> list[tuple[str, ...]]:
    """The line that says how many more there are than a table shows, and where; none where it shows all."""
    more = len(rows) - most
    return [(f"{more:,} more lines; see {where}", *[""] * (len(rows[0]) - 1))] if more > 0 else []
