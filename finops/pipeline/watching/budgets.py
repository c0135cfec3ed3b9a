"""Budgets of finops.toml beside what was spent and what the month will cost."""

from datetime import date, datetime
from decimal import Decimal

import duckdb

from finops.config import Settings
from finops.money import cents, shown
from finops.night_model import BudgetLine
from finops.nightly_settings import Budget
from finops.pipeline.costing.dimensions import tag_value
from finops.pipeline.watching.cells import align, drop_cells, make_cells, some_cells
from finops.pipeline.watching.months import Line, lines


def budgets_told(
    con: duckdb.DuckDBPyConnection, settings: Settings, at: datetime, month: date | None = None
) -> list[BudgetLine]:
    """Every budget of finops.toml beside what was spent and is expected."""
    if not settings.budgets:
        return []
    month = month or at.date().replace(day=1)
    make_cells(con, at, settings.anomalies.team_tag)
    align(con)
    try:
        return [_told(con, settings, one, at, month) for one in settings.budgets]
    finally:
        drop_cells(con)


def _told(
    con: duckdb.DuckDBPyConnection, settings: Settings, budget: Budget, at: datetime, month: date
) -> BudgetLine:
    where, values = _condition(budget)
    some_cells(con, at, settings.anomalies.team_tag, where, **values)
    found = lines(con, "total", month)
    amount = cents(budget.amount)
    if not found:
        return _line(budget, month, amount, None, "not_evaluated", _nothing(budget))
    one = found[0]
    state, message = _verdict(budget, amount, one)
    return _line(budget, month, amount, one, state, message)


def _condition(budget: Budget) -> tuple[str, dict[str, object]]:
    """What a budget selects: all that it names must match."""
    parts, values = ["coalesce(c.BillingCurrency, 'XXX') = $currency"], {"currency": budget.currency}
    for column, name in (("c.x_Cloud", "cloud"), ("c.x_AccountId", "account"), ("c.ServiceName", "service")):
        value = getattr(budget, name)
        if value is not None:
            parts.append(f"{column} = ${name}")
            values[name] = value
    if budget.tag is not None:
        key, _, value = budget.tag.partition("=")
        parts.append(f"coalesce({tag_value(key, 'c.Tags')}, '') = $tag")
        values["tag"] = value
    return " AND ".join(parts), dict(values)


def _nothing(budget: Budget) -> str:
    named = [name for name in ("cloud", "account", "service", "tag") if getattr(budget, name)]
    selected = f"matches its {' and '.join(named)}" if named else "is loaded"
    return (
        f"No charge in {budget.currency} {selected}, so this budget of {shown(budget.amount, budget.currency)} cannot "
        "be judged: check what it selects."
    )


def _verdict(budget: Budget, amount: Decimal, one: Line) -> tuple[str, str]:
    """The state of a budget and a sentence with both figures."""
    spent, limit = cents(one.spent), shown(amount, budget.currency)
    so_far = f"{shown(spent, budget.currency)} of {limit} is spent"
    if one.settled:
        so_far += f" through {one.settled}"
    if one.reason:
        state = "over" if spent > amount else "not_evaluated"
        return state, f"{so_far}; the rest of the month is not forecast: {one.reason}"
    forecast, low, high = (cents(one.spent + Decimal(str(value))) for value in (one.rest, one.low, one.high))
    band = f"{shown(low, budget.currency)} to {shown(high, budget.currency)}"
    ends = f"the month is expected to end at {shown(forecast, budget.currency)} ({band})"
    apart = shown(abs(forecast - amount), budget.currency)
    side = f"{apart} {'over' if forecast > amount else 'under'} the budget"
    told = f"{so_far}; {ends}, {side}."
    if spent > amount or low > amount:
        return "over", told
    if high > amount or (spent >= amount * Decimal(str(budget.warn_at)) and one.rest > 0):
        return "at_risk", told
    return "within", told


def _line(
    budget: Budget, month: date, amount: Decimal, one: Line | None, state: str, message: str
) -> BudgetLine:
    known = one is not None and not one.reason
    told = {
        name: cents(one.spent + Decimal(str(getattr(one, field)))) if one is not None and known else None
        for name, field in (("forecast", "rest"), ("low", "low"), ("high", "high"))
    }
    forecast = told["forecast"]
    return BudgetLine(
        name=budget.name,
        currency=budget.currency,
        month=month,
        budget=amount,
        spent=cents(one.spent) if one is not None else None,
        variance=forecast - amount if forecast is not None else None,
        state=state,
        message=message,
        **told,
    )
