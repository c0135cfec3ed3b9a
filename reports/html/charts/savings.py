"""Where the saving is: by kind of finding, by account, and by team, service or region as the bill names them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from finops.finance_model import By, Spend
from finops.model import AuditReport
from reports import amounts, summary, words
from reports.html.charts.bars import MOST, Series, bar_figure
from reports.html.charts.chart import Chart, described, in_money, titled, values, whole_cents
from reports.html.charts.palette import SAVE, SPEND
from reports.html.sections.spending import BY, line_name
from reports.language import Worded, mark, t, tn
from reports.pieces import Piece

SECTION = "where"
_TITLES = Worded(
    {
        "team": mark("What can be saved a month, by team"),
        "account": mark("What can be saved a month, by account"),
        "service": mark("What can be saved a month, by service"),
        "region": mark("What can be saved a month, by region"),
    }
)


@dataclass(frozen=True, slots=True)
class _Bar:
    """One line of a chart in whole cents; None is not known."""

    label: str
    saved: int
    spent: int | None = None

    def text(self, currency: str, with_spent: bool) -> str:
        saved = in_money(self.saved, currency)
        if not with_spent:
            return saved
        if self.spent is None:
            return t("{saved}, spend not known", saved=saved)
        return t("{saved} of {spent}", saved=saved, spent=in_money(self.spent, currency))


def by_kind(report: AuditReport, currency: str, several: bool) -> Chart | None:
    """Net savings by kind of finding, the largest on top; None when nothing is priced."""
    lines = [
        (f.rule, whole_cents(f.net_monthly_savings), summary.carbon_counted(f))
        for f in summary.counted(report)
        if f.currency == currency and f.net_monthly_savings is not None
    ]
    if not lines:
        return None
    frame = (
        pd.DataFrame(lines, columns=["rule", "cents", "kg"])
        .astype({"kg": "Float64"})
        .groupby("rule", as_index=False)
    )
    kinds = frame.agg(cents=("cents", "sum"), findings=("cents", "size"), kg=("kg", _known_sum))
    kinds["kind"] = kinds["rule"].map(words.kind)
    kinds = kinds.sort_values(["cents", "kind"], ascending=[False, True])
    bars = [_Bar(kind.kind, int(kind.cents)) for kind in kinds.itertuples()]
    return Chart(
        id=f"by-kind-{currency.lower()}",
        section=SECTION,
        title=titled(t("What can be saved a month, by kind"), currency, several),
        said=_said(bars, currency, False),
        figure=_figure(_folded(bars, lambda n: tn("{n} other kind", "{n} other kinds", n)), currency, False),
        header=(t("Kind of finding"), t("Findings"), t("Net saving a month"), t("CO₂e saved a month")),
        rows=[
            (k.kind, amounts.number(int(k.findings)), in_money(int(k.cents), currency), _carbon(k.kg))
            for k in kinds.itertuples()
        ],
        foot=(
            t("Total"),
            amounts.number(len(lines)),
            in_money(sum(b.saved for b in bars), currency),
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
        section=SECTION,
        title=titled(t("What is spent and what can be saved a month, by account"), currency, several),
        said=_said(bars, currency, True),
        figure=_figure(
            _folded(bars, lambda n: tn("{n} other account", "{n} other accounts", n)), currency, True
        ),
        header=(t("Account"), t("Spent a month"), t("Net saving a month"), t("Share of it")),
        rows=[
            (
                bar.label,
                in_money(bar.spent, currency),
                in_money(bar.saved, currency),
                _part(bar.saved, bar.spent),
            )
            for bar in bars
        ],
        foot=(
            t("Total"),
            in_money(sum(spent) if spent else None, currency),
            in_money(saved, currency),
            _part(saved, sum(spent)),
        ),
    )


def by_spend(spend: Spend, several: bool) -> Chart | None:
    """Net savings by team or service as the bill names them; None where no line knows its savings."""
    known = [one for one in spend.lines if one.net_monthly_savings is not None]
    bars = [_Bar(line_name(spend, one), whole_cents(one.net_monthly_savings) or 0) for one in known]
    bars = sorted((bar for bar in bars if bar.saved), key=lambda bar: -bar.saved)
    if not bars:
        return None
    currency = spend.currency
    names = {id(one): line_name(spend, one) for one in known}
    return Chart(
        id=f"by-{spend.by}-{currency.lower()}",
        section=SECTION,
        title=titled(_TITLES[spend.by], currency, several),
        said=_said(bars, currency, False),
        figure=_figure(_folded(bars, lambda n: _others(spend.by, n)), currency, False),
        header=(BY[spend.by], t("Findings"), t("Net saving a month")),
        rows=[
            (
                names[id(one)],
                amounts.UNKNOWN if one.findings is None else amounts.number(one.findings),
                amounts.money(one.net_monthly_savings, currency),
            )
            for one in sorted(known, key=lambda one: -(one.net_monthly_savings or 0))
        ],
        foot=(
            t("Total"),
            amounts.number(sum(one.findings or 0 for one in known)),
            in_money(sum(bar.saved for bar in bars), currency),
        ),
    )


def _accounts(report: AuditReport, currency: str) -> list[_Bar]:
    """One bar per account, the dearest first."""
    spent = [
        (c.cloud, c.account, whole_cents(c.monthly_cost), 0) for c in report.costs if c.currency == currency
    ]
    saved = [
        (f.cloud, f.account, None, whole_cents(f.net_monthly_savings) or 0)
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


def _others(by: By, n: int) -> str:
    if by == "team":
        return tn("{n} other team", "{n} other teams", n)
    if by == "account":
        return tn("{n} other account", "{n} other accounts", n)
    if by == "service":
        return tn("{n} other service", "{n} other services", n)
    return tn("{n} other region", "{n} other regions", n)


def _folded(bars: list[_Bar], others: Callable[[int], str]) -> list[_Bar]:
    """At most MOST bars; what is beyond becomes one, called so, so that the bars still add up."""
    if len(bars) <= MOST:
        return bars
    rest = bars[MOST - 1 :]
    spent = [bar.spent for bar in rest if bar.spent is not None]
    other = _Bar(others(len(rest)), sum(bar.saved for bar in rest), sum(spent) if spent else None)
    return [*bars[: MOST - 1], other]


def _said(bars: Sequence[_Bar], currency: str, with_spent: bool) -> list[Piece]:
    shown = values([(bar.label, bar.text(currency, with_spent)) for bar in bars[:5]])
    if len(bars) > 5:
        return described(t("Horizontal bars. {values}; and smaller ones.", values=shown))
    return described(t("Horizontal bars. {values}.", values=shown))


def _figure(bars: list[_Bar], currency: str, with_spent: bool) -> dict[str, Any]:
    labels = [(bar.label, bar.text(currency, with_spent)) for bar in bars]
    series = [_series(t("can be saved"), bars, lambda bar: bar.saved, currency, SAVE)]
    if with_spent:
        series.append(_series(t("spent a month"), bars, lambda bar: bar.spent, currency, SPEND, "/"))
    return bar_figure(labels, series)


def _series(
    name: str,
    bars: list[_Bar],
    value: Callable[[_Bar], int | None],
    currency: str,
    colour: str,
    pattern: str = "",
) -> Series:
    wholes = [value(bar) for bar in bars]
    return Series(
        name=name,
        lengths=[None if cents is None else cents / 100 for cents in wholes],
        texts=[
            t("{name}, {series}: {value}", name=bar.label, series=name, value=in_money(cents, currency))
            for bar, cents in zip(bars, wholes, strict=True)
        ],
        colour=colour,
        pattern=pattern,
    )


def _known_sum(values: "pd.Series[Any]") -> Any:
    """The sum of what is known; unknown, not 0, when nothing is."""
    return values.sum(min_count=1)


def _carbon(kilograms: Any) -> str:
    return amounts.carbon(None if pd.isna(kilograms) else float(kilograms))


def _part(saved: int, spent: int | None) -> str:
    return amounts.share(saved / spent) if spent else amounts.UNKNOWN
