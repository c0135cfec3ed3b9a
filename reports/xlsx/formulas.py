"""Formulas over the tables, each with the value that it has when the file is written.

SUMIFS is what people know and what is fast, but it reads what it looks for: a star matches anything, ">5" compares,
"May 5" is a day, and upper and lower case are one. Where a name is not plain, EXACT compares texts as they are.
Columns are asked for by their English, and called in formulas as their headers are.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from reports.language import mark, t
from reports.xlsx.book import Formula

SHOWN = mark("Shown")  # the column that tells which rows a filter leaves
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _./:@+-]{0,199}")
_SYNTAX = re.compile(
    r"(['#@\[\]])"
)  # what means something in the name of a column, unless an apostrophe is before it
# What a spreadsheet reads as a day or a truth.
_READ = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|true|false|mon|tue|wed|thu|fri|sat|sun)",
    re.IGNORECASE,
)


class Names:
    """All names that a column holds, to know which of them SUMIFS tells apart."""

    def __init__(self, names: Iterable[str]) -> None:
        self._spellings: defaultdict[str, set[str]] = defaultdict(set)
        for name in names:
            self._spellings[name.casefold()].add(name)

    def plain(self, name: str) -> bool:
        """Whether a criterion that is this text finds it and nothing else."""
        known = self._spellings.get(name.casefold(), {name}) == {name}
        return known and bool(_PLAIN.fullmatch(name)) and not _READ.match(name)


def column(table: str, name: str) -> str:
    """A column of a table, by its English name, as a formula calls it."""
    escaped = _SYNTAX.sub(r"'\1", t(name))
    return f"{table}[{escaped}]"


def text(told: str) -> str:
    """A text as a formula writes it; of at most 255 characters, or no spreadsheet opens the file."""
    return '"' + told.replace('"', '""') + '"'


def sum_where(
    table: str, summed: str, by: Mapping[str, str], value: Decimal | None, *, plain: bool, shown: bool = False
) -> Formula:
    """The sum of a column over the rows in which others hold what these cells hold ({"Team": "A{row}"}).

    With `shown`, over the rows that a filter leaves.
    """
    if plain:
        where = [f"{column(table, name)},{cell}" for name, cell in by.items()]
        where += [f"{column(table, SHOWN)},1"] if shown else []
        return Formula(f"SUMIFS({column(table, summed)},{','.join(where)})", value)
    tests = [f"EXACT({column(table, name)},{cell})" for name, cell in by.items()]
    tests += [f"({column(table, SHOWN)}=1)"] if shown else []
    return Formula(f"SUMPRODUCT({'*'.join([*tests, '1'])},{column(table, summed)})", value)


def total(table: str, summed: str, value: Decimal | int | None) -> Formula:
    """The sum of the rows of a column that a filter leaves."""
    return Formula(f"SUBTOTAL(109,{column(table, summed)})", value if value is None else Decimal(value))
