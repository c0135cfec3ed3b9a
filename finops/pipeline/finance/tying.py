"""The last whole month against its invoices, and what a unit of the business costs."""

from datetime import datetime

import duckdb

from finops.config import Settings
from finops.errors import UsageError
from finops.finance_model import TiedOut, UnitCost
from finops.money import cents
from finops.nightly_settings import UnitDriver
from finops.pipeline.costing import Question, answer, parse_month
from finops.pipeline.costing.bills import month_before
from finops.spending import CostAnswer


def tied_out(
    con: duckdb.DuckDBPyConnection, month: datetime, newest: CostAnswer, until: datetime | None = None
) -> list[TiedOut]:
    """The newest month that is over, of each currency; `newest` is the answer of `month`, to `until` in it."""
    told: CostAnswer | None = newest
    if newest.complete is not True or until:
        told = _answer(con, Question(month=month_before(month)))
    if told is None:
        return []
    return [
        TiedOut(
            currency=code,
            month=told.month,
            billed=tie.billed,
            invoiced=tie.invoiced,
            not_invoiced=tie.not_invoiced,
            residual=tie.residual,
            difference=None if tie.loaded_residual is None else cents(tie.loaded_residual),
            invoices=tie.invoices,
        )
        for code, one in told.currencies.items()
        if (tie := one.tie_out) is not None
    ]


def unit_costs(
    con: duckdb.DuckDBPyConnection, settings: Settings, month: datetime, until: datetime | None = None
) -> list[UnitCost]:
    """Each driver of finops.toml in the newest month that is over (by `until`) and counted, beside the month before."""
    found = []
    for driver in settings.units:
        known = [parse_month(name) for name in sorted(driver.months) if parse_month(name) <= month]
        costs = [one for when in known[-3:] for one in _unit_costs(con, driver, when, until)]
        told = {(one.currency, one.month): one.per_unit for one in costs}
        for _, newest in sorted({one.currency: one for one in costs}.items()):
            before = f"{month_before(parse_month(newest.month)):%Y-%m}"
            found.append(newest.model_copy(update={"previous_per_unit": told.get((newest.currency, before))}))
    return found


def _unit_costs(
    con: duckdb.DuckDBPyConnection, driver: UnitDriver, month: datetime, until: datetime | None
) -> list[UnitCost]:
    """Of one month; nothing where its bills are not whole, as units and costs would be of different days."""
    key, _, value = (driver.tag or "").partition("=")
    question = Question(
        month=month,
        clouds=(driver.cloud,) if driver.cloud else (),
        accounts=(driver.account,) if driver.account else (),
        services=(driver.service,) if driver.service else (),
        tags=((key, value),) if driver.tag else (),
        until=until,
    )
    told = _answer(con, question)
    if told is None or told.complete is False:
        return []
    units = driver.months[f"{month:%Y-%m}"]
    return [
        UnitCost(
            name=driver.name,
            unit=driver.unit,
            currency=code,
            month=told.month,
            units=units,
            cost=one.totals.cost,
            per_unit=float(one.totals.cost) / units,
            previous_per_unit=None,
        )
        for code, one in told.currencies.items()
        if one.totals.cost is not None
    ]


def _answer(con: duckdb.DuckDBPyConnection, question: Question) -> CostAnswer | None:
    """The answer, or None where nothing of that month, cloud or account is loaded."""
    try:
        return answer(con, question)
    except UsageError:
        return None
