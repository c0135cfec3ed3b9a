"""What a month will cost: what is settled, and what the rest is expected to be, so that parts add up to the whole.

Each cloud is forecast from its own last settled day. A whole is the sum of its clouds; parts of a cloud are brought to
its forecast, each by its size and uncertainty. Only usage is foreseen: tax and credits that come later are not.
"""

import difflib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb
import numpy as np

from finops.config import Settings
from finops.control.forecast import LEAST_DAYS, Ahead, ahead
from finops.errors import UsageError
from finops.money import cents
from finops.night_model import Forecast
from finops.pipeline.costing.rounding import apportion, exact_sum
from finops.pipeline.watching.cells import (
    COLUMNS,
    DEAD,
    LEVELS,
    Subject,
    align,
    drop_cells,
    make_cells,
    missing_days,
    series,
)

_TOO_OLD = 14  # days between the last settled day and the month
_LEVEL_OF = {"cloud": "provider"}
_Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A subject's month: spent exactly, and what is expected of the rest in a band; NaN with a reason where unknown."""

    subject: Subject
    spent: Decimal
    settled: date | None
    rest: float
    low: float
    high: float
    reason: str | None = None

    def told(self, month: date, cents_of: "dict[str, Decimal]") -> Forecast:
        """As a report has it."""
        one = self.subject
        last = one.level.split("+")[-1]
        level = _LEVEL_OF.get(last, last)
        return Forecast(
            level=level,
            cloud=one.cloud, account=one.account, service=one.service, team=one.team,
            currency=one.currency or "XXX", month=month, settled_until=self.settled, reason=self.reason,
            spent=cents_of["spent"], forecast=cents_of.get("forecast"),
            low=cents_of.get("low"), high=cents_of.get("high"),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spent:
    """What a month cost so far, and whether a bill in it has ended without going on."""

    amount: Decimal
    ended: bool


_NOTHING = Spent(Decimal(0), ended=False)


def forecasts_told(con: duckdb.DuckDBPyConnection, settings: Settings, at: datetime) -> list[Forecast]:
    """What this month will cost, in all and by provider, account and team."""
    month = at.date().replace(day=1)
    return forecasts(con, settings, at, month, ["total", "provider", "account", "team"])


def forecasts(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    at: datetime,
    month: date,
    levels: Sequence[str | tuple[str, ...]],
) -> list[Forecast]:
    """What a month will cost at these levels, each line in whole cents that add up to those of the level above."""
    make_cells(con, at, settings.anomalies.team_tag)
    align(con)
    try:
        by_level = {one: lines(con, one, month) for one in dict.fromkeys(["total", "provider", *levels])}
    finally:
        drop_cells(con)
    return _adding_up(by_level, month, list(levels))


def month_end(month: date) -> date:
    """The last day of a month that begins on `month`."""
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def lines(con: duckdb.DuckDBPyConnection, level: str | tuple[str, ...], month: date) -> list[Line]:
    """Each subject of a level, its clouds forecast by themselves and summed. Needs aligned cells."""
    columns = LEVELS[level] if isinstance(level, str) else level
    apart = ("cloud", *(name for name in columns if name != "cloud"))
    units = _units(con, apart, month)
    spent = _spent(con, apart, month)
    groups: dict[Subject, list[Line]] = defaultdict(list)
    name = level if isinstance(level, str) else "+".join(columns)
    for key in dict.fromkeys([*units, *spent]):
        one, so_far = units.get(key), spent.get(key, _NOTHING)
        if one is None or so_far.ended:
            one = _without_usage(key, so_far)
        whole = Subject(name, key.currency, **{column: getattr(key, column) for column in columns})
        groups[whole].append(replace(one, spent=so_far.amount))
    found = [_together(whole, parts) for whole, parts in groups.items()]
    return sorted(found, key=lambda one: _order(one.subject))


def _order(one: Subject) -> tuple[str, ...]:
    return (one.currency or "", *(getattr(one, name) or "" for name in COLUMNS))


def _units(con: duckdb.DuckDBPyConnection, columns: _Keys, month: date) -> dict[Subject, Line]:
    """What the rest of the month is expected to cost by cloud and these columns."""
    table, missing = series(con, [columns]), missing_days(con, columns)
    for place, one in enumerate(table.subjects):  # a day that was never delivered is not a day without cost
        table.cost[place, np.isin(table.days, np.array(missing.get(one, []), dtype="datetime64[D]"))] = np.nan
    found: dict[Subject, Line] = {}
    end = month_end(month)
    for settled in sorted(set(table.settled)):
        places = [place for place, one in enumerate(table.settled) if one == settled]
        last = int((np.datetime64(settled) - table.days[0]).astype(int)) + 1
        told = ahead(
            table.days[:last], table.cost[places, :last], np.datetime64(end), start=np.datetime64(month)
        )
        for row, place in enumerate(places):
            gaps = [
                day for day in missing.get(table.subjects[place], ()) if month <= day <= min(settled, end)
            ]
            reason = _reason(settled, month, end, int(told.history[row]), gaps)
            found[table.subjects[place]] = Line(
                table.subjects[place], Decimal(0), settled,
                *_known(told, row, reason), reason=reason,
            )  # fmt: skip
    return found


def _known(told: Ahead, row: int, reason: str | None) -> tuple[float, float, float]:
    """Expected, low and high of a series; NaN where there is a reason not to tell them."""
    if reason:
        return np.nan, np.nan, np.nan
    return float(told.expected[row]), float(told.low[row]), float(told.high[row])


def _reason(settled: date, month: date, end: date, history: int, gaps: Sequence[date]) -> str | None:
    """Why a month cannot be forecast; None when it can."""
    if gaps:
        days = f"{len(gaps)} day{'' if len(gaps) == 1 else 's'}"
        first = f", {gaps[0]} the first" if len(gaps) > 1 else f", {gaps[0]}"
        return f"Its bill has no usage at all on {days} of the month{first}: load what is missing."
    if settled >= end:
        return None
    if settled < month - timedelta(days=_TOO_OLD):
        return (
            f"Its bill is settled through {settled} only, more than {_TOO_OLD} days before the month began."
        )
    if history < LEAST_DAYS:
        return f"Only {history} days of its bill are settled; a forecast needs {LEAST_DAYS}."
    return None


def _without_usage(key: Subject, so_far: Spent) -> Line:
    """Of what belongs to a bill that does not go on, or is no usage: of tax and fees no more is foreseen."""
    if not so_far.ended:
        return Line(key, so_far.amount, None, 0.0, 0.0, 0.0)
    reason = "A bill of it ended more than 10 days before the others: nothing tells how it goes on."
    return Line(key, so_far.amount, None, np.nan, np.nan, np.nan, reason)


def _spent(con: duckdb.DuckDBPyConnection, columns: _Keys, month: date) -> dict[Subject, Spent]:
    """What the settled days of a month cost, charges of every category, as bills assign them to months."""
    keys = ", ".join(["currency", *columns])
    rows = con.execute(
        "WITH payers AS (SELECT *, max(ended) OVER () - ended > to_days($dead) AS dead FROM control_payers) "  # noqa: S608
        f"SELECT sum(cost), coalesce(bool_or(dead), false), {keys} FROM control_cells "
        "LEFT JOIN payers USING (cloud, payer, totals) "
        f"WHERE month = $month AND (ended IS NULL OR day <= ended) GROUP BY {keys}",
        {"month": datetime.combine(month, datetime.min.time()), "dead": DEAD},
    ).fetchall()
    name = "+".join(columns)
    return {
        Subject(name, row[2], **dict(zip(columns, row[3:], strict=True))): Spent(row[0], row[1])
        for row in rows
    }


def _together(whole: Subject, parts: list[Line]) -> Line:
    """Clouds as one: their sums, and half-widths as of amounts that partly move together."""
    lacking = next((one for one in parts if one.reason), None)
    reason = lacking.reason if lacking else None
    if lacking and len(parts) > 1:
        reason = f"{lacking.subject.cloud}: {lacking.reason}"
    rest = np.nan if reason else sum(one.rest for one in parts)
    below = _half([one.rest - one.low for one in parts])
    above = _half([one.high - one.rest for one in parts])
    settled = min((one.settled for one in parts if one.settled), default=None)
    spent = exact_sum([one.spent for one in parts])
    return Line(whole, spent, settled, rest, rest - below, rest + above, reason)


def _half(widths: list[float]) -> float:
    """Between the root of the squares (independent) and the sum (in step): the middle."""
    squares = float(np.sqrt(sum(one * one for one in widths)))
    return (squares + sum(widths)) / 2


# --- parts that add up --------------------------------------------------------------------------------------


def _adding_up(
    by_level: "dict[str | tuple[str, ...], list[Line]]", month: date, levels: "list[str | tuple[str, ...]]"
) -> list[Forecast]:
    """Lines in cents: providers add up to the total, accounts to their provider, anything else to the total."""
    told: dict[Subject, tuple[Line, dict[str, Decimal]]] = {
        one.subject: (one, _in_cents(one)) for one in by_level["total"]
    }
    for level in ["provider", *(one for one in levels if one not in ("total", "provider"))]:
        groups: dict[Subject, list[Line]] = defaultdict(list)
        for one in by_level[level]:
            groups[_parent(level, one.subject)].append(one)
        for parent, children in groups.items():
            told |= _parts(told[parent], children)
    wanted = {one if isinstance(one, str) else "+".join(one) for one in levels}
    return [line.told(month, amounts) for one, (line, amounts) in told.items() if one.level in wanted]


def _parent(level: str | tuple[str, ...], one: Subject) -> Subject:
    if level == "account":
        return Subject("provider", one.currency, one.cloud)
    return Subject("total", one.currency)


def _in_cents(one: Line) -> dict[str, Decimal]:
    """Its amounts; those that are not known are left out."""
    amounts = {"spent": cents(one.spent)}
    if not one.reason:
        amounts |= {
            name: cents(one.spent + Decimal(str(value)))
            for name, value in (("forecast", one.rest), ("low", one.low), ("high", one.high))
        }
    return amounts


def _parts(
    parent: tuple[Line, dict[str, Decimal]], children: list[Line]
) -> dict[Subject, tuple[Line, dict[str, Decimal]]]:
    """The parts of a whole, brought to its forecast and to its cents."""
    whole, amounts = parent
    if not whole.reason and not any(one.reason for one in children):
        missing = whole.rest - sum(one.rest for one in children)
        weights = [abs(one.rest) + one.high - one.low for one in children]
        shares = [one / (sum(weights) or 1) * missing for one in weights]
        children = [
            replace(one, rest=one.rest + add, low=one.low + add, high=one.high + add)
            for one, add in zip(children, shares, strict=True)
        ]
    told = [_in_cents(one) for one in children]
    for name, exact in (
        ("spent", [one.spent for one in children]),
        ("forecast", [one.spent + Decimal(str(one.rest)) for one in children if not one.reason]),
    ):
        if name in amounts and len(exact) == len(children):
            for place, amount in enumerate(apportion(exact, amounts[name])):
                told[place][name] = amount
    return {one.subject: (one, amount) for one, amount in zip(children, told, strict=True)}


def columns_of(text: str) -> tuple[str, ...]:
    """The columns that a list such as account,service names.

    Raises UsageError for one that a forecast cannot be split by.
    """
    found = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    for name in found:
        if name not in COLUMNS:
            close = difflib.get_close_matches(name, COLUMNS, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise UsageError(f"--by {name}: a forecast is split by {', '.join(COLUMNS)}.{hint}")
    if not found:
        raise UsageError(f"--by is empty: name one of {', '.join(COLUMNS)}.")
    return found
