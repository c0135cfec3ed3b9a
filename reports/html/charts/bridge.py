"""From one month to the next: a waterfall whose steps sum up exactly to the difference.

It lies on its side, so that its labels stand above its bars: long ones fit, and a phone needs no other drawing.
"""

from decimal import ROUND_FLOOR, Decimal
from itertools import accumulate

import plotly.graph_objects as go

from finops.finance_model import Bridge
from reports import amounts
from reports.html.charts.bars import ROW, label
from reports.html.charts.chart import Chart, drawn_text, plain_data, suffix
from reports.html.charts.palette import ALARM, GRID, INK, PAPER, SAVE, SPEND

STEPS = {
    "price": "Price of the same thing",
    "volume": "More or less of the same",
    "new": "New",
    "gone": "Gone",
    "one_off": "Tax, credits and one-off charges",
    "savings": "Acted upon by a finding",
    "not_compared": "Cannot be compared",
}
_CUT_FROM = Decimal("0.5")  # of the largest amount: where all of them lie above, the axis does not begin at 0


def bridge_chart(bridge: Bridge, several: bool) -> Chart | None:
    """The waterfall of one currency; None where neither month has a cost."""
    if not bridge.previous and not bridge.cost:
        return None
    before, now = _months(bridge)
    steps = [(title, getattr(bridge, name)) for name, title in STEPS.items()]
    told = "; ".join(f"{title}: {amounts.signed(step, bridge.currency)}" for title, step in steps if step)
    start = _start(bridge, [step for _, step in steps])
    return Chart(
        id=f"bridge-{bridge.currency.lower()}",
        section="why",
        title=f"From {before} to {now}" + suffix(bridge.currency, several),
        description=f"Waterfall. {before}: {amounts.money(bridge.previous, bridge.currency)}. {told}. "
        f"{now}: {amounts.money(bridge.cost, bridge.currency)}. All values are in the table below.",
        figure=_figure(bridge, [(title, step) for title, step in steps if step], start),
        header=("Step", "Amount"),
        rows=[
            (before, amounts.money(bridge.previous, bridge.currency)),
            *((title, amounts.signed(step, bridge.currency)) for title, step in steps),
        ],
        foot=(now, amounts.money(bridge.cost, bridge.currency)),
        note=_note(bridge, start),
    )


def _months(bridge: Bridge) -> tuple[str, str]:
    before, now = amounts.month(bridge.previous_month), amounts.month(bridge.month)
    if bridge.compared == "same days":
        return f"{before} (same {_days(bridge.previous_days)})", f"{now} ({_days(bridge.days)})"
    return before, now


def _days(days: float | None) -> str:
    return "days" if days is None else f"{days:g} {'day' if days == 1 else 'days'}"


def _note(bridge: Bridge, start: Decimal) -> str:
    told = []
    if start:
        told.append(
            f"The axis begins at {amounts.rounded(start, bridge.currency)}: the first and the last bar are cut."
        )
    if bridge.savings:
        acted = amounts.count(bridge.acted_on, "resource")
        told.append(f"Acted upon by a finding: the whole change of {acted}, in no other step.")
    return " ".join(told)


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
                f"{drawn_text(name)}: {text}" for (name, _, _), text in zip(lines, shown, strict=True)
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
