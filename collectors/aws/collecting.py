"""Collects what was asked for from AWS, scope by scope."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from collectors.aws import billing, cost_explorer, flows
from collectors.aws.accounts import Found, Request, discover
from collectors.aws.client import Session
from collectors.aws.place import CLOUD, Place
from collectors.aws.regional import OF_MACHINES, REGIONAL, collect_place
from collectors.calls import METER, CallError
from collectors.conduct import Pool, Progress
from collectors.gathering import Bills, Result, gather
from collectors.scopes import GLOBAL, Billed, forget_failure, newest_of, nothing, read, scopes_at
from finops.errors import IncompleteError
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
    """What to collect: datasets (empty: all), how far back metrics go, the bill, whether to pay for its totals,
    and whether to read flow logs, which are large."""

    only: tuple[str, ...] = ()
    days: int = 95
    bill: Bill | None = None
    cost_explorer: bool = False
    flow_logs: bool = False


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
        bills=_Bills(writer, found, wanted, at, fresh, progress),
    )


# --- the bill ---------------------------------------------------------------------------------------------


class _Bills(Bills):
    """The bill's export, what Cost Explorer tells, and flow logs; all before the places."""

    def __init__(
        self,
        writer: Writer,
        found: Found,
        wanted: Wanted,
        at: datetime,
        fresh: Callable[[Scope], bool],
        progress: Progress,
    ) -> None:
        self._writer, self._found, self._wanted = writer, found, wanted
        self._at, self._fresh, self._progress = at, fresh, progress

    def before(self, calls: Pool) -> list[Billed]:  # noqa: ARG002
        """Reads them, one after the other."""
        billed = [self._export(self._wanted.bill)] if self._wanted.bill else []
        billed += self._explore() if self._wanted.cost_explorer else []
        return billed + (self._flows() if self._wanted.flow_logs else [])

    def _flows(self) -> list[Billed]:
        """Reads the flow logs of each region that are not fresh, one after the other."""
        places = [
            (session, region)
            for session, region in self._found.places
            if not self._fresh(Scope(CLOUD, session.account, region, "traffic"))
        ]
        return [
            flows.collect_flows(self._writer, session, region, at=self._at, say=self._progress.say)
            for session, region in places
        ]

    def _export(self, bill: Bill) -> Billed:
        """Loads the bill's export. What may not be read, or does not fit, is told as the scope of its payer."""
        session, writer, at = self._found.sessions[0], self._writer, self._at
        scope = Scope(CLOUD, session.account, GLOBAL, "charges")
        before = METER.sent
        try:
            done = billing.collect_bill(
                writer, session, bill.url, at=at, since=bill.since, folder=bill.folder, say=self._progress.say
            )
        except (CallError, IncompleteError) as error:
            return nothing(scope, bill.url, METER.sent - before, error)
        return read(writer, scope, bill.url, done, at)

    def _explore(self) -> list[Billed]:
        """Asks Cost Explorer with as few credentials as tell of every account, those of a caller first.

        Whoever is told of accounts beside its own pays for them: accounts entered from there need not be asked. What
        was asked a while ago is fresh under the scope `cost_explorer`, which has no coverage of its own.
        """
        allowance = cost_explorer.Allowance()
        done: list[Billed] = []
        known: set[str] = set()
        pays, callers = False, self._found.callers
        for session in sorted(self._found.sessions, key=lambda one: one.account not in callers):
            if session.account in known or (pays and session.account not in callers):
                continue
            if self._fresh(Scope(CLOUD, session.account, GLOBAL, "cost_explorer")):
                told = _accounts_told(self._writer.con, session.account)
            else:
                self._progress.say(
                    f"Asking Cost Explorer about account {session.account}, at 0.01 USD a request."
                )
                one, told = _ask(self._writer, session, self._at, allowance)
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


def _scopes(place: Place, wanted: Wanted) -> list[Scope]:
    return scopes_of(place.session.account, place.region, wanted.only)


def _places(found: Found, wanted: Wanted, at: datetime, con: duckdb.DuckDBPyConnection) -> list[Place]:
    newest = newest_of(con, CLOUD, at, wanted.days)
    regional = [
        Place(session, region, at, wanted.days, newest.get((session.account, region), {}))
        for session, region in found.places
    ]
    return regional + [Place(session, GLOBAL, at, wanted.days) for session in found.sessions]
