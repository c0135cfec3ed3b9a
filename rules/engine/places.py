"""Where in a rule file a mistake is: lines and columns as an editor counts them, from 1."""

import re
from typing import NamedTuple

import yaml
from sqlglot import exp

from rules.engine.header import compose_yaml
from rules.engine.mistakes import Mistake

# What nodes are written as that carry no place of their own.
_WRITTEN: dict[type[exp.Expr], str] = {
    exp.Limit: "limit",
    exp.Offset: "offset",
    exp.Qualify: "qualify",
    exp.Interval: "interval",
    exp.TableSample: r"(?:tablesample|using\s+sample)",
    exp.Lateral: "lateral",
    exp.Unnest: "unnest",
    exp.Into: "into",
    exp.With: "with",
    exp.Distinct: "distinct",
    exp.Join: "join",
}
_COMMENT = r"--[^\n]*|/\*.*?\*/"


class Place(NamedTuple):
    line: int
    column: int


class Places:
    """The text of a rule file, and where its header and its SQL begin in it."""

    def __init__(self, text: str, header_at: int, header: str, sql_at: int, sql: str) -> None:
        self._text, self._header_at, self._header = text, header_at, header
        self._sql_at, self._sql = sql_at, sql
        self._bare = _blank(sql, _COMMENT)
        self._words = _blank(sql, rf"{_COMMENT}|'(?:[^']|'')*'")
        self._taken: set[int] = set()
        self._root: yaml.Node | None = None

    def of(self, mistake: Mistake) -> Place:
        """Where a mistake is: the field of the header, the node of the query, else where its text is."""
        if mistake.key:
            return self.in_header(mistake.key, mistake.text)
        return self._at(self._sql_at + self._in_sql(mistake))

    def in_header(self, key: tuple[str | int, ...], text: str = "") -> Place:
        """The place of a field, or of the field around it where it is missing, and of `text` inside it."""
        self._root = self._root or compose_yaml(self._header)
        begin, end = _field(self._root, key)
        found = self._header.find(text, begin, end) if text else begin
        return self._at(self._header_at + max(found, begin))

    def line_of_sql(self, line: int) -> Place:
        """The place of a line of the SQL, counted from 1."""
        return Place(self._at(self._sql_at).line + line - 1, 1)

    def line_of_header(self, line: int, column: int) -> Place:
        """The place of a line and column of the header, counted from 0, as YAML does."""
        return Place(self._at(self._header_at).line + line, column + 1)

    def _in_sql(self, mistake: Mistake) -> int:
        if mistake.offset is not None:
            return mistake.offset
        if mistake.text:
            return self._find(re.escape(mistake.text) + (r"\b" if mistake.text[0] == "$" else ""), self._bare)
        if mistake.node is None:
            return 0
        starts = [int(one.meta["start"]) for one in mistake.node.walk() if "start" in one.meta]
        written = next((text for kind, text in _WRITTEN.items() if isinstance(mistake.node, kind)), None)
        if written is None and isinstance(mistake.node, exp.Func) and not starts:
            written = mistake.node.sql_name()
        if written:
            return self._find(rf"\b{written}\b", self._words)
        return min(starts, default=0)

    def _find(self, pattern: str, sql: str) -> int:
        """The first place that no other mistake has."""
        hits = [hit.start() for hit in re.finditer(pattern, sql, re.IGNORECASE)]
        place = next((hit for hit in hits if hit not in self._taken), hits[0] if hits else 0)
        self._taken.add(place)
        return place

    def _at(self, offset: int) -> Place:
        before = self._text[:offset]
        return Place(before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def _field(node: yaml.Node | None, key: tuple[str | int, ...]) -> tuple[int, int]:
    """Begin and end of a field in the text; of the field around it where there is no such one."""
    span = (0, 0) if node is None else (node.start_mark.index, node.end_mark.index)
    for part in key:
        if isinstance(node, yaml.MappingNode):
            entry = next((pair for pair in node.value if pair[0].value == str(part)), None)
            if entry is None:
                return span
            node = entry[1]
            span = (entry[0].start_mark.index, node.end_mark.index)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            span = (node.start_mark.index, node.end_mark.index)
        else:
            return span
    return span


def _blank(sql: str, pattern: str) -> str:
    """The SQL with blanks for what matches, every place as it was."""
    return re.sub(pattern, lambda hit: re.sub(r"[^\n]", " ", hit[0]), sql, flags=re.DOTALL)
