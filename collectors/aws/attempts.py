"""Attempts at a call to AWS: counted before each is sent, and refused where the answer broke off on its way."""

import json
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import HTTPClientError
from botocore.parsers import ResponseParserError
from tenacity import RetryCallState

from collectors.calls import METER, Budget

_BROKEN_ANSWERS = 4  # attempts at an answer that arrives cut short, which botocore does not retry


class BudgetSpentError(Exception):
    """Raised before an attempt is sent when a region has cost too much time already."""


def account_for(budget: Budget) -> Any:
    """A hook that runs before every attempt is sent, botocore's own retries included."""

    def before_send(**_: Any) -> None:
        now = time.monotonic()
        if METER.attempts:  # what went before it in this call came to nothing
            budget.lose(now - METER.last)
        if budget.spent:
            raise BudgetSpentError
        METER.sent += 1
        METER.attempts += 1
        METER.last = now

    return before_send


class CutShortError(Exception):
    """An answer that is shorter than it says, or ends in the middle."""


def refuse_cut_short(
    event_name: str = "",
    response_dict: Mapping[str, Any] | None = None,
    parsed_response: Mapping[str, Any] | None = None,
    **_: Any,
) -> None:
    """A hook on every answer: the SDK takes half a JSON document, a body that broke off, and whatever else is no
    answer of the operation, for an empty one."""
    body = response_dict.get("body") if response_dict else None
    if response_dict is None or not isinstance(body, bytes):
        return  # none, or a stream that whoever reads it has to check
    headers = response_dict.get("headers") or {}
    length = headers.get("content-length")
    if length is not None and not headers.get("content-encoding") and int(length) != len(body):
        raise CutShortError(f"{len(body)} of {length} bytes arrived")
    service, _dot, operation = event_name.partition(".")[2].partition(".")
    if service != "s3" and response_dict.get("status_code", 200) < 300:
        _refuse_alien(body, operation)
    told = set(parsed_response or ()) - {"ResponseMetadata", "Error"}
    if body and not told and ("json" in str(headers.get("content-type")) or body.startswith(b"{")):
        try:
            json.loads(body)
        except ValueError as error:
            raise CutShortError(str(error)) from error


def _refuse_alien(body: bytes, operation: str) -> None:
    """An XML answer names its operation; a page of a proxy, and no body at all, are no answer."""
    start = body[:1000].lstrip()
    if not start:
        raise CutShortError("the answer is empty")
    if start.startswith(b"<") and f"<{operation}Response".encode() not in start:
        raise CutShortError(f"the answer is none to {operation}: {start[:60]!r}")


def is_cut_short(error: BaseException) -> bool:
    """Whether an answer broke off on its way, which botocore takes for its own fault and does not retry."""
    return isinstance(error, (ResponseParserError, CutShortError)) or (
        isinstance(error, HTTPClientError) and "IncompleteRead" in str(error)
    )


def broken_often_enough(state: RetryCallState) -> bool:
    """A page of HTML is what a proxy or a missing operation answers: asking again once is enough."""
    error = state.outcome.exception() if state.outcome else None
    page = "<html" in str(error).lower() or "<!doctype" in str(error).lower()
    return state.attempt_number >= (2 if page else _BROKEN_ANSWERS)
