"""The table with the billing export, as BigQuery is asked for it: what it is, its marks, the rows of a day."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pyarrow as pa

from collectors.calls import CallError
from collectors.gcp.billing_days import Day
from collectors.gcp.billing_query import Export, Parts, TableName, export_of
from collectors.gcp.client import Session
from collectors.gcp.queries import Queries, batches
from finops.errors import InputError

_INVALID = ("invalidQuery", "invalid", "INVALID_ARGUMENT", "400")
T = TypeVar("T")
Days = dict[date, dict[date, Day]]  # by the first day of the billing period, and by day


@dataclass(frozen=True, slots=True)
class Marks:
    """What the table tells of its days; `parts` are the partitions of each, `nowhere` counts rows without either."""

    days: Days
    parts: dict[tuple[date, date], Parts]
    nowhere: int = 0

    def parts_of(self, month: date, days: Iterable[date]) -> Parts:
        """The first and last partition of several days."""
        found = [self.parts.get((month, day)) for day in days]
        ends = [each for each in found if each and None not in each]
        if len(ends) < len(found):
            return None
        return min(first for first, _ in ends), max(last for _, last in ends)


class Table:
    """One table, asked in the name of the project that runs the jobs."""

    def __init__(self, session: Session, name: TableName, run_in: str | None) -> None:
        """Looks at the table. Raises InputError when there is none or it is no export, CallError when it may not be
        looked at."""
        self._queries = Queries(session, run_in or name.project, f"billing export {name}")
        self.expires_after: float | None = None  # seconds for which the table keeps a partition
        self.export = self._described(name)

    def marks(self, since: date) -> Marks:
        """What tells whether a day has changed, of all days of the billing periods from `since` on."""
        return self._pruned(
            lambda: marks_of(
                self._queries.asked(self.export.marks(since), lambda rows: [dict(row) for row in rows])
            )
        )

    def fetch(
        self,
        month: date,
        days: Sequence[date],
        parts: Parts,
        keep: Callable[[Iterator[pa.RecordBatch]], None],
    ) -> None:
        """Hands the rows of some days to `keep`, page by page; from the first one again when that breaks off."""
        self._queries.asked(self.export.rows(month, days, parts), lambda rows: keep(batches(rows)))

    def estimate(self, since: date, until: date) -> int:
        """Bytes that BigQuery would process for everything from `since` on, as it bills them. It runs nothing."""
        return self._pruned(
            lambda: (
                self._queries.dry(self.export.marks(since))
                + self._queries.dry(self.export.all_rows(since, until))
            )
        )

    def _pruned(self, ask: Callable[[], T]) -> T:
        """An answer; where its partitions cannot be asked for, as in some copies of a table, without them: they only
        save."""
        try:
            return ask()
        except CallError as error:
            if self.export.partition is None or error.code not in _INVALID:
                raise
            self.export = replace(self.export, partition=None)
            return ask()

    def _described(self, name: TableName) -> Export:
        table = self._queries.described(name)
        if table is None:
            raise InputError(
                f"There is no table {name} in BigQuery: name the billing export as PROJECT.DATASET.TABLE."
            )
        cut = table.time_partitioning if table.streaming_buffer is None else None
        if cut and cut.expiration_ms:
            self.expires_after = float(cut.expiration_ms) / 1000
        return export_of(name, table.schema, (cut.field, cut.type_ or "DAY") if cut else None)


def marks_of(rows: list[dict[str, Any]]) -> Marks:
    """The answer of the query for marks, by billing period and day."""
    marks = Marks({}, {})
    nowhere = 0
    for row in rows:
        month, day = _month(row["period"]), row["day"]
        if month is None or day is None:
            nowhere += int(row["items"])
            continue
        known = marks.days.setdefault(month, {}).setdefault(day, Day())
        latest = next((str(row[name]) for name in ("latest", "last_part") if row.get(name) is not None), "")
        known.add(
            int(row["items"]),
            str(row["currency"] or ""),
            _amount(row["amount"]),
            _amount(row["second"]),
            latest,
        )
        parts, before = (row.get("first_part"), row.get("last_part")), marks.parts.get((month, day))
        if before and None not in (*before, *parts):
            parts = (min(before[0], parts[0]), max(before[1], parts[1]))
        marks.parts[month, day] = parts
    return Marks(marks.days, marks.parts, nowhere)


def _month(period: object) -> date | None:
    """The first day of a billing period, which an export has as 202610 or as an instant in its first hours."""
    if isinstance(period, datetime | date):
        return date(period.year, period.month, 1)
    text = str(period or "")
    if len(text) == 6 and text.isdigit() and 1 <= int(text[4:]) <= 12:
        return date(int(text[:4]), int(text[4:]), 1)
    return None


def _amount(value: object) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal(0)
