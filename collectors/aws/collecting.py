"""Collects what was asked for from AWS, scope by scope."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from collectors.aws import billing, cost_explorer
from collectors.aws.accounts import Found, Request, discover
from collectors.aws.client import METER, CallError, Session
from collectors.aws.regional import (
    CLOUD,
    GLOBAL,
    OF_MACHINES,
    REGIONAL,
    Place,
    collect_global,
    collect_region,
)
from collectors.conduct import CALLS_AT_A_TIME, Crew, Outcome, Pool, Progress, Stored, conduct
from finops.errors import CredentialsError, FinopsError, IncompleteError
from finops.warehouse import Scope, Writer, record_failure

DATASETS = REGIONAL
# What is known of an account as such; only told where it could not be had.
_OF_ACCOUNTS = ("accounts", "regions")


@dataclass(frozen=True, slots=True)
class Bill:
    """Where the bill is exported to, from when on it is wanted, and the folder that keeps its files."""

    url: str
    since: datetime
    folder: Path


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to collect: datasets (empty: all), how far back metrics go, the bill, and whether to pay for its totals."""

    only: tuple[str, ...] = ()
    days: int = 95
    bill: Bill | None = None
    cost_explorer: bool = False


@dataclass(slots=True)
class Result:
    """What became of a collection: its scopes, its places (account, region), the bill in a line or a few."""

    outcome: Outcome
    places: list[tuple[str, str]]
    bill: str | None = None


def scopes_of(account: str, region: str, only: Iterable[str] = ()) -> list[Scope]:
    """The scopes that a collection of this account and region fills."""
    chosen = [name for name in REGIONAL if not only or name in set(only)]
    if region == GLOBAL:
        chosen = [name for name in chosen if name == "commitments"]
    return [Scope(CLOUD, account, region, name) for name in chosen]


def collect(
    writer: Writer,
    request: Request,
    wanted: Wanted,
    *,
    at: datetime,
    fresh: Callable[[Scope], bool],
    progress: Progress,
) -> Result:
    """Collects the bill and every place that was asked for.

    Scopes that are `fresh` are left as they are. Raises UsageError for what does not exist, CredentialsError when
    the credentials are refused everywhere.
    """
    found = discover(request)
    _tell_refused(writer, found, at)
    billed = [_collect_bill(writer, found.sessions[0], wanted.bill, at, progress)] if wanted.bill else []
    if wanted.cost_explorer:
        billed += _explore(writer, found, at, fresh, progress)
    for one in billed:
        one.record_failure(writer, at)
    places = _places(found, wanted, at, writer.con)
    scopes = {scope for place in places for scope in _scopes(place, wanted)}

    def rested(scope: Scope) -> bool:
        """Fresh, and so are the machines that it was asked for."""
        machines = Scope(scope.cloud, scope.account_id, scope.region, "instances")
        return fresh(scope) and (
            scope.dataset not in OF_MACHINES or machines not in scopes or fresh(machines)
        )

    stored = Stored(writer.con)
    calls = Pool(CALLS_AT_A_TIME, "call")
    crew = Crew(METER, calls, stored, lambda scope: scope in scopes and not rested(scope))
    progress.begin(sum(1 for scope in scopes if not rested(scope)))
    try:
        outcome = conduct(writer, crew, places, _collect_place, at=at, progress=progress)
    finally:
        calls.close()
        stored.close()
    for refused in found.refused:
        scope = Scope(CLOUD, refused.account, GLOBAL, refused.dataset)
        outcome.statuses[scope], outcome.errors[scope] = refused.status, refused.error
    if crew.credentials_error and not any(status == "complete" for status in outcome.statuses.values()):
        raise CredentialsError(str(crew.credentials_error))
    for one in billed:
        one.add_to(outcome)
    return Result(
        outcome,
        [(place.session.account, place.region) for place in places],
        "\n".join(one.sentence for one in billed) or None,
    )


# --- the bill ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Billed:
    """What became of one source of the bill; `status` as in coverage when nothing could be had."""

    scope: Scope
    sentence: str
    calls: int
    failed: str | None = None
    status: str | None = None

    def record_failure(self, writer: Writer, at: datetime) -> None:
        """Once every source has been asked, so that one that could be had does not hide it."""
        if self.status:
            record_failure(
                writer.con, writer.run_id, self.scope, self.status, str(self.failed), at=at, calls=self.calls
            )

    def add_to(self, outcome: Outcome) -> None:
        outcome.calls += self.calls
        outcome.statuses.setdefault(self.scope, "complete")
        if self.failed:
            outcome.statuses[self.scope] = "partial"
            before = outcome.errors.get(self.scope)
            outcome.errors[self.scope] = f"{before} {self.failed}" if before else self.failed


def _collect_bill(writer: Writer, session: Session, bill: Bill, at: datetime, progress: Progress) -> _Billed:
    """Loads the bill's export. What may not be read, or does not fit, is told as the scope of its payer."""
    scope = Scope(CLOUD, session.account, GLOBAL, "charges")
    before = METER.sent
    try:
        done = billing.collect_bill(
            writer, session, bill.url, at=at, since=bill.since, folder=bill.folder, say=progress.say
        )
    except (CallError, IncompleteError) as error:
        return _nothing(scope, bill.url, METER.sent - before, error)
    if not done.failed:
        _forget_failure(writer.con, scope)
    loaded = f"{done.rows:,} rows of {', '.join(done.loaded)}" if done.loaded else "nothing new"
    failed = "; ".join(f"{month}: {why}" for month, why in done.failed)
    return _Billed(scope, f"{bill.url}: {loaded}", done.calls, failed or None)


def _explore(
    writer: Writer, found: Found, at: datetime, fresh: Callable[[Scope], bool], progress: Progress
) -> list[_Billed]:
    """Asks Cost Explorer with as few credentials as tell of every account, those of a caller first.

    Whoever is told of accounts beside its own pays for them: accounts entered from there need not be asked. What was
    asked a while ago is fresh under the scope `cost_explorer`, which has no coverage of its own.
    """
    allowance = cost_explorer.Allowance()
    done: list[_Billed] = []
    known: set[str] = set()
    pays = False
    for session in sorted(found.sessions, key=lambda one: one.account not in found.callers):
        if session.account in known or (pays and session.account not in found.callers):
            continue
        if fresh(Scope(CLOUD, session.account, GLOBAL, "cost_explorer")):
            told = _accounts_told(writer.con, session.account)
        else:
            progress.say(f"Asking Cost Explorer about account {session.account}, at 0.01 USD a request.")
            one, told = _ask(writer, session, at, allowance)
            done.append(one)
        known |= told
        pays = pays or bool(told - {session.account})
    return done


def _ask(
    writer: Writer, session: Session, at: datetime, allowance: cost_explorer.Allowance
) -> tuple[_Billed, set[str]]:
    """The cost that one account's credentials tell of, and of which accounts."""
    scope = Scope(CLOUD, session.account, GLOBAL, "charges")
    before = METER.sent
    try:
        explored = cost_explorer.explore(writer, session, at=at, allowance=allowance)
    except (CallError, IncompleteError) as error:
        return _nothing(scope, f"Cost Explorer of {session.account}", METER.sent - before, error), set()
    _forget_failure(writer.con, scope)
    return _Billed(scope, explored.sentence, METER.sent - before), set(explored.accounts)


def _nothing(scope: Scope, source: str, calls: int, error: FinopsError) -> _Billed:
    status = getattr(error, "status", "failed")
    return _Billed(scope, f"{source}: nothing could be read", calls, str(error), status)


def _accounts_told(con: duckdb.DuckDBPyConnection, account: str) -> set[str]:
    rows = con.execute(
        "SELECT DISTINCT x_AccountId FROM charges WHERE x_Source = ?", [cost_explorer.source_of(account)]
    ).fetchall()
    return {str(row[0]) for row in rows}


def _forget_failure(con: duckdb.DuckDBPyConnection, scope: Scope) -> None:
    """A payer without charges of its own has no row that a load would make complete."""
    con.execute(
        "DELETE FROM coverage WHERE (cloud, account_id, region, dataset) = (?, ?, ?, ?) "
        "AND status IN ('denied', 'throttled', 'failed') "
        "AND NOT EXISTS (FROM charges WHERE x_Cloud = ? AND x_AccountId = ?)",
        [scope.cloud, scope.account_id, scope.region, scope.dataset, scope.cloud, scope.account_id],
    )


# --- places -----------------------------------------------------------------------------------------------


def _collect_place(place: Place, crew: Crew) -> None:
    (collect_global if place.region == GLOBAL else collect_region)(place, crew)


def _scopes(place: Place, wanted: Wanted) -> list[Scope]:
    return scopes_of(place.session.account, place.region, wanted.only)


def _places(found: Found, wanted: Wanted, at: datetime, con: duckdb.DuckDBPyConnection) -> list[Place]:
    newest = _newest(con, at, wanted.days)
    regional = [
        Place(session, region, at, wanted.days, newest.get((session.account, region), {}))
        for session, region in found.places
    ]
    return regional + [Place(session, GLOBAL, at, wanted.days) for session in found.sessions]


def _newest(
    con: duckdb.DuckDBPyConnection, at: datetime, days: int
) -> dict[tuple[str, str], dict[tuple[str, str, int], datetime]]:
    """The newest stored bucket of each series, by place; none for a place whose history begins too late.

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
        """,
        {"cloud": CLOUD, "at": at, "days": days},
    ).fetchall()
    newest: dict[tuple[str, str], dict[tuple[str, str, int], datetime]] = {}
    for account, region, resource, metric, seconds, at_ in rows:
        newest.setdefault((account, region), {})[resource, metric, seconds] = at_
    return newest


def _tell_refused(writer: Writer, found: Found, at: datetime) -> None:
    """Accounts and lists that could not be had, as coverage; those of earlier runs that now can be are forgotten."""
    known = {session.account for session in found.sessions} | {one.account for one in found.refused}
    writer.con.execute(
        "DELETE FROM coverage WHERE cloud = ? AND list_contains(?, account_id) AND list_contains(?, dataset)",
        [CLOUD, sorted(known), list(_OF_ACCOUNTS)],
    )
    for one in found.refused:
        record_failure(
            writer.con,
            writer.run_id,
            Scope(CLOUD, one.account, GLOBAL, one.dataset),
            one.status,
            one.error,
            at=at,
            calls=1,
        )
