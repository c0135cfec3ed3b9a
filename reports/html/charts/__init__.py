"""The charts, one module for each: shaped from the model, built with plotly.graph_objects, each with its table.

Amounts in different currencies are never in one drawing.
"""

from collections.abc import Iterator
from typing import Any

from finops.finance_model import Finance
from finops.model import AuditReport
from reports.html.charts.bridge import bridge_chart
from reports.html.charts.carbon import carbon_chart
from reports.html.charts.chart import Chart, template
from reports.html.charts.commitments import commitment_chart
from reports.html.charts.palette import INK, PALETTE, PAPER, dark_colours
from reports.html.charts.saved import saved_chart
from reports.html.charts.savings import by_account, by_kind, by_spend
from reports.html.charts.spenders import spender_chart
from reports.html.charts.trend import trend_chart

__all__ = ["INK", "PALETTE", "PAPER", "Chart", "by_account", "by_kind", "charts", "drawings"]


def charts(report: AuditReport) -> list[Chart]:
    """Every chart that has something to draw, in the order of the page."""
    finance = report.finance
    several = len(report.totals_by_currency) > 1
    carbon = carbon_chart(report)
    return [
        *(_around(finance, report, several) if finance else ()),
        *_where(report, several),
        *((carbon,) if carbon else ()),
    ]


def drawings(drawn: list[Chart]) -> dict[str, Any]:
    """What the page's script draws from: the figures in light colours, what they share, and the dark colours."""
    return {"figures": {one.id: one.figure for one in drawn}, "template": template(), "dark": dark_colours()}


def _around(finance: Finance, report: AuditReport, several: bool) -> Iterator[Chart]:
    """What the bill and the history tell beside the findings."""
    anomalies = report.night.anomalies if report.night else []
    costs = dict.fromkeys(one.currency for one in finance.spend)
    made = [
        *(bridge_chart(one, several or len(finance.bridges) > 1) for one in finance.bridges),
        *(spender_chart(finance.spend, currency, len(costs) > 1) for currency in costs),
        *(saved_chart(one, several or len(finance.saved) > 1) for one in finance.saved),
        *(trend_chart(one, anomalies, several or len(finance.trends) > 1) for one in finance.trends),
    ]
    currencies = dict.fromkeys(one.currency for one in finance.commitments)
    made += [commitment_chart(finance.commitments, currency, len(currencies) > 1) for currency in currencies]
    yield from (one for one in made if one)


def _where(report: AuditReport, several: bool) -> Iterator[Chart]:
    for currency in report.totals_by_currency:
        made = [by_kind(report, currency, several), by_account(report, currency, several)]
        for spend in report.finance.spend if report.finance else []:
            if spend.currency == currency and spend.by in ("team", "service"):
                made.append(by_spend(spend, several))
        yield from (one for one in made if one)
