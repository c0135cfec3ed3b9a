"""Totals of a report: sums of its rows, to the cent, per currency and over all of them."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from finops.emissions import Parts, check_total, saved_in_all, spread
from finops.model import CurrencyTotals, Finding, Totals
from finops.money import cents
from finops.savings.costs import AccountCost

_ZERO = Decimal("0.00")


def currency_totals(
    accounts: Iterable[AccountCost],
    findings: Sequence[Finding],
    spans: Mapping[str, tuple[Decimal, Decimal]] | None = None,
) -> dict[str, CurrencyTotals]:
    """Totals of each currency that anything is billed or priced in; `spans` are the intervals of their net savings."""
    costs: dict[str, list[AccountCost]] = {}
    for account in accounts:
        costs.setdefault(account.currency, []).append(account)
    codes = sorted({*costs, *(finding.currency for finding in findings if finding.currency)})
    return {code: _one(code, costs.get(code, []), findings, (spans or {}).get(code)) for code in codes}


def overall(
    by_currency: Mapping[str, CurrencyTotals],
    findings: Sequence[Finding],
    not_evaluated: int,
    currency: str | None,
    rates: Mapping[str, Decimal],
    emitted: Parts | None,
) -> Totals:
    """Totals over all currencies in `currency`; money is None where a rate is missing. `emitted` by all resources.

    Raises InvariantError when more carbon would be saved than is emitted.
    """
    saved = saved_in_all(finding.co2e for finding in findings)
    check_total(saved, emitted)
    factors = _factors(by_currency, currency, rates)
    gross = _converted(factors, {code: one.gross_monthly_savings for code, one in by_currency.items()})
    cost = _converted(factors, {code: one.monthly_cost for code, one in by_currency.items()})
    return Totals(
        monthly_cost=cost,
        gross_monthly_savings=gross,
        net_monthly_savings=_converted(
            factors, {code: one.net_monthly_savings for code, one in by_currency.items()}
        ),
        net_low=_converted(factors, {code: one.net_low for code, one in by_currency.items()}),
        net_high=_converted(factors, {code: one.net_high for code, one in by_currency.items()}),
        evaluated_cost_share=_share(by_currency, factors),
        findings=sum(finding.exemption is None for finding in findings),
        not_evaluated=not_evaluated,
        accepted_monthly_waste=_converted(
            factors, {code: one.accepted_monthly_waste for code, one in by_currency.items()}
        ),
        exempt_findings=sum(finding.exemption is not None for finding in findings),
        **spread("monthly_co2e", emitted),
        **spread("co2e_saved", saved),
    )


def _one(
    code: str,
    accounts: Sequence[AccountCost],
    findings: Iterable[Finding],
    span: tuple[Decimal, Decimal] | None,
) -> CurrencyTotals:
    here = [finding for finding in findings if finding.currency == code]
    mine = [finding for finding in here if finding.exemption is None]
    accepted = [finding.exemption for finding in here if finding.exemption is not None]
    judged = sum((account.judged for account in accounts), Decimal(0))
    judgeable = sum((account.judgeable for account in accounts), Decimal(0))
    return CurrencyTotals(
        monthly_cost=sum((cents(account.total) for account in accounts), _ZERO) if accounts else None,
        gross_monthly_savings=sum((f.monthly_savings or _ZERO for f in mine), _ZERO),
        net_monthly_savings=sum((f.net_monthly_savings or _ZERO for f in mine), _ZERO),
        net_low=span[0] if span else _nothing_saved(mine),
        net_high=span[1] if span else _nothing_saved(mine),
        evaluated_cost_share=round(float(judged / judgeable), 4) if judgeable > 0 else None,
        findings=len(mine),
        accepted_monthly_waste=sum((one.monthly_waste or _ZERO for one in accepted), _ZERO),
        exempt_findings=len(accepted),
    )


def _nothing_saved(findings: Sequence[Finding]) -> Decimal | None:
    """The interval of no saving at all is nothing; of one that was not reckoned it is not known."""
    return None if any(finding.net_monthly_savings for finding in findings) else _ZERO


def _factors(
    by_currency: Mapping[str, CurrencyTotals], currency: str | None, rates: Mapping[str, Decimal]
) -> dict[str, Decimal] | None:
    """What to multiply each currency with; None when a rate is missing or there is nothing."""
    factors = {code: Decimal(1) if code == currency else rates.get(code) for code in by_currency}
    known = {code: factor for code, factor in factors.items() if factor is not None}
    return known if by_currency and len(known) == len(factors) else None


def _converted(
    factors: Mapping[str, Decimal] | None, amounts: Mapping[str, Decimal | None]
) -> Decimal | None:
    if factors is None or any(amount is None for amount in amounts.values()):
        return None
    return sum((cents((amount or _ZERO) * factors[code]) for code, amount in amounts.items()), _ZERO)


def _share(by_currency: Mapping[str, CurrencyTotals], factors: Mapping[str, Decimal] | None) -> float | None:
    if factors is None:
        return None
    total = judged = Decimal(0)
    for code, one in by_currency.items():
        if one.monthly_cost is None or one.evaluated_cost_share is None:
            continue
        cost = one.monthly_cost * factors[code]
        total, judged = total + cost, judged + cost * Decimal(str(one.evaluated_cost_share))
    return round(float(judged / total), 4) if total else None
