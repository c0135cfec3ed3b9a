"""What the warehouse knows and how old it is: runs, coverage, data tests, what was not evaluated."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from finops.config import Settings
from finops.pipeline.restating import last_restatements
from finops.warehouse import reading


def status(con: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, Any]]]:
    """Tables of the state of a warehouse, by name: runs, coverage, bills, data_tests, exemptions, not_evaluated,
    restatements (what the last night's report told of them)."""
    found = {name: _rows(con, sql) for name, sql in _QUERIES.items()}
    return {**found, "restatements": [one.model_dump() for one in last_restatements(con)]}


def freshness(db: Path, settings: Settings, cloud: str) -> list[dict[str, Any]]:
    """How old the data of a cloud are, by dataset; nothing where there is no warehouse yet."""
    if not db.exists():
        return []
    with reading(db, settings.limits()) as con:
        return _rows(con, _FRESHNESS, [cloud])


def _rows(con: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    cursor = con.execute(sql, list(values))
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


_FRESHNESS = """
    SELECT dataset, count(*) AS scopes, count(*) FILTER (status = 'complete') AS complete,
        min(collected_at) AS oldest, max(collected_at) AS newest
    FROM coverage WHERE cloud = ?
    GROUP BY dataset ORDER BY dataset
"""
_LAST_AUDIT = (
    "(SELECT run_id FROM runs WHERE result IS NOT NULL ORDER BY started_at DESC, rowid DESC LIMIT 1)"
)
_QUERIES = {
    "runs": """
        SELECT run_id, command, status, started_at, finished_at, as_of, error
        FROM runs ORDER BY started_at DESC, rowid DESC LIMIT 10
    """,
    "coverage": """
        SELECT cloud, account_id AS account, region, dataset, status, rows, collected_at, error
        FROM coverage
        ORDER BY status = 'complete', cloud, account, region, dataset
    """,
    "bills": """
        SELECT provider, billing_account_id AS billing_account, billing_period_start AS period, currency,
            sum(rows) AS rows, sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost,
            max(loaded_at) AS loaded_at
        FROM bill_partitions
        WHERE rows > 0 -- none where they were pruned
        GROUP BY ALL
        ORDER BY ALL
    """,
    "data_tests": """
        SELECT test, subject, severity, status, message, tested_at, since
        FROM data_tests WHERE status = 'failed' ORDER BY ALL
    """,
    "exemptions": f"""
        SELECT state, rule, selector, owner, reason, expires_at, source, note, findings
        FROM exemptions WHERE run_id = {_LAST_AUDIT}
        ORDER BY ALL
    """,  # noqa: S608 - put together from constants
    "not_evaluated": f"""
        SELECT rule, reason, count(*) AS cases
        FROM not_evaluated
        WHERE run_id = {_LAST_AUDIT}
        GROUP BY rule, reason
        ORDER BY cases DESC, rule, reason
    """,  # noqa: S608 - put together from constants
}
