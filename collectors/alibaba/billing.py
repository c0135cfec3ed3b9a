"""The bill by billable item and day, from the billing API: each billing cycle in place of what was known of it.

get    the days that may have changed, page by page, each into a file of its own beside the warehouse
check  the days of a finished cycle against its total, which another call tells
load   a cycle's days in one transaction, through the same mapping as exported files (bills/alibaba.sql)

Days are those of UTC+8. A day's items arrive for about three days; a cycle is final at noon of the fourth day after
it. What lies beside is kept as Parquet with every amount as the text it arrived as.
"""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from collectors.alibaba.answers import unwrapped, within
from collectors.alibaba.api import Api
from collectors.alibaba.billing_days import Day, Shelf
from collectors.alibaba.client import Session
from collectors.alibaba.products import BILLING_NUMBERS, BILLING_TOKENS
from collectors.bills import cycles
from collectors.bills.cycles import SHELF_ERRORS, BillResult, not_kept
from collectors.calls import METER, CallError
from collectors.conduct import ODD_SHAPES
from finops.errors import CredentialsError, InputError
from finops.warehouse import Writer

DESCRIBE_BILL = Api(
    "bss", "DescribeInstanceBill", "bssapi:DescribeInstanceBill", items="Data.Items", paging=BILLING_TOKENS, page=300,
    probe={"BillingCycle": "{month}", "MaxResults": 1},
)  # fmt: skip
QUERY_TOTAL = Api(
    "bss", "QueryAccountBill", "bss:DescribeBillList", items="Data.Items.Item", paging=BILLING_NUMBERS, page=300,
    probe={"BillingCycle": "{month}", "PageNum": 1, "PageSize": 1},
)  # fmt: skip

_LOCAL = timedelta(hours=8)
_ARRIVES = timedelta(days=3)  # after which a day has all its items, and their attributes
_FINAL = timedelta(days=3, hours=12)  # after the end of its cycle
_KEPT_CYCLES = 18  # for which the API has bills
_TOLERANCE = Decimal("0.01")  # of a total, for each product
_LARGE_SHARE = Decimal("0.01")  # of a total, beyond which its days are not the whole bill
_TEST = "charges-equal-account-bill"


@dataclass(frozen=True, slots=True)
class Bill:
    """From when on the bill is wanted, and the folder that keeps its days."""

    since: datetime
    folder: Path


@dataclass(slots=True)
class Cycle(cycles.Cycle[Day]):
    """One billing cycle as it was fetched.

    `problems` are what is told of it though it is loaded, `checked` is the result of its check against the total.
    """

    problems: list[str] = field(default_factory=list)
    checked: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The cycles of one account's bill, beside the warehouse by now, with what is to be said of them."""

    account: str
    shelf: Shelf
    cycles: tuple[Cycle, ...]
    words: tuple[str, ...]
    calls: int


def collect_bill(
    writer: Writer, session: Session, bill: Bill, *, at: datetime, say: Callable[[str], None]
) -> BillResult:
    """Fetches and loads the bill of the account that the session is in, from the cycle of `since` on."""
    return load_bill(writer, fetch_bill(session, bill, at), at=at, say=say)


def fetch_bill(session: Session, bill: Bill, at: datetime) -> Fetched:
    """Brings what may have changed beside the warehouse. It needs no warehouse, so that it can go on beside others."""
    sent = METER.sent
    work = _Fetching(session, Shelf(bill.folder / f"alibaba-{session.account}"), at)
    fetched = tuple(work.cycle(first) for first in _cycles(bill.since, at))
    return Fetched(session.account, work.shelf, fetched, tuple(work.words), METER.sent - sent)


def load_bill(writer: Writer, fetched: Fetched, *, at: datetime, say: Callable[[str], None]) -> BillResult:
    """Loads what was fetched.

    A cycle that could not be had or trusted keeps its earlier rows and is in `failed`; when that goes for every
    cycle, its error is raised.
    """
    for words in fetched.words:
        say(words)
    return _Loading(writer, at, fetched).load(fetched.cycles, fetched.calls)


def _cycles(since: datetime, at: datetime) -> Iterator[date]:
    """First days of the cycles of the window, as far back as there are bills, the oldest first."""
    last = (at + _LOCAL).date().replace(day=1)
    first = (since + _LOCAL).date().replace(day=1)
    months = (last.year - first.year) * 12 + last.month - first.month
    for back in range(min(months, _KEPT_CYCLES - 1), -1, -1):
        index = last.year * 12 + last.month - 1 - back
        yield date(index // 12, index % 12 + 1, 1)


# --- load -------------------------------------------------------------------------------------------------


class _Loading(cycles.Loading[Cycle]):
    """The cycles of one account on their way in."""

    def __init__(self, writer: Writer, at: datetime, fetched: Fetched) -> None:
        super().__init__(writer, at, fetched.shelf.folder)
        self._fetched = fetched

    def source(self, cycle: Cycle) -> str:
        return f"bss://{self._fetched.account}/{cycle.month}/"

    def files(self, cycle: Cycle) -> Mapping[str, Path]:
        return self._fetched.shelf.together(cycle.month, cycle.days)

    def check(self, cycle: Cycle) -> list[str]:
        if cycle.checked:
            self.record(cycle, _TEST, *cycle.checked)
        return cycle.problems


# --- fetch ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Fetching:
    """The cycles of one account on their way beside the warehouse."""

    session: Session
    shelf: Shelf
    at: datetime
    words: list[str] = field(default_factory=list)

    def cycle(self, first: date) -> Cycle:
        """One cycle, with the error if it cannot be had whole."""
        cycle = Cycle(first)
        try:
            self._bring(cycle)
        except (CallError, CredentialsError) as error:
            cycle.error = error
        except SHELF_ERRORS as error:
            cycle.error = not_kept(self.shelf.folder, error)
        except ODD_SHAPES as error:
            cycle.error = InputError(
                f"The bill of account {self.session.account} for {cycle.month} has a shape that this version does not "
                f"know ({type(error).__name__}: {error})."
            )
        return cycle

    def _bring(self, cycle: Cycle) -> None:
        """Every day of the cycle up to `at`, those asked for anew that may have changed; all of them when the sum of
        a finished cycle is not its total."""
        first = cycle.first
        following = (first + timedelta(days=32)).replace(day=1)
        until = min(following, (self.at + _LOCAL).date() + timedelta(days=1))
        wanted = [first + timedelta(days=number) for number in range((until - first).days)]
        cycle.days = known = self.shelf.known(first)
        final_at = datetime(following.year, following.month, following.day) - _LOCAL + _FINAL  # noqa: DTZ001
        before = len(known)
        for day in wanted:
            if day not in known or self._may_change(day, known[day], final_at):
                self._fetch(first, day, known)
        if self.at >= final_at:
            self._check(cycle, wanted, kept=before > 0)

    def _check(self, cycle: Cycle, wanted: list[date], *, kept: bool) -> None:
        """A finished cycle against its total. Days that were kept are read again once when it is another one."""
        try:
            totals, products = self._totals(cycle.first)
        except CallError as error:  # which takes nothing away from the days
            cycle.problems.append(str(error))
            return
        differs = _difference(cycle.days, totals, products)
        if differs and kept and totals != self.shelf.seen(cycle.first):
            self.words.append(
                f"The bill of {cycle.month} was restated ({differs.told}): all its days are read again."
            )
            for day in wanted:
                self._fetch(cycle.first, day, cycle.days)
            differs = _difference(cycle.days, totals, products)
        self.shelf.remember_total(cycle.first, totals)
        sentence = differs.told if differs else "The sum of its days is the total that the account is told."
        cycle.checked = ("failed" if differs else "passed", sentence)
        if differs and differs.share > _LARGE_SHARE:
            cycle.problems.append(differs.told)

    def _may_change(self, day: date, known: Day, final_at: datetime) -> bool:
        settled = datetime(day.year, day.month, day.day) - _LOCAL + timedelta(days=1) + _ARRIVES  # noqa: DTZ001
        return known.asked_at < settled or (known.asked_at < final_at <= self.at)

    def _fetch(self, cycle: date, day: date, known: dict[date, Day]) -> None:
        """One day into its file, and into what is known."""
        told, parts = Day(self.at), []
        for page in self.session.billing(
            lambda client: _begun(client.pages(DESCRIBE_BILL, **_question(cycle, day)))
        ):
            common = {
                "AccountID": within(page, "Data.AccountID"),
                "AccountName": within(page, "Data.AccountName"),
                "BillingCycle": f"{cycle:%Y-%m}",
            }
            rows = [_row(one, common, day) for one in unwrapped(page, DESCRIBE_BILL.items)]
            told.count(rows)
            names = dict.fromkeys(name for row in rows for name in row)
            schema = pa.schema([(name, pa.string()) for name in names])
            parts += [pa.Table.from_pylist(rows, schema=schema)] if rows else []
        self.shelf.keep(day, parts)
        known[day] = told
        self.shelf.remember(cycle, known)

    def _totals(self, cycle: date) -> tuple[dict[str, Decimal], int]:
        """What the account is told that a cycle costs, by currency, and how many products that sums up."""
        items = self.session.billing(
            lambda client: client.all(QUERY_TOTAL, BillingCycle=f"{cycle:%Y-%m}", IsGroupByProduct=True)
        )
        totals: dict[str, Decimal] = {}
        for one in items:
            currency = str(one.get("Currency") or "")
            totals[currency] = totals.get(currency, Decimal(0)) + Decimal(str(one.get("PretaxAmount") or 0))
        return totals, len(items)


@dataclass(frozen=True, slots=True)
class _Difference:
    """How far the days of a cycle are from its total, in words and as a share of it."""

    told: str
    share: Decimal


def _difference(
    known: Mapping[date, Day], totals: Mapping[str, Decimal], products: int
) -> _Difference | None:
    """None where they agree; invoices round down each product to the cent."""
    for currency in sorted({*totals, *(name for day in known.values() for name in day.sums)}):
        mine = sum((day.sums.get(currency, Decimal(0)) for day in known.values()), Decimal(0))
        total = totals.get(currency, Decimal(0))
        if abs(mine - total) > _TOLERANCE * max(1, products):
            told = (
                f"its days sum up to {mine} {currency}, and the account is told a total of {total} {currency}"
            )
            return _Difference(told, abs(mine - total) / abs(total) if total else Decimal(1))
    return None


def _begun(pages: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The same pages, the first of them asked for: it shows whether this is the right site to ask."""
    first = next(pages)
    return itertools.chain((first,), pages)


def _question(cycle: date, day: date) -> dict[str, Any]:
    """A day whose month is another than the cycle's would silently be a month."""
    return {
        "BillingCycle": f"{cycle:%Y-%m}",
        "BillingDate": f"{day:%Y-%m-%d}",
        "Granularity": "DAILY",
        "IsBillingItem": True,
    }


def _row(one: dict[str, Any], common: dict[str, Any], day: date) -> dict[str, Any]:
    """An item under the names that files have, everything as text."""
    row = {**common, **one}
    row["AccountID"] = one.get("BillAccountID") or common["AccountID"]
    row["AccountName"] = one.get("BillAccountName") or common["AccountName"]
    row["BillingDate"] = one.get("BillingDate") or f"{day:%Y-%m-%d}"
    row.pop("BillAccountID", None)
    row.pop("BillAccountName", None)
    return {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    return json.dumps(value) if isinstance(value, dict | list | bool) else str(value)


__all__ = [
    "DESCRIBE_BILL",
    "QUERY_TOTAL",
    "Bill",
    "BillResult",
    "Fetched",
    "collect_bill",
    "fetch_bill",
    "load_bill",
]
