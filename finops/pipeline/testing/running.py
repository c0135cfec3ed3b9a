"""Runs data tests one after the other on a connection that can only read."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from finops.night_model import DataTest
from finops.pipeline.testing import derived
from finops.pipeline.testing.catalogue import Chosen
from reports.plain import one_line, shortened
from rules.engine import rollups

ITSELF = "the test itself"
BROKEN = "data-test-file"  # the test that every file of a test is one
NOTHING = "the warehouse"
PATIENCE = 600.0  # seconds that a test may take
_LONGEST = 1000  # characters of a sentence
_VERDICTS = {"passed", "failed", "not_evaluated"}


def judge(
    con: duckdb.DuckDBPyConnection, tests: Iterable[Chosen], *, as_of: datetime, run_started: datetime
) -> list[DataTest]:
    """The result of each enabled data test for each of its subjects.

    A test whose SQL breaks, or that says something else than a test may, is a failed test of severity error itself.
    """
    rollups.define_words(con)
    made: set[str] = set()
    found: list[DataTest] = []
    for one in tests:
        if not one.enabled:
            continue
        late = threading.Event()
        try:
            with _stopped_when_late(con, late):
                for name in derived.DERIVED:
                    if name in one.test.sql and name not in made:
                        derived.make(con, name)
                        made.add(name)
                found += _results(con, one, as_of, run_started)
        except duckdb.InterruptException:
            if not late.is_set():  # somebody stops the night
                raise
            found.append(_broken(one, f"It was stopped after {PATIENCE / 60:g} minutes without a result"))
        except duckdb.Error as error:
            why = " ".join(str(error).splitlines()[0].split())
            found.append(_broken(one, f"Its SQL could not be run: {why}"))
    return found


@contextmanager
def _stopped_when_late(con: duckdb.DuckDBPyConnection, late: threading.Event) -> Iterator[None]:
    """Interrupts what runs for longer than any test may, and says so by `late`: a night must not wait for ever."""

    def stop() -> None:
        late.set()
        con.interrupt()

    timer = threading.Timer(PATIENCE, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _values(one: Chosen, as_of: datetime, run_started: datetime) -> dict[str, Any] | str:
    """What a test is given, or why that cannot be told."""
    try:
        return one.values(as_of, run_started)
    except (OverflowError, ValueError):  # a span that goes back to before there were years, or no number
        spans = ", ".join(f"{name} = {one.parameters[name]}" for name in one.test.header.cutoffs)
        return f"A parameter reaches back further than there are dates ({spans})"


def _results(
    con: duckdb.DuckDBPyConnection, one: Chosen, as_of: datetime, run_started: datetime
) -> list[DataTest]:
    values = _values(one, as_of, run_started)
    if isinstance(values, str):
        return [_broken(one, values)]
    cursor = con.execute(
        f"SELECT * FROM ({one.test.sql.rstrip(';')}\n) ORDER BY ALL",  # noqa: S608 - checked by checking.py
        values,
    )
    names = [str(column[0]).lower() for column in cursor.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if not rows:
        return [
            _result(one, NOTHING, "not_evaluated", "The warehouse holds nothing that this test looks at.")
        ]
    trouble = _trouble(rows)
    if trouble:
        return [_broken(one, trouble)]
    return [_result(one, row["subject"], row["verdict"], row["message"], row.get("severity")) for row in rows]


def _trouble(rows: list[dict[str, object]]) -> str | None:
    """What is wrong with the rows that a test returned."""
    for row in rows:
        if not row["subject"] or not row["message"]:
            return "It returned a row without a subject or a message."
        if row["verdict"] not in _VERDICTS:
            return f"It returned the verdict {row['verdict']!r} for {row['subject']}."
        if row.get("severity") not in (None, "warn", "error"):
            return f"It returned the severity {row['severity']!r} for {row['subject']}."
    (most, times), *_ = Counter(str(row["subject"]) for row in rows).most_common(1)
    return f"It said something of {most} {times} times instead of once." if times > 1 else None


def _broken(one: Chosen, why: str) -> DataTest:
    told = f"{why.rstrip('.')}. What it tests is not known; finops tests check {one.test.path} may tell more."
    return _result(one, ITSELF, "failed", told, "error")


def refused(path: Path, sentence: str) -> DataTest:
    """The result of a file that is no data test."""
    return DataTest(
        test=BROKEN, subject=_plain(path), stage="collect", severity="error", status="failed",
        message=_plain(f"{sentence.rstrip('.')}. What it tests is not known; finops tests check {path} tells more."),
        since=None,
    )  # fmt: skip


def _plain(text: object) -> str:
    """A text from a test, which may hold names from a cloud, on one line and not too long."""
    return shortened(one_line(str(text)), _LONGEST)


def _result(one: Chosen, subject: object, verdict: str, message: object, severity: object = None) -> DataTest:
    return DataTest.model_validate(
        {
            "test": one.test.id,
            "subject": _plain(subject),
            "stage": one.test.header.stage,
            "severity": one.severity or severity or one.test.header.severity,
            "status": verdict,
            "message": _plain(message),
            "since": None,
        }
    )
