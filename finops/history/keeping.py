"""Writes an audit into the history: what it saw of findings, and what became of those it does not have."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb

from finops.history.observing import Audited, Observed, Sighting
from finops.model import AuditReport, Finding

_MONEY = ("monthly_savings", "net_monthly_savings", "savings_low", "savings_high")
# What is known of a finding from its last sighting while it was open.
_KEPT = (
    "rule", "cloud", "account", "region", "resource_type", "resource_id", "resource_name", "action", "proposed",
    "was", "family", "observed_at", "cells", *_MONEY, "currency",
)  # fmt: skip


def keep(con: duckdb.DuckDBPyConnection, report: AuditReport, observed: Observed | None) -> None:
    """Writes the life of findings forward, in the transaction of the caller.

    An audit of an instant before the newest that is known, or well after the newest data, is kept and changes no
    history. Without `observed` nothing is resolved.
    """
    observed = observed or Observed()
    at = report.as_of
    audited = observed.audited or Audited(whole=False)
    newest = _newest(con)
    forward = not audited.ahead and (newest is None or at >= newest)
    _note_audit(con, report, audited, forward=forward)
    if not forward:
        return
    _stage(con, report, observed)
    _note_events(con, report.run_id, at)
    _write_forward(con, at)
    _resolve(con, report.run_id, at, observed)
    con.execute("DROP TABLE temp.sighted")
    _note_realised(con, observed.realised)


def _newest(con: duckdb.DuckDBPyConnection) -> datetime | None:
    row = con.execute(
        "SELECT max(instant) FROM "
        "(SELECT as_of AS instant FROM audits WHERE forward UNION ALL SELECT last_audit FROM finding_history)"
    ).fetchone()
    return row[0] if row else None


def _note_audit(
    con: duckdb.DuckDBPyConnection, report: AuditReport, audited: Audited, *, forward: bool
) -> None:
    con.execute(
        "INSERT INTO audits VALUES (?, ?, ?, ?, ?, ?)",
        [
            report.run_id,
            report.as_of,
            audited.whole,
            forward,
            json.dumps(audited.limits),
            json.dumps(sorted(audited.rules)),
        ],
    )


# --- what was seen ----------------------------------------------------------------------------------------


def _stage(con: duckdb.DuckDBPyConnection, report: AuditReport, observed: Observed) -> None:
    """The findings of the report as the temporary table `sighted`."""
    import pyarrow as pa

    rows = [_row(finding, observed.sightings.get(finding.id)) for finding in report.findings]
    kinds = {
        **dict.fromkeys(("id", "status", *_KEPT), pa.string()),
        **dict.fromkeys(("first_seen", "observed_at"), pa.timestamp("us")),
        **dict.fromkeys(_MONEY, pa.decimal128(38, 2)),
    }
    table = pa.table({name: pa.array([row[name] for row in rows], type=kind) for name, kind in kinds.items()})
    con.register("arriving", table)
    con.execute("CREATE OR REPLACE TEMP TABLE sighted AS FROM arriving")
    con.unregister("arriving")


def _row(finding: Finding, sighting: Sighting | None) -> dict[str, Any]:
    row = finding.model_dump(mode="python", include={"id", "status", "first_seen", "currency", *_KEPT})
    sighting = sighting or Sighting(None, None, None)
    return {
        **row,
        "proposed": _json(finding.proposed),
        "was": _json(sighting.was),
        "family": sighting.family,
        "observed_at": sighting.observed_at,
        "cells": json.dumps(cells_of(finding.resource_id, finding.evidence)),
    }


def cells_of(resource_id: str, evidence: Mapping[str, Any]) -> list[list[str]]:
    """The cost that an action changes, as [resource id, component]: what the evidence says, else the whole resource."""
    pieces = evidence.get("cost_pieces") or []
    return [[piece["resource_id"], piece["component"]] for piece in pieces] or [[resource_id, "all"]]


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _note_events(con: duckdb.DuckDBPyConnection, run_id: str, at: datetime) -> None:
    """Changes of state. An audit of the same instant says the same again, so what it says takes the place of it."""
    con.execute("DELETE FROM finding_events WHERE as_of = ? AND finding_id IN (SELECT id FROM sighted)", [at])
    con.execute(
        """
        INSERT INTO finding_events
        SELECT s.id, ?, ?, s.status, NULL
        FROM sighted AS s
        LEFT JOIN (
            SELECT finding_id, arg_max(event, as_of) AS event FROM finding_events WHERE as_of < ? GROUP BY finding_id
        ) AS e ON e.finding_id = s.id
        WHERE e.event IS NULL
           OR s.status = 'reopened'
           OR (s.status = 'exempt' AND e.event <> 'exempt')
        """,
        [run_id, at, at],
    )


def _write_forward(con: duckdb.DuckDBPyConnection, at: datetime) -> None:
    """The rows of what was seen. The estimate of an exempt finding stays that of the time it was open."""
    kept = ", ".join(
        f"{name} = CASE WHEN s.status = 'exempt' AND h.rule IS NOT NULL THEN h.{name} ELSE s.{name} END"
        for name in _KEPT
    )
    con.execute(
        f"UPDATE finding_history AS h SET last_seen = $at, last_audit = $at, status = s.status, "  # noqa: S608
        f"resolution = CASE WHEN s.status = 'exempt' THEN 'exempt' END, resolved_at = NULL, became = NULL, "
        f"replaced_by = NULL, {kept} FROM sighted AS s WHERE s.id = h.id",
        {"at": at},
    )
    con.execute(
        f"INSERT INTO finding_history BY NAME SELECT s.id, s.first_seen, $at AS last_seen, $at AS last_audit, "  # noqa: S608
        f"s.status, CASE WHEN s.status = 'exempt' THEN 'exempt' END AS resolution, 0 AS reopened, "
        f"{', '.join(f's.{name}' for name in _KEPT)} FROM sighted AS s ANTI JOIN finding_history AS h ON h.id = s.id",
        {"at": at},
    )
    con.execute(
        "UPDATE finding_history AS h SET reopened = e.times FROM ("
        "SELECT finding_id, count(*) AS times FROM finding_events WHERE event = 'reopened' GROUP BY finding_id"
        ") AS e WHERE e.finding_id = h.id AND h.id IN (SELECT id FROM sighted)"
    )


# --- what became of the others ----------------------------------------------------------------------------


def _resolve(con: duckdb.DuckDBPyConnection, run_id: str, at: datetime, observed: Observed) -> None:
    """Findings that this audit could have had and did not. One that another audit saw meanwhile stays open."""
    import pyarrow as pa

    rows: Sequence[Any] = observed.resolved
    table = pa.table(
        {
            "id": pa.array([row.id for row in rows], type=pa.string()),
            "resolution": pa.array([row.resolution for row in rows], type=pa.string()),
            "became": pa.array([_json(row.became) for row in rows], type=pa.string()),
            "replaced_by": pa.array([json.dumps(row.replaced_by) for row in rows], type=pa.string()),
        }
    )
    con.register("arriving", table)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE ended AS SELECT a.* FROM arriving AS a JOIN finding_history AS h "
        "ON h.id = a.id AND h.status <> 'resolved' AND h.last_seen < ?",
        [at],
    )
    con.unregister("arriving")
    con.execute(
        "UPDATE finding_history AS h SET status = 'resolved', resolution = e.resolution, resolved_at = $at, "
        "last_audit = $at, became = e.became, replaced_by = e.replaced_by FROM ended AS e WHERE e.id = h.id",
        {"at": at},
    )
    con.execute("INSERT INTO finding_events SELECT id, ?, ?, 'resolved', resolution FROM ended", [run_id, at])
    con.execute("DROP TABLE temp.ended")


def _note_realised(con: duckdb.DuckDBPyConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """What was measured now takes the place of what was; what came back is no saving any more."""
    con.execute(
        "DELETE FROM realised_savings WHERE list_contains(?, finding_id) "
        "OR finding_id NOT IN (SELECT id FROM finding_history WHERE status = 'resolved')",
        [[row["finding_id"] for row in rows]],
    )
    known = {
        row[0] for row in con.execute("SELECT id FROM finding_history WHERE status = 'resolved'").fetchall()
    }
    names = [row[0] for row in con.execute("DESCRIBE realised_savings").fetchall()]
    values = [[row.get(name) for name in names] for row in rows if row["finding_id"] in known]
    if values:
        con.executemany(f"INSERT INTO realised_savings VALUES ({', '.join('?' * len(names))})", values)  # noqa: S608
