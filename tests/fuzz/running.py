"""One fuzzed file after another into a warehouse that holds a good bill: made, loaded or refused, judged."""

import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from collectors.bills import FileResult, ingest
from finops.errors import InputError
from finops.schema_comments import schema_sql
from finops.warehouse import Writer
from tests.fuzz import of_bytes, of_records, of_tables  # noqa: F401 - they register the mutators
from tests.fuzz.bills import Table, bases, focus
from tests.fuzz.mutators import Mutator, applicable
from tests.fuzz.oracle import loaded_well, rejected_lines, told_well
from tests.fuzz.reading import UnreadableError, plain, read
from tests.fuzz.writing import Draft, packed, write

AT = datetime(2026, 11, 20)
_TABLES = ("charges", "bill_partitions", "rejected_rows", "data_tests", "coverage")
_KINDS = {"gcp": ("json", "json", "parquet"), "gcp-flat": ("csv",)}
_MEMORY = "512MB"


@dataclass
class Case:
    """A fuzzed file: how it came about, its bytes, and the share of bad rows that is allowed."""

    number: int
    base: str
    kind: str
    mutators: tuple[Mutator, ...]
    name: str
    data: bytes
    max_rejected: float
    good: Table

    @property
    def title(self) -> str:
        return f"{self.number} {self.base} {self.name} {'+'.join(each.name for each in self.mutators)}"


@dataclass
class Outcome:
    """What became of it: loaded, refused, unjudged (Python's readers fail) or WRONG, and why."""

    number: int
    mutators: tuple[str, ...]
    outcome: str
    why: str
    seconds: float
    title: str = ""
    memory_mb: float = field(default=0.0)


def case(seed: int, number: int) -> Case:
    """The fuzzed file of that number; the same for ever for the same seed (and the same samples at hand)."""
    rng = Random(f"{seed}:{number}")
    made = bases()
    name = rng.choice(sorted(made) + 2 * list(_MADE))  # the real ones are broad, and slow
    table = made[name](rng)
    draft = Draft(table, rng.choice(_KINDS.get(name, ("csv", "csv", "csv", "parquet"))))
    good = Table(table.family, list(table.header), [list(row) for row in table.rows])
    chosen = rng.sample(applicable(draft), rng.choice([1, 1, 1, 2, 2, 3]))
    for each in chosen:
        if each.stage == "table" and draft.table.rows:
            each.run(draft, rng)
    draft.data = write(draft)
    for each in chosen:
        if each.stage == "bytes":
            each.run(draft, rng)
    draft.data = packed(draft, draft.data)
    for each in chosen:
        if each.stage == "file":
            each.run(draft, rng)
    return Case(
        number, name, draft.kind, tuple(chosen), draft.name, draft.data, rng.choice([1, 1, 0.5, 0.01]), good
    )


class Desk:
    """A warehouse in memory with one good bill in it, which no other file may change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.con = duckdb.connect(config={"threads": 1, "memory_limit": _MEMORY})
        self.con.execute("SET TimeZone = 'UTC'")
        self.con.execute(schema_sql())
        table = focus(Random(0), "1.2")
        for name in ("BillingAccountId", "SubAccountId"):
            for row in table.rows:
                row[table.header.index(name)] = "resident"
        path = folder / "resident.csv"
        path.write_bytes(write(Draft(table, "csv")))
        self.load(path)
        self.before = self.state()

    def run(self, case: Case) -> Outcome:
        """Loads the file, judges what became of it, and takes it out again."""
        path = self.folder / case.name
        path.write_bytes(case.data)
        began = time.monotonic()
        outcome, why = self._judged(case, path)
        seconds = time.monotonic() - began
        names = tuple(each.name for each in case.mutators)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        path.unlink()
        return Outcome(case.number, names, outcome, why, seconds, case.title, peak)

    def _judged(self, case: Case, path: Path) -> tuple[str, str]:
        try:
            result = self.load(path, max_rejected=case.max_rejected)
        except InputError as error:
            wrong = self._refused_wrongly(case, path, str(error))
            return ("WRONG", f"{wrong}: {error}") if wrong else ("refused", str(error))
        except Exception as error:  # noqa: BLE001 - whatever else comes out is what is looked for
            with suppress(duckdb.Error):
                self.con.rollback()
            return "WRONG", f"{type(error).__name__}: {str(error)[:300]}"
        try:
            wrong = self._loaded_wrongly(case, result)
        except UnreadableError as error:
            return "unjudged", str(error)
        finally:
            self._take_out(result.source)
        if self.state() != self.before:
            self.before = self.state()
            wrong = wrong or "the bill that was there before has changed"
        return ("WRONG", wrong) if wrong else ("loaded", "")

    def load(self, path: Path, **options: Any) -> FileResult:
        (result,) = ingest(Writer(self.con, "run", AT), [path], at=AT, **options).files
        return result

    def _refused_wrongly(self, case: Case, path: Path, message: str) -> str | None:
        if self.state() != self.before:
            self.before = self.state()
            return "the warehouse has changed"
        if (
            all(each.expects == "loads" for each in case.mutators)
            and case.base[0] in "fcg"
            and case.base in _MADE
        ):
            return "refused though nothing is wrong with it"
        return told_well(message, path.name)

    def _loaded_wrongly(self, case: Case, result: FileResult) -> str | None:
        if any(each.expects == "refused" for each in case.mutators) and len(case.mutators) == 1:
            return "loaded though it should have been refused"
        if result.status != "loaded":
            return f"is {result.status}"
        wrong = loaded_well(self.con, result.source, case.data, result)
        if wrong or not result.rejected or case.base not in _MADE:
            return wrong
        return _rejected_for_nothing(case, rejected_lines(self.con, result.source))

    def _take_out(self, source: str) -> None:
        self.con.execute("DELETE FROM charges WHERE x_Source = ?", [source])
        for table, column in (
            ("bill_partitions", "source"),
            ("rejected_rows", "source"),
            ("data_tests", "subject"),
        ):
            self.con.execute(f"DELETE FROM {table} WHERE {column} = ?", [source])
        self.con.execute(
            "DELETE FROM coverage WHERE (cloud, account_id) NOT IN (SELECT (x_Cloud, x_AccountId) FROM charges)"
        )

    def state(self) -> list[list[tuple[Any, ...]]]:
        return [self.con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in _TABLES]


_MADE = ("focus-1.0", "focus-1.1", "focus-1.2", "focus-1.3", "focus-1.4", "cur-1", "cur-2", "gcp", "gcp-flat")


def _rejected_for_nothing(case: Case, reasons: dict[int, str]) -> str | None:
    """A row that nobody touched, under a header that nobody touched, cannot be bad."""
    first = case.data.split(b"\n", 1)[0].decode(errors="replace")
    if case.kind != "csv" or not all(name in first for name in case.good.header):
        return None
    good = [
        {plain(name): value for name, value in zip(case.good.header, row, strict=True)}
        for row in case.good.rows
    ]
    for row in read(case.data):
        if row.line in reasons and row.whole and any(each.items() <= row.values.items() for each in good):
            return f"line {row.line} is as good as it was and was rejected: {reasons[row.line]}"
    return None


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """A desk that is closed in the end."""
    made = Desk(folder)
    try:
        yield made
    finally:
        made.con.close()


def work(seed: int, numbers: list[int], out: Any) -> None:
    """What a process does: puts the outcome of each file into the queue `out`."""
    with tempfile.TemporaryDirectory() as folder, desk(Path(folder)) as warehouse:
        for number in numbers:
            out.put(warehouse.run(case(seed, number)))
