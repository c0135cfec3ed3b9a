"""Horizontal bars with their labels above them: long names fit, and a phone needs no other drawing.

The first series is the upper of two thin bars, told apart by place and length, and by a pattern.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from reports.html.charts.chart import drawn_text, plain_data
from reports.html.charts.palette import INK
from reports.plain import shortened

MOST = 10
ROW, LEGEND = 48, 36  # pixels
_LABEL = 40  # characters


@dataclass(frozen=True, slots=True)
class Series:
    """Bars of one colour, or one for each; `lengths` are None where unknown, `texts` are shown where one points."""

    name: str
    lengths: Sequence[float | None]
    texts: Sequence[str]
    colour: str | list[str]
    pattern: str = ""
    errors: tuple[Sequence[float], Sequence[float]] | None = None  # above and below the length


def bar_figure(
    labels: Sequence[tuple[str, str]],
    series: Sequence[Series],
    *,
    stacked: bool = False,
    longest: float | None = None,
) -> dict[str, Any]:
    """Bars under pairs of labels, the name at the left and the amount at the right; names may be hostile."""
    figure = go.Figure()
    thin = len(series) > 1 and not stacked
    for number, one in enumerate(series):
        figure.add_trace(_trace(one, (0.26 - 0.24 * number if thin else 0.05), 0.22 if thin else 0.3))
    with_legend = len(series) > 1
    figure.update_layout(
        annotations=[text for line, pair in enumerate(labels) for text in _pair(line, *pair)],
        barmode="stack" if stacked else "overlay",
        showlegend=with_legend,
        height=len(labels) * ROW + 8 + (LEGEND if with_legend else 0),
        margin={"l": 0, "r": 0, "b": 0, "t": LEGEND if with_legend else 0, "pad": 0},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "traceorder": "normal" if stacked else "reversed",
        },
        xaxis={"visible": False, "fixedrange": True, "range": [0, longest or _longest(series, stacked) or 1]},
        yaxis={"visible": False, "fixedrange": True, "range": [len(labels) - 0.4, -0.5]},
    )
    return plain_data(figure)


def _longest(series: Sequence[Series], stacked: bool) -> float:
    ends = [
        [(length or 0) + (one.errors[0][at] if one.errors else 0) for at, length in enumerate(one.lengths)]
        for one in series
    ]
    lines = [sum(line) if stacked else max(line) for line in zip(*ends, strict=True)]
    return max(lines, default=0)


def _trace(one: Series, offset: float, width: float) -> go.Bar:
    """`offset` and `width` are in lines of the chart; below a line's label."""
    errors = one.errors and {
        "type": "data", "array": list(one.errors[0]), "arrayminus": list(one.errors[1]), "symmetric": False,
        "color": INK["light"], "thickness": 1.5, "width": 4,
    }  # fmt: skip
    return go.Bar(
        name=one.name,
        orientation="h",
        y=list(range(len(one.lengths))),
        x=list(one.lengths),
        offset=offset,
        width=width,
        marker={"color": one.colour, "pattern": {"shape": one.pattern, "solidity": 0.35, "size": 6}},
        error_x=errors,
        hovertext=[drawn_text(text) for text in one.texts],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _pair(line: int, name: str, amount: str) -> list[dict[str, Any]]:
    return [
        label(line, 0, drawn_text(shortened(name, _LABEL))),
        label(line, 1, f"<b>{drawn_text(amount)}</b>"),
    ]


def label(line: float, side: int, text: str) -> dict[str, Any]:
    """A text above a bar, at the left (side 0) or right (side 1) edge; `text` is plotly's."""
    anchor = ("left", "right")[side]
    return {
        "x": side,
        "xref": "paper",
        "xanchor": anchor,
        "y": line - 0.17,
        "yref": "y",
        "yanchor": "middle",
        "text": text,
        "showarrow": False,
        "align": anchor,
        "borderpad": 0,
        "borderwidth": 0,
    }
