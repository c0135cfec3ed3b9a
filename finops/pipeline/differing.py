"""What came out of the cases of rules, for a terminal and for a pipe."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rules.engine.cases import Outcome
    from rules.engine.differences import Difference

Cells = tuple[str, str, str, str]
HEAD = ("row", "column", "expected", "got")


def as_text(outcome: "Outcome", path: Path) -> str:
    """A failed case in plain lines: where it is, then a line per column that is not as expected, tabs between."""
    lines = [_title(outcome, path), *("\t".join(cells) for cells in _table(outcome))]
    return "\n".join(lines)


def as_table(outcome: "Outcome", path: Path, width: int, *, color: bool) -> str:
    """A failed case as a table: which row, which column, expected, got."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(
        file=io.StringIO(), width=width, force_terminal=color, no_color=not color, highlight=False
    )
    table = Table(title=Text(_title(outcome, path)), title_justify="left")
    for name in HEAD:
        table.add_column(name, overflow="fold", style={"expected": "green", "got": "red"}.get(name))
    for cells in _table(outcome):
        table.add_row(*map(Text, cells))
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def _title(outcome: "Outcome", path: Path) -> str:
    return f"failed  {outcome.rule}: {outcome.name} ({path}:{outcome.line})"


def _table(outcome: "Outcome") -> Sequence[Cells]:
    found = [cells for row in outcome.rows for cells in _cells(row)]
    return found or [("", "", "", str(outcome.difference))]


def _cells(row: "Difference") -> Iterable[Cells]:
    if row.kind == "differs":
        for cell in row.cells:
            got = _shown(cell.got) if cell.there else "no such column"
            yield row.label, cell.column, _shown(cell.expected), got
    elif row.kind == "missing":
        yield row.label, "", _named(row.row), "no such row"
    else:
        yield row.label, "", "no row", _named({name: row.row.get(name) for name in ("verdict", "reason")})


def _named(values: Any) -> str:
    return ", ".join(f"{name}: {_shown(value)}" for name, value in values.items())


def _shown(value: Any) -> str:
    """A value as YAML would have it, on one line and harmless."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join("".join(char if char.isprintable() else " " for char in str(value)).split())
