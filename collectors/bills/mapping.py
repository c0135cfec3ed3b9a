"""Mappings: one .sql file per format, read here line by line, so that the docs and the checks come from it too.

A mapping is a SELECT from `bill` with one line per column of `charges`, in the layout that focus.sql explains,
below a header of `-- key: value` lines: `format`, `name`, `needs` (columns without which a file is not of this
format), `never empty` (columns of `charges`), `left out` (columns of the file that are not even kept in x_Other)
and, newest first, `version V` with the columns that give it away.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_HEADER = re.compile(r"^-- (format|name|needs|never empty|left out|version [\d.]+): (.+)$")
_LINE = re.compile(r"^    (?P<expression>.+) AS (?P<target>\w+),? -- (?P<doc>.+)$")
_READS = re.compile(r"\bbill\.(\w+)")
_TYPED = re.compile(r"^(?P<kind>money|instant)\(bill\.(?P<raw>\w+)\)$")
_NUMBERS = re.compile(r"\b(?:money|either)\(([^()]+)\)")


@dataclass(frozen=True, slots=True)
class Column:
    """One line of a mapping. `raw` is the file's column behind a number or an instant, None elsewhere.

    `kind` is text, money, instant, or computed: from several numbers of the file.
    """

    target: str
    expression: str
    doc: str
    kind: str = "text"
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """One format. Each item of `needs` is satisfied by any of its columns."""

    format: str
    name: str
    needs: tuple[tuple[str, ...], ...]
    never_empty: tuple[str, ...]
    left_out: frozenset[str]
    versions: tuple[tuple[str, frozenset[str]], ...]
    columns: tuple[Column, ...]
    sql: str

    @property
    def reads(self) -> frozenset[str]:
        """Every column of a file that some line reads."""
        return frozenset(_READS.findall(self.sql))

    @property
    def typed(self) -> dict[str, str]:
        """The file's columns whose text may turn out to be no number (money) or no instant, with which it is."""
        simple = {column.raw: column.kind for column in self.columns if column.raw}
        numbers = (name for args in _NUMBERS.findall(self.sql) for name in _READS.findall(args))
        return {**simple, **dict.fromkeys(numbers, "money")}

    def known(self, columns: Iterable[str]) -> dict[str, str]:
        """Which of a file's columns are read, by the name the mapping has for them."""
        ours = {name.lower(): name for name in self.reads}
        return {ours[column.lower()]: column for column in columns if column.lower() in ours}

    def lacking(self, columns: Iterable[str]) -> list[str]:
        """What the format needs and `columns` do not have, in words."""
        have = self.known(columns).keys()
        return [" or ".join(choice) for choice in self.needs if not have & set(choice)]

    def version(self, columns: Iterable[str]) -> str:
        """The format with the newest version whose marks the columns show, such as focus-1.2."""
        have = {column.lower() for column in columns}
        for version, marks in self.versions:
            if have & {mark.lower() for mark in marks}:
                return f"{self.format}-{version}"
        return self.format


@cache
def mappings() -> tuple[Mapping, ...]:
    """Every format this version reads."""
    folder = files(__package__)
    texts = (entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(_parse(text) for text in sorted(texts) if "\n-- format: " in text)


@cache
def macros() -> str:
    """What the mappings call, as statements to run once per connection."""
    return files(__package__).joinpath("macros.sql").read_text(encoding="utf-8")


def _parse(text: str) -> Mapping:
    header = [(match[1], match[2]) for line in text.splitlines() if (match := _HEADER.match(line))]
    values = dict(header)
    return Mapping(
        format=values["format"],
        name=values["name"],
        needs=tuple(tuple(choice.split(" or ")) for choice in values["needs"].split(", ")),
        never_empty=tuple(values["never empty"].split(", ")),
        left_out=frozenset(values.get("left out", "").split(", ")),
        versions=tuple(
            (key[8:], frozenset(v.split(", "))) for key, v in header if key.startswith("version ")
        ),
        columns=tuple(_columns(text)),
        sql=text,
    )


def _columns(text: str) -> Iterator[Column]:
    for line in text.splitlines():
        if match := _LINE.match(line):
            typed = _TYPED.match(match["expression"])
            kind, raw = (typed["kind"], typed["raw"]) if typed else ("text", None)
            if not typed and _NUMBERS.search(match["expression"]):
                kind = "computed"
            yield Column(match["target"], match["expression"], match["doc"], kind, raw)
