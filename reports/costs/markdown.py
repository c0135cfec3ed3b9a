"""Costs as Markdown for a chat message or a pull request; every text from a cloud is escaped."""

from decimal import Decimal

from finops.spending import CostAnswer, CurrencyCosts, Line
from reports.costs import words
from reports.markdown import escaped
from reports.plain import one_line, shortened

_LONGEST = 80  # characters of a label


def render(answer: CostAnswer) -> str:
    """The Markdown text."""
    blocks = [f"### {escaped(words.title(answer))}", escaped(words.subtitle(answer))]
    if answer.notes:
        blocks.append(
            "\n".join(
                f"> {'⚠ ' if not place else ''}{escaped(note)}  " for place, note in enumerate(answer.notes)
            )
        )
    for currency, costs in answer.currencies.items():
        blocks += [_table(answer, currency, costs), *_below(costs)]
    return "\n\n".join(blocks) + "\n"


def _table(answer: CostAnswer, currency: str, costs: CurrencyCosts) -> str:
    compared = answer.previous_month is not None
    shown: list[str] = [] if answer.metric in ("billed", "effective") else [answer.metric]
    heads = [
        f"{', '.join(words.heading(one) for one in answer.by)} ({currency})",
        "billed",
        "effective",
        *shown,
    ]
    if compared:
        heads += ["change", "%", *words.EFFECTS]
    lines = [f"| {' | '.join(map(escaped, heads))} |", "|---|" + "--:|" * (len(heads) - 1)]
    rows = [_cells(_label(line), line, shown, compared=compared) for line in costs.lines]
    total = _cells("Total", costs.totals, shown, compared=compared)
    rows.append([f"**{cell}**" if cell else "" for cell in total])
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _cells(label: str, line: Line, shown: list[str], *, compared: bool) -> list[str]:
    cells = [label, words.money(line.billed), words.money(line.effective)]
    cells += [words.money(line.cost) for _ in shown]
    if compared:
        effects = [getattr(line.effects, name) if line.effects else None for name in words.EFFECTS]
        cells += [words.change(line.change), words.percent(line), *map(_effect, effects)]
    return cells


def _effect(amount: Decimal | None) -> str:
    return words.change(amount) if amount else ""


def _label(line: Line) -> str:
    first, second = (shortened(one_line(part), _LONGEST) for part in words.label(line))
    return escaped(first) + (f" · {escaped(second)}" if second else "")


def _below(costs: CurrencyCosts) -> list[str]:
    blocks = [escaped(words.per_day(costs))]
    if costs.tie_out:
        told = ", ".join(f"{amount} {what}" for amount, what in words.tie_out(costs.tie_out))
        blocks.append(f"Tie-out: {escaped(told)}. {escaped(words.recorded(costs.tie_out))}".strip())
    return [block for block in blocks if block]
