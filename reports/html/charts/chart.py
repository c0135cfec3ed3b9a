"""What a chart is: a plotly figure, what it says in a sentence, and the table it was drawn from.

Amounts are summed as whole cents or Decimal, so table and chart agree with the totals to the cent; floats exist only
as lengths of what is drawn.
"""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go

from finops.money import cents
from reports import amounts
from reports.html.charts.palette import FONT, GRID, INK, PALETTE, PAPER, SOFT
from reports.plain import one_line

CONTENT = "rgba(0,0,0,0)"  # the page shows through


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, what it says in a sentence for who cannot see it, and the table it was drawn from.

    `section` is where it stands on the page; `wide` takes the whole width. `note` stands below it.
    """

    id: str
    section: str
    title: str
    description: str
    figure: dict[str, Any]
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    foot: tuple[str, ...] = ()
    note: str = ""
    wide: bool = False


def template() -> dict[str, Any]:
    """Fonts and colours that all figures share, in light colours."""
    light = "light"
    axis = {
        "gridcolor": GRID[light],
        "linecolor": GRID[light],
        "zerolinecolor": GRID[light],
        "tickfont": {"color": SOFT[light]},
    }
    made = go.layout.Template(
        layout={
            "colorway": list(PALETTE[light]),
            "paper_bgcolor": CONTENT,
            "plot_bgcolor": CONTENT,
            "font": {"family": FONT, "size": 13, "color": INK[light]},
            "hoverlabel": {"bgcolor": PAPER[light], "font": {"color": INK[light]}, "align": "left"},
            "xaxis": axis,
            "yaxis": axis,
        }
    )
    drawn: dict[str, Any] = made.to_plotly_json()
    return drawn


def plain_data(figure: go.Figure) -> dict[str, Any]:
    """The figure as JSON data; its template is the page's."""
    drawn: dict[str, Any] = json.loads(figure.to_json())
    drawn["layout"].pop("template", None)
    return drawn


def drawn_text(text: str) -> str:
    """A name for plotly, which reads a small HTML in every text: it must not become a part of it."""
    return html.escape(one_line(text), quote=False)


def whole_cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(cents(amount) * 100)


def in_money(whole: int | None, currency: str | None) -> str:
    """Whole cents as money."""
    return amounts.money(None if whole is None else Decimal(whole) / 100, currency)


def suffix(currency: str, several: bool) -> str:
    """What a title says where amounts are in several currencies, each with its own drawing."""
    return f", in {currency}" if several else ""
