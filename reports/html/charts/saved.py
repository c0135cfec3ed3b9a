"""From what was found to what is on the bill: only the last one is money."""

from finops.finance_model import Saved
from finops.history.answers import Amounts
from reports import amounts
from reports.html.charts.bars import Series, bar_figure
from reports.html.charts.chart import Chart, suffix
from reports.html.charts.palette import SAVE, SPEND

_STEPS = {"found": "Found", "agreed": "Agreed", "done": "Done", "on_the_bill": "Seen on the bill"}


def saved_chart(saved: Saved, several: bool) -> Chart | None:
    """The way of savings in one currency; None where nothing was ever found."""
    steps = [(title, getattr(saved.funnel, name)) for name, title in _STEPS.items()]
    if not saved.funnel.found.findings:
        return None
    told = [(title, _amount(one, saved.currency)) for title, one in steps]
    return Chart(
        id=f"saved-{saved.currency.lower()}",
        section="saved",
        title="What became of savings" + suffix(saved.currency, several),
        description=f"Horizontal bars. {'; '.join(': '.join(pair) for pair in told)}. "
        "All values are in the table below.",
        figure=_figure(steps, saved.currency),
        header=("Savings a month", "Findings", "Amount", "Without an amount"),
        rows=[_row(title, one, saved.currency) for title, one in [*steps, *_beside(saved)]],
        note=_note(saved),
    )


def _beside(saved: Saved) -> list[tuple[str, Amounts]]:
    """What is done and cannot be told from the bill, or not yet; only where there is any."""
    lines = [
        ("Done, too few days on the bill yet", saved.funnel.pending),
        ("Done, the bill cannot tell", saved.funnel.unknown),
        ("Rejected", saved.funnel.rejected),
    ]
    return [line for line in lines if line[1].findings]


def _note(saved: Saved) -> str:
    waiting = saved.funnel.pending
    told = "Each holds the ones below it; only what is seen on the bill is money."
    if waiting.findings and waiting.monthly is not None:
        told += f" {amounts.money(waiting.monthly, saved.currency)} is done, with too few days on the bill to tell."
    return told


def _row(title: str, one: Amounts, currency: str) -> tuple[str, ...]:
    return title, f"{one.findings:,}", _amount(one, currency), f"{one.without_amount:,}"


def _amount(one: Amounts, currency: str) -> str:
    """None of something is nothing; some of something without an amount is not known."""
    return amounts.money(one.monthly, currency) if one.findings else "none yet"


def _figure(steps: list[tuple[str, Amounts]], currency: str) -> dict[str, object]:
    labels = [
        (f"{title}, {amounts.count(one.findings, 'finding')}", _amount(one, currency)) for title, one in steps
    ]
    bars = Series(
        name="a month",
        lengths=[None if one.monthly is None else float(one.monthly) for _, one in steps],
        texts=[f"{title}: {_amount(one, currency)} a month" for title, one in steps],
        colour=[SPEND] * (len(steps) - 1) + [SAVE],
    )
    return bar_figure(labels, [bars])
