"""What changed, by service: the month beside the one before, where most moved first."""

from collections.abc import Sequence
from decimal import Decimal

from finops.finance_model import By, Spend, SpendLine
from reports import amounts
from reports.html.charts.bars import Series, bar_figure
from reports.html.charts.chart import Chart, described, sentences, titled, values
from reports.html.charts.palette import GREY, SPEND
from reports.html.sections.spending import BY, line_name, month_before
from reports.language import Worded, mark, t

_MOST = 7  # about as many as the steps of the bridge beside it
_TITLES = Worded(
    {
        "team": mark("What changed, by team"),
        "account": mark("What changed, by account"),
        "service": mark("What changed, by service"),
        "region": mark("What changed, by region"),
    }
)
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
    return Chart(
        id=f"change-by-{spend.by}-{currency.lower()}",
        section="why",
        title=titled(_TITLES[spend.by], currency, several),
        said=described(_bars(len(shown) < len(ordered), texts)),
        figure=_figure(spend, shown, texts),
        header=(BY[spend.by], _header(spend), amounts.month(spend.month), t("Change")),
        rows=[_row(spend, one) for one in ordered],
        remarks=sentences(_of_how_many(len(shown), len(ordered))),
    )


def _header(spend: Spend) -> str:
    return month_before(spend) if spend.compared == "same days" else t("The month before")


def _bars(cut: bool, texts: Sequence[tuple[str, str]]) -> str:
    if not cut:
        return t("Horizontal bars. {values}.", values=values(texts))
    return t(
        "Horizontal bars. The {shown} that changed most. {values}.", shown=len(texts), values=values(texts)
    )


def _of_how_many(shown: int, changed: int) -> str:
    if shown == changed:
        return ""
    return t(
        "The {shown} that changed most of {changed}.",
        shown=amounts.number(shown),
        changed=amounts.number(changed),
    )


def _text(one: SpendLine, currency: str) -> str:
    return f"{amounts.money(one.cost, currency)} {amounts.signed(one.change, currency)}"


def _row(spend: Spend, one: SpendLine) -> tuple[str, ...]:
    costs = (amounts.money(value, spend.currency) for value in (one.previous, one.cost))
    return line_name(spend, one), *costs, amounts.signed(one.change, spend.currency)


def _figure(spend: Spend, lines: list[SpendLine], texts: list[tuple[str, str]]) -> dict[str, object]:
    before = month_before(spend)
    now = amounts.month(spend.month)
    series = [
        Series(
            now,
            _lengths([one.cost for one in lines]),
            [t("{name}, {month}: {value}", name=name, month=now, value=text) for name, text in texts],
            SPEND,
        ),
        Series(
            before,
            _lengths([one.previous for one in lines]),
            [
                t(
                    "{name}, {month}: {value}",
                    name=name,
                    month=before,
                    value=amounts.money(one.previous, spend.currency),
                )
                for (name, _), one in zip(texts, lines, strict=True)
            ],
            GREY,
            "/",
        ),
    ]
    return bar_figure(texts, series)


def _lengths(costs: list[Decimal | None]) -> list[float | None]:
    return [None if cost is None else max(float(cost), 0.0) for cost in costs]
