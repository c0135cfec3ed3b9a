"""The bills behind an answer: which months are loaded, how far each bill goes, its invoices and what was recorded.

A bill is what one billing account of a cloud pays for a month. The month of a charge is that of its billing period;
half a day is added because some providers' periods start at local midnight.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

import duckdb

from finops.errors import UsageError
from finops.pipeline.costing.question import Condition, Question, begun_before
from finops.pipeline.costing.rounding import EXACT, exact_sum

HALF_DAY = timedelta(hours=12)
_DAY = timedelta(days=1)
# A charge of at most a day (25 hours when clocks change) tells how far the bill goes; a monthly fee does not.
_METERED = "ChargeCategory = 'Usage' AND ChargePeriodEnd - ChargePeriodStart <= INTERVAL 25 HOUR"
_STATEMENT = """
SELECT x_Cloud, BillingAccountId, x_CostBasis, x_Source, BillingPeriodStart, coalesce(BillingCurrency, 'XXX'),
    InvoiceId, any_value(InvoiceIssuerName), count(*), coalesce(sum(BilledCost), 0), sum(x_Cost),
    max(coalesce(BillingPeriodEnd, BillingPeriodStart + INTERVAL 1 MONTH)), max(ChargePeriodEnd) FILTER ({metered})
FROM charges WHERE {where} GROUP BY ALL
"""


class Entry(NamedTuple):
    """Charges of one bill, source, period, currency and invoice, summed."""

    cloud: str
    payer: str
    basis: str
    source: str
    start: datetime
    currency: str  # XXX, which is ISO 4217's word for none, where a charge has none
    invoice: str | None
    issuer: str | None
    charges: int
    billed: Decimal
    effective: Decimal | None
    end: datetime
    metered_to: datetime | None

    @property
    def key(self) -> tuple[str, str, bool]:
        return self.cloud, self.payer, self.basis == "total"


@dataclass(frozen=True, slots=True)
class Span:
    """How far one bill of one month goes."""

    cloud: str
    payer: str
    totals: bool  # from Cost Explorer
    start: datetime
    end: datetime
    metered_to: datetime | None
    sources: frozenset[str] = field(default_factory=frozenset)

    @property
    def complete(self) -> bool | None:
        """Whether usage is metered to the end of the period; None where nothing is metered by the day."""
        return None if self.metered_to is None else self.metered_to >= self.end

    @property
    def elapsed(self) -> timedelta:
        """The time that the bill is of."""
        through = self.end if self.metered_to is None else min(self.metered_to, self.end)
        return max(through - self.start, timedelta(0))

    def joined(self, entry: Entry) -> "Span":
        """With what another entry of the same bill tells."""
        metered = [at for at in (self.metered_to, entry.metered_to) if at]
        return replace(
            self,
            start=min(self.start, entry.start),
            end=max(self.end, entry.end),
            metered_to=max(metered, default=None),
            sources=self.sources | {entry.source},
        )


@dataclass(frozen=True, slots=True)
class Reach:
    """What of one bill takes part: this month, the one before, and until when the one before is compared."""

    now: Span | None
    before: Span | None
    known_now: bool
    known_before: bool
    keep_until: datetime | None = None

    @property
    def whole(self) -> bool:
        """Whether all of both months is compared."""
        return self.known_now and self.known_before and self.keep_until is None


@dataclass(frozen=True, slots=True)
class Statement:
    """The entries of a month and of the one it is compared with, if any."""

    month: datetime
    against: datetime | None
    entries: tuple[Entry, ...]  # of the month
    before_entries: tuple[Entry, ...]  # of the month it is compared with
    reaches: Mapping[tuple[str, str, bool], Reach]


def period(month: datetime) -> Condition:
    """The charges of a month, by literals, so that row groups of other months are not read."""
    start, end = month_range(month)
    return Condition(
        f"BillingPeriodStart >= TIMESTAMP '{start}' AND BillingPeriodStart < TIMESTAMP '{end}'", {}
    )


def without_comparison(statement: Statement) -> Statement:
    """The same, of one month alone."""
    return replace(statement, against=None, before_entries=())


def in_days(duration: timedelta) -> float:
    """Days, to the hundredth."""
    return round(duration / _DAY, 2)


def month_range(month: datetime) -> tuple[datetime, datetime]:
    """Between which instants the billing periods of a month start."""
    return month - HALF_DAY, next_month(month) - HALF_DAY


def next_month(month: datetime) -> datetime:
    return (month + timedelta(days=32)).replace(day=1)


def month_before(month: datetime) -> datetime:
    return (month - _DAY).replace(day=1)


def months(con: duckdb.DuckDBPyConnection, question: Question) -> list[datetime]:
    """The months that have charges of the clouds and accounts that are asked for, oldest first."""
    where, values = ["BillingPeriodStart IS NOT NULL"], {}
    for column, wanted in (("x_Cloud", question.clouds), ("x_AccountId", question.accounts)):
        if wanted:
            where.append(f"list_contains(${column}, {column})")
            values[column] = list(wanted)
    rows = con.execute(
        f"SELECT DISTINCT date_trunc('month', start + INTERVAL 12 HOUR) AS month FROM "  # noqa: S608
        f"(SELECT DISTINCT BillingPeriodStart AS start FROM charges WHERE {' AND '.join(where)}) ORDER BY month",
        values,
    ).fetchall()
    return [datetime.combine(month, time.min) for (month,) in rows]


def refuse_unknown(con: duckdb.DuckDBPyConnection, question: Question) -> None:
    """Raises UsageError for a cloud or an account that no charge has."""
    for what, column, wanted in (
        ("cloud", "x_Cloud", question.clouds),
        ("account", "x_AccountId", question.accounts),
    ):
        if not wanted:
            continue
        rows = con.execute(f"SELECT DISTINCT {column} FROM charges").fetchall()  # noqa: S608
        known = sorted(str(row[0]) for row in rows)
        for name in wanted:
            if name not in known:
                some = ", ".join(known[:10]) + (f" and {len(known) - 10:,} more" if len(known) > 10 else "")
                raise UsageError(f"No charge is of {what} {name}; there are {some}.")


def statement(
    con: duckdb.DuckDBPyConnection, question: Question, month: datetime, against: datetime | None
) -> Statement:
    """The bills of both months, in one pass over the charges."""
    during = period(month)
    if against:
        during = Condition(f"({during.sql}) OR ({period(against).sql})", {})
    values: dict[str, object] = {}
    where = f"({during.sql})"
    if question.until:
        begun = begun_before(question.until)
        where, values = f"{where} AND {begun.sql}", {**begun.values}
    if question.clouds:
        where += " AND list_contains($clouds, x_Cloud)"
        values["clouds"] = list(question.clouds)
    if question.accounts:
        where += (
            f" AND BillingAccountId IN (SELECT BillingAccountId FROM charges WHERE ({during.sql}) "  # noqa: S608
            "AND list_contains($accounts, x_AccountId))"
        )
        values["accounts"] = list(question.accounts)
    rows = con.execute(_STATEMENT.format(metered=_METERED, where=where), values).fetchall()
    entries = [Entry(*row) for row in rows]
    start, end = month_range(month)
    now = tuple(entry for entry in entries if start <= entry.start < end)
    before = tuple(entry for entry in entries if not start <= entry.start < end)
    return Statement(month, against, now, before, reaches(now, before))


def reaches(now: Iterable[Entry], before: Iterable[Entry]) -> dict[tuple[str, str, bool], Reach]:
    """What of each bill is compared with what: the same days of the month before while a bill is not complete.

    A bill that only one of the months has is not compared: that it is not loaded does not make it new or gone. Totals
    of Cost Explorer and the bill that took their place count as the same bill.
    """
    spans, earlier = _spans(now), _spans(before)
    found = {}
    for key in sorted({*spans, *earlier}):
        mine = spans.get(key) or spans.get((*key[:2], not key[2]))
        theirs = earlier.get(key)
        known_before = theirs is not None or (*key[:2], not key[2]) in earlier
        keep_until = None
        if mine and theirs and mine.complete is False:
            limit = theirs.start + mine.elapsed
            keep_until = limit if limit < theirs.end else None
        found[key] = Reach(spans.get(key), theirs, mine is not None, known_before, keep_until)
    return found


def _spans(entries: Iterable[Entry]) -> dict[tuple[str, str, bool], Span]:
    spans: dict[tuple[str, str, bool], Span] = {}
    for entry in entries:
        span = spans.get(entry.key)
        spans[entry.key] = (
            span.joined(entry)
            if span
            else Span(*entry.key, entry.start, entry.end, entry.metered_to, frozenset({entry.source}))
        )
    return spans


def rejected(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of each source that could not be loaded, the unlisted ones too."""
    rows = con.execute(
        "SELECT source, sum(CASE WHEN line IS NULL AND reason LIKE '% more rows are not listed' "
        "THEN CAST(replace(split_part(reason, ' ', 1), ',', '') AS BIGINT) ELSE 1 END) "
        "FROM rejected_rows GROUP BY ALL"
    ).fetchall()
    return {str(source): int(count) for source, count in rows}


def loaded(con: duckdb.DuckDBPyConnection, entries: Iterable[Entry]) -> dict[str, Decimal | None]:
    """Billed cost per currency as it was recorded when each source was read; None where that is not known.

    A part of a source in several currencies was recorded as one sum, which tells nothing about either.
    """
    rows = con.execute(
        "SELECT source, billing_account_id, billing_period_start, sum(billed_cost) FROM bill_partitions GROUP BY ALL"
    ).fetchall()
    recorded = {(source, payer, start): billed for source, payer, start, billed in rows}
    parts: dict[tuple[str, str, datetime], set[str]] = defaultdict(set)
    for entry in entries:
        parts[entry.source, entry.payer, entry.start].add(entry.currency)
    sums: dict[str, Decimal | None] = {}
    for part, currencies in sorted(parts.items()):
        known = recorded.get(part) if len(currencies) == 1 else None
        for currency in currencies:
            total = sums.get(currency, Decimal(0))
            sums[currency] = None if known is None or total is None else EXACT.add(total, known)
    return sums


def billed(entries: Iterable[Entry]) -> Decimal:
    """The billed cost of entries, exact."""
    return exact_sum([entry.billed for entry in entries])
