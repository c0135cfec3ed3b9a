"""All of it together: which month, the promises that are checked each time, the answer."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

import duckdb

from finops.errors import InvariantError, UsageError
from finops.money import cents
from finops.pipeline.costing import bills, names, notes, queries
from finops.pipeline.costing.bills import Reach, Span, Statement
from finops.pipeline.costing.invoices import tie_out
from finops.pipeline.costing.lines import lines, total
from finops.pipeline.costing.queries import Row
from finops.pipeline.costing.question import Question
from finops.pipeline.costing.rounding import exact_sum
from finops.spending import Bill, CostAnswer, CurrencyCosts

_NIL = Decimal("0.00")


def answer(con: duckdb.DuckDBPyConnection, question: Question) -> CostAnswer:
    """Answers a question from an open warehouse; writes nothing.

    Raises UsageError when there is no bill (of that month, cloud or account), InvariantError when the lines are not
    the bill to the last digit.
    """
    month, against = _months(con, question)
    statement = bills.statement(con, question, month, against)
    if not statement.before_entries:
        statement = bills.without_comparison(statement)
    rows = queries.lines(con, question, statement)
    _check(con, question, statement, rows)
    shown = names.of_lines(con, question, statement, rows)
    rejected = bills.rejected(con)
    recorded = {} if question.until else bills.loaded(con, statement.entries)  # recorded of whole bills
    by_currency: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_currency[row.currency].append(row)
    return CostAnswer(
        as_of=_as_of(statement),
        month=f"{month:%Y-%m}",
        previous_month=f"{statement.against:%Y-%m}" if statement.against else None,
        complete=_complete([reach.now for reach in statement.reaches.values() if reach.now]),
        compared=_compared(statement),
        by=[dimension.name for dimension in question.by],
        metric=question.metric,
        filters=question.filters,
        currencies={
            currency: _currency(question, statement, currency, some, shown, recorded.get(currency))
            for currency, some in sorted(by_currency.items())
        },
        bills=[_bill(reach, statement, rejected) for reach in statement.reaches.values() if reach.now],
        notes=notes.of(con, question, statement, against, rows, rejected, recorded),
    )


def _months(con: duckdb.DuckDBPyConnection, question: Question) -> tuple[datetime, datetime]:
    """The month that is asked for and the one to compare it with, loaded or not."""
    bills.refuse_unknown(con, question)
    there = bills.months(con, question)
    if not there:
        raise UsageError(
            "The warehouse holds no bill yet: load one with finops ingest FILE, or see finops demo."
        )
    for wanted in (question.month, question.against):
        if wanted and wanted not in there:
            raise UsageError(f"No bill of {wanted:%Y-%m} is loaded: there {_listed(there)}.")
    month = question.month or there[-1]
    if month == question.against:
        raise UsageError(f"{month:%Y-%m} cannot be compared with itself: name another month with --against.")
    return month, question.against or bills.month_before(month)


def _listed(months: Sequence[datetime]) -> str:
    told = [f"{month:%Y-%m}" for month in months]
    if len(told) == 1:
        return f"is {told[0]} only"
    if len(told) > 12:
        return f"are {len(told)} months from {told[0]} to {told[-1]}, the newest {', '.join(told[-6:])}"
    return f"are {', '.join(told[:-1])} and {told[-1]}"


# --- what is promised -------------------------------------------------------------------------------------


def _check(
    con: duckdb.DuckDBPyConnection, question: Question, statement: Statement, rows: Sequence[Row]
) -> None:
    """Raises InvariantError unless the lines hold every charge of the month, to the last digit, and each change is
    the sum of its effects."""
    promised = queries.totals(con, question, statement.month)
    held: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        held[row.currency].append(row)
        _check_effects(row, compared=statement.against is not None)
    for currency in sorted({*promised, *held}):
        some = held[currency]
        charges, billed, effective = promised.get(currency, (0, Decimal(0), Decimal(0)))
        got = (
            sum(row.charges for row in some),
            exact_sum([row.billed or _NIL for row in some]),
            exact_sum([row.effective or _NIL for row in some]),
        )
        if got != (charges, billed, effective):
            raise InvariantError(
                f"The lines hold {got[0]:,} charges of {got[1]} {currency} billed, {got[2]} effective, and the bill "
                f"has {charges:,} of {billed} and {effective}. Please report this as a bug."
            )


def _check_effects(row: Row, *, compared: bool) -> None:
    if not compared:
        return
    parts = [row.previous or _NIL, row.apart or _NIL, *row.effects.values()]
    if exact_sum(parts) != (row.cost or _NIL):
        raise InvariantError(
            f"What came before, and what changed, of {row.values} is {exact_sum(parts)}, and it costs {row.cost} "
            f"{row.currency}. Please report this as a bug."
        )


# --- one currency -----------------------------------------------------------------------------------------


def _currency(
    question: Question,
    statement: Statement,
    currency: str,
    rows: Sequence[Row],
    shown: dict[str, dict[str, str]],
    recorded: Decimal | None,
) -> CurrencyCosts:
    shown_lines = lines(question, rows, shown, compared=statement.against is not None)
    summed = total(shown_lines, rows)
    days, before = _days(statement, currency)
    entries = [entry for entry in statement.entries if entry.currency == currency]
    return CurrencyCosts(
        totals=summed,
        days=days,
        previous_days=before,
        cost_per_day=cents(summed.cost / Decimal(days)) if days and summed.cost is not None else None,
        previous_per_day=(
            cents(summed.previous / Decimal(before)) if before and summed.previous is not None else None
        ),
        lines=shown_lines,
        tie_out=None if question.cuts_invoices else tie_out(entries, recorded),
    )


# --- how far bills go -------------------------------------------------------------------------------------


def _as_of(statement: Statement) -> datetime:
    spans = [reach.now for reach in statement.reaches.values() if reach.now]
    return max((min(span.metered_to or span.end, span.end) for span in spans), default=statement.month)


def _complete(spans: Sequence[Span]) -> bool | None:
    states = {span.complete for span in spans}
    return False if False in states else None if None in states or not states else True


def _compared(statement: Statement) -> Literal["month", "same days"] | None:
    if not statement.against:
        return None
    cut = any(reach.keep_until for reach in statement.reaches.values())
    return "same days" if cut else "month"


def _days(statement: Statement, currency: str) -> tuple[float | None, float | None]:
    """Days that the amounts of a currency are of, now and before, where all its bills agree."""
    keys = {entry.key for entry in statement.entries if entry.currency == currency}
    pairs = {_bill_days(statement.reaches[key]) for key in keys}
    return next(iter(pairs)) if len(pairs) == 1 else (None, None)


def _bill_days(reach: Reach) -> tuple[float | None, float | None]:
    now, before = reach.now, reach.before
    end = reach.keep_until or (before.end if before else None)
    return (
        bills.in_days(now.elapsed) if now else None,
        bills.in_days(end - before.start) if before and end and reach.known_now else None,
    )


def _bill(reach: Reach, statement: Statement, rejected: dict[str, int]) -> Bill:
    span = reach.now
    assert span is not None  # noqa: S101 - asked for by the caller
    days, before = _bill_days(reach)
    compared: Literal["month", "same days"] = "same days" if reach.keep_until else "month"
    return Bill(
        cloud=span.cloud,
        billing_account=span.payer,
        kind="cost explorer" if span.totals else "bill",
        month=f"{statement.month:%Y-%m}",
        through=min(span.metered_to, span.end) if span.metered_to else None,
        complete=span.complete,
        days=days,
        previous_days=before,
        compared=compared if statement.against and reach.known_before else None,
        rejected_rows=sum(rejected.get(source, 0) for source in span.sources),
    )
