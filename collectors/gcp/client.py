"""The only module that talks to Google's APIs: calls that are declared, counted, paced, retried, told plainly.

An `Api` stands next to the code that calls it and names the IAM permissions it needs; the custom role is generated
from them. `Client.get` makes one call, `Client.pages` all pages of one, `Client.all` returns what is on them;
`Client.call` makes one through a library of Google's. Whatever goes wrong is a `CallError` with a status as in
`coverage`, except credentials, which are a `CredentialsError`.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import quote

import requests
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError, InvalidOperation, TransportError
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from collectors.calls import METER, Budget, CallError
from collectors.gcp.answers import Again, Answer, said
from collectors.gcp.api import Api
from collectors.gcp.credentials import Credentials
from collectors.gcp.services import READ_ONLY, SERVICES, address_of
from collectors.pace import Pace
from finops import __version__
from finops.errors import CredentialsError

CONNECT_TIMEOUT = 5  # seconds
READ_TIMEOUT = 60  # seconds; a page of 100,000 points takes a few
ATTEMPTS = 8  # of a call that is throttled: limits are counted by the minute
_BROKEN_ATTEMPTS = 5  # of one that breaks off or that the service fails at
_LONGEST_WAIT = 30.0  # seconds between two attempts
LOST_SECONDS = 150.0  # what all failed attempts in one project may take together
_REGAINED = 0.5  # of these, by each call that succeeds
USER_AGENT = f"finops/{__version__} (gzip)"  # Google compresses for those who say so here as well
_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"}
NOT_THERE = ("notFound", "NOT_FOUND", "404")  # codes of what a service does not know
_HEAVY = threading.BoundedSemaphore(4)  # answers of 10 MB and more that are held at a time
T = TypeVar("T")


@dataclass(slots=True)
class Session:
    """One project, as one set of credentials sees it. Projects of one run share credentials and connections.

    `named` says that the user asked for this very project, who expects machines in it.
    """

    credentials: Credentials
    account: str
    name: str | None = None
    endpoint: str | None = None
    number: str | None = None
    named: bool = False
    _clients: dict[str, "Client"] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, project: str | None = None) -> "Client":
        """The client of a project, this one's by default, with a budget of its own."""
        with self._lock:
            return self._clients.setdefault(project or self.account, Client(self, project or self.account))

    def address(self, service: str, location: str | None = None) -> tuple[str, bool]:
        """Where a service is asked about a location, and whether that is this machine."""
        return address_of(service, self.endpoint, location)

    def sign_in(self, service: str) -> None:
        """Gets a token for a service, once for all threads, where there is none that is good."""
        self.credentials.sign_in(SERVICES[service].scope)

    def http(self, service: str, *, counted: bool = False) -> requests.Session:
        """The calling thread's connections to a service, with its credentials; `counted` when they keep the meter."""
        return self.credentials.http(SERVICES[service].scope, local=self.address(service)[1], counted=counted)


class Client:
    """Calls in one project. Safe to use from several threads."""

    def __init__(self, session: Session, project: str, budget: Budget | None = None) -> None:
        self.session, self.project, self.budget = session, project, budget or Budget(LOST_SECONDS)
        self._paces: dict[str, Pace] = {}
        self._throttled = False  # at the last attempt that came to nothing
        self._lock = threading.Lock()

    def get(self, api: Api, understand: Callable[[bytes], Any] | None = None, **parameters: Any) -> Any:
        """One call. Raises CallError, or CredentialsError when the credentials themselves are refused.

        `understand` makes what is returned of the body, and raises ValueError for one that broke off.
        """
        return self._attempted(api, lambda: self._send(api, understand or _content, parameters))

    def call(self, api: Api, function: Callable[[], T], *, counted: bool = True) -> T:
        """What a function returns that makes one request through a library of Google's; `counted` unless its
        connections count."""
        found: T = self._attempted(api, lambda: _asked(function), counted=counted)
        return found

    def pages(self, api: Api, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All pages of a call, as few of them as the service allows."""
        parameters.setdefault(api.size, api.page)
        seen: set[str] = set()
        while True:
            page = self.get(api, **parameters)
            yield page
            token = page.get("nextPageToken")
            if not token:
                return
            if token in seen:
                raise CallError(
                    "failed", "Paging", f"{api.action} got the same page again and again {self.where}."
                )
            seen.add(token)
            parameters["pageToken"] = token

    def pages_of_first(self, *apis: Api, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All pages of the first of these calls that the service knows."""
        for api in apis[:-1]:
            pages = self.pages(api, **parameters)
            try:
                first = next(pages)
            except CallError as error:
                if error.code not in NOT_THERE:
                    raise
                continue
            yield first
            yield from pages
            return
        yield from self.pages(apis[-1], **parameters)

    def all(self, api: Api, **parameters: Any) -> list[dict[str, Any]]:
        """What is on all pages of a call that is not aggregated."""
        return [one for page in self.pages(api, **parameters) for one in page.get(api.items) or ()]

    @property
    def where(self) -> str:
        """The place in words."""
        return f"in project {self.project}" if self.project else "without a project"

    # --- one attempt ---

    def _attempted(self, api: Api, send: Callable[[], Answer], *, counted: bool = True) -> Any:
        METER.attempts = 0
        try:
            return Retrying(
                retry=retry_if_exception_type(Again),
                stop=self._often_enough,
                wait=wait_random_exponential(multiplier=0.5, max=_LONGEST_WAIT),
                reraise=True,
            )(self._once, api, send, counted)
        except Again as error:
            raise self._told(api, error.answer) from error

    def _once(self, api: Api, send: Callable[[], Answer], counted: bool) -> Any:
        if METER.attempts:  # what went before it in this call came to nothing
            self.budget.lose(time.monotonic() - METER.last)
        if self.budget.spent:
            raise CallError(
                "throttled" if self._throttled else "failed", "Budget",
                f"{api.action} was given up {self.where}: failed attempts in this project have taken "
                f"{self.budget.lost:.0f} seconds (limit {self.budget.limit:.0f}).",
            )  # fmt: skip
        pace = self._pace(api.service)
        pace.wait()
        METER.sent += counted
        METER.attempts += 1
        METER.last = time.monotonic()
        answer = send()
        if not answer.kind:
            pace.faster()
            self.budget.regain(_REGAINED)
            return answer.content
        self._throttled = answer.kind == "throttled"
        if self._throttled:
            pace.slower()
        if answer.kind in ("throttled", "broken"):
            raise Again(answer)
        raise self._told(api, answer)

    def _send(self, api: Api, understand: Callable[[bytes], Any], parameters: dict[str, Any]) -> Answer:
        names = {"project": self.project, **parameters}
        path = api.path.format(**{name: quote(str(value), safe="") for name, value in names.items()})
        query = {
            name: [_text(one) for one in value] if isinstance(value, list) else _text(value)
            for name, value in parameters.items()
            if value is not None and f"{{{name}}}" not in api.path
        }
        try:
            self.session.sign_in(api.service)
            with _HEAVY if api.heavy else contextlib.nullcontext():
                response = self.session.http(api.service).get(
                    f"{self.session.address(api.service, names.get('location'))[0]}/{path}",
                    params=query,
                    headers=_HEADERS,
                    auth=_as_it_is,
                    timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                    allow_redirects=False,
                )
                answer = Answer.of(response.status_code, response.content, understand)
            return _without(str(query.get("pageToken") or ""), answer)
        except TransportError as error:
            return Answer.lost(_words(error))
        except GoogleAuthError as error:
            raise refused(error) from error
        except requests.RequestException as error:
            return Answer.lost(_words(error))

    def _pace(self, service: str) -> Pace:
        with self._lock:
            return self._paces.setdefault(service, Pace(SERVICES[service].per_second))

    def _often_enough(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        throttled = isinstance(error, Again) and error.answer.kind == "throttled"
        limit = ATTEMPTS if throttled else _BROKEN_ATTEMPTS
        return state.attempt_number >= limit or self.budget.spent

    # --- what went wrong ---

    def _is_elsewhere(self, consumer: str) -> bool:
        """Whether a service speaks of another project than this: that of the credentials, or the one they pay with."""
        name = consumer.removeprefix("projects/")
        number = self.session.number if self.project == self.session.account else None
        if not name or not self.project or name in (self.project, number):
            return False
        if name.isdigit() and number is None:
            # Which one it is is not known, but that another one pays may be.
            quota = getattr(self.session.credentials.of(READ_ONLY), "quota_project_id", None)
            return bool(quota) and quota != self.project
        return True

    def _told(self, api: Api, answer: Answer) -> Exception:
        code, words, service = answer.code, said(answer.message), SERVICES[api.service]
        if answer.kind == "credentials":
            return CredentialsError(f"Google Cloud refused the credentials {self.where} ({code}).")
        if answer.kind == "disabled" and self._is_elsewhere(answer.consumer):
            other = answer.consumer.removeprefix("projects/")
            sentence = (
                f"{api.action} is refused {self.where}: the {service.title} is not enabled in project {other}, "
                f"which calls of these credentials count for ({code})"
            )
            return CallError(
                "denied", code, f"{sentence}: gcloud services enable {service.host} --project {other}."
            )
        if answer.kind in ("disabled", "closed"):
            needs = "is not enabled" if answer.kind == "disabled" else "needs billing, which is not enabled,"
            sentence = f"The {service.title} {needs} {self.where} ({code})"
            hint = (
                f"gcloud services enable {service.host}{f' --project {self.project}' if self.project else ''}"
            )
            if service.inventory and not (self.session.named and api.service == "compute"):
                how = f" ({hint} enables it)" if answer.kind == "disabled" else ""
                return CallError("skipped", code, f"{sentence}, so nothing of its kind can be there{how}.")
            if answer.kind == "closed":
                return CallError("denied", code, f"{sentence}: link the project to a billing account.")
            return CallError("denied", code, f"{sentence}: {hint}.")
        if answer.kind == "denied":
            hint = "finops permissions gcp prints the role that allows it"
            return CallError("denied", code, f"{api.action} is denied {self.where} ({code}); {hint}.")
        if answer.kind == "absent" and api.optional:
            return CallError("skipped", code, f"{api.action} is not offered {self.where} ({code}).")
        if answer.kind == "throttled":
            return CallError(
                "throttled", code, f"{api.action} was throttled {self.where} in every attempt ({code})."
            )
        if answer.status is None:
            self.budget.lose(time.monotonic() - METER.last)
            return CallError("failed", code, f"{api.action} got no answer {self.where}: {words or code}.")
        reason = f": {words}" if words else ""
        return CallError("failed", code, f"{api.action} failed {self.where} ({code}){reason}.")


def refused(error: Exception) -> CredentialsError:
    """Credentials that cannot be used, in a sentence."""
    if isinstance(error, InvalidOperation):  # nobody asked, and somebody had to
        return CredentialsError(
            "The endpoint on this machine wants credentials, and none were found: set GOOGLE_APPLICATION_CREDENTIALS."
        )
    return CredentialsError(f"The Google credentials cannot be used: {_words(error)}.")


def _content(body: bytes) -> dict[str, Any]:
    content: Any = json.loads(body)
    if not isinstance(content, dict):
        raise ValueError("an answer that is no object")
    if b"\\ud" in body.lower():  # half of a character, which is no text that can be stored
        return dict(json.loads(json.dumps(content, ensure_ascii=False).encode(errors="replace")))
    return content


def _asked(function: Callable[[], Any]) -> Answer:
    """The outcome of one request that a library of Google's made."""
    try:
        return Answer(function())
    except GoogleAPICallError as error:
        reasons = [error.reason, *(one.get("reason") for one in error.errors if isinstance(one, dict))]
        status = int(error.code or 500)
        return Answer.told(status, [str(one) for one in reasons if one], str(error.message or ""))
    except RetryError as error:
        return Answer.lost(_words(error))
    except (TransportError, requests.RequestException) as error:
        return Answer.lost(_words(error))
    except GoogleAuthError as error:
        raise refused(error) from error


def _without(token: str | None, answer: Answer) -> Answer:
    """An answer whose message does not repeat the token of a page."""
    if not token or token not in answer.message:
        return answer
    return replace(answer, message=answer.message.replace(token, "…"))


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from putting a password of ~/.netrc in the place of the token."""
    return request


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _words(error: Exception) -> str:
    """What an exception says, in one line and without the address, which may hold a token of a page."""
    line = " ".join(str(error).split())
    return line.partition(" with url:")[0].partition("?")[0][:200].rstrip(".")
