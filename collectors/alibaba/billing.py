"""The bill by billable item and day, from the billing API: each billing cycle in place of what was known of it.

get    the days that may have changed, page by page, each into a file of its own beside the warehouse
check  the days of a finished cycle against its total, which another call tells
load   a cycle's days in one transaction, through the same mapping as exported files (bills/alibaba.sql)

Days are those of UTC+8. A day's items arrive for about three days; a cycle is final at noon of the fourth day after
it. What lies beside is kept as Parquet with every amount as the text it arrived as.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collectors.alibaba.answers import unwrapped, within
from collectors.alibaba.client import Api, Session
from collectors.alibaba.products import BILLING_NUMBERS, BILLING_TOKENS
from collectors.bills import Delivery, FileResult, ingest_delivery
from collectors.calls import METER, CallError
from finops.errors import FinopsError, InputError
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
_TOLERANCE = Decimal("0.01")  # of a total, for each product: invoices round down to the cent


@dataclass(frozen=True, slots=True)
class Bill:
    """From when on the bill is wanted, and the folder that keeps its days."""

    since: datetime
    folder: Path


@dataclass(frozen=True, slots=True)
class BillResult:
    """What became of the bill of one account: `accounts` whose charges it holds, cycles (YYYY-MM) by what became of
    them, of the failed ones with the reason."""

    accounts: frozenset[str]
    files: tuple[FileResult, ...]
    loaded: tuple[str, ...]
    unchanged: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    calls: int

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)


@dataclass(slots=True)
class _Day:
    """What is known of a day: when it was asked for (UTC), its items, their sum by currency, owners."""

    asked_at: datetime
    rows: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)
    owners: set[str] = field(default_factory=set)


def collect_bill(
    writer: Writer, session: Session, bill: Bill, *, at: datetime, say: Callable[[str], None]
) -> BillResult:
    """Loads the bill of the account that the session is in, from the cycle of `since` on.

    A cycle that cannot be had or trusted keeps its earlier rows and is in `failed`; when that goes for every cycle,
    its error is raised.
    """
    sent = METER.sent
    folder = bill.folder / f"alibaba-{session.account}"
    work = _Work(writer, session, folder, at, say)
    cycles = list(_cycles(bill.since, at))
    errors = [error for cycle in cycles if (error := work.take(cycle)) is not None]
    if errors and len(errors) == len(cycles):
        raise errors[0]
    return BillResult(
        frozenset(work.owners),
        tuple(work.files),
        tuple(work.loaded),
        tuple(work.unchanged),
        tuple(work.failed),
        METER.sent - sent,
    )


def _cycles(since: datetime, at: datetime) -> Iterator[date]:
    """First days of the cycles of the window, as far back as there are bills, the oldest first."""
    last = (at + _LOCAL).date().replace(day=1)
    first = (since + _LOCAL).date().replace(day=1)
    months = (last.year - first.year) * 12 + last.month - first.month
    for back in range(min(months, _KEPT_CYCLES - 1), -1, -1):
        index = last.year * 12 + last.month - 1 - back
        yield date(index // 12, index % 12 + 1, 1)


@dataclass(slots=True)
class _Work:
    """The cycles of one account on their way in."""

    writer: Writer
    session: Session
    folder: Path
    at: datetime
    say: Callable[[str], None]
    files: list[FileResult] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    owners: set[str] = field(default_factory=set)

    def take(self, cycle: date) -> FinopsError | None:
        """One cycle; the error when it stays as it was."""
        month = f"{cycle:%Y-%m}"
        try:
            days = self._bring(cycle)
            delivery = Delivery(f"bss://{self.session.account}/{month}/", self._together(month, days))
            done = ingest_delivery(self.writer, delivery, at=self.at)
        except (CallError, InputError) as error:
            self.failed.append((month, str(error)))
            return error
        for day in days.values():
            self.owners |= day.owners
        self.files += done.files
        again = any(file.status != "unchanged" for file in done.files)
        (self.loaded if again else self.unchanged).append(month)
        return None

    def _bring(self, cycle: date) -> dict[date, _Day]:
        """Every day of the cycle up to `at`, those asked for anew that may have changed; all of them when the sum of
        a finished cycle is not its total."""
        following = (cycle + timedelta(days=32)).replace(day=1)
        until = min(following, (self.at + _LOCAL).date() + timedelta(days=1))
        wanted = [cycle + timedelta(days=number) for number in range((until - cycle).days)]
        known = self._known(cycle)
        final_at = datetime(following.year, following.month, following.day) - _LOCAL + _FINAL  # noqa: DTZ001
        before = len(known)
        for day in wanted:
            if day not in known or self._may_change(day, known[day], final_at):
                self._fetch(cycle, day, known)
        if self.at >= final_at and (total := self._differs(cycle, known)):
            if before:  # days that were kept have been restated since
                self.say(f"The bill of {cycle:%Y-%m} was restated ({total}): all its days are read again.")
                for day in wanted:
                    self._fetch(cycle, day, known)
                total = self._differs(cycle, known)
            if total:
                self.failed.append((f"{cycle:%Y-%m}", total))
        return known

    def _may_change(self, day: date, known: _Day, final_at: datetime) -> bool:
        settled = datetime(day.year, day.month, day.day) - _LOCAL + timedelta(days=1) + _ARRIVES  # noqa: DTZ001
        return known.asked_at < settled or (known.asked_at < final_at <= self.at)

    def _fetch(self, cycle: date, day: date, known: dict[date, _Day]) -> None:
        """One day into its file, and into what is known."""
        rows: list[dict[str, Any]] = []
        for page in self.session.billing(
            lambda client: list(client.pages(DESCRIBE_BILL, **_question(cycle, day)))
        ):
            common = {
                "AccountID": within(page, "Data.AccountID"),
                "AccountName": within(page, "Data.AccountName"),
                "BillingCycle": f"{cycle:%Y-%m}",
            }
            rows += [_row(one, common, day) for one in unwrapped(page, DESCRIBE_BILL.items)]
        known[day] = told = _Day(self.at, len(rows))
        for row in rows:
            currency = str(row.get("Currency") or "")
            told.sums[currency] = told.sums.get(currency, Decimal(0)) + Decimal(
                str(row.get("PretaxAmount") or 0)
            )
            told.owners.add(str(row.get("OwnerID") or row["AccountID"]))
        self._keep(day, rows)
        self._remember(cycle, known)

    def _differs(self, cycle: date, known: dict[date, _Day]) -> str:
        """How the days of a finished cycle differ from its total; "" when they do not."""
        items = self.session.billing(
            lambda client: client.all(QUERY_TOTAL, BillingCycle=f"{cycle:%Y-%m}", IsGroupByProduct=True)
        )
        totals: dict[str, Decimal] = {}
        for one in items:
            currency = str(one.get("Currency") or "")
            totals[currency] = totals.get(currency, Decimal(0)) + Decimal(str(one.get("PretaxAmount") or 0))
        for currency in sorted({*totals, *(name for day in known.values() for name in day.sums)}):
            mine = sum((day.sums.get(currency, Decimal(0)) for day in known.values()), Decimal(0))
            total = totals.get(currency, Decimal(0))
            if abs(mine - total) > _TOLERANCE * max(1, len(items)):
                return f"its days sum up to {mine} {currency} and its total is {total} {currency}"
        return ""

    # --- files beside the warehouse ---

    def _path(self, day: date) -> Path:
        return self.folder / f"{day:%Y-%m}" / f"{day:%Y-%m-%d}.parquet"

    def _keep(self, day: date, rows: list[dict[str, Any]]) -> None:
        path = self._path(day)
        path.parent.mkdir(parents=True, exist_ok=True)
        names = list(dict.fromkeys(name for row in rows for name in row))
        schema = pa.schema([(name, pa.string()) for name in names])
        part = path.with_suffix(".part")
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), part)
        part.replace(path)

    def _together(self, month: str, days: Mapping[date, _Day]) -> dict[str, Path]:
        """All days of a cycle as one file, which is loaded many times faster than one file a day."""
        paths = [self._path(day) for day, known in sorted(days.items()) if known.rows]
        if not paths:
            return {}
        names = dict.fromkeys(name for path in paths for name in pq.read_schema(path).names)
        schema = pa.schema([(name, pa.string()) for name in names])
        whole = self.folder / month / f"{month}.parquet"
        part = whole.with_suffix(".part")
        with pq.ParquetWriter(part, schema) as writer:
            for path in paths:
                day = pq.read_table(path)
                for name in schema.names:
                    if name not in day.schema.names:
                        day = day.append_column(name, pa.nulls(len(day), pa.string()))
                writer.write_table(day.select(schema.names))
        part.replace(whole)
        return {whole.name: whole}

    def _known(self, cycle: date) -> dict[date, _Day]:
        """Days that lie beside the warehouse, as the list of them says."""
        try:
            told = json.loads(self._list(cycle).read_text(encoding="utf-8"))
            return {
                date.fromisoformat(day): _Day(
                    datetime.fromisoformat(one["asked_at"]),
                    int(one["rows"]),
                    {currency: Decimal(amount) for currency, amount in one["sums"].items()},
                    set(one["owners"]),
                )
                for day, one in told.items()
                if not one["rows"] or self._path(date.fromisoformat(day)).is_file()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
            return {}  # none yet, or one that broke off: then everything is asked for

    def _remember(self, cycle: date, known: dict[date, _Day]) -> None:
        told = {
            f"{day:%Y-%m-%d}": {
                "asked_at": one.asked_at.isoformat(),
                "rows": one.rows,
                "sums": {currency: str(amount) for currency, amount in one.sums.items()},
                "owners": sorted(one.owners),
            }
            for day, one in sorted(known.items())
        }
        part = self._list(cycle).with_suffix(".part")
        part.write_text(json.dumps(told), encoding="utf-8")
        part.replace(self._list(cycle))

    def _list(self, cycle: date) -> Path:
        return self.folder / f"{cycle:%Y-%m}" / "days.json"


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


__all__ = ["DESCRIBE_BILL", "QUERY_TOTAL", "Bill", "BillResult", "collect_bill"]
