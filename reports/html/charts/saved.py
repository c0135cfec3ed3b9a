"""From what was found to what is on the bill: only the last one is money."""

from finops.finance_model import Saved
from finops.history.answers import Amounts
from reports import amounts
from reports.html.charts.bars import Series, bar_figure
from reports.html.charts.chart import Chart, described, sentences, titled, values
from reports.html.charts.palette import SAVE, SPEND
from reports.language import Worded, mark, t, tn
from reports.pieces import Piece

_STEPS = Worded(
    {
        "found": mark("Found"),
        "agreed": mark("Agreed"),
        "done": mark("Done"),
        "on_the_bill": mark("Seen on the bill"),
    }
)


def saved_chart(saved: Saved, several: bool) -> Chart | None:
    """The way of savings in one currency; None where nothing was ever found."""
    steps = [(title, getattr(saved.funnel, name)) for name, title in _STEPS.items()]
    if not saved.funnel.found.findings:
        return None
    told = [(title, _amount(one, saved.currency)) for title, one in steps]
    return Chart(
        id=f"saved-{saved.currency.lower()}",
        section="saved",
        title=titled(t("What became of savings"), saved.currency, several),
        said=described(t("Horizontal bars. {values}.", values=values(told))),
        figure=_figure(steps, saved.currency),
        header=(t("Savings a month"), t("Findings"), t("Amount"), t("Without an amount")),
        rows=[_row(title, one, saved.currency) for title, one in [*steps, *_beside(saved)]],
        remarks=_remarks(saved),
    )


def _beside(saved: Saved) -> list[tuple[str, Amounts]]:
    """What is done and cannot be told from the bill, or not yet; only where there is any."""
    lines = [
        (t("Done, too few days on the bill yet"), saved.funnel.pending),
        (t("Done, the bill cannot tell"), saved.funnel.unknown),
        (t("Rejected"), saved.funnel.rejected),
    ]
    return [line for line in lines if line[1].findings]


def _remarks(saved: Saved) -> list[Piece]:
    waiting = saved.funnel.pending
    told = [t("Each holds the ones below it; only what is seen on the bill is money.")]
    if waiting.findings and waiting.monthly is not None:
        amount = amounts.money(waiting.monthly, saved.currency)
        told.append(t("{amount} is done, with too few days on the bill to tell.", amount=amount))
    return sentences(*told)


def _row(title: str, one: Amounts, currency: str) -> tuple[str, ...]:
    return title, amounts.number(one.findings), _amount(one, currency), amounts.number(one.without_amount)


def _amount(one: Amounts, currency: str) -> str:
    """None of something is nothing; some of something without an amount is not known."""
    return amounts.money(one.monthly, currency) if one.findings else t("none yet")


def _figure(steps: list[tuple[str, Amounts]], currency: str) -> dict[str, object]:
    labels = [
        (
            tn("{title}, {n} finding", "{title}, {n} findings", one.findings, title=title),
            _amount(one, currency),
        )
        for title, one in steps
    ]
    bars = Series(
        name=t("a month"),
        lengths=[None if one.monthly is None else float(one.monthly) for _, one in steps],
        texts=[
            t("{title}: {amount} a month", title=title, amount=_amount(one, currency)) for title, one in steps
        ],
        colour=[SPEND] * (len(steps) - 1) + [SAVE],
    )
    return bar_figure(labels, [bars])
