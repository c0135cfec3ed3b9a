"""The columns of a FOCUS export, read line by line from focus_export.sql, which the docs and the checks use too."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

VERSIONS = ("1.0", "1.1", "1.2")
# Columns of `charges` that the export has no use for: they repeat others, or name a path of this machine.
LEFT_OUT = frozenset({"x_AccountId", "x_ResourceKey", "x_Source"})

_SINCE = re.compile(r"^-- since (?P<version>[\d.]+): (?P<columns>.+)$", re.MULTILINE)
_LINE = re.compile(r"^    (?P<expression>.+) AS (?P<name>\w+),? -- (?P<doc>.+)$")


@dataclass(frozen=True, slots=True)
class Column:
    """One line of focus_export.sql. `since` is the FOCUS version that has the column first, of ours "1.0"."""

    name: str
    expression: str
    doc: str
    since: str

    @property
    def plain(self) -> bool:
        """Whether the bill's value is passed on whatever it is."""
        return self.expression in (f"bill.{self.name}", f"utc(bill.{self.name})")


def columns() -> tuple[Column, ...]:
    """Every line, in the order of the file."""
    return _read()[1]


def preparation() -> str:
    """Statements to run once on a connection that has `charges`: macros and temporary tables."""
    return _read()[0]


def select(version: str, charges: Iterable[str], where: str) -> str:
    """A SELECT of the charges that `where` picks, in the columns of a FOCUS version, then ours.

    `charges` names the columns of that table; those that FOCUS 1.2 does not have come along as x_ columns.
    """
    lines = columns()
    made = ", ".join(f"{line.expression} AS {line.name}" for line in lines)
    filled = ", ".join(
        f"CASE WHEN bill.{line.name} IS NULL AND {line.name} IS NOT NULL THEN '{line.name}' END"
        for line in lines
        if not line.plain and not line.name.startswith("x_") and line.since <= version
    )
    extra = dict(_carried(charges))
    carried = "".join(f", bill.{name} AS {ours}" for ours, name in extra.items())
    chosen = [line.name for line in lines if line.since <= version] + ["x_Filled", *extra]
    return (
        f"SELECT {', '.join(chosen)} FROM (SELECT {made}, nullif(concat_ws(', ', {filled}), '') AS x_Filled{carried} "  # noqa: S608 - our own lines
        f"FROM (SELECT charges AS bill, kind AS service FROM charges JOIN focus_services AS kind "
        f"ON kind.service = coalesce(ServiceName, 'Unspecified') WHERE {where}))"
    )


def _carried(charges: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Columns that no line reads, by the name they get: nothing of a bill is lost."""
    told = {line.name for line in columns()}
    for name in charges:
        ours = name if name.startswith("x_") else f"x_{name}"
        if name not in told and ours not in told and name not in LEFT_OUT:
            yield ours, name


@cache
def _read() -> tuple[str, tuple[Column, ...]]:
    text = files(__package__).joinpath("focus_export.sql").read_text(encoding="utf-8")
    since = {
        column: found["version"] for found in _SINCE.finditer(text) for column in found["columns"].split(", ")
    }
    head, _, lines = text.partition("\nSELECT\n")
    matches = [match for line in lines.splitlines() if (match := _LINE.match(line))]
    return head, tuple(
        Column(m["name"], m["expression"], m["doc"], since.get(m["name"].removeprefix("x_"), "1.0"))
        for m in matches
    )
