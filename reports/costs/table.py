"""Costs as records: a header and rows, for CSV and for pipes."""

from collections.abc import Iterator
from decimal import Decimal

from finops.spending import CostAnswer, Line
from reports.costs import words

_AMOUNTS = ("billed", "effective", "cost", "previous", "change", "change_percent", "status", "not_compared")
Cell = str | int | float | Decimal | None


def columns(answer: CostAnswer) -> list[str]:
    """The header: the same for the same --by, whatever the data."""
    names = [f"{dimension}_name" for dimension in answer.by if dimension in words.NAMED]
    head = ["month", "previous_month", "currency", "metric", *answer.by, *names, "lines", "charges"]
    return [*head, *_AMOUNTS, *words.EFFECTS]


def rows(answer: CostAnswer) -> Iterator[list[Cell]]:
    """One row per line, totals left out so that sums in a spreadsheet are right; `lines` says how many it sums."""
    for currency, costs in answer.currencies.items():
        head: list[Cell] = [answer.month, answer.previous_month, currency, answer.metric]
        for line in costs.lines:
            yield head + _row(answer, line)


def _row(answer: CostAnswer, line: Line) -> list[Cell]:
    if line.others:
        keys: list[Cell] = ["(others)" for _ in answer.by]
    else:
        keys = [words.value(dimension, line.keys[dimension]) for dimension in answer.by]
    names: list[Cell] = [line.names.get(dimension) for dimension in answer.by if dimension in words.NAMED]
    effects: list[Cell] = [getattr(line.effects, name) if line.effects else None for name in words.EFFECTS]
    return [
        *keys,
        *names,
        line.others or 1,
        line.charges,
        *(getattr(line, name) for name in _AMOUNTS),
        *effects,
    ]
