"""The table of decisions: what is asked, of whom, what it brings, how risky it is, and whether it can be undone."""

from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from finops.model import AuditReport, CurrencyTotals, Totals
from reports import amounts, decisions, summary

_RISKS = {"low": "Low", "medium": "Medium", "high": "High"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One decision in words. `link` leads to its findings within the page."""

    what: str
    decides: str
    owner: str
    saving: str
    range: str
    risk: str
    undo: str
    findings: str
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
        range=_range(one.low, one.high, one.currency),
        risk=_RISKS[one.risk],
        undo=one.undo,
        findings=f"{count:,}",
        link=link,
    )


def _range(low: Decimal | None, high: Decimal | None, currency: str | None) -> str:
    return amounts.money_range(low, high, currency).replace(" to ", "–")


def _totals(report: AuditReport, shown: list[decisions.Decision]) -> list[Total]:
    """Per currency: these, everything else, and the net total, which is the sum of the two."""
    lines = []
    rest = {currency: (net, count) for net, currency, count in decisions.rest(report, shown)}
    for currency, totals in summary.per_currency(report):
        of = f" in {currency}" if len(report.totals_by_currency) > 1 else ""
        mine = [one for one in shown if one.currency == currency and isinstance(totals, CurrencyTotals)]
        others, count = rest.get(currency or "", (Decimal(0), 0)), sum(len(one.findings) for one in mine)
        if mine and others[1]:
            net = sum((one.net for one in mine), Decimal(0))
            these = f"These {len(mine)}" if len(mine) > 1 else "This one"
            lines.append(Total(these + of, amounts.money(net, currency), "", f"{count:,}"))
            lines.append(
                Total(f"Everything else{of}", amounts.money(others[0], currency), "", f"{others[1]:,}")
            )
        if shown:
            lines.append(_net(currency, totals, of, count + others[1]))
    return lines


def _net(currency: str | None, totals: Totals | CurrencyTotals, of: str, count: int) -> Total:
    overlap = summary.overlap(totals)
    removed = f", {amounts.money(overlap, currency)} of overlap removed" if overlap else ""
    return Total(
        label=f"Net saving a month{of}{removed}",
        saving=amounts.money(totals.net_monthly_savings, currency),
        range=_range(totals.net_low, totals.net_high, currency),
        findings=f"{count:,}" if isinstance(totals, CurrencyTotals) else "",
        last=True,
    )
