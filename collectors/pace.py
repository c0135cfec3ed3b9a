"""How many calls of a product are sent in a second."""

import threading
import time

_SLOWER_EVERY = 1.0  # seconds


class Pace:
    """Calls of one product that may be sent in a second, by all threads; slower for a while after it was too many.

    However many of those under way are refused at once, it gets slower once: attempts wait for longer on their own.
    """

    def __init__(self, per_second: float) -> None:
        self._most = self._rate = per_second
        self._next, self._slowed, self._lock = 0.0, 0.0, threading.Lock()

    def wait(self) -> None:
        """Until it is this call's turn."""
        with self._lock:
            now = time.monotonic()
            # What was not used a moment ago may be used now: half a second of calls at once.
            self._next = max(self._next, now - 0.5) + 1 / self._rate
            turn = self._next
        if turn > now:
            time.sleep(turn - now)

    def slower(self) -> None:
        """Half as many from now on, but not less than a quarter of what is documented."""
        with self._lock:
            now = time.monotonic()
            if now - self._slowed >= _SLOWER_EVERY:
                self._rate, self._slowed = max(self._most / 4, self._rate / 2), now

    def faster(self) -> None:
        """A little faster again, up to what it was."""
        if self._rate < self._most:
            with self._lock:
                self._rate = min(self._most, self._rate * 1.05)
