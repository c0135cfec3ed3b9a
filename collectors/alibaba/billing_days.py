"""The days of a bill that lie beside the warehouse: one file each, and per cycle what is known of them.

Parquet with every amount as the text it arrived as, so that a cycle can be loaded again without asking for it again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(slots=True)
class Day:
    """What is known of a day: when it was asked for (UTC), its items, their sum by currency, owners."""

    asked_at: datetime
    rows: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)
    owners: set[str] = field(default_factory=set)

    def count(self, rows: list[dict[str, Any]]) -> None:
        """Adds items."""
        self.rows += len(rows)
        for row in rows:
            currency = str(row.get("Currency") or "")
            amount = Decimal(str(row.get("PretaxAmount") or 0))
            self.sums[currency] = self.sums.get(currency, Decimal(0)) + amount
            self.owners.add(str(row.get("OwnerID") or row["AccountID"]))


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder that keeps the days of one account's bill, by cycle."""

    folder: Path

    def path(self, day: date) -> Path:
        """The file of a day."""
        return self.folder / f"{day:%Y-%m}" / f"{day:%Y-%m-%d}.parquet"

    def keep(self, day: date, pages: list[pa.Table]) -> None:
        """Keeps the items of a day in place of those before."""
        path = self.path(day)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not pages:
            path.unlink(missing_ok=True)
            return
        part = path.with_suffix(".part")
        pq.write_table(pa.concat_tables(pages, promote_options="default"), part)
        part.replace(path)

    def together(self, month: str, days: Mapping[date, Day]) -> dict[str, Path]:
        """All days of a cycle as one file, which is loaded many times faster than one file a day."""
        paths = [self.path(day) for day, known in sorted(days.items()) if known.rows]
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

    def known(self, cycle: date) -> dict[date, Day]:
        """Days that lie beside the warehouse, as the list of them says."""
        try:
            told = json.loads(self._list(cycle).read_text(encoding="utf-8"))
            return {
                date.fromisoformat(day): Day(
                    datetime.fromisoformat(one["asked_at"]),
                    int(one["rows"]),
                    {currency: Decimal(amount) for currency, amount in one["sums"].items()},
                    set(one["owners"]),
                )
                for day, one in told.items()
                if not one["rows"] or self.path(date.fromisoformat(day)).is_file()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
            return {}  # none yet, or one that broke off: then everything is asked for

    def remember(self, cycle: date, known: dict[date, Day]) -> None:
        """Keeps what is known of the days of a cycle."""
        told = {
            f"{day:%Y-%m-%d}": {
                "asked_at": one.asked_at.isoformat(),
                "rows": one.rows,
                "sums": {currency: str(amount) for currency, amount in one.sums.items()},
                "owners": sorted(one.owners),
            }
            for day, one in sorted(known.items())
        }
        _write(self._list(cycle), told)

    def _list(self, cycle: date, name: str = "days.json") -> Path:
        return self.folder / f"{cycle:%Y-%m}" / name

    def seen(self, cycle: date) -> dict[str, Decimal]:
        """The total at the last check."""
        try:
            told = json.loads(self._list(cycle, "total.json").read_text(encoding="utf-8"))
            return {currency: Decimal(amount) for currency, amount in told.items()}
        except (OSError, ValueError, TypeError, AttributeError, ArithmeticError):
            return {}

    def remember_total(self, cycle: date, totals: Mapping[str, Decimal]) -> None:
        """Keeps the total of a cycle for the next check."""
        told = {currency: str(amount) for currency, amount in totals.items()}
        _write(self._list(cycle, "total.json"), told)


def _write(path: Path, content: object) -> None:
    """A small file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content), encoding="utf-8")
    part.replace(path)
