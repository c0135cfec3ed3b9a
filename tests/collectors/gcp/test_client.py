"""Calls of one client: retried within a budget, counted, read page by page, and told plainly without any secret."""

from typing import Any

import pytest
import requests
from google.api_core.exceptions import Forbidden, InternalServerError, NotFound, RetryError, TooManyRequests
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import RefreshError, TransportError

from collectors.calls import METER, Budget, CallError
from collectors.gcp import client as module
from collectors.gcp.client import ATTEMPTS, Client
from collectors.gcp.databases import LIST_DATABASES, LIST_DATABASES_BEFORE
from collectors.gcp.inventory import LIST_DISKS
from collectors.gcp.monitoring import LIST_SERIES
from collectors.gcp.snapshots import LIST_SNAPSHOTS
from collectors.gcp.types import MACHINE_TYPES
from collectors.pace import Pace
from finops.errors import CredentialsError
from tests.collectors.gcp.calling import Response, Wire, refusal, told, wired

WHERE = "in project shop-prod"
GOOD = told(200, {"items": [{"id": "1"}]})


def failing(client: Client, api: Any = LIST_SNAPSHOTS, **parameters: Any) -> CallError:
    """The error that a call ends with."""
    with pytest.raises(CallError) as error:
        client.get(api, **parameters)
    return error.value


# --- what is sent -----------------------------------------------------------------------------------------


def test_names_in_a_path_are_quoted_and_everything_else_is_a_parameter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, wire = wired(monkeypatch, GOOD, project="a/../b?c#d")
    client.get(MACHINE_TYPES, zone="us central1-a/..", maxResults=5, returnPartialSuccess=True, filter=None)
    path = "compute/v1/projects/a%2F..%2Fb%3Fc%23d/zones/us%20central1-a%2F../machineTypes"
    assert wire.sent == [(f"http://127.0.0.1:1/{path}", {"maxResults": "5", "returnPartialSuccess": "true"})]


def test_every_call_has_an_end_follows_no_redirect_and_asks_for_a_small_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, wire = wired(monkeypatch, GOOD)
    client.get(LIST_SNAPSHOTS)
    (options,) = wire.options
    assert (options["timeout"], options["allow_redirects"]) == ((5, 60), False)
    assert "gzip" in options["headers"]["User-Agent"]
    assert options["headers"]["Accept-Encoding"] == "gzip"


def test_a_password_of_netrc_never_takes_the_place_of_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    client, wire = wired(monkeypatch, GOOD)
    client.get(LIST_SNAPSHOTS)
    request = requests.Request("GET", "http://127.0.0.1/", headers={"authorization": "Bearer x"}).prepare()
    wire.options[0]["auth"](request)
    assert request.headers["authorization"] == "Bearer x"


# --- attempts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        refusal(403, "rateLimitExceeded"), refusal(429, "RESOURCE_EXHAUSTED"), told(503, b"<html>"),
        told(200, b'{"items": ['), requests.ConnectionError("reset"), requests.Timeout("slow"),
        requests.exceptions.ChunkedEncodingError("cut"), TransportError("token host"),
    ],
)  # fmt: skip
def test_what_may_pass_is_tried_again_and_every_attempt_is_counted(
    fault: Response | Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, wire = wired(monkeypatch, fault, fault, GOOD)
    before = METER.sent
    assert client.get(LIST_SNAPSHOTS) == {"items": [{"id": "1"}]}
    assert (len(wire.sent), METER.sent - before) == (3, 3)


@pytest.mark.parametrize(
    ("fault", "attempts", "status"),
    [
        (refusal(403, "rateLimitExceeded"), ATTEMPTS, "throttled"),
        (told(500), 5, "failed"),
        (told(200, b"<html>"), 5, "failed"),
        (requests.ConnectionError("refused"), 5, "failed"),
        (refusal(403, "forbidden"), 1, "denied"),
        (refusal(404, "notFound"), 1, "failed"),
        (refusal(400, "invalid"), 1, "failed"),
    ],
)
def test_an_error_has_as_many_attempts_as_may_help_and_a_sentence_with_call_and_place(
    fault: Response | Exception, attempts: int, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, wire = wired(monkeypatch, fault)
    error = failing(client)
    assert (len(wire.sent), error.status, error.exit_code) == (attempts, status, 3)
    assert str(error).startswith("compute.snapshots.list ")
    assert WHERE in str(error)
    assert str(error).endswith(".")
    assert str(error).count("\n") == 0
    assert ("finops permissions gcp" in str(error)) is (status == "denied")


def test_limits_make_the_pace_slower_and_other_errors_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    slower: list[str] = []
    monkeypatch.setattr(Pace, "slower", lambda self: slower.append("slower"))
    client, _ = wired(monkeypatch, told(500), refusal(429, "RESOURCE_EXHAUSTED"), GOOD)
    client.get(LIST_SNAPSHOTS)
    assert slower == ["slower"]


def test_when_failed_attempts_took_too_long_nothing_more_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = Budget(10)
    budget.lose(11)
    client, wire = wired(monkeypatch, GOOD, budget=budget)
    error = failing(client)
    assert wire.sent == []
    assert (error.status, error.code) == ("failed", "Budget")
    assert "11 seconds (limit 10)" in str(error)


@pytest.mark.parametrize(
    ("answer", "status"), [(told(500), "failed"), (refusal(429, "RESOURCE_EXHAUSTED"), "throttled")]
)
def test_the_budget_ends_a_call_within_its_attempts_and_says_what_took_it(
    monkeypatch: pytest.MonkeyPatch, answer: Any, status: str
) -> None:
    clock = iter(range(0, 10_000, 100))
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    client, wire = wired(monkeypatch, answer)
    error = failing(client)
    assert (error.status, error.code) == (status, "Budget")
    assert len(wire.sent) < 5


# --- what is told -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("api", "reason", "status", "words"),
    [
        (LIST_DISKS, "accessNotConfigured", "skipped", "Compute Engine API is not enabled"),
        (LIST_DATABASES, "accessNotConfigured", "skipped", "Cloud SQL Admin API is not enabled"),
        (LIST_SERIES, "accessNotConfigured", "denied", "gcloud services enable monitoring.googleapis.com --project shop-prod"),
        (LIST_SERIES, "BILLING_DISABLED", "denied", "link the project to a billing account"),
        (LIST_DISKS, "USER_PROJECT_DENIED", "denied", "compute.disks.list is denied"),
    ],
)  # fmt: skip
def test_an_api_that_is_off_has_nothing_of_its_kind_but_measures_and_bills_are_missing(
    api: Any, reason: str, status: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = wired(monkeypatch, refusal(403, reason))
    error = failing(client, api)
    assert error.status == status
    assert words in str(error)
    assert reason in str(error)


def disabled(consumer: str) -> Response:
    """An API that is not enabled in this project."""
    about = {"reason": "SERVICE_DISABLED", "metadata": {"consumer": consumer}}
    return told(403, {"error": {"code": 403, "message": "off", "details": [about]}})


@pytest.mark.parametrize(
    ("consumer", "number", "quota", "status"),
    [
        ("projects/shop-prod", None, None, "skipped"),
        ("projects/123", "123", None, "skipped"),
        ("projects/123", "123", "ops", "skipped"),
        ("projects/123", None, None, "skipped"),
        ("projects/123", None, "shop-prod", "skipped"),
        ("", "123", "ops", "skipped"),
        ("projects/999", "123", None, "denied"),
        ("projects/ops", None, None, "denied"),
        ("projects/999", None, "ops", "denied"),
    ],
)
def test_an_api_that_only_the_credentials_own_project_lacks_says_nothing_about_the_one_asked_about(
    consumer: str, number: str | None, quota: str | None, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = wired(monkeypatch, disabled(consumer))
    client.session.number = number
    monkeypatch.setattr(AnonymousCredentials, "quota_project_id", quota, raising=False)
    error = failing(client, LIST_DISKS)
    assert error.status == status
    assert WHERE in str(error)
    other = consumer.removeprefix("projects/")
    assert (f"compute.googleapis.com --project {other}." in str(error)) is (status == "denied")


def test_a_project_that_was_named_is_expected_to_have_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = wired(monkeypatch, disabled("projects/shop-prod"))
    client.session.named = True
    error = failing(client, LIST_DISKS)
    assert error.status == "denied"
    assert "gcloud services enable compute.googleapis.com --project shop-prod" in str(error)


@pytest.mark.parametrize(
    "fault", [refusal(401, "authError"), refusal(400, "keyInvalid"), RefreshError("invalid_grant: gone")]
)
def test_refused_credentials_are_told_as_such_at_the_first_word(
    fault: Response | Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, wire = wired(monkeypatch, fault)
    with pytest.raises(CredentialsError, match="credentials"):
        client.get(LIST_SNAPSHOTS)
    assert len(wire.sent) == 1


def test_no_address_page_or_secret_is_in_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "/compute/v1/x?pageToken=SECRETPAGE&key=SECRETKEY"
    fault = requests.ConnectionError(
        f"HTTPSConnectionPool(host='h', port=443): Max retries exceeded with url: {url}"
    )
    client, _ = wired(monkeypatch, fault)
    assert "SECRET" not in str(failing(client, pageToken="SECRETPAGE"))
    monkeypatch.undo()
    client, _ = wired(
        monkeypatch, refusal(400, "invalid", "Invalid value for field 'pageToken': 'SECRETPAGE'.")
    )
    assert "SECRET" not in str(failing(client, pageToken="SECRETPAGE"))


def test_half_of_a_character_in_an_answer_is_stored_as_a_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = wired(monkeypatch, told(200, rb'{"items": [{"name": "a\ud800b", "ok": "\ud83d\ude00"}]}'))
    assert client.get(LIST_SNAPSHOTS) == {"items": [{"name": "a?b", "ok": "\U0001f600"}]}


# --- pages ------------------------------------------------------------------------------------------------


def test_pages_are_asked_in_the_largest_size_until_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    client, wire = wired(
        monkeypatch,
        told(200, {"items": [{"id": "1"}], "nextPageToken": "two"}),
        told(200, {"nextPageToken": "three"}),
        told(200, {"items": [{"id": "2"}], "nextPageToken": ""}),
    )
    assert client.all(LIST_SNAPSHOTS) == [{"id": "1"}, {"id": "2"}]
    assert [params for _, params in wire.sent] == [
        {"maxResults": "500"},
        {"maxResults": "500", "pageToken": "two"},
        {"maxResults": "500", "pageToken": "three"},
    ]


@pytest.mark.parametrize("tokens", [["a"], ["a", "b"]])
def test_pages_that_go_round_in_circles_end(tokens: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [told(200, {"items": [], "nextPageToken": each}) for each in tokens * 3]
    client, wire = wired(monkeypatch, *answers)
    with pytest.raises(CallError, match="same page again and again in project shop-prod"):
        client.all(LIST_SNAPSHOTS)
    assert len(wire.sent) == len(tokens) + 1


def test_a_page_that_fails_midway_is_no_whole_list(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = wired(
        monkeypatch, told(200, {"items": [{"id": "1"}], "nextPageToken": "two"}), refusal(403, "forbidden")
    )
    with pytest.raises(CallError):
        client.all(LIST_SNAPSHOTS)


def test_an_older_interface_is_asked_only_where_the_newer_one_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, wire = wired(monkeypatch, told(404, b"<html>"), GOOD)
    assert list(client.pages_of_first(LIST_DATABASES, LIST_DATABASES_BEFORE)) == [{"items": [{"id": "1"}]}]
    assert [url.split("127.0.0.1:1/")[1] for url, _ in wire.sent] == [
        "v1/projects/shop-prod/instances", "sql/v1beta4/projects/shop-prod/instances",
    ]  # fmt: skip
    client, wire = wired(monkeypatch, refusal(403, "forbidden"))
    with pytest.raises(CallError):
        list(client.pages_of_first(LIST_DATABASES, LIST_DATABASES_BEFORE))
    assert len(wire.sent) == 1


# --- through a library of Google's ------------------------------------------------------------------------


def calling(client: Client, *outcomes: Any) -> tuple[Any, int]:
    """What a call comes to that has these outcomes one after the other, and how often it was made."""
    left, made = list(outcomes), 0

    def function() -> Any:
        nonlocal made
        made += 1
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, Exception):
            raise one
        return one

    try:
        return client.call(LIST_SNAPSHOTS, function), made
    except (CallError, CredentialsError) as error:
        return error, made


@pytest.mark.parametrize(
    "fault",
    [
        TooManyRequests("slow down"), InternalServerError("oh"), requests.ConnectionError("reset"),
        RetryError("too long", cause=None), Forbidden("no", errors=[{"reason": "rateLimitExceeded"}]),
    ],
)  # fmt: skip
def test_a_library_s_fault_that_may_pass_is_tried_again(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = wired(monkeypatch, GOOD)
    assert calling(client, fault, "content") == ("content", 2)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Forbidden("no", errors=[{"reason": "accessDenied"}]), "denied", "accessDenied"),
        (NotFound("gone"), "failed", "404"),
        (NotFound("gone", errors=["odd"]), "failed", "404"),
    ],
)
def test_a_library_s_final_error_is_told_like_any_other(
    fault: Exception, status: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = wired(monkeypatch, GOOD)
    error, made = calling(client, fault)
    assert (error.status, error.code, made) == (status, code, 1)


def test_credentials_that_a_library_cannot_refresh_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = wired(monkeypatch, GOOD)
    error, made = calling(client, RefreshError("invalid_grant"))
    assert isinstance(error, CredentialsError)
    assert made == 1


def test_only_what_this_client_sends_itself_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    client, wire = wired(monkeypatch, GOOD)
    assert isinstance(wire, Wire)
    before = METER.sent
    client.call(LIST_SNAPSHOTS, lambda: 1, counted=False)
    assert METER.sent == before
    client.call(LIST_SNAPSHOTS, lambda: 1)
    assert METER.sent == before + 1
