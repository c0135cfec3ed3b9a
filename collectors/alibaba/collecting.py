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
from collectors.alibaba.regional import OF_MACHINES, REGIONAL, collect_place
from collectors.alibaba.related import CLOUD, Place
from collectors.calls import METER, CallError
from collectors.conduct import Pool, Progress
from collectors.gathering import Bills, Result, gather
from collectors.scopes import GLOBAL, Billed, newest_of, nothing, read, scopes_at
from finops.errors import CredentialsError, IncompleteError, InputError
from finops.warehouse import Scope, Writer, record_failure

DATASETS = REGIONAL
_BILLS_AT_A_TIME = 4
_NO_FLOWS = (
    "Flow logs of Alibaba Cloud are not read live: export or ship the Logstore from Simple Log Service, and load the "
    "files with finops ingest."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to collect: datasets (empty: all), how many days of metrics (at most 91), the bill or none, and whether
    flow logs were asked for, which are told not to be read."""

    only: tuple[str, ...] = ()
    days: int = 91
    bill: Bill | None = None
    traffic: bool = False


def scopes_of(account: str, region: str, only: Iterable[str] = ()) -> list[Scope]:
    """The scopes that a collection of this account and region fills."""
    datasets = [name for name in REGIONAL if region != GLOBAL or name == "commitments"]
    return scopes_at(CLOUD, account, region, datasets, only)


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
    places = _places(found, wanted, at, writer.con)
    if wanted.traffic:
        progress.say(_NO_FLOWS)
        _tell_no_flows(writer, found, at)
    return gather(
        writer,
        CLOUD,
        found,
        places,
        {scope for place in places for scope in _scopes(place, wanted)},
        collect_place,
        of_machines=OF_MACHINES,
        filled=lambda: [(place.session.account, place.region) for place in places],
        at=at,
        fresh=fresh,
        progress=progress,
        bills=_Bills(writer, found, wanted.bill, at, fresh, progress),
    )


def _tell_no_flows(writer: Writer, found: Found, at: datetime) -> None:
    for session in found.sessions:
        scope = Scope(CLOUD, session.account, GLOBAL, "traffic")
        record_failure(writer.con, writer.run_id, scope, "skipped", _NO_FLOWS, at=at, calls=0)


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


class _Bills(Bills):
    """The bills of all accounts, those of the callers first: whoever pays for others has their items too, and they
    need not be asked."""

    def __init__(
        self,
        writer: Writer,
        found: Found,
        bill: Bill | None,
        at: datetime,
        fresh: Callable[[Scope], bool],
        progress: Progress,
    ) -> None:
        self._writer, self._bill, self._at, self._progress = writer, bill, at, progress
        self._under_way: dict[str, Future[billing.Fetched]] = {}
        self._callers = found.callers
        self._sessions = [
            session
            for session in sorted(found.sessions, key=lambda one: one.account not in found.callers)
            if bill is not None and not fresh(Scope(CLOUD, session.account, GLOBAL, "charges"))
        ]

    def before(self, calls: Pool) -> list[Billed]:
        """Fetches those of the callers beside the places: it takes as long as they do, and needs no warehouse."""
        for session in self._sessions:
            if session.account in self._callers:
                self._fetch(calls, session)
        return []

    def after(self) -> list[Billed]:
        """Loads them, and fetches those of accounts that nobody has told of."""
        done: list[Billed] = []
        known: set[str] = set()
        for session in [one for one in self._sessions if one.account in self._callers]:
            one, owners = self._take(session)
            done.append(one)
            known |= owners
        rest = [
            one for one in self._sessions if one.account not in self._callers and one.account not in known
        ]
        pool = Pool(min(_BILLS_AT_A_TIME, max(1, len(rest))), "bill")
        for session in rest:
            self._fetch(pool, session)
        pool.close()
        return done + [self._take(session)[0] for session in rest]

    def _fetch(self, calls: Pool, session: Session) -> None:
        self._under_way[session.account] = calls.submit(billing.fetch_bill, session, self._bill, self._at)

    def _take(self, session: Session) -> tuple[Billed, frozenset[str]]:
        """One account's. What may not be read, or does not fit, is told as its scope."""
        scope = Scope(CLOUD, session.account, GLOBAL, "charges")
        source, before = f"Bill of {session.account}", METER.sent
        fetched: billing.Fetched | None = None
        try:
            fetched = self._under_way[session.account].result()
            done = billing.load_bill(self._writer, fetched, at=self._at, say=self._progress.say)
        except (CallError, IncompleteError, InputError, CredentialsError) as error:
            calls = fetched.calls if fetched else METER.sent - before  # which another thread may have sent
            return nothing(scope, source, calls, error), frozenset()
        return read(self._writer, scope, source, done, self._at), done.accounts
