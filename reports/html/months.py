"""What is known of the month a reader asks for first, in each currency: spent, foreseen, budgeted, changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from finops.finance_model import Bridge
from finops.model import AuditReport
from finops.night_model import BudgetLine, Forecast
from reports import control as controlling


@dataclass(frozen=True, slots=True)
class Month:
    """One month in one currency; every part may be unknown.

    `key` is such as 2026-11. `running` while it is not over. `budget` is the one of everything that is spent in the
    currency, `budgets` all of the currency. `bridge` is the newest there is, which may be of the month before.
    """

    key: str
    currency: str
    running: bool
    spent: Decimal | None
    forecast: Forecast | None
    budget: BudgetLine | None
    budgets: list[BudgetLine]
    bridge: Bridge | None

    @property
    def bridge_month(self) -> str | None:
        """The month that is compared with the one before it."""
        return self.bridge.month if self.bridge else None

    @property
    def expected(self) -> Decimal | None:
        """What the month will come to."""
        return self.forecast.forecast if self.forecast else None


def months(report: AuditReport) -> list[Month]:
    """The newest month in each currency that something is known of, in the order of the report's currencies."""
    key = _key(report)
    if not key:
        return []
    return [one for currency in _currencies(report) if (one := _month(report, key, currency))]


def _key(report: AuditReport) -> str | None:
    """The newest month that is foreseen or has cost anything; else the newest that bills tell of."""
    told = [one for one in controlling.forecasts(report) if one.level == "total"]
    foreseen = [one.month for one in told if one.forecast is not None or one.spent]
    if foreseen:
        return f"{max(foreseen):%Y-%m}"
    return report.finance.month if report.finance else None


def _currencies(report: AuditReport) -> list[str]:
    named = [*report.totals_by_currency]
    named += [one.currency for one in controlling.forecasts(report)]
    if report.finance:
        named += [one.currency for one in report.finance.spend]
        named += [one.currency for one in report.finance.bridges]
    return list(dict.fromkeys(named))


def _month(report: AuditReport, key: str, currency: str) -> Month | None:
    forecast = next(_forecasts(report, key, currency), None)
    bridges = report.finance.bridges if report.finance else []
    bridge = max(
        (one for one in bridges if one.currency == currency), key=lambda one: one.month, default=None
    )
    budgets = list(_budgets(report, key, currency))
    spent = forecast.spent if forecast else _spent(report, key, currency, bridge)
    if spent is None and not budgets:
        return None
    return Month(
        key=key,
        currency=currency,
        running=f"{report.as_of:%Y-%m}" == key,
        spent=spent,
        forecast=forecast,
        budget=next((one for one in budgets if _of_everything(one, forecast)), None),
        budgets=budgets,
        bridge=bridge,
    )


def _forecasts(report: AuditReport, key: str, currency: str) -> Iterator[Forecast]:
    for one in controlling.forecasts(report):
        if one.level == "total" and one.currency == currency and f"{one.month:%Y-%m}" == key:
            yield one


def _budgets(report: AuditReport, key: str, currency: str) -> Iterator[BudgetLine]:
    for one in controlling.budgets(report):
        if one.currency == currency and f"{one.month:%Y-%m}" == key:
            yield one


def _of_everything(budget: BudgetLine, forecast: Forecast | None) -> bool:
    """Budgets do not tell what they are of: one of everything has spent, and will spend, what everything does."""
    told = forecast and (forecast.spent, forecast.forecast)
    return told == (budget.spent, budget.forecast)


def _spent(report: AuditReport, key: str, currency: str, bridge: Bridge | None) -> Decimal | None:
    """What the month's bill comes to so far, where no forecast says it."""
    for one in report.finance.spend if report.finance else []:
        if (one.currency, one.month) == (currency, key) and one.cost is not None:
            return one.cost
    return bridge.cost if bridge and bridge.month == key else None
