"""Display names of the values that are shown: accounts, resources, commitments."""

from collections.abc import Sequence

import duckdb

from finops.pipeline.costing.bills import Statement, period
from finops.pipeline.costing.queries import Row
from finops.pipeline.costing.question import Question


def of_lines(
    con: duckdb.DuckDBPyConnection, question: Question, statement: Statement, rows: Sequence[Row]
) -> dict[str, dict[str, str]]:
    """Names by dimension and value, where the bill has one that is not the value itself; the newest when it changed."""
    found: dict[str, dict[str, str]] = {}
    during = period(statement.month).sql
    if statement.against:
        during = f"({during}) OR ({period(statement.against).sql})"
    for place, dimension in enumerate(question.by):
        wanted = sorted({value for row in rows if (value := row.values[place]) is not None})
        if dimension.name_sql is None or not wanted:
            continue
        pairs = con.execute(
            f"SELECT {dimension.sql}, arg_max({dimension.name_sql}, (ChargePeriodStart, {dimension.name_sql})) "  # noqa: S608
            f"FROM charges WHERE ({during}) AND {dimension.sql} IN (SELECT unnest($wanted::VARCHAR[])) "
            f"AND {dimension.name_sql} IS NOT NULL GROUP BY ALL",
            {"wanted": wanted},
        ).fetchall()
        found[dimension.name] = {value: name for value, name in pairs if name and name != value}
    return found
