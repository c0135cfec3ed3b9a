"""The charts, one module for each: shaped from the model, built with plotly.graph_objects, each with its table.

Amounts in different currencies are never in one drawing.
"""

from collections.abc import Iterator
from typing import Any

from finops.model import AuditReport
from reports.html.charts.chart import Chart, template
from reports.html.charts.palette import INK, PALETTE, PAPER, dark_colours
from reports.html.charts.savings import by_account, by_kind, by_spend

__all__ = ["INK", "PALETTE", "PAPER", "Chart", "by_account", "by_kind", "charts", "drawings"]


def charts(report: AuditReport) -> list[Chart]:
    """Every chart that has something to draw, in the order of the page."""
    return [*_where(report)]


def drawings(drawn: list[Chart]) -> dict[str, Any]:
    """What the page's script draws from: the figures in light colours, what they share, and the dark colours."""
    return {"figures": {one.id: one.figure for one in drawn}, "template": template(), "dark": dark_colours()}


def _where(report: AuditReport) -> Iterator[Chart]:
    several = len(report.totals_by_currency) > 1
    for currency in report.totals_by_currency:
        made = [by_kind(report, currency, several), by_account(report, currency, several)]
        for spend in report.finance.spend if report.finance else []:
            if spend.currency == currency and spend.by in ("team", "service"):
                made.append(by_spend(spend, several))
        yield from (one for one in made if one)
