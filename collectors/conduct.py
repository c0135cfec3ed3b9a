"""How a collection is conducted, the same for every cloud: who works, who writes, what is kept when it stops.

Scopes are collected by verbs: *get* (the only one on the network, in a worker), *transform* (rows of ours), *load*
(the main thread, the only one that writes). A place (account and region) has one thread that says what to get in
which order; the calls of all places share one pool. Whatever cannot be had becomes a row of `coverage`; the rest
goes on. Each scope is committed as soon as it is whole, so that a run that is stopped keeps what it has.
"""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import duckdb

from finops.errors import CredentialsError, FinopsError, WarehouseError
from finops.warehouse import Scope, Staged, Writer, record_failure

if TYPE_CHECKING:
    import pyarrow as pa

PLACES_AT_A_TIME = 8
CALLS_AT_A_TIME = 16
_WAITING = 64  # batches that may wait for the writer before workers do

T = TypeVar("T")
P = TypeVar("P")
Rows = dict[str, list[dict[str, Any]]]
# What reading an answer raises that is not built as we know it.
ODD_SHAPES = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError)


class Meter(Protocol):
    """Counts the calls of the thread it is asked in."""

    sent: int


class Progress(Protocol):
    """Is told what happens, in the main thread."""

    def begin(self, scopes: int) -> None: ...

    def scope(self, scope: Scope, status: str) -> None: ...

    def say(self, message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Got(Generic[T]):
    """What one get brought: a value, or why there is none; and the calls it took."""

    value: T | None
    error: FinopsError | None
    calls: int


@dataclass(frozen=True, slots=True)
class _Part:
    scope: Scope
    table: str
    batch: "pa.Table | None"


@dataclass(frozen=True, slots=True)
class _Whole:
    scope: Scope
    calls: int
    error: str | None
    keep_from: Mapping[int, datetime] | None


@dataclass(frozen=True, slots=True)
class _Missed:
    scope: Scope
    status: str
    error: str
    calls: int


@dataclass(frozen=True, slots=True)
class _Left:
    """A place that is done, or the bug that ended it."""

    error: BaseException | None = None


@dataclass(slots=True)
class Outcome:
    """What became of a collection: scopes by status, rows and calls."""

    statuses: dict[Scope, str] = field(default_factory=dict)
    errors: dict[Scope, str] = field(default_factory=dict)
    rows: int = 0
    calls: int = 0


class Crew:
    """What the thread of a place works with. All methods are safe to call from any thread."""

    def __init__(
        self, meter: Meter, calls: "Pool", stored: "Stored", wanted: Callable[[Scope], bool]
    ) -> None:
        self._meter, self._calls, self._stored, self._wanted = meter, calls, stored, wanted
        self._out: queue.Queue[_Part | _Whole | _Missed | _Left] = queue.Queue(_WAITING)
        self._once: set[Any] = set()
        self._shared: dict[Any, list[Future[Got[Any]]]] = {}
        self._lock = threading.Lock()
        self.credentials_error: CredentialsError | None = None

    def wants(self, scope: Scope) -> bool:
        """Whether the scope was asked for and what is stored of it is not fresh."""
        return self._wanted(scope)

    def first(self, key: Any) -> bool:
        """True for the first who asks: for what several places share. Call it with `sharing` held."""
        new = key not in self._once
        self._once.add(key)
        return new

    @contextlib.contextmanager
    def sharing(self, key: Any) -> "Iterator[list[Future[Got[Any]]]]":
        """Alone with what other places have asked of something shared; what is asked now is to be added."""
        with self._lock:
            yield self._shared.setdefault(key, [])

    def get(self, what: str, function: Callable[..., T], *arguments: Any) -> "Future[Got[T]]":
        """Runs a get in the pool. What it raises comes back as a sentence; `what` names the answer in it."""
        return self._calls.submit(self._get, what, function, *arguments)

    def stored(self, sql: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        """Rows the warehouse holds, for a place whose inventory is fresh."""
        return self._stored.rows(sql, values)

    def add(self, scope: Scope, table: str, batch: "pa.Table | None") -> None:
        """Hands over rows of a scope; waits while the writer is behind."""
        self._out.put(_Part(scope, table, batch))

    def whole(
        self,
        scope: Scope,
        rows: Rows | None = None,
        *,
        calls: int,
        problems: Iterable[str] = (),
        keep_from: Mapping[int, datetime] | None = None,
    ) -> None:
        """Says that a scope is complete, or all of it that there will be when there are problems.

        Rows that no table can hold, such as a number among text, are a scope that could not be had.
        """
        import pyarrow as pa

        try:
            tables = {table: pa.Table.from_pylist(found) for table, found in (rows or {}).items() if found}
        except ODD_SHAPES as error:
            self.missed(scope, FinopsError(_unfit(scope, error)), calls)
            return
        for table, found in tables.items():
            self.add(scope, table, found)
        self._out.put(_Whole(scope, calls, " ".join(dict.fromkeys(problems)) or None, keep_from))

    def missed(self, scope: Scope, error: FinopsError, calls: int) -> None:
        """Says that a scope could not be had; what is stored of it stays, dated."""
        status = getattr(error, "status", "denied" if isinstance(error, CredentialsError) else "failed")
        self._out.put(_Missed(scope, status, str(error), calls))

    def left(self, error: BaseException | None) -> None:
        """Says that nothing more comes from a place."""
        self._out.put(_Left(error))

    def next(self) -> _Part | _Whole | _Missed | _Left:
        """The next thing for the writer."""
        return self._out.get()

    def _get(self, what: str, function: Callable[..., T], *arguments: Any) -> Got[T]:
        before = self._meter.sent
        try:
            value = function(*arguments)
        except CredentialsError as error:
            self.credentials_error = error
            return Got(None, error, self._meter.sent - before)
        except FinopsError as error:
            return Got(None, error, self._meter.sent - before)
        except ODD_SHAPES as error:
            sentence = f"The answer for {what} has a shape that this version does not know ({_told(error)})."
            return Got(None, FinopsError(sentence), self._meter.sent - before)
        return Got(value, None, self._meter.sent - before)


def conduct(
    writer: Writer,
    crew: Crew,
    places: Sequence[P],
    collect: Callable[[P, Crew], None],
    *,
    at: datetime,
    progress: Progress,
) -> Outcome:
    """Collects all places and writes what they bring, scope by scope. Raises what a bug raised in a place."""
    outcome = Outcome()
    ways = Pool(min(PLACES_AT_A_TIME, max(1, len(places))), "place")
    for place in places:
        ways.submit(_walk, place, crew, collect)
    ways.close()
    staged: dict[Scope, Staged] = {}
    left = 0
    while left < len(places):
        message = crew.next()
        if isinstance(message, _Left):
            if message.error is not None:
                raise message.error
            left += 1
        elif isinstance(message, _Part):
            _stage(writer.con, staged, message.scope).add(message.table, message.batch)
        else:
            status = _settle(writer, staged, message, at, outcome)
            progress.scope(message.scope, status)
    return outcome


def _walk(place: P, crew: Crew, collect: Callable[[P, Crew], None]) -> None:
    try:
        collect(place, crew)
    except BaseException as error:  # noqa: BLE001 - a bug in a thread is raised again in the main one
        crew.left(error)
    else:
        crew.left(None)


def _stage(con: duckdb.DuckDBPyConnection, staged: dict[Scope, Staged], scope: Scope) -> Staged:
    if scope not in staged:
        staged[scope] = Staged(con, scope)
    return staged[scope]


def _settle(
    writer: Writer, staged: dict[Scope, Staged], message: _Whole | _Missed, at: datetime, outcome: Outcome
) -> str:
    scope = message.scope
    outcome.calls += message.calls
    if isinstance(message, _Missed):
        if scope in staged:
            staged.pop(scope).discard()
        record_failure(
            writer.con, writer.run_id, scope, message.status, message.error, at=at, calls=message.calls
        )
        status = message.status
        if status != "skipped":  # what a place does not offer is nothing that is missing
            outcome.errors[scope] = message.error
    else:
        try:
            outcome.rows += _stage(writer.con, staged, scope).commit(
                writer.run_id, at=at, calls=message.calls, error=message.error, keep_from=message.keep_from
            )
        except (WarehouseError, duckdb.DataError) as error:
            return _settle(writer, staged, _Missed(scope, "failed", _unfit(scope, error), 0), at, outcome)
        staged.pop(scope)
        status = "partial" if message.error else "complete"
        if message.error:
            outcome.errors[scope] = message.error
    outcome.statuses[scope] = status
    return status


def _unfit(scope: Scope, error: Exception) -> str:
    """What the cloud sent that the warehouse cannot hold, such as one thing twice."""
    place = f"account {scope.account_id}, region {scope.region}"
    told = next(iter(str(error).splitlines()), "")
    return f"The {scope.dataset.replace('_', ' ')} of {place} do not fit the warehouse: {told}"


class Stored:
    """Reads what the warehouse holds, from any thread."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con, self._lock = con.cursor(), threading.Lock()

    def rows(self, sql: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        """The rows of a query, by column."""
        with self._lock:
            cursor = self._con.execute(sql, list(values))
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def close(self) -> None:
        """Gives the connection back."""
        with self._lock, contextlib.suppress(duckdb.Error):
            self._con.close()


class Pool:
    """Threads that do not keep a process alive: one that is told to stop must not wait for a call that hangs."""

    def __init__(self, size: int, name: str) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._size = size
        for number in range(size):
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True).start()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Runs the function in one of the threads."""
        job = _Job(function, arguments)
        self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Ends the threads when they have done what was submitted."""
        for _ in range(self._size):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()
            del job  # what it holds must not live until the next one comes


@dataclass(slots=True)
class _Job:
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    future: "Future[Any]" = field(default_factory=Future)

    def run(self) -> None:
        try:
            self.future.set_result(self.function(*self.arguments))
        except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
            self.future.set_exception(error)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
