"""What services answer: content, limits, APIs that are off, permissions that are missing, and what is no answer at all."""

import json
from typing import Any

import pytest

from collectors.gcp.answers import Answer, said

PERMISSION = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "IAM_PERMISSION_DENIED"}


def error(code: int, reason: str = "", status: str = "", *details: Any, message: str = "no") -> bytes:
    """An error as Google's services send it."""
    told: dict[str, Any] = {"code": code, "message": message}
    if reason:
        told["errors"] = [{"message": message, "domain": "global", "reason": reason}]
    if status:
        told["status"] = status
    if details:
        told["details"] = list(details)
    return json.dumps({"error": told}).encode()


def info(reason: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (403, error(403, "rateLimitExceeded"), "throttled", "rateLimitExceeded"),
        (403, error(403, "userRateLimitExceeded"), "throttled", "userRateLimitExceeded"),
        (403, error(403, "forbidden", "PERMISSION_DENIED", info("RATE_LIMIT_EXCEEDED")), "throttled", "RATE_LIMIT_EXCEEDED"),
        (403, error(403, "quotaExceeded"), "throttled", "quotaExceeded"),
        (429, error(429, "", "RESOURCE_EXHAUSTED"), "throttled", "RESOURCE_EXHAUSTED"),
        (429, b"", "throttled", "429"),
        (403, error(403, "accessNotConfigured"), "disabled", "accessNotConfigured"),
        (403, error(403, "forbidden", "PERMISSION_DENIED", info("SERVICE_DISABLED")), "disabled", "SERVICE_DISABLED"),
        (403, error(403, "forbidden", "PERMISSION_DENIED", info("BILLING_DISABLED")), "closed", "BILLING_DISABLED"),
        (403, error(403, "forbidden"), "denied", "forbidden"),
        (403, error(403, "forbidden", "PERMISSION_DENIED", PERMISSION), "denied", "IAM_PERMISSION_DENIED"),
        (403, error(403, "forbidden", "PERMISSION_DENIED", info("USER_PROJECT_DENIED")), "denied", "USER_PROJECT_DENIED"),
        (403, error(403, "", "PERMISSION_DENIED"), "denied", "PERMISSION_DENIED"),
        (403, error(403, "somethingNobodyKnows"), "denied", "somethingNobodyKnows"),
        (403, b"<html><title>403</title></html>", "denied", "403"),
        (401, error(401, "authError", "UNAUTHENTICATED"), "credentials", "authError"),
        (401, b'{"error": "invalid_grant", "error_description": "gone"}', "credentials", "401"),
        (400, error(400, "keyInvalid", "INVALID_ARGUMENT"), "credentials", "keyInvalid"),
        (400, error(400, "invalid", "INVALID_ARGUMENT"), "failed", "invalid"),
        (404, error(404, "notFound"), "absent", "notFound"),
        (404, error(404, "", "NOT_FOUND"), "absent", "NOT_FOUND"),
        (404, b"<html>Not Found</html>", "absent", "404"),
        (408, b"", "broken", "408"),
        (409, b"", "broken", "409"),
        (500, error(500, "backendError", "INTERNAL"), "broken", "backendError"),
        (503, b"<html>", "broken", "503"),
        (302, b"", "failed", "302"),
        (204, b"", "failed", "204"),
    ],
)  # fmt: skip
def test_an_error_is_told_by_its_reason_and_where_it_has_none_by_its_status(
    status: int, body: bytes, kind: str, code: str
) -> None:
    answer = Answer.of(status, body, json.loads)
    assert (answer.kind, answer.code, answer.status, answer.content) == (kind, code, status, None)


def test_the_message_alone_never_says_what_an_error_is() -> None:
    misleading = error(403, "forbidden", message="Rate limit exceeded: SERVICE_DISABLED")
    assert Answer.of(403, misleading, json.loads).kind == "denied"


@pytest.mark.parametrize(
    "told",
    [
        b'{"error": null}', b'{"error": []}', b"[]", b"null", b'{"error": {"details": 7}}', b'{"error": {"errors": {}}}',
        b'{"error": {"errors": ["x"], "details": ["y"]}}', b"{" * 5000, b"[" * 100_000, b"\xff\xfe", b'{"error": {"code"',
    ],
)  # fmt: skip
def test_an_error_of_an_odd_shape_is_told_by_its_status(told: bytes) -> None:
    assert Answer.of(403, told, json.loads).kind == "denied"
    assert Answer.of(502, told, json.loads).kind == "broken"


@pytest.mark.parametrize("body", [b'{"items": [', b"<html>", b"", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_good_status_with_a_body_that_broke_off_is_asked_for_again(body: bytes) -> None:
    answer = Answer.of(200, body, json.loads)
    assert (answer.kind, answer.code) == ("broken", "Unreadable")


def test_a_good_answer_is_its_content() -> None:
    answer = Answer.of(200, b'{"items": []}', json.loads)
    assert (answer.kind, answer.content) == ("", {"items": []})


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Not  found:\n it.", "Not found: it"),
        ("<html>big</html>", ""),
        ("GET http://h/x?y=z: <!DOCTYPE html><html>big</html>", ""),
        ("", ""),
        ("x" * 1000, "x" * 300),
        ("half \ud800 of one", "half ? of one"),
    ],
)
def test_a_message_is_one_line_that_can_be_stored(message: str, told: str) -> None:
    assert said(message) == told
