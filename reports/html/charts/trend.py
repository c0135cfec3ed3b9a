"""What each day cost, what the days to come are expected to, with their band, and where costs left their limits.

The table behind it is a calendar: a line for each week, so that months of days stay readable on paper.
"""

import html
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go

from finops.finance_model import DayAhead, Trend, TrendDay
from finops.night_model import Anomaly
from reports import amounts
from reports.html.charts.chart import Chart, described, drawn_text, plain_data, sentences, titled
from reports.html.charts.palette import ALARM, BAND, OTHER, SPEND
from reports.language import Locale, spoken, t, tn
from reports.pieces import Piece, pieces
from reports.plain import in_english, one_line, shortened

_HEIGHT = 330  # pixels
_MOST = 12  # anomalies that are told in the description
# How plotly writes the days of its axis. Names of months it knows in English only.
_DAYS: dict[Locale, str] = {"en": "%-d %b", "de": "%-d.%-m.", "zh": "%-m月%-d日"}


def trend_chart(trend: Trend, anomalies: Sequence[Anomaly], several: bool) -> Chart | None:
    """The days of one currency; None where there are none. `anomalies` are those of costs in any currency."""
    if not trend.days:
        return None
    odd = _on_the_line(trend, anomalies)
    title = t("What each day cost, and what is expected") if trend.ahead else t("What each day cost")
    return Chart(
        id=f"trend-{trend.currency.lower()}",
        section="why",
        title=titled(title, trend.currency, several),
        said=_said(trend, odd),
        figure=_figure(trend, odd),
        header=(t("Week from"), *amounts.weekdays(), t("Sum")),
        rows=_weeks(trend, {day for day, _ in odd}),
        remarks=_remarks(trend, odd),
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


def _said(trend: Trend, odd: list[tuple[date, Anomaly]]) -> list[Piece]:
    costs = [one.cost for one in trend.days]
    first, last = trend.days[0].day, trend.days[-1].day
    span = amounts.money_range(min(costs), max(costs), trend.currency)
    told: list[str | list[Piece]] = [
        t(
            "A line of the cost of each day from {first} to {last}, {span} a day.",
            first=amounts.day(first),
            last=amounts.day(last),
            span=span,
        )
    ]
    if coming := [one for one in trend.ahead if one.day > last]:
        whole = sum((one.expected for one in coming), Decimal(0))
        told.append(
            tn(
                "The {n} day after it are expected to cost {cost} together.",
                "The {n} days after it are expected to cost {cost} together.",
                len(coming),
                cost=amounts.money(whole, trend.currency),
            )
        )
    told += [
        pieces(t("{name}: {value}"), name=amounts.day(day), value=Piece(in_english(one.message)))
        for day, one in odd[:_MOST]
    ]
    return described(*told)


def _remarks(trend: Trend, odd: list[tuple[date, Anomaly]]) -> list[Piece]:
    told: list[str | list[Piece]] = []
    if any(one.provisional for one in trend.days):
        told.append(t("* provisional: may still change."))
    if trend.ahead:
        told.append(t("≈ expected; four of five days end in the band."))
    if odd:
        told.append(t("◆ anomaly: the cost left its limits."))
    if trend.reason and not trend.ahead:
        told.append(pieces(t("Nothing is foreseen: {reason}"), reason=Piece(in_english(trend.reason))))
    return sentences(*told)


def _figure(trend: Trend, odd: list[tuple[date, Anomaly]]) -> dict[str, Any]:
    figure = go.Figure()
    provisional = [one for one in trend.days if one.provisional]
    settled = [one for one in trend.days if not one.provisional]
    if settled:
        figure.add_trace(_line(t("cost"), settled, trend.currency, "solid"))
    if provisional:
        joined = [one for one in settled[-1:] if one.day < provisional[0].day] + provisional
        figure.add_trace(_line(t("provisional"), joined, trend.currency, "dot"))
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
            "type": "date", "fixedrange": True, "tickformat": _DAYS[spoken()], "nticks": 7, "showgrid": False,
            "tickangle": 0, "ticklabelstandoff": 6, "automargin": True,
        },
        yaxis={
            "fixedrange": True, "rangemode": "tozero", "nticks": 6, "automargin": True, **_money_ticks(trend),
        },
    )  # fmt: skip
    return plain_data(figure)


def _money_ticks(trend: Trend) -> dict[str, str]:
    """How plotly writes amounts: 12k where that is English, whole numbers elsewhere."""
    before, after = (html.escape(part, quote=False) for part in amounts.around(one_line(trend.currency)))
    whole = "~s" if spoken() == "en" else ",.0f"
    ticks = {"tickformat": whole if _large(trend) else ",.6~g", "tickprefix": before}
    return ticks | ({"ticksuffix": after} if after else {})


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
    told = {"day": amounts.day(one.day), "cost": amounts.money(one.cost, currency)}
    return t("{day}: {cost}, provisional", **told) if one.provisional else t("{day}: {cost}", **told)


def _ahead(trend: Trend) -> list[go.Scatter]:
    """The band, whose edges are lines of no width, and what is expected in it."""
    days = [str(one.day) for one in trend.ahead]
    edge = {"mode": "lines", "x": days, "line": {"width": 0, "color": OTHER}, "hoverinfo": "skip"}
    return [
        go.Scatter(name="low", y=[float(one.low) for one in trend.ahead], showlegend=False, **edge),
        go.Scatter(
            name=t("4 of 5 days"), y=[float(one.high) for one in trend.ahead], fill="tonexty",
            fillcolor=BAND["light"], **edge,
        ),
        go.Scatter(
            name=t("expected"), mode="lines", x=days, y=[float(one.expected) for one in trend.ahead],
            line={"color": OTHER, "width": 2, "dash": "dash"},
            hovertext=[
                t(
                    "{day}: {cost} expected, {span}",
                    day=amounts.day(one.day),
                    cost=amounts.money(one.expected, trend.currency),
                    span=amounts.money_range(one.low, one.high, trend.currency),
                )
                for one in trend.ahead
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        ),
    ]  # fmt: skip


def _anomalies(trend: Trend, odd: list[tuple[date, Anomaly]]) -> go.Scatter:
    costs = {one.day: float(one.cost) for one in trend.days}
    return go.Scatter(
        name=t("anomaly"),
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
            rows.append((t("between"), *(_band(ahead.get(day), trend.currency) for day in week), ""))
    return rows


def _cell(
    day: date, known: dict[date, TrendDay], ahead: dict[date, DayAhead], odd: set[date], currency: str
) -> str:
    if day in known:
        marks = ("*" if known[day].provisional else "") + (" ◆" if day in odd else "")
        return amounts.money(known[day].cost, currency) + marks
    return f"≈ {amounts.money(ahead[day].expected, currency)}" if day in ahead else ""


def _band(one: DayAhead | None, currency: str) -> str:
    return amounts.money_span(one.low, one.high, currency) if one else ""
