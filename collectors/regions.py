"""What collecting one region is made of, the same for every cloud: asking, handing over, what the inventory holds.

A dataset is asked in the pool (`ask`), its answer becomes rows or the reason why there are none (`bring`). What
follows from the inventory (types, metrics, prices) reads it from `Estate`: what was just collected, else what is
stored, and says in its scope when that is old or never was.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pyarrow as pa

from collectors.calls import CallError
from collectors.conduct import ODD_SHAPES, Crew, Got, Rows
from finops.errors import FinopsError
from finops.warehouse import Scope

_BATCHES_AT_A_TIME = 8
_TOLD = 3  # different reasons for which batches came to nothing

Problems = list[str]
T = TypeVar("T")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Asked:
    """A get under way, with the words that what it could not add is told in."""

    scope: Scope
    future: "Future[Got[Any]]"
    problems: Problems


def ask(scope: Scope, crew: Crew, get: Callable[..., Any], *arguments: Any) -> Asked:
    """Runs the get of a scope in the pool."""
    return Asked(scope, crew.get(what(scope), get, *arguments), [])


def ask_telling(scope: Scope, crew: Crew, get: Callable[..., Any], *arguments: Any) -> Asked:
    """As `ask`, for a get that tells what it could not add: it takes the list of problems as its last argument."""
    problems: Problems = []
    return Asked(scope, crew.get(what(scope), get, *arguments, problems), problems)


def what(scope: Scope) -> str:
    """A scope in words."""
    return f"{scope.dataset.replace('_', ' ')} of account {scope.account_id}, region {scope.region}"


def beside(problems: Problems, call: Callable[[], T]) -> T | None:
    """What a call beside the main one brings; None, and a word in `problems`, when it cannot be had."""
    try:
        return call()
    except CallError as error:
        problems.append(str(error))
        return None


def bring(crew: Crew, asked: Asked, transform: Callable[[Any], Rows], *, more_calls: int = 0) -> Rows | None:
    """Hands an answer over as rows, or the reason why there is none. `more_calls` are those that went with it."""
    got = asked.future.result()
    calls = got.calls + more_calls
    if got.error is not None:
        crew.missed(asked.scope, got.error, calls)
        return None
    try:
        rows = transform(got.value)
    except ODD_SHAPES as error:
        sentence = f"The {what(asked.scope)} have a shape this version does not know ({type(error).__name__}: {error})."
        crew.missed(asked.scope, FinopsError(sentence), calls)
        return None
    crew.whole(asked.scope, rows, calls=calls, problems=asked.problems)
    return rows


def ask_shared(
    crew: Crew, key: Any, every: T, new_of: Callable[[T], T], ask_for: Callable[[T], Asked]
) -> Asked | None:
    """Asks what no other place of this run has asked before: all share it. None when nothing of it is left.

    `every` is all that is wanted, falsy when it is nothing; `new_of` leaves of it what is asked for the first time
    (see `firsts`). Where another place was refused what this one relies on, this one asks for itself.
    """
    with crew.sharing(key) as before:
        relied_on, new = list(before), new_of(every)
        one = ask_for(new) if new else None
        if one:
            before.append(one.future)
    if new != every and any(each.result().error for each in relied_on):
        one = ask_for(every)
    return one


def firsts(crew: Crew, key: tuple[Any, ...], names: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Names, by group, that nobody has asked about before. Call it with `sharing` held."""
    return {
        group: new
        for group, each in names.items()
        if (new := {name for name in each if crew.first((*key, group, name))})
    }


def types_by_platform(
    machines: Iterable[Mapping[str, Any]],
    platform_of: Callable[[str], str],
    sizes_of: Callable[[str], Iterable[str]] = lambda _: (),
) -> dict[str, set[str]]:
    """Types of machines by the operating system that is paid for, each with its other sizes."""
    found: dict[str, set[str]] = {}
    for one in machines:
        name, platform = str(one["instance_type"]), platform_of(str(one["platform"]))
        found.setdefault(platform, set()).update({name, *sizes_of(name)})
    return found


class Estate:
    """The rows of a place's inventory: what was just collected, else what is stored.

    A place is a region; with `everywhere` it is an account, whose rows may be of any region.
    """

    def __init__(
        self,
        crew: Crew,
        place: tuple[str, str, str],
        rows: Mapping[str, Rows],
        asked: Iterable[str],
        datasets: Iterable[str],
        *,
        everywhere: bool = False,
    ) -> None:
        self._crew, self._place, self._rows = crew, place, rows
        self._key = ("cloud", "account_id", "region")[: 2 if everywhere else 3]
        self.missing = [name for name in asked if name not in rows]
        known = crew.stored(
            "SELECT dataset FROM coverage WHERE (cloud, account_id, region) = (?, ?, ?) AND collected_at IS NOT NULL",
            place,
        )
        self.never = set(datasets) - set(rows) - {one["dataset"] for one in known}

    def of(self, table: str) -> list[Mapping[str, Any]]:
        """Rows of one table."""
        if table in self._rows:
            return list(self._rows[table][table])
        places = ", ".join("?" * len(self._key))
        return list(
            self._crew.stored(
                f"SELECT * FROM {table} WHERE ({', '.join(self._key)}) = ({places})",  # noqa: S608
                self._place[: len(self._key)],
            )
        )

    @property
    def running(self) -> list[Mapping[str, Any]]:
        return [one for one in self.of("instances") if one["state"] == "running"]

    def why(self, *datasets: str) -> Problems:
        """Why a scope that follows from others cannot be whole."""
        never = [name.replace("_", " ") for name in datasets if name in self.never]
        old = [name.replace("_", " ") for name in datasets if name in self.missing and name not in self.never]
        told = []
        if never:
            told.append(f"What to ask about is not known: {' and '.join(never)} were never collected.")
        if old:
            told.append(
                f"What to ask about is known from an earlier collection: {' and '.join(old)} could not be read."
            )
        return told


def without_machines(crew: Crew, scope: Scope, estate: Estate) -> None:
    """A scope that follows from the machines, where there are none, or none are known."""
    why = estate.why("instances")
    if why:
        crew.missed(scope, FinopsError(why[0]), 0)
    else:
        crew.whole(scope, {}, calls=0)


# Rows of one batch, by the scope they belong to.
Tables = Mapping[Scope, pa.Table]


def measure(
    crew: Crew,
    scopes: Sequence[Scope],
    get: Callable[[B], Tables],
    plan: Sequence[B],
    problems: Problems,
    *,
    calls: int,
    keep_from: Mapping[int, datetime],
) -> None:
    """Collects the batches of a plan into `metrics`; scopes are whole when every batch came and nothing is told.

    Calls are counted by the first of the scopes.
    """
    failed: list[FinopsError] = []
    for got in _measured(crew, scopes[0], get, plan):
        calls += got.calls
        if got.error is not None:
            failed.append(got.error)
        for scope, table in (got.value or {}).items():
            crew.add(scope, "metrics", table)
    told = list(dict.fromkeys(map(str, failed)))[:_TOLD]
    nothing: FinopsError | None = None
    if plan and len(failed) == len(plan):
        status = getattr(failed[0], "status", "failed")
        nothing = failed[0] if len(told) == 1 else CallError(status, "", " ".join(told))
    elif not plan and problems:
        nothing = FinopsError(" ".join(problems))
    problems += told
    if failed:
        problems.append(f"{len(failed)} of {len(plan)} batches of metrics came to nothing.")
    for scope in reversed(scopes):  # the first speaks for all of them, so it comes last
        counted = calls if scope is scopes[0] else 0
        if nothing is not None:
            crew.missed(scope, nothing, counted)
        else:
            crew.add(scope, "metrics", None)
            crew.whole(scope, calls=counted, problems=problems, keep_from=keep_from)


def tables_of(scope: Scope, table: pa.Table | None) -> Tables:
    """Rows of a single scope, or none."""
    return {} if table is None else {scope: table}


def _measured(
    crew: Crew, scope: Scope, get: Callable[[B], Tables], plan: Iterable[B]
) -> "Iterator[Got[Tables]]":
    """The answers to a plan as Arrow, a few at a time, so that memory does not grow with the estate."""
    under_way: deque[Future[Got[Tables]]] = deque()
    for batch in plan:
        under_way.append(crew.get(what(scope), get, batch))
        if len(under_way) >= _BATCHES_AT_A_TIME:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()
