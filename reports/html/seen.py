"""The warning before the first table: how much of the spend was seen, what is missing, which days may still change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from finops.model import AuditReport
from reports import amounts, summary, words
from reports import trust as trusting
from reports.html.sections import unread_lines
from reports.plain import one_line, shortened

_UNREAD = 3  # places that are named; the rest is in "What was not looked at"
_BILLS = 3
_PLACE = 90  # characters


@dataclass(frozen=True, slots=True)
class Caveat:
    """What a reader must know before any number. `grave` unless it is only about days that may still change."""

    title: str
    lines: list[tuple[str, str]]
    grave: bool


def caveat(report: AuditReport) -> Caveat | None:
    """None where everything was seen and nothing will change."""
    missing = [*_missing(report)]
    provisional = [*_provisional(report)]
    if not missing and not provisional:
        return None
    return Caveat(_title(report, bool(missing)), [*missing, *provisional], bool(missing))


def _title(report: AuditReport, missing: bool) -> str:
    if not missing:
        return "The newest days may still change."
    share = report.totals.evaluated_cost_share
    judged = f": {amounts.share(share)} of the spend was judged" if share is not None else ""
    return f"Not everything was seen{judged}. There may be more to find."


def _missing(report: AuditReport) -> Iterator[tuple[str, str]]:
    unread = unread_lines(report)
    for where, why in unread[:_UNREAD]:
        yield shortened(where, _PLACE), why.partition(" (")[0]
    if len(unread) > _UNREAD:
        yield f"{amounts.count(len(unread) - _UNREAD, 'more place')} not read whole", ""
    at_stake = _at_stake(report)
    if at_stake:
        yield "Accounts that were not read whole cost " + at_stake, ""
    unknown = [one for one in report.costs if one.monthly_cost is None]
    if unknown:
        named = ", ".join(words.account(one.cloud, one.account) for one in unknown[:_BILLS])
        more = f" and {len(unknown) - _BILLS} more" if len(unknown) > _BILLS else ""
        yield f"Cost not known: {named}{more}", ""
    if report.not_evaluated:
        count = amounts.count(len(report.not_evaluated), "check has", "checks have")
        yield f"{count} no answer, because data are missing", ""
    told = trusting.trust(report)
    failed = sum(one.grave for one in told.doubts) if told else 0
    if failed:
        yield f"{amounts.count(failed, 'test')} of the data failed", ""
    for month, apart, share in untied(report):
        yield f"The bill of {month} is {apart} ({share}) off its invoices", ""


def _at_stake(report: AuditReport) -> str:
    """What accounts with something unread cost a month: how much of the spend may hide more."""
    affected = {(one.cloud, one.account) for one in summary.unread_scopes(report)}
    sums: dict[str, Decimal] = {}
    for line in report.costs:
        if (line.cloud, line.account) in affected and line.monthly_cost and line.currency:
            sums[line.currency] = sums.get(line.currency, Decimal(0)) + line.monthly_cost
    told = " and ".join(amounts.short(amount, currency) for currency, amount in sums.items())
    return f"{told} a month" if told else ""


def untied(report: AuditReport) -> Iterator[tuple[str, str, str]]:
    """Months whose lines are more than one per cent off the total that came with the bill: month, amount, share."""
    for one in report.finance.tie_out if report.finance else []:
        apart = abs(one.difference) if one.difference is not None else Decimal(0)
        if apart > abs(one.billed) / 100:
            share = amounts.change_share(abs(one.billed) + apart, abs(one.billed))
            yield amounts.month(one.month), amounts.money(apart, one.currency), share


def _provisional(report: AuditReport) -> Iterator[tuple[str, str]]:
    bills = _unsettled(report)
    if not bills:
        return
    named = ", ".join(f"{who} from {amounts.day(since)} on" for who, since in bills[:_BILLS])
    more = f", and {amounts.count(len(bills) - _BILLS, 'more bill')}" if len(bills) > _BILLS else ""
    yield f"Provisional, may still grow: {named}{more}", ""


def _unsettled(report: AuditReport) -> list[tuple[str, date]]:
    provenance = report.finance.provenance if report.finance else None
    if provenance:
        return [
            (one_line(f"{one.cloud} {one.billing_account}"), one.provisional_from)
            for one in provenance.sources
            if one.provisional_from
        ]
    if report.night:
        return [
            (one_line(f"{one.provider} {one.billing_account}"), one.since) for one in report.night.provisional
        ]
    return []
