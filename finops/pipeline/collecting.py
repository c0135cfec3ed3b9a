"""Collects from a cloud into a warehouse: what is fresh is left alone, what a stopped run has is kept."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from finops.config import Settings
from finops.errors import FinopsError, IncompleteError, UsageError, WarehouseError
from finops.warehouse import Scope, Writer, reading, writing

if TYPE_CHECKING:
    from collectors.aws import Request
    from collectors.conduct import Progress

# How long after a run was stopped the next one goes on from what it had.
RESUME_WITHIN = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Collecting:
    """What to collect: whom to ask, which datasets (empty: all), how many days of metrics, which bill.

    `cost_explorer` asks for the cost where no bill tells it, which costs 0.01 USD a request.
    """

    request: "Request"
    only: tuple[str, ...] = ()
    days: int = 95
    billing_export: str | None = None
    bill_days: int = 40
    cost_explorer: bool = False


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
        scope, first = next(iter(self.errors.items()))
        more = f" ({len(self.errors) - 1} more scopes are not complete; finops status tells them all.)"
        return IncompleteError(
            f"{scope.dataset.replace('_', ' ').capitalize()} of {scope.cloud} {scope.account_id} {scope.region}: "
            f"{first}{more if len(self.errors) > 1 else ''}"
        )


def collect_aws(
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
    """Collects from AWS what is not fresh.

    `at` is the instant the data speak about, `clock` the wall clock. With `max_age` scopes that were collected
    whole no longer ago are left alone, and when all are, nothing is asked at all. Raises UsageError for what does
    not exist, CredentialsError when the credentials are refused everywhere, BusyError.
    """
    if max_age is not None and _nothing_to_do(db, settings, asked, at - max_age):
        return Collected()
    from collectors import aws

    _refuse_unknown(asked.only, [*aws.DATASETS, "charges"])
    if asked.only == ("charges",) and not asked.billing_export and not asked.cost_explorer:
        raise UsageError(
            "--only charges needs a bill: say where it is with --billing-export, or ask for --cost-explorer."
        )
    with writing(db, "collect aws", at=clock, wait_seconds=wait_seconds, limits=settings.limits()) as writer:
        fresh = _fresh(writer.con, "collect aws", at, clock, max_age, asked.days)
        bill, charges = None, not asked.only or "charges" in asked.only
        if asked.billing_export and charges:
            folder = db.with_name(db.name + ".bills")
            bill = aws.Bill(asked.billing_export, at - timedelta(days=asked.bill_days), folder)
        result = aws.collect(
            writer,
            asked.request,
            aws.Wanted(asked.only, asked.days, bill, asked.cost_explorer and charges),
            at=at,
            fresh=lambda scope: scope in fresh,
            progress=progress,
        )
        outcome = result.outcome
        done = Collected(outcome.statuses, outcome.errors, outcome.rows, outcome.calls, result.bill)
        whole = not any(scope.dataset in ("charges", "accounts", "regions") for scope in done.errors)
        _remember(writer, _key(asked), result.places if whole else [])
        writer.as_of = at
        writer.status = "incomplete" if done.errors else "done"
    return done


# --- fresh ------------------------------------------------------------------------------------------------


def _key(asked: Collecting) -> str:
    """What was asked for and by whom, as the warehouse remembers it."""
    told = {name: value for name, value in asdict(asked.request).items() if value and name != "external_id"}
    more = {"only": sorted(asked.only), "bill": asked.billing_export, "cost_explorer": asked.cost_explorer}
    who = {"days": asked.days, "as": _identity(os.environ, asked.request.external_id)}
    return json.dumps(
        {**told, **{name: value for name, value in more.items() if value}, **who}, sort_keys=True
    )


def _identity(environ: Mapping[str, str], external_id: str | None) -> str:
    """A fingerprint of whose credentials the SDK would use, found without a call; nothing can be read back from it."""
    names = (
        "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_ENDPOINT_URL",
    )  # fmt: skip
    values = [*(environ.get(name, "") for name in names), external_id or ""]
    return hashlib.sha256("|".join(values).encode()).hexdigest()[:16]


def _nothing_to_do(db: Path, settings: Settings, asked: Collecting, oldest: datetime) -> bool:
    """Whether an earlier collection for the same request is whole and young enough."""
    if not db.exists():
        return False
    from collectors.aws import scopes_of

    try:
        with reading(db, settings.limits()) as con:
            places = con.execute(
                "SELECT account_id, region FROM collections WHERE cloud = 'aws' AND request = ?",
                [_key(asked)],
            ).fetchall()
            fresh = _complete_since(con, oldest, asked.days)
    except WarehouseError:
        return False  # of an older version, which the writer migrates; or damaged, which it tells
    needed = [scope for account, region in places for scope in scopes_of(account, region, asked.only)]
    return bool(needed) and fresh.issuperset(needed)


def _complete_since(con: duckdb.DuckDBPyConnection, oldest: datetime, days: int) -> set[Scope]:
    """Scopes that were collected whole since then; metrics only if over at least so many days."""
    rows = con.execute(
        """
        SELECT cloud, account_id, region, dataset FROM coverage
        WHERE status = 'complete' AND collected_at >= $oldest
          AND NOT (dataset = 'metrics' AND run_id IN (
              SELECT run_id FROM collections WHERE TRY_CAST(request ->> '$.days' AS INTEGER) < $days))
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
        WHERE status = 'complete'
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


def _remember(writer: Writer, request: str, places: list[tuple[str, str]]) -> None:
    con = writer.con
    con.begin()
    con.execute("DELETE FROM collections WHERE cloud = 'aws' AND request = ?", [request])
    if places:
        con.executemany(
            "INSERT INTO collections VALUES ('aws', ?, ?, ?, ?)",
            [[request, account, region, writer.run_id] for account, region in places],
        )
    con.commit()


def _refuse_unknown(only: tuple[str, ...], known: list[str]) -> None:
    for name in only:
        if name not in known:
            raise UsageError(f"--only {name}: there is no such dataset; there are {', '.join(known)}.")


__all__ = ["Collected", "Collecting", "collect_aws"]
