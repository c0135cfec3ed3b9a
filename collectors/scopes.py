"""Scopes beyond one region, the same for every cloud: what is fresh, what was refused, where metrics end, the bill."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import duckdb

from collectors.bills.partitions import cover_account
from collectors.conduct import Outcome
from finops.errors import FinopsError
from finops.warehouse import Scope, Writer, record_failure

GLOBAL = "global"
# What is known of an account as such; only told where it could not be had.
_OF_ACCOUNTS = ("accounts", "regions")


@dataclass(frozen=True, slots=True)
class Refused:
    """An account, or a list of accounts or regions, that could not be had."""

    account: str
    dataset: str
    status: str
    error: str


def scopes_at(
    cloud: str, account: str, region: str, datasets: Iterable[str], only: Iterable[str] = ()
) -> list[Scope]:
    """The scopes of a place with these datasets, of which only some may be asked for (empty: all)."""
    asked_for = set(only)
    return [Scope(cloud, account, region, name) for name in datasets if not asked_for or name in asked_for]


def resting(
    wanted: Callable[[Scope], bool], of_machines: Collection[str], fresh: Callable[[Scope], bool]
) -> Callable[[Scope], bool]:
    """Tells whether a scope may rest: it is fresh, and so are the machines that it was asked for."""

    def rested(scope: Scope) -> bool:
        machines = Scope(scope.cloud, scope.account_id, scope.region, "instances")
        return fresh(scope) and (scope.dataset not in of_machines or not wanted(machines) or fresh(machines))

    return rested


def tell_refused(
    writer: Writer, cloud: str, refused: Iterable[Refused], entered: Collection[str], at: datetime
) -> None:
    """Accounts and lists that could not be had, as coverage; those of earlier runs that now can be are forgotten."""
    told = list(refused)
    known = {*entered, *(one.account for one in told)}
    writer.con.execute(
        "DELETE FROM coverage WHERE cloud = ? AND list_contains(?, account_id) AND list_contains(?, dataset)",
        [cloud, sorted(known), list(_OF_ACCOUNTS)],
    )
    for one in told:
        scope = Scope(cloud, one.account, GLOBAL, one.dataset)
        record_failure(writer.con, writer.run_id, scope, one.status, one.error, at=at, calls=1)


def newest_of(
    con: duckdb.DuckDBPyConnection, cloud: str, at: datetime, days: int
) -> dict[tuple[str, str], dict[tuple[str, str, int], datetime]]:
    """The newest stored bucket of each series, by place; none for a place whose history begins too late for all that
    anybody asked for.

    A place that was collected with fewer days before is asked for all of them again.
    """
    rows: list[tuple[Any, ...]] = con.execute(
        """
        WITH series AS (
            SELECT account_id, region, resource_id, metric, bucket_seconds,
                max(bucket_start) AS newest, min(bucket_start) AS oldest
            FROM metrics WHERE cloud = $cloud AND bucket_start < $at GROUP BY ALL
        ), places AS (
            SELECT account_id, region, min(oldest) AS oldest FROM series WHERE bucket_seconds = 86400 GROUP BY ALL
        )
        SELECT s.account_id, s.region, s.resource_id, s.metric, s.bucket_seconds, s.newest
        FROM series AS s JOIN places AS p USING (account_id, region)
        WHERE p.oldest <= $at - to_days(CAST($days - 3 AS INTEGER))
            OR EXISTS (FROM collections AS c WHERE c.cloud = $cloud AND c.account_id = s.account_id
                AND c.region = s.region AND TRY_CAST(c.request ->> '$.days' AS INTEGER) >= $days)
        """,
        {"cloud": cloud, "at": at, "days": days},
    ).fetchall()
    newest: dict[tuple[str, str], dict[tuple[str, str, int], datetime]] = {}
    for account, region, resource, metric, seconds, at_ in rows:
        newest.setdefault((account, region), {})[resource, metric, seconds] = at_
    return newest


@dataclass(frozen=True, slots=True)
class Billed:
    """What became of one source of the bill; `status` as in coverage when nothing could be had."""

    scope: Scope
    sentence: str
    calls: int
    failed: str | None = None
    status: str | None = None

    def record(self, writer: Writer, at: datetime) -> None:
        """What it took, and what could not be had: once every source has been asked, so that one that could does not
        hide one that could not."""
        if not self.failed:
            writer.con.execute(
                "UPDATE coverage SET calls = calls + ? WHERE (cloud, account_id, region, dataset) = (?, ?, ?, ?) "
                "AND run_id = ?",
                [self.calls, *_key(self.scope), writer.run_id],
            )
        else:
            status = self.status or "partial"
            record_failure(
                writer.con, writer.run_id, self.scope, status, self.failed, at=at, calls=self.calls
            )

    def add_to(self, outcome: Outcome) -> None:
        outcome.calls += self.calls
        status = (self.status or "partial") if self.failed else "complete"
        # Another source of the same bill may have fared otherwise.
        known = outcome.statuses.get(self.scope, status)
        outcome.statuses[self.scope] = status if status == known else "partial"
        if self.failed:
            before = outcome.errors.get(self.scope)
            outcome.errors[self.scope] = f"{before} {self.failed}" if before else self.failed


def _key(scope: Scope) -> list[str]:
    return [scope.cloud, scope.account_id, scope.region, scope.dataset]


class Loaded(Protocol):
    """What a collector says of the months of a bill: which are new, and which could not be loaded, and why."""

    @property
    def rows(self) -> int: ...
    @property
    def loaded(self) -> Sequence[str]: ...
    @property
    def failed(self) -> Sequence[tuple[str, str]]: ...
    @property
    def calls(self) -> int: ...


def read(writer: Writer, scope: Scope, source: str, done: Loaded, at: datetime) -> Billed:
    """A source of the bill that could be read, though perhaps not every month of it."""
    if not done.failed:
        forget_failure(writer, scope, at)
    loaded = f"{done.rows:,} rows of {', '.join(done.loaded)}" if done.loaded else "nothing new"
    failed = "; ".join(f"{month}: {why}" for month, why in done.failed)
    return Billed(scope, f"{source}: {loaded}", done.calls, failed or None)


def nothing(scope: Scope, source: str, calls: int, error: FinopsError) -> Billed:
    """A source of the bill of which nothing could be had."""
    status = getattr(error, "status", "failed")
    return Billed(scope, f"{source}: nothing could be read", calls, str(error), status)


def forget_failure(writer: Writer, scope: Scope, at: datetime) -> None:
    """A bill that could not be had before and now can, though nothing of it is new: its coverage is told anew.

    A payer without charges of its own has no row that a load would make complete.
    """
    key = _key(scope)
    where = "(cloud, account_id, region, dataset) = (?, ?, ?, ?) AND status <> 'complete'"
    if not writer.con.execute(f"DELETE FROM coverage WHERE {where} RETURNING 1", key).fetchall():  # noqa: S608
        return
    cover_account(writer.con, scope.cloud, scope.account_id, at=at, run_id=writer.run_id)
