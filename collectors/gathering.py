"""One run of a collection, the same for every cloud: what was refused is told, the bill read, every place collected.

A cloud says whom it found, which places there are and which scopes they fill (`gather`), and what it does for the bill
(`Bills`): before the places, beside them in the pool of calls, or after them.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from collectors.calls import METER
from collectors.conduct import CALLS_AT_A_TIME, Crew, Outcome, Pool, Progress, Stored, conduct
from collectors.scopes import GLOBAL, Billed, Refused, resting, tell_refused
from finops.errors import CredentialsError
from finops.warehouse import Scope, Writer

P = TypeVar("P")


@dataclass(slots=True)
class Result:
    """What became of a collection: its scopes, its places (account, region), the bill in a line or a few."""

    outcome: Outcome
    places: list[tuple[str, str]]
    bill: str | None = None


class Session(Protocol):
    """One account, entered."""

    @property
    def account(self) -> str: ...


class Found(Protocol):
    """The accounts that could be entered, and what could not be had."""

    @property
    def sessions(self) -> Sequence[Session]: ...
    @property
    def refused(self) -> Sequence[Refused]: ...


class Bills:
    """What a run does for the bill: nothing, unless a cloud says what."""

    def before(self, calls: Pool) -> list[Billed]:  # noqa: ARG002
        """The sources that are read before the places; what shall go on beside them is given to the pool."""
        return []

    def after(self) -> list[Billed]:
        """The sources that are read, or loaded, after the places."""
        return []


def gather(
    writer: Writer,
    cloud: str,
    found: Found,
    places: Sequence[P],
    scopes: Collection[Scope],
    collect_place: Callable[[P, Crew], None],
    *,
    of_machines: Collection[str],
    filled: Callable[[], Iterable[tuple[str, str]]],
    at: datetime,
    fresh: Callable[[Scope], bool],
    progress: Progress,
    wanted: Callable[[Scope], bool] | None = None,
    bills: Bills | None = None,
) -> Result:
    """Collects every place and the bill; scopes that are `fresh` are left as they are.

    `scopes` are those that are known beforehand to be filled; where places find more of them, `wanted` says which are
    asked for. Datasets `of_machines` rest only with the machines. `filled` is asked last, for the (account, region)
    that the scopes belong to. Raises CredentialsError when the credentials are refused everywhere.
    """
    tell_refused(writer, cloud, found.refused, {session.account for session in found.sessions}, at)
    asked_for = wanted or scopes.__contains__
    rested = resting(asked_for, of_machines, fresh)
    calls, bills = Pool(CALLS_AT_A_TIME, "call"), bills or Bills()
    try:
        billed = bills.before(calls)
        for one in billed:
            one.record(writer, at)
        stored = Stored(writer.con)
        crew = Crew(METER, calls, stored, lambda scope: asked_for(scope) and not rested(scope))
        progress.begin(sum(1 for scope in scopes if not rested(scope)))
        try:
            outcome = conduct(writer, crew, places, collect_place, at=at, progress=progress)
        finally:
            stored.close()
    finally:
        calls.close()
    later = bills.after()
    _refuse(outcome, crew, cloud, found.refused)
    for one in later:
        one.record(writer, at)
    for one in (*billed, *later):
        one.add_to(outcome)
    told = "\n".join(one.sentence for one in (*billed, *later))
    return Result(outcome, list(filled()), told or None)


def _refuse(outcome: Outcome, crew: Crew, cloud: str, refused: Iterable[Refused]) -> None:
    """Adds what could not be entered. Raises CredentialsError where nothing at all could be had because of them."""
    for one in refused:
        scope = Scope(cloud, one.account, GLOBAL, one.dataset)
        outcome.statuses[scope], outcome.errors[scope] = one.status, one.error
    if crew.credentials_error and not any(status == "complete" for status in outcome.statuses.values()):
        raise CredentialsError(str(crew.credentials_error))
