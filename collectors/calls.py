"""What calls to any cloud have in common: how they fail, how they are counted, how much time failures may cost."""

import threading

from finops.errors import FinopsError


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
