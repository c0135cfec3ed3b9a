"""What calls to any cloud have in common: how they are declared, fail and are counted, what failures may cost."""

import threading
from collections.abc import Iterable
from types import ModuleType
from typing import Any, Protocol, TypeVar

from finops.errors import FinopsError


class Declared(Protocol):
    """A call as it is declared next to the code that makes it; every cloud has a class of its own for them.

    `action` names its permission, or the call where it needs none. `probe` are parameters of the smallest call that
    shows whether it is allowed; None where only a real call can tell.
    """

    @property
    def action(self) -> str: ...
    @property
    def actions(self) -> tuple[str, ...]: ...
    @property
    def probe(self) -> tuple[tuple[str, Any], ...] | None: ...


A = TypeVar("A", bound=Declared)


def declared(kind: type[A], *modules: ModuleType) -> list[A]:
    """The calls of a kind that modules declare."""
    found = {id(one): one for module in modules for one in vars(module).values() if isinstance(one, kind)}
    return list(found.values())


def actions_of(calls: Iterable[Declared]) -> list[str]:
    """Every permission that calls need, by name."""
    return sorted({action for call in calls for action in call.actions})


class CallError(FinopsError):
    """A call that did not succeed: status as in coverage (denied, throttled, failed), the cloud's code, a sentence."""

    exit_code = 3

    def __init__(self, status: str, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code


class Budget:
    """The time that failed attempts in one region have cost, over all threads; beyond a limit nothing is sent."""

    def __init__(self, seconds: float) -> None:
        self.limit = seconds
        self._lost, self._lock = 0.0, threading.Lock()

    @property
    def spent(self) -> bool:
        return self._lost > self.limit

    @property
    def lost(self) -> float:
        return self._lost

    def lose(self, seconds: float) -> None:
        """Counts what an attempt has cost that came to nothing."""
        with self._lock:
            self._lost += seconds

    def regain(self, seconds: float) -> None:
        """Forgives a little, because a call succeeded: a region that is slow but gets on must not be given up."""
        if self._lost:
            with self._lock:
                self._lost = max(0.0, self._lost - seconds)


class Meter(threading.local):
    """Calls that the current thread has sent, retries included, and when the last one was."""

    sent: int = 0
    attempts: int = 0
    last: float = 0.0


METER = Meter()
