"""What several renderings say of a report and the model does not spell out. Each is reckoned once, here."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from finops.model import (
    AuditReport,
    CarbonSource,
    Coverage,
    CurrencyTotals,
    ExemptionLine,
    Finding,
    NotEvaluated,
    Totals,
)
from reports.language import in_brackets, joint, t

Figure = Literal["monthly_cost", "gross_monthly_savings", "net_monthly_savings", "net_low", "net_high"]
Saving = Literal["monthly_savings", "net_monthly_savings"]
Amount = tuple[Decimal, str | None]

_UNREAD = ("denied", "failed", "throttled", "partial")
_EXPLAINED = re.compile(r" \(|[,;:]| via ")  # what explains the name of a source
# A number that stands alone: not the 4 of m5.4xlarge, not the digits of an id or a date.
_NUMBER = re.compile(r"(?<![\w.:/-])\d+(?:\.\d+)?(?![\w:/-]|\.\d)")


@dataclass(frozen=True)
class Unread:
    """Scopes of one account that could not be read whole, for the same reason."""

    cloud: str
    account: str
    status: str
    error: str | None
    datasets: tuple[str, ...]
    regions: tuple[str, ...]
    scopes: int


@dataclass(frozen=True)
class Gap:
    """Resources one rule could not judge for the same reason; numbers that differ are given as a range."""

    rule: str
    reason: str
    count: int
    accounts: int


def pending(report: AuditReport) -> list[Finding]:
    """The findings that ask for a decision: all but those somebody has accepted (status exempt)."""
    return [finding for finding in report.findings if finding.status != "exempt"]


def accepted(report: AuditReport) -> list[Finding]:
    """The findings somebody has accepted as they are; they are shown apart and never in a total."""
    return [finding for finding in report.findings if finding.status == "exempt"]


def counted(report: AuditReport) -> list[Finding]:
    """The pending findings that are no mere alternative to another: the steps one would really take."""
    return [finding for finding in pending(report) if finding.superseded_by is None]


def amounts(report: AuditReport, figure: Figure) -> list[Amount]:
    """The figure in one currency if there is a total, else once per currency; empty when unknown."""
    total = getattr(report.totals, figure)
    if total is not None:
        return [(total, report.currency)]
    parts = ((getattr(totals, figure), currency) for currency, totals in report.totals_by_currency.items())
    return [(amount, currency) for amount, currency in parts if amount is not None]


def per_currency(report: AuditReport) -> list[tuple[str | None, Totals | CurrencyTotals]]:
    """What to print as totals: the converted one first where there is one, then each currency by itself."""
    parts: list[tuple[str | None, Totals | CurrencyTotals]] = list(report.totals_by_currency.items())
    if len(parts) == 1:
        return parts
    whole = report.totals.net_monthly_savings is not None
    return [(report.currency, report.totals), *parts] if whole else parts


def overlap(totals: Totals | CurrencyTotals) -> Decimal | None:
    """What would be counted twice if every saving were simply added."""
    gross, net = totals.gross_monthly_savings, totals.net_monthly_savings
    return None if gross is None or net is None else gross - net


def together(findings: Iterable[Finding], figure: Saving = "net_monthly_savings") -> list[Amount]:
    """The savings of the findings, summed per currency; unknown ones are left out."""
    sums: defaultdict[str | None, Decimal] = defaultdict(Decimal)
    for finding in findings:
        saving = getattr(finding, figure)
        if saving is not None:
            sums[finding.currency] += saving
    return [(amount, currency) for currency, amount in sums.items()]


def waste(findings: Iterable[Finding]) -> list[Amount]:
    """What is accepted costs, each cost once, summed per currency; what has no price is left out."""
    sums: defaultdict[str | None, Decimal] = defaultdict(Decimal)
    for finding in findings:
        if finding.exemption is not None and finding.exemption.monthly_waste is not None:
            sums[finding.currency] += finding.exemption.monthly_waste
    return [(amount, currency) for currency, amount in sums.items()]


def lapsed(report: AuditReport) -> list[ExemptionLine]:
    """Exemptions to look at: ended, not honoured, or in force and odd, as without an end."""
    return [line for line in report.exemptions if line.state != "in_force" or line.note]


def carbon_counted(finding: Finding) -> float | None:
    """The kilograms that a finding adds to the total; audits of older versions knew only what it saves alone."""
    co2e = finding.co2e
    return co2e.saved_kg if co2e.net_saved_kg is None and co2e.method_version is None else co2e.net_saved_kg


def carbon_interval(report: AuditReport) -> tuple[float | None, float | None]:
    """The bounds of the emissions saved: the sums of the bounds, as if all errors went the same way."""
    return report.totals.co2e_saved_low_kg, report.totals.co2e_saved_high_kg


def carbon_sources(report: AuditReport) -> list[str]:
    """The version of the carbon method, then the grid and the PUE factors in use, short and with their years."""
    method = report.carbon_method
    if method is None:
        return []
    told = [t("method {version}", version=method.version)]
    if method.grid:
        told.append(t("grid: {sources}", sources=joint("; ").join(_short_sources(method.grid))))
    if method.pue:
        told.append(t("PUE: {sources}", sources=joint("; ").join(_short_sources(method.pue))))
    return told


def _short_sources(sources: Iterable[CarbonSource]) -> list[str]:
    """'Ember yearly country average (2024)': the name before what explains it, with its year, each once."""
    names = ((_EXPLAINED.split(one.source, maxsplit=1)[0].strip(), str(one.year)) for one in sources)
    return list(dict.fromkeys(name if year in name else name + in_brackets(year) for name, year in names))


def unread_scopes(report: AuditReport) -> list[Coverage]:
    """The scopes that could not be read whole, worst first. Skipped ones are of a place that does not offer them."""
    scopes = [scope for scope in report.coverage if scope.status in _UNREAD]
    return sorted(scopes, key=lambda s: (_UNREAD.index(s.status), s.cloud, s.account, s.region, s.dataset))


def unread_groups(report: AuditReport) -> list[Unread]:
    """The same, one line per account, status and error."""
    groups: defaultdict[tuple[str, str, str, str | None], list[Coverage]] = defaultdict(list)
    for scope in unread_scopes(report):
        groups[scope.cloud, scope.account, scope.status, scope.error].append(scope)
    return [
        Unread(
            *key,
            tuple(sorted({s.dataset for s in group})),
            tuple(sorted({s.region for s in group})),
            len(group),
        )
        for key, group in groups.items()
    ]


def gaps(report: AuditReport) -> list[Gap]:
    """What was not evaluated, by rule and reason, the most frequent first."""
    groups: defaultdict[tuple[str, str], list[NotEvaluated]] = defaultdict(list)
    for line in report.not_evaluated:
        groups[line.rule, _NUMBER.sub("0", line.reason)].append(line)
    found = [
        Gap(rule, _merged([g.reason for g in group]), len(group), len({(g.cloud, g.account) for g in group}))
        for (rule, _), group in groups.items()
    ]
    return sorted(found, key=lambda gap: (-gap.count, gap.rule, gap.reason))


def _merged(reasons: list[str]) -> str:
    """One sentence for many that differ in numbers only: 'no CPU data for 20–27 of 30 days'."""
    columns = zip(*(_NUMBER.findall(reason) for reason in reasons), strict=True)
    spans = (_span(sorted(set(column), key=Decimal)) for column in columns)
    return _NUMBER.sub(lambda _: next(spans), reasons[0])


def _span(numbers: list[str]) -> str:
    return numbers[0] if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"


def at_list(report: AuditReport, currency: str | None) -> tuple[int, int]:
    """Of how many accounts the cost is from list prices instead of a bill, and how many have a cost there."""
    costs = [one for one in report.costs if currency is None or one.currency == currency]
    return sum(one.basis == "list" for one in costs), len(costs)
