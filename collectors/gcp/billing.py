"""The bill from its export to BigQuery (detailed, standard or FOCUS): each billing period in place of what was known.

get    what tells whether a day has changed, in one query; the days that have, page by page, each into a file of its
       own beside the warehouse
load   a billing period's days in one transaction, through the same mapping as exported files (bills/gcp.sql,
       bills/focus.sql)
check  the charges of a period against the sum that the table itself tells

Google writes rows for weeks after the usage they are for, and corrects by further rows; none is ever changed. A day is
one of usage (UTC) within a billing period.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from collectors.bills import cycles
from collectors.bills.cycles import SHELF_ERRORS, BillResult, not_kept
from collectors.bills.objects import plain
from collectors.calls import METER, CallError
from collectors.conduct import ODD_SHAPES
from collectors.gcp.billing_days import Day, Shelf
from collectors.gcp.billing_query import TableName
from collectors.gcp.billing_table import Marks, Table
from collectors.gcp.client import Session
from collectors.gcp.queries import GET_TABLE, QUERY
from finops.errors import CredentialsError, IncompleteError, InputError
from finops.warehouse import Writer

_CENT = Decimal("0.01")
_AT_ONCE = 500_000  # rows that one query may bring
_QUERIES = 8  # for one billing period, however many rows that makes
_TEST = "charges-equal-billing-export"


@dataclass(frozen=True, slots=True)
class Bill:
    """The table with the export (PROJECT.DATASET.TABLE), from when on the bill is wanted, the folder that keeps its
    days, and the project that runs the queries: the table's unless it is said."""

    table: str
    since: datetime
    folder: Path
    run_in: str | None = None


@dataclass(slots=True)
class Cycle(cycles.Cycle[Day]):
    """One billing period as it was fetched, with the sum by currency that the table tells."""

    totals: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fetched:
    """The billing periods of a table, beside the warehouse by now, with what is to be said of them."""

    table: str
    shelf: Shelf
    cycles: tuple[Cycle, ...]
    words: tuple[str, ...]
    calls: int


def collect_bill(
    writer: Writer, session: Session, bill: Bill, *, at: datetime, say: Callable[[str], None]
) -> BillResult:
    """Fetches and loads the bill, from the billing period of `since` on."""
    return load_bill(writer, fetch_bill(session, bill, at), at=at, say=say)


def fetch_bill(session: Session, bill: Bill, at: datetime) -> Fetched:
    """Brings what has changed beside the warehouse. It needs no warehouse, so that it can go on beside others.

    Raises InputError for a table that is none or no billing export, CallError when it may not be read.
    """
    sent = METER.sent
    name = TableName.of(bill.table)
    try:
        table = Table(session, name, bill.run_in)
        marks = table.marks(bill.since.date().replace(day=1))
    except ODD_SHAPES as error:
        raise _odd(name, error) from error
    words = [] if marks.days else [f"{name} has no billing period since {bill.since:%Y-%m}."]
    work = _Fetching(table, Shelf(bill.folder / plain(f"gcp-{name}"), table.export.columns), at, marks, words)
    periods = tuple(work.cycle(first) for first in sorted(marks.days))
    return Fetched(str(name), work.shelf, periods, tuple(work.words), METER.sent - sent)


def estimate(session: Session, bill: Bill, at: datetime) -> int:
    """Bytes that BigQuery would process (and bill) for the whole bill from `since` on; a later run takes a part.

    Raises as `fetch_bill` does.
    """
    name = TableName.of(bill.table)
    try:
        return Table(session, name, bill.run_in).estimate(bill.since.date().replace(day=1), at.date())
    except ODD_SHAPES as error:
        raise _odd(name, error) from error


def load_bill(writer: Writer, fetched: Fetched, *, at: datetime, say: Callable[[str], None]) -> BillResult:
    """Loads what was fetched.

    A billing period that could not be had or trusted keeps its earlier rows and is in `failed`; when that goes for
    every one, its error is raised.
    """
    for words in fetched.words:
        say(words)
    return _Loading(writer, at, fetched).load(fetched.cycles, fetched.calls)


# --- fetch ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Fetching:
    """The billing periods of one table on their way beside the warehouse."""

    table: Table
    shelf: Shelf
    at: datetime
    marks: Marks
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.marks.nowhere:
            self.words.append(
                f"{self.marks.nowhere:,} rows of {self.table.export.name} have no billing period or no start of "
                "usage, and are left out."
            )

    def cycle(self, first: date) -> Cycle:
        """One billing period, with the error if it cannot be had whole."""
        cycle = Cycle(first)
        try:
            self._bring(cycle)
        except (CallError, CredentialsError, IncompleteError) as error:
            cycle.error = error
        except (*SHELF_ERRORS, duckdb.Error) as error:
            cycle.error = not_kept(self.shelf.folder, error)
        except ODD_SHAPES as error:
            cycle.error = _odd(self.table.export.name, error)
        return cycle

    def _bring(self, cycle: Cycle) -> None:
        """Every day of the period; those asked for anew that are others in the table now."""
        first, wanted = cycle.first, self.marks.days[cycle.first]
        cycle.days = known = self.shelf.known(first)
        for day in [day for day in known if day not in wanted and not self._expired(day)]:
            del known[day]
            self.shelf.remember(first, known)
            self.shelf.remove(first, day)
        changed = [
            day
            for day, mark in sorted(wanted.items())
            if not (day in known and known[day].same(mark) and known[day].latest == mark.latest)
        ]
        for days in self._together(changed, wanted):
            known |= self._fetched(first, days)
            self.shelf.remember(first, known)
        for one in known.values():
            for currency, amount in one.billed(credited=self.table.export.roles.has_credits).items():
                cycle.totals[currency] = cycle.totals.get(currency, Decimal(0)) + amount

    def _together(self, changed: list[date], wanted: dict[date, Day]) -> list[list[date]]:
        """The days that one query asks for. Where partitions are not days of usage, BigQuery reads (and bills) the
        same ones again for each query, so there are few; but not all rows of a large bill hang on one answer."""
        if self.table.export.cut_by_usage:
            return [[day] for day in changed]
        most = max(_AT_ONCE, sum(wanted[day].rows for day in changed) // _QUERIES + 1)
        found: list[list[date]] = []
        rows = most
        for day in changed:
            if rows >= most:
                found.append([])
                rows = 0
            found[-1].append(day)
            rows += wanted[day].rows
        return found

    def _fetched(self, month: date, days: list[date]) -> dict[date, Day]:
        """Days into their files. Where rows are not those that the table had told of, the table is asked again."""
        parts, roles = self.marks.parts_of(month, days), self.table.export.roles
        self.table.fetch(month, days, parts, lambda rows: self.shelf.keep(month, days, rows, roles.day))
        told = {day: self.shelf.told(month, day, roles) for day in days}
        if self._differing(month, told):
            self.marks = self.table.marks(month)
            for day in self._differing(month, told):
                raise IncompleteError(
                    f"The rows of {day} in {self.table.export.name} are others than the table tells of "
                    f"({told[day].rows:,} instead of {self._mark(month, day).rows:,}): it is perhaps being written, "
                    "try again in an hour."
                )
        marks = {day: self._mark(month, day) for day in days}
        return {day: Day(one.rows, one.sums, one.latest, told[day].owners) for day, one in marks.items()}

    def _differing(self, month: date, told: dict[date, Day]) -> list[date]:
        return [day for day, one in told.items() if not one.same(self._mark(month, day), _CENT / 2)]

    def _mark(self, month: date, day: date) -> Day:
        return self.marks.days.get(month, {}).get(day, Day())

    def _expired(self, day: date) -> bool:
        """Whether the table has let go of a day by its age alone; its rows stay then."""
        after = self.table.expires_after
        return after is not None and day < (self.at - timedelta(seconds=after) + timedelta(days=2)).date()


def _odd(name: TableName, error: Exception) -> InputError:
    told = f"{type(error).__name__}: {error}"[:200]
    return InputError(f"The answer for {name} has a shape that this version does not know ({told}).")


# --- load -------------------------------------------------------------------------------------------------


class _Loading(cycles.Loading[Cycle]):
    """The billing periods of one table on their way in."""

    def __init__(self, writer: Writer, at: datetime, fetched: Fetched) -> None:
        super().__init__(writer, at, fetched.shelf.folder)
        self._fetched = fetched

    def source(self, cycle: Cycle) -> str:
        return f"bigquery://{self._fetched.table}/{cycle.month}/"

    def files(self, cycle: Cycle) -> Mapping[str, Path]:
        return self._fetched.shelf.together(cycle.first, cycle.days)

    def check(self, cycle: Cycle) -> list[str]:
        """The charges of a period against the table's own sum, to the cent."""
        rows = self.writer.con.execute(
            "SELECT BillingCurrency, sum(BilledCost) FROM charges WHERE x_Source = ? GROUP BY 1",
            [self.subject(cycle)],
        ).fetchall()
        held = {str(currency): Decimal(amount) for currency, amount in rows}
        differing = [
            f"{held.get(currency, 0):.2f} {currency}, where the table tells {cycle.totals.get(currency, 0):.2f}"
            for currency in sorted({*held, *cycle.totals})
            if abs(held.get(currency, Decimal(0)) - cycle.totals.get(currency, Decimal(0))) > _CENT
        ]
        told = f"The charges of {cycle.month} sum up to {'; '.join(differing)}."
        sentence = told if differing else "The sum of its charges is that of the table in BigQuery."
        self.record(cycle, _TEST, "failed" if differing else "passed", sentence)
        return [told] if differing else []


__all__ = [
    "GET_TABLE",
    "QUERY",
    "Bill",
    "BillResult",
    "Fetched",
    "collect_bill",
    "estimate",
    "fetch_bill",
    "load_bill",
]
