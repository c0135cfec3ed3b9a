"""The two charts: shaped with pandas, built with plotly.graph_objects, each with its data as a table.

Amounts are summed as whole cents, so table and chart agree with the totals to the cent; floats exist only as
lengths of bars. Labels stand above the bars: long names fit, and a phone needs no other drawing.
"""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from finops.model import AuditReport
from finops.money import cents
from reports import amounts, summary, words
from reports.plain import shortened

# Every colour is at least 4.3:1 on its page and all six differ for the colour-blind (measured). The first two
# are used: green for what can be saved, blue for what is spent.
PALETTE = {
    "light": ("#00795A", "#0072B2", "#B8620A", "#8E3B87", "#4A4F57", "#B3261E"),
    "dark": ("#5CC9A7", "#6CB8E8", "#E8A15C", "#D79AD2", "#B4BAC4", "#F2928B"),
}
INK = {"light": "#1B1D22", "dark": "#ECEEF2"}
PAPER = {"light": "#FFFFFF", "dark": "#14161B"}
MAX_BARS = 10
_ROW, _LEGEND = 48, 36  # pixels
_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'


@dataclass(frozen=True)
class Chart:
    """A chart, what it says in a sentence for who cannot see it, and the table it was drawn from."""

    id: str
    title: str
    description: str
    figure: dict[str, Any]
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    foot: tuple[str, ...]


@dataclass(frozen=True)
class _Bar:
    """One line of a chart; None is not known."""

    label: str
    saved: int
    spent: int | None = None

    def text(self, currency: str, with_spent: bool) -> str:
        saved = _money(self.saved, currency)
        if not with_spent:
            return saved
        return (
            f"{saved}, spend not known"
            if self.spent is None
            else f"{saved} of {_money(self.spent, currency)}"
        )


def charts(report: AuditReport) -> list[Chart]:
    """Both charts for each currency there is; amounts in different currencies are never in one drawing."""
    several = len(report.totals_by_currency) > 1
    made = [
        make(report, currency, several)
        for currency in report.totals_by_currency
        for make in (by_kind, by_account)
    ]
    return [chart for chart in made if chart is not None]


def templates() -> dict[str, Any]:
    """Colours for light and dark pages; the page's script chooses, and chooses light for paper."""
    return {theme: _template(theme) for theme in PALETTE}


def by_kind(report: AuditReport, currency: str, several: bool) -> Chart | None:
    """Net savings by kind of finding, the largest on top; None when nothing is priced."""
    lines = [
        (words.kind(f.rule), _cents(f.net_monthly_savings), summary.carbon_counted(f))
        for f in summary.counted(report)
        if f.currency == currency and f.net_monthly_savings is not None
    ]
    if not lines:
        return None
    frame = (
        pd.DataFrame(lines, columns=["kind", "cents", "kg"])
        .astype({"kg": "Float64"})
        .groupby("kind", as_index=False)
    )
    kinds = frame.agg(cents=("cents", "sum"), findings=("cents", "size"), kg=("kg", _known_sum))
    kinds = kinds.sort_values(["cents", "kind"], ascending=[False, True])
    bars = [_Bar(kind.kind, int(kind.cents)) for kind in kinds.itertuples()]
    return Chart(
        id=f"by-kind-{currency.lower()}",
        title="What can be saved, by kind" + (f", in {currency}" if several else ""),
        description=_description(bars, currency, False),
        figure=_figure(_folded(bars, "other kinds"), currency, False),
        header=("Kind of finding", "Findings", "Net saving a month", "CO₂e saved a month"),
        rows=[
            (k.kind, f"{k.findings:,}", _money(int(k.cents), currency), _carbon(k.kg))
            for k in kinds.itertuples()
        ],
        foot=(
            "Total",
            f"{len(lines):,}",
            _money(sum(b.saved for b in bars), currency),
            _carbon(_known_sum(kinds["kg"])),
        ),
    )


def by_account(report: AuditReport, currency: str, several: bool) -> Chart | None:
    """What each account spends and how much of it can be saved; None when neither is known."""
    bars = _accounts(report, currency)
    if not bars:
        return None
    spent = [bar.spent for bar in bars if bar.spent is not None]
    saved = sum(bar.saved for bar in bars)
    return Chart(
        id=f"by-account-{currency.lower()}",
        title="What is spent and what can be saved, by account" + (f", in {currency}" if several else ""),
        description=_description(bars, currency, True),
        figure=_figure(_folded(bars, "other accounts"), currency, True),
        header=("Account", "Spent a month", "Net saving a month", "Share of it"),
        rows=[
            (bar.label, _money(bar.spent, currency), _money(bar.saved, currency), _part(bar.saved, bar.spent))
            for bar in bars
        ],
        foot=(
            "Total",
            _money(sum(spent) if spent else None, currency),
            _money(saved, currency),
            _part(saved, sum(spent)),
        ),
    )


def _accounts(report: AuditReport, currency: str) -> list[_Bar]:
    """One bar per account, the dearest first."""
    spent = [(c.cloud, c.account, _cents(c.monthly_cost), 0) for c in report.costs if c.currency == currency]
    saved = [
        (f.cloud, f.account, None, _cents(f.net_monthly_savings) or 0)
        for f in summary.counted(report)
        if f.currency == currency
    ]
    if not spent and not saved:
        return []
    frame = pd.DataFrame([*spent, *saved], columns=["cloud", "account", "spent", "saved"]).astype(
        {"spent": "Int64"}
    )
    known = frame.groupby(["cloud", "account"], as_index=False)
    accounts = known.agg(spent=("spent", _known_sum), saved=("saved", "sum"))
    accounts = accounts.sort_values(["spent", "saved", "account"], ascending=[False, False, True])
    return [
        _Bar(words.account(a.cloud, a.account), int(a.saved), None if pd.isna(a.spent) else int(a.spent))
        for a in accounts.itertuples()
    ]


def _folded(bars: list[_Bar], others: str) -> list[_Bar]:
    """At most MAX_BARS bars; what is beyond becomes one, so that the bars still add up."""
    if len(bars) <= MAX_BARS:
        return bars
    rest = bars[MAX_BARS - 1 :]
    spent = [bar.spent for bar in rest if bar.spent is not None]
    other = _Bar(f"{len(rest)} {others}", sum(bar.saved for bar in rest), sum(spent) if spent else None)
    return [*bars[: MAX_BARS - 1], other]


def _description(bars: Sequence[_Bar], currency: str, with_spent: bool) -> str:
    shown = "; ".join(f"{bar.label}: {bar.text(currency, with_spent)}" for bar in bars[:5])
    more = "; and smaller ones" if len(bars) > 5 else ""
    return f"Horizontal bars. {shown}{more}. All values are in the table below."


def _figure(bars: list[_Bar], currency: str, with_spent: bool) -> dict[str, Any]:
    figure = go.Figure()
    figure.add_trace(
        _trace("can be saved", [bar.saved for bar in bars], bars, currency, 0.26 if with_spent else 0.05)
    )
    if with_spent:
        figure.add_trace(_trace("spent a month", [bar.spent for bar in bars], bars, currency, 0.02))
    for line, bar in enumerate(bars):
        figure.add_annotation(_label(line, 0, _drawn(shortened(bar.label, 40))))
        figure.add_annotation(_label(line, 1, f"<b>{_drawn(bar.text(currency, with_spent))}</b>"))
    figure.update_layout(
        barmode="overlay",
        showlegend=with_spent,
        height=len(bars) * _ROW + 8 + (_LEGEND if with_spent else 0),
        margin={"l": 0, "r": 0, "b": 0, "t": _LEGEND if with_spent else 0, "pad": 0},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "reversed"},
        xaxis={"visible": False, "fixedrange": True, "range": [0, _longest(bars) or 1]},
        yaxis={"visible": False, "fixedrange": True, "range": [len(bars) - 0.4, -0.5]},
    )
    drawn: dict[str, Any] = json.loads(figure.to_json())
    drawn["layout"].pop("template", None)  # the page's script sets the one for its theme
    return drawn


def _longest(bars: list[_Bar]) -> float:
    return max((max(bar.saved, bar.spent or 0) for bar in bars), default=0) / 100


def _trace(name: str, values: Sequence[int | None], bars: list[_Bar], currency: str, offset: float) -> go.Bar:
    """Bars of one colour below their labels; `offset` and `width` are in lines of the chart."""
    texts = [
        f"{_drawn(bar.label)}<br>{name}: {_money(value, currency)}"
        for bar, value in zip(bars, values, strict=True)
    ]
    return go.Bar(
        name=name,
        orientation="h",
        y=list(range(len(bars))),
        x=[None if value is None else value / 100 for value in values],
        offset=offset,
        width=0.22,
        hovertext=texts,
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _label(line: int, side: int, text: str) -> dict[str, Any]:
    """A text above a bar, at the left (side 0) or right (side 1) edge."""
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


def _template(theme: str) -> dict[str, Any]:
    template = go.layout.Template(
        layout={
            "colorway": list(PALETTE[theme]),
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": _FONT, "size": 13, "color": INK[theme]},
            "hoverlabel": {"bgcolor": PAPER[theme], "font": {"color": INK[theme]}, "align": "left"},
        }
    )
    drawn: dict[str, Any] = template.to_plotly_json()
    return drawn


def _drawn(text: str) -> str:
    """plotly reads a small HTML in every text; a name must not become a part of it."""
    return html.escape(text, quote=False)


def _cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(cents(amount) * 100)


def _money(whole_cents: int | None, currency: str) -> str:
    return amounts.money(None if whole_cents is None else Decimal(whole_cents) / 100, currency)


def _known_sum(values: "pd.Series[Any]") -> Any:
    """The sum of what is known; unknown, not 0, when nothing is."""
    return values.sum(min_count=1)


def _carbon(kilograms: Any) -> str:
    return amounts.carbon(None if pd.isna(kilograms) else float(kilograms))


def _part(saved: int, spent: int | None) -> str:
    return amounts.share(saved / spent) if spent else amounts.UNKNOWN
