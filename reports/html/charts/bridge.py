"""From one month to the next: a waterfall whose steps sum up exactly to the difference.

It lies on its side, so that its labels stand above its bars: long ones fit, and a phone needs no other drawing.
"""

from decimal import ROUND_FLOOR, Decimal
from itertools import accumulate

import plotly.graph_objects as go

from finops.finance_model import Bridge
from reports import amounts
from reports.html.charts.bars import ROW, label
from reports.html.charts.chart import Chart, described, drawn_text, plain_data, sentences, titled, values
from reports.html.charts.palette import ALARM, GRID, INK, PAPER, SAVE, SPEND
from reports.language import Worded, mark, punctuated, t, tn
from reports.pieces import Piece

STEPS = Worded(
    {
        "price": mark("Price of the same thing"),
        "volume": mark("More or less of the same"),
        "new": mark("New"),
        "gone": mark("Gone"),
        "one_off": mark("Tax, credits and one-off charges"),
        "savings": mark("Acted upon by a finding"),
        "not_compared": mark("Cannot be compared"),
    }
)
_CUT_FROM = Decimal("0.5")  # of the largest amount: where all of them lie above, the axis does not begin at 0


def bridge_chart(bridge: Bridge, several: bool) -> Chart | None:
    """The waterfall of one currency; None where neither month has a cost."""
    if not bridge.previous and not bridge.cost:
        return None
    before, now = _months(bridge)
    steps = [(title, getattr(bridge, name)) for name, title in STEPS.items()]
    start = _start(bridge, [step for _, step in steps])
    told = t(
        "Waterfall. {before}: {cost_before}. {steps}. {now}: {cost_now}.",
        before=before,
        cost_before=amounts.money(bridge.previous, bridge.currency),
        steps=values([(title, amounts.signed(step, bridge.currency)) for title, step in steps if step]),
        now=now,
        cost_now=amounts.money(bridge.cost, bridge.currency),
    )
    return Chart(
        id=f"bridge-{bridge.currency.lower()}",
        section="why",
        title=titled(t("From {before} to {now}", before=before, now=now), bridge.currency, several),
        said=described(told),
        figure=_figure(bridge, [(title, step) for title, step in steps if step], start),
        header=(t("Step"), t("Amount")),
        rows=[
            (before, amounts.money(bridge.previous, bridge.currency)),
            *((title, amounts.signed(step, bridge.currency)) for title, step in steps),
        ],
        foot=(now, amounts.money(bridge.cost, bridge.currency)),
        remarks=_remarks(bridge, start),
    )


def _months(bridge: Bridge) -> tuple[str, str]:
    before, now = amounts.month(bridge.previous_month), amounts.month(bridge.month)
    if bridge.compared == "same days":
        return _of_the_same(before, bridge.previous_days), _of_days(now, bridge.days)
    return before, now


def _of_the_same(month: str, days: float | None) -> str:
    if days is None:
        return t("{month} (same days)", month=month)
    return tn(
        "{month} (same {days} day)",
        "{month} (same {days} days)",
        _plural(days),
        month=month,
        days=punctuated(f"{days:g}"),
    )


def _of_days(month: str, days: float | None) -> str:
    if days is None:
        return month
    return tn(
        "{month} ({days} day)",
        "{month} ({days} days)",
        _plural(days),
        month=month,
        days=punctuated(f"{days:g}"),
    )


def _plural(days: float) -> int:
    """A whole number with the same plural: gettext knows no others, and half a day has that of several."""
    return int(days) if days == int(days) else max(2, int(days) + 1)


def _remarks(bridge: Bridge, start: Decimal) -> list[Piece]:
    told = []
    if start:
        told.append(
            t(
                "The axis begins at {amount}: the first and the last bar are cut.",
                amount=amounts.rounded(start, bridge.currency),
            )
        )
    if bridge.savings:
        told.append(
            tn(
                "Acted upon by a finding: the whole change of {n} resource, in no other step.",
                "Acted upon by a finding: the whole change of {n} resources, in no other step.",
                bridge.acted_on,
            )
        )
    return sentences(*told)


def _start(bridge: Bridge, steps: list[Decimal]) -> Decimal:
    """Where the axis begins: at 0, unless the steps would be too short to be seen."""
    ends = list(accumulate(steps, initial=bridge.previous))
    low, high = min(ends), max(ends)
    if low <= high * _CUT_FROM or high <= 0:
        return Decimal(0)
    room = max(high - low, high / 50)
    unit = Decimal(1).scaleb(room.adjusted())
    return max(((low - room / 2) / unit).to_integral_value(ROUND_FLOOR) * unit, Decimal(0))


def _figure(bridge: Bridge, steps: list[tuple[str, Decimal]], start: Decimal) -> dict[str, object]:
    before, now = _months(bridge)
    lines = [
        (before, bridge.previous, "absolute"),
        *((*step, "relative") for step in steps),
        (now, bridge.cost, "total"),
    ]
    shown = [
        amounts.money(amount, bridge.currency)
        if kind != "relative"
        else amounts.signed(amount, bridge.currency)
        for _, amount, kind in lines
    ]
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=list(range(len(lines))),
            x=[float(amount) for _, amount, _ in lines],
            measure=[kind for _, _, kind in lines],
            offset=0.05,
            width=0.34,
            increasing={"marker": {"color": ALARM}},
            decreasing={"marker": {"color": SAVE}},
            totals={"marker": {"color": SPEND}},
            connector={"mode": "between", "line": {"color": GRID["light"], "width": 1}},
            hovertext=[
                t("{name}: {value}", name=drawn_text(name), value=text)
                for (name, _, _), text in zip(lines, shown, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
            textposition="none",
        )
    )
    labels = [
        text
        for line, ((name, _, _), money) in enumerate(zip(lines, shown, strict=True))
        for text in (label(line, 0, drawn_text(name)), label(line, 1, f"<b>{money}</b>"))
    ]
    figure.update_layout(
        annotations=[*labels, *(_cut(line) for line in ((0, len(lines) - 1) if start else ()))],
        showlegend=False,
        height=len(lines) * ROW + 8,
        margin={"l": 0, "r": 0, "b": 0, "t": 0, "pad": 0},
        xaxis={"visible": False, "fixedrange": True, "range": _range(bridge, steps, start)},
        yaxis={"visible": False, "fixedrange": True, "range": [len(lines) - 0.4, -0.5]},
    )
    return plain_data(figure)


def _range(bridge: Bridge, steps: list[tuple[str, Decimal]], start: Decimal) -> list[float]:
    ends = [*accumulate((step for _, step in steps), initial=bridge.previous)]
    low, high = min(start, *ends), max(Decimal(0), *ends)
    return [float(start or min(low, Decimal(0))), float(high) or 1.0]


def _cut(line: int) -> dict[str, object]:
    """The sign on a bar that does not begin at 0."""
    return {
        "x": 0.04, "xref": "paper", "xanchor": "center", "y": line + 0.22, "yref": "y", "yanchor": "middle",
        "text": "<b>//</b>", "showarrow": False, "font": {"color": INK["light"], "size": 15},
        "bgcolor": PAPER["light"], "borderpad": 0, "borderwidth": 0,
    }  # fmt: skip
