"""What a reader must know beside the numbers, in sentences: what is missing, not complete, not comparable."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal

import duckdb

from finops.money import shown
from finops.pipeline.costing import bills
from finops.pipeline.costing.bills import Entry, Reach, Span, Statement, period
from finops.pipeline.costing.queries import Row
from finops.pipeline.costing.question import COLUMNS, Question
from finops.pipeline.costing.rounding import EXACT, exact_sum

_NAMED = 3  # bills, tags that a sentence names


def of(
    con: duckdb.DuckDBPyConnection,
    question: Question,
    statement: Statement,
    against: datetime,
    rows: Sequence[Row],
    rejected: Mapping[str, int],
    recorded: Mapping[str, Decimal | None],
) -> list[str]:
    """The sentences, the most important first. `against` is the month that was to be compared with."""
    if not rows:
        return [f"No charge of {statement.month:%Y-%m} is left by the filters."]
    return [
        *_left_out(question),
        *_progress(statement, against),
        *_provisional(con, question, statement),
        *_missing_bills(statement, rows),
        *_short_before(statement),
        *_differing(statement, recorded),
        *_rejected(statement, rejected),
        *_bases(statement),
        *_unknown(question, rows),
        *_unused_tags(con, question, statement, rows),
    ]


def _left_out(question: Question) -> Iterator[str]:
    """That bills go further than what is told."""
    if question.until:
        yield f"Bills go further: charges from {_told(question.until)} on are left out, as this is of that instant."


def _progress(statement: Statement, against: datetime) -> Iterator[str]:
    """How far the month goes and what it is compared with."""
    spans = [reach.now for reach in statement.reaches.values() if reach.now]
    cut = any(reach.keep_until for reach in statement.reaches.values())
    same_days = f"; compared with the same days of {against:%Y-%m}" if cut else ""
    if unfinished := [span for span in spans if span.complete is False]:
        yield f"{statement.month:%Y-%m} is not complete: {_goes_to(unfinished)}{same_days}."
    if unclear := [span for span in spans if span.complete is None]:
        yield (
            f"Whether {statement.month:%Y-%m} is complete cannot be told of {_named(unclear)}: nothing there is "
            "metered by the day."
        )
    if statement.against is None:
        yield f"Not compared: no bill of {against:%Y-%m} is loaded."


def _provisional(con: duckdb.DuckDBPyConnection, question: Question, statement: Statement) -> Iterator[str]:
    """From which day on the bills of this month may still grow."""
    spans = {
        (reach.now.cloud, reach.now.payer): reach.now for reach in statement.reaches.values() if reach.now
    }
    bills_of: dict[datetime, list[Span]] = defaultdict(list)
    for cloud, payer, since in con.execute(
        "SELECT DISTINCT cloud, billing_account_id, settled_until FROM bill_ends "
        "WHERE newest_day >= settled_until ORDER BY ALL"
    ).fetchall():
        span = spans.get((cloud, payer))
        if span and since < min(span.end, question.until or span.end):
            bills_of[since].append(span)
    for since, some in sorted(bills_of.items()):
        yield f"The days from {since:%Y-%m-%d} on of {_named(some)} are provisional: they may still change."


def _missing_bills(statement: Statement, rows: Sequence[Row]) -> Iterator[str]:
    """Bills that only one of both months has."""
    if statement.against is None:
        return
    reaches = statement.reaches.values()
    if fresh := [reach.now for reach in reaches if reach.now and not reach.known_before]:
        apart = defaultdict(list)
        for row in rows:
            if row.apart is not None:
                apart[row.currency].append(row.apart)
        amounts = {currency: exact_sum(some) for currency, some in sorted(apart.items())}
        yield (
            f"Of {_named(fresh)} no bill of {statement.against:%Y-%m} is loaded: {_amounts(amounts)} are not compared."
        )
    if lacking := [reach.before for reach in reaches if reach.before and not reach.known_now]:
        keys = {(span.cloud, span.payer, span.totals) for span in lacking}
        gone = [entry for entry in statement.before_entries if entry.key in keys]
        yield (
            f"Of {_named(lacking)} no bill of {statement.month:%Y-%m} is loaded: what {statement.against:%Y-%m} cost "
            f"there ({_amounts(_effective(gone))}) is not compared."
        )


def _short_before(statement: Statement) -> Iterator[str]:
    """Bills of the month before that end before the time they are compared with."""
    short = [reach.before for reach in statement.reaches.values() if reach.before and _is_short(reach)]
    if short:
        yield f"The month before is not complete either: {_goes_to(short)}; changes look larger than they are."


def _is_short(reach: Reach) -> bool:
    """Whether the month before was loaded only to some day, and this month goes further."""
    now, before = reach.now, reach.before
    if not now or not before or before.complete is not False:
        return False
    return before.end - before.start - before.elapsed >= timedelta(days=1) and now.elapsed > before.elapsed


def _differing(statement: Statement, recorded: Mapping[str, Decimal | None]) -> Iterator[str]:
    for currency in sorted({entry.currency for entry in statement.entries}):
        held = bills.billed([entry for entry in statement.entries if entry.currency == currency])
        known = recorded.get(currency)
        if known is not None and known != held:
            off = f"{EXACT.subtract(held, known).normalize(EXACT):f} {currency}"
            yield (
                f"The charges of {statement.month:%Y-%m} are {off} off what was recorded when their bills were read: "
                "load these again."
            )


def _rejected(statement: Statement, rejected: Mapping[str, int]) -> Iterator[str]:
    sources = {entry.source for entry in statement.entries}
    count = sum(rejected.get(source, 0) for source in sources)
    if count:
        rows = "1 row" if count == 1 else f"{count:,} rows"
        yield f"{rows} of these bills could not be read and are in no amount; the table rejected_rows lists them."


def _bases(statement: Statement) -> Iterator[str]:
    totals = [entry for entry in statement.entries if entry.basis == "total"]
    if totals:
        yield (
            f"{_amounts(_effective(totals))} are totals from Cost Explorer, of accounts without a bill: they have no "
            "region, resource, tag or quantity."
        )
    clouds = sorted({entry.cloud for entry in statement.entries if entry.basis == "billed"})
    if clouds:
        yield (
            f"The effective costs in the bills of {_and(clouds)} are unusable (rounded to whole amounts), so billed "
            "costs stand for them."
        )


def _unknown(question: Question, rows: Sequence[Row]) -> Iterator[str]:
    count = sum(row.unknown for row in rows)
    if count:
        column = COLUMNS[question.metric]
        yield f"{count:,} of {sum(row.charges for row in rows):,} charges have no {column} and count for nothing in it."


def _unused_tags(
    con: duckdb.DuckDBPyConnection, question: Question, statement: Statement, rows: Sequence[Row]
) -> Iterator[str]:
    """Tags that no charge has: most likely another spelling."""
    for place, dimension in enumerate(question.by):
        if dimension.tag is None or any(row.others or row.values[place] is not None for row in rows):
            continue
        found = con.execute(
            "SELECT key, count(*) AS texts FROM (SELECT unnest(TRY(json_keys(Tags))) AS key FROM "  # noqa: S608
            f"(SELECT DISTINCT Tags FROM charges WHERE {period(statement.month).sql})) "
            "GROUP BY ALL ORDER BY texts DESC, key LIMIT 8"
        ).fetchall()
        there = (
            f"the most used are {', '.join(str(key) for key, _ in found)}" if found else "none has any tag"
        )
        yield f"No charge has the tag {dimension.tag}: {there}."


# --- words ------------------------------------------------------------------------------------------------


def _goes_to(spans: Sequence[Span]) -> str:
    told = [f"the bill of {_bill(span)} goes to {_instant(span)}" for span in spans[:_NAMED]]
    return _and(
        [*told, f"{len(spans) - _NAMED:,} more do not go to its end"] if len(spans) > _NAMED else told
    )


def _named(spans: Sequence[Span]) -> str:
    told = [_bill(span) for span in spans[:_NAMED]]
    return _and([*told, f"{len(spans) - _NAMED:,} more"] if len(spans) > _NAMED else told)


def _bill(span: Span) -> str:
    return f"{span.cloud} {span.payer}" + (" (Cost Explorer)" if span.totals else "")


def _instant(span: Span) -> str:
    """The last day that is there whole, or the hour."""
    at = span.metered_to or span.end
    if at.time() == time.min:
        return f"the end of {at - timedelta(days=1):%Y-%m-%d}"
    return _told(at)


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _effective(entries: Sequence[Entry]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for entry in entries:
        sums[entry.currency] = EXACT.add(sums.get(entry.currency, Decimal(0)), entry.effective or Decimal(0))
    return dict(sorted(sums.items()))


def _amounts(sums: Mapping[str, Decimal]) -> str:
    return _and([shown(amount, currency) for currency, amount in sums.items()]) or "nothing"


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
