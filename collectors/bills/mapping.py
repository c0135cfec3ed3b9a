"""Mappings: one .sql file per format, read here line by line, so that the docs and the checks come from it too.

A mapping is a SELECT from `bill` with one line per column of `charges`, in the layout that focus.sql explains,
below a header of `-- key: value` lines:

needs           columns without which a file is not of this format
not             columns that show that a file is of another format
never empty     columns of `charges`
left out        columns of the file that are not even kept in x_Other
omitted         columns that JSON leaves out where no row of the file has them
kept            columns that are read and all the same kept in x_Other
version V       newest first: the columns that give this version away, `A and B` both together
names: snake    columns are compared in snake_case, and a record is opened: service.id is service_id
names: loose    columns are compared without blanks, and full-width letters as plain ones
also X          other names of the column X
gathered X      columns whose names begin so are the map X as well, with the rest of the name as key
lines: F        its SELECT is that of the file F
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

_HEADER = re.compile(
    r"^-- (format|name|names|lines|needs|not|never empty|left out|omitted|kept|"
    r"version [\w.-]+|also \w+|gathered \w+): (.+)$"
)
_LINE = re.compile(r"^    (?P<expression>.+) AS (?P<target>\w+),? -- (?P<doc>.+)$")
_MACROS = ("macros.sql", "macros_alibaba.sql")
_READS = re.compile(r"\bbill\.(\w+)")
_TYPED = re.compile(r"^(?P<kind>money|instant)\(bill\.(?P<raw>\w+)\)$")
_NUMBERS = re.compile(r"\b(?:money|either)\(([^()]+)\)")
_TIMES = re.compile(r"\b(?P<kind>instant|beijing|bill_month)\(bill\.(?P<raw>\w+)\)")


@dataclass(frozen=True, slots=True)
class Column:
    """One line of a mapping. `raw` is the file's column behind a number or an instant, None elsewhere.

    `kind` is text, money, instant, or computed: from several numbers or times of the file.
    """

    target: str
    expression: str
    doc: str
    kind: str = "text"
    raw: str | None = None


@dataclass(frozen=True)
class Mapping:
    """One format. Each item of `needs` is satisfied by any of its columns.

    `also` has the column behind each other name, `gathered` the map behind the beginning of a name.
    """

    format: str
    name: str
    needs: tuple[tuple[str, ...], ...]
    nots: frozenset[str]
    snake: bool
    loose: bool
    also: dict[str, str]
    gathered: dict[str, str]
    never_empty: tuple[str, ...]
    left_out: frozenset[str]
    omitted: frozenset[str]
    kept: frozenset[str]
    versions: tuple[tuple[str, frozenset[str]], ...]
    columns: tuple[Column, ...]
    sql: str

    @cached_property
    def reads(self) -> frozenset[str]:
        """Every column of a file that some line reads."""
        return frozenset(_READS.findall(self.sql))

    @cached_property
    def typed(self) -> dict[str, str]:
        """The file's columns whose text may turn out to be no number or time, with the macro that reads it."""
        simple = {column.raw: column.kind for column in self.columns if column.raw}
        simple |= {match["raw"]: match["kind"] for match in _TIMES.finditer(self.sql)}
        numbers = (name for args in _NUMBERS.findall(self.sql) for name in _READS.findall(args))
        return {**simple, **dict.fromkeys(numbers, "money")}

    def known(self, columns: Iterable[str]) -> dict[str, str]:
        """Which of a file's columns are read, by the name the mapping has for them; of several the first."""
        found: dict[str, str] = {}
        for column in columns:
            if (name := self._ours.get(self.plain(column))) and name not in found:
                found[name] = column
        return found

    def plain(self, column: str) -> str:
        """The name of a file's column as this format compares it."""
        if self.loose:
            return "".join(unicodedata.normalize("NFKC", column).split()).lower()
        return snake(column) if self.snake else column.lower()

    @cached_property
    def _ours(self) -> dict[str, str]:
        other = {self.plain(name): column for name, column in self.also.items()}
        return other | {self.plain(name): name for name in self.reads}

    def lacking(self, columns: Iterable[str]) -> list[str]:
        """What the format needs and `columns` do not have, in words."""
        columns = list(columns)
        have = self.known(columns).keys()
        lacking = [" or ".join(choice) for choice in self.needs if not have & set(choice)]
        foreign = self.nots & {self.plain(column) for column in columns}
        return lacking or [f"no column {name}" for name in sorted(foreign)]

    def version(self, columns: Iterable[str]) -> str:
        """The format with the newest version whose marks the columns show, such as focus-1.2."""
        columns = list(columns)
        have = {self.plain(name) for name in (*columns, *self.known(columns))}
        for version, marks in self.versions:
            if any({self.plain(name) for name in mark.split(" and ")} <= have for mark in marks):
                return f"{self.format}-{version}"
        return self.format


def snake(name: str) -> str:
    """The name in snake_case, the way AWS makes Parquet names out of those of a CSV report.

    lineItem/UnblendedCost is line_item_unblended_cost, reservation/ReservationARN is reservation_reservation_a_r_n.
    """
    return re.sub(r"[^0-9a-z]+", "_", re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()).strip("_")


@cache
def mappings() -> tuple[Mapping, ...]:
    """Every format this version reads."""
    folder = files(__package__)
    texts = {e.name: e.read_text(encoding="utf-8") for e in folder.iterdir() if e.name.endswith(".sql")}
    return tuple(_parse(text, texts) for _, text in sorted(texts.items()) if "\n-- format: " in text)


@cache
def macros() -> str:
    """What the mappings call, as statements to run once per connection."""
    folder = files(__package__)
    return "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in _MACROS)


def _parse(text: str, texts: dict[str, str]) -> Mapping:
    header = [(match[1], match[2]) for line in text.splitlines() if (match := _HEADER.match(line))]
    values = dict(header)
    lines = texts[values["lines"]] if "lines" in values else text
    return Mapping(
        format=values["format"],
        name=values["name"],
        needs=tuple(tuple(choice.split(" or ")) for choice in values["needs"].split(", ")),
        nots=_names(values.get("not", "")),
        snake=values.get("names") == "snake",
        loose=values.get("names") == "loose",
        also={
            name: key[5:] for key, value in header if key.startswith("also ") for name in value.split(", ")
        },
        gathered={value: key[9:] for key, value in header if key.startswith("gathered ")},
        never_empty=tuple(values["never empty"].split(", ")),
        left_out=_names(values.get("left out", "")),
        omitted=_names(values.get("omitted", "")),
        kept=_names(values.get("kept", "")),
        versions=tuple((key[8:], _names(value)) for key, value in header if key.startswith("version ")),
        columns=tuple(_columns(lines)),
        sql=lines,
    )


def _names(value: str) -> frozenset[str]:
    return frozenset(name for name in value.split(", ") if name)


def _columns(text: str) -> Iterator[Column]:
    for line in text.splitlines():
        if match := _LINE.match(line):
            typed = _TYPED.match(match["expression"])
            kind, raw = (typed["kind"], typed["raw"]) if typed else ("text", None)
            if not typed and any(each.search(match["expression"]) for each in (_NUMBERS, _TIMES)):
                kind = "computed"
            yield Column(match["target"], match["expression"], match["doc"], kind, raw)
