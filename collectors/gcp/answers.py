"""What Google's services answer: content, or why there is none.

A 403 has many meanings: a limit, an API that nobody has enabled, a permission that is missing. They are told apart by
the reason, which stands in `errors` or in an ErrorInfo of `details`, never by the message.
Source: https://cloud.google.com/apis/design/errors, Compute Engine's error table.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

_THROTTLED = (
    "rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", "quotaExceeded",
    "QUOTA_EXCEEDED", "dailyLimitExceeded", "concurrentLimitExceeded", "jobRateLimitExceeded",
)  # fmt: skip
_DISABLED = ("SERVICE_DISABLED", "accessNotConfigured", "SERVICE_NOT_ENABLED")
# Of a 400: the key or its token, not the request.
_CREDENTIALS = ("API_KEY_INVALID", "keyInvalid", "ACCESS_TOKEN_EXPIRED", "CREDENTIALS_MISSING", "authError")
_NO_BILLING = ("BILLING_DISABLED", "billingNotEnabled", "UREQ_PROJECT_BILLING_NOT_FOUND")
_CLOSED = ("USER_PROJECT_DENIED", "CONSUMER_INVALID", "CONSUMER_SUSPENDED")


@dataclass(frozen=True, slots=True)
class Answer:
    """One attempt's outcome: `content`, or kind, status, code and message of what came instead.

    Kinds: throttled and broken are tried again; credentials, denied, disabled (the API is not enabled in the
    project), absent (there is no such thing), failed are final.
    """

    content: Any = None
    kind: str = ""
    status: int | None = None
    code: str = ""
    message: str = ""
    consumer: str = ""  # the project that a refusal speaks of, as projects/number

    @classmethod
    def of(cls, status: int, body: bytes, understand: Callable[[bytes], Any]) -> Self:
        """What a response says. `understand` makes content of a good body and raises ValueError when it cannot."""
        if status != 200:
            return cls.refused(status, body)
        try:
            return cls(understand(body))
        except (ValueError, RecursionError):
            return cls(None, "broken", status, "Unreadable", "an answer that cannot be read")

    @classmethod
    def refused(cls, status: int, body: bytes) -> Self:
        """An error that a service sent, as JSON or not."""
        try:
            told = json.loads(body)
            error = told["error"]
            reasons, message, consumer = _reasons(error), str(error.get("message") or ""), _consumer(error)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            reasons, message, consumer = [], "", ""
        return cls.told(status, reasons, message, consumer)

    @classmethod
    def told(cls, status: int, reasons: list[str], message: str, consumer: str = "") -> Self:
        """An error by its status and the reasons given for it."""
        kind, code = _kind(status, reasons)
        return cls(None, kind, status, code, message, consumer)

    @classmethod
    def lost(cls, message: str) -> Self:
        """No answer, or one that broke off."""
        return cls(None, "broken", None, "NoAnswer", message)


_PAGE = re.compile(r"<(!doctype|html|head|body)\b", re.IGNORECASE)


class Again(Exception):  # noqa: N818 - an answer, and whether it is an error is known after the last attempt
    """An attempt that another one may do better than."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.code)
        self.answer = answer


def _reasons(error: Mapping[str, Any]) -> list[str]:
    """Everything that says why, the most exact first."""
    details = [one for one in error.get("details") or () if isinstance(one, Mapping)]
    found = [one.get("reason") for one in details]
    found += [one.get("reason") for one in error.get("errors") or () if isinstance(one, Mapping)]
    return [str(one) for one in (*found, error.get("status")) if one]


def _consumer(error: Mapping[str, Any]) -> str:
    """The project that an error speaks of, where it says so."""
    about = [one.get("metadata") for one in error.get("details") or () if isinstance(one, Mapping)]
    return next(
        (str(one["consumer"]) for one in about if isinstance(one, Mapping) and one.get("consumer")), ""
    )


def _kind(status: int, reasons: list[str]) -> tuple[str, str]:
    for kind, known in (
        ("throttled", _THROTTLED), ("disabled", _DISABLED), ("credentials", _CREDENTIALS), ("closed", _NO_BILLING),
        ("denied", _CLOSED),
    ):  # fmt: skip
        for reason in reasons:
            if reason in known:
                return kind, reason
    code = reasons[0] if reasons else str(status)
    if status == 401:
        return "credentials", code
    if status == 403:
        return "denied", code
    if status == 404:
        return "absent", code
    if status == 429:
        return "throttled", code
    return ("broken" if status in (408, 409) or status >= 500 else "failed"), code


def said(message: str) -> str:
    """What a service says of an error, in one line; nothing of a page for people, wherever in it that begins."""
    line = " ".join(message.encode(errors="replace").decode().split())
    return "" if line.startswith("<") or _PAGE.search(line) else line[:300].rstrip(".")
