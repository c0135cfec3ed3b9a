"""Removes rows that are older than the policy keeps, in one transaction.

What remembers that something was read stays, so that the next night does not bring it back: a bill's partition keeps
its fingerprint, with no rows, and so do flow logs. The life of findings, decisions and realised savings are never
removed, nor the last audits.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from finops.config import Settings
from finops.errors import UsageError
from finops.history.episodes import DAYS, FINAL
from finops.nightly_settings import RetentionSettings
from finops.pipeline.audit import latest_data
from finops.schema_comments import tables
from finops.warehouse import reading, writing

_LONGER = timedelta(days=7)  # that a charge over several days may begin before the days that are measured
_MONTH_FOLDER = re.compile(r"^(billing_period=)?(?P<month>\d{4}-\d{2})$", re.IGNORECASE)
_COUNTED = {
    "charges": "charges",
    "bill_days": "days of bills",
    "metrics": "metrics",
    "findings": "findings",
    "not_evaluated": "judgements that could not be made",
    "figures": "figures",
    "run_steps": "steps of nights",
    "deliveries": "deliveries",
    "runs": "runs",
    "flow_pairs": "pairs of flow logs",
    "traffic": "flows",
}


@dataclass(frozen=True, slots=True)
class Pruned:
    """Rows that went, or would go, by table, and the folders of bills beside the warehouse."""

    rows: Mapping[str, int]
    folders: tuple[Path, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.rows.values())

    def told(self, *, dry_run: bool = False) -> str:
        """What went, in one sentence."""
        parts = [
            f"{count:,} {_COUNTED[name]}" for name, count in self.rows.items() if count and name in _COUNTED
        ]
        if self.folders:
            parts.append(f"the files of {len(self.folders):,} months of bills")
        if not parts:
            return "Nothing is older than the retention keeps."
        return f"{', '.join(parts)} {'would be' if dry_run else 'were'} removed by retention."


@dataclass(frozen=True, slots=True)
class _Old:
    """Which rows of a table are too old: a condition over the table and its values."""

    table: str
    condition: str
    values: Sequence[Any] = field(default=())


def prune(
    db: Path,
    settings: Settings,
    *,
    as_of: datetime,
    at: datetime,
    wait_seconds: float = 0,
    dry_run: bool = False,
) -> Pruned:
    """Removes what settings.retention does not keep at the instant `as_of`; `at` is the wall clock.

    Where nothing is too old, nothing is written. With `dry_run` nothing is removed, only counted.
    Raises WarehouseError, BusyError.
    """
    limits = settings.limits()
    with reading(db, limits) as con:
        as_of = min(
            as_of, _newest(con) or as_of
        )  # by which audits judge: old data do not grow older for them
        month = min(first_month(as_of, settings.retention.charges_months), _measured_from(con, as_of))
        old = _too_old(settings.retention, as_of, month)
        counted = Pruned(_count(con, old), tuple(_folders(db, settings, as_of, month)))
    if dry_run or not (counted.total or counted.folders):
        return counted
    if counted.total:
        with writing(db, "db prune", at=at, wait_seconds=wait_seconds, limits=limits) as writer:
            con = writer.con
            con.begin()
            gone = _count(con, old)  # of what is there now: another run may have written meanwhile
            _remove(con, old)
            con.commit()
        counted = Pruned(gone, counted.folders)
    for folder in counted.folders:  # last: a kill before this leaves files that the next night removes
        shutil.rmtree(folder, ignore_errors=True)
    return counted


def _newest(con: duckdb.DuckDBPyConnection) -> datetime | None:
    try:
        return latest_data(con)
    except UsageError:  # there are none
        return None


# --- what is too old --------------------------------------------------------------------------------------


def _measured_from(con: duckdb.DuckDBPyConnection, as_of: datetime) -> datetime:
    """The first month that tells what actions saved: such amounts are measured anew until they are final."""
    row = con.execute(
        "SELECT min(least(last_seen, observed_at)) FROM finding_history "
        "WHERE resolution IN ('changed', 'gone') AND resolved_at >= ?",
        [as_of - FINAL],
    ).fetchone()
    return first_month(row[0] - DAYS - _LONGER, 1) if row and row[0] else as_of


def _too_old(keep: RetentionSettings, as_of: datetime, month: datetime) -> list[_Old]:
    """The rows that go, each condition by itself: none depends on another having been applied."""
    month -= timedelta(hours=12)  # a period may begin at midnight elsewhere, on the evening before by UTC
    day = as_of.replace(hour=0, minute=0, second=0, microsecond=0)
    metrics, flows, figures, runs = (
        day - timedelta(days=days)
        for days in (keep.metrics_days, keep.flow_days, keep.figures_days, keep.runs_days)
    )
    audits = f"run_id NOT IN ({_AUDITS_KEPT})"
    old = [
        _Old("charges", "coalesce(BillingPeriodStart, ChargePeriodStart) < ?", [month]),
        _Old("bill_days", "billing_period_start < ?", [month]),
        _Old("metrics", "bucket_start < ?", [metrics]),
        *(
            _Old(table, audits, [keep.findings_runs])
            for table in ("findings", "not_evaluated", "exemptions", "audits")
        ),
        _Old("figures", "measured_at < ?", [figures]),
        _Old("run_steps", "started_at < ?", [runs]),
        _Old("deliveries", f"delivered_at < ? AND {_NOT_THE_LAST_DELIVERY}", [runs]),
        _Old("flow_pairs", "day < ?", [flows]),
        _Old("flow_windows", "window_start < ?", [flows]),
        _Old("traffic", "day < ?", [flows]),
    ]
    return [*old, _runs(old, runs)]


def _runs(old: Sequence[_Old], before: datetime) -> _Old:
    """Runs that ended long ago and that nothing which stays refers to."""
    gone = {one.table: one for one in old}
    values: list[Any] = [before]
    named = []
    for table in tables():
        if table.name == "runs" or not any(column.name == "run_id" for column in table.columns):
            continue
        one = gone.get(table.name)
        where = f" WHERE NOT coalesce({one.condition}, false)" if one else ""
        named.append(f"SELECT run_id FROM {table.name}{where}")  # noqa: S608 - tables of the schema
        values += one.values if one else ()
    named.append("SELECT parent FROM runs WHERE parent IS NOT NULL AND started_at >= ?")
    values.append(before)
    condition = f"started_at < ? AND status <> 'running' AND run_id NOT IN ({' UNION ALL '.join(named)})"
    return _Old("runs", condition, values)


def first_month(as_of: datetime, months: int) -> datetime:
    """The first billing period that stays, of so many: that of `as_of` is the last one."""
    number = as_of.year * 12 + as_of.month - months
    midnight = as_of.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.replace(year=number // 12, month=number % 12 + 1, day=1)


def _count(con: duckdb.DuckDBPyConnection, old: Sequence[_Old]) -> dict[str, int]:
    counted = {}
    for one in old:
        row = con.execute(f"SELECT count(*) FROM {one.table} WHERE {one.condition}", one.values).fetchone()  # noqa: S608
        counted[one.table] = int(row[0]) if row else 0
    return counted


# The newest audits, and the two that finops diff compares where none are named.
_AUDITS_KEPT = """
    (SELECT run_id FROM runs WHERE result IS NOT NULL ORDER BY started_at DESC, rowid DESC LIMIT ?)
    UNION ALL
    (SELECT a.run_id FROM audits AS a JOIN runs AS r USING (run_id)
     WHERE a.whole AND a.forward AND r.result IS NOT NULL ORDER BY a.as_of DESC, r.started_at DESC LIMIT 2)
"""
# By which it is known that a target was sent the same before.
_NOT_THE_LAST_DELIVERY = (
    "(target, delivered_at) NOT IN (SELECT (target, max(delivered_at)) FROM deliveries GROUP BY target)"
)


# --- removing ---------------------------------------------------------------------------------------------


def _remove(con: duckdb.DuckDBPyConnection, old: Sequence[_Old]) -> None:
    """Removes the rows and brings what is told of them in line. Inside a transaction."""
    month = next(one.values[0] for one in old if one.table == "charges")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE pruned_accounts AS SELECT DISTINCT x_Cloud AS cloud, x_AccountId AS account_id "
        "FROM charges WHERE coalesce(BillingPeriodStart, ChargePeriodStart) < ?",
        [month],
    )
    # Audits whose findings go are audits no more: compared with another one they would have had none.
    kept = next(one for one in old if one.table == "audits")
    con.execute(f"UPDATE runs SET result = NULL WHERE result IS NOT NULL AND {kept.condition}", kept.values)  # noqa: S608
    # Last those by which the others are told, and audits after the tables that ask which stay.
    for one in sorted(old, key=lambda each: (each.table == "audits", each.table == "runs")):
        con.execute(f"DELETE FROM {one.table} WHERE {one.condition}", one.values)  # noqa: S608
    for statement in _IN_LINE:
        con.execute(statement, {"month": month} if "$month" in statement else None)
    con.execute("DROP TABLE temp.pruned_accounts")


_EMPTIED = "SELECT source FROM bill_partitions GROUP BY source HAVING sum(rows) = 0"
_IN_LINE = (
    # The same file again changes nothing, so its fingerprint stays.
    "UPDATE bill_partitions SET rows = 0, billed_cost = 0, effective_cost = 0, list_cost = NULL "
    "WHERE billing_period_start < $month AND rows > 0",
    f"DELETE FROM rejected_rows WHERE source IN ({_EMPTIED})",  # noqa: S608 - a constant
    f"DELETE FROM data_tests WHERE subject IN ({_EMPTIED})",  # noqa: S608 - a constant
    """
    UPDATE coverage SET rows = (
        SELECT count(*) FROM charges AS c WHERE c.x_Cloud = coverage.cloud AND c.x_AccountId = coverage.account_id)
    WHERE dataset = 'charges' AND (cloud, account_id) IN (SELECT (cloud, account_id) FROM pruned_accounts)
    """,
    "DELETE FROM coverage WHERE dataset = 'charges' AND rows = 0 "
    "AND (cloud, account_id) IN (SELECT (cloud, account_id) FROM pruned_accounts)",
    """
    UPDATE coverage SET rows = (SELECT count(*) FROM metrics AS m
        WHERE (m.cloud, m.account_id, m.region) = (coverage.cloud, coverage.account_id, coverage.region))
    WHERE dataset = 'metrics'
    """,
    """
    UPDATE coverage SET rows = (SELECT count(*) FROM traffic AS t WHERE t.source = 'flow log'
        AND (t.cloud, t.account_id, t.region) = (coverage.cloud, coverage.account_id, coverage.region))
    WHERE dataset = 'traffic' AND status IN ('complete', 'partial')
    """,
)


# --- files beside the warehouse ---------------------------------------------------------------------------


def _folders(db: Path, settings: Settings, as_of: datetime, first: datetime) -> list[Path]:
    """Months of bills that lie beside the warehouse and are neither kept nor asked for any more."""
    days = max(settings.alibaba.bill_days, settings.gcp.bill_days, 40)
    asked = (as_of - timedelta(days=days)).date().replace(day=1)
    oldest = min(first.date(), asked)
    shelves = db.with_name(db.name + ".bills")
    return sorted(
        path
        for path in (shelves.rglob("*") if shelves.is_dir() else ())
        if (month := _month_of(path)) and month < oldest and path.is_dir()
    )


def _month_of(path: Path) -> date | None:
    match = _MONTH_FOLDER.match(path.name)
    try:
        return date.fromisoformat(f"{match['month']}-01") if match else None
    except ValueError:
        return None
