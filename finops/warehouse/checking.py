"""Whether a warehouse is sound: it opens, has this version's tables, every row can be read, keys and bills agree."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from finops.errors import WarehouseError
from finops.schema_comments import tables
from finops.warehouse.backup_files import quoted
from finops.warehouse.connections import Limits, reading
from finops.warehouse.loading import KEYS


@dataclass(slots=True)
class Checked:
    """Rows by table, and what is wrong, a sentence each."""

    rows: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def check(db: Path, limits: Limits) -> Checked:
    """Reads everything in the warehouse at `db`.

    Raises WarehouseError when it cannot be opened or is of another version.
    """
    done = Checked()
    with reading(db, limits) as con:
        there = {
            (str(table), str(column))
            for table, column in con.execute(
                "SELECT table_name, column_name FROM duckdb_columns() "
                "WHERE schema_name = 'main' AND database_name = current_database()"
            ).fetchall()
        }
        for table in tables():
            missing = [column.name for column in table.columns if (table.name, column.name) not in there]
            if missing:
                done.problems.append(f"The table {table.name} lacks {', '.join(missing)}.")
            else:
                _read(con, table.name, done)
        if not done.problems:
            done.problems += [*_repeated_keys(con), *_bills(con), *_runs(con)]
    return done


def _read(con: duckdb.DuckDBPyConnection, table: str, done: Checked) -> None:
    """Reads every value: DuckDB checks a block when it reads it."""
    try:
        row = con.execute(
            f"SELECT count(*), bit_xor(hash(t)) FROM {quoted(table)} AS t"  # noqa: S608
        ).fetchone()
    except duckdb.Error as error:
        done.problems.append(f"The table {table} cannot be read: {str(error).splitlines()[0][:200]}.")
        return
    done.rows[table] = int(row[0]) if row else 0


def _repeated_keys(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Resources that are there twice."""
    found = []
    for table, columns in KEYS.items():
        key = ", ".join(columns)
        row = con.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {table} GROUP BY {key} HAVING count(*) > 1)"  # noqa: S608
        ).fetchone()
        if row and row[0]:
            found.append(f"{row[0]:,} keys ({key}) are more than once in the table {table}.")
    return found


def _bills(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Bills whose charges are not what was loaded of them."""
    rows = con.execute(_BILLS).fetchall()
    return [
        f"Of the bill {source}, {account} {period:%Y-%m}, {rows:,} charges of {billed} are there, and "
        f"{loaded_rows:,} of {loaded} were loaded."
        for source, account, period, rows, billed, loaded_rows, loaded in rows
    ]


def _runs(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Findings of a run that is not there."""
    row = con.execute(
        "SELECT count(DISTINCT run_id) FROM findings WHERE run_id NOT IN (SELECT run_id FROM runs)"
    ).fetchone()
    return [f"{row[0]:,} audits have findings but are no run."] if row and row[0] else []


def refuse(db: Path, checked: Checked) -> None:
    """Raises WarehouseError when something is wrong."""
    if checked.problems:
        more = f" And {len(checked.problems) - 1:,} more." if len(checked.problems) > 1 else ""
        raise WarehouseError(
            f"{db} is not sound: {checked.problems[0]}{more} finops db restore makes it anew from a backup."
        )


# A period of a bill may begin within a day in some bills: what was loaded and what is there are compared by source,
# payer and period exactly as they were recorded.
_BILLS = """
WITH there AS (
    SELECT x_Source AS source, BillingAccountId AS account, BillingPeriodStart AS period, count(*) AS rows,
        sum(BilledCost) AS billed
    FROM charges GROUP BY ALL
), loaded AS (
    SELECT source, billing_account_id AS account, billing_period_start AS period, sum(rows) AS rows,
        sum(billed_cost) AS billed
    FROM bill_partitions GROUP BY ALL
)
SELECT coalesce(there.source, loaded.source) AS source, coalesce(there.account, loaded.account),
    coalesce(there.period, loaded.period), coalesce(there.rows, 0), coalesce(there.billed, 0),
    CAST(coalesce(loaded.rows, 0) AS BIGINT), coalesce(loaded.billed, 0)
FROM there FULL JOIN loaded
    ON there.source = loaded.source AND there.account = loaded.account AND there.period = loaded.period
WHERE coalesce(there.rows, 0) <> coalesce(loaded.rows, 0) OR coalesce(there.billed, 0) <> coalesce(loaded.billed, 0)
ORDER BY ALL LIMIT 100
"""
