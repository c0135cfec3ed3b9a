"""Collects what was asked for from Alibaba Cloud, scope by scope."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

import duckdb

from collectors.alibaba import billing
from collectors.alibaba.accounts import Found, Request, discover
from collectors.alibaba.billing import Bill
from collectors.alibaba.client import Session
from collectors.alibaba.regional import CLOUD, OF_MACHINES, REGIONAL, Place, collect_place
from collectors.calls import METER, CallError
from collectors.conduct import CALLS_AT_A_TIME, Crew, Outcome, Pool, Progress, Stored, conduct
from collectors.scopes import GLOBAL, Billed, forget_failure, newest_of, nothing, resting, tell_refused
from finops.errors import CredentialsError, IncompleteError, InputError
from finops.warehouse import Scope, Writer

DATASETS = REGIONAL
_BILLS_AT_A_TIME = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to collect: datasets (empty: all), how many days of metrics (at most 91), the bill or none."""

    only: tuple[str, ...] = ()
    days: int = 91
    bill: Bill | None = None


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
    places = _places(found, wanted, at, writer.con)
    scopes = {scope for place in places for scope in _scopes(place, wanted)}
    rested = resting(scopes, OF_MACHINES, fresh)
    stored = Stored(writer.con)
    calls = Pool(CALLS_AT_A_TIME, "call")
    crew = Crew(METER, calls, stored, lambda scope: scope in scopes and not rested(scope))
    progress.begin(sum(1 for scope in scopes if not rested(scope)))
    bills = _Bills(found, wanted.bill, at, fresh)
    bills.begin(calls)  # which takes as long as everything else, and needs no warehouse
    try:
        outcome = conduct(writer, crew, places, collect_place, at=at, progress=progress)
    finally:
        calls.close()
        stored.close()
    billed = bills.load(writer, progress)
    for refused in found.refused:
        scope = Scope(CLOUD, refused.account, GLOBAL, refused.dataset)
        outcome.statuses[scope], outcome.errors[scope] = refused.status, refused.error
    if crew.credentials_error and not any(status == "complete" for status in outcome.statuses.values()):
        raise CredentialsError(str(crew.credentials_error))
    for one in billed:
        one.record(writer, at)
        one.add_to(outcome)
    return Result(
        outcome,
        [(place.session.account, place.region) for place in places],
        "\n".join(one.sentence for one in billed) or None,
    )


def _scopes(place: Place, wanted: Wanted) -> list[Scope]:
    return scopes_of(place.session.account, place.region, wanted.only)


def _places(found: Found, wanted: Wanted, at: datetime, con: duckdb.DuckDBPyConnection) -> list[Place]:
    newest = newest_of(con, CLOUD, at, wanted.days)
    regional = [
        Place(session, region, at, wanted.days, newest.get((session.account, region), {}))
        for session, region in found.places
    ]
    return regional + [Place(session, GLOBAL, at, wanted.days) for session in found.sessions]


# --- the bill ---------------------------------------------------------------------------------------------


class _Bills:
    """The bills of all accounts, those of the callers first: whoever pays for others has their items too, and they
    need not be asked."""

    def __init__(self, found: Found, bill: Bill | None, at: datetime, fresh: Callable[[Scope], bool]) -> None:
        self._bill, self._at = bill, at
        self._under_way: dict[str, Future[billing.Fetched]] = {}
        self._callers = found.callers
        self._sessions = [
            session
            for session in sorted(found.sessions, key=lambda one: one.account not in found.callers)
            if bill is not None and not fresh(Scope(CLOUD, session.account, GLOBAL, "charges"))
        ]

    def begin(self, calls: Pool) -> None:
        """Fetches those of the callers beside everything else."""
        for session in self._sessions:
            if session.account in self._callers:
                self._under_way[session.account] = calls.submit(
                    billing.fetch_bill, session, self._bill, self._at
                )

    def load(self, writer: Writer, progress: Progress) -> list[Billed]:
        """Loads them, and fetches those of accounts that nobody has told of."""
        done: list[Billed] = []
        known: set[str] = set()
        for session in [one for one in self._sessions if one.account in self._callers]:
            known |= self._add(done, writer, session, progress)
        rest = [
            one for one in self._sessions if one.account not in self._callers and one.account not in known
        ]
        pool = Pool(min(_BILLS_AT_A_TIME, max(1, len(rest))), "bill")
        for session in rest:
            self._under_way[session.account] = pool.submit(billing.fetch_bill, session, self._bill, self._at)
        pool.close()
        for session in rest:
            self._add(done, writer, session, progress)
        return done

    def _add(
        self, done: list[Billed], writer: Writer, session: Session, progress: Progress
    ) -> frozenset[str]:
        one, owners = self._take(writer, session, progress)
        done.append(one)
        return owners

    def _take(self, writer: Writer, session: Session, progress: Progress) -> tuple[Billed, frozenset[str]]:
        """One account's. What may not be read, or does not fit, is told as its scope."""
        scope = Scope(CLOUD, session.account, GLOBAL, "charges")
        source, before = f"Bill of {session.account}", METER.sent
        fetched: billing.Fetched | None = None
        try:
            fetched = self._under_way[session.account].result()
            done = billing.load_bill(writer, fetched, at=self._at, say=progress.say)
        except (CallError, IncompleteError, InputError, CredentialsError) as error:
            calls = fetched.calls if fetched else METER.sent - before  # which another thread may have sent
            return nothing(scope, source, calls, error), frozenset()
        if not done.failed:
            forget_failure(writer, scope, self._at)
        loaded = f"{done.rows:,} rows of {', '.join(done.loaded)}" if done.loaded else "nothing new"
        failed = "; ".join(f"{month}: {why}" for month, why in done.failed)
        return Billed(scope, f"{source}: {loaded}", done.calls, failed or None), done.accounts
