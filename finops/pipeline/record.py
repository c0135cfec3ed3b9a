"""Keeps audits in the warehouse and brings them back: the report of a run is a pure function of its rows."""

import json
from decimal import Decimal
from typing import Any

import duckdb

from finops.errors import UsageError
from finops.history.decisions import decided
from finops.history.keeping import keep
from finops.history.observing import Observed
from finops.model import AuditReport, ExemptionLine, Finding, NotEvaluated
from finops.warehouse import Writer

_JSON_COLUMNS = (
    "tags",
    "current",
    "proposed",
    "confidence_reasons",
    "co2e",
    "exemption",
    "evidence",
    "remediation",
    "sources",
    "overlap",
)
_MONEY = frozenset({"monthly_cost", "monthly_savings", "net_monthly_savings", "savings_low", "savings_high"})


def record(writer: Writer, report: AuditReport, observed: Observed | None = None) -> None:
    """Stores the report under the writer's run, and what it means for the history of findings.

    What people decided is not stored with it: it has a table of its own, and changes after the audit.
    `observed` is what the audit saw beside its report; without it no finding is resolved.
    """
    con = writer.con
    con.begin()
    _insert(con, "findings", [_finding_row(report.run_id, finding) for finding in report.findings])
    _insert(
        con,
        "not_evaluated",
        [{"run_id": report.run_id, **item.model_dump()} for item in report.not_evaluated],
    )
    _insert(con, "exemptions", [{"run_id": report.run_id, **line.model_dump()} for line in report.exemptions])
    keep(con, report, observed)
    con.commit()
    writer.as_of = report.as_of
    writer.result = json.dumps(
        report.model_dump(
            mode="json",
            include={
                "currency",
                "totals",
                "totals_by_currency",
                "costs",
                "coverage",
                "footprint",
                "carbon_method",
            },
        )
    )


def audit_of(con: duckdb.DuckDBPyConnection, *nights: str | None) -> AuditReport:
    """The report of the last audit that one of these nights made, or one that it goes on with; where none of them did,
    that of the last audit, as last_audit() does. An audit that somebody ran in between is not the night's.
    """
    row = con.execute(
        "WITH RECURSIVE chain(id) AS (SELECT unnest($nights::VARCHAR[]) UNION "
        "SELECT r.parent FROM runs AS r JOIN chain ON r.run_id = chain.id WHERE r.parent IS NOT NULL) "
        "SELECT a.run_id FROM runs AS a JOIN chain ON a.parent = chain.id "
        "WHERE a.result IS NOT NULL AND a.status IN ('done', 'incomplete') "
        "ORDER BY a.started_at DESC, a.rowid DESC LIMIT 1",
        {"nights": [one for one in nights if one]},
    ).fetchone()
    return last_audit(con, row[0] if row else None)


def last_audit(con: duckdb.DuckDBPyConnection, run_id: str | None = None) -> AuditReport:
    """The report of a run, or of the last audit, with what is decided about its findings by now.

    Raises UsageError when there is none.
    """
    row = con.execute(
        "SELECT run_id, as_of, tool, result FROM runs WHERE result IS NOT NULL "  # noqa: S608
        + (
            "AND run_id = ?"
            if run_id
            else "AND status IN ('done', 'incomplete') ORDER BY started_at DESC, rowid DESC LIMIT 1"
        ),
        [run_id] if run_id else [],
    ).fetchone()
    if row is None:
        raise UsageError(
            f"There is no audit {run_id} in this warehouse."
            if run_id
            else "There is no audit yet: run finops audit first."
        )
    result = json.loads(row[3])
    return AuditReport(
        run_id=row[0],
        as_of=row[1],
        tool_version=row[2],
        findings=_findings(con, row[0]),
        not_evaluated=_not_evaluated(con, row[0]),
        exemptions=_exemptions(con, row[0]),
        **result,
    )


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    import pyarrow as pa

    money = pa.decimal128(38, 2)
    columns = {
        name: pa.array([row[name] for row in rows], type=money if name in _MONEY else None)
        for name in rows[0]
    }
    con.register("arriving", pa.table(columns))
    con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM arriving")  # noqa: S608
    con.unregister("arriving")


def _finding_row(run_id: str, finding: Finding) -> dict[str, Any]:
    row = finding.model_dump(mode="python", by_alias=True, exclude={"decision"})
    row["run_id"] = run_id
    for name in ("exemption", "overlap"):
        inner = getattr(finding, name)
        row[name] = inner and inner.model_dump(mode="json")
    for name in _JSON_COLUMNS:
        row[name] = json.dumps(row[name], ensure_ascii=False)
    for name, value in row.items():
        if isinstance(value, Decimal):
            row[name] = value.quantize(Decimal("0.01"))
    return row


def _findings(con: duckdb.DuckDBPyConnection, run_id: str) -> list[Finding]:
    cursor = con.execute("SELECT * EXCLUDE (run_id) FROM findings WHERE run_id = ? ORDER BY rowid", [run_id])
    names = [column[0] for column in cursor.description or []]
    rows = [_decoded(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    said = decided(con)
    return [Finding(**row, decision=said.get(row["id"])) for row in rows]


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    for name in _JSON_COLUMNS:
        row[name] = None if row[name] is None else json.loads(row[name])  # audits of older versions lack some
    return row


def _exemptions(con: duckdb.DuckDBPyConnection, run_id: str) -> list[ExemptionLine]:
    cursor = con.execute(
        "SELECT * EXCLUDE (run_id) FROM exemptions WHERE run_id = ? ORDER BY rowid", [run_id]
    )
    names = [column[0] for column in cursor.description or []]
    return [ExemptionLine(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _not_evaluated(con: duckdb.DuckDBPyConnection, run_id: str) -> list[NotEvaluated]:
    cursor = con.execute(
        "SELECT * EXCLUDE (run_id) FROM not_evaluated WHERE run_id = ? ORDER BY rowid", [run_id]
    )
    names = [column[0] for column in cursor.description or []]
    return [NotEvaluated(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
