"""What changed, by service: the month beside the one before, where most moved first."""

from collections.abc import Sequence
from decimal import Decimal

from finops.finance_model import By, Spend, SpendLine
from reports import amounts
from reports.html.charts.bars import Series, bar_figure
from reports.html.charts.chart import Chart, suffix
from reports.html.charts.palette import GREY, SPEND
from reports.html.sections.spending import line_name

_MOST = 7  # about as many as the steps of the bridge beside it
_FIRST: tuple[By, ...] = ("service", "team", "account", "region")


def spender_chart(spends: Sequence[Spend], currency: str, several: bool) -> Chart | None:
    """The lines of one currency that moved most; None where no two months are compared."""
    found = [one for one in spends if one.currency == currency and one.previous_month]
    spend = min(found, key=lambda one: _FIRST.index(one.by), default=None)
    lines = [one for one in spend.lines if one.change] if spend else []
    if not spend or not lines:
        return None
    ordered = sorted(lines, key=lambda one: (-abs(one.change or Decimal(0)), line_name(spend, one)))
    shown = ordered[:_MOST]
    texts = [(line_name(spend, one), _text(one, currency)) for one in shown]
    more = f" The {len(shown)} that changed most." if len(ordered) > len(shown) else ""
    return Chart(
        id=f"change-by-{spend.by}-{currency.lower()}",
        section="why",
        title=f"What changed, by {spend.by}" + suffix(currency, several),
        description=f"Horizontal bars.{more} {'; '.join(': '.join(pair) for pair in texts)}. "
        "All values are in the table below.",
        figure=_figure(spend, shown, texts),
        header=(spend.by.capitalize(), "The month before", amounts.month(spend.month), "Change"),
        rows=[_row(spend, one) for one in ordered],
        note=f"The {len(shown)} that changed most of {len(ordered)}." if more else "",
    )


def _text(one: SpendLine, currency: str) -> str:
    return f"{amounts.money(one.cost, currency)} {amounts.signed(one.change, currency)}"


def _row(spend: Spend, one: SpendLine) -> tuple[str, ...]:
    costs = (amounts.money(value, spend.currency) for value in (one.previous, one.cost))
    return line_name(spend, one), *costs, amounts.signed(one.change, spend.currency)


def _figure(spend: Spend, lines: list[SpendLine], texts: list[tuple[str, str]]) -> dict[str, object]:
    before = amounts.month(spend.previous_month or "")
    now = amounts.month(spend.month)
    series = [
        Series(
            now,
            _lengths([one.cost for one in lines]),
            [f"{name}, {now}: {text}" for name, text in texts],
            SPEND,
        ),
        Series(
            before,
            _lengths([one.previous for one in lines]),
            [
                f"{name}, {before}: {amounts.money(one.previous, spend.currency)}"
                for (name, _), one in zip(texts, lines, strict=True)
            ],
            GREY,
            "/",
        ),
    ]
    return bar_figure(texts, series)


def _lengths(costs: list[Decimal | None]) -> list[float | None]:
    return [None if cost is None else max(float(cost), 0.0) for cost in costs]
