"""Collects what was asked for from AWS, scope by scope."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from collectors.aws import billing, cost_explorer
from collectors.aws.accounts import Found, Request, discover
from collectors.aws.client import Session
from collectors.aws.regional import (
    CLOUD,
    GLOBAL,
    OF_MACHINES,
    REGIONAL,
    Place,
    collect_global,
    collect_region,
)
from collectors.calls import METER, CallError
from collectors.conduct import CALLS_AT_A_TIME, Crew, Outcome, Pool, Progress, Stored, conduct
from collectors.scopes import Billed, forget_failure, newest_of, nothing, resting, tell_refused
from finops.errors import CredentialsError, IncompleteError
from finops.warehouse import Scope, Writer

DATASETS = REGIONAL


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
    tell_refused(writer, CLOUD, found.refused, {session.account for session in found.sessions}, at)
    billed = [_collect_bill(writer, found.sessions[0], wanted.bill, at, progress)] if wanted.bill else []
    if wanted.cost_explorer:
        billed += _explore(writer, found, at, fresh, progress)
    for one in billed:
        one.record(writer, at)
    places = _places(found, wanted, at, writer.con)
    scopes = {scope for place in places for scope in _scopes(place, wanted)}
    rested = resting(scopes, OF_MACHINES, fresh)

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


def _collect_bill(writer: Writer, session: Session, bill: Bill, at: datetime, progress: Progress) -> Billed:
    """Loads the bill's export. What may not be read, or does not fit, is told as the scope of its payer."""
    scope = Scope(CLOUD, session.account, GLOBAL, "charges")
    before = METER.sent
    try:
        done = billing.collect_bill(
            writer, session, bill.url, at=at, since=bill.since, folder=bill.folder, say=progress.say
        )
    except (CallError, IncompleteError) as error:
        return nothing(scope, bill.url, METER.sent - before, error)
    if not done.failed:
        forget_failure(writer, scope, at)
    loaded = f"{done.rows:,} rows of {', '.join(done.loaded)}" if done.loaded else "nothing new"
    failed = "; ".join(f"{month}: {why}" for month, why in done.failed)
    return Billed(scope, f"{bill.url}: {loaded}", done.calls, failed or None)


def _explore(
    writer: Writer, found: Found, at: datetime, fresh: Callable[[Scope], bool], progress: Progress
) -> list[Billed]:
    """Asks Cost Explorer with as few credentials as tell of every account, those of a caller first.

    Whoever is told of accounts beside its own pays for them: accounts entered from there need not be asked. What was
    asked a while ago is fresh under the scope `cost_explorer`, which has no coverage of its own.
    """
    allowance = cost_explorer.Allowance()
    done: list[Billed] = []
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
) -> tuple[Billed, set[str]]:
    """The cost that one account's credentials tell of, and of which accounts."""
    scope = Scope(CLOUD, session.account, GLOBAL, "charges")
    before = METER.sent
    try:
        explored = cost_explorer.explore(writer, session, at=at, allowance=allowance)
    except (CallError, IncompleteError) as error:
        return nothing(scope, f"Cost Explorer of {session.account}", METER.sent - before, error), set()
    forget_failure(writer, scope, at)
    return Billed(scope, explored.sentence, METER.sent - before), set(explored.accounts)


def _accounts_told(con: duckdb.DuckDBPyConnection, account: str) -> set[str]:
    rows = con.execute(
        "SELECT DISTINCT x_AccountId FROM charges WHERE x_Source = ?", [cost_explorer.source_of(account)]
    ).fetchall()
    return {str(row[0]) for row in rows}


# --- places -----------------------------------------------------------------------------------------------


def _collect_place(place: Place, crew: Crew) -> None:
    (collect_global if place.region == GLOBAL else collect_region)(place, crew)


def _scopes(place: Place, wanted: Wanted) -> list[Scope]:
    return scopes_of(place.session.account, place.region, wanted.only)


def _places(found: Found, wanted: Wanted, at: datetime, con: duckdb.DuckDBPyConnection) -> list[Place]:
    newest = newest_of(con, CLOUD, at, wanted.days)
    regional = [
        Place(session, region, at, wanted.days, newest.get((session.account, region), {}))
        for session, region in found.places
    ]
    return regional + [Place(session, GLOBAL, at, wanted.days) for session in found.sessions]
