"""What each day cost, what the days to come are expected to, with their band, and where costs left their limits.

The table behind it is a calendar: a line for each week, so that months of days stay readable on paper.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go

from finops.finance_model import DayAhead, Trend, TrendDay
from finops.night_model import Anomaly
from reports import amounts
from reports.html.charts.chart import Chart, drawn_text, plain_data, suffix
from reports.html.charts.palette import ALARM, BAND, OTHER, SPEND
from reports.plain import one_line, shortened

_HEIGHT = 330  # pixels
_MOST = 12  # anomalies that are told in the description
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "CN¥", "JPY": "¥", "INR": "₹"}


def trend_chart(trend: Trend, anomalies: Sequence[Anomaly], several: bool) -> Chart | None:
    """The days of one currency; None where there are none. `anomalies` are those of costs in any currency."""
    if not trend.days:
        return None
    odd = _on_the_line(trend, anomalies)
    return Chart(
        id=f"trend-{trend.currency.lower()}",
        section="why",
        title="What each day cost, and what is expected" + suffix(trend.currency, several)
        if trend.ahead
        else "What each day cost" + suffix(trend.currency, several),
        description=_description(trend, odd),
        figure=_figure(trend, odd),
        header=("Week from", *_WEEKDAYS, "Sum"),
        rows=_weeks(trend, {day for day, _ in odd}),
        note=_note(trend, odd),
        wide=True,
    )


def _on_the_line(trend: Trend, anomalies: Iterable[Anomaly]) -> list[tuple[date, Anomaly]]:
    """The days on which a cost of this currency left its limits, as far as the trend shows them."""
    first, last = trend.days[0].day, trend.days[-1].day
    told = [(max(one.first_day, first), one) for one in anomalies if one.currency == trend.currency]
    return sorted(
        ((day, one) for day, one in told if first <= day <= last and one.last_day >= first),
        key=lambda pair: (pair[0], pair[1].id),
    )


def _description(trend: Trend, odd: list[tuple[date, Anomaly]]) -> str:
    costs = [one.cost for one in trend.days]
    first, last = trend.days[0].day, trend.days[-1].day
    span = amounts.money_range(min(costs), max(costs), trend.currency)
    told = [f"A line of the cost of each day from {amounts.day(first)} to {amounts.day(last)}, {span} a day."]
    if trend.ahead:
        whole = sum((one.expected for one in trend.ahead), Decimal(0))
        told.append(
            f"The {amounts.count(len(trend.ahead), 'day')} after it are expected to cost "
            f"{amounts.money(whole, trend.currency)} together."
        )
    told += [f"{amounts.day(day)}: {one_line(one.message)}" for day, one in odd[:_MOST]]
    return " ".join([*told, "All values are in the table below."])


def _note(trend: Trend, odd: list[tuple[date, Anomaly]]) -> str:
    told = []
    if any(one.provisional for one in trend.days):
        told.append("* provisional: may still change.")
    if trend.ahead:
        told.append("≈ expected; four of five days end in the band.")
    if odd:
        told.append("◆ anomaly: the cost left its limits.")
    if trend.reason and not trend.ahead:
        told.append(f"Nothing is foreseen: {one_line(trend.reason)}")
    return " ".join(told)


def _figure(trend: Trend, odd: list[tuple[date, Anomaly]]) -> dict[str, Any]:
    figure = go.Figure()
    provisional = [one for one in trend.days if one.provisional]
    settled = [one for one in trend.days if not one.provisional]
    if settled:
        figure.add_trace(_line("cost", settled, trend.currency, "solid"))
    if provisional:
        joined = [one for one in settled[-1:] if one.day < provisional[0].day] + provisional
        figure.add_trace(_line("provisional", joined, trend.currency, "dot"))
    for trace in _ahead(trend) if trend.ahead else []:
        figure.add_trace(trace)
    if odd:
        figure.add_trace(_anomalies(trend, odd))
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 8, "r": 12, "b": 8, "t": 8, "pad": 0},
        legend={
            "orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal", "font": {"size": 12},
        },
        hovermode="closest",
        xaxis={
            "type": "date", "fixedrange": True, "tickformat": "%-d %b", "nticks": 7, "showgrid": False,
            "tickangle": 0, "ticklabelstandoff": 6, "automargin": True,
        },
        yaxis={
            "fixedrange": True, "rangemode": "tozero", "nticks": 6, "tickformat": "~s" if _large(trend) else ",.6~g",
            "tickprefix": _SYMBOLS.get(trend.currency, f"{drawn_text(trend.currency)} "), "automargin": True,
        },
    )  # fmt: skip
    return plain_data(figure)


def _large(trend: Trend) -> bool:
    return max(one.cost for one in trend.days) >= 10_000


def _line(name: str, days: Sequence[TrendDay], currency: str, dash: str) -> go.Scatter:
    """A line that breaks where a day is missing."""
    known = {one.day: one for one in days}
    length = (days[-1].day - days[0].day).days + 1 if days else 0
    span = [days[0].day + timedelta(days=number) for number in range(length)]
    return go.Scatter(
        name=name,
        mode="lines" if dash == "solid" and len(days) > 1 else "lines+markers",
        x=[str(day) for day in span],
        y=[float(known[day].cost) if day in known else None for day in span],
        line={"color": SPEND, "width": 2, "dash": dash},
        marker={"symbol": "circle-open", "size": 7, "color": SPEND},
        hovertext=[_hover(known[day], currency) if day in known else "" for day in span],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _hover(one: TrendDay, currency: str) -> str:
    return f"{amounts.day(one.day)}: {amounts.money(one.cost, currency)}" + (
        ", provisional" if one.provisional else ""
    )


def _ahead(trend: Trend) -> list[go.Scatter]:
    """The band, whose edges are lines of no width, and what is expected in it."""
    days = [str(one.day) for one in trend.ahead]
    edge = {"mode": "lines", "x": days, "line": {"width": 0, "color": OTHER}, "hoverinfo": "skip"}
    return [
        go.Scatter(name="low", y=[float(one.low) for one in trend.ahead], showlegend=False, **edge),
        go.Scatter(
            name="4 of 5 days", y=[float(one.high) for one in trend.ahead], fill="tonexty",
            fillcolor=BAND["light"], **edge,
        ),
        go.Scatter(
            name="expected", mode="lines", x=days, y=[float(one.expected) for one in trend.ahead],
            line={"color": OTHER, "width": 2, "dash": "dash"},
            hovertext=[
                f"{amounts.day(one.day)}: {amounts.money(one.expected, trend.currency)} expected, "
                f"{amounts.money_range(one.low, one.high, trend.currency)}"
                for one in trend.ahead
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        ),
    ]  # fmt: skip


def _anomalies(trend: Trend, odd: list[tuple[date, Anomaly]]) -> go.Scatter:
    costs = {one.day: float(one.cost) for one in trend.days}
    return go.Scatter(
        name="anomaly",
        mode="markers",
        x=[str(day) for day, _ in odd],
        y=[costs.get(day) for day, _ in odd],
        marker={"symbol": "diamond", "size": 12, "color": ALARM},
        hovertext=[f"{amounts.day(day)}<br>{drawn_text(shortened(one.message, 90))}" for day, one in odd],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _weeks(trend: Trend, odd: set[date]) -> list[tuple[str, ...]]:
    """One line per week with what was, and one below it with the band where days are foreseen."""
    known = {one.day: one for one in trend.days}
    ahead = {one.day: one for one in trend.ahead}
    weeks: defaultdict[date, list[date]] = defaultdict(list)
    for day in sorted({*known, *ahead}):
        weeks[day - timedelta(days=day.weekday())].append(day)
    rows: list[tuple[str, ...]] = []
    for monday, days in weeks.items():
        week = [monday + timedelta(days=number) for number in range(7)]
        spent = [known[day].cost for day in days if day in known]
        total = amounts.money(sum(spent, Decimal(0)), trend.currency) if spent else ""
        rows.append(
            (amounts.day(monday), *(_cell(day, known, ahead, odd, trend.currency) for day in week), total)
        )
        if any(day in ahead for day in days):
            rows.append(("between", *(_band(ahead.get(day), trend.currency) for day in week), ""))
    return rows


def _cell(
    day: date, known: dict[date, TrendDay], ahead: dict[date, DayAhead], odd: set[date], currency: str
) -> str:
    if day in known:
        marks = ("*" if known[day].provisional else "") + (" ◆" if day in odd else "")
        return amounts.money(known[day].cost, currency) + marks
    return f"≈ {amounts.money(ahead[day].expected, currency)}" if day in ahead else ""


def _band(one: DayAhead | None, currency: str) -> str:
    return amounts.money_range(one.low, one.high, currency).replace(" to ", "–") if one else ""
