"""The days of a bill that lie beside the warehouse: one Parquet file each, and per billing period what is known of
them, so that only a day that is another one in the table is asked for again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from collectors.bills.layout import literal, quoted
from collectors.gcp.billing_query import Roles

_GROUP = 50_000  # rows that wait to be written: some 50 MB
# By which two sums of the same rows may differ, and which part of a large sum: BigQuery adds floats in any order.
_SAME, _SAME_PART = Decimal("0.000001"), Decimal("0.000000001")
_DECIMAL = "DECIMAL(38, 9)"  # what amounts are added up in


@dataclass(slots=True)
class Day:
    """What is known of a day in a billing period: its rows, by currency the sum of its costs and the one beside it
    (credits, or effective costs), what tells of the newest of its rows, and whose charges it holds."""

    rows: int = 0
    sums: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    latest: str = ""
    owners: set[str] = field(default_factory=set)

    def same(self, other: "Day", within: Decimal = _SAME) -> bool:
        """Whether both are of the same rows, whatever they tell of the newest one; sums may differ a little."""
        return self.rows == other.rows and self.sums.keys() == other.sums.keys() and all(
            abs(mine - theirs) <= max(within, abs(mine) * _SAME_PART)
            for currency in self.sums
            for mine, theirs in zip(self.sums[currency], other.sums[currency], strict=True)
        )  # fmt: skip

    def billed(self, *, credited: bool) -> dict[str, Decimal]:
        """What is asked for, by currency; with the credits where they are the sum beside."""
        return {name: cost + second if credited else cost for name, (cost, second) in self.sums.items()}

    def add(self, rows: int, currency: str, cost: Decimal, second: Decimal, latest: str) -> None:
        """Adds a group of rows."""
        before = self.sums.get(currency, (Decimal(0), Decimal(0)))
        self.rows += rows
        self.sums[currency] = (before[0] + cost, before[1] + second)
        self.latest = max(self.latest, latest)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder that keeps the days of one table's bill, by billing period, with the columns that were asked for."""

    folder: Path
    columns: Sequence[str]

    def path(self, month: date, day: date) -> Path:
        """The file of a day."""
        return self.folder / f"{month:%Y-%m}" / f"{day:%Y-%m-%d}.parquet"

    def keep(self, month: date, days: Sequence[date], batches: Iterator[pa.RecordBatch], start: str) -> None:
        """Keeps the rows of days in place of those before, as they come; `start` is the column that tells their day."""
        files = {day: _Rows(self.path(month, day)) for day in days}
        self._file(month).parent.mkdir(parents=True, exist_ok=True)
        try:
            for batch in batches:
                for day, part in _by_day(batch, start) if len(days) > 1 else [(days[0], batch)]:
                    files[day].add(part)
                if sum(each.waiting for each in files.values()) >= _GROUP:
                    for each in files.values():
                        each.write()
            for each in files.values():
                each.write()
        finally:
            for each in files.values():
                each.close()
        for each in files.values():
            each.keep()

    def remove(self, month: date, day: date) -> None:
        """Forgets the rows of a day that is no longer in the table."""
        self.path(month, day).unlink(missing_ok=True)

    def told(self, month: date, day: date, roles: Roles) -> Day:
        """What the file of a day says of itself."""
        path, known = self.path(month, day), Day()
        if path.exists():
            with duckdb.connect(config={"threads": 1}) as con:
                groups = con.execute(_SUMS.format(file=literal(str(path)), **_names(roles))).fetchall()
            for currency, rows, cost, second, owners in groups:
                known.add(rows, currency, Decimal(cost), Decimal(second), "")
                known.owners.update(str(owner) for owner in owners)
        return known

    def together(self, month: date, days: Mapping[date, Day]) -> dict[str, Path]:
        """All days of a period as one file, which is loaded many times faster than one file a day. It is made anew
        when a day has changed."""
        paths = [self.path(month, day) for day, known in sorted(days.items()) if known.rows]
        if not paths:
            return {}
        whole = self.folder / f"{month:%Y-%m}" / f"{month:%Y-%m}.parquet"
        made_of = self._file(month, "made_of.json")
        content = _text(self.columns, days)
        if not whole.exists() or not made_of.exists() or made_of.read_text(encoding="utf-8") != content:
            made_of.unlink(missing_ok=True)
            _join(whole, paths)
            _replace(made_of, content)
        return {whole.name: whole}

    def known(self, month: date) -> dict[date, Day]:
        """Days of a period that lie beside the warehouse, as the list of them says."""
        try:
            told = json.loads(self._file(month).read_text(encoding="utf-8"))
            if told["columns"] != list(self.columns):
                return {}
            days = {
                date.fromisoformat(day): Day(
                    int(one["rows"]),
                    {name: (Decimal(cost), Decimal(second)) for name, (cost, second) in one["sums"].items()},
                    str(one["latest"]),
                    set(one["owners"]),
                )
                for day, one in told["days"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
            return {}  # none yet, or a list that broke off: then everything is asked for
        return {day: one for day, one in days.items() if self.path(month, day).is_file()}

    def remember(self, month: date, days: Mapping[date, Day]) -> None:
        """Keeps what is known of the days of a period."""
        _replace(self._file(month), _text(self.columns, days))

    def _file(self, month: date, name: str = "days.json") -> Path:
        return self.folder / f"{month:%Y-%m}" / name


_SUMS = (
    "SELECT coalesce({currency}, ''), count(*), coalesce(sum({cost}), 0), coalesce(sum({second}), 0), "
    "list(DISTINCT {owner}) FILTER ({owner} IS NOT NULL) "
    "FROM read_parquet({file}, hive_partitioning = false) GROUP BY 1"
)


def _names(roles: Roles) -> dict[str, str]:
    """The columns with a role as they are added up; amounts exactly."""
    second = f"CAST({quoted(roles.second)} AS {_DECIMAL})"
    if roles.has_credits:
        second = f"list_sum(list_transform({quoted(roles.second)}, lambda c : CAST(c.amount AS {_DECIMAL})))"
    return {
        "currency": quoted(roles.currency),
        "cost": f"CAST({quoted(roles.cost)} AS {_DECIMAL})",
        "second": second,
        "owner": f"coalesce({', '.join(quoted(each) for each in roles.owners)})",
    }


def _text(columns: Sequence[str], days: Mapping[date, Day]) -> str:
    told = {
        f"{day:%Y-%m-%d}": {
            "rows": one.rows,
            "sums": {name: [str(amount) for amount in sums] for name, sums in sorted(one.sums.items())},
            "latest": one.latest,
            "owners": sorted(one.owners),
        }
        for day, one in sorted(days.items())
    }
    return json.dumps({"columns": list(columns), "days": told})


def _join(whole: Path, paths: Sequence[Path]) -> None:
    """The rows of several files, which have the same columns, in one."""
    file = _Rows(whole)
    try:
        for path in paths:
            with pq.ParquetFile(path) as part:
                for batch in part.iter_batches(batch_size=_GROUP):
                    file.add(batch)
                    if file.waiting >= _GROUP:
                        file.write()
        file.write()
    finally:
        file.close()
    file.keep()


def _by_day(batch: pa.RecordBatch, start: str) -> Iterator[tuple[date, pa.RecordBatch]]:
    """A page in parts, one for each day (UTC)."""
    days = batch.column(start).cast(pa.date32(), safe=False)
    for day in pc.unique(days):
        yield day.as_py(), batch.filter(pc.equal(days, day))


class _Rows:
    """A file of rows on its way: beside its place until it is whole. Without rows there is no file."""

    def __init__(self, path: Path) -> None:
        self.path, self.waiting = path, 0
        self._part = path.with_suffix(".part")
        self._batches: list[pa.RecordBatch] = []
        self._writer: pq.ParquetWriter | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes rows to be written."""
        if batch.num_rows:
            self._batches.append(batch)
            self.waiting += batch.num_rows

    def write(self) -> None:
        """Writes what was taken, as one row group."""
        if self._batches:
            self._writer = self._writer or pq.ParquetWriter(
                self._part, self._batches[0].schema, compression="zstd"
            )
            self._writer.write_table(pa.Table.from_batches(self._batches))
            self._batches, self.waiting = [], 0

    def close(self) -> None:
        """Ends the file, whole or not."""
        if self._writer:
            self._writer.close()

    def keep(self) -> None:
        """Puts the file in its place."""
        if self._writer:
            self._part.replace(self.path)
        else:
            self.path.unlink(missing_ok=True)


def _replace(path: Path, content: str) -> None:
    """A small file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(content, encoding="utf-8")
    part.replace(path)
