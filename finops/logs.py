"""Words to whoever watches a run: text for people, JSON lines for programs, on stderr and without secrets.

A line of JSON has: time (UTC), level, event, message and, during a night, run_id, step and part.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

from finops.masking import masked

Form = Literal["text", "json"]

_about: ContextVar[dict[str, Any]] = ContextVar("about", default={})  # noqa: B039 - it is never changed in place
_form: Form = "text"


def write_as(form: Form) -> None:
    """How all lines of this process are written from now on."""
    global _form
    _form = form


def on_terminal() -> bool:
    """Whether somebody is looking at stderr."""
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def about(**what: Any) -> Iterator[None]:
    """What the lines within are about: run_id, step, part, event."""
    token = _about.set(_about.get() | what)
    try:
        yield
    finally:
        _about.reset(token)


def write(message: str, *, level: Literal["info", "warning", "error"] = "info", before: str = "") -> None:
    """One message; `before` stands before it for people only."""
    if sys.stderr is None:  # closed by the caller
        return
    message = masked(message)
    if _form == "text":
        print(f"{before}{message}", file=sys.stderr, flush=True)
        return
    told = {"event": "note", **_about.get()}
    line = {"time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "level": level, **told}
    print(json.dumps({**line, "message": message}, ensure_ascii=False), file=sys.stderr, flush=True)
