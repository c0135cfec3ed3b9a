"""How much of what could be covered by commitments is, and how much of what was paid for is used."""

from collections.abc import Sequence
from decimal import Decimal

from finops.finance_model import CommitmentUse
from reports import amounts
from reports.html.charts.bars import Series, bar_figure
from reports.html.charts.chart import Chart, described, sentences, titled, values
from reports.html.charts.palette import GREY, SAVE
from reports.html.sections.commitments import columns, row
from reports.language import t
from reports.plain import one_line

_Line = tuple[str, str, float]


def commitment_chart(uses: Sequence[CommitmentUse], currency: str, several: bool) -> Chart | None:
    """Coverage and utilisation in the newest month of one currency, by cloud; None where neither is known."""
    mine = [one for one in uses if one.currency == currency]
    month = max((one.month for one in mine), default="")
    lines = [line for one in mine if one.month == month for line in _lines(one)]
    if not lines:
        return None
    return Chart(
        id=f"commitments-{currency.lower()}",
        section="commitments",
        title=titled(t("Commitments in {month}", month=amounts.month(month)), currency, several),
        said=described(
            t(
                "Horizontal bars of shares. {values}.",
                values=values([(name, text) for name, text, _ in lines]),
            )
        ),
        figure=_figure(lines),
        header=columns(),
        rows=[row(one) for one in mine],
        remarks=sentences(
            t(
                "Covered is usage in services that commitments reach, at list prices; used is by what commitments cost."
            )
        ),
        wide=True,
    )


def _lines(one: CommitmentUse) -> list[_Line]:
    """Name, text and share of each bar; what is not known has none."""
    cloud = one_line(one.cloud)
    found: list[_Line] = []
    if one.coverage is not None and one.covered is not None and one.on_demand is not None:
        told = _of(one.coverage, one.covered + one.on_demand, one.currency)
        found.append((t("{cloud}: covered", cloud=cloud), told, one.coverage))
    if one.utilisation is not None:
        told = _of(one.utilisation, one.used + one.unused, one.currency)
        found.append((t("{cloud}: used", cloud=cloud), told, one.utilisation))
    return found


def _of(share: float, whole: Decimal, currency: str) -> str:
    return t("{share} of {amount}", share=amounts.share(share), amount=amounts.rounded(whole, currency))


def _figure(lines: list[_Line]) -> dict[str, object]:
    parts = Series(
        name=t("covered or used"),
        lengths=[share for _, _, share in lines],
        texts=[t("{name}: {value}", name=name, value=text) for name, text, _ in lines],
        colour=SAVE,
    )
    rest = Series(
        name=t("on demand or unused"),
        lengths=[max(1 - share, 0.0) for _, _, share in lines],
        texts=[
            t("{name}: {share} not", name=name, share=amounts.share(max(1 - share, 0.0)))
            for name, _, share in lines
        ],
        colour=GREY,
        pattern="/",
    )
    return bar_figure([(name, text) for name, text, _ in lines], [parts, rest], stacked=True, longest=1.0)
