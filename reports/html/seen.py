"""The warning before the first table: how much of the spend was seen, what is missing, which days may still change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from finops.model import AuditReport, CostLine
from reports import amounts, summary, words
from reports import trust as trusting
from reports.language import joint, t, tn
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
        return t("The newest days may still change.")
    share = report.totals.evaluated_cost_share
    if share is None:
        return t("Not everything was seen. There may be more to find.")
    return t(
        "Not everything was seen: {share} of the spend was judged. There may be more to find.",
        share=amounts.share(share),
    )


def _missing(report: AuditReport) -> Iterator[tuple[str, str]]:
    unread = summary.unread_groups(report)
    for group in unread[:_UNREAD]:
        yield shortened(words.unread_place(group), _PLACE), words.STATUSES[group.status]
    more = len(unread) - _UNREAD
    if more > 0:
        yield tn("{n} more place not read whole", "{n} more places not read whole", more), ""
    at_stake = _at_stake(report)
    if at_stake:
        yield t("Accounts that were not read whole cost {amount} a month", amount=at_stake), ""
    unknown = [one for one in report.costs if one.monthly_cost is None]
    if unknown:
        yield _without_cost(unknown), ""
    gaps = len(report.not_evaluated)
    if gaps:
        yield (
            tn(
                "{n} check has no answer, because data are missing",
                "{n} checks have no answer, because data are missing",
                gaps,
            ),
            "",
        )
    told = trusting.trust(report)
    failed = sum(one.grave for one in told.doubts) if told else 0
    if failed:
        yield tn("{n} test of the data failed", "{n} tests of the data failed", failed), ""
    for month, apart, share in untied(report):
        told_apart = {"month": month, "amount": apart, "share": share}
        yield t("The bill of {month} is {amount} ({share}) off its invoices", **told_apart), ""


def _without_cost(unknown: Sequence[CostLine]) -> str:
    named = joint(", ").join(words.account(one.cloud, one.account) for one in unknown[:_BILLS])
    more = len(unknown) - _BILLS
    if more <= 0:
        return t("Cost not known: {accounts}", accounts=named)
    return tn(
        "Cost not known: {accounts} and {n} more",
        "Cost not known: {accounts} and {n} more",
        more,
        accounts=named,
    )


def _at_stake(report: AuditReport) -> str:
    """What accounts with something unread cost a month: how much of the spend may hide more."""
    affected = {(one.cloud, one.account) for one in summary.unread_scopes(report)}
    sums: dict[str, Decimal] = {}
    for line in report.costs:
        if (line.cloud, line.account) in affected and line.monthly_cost and line.currency:
            sums[line.currency] = sums.get(line.currency, Decimal(0)) + line.monthly_cost
    return amounts.joined([amounts.short(amount, currency) for currency, amount in sums.items()])


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
    named = joint(", ").join(
        t("{bill} from {day} on", bill=who, day=amounts.day(since)) for who, since in bills[:_BILLS]
    )
    more = len(bills) - _BILLS
    if more <= 0:
        yield t("Provisional, may still grow: {bills}", bills=named), ""
        return
    yield (
        tn(
            "Provisional, may still grow: {bills}, and {n} more bill",
            "Provisional, may still grow: {bills}, and {n} more bills",
            more,
            bills=named,
        ),
        "",
    )


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
