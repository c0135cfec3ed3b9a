"""Costs for a terminal: a table that fits the width, the change explained, the way to the invoices; TSV for pipes.

Money stands to the right without its currency, which is the heading. Every text from a cloud goes through `one_line`
and then into `Text`, never through rich's markup.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from finops.spending import CostAnswer, CurrencyCosts, Line
from reports.costs import table, words
from reports.plain import one_line, shortened
from reports.screen import drawn

_GAP = 2
_WIDEST_LABEL = 48
_NARROWEST_LABEL = 24  # below, the columns of effects give way to one word
_LONGEST = 100  # characters of one text


def render(answer: CostAnswer, *, width: int = 100, color: bool = False) -> str:
    """The text for a terminal of that width; without `color` it holds no escape sequence."""
    return drawn(_parts(answer, max(width, 40)), width=width, color=color)


def render_tsv(answer: CostAnswer) -> str:
    """A header and one line per line of costs, money as plain numbers."""
    lines = ["\t".join(one_line(name) for name in table.columns(answer))]
    for row in table.rows(answer):
        lines.append("\t".join("" if value is None else one_line(str(value)) for value in row))
    return "\n".join(lines) + "\n"


def _parts(answer: CostAnswer, width: int) -> Iterable[RenderableType]:
    yield Text(one_line(words.title(answer)), style="bold")
    yield Text(one_line(words.subtitle(answer)), style="dim")
    yield from (Text(one_line(note), style="yellow") for note in answer.notes)
    for currency, costs in answer.currencies.items():
        yield ""
        yield _lines(answer, currency, costs, width)
        yield from _explained(costs)
        yield from _tied_out(costs)


def _lines(answer: CostAnswer, currency: str, costs: CurrencyCosts, width: int) -> Table:
    lines = [*costs.lines, costs.totals]
    heads, cells = _columns(answer, lines)
    label = " / ".join(words.heading(one) for one in answer.by)
    if answer.previous_month and _room(width, heads, cells) < _NARROWEST_LABEL:
        heads, cells = _shortened(lines, heads, cells, width)
    room = _room(width, heads, cells)
    grid = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold underline")
    widest = max(
        len(one_line(part)) for line in costs.lines or [costs.totals] for part in _label(line) or [""]
    )
    grid.add_column(
        Text(f"{one_line(label)}, {currency}"),
        width=max(12, min(room, _WIDEST_LABEL, max(widest, 20))),
        overflow="fold",
    )
    for head in heads:
        grid.add_column(head, justify="left" if head == "Why" else "right", no_wrap=True)
    for line, row in zip(costs.lines, cells, strict=False):
        grid.add_row(_text(line), *_coloured(line, heads, row))
    grid.add_row(Text("Total", style="bold"), *_coloured(costs.totals, heads, cells[-1], "bold"))
    return grid


def _shortened(
    lines: Sequence[Line], heads: Sequence[str], cells: Sequence[Sequence[str]], width: int
) -> tuple[list[str], list[list[str]]]:
    """The columns of effects in one of words, or none where there is no room for that either."""
    kept = [list(row[: -len(words.EFFECTS)]) for row in cells]
    told = [[*row, words.why(line.effects)] for row, line in zip(kept, lines, strict=True)]
    names = list(heads[: -len(words.EFFECTS)])
    return (
        ([*names, "Why"], told) if _room(width, [*names, "Why"], told) >= _NARROWEST_LABEL else (names, kept)
    )


def _columns(answer: CostAnswer, lines: Sequence[Line]) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of everything right of the label."""
    heads = ["Billed", "Effective"]
    amounts = ["billed", "effective"]
    if answer.metric not in amounts:
        heads.append(answer.metric.capitalize())
        amounts.append("cost")
    cells = [[words.money(getattr(line, name)) for name in amounts] for line in lines]
    if answer.previous_month:
        heads += ["Change", "%", *(name.capitalize() for name in words.EFFECTS)]
        for row, line in zip(cells, lines, strict=True):
            row += [words.change(line.change), words.percent(line)]
            row += [_effect(getattr(line.effects, name) if line.effects else None) for name in words.EFFECTS]
    return heads, cells


def _effect(amount: Decimal | None) -> str:
    return words.change(amount) if amount else ""


def _room(width: int, heads: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    """Columns left for the label."""
    taken = [max(len(head), *(len(row[place]) for row in cells)) + _GAP for place, head in enumerate(heads)]
    return width - sum(taken) - _GAP


def _label(line: Line) -> tuple[str, str]:
    return words.label(line) if line.keys or line.others else ("", "")


def _text(line: Line) -> Text:
    first, second = (shortened(one_line(part), _LONGEST) for part in _label(line))
    style = "dim" if line.others else ""
    return Text.assemble((first, style), *([("\n" + second, "dim")] if second else []))


def _coloured(line: Line, heads: Sequence[str], row: Sequence[str], style: str = "") -> list[Text]:
    """Cells with a rise in red and a fall in green."""
    moved = "" if not line.change else "red" if line.change > 0 else "green"
    return [
        Text(cell, style=f"{style} {moved if head in ('Change', '%') else ''}".strip())
        for head, cell in zip(heads, row, strict=True)
    ]


def _explained(costs: CurrencyCosts) -> Iterable[RenderableType]:
    """The change of the total, cause by cause."""
    total = costs.totals
    if total.effects is None or total.change is None:
        return
    yield ""
    yield Text(f"Change {words.change(total.change)}, from {words.money(total.previous)}", style="bold")
    yield _list(
        (_effect(getattr(total.effects, name)) or "0.00", words.EFFECTS[name]) for name in words.EFFECTS
    )
    if total.not_compared:
        yield Text(f"  {words.money(total.not_compared)} are not compared")
    if told := words.per_day(costs):
        yield Text(told)


def _tied_out(costs: CurrencyCosts) -> Iterable[RenderableType]:
    if costs.tie_out is None:
        return
    yield ""
    yield Text("Invoices", style="bold")
    yield _list(words.tie_out(costs.tie_out))
    if told := words.recorded(costs.tie_out):
        yield Text(told, style="dim")


def _list(lines: Iterable[tuple[str, str]]) -> Padding:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for left, right in lines:
        grid.add_row(Text(left), Text(right))
    return Padding(grid, (0, 0, 0, 2))
