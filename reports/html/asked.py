"""The table of decisions: what is asked, of whom, what it brings, how risky it is, and whether it can be undone."""

from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from finops.model import AuditReport, CurrencyTotals, Totals
from reports import amounts, decisions, summary, words
from reports.language import t, tn


@dataclass(frozen=True, slots=True)
class Asked:
    """One decision in words. `risk` is such as High, `at_risk` the same as high risk; `link` leads to its findings
    within the page, and `count` is how many they are."""

    what: str
    decides: str
    owner: str
    saving: str
    range: str
    risk: str
    at_risk: str
    undo: str
    findings: str
    count: int
    link: str


@dataclass(frozen=True, slots=True)
class Total:
    """A line below the decisions: of those shown, of the rest, and of both together."""

    label: str
    saving: str
    range: str
    findings: str
    last: bool = False


def asked(report: AuditReport) -> tuple[list[Asked], list[Total]]:
    """The decisions and their totals; both empty where nothing has an amount."""
    shown = decisions.decisions(report)
    return [_asked(one) for one in shown], _totals(report, shown)


def _asked(one: decisions.Decision) -> Asked:
    count = len(one.findings)
    link = (
        f"#f-{one.findings[0]}" if count == 1 else f"#f?{urlencode({'rule': one.rule, 'action': one.action})}"
    )
    return Asked(
        what=one.what,
        decides=one.decides,
        owner=one.owner or amounts.UNKNOWN,
        saving=amounts.money(one.net, one.currency),
        range=amounts.money_span(one.low, one.high, one.currency),
        risk=words.CONFIDENCES[one.risk],
        at_risk=words.RISKS_ALONE[one.risk],
        undo=one.undo,
        findings=amounts.number(count),
        count=count,
        link=link,
    )


def _totals(report: AuditReport, shown: list[decisions.Decision]) -> list[Total]:
    """Per currency: these, everything else, and the net total, which is the sum of the two."""
    lines = []
    rest = {currency: (net, count) for net, currency, count in decisions.rest(report, shown)}
    several = len(report.totals_by_currency) > 1
    for currency, totals in summary.per_currency(report):
        of = currency if several else None
        mine = [one for one in shown if one.currency == currency and isinstance(totals, CurrencyTotals)]
        others, count = rest.get(currency or "", (Decimal(0), 0)), sum(len(one.findings) for one in mine)
        if mine and others[1]:
            net = sum((one.net for one in mine), Decimal(0))
            lines.append(_part(_these(len(mine), of), net, currency, count))
            lines.append(_part(_everything_else(of), others[0], currency, others[1]))
        if shown:
            lines.append(_net(currency, totals, of, count + others[1]))
    return lines


def _part(label: str, net: Decimal, currency: str | None, count: int) -> Total:
    return Total(label, amounts.money(net, currency), "", amounts.number(count))


def _these(count: int, currency: str | None) -> str:
    if currency is None:
        return tn("This one", "These {n}", count)
    return tn("This one in {currency}", "These {n} in {currency}", count, currency=currency)


def _everything_else(currency: str | None) -> str:
    return t("Everything else") if currency is None else t("Everything else in {currency}", currency=currency)


def _net(currency: str | None, totals: Totals | CurrencyTotals, of: str | None, count: int) -> Total:
    label = t("Net saving a month") if of is None else t("Net saving a month in {currency}", currency=of)
    overlap = summary.overlap(totals)
    if overlap:
        amount = amounts.money(overlap, currency)
        label = t("{label}, {amount} of overlap removed", label=label, amount=amount)
    return Total(
        label=label,
        saving=amounts.money(totals.net_monthly_savings, currency),
        range=amounts.money_span(totals.net_low, totals.net_high, currency),
        findings=amounts.number(count) if isinstance(totals, CurrencyTotals) else "",
        last=True,
    )
