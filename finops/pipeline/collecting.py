"""Collects from a cloud into a warehouse: what is fresh is left alone, what a stopped run has is kept."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from finops.config import Settings
from finops.errors import FinopsError, IncompleteError, UsageError, WarehouseError
from finops.pipeline.clouds import Cloud, Collecting, cloud_named
from finops.warehouse import Scope, Writer, reading, writing

if TYPE_CHECKING:
    from collectors.conduct import Progress

# How long after a run was stopped the next one goes on from what it had.
RESUME_WITHIN = timedelta(hours=12)

_NAMED = 3  # different errors that the end of a collection tells in full
_WORST_FIRST = ("denied", "failed", "throttled", "partial")


@dataclass(slots=True)
class Collected:
    """What became of a collection: scopes by status, what could not be had and why, rows, calls, the bill."""

    statuses: dict[Scope, str] = field(default_factory=dict)
    errors: dict[Scope, str] = field(default_factory=dict)
    rows: int = 0
    calls: int = 0
    bill: str | None = None

    @property
    def problem(self) -> FinopsError | None:
        """The error that a collection which lacks something ends with."""
        if not self.errors:
            return None
        named: dict[str, Scope] = {}
        for scope in sorted(self.errors, key=self._rank):
            named.setdefault(self.errors[scope], scope)
        told = [f"{_of(scope)}: {error}" for error, scope in list(named.items())[:_NAMED]]
        left = len(self.errors) - len(told)
        more = [f"({left} more scopes are not complete; finops status tells them all.)"] if left else []
        return IncompleteError(" ".join([*told, *more]))

    def _rank(self, scope: Scope) -> int:
        """What somebody has to see to comes first."""
        return _WORST_FIRST.index(status) if (status := self.statuses.get(scope)) in _WORST_FIRST else 0


def _of(scope: Scope) -> str:
    what = scope.dataset.replace("_", " ").capitalize()
    return f"{what} of {scope.cloud} {scope.account_id} {scope.region}"


def collect(
    cloud: str,
    db: Path,
    settings: Settings,
    asked: Collecting,
    *,
    at: datetime,
    clock: datetime,
    progress: "Progress",
    max_age: timedelta | None = None,
    wait_seconds: float = 0,
) -> Collected:
    """Collects from a cloud what is not fresh.

    `at` is the instant the data speak about, `clock` the wall clock. With `max_age` scopes that were collected
    whole no longer ago are left alone, and when all are, nothing is asked at all. Raises UsageError for what does
    not exist, CredentialsError when the credentials are refused everywhere, BusyError.
    """
    from collectors.flow_logs import tell_traffic

    kind = cloud_named(cloud)
    asked = replace(asked, days=asked.days or kind.days)
    if max_age is not None and _nothing_to_do(kind, db, settings, asked, at - max_age):
        return Collected()
    collector = kind.collector()
    _refuse_unknown(asked.only, list(dict.fromkeys([*collector.DATASETS, "charges", "traffic"])))
    wanted = kind.wanted(asked, at, db)
    command = f"collect {kind.name}"
    with writing(db, command, at=clock, wait_seconds=wait_seconds, limits=settings.limits()) as writer:
        fresh = _fresh(writer.con, command, at, clock, max_age, asked.days)
        result = collector.collect(
            writer, asked.request, wanted, at=at, fresh=lambda scope: scope in fresh, progress=progress
        )
        outcome = result.outcome
        tell_traffic(writer.con, at=at, run_id=writer.run_id)  # whose addresses the inventory names
        bill = _with_restated(writer, result.bill)
        done = Collected(outcome.statuses, outcome.errors, outcome.rows, outcome.calls, bill)
        whole = not any(scope.dataset in ("charges", "accounts", "regions") for scope in done.errors)
        _remember(writer, kind, _key(kind, asked), result.places if whole else [])
        writer.as_of = at
        writer.status = "incomplete" if done.errors else "done"
    return done


def _with_restated(writer: Writer, bill: str | None) -> str | None:
    """What is told of the bill, and which months of it are another amount than they were."""
    from finops.pipeline.restating import restated_since

    return " ".join([bill, *restated_since(writer.con, writer.started_at)]) if bill else bill


# --- fresh ------------------------------------------------------------------------------------------------


def _key(cloud: Cloud, asked: Collecting) -> str:
    """What was asked for and by whom, as the warehouse remembers it."""
    told = {name: value for name, value in asdict(asked.request).items() if value and name != "external_id"}
    more = {
        "only": sorted(asked.only),
        "bill": asked.billing_export,
        "cost_explorer": asked.cost_explorer,
        "flow_logs": asked.flow_logs,
    }
    # Of whose credentials it was only a fingerprint is kept: nothing can be read back from it.
    fingerprint = hashlib.sha256("|".join(cloud.identity(asked.request)).encode()).hexdigest()[:16]
    who = {"days": asked.days, "as": fingerprint}
    return json.dumps(
        {**told, **{name: value for name, value in more.items() if value}, **who}, sort_keys=True
    )


def _nothing_to_do(cloud: Cloud, db: Path, settings: Settings, asked: Collecting, oldest: datetime) -> bool:
    """Whether an earlier collection for the same request is whole and young enough."""
    if not db.exists():
        return False
    try:
        with reading(db, settings.limits()) as con:
            places = con.execute(
                "SELECT account_id, region FROM collections WHERE cloud = ? AND request = ?",
                [cloud.name, _key(cloud, asked)],
            ).fetchall()
            fresh = _complete_since(con, oldest, asked.days)
    except WarehouseError:
        return False  # of an older version, which the writer migrates; or damaged, which it tells
    scopes_of = cloud.collector().scopes_of
    needed = [scope for account, region in places for scope in scopes_of(account, region, asked.only)]
    return bool(needed) and fresh.issuperset(needed)


def _complete_since(con: duckdb.DuckDBPyConnection, oldest: datetime, days: int) -> set[Scope]:
    """Scopes that were collected whole since then; metrics only if over at least so many days, charges only if a
    collection read them that came to its end: a file that was loaded may be of any month."""
    rows = con.execute(
        """
        SELECT cloud, account_id, region, dataset FROM coverage
        WHERE (status = 'complete' AND collected_at >= $oldest OR status = 'skipped' AND attempted_at >= $oldest)
          AND NOT (dataset = 'metrics' AND run_id IN (
              SELECT run_id FROM collections WHERE TRY_CAST(request ->> '$.days' AS INTEGER) < $days))
          AND NOT (dataset = 'charges' AND run_id NOT IN (
              SELECT run_id FROM runs WHERE command = 'collect ' || cloud AND status IN ('done', 'incomplete')))
        """,
        {"oldest": oldest, "days": days},
    ).fetchall()
    return {Scope(*row) for row in rows}


def _fresh(
    con: duckdb.DuckDBPyConnection,
    command: str,
    at: datetime,
    clock: datetime,
    max_age: timedelta | None,
    days: int,
) -> set[Scope]:
    """Scopes that are left alone: young enough, or of the same command when it was stopped a while ago.

    What Cost Explorer told is the scope `cost_explorer` of whoever asked: its charges are covered account by account.
    """
    rows = con.execute(
        """
        WITH stopped AS (
            SELECT run_id FROM runs
            WHERE command = $command AND status IN ('aborted', 'failed') AND started_at >= $oldest
              AND started_at > coalesce((SELECT max(started_at) FROM runs
                  WHERE command = $command AND status IN ('done', 'incomplete')), '-infinity')
        )
        SELECT cloud, account_id, region, dataset FROM coverage SEMI JOIN stopped USING (run_id)
        WHERE status = 'complete' AND dataset <> 'charges' -- of which a month may be here and another not
        UNION ALL
        SELECT 'aws', billing_account_id, 'global', 'cost_explorer' FROM bill_partitions
        WHERE format = 'cost-explorer' AND (run_id IN (FROM stopped) OR loaded_at >= $young)
        """,
        {
            "command": command,
            "oldest": clock - RESUME_WITHIN,
            "young": at - max_age if max_age is not None else None,
        },
    ).fetchall()
    kept = {Scope(*row) for row in rows}
    return kept | (_complete_since(con, at - max_age, days) if max_age is not None else set())


def _remember(writer: Writer, cloud: Cloud, request: str, places: list[tuple[str, str]]) -> None:
    con = writer.con
    con.begin()
    con.execute("DELETE FROM collections WHERE cloud = ? AND request = ?", [cloud.name, request])
    if places:
        con.executemany(
            "INSERT INTO collections VALUES (?, ?, ?, ?, ?)",
            [[cloud.name, request, account, region, writer.run_id] for account, region in places],
        )
    con.commit()


def _refuse_unknown(only: tuple[str, ...], known: list[str]) -> None:
    for name in only:
        if name not in known:
            raise UsageError(f"--only {name}: there is no such dataset; there are {', '.join(known)}.")


__all__ = ["Collected", "Collecting", "collect"]
