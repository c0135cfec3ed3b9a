"""Results of data tests in the warehouse: the latest of each test and subject, and since when it fails."""

from collections.abc import Collection, Iterable
from datetime import datetime

import duckdb

from finops.night_model import DataTest
from finops.warehouse import Writer

# Runs under these names keep results of data tests; what a load checks of itself stays whatever tests there are.
COMMANDS = ("test", "verify", "tests run")
_ORDER = """
    CASE status WHEN 'failed' THEN 0 WHEN 'not_evaluated' THEN 1 ELSE 2 END,
    CASE severity WHEN 'error' THEN 0 ELSE 1 END, test, subject
"""


def keep(
    writer: Writer, results: Iterable[DataTest], *, ran: Collection[str], known: Collection[str], at: datetime
) -> list[DataTest]:
    """Puts results in place of those of the tests that `ran`, and returns them with the instant they fail since.

    Results of tests that are not `known` any more go too.
    """
    con, kept = writer.con, []
    con.begin()
    since = {
        (test, subject): began
        for test, subject, began in con.execute(
            "SELECT test, subject, coalesce(since, tested_at) FROM data_tests WHERE status = 'failed'"
        ).fetchall()
    }
    con.execute("DELETE FROM data_tests WHERE list_contains($ran, test)", {"ran": list(ran)})
    con.execute(
        "DELETE FROM data_tests WHERE NOT list_contains($known, test) AND run_id IN "
        "(SELECT run_id FROM runs WHERE list_contains($commands, command))",
        {"known": list(known), "commands": list(COMMANDS)},
    )
    for one in results:
        began = since.get((one.test, one.subject), at) if one.status == "failed" else None
        kept.append(one.model_copy(update={"since": began}))
    if kept:
        con.executemany(
            "INSERT INTO data_tests (test, subject, severity, status, message, run_id, tested_at, stage, since) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                [
                    one.test,
                    one.subject,
                    one.severity,
                    one.status,
                    one.message,
                    writer.run_id,
                    at,
                    one.stage,
                    one.since,
                ]
                for one in kept
            ],
        )
    con.commit()
    return kept


def tests_told(con: duckdb.DuckDBPyConnection) -> list[DataTest]:
    """The latest result of each test and subject: what failed first, then what could not be judged."""
    rows = con.execute(
        f"SELECT test, subject, stage, severity, status, message, since FROM data_tests ORDER BY {_ORDER}"  # noqa: S608
    ).fetchall()
    names = ("test", "subject", "stage", "severity", "status", "message", "since")
    return [DataTest(**dict(zip(names, row, strict=True))) for row in rows]
