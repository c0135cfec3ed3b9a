"""What a doctor looks at before a collection runs, the same for every cloud: whether each declared call is allowed."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from collectors.calls import CallError, Declared
from collectors.conduct import ODD_SHAPES
from collectors.scopes import GLOBAL, Refused
from finops.errors import FinopsError

_AT_A_TIME = 8

A = TypeVar("A", bound=Declared)
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: ok, denied, failed or untested, with a word about it."""

    account: str
    region: str
    subject: str
    status: str
    detail: str = ""


@dataclass(slots=True)
class Examination:
    """What was found, and what a first run would take: its places and calls. A cloud adds what else it counts."""

    checks: list[Check] = field(default_factory=list)
    places: int = 0
    calls: int = 0

    @property
    def denied(self) -> list[Check]:
        return [check for check in self.checks if check.status in ("denied", "failed", "throttled")]


def refusals(refused: Iterable[Refused]) -> list[Check]:
    """What could not be entered or listed."""
    return [Check(one.account, GLOBAL, one.dataset, one.status, one.error) for one in refused]


def at_once(function: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """What the function makes of each thing, in their order, several at a time."""
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        return list(pool.map(function, things))


def permissions(
    account: str, identity: str, calls: Iterable[A], attempt: Callable[[A], Check]
) -> Iterator[Check]:
    """The credentials, and each declared call once per account: permissions seldom differ by region.

    Calls that need the same permission are tried once.
    """
    yield Check(account, GLOBAL, "credentials", "ok", identity)
    seen: set[str] = set()
    for api in calls:
        if api.action not in seen:
            seen.add(api.action)
            yield attempt(api)


def untested(account: str, region: str, api: Declared) -> Check:
    """A call that only a real resource can be asked about."""
    return Check(account, region, api.action, "untested", "needs a resource to ask about")


def tried(
    account: str,
    region: str,
    api: Declared,
    call: Callable[[], object],
    allowed: Callable[[CallError], bool],
) -> Check:
    """Makes a call and tells whether it is allowed; `allowed` knows the errors that only allowed calls end with."""
    try:
        call()
    except CallError as error:
        if error.status == "skipped":
            return Check(account, region, api.action, "untested", str(error))
        if not allowed(error):
            return Check(account, region, api.action, error.status, str(error))
    except FinopsError as error:
        return Check(account, region, api.action, "denied", str(error))
    except ODD_SHAPES as error:
        sentence = (
            f"The answer has a shape that this version does not know ({type(error).__name__}: {error})."
        )
        return Check(account, region, api.action, "failed", sentence)
    return Check(account, region, api.action, "ok")
