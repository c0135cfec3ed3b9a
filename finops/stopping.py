"""Signals that end a run: raised once, wherever the run is, known from then on, and obeyed in any case.

Libraries turn what is raised into errors of their own (DuckDB's is "Query interrupted"), and drop it where nothing can
be raised. Whoever goes on after errors asks check() first.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

SAID = {signal.SIGINT: "Interrupted", signal.SIGTERM: "Terminated"}
# Seconds after which a run that was told to end is ended, whatever it is doing: nothing is lost by that, and whoever
# told it kills it after thirty.
AT_LAST = 18.0

_first: signal.Signals | None = None


class Stopped(BaseException):
    """A signal that ends the run, raised so that a writer can record what it was doing."""


def came() -> signal.Signals | None:
    """The signal that this process was told to end by, the first one if there were several."""
    return _first


def check() -> None:
    """Raises Stopped where a signal came, also one that somebody has swallowed."""
    if _first:
        raise Stopped


def settle() -> None:
    """Lets a signal be raised here, whose consequences came before it, and not in the midst of what comes next.

    A query that a signal ends raises an error first; Python tells of the signal itself at the next call, which is this.
    """


def said(number: signal.Signals) -> str:
    """What a user is told of it."""
    return f"{SAID[number]}; what was committed before is kept."


def listen(interrupt: Callable[[], None]) -> None:
    """Turns signals into Stopped from now on. `interrupt` ends what keeps Python from raising it, from a thread."""
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    for number in SAID:
        signal.signal(number, _note)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(told, interrupt), daemon=True).start()


def _note(number: int, _: FrameType | None) -> None:
    """A second signal must not interrupt how the first one is obeyed: `timeout` sends two, as people do."""
    global _first
    if _first is None:
        _first = signal.Signals(number)
        raise Stopped


def _watch(told: int, interrupt: Callable[[], None]) -> None:
    """Python handles a signal between two of its own steps, and a long query is one step: end it from here."""
    last: threading.Timer | None = None
    while number := os.read(told, 1):
        if number[0] not in SAID:
            continue
        if last is None:
            last = threading.Timer(AT_LAST, _end, [signal.Signals(number[0])])
            last.daemon = True
            last.start()
        interrupt()


def _end(number: signal.Signals) -> None:
    """As a kill, which costs nothing that was committed; for a run that hangs, or takes too long to end."""
    try:
        print(said(number), file=sys.stderr, flush=True)
    finally:
        os._exit(128 + number)
