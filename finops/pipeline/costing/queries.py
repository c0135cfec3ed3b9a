"""The SQL of `finops costs`: one pass over the charges of one or two months, aggregated in DuckDB.

The pass groups charges into cells: one value of each dimension and, where months are compared, one price. Everything
after it works on cells. Dear values (tags out of JSON text) are made of cells too, not of charges.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from finops.pipeline.costing.bills import Reach, Statement, month_range, period
from finops.pipeline.costing.question import COLUMNS, Condition, Question, narrowed
from finops.pipeline.costing.rounding import EXACT

EFFECTS = ("price", "quantity", "new", "gone", "other")
# What has a price of its own: account, region, SKU, operation, how it is bought. The id of a SKU survives a change of
# price, the id of a price does not; where a bill has neither, the usage type or the words of the charge stand for it.
_SKU = (
    "x_Cloud, x_AccountId, RegionId, ServiceName, coalesce(SkuId, x_UsageType, SkuMeter, ChargeDescription), "
    "x_Operation, PricingCategory, CommitmentDiscountStatus, BillingCurrency"
)
_MEASURED = (
    "ChargeCategory = 'Usage' AND PricingQuantity IS NOT NULL AND PricingUnit IS NOT NULL "
    "AND CommitmentDiscountStatus IS DISTINCT FROM 'Unused'"
)
# Of one price in both months: the verdict says whether price and quantity can be told apart. Negative quantities and
# costs (corrections) have no price, and a SKU that is sold by another unit now is neither new nor gone.
_JUDGED = """
prices AS (
    SELECT price, any_value(sku) AS sku, sum(cost) AS cost, sum(previous) AS previous,
        sum(quantity_now) AS quantity_now, sum(quantity_before) AS quantity_before,
        sum(charges) AS charges, sum(before) AS before
    FROM cells WHERE kind = 1 GROUP BY price
),
skus AS (
    SELECT sku, sum(charges) AS charges, sum(before) AS before FROM prices GROUP BY sku
),
judged AS (
    SELECT price, CAST(p.previous AS DOUBLE) / CAST(p.quantity_before AS DOUBLE) AS unit_price,
        CASE WHEN s.before = 0 THEN 'new' WHEN s.charges = 0 THEN 'gone'
             WHEN p.charges > 0 AND p.before > 0 AND p.quantity_before > 0 AND p.quantity_now >= 0
              AND p.previous >= 0 AND p.cost >= 0 THEN 'split' ELSE 'other' END AS verdict
    FROM prices AS p JOIN skus AS s USING (sku)
),
told AS (
    SELECT *, coalesce(cost, 0) - coalesce(previous, 0) AS change,
        CASE WHEN verdict = 'split' THEN TRY_CAST(
            CAST(coalesce(quantity_now, 0) - coalesce(quantity_before, 0) AS DOUBLE) * unit_price
            AS DECIMAL(38, 18)) END AS used
    FROM cells LEFT JOIN judged USING (price)
),
parts AS (
    SELECT *, CASE WHEN kind = 2 THEN 'apart' WHEN used IS NOT NULL THEN 'split'
                   WHEN verdict IN ('new', 'gone') THEN verdict ELSE 'other' END AS effect
    FROM told
)"""
_COMPARED_SUMS = """
    sum(charges) AS charges, sum(before) AS before, coalesce(sum(charges) FILTER (kind < 2), 0) AS compared,
    sum(unknown) AS unknown, sum(billed) AS billed, sum(effective) AS effective, sum(cost) AS cost,
    sum(previous) AS previous, sum(cost) FILTER (kind = 2) AS apart,
    sum(change - used) FILTER (effect = 'split') AS price, sum(used) FILTER (effect = 'split') AS quantity,
    sum(change) FILTER (effect = 'new') AS new, sum(change) FILTER (effect = 'gone') AS gone,
    sum(change) FILTER (effect = 'other') AS other"""
_SUMS = (
    "sum(charges) AS charges, sum(unknown) AS unknown, sum(billed) AS billed, sum(effective) AS effective, "
    "sum(cost) AS cost"
)
_AMOUNTS = ("charges", "unknown", "billed", "effective")
_NOISE = Decimal("1e-9")  # of the cost
_SOMETIMES = ("list", "contracted")  # costs that a charge may lack; no bill is loaded without the others
_BEFORE = ("before", "compared", "previous", "apart", *EFFECTS)
_REACHES = "bills_compared"


@dataclass(frozen=True, slots=True)
class Row:
    """One line as it comes from the warehouse: exact amounts, None where nothing is known."""

    values: tuple[str | None, ...]
    currency: str
    others: int  # so many lines in one
    charges: int
    before: int  # charges of the month that is compared with
    compared: int  # charges of this month that are compared
    unknown: int  # charges of this month without an amount in the metric
    billed: Decimal | None
    effective: Decimal | None
    cost: Decimal | None
    previous: Decimal | None
    apart: Decimal | None  # part of the cost that is not compared
    effects: dict[str, Decimal]


def lines(con: duckdb.DuckDBPyConnection, question: Question, statement: Statement) -> list[Row]:
    """The lines of each currency, largest first, those beyond `top` summed into one behind them.

    They compare with the month that the statement holds, if any.
    """
    plain = all(reach.whole for reach in statement.reaches.values())
    if statement.against and not plain:
        _keep_reaches(con, statement.reaches)
    sql, values = lines_sql(question, statement.month, statement.against, plain=plain)
    compared = statement.against is not None
    return [_row(question, compared, row) for row in con.execute(sql, values).fetchall()]


def lines_sql(
    question: Question, month: datetime, against: datetime | None, *, plain: bool = True
) -> tuple[str, dict[str, Any]]:
    """The query of lines() and its parameters; `plain` when every charge of both months is compared."""
    during = period(month)
    if against:
        during = Condition(f"({during.sql}) OR ({period(against).sql})", {})
    condition = narrowed(question, during)
    cells = _compared_cells(question, condition, month, plain) if against else _cells(question, condition)
    grouped = against or any(one.final("x") != "x" for one in question.by)
    sums, source = (_COMPARED_SUMS, "parts") if against else (_SUMS, "cells")
    steps = [f"cells AS ({cells})"]
    if against:
        steps.append(_JUDGED.strip())
    if grouped:
        steps.append(f"lines AS (SELECT {_finals(question)}, currency, {sums} FROM {source} GROUP BY ALL)")  # noqa: S608
    else:
        steps.append("lines AS (FROM cells)")
    return f"WITH {', '.join(steps)} {_ranked(question, bool(against))}", condition.values


def totals(
    con: duckdb.DuckDBPyConnection, question: Question, month: datetime
) -> dict[str, tuple[int, Decimal, Decimal]]:
    """Charges, billed and effective cost of the month per currency, asked without any grouping of lines."""
    condition = narrowed(question, period(month))
    rows = con.execute(
        f"SELECT coalesce(BillingCurrency, 'XXX'), count(*), coalesce(sum(BilledCost), 0), coalesce(sum(x_Cost), 0) "  # noqa: S608
        f"FROM charges WHERE {condition.sql} GROUP BY ALL",
        condition.values,
    ).fetchall()
    return {str(currency): (int(charges), billed, effective) for currency, charges, billed, effective in rows}


def _raw(question: Question) -> str:
    """The columns that charges are grouped by for the dimensions: each, and once the text with all tags."""
    columns = [f"{one.sql} AS d{place}" for place, one in enumerate(question.by) if one.tag is None]
    if any(one.tag is not None for one in question.by):
        columns.append("Tags AS tags")
    return ", ".join(columns)


def _finals(question: Question) -> str:
    return ", ".join(
        f"{one.final('tags' if one.tag is not None else f'd{place}')} AS d{place}"
        for place, one in enumerate(question.by)
    )


def _cells(question: Question, condition: Condition) -> str:
    cost = COLUMNS[question.metric]
    unknown = f"count(*) - count({cost})" if question.metric in _SOMETIMES else "0"
    return (
        f"SELECT {_raw(question)}, coalesce(BillingCurrency, 'XXX') AS currency, count(*) AS charges, "  # noqa: S608
        f"{unknown} AS unknown, sum(BilledCost) AS billed, sum(x_Cost) AS effective, "
        f"sum({cost}) AS cost FROM charges WHERE {condition.sql} GROUP BY ALL"
    )


def _compared_cells(question: Question, condition: Condition, month: datetime, plain: bool) -> str:
    cost = COLUMNS[question.metric]
    start, end = month_range(month)
    now = f"(BillingPeriodStart >= TIMESTAMP '{start}' AND BillingPeriodStart < TIMESTAMP '{end}')"
    apart = "" if plain else f"WHEN {now} AND NOT known_before THEN 2 "
    kind = f"CASE {apart}WHEN {_MEASURED} THEN 1 ELSE 0 END"  # 1 measured, 2 not compared, 0 anything else
    unknown = f"count(*) FILTER ({now} AND {cost} IS NULL)" if question.metric in _SOMETIMES else "0"
    source = "charges" if plain else f"charges JOIN {_REACHES} ON {_JOINED}"
    kept = "" if plain else (
        f" AND ({now} OR (known_now AND (keep_until IS NULL OR ChargePeriodStart < keep_until)))"
    )  # fmt: skip
    return (
        f"SELECT {_raw(question)}, coalesce(BillingCurrency, 'XXX') AS currency, {kind} AS kind, "  # noqa: S608
        f"CASE WHEN {_MEASURED} THEN hash({_SKU}) END AS sku, "
        f"CASE WHEN {_MEASURED} THEN hash(hash({_SKU}), PricingUnit) END AS price, "
        f"count(*) FILTER ({now}) AS charges, count(*) FILTER (NOT {now}) AS before, "
        f"{unknown} AS unknown, "
        f"sum(BilledCost) FILTER ({now}) AS billed, sum(x_Cost) FILTER ({now}) AS effective, "
        f"sum({cost}) FILTER ({now}) AS cost, sum({cost}) FILTER (NOT {now}) AS previous, "
        f"sum(PricingQuantity) FILTER ({now}) AS quantity_now, "
        f"sum(PricingQuantity) FILTER (NOT {now}) AS quantity_before "
        f"FROM {source} WHERE ({condition.sql}){kept} GROUP BY ALL"
    )


_JOINED = (
    f"{_REACHES}.cloud = charges.x_Cloud AND {_REACHES}.payer = charges.BillingAccountId "
    f"AND {_REACHES}.totals = (charges.x_CostBasis = 'total')"
)


def _keep_reaches(con: duckdb.DuckDBPyConnection, reaches: Mapping[tuple[str, str, bool], Reach]) -> None:
    """The bills as a small table that charges are joined with."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_REACHES} "
        "(cloud VARCHAR, payer VARCHAR, totals BOOLEAN, known_now BOOLEAN, known_before BOOLEAN, keep_until TIMESTAMP)"
    )
    con.executemany(
        f"INSERT INTO {_REACHES} VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
        [(*key, reach.known_now, reach.known_before, reach.keep_until) for key, reach in reaches.items()],
    )


def _ranked(question: Question, compared: bool) -> str:
    """The end of the query: order, and what is beyond `top` in one line. Columns are those of _shown()."""
    names = [f"d{place}" for place in range(len(question.by))]
    columns, amounts = ", ".join(names), _shown(question, compared)
    metric = "cost" if "cost" in amounts else question.metric
    order = "" if question.by[0].in_order else f"{metric} DESC NULLS LAST, "
    shown = ", ".join(amounts)
    if question.top is None:
        return (
            f"SELECT {columns}, currency, 0 AS others, {shown} FROM lines ORDER BY currency, {order}{columns}"  # noqa: S608
        )
    size = "greatest(abs(coalesce(cost, 0)), abs(coalesce(previous, 0)))" if compared else "abs(cost)"
    summed = ", ".join(f"sum({name}) AS {name}" for name in amounts)
    rest = ", ".join(f"whole.{name} - coalesce(kept.{name}, 0) AS {name}" for name in amounts)
    return (
        f", shown AS (SELECT {columns}, currency, {shown} FROM lines QUALIFY row_number() OVER "  # noqa: S608
        f"(PARTITION BY currency ORDER BY {size} DESC NULLS LAST, {columns}) <= {question.top}), "
        f"whole AS (SELECT currency, count(*) AS lines, {summed} FROM lines GROUP BY currency), "
        f"kept AS (SELECT currency, count(*) AS lines, {summed} FROM shown GROUP BY currency) "
        f"SELECT * FROM (SELECT {columns}, currency, 0 AS others, {shown} FROM shown "
        f"UNION ALL BY NAME SELECT currency, whole.lines - kept.lines AS others, {rest} "
        f"FROM whole JOIN kept USING (currency) WHERE whole.lines > kept.lines) "
        f"ORDER BY currency, others > 0, {order}{columns}"
    )


def _shown(question: Question, compared: bool) -> list[str]:
    """The amounts that the query returns: what is known without asking is left out, for each costs time to fetch."""
    cost = ["cost"] if question.metric in _SOMETIMES else []
    return [*_AMOUNTS, *cost, *(_BEFORE if compared else ())]


def _row(question: Question, compared: bool, row: tuple[Any, ...]) -> Row:
    names = ["currency", "others", *_shown(question, compared)]
    values = row[: len(question.by)]
    told: dict[str, Any] = dict(zip(names, row[len(question.by) :], strict=True))
    charges, unknown = int(told["charges"] or 0), int(told["unknown"] or 0)
    billed, effective = told["billed"], told["effective"]
    cost = told.get("cost", billed if question.metric == "billed" else effective)
    if not charges:  # nothing is charged any more, which is known
        billed = effective = cost = Decimal(0)
    elif unknown == charges:
        cost = None
    effects = {name: told.get(name) or Decimal(0) for name in EFFECTS}
    return Row(
        values=tuple(None if value is None else str(value) for value in values),
        currency=told["currency"],
        others=int(told["others"]),
        charges=charges,
        before=int(told.get("before") or 0),
        compared=int(told.get("compared") or 0),
        unknown=unknown,
        billed=billed,
        effective=effective,
        cost=cost,
        previous=told.get("previous"),
        apart=told.get("apart"),
        effects=_quiet(effects, cost, told.get("previous")),
    )


def _quiet(effects: dict[str, Decimal], cost: Decimal | None, previous: Decimal | None) -> dict[str, Decimal]:
    """The effects without a change of price that is only the noise of doubles; their sum stays."""
    if abs(effects["price"]) <= _NOISE * EXACT.add(abs(cost or Decimal(0)), abs(previous or Decimal(0))):
        quantity = EXACT.add(effects["quantity"], effects["price"])
        return effects | {"quantity": quantity, "price": Decimal(0)}
    return effects
