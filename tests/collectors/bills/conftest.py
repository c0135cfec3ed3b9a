"""A desk for one test: writes small bills, loads them into a warehouse in memory, asks it questions."""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from collectors.bills import IngestResult, ingest
from finops.warehouse import Writer
from tests.shelf import empty_warehouse

AT = datetime(2026, 11, 20)
SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
ROW = {
    "BilledCost": "1.5",
    "EffectiveCost": "1.25",
    "ListCost": "2",
    "ContractedCost": "1.5",
    "BillingCurrency": "USD",
    "BillingAccountId": "000000000042",
    "SubAccountId": "000000000007",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-05T00:00:00Z",
    "ChargePeriodEnd": "2026-10-05T01:00:00Z",
    "ChargeCategory": "Usage",
    "ServiceName": "Compute",
    "ProviderName": "AWS",
    "ResourceId": "i-1",
    "ListUnitPrice": "2",
    "Tags": '{"team": "a"}',
}


class Desk:
    """Rows are given as what differs from ROW; a column set to None is left out of the file."""

    def __init__(self, folder: Path, con: duckdb.DuckDBPyConnection) -> None:
        self.folder = folder
        self.con = con
        self.runs = 0

    def text(self, rows: Sequence[Mapping[str, str | None]], *, delimiter: str = ",", end: str = "\n") -> str:
        full = [{**ROW, **row} for row in rows]
        columns = [
            name
            for name in dict.fromkeys(key for row in full for key in row)
            if full[0].get(name) is not None
        ]
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator=end, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(full)
        return out.getvalue()

    def csv(self, name: str, *rows: Mapping[str, str | None], **options: str) -> Path:
        return self.file(name, self.text(rows or [{}], **options).encode())

    def file(self, name: str, content: bytes | str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    def parquet(self, name: str, select: str) -> Path:
        path = self.folder / name
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'Asia/Tokyo'")  # what the writer's zone was must not matter
            con.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
        return path

    def ingest(self, *paths: str | Path, at: datetime = AT, **options: Any) -> IngestResult:
        self.runs += 1
        return ingest(Writer(self.con, f"run{self.runs}", at), paths, at=at, **options)

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.con.execute(sql, list(values) or None).fetchall()

    def one(self, sql: str, *values: Any) -> Any:
        (row,) = self.ask(sql, *values)
        return row[0] if len(row) == 1 else row

    def state(self) -> list[list[tuple[Any, ...]]]:
        """Everything an ingest writes, to see that nothing changed."""
        tables = ("charges", "bill_partitions", "rejected_rows", "data_tests", "coverage")
        return [self.ask(f"FROM {table} ORDER BY ALL") for table in tables]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with empty_warehouse() as con:
        yield Desk(tmp_path, con)


@pytest.fixture
def focus_sample() -> Path:
    """The official FOCUS sample: real, anonymised, AWS, Microsoft and Oracle."""
    return _sample("focus/focus/focus_sample_1000.csv")


@pytest.fixture
def samples() -> Path:
    return _sample("focus/focus").parent.parent


def _sample(name: str) -> Path:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the shared sample {name} is not on this machine")
    return path
