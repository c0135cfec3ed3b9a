"""A page of titled tables, shown in a terminal, as Markdown, as TSV and as CSV; every text is made harmless here."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from reports.csv import BOM
from reports.csv import cell as csv_cell
from reports.markdown import escaped
from reports.plain import one_line, shortened
from reports.screen import drawn

_LONGEST = 80  # characters of one text
Cell = str | int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its columns, of which those in `numbers` stand to the right."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """What a person reads: a title, what it is about, warnings, tables."""

    title: str
    subtitle: str
    notes: Sequence[str] = ()
    grids: Sequence[Grid] = field(default_factory=list)


def terminal(page: Page, *, width: int = 100, color: bool = False) -> str:
    """The page for a terminal of that width; without `color` it holds no escape sequence."""
    return drawn(_parts(page), width=width, color=color)


def _parts(page: Page) -> Iterator[RenderableType]:
    yield Text(one_line(page.title), style="bold")
    yield Text(one_line(page.subtitle), style="dim")
    yield from (Text(one_line(note), style="yellow") for note in page.notes)
    for grid in page.grids:
        yield ""
        if grid.title:
            yield Text(one_line(grid.title), style="bold")
        yield _table(grid)


def _table(grid: Grid) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold underline")
    for head in grid.heads:
        right = head in grid.numbers
        table.add_column(
            Text(one_line(head)), justify="right" if right else "left", no_wrap=right, overflow="fold"
        )
    for row in grid.rows:
        table.add_row(*(Text(shortened(one_line(cell), _LONGEST)) for cell in row))
    return table


def markdown(page: Page) -> str:
    """The page as Markdown for a chat message or a pull request."""
    blocks = [f"### {escaped(page.title)}", escaped(page.subtitle)]
    if page.notes:
        blocks.append("\n".join(f"> {escaped(note)}  " for note in page.notes))
    for grid in page.grids:
        if grid.title:
            blocks.append(f"**{escaped(grid.title)}**")
        rule = "|".join("--:" if head in grid.numbers else "---" for head in grid.heads)
        lines = [f"| {' | '.join(map(escaped, grid.heads))} |", f"|{rule}|"]
        lines += [
            f"| {' | '.join(escaped(shortened(one_line(cell), _LONGEST)) for cell in row)} |"
            for row in grid.rows
        ]
        blocks.append("\n".join(lines))
    return "\n\n".join(block for block in blocks if block) + "\n"


def as_csv(names: Sequence[str], rows: Iterable[Sequence[object]], *, bom: bool = False) -> str:
    """RFC 4180 with a header; `bom` for a file. Text that a spreadsheet would run is neutralised."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return (BOM if bom else "") + text.getvalue()


def as_tsv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A header and one line per row, for a pipe."""
    lines = ["\t".join(names)]
    lines += ["\t".join("" if value is None else one_line(str(value)) for value in row) for row in rows]
    return "\n".join(lines) + "\n"
