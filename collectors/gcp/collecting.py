"""Collects what was asked for from Google Cloud, scope by scope."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

import duckdb

from collectors.calls import CallError
from collectors.conduct import Pool, Progress
from collectors.gathering import Bills, Result, gather
from collectors.gcp import billing, flows
from collectors.gcp.accounts import Found, Request, discover
from collectors.gcp.billing import Bill
from collectors.gcp.billing_query import TableName
from collectors.gcp.handing import datasets_of
from collectors.gcp.listing import CLOUD
from collectors.gcp.place import Place
from collectors.gcp.regional import OF_MACHINES, collect_project
from collectors.hours import Newest
from collectors.scopes import GLOBAL, Billed, newest_of, nothing, read, scopes_at
from finops.errors import CredentialsError, IncompleteError, InputError
from finops.warehouse import Scope, Writer


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to collect: datasets (empty: all), how many days of metrics (at most 95), the bill or none, whether flow
    logs are wanted, and the table in BigQuery that has them."""

    only: tuple[str, ...] = ()
    days: int = 95
    bill: Bill | None = None
    traffic: bool = False
    flow_logs: str | None = None


def scopes_of(account: str, region: str, only: Iterable[str] = ()) -> list[Scope]:
    """The scopes that a collection of this project and region fills."""
    return scopes_at(CLOUD, account, region, datasets_of(region), only)


def collect(
    writer: Writer,
    request: Request,
    wanted: Wanted,
    *,
    at: datetime,
    fresh: Callable[[Scope], bool],
    progress: Progress,
) -> Result:
    """Collects the bill and every project that was asked for.

    Scopes that are `fresh` are left as they are. Raises UsageError for what does not exist, CredentialsError when
    the credentials are refused everywhere.
    """
    found = discover(request)
    places = _places(found, wanted, at, writer.con)
    narrow = set(_narrow(writer.con, found.regions))
    return gather(
        writer,
        CLOUD,
        found,
        places,
        [scope for place in places for scope in scopes_of(place.project, GLOBAL, wanted.only)],
        collect_project,
        of_machines=OF_MACHINES,
        filled=lambda: _filled(places),
        at=at,
        fresh=lambda scope: fresh(scope) and scope not in narrow,
        progress=progress,
        wanted=lambda scope: not wanted.only or scope.dataset in wanted.only,
        bills=_Bills(writer, found, wanted, at, progress),
    )


def _places(found: Found, wanted: Wanted, at: datetime, con: duckdb.DuckDBPyConnection) -> list[Place]:
    newest: dict[str, dict[str, Newest]] = {}
    for (account, region), stored in newest_of(con, CLOUD, at, wanted.days).items():
        newest.setdefault(account, {})[region] = stored
    return [
        Place(session, at, wanted.days, frozenset(found.regions), newest.get(session.account, {}))
        for session in found.sessions
    ]


def _narrow(con: duckdb.DuckDBPyConnection, regions: tuple[str, ...]) -> Iterator[Scope]:
    """Scopes of projects as such that were last asked about other regions than these: whole for those only."""
    known = con.execute(
        "SELECT account_id, run_id, request ->> '$.regions[*]' FROM collections WHERE cloud = ?", [CLOUD]
    ).fetchall()
    runs: dict[str, dict[str, bool]] = {}
    for account, run, asked in known:
        covers = not asked or (bool(regions) and set(regions) <= set(asked))
        mine = runs.setdefault(str(account), {})
        mine[str(run)] = mine.get(str(run), False) or covers
    told = con.execute(
        "SELECT account_id, region, dataset, run_id FROM coverage WHERE cloud = ? AND region = ?",
        [CLOUD, GLOBAL],
    ).fetchall()
    for account, region, dataset, run in told:
        mine = runs.get(str(account), {})
        if mine and not mine.get(str(run), any(mine.values())):
            yield Scope(CLOUD, account, region, dataset)


def _filled(places: Iterable[Place]) -> Iterator[tuple[str, str]]:
    for place in places:
        for region in (GLOBAL, *sorted(place.filled)):
            yield place.project, region


class _Bills(Bills):
    """The export of the bill, and flow logs: what has changed of the bill is fetched beside everything else, and loaded
    after it."""

    def __init__(
        self,
        writer: Writer,
        found: Found,
        wanted: Wanted,
        at: datetime,
        progress: Progress,
    ) -> None:
        self._writer, self._bill, self._at, self._progress = writer, wanted.bill, at, progress
        self._found, self._wanted, self._session = found, wanted, found.sessions[0]
        self._fetched: Future[billing.Fetched] | None = None

    def before(self, calls: Pool) -> list[Billed]:
        """Begins to fetch the bill, and reads flow logs."""
        if self._bill is not None:
            self._fetched = calls.submit(billing.fetch_bill, self._session, self._bill, self._at)
        return self._flows() if self._wanted.traffic else []

    def _flows(self) -> list[Billed]:
        if self._wanted.flow_logs is None:
            accounts = [one.account for one in self._found.sessions]
            flows.tell_none(self._writer, accounts, self._at, self._progress.say)
            return []
        return [
            flows.collect_flows(
                self._writer, self._session, self._wanted.flow_logs, at=self._at, say=self._progress.say
            )
        ]

    def after(self) -> list[Billed]:
        """Loads what was fetched."""
        if self._fetched is None or self._bill is None:
            return []
        scope = Scope(CLOUD, TableName.of(self._bill.table).project, GLOBAL, "charges")
        try:
            fetched = self._fetched.result()
            done = billing.load_bill(self._writer, fetched, at=self._at, say=self._progress.say)
        except (CallError, IncompleteError, InputError, CredentialsError) as error:
            return [nothing(scope, self._bill.table, 0, error)]
        return [read(self._writer, scope, self._bill.table, done, self._at)]
