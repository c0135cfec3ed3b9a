"""One client whose connections give the answers that a test made by hand, status and body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from collectors.calls import Budget
from collectors.gcp import client as module
from collectors.gcp.client import Client, Session
from collectors.gcp.credentials import Credentials
from collectors.pace import Pace
from tests.collectors.gcp.canned import PROJECT


@dataclass(frozen=True)
class Response:
    """What requests would return."""

    status_code: int
    content: bytes


def told(status: int = 200, body: Any = None) -> Response:
    return Response(status, body if isinstance(body, bytes) else json.dumps(body or {}).encode())


def refusal(status: int, reason: str, message: str = "on purpose") -> Response:
    """An error as Google's services send it."""
    return told(
        status,
        {"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}},
    )


@dataclass
class Wire:
    """Connections that answer one by one, the last for good; `sent` is what was asked: address and parameters."""

    answers: list[Response | Exception]
    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    options: list[Mapping[str, Any]] = field(default_factory=list)

    def get(self, url: str, params: Mapping[str, str], **options: Any) -> Response:
        self.sent.append((url, dict(params)))
        self.options.append(options)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def wired(
    monkeypatch: pytest.MonkeyPatch,
    *answers: Response | Exception,
    project: str = PROJECT,
    budget: Budget | None = None,
) -> tuple[Client, Wire]:
    """A client that does not wait, and its connections."""
    wire = Wire(list(answers))
    monkeypatch.setattr(module, "_LONGEST_WAIT", 0.001)
    monkeypatch.setattr(Pace, "wait", lambda self: None)
    monkeypatch.setattr(Session, "http", lambda self, service, counted=False: wire)
    session = Session(Credentials(anonymous=True), project, endpoint="http://127.0.0.1:1")
    return Client(session, project, budget), wire


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow one another at once, and nobody waits for a turn."""
    monkeypatch.setattr(module, "_LONGEST_WAIT", 0.001)
    monkeypatch.setattr(Pace, "wait", lambda self: None)
